/*
 * Copyright (C) 2026 Distill Guard
 *
 * Signals between accounts.
 */


#include "signal_kit.h"


static void
pool(kit_guard_t *g, kit_ask_t *a)
{
    kit_pool(g, a, 1, 10, 100);
}


/* an organisation replaces a key in the middle of its work */

static void
new_key(kit_guard_t *g, kit_ask_t *a)
{
    unsigned  i;

    for (i = 0; i < 100; i++) {
        *a = kit_of(i < 50 ? 1 : 2);
        a->issues = 1 + i;

        (void) kit_ask(g, a, i ? kit_turn(kit_words(g, "", 40), i)
                               : kit_body(kit_words(g, "", 40), ""));
        g->now_ms += 1000;
    }
}


/*
 * What one account is refused the next one asks: of so many, and so often.
 * All of them were answered before.
 */

static void
fall_back(kit_guard_t *g, kit_ask_t *a, unsigned accounts, unsigned times)
{
    unsigned  i, who;
    char      text[KIT_TEXT];

    for (i = 0; i < accounts; i++) {
        *a = kit_of(1 + i);
        (void) kit_ask(g, a, kit_body(kit_words(g, "", 40), ""));
    }

    for (i = 0; i < times; i++) {
        strcpy(text, kit_words(g, "", 60));
        who = (unsigned) (dg_test_random(&g->seed) % accounts);

        *a = kit_of(1 + who);
        a->status = 429;
        (void) kit_ask(g, a, kit_body(text, ""));
        g->now_ms += 2000;

        who += 1 + (unsigned) (dg_test_random(&g->seed) % (accounts - 1));

        *a = kit_of(1 + who % accounts);
        (void) kit_ask(g, a, kit_body(text, ""));
        g->now_ms += 60000;
    }

    (void) kit_ask(g, a, kit_body(kit_words(g, "", 40), ""));
}


static void
next_account(kit_guard_t *g, kit_ask_t *a)
{
    fall_back(g, a, 12, 100);
}


static void
second_key(kit_guard_t *g, kit_ask_t *a)
{
    fall_back(g, a, 2, 100);
}


/*
 * A relay asks several accounts for the same, at the same time, to choose
 * among the answers.
 */

static void
same_tasks(kit_guard_t *g, kit_ask_t *a)
{
    unsigned          i, k;
    char              text[KIT_TEXT];
    static kit_ask_t  asks[6];

    for (i = 0; i < half(REPEAT); i++) {
        strcpy(text, kit_words(g, "", 60));

        for (k = 0; k < 6; k++) {
            asks[k] = kit_of(1 + k);
            (void) kit_begin(g, &asks[k], kit_body(text, ""));
        }

        g->now_ms += 30000;

        for (k = 0; k < 6; k++) {
            kit_end(g, &asks[k]);
        }
    }

    *a = asks[5];
    (void) kit_ask(g, a, kit_body(kit_words(g, "", 60), ""));
}


/* many read of the same prompt, try it, and go on with what is theirs */

static void
viral(kit_guard_t *g, kit_ask_t *a)
{
    unsigned  i, k;
    char      text[KIT_TEXT];

    strcpy(text, kit_words(g, "", 60));

    for (i = 0; i < 60; i++) {
        *a = kit_of(1 + i);
        (void) kit_ask(g, a, kit_body(text, ""));

        for (k = 0; k < half(REPEAT); k++) {
            (void) kit_ask(g, a, kit_body(kit_words(g, "", 60), ""));
            g->now_ms += 1000;
        }
    }
}


static void
one_frame(kit_guard_t *g, kit_ask_t *a)
{
    kit_turns(g, a, 1, (unsigned) hard(TEMPLATE) * 11 / 10, 10);
}


/* accounts of long ago are told of a frame, and use it as evenly */

static void
app(kit_guard_t *g, kit_ask_t *a)
{
    unsigned  i, n;

    n = (unsigned) hard(TEMPLATE) * 11 / 10;

    for (i = 0; i < n; i++) {
        *a = kit_of(1 + i);
        (void) kit_ask(g, a, kit_body(kit_words(g, "", 40), ""));
    }

    g->now_ms += 30 * DAY;
    kit_turns(g, a, 1, n, 6);
}


static void
in_turn(kit_guard_t *g, kit_ask_t *a)
{
    kit_turns(g, a, 1, 80, 12);
}


/* as many accounts and requests; most want little, some want much */

static void
as_they_like(kit_guard_t *g, kit_ask_t *a)
{
    unsigned  i, r;

    for (i = 0; i < 80 * 12; i++) {
        r = (unsigned) (dg_test_random(&g->seed) % 1000);

        *a = kit_of(1 + 80 * r / 1000 * r / 1000 * r / 1000);
        (void) kit_ask(g, a, kit_body(kit_words(g, KIT_FRAME, 20), ""));
        g->now_ms += 1000;
    }
}


/*
 * Over 64 periods of five minutes, of which each account works in a third.  In
 * each comes another who works but once: most of a cohort need not say much.
 */

static void
hours(kit_guard_t *g, kit_ask_t *a, unsigned together)
{
    unsigned  slot, i;
    uint64_t  works;

    for (slot = 0; slot < 64; slot++) {
        works = dg_test_random(&g->seed) >> 40;

        for (i = 0; i < 40; i++) {

            if (!together) {
                works = dg_test_random(&g->seed) >> 40;
            }

            if (works % 3 == 0) {
                *a = kit_of(1 + i);
                (void) kit_ask(g, a, kit_body(kit_words(g, KIT_FRAME, 20),
                                              ""));
            }
        }

        *a = kit_of(101 + slot);
        (void) kit_ask(g, a, kit_body(kit_words(g, KIT_FRAME, 20), ""));

        g->now_ms += 5 * MINUTE;
    }
}


static void
same_hours(kit_guard_t *g, kit_ask_t *a)
{
    hours(g, a, 1);
}


static void
own_hours(kit_guard_t *g, kit_ask_t *a)
{
    hours(g, a, 0);
}


static const signal_case_t  tests[] = {

    { DG_SIGNAL_PROVENANCE, 0, pool, "a conversation among ten accounts",
      new_key, "a key replaced by another" },

    { DG_SIGNAL_FAILOVER, 0, next_account, "a pool that tries the next one",
      second_key, "one key behind another" },

    { DG_SIGNAL_REPEAT, 0, same_tasks, "the same tasks for six accounts",
      viral, "a prompt that everybody tries" },

    { DG_SIGNAL_TEMPLATE, 0, one_frame, "fresh accounts behind one frame",
      app, "an app of old accounts" },

    { DG_SIGNAL_BALANCE, 1, in_turn, "accounts that take turns",
      as_they_like, "accounts of people who want more or less" },

    { DG_SIGNAL_SYNCHRONY, 1, same_hours, "accounts that work together",
      own_hours, "accounts that work when they like" }
};


int
main(void)
{
    kit_signals(tests, dg_nelts(tests), 1u << DG_FAMILY_LINKAGE
                | 1u << DG_FAMILY_COHORT);

    return dg_done();
}
