#!/usr/bin/perl

# Honest accounts that have one template, all of them new, and something else
# in common besides: each must be no campaign.

use strict;
use warnings;

use List::Util qw(shuffle);
use Test::More;

use DistillGuard::Crowd qw($MODELS chat words);
use DistillGuard::Mmdb qw(asn_database);
use DistillGuard::Test;

my %COHORTS = (

    'a class of 300, with three to seven essays each' => {
        accounts => 300, uses => sub { 3 + int rand 5 }, other => 2 },

    'a class of 300, with one to twelve essays each' => {
        accounts => 300, uses => sub { 1 + int rand 12 }, other => 2 },

    'a popular prompt, one reader in ten behind one hosting network' => {
        accounts => 3000, uses => \&often, other => 1, hosting => 0.1 },

    'a popular prompt, three in ten with a program of few headers' => {
        accounts => 3000, uses => \&often, other => 1, relay => 0.3 },
);

my $FRAME = 'Correct the following text on the causes of the great fire. Mark'
    . ' every claim that has no source, say what is missing, and give a mark'
    . ' from one to six. Text: ';

my $t = DistillGuard::Test->new;
my @names = sort keys %COHORTS;

$t->write_file('secret', "a secret of a certain length\n");
$t->write_file('asn.mmdb', asn_database('198.18.0.0/16', 64500));
$t->write_file('hosting.txt', "AS64500\n");

$t->conf($MODELS . <<'EOF_CONF' . join('', map { <<"EOF_ZONE" } 0 .. $#names))
    distill_guard_secret %%DIR%%/secret;
    distill_guard_geoip asn %%DIR%%/asn.mmdb;
    distill_guard_hosting %%DIR%%/hosting.txt;
    access_log off;
    set_real_ip_from 127.0.0.1;
    real_ip_header X-Client;
EOF_CONF
    distill_guard_zone zone=guard$_:16m;

    server {
        listen 127.0.0.1:%%HTTP$_%%;

        location / {
            distill_guard enforce zone=guard$_;
            proxy_pass http://models;
        }

        location = /guard {
            distill_guard_status;
        }
    }
EOF_ZONE
    ->start;


# most people do a thing once or twice, and some will not stop

sub often { return 1 + int(0.35 / (rand() + 0.02)) }


sub ask {
    my ($cohort, $i, $text) = @_;

    my $of = ($i % 10) / 10;
    my $address = $of < ($cohort->{hosting} // 0) ? '198.18.77.7'
        : $cohort->{accounts} <= 300 ? '203.0.113.7'
        : join '.', 11, $i >> 8, $i & 255, 9;

    return chat("sk-$i", $text, headers => [ 'X-Client' => $address,
        $of < ($cohort->{relay} // 0) ? ('User-Agent' => 'OpenAI/JS 6.49.0')
            : () ]);
}


for my $n (0 .. $#names) {
    my $cohort = $COHORTS{ $names[$n] };
    my (%status, $campaigns);

    for my $seed (1 .. 5) {
        srand $seed;

        my @requests = map { my $i = $_ + 10_000 * $seed;
            (map { ask($cohort, $i, $FRAME . words(40)) }
                1 .. $cohort->{uses}->()),
            map { ask($cohort, $i, words(20)) } 1 .. $cohort->{other} }
            1 .. $cohort->{accounts};

        $FRAME = words(30) . ': ';
        $status{$_}++ for DistillGuard::Crowd->new(port => $t->port("http$n"))
            ->send(shuffle(@requests));
    }

    $campaigns = $t->http({ path => '/guard' }, port => "http$n")
        ->json->{zones}{"guard$n"}{campaigns};

    is($campaigns, 0, $names[$n]);
    is(join(' ', sort keys %status), '200', '... nobody is refused')
        or diag("$status{429} of $status{200}");
}
