package Corpus;

# What the bench sends and gets: chat requests of a given size in prose or in
# code, the heads of an SDK's requests from many keys and addresses, answers,
# and GeoIP files that know the addresses.  The same at each run.

use strict;
use warnings;

use DistillGuard::Exchange;
use DistillGuard::Json qw(obj arr str TRUE);

my @WORDS = qw(the of and to in a is that for it was on are as with his they
    be at one have this from or had by but not what all were we when your can
    said there use an each which she do how their if will up other about out
    many then them these so some her would make like him into time has look
    two more write go see number no way could people my than first water been
    call who its now find long down day did get come made may part over new
    sound take only little work know place year live me back give most very
    after thing our just name good sentence man think say great where help
    through much before line right too mean old any same tell boy follow came
    want show also around form three small set put end does another well large
    must big even such because turn here why ask went men read need land
    different home us move try kind hand picture again change off play spell
    air away animal house point page letter mother answer found study still
    learn should world quarterly revenue customer contract analysis migration
    function parameter temperature distribution consequently nevertheless
    infrastructure responsibility approximately);

# sizes of turns, so that a long body is a long conversation about documents
my @TURNS = (640, 900, 350, 2600, 700, 1800, 420, 6000);

my $SEED = 20260101;


# Prose of about so many bytes: sentences, now and then a quotation, a list or
# a new paragraph.

sub _prose {
    my ($size) = @_;

    my $text = '';

    while (length $text < $size) {
        my $sentence = ucfirst join ' ',
            map { $WORDS[rand @WORDS] } 1 .. 6 + rand 14;
        my $kind = int rand 10;

        $sentence =~ s/ (\w+ \w+ \w+)$/, "$1"/ if $kind < 2;
        $sentence =~ s/s\b/\xe2\x80\x99s/ if $kind == 2;

        $text .= $sentence . ($kind == 3 ? '?' : '.')
            . ($kind == 4 ? "\n\n" : $kind == 5 ? "\n- " : ' ');
    }

    return substr $text, 0, $size;
}


# Code of about so many bytes, of which JSON escapes every eighth or so: short
# lines, tabs before them, quotation marks, what is escaped in the code itself.

sub _code {
    my ($size) = @_;

    my $text = '';

    while (length $text < $size) {
        my ($name, $other, @said) = map { $WORDS[rand @WORDS] } 1 .. 5;
        my $kind = int rand 6;

        $text .= "\t" x (1 + rand 3)
            . ($kind == 0 ? "if ($name\[\"$other\"\] == '\\n') {"
            : $kind == 1 ? "printf(\"$name: %s\\n\", \"@said\");"
            : $kind == 2 ? "const $name = { \"$other\": \"$said[0]\" };"
            : $kind == 3 ? "return $name.replace(/\\s+\\.$other/, \"\\t\");"
            : $kind == 4 ? "}\n" : "// @said") . "\n";
    }

    return substr $text, 0, $size;
}


sub _message {
    my ($role, $size, $write) = @_;

    my $text = $write->($size);
    $text =~ s/[\x80-\xff]+\z//;    # half a character

    return obj(role => str($role), content => str($text));
}


# One chat request as SDKs write it, of this size or a few bytes less.

sub _body {
    my ($size, $stream, $write) = @_;

    my @stream = $stream ? (stream => TRUE,
        stream_options => obj(include_usage => TRUE)) : ();
    my @messages = _message('system', 180, \&_prose);
    my $left = $size - 420;
    my $turn = 0;

    while ($left > 0) {
        my $n = $TURNS[$turn % @TURNS];
        $n = $left if $left < $n + 200;
        $left -= $n + 60;

        push @messages, _message($turn++ % 2 ? 'assistant' : 'user', $n,
            $write // \&_prose);
    }

    return ${ obj(messages => arr(@messages), model => str('gpt-4o'),
        max_tokens => 1024, temperature => 0.7, @stream) };
}


sub bodies {
    my ($n, $size, $stream, $code) = @_;

    srand $SEED + $size;

    return map { _body($size, $stream, $code ? \&_code : \&_prose) } 1 .. $n;
}


# Heads without their last lines, each with a key of its own.

sub heads {
    my ($n) = @_;

    srand $SEED;

    return map {
        my $key = join '', map { ('A' .. 'Z', 'a' .. 'z', 0 .. 9)[rand 62] }
            1 .. 48;

        join "\r\n",
            'POST /v1/chat/completions HTTP/1.1',
            'Host: api.example.com',
            'Connection: keep-alive',
            'Accept: application/json',
            'Accept-Encoding: gzip, deflate',
            'User-Agent: OpenAI/Python 1.54.3',
            'X-Stainless-Lang: python',
            'X-Stainless-Package-Version: 1.54.3',
            'X-Stainless-OS: Linux',
            'X-Stainless-Arch: x64',
            'X-Stainless-Runtime: CPython',
            'X-Stainless-Runtime-Version: 3.11.2',
            'X-Stainless-Retry-Count: 0',
            "Authorization: Bearer sk-proj-$key",
            'X-Forwarded-For: ' . address(),
            'Content-Type: application/json',
            '';
    } 1 .. $n;
}


sub address { join '.', 20 + int rand 180, map { int rand 256 } 1 .. 3 }


# The answer of the stand-in upstream to such a request: of a whole one the
# only piece, of a stream a piece for each event.

sub reply {
    my ($tokens, $stream) = @_;

    my $x = DistillGuard::Exchange->new({
        ok      => 1,
        method  => 'POST',
        target  => '/v1/chat/completions',
        version => '1.1',
        headers => { 'x-upstream' => "tokens=$tokens; seed=bench" },
        body    => _body(1000, $stream),
    });
    my @pieces;

    # what is no event of its own goes with its neighbor
    while (my $item = $x->next_item) {
        shift @{ $x->{queue} };

        if (@pieces && ($pieces[-1][1] == 0 || !$item->[2])) {
            $pieces[-1][0] .= $item->[0];
            $pieces[-1][1] ||= $item->[2] // 0;

        } else {
            push @pieces, [ $item->[0], $item->[2] // 0 ];
        }
    }

    return map { $_->[0] } @pieces;
}


our $TOKENS = 90;       # of an answer of 1 kB
our $EVENTS = 1000;     # of a stream; four of them bring no token
our $KEYS = 300;
our $BODIES = 17;       # of each size, so that keys and bodies mix

my @SIZES = ( [ '1k', 1 ], [ '16k', 16 ], [ '160k', 160 ],
    [ 'code-16k', 16, 1 ], [ 'code-160k', 160, 1 ] );


# What the stages are measured with, and every request whose answer is whole.

sub stages {
    my ($dir) = @_;

    my @json = reply($TOKENS);
    my @stream = reply($EVENTS - 4, 1);

    die "a stream has ", scalar @stream, " events\n" if @stream != $EVENTS;

    save("$dir/heads", heads($KEYS));
    save("$dir/json", @json);
    save("$dir/stream", @stream);
    save("$dir/json.payload", payload(@json));
    save("$dir/stream.payload", payload(@stream));

    for my $size (@SIZES) {
        my ($name, $kb, $code) = @$size;

        save("$dir/$name.request", bodies($BODIES, $kb * 1024, 0, $code));
    }
}


# What of such pieces is the body: no head, no chunks.

sub payload {
    return map {
        my $piece = $_;

        $piece =~ s/\AHTTP.*?\r\n\r\n//s;
        $piece =~ s/\A[0-9a-f]+\r\n(.*?)\r\n(?:0\r\n\r\n)?\z/$1/s;
        $piece;
    } @_;
}


# The form in which load and stages read any of these.

sub save {
    my ($path, @pieces) = @_;

    open my $fh, '>:raw', $path or die "$path: $!\n";
    print $fh map { length, "\n", $_ } @pieces;
    close $fh or die "$path: $!\n";

    return $path;
}


# ---- GeoIP ----------------------------------------------------------------

# Databases of a few thousand networks in the layout of GeoLite2, within which
# every address() lies.

sub geoip {
    my ($path, $kind) = @_;

    require MaxMind::DB::Writer::Tree;

    my $tree = MaxMind::DB::Writer::Tree->new(
        database_type         => $kind eq 'asn' ? 'GeoLite2-ASN'
            : 'GeoLite2-Country',
        description           => { en => 'for the bench' },
        ip_version            => 6,
        record_size           => 24,
        alias_ipv6_to_ipv4    => 1,
        map_key_type_callback => \&_type,
    );

    srand $SEED;

    for my $net (20 .. 199) {
        for my $part (map { $_ * 8 } 0 .. 31) {
            $tree->insert_network("$net.$part.0.0/13", $kind eq 'asn'
                ? _asn() : _country());
        }
    }

    open my $fh, '>:raw', "$path.new" or die "$path: $!\n";
    $tree->write_tree($fh);
    close $fh or die "$path: $!\n";
    rename "$path.new", $path or die "$path: $!\n";

    return $path;
}


sub _type {
    my ($name) = @_;

    return 'uint32' if $name =~ /_number\z|\Ageoname_id\z/;
    return $name =~ /\A(?:country|continent|names)\z/ ? 'map' : 'utf8_string';
}


sub _asn {
    my $n = 1000 + int rand 60000;

    return { autonomous_system_number => $n,
        autonomous_system_organization => "Network $n" };
}


sub _country {
    my $code = join '', map { ('A' .. 'Z')[rand 26] } 1 .. 2;

    return { country => { geoname_id => 1 + int rand 1e6,
        iso_code => $code, names => { en => "Country $code" } } };
}

1;
