package DistillGuard::Exchange;

# One request to the stand-in upstream and all that is said to it: a queue of
# bytes with what they mean, filled as it is emptied.  No sockets here.
#
# What is said is steered by a request header, so that any client can do it:
#
#   X-Upstream: tokens=100; delay=20; cached=7
#
# %STEER is the list.  Without it the answer is 12 words, one token each.

use strict;
use warnings;

use Compress::Raw::Zlib qw(WANT_GZIP Z_OK Z_SYNC_FLUSH Z_FINISH);
use Digest::MD5 qw(md5_hex);
use Time::HiRes qw(time);

use DistillGuard::Dialect qw(dialect family_error %FRAMING);
use DistillGuard::Json qw(obj arr str members TRUE FALSE);

my %STEER = (
    tokens      => 12,       # words of the answer, for each of n choices
    input       => undef,    # input tokens, with the cached; default from size
    cached      => 0,        # of the input: read from the cache
    cache_write => 0,        # of the input: written to it
    reasoning   => 0,        # tokens thought, on top of tokens
    usage       => '',       # "none": say nothing of usage
    tool        => 0,        # answer with a call of a tool, under a fresh id
    seed        => '',       # ids and times from this, the same at each run
    status      => 200,      # an error in the API's own words
    retry_after => undef,    # that header
    fail        => undef,    # after N events send an error event and end
    cut         => undef,    # break off after N events (N bytes if no stream)
    endless     => 0,        # stream until the client leaves
    first       => 0,        # ms before the headers
    delay       => 0,        # ms between events
    early       => 0,        # 103 Early Hints before the response
    gzip        => 0,        # compress
    crlf        => 0,        # end SSE lines with CRLF
    comments    => 0,        # an SSE comment before each event
    pad         => 0,        # bytes of padding at the head of each JSON object
    split       => 0,        # write N bytes at a time
    gap         => 0,        # ms between such writes
);

my @WORDS = qw(the quick brown fox jumps over a lazy dog while seven wizards
    brew strong coffee at dawn);

my %REASON = (200 => 'OK', 204 => 'No Content', 400 => 'Bad Request',
    404 => 'Not Found', 429 => 'Too Many Requests');

my $TIMES = 10000;    # of so many events the time is remembered
my $served = 0;


# request: {ok, method, target, version, headers, body, close}

sub new {
    my ($class, $request) = @_;

    my ($path, $query) = split /\?/, $request->{target} // '/', 2;
    my ($api, $model) = dialect($request->{method} // '', $path,
        $query // '');

    my $x = bless {
        request   => $request,
        path      => $path,
        key       => _key($request->{headers}, $query // ''),
        api       => $api,
        started   => time,
        times     => [],
        said      => 0,
        delivered => 0,
        thought   => 0,
        status    => 200,
        steer     => {%STEER},
        cached    => 0,
        reasoning => 0,
        cache_write => 0,
    }, $class;

    my $problem = $request->{ok} ? $x->_steer
        : 'The request line is not valid.';

    $x->_answer($model, $problem);

    return $x;
}


sub _answer {
    my ($x, $model, $problem) = @_;

    my ($api, $request) = @$x{qw(api request)};

    return $x->_refuse(400, $problem) if defined $problem;
    return $x->_refuse(404, "There is no $x->{path} here.") unless $api;

    my $body = $request->{method} eq 'POST' ? members($request->{body}) : {};

    return $x->_refuse(400, 'The body is not a JSON object.') unless $body;

    $x->_understand($body, $model);

    my $status = $x->{steer}{status};

    return $x->_refuse($status, 'As you asked.') if $status != 200;
    return $x->_stream if $x->{stream};
    return $x->_whole;
}


sub _key {
    my ($headers, $query) = @_;

    return $1 if ($headers->{authorization} // '') =~ /^Bearer\s+(.+)$/i;

    for (qw(x-api-key api-key x-goog-api-key)) {
        return $headers->{$_} if defined $headers->{$_};
    }

    return $query =~ /(?:^|&)key=([^&]*)/ ? $1 : undef;
}


# What is wrong with the header is said rather than passed over.

sub _steer {
    my ($x) = @_;

    for (split /\s*[;,]\s*/, $x->{request}{headers}{'x-upstream'} // '') {
        my ($name, $value) = /^(\w+)=(.*)$/
            or return "X-Upstream: what is \"$_\"?";
        return "X-Upstream: there is no \"$name\"" unless exists $STEER{$name};
        $x->{steer}{$name} = $value;
    }

    return;
}


sub _understand {
    my ($x, $body, $model) = @_;

    my ($api, $steer) = @$x{qw(api steer)};
    my $asked = $body->{stream} // $api->{streams};

    $x->{model} = $model // $body->{model} // 'unknown';
    $x->{stream} = $api->{streams} eq 'always'
        || ($api->{streams} ne 'never' && $asked eq 'true');

    $x->{n} = $api->{choices} && ($body->{n} // '') =~ /^[1-9]\d?$/
        ? $body->{n} : 1;
    $x->{inputs} = _inputs($body->{input} // '');
    $x->{base64} = ($body->{encoding_format} // '') eq 'base64';

    my $options = members($body->{stream_options} // '') // {};
    $x->{include_usage} = ($options->{include_usage} // '') eq 'true';
    $x->{usage} = $steer->{usage} ne 'none';

    $x->{tool} = $steer->{tool} && !$api->{no_tool};
    $x->{input} = $steer->{input}
        // 1 + int(length($x->{request}{body}) / 4);
    $x->{$_} = $steer->{$_} for qw(cached cache_write reasoning);
    $x->{output} = $steer->{tokens} * $x->{n} + $steer->{reasoning};

    my @words = map { $WORDS[$_ % @WORDS] . ' ' } 0 .. $steer->{tokens} - 1;
    $x->{pieces} = $x->{tool} ? [ '{"city":"', @words, '"}' ] : \@words;

    my $seed = $steer->{seed} ne '' ? $steer->{seed}
        : join '-', $$, $x->{started}, $served++;
    $x->{id} = substr md5_hex($seed), 0, 24;
    $x->{created} = $steer->{seed} ne '' ? 1767225600 : int $x->{started};
}


# how many texts an embeddings request asks about

sub _inputs {
    my ($input) = @_;

    my $n = $input =~ /\A\[/ ? () = $input =~ /"(?:[^"\\]|\\.)*"/gs : 1;

    return $n || 1;
}


# ---- answers in one piece -------------------------------------------------

# The queue holds what is still to be said: [bytes, tokens, event?, ms to wait
# first].

sub _whole {
    my ($x) = @_;

    my $json = $x->_pad($x->{api}{whole}->($x));
    my $tokens = $x->{api}{counts} eq 'both'
        ? $x->{output} - $x->{reasoning} : 0;

    $x->plain(200, 'application/json', "$json\n", $tokens);
}


sub _refuse {
    my ($x, $status, $text) = @_;

    my $family = $x->{api} ? $x->{api}{family} : 'openai';

    $x->plain($status, 'application/json',
        ${ family_error($family, $status, $text) } . "\n");
}


sub plain {
    my ($x, $status, $type, $body, $tokens) = @_;

    my $empty = $status == 204 || $status == 304;

    $x->{status} = $status;
    $x->{encoder} = $x->_encoder;
    $body = $x->{encoder}->($body, 1) if $x->{encoder};

    my $head = $x->_head($status, 'Content-Type' => $type,
        $empty ? () : ('Content-Length' => length $body));

    $body = '' if $empty || ($x->{request}{method} // '') eq 'HEAD';

    if (defined $x->{steer}{cut}) {
        $body = substr $body, 0, $x->{steer}{cut};
        $x->{cut} = 1;
    }

    $x->{queue} = [ [$head], [ $body, $tokens // 0, 1 ] ];
    $x->{ended} = 1;
}


sub _head {
    my ($x, $status, @headers) = @_;

    my $steer = $x->{steer};
    my $head = $steer->{early} ? "HTTP/1.1 103 Early Hints\r\n"
        . "Link: </style.css>; rel=preload\r\n\r\n" : '';

    push @headers, 'Content-Encoding', 'gzip' if $x->{encoder};
    push @headers, 'Retry-After', $steer->{retry_after}
        if defined $steer->{retry_after};
    push @headers, 'X-Request-Id', "req_$x->{id}" if $x->{id};
    push @headers, 'Connection', $x->{request}{close} ? 'close'
        : 'keep-alive';

    $head .= "HTTP/1.1 $status " . ($REASON{$status} // 'Status') . "\r\n";

    while (my ($name, $value) = splice @headers, 0, 2) {
        $head .= "$name: $value\r\n";
    }

    return "$head\r\n";
}


# bytes => what is to be sent of them now, and with $last, the end too

sub _encoder {
    my ($x) = @_;

    return unless $x->{steer}{gzip};

    my ($deflate, $status) = Compress::Raw::Zlib::Deflate->new(
        -WindowBits => WANT_GZIP, -AppendOutput => 1);
    die "zlib: $status\n" unless $status == Z_OK;

    return sub {
        my ($bytes, $last) = @_;

        my $out = '';
        $deflate->deflate($bytes, $out);
        $deflate->flush($out, $last ? Z_FINISH : Z_SYNC_FLUSH);
        return $out;
    };
}


sub _pad {
    my ($x, $json) = @_;

    return $json unless ref $json;    # "[DONE]"

    my $text = $$json;
    my $pad = $x->{steer}{pad};
    $text =~ s/\A\{/'{"pad":"' . 'x' x $pad . '",'/e if $pad;

    return $text;
}


# ---- streams --------------------------------------------------------------

sub _stream {
    my ($x) = @_;

    my $framing = $FRAMING{ $x->{api}{framing} };

    $x->{framing} = $framing;
    $x->{encoder} = $x->_encoder;
    $x->{chunked} = $x->{request}{version} eq '1.1';
    $x->{request}{close} = 1 unless $x->{chunked};
    $x->{events} = 0;
    $x->{word} = 0;

    $x->{queue} = [ [ $x->_head(200, 'Content-Type' => $framing->{type},
        'Cache-Control' => 'no-cache',
        $x->{chunked} ? ('Transfer-Encoding' => 'chunked') : ()) ] ];

    $x->_say(0, $x->{api}{begin}->($x));
}


# Queues events, each of which brings these tokens.

sub _say {
    my ($x, $tokens, @events) = @_;

    my $steer = $x->{steer};

    for my $event (@events) {
        my $failing = defined $steer->{fail}
            && $x->{events} >= $steer->{fail};

        if (defined $steer->{cut} && $x->{events} >= $steer->{cut}) {
            $x->{ended} = $x->{cut} = 1;
            return;
        }

        my $bytes = $x->_frame($failing ? $x->_failure : $event);
        my $wait = $x->{events}++ ? $steer->{delay} : 0;

        push @{ $x->{queue} }, [ $x->_chunk($bytes), $failing ? 0 : $tokens,
            1, $wait ];

        return $x->_end($failing) if $failing;
    }
}


sub _end {
    my ($x, $failed) = @_;

    my $last = $x->{framing}{last} // '';

    push @{ $x->{queue} }, [ $x->_chunk($last, 1) ];
    $x->{ended} = 1;
    $x->{failed} = $failed;
}


sub _failure {
    my ($x) = @_;

    my $family = $x->{api}{family};

    return $family eq 'anthropic'
        ? [ error => family_error($family, 529, 'Overloaded') ]
        : family_error($family, 503, 'Overloaded');
}


sub _frame {
    my ($x, $event) = @_;

    my ($name, $json) = ref $event eq 'ARRAY' ? @$event : (undef, $event);

    my $text = $x->{framing}{frame}->($x->_pad($json), $name, $x->{events});

    if ($x->{api}{framing} eq 'sse') {
        $text = ": still here\n\n$text" if $x->{steer}{comments};
        $text =~ s/\n/\r\n/g if $x->{steer}{crlf};
    }

    return $text;
}


sub _chunk {
    my ($x, $bytes, $last) = @_;

    $bytes = $x->{encoder}->($bytes, $last) if $x->{encoder};

    return $bytes unless $x->{chunked};

    my $chunk = $bytes eq '' ? ''
        : sprintf "%x\r\n%s\r\n", length $bytes, $bytes;

    return $last ? "${chunk}0\r\n\r\n" : $chunk;
}


# The first of the queue, filled up when it is empty; nothing at the end.

sub next_item {
    my ($x) = @_;

    $x->_go_on until @{ $x->{queue} } || $x->{ended};

    return $x->{queue}[0];
}


sub _go_on {
    my ($x) = @_;

    my ($api, $pieces) = @$x{qw(api pieces)};
    my $more = $x->{word} < @$pieces || ($x->{steer}{endless} && @$pieces);

    if ($api->{think} && $x->{thought} < $x->{reasoning}) {
        my $last = ++$x->{thought} == $x->{reasoning};
        $x->_say(0, $api->{think}->($x, 'hm ', $last));

    } elsif ($more) {
        my $piece = $pieces->[ $x->{word}++ % @$pieces ];
        my $tokens = $piece =~ /^[{"]/ ? 0 : 1;

        $x->{said} += $tokens;
        $x->_say($tokens, $api->{delta}->($x, $piece));

    } else {
        $x->_say(0, $api->{end}->($x));
        $x->_end unless $x->{ended};
    }
}


# These items of the queue are with the client.

sub delivered {
    my ($x, @items) = @_;

    my $now = time;

    for (@items) {
        my ($bytes, $tokens, $event) = @$_;
        $x->{delivered} += $tokens // 0;
        push @{ $x->{times} }, $now if $event && @{ $x->{times} } < $TIMES;
    }
}


# ---- the ledger -----------------------------------------------------------

# Of a stream that was broken off, only what was delivered is counted.

sub _tokens {
    my ($x, $aborted) = @_;

    my $counts = $x->{api} && $x->{status} == 200 ? $x->{api}{counts} : 'none';
    my $part = $x->{stream} && ($aborted || $x->{cut} || $x->{failed});
    my $thought = $x->{api} && $x->{api}{think} ? $x->{thought}
        : $x->{reasoning};

    return (0, 0) if $counts eq 'none';
    return ($x->{input}, 0) if $counts eq 'input';
    return ($x->{input}, $part ? $x->{delivered} + $thought : $x->{output});
}


sub record {
    my ($x, $aborted) = @_;

    my $r = $x->{request};
    my $text = sub { defined $_[0] ? str($_[0]) : undef };
    my $bool = sub { $_[0] ? TRUE : FALSE };
    my ($input, $output) = $x->_tokens($aborted);

    return ${ obj(
        time             => sprintf('%.6f', $x->{started}),
        method           => $r->{method},
        path             => $text->($r->{target}),
        dialect          => $x->{api} ? $x->{api}{name} : undef,
        model            => $text->($x->{model}),
        key              => $text->($x->{key}),
        id               => $text->($x->{id}),
        status           => $x->{status},
        stream           => $bool->($x->{stream}),
        input_tokens     => $input,
        output_tokens    => $output,
        cached           => $x->{cached},
        cache_write      => $x->{cache_write},
        reasoning        => $x->{reasoning},
        sent_events      => arr(map { sprintf '%.6f', $_ } @{ $x->{times} }),
        delivered_tokens => $x->{delivered},
        aborted          => $bool->($aborted),
        cut              => $bool->($x->{cut}),
        body_bytes       => length $r->{body},
        body_md5         => str(md5_hex($r->{body})),
        headers          => obj(map { $_ => str($r->{headers}{$_}) }
            sort keys %{ $r->{headers} }),
    ) };
}

1;
