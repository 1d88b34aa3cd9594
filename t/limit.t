#!/usr/bin/perl

# Limits: who is refused, when, in which words, and what is given back.

use strict;
use warnings;

use Test::More;
use Time::HiRes ();

use DistillGuard::Test;

my $t = DistillGuard::Test->new;
my $upstream = $t->upstream;

my $FORMAT = '$http_x_case $status $distill_guard_verdict '
    . '$distill_guard_reasons';

$t->conf(<<'EOF', log_format => $FORMAT)->start;

    distill_guard_zone zone=guard:2m;
    proxy_http_version 1.1;

    set_real_ip_from 127.0.0.1;
    real_ip_header X-Client;

    server {
        listen 127.0.0.1:%%HTTP%%;
        distill_guard enforce;

        location / {
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
            distill_guard_limit key requests=3/h;
        }

        location /observe/ {
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
            distill_guard observe;
            distill_guard_limit key requests=3/h;
        }

        location /output/ {
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
            distill_guard_limit key output_tokens=100/h;
        }

        location /input/ {
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
            distill_guard_limit key input_tokens=1k/h;
        }

        location /tokens/ {
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
            distill_guard_limit key tokens=150/d;
        }

        location /account/ {
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
            distill_guard_account $http_x_account;
            distill_guard_limit account requests=3/h;
        }

        location /origin/ {
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
            distill_guard_limit origin requests=3/h;
        }

        location /second/ {
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
            distill_guard_limit key requests=2/s;
        }

        location /exempt/ {
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
            distill_guard_exempt $http_x_partner;
            distill_guard_limit key requests=1/h;
        }

        location /page/ {
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
            distill_guard_limit key requests=1/h;
            error_page 429 @page;
        }

        location /elsewhere/ {
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
            distill_guard_limit key requests=1/h;
            error_page 429 =302 http://127.0.0.1/busy;
        }

        location @page {
            add_header X-Page yes always;
            return 429 '{"ours":true}';
        }
    }
EOF

my %CHAT = (model => 'm', messages => [{ role => 'user', content => 'hi' }]);
my $keys = 0;


sub key { return 'sk-limit-' . ++$keys }


sub ask {
    my ($path, $key, @rest) = @_;

    my $body = @rest && ref $rest[0] ? shift @rest : \%CHAT;

    return $t->post_json("$path/v1/chat/completions", $body,
        Authorization => "Bearer $key", @rest);
}


sub statuses { return join ' ', map { $_->{status} } @_ }


sub last_line { return (split /\n/, $t->access_log)[-1] }


# --- requests

my $key = key();

is(statuses(map { ask('', $key) } 1 .. 5), '200 200 200 429 429',
    'three an hour');
is(statuses(map { ask('', key()) } 1 .. 3), '200 200 200',
    'other keys have their own');

my $before = () = $upstream->ledger;
my $refused = ask('', $key);

is(scalar(() = $upstream->ledger), $before,
    'a refusal does not reach the upstream');
is($refused->header('Content-Type'), 'application/json', 'JSON');
is($refused->json->{error}{code}, 'rate_limit_exceeded', 'in OpenAI words');
like($refused->header('Retry-After'), qr/^\d+$/, 'Retry-After');
cmp_ok($refused->header('Retry-After'), '<=', 7200, 'of two hours at most');
cmp_ok(1000 * $refused->header('Retry-After'), '>=',
    $refused->header('retry-after-ms'), 'and no less than the exact time');
is($refused->header('x-ratelimit-limit-requests'), 3, 'the limit');
is($refused->header('x-ratelimit-remaining-requests'), 0, 'nothing remains');
like($refused->header('x-ratelimit-reset-requests'), qr/^(\d+h)?\d+m\d+s$/,
    'the time of reset');
unlike($refused->{raw}, qr/score|reason|[0-9a-f]{32}/, 'and no word of why');

$t->log_like(qr/\[warn\].*distill\ guard\ refuses\ key\ [0-9a-f]{32}:\ over
    \ "key\ requests=3\/h"/x, 'the log says who and why');
like(last_line(), qr/429 THROTTLE .*limit\\":\\"key requests=3\/h\\"/,
    'so do the variables');

# --- in the words of each API

for my $case (
    ['Anthropic', '/v1/messages', 'x-api-key',
        { model => 'm', max_tokens => 9, messages => $CHAT{messages} },
        sub { $_[0]{type} eq 'error'
            && $_[0]{error}{type} eq 'rate_limit_error' }],
    ['Gemini', '/v1beta/models/g:generateContent', 'x-goog-api-key',
        { contents => [{ parts => [{ text => 'hi' }] }] },
        sub { $_[0]{error}{status} eq 'RESOURCE_EXHAUSTED'
            && $_[0]{error}{details}[0]{retryDelay} =~ /^\d+s$/ }],
    ['Ollama', '/api/chat', 'x-api-key',
        { model => 'm', messages => $CHAT{messages} },
        sub { !ref $_[0]{error} && $_[0]{error} =~ /^Rate limit/ }],
) {
    my ($name, $path, $header, $body, $right) = @$case;
    my $key = key();
    my @answers = map { $t->post_json($path, $body, $header => $key) } 1 .. 4;

    is(statuses(@answers), '200 200 200 429', "$name: limited");
    ok($right->($answers[3]->json), "$name: in its words")
        or diag $answers[3]{body};

    like($answers[3]->header('anthropic-ratelimit-requests-reset'),
        qr/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/, 'Anthropic: its headers')
        if $name eq 'Anthropic';
}

# --- observing

$key = key();
is(statuses(map { ask('/observe', $key) } 1 .. 5), '200 200 200 200 200',
    'observing refuses nothing');
like(last_line(),
    qr/200 THROTTLE_DRY_RUN .*limit\\":\\"key requests=3\/h\\"/,
    'and says what it would have done');

# --- given back

$key = key();
is(statuses(map { ask('', $key, 'X-Upstream' => 'status=500') } 1 .. 4),
    '500 500 500 500', 'what fails upstream is given back');
is(statuses(map { ask('', $key, 'X-Upstream' => 'status=400') } 1 .. 4),
    '400 400 400 400', 'what the upstream refuses, too');
is(statuses(map { ask('', $key) } 1 .. 4), '200 200 200 429',
    'and the limit is whole');

# --- tokens

$key = key();
is(statuses(map {
        ask('/output', $key, { %CHAT, max_tokens => 40 },
            'X-Upstream' => 'tokens=40')
    } 1 .. 4), '200 200 429 429',
    'output: what is asked for is reserved, what came is counted');

$key = key();
is(statuses(map { ask('/output', $key, { %CHAT, max_tokens => 40 },
        'X-Upstream' => 'tokens=10') } 1 .. 8),
    '200 200 200 200 200 200 200 429', 'what was not used is free again');

$key = key();
is(statuses(ask('/output', $key, { %CHAT, max_tokens => 100000 },
        'X-Upstream' => 'tokens=5')),
    '200', 'one request always passes an unused limit');
is(statuses(ask('/output', $key, { %CHAT, max_tokens => 90 },
        'X-Upstream' => 'tokens=5')),
    '200', 'and what it did not use is free');

$key = key();
is(statuses(ask('/output', $key, { %CHAT, max_tokens => 10 },
        'X-Upstream' => 'tokens=200'), ask('/output', $key)),
    '200 429', 'what came over the limit counts');

$key = key();
my $long = { %CHAT, messages => [{ role => 'user', content => 'x' x 2000 }] };
is(statuses(map { ask('/input', $key, $long, 'X-Upstream' => 'input=450') }
    1 .. 3), '200 200 429', 'input');
$refused = ask('/input', $key, $long);
is($refused->header('x-ratelimit-limit-tokens'), 1000, 'the limit of tokens');
is($refused->json->{error}{type}, 'tokens', 'and its type');

$key = key();
is(statuses(map { ask('/tokens', $key, { %CHAT, max_tokens => 50 },
    'X-Upstream' => 'input=10; tokens=50') } 1 .. 3), '200 200 429',
    'all tokens');

# --- a burst does not pass on an old count

$key = key();
my @burst = map { my $n = $_; $t->background(sub {
    ask('/output', $key, { %CHAT, max_tokens => 30 },
        'X-Upstream' => 'tokens=30; first=300')->{status}
}) } 1 .. 8;
my %burst;
$burst{ $_->result }++ for @burst;
is_deeply(\%burst, { 200 => 3, 429 => 5 }, 'a burst is held to the limit');

# --- accounts and origins

is(statuses(map { ask('/account', key(), 'X-Account' => 'acme') } 1 .. 4),
    '200 200 200 429', 'the keys of an account count together');
$key = key();
is(statuses(map { ask('/account', $key) } 1 .. 4), '200 200 200 429',
    'without an account the key is the account');

is(statuses(map { ask('/origin', key(), 'X-Client' => "192.0.2.$_") } 1 .. 4),
    '200 200 200 429', 'a /24 is one origin');
is(statuses(map { ask('/origin', key(), 'X-Client' => "2001:db8:0:1::$_") }
    1 .. 4), '200 200 200 429', 'a /64 is one origin');
is(statuses(map { ask('/origin', key(), 'X-Client' => "2001:db8:0:1$_\::1") }
    1 .. 4), '200 200 200 200', 'others are others');

# --- the wait that is promised is enough

$key = key();
my $answer;
for (1 .. 20) {
    $answer = ask('/second', $key);
    last if $answer->{status} == 429;
}
is($answer->{status}, 429, 'two a second');
my $promised = $answer->header('retry-after-ms') / 1000;
my $asked = $answer->{times}[-1][0];
cmp_ok($promised, '<=', 2, 'the wait is short');
$t->wait_for(sub { Time::HiRes::time() >= $asked + $promised + 0.02 }, 5,
    'the promised wait');
is(ask('/second', $key)->{status}, 200, 'after the wait it passes');

# --- exempt

$key = key();
is(statuses(map { ask('/exempt', $key, 'X-Partner' => '1') } 1 .. 3),
    '200 200 200', 'exempt');
is(statuses(map { ask('/exempt', $key, 'X-Partner' => '0') } 1 .. 2),
    '429 429', '"0" does not exempt, and exempt requests were counted');

# --- error_page

$key = key();
ask('/page', $key);
$refused = ask('/page', $key);
is($refused->{status}, 429, 'error_page: status');
is($refused->{body}, '{"ours":true}', 'error_page: its body');
is($refused->header('X-Page'), 'yes', 'error_page: its headers');
ok($refused->header('Retry-After'), 'error_page: Retry-After stays');

ask('/elsewhere', $key);
$refused = ask('/elsewhere', $key);
is($refused->{status}, 302, 'error_page may send the client elsewhere');
unlike($refused->{body}, qr/rate_limit/, 'without our body');

# --- not charged

$key = key();
is(statuses(map { $t->http({ path => '/v1/models',
    headers => [Authorization => "Bearer $key"] }) } 1 .. 5),
    '200 200 200 200 200', 'listing models is free');
is(statuses(map { $t->post_json('/v1/messages/count_tokens',
    { model => 'm', messages => $CHAT{messages} }, 'x-api-key' => $key) }
    1 .. 5), '200 200 200 200 200', 'counting tokens is free');
is(statuses(map { ask('', $key) } 1 .. 4), '200 200 200 429',
    'and took nothing from the limit');

# --- without a key

is(statuses(map { $t->post_json('/v1/chat/completions', \%CHAT) } 1 .. 5),
    '200 200 200 200 200', 'limits of keys do not concern who has none');

# --- a head alone

my $head = $t->http({ method => 'HEAD', path => '/v1/chat/completions',
    headers => [Authorization => "Bearer $key"] });
is($head->{body}, '', 'HEAD is passed');
