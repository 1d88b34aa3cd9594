package DistillGuard::Events;

# $distill_guard_event, read back from a log of its own: one object for each
# request that has ended, in that order.
#
#   my $events = DistillGuard::Events->new($t);
#
#   $t->conf($events->conf . 'server { ... }')->start;
#   ...
#   my $event = $events->next;

use strict;
use warnings;

use Carp qw(croak);
use Exporter qw(import);
use JSON::PP ();

our @EXPORT_OK = qw(facts);

my $PATIENCE = 10;

# when it was, and under which load
my @OF_TIME = qw(t ms);


sub new {
    my ($class, $t) = @_;

    return bless { t => $t, path => $t->dir . '/events.log', read => '' },
        $class;
}


# for the http block, before everything that is to be logged

sub conf {
    my ($self) = @_;

    return <<"EOF_CONF";
    log_format event escape=none '\$distill_guard_event';
    access_log $self->{path} event;
EOF_CONF
}


# What the next requests say.  A request that the guard does not stand in
# gives an empty object.

sub take {
    my ($self, $n) = @_;

    my @lines;

    $self->{t}->wait_for(sub {
        push @lines, $self->_line while @lines < $n && $self->_more;
        return @lines == $n;
    }, $PATIENCE, "$n events");

    return map { $self->_decode($_) } @lines;
}


sub next { return ($_[0]->take(1))[0] }


# those that are there and were not taken

sub rest {
    my ($self) = @_;

    my @lines;
    push @lines, $self->_line while $self->_more;

    return map { $self->_decode($_) } @lines;
}


# is there a whole line?

sub _more {
    my ($self) = @_;

    return 1 if index($self->{read}, "\n") >= 0;

    if (!$self->{fh}) {
        open $self->{fh}, '<:raw', $self->{path} or return;
    }

    1 while sysread $self->{fh}, $self->{read}, 65536, length $self->{read};

    return index($self->{read}, "\n") >= 0;
}


sub _line {
    my ($self) = @_;

    return substr $self->{read}, 0, index($self->{read}, "\n") + 1, '';
}


sub _decode {
    my ($self, $line) = @_;

    return {} if $line eq "\n";

    return eval { JSON::PP::decode_json($line) }
        // croak "an event that is not JSON: $line";
}


# the event but for what is another at each run

sub facts {
    my ($event) = @_;

    my %facts = %$event;
    delete @facts{@OF_TIME};

    return \%facts;
}

1;
