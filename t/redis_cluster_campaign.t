#!/usr/bin/perl

# Three nodes before a Redis Cluster of three masters and three replicas, with
# TLS and a user of the guard's own: one limit, one campaign and one block are
# the same on all three, while Redis processes are killed under load.

use strict;
use warnings;

use List::Util qw(sum0);
use Test::More;

use DistillGuard::Ca;
use DistillGuard::Pool;
use DistillGuard::Rights qw(guard_rights);
use DistillGuard::Test;

my @NODES = qw(a b c);
my $PASSWORD = 'cluster-password-0001';
my $LONG = 90;      # in which what has to happen has happened

my $t = DistillGuard::Test->new;

plan(skip_all => 'no openssl') unless DistillGuard::Ca->available;
plan(skip_all => 'nginx without TLS') unless $t->has('ssl_module');

my $tls = DistillGuard::Ca->new($t->dir . '/ca')->issue('IP:127.0.0.1');
my $cluster = $t->cluster(tls => { %$tls, clients => 'yes' },
    acl => [ 'default on nopass ~* &* +@all',
        "guard on >$PASSWORD " . guard_rights('cluster') ]);
my $pool = DistillGuard::Pool->new($t, @NODES);

$t->write_file('password', "$PASSWORD\n");

$pool->conf($_, 'clusters://guard@' . $cluster->hosts
    . " password_file=%%DIR%%/password ca=$tls->{ca} cert=$tls->{cert}"
    . " key=$tls->{key} timeout=2s", workers => 2)->start for @NODES;


sub state { return $pool->metric($_[0], 'sync_state\{zone="guard",state="up"\}') }


sub are_up {
    my ($name) = @_;

    eval { $t->wait_for(sub { 3 == sum0(map { &state($_) } @NODES) }, $LONG,
        'the nodes') };

    local $Test::Builder::Level = $Test::Builder::Level + 1;
    is(join(' ', map { &state($_) } @NODES), '1 1 1', $name);
}


my $sent = 0;       # requests answered 200


# by the keys, of all days; less what was given back

sub arrived {
    my $sum = eval {
        sum0(map {
            my ($node, $key) = @$_;
            my ($all, $returned) = map { $_ // 0 }
                @{ $node->cmd('HMGET', $key, 'requests', 'returned') };
            $all - $returned;
        } $cluster->keys('dg:{key:*}:d:*'));
    };

    return $sum // -1;
}


# all were served or are over a limit; all that were served are counted

my $failed = 0;


sub served {
    my (@status) = @_;

    $sent += grep { $_ == 200 } @status;
    $failed += grep { $_ != 200 && $_ != 429 && $_ != 403 } @status;

    return @status;
}


sub is_complete {
    my ($name) = @_;

    eval { $t->wait_for(sub { arrived() == $sent }, $LONG, 'the totals') };

    local $Test::Builder::Level = $Test::Builder::Level + 1;
    is($failed, 0, "$name: no request failed");
    is(arrived(), $sent, '... and all that were served are counted');
}


are_up('three nodes find the cluster');


# ---- one limit ------------------------------------------------------------

my $stranger = $pool->stranger;
my $passed = 0;

# all of a round are told before the next

for (1 .. 17) {
    $passed += grep { $_ == 200 } served(map { $pool->ask($_, 'greedy',
        $stranger, '/limit') } @NODES);
    eval { $t->wait_for(sub { arrived() == $sent }, $LONG, 'the counts') };
}

cmp_ok($passed, '>=', 40, 'one limit passes what it allows');
cmp_ok($passed, '<', 48, '... once, and not at each node');

for my $node (@NODES) {
    is((served($pool->ask($node, 'greedy', $stranger, '/limit')))[0], 429,
        "... and then no more at $node");
}


# ---- one campaign, while a master dies ------------------------------------

my ($victim) = $cluster->masters;

served($pool->run(rounds => 4));
$victim->kill9;
served($pool->run(rounds => 6));

for my $node (@NODES) {
    ok($pool->is_found($node, \&served),
        "a campaign that no node sees enough of is one to $node");
}

my %seen;

for my $node (@NODES) {
    served($pool->ask($node, 2));
    push @{ $seen{$_->{campaign}}{$_->{score}} }, $node
        for $pool->last_of($node, 2);
}

is(scalar(keys %seen), 1, '... by one name');
is(scalar(map { keys %$_ } values %seen), 1, '... with one score');

my ($name) = keys %seen;

are_up('a replica has taken over');
is_complete('a master was killed');


# ---- one block, while another dies ----------------------------------------

is(system($ENV{DG_CTL}, 'block', "campaign:$name", '--author', 'alice',
    '--redis', 'clusters://' . $cluster->hosts, '--ca', $tls->{ca}, '--cert',
    $tls->{cert}, '--key', $tls->{key}), 0,
    'an operator blocks the campaign');

my ($decisions) = map { $_->[0] } $cluster->keys('dg:{decisions}');

for my $node (@NODES) {
    eval { $t->wait_for(sub { (served($pool->ask($node, 5)))[0] == 403 },
        $LONG, 'the block') };
    is((served($pool->ask($node, 6)))[0], 403, "... and so does $node");
    is((served($pool->ask($node, 'somebody', $stranger)))[0], 200,
        '... and nobody else');
}

$decisions->kill9;
served($pool->run(rounds => 2));

is((served($pool->ask($_, 7)))[0], 403,
    "it is held at $_ while the master that has it is gone") for @NODES;

are_up('its replica has taken over');
is((served($pool->ask($_, 8)))[0], 403, "... and it is held at $_") for @NODES;
is_complete('another master was killed');


# ---- whichever else -------------------------------------------------------

# those that were killed come back as replicas, and then one of these goes

$_->alive || $_->_start for $cluster->nodes;
$cluster->wait_whole($LONG);

my ($replica) = grep { $_->cmd('ROLE')->[0] eq 'slave' } $cluster->nodes;

$replica->kill9;
served(map { $pool->ask($NODES[ $_ % 3 ], "late-$_", $stranger) } 1 .. 60);
is_complete('a replica was killed');
