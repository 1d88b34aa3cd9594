/*
 * Copyright (C) 2026 Distill Guard
 *
 * Cohorts: accounts behind one young template, or behind several that have the
 * same accounts.
 */


#include "dg_watch.h"


/* templates of one request that are counted */
#define DG_COHORT_TEMPLATES  4

/* per mille of accounts that templates of one cohort have in common */
#define DG_COHORT_OVERLAP    500

/* uses by members of one campaign, above those by others, that make two of
   them one */
#define DG_COHORT_NEAR       3

/* of a campaign's uses, those that keep an account there */
#define DG_COHORT_VOTES      16

/* uses between two looks at the same campaign */
#define DG_COHORT_OFTEN      16


static dg_template_t *dg_cohort_template(dg_store_t *st,
    const dg_few_marks_t *marks, unsigned i, dg_id_t *id);
static int dg_cohort_sure(dg_store_t *st, const dg_request_facts_t *rq,
    const dg_template_t *best, const dg_campaign_t *c);
static dg_template_t *dg_cohort_mark(dg_store_t *st, dg_watch_t *w,
    unsigned i);
static dg_campaign_t *dg_cohort_cross(dg_store_t *st, dg_watch_t *w,
    dg_campaign_t *c, dg_campaign_t *mine);
static dg_campaign_t *dg_cohort_overlap(dg_store_t *st, dg_watch_t *w,
    const dg_template_t *t, dg_campaign_t *c);


/* the record of a mark, and the id that it has or would have; or NULL */

static dg_template_t *
dg_cohort_template(dg_store_t *st, const dg_few_marks_t *marks, unsigned i,
    dg_id_t *id)
{
    id->v[0] = marks->value[i];
    id->v[1] = marks->kind[i];

    return (dg_template_t *) dg_arena_find(
                                      dg_store_arena(st, DG_PART_TEMPLATES),
                                      DG_WATCH_KIND, id);
}


dg_template_t *
dg_store_template(dg_store_t *st, const dg_request_facts_t *rq,
    dg_campaign_t **campaign, uint32_t now)
{
    dg_id_t         id;
    unsigned        i, n, most;
    dg_campaign_t  *c;
    dg_template_t  *t, *best;

    *campaign = NULL;

    best = NULL;
    most = 0;

    for (i = 0; i < rq->marks.n; i++) {
        t = dg_cohort_template(st, &rq->marks, i, &id);

        if (t == NULL) {
            continue;
        }

        n = dg_template_spread(t, now);

        if (best == NULL || n > most) {
            best = t;
            most = n;
        }
    }

    if (best && most >= DG_WATCH_COHORT) {
        c = dg_campaign_of(dg_store_arena(st, DG_PART_CAMPAIGNS),
                           best->campaign, best->born);

        if (c && c->named && dg_cohort_sure(st, rq, best, c)) {
            *campaign = c;
        }
    }

    return best;
}


/*
 * A few letters, or where short words stand, may be the same by chance: one
 * such mark is not enough to take a request for a campaign's.
 */

static int
dg_cohort_sure(dg_store_t *st, const dg_request_facts_t *rq,
    const dg_template_t *best, const dg_campaign_t *c)
{
    dg_id_t         id;
    unsigned        i, n;
    dg_arena_t     *campaigns;
    dg_template_t  *t;

    campaigns = dg_store_arena(st, DG_PART_CAMPAIGNS);
    n = 0;

    for (i = 0; i < rq->marks.n; i++) {
        t = dg_cohort_template(st, &rq->marks, i, &id);

        if (t == NULL
            || (t != best
                && dg_campaign_of(campaigns, t->campaign, t->born) != c))
        {
            continue;
        }

        n++;

        if (id.v[1] == DG_MARK_ANCHOR || id.v[1] == DG_MARK_HEAD_64
            || id.v[1] == DG_MARK_TAIL_64)
        {
            return 1;
        }
    }

    return n > 1;
}


dg_template_t *
dg_cohort_count(dg_store_t *st, dg_watch_t *w)
{
    unsigned        i, n, used, most;
    dg_template_t  *t, *best;

    best = NULL;
    most = 0;
    used = 0;

    for (i = 0; i < w->rq->marks.n; i++) {
        t = dg_cohort_mark(st, w, i);

        if (t == NULL || used == DG_COHORT_TEMPLATES) {
            continue;
        }

        used++;

        if (dg_template_use(t, w->account, &w->rq->content,
                            w->profile->first_seen, w->now))
        {
            dg_sighting_tell(st, DG_SIGHTING_TEMPLATE, &t->cell);
        }

        n = dg_template_spread(t, w->now);

        if (best == NULL || n > most) {
            best = t;
            most = n;
        }
    }

    return (most >= DG_WATCH_COHORT) ? best : NULL;
}


static dg_template_t *
dg_cohort_mark(dg_store_t *st, dg_watch_t *w, unsigned i)
{
    int             created;
    dg_id_t         id;
    dg_arena_t     *a;
    dg_template_t  *t;

    a = dg_store_arena(st, DG_PART_TEMPLATES);

    t = dg_cohort_template(st, &w->rq->marks, i, &id);

    if (t) {
        dg_arena_touch(a, &t->cell);
        return t;
    }

    if (!dg_sketch_see(dg_store_sketch(st), id.v[0], w->account)) {
        return NULL;
    }

    return (dg_template_t *) dg_arena_get(a, DG_WATCH_KIND, &id, &created,
                                          NULL, NULL);
}


void
dg_cohort_join(dg_store_t *st, dg_watch_t *w, dg_template_t *t)
{
    dg_id_t         id;
    uint32_t        spread, crowd, weight;
    dg_arena_t     *a;
    dg_profile_t   *p;
    dg_campaign_t  *c, *mine;

    p = w->profile;
    p->tally[0].cohort++;

    a = dg_store_arena(st, DG_PART_CAMPAIGNS);
    c = dg_campaign_of(a, t->campaign, t->born);

    if (c == NULL) {
        id.v[0] = t->cell.id.v[0];
        id.v[1] = ~t->cell.id.v[1];

        c = dg_member_campaign(st, &id, w->now);
        if (c == NULL) {
            return;
        }

        dg_sighting_tell(st, DG_SIGHTING_CAMPAIGN, &c->cell);
    }

    c = dg_cohort_overlap(st, w, t, c);
    mine = dg_campaign_of(a, p->campaign, p->born);

    if (mine && mine != c) {
        c = dg_cohort_cross(st, w, c, mine);

    } else if (c->nears) {
        c->nears--;
    }

    if (t->born != c->born || t->campaign != dg_arena_index(a, &c->cell)) {
        t->campaign = dg_arena_index(a, &c->cell);
        t->born = c->born;
        dg_sighting_tell(st, DG_SIGHTING_TEMPLATE, &t->cell);
    }

    p->template = dg_arena_index(dg_store_arena(st, DG_PART_TEMPLATES),
                                 &t->cell);

    spread = dg_template_spread(t, w->now);

    if (spread > c->spread || c->widest == p->template) {
        c->spread = spread;
        c->widest = p->template;
    }

    crowd = dg_store_crowd(st, w->ex, w->now);

    if (dg_member_join(st, c, p, crowd, w->now) == DG_OK) {
        p->uses++;
        weight = (uint32_t) (p->uses * dg_store_scale(st, w->ex) + 0.5);

        dg_campaign_use(c, p->weight, weight);
        p->weight = weight;
        p->alike += (crowd >= DG_WATCH_CROWD);
        p->votes = dg_min(p->votes + 1, DG_COHORT_VOTES);
    }

    c->last_seen = w->now;

    if (c->own.uses > c->told + c->told / 8 + DG_COHORT_OFTEN) {
        c->told = (uint32_t) dg_min(c->own.uses, UINT32_MAX);
        dg_sighting_tell(st, DG_SIGHTING_CAMPAIGN, &c->cell);
    }

    if (c->named == 0 || p->uses % DG_COHORT_OFTEN == 0) {
        dg_judge(st, w->policy, c, w->now);
    }
}


/*
 * An account of one cohort uses the template of another.  Two campaigns that
 * have members in common are one, and a campaign takes its members from
 * cohorts that are none; otherwise the account is held to the one it uses
 * more.  Returns the template's cohort as it is then.
 */

static dg_campaign_t *
dg_cohort_cross(dg_store_t *st, dg_watch_t *w, dg_campaign_t *c,
    dg_campaign_t *mine)
{
    uint32_t       index;
    dg_arena_t    *a;
    dg_profile_t  *p;

    p = w->profile;
    a = dg_store_arena(st, DG_PART_CAMPAIGNS);

    if (mine->named && c->named) {
        index = dg_arena_index(a, &mine->cell);

        if (c->near == index || c->nears == 0) {
            c->near = index;
            c->nears++;

        } else {
            c->nears--;
        }

        if (c->nears >= DG_COHORT_NEAR) {
            return dg_member_merge(st, c, mine);
        }
    }

    if (p->tied) {
        return c;
    }

    if (c->named && mine->named == 0) {
        p->votes = 0;

    } else if (p->votes) {
        p->votes--;
    }

    if (p->votes == 0) {
        dg_member_leave(st, p, w->now);
    }

    return c;
}


/* templates that have the same accounts, one after the other, are of one */

static dg_campaign_t *
dg_cohort_overlap(dg_store_t *st, dg_watch_t *w, const dg_template_t *t,
    dg_campaign_t *c)
{
    uint32_t              index;
    dg_arena_t           *a, *campaigns;
    dg_campaign_t        *other;
    const dg_template_t  *last;

    a = dg_store_arena(st, DG_PART_TEMPLATES);
    campaigns = dg_store_arena(st, DG_PART_CAMPAIGNS);
    index = w->profile->template;

    if (index == DG_NIL || index > a->fresh) {
        return c;
    }

    last = (const dg_template_t *) dg_arena_cell(a, index);

    if (last->cell.kind == 0 || last == t) {
        return c;
    }

    other = dg_campaign_of(campaigns, last->campaign, last->born);

    if (other == NULL || other == c
        || dg_template_overlap(last, t) < DG_COHORT_OVERLAP)
    {
        return c;
    }

    return dg_member_merge(st, c, other);
}
