package DistillGuard::Show;

# What "make run" and "make cluster" have in common: a stack with traffic, in
# a directory of the build, of which nothing stays behind however it ends.

use strict;
use warnings;

use Cwd qw(abs_path);
use FindBin;
use Time::HiRes qw(sleep);

use DistillGuard::Clients;
use DistillGuard::Process;
use DistillGuard::Stack;

my ($owner, $stack, $clients);


# $main is called with the stack, started, and its clients; it returns true if
# all is as it should be.  Then the stack stays up, unless it was to be shown
# once.  The rest is for the stack.

sub show {
    my ($class, $name, $main, %opt) = @_;

    $owner = $$;
    $| = 1;
    $SIG{INT} = sub { exit 130 };
    $SIG{TERM} = $SIG{HUP} = $SIG{PIPE} = sub { exit 143 };

    $stack = DistillGuard::Stack->new(_build_dir() . "/$name", %opt);
    $stack->start;
    $clients = DistillGuard::Clients->new($stack->dir);

    my $status = $main->($stack, $clients) ? 0 : 1;

    return $status if $ENV{ONCE};

    print "\nAll of it stays up until Ctrl-C.\n";
    $SIG{INT} = sub { print "\n"; exit $status };
    sleep 1 while $stack->alive;

    die 'nginx has ended: see error.log in ', $stack->dir, "\n";
}


sub _build_dir {
    my $dir = $ENV{BUILD} // "$FindBin::Bin/../../build";

    return abs_path($dir) // die "$dir: $!\n";
}


END {
    if ($owner && $$ == $owner) {
        my $status = $?;

        local $SIG{$_} = 'IGNORE' for qw(INT TERM HUP PIPE);

        eval { $stack->stop; 1 } or warn $@ if $stack;
        $clients->stop if $clients;

        my @left = DistillGuard::Process::leftovers();
        warn "had to be killed: $_\n" for @left;

        $? = $status || (@left ? 1 : 0);
    }
}

1;
