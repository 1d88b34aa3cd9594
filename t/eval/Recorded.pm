package Recorded;

# A folder of recorded prompts and arrivals (DG_DATA), made into files that
# the composer reads: words a line each, and for each trace its arrivals as
# milliseconds, account, conversation, turn, input and output tokens.  What a
# trace does not say (who, and which turn) is drawn here, from a seed.

use strict;
use warnings;

use Exporter qw(import);
use IO::Uncompress::Gunzip qw($GunzipError);
use JSON::PP ();
use List::Util qw(max min sum);

our @EXPORT_OK = qw(prepare);

my $DAY = 86400;
my $MOST = 1500;         # requests of one of ServeGen's clients
my $PAUSE = 300;         # seconds; longer ones of a session are not kept
my $DEVELOPERS = 12;     # who had the recorded sessions

# median and 95th percentile, where none are told
my @TOKENS = ([ 300, 1200 ], [ 150, 600 ]);

my %PROMPTS = (
    questions => [qw(benign_arena_hard_v0_1 benign_mt_bench
        benign_oasst_prompts benign_self_instruct_user_oriented
        benign_vicuna_bench)],
    slots => [qw(extraction_gsm8k_tune extraction_self_instruct_seeds)],
);

my %ARRIVALS = (
    'azure-conv'     => sub { azure($_[0], 'conv', 600) },
    'azure-code'     => sub { azure($_[0], 'code', 250) },
    'mooncake'       => \&mooncake,
    'servegen-text'  => sub { servegen($_[0], 'm-small') },
    'servegen-image' => sub { servegen($_[0], 'mm-image') },
    'specstory'      => \&specstory,
);


sub prepare {
    my ($from, $to) = @_;

    for my $name (sort keys %PROMPTS) {
        save("$to/$name", map { prompts("$from/prompts/$_.jsonl.gz") }
            @{ $PROMPTS{$name} });
    }

    for my $name (sort keys %ARRIVALS) {
        srand 1;

        my @sorted = sort { $a->[0] <=> $b->[0] } $ARRIVALS{$name}->($from);

        save("$to/$name.arrivals", map { join ' ', map { int } @$_ } @sorted);
    }
}


sub save {
    my ($path, @lines) = @_;

    open my $fh, '>:raw', $path or die "$path: $!\n";
    print $fh map { "$_\n" } @lines;
    close $fh or die "$path: $!\n";
}


sub lines {
    my ($path) = @_;

    my $in = IO::Uncompress::Gunzip->new($path)
        or die "$path: $GunzipError\n";
    my @lines = $in->getlines;

    chomp @lines;

    return @lines;
}


# "\n" where a line ends, as the composer reads it

sub prompts {
    my ($path) = @_;

    return map {
        my $prompt = JSON::PP::decode_json($_)->{prompt};

        utf8::encode($prompt);
        $prompt =~ s/[^\S\n]+/ /g;
        $prompt =~ s/ ?\n ?/ \\n /g;
        $prompt;
    } lines($path);
}


# ---- arrivals -------------------------------------------------------------

# An hour without ids: few accounts ask much, and many little.

sub azure {
    my ($from, $kind, $accounts) = @_;

    my ($head, @lines) = lines("$from/traces/AzureLLMInferenceTrace_$kind.csv"
        . '.gz');
    my $begin;
    my $n = 0;

    return map {
        my ($h, $m, $s, $in, $out) = /(\d+):(\d+):([\d.]+),(\d+),(\d+)/
            or die "azure: $_\n";
        my $t = ($h * 60 + $m) * 60 + $s;

        $begin //= $t;
        [ 1000 * ($t - $begin), int($accounts ** rand() - 1), $n++, 0, $in,
            $out ];
    } @lines;
}


# Who sends the blocks of an earlier request again continues it.

sub mooncake {
    my ($from) = @_;

    my @requests = map { JSON::PP::decode_json($_) }
        lines("$from/traces/mooncake_conversation.jsonl.gz");
    my (%used, %known);
    my $n = 0;

    $used{$_}++ for map { @{ $_->{hash_ids} } } @requests;

    return map {
        my @blocks = @{ $_->{hash_ids} };
        my ($of) = map { $known{$_} // () } reverse @blocks;

        $of = $of ? [ $of->[0], $of->[1] + 1 ] : [ $n++, 0 ];

        # what everybody sends is no conversation
        $known{$_} = $of for grep { $used{$_} <= 40 } @blocks;

        [ $_->{timestamp} + rand 3000, $of->[0], $of->[0], $of->[1],
            $_->{input_length}, $_->{output_length} ];
    } @requests;
}


# Arrivals drawn from the fits, on the day on which the client did most.  A
# client that sends more than $MOST is slowed, bursts and all.

sub servegen {
    my ($from, $model) = @_;

    my ($head, @windows)
        = lines("$from/traces/servegen_${model}_windows.csv.gz");
    my $tokens = servegen_tokens("$from/traces/servegen_clients.csv", $model);
    my (%days, @arrivals);

    for (@windows) {
        my ($client, $start, $rate, undef, $pattern, $p1, $p2) = split /,/;

        push @{ $days{$client}{ int($start / $DAY) } },
            [ $start % $DAY, $rate, $pattern, $p1, $p2 ];
    }

    my $n = 0;

    for my $client (sort { $a <=> $b } keys %days) {
        my ($day) = sort { @$b <=> @$a || $a->[0][0] <=> $b->[0][0] }
            values %{ $days{$client} };
        my @rates = map { $_->[1] } @$day;
        my $slow = max(1, 600 * sum(@rates) / $MOST);
        my $t = 0;
        my @its;

        for (@$day) {
            my ($start, undef, @fit) = @$_;

            # what begins in one window may end in a later one
            $t = $start + $slow * rand() * interval(@fit) if $t < $start - 600;

            for (; $t < $start + 600; $t += $slow * interval(@fit)) {
                push @its, $t if $t >= $start;
            }
        }

        # the fits give some more than they were made from

        my $keep = min(1, 2 * $MOST / (@its || 1));

        push @arrivals, map { [ 1000 * $_, $client, $n++, 0,
            map { length_of(@$_) } @{ $tokens->{$client} // \@TOKENS } ] }
            grep { rand() < $keep } @its;
    }

    return @arrivals;
}


# median and 95th percentile of input and output

sub servegen_tokens {
    my ($path, $model) = @_;

    open my $fh, '<', $path or die "$path: $!\n";
    chomp(my ($head, @lines) = <$fh>);

    my @names = split /,/, $head;
    my %tokens;

    for (@lines) {
        my %row;
        @row{@names} = split /,/, $_, -1;

        next if $row{model} ne $model || $row{in_p50} eq '';
        $tokens{ $row{client} } = [ [ @row{qw(in_p50 in_p95)} ],
            [ @row{qw(out_p50 out_p95)} ] ];
    }

    return \%tokens;
}


sub length_of {
    my ($median, $p95) = @_;

    my $sigma = log(max(1.01, $p95 / max(1, $median))) / 1.645;

    return max(1, $median * exp($sigma * normal()));
}


# A session's steps; the nights within are left out.

sub specstory {
    my ($from) = @_;

    my @arrivals;
    my $n = 0;

    for (lines("$from/traces/specstory_coding_sessions.jsonl.gz")) {
        my $session = JSON::PP::decode_json($_);
        my $t = 8 * 3600 + rand(8 * 3600);
        my $last = 0;
        my $turn = 0;
        my $said = 0;

        for my $event (@{ $session->{events} }) {
            my ($at, $who, undef, $characters) = @$event;

            $t += min($PAUSE, max(0.3, $at - $last));
            $last = $at;
            $said += ($characters // 0) / 4;

            next if $who eq 'U' || $t >= $DAY;
            push @arrivals, [ 1000 * $t, $n % $DEVELOPERS, $n, $turn++, $said,
                max(1, ($characters // 0) / 4) ];
        }

        $n++;
    }

    return @arrivals;
}


# ---- chance ---------------------------------------------------------------

sub normal {
    return sqrt(-2 * log(1 - rand())) * cos(6.283185307179586 * rand());
}


# seconds between two arrivals

sub interval {
    my ($pattern, $shape, $scale) = @_;

    return $scale * (-log(1 - rand())) ** (1 / $shape)
        if $pattern eq 'Weibull';

    return $scale * gamma($shape);
}


# Marsaglia and Tsang, "A Simple Method for Generating Gamma Variables", 2000

sub gamma {
    my ($shape) = @_;

    return gamma($shape + 1) * (1 - rand()) ** (1 / $shape) if $shape < 1;

    my $d = $shape - 1 / 3;
    my $c = 1 / sqrt(9 * $d);

    while (1) {
        my $x = normal();
        my $v = (1 + $c * $x) ** 3;

        next if $v <= 0;
        return $d * $v if log(1 - rand()) < $x * $x / 2 + $d - $d * $v
            + $d * log $v;
    }
}

1;
