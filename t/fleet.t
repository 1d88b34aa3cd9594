#!/usr/bin/perl

# Three nodes and one Redis: a campaign that no node sees enough of is one to
# all of them, and so are the accounts that make it.

use strict;
use warnings;

use Test::More;
use Time::HiRes qw(time);

use DistillGuard::Pool;
use DistillGuard::Test;

my @NODES = qw(a b c);
my $SYNC = 0.1;         # seconds, as below

my $t = DistillGuard::Test->new;
my $redis = $t->redis;
my $pool = DistillGuard::Pool->new($t, @NODES);

$pool->conf($_, 'redis://127.0.0.1:%%REDIS%% sync=100ms')->start for @NODES;
$pool->conf('alone')->start;


# ---- a share for each -----------------------------------------------------

$pool->run;

# what one of the nodes has seen, by a node that nobody tells anything

$pool->run(accounts => [ $pool->accounts_of('a') ], at => 'alone');

is($pool->campaigns('alone'), 0, 'a third of the pool is no campaign');

my $began = time;

$pool->is_found($_) for @NODES;

cmp_ok(time - $began, '<', 20 * $SYNC, 'all of it is one to every node');

my %at;

for my $node (@NODES) {
    $pool->ask($node, 2);
    $at{$node} = $pool->last_of($node, 2);
}

like($at{a}{campaign}, qr/^[0-9a-f]{32}$/, 'with a name');
is($at{$_}{campaign}, $at{a}{campaign}, "... the same at $_") for qw(b c);
is($at{$_}{score}, $at{a}{score}, "... the score at $_, too") for qw(b c);


# ---- members are known where they never were ------------------------------

my $stranger = $pool->stranger;
my @of_b = $pool->accounts_of('b');
my $member;

$t->wait_for(sub {
    $member = shift @of_b;
    $pool->ask('c', $member, $stranger);
    return $pool->last_of('c', $member)->{campaign} eq $at{a}{campaign};
}, 5, 'accounts of b at c');

is($pool->last_of('c', $member)->{campaign}, $at{a}{campaign},
    'an account is of the campaign where it never was before');

$pool->ask('c', 'somebody', $stranger);
is($pool->last_of('c', 'somebody')->{campaign}, '', '... and nobody else is');


# ---- one allowance --------------------------------------------------------

my %passed;

for my $n (1 .. 150) {
    my $node = $NODES[ $n % @NODES ];

    $passed{$node} += $pool->ask($node, 1 + $n % $pool->size) == 200;
}

$t->wait_for(sub {
    return !grep { $pool->ask($_, 5) != 429 } @NODES;
}, 5, 'an end of it');

is($pool->ask($_, 6), 429, "the campaign has used up its day at $_")
    for @NODES;
is($pool->ask($_, 'somebody', $stranger), 200, "... and nobody else at $_")
    for @NODES;


# ---- a node that starts ---------------------------------------------------

$t->nginx('b')->stop;
$t->nginx('b')->start;

$t->wait_for(sub { $pool->campaigns('b') eq 1 }, 10, 'what the others know');

$t->wait_for(sub { !grep { $pool->ask('b', $_) != 429 } 7 .. 9 }, 5,
    'what the campaign has used');

is($pool->ask('b', $_), 429, "one that starts is told of account $_")
    for 7 .. 9;
is($pool->ask('b', 'somebody', $stranger), 200, '... and lets others pass');
