package DistillGuard::Facts;

# Bodies of the same conversation in each dialect, the ways in which they may
# come, and an nginx that tells what it has read of them.
#
#   my ($t, $upstream, $events) = DistillGuard::Facts::harness();
#
#   my $answer = post($path, $body, $way);
#   is_deeply(common($events->next), of_dialect($name), '...');
#   ...
#   nothing_else();

use strict;
use warnings;

use Exporter qw(import);
use Test::More;

use DistillGuard::Events qw(facts);
use DistillGuard::Test;

our @EXPORT_OK = qw(@FACTS @IDS %SAID @dialects @pieces @sent @whole common
    larger nothing_else of_dialect post same_facts);

my ($t, $events);
my %of_dialect;


sub harness {
    $t = DistillGuard::Test->new;
    my $upstream = $t->upstream;
    $events = DistillGuard::Events->new($t);

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

    return ($t, $upstream, $events);
}


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

our @dialects = (
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

our %SAID = (
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

our @FACTS = qw(model stream include_usage echo logprobs reasoning embedding n
    max_tokens min_tokens temperature top_logprobs prompt_logprobs logit_bias
    stops tools turns text tool_text images audio files inputs token_ids
    invisible findings bytes);
our @IDS = qw(system tool_set first content);


# ---- the ways -------------------------------------------------------------

# [what, options of post_json, what stands before the path]

our @whole = (
    [ 'HTTP/2', { http2 => 1, port => 'h2' } ],
    [ 'chunked', { chunked => 1 } ],
    [ 'into a file, above 4k', {}, '/4k' ],
    [ 'into a file', {}, '/file' ],
    [ 'into one buffer', {}, '/single' ],
    [ 'unbuffered', {}, '/unbuffered' ],
    [ 'unbuffered, chunked', { chunked => 1 }, '/unbuffered' ],
    [ 'unbuffered, HTTP/2', { http2 => 1, port => 'h2' }, '/unbuffered' ],
);

our @pieces = (
    [ 'a byte at a time', {}, '', 1 ],
    [ 'chunked, a byte at a time', { chunked => 1 }, '', 1 ],
    [ 'unbuffered, in threes', {}, '/unbuffered', 3 ],
    [ 'unbuffered, chunked, in sevens', { chunked => 1 }, '/unbuffered', 7 ],
    [ 'in pieces', {}, '', 99 ],
);

my $SILENCE = 0.0001;    # between pieces, so that they are read apart
our @sent;                # all there ever was: "number status"


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


sub same_facts {
    my ($name, $path, $body, $facts, @ways) = @_;

    for my $way (@ways) {
        my $answer = post($path, $body, $way);

        is($answer->{status}, 200, "$name, $way->[0]: passes");
        is_deeply(common($events->next), $facts,
            "$name, $way->[0]: the same facts");
    }
}


# what is common to all ways in which a dialect's body comes; it is sent once
# to know it

sub of_dialect {
    my ($name) = @_;

    return $of_dialect{$name} //= do {
        my ($path, $body) = @{ (grep { $_->[0] eq $name } @dialects)[0] }[1, 2];

        post($path, $body, [ 'whole', {} ]);
        common($events->next);
    };
}


# The first text is made longer; (body, facts).

sub larger {
    my ($name, $body, $n) = @_;

    my $known = of_dialect($name);
    my $words = ' word' x 100;
    my $more = " \\u0041$words" x ($n / 507 + 1);
    my $decoded = " A$words" x ($n / 507 + 1);
    $body =~ s/why \\u/why$more \\u/ or die "no text in $name\n";

    my $path = (grep { $_->[0] eq $name } @dialects)[0][1];
    is(post($path, $body, [ 'whole', {} ])->{status}, 200,
        "$name, $n bytes: passes");
    my $facts = common($events->next);

    is_deeply([ $facts->{bytes}, $facts->{text}{user} ],
        [ $known->{bytes} + length $more,
            $known->{text}{user} + length $decoded ],
        "$name, $n bytes: all of it is read");
    is_deeply([ map { $facts->{$_} } qw(turns content system model) ],
        [ map { $known->{$_} } qw(turns content system model) ],
        "$name, $n bytes: what is behind it, too");

    return ($body, $facts);
}


# that was all, at the end of a test

sub nothing_else {
    $t->wait_for(sub { $t->access_log =~ tr/\n// >= @sent }, 10, 'the log');
    is($t->access_log, join('', map { "$_\n" } @sent),
        'there were these requests and no others');
    is(scalar(() = $events->rest), 0, 'and events of no others');
}

1;
