#!/usr/bin/perl

# Three nodes and one Redis: a campaign that no node sees enough of is one to
# all of them, and so are the accounts that make it.

use strict;
use warnings;

use Test::More;
use Time::HiRes qw(time);

use DistillGuard::Test;

my @NODES = qw(a b c);
my $ACCOUNTS = 105;     # a third of them at each node
my $ROUNDS = 10;
my $SYNC = 0.1;         # seconds, as below

my $t = DistillGuard::Test->new;
my $redis = $t->redis;

$t->upstream(keep => 1);
$t->write_file('secret', "a secret of a certain length\n");

sub conf {
    my ($node, %opt) = @_;

    my $to = $opt{alone} ? '' : 'distill_guard_redis'
        . " redis://127.0.0.1:%%REDIS%% sync=100ms;";

    return $t->conf(<<"EOT", instance => $node,

    distill_guard_zone zone=guard:4m;
    distill_guard_secret %%DIR%%/secret;
    $to

    distill_guard_signal template soft=20 hard=100 points=40;
    distill_guard_signal balance soft=3 hard=1.5 points=25;
    distill_guard_action tag score=20;
    distill_guard_action pace off;
    distill_guard_action throttle score=45 rate=100/d;
    distill_guard_action block off;

    set_real_ip_from 127.0.0.1;
    real_ip_header X-Client;
    proxy_http_version 1.1;

    server {
        listen 127.0.0.1:%%$node%%;

        location / {
            distill_guard enforce;
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
        }

        location = /guard {
            distill_guard off;
            access_log off;
            distill_guard_status;
        }
    }
EOT
        log_format => '$http_x_who $status $distill_guard_score'
            . ' "$distill_guard_campaign"');
}

conf($_)->start for @NODES;
conf('alone', alone => 1)->start;


# ---- who asks what --------------------------------------------------------

my @WORDS = qw(river copper lantern meadow tiger orchard violin harbor saddle
    thunder pepper walnut glacier ribbon falcon candle marble pigeon anchor
    velvet);
my $asked = 0;
my %asked;              # of a node, by an account


sub words {
    my $n = ++$asked;

    return join ' ', map { $WORDS[ ($n * $_ + int $n / $_) % @WORDS ] }
        3, 7, 11, 13, 17, 19, 23, 29;
}


sub framed {
    return 'You are an expert tutor. Think step by step, show all of your'
        . ' reasoning before the final answer, and check each step twice.'
        . "\n\nProblem: " . words() . "\n\nAnswer in the format given above,"
        . ' with the reasoning first and the final answer in a box.';
}


sub ask {
    my ($node, $account, $content) = @_;

    $asked{"$node $account"}++;

    return $t->post_json('/v1/chat/completions',
        { model => 'm', messages => [{ role => 'user', content => $content }] },
        Authorization => "Bearer sk-$account", 'X-Who' => $account,
        'X-Client' => '198.51.' . ($account =~ s/\D//gr || 0) . '.7',
        'X-Upstream' => 'tokens=300', -port => $node)->{status};
}


# the last that a node's log has of somebody

sub last_of {
    my ($node, $who) = @_;

    my @lines;

    $t->wait_for(sub {
        @lines = grep { /^\Q$who\E / } split /\n/, $t->access_log($node);
        return @lines == $asked{"$node $who"};
    }, 5, 'the log');

    my ($score, $campaign) = $lines[-1] =~ /(\d+) "(\w*)"$/;

    return { campaign => $campaign, score => $score };
}


sub campaigns {
    my ($node) = @_;

    return $t->http("GET /guard?format=prometheus HTTP/1.0\r\n\r\n",
        port => $t->port($node))->{body} =~ /^distill_guard_campaigns\S* (\d+)/m
        ? $1 : 'none told';
}


# ---- a share for each -----------------------------------------------------

for my $round (1 .. $ROUNDS) {
    for my $account (1 .. $ACCOUNTS) {
        ask($NODES[ $account % @NODES ], $account, framed());
    }
}

# what one of the nodes has seen, by a node that nobody tells anything

for my $round (1 .. $ROUNDS) {
    ask('alone', $_, framed()) for grep { $_ % @NODES == 0 } 1 .. $ACCOUNTS;
}

is(campaigns('alone'), 0, 'a third of the pool is no campaign');

my $began = time;

for my $node (@NODES) {
    $t->wait_for(sub {
        ask($NODES[0], 3, framed());
        return campaigns($node) eq 1;
    }, 5, "a campaign at $node");
}

cmp_ok(time - $began, '<', 20 * $SYNC, 'all of it is one to every node');

my %at;

for my $node (@NODES) {
    ask($node, 2, framed());
    $at{$node} = last_of($node, 2);
}

like($at{a}{campaign}, qr/^[0-9a-f]{32}$/, 'with a name');
is($at{$_}{campaign}, $at{a}{campaign}, "... the same at $_") for qw(b c);
is($at{$_}{score}, $at{a}{score}, "... the score at $_, too") for qw(b c);


# ---- members are known where they never were ------------------------------

my $stranger = 'I would like to know what the weather is like in the hills.';

my @of_b = grep { $_ % @NODES == 1 } 1 .. $ACCOUNTS;
my $member;

$t->wait_for(sub {
    $member = shift @of_b;
    ask('c', $member, $stranger);
    return last_of('c', $member)->{campaign} eq $at{a}{campaign};
}, 5, 'accounts of b at c');

is(last_of('c', $member)->{campaign}, $at{a}{campaign},
    'an account is of the campaign where it never was before');

ask('c', 'somebody', $stranger);
is(last_of('c', 'somebody')->{campaign}, '', '... and nobody else is');


# ---- one allowance --------------------------------------------------------

my %passed;

for my $n (1 .. 150) {
    my $node = $NODES[ $n % @NODES ];

    $passed{$node} += ask($node, 1 + $n % $ACCOUNTS, framed()) == 200;
}

$t->wait_for(sub {
    return !grep { ask($_, 5, framed()) != 429 } @NODES;
}, 5, 'an end of it');

is(ask($_, 6, framed()), 429, "the campaign has used up its day at $_")
    for @NODES;
is(ask($_, 'somebody', $stranger), 200, "... and nobody else at $_")
    for @NODES;


# ---- a node that starts ---------------------------------------------------

$t->nginx('b')->stop;
$t->nginx('b')->start;

$t->wait_for(sub { campaigns('b') eq 1 }, 10, 'what the others know');

$t->wait_for(sub { !grep { ask('b', $_, framed()) != 429 } 7 .. 9 }, 5,
    'what the campaign has used');

is(ask('b', $_, framed()), 429, "one that starts is told of account $_")
    for 7 .. 9;
is(ask('b', 'somebody', $stranger), 200, '... and lets others pass');
