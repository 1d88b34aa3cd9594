#!/usr/bin/perl

# What an operator decides with distillctl: in force on all nodes within a
# second, before all limits, over restarts of nodes and of Redis, until it is
# released; and nothing of it is told to the client.

use strict;
use warnings;

use File::Basename qw(dirname);
use File::Spec;
use JSON::PP;
use Test::More;
use Time::HiRes ();

use DistillGuard::Ctl;
use DistillGuard::Process;
use DistillGuard::Test;

my $LONG = 20;       # in which what has to happen has happened
my $SECOND = 1;      # of which it is promised
my $SLACK = 4;       # for a busy machine

my $WHY = 'harvests for a rival';
my $PASSWORD = 'a-password-of-redis';

my $t = DistillGuard::Test->new;
my $ctl = DistillGuard::Ctl->new($t);

$t->write_file('secret', 's' x 32);
$t->write_file('another', 'a' x 32);
$t->upstream(keep => 1);

my $redis = $t->redis;


sub conf {
    my ($instance, %opt) = @_;

    my $mode = $opt{mode} // 'enforce';
    my $prefix = $opt{prefix} // 'dg';

    return $t->conf(<<"EOT", instance => $instance, workers => 2,

    distill_guard_zone zone=guard:2m;
    distill_guard_secret %%DIR%%/secret;
    distill_guard_redis redis://127.0.0.1:%%REDIS%% timeout=5s
                        prefix=$prefix;

    set_real_ip_from 127.0.0.1;
    real_ip_header X-Client;
    proxy_http_version 1.1;

    server {
        listen 127.0.0.1:%%$instance%%;
        distill_guard $mode;
        distill_guard_account \$http_x_account;
        distill_guard_limit key requests=3/d;

        location / {
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
            proxy_buffering off;
        }

        location /exempt/ {
            distill_guard_exempt 1;
            proxy_pass http://127.0.0.1:%%UPSTREAM%%/;
        }

        location = /status { distill_guard off; distill_guard_status; }
    }
EOT
        log_format => '$distill_guard_verdict $distill_guard_reasons'
            . ' $distill_guard_key $distill_guard_client'
            . ' $distill_guard_event $http_x_mark');
}


sub ctl { return $ctl->run(@_) }


my @REDIS = ('--redis', 'redis://127.0.0.1:' . $t->port('redis'));
my @HERE = (@REDIS, '--secret', $t->dir . '/secret');
my @ALICE = (@REDIS, '--author', 'alice', '--reason', $WHY);


sub done_ok {
    my ($name, @args) = @_;

    my $run = ctl(@args);

    local $Test::Builder::Level = $Test::Builder::Level + 1;
    is($run->{status}, 0, $name) || diag($run->{err});

    return $run;
}


sub chat {
    my ($instance, $key, %opt) = @_;

    return $t->post_json(($opt{path} // '') . '/v1/chat/completions',
        { model => 'm', messages => [{ role => 'user', content => 'x' }] },
        Authorization => "Bearer sk-decided-$key",
        'X-Client' => $opt{client} // '192.0.2.1',
        'X-Mark' => $opt{mark} // 'none',
        ($opt{account} ? ('X-Account' => $opt{account}) : ()),
        'X-Upstream' => 'tokens=7; input=5', -port => $instance);
}


# its line in the access log, which is there a moment after the answer

my $marks = 0;


sub logged {
    my ($instance, @chat) = @_;

    my $mark = 'mark-' . ++$marks;

    chat($instance, @chat, mark => $mark);

    return $t->wait_for(sub { $t->access_log($instance) =~ /^(.*) $mark\n/m
        ? $1 : '' }, $LONG, 'the access log');
}


sub status { return $t->http({ path => '/status' }, port => $_[0])
    ->json->{zones}{guard} }


sub held {
    my ($instance, $decision, $kind) = @_;

    return eval { status($instance)->{decisions}{$decision}{$kind} } // -1;
}


# waits until all nodes answer so to that key, and says how long that took

sub answers {
    my ($status, $name, $key, %opt) = @_;

    my $begin = Time::HiRes::time;
    my @nodes = @{ delete $opt{nodes} // [qw(a b)] };

    for my $node (@nodes) {
        eval { $t->wait_for(sub { chat($node, $key, %opt)->{status} == $status },
            $LONG, $name) };

        local $Test::Builder::Level = $Test::Builder::Level + 1;
        is(chat($node, $key, %opt)->{status}, $status, "$name: $node");
    }

    return Time::HiRes::time - $begin;
}


conf('a')->start;
conf('b')->start;

$t->wait_for(sub { status($_)->{sync}{state} eq 'up' }, $LONG, 'Redis')
    for qw(a b);

# ---- ids ------------------------------------------------------------------

my ($key) = logged('a', 'victim') =~ / ([0-9a-f]{32}) [0-9a-f]{32} \{/;

my $run = ctl('id', @HERE, \"sk-decided-victim\n");
is_deeply($run->{out}, [ $key ], 'id tells the id of a key');

$run = ctl('id', '--json', @HERE, 'key:-', \'sk-decided-victim');
is_deeply(decode_json($run->{out}[0]), { subject => "key:$key", id => $key },
    '... as JSON');

is_deeply(ctl('id', 'origin:203.0.113.7')->{out}, [ '203.0.113.0/24' ],
    '... of an address');
is_deeply(ctl('id', 'origin:2001:db8:1:2::77')->{out}, [ '2001:db8:1:2::/64' ],
    '... of one of IPv6');
is_deeply(ctl('id', 'asn:AS64500')->{out}, [ '64500' ], '... of a network');

$run = ctl('id', 'key:-', \"sk-decided-victim\n");
is($run->{status}, 2, 'an id needs the secret');
like($run->{err}, qr/--secret/, '... and that is said');

# ---- block ----------------------------------------------------------------

my $watch = $t->dir . '/watch.out';
my $watcher = DistillGuard::Process->start(name => 'watch', out => $watch,
    cmd => [ $ENV{DG_CTL}, 'watch', @REDIS ]);
$t->wait_for(sub { grep { / cmd=xread / && / flags=\S*b/ } split /\n/,
    $redis->cmd('CLIENT', 'LIST') }, $LONG, 'distillctl watch');

$run = done_ok('block', 'block', 'key:-', '--for', '2h', @ALICE,
    '--secret', $t->dir . '/secret', \"sk-decided-victim\n");
like($run->{out}[0],
    qr/^blocked key:$key until \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC$/,
    '... says whom, and until when');

my $blocked = $run->{out}[0];
my $took = answers(403, 'blocked', 'victim');
cmp_ok($took, '<', $SECOND + $SLACK, 'on all nodes within a second')
    || diag("$took s");

my $answer = chat('a', 'victim');
is($answer->json->{error}{code}, 'forbidden',
    "refused in the API's own words");

my $told = join "\n", $answer->{body}, %{ $answer->{headers} };
unlike($told, qr/alice|rival|decision|$key|block/i, '... and no others');
is($answer->header('Retry-After'), undef, 'not asked to come again');

is(chat('a', 'other')->{status}, 200, 'others are served');
is(chat('a', 'victim', path => '/exempt')->{status}, 403,
    'distill_guard_exempt does not help');

my $line = logged('a', 'victim');
like($line, qr/^BLOCK \[\{\\"decision\\":\\"block\\",\\"subject\\":\\"key:$key\\"\}\] /,
    'the reasons say that it was decided, and on whom');
unlike($line, qr/alice|rival/, '... neither by whom nor why');

$t->log_like(qr/distill guard blocks key $key: key:$key is blocked by alice\b/,
    'the error log says by whom', 'a');
$t->log_like(qr/distill guard: audit: alice has decided: block key:$key until \d{4}\S+ \S+ UTC, $WHY/,
    '... and what was decided', 'b');

is(held($_, 'block', 'key'), 1, "the status of $_ counts it") for qw(a b);
like($t->http({ path => '/status?format=prometheus' }, port => 'a')->{body},
    qr/^distill_guard_decisions\{zone="guard",decision="block",kind="key"\} 1$/m,
    '... for Prometheus, too');

# ---- list -----------------------------------------------------------------

$run = done_ok('list', 'list', @REDIS);
like($run->{out}[0], qr/^DECISION  SUBJECT +UNTIL +SINCE +AUTHOR  REASON$/,
    '... has a head');
like($run->{out}[1],
    qr/^block     key:$key  \S+ \S+ UTC  \S+ \S+ UTC  alice   $WHY$/,
    '... and a line for each');

my @table = @{ $run->{out} };

$run = done_ok('list --json', 'list', '--json', @REDIS);
my $listed = decode_json($run->{out}[0]);
cmp_ok(abs($listed->{until} - time - 7200), '<', 60, '... has the time');
cmp_ok(abs($listed->{time} - time), '<', 60, '... and when it was decided');
delete @$listed{qw(time until)};
is_deeply($listed, { what => 'decision', subject => "key:$key", decision => 'block',
    author => 'alice', reason => $WHY, in_force => JSON::PP::true },
    '... and all else');

# ---- as the document shows it ---------------------------------------------

my $doc = $t->read_file(File::Spec->rel2abs(
    dirname(__FILE__) . '/../docs/distillctl.md'));


# what differs from time to time is left out

sub general {
    my ($line) = @_;

    $line =~ s/\b[0-9a-f]{32}\b/ID/g;
    $line =~ s/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC/TIME/g;

    return $line;
}


sub shown_ok {
    my ($line, $name) = @_;

    local $Test::Builder::Level = $Test::Builder::Level + 1;
    ok((grep { general($line) eq general($_) } split /\n/, $doc), $name)
        || diag($line);
}


shown_ok($blocked, 'the document shows what block prints');
shown_ok($_, '... and list') for @table;

my %usage = map { $_ => 1 } $doc =~ /^distillctl (\w+)/mg;

for my $command (sort keys %usage) {
    my ($flags) = $doc =~ /^distillctl $command(.*)$/m;
    my ($given) = (ctl($command, '--help')->{out}[0] // '')
        =~ /^usage: distillctl $command(?: (?!\.\.\.)(.*?))?(?: \.\.\.)?$/;

    is($flags =~ s/^ //r, $given // '', "... and the flags of $command");
}

# ---- release --------------------------------------------------------------

done_ok('release', 'release', "key:$key", @ALICE);
answers(200, 'released', 'victim', path => '/exempt');
is(held('a', 'block', 'key'), 0, 'it is counted no more');

$run = ctl('release', "key:$key", @ALICE);
is($run->{status}, 1, 'what is released cannot be released');
like($run->{err}, qr/there is no decision on key:$key/, '... and that is said');

is_deeply(ctl('list', @REDIS)->{out}, [ 'no decision is in force' ],
    'the list is empty');
is(scalar @{ ctl('list', '--json', @REDIS)->{out} }, 0, '... in JSON, too');
like(join("\n", @{ ctl('list', '--all', @REDIS)->{out} }),
    qr/^release   key:$key  -  /m, '... but not of what is over');

$t->wait_for(sub { $t->read_file($watch) =~ /release/ }, $LONG, 'watch');
$watcher->stop('TERM');
my @watched = split /\n/, $t->read_file($watch);
is(scalar @watched, 2, 'watch has seen both');
shown_ok($watched[0], '... as the document has it');
like($watched[0], qr/^\S+ \S+ UTC  alice  block key:$key until \S+ \S+ UTC: $WHY$/,
    '... as they were made');

# ---- allow, and every other kind of subject -------------------------------

chat('a', 'spent') for 1 .. 4;
is(chat('a', 'spent')->{status}, 429, 'a limit holds');

done_ok('allow', 'allow', 'key:-', @ALICE, '--secret', $t->dir . '/secret',
    \'sk-decided-spent');
$t->wait_for(sub { held($_, 'allow', 'key') == 1 }, $LONG, 'allow')
    for qw(a b);
answers(200, 'allowed beyond its limit', 'spent');
is(chat('b', 'spent')->{status}, 200, 'again and again') for 1 .. 5;

my $allowed = logged('b', 'spent');
like($allowed, qr/^PASS \[\{\\"decision\\":\\"allow\\"/, 'the reasons tell');
like($allowed, qr/\\"exempt\\":true/, 'no limit was applied');

done_ok('block an origin', 'block', 'origin:198.51.100.77', @ALICE);
answers(403, 'its network is blocked', 'near', client => '198.51.100.1');
is(chat('a', 'spent', client => '198.51.100.1')->{status}, 200,
    'but not a key that is allowed');

my ($client) = logged('a', 'spent') =~ / [0-9a-f]{32} ([0-9a-f]{32}) \{/;

done_ok('block an account', 'block', 'account:-', @ALICE,
    '--secret', $t->dir . '/secret', \"team-9\n");
answers(403, 'an account is blocked', 'member', account => 'team-9');

done_ok('block a client', 'block', "client:$client", @ALICE);
answers(403, 'a client is blocked', 'same-client');
is(chat('a', 'spent')->{status}, 200, 'not the key that is allowed');
done_ok('release a client', 'release', "client:$client", @ALICE);
answers(200, 'a client is released', 'next', path => '/exempt');

done_ok('exempt', 'exempt', "key:$key", @ALICE);
$t->wait_for(sub { held('b', 'exempt', 'key') == 1 }, $LONG, 'exempt');
is(chat('b', 'victim', path => '/exempt')->{status}, 200, 'exempt is served');
like(logged('b', 'victim', path => '/exempt'),
    qr/^PASS \[\{\\"decision\\":\\"exempt\\"/, '... and the reasons tell');

# for a time

done_ok('block for a second', 'block', "key:$key", '--for', '1s', @ALICE);
$t->wait_for(sub { grep { /block/ && /$key/ && /over/ }
    @{ ctl('list', '--all', @REDIS)->{out} } }, $LONG, 'its end');
answers(200, 'over by itself', 'victim', path => '/exempt');
is(held('a', 'block', 'key'), 0, '... and counted no more');

# ---- a node that only watches ---------------------------------------------

conf('dry', mode => 'observe')->start;
$t->wait_for(sub { held('dry', 'block', 'origin') == 1 }, $LONG,
    'a third node');
is(chat('dry', 'near', client => '198.51.100.1')->{status}, 200,
    'observe refuses nobody');
like(logged('dry', 'near', client => '198.51.100.1'), qr/^BLOCK_DRY_RUN /,
    '... and says what it would have done');
$t->stop(instance => 'dry');

# ---- what happens to nodes and to Redis -----------------------------------

$t->stop(instance => 'b');
$t->nginx('b')->start;
$took = answers(403, 'a node that starts knows it', 'near', nodes => ['b'],
    client => '198.51.100.1');
cmp_ok($took, '<', $SECOND + $SLACK, '... within a second');

$t->reload(instance => 'a');
is(chat('a', 'near', client => '198.51.100.1')->{status}, 403,
    'a reload forgets nothing');

$redis->kill9;
$t->wait_for(sub { status($_)->{sync}{state} eq 'down' }, $LONG, 'its end')
    for qw(a b);
is(chat($_, 'near', client => '198.51.100.1')->{status}, 403,
    "Redis is gone, $_ still knows") for qw(a b);

$run = ctl('list', @REDIS);
is($run->{status}, 3, 'without Redis nothing is decided');
like($run->{err}, qr/no connection to Redis at 127\.0\.0\.1:\d+: /,
    '... and that is said');

$redis->restart;
$t->wait_for(sub { @{ ctl('list', '--json', @REDIS)->{out} } == 3 }, $LONG,
    'what nodes put back');
is_deeply([ sort map { my $d = decode_json($_);
    "$d->{decision} " . $d->{subject} =~ s/:.*//r }
    @{ ctl('list', '--json', @REDIS)->{out} } ],
    [ 'allow key', 'block account', 'block origin' ],
    'an empty Redis is told all');

$t->wait_for(sub { status($_)->{sync}{state} eq 'up' }, $LONG, 'its return')
    for qw(a b);
$redis->cmd('FLUSHALL');
$t->wait_for(sub { my $list = ctl('list', '--json', @REDIS);
    $list->{status} == 0 && @{ $list->{out} } == 3 }, $LONG,
    'what nodes put back once more');
pass('and one that was flushed');

$run = ctl('list', '--all', '--json', @REDIS);
ok((grep { /"subject":"client:$client","decision":"release"/ } @{ $run->{out} }),
    'that one was released is known, too');

done_ok('release an origin', 'release', 'origin:198.51.100.0/24', @ALICE);
answers(200, 'released everywhere', 'near', client => '198.51.100.1',
    path => '/exempt');

# ---- more than there is room for ------------------------------------------

my $record = sprintf '%d alice block 0', time * 1000;

$redis->cmd('HSET', 'full:{decisions}:now', map { ("asn:$_", $record) }
    1 .. 500);

conf('full', prefix => 'full')->start;
$t->log_like(qr/zone "guard" has room for \d+ decisions, and some are not/,
    'a zone that is full says so', 'full');

my ($room) = $t->error_log('full') =~ /has room for (\d+) decisions/;
is(held('full', 'block', 'asn'), $room, "$room are in force");
is(status('full')->{decisions_room}, $room, '... which is all it has room for');
cmp_ok(status('full')->{decision_failures}, '>=', 500 - $room,
    '... and the rest is counted');

my @full = ('--prefix', 'full', @ALICE);
$run = $t->wait_for(sub { my $try = ctl('block', 'asn:4200000000', @full);
    $try->{status} == 1 && $try }, $LONG, 'a refusal');
like($run->{err}, qr/zone "guard" of \S+ holds $room decisions, and has no room/,
    'nothing is decided that a node would not hold');

done_ok('what is in force can be released', 'release', 'asn:1', @full);
$t->stop(instance => 'full');

# ---- Redis and nodes agree on which one is later --------------------------

my $module = dirname(__FILE__) . '/../ngx_distill_guard_module';
my ($source) = $t->read_file(File::Spec->rel2abs("$module/core/dg_schema.c"))
    =~ /dg_schema_decide = dg_string\((.*?)\);\n/s;
my $script = join '', map { s/\\n/\n/gr } $source =~ /"((?:[^"\\]|\\.)*)"/g;


sub enter {
    my ($n, @records) = @_;

    return map { $redis->cmd('EVAL', $script, 2, 'merge:{x}', 'merge:{x}:now',
        100, 60, "asn:$n", $_)->[0] } @records;
}


my $ms = sprintf '%d', time * 1000;
my $n = 0;

for my $pair (
    [ "$ms alice block 0", ($ms + 1) . ' alice allow 0' ],
    [ "$ms alice block 0", "$ms bob block 0" ],
    [ "$ms al block 0", "$ms alice block 0" ],
    [ "$ms Zoe block 0", "$ms alice block 0" ],
    [ "$ms alice allow 0", "$ms alice release 0" ],
    [ "$ms alice block 0", "$ms alice block 0 why" ])
{
    my ($first, $later) = @$pair;

    is_deeply([ enter(++$n, $first, $later, $later) ], [ 1, 1, 0 ],
        "later: $later");
    is_deeply([ enter(++$n, $later, $first) ], [ 1, 0 ], '... in any order');
    is($redis->cmd('HGET', 'merge:{x}:now', "asn:$n"), $later, '... is kept');
}

is_deeply([ enter($n, "-$ms nobody block 0", '-' . $redis->cmd('HGET',
    'merge:{x}:now', "asn:$n")) ], [ 0, 1 ], 'just what was seen is pruned');
$redis->cmd('HSET', 'merge:{x}:now', 'asn:99', 'strange');
is_deeply([ enter(99, "$ms alice block 0") ], [ 1 ],
    'what is no decision stands in nobody\'s way');

# ---- wrong usage ----------------------------------------------------------

my @wrong = (
    [ 2, qr/^usage: distillctl block SUBJECT/, 'block', @REDIS ],
    [ 2, qr/unrecognized option .*\n?usage: distillctl list/, 'list', '--foo' ],
    [ 2, qr/where is Redis\?/, 'list' ],
    [ 2, qr/"frob:1" is no subject/, 'block', 'frob:1', @ALICE ],
    [ 2, qr/what stands behind key: is no id.*key:-/, 'block',
        'key:sk-decided-victim', @ALICE ],
    [ 2, qr/"203\.0\.113\.0\/16" is no origin/, 'block',
        'origin:203.0.113.0/16', @ALICE ],
    [ 2, qr/"x" is no number of a network/, 'block', 'asn:x', @ALICE ],
    [ 2, qr/only a key or an account can be exempt/, 'exempt', 'asn:64500',
        @ALICE ],
    [ 2, qr/"soon" is no time: write 1s to 365d/, 'block', 'asn:1',
        '--for', 'soon', @ALICE ],
    [ 2, qr/unrecognized option '--for'/, 'release', 'asn:1', '--for', '1h',
        @ALICE ],
    [ 2, qr/the reason is at most 128 plain characters/, 'block', 'asn:1',
        @REDIS, '--author', 'a', '--reason', 'x' x 129 ],
    [ 2, qr/the author is at most 32 plain characters, no spaces/, 'block',
        'asn:1', @REDIS, '--author', 'a b' ],
    [ 2, qr/no key on standard input/, 'block', 'key:-', @HERE, \"\n" ],
    [ 2, qr/invalid URL "http:\/\/x"/, 'list', '--redis', 'http://x' ],
    [ 2, qr/user "guard" has no password/, 'list', '--redis',
        'redis://guard@127.0.0.1' ],
    [ 2, qr/invalid prefix "a b"/, 'list', @REDIS, '--prefix', 'a b' ],
    [ 2, qr/cannot read the secret/, 'list', @REDIS, '--secret', '/nowhere' ],
    [ 1, qr/no node with prefix "other" has been here/, 'list', @REDIS,
        '--prefix', 'other' ],
    [ 1, qr/another is not the secret of the nodes/, 'list', @REDIS,
        '--secret', $t->dir . '/another' ],
);

for my $wrong (@wrong) {
    my ($status, $said, @args) = @$wrong;

    my $wrong_run = ctl(@args);
    my $name = join ' ', 'wrong:', grep { !ref } @args;

    is($wrong_run->{status}, $status, substr $name, 0, 60);
    like($wrong_run->{err}, $said, '... said so');
    is(scalar @{ $wrong_run->{out} }, 0, '... where errors are said');
}

unlike(ctl('block', 'key:sk-decided-victim', @ALICE)->{err}, qr/sk-decided/,
    'a key in the wrong place is not repeated');

# ---- a nginx.conf says where ----------------------------------------------

$t->write_file('conf.d-guard.conf', 'distill_guard_secret ' . $t->dir
    . "/secret;\n");
$t->write_file('whole.conf', <<"EOT");
events { worker_connections 10; }
http {
    include conf.d-*.conf;
    include nothing-*.conf;
    map \$http_x \$y { default ""; "a;b{" 1; }
    server {
        location / {
            content_by_lua_block {
                local x = "}" .. '\\'{' .. [=[ ' } ]=] -- don't {
                --[[ } ' ]] local y = { x }
            }
        }
        location /x { return 200 "}"; }
    }
    distill_guard_redis redis://127.0.0.1:${\ $t->port('redis')} prefix=dg;
}
EOT

$run = done_ok('a nginx.conf', 'block', '--conf', $t->dir . '/whole.conf',
    'key:-', '--author', 'bob', \'sk-decided-by-conf');
answers(403, 'says where Redis is, and the secret', 'by-conf');

{
    local $ENV{DISTILL_GUARD_CONF} = $t->dir . '/whole.conf';
    done_ok('so does the environment', 'release', 'key:-', '--author', 'bob',
        \'sk-decided-by-conf');
}

$run = ctl('list', '--conf', $t->dir . '/secret');
is($run->{status}, 2, 'what is no nginx.conf is told');

# ---- a user of Redis without the rights -----------------------------------

$redis->cmd('ACL', 'SETUSER', 'default', '-xread', '-xrevrange');
$t->reload(instance => 'a');
$t->log_like(qr/does not let its user read decisions of operators/,
    'missing rights are told', 'a');
is(chat('a', 'counted')->{status}, 200, '... requests are served');
$t->wait_for(sub { status('a')->{sync}{state} eq 'up' }, $LONG, 'Redis');
pass('... and counts agreed on');
$redis->cmd('ACL', 'SETUSER', 'default', '+xread', '+xrevrange');
