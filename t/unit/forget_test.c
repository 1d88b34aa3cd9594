/*
 * Copyright (C) 2026 Distill Guard
 *
 * What is remembered of ids and contents is not forgotten for keys that the
 * upstream has never accepted; and two figures that say more than they know.
 */


#include "guard_kit.h"


/* a gateway that answers unknown keys by 403, or is busy: 429 */

static void
test_flood(unsigned status)
{
    unsigned     i;
    kit_ask_t    a;
    kit_guard_t  g;

    kit_guard(&g, 1 << 20);

    a = kit_of(1);
    a.issues = 1;
    (void) kit_ask(&g, &a, kit_body(kit_words(&g, "", 40), ""));

    for (i = 0; i < 20000; i++) {
        a = kit_of(1000 + i);
        a.status = status;
        (void) kit_ask(&g, &a, kit_body(kit_words(&g, "", 60), ""));
    }

    a = kit_of(2);
    (void) kit_ask(&g, &a, kit_turn(kit_words(&g, "", 40), 1));

    dg_ok(a.shared.issued == 1, "after a flood of %u the id is known still",
          status);

    kit_free(&g);
}


/* networks that stand next to each other are as many as they are */

static void
test_networks(void)
{
    unsigned     i, n;
    kit_ask_t    a;
    dg_act_t     act;
    dg_id_t      origin;
    kit_guard_t  g;
    dg_profile_t p;

    kit_guard(&g, 1 << 20);
    memset(&p, 0, sizeof(dg_profile_t));
    memset(&act, 0, sizeof(dg_act_t));

    a = kit_of(1);
    (void) kit_ask(&g, &a, kit_body("hello", ""));

    for (i = 0; i < 40; i++) {
        origin.v[0] = 0;
        origin.v[1] = 0xffffcb000000ull + (i << 8);      /* 203.0.i.0/24 */

        act.rq = &a.rq;
        act.accounts = a.shared.accounts;
        act.origin = &origin;
        act.usage = &(dg_usage_t) { .output = 1 };
        dg_profile_turn(&p, START / 1000);
        dg_profile_count(&p, &act, START / 1000);
    }

    n = dg_profile_networks(&p, START / 1000);
    dg_ok(n > 30 && n < 50, "40 networks are about 40, not %u", n);

    kit_free(&g);
}


/*
 * Of 397 readers of a prompt, most of whom are counted elsewhere, a cohort's
 * first member is behind a hosting company: that is not where it comes from.
 */

static void
test_crowd(void)
{
    dg_score_t     score;
    dg_sight_t     sight;
    dg_signal_t    signals[DG_SIGNALS];
    dg_campaign_t  c;

    memset(&c, 0, sizeof(dg_campaign_t));
    memset(&sight, 0, sizeof(dg_sight_t));

    c.accounts = 1;
    c.crowded = 1;
    c.crowd = 76;
    c.spread = 397;

    sight.campaign = &c;
    sight.now = START / 1000;

    dg_signals_init(signals);
    dg_signals_score(signals, &sight, &score);

    dg_ok(kit_reason(&score, DG_SIGNAL_ORIGIN_CROWD) == 0,
          "one member of hundreds does not tell where they are from (%u)",
          score.score);
}


int
main(void)
{
    test_crowd();
    test_flood(401);
    test_flood(403);
    test_flood(429);
    test_networks();

    return dg_done();
}
