#!/usr/bin/perl

# One request is judged and counted once, by the limits of the place where it
# came in, wherever nginx takes it from there.

use strict;
use warnings;

use Test::More;

use DistillGuard::Events;
use DistillGuard::Test;

my $t = DistillGuard::Test->new;
my $upstream = $t->upstream;
my $events = DistillGuard::Events->new($t);

$t->conf($events->conf . <<'EOF')->start;

    distill_guard_zone zone=guard:2m;
    proxy_http_version 1.1;
    proxy_cache_path %%DIR%%/cache keys_zone=cache:1m;

    server {
        listen 127.0.0.1:%%HTTP%%;

        distill_guard enforce;
        distill_guard_limit key requests=2/h;
        recursive_error_pages on;

        location / {
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
        }

        location /accel/ {
            proxy_pass http://127.0.0.1:%%ACCEL%%;
        }

        location /internal/ {
            internal;
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
            proxy_method POST;
        }

        location /fallback/ {
            error_page 502 = @second;
            proxy_pass http://127.0.0.1:%%NOBODY%%;
        }

        location @second {
            error_page 502 = @third;
            proxy_pass http://127.0.0.1:%%NOBODY%%;
        }

        location @third {
            distill_guard_limit key requests=1/h;
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
        }

        location /try/ {
            root %%DIR%%;
            try_files $uri @third;
        }

        location /rewrite/ {
            rewrite ^/rewrite(/.*) /inner$1 last;
        }

        location /inner/ {
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
        }

        location /mirror/ {
            mirror /copy;
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
        }

        location = /copy {
            internal;
            proxy_pass http://127.0.0.1:%%UPSTREAM%%/v1/chat/completions;
        }

        location /auth/ {
            auth_request /ask;
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
        }

        location = /ask {
            internal;
            return 403;
        }

        location /if/ {
            if ($http_x_if) {
                set $in_if 1;
                proxy_pass http://127.0.0.1:%%UPSTREAM%%;
            }

            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
        }

        location /except/ {
            limit_except GET {
                allow all;
            }

            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
        }

        location /nested/ {
            distill_guard_limit key requests=3/h;
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;

            location /nested/same/ {
                proxy_pass http://127.0.0.1:%%UPSTREAM%%;
            }

            location /nested/own/ {
                distill_guard_limit key requests=1/h;
                proxy_pass http://127.0.0.1:%%UPSTREAM%%;
            }

            location /nested/off/ {
                distill_guard off;
                proxy_pass http://127.0.0.1:%%UPSTREAM%%;
            }
        }

        location /cache/ {
            proxy_cache cache;
            proxy_cache_methods POST;
            proxy_cache_key $request_uri;
            proxy_cache_valid 200 1h;
            proxy_force_ranges on;
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
        }

        location /busy/ {
            error_page 429 =200 /busy.json;
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
        }

        location = /busy.json {
            add_header X-Verdict $distill_guard_verdict;
            default_type application/json;
            return 200 '{"busy":true}';
        }
    }

    server {
        listen 127.0.0.1:%%ACCEL%%;
        access_log off;

        location / {
            add_header X-Accel-Redirect /internal/v1/chat/completions;
            return 200;
        }
    }
EOF

my %CHAT = (model => 'm', messages => [{ role => 'user', content => 'hi' }]);
my $keys = 0;


sub ask {
    my ($path, $key, @rest) = @_;

    return $t->post_json("$path/v1/chat/completions", \%CHAT,
        Authorization => "Bearer sk-redirect-$key",
        'X-Upstream' => 'tokens=7', @rest);
}


# [where, statuses of five requests, headers]

for my $case (
    [ '', '200 200 429 429 429' ],
    [ '/accel', '200 200 429 429 429' ],
    [ '/fallback', '200 200 429 429 429' ],
    [ '/try', '200 200 429 429 429' ],
    [ '/rewrite', '200 200 429 429 429' ],
    [ '/mirror', '200 200 429 429 429' ],
    [ '/if', '200 200 429 429 429' ],
    [ '/if', '200 200 429 429 429', 'X-If' => '1' ],
    [ '/except', '200 200 429 429 429' ],
    [ '/nested', '200 200 200 429 429' ],
    [ '/nested/same', '200 200 200 429 429' ],
    [ '/nested/own', '200 429 429 429 429' ],
    [ '/nested/off', '200 200 200 200 200' ],
    [ '/busy', '200 200 200 200 200' ],
) {
    my ($path, $statuses, @headers) = @$case;

    my $name = "$path/" . (@headers ? ", $headers[0]" : '');
    my $key = ++$keys;
    my @answers = map { ask($path, $key, @headers) } 1 .. 5;
    my @refused = grep { $_->{status} == 429 } @answers;

    is(join(' ', map { $_->{status} } @answers), $statuses, $name);

    my ($first) = $events->take(5);

    is($first->{output_tokens}, $path eq '/nested/off' ? undef : 7,
        "$name: the answer is read");
    is(scalar(grep { $_->json->{error} } @refused), scalar @refused,
        "$name: each refusal in the API's words");

    next if $path ne '/busy';

    is($answers[4]{body}, '{"busy":true}', "$name: the page");
    is($answers[4]->header('X-Verdict'), 'THROTTLE', "$name: the verdict");
}

# --- a request that is not allowed in is given back

my $key = ++$keys;
is(join(' ', map { ask('/auth', $key)->{status} } 1 .. 4),
    '403 403 403 403', 'auth_request refuses');
$events->take(4);
is(join(' ', map { ask('', $key)->{status} } 1 .. 3), '200 200 429',
    'and the limit is whole');
$events->take(3);

# --- answers from a cache, whole and in part

$key = ++$keys;
ask('/cache', $key);
is($events->next->{output_tokens}, 7, 'into the cache');
ask('/cache', $key);
is($events->next->{output_tokens}, 7, 'out of it');

$key = ++$keys;
my $part = ask('/cache', $key, Range => 'bytes=0-9');
is($part->{status}, 206, 'a part of it');
my $event = $events->next;
is($event->{source}, 'estimated', 'is estimated') or diag explain $event;
