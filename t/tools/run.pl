#!/usr/bin/perl

# "make run": a guarded API with traffic as the vendors' libraries send it, a
# report of what was counted and refused, and time to look around.  With
# ONCE=1 it ends after the report: with 0 if all is as it should be.

use strict;
use warnings;

use FindBin;
use Time::HiRes qw(sleep time);

use lib "$FindBin::Bin/../lib";

use DistillGuard::Report;
use DistillGuard::Show;
use DistillGuard::Traffic;

my $SECONDS = 12;       # of traffic at least,
my $MOST = 60;          # and at most, until the pool was refused
my $REFUSED = 300;      # so often
my $ORDINARY = 36;      # clients
my $HANDS = 3;          # requests of the greedy key at a time
my $PATIENT = 2;        # seconds until it begins
my $POOL = 200;         # keys of one buyer
my $POOL_HANDS = 32;    # and requests at a time

my $begun = time;
my ($stack, $clients);

exit DistillGuard::Show->show('run', \&main,
    hosting => DistillGuard::Traffic->relay);


sub main {
    ($stack, $clients) = @_;

    my @ordinary = DistillGuard::Traffic->ordinary($ORDINARY);
    my $greedy = DistillGuard::Traffic->greedy;
    my @pool = DistillGuard::Traffic->pool($POOL);

    print "Distill Guard on 127.0.0.1: ", $stack->versions,
        ", a stand-in upstream.\n$ORDINARY ordinary clients, and from second ",
        "$PATIENT on one greedy key, and $POOL keys\nthat one buyer uses in ",
        "turn:\n\n";

    send_traffic($greedy, \@pool, @ordinary);

    return DistillGuard::Report->new(stack => $stack, begun => $begun,
        greedy => $greedy, ordinary => \@ordinary, pool => \@pool,
        stays => !$ENV{ONCE})->print;
}


# ---- traffic --------------------------------------------------------------

sub send_traffic {
    my ($greedy, $pool, @ordinary) = @_;

    for my $client (@ordinary) {
        $clients->start($client->name, $stack->http, rand 1,
            sub { ($client, $client->next_request) }, sub { 0.3 + rand 1.2 });
    }

    for my $hand (1 .. $HANDS) {
        $clients->start($greedy->name, $stack->http, $PATIENT,
            sub { ($greedy, $greedy->next_request) },
            sub { $_[0] == 429 ? 0.25 : 0.03 });
    }

    for my $hand (0 .. $POOL_HANDS - 1) {
        $clients->start('pool', $stack->http, $PATIENT + rand 1,
            DistillGuard::Traffic->in_turn($hand, $POOL_HANDS, @$pool),
            sub { 0.3 + rand 0.4 });
    }

    show_progress();
}


# until all has been seen; then clients go after the answer they wait for

sub show_progress {
    my $started = time;

    while ($clients->alive) {
        sleep 3;

        my %seen = DistillGuard::Report::traffic($clients->log);
        my ($answered, $refused, $pool) = (0, 0, 0);

        for (keys %seen) {
            $answered += $seen{$_}{200} // 0;
            $refused += $seen{$_}{429} // 0;
            $pool += $seen{$_}{429} // 0 if /^pool-/;
        }

        my $passed = time - $started;

        printf "%5d s %7d answered %7d refused\n", $passed, $answered,
            $refused;

        $clients->end if $passed >= $MOST
            || $passed >= $SECONDS && $pool >= $REFUSED;
    }

    print "\n";
}
