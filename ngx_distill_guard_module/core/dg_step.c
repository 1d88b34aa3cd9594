/*
 * Copyright (C) 2026 Distill Guard
 */


#include "dg_step.h"
#include "dg_event.h"
#include "dg_print.h"
#include "dg_refusal.h"


/* memory as the code says at this point, should the process die after it */

#define dg_step_barrier()  __asm__ volatile ("" ::: "memory")


static int dg_step_due(unsigned from, unsigned to, unsigned down,
    uint32_t then, uint32_t now);
static unsigned dg_step_rung(const dg_policy_t *policy,
    const dg_campaign_t *c, uint32_t now);
static dg_step_t *dg_step_put(dg_store_t *st, unsigned kind,
    const dg_id_t *id, unsigned from, unsigned to, uint32_t now);
static void dg_step_score(dg_step_t *step, const dg_score_t *score);
static void dg_step_end(dg_store_t *st);
static dg_step_t *dg_steps_at(const dg_steps_t *steps, uint64_t n);


int
dg_steps_init(void *mem, size_t size)
{
    dg_steps_t  *steps;

    if (size < sizeof(dg_steps_t) + sizeof(dg_step_t)) {
        return DG_ERROR;
    }

    steps = mem;
    memset(steps, 0, sizeof(dg_steps_t));

    size = (size - sizeof(dg_steps_t)) / sizeof(dg_step_t);
    steps->size = (uint32_t) dg_min(size, DG_ARENA_MAX);

    return DG_OK;
}


int
dg_steps_check(const dg_steps_t *steps)
{
    return (steps->size == 0 || steps->first > steps->last
            || steps->last - steps->first > steps->size)
           ? DG_ERROR : DG_OK;
}


unsigned
dg_steps_read(const dg_steps_t *steps, uint64_t from, dg_step_t *step,
    unsigned n, uint64_t *at)
{
    unsigned  i;

    from = dg_max(from, dg_sub(steps->last, steps->size));
    *at = from;

    for (i = 0; i < n && from + i < steps->last; i++) {
        step[i] = *dg_steps_at(steps, from + i);
    }

    return i;
}


/* the ring may have begun anew, or gone on, since that was read */

void
dg_steps_told(dg_steps_t *steps, uint64_t number)
{
    if (number > steps->first && number <= steps->last) {
        steps->first = number;
    }
}


void
dg_step_account(dg_store_t *st, const dg_exchange_t *ex,
    const dg_rules_t *rules, dg_profile_t *p, const dg_campaign_t *c,
    const dg_score_t *score, unsigned down, uint32_t now)
{
    unsigned    kind, from, to;
    dg_step_t  *step;

    from = p->rung;
    to = ex->throttle ? dg_max(ex->standing, DG_THROTTLE) : ex->standing;

    if (!dg_step_due(from, to, down, p->stepped, now)) {

        if (to == from) {
            p->stepped = now;
        }

        return;
    }

    p->rung = (uint8_t) to;
    p->stepped = now;

    kind = dg_id_none(&ex->ids[DG_KIND_ACCOUNT]) ? DG_KIND_KEY
                                                 : DG_KIND_ACCOUNT;

    step = dg_step_put(st, kind, &p->cell.id, from, to, now);

    step->dry_run = !rules->enforce;
    dg_step_score(step, score);

    if (c) {
        step->campaign = c->cell.id;
        step->until = (to == DG_BLOCK) ? c->blocked : 0;
    }

    dg_step_end(st);
}


void
dg_step_campaign(dg_store_t *st, const dg_policy_t *policy, dg_campaign_t *c,
    const dg_score_t *score, unsigned anew, unsigned dry_run, uint32_t now)
{
    unsigned    from, to;
    dg_step_t  *step;

    from = c->rung;
    to = dg_step_rung(policy, c, now);

    if (!anew && !dg_step_due(from, to, 1, c->stepped, now)) {
        return;
    }

    c->rung = to;
    c->stepped = now;

    step = dg_step_put(st, DG_KIND_CAMPAIGN, &c->cell.id, from, to, now);

    step->dry_run = (dry_run != 0);
    step->until = (to == DG_BLOCK) ? c->blocked : 0;
    dg_step_score(step, score);
    step->score = (uint16_t) dg_campaign_score(c, now);

    dg_step_end(st);

    /* so that others need not tell it, too */

    dg_sighting_tell(st, DG_SIGHTING_CAMPAIGN, &c->cell);
}


static int
dg_step_due(unsigned from, unsigned to, unsigned down, uint32_t then,
    uint32_t now)
{
    return to > from
           || (down && to < from && dg_sub(now, then) >= DG_STEP_REST);
}


static unsigned
dg_step_rung(const dg_policy_t *policy, const dg_campaign_t *c, uint32_t now)
{
    unsigned            i, score, rung;
    const dg_action_t  *a;

    static const struct {
        dg_action_id_t   action;
        dg_verdict_id_t  verdict;
    } rungs[] = {
        { DG_ACTION_TAG, DG_TAG },
        { DG_ACTION_PACE, DG_PACE },
        { DG_ACTION_THROTTLE, DG_THROTTLE }
    };

    if (c->blocked > now && policy->actions[DG_ACTION_BLOCK].score) {
        return DG_BLOCK;
    }

    score = dg_campaign_score(c, now);
    rung = DG_PASS;

    for (i = 0; i < dg_nelts(rungs); i++) {
        a = &policy->actions[rungs[i].action];

        if (a->score && score >= a->score) {
            rung = rungs[i].verdict;
        }
    }

    return rung;
}


/* the next in the ring, which is there with dg_step_end() */

static dg_step_t *
dg_step_put(dg_store_t *st, unsigned kind, const dg_id_t *id, unsigned from,
    unsigned to, uint32_t now)
{
    dg_step_t   *step;
    dg_steps_t  *steps;

    steps = dg_store_steps(st);

    if (!steps->open) {
        steps->first = steps->last;

    } else if (steps->last - steps->first >= steps->size) {
        steps->first = steps->last - steps->size + 1;
        st->stats.steps_lost++;
    }

    st->stats.steps[kind == DG_KIND_CAMPAIGN][to]++;

    step = dg_steps_at(steps, steps->last);
    memset(step, 0, sizeof(dg_step_t));

    step->id = *id;
    step->kind = (uint8_t) kind;
    step->from = (uint8_t) from;
    step->to = (uint8_t) to;
    step->time = now;

    return step;
}


static void
dg_step_score(dg_step_t *step, const dg_score_t *score)
{
    unsigned            i;
    dg_step_reason_t   *to;
    const dg_reason_t  *reason;

    step->score = (uint16_t) score->score;
    step->n = (uint8_t) score->n;

    for (i = 0; i < score->n; i++) {
        reason = &score->reason[i];
        to = &step->reason[i];

        to->signal = (uint8_t) reason->signal;
        to->points = (uint8_t) reason->points;
        to->value = (float) reason->value;
        to->soft = (float) reason->soft;
        to->hard = (float) reason->hard;
    }
}


static void
dg_step_end(dg_store_t *st)
{
    dg_step_barrier();
    dg_store_steps(st)->last++;
}


static dg_step_t *
dg_steps_at(const dg_steps_t *steps, uint64_t n)
{
    return (dg_step_t *) (steps + 1) + n % steps->size;
}


u_char *
dg_step_text(u_char *p, const dg_step_t *step)
{
    unsigned                 i;
    const dg_signal_desc_t  *signal;
    const dg_step_reason_t  *reason;

    p = dg_print_u64(p, step->score);

    for (i = 0; i < step->n; i++) {
        reason = &step->reason[i];
        signal = &dg_signals[reason->signal];

        p = dg_print(p, i ? ", " : " (");
        p = dg_print_str(p, &signal->name);
        *p++ = ' ';
        p = dg_print_u64(p, reason->points);
        p = dg_print(p, " for ");
        p = dg_print_double(p, reason->value);
        *p++ = ' ';
        p = dg_print(p, signal->unit);
    }

    if (step->n) {
        *p++ = ')';
    }

    if (!dg_id_none(&step->campaign)) {
        p = dg_print(p, ", of ");
        p = dg_ruling_subject_text(p, DG_KIND_CAMPAIGN, &step->campaign);
    }

    if (step->until) {
        p = dg_print(p, ", until ");
        p = dg_refusal_date(p, step->until);
    }

    return p;
}


u_char *
dg_step_reasons(u_char *p, const dg_step_t *step)
{
    unsigned                 i;
    dg_event_t               ev;
    dg_score_t               score;
    dg_reason_t             *reason;
    const dg_step_reason_t  *of;

    memset(&ev, 0, sizeof(dg_event_t));
    memset(&score, 0, sizeof(dg_score_t));

    for (i = 0; i < step->n; i++) {
        of = &step->reason[i];
        reason = &score.reason[i];

        reason->signal = (dg_signal_id_t) of->signal;
        reason->points = of->points;
        reason->value = of->value;
        reason->soft = of->soft;
        reason->hard = of->hard;
    }

    score.n = step->n;
    ev.score = &score;

    return dg_event_reasons(p, &ev);
}
