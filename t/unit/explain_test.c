/*
 * Copyright (C) 2026 Distill Guard
 *
 * What is said of a subject when somebody asks why.
 */


#include "guard_kit.h"
#include "why_kit.h"
#include "dg_explain.h"


#define ZONE   (8 << 20)
#define POOL   12
#define TURNS  110               /* accounts that take turns with a frame */


static u_char  text[DG_EXPLAIN_SIZE + 1];


/* asked in slices of so many cells; how many it took */

static unsigned
explain(kit_guard_t *g, dg_explain_t *e, unsigned kind, const dg_id_t *id,
    uint32_t cells)
{
    u_char    *end;
    unsigned   n;

    dg_explain_begin(g->st, e, &g->rules, kind, id, g->now_ms);

    for (n = 1; dg_explain_step(g->st, e, cells) != DG_OK; n++) {
        /* void */
    }

    end = dg_explain_write(text, e);
    *end = '\0';

    dg_ok(why_json(text, end), "JSON of %zu bytes", (size_t) (end - text));

    return n;
}


static void
test_unknown(void)
{
    dg_id_t        id;
    kit_guard_t    g;
    dg_explain_t   e;

    kit_guard(&g, ZONE);
    id = kit_id(1);

    explain(&g, &e, DG_KIND_KEY, &id, 1000);

    dg_ok(why_says(text, "\"known\":false") && why_says(text, "\"subject\":"
                                                              "\"key:")
          && why_says(text, "\"campaign\":null")
          && why_says(text, "\"node\":\"0000000000000063\""),
          "nobody knows it");

    why_rule(g.st, DG_RULING_BLOCK, DG_KIND_CLIENT, &id, g.now_ms);
    explain(&g, &e, DG_KIND_CLIENT, &id, 1000);

    dg_ok(why_says(text, "\"known\":true")
          && why_says(text, "\"decision\":\"block\"")
          && why_says(text, "\"author\":\"alice\"")
          && why_says(text, "\"reason\":\"a \\\"rival\\\"\"")
          && why_says(text, "\"until\":null"),
          "but for what was decided on it");

    kit_free(&g);
}


static void
test_account(void)
{
    unsigned      i;
    kit_ask_t     a;
    kit_guard_t   g;
    dg_explain_t  e;

    static const dg_limit_t  limits[] = {
        { DG_KIND_KEY, DG_METRIC_REQUESTS, DG_HOUR, 7 },
        { DG_KIND_ORIGIN, DG_METRIC_REQUESTS, DG_HOUR, 7 },
        { DG_KIND_ACCOUNT, DG_METRIC_OUTPUT, DG_DAY, 2000 }
    };

    kit_guard(&g, ZONE);
    g.rules.limits = limits;
    g.rules.nlimits = dg_nelts(limits);

    for (i = 0; i < 5; i++) {
        a = kit_of(1);
        (void) kit_ask(&g, &a, kit_body(kit_words(&g, "", 40), ""));
        g.now_ms += 1000;
    }

    explain(&g, &e, DG_KIND_KEY, &a.ex.ids[DG_KIND_KEY], 1000);

    dg_ok(why_says(text, "\"segment\":\"proven\"")
          && why_number(text, "requests") == 5
          && why_number(text, "output_tokens") == 1000
          && why_says(text, "\"d\":{\"all\":{\"requests\":5")
          && why_says(text, "\"own\":{\"requests\":5"),
          "what it had is told");

    dg_ok(why_times(text, "\"signal\":") == DG_SIGNALS
          && why_times(text, "\"help\":") == DG_SIGNALS
          && why_says(text, "\"signal\":\"template\",\"family\":\"linkage\","
                            "\"value\":null,\"soft\":20,\"hard\":200")
          && why_says(text, "\"signal\":\"provenance\",\"family\":\"linkage\""
                            ",\"value\":0,\"soft\":1,\"hard\":4,\"points\":0,"
                            "\"most\":50,\"unit\":\"accounts\",\"window\":"
                            "172800"),
          "all signals, and those that cannot be told as such");

    dg_ok(why_says(text, "\"limits\":[{\"limit\":\"key requests=7/h\","
                         "\"used\":5,\"max\":7},{\"limit\":\"account "
                         "output_tokens=2000/d\",\"used\":1000,\"max\":"
                         "2000}]"),
          "the limits that hold for it, and what is left of them");
    dg_ok(why_says(text, "\"verdict\":\"PASS\"")
          && why_number(text, "score") == 0
          && why_says(text, "\"member\":false")
          && why_says(text, "\"linked\":[]"),
          "nothing is against it");

    why_rule(g.st, DG_RULING_BLOCK, DG_KIND_ORIGIN, &a.ex.ids[DG_KIND_ORIGIN],
             g.now_ms);
    explain(&g, &e, DG_KIND_KEY, &a.ex.ids[DG_KIND_KEY], 1000);

    dg_ok(why_says(text, "\"decision\":null")
          && why_says(text, "\"decisions\":[{\"subject\":\"origin:"),
          "what was decided on where it came from is told");

    explain(&g, &e, DG_KIND_ORIGIN, &a.ex.ids[DG_KIND_ORIGIN], 1000);

    dg_ok(why_says(text, "\"known\":true") && why_number(text, "requests") == 5
          && !why_says(text, "\"signals\""),
          "and so is what its network had");

    kit_free(&g);
}


/* accounts of their own: keys are no accounts then */

static void
test_kinds(void)
{
    kit_ask_t     a;
    kit_guard_t   g;
    dg_explain_t  e;

    kit_guard(&g, ZONE);

    a = kit_of(1);
    a.of = 500;
    (void) kit_ask(&g, &a, kit_body(kit_words(&g, "", 40), ""));

    explain(&g, &e, DG_KIND_ACCOUNT, &a.ex.ids[DG_KIND_ACCOUNT], 1000);
    dg_ok(why_says(text, "\"subject\":\"account:")
          && why_says(text, "\"signals\":[{"),
          "an account is judged");

    explain(&g, &e, DG_KIND_KEY, &a.ex.ids[DG_KIND_KEY], 1000);
    dg_ok(why_says(text, "\"known\":true") && !why_says(text, "\"signals\"")
          && why_says(text, "\"origins\":[\""),
          "one of its keys is counted");

    kit_free(&g);
}


static void
test_pool(void)
{
    unsigned      slices;
    kit_ask_t     a;
    dg_id_t       id;
    kit_guard_t   g;
    dg_explain_t  e;

    kit_guard(&g, ZONE);
    kit_pool(&g, &a, 1, POOL, 300);

    explain(&g, &e, DG_KIND_KEY, &a.ex.ids[DG_KIND_KEY], 100000);

    dg_ok(e.nlinked >= 4 && e.nlinked < POOL && e.unlisted == 0
          && why_times(text, "\"ties\":[\"provenance\"]") == e.nlinked,
          "its partners are named: %u", e.nlinked);
    dg_ok(why_says(text, "\"member\":true")
          && why_says(text, "\"verdict\":\"THROTTLE\"")
          && why_says(text, "\"limit\":\"campaign requests=100/d\",\"used\":"
                            "246"),
          "it is a member, and shares what all of them may");

    id = e.roll.campaign.cell.id;
    slices = explain(&g, &e, DG_KIND_CAMPAIGN, &id, 3);

    dg_ok(slices > 3 && e.roll.nmembers == POOL && e.roll.kept == POOL
          && why_number(text, "counted") == POOL
          && why_times(text, "\"uses\":") == POOL + 1,
          "its campaign in %u slices, with all of its accounts", slices);
    dg_ok(e.roll.totals[DG_REQUESTS] == 300
          && why_says(text, "\"day\":{\"requests\":300"),
          "and what these had");
    dg_ok(why_number(text, "provenance") > POOL
          && why_times(text, "\"signal\":") == DG_SIGNALS,
          "and the evidence");

    g.policy.actions[DG_ACTION_BLOCK].score = 40;
    explain(&g, &e, DG_KIND_KEY, &a.ex.ids[DG_KIND_KEY], 100000);

    dg_ok(why_says(text, "\"verdict\":\"BLOCK\"")
          && e.standing.until > g.now_ms / 1000
          && kit_cohort(&g)->blocked == 0,
          "a block that would begin now has its end, and does not begin");

    why_rule(g.st, DG_RULING_ALLOW, DG_KIND_CAMPAIGN, &id, g.now_ms);
    explain(&g, &e, DG_KIND_KEY, &a.ex.ids[DG_KIND_KEY], 100000);
    dg_ok(why_says(text, "\"decision\":null")
          && why_says(text, "\"decision\":{\"subject\":\"campaign:"),
          "what was decided on the campaign is told as that");

    kit_free(&g);
}


static void
test_cohort(void)
{
    dg_id_t         id;
    kit_ask_t       a;
    kit_guard_t     g;
    dg_explain_t    e;
    dg_store_t     *before;

    kit_guard(&g, ZONE);

    before = malloc(ZONE);

    if (before == NULL) {
        abort();
    }

    kit_turns(&g, &a, 1, TURNS, 10);
    id = kit_cohort(&g)->cell.id;

    memcpy(before, g.st, ZONE);
    explain(&g, &e, DG_KIND_CAMPAIGN, &id, 64);
    dg_ok(memcmp(before, g.st, ZONE) == 0, "to ask changes nothing");

    dg_ok(e.roll.ntemplates >= 1 && e.roll.kept == DG_ROLL_MEMBERS
          && e.roll.nmembers == TURNS
          && why_number(text, "accounts") == TURNS
          && why_number(text, "more") == TURNS - DG_ROLL_MEMBERS,
          "those behind a frame: some are named, all are counted");
    dg_ok(why_number(text, "balance") >= 0 && why_number(text, "balance") < 1,
          "and how evenly they are used");
    dg_ok(why_says(text, "\"verdict\":\"THROTTLE\"")
          && why_says(text, "\"limit\":\"campaign requests="),
          "and what they have to share");

    explain(&g, &e, DG_KIND_KEY, &a.ex.ids[DG_KIND_KEY], 64);
    dg_ok(why_says(text, "\"member\":true")
          && !why_says(text, "\"template\":null,\"member\"")
          && e.standing.score.score == e.roll.standing.score.score,
          "each of them has its score");

    why_rule(g.st, DG_RULING_EXEMPT, DG_KIND_KEY, &a.ex.ids[DG_KIND_KEY],
             g.now_ms);
    explain(&g, &e, DG_KIND_KEY, &a.ex.ids[DG_KIND_KEY], 64);
    dg_ok(why_says(text, "\"campaign\":null")
          && why_says(text, "\"decision\":\"exempt\"")
          && why_number(text, "score") == 0,
          "but for who is exempt");

    free(before);
    kit_free(&g);
}


/* the verdict is the one that the next request meets */

static void
test_same(void)
{
    unsigned      i, same;
    kit_ask_t     a;
    kit_guard_t   g;
    dg_explain_t  e;

    kit_guard(&g, ZONE);
    kit_pool(&g, &a, 1, POOL, 300);
    kit_turns(&g, &a, 100, TURNS, 10);

    same = 0;

    for (i = 0; i < 20; i++) {
        a = kit_of(i < 10 ? 1 + i : 90 + i);

        a.ex.ids[DG_KIND_KEY] = kit_id(a.account);
        dg_explain_begin(g.st, &e, &g.rules, DG_KIND_KEY,
                         &a.ex.ids[DG_KIND_KEY], g.now_ms);

        (void) kit_ask(&g, &a, kit_body(kit_words(&g, "", 40), ""));

        same += (e.standing.score.score == a.finding.score.score
                 && (e.standing.verdict == DG_BLOCK)
                    == (a.ex.standing == DG_BLOCK)
                 && (e.standing.limit.n != 0) == (a.ex.throttle != NULL));
    }

    dg_ok(same == 20, "what is told is what is done: %u of 20", same);

    kit_free(&g);
}


/* numbers as great as they get do not overrun the room */

static void
test_room(void)
{
    u_char        *end;
    unsigned       i;
    dg_limit_t     limits[2 * DG_EXPLAIN_LIMITS];
    kit_guard_t    g;
    dg_explain_t   e;

    kit_guard(&g, ZONE);

    memset(&e, 0xff, sizeof(dg_explain_t));

    for (i = 0; i < dg_nelts(limits); i++) {
        limits[i].kind = DG_KIND_ACCOUNT;
        limits[i].metric = DG_METRIC_OUTPUT;
        limits[i].period = DG_DAY;
        limits[i].n = DG_LIMIT_MAX;
    }

    g.rules.limits = limits;
    g.rules.nlimits = dg_nelts(limits);

    e.rules = &g.rules;
    e.kind = DG_KIND_KEY;
    e.standing.score.n = DG_SIGNALS;
    e.standing.verdict = DG_THROTTLE;
    e.roll.standing.score.n = DG_SIGNALS;
    e.roll.standing.verdict = DG_THROTTLE;
    e.standing.limit.kind = DG_KIND_ACCOUNT;
    e.standing.limit.metric = DG_METRIC_OUTPUT;
    e.standing.limit.period = DG_MINUTE;
    e.roll.standing.limit = e.standing.limit;
    e.subject.cell.kind = DG_KIND_KEY;

    for (i = 0; i < DG_SIGNALS; i++) {
        e.standing.values[i] = 1e300;
        e.roll.standing.values[i] = 1e300;
        e.standing.score.reason[i].signal = (dg_signal_id_t) i;
        e.roll.standing.score.reason[i].signal = (dg_signal_id_t) i;
        e.standing.score.reason[i].value = 1e300;
        e.roll.standing.score.reason[i].value = 1e300;
    }

    for (i = 0; i < DG_ROLL_MEMBERS; i++) {
        e.roll.member[i].kind = DG_KIND_ACCOUNT;
    }

    for (i = 0; i < DG_EXPLAIN_LINKED; i++) {
        e.linked[i].kind = DG_KIND_ACCOUNT;
    }

    e.ruled.ruling.id = DG_RULING_BLOCK;
    e.ruled.ruling.author_len = DG_RULING_AUTHOR;
    e.ruled.ruling.reason_len = DG_RULING_REASON;
    e.ruled.cell.kind = DG_KIND_KEY;
    e.roll.ruled = e.ruled;
    e.nruled = DG_ORIGINS;

    for (i = 0; i < DG_ORIGINS; i++) {
        e.from[i] = e.ruled;
    }
    e.roll.kept = DG_ROLL_MEMBERS;
    e.roll.ktemplates = DG_ROLL_TEMPLATES;
    e.nlinked = DG_EXPLAIN_LINKED;

    end = dg_explain_write(text, &e);

    dg_ok(why_json(text, end), "the longest has %zu bytes",
          (size_t) (end - text));

    kit_free(&g);
}


int
main(void)
{
    test_unknown();
    test_account();
    test_kinds();
    test_pool();
    test_cohort();
    test_same();
    test_room();

    return dg_done();
}
