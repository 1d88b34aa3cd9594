#!/usr/bin/perl

# The shared zone through everything that happens to nginx: reloads with
# another size, name, secret or module, a worker killed inside the lock, a
# binary upgrade.

use strict;
use warnings;

use Test::More;

use DistillGuard::Test;

my $t = DistillGuard::Test->new;

$t->upstream;
$t->write_file('secret', 's' x 32);
$t->write_file('other', 'o' x 32);

# From within the lock, when told to, to nowhere: this stands before the
# module's own function of that name.

my $source = $t->write_file('die.c', <<'EOF');
#define _GNU_SOURCE
#include <dlfcn.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

void dg_store_judge(const void *ex, void *const *s, const void *limits,
    size_t nlimits, const uint64_t *asked, uint64_t now_ms, void *decision);

void
dg_store_judge(const void *ex, void *const *s, const void *limits,
    size_t nlimits, const uint64_t *asked, uint64_t now_ms, void *decision)
{
    void  (*judge)(const void *, void *const *, const void *, size_t,
                   const uint64_t *, uint64_t, void *);

    if (unlink(getenv("DIE")) == 0) {
        kill(getpid(), SIGKILL);
    }

    *(void **) &judge = dlsym(RTLD_NEXT, "dg_store_judge");
    judge(ex, s, limits, nlimits, asked, now_ms, decision);
}
EOF

my $library = $t->dir . '/die.so';
my $cc = $ENV{CC} // 'cc';
my $built = system("$cc -shared -fPIC -o $library $source -ldl 2>/dev/null")
    == 0;


# Options: zones (definitions), zone (used), secret, guard => 0, workers, main,
# module, listen (another port)

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
EOF
        exists $opt{module} ? (module => $opt{module}) : (),
        main => $opt{main} // 'env DIE; env LD_PRELOAD;'
            . ' env ASAN_OPTIONS; env UBSAN_OPTIONS;');
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


sub reload {
    my ($name, %opt) = @_;

    conf(%opt);
    ok($t->reload, "reload: $name");
}

$ENV{DIE} = $t->dir . '/die';
conf()->start(preload => $built ? $library : undef);

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

SKIP: {
    skip 'no compiler', 12 unless $built && $t->{module};

    for my $round (1 .. 3) {
        ask("b$round") for 1 .. 2;
        $t->write_file('die', '');
        ok(!eval { ask('victim')->{status} }, 'a worker dies in the lock');

        is(statuses('c', 1), 200, 'the others go on');
        is(statuses("b$round", 2), '200 429', 'with all that was counted');
        $t->wait_for(sub { $t->workers == 2 }, 10, 'another worker');
        ok(!-e $t->dir . '/die', 'it was as meant');
    }

    $t->allow_log(qr/worker process \d+ exited on signal 9/,
        qr/shared memory zone "guard" was locked by \d+/);
}

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
