#!/usr/bin/perl

# Another version of the module takes the place of the running one, under
# load, with a stream open: no request fails, what was counted is kept, and
# the status page tells which of them answers.

use strict;
use warnings;

use Test::More;

use DistillGuard::Test;

plan(skip_all => 'the module is built into nginx')
    if ($ENV{DG_MODULE} // '') eq '';

my $t = DistillGuard::Test->new;

$t->upstream(keep => 1);
my $redis = $t->redis;
$t->write_file('secret', 'r' x 32);

my $CONF = <<'EOT';
    distill_guard_zone zone=guard:4m;
    distill_guard_secret %%DIR%%/secret;
    distill_guard_redis redis://127.0.0.1:%%REDIS%%;

    proxy_http_version 1.1;

    server {
        listen 127.0.0.1:%%HTTP%%;
        distill_guard enforce;
        distill_guard_limit key requests=1m/d;

        location / {
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
            proxy_buffering off;
        }

        location /limited/ {
            distill_guard_limit key requests=3/d;
            proxy_pass http://127.0.0.1:%%UPSTREAM%%/;
        }

        location /status { distill_guard off; distill_guard_status; }
    }
EOT

my %CHAT = (model => 'm', messages => [{ role => 'user', content => 'hi' }]);
my $CHAT = '/v1/chat/completions';


sub page { return $t->http({ path => '/status' })->json }
sub exchanges { return page()->{zones}{guard}{exchanges} }
sub rounds { return page()->{zones}{guard}{sync}{rounds} }


sub use_module {
    my ($name) = @_;

    return $t->nginx->conf($CONF, workers => 2,
        module => $t->dir . "/$name.so", main => 'env LD_PRELOAD;'
            . ' env ASAN_OPTIONS; env UBSAN_OPTIONS;');
}


# as "install" and "mv" do: the old file lives on for whom has it loaded

sub put {
    my ($name, $bytes) = @_;

    my $path = $t->write_file("$name.new", $bytes);
    rename $path, $t->dir . "/$name.so" or die "$path: $!\n";
}


sub limited {
    my ($key) = @_;

    return $t->post_json("/limited$CHAT", \%CHAT,
        Authorization => "Bearer sk-replace-$key")->{status};
}


# --- the versions: another number, another layout of what lies in the zone

my $first = $t->read_file($t->{module});

put('one', $first);
use_module('one')->start(daemon => 1);

my $version = page()->{version};
(my $other = $version) =~ tr/0-9/9/;
my $second = $first =~ s/(?<![\d.])\Q$version\E(?![\d.])/$other/gr;

isnt($second, $first, "of version $version there is made $other");
put('two', $second);

# The layout is a constant of four numbers, 16 bits each: 1, and three sizes
# of structures.  Compilers for x86-64 load such as a whole.

my @layouts;

while ($first =~ /[\x48\x49][\xb8-\xbf](?=(.{6})\x01\x00)/sg) {
    my $at = pos($first) + 6;

    push @layouts, $at
        unless grep { !$_ || $_ % 8 || $_ > 4096 } unpack 'v3', $1;
}


# --- load

my $flag = $t->dir . '/stop';

my @clients = map { my $n = $_; $t->background(sub {
    my %seen = (asked => 0, failed => 0);

    until (-e $flag) {
        my $status = eval { $t->post_json($CHAT, \%CHAT, Authorization =>
            "Bearer sk-replace-client-$n")->{status} } // "broken: $@";

        $seen{asked}++;
        $seen{failed}++ if $status ne '200';
        $seen{first} //= $status if $status ne '200';
    }

    return \%seen;
}) } 1 .. 3;

my $stream = $t->background(sub {
    my %seen = (asked => 0, failed => 0);

    until (-e $flag) {
        my $answer = $t->post_json($CHAT, { %CHAT, stream => \1 },
            Authorization => 'Bearer sk-replace-stream',
            'X-Upstream' => 'tokens=40; delay=20');

        $seen{asked}++;
        $seen{failed}++ unless $answer->{body} =~ /\[DONE\]\s*$/;
    }

    return \%seen;
});

$t->wait_for(sub { exchanges() > 20 }, 20, 'load');


# --- there and back

is(join(' ', map { limited('kept') } 1 .. 4), '200 200 200 429',
    'three a day');

for my $round (1 .. 3) {
    for my $case ([ 'two', $other ], [ 'one', $version ]) {
        my ($name, $wanted) = @$case;
        my $before = exchanges();

        use_module($name);
        ok($t->reload, "reload: module $name");
        is(page()->{version}, $wanted, "version $wanted answers");
        cmp_ok(exchanges(), '>=', $before, 'its counts go on');
        is(limited('kept'), 429, 'its limits know what was');
        is(limited("new-$name-$round"), 200, 'and of whom they do not');
        $t->old_workers_gone;

        my ($worker) = $t->workers;
        my %loaded = map { $_ => 1 }
            $t->read_file("/proc/$worker/maps") =~ m{/(\w+)\.so(?: |$)}mg;

        is(join(' ', grep { $loaded{$_} } qw(one two)), $name,
            'the other is out of memory');
    }
}


# --- what cannot be loaded

put('none', 'no module');
use_module('none');
ok(!$t->reload, 'what is no module is refused');
is(page()->{version}, $version, 'the one that runs goes on');
is(limited('kept'), 429, 'with all it knows');
$t->allow_log(qr/dlopen\(\) "[^"]*none\.so" failed/);


# --- another layout

SKIP: {
    skip 'the layout was not found in the module', 7 unless @layouts == 1;

    put('layout', do {
        my $bytes = $second;
        substr $bytes, $layouts[0], 2, pack 'v', 999;
        $bytes;
    });

    my $node = page()->{zones}{guard}{node};

    use_module('layout');
    ok($t->reload, 'reload: a module of another layout');
    is(page()->{version}, $other, 'it answers');
    isnt(page()->{zones}{guard}{node}, $node, 'its zone is a new one');
    $t->log_like(qr/zone "guard" of "distill_guard_zone" starts anew/,
        'and the log says so');

    is(limited('kept'), 200, 'it knows nobody');
    my $rounds = rounds();
    $t->wait_for(sub { rounds() > $rounds + 2 }, 20, 'talk with Redis');
    is(limited('kept'), 429, 'until Redis tells what was counted before');

    use_module('one');
    ok($t->reload, 'and back');
}


# --- the same file: not read again as long as it is loaded

my $before = exchanges();

put('one', $second);
use_module('one');
ok($t->reload, 'reload: the same path, another file');
is(page()->{version}, $version, 'the old one answers');
cmp_ok(exchanges(), '>=', $before, 'its counts go on');
$t->old_workers_gone(60);

my $old = $t->pid;

$t->nginx->signal('USR2');
$t->wait_for(sub { ($t->pid // $old) != $old && $t->workers >= 2 }, 30,
    'the new master');
DistillGuard::Process::watch($t->pid, 'the new nginx');
kill 'QUIT', $old;
$t->wait_for(sub { !DistillGuard::Process::running($old) }, 30,
    'the old master to leave');
is(page()->{version}, $other, 'a binary upgrade reads the file');


# --- nobody noticed

$t->write_file('stop', '');

for ([ 'requests', map { $_->result } @clients ],
    [ 'streams', $stream->result ])
{
    my ($what, @seen) = @$_;
    my ($asked, $failed) = (0, 0);

    ($asked, $failed) = ($asked + $_->{asked}, $failed + $_->{failed})
        for @seen;

    cmp_ok($asked, '>', 5, "there were $asked $what");
    is($failed, 0, 'none of them failed')
        or diag map { $_->{first} // () } @seen;
}
