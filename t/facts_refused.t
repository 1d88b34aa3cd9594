#!/usr/bin/perl

# A request that is refused once its body is there: the same verdict, however
# the body comes, and the next request is itself.

use strict;
use warnings;

use Digest::MD5 qw(md5_hex);
use Test::More;

use DistillGuard::Facts qw(@FACTS @IDS @dialects @pieces @sent @whole common
    larger nothing_else post);

my ($t, $upstream, $events) = DistillGuard::Facts::harness();


# A key with 500 input tokens left asks for more, then, on the same
# connection, for less.  What passes unbuffered was with the upstream before
# it was known: there the verdict is the same, and not enforced, unless all
# of the body came with the head.

my $SMALL = '{"model":"second","max_tokens":9,"messages":[]}';


sub key_with_500_left {
    my ($name) = @_;

    my $key = "sk-$name";

    post('/v1/messages', $SMALL, [ '', {} ], 'x-api-key' => $key,
        'X-Upstream' => 'input=1500', -port => 'limited');
    $events->next;

    return ('x-api-key' => $key);
}


sub refused {
    my ($name, $way, $answer, $event, $facts) = @_;

    my $passed = $answer->{status} == 200;

    ok($passed ? $way->[0] =~ /^unbuffered/ : $answer->{status} == 429,
        "$name: refused");
    is($event->{verdict}, $passed ? 'THROTTLE_DRY_RUN' : 'THROTTLE',
        "$name: the verdict");
    is_deeply([ map { @$_{qw(limit max)} } @{ $event->{reasons} } ],
        [ 'key input_tokens=2000/d', 2000 ], "$name: the reason");

    my $common = common($event);
    is_deeply({ map { $_ => $common->{$_} } @FACTS, @IDS },
        { map { $_ => $facts->{$_} } @FACTS, @IDS }, "$name: the same facts");
}


# what is answered to the small one after it

sub second {
    my ($name, $answer, $event) = @_;

    my ($entry) = $upstream->ledger(1);

    is_deeply([ $answer->{status}, $answer->json->{model},
            $event->{verdict}, $event->{bytes}, $entry->{body_md5} ],
        [ 200, 'second', 'PASS', length $SMALL, md5_hex($SMALL) ],
        "$name: the next request is itself");
}


sub refuse_all {
    my ($size, $path, $body, $facts, @ways) = @_;

    for my $way (@ways) {
        my $name = "$size, $way->[0], refused";
        my @key = key_with_500_left($name);

        if ($way->[1]{http2}) {
            my $before = $way->[2] // '';
            my @answers = two_over_http2([ "$before$path", $body ],
                [ '/v1/messages', $SMALL ], @key, 'X-Upstream', 'input=9');
            my @two = $events->take(2);

            refused($name, $way, $answers[0], $two[0], $facts);
            second($name, $answers[1], $two[1]);
            next;
        }

        my @on = (-connection => $t->connect(port => 'limited'), @key);

        my $answer = post($path, $body, $way, @on, 'X-Upstream' => 'input=9');
        refused($name, $way, $answer, $events->next, $facts);

        my $next = post('/v1/messages', $SMALL, [ '', {} ], @on);
        second($name, $next, $events->next);
    }
}


# Both in one write.  Unbuffered, too, the body is there with its head, and
# no upstream has been asked yet.

sub pipeline {
    my ($path, $body, $facts) = @_;

    for my $before ('', '/4k', '/unbuffered') {
        for my $chunked (0, 1) {
            my $name = "pipelined, $before" . ($chunked ? ', chunked' : '');
            my @key = key_with_500_left($name);
            my $n = @sent;

            my $bytes = join '', map {
                my ($path, $body) = @$_;

                join "\r\n", "POST $path HTTP/1.1", 'Host: localhost',
                    'X-Case: ' . ++$n, "$key[0]: $key[1]",
                    'Content-Type: application/json', $chunked
                        ? ('Transfer-Encoding: chunked', '',
                            sprintf('%x', length $body), $body, '0', '', '')
                        : ('Content-Length: ' . length $body, '', $body);
            } [ "$before$path", $body ], [ '/v1/messages', $SMALL ];

            my $connection = $t->connect(port => 'limited');
            my $answer = $connection->request($bytes);

            push @sent, @sent + 1 . " $answer->{status}";
            is($answer->{status}, 429, "$name: not passed");
            refused($name, [ 'whole', {} ], $answer, $events->next, $facts);

            # nginx may not keep what is behind a chunked body: it says so
            next if $chunked && $answer->closing;

            $answer = $connection->request('');
            push @sent, @sent + 1 . " $answer->{status}";
            second($name, $answer, $events->next);
        }
    }
}


# The second takes the connection, and so the protocol, of the first.

sub two_over_http2 {
    my ($first, $second, %headers) = @_;

    my $port = $t->port('limited_h2');
    my @command = ('curl', '-q', '-sN', '--max-time', 60);
    my @files;

    for ($first, $second) {
        my ($path, $body) = @$_;

        my $n = @sent + @files + 1;
        push @files, $t->write_file("body-$n", $body);
        push @command, @files > 1 ? ('--next', '-s')
            : '--http2-prior-knowledge';
        push @command, map({ ('-H', $_) } 'Expect:', "X-Case: $n",
                'Content-Type: application/json',
                map { "$_: $headers{$_}" } sort keys %headers),
            '--data-binary', "\@$files[-1]", '-o', "$files[-1].answer",
            '-w', '%{http_code} %{num_connects} %{http_version}\n',
            "http://127.0.0.1:$port$path";
    }

    open my $curl, '-|', @command or die "curl: $!\n";
    my @said = map { [ split ] } <$curl>;
    close $curl;

    is_deeply([ map { [ @$_[1, 2] ] } @said ], [ [ 1, 2 ], [ 0, 2 ] ],
        'on one connection of HTTP/2');

    return map {
        my ($status) = @{ $said[$_] };
        push @sent, @sent + 1 . " $status";

        my $answer = DistillGuard::Http::Response->new;
        $answer->{status} = $status;
        $answer->{body} = $t->read_file("$files[$_].answer");
        $answer;
    } 0, 1;
}


for (
    [ '6 kB', 6_000, @whole, @pieces[2 .. 4] ],
    [ '10 MB', 10_000_000, @whole[0, 1, 2, 5, 7],
        [ 'in pieces', {}, '', 99_999 ] ],
) {
    my ($size, $n, @ways) = @$_;

    my ($name, $path, $body) = @{ $dialects[2] };
    my ($larger, $facts) = larger($name, $body, $n);

    refuse_all($size, $path, $larger, $facts, [ 'whole', {} ], @ways);
    pipeline($path, $larger, $facts) if $size eq '6 kB';
}

# before the body was asked for: it is read all the same, and dropped

for my $way ([ 'whole', {} ], $whole[1], [ 'in pieces', {}, '', 9_999 ]) {
    my @on = (-connection => $t->connect(port => 'limited'),
        'x-api-key' => "sk-early $way->[0]");
    my $body = $SMALL . ' ' x 300_000;

    my @got = map { post('/early/v1/messages', $_, $way, @on,
        -send_all => 1)->{status} } $SMALL, $body, $body, $SMALL;

    is("@got", '200 429 429 429', "refused before its body, $way->[0]");
    $events->take(4);
}


nothing_else();
