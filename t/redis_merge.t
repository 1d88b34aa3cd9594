#!/usr/bin/perl

# Totals merge: what nodes say may arrive twice, late and in any order, and
# what lies in Redis is the same.

use strict;
use warnings;

use List::Util qw(shuffle sum0);
use Test::More;

use DistillGuard::Redis;
use DistillGuard::Test;

my $HISTORIES = 60;
my @COUNTERS = qw(requests returned input_tokens output_tokens refused);
my @RESERVED = qw(reserved_input reserved_output);

my $t = DistillGuard::Test->new;
my $redis = $t->redis;

$t->upstream(keep => 1);
$t->write_file('secret', 's' x 32);

for my $node (qw(a b)) {
    $t->conf(<<"EOT", instance => $node)->start;

    distill_guard_zone zone=guard:1m;
    distill_guard_secret %%DIR%%/secret;
    distill_guard_redis redis://127.0.0.1:%%REDIS%% sync=20ms;

    server {
        listen 127.0.0.1:%%$node%%;
        distill_guard observe;
        location / { proxy_pass http://127.0.0.1:%%UPSTREAM%%; }
    }
EOT
}


# ---- what nginx says ------------------------------------------------------

# It is written down, and said twice more in any order, under another prefix.

my $script = $t->dir . '/script';
my $monitor = $t->background(sub {
    my $client = DistillGuard::Redis::Client->new(port => $redis->port);

    $client->request('MONITOR');
    open my $out, '>', $script or die "$script: $!\n";

    while (1) {
        my $line = $client->_read;
        last if $line =~ /end-of-monitor/;
        print $out "$line\n" if $line =~ /^\S+ \[0 (?!lua)\S+\] "EVALSHA"/;
    }

    close $out or die "$script: $!\n";
});

$t->wait_for(sub { -e $script }, 5, 'the monitor');

my $asked = 0;


sub arrived {
    return sum0(map { $redis->cmd('HGET', $_, 'requests') // 0 }
        @{ $redis->cmd('KEYS', 'dg:{key:*}:d:*') });
}


for my $round (1 .. 8) {
    for my $key (1 .. 3) {
        $asked++ if $t->post_json('/v1/chat/completions',
            { model => 'm', messages => [{ role => 'user', content => 'x' }] },
            Authorization => "Bearer sk-merge-$key",
            'X-Upstream' => "tokens=$round",
            -port => $round % 2 ? 'a' : 'b')->{status} == 200;
    }

    $t->wait_for(sub { arrived() == $asked }, 5, 'the counts');
}

$redis->cmd('ECHO', 'end-of-monitor');
$monitor->result;

my @said = map { [ map { s/^dg:/re:/r } /"((?:[^"\\]|\\.)*)"/g ] }
    split /\n/, $t->read_file($script);

$redis->cmd(@$_) for shuffle(@said, @said);

my @names = grep { /\}:[mhd]:\d+$/ } @{ $redis->cmd('KEYS', 'dg:{key:*') };
my $good = grep { same($_, s/^dg:/re:/r) } @names;

cmp_ok(scalar @names, '>=', 9, scalar(@said) . ' commands written down');
is($good, @names, 'what nginx says twice and in any order is the same');

my $sorted = join ' ', @{ $redis->cmd('KEYS', 'dg:top:*') };
is(join(' ', map { zset($_) } split / /, $sorted),
    join(' ', map { zset(s/^dg:/re:/r) } split / /, $sorted),
    '... rankings, too');


sub zset { return @{ $redis->cmd('ZRANGE', $_[0], 0, -1, 'WITHSCORES') } }


# A reservation that came and went is 0, or was never seen.

sub hash {
    my ($name) = @_;

    my %hash = @{ $redis->cmd('HGETALL', $name) };

    delete @hash{ grep { $hash{$_} eq '0' } keys %hash };

    return join ' ', map { "$_=$hash{$_}" } sort keys %hash;
}


sub same {
    my ($one, $other) = @_;

    return 1 if hash($one) eq hash($other);

    diag("$one: ", hash($one), "\n$other: ", hash($other));
    return 0;
}


# ---- random histories -----------------------------------------------------

# Three nodes count a subject for some minutes; each report says what one of
# them has counted, of the minute that is and, or not, of the one before.

my ($sha) = map { $_->[1] } grep { $_->[2] == 6 } @said;
ok($sha, 'the script');


sub history {
    my ($name) = @_;

    my (@commands, %own, %held);
    my ($minute, $at) = (10, 0);

    for (1 .. 5 + rand 25) {
        if (rand() < 0.2) {
            $minute++;
            $at = 0;
        }

        $at += 1 + int rand 2000;

        my $node = 'node:' . (1 + int rand 3);
        my $count = $own{$node} //= {};

        # some of it belongs to the minute before: given back

        for my $when ("m:$minute", 'm:' . ($minute - (rand() < 0.3)), 'h:1',
            'd:1')
        {
            my $counters = $count->{$when} //= [ (0) x @COUNTERS ];
            $counters->[ rand @$counters ] += int rand 1000 for 1 .. 2;
        }

        $held{$node}{"m:$minute"} = [ $at, int rand 3 * 100, int rand 500 ];

        my @buckets = ("m:$minute", 'h:1', 'd:1');
        push @buckets, 'm:' . ($minute - 1), 'h:0', 'd:0' if rand() < 0.6;

        my @values = map { $count->{$_} ? "@{ $count->{$_} } 300" : '' }
            @buckets;
        my ($when, @reserved) = @{ $held{$node}{"m:$minute"} };
        $values[0] =~ s/ 300$/ @reserved $when 300/;

        push @commands, [ 'EVALSHA', $sha, scalar @buckets,
            (map { "%s:{key:$name}:$_" } @buckets), $node, @values ];
    }

    return (\@commands, \%own, \%held);
}


# what the plain fields must be

sub expected {
    my ($bucket, $own, $held) = @_;

    my %sum;

    for my $node (keys %$own) {
        my $counters = $own->{$node}{$bucket} // [];
        $sum{ $COUNTERS[$_] } += $counters->[$_] // 0 for 0 .. $#COUNTERS;

        my (undef, @reserved) = @{ $held->{$node}{$bucket} // [] };
        $sum{ $RESERVED[$_] } += $reserved[$_] // 0 for 0, 1;
    }

    return \%sum;
}


my ($equal, $right, $all) = (0, 0, 0);

for my $n (1 .. $HISTORIES) {
    my ($commands, $own, $held) = history($n);

    $redis->cmd(map { s/^%s/once/r } @$_) for @$commands;
    $redis->cmd(map { s/^%s/more/r } @$_) for shuffle(@$commands, @$commands,
        grep { rand() < 0.5 } @$commands);

    for my $name (@{ $redis->cmd('KEYS', "once:{key:$n}:*") }) {
        my ($bucket) = $name =~ /([mhd]:\d+)$/;
        my %is = @{ $redis->cmd('HGETALL', $name) };
        my %told = map { $_ => [ split / /, $is{$_} ] } grep { /^node/ }
            keys %is;

        # a node may have counted more than it has told
        my %said = map { $_ => { $bucket => [ @{ $told{$_} }[0 .. 4] ] } }
            keys %told;
        my $want = expected($bucket, \%said, $held);

        $all++;
        $equal++ if same($name, $name =~ s/^once/more/r);
        $right++ if !grep { ($is{$_} // 0) != $want->{$_} } keys %$want;
    }
}

cmp_ok($all, '>', $HISTORIES, "$HISTORIES histories of $all buckets");
is($equal, $all, 'in any order they end alike');
is($right, $all, 'and plain totals are the sums of what nodes said');
