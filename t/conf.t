#!/usr/bin/perl

# What nginx -t refuses: it names the directive and says what to do.

use strict;
use warnings;

use Test::More;

use DistillGuard::Test;

my $t = DistillGuard::Test->new;

$t->write_file('secret', "0123456789abcdef0123456789abcdef\n");
$t->write_file('short', "short\n");
$t->write_file('empty', '');
$t->write_file('long', 'x' x 5000);

my $ZONE = 'distill_guard_zone zone=guard:1m;';
my $SECRET = 'distill_guard_secret %%DIR%%/secret;';

sub server {
    my ($lines) = @_;

    return "server { listen 127.0.0.1:%%HTTP%%; $lines }";
}

my @bad = (
    # what, http block, what is said

    ['guard without zone', server('distill_guard observe;'),
        qr/"distill_guard" needs a zone.*distill_guard_zone zone=/],
    ['unknown zone', $ZONE . server('distill_guard observe zone=other;'),
        qr/"distill_guard" names an unknown zone "other".*zone=other:64m/],
    ['two zones and none named',
        $ZONE . 'distill_guard_zone zone=b:1m;'
            . server('distill_guard enforce;'),
        qr/"distill_guard" needs a zone: there are several.*zone=name/],
    ['unknown mode', $ZONE . server('distill_guard on;'),
        qr/invalid value "on" in "distill_guard": it is off, observe or/],
    ['parameter behind the mode',
        $ZONE . server('distill_guard observe guard;'),
        qr/invalid parameter "guard" in "distill_guard": only zone=name/],
    ['mode twice',
        $ZONE . server('distill_guard observe; distill_guard off;'),
        qr/"distill_guard" directive is duplicate/],

    ['zone too small', 'distill_guard_zone zone=guard:100k;',
        qr/zone "guard" in "distill_guard_zone" is too small: give it 512k/],
    ['zone without size', 'distill_guard_zone zone=guard;',
        qr/invalid parameter "zone=guard" in "distill_guard_zone": write/],
    ['zone without name', 'distill_guard_zone zone=:1m;',
        qr/invalid parameter "zone=:1m" in "distill_guard_zone"/],
    ['zone with a bad size', 'distill_guard_zone zone=guard:big;',
        qr/invalid parameter "zone=guard:big" in "distill_guard_zone"/],
    ['zone twice', $ZONE . $ZONE,
        qr/"distill_guard_zone" defines zone "guard" twice/],

    ['limit without zone',
        server('distill_guard_limit key requests=1/s;'),
        qr/"distill_guard_limit" needs a zone.*distill_guard_zone zone=/],
    ['unknown kind', $ZONE . server('distill_guard_limit ip requests=1/s;'),
        qr/"ip".*key.*account.*origin.*asn.* in "distill_guard_limit"/],
    ['unknown metric', $ZONE . server('distill_guard_limit key words=1/s;'),
        qr/"words".*requests.*input_tokens.* in "distill_guard_limit"/],
    ['bad rate', $ZONE . server('distill_guard_limit key requests=ten/s;'),
        qr/"requests=ten\/s".* in "distill_guard_limit"/],
    ['rate of nothing', $ZONE . server('distill_guard_limit key requests=0/s;'),
        qr/"requests=0\/s".* in "distill_guard_limit"/],
    ['bad period', $ZONE . server('distill_guard_limit key requests=1/w;'),
        qr/"requests=1\/w".*period is s, m, h or d.* in "distill_guard_limit"/],
    ['limit without a rate', $ZONE . server('distill_guard_limit key;'),
        qr/invalid number of arguments in "distill_guard_limit"/],
    ['limit twice', $ZONE . server('distill_guard_limit key requests=1/s;'
            . ' distill_guard_limit key requests=2/s;'),
        qr/"key requests=2\/s" in "distill_guard_limit" limits again/],

    ['secret missing', 'distill_guard_secret %%DIR%%/none;',
        qr/cannot open ".*none" of "distill_guard_secret".*No such file/],
    ['secret a directory', 'distill_guard_secret %%DIR%%;',
        qr/cannot read ".*" of "distill_guard_secret"/],
    ['secret too short', 'distill_guard_secret %%DIR%%/short;',
        qr/secret file ".*short" in "distill_guard_secret" holds 5.*openssl/],
    ['secret empty', 'distill_guard_secret %%DIR%%/empty;',
        qr/".*empty" of "distill_guard_secret" is empty/],
    ['secret too long', 'distill_guard_secret %%DIR%%/long;',
        qr/".*long" of "distill_guard_secret" is longer than 4096 bytes/],
    ['secret twice', $SECRET . $SECRET,
        qr/"distill_guard_secret" directive is duplicate/],

    ['redis without secret',
        $ZONE . 'distill_guard_redis redis://127.0.0.1:6379;',
        qr/"distill_guard_redis" needs "distill_guard_secret"/],
    ['redis without zone',
        $SECRET . 'distill_guard_redis redis://127.0.0.1:6379;',
        qr/"distill_guard_redis" needs a zone/],
    ['redis with a bad URL',
        $ZONE . $SECRET . 'distill_guard_redis 127.0.0.1:6379;',
        qr/"127.0.0.1:6379".* "distill_guard_redis".*redis:\/\//],
    ['redis with a bad parameter',
        $ZONE . $SECRET
            . 'distill_guard_redis redis://127.0.0.1 password=x;',
        qr/"password=.*"distill_guard_redis"/],
    ['redis with a bad time',
        $ZONE . $SECRET
            . 'distill_guard_redis redis://127.0.0.1 sync=never;',
        qr/invalid time "never" for sync= in "distill_guard_redis": it is/],
    ['redis with no password file',
        $ZONE . $SECRET
            . 'distill_guard_redis redis://127.0.0.1 password_file=%%DIR%%/no;',
        qr/cannot open ".*no" of "distill_guard_redis"/],
    ['redis twice',
        $ZONE . $SECRET . 'distill_guard_redis redis://127.0.0.1;' x 2,
        qr/"distill_guard_redis" directive is duplicate/],

    ['geoip file missing', 'distill_guard_geoip asn %%DIR%%/none.mmdb;',
        qr/"distill_guard_geoip".*none\.mmdb|none\.mmdb.*"distill_guard_geoip"/],
    ['hosting file missing', 'distill_guard_hosting %%DIR%%/none;',
        qr/"distill_guard_hosting".*none|none.*"distill_guard_hosting"/],

    ['zone within a server', server($ZONE),
        qr/"distill_guard_zone" directive is not allowed here/],
);

for my $case (@bad) {
    my ($name, $http, $said) = @$case;
    my ($good, $output) = $t->conf_test($http);

    ok(!$good, "$name: refused");
    like($output, $said, "$name: named, and what to do");
}

my @good = (
    ['nothing of it', server('return 204;')],
    ['a zone alone', $ZONE . server('return 204;')],
    ['off without a zone', server('distill_guard off;')],
    ['the only zone is taken', $ZONE . server('distill_guard enforce;')],
    ['every limit',
        $ZONE . server(join ' ', map {
            my $kind = $_;
            map { "distill_guard_limit $kind requests=1/s tokens=10K/m"
                . ' input_tokens=1m/h output_tokens=5/d;' } $kind
        } qw(key account origin asn))],
    ['limits of two levels',
        $ZONE . server('distill_guard enforce;'
            . 'distill_guard_limit key requests=1/s;'
            . 'location / { distill_guard_limit key requests=5/s; }')],
    ['redis',
        $ZONE . $SECRET
            . 'distill_guard_redis redis://user@127.0.0.1:6380/2'
            . ' password_file=%%DIR%%/secret prefix=p sync=50ms'
            . ' timeout=1s;' . server('distill_guard observe;')],
);

$t->write_file('hosting', "AS64500\n");

my ($warned, $output) = $t->conf_test('distill_guard_hosting %%DIR%%/hosting;');
ok($warned, 'hosting without a file of networks: good');
like($output, qr/\[warn\].*"distill_guard_hosting" has no effect without/,
    'but warned of');

for my $case (@good) {
    my ($good, $output) = $t->conf_test($case->[1]);

    ok($good, "$case->[0]: good") or diag $output;
}
