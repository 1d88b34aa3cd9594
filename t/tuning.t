#!/usr/bin/perl

# docs/tuning.md: its commands run, and print what it shows, but for numbers.
# With DG_UPDATE=1 what they print is put into the document.

use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use FindBin;
use Test::More;

my $ROOT = "$FindBin::Bin/..";
my $PATH = "$ROOT/docs/tuning.md";
my $BUILD = $ENV{BUILD} // "$ROOT/build";
my $ctl = abs_path($ENV{DG_CTL} // "$BUILD/distillctl");

die "DG_CTL must name distillctl: build it first\n" if !$ctl || !-x $ctl;

system('make', '--silent', '-C', $ROOT, 'trace') == 0
    or BAIL_OUT('no trace can be composed');

chdir "$BUILD/trace" or die "$BUILD/trace: $!\n";

local $ENV{PATH} = dirname($ctl) . ":$ENV{PATH}";
local $ENV{LC_ALL} = 'C';


sub slurp {
    my ($path) = @_;

    open my $fh, '<', $path or die "$path: $!\n";
    local $/;
    return scalar <$fh>;
}


sub save {
    my ($path, $text) = @_;

    open my $fh, '>', $path or die "$path: $!\n";
    print $fh $text;
    close $fh or die "$path: $!\n";
}


# numbers, ids and how far they are apart; a figure may be none

sub like_it {
    my ($text) = @_;

    $text =~ s/\b[0-9a-f]{32}\b/ID/g;
    $text =~ s/(?<![\w-])(?:-?\d[\d.,]*|-|none)(?![\w-])/N/g;
    $text =~ s/[ \t]+/ /g;
    $text =~ s/^ //mg;

    return $text;
}


my $doc = slurp($PATH);

# the settings that all others stand on are in the document themselves

my ($conf) = $doc =~ /^\$ cat guard\.conf\n(.*?)^(?:\$|```)/ms;
save('guard.conf', $conf);

my @parts = split /^(```\n\$ .*?^```\n)/ms, $doc;
my $ran = 0;

for my $block (grep { /^```\n\$ / } @parts) {
    my $new = "```\n";

    while ($block =~ /^\$ (.*)\n((?:(?!\$ |```).*\n)*)/mg) {
        my ($command, $shown) = ($1, $2);
        my $printed = qx($command);

        ok($? == 0 || $command =~ /grep -c/, $command)
            or diag("status $?");
        is(like_it($printed), like_it($shown), '... prints what is shown')
            unless $ENV{DG_UPDATE};

        $new .= "\$ $command\n$printed";
        $ran++;
    }

    $block = "$new```\n";
}

cmp_ok($ran, '>', 10, 'there are commands');

if ($ENV{DG_UPDATE}) {
    save($PATH, join '', @parts);
}

done_testing();
