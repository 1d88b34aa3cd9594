#!/usr/bin/perl

# What there is room for: 25,000 accounts with 100 templates in 64 MB, and ten
# million keys that nobody knows, which change no verdict.

use strict;
use warnings;

use Digest::MD5 qw(md5_hex);
use POSIX ();
use Test::More;

use DistillGuard::Crowd qw($MODELS chat words);
use DistillGuard::Test;

my $ctl = $ENV{DG_CTL};
die "DG_CTL must name distillctl: build it first\n" if !$ctl || !-x $ctl;

my $FROM = 1_790_000_000;
my $ACCOUNTS = 25_000;
my $TEMPLATES = 100;
my $TURNS = 8;          # that each account is used
my $HONEST = 5_000;
my $FLOOD = 10_000_000;
my $EACH = 10_000;      # of these in a second

my $t = DistillGuard::Test->new;

$t->write_file('hosting.txt', "AS64500\n");
$t->write_file('secret', "a secret of a certain length\n");


# ---- a pool of 25,000 -----------------------------------------------------

my @frames;


sub line {
    my ($at, $key, $net, $text, $label) = @_;
    my $asn = $key =~ /^pool/ ? 64500 : 64501;

    return sprintf qq({"t":%.3f,"ip":"%s","asn":$asn,"headers":[[)
        . qq("Authorization","Bearer sk-%s"]],"body":{"model":"m","messages":[{"role":"user",)
        . qq("content":"%s"}]},"usage":{"input_tokens":90,)
        . qq("output_tokens":600},"label":"%s"}\n), $at, $net, $key, $text,
        $label;
}


sub pool {
    my ($at, $account, $label) = @_;

    my ($before, $after) = @{ $frames[ rand @frames ] };

    return line($at, "pool-$account", join('.', 198, 18, $account % 200, 9),
        "$before " . words(12) . " $after", $label // 'pool');
}


sub honest {
    my ($at, $account, $label) = @_;

    return line($at, "home-$account", join('.', 11, $account >> 8,
        $account & 255, 9), words(20), $label // 'honest');
}


# Of each kind one file: a day of both, and what comes last, one request of
# each account that there is.

srand 5;
@frames = map { [ words(12), words(8) ] } 1 .. $TEMPLATES;

my ($n, @day) = $ACCOUNTS * $TURNS;

for my $i (0 .. $n - 1) {
    my $at = $FROM + 80_000 * $i / $n;

    push @day, pool($at, $i % $ACCOUNTS);
    push @day, honest($at, int rand $HONEST) if $i % 10 == 0;
}

my $at = $FROM + 80_000 + $FLOOD / $EACH + 10;
my @last = ((map { pool($at += 0.01, $_, 'last-pool') } 0 .. $ACCOUNTS - 1),
    map { honest($at += 0.01, $_, 'last-honest') } 0 .. $HONEST - 1);

my $day = $t->write_file('day', join '', @day);
my $last = $t->write_file('last', join '', @last);

@day = @last = ();


# within a quarter of an hour, so that it is of the same day

sub flood {
    my ($out) = @_;

    for my $i (1 .. $FLOOD / $EACH) {
        my $from = sprintf '{"v":1,"t":%d,"key":"', $FROM + 80_000 + $i;

        for my $k (1 .. 10) {
            my $behind = sprintf qq(","origin":"203.%d.%d.0/24",)
                . qq("dialect":"openai.chat","verdict":"PASS","status":401}\n),
                $i % 250, $k;

            print $out map { $from . md5_hex("$i/$k/$_") . $behind }
                1 .. $EACH / 10;
        }
    }
}


sub copy {
    my ($out, $path) = @_;

    print $out $t->read_file($path);
}


# What is said of all that @parts write, but for the flood itself: how often
# each verdict, by label; of the last ones the lines; and how many of the
# honest are in campaigns.

sub judged {
    my ($zone, @parts) = @_;

    my $conf = $t->write_file('guard.conf',
        "distill_guard_zone zone=guard:$zone;\n"
        . "distill_guard_hosting hosting.txt;\n");

    pipe my $read, my $write or die "pipe: $!\n";

    my $composer = fork // die "fork: $!\n";

    if ($composer == 0) {
        close $read;
        $_->($write) for @parts;
        POSIX::_exit(close($write) ? 0 : 1);
    }

    close $write;

    my $pid = open my $out, '-|' // die "fork: $!\n";

    if ($pid == 0) {
        open STDIN, '<&', $read or POSIX::_exit(126);
        exec $ctl, 'replay', '-c', $conf, '--campaigns' or POSIX::_exit(127);
    }

    close $read;

    my %said = (lines => 0, last => [], strangers => 0);

    while (my $line = <$out>) {
        $said{lines}++;
        next if substr($line, -7) eq ":null}\n";

        if (my ($verdict, $label) = $line
            =~ /"verdict":"(\w+)".*"label":"([\w-]+)"\}$/)
        {
            $said{$label}{$verdict}++;
            $said{$label}{linked}++ if $line =~ /"campaign":"/;
            push @{ $said{last} }, $line if $label =~ /^last/;

        } else {
            $said{strangers} += () = $line =~ /honest"/g;
        }
    }

    ok(close $out, "$zone: all is understood");
    waitpid $composer, 0;
    is($?, 0, "$zone: and was told");

    return \%said;
}


my @parts = (sub { copy($_[0], $day) }, sub { copy($_[0], $last) });

my $large = judged('256m', @parts);
my $small = judged('64m', @parts);

cmp_ok($large->{pool}{THROTTLE}, '>', 0.75 * $n, 'with room for all of it a'
    . ' pool is refused');
cmp_ok($large->{'last-pool'}{THROTTLE}, '>', 0.99 * $ACCOUNTS, 'whoever asks');

for my $label (qw(pool last-pool)) {
    cmp_ok(abs($small->{$label}{$_} - $large->{$label}{$_}), '<',
        0.01 * $n, "64m: as much of $label: $_") for qw(THROTTLE linked);
}

for ($large, $small) {
    is_deeply([ map { $_->{PASS} } @$_{qw(honest last-honest)} ],
        [ $n / 10, $HONEST ], 'nobody else is');
    is($_->{strangers}, 0, 'nor of a campaign');
}

my $flooded = judged('64m', $parts[0], \&flood, $parts[1]);

is($flooded->{lines} - $small->{lines}, $FLOOD, 'keys that nobody knows');
ok(join('', @{ $flooded->{last} }) eq join('', @{ $small->{last} }),
    'change nothing of what is said of whom');


# ---- the same through nginx, but smaller ----------------------------------

my $KEYS = 100_000;
my $POOL = 200;

$t->conf($MODELS . <<'EOF_CONF')->start;
    distill_guard_zone zone=guard:4m;
    distill_guard_secret %%DIR%%/secret;
    access_log off;
    set_real_ip_from 127.0.0.1;
    real_ip_header X-Client;

    server {
        listen 127.0.0.1:%%HTTP%%;

        location / {
            distill_guard enforce;
            proxy_pass http://models;
        }

        location = /guard {
            distill_guard_status;
        }
    }
EOF_CONF

my $crowd = DistillGuard::Crowd->new(port => $t->port('http'));


sub turn {
    return map { chat("sk-pool-$_", "@{ $frames[0] } " . words(15),
        headers => [ 'X-Client' => "198.18.$_.9" ]) } 1 .. $POOL;
}


sub zone { return $t->http({ path => '/guard' })->json->{zones}{guard} }


sub refused { return scalar grep { $_ == 429 } $crowd->send(turn()) }


$crowd->send(turn()) for 1 .. 10;
is(refused(), $POOL, 'live: a pool is refused');

my $before = zone();

for my $i (1 .. $KEYS / 1000) {
    my @status = $crowd->send(map { chat("sk-$i-$_", "Hello? $_",
        headers => [ 'X-Client' => join('.', 11, $i, $_ % 100, 9),
            'X-Unknown' => 1 ]) } 1 .. 1000);

    die "not 401\n" if grep { $_ != 401 } @status;
}

my $after = zone();

is($after->{exchanges_failed} - $before->{exchanges_failed}, $KEYS,
    'live: very many keys are not known');
is($after->{$_}, $before->{$_}, "live: as many $_ as before")
    for qw(campaigns profiles templates);
is($after->{evictions}{$_}, 0, "live: nobody $_ was forgotten")
    for qw(proven convicted);

# a key and its origin, of which some are shared

my $forgotten = $after->{evictions}{probation};

cmp_ok($forgotten, '>', 0.9 * $KEYS, 'live: but the unknown');
cmp_ok($forgotten, '<=', 2 * $KEYS, 'live: one for each that comes');
is(refused(), $POOL, 'live: all of the pool is refused');
