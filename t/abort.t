#!/usr/bin/perl

# Exchanges that end early, or with little: what is charged, what is given
# back, and that no reservation outlives them.

use strict;
use warnings;

use IO::Socket::IP;
use Test::More;

use DistillGuard::Events;
use DistillGuard::Test;

my $t = DistillGuard::Test->new;
my $upstream = $t->upstream;
my $events = DistillGuard::Events->new($t);

$t->conf($events->conf . <<'EOF')->start;

    distill_guard_zone zone=guard:2m;
    proxy_http_version 1.1;

    upstream dead {
        server 127.0.0.1:%%DEAD%% max_fails=0;
    }

    upstream half {
        server 127.0.0.1:%%DEAD%% max_fails=0;
        server 127.0.0.1:%%UPSTREAM%%;
    }

    server {
        listen 127.0.0.1:%%HTTP%%;
        listen 127.0.0.1:%%H2%% http2;

        distill_guard enforce;
        distill_guard_limit key requests=4/h output_tokens=100/h;
        proxy_read_timeout 300ms;

        location / {
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
        }

        location /unbuffered/ {
            proxy_buffering off;
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
        }

        location /mine/ {
            proxy_read_timeout 10s;
            proxy_pass http://127.0.0.1:%%MINE%%;
        }

        location /dead/ {
            proxy_pass http://dead;
        }

        location /half/ {
            proxy_pass http://half;
        }

        location /post/ {
            post_action /posted;
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
        }

        location = /posted {
            internal;
            distill_guard off;
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
        }
    }
EOF

my %CHAT = (model => 'm', max_tokens => 60,
    messages => [{ role => 'user', content => 'hi' }]);
my $key = 'sk-abort-0';


sub ask {
    my ($path, $steer, %opt) = @_;

    my $body = { %CHAT, delete $opt{stream} ? (stream => \1) : () };

    return $t->post_json("$path/v1/chat/completions", $body,
        Authorization => "Bearer $key", 'X-Upstream' => $steer,
        map { ("-$_" => $opt{$_}) } keys %opt);
}


# Sends the body of a chat, less one byte with "cut"; the client leaves when
# the upstream, which is the test itself, has the request and has said $said
# to it, or at once where $said is undefined.

my $listener = IO::Socket::IP->new(LocalHost => '127.0.0.1', Listen => 1,
    LocalPort => $t->port('mine'), ReuseAddr => 1) or die "listen: $!\n";


sub leave {
    my ($said, %opt) = @_;

    my $body = '{"model":"m","stream":true}';
    my $size = length($body) + ($opt{cut} ? 1 : 0);
    my $socket = IO::Socket::IP->new(PeerHost => '127.0.0.1',
        PeerPort => $t->port('http')) or die "connect: $!\n";

    $socket->syswrite("POST /mine/v1/chat/completions HTTP/1.1\r\nHost: h\r\n"
        . "Authorization: Bearer $key\r\nContent-Length: $size\r\n\r\n$body");

    if (defined $said) {
        my $upstream = $listener->accept;
        my $request = '';

        1 while $request !~ /stream":true/
            && $upstream->sysread($request, 4096, length $request);

        $upstream->syswrite($said);
        close $socket;

        # nginx leaves as well
        1 while $upstream->sysread($request, 4096);
    }
}


# [name, what is done, what the event says and what is left of the limit]

my @cases = (
    [ 'whole', sub { ask('', 'tokens=20') },
        { status => 200, output => 20, aborted => 0, given_back => 0 } ],
    [ '204 of the upstream', sub { ask('', 'status=204') },
        { status => 204, aborted => 0 } ],
    [ '500', sub { ask('', 'status=500') },
        { status => 500, aborted => 0, given_back => 1 } ],
    [ '502', sub { ask('/dead', '') },
        { status => 502, aborted => 0, given_back => 1 } ],
    [ '504', sub { ask('', 'first=1000') },
        { status => 504, aborted => 0, given_back => 1 } ],
    [ 'the next upstream', sub { ask('/half', 'tokens=20') },
        { status => 200, output => 20, aborted => 0 } ],
    [ 'the upstream goes silent in a stream',
        sub { eval { ask('/unbuffered', 'tokens=20; delay=1000',
            stream => 1) } },
        { status => 200, aborted => 1, estimated => 1 } ],
    [ 'the upstream breaks off',
        sub { eval { ask('/unbuffered', 'tokens=20; cut=5', stream => 1) } },
        { status => 200, aborted => 1, estimated => 1 } ],
    [ 'the client leaves in a stream',
        sub { ask('/unbuffered', 'tokens=2000; delay=1', stream => 1,
            until => qr/fox/) },
        { status => 200, aborted => 1, estimated => 1 } ],
    [ 'the client leaves in a stream, HTTP/2',
        sub { ask('/unbuffered', 'endless=1; delay=20', stream => 1,
            http2 => 1, port => 'h2', timeout => 1) },
        { status => 200, aborted => 1, estimated => 1 } ],
    [ 'the client leaves before the answer', sub { leave('') },
        { status => 499, aborted => 0 } ],
    [ 'the client leaves before anything was sent to it',
        sub { leave("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
            . "\r\ndata: {\"id\":\"x\"}\n\n") },
        { status => 200, aborted => 1, estimated => 1 } ],
    [ 'the client leaves in its body', sub { leave(undef, cut => 1) },
        { status => 400, aborted => 0, given_back => 1 } ],
    [ 'post_action', sub { ask('/post', 'tokens=20') },
        { status => 200, output => 20, aborted => 0, given_back => 0 } ],
);

my $n = 0;

for my $case (@cases) {
    my ($name, $do, $wanted) = @$case;

    $key = 'sk-abort-' . ++$n;

    $do->();
    my $event = $events->next;

    is($event->{status} // 0, $wanted->{status}, "$name: status");
    is($event->{aborted} ? 1 : 0, $wanted->{aborted}, "$name: aborted?")
        or diag explain $event;
    is($event->{output_tokens}, $wanted->{output}, "$name: output")
        if $wanted->{output};
    is($event->{source}, 'estimated', "$name: estimated")
        if $wanted->{estimated};

    next unless defined $wanted->{given_back};

    # of four requests an hour
    my $left = $wanted->{given_back} ? 4 : 3;
    my @statuses = map { my $s = ask('', 'tokens=1')->{status};
        $events->next; $s } 1 .. 5;

    is(scalar(grep { $_ == 200 } @statuses), $left, "$name: "
        . ($wanted->{given_back} ? 'given back' : 'counted'))
        or diag "@statuses";
}
