#!/usr/bin/perl

# The form of C sources that no compiler checks: 80 columns, no tabs, no
# trailing space, no // comments. Arguments are files and directories.

use strict;
use warnings;

use File::Find qw(find);

my @files;
my $bad = 0;

find({ no_chdir => 1,
       preprocess => sub { grep { $_ ne 'node_modules' } @_ },
       wanted => sub { push @files, $_ if -f && /\.[ch]\z/ } },
     grep { -e } @ARGV);

for my $file (sort @files) {
    open my $in, '<:encoding(UTF-8)', $file or die "$file: $!\n";
    my $text = do { local $/; <$in> };
    close $in;

    my $line = 0;

    for (split /\n/, $text) {
        $line++;
        complain($file, $line, 'longer than 80 columns') if length > 80;
        complain($file, $line, 'has a tab') if /\t/;
        complain($file, $line, 'ends in white space') if /\s\z/;
    }

    complain($file, $line, 'has no newline at its end')
        if length $text && $text !~ /\n\z/;

    # comments and literals are stepped over, so that what is left of
    # the slashes is a comment of the unwanted kind

    while ($text =~ m{ /\* .*? \*/
                     | " (?: [^"\\\n] | \\. )* "
                     | ' (?: [^'\\\n] | \\. )* '
                     | ( // ) }gsx)
    {
        next unless defined $1;
        my $before = substr $text, 0, $-[1];
        complain($file, 1 + ($before =~ tr/\n//), 'has a // comment');
    }
}

exit($bad ? 1 : 0);


sub complain {
    my ($file, $line, $what) = @_;

    print STDERR "$file:$line: $what\n";
    $bad++;
}
