#!/usr/bin/perl

# "make run": a guarded API with traffic as the vendors' libraries send it, a
# report of what was counted and refused, and time to look around.  With
# ONCE=1 it ends after the report: with 0 if all is as it should be.

use strict;
use warnings;

use Cwd qw(abs_path);
use FindBin;
use List::Util qw(max);
use Time::HiRes qw(sleep time);

use lib "$FindBin::Bin/../lib";

use DistillGuard::Http;
use DistillGuard::Process;
use DistillGuard::Report;
use DistillGuard::Stack;
use DistillGuard::Traffic;

my $SECONDS = 12;       # of traffic
my $ORDINARY = 36;      # clients
my $HANDS = 3;          # requests of the greedy key at a time
my $PATIENT = 2;        # seconds until it begins

my $begun = time;
my $owner = $$;
my $stack;
my @clients;

$| = 1;
$SIG{INT} = sub { leave(130) };
$SIG{TERM} = $SIG{HUP} = $SIG{PIPE} = sub { leave(143) };

exit main();


sub main {
    $stack = DistillGuard::Stack->new(build_dir() . '/run');
    $stack->start;

    my @ordinary = DistillGuard::Traffic->ordinary($ORDINARY);
    my $greedy = DistillGuard::Traffic->greedy;

    print "Distill Guard on 127.0.0.1: ", $stack->versions,
        ", a stand-in upstream.\n$ORDINARY ordinary clients, and from second ",
        "$PATIENT on one greedy key, for $SECONDS seconds:\n\n";

    send_traffic($greedy, @ordinary);

    my $report = DistillGuard::Report->new(stack => $stack, begun => $begun,
        greedy => $greedy, ordinary => \@ordinary, stays => !$ENV{ONCE});
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
    my ($greedy, @ordinary) = @_;

    my $log = $stack->dir . '/traffic.log';
    my $end = time + $SECONDS;

    for my $client (@ordinary) {
        start_client($client, $log, sub {
            sleep rand 1;
            live($client, $log, $end, sub { 0.3 + rand 1.2 });
        });
    }

    for my $hand (1 .. $HANDS) {
        start_client($greedy, $log, sub {
            sleep $PATIENT;
            live($greedy, $log, $end, sub { $_[0] == 429 ? 0.25 : 0.03 });
        });
    }

    show_progress($log);
}


sub start_client {
    my ($client, $log, $live) = @_;

    push @clients, DistillGuard::Process->start(
        name => $client->name,
        out  => $log,
        run  => sub {
            srand(time ^ $$);
            $live->();
        },
    );
}


sub live {
    my ($client, $log, $end, $pause) = @_;

    my $connection;

    open my $fh, '>>', $log or die "$log: $!\n";

    while (time < $end && getppid == $owner) {
        my $started = time;
        my $answer = eval {
            $connection //= DistillGuard::Http->connect(port => $stack->http);
            $connection->request($client->next_request);
        };

        my ($status, $complete) = map { $_ // 0 }
            $answer ? @$answer{qw(status complete)} : (0, 0);

        syswrite $fh, sprintf "%s %d %d %d\n", $client->name, $status,
            $complete, 1000 * (time - $started);

        keep($answer) if $status == 429;
        undef $connection if !$answer || $answer->{closed} || $answer->closing;

        my $rest = $pause->($status);
        last if time + $rest >= $end;
        sleep $rest;
    }
}


# the last refusal as it came

sub keep {
    my ($answer) = @_;

    my $path = $stack->dir . '/refused.http';

    open my $fh, '>:raw', "$path.$$" or die "$path.$$: $!\n";
    print $fh $answer->{raw};
    close $fh or die "$path.$$: $!\n";
    rename "$path.$$", $path or die "$path: $!\n";
}


sub show_progress {
    my ($log) = @_;

    my $started = time;

    for (my $next = 2; grep { $_->alive } @clients; $next += 2) {
        sleep max(0.05, $started + $next - time);

        my %seen = DistillGuard::Report::traffic($log);
        my ($answered, $refused) = (0, 0);

        for (values %seen) {
            $answered += $_->{200} // 0;
            $refused += $_->{429} // 0;
        }

        printf "%5d s %7d answered %7d refused\n", time - $started,
            $answered, $refused;
    }

    print "\n";
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
