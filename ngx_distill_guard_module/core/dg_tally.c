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
