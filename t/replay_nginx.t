#!/usr/bin/perl

# distillctl replay says of the traffic of an nginx what that nginx said.

use strict;
use warnings;

use IO::Socket::IP;
use JSON::PP ();
use Test::More;

use DistillGuard::Events;
use DistillGuard::Replay qw($FRAME $json replay settings told verdicts
    words);

my $t = DistillGuard::Replay::harness();


# ---- the same through nginx -----------------------------------------------

my $LIMITS = <<'EOF_CONF';
    distill_guard_limit key requests=4/m output_tokens=300/h;
    distill_guard_limit key requests=2/s input_tokens=2k/d;
    distill_guard_limit account tokens=400/h;
    distill_guard_limit origin requests=40/h;
EOF_CONF

my $SETTINGS = "distill_guard_secret secret;\ndistill_guard enforce;\n$LIMITS";

my $upstream = $t->upstream;
my $events = DistillGuard::Events->new($t);

$t->conf($events->conf . <<"EOF_CONF")->start;
    distill_guard_zone zone=guard:1m;
    distill_guard_secret %%DIR%%/secret;
    proxy_http_version 1.1;
    set_real_ip_from 127.0.0.1;
    real_ip_header X-Client;

    server {
        listen 127.0.0.1:%%HTTP%%;
        distill_guard enforce;
        distill_guard_account \$http_x_account;
    $LIMITS
        location / {
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
            proxy_buffering off;
        }
    }
EOF_CONF

my (@live, @raw);

# Sends a request and notes what both forms of the trace say of it.

sub exchange {
    my ($key, $data, %opt) = @_;

    my $path = $opt{path} // '/v1/chat/completions';
    my $body = ref $data ? $json->encode($data) : $data;
    my @headers = ($opt{as} // 'Authorization',
        $opt{as} ? $key : "Bearer $key");
    my $client = $opt{client} // '203.0.113.7';

    push @headers, 'X-Account', $opt{account} if defined $opt{account};

    my $answer = $t->http({ method => $opt{method} // 'POST', path => $path,
        body => $body, headers => [ @headers, 'X-Client', $client,
            'Content-Type', 'application/json',
            $opt{steer} ? ('X-Upstream', $opt{steer}) : () ] },
        $opt{until} ? (until => $opt{until}) : ());

    return { answer => $answer, client => $client, path => $path,
        headers => \@headers, body => $body, %opt };
}


sub note_exchange {
    my ($x, $event) = @_;

    my @headers = @{ $x->{headers} };
    my $answer = $x->{answer};
    my %line = (t => $event->{t}, ip => $x->{client}, path => $x->{path},
        label => scalar @live);

    push @{ $line{headers} }, [ splice @headers, 0, 2 ] while @headers;

    $line{method} = $x->{method} if $x->{method};
    $line{account} = $x->{account} if defined $x->{account};
    $line{body} = $x->{value} ? $json->decode($x->{body}) : $x->{body}
        if defined $x->{body};
    $line{done} = sprintf '%.3f', $event->{t} + ($event->{ms} // 0) / 1000;
    $_ += 0 for @line{qw(t done)};

    if ($event->{aborted}) {
        $line{aborted} = JSON::PP::true;
        $line{usage} = { map { $_ => $event->{$_} }
            qw(input_tokens output_tokens) };

    } elsif ($event->{verdict} !~ /^(?:THROTTLE|BLOCK)$/) {
        $line{status} = $answer->{status};
        $line{response} = $answer->{body};
    }

    push @live, $event;
    push @raw, \%line;
}


sub send_one {
    my ($key, $data, %opt) = @_;

    my $x = exchange($key, $data, %opt);
    my $event = $events->next;

    note_exchange($x, $event);
    return $event;
}


my %CHAT = (model => 'm', max_tokens => 20,
    messages => [ { role => 'user', content => 'hi "there"' } ]);
my %LONG = (%CHAT, messages => [ { role => 'user', content => 'x' x 3000 } ]);
my %STREAM = (%CHAT, stream => JSON::PP::true,
    stream_options => { include_usage => JSON::PP::true });

# requests, by second and minute, with refusals and failures in between

send_one('sk-1', \%CHAT) for 1 .. 3;
send_one('sk-1', \%CHAT, steer => 'status=500') for 1 .. 2;
send_one('sk-2', \%CHAT, steer => 'status=429');
send_one('sk-2', \%CHAT, value => 1) for 1 .. 3;

# tokens: as reported, as estimated, of streams

send_one('sk-3', \%CHAT, steer => 'tokens=150; input=10');
send_one('sk-3', { %STREAM, max_tokens => 100 }, steer => 'tokens=140');
send_one('sk-3', { %CHAT, max_tokens => 200 });
send_one('sk-4', \%STREAM, steer => 'usage=none; tokens=90') for 1 .. 2;
send_one('sk-5', \%LONG, steer => 'input=1900');
send_one('sk-5', \%LONG);

# accounts of several keys, other APIs, what is free, and what is nobody's

send_one("sk-a$_", \%CHAT, account => 'acme', steer => 'tokens=120')
    for 1 .. 4;
send_one('sk-ant', { %CHAT, max_tokens => 30 }, path => '/v1/messages',
    as => 'x-api-key', steer => 'tokens=25') for 1 .. 3;
send_one('AIza', { contents => [ { parts => [ { text => 'hi' } ] } ] },
    path => '/v1beta/models/gemini%2D2:streamGenerateContent?alt=sse',
    as => 'x-goog-api-key');
send_one('ol', { model => 'm', messages => $CHAT{messages} },
    path => '/api/chat', as => 'x-api-key', steer => 'tokens=9');
send_one('sk-1', undef, method => 'GET', path => '/v1/models');
send_one('', \%CHAT, as => 'X-Nothing');
send_one('sk-6', 'no JSON at all');
send_one('sk-6', '{"model":"m","messages":[{"role":"user","content":"cut');

# one that is in flight holds what it may still take, and is cut off

{
    my $body = $json->encode({ %STREAM, max_tokens => 250 });
    my @headers = ('Authorization', 'Bearer sk-7');
    my $socket = IO::Socket::IP->new(PeerHost => '127.0.0.1',
        PeerPort => $t->port('http')) or die "connect: $@\n";

    print $socket join "\r\n", 'POST /v1/chat/completions HTTP/1.1',
        'Host: localhost', "$headers[0]: $headers[1]", 'X-Client: 192.0.2.9',
        'X-Upstream: endless=1; delay=5', 'Content-Length: ' . length $body,
        '', $body;
    $socket->flush;

    # some events of it, so that the next request comes at another time

    my $got = '';
    1 while $got !~ /(?:data: .*){4}/s
        && sysread $socket, $got, 4096, length $got;

    my $second = exchange('sk-7', { %CHAT, max_tokens => 60 });
    my $refused = $events->next;
    my $third = exchange('sk-7', { %CHAT, max_tokens => 30 });
    my $passed = $events->next;

    close $socket;
    my $aborted = $events->next;

    note_exchange({ client => '192.0.2.9', path => '/v1/chat/completions',
        headers => \@headers, body => $body }, $aborted);
    note_exchange($second, $refused);
    note_exchange($third, $passed);
}

# and many of one origin

send_one("sk-many-$_", \%CHAT, client => "198.51.100.$_") for 1 .. 45;

my %seen;
$seen{ $_->{verdict} }++ for @live;
my %limits = map { $_->{limit} => 1 } grep { $_->{limit} }
    map { @{ $_->{reasons} // [] } } @live;

cmp_ok($seen{THROTTLE}, '>', 10, 'nginx has refused');
cmp_ok($seen{PASS}, '>', 50, 'and let pass');
cmp_ok(scalar keys %limits, '>=', 4, 'over limits of every kind')
    or diag explain \%limits;

my @order = sort { $live[$a]{t} <=> $live[$b]{t} || $a <=> $b } 0 .. $#live;

# the events as they were logged, and sorted as the help says

my $log = do {
    local $ENV{LC_ALL} = 'C';
    my $file = $t->dir . '/events.log';
    qx(sort -s -t, -k2,2 $file);
};

my @of_events = told([ split /\n/, $log ], settings($SETTINGS));
my @of_raw = told([ map { $json->encode($raw[$_]) } @order ],
    settings($SETTINGS));
my @both = told([ map { $_ % 3 ? $json->encode($raw[$_])
    : $json->encode($live[$_]) } @order ], settings($SETTINGS));


sub why {
    my ($line) = @_;

    return join ',', $line->{score} // 0, $line->{campaign} // 'none', map {
        $_->{limit} ? "$_->{limit} $_->{value} of $_->{max}"
        : $_->{signal} ? "$_->{signal} $_->{value} gives $_->{points}"
        : "refused $_->{refused}" } @{ $line->{reasons} // [] };
}


# what is said of each line, beside what nginx said of it

sub as_live {
    my ($name, @told) = @_;

    my @expected = map { join ' ', $_->{verdict}, $_->{key} // 'none',
        $_->{account} // 'none', why($_) } @live[@order];
    my @got = map { join ' ', $_->{verdict}, $_->{key} // 'none',
        $_->{account} // 'none', why($_) } @told;

    is_deeply(\@got, \@expected, "$name: as nginx said");

    my @waits = grep {
        my ($live, $told) = map { ($_->{reasons} // [])->[0] }
            $live[ $order[$_] ], $told[$_];
        $live && abs(($live->{wait_ms} // 0) - ($told->{wait_ms} // 0)) > 200;
    } 0 .. $#told;

    is_deeply(\@waits, [], "$name: for as long");
}

as_live('events', @of_events);
as_live('raw lines', @of_raw);
as_live('both, mixed', @both);

is_deeply([ map { $_->{label} } @of_raw ], \@order, 'labels are passed on');
is_deeply([ map { $_->{t} } @of_raw ], [ map { $_->{t} } @live[@order] ],
    'as are times');

my @throttled = grep { $_->{verdict} eq 'THROTTLE' } @of_raw;
is(scalar(grep { $_->{retry_after}
            != int(($_->{reasons}[0]{wait_ms} + 999) / 1000) } @throttled),
    0, 'retry_after is the wait in seconds');

# a second time it is the same to the byte

is_deeply(replay($log, settings($SETTINGS)), replay($log,
    settings($SETTINGS)), 'one trace has one result');

# without the secret the keys are others, the verdicts the same

{
    my @other = told([ map { $json->encode($raw[$_]) } @order ],
        settings($LIMITS));

    is(verdicts(@other), verdicts(@of_raw), 'another secret: same verdicts');
    isnt($other[0]{key}, $of_raw[0]{key}, 'another secret: other ids');
}


# ---- and of anything like it -----------------------------------------------

# whatever comes, there is one line for one line

{
    my @lines = (@{ [ map { $json->encode($_) } @raw[0 .. 20] ] },
        (split /\n/, $log)[0 .. 20], '{"t":1e9,"end":"x"}');
    my @special = split //, '"\\{}[],:0-e.ntf %/';
    my @mutated;

    srand 4;

    for (1 .. 4000) {
        my $line = $lines[ rand @lines ];
        substr $line, rand length $line, 1, $special[ rand @special ]
            for 1 .. rand 4;
        $line = substr $line, 0, rand length $line if rand() < 0.1;
        push @mutated, $line =~ /\S/ ? $line : 'x';
    }

    my $run = replay(join("\n", @mutated), '--summary',
        settings($SETTINGS));

    is($run->{status}, 1, 'mutations: some are mistakes');
    is(scalar @{ $run->{out} }, scalar @mutated, 'mutations: line for line');
    is(scalar(grep { !eval { $json->decode($_); 1 } } @{ $run->{out} }), 0,
        'mutations: and each is JSON');
}


# ---- signals, campaigns and the ladder --------------------------------------

$t->stop;
@live = @raw = ();
unlink $t->dir . '/events.log';
$events = DistillGuard::Events->new($t);

my $LADDER = <<'EOF_CONF';
    distill_guard_signal template soft=5 hard=40;
    distill_guard_signal balance soft=3 hard=1.5;
    distill_guard_signal relay points=5;
    distill_guard_action tag score=20;
    distill_guard_action pace score=25 rate=1k/s;
    distill_guard_action throttle score=45 rate=8/d;
EOF_CONF

$t->conf($events->conf . <<"EOF_CONF")->start;
    distill_guard_zone zone=guard:4m;
    distill_guard_secret %%DIR%%/secret;
    proxy_http_version 1.1;
    set_real_ip_from 127.0.0.1;
    real_ip_header X-Client;

    server {
        listen 127.0.0.1:%%HTTP%%;
        distill_guard enforce;
    $LADDER
        location / {
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
        }
    }
EOF_CONF

srand 12;

for my $round (1 .. 10) {
    for my $i (1 .. 62) {
        my $pool = $i <= 56;
        my $text = $pool ? sprintf $FRAME, words(20) : words(50);

        send_one("sk-ladder-$i", { %CHAT, messages => [
            { role => 'user', content => $text } ] }, client => "10.0.$i.1",
            $i % 2 ? (steer => 'tokens=40') : ());
    }
}

%seen = ();
$seen{ $_->{verdict} }++ for @live;

cmp_ok($seen{$_} // 0, '>', 0, "ladder: nginx says $_")
    for qw(PASS PACE THROTTLE);

@order = sort { $live[$a]{t} <=> $live[$b]{t} || $a <=> $b } 0 .. $#live;

my @ladder = settings("distill_guard_secret secret;\n"
    . "distill_guard_zone zone=guard:4m;\n$LADDER");

as_live('ladder, events',
    told([ map { $json->encode($live[$_]) } @order ], @ladder));
as_live('ladder, raw lines',
    told([ map { $json->encode($raw[$_]) } @order ], @ladder));
