package DistillGuard::Http;

# A raw HTTP client that sends bytes exactly as told and notes when each byte
# of the answer came.
#
# connect(port => N | unix => PATH) gives a connection, on which request() can
# be called again and again; http2() goes through curl.

use strict;
use warnings;

use Carp qw(croak);
use File::Temp;
use IO::Select;
use IO::Socket::IP;
use IO::Socket::UNIX;
use JSON::PP;
use Socket qw(IPPROTO_TCP TCP_NODELAY);
use Time::HiRes qw(time);

my $TIMEOUT = 20;


sub connect {
    my ($class, %opt) = @_;

    my $socket;

    if (defined $opt{unix}) {
        $socket = IO::Socket::UNIX->new(Peer => $opt{unix});

    } else {
        $socket = IO::Socket::IP->new(
            PeerHost  => $opt{host} // '127.0.0.1',
            PeerPort  => $opt{port} // croak('no port'),
            LocalHost => $opt{from},
        );
        $socket->setsockopt(IPPROTO_TCP, TCP_NODELAY, 1) if $socket;
    }

    croak "cannot connect to " . ($opt{unix} // $opt{port}) . ": $!"
        unless $socket;

    $socket->blocking(0);

    return bless { socket => $socket, in => '' }, $class;
}


sub close {
    my ($self) = @_;

    CORE::close(delete $self->{socket}) if $self->{socket};
}


# The request is raw bytes, or {method, path, headers => {} or [name, value,
# ...], body, chunked, version}.  Options:
#   pieces     => [[bytes, pause], ...]  the body (with raw bytes: all that is
#                 sent) in pieces, and the seconds of silence after each
#   split      => N, pause => seconds    the same, cut evenly
#   timeout    => seconds for the whole exchange
#   until      => qr//  leave as soon as the body received matches
#   send_all   => 1     go on sending when the answer is there already

sub request {
    my ($self, $request, %opt) = @_;

    croak 'the connection is closed' unless $self->{socket};

    my @pieces = _pieces($request, %opt);
    my $head = @pieces && $pieces[0][0] =~ /^HEAD /;

    return $self->_exchange(\@pieces,
        DistillGuard::Http::Response->new($head), %opt);
}


sub _pieces {
    my ($request, %opt) = @_;

    my $plain = !ref $request;
    my $body = ($plain ? $request : $request->{body}) // '';

    my @pieces = $opt{pieces} ? map { [@$_] } @{ $opt{pieces} }
        : $opt{split} ? map { [ $_, $opt{pause} ] }
            unpack "(a$opt{split})*", $body
        : length $body ? [$body] : ();

    return @pieces if $plain;

    my $length = 0;
    $length += length $_->[0] for @pieces;

    if ($request->{chunked}) {
        $_->[0] = sprintf "%x\r\n%s\r\n", length $_->[0], $_->[0] for @pieces;
        push @pieces, ["0\r\n\r\n"];
    }

    return [ _head($request, $length) ], @pieces;
}


sub _head {
    my ($request, $length) = @_;

    my $method = $request->{method} // ($length ? 'POST' : 'GET');
    my $version = $request->{version} // '1.1';
    my @headers = _headers($request);
    my %given = map { lc $_->[0] => 1 } @headers;

    unshift @headers, [ 'Host', 'localhost' ] unless $given{host};

    if ($request->{chunked}) {
        push @headers, [ 'Transfer-Encoding', 'chunked' ];

    } elsif (!$given{'content-length'} && ($length || $method eq 'POST')) {
        push @headers, [ 'Content-Length', $length ];
    }

    return join "\r\n", "$method $request->{path} HTTP/$version",
        (map { "$_->[0]: $_->[1]" } @headers), '', '';
}


sub _headers {
    my ($request) = @_;

    my $given = $request->{headers} // [];
    my @flat = ref $given eq 'HASH'
        ? map { $_ => $given->{$_} } sort keys %$given : @$given;
    my @pairs;

    push @pairs, [ splice @flat, 0, 2 ] while @flat;

    return @pairs;
}


# Sends and reads at once, so that an answer that comes early is seen early.

sub _exchange {
    my ($self, $pieces, $response, %opt) = @_;

    local $SIG{PIPE} = 'IGNORE';

    my $socket = $self->{socket};
    my $select = IO::Select->new($socket);
    my $deadline = time + ($opt{timeout} // $TIMEOUT);
    my ($out, $pause, $next) = ('', 0, 0);

    $response->feed(time, delete $self->{in}) if length $self->{in};
    $self->{in} = '';

    while (!$response->{complete} || ($opt{send_all} && @$pieces)) {
        my $now = time;

        croak "no complete answer in time, only: "
            . substr($response->{raw}, 0, 500) if $now > $deadline;

        if ($out eq '' && @$pieces && $now >= $next) {
            ($out, $pause) = @{ shift @$pieces };
        }

        my $wait = $deadline - $now;
        $wait = $next - $now if @$pieces && $next > $now && $next < $deadline;

        my ($readable, $writable) = IO::Select->select($select,
            $out eq '' ? undef : $select, undef, $wait);

        if ($writable && @$writable) {
            my $n = syswrite($socket, $out);

            if (defined $n) {
                substr($out, 0, $n, '');
                $next = time + ($pause // 0) if $out eq '';

            } elsif (!$!{EAGAIN}) {
                ($out, @$pieces) = ('');    # it will not hear us any more
            }
        }

        if ($readable && @$readable) {
            my $n = sysread($socket, my $bytes, 65536);

            if ($n) {
                $response->feed(time, $bytes);

            } elsif (defined $n || !$!{EAGAIN}) {
                $response->eof;
                $self->close;
                return $response;
            }
        }

        if ($opt{until} && $response->{body} =~ $opt{until}) {
            $response->{left} = 1;
            $self->close;
            return $response;
        }
    }

    $self->{in} = $response->rest;

    # what was not sent would be taken for the next request
    $self->close if @$pieces || $out ne '' || $response->closing;

    return $response;
}


# The same request over HTTP/2 with prior knowledge.  {exit} is curl's status:
# not 0 when the stream was broken off.

sub http2 {
    my ($class, $request, %opt) = @_;

    my $method = $request->{method} // (defined $request->{body}
        ? 'POST' : 'GET');
    my @body;
    my $file;

    if (defined $request->{body}) {
        $file = File::Temp->new;
        binmode $file;
        print $file $request->{body};
        $file->flush;
        @body = ('--data-binary', "\@$file", '-H', 'Expect:');
    }

    my @headers = map { ('-H', $_->[1] eq '' ? "$_->[0];"
        : "$_->[0]: $_->[1]") } _headers($request);

    my @command = ('curl', '-q', '-sN', '--http2-prior-knowledge', '-D', '-',
        '--max-time', $opt{timeout} // $TIMEOUT,
        $method eq 'HEAD' ? '-I' : ('-X', $method), @headers, @body,
        "http://127.0.0.1:$opt{port}$request->{path}");

    open my $curl, '-|', @command or croak "curl: $!";
    binmode $curl;

    my $response = DistillGuard::Http::Response->new($method eq 'HEAD', 1);

    while (sysread $curl, my $bytes, 65536) {
        $response->feed(time, $bytes);
    }

    $response->eof;
    CORE::close($curl);
    $response->{exit} = $? >> 8;

    return $response;
}


package DistillGuard::Http::Response;

# {status, reason, version, headers => {lower-case name => value},
#  header_list => [[name, value], ...], interim => [status, ...], body, raw,
#  times => [[time, raw bytes], ...], body_times => [[time, body bytes], ...],
#  complete, closed, left}

use strict;
use warnings;

# one step of reading each; false when it needs more bytes
my %STEP = (
    head     => \&_read_head,
    length   => \&_read_length,
    size     => \&_read_size,
    chunk    => \&_read_length,
    trailer  => \&_read_trailer,
    eof      => \&_read_all,
);


sub new {
    my ($class, $head, $to_end) = @_;

    return bless { head => $head, to_end => $to_end, state => 'head',
        in => '', raw => '', body => '', headers => {}, header_list => [],
        interim => [], times => [], body_times => [] }, $class;
}


sub feed {
    my ($self, $time, $bytes) = @_;

    $self->{raw} .= $bytes;
    $self->{in} .= $bytes;
    $self->{now} = $time;
    push @{ $self->{times} }, [ $time, $bytes ];

    while (!$self->{complete}) {
        last unless $STEP{ $self->{state} }->($self);
    }
}


sub eof {
    my ($self) = @_;

    $self->{closed} = 1;
    $self->{complete} = 1 if $self->{state} eq 'eof';
}


# what came after the end of this answer belongs to the next

sub rest {
    my ($self) = @_;

    my $rest = $self->{in};

    $self->{in} = '';
    substr($self->{raw}, length($self->{raw}) - length $rest) = '';

    return $rest;
}


sub closing {
    my ($self) = @_;

    my $connection = lc($self->{headers}{connection} // '');

    return $connection eq 'close'
        || ($self->{version} eq '1.0' && $connection ne 'keep-alive');
}


sub _read_head {
    my ($self) = @_;

    $self->{in} =~ s/\A(.*?)\r\n\r\n//s or return;
    my ($first, @lines) = split /\r\n/, $1;

    @$self{qw(version status reason)}
        = $first =~ m{^HTTP/([\d.]+) (\d{3}) ?(.*)$}
        or die "not an answer: $first\n";

    my @list = map { [ /^([^:]+):\s*(.*?)\s*$/ ] } @lines;

    if ($self->{status} < 200) {
        push @{ $self->{interim} }, $self->{status};
        return 1;
    }

    $self->{header_list} = \@list;

    my $headers = $self->{headers};
    for (@list) {
        my ($name, $value) = (lc $_->[0], $_->[1]);
        $headers->{$name} = defined $headers->{$name}
            ? "$headers->{$name}, $value" : $value;
    }

    if ($self->{head} || $self->{status} =~ /^(?:204|304)$/) {
        $self->{complete} = 1;

    } elsif ($self->{to_end}) {
        $self->{state} = 'eof';

    } elsif (lc($headers->{'transfer-encoding'} // '') eq 'chunked') {
        $self->{state} = 'size';

    } elsif (defined $headers->{'content-length'}) {
        $self->{state} = 'length';
        $self->{left_over} = $headers->{'content-length'};
        $self->{complete} = 1 if $self->{left_over} == 0;

    } else {
        $self->{state} = 'eof';
    }

    return 1;
}


sub _take {
    my ($self, $n) = @_;

    my $bytes = substr($self->{in}, 0, $n, '');

    $self->{body} .= $bytes;
    push @{ $self->{body_times} }, [ $self->{now}, $bytes ];

    return length $bytes;
}


sub _read_all {
    my ($self) = @_;

    return $self->{in} ne '' && $self->_take(length $self->{in});
}


sub _read_length {
    my ($self) = @_;

    if ($self->{left_over} > 0) {
        return if $self->{in} eq '';
        $self->{left_over} -= $self->_take($self->{left_over});
        return 1 if $self->{left_over} > 0;
    }

    if ($self->{state} eq 'length') {
        $self->{complete} = 1;
        return;
    }

    $self->{in} =~ s/\A\r\n// or return;
    $self->{state} = 'size';

    return 1;
}


sub _read_size {
    my ($self) = @_;

    $self->{in} =~ s/\A([0-9a-fA-F]+)[^\r\n]*\r\n// or return;

    $self->{left_over} = hex $1;
    $self->{state} = $self->{left_over} ? 'chunk' : 'trailer';

    return 1;
}


sub _read_trailer {
    my ($self) = @_;

    $self->{complete} = 1 if $self->{in} =~ s/\A(?:[^\r\n]+\r\n)*\r\n//;

    return;
}


sub header { $_[0]{headers}{ lc $_[1] } }


# the body without its compression

sub content {
    my ($self) = @_;

    return $self->{body} if ($self->header('Content-Encoding') // '')
        ne 'gzip';

    require IO::Uncompress::Gunzip;
    IO::Uncompress::Gunzip::gunzip(\$self->{body}, \my $content)
        or die "the body is not gzip\n";

    return $content;
}


sub json {
    my ($self) = @_;

    my $data = eval { JSON::PP::decode_json($self->content) };
    die "not JSON: $self->{body}\n" unless defined $data;

    return $data;
}


# [[time of its last byte, text], ...] of the events of a stream, or of its
# lines with events(qr/\n/)

sub events {
    my ($self, $end) = @_;

    $end //= qr/\r?\n\r?\n/;

    my ($buffer, @events) = ('');

    for (@{ $self->{body_times} }) {
        my ($time, $bytes) = @$_;
        $buffer .= $bytes;
        push @events, [ $time, $1 ] while $buffer =~ s/\A(.*?)$end//s;
    }

    push @events, [ $self->{body_times}[-1][0], $buffer ] if $buffer ne '';

    return @events;
}


# the decoded data of a stream's events, in any of the framings in use

sub data {
    my ($self) = @_;

    my $content = $self->content;

    return @{ JSON::PP::decode_json($content) } if $content =~ /\A\s*\[/;

    my @texts = $content =~ /^(?:data: ?)?(\{.*\})\r?$/mg;

    return map { JSON::PP::decode_json($_) } @texts;
}

1;
