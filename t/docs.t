#!/usr/bin/perl

# The documents: what they show works, what they name exists, and what exists
# is in them.

use strict;
use warnings;

use File::Spec;
use JSON::PP;
use Test::More;

use DistillGuard::Docs qw($ZONE $mmdb $root %doc adapt ask blocks commands
    conf_test here rows section shell sources words);

my $t = DistillGuard::Docs::harness();
my $directives = $doc{'docs/directives.md'};
my $operations = $doc{'docs/operations.md'};
my $started = $doc{'docs/getting-started.md'};

shell('openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=api.example.org'
    . ' -keyout %%DIR%%/redis-ca.key -out %%DIR%%/redis-ca.pem 2>/dev/null');


# ---- links ----------------------------------------------------------------

my %anchors;

for my $name (keys %doc) {
    my $plain = $doc{$name} =~ s/^```.*?^```$//msgr;

    for my $heading ($plain =~ /^#+ (.+)$/mg) {
        my $slug = lc $heading;
        $slug =~ s/[^\w -]//g;
        $slug =~ tr/ /-/;
        $anchors{$name}{$slug} = 1;
    }
}

for my $name (sort keys %doc) {
    my @broken;

    for my $link ($doc{$name} =~ /\]\(([^)]+)\)/g) {
        my ($file, $anchor) = split /#/, $link, 2;
        my ($volume, $folder) = File::Spec->splitpath($name);
        my $path = $file eq '' ? $name : "$folder$file";

        push @broken, $link if !-e "$root/$path"
            || defined $anchor && !$anchors{$path}{$anchor};
    }

    is("@broken", '', "$name: links");
}

my %listed = map { $_ => 1 } $doc{'docs/README.md'} =~ /\]\(([^)#]+)\)/g;

is_deeply([ grep { m{^docs/(.*)} && !$listed{$1} && $1 ne 'README.md' }
    sort keys %doc ], [], 'every document is in the list of documents');


# ---- configurations -------------------------------------------------------

for my $name (sort keys %doc) {
    my $n = 0;

    for my $block (blocks($doc{$name}, 'nginx')) {
        $n++;

        SKIP: {
            skip 'no MaxMind::DB::Writer', 1
                if !$mmdb && $block =~ /distill_guard_geoip/;

            my ($good, $said) = conf_test(adapt($block));
            ok($good, "$name: configuration $n is good") || diag($said);
        }
    }
}


# ---- getting started ------------------------------------------------------

my $upstream = $t->upstream;
my $shared = $t->redis(name => 'shared');

my %target = map { $_ => 1 } $t->read_file("$root/Makefile")
    =~ /^([\w-]+):.*\t## /mg;
my (%run, @unknown);

# Files and ports are those of the test; what runs once it is all there is
# kept for then.

for my $line (map { split /\n/ } blocks($started, 'sh')) {
    $line =~ s/\s+#.*//;
    $line = here($line);

    if ($line =~ /^make(?: ([\w-]+))?$/) {
        push @unknown, $line unless $target{ $1 // 'all' };

    } elsif ($line =~ /^(?:openssl|chmod) /) {
        shell($line);

    } elsif ($line =~ /^(?:curl|distillctl|nginx|tail) /) {
        $run{$line} = 1;

    } elsif ($line ne 'apt-get install -y make') {
        push @unknown, $line;
    }
}

is("@unknown", '', 'getting started: every line is known');
is((stat($t->dir . '/distill-guard.secret'))[2] & 07777, 0600,
    '... the secret is one');

my ($conf) = map { adapt($_) } grep { /observe/ } blocks($started, 'nginx');

$t->conf($conf, instance => 'started')->start;


my ($chat) = grep { /^curl .*completions/ } keys %run;
delete $run{$chat};


sub chat { return shell($chat) }


is(eval { decode_json(chat())->{object} }, 'chat.completion',
    '... requests pass');

ok(delete $run{'nginx -t'} && delete $run{'nginx -s reload'},
    '... the new configuration is put in force');

my ($tail) = grep { /^tail -f / } keys %run;
delete $run{$tail};


# the last of so many events

sub event {
    my ($n) = @_;

    $t->wait_for(sub { $t->read_file('guard.log') =~ tr/\n// == $n }, 5,
        'the event');

    return eval { decode_json(shell($tail =~ s/-f/-n 1/r)) } // {};
}


is_deeply([ @{ event(1) }{qw(v dialect verdict)} ],
    [ 1, 'openai.chat', 'PASS' ], '... the log says so');

my ($top) = grep { /^distillctl / } keys %run;
delete $run{$top};

my ($page, $metrics) = map { shell($_) } sort { length $a <=> length $b }
    keys %run;
my $zone = eval { decode_json($page)->{zones}{guard} };

is($zone->{exchanges}, 1, '... the status page, too');
like($metrics, qr/^distill_guard_exchanges_total\{zone="guard"\} 1$/m,
    '... and Prometheus');

symlink $t->dir . '/started/nginx.conf', $t->dir . '/nginx.conf';
like(shell($top =~ s/^distillctl/$ENV{DG_CTL}/r),
    qr/^key:[0-9a-f]{32}\s.*^1 of 1 node answered$/ms,
    '... and all nodes are asked');

my ($room) = $directives =~ /room\s+for about (\d+) subjects/;
my ($bytes, $each, $all) = section($operations, 'Memory')
    =~ /takes (\d+) bytes.*?about\s+(\d+)\s.*?([\d,]+) in `64m`/s;

$all =~ tr/,//d;
cmp_ok(abs($zone->{memory}{subjects} / 64 - $_), '<', $_ / 100,
    'subjects for each megabyte') for $room, $each;
cmp_ok(abs($zone->{memory}{subjects} - $all), '<', $all / 100,
    'subjects of 64m');

$t->conf($conf =~ s/observe/enforce/r, instance => 'started');
ok($t->reload(instance => 'started'), 'enforce is all that changes');
is(eval { decode_json(chat())->{object} }, 'chat.completion',
    '... requests pass');
is(event(2)->{verdict}, 'PASS', '... as they did');


# ---- an account of auth_request --------------------------------------------

my ($block) = grep { /auth_request_set/ } blocks($directives, 'nginx');
my $authority = 'location = /authority { proxy_pass http://accounts; }';

$conf = adapt($block) =~ s/^server \{\n/$&$authority\n/mr;

$t->conf("$ZONE\n$conf" . <<'EOF', instance => 'account',
    upstream accounts {
        server 127.0.0.1:%%ACCOUNTS%%;
    }

    server {
        listen 127.0.0.1:%%ACCOUNTS%%;
        access_log off;

        location / {
            add_header X-Account acme;
            return 204;
        }
    }
EOF
    log_format => '$distill_guard_key $distill_guard_account')->start;

ask('/v1/messages', $_) for 1, 2;
$t->wait_for(sub { $t->access_log('account') =~ tr/\n// == 2 }, 5, 'the log');

my %key = map { split } split /\n/, $t->access_log('account');
my %account = reverse %key;

is_deeply([ scalar keys %key, scalar keys %account ], [ 2, 1 ],
    'two keys of one account');
$t->stop(instance => 'account');


# ---- names ----------------------------------------------------------------

my ($variables) = sources('nginx/ngx_distill_guard_variables.c')
    =~ /ngx_distill_guard_vars\[\] = \{(.*?)ngx_http_null_variable/s;
my %variable = map { $_ => 1 } $variables =~ /ngx_string\("(\w+)"\)/g;
my %known = map { $_ => 1 } commands(), $metrics =~ /^# TYPE (\w+)/mg;

is_deeply([ map { s/`//gr } sort map { $_->[0] }
    rows(section($directives, 'Variables')) ],
    [ map { "\$$_" } sort keys %variable ], 'every variable is described');

for my $name (sort keys %doc) {
    my @wrong = grep { !$variable{$_} }
        $doc{$name} =~ /\$(distill_guard_\w+)/g;
    push @wrong, grep { !$known{$_} }
        $doc{$name} =~ /(?<![\$\w])(distill_guard_\w+)/g;

    # a metric with a label

    for my $sample ($doc{$name} =~ /(distill_guard_\w+\{[^}]+)\}/g) {
        my ($metric, $label) = split /\{/, $sample;
        push @wrong, $sample unless $metrics =~ /^$metric\{.*$label/m;
    }

    is("@wrong", '', "$name: directives, variables and metrics");
}

my $source = join '', map { sources("core/$_") }
    qw(dg_event.c dg_event_table.h);
my ($write) = $source =~ /^dg_event_write\(.*?^\{(.*?)^\}/ms;
my ($asked) = $source =~ /define dg_event_asked\(each\)(.*?)\n\n/s;
my %member = map { $_ => 1 } $write =~ /\\"(\w+)\\":/g, $asked =~ /each\((\w+)\)/g,
    $source =~ /dg_event_\w+\(line, "(\w+)"/g,
    $source =~ /^    dg_event_(?:fact|hash)\((\w+)/mg;

is_deeply([ sort map { words($_->[0]) }
    rows(section($directives, 'The event')) ], [ sort keys %member ],
    'every member of an event is described');
