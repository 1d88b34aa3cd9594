#!/usr/bin/perl

# A node that comes back: after so long that the streams do not reach back to
# when it left, and after a kill that has lost its zone.  It decides with what
# the fleet knows, and what it had counted still counts.

use strict;
use warnings;

use List::Util qw(sum0);
use Test::More;
use Time::HiRes ();

use DistillGuard::Memory;
use DistillGuard::Pool;
use DistillGuard::Test;
use DistillGuard::Wire;

my $LONG = 30;
my $SECOND = 1;     # of which it is promised
my $SLACK = 4;      # for a busy machine

my $t = DistillGuard::Test->new;
my $redis = $t->redis;
my $wire = DistillGuard::Wire->new($t, 'wire', $redis->port);
my $pool = DistillGuard::Pool->new($t, qw(a b));
my $stranger = $pool->stranger;

$pool->conf($_, 'redis://127.0.0.1:%%REDIS%% timeout=2s')->start for qw(a b);
$pool->conf('c', 'redis://127.0.0.1:%%WIRE%% timeout=2s',
    workers => 2)->start;


sub is_up { return $pool->metric($_[0], 'sync_state\{zone="guard",state="up"\}') }


my ($sent, $failed) = (0, 0);


sub served {
    my (@status) = @_;

    $sent += grep { $_ == 200 } @status;
    $failed += grep { !/^(?:200|429|403)$/ } @status;

    return wantarray ? @status : $status[0];
}


sub arrived {
    return sum0(map {
        my ($all, $returned) = map { $_ // 0 }
            @{ $redis->cmd('HMGET', $_, 'requests', 'returned') };
        $all - $returned;
    } @{ $redis->cmd('KEYS', 'dg:{key:*}:d:*') });
}


sub is_complete {
    my ($name) = @_;

    eval { $t->wait_for(sub { arrived() == $sent }, $LONG, 'the totals') };

    local $Test::Builder::Level = $Test::Builder::Level + 1;
    is($failed, 0, "$name: no request failed");
    is(arrived(), $sent, '... nothing is lost and nothing counted twice');
}


# as docs/redis.md says how a decision is written

sub decide {
    my ($subject) = @_;

    my $decision = sprintf '%d000 alice block 0 one hand', time;

    $redis->cmd('HSET', 'dg:{decisions}:now', $subject, $decision);
    $redis->cmd('XADD', 'dg:{decisions}', '*', 'subject', $subject,
        'decision', $decision);
}


sub seconds_until {
    my ($begin, $condition) = @_;

    eval { $t->wait_for($condition, $LONG, 'it') };

    return Time::HiRes::time - $begin;
}


# until nobody has more to tell of who was seen with what

sub wait_quiet {
    my $told = -1;

    $t->wait_for(sub {
        my $before = $told;
        Time::HiRes::sleep(0.3);
        $told = $redis->cmd('XINFO', 'STREAM', 'dg:sightings')->[1];
        return $told == $before;
    }, $LONG, 'the others');
}


$t->wait_for(sub { 3 == sum0(map { is_up($_) } qw(a b c)) }, $LONG, 'Redis');
served($pool->ask('c', 'regular', $stranger));
is_complete('three nodes');


# ---- away for longer than the streams reach back --------------------------

$wire->mode('refuse');
$t->wait_for(sub { !is_up('c') }, $LONG, 'the loss');

served($pool->run);
ok($pool->is_found($_, \&served), "$_ hears of a campaign") for qw(a b);
is($pool->campaigns('c'), 0, '... and c does not');

served($pool->ask('a', 2));

my $campaign = $pool->last_of('a', 2)->{campaign};

decide("campaign:$campaign");
$t->wait_for(sub { served($pool->ask($_, 2)) == 403 }, $LONG, 'the block')
    for qw(a b);

served(map { $pool->ask('c', 'regular', $stranger) } 1 .. 20);

wait_quiet();
$redis->cmd('XTRIM', $_, 'MAXLEN', 0) for 'dg:sightings', 'dg:{decisions}';

my $begin = Time::HiRes::time;

$wire->mode('pass');

my $took = seconds_until($begin, sub { $pool->campaigns('c') == 1 });
is($pool->campaigns('c'), 1, 'c comes back, and is told of the campaign');
note(sprintf 'after %.2f s', $took);

eval { $t->wait_for(sub { served($pool->ask('c', 4)) == 403 }, $LONG,
    'the block') };
is(served($pool->ask('c', 6)), 403, '... and of what was decided');
is(served($pool->ask('c', 'regular', $stranger)), 200,
    '... and nobody else is refused');
is_complete('away for a day');

for my $state ('down', 'up') {
    my @lines = grep { /redis \S+ is $state/ } split /\n/, $t->error_log('c');

    is(scalar @lines, $state eq 'up' ? 2 : 1, "one line says that it is $state"
        . ($state eq 'up' ? ' again' : ''));
}


# ---- killed, and its zone lost --------------------------------------------

# a limit that is used up, most of it at c

served(map { $pool->ask('c', 'greedy', $stranger, '/limit') } 1 .. 39);
served($pool->ask($_, 'greedy', $stranger, '/limit')) for qw(a b);
is_complete('a limit is used up');

my ($before) = @{ $redis->cmd('KEYS', 'dg:{key:*}:d:*') };

DistillGuard::Process::kill_group($t->nginx('c')->pid);
$t->nginx('c')->stop;
$t->nginx('c')->start;
$begin = Time::HiRes::time;

$took = seconds_until($begin, sub {
    served($pool->ask('c', 'greedy', $stranger, '/limit')) == 429
        && served($pool->ask('c', 8)) == 403 });
cmp_ok($took, '<', $SECOND + $SLACK, sprintf('killed: %.2f s later it refuses'
    . ' what the fleet has counted, and what was decided', $took));

$took = seconds_until($begin, sub { $pool->campaigns('c') == 1 });
cmp_ok($took, '<', $SECOND + $SLACK, sprintf('... and after %.2f s it knows of'
    . ' the campaign', $took));

is_complete('what it had counted still counts');


# ---- damaged --------------------------------------------------------------

# It starts empty, the connection stays, and the stream tells of nothing.

my $zone = $t->http({ path => '/guard' }, port => 'c')->json->{zones}{guard};
my ($id) = $before =~ /key:(\w+)/;
my $memory = eval {
    DistillGuard::Memory->new($t->nginx('c')->pid, $zone->{node}) };

SKIP: {
    skip("no zone can be damaged here: $@", 1) unless $memory;

    wait_quiet();
    $redis->cmd('XTRIM', 'dg:sightings', 'MAXLEN', 0);

    my @workers = $t->workers(instance => 'c');

    kill 'STOP', @workers;
    $memory->damage($id);
    kill 'CONT', @workers;
    $begin = Time::HiRes::time;

    $took = seconds_until($begin, sub {
        served($pool->ask('c', 'greedy', $stranger, '/limit')) == 429
            && served($pool->ask('c', 8)) == 403 });
    cmp_ok($took, '<', $SECOND + $SLACK, sprintf('damaged: %.2f s later it'
        . ' refuses what the fleet has counted, and what was decided', $took));
    is($pool->metric('c', 'repairs_total\{zone="guard"\}'), 1,
        '... which was mended');

    $took = seconds_until($begin, sub { $pool->campaigns('c') == 1 });
    cmp_ok($took, '<', $SECOND + $SLACK, sprintf('... and after %.2f s it'
        . ' knows of the campaign', $took));
    is_complete('what was told before still counts');
}
