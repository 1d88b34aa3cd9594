package DistillGuard::Fault;

# Faults of Redis under load, and what they cost: each states what was served,
# what was lost, what was logged and what the metrics said.
#
#   my $f = DistillGuard::Fault->new($t, redis => $redis);
#
#   $f->start('main', "redis://127.0.0.1:%%REDIS%%");
#   $f->suffers('a replica', down => qr/READONLY/,
#       make => sub { ... }, heal => sub { ... });

use strict;
use warnings;

use List::Util qw(sum0);
use Test::More;

my $LONG = 30;      # seconds in which what has to happen has happened
my $KEYS = 5;
my $CLIENTS = 2;
my $SOME = 60;      # requests that a fault meets
my $ATTEMPTS = 3;   # in vain, and yet it is said once


my ($upstream, $loads) = (0, 0);   # of all there are


# redis => a server, on which the counts are looked for

sub new {
    my ($class, $t, %opt) = @_;

    if (!$upstream) {
        $t->upstream(keep => 1);
        $t->write_file('secret', 's' x 32);
        $upstream = 1;
    }

    return bless { sent => 0, %opt, t => $t }, $class;
}


# An nginx of this name with "distill_guard_redis" as given.  more => further
# lines of http {}; main, env => as for DistillGuard::Nginx

sub start {
    my ($self, $name, $redis, %opt) = @_;

    my $more = delete $opt{more} // '';

    # a server on a busy machine is not to be taken for one that is away
    $redis .= ' timeout=2s' unless $redis =~ /timeout=/;
    $redis .= ' sync=50ms' unless $redis =~ /sync=/;

    my $nginx = $self->{t}->conf(<<"EOT", instance => $name, %opt);

    distill_guard_zone zone=guard:2m;
    distill_guard_secret %%DIR%%/secret;
    distill_guard_redis $redis;
    $more

    proxy_http_version 1.1;

    server {
        listen 127.0.0.1:%%$name%%;
        distill_guard enforce;
        distill_guard_limit key requests=1m/d;

        location / { proxy_pass http://127.0.0.1:%%UPSTREAM%%; }

        location /limit/ {
            distill_guard_limit key requests=40/h;
            proxy_pass http://127.0.0.1:%%UPSTREAM%%/;
        }

        location = /status { distill_guard off; distill_guard_status; }
    }
EOT

    $nginx->start;

    push @{ $self->{nodes} }, $name;
    $self->{t}->wait_for(sub { $self->sync($name)->{state} eq 'up' }, $LONG,
        "$name to be with Redis") unless $redis =~ /away/;

    return $nginx;
}


sub chat {
    my ($self, $node, $key, $path) = @_;

    return $self->{t}->post_json(($path // '') . '/v1/chat/completions',
        { model => 'm', messages => [{ role => 'user', content => 'x' }] },
        Authorization => "Bearer sk-fault-$key", -port => $node)->{status};
}


# so many requests to a node; how many were served, which are counted

sub ask {
    my ($self, $node, $n) = @_;

    my $good = grep { $self->chat($node, $_ % $KEYS) == 200 } 1 .. $n;

    $self->{sent} += $good;

    return $good;
}


sub sync {
    my ($self, $node) = @_;

    return $self->{t}->http({ path => '/status' }, port => $node)
        ->json->{zones}{guard}{sync};
}


# {name without "distill_guard_sync_" => value}, and of states "state=up"

sub metrics {
    my ($self, $node) = @_;

    my $page = $self->{t}->http({ path => '/status?format=prometheus' },
        port => $node)->{body};
    my %metrics;

    while ($page =~ /^distill_guard_sync_(\w+)\{([^}]*)\} (\S+)/mg) {
        my ($name, $labels, $value) = ($1, $2, $3);
        $name .= "=$1" if $labels =~ /state="(\w+)"/;
        $metrics{$name} = $value;
    }

    return \%metrics;
}


# of all days there are

sub arrived {
    my ($self) = @_;

    my $redis = $self->{redis};

    return eval {
        sum0(map { $redis->cmd('HGET', $_, 'requests') // 0 }
            @{ $redis->cmd('KEYS', 'dg:{key:*}:d:*') });
    } // -1;
}


# a test that neither less nor more is in Redis than was answered with 200

sub is_complete {
    my ($self, $name) = @_;

    eval { $self->{t}->wait_for(sub { $self->arrived == $self->{sent} },
        $LONG, 'the totals') };

    local $Test::Builder::Level = $Test::Builder::Level + 1;
    return is($self->arrived, $self->{sent}, $name);
}


sub said {
    my ($self, $node, $what) = @_;

    return scalar(() = $self->{t}->error_log($node) =~ /redis \S+ is $what/g);
}


# The rest of the log: all that is said of Redis but that it is up or down.

sub lines {
    my ($self, $node) = @_;

    return grep { /distill guard: redis/ && !/redis \S+ is (?:up|down)/ }
        split /\n/, $self->{t}->error_log($node);
}


sub _client {
    my ($self, $stop, $n) = @_;

    return $self->{t}->background(sub {
        my %seen = (good => 0, bad => 0);
        my @nodes = @{ $self->{nodes} };

        for (my $i = $n; !-e $stop; $i++) {
            my $status = eval { $self->chat($nodes[ $i % @nodes ],
                $i % $KEYS) } // 0;
            $seen{ $status == 200 ? 'good' : 'bad' }++;
            select undef, undef, undef, 0.002;
        }

        return \%seen;
    });
}


# Runs the sub while clients ask; (served, not served).

sub under_load {
    my ($self, $sub) = @_;

    my $t = $self->{t};
    my $name = 'stop-' . ++$loads;
    my $stop = $t->dir . "/$name";
    my @clients = map { $self->_client($stop, $_) } 1 .. $CLIENTS;

    my $ran = eval { $sub->(); 1 };
    my $error = $@;

    $t->write_file($name, '');
    my @seen = map { $_->result } @clients;
    die $error unless $ran;

    my $good = sum0(map { $_->{good} } @seen);

    $self->{sent} += $good;

    return ($good, sum0(map { $_->{bad} } @seen));
}


# nginx has answered so many more, as it says itself

sub _wait_load {
    my ($self) = @_;

    my $node = $self->{nodes}[0];
    my $lines = sub { scalar(() = $self->{t}->access_log($node) =~ /POST/g) };
    my $before = $lines->();

    $self->{t}->wait_for(sub { $lines->() >= $before + $SOME }, $LONG,
        'load');
}


# make, heal => subs; node => 'main'; down => what the log says of the one
# change of state, nothing if there is to be none; brief => 1 if it is over
# at once, silent => 1 if there are no attempts to wait for, reasons => 2 if the
# server gives one after it was lost; lines => of others, how many there are to
# be

sub suffers {
    my ($self, $name, %opt) = @_;

    my $t = $self->{t};
    my $node = $opt{node} // 'main';
    my ($downs, $ups) = map { $self->said($node, $_) } qw(down up);
    my $lines = $self->lines($node);
    my $before = $self->metrics($node);
    my $during;

    local $Test::Builder::Level = $Test::Builder::Level + 1;

    my ($good, $bad) = $self->under_load(sub {
        $self->_wait_load;
        $opt{make}->();

        if ($opt{brief}) {
            $t->wait_for(sub { $self->said($node, 'down') > $downs }, $LONG,
                "$name to be seen");

        } elsif ($opt{down}) {
            $t->wait_for(sub { $self->metrics($node)->{'state=down'} }, $LONG,
                "$name to be seen");

            my $failures = $self->metrics($node)->{failures_total};

            $t->wait_for(sub { $self->metrics($node)->{failures_total}
                >= $failures + $ATTEMPTS }, $LONG, 'attempts')
                unless $opt{silent};
        }

        $self->_wait_load;
        $during = $self->metrics($node);
        $opt{heal}->() if $opt{heal};

        $t->wait_for(sub { $self->said($node, 'up') > $ups }, $LONG,
            "the end of $name") if $opt{down};
    });

    is($bad, 0, "$name: all of $good requests were served");
    $self->is_complete('... nothing is lost and nothing counted twice');

    if ($opt{down}) {
        is(join(' ', map { $during->{"state=$_"} } qw(up down)), '0 1',
            '... the metrics said that it is down') unless $opt{brief};
        cmp_ok($during->{failures_total}, '>', $before->{failures_total},
            '... and counted attempts');
        is($self->said($node, 'down'), $downs + ($opt{reasons} // 1),
            '... one line in the log when it went'
                . ($opt{reasons} ? ', and one when it said why' : ''));
        is($self->said($node, 'up'), $ups + 1, '... one when it was back');
        like((grep { / is down/ } split /\n/, $t->error_log($node))[-1],
            $opt{down}, '... and why is said');

    } else {
        is(join(' ', map { $during->{"state=$_"} } qw(up down)), '1 0',
            '... the metrics said that it is up');
        is($self->said($node, 'down'), $downs, '... nothing was down');
    }

    is($self->lines($node), $lines + ($opt{lines} // 0),
        $opt{lines} ? '... one line tells of it' : '... no other line');

    eval { $t->wait_for(sub { !$self->metrics($node)->{pending_subjects} },
        $LONG, 'an idle node') };
    is(join(' ', @{ $self->metrics($node) }{'state=up', 'pending_subjects'}),
        '1 0', '... and the metrics say that all is well again');
}

1;
