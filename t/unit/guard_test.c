/*
 * Copyright (C) 2026 Distill Guard
 *
 * The ladder: what is done to whom, and what is left alone.
 */


#include "guard_kit.h"


static void
enforce(kit_guard_t *g)
{
    kit_guard(g, 4 << 20);
    g->rules.enforce = 1;
}


/* an account that asks for so many log probabilities, in ten requests */

static void
cells(kit_guard_t *g, kit_ask_t *a, uint64_t account, double cells,
    unsigned relay)
{
    unsigned  i;

    for (i = 0; i < 10; i++) {
        *a = kit_of(account);
        a->relay = relay;
        a->output = (unsigned) (cells / 10 / 20) + 1;

        (void) kit_ask(g, a, kit_body(kit_words(g, "", 20),
                       ",\"logprobs\":true,\"top_logprobs\":20"));
        g->now_ms += 1000;
    }
}


/* and one more request, to see what it has come to */

static dg_verdict_id_t
asks(kit_guard_t *g, kit_ask_t *a, uint64_t account)
{
    *a = kit_of(account);

    return kit_ask(g, a, kit_body(kit_words(g, "", 60), ""));
}


static void
test_families(void)
{
    double        some, all;
    kit_ask_t     a;
    kit_guard_t   g;
    dg_signal_t  *s;

    enforce(&g);

    s = &g.policy.signals[DG_SIGNAL_LOGPROBS];
    some = (s->soft + s->hard) / 2;
    all = s->hard * 1.1;

    g.policy.actions[DG_ACTION_TAG].score = DG_FAMILY_LEAST;
    g.policy.actions[DG_ACTION_PACE].score = 0;
    g.policy.actions[DG_ACTION_THROTTLE].score = 0;

    cells(&g, &a, 1, some, 0);

    dg_ok(asks(&g, &a, 1) == DG_PASS && a.finding.score.score >= 5,
          "some of one family is nothing");

    cells(&g, &a, 2, some, 1);

    dg_ok(asks(&g, &a, 2) == DG_TAG && a.rs.read
          && g.st->stats.verdicts[DG_TAG][0] > 0,
          "some of two is told");

    cells(&g, &a, 3, all, 0);

    dg_ok(asks(&g, &a, 3) == DG_TAG, "and so is all of one");

    g.policy.actions[DG_ACTION_PACE].score = DG_FAMILY_LEAST;
    g.policy.actions[DG_ACTION_PACE].pace = 40;

    dg_ok(asks(&g, &a, 3) == DG_PACE && a.finding.pace == 40,
          "which may be slowed");
    dg_ok(asks(&g, &a, 1) == DG_PASS && a.finding.pace == 0,
          "others are not");

    g.policy.actions[DG_ACTION_THROTTLE].score = DG_FAMILY_LEAST;
    g.policy.actions[DG_ACTION_THROTTLE].limit.n = 1;
    g.policy.actions[DG_ACTION_BLOCK].score = DG_FAMILY_LEAST;

    dg_ok(asks(&g, &a, 3) == DG_PACE && asks(&g, &a, 3) == DG_PACE,
          "but not throttled for one family");
    dg_ok(asks(&g, &a, 2) == DG_THROTTLE
          && a.decision.limit
             == &g.policy.actions[DG_ACTION_THROTTLE].limit
          && a.decision.kind == DG_KIND_KEY,
          "as is who has two, by what it had itself");
    dg_ok(asks(&g, &a, 1) == DG_PASS, "an account that has neither passes");

    kit_free(&g);
}


/* all requests of a campaign are counted together, whoever makes them */

static void
test_bucket(void)
{
    unsigned            i, passed, refused, single;
    kit_ask_t           a;
    kit_list_t          list;
    kit_guard_t         g;
    const dg_action_t  *throttle;

    enforce(&g);

    g.policy.actions[DG_ACTION_BLOCK].score = 0;
    throttle = &g.policy.actions[DG_ACTION_THROTTLE];

    for (i = 0; i < 100 && kit_list(&g).campaigns == 0; i++) {
        kit_pool(&g, &a, 1, 12, 4);
    }

    dg_ok(kit_list(&g).campaigns == 1, "a pool is found");

    passed = 0;
    refused = 0;
    single = 0;

    for (i = 0; i < 4 * throttle->limit.n; i++) {
        kit_pool(&g, &a, 1, 12, 1);

        if (dg_id_none(&a.finding.campaign)) {
            continue;
        }

        passed += (a.decision.verdict < DG_THROTTLE);
        refused += (a.decision.verdict == DG_THROTTLE);
        single += (a.decision.limit == &throttle->limit
                   && a.decision.kind == DG_KIND_CAMPAIGN
                   && a.decision.wait_ms > 0);
    }

    list = kit_list(&g);

    dg_ok(list.campaigns == 1 && list.accounts > 4,
          "it is one campaign of %u accounts", list.accounts);
    dg_ok(passed == throttle->limit.n,
          "its accounts together get what is left to one (%u)", passed);
    dg_ok(refused > 0 && single == refused,
          "the others hear of that limit (%u of %u)", single, refused);

    g.now_ms += 2 * DAY;

    dg_ok(asks(&g, &a, 1) < DG_THROTTLE && !dg_id_none(&a.finding.campaign),
          "after two days they get some more, and are not forgotten");
    dg_ok(asks(&g, &a, 99) == DG_PASS && dg_id_none(&a.finding.campaign),
          "who has nothing to do with it passes");

    kit_free(&g);
}


/* an account's own score fades: it is neither kept nor gone with the day */

static void
test_rest(void)
{
    unsigned     i, score;
    kit_ask_t    a;
    kit_guard_t  g;

    enforce(&g);

    for (i = 0; i < 1100; i++) {
        a = kit_of(1);
        a.output = 900;
        (void) kit_ask(&g, &a, kit_body(kit_words(&g, KIT_FRAME, 20),
                                        ",\"logit_bias\":{\"50256\":-100},"
                                        "\"stop\":[\"20.\",\"21.\"]"));
        g.now_ms += 1000;
    }

    score = a.finding.score.score;
    dg_ok(a.decision.verdict == DG_THROTTLE, "a job that all speaks for (%u)",
          score);

    g.now_ms += 3 * DAY;

    dg_ok(asks(&g, &a, 1) == DG_PASS
          && a.finding.score.score <= score / 4
          && a.finding.score.score >= score / 10,
          "after three days an eighth of that is left (%u)",
          a.finding.score.score);

    g.now_ms += 7 * DAY;

    dg_ok(asks(&g, &a, 1) == DG_PASS && a.finding.score.score == 0,
          "and nothing in the end");

    kit_free(&g);
}


/* whoever takes a place in it is met by the first request */

static void
test_newcomer(void)
{
    unsigned      n;
    kit_ask_t     a;
    kit_guard_t   g;

    enforce(&g);

    g.policy.actions[DG_ACTION_BLOCK].score = 0;
    n = (unsigned) dg_signals[DG_SIGNAL_TEMPLATE].hard * 11 / 10;

    kit_turns(&g, &a, 1, n, 10);

    dg_ok(kit_list(&g).campaigns == 1, "accounts that take turns are found");

    a = kit_of(n + 10);
    (void) kit_ask(&g, &a, kit_body(kit_words(&g, KIT_FRAME, 20), ""));

    dg_ok(a.decision.verdict == DG_THROTTLE
          && a.decision.kind == DG_KIND_CAMPAIGN && !a.rs.read
          && !dg_id_none(&a.finding.campaign)
          && !dg_id_none(&a.finding.template),
          "one more is among them with its first request");

    dg_ok(asks(&g, &a, n + 10) == DG_PASS
          && dg_id_none(&a.finding.template)
          && dg_store_profile(g.st, &a.ex.ids[DG_KIND_KEY]) != NULL,
          "with anything else it is not");

    kit_free(&g);
}


/* what blocks is linkage; a score as high is not enough */

static void
test_block(void)
{
    unsigned      i, blocked, throttled;
    kit_ask_t     a;
    kit_guard_t   g;
    dg_action_t  *block;

    enforce(&g);

    block = &g.policy.actions[DG_ACTION_BLOCK];
    block->score = g.policy.actions[DG_ACTION_THROTTLE].score;

    kit_pool(&g, &a, 1, 12, 200);

    dg_ok(asks(&g, &a, 2) == DG_BLOCK && a.decision.limit == NULL
          && a.finding.score.families[DG_FAMILY_LINKAGE] >= DG_BLOCK_LINKAGE,
          "accounts tied to each other are blocked");
    dg_ok(a.decision.wait_ms > 0
          && a.decision.wait_ms <= (uint64_t) block->seconds * 1000
          && a.ex.refused && !a.rs.read, "for a time");
    dg_ok(g.st->stats.verdicts[DG_BLOCK][0] > 0
          && g.st->stats.verdicts[DG_BLOCK][1] == 0, "that is counted");

    block->score = 0;
    dg_ok(asks(&g, &a, 2) != DG_BLOCK, "unless nobody is to be blocked");

    kit_free(&g);

    /* little linkage, but turns taken and one machine that all come from */

    enforce(&g);

    block = &g.policy.actions[DG_ACTION_BLOCK];
    block->score = g.policy.actions[DG_ACTION_THROTTLE].score;

    blocked = 0;
    throttled = 0;

    for (i = 0; i < 80 * 14; i++) {
        a = kit_of(1 + i % 80);
        a.origin = 1;
        a.hosting = 1;

        (void) kit_ask(&g, &a, i < 80
                               ? kit_body(kit_words(&g, "", 20), "")
                               : kit_body(kit_words(&g, KIT_FRAME, 20), ""));
        g.now_ms += 1000;

        blocked += (a.decision.verdict == DG_BLOCK);
        throttled += (a.decision.verdict == DG_THROTTLE);
    }

    dg_ok(a.finding.score.score >= block->score
          && a.finding.score.families[DG_FAMILY_LINKAGE] < DG_BLOCK_LINKAGE
          && throttled > 0, "others with that score (%u) are throttled",
          a.finding.score.score);
    dg_ok(blocked == 0, "but never blocked");

    kit_free(&g);
}


static void
test_observe(void)
{
    unsigned      i, served, found;
    uint64_t      counted;
    kit_ask_t     a;
    kit_guard_t   g;

    kit_guard(&g, 4 << 20);

    g.policy.actions[DG_ACTION_THROTTLE].limit.n = 10;
    g.policy.actions[DG_ACTION_BLOCK].score = 0;

    kit_pool(&g, &a, 1, 12, 200);

    served = 0;
    found = 0;

    for (i = 0; i < 100; i++) {
        kit_pool(&g, &a, 1, 12, 1);
        served += (a.rs.read && a.rs.output_tokens == a.output);
        found += (a.decision.verdict == DG_THROTTLE);
    }

    dg_ok(served == 100, "who is observed is served");
    dg_ok(found > 80, "the verdict is told (%u)", found);

    for (counted = 0, i = DG_TAG; i < DG_VERDICTS; i++) {
        counted += g.st->stats.verdicts[i][0];
    }

    dg_ok(counted == 0 && g.st->stats.verdicts[DG_THROTTLE][1] >= found,
          "and counted as one that would have been");

    g.policy.actions[DG_ACTION_BLOCK].score = 45;

    dg_ok(asks(&g, &a, 1) == DG_BLOCK && a.rs.read
          && g.st->stats.verdicts[DG_BLOCK][1] == 1,
          "a block, too, refuses nothing");

    kit_free(&g);
}


/* no policy: no verdict, and nothing learned */

static void
test_exempt(void)
{
    kit_ask_t    a;
    kit_guard_t  g;

    enforce(&g);

    g.policy.actions[DG_ACTION_BLOCK].score = 45;
    kit_pool(&g, &a, 1, 12, 200);
    dg_ok(asks(&g, &a, 1) == DG_BLOCK, "a member of a campaign is blocked");

    g.rules.policy = NULL;

    dg_ok(asks(&g, &a, 1) == DG_PASS && a.rs.read
          && a.finding.score.score == 0 && dg_id_none(&a.finding.campaign),
          "where it is exempt it passes");

    kit_pool(&g, &a, 100, 12, 200);
    kit_turns(&g, &a, 200, 100, 2);

    dg_ok(dg_store_profile(g.st, &a.ex.ids[DG_KIND_KEY]) == NULL,
          "who is exempt leaves no profile");

    g.rules.policy = &g.policy;
    dg_ok(kit_list(&g).campaigns == 1, "nor makes a campaign");

    kit_free(&g);
}


/* a content refused to a campaign is refused to whoever is sent with it */

static void
test_covered(void)
{
    unsigned     i;
    char         text[KIT_TEXT], known[KIT_TEXT], little[KIT_TEXT];
    kit_ask_t    a;
    kit_guard_t  g;

    enforce(&g);

    g.policy.actions[DG_ACTION_THROTTLE].limit.n = 1;
    g.policy.actions[DG_ACTION_BLOCK].score = 0;

    strcpy(known, kit_words(&g, "", 60));
    strcpy(little, kit_words(&g, "", 10));

    for (i = 0; i < 8; i++) {
        a = kit_of(500 + i);
        (void) kit_ask(&g, &a, kit_body(known, ""));
    }

    kit_pool(&g, &a, 1, 12, 200);
    strcpy(text, kit_words(&g, "", 60));

    a = kit_of(1);
    (void) kit_ask(&g, &a, kit_body(text, ""));
    dg_ok(a.decision.verdict == DG_THROTTLE && a.decision.limit != NULL,
          "a campaign is refused a content");

    g.now_ms += 10000;
    a = kit_of(600);
    (void) kit_ask(&g, &a, kit_body(text, ""));

    dg_ok(a.decision.verdict == DG_THROTTLE && a.decision.limit == NULL
          && !a.rs.read, "and so is who comes with the same");
    dg_ok(a.decision.wait_ms > 0 && a.decision.wait_ms <= 50000,
          "for a minute after that");

    dg_ok(asks(&g, &a, 600) == DG_PASS, "anything else it is given");

    a = kit_of(2);
    (void) kit_ask(&g, &a, kit_body(known, ""));
    dg_ok(a.decision.verdict == DG_THROTTLE, "what many had is refused to it");
    a = kit_of(601);
    (void) kit_ask(&g, &a, kit_body(known, ""));
    dg_ok(a.decision.verdict == DG_PASS, "but not to others");

    a = kit_of(3);
    (void) kit_ask(&g, &a, kit_body(little, ""));
    dg_ok(a.decision.verdict == DG_THROTTLE, "something short is, too");
    a = kit_of(602);
    (void) kit_ask(&g, &a, kit_body(little, ""));
    dg_ok(a.decision.verdict == DG_PASS, "but not to others, either");

    g.now_ms += 3 * MINUTE;
    a = kit_of(603);
    (void) kit_ask(&g, &a, kit_body(text, ""));
    dg_ok(a.decision.verdict == DG_PASS, "a minute passes");

    kit_free(&g);
}


/* what an honest account is refused is not refused to others */

static void
test_uncovered(void)
{
    char         text[KIT_TEXT];
    kit_ask_t    a;
    dg_limit_t   limit;
    kit_guard_t  g;

    enforce(&g);

    memset(&limit, 0, sizeof(dg_limit_t));

    limit.kind = DG_KIND_KEY;
    limit.metric = DG_METRIC_REQUESTS;
    limit.period = DG_HOUR;
    limit.n = 1;

    g.rules.limits = &limit;
    g.rules.nlimits = 1;

    strcpy(text, kit_words(&g, "", 60));

    (void) asks(&g, &a, 1);
    a = kit_of(1);
    (void) kit_ask(&g, &a, kit_body(text, ""));
    dg_ok(a.decision.verdict == DG_THROTTLE && a.decision.limit == &limit,
          "an account comes to its limit");

    a = kit_of(2);
    (void) kit_ask(&g, &a, kit_body(text, ""));
    dg_ok(a.decision.verdict == DG_PASS, "another may ask the same");

    kit_free(&g);
}


int
main(void)
{
    test_families();
    test_bucket();
    test_rest();
    test_newcomer();
    test_block();
    test_observe();
    test_exempt();
    test_covered();
    test_uncovered();

    return dg_done();
}
