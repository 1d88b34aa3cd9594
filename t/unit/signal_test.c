/*
 * Copyright (C) 2026 Distill Guard
 *
 * Points, families and the score.
 */


#include "guard_kit.h"


static void
test_points(void)
{
    dg_signal_t  s;

    s.soft = 10;
    s.hard = 20;
    s.points = 50;

    dg_ok(dg_signal_points(&s, 10) == 0 && dg_signal_points(&s, 3) == 0,
          "soft and less give nothing");
    dg_ok(dg_signal_points(&s, 15) == 25, "half of the way half the points");
    dg_ok(dg_signal_points(&s, 20) == 50 && dg_signal_points(&s, 900) == 50,
          "hard and more all of them");

    s.soft = 3;
    s.hard = 1;

    dg_ok(dg_signal_points(&s, 4) == 0 && dg_signal_points(&s, 2) == 25
          && dg_signal_points(&s, 0) == 50, "less may be worse");
}


static void
test_table(void)
{
    unsigned     i, sum;
    dg_signal_t  signals[DG_SIGNALS];

    dg_signals_init(signals);

    for (i = 0; i < DG_SIGNALS; i++) {
        dg_ok(signals[i].soft == dg_signals[i].soft
              && signals[i].hard == dg_signals[i].hard
              && signals[i].points == dg_signals[i].points
              && signals[i].soft != signals[i].hard
              && dg_signals[i].family < DG_FAMILIES
              && dg_signals[i].window && dg_signals[i].value,
              "%s has its defaults", dg_signals[i].name.data);
    }

    sum = 0;

    for (i = 0; i < DG_FAMILIES; i++) {
        sum += dg_families[i].cap;
    }

    dg_ok(sum == DG_SCORE_MAX, "all caps together are the greatest score");
}


/* a profile with as much of several signals as there can be */

static void
test_score(void)
{
    unsigned      i, sums[DG_FAMILIES], order;
    uint32_t      now;
    dg_score_t    score;
    dg_sight_t    sight;
    dg_signal_t   signals[DG_SIGNALS];
    dg_profile_t  p;

    memset(&p, 0, sizeof(dg_profile_t));
    memset(&sight, 0, sizeof(dg_sight_t));

    now = START / 1000;

    dg_signals_init(signals);
    dg_signals_score(signals, &sight, &score);
    dg_ok(score.score == 0 && score.n == 0, "nobody has no score");

    sight.profile = &p;
    sight.now = now;
    p.day = now / 86400;
    dg_signals_score(signals, &sight, &score);
    dg_ok(score.score == 0 && score.n == 0, "nor has a new account");

    p.ties[DG_TIE_PROVENANCE][0] = UINT64_MAX;
    p.ties[DG_TIE_FAILOVER][0] = UINT64_MAX;
    p.tally[0].requests = 5000;
    p.tally[0].openings = 5000;
    p.tally[0].framed = 5000;
    p.tally[0].output = 5000000;
    p.tally[0].cells = 50000000;
    p.tally[0].traces = 5000;
    p.tally[0].relayed = 1000;
    p.tally[0].shared = 1000;

    dg_signals_score(signals, &sight, &score);

    memset(sums, 0, sizeof(sums));
    order = 1;

    for (i = 0; i < score.n; i++) {
        sums[dg_signals[score.reason[i].signal].family] +=
                                                      score.reason[i].points;

        if (i && score.reason[i].points > score.reason[i - 1].points) {
            order = 0;
        }
    }

    dg_ok(order && score.n > 1, "the reasons with most points come first");

    for (i = 0; i < DG_FAMILIES; i++) {
        dg_ok(score.families[i] <= dg_families[i].cap,
              "%s has no more than its cap", dg_families[i].name.data);
        dg_ok(sums[i] + 2 >= score.families[i]
              && sums[i] <= score.families[i] + 2,
              "... which its reasons share (%u of %u)", sums[i],
              score.families[i]);
    }

    dg_ok(score.families[DG_FAMILY_LINKAGE]
          == dg_families[DG_FAMILY_LINKAGE].cap
          && score.score == score.families[0] + score.families[1]
                            + score.families[2] + score.families[3]
                            + score.families[4],
          "the score is what the families have");

    dg_ok(kit_reason(&score, DG_SIGNAL_RELAY)
          && score.families[DG_FAMILY_ORIGIN]
             == dg_signal_points(&signals[DG_SIGNAL_RELAY], 0.2),
          "a single one has the points of its value");

    signals[DG_SIGNAL_RELAY].points = 0;
    dg_signals_score(signals, &sight, &score);

    dg_ok(!kit_reason(&score, DG_SIGNAL_RELAY)
          && score.families[DG_FAMILY_ORIGIN] == 0,
          "what is off gives none");
}


int
main(void)
{
    test_points();
    test_table();
    test_score();

    return dg_done();
}
