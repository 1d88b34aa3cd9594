#!/usr/bin/perl

# Nodes that agree through Redis: what is counted arrives, as it is, once;
# nodes share a limit; and whatever happens to workers, scripts and keys,
# nothing is lost.

use strict;
use warnings;

use Test::More;
use Time::HiRes ();

use DistillGuard::Test;

my $PASSWORD = 'redis-password-0001';
my $SYNC = 0.1;    # seconds, as by default
my $SLACK = 0.15;    # for a busy machine

my $t = DistillGuard::Test->new;

my $redis = $t->redis(
    acl  => [ 'default on nopass ~* &* +@all',
        "guard on >$PASSWORD ~shop:* -\@all +select +script|load +evalsha"
        . ' +time +set +getex +hset +hmget +expire +zadd +zremrangebyrank'
        . ' +zremrangebyscore +xread +xrange +xrevrange +xadd +hscan +hget'
        . ' +hdel' ],
    conf => 'unixsocket ' . $t->dir . '/redis.sock',
);

$t->upstream(keep => 1);
$t->write_file('secret', 's' x 32);
$t->write_file('another', 'a' x 32);
$t->write_file('password', "$PASSWORD\n");


sub conf {
    my ($instance, $redis, %opt) = @_;

    my $secret = delete $opt{secret} // 'secret';

    return $t->conf(<<"EOT", instance => $instance, %opt);

    distill_guard_zone zone=guard:2m;
    distill_guard_secret %%DIR%%/$secret;
    distill_guard_redis $redis;

    set_real_ip_from 127.0.0.1;
    real_ip_header X-Client;
    proxy_http_version 1.1;

    server {
        listen 127.0.0.1:%%$instance%%;
        distill_guard enforce;

        location / {
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
            proxy_buffering off;
        }

        location /limit/ {
            distill_guard_limit key requests=40/h;
            proxy_pass http://127.0.0.1:%%UPSTREAM%%/;
        }

        location = /status { distill_guard off; distill_guard_status; }
    }
EOT
}


sub chat {
    my ($instance, $key, %opt) = @_;

    return $t->post_json(($opt{limit} ? '/limit' : '') . '/v1/chat/completions',
        { model => 'm', messages => [{ role => 'user', content => 'x' }] },
        Authorization => "Bearer sk-redis-$key",
        'X-Client' => $opt{client} // '192.0.2.1',
        'X-Upstream' => $opt{upstream} // 'tokens=7; input=5',
        -port => $instance)->{status};
}


sub sync { return $t->http({ path => '/status' }, port => $_[0])
    ->json->{zones}{guard}{sync} }


# Plain totals of a counter over all keys, of the days there are; and what
# the nodes' own fields add up to.

my @COUNTERS = qw(requests returned input_tokens output_tokens refused);


sub totals {
    my ($prefix, $kind, $period) = @_;

    my (%plain, %nodes);

    for my $name (@{ $redis->cmd('KEYS', "$prefix:{$kind:*}:$period:*") }) {
        my %field = @{ $redis->cmd('HGETALL', $name) };

        $plain{$_} += $field{$_} // 0 for @COUNTERS;

        for my $node (grep { /^node:/ } keys %field) {
            my @own = split / /, $field{$node};
            $nodes{ $COUNTERS[$_] } += $own[$_] for 0 .. 4;
        }
    }

    return (\%plain, \%nodes);
}


sub requests { return (totals('dg', $_[0] // 'key', 'd'))[0]{requests} // 0 }


sub guards {
    return grep { !/ cmd=client/ } split /\n/, $redis->cmd('CLIENT', 'LIST');
}


# ---- with a user, a password, a database and a prefix ---------------------

conf('a', 'redis://guard@127.0.0.1:%%REDIS%%/3 prefix=shop'
    . ' password_file=%%DIR%%/password')->start;

my %sent = map { $_ => 0 } @COUNTERS;

for my $i (0 .. 11) {
    chat('a', 'first-' . $i % 3, client => '192.0.' . $i % 2 . '.1');
    $sent{requests}++;
    $sent{input_tokens} += 5;
    $sent{output_tokens} += 7;
}

# failed upstream: given back
chat('a', 'first-0', client => '192.0.1.1', upstream => 'status=500');
$sent{requests}++;
$sent{returned}++;

$redis->cmd('SELECT', 3);

for my $kind (qw(key origin)) {
    for my $period (qw(m h d)) {
        my ($plain, $nodes);

        eval { $t->wait_for(sub {
            ($plain, $nodes) = totals('shop', $kind, $period);
            return join(' ', map { $plain->{$_} // 0 } @COUNTERS)
                eq join(' ', @sent{@COUNTERS});
        }, 5, 'totals') };

        is_deeply($plain, \%sent, "$kind: the totals of a $period");
        is_deeply($nodes, $plain, '... are the sum over nodes');
    }
}

my @names = @{ $redis->cmd('KEYS', '*') };

is_deeply([ grep { !/^shop:/ } @names ], [], 'all keys have the prefix');
is_deeply([ grep { $redis->cmd('TTL', $_) <= 0 } @names ], [],
    'all keys expire');

$redis->cmd('SELECT', 0);
is($redis->cmd('DBSIZE'), 0, 'the other database is untouched');

my $status = sync('a');
is($status->{state}, 'up', 'the status says so');
is($status->{errors}, 0, 'no errors');
ok($status->{reports} > 0 && $status->{rounds} > 0
    && $status->{age_seconds} < 5, 'and counts');
ok(abs($status->{skew_seconds}) < 1, 'the same clock');

# to leave is to tell the last

chat('a', 'last');
$sent{requests}++;
$t->quit(instance => 'a');
$redis->cmd('SELECT', 3);
is((totals('shop', 'key', 'd'))[0]{requests}, $sent{requests},
    'what was counted just before the end');
$redis->cmd('SELECT', 0);


# ---- another password -----------------------------------------------------

conf('g', 'redis://guard@127.0.0.1:%%REDIS%%/4 prefix=shop'
    . ' password_file=%%DIR%%/password')->start;
$t->wait_for(sub { sync('g')->{state} eq 'up' }, 5, 'Redis');

$redis->cmd(qw(ACL SETUSER guard resetpass >redis-password-0002));
$t->write_file('password', "redis-password-0002\n");
$redis->cmd(qw(CLIENT KILL USER guard));
$t->log_like(qr/redis \S+ is down.*password_file/,
    'a password that is not good any more is said', 'g');
chat('g', 'new-password');

$t->reload(instance => 'g');
$redis->cmd('SELECT', 4);
eval { $t->wait_for(sub { ((totals('shop', 'key', 'd'))[0]{requests} // 0)
    == 1 }, 5, 'the count') };
is((totals('shop', 'key', 'd'))[0]{requests}, 1,
    '... and read again at reload');
$redis->cmd('SELECT', 0);
$t->stop(instance => 'g');


# ---- two nodes, one limit -------------------------------------------------

conf('b', 'redis://127.0.0.1:%%REDIS%%', workers => 4)->start;
conf('c', 'unix:%%DIR%%/redis.sock')->start;

$t->wait_for(sub { sync($_)->{state} eq 'up' }, 5, 'Redis') for qw(b c);

is(scalar(guards()), 2, 'one connection of each node, however many workers it has');

# Both serve the key in turn.  Once 40 have passed, others may pass for one
# interval.

my ($passed, $fortieth, $last, $after) = (0, 0, 0, 0);

for my $i (1 .. 160) {
    my $instance = $i % 2 ? 'b' : 'c';
    my $begin = Time::HiRes::time;

    if (chat($instance, 'shared', limit => 1) == 200) {
        $passed++;
        $fortieth = Time::HiRes::time if $passed == 40;
        $last = $begin if $passed > 40;
        $after++ if $passed > 40;
    }

    Time::HiRes::sleep(0.005);
}

cmp_ok($passed, '>=', 40, 'the limit passes what it allows');
cmp_ok($last - $fortieth, '<', $SYNC + $SLACK,
    "and $after more, for one interval");

# The node that comes late knows nothing; one interval after its first
# request it does.

chat('b', 'late', limit => 1) for 1 .. 45;
$t->wait_for(sub { sync('b')->{pending_subjects} == 0 }, 5, 'the round');

my ($first, $refused);

for (1 .. 200) {
    my $now = Time::HiRes::time;

    if (chat('c', 'late', limit => 1) == 429) {
        $refused = $now;
        last;
    }

    $first //= $now;
    Time::HiRes::sleep(0.005);
}

ok($refused && $refused - ($first // $refused) < $SYNC + $SLACK,
    'a node that comes late learns within an interval');


# ---- another secret -------------------------------------------------------

conf('d', 'redis://127.0.0.1:%%REDIS%%', secret => 'another')->start;
$t->log_like(qr/redis 127.0.0.1:\d+ is down.*"distill_guard_secret"/,
    'another secret is noticed', 'd');

chat('d', 'stranger');
$t->wait_for(sub { sync('d')->{failures} >= 3 }, 10, 'more attempts');
is(scalar(() = $t->error_log('d') =~ /is down/g), 1, '... once');

my %nodes = map { $_ => 1 } grep { /^node:/ } map { @{
    $redis->cmd('HKEYS', $_) } } @{ $redis->cmd('KEYS', 'dg:{*}:d:*') };
is(scalar keys %nodes, 2, '... and nothing is mixed');
$t->stop(instance => 'd');


# ---- another schema -------------------------------------------------------

$redis->cmd('SET', 'new:schema', 2, 'EX', 100);
conf('f', 'redis://127.0.0.1:%%REDIS%% prefix=new')->start;
chat('f', 'early');

$t->log_like(qr/redis \S+ is down.*"new:schema" is of another version/,
    'another schema is noticed', 'f');
$t->wait_for(sub { sync('f')->{failures} >= 3 }, 10, 'more attempts');
is(scalar(() = $t->error_log('f') =~ /is down/g), 1, '... once');
is_deeply([ grep { !/:(?:schema|check)$/ } @{ $redis->cmd('KEYS', 'new:*') } ],
    [], '... and left alone');
$t->stop(instance => 'f');


# ---- what may happen ------------------------------------------------------

# One more request by b has arrived when there is one more in Redis.

sub arrives {
    my ($name) = @_;

    my $want = requests() + 1;

    chat('b', 'again');
    eval { $t->wait_for(sub { requests() == $want }, 5, 'the count') };

    local $Test::Builder::Level = $Test::Builder::Level + 1;
    is(requests(), $want, $name);
}


$redis->cmd('SCRIPT', 'FLUSH');
arrives('scripts are brought again');

$redis->cmd('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
arrives('a connection that was killed is made again');

my $whole = requests();
$redis->cmd('FLUSHALL');
eval { $t->wait_for(sub { requests() == $whole }, 5, 'the totals') };
is(requests(), $whole, 'a Redis that was emptied is filled again');
ok($redis->cmd('EXISTS', 'dg:schema') && $redis->cmd('EXISTS', 'dg:check')
    && $redis->cmd('ZCARD', 'dg:nodes') == 2, '... with all there is');

# the worker that has the lease, and the other one

for (1 .. 2) {
    $t->kill_worker('KILL', instance => 'b');
    arrives('a worker was killed');
}

$t->reload(instance => 'b');
arrives('a reload');
eval { $t->wait_for(sub { guards() == 2 }, 5, 'connections') };
is(scalar(guards()), 2, 'still one connection of each node');

# another type in the way of one key

my %day;

for my $key (qw(odd even)) {
    my %known = map { $_ => 1 } @{ $redis->cmd('KEYS', 'dg:{key:*}:d:*') };

    chat('b', $key);
    ($day{$key}) = @{ $t->wait_for(sub {
        my @new = grep { !$known{$_} }
            @{ $redis->cmd('KEYS', 'dg:{key:*}:d:*') };
        return @new ? \@new : 0;
    }, 5, 'a key') };
}

$redis->cmd('SET', $day{odd}, 'not a hash', 'EX', 100);
chat('b', $_) for qw(odd even odd even);

eval { $t->wait_for(sub { $redis->cmd('HGET', $day{even}, 'requests') == 3 },
    5, 'the other key') };
is($redis->cmd('HGET', $day{even}, 'requests'), 3,
    'another type in the way of one key is not in the way of others');

$t->log_like(qr/holds values of another type/, '... and is noticed', 'b');
is(scalar(() = $t->error_log('b') =~ /another type/g), 1, '... once');
is(sync('b')->{state}, 'up', '... with Redis up');

$redis->cmd('DEL', $day{odd});
chat('b', 'odd');
eval { $t->wait_for(sub {
    ($redis->cmd('HGET', $day{odd}, 'requests') // 0) == 4 }, 5, 'the key') };
is($redis->cmd('HGET', $day{odd}, 'requests'), 4,
    'out of the way, nothing is lost');


# ---- without workers ------------------------------------------------------

conf('e', 'redis://127.0.0.1:%%REDIS%%', workers => 0,
    main => 'master_process off;')->start;
$t->wait_for(sub { sync('e')->{state} eq 'up' }, 5, 'Redis');

my $before = requests();
chat('e', 'single');
eval { $t->wait_for(sub { requests() == $before + 1 }, 5, 'the count') };
is(requests(), $before + 1, 'a process that is its own worker');
