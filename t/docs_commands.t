#!/usr/bin/perl

# The documents' commands: each is run, here or by the test that is named, or
# stands in a list with the reason why not.  Those run here meet a system under
# attack.

use strict;
use warnings;

use Test::More;

use DistillGuard::Docs qw($root %doc blocks here section shell);
use DistillGuard::Pool;
use DistillGuard::Rights qw(operator_rights);

my $SOON = 10;
my $NODE = 'port8080';    # the one that documents ask for its status

my $t = DistillGuard::Docs::harness();

# documents all of whose commands another test runs, and those of the cookbook
# that are for a system under attack

my %ELSEWHERE = (
    'docs/getting-started.md' => 't/docs.t',
    'docs/redis.md'           => 't/redis_docs.t',
);

my @NIGHT = ('At three in the morning', 'A customer says that he is refused');

my %target = map { $_ => 1 } $t->read_file("$root/Makefile")
    =~ /^([\w-]+):.*\t## /mg;


# ---- what is a command ----------------------------------------------------

# A block that is marked "sh" has commands alone; one without a mark has what
# something prints, or "$ " before each command, as t/tuning.t runs them.

my $COMMAND = qr/^(?:apt-get|cat|chmod|cp|curl|cut|distillctl|docker|echo
    |export|grep|head|journalctl|jq|kill|kubectl|make|man|mkdir|mv|nginx
    |openssl|promtool|redis-cli|sed|sort|source|systemctl|tail|LC_ALL=\S+)[ ]/x;

for my $name (sort keys %doc) {
    my @unmarked = grep { $_ =~ $COMMAND } map { split /\n/ }
        grep { $_ ne synopsis($name) } blocks($doc{$name}, '');

    is("@unmarked", '', "$name: commands are marked");
}


# the usage of distillctl, which t/decisions.t compares with --help

sub synopsis {
    my ($name) = @_;

    return $name eq 'docs/distillctl.md' ? (blocks($doc{$name}, ''))[0] : '';
}


for my $name (sort keys %ELSEWHERE) {
    like($t->read_file("$root/$ELSEWHERE{$name}"), qr/\Q$name\E/,
        "$name: is for $ELSEWHERE{$name}");
}


# ---- a system under attack ------------------------------------------------

my $redis = $t->redis(name => 'shared', acl => [
    'default on nopass ~* &* +@all',
    'operator on >a-password ' . operator_rights() ]);

$t->write_file('redis.password', "a-password\n");
$t->write_file('customer.txt', "acme\n");
$t->write_file('key.txt', "sk-customer\n");

my $pool = DistillGuard::Pool->new($t, $NODE);

$pool->conf($NODE, 'redis://127.0.0.1:%%SHARED%% sync=20ms', http => <<'EOF');
    log_format guard escape=none '$distill_guard_event';
    access_log %%DIR%%/guard.log guard if=$distill_guard_dialect;
EOF

symlink $t->dir . "/$NODE/nginx.conf", $t->dir . '/nginx.conf';
$t->start(instance => $NODE);
$pool->run;
ok($pool->is_found($NODE), 'there is a campaign');

$pool->ask($NODE, 'customer', $pool->stranger, '/limit') for 1 .. 45;

my %id = (campaign => $pool->last_of($NODE, 1)->{campaign});

$ENV{HOME} = $t->dir;
$ENV{PATH} = $t->dir . "/bin:$ENV{PATH}";
mkdir $t->dir . '/bin';
$t->write_file('bin/distillctl', <<"EOF");
#!/bin/bash

# what follows until it is interrupted is interrupted

if [ "\$1" = watch ]; then
    timeout -s INT 1 $ENV{DG_CTL} "\$@"
    exit 0
fi

exec $ENV{DG_CTL} "\$@"
EOF
chmod 0755, $t->dir . '/bin/distillctl';
$ENV{DISTILL_GUARD_CONF} = $t->dir . '/nginx.conf';

($id{key}) = shell('distillctl id key:- < %%DIR%%/key.txt')
    =~ /^(?:key:)?([0-9a-f]{32})$/m;
$id{account} = $id{key};
isnt($id{key}, undef, 'a customer has an id');


# as it stands in the document, but for whom it is about

sub about {
    my ($text) = @_;

    for my $kind (qw(key account campaign)) {
        $text =~ s/\b($kind(?::|":"))[0-9a-f]{32}/$1$id{$kind}/g;
    }

    return here($text);
}


# What each prints, and what has to be so before the next is run.

sub status { return $pool->ask($NODE, 1) }

my %SEEN = (
    'distillctl top' => sub { like($_[0],
        qr/^campaign:$id{campaign}\s+\d\d/m,
        '... the campaign is in front') },
    'distillctl campaigns' => sub { like($_[0],
        qr/^campaign:$id{campaign}\n.*105 accounts were used/s,
        '... says what they have in common') },
    'distillctl explain campaign' => sub { like($_[0],
        qr/^campaign:$id{campaign}\n.*score of \d+ \(linkage/s,
        '... says why') },
    'distillctl block campaign' => sub { eval { $t->wait_for(
        sub { status() == 403 }, $SOON, 'a block') };
        is(status(), 403, '... which holds') },
    'distillctl release campaign' => sub { eval { $t->wait_for(
        sub { status() != 403 }, $SOON, 'a release') };
        isnt(status(), 403, '... which is undone') },
    'distillctl explain key' => sub { like($_[0], qr/^key:$id{key}\n/,
        '... says who') },
    'distillctl id key' => sub { like($_[0], qr/\b$id{key}$/, '... the id') },
    'grep.*"verdict":"BLOCK"' => sub { like($_[0],
        qr/"verdict":"BLOCK".*"campaign":"$id{campaign}"/,
        '... and is in the log') },
    'grep.*"account"' => sub { like($_[0], qr/^ *\d+ "account":"[0-9a-f]{32}"/,
        '... accounts, by how much they ask') },
    'grep.*"reasons"' => sub { like($_[0],
        qr/^"reasons":\[\{"limit":"key requests=40\/d"/, '... why') },
);


# what is not run here, with the reason

sub unfit {
    my ($line) = @_;

    my ($target) = $line =~ /^make(?: (?:\w+=\S+ )*([a-z-]+))?/;

    return !$target || $target{$target}
        ? 'the target is there' : "there is no target $target"
        if $line =~ /^make\b/;

    return 'no cluster' if $line =~ /^kubectl /;

    return undef;
}


sub try_block {
    my ($name, $block) = @_;

    # here-documents and continued lines belong to what they are of

    my @commands = $block =~ /<<'|\\\n/ ? $block
        : grep { /\S/ } split /\n/, $block;

    for my $command (@commands) {
        my $why = unfit($command);

        if (defined $why) {
            unlike($why, qr/^there is no/, "$name: $command: $why");
            next;
        }

        if ($command =~ /^export (\w+)=(\S+)$/) {
            $ENV{$1} = $t->expand(here($2));
            next;
        }

        my $printed = shell(about($command));

        $SEEN{$_}->($printed) for grep { $command =~ $_ } sort keys %SEEN;
    }
}


for my $name (sort keys %doc) {
    next if $ELSEWHERE{$name};

    my @texts = $name eq 'docs/cookbook.md'
        ? map { section($doc{$name}, $_) } @NIGHT : $doc{$name};

    try_block($name, $_) for map { blocks($_, 'sh') } @texts;
}
