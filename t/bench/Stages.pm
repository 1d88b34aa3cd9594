package Stages;

# The stages of core/ by themselves: how long each takes, and how many
# instructions, which callgrind counts and which are the same whatever else
# the machine does.

use strict;
use warnings;

use Exporter qw(import);
use File::Basename qw(dirname);
use File::Path qw(make_path remove_tree);
use File::Spec;
use JSON::PP ();

our @EXPORT_OK = qw(times counts base);

my $ROOT = File::Spec->rel2abs(dirname(__FILE__) . '/../..');

my $TOP = 8;        # functions named of a stage
my $LEAST = 0.02;   # of its instructions, for each of them


# What the program is given, of the files that Corpus has written to $dir.

sub _files {
    my ($dir) = @_;

    return ("heads=$dir/heads",
        map({ "request=$dir/$_.request" } qw(1k 16k 160k)),
        map({ "code=$dir/$_.request" } qw(code-16k code-160k)),
        "json=$dir/json.payload", "stream=$dir/stream.payload");
}


sub _output {
    my @command = @_;

    open my $out, '-|', @command or die "$command[0]: $!\n";
    my $text = do { local $/; <$out> };
    close $out or die "$command[0] failed\n";

    return $text;
}


# [{title, bytes, ns}]

sub times {
    my ($program, $dir) = @_;

    return JSON::PP->new->decode(_output($program, _files($dir)));
}


# [{title, bytes, instructions, top => [[function, instructions]]}], each of
# one: a request, an event.

sub counts {
    my ($program, $dir) = @_;

    my $trace = "$dir/callgrind";

    unlink glob "$trace*";

    my $stages = JSON::PP->new->decode(_output('valgrind', '--quiet',
        '--tool=callgrind', '--instr-atstart=no', '--collect-atstart=no',
        "--callgrind-out-file=$trace", $program, 'count', _files($dir)));
    my $number = 0;

    for my $stage (@$stages) {
        my $n = delete $stage->{n};
        my $spent = _functions($trace . '.' . ++$number);
        my $all = 0;

        $all += $_ for values %$spent;
        die "callgrind has counted nothing of \"$stage->{title}\"\n"
            unless $all;

        my @names = sort { $spent->{$b} <=> $spent->{$a} || $a cmp $b }
            grep { $spent->{$_} > $LEAST * $all } keys %$spent;
        splice @names, $TOP if @names > $TOP;

        $stage->{instructions} = $all / $n;
        $stage->{top} = [ map { [ $_, $spent->{$_} / $n ] } @names ];
    }

    unlink glob "$trace*";

    return $stages;
}


# What each function has spent itself, as callgrind wrote it: the line behind
# a call has what was spent in there, which is not ours.

sub _functions {
    my ($path) = @_;

    my (%name, %spent, $function, $called);

    open my $in, '<', $path or die "$path: $!\n";

    while (<$in>) {
        if (/^c?fn=\((\d+)\)(?: (.+))?$/) {
            my $id = $1;

            $name{$id} = $2 =~ s/'\d+\z//r if defined $2;
            $function = $name{$id} unless /^c/;

        } elsif (/^calls=/) {
            $called = 1;

        } elsif (/^[-+*\d]\S* (\d+)$/) {
            $spent{$function} += $1 unless $called;
            $called = 0;
        }
    }

    close $in;

    return \%spent;
}


# The same program with core/ as of another revision, in a tree of its own.
# Where that has other interfaces it is the program of that revision.

sub base {
    my ($build, $revision) = @_;

    my $tree = "$build/bench/base";
    my $program = "$build/bench/stages.base";

    chomp(my $commit = _output('git', '-C', $ROOT, 'rev-parse', '--verify',
        "$revision^{commit}"));

    remove_tree($tree);
    make_path($tree);
    system('bash', '-c', 'set -o pipefail; git -C "$0" archive "$1"'
        . ' | tar -x -C "$2"', $ROOT, $commit, $tree) == 0
        or die "git could not write the tree of $revision\n";

    for my $from ($ROOT, $tree) {
        return $program if _compiled($program, $from, $tree);
    }

    die "the stages cannot be built as of $revision\n";
}


sub _compiled {
    my ($program, $from, $tree) = @_;

    my @sources = grep { -f } map { "$from/t/bench/$_.c" }
        qw(stages stores bench);
    my @flags = split ' ', $ENV{BENCH_CFLAGS} // '-std=gnu99 -g -O2';

    open my $stderr, '>&', \*STDERR or die "stderr: $!\n";
    open STDERR, '>', '/dev/null' or die "/dev/null: $!\n";

    my $status = system((split ' ', $ENV{CC} // 'gcc'), @flags,
        '-I', "$from/t/bench", '-I', "$tree/ngx_distill_guard_module/core",
        '-o', $program, @sources,
        glob("$tree/ngx_distill_guard_module/core/*.c"), '-lm');

    open STDERR, '>&', $stderr or die "stderr: $!\n";

    return $status == 0;
}

1;
