/*
 * Copyright (C) 2026 Distill Guard
 */


#include "dg_recall.h"
#include "dg_bits.h"


/* of all cells, those that what was refused may have for itself: 1/16 */
#define DG_RECALL_REFUSALS  16


static const dg_memory_t *dg_recall_find(dg_arena_t *a,
    dg_recall_kind_t kind, const dg_id_t *id, uint32_t now);
static void dg_recall_keep(const dg_recall_t *r, dg_recall_kind_t kind,
    const dg_id_t *id, const dg_id_t *account, unsigned suspect,
    uint32_t now);
static dg_memory_t *dg_recall_get(dg_arena_t *a, dg_recall_kind_t kind,
    const dg_id_t *id, uint32_t now);
static void dg_recall_partner(dg_shared_t *shared, dg_tie_t tie,
    const dg_id_t *account);
static uint64_t dg_recall_bit(const dg_id_t *account);
static int dg_recall_long(const dg_request_facts_t *rq);


const uint32_t  dg_recall_ttl[DG_RECALLS] = {
    0,
    2 * 3600,                    /* issued */
    60,                          /* refused */
    24 * 3600                    /* accepted */
};


const dg_str_t  dg_ties[DG_TIES] = {
    dg_string("provenance"),
    dg_string("failover")
};


void
dg_recall_look(dg_arena_t *a, const dg_id_t *account,
    const dg_request_facts_t *rq, uint32_t now, dg_shared_t *shared)
{
    unsigned            i, n;
    uint64_t            seen;
    const dg_memory_t  *m;

    memset(shared, 0, sizeof(dg_shared_t));

    if (dg_id_none(account)) {
        return;
    }

    n = dg_min(rq->presented.n, DG_IDS);

    for (i = 0; i < n; i++) {
        m = dg_recall_find(a, DG_RECALL_ISSUED, &rq->presented.id[i], now);

        if (m && !dg_id_equal(&m->first, account)) {
            shared->issued++;
            dg_recall_partner(shared, DG_TIE_PROVENANCE, &m->first);
        }
    }

    if (!dg_recall_long(rq)) {
        return;
    }

    m = dg_recall_find(a, DG_RECALL_ACCEPTED, &rq->content, now);

    if (m) {
        seen = dg_recall_bit(account);

        shared->accepted = !dg_id_equal(&m->first, account);
        shared->accounts = dg_recall_accounts(m) + !(m->seen & seen);
        shared->accounts = dg_max(shared->accounts, shared->accepted + 1);
    }

    m = dg_recall_find(a, DG_RECALL_REFUSED, &rq->content, now);

    if (m && !dg_id_equal(&m->first, account)) {
        shared->refused = 1;

        if (shared->accounts <= DG_RECALL_RARE) {
            dg_recall_partner(shared, DG_TIE_FAILOVER, &m->first);
        }
    }

    if (m && m->suspect && shared->accounts <= DG_RECALL_RARE) {
        shared->covered = m->until - now;
    }
}


unsigned
dg_recall_answered(dg_arena_t *a, const dg_request_facts_t *rq, uint32_t now)
{
    const dg_memory_t  *m;

    m = dg_recall_long(rq)
        ? dg_recall_find(a, DG_RECALL_ACCEPTED, &rq->content, now) : NULL;

    return m ? dg_recall_accounts(m) : 0;
}


/* each once */

static void
dg_recall_partner(dg_shared_t *shared, dg_tie_t tie, const dg_id_t *account)
{
    unsigned  i;

    for (i = 0; i < shared->npartners; i++) {
        if (shared->partner[i].tie == tie
            && dg_id_equal(&shared->partner[i].account, account))
        {
            return;
        }
    }

    if (i < DG_PARTNERS) {
        shared->partner[i].tie = tie;
        shared->partner[i].account = *account;
        shared->npartners++;
    }
}


void
dg_recall_accepted(const dg_recall_t *r, const dg_id_t *account,
    const dg_request_facts_t *rq, const dg_response_facts_t *rs,
    uint32_t now)
{
    unsigned  i, n;

    if (dg_id_none(account)) {
        return;
    }

    n = dg_min(rs->issued.n, DG_IDS);

    for (i = 0; i < n; i++) {
        dg_recall_keep(r, DG_RECALL_ISSUED, &rs->issued.id[i], account, 0,
                       now);
    }

    if (dg_recall_long(rq)) {
        dg_recall_keep(r, DG_RECALL_ACCEPTED, &rq->content, account, 0, now);
    }
}


void
dg_recall_refused(const dg_recall_t *r, const dg_id_t *account,
    const dg_request_facts_t *rq, unsigned suspect, uint32_t now)
{
    if (!dg_id_none(account) && dg_recall_long(rq)) {
        dg_recall_keep(r, DG_RECALL_REFUSED, &rq->content, account, suspect,
                       now);
    }
}


unsigned
dg_recall_accounts(const dg_memory_t *m)
{
    return dg_bits_estimate(dg_bits_set(&m->seen, 1), 64);
}


/* what has expired is as good as forgotten */

static const dg_memory_t *
dg_recall_find(dg_arena_t *a, dg_recall_kind_t kind, const dg_id_t *id,
    uint32_t now)
{
    dg_memory_t  *m;

    m = (dg_memory_t *) dg_arena_find(a, kind, id);

    return m != NULL && m->until > now ? m : NULL;
}


static void
dg_recall_keep(const dg_recall_t *r, dg_recall_kind_t kind,
    const dg_id_t *id, const dg_id_t *account, unsigned suspect, uint32_t now)
{
    unsigned      news;
    uint64_t      bit;
    dg_memory_t  *m;

    m = dg_recall_get(r->a, kind, id, now);

    if (m == NULL) {
        return;
    }

    bit = dg_recall_bit(account);
    news = !(m->seen & bit) || m->suspect < suspect;

    if (m->seen == 0) {
        m->first = *account;
    }

    m->seen |= bit;
    m->suspect |= suspect;
    m->until = now + dg_recall_ttl[kind];

    if (news && r->news) {
        r->news(r->ctx, m);
    }
}


void
dg_recall_hear(dg_arena_t *a, dg_recall_kind_t kind, const dg_memory_t *heard,
    uint32_t now)
{
    dg_memory_t  *m;

    m = dg_recall_get(a, kind, &heard->cell.id, now);

    if (m == NULL) {
        return;
    }

    if (m->seen == 0 || dg_id_less(&heard->first, &m->first)) {
        m->first = heard->first;
    }

    m->seen |= heard->seen;
    m->suspect |= heard->suspect;
    m->until = dg_max(m->until, heard->until);
}


/* finds or makes, most recently used; one that nobody had is new */

static dg_memory_t *
dg_recall_get(dg_arena_t *a, dg_recall_kind_t kind, const dg_id_t *id,
    uint32_t now)
{
    int           created;
    dg_memory_t  *m;

    m = (dg_memory_t *) dg_arena_get(a, kind, id, &created, NULL, NULL);

    /* no memory is ever convicted, so there is always one to evict */

    if (m == NULL) {
        return NULL;
    }

    if (m->until <= now) {
        m->seen = 0;
        m->suspect = 0;
        m->until = 0;
    }

    if (!created || kind == DG_RECALL_REFUSED) {
        dg_arena_touch(a, &m->cell);
        return m;
    }

    /*
     * What the upstream has answered is not forgotten for what anybody was
     * refused, to which a part is left.
     */

    if (a->queue[DG_PROVEN].n >= a->ncells - a->ncells / DG_RECALL_REFUSALS) {
        (void) dg_arena_evict(a, DG_PROVEN, NULL, NULL);
    }

    dg_arena_move(a, &m->cell, DG_PROVEN);

    return m;
}


static uint64_t
dg_recall_bit(const dg_id_t *account)
{
    return (uint64_t) 1 << (account->v[1] & 63);
}


static int
dg_recall_long(const dg_request_facts_t *rq)
{
    return !dg_id_none(&rq->content) && rq->content_len >= DG_RECALL_CONTENT;
}
