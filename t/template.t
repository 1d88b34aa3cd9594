#!/usr/bin/perl

# A template in live requests: a frame that many accounts fill with ever new
# slots makes them one campaign, by what they ask alone.

use strict;
use warnings;

use Test::More;

use DistillGuard::Events;
use DistillGuard::Test;

my $ACCOUNTS = 60;

my $t = DistillGuard::Test->new;
my $events = DistillGuard::Events->new($t);
my $upstream = $t->upstream;

$t->write_file('secret', "a secret of a certain length\n");

$t->conf($events->conf . <<'EOF')->start;
    distill_guard_zone zone=guard:4m;
    distill_guard_secret %%DIR%%/secret;

    distill_guard_signal template soft=10 hard=40 points=40;
    distill_guard_signal balance soft=10 hard=2 points=25;
    distill_guard_action tag score=20;
    distill_guard_action pace off;
    distill_guard_action throttle off;
    distill_guard_action block off;

    proxy_http_version 1.1;

    server {
        listen 127.0.0.1:%%HTTP%%;

        location / {
            distill_guard enforce;
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
        }
    }
EOF

my @WORDS = qw(river copper lantern meadow tiger orchard violin harbor saddle
    thunder pepper walnut glacier ribbon falcon candle marble pigeon anchor
    velvet);
my $asked = 0;


# words that no other question has in that order

sub words {
    my $n = ++$asked;

    return join ' ', map { $WORDS[ ($n * $_ + int $n / $_) % @WORDS ] }
        3, 7, 11, 13, 17, 19, 23, 29;
}


sub ask {
    my ($account, $content) = @_;

    my $answer = $t->post_json('/v1/chat/completions',
        { model => 'm', messages => [{ role => 'user', content => $content }] },
        Authorization => "Bearer sk-$account", 'X-Upstream' => 'tokens=3');

    return $events->next;
}


sub framed {
    return 'You are an expert tutor. Think step by step, show all of your'
        . ' reasoning before the final answer, and check each step twice.'
        . "\n\nProblem: " . words() . "\n\nAnswer in the format given above,"
        . ' with the reasoning first and the final answer in a box.';
}


sub told { return ($upstream->ledger(1))[0]{headers} }

is(ask('first', framed())->{template}, undef, 'one request is no template');

for my $round (1 .. 9) {
    ask($_, framed()) for 1 .. $ACCOUNTS;
}

my $event = ask(1, framed());

like($event->{template}, qr/^[0-9a-f]{32}$/, 'many of many accounts are');
like($event->{campaign}, qr/^[0-9a-f]{32}$/, 'and the accounts a campaign');
is($event->{verdict}, 'TAG', 'that is told');
is(told()->{'x-distill-guard-campaign'}, $event->{campaign},
    '... to the upstream');

my %signal = map { ($_->{signal} => $_) } @{ $event->{reasons} };

cmp_ok($signal{template}{value}, '>', 40, 'so many accounts');
ok($signal{balance}, 'so evenly');

my $new = ask('new', framed());
is($new->{template}, $event->{template}, 'a new account has the template');
is($new->{campaign}, $event->{campaign}, '... and so is of the campaign');

my $other = ask('other', 'Good morning, what is the weather like today?');
is($other->{campaign}, undef, 'who asks something else is not');
is($other->{template}, undef, '... and has no template');
