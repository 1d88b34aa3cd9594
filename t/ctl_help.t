#!/usr/bin/perl

# distillctl tells the same of its commands, flags and exit statuses in --help,
# in its manual page, in its completion and in the document.

use strict;
use warnings;

use FindBin;
use Test::More;

use DistillGuard::Ctl;
use DistillGuard::Test;

my $t = DistillGuard::Test->new;
my $ctl = DistillGuard::Ctl->new($t);
my $doc = $t->read_file("$FindBin::Bin/../docs/distillctl.md");


sub printed {
    my (@args) = @_;

    my $run = $ctl->run(@args);

    local $Test::Builder::Level = $Test::Builder::Level + 1;
    is_deeply([ @$run{qw(status err)} ], [ 0, '' ], "@args");

    return join '', map { "$_\n" } @{ $run->{out} };
}


# ---- each command's help --------------------------------------------------

my (%help, %flags, %exit);
my @commands = printed('--help') =~ /^  ([a-z]+) /mg;

cmp_ok(scalar @commands, '>=', 15, 'there are commands');

for my $command (@commands) {
    my $text = $help{$command} = printed($command, '--help');

    $flags{$command} = [ $text =~ /^  (?:-h, )?(--?[a-z][a-z-]*)/mg ];

    my ($statuses) = $text =~ /^The exit status is\n(.*)\z/ms;

    $statuses =~ s/\n {5}/ /g;
    $exit{$command} = { $statuses =~ /^  (\d)  (.*)$/mg };

    is_deeply([ (sort keys %{ $exit{$command} })[0] ], [ 0 ],
        "$command: exit statuses");
    is($flags{$command}[-1], '--help', "$command: flags");
}


# a flag of the help is one that is taken: what is wrong is something else

for my $command (grep { $_ ne 'tune' && $_ ne 'replay' } @commands) {
    for my $flag (grep { /^--/ && $_ ne '--help' } @{ $flags{$command} }) {
        my $run = $ctl->run($command, $flag =~ /^--(?:all|once|json|as-node)$/
            ? $flag : ($flag, 'nonsense'), '--nonsense');

        like($run->{err}, qr/--nonsense|is no|nothing to sort|can be had/,
            "$command takes $flag");
        unlike($run->{err}, qr/option '$flag'/, '... as it is told');
    }
}


# ---- exit statuses --------------------------------------------------------

my @rows = map { { status => $_->[0], text => $_->[2],
        commands => $_->[1] eq 'all' ? [ @commands ]
            : [ $_->[1] =~ /`(\w+)`/g ] } }
    map { [ /^\| (\d) \| (.*) \| (.*) \|$/ ] } grep { /^\| \d \| / }
    split /\n/, $doc;

my %documented;

for my $row (@rows) {
    $documented{$_}{ $row->{status} } = $row->{text} for @{ $row->{commands} };
}

is_deeply(\%documented, \%exit, 'the document has the exit statuses');

my @AWAY = ('--redis', 'redis://127.0.0.1:' . $t->port('none'));

$t->write_file('strange', "{}\n");
$t->write_file('good', '');

for (
    [ 0, 'replay', $t->dir . '/good' ],
    [ 1, 'replay', $t->dir . '/strange' ],
    [ 2, 'replay', $t->dir . '/none' ],
    [ 2, 'release', 'key:1', '--for', '1h' ],
    [ 2, 'completion' ],
    [ 2, 'completion', 'fish' ],
    [ 2, 'man', 'page' ],
    [ 3, 'list', @AWAY ],
    [ 3, 'doctor', @AWAY ],
    [ 3, 'campaigns', @AWAY ],
) {
    my ($status, @args) = @$_;

    is($ctl->run(@args)->{status}, $status, "$status: @args");
    ok($exit{ $args[0] }{$status}, '... and the help says what that is');
}

if (-e '/dev/full') {
    is(system('bash', '-c', "$ENV{DG_CTL} man > /dev/full 2> /dev/null") >> 8,
        2, 'a page that cannot be written');
}


# ---- the manual page ------------------------------------------------------

SKIP: {
    skip('no groff') if system('command -v groff > /dev/null') != 0;

    my $page = $t->dir . '/distillctl.8';

    $t->write_file('distillctl.8', printed('man'));

    my $text = qx(LC_ALL=C.UTF-8 groff -man -Tutf8 -Wall -ww \\
        -P-c -P-b -P-u -P-o -rLL=400n $page 2>&1);

    is($?, 0, 'groff reads the page');
    unlike($text, qr/^(?:g?troff|groff|\Q$page\E|<standard)/m,
        '... and warns of nothing');

    for my $command (@commands) {
        my ($usage) = $help{$command} =~ /^usage: (.*)\n/;

        ok($text =~ /^ +\Q$usage\E$/m, "the page has $command");

        for my $flag (@{ $flags{$command} }) {
            ok($text =~ /^ +(?:-h, )?$flag(?: |$)/m, "... its $flag");
        }

        for my $status (sort keys %{ $exit{$command} }) {
            my $said = quotemeta $exit{$command}{$status};

            ok($text =~ /^ +$status +(?:[\w, ]*\b$command\b[\w, ]*: )?$said$/m,
                "... its status $status");
        }
    }

    like($text, qr/^ +LC_ALL=C sort -s -t, -k2,2 events\.log/m,
        'what is to be typed stays a line');
    like($text, qr/^ +DISTILL_GUARD_SENTINEL_PASSWORD_FILE$/m,
        'the environment is there');
}


# ---- bash -----------------------------------------------------------------

# what bash is told of the words of a line, the last of which is completed

sub completed {
    my (@words) = @_;

    open my $out, '-|', 'bash', '-c', <<'EOB', 'bash', $ENV{DG_CTL}, @words
        ctl=$1
        shift
        cd "$DG_WHERE" || exit
        source <("$ctl" completion bash)
        complete -p distillctl | grep -q -- '-F _distillctl' || exit
        COMP_WORDS=(distillctl "$@")
        COMP_CWORD=$#
        _distillctl distillctl "${COMP_WORDS[-1]}"
        printf '%s\n' "${COMPREPLY[@]}"
EOB
        or die "bash: $!\n";

    return [ grep { length } map { chomp; $_ } <$out> ];
}


$ENV{DG_WHERE} = $t->dir;

is_deeply(completed(''), \@commands, 'commands');
is_deeply(completed('b'), [ 'block' ], '... that begin so');
is_deeply([ sort @{ completed($_, '-') } ], [ sort @{ $flags{$_} } ],
    "flags of $_") for @commands;

my @kinds = qw(key: account: origin: asn: campaign: client:);

for (
    [ 'kinds of subjects', [ 'block', '' ], \@kinds ],
    [ '... behind a flag', [ 'explain', '--json', 'c' ],
        [ 'campaign:', 'client:' ] ],
    [ '... but not their ids', [ 'block', 'key', ':' ], [] ],
    [ '... begun', [ 'block', 'key', ':', '9f' ], [] ],
    [ 'a flag behind a subject', [ 'block', 'key', ':', '9f', '--f' ],
        [ '--for' ] ],
    [ 'none where there is no subject', [ 'list', '' ], $flags{list} ],
    [ 'kinds of top', [ 'top', '--kind', '' ],
        [ qw(key account origin asn campaign) ] ],
    [ '... begun', [ 'top', '--kind', 'a' ], [ qw(account asn) ] ],
    [ 'measures', [ 'top', '--by', '' ],
        [ qw(score output_tokens requests refused) ] ],
    [ '... behind =', [ 'top', '--by', '=', 'r' ],
        [ qw(requests refused) ] ],
    [ '... and nothing yet', [ 'top', '--by', '=' ],
        [ qw(score output_tokens requests refused) ] ],
    [ 'on and off', [ 'list', '--verify', 'o' ], [ qw(on off) ] ],
    [ 'files', [ 'replay', 'stra' ], [ 'strange' ] ],
    [ '... of a flag', [ 'list', '--conf', 'goo' ], [ 'good' ] ],
    [ 'nothing for free text', [ 'block', '--reason', '' ], [] ],
    [ 'shells', [ 'completion', '' ], [ qw(--help bash zsh) ] ],
    [ 'nothing of what is no command', [ 'nonsense', '' ], [] ],
) {
    my ($name, $words, $expected) = @$_;

    is_deeply(completed(@$words), $expected, $name);
}


# ---- zsh ------------------------------------------------------------------

my $zsh = printed('completion', 'zsh');

like($zsh, qr/'$_:/, "zsh: $_") for @commands;
like($zsh, qr/'--kind\[.*:KIND:\(key account origin asn campaign\)'/,
    'zsh: kinds of top');

SKIP: {
    skip('no zsh') if system('command -v zsh > /dev/null') != 0;

    $t->write_file('_distillctl', $zsh);
    is(system('zsh', '-n', $t->dir . '/_distillctl'), 0, 'zsh: reads it');
}
