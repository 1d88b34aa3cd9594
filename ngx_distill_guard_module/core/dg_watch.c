/*
 * Copyright (C) 2026 Distill Guard
 *
 * What an exchange that has ended says of its account; the rest of it goes to
 * ties and cohorts.
 */


#include "dg_watch.h"


static void dg_watch_refused(dg_store_t *st, dg_watch_t *w);
static void dg_watch_tell(dg_store_t *st, const dg_profile_t *before,
    dg_profile_t *p, uint32_t now);
static void dg_watch_probe(dg_store_t *st, dg_watch_t *w);
static void dg_watch_probed(dg_store_t *st, dg_watch_t *w);
static dg_subject_t *dg_watch_subject(dg_store_t *st, const dg_watch_t *w);


void
dg_store_watch(dg_store_t *st, const dg_exchange_t *ex,
    const dg_policy_t *policy, const dg_request_facts_t *rq,
    const dg_usage_t *usage, const dg_shared_t *shared, unsigned accepted,
    uint64_t now_ms)
{
    dg_act_t        act;
    dg_watch_t      w;
    dg_profile_t    before;
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

    if (w.profile) {
        dg_profile_turn(w.profile, w.now);
    }

    if (!accepted && (!ex->refused || ex->dry) && dg_profile_probe(rq)) {
        dg_watch_probe(st, &w);
    }

    if (w.profile == NULL) {
        dg_store_end(st);
        return;
    }

    if (accepted && w.profile->tally[0].requests == 0
        && w.profile->tally[1].requests == 0)
    {
        dg_watch_probed(st, &w);
    }

    w.profile->crowd = dg_store_crowd(st, ex, w.now);

    before = *w.profile;

    if (accepted) {
        act.rq = rq;
        act.usage = usage;
        act.accounts = dg_recall_answered(dg_store_arena(st, DG_PART_RECALL),
                                          rq, w.now);
        act.accounts = dg_max(act.accounts, shared->accounts);
        act.origin = &ex->ids[DG_KIND_ORIGIN];
        act.asn = ex->hosting ? (uint32_t) ex->ids[DG_KIND_ASN].v[1] : 0;
        act.relay = ex->relay;
        act.near = ex->near;

        dg_profile_count(w.profile, &act, w.now);

        t = ex->unlinked ? NULL : dg_cohort_count(st, &w);

        if (t) {
            dg_cohort_join(st, &w, t);
        }

    } else if (ex->refused && !ex->dry) {
        dg_watch_refused(st, &w);
    }

    if (!ex->unlinked) {
        dg_tie_all(st, &w);
    }

    dg_watch_tell(st, &before, w.profile, w.now);

    dg_store_end(st);
}


/* what others should hear of an account is told when it has changed */

static void
dg_watch_tell(dg_store_t *st, const dg_profile_t *before, dg_profile_t *p,
    uint32_t now)
{
    unsigned  seen;

    seen = (p->campaign != DG_NIL && dg_member_seen(st, p, now));

    if (p->slot != before->slot || p->activity != before->activity
        || p->networks[0] != before->networks[0]
        || p->hosts[0] != before->hosts[0]
        || p->campaign != before->campaign || p->born != before->born
        || p->seen != seen)
    {
        p->seen = (uint8_t) seen;
        dg_sighting_tell(st, DG_SIGHTING_PROFILE, &p->cell);
    }
}


/*
 * What a suspect was refused tells whom it belongs to all the same; templates
 * do not grow by it, but are kept: a campaign that gets nothing any more is not
 * to be forgotten for that.
 */

static void
dg_watch_refused(dg_store_t *st, dg_watch_t *w)
{
    unsigned        sure;
    dg_campaign_t  *c;
    dg_template_t  *t;

    if (w->ex->unlinked
        || (w->ex->throttle == NULL && w->ex->standing < DG_THROTTLE))
    {
        return;
    }

    if (w->rq->marks.n) {
        w->profile->tally[0].attempts++;
    }

    t = dg_store_template(st, w->rq, &c, &sure, w->now);

    if (t && c) {
        dg_cohort_keep(st, w);
        dg_cohort_join(st, w, t);
        w->profile->refused++;

    } else if (t && dg_template_spread(t, w->now) >= DG_WATCH_COHORT
               && w->shared->covered == 0
               && dg_store_member(st, w->profile, w->now))
    {
        /* what else its members want, but not how often they try */

        dg_cohort_join(st, w, t);
    }
}


/*
 * A tool begins with it, and so before there is a profile: its subject keeps
 * it until there is.
 */

static void
dg_watch_probe(dg_store_t *st, dg_watch_t *w)
{
    dg_subject_t  *s;

    if (w->profile) {
        w->profile->tally[0].probes++;
        return;
    }

    s = dg_watch_subject(st, w);

    if (s) {
        dg_store_flags(st, s, DG_SUBJECT_PROBED, 0);
    }
}


static void
dg_watch_probed(dg_store_t *st, dg_watch_t *w)
{
    dg_subject_t  *s;

    s = dg_watch_subject(st, w);

    if (s && (s->cell.flags & DG_SUBJECT_PROBED)) {
        w->profile->tally[0].probes++;
        dg_store_flags(st, s, 0, DG_SUBJECT_PROBED);
    }
}


static dg_subject_t *
dg_watch_subject(dg_store_t *st, const dg_watch_t *w)
{
    unsigned  kind;

    kind = (w->account == &w->ex->ids[DG_KIND_KEY]) ? DG_KIND_KEY
                                                    : DG_KIND_ACCOUNT;

    return dg_store_find(st, kind, w->account);
}


dg_profile_t *
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


double
dg_store_scale(dg_store_t *st, const dg_exchange_t *ex)
{
    unsigned            i, kind;
    uint64_t            own, others;
    dg_subject_t       *s;
    const dg_window_t  *w;

    kind = dg_store_has(ex, DG_KIND_ACCOUNT) ? DG_KIND_ACCOUNT : DG_KIND_KEY;
    s = dg_store_find(st, kind, &ex->ids[kind]);

    if (s == NULL) {
        return 1;
    }

    w = &s->windows.w[DG_DAY];
    own = 0;
    others = 0;

    for (i = 0; i < 2; i++) {
        own += w->own[i][DG_REQUESTS];
        others += w->others[i][DG_REQUESTS];
    }

    return own ? 1 + (double) others / own : 1;
}
