#!/usr/bin/perl

# What is read of a request's body: the same, however the body comes.

use strict;
use warnings;

use JSON::PP ();
use Test::More;

use DistillGuard::Facts qw(@FACTS @IDS %SAID @dialects @pieces @whole common
    larger nothing_else of_dialect post same_facts);

my ($t, $upstream, $events) = DistillGuard::Facts::harness();


# ---- the same facts -------------------------------------------------------

my %ids;

for (@dialects) {
    my ($name, $path, $body, $expected) = @$_;

    my $answer = post($path, $body, [ 'whole', {} ]);
    my $facts = common($events->next);

    is($answer->{status}, 200, "$name: passes");
    is_deeply({ map { $_ => JSON::PP::is_bool($facts->{$_})
                ? $facts->{$_} ? 1 : 0 : $facts->{$_} }
            grep { exists $facts->{$_} } @FACTS },
        { %$expected, %{ $SAID{$name} }, bytes => length $body },
        "$name: the facts");

    is(scalar @{ $facts->{presented} // [] }, $body =~ /call_6x7/ ? 1 : 0,
        "$name: an id is presented");

    for (grep { exists $facts->{$_} } @IDS) {
        push @{ $ids{$_}{ $facts->{$_} } }, $name;
    }

    push @{ $ids{presented}{ $facts->{presented}[0] } }, $name
        if $facts->{presented};
}

# a prompt has but one text, which is the first and the last
is_deeply({ map { $_ => scalar keys %{ $ids{$_} } } keys %ids },
    { system => 1, tool_set => 1, first => 2, content => 1, presented => 1 },
    'the same texts and ids have the same hashes in all dialects')
    or diag explain \%ids;

# what an answer issued is known again when a request presents it

for (grep { $_->[2] =~ /call_6x7/ } @dialects) {
    my ($name, $path, $body) = @$_;

    my ($id) = post($path, $body, [ '', {} ], 'X-Upstream' => 'tool=1')
        ->content =~ /"((?:call|toolu)_\w{24})"/;
    my %issued = map { $_ => 1 } @{ $events->next->{issued} // [] };

    $body =~ s/call_6x7/$id/g;
    post($path, $body, [ '', {} ]);
    my @presented = @{ $events->next->{presented} // [] };

    is_deeply([ map { $issued{$_} } @presented ], [1],
        "$name: a presented id is one that was issued");
}


for (@dialects) {
    my ($name, $path, $body) = @$_;

    same_facts($name, $path, $body, of_dialect($name), @whole, @pieces);
}


# ---- marks of a template --------------------------------------------------

# Two slots in two dialects; the frame stands around them.

my $FRAME = 'You are given a note that somebody left on the kitchen table. '
    . 'Say in one sentence who wrote it, and to whom:';
my @SLOTS = ('Gone to buy milk, back at 6, love, Ann',
    'The dog has not been out yet! Feed him as well, please');

sub marks_of {
    my ($path, $body) = @_;

    is(post($path, JSON::PP->new->canonical->encode($body), [ '', {} ])
        ->{status}, 200, "$path: passes");

    return $events->next;
}

my @template = (
    marks_of('/v1/chat/completions', { messages => [
        { role => 'system', content => 'You are terse.' },
        { role => 'user', content => "$FRAME\n$SLOTS[0]" } ] }),
    marks_of('/v1/messages', { max_tokens => 9, messages => [
        { role => 'user', content => [
            { type => 'text', text => $FRAME },
            { type => 'text', text => $SLOTS[1] } ] } ] }),
    marks_of('/v1/chat/completions', { messages => [
        { role => 'user', content => $SLOTS[0] } ] }),
);

my @marks = map { +{ map { $_ => 1 } @{ $_->{marks} // [] } } } @template;
my @frame = grep { $marks[1]{$_} } @{ $template[0]{marks} };

ok(@frame >= 2 && $frame[0] =~ /^H[0-9a-f]{16}$/
    && $frame[0] eq $template[0]{marks}[0]
    && $frame[0] eq $template[1]{marks}[0],
    'a template leaves the same marks with other slots and dialects')
    or diag explain \@template;
ok(@frame < keys %{ $marks[0] } && @frame < keys %{ $marks[1] },
    'and others, which are of the slots');
is_deeply([ grep { $marks[2]{$_} } @frame ], [],
    'none of them without the frame');

is(marks_of('/v1/chat/completions', { messages => [
        { role => 'user', content => "$FRAME\n$SLOTS[0]" },
        { role => 'assistant', content => 'Ann.' },
        { role => 'user', content => "$FRAME\n$SLOTS[1]" } ] })->{marks},
    undef, 'a conversation that was answered leaves none');

is_deeply([ map { $_->{traces} ? 1 : 0 } $template[0],
    marks_of('/v1/chat/completions', { messages => [
        { role => 'system', content => 'Think step by step.' },
        { role => 'user', content => 'Why?' } ] }) ], [ 0, 1 ],
    'asking for reasoning in words is noticed');


# ---- larger than buffers --------------------------------------------------

for (@dialects[1 .. 3]) {
    my ($name, $path, $body) = @$_;

    my ($larger, $facts) = larger($name, $body, 20_000);
    same_facts("$name, 20 kB", $path, $larger, $facts, @whole,
        [ 'in pieces', {}, '', 999 ]);
}

for ($dialects[0]) {
    my ($name, $path, $body) = @$_;

    my ($larger, $facts) = larger($name, $body, 10_000_000);
    same_facts("$name, 10 MB", $path, $larger, $facts, @whole,
        [ 'in pieces', {}, '', 99_999 ]);
}


# ---- split at every byte --------------------------------------------------

# In chunks, each of which is read by itself; a few of the places at a time.

for (@dialects) {
    my ($name, $path, $body) = @$_;

    my $connection = $t->connect;
    my $cuts = length $body > 400 ? 7 : 1;
    my $step = int((length($body) + $cuts - 1) / $cuts);

    for my $at (1 .. $step) {
        my @pieces = map { [$_] } grep { $_ ne '' }
            unpack "a$at " . "a$step " x ($cuts - 1) . 'a*', $body;

        post($path, $body, [ '', { connection => $connection, chunked => 1,
            pieces => \@pieces } ]);
    }

    my $expected = of_dialect($name);
    my %seen = map { JSON::PP->new->canonical->encode(common($_)) => 1 }
        $events->take($step);

    is_deeply([ keys %seen ], [ JSON::PP->new->canonical->encode($expected) ],
        "$name: the same facts wherever it is split");
}


nothing_else();
