/*
 * Copyright (C) 2026 Distill Guard
 */


#include "dg_guard.h"
#include "dg_step.h"


/* where on the ladder somebody is */

typedef struct {
    dg_verdict_id_t      standing;   /* but for DG_THROTTLE */
    unsigned             pace;
    const dg_limit_t    *throttle;   /* of the policy; NULL: none */
    uint32_t             until;      /* of the campaign's block, 0: none */
} dg_rung_t;


static void dg_guard_rulings(dg_store_t *st, dg_exchange_t *ex, uint64_t now,
    dg_finding_t *finding);
static void dg_guard_ruled(dg_exchange_t *ex, const dg_ruled_t *r,
    dg_finding_t *finding);
static void dg_guard_obey(dg_exchange_t *ex, dg_rules_t *by,
    dg_finding_t *finding);
static void dg_guard_find(dg_store_t *st, dg_exchange_t *ex,
    const dg_rules_t *rules, dg_profile_t *p, dg_campaign_t *c,
    unsigned whole, uint32_t now, dg_finding_t *finding);
static unsigned dg_guard_ladder(dg_store_t *st, dg_exchange_t *ex,
    const dg_policy_t *policy, dg_campaign_t *c, unsigned attention,
    uint32_t now, dg_finding_t *finding);
static void dg_guard_climb(const dg_policy_t *policy, const dg_campaign_t *c,
    const dg_score_t *score, unsigned attention, uint32_t now,
    dg_rung_t *rung);
static void dg_guard_stand(const dg_sight_t *sight, const dg_policy_t *policy,
    dg_standing_t *standing);
static void dg_guard_stand_rung(const dg_sight_t *sight,
    const dg_policy_t *policy, dg_standing_t *standing);
static void dg_guard_stand_used(const dg_subject_t *s, uint64_t now_ms,
    dg_standing_t *standing);
static unsigned dg_guard_attention(const dg_score_t *score);
static unsigned dg_guard_fading(dg_profile_t *p, dg_score_t *score,
    uint32_t now);


void
dg_guard_head(dg_store_t *st, dg_exchange_t *ex, const dg_rules_t *rules,
    uint64_t now_ms, dg_finding_t *finding, dg_decision_t *decision)
{
    uint32_t        now;
    dg_rules_t      by;
    dg_profile_t   *p;
    dg_campaign_t  *c;

    memset(finding, 0, sizeof(dg_finding_t));

    ex->throttle = NULL;
    ex->standing = DG_PASS;
    ex->standing_ms = 0;
    ex->late = 0;

    by = *rules;
    now = (uint32_t) (now_ms / 1000);

    dg_guard_rulings(st, ex, now, finding);

    if (by.policy && ex->ruling != DG_RULING_ALLOW) {
        p = dg_store_profile(st, dg_store_account(ex));
        c = (p && !ex->unlinked) ? dg_store_member(st, p, now) : NULL;

        dg_guard_find(st, ex, &by, p, c, 0, now, finding);

        /* what a suspect asks for is worth knowing: see the body first */

        ex->throttle = NULL;
    }

    dg_guard_obey(ex, &by, finding);

    dg_store_admit(st, ex, by.limits, by.nlimits, by.enforce, now_ms,
                   decision);

    /* of all others what the body adds is of interest, too */

    if (by.policy && !ex->admitted) {
        dg_store_scored(st, &finding->score);
    }
}


void
dg_guard_body(dg_store_t *st, dg_exchange_t *ex, const dg_rules_t *rules,
    const dg_request_facts_t *rq, uint64_t now_ms, dg_shared_t *shared,
    dg_finding_t *finding, dg_decision_t *decision)
{
    uint32_t        now;
    unsigned        sure;
    uint64_t        n, output;
    dg_rules_t      by;
    dg_profile_t   *p;
    dg_campaign_t  *c, *made;
    dg_template_t  *t;

    by = *rules;
    n = dg_max(rq->n, 1);
    output = dg_min(rq->max_tokens, DG_LIMIT_MAX / n) * n;

    dg_store_look(st, ex, rq, now_ms, shared);

    if (by.policy && ex->ruling != DG_RULING_ALLOW) {
        now = (uint32_t) (now_ms / 1000);
        p = dg_store_profile(st, dg_store_account(ex));
        c = (p && !ex->unlinked) ? dg_store_member(st, p, now) : NULL;
        t = dg_store_template(st, rq, &made, &sure, now);

        if (t) {
            finding->template = t->cell.id;
        }

        if (c == NULL && made && !ex->unlinked
            && dg_store_alike(st, ex, p, made, sure, now))
        {
            ex->late = 1;
            c = made;
        }

        dg_guard_find(st, ex, &by, p, c, 1, now, finding);

        if (shared->covered && by.policy->actions[DG_ACTION_THROTTLE].score
            && ex->standing < DG_THROTTLE && !ex->unlinked)
        {
            ex->standing = DG_THROTTLE;
            ex->standing_ms = (uint64_t) shared->covered * 1000;
        }
    }

    dg_guard_obey(ex, &by, finding);

    if (by.policy) {
        dg_store_scored(st, &finding->score);
    }

    dg_store_reserve(st, ex, by.limits, by.nlimits, by.enforce,
                     dg_facts_input_estimate(rq), output, now_ms, decision);
}


void
dg_guard_end(dg_store_t *st, dg_exchange_t *ex, const dg_rules_t *rules,
    const dg_end_t *end, unsigned left, const dg_usage_t *usage,
    const dg_request_facts_t *rq, const dg_response_facts_t *rs,
    const dg_shared_t *shared, uint64_t now_ms)
{
    unsigned  accepted;

    accepted = end->status >= 200 && end->status < 300;

    dg_store_settle(st, ex, usage, accepted, accepted || left, now_ms);
    dg_store_remember(st, ex, rq, rs, end->status, now_ms);

    if (rules->policy && ex->ruling != DG_RULING_ALLOW) {
        dg_store_watch(st, ex, rules->policy, rq, usage, shared, accepted,
                       now_ms);
    }

    dg_store_tally(st, end, rq, rs);
}


void
dg_guard_sight(dg_store_t *st, const dg_exchange_t *ex, uint64_t now_ms,
    dg_sight_t *sight)
{
    dg_profile_t  *p;

    p = dg_store_profile(st, dg_store_account(ex));

    sight->now = (uint32_t) (now_ms / 1000);
    sight->profile = p;
    sight->campaign = p ? dg_campaign_of(dg_store_arena(st,
                                                        DG_PART_CAMPAIGNS),
                                         p->campaign, p->born)
                        : NULL;
    sight->crowd = dg_store_crowd(st, ex, sight->now);
    sight->scale = p ? dg_store_scale(st, ex) : 1;
    sight->unlinked = dg_store_unlinked(st, dg_store_account(ex), sight->now);
}


void
dg_guard_stand_account(dg_store_t *st, const dg_id_t *account,
    const dg_policy_t *policy, uint64_t now_ms, dg_standing_t *standing)
{
    dg_sight_t     sight;
    dg_exchange_t  ex;
    dg_subject_t  *s;
    dg_profile_t  *p, fades;

    memset(&ex, 0, sizeof(dg_exchange_t));

    s = dg_store_account_subject(st, account);
    ex.ids[s ? s->cell.kind : DG_KIND_KEY] = *account;

    dg_guard_sight(st, &ex, now_ms, &sight);

    p = dg_store_profile(st, account);

    if (p) {
        sight.crowd = p->crowd;
        sight.campaign = sight.unlinked ? NULL
                                        : dg_store_member(st, p, sight.now);
    }

    dg_guard_stand(&sight, policy, standing);

    if (p && sight.campaign == NULL && !sight.unlinked) {
        fades = *p;
        standing->attention = dg_guard_fading(&fades, &standing->score,
                                              sight.now);
    }

    dg_guard_stand_rung(&sight, policy, standing);

    if (sight.campaign) {
        s = dg_store_find(st, DG_KIND_CAMPAIGN, &sight.campaign->cell.id);
    }

    dg_guard_stand_used(s, now_ms, standing);
}


void
dg_guard_stand_campaign(dg_store_t *st, const dg_campaign_t *c,
    const dg_policy_t *policy, uint64_t now_ms, dg_standing_t *standing)
{
    dg_sight_t  sight;

    memset(&sight, 0, sizeof(dg_sight_t));

    sight.campaign = c;
    sight.now = (uint32_t) (now_ms / 1000);

    dg_guard_stand(&sight, policy, standing);
    dg_guard_stand_rung(&sight, policy, standing);

    dg_guard_stand_used(dg_store_find(st, DG_KIND_CAMPAIGN, &c->cell.id),
                        now_ms, standing);
}


static void
dg_guard_stand(const dg_sight_t *sight, const dg_policy_t *policy,
    dg_standing_t *standing)
{
    unsigned  i;

    memset(standing, 0, sizeof(dg_standing_t));

    dg_signals_score(policy->signals, sight, &standing->score);
    standing->attention = dg_guard_attention(&standing->score);

    for (i = 0; i < DG_SIGNALS; i++) {
        standing->values[i] = dg_signals[i].value(sight);
    }

    if (sight->campaign) {
        standing->score.score = dg_max(standing->score.score,
                                       dg_campaign_score(sight->campaign,
                                                         sight->now));
        standing->attention = 2;
    }
}


static void
dg_guard_stand_rung(const dg_sight_t *sight, const dg_policy_t *policy,
    dg_standing_t *standing)
{
    dg_rung_t  rung;

    dg_guard_climb(policy, sight->campaign, &standing->score,
                   standing->attention, sight->now, &rung);

    standing->verdict = rung.standing;
    standing->pace = rung.pace;

    if (rung.throttle) {
        standing->verdict = dg_max(rung.standing, DG_THROTTLE);
        standing->limit = *rung.throttle;
        standing->limit.kind = sight->campaign ? DG_KIND_CAMPAIGN
                                               : DG_KIND_ACCOUNT;
    }

    if (rung.standing == DG_BLOCK) {
        standing->until = rung.until;
    }
}


/* of the limit, by those whom it concerns; s may be NULL */

static void
dg_guard_stand_used(const dg_subject_t *s, uint64_t now_ms,
    dg_standing_t *standing)
{
    if (s && standing->limit.n) {
        standing->used = dg_store_level(&standing->limit, s, now_ms);
    }
}


void
dg_guard_list(dg_store_t *st, uint64_t now_ms, dg_guard_list_pt each,
    void *ctx)
{
    uint32_t              i, k, now;
    dg_arena_t           *campaigns, *profiles;
    const dg_profile_t   *p;
    const dg_campaign_t  *c;

    now = (uint32_t) (now_ms / 1000);
    campaigns = dg_store_arena(st, DG_PART_CAMPAIGNS);
    profiles = dg_store_arena(st, DG_PART_PROFILES);

    for (i = 1; i <= campaigns->fresh; i++) {
        c = (const dg_campaign_t *) dg_arena_cell(campaigns, i);

        if (c->cell.kind == 0 || c->into != DG_NIL || c->named == 0) {
            continue;
        }

        each(ctx, c, NULL);

        for (k = 1; k <= profiles->fresh; k++) {
            p = (const dg_profile_t *) dg_arena_cell(profiles, k);

            if (p->cell.kind && dg_store_member(st, p, now) == c) {
                each(ctx, c, &p->cell.id);
            }
        }
    }
}


/*
 * What operators have decided on whoever asks.  Those of a kind that is
 * narrower go first; of one kind there is but one.
 */

static void
dg_guard_rulings(dg_store_t *st, dg_exchange_t *ex, uint64_t now,
    dg_finding_t *finding)
{
    unsigned           i, kind;
    const dg_id_t     *id;
    const dg_ruled_t  *r, *exempt;

    static const dg_kind_t  order[] = {
        DG_KIND_KEY, DG_KIND_ACCOUNT, DG_KIND_ORIGIN, DG_KIND_CLIENT,
        DG_KIND_ASN
    };

    ex->ruling = DG_RULING_RELEASE;
    ex->unlinked = dg_store_unlinked(st, dg_store_account(ex), now)
                   || dg_store_unlinked(st, &ex->ids[DG_KIND_KEY], now);
    exempt = NULL;

    for (i = 0; i < dg_nelts(order); i++) {
        kind = order[i];

        if (kind == DG_KIND_ACCOUNT) {
            id = dg_store_account(ex);

        } else if (kind == DG_KIND_CLIENT) {
            id = &ex->client;

        } else {
            id = &ex->ids[kind];
        }

        r = dg_store_ruled(st, kind, id, now);

        if (r == NULL) {
            continue;
        }

        if (r->ruling.id != DG_RULING_EXEMPT) {
            dg_guard_ruled(ex, r, finding);
            break;
        }

        exempt = exempt ? exempt : r;
    }

    if (exempt && ex->ruling == DG_RULING_RELEASE) {
        dg_guard_ruled(ex, exempt, finding);
    }
}


static void
dg_guard_ruled(dg_exchange_t *ex, const dg_ruled_t *r, dg_finding_t *finding)
{
    dg_ruling_found_t  *found;

    found = &finding->ruling;

    found->id = (dg_ruling_id_t) r->ruling.id;
    found->kind = r->cell.kind;
    found->subject = r->cell.id;
    found->author_len = r->ruling.author_len;
    memcpy(found->author, r->ruling.author, r->ruling.author_len);

    ex->ruling = found->id;
}


/* whatever was found, this is what holds */

static void
dg_guard_obey(dg_exchange_t *ex, dg_rules_t *by, dg_finding_t *finding)
{
    if (ex->ruling == DG_RULING_BLOCK) {
        ex->standing = DG_BLOCK;
        ex->standing_ms = 0;

    } else if (ex->ruling == DG_RULING_ALLOW) {
        ex->standing = DG_PASS;
        ex->throttle = NULL;
        finding->pace = 0;
        by->nlimits = 0;
        memset(&finding->score, 0, sizeof(dg_score_t));
    }
}


/*
 * What there is against an exchange, and where on the ladder that is.  Before
 * the body is known, whole is 0: by what it asks an account may be higher.
 */

static void
dg_guard_find(dg_store_t *st, dg_exchange_t *ex, const dg_rules_t *rules,
    dg_profile_t *p, dg_campaign_t *c, unsigned whole, uint32_t now,
    dg_finding_t *finding)
{
    unsigned           attention, anew;
    dg_sight_t         sight;
    const dg_ruled_t  *r;

    sight.profile = p;
    sight.campaign = c;
    sight.crowd = dg_store_crowd(st, ex, now);
    sight.now = now;
    sight.scale = p ? dg_store_scale(st, ex) : 1;
    sight.unlinked = ex->unlinked;

    dg_signals_score(rules->policy->signals, &sight, &finding->score);

    if (c) {
        finding->campaign = c->cell.id;
        ex->ids[DG_KIND_CAMPAIGN] = c->cell.id;

        /* what is known of a campaign outlives the days that it rests */

        finding->score.score = dg_max(finding->score.score,
                                      dg_campaign_score(c, now));
        attention = 2;

        r = (ex->ruling == DG_RULING_RELEASE)
            ? dg_store_ruled_campaign(st, c, now) : NULL;

        if (r) {
            dg_guard_ruled(ex, r, finding);
        }

    } else {
        attention = (p && !ex->unlinked)
                    ? dg_guard_fading(p, &finding->score, now)
                    : dg_guard_attention(&finding->score);
    }

    if (ex->ruling == DG_RULING_ALLOW) {
        return;
    }

    anew = dg_guard_ladder(st, ex, rules->policy, c, attention, now, finding);

    if (c) {
        dg_step_campaign(st, rules->policy, c, &finding->score, anew,
                         !rules->enforce, now);
    }

    /* of an operator's ruling its own line tells */

    if (p && ex->ruling != DG_RULING_BLOCK) {
        dg_step_account(st, ex, rules, p, c, &finding->score, whole, now);
    }
}


/*
 * An account's own score is that of now or what is left of a greater one,
 * with the attention that it drew: who rests for some hours is no other by
 * then.
 */

static unsigned
dg_guard_fading(dg_profile_t *p, dg_score_t *score, uint32_t now)
{
    unsigned  attention, left;

    attention = dg_guard_attention(score);
    left = dg_score_decayed(p->score, p->scored, now, DG_PROFILE_HALF);

    if (score->score >= left) {
        p->score = (uint16_t) score->score;
        p->attention = (uint8_t) attention;
        p->scored = now;

        return attention;
    }

    score->score = left;

    return p->attention;
}


/* 1: the campaign is blocked from now on */

static unsigned
dg_guard_ladder(dg_store_t *st, dg_exchange_t *ex,
    const dg_policy_t *policy, dg_campaign_t *c, unsigned attention,
    uint32_t now, dg_finding_t *finding)
{
    unsigned   anew;
    dg_rung_t  rung;

    dg_guard_climb(policy, c, &finding->score, attention, now, &rung);

    if (rung.standing != DG_PASS) {
        ex->standing = rung.standing;
    }

    if (rung.pace) {
        finding->pace = rung.pace;
    }

    if (rung.throttle) {
        ex->throttle = rung.throttle;
    }

    if (rung.standing == DG_BLOCK) {
        ex->standing_ms = (uint64_t) (rung.until - now) * 1000;
    }

    anew = (c && rung.until > c->blocked);

    if (anew) {
        c->blocked = rung.until;
        dg_sighting_tell(st, DG_SIGHTING_CAMPAIGN, &c->cell);
    }

    return anew;
}


/* how far up a score leads; changes nothing */

static void
dg_guard_climb(const dg_policy_t *policy, const dg_campaign_t *c,
    const dg_score_t *score, unsigned attention, uint32_t now,
    dg_rung_t *rung)
{
    const dg_action_t  *a;

    a = policy->actions;

    memset(rung, 0, sizeof(dg_rung_t));

    if (attention == 0) {
        return;
    }

#define dg_guard_rung(id)  (a[id].score && score->score >= a[id].score)

    if (dg_guard_rung(DG_ACTION_TAG)) {
        rung->standing = DG_TAG;
    }

    if (dg_guard_rung(DG_ACTION_PACE)) {
        rung->standing = DG_PACE;
        rung->pace = a[DG_ACTION_PACE].pace;
    }

    if (attention < 2) {
        return;
    }

    if (dg_guard_rung(DG_ACTION_THROTTLE)) {
        rung->throttle = &a[DG_ACTION_THROTTLE].limit;
    }

    if (c == NULL) {
        return;
    }

    if (c->blocked > now) {
        rung->until = c->blocked;

    } else if (dg_guard_rung(DG_ACTION_BLOCK)
               && score->families[DG_FAMILY_LINKAGE] >= DG_BLOCK_LINKAGE)
    {
        rung->until = now + a[DG_ACTION_BLOCK].seconds;
    }

    if (rung->until && a[DG_ACTION_BLOCK].score) {
        rung->standing = DG_BLOCK;
    }

#undef dg_guard_rung
}


/*
 * 2: families that agree; 1: one that is as strong as it gets, which is
 * enough to be told and slowed; 0: nothing
 */

static unsigned
dg_guard_attention(const dg_score_t *score)
{
    unsigned  i, families;

    families = 0;

    for (i = 0; i < DG_FAMILIES; i++) {
        families += score->families[i] >= DG_FAMILY_LEAST;
    }

    if (families >= 2) {
        return 2;
    }

    for (i = 0; i < score->n; i++) {
        if (score->reason[i].full) {
            return 1;
        }
    }

    return 0;
}
