package DistillGuard::Docs;

# The documents, their parts, and what is needed to try what they show.
#
#   my $t = DistillGuard::Docs::harness();
#
#   is_deeply([ rows(section($doc{'docs/directives.md'}, 'Endpoints')) ], ...);

use strict;
use warnings;

use Exporter qw(import);
use File::Spec;
use FindBin;
use Test::More;

use DistillGuard::Test;

our @EXPORT_OK = qw($LISTEN $STRING $ZONE $mmdb $root %doc adapt ask blocks
    commands conf_test database here joined rows section shell sources words);

our $mmdb = eval { require MaxMind::DB::Writer::Tree; 1 };
our $root = File::Spec->rel2abs("$FindBin::Bin/..");
our %doc;

our $ZONE = 'distill_guard_zone zone=guard:64m;';
our $LISTEN = 'listen 127.0.0.1:%%HTTP%%;';
our $STRING = qr/"(?:[^"\\]|\\.)*"/;

my $SECRET = 'distill_guard_secret %%DIR%%/distill-guard.secret;';
my $t;


# that of this test, with the files that the documents name

sub harness {
    plan(skip_all => 'needs bash, curl and openssl')
        if grep { !command($_) } qw(bash curl openssl);

    $t = DistillGuard::Test->new;

    %doc = map { $_ => $t->read_file("$root/$_") }
        map { substr $_, 1 + length $root }
        map { glob "$root/$_" } '*.md', 'docs/*.md', 'docs/*/*.md';

    mkdir $t->dir . '/guard';
    $t->write_file($_, 's' x 32) for 'distill-guard.secret', 'guard/secret';
    $t->write_file('guard/redis-password', "a password\n");
    $t->write_file('guard.mode', "distill_guard observe;\n");
    $t->write_file('redis.password', "a password\n");
    $t->write_file('hosting.txt', "AS64500\n");
    $t->write_file("$_.mmdb", database($_, 64500)) for qw(asn country);

    return $t;
}


sub command { return grep { -x "$_/$_[0]" } split /:/, $ENV{PATH} }


# the standard output, of which there must be no failure; run where the files
# of the test are

sub shell {
    my ($line) = @_;

    open my $out, '-|', 'bash', '-ec', $t->expand("cd %%DIR%%\n$line")
        or die "bash: $!\n";
    local $/;
    my $text = <$out> // '';
    close $out;

    return ok($? == 0, "runs: $line") ? $text : '';
}


sub database {
    my ($kind, $number) = @_;

    return '' unless $mmdb;

    my $tree = MaxMind::DB::Writer::Tree->new(
        ip_version            => 4,
        record_size           => 24,
        database_type         => 'Test',
        languages             => ['en'],
        description           => { en => 'a test' },
        map_key_type_callback => sub {
            $_[0] =~ /number/ ? 'uint32' : 'utf8_string' },
    );

    $tree->insert_network('8.8.8.0/24', $kind eq 'asn'
        ? { autonomous_system_number => $number } : { country_code => 'US' });

    open my $fh, '>', \my $bytes or die $!;
    $tree->write_tree($fh);

    return $bytes;
}


# the files of a folder of the module, as one text

sub sources {
    my (@names) = @_;

    return join "\n", map { $t->read_file($_) }
        map { glob "$root/ngx_distill_guard_module/$_" } @names;
}


# blocks of a language ('': of none) in a document

sub blocks {
    my ($text, $language) = @_;

    return grep { defined } map { $_->[0] eq $language ? $_->[1] : undef }
        fences($text);
}


sub fences {
    my ($text) = @_;

    my @fences;

    push @fences, [ $1, $2 ] while $text =~ /^```(\w*)\n(.*?)^```$/msg;

    return @fences;
}


# the part of a document under a heading

sub section {
    my ($text, $heading) = @_;

    return $text =~ /^## \Q$heading\E\n(.*?)(?=^## |\z)/ms ? $1 : '';
}


# the cells of the tables in a part of a document, without their heads

sub rows {
    my ($text) = @_;

    my @rows = map { [ split /(?<!\\)\|/, s/^\| | \|$//gr ] }
        grep { /^\| / && !/^\| \|/ } split /\n/, $text;

    return map { [ map { s/^\s+|\s+$//gr } @$_ ] }
        grep { $_->[0] =~ /`/ } @rows;
}


sub words { return $_[0] =~ /`([^`]+)`/g }


# the names of all directives, as the module has them

sub commands {
    my ($table) = sources('nginx/ngx_distill_guard_module.c')
        =~ /ngx_distill_guard_commands\[\] = \{(.*?)ngx_null_command/s;

    return $table =~ /ngx_string\("(\w+)"\)/g;
}


# the text of a string as it stands in C

sub joined { return join '', $_[0] =~ /"((?:[^"\\]|\\.)*)"/g }


# what nginx -t says of it, with what it stands on

sub conf_test {
    my ($http) = @_;

    $http = "$ZONE\n$http" unless $http =~ /distill_guard_zone\s+zone=guard/;
    $http = "$SECRET\n$http" unless $http =~ /distill_guard_secret/;

    return $t->conf_test($http);
}


# a command with files and ports that are there

sub here {
    my ($line) = @_;

    $line =~ s{/(?:etc|var/log)/nginx/}{%%DIR%%/}g;
    $line =~ s{127\.0\.0\.1:(\d+)}{127.0.0.1:%%PORT$1%%}g;
    $line =~ s{//127\.0\.0\.1/}{//127.0.0.1:%%PORT80%%/}g;
    $line =~ s{\b10\.0\.0\.7:6379\b}{127.0.0.1:%%SHARED%%}g;

    return $line;
}


# What a block stands for in http {}, likewise.

my %PEER = (
    '10.0.0.5:8000'                      => 'UPSTREAM',
    '10.0.0.6:8000'                      => 'LARGE',
    'vllm.models.svc.cluster.local:8000' => 'UPSTREAM',
    '127.0.0.1:9000'                     => 'PORT9000',
    '127.0.0.1:6379'                     => 'SHARED',
    'redis.guard.svc.cluster.local'      => 'AWAY',
);

sub adapt {
    my ($block) = @_;

    $block =~ s/^load_module modules\/ngx_distill_guard_module\.so;\n//m;
    $block =~ s/^(?:worker_processes|error_log) .*\n//mg;
    $block =~ s/^events \{\n.*?^\}\n//ms;
    $block =~ s/^http \{\n(.*)^\}\n/$1/ms;
    $block =~ s{/(?:etc|var/log)/nginx/|/dev/(?=stdout)}{%%DIR%%/}g;
    $block =~ s{/var/lib/GeoIP/GeoLite2-(\w+)}{%%DIR%%/\L$1}g;
    $block =~ s{listen (?:[\d.]+:)?(\d+)}{listen 127.0.0.1:%%PORT$1%%}g;
    $block =~ s{\b\Q$_\E\b}{127.0.0.1:%%$PEER{$_}%%}g for sort keys %PEER;
    $block =~ s{kube-dns\.[\w.-]+}{127.0.0.1};

    $block = "server {\n$block}\n" if $block =~ /^location/m;
    $block =~ s/^(\s*server \{\n)(?!\s*listen)/$1$LISTEN\n/mg;
    $block .= "upstream models { server 127.0.0.1:%%UPSTREAM%%; }\n"
        if $block !~ /upstream models/;

    return $block;
}


# a request to the server of the test's configuration

sub ask {
    my ($path, $key, @headers) = @_;

    return $t->post_json($path, { model => 'm', max_tokens => 20,
        messages => [{ role => 'user', content => 'hi' }] },
        'x-api-key' => "sk-docs-$key", @headers);
}

1;
