#!/usr/bin/perl

# What may become of a Redis, one after another and under load: no request
# fails or waits, no count is lost or counted twice, each change of state is
# one line in the log, and the metrics tell of it.

use strict;
use warnings;

use Test::More;

use DistillGuard::Fault;
use DistillGuard::Test;

my $LONG = 30;

my $t = DistillGuard::Test->new;
my $redis = $t->redis(debug => 1);
my $f = DistillGuard::Fault->new($t, redis => $redis);

$f->start('main', 'redis://127.0.0.1:%%REDIS%%', workers => 2);


sub admin {
    my $admin = DistillGuard::Redis::Client->new(port => $redis->port);

    return $admin->request(@_);
}


# without waiting for what it answers

sub admin_slowly {
    my @command = @_;

    return $t->background(sub { eval { admin(@command) }; 1 });
}


is($f->ask('main', 20), 20, 'requests pass');
$f->is_complete('... and are counted');


# ---- it goes and comes ----------------------------------------------------

$f->suffers('killed',
    down => qr{(?:connect|recv)\(\) failed|closed the connection},
    make => sub { $redis->kill9 },
    heal => sub { $redis->restart });

$f->suffers('stopped', down => qr/no answer/, silent => 1,
    make => sub { $redis->stop },
    heal => sub { $redis->cont });

my $sleep;

$f->suffers('slow, but within the timeout',
    make => sub { $sleep = admin_slowly(qw(DEBUG SLEEP 0.7)) },
    heal => sub { $sleep->result });

$f->suffers('too slow', down => qr/no answer/, silent => 1,
    make => sub { $sleep = admin_slowly(qw(DEBUG SLEEP 3)) },
    heal => sub { $sleep->result });

# its connections go, and new ones are good

$f->suffers('CLIENT KILL', down => qr/closed the connection/, brief => 1,
    make => sub { admin(qw(CLIENT KILL TYPE normal SKIPME yes)) });


# ---- it is there and of no use --------------------------------------------

$f->suffers('out of memory', down => qr/OOM/,
    make => sub { admin(qw(CONFIG SET maxmemory 1)) },
    heal => sub { admin(qw(CONFIG SET maxmemory 0)) });

$f->suffers('a read-only replica', down => qr/READONLY/,
    make => sub { admin(qw(REPLICAOF 127.0.0.1 1)) },
    heal => sub { admin(qw(REPLICAOF NO ONE)) });

# What it reads anew takes it a while; older servers are silent then.

SKIP: {
    skip('DEBUG RELOAD without LOADING', 1)
        if DistillGuard::Redis::version() lt '007';

    admin('MSET', map { ("filler:$_", 'x' x 100) } 1 .. 1000);

    $f->suffers('LOADING', down => qr/LOADING/,
        make => sub {
            admin(qw(CONFIG SET loading-process-events-interval-bytes 1024));
            admin(qw(CONFIG SET key-load-delay 2000));
            $sleep = admin_slowly(qw(DEBUG RELOAD));
        },
        heal => sub {
            $sleep->result;
            admin(qw(CONFIG SET key-load-delay 0));
        });
}

my @others;

$f->suffers('maxclients', down => qr/max number of clients/, reasons => 2,
    make => sub {
        admin(qw(CONFIG SET maxclients 5));
        admin(qw(CLIENT KILL TYPE normal SKIPME yes));
        push @others, grep { defined } eval {
            DistillGuard::Redis::Client->new(port => $redis->port)
        } for 1 .. 5;
    },
    heal => sub {
        $others[0]->request(qw(CONFIG SET maxclients 1000));
        @others = ();
    });
