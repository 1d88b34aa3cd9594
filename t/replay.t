#!/usr/bin/perl

# distillctl replay: what it says of a trace, in either form, and that this is
# what nginx says of the same traffic.

use strict;
use warnings;

use IPC::Open3 qw(open3);
use IO::Socket::IP;
use JSON::PP ();
use POSIX qw(:sys_wait_h);
use Symbol qw(gensym);
use Test::More;

use DistillGuard::Events;
use DistillGuard::Test;

my $ctl = $ENV{DG_CTL};
die "DG_CTL must name distillctl: build it first\n" if !$ctl || !-x $ctl;

my $t = DistillGuard::Test->new;
my $json = JSON::PP->new->canonical->allow_nonref;

$t->write_file('secret', "0123456789abcdef0123456789abcdef\n");


# ---- running it -----------------------------------------------------------

# {out => [lines], err => text, status => exit status, or the signal negated}

sub replay { return run('replay', @_) }


sub run {
    my ($command, $input, @args) = @_;

    $t->write_file('stdin', $input // '');

    my $pid = fork // die "fork: $!\n";

    if ($pid == 0) {
        open STDIN, '<', $t->dir . '/stdin' or POSIX::_exit(126);
        open STDOUT, '>', $t->dir . '/stdout' or POSIX::_exit(126);
        open STDERR, '>', $t->dir . '/stderr' or POSIX::_exit(126);
        exec $ctl, $command, @args or POSIX::_exit(127);
    }

    waitpid $pid, 0;

    return {
        out    => [ split /\n/, $t->read_file('stdout') ],
        err    => $t->read_file('stderr'),
        status => $? & 127 ? -($? & 127) : $? >> 8,
    };
}


# one line for each, as data

sub told {
    my ($lines, @args) = @_;

    my $run = replay(join('', map { "$_\n" } @$lines), @args);

    return map { $json->decode($_) } @{ $run->{out} };
}


sub settings {
    my ($conf) = @_;

    return ('-c', $t->write_file('guard.conf', $conf));
}


sub verdicts { return join ' ', map { $_->{verdict} // 'none' } @_ }


# a line of an exchange; what is not said is usual

sub raw {
    my ($at, $key, %more) = @_;

    return $json->encode({ t => $at, ip => '192.0.2.1',
        headers => [ [ 'Authorization', "Bearer $key" ] ],
        body => { model => 'm', messages => [] }, %more });
}


# ---- the command line -----------------------------------------------------

{
    my $said = qx($ctl --help);
    is($?, 0, 'help');
    like($said, qr/^usage: distillctl.*^  replay /ms, 'names the command');

    $said = qx($ctl replay --help);
    is($?, 0, 'help of it');
    like($said, qr/--interactive.*--summary.*--campaigns/s, 'and its options');

    is(replay('', '--nonsense')->{status}, 2, 'an unknown option');
    is(system("$ctl nonsense 2>/dev/null") >> 8, 2, 'an unknown command');
    is(system("$ctl >/dev/null 2>&1") >> 8, 2, 'no command');

    my $run = replay('');
    is_deeply($run, { out => [], err => '', status => 0 }, 'nothing');

    $run = replay('', $t->dir . '/none');
    is($run->{status}, 2, 'a file that is not there');
    like($run->{err}, qr/cannot open .*none: No such file/, 'and why');

    $run = replay('', $t->dir);
    is($run->{status}, 2, 'a directory');
    like($run->{err}, qr/cannot read .*: Is a directory/, 'and why');
}


# ---- settings -------------------------------------------------------------

for (
    [ 'a block', "http {\n}", qr/guard\.conf:1: blocks have no place here/ ],
    [ 'another module', "\ngzip on;", qr/guard\.conf:2: unknown .*"gzip"/ ],
    [ 'a bad limit', 'distill_guard_limit key words=1/s;',
        qr/unknown metric "words".* in "distill_guard_limit"/ ],
    [ 'a small zone', 'distill_guard_zone zone=a:1k;',
        qr/too small: give it 512k/ ],
    [ 'no secret', 'distill_guard_secret none;',
        qr{cannot read the secret \S*/none: No such file} ],
    [ 'a short secret', 'distill_guard_secret short;',
        qr/holds 5 bytes, 16 are the least/ ],
    [ 'no geoip file', 'distill_guard_geoip asn none.mmdb;',
        qr{/none\.mmdb cannot be found: give the path} ],
    [ 'no list', 'distill_guard_hosting none;', qr{cannot read \S*/none:} ],
    [ 'a bad list', 'distill_guard_hosting list;',
        qr{/list:2: no AS number} ],
) {
    my ($name, $conf, $said) = @$_;

    $t->write_file('short', "short\n");
    $t->write_file('list', "AS64500\nnobody\n");

    my $run = replay(raw(1, 'a'), settings($conf));
    is_deeply([ $run->{status}, $run->{out} ], [ 2, [] ],
        "settings: $name");
    like($run->{err}, $said, "settings: $name is told");
}

is(replay('', '-c', $t->dir . '/none')->{status}, 2, 'no settings');

{
    my $run = replay(raw(1, 'a') . "\n", settings(<<'EOF_CONF'));
        distill_guard observe;   # whatever the mode
        distill_guard_redis redis://127.0.0.1;
        distill_guard_key $http_x_key;
        distill_guard_account $http_x_account;
        distill_guard_exempt $partner;
        distill_guard_status;
EOF_CONF

    is_deeply([ $run->{status}, scalar @{ $run->{out} } ], [ 0, 1 ],
        'directives that need nginx are no mistake');
    is(scalar(() = $run->{err}
            =~ /guard\.conf:\d: "distill_guard_\w+" is of no use to/g),
        5, 'and each is named');
}


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


# ---- exchanges that end later ---------------------------------------------

my @ONE = settings('distill_guard_limit key output_tokens=100/h;');

{
    my %end = (usage => { input_tokens => 1, output_tokens => 90 });
    my @lines = (
        raw(10, 'a', id => 'one', label => 'x'),
        raw(11, 'a', id => 'two', body => { max_tokens => 1 }),
        $json->encode({ t => 12, end => 'two', %end }),
        raw(13, 'a'),
        $json->encode({ t => 14, end => 'one', aborted => JSON::PP::true,
            response => '' }),
        raw(15, 'a', id => 'three', body => { max_tokens => 9 }),
        raw(16, 'a', body => { max_tokens => 2 }, %end),
        $json->encode({ t => 17, end => 'three', status => 503 }),
        raw(18, 'a', body => { max_tokens => 11 }),
        raw(19, 'a', body => { max_tokens => 10 }, done => 20,
            usage => { output_tokens => 5 }),
        raw(19.5, 'a', body => { max_tokens => 1 }),
        raw(20, 'a', body => { max_tokens => 5 }),
    );

    my $run = replay(join('', map { "$_\n" } @lines), @ONE);
    my @told = map { $json->decode($_) } @{ $run->{out} };

    # "one" asks for as much as there is, and is cut off before it had any

    is(verdicts(@told), 'PASS THROTTLE none THROTTLE none PASS PASS none '
        . 'THROTTLE PASS THROTTLE PASS', 'what is in flight is reserved');
    is_deeply($told[2], { t => 12, end => 'two' }, 'an end of what was not');
    is($told[0]{label}, 'x', 'a label');
    is($run->{status}, 0, 'no mistake');

    $run = replay(join "\n", raw(1, 'a', id => 'x'), raw(1, 'b', id => 'y'),
        raw(2, 'a', id => 'x'), '{"t":2,"end":"y"}');
    is_deeply([ map { $json->decode($_)->{error} } $run->{out}[2] ],
        [ 'an exchange of that "id" has not ended' ], 'one id twice');
    like($run->{err}, qr/1 exchanges were left open/, 'and not at all');
}


# ---- one line after the other ---------------------------------------------

{
    my $pid = open3(my $in, my $out, my $err = gensym, $ctl, 'replay',
        '--interactive', settings('distill_guard_limit key requests=2/m;'));
    $in->autoflush(1);

    my $ask = sub {
        local $SIG{ALRM} = sub { die "no answer\n" };
        alarm 20;
        print $in map { "$_\n" } @_;
        my @told = map { scalar <$out> } @_;
        alarm 0;
        return map { $json->decode($_) } @told;
    };

    # a client that tries again when it is told to

    my ($at, @got) = (100);

    for (1 .. 6) {
        my ($told) = $ask->(raw($at, 'a'));
        push @got, $told;
        $at += $told->{retry_after} // 0;
    }

    is(verdicts(@got), 'PASS PASS THROTTLE PASS THROTTLE PASS',
        'interactive: the client waits as it is told');

    is(verdicts($ask->(map { raw($at, 'b') } 1 .. 3)), 'PASS PASS THROTTLE',
        'interactive: several at once');
    is(($ask->('nonsense'))[0]{line}, 10, 'interactive: a mistake');
    is(verdicts($ask->(raw($at, 'c'))), 'PASS', 'interactive: goes on');

    close $in;
    is(scalar(<$out>), undef, 'interactive: no more than that');
    waitpid $pid, 0;
    is($? >> 8, 1, 'interactive: the exit status');
}


# ---- what is not understood -----------------------------------------------

{
    my @lines = (
        raw(10, 'a'),
        '{"t":10,"ip":"192.0.2.1"',
        '',
        '[]',
        '{"ip":"192.0.2.1"}',
        '{"t":10}',
        '{"t":10,"ip":"192.0.2.256"}',
        '{"t":10,"ip":"192.0.2.1","headers":["x-api-key","a"]}',
        '{"t":10,"ip":"192.0.2.1","headers":[["x-api-key"]]}',
        '{"t":10,"ip":"192.0.2.1","status":"200"}',
        '{"t":10,"ip":"192.0.2.1","status":99}',
        '{"t":10,"ip":"192.0.2.1","done":9}',
        '{"t":10,"ip":"192.0.2.1","id":5}',
        '{"t":9.9994,"ip":"192.0.2.1"}',
        '{"v":1,"t":10,"key":"x"}',
        '{"v":2,"t":10}',
        '{"t":10,"v":1,"verdict":"MAYBE"}',
        "\t\r",
        raw(10, 'a'),
    );

    my $run = replay(join "\r\n", @lines);
    my @told = map { $json->decode($_) } @{ $run->{out} };

    is($run->{status}, 1, 'mistakes: the exit status');
    is(scalar @told, @lines - 2, 'mistakes: a line for each, but empty ones');
    is_deeply([ map { $_->{line} // 0 } @told ],
        [ 0, 2, 4 .. 17, 0 ], 'mistakes: where they are');
    is(scalar(grep { $_->{error} } @told), 15, 'mistakes: what they are');
    is(scalar(() = $run->{err} =~ /^distillctl: standard input:\d+: /mg), 15,
        'mistakes: on standard error');
    like($told[12]{error}, qr/^time goes back by 0\.001 s/,
        'mistakes: time goes back');

    my @of = map { $_->{error} // '' } @told;
    is($of[5], '"ip" is no address', 'mistakes: an address');
    is($of[6], '"headers[]" is not of the type it should be',
        'mistakes: a header');
    is($of[15], '"verdict" has a value that cannot be',
        'mistakes: of an event');
}

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


# ---- long lines, and memory -----------------------------------------------

{
    my $text = 'a long line of text ' x 1_000_000;
    my @lines = (
        raw(1, 'a', body => { messages => [ { role => 'user',
            content => $text } ] }),
        raw(2, 'a', body => $json->encode({ messages => [ {
            role => 'user', content => "$text\n" } ] })),
        '{"t":3,"ip":"192.0.2.1","body":"' . 'x' x 70_000_000 . '"}',
        raw(4, 'a', label => $text),
    );

    my $run = replay(join("\n", @lines),
        settings('distill_guard_limit key input_tokens=1k/d;'));
    my @told = map { $json->decode($_) } @{ $run->{out} };

    is_deeply([ map { $_->{verdict} // $_->{error} } @told ],
        [ 'PASS', 'THROTTLE', 'the line is longer than 67108864 bytes',
            'THROTTLE' ], 'lines of 20 MB, and one that is too long');
    is_deeply([ map { $_->{reasons}[0]{value} } @told[ 1, 3 ] ],
        [ 5_000_004, 5_000_004 ], 'read to their end');
    ok($told[3]{label} eq $text, 'as is a label');
}

SKIP: {
    skip 'needs /proc', 2 unless -r "/proc/$$/status";
    skip 'sanitizers take more', 2 if $ENV{DG_SANITIZE};

    my $pid = open3(my $in, my $out, my $err = gensym, $ctl, 'replay',
        '--interactive', settings('distill_guard_zone zone=guard:1m;'));
    my $at = 0;

    # more keys than there is room for, and all of them in flight for a while

    for (1 .. 200) {
        my $lines = join '', map { $at += 0.01;
            raw($at, rand, done => $at + 10) . "\n" } 1 .. 100;

        print $in $lines;
        $in->flush;
        scalar <$out> for 1 .. 100;
    }

    open my $status, '<', "/proc/$pid/status" or die "status: $!\n";
    my ($peak) = map { /^VmHWM:\s*(\d+)/ ? $1 : () } <$status>;

    close $in;
    is(scalar(<$out>), undef, 'all is told');
    waitpid $pid, 0;
    cmp_ok($peak, '<', 16 * 1024, 'in a zone of 1m: not much more memory');
}


# ---- files ----------------------------------------------------------------

{
    my $one = $t->write_file('one', raw(1, 'a') . "\n" . raw(2, 'a'));
    my $two = $t->write_file('two', "x\n" . raw(4, 'a') . "\n");
    my $run = replay(raw(3, 'a'), $one, '-', $two,
        settings('distill_guard_limit key requests=3/m;'));
    my @told = map { $json->decode($_) } @{ $run->{out} };

    is(verdicts(@told), 'PASS PASS PASS none THROTTLE', 'several are one');
    like($run->{err}, qr{^distillctl: \S*/two:1: the line is not JSON}m,
        'lines have the numbers of their file');
}


# ---- the summary ----------------------------------------------------------

{
    my %usage = (usage => { input_tokens => 5, output_tokens => 40 });
    my @lines = (
        (map { raw($_, "k$_", label => 'honest', %usage) } 1 .. 5),
        (map { raw(10 + $_, 'h', label => 'harvest', done => 20, %usage) }
            1 .. 4),
        raw(21, 'h2', label => 'harvest', %usage),
        raw(22, 'h', label => [1], %usage),
        raw(23, 'h2'),
    );

    my $run = replay(join("\n", @lines), '--summary', '--campaigns',
        settings('distill_guard_limit key requests=2/h;'));
    my %row = map { /^(\S+)\s+(.*\S)$/ ? ($1 => [ split /[\s|]+/, $2 ]) : () }
        split /\n/, $run->{err};

    is(scalar @{ $run->{out} }, @lines, 'summary: not on standard output');
    is_deeply($row{'"honest"'}, [ 5, 0, 200, qw(- - - -), 5, 0, 0, 0 ],
        'summary: who was never refused');
    is_deeply($row{'"harvest"'}, [ 5, 2, 120, 2, 80, qw(- -), 2, 1,
        0, 0 ],
        'summary: who was');
    is_deeply($row{'[1]'}, [ 1, 1, 0, 0, 0, qw(- -), 1, 1, 0, 0 ],
        'summary: a label that is no text');
    is_deeply($row{null}, [ 1, 0, 0, qw(- - - -), 1, 0, 0, 0 ],
        'summary: no label');
}


# ---- signals, campaigns and what is tuned by them --------------------------

# Sixty accounts of one template, which take turns, and forty whose words are
# their own.

my %COHORT = (from => 1_790_000_000, rounds => 30, pool => 60, honest => 40);

my $FRAME = 'Read what follows with the care of an examiner, and tell step by '
    . 'step what can be concluded from it and what cannot: %s. Give all of '
    . 'your reasoning before the answer, and leave nothing out.';

sub words {
    my ($n) = @_;

    my @parts = qw(ba de fi go ku la me ni po ru sa te vi wo zu char dren);

    return join ' ', map { join '', map { $parts[ rand @parts ] } 1 .. 3 }
        1 .. $n;
}


sub cohort {
    my %usage = (usage => { input_tokens => 90, output_tokens => 700 });
    my @lines;

    srand 11;

    for my $round (0 .. $COHORT{rounds} - 1) {
        for my $i (1 .. $COHORT{pool} + $COHORT{honest}) {
            my $pool = $i <= $COHORT{pool};
            my $text = $pool ? sprintf $FRAME, words(20) : words(50);

            push @lines, raw($COHORT{from} + $round * 300 + $i, "sk-cohort-$i",
                label => $pool ? 'pool' : 'honest', done =>
                $COHORT{from} + $round * 300 + $i + 0.5, body => {
                    model => 'm', messages => [ { role => 'user',
                        content => $text } ] }, %usage);
        }
    }

    return map { "$_\n" } @lines;
}


# the table that tune ends with: exchanges, accounts, of these tagged, paced
# and refused, campaigns and members

sub fates {
    my ($run) = @_;

    return map { /^#   (".*?")\s+(.*\S)$/ ? ($1 => [ split /[\s|]+/, $2 ])
        : () } @{ $run->{out} };
}

my $SIGNALS = <<'EOF_CONF';
    distill_guard_signal template soft=5 hard=40;
    distill_guard_signal balance soft=3 hard=1.5 points=25;
    distill_guard_action throttle score=45 rate=2/d;
EOF_CONF

my $cohort = join '', cohort();

{
    my $run = replay($cohort, '--campaigns', '--summary', settings($SIGNALS));
    my @told = map { $json->decode($_) } @{ $run->{out} };
    my @campaigns = grep { exists $_->{accounts} } @told;
    my @judged = grep { exists $_->{verdict} } @told;

    is($run->{status}, 0, 'a cohort: is understood');
    is(scalar @judged, 3000, 'a cohort: a line for each');
    is(scalar @campaigns, 1, 'a cohort: one campaign');
    ok(exists $told[-1]{accounts}, 'a cohort: at the end');

    my ($campaign) = @campaigns;
    my %of = map { $_->{account} => $_->{label} } @judged;

    is(scalar @{ $campaign->{accounts} }, $COHORT{pool},
        'a cohort: all of its accounts');
    is_deeply([ sort @{ $campaign->{accounts} } ], $campaign->{accounts},
        'a cohort: in order');
    is_deeply($campaign->{labels},
        [ map { $of{$_} } @{ $campaign->{accounts} } ],
        'a cohort: and their labels');

    my @refused = grep { $_->{verdict} eq 'THROTTLE' } @judged;
    my @tagged = grep { $_->{verdict} eq 'TAG' } @judged;
    my @paced = grep { $_->{verdict} eq 'PACE' } @judged;

    is_deeply([ map { $_->{label} } grep { $_->{verdict} ne 'PASS' } @judged ],
        [ ('pool') x (@refused + @tagged + @paced) ],
        'a cohort: nobody else is touched');
    cmp_ok(scalar @refused, '>', 900, 'a cohort: it is refused');
    is(scalar(grep { !$_->{retry_after} } @refused), 0,
        'a cohort: until when');
    is(scalar(grep { $_->{pace} != 20 } @paced), 0, 'a cohort: or slowed');
    is(scalar(grep { exists $_->{pace} } @judged), @paced,
        'a cohort: where it is');
    is(scalar(grep { $_->{campaign} ne $campaign->{campaign} } @refused), 0,
        'a cohort: as one campaign');

    my ($limit, @signals) = @{ $refused[-1]{reasons} };

    is($limit->{limit}, 'campaign requests=2/d', 'a cohort: by one bucket');

    my %signal = map { $_->{signal} => $_ } @signals;
    my $template = $signal{template};

    is_deeply([ sort keys %$template ],
        [ qw(hard points signal soft value window) ], 'a cohort: a reason');
    is_deeply([ @$template{qw(soft hard points window)} ],
        [ 5, 40, 40, 14 * 86400 ], 'a cohort: as it is set');
    cmp_ok(abs($template->{value} - $COHORT{pool}), '<', 6,
        'a cohort: as many as there are');
    ok($signal{balance}, 'a cohort: of two families');
    cmp_ok($refused[-1]{score}, '>=', 45, 'a cohort: the score');

    my %row = map { /^(\S+)\s+(.*\S)$/ ? ($1 => [ split /[\s|]+/, $2 ]) : () }
        split /\n/, $run->{err};

    is_deeply([ @{ $row{'"pool"'} }[ -4 .. -1 ] ],
        [ $COHORT{pool}, $COHORT{pool}, 1, $COHORT{pool} ],
        'a cohort: in the summary');
    is_deeply([ @{ $row{'"honest"'} }[ -4 .. -1 ] ],
        [ $COHORT{honest}, 0, 0, 0 ], 'a cohort: and who is not');
    is($row{'"pool"'}[1], scalar @refused, 'a cohort: what is refused');

    is_deeply(replay($cohort, '--campaigns', '--summary',
        settings($SIGNALS)), $run, 'a cohort: a second time the same');

    # what became of each account where labels are not told

    is_deeply([ told([ split /\n/, $cohort ], settings($SIGNALS)) ],
        \@judged, 'a cohort: whether campaigns are asked for or not');
}

{
    my $trace = $t->write_file('cohort', $cohort . "nonsense\n");
    my $told = $t->dir . '/tuned.conf';
    my $tune = sub {
        my $run = run('tune', '', @_);

        $t->write_file('tuned.conf', join '', map { "$_\n" }
            @{ $run->{out} });

        return $run;
    };

    my $run = $tune->(settings($SIGNALS), $trace);
    my @directives = grep { /^distill_guard_signal / } @{ $run->{out} };
    my $text = join "\n", @{ $run->{out} };

    is($run->{status}, 1, 'tune: a line is wrong');
    is(scalar(() = $run->{err} =~ /cohort:3001: /g), 1, 'tune: told once');
    is(scalar @directives + (() = $text =~ /^#distill_guard_signal /mg), 16,
        'tune: a directive for each signal');

    my %about = $text =~ /^# (\w+): (.*\n(?:#.*\n)+)/mg;

    like($about{template}, qr/^#   +50 %: 6\d, .* all: 6\d$/m,
        'tune: quantiles of a signal');
    like($about{template}, qr/^#   0 of 100 would have given points$/m,
        'tune: and for how many it is');
    like($text, qr/^distill_guard_signal template soft=6\d hard=2\d\d;$/m,
        'tune: which it makes room for');
    like($text, qr/^#distill_guard_signal balance /m,
        'tune: what is doubtful is a comment');
    my %fates = fates($run);

    is_deeply([ @{ $fates{'"pool"'} }[ 0, 1 ] ], [ 1800, $COHORT{pool} ],
        'tune: what it would have done');
    is_deeply($fates{'"honest"'}, [ 1200, $COHORT{honest}, (0) x 8 ],
        'tune: and to whom not');

    # what it says can be pasted

    my $judged = replay($cohort, '-c', $told);
    is_deeply([ $judged->{status}, $judged->{err} ], [ 0, '' ],
        'tune: replay takes it');

    $run = $tune->('-c', $t->write_file('guard.conf',
        'distill_guard_signal shift off; distill_guard_signal repeat '
        . 'points=3; distill_guard_limit key requests=10/d;'), $trace);

    is(scalar(grep { $_ eq 'distill_guard_signal shift off;' }
        @{ $run->{out} }), 1, 'tune: what is off stays off');
    is(scalar(grep { /^distill_guard_signal repeat .* points=3;$/ }
        @{ $run->{out} }), 1, 'tune: and what is set is kept');

    # of what the limit refuses nothing was missed

    like(join("\n", @{ $run->{out} }), qr/^# From 3000 exchanges/m,
        'tune: nothing is refused at first');
    is_deeply({ fates($run) }->{'"honest"'}, [ 1200, $COHORT{honest},
        (0) x 4, 800, $COHORT{honest}, 0, 0 ],
        'tune: and then what would have been');

    my ($good, $said) = $t->conf_test(<<"EOF_CONF");
    distill_guard_zone zone=guard:1m;
    distill_guard_secret @{[ $t->dir ]}/secret;
    distill_guard enforce;
    include $told;
EOF_CONF

    ok($good, 'tune: nginx takes it') or diag $said;

    for (
        [ 'no file', qr/reads the trace twice: give it a file/ ],
        [ 'standard input', qr/cannot do with standard input/, '-' ],
        [ 'a directory', qr/cannot do with \S+: give it a file/, $t->dir ],
        [ 'a missing file', qr/cannot open .*No such file/, 'missing' ],
        [ 'an unknown option', qr/^usage: distillctl tune /m, '--nonsense' ],
        [ 'bad settings', qr/guard\.conf:1: /, '-c',
            $t->write_file('guard.conf', 'x;'), $trace ],
    ) {
        my ($name, $said, @args) = @$_;

        $run = run('tune', $cohort, @args);
        is_deeply([ $run->{status}, $run->{out} ], [ 2, [] ], "tune: $name");
        like($run->{err}, $said, "tune: $name is told");
    }

    like(join("\n", @{ run('tune', '', '--help')->{out} }),
        qr/^usage: distillctl tune/, 'tune: help');
}


# ---- and that is what nginx does --------------------------------------------

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

for my $round (1 .. 6) {
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


# ---- places ---------------------------------------------------------------

SKIP: {
    eval { require MaxMind::DB::Writer::Tree; 1 }
        or skip 'needs MaxMind::DB::Writer', 2;

    my $tree = MaxMind::DB::Writer::Tree->new(
        ip_version => 6, record_size => 24, database_type => 'Test',
        languages => ['en'], description => { en => 'a test' },
        remove_reserved_networks => 0,
        map_key_type_callback => sub { 'uint32' });

    $tree->insert_network('203.0.113.0/24',
        { autonomous_system_number => 64500 });

    open my $fh, '>:raw', $t->dir . '/asn.mmdb' or die "asn.mmdb: $!\n";
    $tree->write_tree($fh);
    close $fh;

    my @asn = settings("distill_guard_geoip asn asn.mmdb reload=5m;\n"
        . 'distill_guard_limit asn requests=2/h;');
    my @ips = ('203.0.113.1', '203.0.113.2', '::ffff:203.0.113.3',
        '198.51.100.1', '2001:db8::1', 'unix:');

    is(verdicts(told([ map { raw(1, $_, ip => $_) } @ips ], @asn)),
        'PASS PASS THROTTLE PASS PASS PASS', 'networks are looked up');
    is(verdicts(told([ map { raw(1, "k$_", asn => 64501,
            ip => '203.0.113.1') } 1 .. 3 ], @asn)),
        'PASS PASS THROTTLE', 'or told');
}
