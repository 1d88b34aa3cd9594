#!/usr/bin/perl

# A zone that is too small forgets subjects; when one of them comes back what
# it counts is added in Redis to what it had counted before.

use strict;
use warnings;

use Test::More;

use DistillGuard::Test;

my $t = DistillGuard::Test->new;
my $redis = $t->redis;

$t->upstream(keep => 1);
$t->write_file('secret', 's' x 32);

$t->conf(<<'EOF', log_format => '$distill_guard_key')->start;
    distill_guard_zone zone=guard:512k;
    distill_guard_secret %%DIR%%/secret;
    distill_guard_redis redis://127.0.0.1:%%REDIS%% sync=20ms;

    server {
        listen 127.0.0.1:%%HTTP%%;
        keepalive_requests 100000;
        distill_guard observe;

        location / { proxy_pass http://127.0.0.1:%%UPSTREAM%%; }
        location /status { distill_guard off; distill_guard_status; }
    }
EOF

my $connection = $t->connect;


sub ask {
    my ($key, $times) = @_;

    for (1 .. $times) {
        my $answer = $t->post_json('/v1/embeddings',
            { model => 'm', input => 'hi' },
            Authorization => "Bearer $key", -connection => $connection);
        die "$answer->{status}\n" if $answer->{status} != 200;
    }
}


sub zone { return $t->http({ path => '/status' })->json->{zones}{guard} }


# the fleet's total of the day, of all days the test may touch

sub total {
    my ($id) = @_;

    my $sum = 0;
    $sum += $redis->cmd('HGET', $_, 'requests')
        for @{ $redis->cmd('KEYS', "dg:{key:$id}:d:*") };

    return $sum;
}


ask('sk-first', 5);
$t->wait_for(sub { $t->access_log =~ /^(\w{32})$/m }, 3, 'the log');
my ($id) = $t->access_log =~ /^(\w{32})$/m;

$t->wait_for(sub { total($id) == 5 }, 5, 'the first counts in Redis');

for my $n (1 .. 5000) {
    ask("sk-other-$n", 1);
    next if $n % 100;
    last if zone()->{evictions}{proven};
}

cmp_ok(zone()->{evictions}{proven}, '>', 0, 'accepted subjects were evicted');

ask('sk-first', 3);
eval { $t->wait_for(sub { total($id) == 8 }, 5, 'the sum in Redis') };
is(total($id), 8, 'who comes back goes on where it was');

ask('sk-first', 1);
eval { $t->wait_for(sub { total($id) == 9 }, 5, 'the sum in Redis') };
is(total($id), 9, 'and from there');
