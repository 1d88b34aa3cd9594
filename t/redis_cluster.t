#!/usr/bin/perl

# A Redis Cluster with TLS, a user and a password: whatever happens to its
# servers and slots under load, no request fails, no count is lost, and each
# change of state is one line in the log.

use strict;
use warnings;

use List::Util qw(max sum0);
use Test::More;

use DistillGuard::Ca;
use DistillGuard::Rights qw(guard_rights);
use DistillGuard::Test;

my $PASSWORD = 'cluster-password-0001';
my $LONG = 90;    # in which what has to happen has happened
my $KEYS = 40;

my $t = DistillGuard::Test->new;

plan(skip_all => 'no openssl') unless DistillGuard::Ca->available;
plan(skip_all => 'nginx without TLS') unless $t->has('ssl_module');

my $cli = DistillGuard::Redis::cli();
plan(skip_all => 'no redis-cli') unless $cli;

my $ca = DistillGuard::Ca->new($t->dir . '/ca');
my $tls = { %{ $ca->issue('IP:127.0.0.1') }, clients => 'yes' };

my $cluster = $t->cluster(tls => $tls,
    acl => [ 'default on nopass ~* &* +@all',
        "guard on >$PASSWORD " . guard_rights('cluster') ]);

$t->upstream(keep => 1);
$t->write_file('secret', 's' x 32);
$t->write_file('password', "$PASSWORD\n");

my $url = 'clusters://guard@' . $cluster->hosts
    . " password_file=%%DIR%%/password ca=$tls->{ca} cert=$tls->{cert}"
    . " key=$tls->{key}";

for my $node (qw(a b)) {
    $t->conf(<<"EOT", instance => $node)->start;

    distill_guard_zone zone=guard:2m;
    distill_guard_secret %%DIR%%/secret;
    distill_guard_redis $url timeout=8s;

    proxy_http_version 1.1;

    server {
        listen 127.0.0.1:%%$node%%;
        distill_guard enforce;

        location / { proxy_pass http://127.0.0.1:%%UPSTREAM%%; }

        location /limit/ {
            distill_guard_limit key requests=40/h;
            proxy_pass http://127.0.0.1:%%UPSTREAM%%/;
        }

        location = /status { distill_guard off; distill_guard_status; }
    }
EOT
}


sub sync { return $t->http({ path => '/status' }, port => $_[0])
    ->json->{zones}{guard}{sync} }


sub chat {
    my ($instance, $key, $path) = @_;

    return $t->post_json(($path // '') . '/v1/chat/completions',
        { model => 'm', messages => [{ role => 'user', content => 'x' }] },
        Authorization => "Bearer sk-cluster-$key", -port => $instance)
        ->{status};
}


sub is_up {
    my ($name) = @_;

    eval { $t->wait_for(sub { sync('a')->{state} eq 'up'
        && sync('b')->{state} eq 'up' }, $LONG, 'the cluster') };

    local $Test::Builder::Level = $Test::Builder::Level + 1;
    is(join(' ', map { sync($_)->{state} } qw(a b)), 'up up', $name);
}


my $sent = 0;    # requests answered 200


# of all days; what is asked again if slots move meanwhile

sub arrived {
    my %sum;

    eval {
        for ($cluster->keys('dg:{key:*}:d:*')) {
            my ($node, $key) = @$_;
            $sum{$key} = $node->cmd('HGET', $key, 'requests') // 0;
        }
    };

    return $@ ? -1 : sum0(values %sum);
}


sub is_complete {
    my ($name) = @_;

    eval { $t->wait_for(sub { arrived() == $sent }, $LONG, 'the totals') };

    local $Test::Builder::Level = $Test::Builder::Level + 1;
    is(arrived(), $sent, $name);
}


# Runs the sub under load; how many requests were served, and failed.

my $load = 0;


sub under_load {
    my ($sub) = @_;

    my $stop = $t->dir . '/stop-' . ++$load;

    my @clients = map { my $n = $_; $t->background(sub {
        my %seen = (good => 0, bad => 0);

        for (my $i = $n; !-e $stop; $i++) {
            my $status = eval { chat($i % 2 ? 'a' : 'b', $i % $KEYS) } // 0;
            $seen{ $status == 200 ? 'good' : 'bad' }++;
            select undef, undef, undef, 0.002;
        }

        return \%seen;
    }) } 1, 2;

    my $before = arrived();
    $t->wait_for(sub { arrived() > $before + 50 }, $LONG, 'load');
    $sub->();
    $t->write_file("stop-$load", '');

    my @seen = map { $_->result } @clients;
    my $good = sum0(map { $_->{good} } @seen);
    $sent += $good;

    return ($good, sum0(map { $_->{bad} } @seen));
}


sub said {
    my ($what) = @_;

    return max(map { scalar(() = $t->error_log($_) =~ /redis \S+ is $what/g) }
        qw(a b));
}


sub guards {
    my ($node) = @_;

    return scalar grep { / user=guard/ } split /\n/,
        $node->cmd('CLIENT', 'LIST');
}


# ---- at rest --------------------------------------------------------------

is_up('two nodes find the cluster');

for my $i (1 .. 2 * $KEYS) {
    $sent++ if chat($i % 2 ? 'a' : 'b', $i % $KEYS) == 200;
}

is($sent, 2 * $KEYS, 'requests pass');
is_complete('... and all are counted');

my @with = grep { @{ $_->cmd('KEYS', 'dg:{key:*}:d:*') } } $cluster->masters;
is(scalar @with, 3, '... on each master');
is(scalar($cluster->keys('dg:schema')), 1, 'the schema is where its slot is');
is(sync('a')->{errors} + sync('b')->{errors}, 0, 'no errors');

eval { $t->wait_for(sub { !grep { guards($_) != 2 } $cluster->masters }, 15,
    'connections') };
is(join(' ', map { guards($_) } $cluster->masters), '2 2 2',
    'a connection of each node to each master');

my $passed = grep { chat($_ % 2 ? 'a' : 'b', 'limited', '/limit') == 200 }
    1 .. 120;
$sent += $passed;
cmp_ok($passed, '>=', 40, 'a common limit passes what it allows');
is_complete('... and is told');
eval { $t->wait_for(sub { !grep { chat($_, 'limited', '/limit') != 429 }
    qw(a b) }, $LONG, 'both') };
is(join(' ', map { chat($_, 'limited', '/limit') } qw(a b)), '429 429',
    '... and then no more, on either node');

my @scripts = map { $_->cmd('SCRIPT', 'FLUSH'); $_ } $cluster->masters;
$sent += grep { chat('a', $_) == 200 } 1 .. $KEYS;
is_complete('scripts are brought again to each master');
is(said('down'), 0, '... and nothing was down');


# ---- slots that move ------------------------------------------------------

my ($from, $to) = $cluster->masters;
my $fresh = $cluster->add_node;
$cluster->meet($fresh);
$cluster->wait_whole($LONG);


sub reshard {
    my ($from, $to, $slots) = @_;

    my $as = "$cli --tls --cacert $tls->{ca} --cert $tls->{cert}"
        . " --key $tls->{key} -p " . $to->port . ' --cluster';

    # the servers tell each other of slots that have moved in their own time

    $t->wait_for(sub { system("$as check 127.0.0.1:" . $to->port
        . ' > /dev/null 2>&1') == 0 }, $LONG, 'servers that agree');

    my $ok = system("$as reshard 127.0.0.1:" . $to->port
        . ' --cluster-from ' . $cluster->id($from) . ' --cluster-to ' . $cluster->id($to) . " --cluster-slots $slots"
        . ' --cluster-yes > ' . $t->dir . '/reshard 2>&1') == 0;

    diag(substr $t->read_file('reshard'), -2000) unless $ok;

    return $ok;
}


my ($moved, $good, $bad) = (0);

($good, $bad) = under_load(sub {
    $moved += reshard($from, $to, 600);
    $moved += reshard($to, $fresh, 600);
});

is($moved, 2, 'slots are moved, to a server that is there and to a new one');
is($bad, 0, "... and all of $good requests were served");
is_complete('... and all are counted');
is(said('down'), 0, '... and nothing was down');


# errors of this kind that servers have answered with

sub all_errors {
    my ($what) = @_;

    return sum0(map { errors_of($_, $what) } grep { $_->alive }
        $cluster->nodes);
}


sub errors_of {
    my ($node, $error) = @_;

    return $node->cmd('INFO', 'errorstats')
        =~ /^errorstat_$error:count=(\d+)/m ? $1 : 0;
}


# A slot that stays half moved for some time.  A subject whose keys are on
# either side has to wait; single keys go by ASK.

sub half_moved {
    my ($key, $sub) = @_;

    my ($node) = map { $_->[0] } $cluster->keys($key);
    my ($target) = grep { $_ != $node } $cluster->masters;
    my $slot = $node->cmd('CLUSTER', 'KEYSLOT', $key);

    $target->cmd('CLUSTER', 'SETSLOT', $slot, 'IMPORTING',
        $cluster->id($node));
    $node->cmd('CLUSTER', 'SETSLOT', $slot, 'MIGRATING',
        $cluster->id($target));

    $sub->($node, $target, $slot);

    my @keys = @{ $node->cmd('CLUSTER', 'GETKEYSINSLOT', $slot, 1000) };
    $node->cmd('MIGRATE', '127.0.0.1', $target->port, '', 0, 5000, 'KEYS',
        @keys) if @keys;
    $_->cmd('CLUSTER', 'SETSLOT', $slot, 'NODE', $cluster->id($target))
        for $target, $node;
}


# A slot that has moved, of which only the servers know; another one if the
# node was about to ask for the map anyway, or has no more to say of that key.

my ($owner, $moves);

for my $attempt (0 .. 9) {
    my @known = $cluster->keys('dg:{key:*}:d:*');

    ($owner, my $known) = @{ $known[ $attempt % @known ] };
    $moves = errors_of($owner, 'MOVED');

    half_moved($known, sub { });
    $sent += grep { chat('a', $_) == 200 } 1 .. $KEYS;
    $sent += chat('a', 'limited', '/limit') == 200;

    last if eval { $t->wait_for(sub { errors_of($owner, 'MOVED') > $moves },
        $LONG / 30, 'the server to say so') };
}

cmp_ok(errors_of($owner, 'MOVED'), '>', $moves,
    'what is asked of a server that has given the slot away goes by MOVED');
is_complete('... to the one that has it');
is(said('down'), 0, '... and nothing was down');


half_moved('dg:nodes', sub {
    my ($node, $target, $slot) = @_;

    $node->cmd('DEL', 'dg:nodes');
    ok(eval { $t->wait_for(sub { grep { $_ eq 'dg:nodes' } @{ $target->cmd(
        'CLUSTER', 'GETKEYSINSLOT', $slot, 1000) } }, $LONG, 'the nodes') },
        'what was not yet in a slot that is half moved goes by ASK');
});

my ($node, $key) = @{ ($cluster->keys('dg:{key:*}:d:*'))[0] };

half_moved($key, sub {
    my ($node, $target) = @_;

    # the day is there, the hour is not any more
    $node->cmd('MIGRATE', '127.0.0.1', $target->port, $key, 0, 5000);
    $sent += grep { chat('a', $_) == 200 } 1 .. $KEYS;
    $sent += chat('a', 'limited', '/limit') == 200;
    eval { $t->wait_for(sub { all_errors('TRYAGAIN') > 0 },
        $LONG, 'such a subject') };
    cmp_ok(all_errors('TRYAGAIN'), '>', 0,
        'a subject that is on either side waits');
});

is_complete('... and nothing is lost');
is(said('down'), 0, '... nor down');


# ---- a master dies --------------------------------------------------------

($node, $key) = @{ ($cluster->keys('dg:schema'))[0] };

my ($downs, $ups) = (said('down'), said('up'));

($good, $bad) = under_load(sub {
    $node->kill9;
    $t->wait_for(sub { sync('a')->{state} eq 'down' }, $LONG, 'the loss');
    $t->wait_for(sub { eval { $cluster->masters } == 4 }, $LONG, 'a master');
    is_up('a replica is promoted in place of a master that was killed');
});

is($bad, 0, "... all of $good requests were served");
is_complete('... and all are counted');
cmp_ok(said('down'), '<=', $downs + 1, '... with one line when it went');
cmp_ok(said('up'), '<=', $ups + 1, '... and one when there was another');

$node->_start;
$cluster->wait_whole($LONG);
$sent += grep { chat('b', $_) == 200 } 1 .. $KEYS;
is_complete('it comes back as a replica');


# ---- a master is told to go -----------------------------------------------

my ($replica) = grep { $_->cmd('ROLE')->[0] eq 'slave' } $cluster->nodes;

($good, $bad) = under_load(sub {

    # it gives up after five seconds, which may pass on a busy machine
    for (1 .. 4) {
        last if $replica->cmd('ROLE')->[0] eq 'master';
        $replica->cmd('CLUSTER', 'FAILOVER');
        eval { $t->wait_for(sub { $replica->cmd('ROLE')->[0] eq 'master' }, 7,
            'the replica') };
    }

    is($replica->cmd('ROLE')->[0], 'master', 'a replica takes over');
});

is($bad, 0, "a manual fail-over: all of $good requests were served");
is_complete('... and all are counted');


# ---- a master comes back empty --------------------------------------------

$cluster->wait_whole($LONG);
$_->cmd(qw(CONFIG SET cluster-replica-no-failover yes)) for $cluster->nodes;

my ($forgetful) = map { $_->[0] } $cluster->keys('dg:{key:*}:d:*');
my $had = @{ $forgetful->cmd('KEYS', 'dg:{key:*}:d:*') };

$forgetful->kill9;
$t->wait_for(sub { sync('a')->{state} eq 'down' }, $LONG, 'the loss');
$forgetful->_start;
cmp_ok($had, '>', 0, 'a master that had something comes back empty');
is_up('... and is taken for good');
is_complete('... and gets all that the nodes keep');


# ---- all of it goes, and comes back ---------------------------------------

$cluster->wait_whole($LONG);
$_->stop for $cluster->nodes;
$t->wait_for(sub { sync('a')->{state} eq 'down' }, $LONG, 'the loss');
$sent += grep { chat('a', $_) == 200 } 1 .. $KEYS;
$_->cont for $cluster->nodes;
is_up('a cluster that was stopped goes on');
is_complete('... and nothing is lost');
