#!/usr/bin/perl

# The status page: one truth in two forms.

use strict;
use warnings;

use IPC::Open3;
use JSON::PP;
use Symbol qw(gensym);
use Test::More;

use DistillGuard::Test;

my $t = DistillGuard::Test->new;
$t->upstream;

$t->conf(<<'EOT')->start;
    distill_guard_zone zone=guard:512k;
    distill_guard_zone "zone=quo\"te\\d:1m";

    server {
        listen 127.0.0.1:%%HTTP%%;
        listen unix:%%DIR%%/socket;

        location / {
            distill_guard enforce zone=guard;
            distill_guard_limit key requests=3/d;
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
        }

        location /observe/ {
            distill_guard observe zone=guard;
            distill_guard_limit key output_tokens=1/d;
            proxy_pass http://127.0.0.1:%%UPSTREAM%%/;
        }

        location = /status {
            distill_guard_status;
        }
    }
EOT

my $CHAT = '/v1/chat/completions';
my %BODY = (model => 'm', messages => [ { role => 'user', content => 'hi' } ]);
my $SECRET = 'sk-a-raw-key-nobody-may-see';


sub status {
    my ($args, @headers) = @_;

    return $t->http({ path => "/status$args", headers => \@headers });
}


sub ask {
    my ($path, $key, @rest) = @_;

    return $t->post_json($path, \%BODY, Authorization => "Bearer $key",
        @rest)->{status};
}


sub zone { return status('')->json->{zones}{guard} }


# ---- nothing has happened

my $page = status('');

is($page->{status}, 200, 'a page');
is($page->header('Content-Type'), 'application/json', 'of JSON');
is($page->header('Cache-Control'), 'no-store', 'not to be kept');
like($page->json->{version}, qr/^\d+\.\d+\.\d+$/, 'the version');
is_deeply([ sort keys %{ $page->json->{zones} } ],
    [ 'guard', 'quo"te\\d' ], 'the zones');

my $zone = zone();

like($zone->{node}, qr/^[0-9a-f]{32}$/, 'the node');
cmp_ok(abs($zone->{start_time_seconds} - time), '<', 60, 'since now');
cmp_ok($zone->{memory}{size_bytes}, '>', 400 * 1024, 'its size');
cmp_ok($zone->{memory}{size_bytes}, '<', 512 * 1024, 'is the zone\'s');
cmp_ok($zone->{memory}{used_bytes}, '<', $zone->{memory}{size_bytes},
    'not all of it is used');
cmp_ok($zone->{memory}{subjects}, '>', 100, 'room for subjects');
is_deeply($zone->{subjects}, { map { $_ => 0 } qw(key account origin asn
    campaign) }, 'nobody is known');
is_deeply([ @$zone{qw(campaigns templates profiles)} ], [ 0, 0, 0 ],
    'and nothing of what they do');
is_deeply($zone->{sync}, { state => 'off', age_seconds => undef,
    lag_seconds => undef, skew_seconds => 0, map { $_ => 0 }
    qw(pending_subjects rounds reports
    connects failures errors sent_bytes received_bytes) },
    'without Redis');


# ---- something has

is(join(' ', map { ask($CHAT, $SECRET, 'X-Upstream' => 'input=10; tokens=20') }
    1 .. 5), '200 200 200 429 429', 'three of five pass');
is(ask($CHAT, 'another', 'X-Upstream' => 'input=10; usage=none'), 200,
    'without usage');
is(ask($CHAT, 'another', 'X-Upstream' => 'status=500'), 500, 'a failure');
is(join(' ', map { ask("/observe$CHAT", 'third',
    'X-Upstream' => 'input=1; tokens=5') } 1, 2), '200 200', 'observed');
is($t->post_json($CHAT, '{"model":', Authorization => 'Bearer another')
    ->{status}, 400, 'half a body');

$zone = zone();

is_deeply($zone->{verdicts}{PASS}, { enforced => 7, dry_run => 0 },
    'passed');
is_deeply($zone->{verdicts}{THROTTLE}, { enforced => 2, dry_run => 1 },
    'throttled');
is($zone->{refusals}{key}{requests}, 2, 'by requests of a key');
is($zone->{refusals}{key}{output_tokens}, 1, 'by output tokens of a key');
is_deeply($zone->{refusals}{origin}, { map { $_ => 0 } qw(requests
    input_tokens output_tokens tokens) }, 'not by the origin');
is($zone->{content_refusals}, 0, 'nor for what was asked');
is($zone->{profiles}, 3, 'three accounts are known');
is($zone->{exchanges}, 8, 'exchanges');
is($zone->{exchanges_failed}, 2, 'failed');
is($zone->{exchanges_aborted}, 0, 'aborted');
is($zone->{malformed_bodies}, 1, 'malformed');
is($zone->{tokens}{input}{reported}, 32, 'reported input');
is($zone->{tokens}{output}{reported}, 70, 'reported output');
cmp_ok($zone->{tokens}{output}{estimated}, '>', 0, 'estimated output');
is($zone->{subjects}{key}, 3, 'keys');
is($zone->{subjects}{origin}, 1, 'origins');
is($zone->{segment_subjects}{proven} + $zone->{segment_subjects}{probation},
    4, 'by segment');
is_deeply($zone->{evictions}, { probation => 0, proven => 0, convicted => 0 },
    'nobody was forgotten');


# ---- many come

my $room = $zone->{memory}{subjects};
my $connection = $t->connect;

$t->post_json($CHAT, \%BODY, Authorization => "Bearer many-$_",
    -connection => $connection, 'X-Upstream' => 'status=401') for 1 .. $room;

$zone = zone();

cmp_ok($zone->{evictions}{probation}, '>=', 4, 'and some are forgotten');
is($zone->{evictions}{proven}, 0, 'but nobody who was accepted');
is($zone->{subjects}{key} + $zone->{subjects}{origin}, $room,
    'every place is taken');
cmp_ok($zone->{memory}{used_bytes}, '<=', $zone->{memory}{size_bytes},
    'all the memory is used');


# ---- Prometheus

my $text = status('?format=prometheus');

is($text->header('Content-Type'),
    'text/plain; version=0.0.4; charset=utf-8', 'its type');
is($text->header('Cache-Control'), 'no-store', 'not to be kept, either');

my %samples = $text->{body} =~ /^(distill_guard_\w+\{.*\}) (\S+)$/mg;
my $other = status('')->json->{zones};
my %expected;


# a value of the JSON page as the samples it should be

sub samples {
    my ($zone, $name, $value, @labels) = @_;

    my %labels = ("$name" => []);
    my %names = (subjects => ['kind'], segment_subjects => ['segment'],
        evictions => ['segment'], steps => ['subject', 'verdict'],
        verdicts => ['verdict', 'mode'],
        refusals => ['kind', 'metric'],
        decisions => ['decision', 'kind'], tokens => ['direction', 'source'],
        requests => ['verdict', 'reason'], signal_firings => ['signal'],
        stage_seconds => ['stage']);

    $zone =~ s/(["\\])/\\$1/g;

    if ($name eq 'sync_state') {
        $expected{"distill_guard_sync_state{zone=\"$zone\",state=\"$_\"}"}
            = $_ eq $value ? 1 : 0 for qw(off connecting up down);
        return;
    }

    my $walk;
    $walk = sub {
        my ($at, @values) = @_;

        if (ref $at && $at->{le}) {
            my @of = ("zone=\"$zone\"", map { "$names{$name}[$_]=\"$values[$_]\"" }
                0 .. $#values);

            $expected{"distill_guard_$name\_$_\{" . join(',', @of) . '}'}
                = $at->{$_} for qw(sum count);
            $expected{"distill_guard_$name\_bucket{" . join(',', @of,
                "le=\"$_\"") . '}'} = $at->{le}{$_} for keys %{ $at->{le} };
            return;
        }

        if (ref $at) {
            $walk->($at->{$_}, @values, $_) for keys %$at;
            return;
        }

        return unless defined $at;

        my @set = map { "$names{$name}[$_]=\"$values[$_]\"" } 0 .. $#values;
        $expected{"distill_guard_$name\{" . join(',', "zone=\"$zone\"", @set)
            . '}'} = $at;
    };

    $walk->($value);
}


for my $zone (keys %$other) {
    my %page = %{ $other->{$zone} };

    $expected{'distill_guard_node_info{zone="' . ($zone =~ s/(["\\])/\\$1/gr)
        . '",node="' . delete($page{node}) . '",version="'
        . status('')->json->{version} . '"}'} = 1;

    for my $group (qw(memory sync)) {
        my $members = delete $page{$group};
        samples($zone, "${group}_$_", $members->{$_}) for keys %$members;
    }

    samples($zone, $_, $page{$_}) for keys %page;
}

s/_total\{/{/ for my @got = keys %samples;
is_deeply([ sort @got ], [ sort keys %expected ], 'the same samples');

my %got = map { s/_total\{/{/r => $samples{$_} } keys %samples;
is_deeply([ grep { $got{$_} != $expected{$_} } sort keys %expected ], [],
    'of the same values');

SKIP: {
    my ($promtool) = grep { -x } map { "$_/promtool" } split /:/, $ENV{PATH};
    skip 'needs promtool (Debian: prometheus)', 2 unless $promtool;

    my $pid = open3(my $in, my $out, my $err = gensym, $promtool, 'check',
        'metrics');
    print $in $text->{body};
    close $in;
    my $said = join '', <$out>, <$err>;
    waitpid $pid, 0;

    is($?, 0, 'promtool check metrics');
    is($said, '', 'has nothing to say');
}


# ---- which form, to whom

my $prometheus = qr{^text/plain};
my $json = qr{^application/json};
my $html = qr{^text/html; charset=utf-8};
my $scraper = 'application/openmetrics-text;version=1.0.0,'
    . 'text/plain;version=0.0.4;q=0.5,*/*;q=0.1';

for (
    ['', 'text/html,application/xhtml+xml,*/*;q=0.8', $html],
    ['', '*/*', $json],
    ['?format=html', '*/*', $html],
    ['?format=json', 'text/html', $json],
    ['', 'text/plain', $json],
    ['', $scraper, $prometheus],
    ['', 'text/plain;version=0.0.4', $prometheus],
    ['?x=y', $scraper, $prometheus],
    ['?format=json', $scraper, $json],
    ['?x=y&format=prometheus', '*/*', $prometheus],
) {
    my ($args, $accept, $type) = @$_;

    like(status($args, Accept => $accept)->header('Content-Type'), $type,
        "/status$args, Accept: $accept");
}

is(status('?format=xml')->{status}, 400, 'no such form');

my $head = $t->http({ method => 'HEAD', path => '/status' });
is($head->{status}, 200, 'HEAD');
is($head->header('Content-Type'), 'application/json', 'has the type');
cmp_ok($head->header('Content-Length'), '>', 1000, 'and the length');
is($head->{body}, '', 'and no body');

is($t->http({ method => $_, path => '/status', body => 'x' })->{status}, 405,
    "$_ is refused") for qw(POST PUT DELETE);

is($t->http({ path => '/status' }, unix => $t->dir . '/socket')->{status},
    200, 'through a Unix-domain socket');

unlike(status($_)->{body}, qr/\Q$SECRET\E|another|many-1/, "no key in it$_")
    for '', '?format=prometheus';


# ---- configuration

my ($ok, $output) = $t->conf_test('server { location / { '
    . 'distill_guard_status; distill_guard_status; } }');
ok(!$ok, 'twice in one location');
like($output, qr/"distill_guard_status" directive is duplicate/, 'is told');

($ok, $output) = $t->conf_test('server { distill_guard_status; }');
like($output, qr/"distill_guard_status" directive is not allowed here/,
    'in a location only');

$t->stop;

$t->conf('server { listen 127.0.0.1:%%HTTP%%; location /status { '
    . 'distill_guard_status; } }')->start;

is_deeply(status('')->json->{zones}, {}, 'without a zone');

$t->stop;


# ---- with Redis

my $redis = $t->redis;
$t->write_file('secret', 'f' x 32);

$t->conf(<<'EOT')->start;
    distill_guard_zone zone=guard:1m;
    distill_guard_secret %%DIR%%/secret;
    distill_guard_redis redis://127.0.0.1:%%REDIS%%;

    server {
        listen 127.0.0.1:%%HTTP%%;

        location / {
            distill_guard enforce;
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
        }

        location = /status {
            distill_guard_status;
        }
    }
EOT

sub sync { return zone()->{sync} }


sub becomes {
    my ($name, $what) = @_;

    ok(eval { $t->wait_for($what, 20, $name) }, $name)
        or diag(encode_json(sync()));
}


becomes('state up', sub { sync()->{state} eq 'up' });
is(ask($CHAT, $SECRET), 200, 'an exchange');
becomes('told to Redis', sub { my $s = sync();
    $s->{reports} >= 2 && $s->{pending_subjects} == 0 });

my $sync = sync();

cmp_ok($sync->{age_seconds}, '<', 5, 'a fresh round');
cmp_ok(abs $sync->{skew_seconds}, '<', 5, 'one clock');
cmp_ok($sync->{$_}, '>', 0, $_) for qw(rounds connects sent_bytes
    received_bytes);
like(status('?format=prometheus')->{body},
    qr/^distill_guard_sync_state\{zone="guard",state="up"\} 1$/m,
    'up for Prometheus');

$redis->kill9;

becomes('state down', sub { sync()->{state} eq 'down' });
is(ask($CHAT, $SECRET), 200, 'an exchange without Redis');
becomes('an age that grows', sub { sync()->{age_seconds}
    > $sync->{age_seconds} + 0.5 });
cmp_ok(sync()->{failures}, '>', 0, 'failures');
cmp_ok(sync()->{pending_subjects}, '>', 0, 'subjects that wait');

$redis->restart;

becomes('state up again', sub { sync()->{state} eq 'up' });
becomes('all told', sub { sync()->{pending_subjects} == 0 });
