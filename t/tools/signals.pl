#!/usr/bin/perl

# "make eval-signals": what is each signal there for?  Each is turned off in
# turn; then its own unit tests must fail, and some row of the evaluation must
# be worse.
#
# From the environment: as of t/eval/run, but SCENES are those with campaigns
# and EVAL is quick unless they are said; SIGNALS (names with commas between:
# only these).  The exit status is 1 if a signal's test does not miss it, or
# with --strict if no row does.

use strict;
use warnings;

use File::Path qw(make_path);
use FindBin;
use JSON::PP ();

# A row is worse if as much more of what was wanted had that fate, and so many
# exchanges.
my $MORE = 0.02;
my $LEAST = 10;

my $ROOT = "$FindBin::Bin/../..";
my $STRICT = grep { $_ eq '--strict' } @ARGV;

my $build = $ENV{BUILD} // "$ROOT/build";
my ($cc) = ($ENV{CC} // 'gcc') =~ /(\S+)$/;
my @unit = glob "$build/unit/$cc/signal_*_test";
my $composer = "$build/eval/compose";

# fates of what a campaign asks for, as exchanges of the worst seed: was let
# pass as everybody's; was answered at all; was answered to an account that
# was not linked
my %FATES = (
    untouched => sub { $_[0]{harvest}{pass} },
    answered  => sub { $_[0]{got} },
    unlinked  => sub { $_[0]{unlinked} },
);

die "there are no unit tests of signals: make eval-signals\n" unless @unit;

$ENV{EVAL} //= 'quick';
$ENV{SCENES} //= join ',', grep { !/^(?:quiet|recorded)$/ }
    map { (split)[0] } `$composer -l scenes`;

$| = 1;
exit main();


sub main {
    my @signals = signals();
    my %wanted = map { $_ => 1 } split /[\s,]+/, $ENV{SIGNALS} // '';

    die "SIGNALS: there is no ", join(', ', sort keys %wanted), "\n"
        if %wanted && !(@signals = grep { delete $wanted{$_} } @signals)
        || %wanted;

    my $all = evaluation('all', '');
    my ($idle, $missed) = (0, 0);

    printf "%-15s%9s  %s\n", 'without', 'its tests',
        'rows of the evaluation that are worse, in exchanges';

    for my $signal (@signals) {
        my @cases = cases($signal);
        my @worse = worse($all, evaluation($signal,
            "distill_guard_signal $signal off;\n"));

        printf "%-15s%9s  %s\n", $signal, @cases . ' fail',
            shift(@worse) // 'none';
        print ' ' x 26, "$_\n" for @worse[0 .. ($#worse < 3 ? $#worse : 3)];
        print ' ' x 26, 'and ', @worse - 4, " more\n" if @worse > 4;

        $missed++ if !@cases;
        $idle++ if !@worse;
    }

    return $missed || $STRICT && $idle ? 1 : 0;
}


sub slurp {
    my ($path) = @_;

    open my $fh, '<', $path or die "$path: $!\n";
    local $/;
    return scalar <$fh>;
}


sub signals {
    my $source = slurp("$ROOT/ngx_distill_guard_module/core/dg_signal.c");

    return $source =~ /\{ dg_string\("(\w+)"\), DG_FAMILY_/g;
}


# the cases of its own that fail without it

sub cases {
    my ($signal) = @_;

    local $ENV{DG_SIGNAL_OFF} = $signal;

    return grep { /^not ok \d+ - $signal: / } map { `$_` } @unit;
}


# the evaluation's campaigns by name, with these lines in its configuration

sub evaluation {
    my ($name, $lines) = @_;

    my $dir = "$build/eval-signals/$name";

    make_path("$dir/eval");
    unlink "$dir/eval/compose";
    symlink $composer, "$dir/eval/compose" or die "$dir: $!\n";

    open my $fh, '>', "$dir/guard.conf" or die "$dir/guard.conf: $!\n";
    print $fh slurp("$ROOT/t/eval/guard.conf"), $lines;
    close $fh or die "$dir/guard.conf: $!\n";

    local $ENV{DG_CTL} = $ENV{DG_CTL} // "$build/distillctl";
    local @ENV{qw(BUILD CONF)} = ($dir, "$dir/guard.conf");

    system("$ROOT/t/eval/run > $dir/report 2>&1") == 0
        or die "the evaluation failed:\n", slurp("$dir/report");

    my $result = JSON::PP->new->decode(slurp("$dir/eval/result.json"));

    return { map { $_->{name} => $_->{worst} } @{ $result->{campaigns} } };
}


# the greatest difference first

sub worse {
    my ($with, $without) = @_;

    my @rows;

    for my $name (keys %$with) {
        my ($one, $other) = ($with->{$name}, $without->{$name});

        for my $fate (keys %FATES) {
            my ($was, $is) = map { $FATES{$fate}->($_) } $one, $other;
            my $share = ($is - $was) / ($one->{wanted} || 1);

            push @rows, [ $share, sprintf '%s %s %d, not %d', $name, $fate,
                $is, $was ] if $share >= $MORE && $is - $was >= $LEAST;
        }
    }

    return map { $_->[1] } sort { $b->[0] <=> $a->[0] || $a->[1] cmp $b->[1] }
        @rows;
}
