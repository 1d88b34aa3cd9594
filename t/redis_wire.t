#!/usr/bin/perl

# What a network may do to replies of Redis, under load: they come byte by
# byte, bytes of them are others or missing, the other end is gone and nobody
# was told; and with TLS, a certificate that ends.

use strict;
use warnings;

use Test::More;

use DistillGuard::Ca;
use DistillGuard::Fault;
use DistillGuard::Test;
use DistillGuard::Wire;

my $LONG = 30;

my $t = DistillGuard::Test->new;
my $redis = $t->redis;
my $wire = DistillGuard::Wire->new($t, 'wire', $redis->port);
my $f = DistillGuard::Fault->new($t, redis => $redis);

$f->start('main', 'redis://127.0.0.1:%%WIRE%%', workers => 2);

is($f->ask('main', 20), 20, 'requests pass');
$f->is_complete('... and are counted');


sub admin {
    return DistillGuard::Redis::Client->new(port => $redis->port)
        ->request(@_);
}


# from the first byte of a connection on

sub renew { admin(qw(CLIENT KILL TYPE normal SKIPME yes)) }


# ---- in pieces ------------------------------------------------------------

# each reply is split at every byte, those after a connect included

$wire->mode('drip');

my $whole = $f->metrics('main');

$f->suffers('replies that come byte by byte', make => sub {
    my $before = $f->metrics('main');

    $t->wait_for(sub { my $now = $f->metrics('main');
        $now->{rounds_total} > $before->{rounds_total} + 2
            && $now->{received_bytes_total}
                > $before->{received_bytes_total} + 2000 }, $LONG, 'rounds');
});

$f->suffers('a connection made byte by byte', down => qr/it closed/,
    brief => 1, make => \&renew);

is($f->metrics('main')->{errors_total}, $whole->{errors_total},
    'each reply was understood');

$wire->mode('pass');


# ---- not what was sent ----------------------------------------------------

# Some of it cannot be told from what Redis might say.  What can is one line,
# and in the end all is right.

for my $case (['garble', 'replies in which a byte is another'],
    ['lose', 'replies in which a byte is missing'])
{
    my ($mode, $name) = @$case;
    my ($downs, $ups) = map { $f->said('main', $_) } qw(down up);
    my $spoiled = $wire->mode('pass');

    my ($good, $bad) = $f->under_load(sub {
        $wire->mode($mode);
        $t->wait_for(sub { $f->said('main', 'down') >= $downs + 2
            && $wire->mode($mode) > $spoiled + 10 }, $LONG, 'spoiled replies');
        $wire->mode('pass');
    });

    $spoiled = $wire->mode('pass') - $spoiled;
    is($bad, 0, "$spoiled $name: all of $good requests were served");

    # what was taken for an answer is not; a connect tells all once more

    renew();
    $f->is_complete('... nothing is lost and nothing counted twice');

    eval { $t->wait_for(sub { $f->metrics('main')->{'state=up'} }, $LONG,
        'the end of it') };
    is($f->metrics('main')->{'state=up'}, 1, '... the metrics say it is up');

    ($downs, $ups) = ($f->said('main', 'down') - $downs,
        $f->said('main', 'up') - $ups);
    cmp_ok($downs, '<=', $spoiled + 1,
        "... no more than a line for each ($downs)");
}


# ---- gone, and nobody was told --------------------------------------------

$f->suffers('a connection that is half open', down => qr/no answer/,
    brief => 1, make => sub { $wire->mode('cut') });
$wire->mode('pass');

$f->suffers('a network that is away', down => qr/closed|connect/,
    make => sub { $wire->mode('refuse') },
    heal => sub { $wire->mode('pass') });


# ---- TLS ------------------------------------------------------------------

SKIP: {
    skip('no openssl', 1) unless DistillGuard::Ca->available;
    skip('nginx without TLS', 1) unless $t->has('ssl_module');

    my $ca = DistillGuard::Ca->new($t->dir . '/ca');
    my $good = $ca->issue('IP:127.0.0.1');
    my $over = $ca->issue('IP:127.0.0.1', days => 1);
    my $key = $t->write_file('tls.key', $t->read_file($good->{key}));
    my $tls = $t->redis(name => 'tls', tls => { %$good, key => $key });
    my $safe = DistillGuard::Fault->new($t, redis => $tls);

    chmod 0644, $key;

    # older servers set one thing at a time, and the key must fit

    my $present = sub {
        my ($certificate) = @_;

        $t->write_file('tls.key', $t->read_file($certificate->{key}));
        $tls->cmd('CONFIG', 'SET', 'tls-cert-file', $certificate->{cert});
    };

    $safe->start('safe', "rediss://127.0.0.1:%%TLS%% ca=$good->{ca}");

    # the certificate ends, and with it each new connection

    $safe->suffers('a certificate that has expired', node => 'safe',
        down => qr/certificate has expired/, reasons => 2,
        make => sub {
            $present->($over);
            $tls->cmd(qw(CLIENT KILL TYPE normal SKIPME yes));
        },
        heal => sub { $present->($good) });
}
