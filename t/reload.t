#!/usr/bin/perl

# Fifty reloads under load, with streams open: no request fails, nothing that
# was counted is lost, and the old workers go.

use strict;
use warnings;

use Test::More;

use DistillGuard::Test;

my $RELOADS = 50;
my $CLIENTS = 3;

my $t = DistillGuard::Test->new;
my $redis = $t->redis;

$t->upstream(keep => 1);
$t->write_file('secret', 'f' x 32);

my $CONF = <<'EOF';
    distill_guard_zone zone=guard:4m;
    distill_guard_secret %%DIR%%/SECRET;
    distill_guard_redis redis://127.0.0.1:%%REDIS%%;

    proxy_http_version 1.1;

    server {
        listen 127.0.0.1:%%HTTP%%;
        keepalive_requests 10000;
        distill_guard enforce;
        distill_guard_limit key requests=1m/d;

        location / {
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
            proxy_buffering off;
        }

        location /status { distill_guard off; distill_guard_status; }
    }
EOF

sub conf {
    my ($secret) = @_;

    (my $text = $CONF) =~ s/SECRET/$secret/;
    return $t->conf($text, workers => 2);
}

conf('secret')->start;

my %CHAT = (model => 'm', messages => [{ role => 'user', content => 'hi' }]);
my $flag = $t->dir . '/stop';


sub zone { return $t->http({ path => '/status' })->json->{zones}{guard} }


# Asks until told to stop, on a new connection whenever nginx closes one.

sub client {
    my ($n) = @_;

    my %seen = (asked => 0, tokens => 0);

    until (-e $flag) {
        my $answer = $t->post_json('/v1/chat/completions', \%CHAT,
            Authorization => "Bearer sk-reload-$n", 'X-Upstream' => 'tokens=5',
            -timeout => 20);

        $seen{asked}++;
        $seen{tokens} += eval { $answer->json->{usage}{completion_tokens} }
            // 0;
        $seen{failed}++ if $answer->{status} != 200;
    }

    return \%seen;
}


my @clients = map { my $n = $_; $t->background(sub { client($n) }) }
    1 .. $CLIENTS;

# a stream through all of it, paced by the upstream, is never broken

my $stream = $t->background(sub {
    my ($events, $whole) = (0, 1);

    until (-e $flag) {
        my $answer = $t->post_json('/v1/chat/completions',
            { %CHAT, stream => \1, stream_options => { include_usage => \1 } },
            Authorization => 'Bearer sk-reload-stream', -timeout => 30,
            'X-Upstream' => 'tokens=40; delay=20');

        $whole &&= $answer->{body} =~ /\[DONE\]\s*$/ ? 1 : 0;
        $events++;
    }

    return { streams => $events, whole => $whole };
});

$t->wait_for(sub { zone()->{exchanges} > 20 }, 10, 'load');

my $reloaded = grep { $t->reload } 1 .. $RELOADS;
is($reloaded, $RELOADS, "$RELOADS reloads");

$t->write_file('stop', '');

my @results = map { $_->result } @clients;
my $streams = $stream->result;

my ($asked, $tokens, $failed) = (0, 0, 0);

for (@results) {
    $asked += $_->{asked};
    $tokens += $_->{tokens};
    $failed += $_->{failed} // 0;
}

cmp_ok($asked, '>', 100, "there was load: $asked requests");
is($failed, 0, 'none of them failed');
cmp_ok($streams->{streams}, '>', 0, "$streams->{streams} streams");
ok($streams->{whole}, 'none of them was broken off');

$t->old_workers_gone;
pass('the old workers are gone');

my $all = $asked + $streams->{streams};
my $zone = zone();

is($zone->{exchanges}, $all, 'every exchange was counted, once');

my $out = $tokens + 40 * $streams->{streams};
is($zone->{tokens}{output}{reported}, $out, 'so was every token');

# Redis has the same, whichever worker sent it

my @keys = grep { /\}:d:\d+$/ } @{ $redis->cmd('KEYS', 'dg:{key:*}:d:*') };
my $sum = sub {
    my $n = 0;
    $n += $redis->cmd('HGET', $_, 'output_tokens') // 0 for @keys;
    return $n;
};

$t->wait_for(sub { $sum->() == $out }, 5, 'the counts in Redis');
is($sum->(), $out, 'and Redis was told of all');

# another secret makes other ids: what is remembered is forgotten, not mixed

my $node = $zone->{node};
is(zone()->{node}, $node, 'a reload keeps the node');

$t->write_file('other', 'e' x 32);
conf('other');
ok($t->reload, 'reload with another secret');
$t->old_workers_gone;
isnt(zone()->{node}, $node, 'starts a new zone');
is(zone()->{exchanges}, 0, 'that is empty');
$t->log_like(qr/zone "guard" of "distill_guard_zone" starts anew/,
    'and the log says so');
