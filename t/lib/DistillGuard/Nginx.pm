package DistillGuard::Nginx;

# One nginx with a prefix, a configuration and logs of its own.

use strict;
use warnings;

use Carp qw(croak);
use POSIX ();
use DistillGuard::Process qw(wait_for);

my $PATIENCE = 30;    # seconds; a sanitized nginx on a busy machine is slow


# name, dir; module => path, "" for built in, undef for none; expand => sub
# that replaces %%NAME%% in a configuration

sub new {
    my ($class, %opt) = @_;

    my $self = bless { allowed => [], %opt }, $class;

    for ($self->{dir}, map { "$self->{dir}/$_" } qw(logs temp)) {
        mkdir or croak "$_: $!" unless -d;
    }

    return $self;
}


sub binary {
    my ($binary) = grep { -x } map { "$_/nginx" } split(/:/, $ENV{PATH}),
        '/usr/sbin', '/usr/local/sbin';

    $binary = $ENV{DG_NGINX} if ($ENV{DG_NGINX} // '') ne '';

    return $binary if defined $binary && -x $binary;
    die 'nginx was not found' . (defined $binary ? ": $binary" : '')
        . "; install it or say where it is with DG_NGINX\n";
}


# what "nginx -V" says

sub build { return $_[0]{build} //= _run(binary(), '-V') }


# $http goes into http {}.  Options: workers => 1; log => level of error.log,
# "info" unless DG_TEST_DEBUG is set; main, events => lines of those blocks;
# log_format => of access.log; env => {name => value}; module => as in new

sub conf {
    my ($self, $http, %opt) = @_;

    my $dir = $self->{dir};
    my $module = exists $opt{module} ? $opt{module} : $self->{module};
    my $log = $opt{log} // ($ENV{DG_TEST_DEBUG} ? 'debug' : 'info');
    my $load = defined $module && $module ne ''
        ? "load_module $module;" : '';
    my $user = $> == 0 ? 'user root;' : '';
    my $temp = join "\n    ", map { "${_}_temp_path $dir/temp/$_;" }
        qw(client_body proxy fastcgi uwsgi scgi);
    my $main = $opt{main} // '';
    my $events = $opt{events} // '';
    my $format = $opt{log_format} // '$remote_addr "$request" $status '
        . '$body_bytes_sent $request_length $request_time';

    $self->{workers} = $opt{workers} // 1;
    $self->{env} = $opt{env} // {};

    my $text = $self->{expand}->(<<"EOT");
$load
$user
worker_processes $self->{workers};
pid $dir/nginx.pid;
lock_file $dir/nginx.lock;
error_log $dir/error.log $log;
$main

events {
    worker_connections 2048;
    $events
}

http {
    $temp
    log_format test escape=json '$format';
    access_log $dir/access.log test;

$http
}
EOT

    open my $fh, '>', "$dir/nginx.conf" or croak "$dir/nginx.conf: $!";
    print $fh $text;
    close $fh or croak "$dir/nginx.conf: $!";

    return $self;
}


sub _command {
    my ($self, $log, @options) = @_;

    # 1.18 has no -e
    my ($version) = $self->build =~ m{/1\.(\d+)};
    my @early = defined $version && $version < 20 ? () : ('-e', $log);

    return (binary(), '-p', "$self->{dir}/", '-c', 'nginx.conf', @early,
        @options);
}


# (is it good?, what nginx -t says)

sub conf_test {
    my ($self) = @_;

    my $env = $self->_sanitizer;
    local @ENV{ keys %$env } = values %$env;
    my $output = _run($self->_command('stderr', '-t'));

    return ($? == 0, $output);
}


sub _run {
    my @command = @_;

    my $pid = open my $out, '-|' // die "fork: $!\n";

    if ($pid == 0) {
        open STDERR, '>&', \*STDOUT;
        exec { $command[0] } @command or POSIX::_exit(127);
    }

    local $/;
    my $text = <$out> // '';
    close $out;

    return $text;
}


# daemon => 1: out of our sight, as it must be for a binary upgrade

sub start {
    my ($self, %opt) = @_;

    croak "nginx $self->{name} runs already" if $self->alive;
    unlink "$self->{dir}/nginx.pid";

    my $daemon = $opt{daemon} ? 'on' : 'off';

    $self->{process} = DistillGuard::Process->start(
        name => "nginx $self->{name}",
        cmd  => [ $self->_command("$self->{dir}/error.log",
            '-g', "daemon $daemon;") ],
        out  => "$self->{dir}/stderr.log",
        env  => { %{ $self->_sanitizer }, %{ $self->{env} } },
    );

    wait_for(sub {
        croak "nginx $self->{name} did not start:\n" . $self->stderr_log
            if !$self->{process}->alive && $self->{process}->status != 0;
        return $self->pid && $self->workers >= $self->{workers};
    }, $PATIENCE, "nginx $self->{name}");

    DistillGuard::Process::watch($self->pid, "nginx $self->{name}");

    return $self;
}


sub _sanitizer {
    my ($self) = @_;

    return {} unless $ENV{DG_SANITIZE};

    my @libraries = map { my $path = _run('gcc', "-print-file-name=$_");
        chomp $path; $path } qw(libasan.so libubsan.so);

    return {
        LD_PRELOAD    => "@libraries",
        ASAN_OPTIONS  => "detect_leaks=0:log_path=$self->{dir}/sanitizer",
        UBSAN_OPTIONS =>
            "print_stacktrace=1:log_path=$self->{dir}/sanitizer",
    };
}


# the master's, from the file, as it changes with an upgrade

sub pid {
    my ($self) = @_;

    my ($pid) = ($self->_file('nginx.pid') // '') =~ /^(\d+)\n/;

    return $pid;
}


sub alive {
    my ($self) = @_;

    return 0 unless $self->{process};
    return 1 if $self->{process}->alive;

    my $pid = $self->pid;

    return defined $pid && DistillGuard::Process::running($pid);
}


# workers that take connections; with "all", those on their way out as well

sub workers {
    my ($self, $all) = @_;

    my $master = $self->pid // return;
    my $title = $all ? qr/^nginx: worker process/
        : qr/^nginx: worker process\s*$/;

    return map { $_->[0] } grep { $_->[1] == $master && $_->[3] =~ $title }
        DistillGuard::Process::all();
}


sub signal {
    my ($self, $signal) = @_;

    my $pid = $self->pid // croak "nginx $self->{name} does not run";

    return kill $signal, $pid;
}


sub stop { $_[0]->_end('TERM') }
sub quit { $_[0]->_end('QUIT') }


sub _end {
    my ($self, $signal) = @_;

    return unless $self->alive;

    my $pid = $self->pid;

    if (defined $pid) {
        kill $signal, $pid;
        eval { wait_for(sub { !$self->alive }, $PATIENCE, 'end') };
        DistillGuard::Process::kill_group($pid);
    }

    return $self->{process}->stop('KILL');
}


# True when the new configuration is in force, false when nginx refused it.
# Workers that still have a stream to end may live on: see old_workers_gone.

sub reload {
    my ($self) = @_;

    my %old = map { $_ => 1 } $self->workers('all');
    my $before = length $self->error_log;
    my $refused;

    $self->signal('HUP');

    wait_for(sub {
        my @new = $self->workers;
        return 1 if @new >= $self->{workers} && !grep { $old{$_} } @new;
        return $refused = substr($self->error_log, $before) =~ /\[emerg\]/;
    }, $PATIENCE, "nginx $self->{name} to reload");

    $self->{old_workers} = { %{ $self->{old_workers} // {} }, %old }
        unless $refused;

    return !$refused;
}


sub old_workers_gone {
    my ($self, $seconds) = @_;

    my $old = delete $self->{old_workers} // {};

    wait_for(sub { !grep { $old->{ $_->[0] } } DistillGuard::Process::all() },
        $seconds // $PATIENCE, 'old workers to leave');
}


# Kills a worker and waits for the one in its place; nginx is right to call
# that an alert.

sub kill_worker {
    my ($self, $signal) = @_;

    my %old = map { $_ => 1 } $self->workers;
    my ($victim) = sort { $a <=> $b } keys %old;

    push @{ $self->{allowed} }, qr/worker process $victim exited on signal/;
    kill $signal // 'KILL', $victim;

    wait_for(sub {
        my @now = $self->workers;
        return @now >= $self->{workers} && !grep { $_ == $victim } @now;
    }, $PATIENCE, 'another worker');

    return $victim;
}


sub error_log { $_[0]->_file('error.log') // '' }
sub access_log { $_[0]->_file('access.log') // '' }
sub stderr_log { $_[0]->_file('stderr.log') // '' }


sub _file {
    my ($self, $name) = @_;

    open my $fh, '<:raw', "$self->{dir}/$name" or return;
    local $/;
    return scalar <$fh>;
}


# Lines that should not be there, but for those that match one of @allowed.

sub alerts {
    my ($text, @allowed) = @_;

    my @lines = grep { /\[(?:alert|emerg|crit)\]/ } split /\n/, $text;

    for my $allowed (@allowed) {
        @lines = grep { $_ !~ $allowed } @lines;
    }

    return @lines;
}


sub own_alerts {
    my ($self, @allowed) = @_;

    return alerts($self->error_log, @allowed,
        @{ $self->{allowed} });
}


# what the sanitizers wrote, wherever they did

sub sanitizer_reports {
    my ($self) = @_;

    my @reports;

    for my $path (glob "$self->{dir}/sanitizer*") {
        open my $fh, '<', $path or next;
        local $/;
        push @reports, scalar <$fh>;
    }

    push @reports, grep { /runtime error:|(?:Address|Leak)Sanitizer/ }
        split /\n/, $self->stderr_log;

    return @reports;
}

1;
