package DistillGuard::Stack;

# What a guarded API is made of, on 127.0.0.1, for people to look at: Redis,
# the stand-in upstream, and nginx with the guard before it.

use strict;
use warnings;

use Fcntl qw(LOCK_EX LOCK_NB);
use File::Path qw(make_path remove_tree);

use DistillGuard::Http;
use DistillGuard::Mmdb qw(asn_database);
use DistillGuard::Nginx;
use DistillGuard::Port qw(free_port);
use DistillGuard::Process;
use DistillGuard::Redis;
use DistillGuard::Upstream;

my $CONF = <<'EOF';
    distill_guard_zone zone=guard:16m;
    distill_guard_secret %%DIR%%/secret;
    distill_guard_redis redis://127.0.0.1:%%REDIS%%;

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

            access_log %%DIR%%/nginx/access.log test;
            access_log %%DIR%%/nginx/events.log event;

            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_buffering off;
        }

        location = /guard {
            access_log off;
            distill_guard_status;
        }
    }
EOF

# the id by which the upstream knows an exchange, and the guard's of its key

my $ACCESS = '$remote_addr $request_method $uri $status $request_time'
    . ' key=$distill_guard_key id=$upstream_http_x_request_id';


my $HOSTING = 64500;   # number of the one AS


# All files go to the directory, which is emptied first.  hosting => the
# network of a hosting company

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

    $self->{redis} = DistillGuard::Redis->spawn(dir => "$self->{dir}/redis",
        port => free_port());
    $self->{upstream} = DistillGuard::Upstream->spawn(port => free_port(),
        log => "$self->{dir}/upstream.log");

    $self->_write_secret;
    $self->_write('asn.mmdb', asn_database($self->{hosting}, $HOSTING));
    $self->_write('hosting.txt', "AS$HOSTING\n");
    $self->_start_nginx;
}


sub _write {
    my ($self, $name, $bytes) = @_;

    my $path = "$self->{dir}/$name";

    open my $fh, '>:raw', $path or die "$path: $!\n";
    print $fh $bytes;
    close $fh or die "$path: $!\n";
}


sub _write_secret {
    my ($self) = @_;

    open my $random, '<:raw', '/dev/urandom' or die "/dev/urandom: $!\n";
    read($random, my $bytes, 32) == 32 or die "/dev/urandom is short\n";

    my $mask = umask 077;
    $self->_write('secret', unpack('H*', $bytes) . "\n");
    umask $mask;
}


sub _start_nginx {
    my ($self) = @_;

    my %port = (HTTP => free_port(), REDIS => $self->{redis}->port,
        UPSTREAM => $self->{upstream}->port);

    $self->{http} = $port{HTTP};

    my $nginx = $self->{nginx} = DistillGuard::Nginx->new(
        name   => 'main',
        dir    => "$self->{dir}/nginx",
        module => $ENV{DG_MODULE}
            // die("DG_MODULE is not set; say \"make run\"\n"),
        expand => sub {
            my ($text) = @_;

            $text =~ s/%%DIR%%/$self->{dir}/g;
            return $text =~ s/%%(\w+)%%/$port{$1}/gr;
        },
    );

    $nginx->conf($CONF, workers => 2, log_format => $ACCESS);
    $nginx->start;
}


sub dir { $_[0]{dir} }
sub http { $_[0]{http} }
sub redis { $_[0]{redis} }
sub upstream { $_[0]{upstream} }
sub nginx { $_[0]{nginx} }
sub alive { $_[0]{nginx} && $_[0]{nginx}->alive }


sub versions {
    my ($self) = @_;

    my ($nginx) = $self->{nginx}->build =~ m{^nginx version: (.*)}m;
    my ($redis) = $self->{redis}->cmd('INFO', 'server')
        =~ /^redis_version:(\S+)/m;

    return "$nginx, Redis $redis";
}


# the body of a page of nginx's

sub page {
    my ($self, $path) = @_;

    my $answer = DistillGuard::Http->connect(port => $self->{http})
        ->request({ path => $path, headers => { Connection => 'close' } });

    die "$path: $answer->{status}\n" unless $answer->{status} == 200;

    return $answer;
}


sub stop {
    my ($self) = @_;

    for (grep { defined } @$self{qw(nginx upstream)}) {
        $_->stop;
    }

    $self->{redis}->shutdown if $self->{redis};
}

1;
