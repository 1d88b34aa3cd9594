#!/usr/bin/perl

# Where Redis is: addresses of either kind, and names whose addresses change,
# which are asked for without waiting for anybody.

use strict;
use warnings;

use IO::Socket::IP;
use List::Util qw(sum0);
use Socket qw(SOCK_DGRAM inet_aton);
use Test::More;

use DistillGuard::Test;

my $LONG = 20;
my $NAME = 'redis.test';    # which only the name server knows

my $t = DistillGuard::Test->new;

my @addresses = grep { IO::Socket::IP->new(LocalHost => $_, Listen => 1) }
    '127.0.0.2', '127.0.0.3';
plan(skip_all => 'no other addresses') if @addresses < 2;

$t->upstream(keep => 1);
$t->write_file('secret', 's' x 32);


sub start {
    my ($instance, $redis, $resolver) = @_;

    $t->conf(<<"EOT", instance => $instance)->start;

    distill_guard_zone zone=guard:1m;
    distill_guard_secret %%DIR%%/secret;
    distill_guard_redis $redis timeout=2s;

    $resolver

    server {
        listen 127.0.0.1:%%$instance%%;
        distill_guard observe;

        location / { proxy_pass http://127.0.0.1:%%UPSTREAM%%; }
        location = /status { distill_guard off; distill_guard_status; }
    }
EOT
}


sub sync { return $t->http({ path => '/status' }, port => $_[0])
    ->json->{zones}{guard}{sync} }


my %sent;


sub chat {
    my ($instance) = @_;

    $sent{$instance}++;

    return $t->post_json('/v1/chat/completions',
        { model => 'm', messages => [{ role => 'user', content => 'x' }] },
        Authorization => "Bearer sk-address-$instance", -port => $instance)
        ->{status};
}


sub arrived {
    my ($redis) = @_;

    return sum0(map { $redis->cmd('HGET', $_, 'requests') // 0 }
        @{ $redis->cmd('KEYS', 'dg:{key:*}:d:*') });
}


sub is_complete {
    my ($redis, $instance, $name) = @_;

    eval { $t->wait_for(sub { arrived($redis) == $sent{$instance} }, $LONG,
        'the counts') };

    local $Test::Builder::Level = $Test::Builder::Level + 1;
    is(arrived($redis), $sent{$instance}, $name);
}


# A name server that says what the file "dns" says: an address, or nothing at
# all if it is empty.

sub name_server {
    my $socket = IO::Socket::IP->new(LocalHost => '127.0.0.1',
        LocalPort => $t->port('dns'), Type => SOCK_DGRAM)
        or die "name server: $@\n";

    my $server = $t->background(sub {
        while (my $from = $socket->recv(my $query, 512)) {
            my $address = $t->read_file('dns') or next;
            my ($id, $question) = unpack 'n x10 a*', $query;
            my ($name, $type) = $question =~ /\A(.*?\0)(..)/s;
            my $known = $name eq join '',
                map({ chr(length) . $_ } split /\./, $NAME), "\0";
            my $answer = $known && unpack('n', $type) == 1
                ? pack('n n n N n a4', 0xc00c, 1, 1, 1, 4, inet_aton($address))
                : '';

            $socket->send(pack('n n n n n n', $id, $known ? 0x8180 : 0x8183,
                1, $answer ? 1 : 0, 0, 0) . "$name$type\0\1$answer", 0, $from);
        }
    });

    close $socket;

    return $server;
}


# ---- names ----------------------------------------------------------------

my $RESOLVER = 'resolver 127.0.0.1:%%DNS%% valid=1s ipv6=off;'
    . ' resolver_timeout 2s;';

my ($first, $second) = map { $t->redis(name => "at-$_", address => $_,
    port => $t->port('redis')) } @addresses;

$t->write_file('dns', '');
name_server();

start('name', "redis://$NAME:%%REDIS%%", $RESOLVER);

my $begin = time;
is(chat('name'), 200, 'requests pass while a name is asked for');
cmp_ok(time - $begin, '<', 2, '... and do not wait');
$t->wait_for(sub { sync('name')->{state} eq 'down' }, $LONG, 'a failure');
$t->log_like(qr/is down.*name cannot be resolved: /,
    '... why Redis is not there is said', 'name');

$t->write_file('dns', $addresses[0]);
is_complete($first, 'name', 'a name that became known');

$t->write_file('dns', $addresses[1]);
chat('name');
is_complete($first, 'name', 'what is connected stays as long as it is good');

$first->kill9;
chat('name');
is_complete($second, 'name', 'then the name has another address');
is(sync('name')->{state}, 'up', '... which is as good');

start('config', "redis://localhost:%%REDIS%%", $RESOLVER);
is(chat('config'), 200, 'a name that the resolver does not know');
$t->wait_for(sub { sync('config')->{failures} >= 2 }, $LONG, 'attempts');
$t->log_like(qr/is down.*connect\(\) failed/,
    '... has the addresses it had at start', 'config');


# ---- IPv6 -----------------------------------------------------------------

SKIP: {
    skip('no IPv6', 2)
        unless IO::Socket::IP->new(LocalHost => '::1', Listen => 1);

    my $redis = $t->redis(name => 'six', address => '::1');

    start('ipv6', 'redis://[::1]:%%SIX%%', '');
    is(chat('ipv6'), 200, 'an IPv6 address');
    is_complete($redis, 'ipv6', '... is as good as others');
}
