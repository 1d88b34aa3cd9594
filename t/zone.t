#!/usr/bin/perl

# The shared zone through everything that happens to nginx: reloads with
# another size, name, secret or module, a worker killed inside the lock, a
# binary upgrade.

use strict;
use warnings;

use IO::Socket::IP;
use List::Util qw(sum);
use Test::More;

use DistillGuard::Memory;
use DistillGuard::Test;

my $STEPPING = 120;        # seconds until a worker is in the lock, at most

my $t = DistillGuard::Test->new;

$t->upstream;
$t->write_file('secret', 's' x 32);
$t->write_file('other', 'o' x 32);

# Options: zones (definitions), zone (used), secret, guard => 0, workers, main,
# module, listen (another port), load => 1 (a server that answers at once,
# guarded by so many limits that its workers are in the lock often)

sub conf {
    my (%opt) = @_;

    my $zones = $opt{zones} // 'distill_guard_zone zone=guard:1m;';
    my $use = $opt{zone} ? " zone=$opt{zone}" : '';
    my $secret = $opt{secret}
        ? "distill_guard_secret %%DIR%%/$opt{secret};" : '';
    my $listen = $opt{listen} ? "listen 127.0.0.1:%%$opt{listen}%%;" : '';
    my $guard = $opt{guard} // 1 ? <<"EOF" : '';
        distill_guard enforce$use;
        distill_guard_limit key requests=3/h;
        location = /status { distill_guard off; distill_guard_status; }
EOF
    my @rates = map { my $span = $_; map { "${_}=900m/$span" } qw(requests
        input_tokens output_tokens tokens) } qw(m h d);
    my $load = $opt{load} ? <<"EOF" : '';

    server {
        listen 127.0.0.1:%%LOAD%%;
        keepalive_requests 1000000;
        access_log off;
        distill_guard enforce;
        distill_guard_limit key @rates;
        distill_guard_limit origin @rates;
        root %%DIR%%;
        location = /status { distill_guard off; distill_guard_status; }
    }
EOF

    return $t->conf(<<"EOF", workers => $opt{workers} // 2,
    $zones
    $secret
    proxy_http_version 1.1;

    server {
        listen 127.0.0.1:%%HTTP%%;
        $listen
        $guard

        location / {
            proxy_buffering off;
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
        }
    }
    $load
EOF
        exists $opt{module} ? (module => $opt{module}) : (),
        main => $opt{main} // 'env LD_PRELOAD; env ASAN_OPTIONS;'
            . ' env UBSAN_OPTIONS;');
}

my %CHAT = (model => 'm', messages => [{ role => 'user', content => 'hi' }]);


sub ask {
    my ($key, @rest) = @_;

    return $t->post_json('/v1/chat/completions', \%CHAT,
        Authorization => "Bearer sk-zone-$key", @rest);
}


sub statuses {
    my ($key, $n) = @_;

    return join ' ', map { ask($key)->{status} } 1 .. $n;
}


sub zone { return $t->http({ path => '/status' })->json->{zones}{guard} }


sub reload {
    my ($name, %opt) = @_;

    conf(%opt);
    ok($t->reload, "reload: $name");
}

conf()->start;

# --- what is kept, and what is begun anew

is(statuses('a', 4), '200 200 200 429', 'three an hour');

reload('nothing changed');
is(statuses('a', 1), '429', 'the count is kept');

reload('more workers', workers => 4);
is(statuses('a', 1), '429', 'the count is kept');

my $stream = $t->background(sub {
    $t->post_json('/v1/chat/completions', { %CHAT, stream => \1 },
        Authorization => 'Bearer sk-zone-stream', -timeout => 30,
        'X-Upstream' => 'tokens=60; delay=50')->{body} =~ /\[DONE\]/ ? 1 : 0
});

reload('another size', zones => 'distill_guard_zone zone=guard:2m;');
is(statuses('a', 4), '200 200 200 429', 'is begun anew');

reload('another name', zones => 'distill_guard_zone zone=name:2m;');
is(statuses('a', 4), '200 200 200 429', 'is begun anew');

my $two = 'distill_guard_zone zone=name:2m; distill_guard_zone zone=b:1m;';

reload('two, the second in use', zones => $two, zone => 'b');
is(statuses('a', 4), '200 200 200 429', 'is begun anew');

reload('two, the first in use', zones => $two, zone => 'name');
is(statuses('a', 1), '429', 'the first was kept');

reload('a secret', zones => $two, zone => 'name', secret => 'secret');
is(statuses('a', 4), '200 200 200 429', 'is begun anew');

reload('the same', zones => $two, zone => 'name', secret => 'secret');
is(statuses('a', 1), '429', 'the count is kept');

reload('another secret', zones => $two, zone => 'name', secret => 'other');
is(statuses('a', 4), '200 200 200 429', 'is begun anew');

reload('no secret', zones => $two, zone => 'name');
is(statuses('a', 4), '200 200 200 429', 'is begun anew');

conf(zones => 'distill_guard_zone zone=name:2m;'
    . ' distill_guard_zone zone=name:1m;', zone => 'name');
ok(!$t->reload, 'one name twice is refused');
is(statuses('a', 1), '429', 'and nothing is lost by it');
$t->allow_log(qr/"distill_guard_zone" defines zone "name" twice/);

conf(zones => $two, zone => 'name', secret => 'other', listen => 'upstream');
ok(!$t->reload, 'another secret with a port in use is refused');
is(statuses('a', 1), '429', 'and nothing is lost by it');
$t->allow_log(qr/bind\(\) to .* failed/, qr/still could not bind/);
$t->wait_for(sub { $t->error_log =~ /still could not bind/ }, 10, 'its end');

reload('as before', zones => $two, zone => 'name');
is(statuses('a', 1), '429', 'the count is kept');

reload('no guard', zones => $two, guard => 0);
is(statuses('a', 4), '200 200 200 200', 'nobody counts');

reload('the guard again', zones => $two, zone => 'name');
is(statuses('a', 1), '429', 'what was counted before is kept');

if ($t->{module}) {
    reload('no module', zones => '', guard => 0, module => undef);
    is(statuses('a', 4), '200 200 200 200', 'nobody counts');

    reload('the module again');
    is(statuses('a', 4), '200 200 200 429', 'is begun anew');

} else {
    reload('as it was');
}

ok($stream->result, 'a stream has passed through all of it');
$t->old_workers_gone;

# --- a worker dies in the lock

# Requests in batches, over connections that are made again when they break.
# Exchanges change the store in the lock, the status page only reads it there.

sub load {
    my ($n) = @_;

    my $body = '{"model":"m"}';
    my $batch = join '', map { "POST /v1/chat/completions HTTP/1.1\r\n"
        . "Host: load\r\nAuthorization: Bearer sk-load-$n-$_\r\n"
        . 'Content-Length: ' . length($body) . "\r\n\r\n$body"
        . "GET /status HTTP/1.1\r\nHost: load\r\n\r\n" } 1 .. 10;

    local $SIG{PIPE} = 'IGNORE';

    until (-e $t->dir . '/stop') {
        my $socket = IO::Socket::IP->new(PeerHost => '127.0.0.1',
            PeerPort => $t->port('load'), Timeout => 20) or next;
        my ($answers, $in) = (0, '');

        while (!-e $t->dir . '/stop') {
            syswrite $socket, $batch or last;

            while ($answers < 20) {
                sysread $socket, $in, 65536, length $in or last;
                $answers++ while $in =~ s{^.*?HTTP/1\.1 \d+ }{}s;
            }

            last if $answers < 20;
            $answers = 0;
        }
    }

    return 1;
}


sub busy_worker {
    my %before = map { $_ => ticks($_) } $t->workers;

    return $t->wait_for(sub {
        my ($busy) = grep { ticks($_) > $before{$_} + 5 } keys %before;
        return $busy;
    }, 20, 'a worker at work');
}


# of processor time

sub ticks {
    my ($pid) = @_;

    open my $stat, '<', "/proc/$pid/stat" or die "worker $pid is gone: $!\n";

    return sum((split / /, <$stat> =~ s/.*\) //r)[11, 12]);
}


sub build_stepper {
    my $program = $t->dir . '/stepper';
    my @cc = split ' ', $ENV{CC} // 'gcc';

    system(@cc, qw(-std=gnu99 -O2 -Wall -Wextra -Wpointer-arith -Werror -o),
        $program, 't/tools/stepper.c') == 0 or die "no stepper\n";

    return $program;
}


# Steps a worker into the lock, there to where it is amid a change, or changes
# nothing, and on by a random number of instructions, where it is killed.
# Returns its pid, or nothing and the reason where that is not possible here.

sub kill_in_lock {
    my ($stepper, $where) = @_;

    my ($zone, $store) = DistillGuard::Memory->new($t->pid, zone()->{node})
        ->places;
    my $worker = busy_worker();
    my $out = $t->dir . "/stepper-$worker";

    my $process = DistillGuard::Process->start(name => 'stepper',
        cmd => [ $stepper, $worker, sprintf('%x', $zone),
            sprintf('%x', $store + 4), $where, int 2 ** rand 10, $STEPPING ],
        out => $out);

    $t->wait_for(sub { !$process->alive }, $STEPPING + 20, 'the stepper');

    chomp(my $said = $t->read_file($out));

    return (undef, $said) if $process->status == 2 << 8;
    die "worker $worker does not die in the lock: $said\n"
        if $process->status != 0;

    note("$where: $said");
    return $worker;
}


reload('under load', load => 1);

my @load = map { my $n = $_; $t->background(sub { load($n) }) } 1, 2;
my ($first, $before) = @{ zone() }{qw(exchanges repairs)};
my $stepper = build_stepper();
my $round = 0;

$t->wait_for(sub { zone()->{exchanges} > $first + 100 }, 20, 'load');

# amid a change, or changing nothing

SKIP: for my $where (('amid', 'nothing') x 3) {
    my $key = 'b' . ++$round;

    is(statuses($key, 2), '200 200', 'two of three');

    my ($victim, $why) = kill_in_lock($stepper, $where);

    skip "no worker can be led into the lock here: $why", 1 unless $victim;

    $t->wait_for(sub { $t->workers == 2 && !grep { $_ == $victim } $t->workers
        }, 20, 'another worker');
    $t->log_like(
        qr/shared memory zone "guard" was locked by $victim$/m,
        'the master releases it');

    my $zone = zone();
    my $mended = $zone->{repairs} - $before;

    if ($where eq 'amid') {
        cmp_ok($mended, '<=', 1, 'mended once, if at all');

    } else {
        is($mended, 0, 'nothing was to be mended');
    }

    $before = $zone->{repairs};

    is(statuses($key, 2), $mended ? '200 200' : '200 429',
        $mended ? 'all begins anew' : 'all that was counted is kept');
    is(statuses("c$round", 4), '200 200 200 429', 'and counting goes on');

    $t->wait_for(sub { zone()->{exchanges} > $zone->{exchanges} + 100 }, 20,
        'the load to go on');

    my %zone = %{ zone() };
    my ($kinds, $segments) = map { sum(values %$_) }
        @zone{qw(subjects segment_subjects)};

    cmp_ok($kinds, '>', 2, "$kinds subjects");
    is($segments, $kinds, 'each is in one segment');
}

$t->write_file('stop', '');
ok(!(grep { !$_->result } @load), 'the load ends');
$t->allow_log(qr/worker process \d+ exited on signal 9/,
    qr/shared memory zone "guard" was locked by \d+/);

# --- a binary upgrade

$t->stop;
conf()->start(daemon => 1);
is(statuses('a', 4), '200 200 200 429', 'before the upgrade');

my $old = $t->pid;
$t->nginx->signal('USR2');
$t->wait_for(sub { ($t->pid // $old) != $old && $t->workers >= 2 }, 20,
    'the new master');
DistillGuard::Process::watch($t->pid, 'the new nginx');
kill 'QUIT', $old;
$t->wait_for(sub { !DistillGuard::Process::running($old) }, 20,
    'the old master to leave');
is(statuses('a', 4), '200 200 200 429', 'the new one counts for itself');
$t->stop;

# --- one process

conf(workers => 0, main => 'master_process off;')->start;
is(statuses('a', 4), '200 200 200 429', 'master_process off');
