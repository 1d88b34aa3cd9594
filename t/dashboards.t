#!/usr/bin/perl

# docs/dashboards: every query of both dashboards, and every metric of the
# alerts, is asked of a real Prometheus and a real Redis, and has an answer.

use strict;
use warnings;

use File::Basename qw(dirname);
use File::Spec;
use JSON::PP;
use Test::More;

use DistillGuard::Crowd qw($MODELS chat);
use DistillGuard::Process;
use DistillGuard::Redis;
use DistillGuard::Test;

my ($server, $tool) = map { my $name = $_;
    (grep { -x } map { "$_/$name" } split /:/, $ENV{PATH})[0] }
    qw(prometheus promtool);
my $cli = DistillGuard::Redis::cli();

plan(skip_all => 'needs prometheus, promtool and redis-cli')
    unless $server && $tool && $cli;

my $LONG = 60;
my $DIR = File::Spec->rel2abs(dirname(__FILE__) . '/../docs/dashboards');
my $doc = join '', do { open my $fh, '<', "$DIR/../dashboards.md" or die $!;
    <$fh> };

my $t = DistillGuard::Test->new;
my $redis = $t->redis;

$t->write_file('secret', "a secret of a certain length\n");

is(system("'$tool' check rules '$DIR/rules.yml' > /dev/null"), 0,
    'promtool finds nothing wrong with the rules');
is(system("cd '$DIR' && '$tool' test rules rules_test.yml > /dev/null"), 0,
    'they come up when they should, and only then');


# ---- a harvest, and who watches it ----------------------------------------

$t->conf($MODELS . <<'EOT')->start;

    distill_guard_zone zone=guard:4m;
    distill_guard_secret %%DIR%%/secret;
    distill_guard_redis redis://127.0.0.1:%%REDIS%% sync=100ms;

    distill_guard_signal template soft=10 hard=40 points=40;
    distill_guard_signal balance soft=3 hard=1.5 points=25;
    distill_guard_action block score=50 for=1h;
    distill_guard_limit key requests=40/m;

    server {
        listen 127.0.0.1:%%HTTP%%;

        location / {
            distill_guard enforce;
            proxy_pass http://models;
        }

        location = /guard {
            distill_guard off;
            access_log off;
            distill_guard_status;
        }
    }
EOT

my $http = $t->port('http');
my $port = $t->port('prometheus');

$t->write_file('prometheus.yml', <<"EOT");
global: { scrape_interval: 1s, evaluation_interval: 1s }
rule_files: [ '$DIR/rules.yml' ]
scrape_configs:
  - job_name: distill_guard
    metrics_path: /guard
    static_configs: [ { targets: [ '127.0.0.1:$http' ] } ]
EOT

my $prometheus = DistillGuard::Process->start(
    name => 'prometheus', out => $t->dir . '/prometheus.log',
    cmd => [ $server, '--config.file=' . $t->dir . '/prometheus.yml',
        '--storage.tsdb.path=' . $t->dir . '/prometheus',
        "--web.listen-address=127.0.0.1:$port" ]);

my @WORDS = qw(river copper lantern meadow tiger orchard violin harbor saddle
    thunder pepper walnut glacier ribbon falcon candle marble pigeon anchor
    velvet);
my $asked = 0;
my $crowd = DistillGuard::Crowd->new(port => $http);

sub traffic {
    $crowd->send(map {
        my $n = ++$asked;
        my @words = map { $WORDS[ ($n * $_ + int $n / $_) % @WORDS ] }
            3, 7, 11, 13, 17, 19, 23, 29;

        chat("sk-pool-$_", 'You are an expert tutor. Think step by step, show'
            . ' all of your reasoning before the final answer, and check each'
            . " step twice.\\n\\nProblem: @words\\n\\nAnswer in the format"
            . ' given above, with the reasoning first and the final answer in'
            . ' a box.')
    } 1 .. 60);

    $crowd->send(map { chat('sk-greedy', "hello $asked $_") } 1 .. 60);
}


sub ask {
    my ($path) = @_;

    return eval { decode_json($t->http({ path => "/api/v1/$path" },
        port => 'prometheus')->{body})->{data} };
}


sub values_of {
    my ($query) = @_;

    $query =~ s/([^\w.])/sprintf '%%%02X', ord $1/ge;
    my $data = ask("query?query=$query") or return;

    return grep { !/NaN/ } map { $_->{value}[1] } @{ $data->{result} };
}


# who decides is told where there is no node yet

$t->wait_for(sub { $redis->cmd('EXISTS', 'dg:nodes') }, 10,
    'the node is in Redis');

system($ENV{DG_CTL}, 'block', 'key:' . '5' x 32, '--redis',
    'redis://127.0.0.1:' . $t->port('redis'), '--author', 'alice', '--json')
    == 0 or fail('distillctl blocks');

for (1 .. 9) { traffic() }


# ---- Prometheus -----------------------------------------------------------

sub dashboard {
    my ($name) = @_;

    open my $fh, '<', "$DIR/$name.json" or die "$name: $!";
    local $/;

    return decode_json(scalar <$fh>);
}


for my $panel (@{ dashboard('prometheus')->{panels} }) {
    like($doc, qr/\| \Q$panel->{title}\E \|/,
        "$panel->{title}: it is in the document");

    for my $target (@{ $panel->{targets} }) {
        my $query = $target->{expr};

        $query =~ s/\$zone/.*/g;
        $query =~ s/\$__rate_interval/5s/g;

        my @values;
        eval { $t->wait_for(sub { traffic();
            @values = values_of($query) }, $LONG, $query) };
        ok(@values > 0, '... and its query has data') || diag($query);
    }
}


# ---- alerts ---------------------------------------------------------------

my @rules;

$t->wait_for(sub {
    my $data = ask('rules') or return 0;
    @rules = map { @{ $_->{rules} } } @{ $data->{groups} };
    return @rules && !grep { $_->{health} ne 'ok' } @rules;
}, $LONG, 'rules');

for my $rule (@rules) {
    is($rule->{lastError} // '', '', "$rule->{name} can be evaluated");
    like($doc, qr/\| `\Q$rule->{name}\E` \|/, '... and is in the document');

    for my $metric ($rule->{query} =~ /((?:distill_guard_\w+|up)\b(?:\{.*?\})?)/g)
    {
        ok(scalar values_of($metric), "... $metric is there");
    }
}


# ---- Redis ----------------------------------------------------------------

my ($day) = do { my @d = gmtime; sprintf '%d%02d%02d', $d[5] + 1900,
    $d[4] + 1, $d[3] };

for my $panel (@{ dashboard('redis')->{panels} }) {
    my ($query) = map { $_->{query} } @{ $panel->{targets} };

    like($doc, qr/\| \Q$panel->{title}\E \|/,
        "$panel->{title}: it is in the document");

    $query =~ s/\$\{prefix\}/dg/g;
    $query =~ s/\$\{day\}/$day/g;

    my $said = '';
    eval { $t->wait_for(sub {
        open my $out, '-|', $cli, '-p', $t->port('redis'), split / /, $query
            or die "redis-cli: $!\n";
        $said = join '', <$out>;
        close $out;
        return $said =~ /\S/;
    }, 10, $query) };

    ok($said =~ /\S/ && $said !~ /^(?:ERR|WRONGTYPE)/,
        '... and its command has an answer') || diag("$query: $said");
}

$prometheus->stop;
$t->stop_all;
