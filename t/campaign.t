#!/usr/bin/perl

# Thousands of accounts that have something in common and are no campaign: a
# popular prompt, a class's homework, a product's own prompt, a common agent.
# And a pool of keys among all of them, which is one.

use strict;
use warnings;

use List::Util qw(shuffle);
use Test::More;

use DistillGuard::Crowd qw($MODELS chat words);
use DistillGuard::Mmdb qw(asn_database);
use DistillGuard::Test;

my $READERS = 3000;     # of a popular prompt
my $STUDENTS = 300;     # with the same homework
my $AGENTS = 400;       # users of one agent
my $POOL = 200;         # keys of one harvest
my $TURNS = 8;          # that each of these is used

my $t = DistillGuard::Test->new;

$t->write_file('secret', "a secret of a certain length\n");
$t->write_file('asn.mmdb', asn_database('198.18.0.0/16', 64500));
$t->write_file('hosting.txt', "AS64500\n");

$t->conf($MODELS . <<'EOF_CONF', log_format =>
    distill_guard_zone zone=guard:32m;
    distill_guard_secret %%DIR%%/secret;
    distill_guard_geoip asn %%DIR%%/asn.mmdb;
    distill_guard_hosting %%DIR%%/hosting.txt;

    set_real_ip_from 127.0.0.1;
    real_ip_header X-Client;

    server {
        listen 127.0.0.1:%%HTTP%%;

        location / {
            distill_guard enforce;
            proxy_pass http://models;
        }

        location = /guard {
            access_log off;
            distill_guard_status;
        }
    }
EOF_CONF
    '$http_x_who $status $distill_guard_verdict $distill_guard_campaign')
    ->start;

my $crowd = DistillGuard::Crowd->new(port => $t->port('http'));


# ---- what is said ---------------------------------------------------------

my $PRODUCT = 'You are the assistant of a shop for garden tools. Be short and'
    . ' kind, ask for the number of the order where you need it, and never'
    . ' promise a date. ' . 'What you may tell of prices is in the list.' x 9;

my $PROMPT = 'I want you to act as an interviewer who has read everything that'
    . ' I ever wrote. Ask one question at a time, wait for my answer, be'
    . ' honest about what is weak in it, and only then go on to the next. My'
    . ' first answer to the question what I do all day is: ';

my $TASK = 'Correct the following essay on the causes of the great fire. Mark'
    . ' every claim that has no source, say what is missing, and give a mark'
    . ' from one to six. Essay: ';

my $FRAME = 'You are an expert problem solver. Work through the problem below'
    . ' in steps and write each of them down before you answer. Problem: %s.'
    . ' Give the steps first, then the answer in one line.';

my $AGENT = 'You are a coding agent that works in the directory of the user.'
    . ' Read files before you change them and run the tests afterwards. ' x 20;

my @TOOLS = map { { type => 'function', function => { name => $_,
    description => "To $_ a file of the project, by its path. " x 8,
    parameters => { type => 'object', properties => {
        path => { type => 'string' } } } } } }
    qw(read write search move remove list);

my $json = JSON::PP->new->canonical;
my $TOOLS = $json->encode(\@TOOLS);


sub request {
    my ($who, $text, %opt) = @_;

    return chat("sk-$who", $text, system => $PRODUCT, %opt, headers => [
        'X-Who' => $who, 'X-Client' => address($who),
        @{ $opt{headers} // [] } ]);
}


# As people are: most do a thing once or twice, and some will not stop.

sub often { return 1 + int(0.35 / (rand() + 0.02)) }


# Students are at school, the pool is behind one company's machines, and all
# others are at home.

sub address {
    my ($who) = @_;

    my ($kind, $i) = split /-/, $who;

    return $kind eq 'student' ? '203.0.113.7'
        : $kind eq 'pool' ? "198.18.4.$i"
        : join '.', $kind eq 'agent' ? 90 : 11, $i >> 8, $i & 255, 9;
}


# ---- the crowd ------------------------------------------------------------

srand 7;

my %crowd;

for my $i (1 .. $READERS) {
    push @{ $crowd{reader} }, map { request("reader-$i",
        $PROMPT . words(25)) } 1 .. often();

    # it was shared with an answer in it, which some send as it is

    push @{ $crowd{reader} }, request("reader-$i", "$PROMPT I mend clocks, and"
        . ' there are fewer of them each year.') if $i % 3 == 0;
}

for my $i (1 .. $STUDENTS) {
    push @{ $crowd{student} }, map { request("student-$i",
        $TASK . words(60)) } 1 .. often();
}

for my $i (1 .. $AGENTS) {
    push @{ $crowd{agent} }, map { request("agent-$i", words(20),
        system => $AGENT, more => ",\"tools\":$TOOLS") } 1 .. 4 + 2 * often();
}

# Whatever else they do: mostly they just ask; some want several answers, or
# log probabilities, or reasons, and one in ten has a program that says it is
# another.

my @ELSE = ('') x 16;

push @ELSE, ',"n":4', ',"logprobs":true,"top_logprobs":5',
    ',"reasoning_effort":"high"', ',"temperature":1.2,"max_tokens":900';

for my $i (1 .. $READERS) {
    my @who = ("reader-$i", $i <= $STUDENTS ? "student-$i" : (),
        $i <= $AGENTS ? "agent-$i" : ());
    my @headers = $i % 10 == 5 ? ('User-Agent' => 'OpenAI/JS 6.49.0') : ();

    push @{ $crowd{other} }, map { my $who = $_; map {
        request($who, words(8 + rand 30), more => $ELSE[ rand @ELSE ],
            headers => \@headers) } 1 .. often() } @who;
}


sub zone { return $t->http({ path => '/guard' })->json->{zones}{guard} }


# how often each verdict was said to those of a kind since it was asked last

my ($sent, $read) = (0, 0);


sub ask {
    my (@requests) = @_;

    $sent += @requests;

    return $crowd->send(@requests);
}


sub verdicts {
    my %said;

    $t->wait_for(sub { $t->access_log =~ tr/\n// >= $sent }, 10, 'the log');

    for (split /\n/, substr $t->access_log, $read) {
        my ($who, $kind, $status, $verdict, $campaign)
            = /^((\w+)-\S+) (\d+) (\S+) (\S*)$/ or die "strange: $_\n";

        $said{$kind}{$verdict}++;
        $said{$kind}{in}{$campaign}{$who} = 1 if $campaign ne '';
    }

    $read = length $t->access_log;

    return \%said;
}


# neither refused nor slowed, nor of a campaign

sub untouched {
    my ($said, $when) = @_;

    for my $kind (qw(reader student agent)) {
        my %seen = %{ $said->{$kind} };

        cmp_ok(delete $seen{PASS}, '>', 100, "every $kind passes, $when");
        delete $seen{TAG};
        is(join(' ', sort keys %seen), '', '... whatever else they do')
            or diag(explain(\%seen));
    }
}


my @all = shuffle(map { @{ $crowd{$_} } } sort keys %crowd);
my @first = splice @all, 0, 0.7 * @all;
my @status = ask(@first);

cmp_ok(scalar @first, '>', 10_000, 'many ask');
is(scalar(grep { $_ != 200 } @status), 0, 'all are answered');
untouched(verdicts(), 'alone');

my $zone = zone();

is($zone->{campaigns}, 0, 'there is no campaign');
cmp_ok($zone->{templates}, '>', 0, 'though there are templates');

# ---- a pool among them ----------------------------------------------------

# Keys that take turns behind one relay, while the others go on.

sub turn {
    return map { request("pool-$_", sprintf($FRAME, words(20)),
        system => 'You are a helpful assistant.') } shuffle 1 .. $POOL;
}

for (1 .. $TURNS) {
    ask(shuffle(turn(), splice @all, 0, 1 + @all / 2));
}

ask(@all);
untouched(my $said = verdicts(), 'while a pool does not');

cmp_ok($said->{pool}{THROTTLE}, '>', $POOL, 'a pool of keys is refused');

# by now what was seen of it has been put together

ask(turn());
$said = verdicts();

my @named = keys %{ $said->{pool}{in} };

is(zone()->{campaigns}, 1, 'it is a campaign');
is(scalar @named, 1, 'one');
cmp_ok(scalar keys %{ $said->{pool}{in}{ $named[0] } }, '>=', 0.98 * $POOL,
    'of all its keys');
