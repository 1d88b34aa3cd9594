package DistillGuard::Memory;

# A zone as it lies in the memory of a process of nginx.

use strict;
use warnings;

use Carp qw(croak);

no warnings 'portable';    # addresses of 64 bits

my $PAGE = 4096;
my $BUSY = 4;       # offsets in the store
my $NODE = 16;


# the process, and the node's id in 32 hex digits

sub new {
    my ($class, $pid, $node) = @_;

    my $self = bless { pid => $pid, node => _id($node) }, $class;

    $self->_find;

    return $self;
}


# an id as it lies in memory

sub _id { return pack 'Q2', map { hex } $_[0] =~ /^(.{16})(.{16})$/ }


# The zone begins with its lock.  The store begins with its layout, whether it
# is being changed, its size and the node's id, and stands at the begin of a
# page.

sub _find {
    my ($self) = @_;

    open my $maps, '<', "/proc/$self->{pid}/maps" or croak "maps: $!";
    open $self->{mem}, '+<:raw', "/proc/$self->{pid}/mem" or croak "mem: $!";

    while (<$maps>) {
        next unless m{^([0-9a-f]+)-([0-9a-f]+) rw-s .*/dev/zero};
        my ($from, $to) = map { hex } $1, $2;

        my $block = $self->peek($from, $to - $from);

        for (my $at = 0; $at < length $block; $at += $PAGE) {
            next if substr($block, $at + $NODE, 16) ne $self->{node};

            @$self{qw(zone end store)} = ($from, $to, $from + $at);
            return;
        }
    }

    croak "the zone is not in the memory of $self->{pid}";
}


# addresses of the zone and of its store

sub places { return @{ $_[0] }{qw(zone store)} }


sub peek {
    my ($self, $from, $length) = @_;

    sysseek $self->{mem}, $from, 0 or croak "mem: $!";
    (sysread($self->{mem}, my $block, $length) // 0) == $length
        or croak "mem: $!";

    return $block;
}


sub _poke {
    my ($self, $at, $bytes) = @_;

    sysseek $self->{mem}, $at, 0 or croak "mem: $!";
    (syswrite($self->{mem}, $bytes) // 0) == length $bytes
        or croak "mem: $!";
}


# It is damaged as if a worker had died amid a change: the cell with this id is
# not where it belongs.  Nobody may be in the lock meanwhile.

sub damage {
    my ($self, $id) = @_;

    my $block = $self->peek($self->{store}, $self->{end} - $self->{store});
    my $at = index $block, _id($id);

    croak "there is no $id" if $at < 0;

    $self->_poke($self->{store} + $at, "\xff" x 16);
    $self->_poke($self->{store} + $BUSY, pack 'L', 1);
}

1;
