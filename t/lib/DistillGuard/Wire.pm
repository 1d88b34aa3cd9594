package DistillGuard::Wire;

# The network between nginx and a Redis, as it may be: a proxy that passes
# bytes on, or does to them what it is told.
#
#   my $wire = DistillGuard::Wire->new($t, 'wire', $redis->port);
#
#   $wire->mode('drip');      # replies come byte by byte
#   $wire->mode('garble');    # in some replies a byte is another
#   $wire->mode('lose');      # in some replies a byte is missing
#   $wire->mode('cut');       # the other end of connections that are there is
#                             # gone, and nobody was told; new ones are good
#   $wire->mode('refuse');    # connections are closed, and not made any more
#   $wire->mode('pass');
#
# nginx comes to port('wire').

use strict;
use warnings;

use IO::Select;
use IO::Socket::IP;
use Socket qw(AF_UNIX IPPROTO_TCP PF_UNSPEC SOCK_STREAM TCP_NODELAY);

my $CHUNK = 65536;
my $PAUSE = 0.00005;    # seconds: so that each byte is read by itself
my $LONG = 2048;        # bytes of what would take too long so
my $SPOILED = 0.2;      # of the replies


sub new {
    my ($class, $t, $name, $to) = @_;

    my $self = bless { port => $t->port($name), to => $to, mode => 'pass',
        peer => {}, dead => {} }, $class;

    socketpair my $ours, my $its, AF_UNIX, SOCK_STREAM, PF_UNSPEC
        or die "socketpair: $!\n";

    $self->_listen;
    $self->{server} = $t->background(sub {
        close $ours;
        $self->_serve($its);
        return 1;
    });

    close $self->{listen};
    close $its;
    $self->{control} = $ours;

    return $self;
}


# In force when this returns; how many replies were spoiled so far.

sub mode {
    my ($self, $mode) = @_;

    syswrite $self->{control}, "$mode\n" or die "the wire: $!\n";
    sysread $self->{control}, my $line, 100 or die "the wire has ended\n";

    return $line + 0;
}


sub _listen {
    my ($self) = @_;

    $self->{listen} = IO::Socket::IP->new(LocalHost => '127.0.0.1',
        LocalPort => $self->{port}, Listen => 50, ReuseAddr => 1)
        or die "listen: $@\n";
}


sub _serve {
    my ($self, $control) = @_;

    local $SIG{PIPE} = 'IGNORE';

    my $select = $self->{select} = IO::Select->new($control,
        $self->{listen});

    $self->{spoiled} = 0;

    while (1) {
        for my $ready ($select->can_read) {

            if ($ready == $control) {
                sysread $control, my $line, 100 or return;
                chomp $line;
                $self->_change($line);
                syswrite $control, "$self->{spoiled}\n";
                last;
            }

            if ($self->{listen} && $ready == $self->{listen}) {
                $self->_accept;

            } elsif (!$self->_pass($ready)) {
                $self->_close($ready);
            }
        }
    }
}


sub _change {
    my ($self, $mode) = @_;

    my @ends = map { $_->[0] } values %{ $self->{peer} };

    if ($mode eq 'cut') {
        $self->{select}->remove(@ends);
        $self->{dead}{$_} = $_ for @ends;
        $self->{peer} = {};
    }

    if ($mode eq 'refuse') {
        $self->{select}->remove($self->{listen});
        close delete $self->{listen};
        $self->_close($_) for @ends;

    } elsif (!$self->{listen}) {
        $self->_listen;
        $self->{select}->add($self->{listen});
    }

    $self->{mode} = $mode;
}


sub _accept {
    my ($self) = @_;

    my $from = $self->{listen}->accept // return;
    my $to = IO::Socket::IP->new(PeerHost => '127.0.0.1',
        PeerPort => $self->{to}) // return close $from;

    setsockopt $_, IPPROTO_TCP, TCP_NODELAY, 1 for $from, $to;

    # [end, other end, whether it is Redis]
    $self->{peer}{$from} = [ $from, $to, 0 ];
    $self->{peer}{$to} = [ $to, $from, 1 ];
    $self->{select}->add($from, $to);
}


# what there is to read; false if there is nothing any more

sub _pass {
    my ($self, $end) = @_;

    my (undef, $other, $is_redis) = @{ $self->{peer}{$end} // return 1 };

    sysread $end, my $bytes, $CHUNK or return 0;

    my $spoil = $is_redis && rand() < $SPOILED;

    if ($self->{mode} eq 'drip' && $is_redis) {
        my $every = length $bytes > $LONG ? 64 : 1;

        for my $at (0 .. length($bytes) - 1) {
            syswrite $other, substr $bytes, $at, 1 or return 0;
            select undef, undef, undef, $PAUSE if $at % $every == 0;
        }

        return 1;
    }

    if ($self->{mode} eq 'garble' && $spoil) {
        substr $bytes, rand length $bytes, 1, chr rand 256;
        $self->{spoiled}++;

    } elsif ($self->{mode} eq 'lose' && $spoil) {
        substr $bytes, rand length $bytes, 1, '';
        $self->{spoiled}++;
    }

    while (length $bytes) {
        my $n = syswrite $other, $bytes or return 0;
        substr $bytes, 0, $n, '';
    }

    return 1;
}


sub _close {
    my ($self, $end) = @_;

    my $ends = delete $self->{peer}{$end} or return;

    delete $self->{peer}{ $ends->[1] };

    for (@$ends[0, 1]) {
        $self->{select}->remove($_);
        close $_;
    }
}

1;
