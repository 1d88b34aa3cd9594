package DistillGuard::Dialect;

# How each inference API says the same things.  A dialect is a row of %API:
#
#   family   whose words its errors are in
#   framing  of its stream: sse, ndjson or array
#   counts   which tokens an exchange is charged for: both, input or none
#   streams  always, never, or whether to when the request does not say
#   choices  the request may ask for n of them
#   no_tool  it cannot call tools
#   whole    the answer in one piece
#   begin, delta, end   the events of a stream: lists of JSON, or of
#            [event name, JSON]; delta says one word or piece of arguments
#   think    like delta, for a word of reasoning, where the API shows it
#
# Each gets the exchange: {id, created, model, n, pieces, input, output, cached,
# cache_write, reasoning, usage (false: say nothing of it), include_usage,
# tool, inputs, said: tokens up to now}.

use strict;
use warnings;

use Exporter qw(import);
use MIME::Base64 qw(encode_base64);
use POSIX qw(strftime);

use DistillGuard::Json qw(obj arr str TRUE FALSE);

our @EXPORT_OK = qw(dialect family_error %FRAMING);

my $TOOL = 'get_weather';


# the place of each endpoint; the first that matches
my @ENDPOINTS = (
    [ POST => qr{/chat/completions$}        => 'openai.chat' ],
    [ POST => qr{/completions$}             => 'openai.completions' ],
    [ POST => qr{/responses$}               => 'openai.responses' ],
    [ POST => qr{/embeddings$}              => 'openai.embeddings' ],
    [ POST => qr{/messages/count_tokens$}   => 'anthropic.count_tokens' ],
    [ POST => qr{/messages$}                => 'anthropic.messages' ],
    [ POST => qr{/models/([^/:]+):generateContent$}
                                            => 'gemini.generate' ],
    [ POST => qr{/models/([^/:]+):streamGenerateContent$}
                                            => 'gemini.stream' ],
    [ POST => qr{/models/([^/:]+):countTokens$}
                                            => 'gemini.count_tokens' ],
    [ POST => qr{^/api/chat$}               => 'ollama.chat' ],
    [ POST => qr{^/api/generate$}           => 'ollama.generate' ],
    [ GET  => qr{/models$}                  => 'openai.models' ],
);


# ---- OpenAI ---------------------------------------------------------------

sub _openai_usage {
    my ($x) = @_;

    return obj(
        prompt_tokens     => $x->{input},
        completion_tokens => $x->{output},
        total_tokens      => $x->{input} + $x->{output},
        prompt_tokens_details =>
            obj(cached_tokens => $x->{cached}, audio_tokens => 0),
        completion_tokens_details => obj(
            reasoning_tokens           => $x->{reasoning},
            audio_tokens               => 0,
            accepted_prediction_tokens => 0,
            rejected_prediction_tokens => 0,
        ),
    );
}


# What chat and legacy completions share: a list of choices.

sub _openai_object {
    my ($x, $prefix, $object, $choices, @usage) = @_;

    return obj(
        id      => "$prefix-$x->{id}",
        object  => $object,
        created => $x->{created},
        model   => str($x->{model}),
        choices => arr(@$choices),
        @usage,
        system_fingerprint => 'fp_standin',
    );
}


sub _openai_choice {
    my ($index, $finish, @content) = @_;

    return obj(index => $index, @content, logprobs => undef,
        finish_reason => $finish);
}


# a chunk for each choice; usage is null in all but the last of the stream

sub _openai_chunks {
    my ($x, $prefix, $object, $finish, @content) = @_;

    my @usage = $x->{include_usage} ? (usage => undef) : ();

    return map {
        _openai_object($x, $prefix, $object,
            [ _openai_choice($_, $finish, @content) ], @usage)
    } 0 .. $x->{n} - 1;
}


sub _openai_last {
    my ($x, $prefix, $object) = @_;

    return ($x->{include_usage} && $x->{usage}
        ? _openai_object($x, $prefix, $object, [],
            usage => _openai_usage($x))
        : (), '[DONE]');
}


sub _chat_chunks {
    my ($x, $finish, @delta) = @_;

    return _openai_chunks($x, 'chatcmpl', 'chat.completion.chunk', $finish,
        delta => obj(@delta));
}


sub _chat_finish { $_[0]{tool} ? 'tool_calls' : 'stop' }


sub _chat_call {
    my ($x, $arguments, @index) = @_;

    return arr(obj(
        @index,
        id       => "call_$x->{id}",
        type     => 'function',
        function => obj(name => $TOOL, arguments => $arguments),
    ));
}


my %CHAT = (
    whole => sub {
        my ($x) = @_;

        my @message = $x->{tool}
            ? (content => undef, refusal => undef,
                tool_calls => _chat_call($x, str(join '', @{ $x->{pieces} })))
            : (content => str(join '', @{ $x->{pieces} }), refusal => undef);

        return _openai_object($x, 'chatcmpl', 'chat.completion',
            [ map { _openai_choice($_, _chat_finish($x),
                message => obj(role => 'assistant', @message)) }
                0 .. $x->{n} - 1 ],
            $x->{usage} ? (usage => _openai_usage($x)) : ());
    },
    begin => sub {
        my ($x) = @_;

        return _chat_chunks($x, undef, role => 'assistant', $x->{tool}
            ? (content => undef, tool_calls => _chat_call($x, '', index => 0))
            : (content => '', refusal => undef));
    },
    delta => sub {
        my ($x, $text) = @_;

        return _chat_chunks($x, undef, $x->{tool}
            ? (tool_calls => arr(obj(index => 0,
                function => obj(arguments => str($text)))))
            : (content => str($text)));
    },
    end => sub {
        my ($x) = @_;

        return (_chat_chunks($x, _chat_finish($x)),
            _openai_last($x, 'chatcmpl', 'chat.completion.chunk'));
    },
);


my %COMPLETIONS = (
    whole => sub {
        my ($x) = @_;

        return _openai_object($x, 'cmpl', 'text_completion',
            [ map { _openai_choice($_, 'stop',
                text => str(join '', @{ $x->{pieces} })) } 0 .. $x->{n} - 1 ],
            $x->{usage} ? (usage => _openai_usage($x)) : ());
    },
    begin => sub { () },
    delta => sub {
        my ($x, $text) = @_;

        return _openai_chunks($x, 'cmpl', 'text_completion', undef,
            text => str($text));
    },
    end => sub {
        my ($x) = @_;

        return (_openai_chunks($x, 'cmpl', 'text_completion', 'stop',
            text => ''), _openai_last($x, 'cmpl', 'text_completion'));
    },
);


sub _embeddings {
    my ($x) = @_;

    my @vector = map { $_ / 64 } -8 .. 7;
    my $embedding = $x->{base64}
        ? encode_base64(pack('f<*', @vector), '') : arr(@vector);

    return obj(
        object => 'list',
        data   => arr(map { obj(object => 'embedding', index => $_,
            embedding => $embedding) } 0 .. $x->{inputs} - 1),
        model  => str($x->{model}),
        $x->{usage} ? (usage => obj(prompt_tokens => $x->{input},
            total_tokens => $x->{input})) : (),
    );
}


sub _models {
    my @models = map { obj(id => $_, object => 'model', created => 1686935002,
        owned_by => 'upstream') } qw(gpt-4o claude-sonnet-4-5
        gemini-2.5-flash llama3 text-embedding-3-small);

    return obj(object => 'list', data => arr(@models));
}


# ---- OpenAI Responses -----------------------------------------------------

sub _response {
    my ($x, $status, @output) = @_;

    my $usage = $x->{usage} && $status eq 'completed' ? obj(
        input_tokens          => $x->{input},
        input_tokens_details  => obj(cached_tokens => $x->{cached}),
        output_tokens         => $x->{output},
        output_tokens_details => obj(reasoning_tokens => $x->{reasoning}),
        total_tokens          => $x->{input} + $x->{output},
    ) : undef;

    return obj(
        id                  => "resp_$x->{id}",
        object              => 'response',
        created_at          => $x->{created},
        status              => $status,
        error               => undef,
        incomplete_details  => undef,
        instructions        => undef,
        metadata            => obj(),
        model               => str($x->{model}),
        output              => arr(@output),
        parallel_tool_calls => TRUE,
        temperature         => 1,
        tool_choice         => 'auto',
        tools               => arr(),
        top_p               => 1,
        usage               => $usage,
    );
}


sub _response_part {
    my ($text) = @_;

    return obj(type => 'output_text', text => str($text),
        annotations => arr());
}


sub _response_item {
    my ($x, $status, $text) = @_;

    return obj(id => "fc_$x->{id}", type => 'function_call',
        status => $status, arguments => str($text),
        call_id => "call_$x->{id}", name => $TOOL) if $x->{tool};

    return obj(id => "msg_$x->{id}", type => 'message', status => $status,
        role => 'assistant', content => arr($status eq 'completed'
            ? _response_part($text) : ()));
}


sub _response_event {
    my ($x, $type, @members) = @_;

    return [ "response.$type", obj(type => "response.$type",
        sequence_number => $x->{sequence}++, @members) ];
}


# where in the answer an event of a part belongs

sub _response_place {
    my ($x) = @_;

    return (item_id => ($x->{tool} ? 'fc_' : 'msg_') . $x->{id},
        output_index => 0, $x->{tool} ? () : (content_index => 0));
}


my %RESPONSES = (
    whole => sub {
        my ($x) = @_;

        return _response($x, 'completed',
            _response_item($x, 'completed', join '', @{ $x->{pieces} }));
    },
    begin => sub {
        my ($x) = @_;

        $x->{sequence} = 0;

        return (
            _response_event($x, 'created',
                response => _response($x, 'in_progress')),
            _response_event($x, 'in_progress',
                response => _response($x, 'in_progress')),
            _response_event($x, 'output_item.added', output_index => 0,
                item => _response_item($x, 'in_progress', '')),
            $x->{tool} ? () : _response_event($x, 'content_part.added',
                _response_place($x), part => _response_part('')),
        );
    },
    delta => sub {
        my ($x, $text) = @_;

        return _response_event($x, $x->{tool} ? 'function_call_arguments.delta'
            : 'output_text.delta', _response_place($x), delta => str($text));
    },
    end => sub {
        my ($x) = @_;

        my $text = join '', @{ $x->{pieces} };
        my $item = _response_item($x, 'completed', $text);
        my @place = _response_place($x);

        return (
            $x->{tool}
                ? _response_event($x, 'function_call_arguments.done', @place,
                    arguments => str($text))
                : (_response_event($x, 'output_text.done', @place,
                    text => str($text)),
                    _response_event($x, 'content_part.done', @place,
                        part => _response_part($text))),
            _response_event($x, 'output_item.done', output_index => 0,
                item => $item),
            _response_event($x, 'completed',
                response => _response($x, 'completed', $item)),
        );
    },
);


# ---- Anthropic ------------------------------------------------------------

# Cached input is not part of input_tokens here.

sub _anthropic_usage {
    my ($x, $output) = @_;

    return () unless $x->{usage};

    return (usage => obj(
        input_tokens => $x->{input} - $x->{cached} - $x->{cache_write},
        cache_creation_input_tokens => $x->{cache_write},
        cache_read_input_tokens     => $x->{cached},
        output_tokens               => $output,
        service_tier                => 'standard',
    ));
}


sub _anthropic_message {
    my ($x, $stop, $output, @content) = @_;

    return obj(
        id            => "msg_$x->{id}",
        type          => 'message',
        role          => 'assistant',
        model         => str($x->{model}),
        content       => arr(@content),
        stop_reason   => $stop,
        stop_sequence => undef,
        _anthropic_usage($x, $output),
    );
}


sub _anthropic_stop { $_[0]{tool} ? 'tool_use' : 'end_turn' }


sub _anthropic_event {
    my ($type, @members) = @_;

    return [ $type, obj(type => $type, @members) ];
}


sub _anthropic_block {
    my ($x, $input, $text) = @_;

    return $x->{tool}
        ? obj(type => 'tool_use', id => "toolu_$x->{id}", name => $TOOL,
            input => $input)
        : obj(type => 'text', text => str($text));
}


sub _anthropic_delta {
    my ($index, $type, $name, $text) = @_;

    return _anthropic_event('content_block_delta', index => $index,
        delta => obj(type => $type, $name => str($text)));
}


# thinking is a block before the others, which makes theirs the second

sub _anthropic_index { $_[0]{reasoning} ? 1 : 0 }


sub _anthropic_open {
    my ($index, $block) = @_;

    return _anthropic_event('content_block_start', index => $index,
        content_block => $block);
}


my %MESSAGES = (
    whole => sub {
        my ($x) = @_;

        my $text = join '', @{ $x->{pieces} };
        my @thinking = $x->{reasoning} ? obj(type => 'thinking',
            thinking => str('hm ' x $x->{reasoning}), signature => 'c2ln')
            : ();

        return _anthropic_message($x, _anthropic_stop($x), $x->{output},
            @thinking, _anthropic_block($x, \$text, $text));
    },
    begin => sub {
        my ($x) = @_;

        return (
            _anthropic_event('message_start',
                message => _anthropic_message($x, undef, 1)),
            _anthropic_open(0, $x->{reasoning}
                ? obj(type => 'thinking', thinking => '', signature => '')
                : _anthropic_block($x, obj(), '')),
            _anthropic_event('ping'),
        );
    },
    think => sub {
        my ($x, $text, $last) = @_;

        my $event = _anthropic_delta(0, 'thinking_delta', thinking => $text);
        return $event unless $last;

        return (
            $event,
            _anthropic_delta(0, 'signature_delta', signature => 'c2ln'),
            _anthropic_event('content_block_stop', index => 0),
            _anthropic_open(1, _anthropic_block($x, obj(), '')),
        );
    },
    delta => sub {
        my ($x, $text) = @_;

        return _anthropic_delta(_anthropic_index($x), $x->{tool}
            ? ('input_json_delta', 'partial_json') : ('text_delta', 'text'),
            $text);
    },
    end => sub {
        my ($x) = @_;

        my @usage = $x->{usage}
            ? (usage => obj(output_tokens => $x->{output})) : ();

        return (
            _anthropic_event('content_block_stop',
                index => _anthropic_index($x)),
            _anthropic_event('message_delta',
                delta => obj(stop_reason => _anthropic_stop($x),
                    stop_sequence => undef), @usage),
            _anthropic_event('message_stop'),
        );
    },
);


# ---- Gemini ---------------------------------------------------------------

# Cumulative: what has been said so far, in every chunk.

sub _gemini_usage {
    my ($x, $candidates, $thoughts) = @_;

    return () unless $x->{usage};

    return (usageMetadata => obj(
        promptTokenCount     => $x->{input},
        $x->{cached} ? (cachedContentTokenCount => $x->{cached}) : (),
        candidatesTokenCount => $candidates,
        totalTokenCount      => $x->{input} + $candidates + $thoughts,
        $thoughts ? (thoughtsTokenCount => $thoughts) : (),
        promptTokensDetails  => arr(obj(modality => 'TEXT',
            tokenCount => $x->{input})),
    ));
}


sub _gemini {
    my ($x, $part, $finish, $candidates, $thoughts) = @_;

    return obj(
        candidates => arr(obj(
            content => obj(parts => arr($part), role => 'model'),
            $finish ? (finishReason => $finish) : (),
            index => 0,
        )),
        _gemini_usage($x, $candidates, $thoughts),
        modelVersion => str($x->{model}),
        responseId   => $x->{id},
    );
}


sub _gemini_text { obj(text => str($_[0])) }


# a call comes whole: it has no pieces

sub _gemini_call {
    my ($x) = @_;

    my $arguments = join '', @{ $x->{pieces} };

    return obj(functionCall => obj(id => "call_$x->{id}", name => $TOOL,
        args => \$arguments));
}


my %GENERATE = (
    whole => sub {
        my ($x) = @_;

        return _gemini($x, $x->{tool} ? _gemini_call($x)
            : _gemini_text(join '', @{ $x->{pieces} }), 'STOP',
            $x->{output} - $x->{reasoning}, $x->{reasoning});
    },
    begin => sub { () },
    delta => sub {
        my ($x, $text) = @_;

        return $x->{tool} ? () : _gemini($x, _gemini_text($text), undef,
            $x->{said}, $x->{reasoning});
    },
    end => sub {
        my ($x) = @_;

        return _gemini($x, $x->{tool} ? _gemini_call($x) : _gemini_text(''),
            'STOP', $x->{output} - $x->{reasoning}, $x->{reasoning});
    },
);


# ---- Ollama ---------------------------------------------------------------

sub _ollama {
    my ($x, @members) = @_;

    return obj(
        model      => str($x->{model}),
        created_at => strftime('%Y-%m-%dT%H:%M:%S.000000Z',
            gmtime $x->{created}),
        @members,
    );
}


sub _ollama_done {
    my ($x) = @_;

    return (
        done           => TRUE,
        done_reason    => 'stop',
        total_duration => 1500000000,
        load_duration  => 20000000,
        $x->{usage} ? (
            prompt_eval_count    => $x->{input},
            prompt_eval_duration => 280000000,
            eval_count           => $x->{output},
            eval_duration        => 1200000000,
        ) : (),
    );
}


# chat and generate differ in where the text is: $say gives its members

sub _ollama_dialect {
    my ($say) = @_;

    return (
        whole => sub { _ollama($_[0], $say->($_[0], _ollama_text($_[0]), 1),
            _ollama_done($_[0])) },
        begin => sub { () },
        delta => sub { $_[0]{tool} ? ()
            : _ollama($_[0], $say->($_[0], $_[1], 0), done => FALSE) },
        end   => sub { _ollama($_[0], $say->($_[0], '', 1),
            _ollama_done($_[0])) },
    );
}


sub _ollama_text { $_[0]{tool} ? '' : join '', @{ $_[0]{pieces} } }


sub _ollama_message {
    my ($x, $text, $last) = @_;

    my $arguments = join '', @{ $x->{pieces} };
    my @call = $x->{tool} && $last ? (tool_calls => arr(obj(
        id       => "call_$x->{id}",
        function => obj(index => 0, name => $TOOL, arguments => \$arguments),
    ))) : ();

    return (message => obj(role => 'assistant', content => str($text),
        @call));
}


# ---- the tables -----------------------------------------------------------

my %API = (
    'openai.chat'            => { %CHAT, choices => 1 },
    'openai.completions'     => { %COMPLETIONS, choices => 1,
        no_tool => 1 },
    'openai.responses'       => { %RESPONSES },
    'openai.embeddings'      => { whole => \&_embeddings, counts => 'input' },
    'openai.models'          => { whole => \&_models, counts => 'none' },
    'anthropic.messages'     => { %MESSAGES },
    'anthropic.count_tokens' => { counts => 'none',
        whole => sub { obj(input_tokens => $_[0]{input}) } },
    'gemini.generate'        => { %GENERATE, streams => 'never' },
    'gemini.stream'          => { %GENERATE, framing => 'array',
        streams => 'always' },
    'gemini.count_tokens'    => { counts => 'none',
        whole => sub { obj(totalTokens => $_[0]{input}) } },
    'ollama.chat'            => { framing => 'ndjson', streams => 'true',
        _ollama_dialect(\&_ollama_message) },
    'ollama.generate'        => { framing => 'ndjson', streams => 'true',
        no_tool => 1,
        _ollama_dialect(sub { (response => str($_[1])) }) },
);

while (my ($name, $api) = each %API) {
    ($api->{family}) = $name =~ /^(\w+)/;
    $api->{name} = $name;
    $api->{counts} //= 'both';
    $api->{framing} //= 'sse';
    $api->{streams} //= $api->{delta} ? 'false' : 'never';
}

my %GEMINI_STATUS = (400 => 'INVALID_ARGUMENT', 401 => 'UNAUTHENTICATED',
    403 => 'PERMISSION_DENIED', 404 => 'NOT_FOUND',
    429 => 'RESOURCE_EXHAUSTED', 500 => 'INTERNAL', 503 => 'UNAVAILABLE',
    504 => 'DEADLINE_EXCEEDED');

my %ANTHROPIC_TYPE = (400 => 'invalid_request_error',
    401 => 'authentication_error', 403 => 'permission_error',
    404 => 'not_found_error', 413 => 'request_too_large',
    429 => 'rate_limit_error', 529 => 'overloaded_error');

my %OPENAI_TYPE = (401 => 'authentication_error', 403 => 'permission_error',
    429 => 'rate_limit_error', 500 => 'server_error', 503 => 'server_error');

my %ERROR = (
    openai => sub {
        my ($status, $text) = @_;

        return obj(error => obj(message => $text,
            type  => $OPENAI_TYPE{$status} // 'invalid_request_error',
            param => undef, code => undef));
    },
    anthropic => sub {
        my ($status, $text) = @_;

        return obj(type => 'error', error => obj(
            type    => $ANTHROPIC_TYPE{$status} // 'api_error',
            message => $text), request_id => 'req_standin');
    },
    gemini => sub {
        my ($status, $text) = @_;

        return obj(error => obj(code => $status, message => $text,
            status => $GEMINI_STATUS{$status} // 'UNKNOWN'));
    },
    ollama => sub { obj(error => $_[1]) },
);

# the content type of a stream, and what stands around its events: (JSON, name
# of the event, events before)
our %FRAMING = (
    sse => {
        type  => 'text/event-stream; charset=utf-8',
        frame => sub {
            my ($json, $name) = @_;

            return (defined $name ? "event: $name\n" : '')
                . "data: $json\n\n";
        },
    },
    ndjson => {
        type  => 'application/x-ndjson',
        frame => sub { "$_[0]\n" },
    },
    array => {
        type  => 'application/json; charset=UTF-8',
        frame => sub { ($_[2] ? ",\r\n" : '[') . $_[0] },
        last  => "]\n",
    },
);


# (dialect, name of the model if the path says it); nothing if there is none

sub dialect {
    my ($method, $path, $query) = @_;

    for (@ENDPOINTS) {
        my ($verb, $pattern, $name) = @$_;
        next unless $verb eq ($method eq 'HEAD' ? 'GET' : $method);
        next unless $path =~ $pattern;

        my $model = $1;
        my $api = $API{$name};

        $api = { %$api, framing => 'sse' }
            if $name eq 'gemini.stream' && $query =~ /(?:^|&)alt=sse(?:&|$)/;

        return ($api, $model);
    }

    return;
}


# JSON of an error as this family words it

sub family_error {
    my ($family, $status, $text) = @_;

    return $ERROR{$family}->($status, $text);
}

1;
