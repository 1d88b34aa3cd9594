package DistillGuard::Ctl;

# distillctl as a test runs it.
#
#   my $ctl = DistillGuard::Ctl->new($t, '--redis', 'redis://...');
#   my $run = $ctl->run('list', '--json');
#   my $run = $ctl->run('id', 'key:-', \"sk-on-its-standard-input\n");

use strict;
use warnings;

use POSIX ();


# the test, and flags that all runs have

sub new {
    my ($class, $t, @flags) = @_;

    my $program = $ENV{DG_CTL};
    die "DG_CTL must name distillctl: build it first\n"
        if !$program || !-x $program;

    return bless { t => $t, program => $program, flags => [@flags] }, $class;
}


# {status, out => [lines], err}

sub run {
    my ($self, $command, @args) = @_;

    my $t = $self->{t};
    my $in = ref $args[-1] ? ${ pop @args } : '';
    my ($out, $err) = map { $t->dir . "/ctl.$_" } qw(out err);

    push @args, @{ $self->{flags} };

    my $pid = fork // die "fork: $!\n";

    if ($pid == 0) {
        my $text = $t->write_file('ctl.in', $in);
        open STDIN, '<', $text or POSIX::_exit(126);
        open STDOUT, '>', $out or POSIX::_exit(126);
        open STDERR, '>', $err or POSIX::_exit(126);
        exec { $self->{program} } $self->{program}, $command, @args
            or POSIX::_exit(127);
    }

    waitpid $pid, 0;

    return { status => $? >> 8, out => [ split /\n/, $t->read_file($out) ],
        err => $t->read_file($err) };
}

1;
