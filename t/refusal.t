#!/usr/bin/perl

# What becomes of a refused request and of its connection: error_page may
# take it to another upstream, and the next request is read where it begins.

use strict;
use warnings;

use JSON::PP ();
use Test::More;

use DistillGuard::Test;

my $t = DistillGuard::Test->new;
my $upstream = $t->upstream;

$t->conf(<<'EOF', log_format => '$request $status')->start;

    distill_guard_zone zone=guard:2m;
    proxy_http_version 1.1;

    server {
        listen 127.0.0.1:%%HTTP%%;
        listen 127.0.0.1:%%H2%% http2;

        distill_guard enforce;
        client_body_buffer_size 1k;
        client_body_timeout 1s;

        location /requests/ {
            distill_guard_limit key requests=1/h;
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
        }

        location /tokens/ {
            distill_guard_limit key output_tokens=100/h;
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
        }

        location /requests/other/ {
            distill_guard_limit key requests=1/h;
            error_page 429 = @other;
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
        }

        location /tokens/other/ {
            distill_guard_limit key output_tokens=100/h;
            error_page 429 = @other;
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
        }

        location /tokens/unbuffered/ {
            distill_guard_limit key output_tokens=100/h;
            proxy_request_buffering off;
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
        }

        location @other {
            add_header X-Other yes always;
            proxy_read_timeout 5s;
            proxy_ignore_client_abort on;
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
        }
    }
EOF

my %CHAT = (model => 'm', max_tokens => 40,
    messages => [{ role => 'user', content => 'hi' }]);
my $keys = 0;


sub key { return 'sk-refusal-' . ++$keys }


sub request {
    my ($path, $key, $content, @headers) = @_;

    return {
        method  => 'POST',
        path    => "$path/v1/chat/completions",
        headers => [ Authorization => "Bearer $key", @headers ],
        body    => JSON::PP::encode_json({ %CHAT,
            messages => [{ role => 'user', content => $content }] }),
    };
}


# a key that the next request will be refused

sub spent {
    my ($path) = @_;

    my $key = key();

    is($t->http(request($path, $key, 'first',
        'X-Upstream' => 'tokens=80'))->{status}, 200, "$path: there is room");

    return $key;
}


# --- error_page takes it to another upstream, with its body

my $long = 'long ' x 2000;

for my $path (qw(/requests/other /tokens/other)) {
    for my $protocol (qw(http http2)) {
        for my $content ('short', $long) {
            my $key = spent($path);
            my $size = length $content;
            my $name = "$path, $protocol, $size bytes";

            my $answer = $t->$protocol(request($path, $key, $content,
                'X-Upstream' => 'tokens=3'),
                $protocol eq "http2" ? (port => "h2") : ());

            is($answer->{status}, 200, "$name: answered");
            is($answer->header('X-Other'), 'yes', "$name: elsewhere");
            like($answer->{body}, qr/"choices"/, "$name: as it answered");
        }
    }
}

# --- nothing of the reading of a body outlives the refusal: not its timer, nor
# --- the interest in what comes next

my $key = spent('/tokens/other');
my $connection = $t->connect;
my $slow = request('/tokens/other', $key, 'x' x 100,
    'X-Upstream' => 'first=1500');

is($connection->request($slow, split => 100, pause => 0.1)->{status}, 200,
    'a page that takes longer than client_body_timeout');
is($connection->request(request('/requests', key(), 'hi'))->{status}, 200,
    'and the connection serves on');

$upstream->clear;
$connection = $t->connect;
my $next = "GET /requests/next HTTP/1.1\r\nHost: h\r\n\r\n";
my $size = length $slow->{body};

is($connection->request('', pieces => [
    [ "POST $slow->{path} HTTP/1.1\r\nHost: h\r\nContent-Length: $size\r\n"
        . "X-Upstream: first=1000\r\nAuthorization: Bearer $key\r\n\r\n",
        0.1 ],
    [ $slow->{body}, 0.3 ], [ $next ] ], send_all => 1)->{status}, 200,
    'another request comes in while the page is awaited');
is(eval { $connection->request('', timeout => 5)->{status} }, 404,
    'it is answered in its turn');
is(join(' ', map { $_->{path} } $upstream->ledger),
    "$slow->{path} /requests/next", 'and the upstream was asked once');

# --- what follows a refused body is a request of its own, or nothing

for my $path (qw(/requests /tokens)) {
    for my $chunked (0, 1) {
        for my $preread (0, 1) {
            my $name = "$path, " . ($chunked ? 'chunked' : 'Content-Length')
                . ', ' . ($preread ? 'with the head' : 'after the head');
            my $key = spent($path);
            my $refused = request($path, $key, 'refused');
            my $body = $refused->{body};
            my $next = "GET /requests/next HTTP/1.1\r\nHost: h\r\n"
                . "Connection: close\r\n\r\n";

            my $head = "POST $refused->{path} HTTP/1.1\r\nHost: h\r\n"
                . "Authorization: Bearer $key\r\n"
                . ($chunked ? "Transfer-Encoding: chunked\r\n\r\n"
                    : 'Content-Length: ' . length($body) . "\r\n\r\n");

            $body = sprintf("%x\r\n%s\r\n0\r\n\r\n", length $body, $body)
                if $chunked;

            my @pieces = $preread ? ([ "$head$body$next" ])
                : ([ $head, 0.1 ], [ "$body$next" ]);

            my $connection = $t->connect;
            my $answer = $connection->request('', pieces => \@pieces,
                send_all => 1);
            is($answer->{status}, 429, "$name: refused");

            my $closes = ($answer->header('Connection') // '') eq 'close';
            my $second = $closes ? undef : eval {
                $connection->request('', timeout => 3)->{status} };

            ok($closes || ($second // '') eq 404,
                "$name: the next is answered, or the connection closed");
        }
    }
}

# --- while it is being read by the upstream it is too late

for my $protocol (qw(http http2)) {
    my $key = spent('/tokens/unbuffered');
    my $request = request('/tokens/unbuffered', $key, $long,
        'X-Upstream' => 'tokens=3');

    my $answer = $t->$protocol($request, $protocol eq 'http2'
        ? (port => 'h2') : (split => 2000, pause => 0.05));

    like($answer->{status}, qr/^(?:200|429)$/,
        "unbuffered, $protocol: an answer");
    is($answer->{status}, 200, "unbuffered, $protocol: not refused")
        if $protocol eq 'http';
}

# --- only requests were taken for requests

is_deeply([ grep { !m{^(?:POST|GET) /\S+ HTTP/[12]\.[01] } }
    split /\n/, $t->access_log ], [], 'no body was taken for a request');
