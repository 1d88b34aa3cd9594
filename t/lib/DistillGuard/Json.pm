package DistillGuard::Json;

# Just enough JSON for the stand-in upstream, fast enough for a bench: objects
# are written with their members in the order given, as the vendors write
# them, and of a request only the level that is asked for is read.

use strict;
use warnings;

use Exporter qw(import);
use JSON::PP ();

our @EXPORT_OK = qw(obj arr str members TRUE FALSE);

# ready JSON is passed on as a reference to its text
use constant { TRUE => \'true', FALSE => \'false' };

my %ESCAPE = ("\n" => '\\n', "\r" => '\\r', "\t" => '\\t', '"' => '\\"',
    '\\' => '\\\\');


sub str {
    my ($text) = @_;

    $text =~ s/(["\\\x00-\x1f])/$ESCAPE{$1} \/\/ sprintf '\\u%04x', ord $1/ge;

    return \"\"$text\"";
}


sub _value {
    my ($value) = @_;

    return 'null' if !defined $value;
    return $$value if ref $value;
    return $value =~ /\A-?(?:0|[1-9]\d*)(?:\.\d+)?\z/ ? $value
        : ${ str($value) };
}


sub obj {
    my @members;

    while (@_) {
        my ($name, $value) = splice @_, 0, 2;
        push @members, "\"$name\":" . _value($value);
    }

    return \('{' . join(',', @members) . '}');
}


sub arr { return \('[' . join(',', map { _value($_) } @_) . ']') }


my $STRING = qr/"[^"\\]*+(?:\\.[^"\\]*+)*+"/s;


# The members of the object: strings decoded, other scalars and whole nested
# values as their text.  Nothing if it is not one object.

sub members {
    my ($text) = @_;

    my ($depth, $name, $start, %members) = (0);

    return unless $text =~ /\A\s*\{/;

    while ($text =~ /\G([^"\[\]{}]*+)($STRING|[\[\]{}])/gc) {
        my ($between, $token) = ($1, $2);
        my $kind = substr $token, 0, 1;

        if ($depth == 1 && defined $name && $between =~ /([^\s,:]+)/) {
            $members{$name} = $1;
            undef $name;
        }

        if ($kind eq '"') {
            next if $depth != 1;

            if (defined $name) {
                $members{$name} = _decode($token);
                undef $name;

            } else {
                $name = _decode($token);
            }

        } elsif ($kind eq '{' || $kind eq '[') {
            $start = $-[2] if $depth == 1;
            $depth++;

        } else {
            $depth--;
            last if $depth == 0;

            if ($depth == 1 && defined $name) {
                $members{$name} = substr $text, $start, pos($text) - $start;
                undef $name;
            }
        }
    }

    return unless $depth == 0 && $text =~ /\G\s*\z/gc;

    return \%members;
}


sub _decode {
    my ($token) = @_;

    return substr $token, 1, -1 if index($token, '\\') < 0;

    my $text = eval { JSON::PP->new->allow_nonref->latin1->decode($token) };
    $text //= $token;
    utf8::encode($text) if utf8::is_utf8($text);

    return $text;
}

1;
