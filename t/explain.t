#!/usr/bin/perl

# A pool of accounts before two nodes, and what an operator makes of it:
# "distillctl top" shows it first, "explain" says why, "block" stops it on both
# nodes, and "release" undoes that.

use strict;
use warnings;

use JSON::PP;
use Test::More;
use Time::HiRes qw(time);

use DistillGuard::Ctl;
use DistillGuard::Pool;
use DistillGuard::Process;
use DistillGuard::Test;

my $LONG = 20;          # in which what has to happen has happened
my $SECOND = 1;         # of which it is promised
my $SLACK = 4;          # for a busy machine

my @NODES = qw(a b);

my $t = DistillGuard::Test->new;
my $redis = $t->redis;
my $pool = DistillGuard::Pool->new($t, @NODES);
my $accounts = $pool->size;

$pool->conf($_, 'redis://127.0.0.1:%%REDIS%% sync=100ms')->start for @NODES;

my @HERE = ('--redis', 'redis://127.0.0.1:' . $t->port('redis'));
my $ctl = DistillGuard::Ctl->new($t, @HERE);
my $secret = $t->dir . '/secret';


sub said {
    my (@args) = @_;

    my $run = $ctl->run(@args);

    local $Test::Builder::Level = $Test::Builder::Level + 1;
    is($run->{status}, 0, "@args") || diag($run->{err});

    return join "\n", @{ $run->{out} };
}


sub told { return decode_json(said(@_, '--json')) }


sub answered {
    my ($answer) = @_;

    return scalar grep { $_->{answered} } @{ $answer->{nodes} };
}


# ---- nothing yet ----------------------------------------------------------

for my $node (@NODES) {
    $t->wait_for(sub { $t->http({ path => '/guard' }, port => $node)->json
        ->{zones}{guard}{sync}{state} eq 'up' }, $LONG, 'Redis');
}

like(said('top'), qr/^nobody\n\n2 of 2 nodes answered$/m, 'a quiet system');
like(said('campaigns'), qr/^no campaign\n\n2 of 2 nodes answered$/m,
    '... has no campaign');

my $run = $ctl->run('explain', 'origin:192.0.2.7');
is($run->{status}, 1, 'whom nobody knows is not explained');
like("@{ $run->{out} }", qr{^origin:192.0.2.0/24   No node has heard of it},
    '... and that is said');

is($ctl->run('explain', 'key:1')->{status}, 2, 'an id is one');
is($ctl->run('top', '--by', 'age')->{status}, 2, 'a measure is one');
is($ctl->run('top', '--kind', 'origin')->{status}, 2,
    'networks have no score');
is($ctl->run('explain')->{status}, 2, 'somebody has to be explained');


# what is no ask is passed over

$redis->cmd('XADD', 'dg:{decisions}:asks', '*', @$_) for
    [ id => 'x', what => 'explain', argument => 'key:1' ],
    [ id => '0' x 16, what => 'explain', argument => "key:\0" ],
    [ id => '0' x 16, what => 'forget', argument => '' ],
    [ id => '0' x 16, what => 'top', argument => 'score' ],
    [ id => '0' x 16, what => 'top', argument => 'score account -1' ],
    [ id => '0' x 16, what => 'top', argument => 'x' x 100_000 ],
    [ id => '0' x 16, what => 'explain' ], [ nothing => '' ];

is(answered(told('top')), 2, 'nodes answer behind what is no ask');
is($redis->cmd('EXISTS', 'dg:{decisions}:answers:' . '0' x 16), 0,
    '... which nobody answers');


# ---- an attack ------------------------------------------------------------

my $got = grep { $_ == 200 } $pool->run;

ok($pool->is_found($_, sub { $got += $_[0] == 200 }), "a campaign at $_")
    for @NODES;

$pool->ask('a', 'somebody', $pool->stranger) for 1 .. 3;

my $campaigns = told('campaigns');
my ($c) = @{ $campaigns->{campaigns} };
my $id = "campaign:$c->{campaign}";

is(answered($campaigns), 2, 'both nodes answer');
is(@{ $campaigns->{campaigns} }, 1, 'it is one to both');
is($c->{accounts}, $accounts, 'with all of its accounts');
cmp_ok($c->{evidence}{templates}, '>', 0, '... the templates');
cmp_ok($c->{evidence}{balance}, '<', 1.5, '... and how evenly these are used');
is($c->{more} + @{ $c->{members} } >= $accounts, 1,
    'some are named, and how many are not');
cmp_ok($c->{uses}, '>=', 5 * $accounts, 'uses on both nodes are counted');
cmp_ok(abs($c->{own}{output_tokens} - 300 * $got), '<=', $got,
    'what it got is the sum of what nodes counted');

my $words = said('campaigns');

like($words, qr/^\Q$id\E$/m, 'in words: its name');
like($words, qr/^  THROTTLE by a score of 65 \(linkage 40, cohort 25\): what/m,
    '... where it stands');
like($words, qr/^  $accounts accounts were used [\d,]+ times for the same/m,
    '... what they were used for');
like($words, qr/^  They were used evenly, as if in turn: [\d.]+ of chance/m,
    '... how');
like($words, qr/hours they got 3\d\d,\d00 output tokens with 1,\d+ requests/,
    '... and what they got');


# ---- top ------------------------------------------------------------------

my @rows = grep { /^\w+:/ } split /\n/, said('top');

like($rows[0], qr/^\Q$id\E +\d+  THROTTLE +[\d,]+ +[\d,]+ +[\d,]+  \d+ acc/,
    'top shows the campaign first');
is(@rows, 20, '... of twenty rows');
like($rows[1], qr/^key:[0-9a-f]{32} .* campaign \Q@{[ substr $c->{campaign},
    0, 8 ]}\E/, '... and then its accounts');

@rows = grep { /^\w+:/ } split /\n/, said(qw(top --by requests --kind key
    --rows 100));
is(@rows, 100, 'or so many keys');
unlike("@rows", qr/campaign:/, '... and nothing else');

my $top = told(qw(top --by output_tokens --kind origin --rows 3));

is(@{ $top->{top} }, 3, 'or networks');
is_deeply([ map { $_->{output_tokens} } @{ $top->{top} } ],
    [ sort { $b <=> $a } map { $_->{output_tokens} } @{ $top->{top} } ],
    '... by what they got');
like($top->{top}[0]{subject}, qr{^origin:198\.51\.\d+\.0/24$},
    '... which are some of the pool');

# on a terminal again and again

my $screen = $t->dir . '/screen';
my $live = DistillGuard::Process->start(name => 'top', cmd => [ 'script',
    '-qec', "stty rows 12 cols 120; $ENV{DG_CTL} top @HERE", '/dev/null' ],
    out => $screen, env => { NO_COLOR => 1 });

my @drawn;

ok(eval { $t->wait_for(sub {
    @drawn = -e $screen ? split /\x1b\[H\x1b\[2J/, $t->read_file($screen) : ();
    return @drawn > 2;
}, $LONG, 'the next screen') }, 'on a terminal it is drawn again');
$live->stop;

is(() = $drawn[1] =~ /^(?:key|campaign):/mg, 7, '... as much as there is room for');


# ---- explain --------------------------------------------------------------

my $one = $c->{members}[0]{subject};

$words = said('explain', $one);
my $told = told('explain', $one);

is($told->{campaign}{campaign}, $c->{campaign},
    'an account is explained by its campaign');
ok($told->{member}, '... to which it belongs');
cmp_ok($told->{score}, '>=', 45, '... and the score of that');
is($told->{standing}{verdict}, 'THROTTLE', '... which throttles it');
is(@{ $told->{signals} }, 17, '... with every signal');
is($told->{totals}{d}{all}{requests},
    $told->{totals}{d}{own}{requests}, 'what nodes count adds up');

like($words, qr/^  +\d+  template +\d+ accounts \(from 20 to 100\): accounts/m,
    'in words: the template');
like($words, qr/^  +\d+  balance +[\d.]+ variance.mean \(from 3 to 1\.5\)/m,
    '... the balance');
like($words, qr/^\Q$id\E$/m, '... and the campaign');
like($words, qr/^  Came from 198\.51\.\d+\.0\/24\.$/m, '... from where');
like($words, qr/^  last day +\d+ +\d+ +[\d,]+ +[\d,]+ +\d+$/m,
    '... and what it had');

is(said('explain', 'key:-', '--secret', $secret, \'sk-somebody')
    =~ /^  PASS by a score of 0$/m, 1, 'others have nothing against them');

$words = said('explain', $id);
like($words, qr/^  $accounts accounts were used/m, 'a campaign is explained');
like($words, qr/^  and \d+ more$/m, '... with some of its accounts');
like($words, qr/^2 of 2 nodes answered$/m, '... by both nodes');


# ---- block, release -------------------------------------------------------

sub refused {
    my ($status, $name) = @_;

    my $began = time;

    for my $node (@NODES) {
        my ($account) = $pool->accounts_of($node);

        eval { $t->wait_for(sub { $pool->ask($node, $account) == $status },
            $LONG, $name) };
        is($pool->ask($node, $account), $status, "$name at $node");
    }

    cmp_ok(time - $began, '<', $SECOND + $SLACK, "$name within a second");
}

said('block', 'origin:192.0.2.1', '--author', 'bob');

is(said('explain', 'origin:192.0.2.1') =~ /^  bob has decided: block$/m, 1,
    'whom nobody has seen is known by what was decided');

said('block', $id, '--author', 'alice', '--reason', 'harvests for a rival');
refused(403, 'what is blocked is refused');
is($pool->ask($_, 'somebody', $pool->stranger), 200, "... and nobody else at $_")
    for @NODES;

like(said('explain', $id), qr/^  alice has decided: block, harvests for a riv/m,
    'which is explained');
like(said('explain', $one), qr/^  alice has decided on its campaign: block, /m,
    '... of its accounts, too');
like((grep { /^campaign:/ } split /\n/, said('top'))[0], qr/; decided: block$/,
    'and seen at the top');

said('release', $id, '--author', 'alice');
refused(429, 'what is released is throttled as before');
is($told = told('explain', $id)->{campaign}{decision}, undef,
    'and nothing is decided');


# ---- nodes that do not answer ---------------------------------------------

$redis->cmd('ZADD', 'dg:nodes', time - 100, '0123456789abcdef');
$redis->cmd('HSET', 'dg:node:0123456789abcdef', host => 'web9', zone => 'guard');
$redis->cmd('EXPIRE', 'dg:node:0123456789abcdef', 3500);

$t->nginx('b')->stop;

$run = $ctl->run('top');
is($run->{status}, 0, 'with a node away');
like("@{ $run->{out} }", qr/1 of 2 nodes answered; silent: \S+ \(zone guard\);/,
    '... its silence is told');
like("@{ $run->{out} }", qr/; away: web9 \(zone guard\) since \d[\d :-]+ UTC$/,
    '... and who is away for longer');


# ---- what lies in Redis ---------------------------------------------------

my @keys = sort grep { /^dg:\{decisions\}:(asks|answers)/ } @{ $redis->cmd(
    'KEYS', 'dg:*') };

cmp_ok(@keys, '>', 0, 'asks and answers');
is_deeply([ grep { $redis->cmd('TTL', $_) == -1 } @keys ], [],
    'are gone in the end');


# ---- a user of Redis without the rights -----------------------------------

$redis->cmd('ACL', 'SETUSER', 'default', '-xread');
$t->log_like(qr/does not let its user hear what is asked/,
    'missing rights are told', 'a');
is($pool->ask('a', 'somebody', $pool->stranger), 200, '... others pass');

$run = $ctl->run('campaigns');
is($run->{status}, 1, 'who hears nothing does not answer');
like($run->{err}, qr/^distillctl: none of \d nodes has answered/,
    '... and why that may be is said');

is(() = $t->error_log('a') =~ /hear what is asked/g, 1,
    'that it hears nothing was told once');
$redis->cmd('ACL', 'SETUSER', 'default', '+xread');
