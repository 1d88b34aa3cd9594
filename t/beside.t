#!/usr/bin/perl

# Everything else in nginx does beside the guard what it does without it: the
# same locations in two servers, one of them guarded, and the same answers.

use strict;
use warnings;

use Test::More;

use DistillGuard::Test;

my $t = DistillGuard::Test->new;
my $upstream = $t->upstream;

my $LOCATIONS = <<'EOF';
    proxy_http_version 1.1;
    gzip_types application/json text/event-stream;
    gzip_min_length 1;

    location / {
        proxy_pass http://127.0.0.1:%%UPSTREAM%%;
    }

    location /req/ {
        limit_req zone=req_NAME;
        limit_req_status 420;
        proxy_pass http://127.0.0.1:%%UPSTREAM%%;
    }

    location /conn/ {
        limit_conn conn_NAME 1;
        limit_conn_status 421;
        proxy_pass http://127.0.0.1:%%UPSTREAM%%;
    }

    location /auth/ {
        auth_request /authority;
        auth_request_set $who $upstream_http_x_request_id;
        proxy_pass http://127.0.0.1:%%UPSTREAM%%;
    }

    location = /authority {
        internal;
        proxy_pass http://127.0.0.1:%%UPSTREAM%%/authority;
        proxy_pass_request_body off;
        proxy_set_header Content-Length "";
        if ($http_x_user = "") { return 401; }
        return 204;
    }

    location /any/ {
        satisfy any;
        deny all;
        auth_request /authority;
        proxy_pass http://127.0.0.1:%%UPSTREAM%%;
    }

    location /denied/ {
        deny all;
        proxy_pass http://127.0.0.1:%%UPSTREAM%%;
    }

    location /fallback/ {
        proxy_pass http://127.0.0.1:%%NOBODY%%;
        error_page 502 = @other;
    }

    location @other {
        rewrite ^/fallback(.*) $1 break;
        proxy_pass http://127.0.0.1:%%UPSTREAM%%;
    }

    location /intercept/ {
        proxy_pass http://127.0.0.1:%%UPSTREAM%%;
        proxy_intercept_errors on;
        error_page 500 /sorry.json;
    }

    location = /sorry.json {
        internal;
        default_type application/json;
        return 200 '{"sorry":true}';
    }

    location /again/ {
        rewrite ^/again(/.*) $1 last;
    }

    location /try/ {
        root %%DIR%%;
        try_files $uri @tried;
    }

    location @tried {
        proxy_pass http://127.0.0.1:%%UPSTREAM%%;
    }

    location /mirrored/ {
        mirror /copy;
        proxy_pass http://127.0.0.1:%%UPSTREAM%%;
    }

    location = /copy {
        internal;
        proxy_pass http://127.0.0.1:%%UPSTREAM%%/v1/copied$request_uri;
    }

    location /cached/ {
        proxy_cache cache_NAME;
        proxy_cache_methods POST;
        proxy_cache_key $request_uri$request_body;
        proxy_cache_valid 200 1m;
        add_header X-Cache $upstream_cache_status;
        proxy_pass http://127.0.0.1:%%UPSTREAM%%;
    }

    location /gzipped/ {
        gzip on;
        gzip_vary on;
        gzip_proxied any;
        proxy_pass http://127.0.0.1:%%UPSTREAM%%;
    }

    location /return/ {
        default_type application/json;
        return 200 '{"id":"x","usage":{"prompt_tokens":1}}';
    }

    location /small/ {
        client_max_body_size 10;
        proxy_pass http://127.0.0.1:%%UPSTREAM%%;
    }

    location /slowly/ {
        limit_rate 100k;
        proxy_pass http://127.0.0.1:%%UPSTREAM%%;
    }

    location /sub/ {
        sub_filter_types application/json;
        sub_filter quick QUICK;
        sub_filter_once off;
        proxy_pass http://127.0.0.1:%%UPSTREAM%%;
    }
EOF

sub server {
    my ($name, $guard) = @_;

    (my $locations = $LOCATIONS) =~ s/NAME/$name/g;
    my $port = uc $name;

    return <<"EOF";
    limit_req_zone \$server_port zone=req_$name:1m rate=1r/m;
    limit_conn_zone \$server_port zone=conn_$name:1m;
    proxy_cache_path %%DIR%%/cache_$name keys_zone=cache_$name:1m;

    server {
        listen 127.0.0.1:%%$port%%;
        $guard
        $locations
    }
EOF
}

$t->conf('distill_guard_zone zone=guard:2m;'
    . server('plain', '')
    . server('guarded', 'distill_guard enforce; distill_guard_limit key'
        . ' requests=1k/m output_tokens=1m/m;'),
    log_format => '$server_port $uri $status $distill_guard_event')->start;

my %CHAT = (model => 'm', messages => [{ role => 'user', content => 'hi' }]);

# what an upstream says is the same at each run
my @STEER = ('X-Upstream' => 'seed=beside; tokens=30');
my @USER = ('Authorization' => 'Bearer sk-beside');


# what the client sees of an answer, less what differs by the clock

sub seen {
    my ($answer) = @_;

    my @headers = grep { $_->[0] !~ /^(Date|ETag|Last-Modified)$/i }
        @{ $answer->{header_list} };

    return { status => $answer->{status}, body => $answer->{body},
        headers => [map { "$_->[0]: $_->[1]" } @headers] };
}


# Sends the same to both servers, in turns; each answer must be the same.

sub same {
    my ($name, $status, @requests) = @_;

    my (%answers, @last);

    for my $request (@requests) {
        my ($path, $body, @rest) = @$request;

        for my $port (qw(plain guarded)) {
            push @{ $answers{$port} }, $t->post_json($path, $body, @rest,
                -port => $port);
        }
    }

    is_deeply([map { seen($_) } @{ $answers{guarded} }],
        [map { seen($_) } @{ $answers{plain} }], "$name: as without");
    is(join(' ', map { $_->{status} } @{ $answers{guarded} }), $status,
        "$name: works");

    return @{ $answers{guarded} };
}


my $chat = 'v1/chat/completions';

same('proxy', 200, ["/$chat", \%CHAT, @STEER, @USER]);
same('limit_req', '200 420',
    map { ["/req/$chat", \%CHAT, @STEER, @USER] } 1, 2);
same('auth_request', '401 200', ["/auth/$chat", \%CHAT, @STEER, @USER],
    ["/auth/$chat", \%CHAT, @STEER, @USER, 'X-User' => 'u']);
same('satisfy any', '401 200', ["/any/$chat", \%CHAT, @STEER, @USER],
    ["/any/$chat", \%CHAT, @STEER, @USER, 'X-User' => 'u']);
same('deny', 403, ["/denied/$chat", \%CHAT, @STEER, @USER]);
same('error_page to a named location', 200,
    ["/fallback/$chat", \%CHAT, @STEER, @USER]);
same('proxy_intercept_errors', 500, ["/intercept/$chat", \%CHAT,
    'X-Upstream' => 'status=500; seed=x', @USER]);
same('rewrite', 200, ["/again/$chat", \%CHAT, @STEER, @USER]);
same('try_files', 200, ["/try/$chat", \%CHAT, @STEER, @USER]);
same('return', 200, ["/return/$chat", \%CHAT, @USER]);
same('client_max_body_size', 413, ["/small/$chat", \%CHAT, @STEER, @USER]);
same('limit_rate', 200, ["/slowly/$chat", \%CHAT, @STEER, @USER]);
same('a stream', 200,
    ["/$chat", { %CHAT, stream => \1,
        stream_options => { include_usage => \1 } }, @STEER, @USER]);

my ($changed) = same('sub_filter', 200, ["/sub/$chat", \%CHAT, @STEER, @USER]);
like($changed->{body}, qr/QUICK/, 'sub_filter: changes the answer');

my (undef, $hit) = same('cache', '200 200',
    map { ["/cached/$chat", \%CHAT, @STEER, @USER] } 1, 2);
is($hit->header('X-Cache'), 'HIT', 'cache: hit');

my ($gzip) = same('gzip', 200, ["/gzipped/$chat", \%CHAT, @STEER, @USER,
    'Accept-Encoding' => 'gzip, deflate']);
is($gzip->header('Content-Encoding'), 'gzip', 'gzip: compressed by nginx');
like($gzip->content, qr/"choices"/, 'gzip: whole');

# limit_conn: one is held open while another asks

my %limited;

for my $port (qw(plain guarded)) {
    my $held = $t->background(sub {
        my $status;

        # the one that asks below may be there first
        do {
            $status = $t->post_json("/conn/$chat", \%CHAT, @USER,
                'X-Upstream' => 'first=400; seed=x', -port => $port)->{status}
        } while ($status == 421);

        return $status;
    });

    my $other;
    $t->wait_for(sub {
        $other = $t->post_json("/conn/$chat", \%CHAT, @USER, @STEER,
            -port => $port);
        $other->{status} == 421
    }, 3, 'the second connection to be refused');

    $limited{$port} = [$held->result, seen($other)];
}

is_deeply($limited{guarded}, $limited{plain}, 'limit_conn: as without');
is($limited{guarded}[0], 200, 'limit_conn: the first passes');

# mirror: the copy arrives, and is not counted as another request

$upstream->clear;
same('mirror', 200, ["/mirrored/$chat", \%CHAT, @STEER, @USER]);

$t->wait_for(sub {
    2 == grep { $_->{path} =~ m{^/v1/copied} } $upstream->ledger
}, 3, 'the mirrored requests');

# each guarded request has one event, with what it was

my %events;
my $port = $t->port('guarded');

for (split /\n/, $t->access_log) {
    next unless /^$port (\S+) (\d+) (\{.*)/;
    my $event = JSON::PP::decode_json(do { (my $e = $3) =~ s/\\"/"/g; $e });
    push @{ $events{"$1 $2"} }, $event;
}

my $fallback = $events{"/$chat 200"};
ok(@{ $fallback // [] } >= 4, 'rewritten and redirected requests are there');
is((grep { $_->{output_tokens} && $_->{output_tokens} == 30 } @$fallback),
    scalar @$fallback, 'and each was read to its end, through redirects')
    or diag explain $fallback;
is($events{"/cached/$chat 200"}[1]{output_tokens}, 30,
    'an answer from the cache is read');
is($events{"/gzipped/$chat 200"}[0]{source}, 'reported',
    'an answer that nginx compresses is read');
