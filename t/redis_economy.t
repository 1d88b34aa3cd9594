#!/usr/bin/perl

# What a node asks of Redis: it grows with the subjects that changed, not with
# the requests that they made, and what is idle costs nothing.

use strict;
use warnings;

use List::Util qw(max sum0);
use Test::More;
use Time::HiRes qw(sleep time);

use DistillGuard::Crowd qw($MODELS);
use DistillGuard::Test;

my $KEYS = 5000;
my $HANDS = 2;          # processes that ask
my $RATE = 10_000;      # requests a second of all, where the machine can
my $SECONDS = 6;
my $IDLE = 3;           # seconds
my $COMMANDS = 5000;    # a second, at most
my $BYTES = 2_000_000;  # likewise, to Redis
my $LONG = 60;

my $t = DistillGuard::Test->new;
my $redis = $t->redis;

$t->write_file('secret', 's' x 32);

$t->conf("$MODELS\n" . <<'EOT', workers => 2, log => 'notice')->start;
    distill_guard_zone zone=guard:32m;
    distill_guard_secret %%DIR%%/secret;
    distill_guard_redis redis://127.0.0.1:%%REDIS%% timeout=5s;

    server {
        listen 127.0.0.1:%%HTTP%%;
        access_log off;
        distill_guard enforce;
        distill_guard_limit key requests=1m/d;

        location / { proxy_pass http://models; }
        location = /status { distill_guard off; distill_guard_status; }
    }
EOT


sub sync { $t->http({ path => '/status' })->json->{zones}{guard}{sync}{$_[0]} }


# What the node has sent by now.  What it sends is EVALSHA, for each subject
# that has changed, and these; the rest is of the scripts.

sub cost {
    my $info = $redis->cmd('INFO', 'all');
    my %value = $info =~ /^(\w+):(\d+)\r?$/mg;
    my %calls = $info =~ /^cmdstat_(\w+):calls=(\d+)/mg;

    return {
        time     => time,
        reports  => $calls{evalsha} // 0,
        commands => sum0(map { $_ // 0 } @calls{qw(evalsha zadd
            zremrangebyrank expire xadd xread)}),
        input    => $value{total_net_input_bytes},
        output   => $value{total_net_output_bytes},
        memory   => $value{used_memory},
    };
}


# Each hand has its part of the keys, and asks with one after the other.

sub hands {
    my ($rate) = @_;

    return map { my $hand = $_; $t->background(sub {
        my $crowd = DistillGuard::Crowd->new(port => $t->port('http'));
        my @own = grep { $_ % $HANDS == $hand } 0 .. $KEYS - 1;
        my ($begin, $sent) = (time, 0);

        while (time < $begin + $SECONDS) {
            my $due = int((time - $begin) * $rate / $HANDS) - $sent;

            if ($due < 64) {
                sleep 0.002;
                next;
            }

            $due = 512 if $due > 512;
            $crowd->send(map { DistillGuard::Crowd::chat(
                'sk-economy-' . $own[ $sent++ % @own ], 'A question.') }
                1 .. $due);
        }

        return $sent / (time - $begin);
    }) } 0 .. $HANDS - 1;
}


# What a second of it costs, beginning when all keys are known.

sub measure {
    my ($rate, $name) = @_;

    my @hands = hands($rate);

    sleep $SECONDS / 4;
    my $before = cost();
    sleep $SECONDS / 2;
    my $after = cost();
    my $took = $after->{time} - $before->{time};
    my $is = 0;

    $is += $_->result($LONG) for @hands;

    my %cost = (rate => $is, map { $_ => ($after->{$_} - $before->{$_}) / $took }
        qw(reports commands input output));

    note(sprintf '%s: %d requests, %d reports, %d commands, %d bytes to Redis'
        . ' and %d from it, in a second', $name,
        @cost{qw(rate reports commands input output)});

    return \%cost;
}


# all keys are known first

measure($RATE, 'at first');

my $slow = measure($RATE / 4, 'a quarter of the requests');

# once more if it is amid the end of a minute, when all is told again, or the
# machine has held it up

my $fast;

for (1 .. 3) {
    $fast = measure($RATE, 'all');
    last if $fast->{input} <= $BYTES;
}

cmp_ok($fast->{rate}, '>', 1000, sprintf('%d requests a second by %d keys',
    $fast->{rate}, $KEYS));
cmp_ok($fast->{commands}, '<=', $COMMANDS, sprintf('%d commands a second',
    $fast->{commands}));
cmp_ok($fast->{input}, '<=', $BYTES, sprintf('... and %d bytes',
    $fast->{input}));
cmp_ok($fast->{reports}, '<', 2 * max(1, $slow->{reports}),
    'four times the requests are not twice the reports');

# nobody asks

eval { $t->wait_for(sub { sync('pending_subjects') == 0 }, $LONG, 'the last of it') };
is(sync('pending_subjects'), 0, 'nothing is left to tell');

# of a minute that ends all subjects are told once more, and no more

my ($told, $since) = (0, 0);

ok(eval { $t->wait_for(sub {
    my $reports = sync('reports');

    ($told, $since) = ($reports, time) if $reports != $told;
    return time > $since + $IDLE;
}, $LONG, 'silence') }, 'what is idle is not told');

note(sprintf '%d bytes of memory for each key', cost()->{memory} / $KEYS);
