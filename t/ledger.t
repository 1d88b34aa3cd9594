#!/usr/bin/perl

# The ledger of instructions: it counts the same whatever else runs, says which
# functions have them, and counts another revision beside this one.

use strict;
use warnings;

use Cwd qw(abs_path);
use File::Temp qw(tempdir);
use FindBin;
use POSIX qw(uname);
use Test::More;

use lib "$FindBin::Bin/bench";
use Corpus;
use Stages qw(base counts);
use Table qw(print_counts);

my $ROOT = abs_path("$FindBin::Bin/..");
my $build = $ENV{BUILD} // "$ROOT/build";
my $dir = tempdir('distill-guard-test-XXXXXX', TMPDIR => 1, CLEANUP => 1);

plan skip_all => 'no valgrind' unless `valgrind --version 2>/dev/null`;

system('make', '--silent', '--no-print-directory', '-C', $ROOT,
    "BUILD=$build", "$build/bench/stages") == 0
    or BAIL_OUT('the stages do not build');

Corpus::stages($dir);

my @runs = map { counts("$build/bench/stages", $dir) } 1 .. 2;
my @names = map { "$_->{title}" . ($_->{bytes} ? ", $_->{bytes} B" : '') }
    @{ $runs[0] };

cmp_ok(scalar @names, '>=', 12, 'there are stages');

for my $i (0 .. $#names) {
    my ($one, $two) = map { $_->[$i]{instructions} } @runs;

    cmp_ok(abs($one - $two), '<', $one * 0.001 + 1,
        "$names[$i]: counted again it is the same");
}

# What a byte may cost, with room for other compilers.  Where text is looked
# at byte by byte it is twice as much.

my %BUDGET = (
    'read a request, 16 kB'           => 7,
    'read a request, 159 kB'          => 6,
    'read a request of code, 19 kB'   => 12,
    'read a request of code, 188 kB'  => 11,
    'read an event of a stream, 0 kB' => 5,
);

SKIP: {
    skip 'not x86-64', scalar keys %BUDGET if (uname())[4] ne 'x86_64';

    my %spent = map { (sprintf('%s, %.0f kB', $_->{title}, $_->{bytes} / 1024)
        => $_->{instructions} / ($_->{bytes} || 1)) } @{ $runs[0] };

    cmp_ok($spent{$_} // 'inf', '<', $BUDGET{$_},
        "$_: less than $BUDGET{$_} instructions a byte")
        for sort keys %BUDGET;
}

my ($request) = grep { $_->{title} eq 'read a request' } @{ $runs[0] };
my $sum = 0;

$sum += $_->[1] for @{ $request->{top} };

cmp_ok($sum, '<=', $request->{instructions}, 'functions are parts of it');
cmp_ok($sum, '>', $request->{instructions} / 3, 'the largest ones');
ok(!(grep { $_->[0] !~ /\A\w[\w.]*\z/ } @{ $request->{top} }),
    'and have names');


# another revision beside it

SKIP: {
    skip 'no git', 3 if system("git -C $ROOT rev-parse HEAD >/dev/null 2>&1");

    local $ENV{BENCH_CFLAGS} = '-std=gnu99 -O0';
    my $base = base($build, 'HEAD');

    ok(-x $base, 'another revision is built');

    my $before = counts($base, $dir);

    cmp_ok($before->[1]{instructions}, '>', $request->{instructions} * 1.2,
        'and counted: without optimization there are more instructions');

    my $text = do {
        open my $out, '>', \my $printed or die;
        my $old = select $out;
        print_counts($runs[0], { revision => 'HEAD', counts => $before });
        select $old;
        $printed;
    };

    like($text, qr/^  read a request +\d+ B +\d+ +[\d.]+ a byte +\d+ +0\.\d\d$/m,
        'both are printed side by side, and the ratio');
}

done_testing();
