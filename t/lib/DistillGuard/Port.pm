package DistillGuard::Port;

# Ports of 127.0.0.1 on which nobody listens.

use strict;
use warnings;

use Exporter qw(import);
use IO::Socket::IP;
use Socket qw(AF_UNIX SOCK_STREAM pack_sockaddr_un);

our @EXPORT_OK = qw(free_port);

my $FIRST = 10000;    # below those the kernel gives to clients
my $LAST = 29999;

my @locks;


# The port is held against other processes that ask here by a socket in the
# abstract namespace, which goes when we do.

sub free_port {
    for (1 .. 1000) {
        my $port = $FIRST + int rand($LAST - $FIRST + 1);

        socket my $lock, AF_UNIX, SOCK_STREAM, 0 or die "socket: $!\n";
        bind $lock, pack_sockaddr_un("\0distill-guard-port-$port") or next;

        my $probe = IO::Socket::IP->new(LocalHost => '127.0.0.1',
            LocalPort => $port, Listen => 1) or next;
        close $probe;

        push @locks, $lock;
        return $port;
    }

    die "no free port\n";
}

1;
