#!/usr/bin/perl

# The harness itself: what the other tests stand on.  No module is loaded.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use DistillGuard::Test;
use Test::More;
use Time::HiRes qw(time);

my $t = DistillGuard::Test->new(module => 0);
my $upstream = $t->upstream;

my $conf = <<'EOF_CONF';
    server {
        listen 127.0.0.1:%%HTTP%%;
        listen 127.0.0.1:%%H2%% http2;
        listen unix:%%DIR%%/http.sock;

        client_max_body_size 32m;

        location / {
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_buffering off;
        }

        location /10/ {
            proxy_pass http://127.0.0.1:%%UPSTREAM%%/;
        }
    }
EOF_CONF

$t->conf($conf)->start;

my %CHAT = (model => 'm', messages => [ { role => 'user', content => 'hi' } ]);


# The answers of each dialect: [name, path, request, where the tokens are]:
# sub(answer, events) => (input, output).

sub usage {
    my ($input, $output, $usage) = @_;

    return map { $usage->{$_} } $input, $output;
}

my @OPENAI = qw(prompt_tokens completion_tokens);
my @PLAIN = qw(input_tokens output_tokens);
my @OLLAMA = qw(prompt_eval_count eval_count);
my $STREAM = { %CHAT, stream => JSON::PP::true,
    stream_options => { include_usage => JSON::PP::true } };

my @dialects = (
    [ 'chat', '/v1/chat/completions', \%CHAT,
        sub { usage(@OPENAI, $_[0]{usage}) } ],
    [ 'chat stream', '/v1/chat/completions', $STREAM,
        sub { usage(@OPENAI, $_[-1]{usage}) } ],
    [ 'completions', '/v1/completions', { model => 'm', prompt => 'hi' },
        sub { usage(@OPENAI, $_[0]{usage}) } ],
    [ 'completions stream', '/v1/completions', $STREAM,
        sub { usage(@OPENAI, $_[-1]{usage}) } ],
    [ 'responses', '/v1/responses', { model => 'm', input => 'hi' },
        sub { usage(@PLAIN, $_[0]{usage}) } ],
    [ 'responses stream', '/v1/responses', $STREAM,
        sub { usage(@PLAIN, $_[-1]{response}{usage}) } ],
    [ 'messages', '/v1/messages', \%CHAT,
        sub { usage(@PLAIN, $_[0]{usage}) } ],
    [ 'messages stream', '/v1/messages', $STREAM,
        sub { ($_[0]{message}{usage}{input_tokens},
            $_[-2]{usage}{output_tokens}) } ],
    [ 'gemini', '/v1beta/models/g:generateContent', {}, \&gemini ],
    [ 'gemini array', '/v1beta/models/g:streamGenerateContent', {},
        \&gemini ],
    [ 'gemini sse', '/v1beta/models/g:streamGenerateContent?alt=sse', {},
        \&gemini ],
    [ 'ollama', '/api/chat', { %CHAT, stream => JSON::PP::false },
        sub { usage(@OLLAMA, $_[0]) } ],
    [ 'ollama stream', '/api/chat', \%CHAT,
        sub { usage(@OLLAMA, $_[-1]) } ],
    [ 'ollama generate', '/api/generate', { model => 'm', prompt => 'hi' },
        sub { usage(@OLLAMA, $_[-1]) } ],
    [ 'embeddings', '/v1/embeddings', { model => 'm', input => ['a', 'b'] },
        sub { ($_[0]{usage}{prompt_tokens}, 0) } ],
);

sub gemini {
    my $usage = $_[-1]{usageMetadata};

    return ($usage->{promptTokenCount}, $usage->{candidatesTokenCount}
        + ($usage->{thoughtsTokenCount} // 0));
}


for (@dialects) {
    my ($name, $path, $request, $read) = @$_;

    for my $how ('', 'gzip=1', 'crlf=1; comments=1; pad=50', 'split=3') {
        my $answer = $t->post_json($path, $request, 'X-Upstream' =>
            "input=21; tokens=30; reasoning=4; $how");
        my ($entry) = $upstream->ledger(1);

        is_deeply([ $answer->{status}, $read->($answer->data) ],
            [ 200, @$entry{qw(input_tokens output_tokens)} ],
            "$name $how: usage is what the ledger says");
        is_deeply([ @$entry{qw(input_tokens output_tokens)} ],
            [ 21, $name eq 'embeddings' ? 0 : 34 ], "$name $how: as asked");
    }
}


# ---- what the upstream can be asked for

my ($words) = map { join '', map { $_->{choices}[0]{delta}{content} // '' }
    $_->data } $t->post_json('/v1/chat/completions', { %$STREAM });
is(scalar(split ' ', $words), 12, 'words are tokens');

my @ids = map { $_->json->{content}[0]{id} } map {
    $t->post_json('/v1/messages', \%CHAT, 'X-Upstream' => 'tool=1')
} 1, 2;
like($ids[0], qr/^toolu_\w{24}$/, 'a call of a tool');
isnt($ids[0], $ids[1], 'under a fresh id');

my @same = map { $t->post_json('/v1/chat/completions', $STREAM,
    'X-Upstream' => 'seed=x')->{body} } 1, 2;
is($same[0], $same[1], 'with a seed, the same bytes again');

my $n = $t->post_json('/v1/chat/completions', { %CHAT, n => 3 })->json;
is(scalar @{ $n->{choices} }, 3, 'n choices');
is($n->{usage}{completion_tokens}, 36, 'n times the tokens');

for (
    [ '/v1/chat/completions' => sub { $_[0]{error}{type} },
        'rate_limit_error' ],
    [ '/v1/messages' => sub { $_[0]{error}{type} }, 'rate_limit_error' ],
    [ '/v1beta/models/g:generateContent' => sub { $_[0]{error}{status} },
        'RESOURCE_EXHAUSTED' ],
    [ '/api/chat' => sub { $_[0]{error} }, 'As you asked.' ],
) {
    my ($path, $read, $want) = @$_;
    my $answer = $t->post_json($path, \%CHAT,
        'X-Upstream' => 'status=429; retry_after=7');

    is_deeply([ $answer->{status}, $answer->header('Retry-After'),
        $read->($answer->json) ], [ 429, 7, $want ], "error of $path");
}

is($t->post_json('/v1/nothing', {})->{status}, 404, 'no such endpoint');
is($t->post_json('/v1/messages', '{"a":')->{status}, 400, 'half a body');
is($t->post_json('/v1/messages', {}, 'X-Upstream' => 'tokns=1')->{status},
    400, 'a slip in X-Upstream is not passed over');
is($t->post_json('/v1/messages', '{"x":{"stream":true},"model":"\"stream\""}')
    ->json->{model}, '"stream"', 'only the upper level is meant');

my $cut = $t->post_json('/v1/messages', $STREAM, 'X-Upstream' => 'cut=5');
is(scalar($cut->data), 5, 'cut off after five events');
ok(!$cut->{complete} && $cut->{closed}, 'and nginx says so');

my $failed = $t->post_json('/v1/messages', $STREAM, 'X-Upstream' => 'fail=5');
is(($failed->data)[-1]{error}{type}, 'overloaded_error', 'error in a stream');

my $left = $t->post_json('/v1/messages', $STREAM,
    'X-Upstream' => 'endless=1; delay=2', -until => qr/seven/);
ok($left->{left}, 'a client that leaves an endless stream');
my $gone = $t->wait_for(sub {
    (grep { $_->{aborted} } $upstream->ledger)[0]
}, 5, 'the upstream to see it');
cmp_ok($gone->{delivered_tokens}, '>=', 11, 'it knows what was delivered');
is($gone->{output_tokens}, $gone->{delivered_tokens}, 'and counts that');

is($t->post_json('/10/v1/messages', $STREAM)->{status}, 200,
    'HTTP/1.0 to the upstream');

my $models = $t->http({ path => '/v1/models',
    headers => { Authorization => 'Bearer sk-1' } });
is($models->json->{object}, 'list', 'models');
is(($upstream->ledger(1))[0]{key}, 'sk-1', 'the key, as received');
is($t->http({ method => 'HEAD', path => '/v1/models' })->{body}, '', 'HEAD');

my $direct = $t->post_json('/v1/messages', \%CHAT, -port => 'upstream',
    'X-Upstream' => 'early=1');
is_deeply([ @{ $direct->{interim} }, $direct->{status} ], [ 103, 200 ],
    'early hints');


# ---- time

my $slow = $t->post_json('/v1/chat/completions', $STREAM,
    'X-Upstream' => 'tokens=5; delay=40; first=60');
my @seen = map { $_->[0] } $t->sse($slow);
my @sent = @{ ($upstream->ledger(1))[0]{sent_events} };
my ($lag) = sort { $b <=> $a } map { $seen[$_] - $sent[$_] } 0 .. $#sent;
is(@seen, @sent, 'every event of a slow stream is seen by itself');
cmp_ok($sent[-1] - $sent[0], '>', 0.2, 'it was slow');
cmp_ok($lag, '<', 0.03, 'each came when it was sent');

my $begin = time;
my $pieces = $t->http({ path => '/v1/messages' }, pieces =>
    [ [ '{"model":', 0.1 ], [ '"m"', 0.1 ], ['}'] ]);
is($pieces->{status}, 200, 'a body in timed pieces');
cmp_ok(time - $begin, '>', 0.2, 'takes its time');

my $body = '{"model":"' . 'x' x 200 . '"}';
for my $chunked (0, 1) {
    $t->http({ path => '/v1/messages', body => $body, chunked => $chunked },
        split => 1);
    is(($upstream->ledger(1))[0]{body_bytes}, length $body,
        'a byte at a time' . ($chunked ? ', chunked' : ''));
}

my $big = '{"model":"m","prompt":"' . 'x' x 10_000_000 . '"}';
$t->post_json('/v1/messages', $big, -chunked => 1, -split => 100_000);
is(($upstream->ledger(1))[0]{body_bytes}, length $big, '10 MB');


# ---- ways in

my $connection = $t->connect;
my @answers = map { $t->post_json('/v1/messages', \%CHAT,
    -connection => $connection) } 1 .. 3;
is(join(' ', map { $_->{status} } @answers), '200 200 200',
    'three requests on a connection');
ok(!$answers[-1]{closed}, 'which stays open');

is($t->post_json('/v1/messages', \%CHAT, -unix => $t->dir . '/http.sock')
    ->{status}, 200, 'a Unix socket');

my $h2 = $t->post_json('/v1/messages', $STREAM, -port => 'h2', -http2 => 1,
    'X-Upstream' => 'delay=20');
is($h2->{version}, '2', 'HTTP/2');
is(($h2->data)[-1]{type}, 'message_stop', 'with a stream');
my @h2 = $h2->events;
cmp_ok($h2[-1][0] - $h2[0][0], '>', 0.2, 'whose events are timed');


# ---- nginx

my $load = $t->background(sub {
    [ map { $t->post_json('/v1/messages', $STREAM,
        'X-Upstream' => 'delay=5')->{status} } 1 .. 5 ]
});
ok($t->conf($conf, workers => 2)->reload, 'reload') for 1 .. 3;
$t->nginx->old_workers_gone;
is(scalar(() = $t->workers), 2, 'with two workers now');
is_deeply($load->result, [ (200) x 5 ], 'no request beside it failed');

my $victim = $t->kill_worker;
ok(!grep({ $_ == $victim } $t->workers), 'a killed worker is replaced');
$t->log_like(qr/worker process $victim exited on signal 9/, 'as the log says');

$t->conf("nonsense;\n");
ok(!$t->reload, 'a bad configuration is refused');
my $emerg = qr/unknown directive "nonsense"/;
is(scalar(() = $t->nginx->own_alerts), 1, 'which is an alert');
$t->allow_log($emerg);

my ($good, $said) = $t->conf_test("nonsense;\n");
ok(!$good, 'nginx -t refuses it too');
like($said, $emerg, 'with a reason');
($good, $said) = $t->conf_test($conf);
ok($good, 'and takes a good one') or diag($said);

$t->conf('server { listen 127.0.0.1:%%OTHER%%; return 204; }',
    instance => 'b', log_format => '$uri is asked for')->start;
is($t->http({ path => '/x' }, port => 'other')->{status}, 204,
    'a second nginx');
$t->wait_for(sub { $t->access_log('b') eq "/x is asked for\n" }, 3,
    'its access log');
$t->quit(instance => 'b');
ok(!$t->nginx('b')->alive, 'has quit');
ok($t->nginx->alive, 'the first has not');

ok($t->has('http_v2'), 'built with HTTP/2');
ok($t->version_ge('1.9.5') && !$t->version_ge('9.1'), 'versions');


# ---- Redis

my $redis = $t->redis(password => 'p', acl => [ 'default on >p ~* &* +@all',
    'guard on >g ~dg:* &* +@all' ]);
is($redis->cmd('SET', 'raw-key', 'v'), 'OK', 'a string');
is($redis->cmd('GET', 'nil'), undef, 'nothing');
$redis->cmd('HSET', 'h', 'a', 1, 'b', "two\r\n");
is_deeply({ @{ $redis->cmd('HGETALL', 'h') } }, { a => 1, b => "two\r\n" },
    'a hash');
is($redis->cmd('HLEN', 'h'), 2, 'a number');
ok(!eval { $redis->cmd('HLEN', 'raw-key') }, 'an error');
like($@, qr/^WRONGTYPE/, 'with its words');
like($redis->dump, qr/raw-key/, 'all it holds');

my $pid = $redis->pid;
$redis->kill9;
ok(!eval { $redis->cmd('PING') }, 'killed');
$redis->restart;
isnt($redis->pid, $pid, 'another in its place');
is($redis->cmd('DBSIZE'), 0, 'empty');

$redis->stop;
my $client = $t->background(sub { $redis->cmd('PING') });
ok(!eval { $t->wait_for(sub { !$client->running }, 0.3, 'x') },
    'no answer when stopped');
$redis->cont;
is($client->result, 'PONG', 'it comes when continued');
$redis->shutdown;
ok(!$redis->alive, 'shut down');


# ---- what is noticed at the end of each test

# Runs a test of its own; (its exit status, what it printed).

sub run_test {
    my ($end) = @_;

    my $path = $t->write_file('inner.t', <<"EOF_TEST");
use lib '$FindBin::Bin/lib';
use DistillGuard::Test;
use Test::More;

my \$t = DistillGuard::Test->new(module => 0);
my \@pids = (\$t->upstream->pid, \$t->redis->pid);
push \@pids, \$t->conf('server { listen 127.0.0.1:%%HTTP%%; }')->start->pid;

pass(join ' ', \$t->dir, \@pids);
$end
EOF_TEST

    my $output = `$^X $path 2>&1`;

    return ($?, $output);
}


sub left_of {
    my ($output) = @_;

    my ($dir, @pids) = split ' ', ($output =~ /^ok 1 - (.*)$/m)[0];

    return grep { -e $dir || DistillGuard::Process::running($_) } @pids;
}


for (
    [ 'a good test', '', 1, qr/^ok 4 - nothing left running\n1\.\.4$/m ],
    [ 'one that dies', 'die "oops\n";', 0, qr/^oops$/m ],
    [ 'one that ends early', 'exit 3;', 0, qr/no plan/ ],
    [ 'one that is killed', 'kill TERM => $$; sleep 9;', 0, qr/no plan/ ],
    [ 'one with an alert', 'kill KILL => ($t->workers)[0];'
        . '$t->log_like(qr/exited on signal 9/, "as wanted");', 0,
        qr/^not ok 3 - no alerts$/m ],
) {
    my ($name, $end, $good, $says) = @$_;
    my ($status, $output) = run_test($end);

    is($status == 0 ? 1 : 0, $good, "$name: its exit status");
    like($output, $says, "$name: what it says");
    is(scalar(() = left_of($output)), 0, "$name: nothing is left");
}

my $log = join '', map { "2026/01/01 00:00:00 [$_] 1#1: *1 $_ here\n" }
    qw(info warn error crit alert emerg);
my @alerts = DistillGuard::Nginx::alerts($log);
is(scalar @alerts, 3, 'alerts are found');
is_deeply([ DistillGuard::Nginx::alerts($log, qr/crit/, qr/emerg/) ],
    [ grep { /alert/ } @alerts ], 'but for those allowed');

$t->write_file('b/sanitizer.1', "AddressSanitizer: heap-use-after-free\n");
is(scalar(() = $t->nginx('b')->sanitizer_reports), 1,
    'sanitizer reports are found');
unlink $t->dir . '/b/sanitizer.1';

my $stray = DistillGuard::Process->start(name => 'stray',
    cmd => [ '/bin/sleep', 60 ]);
is(scalar(() = DistillGuard::Process::leftovers()), grep({ defined } $stray,
    $t->nginx->pid, $upstream->pid) + 2, 'what still runs is found');
$t->wait_for(sub { !$stray->alive }, 3, 'and ended');
