#!/usr/bin/perl

# "make cluster": three guarded nodes before a Redis Cluster of three masters
# and three replicas, with TLS and a user of the guard's own; traffic over all
# three nodes, a master that is killed in its midst, and what became of limits
# and counts, of a pool of keys, and of a block.  With ONCE=1 it ends after
# that: with 0 if all is as it should be.

use strict;
use warnings;

use FindBin;
use List::Util qw(sum0);
use POSIX qw(strftime);
use Time::HiRes qw(sleep time);

use lib "$FindBin::Bin/../lib";

use DistillGuard::Counts qw(ranking totals);
use DistillGuard::Http;
use DistillGuard::Process qw(wait_for);
use DistillGuard::Report;
use DistillGuard::Show;
use DistillGuard::Traffic;

my $NODES = 3;
my $ORDINARY = 24;      # clients, each of which asks one node after another
my $POOL = 150;         # keys of one buyer
my $POOL_HANDS = 24;    # and requests at a time, to one node after another
my $KILL = 5;           # second in which a master is killed
my $SECONDS = 18;       # of traffic
my $PATIENCE = 30;      # seconds for the cluster to mend itself
my $LIMIT = 20_000;     # output tokens of a key in a minute, as configured
my $OVER = 5_000;       # that three nodes may let through beyond it

my $begun = time;
my ($stack, $clients, $greedy, @pool, @ports);

exit DistillGuard::Show->show('cluster', \&main, nodes => $NODES,
    hosting => DistillGuard::Traffic->relay);


sub main {
    ($stack, $clients) = @_;

    @ports = map { $stack->http($_) } 0 .. $NODES - 1;
    $greedy = DistillGuard::Traffic->greedy;
    @pool = DistillGuard::Traffic->pool($POOL);

    print 'Distill Guard on 127.0.0.1: ', $stack->versions, ",\n$NODES nginx ",
        "on ports @ports before a cluster of 3 masters and 3 replicas\nwith ",
        "TLS and a user of the guard's own.  $ORDINARY clients, one greedy key, ",
        "and $POOL keys\nof one buyer ask one node after another:\n\n";

    send_traffic();
    show_progress();

    my @problems = problems();

    print map { "PROBLEM: $_\n" } @problems;
    print "No request failed, and no count is lost.\n" unless @problems;

    show_where() unless $ENV{ONCE};

    return !@problems;
}


# ---- traffic --------------------------------------------------------------

sub send_traffic {
    for my $client (DistillGuard::Traffic->ordinary($ORDINARY)) {
        $clients->start($client->name, \@ports, rand 1,
            sub { ($client, $client->next_request) }, sub { 0.2 + rand 0.6 });
    }

    $clients->start($greedy->name, \@ports, 0,
        sub { ($greedy, $greedy->next_request) },
        sub { $_[0] == 429 ? 0.25 : 0.02 });

    for my $hand (0 .. $POOL_HANDS - 1) {
        $clients->start('pool', \@ports, rand 1,
            DistillGuard::Traffic->in_turn($hand, $POOL_HANDS, @pool),
            sub { 0.2 + rand 0.3 });
    }
}


sub show_progress {
    my $started = time;
    my $victim;

    while ($clients->alive) {
        sleep 1;

        my $passed = time - $started;
        my %seen = DistillGuard::Report::traffic($clients->log);

        printf "%5d s %6d answered %6d refused   %s\n", $passed,
            map({ my $status = $_;
                sum0(map { $_->{$status} // 0 } values %seen) } 200, 429),
            join ' ', map { "$ports[$_]: " . sync($_)->{state} }
                0 .. $NODES - 1;

        if (!$victim && $passed >= $KILL) {
            ($victim) = $stack->redis->masters;
            $victim->kill9;
            print '        the master on port ', $victim->port,
                " is killed\n";
        }

        $clients->end if $passed >= $SECONDS;
    }

    print "\n";
}


sub sync { $stack->page('/guard', $_[0])->json->{zones}{guard}{sync} }


# ---- what became of it ----------------------------------------------------

sub problems {
    my %seen = DistillGuard::Report::traffic($clients->log);
    my @problems;

    for my $name (sort keys %seen) {
        my @odd = grep { !/^(?:200|429)$/ } sort keys %{ $seen{$name} };
        push @problems, map {
            "$name was answered $_ for $seen{$name}{$_} times" } @odd;
    }

    my $answered = sum0(map { $_->{200} // 0 } values %seen);

    eval { wait_for(sub { counted() == $answered
        && !grep { sync($_)->{state} ne 'up' } 0 .. $NODES - 1 }, $PATIENCE,
        'the counts') };

    my $counted = counted();

    printf "%d requests were answered, and %d are counted in Redis.\n",
        $answered, $counted;
    push @problems, 'these differ' if $answered != $counted;
    push @problems, map { "node $ports[$_] has lost Redis" }
        grep { sync($_)->{state} ne 'up' } 0 .. $NODES - 1;

    my ($most) = ranking($stack->redis, $begun, 'key', 'output_tokens');

    printf "The greedy key took %d output tokens from all nodes together; its "
        . "limit is %d.\n", $most->[1], $LIMIT;
    push @problems, 'that is too many' if $most->[1] > $LIMIT + $OVER;
    push @problems, $greedy->name . ' was not refused'
        unless $seen{ $greedy->name }{429};

    return @problems, campaign();
}


# the pool is one campaign to all nodes, and a block of it holds on all

sub campaign {
    my @found = map { $stack->page('/guard?campaigns', $_)->json->{campaigns} }
        0 .. $NODES - 1;
    my %named = map { $_->{campaign} => 1 } map { @$_ } @found;
    my ($name) = map { "campaign:$_" } keys %named;

    return 'the pool is no campaign to some node' if grep { !@$_ } @found;
    return 'the nodes know several campaigns' if keys %named > 1;

    printf "All three nodes know the pool as %s, of %s accounts.\n", $name,
        join ', ', map { $_->[0]{accounts} } @found;

    my $tls = $stack->tls;
    my @where = ('--redis', 'clusters://' . $stack->redis->hosts, '--ca',
        $tls->{ca}, '--author', 'cluster');

    system($ENV{DG_CTL}, 'block', $name, @where) == 0
        or return 'distillctl does not block it';

    my $since = time;

    eval { wait_for(sub { !grep { !decided($name, $_) } 0 .. $NODES - 1 }, 5,
        'the block') } or return 'not all nodes know of the block';

    printf "It is blocked on all three %.1f s after.\n", time - $since;

    return map { "node $_ does not block it" } grep { !blocked($_) } @ports;
}


sub decided {
    my ($subject, $node) = @_;

    return grep { $_->{subject} eq $subject }
        @{ $stack->page('/guard?decisions', $node)->json->{decisions} };
}


sub blocked {
    my ($port) = @_;

    my $answer = DistillGuard::Http->connect(port => $port)
        ->request($pool[0]->request(1));

    return $answer->{status} == 403;
}


sub counted {
    return sum0(map {
        totals($stack->redis, $begun, 'key', $_->[0])->{requests}
    } eval { ranking($stack->redis, $begun, 'key', 'requests') });
}


sub show_where {
    my $dir = $stack->dir;
    my $ca = $stack->tls->{ca};
    my ($master) = map { $_->port } $stack->redis->masters;
    my $day = strftime('%Y%m%d', gmtime);
    my $logs = join ' ', map { "nginx-$_" } 1 .. $NODES;

    print "\nWhere to look:\n\n",
        map({ "curl http://127.0.0.1:$_/guard\n" } @ports),
        "redis-cli --tls --cacert $ca -c -p $master \\\n",
        "    zrevrange dg:top:key:requests:d:$day 0 9 withscores\n",
        "redis-cli --tls --cacert $ca -p $master cluster nodes\n",
        "in $dir: $logs with nginx.conf, error.log,\n",
        "events.log; redis, a directory for each server\n\n",
        "Servers of the cluster, to be killed or stopped:\n\n",
        map({ sprintf "%d on port %d, %s\n", $_->pid, $_->port,
            $_->cmd('ROLE')->[0] eq 'master' ? 'a master' : 'a replica' }
            grep { $_->alive } $stack->redis->nodes);
}
