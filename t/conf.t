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
        qr/"ip".*key.*account.*origin.*asn or campaign in "distill_guard_l/],
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

    ['unknown signal', server('distill_guard_signal templates off;'),
        qr/unknown signal "templates" in "distill_guard_signal": .*relay in/],
    ['signal with a bad number',
        server('distill_guard_signal template soft=few;'),
        qr/"soft=few" in "distill_guard_signal template": a number is 0 or/],
    ['signal with a bad parameter',
        server('distill_guard_signal template score=5;'),
        qr/"score=5" in "distill_guard_signal template": write soft=N, hard/],
    ['signal with too many points',
        server('distill_guard_signal template points=101;'),
        qr/"points=101" in "distill_guard_signal template": points.* 0 to 100/],
    ['signal both off and on',
        server('distill_guard_signal template off points=5;'),
        qr/"off" in "distill_guard_signal template" stands alone: leave out/],
    ['signal with a number twice',
        server('distill_guard_signal template soft=1 soft=2;'),
        qr/"soft=" is twice in "distill_guard_signal template": leave one/],
    ['signal alone', server('distill_guard_signal template;'),
        qr/invalid number of arguments in "distill_guard_signal"/],
    ['signal twice', server('distill_guard_signal relay off;'
            . ' distill_guard_signal relay points=5;'),
        qr/"distill_guard_signal relay" sets again what is set already/],
    ['signal without a range',
        server('distill_guard_signal template soft=9 hard=9;'),
        qr/soft= and hard= of "distill_guard_signal template" are both 9: let/],
    ['signal without a range with what it inherits',
        'distill_guard_signal balance soft=4 hard=2.5;'
            . server('distill_guard_signal relay off;'
                . "\nlocation / {\ndistill_guard_signal balance soft=2.5; }"),
        qr/_signal balance" are both 2\.5: .* in .*nginx\.conf:\d+$/m],

    ['unknown action', server('distill_guard_action deny score=5;'),
        qr/unknown action "deny" in "distill_guard_action": use tag, pace/],
    ['action without a score', server('distill_guard_action block for=1h;'),
        qr/"distill_guard_action block" does not say.*: add score=N, 1 to 155/],
    ['action with a bad score', server('distill_guard_action tag score=156;'),
        qr/"score=156" in "distill_guard_action tag": a score is whole, 1 to/],
    ['action with a bad parameter', server('distill_guard_action tag 25;'),
        qr/"25" in "distill_guard_action tag": write score=N/],
    ['action both off and on',
        server('distill_guard_action tag score=5 off;'),
        qr/"off" in "distill_guard_action tag" stands alone: leave out/],
    ['action with a score twice',
        server('distill_guard_action tag score=5 score=6;'),
        qr/"score=" is twice in "distill_guard_action tag": leave one/],
    ['tag with a rate',
        server('distill_guard_action tag score=5 rate=1/s;'),
        qr/"rate=1\/s" in "distill_guard_action tag": rate= is of pace/],
    ['pace with a time', server('distill_guard_action pace score=5 for=1h;'),
        qr/"for=1h" in "distill_guard_action pace": for= is of block alone/],
    ['pace by the minute',
        server('distill_guard_action pace score=5 rate=20/m;'),
        qr/"rate=20\/m" in "distill_guard_action pace": .*tokens a second/],
    ['throttle with a bad period',
        server('distill_guard_action throttle score=45 rate=5/w;'),
        qr/"rate=5\/w" in "distill_guard_action throttle": the period is/],
    ['block for ever', server('distill_guard_action block score=80 for=2y;'),
        qr/"for=2y" in "distill_guard_action block": a time is 1s to 365d/],
    ['action alone', server('distill_guard_action tag;'),
        qr/invalid number of arguments in "distill_guard_action"/],
    ['action twice', server('distill_guard_action tag off;'
            . ' distill_guard_action tag score=30;'),
        qr/"distill_guard_action tag" sets again what is set already/],
    ['action that is never reached',
        server('distill_guard_action pace score=50;'),
        qr/pace at score 50 is never reached: throttle begins at 45/],
    ['action that is never reached, of three levels',
        'distill_guard_action throttle score=60;'
            . server("distill_guard_action pace score=55;\n"
                . "location / {\ndistill_guard_action tag score=58; }"),
        qr/tag at score 58 is never reached: pace begins at 55.*conf:\d+$/m],
    ['action that is never reached, in http alone',
        'distill_guard_action pace score=50;' . server(''),
        qr/pace at score 50 is never reached: throttle begins at 45/],

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
        qr/"127.0.0.1:6379".*redis:\/\/.* in "distill_guard_redis"/],
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
        } qw(key account origin asn campaign))],
    ['limits of two levels',
        $ZONE . server('distill_guard enforce;'
            . 'distill_guard_limit key requests=1/s;'
            . 'location / { distill_guard_limit key requests=5/s; }')],
    ['every parameter of signals and actions',
        $ZONE . server('distill_guard enforce;'
            . 'distill_guard_signal template soft=20 hard=1.5k points=30;'
            . 'distill_guard_signal balance hard=0.5;'
            . 'distill_guard_signal relay off;'
            . 'distill_guard_action tag score=1;'
            . 'distill_guard_action pace score=30 rate=1k/s;'
            . 'distill_guard_action throttle score=155 rate=10/h;'
            . 'distill_guard_action block score=40 for=1h30m;')],
    ['actions whose order is good only as a whole',
        $ZONE . server('distill_guard enforce;'
            . 'distill_guard_action pace score=50;'
            . 'distill_guard_action throttle score=60;')],
    ['an action that rests on what it inherits',
        $ZONE . 'distill_guard_action throttle score=60;'
            . server('distill_guard enforce;'
            . 'location / { distill_guard_action pace score=50; }')],
    ['an action that rests on what is off above',
        $ZONE . 'distill_guard_action throttle off;'
            . server('distill_guard enforce;'
            . 'location / { distill_guard_action pace score=150; }')],
    ['a signal whose other number is inherited',
        $ZONE . 'distill_guard_signal template hard=300;'
            . server('distill_guard enforce;'
            . 'location / { distill_guard_signal template soft=200; }')],
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
    unlike($output, qr/\[warn\]/, '... and nothing is warned of');
}

# settings that no guard takes: a level without one, and one with a guard of
# its own below it

my $ACTION = 'distill_guard_action tag score=20;';
my $LOCATION = 'location /a { distill_guard enforce; }';

for my $case (
    [1, 'a server with a guard that is off', server($ACTION)],
    [1, 'a location with one',
        server("distill_guard enforce; location / { distill_guard off;\n"
            . "$ACTION }")],
    [1, 'http with none', $ACTION . server('')],
    [1, 'signals', server('distill_guard_signal relay off;')],
    [0, 'a location with a guard', server("$ACTION $LOCATION")],
    [0, 'one that has actions, too, and inherits others',
        $ACTION . server('location / { distill_guard observe;'
            . ' distill_guard_action tag score=21; }')],
    [0, 'one server of two with a guard',
        $ACTION . server($LOCATION) . server('server_name other;')],
) {
    my ($warned, $name, $http) = @$case;
    my ($good, $output) = $t->conf_test($ZONE . $http);
    my $said = qr/\[warn\].*"distill_guard_\w+"\ has\ no\ effect\ while
        \ "distill_guard"\ is\ off\ in\ .*nginx\.conf:\d+$/mx;

    ok($good, "$name: good") or diag $output;
    $warned ? like($output, $said, '... but warned of')
        : unlike($output, qr/\[warn\]/, '... and nothing is warned of');
}
