package DistillGuard::Upstream;

# A stand-in for the inference servers that a guard stands before.  One
# process, HTTP/1.1 and 1.0, every dialect of DistillGuard::Dialect, steered
# by each request (see DistillGuard::Exchange), and a ledger of what was
# asked, said and delivered: a line of JSON for each exchange.

use strict;
use warnings;

use Carp qw(croak);
use Errno qw(EAGAIN EINTR);
use IO::Socket::IP;
use JSON::PP ();
use Socket qw(IPPROTO_TCP TCP_NODELAY SOMAXCONN);
use Time::HiRes qw(time);

use DistillGuard::Exchange;
use DistillGuard::Http;
use DistillGuard::Process;

my $LEDGER = '/_ledger';

my $BATCH = 16384;     # bytes gathered for one write
my $TURNS = 16;        # writes before another connection's turn
my $KEEP = 10000;      # exchanges that the ledger in memory holds


# port (0: any), host, log => file for the ledger, keep => exchanges that
# /_ledger remembers

sub new {
    my ($class, %opt) = @_;

    my $listen = IO::Socket::IP->new(
        LocalHost => $opt{host} // '127.0.0.1',
        LocalPort => $opt{port} // 0,
        Listen    => SOMAXCONN,
        ReuseAddr => 1,
    ) or croak "upstream: cannot listen: $@";

    $listen->blocking(0);

    my $self = bless {
        listen      => $listen,
        port        => $listen->sockport,
        log         => $opt{log},
        keep        => $opt{keep} // $KEEP,
        ledger      => [],
        connections => {},
        reading     => '',
        writing     => '',
    }, $class;

    vec($self->{reading}, fileno $listen, 1) = 1;

    return $self;
}


# In a process of its own: an object with port, pid, ledger, clear and stop.

sub spawn {
    my ($class, %opt) = @_;

    my $parent = $$;
    my $self = $class->new(%opt);

    $self->{process} = DistillGuard::Process->start(
        name => "upstream $self->{port}",
        run  => sub { $self->run(sub { getppid == $parent }) },
    );

    close delete $self->{listen};

    return $self;
}


sub port { $_[0]{port} }
sub pid { $_[0]{process}->pid }
sub stop { $_[0]{process}->stop('TERM') }


# its own count, as a list of exchanges that have ended, or the last $n

sub ledger {
    my ($self, $n) = @_;

    my $text = $self->_ask('GET', $n ? "?last=$n" : '')->{body};

    return map { JSON::PP::decode_json($_) } split /\n/, $text;
}


sub clear { $_[0]->_ask('DELETE', '') }


sub _ask {
    my ($self, $method, $query) = @_;

    my $connection = DistillGuard::Http->connect(port => $self->{port});

    return $connection->request({ method => $method, path => "$LEDGER$query",
        headers => { Connection => 'close' } });
}


# ---- the loop -------------------------------------------------------------

# Serves until told to end by a signal, or by $wanted, asked once a second.

sub run {
    my ($self, $wanted) = @_;

    my $stop = 0;
    local $SIG{TERM} = sub { $stop = 1 };
    local $SIG{INT} = $SIG{TERM};
    local $SIG{PIPE} = 'IGNORE';

    if (defined $self->{log}) {
        open $self->{log_fh}, '>>', $self->{log}
            or croak "upstream: $self->{log}: $!";
    }

    until ($stop) {
        my $ready = select(my $readable = $self->{reading},
            my $writable = $self->{writing}, undef, $self->_timeout);

        $self->_serve($readable, $writable) if $ready > 0;
        $self->_expire;

        last if $wanted && !$wanted->();
    }
}


sub _timeout {
    my ($self) = @_;

    my $due = time + 1;

    for (values %{ $self->{connections} }) {
        $due = $_->{due} if defined $_->{due} && $_->{due} < $due;
    }

    my $left = $due - time;

    return $left > 0 ? $left : 0;
}


sub _serve {
    my ($self, $readable, $writable) = @_;

    for my $c (values %{ $self->{connections} }) {
        $self->_pump($c) if vec($writable, $c->{fd}, 1);
        $self->_read($c) if $c->{fh} && vec($readable, $c->{fd}, 1);
    }

    return unless vec($readable, fileno $self->{listen}, 1);

    while (my $fh = $self->{listen}->accept) {
        $fh->blocking(0);
        $fh->setsockopt(IPPROTO_TCP, TCP_NODELAY, 1);

        my $fd = fileno $fh;
        $self->{connections}{$fd} = { fh => $fh, fd => $fd, in => '',
            out => '', pending => [] };
        vec($self->{reading}, $fd, 1) = 1;
        vec($self->{writing}, $fd, 1) = 0;
    }
}


sub _expire {
    my ($self) = @_;

    my $now = time;

    for my $c (values %{ $self->{connections} }) {
        next unless defined $c->{due} && $c->{due} <= $now;
        delete $c->{due};
        $self->_pump($c);
    }
}


sub _drop {
    my ($self, $c) = @_;

    my $x = delete $c->{x};
    $self->_record($x, 1) if $x;
    delete $c->{due};

    vec($self->{reading}, $c->{fd}, 1) = 0;
    vec($self->{writing}, $c->{fd}, 1) = 0;
    delete $self->{connections}{ $c->{fd} };
    close delete $c->{fh};
}


# ---- requests -------------------------------------------------------------

sub _read {
    my ($self, $c) = @_;

    my $n = sysread $c->{fh}, $c->{in}, 262144, length $c->{in};

    if (!$n) {
        return if !defined $n && ($! == EAGAIN || $! == EINTR);
        return $self->_drop($c);
    }

    $self->_next_request($c) unless $c->{x};
}


sub _next_request {
    my ($self, $c) = @_;

    my $r = $c->{request} //= _read_head($c) or return;

    if (!$r->{ok}) {
        $r->{close} = 1;

    } elsif (!_read_body($c, $r)) {
        return if !$r->{expects} || $c->{out} ne '';

        delete $r->{expects};
        $c->{out} = "HTTP/1.1 100 Continue\r\n\r\n";
        return $self->_write($c);
    }

    delete $c->{request};

    my $x = $c->{x} = DistillGuard::Exchange->new($r);

    $self->_show_ledger($x) if $r->{ok} && $x->{path} eq $LEDGER;
    $c->{due} = time + $x->{steer}{first} / 1000;
}


sub _read_head {
    my ($c) = @_;

    my $end = index $c->{in}, "\r\n\r\n";
    return if $end < 0;

    my ($first, @lines) = split /\r\n/, substr $c->{in}, 0, $end + 4, '';
    my %r = (headers => {}, body => '', first => $first, lines => \@lines);

    ($r{method}, $r{target}, $r{version})
        = $first =~ m{^([A-Z]+) (\S+) HTTP/(1\.[01])$};
    $r{ok} = defined $r{version};
    return \%r unless $r{ok};

    for (@lines) {
        my ($name, $value) = /^([^:\s]+):\s*(.*?)\s*$/ or next;
        $name = lc $name;
        $r{headers}{$name} = exists $r{headers}{$name}
            ? "$r{headers}{$name}, $value" : $value;
    }

    my $connection = lc($r{headers}{connection} // '');

    $r{close} = $connection eq 'close'
        || ($r{version} eq '1.0' && $connection ne 'keep-alive');
    $r{expects} = lc($r{headers}{expect} // '') eq '100-continue';
    $r{chunked} = lc($r{headers}{'transfer-encoding'} // '') eq 'chunked';
    $r{left} = $r{headers}{'content-length'} // 0;

    return \%r;
}


# True once the body is here.  Chunks are taken off the buffer as they come;
# {left} counts what is missing of the body, or of the chunk and its CRLF.

sub _read_body {
    my ($c, $r) = @_;

    if (!$r->{chunked}) {
        return if length $c->{in} < $r->{left};
        $r->{body} = substr $c->{in}, 0, $r->{left}, '';
        return 1;
    }

    while (1) {
        if ($r->{left} == 0) {
            return $c->{in} =~ s/\A(?:[^\r\n]+\r\n)*\r\n// if $r->{trailer};

            $c->{in} =~ s/\A([0-9a-fA-F]+)[^\r\n]*\r\n// or return;
            my $size = hex $1;

            $r->{trailer} = $size == 0;
            $r->{left} = $size + 2 if $size;
            next;
        }

        return if length $c->{in} < $r->{left};
        $r->{body} .= substr substr($c->{in}, 0, $r->{left}, ''), 0, -2;
        $r->{left} = 0;
    }
}


# ---- writing --------------------------------------------------------------

# Gathers what may be said now and sends it, as long as that goes; not for
# ever, as others wait.

sub _pump {
    my ($self, $c) = @_;

    for (1 .. $TURNS) {
        if ($c->{out} eq '') {
            my $x = $c->{x} or return;

            return if _gather($c, $x) eq 'later';
            return $self->_finish($c) if $c->{out} eq '';
        }

        $self->_write($c) or return;
    }

    $c->{due} = time;
}


sub _gather {
    my ($c, $x) = @_;

    while (length $c->{out} < $BATCH) {
        my $item = $x->next_item or last;

        if ($item->[3]) {
            last if $c->{out} ne '';

            $c->{due} = time + $item->[3] / 1000;
            $item->[3] = 0;
            return 'later';
        }

        $c->{out} .= $item->[0];
        push @{ $c->{pending} }, shift @{ $x->{queue} };
    }

    return 'now';
}


# One write; true when all is gone and more may follow at once.

sub _write {
    my ($self, $c) = @_;

    my $x = $c->{x};
    my $split = $x ? $x->{steer}{split} : 0;
    my $n = syswrite $c->{fh}, $c->{out}, $split || length $c->{out};

    if (!defined $n && $! != EAGAIN && $! != EINTR) {
        $self->_drop($c);
        return;
    }

    substr $c->{out}, 0, $n // 0, '';
    my $gone = $c->{out} eq '';

    if ($gone && $x) {
        $x->delivered(@{ $c->{pending} });
        $c->{pending} = [];
    }

    if ($split && defined $n && !($gone && !$x->next_item)) {
        $c->{due} = time + $x->{steer}{gap} / 1000;
        $gone = 0;

    } else {
        vec($self->{writing}, $c->{fd}, 1) = !$gone;
    }

    return $gone;
}


sub _finish {
    my ($self, $c) = @_;

    my $x = delete $c->{x};

    $self->_record($x, 0);

    return $self->_drop($c) if $x->{cut} || $x->{request}{close};

    $self->_next_request($c) if length $c->{in};
}


# ---- the ledger -----------------------------------------------------------

sub _record {
    my ($self, $x, $aborted) = @_;

    return if $x->{path} eq $LEDGER;

    my $line = $x->record($aborted) . "\n";

    syswrite $self->{log_fh}, $line if $self->{log_fh};

    my $ledger = $self->{ledger};
    push @$ledger, $line;
    shift @$ledger while @$ledger > $self->{keep};
}


# GET gives it, or the end of it with ?last=N; DELETE begins a new one

sub _show_ledger {
    my ($self, $x) = @_;

    my $ledger = $self->{ledger};
    my ($last) = $x->{request}{target} =~ /\?last=(\d+)$/;
    my $first = defined $last && $last < @$ledger ? @$ledger - $last : 0;

    $x->plain(200, 'application/x-ndjson',
        join '', @$ledger[$first .. $#$ledger]);

    @$ledger = () if $x->{request}{method} eq 'DELETE';
}

1;
