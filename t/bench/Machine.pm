package Machine;

# The machine a bench runs on, and who runs where on it.

use strict;
use warnings;

use Exporter qw(import);
use POSIX qw(strftime uname);

our @EXPORT_OK = qw(machine keep_off slurp);

my $TOPOLOGY = '/sys/devices/system/cpu/cpu%d/topology/thread_siblings_list';


# The worker's CPU is the last that we may use; it is undefined where there is
# only one.  What shares a core with it is left idle if there are enough.

sub machine {
    my ($nginx) = @_;

    my @cpus = _list(slurp('/proc/self/status')
        =~ /^Cpus_allowed_list:\s*(\S+)/m);
    my $cpu = $cpus[-1];
    my %shared = map { $_ => 1 } $cpu, _list(slurp(sprintf $TOPOLOGY, $cpu));

    my @others = grep { !$shared{$_} } @cpus;
    @others = grep { $_ != $cpu } @cpus unless @others;

    my ($model) = slurp('/proc/cpuinfo') =~ /^model name\s*:\s*(.*?)\s*$/m;
    my ($load) = split ' ', slurp('/proc/loadavg');

    return {
        model  => $model // (uname())[4],
        cpus   => scalar @cpus,
        cpu    => @others ? $cpu + 0 : undef,
        others => join(',', @others),
        system => join(' ', (uname())[0, 2]),
        nginx  => _version("$nginx -v 2>&1", qr{nginx/(\S+)}),
        redis  => _version('redis-server --version', qr/v=(\S+)/),
        date   => strftime('%Y-%m-%d', gmtime),
        load   => $load + 0,
    };
}


sub _list {
    my ($text) = @_;

    return map { /(\d+)-(\d+)/ ? $1 .. $2 : /(\d+)/ } split /,/, $text // '';
}


sub _version {
    my ($command, $pattern) = @_;

    return `$command` =~ $pattern ? $1 : 'unknown';
}


sub slurp {
    my ($path) = @_;

    open my $fh, '<', $path or return '';
    local $/;
    return scalar <$fh> // '';
}


# We, and what we start, leave the worker's CPU to it.

sub keep_off {
    my ($machine) = @_;

    return unless defined $machine->{cpu};

    system("taskset -pc $machine->{others} $$ > /dev/null") == 0
        or die "taskset could not pin process $$\n";
}

1;
