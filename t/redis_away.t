#!/usr/bin/perl

# Redis away: at start, killed, stopped, sick, or not Redis at all.  No
# request fails or waits for it, what was counted arrives once it is back,
# and each change of state is one line in the log.

use strict;
use warnings;

use IO::Select;
use IO::Socket::IP;
use List::Util qw(sum0);
use Test::More;
use Time::HiRes ();

use DistillGuard::Redis;
use DistillGuard::Test;

my $SYNC = 0.2;    # seconds
my $PATIENCE = 20 * $SYNC;      # with what is far from any limit
my $LONG = 20;     # in which what has to happen has happened
my $NAP = 0.02;    # of the control

# a server on a busy machine is not to be taken for one that is away
my $PATIENT = 'timeout=5s';

my $KEYS = 5;

my $t = DistillGuard::Test->new;

$t->upstream(keep => 1);
$t->write_file('secret', 's' x 32);
$t->write_file('password', "not-the-password\n");


sub conf {
    my ($instance, $redis) = @_;

    $t->conf(<<"EOT", instance => $instance, workers => 2)->start;

    distill_guard_zone zone=guard:2m;
    distill_guard_secret %%DIR%%/secret;
    distill_guard_redis $redis sync=200ms;

    proxy_http_version 1.1;

    server {
        listen 127.0.0.1:%%$instance%%;
        distill_guard enforce;
        distill_guard_limit key requests=1m/d;

        location / {
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
        }

        location = /status { distill_guard off; distill_guard_status; }
    }
EOT
}


sub sync { return $t->http({ path => '/status' }, port => $_[0] // 'main')
    ->json->{zones}{guard}{sync} }


sub chat {
    my ($instance, $key) = @_;

    return $t->post_json('/v1/chat/completions',
        { model => 'm', messages => [{ role => 'user', content => 'x' }] },
        Authorization => "Bearer sk-away-$key", -port => $instance)->{status};
}


# A client that asks until the file is there; what it has seen: how often it
# was answered 200, or otherwise, and for how long each answer was awaited.

sub client {
    my ($stop, $n) = @_;

    return $t->background(sub {
        my %seen = (good => 0, bad => 0, begins => [], times => []);

        until (-e "$stop") {
            my $begin = Time::HiRes::time;
            my $status = eval { chat('main', $n++ % $KEYS) } // 0;

            push @{ $seen{begins} }, $begin;
            push @{ $seen{times} }, Time::HiRes::time - $begin;
            $seen{ $status == 200 ? 'good' : 'bad' }++;
        }

        return \%seen;
    });
}


# ends the clients; their answers together

sub results {
    my ($stop, @clients) = @_;

    $t->write_file($stop, '');

    my @results = map { $_->result } @clients;

    return (sum0(map { $_->{good} } @results),
        sum0(map { $_->{bad} } @results), @results);
}


sub said {
    my ($instance, $what) = @_;

    return scalar(() = $t->error_log($instance) =~ /redis \S+ is $what/g);
}


# it is said that it is up, so often as of soon

sub is_up {
    my ($times, $name) = @_;

    eval { $t->wait_for(sub { said('main', 'up') >= $times }, $LONG, 'Redis') };

    local $Test::Builder::Level = $Test::Builder::Level + 1;
    is(said('main', 'up'), $times, $name);
}


my $sent = 0;    # requests answered 200 by "main"
my $redis;


# of all days there are

sub arrived {
    my $sum = 0;

    eval {
        $sum += $redis->cmd('HGET', $_, 'requests') // 0
            for @{ $redis->cmd('KEYS', 'dg:{key:*}:d:*') };
    };

    return $sum;
}


# The control: naps, and writes down when it woke from each and how late that
# was.  Whatever makes it late, be it processors or disks that are busy, does
# so to nginx and Redis.

$t->background(sub {
    open my $out, '>', $t->dir . '/control' or die "control: $!\n";
    $out->autoflush(1);

    for (my $begin = Time::HiRes::time;; ) {
        Time::HiRes::sleep($NAP);
        my $now = Time::HiRes::time;
        printf $out "%.6f %.6f\n", $now, $now - $begin - $NAP;
        $begin = $now;
    }
});


# by how much in all, of what it slept in between

sub late {
    my ($begin, $end) = @_;

    my $naps = $t->wait_for(sub {
        my @naps = map { [ split ' ' ] } $t->read_file('control') =~ /(.*)\n/g;
        return @naps && $naps[-1][0] > $end ? \@naps : 0;
    }, $LONG, 'the control');

    return sum0(map { $_->[1] } grep { $_->[0] > $begin
        && $_->[0] - $_->[1] < $end } @$naps);
}


# How long it takes from now until all that was sent is in Redis, or nothing
# if it is never; and by how much the control was late meanwhile.

sub complete {
    my $begin = Time::HiRes::time;

    eval { $t->wait_for(sub { arrived() == $sent }, $LONG, 'the totals') };

    my $end = Time::HiRes::time;

    return arrived() == $sent ? ($end - $begin, late($begin, $end)) : ();
}


# within two intervals, on a machine that is never late; and later by so much
# where nothing is urgent

sub is_complete {
    my ($name, $later) = @_;

    my ($time, $late) = complete();

    local $Test::Builder::Level = $Test::Builder::Level + 1;
    ok(defined $time && $time <= 2 * $SYNC + $late + ($later // 0),
        $name)
        || diag(defined $time ? "after $time s, the control was late by $late s"
            : 'in Redis: ' . arrived() . ", sent: $sent");
}


# ---- away at start --------------------------------------------------------

conf('main', 'redis://127.0.0.1:%%REDIS%% timeout=2s');

for (0 .. 9) {
    $sent++ if chat('main', $_ % $KEYS) == 200;
}

is($sent, 10, 'requests pass before Redis was ever there');

$t->wait_for(sub { sync()->{failures} >= 5 }, $LONG, 'several attempts');
is(said('main', 'down'), 1, 'that it is away is said once');
is(sync()->{state}, 'down', '... and the status says so');

$redis = $t->redis;
is_complete('what was counted arrives when it comes');
is_up(1, '... which is said once');


# ---- killed under load, and back empty ------------------------------------

my @clients = map { client($t->dir . '/stop-1', $_) } 1 .. 2;

$t->wait_for(sub { arrived() > $sent + 50 }, $LONG, 'load');
$redis->kill9;
$t->wait_for(sub { sync()->{state} eq 'down' }, $LONG, 'nginx to see it');
$t->wait_for(sub { sync()->{failures} >= 10 }, $LONG, 'more attempts');

# the load goes on until it is back, so that the totals are of one moment

my ($good, $bad);
my $end = $t->background(sub {
    $t->wait_for(sub { eval { $redis->_connect; 1 } }, $LONG, 'Redis');
    $t->write_file('stop-1', '');
});

$redis->restart;
$end->result;
($good, $bad) = results('stop-1', @clients);
$sent += $good;

is($bad, 0, "killed: all of $good requests were served");
is_complete('... and all are in the Redis that came back empty');
is(said('main', 'down'), 2, '... with one line when it went');
is_up(2, '... and one when it came');


# ---- killed and back in the same second, the load going on ----------------

@clients = map { client($t->dir . '/stop-2', $_) } 1 .. 2;
$redis->kill9;
$redis->restart;
$t->wait_for(sub { arrived() > $sent + 50 }, $LONG, 'load');
($good, $bad) = results('stop-2', @clients);
$sent += $good;

is($bad, 0, 'killed and back: all requests were served');
is_complete('... and have arrived', $PATIENCE);


# ---- stopped --------------------------------------------------------------

my $STOPPED = 5;

@clients = client($t->dir . '/stop-3', 0);
$t->wait_for(sub { arrived() > $sent + 100 }, $LONG, 'load');

my ($downs, $ups) = (said('main', 'down'), said('main', 'up'));
my $begin = Time::HiRes::time;
$redis->stop;
$t->wait_for(sub { Time::HiRes::time > $begin + $STOPPED }, $STOPPED + $LONG,
    'the time');
my @results;
($good, $bad, @results) = results('stop-3', @clients);
$sent += $good;
$redis->cont;

is($bad, 0, "stopped for $STOPPED s: all requests were served");
is_complete('... and arrive at once when it goes on');
is(said('main', 'down'), $downs + 1, '... with one line when it went silent');
is_up($ups + 1, '... and one when it answered');

my ($before, $during) = map { my $want = $_;
    [ sort { $a <=> $b } map { my $r = $_;
        map { $r->{times}[$_] } grep {
            ($r->{begins}[$_] >= $begin) == $want } 0 .. $#{ $r->{times} }
    } @results ] } 0, 1;

# what a request would wait for is at least the timeout, 2 s

my @p99 = map { 1000 * $_->[ int(0.99 * $#$_) ] } $before, $during;
note(sprintf 'p99 before: %.2f ms of %d, stopped: %.2f ms of %d', $p99[0],
    scalar @$before, $p99[1], scalar @$during);
cmp_ok($p99[1], '<', 2 * $p99[0] + 100, '... and no slower than before');


# ---- sick -----------------------------------------------------------------

# [what, to make it so, to heal it, what the log says]

my @sick = (
    ['a read-only replica', [qw(REPLICAOF 127.0.0.1 1)],
        [qw(REPLICAOF NO ONE)], 'READONLY'],
    ['out of memory', [qw(CONFIG SET maxmemory 1)],
        [qw(CONFIG SET maxmemory 0)], 'OOM'],
    ['a right taken away', [qw(ACL SETUSER default -evalsha)],
        [qw(ACL SETUSER default +@all)], 'NOPERM'],
    ['a password', [qw(CONFIG SET requirepass secret)], undef, 'NOAUTH'],
);

for my $sick (@sick) {
    my ($name, $make, $heal, $word) = @$sick;

    ($downs, $ups) = (said('main', 'down'), said('main', 'up'));

    my $admin = DistillGuard::Redis::Client->new(port => $redis->port);
    $admin->request(@$make);

    # a connection that is there needs no password
    $admin->request(qw(CLIENT KILL TYPE normal SKIPME yes))
        if $word eq 'NOAUTH';

    $good = grep { chat('main', $_ % $KEYS) == 200 } 0 .. 9;
    $sent += $good;
    is($good, 10, "$name: requests pass");

    $t->log_like(qr/is down.*$word/, "... $word is said", 'main');

    my $failures = sync()->{failures};
    $t->wait_for(sub { sync()->{failures} >= $failures + 3 }, $LONG,
        'attempts');

    # a connection that ended before is a reason, too
    is(said('main', "down.*$word"), 1, '... once');
    cmp_ok(said('main', 'down'), '<=', $downs + 2, '... among two at most');

    $admin->request($heal ? @$heal : (qw(CONFIG SET requirepass), ''));

    is_up($ups + 1, '... and that it is well again');
    is_complete('... and nothing is lost');
}


# ---- sick, and the worker that talks to it dies ---------------------------

my $admin = DistillGuard::Redis::Client->new(port => $redis->port);

($downs, $ups) = (said('main', 'down'), said('main', 'up'));
$admin->request(qw(REPLICAOF 127.0.0.1 1));
$sent += grep { chat('main', $_) == 200 } 0 .. $KEYS - 1;
$t->log_like(qr/(?:is down.*READONLY.*){2}/s, 'sick again: it is said',
    'main');

# the one that has the lease, and the one that gets it

for (1 .. 2) {
    $t->kill_worker('KILL', instance => 'main');

    my $failures = sync()->{failures};
    $t->wait_for(sub { sync()->{failures} >= $failures + 3 }, $LONG,
        'attempts');
}

is(said('main', 'down.*READONLY'), 2, '... once, however many workers see it');

$admin->request(qw(REPLICAOF NO ONE));
is_up($ups + 1, '... and that it is well again');
is_complete('... and nothing is lost');


# ---- not what it should be ------------------------------------------------

# A server that does what the sub does with a connection that has something
# to read, until that returns false.

sub server {
    my ($name, $serve) = @_;

    my $listen = IO::Socket::IP->new(LocalHost => '127.0.0.1',
        LocalPort => $t->port($name), Listen => 50, ReuseAddr => 1)
        or die "listen: $@\n";

    my $server = $t->background(sub {
        my $select = IO::Select->new($listen);

        while (1) {
            for my $ready ($select->can_read) {
                if ($ready == $listen) {
                    $select->add($listen->accept // next);

                } elsif (!$serve->($ready, $select)) {
                    $select->remove($ready);
                    close $ready;
                }
            }
        }

        return 1;
    });

    close $listen;

    return $server;
}


sub is_no_use {
    my ($instance, $name, $reason) = @_;

    is(scalar(grep { chat($instance, $_) == 200 } 1 .. 5), 5,
        "$name: requests pass");

    $t->wait_for(sub { sync($instance)->{failures} >= 4 }, $LONG, 'attempts');

    is(said($instance, 'down'), 1, '... it is said once');
    like($t->error_log($instance), $reason, '... and why');
}


server('garbage_redis', sub {
    sysread($_[0], my $bytes, 65536) or return 0;
    syswrite $_[0], "HTTP/1.1 400 Bad Request\r\n\r\n";
});

conf('garbage', "redis://127.0.0.1:%%GARBAGE_REDIS%% $PATIENT");
is_no_use('garbage', 'an HTTP server', qr/is down.*no Redis reply/);

# one answer after another that promises far too much

my @promises = ("*2147483647\r\n", "\$536870912\r\n" . 'x' x 300000,
    "*9\r\n" x 300, ":1\r\n" x 100000);
my $promise = 0;

server('flood_redis', sub {
    sysread($_[0], my $bytes, 65536) or return 0;
    local $SIG{PIPE} = 'IGNORE';
    return syswrite $_[0], $promises[$promise++ % @promises];
});

conf('flood', "redis://127.0.0.1:%%FLOOD_REDIS%% $PATIENT");
is_no_use('flood', 'a server that floods', qr/is down.*no Redis reply/);

server('mute_redis', sub { sysread $_[0], my $bytes, 65536 });
conf('mute', 'redis://127.0.0.1:%%MUTE_REDIS%% timeout=50ms');
is_no_use('mute', 'a server that says nothing', qr/is down.*no answer/);

server('rude_redis', sub { 0 });
conf('rude', "redis://127.0.0.1:%%RUDE_REDIS%% $PATIENT");
is_no_use('rude', 'a server that hangs up', qr/is down/);

$t->redis(name => 'strict', password => 'the-password');
conf('wrong', 'redis://127.0.0.1:%%STRICT%%'
    . " password_file=%%DIR%%/password $PATIENT");
is_no_use('wrong', 'a wrong password', qr/is down.*password_file/);
unlike($t->error_log('wrong'), qr/not-the-password|the-password/,
    '... and the password is not in the log');
