package DistillGuard::Report;

# What "make run" tells at its end, read where an operator would read it:
# Redis, the status page, the logs; and whether it is as it should be, by the
# upstream's own ledger and by what the clients saw.

use strict;
use warnings;

use JSON::PP ();
use List::Util qw(max min sum0 uniq);

use DistillGuard::Counts qw(days totals ranking);
use DistillGuard::Process qw(wait_for);

my $TOP = 5;         # of keys and of origins
my $PROBLEMS = 10;   # to be shown
my $SETTLE = 5;      # seconds for the last counts to reach Redis
my $WIDTH = 78;      # of what is printed

my @TOTALS = qw(requests input_tokens output_tokens refused);


# stack, begun => time, greedy, ordinary => [clients], pool => [clients]; stays
# => the stack is not stopped after the report

sub new {
    my ($class, %opt) = @_;

    my $self = bless {%opt}, $class;

    $self->{traffic} = { traffic($self->{stack}->dir . '/traffic.log') };

    return $self;
}


# what the clients saw: name => {status => how often}; an answer that broke
# off counts as status 0

sub traffic {
    my ($log) = @_;

    my %traffic;

    open my $fh, '<', $log or die "$log: $!\n";

    while (<$fh>) {
        my ($name, $status, $complete) = /^(\S+) (\d+) (\d+) \d+\n/ or next;
        $traffic{$name}{ $complete ? $status : 0 }++;
    }

    return %traffic;
}


# True if all is as it should be.

sub print {
    my ($self) = @_;

    $self->_settle;

    $self->_print_subjects('key', 'output_tokens', 'Keys');
    $self->_print_subjects('origin', 'requests', 'Origins');
    $self->_print_dialects;
    $self->_print_refusal;
    $self->_print_campaign;
    $self->_print_places;

    return $self->_judge;
}


# ---- reading --------------------------------------------------------------

sub _lines {
    my ($self, $name) = @_;

    my $path = $self->{stack}->dir . "/$name";

    open my $fh, '<', $path or die "$path: $!\n";

    return <$fh>;
}


# The upstream knows keys, the guard ids of keys; the access log has the id of
# the exchange by which the one is found from the other.

sub _match_keys {
    my ($self) = @_;

    my (%id_of, %ledger);

    $self->{key_id} = {};

    for ($self->_lines('nginx/access.log')) {
        $id_of{$2} = $1 if / key=([0-9a-f]{32}) id=req_(\w+)$/;
    }

    for ($self->{stack}->upstream->ledger) {
        my $id = $id_of{ $_->{id} } // 'unknown';

        $self->{key_id}{ $_->{key} } = $id;

        $ledger{$id}{requests}++;
        $ledger{$id}{input_tokens} += $_->{input_tokens};
        $ledger{$id}{output_tokens} += $_->{output_tokens};
    }

    $self->{ledger} = \%ledger;
    $self->{greedy_id} = $self->{key_id}{ $self->{greedy}->key } // 'unknown';
    $self->{whose} = { $self->{greedy_id} => 'greedy' };

    for my $whose (qw(ordinary pool)) {
        $self->{whose}{ $self->{key_id}{ $_->key } // 'unknown' } = $whose
            for @{ $self->{$whose} };
    }

    for ($self->_clients) {
        my $id = $self->{key_id}{ $_->key } // next;
        $ledger{$id}{refused} = $self->{traffic}{ $_->name }{429} // 0;
    }
}


sub _clients {
    my ($self) = @_;

    return (@{ $self->{ordinary} }, $self->{greedy}, @{ $self->{pool} });
}


# the events of the keys that are greedy, ordinary or of the pool

sub _events_of {
    my ($self, $whose) = @_;

    return grep { ($self->{whose}{ $_->{key} // '' } // '') eq $whose }
        $self->_events;
}


sub _counts {
    my ($self, $ask, @what) = @_;

    return $ask->($self->{stack}->redis, $self->{begun}, @what);
}


# Waits until all is logged and Redis says what the upstream does; whether it
# did is checked later.

sub _settle {
    my ($self) = @_;

    eval {
        wait_for(sub {
            $self->_match_keys;
            return !$self->_differences;
        }, $SETTLE, 'Redis');
    };
}


sub _differences {
    my ($self) = @_;

    my %ranked = map { @$_ } $self->_counts(\&ranking, 'key', 'output_tokens');
    my @differences;

    for my $id (sort keys %{ $self->{ledger} }) {
        my $ledger = $self->{ledger}{$id};
        my $redis = $self->_counts(\&totals, 'key', $id);

        for (@TOTALS) {
            my $want = $ledger->{$_} // 0;
            push @differences, "key $id: Redis has $redis->{$_} $_, not $want"
                if $redis->{$_} != $want;
        }

        my $score = $ranked{$id} // 0;
        push @differences, "key $id: ranked by $score output tokens, not"
            . " $redis->{output_tokens}" if $score != $redis->{output_tokens};
    }

    return @differences;
}


sub _events {
    my ($self) = @_;

    $self->{events} //= [ map { JSON::PP::decode_json($_) }
        $self->_lines('nginx/events.log') ];

    return @{ $self->{events} };
}


sub _status {
    my ($self) = @_;

    return $self->{stack}->page('/guard')->json->{zones}{guard};
}


# ---- printing -------------------------------------------------------------

sub _heading { print $_[0], "\n", '-' x length $_[0], "\n" }


# rows of text, the first being titles; the first column to the left, the rest
# to the right, but for what is beyond the titles

sub _table {
    my ($titles, @rows) = @_;

    my @width = map {
        my $column = $_;
        max map { length $_->[$column] } $titles, @rows;
    } 0 .. $#$titles;

    for my $row ($titles, @rows) {
        my ($first, @rest) = @$row;
        my $line = sprintf "%-$width[0]s", $first;

        $line .= sprintf "  %$width[$_]s", $rest[ $_ - 1 ] for 1 .. $#width;
        $line .= "  $_" for grep { defined } @rest[ $#width .. $#rest ];

        print "$line\n";
    }

    print "\n";
}


sub _print_subjects {
    my ($self, $kind, $counter, $what) = @_;

    # who has nothing of the counter is not ranked

    my @ids = map { $_->[0] } $self->_counts(\&ranking, $kind, $counter);
    my %ranked = map { $_ => 1 } @ids;

    push @ids, grep { !$ranked{$_} } keys %{ $self->{ledger} }
        if $kind eq 'key';

    my @all = map { [ $_, $self->_counts(\&totals, $kind, $_) ] } @ids;
    my @top = splice @all, 0, $TOP;

    my @rows = map {
        my ($id, $totals) = @$_;
        [ $id, @$totals{@TOTALS},
            $id eq $self->{greedy_id} ? '<- greedy' : undef ];
    } @top;

    my %rest = map { my $total = $_; $total => sum0(map { $_->[1]{$total} }
        @all) } @TOTALS;

    push @rows, [ '(the other ' . @all . ')', @rest{@TOTALS} ] if @all;

    _heading("$what by $counter, in Redis");
    _table([ $kind, qw(requests input output refused) ], @rows);
}


sub _print_dialects {
    my ($self) = @_;

    my @columns = qw(PASS PACE THROTTLE streams input output);
    my %dialects;

    for ($self->_events) {
        my $dialect = $dialects{ $_->{dialect} // 'none' } //= {};

        $dialect->{ $_->{verdict} }++;
        $dialect->{$_} //= 0 for @columns;
        $dialect->{streams}++ if $_->{stream};
        $dialect->{input} += $_->{input_tokens} // 0;
        $dialect->{output} += $_->{output_tokens} // 0;
    }

    _heading('Exchanges by dialect, in the event log');
    _table([ 'dialect', @columns ],
        map { [ $_, @{ $dialects{$_} }{@columns} ] } sort keys %dialects);
}


sub _print_refusal {
    my ($self) = @_;

    my ($event) = grep { $_->{verdict} eq 'THROTTLE' }
        reverse $self->_events_of('greedy');

    _heading('The last refusal, as the greedy client got it');

    if (!$event) {
        print "nobody was refused\n\n";
        return;
    }

    my $reason = $event->{reasons}[0];
    my ($head, $body) = split /\r\n\r\n/,
        join('', $self->_lines('refused-greedy.http')), 2;

    print map { "$_\n" } map { _wrapped($_) } split(/\r\n/, $head), '', $body;
    print "\nThe reason, in the event log only: $reason->{value} counted,",
        " \"$reason->{limit}\".\n";
    print "\n";
}


# What became of the pool: all of it was passed, slowed and then refused as
# one, and why.

sub _print_campaign {
    my ($self) = @_;

    my @events = $self->_events_of('pool');
    my @named = grep { $_->{campaign} } @events;

    _heading(@{ $self->{pool} } . ' keys of one buyer, in the event log');

    if (!@named) {
        print "no campaign was found\n\n";
        return;
    }

    print "campaign $named[-1]{campaign}, ",
        scalar(uniq map { $_->{key} } @named), " keys\n\n";
    $self->_print_steps(@events);
    $self->_print_reasons(@named);

    printf "Ordinary clients refused: %d, slowed or told of: %d\n\n",
        $self->_ordinary_refused,
        scalar grep { $_->{verdict} =~ /^(?:TAG|PACE)$/ }
            $self->_events_of('ordinary');
}


sub _print_steps {
    my ($self, @events) = @_;

    my $start = min(map { $_->{t} } @events);
    my @rows;

    for (
        [ 'passed', qr/^(?:PASS|TAG)$/ ],
        [ 'slowed', qr/^PACE$/ ],
        [ 'refused', qr/^(?:THROTTLE|BLOCK)$/ ],
    ) {
        my ($what, $verdicts) = @$_;
        my @these = grep { $_->{verdict} =~ $verdicts } @events or next;
        my ($first, $last) = (min(map { $_->{t} } @these),
            max(map { $_->{t} } @these));

        push @rows, [ $what, scalar @these,
            sum0(map { $_->{output_tokens} // 0 } @these),
            sprintf('%.1f s', sum0(map { $_->{ms} // 0 } @these) / @these
                / 1000),
            map { sprintf '%.1f s', $_ - $start } $first, $last ];
    }

    _table([ '', qw(requests output each from to) ], @rows);
}


# the signals behind the last refusal, and what it was over

sub _print_reasons {
    my ($self, @named) = @_;

    my ($event) = grep { grep { $_->{limit} } @{ $_->{reasons} } }
        reverse @named;

    $event //= $named[-1];

    print "The reasons, in the event log only: score $event->{score}",
        (map { ", $_->{value} counted,\n\"$_->{limit}\"" }
            grep { $_->{limit} } @{ $event->{reasons} }), ".\n\n";

    _table([ qw(signal value soft hard points) ],
        map { [ @$_{qw(signal value soft hard points)} ] }
        grep { $_->{signal} } @{ $event->{reasons} });
}


sub _wrapped {
    my ($text) = @_;

    return '' if $text eq '';
    return $text =~ /\G(.{1,$WIDTH}(?:(?<=,)|\z)|.{1,$WIDTH})/g;
}


sub _ordinary_refused {
    my ($self) = @_;

    return sum0(map { $self->{traffic}{ $_->name }{429} // 0 }
        @{ $self->{ordinary} });
}


sub _print_places {
    my ($self) = @_;

    _heading('Where to look');
    $self->_print_commands if $self->{stays};

    print 'in ', $self->{stack}->dir, "\n", <<'EOF';
    nginx/nginx.conf    the configuration
    nginx/events.log    one line of JSON for each exchange
    nginx/error.log     the refusals, among other things
    upstream.log        what the upstream was asked, and its own count
EOF
}


sub _print_commands {
    my ($self) = @_;

    my $stack = $self->{stack};
    my ($day) = reverse days($self->{begun});
    my $url = 'http://127.0.0.1:' . $stack->http;
    my $redis = 'redis-cli -p ' . $stack->redis->port;
    my $ctl = $ENV{DG_CTL};
    my $where = '--redis redis://127.0.0.1:' . $stack->redis->port;

    print <<"EOF";
In a browser: $url/guard

$ctl top $where
$ctl campaigns $where
$ctl explain $where \\
    key:$self->{greedy_id}
curl -s $url/guard
curl -s '$url/guard?format=prometheus'
$redis zrevrange dg:top:key:output_tokens:d:$day 0 9 withscores
$redis hgetall \\
    dg:{key:$self->{greedy_id}}:d:$day
curl -si $url/v1/chat/completions \\
    -H 'Authorization: Bearer me' \\
    -d '{"model":"gpt-4o","messages":[{"role":"user","content":"Hi!"}]}'

EOF
}


# ---- judging --------------------------------------------------------------

sub _judge {
    my ($self) = @_;

    my @problems = (
        $self->_wrong_answers,
        $self->_wrong_verdicts,
        $self->_wrong_campaign,
        $self->_wrong_status,
        $self->_raw_keys,
        (map { "nginx says: $_" } $self->{stack}->nginx->own_alerts),
        $self->_differences,
    );

    print "\nAll as it should be: each key's totals in Redis are the"
        . " upstream's own,\nand only the greedy key and the pool were refused"
        . ".\n"
        unless @problems;

    my @shown = splice @problems, 0, $PROBLEMS;

    print "\nNOT AS IT SHOULD BE:\n" if @shown;
    print "    $_\n" for @shown;
    print '    and ' . @problems . " things more\n" if @problems;

    return !@shown;
}


sub _wrong_answers {
    my ($self) = @_;

    my @wrong;

    for my $client (@{ $self->{ordinary} }, $self->{greedy}) {
        my $name = $client->name;
        my %seen = %{ $self->{traffic}{$name} // {} };
        my $passed = delete $seen{200};
        my $refused = $name eq $self->{greedy}->name
            ? delete $seen{429} : undef;

        push @wrong, "$name was never answered" unless $passed;
        push @wrong, "$name was never refused"
            if $name eq $self->{greedy}->name && !$refused;
        push @wrong, "$name was answered $_, $seen{$_} times"
            for sort keys %seen;
    }

    return @wrong;
}


sub _wrong_verdicts {
    my ($self) = @_;

    my %may = (ordinary => qr/^PASS$/, greedy => qr/^(?:PASS|THROTTLE)$/,
        pool => qr/^(?:PASS|TAG|PACE|THROTTLE)$/);
    my ($passed, %wrong) = (0);

    for ($self->_events) {
        my ($verdict, $key) = ($_->{verdict}, $_->{key} // 'none');
        my $may = $may{ $self->{whose}{$key} // 'pool' };

        $passed += $verdict !~ /^(?:THROTTLE|BLOCK)$/;
        $wrong{"key $key: $verdict"}++ if $verdict !~ $may;
    }

    my $asked = sum0(map { $_->{requests} // 0 }
        values %{ $self->{ledger} });

    return ((map { "$_, $wrong{$_} times" } sort keys %wrong),
        $passed == $asked ? ()
            : "$passed exchanges passed, and the upstream had $asked");
}


# the pool is one campaign, first slowed and then refused

sub _wrong_campaign {
    my ($self) = @_;

    my %seen;

    $seen{ $_->{verdict} }++ for $self->_events_of('pool');

    my $campaigns = $self->_status->{campaigns};
    my @others = grep { $_->{campaign} } map { $self->_events_of($_) }
        qw(ordinary greedy);

    return (
        (map { "nothing of the pool has the verdict $_" }
            grep { !$seen{$_} } qw(PASS PACE THROTTLE)),
        $campaigns == 1 ? () : "there are $campaigns campaigns, not 1",
        @others ? @others . ' exchanges of others are in a campaign' : (),
    );
}


# the zone's own totals, on the status page

sub _wrong_status {
    my ($self) = @_;

    my $status = $self->_status;
    my @ledger = values %{ $self->{ledger} };
    my @wrong;

    for (
        [ 'exchanges', $status->{exchanges}, 'requests' ],
        [ 'refusals', $status->{verdicts}{THROTTLE}{enforced}, 'refused' ],
        [ 'input tokens', $status->{tokens}{input}{reported},
            'input_tokens' ],
        [ 'output tokens', $status->{tokens}{output}{reported},
            'output_tokens' ],
    ) {
        my ($what, $have, $name) = @$_;
        my $want = sum0(map { $_->{$name} // 0 } @ledger);

        push @wrong, "the status page has $have $what, not $want"
            if $have != $want;
    }

    push @wrong, "Redis is $status->{sync}{state}"
        if $status->{sync}{state} ne 'up';

    return @wrong;
}


# A key as the client sends it is for the upstream alone.

sub _raw_keys {
    my ($self) = @_;

    my $stack = $self->{stack};

    my %place = (
        'Redis' => $stack->redis->dump,
        'the status page' => $stack->page('/guard')->{body},
        map { $_ => join '', $self->_lines("nginx/$_") }
            qw(access.log events.log error.log),
    );

    return map { "$_ has the key " . $self->{greedy}->key }
        grep { index($place{$_}, $self->{greedy}->key) >= 0 }
        sort keys %place;
}

1;
