#!/usr/bin/perl

# docs/privacy.md: all that lies in Redis is in it, for as long as it lies
# there, and what the zone keeps is kept for as long as the code has it.

use strict;
use warnings;

use List::Util qw(max);
use Test::More;

use DistillGuard::Docs qw($root %doc rows section sources words);

DistillGuard::Docs::harness();

my $privacy = $doc{'docs/privacy.md'};
my %unit = (minute => 60, hour => 3600, day => 86400);


# the first such time of a text, in seconds

sub seconds {
    my ($n, $unit) = $_[0] =~ /(\d+) (minute|hour|day)s?\b/ or return 0;

    return $n * $unit{$unit};
}


# ---- Redis ----------------------------------------------------------------

my %expires = map { (words($_->[0]))[0] => seconds($_->[3]) }
    rows(section($doc{'docs/redis.md'}, 'Keys'));
my %told;

for my $row (rows(section($privacy, 'In Redis'))) {
    my @keys = words($row->[0]);

    is(seconds($row->[2]), max(map { $expires{$_} // 0 } @keys),
        "at most: @keys");
    @told{@keys} = ();
}

is_deeply([ sort keys %told ], [ sort keys %expires ],
    'every key of Redis is told, and nothing else');


# ---- the zone -------------------------------------------------------------

my $core = sources('core/*.[ch]');

# what it is, in the document; the seconds in the code

my ($ttl) = $core =~ /dg_recall_ttl\[\w+\] = \{\s+0,(.*?)\};/s;
my ($issued, $refused, $accepted) = map { eval } $ttl =~ /^\s+([\d *]+)/mg;
my ($keep) = map { eval } $core =~ /define DG_RULING_KEEP\s+(\([\d *]+\))/;
my ($minutes) = $core =~ /define DG_HISTORY_MINUTES\s+(\d+)/;
my ($origins) = $core =~ /define DG_ORIGINS\s+(\d+)/;

for my $kept (
    [ 'hashes of ids in answers', $issued ],
    [ "hashes of users' last messages", $accepted ],
    [ 'decisions of operators', $keep ],
    [ 'all counts together', 60 * ($minutes - 1) ],
) {
    my ($what, $seconds) = @$kept;
    my ($row) = section($privacy, 'In the memory of nginx')
        =~ /^\| .*$what.*? \| (.*) \|$/m;

    is(seconds($row // ''), $seconds, "the zone has $what");
}

like($privacy, qr/or 1 minute if refused/, '... and what was refused');
is($refused, 60, '... for so long');
like($privacy, qr/the last eight networks/, '... networks of a key');
is($origins, 8, '... so many');


# ---- the browser ----------------------------------------------------------

unlike(sources('page/*.js') . sources('page/*.html'),
    qr/localStorage|sessionStorage|indexedDB|\.cookie\b/,
    'the page leaves nothing in the browser');
