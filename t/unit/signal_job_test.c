/*
 * Copyright (C) 2026 Distill Guard
 *
 * Signals of what an account does all day.
 */


#include "signal_kit.h"


static void
slots(kit_guard_t *g, kit_ask_t *a)
{
    job(g, a, KIT_FRAME, half(SLOT_JOB), 900, "");
}


static void
labels(kit_guard_t *g, kit_ask_t *a)
{
    job(g, a, KIT_FRAME, half(SLOT_JOB), 20, "");
}


static void
all_different(kit_guard_t *g, kit_ask_t *a)
{
    job(g, a, "", half(ENUMERATION), 900, "");
}


static void
many_answers(kit_guard_t *g, kit_ask_t *a)
{
    job(g, a, "", 200, 4800, ",\"n\":8");
}


static void
asks_again(kit_guard_t *g, kit_ask_t *a)
{
    unsigned  i;
    char      text[KIT_TEXT];

    for (i = 0; i < 100; i++) {
        strcpy(text, kit_words(g, "", 30));

        *a = kit_of(1);
        a->output = 600;
        (void) kit_ask(g, a, kit_body(text, ",\"temperature\":1"));
        (void) kit_ask(g, a, kit_body(text, ",\"temperature\":1"));
        (void) kit_ask(g, a, kit_body(text, ",\"temperature\":1"));
        g->now_ms += 10000;
    }
}


/* what ran into an outage is sent again, and an evaluation does so at 0 */

static void
retries(kit_guard_t *g, kit_ask_t *a)
{
    unsigned  i, k;
    char      text[KIT_TEXT];

    for (i = 0; i < 100; i++) {
        strcpy(text, kit_words(g, "", 30));

        for (k = 0; k < 3; k++) {
            *a = kit_of(1);
            a->output = 600;
            a->status = (k < 2) ? 503 : 200;
            (void) kit_ask(g, a, kit_body(text, ",\"temperature\":1"));
        }

        strcpy(text, kit_words(g, "", 30));

        (void) kit_ask(g, a, kit_body(text, ",\"temperature\":0"));
        (void) kit_ask(g, a, kit_body(text, ",\"temperature\":0"));
        g->now_ms += 10000;
    }
}


/* so many requests in each minute of hours, under a limit of twelve */

static void
minutes(kit_guard_t *g, kit_ask_t *a, unsigned each)
{
    unsigned    i;
    dg_limit_t  limit;

    memset(&limit, 0, sizeof(dg_limit_t));

    limit.kind = DG_KIND_KEY;
    limit.metric = DG_METRIC_REQUESTS;
    limit.period = DG_MINUTE;
    limit.n = 12;

    g->rules.limits = &limit;
    g->rules.nlimits = 1;

    for (i = 0; i < half(LIMIT_HUGGING) * each; i++) {
        *a = kit_of(1);
        (void) kit_ask(g, a, kit_body(kit_words(g, "", 10), ""));
        g->now_ms += 60000 / each;
    }

    g->rules.nlimits = 0;
    g->rules.limits = NULL;
}


static void
fills_limit(kit_guard_t *g, kit_ask_t *a)
{
    minutes(g, a, 12);
}


static void
below_limit(kit_guard_t *g, kit_ask_t *a)
{
    minutes(g, a, 6);
}


/* a day of short talks with one model, then so many other requests of 100 */

static void
days(kit_guard_t *g, kit_ask_t *a, unsigned other)
{
    unsigned  i;

    for (i = 0; i < 300; i++) {
        *a = kit_of(1);
        (void) kit_ask(g, a, "{\"model\":\"small\",\"messages\":[{\"role\":"
                       "\"user\",\"content\":\"hello\"}]}");
        g->now_ms += 10000;
    }

    g->now_ms = START + DAY;

    for (i = 0; i < 100; i++) {
        (void) kit_ask(g, a, i < other ? kit_body(kit_words(g, "", 60), "")
                       : "{\"model\":\"small\",\"messages\":[{\"role\":"
                         "\"user\",\"content\":\"hello\"}]}");
        g->now_ms += 10000;
    }

    (void) kit_ask(g, a, kit_body("hello", ""));
}


static void
becomes_another(kit_guard_t *g, kit_ask_t *a)
{
    days(g, a, 100);
}


static void
new_feature(kit_guard_t *g, kit_ask_t *a)
{
    days(g, a, 30);
}


static const signal_case_t  tests[] = {

    { DG_SIGNAL_SLOT_JOB, 0, slots, "a frame filled again and again",
      labels, "labels for as many" },

    { DG_SIGNAL_ENUMERATION, 0, all_different, "a list, item by item",
      talks, "somebody who asks back" },

    { DG_SIGNAL_SAMPLING, 0, many_answers, "eight answers for each",
      retries, "retries" },

    { DG_SIGNAL_SAMPLING, 0, asks_again, "each asked three times",
      retries, "retries" },

    { DG_SIGNAL_LIMIT_HUGGING, 0, fills_limit, "a limit filled for hours",
      below_limit, "half of it for as long" },

    { DG_SIGNAL_SHIFT, 0, becomes_another, "an account that is another now",
      new_feature, "a new feature" }
};


/* what a node sees of an account is a sample of what it does on all of them */

static void
test_fleet(void)
{
    double         here, all;
    kit_ask_t      a;
    dg_sight_t     sight;
    kit_guard_t    g;
    dg_window_t   *w;
    dg_subject_t  *s;

    kit_guard(&g, 4 << 20);
    job(&g, &a, KIT_FRAME, (unsigned) soft(SLOT_JOB), 1000, "");

    dg_guard_sight(g.st, &a.ex, g.now_ms, &sight);
    here = dg_signals[DG_SIGNAL_SLOT_JOB].value(&sight);

    s = dg_store_find(g.st, DG_KIND_KEY, &a.ex.ids[DG_KIND_KEY]);
    w = &s->windows.w[DG_DAY];
    w->others[0][DG_REQUESTS] = 3 * w->own[0][DG_REQUESTS];

    dg_guard_sight(g.st, &a.ex, g.now_ms, &sight);
    all = dg_signals[DG_SIGNAL_SLOT_JOB].value(&sight);

    dg_ok(here > 0 && here <= soft(SLOT_JOB) && all >= hard(SLOT_JOB),
          "a job over four nodes is that of one: %.0f by a quarter of it, "
          "%.0f by all", here, all);

    kit_free(&g);
}


int
main(void)
{
    test_fleet();
    kit_signals(tests, dg_nelts(tests), 1u << DG_FAMILY_JOB);

    return dg_done();
}
