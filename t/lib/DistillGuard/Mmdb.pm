package DistillGuard::Mmdb;

# The smallest MaxMind database of AS numbers: one IPv4 network, one number.

use strict;
use warnings;

use Exporter qw(import);
use Socket qw(inet_aton);

our @EXPORT_OK = qw(asn_database);

my $MARKER = "\xab\xcd\xefMaxMind.com";

# types of what is in it

my ($MAP, $STRING, $UINT16, $UINT32, $UINT64, $ARRAY) = (7, 2, 5, 6, 9, 11);


# the bytes of it

sub asn_database {
    my ($network, $number) = @_;

    my ($address, $length) = split m{/}, $network;
    my @bits = split //, substr unpack('B*', inet_aton($address)), 0, $length;

    # one node for each bit: on to the next, or to nothing; from the last to
    # the record, which is the first after 16 zeros

    my $tree = '';

    for my $node (0 .. $#bits) {
        my @records = ($length, $length);

        $records[ $bits[$node] ] = $node < $#bits ? $node + 1 : $length + 16;
        $tree .= substr pack('N', $_), 1 for @records;
    }

    return $tree . "\0" x 16
        . _map(autonomous_system_number => _number($UINT32, $number))
        . $MARKER . _map(
            binary_format_major_version => _number($UINT16, 2),
            binary_format_minor_version => _number($UINT16, 0),
            build_epoch                 => _number($UINT64, time),
            database_type               => _string('Demonstration-ASN'),
            description                 => _map(en => _string('one network')),
            ip_version                  => _number($UINT16, 4),
            languages                   => _control($ARRAY, 1) . _string('en'),
            node_count                  => _number($UINT32, $length),
            record_size                 => _number($UINT16, 24),
        );
}


sub _control {
    my ($type, $size) = @_;

    return $type < 8 ? pack('C', $type << 5 | $size)
        : pack('CC', $size, $type - 7);
}


sub _string { return _control($STRING, length $_[0]) . $_[0] }


sub _number {
    my ($type, $number) = @_;

    my $bytes = pack('Q>', $number) =~ s/^\0+//r;

    return _control($type, length $bytes) . $bytes;
}


sub _map {
    my (@pairs) = @_;

    my $map = _control($MAP, @pairs / 2);

    while (my ($name, $value) = splice @pairs, 0, 2) {
        $map .= _string($name) . $value;
    }

    return $map;
}

1;
