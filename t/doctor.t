#!/usr/bin/perl

# distillctl doctor finds nothing wrong where nothing is, and each of the
# things that go wrong; it says what to do, and changes nothing.

use strict;
use warnings;

use JSON::PP;
use Test::More;

use DistillGuard::Ctl;
use DistillGuard::Rights qw(guard_rights operator_rights);
use DistillGuard::Test;

my $LONG = 20;
my $PASSWORD = 'doctor-password-0001';

my $t = DistillGuard::Test->new;

$t->write_file('secret', 's' x 32);
$t->write_file('another', 'a' x 32);
$t->write_file('password', "$PASSWORD\n");
$t->upstream(keep => 1);

my $redis = $t->redis(acl => [ 'default on nopass ~* &* +@all',
    "guard on >$PASSWORD " . guard_rights(),
    "operator on >$PASSWORD " . operator_rights() ]);

$t->conf(<<'EOT')->start;

    distill_guard_zone zone=guard:1m;
    distill_guard_secret %%DIR%%/secret;
    distill_guard_redis redis://guard@127.0.0.1:%%REDIS%%
                        password_file=%%DIR%%/password timeout=5s;

    server {
        listen 127.0.0.1:%%MAIN%%;
        distill_guard enforce;
        location / { proxy_pass http://127.0.0.1:%%UPSTREAM%%; }
    }
EOT

is($t->post_json('/v1/chat/completions',
    { model => 'm', messages => [{ role => 'user', content => 'x' }] },
    Authorization => 'Bearer sk-doctor', -port => 'main')->{status}, 200,
    'a node');
$t->wait_for(sub { @{ $redis->cmd('KEYS', 'dg:{key:*') }
    && @{ $redis->cmd('ZRANGE', 'dg:nodes', 0, -1) } }, $LONG, 'its counts');

my $URL = 'redis://127.0.0.1:' . $t->port('redis');
my @HERE = ('--redis', $URL, '--secret', $t->dir . '/secret');
my $ctl = DistillGuard::Ctl->new($t);


sub doctor { return $ctl->run('doctor', @_) }


# {check => {result, text, todo}}, of several the worst; and the exit status

sub checks {
    my %worse = (ok => 0, warning => 1, failed => 2);
    my $run = doctor('--json', @_);
    my %check;

    for (map { decode_json($_) } @{ $run->{out} }) {
        my $old = $check{ $_->{check} };
        $check{ $_->{check} } = $_
            if !$old || $worse{ $_->{result} } > $worse{ $old->{result} };
    }

    return (\%check, $run->{status});
}


# this check says so, and what to do

sub found_ok {
    my ($name, $check, $result, $said, $todo, @args) = @_;

    local $Test::Builder::Level = $Test::Builder::Level + 1;

    my ($checks, $status) = checks(@args);
    my $found = $checks->{$check};

    is($found->{result}, $result, "$name: $result")
        || diag(explain($checks));
    like($found->{text}, $said, '... what');
    like($found->{todo}, $todo, '... and what to do');
    is($status, $result eq 'failed' ? 1 : 0, '... exit status');
}


sub healthy {
    my ($name, @args) = @_;

    local $Test::Builder::Level = $Test::Builder::Level + 1;

    my $run = doctor(@args);

    is($run->{status}, 0, "$name: nothing is wrong");
    is_deeply([ grep { !/^ok |^ {18}/ } @{ $run->{out} } ], [],
        '... all is ok');
    is($run->{err}, '', '... nothing else is said');
}


# ---- a healthy system -----------------------------------------------------

my $before = join ' ', sort @{ $redis->cmd('KEYS', 'dg:{decisions}*') };

healthy('all rights', @HERE);
healthy('an operator', '--redis', 'redis://operator@127.0.0.1:'
    . $t->port('redis'), '--password-file', $t->dir . '/password', '--secret',
    $t->dir . '/secret');

my @NODE = ('--as-node', '--conf', $t->nginx->{dir} . '/nginx.conf');

healthy('the user of nodes, from the nginx.conf', @NODE);
is(join(' ', sort @{ $redis->cmd('KEYS', 'dg:{decisions}*') }), $before,
    'it leaves nothing behind');
is_deeply([ sort keys %{ (checks(@HERE))[0] } ], [ sort qw(redis server write schema
    secret clock nodes rights keys streams) ], 'what it looks at');
like(doctor(@HERE)->{out}[0], qr/^ok       redis    connected to 127\.0\.0\.1:/,
    'without colors');

# ---- what is wrong with settings ------------------------------------------

found_ok('another secret', 'secret', 'failed', qr/another is not the secret of/,
    qr/let all nodes have one distill_guard_secret/, '--redis', $URL,
    '--secret', $t->dir . '/another');
like(join("\n", @{ doctor('--redis', $URL, '--secret',
    $t->dir . '/another')->{out} }),
    qr/^failed   secret   .*\n {18}let all nodes have one/m,
    '... for people, too');
found_ok('no secret', 'secret', 'warning', qr/was not looked at/,
    qr/--secret/, '--redis', $URL);
found_ok('another prefix', 'schema', 'failed',
    qr/no node with prefix "other" has been here/, qr/compare prefix=/,
    '--prefix', 'other', @HERE);

$redis->cmd('SET', 'dg:schema', '0', 'KEEPTTL');
found_ok('an old schema', 'schema', 'failed',
    qr/the nodes use schema 0, and this is for schema 1/,
    qr/be of one version/, @HERE);
$redis->cmd('SET', 'dg:schema', '1', 'KEEPTTL');

# ---- rights ---------------------------------------------------------------

for my $lacks (qw(+xadd +hset +evalsha +script|load +zremrangebyrank)) {
    $redis->cmd('ACL', 'SETUSER', 'guard', '-' . substr $lacks, 1);

    my $rights = (checks(@NODE))[0]{rights};

    is($rights->{result}, 'failed', "a node's user without $lacks");
    like($rights->{text}, qr/lacks what a node needs: \Q$lacks\E$/, '... said');
    is($rights->{todo}, "ACL SETUSER guard $lacks ~dg:*", '... what to do');

    $redis->cmd('ACL', 'SETUSER', 'guard', split / /, $rights->{todo} =~
        s/^ACL SETUSER guard //r);
}

healthy('what was to do', @NODE);

# ---- clocks ---------------------------------------------------------------

for my $off (-300, 300) {
    my $side = $off < 0 ? 'behind' : 'ahead of';
    my $stop = $t->dir . "/stop$off";

    # a node that lives by a clock of its own

    my $node = $t->background(sub {
        my $own = DistillGuard::Redis::Client->new(port => $redis->port);

        until (-e $stop) {
            $own->request('ZADD', 'dg:nodes', time + $off, 'f' x 16);
            select undef, undef, undef, 0.2;
        }
        return 1;
    });

    $t->wait_for(sub { $redis->cmd('ZSCORE', 'dg:nodes', 'f' x 16) }, $LONG,
        'the node');
    found_ok("a node $side Redis", 'nodes', 'failed',
        qr/clock of node f{16} is (?:29\d|30\d) s $side Redis/, qr/NTP/, @HERE);

    $t->write_file("stop$off", '');
    $node->result;
    $redis->cmd('ZREM', 'dg:nodes', 'f' x 16);
}

SKIP: {
    my ($lib) = glob '/usr/lib/*/faketime/libfaketime.so.1';
    skip('no libfaketime', 4) unless $lib;

    local $ENV{LD_PRELOAD} = $lib;
    local $ENV{FAKETIME} = '-300s';
    local $ENV{FAKETIME_DONT_FAKE_MONOTONIC} = 1;

    found_ok('a clock of this host', 'clock', 'failed',
        qr/this host is (?:29\d|30\d) s behind Redis/, qr/NTP/, @HERE);
}

# ---- a node that is away --------------------------------------------------

$redis->cmd('ZADD', 'dg:nodes', time - 120, 'e' x 16);
$redis->cmd('HSET', "dg:node:" . 'e' x 16, 'host', 'gone.test', 'zone', 'z');
$redis->cmd('EXPIRE', "dg:node:" . 'e' x 16, 3600);
found_ok('a stale node', 'nodes', 'warning',
    qr/gone\.test, zone "z" is away, it was last heard of 12\d s ago/,
    qr/see its error log/, @HERE);
$redis->cmd('ZREM', 'dg:nodes', 'e' x 16);

# ---- what lies in Redis ---------------------------------------------------

$redis->cmd('SET', "dg:end\e[31mless", 1);
found_ok('a key without an end', 'keys', 'failed',
    qr/^1 of \d+ keys never expire, as "dg:end\?\[31mless"|1 of \d+ keys/,
    qr/EXPIRE or DEL/, @HERE);
$redis->cmd('DEL', "dg:end\e[31mless");

$redis->cmd('EVAL', "for i = 1, 1000 do redis.call('XADD', KEYS[1], '*', 'a',"
    . " 'b') end redis.call('EXPIRE', KEYS[1], 60)", 1, 'dg:{decisions}:asks');
found_ok('a stream that nobody cuts', 'streams', 'warning',
    qr/"dg:\{decisions\}:asks" has 1000 entries/, qr/who else adds to it/,
    @HERE);
$redis->cmd('DEL', 'dg:{decisions}:asks');

# ---- a server that does not do it -----------------------------------------

$redis->cmd('CONFIG', 'SET', 'maxmemory', '100kb');
found_ok('a full Redis', 'write', 'failed', qr/takes no writes: OOM/,
    qr/raise its maxmemory/, @HERE);
$redis->cmd('CONFIG', 'SET', 'maxmemory-policy', 'allkeys-lru', 'maxmemory',
    '100mb');
found_ok('one that evicts', 'server', 'warning',
    qr/may evict .* allkeys-lru/, qr/noeviction/, @HERE);
$redis->cmd('CONFIG', 'SET', 'maxmemory', '0');

my $replica = $t->redis(name => 'replica', conf => 'replicaof 127.0.0.1 '
    . $t->port('redis'));
$t->wait_for(sub { ($replica->cmd('GET', 'dg:schema') // '') eq '1' }, $LONG,
    'a replica');

my ($there) = checks('--redis', 'redis://127.0.0.1:' . $t->port('replica'));
is($there->{server}{result}, 'failed', 'a replica is none to name');
like($there->{write}{text}, qr/READONLY/, '... it takes no writes');
like($there->{write}{todo}, qr/name its master/, '... said what to do');

my $gone = doctor('--redis', 'redis://127.0.0.1:' . $t->port('nobody'));
is($gone->{status}, 3, 'no Redis');
like($gone->{out}[0], qr/^failed   redis    no connection to Redis at /,
    '... said so');
