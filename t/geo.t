#!/usr/bin/perl

# Where an address belongs: MaxMind files of every layout, replaced while in
# use, damaged in every way; the list of hosting networks.

use strict;
use warnings;

use JSON::PP;
use Test::More;

use DistillGuard::Test;

BEGIN {
    eval { require MaxMind::DB::Writer::Tree; 1 }
        or plan skip_all => 'needs MaxMind::DB::Writer (Debian: '
            . 'libmaxmind-db-writer-perl)';
}

my $t = DistillGuard::Test->new;
my $dir = $t->dir;

# of members whose type does not show in their value
my %TYPES = (autonomous_system_number => 'uint32', confidence => 'uint16',
    (map { $_ => 'boolean' } qw(is_anonymous is_anonymous_vpn
        is_hosting_provider is_public_proxy is_tor_exit_node)),
    (map { $_ => 'map' } qw(country registered_country continent names)),
    subdivisions => [ 'array', 'map' ]);


# The bytes of a database.  $networks is { 'address/length' => record }.

sub database {
    my ($networks, %opt) = @_;

    my $tree = MaxMind::DB::Writer::Tree->new(
        ip_version               => 6,
        record_size              => 24,
        database_type            => 'Test',
        languages                => ['en'],
        description              => { en => 'a test' },
        remove_reserved_networks => 0,
        map_key_type_callback    => sub { $TYPES{ $_[0] } // 'utf8_string' },
        %opt,
    );

    $tree->insert_network($_, $networks->{$_}) for sort keys %$networks;

    open my $fh, '>', \my $bytes or die $!;
    $tree->write_tree($fh);

    return $bytes;
}


sub asn { return { autonomous_system_number => $_[0],
    autonomous_system_organization => $_[1] // 'Somebody' } }

sub asn_database {
    my ($number, %opt) = @_;

    return database({ '203.0.113.0/24' => asn($number) }, %opt);
}


# Puts a file in its place as one should: under another name first.

sub replace {
    my ($name, $bytes) = @_;

    $t->write_file("$name.new", $bytes);
    rename "$dir/$name.new", "$dir/$name" or die "rename: $!\n";
}


$t->write_file('asn.mmdb', database({
    '203.0.113.0/24'  => asn(64500),
    '198.51.100.0/24' => asn(64501),
    '192.0.2.0/24'    => asn(4294967294, 'The last'),
    '2001:db8:1::/48' => asn(64502),
    '2001:db8:2::/48' => { isp => 'of no number' },
}));

$t->write_file('isp4.mmdb', database({
    '203.0.113.0/24' => { isp => 'An ISP', %{ asn(64510) } },
    '0.0.0.0/1'      => { isp => 'of no number' },
}, ip_version => 4, record_size => 32));

$t->write_file('country.mmdb', database({
    '203.0.113.0/24'  => { continent => { code => 'EU' },
        subdivisions => [ { iso_code => 'BE' } ],
        country => { names => { en => 'Germany' }, iso_code => 'DE' },
        registered_country => { iso_code => 'US' } },
    '198.51.100.0/24' => { registered_country => { iso_code => 'FR' } },
    '192.0.2.0/25'    => { country => { iso_code => 'xx' },
        registered_country => { iso_code => 'CH' } },
    '192.0.2.128/25'  => { country => { iso_code => 'D"' } },
    '2001:db8:1::/48' => { country => { iso_code => 'JP' } },
}, record_size => 28));

$t->write_file('flat.mmdb', database({
    '203.0.113.0/24'  => { country_code => 'IT' },
    '198.51.100.0/24' => { country_code => 'Italy' },
}, ip_version => 4, record_size => 28));

$t->write_file('anonymous.mmdb', database({
    '203.0.113.0/28'   => { is_anonymous => 1, is_hosting_provider => 1 },
    '203.0.113.16/28'  => { is_anonymous => 1, is_anonymous_vpn => 1 },
    '203.0.113.32/28'  => { is_anonymous => 1, is_hosting_provider => 1,
        is_tor_exit_node => 1 },
    '203.0.113.48/28'  => { is_anonymous => 1 },
    '203.0.113.64/28'  => { is_public_proxy => 1 },
    '203.0.113.80/28'  => { is_anonymous => 0, is_anonymous_vpn => 0 },
    '203.0.113.96/28'  => { isp => 'has no flags' },
    '2001:db8:1::/48'  => { is_anonymous => 1, is_hosting_provider => 1 },
}));

$t->write_file('hosting.csv', "\xef\xbb\xbf" . <<"EOT");
# hosting networks
ASN,Entity

64501, "Hosts, Inc."\r
"AS64502",quoted
  as4294967294   # the last but one
64501
EOT


# ---- what is found

my $FIRST = <<'EOT';
    distill_guard_geoip asn %%DIR%%/asn.mmdb;
    distill_guard_geoip country %%DIR%%/country.mmdb reload=10m;
    distill_guard_geoip anonymous %%DIR%%/anonymous.mmdb reload=0;
    distill_guard_hosting %%DIR%%/hosting.csv;
EOT

my $SERVER = <<'EOT';
    distill_guard_zone zone=guard:1m;
    distill_guard observe;

    set_real_ip_from 127.0.0.1;
    set_real_ip_from unix:;
    real_ip_header X-Client;

    server {
        listen 127.0.0.1:%%HTTP%%;
        listen unix:%%DIR%%/socket;

        location / {
            empty_gif;
            add_header X-Event $distill_guard_event;
            add_header X-Variables
                "$distill_guard_asn,$distill_guard_country";
        }
    }
EOT

$t->write_file('file', '');


sub ask {
    my ($address, %opt) = @_;

    return $t->http({ path => '/', headers =>
        [ defined $address ? ('X-Client', $address) : () ] }, %opt);
}


# what a request from there is known to be

sub place {
    my $event = decode_json(ask(@_)->header('X-Event'));

    return join ' ', map { $_ eq 'asn' || $_ eq 'country' ? $event->{$_} : $_ }
        grep { $event->{$_} } qw(asn country hosting anonymous);
}


sub places {
    my ($name, @expected) = @_;

    while (my ($address, $place) = splice @expected, 0, 2) {
        is(place($address), $place, "$name: $address");
    }
}


$t->conf($FIRST . $SERVER, workers => 2)->start;

places('everything',
    '203.0.113.1'           => '64500 DE hosting',
    '::ffff:203.0.113.1'    => '64500 DE hosting',
    '203.0.113.17'          => '64500 DE anonymous',
    '203.0.113.33'          => '64500 DE hosting anonymous',
    '203.0.113.49'          => '64500 DE anonymous',
    '203.0.113.65'          => '64500 DE anonymous',
    '203.0.113.81'          => '64500 DE',
    '203.0.113.97'          => '64500 DE',
    '198.51.100.1'          => '64501 FR hosting',
    '192.0.2.1'             => '4294967294 CH hosting',
    '192.0.2.129'           => '4294967294 hosting',
    '2001:db8:1::1'         => '64502 JP hosting',
    '2001:db8:2::1'         => '',
    '2001:db8:3::1'         => '',
    '127.0.0.1'             => '',
    '255.255.255.255'       => '',
    '::'                    => '',
    'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff' => '',
);

is(ask('203.0.113.1')->header('X-Variables'), '64500,DE', 'as variables');
is(ask('127.0.0.1')->header('X-Variables'), ',', 'empty where not known');
is(place(undef, unix => "$dir/socket"), '', 'a Unix-domain socket is nowhere');

$t->stop;

$t->conf(<<'EOT' . $SERVER)->start;
    distill_guard_geoip asn %%DIR%%/isp4.mmdb;
    distill_guard_geoip country %%DIR%%/flat.mmdb;
EOT

places('other layouts',
    '203.0.113.1'           => '64510 IT',
    '::ffff:203.0.113.1'    => '64510 IT',
    '198.51.100.1'          => '',
    '2001:db8:1::1'         => '',
    '::cb00:7101'           => '',
);

$t->stop;

$t->conf(<<'EOT' . $SERVER)->start;
    distill_guard_hosting %%DIR%%/hosting.csv;
EOT

places('without a database', '198.51.100.1' => '', '2001:db8:1::1' => '');

$t->stop;


# ---- replaced while in use

mkdir "$dir/main/conf" or die $!;
replace('main/conf/live.mmdb', asn_database(1));
replace('main/conf/beside.mmdb', $t->read_file('country.mmdb'));

my $live = qr/"[^"]*live\.mmdb" of "distill_guard_geoip"/;
my $good = qr/new $live is in use/;
my $kept = qr/new $live is (?!in use).*, the old one stays in use/;
my $gone = qr/$live is gone, what was read stays in use/;
my $beside = qr/new "[^"]*beside\.mmdb" of "distill_guard_geoip" is in use/;


sub lines {
    my ($pattern) = @_;

    my $n = () = $t->error_log =~ /$pattern/g;

    return $n;
}


# Does something to the file and waits for the log to say it once more.

sub change {
    my ($name, $pattern, $what) = @_;

    my $before = lines($pattern);

    $what->();

    ok(eval { $t->wait_for(sub { lines($pattern) > $before }, 10, $name) },
        "$name is noticed");
}


sub is_asn { is(place('203.0.113.1'), "$_[0] DE", $_[1]) }


$t->conf(<<'EOT' . $SERVER)->start;
    distill_guard_geoip asn conf/live.mmdb reload=50ms;
    distill_guard_geoip country conf/beside.mmdb reload=50ms;
EOT

is_asn(1, 'a path relative to the configuration');

change('a new file', $good,
    sub { replace('main/conf/live.mmdb', asn_database(2)) });
is_asn(2, 'and is in use');

my $whole = asn_database(3);

change('half a file', $kept,
    sub { replace('main/conf/live.mmdb', substr $whole, 0, 600) });
is_asn(2, 'the old one stays in use');

change('a file of another kind', $kept, sub { replace('main/conf/live.mmdb',
    database({ '203.0.113.0/24' => { country_code => 'DE' } })) });
is_asn(2, 'the old one still stays in use');

change('an empty file', $kept, sub { replace('main/conf/live.mmdb', '') });

# both are looked at as often: after three changes of the one, the other was
# looked at more than once

my $told = lines($kept);

change('another file', $beside, sub { replace('main/conf/beside.mmdb',
    $t->read_file('country.mmdb')) }) for 1 .. 3;
is(lines($kept), $told, 'a bad file is told of once');

change('a missing file', $gone,
    sub { unlink "$dir/main/conf/live.mmdb" or die $! });
is_asn(2, 'a missing file stays in use');

change('another file', $beside, sub { replace('main/conf/beside.mmdb',
    $t->read_file('country.mmdb')) }) for 1 .. 3;
is(lines($gone), 1, 'and is told of once');

$t->kill_worker;
is_asn(1, 'a new worker has what the master opened');

change('a good file again', $good,
    sub { replace('main/conf/live.mmdb', $whole) });
is_asn(3, 'and is in use');

$t->kill_worker;
is_asn(3, 'a new worker looks at once');

replace('main/conf/live.mmdb', asn_database(4));
ok($t->reload, 'reload');
is_asn(4, 'a new configuration has the new file');
$t->old_workers_gone;

replace('main/conf/live.mmdb', 'x' x 1000);
ok(!$t->reload, 'a configuration with a bad file is refused');
is_asn(4, 'and the old one goes on');
replace('main/conf/live.mmdb', $whole);

$t->allow_log(qr/\[emerg\].*live\.mmdb/);
$t->stop;


# ---- damaged files end nothing

my $countries = $t->read_file('country.mmdb');
my $data = index $countries, "\0" x 16;
my $marker = rindex $countries, "\xab\xcd\xefMaxMind.com";
my @damaged;


# bytes from there on are replaced

sub damage {
    my ($name, $offset, $bytes) = @_;

    my $copy = $countries;
    substr $copy, $offset, length $bytes, $bytes;
    push @damaged, [ $name, $copy ];
}


push @damaged, map { [ "cut at $_", substr $countries, 0, $_ ] }
    1, 100, $data, $data + 16, $data + 40, $marker - 1, $marker,
    $marker + 14, $marker + 15, $marker + 60, length($countries) - 1;

for my $byte ("\0", "\xff", "\x20", "\xe1", "\x01\x04") {
    my $hex = unpack 'H*', $byte;
    my $times = sub { substr $byte x $_[0], 0, $_[0] };

    damage("data of $hex", $data + 16, $times->($marker - $data - 16));
    damage("half the data of $hex", $data + 60,
        $times->($marker - $data - 60));
    damage("a tree of $hex", 0, $times->($data));
    damage("metadata of $hex", $marker + 14,
        $times->(length($countries) - $marker - 14));
}

# what libmaxminddb before 1.13 follows until its stack ends

my $value = index($countries, "\x49continent", $data) + 10;

push @damaged, map { my ($name, $bytes) = @$_;
    my $copy = $countries;
    substr $copy, $value, 0, $bytes;
    [ $name, $copy ] } [ 'deep arrays', "\x01\x04" x 2_000_000 ],
        [ 'deep maps', "\xe1\x40" x 2_000_000 ],
        [ 'a run of ff', "\xff" x 4_000_000 ];

my $conf = 'distill_guard_geoip country %%DIR%%/damaged.mmdb;' . $SERVER;
my ($opened, $refused, @worse) = (0, 0);

for (@damaged) {
    my ($name, $bytes) = @$_;

    $t->write_file('damaged.mmdb', $bytes);
    my ($ok, $output) = $t->conf_test($conf);

    if ($ok) {
        $opened++;

    } elsif ($output =~ /\[emerg\].*damaged\.mmdb" in "distill_guard_geoip"/) {
        $refused++;

    } else {
        push @worse, "$name: $output";
    }
}

is(join("\n", @worse), '', 'no damaged file ends nginx -t');
cmp_ok($refused, '>', 20, 'most are refused');

# those that look good are in use until a lookup meets the damage

replace('damaged.mmdb', $countries);
$t->conf('distill_guard_geoip country %%DIR%%/damaged.mmdb reload=20ms;'
    . $SERVER)->start;

my ($worker) = $t->workers;
my $reported = qr/new "[^"]*damaged\.mmdb" of "distill_guard_geoip"/;
my $answered = 0;

for (@damaged) {
    my $before = lines($reported);

    replace('damaged.mmdb', $_->[1]);
    $t->wait_for(sub { lines($reported) > $before }, 10, $_->[0]);

    $answered += ask($_)->{status} == 200 for '203.0.113.1', '198.51.100.1',
        '192.0.2.1', '192.0.2.200', '2001:db8:1::1', '10.0.0.1';
}

is($answered, 6 * @damaged, 'all requests are answered');
is_deeply([ $t->workers ], [ $worker ], 'by the same worker');

replace('damaged.mmdb', $countries);
ok(eval { $t->wait_for(sub { place('203.0.113.1') eq 'DE' }, 10, 'DE') },
    'and a good file is good again');

$t->stop;


# ---- nginx -t

$t->write_file('empty', '');
$t->write_file('text', "no database\n" x 100);
mkdir "$dir/directory" or die $!;
$t->write_file('bad1', "64500\n\nsixty\n");
$t->write_file('bad2', "AS0\n");
$t->write_file('bad3', "64500 64501\n");
$t->write_file('bad4', "4294967296\n");
$t->write_file('bad5', "ASN\nASN\n");
$t->write_file('bad6', "\"64500\n");
$t->write_file('nobody', "# nobody\n");

my $geoip = qr/in "distill_guard_geoip"/;
my $hosting = qr/in "distill_guard_hosting"/;
my $remedy = qr/: give the path of a MaxMind database of AS numbers, such as/;
my $list = qr/: give the path of a list of AS numbers/;
my $number = qr/: write one per line, as in 64500 or AS64500/;

my @bad = (
    # directives, what is said

    ['distill_guard_geoip asn %%DIR%%/none.mmdb;',
        qr/none\.mmdb" $geoip cannot be found$remedy.*No such file/],
    ['distill_guard_geoip asn %%DIR%%/empty;',
        qr/empty" $geoip is empty$remedy/],
    ['distill_guard_geoip asn %%DIR%%/directory;',
        qr/directory" $geoip is not a file$remedy/],
    ['distill_guard_geoip asn %%DIR%%/text;',
        qr/text" $geoip is damaged or no MaxMind database$remedy/],
    ['distill_guard_geoip asn %%DIR%%/country.mmdb;',
        qr/country\.mmdb" $geoip is of another kind$remedy/],
    ['distill_guard_geoip country %%DIR%%/asn.mmdb;',
        qr/asn\.mmdb" $geoip is of another kind: .*of countries/],
    ['distill_guard_geoip anonymous %%DIR%%/asn.mmdb;',
        qr/of another kind: .*of anonymous networks/],
    ['distill_guard_geoip city %%DIR%%/country.mmdb;',
        qr/invalid kind "city" $geoip: it is asn, country or anonymous/],
    ['distill_guard_geoip asn %%DIR%%/asn.mmdb;'
            . 'distill_guard_geoip asn %%DIR%%/isp4.mmdb;',
        qr/"distill_guard_geoip" directive is duplicate/],
    (map { ["distill_guard_geoip asn %%DIR%%/asn.mmdb $_;",
        qr/invalid parameter "$_" $geoip: write reload=time/]
    } qw(reload= reload=often reload=-1s reload=8d every=1m)),

    ['distill_guard_hosting %%DIR%%/none;',
        qr/none" $hosting cannot be opened$list.*No such file/],
    ['distill_guard_hosting %%DIR%%/directory;',
        qr/directory" $hosting is not a file.*$list/],
    ['distill_guard_hosting %%DIR%%/hosting.csv;'
            . 'distill_guard_hosting %%DIR%%/hosting.csv;',
        qr/"distill_guard_hosting" directive is duplicate/],
    ['distill_guard_hosting %%DIR%%/bad1;',
        qr/bad1" $hosting has no AS number in line 3$number/],
    (map { ["distill_guard_hosting %%DIR%%/bad$_;",
        qr/bad$_" $hosting has no AS number in line 1$number/]
    } 2, 3, 4, 6),
    ['distill_guard_hosting %%DIR%%/bad5;', qr/AS number in line 2$number/],
);

for (@bad) {
    my ($directives, $said) = @$_;

    my ($ok, $output) = $t->conf_test($directives . $SERVER);

    ok(!$ok, "refused: $directives");
    like($output, $said, 'with a remedy');
}

my ($ok, $output) = $t->conf_test("distill_guard_hosting %%DIR%%/nobody;"
    . $SERVER);
ok($ok, 'an empty list is a list');
like($output, qr/\[warn\].*nobody" in "distill_guard_hosting" lists no/,
    'with a warning');
