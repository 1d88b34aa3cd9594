#!/usr/bin/perl

# The ladder in live requests: accounts that present each other's ids are a
# campaign, and what becomes of its requests at each rung.

use strict;
use warnings;

use Test::More;
use Time::HiRes qw(time);

use DistillGuard::Events;
use DistillGuard::Test;

my $ACCOUNTS = 10;
my $PACE = 40;      # tokens a second

my $t = DistillGuard::Test->new;
my $events = DistillGuard::Events->new($t);
my $upstream = $t->upstream;

# partners are counted by six bits of their ids: under this secret those of
# the accounts below differ

$t->write_file('secret', "a secret of a certain length\n");

$t->conf($events->conf . <<"EOF")->start;
    distill_guard_zone zone=guard:4m;
    distill_guard_secret %%DIR%%/secret;
    distill_guard_exempt \$http_x_partner;
    distill_guard_signal provenance soft=0 hard=4 points=50;

    proxy_http_version 1.1;
    proxy_set_header Connection "";
    underscores_in_headers on;
    ignore_invalid_headers off;

    server {
        listen 127.0.0.1:%%HTTP%%;
        listen 127.0.0.1:%%H2%% http2;

        distill_guard enforce;
        distill_guard_action tag off;
        distill_guard_action pace off;
        distill_guard_action throttle off;
        distill_guard_action block off;

        location / {
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
        }

        location /observe/ {
            distill_guard observe;
            distill_guard_action tag score=20;
            distill_guard_action pace score=30 rate=1/s;
            distill_guard_action throttle score=40 rate=1/d;
            distill_guard_action block score=50 for=1h;
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
        }

        location /tag/ {
            distill_guard_action tag score=20;
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
        }

        location /high/ {
            distill_guard_action tag score=51;
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
        }

        location /weak/ {
            distill_guard_signal relay hard=2 points=100;
            distill_guard_action tag score=20;
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
        }

        location /strong/ {
            distill_guard_signal relay hard=0.5 points=100;
            distill_guard_action tag score=20;
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
        }

        location /echo/ {
            distill_guard observe;
            proxy_pass http://127.0.0.1:%%ECHO%%;
        }

        location /pace/ {
            distill_guard_action pace score=30 rate=$PACE/s;
            proxy_buffering off;
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
        }

        location /pace/buffered/ {
            distill_guard_action pace score=30 rate=$PACE/s;
            proxy_buffering on;
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
        }

        location /pace/slow/ {
            distill_guard_action pace score=30 rate=1k/s;
            limit_rate 500;
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
        }

        location /pace/accel/ {
            distill_guard_action pace score=30 rate=1k/s;
            proxy_pass http://127.0.0.1:%%ECHO%%;
        }

        location /throttle/ {
            distill_guard_action throttle score=40 rate=30/h;
            distill_guard_limit key requests=1k/h;
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
        }

        location /block/ {
            distill_guard_action block score=50 for=1h;
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
        }

        location /block/page/ {
            distill_guard_action block score=50 for=1h;
            error_page 403 \@page;
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
        }

        location \@page {
            return 403 '{"ours":true}';
        }

        location = /guard {
            distill_guard off;
            access_log off;
            distill_guard_status;
        }
    }

    server {
        listen 127.0.0.1:%%ECHO%%;
        distill_guard off;
        access_log off;
        add_header X-Distill-Guard-Score 99 always;
        add_header x-distill-guard-CAMPAIGN ca always;
        add_header X-Kept yes always;

        location /pace/accel/ {
            add_header X-Accel-Limit-Rate 500;
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
        }

        location / {
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
        }
    }
EOF

my $questions = 0;


# No other is the same, nor one of another process.  Contents that differ in
# numbers alone would be.

sub question {
    my $name = join '-', $$, ++$questions;

    $name =~ tr/0-9/a-j/;

    return join ' ', map { "what $_ has in common with $name" }
        qw(the quick brown fox jumps over lazy dogs);
}


sub user { return { role => 'user', content => $_[0] // question() } }


sub ask {
    my ($path, $account, %opt) = @_;

    my @headers = ('X-Upstream' => $opt{steer} // 'tokens=3',
        @{ $opt{headers} // [] });
    my %body = (model => 'm', messages => $opt{messages} // [ user() ],
        $opt{stream} ? (stream => \1) : ());

    push @headers, map { ("-$_" => $opt{$_}) } grep { defined $opt{$_} }
        qw(http2 port until);

    return $opt{anthropic}
        ? $t->post_json("$path/v1/messages", { %body, max_tokens => 900 },
            'x-api-key' => "sk-$account", @headers)
        : $t->post_json("$path/v1/chat/completions", \%body,
            Authorization => "Bearer sk-$account", @headers);
}


# the answer and what the guard says of it

sub judged {
    my (@args) = @_;

    return (ask(@args), $events->next);
}


# what the upstream was told

sub told {
    my %headers = %{ ($upstream->ledger(1))[0]{headers} };

    return { map { $_ => $headers{$_} } grep { /distill.guard/ }
        keys %headers };
}


sub zone { return $t->http({ path => '/guard' })->json->{zones}{guard} }


# ---- a campaign -----------------------------------------------------------

# Each account presents what was issued to the others, as a pool does that
# sends each request by another key.

my (%call, $answer, $event);

for my $account (1 .. $ACCOUNTS) {
    my $answer = ask('', $account, steer => 'tool=1');
    $call{$account} = $answer->json->{choices}[0]{message}{tool_calls}[0];
}

for my $round (1 .. 5) {
    for my $account (1 .. $ACCOUNTS) {
        my $call = $call{ ($account + $round - 1) % $ACCOUNTS + 1 };

        ask('/observe', $account, messages => [ user(),
            { role => 'assistant', content => undef, tool_calls => [$call] },
            { role => 'tool', tool_call_id => $call->{id},
                content => question() } ]);
    }
}

my @past = $events->take(6 * $ACCOUNTS);

is(scalar(grep { $_->{status} == 200 } @past), 6 * $ACCOUNTS,
    'observing refuses nothing');
is($past[$ACCOUNTS]{verdict}, 'PASS', 'at first there is nothing');

($answer, $event) = judged('', 1);

my $campaign = $event->{campaign};

like($campaign, qr/^[0-9a-f]{32}$/, 'then there is a campaign');
is($event->{score}, 50, 'with a score');
is($event->{verdict}, 'PASS', 'that means nothing without a ladder');

my ($reason) = grep { ($_->{signal} // '') eq 'provenance' }
    @{ $event->{reasons} };

cmp_ok($reason->{value}, '>=', 4, 'the reason: so many accounts');
is_deeply([ @$reason{qw(soft hard points)} ], [ 0, 4, 50 ],
    'against what, and how much that is');
cmp_ok($reason->{window}, '>=', 3600, 'over which time');

my %found = map { ($_->{campaign} // '') => 1 }
    map { (judged('', $_))[1] } 1 .. $ACCOUNTS;
is_deeply([ keys %found ], [$campaign], 'all of them are of it');

($answer, $event) = judged('', 'stranger');
is($event->{campaign}, undef, 'a stranger is not');
is($event->{score}, undef, 'and has no score');

# ---- observing ------------------------------------------------------------

my $before = zone()->{verdicts};

($answer, $event) = judged('/observe', 2);
is($answer->{status}, 200, 'observe: passes');
is($event->{verdict}, 'BLOCK_DRY_RUN', 'observe: what it would be');
is_deeply($event->{reasons}[0]{refused}, 'campaign', 'observe: and why');
is_deeply(told(), {}, 'observe: the upstream is told nothing');
is(zone()->{verdicts}{BLOCK}{dry_run}, $before->{BLOCK}{dry_run} + 1,
    'observe: it is counted');
$t->log_like(qr/\[notice\].*distill\ guard\ \(dry\ run\)\ blocks\ key
    \ [0-9a-f]{32}:\ score\ 50,\ campaign\ $campaign/x, 'observe: and logged');

# ---- tag ------------------------------------------------------------------

my %TOLD = ('x-distill-guard-score' => 50,
    'x-distill-guard-campaign' => $campaign);

for my $http2 (0, 1) {
    ($answer, $event) = judged('/tag', 3,
        $http2 ? (http2 => 1, port => 'h2') : ());

    is($answer->{status}, 200, 'tag: passes');
    is($event->{verdict}, 'TAG', 'tag: the verdict');
    is_deeply(told(), \%TOLD, 'tag: the upstream is told');
    unlike($answer->{raw}, qr/distill.guard|$campaign/i,
        'tag: the client is not');
}

($answer, $event) = judged('/high', 3);
is_deeply(told(), {}, 'tag: but for a score that is too low');
($answer, $event) = judged('/tag', 'stranger');
is_deeply(told(), {}, 'tag: nothing of strangers');
($answer, $event) = judged('/tag', 3, headers => [ 'X-Partner' => 1 ]);
is_deeply(told(), {}, 'tag: nothing of who is exempt');
is("$event->{verdict} $event->{exempt}", 'PASS 1', 'tag: and it passes');

# an account by itself; its headers contradict each other

my @RELAY = ('User-Agent' => 'OpenAI/JS 6.49.0');

($answer, $event) = judged('', 'relay', headers => \@RELAY);
ok($event->{relay}, 'relay: it shows');

($answer, $event) = judged('/weak', 'relay', headers => \@RELAY);
is("$event->{score} $event->{verdict}", '20 PASS',
    'tag: a score alone is not enough');
is_deeply(told(), {}, '... and is not told');

($answer, $event) = judged('/strong', 'relay', headers => \@RELAY);
is("$event->{score} $event->{verdict}", '20 TAG',
    'tag: one strong signal is');
is_deeply(told(), { 'x-distill-guard-score' => 20 },
    '... and of a campaign there is nothing to tell');

# ---- smuggled headers -----------------------------------------------------

my @SMUGGLED = ('X-Distill-Guard-Score', 1, 'x-distill-guard-score', 2,
    'X_Distill_Guard_Score', 3, 'X-DISTILL-GUARD_CAMPAIGN', 'ca',
    'X-Distill.Guard-Other', 4);
my @KEPT = map { ("X-Kept-$_" => $_) } 1 .. 45;
my %kept = map { lc } @KEPT;


sub kept {
    my $headers = ($upstream->ledger(1))[0]{headers};

    return { map { $_ => $headers->{$_} } grep { /^x-kept-/ }
        keys %$headers };
}


# first, last, in the middle, and among so many that nginx keeps them in
# several parts

for my $case (
    [ 'alone', @SMUGGLED ],
    [ 'before others', @SMUGGLED, @KEPT ],
    [ 'behind others', @KEPT, @SMUGGLED ],
    [ 'one at the end', @KEPT, @SMUGGLED[0, 1] ],
    [ 'among others', @KEPT[0 .. 29], @SMUGGLED, @KEPT[30 .. 39], @SMUGGLED,
        @KEPT[40 .. 89] ],
    [ 'many', (@SMUGGLED) x 9, @KEPT, (@SMUGGLED) x 9 ],
) {
    my ($name, @headers) = @$case;

    for my $path ('/observe', '/tag', '/tag/v1/models') {
        my $account = $path eq '/tag' ? 4 : 'stranger';

        if ($path =~ /models/) {
            $t->http({ path => $path, headers => \@headers });
            $events->next;

        } else {
            judged($path, $account, headers => \@headers);
        }

        is_deeply(told(), $path eq '/tag' ? \%TOLD : {},
            "smuggled, $name: taken out, $path");
        is_deeply(kept(), @headers > 2 * @SMUGGLED || $name =~ /end/
            ? \%kept : {}, '... and all others are there');
    }
}

judged('/tag', 4, http2 => 1, port => 'h2', headers => [ @SMUGGLED[0 .. 3] ]);
is_deeply(told(), \%TOLD, 'smuggled, over HTTP/2: taken out');

# ---- what an upstream sends back ------------------------------------------

($answer, $event) = judged('/echo', 'stranger');
is($answer->header('X-Kept'), 'yes', 'echo: other headers pass');
unlike($answer->{raw}, qr/distill.guard/i, 'echo: ours do not');

# ---- pace -----------------------------------------------------------------

# Answers of the same words with and without, all at once: the upstream says
# them as fast as it can.

my %SPEED = (
    'stream'           => { path => '/pace', stream => 1, words => 160 },
    'stream, buffered' => { path => '/pace/buffered', stream => 1,
        words => 160 },
    'stream, HTTP/2'   => { path => '/pace', stream => 1, words => 160,
        http2 => 1, port => 'h2' },
    'whole'            => { path => '/pace', words => 400 },
    'whole, Anthropic' => { path => '/pace/buffered', words => 400,
        anthropic => 1 },
);


# seconds to the first part of the answer and to its end, and its content

sub timed {
    my (%opt) = @_;

    my $began = time;
    my $answer = ask($opt{path}, $opt{account}, %opt,
        steer => "tokens=$opt{words}; seed=pace");

    return { status => $answer->{status}, body => $answer->{body},
        first => $answer->{body_times}[0][0] - $began,
        last => $answer->{body_times}[-1][0] - $began };
}


my %run;

for my $name (sort keys %SPEED) {
    for my $account (5, 'stranger') {
        $run{$name}{$account} = $t->background(sub {
            timed(%{ $SPEED{$name} }, account => $account) });
    }
}

my $other = timed(path => '', account => 5, words => 160);
cmp_ok($other->{last}, '<', 2, 'pace: what is not paced is not slowed');

for my $name (sort keys %SPEED) {
    my ($slow, $fast) = map { $run{$name}{$_}->result } 5, 'stranger';

    # four letters are a token; a second's worth, a kilobyte and parts of
    # whole seconds pass at once

    my $words = $SPEED{$name}{words};
    my $seconds = $words * 5.2 / 4 / $PACE;
    my $kilobyte = $SPEED{$name}{stream} ? 0.2 : 1024 / 4 / $PACE;

    is($slow->{status}, 200, "pace, $name: passes");
    is($slow->{body}, $fast->{body}, '... all of it, as it was');
    cmp_ok($fast->{last}, '<', 2, '... at once for a stranger');
    cmp_ok($slow->{first}, '<', 2, '... the beginning at once for all');
    cmp_ok($slow->{last}, '>', $seconds - $kilobyte - 2.2,
        '... and then as slowly as said');
    cmp_ok($slow->{last}, '<', $seconds + 4, '... but not more slowly');
}

is(scalar(grep { $_->{verdict} eq 'PACE' } $events->take(1 + 2 * keys %SPEED)),
    scalar keys %SPEED, 'pace: the verdict');

# so many bytes a second, where that is slower

for my $path ('/pace/slow', '/pace/accel') {
    my $slow = timed(path => $path, account => 5, words => 600);

    cmp_ok($slow->{last}, '>', (length($slow->{body}) - 1024) / 500 - 2,
        "$path: another limit of the rate holds");
    is($events->next->{verdict}, 'PACE', '... though it is paced');
}

# who leaves ends it

my $began = time;
ask('/pace', 5, stream => 1, steer => 'tokens=4000', until => qr/fox/);
$event = $events->next;
cmp_ok(time - $began, '<', 10, 'pace: a client that leaves is gone');
ok($event->{aborted}, '... and its answer is cut off');

# errors are nothing to read slowly

$answer = ask('/pace', 5, steer => 'status=500');
is($answer->{status}, 500, 'pace: an error passes');
$events->next;

# ---- throttle -------------------------------------------------------------

my %status;
my @first = map { ask('/throttle', 1 + $_ % 4) } 0 .. 30;
my ($refused) = grep { $_->{status} == 429 } @first;

$status{ $_->{status} }++ for @first;
cmp_ok($status{200} // 0, '<=', 30, 'throttle: no more than the rate');
ok($refused, 'throttle: then refused');
$events->take(scalar @first);

my $secret = question();

($answer, $event) = judged('/throttle', 9, messages => [ user($secret) ]);
is($answer->{status}, 429, 'throttle: the others, too, as one');
is($event->{verdict}, 'THROTTLE', 'throttle: the verdict');
is($event->{reasons}[0]{limit}, 'campaign requests=30/h', '... and the limit');
is($answer->json->{error}{code}, 'rate_limit_exceeded', '... in OpenAI words');
cmp_ok($answer->header('Retry-After'), '>=', 1, '... Retry-After');
is(join(' ', grep { /ratelimit/ } keys %{ $answer->{headers} }), '',
    '... and of limits not a word');

($answer, $event) = judged('/throttle', 8, http2 => 1, port => 'h2');
is($answer->{status}, 429, 'throttle: likewise over HTTP/2');

($answer, $event) = judged('/throttle', 'new');
is($answer->{status}, 200, 'throttle: a stranger passes');

($answer, $event) = judged('/throttle', 'new', messages => [ user($secret) ]);
is($answer->{status}, 429, 'throttle: but not with what was just refused');
is($event->{reasons}[0]{refused}, 'content', '... that is the reason');
cmp_ok($answer->header('Retry-After'), '<=', 60, '... for a minute at most');
is(join(' ', grep { /ratelimit/ } keys %{ $answer->{headers} }), '',
    '... and of limits not a word');

my @refusals = ($refused, $answer);

($answer, $event) = judged('/throttle', 9, headers => [ 'X-Partner' => 1 ]);
is($answer->{status}, 200, 'throttle: who is exempt passes');

$t->log_like(qr/\[warn\].*distill\ guard\ refuses\ key\ [0-9a-f]{32}:
    \ score\ \d+,\ campaign\ $campaign/x, 'throttle: it is logged');
$t->log_like(qr/\[warn\].*distill\ guard\ refuses\ key\ [0-9a-f]{32}:
    \ another\ was\ just\ refused\ the\ same\ content/x, '... the content, too');

# ---- block ----------------------------------------------------------------

for my $case (
    [ 'OpenAI', {}, sub { $_[0]{error}{code} eq 'forbidden' } ],
    [ 'Anthropic', { anthropic => 1 }, sub {
        $_[0]{error}{type} eq 'permission_error' } ],
) {
    my ($name, $opt, $right) = @$case;

    ($answer, $event) = judged('/block', 7, %$opt);
    is($answer->{status}, 403, "block, $name: refused");
    is($event->{verdict}, 'BLOCK', '... the verdict');
    ok($right->($answer->json), '... in its words');
    is($answer->header('Retry-After'), undef, '... for good');
    push @refusals, $answer;
}

($answer, $event) = judged('/block/page', 7);
is($answer->{status}, 403, 'block: error_page keeps the status');
is($answer->{body}, '{"ours":true}', '... and has its own body');

($answer, $event) = judged('/block', 'new');
is($answer->{status}, 200, 'block: a stranger passes');
($answer, $event) = judged('/block', 7, headers => [ 'X-Partner' => 1 ]);
is($answer->{status}, 200, 'block: who is exempt passes');

# ---- what clients are told ------------------------------------------------

for (@refusals) {
    unlike($_->{raw}, qr/distill|score|reason|signal|campaign|template|account
        \ was|\d\d\/h|[0-9a-f]{32}/xi, 'a refusal says nothing of why');
}

my $zone = zone();

cmp_ok($zone->{verdicts}{$_}{enforced}, '>=', 1, "$_ is counted")
    for qw(TAG PACE THROTTLE BLOCK);
is($zone->{campaigns}, 1, 'so is the campaign');
is($zone->{content_refusals}, 1, 'and the content refused');
cmp_ok($zone->{refusals}{campaign}{requests}, '>=', 2, 'and the rest');
