/*
 * Copyright (C) 2026 Distill Guard
 *
 * Stores in plain memory, and exchanges as nginx would carry them.
 */


#ifndef _STORE_KIT_H_INCLUDED_
#define _STORE_KIT_H_INCLUDED_


#include "dg_store.h"
#include "dg_test.h"


#define START   1767225600000ull         /* 2026-01-01 00:00:00 UTC */
#define CHECK   0x5ec7e7


static inline dg_id_t
kit_id(uint64_t n)
{
    dg_id_t  id;

    id.v[0] = 0x1d;
    id.v[1] = n;

    return id;
}


/* room for about n subjects, or the smallest store if n is 0 */

static inline dg_store_t *
kit_store(size_t n, uint64_t node)
{
    void        *mem;
    size_t       size;
    dg_id_t      id;
    dg_store_t  *st;

    size = n ? 4096 + dg_arena_size(n, sizeof(dg_subject_t)) / 7 * 8
             : DG_STORE_MIN;
    size = dg_max(size, DG_STORE_MIN);

    if (posix_memalign(&mem, 64, size) != 0) {
        abort();
    }

    memset(mem, 0x5a, size);

    id.v[0] = 99;
    id.v[1] = node;

    st = dg_store_init(mem, size, &id, 4711 + node, CHECK, START / 1000);
    if (st == NULL) {
        abort();
    }

    return st;
}


static inline dg_limit_t
kit_limit(unsigned kind, unsigned metric, uint64_t n, unsigned period)
{
    dg_limit_t  limit;

    memset(&limit, 0, sizeof(limit));

    limit.kind = (uint8_t) kind;
    limit.metric = (uint8_t) metric;
    limit.period = (uint8_t) period;
    limit.n = n;

    return limit;
}


/* of a key; numbers of others are 0 where there is none */

static inline dg_exchange_t
kit_exchange(uint64_t key, uint64_t account, uint64_t origin, uint32_t asn)
{
    dg_exchange_t  ex;

    memset(&ex, 0x77, sizeof(ex));       /* all but these is the store's */

    ex.throttle = NULL;
    ex.standing = DG_PASS;
    ex.late = 0;
    ex.hosting = 0;
    ex.relay = 0;
    memset(ex.ids, 0, sizeof(ex.ids));

    if (key) {
        ex.ids[DG_KIND_KEY] = kit_id(key);
    }

    if (account) {
        ex.ids[DG_KIND_ACCOUNT] = kit_id(account);
    }

    if (origin) {
        ex.ids[DG_KIND_ORIGIN] = kit_id(origin);
    }

    dg_asn_id(&ex.ids[DG_KIND_ASN], asn);

    return ex;
}


static inline dg_usage_t
kit_usage(uint64_t input, uint64_t output)
{
    dg_usage_t  usage;

    memset(&usage, 0, sizeof(usage));

    usage.input = input;
    usage.output = output;
    usage.source = DG_SOURCE_REPORTED;

    return usage;
}


/* settles as answered with 2xx */

static inline void
kit_settle(dg_store_t *st, dg_exchange_t *ex, uint64_t input, uint64_t output,
    uint64_t now_ms)
{
    dg_usage_t  usage;

    usage = kit_usage(input, output);
    dg_store_settle(st, ex, &usage, 1, 0, now_ms);
}


/* settles as refused by the upstream */

static inline void
kit_fail(dg_store_t *st, dg_exchange_t *ex, unsigned keep, uint64_t now_ms)
{
    dg_usage_t  usage;

    memset(&usage, 0, sizeof(usage));
    dg_store_settle(st, ex, &usage, 0, keep, now_ms);
}


/* a whole exchange of a key, without limits */

static inline void
kit_pass(dg_store_t *st, uint64_t key, uint64_t input, uint64_t output,
    uint64_t now_ms)
{
    dg_decision_t  decision;
    dg_exchange_t  ex;

    ex = kit_exchange(key, 0, 0, 0);
    dg_store_admit(st, &ex, NULL, 0, 1, now_ms, &decision);
    kit_settle(st, &ex, input, output, now_ms);
}


static inline dg_subject_t *
kit_find(dg_store_t *st, unsigned kind, uint64_t n)
{
    dg_id_t  id;

    id = kit_id(n);

    return dg_store_find(st, kind, &id);
}


static inline uint64_t
kit_used(dg_store_t *st, uint64_t key, dg_metric_t metric, dg_period_t p,
    uint64_t now_ms)
{
    dg_limit_t     limit;
    dg_subject_t  *s;

    limit = kit_limit(DG_KIND_KEY, metric, 1, p);
    s = kit_find(st, DG_KIND_KEY, key);

    return s == NULL ? 0
           : dg_windows_used(&s->windows, p, dg_limit_mask(&limit), now_ms);
}


/* what all subjects hold reserved */

static inline uint64_t
held(dg_store_t *st)
{
    uint32_t       i;
    uint64_t       n;
    dg_arena_t    *a;
    dg_subject_t  *s;

    a = dg_store_subjects(st);
    n = 0;

    for (i = 1; i <= a->fresh; i++) {
        s = (dg_subject_t *) dg_arena_cell(a, i);

        if (s->cell.kind != 0) {
            n += s->held[0].input + s->held[0].output + s->held[0].exchanges
                 + s->held[1].input + s->held[1].output
                 + s->held[1].exchanges;
        }
    }

    return n;
}


#endif /* _STORE_KIT_H_INCLUDED_ */
