/*
 * Copyright (C) 2026 Distill Guard
 *
 * What operators have decided, as a node holds it.  What is in force stands
 * among the convicted, which nothing evicts; what is over stands below and
 * makes room.
 */


#include "dg_watch.h"


static void dg_docket_write(dg_store_t *st, dg_ruled_t *r,
    const dg_ruling_t *ruling, int64_t skew, uint64_t now);
static void dg_docket_effects(dg_store_t *st, const dg_ruled_t *r);
static int dg_docket_stands(const dg_ruled_t *r, uint64_t now);
static void dg_docket_over(dg_store_t *st, dg_ruled_t *r);


int
dg_store_rule(dg_store_t *st, unsigned kind, const dg_id_t *id,
    const dg_ruling_t *ruling, int64_t skew, uint64_t now)
{
    int          rc, created;
    dg_arena_t  *a;
    dg_ruled_t  *r;

    a = dg_store_arena(st, DG_PART_RULINGS);
    r = (dg_ruled_t *) dg_arena_find(a, kind, id);

    if (r) {
        rc = dg_ruling_compare(ruling, &r->ruling);

        if (rc <= 0) {

            if (rc == 0) {
                r->cell.flags |= DG_RULED_TOLD;
            }

            return 0;
        }

    } else if (dg_ruling_forgotten(ruling, now + skew)) {
        return 0;

    } else {
        dg_store_rulings_turn(st, now);
    }

    dg_store_begin(st);

    r = (dg_ruled_t *) dg_arena_get(a, kind, id, &created, NULL, NULL);

    if (r) {
        dg_docket_write(st, r, ruling, skew, now);
        dg_docket_effects(st, r);
    }

    dg_store_end(st);

    return r ? 1 : DG_FULL;
}


int
dg_store_decide(dg_store_t *st, unsigned kind, const dg_id_t *id,
    dg_ruling_t *ruling, uint32_t seconds, int64_t skew_ms, uint64_t now_ms)
{
    int          rc;
    uint64_t     ms;
    dg_arena_t  *a;
    dg_ruled_t  *r;

    a = dg_store_arena(st, DG_PART_RULINGS);
    r = (dg_ruled_t *) dg_arena_find(a, kind, id);

    if (ruling->id == DG_RULING_RELEASE
        && (r == NULL || !dg_docket_stands(r, now_ms / 1000)))
    {
        return 0;
    }

    ms = now_ms + skew_ms;

    ruling->time = r ? dg_max(ms, r->ruling.time + 1) : ms;
    ruling->expires = seconds ? ms / 1000 + seconds : 0;

    rc = dg_store_rule(st, kind, id, ruling, skew_ms / 1000, now_ms / 1000);

    if (rc != 1) {
        return rc;
    }

    r = (dg_ruled_t *) dg_arena_find(a, kind, id);

    if (r) {
        r->cell.flags &= (uint16_t) ~DG_RULED_TOLD;
    }

    st->decided = 1;

    return 1;
}


static void
dg_docket_write(dg_store_t *st, dg_ruled_t *r, const dg_ruling_t *ruling,
    int64_t skew, uint64_t now)
{
    int64_t      until;
    dg_arena_t  *a;

    a = dg_store_arena(st, DG_PART_RULINGS);

    if (r->cell.segment == DG_CONVICTED) {
        dg_docket_over(st, r);
    }

    r->ruling = *ruling;
    r->until = 0;
    r->cell.flags = DG_RULED_TOLD;

    if (ruling->expires) {
        until = (int64_t) dg_min(ruling->expires, (uint64_t) UINT32_MAX)
                - skew;
        r->until = (uint32_t) dg_max(dg_min(until, (int64_t) UINT32_MAX), 1);
    }

    if (!dg_docket_stands(r, now)) {
        dg_arena_move(a, &r->cell, DG_PROVEN);
        return;
    }

    dg_arena_move(a, &r->cell, DG_CONVICTED);
    st->rulings[r->ruling.id][r->cell.kind]++;

    if (r->until && (st->rulings_over == 0 || r->until < st->rulings_over)) {
        st->rulings_over = r->until;
    }
}


/* on what is known of its subject already */

static void
dg_docket_effects(dg_store_t *st, const dg_ruled_t *r)
{
    dg_arena_t     *a;
    dg_profile_t   *p;
    dg_campaign_t  *c, *now;

    if (r->cell.segment != DG_CONVICTED) {
        return;
    }

    if (r->cell.kind == DG_KIND_CAMPAIGN) {
        a = dg_store_arena(st, DG_PART_CAMPAIGNS);
        c = (dg_campaign_t *) dg_arena_find(a, DG_WATCH_KIND, &r->cell.id);
        now = c ? dg_campaign_of(a, dg_arena_index(a, &c->cell), c->born)
                : NULL;

        if (now && now != c) {
            now->ruled = r->cell.id;
        }

    } else if ((r->cell.kind == DG_KIND_KEY
                || r->cell.kind == DG_KIND_ACCOUNT)
               && r->ruling.id != DG_RULING_BLOCK)
    {
        p = dg_store_profile(st, &r->cell.id);

        if (p) {
            dg_member_leave(st, p, (uint32_t) (r->ruling.time / 1000));
        }
    }
}


static int
dg_docket_stands(const dg_ruled_t *r, uint64_t now)
{
    return r->ruling.id != DG_RULING_RELEASE
           && (r->until == 0 || now < r->until);
}


static void
dg_docket_over(dg_store_t *st, dg_ruled_t *r)
{
    st->rulings[r->ruling.id][r->cell.kind]--;
    dg_arena_move(dg_store_arena(st, DG_PART_RULINGS), &r->cell, DG_PROVEN);
}


const dg_ruled_t *
dg_store_ruled(dg_store_t *st, unsigned kind, const dg_id_t *id, uint64_t now)
{
    dg_arena_t  *a;
    dg_ruled_t  *r;

    a = dg_store_arena(st, DG_PART_RULINGS);

    /* most systems have none, and most requests nothing to do with one */

    if (a->queue[DG_CONVICTED].n == 0 || dg_id_none(id)) {
        return NULL;
    }

    r = (dg_ruled_t *) dg_arena_find(a, kind, id);

    return (r && dg_docket_stands(r, now)) ? r : NULL;
}


const dg_ruled_t *
dg_store_ruled_campaign(dg_store_t *st, const dg_campaign_t *c, uint64_t now)
{
    const dg_ruled_t  *r, *before;

    r = dg_store_ruled(st, DG_KIND_CAMPAIGN, &c->cell.id, now);
    before = dg_store_ruled(st, DG_KIND_CAMPAIGN, &c->ruled, now);

    if (r && before) {
        return dg_ruling_compare(&r->ruling, &before->ruling) < 0 ? before
                                                                  : r;
    }

    return r ? r : before;
}


int
dg_store_unlinked(dg_store_t *st, const dg_id_t *account, uint64_t now)
{
    const dg_ruled_t  *r;

    r = dg_store_ruled(st, DG_KIND_ACCOUNT, account, now);

    if (r == NULL || r->ruling.id == DG_RULING_BLOCK) {
        r = dg_store_ruled(st, DG_KIND_KEY, account, now);
    }

    return r && r->ruling.id != DG_RULING_BLOCK;
}


void
dg_store_rulings_turn(dg_store_t *st, uint64_t now)
{
    uint32_t     i;
    dg_arena_t  *a;
    dg_ruled_t  *r;

    if (st->rulings_over == 0 || now < st->rulings_over) {
        return;
    }

    dg_store_begin(st);

    a = dg_store_arena(st, DG_PART_RULINGS);
    st->rulings_over = 0;

    for (i = 1; i <= a->fresh; i++) {
        r = (dg_ruled_t *) dg_arena_cell(a, i);

        if (r->cell.kind == 0 || r->cell.segment != DG_CONVICTED
            || r->until == 0)
        {
            continue;
        }

        if (now >= r->until) {
            dg_docket_over(st, r);
            r->cell.flags |= DG_RULED_ENDED;
            st->rulings_ended++;

        } else if (st->rulings_over == 0 || r->until < st->rulings_over) {
            st->rulings_over = r->until;
        }
    }

    dg_store_end(st);
}


int
dg_store_ended(dg_store_t *st, dg_ruled_t *ruled)
{
    uint32_t     i;
    dg_arena_t  *a;
    dg_ruled_t  *r;

    if (st->rulings_ended == 0) {
        return DG_ERROR;
    }

    a = dg_store_arena(st, DG_PART_RULINGS);
    st->rulings_ended--;

    for (i = 1; i <= a->fresh; i++) {
        r = (dg_ruled_t *) dg_arena_cell(a, i);

        if (r->cell.kind && (r->cell.flags & DG_RULED_ENDED)) {
            r->cell.flags &= (uint16_t) ~DG_RULED_ENDED;
            *ruled = *r;

            return DG_OK;
        }
    }

    st->rulings_ended = 0;

    return DG_ERROR;
}


size_t
dg_store_decisions(dg_store_t *st, dg_ruled_t *rulings, size_t n)
{
    size_t       got;
    uint32_t     i;
    dg_arena_t  *a;
    dg_ruled_t  *r;

    a = dg_store_arena(st, DG_PART_RULINGS);
    got = 0;

    for (i = a->queue[DG_CONVICTED].newest;
         i != DG_NIL && got < n;
         i = r->cell.older)
    {
        r = (dg_ruled_t *) dg_arena_cell(a, i);
        rulings[got++] = *r;
    }

    return got;
}


void
dg_store_untold(dg_store_t *st)
{
    uint32_t     i;
    dg_arena_t  *a;

    a = dg_store_arena(st, DG_PART_RULINGS);

    for (i = 1; i <= a->fresh; i++) {
        dg_arena_cell(a, i)->flags &= (uint16_t) ~DG_RULED_TOLD;
    }
}


size_t
dg_store_tell(dg_store_t *st, uint32_t *at, dg_ruled_t *rulings, size_t n,
    uint64_t now)
{
    size_t       got;
    dg_arena_t  *a;
    dg_ruled_t  *r;

    a = dg_store_arena(st, DG_PART_RULINGS);
    got = 0;

    if (*at == 0) {
        st->decided = 0;
    }

    while (got < n) {

        if (*at >= a->fresh) {
            *at = 0;
            break;
        }

        r = (dg_ruled_t *) dg_arena_cell(a, ++*at);

        if (r->cell.kind == 0 || (r->cell.flags & DG_RULED_TOLD)
            || dg_ruling_forgotten(&r->ruling, now))
        {
            continue;
        }

        r->cell.flags |= DG_RULED_TOLD;
        rulings[got++] = *r;
    }

    return got;
}
