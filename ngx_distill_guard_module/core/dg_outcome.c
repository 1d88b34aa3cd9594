/*
 * Copyright (C) 2026 Distill Guard
 */


#include "dg_store.h"


static void dg_outcome_news(void *ctx, dg_memory_t *m);


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


dg_subject_t *
dg_store_account_subject(dg_store_t *st, const dg_id_t *account)
{
    dg_subject_t  *s;

    s = dg_store_find(st, DG_KIND_ACCOUNT, account);

    return s ? s : dg_store_find(st, DG_KIND_KEY, account);
}


void
dg_store_look(dg_store_t *st, const dg_exchange_t *ex,
    const dg_request_facts_t *rq, uint64_t now_ms, dg_shared_t *shared)
{
    dg_recall_look(dg_store_arena(st, DG_PART_RECALL), dg_store_account(ex),
                   rq, (uint32_t) (now_ms / 1000), shared);
}


/*
 * What the upstream refuses is refused: the one who asks goes to the next
 * account with it all the same.
 */

void
dg_store_remember(dg_store_t *st, const dg_exchange_t *ex,
    const dg_request_facts_t *rq, const dg_response_facts_t *rs,
    unsigned status, uint64_t now_ms)
{
    uint32_t        now;
    unsigned        suspect;
    dg_recall_t     r;
    const dg_id_t  *account;

    now = (uint32_t) (now_ms / 1000);
    account = dg_store_account(ex);

    r.a = dg_store_arena(st, DG_PART_RECALL);
    r.news = dg_outcome_news;
    r.ctx = st;

    dg_store_begin(st);

    if (status >= 200 && status < 300) {
        dg_recall_accepted(&r, account, rq, rs, now);

    } else if ((ex->refused && !ex->dry) || status == 403 || status == 408
               || status == 429 || status >= 500)
    {
        suspect = !ex->dry && ex->refused
                  && (ex->throttle || ex->standing >= DG_THROTTLE);

        dg_recall_refused(&r, account, rq, suspect, now);
    }

    dg_store_end(st);
}


static void
dg_outcome_news(void *ctx, dg_memory_t *m)
{
    dg_sighting_tell(ctx, DG_SIGHTING_MEMORY, &m->cell);
}
