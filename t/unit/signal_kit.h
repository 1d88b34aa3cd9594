/*
 * Copyright (C) 2026 Distill Guard
 *
 * Each signal on the campaign that it is for, and on honest traffic that
 * looks alike.  Where a signal is off its campaign is not told any more, so
 * each of these is about that signal alone.
 */


#ifndef _SIGNAL_KIT_H_INCLUDED_
#define _SIGNAL_KIT_H_INCLUDED_


#include "guard_kit.h"


/* thresholds are tuned: traffic follows them, not the other way round */

#define soft(name)  (dg_signals[DG_SIGNAL_##name].soft)
#define hard(name)  (dg_signals[DG_SIGNAL_##name].hard)
#define half(name)  ((unsigned) ((soft(name) + hard(name)) / 2))


/*
 * The score that counts is the one found for the last exchange, or else that
 * of the cohort alone, which need not have a name.
 */

typedef void (*traffic_t)(kit_guard_t *g, kit_ask_t *a);

typedef struct {
    dg_signal_id_t  signal;
    unsigned        cohort;
    traffic_t       campaign;
    const char     *what;
    traffic_t       twin;
    const char     *like;
} signal_case_t;


/* one account, n requests, all with a frame or none */

static inline void
job(kit_guard_t *g, kit_ask_t *a, const char *frame, unsigned n,
    unsigned output, const char *members)
{
    unsigned  i;

    for (i = 0; i < n; i++) {
        *a = kit_of(1);
        a->output = output;
        (void) kit_ask(g, a, kit_body(kit_words(g, frame, 30), members));
        g->now_ms += 10000;
    }
}


/* a list of somebody who listens to the answers */

static inline void
talks(kit_guard_t *g, kit_ask_t *a)
{
    unsigned  i;

    for (i = 0; i < half(ENUMERATION); i++) {
        *a = kit_of(1);
        a->output = 900;
        a->issues = 1 + i;
        (void) kit_ask(g, a, i % 3 ? kit_turn(kit_words(g, "", 30), i)
                                   : kit_body(kit_words(g, "", 30), ""));
        g->now_ms += 10000;
    }
}


static inline dg_score_t
scored(dg_signal_id_t off, unsigned cohort, traffic_t traffic)
{
    kit_ask_t    a;
    kit_guard_t  g;
    dg_score_t   score;

    kit_guard(&g, 4 << 20);

    if (off < DG_SIGNALS) {
        g.policy.signals[off].points = 0;
    }

    traffic(&g, &a);

    if (cohort) {
        kit_cohort_score(&g, &score);

    } else {
        score = a.finding.score;
    }

    kit_free(&g);

    return score;
}


/* each of its cases, and none is left out of these families */

static inline void
kit_signals(const signal_case_t *tests, size_t n, unsigned families)
{
    unsigned        i, found, seen[DG_SIGNALS];
    dg_score_t      score, less;
    dg_signal_id_t  signal;

    memset(seen, 0, sizeof(seen));

    for (i = 0; i < n; i++) {
        signal = tests[i].signal;
        seen[signal] = 1;

        score = scored(DG_SIGNALS, tests[i].cohort, tests[i].campaign);
        found = kit_reason(&score, signal);

        dg_ok(found > 0, "%s: %s (%u)", dg_signals[signal].name.data,
              tests[i].what, found);

        less = scored(signal, tests[i].cohort, tests[i].campaign);

        dg_ok(less.score < score.score, "... which is %u points, and %u "
              "without it", score.score, less.score);

        score = scored(DG_SIGNALS, tests[i].cohort, tests[i].twin);
        found = kit_reason(&score, signal);

        dg_ok(found == 0, "... not %s (%u)", tests[i].like, found);
    }

    for (i = 0; i < DG_SIGNALS; i++) {
        if (families & 1u << dg_signals[i].family) {
            dg_ok(seen[i], "%s is tested", dg_signals[i].name.data);
        }
    }
}


#endif /* _SIGNAL_KIT_H_INCLUDED_ */
