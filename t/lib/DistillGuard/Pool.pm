package DistillGuard::Pool;

# A pool of accounts that asks one kind of question over several nodes, and
# nginx that are to find it: each node sees a share of it that is too small to
# tell.
#
#   my $pool = DistillGuard::Pool->new($t, qw(a b c));
#
#   $pool->conf($_, "redis://127.0.0.1:%%REDIS%%")->start for qw(a b c);
#   $pool->run;
#   $pool->is_found('a');

use strict;
use warnings;

use Carp qw(croak);

use DistillGuard::Crowd;

my $ACCOUNTS = 105;
my $ROUNDS = 10;

my @WORDS = qw(river copper lantern meadow tiger orchard violin harbor saddle
    thunder pepper walnut glacier ribbon falcon candle marble pigeon anchor
    velvet);


# the nodes: account N is one of node N % their number

sub new {
    my ($class, $t, @nodes) = @_;

    $t->upstream(keep => 1);
    $t->write_file('secret', "a secret of a certain length\n");

    return bless { t => $t, nodes => [@nodes], questions => 0, asked => {} },
        $class;
}


sub size { $ACCOUNTS }
sub accounts { return 1 .. $ACCOUNTS }


# those whose requests come to this node

sub accounts_of {
    my ($self, $node) = @_;

    return grep { $self->node_of($_) eq $node } accounts();
}


sub node_of {
    my ($self, $account) = @_;

    return $self->{nodes}[ $account % @{ $self->{nodes} } ];
}


# An nginx with "distill_guard_redis" as given, or without, and http => lines
# more; the rest is as for conf() of the harness.

sub conf {
    my ($self, $node, $redis, %opt) = @_;

    my $to = defined $redis ? "distill_guard_redis $redis;" : '';
    my $http = delete $opt{http} // '';

    return $self->{t}->conf(<<"EOT", instance => $node,

    distill_guard_zone zone=guard:4m;
    distill_guard_secret %%DIR%%/secret;
    $to

    distill_guard_signal template soft=20 hard=100 points=40;
    distill_guard_signal balance soft=3 hard=1.5 points=25;
    distill_guard_action tag score=20;
    distill_guard_action pace off;
    distill_guard_action throttle score=45 rate=100/d;
    distill_guard_action block off;

    set_real_ip_from 127.0.0.1;
    real_ip_header X-Client;
    proxy_http_version 1.1;
    keepalive_requests 100000;
    $http

    server {
        listen 127.0.0.1:%%$node%%;

        location / {
            distill_guard enforce;
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
        }

        location /limit/ {
            distill_guard enforce;
            distill_guard_limit key requests=40/d;
            proxy_pass http://127.0.0.1:%%UPSTREAM%%/;
        }

        location = /guard {
            distill_guard off;
            access_log off;
            distill_guard_status;
        }
    }
EOT
        log_format => '$http_x_who $status $distill_guard_score'
            . ' "$distill_guard_campaign"', %opt);
}


sub _words {
    my ($self) = @_;

    my $n = ++$self->{questions};

    return join ' ', map { $WORDS[ ($n * $_ + int $n / $_) % @WORDS ] }
        3, 7, 11, 13, 17, 19, 23, 29;
}


# the kind of question it asks

sub framed {
    my ($self) = @_;

    return 'You are an expert tutor. Think step by step, show all of your'
        . ' reasoning before the final answer, and check each step twice.'
        . '\n\nProblem: ' . $self->_words . '\n\nAnswer in the format given'
        . ' above, with the reasoning first and the final answer in a box.';
}


# one of another kind

sub stranger { 'I would like to know what the weather is like in the hills.' }


sub _request {
    my ($self, $node, $account, $text, $path) = @_;

    $self->{asked}{"$node $account"}++;

    my $request = DistillGuard::Crowd::chat("sk-$account", $text,
        headers => [ 'X-Who' => $account, 'X-Upstream' => 'tokens=300',
            'X-Client' => '198.51.' . ($account =~ s/\D//gr || 0) . '.7' ]);

    $request->{path} = "$path$request->{path}" if defined $path;

    return $request;
}


# The status of one question of an account at a node; of the pool's kind
# unless there is a text.

sub ask {
    my ($self, $node, $account, $text, $path) = @_;

    return ($self->_send($node, $self->_request($node, $account,
        $text // $self->framed, $path)))[0];
}


sub _send {
    my ($self, $node, @requests) = @_;

    my $crowd = DistillGuard::Crowd->new(port => $self->{t}->port($node),
        connections => @requests > 1 ? 4 : 1);

    return $crowd->send(@requests);
}


# All of these accounts ask for so many rounds, each at its node or all at
# that given; the status of each.

sub run {
    my ($self, %opt) = @_;

    my @status;

    for (1 .. $opt{rounds} // $ROUNDS) {
        my %requests;

        for my $account (@{ $opt{accounts} // [ accounts() ] }) {
            my $node = $opt{at} // $self->node_of($account);

            push @{ $requests{$node} },
                $self->_request($node, $account, $self->framed);
        }

        push @status, map { $self->_send($_, @{ $requests{$_} }) }
            sort keys %requests;
    }

    return @status;
}


# the last that a node's log has of somebody: {campaign, score}

sub last_of {
    my ($self, $node, $who) = @_;

    my @lines;

    $self->{t}->wait_for(sub {
        @lines = grep { /^\Q$who\E / }
            split /\n/, $self->{t}->access_log($node);
        return @lines == $self->{asked}{"$node $who"};
    }, 10, 'the log');

    my ($score, $campaign) = $lines[-1] =~ /(\d+) "(\w*)"$/
        or croak "not a line of the log: $lines[-1]";

    return { campaign => $campaign, score => $score };
}


# what a node has, as its metrics name it

sub metric {
    my ($self, $node, $name) = @_;

    my ($value) = $self->{t}->http({ path => '/guard?format=prometheus' },
        port => $node)->{body} =~ /^distill_guard_$name (\S+)/m
        or croak "no such metric: $name";

    return $value;
}


sub campaigns {
    my ($self, $node) = @_;

    return $self->metric($node, 'campaigns\{zone="guard"\}');
}


# Waits until a node knows of a campaign, while one of the pool goes on;
# whether it does.  The sub is told the status of what was asked.  What two
# nodes have named and was found to be one is counted twice.

sub is_found {
    my ($self, $node, $answered) = @_;

    my ($account) = accounts();

    return eval { $self->{t}->wait_for(sub {
        my $status = $self->ask($self->node_of($account), $account);

        $answered->($status) if $answered;

        return $self->campaigns($node) >= 1;
    }, 20, "a campaign at $node") };
}

1;
