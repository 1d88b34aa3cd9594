/*
 * Copyright (C) 2026 Distill Guard
 */


#include "dg_standing.h"
#include "dg_print.h"


static void dg_standing_verdict(dg_sheet_t *s,
    const dg_standing_t *standing);
static void dg_standing_families(dg_sheet_t *s, const dg_score_t *score);
static void dg_standing_signal(dg_sheet_t *s, const dg_standing_t *standing,
    const dg_policy_t *policy, unsigned i);
static unsigned dg_standing_points(const dg_score_t *score, unsigned signal);


void
dg_standing_write(dg_sheet_t *s, const dg_standing_t *standing,
    const dg_policy_t *policy, unsigned all)
{
    unsigned            i;
    const dg_reason_t  *reason;

    dg_standing_verdict(s, standing);
    dg_sheet_u64(s, "score", standing->score.score);
    dg_standing_families(s, &standing->score);

    dg_sheet_open(s, "signals", '[');

    if (all) {
        for (i = 0; i < DG_SIGNALS; i++) {
            dg_standing_signal(s, standing, policy, i);
        }

    } else {
        for (i = 0; i < standing->score.n; i++) {
            reason = &standing->score.reason[i];

            dg_sheet_open(s, NULL, '{');
            dg_sheet_str(s, "signal", &dg_signals[reason->signal].name);
            dg_sheet_double(s, "value", reason->value);
            dg_sheet_u64(s, "points", reason->points);
            dg_sheet_close(s, '}');
        }
    }

    dg_sheet_close(s, ']');
}


static void
dg_standing_verdict(dg_sheet_t *s, const dg_standing_t *standing)
{
    u_char  limit[DG_LIMIT_TEXT];

    dg_sheet_open(s, "standing", '{');
    dg_sheet_str(s, "verdict", &dg_verdicts[standing->verdict]);
    dg_sheet_time(s, "until", standing->until);
    dg_sheet_u64(s, "attention", standing->attention);

    if (standing->pace) {
        dg_sheet_u64(s, "pace", standing->pace);

    } else {
        dg_sheet_null(s, "pace");
    }

    if (standing->limit.n) {
        dg_sheet_text(s, "limit", limit,
                      dg_limit_text(limit, &standing->limit) - limit);
        dg_sheet_u64(s, "used", standing->used);

    } else {
        dg_sheet_null(s, "limit");
        dg_sheet_null(s, "used");
    }

    dg_sheet_close(s, '}');
}


static void
dg_standing_families(dg_sheet_t *s, const dg_score_t *score)
{
    unsigned  i;

    dg_sheet_open(s, "families", '[');

    for (i = 0; i < DG_FAMILIES; i++) {
        dg_sheet_open(s, NULL, '{');
        dg_sheet_str(s, "family", &dg_families[i].name);
        dg_sheet_u64(s, "points", score->families[i]);
        dg_sheet_u64(s, "cap", dg_families[i].cap);
        dg_sheet_close(s, '}');
    }

    dg_sheet_close(s, ']');
}


static void
dg_standing_signal(dg_sheet_t *s, const dg_standing_t *standing,
    const dg_policy_t *policy, unsigned i)
{
    const dg_signal_t       *signal;
    const dg_signal_desc_t  *desc;

    signal = &policy->signals[i];
    desc = &dg_signals[i];

    dg_sheet_open(s, NULL, '{');
    dg_sheet_str(s, "signal", &desc->name);
    dg_sheet_str(s, "family", &dg_families[desc->family].name);

    if (standing->values[i] < 0) {
        dg_sheet_null(s, "value");

    } else {
        dg_sheet_double(s, "value", standing->values[i]);
    }

    dg_sheet_double(s, "soft", signal->soft);
    dg_sheet_double(s, "hard", signal->hard);
    dg_sheet_u64(s, "points", dg_standing_points(&standing->score, i));
    dg_sheet_u64(s, "most", signal->points);
    dg_sheet_words(s, "unit", desc->unit);
    dg_sheet_u64(s, "window", desc->window);
    dg_sheet_words(s, "help", desc->help);
    dg_sheet_close(s, '}');
}


static unsigned
dg_standing_points(const dg_score_t *score, unsigned signal)
{
    unsigned  i;

    for (i = 0; i < score->n; i++) {
        if (score->reason[i].signal == signal) {
            return score->reason[i].points;
        }
    }

    return 0;
}


void
dg_standing_ruling(dg_sheet_t *s, const char *name, const dg_ruled_t *ruled)
{
    const dg_ruling_t  *r;

    if (ruled == NULL) {
        dg_sheet_null(s, name);
        return;
    }

    r = &ruled->ruling;

    dg_sheet_open(s, name, '{');
    dg_sheet_subject(s, "subject", ruled->cell.kind, &ruled->cell.id);
    dg_sheet_str(s, "decision", &dg_rulings[r->id]);
    dg_sheet_double(s, "time", (double) r->time / 1000);
    dg_sheet_time(s, "until", r->expires);
    dg_sheet_text(s, "author", r->author, r->author_len);
    dg_sheet_text(s, "reason", r->reason, r->reason_len);
    dg_sheet_close(s, '}');
}


void
dg_standing_totals(dg_sheet_t *s, const char *name,
    const uint64_t totals[DG_COUNTERS])
{
    unsigned  i;

    dg_sheet_open(s, name, '{');

    for (i = 0; i < DG_COUNTERS; i++) {
        dg_sheet_u64(s, (const char *) dg_counters[i].name.data, totals[i]);
    }

    dg_sheet_close(s, '}');
}
