#!/usr/bin/perl

# distillctl goes where nginx goes: to Redis over TLS, to the master that
# sentinels name, to the servers of a cluster; and says why it does not.

use strict;
use warnings;

use Test::More;

use DistillGuard::Ca;
use DistillGuard::Ctl;
use DistillGuard::Process;
use DistillGuard::Rights qw(operator_rights watch_rights);
use DistillGuard::Test;

my $LONG = 20;
my $PASSWORD = 'operator-password-01';
my $KEY = '9f3a04c1d2e5b7880c6f1e2d3a4b5c6d';

my $t = DistillGuard::Test->new;

plan(skip_all => 'no openssl') unless DistillGuard::Ca->available;
plan(skip_all => 'nginx without TLS') unless $t->has('ssl_module');

my $ca = DistillGuard::Ca->new($t->dir . '/ca');
my $other = DistillGuard::Ca->new($t->dir . '/other');
my $client = $ca->issue('DNS:client.test');

$t->write_file('secret', 's' x 32);
$t->write_file('password', "$PASSWORD\n");
$t->write_file('wrong', "not-$PASSWORD\n");

my $ctl = DistillGuard::Ctl->new($t);


sub done_ok {
    my ($name, @args) = @_;

    my $run = $ctl->run(@args);

    local $Test::Builder::Level = $Test::Builder::Level + 1;
    is($run->{status}, 0, $name) || diag($run->{err});

    return $run;
}


sub failed_ok {
    my ($name, $status, $said, @args) = @_;

    my $run = $ctl->run(@args);

    local $Test::Builder::Level = $Test::Builder::Level + 1;
    is($run->{status}, $status, $name);
    like($run->{err}, $said, '... said why');
    is(scalar(() = $run->{err} =~ /\n/g), 1, '... in a line');
    is("@{ $run->{out} }", '', '... and nothing else');
    unlike($run->{err}, qr/\Q$PASSWORD\E/, '... no password');
}


# ---- TLS ------------------------------------------------------------------

my %server = (
    strict  => { %{ $ca->issue('IP:127.0.0.1') }, clients => 'yes' },
    named   => $ca->issue('DNS:redis.test'),
    expired => $ca->issue('IP:127.0.0.1', days => 1),
);

my %redis = map { $_ => $t->redis(name => $_, tls => $server{$_}) }
    sort keys %server;

$redis{plain} = $t->redis(name => 'plain', acl => [
    'default on nopass ~* &* +@all',
    "operator on >$PASSWORD " . operator_rights(),
    "nobody on >$PASSWORD -\@all",
]);

$_->cmd('SET', 'dg:schema', 1) for values %redis;

my $CA = $ca->ca;
my $with = "ca=$CA cert=$client->{cert} key=$client->{key}";

$t->upstream(keep => 1);
$t->conf(<<"EOT")->start;

    distill_guard_zone zone=guard:1m;
    distill_guard_secret %%DIR%%/secret;
    distill_guard_redis rediss://127.0.0.1:%%STRICT%% $with timeout=5s;

    server {
        listen 127.0.0.1:%%MAIN%%;
        distill_guard enforce;
        location / { proxy_pass http://127.0.0.1:%%UPSTREAM%%; }
    }
EOT


sub chat {
    return $t->post_json('/v1/chat/completions',
        { model => 'm', messages => [{ role => 'user', content => 'x' }] },
        Authorization => 'Bearer sk-tls-victim', -port => 'main')->{status};
}


is(chat(), 200, 'a key before it is decided on');
done_ok('over TLS, with a certificate, all from the nginx.conf', 'block',
    '--conf', $t->nginx->{dir} . '/nginx.conf', '--author', 'alice', 'key:-',
    \'sk-tls-victim');
eval { $t->wait_for(sub { chat() == 403 }, $LONG, 'the block') };
is(chat(), 403, '... and the node does it');


sub at { return ('list', '--redis', "rediss://127.0.0.1:" . $t->port($_[0])) }


my @CERT = ('--cert', $client->{cert}, '--key', $client->{key});

like(done_ok('all in flags', at('strict'), '--ca', $CA, @CERT)->{out}[1],
    qr/^block     key:/, '... has what was decided');
done_ok('a certificate for another name', at('named'), '--ca', $CA, '--name',
    'redis.test');
done_ok('one that is not looked at', at('expired'), '--verify', 'off');

{
    local $ENV{DISTILL_GUARD_CA} = $CA;
    local $ENV{DISTILL_GUARD_NAME} = 'redis.test';
    done_ok('the environment says it, too', at('named'));
}

my $NOT = qr/no connection to Redis at 127\.0\.0\.1:\d+: TLS: its certificate is not accepted/;

failed_ok('another authority', 3, qr/$NOT, .*--ca names another authority$/m,
    at('named'), '--ca', $other->ca);
failed_ok('no authority', 3, qr/$NOT, .*: name the authority .* with --ca$/m,
    at('named'));
failed_ok('for another name', 3, qr/$NOT, .*say with --name which/, at('named'),
    '--ca', $CA);
failed_ok('over', 3, qr/$NOT, certificate has expired: see the clocks/,
    at('expired'), '--ca', $CA);
failed_ok('without its own certificate', 3, qr/certificate required.*|--cert and --key/,
    at('strict'), '--ca', $CA);
failed_ok('no file of an authority', 2, qr/must be a PEM file of certificates/,
    at('named'), '--ca', $t->dir . '/secret');
failed_ok('a certificate without its key', 2, qr/name both/, at('strict'),
    '--ca', $CA, '--cert', $client->{cert});
failed_ok('no TLS at that port', 3, qr/TLS: the handshake failed|no answer/,
    at('plain'), '--ca', $CA);


# ---- users ----------------------------------------------------------------

sub as {
    my ($user) = @_;

    return ('list', '--redis', "redis://$user\@127.0.0.1:" . $t->port('plain'));
}


my @GOOD = ('--password-file', $t->dir . '/password');
my @WRONG = ('--password-file', $t->dir . '/wrong');

done_ok('a user with a password', as('operator'), @GOOD);
failed_ok('a wrong password', 3,
    qr/refuses the user or the password: see the URL and --password-file/,
    as('operator'), @WRONG);
failed_ok('no such user', 3, qr/refuses the user or the password/, as('eve'),
    @GOOD);
failed_ok('a user without rights', 3,
    qr/NOPERM .*: the user needs more rights, see "User and rights"/,
    as('nobody'), @GOOD);

$redis{plain}->cmd('CONFIG', 'SET', 'requirepass', $PASSWORD);
failed_ok('a password that was not told', 3,
    qr/NOAUTH .*: it wants a password: .*--password-file/, 'list', '--redis',
    'redis://127.0.0.1:' . $t->port('plain'));


# ---- sentinels ------------------------------------------------------------

my $guarded = $t->sentinels(sentinel_password => 'watchman', replicas => 1,
    sentinels => 2, acl => [ 'default on nopass ~* &* +@all',
        "operator on >$PASSWORD " . operator_rights() ]);

$_->cmd(qw(ACL SETUSER watch on >watch-password-01),
    split / /, watch_rights()) for $guarded->sentinels;

$t->write_file('watch', "watch-password-01\n");

my $master = $guarded->master;
my ($replica) = grep { $_ != $master } $guarded->nodes;

$master->cmd('SET', 'dg:schema', 1);


sub sentinel {
    my ($hosts, $name) = @_;

    $name //= $guarded->name;

    return $t->write_file('sentinel.conf', <<"EOT");
http {
    distill_guard_redis sentinel://operator\@$hosts/$name
                        password_file=password sentinel_user=watch
                        sentinel_password_file=watch sync=200ms;
}
EOT
}


my @BLOCK = ('block', "key:$KEY", '--author', 'alice', '--conf');

done_ok('by sentinels', @BLOCK, sentinel($guarded->hosts));
like($master->cmd('HGET', 'dg:{decisions}:now', "key:$KEY"),
    qr/ alice block 0$/, '... the master has it');
failed_ok('a name they do not know', 3, qr/knows no master "another"/,
    @BLOCK, sentinel($guarded->hosts, 'another'));
failed_ok('a password they do not take', 3,
    qr/the sentinel at \S+ refuses .*--sentinel-password-file/, @BLOCK,
    sentinel($guarded->hosts), '--sentinel-password-file',
    $t->dir . '/wrong');

my ($first, $second) = $guarded->sentinels;
$first->kill9;

done_ok('one that is gone is passed over', @BLOCK, sentinel($guarded->hosts));

# it does not know at once that its master is none any more

$second->stop;
$master->cmd('REPLICAOF', '127.0.0.1', $replica->port);
$master->cmd('ACL', 'SETUSER', 'operator', '+role');
$second->cont;
$master->cmd('ROLE')->[0] eq 'slave' or die;
failed_ok('no master', 3, qr/no master: .* says that it is none/, @BLOCK,
    sentinel($guarded->hosts));


# ---- a cluster ------------------------------------------------------------

my $cluster = $t->cluster(masters => 3, replicas => 0,
    acl => [ 'default on nopass ~* &* +@all',
        "operator on >$PASSWORD " . operator_rights('cluster') ]);

$cluster->cmd('SET', 'dg:schema', 1);

my @CLUSTER = ('--redis', 'cluster://operator@' . $cluster->hosts, @GOOD);

for my $n (1 .. 5) {
    done_ok("decision $n in a cluster", 'block', "asn:$n", '--author', 'alice',
        @CLUSTER);
}

is(scalar @{ done_ok('a list', 'list', @CLUSTER)->{out} }, 6,
    '... has all of them');

# a stream of decisions and one of steps, on different servers

sub step {
    my ($time) = @_;

    $cluster->cmd(qw(XADD dg:audit *), what => 'step', subject => "key:$KEY",
        from => 'PASS', to => 'TAG', dry_run => 0, score => 20,
        reasons => '[{"signal":"relay","points":20}]', until => 0,
        time => $time, node => 'd1c84b185eb3bc0c');
}


step(1795469280);

my ($audit) = map { $_->[0] } $cluster->keys('dg:audit');
isnt($audit, ($cluster->keys('dg:{decisions}'))[0][0],
    'steps and decisions are on different servers');

my $out = $t->dir . '/watch.out';
my $watch = DistillGuard::Process->start(name => 'watch', out => $out,
    cmd => [ $ENV{DG_CTL}, 'watch', @CLUSTER ]);

$t->wait_for(sub { $audit->cmd('CLIENT', 'LIST') =~ / cmd=xread / }, $LONG,
    'distillctl watch');

step(1795469281);
done_ok('another decision', 'block', 'asn:5', '--author', 'alice', @CLUSTER);
step(1795469282);

eval { $t->wait_for(sub { 3 <= (() = $t->read_file($out) =~ /\n/g) }, $LONG,
    'what is watched') };
$watch->stop('TERM');

is(join("\n", sort map { s/^\S+ \S+ UTC  (?=alice)//r } split /\n/,
        $t->read_file($out)),
    join("\n", (map { "2026-11-23 21:28:0$_ UTC  key:$KEY PASS -> TAG:"
        . ' score 20 (relay 20)' } 1, 2), 'alice  block asn:5'),
    '... and are watched both');

failed_ok('one server of a cluster', 3,
    qr/MOVED .*: this is a server of a cluster: let the URL begin with cluster:/,
    'list', '--redis', 'redis://127.0.0.1:'
    . (grep { $_ != ($cluster->keys('dg:schema'))[0][0] } $cluster->nodes)[0]
        ->port);
failed_ok('a server that is no cluster', 3, qr/gives no map of a cluster/,
    'list', '--redis', 'cluster://operator@127.0.0.1:' . $t->port('plain'),
    @GOOD);

# its slot moves, of which the map says nothing

my ($from) = map { $_->[0] } $cluster->keys('dg:{decisions}:now');
my ($to) = grep { $_ != $from } $cluster->nodes;
my $slot = $from->cmd('CLUSTER', 'KEYSLOT', '{decisions}');

$to->cmd('CLUSTER', 'SETSLOT', $slot, 'IMPORTING', $cluster->id($from));
$from->cmd('CLUSTER', 'SETSLOT', $slot, 'MIGRATING', $cluster->id($to));


sub migrate { return $from->cmd('MIGRATE', '127.0.0.1', $to->port, $_[0], 0,
    5000) }


migrate('dg:{decisions}:now');
is(scalar @{ done_ok('a key that has moved', 'list', @CLUSTER)->{out} }, 6,
    '... is found by ASK');

my $waits = $t->background(sub { $ctl->run('release', 'asn:1', '--author',
    'alice', @CLUSTER) });

$t->wait_for(sub { $to->cmd('INFO', 'errorstats') =~ /errorstat_TRYAGAIN/
    || $from->cmd('INFO', 'errorstats') =~ /errorstat_TRYAGAIN/ }, $LONG,
    'a command with keys on both sides');
migrate('dg:{decisions}');
is($waits->result->{status}, 0, '... waits until all have moved');

$_->cmd('CLUSTER', 'SETSLOT', $slot, 'NODE', $cluster->id($to))
    for $to, $from;

is(scalar @{ done_ok('after the move', 'list', @CLUSTER)->{out} }, 5,
    '... it is where it went');

$to->kill9;
failed_ok('a server that is gone', 3,
    qr/no connection to Redis at \S+: Connection refused|CLUSTERDOWN/,
    'list', @CLUSTER);
