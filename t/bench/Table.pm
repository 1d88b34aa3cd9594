package Table;

# The figures of all rounds, put together and printed.

use strict;
use warnings;

use Exporter qw(import);

our @EXPORT_OK = qw(summary print_counts print_head print_stages print_table);

my $BUSY = 0.5;     # load of the machine before we begin
my $IDLE = 0.05;    # of a worker, that makes its row doubtful


sub median {
    my @sorted = sort { $a <=> $b } @_;

    return @sorted % 2 ? $sorted[$#sorted / 2]
        : ($sorted[@sorted / 2 - 1] + $sorted[@sorted / 2]) / 2;
}


sub _spread {
    my @sorted = sort { $a <=> $b } @_;

    return { median => median(@sorted), least => $sorted[0],
        most => $sorted[-1] };
}


# $rounds and $base are lists of what was measured, by round, of a variant and
# of what it is compared with.  Costs are of a request or of an event, as the
# load says.

sub summary {
    my ($load, $rounds, $base) = @_;

    my $what = $load->{per} eq 'event' ? 'events' : 'requests';
    my $cost = sub { $_[0]{cpu_ns} / 1000 / $_[0]{$what} };

    return {
        cpu_us => _spread(map { $cost->($_) } @$rounds),
        ratio  => _spread(map { $cost->($rounds->[$_])
            / $cost->($base->[$_]) } 0 .. $#$rounds),
        per_second => median(map { $_->{$what} / $_->{wall_ns} * 1e9 }
            @$rounds),
        redis_us => median(map { $_->{also_ns} / 1000 / $_->{$what} }
            @$rounds),
        busy => median(map { $_->{cpu_ns} / $_->{wall_ns} } @$rounds),
        map({ my $name = $_; $name => median(map { $_->{$name} } @$rounds) }
            qw(p50_ms p99_ms p999_ms)),
        rounds => $rounds,
    };
}


# three digits that count, and no more than two places
sub _short {
    my ($x) = @_;

    return sprintf $x < 9.995 ? '%.2f' : $x < 99.95 ? '%.1f' : '%.0f', $x;
}


sub print_head {
    my ($machine, $options) = @_;

    my $place = defined $machine->{cpu} ? "a CPU of its own"
        : "the only CPU, so that rates are of no worth";

    print "$machine->{model}, $machine->{cpus} CPUs; $machine->{system};"
        . " nginx $machine->{nginx}; $machine->{date}\n"
        . "One worker on $place; $options->{connections} requests in flight,"
        . " of $options->{keys} keys\n"
        . "Rounds: $options->{rounds}, of $options->{seconds} s for each"
        . " figure\n";
    print "Others use this machine (load $machine->{load}): expect noise\n"
        if $machine->{load} > $BUSY;
    print "\n";
}


# Of {loads => [{title, variants => [{title, summary}]}]}.

sub print_table {
    my ($result) = @_;

    my $doubtful = 0;

    printf "%-19s%8s  %-19s%9s%23s\n", '', 'CPU', 'times no guard', 'per',
        'latency in ms';
    printf "%-19s%8s  %-19s%9s%9s%7s%7s\n", '', 'us', 'median (range)',
        'second', '50 %', '99 %', '99.9 %';

    for my $load (@{ $result->{loads} }) {
        print "\n$load->{title}\n";

        for my $variant (@{ $load->{variants} }) {
            my $mark = $variant->{busy} < 1 - $IDLE ? '*' : ' ';
            my $ratio = $variant->{ratio};

            $doubtful ||= $mark eq '*';

            printf "  %-17s%8s%6s %-14s%9.0f%s%8s%7s%7s\n",
                $variant->{title}, _short($variant->{cpu_us}{median}),
                _short($ratio->{median}), '(' . _short($ratio->{least}) . '-'
                . _short($ratio->{most}) . ')', $variant->{per_second}, $mark,
                map { _short($variant->{$_}) } qw(p50_ms p99_ms p999_ms);
        }
    }

    print "\n* the worker did not run all the time: rate and latency show what"
        . " else did\n" if $doubtful;

    _print_redis($result);
}


# What a server beside does is no cost of the worker, but a cost.

sub _print_redis {
    my ($result) = @_;

    my $load = $result->{loads}[0];
    my @costs = map { "$_->{title} " . _short($_->{redis_us}) }
        grep { $_->{redis} } @{ $load->{variants} };

    return unless @costs;

    print "\nredis-server's own CPU besides, in us per $load->{per} of the"
        . " first kind:\n  ", join('; ', @costs), "\n";
}


sub print_stages {
    my ($stages) = @_;

    print "\nThe guard's stages by themselves, without nginx:\n";

    for my $stage (@$stages) {
        my $bytes = $stage->{bytes};

        printf "  %-30s%8s%9.0f ns%s\n", $stage->{title},
            $bytes ? _bytes($bytes) : '', $stage->{ns},
            $bytes ? sprintf '%9.0f ns/kB%6.2f GB/s',
                $stage->{ns} * 1024 / $bytes, $bytes / $stage->{ns} : '';
    }
}


# Instructions, beside those of {revision, counts} if there is one, and the
# functions that have most of them.

sub print_counts {
    my ($counts, $base) = @_;

    my %before = map { ("$_->{title} $_->{bytes}" => $_->{instructions}) }
        @{ $base ? $base->{counts} : [] };

    print "\nInstructions of each, which do not depend on what else runs";
    print "; those of $base->{revision}, and of how much that is now"
        if $base;
    print ":\n";

    for my $stage (@$counts) {
        my ($bytes, $n) = @$stage{qw(bytes instructions)};
        my $before = $before{"$stage->{title} $bytes"};

        printf "  %-30s%8s%11.0f%s%s\n", $stage->{title},
            $bytes ? _bytes($bytes) : '', $n,
            $bytes ? sprintf '%8.2f a byte', $n / $bytes : ' ' x 15,
            $before ? sprintf '%12.0f%7.2f', $before, $n / $before : '';
    }

    print "\nWhere they go, in percent of each:\n";

    for my $stage (@$counts) {
        printf "  %s%s\n", $stage->{title},
            $stage->{bytes} ? ', ' . _bytes($stage->{bytes}) : '';

        printf "    %-28s%5.1f  %s\n", $_->[0],
            100 * $_->[1] / $stage->{instructions},
            '#' x (40 * $_->[1] / $stage->{instructions} + 0.5)
            for @{ $stage->{top} };
    }
}


sub _bytes {
    my ($n) = @_;

    return $n < 10000 ? sprintf '%.0f B', $n : sprintf '%.0f kB', $n / 1024;
}

1;
