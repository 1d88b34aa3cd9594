#!/usr/bin/perl

# What an operator decides on the status page: in force on all nodes within a
# second, and nothing but the page itself can do it.

use strict;
use warnings;

use JSON::PP;
use MIME::Base64 qw(encode_base64);
use Test::More;
use Time::HiRes ();

use DistillGuard::Test;

my $SECOND = 1;      # of which it is promised
my $SLACK = 4;       # for a busy machine
my $WHY = 'harvests "for" a rival';

my $t = DistillGuard::Test->new;
my $json = JSON::PP->new->canonical;

$t->write_file('secret', 's' x 32);
$t->upstream(keep => 1);

my $redis = $t->redis;


sub conf {
    my ($instance, $redis) = @_;

    return $t->conf(<<"EOT", instance => $instance, workers => 2,

    distill_guard_zone zone=guard:2m;
    distill_guard_zone zone=other:1m;
    distill_guard_secret %%DIR%%/secret;
    $redis

    server {
        listen 127.0.0.1:%%$instance%%;
        listen 127.0.0.1:%%${instance}_H2%% http2;
        distill_guard enforce zone=guard;

        location / {
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
        }

        location /other/ {
            distill_guard enforce zone=other;
            proxy_pass http://127.0.0.1:%%UPSTREAM%%/;
        }

        location = /seen { distill_guard_status; }
        location = /held { distill_guard_status control; }
    }
EOT
        log_format => '$distill_guard_verdict $distill_guard_key $http_x_who');
}


my $REDIS = 'distill_guard_redis redis://127.0.0.1:%%REDIS%%;';

conf($_, $REDIS)->start for qw(one two);
conf('alone', '')->start;


# ---- requests -------------------------------------------------------------

my %BODY = (model => 'm', messages => [ { role => 'user', content => 'hi' } ]);


sub ask {
    my ($port, $key, $path) = @_;

    return $t->post_json(($path // '') . '/v1/chat/completions', \%BODY,
        Authorization => "Bearer $key", 'X-Who' => $key, -port => $port)
        ->{status};
}


sub key_id {
    my ($key) = @_;

    my ($id) = $t->access_log('one') =~ /^\w+ ([0-9a-f]{32}) \Q$key\E$/m;

    return "key:$id";
}


sub html {
    my ($port, $path) = @_;

    return $t->http({ path => $path, headers => [ Accept => 'text/html' ] },
        port => $port);
}


sub token {
    my ($port) = @_;

    return html($port, '/held')->{body} =~ /name="csrf-token"
        \s+content="([0-9a-f]{32})"/x ? $1 : '';
}


sub decisions {
    my ($port, $zone) = @_;

    return $t->http({ path => '/seen?decisions'
        . ($zone ? "&zone=$zone" : '') }, port => $port)->json;
}


# as the page would, but for what is said otherwise; undef leaves it out

sub decide {
    my ($port, $order, %else) = @_;

    my $number = $t->port($port);
    my %headers = (
        'Content-Type'   => 'application/json',
        'Host'           => "127.0.0.1:$number",
        'Origin'         => "http://127.0.0.1:$number",
        'Sec-Fetch-Site' => 'same-origin',
        'X-CSRF-Token'   => token($port),
        %{ $else{headers} // {} },
    );

    return $t->http({
        method  => $else{method} // 'POST',
        path    => $else{path} // '/held',
        body    => ref $order ? $json->encode($order) : $order,
        chunked => $else{chunked},
        headers => [ map { $_ => $headers{$_} }
            grep { defined $headers{$_} } sort keys %headers ],
    }, port => $port);
}


sub becomes {
    my ($name, $what) = @_;

    my $began = Time::HiRes::time();

    local $Test::Builder::Level = $Test::Builder::Level + 1;
    ok(eval { $t->wait_for($what, 10, $name) }, $name);

    my $took = Time::HiRes::time() - $began;
    cmp_ok($took, '<', $SECOND * $SLACK, sprintf '... in %.2f s', $took);
}


is(ask($_, 'sk-bad'), 200, "$_: a key passes") for qw(one two alone);
is(ask('one', 'sk-good'), 200, 'and another');

my $bad = key_id('sk-bad');
my $good = key_id('sk-good');
my %block = (decision => 'block', subject => $bad);


# ---- nobody else ----------------------------------------------------------

is_deeply([ decisions('one')->{of}, decisions('one')->{decisions} ], [ 0, [] ],
    'nothing is decided');

my $number = $t->port('one');
my $wrong = token('one') =~ tr/0-9a-f/1-9a-f0/r;

for (
    ['with GET', 405, method => 'GET'],
    ['with PUT', 405, method => 'PUT'],
    ['with control off', 405, path => '/seen'],
    ['without a token', 403, headers => { 'X-CSRF-Token' => undef }],
    ['with another token', 403, headers => { 'X-CSRF-Token' => $wrong }],
    ['with the token of another node', 403,
        headers => { 'X-CSRF-Token' => token('two') }],
    ['with half a token', 403,
        headers => { 'X-CSRF-Token' => substr token('one'), 0, 16 }],
    ['from another site', 403,
        headers => { Origin => 'http://evil.example' }],
    ['from another port', 403,
        headers => { Origin => 'http://127.0.0.1:' . $t->port('two') }],
    ['from a name that begins alike', 403,
        headers => { Origin => "http://127.0.0.1:${number}0" }],
    ['from nowhere', 403, headers => { Origin => 'null' }],
    ['without an origin', 403, headers => { Origin => undef }],
    ['from another site, as the browser says', 403,
        headers => { 'Sec-Fetch-Site' => 'cross-site' }],
    ['from the same site only', 403,
        headers => { 'Sec-Fetch-Site' => 'same-site' }],
    ['as a form', 415,
        headers => { 'Content-Type' => 'application/x-www-form-urlencoded' }],
    ['as text', 415, headers => { 'Content-Type' => 'text/plain' }],
    ['as JSON of another kind', 415,
        headers => { 'Content-Type' => 'application/json5' }],
    ['of no type', 415, headers => { 'Content-Type' => undef }],
) {
    my ($name, $status, %else) = @$_;

    $status = 200 if ($else{method} // '') eq 'GET';
    is(decide('one', \%block, %else)->{status}, $status, $name);
    is(decisions('one')->{of}, 0, '... changes nothing');
}

is(token('one'), token('one'), 'the token stays');
isnt(token('one'), token('two'), 'and is of one node');
like(html('one', '/seen')->{body}, qr/name="csrf-token" content=""/,
    'a page without control has none');

my $rule = $json->encode(\%block);

for (
    ['no JSON', 400, 'block it'],
    ['half of it', 400, substr $rule, 0, -1],
    ['nothing', 400, ''],
    ['no subject', 400, { decision => 'block' }],
    ['no decision', 400, { subject => $bad }],
    ['no such decision', 400, { %block, decision => 'ban' }],
    ['no such subject', 400, { %block, subject => 'key:sk-bad' }],
    ['a raw key', 400, { %block, subject => 'sk-bad' }],
    ['an exemption of a network', 400,
        { decision => 'exempt', subject => 'asn:64500' }],
    ['a time that is none', 400, { %block, for => 'a while' }],
    ['a time of years', 400, { %block, for => '366d' }],
    ['a reason that breaks a line', 400, { %block, reason => "a\nb" }],
    ['a long reason', 400, { %block, reason => 'x' x 129 }],
    ['a reason that is none', 400, { %block, reason => ['x'] }],
    ['no such zone', 404, { %block, zone => 'nowhere' }],
    ['nothing to release', 409, { %block, decision => 'release' }],
    ['too much', 413, { %block, reason => 'x' x 5000 }],
) {
    my ($name, $status, $order) = @$_;
    my $answer = decide('one', $order);

    is($answer->{status}, $status, $name);
    is($answer->header('Content-Type'), 'application/json', '... as JSON');
    isnt($answer->json->{error}, '', '... with a reason');
}

is(decide('one', { %block, reason => 'x' x 5000 }, chunked => 1)->{status},
    413, 'too much, of unknown length');
is(decisions('one')->{of}, 0, 'nothing of that is decided');
is(ask('one', 'sk-bad'), 200, 'and the key passes');


# ---- the page -------------------------------------------------------------

my $answer = decide('one', { %block, for => '1h', reason => $WHY });

is($answer->{status}, 200, 'blocked by the page');
is($answer->json->{subject}, $bad, 'that key');
cmp_ok(abs($answer->json->{until} - time - 3600), '<', 60, 'for an hour');
is(ask('one', 'sk-bad'), 403, 'at once on this node');
is(ask('one', 'sk-good'), 200, 'and no other key');

becomes('on another node', sub { ask('two', 'sk-bad') == 403 });
becomes('in another zone', sub { ask('one', 'sk-bad', '/other') == 403 });

for my $node (qw(one two)) {
    my ($decision) = @{ decisions($node)->{decisions} };

    delete $decision->{time};
    is_deeply($decision, { subject => $bad, decision => 'block', until =>
        $answer->json->{until}, author => 'page', reason => $WHY },
        "$node: it is listed");
}

is(decisions('two', 'other')->{of}, 1, 'likewise in the other zone');
is($t->http({ path => '/seen?decisions&zone=nowhere' }, port => 'one')
    ->{status}, 404, 'there is no third');
like($redis->cmd('HGET', 'dg:{decisions}:now', $bad),
    qr/^\d{13} page block \d+ \Q$WHY\E$/, 'and Redis has it');
like($t->error_log('one'), 
    qr/\[notice\] .*page has decided: block \Q$bad\E until .*UTC, \Q$WHY/, 'the log tells');
like($t->error_log('two'), qr/page has decided: block \Q$bad/,
    'on the other node as well');
unlike($t->error_log('one'), qr/sk-bad/, 'but of no key');

my %alice = (headers => { Authorization =>
    'Basic ' . encode_base64('a lice<b>:secret', '') });

is(decide('two', { decision => 'release', subject => $bad }, %alice)
    ->{status}, 200, 'released on the other node');
is(ask('two', 'sk-bad'), 200, 'it passes there at once');
becomes('and on this one', sub { ask('one', 'sk-bad') == 200 });
is(decisions('one')->{of}, 0, 'nothing is in force');
like($redis->cmd('HGET', 'dg:{decisions}:now', $bad),
    qr/^\d{13} a_lice<b> release 0$/, 'by whoever has logged in');

is(decide('one', { decision => 'allow', subject => $good, zone => 'other' })
    ->{status}, 200, 'in a zone that is named');
becomes('in the first as well', sub { decisions('one')->{of} == 1 });
is(decide('one', { decision => 'exempt', subject => $good })->{status}, 200,
    'the later decision');
becomes('is the one', sub { my ($first) = @{ decisions('two')->{decisions} };
    $first && $first->{decision} eq 'exempt' && decisions('two')->{of} == 1 });


# ---- over HTTP/2 ----------------------------------------------------------

sub decide2 {
    my ($origin) = @_;

    my $port = $t->port('two_h2');

    return $t->http2({
        method  => 'POST',
        path    => '/held',
        body    => $json->encode({ %block, decision => 'allow' }),
        headers => [ 'Content-Type' => 'application/json',
            'Origin' => $origin // "http://127.0.0.1:$port",
            'X-CSRF-Token' => token('two') ],
    }, port => 'two_h2')->{status};
}

is(decide2('http://evil.example'), 403, 'HTTP/2: from another site');
is(decide2(), 200, 'HTTP/2: from the page');
is(decide('two', { %block, decision => 'release' })->{status}, 200,
    'and undone');


# ---- without Redis --------------------------------------------------------

is(decide('alone', \%block)->{status}, 200, 'a node alone');
is(ask('alone', 'sk-bad'), 403, 'holds it');
$t->reload(instance => 'alone');
is(ask('alone', 'sk-bad'), 403, 'over a reload');
is(ask('alone', 'sk-bad', '/other'), 200, 'in that zone');
is(decide('alone', { decision => 'release', subject => $bad })->{status}, 200,
    'and releases it');
is(ask('alone', 'sk-bad'), 200, 'it passes');

$redis->kill9;

is(decide('one', \%block)->{status}, 200, 'while Redis is away');
is(ask('one', 'sk-bad'), 403, 'it is in force on this node');
is(ask('two', 'sk-bad'), 200, 'and not on the other');

$redis->restart;

ok(eval { $t->wait_for(sub { ask('two', 'sk-bad') == 403 }, 20, 'two') },
    'it is once Redis is back');
