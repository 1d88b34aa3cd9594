#!/usr/bin/perl

# Nodes that differ by an hour on what time it is: all is served and counted,
# and they link accounts as if they agreed.

use strict;
use warnings;

use List::Util qw(sum0);
use Test::More;

use DistillGuard::Ctl;
use DistillGuard::Pool;
use DistillGuard::Test;

my $HOUR = 3600;
my $LONG = 30;
my @NODES = qw(now ahead behind);
my %CLOCK = (now => 0, ahead => $HOUR, behind => -$HOUR);

my ($faketime) = grep { -f } map { "$_/faketime/libfaketime.so.1" }
    glob '/usr/lib/*-linux-gnu /usr/lib /usr/lib64';

my $t = DistillGuard::Test->new;

plan(skip_all => 'no libfaketime') unless $faketime;
plan(skip_all => 'sanitizers want to be loaded first') if $ENV{DG_SANITIZE};

my $redis = $t->redis;
my $pool = DistillGuard::Pool->new($t, @NODES);


# nginx empties the environment but for what it is told

for my $node (@NODES) {
    my %env = $CLOCK{$node} ? (LD_PRELOAD => $faketime,
        FAKETIME_TIMESTAMP_FILE => $t->dir . "/clock-$node",
        FAKETIME_NO_CACHE => 1, FAKETIME_DONT_FAKE_MONOTONIC => 1) : ();

    set_clock($node, $CLOCK{$node}) if $CLOCK{$node};

    $pool->conf($node, 'redis://127.0.0.1:%%REDIS%% timeout=2s',
        main => join(' ', map { "env $_;" } sort keys %env),
        env => \%env)->start;
}


sub set_clock {
    my ($node, $ahead) = @_;

    $t->write_file("new-$node", sprintf "%+d\n", $ahead);
    rename $t->dir . "/new-$node", $t->dir . "/clock-$node"
        or die "rename: $!\n";
}


sub sync {
    my ($node, $name) = @_;

    return $pool->metric($node, "sync_$name" . '\{zone="guard"\}');
}


sub is_up { return $pool->metric($_[0], 'sync_state\{zone="guard",state="up"\}') }


my ($sent, $failed) = (0, 0);


sub served {
    my (@status) = @_;

    $sent += grep { $_ == 200 } @status;
    $failed += grep { $_ != 200 && $_ != 429 } @status;

    return @status;
}


# [key, requests] of the keys' totals of a period; what was given back is out

sub totals {
    my ($period) = @_;

    return map {
        my ($all, $returned) = map { $_ // 0 }
            @{ $redis->cmd('HMGET', $_, 'requests', 'returned') };
        [ $_, $all - $returned ];
    } @{ $redis->cmd('KEYS', "dg:{key:*}:$period:*") };
}


sub arrived { return sum0(map { $_->[1] } totals($_[0])) }


sub is_complete {
    my ($name) = @_;

    eval { $t->wait_for(sub { arrived('d') == $sent }, $LONG, 'the totals') };

    local $Test::Builder::Level = $Test::Builder::Level + 1;
    is($failed, 0, "$name: no request failed");
    is(arrived('d'), $sent, '... nothing is lost and nothing counted twice');
}


# ---- an hour apart --------------------------------------------------------

for my $node (@NODES) {
    eval { $t->wait_for(sub { is_up($node) }, $LONG, 'Redis') };

    my $skew = sync($node, 'skew_seconds');

    is(is_up($node), 1, "$node: it is with Redis");
    cmp_ok(abs($skew + $CLOCK{$node}), '<', 30,
        '... and the metrics say how far its clock is off') || diag($skew);

    my @lines = grep { /the clock/ } split /\n/, $t->error_log($node);

    is(scalar @lines, $CLOCK{$node} ? 1 : 0, '... as one line of the log does');
    like($lines[0], qr/\[warn\] .* the clock is \d+ s (?:@{[
        $CLOCK{$node} > 0 ? 'ahead of' : 'behind' ]}) that of redis \S+,/,
        '... and which way') if $CLOCK{$node};
}

# a campaign of which each sees a third

served($pool->run);

for my $node (@NODES) {
    ok($pool->is_found($node, \&served),
        "$node is told of a campaign by those of another hour");
}

is_complete('clocks an hour apart');

my $ctl = DistillGuard::Ctl->new($t, '--redis', 'redis://127.0.0.1:'
    . $t->port('redis'));

like("@{ $ctl->run('campaigns')->{out} }", qr/ 3 of 3 nodes answered$/,
    '... and all answer what is asked');
is(arrived('h'), $sent, '... hours, too');

my %hours = map { $_->[0] =~ /:h:(\d+)$/ ? ($1 => 1) : () } totals('h');

cmp_ok(scalar keys %hours, '>=', 3, '... which are those of each node');


# ---- set right ------------------------------------------------------------

set_clock('ahead', 0);
$redis->cmd(qw(CLIENT KILL TYPE normal SKIPME yes));
$t->log_like(qr/\[notice\] .* the clock agrees with that of redis \S+$/m,
    'a clock that was set right is said, too', 'ahead');
cmp_ok(abs(sync('ahead', 'skew_seconds')), '<', 1, '... as the metrics do');
served($pool->ask('ahead', 'late', $pool->stranger));
is_complete('a clock was set back by an hour');
