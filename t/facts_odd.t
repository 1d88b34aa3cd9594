#!/usr/bin/perl

# Bodies that are not what they should be: what is read of them, and that they
# go on as they came.

use strict;
use warnings;

use Digest::MD5 qw(md5_hex);
use IO::Compress::Gzip ();
use Test::More;

use DistillGuard::Facts qw(@dialects @pieces @whole common nothing_else post);

my ($t, $upstream, $events) = DistillGuard::Facts::harness();


my $DEEP = 10_000;
my $HUGE = qr/^\d{5,}$/;    # cut to what is still beyond all use

my @odd = (
    # what, body, findings, other facts

    [ 'nothing', '', '' ],
    [ 'an empty object', '{}', '' ],
    [ 'a list', '[]', '' ],
    [ 'a text', '"model"', '' ],
    [ 'a number', '17', '' ],
    [ 'half', '{"model":"half","messages":[{"role":"user","content":"hel',
        'malformed', { model => 'half' } ],
    [ 'two', '{"model":"a"} {"model":"b"}', 'malformed', { model => 'a' } ],
    [ 'a form', 'model=m&messages=x', 'malformed' ],
    [ 'binary', join('', map { chr } 0 .. 255) x 9, 'malformed' ],
    [ 'a byte order mark', "\xef\xbb\xbf{\"model\":\"m\"}", 'malformed' ],
    [ 'a bare control character', "{\"model\":\"a\tb\"}", 'malformed' ],
    [ 'invalid UTF-8', "{\"messages\":[{\"role\":\"user\",\"content\":"
        . "\"\xff\xfe\xc3\"}]}", '', { text => { user => 3 } } ],

    [ 'deep', '[' x $DEEP, 'deep' ],
    [ 'deep and closed', '{"model":"m","messages":'
        . '[' x $DEEP . ']' x $DEEP . ',"n":3}', 'deep mistyped',
        { model => 'm' } ],
    [ 'deep where nobody looks', '{"x":' . '{"a":' x $DEEP . '1'
        . '}' x $DEEP . ',"n":3}', 'deep' ],

    [ 'huge numbers', '{"max_tokens":1e999,"temperature":-1e-999,'
        . '"n":123456789012345678901234567890,"top_logprobs":99999999999}',
        '', { n => $HUGE, top_logprobs => $HUGE, max_tokens => $HUGE,
            temperature => 0 } ],
    [ 'a long number', '{"n":' . '9' x 5000 . ',"max_tokens":5}', 'wide',
        { max_tokens => 5 } ],
    [ 'fractions', '{"n":2.9,"max_tokens":7e0,"temperature":0.0005}', '',
        { n => 2, max_tokens => 7, temperature => 0.001 } ],
    [ 'negative numbers', '{"n":-4,"max_tokens":-1,"top_logprobs":-1}', '',
        { n => undef, max_tokens => undef, top_logprobs => 131072 } ],

    [ 'wrong types', '{"model":{"a":1},"messages":"hi","stream":"yes",'
        . '"max_tokens":"12","temperature":[],"n":{},"stop":7,"tools":1}',
        'mistyped' ],
    [ 'wrong items', '{"model":"m","messages":[1,"two",null,[],{"role":7,'
        . '"content":{"a":1}}],"stop":[1,{}],"tools":[[]]}', 'mistyped',
        { model => 'm' } ],
    [ 'null throughout', '{"model":null,"messages":null,"stream":null,'
        . '"n":null,"temperature":null,"stop":null,"tools":null}', '' ],

    [ 'names twice', '{"model":"a","model":"b","n":2,"n":3}', 'duplicate',
        { model => 'b', n => 3 } ],
    [ 'half a pair', '{"model":"a\ud800b"}', 'surrogate',
        { model => "a\xef\xbf\xbdb" } ],
    [ 'a long name', '{"' . 'n' x 100_000 . '":1,"n":2}', '', { n => 2 } ],
    [ 'a long model', '{"model":"' . 'm' x 100_000 . '"}', '',
        { model => 'm' x 64 } ],
    [ 'many members', '{' . join(',', map { "\"a$_\":$_" } 1 .. 5000)
        . ',"n":2}', '', { n => 2 } ],
);

my @odd_ways = ([ 'whole', {} ], @whole[0, 5, 6], $pieces[4]);


sub passes_as_it_is {
    my ($name, $body, $way, @headers) = @_;

    my $answer = post('/v1/chat/completions', $body, $way, @headers);
    my $event = $events->next;
    my ($entry) = $upstream->ledger(1);

    is_deeply([ @$entry{qw(body_bytes body_md5)}, $answer->{status} ],
        [ length $body, md5_hex($body), $entry->{status} ],
        "$name, $way->[0]: passed on as it is");

    return common($event);
}


for (@odd) {
    my ($name, $body, $findings, $expected) = @$_;

    my $first;

    for my $way (@odd_ways) {
        # a body in pieces needs no hours
        my @way = @$way;
        $way[3] = 997 if $way[3] && length $body > 2000;

        my $facts = passes_as_it_is($name, $body, \@way);
        is_deeply($facts, $first // $facts, "$name, $way->[0]: the same facts");
        $first //= $facts;
    }

    is(join(' ', @{ $first->{findings} // [] }), $findings,
        "$name: the findings");
    is($first->{bytes}, length $body || undef, "$name: the bytes");
    for (sort keys %{ $expected // {} }) {
        my $value = $expected->{$_};

        ref $value eq 'Regexp' ? like($first->{$_}, $value, "$name: $_")
            : is_deeply($first->{$_}, $value, "$name: $_");
    }
}


# the name of a model is any bytes, an event is JSON all the same

{
    my $answer = post('/nowhere/v1/chat/completions',
        "{\"model\":\"\xff\\u0000\\\"\\\\}\",\"n\":2}", [ '', {} ]);
    my $event = $events->next;

    is_deeply([ $answer->{status}, @$event{qw(model n status source)} ],
        [ 502, "\xff\0\"\\}", 2, 502, undef ], 'a model of any bytes');
}

# a body that is compressed is not read

{
    my $body = $dialects[0][2];
    IO::Compress::Gzip::gzip(\$body, \my $gzip);

    for my $way (@odd_ways) {
        my $facts = passes_as_it_is('compressed', $gzip, $way,
            'Content-Encoding' => 'gzip');

        is_deeply([ @$facts{qw(findings bytes turns model)} ],
            [ ['encoded'], length $gzip, undef, undef ],
            "compressed, $way->[0]: facts say so");
    }
}


nothing_else();
