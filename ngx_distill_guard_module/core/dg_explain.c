/*
 * Copyright (C) 2026 Distill Guard
 *
 * The members of an explanation are those of docs/distillctl.md.
 */


#include "dg_explain.h"
#include "dg_hash.h"
#include "dg_standing.h"
#include "dg_watch.h"


static void dg_explain_from(dg_store_t *st, dg_explain_t *e);
static void dg_explain_profile(dg_store_t *st, dg_explain_t *e);
static void dg_explain_campaign(dg_store_t *st, dg_explain_t *e);
static void dg_explain_link(void *ctx, dg_store_t *st, const dg_profile_t *p);
static void dg_explain_counted(dg_sheet_t *s, const dg_explain_t *e);
static void dg_explain_windows(dg_sheet_t *s, const dg_explain_t *e);
static void dg_explain_limits(dg_sheet_t *s, const dg_explain_t *e);
static void dg_explain_origins(dg_sheet_t *s, const dg_explain_t *e);
static void dg_explain_account(dg_sheet_t *s, const dg_explain_t *e);
static void dg_explain_work(dg_sheet_t *s, const dg_explain_t *e);
static void dg_explain_links(dg_sheet_t *s, const dg_explain_t *e);


static const char  *const dg_explain_segments[DG_SEGMENTS] = {
    "probation", "proven", "convicted"
};


void
dg_explain_begin(dg_store_t *st, dg_explain_t *e, const dg_rules_t *rules,
    unsigned kind, const dg_id_t *id, uint64_t now_ms)
{
    const dg_ruled_t    *ruled;
    const dg_subject_t  *s;

    memset(e, 0, sizeof(dg_explain_t));

    e->kind = kind;
    e->id = *id;
    e->rules = rules;
    e->now_ms = now_ms;
    e->node = st->node;

    s = (kind < DG_KINDS) ? dg_store_find(st, kind, id) : NULL;

    if (s) {
        e->subject = *s;
        e->counted = 1;
    }

    if (s && kind == DG_KIND_KEY) {
        dg_explain_from(st, e);
    }

    if (kind == DG_KIND_KEY || kind == DG_KIND_ACCOUNT) {
        dg_explain_profile(st, e);

    } else if (kind == DG_KIND_CAMPAIGN) {
        dg_explain_campaign(st, e);
    }

    ruled = dg_store_ruled(st, kind, id, now_ms / 1000);

    if (ruled) {
        e->ruled = *ruled;
        e->decided = 1;
    }
}


static void
dg_explain_from(dg_store_t *st, dg_explain_t *e)
{
    unsigned           i;
    const dg_ruled_t  *ruled;

    for (i = 0; i < DG_ORIGINS; i++) {
        ruled = dg_store_ruled(st, DG_KIND_ORIGIN, &e->subject.origin[i],
                               e->now_ms / 1000);

        if (ruled) {
            e->from[e->nruled++] = *ruled;
        }
    }
}


static void
dg_explain_profile(dg_store_t *st, dg_explain_t *e)
{
    uint32_t              now;
    const dg_profile_t   *p;
    const dg_campaign_t  *c;

    p = dg_store_profile(st, &e->id);

    if (p == NULL) {
        return;
    }

    now = (uint32_t) (e->now_ms / 1000);

    e->profile = *p;
    e->profiled = 1;

    dg_roll_member(st, p, e->now_ms, &e->account);
    dg_guard_stand_account(st, &e->id, e->rules->policy, e->now_ms,
                           &e->standing);

    c = dg_campaign_of(dg_store_arena(st, DG_PART_CAMPAIGNS), p->campaign,
                       p->born);

    if (c) {
        e->member = (dg_store_member(st, p, now) == c);
        e->enrolled = 1;
        dg_roll_init(&e->roll, c);
    }
}


/* by an id that it has, or had before it was merged */

static void
dg_explain_campaign(dg_store_t *st, dg_explain_t *e)
{
    dg_arena_t           *a;
    const dg_campaign_t  *c;

    a = dg_store_arena(st, DG_PART_CAMPAIGNS);
    c = (const dg_campaign_t *) dg_arena_find(a, DG_WATCH_KIND, &e->id);

    if (c) {
        c = dg_campaign_of(a, dg_arena_index(a, &c->cell), c->born);
    }

    if (c) {
        e->enrolled = 1;
        dg_roll_init(&e->roll, c);
    }
}


int
dg_explain_step(dg_store_t *st, dg_explain_t *e, uint32_t cells)
{
    unsigned  i;
    uint64_t  partners;

    partners = 0;

    for (i = 0; i < DG_TIES; i++) {
        partners |= e->account.partners[i];
    }

    if ((e->enrolled || partners)
        && dg_roll_call(st, &e->roll, e->enrolled, &e->walk, cells,
                        e->now_ms, partners ? dg_explain_link : NULL, e)
           != DG_OK)
    {
        return DG_FULL;
    }

    if (e->enrolled) {
        dg_roll_end(st, &e->roll, e->rules->policy, e->now_ms);
    }

    return DG_OK;
}


static void
dg_explain_link(void *ctx, dg_store_t *st, const dg_profile_t *p)
{
    dg_explain_t *e = ctx;

    unsigned             i, ties;
    dg_explain_link_t   *link;
    const dg_subject_t  *s;

    ties = 0;

    for (i = 0; i < DG_TIES; i++) {
        if (dg_profile_partner(e->account.partners[i], &p->cell.id)
            && dg_profile_partner(dg_profile_partner_bits(p, (dg_tie_t) i),
                                  &e->id))
        {
            ties |= 1u << i;
        }
    }

    if (ties == 0 || dg_id_equal(&p->cell.id, &e->id)) {
        return;
    }

    if (e->nlinked == DG_EXPLAIN_LINKED) {
        e->unlisted++;
        return;
    }

    s = dg_store_account_subject(st, &p->cell.id);

    link = &e->linked[e->nlinked++];
    link->id = p->cell.id;
    link->kind = s ? s->cell.kind : DG_KIND_KEY;
    link->ties = ties;
}


u_char *
dg_explain_write(u_char *p, const dg_explain_t *e)
{
    u_char      node[16];
    dg_sheet_t  s;

    dg_sheet_init(&s, p, DG_EXPLAIN_SIZE);

    dg_sheet_open(&s, NULL, '{');
    dg_sheet_subject(&s, "subject", e->kind, &e->id);
    dg_sheet_text(&s, "node", node, dg_hash_text(node, e->node.v[0]) - node);
    dg_sheet_u64(&s, "time", e->now_ms / 1000);
    dg_sheet_true(&s, "known", e->counted || e->profiled || e->enrolled
                               || e->decided);

    dg_sheet_true(&s, "enforced", e->rules->enforce);

    dg_standing_ruling(&s, "decision", e->decided ? &e->ruled : NULL);

    if (e->counted) {
        dg_explain_counted(&s, e);
    }

    if (e->profiled) {
        dg_explain_account(&s, e);
    }

    if (e->enrolled) {
        dg_roll_write(&s, "campaign", &e->roll, DG_ROLL_MEMBERS,
                      e->rules->policy, e->kind == DG_KIND_CAMPAIGN);

    } else {
        dg_sheet_null(&s, "campaign");
    }

    dg_sheet_close(&s, '}');

    return s.p;
}


/* what is counted of every subject */

static void
dg_explain_counted(dg_sheet_t *s, const dg_explain_t *e)
{
    dg_held_t             held;
    const dg_subject_t   *subject;

    subject = &e->subject;

    dg_sheet_words(s, "segment",
                   dg_explain_segments[subject->cell.segment % DG_SEGMENTS]);
    dg_sheet_u64(s, "first_seen", subject->first_seen);
    dg_sheet_u64(s, "last_seen", subject->last_seen);
    dg_sheet_time(s, "accepted", subject->accepted);

    dg_explain_windows(s, e);

    dg_subject_held(subject, &held, e->now_ms);

    dg_sheet_open(s, "in_flight", '{');
    dg_sheet_u64(s, "exchanges", held.exchanges);
    dg_sheet_u64(s, "input_tokens", held.input);
    dg_sheet_u64(s, "output_tokens", held.output);
    dg_sheet_close(s, '}');

    dg_explain_limits(s, e);

    if (e->kind == DG_KIND_KEY) {
        dg_explain_origins(s, e);

    } else if (e->kind == DG_KIND_ORIGIN) {
        dg_sheet_u64(s, "accounts",
                     dg_subject_crowd(subject,
                                      (uint32_t) (e->now_ms / 1000)));
    }
}


/* by all nodes, as far as this one knows, and by this one alone */

static void
dg_explain_windows(dg_sheet_t *s, const dg_explain_t *e)
{
    char      name[2];
    unsigned  i, k;
    uint64_t  all[DG_COUNTERS], own[DG_COUNTERS];

    dg_sheet_open(s, "totals", '{');

    for (i = DG_MINUTE; i < DG_WINDOWS; i++) {

        for (k = 0; k < DG_COUNTERS; k++) {
            all[k] = dg_windows_sum(&e->subject.windows, (dg_period_t) i,
                                    (dg_counter_t) k, e->now_ms);
            own[k] = dg_windows_own(&e->subject.windows, (dg_period_t) i,
                                    (dg_counter_t) k, e->now_ms);
        }

        name[0] = (char) dg_periods[i].letter;
        name[1] = '\0';

        dg_sheet_open(s, name, '{');
        dg_standing_totals(s, "all", all);
        dg_standing_totals(s, "own", own);
        dg_sheet_close(s, '}');
    }

    dg_sheet_close(s, '}');
}


/* those that concern it, and what it has used of them */

static void
dg_explain_limits(dg_sheet_t *s, const dg_explain_t *e)
{
    u_char             text[DG_LIMIT_TEXT];
    size_t             i;
    const dg_limit_t  *limit;

    dg_sheet_open(s, "limits", '[');

    for (i = 0; i < dg_min(e->rules->nlimits, DG_EXPLAIN_LIMITS); i++) {
        limit = &e->rules->limits[i];

        /* a key that is an account of its own is limited as one, too */

        if (limit->kind != e->kind
            && !(limit->kind == DG_KIND_ACCOUNT && e->kind == DG_KIND_KEY
                 && e->profiled))
        {
            continue;
        }

        dg_sheet_open(s, NULL, '{');
        dg_sheet_text(s, "limit", text, dg_limit_text(text, limit) - text);
        dg_sheet_u64(s, "used", dg_store_level(limit, &e->subject,
                                               e->now_ms));
        dg_sheet_u64(s, "max", limit->n);
        dg_sheet_close(s, '}');
    }

    dg_sheet_close(s, ']');
}


/* the last networks of a key, newest first, and what was decided on them */

static void
dg_explain_origins(dg_sheet_t *s, const dg_explain_t *e)
{
    unsigned  i;

    dg_sheet_open(s, "origins", '[');

    for (i = 0; i < DG_ORIGINS; i++) {
        if (!dg_id_none(&e->subject.origin[i])) {
            dg_sheet_id(s, NULL, DG_KIND_ORIGIN, &e->subject.origin[i]);
        }
    }

    dg_sheet_close(s, ']');

    dg_sheet_open(s, "decisions", '[');

    for (i = 0; i < e->nruled; i++) {
        dg_standing_ruling(s, NULL, &e->from[i]);
    }

    dg_sheet_close(s, ']');
}


/* and of an account, which others work with, or as */

static void
dg_explain_account(dg_sheet_t *s, const dg_explain_t *e)
{
    uint32_t             now;
    const dg_profile_t  *p;

    p = &e->profile;
    now = (uint32_t) (e->now_ms / 1000);

    dg_sheet_u64(s, "answered_since", p->first_seen);
    dg_sheet_u64(s, "networks", dg_profile_networks(p, now));
    dg_sheet_u64(s, "hosting_networks", dg_profile_hosts(p, now));
    dg_sheet_u64(s, "crowd", p->crowd);

    dg_explain_work(s, e);
    dg_standing_write(s, &e->standing, e->rules->policy, 1);
    dg_explain_links(s, e);

    dg_sheet_id(s, "template", DG_KIND_KEY, &e->account.template);
    dg_sheet_true(s, "member", e->member);
    dg_sheet_u64(s, "uses", e->account.uses);
    dg_sheet_true(s, "tied", e->account.tied);
}


/* of a day, on this node: what the signals look at */

static void
dg_explain_work(dg_sheet_t *s, const dg_explain_t *e)
{
    dg_tally_t  sum;

    dg_profile_day(&e->profile, &sum, (uint32_t) (e->now_ms / 1000));

    dg_sheet_open(s, "work", '{');

#define dg_explain_tally(what)  dg_sheet_u64(s, #what, sum.what)

    dg_explain_tally(requests);
    dg_explain_tally(openings);
    dg_explain_tally(framed);
    dg_explain_tally(cohort);
    dg_explain_tally(repeats);
    dg_explain_tally(samples);
    dg_explain_tally(shared);
    dg_explain_tally(attempts);
    dg_explain_tally(traces);
    dg_explain_tally(tooled);
    dg_explain_tally(probes);
    dg_explain_tally(hugged);
    dg_explain_tally(relayed);
    dg_explain_tally(output);
    dg_explain_tally(cells);
    dg_explain_tally(bias);

#undef dg_explain_tally

    dg_sheet_close(s, '}');
}


static void
dg_explain_links(dg_sheet_t *s, const dg_explain_t *e)
{
    unsigned                  i, k;
    const dg_explain_link_t  *link;

    dg_sheet_open(s, "partners", '{');

    for (i = 0; i < DG_TIES; i++) {
        dg_sheet_u64(s, (const char *) dg_ties[i].data,
                     dg_profile_partners(&e->profile, (dg_tie_t) i));
    }

    dg_sheet_close(s, '}');

    dg_sheet_open(s, "linked", '[');

    for (i = 0; i < e->nlinked; i++) {
        link = &e->linked[i];

        dg_sheet_open(s, NULL, '{');
        dg_sheet_subject(s, "subject", link->kind, &link->id);
        dg_sheet_open(s, "ties", '[');

        for (k = 0; k < DG_TIES; k++) {
            if (link->ties & 1u << k) {
                dg_sheet_str(s, NULL, &dg_ties[k]);
            }
        }

        dg_sheet_close(s, ']');
        dg_sheet_close(s, '}');
    }

    dg_sheet_close(s, ']');
    dg_sheet_u64(s, "unlisted", e->unlisted);
}
