/*
 * Copyright (C) 2026 Distill Guard
 *
 * What happens to an exchange: admitted, reserved, settled.
 */


#include "dg_store.h"


static void dg_exchange_subjects(dg_store_t *st, dg_exchange_t *ex,
    dg_subjects_t s, uint64_t now_ms);
static void dg_exchange_mark(dg_store_t *st, const dg_exchange_t *ex,
    dg_subject_t *s);
static void dg_exchange_enter(dg_store_t *st, dg_exchange_t *ex,
    dg_subject_t *s, uint64_t now_ms);
static void dg_exchange_give_back(dg_store_t *st, dg_exchange_t *ex,
    dg_subject_t *s, uint64_t now_ms);
static dg_cause_t dg_exchange_cause(const dg_exchange_t *ex,
    const dg_decision_t *decision);
static void dg_exchange_refuse(dg_store_t *st, dg_exchange_t *ex,
    const dg_subjects_t s, const dg_decision_t *decision, int enforce,
    uint64_t now_ms);
static uint64_t dg_exchange_output(const dg_exchange_t *ex,
    const dg_subjects_t s, uint64_t max_output, uint64_t now_ms);
static void dg_exchange_charge(dg_store_t *st, dg_exchange_t *ex,
    dg_subject_t *s, const dg_usage_t *usage, unsigned accepted,
    uint64_t now_ms);


const dg_str_t  dg_score_bounds[DG_HISTOGRAM] = {
    dg_string("0"), dg_string("10"), dg_string("20"), dg_string("30"),
    dg_string("40"), dg_string("50"), dg_string("60"), dg_string("70"),
    dg_string("80"), dg_string("90"), dg_string("100"), dg_string("110"),
    dg_string("120"), dg_string("130"), dg_string("140"), dg_string("150"),
    dg_string("+Inf")
};


static const uint64_t  dg_exchange_bounds[DG_HISTOGRAM - 1] = {
    0, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 110, 120, 130, 140, 150
};


void
dg_store_admit(dg_store_t *st, dg_exchange_t *ex, const dg_limit_t *limits,
    size_t nlimits, int enforce, uint64_t now_ms, dg_decision_t *decision)
{
    unsigned       kind;
    dg_subjects_t  s;

    /* tokens are not known yet: refused only if there is none to be had */

    static const uint64_t  asked[DG_METRICS] = { 1, 1, 1, 1 };

    dg_store_begin(st);

    st->now_ms = now_ms;

    memset(ex->born, 0, sizeof(ex->born));
    memset(ex->cell, 0, sizeof(ex->cell));
    ex->admitted_ms = now_ms;
    ex->input = 0;
    ex->output = 0;
    ex->admitted = 0;
    ex->reserved = 0;
    ex->refused = 0;
    ex->dry = !enforce;
    ex->near = 0;
    ex->tight = 0;

    dg_exchange_subjects(st, ex, s, now_ms);
    dg_store_judge(ex, s, limits, nlimits, asked, now_ms, decision);

    if (dg_verdict_refuses(decision->verdict)) {
        dg_exchange_refuse(st, ex, s, decision, enforce, now_ms);
    }

    if (!dg_verdict_refuses(decision->verdict) || !enforce) {

        for (kind = 0; kind < DG_KINDS; kind++) {
            if (s[kind] != NULL) {
                dg_exchange_enter(st, ex, s[kind], now_ms);
            }
        }

        ex->admitted = 1;
    }

    dg_store_end(st);
}


void
dg_store_reserve(dg_store_t *st, dg_exchange_t *ex, const dg_limit_t *limits,
    size_t nlimits, int enforce, uint64_t input, uint64_t max_output,
    uint64_t now_ms, dg_decision_t *decision)
{
    uint64_t       asked[DG_METRICS];
    unsigned       kind;
    dg_held_t      held;
    dg_subjects_t  s;

    memset(decision, 0, sizeof(dg_decision_t));

    if (!ex->admitted || ex->reserved) {
        return;
    }

    dg_store_begin(st);

    st->now_ms = now_ms;

    dg_exchange_subjects(st, ex, s, now_ms);

    memset(&held, 0, sizeof(dg_held_t));
    held.input = dg_min(input, DG_LIMIT_MAX);
    held.output = dg_exchange_output(ex, s, max_output, now_ms);

    asked[DG_METRIC_REQUESTS] = 0;
    asked[DG_METRIC_INPUT] = held.input;
    asked[DG_METRIC_OUTPUT] = held.output;
    asked[DG_METRIC_TOKENS] = held.input + held.output;

    dg_store_judge(ex, s, limits, nlimits, asked, now_ms, decision);

    ex->dry = !enforce;

    if (dg_verdict_refuses(decision->verdict)) {
        dg_exchange_refuse(st, ex, s, decision, enforce, now_ms);

        if (enforce) {

            for (kind = 0; kind < DG_KINDS; kind++) {
                if (s[kind] != NULL) {
                    dg_exchange_give_back(st, ex, s[kind], now_ms);
                }
            }

            ex->admitted = 0;

            dg_store_end(st);
            return;
        }
    }

    for (kind = 0; kind < DG_KINDS; kind++) {

        if (s[kind] != NULL) {
            dg_subject_hold(s[kind], &held, ex->admitted_ms, now_ms);
            s[kind]->tokens = dg_add(s[kind]->tokens,
                                     held.input + held.output);
            dg_exchange_mark(st, ex, s[kind]);
        }
    }

    ex->input = held.input;
    ex->output = held.output;
    ex->reserved = 1;

    dg_store_end(st);
}


void
dg_store_settle(dg_store_t *st, dg_exchange_t *ex, const dg_usage_t *usage,
    unsigned accepted, unsigned keep, uint64_t now_ms)
{
    unsigned       kind, charged, make;
    dg_held_t      held;
    dg_subject_t  *s;

    if (!ex->admitted) {
        return;
    }

    dg_store_begin(st);

    st->now_ms = now_ms;

    charged = (usage->source != DG_SOURCE_NONE);
    make = (charged || keep || accepted);

    /* one by one: making or proving one may evict another */

    for (kind = 0; kind < DG_KINDS; kind++) {

        if (!dg_store_has(ex, kind)) {
            continue;
        }

        /* what was evicted is not made again only to be given back */

        s = make ? dg_store_get(st, ex, kind, now_ms)
                 : dg_store_find(st, kind, &ex->ids[kind]);

        if (s == NULL || (!make && s->born != ex->born[kind])) {
            continue;
        }

        if (s->born != ex->born[kind]) {
            dg_exchange_enter(st, ex, s, now_ms);
        }

        if (!charged && !keep) {
            dg_exchange_give_back(st, ex, s, now_ms);

        } else {
            held.input = ex->input;
            held.output = ex->output;
            held.exchanges = 1;

            dg_subject_release(s, &held, ex->admitted_ms, now_ms);
        }

        dg_exchange_charge(st, ex, s, usage, accepted, now_ms);
    }

    st->stats.exchanges++;

    if (charged) {
        st->stats.tokens[0][usage->source] += usage->input;
        st->stats.tokens[1][usage->source] += usage->output;
    }

    if (!accepted) {
        st->stats.failed++;
    }

    /* one that refuses was counted as it refused */

    if (!ex->refused) {
        st->stats.verdicts[ex->standing][ex->standing && ex->dry]++;
        st->stats.requests[ex->standing][dg_exchange_cause(ex, NULL)]++;
    }

    ex->input = 0;
    ex->output = 0;
    ex->admitted = 0;
    ex->reserved = 0;

    dg_store_end(st);
}


/*
 * Finds or makes all subjects of an exchange.  If it was admitted it is
 * counted in each of them when this returns.
 */

static void
dg_exchange_subjects(dg_store_t *st, dg_exchange_t *ex, dg_subjects_t s,
    uint64_t now_ms)
{
    unsigned  kind;

    for (kind = 0; kind < DG_KINDS; kind++) {
        s[kind] = dg_store_has(ex, kind)
                  ? dg_store_get(st, ex, kind, now_ms) : NULL;
    }

    for (kind = 0; kind < DG_KINDS; kind++) {

        if (s[kind] == NULL) {
            continue;
        }

        /* a later one may have evicted it: its cell is of that kind now */

        if (s[kind]->cell.kind != kind) {
            s[kind] = NULL;
            continue;
        }

        if (ex->admitted && s[kind]->born != ex->born[kind]) {
            dg_exchange_enter(st, ex, s[kind], now_ms);
        }
    }
}


static void
dg_exchange_enter(dg_store_t *st, dg_exchange_t *ex, dg_subject_t *s,
    uint64_t now_ms)
{
    dg_held_t  held;

    held.input = ex->input;
    held.output = ex->output;
    held.exchanges = 1;

    s->requests++;

    dg_windows_add_at(&s->windows, DG_REQUESTS, 1, ex->admitted_ms, now_ms);
    dg_subject_hold(s, &held, ex->admitted_ms, now_ms);
    dg_exchange_mark(st, ex, s);

    ex->born[s->cell.kind] = s->born;
}


/* it has changed, and others know soon, or at once where a limit is tight */

static void
dg_exchange_mark(dg_store_t *st, const dg_exchange_t *ex, dg_subject_t *s)
{
    dg_store_mark(st, s);

    if ((ex->tight & 1u << s->cell.kind)
        && (s->cell.flags & DG_SUBJECT_DIRTY))
    {
        dg_store_flags(st, s, DG_SUBJECT_URGENT, 0);
    }
}


/* the exchange is counted in the subject: takes back all but the count */

static void
dg_exchange_give_back(dg_store_t *st, dg_exchange_t *ex, dg_subject_t *s,
    uint64_t now_ms)
{
    dg_held_t  held;

    held.input = ex->input;
    held.output = ex->output;
    held.exchanges = 1;

    dg_windows_add_at(&s->windows, DG_RETURNED, 1, ex->admitted_ms, now_ms);
    dg_subject_release(s, &held, ex->admitted_ms, now_ms);
    dg_exchange_mark(st, ex, s);
}


void
dg_store_scored(dg_store_t *st, const dg_score_t *score)
{
    unsigned  i;

    dg_histogram_add(&st->stats.scores, dg_exchange_bounds, score->score);

    for (i = 0; i < score->n; i++) {
        st->stats.fired[score->reason[i].signal]++;
    }
}


/* why its verdict is what it is; decision is NULL if it was not refused */

static dg_cause_t
dg_exchange_cause(const dg_exchange_t *ex, const dg_decision_t *decision)
{
    if (decision && decision->limit && decision->limit != ex->throttle) {
        return DG_CAUSE_LIMIT;
    }

    if (decision && decision->verdict == DG_THROTTLE
        && decision->limit == NULL)
    {
        return DG_CAUSE_CONTENT;
    }

    if ((decision && decision->verdict == DG_BLOCK
         && ex->ruling == DG_RULING_BLOCK)
        || (decision == NULL && ex->ruling == DG_RULING_ALLOW))
    {
        return DG_CAUSE_DECISION;
    }

    if (decision == NULL && ex->standing == DG_PASS) {
        return DG_CAUSE_NONE;
    }

    return dg_id_none(&ex->ids[DG_KIND_CAMPAIGN]) ? DG_CAUSE_SIGNALS
                                                  : DG_CAUSE_CAMPAIGN;
}


/* in a dry run an exchange may be refused twice, and counts once */

static void
dg_exchange_refuse(dg_store_t *st, dg_exchange_t *ex, const dg_subjects_t s,
    const dg_decision_t *decision, int enforce, uint64_t now_ms)
{
    unsigned  kind;

    if (ex->refused) {
        return;
    }

    ex->refused = 1;

    for (kind = 0; kind < DG_KINDS; kind++) {

        if (s[kind] != NULL) {
            dg_windows_add(&s[kind]->windows, DG_REFUSED, 1, now_ms);
            dg_exchange_mark(st, ex, s[kind]);
        }
    }

    if (decision->limit) {
        st->stats.refused[decision->kind][decision->limit->metric]++;
    }

    st->stats.verdicts[decision->verdict][enforce ? 0 : 1]++;
    st->stats.requests[decision->verdict][dg_exchange_cause(ex, decision)]++;
}


/* what the answer may be like */

static uint64_t
dg_exchange_output(const dg_exchange_t *ex, const dg_subjects_t s,
    uint64_t max_output, uint64_t now_ms)
{
    uint64_t             output, settled;
    dg_held_t            held;
    const uint64_t      *own;
    const dg_subject_t  *subject;

    subject = s[DG_KIND_ACCOUNT];

    if (subject == NULL && dg_store_has(ex, DG_KIND_KEY)) {
        subject = s[DG_KIND_KEY];
    }

    output = DG_OUTPUT_GUESS;

    if (subject != NULL) {
        dg_subject_held(subject, &held, now_ms);

        own = subject->windows.w[DG_DAY].own[0];
        settled = dg_sub(dg_sub(own[DG_REQUESTS], own[DG_RETURNED]),
                         held.exchanges);

        if (settled >= DG_OUTPUT_ENOUGH) {
            output = own[DG_OUTPUT] / settled;
            output = dg_min(output, DG_LIMIT_MAX / 2) * 2;
        }
    }

    if (max_output != 0) {
        output = dg_min(output, max_output);
    }

    return dg_max(output, 1);
}


static void
dg_exchange_charge(dg_store_t *st, dg_exchange_t *ex, dg_subject_t *s,
    const dg_usage_t *usage, unsigned accepted, uint64_t now_ms)
{
    int  news;

    news = 0;

    if (usage->source != DG_SOURCE_NONE) {
        dg_windows_add(&s->windows, DG_INPUT, usage->input, now_ms);
        dg_windows_add(&s->windows, DG_OUTPUT, usage->output, now_ms);

        s->tokens = dg_add(s->tokens, dg_sub(usage->input + usage->output,
                                             ex->input + ex->output));
    }

    if (accepted) {

        if (s->cell.kind == DG_KIND_KEY
            && dg_store_has(ex, DG_KIND_ORIGIN))
        {
            st->stats.unsent += dg_subject_origin(s,
                                                  &ex->ids[DG_KIND_ORIGIN],
                                                  now_ms);

        } else if (s->cell.kind == DG_KIND_ORIGIN && ex->hosting) {
            news = dg_subject_crowd_add(s, dg_store_account(ex), now_ms);
        }

        s->accepted = (uint32_t) (now_ms / 1000);
        dg_store_prove(st, s);

        if (news) {
            dg_sighting_tell(st, DG_SIGHTING_CROWD, &s->cell);
        }
    }

    dg_exchange_mark(st, ex, s);
}
