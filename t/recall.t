#!/usr/bin/perl

# What others had of what a request presents: ids that were issued to another
# account, contents that another was answered or refused.

use strict;
use warnings;

use Test::More;

use DistillGuard::Events;
use DistillGuard::Test;

my $t = DistillGuard::Test->new;
my $events = DistillGuard::Events->new($t);

$t->upstream;

# accounts are counted by six bits of their ids: under this secret those of
# the accounts below differ

$t->write_file('secret', "a secret of a certain length\n");

$t->conf($events->conf . <<'EOF')->start;
    distill_guard_zone zone=guard:1m;
    distill_guard_secret %%DIR%%/secret;

    server {
        listen 127.0.0.1:%%HTTP%%;
        distill_guard enforce;
        distill_guard_account $http_x_account;

        location / { proxy_pass http://127.0.0.1:%%UPSTREAM%%; }

        location /few/ {
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
            distill_guard_limit key input_tokens=150/d;
        }
    }
EOF

my $LONG = join ' ', map { "Word number $_ of a rather long question." } 1 .. 9;


# what an account's question of these messages shares with others

sub ask {
    my ($path, $account, $messages, @steer) = @_;

    my $answer = $t->post_json("$path/v1/chat/completions",
        { model => 'm', messages => $messages },
        Authorization => "Bearer sk-$account", 'X-Account' => $account,
        @steer ? ('X-Upstream' => "@steer") : ());
    my $event = $events->next;

    return ($answer, { map { /^shared_(.*)/ ? ($1 => $event->{$_}) : () }
        keys %$event });
}


sub shared { return (ask(@_))[1] }


sub user { return [{ role => 'user', content => $_[0] }] }


# --- ids

my ($answer) = ask('', 'alice', user('hi'), 'tool=1');
my $call = $answer->json->{choices}[0]{message}{tool_calls}[0];
ok($call->{id}, 'a tool call was issued');

my $loop = [
    { role => 'user', content => 'hi' },
    { role => 'assistant', content => undef, tool_calls => [$call] },
    { role => 'tool', tool_call_id => $call->{id}, content => 'done' },
];

is_deeply(shared('', 'alice', $loop), {}, 'who was issued it may present it');
is(shared('', 'bob', $loop)->{issued}, 1, 'from another it shows');

# --- contents

is_deeply(shared('', 'alice', user('What?')), {}, 'short questions');
is_deeply(shared('', 'bob', user('What?')), {}, 'are asked by many');

is_deeply(shared('', 'alice', user($LONG)), {}, 'a long one is new');
is_deeply(shared('', 'alice', user($LONG)), { accounts => 1 },
    'asked again by the same');
is_deeply(shared('', 'bob', user($LONG)), { accepted => 1, accounts => 2 },
    'by another');
is_deeply(shared('', 'carol', user(uc $LONG)), { accepted => 1, accounts => 3 },
    'in other letters, by a third');

# --- refusals

my $other = reverse $LONG;
($answer) = ask('/few', 'dave', user($other), 'input=100');
($answer) = ask('/few', 'dave', user("$other!"));
is($answer->{status}, 429, 'one is refused a question');
is(shared('/few', 'erin', user("$other!"))->{refused}, 1,
    'and another brings it at once');
