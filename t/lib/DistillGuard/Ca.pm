package DistillGuard::Ca;

# A certificate authority of the test's own, by openssl's command.

use strict;
use warnings;

use Carp qw(croak);


sub available {
    return scalar grep { -x "$_/openssl" } split /:/, $ENV{PATH};
}


# all files go to the directory

sub new {
    my ($class, $dir) = @_;

    mkdir $dir or croak "$dir: $!" unless -d $dir;

    my $self = bless { dir => $dir, serial => 0 }, $class;

    $self->_openssl(qw(req -x509 -newkey ec -pkeyopt
        ec_paramgen_curve:prime256v1 -nodes -days 2 -subj), '/CN=a test',
        '-keyout', "$dir/ca.key", '-out', "$dir/ca.pem");

    return $self;
}


sub ca { return "$_[0]{dir}/ca.pem" }


# {cert, key, ca} for these subjectAltNames, as in "IP:127.0.0.1".  days => how
# long it is good, from two days ago on; 1 is over.

sub issue {
    my ($self, $names, %opt) = @_;

    my $base = "$self->{dir}/" . ++$self->{serial};
    open my $fh, '>', "$base.ext" or croak "$base.ext: $!";
    print $fh "subjectAltName=$names\n";
    close $fh or croak "$base.ext: $!";

    $self->_openssl(qw(req -new -newkey ec -pkeyopt
        ec_paramgen_curve:prime256v1 -nodes -subj), '/CN=a server',
        '-keyout', "$base.key", '-out', "$base.csr");

    if ($opt{days}) {
        $self->_sign_between($base, $opt{days});

    } else {
        $self->_openssl('x509', '-req', '-in', "$base.csr", '-CA', $self->ca,
            '-CAkey', "$self->{dir}/ca.key", '-set_serial', $self->{serial},
            '-days', 30, '-extfile', "$base.ext", '-out', "$base.pem");
    }

    # the servers may run as another user
    chmod 0644, "$base.key";

    return { cert => "$base.pem", key => "$base.key", ca => $self->ca };
}


# "openssl x509" of Debian 12 cannot say when a certificate begins

sub _sign_between {
    my ($self, $base, $days) = @_;

    my $dir = $self->{dir};

    open my $fh, '>', "$dir/ca.conf" or croak "$dir/ca.conf: $!";
    print $fh <<"EOT";
[ca]
default_ca = test
[test]
database = $dir/index.txt
new_certs_dir = $dir
default_md = sha256
policy = any
rand_serial = yes
unique_subject = no
[any]
commonName = supplied
EOT
    close $fh or croak "$dir/ca.conf: $!";

    open my $index, '>>', "$dir/index.txt" or croak "$dir/index.txt: $!";
    close $index;

    $self->_openssl('ca', '-batch', '-notext', '-config', "$dir/ca.conf",
        '-cert', $self->ca, '-keyfile', "$dir/ca.key", '-in', "$base.csr",
        '-extfile', "$base.ext", '-startdate', _date(-2), '-enddate',
        _date($days - 2), '-out', "$base.pem");
}


sub _date {
    my ($days) = @_;

    my @t = gmtime time + $days * 86400;

    return sprintf '%04d%02d%02d%02d%02d%02dZ', $t[5] + 1900, $t[4] + 1,
        @t[3, 2, 1, 0];
}


sub _openssl {
    my ($self, @args) = @_;

    my $pid = open my $out, '-|' // die "fork: $!\n";

    if ($pid == 0) {
        open STDERR, '>&', \*STDOUT;
        exec 'openssl', @args or exit 127;
    }

    local $/;
    my $said = <$out> // '';
    close $out;

    croak "openssl @args: $said" if $? != 0;
}

1;
