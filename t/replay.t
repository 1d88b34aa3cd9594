#!/usr/bin/perl

# distillctl replay: what it takes, what it says of a trace, and what it takes
# for a mistake.

use strict;
use warnings;

use IPC::Open3 qw(open3);
use Symbol qw(gensym);
use Test::More;

use DistillGuard::Replay qw($json raw replay settings told verdicts);

my $t = DistillGuard::Replay::harness();


my $ctl = $ENV{DG_CTL};

# ---- the command line -----------------------------------------------------

{
    my $said = qx($ctl --help);
    is($?, 0, 'help');
    like($said, qr/^usage: distillctl.*^  replay /ms, 'names the command');

    $said = qx($ctl replay --help);
    is($?, 0, 'help of it');
    like($said, qr/--interactive.*--summary.*--campaigns/s, 'and its options');

    is(replay('', '--nonsense')->{status}, 2, 'an unknown option');
    is(system("$ctl nonsense 2>/dev/null") >> 8, 2, 'an unknown command');
    is(system("$ctl >/dev/null 2>&1") >> 8, 2, 'no command');

    my $run = replay('');
    is_deeply($run, { out => [], err => '', status => 0 }, 'nothing');

    $run = replay('', $t->dir . '/none');
    is($run->{status}, 2, 'a file that is not there');
    like($run->{err}, qr/cannot open .*none: No such file/, 'and why');

    $run = replay('', $t->dir);
    is($run->{status}, 2, 'a directory');
    like($run->{err}, qr/cannot read .*: Is a directory/, 'and why');
}


# ---- settings -------------------------------------------------------------

for (
    [ 'a block', "http {\n}", qr/guard\.conf:1: blocks have no place here/ ],
    [ 'another module', "\ngzip on;", qr/guard\.conf:2: unknown .*"gzip"/ ],
    [ 'a bad limit', 'distill_guard_limit key words=1/s;',
        qr/unknown metric "words".* in "distill_guard_limit"/ ],
    [ 'a small zone', 'distill_guard_zone zone=a:1k;',
        qr/too small: give it 512k/ ],
    [ 'no secret', 'distill_guard_secret none;',
        qr{cannot read the secret \S*/none: No such file} ],
    [ 'a short secret', 'distill_guard_secret short;',
        qr/holds 5 bytes, 16 are the least/ ],
    [ 'no geoip file', 'distill_guard_geoip asn none.mmdb;',
        qr{/none\.mmdb cannot be found: give the path} ],
    [ 'no list', 'distill_guard_hosting none;', qr{cannot read \S*/none:} ],
    [ 'a bad list', 'distill_guard_hosting list;',
        qr{/list:2: no AS number} ],
) {
    my ($name, $conf, $said) = @$_;

    $t->write_file('short', "short\n");
    $t->write_file('list', "AS64500\nnobody\n");

    my $run = replay(raw(1, 'a'), settings($conf));
    is_deeply([ $run->{status}, $run->{out} ], [ 2, [] ],
        "settings: $name");
    like($run->{err}, $said, "settings: $name is told");
}

is(replay('', '-c', $t->dir . '/none')->{status}, 2, 'no settings');

{
    my $run = replay(raw(1, 'a') . "\n", settings(<<'EOF_CONF'));
        distill_guard observe;   # whatever the mode
        distill_guard_redis redis://127.0.0.1;
        distill_guard_key $http_x_key;
        distill_guard_account $http_x_account;
        distill_guard_exempt $partner;
        distill_guard_status;
EOF_CONF

    is_deeply([ $run->{status}, scalar @{ $run->{out} } ], [ 0, 1 ],
        'directives that need nginx are no mistake');
    is(scalar(() = $run->{err}
            =~ /guard\.conf:\d: "distill_guard_\w+" is of no use to/g),
        5, 'and each is named');
}


# ---- exchanges that end later ---------------------------------------------

my @ONE = settings('distill_guard_limit key output_tokens=100/h;');

{
    my %end = (usage => { input_tokens => 1, output_tokens => 90 });
    my @lines = (
        raw(10, 'a', id => 'one', label => 'x'),
        raw(11, 'a', id => 'two', body => { max_tokens => 1 }),
        $json->encode({ t => 12, end => 'two', %end }),
        raw(13, 'a'),
        $json->encode({ t => 14, end => 'one', aborted => JSON::PP::true,
            response => '' }),
        raw(15, 'a', id => 'three', body => { max_tokens => 9 }),
        raw(16, 'a', body => { max_tokens => 2 }, %end),
        $json->encode({ t => 17, end => 'three', status => 503 }),
        raw(18, 'a', body => { max_tokens => 11 }),
        raw(19, 'a', body => { max_tokens => 10 }, done => 20,
            usage => { output_tokens => 5 }),
        raw(19.5, 'a', body => { max_tokens => 1 }),
        raw(20, 'a', body => { max_tokens => 5 }),
    );

    my $run = replay(join('', map { "$_\n" } @lines), @ONE);
    my @told = map { $json->decode($_) } @{ $run->{out} };

    # "one" asks for as much as there is, and is cut off before it had any

    is(verdicts(@told), 'PASS THROTTLE none THROTTLE none PASS PASS none '
        . 'THROTTLE PASS THROTTLE PASS', 'what is in flight is reserved');
    is_deeply($told[2], { t => 12, end => 'two' }, 'an end of what was not');
    is($told[0]{label}, 'x', 'a label');
    is($run->{status}, 0, 'no mistake');

    $run = replay(join "\n", raw(1, 'a', id => 'x'), raw(1, 'b', id => 'y'),
        raw(2, 'a', id => 'x'), '{"t":2,"end":"y"}');
    is_deeply([ map { $json->decode($_)->{error} } $run->{out}[2] ],
        [ 'an exchange of that "id" has not ended' ], 'one id twice');
    like($run->{err}, qr/1 exchanges were left open/, 'and not at all');
}


# ---- one line after the other ---------------------------------------------

{
    my $pid = open3(my $in, my $out, my $err = gensym, $ctl, 'replay',
        '--interactive', settings('distill_guard_limit key requests=2/m;'));
    $in->autoflush(1);

    my $ask = sub {
        local $SIG{ALRM} = sub { die "no answer\n" };
        alarm 20;
        print $in map { "$_\n" } @_;
        my @told = map { scalar <$out> } @_;
        alarm 0;
        return map { $json->decode($_) } @told;
    };

    # a client that tries again when it is told to

    my ($at, @got) = (100);

    for (1 .. 6) {
        my ($told) = $ask->(raw($at, 'a'));
        push @got, $told;
        $at += $told->{retry_after} // 0;
    }

    is(verdicts(@got), 'PASS PASS THROTTLE PASS THROTTLE PASS',
        'interactive: the client waits as it is told');

    is(verdicts($ask->(map { raw($at, 'b') } 1 .. 3)), 'PASS PASS THROTTLE',
        'interactive: several at once');
    is(($ask->('nonsense'))[0]{line}, 10, 'interactive: a mistake');
    is(verdicts($ask->(raw($at, 'c'))), 'PASS', 'interactive: goes on');

    close $in;
    is(scalar(<$out>), undef, 'interactive: no more than that');
    waitpid $pid, 0;
    is($? >> 8, 1, 'interactive: the exit status');
}


# ---- what is not understood -----------------------------------------------

{
    my @lines = (
        raw(10, 'a'),
        '{"t":10,"ip":"192.0.2.1"',
        '',
        '[]',
        '{"ip":"192.0.2.1"}',
        '{"t":10}',
        '{"t":10,"ip":"192.0.2.256"}',
        '{"t":10,"ip":"192.0.2.1","headers":["x-api-key","a"]}',
        '{"t":10,"ip":"192.0.2.1","headers":[["x-api-key"]]}',
        '{"t":10,"ip":"192.0.2.1","status":"200"}',
        '{"t":10,"ip":"192.0.2.1","status":99}',
        '{"t":10,"ip":"192.0.2.1","done":9}',
        '{"t":10,"ip":"192.0.2.1","id":5}',
        '{"t":9.9994,"ip":"192.0.2.1"}',
        '{"v":1,"t":10,"key":"x"}',
        '{"v":2,"t":10}',
        '{"t":10,"v":1,"verdict":"MAYBE"}',
        "\t\r",
        raw(10, 'a'),
    );

    my $run = replay(join "\r\n", @lines);
    my @told = map { $json->decode($_) } @{ $run->{out} };

    is($run->{status}, 1, 'mistakes: the exit status');
    is(scalar @told, @lines - 2, 'mistakes: a line for each, but empty ones');
    is_deeply([ map { $_->{line} // 0 } @told ],
        [ 0, 2, 4 .. 17, 0 ], 'mistakes: where they are');
    is(scalar(grep { $_->{error} } @told), 15, 'mistakes: what they are');
    is(scalar(() = $run->{err} =~ /^distillctl: standard input:\d+: /mg), 15,
        'mistakes: on standard error');
    like($told[12]{error}, qr/^time goes back by 0\.001 s/,
        'mistakes: time goes back');

    my @of = map { $_->{error} // '' } @told;
    is($of[5], '"ip" is no address', 'mistakes: an address');
    is($of[6], '"headers[]" is not of the type it should be',
        'mistakes: a header');
    is($of[15], '"verdict" has a value that cannot be',
        'mistakes: of an event');
}


# ---- long lines, and memory -----------------------------------------------

{
    my $text = 'a long line of text ' x 1_000_000;
    my @lines = (
        raw(1, 'a', body => { messages => [ { role => 'user',
            content => $text } ] }),
        raw(2, 'a', body => $json->encode({ messages => [ {
            role => 'user', content => "$text\n" } ] })),
        '{"t":3,"ip":"192.0.2.1","body":"' . 'x' x 70_000_000 . '"}',
        raw(4, 'a', label => $text),
    );

    my $run = replay(join("\n", @lines),
        settings('distill_guard_limit key input_tokens=1k/d;'));
    my @told = map { $json->decode($_) } @{ $run->{out} };

    is_deeply([ map { $_->{verdict} // $_->{error} } @told ],
        [ 'PASS', 'THROTTLE', 'the line is longer than 67108864 bytes',
            'THROTTLE' ], 'lines of 20 MB, and one that is too long');
    is_deeply([ map { $_->{reasons}[0]{value} } @told[ 1, 3 ] ],
        [ 5_000_004, 5_000_004 ], 'read to their end');
    ok($told[3]{label} eq $text, 'as is a label');
}

SKIP: {
    skip 'needs /proc', 2 unless -r "/proc/$$/status";
    skip 'sanitizers take more', 2 if $ENV{DG_SANITIZE};

    my $pid = open3(my $in, my $out, my $err = gensym, $ctl, 'replay',
        '--interactive', settings('distill_guard_zone zone=guard:1m;'));
    my $at = 0;

    # more keys than there is room for, and all of them in flight for a while

    for (1 .. 200) {
        my $lines = join '', map { $at += 0.01;
            raw($at, rand, done => $at + 10) . "\n" } 1 .. 100;

        print $in $lines;
        $in->flush;
        scalar <$out> for 1 .. 100;
    }

    open my $status, '<', "/proc/$pid/status" or die "status: $!\n";
    my ($peak) = map { /^VmHWM:\s*(\d+)/ ? $1 : () } <$status>;

    close $in;
    is(scalar(<$out>), undef, 'all is told');
    waitpid $pid, 0;
    cmp_ok($peak, '<', 16 * 1024, 'in a zone of 1m: not much more memory');
}


# ---- files ----------------------------------------------------------------

{
    my $one = $t->write_file('one', raw(1, 'a') . "\n" . raw(2, 'a'));
    my $two = $t->write_file('two', "x\n" . raw(4, 'a') . "\n");
    my $run = replay(raw(3, 'a'), $one, '-', $two,
        settings('distill_guard_limit key requests=3/m;'));
    my @told = map { $json->decode($_) } @{ $run->{out} };

    is(verdicts(@told), 'PASS PASS PASS none THROTTLE', 'several are one');
    like($run->{err}, qr{^distillctl: \S*/two:1: the line is not JSON}m,
        'lines have the numbers of their file');
}


# ---- the summary ----------------------------------------------------------

{
    my %usage = (usage => { input_tokens => 5, output_tokens => 40 });
    my @lines = (
        (map { raw($_, "k$_", label => 'honest', %usage) } 1 .. 5),
        (map { raw(10 + $_, 'h', label => 'harvest', done => 20, %usage) }
            1 .. 4),
        raw(21, 'h2', label => 'harvest', %usage),
        raw(22, 'h', label => [1], %usage),
        raw(23, 'h2'),
    );

    my $run = replay(join("\n", @lines), '--summary', '--campaigns',
        settings('distill_guard_limit key requests=2/h;'));
    my %row = map { /^(\S+)\s+(.*\S)$/ ? ($1 => [ split /[\s|]+/, $2 ]) : () }
        split /\n/, $run->{err};

    is(scalar @{ $run->{out} }, @lines, 'summary: not on standard output');
    is_deeply($row{'"honest"'}, [ 5, 0, 200, qw(- - - -), 5, 0, 0, 0 ],
        'summary: who was never refused');
    is_deeply($row{'"harvest"'}, [ 5, 2, 120, 2, 80, qw(- -), 2, 1,
        0, 0 ],
        'summary: who was');
    is_deeply($row{'[1]'}, [ 1, 1, 0, 0, 0, qw(- -), 1, 1, 0, 0 ],
        'summary: a label that is no text');
    is_deeply($row{null}, [ 1, 0, 0, qw(- - - -), 1, 0, 0, 0 ],
        'summary: no label');
}


# ---- places ---------------------------------------------------------------

SKIP: {
    eval { require MaxMind::DB::Writer::Tree; 1 }
        or skip 'needs MaxMind::DB::Writer', 2;

    my $tree = MaxMind::DB::Writer::Tree->new(
        ip_version => 6, record_size => 24, database_type => 'Test',
        languages => ['en'], description => { en => 'a test' },
        remove_reserved_networks => 0,
        map_key_type_callback => sub { 'uint32' });

    $tree->insert_network('203.0.113.0/24',
        { autonomous_system_number => 64500 });

    open my $fh, '>:raw', $t->dir . '/asn.mmdb' or die "asn.mmdb: $!\n";
    $tree->write_tree($fh);
    close $fh;

    my @asn = settings("distill_guard_geoip asn asn.mmdb reload=5m;\n"
        . 'distill_guard_limit asn requests=2/h;');
    my @ips = ('203.0.113.1', '203.0.113.2', '::ffff:203.0.113.3',
        '198.51.100.1', '2001:db8::1', 'unix:');

    is(verdicts(told([ map { raw(1, $_, ip => $_) } @ips ], @asn)),
        'PASS PASS THROTTLE PASS PASS PASS', 'networks are looked up');
    is(verdicts(told([ map { raw(1, "k$_", asn => 64501,
            ip => '203.0.113.1') } 1 .. 3 ], @asn)),
        'PASS PASS THROTTLE', 'or told');
}
