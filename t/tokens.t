#!/usr/bin/perl

# What each exchange cost, for every dialect and every way it can end: the
# event, the zone's counters and Redis say what the upstream itself counted.

use strict;
use warnings;

use JSON::PP ();
use Test::More;

use DistillGuard::Events;
use DistillGuard::Forms qw(forms does);
use DistillGuard::Test;

# An estimate takes 4 bytes of text for a token and a few tokens for a turn.
# The upstream says words of 5 bytes and counts one token for each, and its
# input is a quarter of the body: that is what the estimates are off by.

my $LEAST = 0.75;
my $MOST = 1.5;

my $t = DistillGuard::Test->new;
my $upstream = $t->upstream;
my $redis = $t->redis;
my $events = DistillGuard::Events->new($t);

$t->write_file('secret', "0123456789abcdef0123456789abcdef\n");

$t->conf($events->conf . <<'EOF_CONF')->start;

    distill_guard_zone zone=guard:2m;
    distill_guard_secret %%DIR%%/secret;
    distill_guard_redis redis://127.0.0.1:%%REDIS%% sync=50ms;

    server {
        listen 127.0.0.1:%%HTTP%%;
        listen 127.0.0.1:%%H2%% http2;
        distill_guard observe;

        proxy_http_version 1.1;
        proxy_set_header Connection "";
        proxy_buffering off;

        location / {
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
        }

        location /buffered/ {
            proxy_pass http://127.0.0.1:%%UPSTREAM%%/;
            proxy_buffering on;
        }

        location /10/ {
            proxy_pass http://127.0.0.1:%%UPSTREAM%%/;
            proxy_http_version 1.0;
        }

        location = /status {
            distill_guard off;
            distill_guard_status;
        }
    }
EOF_CONF


my @forms = forms();


# ---- the cases ------------------------------------------------------------

# [what, X-Upstream, options]:
#   needs    what the form must do, or be: see fits()
#   source   reported unless said otherwise
#   finding  in the event's answer_findings
#   body     members to put into the body, undef to take them out
#   headers  of the request
#   under    before the path
#   leave    the client goes when this has come
#   aborted  as the event must have it
#   error    there is one
#   array    other options where the answer is a JSON array, which has an end
#            of its own
#   wild     the output cannot be known: it is only not 0, nor out of all
#            proportion

my $GONE = { source => 'estimated', aborted => 1, finding => 'incomplete',
    needs => 'stream' };

my @cases = (
    [ 'plain', 'tokens=37' ],
    [ 'cached', 'tokens=9; input=300; cached=120', { needs => 'cached' } ],
    [ 'cache written', 'tokens=9; input=300; cache_write=70',
        { needs => 'cache_write' } ],
    [ 'cache read and written', 'input=300; cached=120; cache_write=70',
        { needs => 'cache_write' } ],
    [ 'reasoning', 'tokens=20; reasoning=30', { needs => 'reasoning' } ],
    [ 'thinking, not told apart', 'tokens=20; reasoning=30',
        { needs => 'thinking' } ],
    [ 'two answers', 'tokens=20', { needs => 'n', body => { n => 2 } } ],
    [ 'a call of a tool', 'tokens=20; tool=1', { needs => 'tool' } ],
    [ 'one word', 'tokens=1' ],

    # how it comes
    [ 'a byte at a time', 'tokens=5; split=1' ],
    [ 'in sevens', 'tokens=5; split=7; pad=40' ],
    [ 'padded', 'tokens=5; pad=9000' ],
    [ 'CRLF', 'crlf=1', { needs => 'sse' } ],
    [ 'CRLF, a byte at a time', 'tokens=5; crlf=1; split=1',
        { needs => 'sse' } ],
    [ 'comments', 'comments=1', { needs => 'sse' } ],
    [ 'comments, CRLF, in threes', 'tokens=5; comments=1; crlf=1; split=3',
        { needs => 'sse' } ],
    [ 'buffered', 'tokens=90', { under => '/buffered' } ],
    [ 'HTTP/1.0', 'tokens=9', { under => '/10' } ],

    # compression
    [ 'the client takes gzip', 'tokens=9',
        { headers => [ 'Accept-Encoding', 'gzip, br' ] } ],
    [ 'gzip unasked', 'tokens=60; gzip=1',
        { source => 'estimated', finding => 'encoded unread', wild => 1 } ],

    # usage is not told
    [ 'usage not asked for', 'tokens=60', { source => 'estimated',
        needs => 'include_usage', body => { stream_options => undef } } ],
    [ 'usage not asked for, two answers', 'tokens=60',
        { source => 'estimated', needs => 'include_usage',
            body => { stream_options => undef, n => 2 } } ],
    [ 'usage absent', 'tokens=60; usage=none', { source => 'estimated' } ],
    [ 'usage absent, a call of a tool', 'tokens=60; usage=none; tool=1',
        { source => 'estimated', needs => 'tool' } ],

    # somebody leaves
    [ 'the client leaves', 'tokens=17; endless=1; delay=1',
        { %$GONE, leave => qr/dawn.*?dawn.*?dawn/s } ],
    [ 'the client leaves, usage absent',
        'tokens=17; endless=1; delay=1; usage=none',
        { %$GONE, leave => qr/dawn.*?dawn.*?dawn/s } ],
    [ 'the upstream leaves', 'tokens=60; cut=50', $GONE ],
    [ 'the upstream leaves in good order', 'tokens=60; cut=50',
        { %$GONE, under => '/10', finding => 'incomplete',
            array => { finding => 'malformed incomplete' } } ],
    [ 'the upstream leaves, buffered', 'tokens=60; cut=50',
        { %$GONE, under => '/buffered' } ],
    [ 'the upstream leaves amid JSON', 'tokens=120; cut=450',
        { %$GONE, needs => 'said whole', wild => 1 } ],
    [ 'the upstream leaves amid vectors', 'cut=200',
        { %$GONE, needs => 'silent' } ],
    [ 'the upstream fails', 'tokens=60; fail=50', { %$GONE, error => 1,
        array => { finding => '', aborted => 0 } } ],
);


# what there is to an answer that costs nothing; [what, X-Upstream, options]

my @free = (
    (map { [ "error $_", "status=$_", { status => $_, error => 1 } ] }
        400, 401, 403, 404, 413, 429, 500, 503, 529),
    [ 'error, compressed', 'status=400; gzip=1', { status => 400 } ],
    [ 'no content', 'status=204', { status => 204 } ],
);


# ---- one exchange ---------------------------------------------------------

my $exchanges = 0;
my (%by_key, %by_source);


sub fits {
    my ($form, $needs) = @_;

    return 1 unless defined $needs;
    return !$form->{framing} && !$form->{silent} if $needs eq 'said whole';
    return $form->{silent} if $needs eq 'silent';
    return $form->{framing} if $needs eq 'stream';
    return $form->{framing} eq 'sse' if $needs eq 'sse';
    return $form->{include_usage} if $needs eq 'include_usage';
    return does($form, $needs);
}


# (answer, event, what the upstream has in its ledger)

sub exchange {
    my ($form, $steer, %opt) = @_;

    my $case = ++$exchanges;
    my %body = (%{ $form->{body} }, %{ $opt{body} // {} });
    delete @body{ grep { !defined $body{$_} } keys %body };

    my $answer = $t->post_json(($opt{under} // '') . $form->{path}, \%body,
        'X-Upstream' => $steer, 'X-Case' => $case,
        'x-api-key' => 'sk-' . ($opt{key} // $form->{name}),
        @{ $opt{headers} // [] },
        $opt{leave} ? ('-until' => $opt{leave}) : ());

    my $event = $events->next;
    my $entry = $t->wait_for(sub {
        my ($last) = $upstream->ledger(1);
        return $last && ($last->{headers}{'x-case'} // '') eq $case && $last;
    }, 10, "the upstream to have counted case $case");

    for (qw(input output)) {
        my $n = $event->{"${_}_tokens"} // 0;
        $by_key{ $event->{key} }{$_} += $n;
        $by_source{$_}{ $event->{source} // 'none' } += $n;
    }

    # what the upstream refuses or fails at is given back
    $by_key{ $event->{key} }{requests} += $event->{status} =~ /^2/ ? 1 : 0;

    return ($answer, $event, $entry);
}


# The tokens of an event, as the ledger would have them.

sub counted {
    my ($event) = @_;

    return { map { $_ => $event->{"${_}_tokens"} // 0 }
        qw(input output cached cache_write reasoning) };
}


sub ledger_says {
    my ($form, $entry) = @_;

    return {
        input => $entry->{input_tokens},
        output => $entry->{output_tokens},
        map { $_ => does($form, $_) ? $entry->{$_} : 0 }
            qw(cached cache_write reasoning),
    };
}


sub close_to {
    my ($n, $truth, $name) = @_;

    local $Test::Builder::Level = $Test::Builder::Level + 1;
    ok($n >= $truth * $LEAST && $n <= $truth * $MOST && $n > 0, $name)
        or diag "$n for $truth";
}


sub estimated {
    my ($name, $form, $event, $entry, $opt) = @_;

    my $counted = counted($event);
    my $truth = ledger_says($form, $entry);

    close_to($counted->{input}, $truth->{input}, "$name: input estimated");

    if ($form->{silent}) {
        is($counted->{output}, 0, "$name: no output");

    } elsif ($opt->{wild}) {
        cmp_ok($counted->{output}, '>', 0, "$name: output not 0");
        cmp_ok($counted->{output}, '<', $truth->{output} * 10,
            "$name: output not out of all proportion");

    } else {
        close_to($counted->{output}, $truth->{output},
            "$name: output estimated");
    }
}


# Ollama's errors are text and have no kind.

sub told_error {
    my ($form, $event, $expected, $name) = @_;

    $expected = 0 if $form->{dialect} =~ /^ollama/;

    local $Test::Builder::Level = $Test::Builder::Level + 1;
    is($event->{error} ? 1 : 0, $expected // 0, "$name: the kind of error");
}


for my $form (@forms) {
    for (@cases) {
        my ($what, $steer, $opt) = @$_;

        next unless fits($form, $opt->{needs});
        $opt = { %$opt, %{ $opt->{array} } }
            if $opt->{array} && $form->{framing} eq 'array';

        my $name = "$form->{name}, $what";
        my $source = $opt->{source} // 'reported';
        my ($answer, $event, $entry) = exchange($form, $steer, %$opt,
            key => "$form->{name} $source");

        is_deeply([ @$event{qw(dialect status verdict source)},
                $event->{aborted} ? 1 : 0 ],
            [ $form->{dialect}, 200, 'PASS', $source, $opt->{aborted} // 0 ],
            "$name: what it was");
        is(join(' ', @{ $event->{answer_findings} // [] }),
            $opt->{finding} // '', "$name: findings");
        told_error($form, $event, $opt->{error}, $name);

        is($entry->{headers}{'accept-encoding'}, $opt->{headers} && 'identity',
            "$name: asked for plain text");

        if ($source eq 'reported') {
            is_deeply(counted($event), ledger_says($form, $entry),
                "$name: tokens are the upstream's");

        } else {
            estimated($name, $form, $event, $entry, $opt);
        }
    }

    for (@free) {
        my ($what, $steer, $opt) = @$_;

        my $name = "$form->{name}, $what";
        my ($answer, $event) = exchange($form, $steer);

        is($answer->{status}, $opt->{status}, "$name: status");
        is($event->{status}, $opt->{status}, "$name: status in the event");
        is_deeply([ @$event{qw(source input_tokens output_tokens)} ],
            [ undef, undef, undef ], "$name: costs nothing");
        told_error($form, $event, $opt->{error}, $name);
    }
}


# over HTTP/2

sub leave_over_http2 {
    my ($form) = @_;

    my $port = $t->port('h2');
    my $file = $t->write_file('body', JSON::PP::encode_json($form->{body}));

    my $pid = open my $curl, '-|', 'curl', '-q', '-sN',
        '--http2-prior-knowledge', '--max-time', 20, '-H', 'Expect:',
        '-H', 'X-Upstream: endless=1; delay=1', '--data-binary', "\@$file",
        "http://127.0.0.1:$port$form->{path}" or die "curl: $!\n";

    my $body = '';
    while ($body !~ /fox.*fox/s) {
        sysread $curl, $body, 65536, length $body or last;
    }

    kill 'KILL', $pid;
    close $curl;
}


for my $form (grep { $_->{framing} } @forms) {
    leave_over_http2($form);

    my $event = $events->next;
    $by_source{$_}{ $event->{source} } += $event->{"${_}_tokens"}
        for qw(input output);

    is_deeply([ @$event{qw(dialect source)}, $event->{aborted} ? 1 : 0 ],
        [ $form->{dialect}, 'estimated', 1 ],
        "$form->{name}, the client leaves, HTTP/2");
    cmp_ok($event->{output_tokens}, '>=', 16,
        "$form->{name}, the client leaves, HTTP/2: output");
}


# ---- nothing to pay for ---------------------------------------------------

# Who leaves before there is an answer has seen none.

for my $form (@forms) {
    my $connection = $t->connect;

    eval { $t->post_json($form->{path}, $form->{body},
        'x-api-key' => 'sk-early', 'X-Upstream' => 'first=60000',
        -connection => $connection, -timeout => 0.05) };
    $connection->close;

    my $event = $events->next;
    is_deeply([ @$event{qw(dialect status source output_tokens)} ],
        [ $form->{dialect}, 499, undef, undef ],
        "$form->{name}, the client leaves before the answer");
}

for (
    (map { [ HEAD => $_->{path}, 404 ] } @forms),
    [ GET => '/v1/models', 200 ],
    [ HEAD => '/v1/models', 200 ],
    [ POST => '/v1/messages/count_tokens', 200 ],
    [ POST => '/v1beta/models/g:countTokens', 200 ],
) {
    my ($method, $path, $status) = @$_;

    my $answer = $t->http({ method => $method, path => $path,
        headers => [ 'x-api-key' => 'sk-free' ],
        $method eq 'POST' ? (body => '{"model":"m"}') : () });
    my $event = $events->next;

    is_deeply([ $answer->{status}, @$event{qw(status dialect source)} ],
        [ $status, $status, undef, undef ], "$method $path: not charged");
}


# ---- interim answers ------------------------------------------------------

# An nginx that does not know them takes 103 for the answer, and all that
# follows for its body.

for my $form (@forms) {
    my ($answer, $event, $entry) = exchange($form, 'tokens=9; early=1',
        key => 'early hints');

    is_deeply([ @{ $answer->{interim} }, $answer->{status} ], [ 103, 200 ],
        "$form->{name}, early hints: both come");

    if ($event->{status} == 103) {
        is_deeply([ $event->{source}, $event->{answer_findings} ],
            [ undef, ['unread'] ], "$form->{name}, early hints: said so");

    } else {
        is_deeply(counted($event), ledger_says($form, $entry),
            "$form->{name}, early hints: tokens are the upstream's");
    }
}


# ---- what became of it ----------------------------------------------------

my $status = $t->http({ path => '/status' })->json->{zones}{guard};

is_deeply($status->{tokens}, { map { my $way = $_; $way => { map {
            $_ => $by_source{$way}{$_} } qw(reported estimated) } }
        qw(input output) },
    'the zone has counted what the events say');

for my $key (sort keys %by_key) {
    my $expected = $by_key{$key};

    # a credential that nothing was ever answered to is not told
    my %got;
    eval { $t->wait_for(sub { %got = in_redis($key);
        return same(\%got, $expected) }, 3, 'Redis') };
    is_deeply(\%got, $expected, 'Redis has the same of a key');
}


# over all days: it may be midnight

sub in_redis {
    my ($key) = @_;

    my %sum = (requests => 0, input => 0, output => 0);

    for my $name (@{ $redis->cmd('KEYS', "dg:{key:$key}:d:*") }) {
        my %field = @{ $redis->cmd('HGETALL', $name) };

        $sum{requests} += $field{requests} - ($field{returned} // 0);
        $sum{$_} += $field{"${_}_tokens"} // 0 for qw(input output);
    }

    return %sum;
}


sub same {
    my ($x, $y) = @_;

    return !grep { $x->{$_} != $y->{$_} } keys %$y;
}
