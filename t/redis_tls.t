#!/usr/bin/perl

# Redis behind TLS: what is accepted as Redis, and what is not and why.

use strict;
use warnings;

use List::Util qw(sum0);
use Test::More;

use DistillGuard::Ca;
use DistillGuard::Test;

my $t = DistillGuard::Test->new;

plan(skip_all => 'no openssl') unless DistillGuard::Ca->available;
plan(skip_all => 'nginx without TLS') unless $t->has('ssl_module');

my $ca = DistillGuard::Ca->new($t->dir . '/ca');
my $other = DistillGuard::Ca->new($t->dir . '/other');
my $client = $ca->issue('DNS:client.test');

my %server = (
    address => { tls => $ca->issue('IP:127.0.0.1') },
    named   => { tls => $ca->issue('DNS:redis.test') },
    expired => { tls => $ca->issue('IP:127.0.0.1', days => 1) },
    strict  => { tls => { %{ $ca->issue('IP:127.0.0.1') },
        clients => 'yes' } },
);

$server{plain} = {};

my %redis = map { $_ => $t->redis(name => $_, %{ $server{$_} }) }
    sort keys %server;

$t->upstream(keep => 1);
$t->write_file('secret', 's' x 32);


# an nginx of this name, with "distill_guard_redis" as given

sub start {
    my ($name, $redis) = @_;

    $t->conf(<<"EOT", instance => $name)->start;

    distill_guard_zone zone=guard:1m;
    distill_guard_secret %%DIR%%/secret;
    distill_guard_redis $redis;

    server {
        listen 127.0.0.1:%%$name%%;
        distill_guard observe;

        location / { proxy_pass http://127.0.0.1:%%UPSTREAM%%; }
        location = /status { distill_guard off; distill_guard_status; }
    }
EOT
}


sub sync { return $t->http({ path => '/status' }, port => $_[0])
    ->json->{zones}{guard}{sync} }


sub chat {
    my ($instance) = @_;

    return $t->post_json('/v1/chat/completions',
        { model => 'm', messages => [{ role => 'user', content => 'x' }] },
        Authorization => "Bearer sk-tls-$instance", -port => $instance)
        ->{status};
}


sub arrived {
    my ($redis) = @_;

    return sum0(map { $redis->cmd('HGET', $_, 'requests') // 0 }
        @{ $redis->cmd('KEYS', 'dg:{key:*}:d:*') });
}


my $CA = 'ca=' . $ca->ca;

# [name, server, parameters, what the log says if it is not accepted]

my @cases = (
    ['good', 'address', $CA],
    ['named_ok', 'named', "$CA name=redis.test"],
    ['unverified', 'expired', 'verify=off'],
    ['with_cert', 'strict', "$CA cert=$client->{cert} key=$client->{key}"],
    ['wrong_ca', 'address', 'ca=' . $other->ca,
        qr/TLS: its certificate is not accepted, .*(?:issuer|self.signed)/],
    ['system_ca', 'address', '',
        qr/TLS: its certificate is not accepted, .*(?:issuer|self.signed)/],
    ['wrong_name', 'address', "$CA name=redis.test",
        qr/TLS: its certificate is not accepted, it is for another name/],
    ['wrong_host', 'named', $CA,
        qr/TLS: its certificate is not accepted, it is for another name/],
    ['too_old', 'expired', $CA, qr/TLS: .*certificate has expired/],
    ['no_cert', 'strict', $CA, qr/TLS: .*certificate required/],
    ['no_tls', 'plain', "$CA timeout=300ms",
        qr/no answer to a TLS handshake/],
);

# a server on a busy machine is not to be taken for one that is away
my $PATIENT = 'timeout=5s';

for (@cases) {
    my ($name, $server, $arguments) = @$_;

    $arguments .= " $PATIENT" unless $arguments =~ /timeout/;
    start($name, "rediss://127.0.0.1:%%$server%% $arguments");
}

my %want;

for my $case (@cases) {
    my ($name, $server, $arguments, $refused) = @$case;

    is(chat($name), 200, "$name: requests pass");

    if ($refused) {
        $t->log_like(qr/redis 127.0.0.1:\d+ is down.*$refused/,
            '... Redis is not trusted, and why is said', $name);
        $t->wait_for(sub { sync($name)->{failures} >= 3 }, 20, 'attempts');

        # before it says why it refuses it may have closed the connection
        cmp_ok(scalar(() = $t->error_log($name) =~ /is down/g), '<=',
            $name eq 'no_cert' ? 2 : 1, '... once');
        next;
    }

    $want{$server}++;
    eval { $t->wait_for(sub { sync($name)->{state} eq 'up'
        && arrived($redis{$server}) == $want{$server} }, 10, 'the count') };
    is(arrived($redis{$server}), $want{$server}, '... and are counted');
}

is($redis{plain}->cmd('DBSIZE'), 0, 'nothing came in the clear');
is(arrived($redis{expired}), 1, '... nor to the server whose time is over');

# by name of the host, which is sent in the handshake

SKIP: {
    skip('no localhost', 2) unless gethostbyname('localhost');

    $redis{local} = $t->redis(name => 'local',
        tls => $ca->issue('DNS:localhost'));
    start('by_host', "rediss://localhost:%%LOCAL%% $CA $PATIENT");
    is(chat('by_host'), 200, 'a name for a host');
    eval { $t->wait_for(sub { arrived($redis{local}) == 1 }, 10, 'the count') };
    is(arrived($redis{local}), 1, '... which the certificate is for');
}

# the connection is lost and found

$redis{address}->restart;
chat('good');
eval { $t->wait_for(sub { arrived($redis{address}) == 2 }, 10, 'the counts') };
is(arrived($redis{address}), 2, 'a server that was restarted');

$t->reload(instance => 'good');
chat('good');
eval { $t->wait_for(sub { arrived($redis{address}) == 3 }, 10, 'the counts') };
is(arrived($redis{address}), 3, '... and a reload');

chat('good');
$t->quit(instance => 'good');
is(arrived($redis{address}), 4, 'what was counted just before the end');
