package DistillGuard::Replay;

# distillctl as tests run it, and lines of a trace for it.
#
#   my $t = DistillGuard::Replay::harness();
#
#   is(verdicts(told([ raw(1, 'a'), raw(2, 'a') ], settings('...'))), '...');

use strict;
use warnings;

use Exporter qw(import);
use JSON::PP ();
use POSIX ();

use DistillGuard::Test;

our @EXPORT_OK = qw($FRAME $json raw replay run settings told verdicts words);

our $json = JSON::PP->new->canonical->allow_nonref;

our $FRAME = 'Read what follows with the care of an examiner, and tell step by '
    . 'step what can be concluded from it and what cannot: %s. Give all of '
    . 'your reasoning before the answer, and leave nothing out.';

my ($ctl, $t);


# that of this test, with a secret

sub harness {
    $ctl = $ENV{DG_CTL};
    die "DG_CTL must name distillctl: build it first\n" if !$ctl || !-x $ctl;

    $t = DistillGuard::Test->new;
    $t->write_file('secret', "0123456789abcdef0123456789abcdef\n");

    return $t;
}


# {out => [lines], err => text, status => exit status, or the signal negated}

sub replay { return run('replay', @_) }


sub run {
    my ($command, $input, @args) = @_;

    $t->write_file('stdin', $input // '');

    my $pid = fork // die "fork: $!\n";

    if ($pid == 0) {
        open STDIN, '<', $t->dir . '/stdin' or POSIX::_exit(126);
        open STDOUT, '>', $t->dir . '/stdout' or POSIX::_exit(126);
        open STDERR, '>', $t->dir . '/stderr' or POSIX::_exit(126);
        exec $ctl, $command, @args or POSIX::_exit(127);
    }

    waitpid $pid, 0;

    return {
        out    => [ split /\n/, $t->read_file('stdout') ],
        err    => $t->read_file('stderr'),
        status => $? & 127 ? -($? & 127) : $? >> 8,
    };
}


# one line for each, as data

sub told {
    my ($lines, @args) = @_;

    my $run = replay(join('', map { "$_\n" } @$lines), @args);

    return map { $json->decode($_) } @{ $run->{out} };
}


sub settings {
    my ($conf) = @_;

    return ('-c', $t->write_file('guard.conf', $conf));
}


sub verdicts { return join ' ', map { $_->{verdict} // 'none' } @_ }


# a line of an exchange; what is not said is usual

sub raw {
    my ($at, $key, %more) = @_;

    return $json->encode({ t => $at, ip => '192.0.2.1',
        headers => [ [ 'Authorization', "Bearer $key" ] ],
        body => { model => 'm', messages => [] }, %more });
}


sub words {
    my ($n) = @_;

    my @parts = qw(ba de fi go ku la me ni po ru sa te vi wo zu char dren);

    return join ' ', map { join '', map { $parts[ rand @parts ] } 1 .. 3 }
        1 .. $n;
}

1;
