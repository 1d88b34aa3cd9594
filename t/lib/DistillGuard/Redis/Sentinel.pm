package DistillGuard::Redis::Sentinel;

# A master with replicas, and sentinels that watch over them, on 127.0.0.1.

use strict;
use warnings;

use Carp qw(croak);

use DistillGuard::Port qw(free_port);
use DistillGuard::Process qw(wait_for);
use DistillGuard::Redis;

my $NAME = 'the-master';
my $DOWN = 2000;    # ms until a server that is silent is taken for dead


# dir; replicas => 2, sentinels => 3; sentinel_password; the rest is as for a
# server of its own

sub spawn {
    my ($class, %opt) = @_;

    my $replicas = delete $opt{replicas} // 2;
    my $sentinels = delete $opt{sentinels} // 3;

    my $self = bless { %opt, nodes => [], sentinels => [] }, $class;

    mkdir $opt{dir} or croak "$opt{dir}: $!" unless -d $opt{dir};

    $self->_add_node for 0 .. $replicas;
    $self->_add_sentinel for 1 .. $sentinels;

    $self->wait_whole;

    return $self;
}


# Every sentinel knows of all others, of one master, and that its replicas are
# well.

sub wait_whole {
    my ($self, $seconds) = @_;

    wait_for(sub {
        my $master = $self->master // return 0;

        for my $sentinel (grep { $_->alive } $self->sentinels) {
            my %known = eval {
                @{ $sentinel->cmd('SENTINEL', 'MASTER', $NAME) };
            } or return 0;

            return 0 if $known{port} != $master->port
                || $known{flags} ne 'master'
                || $known{'num-other-sentinels'} != $self->sentinels - 1;

            my @replicas = map { +{ @$_ } }
                @{ $sentinel->cmd('SENTINEL', 'REPLICAS', $NAME) };

            return 0 if @replicas != $self->nodes - 1
                || grep { $_->{flags} ne 'slave'
                    || $_->{'master-link-status'} ne 'ok'
                    || $_->{'master-port'} != $master->port } @replicas;
        }

        return 1;
    }, $seconds // 40, 'the sentinels');
}


sub nodes { @{ $_[0]{nodes} } }
sub sentinels { @{ $_[0]{sentinels} } }
sub name { $NAME }


sub _add_node {
    my ($self) = @_;

    my %opt = %$self;
    my $port = free_port();
    my ($master) = $self->nodes;
    my @conf = ('repl-diskless-sync-delay 0', $opt{conf} // ());

    push @conf, 'replicaof 127.0.0.1 ' . $master->port if $master;
    delete @opt{qw(nodes sentinels sentinel_password conf)};

    push @{ $self->{nodes} }, DistillGuard::Redis->spawn(%opt, port => $port,
        conf => join("\n", @conf), dir => "$self->{dir}/$port");

    wait_for(sub { $self->{nodes}[-1]->cmd('ROLE')->[3] eq 'connected' }, 20,
        'a replica') if $master;
}


sub _add_sentinel {
    my ($self) = @_;

    my $port = free_port();
    my $master = $self->{nodes}[0]->port;
    my $password = $self->{sentinel_password};

    push @{ $self->{sentinels} }, DistillGuard::Redis->spawn(
        dir => "$self->{dir}/$port", port => $port, sentinel => 1,
        password => $password, conf => join("\n",
            "sentinel monitor $NAME 127.0.0.1 $master 2",
            "sentinel down-after-milliseconds $NAME $DOWN",
            "sentinel failover-timeout $NAME 3000",
            defined $password ? "sentinel sentinel-pass $password" : ()));
}


# as most sentinels see it that run; none if none does

sub master {
    my ($self) = @_;

    my %votes;

    for (grep { $_->alive } $self->sentinels) {
        my $address = eval {
            $_->cmd('SENTINEL', 'get-master-addr-by-name', $NAME);
        } // next;
        $votes{ $address->[1] }++;
    }

    my ($port) = sort { $votes{$b} <=> $votes{$a} } keys %votes;

    return (grep { $_->port == ($port // 0) } $self->nodes)[0];
}


# for distill_guard_redis

sub hosts {
    my ($self) = @_;

    return join ',', map { '127.0.0.1:' . $_->port } $self->sentinels;
}


sub stop {
    my ($self) = @_;

    $_->{process}->stop('TERM', 5) for $self->sentinels, $self->nodes;
}

1;
