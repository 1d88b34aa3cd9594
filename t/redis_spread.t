#!/usr/bin/perl

# Fifty nodes lose Redis in the same moment: they do not come back in the same
# moment, and each comes with one connection.

use strict;
use warnings;

use List::Util qw(max);
use Test::More;

use DistillGuard::Test;

my $NODES = 50;
my $LONG = 60;
my $OUTAGES = 4;        # of which one will do
my $SYNC = 2;           # seconds, which is when they try again, +-25 %
my $WINDOW = 0.1;       # seconds,
my $MOST = 25;          # in which about five come, and not half of them

my $t = DistillGuard::Test->new;
my $redis = $t->redis(loglevel => 'verbose');

$t->write_file('secret', 's' x 32);

for my $n (1 .. $NODES) {
    $t->conf(<<"EOT", instance => "n$n", workers => 0,

    distill_guard_zone zone=guard:512k;
    distill_guard_secret %%DIR%%/secret;
    distill_guard_redis redis://127.0.0.1:%%REDIS%% sync=${SYNC}s timeout=10s;

    server {
        listen unix:%%DIR%%/n$n.sock;
        distill_guard observe;
    }
EOT
        main => 'master_process off;')->start;
}


sub guards {
    return scalar grep { !/ cmd=client/ } split /\n/,
        $redis->cmd('CLIENT', 'LIST');
}


# times of connections that this server has accepted, as its log tells, by
# addresses of those that are there

sub accepted {
    my ($since) = @_;

    my %there = map { / addr=(\S+)/ ? ($1 => 1) : () }
        grep { !/ cmd=client/ } split /\n/, $redis->cmd('CLIENT', 'LIST');

    return sort { $a <=> $b } map {
        /(\d\d):(\d\d):(\d\d\.\d+) . Accepted (\S+)/ && $there{$4}
            ? $1 * 3600 + $2 * 60 + $3 : () } split /\n/,
        substr $redis->log, $since;
}


eval { $t->wait_for(sub { guards() == $NODES }, $LONG, 'the nodes') };
is(guards(), $NODES, 'each node has one connection');

# how many nodes have said so, so often

sub said {
    my ($state, $times) = @_;

    return scalar grep { $times == (() = $t->error_log("n$_")
        =~ /redis \S+ is $state/g) } 1 .. $NODES;
}


# A busy machine may hold all of them up until the same moment, but not each
# time.

my ($outages, $crowd, @times) = (0);

do {
    $outages++;

    my $before = length $redis->log;

    $redis->kill9;
    $t->wait_for(sub { said('down', $outages) == $NODES }, $LONG, 'all to see');
    $redis->restart;
    $t->wait_for(sub { said('up', $outages + 1) == $NODES }, $LONG, 'all');

    @times = accepted($before);
    $crowd = max(map { my $begin = $_;
        scalar grep { $_ >= $begin && $_ < $begin + $WINDOW } @times } @times);

} while ($crowd > $MOST && $outages < $OUTAGES);

is(guards(), $NODES, 'all come back, with one connection each');
is(scalar @times, $NODES, '... which Redis tells the times of');
cmp_ok($times[-1] - $times[0], '>', 0.2 * $SYNC, sprintf('... over %.2f s',
    $times[-1] - $times[0]));
cmp_ok($crowd, '<=', $MOST, "... $crowd at most within $WINDOW s");
is(said('down', $outages), $NODES, '... each says once that it is down');
is(said('up', $outages + 1), $NODES, '... and once that it is up again');

# all at once, as each takes its time to take leave of Redis

$t->nginx("n$_")->signal('TERM') for 1 .. $NODES;
