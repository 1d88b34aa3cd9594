#!/usr/bin/perl

# What distill_guard_redis takes and refuses, and in which words.

use strict;
use warnings;

use Test::More;

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

for my $good ('redis://127.0.0.1', 'redis://127.0.0.1/', 'redis://[::1]:6380/3',
    'redis://localhost:6379', "redis://guard\@127.0.0.1 $FILE",
    "redis://127.0.0.1 $FILE", 'unix:/run/redis.sock',
    'unix:///run/redis.sock?db=2', "unix://guard\@/run/redis.sock $FILE",
    'redis://127.0.0.1 prefix=shop.eu-1_a:b sync=10ms timeout=1m')
{
    my ($ok, $said) = conf_test($good);
    ok($ok, $good) || diag($said);
}

# [arguments, what nginx -t says of them]

my @bad = (
    ['127.0.0.1:6379', qr/invalid URL "127.0.0.1:6379" .*redis:\/\/\[user@\]/],
    ['redis://', qr/no host in the URL "redis:\/\/"/],
    ['redis://127.0.0.1:99999', qr/invalid port in the URL/],
    ['redis://127.0.0.1/first', qr/invalid database "first".*a number/],
    ['unix:', qr/no path in the unix domain socket/],
    ['unix:/run/redis.sock?user=x', qr/invalid database "user=x"/],
    ['rediss://127.0.0.1', qr/"rediss:\/\/" .*not supported by this version/],
    ['sentinel://a,b/name', qr/"sentinel:\/\/" .*not supported/],
    ['cluster://a,b', qr/"cluster:\/\/" .*not supported/],
    ['redis://127.0.0.1 ca=/a.pem', qr/TLS parameters .*not supported/],
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
    my ($ok, $said) = conf_test($arguments);

    ok(!$ok && $said =~ $words && $said =~ /"distill_guard_redis"/,
        "refused: $arguments") || diag($said);
    unlike($said, qr/the-password/, '... without repeating a password')
        if $arguments =~ /the-password/;
}
