#!/usr/bin/perl

# The documents of signals and actions: each is described, with its defaults.

use strict;
use warnings;

use JSON::PP;
use Test::More;

use DistillGuard::Docs qw($STRING %doc blocks joined rows section sources);

my $t = DistillGuard::Docs::harness();
my $directives = $doc{'docs/directives.md'};


# Signals, families and actions, as they are in the tables of the module.

my $signals = sources('core/dg_signal.c');
my $policy = sources('core/dg_policy.c', 'core/dg_policy.h');
my $NUMBER = qr/\d+(?:\.\d+)?/;


# so many seconds: a sum, in days or hours

sub over {
    my ($seconds) = map { s/DG_SIGNAL_DAY/86400/r }
        map { s/DG_SIGNAL_HOUR/3600/r } @_;

    die "seconds: $seconds\n" if $seconds =~ /[^\d* ]/;
    $seconds = eval $seconds;

    return $seconds % 86400 ? $seconds / 3600 . 'h' : $seconds / 86400 . 'd';
}


my @signals;

while ($signals =~ /\{\ dg_string\("(\w+)"\),\ DG_FAMILY_(\w+),\ ($STRING),\s*
        ([^,]+),\s*($NUMBER),\s*($NUMBER),\s*(\d+),\s*
        ($STRING(?:\s*$STRING)*),/gx)
{
    my @row = ("`$1`", lc $2, $8, $3, over($4), $5, $6, $7);
    push @signals, [ map { /^"/ ? joined($_) : $_ } @row ];
}

my @families = map { [ "`$_->[0]`", $_->[1] ] }
    map { [ /"(\w+)"\), (\d+)/ ] } $signals
        =~ /(\{ dg_string\("\w+"\), \d+ \})/g;

my @rows = rows(section($directives, 'distill_guard_signal'));

is(scalar @signals, scalar(() = $signals =~ /^      dg_signal_\w+ \}/mg),
    'the table of signals is understood');
is_deeply([ grep { @$_ == 8 } @rows ], \@signals,
    'every signal is described, with its defaults');
is_deeply([ map { [ @$_[0, 1] ] } grep { @$_ == 3 } @rows ], \@families,
    'and every family, with its cap');

# each has a section of its own, with an example that the defaults would give

my %told = $doc{'docs/signals.md'} =~ /^### `(\w+)`\n(.*?)(?=^##|\z)/msg;

is_deeply([ sort map { "`$_`" } keys %told ], [ sort map { $_->[0] } @signals ],
    'every signal is explained, and nothing else');

for my $row (@signals) {
    my ($name, $soft, $hard, $points) = ($row->[0] =~ /(\w+)/, @$row[ 5 .. 7 ]);
    my ($example) = map { eval { decode_json($_) } }
        blocks($told{$name} // '', 'json');
    my ($value, $gives) = map { $_ // 0 } @$example{qw(value points)};
    my $share = ($value - $soft) / ($hard - $soft);

    $share = $share < 0 ? 0 : $share > 1 ? 1 : $share;

    is_deeply([ @$example{qw(signal soft hard)},
        over($example->{window} // 0) ], [ $name, $soft, $hard, $row->[4] ],
        "$name: an example");
    ok($gives && $gives <= int($share * $points + 0.5),
        '... of no more than it gives');
}

my ($ladder) = $policy =~ /dg_policy_ladder\[\w+\] = \{(.*?)^\};/ms;
my @names = $policy =~ /dg_actions\[\w+\] = \{(.*?)^\};/ms
    ? $1 =~ /"(\w+)"/g : ();
my @actions;

for my $rung ($ladder =~ /\{ (\d+, .*?) \},?$/mg) {
    my ($score, $pace, $limit, $seconds)
        = $rung =~ /^(\d+), (\d+), \{(.*)\}, (\d+)$/;
    my ($period, $n) = $limit =~ /DG_(\w+), (\d+) $/;

    push @actions, [ '`' . shift(@names) . '`', "`score=$score"
        . ($pace ? " rate=$pace/s" : '')
        . ($period ? " rate=$n/" . lc substr $period, 0, 1 : '')
        . ($seconds ? ' for=' . $seconds / 3600 . 'h' : '') . '`' ];
}

is_deeply([ map { [ @$_[0, 1] ] }
    rows(section($directives, 'distill_guard_action')) ], \@actions,
    'every action is described, with its defaults');

my ($sum) = $policy =~ /define DG_SCORE_MAX\s+(\d+)/;
my ($linkage) = $policy =~ /define DG_BLOCK_LINKAGE\s+(\d+)/;

my ($least) = sources('core/dg_signal.h') =~ /define DG_FAMILY_LEAST\s+(\d+)/;

like($directives, qr/is the score, 0 to $sum\./, 'the greatest score');
like($directives, qr/two families of $least points or more each/,
    'what throttle takes');
like($directives, qr/`block` takes a campaign and $linkage points of `linkage`/,
    'what block takes');
