/*
 * Copyright (C) 2026 Distill Guard
 *
 * What room the limits leave to an exchange.
 */


#include "dg_store.h"


/* how long exchanges in flight may still take, for want of knowledge */

#define DG_INFLIGHT_WAIT  1000

/*
 * What this node has counted since it last told the others must stay below
 * this part of what a limit leaves: then so many nodes cannot use it up
 * unknown to each other.  And seconds for which what it heard of them is new.
 */

#define DG_ROOM_PARTS     64
#define DG_ROOM_NEWS      2


static void dg_room_judge(const dg_limit_t *limit, unsigned kind,
    dg_exchange_t *ex, const dg_subject_t *s, uint64_t asked,
    uint64_t now_ms, dg_decision_t *decision);
static unsigned dg_room_subject(const dg_limit_t *limit,
    const dg_exchange_t *ex);
static uint64_t dg_room_held(const dg_limit_t *limit, const dg_subject_t *s,
    uint64_t now_ms);
static uint64_t dg_room_wait(const dg_limit_t *limit, const dg_subject_t *s,
    uint64_t used, uint64_t held, uint64_t want, uint64_t now_ms);
static uint64_t dg_room_inflight(const dg_limit_t *limit);
static void dg_room_of(const dg_limit_t *limit, const dg_subject_t *s,
    uint64_t now_ms, dg_room_t *room);


int
dg_store_has(const dg_exchange_t *ex, unsigned kind)
{
    if (kind == DG_KIND_NONE || dg_id_none(&ex->ids[kind])) {
        return 0;
    }

    return kind != DG_KIND_ACCOUNT
           || !dg_id_equal(&ex->ids[kind], &ex->ids[DG_KIND_KEY]);
}


void
dg_store_judge(dg_exchange_t *ex, const dg_subjects_t s,
    const dg_limit_t *limits, size_t nlimits,
    const uint64_t asked[DG_METRICS], uint64_t now_ms,
    dg_decision_t *decision)
{
    size_t             i;
    unsigned           kind;
    const dg_limit_t  *limit;

    memset(decision, 0, sizeof(dg_decision_t));

    for (i = 0; i < nlimits; i++) {
        limit = &limits[i];
        kind = dg_room_subject(limit, ex);

        if (s[kind] == NULL) {
            continue;
        }

        /* as a part of a campaign known by its body it was counted since */

        if (asked[limit->metric] || (ex->late && kind == DG_KIND_CAMPAIGN)) {
            dg_room_judge(limit, kind, ex, s[kind], asked[limit->metric],
                          now_ms, decision);
        }
    }

    if (ex->throttle) {
        kind = dg_store_has(ex, DG_KIND_CAMPAIGN) ? DG_KIND_CAMPAIGN
               : dg_store_has(ex, DG_KIND_ACCOUNT) ? DG_KIND_ACCOUNT
                                                   : DG_KIND_KEY;

        if (s[kind]) {
            dg_room_judge(ex->throttle, kind, ex, s[kind],
                          asked[ex->throttle->metric], now_ms, decision);
        }
    }

    if (ex->standing > decision->verdict) {
        memset(decision, 0, sizeof(dg_decision_t));

        decision->verdict = ex->standing;
        decision->wait_ms = ex->standing_ms;
    }
}


static void
dg_room_judge(const dg_limit_t *limit, unsigned kind, dg_exchange_t *ex,
    const dg_subject_t *s, uint64_t asked, uint64_t now_ms,
    dg_decision_t *decision)
{
    uint64_t  used, held, want, wait, left, untold;

    want = dg_min(asked, limit->n);
    held = dg_room_held(limit, s, now_ms);
    used = dg_windows_used(&s->windows, limit->period, dg_limit_mask(limit),
                           now_ms);

    left = dg_sub(limit->n, dg_add(used, held));
    untold = (limit->metric == DG_METRIC_REQUESTS) ? s->requests : s->tokens;

    if (dg_add(untold, want) >= left / DG_ROOM_PARTS
        || now_ms / 1000 >= (uint64_t) s->others_heard + DG_ROOM_NEWS)
    {
        ex->tight |= 1u << kind;
    }

    if (limit->period != DG_SECOND && limit != ex->throttle
        && used >= limit->n - limit->n / 10)
    {
        ex->near = 1;
    }

    if (dg_add(dg_add(used, held), want) <= limit->n) {
        return;
    }

    wait = dg_room_wait(limit, s, used, held, want, now_ms);

    if (decision->limit == NULL || wait > decision->wait_ms) {
        decision->verdict = DG_THROTTLE;
        decision->limit = limit;
        decision->kind = kind;
        decision->value = dg_add(used, held);
        decision->wait_ms = dg_max(wait, 1);
    }
}


void
dg_store_rooms(dg_store_t *st, const dg_exchange_t *ex,
    const dg_limit_t *limits, size_t nlimits, uint64_t now_ms,
    dg_room_t rooms[2])
{
    size_t         i;
    unsigned       kind;
    dg_room_t      room, *tightest;
    dg_subjects_t  s;

    memset(rooms, 0, 2 * sizeof(dg_room_t));

    for (kind = 0; kind < DG_KINDS; kind++) {
        s[kind] = dg_store_has(ex, kind)
                  ? dg_store_find(st, kind, &ex->ids[kind]) : NULL;
    }

    for (i = 0; i < nlimits; i++) {

        kind = dg_room_subject(&limits[i], ex);

        if (kind == DG_KIND_NONE) {
            continue;
        }

        dg_room_of(&limits[i], s[kind], now_ms, &room);

        tightest = &rooms[limits[i].metric != DG_METRIC_REQUESTS];

        if (tightest->limit == NULL || room.remaining < tightest->remaining
            || (room.remaining == tightest->remaining
                && room.reset_ms > tightest->reset_ms))
        {
            *tightest = room;
        }
    }
}


uint64_t
dg_store_level(const dg_limit_t *limit, const dg_subject_t *s,
    uint64_t now_ms)
{
    return dg_add(dg_windows_used(&s->windows, limit->period,
                                  dg_limit_mask(limit), now_ms),
                  dg_room_held(limit, s, now_ms));
}


/* whom a limit concerns: DG_KIND_NONE if the exchange has no such subject */

static unsigned
dg_room_subject(const dg_limit_t *limit, const dg_exchange_t *ex)
{
    if (dg_store_has(ex, limit->kind)) {
        return limit->kind;
    }

    if (limit->kind == DG_KIND_ACCOUNT && dg_store_has(ex, DG_KIND_KEY)) {
        return DG_KIND_KEY;
    }

    return DG_KIND_NONE;
}


/* reserved on this node, and on others as far as is known */

static uint64_t
dg_room_held(const dg_limit_t *limit, const dg_subject_t *s, uint64_t now_ms)
{
    unsigned   mask;
    uint64_t   n;
    dg_held_t  held;

    dg_subject_held(s, &held, now_ms);

    if (dg_sub(now_ms / 1000, s->others_heard) <= DG_OTHERS_VALID) {
        held.input = dg_add(held.input, s->others_input);
        held.output = dg_add(held.output, s->others_output);
    }

    mask = dg_limit_mask(limit);
    n = 0;

    if (mask & (1u << DG_INPUT)) {
        n = dg_add(n, held.input);
    }

    if (mask & (1u << DG_OUTPUT)) {
        n = dg_add(n, held.output);
    }

    return n;
}


static uint64_t
dg_room_wait(const dg_limit_t *limit, const dg_subject_t *s, uint64_t used,
    uint64_t held, uint64_t want, uint64_t now_ms)
{
    uint64_t  level, wait;

    level = limit->n - want;

    if (used <= level) {
        return dg_room_inflight(limit);
    }

    /* what is in flight stays in the way, unless it is in the way alone */

    if (held <= level) {
        level -= held;
    }

    wait = dg_windows_wait(&s->windows, limit->period, dg_limit_mask(limit),
                           level, now_ms);

    return dg_max(wait, 1);
}


static uint64_t
dg_room_inflight(const dg_limit_t *limit)
{
    uint64_t  period;

    period = (uint64_t) dg_periods[limit->period].seconds * 1000;

    return dg_min(period, DG_INFLIGHT_WAIT);
}


/* s is NULL where there is no such subject yet */

static void
dg_room_of(const dg_limit_t *limit, const dg_subject_t *s,
    uint64_t now_ms, dg_room_t *room)
{
    uint64_t  wait;

    room->limit = limit;
    room->remaining = limit->n;
    room->reset_ms = 0;

    if (s == NULL) {
        return;
    }

    room->remaining = dg_sub(limit->n, dg_store_level(limit, s, now_ms));
    room->reset_ms = dg_windows_wait(&s->windows, limit->period,
                                     dg_limit_mask(limit), 0, now_ms);

    if (dg_room_held(limit, s, now_ms) != 0) {
        wait = dg_room_inflight(limit);
        room->reset_ms = dg_max(room->reset_ms, wait);
    }
}
