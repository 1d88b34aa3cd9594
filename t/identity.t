#!/usr/bin/perl

# Who is asking: keys from wherever they may stand, accounts, origins, and
# the fingerprint of the client.

use strict;
use warnings;

use Test::More;

use DistillGuard::Test;

my $t = DistillGuard::Test->new;
$t->upstream;

my $FORMAT = '{"key":"$distill_guard_key",'
    . '"account":"$distill_guard_account","origin":"$distill_guard_origin",'
    . '"client":"$distill_guard_client","verdict":"$distill_guard_verdict",'
    . '"dialect":"$distill_guard_dialect"}';

$t->conf(<<'EOF', log_format => $FORMAT)->start;

    distill_guard_zone zone=guard:1m;
    large_client_header_buffers 4 64k;

    server {
        listen 127.0.0.1:%%HTTP%%;
        listen [::1]:%%HTTP%%;
        listen unix:%%DIR%%/socket;

        set_real_ip_from 127.0.0.1;
        real_ip_header X-Client;

        distill_guard observe;

        location / {
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
        }

        location /named/ {
            distill_guard_key $http_x_named;
            distill_guard_account $http_x_account;
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
        }

        location /off/ {
            distill_guard off;
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
        }
    }
EOF

my $OPENAI = '/v1/chat/completions';
my $ANTHROPIC = '/v1/messages';
my $GEMINI = '/v1beta/models/g:generateContent';

my %BODY = (model => 'm', max_tokens => 5,
    messages => [{ role => 'user', content => 'hi' }],
    contents => [{ parts => [{ text => 'hi' }] }]);

my $lines = 0;


# what the guard made of a request

sub who {
    my ($path, @rest) = @_;

    my $answer = $t->post_json($path, \%BODY, @rest);
    die "$path: $answer->{status} $answer->{body}\n"
        if $answer->{status} != 200;

    $lines++;
    my @log;
    $t->wait_for(sub { (@log = split /\n/, $t->access_log) == $lines }, 3,
        'the log');

    return JSON::PP::decode_json($log[-1]);
}


sub key { return who(@_)->{key} }


# --- keys

my $k = key($OPENAI, Authorization => 'Bearer sk-one');

like($k, qr/^[0-9a-f]{32}$/, 'a key is a hash');
is(key($OPENAI, Authorization => 'bearer  sk-one'), $k, 'scheme in any case');
is(key($OPENAI, 'x-api-key' => 'sk-one'), $k, 'x-api-key');
is(key($OPENAI, 'api-key' => 'sk-one'), $k, 'api-key');
is(key($GEMINI, 'x-goog-api-key' => 'sk-one'), $k, 'x-goog-api-key');
is(key("$GEMINI?key=sk-one"), $k, '?key=');
is(key("$GEMINI?alt=json&key=sk%2Done"), $k, '?key= percent-encoded');
isnt(key($OPENAI, Authorization => 'Bearer sk-two'), $k, 'another is another');
is(key($OPENAI, Authorization => 'Basic c2stb25l'), '',
    'other schemes are no keys');
is(key($OPENAI), '', 'without a key there is none');
is(who($OPENAI)->{account}, '', 'nor an account');
is(who($OPENAI)->{verdict}, 'PASS', 'and the request passes');

my $long = 'k' x 16384;
like(key($OPENAI, Authorization => "Bearer $long"), qr/^[0-9a-f]{32}$/,
    'a key of 16 kB');
isnt(key($OPENAI, Authorization => "Bearer ${long}x"),
    key($OPENAI, Authorization => "Bearer $long"),
    'is read to its last byte');

# two at once: a decoy that the API does not look at changes nothing

my @both = ('x-api-key' => 'sk-one', Authorization => 'Bearer sk-two');

is(key($ANTHROPIC, @both), $k, 'Anthropic looks at x-api-key first');
isnt(key($OPENAI, @both), $k, 'OpenAI at Authorization');
is(key("$GEMINI?key=sk-two", 'x-goog-api-key' => 'sk-one'), $k,
    'Gemini at x-goog-api-key');
is(key("$GEMINI?key=sk-one", Authorization => 'Bearer sk-two'), $k,
    'then at ?key=');

# --- as configured

is(key("/named$OPENAI", 'X-Named' => 'sk-one',
    Authorization => 'Bearer sk-two'), $k, 'distill_guard_key');
is(key("/named$OPENAI", Authorization => 'Bearer sk-two'), '',
    'and nowhere else');

my $acme = who("/named$OPENAI", 'X-Named' => 'sk-one', 'X-Account' => 'acme');
isnt($acme->{account}, $k, 'distill_guard_account');
is(who("/named$OPENAI", 'X-Named' => 'sk-two', 'X-Account' => 'acme')
    ->{account}, $acme->{account}, 'one account of two keys');
is(who("/named$OPENAI", 'X-Named' => 'sk-one')->{account}, $k,
    'without one the key is the account');

is_deeply(who("/off$OPENAI", Authorization => 'Bearer sk-one'),
    { map { $_ => '' } qw(key account origin client verdict dialect) },
    'nothing is known where the guard is off');

# --- origins

is(who($OPENAI)->{origin}, '127.0.0.0/24', 'origin of IPv4');
is(who($OPENAI, 'X-Client' => '203.0.113.77')->{origin}, '203.0.113.0/24',
    'as realip has it');
is(who($OPENAI, 'X-Client' => '2001:db8:1:2:3:4:5:6')->{origin},
    '2001:db8:1:2::/64', 'origin of IPv6');
is(who($OPENAI, 'X-Client' => '::ffff:203.0.113.77')->{origin},
    '203.0.113.0/24', 'IPv4 within IPv6');
is(who($OPENAI, -unix => $t->dir . '/socket')->{origin}, 'unix',
    'a client on a Unix socket');

# --- clients

my @sdk = (Accept => 'application/json', 'User-Agent' => 'OpenAI/JS 6.49.0',
    'X-Stainless-Lang' => 'js');
my $client = who($OPENAI, @sdk)->{client};

like($client, qr/^[0-9a-f]{32}$/, 'a client is a hash');
is(who($OPENAI, @sdk)->{client}, $client, 'the same the next time');
is(who($OPENAI, map { s/6\.49/7.1/r } @sdk)->{client}, $client,
    'and after an update');
is(who($OPENAI, @sdk, traceparent => '00-1')->{client}, $client,
    'headers that come and go do not count');
isnt(who($OPENAI, @sdk[2, 3, 0, 1, 4, 5])->{client}, $client,
    'their order does');
isnt(who($OPENAI, @sdk[0 .. 2], 'python-requests/2', @sdk[4, 5])->{client},
    $client, 'and the user agent');

# --- dialects

my %DIALECT = (
    $OPENAI => 'openai.chat', $ANTHROPIC => 'anthropic.messages',
    $GEMINI => 'gemini.generate', '/v1/responses' => 'openai.responses',
    '/openai/deployments/d/chat/completions?api-version=1' => 'openai.chat',
    '/v1/embeddings' => 'openai.embeddings', '/api/chat' => 'ollama.chat',
);

for my $path (sort keys %DIALECT) {
    is(who($path)->{dialect}, $DIALECT{$path}, "$path: $DIALECT{$path}");
}
