package DistillGuard::Traffic;

# Made-up clients of inference APIs, as their requests look on the wire: who
# they are, with which library, from where, and what they ask for.
#
#   my @clients = DistillGuard::Traffic->ordinary(36);
#   my $greedy = DistillGuard::Traffic->greedy;
#   my @pool = DistillGuard::Traffic->pool(200);
#
# Each has name, key, address, and next_request, which is for
# DistillGuard::Http; request(n) is its n-th, and with the pool any key asks
# the same by the same number.  What is answered is chosen here, too: the
# stand-in upstream is told in a header.

use strict;
use warnings;

use Carp qw(croak);

use DistillGuard::Json qw(obj arr str TRUE FALSE);

my $TURNS = 4;    # of a conversation, then another begins
my $RELAY = '198.18.4';


# ---- libraries ------------------------------------------------------------

# The headers of a library, in its order; KEY is the key.

sub _stainless {
    my ($name, $version, $lang, $runtime, $runtime_version) = @_;

    return (
        'Accept' => 'application/json',
        'Content-Type' => 'application/json',
        'User-Agent' => "$name $version",
        'X-Stainless-Lang' => $lang,
        'X-Stainless-Package-Version' => $version,
        'X-Stainless-OS' => 'Linux',
        'X-Stainless-Arch' => 'x64',
        'X-Stainless-Runtime' => $runtime,
        'X-Stainless-Runtime-Version' => $runtime_version,
        'X-Stainless-Retry-Count' => 0,
    );
}


my @NODE = ('Accept-Language' => '*', 'Sec-Fetch-Mode' => 'cors',
    'Accept-Encoding' => 'gzip, deflate');
my @PYTHON = ('Accept-Encoding' => 'gzip, deflate');

my %LIBRARY = (
    'openai-python' => [
        _stainless('OpenAI/Python', '2.8.1', 'python', 'CPython', '3.12.7'),
        @PYTHON, 'Authorization' => 'Bearer KEY',
    ],
    'openai-js' => [
        _stainless('OpenAI/JS', '6.49.0', 'js', 'node', 'v20.20.2'),
        'Authorization' => 'Bearer KEY', @NODE,
    ],
    'anthropic-python' => [
        _stainless('Anthropic/Python', '0.75.0', 'python', 'CPython',
            '3.12.7'),
        'anthropic-version' => '2023-06-01', @PYTHON, 'x-api-key' => 'KEY',
    ],
    'anthropic-js' => [
        _stainless('Anthropic/JS', '1.12.0', 'js', 'node', 'v20.20.2'),
        'anthropic-version' => '2023-06-01', 'x-api-key' => 'KEY', @NODE,
    ],
    'genai-js' => [
        'User-Agent' => 'google-genai-sdk/2.32.0 gl-node/v20.20.2',
        'x-goog-api-client' => 'google-genai-sdk/2.32.0 gl-node/v20.20.2',
        'Content-Type' => 'application/json', 'x-goog-api-key' => 'KEY',
        'Accept' => '*/*', @NODE,
    ],
    'genai-python' => [
        'Accept' => '*/*', @PYTHON, 'Content-Type' => 'application/json',
        'User-Agent' => 'google-genai-sdk/1.52.0 gl-python/3.12.7',
        'x-goog-api-client' => 'google-genai-sdk/1.52.0 gl-python/3.12.7',
        'x-goog-api-key' => 'KEY',
    ],
    'ai-sdk' => [
        'Authorization' => 'Bearer KEY', 'Content-Type' => 'application/json',
        'User-Agent' => 'ai/6.0.326 ai-sdk/provider-utils/4.0.66 '
            . 'runtime/node.js/v20.20.2',
        'Accept' => '*/*', @NODE,
    ],
    'ollama-python' => [
        'Accept' => 'application/json', @PYTHON,
        'User-Agent' => 'ollama-python/0.6.1 (x86_64 linux) Python/3.12.7',
        'Content-Type' => 'application/json', 'Authorization' => 'Bearer KEY',
    ],
    'curl' => [
        'User-Agent' => 'curl/7.88.1', 'Accept' => '*/*',
        'Content-Type' => 'application/json', 'x-goog-api-key' => 'KEY',
    ],
);


# ---- APIs -----------------------------------------------------------------

# A path, where MODEL is to be replaced, and a body each, of: the model, what
# the system prompt says, the conversation as [[role, text], ...], and whether
# a stream is wanted.

sub _turns {
    my ($conversation, $make) = @_;

    return arr(map { $make->(@$_) } @$conversation);
}


sub _message {
    my ($role, $text) = @_;

    return obj(role => $role, content => str($text));
}


sub _gemini_body {
    my ($model, $system, $turns) = @_;

    return obj(
        contents => _turns($turns, sub { obj(
            parts => arr(obj(text => str($_[1]))),
            role  => $_[0] eq 'user' ? 'user' : 'model') }),
        systemInstruction => obj(
            parts => arr(obj(text => str($system))), role => 'user'),
        generationConfig => obj(temperature => 0.3, maxOutputTokens => 800),
    );
}


my %API = (
    chat => [ '/v1/chat/completions', sub {
        my ($model, $system, $turns, $stream) = @_;

        return obj(model => $model,
            messages => _turns([ [ system => $system ], @$turns ],
                \&_message),
            temperature => 0.7, $stream ? (stream => TRUE,
                stream_options => obj(include_usage => TRUE)) : ());
    } ],
    responses => [ '/v1/responses', sub {
        my ($model, $system, $turns, $stream) = @_;

        return obj(model => $model, instructions => str($system),
            input => _turns($turns, \&_message),
            $stream ? (stream => TRUE) : ());
    } ],
    completions => [ '/v1/completions', sub {
        my ($model, $system, $turns) = @_;

        return obj(model => $model, prompt => str($turns->[-1][1]),
            max_tokens => 96, stop => arr(str("\n\n")), temperature => 0.2);
    } ],
    embeddings => [ '/v1/embeddings', sub {
        my ($model, $system, $turns) = @_;

        return obj(model => $model,
            input => arr(map { str($_->[1]) } @$turns),
            encoding_format => 'base64');
    } ],
    messages => [ '/v1/messages', sub {
        my ($model, $system, $turns, $stream) = @_;

        return obj(model => $model, max_tokens => 1024,
            system => str($system), messages => _turns($turns, \&_message),
            $stream ? (stream => TRUE) : ());
    } ],
    gemini => [ '/v1beta/models/MODEL:generateContent', \&_gemini_body ],
    gemini_array => [ '/v1beta/models/MODEL:streamGenerateContent',
        \&_gemini_body ],
    gemini_sse => [ '/v1beta/models/MODEL:streamGenerateContent?alt=sse',
        \&_gemini_body ],
    ollama => [ '/api/chat', sub {
        my ($model, $system, $turns, $stream) = @_;

        return obj(model => $model,
            messages => _turns([ [ system => $system ], @$turns ],
                \&_message),
            $stream ? () : (stream => FALSE),
            options => obj(num_ctx => 8192));
    } ],
    generate => [ '/api/generate', sub {
        my ($model, $system, $turns, $stream) = @_;

        return obj(model => $model, system => str($system),
            prompt => str($turns->[-1][1]),
            $stream ? () : (stream => FALSE));
    } ],
);


# ---- jobs -----------------------------------------------------------------

# What people do with an API: the way they ask, the libraries they use, the
# length of the answers in tokens, and a conversation, question by answer.

my @JOBS = (
    {
        name      => 'support',
        api       => 'chat',
        stream    => 1,
        libraries => [qw(openai-js ai-sdk openai-python)],
        model     => 'gpt-4o-mini',
        tokens    => [ 30, 90 ],
        system    => 'You answer for the support desk of a bicycle shop. Be '
            . 'short and kind. Ask for the order number where you need it.',
        talk => [
            'My parcel says delivered but there is nothing at the door.' =>
                'I am sorry! May I have the order number?',
            'It is 4471-B, ordered on Monday.' =>
                'Thank you. It was left with the neighbour at number 12.',
            'She says she has nothing. Can you send another?' =>
                'I have asked the carrier and will send a new one tomorrow.',
            'Could it come before the weekend? I need the brake pads.' =>
                'Yes, by Friday noon.',
        ],
    },
    {
        name      => 'coding',
        api       => 'messages',
        stream    => 1,
        libraries => [qw(anthropic-js anthropic-python)],
        model     => 'claude-sonnet-4-5',
        tokens    => [ 60, 160 ],
        steer     => 'cached=1200',
        input     => 1600,
        system    => 'You are a careful programmer who works in this '
            . 'repository. Read before you write, and run the tests.',
        talk => [
            'test_retry fails one time in ten. Find out why.' =>
                'The fake clock is advanced after the timer was read.',
            'Show me the smallest change that makes it right.' =>
                'Advance it before start() and read it once.',
            'Does anything else depend on that order?' =>
                'Only test_backoff, which asserts the same way.',
            'Then change both and write the commit message.' =>
                'Tests: the fake clock moves before timers are read.',
        ],
    },
    {
        name      => 'summaries',
        api       => 'gemini',
        libraries => [qw(genai-python genai-js)],
        model     => 'gemini-2.5-flash',
        tokens    => [ 40, 80 ],
        steer     => 'reasoning=24',
        system    => 'Summarize in three bullet points, without opinions.',
        talk => [
            "Minutes of the water board, March: the pump at the north well "
                . "was replaced, pressure is back to 4.1 bar, and the old "
                . "pump goes to the museum. The fee stays as it is." =>
                'Pump replaced; pressure normal; fee unchanged.',
            "Minutes of the water board, April: two leaks in Mill Lane were "
                . "found with the microphone that the neighbours lent us." =>
                'Two leaks found; borrowed microphone.',
        ],
    },
    {
        name      => 'tutoring',
        api       => 'gemini_sse',
        libraries => [qw(genai-js)],
        model     => 'gemini-2.5-flash',
        tokens    => [ 50, 120 ],
        system    => 'You are a patient tutor. Never give the solution at '
            . 'once; ask the next question instead.',
        talk => [
            'Why is the derivative of sin x equal to cos x?' =>
                'What does the slope of sin look like at 0?',
            'It goes up by one for every one to the right?' =>
                'Right. And at the top of the wave?',
            'There it is flat, so zero, like cos at pi/2!' =>
                'So what would you guess at pi?',
        ],
    },
    {
        name      => 'research',
        api       => 'responses',
        libraries => [qw(openai-python openai-js)],
        model     => 'gpt-4o',
        tokens    => [ 60, 140 ],
        steer     => 'reasoning=60; cached=64',
        input     => 420,
        system    => 'Answer from the passages only and cite them by number.',
        talk => [
            "[1] Rye tolerates acid soil better than wheat. [2] Wheat yields "
                . "more on loam. Which one for a moor?" => 'Rye [1].',
            "[1] Rye was sown here until 1950. [2] The moor was limed in "
                . "1962. Was wheat possible in 1970?" => 'Perhaps, after [2].',
        ],
    },
    {
        name      => 'agent',
        api       => 'responses',
        stream    => 1,
        libraries => [qw(ai-sdk openai-js)],
        model     => 'gpt-4o',
        tokens    => [ 20, 60 ],
        system    => 'You book meeting rooms. Say what you are about to do.',
        talk => [
            'A room for six people tomorrow at ten, with a screen.' =>
                'I would take the Linden room, it is free until noon.',
            'Good. Invite the usual people, please.' => 'Done.',
        ],
    },
    {
        name      => 'index',
        api       => 'embeddings',
        libraries => [qw(openai-python)],
        model     => 'text-embedding-3-small',
        tokens    => [ 0, 0 ],
        system    => '',
        talk => [
            'How do I return a pair of shoes that does not fit?' =>
                'Returns are free within thirty days.',
            'Which parts of the frame are made of aluminium?' =>
                'Fork and stem; the rest is steel.',
        ],
    },
    {
        name      => 'completion',
        api       => 'completions',
        libraries => [qw(openai-python)],
        model     => 'qwen2.5-coder-7b',
        tokens    => [ 10, 40 ],
        system    => '',
        talk => [
            "def moving_average(values, n):\n    \"\"\"Mean of the last n "
                . "values at each place.\"\"\"\n" => '',
            "-- customers without an order this year\nselect c.id, c.name\n"
                . "from customers c\n" => '',
        ],
    },
    {
        name      => 'translation',
        api       => 'messages',
        libraries => [qw(anthropic-python)],
        model     => 'claude-haiku-4-5',
        tokens    => [ 30, 70 ],
        system    => 'Translate into plain English. Keep names and numbers.',
        talk => [
            "Der Zug nach Lindau h\xc3\xa4lt heute nicht in Aulendorf." =>
                'Today the train to Lindau does not stop at Aulendorf.',
            "La r\xc3\xa9union est report\xc3\xa9e au jeudi 14." =>
                'The meeting was moved to Thursday the 14th.',
        ],
    },
    {
        name      => 'assistant',
        api       => 'ollama',
        stream    => 1,
        libraries => [qw(ollama-python)],
        model     => 'llama3.1:8b',
        tokens    => [ 30, 80 ],
        system    => 'You are the voice of a house. Answer in one sentence.',
        talk => [
            'Is it warm enough to leave the windows open tonight?' =>
                'No, it will freeze after midnight.',
            'Then close them at ten and heat the bath at six.' => 'I will.',
        ],
    },
    {
        name      => 'labels',
        api       => 'generate',
        libraries => [qw(ollama-python)],
        model     => 'mistral:7b',
        tokens    => [ 4, 12 ],
        system    => 'Reply with one word: praise, complaint or question.',
        talk => [
            'The saddle squeaks since the first day.' => 'complaint',
            'Do you also repair tandems?' => 'question',
        ],
    },
    {
        name      => 'newsletter',
        api       => 'gemini_array',
        libraries => [qw(curl)],
        model     => 'gemini-2.5-pro',
        tokens    => [ 80, 150 ],
        steer     => 'reasoning=40',
        system    => 'You write the letter of a choir to its friends.',
        talk => [
            'Announce the concert of 3 May in the old fire station.' =>
                'Dear friends, we sing where the engines stood.',
            'Add that the entrance is free and the stairs are steep.' =>
                'Come early, and mind the stairs.',
        ],
    },
);


# ---- clients --------------------------------------------------------------

# Every one has a network of its own, IPv6 every fourth time, but for a few
# that share an office.

sub ordinary {
    my ($class, $n) = @_;

    return map {
        my $job = $JOBS[ $_ % @JOBS ];
        my $libraries = $job->{libraries};
        my $round = int($_ / @JOBS);

        $class->_new(
            name    => sprintf('%s-%d', $job->{name}, 1 + $round),
            job     => $job,
            library => $libraries->[ $round % @$libraries ],
            address => $_ % 9 == 8 ? "198.51.100." . (10 + $_)
                : $_ % 4 == 3 ? sprintf('2001:db8:%x:1::5', 0x100 + $_)
                : "10.20.$_.7",
        );
    } 0 .. $n - 1;
}


# One key that wants as much as it can get, out of three networks, of which
# the last is that office.

sub greedy {
    my ($class) = @_;

    return $class->_new(
        name    => 'greedy',
        library => 'openai-python',
        address => [qw(203.0.113.9 192.0.2.44 198.51.100.200)],
        job     => {
            api    => 'chat',
            model  => 'gpt-4o',
            tokens => [ 450, 550 ],
            system => 'Think step by step. Show every step of your '
                . 'reasoning before the answer.',
            talk => [
                map { ("Problem $_ of 5000. A tank is filled by two pipes in "
                    . (3 + $_) . ' and ' . (5 + 2 * $_) . ' hours. How long '
                    . 'do both take?' => 'As follows.') } 1 .. 40
            ],
            turns => 1,
        },
    );
}


# Keys of one buyer behind one relay, who fills a frame with ever new problems
# and wants the reasoning of each.

my $FRAME = 'You are an expert problem solver. Think step by step and write '
    . 'down every step of your reasoning before you answer. Problem: a %s. '
    . 'Give the whole chain of thought first, then the final answer in one '
    . 'line that begins with the word Answer.';

my @SLOT = qw(bridge ladder tank train wheel garden candle barrel pulley
    mirror kettle anchor river clock spring tower window basket engine
    feather);


# words in an order that no other number has

sub _slot {
    my ($number) = @_;

    my @words;

    for (1 .. 12) {
        $number = ($number * 1_103_515_245 + 12_345) % 2**31;
        push @words, $SLOT[ ($number >> 12) % @SLOT ];
    }

    return join ' and a ', @words;
}


sub pool {
    my ($class, $n) = @_;

    my %job = (
        api    => 'chat',
        model  => 'gpt-4o',
        stream => 1,
        tokens => [ 60, 90 ],
        system => 'You are a helpful assistant.',
        ask    => sub { sprintf $FRAME, _slot($_[0]) },
    );

    return map {
        $class->_new(
            name    => "pool-$_",
            job     => \%job,
            library => 'openai-python',
            address => [ map { "$RELAY.$_" } 20 .. 23 ],
        );
    } 1 .. $n;
}


# One hand of so many that use a pool: each request by the next of its keys,
# and what was refused once more, by the key after it.

sub in_turn {
    my ($class, $hand, $hands, @pool) = @_;

    my @keys = @pool[ grep { $_ % $hands == $hand } 0 .. $#pool ];
    my $number = $hand;
    my $turn = 0;

    return sub {
        my ($status) = @_;

        $number += $hands if defined $status && $status != 429;

        my $client = $keys[ $turn++ % @keys ];
        return ($client, $client->request($number));
    };
}


# the network of that relay

sub relay { "$RELAY.0/24" }


sub _new {
    my ($class, %client) = @_;

    $client{key} = sprintf 'sk-run-%s-%04d', $client{name}, 1 + rand 9999;
    $client{asked} = 0;

    croak "no $client{library}" unless $LIBRARY{ $client{library} };

    return bless \%client, $class;
}


sub name { $_[0]{name} }
sub key { $_[0]{key} }


sub next_request { $_[0]->request($_[0]{asked}++) }


sub request {
    my ($self, $asked) = @_;

    my $job = $self->{job};
    my ($path, $body) = @{ $API{ $job->{api} } };
    my $model = $job->{model};

    return {
        method  => 'POST',
        path    => $path =~ s/MODEL/$model/r,
        headers => [ $self->_headers($asked) ],
        body    => ${ $body->($model, $job->{system},
            $self->_conversation($asked), $job->{stream}) },
    };
}


sub _conversation {
    my ($self, $asked) = @_;

    my $job = $self->{job};

    return [ [ user => $job->{ask}->($asked) ] ] if $job->{ask};

    my @talk = @{ $job->{talk} };
    my $turns = $job->{turns} // $TURNS;
    my $first = int($asked / $turns) * $turns;

    return [
        (map {
            [ user => $talk[ 2 * $_ % @talk ] ],
            [ assistant => $talk[ (2 * $_ + 1) % @talk ] ],
        } $first .. $asked - 1),
        [ user => $talk[ 2 * $asked % @talk ] ],
    ];
}


sub _headers {
    my ($self, $asked) = @_;

    my $job = $self->{job};
    my ($least, $most) = @{ $job->{tokens} };
    my $tokens = $least + int rand($most - $least + 1);
    my @steer = ("tokens=$tokens", 'first=20', 'delay=6',
        defined $job->{steer} ? $job->{steer} : (),
        defined $job->{input} ? "input=$job->{input}" : ());

    my @headers = map { s/KEY/$self->{key}/r }
        @{ $LIBRARY{ $self->{library} } };
    my $address = $self->{address};

    return (@headers, 'X-Client-Address' => ref $address
        ? $address->[ $asked % @$address ] : $address,
        'X-Upstream' => join '; ', @steer);
}

1;
