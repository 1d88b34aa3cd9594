package DistillGuard::Rights;

# What the guard's users may do, as docs/redis.md lists it.

use strict;
use warnings;

use Exporter qw(import);
use File::Basename qw(dirname);
use File::Spec;

our @EXPORT_OK = qw(guard_rights watch_rights);


sub _doc {
    my $path = File::Spec->rel2abs(
        dirname(__FILE__) . '/../../../docs/redis.md');

    open my $fh, '<', $path or die "$path: $!\n";
    local $/;
    return scalar <$fh>;
}


# of the user in Redis; with "sentinel" or "cluster"

sub guard_rights {
    my ($with) = @_;

    my $doc = _doc();
    my ($rights) = $doc =~ /^ACL SETUSER guard on >PASSWORD (.*)$/m
        or die "docs/redis.md lists no rights\n";

    return $rights unless defined $with;

    my ($more) = $doc =~ /^\| \Q$with\E \| `([^`]*)` \|/m
        or die "docs/redis.md lists no rights with $with\n";

    return "$rights " . $more =~ s/\\//gr;
}


# of the user at sentinels

sub watch_rights {
    my ($rights) = _doc() =~ /^ACL SETUSER watch on >PASSWORD (.*)$/m
        or die "docs/redis.md lists no rights at sentinels\n";

    return $rights;
}

1;
