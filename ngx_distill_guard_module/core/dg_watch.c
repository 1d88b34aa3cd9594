/*
 * Copyright (C) 2026 Distill Guard
 *
 * What exchanges say of their accounts, of templates and of who belongs
 * together.
 */


#include "dg_store.h"
#include "dg_bits.h"


/* accounts behind a template that make it a cohort */
#define DG_WATCH_COHORT     20

/* templates of one request that are counted */
#define DG_WATCH_TEMPLATES  4

/* partners on both ends that make a tie one of many: a chain of colleagues,
   or one conversation that thousands were shown, is none */
#define DG_WATCH_TIES       4

/* per mille of accounts that templates of one cohort have in common */
#define DG_WATCH_OVERLAP    500

/* uses by members of one campaign, above those by others, that make two of
   them one */
#define DG_WATCH_NEAR       3

/* uses of a campaign's templates that make an account its own, and of these
   that keep it there */
#define DG_WATCH_USES       2
#define DG_WATCH_VOTES      16

/* openings of a day up to which an account is hardly known */
#define DG_WATCH_NEW        8

/* accounts of an origin that make it crowded */
#define DG_WATCH_CROWD      20

/* uses between two looks at the same campaign */
#define DG_WATCH_OFTEN      16

/* kinds of cells, in arenas of their own */
#define DG_WATCH_KIND       1


/* one exchange and whose it is */

typedef struct {
    const dg_exchange_t       *ex;
    const dg_policy_t         *policy;
    const dg_request_facts_t  *rq;
    const dg_shared_t         *shared;
    const dg_id_t             *account;
    dg_profile_t              *profile;
    uint32_t                   now;
} dg_watch_t;


static dg_profile_t *dg_watch_profile(dg_store_t *st, const dg_id_t *account,
    uint32_t now);
static int dg_watch_sure(dg_store_t *st, const dg_request_facts_t *rq,
    const dg_template_t *best, const dg_campaign_t *c);
static int dg_watch_crowded(const dg_campaign_t *c);
static void dg_watch_refused(dg_store_t *st, dg_watch_t *w);
static void dg_watch_ties(dg_store_t *st, dg_watch_t *w);
static void dg_watch_tie(dg_store_t *st, dg_watch_t *w,
    const dg_partner_t *partner);
static dg_template_t *dg_watch_templates(dg_store_t *st, dg_watch_t *w);
static dg_template_t *dg_watch_mark(dg_store_t *st, dg_watch_t *w,
    unsigned i);
static void dg_watch_cohort(dg_store_t *st, dg_watch_t *w,
    dg_template_t *t);
static dg_campaign_t *dg_watch_cross(dg_store_t *st, dg_watch_t *w,
    dg_campaign_t *c, dg_campaign_t *mine);
static dg_campaign_t *dg_watch_overlaps(dg_store_t *st, dg_watch_t *w,
    const dg_template_t *t, dg_campaign_t *c);
static dg_campaign_t *dg_watch_campaign(dg_store_t *st, const dg_id_t *id,
    uint32_t now);
static int dg_watch_join(dg_store_t *st, dg_campaign_t *c, dg_profile_t *p,
    const dg_exchange_t *ex, uint32_t now);
static void dg_watch_judge(dg_store_t *st, const dg_policy_t *policy,
    dg_campaign_t *c, uint32_t now);
static unsigned dg_watch_named(const dg_policy_t *policy);
static unsigned dg_watch_synchrony(dg_store_t *st, const dg_campaign_t *c);
static double dg_watch_overlap(const dg_profile_t *one,
    const dg_profile_t *two);
static void dg_watch_convict(dg_arena_t *a, dg_cell_t *cell);


dg_profile_t *
dg_store_profile(dg_store_t *st, const dg_id_t *account)
{
    if (dg_id_none(account)) {
        return NULL;
    }

    return (dg_profile_t *) dg_arena_find(
                                       dg_store_arena(st, DG_PART_PROFILES),
                                       DG_WATCH_KIND, account);
}


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
        || (dg_watch_crowded(c) && p->alike * 2 < p->uses))
    {
        return NULL;
    }

    dg_profile_day(p, &sum, now);

    sum.openings += sum.attempts;

    if (p->uses >= DG_WATCH_USES && sum.cohort * 2 >= sum.openings) {
        return c;
    }

    /* the first uses of a template are not known for what they are */

    return (p->refused && (sum.openings <= DG_WATCH_NEW
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

    return !dg_watch_crowded(c)
           || dg_store_crowd(st, ex, now) >= DG_WATCH_CROWD;
}


/* does it come from crowded origins?  No origin is when its first ones come */

static int
dg_watch_crowded(const dg_campaign_t *c)
{
    return c->by_origin || (uint64_t) c->crowded * 4 >= c->accounts;
}


dg_template_t *
dg_store_template(dg_store_t *st, const dg_request_facts_t *rq,
    dg_campaign_t **campaign, uint32_t now)
{
    dg_id_t         id;
    unsigned        i, n, most;
    dg_arena_t     *a;
    dg_campaign_t  *c;
    dg_template_t  *t, *best;

    *campaign = NULL;

    a = dg_store_arena(st, DG_PART_TEMPLATES);
    best = NULL;
    most = 0;

    for (i = 0; i < rq->marks.n; i++) {
        id.v[0] = rq->marks.value[i];
        id.v[1] = rq->marks.kind[i];

        t = (dg_template_t *) dg_arena_find(a, DG_WATCH_KIND, &id);

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

        if (c && c->named && dg_watch_sure(st, rq, best, c)) {
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
dg_watch_sure(dg_store_t *st, const dg_request_facts_t *rq,
    const dg_template_t *best, const dg_campaign_t *c)
{
    dg_id_t         id;
    unsigned        i, n;
    dg_arena_t     *templates, *campaigns;
    dg_template_t  *t;

    templates = dg_store_arena(st, DG_PART_TEMPLATES);
    campaigns = dg_store_arena(st, DG_PART_CAMPAIGNS);
    n = 0;

    for (i = 0; i < rq->marks.n; i++) {
        id.v[0] = rq->marks.value[i];
        id.v[1] = rq->marks.kind[i];

        t = (dg_template_t *) dg_arena_find(templates, DG_WATCH_KIND, &id);

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


unsigned
dg_store_crowd(dg_store_t *st, const dg_exchange_t *ex, uint32_t now)
{
    dg_subject_t  *s;

    if (!ex->hosting || dg_id_none(&ex->ids[DG_KIND_ORIGIN])) {
        return 0;
    }

    s = dg_store_find(st, DG_KIND_ORIGIN, &ex->ids[DG_KIND_ORIGIN]);

    return s ? dg_subject_crowd(s, now) : 0;
}


void
dg_store_watch(dg_store_t *st, const dg_exchange_t *ex,
    const dg_policy_t *policy, const dg_request_facts_t *rq,
    const dg_usage_t *usage, const dg_shared_t *shared, unsigned accepted,
    uint64_t now_ms)
{
    dg_act_t        act;
    dg_watch_t      w;
    dg_template_t  *t;

    w.ex = ex;
    w.policy = policy;
    w.rq = rq;
    w.shared = shared;
    w.account = dg_store_account(ex);
    w.now = (uint32_t) (now_ms / 1000);

    if (dg_id_none(w.account)) {
        return;
    }

    dg_store_begin(st);

    w.profile = accepted ? dg_watch_profile(st, w.account, w.now)
                         : dg_store_profile(st, w.account);

    if (w.profile == NULL) {
        dg_store_end(st);
        return;
    }

    dg_profile_turn(w.profile, w.now);

    if (accepted) {
        act.rq = rq;
        act.usage = usage;
        act.shared = shared;
        act.origin = &ex->ids[DG_KIND_ORIGIN];
        act.asn = ex->hosting ? (uint32_t) ex->ids[DG_KIND_ASN].v[1] : 0;
        act.relay = ex->relay;
        act.near = ex->near;

        dg_profile_count(w.profile, &act, w.now);

        t = dg_watch_templates(st, &w);

        if (t) {
            dg_watch_cohort(st, &w, t);
        }

    } else if (ex->refused && !ex->dry) {
        dg_watch_refused(st, &w);

    } else {
        dg_profile_failed(w.profile, rq);
    }

    dg_watch_ties(st, &w);

    dg_store_end(st);
}


/*
 * What a suspect was refused tells whom it belongs to all the same; templates
 * do not grow by it.
 */

static void
dg_watch_refused(dg_store_t *st, dg_watch_t *w)
{
    dg_campaign_t  *c;
    dg_template_t  *t;

    if (w->ex->throttle == NULL && w->ex->standing < DG_THROTTLE) {
        return;
    }

    if (w->rq->marks.n) {
        w->profile->tally[0].attempts++;
    }

    t = dg_store_template(st, w->rq, &c, w->now);

    if (t && c) {
        dg_watch_cohort(st, w, t);
        w->profile->refused++;
    }
}


static dg_profile_t *
dg_watch_profile(dg_store_t *st, const dg_id_t *account, uint32_t now)
{
    int            created;
    dg_arena_t    *a;
    dg_profile_t  *p;

    a = dg_store_arena(st, DG_PART_PROFILES);

    p = (dg_profile_t *) dg_arena_get(a, DG_WATCH_KIND, account, &created,
                                      NULL, NULL);
    if (p == NULL) {
        return NULL;
    }

    if (created) {
        p->first_seen = now;
        p->last_seen = now;
        dg_arena_move(a, &p->cell, DG_PROVEN);

    } else if (p->last_seen != now) {
        dg_arena_touch(a, &p->cell);
    }

    return p;
}


/* --- ties --- */

static void
dg_watch_ties(dg_store_t *st, dg_watch_t *w)
{
    unsigned  i;

    for (i = 0; i < w->shared->npartners; i++) {
        dg_watch_tie(st, w, &w->shared->partner[i]);
    }
}


static void
dg_watch_tie(dg_store_t *st, dg_watch_t *w, const dg_partner_t *partner)
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

        c = dg_watch_campaign(st, &id, w->now);
        if (c == NULL) {
            return;
        }
    }

    c->pieces[partner->tie]++;

    if (dg_watch_join(st, c, p, w->ex, w->now) == DG_OK && !p->tied) {
        p->tied = 1;
        c->tied++;
    }

    if (dg_watch_join(st, c, other, w->ex, w->now) == DG_OK && !other->tied) {
        other->tied = 1;
        c->tied++;
    }

    dg_watch_judge(st, w->policy, c, w->now);
}


/* --- templates --- */

/* counts a use of all that are known; the one with the most accounts */

static dg_template_t *
dg_watch_templates(dg_store_t *st, dg_watch_t *w)
{
    unsigned        i, n, used, most;
    dg_template_t  *t, *best;

    best = NULL;
    most = 0;
    used = 0;

    for (i = 0; i < w->rq->marks.n; i++) {
        t = dg_watch_mark(st, w, i);

        if (t == NULL || used == DG_WATCH_TEMPLATES) {
            continue;
        }

        used++;
        (void) dg_template_use(t, w->account, &w->rq->content,
                               w->profile->first_seen, w->now);

        n = dg_template_spread(t, w->now);

        if (best == NULL || n > most) {
            best = t;
            most = n;
        }
    }

    return (most >= DG_WATCH_COHORT) ? best : NULL;
}


static dg_template_t *
dg_watch_mark(dg_store_t *st, dg_watch_t *w, unsigned i)
{
    int             created;
    dg_id_t         id;
    dg_arena_t     *a;
    dg_template_t  *t;

    a = dg_store_arena(st, DG_PART_TEMPLATES);

    id.v[0] = w->rq->marks.value[i];
    id.v[1] = w->rq->marks.kind[i];

    t = (dg_template_t *) dg_arena_find(a, DG_WATCH_KIND, &id);

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


/* an account uses a template that makes a cohort */

static void
dg_watch_cohort(dg_store_t *st, dg_watch_t *w, dg_template_t *t)
{
    dg_id_t         id;
    uint32_t        spread;
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

        c = dg_watch_campaign(st, &id, w->now);
        if (c == NULL) {
            return;
        }
    }

    c = dg_watch_overlaps(st, w, t, c);
    mine = dg_campaign_of(a, p->campaign, p->born);

    if (mine && mine != c) {
        c = dg_watch_cross(st, w, c, mine);

    } else if (c->nears) {
        c->nears--;
    }

    t->campaign = dg_arena_index(a, &c->cell);
    t->born = c->born;
    p->template = dg_arena_index(dg_store_arena(st, DG_PART_TEMPLATES),
                                 &t->cell);

    spread = dg_template_spread(t, w->now);

    if (spread > c->spread || c->widest == p->template) {
        c->spread = spread;
        c->widest = p->template;
    }

    if (dg_watch_join(st, c, p, w->ex, w->now) == DG_OK) {
        dg_campaign_use(c, p->uses);
        p->uses++;
        p->alike += (dg_store_crowd(st, w->ex, w->now) >= DG_WATCH_CROWD);
        p->votes = dg_min(p->votes + 1, DG_WATCH_VOTES);
    }

    c->last_seen = w->now;

    if (c->named == 0 || c->uses % DG_WATCH_OFTEN == 0) {
        dg_watch_judge(st, w->policy, c, w->now);
    }
}


/*
 * An account of one cohort uses the template of another.  Two campaigns that
 * have members in common are one, and a campaign takes its members from
 * cohorts that are none; otherwise the account is held to the one it uses
 * more.  Returns the template's cohort as it is then.
 */

static dg_campaign_t *
dg_watch_cross(dg_store_t *st, dg_watch_t *w, dg_campaign_t *c,
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

        if (c->nears >= DG_WATCH_NEAR) {
            return dg_campaign_merge(a, c, mine);
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
        dg_campaign_leave(mine, p->uses);
        mine->crowded -= dg_min(mine->crowded, p->crowded);
        mine->relayed -= dg_min(mine->relayed, p->relayed);
        p->campaign = DG_NIL;
        p->uses = 0;
    }

    return c;
}


/* templates that have the same accounts, one after the other, are of one */

static dg_campaign_t *
dg_watch_overlaps(dg_store_t *st, dg_watch_t *w, const dg_template_t *t,
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
        || dg_template_overlap(last, t) < DG_WATCH_OVERLAP)
    {
        return c;
    }

    return dg_campaign_merge(campaigns, c, other);
}


/* --- campaigns --- */

/* finds or makes; NULL if there is no room */

static dg_campaign_t *
dg_watch_campaign(dg_store_t *st, const dg_id_t *id, uint32_t now)
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


/* DG_ERROR if it has grown by too many, or the account is another's */

static int
dg_watch_join(dg_store_t *st, dg_campaign_t *c, dg_profile_t *p,
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


/* is it a campaign by now? */

static void
dg_watch_judge(dg_store_t *st, const dg_policy_t *policy, dg_campaign_t *c,
    uint32_t now)
{
    unsigned     i, families, need;
    dg_score_t   score;
    dg_sight_t   sight;
    dg_arena_t  *a;

    a = dg_store_arena(st, DG_PART_CAMPAIGNS);

    c->synchrony = dg_watch_synchrony(st, c);

    memset(&sight, 0, sizeof(dg_sight_t));

    sight.campaign = c;
    sight.now = now;

    dg_signals_score(policy->signals, &sight, &score);
    dg_campaign_scored(c, score.score, now);

    if (c->named) {
        return;
    }

    families = 0;

    for (i = 0; i < DG_FAMILIES; i++) {
        families += (score.families[i] >= DG_FAMILY_LEAST);
    }

    if (score.families[DG_FAMILY_LINKAGE] < DG_FAMILY_LEAST
        || (families < 2 && c->tied <= DG_WATCH_TIES))
    {
        return;
    }

    need = dg_watch_named(policy);

    if (need && score.score >= need) {
        c->named = now;
        c->by_origin = (c->tied <= DG_WATCH_TIES
                        && score.families[DG_FAMILY_COHORT]
                           < DG_FAMILY_LEAST);
        dg_watch_convict(a, &c->cell);
    }
}


/* the score of throttle, or else of what there is; 0: never */

static unsigned
dg_watch_named(const dg_policy_t *policy)
{
    unsigned  i, score;

    static const dg_action_id_t  order[] = {
        DG_ACTION_THROTTLE, DG_ACTION_BLOCK, DG_ACTION_PACE, DG_ACTION_TAG
    };

    for (i = 0; i < dg_nelts(order); i++) {
        score = policy->actions[order[i]].score;

        if (score) {
            return score;
        }
    }

    return 0;
}


/* those convicted leave half of their arena to others */

static void
dg_watch_convict(dg_arena_t *a, dg_cell_t *cell)
{
    if (a->queue[DG_CONVICTED].n < a->ncells / 2) {
        dg_arena_move(a, cell, DG_CONVICTED);
    }
}


/*
 * Of some members, how much more of their active times is the same than
 * chance would have it, on the mean and in thousandths.
 */

static unsigned
dg_watch_synchrony(dg_store_t *st, const dg_campaign_t *c)
{
    double         sum;
    unsigned       i, k, n, pairs;
    dg_arena_t    *a;
    dg_profile_t  *p[DG_CAMPAIGN_SAMPLE];

    a = dg_store_arena(st, DG_PART_PROFILES);
    n = 0;

    for (i = 0; i < DG_CAMPAIGN_SAMPLE; i++) {

        if (c->sample[i] == DG_NIL || c->sample[i] > a->fresh) {
            continue;
        }

        p[n] = (dg_profile_t *) dg_arena_cell(a, c->sample[i]);

        if (p[n]->cell.kind) {
            n++;
        }
    }

    sum = 0;
    pairs = 0;

    for (i = 0; i < n; i++) {
        for (k = i + 1; k < n; k++) {
            sum += dg_watch_overlap(p[i], p[k]);
            pairs++;
        }
    }

    return pairs ? (unsigned) (sum * 1000 / pairs) : 0;
}


/* 1: the same times; 0: no more than chance, or too few to tell */

static double
dg_watch_overlap(const dg_profile_t *one, const dg_profile_t *two)
{
    double    chance, both, n, m;
    uint64_t  a, b;
    uint32_t  slot;

    slot = dg_max(one->slot, two->slot);

    if (slot - one->slot >= 32 || slot - two->slot >= 32) {
        return 0;
    }

    a = one->activity << (slot - one->slot);
    b = two->activity << (slot - two->slot);

    n = dg_bits_set(&a, 1);
    m = dg_bits_set(&b, 1);

    if (n < 6 || m < 6 || n > 48 || m > 48) {
        return 0;
    }

    a &= b;
    both = dg_bits_set(&a, 1);
    chance = n * m / 64;

    return dg_max((both - chance) / (dg_min(n, m) - chance), 0.0);
}
