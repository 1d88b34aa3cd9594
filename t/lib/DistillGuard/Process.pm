package DistillGuard::Process;

# A child process in a process group of its own, so that it and everything it
# forks can be stopped, and found again if it was not.

use strict;
use warnings;

use Carp qw(croak);
use Exporter qw(import);
use POSIX qw(:sys_wait_h setpgid);
use Time::HiRes qw(time sleep);

our @EXPORT_OK = qw(wait_for);

my %groups;    # group id => name, of every process started here
my ($setpriv) = grep { -x } qw(/usr/bin/setpriv /bin/setpriv);


# Polls the condition until it gives a true value, which is returned; the only
# wait there is.  Dies when the time is over.

sub wait_for {
    my ($condition, $seconds, $what) = @_;

    my $end = time + $seconds;
    my $pause = 0.002;

    while (1) {
        my $value = $condition->();
        return $value if $value;

        croak "waited $seconds s in vain for $what" if time > $end;

        sleep($pause);
        $pause *= 1.5 if $pause < 0.05;
    }
}


# name => for messages; cmd => [program, arguments] or run => sub;
# out => file for its output; env => {name => value}

sub start {
    my ($class, %opt) = @_;

    my $pid = fork // die "fork: $!\n";
    _child(%opt) if $pid == 0;

    setpgid($pid, $pid);    # the child does it too: whoever is first
    $groups{$pid} = $opt{name};

    return bless { pid => $pid, name => $opt{name} }, $class;
}


sub _child {
    my (%opt) = @_;

    my $out = $opt{out} // '/dev/null';

    setpgid(0, 0);
    $SIG{$_} = 'DEFAULT' for qw(INT TERM HUP CHLD PIPE);

    open STDIN, '<', '/dev/null' or POSIX::_exit(126);
    open STDOUT, '>>', $out or POSIX::_exit(126);
    if ($opt{cmd}) {
        open STDERR, '>&', \*STDOUT or POSIX::_exit(126);
    }

    @ENV{ keys %{ $opt{env} } } = values %{ $opt{env} } if $opt{env};

    if ($opt{run}) {
        my $ok = eval { $opt{run}->(); 1 };
        print STDERR $@ unless $ok;
        POSIX::_exit($ok ? 0 : 1);
    }

    # a killed test takes its servers with it
    my @guard = $setpriv ? ($setpriv, '--pdeathsig', 'TERM', '--') : ();
    my @cmd = (@guard, @{ $opt{cmd} });

    { no warnings 'exec'; exec { $cmd[0] } @cmd; }

    print STDERR "$cmd[0]: $!\n";
    POSIX::_exit(127);
}


sub pid { $_[0]{pid} }


sub alive {
    my ($self) = @_;

    if (!defined $self->{status}) {
        my $reaped = waitpid($self->{pid}, WNOHANG);
        $self->{status} = $? if $reaped == $self->{pid};
        $self->{status} = -1 if $reaped == -1;
    }

    return !defined $self->{status};
}


# wait status once it has ended

sub status { $_[0]->alive ? undef : $_[0]{status} }


sub signal {
    my ($self, $signal) = @_;

    return $self->alive && kill($signal, $self->{pid});
}


# Asks with a signal and, if that is not heard in time, kills the whole group.
# Returns the wait status.

sub stop {
    my ($self, $signal, $seconds) = @_;

    if ($self->alive) {
        kill($signal // 'TERM', $self->{pid});
        kill('CONT', $self->{pid});    # it may be standing still

        eval { wait_for(sub { !$self->alive }, $seconds // 10, 'end') };
    }

    kill_group($self->{pid});
    wait_for(sub { !$self->alive }, 10, "$self->{name} to be killed");

    return $self->{status};
}


# Every process of the machine: [pid, parent, group, title].  Zombies are left
# out: they run no more, and under some inits nobody collects them.

sub all {
    my @all;

    for my $dir (glob '/proc/[0-9]*') {
        my $stat = _slurp("$dir/stat") // next;
        my ($state, $parent, $group) = $stat =~ /.*\) (\S) (\d+) (\d+)/s
            or next;
        next if $state =~ /[ZX]/;

        my $title = _slurp("$dir/cmdline") // '';
        $title =~ tr/\0/ /;

        push @all, [ $dir =~ /(\d+)/, $parent, $group, $title ];
    }

    return @all;
}


sub _slurp {
    my ($path) = @_;

    open my $fh, '<', $path or return;
    local $/;
    return scalar <$fh>;
}


sub running {
    my ($pid) = @_;

    return scalar grep { $_->[0] == $pid } all();
}


# A process that left its group (a daemon) is watched in its new one.

sub watch {
    my ($group, $name) = @_;

    $groups{$group} = $name;
}


sub kill_group {
    my ($group) = @_;

    kill('KILL', map { $_->[0] } grep { $_->[2] == $group } all());
}


# What still runs of all that was ever started here, and an end to it.

sub leftovers {
    my @left = grep { $groups{ $_->[2] } && $_->[0] != $$ } all();

    kill('KILL', $_->[0]) for @left;

    return map { "$_->[0] $groups{ $_->[2] }: $_->[3]" } @left;
}

1;
