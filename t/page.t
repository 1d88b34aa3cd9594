#!/usr/bin/perl

# The status page in a real browser: an empty, a quiet and an attacked system,
# on a phone and on a desk, light and dark. It is read, followed, steered by
# keyboard, and made to decide.

use strict;
use warnings;

use FindBin;
use JSON::PP;
use Test::More;

use DistillGuard::Crowd qw($MODELS);
use DistillGuard::Mmdb qw(asn_database);
use DistillGuard::Page qw(attack quiet);
use DistillGuard::Process;
use DistillGuard::Test;

my $CHROMIUM = '/usr/bin/chromium';
my $LONG = 150;      # seconds for all that is done in the browser

die "$CHROMIUM is not installed: apt-get install chromium, or make deps\n"
    unless -x $CHROMIUM;

for (qw(playwright-core axe-core)) {
    die "$_ is not installed: npm --prefix t/page ci --ignore-scripts\n"
        unless -e "$FindBin::Bin/page/node_modules/$_/package.json";
}

my $t = DistillGuard::Test->new;
my $redis = $t->redis;

$t->write_file('secret', 's' x 32);
$t->write_file('asn.mmdb', asn_database('198.18.0.0/16', 64500));
$t->write_file('hosting.txt', "AS64500\n");

my @STATES = qw(empty quiet attack);
my (%url, %crowd);

for my $state (@STATES) {
    my $second = $state eq 'quiet'
        ? 'distill_guard_zone "zone=<b>two</b>:1m";' : '';
    my $guard = $state eq 'quiet' ? 'enforce zone=guard' : 'enforce';

    $t->conf($MODELS =~ s/MODELS/MODELS_$state/gr . <<"EOT",
    distill_guard_zone zone=guard:8m;
    $second
    distill_guard_secret %%DIR%%/secret;
    distill_guard_geoip asn %%DIR%%/asn.mmdb;
    distill_guard_hosting %%DIR%%/hosting.txt;
    distill_guard_redis redis://127.0.0.1:%%REDIS%% prefix=$state;

    set_real_ip_from 127.0.0.1;
    real_ip_header X-Client;

    server {
        listen 127.0.0.1:%%$state%%;

        location / {
            distill_guard $guard;
            proxy_pass http://models;
        }

        location = /seen { distill_guard_status; }
        location = /held { distill_guard_status control; }
    }
EOT
        instance => $state)->start;

    $url{$state} = 'http://127.0.0.1:' . $t->port($state);
    $crowd{$state} = DistillGuard::Crowd->new(port => $t->port($state));
}

srand 5;
quiet($crowd{$_}) for qw(quiet attack);
attack($crowd{attack}) for 1, 2;


# ---- in the browser -------------------------------------------------------

# What is in the environment is not the browser's to take, and what it writes
# goes with the test.

my $browser = DistillGuard::Process->start(
    name => 'node page.mjs',
    cmd  => [ '/usr/bin/env', 'HOME=' . $t->dir, 'TMPDIR=' . $t->dir,
        'node', "$FindBin::Bin/page/page.mjs", $CHROMIUM, $t->dir,
        map { $url{$_} } @STATES ],
    out  => $t->dir . '/page.out',
);

# it says when Redis is to go

$t->wait_for(sub {
    $redis->kill9 if -e $t->dir . '/away' && $redis->{process}->alive;
    return !$browser->alive;
}, $LONG, 'the browser to end');

my @lines = split /\n/, $t->read_file('page.out');
my @said = grep { !/^\{"test":/ } @lines;

is($browser->status, 0, 'the browser has ended well');
is(join("\n", @said), '', 'and has said nothing');

my @tests = map { decode_json($_) } grep { /^\{"test":/ } @lines;

for my $test (@tests) {
    my ($got, $want) = map { JSON::PP->new->canonical->allow_nonref
        ->encode($_) } @$test{qw(got want)};

    is($got, $want, $test->{test});
}

cmp_ok(scalar @tests, '>', 60, 'all of it was looked at');
