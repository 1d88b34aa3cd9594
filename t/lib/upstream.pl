#!/usr/bin/perl

# The stand-in upstream by itself:
#
#   upstream.pl [--port N] [--host ADDRESS] [--log FILE] [--keep N]
#
# It prints the port it listens on and serves until it gets SIGINT or SIGTERM.
# The ledger goes to the file; GET /_ledger shows the last --keep exchanges.

use strict;
use warnings;

use FindBin;
use Getopt::Long qw(GetOptions);

use lib $FindBin::Bin;
use DistillGuard::Upstream;

my %opt;
GetOptions(\%opt, 'port=i', 'host=s', 'log=s', 'keep=i') && !@ARGV
    or die "usage: upstream.pl [--port N] [--host ADDRESS] [--log FILE]"
    . " [--keep N]\n";

my $upstream = DistillGuard::Upstream->new(%opt);

$| = 1;
print $upstream->port, "\n";

$upstream->run;
