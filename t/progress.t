#!/usr/bin/perl

# distillctl says on a terminal how far it is with what takes longer than a
# second, and nowhere else.

use strict;
use warnings;

use POSIX qw(mkfifo);
use Test::More;

use DistillGuard::Replay qw(raw);

my $LINES = 12000;
my $CHUNK = 65536;
my $PAUSE = 0.08;

my $t = DistillGuard::Replay::harness();

plan(skip_all => 'no script') if system('command -v script > /dev/null') != 0;

my ($trace, $out, $screen) = map { $t->dir . "/$_" } qw(trace out screen);

$t->write_file('trace', join '', map { raw(100 + $_ / 100, 'a') . "\n" }
    1 .. $LINES);
mkfifo($out, 0600) or die "mkfifo: $!\n";


# Who reads what it writes takes his time until there is something to be seen,
# so that it takes long, however fast it is.  What was seen.

sub seen {
    my ($shell, $where) = @_;

    my $pid = fork // die "fork: $!\n";

    if ($pid == 0) {
        open STDIN, '<', '/dev/null' or POSIX::_exit(126);
        open STDOUT, '>', '/dev/null' or POSIX::_exit(126);
        exec(@$shell) or POSIX::_exit(127);
    }

    open my $in, '<', $out or die "$out: $!\n";

    my $lines = 0;

    while (sysread $in, my $text, $CHUNK) {
        $lines += $text =~ tr/\n//;
        select undef, undef, undef, $PAUSE
            unless -e $where && $t->read_file($where) =~ /read/;
    }

    waitpid $pid, 0;
    is($? >> 8, 0, 'it is done');
    is($lines, $LINES, '... with every line');

    return $t->read_file($where);
}


my $command = "$ENV{DG_CTL} replay $trace > $out";
my $text = seen([ 'script', '-qefc', $command, $screen ], $screen);

like($text, qr{\r\Q$trace\E: \d+\.\d of \d+\.\d MB read, \d+ %\e\[K},
    'how far it is');
like($text, qr/\r\e\[K(?!.*MB read)/s, '... which is wiped at the end');

my $file = $t->dir . '/err';

is(seen([ 'bash', '-c', "$command 2> $file" ], $file), '',
    'nothing where there is no terminal');
