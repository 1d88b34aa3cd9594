/*
 * Copyright (C) 2026 Distill Guard
 *
 * Ties: accounts that have in common what one of them alone should have.
 */


#include "dg_watch.h"


static void dg_tie_one(dg_store_t *st, dg_watch_t *w,
    const dg_partner_t *partner);
static void dg_tie_join(dg_store_t *st, dg_campaign_t *c, dg_profile_t *p,
    uint32_t now);


void
dg_tie_all(dg_store_t *st, dg_watch_t *w)
{
    unsigned  i;

    for (i = 0; i < w->shared->npartners; i++) {
        dg_tie_one(st, w, &w->shared->partner[i]);
    }
}


static void
dg_tie_one(dg_store_t *st, dg_watch_t *w, const dg_partner_t *partner)
{
    dg_profile_t   *p, *other;
    dg_campaign_t  *c;

    p = w->profile;
    other = dg_store_profile(st, &partner->account);

    if (other == NULL || other == p) {
        return;
    }

    dg_profile_turn(other, w->now);

    c = dg_tie_accounts(st, partner->tie, p, other, w->now);

    dg_sighting_tell(st, DG_SIGHTING_PROFILE, &p->cell);
    dg_sighting_tell(st, DG_SIGHTING_PROFILE, &other->cell);
    dg_sighting_tell_tie(st, partner->tie, p, other);

    if (c) {
        dg_judge(st, w, c);
    }
}


dg_campaign_t *
dg_tie_accounts(dg_store_t *st, dg_tie_t tie, dg_profile_t *p,
    dg_profile_t *other, uint32_t now)
{
    dg_id_t         id;
    dg_arena_t     *a;
    dg_campaign_t  *mine, *its, *c;

    if (dg_store_unlinked(st, &p->cell.id, now)
        || dg_store_unlinked(st, &other->cell.id, now))
    {
        return NULL;
    }

    dg_profile_tie(p, tie, &other->cell.id);
    dg_profile_tie(other, tie, &p->cell.id);

    if (dg_profile_ties(p) < DG_WATCH_TIES
        || dg_profile_ties(other) < DG_WATCH_TIES)
    {
        return NULL;
    }

    a = dg_store_arena(st, DG_PART_CAMPAIGNS);

    mine = dg_campaign_of(a, p->campaign, p->born);
    its = dg_campaign_of(a, other->campaign, other->born);

    if (mine && its) {
        c = (mine == its) ? mine : dg_member_merge(st, mine, its);

    } else if (mine || its) {
        c = mine ? mine : its;

    } else {

        /* whichever node is the first to see it gives it the same id */

        id = dg_id_less(&p->cell.id, &other->cell.id) ? p->cell.id
                                                      : other->cell.id;
        id.v[0] = ~id.v[0];

        c = dg_member_campaign(st, &id, now);
        if (c == NULL) {
            return NULL;
        }

        dg_sighting_tell(st, DG_SIGHTING_CAMPAIGN, &c->cell);
    }

    c->pieces[tie]++;

    dg_tie_join(st, c, p, now);
    dg_tie_join(st, c, other, now);

    return c;
}


static void
dg_tie_join(dg_store_t *st, dg_campaign_t *c, dg_profile_t *p,
    uint32_t now)
{
    if (dg_member_join(st, c, p, p->crowd, now) == DG_OK && !p->tied) {
        p->tied = 1;
        c->tied++;
    }
}
