/*
 * Copyright (C) 2026 Distill Guard
 *
 * The members of what is written are those of docs/distillctl.md.
 */


#include "dg_survey.h"
#include "dg_hash.h"
#include "dg_standing.h"
#include "dg_watch.h"


#define DG_SURVEY_WALK  0        /* phases */
#define DG_SURVEY_CALL  1
#define DG_SURVEY_END   2

/* to say how somebody stands takes as long as to look at so many cells */
#define DG_SURVEY_STAND  16


static void dg_survey_begin(dg_survey_t *s, const dg_store_t *st,
    const dg_rules_t *rules, uint64_t now_ms);
static int dg_survey_look(dg_store_t *st, dg_survey_t *s, uint32_t *cells);
static int dg_survey_end(dg_store_t *st, dg_survey_t *s, uint32_t *cells);
static void dg_survey_subject(dg_store_t *st, dg_survey_t *s,
    const dg_subject_t *subject);
static uint64_t dg_survey_measured(dg_store_t *st, const dg_survey_t *s,
    const dg_id_t *account, const dg_subject_t *subject);
static void dg_survey_campaign(dg_store_t *st, dg_survey_t *s,
    const dg_campaign_t *c);
static void dg_survey_rank(dg_survey_t *s, const dg_ranked_t *ranked);
static void dg_survey_enroll(dg_survey_t *s, const dg_campaign_t *c);
static void dg_survey_stand(dg_store_t *st, dg_survey_t *s,
    dg_ranked_t *ranked);
static void dg_survey_sort(dg_survey_t *s);
static u_char *dg_survey_try(u_char *p, size_t size, const dg_survey_t *s,
    unsigned n, unsigned members);
static void dg_survey_ranked(dg_sheet_t *sheet, const dg_ranked_t *ranked);


const dg_str_t  dg_measures[DG_MEASURES] = {
    dg_string("score"),
    dg_string("output_tokens"),
    dg_string("requests"),
    dg_string("refused")
};


/* but for the score */

static const dg_counter_t  dg_survey_counters[DG_MEASURES] = {
    DG_COUNTERS, DG_OUTPUT, DG_REQUESTS, DG_REFUSED
};


void
dg_survey_top(dg_survey_t *s, const dg_store_t *st,
    const dg_rules_t *rules, dg_measure_t measure, unsigned kind,
    unsigned n, uint64_t now_ms)
{
    dg_survey_begin(s, st, rules, now_ms);

    s->measure = measure;
    s->kind = kind;
    s->wanted = dg_min(n, DG_SURVEY_TOP);

    /* all accounts of a campaign have its score, until they are looked at */

    s->most = (measure == DG_MEASURE_SCORE) ? DG_SURVEY_TOP : s->wanted;
}


void
dg_survey_campaigns(dg_survey_t *s, const dg_store_t *st,
    const dg_rules_t *rules, uint64_t now_ms)
{
    dg_survey_begin(s, st, rules, now_ms);

    s->campaigns = 1;
    s->kind = DG_KIND_CAMPAIGN;
    s->most = DG_SURVEY_CAMPAIGNS;
    s->wanted = s->most;
}


static void
dg_survey_begin(dg_survey_t *s, const dg_store_t *st,
    const dg_rules_t *rules, uint64_t now_ms)
{
    memset(s, 0, sizeof(dg_survey_t));

    s->rules = rules;
    s->now_ms = now_ms;
    s->node = st->node;
}


int
dg_survey_step(dg_store_t *st, dg_survey_t *s, uint32_t cells)
{
    if (s->phase == DG_SURVEY_WALK) {

        if (dg_survey_look(st, s, &cells) != DG_OK) {
            return DG_FULL;
        }

        s->phase = s->campaigns && s->n ? DG_SURVEY_CALL : DG_SURVEY_END;
        s->at = 0;
    }

    if (s->phase == DG_SURVEY_CALL) {

        if (dg_roll_call(st, s->roll, s->n, &s->walk, cells, s->now_ms, NULL,
                         NULL)
            != DG_OK)
        {
            return DG_FULL;
        }

        s->phase = DG_SURVEY_END;
    }

    return dg_survey_end(st, s, &cells);
}


/* for those that may be wanted */

static int
dg_survey_look(dg_store_t *st, dg_survey_t *s, uint32_t *cells)
{
    dg_cell_t   *cell;
    dg_arena_t  *a;

    a = dg_store_arena(st, s->kind == DG_KIND_CAMPAIGN ? DG_PART_CAMPAIGNS
                                                       : DG_PART_SUBJECTS);

    while (s->at < a->fresh) {

        if (*cells == 0) {
            return DG_FULL;
        }

        (*cells)--;
        cell = dg_arena_cell(a, ++s->at);

        if (cell->kind == 0) {
            continue;
        }

        if (s->kind == DG_KIND_CAMPAIGN) {
            dg_survey_campaign(st, s, (const dg_campaign_t *) cell);

        } else if (cell->kind == s->kind
                   || (s->kind == DG_KIND_ACCOUNT
                       && cell->kind == DG_KIND_KEY))
        {
            dg_survey_subject(st, s, (const dg_subject_t *) cell);
        }
    }

    return DG_OK;
}


static int
dg_survey_end(dg_store_t *st, dg_survey_t *s, uint32_t *cells)
{
    unsigned  n;

    /* at least one, or there would never be an end */

    n = *cells / DG_SURVEY_STAND + 1;

    while (s->at < s->n) {

        if (n-- == 0) {
            return DG_FULL;
        }

        if (s->campaigns) {
            dg_roll_end(st, &s->roll[s->at], s->rules->policy, s->now_ms);

        } else {
            dg_survey_stand(st, s, &s->ranked[s->at]);
        }

        s->at++;
    }

    if (!s->campaigns) {
        dg_survey_sort(s);
    }

    return DG_OK;
}


static void
dg_survey_subject(dg_store_t *st, dg_survey_t *s,
    const dg_subject_t *subject)
{
    unsigned             i;
    dg_ranked_t          ranked;
    const dg_profile_t  *p;

    /* a key that stands for somebody else has no profile of its own */

    if (s->kind == DG_KIND_ACCOUNT && subject->cell.kind == DG_KIND_KEY) {
        p = dg_store_profile(st, &subject->cell.id);

        if (p == NULL) {
            return;
        }
    }

    s->looked++;

    ranked.measured = dg_survey_measured(st, s, &subject->cell.id, subject);

    if (ranked.measured == 0
        || (s->n == s->most && ranked.measured
                               <= s->ranked[s->n - 1].measured))
    {
        return;
    }

    ranked.id = subject->cell.id;
    ranked.kind = subject->cell.kind;
    ranked.first_seen = subject->first_seen;
    ranked.last_seen = subject->last_seen;
    ranked.accounts = 0;

    for (i = 0; i < DG_COUNTERS; i++) {
        ranked.totals[i] = dg_windows_sum(&subject->windows, DG_DAY,
                                          (dg_counter_t) i, s->now_ms);
    }

    dg_survey_rank(s, &ranked);
}


/* of a score what is kept of it; how somebody stands is told of few */

static uint64_t
dg_survey_measured(dg_store_t *st, const dg_survey_t *s,
    const dg_id_t *account, const dg_subject_t *subject)
{
    uint32_t              now;
    const dg_profile_t   *p;
    const dg_campaign_t  *c;

    if (s->measure != DG_MEASURE_SCORE) {
        return dg_windows_sum(&subject->windows, DG_DAY,
                              dg_survey_counters[s->measure], s->now_ms);
    }

    now = (uint32_t) (s->now_ms / 1000);
    p = dg_store_profile(st, account);

    if (p == NULL) {
        return 0;
    }

    c = dg_store_member(st, p, now);

    return c ? dg_campaign_score(c, now)
             : dg_score_decayed(p->score, p->scored, now, DG_PROFILE_HALF);
}


/* what it got is counted from when it has its name */

static void
dg_survey_campaign(dg_store_t *st, dg_survey_t *s, const dg_campaign_t *c)
{
    unsigned             i;
    dg_ranked_t          ranked;
    const dg_subject_t  *subject;

    if (c->into != DG_NIL || c->named == 0) {
        return;
    }

    s->looked++;

    if (s->campaigns) {
        dg_survey_enroll(s, c);
        return;
    }

    memset(&ranked, 0, sizeof(dg_ranked_t));

    ranked.id = c->cell.id;
    ranked.kind = DG_KIND_CAMPAIGN;
    ranked.first_seen = c->first_seen;
    ranked.last_seen = c->last_seen;
    ranked.accounts = c->accounts;

    subject = dg_store_find(st, DG_KIND_CAMPAIGN, &c->cell.id);

    for (i = 0; subject && i < DG_COUNTERS; i++) {
        ranked.totals[i] = dg_windows_sum(&subject->windows, DG_DAY,
                                          (dg_counter_t) i, s->now_ms);
    }

    ranked.measured = (s->measure == DG_MEASURE_SCORE)
                      ? dg_campaign_score(c, (uint32_t) (s->now_ms / 1000))
                      : ranked.totals[dg_survey_counters[s->measure]];

    if (ranked.measured) {
        dg_survey_rank(s, &ranked);
    }
}


/* greatest first, by insertion; the last one goes where there is no room */

static void
dg_survey_rank(dg_survey_t *s, const dg_ranked_t *ranked)
{
    unsigned  i;

    i = s->n;

    if (i < s->most) {
        s->n++;

    } else if (i == 0 || ranked->measured <= s->ranked[--i].measured) {
        return;
    }

    while (i && s->ranked[i - 1].measured < ranked->measured) {
        s->ranked[i] = s->ranked[i - 1];
        i--;
    }

    s->ranked[i] = *ranked;
}


static void
dg_survey_enroll(dg_survey_t *s, const dg_campaign_t *c)
{
    unsigned  i, score;
    uint32_t  now;

    now = (uint32_t) (s->now_ms / 1000);
    score = dg_campaign_score(c, now);
    i = s->n;

    if (i < s->most) {
        s->n++;

    } else if (score <= dg_campaign_score(&s->roll[--i].campaign, now)) {
        return;
    }

    while (i && dg_campaign_score(&s->roll[i - 1].campaign, now) < score) {
        s->roll[i].campaign = s->roll[i - 1].campaign;
        i--;
    }

    dg_roll_init(&s->roll[i], c);
}


static void
dg_survey_stand(dg_store_t *st, dg_survey_t *s, dg_ranked_t *ranked)
{
    dg_arena_t           *a;
    dg_standing_t         standing;
    const dg_ruled_t     *ruled;
    const dg_profile_t   *p;
    const dg_campaign_t  *c;

    a = dg_store_arena(st, DG_PART_CAMPAIGNS);
    ruled = dg_store_ruled(st, ranked->kind, &ranked->id, s->now_ms / 1000);

    ranked->ruling = ruled ? (dg_ruling_id_t) ruled->ruling.id
                           : DG_RULING_RELEASE;
    ranked->campaign.v[0] = 0;
    ranked->campaign.v[1] = 0;
    ranked->score = 0;
    ranked->verdict = DG_PASS;

    switch (ranked->kind) {

    case DG_KIND_CAMPAIGN:
        c = (const dg_campaign_t *) dg_arena_find(a, DG_WATCH_KIND,
                                                  &ranked->id);
        if (c == NULL) {
            return;
        }

        dg_guard_stand_campaign(st, c, s->rules->policy, s->now_ms,
                                &standing);
        ranked->campaign = ranked->id;
        break;

    case DG_KIND_KEY:
    case DG_KIND_ACCOUNT:
        p = dg_store_profile(st, &ranked->id);

        if (p == NULL) {
            return;
        }

        dg_guard_stand_account(st, &ranked->id, s->rules->policy, s->now_ms,
                               &standing);

        c = dg_store_member(st, p, (uint32_t) (s->now_ms / 1000));

        if (c) {
            ranked->campaign = c->cell.id;
        }

        break;

    default:
        return;
    }

    ranked->score = standing.score.score;
    ranked->verdict = standing.verdict;

    if (s->measure == DG_MEASURE_SCORE) {
        ranked->measured = ranked->score;
    }
}


/* scores are what they are by now */

static void
dg_survey_sort(dg_survey_t *s)
{
    unsigned     i, n;
    dg_ranked_t  ranked;

    n = s->n;
    s->n = 0;

    for (i = 0; i < n; i++) {
        ranked = s->ranked[i];
        dg_survey_rank(s, &ranked);
    }

    s->n = dg_min(s->n, s->wanted);
}


u_char *
dg_survey_write(u_char *p, size_t size, const dg_survey_t *s)
{
    u_char    *end;
    unsigned   n, members;

    n = s->n;
    members = s->campaigns ? DG_ROLL_MEMBERS : 0;

    for ( ;; ) {
        end = dg_survey_try(p, size, s, n, members);

        if (end) {
            return end;
        }

        if (members) {
            members /= 2;

        } else if (n) {
            n /= 2;

        } else {
            return NULL;
        }
    }
}


static u_char *
dg_survey_try(u_char *p, size_t size, const dg_survey_t *s, unsigned n,
    unsigned members)
{
    u_char      node[16];
    unsigned    i;
    dg_sheet_t  sheet;

    dg_sheet_init(&sheet, p, size);

    dg_sheet_open(&sheet, NULL, '{');
    dg_sheet_text(&sheet, "node", node,
                  dg_hash_text(node, s->node.v[0]) - node);
    dg_sheet_u64(&sheet, "time", s->now_ms / 1000);
    dg_sheet_true(&sheet, "enforced", s->rules->enforce);

    if (s->campaigns) {
        dg_sheet_open(&sheet, "campaigns", '[');

        for (i = 0; i < n; i++) {
            dg_roll_write(&sheet, NULL, &s->roll[i], members,
                          s->rules->policy, 0);
        }

    } else {
        dg_sheet_str(&sheet, "by", &dg_measures[s->measure]);
        dg_sheet_str(&sheet, "kind", &dg_kinds[s->kind]);
        dg_sheet_open(&sheet, "top", '[');

        for (i = 0; i < n; i++) {
            dg_survey_ranked(&sheet, &s->ranked[i]);
        }
    }

    dg_sheet_close(&sheet, ']');
    dg_sheet_u64(&sheet, "of", s->looked);
    dg_sheet_close(&sheet, '}');

    return sheet.full ? NULL : sheet.p;
}


static void
dg_survey_ranked(dg_sheet_t *sheet, const dg_ranked_t *ranked)
{
    unsigned  i;

    dg_sheet_open(sheet, NULL, '{');
    dg_sheet_subject(sheet, "subject", ranked->kind, &ranked->id);
    dg_sheet_u64(sheet, "score", ranked->score);
    dg_sheet_str(sheet, "verdict", &dg_verdicts[ranked->verdict]);

    for (i = 0; i < DG_COUNTERS; i++) {
        dg_sheet_u64(sheet, (const char *) dg_counters[i].name.data,
                     ranked->totals[i]);
    }

    dg_sheet_id(sheet, "campaign", DG_KIND_CAMPAIGN, &ranked->campaign);

    if (ranked->ruling != DG_RULING_RELEASE) {
        dg_sheet_str(sheet, "decision", &dg_rulings[ranked->ruling]);

    } else {
        dg_sheet_null(sheet, "decision");
    }

    if (ranked->kind == DG_KIND_CAMPAIGN) {
        dg_sheet_u64(sheet, "accounts", ranked->accounts);
    }

    dg_sheet_u64(sheet, "first_seen", ranked->first_seen);
    dg_sheet_u64(sheet, "last_seen", ranked->last_seen);
    dg_sheet_close(sheet, '}');
}


int
dg_survey_measure(dg_measure_t *measure, const u_char *p, size_t len)
{
    unsigned  i;

    for (i = 0; i < DG_MEASURES; i++) {
        if (dg_measures[i].len == len
            && memcmp(dg_measures[i].data, p, len) == 0)
        {
            *measure = (dg_measure_t) i;
            return DG_OK;
        }
    }

    return DG_ERROR;
}


int
dg_survey_kind(unsigned *kind, const u_char *p, size_t len)
{
    unsigned  i;

    for (i = DG_KIND_NONE + 1; i < DG_KINDS; i++) {
        if (dg_kinds[i].len == len && memcmp(dg_kinds[i].data, p, len) == 0) {
            *kind = i;
            return DG_OK;
        }
    }

    return DG_ERROR;
}
