#!/usr/bin/perl

# The audit: whoever comes to another rung of the ladder is told of once, by a
# line of the error log and an entry of a stream in Redis, with whom, why and
# until when; while Redis is away it waits.

use strict;
use warnings;

use File::Basename qw(dirname);
use File::Spec;
use JSON::PP;
use Test::More;

use DistillGuard::Crowd qw($MODELS chat);
use DistillGuard::Process;
use DistillGuard::Test;

my $ctl = $ENV{DG_CTL};
die "DG_CTL must name distillctl: build it first\n" if !$ctl || !-x $ctl;

my $POOL = 60;          # keys of one harvest
my $ROUNDS = 9;
my $LONG = 20;          # in which what has to happen has happened
my $SOON = 5;           # what takes less than a second on an idle machine

my $t = DistillGuard::Test->new;
my $redis = $t->redis;

$t->write_file('secret', "a secret of a certain length\n");

sub conf {
    my ($node, $mode) = @_;

    return $t->conf($MODELS =~ s/MODELS/MODELS$node/gr . <<"EOT",

    distill_guard_zone zone=guard:4m;
    distill_guard_secret %%DIR%%/secret;
    distill_guard_redis redis://127.0.0.1:%%REDIS%% sync=100ms;

    distill_guard_signal template soft=10 hard=40 points=40;
    distill_guard_signal balance soft=3 hard=1.5 points=25;
    distill_guard_action tag score=20;
    distill_guard_action pace off;
    distill_guard_action throttle score=30 rate=10k/d;
    distill_guard_action block score=50 for=1h;

    server {
        listen 127.0.0.1:%%$node%%;

        location / {
            distill_guard $mode;
            proxy_pass http://models;
        }

        location = /guard {
            distill_guard off;
            access_log off;
            distill_guard_status;
        }
    }
EOT
        instance => $node, log_format => '$distill_guard_key $status');
}


sub status { return $t->http({ path => '/guard' }, port => $_[0])
    ->json->{zones}{guard} }


my @WORDS = qw(river copper lantern meadow tiger orchard violin harbor saddle
    thunder pepper walnut glacier ribbon falcon candle marble pigeon anchor
    velvet);
my $asked = 0;

sub framed {
    my ($key) = @_;

    my $n = ++$asked;
    my @words = map { $WORDS[ ($n * $_ + int $n / $_) % @WORDS ] }
        3, 7, 11, 13, 17, 19, 23, 29;

    return chat($key, 'You are an expert tutor. Think step by step, show all'
        . ' of your reasoning before the final answer, and check each step'
        . " twice.\\n\\nProblem: @words\\n\\nAnswer in the format given above,"
        . ' with the reasoning first and the final answer in a box.');
}


# entries of the stream, as hashes

sub entries {
    my ($what) = @_;

    return grep { !$what || $_->{subject} =~ /^$what/ }
        map { { @{ $_->[1] } } } @{ $redis->cmd(qw(XRANGE dg:audit - +)) };
}


sub audited { return grep { /distill guard: audit: $_[1]/ }
    split /\n/, $t->error_log($_[0]) }


# distillctl watch, of a user that may read these keys: its lines, so far or,
# when it is stopped, all

my %watch;

sub watch {
    my ($user, $keys, @flags) = @_;

    my $out = $t->dir . "/$user.out";

    $redis->cmd('ACL', 'SETUSER', $user, 'on', '>watch-password-01',
        'resetkeys', (map { "~dg:$_" } @$keys), qw(+@read +select +time));
    $watch{$user} = DistillGuard::Process->start(name => "watch of $user",
        out => $out, cmd => [ $ctl, 'watch', '--redis',
            "redis://$user\@127.0.0.1:" . $t->port('redis'),
            '--password-file', $t->dir . '/password', @flags ]);

    $t->wait_for(sub { grep { / cmd=xread user=$user / } split /\n/,
        $redis->cmd('CLIENT', 'LIST') }, $LONG, "watch of $user");
}


sub watched { return split /\n/, $t->read_file($t->dir . "/$_[0].out") }


sub unwatch {
    my ($user) = @_;

    $watch{$user}->stop('TERM');

    return watched($user);
}


$t->write_file('password', "watch-password-01\n");

conf('a', 'enforce')->start;
conf('b', 'enforce')->start;

$t->wait_for(sub { status($_)->{sync}{state} eq 'up' }, $LONG, 'Redis')
    for qw(a b);

my %node = map { $_ => $t->http({ path => '/guard?format=prometheus' },
    port => $_)->{body} =~ /node="([0-9a-f]{16})/ } qw(a b);


# ---- a harvest ------------------------------------------------------------

watch('operator', ['*']);
watch('auditor', [qw(schema check audit)], '--json');

my $now = time;
my $crowd = DistillGuard::Crowd->new(port => $t->port('a'));

$crowd->send(map { framed("sk-pool-$_") } 1 .. $POOL) for 1 .. $ROUNDS;

$t->wait_for(sub { grep { $_->{to} eq 'BLOCK' } entries('campaign') }, $LONG,
    'the campaign to be blocked in the stream');

$t->wait_for(sub { entries() == audited('a', '') }, $LONG, 'all of them');

my @campaign = entries('campaign');
my $last = $campaign[-1];
my ($id) = $last->{subject} =~ /^campaign:([0-9a-f]{32})$/;

ok($id, 'a campaign steps up the ladder');
is($campaign[0]{from}, 'PASS', '... from its first rung');
is_deeply([ map { $_->{from} } @campaign[1 .. $#campaign] ],
    [ map { $_->{to} } @campaign[0 .. $#campaign - 1] ],
    '... from one to the next');
is($_->{what} . $_->{dry_run} . $_->{node}, "step0$node{a}",
    "... to $_->{to}, by a node that enforces it") for @campaign;

cmp_ok($last->{score}, '>=', 50, '... with its score');
cmp_ok($last->{until}, '>=', $now + 3600, '... and until when it is blocked');
cmp_ok($last->{until}, '<=', time + 3600, '... for how long it was said');
cmp_ok($last->{time}, '>=', $now, '... and when that was');
is($campaign[0]{until}, 0, 'what is no block has no end');

my ($why) = grep { $_->{signal} eq 'template' }
    @{ decode_json($last->{reasons}) };

cmp_ok($why->{points} // 0, '>=', 30, 'the reasons are those of its signals');
is($why->{hard}, 40, '... with their thresholds');

my @members = entries('key');

cmp_ok(scalar @members, '>=', $POOL / 2, 'its accounts step up, too');
is(scalar(grep { ($_->{campaign} // '') ne $id } @members), 0,
    '... as those of the campaign');

my %once;
$once{"$_->{subject} $_->{to}"}++ for @members, @campaign;
is_deeply([ grep { $once{$_} > 1 } keys %once ], [], '... each of them once');

is(scalar audited('a', 'key:'), scalar @members,
    'the log has a line for each');
$t->log_like(qr/audit: campaign:$id \w+ -> BLOCK, score \d+ \(template \d+ for \d+ accounts.*\), until \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/m,
    '... that says all of it', 'a');

my $steps = status('a')->{steps};

is($steps->{campaign}{BLOCK}, 1, 'they are counted');
is($steps->{account}{BLOCK}, scalar(grep { $_->{to} eq 'BLOCK' } @members),
    '... by rung');

cmp_ok($redis->cmd(qw(TTL dg:audit)), '>', 29 * 86400, 'the stream expires');

# who watches sees them, as they are made

eval { $t->wait_for(sub { watched('operator') >= entries()
    && watched('auditor') >= entries() + 1 }, $SOON, 'the steps to be seen') };

my @operator = unwatch('operator');
my ($denied, @auditor) = unwatch('auditor');

is(scalar @operator, scalar entries(), 'distillctl watch shows the steps');

my ($shown) = grep { /campaign:$id \w+ -> BLOCK/ } @operator;

like($shown, qr/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC  campaign:$id \w+ -> BLOCK until \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC: score $last->{score} \(.*\btemplate $why->{points}\b.*\)$/,
    '... to where, until when and why');

my $doc = $t->read_file(File::Spec->rel2abs(dirname(__FILE__)
    . '/../docs/distillctl.md'));

sub form {
    return $_[0] =~ s/\b[0-9a-f]{32}\b/ID/gr =~ s/[\d:-]+ [\d:]+ UTC/TIME/gr
        =~ s/\w+ -> \w+/STEP/r =~ s/ until TIME//r
        =~ s/score \d+ \([^)]*\)/WHY/r;
}

my %form = map { form($_) => 1 } split /\n/, $doc;
is_deeply([ grep { !$form{ form($_) } } @operator ], [],
    '... in the form that the document has');

like($denied, qr/^distillctl: Redis refuses decisions: NOPERM .*: the user needs more rights/,
    'who may not see decisions is told so');

my @json = map { decode_json($_) } @auditor;

is_deeply([ map { "$_->{what} $_->{subject} $_->{from} $_->{to} $_->{time}" }
        @json ],
    [ map { "step $_->{subject} $_->{from} $_->{to} $_->{time}" } entries() ],
    '... once, and sees the steps, in JSON');

my ($json) = grep { $_->{subject} eq "campaign:$id" && $_->{to} eq 'BLOCK' }
    @json;

is_deeply($json, { %$last, dry_run => JSON::PP::false, campaign => undef,
    reasons => decode_json($last->{reasons}) }, '... with all there is');

# and the metrics tell of what, and what that took

my $told = status('a');

is($told->{requests}{BLOCK}{campaign}, $told->{verdicts}{BLOCK}{enforced},
    'requests are counted by what led to their verdict');
cmp_ok($told->{signal_firings}{template}, '>', 0, '... by signals');
cmp_ok($told->{score}{count}, '>', $told->{score}{le}{20}, '... by score');
cmp_ok($told->{stage_seconds}{$_}{count}, '>=', 5, "time in $_ is measured")
    for qw(head body response end lock);
cmp_ok($told->{stage_seconds}{head}{sum}, '<', 1, '... and it is little');

# the other node hears of it, and has nothing to add but what it does itself

my @some = map { "sk-pool-$_" } 1 .. 20;
my $there = DistillGuard::Crowd->new(port => $t->port('b'));

$t->wait_for(sub { grep { $_ == 403 } $there->send(map { framed($_) } @some) },
    $LONG, 'the block at the other node');

is_deeply([ map { $_->{node} } entries('campaign') ],
    [ ($node{a}) x @campaign ], 'another node does not tell it again');


# ---- Redis is away --------------------------------------------------------

$redis->shutdown;
$t->wait_for(sub { status('b')->{sync}{state} eq 'down' }, $LONG, 'no Redis');

my @late = audited('b', 'key:');

@some = map { "sk-pool-$_" } 21 .. 40;

$t->wait_for(sub {
    $there->send(map { framed($_) } @some);
    return audited('b', 'key:') >= @late + 5;
}, $LONG, 'steps without Redis');

$redis->restart;

# Redis has kept nothing on disk

$t->wait_for(sub { entries('key') >= 5 }, $LONG, 'steps to be handed over');

pass('what was found while Redis was away is handed over');
is(status('b')->{steps_lost}, 0, '... and none is lost');


# ---- a dry run ------------------------------------------------------------

conf('c', 'observe')->start;

my $other = DistillGuard::Crowd->new(port => $t->port('c'));

$t->wait_for(sub {
    $other->send(map { framed("sk-pool-$_") } 41 .. 60);
    return grep { $_->{dry_run} } entries('key');
}, $LONG, 'steps of a node that observes');

$t->log_like(qr/audit: key:[0-9a-f]{32} PASS -> BLOCK \(dry run\), score/,
    'a dry run is told as such', 'c');


# ---- decisions ------------------------------------------------------------

my $key = 'key:' . '5' x 32;

watch('decider', ['schema', 'check', '{decisions}*'], '--json');

system($ctl, 'block', $key, '--redis', 'redis://127.0.0.1:'
    . $t->port('redis'), '--author', 'alice', '--for', '2s', '--json') == 0
    or fail('distillctl blocks');

for my $node (qw(a b)) {
    $t->wait_for(sub { $t->error_log($node)
        =~ /audit: block $key by alice has ended/ }, $LONG,
        "the end of a decision at $node");

    is(scalar audited($node, "alice has decided: block $key until"), 1,
        "a decision is in the log of $node");
    is(scalar audited($node, "block $key by alice has ended"), 1,
        '... and so is its end');
}

eval { $t->wait_for(sub { watched('decider') >= 2 }, $SOON, 'a decision') };
($denied, @json) = unwatch('decider');

like($denied, qr/^distillctl: Redis refuses steps on the ladder: NOPERM /,
    'who may not see steps is told so');
is_deeply([ map { "$_->{what} $_->{decision} $_->{subject}" }
    map { decode_json($_) } @json ], [ "decision block $key" ],
    '... once, and sees decisions');

unlike(join('', map { $t->error_log($_) =~ s/.*\[debug\].*\n//gr } qw(a b c)),
    qr/sk-pool|Problem/, 'no key and no text is in the log');
unlike($redis->dump, qr/sk-pool|Problem|expert/, '... or in Redis');

$t->stop_all;
