/*
 * Copyright (C) 2026 Distill Guard
 *
 * Who belongs to a campaign: members, and exchanges that are like theirs.
 */


#include "dg_watch.h"


/* uses of a campaign's templates that make an account its own */
#define DG_MEMBER_USES  2

/* openings of a day up to which an account is hardly known */
#define DG_MEMBER_NEW   8


static int dg_member_crowded(const dg_campaign_t *c);


/*
 * Somebody who used a popular prompt once or twice belongs to nobody; who
 * does little else does.
 */

dg_campaign_t *
dg_store_member(dg_store_t *st, const dg_profile_t *p, uint32_t now)
{
    dg_tally_t      sum;
    dg_campaign_t  *c;

    c = dg_campaign_of(dg_store_arena(st, DG_PART_CAMPAIGNS), p->campaign,
                       p->born);

    if (c == NULL || c->named == 0) {
        return NULL;
    }

    if (p->tied) {
        return c;
    }

    if (p->old || p->uses == 0
        || (dg_member_crowded(c) && p->alike * 2 < p->uses))
    {
        return NULL;
    }

    dg_profile_day(p, &sum, now);

    sum.openings += sum.attempts;

    if (p->uses >= DG_MEMBER_USES && sum.cohort * 2 >= sum.openings) {
        return c;
    }

    /* the first uses of a template are not known for what they are */

    return (p->refused && (sum.openings <= DG_MEMBER_NEW
                           || sum.cohort * 4 >= sum.openings)) ? c : NULL;
}


int
dg_store_alike(dg_store_t *st, const dg_exchange_t *ex,
    const dg_profile_t *p, const dg_campaign_t *c, uint32_t now)
{
    if (p && (p->old || (p->campaign == DG_NIL
                         && now - p->first_seen >= DG_TEMPLATE_OLD)))
    {
        return 0;
    }

    return !dg_member_crowded(c)
           || dg_store_crowd(st, ex, now) >= DG_WATCH_CROWD;
}


/* does it come from crowded origins?  No origin is when its first ones come */

static int
dg_member_crowded(const dg_campaign_t *c)
{
    return c->by_origin || (uint64_t) c->crowded * 4 >= c->accounts;
}


dg_campaign_t *
dg_member_campaign(dg_store_t *st, const dg_id_t *id, uint32_t now)
{
    int             created;
    dg_arena_t     *a;
    dg_campaign_t  *c;

    a = dg_store_arena(st, DG_PART_CAMPAIGNS);

    c = (dg_campaign_t *) dg_arena_get(a, DG_WATCH_KIND, id, &created, NULL,
                                       NULL);
    if (c == NULL) {
        return NULL;
    }

    if (created) {
        c->born = ++st->campaigns;
        c->first_seen = now;
        dg_arena_move(a, &c->cell, DG_PROVEN);

    } else {
        dg_arena_touch(a, &c->cell);
    }

    c->last_seen = now;

    return dg_campaign_of(a, dg_arena_index(a, &c->cell), c->born);
}


int
dg_member_join(dg_store_t *st, dg_campaign_t *c, dg_profile_t *p,
    const dg_exchange_t *ex, uint32_t now)
{
    uint32_t        crowd;
    dg_arena_t     *a;
    dg_campaign_t  *mine;

    a = dg_store_arena(st, DG_PART_CAMPAIGNS);
    mine = dg_campaign_of(a, p->campaign, p->born);

    if (mine == c) {
        p->campaign = dg_arena_index(a, &c->cell);
        p->born = c->born;
        return DG_OK;
    }

    if (mine) {
        return DG_ERROR;
    }

    if (c->hour != now / 3600) {
        c->hour = now / 3600;
        c->grown = 0;
    }

    if (c->grown >= DG_CAMPAIGN_GROWTH) {
        c->held++;
        return DG_ERROR;
    }

    crowd = dg_store_crowd(st, ex, now);

    c->sample[c->accounts % DG_CAMPAIGN_SAMPLE] =
                   dg_arena_index(dg_store_arena(st, DG_PART_PROFILES),
                                  &p->cell);
    c->grown++;
    c->accounts++;
    c->crowd = dg_max(c->crowd, crowd);

    p->campaign = dg_arena_index(a, &c->cell);
    p->born = c->born;
    p->uses = 0;
    p->alike = 0;
    p->votes = 0;
    p->tied = 0;
    p->refused = 0;
    p->old = (now - p->first_seen >= DG_TEMPLATE_OLD);
    p->crowded = (crowd >= DG_WATCH_CROWD);
    p->relayed = (p->tally[0].relayed > 0);

    c->crowded += p->crowded;
    c->relayed += p->relayed;

    return DG_OK;
}
