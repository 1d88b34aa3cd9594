package DistillGuard::Clients;

# Clients of a stack, each a process, which go on asking until they are told
# to end or their owner is gone.  All write to one log, a line for each
# exchange: name, status, 1 if the answer was complete, milliseconds.

use strict;
use warnings;

use Time::HiRes qw(sleep time);

use DistillGuard::Http;
use DistillGuard::Process;


# the log, and the last refusals, go to this directory

sub new {
    my ($class, $dir) = @_;

    return bless { dir => $dir, log => "$dir/traffic.log", owner => $$,
        processes => [] }, $class;
}


sub log { $_[0]{log} }
sub alive { scalar grep { $_->alive } @{ $_[0]{processes} } }


# After so many seconds it asks on and on: $ask returns a client and a request,
# $pause for how long it rests; both are told the last status.  $ports is a
# port, or several to be asked in turn.

sub start {
    my ($self, $name, $ports, $delay, $ask, $pause) = @_;

    push @{ $self->{processes} }, DistillGuard::Process->start(
        name => $name,
        out  => $self->{log},
        run  => sub {
            srand(time ^ $$);
            sleep $delay;
            $self->_live(ref $ports ? $ports : [$ports], $ask, $pause);
        },
    );
}


sub _live {
    my ($self, $ports, $ask, $pause) = @_;

    my (%connection, $status);
    my $turn = 0;

    open my $fh, '>>', $self->{log} or die "$self->{log}: $!\n";

    while (!-e "$self->{log}.end" && getppid == $self->{owner}) {
        my $started = time;
        my $port = $ports->[ $turn++ % @$ports ];
        my ($client, $request) = $ask->($status);
        my $answer = eval {
            $connection{$port} //= DistillGuard::Http->connect(port => $port);
            $connection{$port}->request($request);
        };

        ($status, my $complete) = map { $_ // 0 }
            $answer ? @$answer{qw(status complete)} : (0, 0);

        syswrite $fh, sprintf "%s %d %d %d\n", $client->name, $status,
            $complete, 1000 * (time - $started);

        $self->_keep($answer, $client->name =~ s/-\d+$//r) if $status == 429;
        delete $connection{$port}
            if !$answer || $answer->{closed} || $answer->closing;

        sleep $pause->($status);
    }
}


# the last refusal of each as it came

sub _keep {
    my ($self, $answer, $name) = @_;

    my $path = "$self->{dir}/refused-$name.http";

    open my $fh, '>:raw', "$path.$$" or die "$path.$$: $!\n";
    print $fh $answer->{raw};
    close $fh or die "$path.$$: $!\n";
    rename "$path.$$", $path or die "$path: $!\n";
}


# they go after the answer they wait for

sub end {
    my ($self) = @_;

    my $path = "$self->{log}.end";

    open my $fh, '>', $path or die "$path: $!\n";
    close $fh or die "$path: $!\n";
}


sub stop {
    my ($self) = @_;

    $_->stop('TERM', 2) for @{ $self->{processes} };
}

1;
