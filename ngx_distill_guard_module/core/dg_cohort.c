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
#define DG_COHORT_OVERLAP    750

/* uses by those of other cohorts that make two of them one, and how many of
   these a use by any other account outweighs */
#define DG_COHORT_NEAR       5
#define DG_COHORT_FAR        3

/* uses of cohorts' templates in two days before an account speaks for what it
   uses next */
#define DG_COHORT_DEVOTED    3

/* of what a template weighs: that it is a campaign's, and the account's own */
#define DG_COHORT_NAMED      0x10000
#define DG_COHORT_OWN        0x20000

/* of a campaign's uses, those that keep an account there */
#define DG_COHORT_VOTES      16

/* uses between two looks at the same campaign */
#define DG_COHORT_OFTEN      16


static dg_template_t *dg_cohort_template(dg_store_t *st,
    const dg_few_marks_t *marks, unsigned i, dg_id_t *id);
static unsigned dg_cohort_weight(dg_store_t *st, const dg_template_t *t,
    const dg_campaign_t *mine, uint32_t now);
static unsigned dg_cohort_sure(dg_store_t *st, const dg_request_facts_t *rq,
    const dg_template_t *best, const dg_campaign_t *c, uint32_t now);
static int dg_cohort_clear(const dg_campaign_t *c);
static unsigned dg_cohort_common(dg_store_t *st, const dg_request_facts_t *rq,
    uint32_t now);
static dg_template_t *dg_cohort_mark(dg_store_t *st, dg_watch_t *w,
    unsigned i);
static dg_campaign_t *dg_cohort_cross(dg_store_t *st, dg_watch_t *w,
    dg_campaign_t *c, dg_campaign_t *mine);
static int dg_cohort_devoted(const dg_profile_t *p);
static dg_campaign_t *dg_cohort_overlap(dg_store_t *st, dg_watch_t *w,
    const dg_template_t *t, dg_campaign_t *c);
static dg_campaign_t *dg_cohort_same(dg_store_t *st, const dg_watch_t *w,
    const dg_template_t *t, dg_template_t *other, dg_campaign_t *c);
static void dg_cohort_prove(dg_store_t *st, dg_template_t *t);


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
    dg_campaign_t **campaign, unsigned *sure, uint32_t now)
{
    dg_id_t         id;
    unsigned        i, n, most;
    dg_campaign_t  *c;
    dg_template_t  *t, *best;

    *campaign = NULL;
    *sure = 0;

    best = NULL;
    most = 0;

    for (i = 0; i < rq->marks.n; i++) {
        t = dg_cohort_template(st, &rq->marks, i, &id);

        if (t == NULL) {
            continue;
        }

        n = dg_cohort_weight(st, t, NULL, now);

        if (best == NULL || n > most) {
            best = t;
            most = n;
        }
    }

    if (best && most >= DG_WATCH_COHORT) {
        c = dg_campaign_of(dg_store_arena(st, DG_PART_CAMPAIGNS),
                           best->campaign, best->born);

        if (c && c->named) {
            *sure = dg_cohort_sure(st, rq, best, c, now);
            *campaign = *sure ? c : NULL;
        }
    }

    return best;
}


/*
 * Which of a request's templates tells most of it: one of those that its
 * account uses anyway, or else one of a campaign, or else the one with the
 * most accounts.  A phrase that many frames have does not lead an account
 * away from the frame that is its own.
 */

static unsigned
dg_cohort_weight(dg_store_t *st, const dg_template_t *t,
    const dg_campaign_t *mine, uint32_t now)
{
    unsigned              spread;
    const dg_campaign_t  *c;

    spread = dg_template_spread(t, now);

    if (spread < DG_WATCH_COHORT) {
        return spread;
    }

    c = dg_campaign_of(dg_store_arena(st, DG_PART_CAMPAIGNS), t->campaign,
                       t->born);
    if (c == NULL) {
        return spread;
    }

    return spread + (c->named ? DG_COHORT_NAMED : 0)
           + (c == mine ? DG_COHORT_OWN : 0);
}


/*
 * A few letters, or where short words stand, may be the same by chance: such
 * marks of one end are not enough to take a request for a campaign's.  Nor is
 * any of an end that begins as those of many do: what is left of it is a few
 * letters.  Where a long piece is the same, or both ends, it is hardly chance,
 * and where two are, it is none.
 */

static unsigned
dg_cohort_sure(dg_store_t *st, const dg_request_facts_t *rq,
    const dg_template_t *best, const dg_campaign_t *c, uint32_t now)
{
    dg_id_t         id;
    unsigned        i, ends, common, strong;
    dg_arena_t     *campaigns;
    dg_template_t  *t;

    campaigns = dg_store_arena(st, DG_PART_CAMPAIGNS);
    common = dg_cohort_common(st, rq, now);
    ends = 0;
    strong = 0;

    for (i = 0; i < rq->marks.n; i++) {
        t = dg_cohort_template(st, &rq->marks, i, &id);

        if (t == NULL || (common & 1u << rq->marks.kind[i])
            || (t != best
                && dg_campaign_of(campaigns, t->campaign, t->born) != c))
        {
            continue;
        }

        switch (id.v[1]) {

        case DG_MARK_HEAD_24:
        case DG_MARK_HEAD_SHAPE:
        case DG_MARK_HEAD_64:
            ends |= 1;
            strong += (id.v[1] == DG_MARK_HEAD_64);
            break;

        case DG_MARK_TAIL_24:
        case DG_MARK_TAIL_SHAPE:
        case DG_MARK_TAIL_64:
            ends |= 2;
            strong += (id.v[1] == DG_MARK_TAIL_64);
            break;

        default:
            strong++;
        }
    }

    return (strong > 1 || (strong && ends == 3)) ? 2
           : (strong || ends == 3) ? 1 : 0;
}


/*
 * Do its members have more in common than may be by chance, nearly all of
 * them?  Then who has less is none: somebody's list whose frame begins with
 * the same words.
 */

static int
dg_cohort_clear(const dg_campaign_t *c)
{
    return c->accounts >= DG_WATCH_COHORT
           && (uint64_t) c->sure * 4 >= (uint64_t) c->accounts * 3;
}


/* the kinds of marks of ends that many have who have nothing in common */

static unsigned
dg_cohort_common(dg_store_t *st, const dg_request_facts_t *rq, uint32_t now)
{
    dg_id_t         id;
    unsigned        i, kinds;
    dg_template_t  *t;

    kinds = 0;

    for (i = 0; i < rq->marks.n; i++) {

        if (rq->marks.kind[i] != DG_MARK_HEAD_24
            && rq->marks.kind[i] != DG_MARK_TAIL_24)
        {
            continue;
        }

        t = dg_cohort_template(st, &rq->marks, i, &id);

        if (t && dg_template_accounts(t) >= DG_WATCH_COHORT
            && dg_template_spread(t, now) == 0)
        {
            kinds |= (rq->marks.kind[i] == DG_MARK_HEAD_24)
                     ? 1u << DG_MARK_HEAD_64 | 1u << DG_MARK_HEAD_SHAPE
                     : 1u << DG_MARK_TAIL_64 | 1u << DG_MARK_TAIL_SHAPE;
        }
    }

    return kinds;
}


dg_template_t *
dg_cohort_count(dg_store_t *st, dg_watch_t *w)
{
    unsigned        i, n, used, most;
    dg_campaign_t  *mine;
    dg_template_t  *t, *best;

    mine = dg_campaign_of(dg_store_arena(st, DG_PART_CAMPAIGNS),
                          w->profile->campaign, w->profile->born);
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

        dg_cohort_prove(st, t);

        n = dg_cohort_weight(st, t, mine, w->now);

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
dg_cohort_keep(dg_store_t *st, const dg_watch_t *w)
{
    dg_id_t         id;
    unsigned        i;
    dg_template_t  *t;

    for (i = 0; i < w->rq->marks.n; i++) {
        t = dg_cohort_template(st, &w->rq->marks, i, &id);

        if (t) {
            dg_arena_touch(dg_store_arena(st, DG_PART_TEMPLATES), &t->cell);
        }
    }
}


void
dg_cohort_join(dg_store_t *st, dg_watch_t *w, dg_template_t *t)
{
    dg_id_t         id;
    uint32_t        spread, weight;
    unsigned        sure;
    dg_arena_t     *a;
    dg_profile_t   *p;
    dg_campaign_t  *c, *mine;

    p = w->profile;

    a = dg_store_arena(st, DG_PART_CAMPAIGNS);
    c = dg_campaign_of(a, t->campaign, t->born);
    sure = c && dg_cohort_sure(st, w->rq, t, c, w->now) > 0;

    if (c && !sure && !p->sure && dg_cohort_clear(c)) {
        return;
    }

    p->tally[0].cohort++;

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

    } else if (mine || !dg_cohort_devoted(p)) {
        c->nears -= dg_min(c->nears, DG_COHORT_FAR);
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

    if (dg_member_join(st, c, p, p->crowd, w->now) == DG_OK) {
        p->uses++;
        weight = (uint32_t) (p->uses * dg_store_scale(st, w->ex) + 0.5);
        weight = dg_max(dg_min(weight, dg_campaign_most(c)), p->weight);

        dg_campaign_use(c, p->weight, weight);
        p->weight = weight;
        p->alike += (p->crowd >= DG_WATCH_CROWD);
        p->votes = dg_min(p->votes + 1, DG_COHORT_VOTES);

        c->sure += (sure && !p->sure);
        p->sure |= sure;
    }

    c->last_seen = w->now;

    if (c->own.uses > c->told + c->told / 8 + DG_COHORT_OFTEN) {
        c->told = (uint32_t) dg_min(c->own.uses, UINT32_MAX);
        dg_sighting_tell(st, DG_SIGHTING_CAMPAIGN, &c->cell);
    }

    if (c->named == 0 || p->uses % DG_COHORT_OFTEN == 0) {
        dg_judge(st, w, c);
    }
}


/*
 * An account of one cohort uses the template of another.  Cohorts whose
 * templates are used by what are the same accounts are one, and a campaign
 * takes its members from cohorts that are none; otherwise the account is held
 * to the one it uses more.  Returns the template's cohort as it is then.
 */

static dg_campaign_t *
dg_cohort_cross(dg_store_t *st, dg_watch_t *w, dg_campaign_t *c,
    dg_campaign_t *mine)
{
    dg_profile_t  *p;

    p = w->profile;

    if ((p->tied || dg_cohort_devoted(p)) && ++c->nears >= DG_COHORT_NEAR) {
        return dg_member_merge(st, c, mine);
    }

    if (p->tied) {
        return c;
    }

    if (c->named && mine->named == 0) {
        p->votes = 0;

    } else if (p->votes && !dg_cohort_devoted(p)) {
        p->votes--;
    }

    if (p->votes == 0) {
        dg_member_leave(st, p, w->now);
    }

    return c;
}


/*
 * Who came with a cohort and does little else than fill what cohorts fill:
 * its frames are those of one campaign, however many there are.
 */

static int
dg_cohort_devoted(const dg_profile_t *p)
{
    uint32_t  uses, openings;

    uses = p->tally[0].cohort + p->tally[1].cohort;
    openings = p->tally[0].openings + p->tally[0].attempts
               + p->tally[1].openings + p->tally[1].attempts;

    return !p->old && uses >= DG_COHORT_DEVOTED && uses * 2 >= openings;
}


/*
 * Templates that have the same accounts, in one request or one after the
 * other, are of one cohort.  Returns the template's as it is then.
 */

static dg_campaign_t *
dg_cohort_overlap(dg_store_t *st, dg_watch_t *w, const dg_template_t *t,
    dg_campaign_t *c)
{
    dg_id_t         id;
    unsigned        i;
    uint32_t        index;
    dg_arena_t     *a;
    dg_template_t  *other;

    for (i = 0; i < w->rq->marks.n; i++) {
        other = dg_cohort_template(st, &w->rq->marks, i, &id);

        if (other) {
            c = dg_cohort_same(st, w, t, other, c);
        }
    }

    a = dg_store_arena(st, DG_PART_TEMPLATES);
    index = w->profile->template;

    if (index == DG_NIL || index > a->fresh) {
        return c;
    }

    other = (dg_template_t *) dg_arena_cell(a, index);

    return other->cell.kind ? dg_cohort_same(st, w, t, other, c) : c;
}


static dg_campaign_t *
dg_cohort_same(dg_store_t *st, const dg_watch_t *w, const dg_template_t *t,
    dg_template_t *other, dg_campaign_t *c)
{
    dg_arena_t     *a;
    dg_campaign_t  *its;

    if (other == t || dg_template_spread(other, w->now) < DG_WATCH_COHORT
        || dg_template_overlap(other, t) < DG_COHORT_OVERLAP)
    {
        return c;
    }

    a = dg_store_arena(st, DG_PART_CAMPAIGNS);
    its = dg_campaign_of(a, other->campaign, other->born);

    if (its && its != c) {
        c = dg_member_merge(st, c, its);
    }

    if (other->born != c->born
        || other->campaign != dg_arena_index(a, &c->cell))
    {
        other->campaign = dg_arena_index(a, &c->cell);
        other->born = c->born;
        dg_sighting_tell(st, DG_SIGHTING_TEMPLATE, &other->cell);
    }

    return c;
}


/*
 * What many accounts have in common is forgotten last, but leaves half of
 * its arena to others: a campaign may rest, or be refused before its bodies
 * are read, for days; and what everybody knows to say would be news again.
 */

static void
dg_cohort_prove(dg_store_t *st, dg_template_t *t)
{
    dg_arena_t  *a;
    dg_queue_t  *q;

    if (t->cell.segment != DG_PROBATION
        || dg_template_accounts(t) < DG_WATCH_COHORT)
    {
        return;
    }

    a = dg_store_arena(st, DG_PART_TEMPLATES);
    q = &a->queue[DG_PROVEN];

    if (q->n >= a->ncells / 2) {
        dg_arena_move(a, dg_arena_cell(a, q->oldest), DG_PROBATION);
    }

    dg_arena_move(a, &t->cell, DG_PROVEN);
}
