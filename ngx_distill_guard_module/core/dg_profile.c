/*
 * Copyright (C) 2026 Distill Guard
 */


#include "dg_profile.h"
#include "dg_bits.h"
#include "dg_marks.h"
#include "dg_window.h"


#define DG_PROFILE_DAY     86400
#define DG_PROFILE_HOUR    3600

/* uses of a mark, above those of others, that make it a frame */
#define DG_PROFILE_FRAME   8

/* long contents are told apart from what many say by recall; so many
   accounts make one shared */
#define DG_PROFILE_SHARED  3

/* stop sequences that are several */
#define DG_PROFILE_STOPS   2

/* requests of a day before its habits say anything */
#define DG_PROFILE_HABIT   50

#define dg_profile_bit(account)  ((account)->v[1] & 63)


static uint64_t dg_profile_mix(uint64_t n);
static void dg_profile_content(dg_profile_t *p, const dg_act_t *act);
static int dg_profile_recent(dg_profile_t *p, const dg_id_t *content);
static int dg_profile_framed(dg_profile_t *p, const dg_few_marks_t *marks);
static unsigned dg_profile_frame(dg_profile_t *p, uint32_t mark);
static unsigned dg_profile_habit(const dg_request_facts_t *rq);
static void dg_profile_active(dg_profile_t *p, uint32_t now);
static void dg_profile_slot(dg_profile_t *p, uint32_t slot);
static uint64_t dg_profile_hour(const uint64_t bits[2], uint32_t hour,
    uint32_t now);


void
dg_profile_turn(dg_profile_t *p, uint32_t now)
{
    uint32_t  day, hour;
    unsigned  i;

    day = now / DG_PROFILE_DAY;
    hour = now / DG_PROFILE_HOUR;

    if (hour > p->hour) {
        p->networks[1] = (hour == p->hour + 1) ? p->networks[0] : 0;
        p->hosts[1] = (hour == p->hour + 1) ? p->hosts[0] : 0;
        p->networks[0] = 0;
        p->hosts[0] = 0;
        p->hour = hour;
    }

    if (day <= p->day) {
        return;
    }

    for (i = 0; i < DG_TIES; i++) {
        p->ties[i][1] = (day == p->day + 1) ? p->ties[i][0] : 0;
        p->ties[i][0] = 0;
    }

    for (i = 0; i < DG_PROFILE_HABITS; i++) {
        p->habits[1][i] = (uint16_t) (p->habits[1][i] / 2
                                      + p->habits[0][i] / 2);
        p->habits[0][i] = 0;
    }

    if (day == p->day + 1) {
        p->tally[1] = p->tally[0];

    } else {
        memset(&p->tally[1], 0, sizeof(dg_tally_t));
    }

    memset(&p->tally[0], 0, sizeof(dg_tally_t));

    p->day = day;
}


void
dg_profile_count(dg_profile_t *p, const dg_act_t *act, uint32_t now)
{
    uint16_t                  *habit;
    dg_tally_t                *t;
    const dg_request_facts_t  *rq;

    t = &p->tally[0];
    rq = act->rq;

    t->requests++;
    t->output = dg_add(t->output, act->usage->output / dg_max(rq->n, 1));
    t->relayed += (act->relay || rq->invisible);
    t->traces += rq->traces;
    t->tooled += (rq->logit_bias && rq->stops >= DG_PROFILE_STOPS);
    t->bias = dg_max(t->bias, rq->logit_bias);

    if (rq->logprobs) {
        t->cells = dg_add(t->cells, act->usage->output
                                    * dg_max(rq->top_logprobs, 1));
    }

    t->cells = dg_add(t->cells, act->usage->input * rq->prompt_logprobs);

    if (act->near && p->minute != now / 60) {
        p->minute = now / 60;
        t->hugged++;
    }

    dg_profile_content(p, act);

    habit = &p->habits[0][dg_profile_habit(rq)];
    *habit = (uint16_t) dg_min(*habit + 1, UINT16_MAX);

    p->networks[0] |= (uint64_t) 1 << (dg_profile_mix(act->origin->v[0]
                                                      ^ act->origin->v[1])
                                       >> 58);

    if (act->asn) {
        p->hosts[0] |= (uint32_t) 1 << (dg_profile_mix(act->asn) >> 59);
    }

    dg_profile_active(p, now);

    p->last_seen = now;
}


/*
 * Neighbors among numbers are no neighbors any more, nor kept apart: the end
 * of MurmurHash3 by Austin Appleby.
 */

static uint64_t
dg_profile_mix(uint64_t n)
{
    n ^= n >> 33;
    n *= 0xff51afd7ed558ccdull;
    n ^= n >> 33;
    n *= 0xc4ceb9fe1a85ec53ull;

    return n ^ n >> 33;
}


void
dg_profile_hear(dg_profile_t *p, const dg_profile_t *heard)
{
    unsigned  i, k;
    uint32_t  behind;

    p->first_seen = dg_min(p->first_seen, heard->first_seen);

    /* who is ahead has turned: so has everybody by then */

    dg_profile_turn(p, dg_max(heard->day * DG_PROFILE_DAY,
                              heard->hour * DG_PROFILE_HOUR));

    behind = p->hour - heard->hour;

    for (k = 0; k < 2 && behind + k < 2; k++) {
        p->networks[behind + k] |= heard->networks[k];
        p->hosts[behind + k] |= heard->hosts[k];
    }

    behind = p->day - heard->day;

    for (i = 0; i < DG_TIES; i++) {
        for (k = 0; k < 2 && behind + k < 2; k++) {
            p->ties[i][behind + k] |= heard->ties[i][k];
        }
    }

    dg_profile_slot(p, heard->slot);

    behind = p->slot - heard->slot;

    if (behind < 64) {
        p->activity |= heard->activity << behind;
    }
}


int
dg_profile_probe(const dg_request_facts_t *rq)
{
    unsigned  i, turns;

    turns = rq->inputs + rq->token_ids;

    for (i = 0; i < DG_ROLES; i++) {
        turns += rq->turns[i];
    }

    return rq->present && !rq->malformed && !rq->encoded && turns == 0;
}


static void
dg_profile_content(dg_profile_t *p, const dg_act_t *act)
{
    dg_tally_t                *t;
    const dg_request_facts_t  *rq;

    t = &p->tally[0];
    rq = act->rq;

    if (rq->turns[DG_ROLE_ASSISTANT] || rq->turns[DG_ROLE_TOOL]) {
        return;
    }

    t->openings++;

    if (rq->n > 1) {
        t->samples++;
    }

    if (dg_id_none(&rq->content)) {
        return;
    }

    if (dg_profile_recent(p, &rq->content)) {
        t->repeats++;

        /* where no temperature is asked for it is not 0 */

        if (rq->n <= 1 && rq->temperature != 0) {
            t->samples++;
        }

    } else if (act->accounts >= DG_PROFILE_SHARED) {
        t->shared++;
    }

    if (dg_profile_framed(p, &rq->marks)) {
        t->framed++;
    }
}


/* was it among the last contents?  It is from now on */

static int
dg_profile_recent(dg_profile_t *p, const dg_id_t *content)
{
    uint32_t  key;
    unsigned  i;

    key = (uint32_t) content->v[0] | 1;

    for (i = 0; i < DG_PROFILE_CONTENTS; i++) {
        if (p->contents[i] == key) {
            return 1;
        }
    }

    p->contents[p->content++ % DG_PROFILE_CONTENTS] = key;

    return 0;
}


/*
 * An account that works through a list begins or ends its requests alike,
 * in one way or in some: frequent items of a stream, found as in Misra and
 * Gries, "Finding repeated elements", 1982.
 */

static int
dg_profile_framed(dg_profile_t *p, const dg_few_marks_t *marks)
{
    unsigned  i, most;

    most = 0;

    for (i = 0; i < marks->n; i++) {

        if (marks->kind[i] == DG_MARK_HEAD_24
            || marks->kind[i] == DG_MARK_TAIL_24)
        {
            most = dg_max(most, dg_profile_frame(p, (uint32_t)
                                                    marks->value[i] | 1));
        }
    }

    return most >= DG_PROFILE_FRAME;
}


/* counts a mark; its uses above those of others */

static unsigned
dg_profile_frame(dg_profile_t *p, uint32_t mark)
{
    unsigned  i, none;

    none = DG_PROFILE_FRAMES;

    for (i = 0; i < DG_PROFILE_FRAMES; i++) {

        if (p->frames[i] == 0) {
            none = i;

        } else if (p->frame[i] == mark) {
            p->frames[i] = (uint16_t) dg_min(p->frames[i] + 1, UINT16_MAX);
            return p->frames[i];
        }
    }

    if (none < DG_PROFILE_FRAMES) {
        p->frame[none] = mark;
        p->frames[none] = 1;
        return 1;
    }

    for (i = 0; i < DG_PROFILE_FRAMES; i++) {
        p->frames[i]--;
    }

    return 0;
}


/* which model, with tools or not, how long */

static unsigned
dg_profile_habit(const dg_request_facts_t *rq)
{
    unsigned  i;
    uint32_t  h;

    h = 2166136261u;

    for (i = 0; i < rq->model_len; i++) {
        h = (h ^ rq->model[i]) * 16777619u;
    }

    h = (h ^ (rq->tools != 0)) * 16777619u;
    h = (h ^ (rq->content_len >= DG_RECALL_CONTENT)) * 16777619u;

    return (h ^ h >> 16) % DG_PROFILE_HABITS;
}


static void
dg_profile_active(dg_profile_t *p, uint32_t now)
{
    uint32_t  slot;

    slot = now / DG_PROFILE_SLOT;

    dg_profile_slot(p, slot);

    if (p->slot - slot < 64) {
        p->activity |= (uint64_t) 1 << (p->slot - slot);
    }
}


unsigned
dg_profile_activity(const dg_profile_t *p, uint32_t now)
{
    unsigned  n;
    uint32_t  slot;
    uint64_t  bits;

    slot = now / DG_PROFILE_SLOT;

    if (slot > p->slot && slot - p->slot >= 64) {
        return 0;
    }

    bits = (slot > p->slot) ? p->activity << (slot - p->slot) : p->activity;
    n = dg_bits_set(&bits, 1);

    return (n < DG_PROFILE_FEWEST || n > DG_PROFILE_MOST) ? 0 : n;
}


static void
dg_profile_slot(dg_profile_t *p, uint32_t slot)
{
    if (slot > p->slot) {
        p->activity = (slot - p->slot < 64) ? p->activity << (slot - p->slot)
                                            : 0;
        p->slot = slot;
    }
}


void
dg_profile_day(const dg_profile_t *p, dg_tally_t *sum, uint32_t now)
{
    double             left;
    uint32_t           day;
    const dg_tally_t  *t, *before;

    static const dg_tally_t  none;

    day = now / DG_PROFILE_DAY;
    t = (day == p->day) ? &p->tally[0] : &none;
    before = (day == p->day) ? &p->tally[1]
             : (day == p->day + 1) ? &p->tally[0] : &none;

    if (day < p->day) {
        t = &p->tally[0];
        before = &p->tally[1];
    }

    memset(sum, 0, sizeof(dg_tally_t));

    left = 1 - (double) (now % DG_PROFILE_DAY) / DG_PROFILE_DAY;

#define dg_profile_sum(type, what)                                            \
    sum->what = t->what + (type) ((double) before->what * left)

    dg_profile_sum(uint32_t, requests);
    dg_profile_sum(uint32_t, openings);
    dg_profile_sum(uint32_t, framed);
    dg_profile_sum(uint32_t, repeats);
    dg_profile_sum(uint32_t, samples);
    dg_profile_sum(uint32_t, shared);
    dg_profile_sum(uint32_t, cohort);
    dg_profile_sum(uint32_t, attempts);
    dg_profile_sum(uint32_t, traces);
    dg_profile_sum(uint32_t, hugged);
    dg_profile_sum(uint32_t, tooled);
    dg_profile_sum(uint32_t, relayed);
    dg_profile_sum(uint64_t, output);
    dg_profile_sum(uint64_t, cells);

#undef dg_profile_sum

    /* a part of few is none */

    sum->bias = dg_max(t->bias, before->bias);
    sum->probes = t->probes + before->probes;
}


unsigned
dg_profile_partners(const dg_profile_t *p, dg_tie_t tie)
{
    uint64_t  bits;

    bits = p->ties[tie][0] | p->ties[tie][1];

    return dg_bits_estimate(dg_bits_set(&bits, 1), 64);
}


unsigned
dg_profile_ties(const dg_profile_t *p)
{
    unsigned  i;
    uint64_t  bits;

    bits = 0;

    for (i = 0; i < DG_TIES; i++) {
        bits |= p->ties[i][0] | p->ties[i][1];
    }

    return dg_bits_estimate(dg_bits_set(&bits, 1), 64);
}


void
dg_profile_tie(dg_profile_t *p, dg_tie_t tie, const dg_id_t *partner)
{
    p->ties[tie][0] |= (uint64_t) 1 << dg_profile_bit(partner);
}


uint64_t
dg_profile_partner_bits(const dg_profile_t *p, dg_tie_t tie)
{
    uint64_t  bits;

    bits = p->ties[tie][0] | p->ties[tie][1];

    return dg_bits_set(&bits, 1) <= DG_PROFILE_TOLD ? bits : 0;
}


int
dg_profile_partner(uint64_t bits, const dg_id_t *account)
{
    return (int) (bits >> dg_profile_bit(account) & 1);
}


double
dg_profile_shift(const dg_profile_t *p)
{
    double    part, distance;
    unsigned  i, today, past;

    today = 0;
    past = 0;

    for (i = 0; i < DG_PROFILE_HABITS; i++) {
        today += p->habits[0][i];
        past += p->habits[1][i];
    }

    if (today < DG_PROFILE_HABIT || past < DG_PROFILE_HABIT) {
        return 0;
    }

    distance = 0;

    for (i = 0; i < DG_PROFILE_HABITS; i++) {
        part = (double) p->habits[0][i] / today
               - (double) p->habits[1][i] / past;

        if (part > 0) {
            distance += part;
        }
    }

    return distance;
}


unsigned
dg_profile_networks(const dg_profile_t *p, uint32_t now)
{
    uint64_t  bits;

    bits = dg_profile_hour(p->networks, p->hour, now);

    return dg_bits_estimate(dg_bits_set(&bits, 1), 64);
}


unsigned
dg_profile_hosts(const dg_profile_t *p, uint32_t now)
{
    uint64_t  hosts[2], bits;

    hosts[0] = p->hosts[0];
    hosts[1] = p->hosts[1];

    bits = dg_profile_hour(hosts, p->hour, now);

    return dg_bits_estimate(dg_bits_set(&bits, 1), 32);
}


/* this hour's, and the last one's while it is not over long */

static uint64_t
dg_profile_hour(const uint64_t bits[2], uint32_t hour, uint32_t now)
{
    uint32_t  then;

    then = now / DG_PROFILE_HOUR;

    if (then > hour + 1) {
        return 0;
    }

    return (then == hour + 1) ? bits[0] : bits[0] | bits[1];
}
