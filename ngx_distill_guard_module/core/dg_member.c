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


static void dg_member_sample(dg_store_t *st, dg_campaign_t *c,
    dg_profile_t *p, uint32_t now);
static int dg_member_crowded(const dg_campaign_t *c);
static int dg_member_by_use(const dg_campaign_t *c, const dg_profile_t *p,
    const dg_tally_t *sum);
static int dg_member_other(const dg_campaign_t *mine, const dg_profile_t *p,
    const dg_campaign_t *c, const dg_profile_t *heard);
static void dg_member_reruled(dg_store_t *st, dg_campaign_t *c,
    const dg_id_t *id);


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

    if (c == NULL || c->named == 0
        || dg_store_unlinked(st, &p->cell.id, now))
    {
        return NULL;
    }

    if (p->tied) {
        return c;
    }

    if (p->old) {
        return NULL;
    }

    dg_profile_day(p, &sum, now);

    sum.openings += sum.attempts;

    if (p->vouched && sum.openings <= DG_MEMBER_NEW) {
        return c;
    }

    return dg_member_by_use(c, p, &sum) ? c : NULL;
}


int
dg_member_seen(dg_store_t *st, const dg_profile_t *p, uint32_t now)
{
    dg_tally_t            sum;
    const dg_campaign_t  *c;

    c = dg_campaign_of(dg_store_arena(st, DG_PART_CAMPAIGNS), p->campaign,
                       p->born);

    if (c == NULL || p->old) {
        return 0;
    }

    dg_profile_day(p, &sum, now);

    sum.openings += sum.attempts;

    return dg_member_by_use(c, p, &sum);
}


static int
dg_member_by_use(const dg_campaign_t *c, const dg_profile_t *p,
    const dg_tally_t *sum)
{
    if (p->uses == 0 || (dg_member_crowded(c) && p->alike * 2 < p->uses)) {
        return 0;
    }

    if (p->uses >= DG_MEMBER_USES && sum->cohort * 2 >= sum->openings) {
        return 1;
    }

    /* the first uses of a template are not known for what they are */

    return p->refused && (sum->openings <= DG_MEMBER_NEW
                          || sum->cohort * 4 >= sum->openings);
}


int
dg_store_alike(dg_store_t *st, const dg_exchange_t *ex,
    const dg_profile_t *p, const dg_campaign_t *c, unsigned sure,
    uint32_t now)
{
    if (p && (p->old || (p->campaign == DG_NIL
                         && now - p->first_seen >= DG_TEMPLATE_OLD)))
    {
        return 0;
    }

    if (dg_member_crowded(c)) {
        return dg_store_crowd(st, ex, now) >= DG_WATCH_CROWD;
    }

    if (sure > 1) {
        return 1;
    }

    /* words that everybody uses begin many a frame */

    return p && p->uses
           && dg_campaign_of(dg_store_arena(st, DG_PART_CAMPAIGNS),
                             p->campaign, p->born)
              == c;
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
    uint32_t crowd, uint32_t now)
{
    dg_arena_t     *a;
    dg_campaign_t  *mine;

    if (dg_store_unlinked(st, &p->cell.id, now)) {
        return DG_ERROR;
    }

    a = dg_store_arena(st, DG_PART_CAMPAIGNS);
    mine = dg_campaign_of(a, p->campaign, p->born);

    if (mine == c) {
        p->campaign = dg_arena_index(a, &c->cell);
        p->born = c->born;
        dg_member_sample(st, c, p, now);
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
        st->stats.held++;
        return DG_ERROR;
    }

    c->grown++;
    c->accounts++;
    c->crowd = dg_max(c->crowd, crowd);

    p->campaign = dg_arena_index(a, &c->cell);
    p->born = c->born;
    p->uses = 0;
    p->weight = 0;
    p->alike = 0;
    p->votes = 0;
    p->tied = 0;
    p->sure = 0;
    p->refused = 0;
    p->joined = now;
    p->vouched = 0;
    p->old = (now - p->first_seen >= DG_TEMPLATE_OLD);
    p->crowded = (crowd >= DG_WATCH_CROWD);
    p->relayed = (p->tally[0].relayed > 0);

    c->crowded += p->crowded;
    c->relayed += p->relayed;
    c->old += p->old;

    dg_member_sample(st, c, p, now);

    return DG_OK;
}


/* of those that stand for the same place, the one that was active more often:
   most members may do too little to be compared */

static void
dg_member_sample(dg_store_t *st, dg_campaign_t *c, dg_profile_t *p,
    uint32_t now)
{
    unsigned       place;
    dg_arena_t    *a;
    dg_profile_t  *other;

    a = dg_store_arena(st, DG_PART_PROFILES);
    place = p->cell.id.v[0] % DG_CAMPAIGN_SAMPLE;

    if (c->sample[place] != DG_NIL && c->sample[place] <= a->fresh) {
        other = (dg_profile_t *) dg_arena_cell(a, c->sample[place]);

        if (other->cell.kind
            && dg_campaign_of(dg_store_arena(st, DG_PART_CAMPAIGNS),
                              other->campaign, other->born)
               == c
            && dg_profile_activity(other, now) >= dg_profile_activity(p, now))
        {
            return;
        }
    }

    c->sample[place] = dg_arena_index(a, &p->cell);
}


void
dg_member_leave(dg_store_t *st, dg_profile_t *p, uint32_t now)
{
    dg_campaign_t  *c;

    c = dg_campaign_of(dg_store_arena(st, DG_PART_CAMPAIGNS), p->campaign,
                       p->born);

    if (c) {
        dg_campaign_leave(c, p->weight);
        c->crowded -= dg_min(c->crowded, p->crowded);
        c->relayed -= dg_min(c->relayed, p->relayed);
        c->old -= dg_min(c->old, p->old);
        c->sure -= dg_min(c->sure, p->sure);
        c->tied -= dg_min(c->tied, p->tied);
    }

    p->campaign = DG_NIL;
    p->uses = 0;
    p->weight = 0;
    p->tied = 0;
    p->sure = 0;
    p->joined = now;
}


void
dg_member_hear(dg_store_t *st, dg_campaign_t *c, dg_profile_t *p,
    const dg_profile_t *heard, uint32_t now)
{
    dg_campaign_t  *mine;

    mine = dg_campaign_of(dg_store_arena(st, DG_PART_CAMPAIGNS), p->campaign,
                          p->born);

    if (mine != c) {

        if (!dg_member_other(mine, p, c, heard)) {
            return;
        }

        if (mine) {
            dg_member_leave(st, p, heard->joined);
        }

        if (c == NULL
            || dg_member_join(st, c, p, heard->crowded ? DG_WATCH_CROWD : 0,
                              now)
               != DG_OK)
        {
            return;
        }
    }

    if (c == NULL) {
        return;
    }

    c->tied += (heard->tied && !p->tied);
    c->crowded += (heard->crowded && !p->crowded);
    c->relayed += (heard->relayed && !p->relayed);
    c->old += (heard->old && !p->old);
    c->sure += (heard->sure && !p->sure);

    p->tied |= heard->tied;
    p->crowded |= heard->crowded;
    p->relayed |= heard->relayed;
    p->old |= heard->old;
    p->sure |= heard->sure;
    p->vouched = heard->vouched;
    p->joined = (mine == c) ? dg_max(p->joined, heard->joined)
                            : heard->joined;
}


/*
 * Where nodes have an account in two campaigns, ties go before uses, then
 * what was later, then the smaller id.
 */

static int
dg_member_other(const dg_campaign_t *mine, const dg_profile_t *p,
    const dg_campaign_t *c, const dg_profile_t *heard)
{
    unsigned  tied;

    tied = (mine && p->tied);

    if (heard->tied != tied) {
        return heard->tied > tied;
    }

    if (heard->joined != p->joined) {
        return heard->joined > p->joined;
    }

    return mine == NULL || (c && dg_id_less(&c->cell.id, &mine->cell.id));
}


dg_campaign_t *
dg_member_merge(dg_store_t *st, dg_campaign_t *one, dg_campaign_t *two)
{
    dg_campaign_t  *c, *goes;

    c = dg_campaign_merge(dg_store_arena(st, DG_PART_CAMPAIGNS), one, two);
    goes = (c == one) ? two : one;

    dg_member_reruled(st, c, &goes->cell.id);
    dg_member_reruled(st, c, &goes->ruled);

    dg_sighting_tell(st, DG_SIGHTING_CAMPAIGN, &one->cell);
    dg_sighting_tell(st, DG_SIGHTING_CAMPAIGN, &two->cell);

    return c;
}


/* of several ids the last that was decided on is kept */

static void
dg_member_reruled(dg_store_t *st, dg_campaign_t *c, const dg_id_t *id)
{
    dg_arena_t        *a;
    const dg_ruled_t  *its, *had;

    a = dg_store_arena(st, DG_PART_RULINGS);

    its = (dg_ruled_t *) dg_arena_find(a, DG_KIND_CAMPAIGN, id);
    had = (dg_ruled_t *) dg_arena_find(a, DG_KIND_CAMPAIGN, &c->ruled);

    if (its && (had == NULL
                || dg_ruling_compare(&had->ruling, &its->ruling) < 0))
    {
        c->ruled = *id;
    }
}
