/*
 * Copyright (C) 2026 Distill Guard
 */


#include "dg_guard.h"


void
dg_guard_body(dg_store_t *st, dg_exchange_t *ex, const dg_limit_t *limits,
    size_t nlimits, int enforce, const dg_request_facts_t *rq,
    uint64_t now_ms, dg_shared_t *shared, dg_decision_t *decision)
{
    uint64_t  n, output;

    n = dg_max(rq->n, 1);
    output = dg_min(rq->max_tokens, DG_LIMIT_MAX / n) * n;

    dg_store_look(st, ex, rq, now_ms, shared);
    dg_store_reserve(st, ex, limits, nlimits, enforce,
                     dg_facts_input_estimate(rq), output, now_ms, decision);
}


void
dg_guard_end(dg_store_t *st, dg_exchange_t *ex, const dg_end_t *end,
    unsigned left, const dg_usage_t *usage, const dg_request_facts_t *rq,
    const dg_response_facts_t *rs, uint64_t now_ms)
{
    unsigned  accepted;

    accepted = end->status >= 200 && end->status < 300;

    dg_store_settle(st, ex, usage, accepted, accepted || left, now_ms);
    dg_store_remember(st, ex, rq, rs, accepted, now_ms);
    dg_store_tally(st, end, rq, rs);
}
