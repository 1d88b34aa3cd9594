#!/usr/bin/perl

# The documents' lists of endpoints, of a refusal's headers, and of the lines of
# the log.

use strict;
use warnings;

use Test::More;

use DistillGuard::Docs qw($STRING $mmdb %doc ask database joined rows section
    sources words);

my $t = DistillGuard::Docs::harness();
my $directives = $doc{'docs/directives.md'};
my $operations = $doc{'docs/operations.md'};
my ($bytes) = section($operations, 'Memory') =~ /takes (\d+) bytes/;

$t->write_file("secret$_", 's' x $_) for 16, 4096;
$t->upstream;


# ---- endpoints, refusals and the log --------------------------------------

my $GEOIP = $mmdb
    ? 'distill_guard_geoip asn %%DIR%%/asn.mmdb reload=50ms;' : '';


sub conf {
    my ($secret) = @_;

    return $t->conf(<<"EOF",
    distill_guard_zone zone=guard:1m;
    distill_guard_secret %%DIR%%/$secret;
    distill_guard_redis redis://127.0.0.1:%%REDIS%%;
    $GEOIP

    server {
        listen 127.0.0.1:%%HTTP%%;
        distill_guard enforce;
        distill_guard_limit key requests=1/h tokens=1m/h;
        proxy_http_version 1.1;

        location / {
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
        }

        location /observed/ {
            distill_guard observe;
            proxy_pass http://127.0.0.1:%%UPSTREAM%%/;
        }

        location /tagged/ {
            distill_guard_signal relay hard=0.1;
            distill_guard_action tag score=5;
            distill_guard_limit key requests=1k/h;
            proxy_pass http://127.0.0.1:%%UPSTREAM%%/;
        }

        location = /guard {
            distill_guard off;
            distill_guard_status;
        }
    }
EOF
        log_format => '$request_uri $distill_guard_dialect');
}


sub zone { return $t->http({ path => '/guard' })->json->{zones}{guard} }

conf('secret16')->start;

my $before = zone();
ask('/v1/messages', 'nobody', 'X-Upstream' => 'status=401');
is(zone()->{memory}{used_bytes} - $before->{memory}{used_bytes}, 2 * $bytes,
    'memory of a key and an origin');

SKIP: {
    skip 'nginx knows early hints', 1 if $t->version_ge('1.29.0');

    $before = zone();
    ask('/v1/messages', 'hinted', 'X-Upstream' => 'early=1');
    is(zone()->{exchanges_failed} - $before->{exchanges_failed}, 1,
        'early hints are taken for the answer');
}

# endpoints

my ($paths) = sources('core/dg_dialect.c')
    =~ /dg_dialect_paths\[\] = \{(.*?)\};/s;
my (@ends, @read, @seen);

for my $row (rows(section($directives, 'Endpoints'))) {
    my @words = words($row->[0]);
    my ($dialect) = words($row->[1]);
    my @parts = grep { m{/$} } @words;
    my $part = $row->[0] =~ /but not/ ? '' : $parts[0] // '';

    for my $end (grep { !m{/$} } @words) {
        push @ends, $end;
        push @read, "/any$part$end $dialect";
        push @read, "/any$parts[0]1$end none" if $row->[0] =~ /but not/;
    }
}

ask($_, 'reader') for map { (split)[0] } @read;

$t->wait_for(sub {
    @seen = $t->access_log =~ m{^(/any.*)\n}mg;
    return @seen == @read;
}, 5, 'the log of all requests');

is_deeply(\@seen, \@read, 'endpoints and their dialects');

my %end = map { $_ => 1 } $paths =~ /\{ dg_string\("([^"]+)"\)/g;
is_deeply([ sort @ends ], [ sort keys %end ], '... all of them');

# refusals

is(ask('/v1/messages', 'greedy')->{status}, 200, 'a request passes');
my $refused = ask('/v1/messages', 'greedy');
is($refused->{status}, 429, 'another is refused');

my @sent = grep { /^retry-|ratelimit/ } keys %{ $refused->{headers} };

is_deeply([ sort map { lc } map { words($_->[0]) }
    rows(section($directives, 'Refusals')) ], [ sort @sent ],
    'the headers of a refusal');

# what else is logged

ask('/observed/v1/messages', 'watched') for 1, 2;
ask('/observed/v1/messages', 'relayed', 'User-Agent' => 'OpenAI/JS 6.49.0');
ask('/tagged/v1/messages', 'relayed');
ask('/v1/messages', 'packed', 'X-Upstream' => 'gzip=1');

my $file = $t->dir . '/asn.mmdb';


sub replace {
    my ($bytes, $logged) = @_;

    rename $t->write_file('asn.new', $bytes), $file or die "rename: $!\n";
    $t->log_like($logged, 'a file is replaced');
}

if ($mmdb) {
    replace(database('asn', 64501), qr/is in use/);
    replace('damaged', qr/stays in use/);
    unlink $file;
    $t->log_like(qr/is gone/, 'a file is gone');
}

$t->wait_for(sub { $t->error_log =~ /redis \S+ is down/ }, 10, 'no Redis');

my $server = $t->redis;
$t->wait_for(sub { $t->error_log =~ /redis \S+ is up/ }, 10, 'Redis');
$server->cmd('DEL', 'dg:nodes');
$server->cmd('SET', 'dg:nodes', 'x', 'EX', 60);
$t->wait_for(sub { $t->error_log =~ /another type/ }, 10, 'a strange key');

# a step that may not be told

$server->cmd('ACL', 'SETUSER', 'default', '-xadd');
ask('/tagged/v1/messages', 'again', 'User-Agent' => 'OpenAI/JS 6.49.0')
    for 1 .. 3;
$t->log_like(qr/write the audit/, 'a user without the right');
$server->cmd('ACL', 'SETUSER', 'default', '+xadd');

# what operators decide; a full zone, and a user who may not read it, are seen
# on connections of their own

my $decided = sprintf '%d alice block %d a reason', time * 1000, time + 3600;

$server->cmd('XADD', 'dg:{decisions}', '*', 'subject', 'origin:127.0.0.0/24',
    'decision', $decided);
$server->cmd('XADD', 'dg:{decisions}', '*', 'subject', 'asn:1',
    'decision', sprintf('%d alice block %d', time * 1000, time + 2));
$t->log_like(qr/alice has decided/, 'a decision is heard of');
is(ask('/v1/messages', 'decided')->{status}, 403, 'and in force');
$t->wait_for(sub { $t->error_log =~ /alice has ended/ }, 10, 'its end');
$server->cmd('HSET', 'dg:{decisions}:now', map { ("asn:$_", $decided) }
    1 .. 300);
$server->cmd('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
$t->log_like(qr/has room for \d+ decisions/, 'a zone is full of them');
$server->cmd('ACL', 'SETUSER', 'default', '-xrevrange');
$server->cmd('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
$t->log_like(qr/does not let its user/, 'a user without the rights');

$server->cmd('ACL', 'SETUSER', 'default', '-xread');
$t->wait_for(sub { $t->error_log =~ /what nodes see/
    && $t->error_log =~ /what is asked/ }, 10, 'a missing right');

$t->write_file('asn.mmdb', database('asn', 64500));
conf('secret4096');
ok($t->reload, 'another secret');

# Every line that is logged in passing; each stands for one of the document.

my %LEVEL = (ERR => 'error', WARN => 'warn', NOTICE => 'notice',
    INFO => 'info');
my @formats;
my $calls = sources('nginx/*.c', 'redis/*.c');

while ($calls =~ /ngx_(conf_)?log_error\((?:NGX_LOG_(\w+)|level), (.*?)\);/sg)
{
    my ($conf, $level, $arguments) = ($1, $2, $3);

    $conf ||= $arguments =~ /^cf->log/;

    next if $level && ($conf ? $level ne 'NOTICE' : !$LEVEL{$level});

    my ($format) = $arguments =~ /($STRING(?:\s*$STRING)*)/;
    my $text = joined($format);

    $text =~ s/\\"/"/g;
    push @formats, [ $level && $LEVEL{$level}, join '.*?', map { quotemeta }
        split /%(?:\*s|u?[a-zA-Z])/, $text, -1 ];
}

my $log = $t->error_log;
my %documented;

for my $row (rows(section($operations, 'Logs'))) {
    my ($line) = words($row->[0]);
    my ($format) = grep { $line =~ /^$_->[1]$/ } @formats;
    my $level = $row->[1] =~ s/error/err(?:or)?/r;

    ok($format, "logged: $line") || next;
    $documented{ $format->[1] } = 1;

    is($row->[1], $format->[0], '... at this level') if $format->[0];

    # clocks are in t/redis_clocks.t

    next if $line =~ /no memory|the clock/ || $line =~ /geoip/ && !$mmdb;

    # refusals begin differently; not all of them can be had here

    my $like = $line =~ /^(.* refuses)/ ? quotemeta $1 : $format->[1];
    like($log, qr/\[$level\] [^\n]*$like/, '... and seen');
}

is(join("\n", grep { !$documented{$_} } map { $_->[1] } @formats), '',
    'every line of the log is described');
