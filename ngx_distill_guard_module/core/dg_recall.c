/*
 * Copyright (C) 2026 Distill Guard
 */


#include "dg_recall.h"


static const dg_memory_t *dg_recall_find(dg_arena_t *a,
    dg_recall_kind_t kind, const dg_id_t *id, uint32_t now);
static void dg_recall_keep(dg_arena_t *a, dg_recall_kind_t kind,
    const dg_id_t *id, const dg_id_t *account, uint32_t now);
static uint64_t dg_recall_short(const dg_id_t *account);
static uint64_t dg_recall_bit(const dg_id_t *account);
static int dg_recall_long(const dg_request_facts_t *rq);


const uint32_t  dg_recall_ttl[DG_RECALLS] = {
    0,
    2 * 3600,                    /* issued */
    60,                          /* refused */
    24 * 3600                    /* accepted */
};


/*
 * Accounts by how many of 64 bits they have set: n = -64 ln(1 - bits / 64),
 * rounded (Whang, Vander-Zanden, Taylor, "A Linear-Time Probabilistic
 * Counting Algorithm for Database Applications", 1990).  64 bits say no more
 * than that it is as many as 63 would.
 */

static const uint16_t  dg_recall_counts[65] = {
    0, 1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 12, 13, 15, 16, 17,
    18, 20, 21, 23, 24, 25, 27, 28, 30, 32, 33, 35, 37, 39, 40, 42,
    44, 46, 48, 51, 53, 55, 58, 60, 63, 65, 68, 71, 74, 78, 81, 85,
    89, 93, 97, 102, 107, 113, 119, 126, 133, 142, 151, 163, 177, 196, 222, 266,
    266
};


void
dg_recall_look(dg_arena_t *a, const dg_id_t *account,
    const dg_request_facts_t *rq, uint32_t now, dg_shared_t *shared)
{
    unsigned            i, n;
    uint64_t            me, seen;
    const dg_memory_t  *m;

    memset(shared, 0, sizeof(dg_shared_t));

    if (dg_id_none(account)) {
        return;
    }

    me = dg_recall_short(account);
    n = dg_min(rq->presented.n, DG_IDS);

    for (i = 0; i < n; i++) {
        m = dg_recall_find(a, DG_RECALL_ISSUED, &rq->presented.id[i], now);

        if (m && m->first != me) {
            shared->issued++;
        }
    }

    if (!dg_recall_long(rq)) {
        return;
    }

    m = dg_recall_find(a, DG_RECALL_REFUSED, &rq->content, now);

    if (m && m->first != me) {
        shared->refused = 1;
    }

    m = dg_recall_find(a, DG_RECALL_ACCEPTED, &rq->content, now);

    if (m) {
        seen = dg_recall_bit(account);

        shared->accepted = (m->first != me);
        shared->accounts = dg_recall_accounts(m) + !(m->seen & seen);
        shared->accounts = dg_max(shared->accounts, shared->accepted + 1);
    }
}


void
dg_recall_accepted(dg_arena_t *a, const dg_id_t *account,
    const dg_request_facts_t *rq, const dg_response_facts_t *rs,
    uint32_t now)
{
    unsigned  i, n;

    if (dg_id_none(account)) {
        return;
    }

    n = dg_min(rs->issued.n, DG_IDS);

    for (i = 0; i < n; i++) {
        dg_recall_keep(a, DG_RECALL_ISSUED, &rs->issued.id[i], account, now);
    }

    if (dg_recall_long(rq)) {
        dg_recall_keep(a, DG_RECALL_ACCEPTED, &rq->content, account, now);
    }
}


void
dg_recall_refused(dg_arena_t *a, const dg_id_t *account,
    const dg_request_facts_t *rq, uint32_t now)
{
    if (!dg_id_none(account) && dg_recall_long(rq)) {
        dg_recall_keep(a, DG_RECALL_REFUSED, &rq->content, account, now);
    }
}


unsigned
dg_recall_accounts(const dg_memory_t *m)
{
    unsigned  n;
    uint64_t  bits;

    n = 0;

    for (bits = m->seen; bits; bits &= bits - 1) {
        n++;
    }

    return dg_recall_counts[n];
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
dg_recall_keep(dg_arena_t *a, dg_recall_kind_t kind, const dg_id_t *id,
    const dg_id_t *account, uint32_t now)
{
    int           created;
    dg_memory_t  *m;

    m = (dg_memory_t *) dg_arena_get(a, kind, id, &created, NULL, NULL);

    /* no memory is ever convicted, so there is always one to evict */

    if (m == NULL) {
        return;
    }

    if (created || m->until <= now) {
        m->first = dg_recall_short(account);
        m->seen = 0;
    }

    m->seen |= dg_recall_bit(account);
    m->until = now + dg_recall_ttl[kind];

    dg_arena_touch(a, &m->cell);
}


/* accounts are hashes: half of one tells two of them apart well enough */

static uint64_t
dg_recall_short(const dg_id_t *account)
{
    return account->v[0];
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
