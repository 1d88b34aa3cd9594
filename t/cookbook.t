#!/usr/bin/perl

# docs/cookbook.md: through each recipe requests are sent, and what it says is
# seen.

use strict;
use warnings;

use CPAN::Meta::YAML;
use JSON::PP;
use Test::More;

use DistillGuard::Docs qw($root %doc adapt blocks here section shell);

my $SOON = 10;

my $t = DistillGuard::Docs::harness();
my $cookbook = $doc{'docs/cookbook.md'};
my ($BASE) = blocks(section($cookbook, 'What all of them stand on'), 'nginx');

my %upstream = (UPSTREAM => $t->upstream(keep => 9),
    LARGE => $t->upstream(name => 'large', keep => 9));

$t->redis(name => 'shared');

# whose key it is, and on which plan

my $AUTHORITY = <<'EOF';
    map $http_authorization $whose {
        default         "";
        "~^Bearer acme" acme;
        "~^Bearer bob"  bob;
        "~^Bearer carl" carl;
        "~^Bearer dave" dave;
    }

    map $whose $paying {
        acme paid;
        carl free;
        dave unheard-of;
    }

    server {
        listen 127.0.0.1:%%PORT9000%%;
        access_log off;

        location / {
            if ($whose = "") {
                return 401;
            }

            add_header X-Account $whose;
            add_header X-Plan $paying;
            return 204;
        }
    }
EOF

# "nginx" and "distillctl" in a command are those of this test

my $served;
my $bin = $t->dir . '/bin';

mkdir $bin or die "$bin: $!\n";
symlink $ENV{DG_CTL}, "$bin/distillctl" or die "distillctl: $!\n";
$ENV{PATH} = "$bin:$ENV{PATH}";

for my $binary (DistillGuard::Nginx::binary()) {
    $t->write_file('bin/nginx', "#!/bin/sh\n"
        . "exec $binary -p \$DG_SERVED/ -c nginx.conf \"\$@\" 2>&1\n");
    chmod 0755, "$bin/nginx";
}


# Serves the nth configuration of a recipe, in the place of the one before;
# the rest replaces what stands in it.

sub serve {
    my ($heading, $n, $more, %replace) = @_;

    my $conf = (blocks(section($cookbook, $heading), 'nginx'))[$n];

    while (my ($old, $new) = each %replace) {
        $conf =~ s/\Q$old\E/$new/g
            or die "$heading: there is no $old\n";
    }

    $conf = "$BASE$conf" unless $conf =~ /distill_guard_zone/;

    $t->stop(instance => $served) if defined $served;
    $served = lc "$heading-$n" =~ s/\W+/-/gr;
    $t->conf($more . adapt($conf), instance => $served);
    unlink $t->dir . '/nginx.conf';
    symlink $t->dir . "/$served/nginx.conf", $t->dir . '/nginx.conf';
    $t->start(instance => $served);
    $ENV{DG_SERVED} = $t->dir . "/$served";
}


# what a key asks, and what the log says of it

my $events = 0;

sub chat {
    my ($key, @rest) = @_;

    my %rest = @rest;
    my $path = delete $rest{path} // '/v1/chat/completions';
    my $body = { model => delete $rest{model} // 'm', max_tokens => 20,
        messages => [{ role => 'user', content => 'hi' }],
        $rest{stream} ? (stream => \1) : () };

    delete $rest{stream};

    return $t->post_json($path, $body, Authorization => "Bearer $key",
        -port => 'port80', %rest);
}


sub event {
    my ($file) = @_;

    my @lines;

    $t->wait_for(sub {
        @lines = split /\n/, eval { $t->read_file($file // 'guard.log') } // '';
        return @lines > $events;
    }, $SOON, 'an event');

    return decode_json($lines[ $events++ ]);
}


# the event, with what the client got

sub told {
    my $answer = chat(@_);

    return { %{ event() }, got => $answer->{status} };
}


# The only command of a recipe that matches, which is a block or a line of one.

my %ran;

sub run {
    my ($heading, $which) = @_;

    my @commands = grep { $_ =~ $which } commands_of($heading);

    ok(@commands == 1, "$heading: $which is one command");
    $ran{ $commands[0] } = 1;

    return shell(here($commands[0]));
}


sub commands_of {
    my ($heading) = @_;

    return map { /<<'/ ? $_ : split /\n/ }
        blocks(section($cookbook, $heading), 'sh');
}


# ---- an OpenAI-compatible server ------------------------------------------

my $OPENAI = 'An OpenAI-compatible server';

serve($OPENAI, 0, '');

my $answer = eval { decode_json(run($OPENAI, qr/^curl/)) };
event();
my $last = eval { decode_json(run($OPENAI, qr/^tail/)) };

is($answer->{object}, 'chat.completion', 'a server: it answers');
is_deeply([ @$last{qw(dialect source verdict)} ],
    [ qw(openai.chat reported PASS) ], '... and the log is as said');
cmp_ok($last->{output_tokens}, '>', 0, '... with tokens');
is(told('sk-1', stream => 1, 'X-Upstream' => 'usage=none')->{source},
    'estimated', '... which are estimated where nothing is told');
is(chat('sk-1', path => '/tokenize')->{status}, 404, '... all else is closed');


# ---- many models ----------------------------------------------------------

serve('Many models', 0, '');


sub reached {
    my ($model) = @_;

    $_->clear for values %upstream;
    my $event = told('sk-models', model => $model);
    my @where = grep { $upstream{$_}->ledger } sort keys %upstream;

    return "$event->{got} $event->{model} @where";
}


is(reached('acme-large-2'), '200 acme-large-2 LARGE',
    'many models: the body says which upstream');
is(reached('acme-small'), '200 acme-small UPSTREAM', '... others the default');

serve('Many models', 1, '', '200k' => 200);

my %large = (path => '/large/v1/chat/completions');
my %small = (path => '/small/v1/chat/completions');

is(told('sk-paths', %large)->{verdict}, 'PASS', 'by path: it passes');
is(told('sk-paths', %small, 'X-Upstream' => 'tokens=300')->{verdict}, 'PASS',
    '... and at the small model');
is(told('sk-paths', %large)->{got}, 429,
    '... whose tokens count at the large one');
is(told('sk-paths', %small)->{got}, 200, '... but not the other way');


# ---- accounts -------------------------------------------------------------

my $SERVICE = 'Accounts from an authentication service';

serve($SERVICE, 0, $AUTHORITY, '600/m' => '2/d');

my @acme = map { told("acme-$_") } 1, 2;
my $bob = told('bob-1', 'X-Account' => 'acme');

isnt($acme[0]{key}, $acme[1]{key}, 'a service: two keys');
is($acme[0]{account}, $acme[1]{account}, '... are one account');
isnt($bob->{account}, $acme[0]{account}, '... which nobody can claim');
is(told('acme-3')->{verdict}, 'THROTTLE_DRY_RUN', '... and has one limit');
is(chat('unknown')->{status}, 401, '... whom it refuses');
is(told('bob-2')->{got}, 200, '... is not counted');

serve($SERVICE, 1, $AUTHORITY);

@acme = map { told("acme-token-$_") } 1, 2;
is($acme[0]{key}, $acme[1]{key}, 'tokens: a new one is the same key');
isnt(told('bob-token')->{key}, $acme[0]{key}, '... of this account alone');

serve('Accounts from a gateway in front', 0, '', '10.0.1.0/24' => '127.0.0.1');

my %of = ('X-Account' => 'acme', 'X-Forwarded-For' => '203.0.113.7');
my $trusted = told('sk-gateway', %of);
my $other = told('sk-gateway', %of, -from => '127.0.0.2');

isnt($trusted->{account}, $trusted->{key}, 'a gateway: says who it is');
is($trusted->{origin}, '203.0.113.0/24', '... and from where');
is($other->{account} // $other->{key}, $other->{key},
    '... others are not believed');
is($other->{origin}, '127.0.0.0/24', '... in neither');


# ---- a CDN ----------------------------------------------------------------

serve('Behind a CDN', 0, '', '198.51.100.0/24' => '127.0.0.1', '6k/m' => '2/d');


sub from {
    my ($forwarded, @rest) = @_;

    my $event = told('sk-cdn', 'X-Forwarded-For' => $forwarded, @rest);

    return "$event->{got} $event->{origin}";
}


is(from('192.0.2.4, 203.0.113.9, 127.0.0.1'), '200 203.0.113.0/24',
    'a CDN: the last address that is none of its own is the client');
is(from('203.0.113.10'), '200 203.0.113.0/24', '... whose network is one');
is(from('203.0.113.11'), '200 203.0.113.0/24',
    '... and is not refused while it observes');
is(from('198.18.0.1', -from => '127.0.0.2'), '200 127.0.0.0/24',
    '... others are not believed');


# ---- Kubernetes -----------------------------------------------------------

my $cluster = section($cookbook, 'Kubernetes');
my ($conf) = blocks($cluster, 'nginx');
my ($image) = blocks($cluster, 'dockerfile');
my ($text) = blocks($cluster, 'yaml');
my ($pods, $service) = @{ CPAN::Meta::YAML->read_string($text) };
my $pod = $pods->{spec}{template}{spec};
my ($container) = @{ $pod->{containers} };
my %listens = map { $_ => 1 } $conf =~ /listen (\d+);/g;
my %mount = map { $_->{mountPath} => $_->{name} }
    @{ $container->{volumeMounts} };
my %volume = map { my %v = %$_; my $name = delete $v{name};
    $name => join ' ', %{ (values %v)[0] } } @{ $pod->{volumes} };
my $probe = $container->{readinessProbe}{httpGet};

is_deeply([ sort keys %listens ],
    [ sort map { $_->{containerPort} } @{ $container->{ports} } ],
    'Kubernetes: ports are those of nginx');
ok($listens{ $service->{spec}{ports}[0]{targetPort} }
    && $service->{spec}{ports}[0]{targetPort} != $probe->{port},
    '... the service leads to one of them, not to the status');
is_deeply($service->{spec}{selector}, $pods->{spec}{selector}{matchLabels},
    '... and to these pods');
is_deeply($pods->{spec}{template}{metadata}{labels},
    $service->{spec}{selector}, '... by their labels');
like($cluster, qr/create secret generic \Q$_->[1]\E .*--from-file=secret\b/,
    '... the secret is made as it is named')
    for [ split / /, $volume{ $mount{'/etc/nginx/guard'} } ];
like($cluster, qr/create configmap \Q$_->[1]\E .*nginx\.conf/,
    '... and the configuration')
    for [ split / /, $volume{ $mount{'/etc/nginx/nginx.conf'} } ];

for my $file ($conf =~ m{(/etc/nginx/guard/[\w-]+)}g) {
    my ($name) = $file =~ m{([\w-]+)$};
    like($cluster, qr/--from-file=\Q$name\E\b/, "... $name is put into it");
}

my ($zone) = $conf =~ /zone=guard:(\d+)m/;
my ($memory) = $container->{resources}{limits}{memory} =~ /^(\d+)Mi$/;
my ($timeout) = $conf =~ /proxy_read_timeout (\d+)s/;

cmp_ok($memory, '>=', 2 * $zone, '... there is memory for the zone');
cmp_ok($pod->{terminationGracePeriodSeconds}, '>', $timeout,
    '... and time for what is under way');

my ($packages) = $t->read_file("$root/Makefile")
    =~ /^PKG_BUILD = ((?:.*\\\n)*.*)/m;
$packages =~ s/\$\(if [^,]*,,(.*)\)/$1/;
$packages =~ tr/ \\\n/ /s;
my ($built, $runs) = map { join ' ', split ' ', tr/\\//dr }
    $image =~ /recommends \\\n((?:.*\\\n)*?.*?)(?: &&.*)?\n(?=COPY)/g;

is($built, $packages, '... the image has what a build needs');

SKIP: {
    my $system = eval { $t->read_file('/etc/os-release') } // '';

    skip 'not Debian 12, or without a module', 1
        if $system !~ /^VERSION_ID="12"/m || !$ENV{DG_MODULE};

    my $library = qr/\b(lib(?:hiredis|jansson|maxminddb|ssl))\.so\.([\d.]+)/;
    my %needs = map { $_ =~ $library ? ("$1$2" => 1) : () }
        map { qx(ldd '$_') } @ENV{qw(DG_MODULE DG_CTL)};

    is_deeply([ sort keys %needs ], [ grep { /^lib/ } split / /, $runs ],
        '... and what the module needs');
}

# Redis is away

$events = 0;
serve('Kubernetes', 0, '');

is($t->http({ path => $probe->{path} }, port => "port$probe->{port}")
    ->{status}, 200, '... it is ready');
is($t->post_json('/v1/messages', { model => 'm', max_tokens => 9,
    messages => [] }, 'x-api-key' => 'sk-pod', -port => 'port8080')->{status},
    200, '... and serves');
is(event('stdout')->{dialect}, 'anthropic.messages', '... and logs');
$events = () = $t->read_file('guard.log') =~ /\n/g;


# ---- tiers ----------------------------------------------------------------

serve('A free and a paid tier', 0, $AUTHORITY, '20/m' => '2/d');

is(join(' ', map { told("acme-$_")->{got} } 1 .. 4), '200 200 200 200',
    'tiers: who pays has more');
is(join(' ', map { told("carl-$_")->{got} } 1 .. 3), '200 200 429',
    '... than who does not');
is(join(' ', map { told("dave-$_")->{got} } 1 .. 3), '200 200 429',
    '... or has a plan that nobody has heard of');


# ---- an evaluation team ---------------------------------------------------

my $TEAM = 'An evaluation team that may do anything';

$t->write_file('key.txt', "sk-team\n");
serve($TEAM, 0, '', '192.0.2.0/28' => '127.0.0.3', '600/m' => '1/d');

my @team = map { told('sk-evaluation', -from => '127.0.0.3') } 1 .. 3;
is_deeply([ map { "$_->{got} $_->{exempt}" } @team ], [ ('200 1') x 3 ],
    'a team: is not refused');
is(told('sk-evaluation')->{got}, 429,
    '... from elsewhere it is, for what it has used');
is(join(' ', map { told('sk-team')->{got} } 1, 2), '200 429',
    'a key: is refused');
run($TEAM, qr/^distillctl allow /);
$t->wait_for(sub { my $e = told('sk-team'); $e->{got} == 200 && $e->{exempt} },
    $SOON, 'the key to be allowed');
pass('... until it is allowed');
like(run($TEAM, qr/^distillctl list/),
    qr/^allow\s+key:[0-9a-f]{32}.*evaluation of spring/m,
    '... which is listed');
run($TEAM, qr/^distillctl release /);
$t->wait_for(sub { told('sk-team')->{got} == 429 }, $SOON,
    'the key to be released');
pass('... or released');


# ---- from observing to enforcing ------------------------------------------

my $MODE = 'From observing to enforcing';

serve($MODE, 0, 'server { listen 127.0.0.1:%%PORT8080%%;'
    . ' location = /guard { distill_guard_status; } }');

run($MODE, qr/observe;' >/);
run($MODE, qr/^nginx -t/);
$t->write_file('key.txt', "sk-mode\n");
told('sk-mode');
shell(here('distillctl block key:- --conf /etc/nginx/nginx.conf'
    . ' < %%DIR%%/key.txt'));
$t->wait_for(sub { my $e = told('sk-mode');
    $e->{verdict} eq 'BLOCK_DRY_RUN' && $e->{got} == 200 }, $SOON,
    'a block that is none');
pass('a mode: a block is a dry run');
run($MODE, qr/<<'END'/);
$t->wait_for(sub { my $e = told('sk-mode');
    $e->{verdict} eq 'BLOCK' && $e->{got} == 403 }, $SOON, 'a block');
pass('... until it is enforced');
like(run($MODE, qr/distill_guard_verdicts_total/),
    qr/^distill_guard_verdicts_total\{.*"BLOCK",mode="enforced"\} [1-9]/m,
    '... which the metrics tell');


# ---- nothing is left out --------------------------------------------------

# those for a system under attack are run by t/docs_commands.t

my %NIGHT = map { $_ => 1 } 'At three in the morning',
    'A customer says that he is refused';

run('Kubernetes', qr/^openssl/);

is_deeply([ grep { !$ran{$_} && !/^kubectl / } map { commands_of($_) }
    grep { !$NIGHT{$_} } $cookbook =~ /^## (.*)$/mg ], [],
    'every command has been run');
