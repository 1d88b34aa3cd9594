package DistillGuard::Rights;

# What the guard's users may do, as docs/redis.md lists it.

use strict;
use warnings;

use Exporter qw(import);
use File::Basename qw(dirname);
use File::Spec;

our @EXPORT_OK = qw(guard_rights operator_rights watch_rights);


sub _doc {
    my $path = File::Spec->rel2abs(
        dirname(__FILE__) . '/../../../docs/redis.md');

    open my $fh, '<', $path or die "$path: $!\n";
    local $/;
    return scalar <$fh>;
}


# of the user in Redis; with "sentinel" or "cluster"

sub guard_rights { return _with('guard', @_) }


# of who decides with distillctl, likewise; and of the user at sentinels

sub operator_rights { return _with('operator', @_) }
sub watch_rights { return _user('watch', _doc()) }


sub _with {
    my ($user, $with) = @_;

    my $doc = _doc();
    my $rights = _user($user, $doc);

    return $rights unless defined $with;

    my ($more) = $doc =~ /^\| \Q$with\E \| `([^`]*)` \|/m
        or die "docs/redis.md lists no rights with $with\n";

    return "$rights " . $more =~ s/\\//gr;
}


sub _user {
    my ($user, $doc) = @_;

    my ($rights) = $doc =~ /^ACL SETUSER $user on >PASSWORD (.*)$/m
        or die "docs/redis.md lists no rights of $user\n";

    return $rights;
}

1;
