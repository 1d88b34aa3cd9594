#!/usr/bin/perl

# What distill_guard_redis takes and refuses, and in which words.

use strict;
use warnings;

use Test::More;

use DistillGuard::Ca;
use DistillGuard::Test;

my $t = DistillGuard::Test->new;

$t->write_file('secret', 's' x 32);
$t->write_file('password', "the-password\n");
$t->write_file('blank', " \n");


sub conf_test {
    my ($arguments) = @_;

    return $t->conf_test(<<"EOT");
    distill_guard_zone zone=guard:1m;
    distill_guard_secret %%DIR%%/secret;
    distill_guard_redis $arguments;
EOT
}


my $FILE = 'password_file=%%DIR%%/password';

# nginx may be without TLS, and openssl missing

my @tls = $t->has('ssl_module') ? ('rediss://127.0.0.1',
    'sentinels://127.0.0.1/m verify=off', 'clusters://127.0.0.1 verify=on') : ();

if (@tls && DistillGuard::Ca->available) {
    my $ca = DistillGuard::Ca->new($t->dir . '/ca');
    my $client = $ca->issue('DNS:client.test');

    $tls[2] = "clusters://127.0.0.1 name=redis.test ca=$client->{ca}"
        . " cert=$client->{cert} key=$client->{key}";
}

for my $good ('redis://127.0.0.1', 'redis://127.0.0.1/', 'redis://[::1]:6380/3',
    'redis://localhost:6379', "redis://guard\@127.0.0.1 $FILE",
    "redis://127.0.0.1 $FILE", 'unix:/run/redis.sock',
    'unix:///run/redis.sock?db=2', "unix://guard\@/run/redis.sock $FILE",
    'redis://127.0.0.1 prefix=shop.eu-1_a:b sync=10ms timeout=1m',
    'sentinel://127.0.0.1,[::1]:5,localhost/mymaster',
    "sentinel://guard\@127.0.0.1/mymaster/3 $FILE"
    . ' sentinel_user=watch sentinel_password_file=%%DIR%%/password',
    'cluster://127.0.0.1:7000,127.0.0.1:7001', "cluster://g\@127.0.0.1 $FILE",
    @tls)
{
    my ($ok, $said) = conf_test($good);
    ok($ok, $good) || diag($said);
}

# [arguments, what nginx -t says of them]

my @bad = (
    ['127.0.0.1:6379', qr/invalid URL "127.0.0.1:6379": write redis:\/\/\[user@\]/],
    ['redis://', qr/no host in the URL "redis:\/\/"/],
    ['redis://127.0.0.1:99999', qr/invalid port "99999" in the URL/],
    ['redis://127.0.0.1/first', qr/invalid database "first".*a number/],
    ['unix:', qr/no path of a socket in the URL "unix:"/],
    ['unix:/run/redis.sock?user=x', qr/invalid database "user=x"/],
    ['redis://no-such-host.invalid',
        qr/host not found: "no-such-host.invalid" in .*a "resolver" in http/],
    ['sentinel://127.0.0.1', qr/no name of a master, as in sentinel:.*mymaster/],
    ['sentinel://127.0.0.1,/m', qr/no host in the URL/],
    ['cluster://127.0.0.1/3', qr/a cluster has one database/],
    ['redis://127.0.0.1 ca=/a.pem', qr/"ca=" .*is for TLS: .*rediss:\/\//],
    ['cluster://127.0.0.1 verify=off', qr/"verify=" .*clusters:\/\//],
    ['rediss://127.0.0.1 verify=maybe', qr/"maybe" for verify=.*on or off/],
    ['rediss://127.0.0.1 name=', qr/"name=" .*is empty/],
    ['rediss://127.0.0.1 cert=/a.pem', qr/cert= and key= .*go together/],
    ['rediss://127.0.0.1 verify=off name=x', qr/no use with verify=off/],
    ['rediss://127.0.0.1 ca=%%DIR%%/none', qr/ca= in .*a PEM file/],
    ['rediss://127.0.0.1 cert=%%DIR%%/blank key=%%DIR%%/blank',
        qr/cert= and key= .*must name PEM files/],
    ['redis://127.0.0.1 sentinel_user=x', qr/"sentinel_user=" .*sentinel:/],
    ['sentinel://127.0.0.1/m sentinel_user=x',
        qr/sentinel_user="x" .*sentinel_password_file=/],
    ['sentinel://127.0.0.1/m sentinel_password_file=',
        qr/"sentinel_password_file=" .*names no file/],
    ['redis://guard@127.0.0.1', qr/user "guard" .*password_file=/],
    ['redis://guard:the-password@127.0.0.1',
        qr/holds a password: put it into a file/],
    ["redis://127.0.0.1 password_file=%%DIR%%/none",
        qr/cannot open ".*none".*must exist/],
    ["redis://127.0.0.1 password_file=%%DIR%%/blank", qr/blank".* is empty/],
    ['redis://127.0.0.1 password_file=', qr/names no file/],
    ['redis://127.0.0.1 prefix=', qr/invalid prefix ""/],
    ['redis://127.0.0.1 "prefix=a{b}"', qr/invalid prefix "a\{b\}"/],
    ['redis://127.0.0.1 prefix=' . 'p' x 65, qr/invalid prefix/],
    ['redis://127.0.0.1 sync=1ms', qr/invalid time "1ms" for sync=/],
    ['redis://127.0.0.1 timeout=2m', qr/invalid time "2m" for timeout=/],
    ['redis://127.0.0.1 sync=1s sync=2s', qr/"sync=" .*given twice/],
    ['redis://127.0.0.1 color=red', qr/invalid parameter "color=red".*prefix=/],
);

for my $bad (@bad) {
    my ($arguments, $words) = @$bad;

    # all that can be said of TLS is that there is none
    next if $arguments =~ /^rediss/ && !@tls;

    my ($ok, $said) = conf_test($arguments);

    ok(!$ok && $said =~ $words && $said =~ /"distill_guard_redis"/,
        "refused: $arguments") || diag($said);
    unlike($said, qr/the-password/, '... without repeating a password')
        if $arguments =~ /the-password/;
}
