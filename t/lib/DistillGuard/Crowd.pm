package DistillGuard::Crowd;

# A crowd at an API: very many requests over a few connections that are kept,
# several of them in one write.  What comes back is read as far as it takes
# to tell one answer from the next.
#
#   $t->conf($MODELS . 'server { ... proxy_pass http://models; ... }')->start;
#
#   my $crowd = DistillGuard::Crowd->new(port => $t->port('http'));
#
#   srand 1;
#   my @status = $crowd->send(map { chat("sk-$_", words(20)) } 1 .. 5000);
#
# $MODELS is the fastest upstream there is: nginx answers all requests alike,
# with the header X-Unknown by 401.

use strict;
use warnings;

use Carp qw(croak);
use Exporter qw(import);

use DistillGuard::Http;

our @EXPORT_OK = qw($MODELS chat words);

our $MODELS = <<'EOF_CONF';
    keepalive_requests 1000000;
    client_body_buffer_size 64k;
    proxy_http_version 1.1;
    proxy_set_header Connection "";

    upstream models {
        server 127.0.0.1:%%MODELS%%;
        keepalive 16;
    }

    server {
        listen 127.0.0.1:%%MODELS%%;
        access_log off;
        default_type application/json;

        location / {
            if ($http_x_unknown) {
                return 401 '{"error":{"message":"Who are you?"}}';
            }

            return 200 '{"id":"chatcmpl-$request_id","choices":[{"index":0,
                "message":{"role":"assistant","content":"As follows."},
                "finish_reason":"stop"}],"usage":{"prompt_tokens":90,
                "completion_tokens":600}}';
        }
    }
EOF_CONF

my $CONNECTIONS = 8;
my $TOGETHER = 16;      # requests in one write
my $TIMEOUT = 60;

my @PARTS = qw(ba den fi gor ku la mel ni po rust sa te vi wol zu char o
    ing a e ti ren sh qua);


# as people write, with commas and ends here and there

sub words {
    my ($n) = @_;

    return join ' ', map { _word() . (rand() < 0.08 ? ',' : rand() < 0.08
        ? '.' : '') } 1 .. $n;
}


sub _word { return join '', map { $PARTS[ rand @PARTS ] } 0 .. rand 4 }


# A question: text that needs no escape in JSON; system => text, more =>
# members of the body with a comma before them, headers => [name, value, ...]

sub chat {
    my ($key, $text, %opt) = @_;

    my $system = defined $opt{system}
        ? qq({"role":"system","content":"$opt{system}"},) : '';

    return {
        path    => '/v1/chat/completions',
        headers => [ Authorization => "Bearer $key",
            @{ $opt{headers} // [] } ],
        body    => qq({"model":"m","messages":[${system}{"role":"user",)
            . qq("content":"$text"}]) . ($opt{more} // '') . '}',
    };
}


# port, connections, together

sub new {
    my ($class, %opt) = @_;

    my $self = bless { connections => $CONNECTIONS, together => $TOGETHER,
        %opt }, $class;

    $self->{sockets} = [ map { $self->_connect }
        1 .. $self->{connections} ];

    return $self;
}


sub _connect {
    my ($self) = @_;

    my $connection = DistillGuard::Http->connect(port => $self->{port});

    $connection->{socket}->blocking(1);

    return $connection->{socket};
}


# Sends all of them, in order as far as connections beside each other allow,
# and returns the status of each.

sub send {
    my ($self, @requests) = @_;

    local $SIG{ALRM} = sub { croak 'the crowd is not answered' };
    local $SIG{PIPE} = 'IGNORE';

    my @status;
    alarm $TIMEOUT;

    while (@requests) {
        my @sent;

        for my $socket (@{ $self->{sockets} }) {
            my @some = splice @requests, 0, $self->{together};

            last unless @some;
            _write($socket, join '', map { _bytes($_) } @some);
            push @sent, [ $socket, scalar @some ];
        }

        push @status, map { _read(@$_) } @sent;
    }

    alarm 0;
    return @status;
}


sub _bytes {
    my ($request) = @_;

    my $text = "POST $request->{path} HTTP/1.1\r\nHost: localhost\r\n"
        . "Content-Type: application/json\r\nContent-Length: "
        . length($request->{body}) . "\r\n";
    my $headers = $request->{headers};

    for (my $i = 0; $i < @$headers; $i += 2) {
        $text .= "$headers->[$i]: $headers->[$i + 1]\r\n";
    }

    return "$text\r\n$request->{body}";
}


sub _write {
    my ($socket, $bytes) = @_;

    while (length $bytes) {
        my $n = syswrite $socket, $bytes;

        croak "the crowd cannot write: $!" unless defined $n;
        substr $bytes, 0, $n, '';
    }
}


# the status of so many answers

sub _read {
    my ($socket, $n) = @_;

    my $in = '';
    my @status;

    while (@status < $n) {
        while ($in =~ /\AHTTP\/1\.1 (\d+)(.*?)\r\n\r\n/s) {
            my ($status, $head, $end) = ($1, $2, $+[0]);
            my ($length) = $head =~ /^content-length: (\d+)/im
                or croak "the crowd does not know how long it is: $head";

            last if length $in < $end + $length;

            push @status, $status;
            substr $in, 0, $end + $length, '';
        }

        last if @status == $n;

        sysread $socket, $in, 65536, length $in
            or croak 'a connection of the crowd was closed: ' . ($! || 'end');
    }

    return @status;
}

1;
