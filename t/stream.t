#!/usr/bin/perl

# The way out is a tap: every event reaches the client when it is sent, and
# every byte is what it would be without the guard.

use strict;
use warnings;

use Compress::Raw::Zlib qw(WANT_GZIP Z_OK Z_STREAM_END);
use IO::Select;
use IO::Socket::IP;
use JSON::PP ();
use Socket qw(SOL_SOCKET SO_RCVBUF);
use Test::More;
use Time::HiRes qw(time);

use DistillGuard::Events;
use DistillGuard::Forms qw(forms);
use DistillGuard::Http;
use DistillGuard::Test;

my $t = DistillGuard::Test->new;
my $upstream = $t->upstream;
my $events = DistillGuard::Events->new($t);

# The same places with the guard and without it.  /accel/ has its upstream
# behind a server that says "X-Accel-Buffering: no".

my $places = <<'EOF_CONF';
        location /unbuffered/ {
            proxy_pass http://127.0.0.1:%%UPSTREAM%%/;
            proxy_buffering off;
        }

        location /buffered/ {
            proxy_pass http://127.0.0.1:%%UPSTREAM%%/;
        }

        location /accel/ {
            proxy_pass http://127.0.0.1:%%ACCEL%%/;
        }

        location /gzip/ {
            proxy_pass http://127.0.0.1:%%UPSTREAM%%/;
            proxy_buffering off;
            gzip on;
            gzip_types *;
            gzip_min_length 0;
        }
EOF_CONF

$t->conf($events->conf . <<"EOF_CONF")->start;

    distill_guard_zone zone=guard:2m;

    proxy_http_version 1.1;
    proxy_set_header Connection "";

    server {
        listen 127.0.0.1:%%HTTP%%;
        listen 127.0.0.1:%%H2%% http2;
        listen 127.0.0.1:%%SLOW%% sndbuf=8k;
        distill_guard enforce;
        distill_guard_limit key tokens=100m/m;
$places
    }

    server {
        listen 127.0.0.1:%%PLAIN%%;
        listen 127.0.0.1:%%PLAIN_H2%% http2;
        access_log off;
$places
    }

    server {
        listen 127.0.0.1:%%ACCEL%%;
        access_log off;

        location / {
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
            proxy_buffering off;
            add_header X-Accel-Buffering no;
        }
    }
EOF_CONF

my @forms = forms();
my @streams = grep { $_->{framing} } @forms;


# ---- one answer -----------------------------------------------------------

# [where, options of post_json, headers, before the path]

my @ways = (
    [ 'unbuffered', {}, [], '/unbuffered' ],
    [ 'X-Accel-Buffering', {}, [], '/accel' ],
    [ 'gzip', {}, [ 'Accept-Encoding', 'gzip' ], '/gzip' ],
    [ 'HTTP/2', { http2 => 1 }, [], '/unbuffered' ],
);
my $buffered = [ 'buffered', {}, [], '/buffered' ];


sub ask {
    my ($form, $way, $guarded, $steer, @headers) = @_;

    my (undef, $opt, $more, $before) = @$way;
    my $port = $opt->{http2}
        ? $guarded ? 'h2' : 'plain_h2' : $guarded ? 'http' : 'plain';

    return $t->post_json($before . $form->{path}, $form->{body},
        'X-Upstream' => "seed=s; $steer", 'x-api-key' => 'sk-stream',
        @$more, @headers, -port => $port, map { ("-$_" => $opt->{$_}) }
            keys %$opt);
}


# ---- when -----------------------------------------------------------------

my $BETWEEN = 40;     # milliseconds from event to event
my $ATTEMPTS = 3;     # the machine may be busy; who holds events back does so
                      # each time

# where the events of an answer end, in bytes

my %BORDER = (
    sse    => qr/(?<=\n\n)/,
    ndjson => qr/(?<=\n)/,
    array  => qr/(?=,\r\n\{"candidates")|(?=\]\n\z)/,
);


sub ends {
    my ($form, $body) = @_;

    my ($at, @ends) = (0);

    push @ends, $at += length for split $BORDER{ $form->{framing} }, $body;
    pop @ends if $form->{framing} eq 'array';

    return @ends;
}


# The body as it grows, without its compression: [time, bytes].

sub pieces {
    my ($answer) = @_;

    my @times = @{ $answer->{body_times} };

    return @times if ($answer->header('Content-Encoding') // '') ne 'gzip';

    my ($inflate) = Compress::Raw::Zlib::Inflate->new(
        -WindowBits => WANT_GZIP);

    return map {
        my ($time, $bytes) = @$_;
        my $status = $inflate->inflate($bytes, my $content);

        die "gzip: $status\n" if $status != Z_OK && $status != Z_STREAM_END;
        [ $time, $content ];
    } @times;
}


sub arrivals {
    my ($answer, @ends) = @_;

    my @pieces = pieces($answer);
    my ($time, $length) = (0, 0);

    return map {
        my $end = $_;

        while ($length < $end && @pieces) {
            $length += length $pieces[0][1];
            $time = (shift @pieces)->[0];
        }

        $time;
    } @ends;
}


# All streams at once.

sub timed {
    my ($way, $attempt, @forms) = @_;

    my @running = map {
        my $form = $_;

        $t->background(sub {
            my $answer = ask($form, $way, 1, "tokens=5; delay=$BETWEEN",
                'X-Case' => "$way->[0] $attempt $form->{name}");
            my $body = $answer->content;

            return { body => $body,
                arrivals => [ arrivals($answer, ends($form, $body)) ] };
        });
    } @forms;

    my @results = map { $_->result } @running;
    my %ledger = map { ($_->{headers}{'x-case'} // '') => $_ }
        $upstream->ledger;

    return map {
        my $result = shift @results;
        $result->{sent} = $ledger{"$way->[0] $attempt $_->{name}"}{sent_events};
        $result;
    } @forms;
}


# events that came late: not before the next was sent, or the last of them not
# in that time

sub late {
    my ($result) = @_;

    my @sent = @{ $result->{sent} };
    my @came = @{ $result->{arrivals} };

    push @sent, $sent[-1] + $BETWEEN / 1000;

    return grep { $came[$_] >= $sent[ $_ + 1 ] } 0 .. $#came;
}


my %reference = map { $_->{name} =>
    ask($_, $ways[0], 0, 'tokens=5')->{body} } @streams;

for my $way (@ways) {
    my @left = @streams;

    for my $attempt (1 .. $ATTEMPTS) {
        my @results = timed($way, $attempt, @left);
        $events->take(scalar @left);
        my @late;

        for my $form (@left) {
            my $result = shift @results;
            my @late_ones = late($result);
            my $name = "$form->{name}, $way->[0]";

            if (@late_ones && $attempt < $ATTEMPTS) {
                push @late, $form;
                next;
            }

            is($result->{body}, $reference{ $form->{name} },
                "$name: the same bytes");
            is(scalar @{ $result->{arrivals} }, scalar @{ $result->{sent} },
                "$name: all events are seen");
            is("@late_ones", '',
                "$name: each event is there before the next is sent");
        }

        @left = @late or last;
    }
}


# ---- what -----------------------------------------------------------------

# Everything about an answer that does not depend on the time.

sub seen {
    my ($answer) = @_;

    return {
        status  => $answer->{status},
        headers => [ grep { $_->[0] !~ /^date$/i }
            @{ $answer->{header_list} } ],
        content => join('', map { $_->[1] } pieces($answer)),
        map { $_ => $answer->{$_} ? 1 : 0 } qw(complete closed exit),
    };
}


# A stream cut off may end curl before it has handed over what it had.

my @all = ('', 'tool=1; reasoning=3', 'pad=70000; tokens=3');
my @most = ('usage=none', 'status=429; retry_after=3', 'status=204',
    'split=9');
my @of_streams = ('crlf=1; comments=1; split=50', 'cut=4', 'fail=4');

for my $way (@ways, $buffered) {
    for my $form (@forms) {
        my @different;

        for my $steer (@all, $way->[1]{http2} ? ()
            : (@most, $form->{framing} ? @of_streams : ()))
        {
            my ($plain, $guarded) = map {
                JSON::PP->new->canonical->encode(seen(
                    ask($form, $way, $_, $steer)))
            } 0, 1;

            push @different, "$steer:\n$plain\n$guarded"
                if $plain ne $guarded;
        }

        is("@different", '', "$form->{name}, $way->[0]: as without the guard");
    }
}

$events->rest;

# compressed by the upstream, though it was asked not to

for my $form (@forms) {
    my ($plain, $guarded) = map { ask($form, $ways[0], $_, 'gzip=1') } 0, 1;

    is_deeply(seen($guarded), seen($plain),
        "$form->{name}: compressed as without the guard");
}

# interim answers: whatever nginx makes of them

for my $form (@forms) {
    my ($plain, $guarded) = map {
        my $raw = ask($form, $ways[0], $_, 'early=1')->{raw};
        $raw =~ s/^Date:.*\r\n//mg;
        $raw;
    } 0, 1;

    is($guarded, $plain, "$form->{name}: early hints as without the guard");
}


# ---- a slow client --------------------------------------------------------

# The window is small and it takes a little at a time: what it does not take
# stands in nginx's buffers and files, or with the upstream.

sub slow {
    my ($form, $place, $steer, $ready) = @_;

    my $body = JSON::PP->new->canonical->encode($form->{body});
    my $socket = IO::Socket::IP->new(PeerHost => '127.0.0.1',
        PeerPort => $t->port('slow'),
        Sockopts => [ [ SOL_SOCKET, SO_RCVBUF, 4096 ] ])
        or die "no connection: $!\n";

    syswrite $socket, join("\r\n", "POST $place$form->{path} HTTP/1.1",
        'Host: localhost', "X-Upstream: seed=s; $steer", 'X-Case: slow',
        'Content-Type: application/json', 'x-api-key: sk-slow',
        'Content-Length: ' . length $body, '', $body);

    $ready->();

    my $answer = DistillGuard::Http::Response->new;
    my $select = IO::Select->new($socket);

    until ($answer->{complete}) {
        $select->can_read(20) or die "nothing comes any more\n";
        sysread $socket, my $bytes, 2048 or last;
        $answer->feed(time, $bytes);
    }

    return $answer;
}


my ($long) = grep { $_->{name} eq 'messages stream' } @forms;
my $much = 'tokens=1500; pad=500';
my $whole = ask($long, $ways[0], 0, $much);

# buffered, it begins to read when the upstream has said all
my %ready = (
    '/unbuffered' => sub { },
    '/buffered' => sub {
        $t->wait_for(sub {
            my ($last) = $upstream->ledger(1);
            ($last->{headers}{'x-case'} // '') eq 'slow';
        }, 20, 'the upstream to have said all');
    },
);

for my $place (sort keys %ready) {
    $t->wait_for(sub { !$events->rest }, 5, 'nothing before');
    $upstream->clear;

    my $answer = slow($long, $place, $much, $ready{$place});
    my $event = $events->next;

    ok($answer->{body} eq $whole->{body}, "slow, $place: all bytes");
    is_deeply([ @$event{qw(output_tokens source finish)} ],
        [ 1500, 'reported', 'end_turn' ], "slow, $place: all of it was read");
}

$t->log_like(qr/upstream response is buffered to a temporary file/,
    'which stood in a file');
