package Report;

# What was counted over all scenes and seeds, put together, held against the
# aims, and printed with the worst on top.

use strict;
use warnings;

use List::Util qw(max min sum0);

my $HOUR = 3600;

# A row each: what, where the figure is and whose it is, how it is written,
# and the most that it may be.
my @AIMS = (
    [ 'honest requests refused per million, worst profile',
        sub { $_[0]->worst_profile }, '%.0f', 500 ],
    [ 'honest requests refused per million, all profiles',
        sub { $_[0]->honest('refused') }, '%.1f', 50 ],
    [ 'honest requests blocked per million',
        sub { $_[0]->honest('block') }, '%.2f', 1 ],
    [ 'honest accounts named in a campaign',
        sub { $_[0]->honest_accounts }, '%d', 0 ],
    [ '25,000 accounts, 100 templates: % of plan before linked',
        sub { $_[0]->worst('pool-25000-t100', 'unlinked_share', 100) },
        '%.3f', 0.1 ],
    [ 'agentic pool: exchanges of two accounts before linked',
        sub { $_[0]->worst('agentic', 'pair') }, '%.1f', 50 ],
    [ 'single-key job: exchanges before the first refusal',
        sub { $_[0]->worst(qr/^single-(?!slow)/, 'before') }, '%d', 2000 ],
    [ 'relay, a quarter harvest: % of plan before linked',
        sub { $_[0]->worst('relay-25', 'unlinked_share', 100) }, '%.2f', 2 ],
);

# with recorded traffic only
my @RECORDED_AIMS = (
    [ 'recorded requests refused', sub { $_[0]->recorded_refused }, '%d', 0 ],
);


# options, results (of each run, as the composer has it), seconds, date

sub new {
    my ($class, %self) = @_;

    my $self = bless \%self, $class;

    $self->_gather($_) for @{ $self->{results} };
    $self->_sum_profiles;
    $self->_sum_campaigns;

    $self->{aims} = [ map { $self->_aim(@$_) } @AIMS,
        $self->{options}{data} ? @RECORDED_AIMS : () ];

    return $self;
}


sub _gather {
    my ($self, $run) = @_;

    $self->{lines} += $run->{lines};
    $self->{bytes} += $run->{bytes};
    $self->{honest_accounts} += $run->{honest_accounts_in_campaigns};
    $self->{campaigns_of_honest} += $run->{campaigns_of_honest};
    $self->{scenes}{ $run->{scene} } = 1;

    for my $tally (@{ $run->{tallies} }) {
        my $kind = exists $tally->{harvest} ? 'campaign' : 'profile';

        $tally->{seed} = $run->{seed};
        $tally->{days} = $run->{days};
        push @{ $self->{by}{$kind}{ $tally->{name} } }, $tally;
    }
}


# ---- honest ---------------------------------------------------------------

# The window counts, and the weeks before: they are as honest.

sub _sum_profiles {
    my ($self) = @_;

    for my $name (sort keys %{ $self->{by}{profile} }) {
        my @runs = @{ $self->{by}{profile}{$name} };
        my %row = (name => $name, runs => scalar @runs);

        for my $run (@runs) {
            $row{$_} += $run->{$_} for qw(accounts touched linked abandoned
                retries);

            my %one;
            for my $count (@$run{qw(past all)}) {
                $one{$_} += $count->{$_} for qw(lines throttle block pace tag);
            }

            $row{$_} += $one{$_} for keys %one;
            $row{most} = max($row{most} // 0, _million(
                $one{throttle} + $one{block}, $one{lines}));
        }

        $row{refused} = $row{throttle} + $row{block};
        $row{refused_per_million} = _million($row{refused}, $row{lines});
        $row{blocked_per_million} = _million($row{block}, $row{lines});

        push @{ $self->{profiles} }, \%row;
    }

    @{ $self->{profiles} } = sort {
        $b->{refused_per_million} <=> $a->{refused_per_million}
            || $b->{linked} <=> $a->{linked}
            || $b->{pace} <=> $a->{pace}
            || $b->{lines} <=> $a->{lines}
    } @{ $self->{profiles} };
}


sub _million {
    my ($n, $of) = @_;

    return $of ? 1e6 * $n / $of : 0;
}


sub honest {
    my ($self, $what) = @_;

    return _million(map { my $name = $_;
        sum0(map { $_->{$name} } @{ $self->{profiles} }) } $what, 'lines');
}


sub worst_profile { @{ $_[0]{profiles}[0] }{qw(refused_per_million name)} }


# at any time, or in the end

sub honest_accounts {
    my ($self) = @_;

    return max($self->{honest_accounts},
        sum0(map { $_->{linked} } @{ $self->{profiles} }));
}


sub recorded_refused {
    my ($self) = @_;

    return sum0(map { $_->{refused} } grep { $_->{name}
        =~ /^(?:azure|mooncake|servegen|specstory)/ } @{ $self->{profiles} });
}


# ---- campaigns ------------------------------------------------------------

sub _sum_campaigns {
    my ($self) = @_;

    for my $name (sort keys %{ $self->{by}{campaign} }) {
        my @runs = map { _campaign($_) } @{ $self->{by}{campaign}{$name} };
        my @sorted = sort { $b->{got_share} <=> $a->{got_share}
            || $b->{unlinked_share} <=> $a->{unlinked_share} } @runs;

        push @{ $self->{campaigns} }, { name => $name, runs => \@runs,
            worst => $sorted[0] };
    }

    @{ $self->{campaigns} } = sort {
        $b->{worst}{got_share} <=> $a->{worst}{got_share}
            || $b->{worst}{wanted} <=> $a->{worst}{wanted}
    } @{ $self->{campaigns} || [] };
}


# Shares "of the plan" are of all that the campaign would ask for in its time.
# What it would get after the time observed, if nothing changed any more, is
# reckoned from the last quarter of that.

sub _campaign {
    my ($tally) = @_;

    my $harvest = $tally->{harvest};
    my $found = $tally->{found};
    my $wanted = max(1, $tally->{wanted});
    my $planned = max(1, $tally->{planned});
    my $later = max(0, $planned - $wanted)
        / max(1, $tally->{wanted_last});

    my %row = (
        %$tally,
        got       => $harvest->{passed},
        got_share => $harvest->{passed} / $wanted,
        unlinked  => $harvest->{unlinked},
        pair      => 2 * $harvest->{unlinked} / max(1, $tally->{accounts}),
    );

    $row{unlinked_share} = min(1, ($harvest->{unlinked}
        + $harvest->{last} * $later) / $planned);

    # what it had until it was refused, all of it if it never was

    for (qw(throttle block)) {
        my $until = $tally->{"at_$_"};
        my $was = defined $tally->{ $_ eq 'block' ? 'stopped' : 'throttled' };

        $row{"to_$_"} = $was ? $until->{passed} : undef;
        $row{"to_${_}_tokens"} = $was ? $until->{tokens} : undef;
        $row{"to_${_}_share"} = $was ? $until->{passed} / $planned : 1;
    }

    $row{before} = min(grep { defined } $row{to_throttle}, $row{to_block},
        $harvest->{passed});

    # of those that the guard named, and of those that had something: who is
    # refused from the first request on is in no list

    if ($found) {
        $row{precision} = $found->{members}
            / max(1, $found->{members} + $found->{others});
        $row{recall} = min(1, $found->{caught} / max(1, $tally->{answered}));
        $row{pieces} = $found->{campaigns};
    }

    # customers of a relay, and what a careful one sends for cover

    my $others = $tally->{all}{lines} - $harvest->{lines};

    $row{others} = $others;
    $row{others_refused} = $tally->{all}{throttle} + $tally->{all}{block}
        - $harvest->{throttle} - $harvest->{block};
    $row{others_share} = $others ? $row{others_refused} / $others : 0;

    return \%row;
}


# the worst of all seeds, of one campaign or of those whose names match; undef
# where none of them took part

sub worst {
    my ($self, $name, $what, $times) = @_;

    my @runs = map { @{ $_->{runs} } } grep { ref $name ? $_->{name} =~ $name
        : $_->{name} eq $name } @{ $self->{campaigns} };

    my ($worst) = sort { $b->{$what} <=> $a->{$what} } @runs;

    return $worst ? (($times // 1) * $worst->{$what}, $worst->{name}) : undef;
}


# ---- aims -----------------------------------------------------------------

sub _aim {
    my ($self, $what, $figure, $format, $most) = @_;

    my ($value, $whose) = $figure->($self);

    return {
        what   => $what,
        value  => $value,
        whose  => $whose,
        format => $format,
        most   => $most,
        met    => !defined $value ? undef : $value <= $most ? 1 : 0,
    };
}


sub missed { scalar grep { defined $_->{met} && !$_->{met} } @{ $_[0]{aims} } }


sub result {
    my ($self) = @_;

    return { map { $_ => $self->{$_} } qw(options date seconds lines bytes
        aims profiles campaigns honest_accounts campaigns_of_honest results) };
}


# ---- print ----------------------------------------------------------------

sub print {
    my ($self) = @_;

    $self->_print_head;
    $self->_print_aims;
    $self->_print_profiles;
    $self->_print_got;
    $self->_print_linked;
    $self->_print_relays;
    $self->_print_costs;
}


sub _print_head {
    my ($self) = @_;

    my $options = $self->{options};

    printf "%d scenes, seeds 1 to %d: %s requests, %s; %.0f s; %s\n",
        scalar keys %{ $self->{scenes} }, $options->{seeds},
        _n($self->{lines}), $options->{data}
        ? 'words and arrivals recorded' : 'all composed', $self->{seconds},
        $self->{date};
    print "A quick look: a third of the accounts, half the time. Aims"
        . " are for all of it.\n" if $options->{quick};
}


sub _print_aims {
    my ($self) = @_;

    _title('Aims, by the worst of all seeds');

    for (@{ $self->{aims} }) {
        printf "%-57s%9s%7s %s\n", $_->{what},
            defined $_->{value} ? sprintf $_->{format}, $_->{value} : '-',
            $_->{most}, !defined $_->{met} ? '-' : $_->{met} ? 'met'
                : join ' ', 'MISSED', $_->{whose} // ();
    }
}


sub _print_profiles {
    my ($self) = @_;

    _title('Honest traffic, per million requests', 'all seeds together; worst'
        . ' seed aside');
    printf "%-15s%9s%9s%8s%8s%8s%12s%10s%9s%8s\n", '', 'refused', 'worst',
        'blocked', 'slowed', 'tagged', 'requests', 'accounts', 'touched',
        'linked';

    my @rows = @{ $self->{profiles} };
    my %all = (name => 'all');

    for my $row (@rows) {
        $all{$_} += $row->{$_} for qw(lines refused block pace tag accounts
            touched linked);
        $all{most} = max($all{most} // 0, $row->{most});
    }

    for my $row (@rows, \%all) {
        printf "%-15s%9s%9s%8s%8s%8s%12s%10s%9s%8s\n", $row->{name},
            (map { _short($_) } _million($row->{refused}, $row->{lines}),
                $row->{most}, map { _million($row->{$_}, $row->{lines}) }
                qw(block pace tag)),
            _n($row->{lines}), _n($row->{accounts}), _n($row->{touched}),
            _n($row->{linked});
    }

    printf "Campaigns of none but honest accounts: %d\n",
        $self->{campaigns_of_honest};
}


sub _print_got {
    my ($self) = @_;

    return unless @{ $self->{campaigns} };

    _title('What campaigns got', 'worst seed; wanted and got in the time'
        . ' observed, % of the whole plan');
    printf "%-19s%8s%8s%6s |%8s%8s%8s |%8s%8s%8s\n", '', 'wanted', 'got',
        '%', 'to 429', 'tokens', '% plan', 'to 403', 'tokens', '% plan';

    for (map { $_->{worst} } @{ $self->{campaigns} }) {
        printf "%-19s%8s%8s%6s |%8s%8s%8s |%8s%8s%8s\n", $_->{name},
            _k($_->{wanted}), _k($_->{got}), _percent($_->{got_share}),
            _k($_->{to_throttle}), _k($_->{to_throttle_tokens}),
            _percent($_->{to_throttle_share}),
            _k($_->{to_block}), _k($_->{to_block_tokens}),
            _percent($_->{to_block_share});
    }
}


sub _print_linked {
    my ($self) = @_;

    return unless @{ $self->{campaigns} };

    _title('How campaigns were linked', 'worst seed; hours from the first'
        . ' request until so many accounts were');
    printf "%-19s%9s%10s%8s%8s%8s%8s%9s%11s%8s\n", '', 'accounts', 'unlinked',
        '% plan', 'half', '9 in 10', 'pieces', 'replaced', 'precision',
        'recall';

    for (sort { $b->{unlinked_share} <=> $a->{unlinked_share}
        || $b->{unlinked} <=> $a->{unlinked} }
        map { $_->{worst} } @{ $self->{campaigns} })
    {
        printf "%-19s%9s%10s%8s%8s%8s%8s%9s%11s%8s\n", $_->{name},
            _n($_->{accounts}), _n($_->{unlinked}),
            _percent($_->{unlinked_share}), _hours($_->{half}),
            _hours($_->{most}), $_->{pieces} // '-', $_->{fresh},
            map { defined $_ ? sprintf '%.3f', $_ : '-' }
            @$_{qw(precision recall)};
    }
}


sub _print_relays {
    my ($self) = @_;

    my @relays = sort { $a->{share} <=> $b->{share} } map { $_->{worst} }
        grep { $_->{name} =~ /^relay-/ } @{ $self->{campaigns} };

    return unless @relays;

    _title('Relays, by how much of them is harvest', 'worst seed');
    printf "%-10s%9s%9s%8s%11s%12s%20s\n", 'harvest', 'wanted', 'got', '%',
        'unlinked', '% of plan', 'customers refused';

    printf "%8.0f %%%9s%9s%8s%11s%12s%20s\n", 100 * $_->{share},
        _k($_->{wanted}), _k($_->{got}), _percent($_->{got_share}),
        _n($_->{unlinked}), _percent($_->{unlinked_share}),
        _percent($_->{others_share}) . ' %' for @relays;
}


# What somebody who knows the code pays: for each thousand that he got.

sub _print_costs {
    my ($self) = @_;

    my @careful = grep { $_->{careful} } map { $_->{worst} }
        @{ $self->{campaigns} };

    return unless @careful;

    _title('The attacker who has read the code', 'worst seed; spent per 1,000'
        . ' exchanges harvested');
    printf "%-19s%8s%11s%14s%9s%9s%11s%13s\n", '', '% got', 'harvested',
        'account-days', 'cover', 'refused', 'rewritten', 'days for 1m';

    for (@careful) {
        my $got = $_->{got};
        my $days = $_->{observed} / 86400;
        my $per = sub { $got ? sprintf '%.0f', 1000 * $_[0] / $got : '-' };

        printf "%-19s%8s%11s%14s%9s%9s%11s%13s\n", $_->{name},
            _percent($_->{got_share}), _k($got),
            $per->($_->{accounts} * $days),
            $per->($_->{others}), $per->($_->{harvest}{throttle}
                + $_->{harvest}{block}), $per->($_->{rewritten}),
            $got ? sprintf '%.0f', 1e6 * $days / $got : 'never';
    }
}


# ---- figures --------------------------------------------------------------

sub _title {
    my ($title, $note) = @_;

    print "\n$title", defined $note ? " ($note)" : '', "\n\n";
}


sub _n {
    my ($n) = @_;

    my $text = sprintf '%.0f', $n;
    1 while $text =~ s/(\d)(\d{3})(?!\d)/$1,$2/;

    return $text;
}


sub _k {
    my ($n) = @_;

    return '-' if !defined $n;
    return sprintf '%.0f', $n if $n < 1e5;
    return sprintf '%.0fk', $n / 1e3 if $n < 1e6;
    return sprintf $n < 1e7 ? '%.2fm' : '%.0fm', $n / 1e6;
}


sub _short {
    my ($x) = @_;

    return $x == 0 ? '0' : sprintf $x < 10 ? '%.1f' : '%.0f', $x;
}


sub _percent {
    my ($share) = @_;

    my $percent = 100 * $share;

    return $percent == 0 ? '0' : $percent < 0.01 ? sprintf '%.4f', $percent
        : $percent < 1 ? sprintf '%.3f', $percent
        : sprintf $percent < 99.95 ? '%.1f' : '%.0f', $percent;
}


sub _hours {
    my ($seconds) = @_;

    return '-' if !defined $seconds;

    return sprintf $seconds < 10 * $HOUR ? '%.2f' : '%.1f', $seconds / $HOUR;
}

1;
