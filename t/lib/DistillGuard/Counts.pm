package DistillGuard::Counts;

# What Redis says has been counted since a time, as docs/redis.md tells
# readers to ask for it.

use strict;
use warnings;

use Exporter qw(import);
use POSIX qw(strftime);

our @EXPORT_OK = qw(days totals ranking);


# in UTC; more than one only where midnight was passed

sub days {
    my ($since) = @_;

    my %days = map { strftime('%Y%m%d', gmtime $_) => 1 } $since, time;

    return sort keys %days;
}


# {requests, input_tokens, output_tokens, refused} of a subject; requests that
# were given back do not count

sub totals {
    my ($redis, $since, $kind, $id) = @_;

    my %totals = map { $_ => 0 } qw(requests returned input_tokens
        output_tokens refused);

    for my $day (days($since)) {
        my %fields = @{ $redis->cmd('HGETALL', "dg:{$kind:$id}:d:$day") };

        $totals{$_} += $fields{$_} // 0 for keys %totals;
    }

    $totals{requests} -= delete $totals{returned};

    return \%totals;
}


# [id, score] of the subjects that have any, the greatest first

sub ranking {
    my ($redis, $since, $kind, $counter) = @_;

    my %score;

    for my $day (days($since)) {
        my @pairs = @{ $redis->cmd('ZREVRANGE',
            "dg:top:$kind:$counter:d:$day", 0, -1, 'WITHSCORES') };

        while (my ($id, $score) = splice @pairs, 0, 2) {
            $score{$id} += $score;
        }
    }

    return map { [ $_, $score{$_} ] }
        sort { $score{$b} <=> $score{$a} || $a cmp $b } keys %score;
}

1;
