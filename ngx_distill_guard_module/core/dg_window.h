/*
 * Copyright (C) 2026 Distill Guard
 *
 * What is counted of every subject, and over which windows.
 *
 * Each counter is kept per calendar bucket (UTC) as two totals: this node's
 * own, which only grow within a bucket (so that a node may send its totals
 * to Redis twice, late or out of order), and those of all other nodes as
 * last heard.  A sliding window is read from the current bucket and the one
 * before it, as HAProxy's freq_ctr does: cur + prev * (1 - elapsed / period).
 *
 * A null area is a valid, empty set of windows.  All counts saturate.
 */


#ifndef _DG_WINDOW_H_INCLUDED_
#define _DG_WINDOW_H_INCLUDED_


#include "dg_core.h"


typedef enum {
    DG_REQUESTS = 0,             /* admitted */
    DG_RETURNED,                 /* of these, given back: refused on their
                                    body, or failed upstream */
    DG_INPUT,                    /* tokens settled */
    DG_OUTPUT,
    DG_REFUSED,                  /* by the guard, enforced or dry run */
    DG_COUNTERS
} dg_counter_t;


typedef enum {
    DG_SECOND = 0,               /* this node's view, fed by what it hears;
                                    not kept in Redis */
    DG_MINUTE,
    DG_HOUR,
    DG_DAY,
    DG_WINDOWS
} dg_period_t;


/* one place for names, as in directives, Redis, the status page, documents */

typedef struct {
    dg_str_t       name;         /* "requests" */
    const char    *help;
} dg_counter_desc_t;


typedef struct {
    u_char         letter;       /* s, m, h, d */
    uint32_t       seconds;
    uint32_t       ttl;          /* of its bucket in Redis, seconds; 0: it
                                    does not go there */
} dg_period_desc_t;


extern const dg_counter_desc_t  dg_counters[DG_COUNTERS];
extern const dg_period_desc_t   dg_periods[DG_WINDOWS];


typedef struct {
    uint32_t       bucket;       /* now / seconds */
    uint32_t       unused;
    uint64_t       own[2][DG_COUNTERS];      /* [0] current, [1] before */
    uint64_t       others[2][DG_COUNTERS];
} dg_window_t;


typedef struct {
    dg_window_t    w[DG_WINDOWS];
} dg_windows_t;


/* sums of counts stop at the greatest number */

static inline uint64_t
dg_add(uint64_t a, uint64_t b)
{
    return (b > UINT64_MAX - a) ? UINT64_MAX : a + b;
}


/* and differences at 0 */

static inline uint64_t
dg_sub(uint64_t a, uint64_t b)
{
    return (b > a) ? 0 : a - b;
}


/* moves all windows on to now; time that goes back changes nothing */
void dg_windows_turn(dg_windows_t *ws, uint64_t now_ms);

/* turns, then adds to this node's own counts in every window */
void dg_windows_add(dg_windows_t *ws, dg_counter_t c, uint64_t n,
    uint64_t now_ms);

/*
 * Adds to the buckets that were current at then_ms, where they are still
 * kept (current or before); for giving back what was taken at then_ms.
 */
void dg_windows_add_at(dg_windows_t *ws, dg_counter_t c, uint64_t n,
    uint64_t then_ms, uint64_t now_ms);

/*
 * Takes over the other nodes' totals of one bucket as heard from Redis: the
 * greater of the known and the heard is kept.  A bucket that is neither the
 * current one nor the one before is passed over.
 *
 * What is new in a minute's bucket came within the last "over" seconds, and
 * the second's window gets one second's share of it, as of now; none if over
 * is 0, which is for windows that never heard: what is new to them may be as
 * old as the minute.
 */
void dg_windows_hear(dg_windows_t *ws, dg_period_t p, uint32_t bucket,
    const uint64_t others[DG_COUNTERS], uint32_t over, uint64_t now_ms);

/*
 * The sliding sum of one counter, own and others.  Windows need not have been
 * turned: what has run out by now does not count.
 */
uint64_t dg_windows_sum(const dg_windows_t *ws, dg_period_t p, dg_counter_t c,
    uint64_t now_ms);

/* the same of this node's own alone */
uint64_t dg_windows_own(const dg_windows_t *ws, dg_period_t p, dg_counter_t c,
    uint64_t now_ms);

/*
 * The sliding sum that a limit looks at: of all counters in mask, a bit
 * 1 << c for each, where requests are less those returned.
 */
uint64_t dg_windows_used(const dg_windows_t *ws, dg_period_t p,
    unsigned mask, uint64_t now_ms);

/*
 * Milliseconds until dg_windows_used() will have fallen to at most level if
 * nothing is added; 0 if it is there already.  Exact: a millisecond less is
 * too early.  At most two periods.
 */
uint64_t dg_windows_wait(const dg_windows_t *ws, dg_period_t p,
    unsigned mask, uint64_t level, uint64_t now_ms);


#endif /* _DG_WINDOW_H_INCLUDED_ */
