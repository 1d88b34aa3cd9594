#!/usr/bin/perl

# A master, two replicas, three sentinels: whoever is the master, and however
# it became one, no request fails and no count is lost.

use strict;
use warnings;

use List::Util qw(sum0);
use Test::More;

use DistillGuard::Rights qw(guard_rights watch_rights);
use DistillGuard::Test;

my $PASSWORD = 'sentinel-password-001';

# A sentinel that was not woken for two seconds, on a busy machine, does
# nothing for half a minute.
my $LONG = 120;
my $KEYS = 20;

my $t = DistillGuard::Test->new;

my $guarded = $t->sentinels(sentinel_password => 'watchman',
    acl => [ 'default on nopass ~* &* +@all',
        "guard on >$PASSWORD " . guard_rights('sentinel') ]);

# of which the guard may do no more than it has to

$_->cmd(qw(ACL SETUSER watch on >watch-password-01),
    split / /, watch_rights()) for $guarded->sentinels;

$t->upstream(keep => 1);
$t->write_file('secret', 's' x 32);
$t->write_file('password', "$PASSWORD\n");
$t->write_file('watch', "watch-password-01\n");


sub start {
    my ($instance, $url, %opt) = @_;

    $t->conf(<<"EOT", instance => $instance, workers => 2)->start;

    distill_guard_zone zone=guard:2m;
    distill_guard_secret %%DIR%%/secret;
    distill_guard_redis sentinel://guard\@$url
                        password_file=%%DIR%%/password sentinel_user=watch
                        sentinel_password_file=%%DIR%%/watch timeout=3s;

    proxy_http_version 1.1;

    server {
        listen 127.0.0.1:%%$instance%%;
        distill_guard enforce;

        location / { proxy_pass http://127.0.0.1:%%UPSTREAM%%; }
        location = /status { distill_guard off; distill_guard_status; }
    }
EOT
}


sub sync { return $t->http({ path => '/status' }, port => $_[0] // 'main')
    ->json->{zones}{guard}{sync} }


sub chat {
    my ($key) = @_;

    return $t->post_json('/v1/chat/completions',
        { model => 'm', messages => [{ role => 'user', content => 'x' }] },
        Authorization => "Bearer sk-sentinel-$key", -port => 'main')->{status};
}


sub said {
    my ($what) = @_;

    return scalar(() = $t->error_log('main') =~ /redis \S+ is $what/g);
}


my $sent = 0;


# of all days there are, in the master

sub arrived {
    my ($master) = @_;

    my $sum = eval {
        $master //= $guarded->master;

        sum0(map { $master->cmd('HGET', $_, 'requests') // 0 }
            @{ $master->cmd('KEYS', 'dg:{key:*}:d:*') });
    };

    return $sum // -1;
}


sub is_complete {
    my ($name) = @_;

    eval { $t->wait_for(sub { arrived() == $sent }, $LONG, 'the totals') };

    local $Test::Builder::Level = $Test::Builder::Level + 1;
    is(arrived(), $sent, $name);
}


# the sub under load: no request fails

my $load = 0;


sub under_load {
    my ($name, $sub) = @_;

    my $stop = $t->dir . '/stop-' . ++$load;

    my $client = $t->background(sub {
        my %seen = (good => 0, bad => 0);

        for (my $i = 0; !-e $stop; $i++) {
            my $status = eval { chat($i % $KEYS) } // 0;
            $seen{ $status == 200 ? 'good' : 'bad' }++;
            select undef, undef, undef, 0.002;
        }

        return \%seen;
    });

    my $before = arrived();
    $t->wait_for(sub { arrived() > $before + 50 }, $LONG, 'load');
    $sub->();
    $t->write_file("stop-$load", '');

    my $seen = $client->result;
    $sent += $seen->{good};

    local $Test::Builder::Level = $Test::Builder::Level + 1;
    is($seen->{bad}, 0, "$name: all of $seen->{good} requests were served");
}


# another than this is the master, and the guard is with it

sub is_switched {
    my ($old, $name) = @_;

    eval { $t->wait_for(sub {
        my $master = $guarded->master // $old;

        return $master != $old && sync()->{state} eq 'up'
            && eval { $master->cmd('CLIENT', 'LIST') =~ / user=guard/ };
    }, $LONG, 'the guard at another master') };

    local $Test::Builder::Level = $Test::Builder::Level + 1;
    ok(!$@, $name) || diag($@);
}


# ---- at rest --------------------------------------------------------------

start('main', $guarded->hosts . '/' . $guarded->name);
$t->log_like(qr/redis \S+ is up/, 'the master is found', 'main');

$sent += grep { chat($_ % $KEYS) == 200 } 1 .. 2 * $KEYS;
is($sent, 2 * $KEYS, 'requests pass');
is_complete('... and are counted');
is(sync()->{errors}, 0, 'no errors');


# ---- a switch that was asked for ------------------------------------------

# it is only listened to: nobody may ask

$_->cmd(qw(ACL SETUSER watch -sentinel)) for $guarded->sentinels;

my $old = $guarded->master;

under_load('a switch', sub {

    # it may not be ready for that yet
    $t->wait_for(sub {
        eval { ($guarded->sentinels)[0]->cmd('SENTINEL', 'FAILOVER',
            $guarded->name) };
        return ($guarded->master // $old) != $old;
    }, $LONG, 'the switch');

    is_switched($old, 'the guard goes with the sentinels');
});

is_complete('... and all are counted');
cmp_ok(said('down'), '<=', 1, '... with one line when it went');
cmp_ok(said('up'), '<=', 2, '... and one when it came');


# ---- the master dies, and with it a sentinel ------------------------------

$guarded->wait_whole;
$old = $guarded->master;

$_->cmd(qw(ACL SETUSER watch +sentinel|get-master-addr-by-name))
    for $guarded->sentinels;

my ($downs, $ups) = (said('down'), said('up'));

under_load('a master that was killed', sub {
    $old->kill9;
    ($guarded->sentinels)[2]->kill9;
    is_switched($old, 'another takes its place');
});

is_complete('... and all are counted');
is(said('down'), $downs + 1, '... with one line when it went');
is(said('up'), $ups + 1, '... and one when there was another');


# ---- a server that is no master any more ----------------------------------

# the sentinels do not know yet: they put it right after some time

my $master = $guarded->master;
my ($other) = grep { $_ != $master && $_->alive } $guarded->nodes;

$_->stop for grep { $_->alive } $guarded->sentinels;
eval { $master->cmd('PING') };    # its connection may be of before
$master->cmd('REPLICAOF', '127.0.0.1', $other->port);
$sent += grep { chat($_ % $KEYS) == 200 } 1 .. $KEYS;
$t->log_like(qr/is down.*READONLY.*\(master 127.0.0.1:\d+\)/,
    'a replica in its place is noticed', 'main');

$master->cmd('REPLICAOF', 'NO', 'ONE');
$_->cont for grep { $_->alive } $guarded->sentinels;
$t->wait_for(sub { sync()->{state} eq 'up' }, $LONG, 'the master');
is_complete('... and nothing is lost');


# ---- sentinels that do not help -------------------------------------------

start('unknown', $guarded->hosts . '/another');
$t->log_like(qr/is down.*it knows no master "another" \(no sentinel has/,
    'a name that the sentinels do not know is said', 'unknown');

$_->kill9 for grep { $_->alive } $guarded->sentinels;

$sent += grep { chat($_ % $KEYS) == 200 } 1 .. $KEYS;
eval { $t->wait_for(sub { arrived($master) == $sent }, $LONG,
    'the totals') };
is(arrived($master), $sent,
    'without sentinels the master that was found goes on');
