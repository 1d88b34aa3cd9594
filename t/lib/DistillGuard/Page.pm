package DistillGuard::Page;

# Traffic for the status page to show: nothing, some, or a harvest by a pool
# of keys.

use strict;
use warnings;

use Exporter qw(import);
use List::Util qw(shuffle);

use DistillGuard::Crowd qw(chat words);

our @EXPORT_OK = qw(quiet attack);

my $CLIENTS = 24;       # that just ask
my $POOL = 60;          # keys of one harvest
my $TURNS = 6;          # that each of these is used

my $FRAME = 'You are an expert problem solver. Work through the problem below'
    . ' in steps and write each of them down before you answer. Problem: %s.'
    . ' Give the steps first, then the answer in one line.';


sub _request {
    my ($who, $address, $text, %opt) = @_;

    return chat("sk-$who", $text, %opt,
        headers => [ 'X-Client' => $address ]);
}


# clients that have nothing in common

sub quiet {
    my ($crowd) = @_;

    return $crowd->send(shuffle(map { my $who = $_;
        map { _request("client-$who", "11.$who.0.9", words(8 + rand 30)) }
            0 .. $who % 5 } 1 .. $CLIENTS));
}


# keys that take turns behind one relay

sub attack {
    my ($crowd) = @_;

    return map { $crowd->send(map { _request("pool-$_", "198.18.4.$_",
        sprintf($FRAME, words(20)), system => 'You are a helpful assistant.') }
        shuffle 1 .. $POOL) } 1 .. $TURNS;
}

1;
