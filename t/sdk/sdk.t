#!/usr/bin/perl

# The official clients of OpenAI, Anthropic and Google, through nginx: what
# they are told, what is counted of it, and what they make of a refusal.

use strict;
use warnings;

use FindBin;

use JSON::PP qw(decode_json);
use List::Util qw(sum0);
use Test::More;

use DistillGuard::Counts qw(totals);
use DistillGuard::Process;
use DistillGuard::Test;

my %SDK = (
    openai    => 'openai',
    anthropic => '@anthropic-ai/sdk',
    genai     => '@google/genai',
);

# what an SDK must make of a refusal, apart from its status
my %REFUSED = (
    openai    => { kind => 'rate_limit_exceeded', type => 'requests' },
    anthropic => { kind => 'rate_limit_error', type => 'error' },
    genai     => { kind => 'RESOURCE_EXHAUSTED', type => 429 },
);

# SDKs that are not told wait for half a second
my $LONG_MS = 600;

# a timer of Node may fire this much too early, as it counts whole ones; a busy
# machine may be late
my $EARLY_MS = 1;
my $LATE_MS = 2000;

for (values %SDK) {
    die "$_ is not installed: npm --prefix t/sdk ci --ignore-scripts\n"
        unless -e "$FindBin::Bin/node_modules/$_/package.json";
}

my $begun = time;
my $t = DistillGuard::Test->new;
my $upstream = $t->upstream;
my $redis = $t->redis;

$t->write_file('secret', "the secret of the tests of the SDKs\n");

$t->conf(<<'EOF', workers => 2)->start;
    distill_guard_zone zone=guard:4m;
    distill_guard_secret %%DIR%%/secret;
    distill_guard_redis redis://127.0.0.1:%%REDIS%%;
    distill_guard enforce;

    log_format event escape=none '$http_x_case|$distill_guard_event';

    proxy_http_version 1.1;
    proxy_set_header Connection "";
    proxy_buffering off;

    server {
        listen 127.0.0.1:%%HTTP%%;
        access_log %%DIR%%/events.log event;

        location / {
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
        }

        location = /guard {
            access_log off;
            distill_guard_status;
        }
    }

    server {
        listen 127.0.0.1:%%LIMITED%%;
        distill_guard_limit key requests=1/s;

        location / {
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
        }
    }
EOF

my %run = map { $_ => run($_) } sort keys %SDK;
my %seen = map { $_ => [ results($_, $run{$_}) ] } sort keys %run;
my %events = events();
my %ledger = map { $_->{key} => $_ } $upstream->ledger;

for my $sdk (sort keys %seen) {
    my %tests;
    push @{ $tests{ $_->{test} } }, $_ for @{ $seen{$sdk} };

    compared($_) for @{ $tests{compare} };
    refused($sdk, $_) for @{ $tests{refuse} };
    retried($sdk, $_) for @{ $tests{retry} };

    is(scalar @{ $tests{retry} // [] }, 1, "$sdk: was tried to the end");
}

zone_totals();


# ---- running them ---------------------------------------------------------

# What an SDK takes from the environment is not ours to test.

sub run {
    my ($sdk) = @_;

    delete @ENV{ grep { /^(?:OPENAI|ANTHROPIC|GOOGLE|GEMINI|NODE)_/ }
        keys %ENV };

    my @urls = map { 'http://127.0.0.1:' . $t->port($_) }
        qw(upstream http limited);

    return DistillGuard::Process->start(
        name => "node $sdk.mjs",
        cmd  => [ '/usr/bin/env', 'node', "$FindBin::Bin/$sdk.mjs", @urls ],
        out  => $t->dir . "/$sdk.out",
    );
}


sub results {
    my ($sdk, $process) = @_;

    $t->wait_for(sub { !$process->alive }, 60, "$sdk.mjs to end");

    my @lines = split /\n/, $t->read_file("$sdk.out");
    my @said = grep { !/^\{"test":/ } @lines;

    is($process->status, 0, "$sdk: the script has ended well");
    is($said[0], undef, "$sdk: and has said nothing");

    return map { decode_json($_) } grep { /^\{"test":/ } @lines;
}


# what the guard understood of each case

sub events {
    my %events;

    for (split /\n/, $t->read_file('events.log')) {
        my ($case, $event) = split /\|/, $_, 2;
        $events{$case} = decode_json($event);
    }

    return %events;
}


# ---- what they saw --------------------------------------------------------

sub compared {
    my ($case) = @_;

    my ($name, $guarded) = @$case{qw(name guarded)};
    my @ledger = @{ $ledger{ $case->{key} } }{qw(input_tokens output_tokens)};
    my $event = $events{$name} // {};

    is_deeply($guarded, $case->{direct}, "$name: as without nginx");
    isnt($guarded->{text}, '', "$name: it is not empty");

    is_deeply($guarded->{usage}, \@ledger,
        "$name: its usage is the upstream's");
    is_deeply([ map { $_ // 0 } @$event{qw(input_tokens output_tokens)} ],
        \@ledger, "$name: so are the guard's tokens");
    is($event->{source}, 'reported', "$name: as reported");
    is($event->{relay}, undef, "$name: its headers are of one client");

    is_deeply([ in_redis($event->{key}, @ledger) ], [ 1, @ledger ],
        "$name: so are those in Redis");
}


# Requests and tokens of a key, after a while if they are not yet as expected.

sub in_redis {
    my ($id, @want) = @_;

    my @have;

    eval {
        $t->wait_for(sub {
            @have = @{ totals($redis, $begun, 'key', $id) }{
                qw(requests input_tokens output_tokens)};
            return "@have[1, 2]" eq "@want";
        }, 5, 'Redis');
    };

    return @have;
}


# All that was asked for through nginx stands on the status page.

sub zone_totals {
    my @ledger = grep { $_->{key} ne 'sk-test-direct' } $upstream->ledger;
    my $status = $t->http({ path => '/guard' })->json->{zones}{guard};

    is($status->{exchanges}, scalar @ledger, 'the zone has all exchanges');

    for my $way (qw(input output)) {
        is($status->{tokens}{$way}{reported},
            sum0(map { $_->{"${way}_tokens"} } @ledger),
            "the zone has all $way tokens");
    }
}


sub refused {
    my ($sdk, $case) = @_;

    my ($name, $error) = @$case{qw(name error)};
    my $last = $case->{attempts}[-1];
    my $headers = $last->{headers};
    my %want = %{ $REFUSED{$sdk} };

    ok($error->{right}, "$name: the SDK's own kind of error");
    is($error->{status}, 429, "$name: with the status");
    is_deeply([ @$error{ sort keys %want } ], [ @want{ sort keys %want } ],
        "$name: read from the body");
    like($error->{message}, qr/Rate limit reached/, "$name: with its words");
    is($last->{status}, 429, "$name: after one attempt");

    cmp_ok($headers->{'retry-after'}, '>=', 1, "$name: Retry-After");
    cmp_ok($headers->{'retry-after'}, '<=', 2, "$name: of this limit");
    is($headers->{'x-ratelimit-limit-requests'}, 1, "$name: the limit");

    is($error->{delay}, "$headers->{'retry-after'}s",
        "$name: the same delay in the body") if $sdk eq 'genai';
}


sub retried {
    my ($sdk, $case) = @_;

    my @attempts = @{ $case->{attempts} };
    my ($at) = grep { $attempts[$_]{status} == 429 } reverse 0 .. $#attempts;

    return fail("$sdk: was refused") unless defined $at;

    my ($before, $after) = (@attempts, {})[ $at, $at + 1 ];
    my $told = $before->{told};
    my $waited = ($after->{began} // 0) - $before->{ended};

    is($case->{error}, undef, "$sdk: the caller has noticed nothing");
    is(scalar @attempts, $at + 2, "$sdk: one attempt more");
    is($after->{status}, 200, "$sdk: was enough");
    like($case->{answer}{text}, qr/quick brown fox/, "$sdk: it brought text");

    cmp_ok($told, '>', $LONG_MS, "$sdk: told to wait for long");
    cmp_ok($waited, '>=', $told - $EARLY_MS, "$sdk: waited as told");
    cmp_ok($waited, '<', $told + $LATE_MS, "$sdk: and not much longer");
}
