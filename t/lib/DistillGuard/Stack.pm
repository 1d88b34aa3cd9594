package DistillGuard::Stack;

# What a guarded API is made of, on 127.0.0.1, for people to look at: Redis,
# the stand-in upstream, and nginx with the guard before it; or several nginx
# and a cluster of Redis with TLS and a user of their own.

use strict;
use warnings;

use Fcntl qw(LOCK_EX LOCK_NB);
use File::Path qw(make_path remove_tree);

use DistillGuard::Ca;
use DistillGuard::Http;
use DistillGuard::Mmdb qw(asn_database);
use DistillGuard::Nginx;
use DistillGuard::Port qw(free_port);
use DistillGuard::Process;
use DistillGuard::Redis;
use DistillGuard::Redis::Cluster;
use DistillGuard::Rights qw(guard_rights);
use DistillGuard::Upstream;

my $CONF = <<'EOF';
    distill_guard_zone zone=guard:16m;
    distill_guard_secret %%DIR%%/secret;
    distill_guard_redis %%REDIS%%;

    # whose networks are those of hosting companies

    distill_guard_geoip asn %%DIR%%/asn.mmdb;
    distill_guard_hosting %%DIR%%/hosting.txt;

    log_format event escape=none '$distill_guard_event';

    # clients say themselves where they are

    set_real_ip_from 127.0.0.1;
    real_ip_header X-Client-Address;

    server {
        listen 127.0.0.1:%%HTTP%%;

        location / {
            distill_guard enforce;
            distill_guard_limit key requests=120/m output_tokens=20k/m;
            distill_guard_limit origin requests=600/m;

            access_log %%LOGS%%/access.log test;
            access_log %%LOGS%%/events.log event;

            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_buffering off;
        }

        location = /guard {
            access_log off;
            distill_guard_status control;
        }
    }
EOF

# the id by which the upstream knows an exchange, and the guard's of its key

my $ACCESS = '$remote_addr $request_method $uri $status $request_time'
    . ' key=$distill_guard_key id=$upstream_http_x_request_id';


my $HOSTING = 64500;   # number of the one AS


# All files go to the directory, which is emptied first.  hosting => the
# network of a hosting company; nodes => number of nginx before a cluster

sub new {
    my ($class, $dir, %opt) = @_;

    make_path($dir);

    # held while we live
    open my $lock, '>', "$dir.lock" or die "$dir.lock: $!\n";
    flock $lock, LOCK_EX | LOCK_NB
        or die "another run uses $dir; end it first\n";

    remove_tree($dir, { keep_root => 1, error => \my $errors });
    die "$dir cannot be emptied: ", values %{ $errors->[0] }, "\n"
        if @$errors;

    return bless { %opt, dir => $dir, lock => $lock }, $class;
}


sub start {
    my ($self) = @_;

    $self->_start_redis;
    $self->{upstream} = DistillGuard::Upstream->spawn(port => free_port(),
        log => "$self->{dir}/upstream.log");

    $self->_write_secret('secret', _random());
    $self->_write('asn.mmdb', asn_database($self->{hosting}, $HOSTING));
    $self->_write('hosting.txt', "AS$HOSTING\n");
    $self->_start_nginx;
}


sub _start_redis {
    my ($self) = @_;

    my $dir = $self->{dir};

    if (!$self->{nodes}) {
        $self->{redis} = DistillGuard::Redis->spawn(dir => "$dir/redis",
            port => free_port());
        $self->{url} = 'redis://127.0.0.1:' . $self->{redis}->port;
        return;
    }

    my $password = _random();
    my $tls = DistillGuard::Ca->new("$dir/ca")->issue('IP:127.0.0.1');

    $self->_write_secret('redis.password', $password);
    $self->{redis} = DistillGuard::Redis::Cluster->spawn(
        dir => "$dir/redis", tls => $tls,
        acl => [ 'default on nopass ~* &* +@all',
            "guard on >$password " . guard_rights('cluster') ]);
    $self->{tls} = $tls;
    $self->{url} = 'clusters://guard@' . $self->{redis}->hosts
        . " password_file=$dir/redis.password ca=$tls->{ca}";
}


sub _write {
    my ($self, $name, $bytes) = @_;

    my $path = "$self->{dir}/$name";

    open my $fh, '>:raw', $path or die "$path: $!\n";
    print $fh $bytes;
    close $fh or die "$path: $!\n";
}


sub _random {
    open my $random, '<:raw', '/dev/urandom' or die "/dev/urandom: $!\n";
    read($random, my $bytes, 32) == 32 or die "/dev/urandom is short\n";

    return unpack 'H*', $bytes;
}


sub _write_secret {
    my ($self, $name, $secret) = @_;

    my $mask = umask 077;
    $self->_write($name, "$secret\n");
    umask $mask;
}


sub _start_nginx {
    my ($self) = @_;

    my @names = $self->{nodes} ? map { "nginx-$_" } 1 .. $self->{nodes}
        : 'nginx';

    $self->{nginx} = [ map { $self->_start_node($_) } @names ];
}


sub _start_node {
    my ($self, $name) = @_;

    my $dir = "$self->{dir}/$name";
    my %value = (HTTP => free_port(), REDIS => $self->{url}, LOGS => $dir,
        UPSTREAM => $self->{upstream}->port, DIR => $self->{dir});

    push @{ $self->{http} }, $value{HTTP};

    my $nginx = DistillGuard::Nginx->new(
        name   => $name,
        dir    => $dir,
        module => $ENV{DG_MODULE}
            // die("DG_MODULE is not set; say \"make run\"\n"),
        expand => sub {
            my ($text) = @_;

            return $text =~ s/%%(\w+)%%/$value{$1}/gr;
        },
    );

    $nginx->conf($CONF, workers => 2, log_format => $ACCESS);
    $nginx->start;

    return $nginx;
}


sub dir { $_[0]{dir} }
sub http { $_[0]{http}[ $_[1] // 0 ] }
sub tls { $_[0]{tls} }
sub redis { $_[0]{redis} }
sub upstream { $_[0]{upstream} }
sub nginx { $_[0]{nginx}[ $_[1] // 0 ] }


sub alive {
    my ($self) = @_;

    return $self->{nginx} && !grep { !$_->alive } @{ $self->{nginx} };
}


sub versions {
    my ($self) = @_;

    my ($nginx) = $self->nginx->build =~ m{^nginx version: (.*)}m;
    my ($redis) = $self->{redis}->cmd('INFO', 'server')
        =~ /^redis_version:(\S+)/m;

    return "$nginx, Redis $redis";
}


# the body of a page of an nginx

sub page {
    my ($self, $path, $node) = @_;

    my $answer = DistillGuard::Http->connect(port => $self->http($node))
        ->request({ path => $path, headers => { Connection => 'close' } });

    die "$path: $answer->{status}\n" unless $answer->{status} == 200;

    return $answer;
}


sub stop {
    my ($self) = @_;

    $_->stop for @{ $self->{nginx} // [] };
    $self->{upstream}->stop if $self->{upstream};

    if ($self->{redis}) {
        $self->{nodes} ? $self->{redis}->stop : $self->{redis}->shutdown;
    }
}

1;
