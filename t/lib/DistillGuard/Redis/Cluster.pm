package DistillGuard::Redis::Cluster;

# A Redis Cluster on 127.0.0.1: masters that have the slots in equal parts,
# and a replica of each.

use strict;
use warnings;

use Carp qw(croak);

use DistillGuard::Port qw(free_port);
use DistillGuard::Process qw(wait_for);
use DistillGuard::Redis;

my $SLOTS = 16384;


# dir; masters => 3, replicas => 1 of each; the rest is as for a server of its
# own

sub spawn {
    my ($class, %opt) = @_;

    my $masters = delete $opt{masters} // 3;
    my $replicas = delete $opt{replicas} // 1;

    my $self = bless { %opt, nodes => [] }, $class;

    mkdir $opt{dir} or croak "$opt{dir}: $!" unless -d $opt{dir};

    $self->add_node for 1 .. $masters * (1 + $replicas);

    my @nodes = $self->nodes;

    for my $n (0 .. $masters - 1) {
        my ($first, $end) = map { int($SLOTS * $_ / $masters) } $n, $n + 1;

        $nodes[$n]->cmd('CLUSTER', 'SET-CONFIG-EPOCH', $n + 1);
        $nodes[$n]->cmd('CLUSTER', 'ADDSLOTS', $first .. $end - 1);
    }

    $self->meet($_) for @nodes[1 .. $#nodes];

    for my $n ($masters .. $#nodes) {
        my $master = $nodes[ $n % $masters ];

        # on a busy machine a handshake may fail, and nobody repeats it

        wait_for(sub {
            return 1 if eval { $nodes[$n]->cmd('CLUSTER', 'REPLICATE',
                $self->id($master)) };
            $self->meet($_) for grep { $_ != $nodes[0] } $nodes[$n], $master;
            return 0;
        }, 90, 'a replica');
    }

    $self->wait_whole;

    return $self;
}


sub nodes { @{ $_[0]{nodes} } }


# One more server, which nobody knows yet.

sub add_node {
    my ($self) = @_;

    my %opt = %$self;
    my ($port, $bus) = _ports();
    my @conf = ('cluster-enabled yes', 'cluster-node-timeout 3000',
        'repl-diskless-sync-delay 0', 'cluster-replica-validity-factor 0',
        $opt{conf} // ());

    push @conf, "cluster-port $bus" if DistillGuard::Redis::version() ge '007';
    delete @opt{qw(nodes conf)};

    my $node = DistillGuard::Redis->spawn(%opt, port => $port,
        bus => $bus, conf => join("\n", @conf), dir => "$self->{dir}/$port");

    push @{ $self->{nodes} }, $node;

    return $node;
}


# for clients, and for the other servers; with older ones that is 10000 more,
# and has to be one that nobody else is given

sub _ports {
    return (free_port(), free_port())
        if DistillGuard::Redis::version() ge '007';

    my $port;

    do { $port = free_port() } until $port >= 20_000 && $port < 22_500;

    return ($port, $port + 10_000);
}


# introduces it to the first

sub meet {
    my ($self, $node) = @_;

    $self->{nodes}[0]->cmd('CLUSTER', 'MEET', '127.0.0.1', $node->port,
        $node->{bus});
}


# Servers are told apart by their ids: to who does not come by TLS some do not
# tell ports.

sub id { $_[1]{id} //= $_[1]->cmd('CLUSTER', 'MYID') }


# Every server that runs knows all slots and how its master is, and every
# replica has what its master has.

sub wait_whole {
    my ($self, $seconds) = @_;

    wait_for(sub {
        for my $node (grep { $_->alive } $self->nodes) {
            my $info = eval { $node->cmd('CLUSTER', 'INFO') } // '';
            return 0 unless $info =~ /cluster_state:ok/
                && $info =~ /cluster_slots_ok:$SLOTS\b/;

            my $lines = $node->cmd('CLUSTER', 'NODES');
            return 0 if $lines =~ /handshake/
                || (() = $lines =~ /\n/g) < grep { $_->alive } $self->nodes;

            my ($role, undef, undef, $link) = @{ $node->cmd('ROLE') };
            return 0 if $role eq 'slave' && $link ne 'connected';
        }

        return 1;
    }, $seconds // 90, 'the cluster');
}


# that have slots, as the first that runs sees it

sub masters {
    my ($self) = @_;

    my ($alive) = grep { $_->alive } $self->nodes;
    my %id = map { $_ => 1 } map { /^(\w+) \S+ \S*master\S* - .*connected \d/ }
        grep { !/\bfail\b/ } split /\n/, $alive->cmd('CLUSTER', 'NODES');

    return grep { $_->alive && $id{ $self->id($_) } } $self->nodes;
}


# keys like this of all masters, each with its server

sub keys {
    my ($self, $pattern) = @_;

    return map { my $node = $_;
        map { [ $node, $_ ] } @{ $node->cmd('KEYS', $pattern) }
    } $self->masters;
}


# One command at the server that has its key, the second word; any if there
# is none.

sub cmd {
    my ($self, @args) = @_;

    for my $node ($self->masters) {
        my $reply = eval { $node->cmd(@args) };

        return $reply unless $@;
        die $@ unless $@ =~ /^MOVED /;
    }

    croak "no server has the slot of $args[1]";
}


# for distill_guard_redis

sub hosts {
    my ($self) = @_;

    return join ',', map { '127.0.0.1:' . $_->port } $self->nodes;
}


sub stop {
    my ($self) = @_;

    $_->{process}->stop('TERM', 5) for $self->nodes;
}

1;
