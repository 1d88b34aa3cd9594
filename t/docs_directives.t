#!/usr/bin/perl

# The document of directives: their syntax, contexts, bounds and defaults.

use strict;
use warnings;

use Test::More;

use DistillGuard::Docs qw($LISTEN $mmdb %doc commands conf_test section
    sources words);

my $t = DistillGuard::Docs::harness();
my $directives = $doc{'docs/directives.md'};


# ---- directives -----------------------------------------------------------

my @commands = commands();
my @described = $directives =~ /^## (distill_guard\w*)$/mg;

is_deeply([ sort @described ], [ sort @commands ],
    'every directive is described, and nothing else');

# a line of each, to be tried everywhere

my %line = (
    distill_guard         => 'observe',
    distill_guard_zone    => 'zone=other:512k',
    distill_guard_key     => '$http_x_key',
    distill_guard_account => '$http_x_account',
    distill_guard_secret  => '%%DIR%%/distill-guard.secret',
    distill_guard_redis   => 'redis://127.0.0.1',
    distill_guard_geoip   => 'asn %%DIR%%/asn.mmdb',
    distill_guard_hosting => '%%DIR%%/hosting.txt',
    distill_guard_limit   => 'key requests=1/s',
    distill_guard_signal  => 'relay off',
    distill_guard_action  => 'block off',
    distill_guard_exempt  => '$http_x_exempt',
    distill_guard_status  => '',
);

my %place = (
    http             => 'LINE',
    server           => "server { $LISTEN LINE }",
    location         => "server { $LISTEN location / { LINE } }",
    'if in location' =>
        "server { $LISTEN location / { if (\$host) { LINE } } }",
);


for my $name (@commands) {
    my $section = section($directives, $name);
    my ($default) = $section =~ /^\| Default: \| (.+) \|$/m;
    my ($context) = $section =~ /^\| Context: \| (.+) \|$/m;
    my @allowed;

    like($section, qr/^\| Syntax: \| \*\*$name\*\*.*; \|$/m,
        "$name: its syntax");
    like($default // '', qr/^(?:—|`$name .+;`)$/, '... and default');

    SKIP: {
        skip 'no MaxMind::DB::Writer', 1 if !$mmdb && $name =~ /geoip/;

        fail("$name is not tried"), next unless defined $line{$name};

        for my $place (keys %place) {
            my ($good, $said) = conf_test(
                $place{$place} =~ s/LINE/$name $line{$name};/r);

            push @allowed, $place if $good;
            diag($said) if !$good && $said !~ /directive is not allowed here/;
        }

        is_deeply([ sort @allowed ], [ sort(words($context // '')) ],
            '... and context');
    }
}

# Bounds: where they are written, what is just within and what is beyond.

$t->write_file("secret$_", 's' x $_) for 15, 16, 1024, 1025, 4096, 4097;
$t->write_file('large', '#' x (1 << 24));
$t->write_file('larger', '#' x ((1 << 24) + 1));

my ($REDIS, $ASN) = ('distill_guard_redis redis://127.0.0.1',
    'distill_guard_geoip asn %%DIR%%/asn.mmdb');
my ($SIGNAL, $ACTION) = ('distill_guard_signal', 'distill_guard_action');

for my $bound (
    [ qr/at least `512k`/, map { "distill_guard_zone zone=b:$_;" }
        '512k', '511k' ],
    [ qr/: 16 to 4096 bytes/, map { "distill_guard_secret %%DIR%%/secret$_;" }
        16, 15 ],
    [ qr/: 16 to 4096 bytes/, map { "distill_guard_secret %%DIR%%/secret$_;" }
        4096, 4097 ],
    [ qr/alone, at most 1024 bytes/,
        map { "$REDIS password_file=%%DIR%%/secret$_;" } 1024, 1025 ],
    [ qr/`prefix` [^*]* 1\ to\ 64\s+letters/x, map { "$REDIS prefix=$_;" }
        'p' x 64, 'p' x 65 ],
    [ qr/`sync` [^*]* `10ms`\s+to\s+`1m`/x, map { "$REDIS sync=$_;" }
        '10ms', '9ms' ],
    [ qr/`sync` [^*]* `10ms`\s+to\s+`1m`/x, map { "$REDIS sync=$_;" }
        '1m', '61s' ],
    [ qr/`timeout` [^*]* `10ms`\s+to\s+`1m`/x, map { "$REDIS timeout=$_;" }
        '10ms', '9ms' ],
    [ qr/`timeout` [^*]* `10ms`\s+to\s+`1m`/x, map { "$REDIS timeout=$_;" }
        '1m', '61s' ],
    [ qr/`7d` at most/, map { "$ASN reload=$_;" } '7d', '8d' ],
    [ qr/`points` are whole, 0 to 100/, map { "$SIGNAL relay points=$_;" }
        100, 101 ],
    [ qr/score on something is done, 1 to 155/,
        map { "$ACTION block score=$_;" } 1, 0 ],
    [ qr/score on something is done, 1 to 155/,
        map { "$ACTION block score=$_;" } 155, 156 ],
    [ qr/tokens a second: `1\/s` to `1000000\/s`/,
        map { "$ACTION pace score=35 rate=$_;" } '1/s', '0/s' ],
    [ qr/tokens a second: `1\/s` to `1000000\/s`/,
        map { "$ACTION pace score=35 rate=$_;" } '1000000/s', '1000001/s' ],
    [ qr/403, for a time: `1s` to `365d`/,
        map { "$ACTION block score=100 for=$_;" } '1s', '0s' ],
    [ qr/403, for a time: `1s` to `365d`/,
        map { "$ACTION block score=100 for=$_;" } '365d', '366d' ],
    [ qr/at most 16m/, map { "distill_guard_hosting %%DIR%%/$_;" }
        'large', 'larger' ],
) {
    my ($written, $good, $bad) = @$bound;

    next if $good =~ /geoip/ && !$mmdb;

    ok($directives =~ $written && (conf_test($good))[0]
        && !(conf_test($bad))[0], "$good is the bound");
}

# and defaults, as they are set

my $redis = sources('redis/*.c');

for my $default (
    [ 'sync', $redis =~ /redis->sync = (\d+);/, 'ms' ],
    [ 'timeout', $redis =~ /redis->timeout = (\d+);/, 'ms' ],
    [ 'prefix', $redis =~ /ngx_str_set\(&redis->prefix, "(\w+)"\)/, '' ],
) {
    my ($name, $value, $unit) = @$default;

    like($directives, qr/`$name` [^*]* `$value$unit`\s+by\s+default/x,
        "the default of $name");
}
