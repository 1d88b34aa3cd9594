#!/usr/bin/perl

# The evaluation's own traffic: that it is what its tables say, that clients
# react to their answers as their tools do, and that the report tells it.

use strict;
use warnings;

use Digest::MD5;
use File::Temp qw(tempdir);
use FindBin;
use JSON::PP ();
use List::Util qw(max min sum);
use Test::More;

my $BUILD = $ENV{BUILD} // "$FindBin::Bin/../build";
my $GUARD = $ENV{DG_CTL} // "$BUILD/distillctl";
my $COMPOSER = "$BUILD/eval/compose";
my $DAY = 86400;

# every campaign and every honest profile that is to be seen, by what it is
# called here
my @CAMPAIGNS = qw(single-alpaca single-evol single-r1 single-openthoughts
    single-curator single-distilabel single-slow logprobs reasoning agentic
    pool-1000-t1 pool-1000-t10 pool-1000-t100 pool-1000-t1000 pool-5000-t100
    pool-25000-t1 pool-25000-t100 pool-25000-t10000 relay-5 relay-10 relay-25
    relay-50 relay-90 sticky rotation paraphrase own-systems no-frame hours
    faked-sdk launch-pivot careful-cells careful-diluted careful-thin
    careful-rewritten careful-aged careful-all single-rollouts single-vpn
    single-faked bought limited samples bursts even);
my @PROFILES = qw(chat product greetings office carrier mobile vpn free-tier
    coding-agent key-rotation support-bot tutor rag hosted-app app-prompts
    batch-label translation moderation judge benchmark ci-fleet gateway
    organization viral viral-slot homework essays first-steps launch-rush
    forked-chat retry-storm);

my $dir = tempdir(CLEANUP => 1);

system('make', '--silent', '-C', "$FindBin::Bin/..", $COMPOSER) == 0
    or BAIL_OUT('the composer cannot be built');


# ---- helpers --------------------------------------------------------------

# What is sent: [time, key, label, body, the line], where all passes unless a
# guard is given.

sub compose {
    my ($scene, $seed, @more) = @_;

    my $trace = "$dir/trace";

    system("$COMPOSER -w $scene -s $seed -t $trace @more > $dir/result") == 0
        or die "$COMPOSER -w $scene @more: $?\n";

    open my $fh, '<:raw', $trace or die "$trace: $!\n";

    my @lines;

    while (my $line = <$fh>) {
        my ($t) = $line =~ /^\{"t":([\d.]+)/;
        my ($key) = $line =~ /"(?:Bearer )?(sk-[\w-]+)"/;
        my ($label) = $line =~ /"label":"([^"]*)"\}$/;
        my ($body) = $line =~ /"body":(\{.*\}),"(?:usage|status)":/;

        push @lines, [ $t, $key, $label, $body, $line ];
    }

    return @lines;
}


sub result {
    open my $fh, '<', "$dir/result" or die "result: $!\n";
    local $/;
    return JSON::PP::decode_json(scalar <$fh>);
}


sub tally {
    my ($name) = @_;

    return (grep { $_->{name} eq $name } @{ result()->{tallies} })[0];
}


# the requests of whose label this is

sub those {
    my ($label, @lines) = @_;

    return grep { $_->[2] eq $label } @lines;
}


sub by_key {
    my %by;

    push @{ $by{ $_->[1] } }, $_ for @_;

    return \%by;
}


# a guard that goes by a rule: a piece of Perl that sees $label, $key, $t and
# %seen, and gives the members of the verdict

sub guard {
    my ($rule) = @_;

    my $path = "$dir/guard.pl";

    open my $fh, '>', $path or die "$path: $!\n";
    print $fh <<'EOF_HEAD', $rule, <<'EOF_TAIL';
use strict; use warnings;
$| = 1;
my (%seen, $n);
while (<STDIN>) {
    my ($t) = /^\{"t":([\d.]+)/;
    my ($key) = /"(?:Bearer )?(sk-[\w-]+)"/;
    my ($label) = /"label":"([^"]*)"\}$/;
    my $said = do {
EOF_HEAD
    };
    $said ||= '"verdict":"PASS"';
    print qq({"t":$t,$said,"label":"$label"}\n);
}
EOF_TAIL
    close $fh or die "$path: $!\n";

    return "$^X $path";
}


sub digest {
    my ($path) = @_;

    open my $fh, '<:raw', $path or die "$path: $!\n";
    return Digest::MD5->new->addfile($fh)->hexdigest;
}


sub text {
    my ($line) = @_;

    my $body = JSON::PP->new->utf8->decode($line->[3]);
    my ($turn) = grep { ($_->{role} // '') eq 'user' } @{ $body->{messages}
        // $body->{contents} // (ref $body->{input} ? $body->{input} : []) };

    return $body->{prompt} // ($turn ? $turn->{content}
        // $turn->{parts}[0]{text} : '');
}


# ---- what there is --------------------------------------------------------

my %listed = map { $_ => [ map { (split)[0] }
    `$COMPOSER -l $_` ] } qw(profiles campaigns);

is_deeply([ sort grep { !/^(?:azure|mooncake|servegen|specstory)/ }
    @{ $listed{profiles} } ], [ sort @PROFILES ],
    'there are all honest profiles');
is_deeply([ sort @{ $listed{campaigns} } ], [ sort @CAMPAIGNS ],
    'and all campaigns');

my @quiet = compose('quiet', 1, '-S 0.1 -T 0.5');
my %seen;
$seen{ $_->[2] }++ for @quiet;

is_deeply([ grep { !$seen{"honest/$_"} } @PROFILES ], [],
    'every honest profile is in the traffic');
is(scalar(grep { !m{^honest/} } keys %seen), 0, 'and nobody else');

my $backwards = grep { $quiet[$_][0] < $quiet[ $_ - 1 ][0] } 1 .. $#quiet;
is($backwards, 0, 'time never goes back');

{
    my $bad = grep { !eval { JSON::PP::decode_json($quiet[$_ * 97][4]) } }
        0 .. min(300, int($#quiet / 97));
    is($bad, 0, 'lines are JSON');
}

my @scenes = map { (split)[0] } `$COMPOSER -l scenes`;
my %fought;

for my $scene (grep { $_ ne 'quiet' && $_ ne 'recorded' } @scenes) {
    compose($scene, 1, '-S 0.02 -T 0.1');
    $fought{ $_->{name} } = $_->{harvest}{lines} for grep { $_->{harvest} }
        @{ result()->{tallies} };
}

is_deeply([ grep { !$fought{$_} } @CAMPAIGNS ], [],
    'every campaign stands in a scene and harvests');


# ---- seeds ----------------------------------------------------------------

my @digests = map { compose('relays', $_, '-S 0.05 -T 0.2');
    digest("$dir/trace") } 3, 3, 4;

is($digests[0], $digests[1], 'the same seed gives the same trace');
isnt($digests[0], $digests[2], 'another seed another one');


# ---- how much -------------------------------------------------------------

{
    my @lines = compose('pools', 2, '-S 0.1');
    my @pool = those('pool-1000-t10/harvest', @lines);
    my $tally = tally('pool-1000-t10');
    my $days = $tally->{observed} / $DAY;
    my $by = by_key(@pool);
    my $each = $tally->{wanted} / $days / keys %$by;

    is(scalar keys %$by, 100, 'a tenth of 1,000 accounts');
    cmp_ok(abs($each - 25.6), '<', 1.5, 'want 25.6 exchanges a day each')
        or diag($each);
    is($tally->{planned}, int(100 * 25.6 * 45), 'which makes that in 45 days');

    my @loads = map { scalar @$_ } values %$by;
    my $mean = sum(@loads) / @loads;
    my $spread = sum(map { ($_ - $mean) ** 2 } @loads) / @loads / $mean;

    cmp_ok($spread, '<', 0.5, 'evenly, as a balancer has it')
        or diag($spread);

    my %texts = map { text($_) => 1 } @pool[0 .. 399];
    cmp_ok(scalar keys %texts, '>', 390, 'none twice, but for retries');

    for ([ 'pool-1000-t1', 1 ], [ 'pool-1000-t10', 10 ]) {
        my ($name, $templates) = @$_;
        my %ends;

        for (map { text($_) } (those("$name/harvest", @lines))[0 .. 299]) {
            $ends{$_}++ for grep { length > 40 } split /\n/;
        }

        my $frames = grep { $_ >= 5 } values %ends;

        cmp_ok($frames, '>=', $templates, "$name has $templates templates");
        cmp_ok($frames, '<=', 2 * $templates, '... each of one or two parts');
    }
}

for ([ 5, 0.05 ], [ 25, 0.25 ], [ 90, 0.9 ]) {
    my ($name, $share) = @$_;

    compose('relays', 5, '-S 0.5 -T 0.5') if $name == 5;

    my $tally = tally("relay-$name");
    my $is = $tally->{harvest}{lines} / $tally->{all}{lines};

    cmp_ok(abs($is - $share), '<', 0.02 + 0.1 * $share,
        "of relay-$name so much is harvest") or diag($is);
}

{
    my @lines = grep { $_->[0] >= $quiet[-1][0] - 0.9 * $DAY }
        those('honest/free-tier', @quiet);
    my $by = by_key(grep { $_->[4] !~ /"status":/ } @lines);
    my %loads;

    $loads{ scalar @$_ }++ for values %$by;

    my ($most) = sort { $loads{$b} <=> $loads{$a} } keys %loads;
    is($most, 20, 'most of the free tier have what the plan gives')
        or diag(explain(\%loads));
}


# ---- words ----------------------------------------------------------------

# Of what people write so little is the same by accident as in prompts of real
# people: 2 in 100 share 32 letters in a row with anybody.

{
    my (%first, %who);

    for my $line (those('honest/chat', @quiet)) {
        next if $first{ $line->[1] } || $line->[3] =~ /"assistant"|"model"}/;
        $first{ $line->[1] } = lc(text($line)) =~ tr/a-z//cdr;
    }

    for my $key (keys %first) {
        my $letters = $first{$key};
        $who{ substr $letters, $_, 32 }{$key} = 1
            for 0 .. length($letters) - 32;
    }

    my %same;
    @same{ keys %$_ } = () for grep { keys %$_ > 1 } values %who;

    cmp_ok(keys(%first), '>', 100, 'people ask');
    cmp_ok(keys(%same) / keys %first, '<', 0.05,
        'and seldom the same by accident');
}


# ---- reactions ------------------------------------------------------------

{
    # a pool's balancer tries the next account at once
    my $guard = guard(q{ $label eq 'pool-1000-t10/harvest' && ++$n % 20 == 0
        ? '"verdict":"THROTTLE","retry_after":30' : '' });
    my @pool = those('pool-1000-t10/harvest',
        compose('pools', 2, '-S 0.1 -T 0.3', $guard));
    my $tally = tally('pool-1000-t10');
    my $refused = $tally->{harvest}{throttle};
    my ($moved, %sent) = 0;

    for (@pool) {
        my $before = $sent{ $_->[3] };
        $moved++ if $before && $before->[1] ne $_->[1]
            && $_->[0] - $before->[0] < 2;
        $sent{ $_->[3] } = $_;
    }

    cmp_ok($refused, '>', 10, 'some of a pool are refused');
    cmp_ok(abs($moved - $refused), '<=', 0.35 * $refused + 2,
        'and the next account asks the same at once')
        or diag("$moved of $refused");
    cmp_ok($tally->{harvest}{passed} / $tally->{wanted}, '>', 0.9,
        'so that nothing is lost');
}

{
    # a script that sleeps two seconds, for ever
    my $guard = guard(q{ $label eq 'single-alpaca/harvest' && ++$n > 100
        && $n <= 200 ? '"verdict":"THROTTLE","retry_after":600' : '' });
    my @job = those('single-alpaca/harvest',
        compose('single', 1, '-S 0.05 -T 0.1', $guard));
    my @pauses = map { $job[$_][0] - $job[ $_ - 1 ][0] } 101 .. 199;

    is(scalar(grep { $job[100][3] ne $job[$_][3] } 101 .. 200), 0,
        'what is refused is asked again');
    cmp_ok(abs(sum(@pauses) / @pauses - 2.2), '<', 0.3,
        'every two seconds, whatever Retry-After says');
}

{
    # an SDK waits as long as it is told, if that is not long
    my $guard = guard(q{ $label eq 'honest/support-bot' && !$seen{$key}++
        ? '"verdict":"THROTTLE","retry_after":20' : '' });
    my $by = by_key(grep { $_->[4] =~ /X-Stainless/ } those(
        'honest/support-bot', compose('quiet', 1, '-S 0.3 -T 0.1', $guard)));
    my @waits = map { $_->[1][0] - $_->[0][0] } grep { @$_ > 1 }
        values %$by;

    cmp_ok(scalar(grep { $_ >= 20 && $_ < 21 } @waits), '>=', 3,
        'an SDK obeys Retry-After');
}

{
    # blocked accounts are given up and replaced, at a price
    my $guard = guard(q{ $label eq 'pool-1000-t1/harvest'
        && ++$seen{$key} > 3 ? '"verdict":"BLOCK"' : '' });

    compose('pools', 2, '-S 0.1', $guard);
    my $tally = tally('pool-1000-t1');

    cmp_ok($tally->{harvest}{block}, '>', 20, 'accounts are blocked');
    cmp_ok($tally->{fresh}, '>', 20, 'and others take their place');
    cmp_ok(max(map { scalar @$_ } values %{ by_key(those(
        'pool-1000-t1/harvest', compose('pools', 2, '-S 0.1', $guard))) }),
        '<=', 4, 'a blocked account is used no more');
}

{
    # whoever knows better does not ask again
    my $guard = guard(q{ $label eq 'careful-cells/harvest' && ++$n % 10 == 0
        ? '"verdict":"THROTTLE","retry_after":30' : '' });
    my %sent;

    $sent{ $_->[3] }++ for those('careful-cells/harvest',
        compose('careful', 2, '-S 0.1 -T 0.3', $guard));

    is(scalar(grep { $_ > 1 } values %sent), 0,
        'the careful never repeat what was refused');
}

{
    # linked when the verdict says so, and named in the end
    my $guard = guard(q{ $label =~ m{^pool-1000-t1/} && ++$seen{$key} > 2
        ? '"verdict":"PASS","campaign":"c1"' : '' });

    my $by = by_key(those('pool-1000-t1/harvest',
        compose('pools', 2, '-S 0.1 -T 0.5', $guard)));
    my $tally = tally('pool-1000-t1');
    my $unlinked = grep { $_->[4] !~ /"status":/ }
        map { @$_[0 .. min(1, $#$_)] } values %$by;

    is($tally->{harvest}{unlinked}, $unlinked,
        'exchanges count as unlinked until the account is linked');
    cmp_ok($tally->{half}, '<', $tally->{most}, 'half of them before most');
}


# ---- the guard, and the report --------------------------------------------

SKIP: {
    skip 'there is no distillctl', 7 unless -x $GUARD;

    local $ENV{SCENES} = 'quiet,single';
    local $ENV{EVAL} = 'quick';
    local $ENV{BUILD} = $dir;
    local $ENV{DG_CTL} = $GUARD;
    delete local @ENV{qw(SEEDS DG_DATA CONF)};

    mkdir "$dir/eval";
    symlink $COMPOSER, "$dir/eval/compose";

    my $report = `$FindBin::Bin/eval/run 2>&1`;
    is($?, 0, 'make eval reports') or diag($report);

    my $wide = grep { length > 100 } split /\n/, $report;
    is($wide, 0, 'in no more than 100 columns');

    like($report, qr/^\Q$_\E +\d/m, "... of $_") for qw(chat single-alpaca);

    open my $fh, '<', "$dir/eval/result.json" or die "result.json: $!\n";
    my $all = JSON::PP::decode_json(do { local $/; <$fh> });

    is_deeply([ sort map { $_->{name} } @{ $all->{profiles} } ],
        [ sort @PROFILES ], 'the result has every profile');
    is(scalar @{ $all->{campaigns} }, 10, 'and every campaign of the scenes');

    my @figures = map { $_->{refused_per_million} } @{ $all->{profiles} };
    is_deeply(\@figures, [ sort { $b <=> $a } @figures ], 'the worst first');

    my $missed = grep { defined $_->{met} && !$_->{met} } @{ $all->{aims} };
    system("$FindBin::Bin/eval/run --strict > /dev/null 2>&1");
    is($? >> 8, $missed ? 1 : 0, '--strict tells whether an aim was missed');
}

done_testing();
