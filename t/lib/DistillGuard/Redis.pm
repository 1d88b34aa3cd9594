package DistillGuard::Redis;

# A real redis-server on a port of its own that keeps nothing on disk; alone,
# or one of several: see DistillGuard::Redis::Cluster and ::Sentinel.

use strict;
use warnings;

use Carp qw(croak);
use DistillGuard::Process qw(wait_for);


# dir, port; password => for the default user; acl => [lines for the ACL file]
# (as after "user "); loglevel; address; conf => further lines; tls => what
# DistillGuard::Ca issued, with clients => 'yes' if these must have a
# certificate, too.  With TLS the test itself comes through a Unix socket.
# sentinel => 1 makes it one; debug => 1 allows DEBUG.

sub spawn {
    my ($class, %opt) = @_;

    my $self = bless { loglevel => 'notice', address => '127.0.0.1', %opt },
        $class;

    mkdir $self->{dir} or croak "$self->{dir}: $!" unless -d $self->{dir};
    $self->_configure;
    $self->_start;

    return $self;
}


sub _configure {
    my ($self) = @_;

    my $dir = $self->{dir};
    my $tls = $self->{tls};
    my @lines = ("bind $self->{address}", "dir $dir", "loglevel $self->{loglevel}",
        'daemonize no');

    push @lines, 'save ""', 'appendonly no', 'rdbcompression no'
        unless $self->{sentinel};

    # older servers always allow it, and do not know this
    push @lines, 'enable-debug-command yes'
        if $self->{debug} && version() ge '007';

    if ($tls) {
        $self->{socket} = "$dir/redis.sock";
        push @lines, 'port 0', "tls-port $self->{port}",
            "tls-cert-file $tls->{cert}", "tls-key-file $tls->{key}",
            "tls-ca-cert-file $tls->{ca}",
            'tls-auth-clients ' . ($tls->{clients} // 'no'),
            'tls-replication yes', 'tls-cluster yes',
            "unixsocket $self->{socket}";

    } else {
        push @lines, "port $self->{port}";
    }

    if ($self->{acl}) {
        _write("$dir/users.acl", map { "user $_" } @{ $self->{acl} });
        push @lines, "aclfile $dir/users.acl";
    }

    push @lines, "requirepass $self->{password}" if defined $self->{password};
    push @lines, $self->{conf} if defined $self->{conf};

    _write("$dir/redis.conf", @lines);
}


sub _write {
    my ($path, @lines) = @_;

    open my $fh, '>', $path or croak "$path: $!";
    print $fh "$_\n" for @lines;
    close $fh or croak "$path: $!";
}


sub _start {
    my ($self) = @_;

    delete $self->{client};
    $self->{process} = DistillGuard::Process->start(
        name => "redis $self->{port}",
        cmd  => [ _binary(), "$self->{dir}/redis.conf",
            $self->{sentinel} ? '--sentinel' : () ],
        out  => "$self->{dir}/redis.log",
    );

    wait_for(sub {
        croak "redis-server ended: " . $self->log
            unless $self->{process}->alive;
        return eval { $self->_connect->request('PING'); 1 }
            || $@ =~ /^(?:NOAUTH|WRONGPASS|NOPERM)/;
    }, 20, "redis-server on port $self->{port}");
}


sub _binary {
    my ($binary) = grep { -x } map { "$_/redis-server" }
        split(/:/, $ENV{PATH}), '/usr/bin', '/usr/local/bin';

    return $ENV{DG_REDIS} // $binary
        // die "redis-server is not installed: apt install redis-server\n";
}


# redis-cli, which comes with the server; nothing if it is not there

sub cli {
    my $beside = $ENV{DG_REDIS} // '';

    $beside =~ s/-server\z/-cli/;

    my ($cli) = grep { -x } $beside, map { "$_/redis-cli" }
        split /:/, $ENV{PATH};

    return $cli;
}


# "007.000.015", for lt and ge

sub version {
    my $binary = _binary();

    my ($numbers) = `'$binary' --version` =~ / v=([\d.]+)/
        or die "$binary does not tell its version\n";

    return join '.', map { sprintf '%03d', $_ } split /\./, $numbers;
}


sub _connect {
    my ($self) = @_;

    return DistillGuard::Redis::Client->new(port => $self->{port},
        address => $self->{address}, unix => $self->{socket}, password => $self->{password});
}


sub port { $_[0]{port} }
sub pid { $_[0]{process}->pid }
sub alive { $_[0]{process}->alive }


sub log {
    my ($self) = @_;

    open my $fh, '<', "$self->{dir}/redis.log" or return '';
    local $/;
    return scalar <$fh>;
}


# One command as the default user; its reply as Perl data.  An error reply
# dies with its text.  The connection is made again when it was lost.

sub cmd {
    my ($self, @args) = @_;

    my $client = delete $self->{client} // $self->_connect;
    my $reply = eval { $client->request(@args) };
    my $error = $@;

    $self->{client} = $client unless $client->{broken};
    die $error if $error;

    return $reply;
}


# Everything it holds, in the bytes of its own file format.

sub dump {
    my ($self) = @_;

    $self->cmd('SAVE');

    open my $fh, '<:raw', "$self->{dir}/dump.rdb" or croak "dump.rdb: $!";
    local $/;
    my $dump = <$fh>;
    unlink "$self->{dir}/dump.rdb";    # a restart finds nothing

    return $dump;
}


sub kill9 { $_[0]{process}->stop('KILL') }
sub shutdown { $_[0]{process}->stop('TERM') }
sub stop { $_[0]{process}->signal('STOP') }
sub cont { $_[0]{process}->signal('CONT') }


# empty again, on the same port

sub restart {
    my ($self) = @_;

    $self->shutdown;
    $self->_start;
}


package DistillGuard::Redis::Client;

# RESP2, one command at a time.

use strict;
use warnings;

use IO::Socket::IP;
use IO::Socket::UNIX;
use Socket qw(SOL_SOCKET SO_RCVTIMEO);

my %READ = (
    '+' => sub { $_[1] },
    ':' => sub { $_[1] + 0 },
    '-' => sub { die DistillGuard::Redis::Error->new($_[1]) },
    '$' => \&_read_bulk,
    '*' => \&_read_array,
);


# port, address => 127.0.0.1; or unix => path; user, password, timeout

sub new {
    my ($class, %opt) = @_;

    my $socket = defined $opt{unix}
        ? IO::Socket::UNIX->new(Peer => $opt{unix})
        : IO::Socket::IP->new(PeerHost => $opt{address} // '127.0.0.1',
            PeerPort => $opt{port});

    die 'redis ', $opt{unix} // $opt{port}, ": $!\n" unless $socket;

    $socket->setsockopt(SOL_SOCKET, SO_RCVTIMEO,
        pack 'l!l!', $opt{timeout} // 10, 0);
    $socket->autoflush(1);

    my $self = bless { socket => $socket }, $class;

    $self->request('AUTH', grep { defined } @opt{qw(user password)})
        if defined $opt{password};

    return $self;
}


sub request {
    my ($self, @args) = @_;

    local $SIG{PIPE} = 'IGNORE';

    $self->{broken} = 1;    # until the reply has been read whole

    print { $self->{socket} } join '', '*', scalar @args, "\r\n",
        map { ('$', length, "\r\n", $_, "\r\n") } @args
        or die "redis: $!\n";

    my $reply = eval { $self->_read };
    my $error = $@;

    $self->{broken} = 0 if !$error || ref $error;
    die ref $error ? "$error\n" : $error if $error;

    return $reply;
}


sub _line {
    my ($self) = @_;

    local $/ = "\r\n";
    my $line = readline $self->{socket};

    die "redis: the connection was lost or is silent\n"
        unless defined $line && $line =~ s/\r\n\z//;

    return $line;
}


sub _read {
    my ($self) = @_;

    my ($kind, $rest) = $self->_line =~ /\A(.)(.*)\z/s;
    my $read = $READ{ $kind // '' } or die "redis: not a reply\n";

    return $read->($self, $rest);
}


sub _read_bulk {
    my ($self, $length) = @_;

    return undef if $length < 0;

    my $bytes = '';
    my $left = $length + 2;

    while ($left > 0) {
        my $n = read $self->{socket}, $bytes, $left, length $bytes;
        die "redis: the connection was lost\n" unless $n;
        $left -= $n;
    }

    return substr $bytes, 0, $length;
}


# an error within an array is a value, so that the rest is read

sub _read_array {
    my ($self, $n) = @_;

    return undef if $n < 0;

    my @values;

    for (1 .. $n) {
        my $value = eval { $self->_read };
        die $@ if $@ && !ref $@;
        push @values, $@ ? "$@" : $value;
    }

    return \@values;
}


package DistillGuard::Redis::Error;

use overload '""' => sub { $_[0]{text} }, fallback => 1;

sub new { return bless { text => $_[1] }, $_[0] }

1;
