#!/usr/bin/perl

# Raw keys, prompts and answers are nowhere: not in the zone, not in Redis, not
# in any log of any level, not in the status, not in what the upstream did not
# need to see.

use strict;
use warnings;

use Test::More;

use DistillGuard::Test;

my $t = DistillGuard::Test->new;

$t->upstream;
my $redis = $t->redis;

$t->write_file('secret', "a-secret-that-nobody-should-ever-read\n");

# nginx itself prints request lines and headers into its debug log; of that
# log only the guard's own lines are looked at

my $FORMAT = '$status '
    . '$distill_guard_verdict $distill_guard_key $distill_guard_account '
    . '$distill_guard_client $distill_guard_reasons $distill_guard_event';

$t->conf(<<'EOF', log => 'debug', log_format => $FORMAT)->start;

    distill_guard_zone zone=guard:2m;
    distill_guard_secret %%DIR%%/secret;
    distill_guard_redis redis://127.0.0.1:%%REDIS%%;

    large_client_header_buffers 4 32k;
    proxy_http_version 1.1;

    server {
        listen 127.0.0.1:%%HTTP%%;
        distill_guard enforce;
        distill_guard_limit key requests=3/m;
        distill_guard_account $http_x_account;

        location / { proxy_pass http://127.0.0.1:%%UPSTREAM%%; }
        location /status { distill_guard off; distill_guard_status; }
    }
EOF

my %CHAT = (model => 'm', max_tokens => 10,
    messages => [{ role => 'user', content => 'hush-prompt-0001' }]);

my $LONG = 'sk-hush-long-' . 'k' x 16000;

my @cases = (
    ['/v1/chat/completions', Authorization => 'Bearer sk-hush-bearer-01'],
    ['/v1/messages', 'x-api-key' => 'sk-hush-anthropic-02'],
    ['/v1/chat/completions', 'api-key' => 'sk-hush-azure-03'],
    ['/v1beta/models/g:generateContent',
        'x-goog-api-key' => 'sk-hush-goog-04'],
    ['/v1beta/models/g:generateContent?key=sk-hush-arg-05'],
    ['/v1beta/models/g:generateContent?key=sk%2Dhush%2Darg%2D05'],
    ['/v1/chat/completions', Authorization => "Bearer $LONG"],
    ['/v1/messages', 'x-api-key' => 'sk-hush-two-06',
        Authorization => 'Bearer sk-hush-two-07'],
    ['/v1/chat/completions', Authorization => 'Bearer sk-hush-acc-08',
        'X-Account' => 'hush-account-09'],
);

my %seen;

for my $case (@cases) {
    my ($path, @headers) = @$case;

    # the last of them are refused: refusals are logged
    for (1 .. 5) {
        my $answer = $t->post_json($path, \%CHAT, @headers);
        $seen{ $answer->{status} }++;
    }
}

ok($seen{200} && $seen{429}, 'requests were answered, and refused');

$t->wait_for(sub { $redis->cmd('DBSIZE') > 10 }, 5, 'counts in Redis');

my $status = $t->http({ path => '/status' });
is($status->{status}, 200, 'the status page');

# the end of what the upstream answers

my $ANSWER = 'while seven wizards';

like($t->post_json('/v1/chat/completions', \%CHAT)->{body}, qr/$ANSWER/,
    'an answer has a text');


sub hushed {
    my ($where, $text) = @_;

    my @found = $text =~ /(.{0,40}(?:hush-[a-z]+-\w\w|$ANSWER).{0,20})/g;

    is(scalar @found, 0, "nothing in $where") or diag $found[0];
}


hushed('Redis', $redis->dump);
hushed('the access log', $t->access_log);
hushed('the status page', $status->{raw});

my ($key) = $t->access_log =~ /PASS ([0-9a-f]{32}) /;

for my $part ('format=prometheus', 'format=html', 'history', 'decisions',
    'campaigns', 'top=requests&kind=key', "explain=key:$key")
{
    my $answer = $t->http({ path => "/status?$part" });

    is($answer->{status}, 200, "the status page: $part");
    hushed('it', $answer->{raw});
}

my @guard = grep { /distill guard/ } split /\n/, $t->error_log;

ok((grep { /refuses key/ } @guard), 'refusals were logged');
hushed('the lines of the guard in the error log', join "\n", @guard);

# the zone, as it lies in the memory of a worker

my $zone = '';
my ($worker) = $t->workers;

open my $maps, '<', "/proc/$worker/maps" or die "maps: $!\n";
open my $mem, '<:raw', "/proc/$worker/mem" or die "mem: $!\n";

no warnings 'portable';    # addresses of 64 bits

while (<$maps>) {
    next unless m{^([0-9a-f]+)-([0-9a-f]+) rw-s .*/dev/zero};
    my ($from, $to) = map { hex } $1, $2;

    sysseek $mem, $from, 0 or next;
    sysread $mem, my $block, $to - $from or next;
    $zone .= $block;
}

cmp_ok(length $zone, '>=', 2 << 20, 'the zone was read');
hushed('the zone', $zone);
unlike($zone, qr/a-secret-that-nobody/, 'nor the secret');
