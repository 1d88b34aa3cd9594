#!/usr/bin/perl

# The documents: what they show works, what they name exists, and what exists
# is in them.

use strict;
use warnings;

use File::Spec;
use FindBin;
use JSON::PP;
use Test::More;

use DistillGuard::Test;

my $mmdb = eval { require MaxMind::DB::Writer::Tree; 1 };

plan(skip_all => 'needs bash, curl and openssl')
    if grep { !command($_) } qw(bash curl openssl);

my $t = DistillGuard::Test->new;
my $root = File::Spec->rel2abs("$FindBin::Bin/..");
my %doc = map { $_ => $t->read_file("$root/$_") }
    map { substr $_, 1 + length $root }
    map { glob "$root/$_" } '*.md', 'docs/*.md';
my $directives = $doc{'docs/directives.md'};
my $operations = $doc{'docs/operations.md'};
my $started = $doc{'docs/getting-started.md'};

$t->write_file('distill-guard.secret', 's' x 32);
$t->write_file('redis.password', "a password\n");
$t->write_file('hosting.txt', "AS64500\n");
$t->write_file("$_.mmdb", database($_, 64500)) for qw(asn country);

shell('openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=api.example.org'
    . ' -keyout %%DIR%%/api.example.org.key'
    . ' -out %%DIR%%/api.example.org.crt 2>/dev/null');
$t->write_file('redis-ca.pem', $t->read_file('api.example.org.crt'));


sub command { return grep { -x "$_/$_[0]" } split /:/, $ENV{PATH} }


# the standard output, of which there must be no failure

sub shell {
    my ($line) = @_;

    open my $out, '-|', 'bash', '-ec', $t->expand($line)
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


# ---- links ----------------------------------------------------------------

my %anchors;

for my $name (keys %doc) {
    my $plain = $doc{$name} =~ s/^```.*?^```$//msgr;

    for my $heading ($plain =~ /^#+ (.+)$/mg) {
        my $slug = lc $heading;
        $slug =~ s/[^\w -]//g;
        $slug =~ tr/ /-/;
        $anchors{$name}{$slug} = 1;
    }
}

for my $name (sort keys %doc) {
    my @broken;

    for my $link ($doc{$name} =~ /\]\(([^)]+)\)/g) {
        my ($file, $anchor) = split /#/, $link, 2;
        my ($volume, $folder) = File::Spec->splitpath($name);
        my $path = $file eq '' ? $name : "$folder$file";

        push @broken, $link if !-e "$root/$path"
            || defined $anchor && !$anchors{$path}{$anchor};
    }

    is("@broken", '', "$name: links");
}


# ---- directives -----------------------------------------------------------

my $ZONE = 'distill_guard_zone zone=guard:64m;';
my $SECRET = 'distill_guard_secret %%DIR%%/distill-guard.secret;';

my ($table) = sources('nginx/ngx_distill_guard_module.c')
    =~ /ngx_distill_guard_commands\[\] = \{(.*?)ngx_null_command/s;
my @commands = $table =~ /ngx_string\("(\w+)"\)/g;
my @described = $directives =~ /^## (distill_guard\w*)$/mg;

is_deeply([ sort @described ], [ sort @commands ],
    'every directive is described, and nothing else');

# a line of each, to be tried everywhere

my %line = (
    distill_guard         => 'observe',
    distill_guard_zone    => 'zone=other:512k',
    distill_guard_key     => '$http_x_key',
    distill_guard_account => '$http_x_account',
    distill_guard_secret  => '%%DIR%%/distill-guard.secret',
    distill_guard_redis   => 'redis://127.0.0.1',
    distill_guard_geoip   => 'asn %%DIR%%/asn.mmdb',
    distill_guard_hosting => '%%DIR%%/hosting.txt',
    distill_guard_limit   => 'key requests=1/s',
    distill_guard_signal  => 'relay off',
    distill_guard_action  => 'block off',
    distill_guard_exempt  => '$http_x_exempt',
    distill_guard_status  => '',
);

my $LISTEN = 'listen 127.0.0.1:%%HTTP%%;';
my %place = (
    http             => 'LINE',
    server           => "server { $LISTEN LINE }",
    location         => "server { $LISTEN location / { LINE } }",
    'if in location' =>
        "server { $LISTEN location / { if (\$host) { LINE } } }",
);


# what nginx -t says of it, with what it stands on

sub conf_test {
    my ($http) = @_;

    $http = "$ZONE\n$http" unless $http =~ /distill_guard_zone\s+zone=guard/;
    $http = "$SECRET\n$http" unless $http =~ /distill_guard_secret/;

    return $t->conf_test($http);
}


for my $name (@commands) {
    my $section = section($directives, $name);
    my ($default) = $section =~ /^\| Default: \| (.+) \|$/m;
    my ($context) = $section =~ /^\| Context: \| (.+) \|$/m;
    my @allowed;

    like($section, qr/^\| Syntax: \| \*\*$name\*\*.*; \|$/m,
        "$name: its syntax");
    like($default // '', qr/^(?:—|`$name .+;`)$/, '... and default');

    SKIP: {
        skip 'no MaxMind::DB::Writer', 1 if !$mmdb && $name =~ /geoip/;

        fail("$name is not tried"), next unless defined $line{$name};

        for my $place (keys %place) {
            my ($good, $said) = conf_test(
                $place{$place} =~ s/LINE/$name $line{$name};/r);

            push @allowed, $place if $good;
            diag($said) if !$good && $said !~ /directive is not allowed here/;
        }

        is_deeply([ sort @allowed ], [ sort(words($context // '')) ],
            '... and context');
    }
}

# Bounds: where they are written, what is just within and what is beyond.

$t->write_file("secret$_", 's' x $_) for 15, 16, 1024, 1025, 4096, 4097;
$t->write_file('large', '#' x (1 << 24));
$t->write_file('larger', '#' x ((1 << 24) + 1));

my ($REDIS, $ASN) = ('distill_guard_redis redis://127.0.0.1',
    'distill_guard_geoip asn %%DIR%%/asn.mmdb');
my ($SIGNAL, $ACTION) = ('distill_guard_signal', 'distill_guard_action');

for my $bound (
    [ qr/at least `512k`/, map { "distill_guard_zone zone=b:$_;" }
        '512k', '511k' ],
    [ qr/: 16 to 4096 bytes/, map { "distill_guard_secret %%DIR%%/secret$_;" }
        16, 15 ],
    [ qr/: 16 to 4096 bytes/, map { "distill_guard_secret %%DIR%%/secret$_;" }
        4096, 4097 ],
    [ qr/alone, at most 1024 bytes/,
        map { "$REDIS password_file=%%DIR%%/secret$_;" } 1024, 1025 ],
    [ qr/`prefix` [^*]* 1\ to\ 64\s+letters/x, map { "$REDIS prefix=$_;" }
        'p' x 64, 'p' x 65 ],
    [ qr/`sync` [^*]* `10ms`\s+to\s+`1m`/x, map { "$REDIS sync=$_;" }
        '10ms', '9ms' ],
    [ qr/`sync` [^*]* `10ms`\s+to\s+`1m`/x, map { "$REDIS sync=$_;" }
        '1m', '61s' ],
    [ qr/`timeout` [^*]* `10ms`\s+to\s+`1m`/x, map { "$REDIS timeout=$_;" }
        '10ms', '9ms' ],
    [ qr/`timeout` [^*]* `10ms`\s+to\s+`1m`/x, map { "$REDIS timeout=$_;" }
        '1m', '61s' ],
    [ qr/`7d` at most/, map { "$ASN reload=$_;" } '7d', '8d' ],
    [ qr/`points` are whole, 0 to 100/, map { "$SIGNAL relay points=$_;" }
        100, 101 ],
    [ qr/score on something is done, 1 to 155/,
        map { "$ACTION block score=$_;" } 1, 0 ],
    [ qr/score on something is done, 1 to 155/,
        map { "$ACTION block score=$_;" } 155, 156 ],
    [ qr/tokens a second: `1\/s` to `1000000\/s`/,
        map { "$ACTION pace score=35 rate=$_;" } '1/s', '0/s' ],
    [ qr/tokens a second: `1\/s` to `1000000\/s`/,
        map { "$ACTION pace score=35 rate=$_;" } '1000000/s', '1000001/s' ],
    [ qr/403, for a time: `1s` to `365d`/,
        map { "$ACTION block score=100 for=$_;" } '1s', '0s' ],
    [ qr/403, for a time: `1s` to `365d`/,
        map { "$ACTION block score=100 for=$_;" } '365d', '366d' ],
    [ qr/at most 16m/, map { "distill_guard_hosting %%DIR%%/$_;" }
        'large', 'larger' ],
) {
    my ($written, $good, $bad) = @$bound;

    next if $good =~ /geoip/ && !$mmdb;

    ok($directives =~ $written && (conf_test($good))[0]
        && !(conf_test($bad))[0], "$good is the bound");
}

# and defaults, as they are set

my $redis = sources('redis/*.c');

for my $default (
    [ 'sync', $redis =~ /redis->sync = (\d+);/, 'ms' ],
    [ 'timeout', $redis =~ /redis->timeout = (\d+);/, 'ms' ],
    [ 'prefix', $redis =~ /ngx_str_set\(&redis->prefix, "(\w+)"\)/, '' ],
) {
    my ($name, $value, $unit) = @$default;

    like($directives, qr/`$name` [^*]* `$value$unit`\s+by\s+default/x,
        "the default of $name");
}


# Signals, families and actions, as they are in the tables of the module.

my $signals = sources('core/dg_signal.c');
my $policy = sources('core/dg_policy.c', 'core/dg_policy.h');
my $STRING = qr/"(?:[^"\\]|\\.)*"/;
my $NUMBER = qr/\d+(?:\.\d+)?/;


sub joined { return join '', $_[0] =~ /"((?:[^"\\]|\\.)*)"/g }


# so many seconds: a sum, in days or hours

sub over {
    my ($seconds) = map { s/DG_SIGNAL_DAY/86400/r }
        map { s/DG_SIGNAL_HOUR/3600/r } @_;

    die "seconds: $seconds\n" if $seconds =~ /[^\d* ]/;
    $seconds = eval $seconds;

    return $seconds % 86400 ? $seconds / 3600 . 'h' : $seconds / 86400 . 'd';
}


my @signals;

while ($signals =~ /\{\ dg_string\("(\w+)"\),\ DG_FAMILY_(\w+),\ ($STRING),\s*
        ([^,]+),\s*($NUMBER),\s*($NUMBER),\s*(\d+),\s*
        ($STRING(?:\s*$STRING)*),/gx)
{
    my @row = ("`$1`", lc $2, $8, $3, over($4), $5, $6, $7);
    push @signals, [ map { /^"/ ? joined($_) : $_ } @row ];
}

my @families = map { [ "`$_->[0]`", $_->[1] ] }
    map { [ /"(\w+)"\), (\d+)/ ] } $signals
        =~ /(\{ dg_string\("\w+"\), \d+ \})/g;

my @rows = rows(section($directives, 'distill_guard_signal'));

is(scalar @signals, scalar(() = $signals =~ /^      dg_signal_\w+ \}/mg),
    'the table of signals is understood');
is_deeply([ grep { @$_ == 8 } @rows ], \@signals,
    'every signal is described, with its defaults');
is_deeply([ map { [ @$_[0, 1] ] } grep { @$_ == 3 } @rows ], \@families,
    'and every family, with its cap');

my ($ladder) = $policy =~ /dg_policy_ladder\[\w+\] = \{(.*?)^\};/ms;
my @names = $policy =~ /dg_actions\[\w+\] = \{(.*?)^\};/ms
    ? $1 =~ /"(\w+)"/g : ();
my @actions;

for my $rung ($ladder =~ /\{ (\d+, .*?) \},?$/mg) {
    my ($score, $pace, $limit, $seconds)
        = $rung =~ /^(\d+), (\d+), \{(.*)\}, (\d+)$/;
    my ($period, $n) = $limit =~ /DG_(\w+), (\d+) $/;

    push @actions, [ '`' . shift(@names) . '`', "`score=$score"
        . ($pace ? " rate=$pace/s" : '')
        . ($period ? " rate=$n/" . lc substr $period, 0, 1 : '')
        . ($seconds ? ' for=' . $seconds / 3600 . 'h' : '') . '`' ];
}

is_deeply([ map { [ @$_[0, 1] ] }
    rows(section($directives, 'distill_guard_action')) ], \@actions,
    'every action is described, with its defaults');

my ($sum) = $policy =~ /define DG_SCORE_MAX\s+(\d+)/;
my ($linkage) = $policy =~ /define DG_BLOCK_LINKAGE\s+(\d+)/;

my ($least) = sources('core/dg_signal.h') =~ /define DG_FAMILY_LEAST\s+(\d+)/;

like($directives, qr/is the score, 0 to $sum\./, 'the greatest score');
like($directives, qr/two families of $least points or more each/,
    'what throttle takes');
like($directives, qr/`block` takes a campaign and $linkage points of `linkage`/,
    'what block takes');


# ---- configurations -------------------------------------------------------

# What a block stands for in http {}, with files and ports that are there.

sub adapt {
    my ($block) = @_;

    $block =~ s/^load_module modules\/ngx_distill_guard_module\.so;\n//m;
    $block =~ s/^http \{\n(.*)^\}\n/$1/ms;
    $block =~ s{/(?:etc|var/log)/nginx/}{%%DIR%%/}g;
    $block =~ s{/var/lib/GeoIP/GeoLite2-(\w+)}{%%DIR%%/\L$1}g;
    $block =~ s{listen (?:[\d.]+:)?(\d+)}{listen 127.0.0.1:%%PORT$1%%}g;
    $block =~ s{10\.0\.0\.5:8000}{127.0.0.1:%%UPSTREAM%%};
    $block =~ s{127\.0\.0\.1:6379}{127.0.0.1:%%SHARED%%};

    $block = "server {\n$block}\n" if $block =~ /^location/m;
    $block =~ s/^(\s*server \{\n)(?!\s*listen)/$1$LISTEN\n/mg;
    $block .= "upstream models { server 127.0.0.1:%%UPSTREAM%%; }\n"
        if $block !~ /upstream models/;

    return $block;
}


for my $name (sort keys %doc) {
    my $n = 0;

    for my $block (blocks($doc{$name}, 'nginx')) {
        $n++;

        SKIP: {
            skip 'no MaxMind::DB::Writer', 1
                if !$mmdb && $block =~ /distill_guard_geoip/;

            my ($good, $said) = conf_test(adapt($block));
            ok($good, "$name: configuration $n is good") || diag($said);
        }
    }
}


# ---- getting started ------------------------------------------------------

my $upstream = $t->upstream;
my $shared = $t->redis(name => 'shared');

my %target = map { $_ => 1 } $t->read_file("$root/Makefile")
    =~ /^(\w+):.*\t## /mg;
my (%run, @unknown);

# Files and ports are those of the test; what runs once it is all there is
# kept for then.

for my $line (map { split /\n/ } blocks($started, '')) {
    $line =~ s/\s+#.*//;
    $line =~ s{/(?:etc|var/log)/nginx/}{%%DIR%%/};
    $line =~ s{127\.0\.0\.1:(\d+)}{127.0.0.1:%%PORT$1%%};

    if ($line =~ /^make(?: (\w+))?$/) {
        push @unknown, $line unless $target{ $1 // 'all' };

    } elsif ($line =~ /^(?:openssl|chmod) /) {
        shell($line);

    } elsif ($line =~ /^(?:curl|tail|nginx) /) {
        $run{$line} = 1;

    } else {
        push @unknown, $line;
    }
}

is("@unknown", '', 'getting started: every line is known');
is((stat($t->dir . '/distill-guard.secret'))[2] & 07777, 0600,
    '... the secret is one');

my ($conf) = map { adapt($_) } grep { /observe/ } blocks($started, 'nginx');

$t->conf($conf, instance => 'started')->start;


sub chat {
    return shell('curl -sk https://127.0.0.1:%%PORT443%%/v1/chat/completions'
        . q( -H 'Authorization: Bearer sk-started' -d )
        . q('{"model":"m","messages":[{"role":"user","content":"hi"}]}'));
}


is(eval { decode_json(chat())->{object} }, 'chat.completion',
    '... requests pass');

ok(delete $run{'nginx -t'} && delete $run{'nginx -s reload'},
    '... the new configuration is put in force');

my ($tail) = grep { /^tail -f / } keys %run;
delete $run{$tail};


# the last of so many events

sub event {
    my ($n) = @_;

    $t->wait_for(sub { $t->read_file('guard.log') =~ tr/\n// == $n }, 5,
        'the event');

    return eval { decode_json(shell($tail =~ s/-f/-n 1/r)) } // {};
}


is_deeply([ @{ event(1) }{qw(v dialect verdict)} ],
    [ 1, 'openai.chat', 'PASS' ], '... the log says so');

my ($page, $metrics) = map { shell($_) } sort { length $a <=> length $b }
    keys %run;
my $zone = eval { decode_json($page)->{zones}{guard} };

is($zone->{exchanges}, 1, '... the status page, too');
like($metrics, qr/^distill_guard_exchanges_total\{zone="guard"\} 1$/m,
    '... and Prometheus');

my ($room) = $directives =~ /room\s+for about (\d+) subjects/;
my ($bytes, $each, $all) = section($operations, 'Memory')
    =~ /takes (\d+) bytes.*?about\s+(\d+)\s.*?([\d,]+) in `64m`/s;

$all =~ tr/,//d;
cmp_ok(abs($zone->{memory}{subjects} / 64 - $_), '<', $_ / 100,
    'subjects for each megabyte') for $room, $each;
cmp_ok(abs($zone->{memory}{subjects} - $all), '<', $all / 100,
    'subjects of 64m');

$t->conf($conf =~ s/observe/enforce/r, instance => 'started');
ok($t->reload(instance => 'started'), 'enforce is all that changes');
is(eval { decode_json(chat())->{object} }, 'chat.completion',
    '... requests pass');
is(event(2)->{verdict}, 'PASS', '... as they did');


# ---- an account of auth_request --------------------------------------------

my ($block) = grep { /auth_request_set/ } blocks($directives, 'nginx');
my $authority = 'location = /authority { proxy_pass http://accounts; }';

$conf = adapt($block) =~ s/^server \{\n/$&$authority\n/mr;

$t->conf("$ZONE\n$conf" . <<'EOF', instance => 'account',
    upstream accounts {
        server 127.0.0.1:%%ACCOUNTS%%;
    }

    server {
        listen 127.0.0.1:%%ACCOUNTS%%;
        access_log off;

        location / {
            add_header X-Account acme;
            return 204;
        }
    }
EOF
    log_format => '$distill_guard_key $distill_guard_account')->start;

ask('/v1/messages', $_) for 1, 2;
$t->wait_for(sub { $t->access_log('account') =~ tr/\n// == 2 }, 5, 'the log');

my %key = map { split } split /\n/, $t->access_log('account');
my %account = reverse %key;

is_deeply([ scalar keys %key, scalar keys %account ], [ 2, 1 ],
    'two keys of one account');
$t->stop(instance => 'account');


# ---- names ----------------------------------------------------------------

my ($variables) = sources('nginx/ngx_distill_guard_variables.c')
    =~ /ngx_distill_guard_vars\[\] = \{(.*?)ngx_http_null_variable/s;
my %variable = map { $_ => 1 } $variables =~ /ngx_string\("(\w+)"\)/g;
my %known = map { $_ => 1 } @commands, $metrics =~ /^# TYPE (\w+)/mg;

is_deeply([ map { s/`//gr } sort map { $_->[0] }
    rows(section($directives, 'Variables')) ],
    [ map { "\$$_" } sort keys %variable ], 'every variable is described');

for my $name (sort keys %doc) {
    my @wrong = grep { !$variable{$_} }
        $doc{$name} =~ /\$(distill_guard_\w+)/g;
    push @wrong, grep { !$known{$_} }
        $doc{$name} =~ /(?<![\$\w])(distill_guard_\w+)/g;

    # a metric with a label

    for my $sample ($doc{$name} =~ /(distill_guard_\w+\{[^}]+)\}/g) {
        my ($metric, $label) = split /\{/, $sample;
        push @wrong, $sample unless $metrics =~ /^$metric\{.*$label/m;
    }

    is("@wrong", '', "$name: directives, variables and metrics");
}

my $source = join '', map { sources("core/$_") }
    qw(dg_event.c dg_event_table.h);
my ($write) = $source =~ /^dg_event_write\(.*?^\{(.*?)^\}/ms;
my ($asked) = $source =~ /define dg_event_asked\(each\)(.*?)\n\n/s;
my %member = map { $_ => 1 } $write =~ /\\"(\w+)\\":/g, $asked =~ /each\((\w+)\)/g,
    $source =~ /dg_event_\w+\(line, "(\w+)"/g,
    $source =~ /^    dg_event_(?:fact|hash)\((\w+)/mg;

is_deeply([ sort map { words($_->[0]) }
    rows(section($directives, 'The event')) ], [ sort keys %member ],
    'every member of an event is described');


# ---- endpoints, refusals and the log --------------------------------------

my $GEOIP = $mmdb
    ? 'distill_guard_geoip asn %%DIR%%/asn.mmdb reload=50ms;' : '';


sub conf {
    my ($secret) = @_;

    return $t->conf(<<"EOF",
    distill_guard_zone zone=guard:1m;
    distill_guard_secret %%DIR%%/$secret;
    distill_guard_redis redis://127.0.0.1:%%REDIS%%;
    $GEOIP

    server {
        listen 127.0.0.1:%%HTTP%%;
        distill_guard enforce;
        distill_guard_limit key requests=1/h tokens=1m/h;
        proxy_http_version 1.1;

        location / {
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
        }

        location /observed/ {
            distill_guard observe;
            proxy_pass http://127.0.0.1:%%UPSTREAM%%/;
        }

        location /tagged/ {
            distill_guard_signal relay hard=0.1;
            distill_guard_action tag score=5;
            distill_guard_limit key requests=1k/h;
            proxy_pass http://127.0.0.1:%%UPSTREAM%%/;
        }

        location = /guard {
            distill_guard off;
            distill_guard_status;
        }
    }
EOF
        log_format => '$request_uri $distill_guard_dialect');
}


sub ask {
    my ($path, $key, @headers) = @_;

    return $t->post_json($path, { model => 'm', max_tokens => 20,
        messages => [{ role => 'user', content => 'hi' }] },
        'x-api-key' => "sk-docs-$key", @headers);
}


sub zone { return $t->http({ path => '/guard' })->json->{zones}{guard} }

conf('secret16')->start;

my $before = zone();
ask('/v1/messages', 'nobody', 'X-Upstream' => 'status=401');
is(zone()->{memory}{used_bytes} - $before->{memory}{used_bytes}, 2 * $bytes,
    'memory of a key and an origin');

SKIP: {
    skip 'nginx knows early hints', 1 if $t->version_ge('1.29.0');

    $before = zone();
    ask('/v1/messages', 'hinted', 'X-Upstream' => 'early=1');
    is(zone()->{exchanges_failed} - $before->{exchanges_failed}, 1,
        'early hints are taken for the answer');
}

# endpoints

my ($paths) = sources('core/dg_dialect.c')
    =~ /dg_dialect_paths\[\] = \{(.*?)\};/s;
my (@ends, @read, @seen);

for my $row (rows(section($directives, 'Endpoints'))) {
    my @words = words($row->[0]);
    my ($dialect) = words($row->[1]);
    my @parts = grep { m{/$} } @words;
    my $part = $row->[0] =~ /but not/ ? '' : $parts[0] // '';

    for my $end (grep { !m{/$} } @words) {
        push @ends, $end;
        push @read, "/any$part$end $dialect";
        push @read, "/any$parts[0]1$end none" if $row->[0] =~ /but not/;
    }
}

ask($_, 'reader') for map { (split)[0] } @read;

$t->wait_for(sub {
    @seen = $t->access_log =~ m{^(/any.*)\n}mg;
    return @seen == @read;
}, 5, 'the log of all requests');

is_deeply(\@seen, \@read, 'endpoints and their dialects');

my %end = map { $_ => 1 } $paths =~ /\{ dg_string\("([^"]+)"\)/g;
is_deeply([ sort @ends ], [ sort keys %end ], '... all of them');

# refusals

is(ask('/v1/messages', 'greedy')->{status}, 200, 'a request passes');
my $refused = ask('/v1/messages', 'greedy');
is($refused->{status}, 429, 'another is refused');

my @sent = grep { /^retry-|ratelimit/ } keys %{ $refused->{headers} };

is_deeply([ sort map { lc } map { words($_->[0]) }
    rows(section($directives, 'Refusals')) ], [ sort @sent ],
    'the headers of a refusal');

# what else is logged

ask('/observed/v1/messages', 'watched') for 1, 2;
ask('/observed/v1/messages', 'relayed', 'User-Agent' => 'OpenAI/JS 6.49.0');
ask('/tagged/v1/messages', 'relayed');
ask('/v1/messages', 'packed', 'X-Upstream' => 'gzip=1');

my $file = $t->dir . '/asn.mmdb';


sub replace {
    my ($bytes, $logged) = @_;

    rename $t->write_file('asn.new', $bytes), $file or die "rename: $!\n";
    $t->log_like($logged, 'a file is replaced');
}

if ($mmdb) {
    replace(database('asn', 64501), qr/is in use/);
    replace('damaged', qr/stays in use/);
    unlink $file;
    $t->log_like(qr/is gone/, 'a file is gone');
}

$t->wait_for(sub { $t->error_log =~ /redis \S+ is down/ }, 10, 'no Redis');

my $server = $t->redis;
$t->wait_for(sub { $t->error_log =~ /redis \S+ is up/ }, 10, 'Redis');
$server->cmd('DEL', 'dg:nodes');
$server->cmd('SET', 'dg:nodes', 'x', 'EX', 60);
$t->wait_for(sub { $t->error_log =~ /another type/ }, 10, 'a strange key');

# what operators decide; a full zone, and a user who may not read it, are seen
# on connections of their own

my $decided = sprintf '%d alice block %d a reason', time * 1000, time + 3600;

$server->cmd('XADD', 'dg:{decisions}', '*', 'subject', 'origin:127.0.0.0/24',
    'decision', $decided);
$t->log_like(qr/alice has decided/, 'a decision is heard of');
is(ask('/v1/messages', 'decided')->{status}, 403, 'and in force');
$server->cmd('HSET', 'dg:{decisions}:now', map { ("asn:$_", $decided) }
    1 .. 300);
$server->cmd('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
$t->log_like(qr/has room for \d+ decisions/, 'a zone is full of them');
$server->cmd('ACL', 'SETUSER', 'default', '-xrevrange');
$server->cmd('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
$t->log_like(qr/does not let its user/, 'a user without the rights');

$server->cmd('ACL', 'SETUSER', 'default', '-xread');
$t->wait_for(sub { $t->error_log =~ /what nodes see/ }, 10, 'a missing right');

$t->write_file('asn.mmdb', database('asn', 64500));
conf('secret4096');
ok($t->reload, 'another secret');

# Every line that is logged in passing; each stands for one of the document.

my %LEVEL = (ERR => 'error', WARN => 'warn', NOTICE => 'notice',
    INFO => 'info');
my @formats;
my $calls = sources('nginx/*.c', 'redis/*.c');

while ($calls =~ /ngx_(conf_)?log_error\((?:NGX_LOG_(\w+)|level), (.*?)\);/sg)
{
    my ($conf, $level, $arguments) = ($1, $2, $3);

    $conf ||= $arguments =~ /^cf->log/;

    next if $level && ($conf ? $level ne 'NOTICE' : !$LEVEL{$level});

    my ($format) = $arguments =~ /($STRING(?:\s*$STRING)*)/;
    my $text = joined($format);

    $text =~ s/\\"/"/g;
    push @formats, [ $level && $LEVEL{$level}, join '.*?', map { quotemeta }
        split /%(?:\*s|u?[a-zA-Z])/, $text, -1 ];
}

my $log = $t->error_log;
my %documented;

for my $row (rows(section($operations, 'Logs'))) {
    my ($line) = words($row->[0]);
    my ($format) = grep { $line =~ /^$_->[1]$/ } @formats;
    my $level = $row->[1] =~ s/error/err(?:or)?/r;

    ok($format, "logged: $line") || next;
    $documented{ $format->[1] } = 1;

    is($row->[1], $format->[0], '... at this level') if $format->[0];

    next if $line =~ /no memory/ || $line =~ /geoip/ && !$mmdb;

    # refusals begin differently; not all of them can be had here

    my $like = $line =~ /^(.* refuses)/ ? quotemeta $1 : $format->[1];
    like($log, qr/\[$level\] [^\n]*$like/, '... and seen');
}

is(join("\n", grep { !$documented{$_} } map { $_->[1] } @formats), '',
    'every line of the log is described');
