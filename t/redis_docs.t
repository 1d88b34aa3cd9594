#!/usr/bin/perl

# docs/redis.md: each of its redis-cli lines answers its question, and nginx
# needs no other rights than those it lists.

use strict;
use warnings;

use File::Basename qw(dirname);
use File::Spec;
use Test::More;

use DistillGuard::Test;

my $t = DistillGuard::Test->new;

my $cli = DistillGuard::Redis::cli();
plan(skip_all => 'no redis-cli') unless $cli;

my $PASSWORD = 'a-password-of-redis';
my $doc = $t->read_file(File::Spec->rel2abs(
    dirname(__FILE__) . '/../docs/redis.md'));

my ($rights) = $doc =~ /^ACL SETUSER guard (.*>PASSWORD.*)$/m;
my ($operator) = $doc =~ /^ACL SETUSER operator (.*>PASSWORD.*)$/m;
my ($record) = $doc =~ /^(\d{13} alice block .*)$/m;
my ($setting) = $doc =~ /^```sh\n(key=.*?)^```/ms;
my %line = $doc =~ /^\*\*(.+?)\*\*[^`]*?^```sh\n(.+?)^```/msg;

ok($rights && $operator && $record && $setting && %line,
    'the document has rights, a decision and questions');

s/PASSWORD/$PASSWORD/ for $rights, $operator;

my $redis = $t->redis(acl => [ 'default on nopass ~* &* +@all',
    "guard $rights", "operator $operator" ]);

$t->upstream;
$t->write_file('secret', 's' x 32);
$t->write_file('password', "$PASSWORD\n");

$t->conf(<<'EOT', log_format => '$distill_guard_key')->start;

    distill_guard_zone zone=guard:2m;
    distill_guard_secret %%DIR%%/secret;
    distill_guard_redis redis://guard@127.0.0.1:%%REDIS%%
                        password_file=%%DIR%%/password sync=20ms;
    set_real_ip_from 127.0.0.1;
    real_ip_header X-Client;

    server {
        listen 127.0.0.1:%%HTTP%%;

        location / {
            distill_guard enforce;
            distill_guard_limit key requests=5/d;
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
            proxy_http_version 1.1;
            proxy_buffering off;
            distill_guard_signal relay hard=0.1;
            distill_guard_action tag score=5;
        }
    }
EOT

# the lines look at the current minute, hour and day: not when these end

$t->wait_for(sub { time % 60 < 45 }, 60, 'the next minute');


sub ask {
    my ($key, $client, $n, $tokens, @headers) = @_;

    for (1 .. $n) {
        $t->post_json('/v1/chat/completions',
            { model => 'm', messages => [{ role => 'user', content => 'x' }] },
            Authorization => "Bearer sk-docs-$key", 'X-Client' => $client,
            'X-Upstream' => "tokens=$tokens; input=10", @headers);
    }

    return (split /\n/, $t->access_log)[-1];
}


# a limit of 5: "greedy" is refused three times

my $greedy = ask('greedy', '203.0.113.7', 8, 100);
my $small = ask('small', '203.0.113.8', 2, 30);
ask('small', '198.51.100.1', 1, 30);

# one of a library that speaks with another's voice

ask('relayed', '192.0.2.9', 3, 0, 'User-Agent' => 'OpenAI/JS 6.49.0');
$t->wait_for(sub { $redis->cmd('EXISTS', 'dg:audit') }, 10, 'its step');

# a request in flight

my $stream = $t->background(sub {
    $t->post_json('/v1/chat/completions', { model => 'm', stream => \1,
            max_tokens => 50, messages => [{ role => 'user', content => 'x' }] },
        Authorization => 'Bearer sk-docs-small', 'X-Client' => '198.51.100.1',
        'X-Upstream' => 'tokens=300; delay=20')->{status};
});

my $today = do { my @d = gmtime; sprintf '%d%02d%02d', $d[5] + 1900,
    $d[4] + 1, $d[3] };

$t->wait_for(sub {
    my ($refused, $output) = map { $_ // 0 } @{ $redis->cmd('HMGET',
        "dg:{key:$greedy}:d:$today", 'refused', 'output_tokens') };

    return $refused == 3 && $output == 500
        && $redis->cmd('EXISTS', "dg:top:key:refused:d:$today")
        && rank('key', $small) == 4 && rank('origin', '198.51.100.0/24') == 2;
}, 10, 'the counts');


sub rank {
    my ($kind, $id) = @_;

    return $redis->cmd('ZSCORE', "dg:top:$kind:requests:d:$today", $id) // 0;
}


# With the rights of an operator, and no others.

sub ctl {
    my ($command, @args) = @_;

    my $line = join ' ', map { "'$_'" } $ENV{DG_CTL}, $command, @args,
        '--redis', 'redis://operator@127.0.0.1:' . $t->port('redis'),
        '--password-file', $t->dir . '/password';

    is(system("$line > /dev/null") >> 8, 0, "distillctl $command");
}


# What is printed, as lines.

sub answer {
    my ($question) = @_;

    my $line = delete $line{$question};
    return ('no such question') unless defined $line;

    (my $set = $setting) =~ s/^key=.*$/key=$small/m;
    $set =~ s/^origin=.*$/origin=203.0.113.0\/24/m;

    my $port = $t->port('redis');
    my $script = "redis-cli() { $cli -p $port \"\$@\"; }\n"
        . $set . $line;

    open my $out, '-|', 'bash', '-c', $script or die "bash: $!\n";
    chomp(my @lines = <$out>);
    close $out;

    return @lines;
}


is_deeply([ answer('Which keys received the most output tokens today?') ],
    [ $greedy, 500, $small, 90 ], 'top keys by output tokens today');

is_deeply([ answer('Which origins sent the most requests today?') ],
    [ '203.0.113.0/24', 7, '192.0.2.0/24', 3, '198.51.100.0/24', 2 ],
    'top origins by requests today');

is_deeply([ answer('How many requests did a key make this hour?') ], [ 4 ],
    "a key's requests this hour");

is_deeply([ answer('What did a key do today?') ], [ 4, '', 30, 90, '' ],
    "a key's day");

my @reserved = answer('What does a key have in flight?');
ok($reserved[0] > 0 && $reserved[1] > 0, 'reservations in flight')
    || diag("@reserved");

my %origins = answer('Where was a key used from today?');
is_deeply([ sort keys %origins ], [ '198.51.100.0/24', '203.0.113.0/24' ],
    'origins of a key');
cmp_ok(abs(time - $origins{'203.0.113.0/24'}), '<', 60, 'and when');

is_deeply([ sort(answer('Which keys were used from a network today?')) ],
    [ sort $greedy, $small ], 'keys of an origin');

is_deeply([ answer('Who was refused today, and how often?') ], [ $greedy, 3 ],
    'refused today');

my %fields = answer('Which node counted how much of a key today?');
my ($node) = map { /^node:([0-9a-f]{16})$/ } keys %fields;
is($fields{"node:$node"}, '4 0 30 90 0', "a node's own part");

ctl('block', "key:$greedy", '--author', 'alice', '--for', '2h',
    '--reason', 'harvests for a rival');
ctl('exempt', "key:$small", '--author', 'bob');
ctl('release', "key:$small", '--author', 'bob');
ctl('list');
ctl('top');

my %decided = answer('What have operators decided?');
like($decided{"key:$greedy"}, qr/^\d{13} alice block \d+ harvests for a rival$/,
    'decisions');
is($decided{"key:$greedy"} =~ s/\d+/N/gr, $record =~ s/\d+/N/gr,
    '... are written as the document has it');
like($decided{"key:$small"}, qr/^\d{13} bob release 0$/, '... to the last');

my @last = answer('What was decided last?');
is_deeply([ @last[1 .. 4] ], [ 'subject', "key:$small", 'decision',
    $decided{"key:$small"} ], 'the last decision');

my (undef, %step) = answer('Who came to another rung of the ladder last, and why?');
is("$step{what} $step{from} $step{to} $step{dry_run} $step{node}",
    "step PASS TAG 0 $node", 'the last step');
like($step{reasons}, qr/^\[\{"signal":"relay",/, '... and its reason');

my ($table) = $doc =~ /^## Steps\n(.*?)^## /ms;
is_deeply([ sort 'campaign', keys %step ],
    [ sort map { /`(\w+)`/g } $table =~ /^\| (`.*?`) \|/mg ],
    '... with the fields that it is said to have');

# a node with just its own rights puts back what is gone

$t->wait_for(sub { $redis->cmd('HGET', "dg:node:$node", 'decisions')
    =~ m{^1/} }, 10, 'the node to hear of it');
$redis->cmd('DEL', 'dg:{decisions}', 'dg:{decisions}:now');
$redis->cmd('CLIENT', 'KILL', 'USER', 'guard');
$t->wait_for(sub { ($redis->cmd('HGET', 'dg:{decisions}:now', "key:$greedy")
    // '') eq $decided{"key:$greedy"} }, 10, 'the decision to be put back');
pass('decisions are put back');

is_deeply([ answer('Which nodes are alive?') ], [ $node ], 'nodes alive');

my %about = answer('What are these nodes?');
is($about{zone}, 'guard', 'what they are');

is_deeply([ keys %line ], [], 'every question has been asked');
is($stream->result, 200, 'the request in flight');

# everything that is there, of the type and with the life that it says

my %table = map { my ($key, $type, undef, $life) = split /\s*\|\s*/;
    $key =~ tr/`//d; $key => [ $type, $life ] }
    map { /^\| (`dg:.*) \|$/ } split /\n/, $doc;

my %seconds = (minute => 60, hour => 3600, day => 86400);
my (%found, @strange);

for my $name (@{ $redis->cmd('KEYS', '*') }) {
    (my $general = $name) =~ s/^(dg:node):\w+$/$1:NODE/;
    $general =~ s/(:answers):\w+$/$1:ID/;
    $general =~ s/^(dg:top):\w+:\w+:d:\d{8}$/$1:KIND:COUNTER:d:YYYYMMDD/;
    $general =~ s/\{key:\w+\}(:origins)/{key:ID}$1/;
    $general =~ s/\{origin:[^}]+\}(:keys)/{origin:NET}$1/;
    $general =~ s/\{[a-z]+:[^I}][^}T]+\}/{SUBJECT}/;
    $general =~ s/:\d{12}$/:YYYYMMDDHHMM/;
    $general =~ s/:\d{10}$/:YYYYMMDDHH/;
    $general =~ s/:\d{8}$/:YYYYMMDD/;

    my $row = $table{$general};
    my ($n, $unit) = ($row->[1] // '') =~ /^(\d+) ([a-z]+?)s?$/;
    my %type = ('sorted set' => 'zset');
    my $ttl = $redis->cmd('TTL', $name);

    push @strange, "$name ($general), $ttl" unless $row
        && $redis->cmd('TYPE', $name) eq ($type{ $row->[0] } // $row->[0])
        && $ttl > 0 && $ttl <= $n * $seconds{$unit};

    $found{$general}++;
}

is_deeply(\@strange, [], 'types and times to live as documented');
is_deeply([ sort keys %found ], [ sort keys %table ],
    'every key documented, and every documented key seen');
