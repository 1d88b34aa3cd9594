/*
 * Copyright (C) 2026 Distill Guard
 */


#include "dg_window.h"


static void dg_window_turn(dg_window_t *w, uint32_t bucket);
static uint64_t dg_window_total(const dg_window_t *w, unsigned slot,
    unsigned mask);
static uint64_t dg_window_raw(const dg_window_t *w, unsigned slot,
    dg_counter_t c);
static uint64_t dg_window_start(const dg_window_t *w, dg_period_t p);
static uint64_t dg_window_level(uint64_t cur, uint64_t prev, uint64_t period,
    uint64_t elapsed);
static uint64_t dg_window_part(uint64_t n, uint64_t left, uint64_t period);


const dg_counter_desc_t  dg_counters[DG_COUNTERS] = {

    { dg_string("requests"), "Requests admitted." },
    { dg_string("returned"),
      "Requests given back: refused on their body, or failed upstream." },
    { dg_string("input_tokens"), "Input tokens settled." },
    { dg_string("output_tokens"), "Output tokens settled." },
    { dg_string("refused"), "Requests refused, enforced or dry run." }
};


/*
 * A bucket is read while it is current and for one period after; its time to
 * live in Redis gives readers and late nodes as much again.
 */

const dg_period_desc_t  dg_periods[DG_WINDOWS] = {

    { 's', 1, 0 },
    { 'm', 60, 300 },
    { 'h', 3600, 3 * 3600 },
    { 'd', 86400, 3 * 86400 }
};


void
dg_windows_turn(dg_windows_t *ws, uint64_t now_ms)
{
    uint64_t  now;
    unsigned  p;

    now = now_ms / 1000;

    /* all windows are turned together: nothing to do within a second */

    if (now <= ws->w[DG_SECOND].bucket) {
        return;
    }

    for (p = 0; p < DG_WINDOWS; p++) {
        dg_window_turn(&ws->w[p], (uint32_t) (now / dg_periods[p].seconds));
    }
}


void
dg_windows_add(dg_windows_t *ws, dg_counter_t c, uint64_t n, uint64_t now_ms)
{
    unsigned   p;
    uint64_t  *own;

    dg_windows_turn(ws, now_ms);

    for (p = 0; p < DG_WINDOWS; p++) {
        own = &ws->w[p].own[0][c];
        *own = dg_add(*own, n);
    }
}


void
dg_windows_add_at(dg_windows_t *ws, dg_counter_t c, uint64_t n,
    uint64_t then_ms, uint64_t now_ms)
{
    uint32_t      bucket;
    unsigned      p, slot;
    uint64_t     *own;
    dg_window_t  *w;

    dg_windows_turn(ws, now_ms);

    /* in the current second, and so in all current buckets */

    if (then_ms / 1000 >= ws->w[DG_SECOND].bucket) {
        dg_windows_add(ws, c, n, now_ms);
        return;
    }

    for (p = 0; p < DG_WINDOWS; p++) {
        w = &ws->w[p];
        bucket = (uint32_t) (then_ms / 1000 / dg_periods[p].seconds);

        if (bucket >= w->bucket) {
            slot = 0;

        } else if (bucket == w->bucket - 1) {
            slot = 1;

        } else {
            continue;
        }

        own = &w->own[slot][c];
        *own = dg_add(*own, n);
    }
}


void
dg_windows_hear(dg_windows_t *ws, dg_period_t p, uint32_t bucket,
    const uint64_t others[DG_COUNTERS], uint32_t over, uint64_t now_ms)
{
    unsigned      c, slot;
    uint64_t      fresh, *known, *second;
    dg_window_t  *w;

    dg_windows_turn(ws, now_ms);

    w = &ws->w[p];

    /* unsigned: a bucket of the future is far away, too */

    slot = w->bucket - bucket;

    if (slot > 1) {
        return;
    }

    for (c = 0; c < DG_COUNTERS; c++) {
        known = &w->others[slot][c];

        if (others[c] <= *known) {
            continue;
        }

        fresh = others[c] - *known;
        *known = others[c];

        if (p == DG_MINUTE && over != 0) {
            second = &ws->w[DG_SECOND].others[0][c];
            *second = dg_add(*second, fresh / over);
        }
    }
}


uint64_t
dg_windows_sum(const dg_windows_t *ws, dg_period_t p, dg_counter_t c,
    uint64_t now_ms)
{
    uint64_t            start;
    const dg_window_t  *w;

    w = &ws->w[p];
    start = dg_window_start(w, p);

    return dg_window_level(dg_window_raw(w, 0, c), dg_window_raw(w, 1, c),
                           (uint64_t) dg_periods[p].seconds * 1000,
                           dg_sub(now_ms, start));
}


uint64_t
dg_windows_own(const dg_windows_t *ws, dg_period_t p, dg_counter_t c,
    uint64_t now_ms)
{
    const dg_window_t  *w;

    w = &ws->w[p];

    return dg_window_level(w->own[0][c], w->own[1][c],
                           (uint64_t) dg_periods[p].seconds * 1000,
                           dg_sub(now_ms, dg_window_start(w, p)));
}


uint64_t
dg_windows_used(const dg_windows_t *ws, dg_period_t p, unsigned mask,
    uint64_t now_ms)
{
    uint64_t            start;
    const dg_window_t  *w;

    w = &ws->w[p];
    start = dg_window_start(w, p);

    return dg_window_level(dg_window_total(w, 0, mask),
                           dg_window_total(w, 1, mask),
                           (uint64_t) dg_periods[p].seconds * 1000,
                           dg_sub(now_ms, start));
}


uint64_t
dg_windows_wait(const dg_windows_t *ws, dg_period_t p, unsigned mask,
    uint64_t level, uint64_t now_ms)
{
    uint64_t            cur, prev, period, start, early, elapsed;
    uint64_t            low, high, middle;
    const dg_window_t  *w;

    w = &ws->w[p];
    period = (uint64_t) dg_periods[p].seconds * 1000;
    start = dg_window_start(w, p);
    elapsed = dg_sub(now_ms, start);
    cur = dg_window_total(w, 0, mask);
    prev = dg_window_total(w, 1, mask);

    if (dg_window_level(cur, prev, period, elapsed) <= level) {
        return 0;
    }

    /*
     * The sum never rises, and is 0 two periods after the start.  Searching
     * it rather than solving for it keeps the promise to the millisecond,
     * rounding included; only refusals pay.  After elapsed the sum is above
     * the level, after high it is not.
     */

    low = elapsed;
    high = 2 * period;

    while (high - low > 1) {
        middle = low + (high - low) / 2;

        if (dg_window_level(cur, prev, period, middle) <= level) {
            high = middle;

        } else {
            low = middle;
        }
    }

    /* while the clock is behind the bucket nothing runs out */

    early = dg_sub(start, now_ms);

    return dg_min(high - elapsed + early, 2 * period);
}


static void
dg_window_turn(dg_window_t *w, uint32_t bucket)
{
    if (bucket <= w->bucket) {
        return;
    }

    if (bucket == w->bucket + 1) {
        memcpy(w->own[1], w->own[0], sizeof(w->own[0]));
        memcpy(w->others[1], w->others[0], sizeof(w->others[0]));

        memset(w->own[0], 0, sizeof(w->own[0]));
        memset(w->others[0], 0, sizeof(w->others[0]));

    } else {
        memset(w->own, 0, sizeof(w->own));
        memset(w->others, 0, sizeof(w->others));
    }

    w->bucket = bucket;
}


/* what was returned in a bucket had been counted in it: never below 0 */

static uint64_t
dg_window_total(const dg_window_t *w, unsigned slot, unsigned mask)
{
    unsigned  c;
    uint64_t  n, total;

    total = 0;

    for (c = 0; mask >> c; c++) {

        if (!(mask & (1u << c))) {
            continue;
        }

        n = dg_window_raw(w, slot, c);

        if (c == DG_REQUESTS) {
            n = dg_sub(n, dg_window_raw(w, slot, DG_RETURNED));
        }

        total = dg_add(total, n);
    }

    return total;
}


static uint64_t
dg_window_raw(const dg_window_t *w, unsigned slot, dg_counter_t c)
{
    return dg_add(w->own[slot][c], w->others[slot][c]);
}


static uint64_t
dg_window_start(const dg_window_t *w, dg_period_t p)
{
    return (uint64_t) w->bucket * dg_periods[p].seconds * 1000;
}


/* the sum so long after the start of the bucket, if nothing is added */

static uint64_t
dg_window_level(uint64_t cur, uint64_t prev, uint64_t period,
    uint64_t elapsed)
{
    if (elapsed < period) {
        return dg_add(cur, dg_window_part(prev, period - elapsed, period));
    }

    if (elapsed < 2 * period) {
        return dg_window_part(cur, 2 * period - elapsed, period);
    }

    return 0;
}


/*
 * n * left / period, rounded down, for any n and left <= period: the product
 * would not fit in 64 bits, its two parts do.
 */

static uint64_t
dg_window_part(uint64_t n, uint64_t left, uint64_t period)
{
    if (n == 0) {
        return 0;
    }

    return n / period * left + n % period * left / period;
}
