#!/usr/bin/perl

# A cohort of accounts, as distillctl replay judges it, and the thresholds that
# distillctl tune proposes for it.

use strict;
use warnings;

use Test::More;

use DistillGuard::Replay qw($FRAME $json raw replay run settings told words);

my $t = DistillGuard::Replay::harness();


# Sixty accounts of one template, which take turns, and forty whose words are
# their own.

my %COHORT = (from => 1_790_000_000, rounds => 30, pool => 60, honest => 40);


sub cohort {
    my %usage = (usage => { input_tokens => 90, output_tokens => 700 });
    my @lines;

    srand 11;

    for my $round (0 .. $COHORT{rounds} - 1) {
        for my $i (1 .. $COHORT{pool} + $COHORT{honest}) {
            my $pool = $i <= $COHORT{pool};
            my $text = $pool ? sprintf $FRAME, words(20) : words(50);

            push @lines, raw($COHORT{from} + $round * 300 + $i, "sk-cohort-$i",
                label => $pool ? 'pool' : 'honest', done =>
                $COHORT{from} + $round * 300 + $i + 0.5, body => {
                    model => 'm', messages => [ { role => 'user',
                        content => $text } ] }, %usage);
        }
    }

    return map { "$_\n" } @lines;
}


# the table that tune ends with: exchanges, accounts, of these tagged, paced
# and refused, campaigns and members

sub fates {
    my ($run) = @_;

    return map { /^#   (".*?")\s+(.*\S)$/ ? ($1 => [ split /[\s|]+/, $2 ])
        : () } @{ $run->{out} };
}

my $SIGNALS = <<'EOF_CONF';
    distill_guard_signal template soft=5 hard=40;
    distill_guard_signal balance soft=3 hard=1.5 points=25;
    distill_guard_action throttle score=45 rate=2/d;
EOF_CONF

my $cohort = join '', cohort();

{
    my $run = replay($cohort, '--campaigns', '--summary', settings($SIGNALS));
    my @told = map { $json->decode($_) } @{ $run->{out} };
    my @campaigns = grep { exists $_->{accounts} } @told;
    my @judged = grep { exists $_->{verdict} } @told;

    is($run->{status}, 0, 'a cohort: is understood');
    is(scalar @judged, 3000, 'a cohort: a line for each');
    is(scalar @campaigns, 1, 'a cohort: one campaign');
    ok(exists $told[-1]{accounts}, 'a cohort: at the end');

    my ($campaign) = @campaigns;
    my %of = map { $_->{account} => $_->{label} } @judged;

    is(scalar @{ $campaign->{accounts} }, $COHORT{pool},
        'a cohort: all of its accounts');
    is_deeply([ sort @{ $campaign->{accounts} } ], $campaign->{accounts},
        'a cohort: in order');
    is_deeply($campaign->{labels},
        [ map { $of{$_} } @{ $campaign->{accounts} } ],
        'a cohort: and their labels');

    my @refused = grep { $_->{verdict} eq 'THROTTLE' } @judged;
    my @tagged = grep { $_->{verdict} eq 'TAG' } @judged;
    my @paced = grep { $_->{verdict} eq 'PACE' } @judged;

    is_deeply([ map { $_->{label} } grep { $_->{verdict} ne 'PASS' } @judged ],
        [ ('pool') x (@refused + @tagged + @paced) ],
        'a cohort: nobody else is touched');
    cmp_ok(scalar @refused, '>', 900, 'a cohort: it is refused');
    is(scalar(grep { !$_->{retry_after} } @refused), 0,
        'a cohort: until when');
    is(scalar(grep { $_->{pace} != 20 } @paced), 0, 'a cohort: or slowed');
    is(scalar(grep { exists $_->{pace} } @judged), @paced,
        'a cohort: where it is');
    is(scalar(grep { $_->{campaign} ne $campaign->{campaign} } @refused), 0,
        'a cohort: as one campaign');

    my ($limit, @signals) = @{ $refused[-1]{reasons} };

    is($limit->{limit}, 'campaign requests=2/d', 'a cohort: by one bucket');

    my %signal = map { $_->{signal} => $_ } @signals;
    my $template = $signal{template};

    is_deeply([ sort keys %$template ],
        [ qw(hard points signal soft value window) ], 'a cohort: a reason');
    is_deeply([ @$template{qw(soft hard points window)} ],
        [ 5, 40, 40, 14 * 86400 ], 'a cohort: as it is set');
    cmp_ok(abs($template->{value} - $COHORT{pool}), '<', 6,
        'a cohort: as many as there are');
    ok($signal{balance}, 'a cohort: of two families');
    cmp_ok($refused[-1]{score}, '>=', 45, 'a cohort: the score');

    my %row = map { /^(\S+)\s+(.*\S)$/ ? ($1 => [ split /[\s|]+/, $2 ]) : () }
        split /\n/, $run->{err};

    is_deeply([ @{ $row{'"pool"'} }[ -4 .. -1 ] ],
        [ $COHORT{pool}, $COHORT{pool}, 1, $COHORT{pool} ],
        'a cohort: in the summary');
    is_deeply([ @{ $row{'"honest"'} }[ -4 .. -1 ] ],
        [ $COHORT{honest}, 0, 0, 0 ], 'a cohort: and who is not');
    is($row{'"pool"'}[1], scalar @refused, 'a cohort: what is refused');

    is_deeply(replay($cohort, '--campaigns', '--summary',
        settings($SIGNALS)), $run, 'a cohort: a second time the same');

    # what became of each account where labels are not told

    is_deeply([ told([ split /\n/, $cohort ], settings($SIGNALS)) ],
        \@judged, 'a cohort: whether campaigns are asked for or not');
}

{
    my $trace = $t->write_file('cohort', $cohort . "nonsense\n");
    my $told = $t->dir . '/tuned.conf';
    my $tune = sub {
        my $run = run('tune', '', @_);

        $t->write_file('tuned.conf', join '', map { "$_\n" }
            @{ $run->{out} });

        return $run;
    };

    my $run = $tune->(settings($SIGNALS), $trace);
    my @directives = grep { /^distill_guard_signal / } @{ $run->{out} };
    my $text = join "\n", @{ $run->{out} };

    is($run->{status}, 1, 'tune: a line is wrong');
    is(scalar(() = $run->{err} =~ /cohort:3001: /g), 1, 'tune: told once');
    is(scalar @directives + (() = $text =~ /^#distill_guard_signal /mg), 17,
        'tune: a directive for each signal');

    my %about = $text =~ /^# (\w+): (.*\n(?:#.*\n)+)/mg;

    like($about{template}, qr/^#   +50 %: 6\d, .* all: 6\d$/m,
        'tune: quantiles of a signal');
    like($about{template}, qr/^#   0 of 100 would have given points$/m,
        'tune: and for how many it is');
    like($text, qr/^distill_guard_signal template soft=6\d hard=2\d\d;$/m,
        'tune: which it makes room for');
    like($text, qr/^#distill_guard_signal balance /m,
        'tune: what is doubtful is a comment');
    my %fates = fates($run);

    is_deeply([ @{ $fates{'"pool"'} }[ 0, 1 ] ], [ 1800, $COHORT{pool} ],
        'tune: what it would have done');
    is_deeply($fates{'"honest"'}, [ 1200, $COHORT{honest}, (0) x 8 ],
        'tune: and to whom not');

    # what it says can be pasted

    my $judged = replay($cohort, '-c', $told);
    is_deeply([ $judged->{status}, $judged->{err} ], [ 0, '' ],
        'tune: replay takes it');

    $run = $tune->('-c', $t->write_file('guard.conf',
        'distill_guard_signal shift off; distill_guard_signal repeat '
        . 'points=3; distill_guard_limit key requests=10/d;'), $trace);

    is(scalar(grep { $_ eq 'distill_guard_signal shift off;' }
        @{ $run->{out} }), 1, 'tune: what is off stays off');
    is(scalar(grep { /^distill_guard_signal repeat .* points=3;$/ }
        @{ $run->{out} }), 1, 'tune: and what is set is kept');

    # of what the limit refuses nothing was missed

    like(join("\n", @{ $run->{out} }), qr/^# From 3000 exchanges/m,
        'tune: nothing is refused at first');
    is_deeply({ fates($run) }->{'"honest"'}, [ 1200, $COHORT{honest},
        (0) x 4, 800, $COHORT{honest}, 0, 0 ],
        'tune: and then what would have been');

    my ($good, $said) = $t->conf_test(<<"EOF_CONF");
    distill_guard_zone zone=guard:1m;
    distill_guard_secret @{[ $t->dir ]}/secret;
    distill_guard enforce;
    include $told;
EOF_CONF

    ok($good, 'tune: nginx takes it') or diag $said;

    for (
        [ 'no file', qr/reads the trace twice: give it a file/ ],
        [ 'standard input', qr/cannot do with standard input/, '-' ],
        [ 'a directory', qr/cannot do with \S+: give it a file/, $t->dir ],
        [ 'a missing file', qr/cannot open .*No such file/, 'missing' ],
        [ 'an unknown option', qr/^usage: distillctl tune /m, '--nonsense' ],
        [ 'bad settings', qr/guard\.conf:1: /, '-c',
            $t->write_file('guard.conf', 'x;'), $trace ],
    ) {
        my ($name, $said, @args) = @$_;

        $run = run('tune', $cohort, @args);
        is_deeply([ $run->{status}, $run->{out} ], [ 2, [] ], "tune: $name");
        like($run->{err}, $said, "tune: $name is told");
    }

    like(join("\n", @{ run('tune', '', '--help')->{out} }),
        qr/^usage: distillctl tune/, 'tune: help');
}
