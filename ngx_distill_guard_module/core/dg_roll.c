/*
 * Copyright (C) 2026 Distill Guard
 */


#include "dg_roll.h"
#include "dg_standing.h"
#include "dg_watch.h"


static dg_roll_t *dg_roll_of(dg_store_t *st, dg_roll_t *rolls, unsigned n,
    uint32_t index, uint32_t born);
static void dg_roll_profile(dg_store_t *st, dg_roll_t *rolls, unsigned n,
    const dg_profile_t *p, uint64_t now_ms);
static void dg_roll_template(dg_store_t *st, dg_roll_t *rolls, unsigned n,
    const dg_template_t *t);
static uint64_t dg_roll_uses(const dg_campaign_t *c);
static void dg_roll_evidence(dg_sheet_t *s, const dg_roll_t *r);
static void dg_roll_templates(dg_sheet_t *s, const dg_roll_t *r);
static void dg_roll_members(dg_sheet_t *s, const dg_roll_t *r, unsigned n);
static void dg_roll_account(dg_sheet_t *s, const dg_roll_t *r, unsigned n,
    unsigned of);


/* the first phases walk the arenas of these */

static const dg_part_t  dg_roll_parts[] = {
    DG_PART_PROFILES, DG_PART_TEMPLATES
};


void
dg_roll_init(dg_roll_t *r, const dg_campaign_t *c)
{
    memset(r, 0, sizeof(dg_roll_t));

    r->campaign = *c;
}


int
dg_roll_call(dg_store_t *st, dg_roll_t *rolls, unsigned n,
    dg_roll_walk_t *walk, uint32_t cells, uint64_t now_ms, dg_roll_pt each,
    void *ctx)
{
    dg_cell_t   *cell;
    dg_arena_t  *a;

    while (walk->phase < dg_nelts(dg_roll_parts)) {
        a = dg_store_arena(st, dg_roll_parts[walk->phase]);

        while (walk->at < a->fresh) {

            if (cells-- == 0) {
                return DG_FULL;
            }

            cell = dg_arena_cell(a, ++walk->at);

            if (cell->kind == 0) {
                continue;
            }

            if (dg_roll_parts[walk->phase] == DG_PART_TEMPLATES) {
                dg_roll_template(st, rolls, n, (const dg_template_t *) cell);
                continue;
            }

            dg_roll_profile(st, rolls, n, (const dg_profile_t *) cell,
                            now_ms);

            if (each) {
                each(ctx, st, (const dg_profile_t *) cell);
            }
        }

        walk->phase++;
        walk->at = 0;
    }

    return DG_OK;
}


/* campaigns may be merged between slices: then their members are those of
   another, which has a roll of its own or none */

static dg_roll_t *
dg_roll_of(dg_store_t *st, dg_roll_t *rolls, unsigned n, uint32_t index,
    uint32_t born)
{
    unsigned              i;
    const dg_campaign_t  *c;

    c = dg_campaign_of(dg_store_arena(st, DG_PART_CAMPAIGNS), index, born);

    for (i = 0; c && i < n; i++) {
        if (dg_id_equal(&rolls[i].campaign.cell.id, &c->cell.id)) {
            return &rolls[i];
        }
    }

    return NULL;
}


static void
dg_roll_profile(dg_store_t *st, dg_roll_t *rolls, unsigned n,
    const dg_profile_t *p, uint64_t now_ms)
{
    unsigned      i;
    dg_roll_t    *r;
    dg_rolled_t   member;

    r = (p->campaign == DG_NIL) ? NULL
                                : dg_roll_of(st, rolls, n, p->campaign,
                                             p->born);
    if (r == NULL
        || (r->campaign.named
            && dg_store_member(st, p, (uint32_t) (now_ms / 1000)) == NULL))
    {
        return;
    }

    dg_roll_member(st, p, now_ms, &member);

    r->nmembers++;
    r->last_seen = dg_max(r->last_seen, member.last_seen);

    for (i = 0; i < DG_COUNTERS; i++) {
        r->totals[i] = dg_add(r->totals[i], member.totals[i]);
        r->own[i] = dg_add(r->own[i], member.own[i]);
    }

    /* those with the most tokens, by insertion */

    i = r->kept;

    if (i < DG_ROLL_MEMBERS) {
        r->kept++;

    } else if (member.totals[DG_OUTPUT] <= r->member[--i].totals[DG_OUTPUT]) {
        return;
    }

    while (i && r->member[i - 1].totals[DG_OUTPUT]
                < member.totals[DG_OUTPUT])
    {
        r->member[i] = r->member[i - 1];
        i--;
    }

    r->member[i] = member;
}


void
dg_roll_member(dg_store_t *st, const dg_profile_t *p, uint64_t now_ms,
    dg_rolled_t *member)
{
    unsigned              i;
    dg_arena_t           *a;
    const dg_cell_t      *t;
    const dg_subject_t   *s;

    memset(member, 0, sizeof(dg_rolled_t));

    s = dg_store_account_subject(st, &p->cell.id);

    member->id = p->cell.id;
    member->kind = s ? s->cell.kind : DG_KIND_KEY;
    member->first_seen = p->first_seen;
    member->last_seen = p->last_seen;
    member->uses = dg_max(p->uses, p->weight);
    member->tied = (p->tied != 0);
    member->crowded = (p->crowded != 0);
    member->relayed = (p->relayed != 0);

    for (i = 0; i < DG_TIES; i++) {
        member->partners[i] = dg_profile_partner_bits(p, (dg_tie_t) i);
    }

    for (i = 0; s && i < DG_COUNTERS; i++) {
        member->totals[i] = dg_windows_sum(&s->windows, DG_DAY,
                                           (dg_counter_t) i, now_ms);
        member->own[i] = dg_windows_own(&s->windows, DG_DAY, (dg_counter_t) i,
                                        now_ms);
    }

    a = dg_store_arena(st, DG_PART_TEMPLATES);

    if (p->template != DG_NIL && p->template <= a->fresh) {
        t = dg_arena_cell(a, p->template);

        if (t->kind) {
            member->template = t->id;
        }
    }
}


static void
dg_roll_template(dg_store_t *st, dg_roll_t *rolls, unsigned n,
    const dg_template_t *t)
{
    unsigned             i;
    dg_roll_t           *r;
    dg_roll_template_t   template;

    r = (t->campaign == DG_NIL) ? NULL
                                : dg_roll_of(st, rolls, n, t->campaign,
                                             t->born);
    if (r == NULL) {
        return;
    }

    template.id = t->cell.id;
    template.accounts = dg_template_accounts(t);
    template.uses = t->uses;
    template.first_seen = t->first_seen;
    template.last_seen = t->last_seen;

    r->ntemplates++;

    i = r->ktemplates;

    if (i < DG_ROLL_TEMPLATES) {
        r->ktemplates++;

    } else if (template.accounts <= r->template[--i].accounts) {
        return;
    }

    while (i && r->template[i - 1].accounts < template.accounts) {
        r->template[i] = r->template[i - 1];
        i--;
    }

    r->template[i] = template;
}


void
dg_roll_end(dg_store_t *st, dg_roll_t *r, const dg_policy_t *policy,
    uint64_t now_ms)
{
    const dg_ruled_t     *ruled;
    const dg_campaign_t  *c;

    c = (const dg_campaign_t *) dg_arena_find(
                                      dg_store_arena(st, DG_PART_CAMPAIGNS),
                                      DG_WATCH_KIND, &r->campaign.cell.id);

    if (c && c->into == DG_NIL) {
        r->campaign = *c;
    }

    dg_guard_stand_campaign(st, &r->campaign, policy, now_ms, &r->standing);

    ruled = dg_store_ruled_campaign(st, &r->campaign, now_ms / 1000);

    if (ruled) {
        r->ruled = *ruled;
        r->decided = 1;
    }
}


void
dg_roll_write(dg_sheet_t *s, const char *name, const dg_roll_t *r,
    unsigned members, const dg_policy_t *policy, unsigned all)
{
    const dg_campaign_t  *c;

    c = &r->campaign;

    dg_sheet_open(s, name, '{');

    dg_sheet_id(s, "campaign", DG_KIND_CAMPAIGN, &c->cell.id);
    dg_sheet_time(s, "named", c->named);
    dg_sheet_u64(s, "first_seen", c->first_seen);
    dg_sheet_u64(s, "last_seen", dg_max(c->last_seen, r->last_seen));
    dg_sheet_true(s, "by_origin", c->by_origin);

    dg_sheet_u64(s, "accounts", c->accounts);
    dg_sheet_u64(s, "tied", c->tied);
    dg_sheet_u64(s, "crowded", c->crowded);
    dg_sheet_u64(s, "relayed", c->relayed);
    dg_sheet_u64(s, "old", c->old);
    dg_sheet_u64(s, "held", c->held);
    dg_sheet_u64(s, "uses", dg_roll_uses(c));

    dg_roll_evidence(s, r);
    dg_standing_write(s, &r->standing, policy, all);
    dg_standing_ruling(s, "decision", r->decided ? &r->ruled : NULL);
    dg_standing_totals(s, "day", r->totals);
    dg_standing_totals(s, "own", r->own);

    dg_roll_templates(s, r);
    dg_roll_members(s, r, dg_min(members, r->kept));

    dg_sheet_close(s, '}');
}


/* on all nodes, as far as they are known */

static uint64_t
dg_roll_uses(const dg_campaign_t *c)
{
    unsigned  i;
    uint64_t  uses;

    uses = c->own.uses;

    for (i = 0; i < DG_CAMPAIGN_NODES; i++) {
        uses = dg_add(uses, c->others[i].uses);
    }

    return uses;
}


/* what joins its accounts, whatever it scores */

static void
dg_roll_evidence(dg_sheet_t *s, const dg_roll_t *r)
{
    double                balance;
    unsigned              i;
    const dg_campaign_t  *c;

    c = &r->campaign;
    balance = dg_campaign_balance(c);

    dg_sheet_open(s, "evidence", '{');
    dg_sheet_u64(s, "templates", r->ntemplates);
    dg_sheet_u64(s, "widest", c->spread);

    for (i = 0; i < DG_TIES; i++) {
        dg_sheet_u64(s, (const char *) dg_ties[i].data, c->pieces[i]);
    }

    if (balance < 0) {
        dg_sheet_null(s, "balance");

    } else {
        dg_sheet_double(s, "balance", balance);
    }

    dg_sheet_double(s, "synchrony", c->synchrony / 1000.0);
    dg_sheet_u64(s, "crowd", c->crowd);
    dg_sheet_close(s, '}');
}


static void
dg_roll_templates(dg_sheet_t *s, const dg_roll_t *r)
{
    unsigned                   i;
    const dg_roll_template_t  *t;

    dg_sheet_open(s, "templates", '[');

    for (i = 0; i < r->ktemplates; i++) {
        t = &r->template[i];

        dg_sheet_open(s, NULL, '{');
        dg_sheet_id(s, "template", DG_KIND_KEY, &t->id);
        dg_sheet_u64(s, "accounts", t->accounts);
        dg_sheet_u64(s, "uses", t->uses);
        dg_sheet_u64(s, "first_seen", t->first_seen);
        dg_sheet_u64(s, "last_seen", t->last_seen);
        dg_sheet_close(s, '}');
    }

    dg_sheet_close(s, ']');
}


static void
dg_roll_members(dg_sheet_t *s, const dg_roll_t *r, unsigned n)
{
    unsigned  i;

    dg_sheet_u64(s, "counted", r->nmembers);
    dg_sheet_open(s, "members", '[');

    for (i = 0; i < n; i++) {
        dg_roll_account(s, r, i, n);
    }

    dg_sheet_close(s, ']');
    dg_sheet_u64(s, "more", dg_max(r->nmembers, r->campaign.accounts) - n);
}


/* those it is tied to are told by where they stand in the list */

static void
dg_roll_account(dg_sheet_t *s, const dg_roll_t *r, unsigned n, unsigned of)
{
    unsigned            i, k;
    const dg_rolled_t  *m, *other;

    m = &r->member[n];

    dg_sheet_open(s, NULL, '{');
    dg_sheet_subject(s, "subject", m->kind, &m->id);
    dg_sheet_u64(s, "requests", m->totals[DG_REQUESTS]);
    dg_sheet_u64(s, "output_tokens", m->totals[DG_OUTPUT]);
    dg_sheet_u64(s, "uses", m->uses);
    dg_sheet_u64(s, "first_seen", m->first_seen);
    dg_sheet_u64(s, "last_seen", m->last_seen);
    dg_sheet_id(s, "template", DG_KIND_KEY, &m->template);
    dg_sheet_true(s, "tied", m->tied);

    for (k = 0; k < DG_TIES; k++) {
        dg_sheet_open(s, (const char *) dg_ties[k].data, '[');

        for (i = 0; i < of; i++) {
            other = &r->member[i];

            if (i != n && dg_profile_partner(m->partners[k], &other->id)
                && dg_profile_partner(other->partners[k], &m->id))
            {
                dg_sheet_u64(s, NULL, i);
            }
        }

        dg_sheet_close(s, ']');
    }

    dg_sheet_close(s, '}');
}
