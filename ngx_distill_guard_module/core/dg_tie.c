/*
 * Copyright (C) 2026 Distill Guard
 *
 * Ties: accounts that have in common what one of them alone should have.
 */


#include "dg_watch.h"


static void dg_tie_one(dg_store_t *st, dg_watch_t *w,
    const dg_partner_t *partner);


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
    dg_id_t         id;
    dg_arena_t     *a;
    dg_profile_t   *p, *other;
    dg_campaign_t  *mine, *its, *c;

    p = w->profile;
    other = dg_store_profile(st, &partner->account);

    if (other == NULL || other == p) {
        return;
    }

    dg_profile_turn(other, w->now);

    dg_profile_tie(p, partner->tie, &partner->account);
    dg_profile_tie(other, partner->tie, w->account);

    if (dg_profile_ties(p) < DG_WATCH_TIES
        || dg_profile_ties(other) < DG_WATCH_TIES)
    {
        return;
    }

    a = dg_store_arena(st, DG_PART_CAMPAIGNS);

    mine = dg_campaign_of(a, p->campaign, p->born);
    its = dg_campaign_of(a, other->campaign, other->born);

    if (mine && its) {
        c = (mine == its) ? mine : dg_campaign_merge(a, mine, its);

    } else if (mine || its) {
        c = mine ? mine : its;

    } else {

        /* whichever node is the first to see it gives it the same id */

        id = *w->account;

        if (partner->account.v[0] < id.v[0]) {
            id = partner->account;
        }

        id.v[0] = ~id.v[0];

        c = dg_member_campaign(st, &id, w->now);
        if (c == NULL) {
            return;
        }
    }

    c->pieces[partner->tie]++;

    if (dg_member_join(st, c, p, w->ex, w->now) == DG_OK && !p->tied) {
        p->tied = 1;
        c->tied++;
    }

    if (dg_member_join(st, c, other, w->ex, w->now) == DG_OK && !other->tied) {
        other->tied = 1;
        c->tied++;
    }

    dg_judge(st, w->policy, c, w->now);
}
