/*
 * Copyright (C) 2026 Distill Guard
 */


#include "dg_store.h"


void
dg_store_tally(dg_store_t *st, const dg_end_t *end,
    const dg_request_facts_t *rq, const dg_response_facts_t *rs)
{
    dg_stats_t  *stats;

    stats = &st->stats;

    if (rq->malformed) {
        stats->malformed++;
    }

    if (end->aborted) {
        stats->aborted++;
    }

    if (rs->bytes && !rs->read && end->status >= 200 && end->status < 300) {
        stats->unread++;
    }
}


const dg_id_t *
dg_store_account(const dg_exchange_t *ex)
{
    return dg_id_none(&ex->ids[DG_KIND_ACCOUNT]) ? &ex->ids[DG_KIND_KEY]
                                                 : &ex->ids[DG_KIND_ACCOUNT];
}


void
dg_store_look(dg_store_t *st, const dg_exchange_t *ex,
    const dg_request_facts_t *rq, uint64_t now_ms, dg_shared_t *shared)
{
    dg_recall_look(dg_store_recall(st), dg_store_account(ex), rq,
                   (uint32_t) (now_ms / 1000), shared);
}


void
dg_store_remember(dg_store_t *st, const dg_exchange_t *ex,
    const dg_request_facts_t *rq, const dg_response_facts_t *rs,
    unsigned accepted, uint64_t now_ms)
{
    uint32_t        now;
    const dg_id_t  *account;

    now = (uint32_t) (now_ms / 1000);
    account = dg_store_account(ex);

    dg_store_begin(st);

    if (accepted) {
        dg_recall_accepted(dg_store_recall(st), account, rq, rs, now);

    } else if (ex->refused) {
        dg_recall_refused(dg_store_recall(st), account, rq, now);
    }

    dg_store_end(st);
}
