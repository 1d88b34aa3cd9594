#!/usr/bin/perl

# What passes between a request's headers and the guard: the upstream is asked
# for plain answers however the client asks, values can be used in headers,
# and nothing a client says in a body ends one.

use strict;
use warnings;

use Test::More;

use DistillGuard::Test;

my $t = DistillGuard::Test->new;
my $upstream = $t->upstream;

$t->conf(<<'EOF')->start;

    distill_guard_zone zone=guard:2m;
    proxy_http_version 1.1;

    map $distill_guard_key $partner {
        default                            1;
        ""                                 "";
    }

    server {
        listen 127.0.0.1:%%HTTP%%;
        listen 127.0.0.1:%%H2%% http2;

        distill_guard enforce;

        location / {
            proxy_set_header X-Model $distill_guard_model;
            proxy_set_header X-Key $distill_guard_key;
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
            add_header X-Model $distill_guard_model;
            add_header X-Tokens $distill_guard_tokens_source;
        }

        location /gzip/ {
            gzip on;
            gzip_types application/json;
            gzip_min_length 1;
            gzip_vary on;
            gzip_proxied any;
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
        }

        location /partner/ {
            distill_guard_limit key requests=1/h;
            distill_guard_exempt $partner;
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
        }

        location /early/ {
            if ($distill_guard_key) {
                return 599;
            }

            set $early "$distill_guard_verdict$distill_guard_model";
            proxy_set_header X-Early "<$early>";
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
        }
    }
EOF

my %CHAT = (model => 'm', messages => [{ role => 'user', content => 'hi' }]);


sub ask {
    my ($path, $body, @rest) = @_;

    return $t->post_json("$path/v1/chat/completions", { %CHAT, %$body },
        Authorization => 'Bearer sk-headers', @rest);
}


sub seen { return ($upstream->ledger(1))[0]{headers} }


# --- the upstream is asked for a plain answer

for my $case (
    [ 'none' ],
    [ 'one', 'gzip' ],
    [ 'two', 'gzip', 'br' ],
    [ 'identity, then gzip', 'identity', 'gzip' ],
) {
    my ($name, @values) = @$case;

    for my $http2 (0, 1) {
        my $answer = ask('', {}, (map { ('Accept-Encoding', $_) } @values),
            $http2 ? (-http2 => 1, -port => 'h2') : ());

        is($answer->{status}, 200, "Accept-Encoding, $name: passes");
        like(seen()->{'accept-encoding'} // '', qr/^(?:identity(?:, )?)*$/,
            "Accept-Encoding, $name: the upstream sees no other than identity");
    }
}

my $answer = ask('/gzip', {}, 'Accept-Encoding' => 'gzip');

is($answer->header('Content-Encoding'), 'gzip', 'nginx may compress');
is(seen()->{'accept-encoding'}, 'identity', 'what the upstream has not');

# --- values in headers

$answer = ask('', { model => 'gpt' });
is(seen()->{'x-model'}, 'gpt', 'the model, to the upstream');
like(seen()->{'x-key'}, qr/^[0-9a-f]{32}$/, 'the key, to the upstream');
is($answer->header('X-Model'), 'gpt', 'the model, to the client');

my $bad = "m\r\nX-Injected: yes\r\n\r\nGET /injected HTTP/1.1\r\n\t\0\x7f";

$answer = ask('', { model => $bad });
is($answer->{status}, 200, 'a model of more than one line: passes');
ok(!exists seen()->{'x-injected'}, 'and makes no header for the upstream');
ok(!defined $answer->header('X-Injected'), 'nor for the client');
is(scalar(grep { $_->{path} eq '/injected' } $upstream->ledger), 0,
    'nor a request');
like(seen()->{'x-model'}, qr/^m\W+X-Injected: yes/, 'but can be recognized');

# --- in the early phases there is nothing to know, and no harm in asking

$answer = ask('/early', {});
is($answer->{status}, 200, 'if: the key is not known yet');
is(seen()->{'x-early'}, '<>', 'nor is anything else');

# --- who is asking is known where exemption is decided

is(join(' ', map { ask('/partner', {})->{status} } 1 .. 3), '200 200 200',
    'exempt by $distill_guard_key');
