#!/usr/bin/perl

# What may become of what lies in Redis, and of the right to it, under load:
# keys of another type, all of it flushed, another password.

use strict;
use warnings;

use Test::More;

use DistillGuard::Fault;
use DistillGuard::Rights qw(guard_rights);
use DistillGuard::Test;

my $PASSWORD = 'redis-password-%04d';
my $LONG = 30;

my $t = DistillGuard::Test->new;
my $redis = $t->redis(acl => [ 'default on nopass ~* &* +@all',
    'guard on >' . sprintf($PASSWORD, 1) . ' ' . guard_rights() ]);
my $f = DistillGuard::Fault->new($t, redis => $redis);

$t->write_file('password', sprintf $PASSWORD, 1);

$f->start('main', 'redis://guard@127.0.0.1:%%REDIS%%'
    . ' password_file=%%DIR%%/password', workers => 2);


sub admin {
    my $admin = DistillGuard::Redis::Client->new(port => $redis->port);

    return $admin->request(@_);
}


sub errors { return $f->metrics('main')->{errors_total} }


is($f->ask('main', 20), 20, 'requests pass');
$f->is_complete('... and are counted');


# ---- keys of another type -------------------------------------------------

# of all kinds but totals, which are in t/redis.t

my ($node) = @{ $redis->cmd('ZRANGE', 'dg:nodes', 0, -1) };
my $rank;

$t->wait_for(sub { ($rank) = @{ $redis->cmd('KEYS',
    'dg:top:key:requests:d:*') } }, $LONG, 'a ranking');

for my $key ($rank, 'dg:sightings', 'dg:{decisions}', 'dg:nodes') {
    my $errors = errors();

    $f->suffers("$key of another type", lines => 1,
        make => sub {
            admin('SET', $key, 'x');
            $t->wait_for(sub { errors() > $errors }, $LONG, 'it to be met');
        },
        heal => sub { admin('DEL', $key) });

    cmp_ok(errors(), '>', $errors, '... and they count errors');
}

like(join('', map { /where (\w+) .*?of prefix/ ? "$1 " : '' }
    $f->lines('main')), qr/^rankings sightings decisions schema $/,
    'the log says what is of another type');

# what the other kinds are told once, and this is one of them

$f->suffers("a node's own entry of another type",
    make => sub {
        my $errors = errors();

        admin('SET', "dg:node:$node", 'x');
        $t->wait_for(sub { errors() > $errors }, $LONG, 'it to be met');
    },
    heal => sub { admin('DEL', "dg:node:$node") });

is(admin('TYPE', 'dg:nodes'), 'zset', 'what was in the way is what it was');

$f->suffers('the schema of another type', down => qr/WRONGTYPE/, reasons => 2,
    make => sub {
        admin('DEL', 'dg:schema');
        admin('RPUSH', 'dg:schema', 'x');
        admin(qw(CLIENT KILL USER guard));
    },
    heal => sub { admin('DEL', 'dg:schema') });


# ---- all of it ------------------------------------------------------------

$f->suffers('FLUSHALL', make => sub { admin('FLUSHALL') });

for my $key ('dg:schema', 'dg:check', 'dg:nodes', "dg:node:$node") {
    eval { $t->wait_for(sub { admin('EXISTS', $key) }, $LONG, $key) };
    ok(admin('EXISTS', $key), "... $key is there again");
}

$f->suffers('SCRIPT FLUSH', make => sub { admin(qw(SCRIPT FLUSH)) });


# ---- another password -----------------------------------------------------

$f->suffers('another password', down => qr/password_file/, reasons => 2,
    make => sub {
        admin(qw(ACL SETUSER guard resetpass), '>' . sprintf $PASSWORD, 2);
        admin(qw(CLIENT KILL USER guard));
    },
    heal => sub {
        $t->write_file('password', sprintf $PASSWORD, 2);
        $t->reload(instance => 'main');
    });

$f->suffers('a right taken away', down => qr/NOPERM/,
    make => sub { admin(qw(ACL SETUSER guard -evalsha)) },
    heal => sub { admin(qw(ACL SETUSER guard +evalsha)) });

unlike($t->error_log, qr/redis-password/, 'no password is in the log');
