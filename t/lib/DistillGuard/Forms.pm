package DistillGuard::Forms;

# One request for every form that an answer can have: each dialect, whole and
# as a stream.  A form has
#
#   name, dialect, path, body   of the request, which asks about $TEXT
#   framing        of the stream: sse, ndjson, array; none of a whole answer
#   does           what the API can be asked for (n, tool) and what it counts
#                  apart (cached, cache_write, reasoning) or does not
#                  (thinking)
#   include_usage  usage has to be asked for, and is
#   silent         there is no text in the answer

use strict;
use warnings;

use Exporter qw(import);
use JSON::PP ();

our @EXPORT_OK = qw(forms does);

our $TEXT = join ' ', ('the quick brown fox jumps over the lazy dog') x 30;

my ($TRUE, $FALSE) = (JSON::PP::true, JSON::PP::false);

my @MESSAGES = (messages => [ { role => 'user', content => $TEXT } ]);
my @CONTENTS = (contents => [ { role => 'user',
    parts => [ { text => $TEXT } ] } ]);
my @STREAM = (stream => $TRUE);
my @USAGE = (stream_options => { include_usage => $TRUE });


# name, dialect, path, does, members of the body, other members of the form

my @FORMS = (
    [ 'chat', 'openai.chat', '/v1/chat/completions',
        'cached reasoning n tool', [@MESSAGES] ],
    [ 'chat stream', 'openai.chat', '/v1/chat/completions',
        'cached reasoning n tool', [ @MESSAGES, @STREAM, @USAGE ],
        framing => 'sse', include_usage => 1 ],

    [ 'completions', 'openai.completions', '/v1/completions',
        'cached reasoning n', [ prompt => $TEXT ] ],
    [ 'completions stream', 'openai.completions', '/v1/completions',
        'cached reasoning n', [ prompt => $TEXT, @STREAM, @USAGE ],
        framing => 'sse', include_usage => 1 ],

    [ 'responses', 'openai.responses', '/v1/responses',
        'cached reasoning tool', [ input => $TEXT ] ],
    [ 'responses stream', 'openai.responses', '/v1/responses',
        'cached reasoning tool', [ input => $TEXT, @STREAM ],
        framing => 'sse' ],

    [ 'messages', 'anthropic.messages', '/v1/messages',
        'cached cache_write thinking tool', [ max_tokens => 999, @MESSAGES ] ],
    [ 'messages stream', 'anthropic.messages', '/v1/messages',
        'cached cache_write thinking tool',
        [ max_tokens => 999, @MESSAGES, @STREAM ], framing => 'sse' ],

    [ 'gemini', 'gemini.generate', '/v1beta/models/m:generateContent',
        'cached reasoning tool', [@CONTENTS] ],
    [ 'gemini stream, array', 'gemini.generate',
        '/v1beta/models/m:streamGenerateContent',
        'cached reasoning tool', [@CONTENTS], framing => 'array' ],
    [ 'gemini stream, sse', 'gemini.generate',
        '/v1beta/models/m:streamGenerateContent?alt=sse',
        'cached reasoning tool', [@CONTENTS], framing => 'sse' ],

    [ 'ollama chat', 'ollama.chat', '/api/chat', 'tool',
        [ @MESSAGES, stream => $FALSE ] ],
    [ 'ollama chat stream', 'ollama.chat', '/api/chat', 'tool',
        [@MESSAGES], framing => 'ndjson' ],
    [ 'ollama generate', 'ollama.generate', '/api/generate', '',
        [ prompt => $TEXT, stream => $FALSE ] ],
    [ 'ollama generate stream', 'ollama.generate', '/api/generate', '',
        [ prompt => $TEXT ], framing => 'ndjson' ],

    [ 'embeddings', 'openai.embeddings', '/v1/embeddings', '',
        [ input => [ $TEXT, 'b' ] ], silent => 1 ],
);


sub forms {
    my @forms;

    for (@FORMS) {
        my ($name, $dialect, $path, $does, $members, @rest) = @$_;

        my %body = (model => 'm', @$members);
        delete $body{model} if $dialect =~ /^gemini/;    # the path has it

        push @forms, { name => $name, dialect => $dialect, path => $path,
            does => $does, body => \%body, framing => '', @rest };
    }

    return @forms;
}


sub does {
    my ($form, $what) = @_;

    return scalar grep { $_ eq $what } split ' ', $form->{does};
}

1;
