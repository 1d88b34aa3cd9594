#!/usr/bin/perl

# "make run": a guarded API with traffic as the vendors' libraries send it, a
# report of what was counted and refused, and time to look around.  With
# ONCE=1 it ends after the report: with 0 if all is as it should be.

use strict;
use warnings;

use Cwd qw(abs_path);
use FindBin;
use Time::HiRes qw(sleep time);

use lib "$FindBin::Bin/../lib";

use DistillGuard::Http;
use DistillGuard::Process;
use DistillGuard::Report;
use DistillGuard::Stack;
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
my $owner = $$;
my $stack;
my @clients;

$| = 1;
$SIG{INT} = sub { leave(130) };
$SIG{TERM} = $SIG{HUP} = $SIG{PIPE} = sub { leave(143) };

exit main();


sub main {
    $stack = DistillGuard::Stack->new(build_dir() . '/run',
        hosting => DistillGuard::Traffic->relay);
    $stack->start;

    my @ordinary = DistillGuard::Traffic->ordinary($ORDINARY);
    my $greedy = DistillGuard::Traffic->greedy;
    my @pool = DistillGuard::Traffic->pool($POOL);

    print "Distill Guard on 127.0.0.1: ", $stack->versions,
        ", a stand-in upstream.\n$ORDINARY ordinary clients, and from second ",
        "$PATIENT on one greedy key, and $POOL keys\nthat one buyer uses in ",
        "turn:\n\n";

    send_traffic($greedy, \@pool, @ordinary);

    my $report = DistillGuard::Report->new(stack => $stack, begun => $begun,
        greedy => $greedy, ordinary => \@ordinary, pool => \@pool,
        stays => !$ENV{ONCE});
    my $status = $report->print ? 0 : 1;

    return $status if $ENV{ONCE};

    print "\nAll of it stays up until Ctrl-C.\n";
    $SIG{INT} = sub { print "\n"; leave($status) };
    sleep 1 while $stack->alive;

    die "nginx has ended: see $stack->{dir}/nginx/error.log\n";
}


sub build_dir {
    my $dir = $ENV{BUILD} // "$FindBin::Bin/../../build";

    return abs_path($dir) // die "$dir: $!\n";
}


# ---- traffic --------------------------------------------------------------

# All clients write to one log, a line for each exchange: name, status, 1 if
# the answer was complete, milliseconds.

sub send_traffic {
    my ($greedy, $pool, @ordinary) = @_;

    my $log = $stack->dir . '/traffic.log';

    for my $client (@ordinary) {
        start_client($client->name, $log, sub {
            sleep rand 1;
            live($log, sub { ($client, $client->next_request) },
                sub { 0.3 + rand 1.2 });
        });
    }

    for my $hand (1 .. $HANDS) {
        start_client($greedy->name, $log, sub {
            sleep $PATIENT;
            live($log, sub { ($greedy, $greedy->next_request) },
                sub { $_[0] == 429 ? 0.25 : 0.03 });
        });
    }

    for my $hand (0 .. $POOL_HANDS - 1) {
        my @keys = @$pool[ grep { $_ % $POOL_HANDS == $hand } 0 .. $#$pool ];

        start_client('pool', $log, sub {
            sleep $PATIENT + rand 1;
            live($log, in_turn($hand, @keys), sub { 0.3 + rand 0.4 });
        });
    }

    show_progress($log);
}


# One hand of the pool: each request by the next key, and what was refused
# once more, by the key after it.

sub in_turn {
    my ($number, @keys) = @_;

    my $turn = 0;

    return sub {
        my ($status) = @_;

        $number += $POOL_HANDS if defined $status && $status != 429;

        my $client = $keys[ $turn++ % @keys ];
        return ($client, $client->request($number));
    };
}


sub start_client {
    my ($name, $log, $live) = @_;

    push @clients, DistillGuard::Process->start(
        name => $name,
        out  => $log,
        run  => sub {
            srand(time ^ $$);
            $live->();
        },
    );
}


# $ask is told the last status, $pause too

sub live {
    my ($log, $ask, $pause) = @_;

    my ($connection, $status);

    open my $fh, '>>', $log or die "$log: $!\n";

    while (!-e "$log.end" && getppid == $owner) {
        my $started = time;
        my ($client, $request) = $ask->($status);
        my $answer = eval {
            $connection //= DistillGuard::Http->connect(port => $stack->http);
            $connection->request($request);
        };

        ($status, my $complete) = map { $_ // 0 }
            $answer ? @$answer{qw(status complete)} : (0, 0);

        syswrite $fh, sprintf "%s %d %d %d\n", $client->name, $status,
            $complete, 1000 * (time - $started);

        keep($answer, $client->name =~ s/-\d+$//r) if $status == 429;
        undef $connection if !$answer || $answer->{closed} || $answer->closing;

        sleep $pause->($status);
    }
}


# the last refusal of each as it came

sub keep {
    my ($answer, $name) = @_;

    my $path = $stack->dir . "/refused-$name.http";

    open my $fh, '>:raw', "$path.$$" or die "$path.$$: $!\n";
    print $fh $answer->{raw};
    close $fh or die "$path.$$: $!\n";
    rename "$path.$$", $path or die "$path: $!\n";
}


# until all has been seen; then clients go after the answer they wait for

sub show_progress {
    my ($log) = @_;

    my $started = time;

    while (grep { $_->alive } @clients) {
        sleep 3;

        my %seen = DistillGuard::Report::traffic($log);
        my ($answered, $refused, $pool) = (0, 0, 0);

        for (keys %seen) {
            $answered += $seen{$_}{200} // 0;
            $refused += $seen{$_}{429} // 0;
            $pool += $seen{$_}{429} // 0 if /^pool-/;
        }

        my $passed = time - $started;

        printf "%5d s %7d answered %7d refused\n", $passed, $answered,
            $refused;

        end_traffic("$log.end") if $passed >= $MOST
            || $passed >= $SECONDS && $pool >= $REFUSED;
    }

    print "\n";
}


sub end_traffic {
    my ($path) = @_;

    open my $fh, '>', $path or die "$path: $!\n";
    close $fh or die "$path: $!\n";
}


# ---- the end --------------------------------------------------------------

sub leave {
    my ($status) = @_;

    exit $status;
}


# Nothing stays behind, however it ends.

END {
    if ($$ == $owner) {
        my $status = $?;

        local $SIG{$_} = 'IGNORE' for qw(INT TERM HUP PIPE);

        eval { $stack->stop; 1 } or warn $@ if $stack;
        $_->stop('TERM', 2) for @clients;

        my @left = DistillGuard::Process::leftovers();
        warn "had to be killed: $_\n" for @left;

        $? = $status || (@left ? 1 : 0);
    }
}
