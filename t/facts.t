#!/usr/bin/perl

# What is read of a request's body: the same, and the same verdict, however
# the body comes.  The body itself goes on as it came, whatever it is.

use strict;
use warnings;

use Digest::MD5 qw(md5_hex);
use IO::Compress::Gzip ();
use JSON::PP ();
use Test::More;

use DistillGuard::Events qw(facts);
use DistillGuard::Test;

my $t = DistillGuard::Test->new;
my $upstream = $t->upstream;
my $events = DistillGuard::Events->new($t);

my $forms = join "\n", map {
    my ($path, @lines) = @$_;

    "location $path/ { proxy_pass http://127.0.0.1:%%UPSTREAM%%/; @lines }";
} (
    [ '/4k', 'client_body_buffer_size 4k;' ],
    [ '/file', 'client_body_in_file_only clean;' ],
    [ '/single', 'client_body_in_single_buffer on;' ],
    [ '/unbuffered', 'proxy_request_buffering off;' ],
);

$t->conf($events->conf . <<"EOF_CONF", log_format => '$http_x_case $status')

    distill_guard_zone zone=guard:2m;

    client_max_body_size 32m;
    client_body_buffer_size 256k;
    proxy_http_version 1.1;
    proxy_set_header Connection "";

    server {
        listen 127.0.0.1:%%HTTP%%;
        listen 127.0.0.1:%%H2%% http2;

        distill_guard observe;

        location / { proxy_pass http://127.0.0.1:%%UPSTREAM%%; }
        location /nowhere/ { proxy_pass http://127.0.0.1:%%NOWHERE%%; }
        $forms
    }

    server {
        listen 127.0.0.1:%%LIMITED%%;
        listen 127.0.0.1:%%LIMITED_H2%% http2;

        distill_guard enforce;
        distill_guard_limit key input_tokens=2000/d;

        location / { proxy_pass http://127.0.0.1:%%UPSTREAM%%; }
        $forms

        location /early/ {
            proxy_pass http://127.0.0.1:%%UPSTREAM%%/;
            distill_guard_limit key requests=1/d;
        }
    }
EOF_CONF
    ->start;


# ---- the bodies -----------------------------------------------------------

# As an SDK might write them, and as few would: members in any order, names
# and texts with escapes.  The same conversation in each dialect.

my $SYSTEM = 'You are terse.';
my $FIRST = "Erz\xe4hl mir: what is 6 * 7?\nAnd why \x{1f600}?";
my $ANSWER = '42, of course.';
my $ARGS = '{"city":"Paris"}';
my $RESULT = '18 degrees';
my $LAST = 'Explain it "step by step".';

my %PART = (
    system => '"You \u0061re terse."',
    first => '"Erz\u00e4hl mir: what is 6 * 7?\nAnd why \ud83d\ude00?"',
    answer => '"42, of course."',
    args => '"{\"city\":\"Paris\"}"',
    result => '"18 degrees"',
    last => '"Explain it \"step by step\"."',
    schema => '{"type":"object","properties":{"city":{"type":"string",'
        . '"description":"Where"}},"required":["city"]}',
    tool => '"name":"get_weather","description":"Tells the weather."',
    tools => '[{"type":"function","function":{%tool%,'
        . '"parameters":%schema%}}]',
    image => 'data:image/png;base64,iVBORw0KGgo=',
);

my @dialects = (
    [ 'openai.chat', '/v1/chat/completions', <<'EOF_BODY',
{"model":"gpt-4o", "stream":false, "n":2, "max_tokens":64,
 "temperature":0.7, "logprobs":true, "top_logprobs":5,
 "logit_bias":{"50256":-100,"11":5.5}, "stop":["END","\u0046IN"],
 "reasoning_effort":"high", "tools":%tools%,
 "mess\u0061ges":[
  {"role":"system","content":%system%},
  {"role":"user","content":[{"type":"text","text":%first%},
   {"type":"image_url","image_url":{"url":"%image%"}}]},
  {"role":"assistant","content":%answer%,"tool_calls":[{"id":"call_6x7",
   "type":"function","function":{"name":"get_weather","arguments":%args%}}]},
  {"content":%result%,"tool_call_id":"call_6x7","role":"tool"},
  {"content":%last%,"role":"user"}]}
EOF_BODY
        { model => 'gpt-4o', n => 2, max_tokens => 64, temperature => 0.7,
            logprobs => 1, top_logprobs => 5, logit_bias => 2, stops => 2,
            reasoning => 1, images => 1 } ],

    [ 'openai.responses', '/v1/responses', <<'EOF_BODY',
{"model":"gpt-4o","instructions":%system%,"max_output_tokens":64,
 "temperature":0.7,"include":["message.output_text.logprobs"],
 "reasoning":{"effort":"low"},
 "input":[
  {"role":"user","content":[{"type":"input_text","text":%first%},
   {"type":"input_image","image_url":"%image%"}]},
  {"type":"message","role":"assistant","content":[{"type":"output_text",
   "text":%answer%}]},
  {"type":"function_call","call_id":"call_6x7","name":"get_weather",
   "arguments":%args%},
  {"type":"function_call_output","call_id":"call_6x7","output":%result%},
  {"role":"user","content":%last%}],
 "tools":[{"type":"function",%tool%,"parameters":%schema%}]}
EOF_BODY
        { model => 'gpt-4o', max_tokens => 64, temperature => 0.7,
            logprobs => 1, reasoning => 1, images => 1 } ],

    [ 'anthropic.messages', '/v1/messages', <<'EOF_BODY',
{"model":"claude-sonnet-4-5","max_tokens":64,"temperature":0.7,
 "stop_sequences":["END"],"thinking":{"type":"enabled","budget_tokens":1024},
 "system":[{"type":"text","text":%system%,
  "cache_control":{"type":"ephemeral"}}],
 "messages":[
  {"role":"user","content":[{"type":"text","text":%first%},
   {"type":"image","source":{"type":"base64","media_type":"image/png",
    "data":"iVBORw0KGgo="}}]},
  {"role":"assistant","content":[{"type":"text","text":%answer%},
   {"type":"tool_use","id":"call_6x7","name":"get_weather",
    "input":{"city":"Paris"}}]},
  {"role":"user","content":[{"type":"tool_result","tool_use_id":"call_6x7",
   "content":%result%}]},
  {"role":"user","content":%last%}],
 "tools":[{%tool%,"input_schema":%schema%}]}
EOF_BODY
        { model => 'claude-sonnet-4-5', max_tokens => 64, temperature => 0.7,
            stops => 1, reasoning => 1, images => 1 } ],

    [ 'gemini.generate', '/v1beta/models/gemini-2.5-flash:generateContent',
        <<'EOF_BODY',
{"systemInstruction":{"parts":[{"text":%system%}]},
 "generationConfig":{"maxOutputTokens":64,"temperature":0.7,
  "candidateCount":2,"stopSequences":["END"],"responseLogprobs":true,
  "logprobs":5,"thinkingConfig":{"thinkingBudget":1024}},
 "contents":[
  {"role":"user","parts":[{"text":%first%},
   {"inlineData":{"mimeType":"image/png","data":"iVBORw0KGgo="}}]},
  {"role":"model","parts":[{"text":%answer%},{"functionCall":{"id":"call_6x7",
   "name":"get_weather","args":{"city":"Paris"}}}]},
  {"role":"user","parts":[{"functionResponse":{"id":"call_6x7",
   "name":"get_weather","response":{"result":%result%}}}]},
  {"role":"user","parts":[{"text":%last%}]}],
 "tools":[{"functionDeclarations":[{%tool%,"parameters":%schema%}]}]}
EOF_BODY
        { model => 'gemini-2.5-flash', n => 2, max_tokens => 64,
            temperature => 0.7, logprobs => 1, top_logprobs => 5, stops => 1,
            reasoning => 1, images => 1 } ],

    [ 'ollama.chat', '/api/chat', <<'EOF_BODY',
{"model":"llama3","stream":false,"think":true,
 "options":{"num_predict":64,"temperature":0.7,"stop":["END"]},
 "messages":[
  {"role":"system","content":%system%},
  {"role":"user","content":%first%,"images":["iVBORw0KGgo="]},
  {"role":"assistant","content":%answer%,"tool_calls":[{"id":"call_6x7",
   "function":{"name":"get_weather","arguments":{"city":"Paris"}}}]},
  {"role":"tool","tool_call_id":"call_6x7","content":%result%},
  {"role":"user","content":%last%}],
 "tools":%tools%}
EOF_BODY
        { model => 'llama3', max_tokens => 64, temperature => 0.7,
            stops => 1, reasoning => 1, images => 1 } ],

    [ 'openai.completions', '/v1/completions', <<'EOF_BODY',
{"prompt":[%last%,[101,102,103]],"best_of":3,"n":2,"echo":true,"logprobs":5,
 "max_tokens":0,"model":"davinci","prompt_logprobs":-1,"min_tokens":3,
 "stream":true,"stream_options":{"include_usage":true},"stop":"END"}
EOF_BODY
        { model => 'davinci', n => 3, max_tokens => 0, echo => 1,
            logprobs => 1, top_logprobs => 5, prompt_logprobs => 131072,
            min_tokens => 3, stops => 1, inputs => 2, token_ids => 3,
            stream => 1, include_usage => 1 } ],

    [ 'openai.embeddings', '/v1/embeddings', <<'EOF_BODY',
{"input":[%first%,%last%],"model":"text-embedding-3-small"}
EOF_BODY
        { model => 'text-embedding-3-small', embedding => 1, inputs => 2 } ],

    [ 'ollama.generate', '/api/generate', <<'EOF_BODY',
{"model":"llama3","system":%system%,"prompt":%last%,
 "context":[1,2,3,4],"options":{"num_predict":-1}}
EOF_BODY
        { model => 'llama3', inputs => 1, token_ids => 4, stream => 1 } ],
);

for my $dialect (@dialects) {
    1 while $dialect->[2] =~ s/%(\w+)%/$PART{$1}/g;
}


sub bytes {
    my ($text) = @_;

    utf8::encode($text);
    return length $text;
}


# The conversation's own facts; of the prompts there is only the user's part.

my %CONVERSATION = (
    turns => { system => 1, user => 2, assistant => 1, tool => 1 },
    text => { system => bytes($SYSTEM), user => bytes("$FIRST$LAST"),
        assistant => bytes("$ANSWER$ARGS"), tool => bytes($RESULT) },
    tools => 1,
    tool_text => bytes('get_weatherTells the weather.Where'),
);

# arguments that are not one text are their values
my %VALUES = (%CONVERSATION, text => { %{ $CONVERSATION{text} },
    assistant => bytes("${ANSWER}Paris") });

my %SAID = (
    'openai.chat'        => \%CONVERSATION,
    'openai.responses'   => \%CONVERSATION,
    'anthropic.messages' => \%VALUES,
    'gemini.generate'    => \%VALUES,
    'ollama.chat'        => \%VALUES,
    'openai.completions' => { turns => { user => 2 },
        text => { user => bytes($LAST) } },
    'openai.embeddings'  => { turns => { user => 2 },
        text => { user => bytes("$FIRST$LAST") } },
    'ollama.generate'    => { turns => { system => 1, user => 1 },
        text => { system => bytes($SYSTEM), user => bytes($LAST) } },
);

my @FACTS = qw(model stream include_usage echo logprobs reasoning embedding n
    max_tokens min_tokens temperature top_logprobs prompt_logprobs logit_bias
    stops tools turns text tool_text images audio files inputs token_ids
    invisible findings bytes);
my @IDS = qw(system tool_set first content);


# ---- the ways -------------------------------------------------------------

# [what, options of post_json, what stands before the path]

my @whole = (
    [ 'HTTP/2', { http2 => 1, port => 'h2' } ],
    [ 'chunked', { chunked => 1 } ],
    [ 'into a file, above 4k', {}, '/4k' ],
    [ 'into a file', {}, '/file' ],
    [ 'into one buffer', {}, '/single' ],
    [ 'unbuffered', {}, '/unbuffered' ],
    [ 'unbuffered, chunked', { chunked => 1 }, '/unbuffered' ],
    [ 'unbuffered, HTTP/2', { http2 => 1, port => 'h2' }, '/unbuffered' ],
);

my @pieces = (
    [ 'a byte at a time', {}, '', 1 ],
    [ 'chunked, a byte at a time', { chunked => 1 }, '', 1 ],
    [ 'unbuffered, in threes', {}, '/unbuffered', 3 ],
    [ 'unbuffered, chunked, in sevens', { chunked => 1 }, '/unbuffered', 7 ],
    [ 'in pieces', {}, '', 99 ],
);

my $SILENCE = 0.0001;    # between pieces, so that they are read apart
my @sent;                # all there ever was: "number status"


# -name => value are options of post_json before those of the way

sub post {
    my ($path, $body, $way, @rest) = @_;

    my (undef, $opt, $before, $split) = @$way;
    my %opt = ($split ? (split => $split) : (), %$opt);

    # every chunk is read by itself
    $opt{pause} = $SILENCE if $split && !$opt{chunked};

    my $answer = $t->post_json(($before // '') . $path, $body,
        'X-Case' => @sent + 1, -timeout => 60, @rest,
        map { ("-$_" => $opt{$_}) } keys %opt);

    push @sent, @sent + 1 . " $answer->{status}";

    return $answer;
}


# What all ways have in common.  The client's fingerprint is not part of it,
# and not what is known of the answer.

sub common {
    my ($event) = @_;

    my $facts = facts($event);

    delete @$facts{qw(client issued)};
    $facts->{verdict} =~ s/_DRY_RUN$//;

    return $facts;
}


# ---- the same facts -------------------------------------------------------

my (%of_dialect, %ids);

for (@dialects) {
    my ($name, $path, $body, $expected) = @$_;

    my $answer = post($path, $body, [ 'whole', {} ]);
    my $event = $events->next;
    my $facts = $of_dialect{$name} = common($event);

    is($answer->{status}, 200, "$name: passes");
    is_deeply({ map { $_ => JSON::PP::is_bool($facts->{$_})
                ? $facts->{$_} ? 1 : 0 : $facts->{$_} }
            grep { exists $facts->{$_} } @FACTS },
        { %$expected, %{ $SAID{$name} }, bytes => length $body },
        "$name: the facts");

    is(scalar @{ $facts->{presented} // [] }, $body =~ /call_6x7/ ? 1 : 0,
        "$name: an id is presented");

    for (grep { exists $facts->{$_} } @IDS) {
        push @{ $ids{$_}{ $facts->{$_} } }, $name;
    }

    push @{ $ids{presented}{ $facts->{presented}[0] } }, $name
        if $facts->{presented};
}

# a prompt has but one text, which is the first and the last
is_deeply({ map { $_ => scalar keys %{ $ids{$_} } } keys %ids },
    { system => 1, tool_set => 1, first => 2, content => 1, presented => 1 },
    'the same texts and ids have the same hashes in all dialects')
    or diag explain \%ids;

# what an answer issued is known again when a request presents it

for (grep { $_->[2] =~ /call_6x7/ } @dialects) {
    my ($name, $path, $body) = @$_;

    my ($id) = post($path, $body, [ '', {} ], 'X-Upstream' => 'tool=1')
        ->content =~ /"((?:call|toolu)_\w{24})"/;
    my %issued = map { $_ => 1 } @{ $events->next->{issued} // [] };

    $body =~ s/call_6x7/$id/g;
    post($path, $body, [ '', {} ]);
    my @presented = @{ $events->next->{presented} // [] };

    is_deeply([ map { $issued{$_} } @presented ], [1],
        "$name: a presented id is one that was issued");
}


sub same_facts {
    my ($name, $path, $body, $facts, @ways) = @_;

    for my $way (@ways) {
        my $answer = post($path, $body, $way);

        is($answer->{status}, 200, "$name, $way->[0]: passes");
        is_deeply(common($events->next), $facts,
            "$name, $way->[0]: the same facts");
    }
}


for (@dialects) {
    my ($name, $path, $body) = @$_;

    same_facts($name, $path, $body, $of_dialect{$name}, @whole, @pieces);
}


# ---- marks of a template --------------------------------------------------

# Two slots in two dialects; the frame stands around them.

my $FRAME = 'You are given a note that somebody left on the kitchen table. '
    . 'Say in one sentence who wrote it, and to whom:';
my @SLOTS = ('Gone to buy milk, back at 6, love, Ann',
    'The dog has not been out yet! Feed him as well, please');

sub marks_of {
    my ($path, $body) = @_;

    is(post($path, JSON::PP->new->canonical->encode($body), [ '', {} ])
        ->{status}, 200, "$path: passes");

    return $events->next;
}

my @template = (
    marks_of('/v1/chat/completions', { messages => [
        { role => 'system', content => 'You are terse.' },
        { role => 'user', content => "$FRAME\n$SLOTS[0]" } ] }),
    marks_of('/v1/messages', { max_tokens => 9, messages => [
        { role => 'user', content => [
            { type => 'text', text => $FRAME },
            { type => 'text', text => $SLOTS[1] } ] } ] }),
    marks_of('/v1/chat/completions', { messages => [
        { role => 'user', content => $SLOTS[0] } ] }),
);

my @marks = map { +{ map { $_ => 1 } @{ $_->{marks} // [] } } } @template;
my @frame = grep { $marks[1]{$_} } @{ $template[0]{marks} };

ok(@frame >= 2 && $frame[0] =~ /^H[0-9a-f]{16}$/
    && $frame[0] eq $template[0]{marks}[0]
    && $frame[0] eq $template[1]{marks}[0],
    'a template leaves the same marks with other slots and dialects')
    or diag explain \@template;
ok(@frame < keys %{ $marks[0] } && @frame < keys %{ $marks[1] },
    'and others, which are of the slots');
is_deeply([ grep { $marks[2]{$_} } @frame ], [],
    'none of them without the frame');

is(marks_of('/v1/chat/completions', { messages => [
        { role => 'user', content => "$FRAME\n$SLOTS[0]" },
        { role => 'assistant', content => 'Ann.' },
        { role => 'user', content => "$FRAME\n$SLOTS[1]" } ] })->{marks},
    undef, 'a conversation that was answered leaves none');

is_deeply([ map { $_->{traces} ? 1 : 0 } $template[0],
    marks_of('/v1/chat/completions', { messages => [
        { role => 'system', content => 'Think step by step.' },
        { role => 'user', content => 'Why?' } ] }) ], [ 0, 1 ],
    'asking for reasoning in words is noticed');


# ---- larger than buffers --------------------------------------------------

# The first text is made longer; (body, facts).

sub larger {
    my ($name, $body, $n) = @_;

    my $words = ' word' x 100;
    my $more = " \\u0041$words" x ($n / 507 + 1);
    my $decoded = " A$words" x ($n / 507 + 1);
    $body =~ s/why \\u/why$more \\u/ or die "no text in $name\n";

    my $path = (grep { $_->[0] eq $name } @dialects)[0][1];
    is(post($path, $body, [ 'whole', {} ])->{status}, 200,
        "$name, $n bytes: passes");
    my $facts = common($events->next);

    is_deeply([ $facts->{bytes}, $facts->{text}{user} ],
        [ $of_dialect{$name}{bytes} + length $more,
            $of_dialect{$name}{text}{user} + length $decoded ],
        "$name, $n bytes: all of it is read");
    is_deeply([ map { $facts->{$_} } qw(turns content system model) ],
        [ map { $of_dialect{$name}{$_} } qw(turns content system model) ],
        "$name, $n bytes: what is behind it, too");

    return ($body, $facts);
}


for (@dialects[1 .. 3]) {
    my ($name, $path, $body) = @$_;

    my ($larger, $facts) = larger($name, $body, 20_000);
    same_facts("$name, 20 kB", $path, $larger, $facts, @whole,
        [ 'in pieces', {}, '', 999 ]);
}

for ($dialects[0]) {
    my ($name, $path, $body) = @$_;

    my ($larger, $facts) = larger($name, $body, 10_000_000);
    same_facts("$name, 10 MB", $path, $larger, $facts, @whole,
        [ 'in pieces', {}, '', 99_999 ]);
}


# ---- split at every byte --------------------------------------------------

# In chunks, each of which is read by itself; a few of the places at a time.

for (@dialects) {
    my ($name, $path, $body) = @$_;

    my $connection = $t->connect;
    my $cuts = length $body > 400 ? 7 : 1;
    my $step = int((length($body) + $cuts - 1) / $cuts);

    for my $at (1 .. $step) {
        my @pieces = map { [$_] } grep { $_ ne '' }
            unpack "a$at " . "a$step " x ($cuts - 1) . 'a*', $body;

        post($path, $body, [ '', { connection => $connection, chunked => 1,
            pieces => \@pieces } ]);
    }

    my $expected = $of_dialect{$name};
    my %seen = map { JSON::PP->new->canonical->encode(common($_)) => 1 }
        $events->take($step);

    is_deeply([ keys %seen ], [ JSON::PP->new->canonical->encode($expected) ],
        "$name: the same facts wherever it is split");
}


# ---- refused on the last byte ---------------------------------------------

# A key with 500 input tokens left asks for more, then, on the same
# connection, for less.  What passes unbuffered was with the upstream before
# it was known: there the verdict is the same, and not enforced, unless all
# of the body came with the head.

my $SMALL = '{"model":"second","max_tokens":9,"messages":[]}';


sub key_with_500_left {
    my ($name) = @_;

    my $key = "sk-$name";

    post('/v1/messages', $SMALL, [ '', {} ], 'x-api-key' => $key,
        'X-Upstream' => 'input=1500', -port => 'limited');
    $events->next;

    return ('x-api-key' => $key);
}


sub refused {
    my ($name, $way, $answer, $event, $facts) = @_;

    my $passed = $answer->{status} == 200;

    ok($passed ? $way->[0] =~ /^unbuffered/ : $answer->{status} == 429,
        "$name: refused");
    is($event->{verdict}, $passed ? 'THROTTLE_DRY_RUN' : 'THROTTLE',
        "$name: the verdict");
    is_deeply([ map { @$_{qw(limit max)} } @{ $event->{reasons} } ],
        [ 'key input_tokens=2000/d', 2000 ], "$name: the reason");

    my $common = common($event);
    is_deeply({ map { $_ => $common->{$_} } @FACTS, @IDS },
        { map { $_ => $facts->{$_} } @FACTS, @IDS }, "$name: the same facts");
}


# what is answered to the small one after it

sub second {
    my ($name, $answer, $event) = @_;

    my ($entry) = $upstream->ledger(1);

    is_deeply([ $answer->{status}, $answer->json->{model},
            $event->{verdict}, $event->{bytes}, $entry->{body_md5} ],
        [ 200, 'second', 'PASS', length $SMALL, md5_hex($SMALL) ],
        "$name: the next request is itself");
}


sub refuse_all {
    my ($size, $path, $body, $facts, @ways) = @_;

    for my $way (@ways) {
        my $name = "$size, $way->[0], refused";
        my @key = key_with_500_left($name);

        if ($way->[1]{http2}) {
            my $before = $way->[2] // '';
            my @answers = two_over_http2([ "$before$path", $body ],
                [ '/v1/messages', $SMALL ], @key, 'X-Upstream', 'input=9');
            my @two = $events->take(2);

            refused($name, $way, $answers[0], $two[0], $facts);
            second($name, $answers[1], $two[1]);
            next;
        }

        my @on = (-connection => $t->connect(port => 'limited'), @key);

        my $answer = post($path, $body, $way, @on, 'X-Upstream' => 'input=9');
        refused($name, $way, $answer, $events->next, $facts);

        my $next = post('/v1/messages', $SMALL, [ '', {} ], @on);
        second($name, $next, $events->next);
    }
}


# Both in one write.  Unbuffered, too, the body is there with its head, and
# no upstream has been asked yet.

sub pipeline {
    my ($path, $body, $facts) = @_;

    for my $before ('', '/4k', '/unbuffered') {
        for my $chunked (0, 1) {
            my $name = "pipelined, $before" . ($chunked ? ', chunked' : '');
            my @key = key_with_500_left($name);
            my $n = @sent;

            my $bytes = join '', map {
                my ($path, $body) = @$_;

                join "\r\n", "POST $path HTTP/1.1", 'Host: localhost',
                    'X-Case: ' . ++$n, "$key[0]: $key[1]",
                    'Content-Type: application/json', $chunked
                        ? ('Transfer-Encoding: chunked', '',
                            sprintf('%x', length $body), $body, '0', '', '')
                        : ('Content-Length: ' . length $body, '', $body);
            } [ "$before$path", $body ], [ '/v1/messages', $SMALL ];

            my $connection = $t->connect(port => 'limited');
            my $answer = $connection->request($bytes);

            push @sent, @sent + 1 . " $answer->{status}";
            is($answer->{status}, 429, "$name: not passed");
            refused($name, [ 'whole', {} ], $answer, $events->next, $facts);

            # nginx may not keep what is behind a chunked body: it says so
            next if $chunked && $answer->closing;

            $answer = $connection->request('');
            push @sent, @sent + 1 . " $answer->{status}";
            second($name, $answer, $events->next);
        }
    }
}


# The second takes the connection, and so the protocol, of the first.

sub two_over_http2 {
    my ($first, $second, %headers) = @_;

    my $port = $t->port('limited_h2');
    my @command = ('curl', '-q', '-sN', '--max-time', 60);
    my @files;

    for ($first, $second) {
        my ($path, $body) = @$_;

        my $n = @sent + @files + 1;
        push @files, $t->write_file("body-$n", $body);
        push @command, @files > 1 ? ('--next', '-s')
            : '--http2-prior-knowledge';
        push @command, map({ ('-H', $_) } 'Expect:', "X-Case: $n",
                'Content-Type: application/json',
                map { "$_: $headers{$_}" } sort keys %headers),
            '--data-binary', "\@$files[-1]", '-o', "$files[-1].answer",
            '-w', '%{http_code} %{num_connects} %{http_version}\n',
            "http://127.0.0.1:$port$path";
    }

    open my $curl, '-|', @command or die "curl: $!\n";
    my @said = map { [ split ] } <$curl>;
    close $curl;

    is_deeply([ map { [ @$_[1, 2] ] } @said ], [ [ 1, 2 ], [ 0, 2 ] ],
        'on one connection of HTTP/2');

    return map {
        my ($status) = @{ $said[$_] };
        push @sent, @sent + 1 . " $status";

        my $answer = DistillGuard::Http::Response->new;
        $answer->{status} = $status;
        $answer->{body} = $t->read_file("$files[$_].answer");
        $answer;
    } 0, 1;
}


for (
    [ '6 kB', 6_000, @whole, @pieces[2 .. 4] ],
    [ '10 MB', 10_000_000, @whole[0, 1, 2, 5, 7],
        [ 'in pieces', {}, '', 99_999 ] ],
) {
    my ($size, $n, @ways) = @$_;

    my ($name, $path, $body) = @{ $dialects[2] };
    my ($larger, $facts) = larger($name, $body, $n);

    refuse_all($size, $path, $larger, $facts, [ 'whole', {} ], @ways);
    pipeline($path, $larger, $facts) if $size eq '6 kB';
}

# before the body was asked for: it is read all the same, and dropped

for my $way ([ 'whole', {} ], $whole[1], [ 'in pieces', {}, '', 9_999 ]) {
    my @on = (-connection => $t->connect(port => 'limited'),
        'x-api-key' => "sk-early $way->[0]");
    my $body = $SMALL . ' ' x 300_000;

    my @got = map { post('/early/v1/messages', $_, $way, @on,
        -send_all => 1)->{status} } $SMALL, $body, $body, $SMALL;

    is("@got", '200 429 429 429', "refused before its body, $way->[0]");
    $events->take(4);
}


# ---- bodies that are not what they should be ------------------------------

my $DEEP = 10_000;
my $HUGE = qr/^\d{5,}$/;    # cut to what is still beyond all use

my @odd = (
    # what, body, findings, other facts

    [ 'nothing', '', '' ],
    [ 'an empty object', '{}', '' ],
    [ 'a list', '[]', '' ],
    [ 'a text', '"model"', '' ],
    [ 'a number', '17', '' ],
    [ 'half', '{"model":"half","messages":[{"role":"user","content":"hel',
        'malformed', { model => 'half' } ],
    [ 'two', '{"model":"a"} {"model":"b"}', 'malformed', { model => 'a' } ],
    [ 'a form', 'model=m&messages=x', 'malformed' ],
    [ 'binary', join('', map { chr } 0 .. 255) x 9, 'malformed' ],
    [ 'a byte order mark', "\xef\xbb\xbf{\"model\":\"m\"}", 'malformed' ],
    [ 'a bare control character', "{\"model\":\"a\tb\"}", 'malformed' ],
    [ 'invalid UTF-8', "{\"messages\":[{\"role\":\"user\",\"content\":"
        . "\"\xff\xfe\xc3\"}]}", '', { text => { user => 3 } } ],

    [ 'deep', '[' x $DEEP, 'deep' ],
    [ 'deep and closed', '{"model":"m","messages":'
        . '[' x $DEEP . ']' x $DEEP . ',"n":3}', 'deep mistyped',
        { model => 'm' } ],
    [ 'deep where nobody looks', '{"x":' . '{"a":' x $DEEP . '1'
        . '}' x $DEEP . ',"n":3}', 'deep' ],

    [ 'huge numbers', '{"max_tokens":1e999,"temperature":-1e-999,'
        . '"n":123456789012345678901234567890,"top_logprobs":99999999999}',
        '', { n => $HUGE, top_logprobs => $HUGE, max_tokens => $HUGE,
            temperature => 0 } ],
    [ 'a long number', '{"n":' . '9' x 5000 . ',"max_tokens":5}', 'wide',
        { max_tokens => 5 } ],
    [ 'fractions', '{"n":2.9,"max_tokens":7e0,"temperature":0.0005}', '',
        { n => 2, max_tokens => 7, temperature => 0.001 } ],
    [ 'negative numbers', '{"n":-4,"max_tokens":-1,"top_logprobs":-1}', '',
        { n => undef, max_tokens => undef, top_logprobs => 131072 } ],

    [ 'wrong types', '{"model":{"a":1},"messages":"hi","stream":"yes",'
        . '"max_tokens":"12","temperature":[],"n":{},"stop":7,"tools":1}',
        'mistyped' ],
    [ 'wrong items', '{"model":"m","messages":[1,"two",null,[],{"role":7,'
        . '"content":{"a":1}}],"stop":[1,{}],"tools":[[]]}', 'mistyped',
        { model => 'm' } ],
    [ 'null throughout', '{"model":null,"messages":null,"stream":null,'
        . '"n":null,"temperature":null,"stop":null,"tools":null}', '' ],

    [ 'names twice', '{"model":"a","model":"b","n":2,"n":3}', 'duplicate',
        { model => 'b', n => 3 } ],
    [ 'half a pair', '{"model":"a\ud800b"}', 'surrogate',
        { model => "a\xef\xbf\xbdb" } ],
    [ 'a long name', '{"' . 'n' x 100_000 . '":1,"n":2}', '', { n => 2 } ],
    [ 'a long model', '{"model":"' . 'm' x 100_000 . '"}', '',
        { model => 'm' x 64 } ],
    [ 'many members', '{' . join(',', map { "\"a$_\":$_" } 1 .. 5000)
        . ',"n":2}', '', { n => 2 } ],
);

my @odd_ways = ([ 'whole', {} ], @whole[0, 5, 6], $pieces[4]);


sub passes_as_it_is {
    my ($name, $body, $way, @headers) = @_;

    my $answer = post('/v1/chat/completions', $body, $way, @headers);
    my $event = $events->next;
    my ($entry) = $upstream->ledger(1);

    is_deeply([ @$entry{qw(body_bytes body_md5)}, $answer->{status} ],
        [ length $body, md5_hex($body), $entry->{status} ],
        "$name, $way->[0]: passed on as it is");

    return common($event);
}


for (@odd) {
    my ($name, $body, $findings, $expected) = @$_;

    my $first;

    for my $way (@odd_ways) {
        # a body in pieces needs no hours
        my @way = @$way;
        $way[3] = 997 if $way[3] && length $body > 2000;

        my $facts = passes_as_it_is($name, $body, \@way);
        is_deeply($facts, $first // $facts, "$name, $way->[0]: the same facts");
        $first //= $facts;
    }

    is(join(' ', @{ $first->{findings} // [] }), $findings,
        "$name: the findings");
    is($first->{bytes}, length $body || undef, "$name: the bytes");
    for (sort keys %{ $expected // {} }) {
        my $value = $expected->{$_};

        ref $value eq 'Regexp' ? like($first->{$_}, $value, "$name: $_")
            : is_deeply($first->{$_}, $value, "$name: $_");
    }
}


# the name of a model is any bytes, an event is JSON all the same

{
    my $answer = post('/nowhere/v1/chat/completions',
        "{\"model\":\"\xff\\u0000\\\"\\\\}\",\"n\":2}", [ '', {} ]);
    my $event = $events->next;

    is_deeply([ $answer->{status}, @$event{qw(model n status source)} ],
        [ 502, "\xff\0\"\\}", 2, 502, undef ], 'a model of any bytes');
}

# a body that is compressed is not read

{
    my $body = $dialects[0][2];
    IO::Compress::Gzip::gzip(\$body, \my $gzip);

    for my $way (@odd_ways) {
        my $facts = passes_as_it_is('compressed', $gzip, $way,
            'Content-Encoding' => 'gzip');

        is_deeply([ @$facts{qw(findings bytes turns model)} ],
            [ ['encoded'], length $gzip, undef, undef ],
            "compressed, $way->[0]: facts say so");
    }
}


# ---- and nothing else -----------------------------------------------------

$t->wait_for(sub { $t->access_log =~ tr/\n// >= @sent }, 10, 'the log');
is($t->access_log, join('', map { "$_\n" } @sent),
    'there were these requests and no others');
is(scalar(() = $events->rest), 0, 'and events of no others');
