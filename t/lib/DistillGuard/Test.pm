package DistillGuard::Test;

# The test harness: a temporary directory, ports, nginx, redis-server, the
# stand-in upstream and clients, and an end to all of them.
#
#   my $t = DistillGuard::Test->new;
#
#   $t->upstream;
#   $t->conf(<<'EOF')->start;
#       server {
#           listen 127.0.0.1:%%HTTP%%;
#           location / { proxy_pass http://127.0.0.1:%%UPSTREAM%%; }
#       }
#   EOF
#
#   is($t->post_json('/v1/messages', { model => 'm' })->{status}, 200, '...');
#
# %%NAME%% is port('name'), %%DIR%% the temporary directory.  At the end there
# are three tests more: no alerts, no sanitizer reports, nothing left running;
# the plan is made then too, so a test does not call done_testing.
#
# Environment: DG_NGINX, DG_MODULE (path of the module, "" if it is built in),
# DG_REDIS, DG_SANITIZE=1, DG_TEST_DEBUG=1 (debug logs), DG_TEST_LEAVE=1 (keep
# the directory).

use strict;
use warnings;

use Carp qw(croak);
use File::Path ();
use File::Spec;
use File::Temp qw(tempdir);
use JSON::PP ();
use Scalar::Util qw(blessed);
use Test::More;

use DistillGuard::Http;
use DistillGuard::Nginx;
use DistillGuard::Port qw(free_port);
use DistillGuard::Process;
use DistillGuard::Redis;
use DistillGuard::Redis::Cluster;
use DistillGuard::Redis::Sentinel;
use DistillGuard::Upstream;

our @CARP_NOT = qw(DistillGuard::Nginx DistillGuard::Process
    DistillGuard::Redis DistillGuard::Http);

my $AUTOMATIC = 3;    # tests at the end

my $harness;    # the one of this test file


# new, new(number of tests) or new(plan => number, module => 0)

sub new {
    my ($class, @args) = @_;

    my %opt = @args % 2 ? (plan => @args) : @args;

    croak 'one harness for a test file' if $harness;
    plan(tests => $opt{plan} + $AUTOMATIC) if $opt{plan};

    # servers may run as another user: they must get in
    my $dir = tempdir('distill-guard-XXXXXX', TMPDIR => 1);
    chmod 0755, $dir;

    $SIG{$_} = sub { exit 1 } for qw(INT TERM HUP);

    return $harness = bless {
        dir       => $dir,
        owner     => $$,
        planned   => $opt{plan},
        module    => _module($opt{module} // 1),
        ports     => {},
        nginx     => {},
        servers   => [],
        allowed   => [],
    }, $class;
}


sub _module {
    my ($wanted) = @_;

    return undef unless $wanted;

    my $path = $ENV{DG_MODULE};

    die "DG_MODULE must name ngx_distill_guard_module.so, or be empty if it"
        . " is built into nginx\n" unless defined $path;
    die "there is no $path: build it first (DG_MODULE)\n"
        if $path ne '' && !-f $path;

    return $path eq '' || $path =~ m{^/} ? $path
        : File::Spec->rel2abs($path);
}


sub dir { $_[0]{dir} }


# ---- ports and files ------------------------------------------------------

# the number that goes with a name

sub port {
    my ($self, $name) = @_;

    return $self->{ports}{ lc $name } //= free_port();
}


sub expand {
    my ($self, $text) = @_;

    $text =~ s/%%DIR%%/$self->{dir}/g;
    $text =~ s/%%(\w+)%%/$self->port($1)/ge;

    return $text;
}


# Returns the whole path.

sub write_file {
    my ($self, $name, $content) = @_;

    my $path = "$self->{dir}/$name";

    open my $fh, '>:raw', $path or croak "$path: $!";
    print $fh $content;
    close $fh or croak "$path: $!";

    return $path;
}


sub read_file {
    my ($self, $name) = @_;

    my $path = $name =~ m{^/} ? $name : "$self->{dir}/$name";

    open my $fh, '<:raw', $path or croak "$path: $!";
    local $/;
    return scalar <$fh>;
}


sub wait_for {
    my ($self, @args) = @_;

    return DistillGuard::Process::wait_for(@args);
}


# ---- nginx ----------------------------------------------------------------

# The instance of this name; what is called on the harness goes to "main", or
# to that named by instance => 'b'.

sub nginx {
    my ($self, $name) = @_;

    $name //= 'main';

    return $self->{nginx}{$name} //= DistillGuard::Nginx->new(
        name   => $name,
        dir    => "$self->{dir}/$name",
        module => $self->{module},
        expand => sub { $self->expand(@_) },
    );
}


sub conf {
    my ($self, $http, %opt) = @_;

    my $name = delete $opt{instance};

    $opt{module} = $opt{module} ? $self->{module} // _module(1) : undef
        if exists $opt{module};

    return $self->nginx($name)->conf($http, %opt);
}


for my $method (qw(start stop quit reload old_workers_gone kill_worker workers
    pid))
{
    no strict 'refs';
    *$method = sub {
        my ($self, @args) = @_;

        my $name = @args > 1 && $args[-2] eq 'instance'
            ? (splice @args, -2)[1] : undef;

        return $self->nginx($name)->$method(@args);
    };
}


# (is it good?, what nginx -t says) of these lines of http {}, for which no
# nginx is started

sub conf_test {
    my ($self, $http, %opt) = @_;

    return $self->conf($http, %opt, instance => 'conf_test')->conf_test;
}


sub has { return index($_[0]->nginx->build, $_[1]) >= 0 }


sub version_ge {
    my ($self, $wanted) = @_;

    my ($version) = $self->nginx->build =~ m{/(\d+(?:\.\d+)+)};
    my ($have, $need) = map { sprintf '%04d' x 3, (split(/\./), 0, 0)[0 .. 2] }
        $version, $wanted;

    return $have ge $need;
}


sub error_log { return $_[0]->nginx($_[1])->error_log }
sub access_log { return $_[0]->nginx($_[1])->access_log }


# a test that the error log has such a line, soon

sub log_like {
    my ($self, $pattern, $name, $instance) = @_;

    eval { $self->wait_for(sub { $self->error_log($instance) =~ $pattern },
        3, 'the log') };

    local $Test::Builder::Level = $Test::Builder::Level + 1;
    return ok($self->error_log($instance) =~ $pattern, $name)
        || diag("no $pattern in the error log");
}


sub allow_log {
    my ($self, @patterns) = @_;

    push @{ $self->{allowed} }, @patterns;
}


# ---- other servers --------------------------------------------------------

# on port('redis') unless name => or port => says otherwise

sub redis {
    my ($self, %opt) = @_;

    my $name = delete $opt{name} // 'redis';

    return $self->_server(DistillGuard::Redis->spawn(
        port => $self->port($name), %opt, dir => "$self->{dir}/$name"));
}


# several on free ports

sub cluster {
    my ($self, %opt) = @_;

    return $self->_server(DistillGuard::Redis::Cluster->spawn(%opt,
        dir => "$self->{dir}/" . (delete $opt{name} // 'cluster')));
}


sub sentinels {
    my ($self, %opt) = @_;

    return $self->_server(DistillGuard::Redis::Sentinel->spawn(%opt,
        dir => "$self->{dir}/" . (delete $opt{name} // 'sentinels')));
}


# on port('upstream') likewise

sub upstream {
    my ($self, %opt) = @_;

    my $name = delete $opt{name} // 'upstream';

    return $self->_server(DistillGuard::Upstream->spawn(%opt,
        port => $self->port($name), log => "$self->{dir}/$name.log"));
}


sub _server {
    my ($self, $server) = @_;

    push @{ $self->{servers} }, $server;

    return $server;
}


# Runs the sub beside the test; ->result waits for what it returned, which
# must be something JSON can hold.

sub background {
    my ($self, $sub) = @_;

    my $path = "$self->{dir}/background-" . ++$self->{backgrounds};

    return $self->_server(DistillGuard::Test::Background->new($path, $sub));
}


# ---- clients --------------------------------------------------------------

# See DistillGuard::Http.  To port('http') of a new connection, unless there
# is port => number or name, unix => path, or connection => of connect().

sub http {
    my ($self, $request, %opt) = @_;

    my $connection = delete $opt{connection} // $self->connect(%opt);

    return $connection->request($request, %opt);
}


sub connect {
    my ($self, %opt) = @_;

    return DistillGuard::Http->connect(%opt, port => $self->_port($opt{port}));
}


sub _port {
    my ($self, $port) = @_;

    $port //= 'http';

    return $port =~ /^\d+$/ ? $port : $self->port($port);
}


sub http2 {
    my ($self, $request, %opt) = @_;

    return DistillGuard::Http->http2($request, %opt,
        port => $self->_port($opt{port}));
}


# $data is JSON text or Perl data.  The rest are headers, or options of http()
# where the name begins with "-": post_json($path, $data, 'x-api-key' => 'k',
# -port => 'other').  -http2 => 1 chooses that protocol.

sub post_json {
    my ($self, $path, $data, @rest) = @_;

    my (@headers, %opt);

    while (my ($name, $value) = splice @rest, 0, 2) {
        if ($name =~ s/^-//) {
            $opt{$name} = $value;

        } else {
            push @headers, $name, $value;
        }
    }

    my $body = ref $data ? JSON::PP->new->canonical->utf8->encode($data)
        : $data;
    my $method = delete $opt{http2} ? 'http2' : 'http';

    return $self->$method({
        method  => 'POST',
        path    => $path,
        body    => $body,
        chunked => delete $opt{chunked},
        headers => [ 'Content-Type', 'application/json', @headers ],
    }, %opt);
}


# Events as [time, text]: of an answer, or of a request as for post_json.

sub sse {
    my ($self, @args) = @_;

    my $answer = blessed $args[0] ? $args[0] : $self->post_json(@args);

    return $answer->events;
}


# ---- the end --------------------------------------------------------------

sub stop_all {
    my ($self) = @_;

    $_->stop for values %{ $self->{nginx} };
    $_->can('nodes') ? $_->stop : $_->{process}->stop('TERM', 5)
        for @{ $self->{servers} };
}


sub _finish {
    my ($self, $died) = @_;

    my $stopped = eval { $self->stop_all; 1 };
    my @left = DistillGuard::Process::leftovers();
    push @left, $@ unless $stopped;

    # nginx -t has nothing to hide
    my @nginx = grep { $_->{name} ne 'conf_test' } values %{ $self->{nginx} };
    my @alerts = map { $_->own_alerts(@{ $self->{allowed} }) } @nginx;
    my @reports = map { $_->sanitizer_reports } values %{ $self->{nginx} };

    if ($died) {
        diag(@alerts, @reports, @left);

    } elsif (($self->_builder->has_plan // '') ne 'SKIP') {
        is(join("\n", @alerts), '', 'no alerts');
        is(join("\n", @reports), '', 'no sanitizer reports');
        is(join("\n", @left), '', 'nothing left running');

        done_testing() unless $self->{planned};
    }

    if ($ENV{DG_TEST_LEAVE}) {
        diag("left in $self->{dir}");

    } else {
        File::Path::remove_tree($self->{dir});
    }
}


sub _builder { return Test::More->builder }


END {
    if ($harness && $harness->{owner} == $$) {
        my $status = $?;
        $harness->_finish($status != 0);
        $? = $status;
    }
}


package DistillGuard::Test::Background;

use strict;
use warnings;

use JSON::PP ();


sub new {
    my ($class, $path, $sub) = @_;

    my $process = DistillGuard::Process->start(
        name => 'background',
        run  => sub {
            my $result = JSON::PP->new->allow_nonref->encode($sub->());

            open my $fh, '>', $path or die "$path: $!\n";
            print $fh $result;
            close $fh or die "$path: $!\n";
        },
    );

    return bless { process => $process, path => $path }, $class;
}


sub running { $_[0]{process}->alive }


sub result {
    my ($self, $seconds) = @_;

    DistillGuard::Process::wait_for(sub { !$self->running }, $seconds // 60,
        'the background to end');

    die "the background died\n" if $self->{process}->status != 0;
    open my $fh, '<', $self->{path} or die "$self->{path}: $!\n";
    local $/;
    return JSON::PP->new->allow_nonref->decode(scalar <$fh>);
}

1;
