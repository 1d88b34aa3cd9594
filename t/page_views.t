#!/usr/bin/perl

# What the page asks for: the forms of it, and that a look at a large zone
# holds up nobody.

use strict;
use warnings;

use IO::Socket::INET;
use JSON::PP;
use Test::More;
use Time::HiRes ();

use DistillGuard::Crowd qw($MODELS chat words);
use DistillGuard::Test;

my $KEYS = 12_000;
my $AT_ONCE = 8;        # that a worker does
my $SLACK = 0.5;        # seconds within which a busy machine answers

my $t = DistillGuard::Test->new;

$t->write_file('secret', 's' x 32);

$t->conf($MODELS . <<'EOT')->start;
    distill_guard_zone zone=guard:40m;
    distill_guard_zone zone=other:1m;
    distill_guard_secret %%DIR%%/secret;

    server {
        listen 127.0.0.1:%%HTTP%%;
        access_log off;

        location / {
            distill_guard enforce zone=guard;
            proxy_pass http://models;
        }

        location = /guard { distill_guard_status; }
        location = /else { return 200 'else'; }
    }
EOT

my $crowd = DistillGuard::Crowd->new(port => $t->port('http'));


sub view {
    my ($args, %opt) = @_;

    return $t->http({ path => "/guard?$args", %opt });
}


# ---- forms ----------------------------------------------------------------

is_deeply([ map { scalar @{ view($_)->json->{ /(\w+)/ ? $1 : '' } } }
    qw(decisions campaigns top=score) ], [ 0, 0, 0 ], 'nothing at first');

srand 3;
$crowd->send(map { chat("sk-$_", words(12)) } 1 .. $KEYS);

my $history = view('history')->json;
my ($last) = map { my $sample = $_; +{ map { $history->{columns}[$_] =>
    $sample->[$_] } 0 .. $#$sample } } $history->{samples}[-1];
my $zone = view('format=json')->json->{zones}{guard};

is_deeply($history->{columns}, [ qw(time PASS TAG PACE THROTTLE BLOCK refused
    spared input_tokens output_tokens failed) ], 'history: its columns');
is($last->{PASS}, $KEYS, 'history: what passed');
is($last->{output_tokens}, $zone->{tokens}{output}{reported},
    'history: tokens');
cmp_ok(abs($last->{time} - time), '<', 5, 'history: of now');
cmp_ok(scalar @{ $history->{samples} }, '<=', 3, 'history: by the minute');

$t->reload;
my $kept = 0;
$kept += $_->[1] for @{ view('history')->json->{samples} };
is($kept, $KEYS, 'history: kept over a reload');

for my $measure (qw(score output_tokens requests refused)) {
    for my $kind (qw(key account origin asn campaign)) {
        my $top = view("top=$measure&kind=$kind")->json;

        is("$top->{by} $top->{kind}", "$measure $kind",
            "top: $measure of $kind");
    }
}

my $top = view('top=output_tokens&kind=key')->json;
my ($first) = @{ $top->{top} };

is(scalar @{ $top->{top} }, 100, 'top: a hundred');
is($top->{of}, $KEYS, 'top: of all');
is_deeply([ @$first{qw(requests output_tokens)} ], [ 1, 600 ],
    'top: with what they had');
is(view('top=requests')->json->{kind}, 'account', 'top: accounts by default');

my $why = view("explain=$first->{subject}")->json;

is($why->{subject}, $first->{subject}, 'explain: it');
is($why->{totals}{d}{all}{output_tokens}, 600, 'explain: its totals');
cmp_ok(scalar @{ $why->{signals} }, '>', 10, 'explain: all signals');
is(view('explain=key%3A' . 'f' x 32)->json->{known}, JSON::PP::false,
    'explain: nobody');

is(view('history&zone=other')->json->{samples}[-1][1], 0, 'another zone');
is(view("$_&zone=nowhere")->{status}, 404, "$_: no such zone")
    for qw(history decisions campaigns top=score);
is(view($_)->{status}, 400, "$_ is none") for qw(top=length top=
    top=score&kind=client top=score&kind=none explain= explain=sk-1
    explain=key:1);

my $head = view('campaigns', method => 'HEAD');
is("$head->{status} $head->{body}", '200 ', 'HEAD');
is(view('campaigns')->header('Cache-Control'), 'no-store', 'not to be kept');
is(view('campaigns', method => 'POST', body => '{}')->{status}, 405,
    'POST is refused');


# ---- many at once ---------------------------------------------------------

my $SURVEY = 'GET /guard?top=output_tokens&kind=account HTTP/1.1' . "\r\n"
    . "Host: localhost\r\nConnection: close\r\n\r\n";


sub sent {
    my ($n) = @_;

    return map {
        my $socket = IO::Socket::INET->new(PeerAddr => '127.0.0.1',
            PeerPort => $t->port('http')) or die "connect: $!\n";
        syswrite $socket, $SURVEY;
        $socket;
    } 1 .. $n;
}


sub came {
    my ($socket) = @_;

    local $/;
    my $answer = <$socket>;

    return $answer =~ /\AHTTP\/1\.1 (\d+)/ ? $1 : 'nothing';
}


my @sockets = sent(4 * $AT_ONCE);
my $began = Time::HiRes::time();

is($t->http({ path => '/else' })->{body}, 'else', 'meanwhile, others');
cmp_ok(Time::HiRes::time() - $began, '<', $SLACK, '... do not wait');

my %status;
$status{ came($_) }++ for @sockets;

is_deeply([ grep { !/^(?:200|503)$/ } keys %status ], [],
    'each is answered, or told to come again');
cmp_ok($status{200}, '>=', $AT_ONCE, 'as many as there may be are');

for (1 .. 4) {
    close $_ for sent($AT_ONCE);
}

ok(eval { $t->wait_for(sub { view('top=score')->{status} == 200 }, 5, 'end') },
    'those who left are forgotten');

%status = ();
$status{ came($_) }++ for sent($AT_ONCE);

is_deeply(\%status, { 200 => $AT_ONCE }, 'and leave room');
