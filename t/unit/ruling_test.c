/*
 * Copyright (C) 2026 Distill Guard
 *
 * What operators decide: how it is written, that it comes to the same however
 * it is told, that it goes before all rules, and that nothing else makes room
 * for itself in its place.
 */


#include "guard_kit.h"
#include "dg_watch.h"


#define NOW       (START / 1000)
#define ROUNDS    300
#define HISTORY   60


static dg_ruling_t
ruling(dg_ruling_id_t id, uint64_t time, const char *author, uint64_t expires)
{
    dg_ruling_t  r;

    memset(&r, 0, sizeof(dg_ruling_t));

    r.id = (uint8_t) id;
    r.time = time;
    r.expires = expires;
    r.author_len = (uint8_t) strlen(author);
    memcpy(r.author, author, r.author_len);

    return r;
}


static int
rule(kit_guard_t *g, dg_ruling_id_t id, unsigned kind, const dg_id_t *subject)
{
    dg_ruling_t      r;
    static uint64_t  time = START;

    r = ruling(id, time++, "alice", 0);

    return dg_store_rule(g->st, kind, subject, &r, 0, g->now_ms / 1000);
}


/* --- as text --- */

static void
test_text(void)
{
    size_t       i, len;
    u_char       text[DG_RULING_TEXT];
    unsigned     bad;
    dg_ruling_t  r;

    static const char  *good[] = {
        "1795469280123 alice block 1795476480 a reason, with words",
        "1795469280123 alice release 0",
        "1000000000000 a@b.example allow 9999999999999",
        "1795469280123 12345678901234567890123456789012 exempt 0 "
        "1234567890123456789012345678901234567890123456789012345678901234"
        "1234567890123456789012345678901234567890123456789012345678901234",
        "1795469280123 a block 0  two spaces"
    };

    static const char  *wrong[] = {
        "",
        "1795469280123",
        "1795469280123 alice",
        "1795469280123 alice block",
        "1795469280123 alice block ",
        "1795469280123 alice block 0 ",
        "1795469280123 alice ban 0",
        "1795469280123 alice Block 0",
        "1795469280123 alice block 01",
        "1795469280123 alice block -1",
        "1795469280123 alice block 12345678901234",
        "179546928012 alice block 0",
        "17954692801234 alice block 0",
        "179546928012x alice block 0",
        "1795469280123  block 0",
        "1795469280123 al\x01" "ce block 0",
        "1795469280123 al\xc3\xa9" "ce block 0",
        "1795469280123 alice block 0 a\nb",
        "1795469280123 123456789012345678901234567890123 block 0",
        "1795469280123 alice block 0 "
        "1234567890123456789012345678901234567890123456789012345678901234"
        "12345678901234567890123456789012345678901234567890123456789012345"
    };

    bad = 0;

    for (i = 0; i < dg_nelts(good); i++) {

        if (dg_ruling_parse(&r, (const u_char *) good[i], strlen(good[i]))
            != DG_OK)
        {
            bad++;
            continue;
        }

        len = dg_ruling_text(text, &r) - text;
        bad += (len != strlen(good[i]) || memcmp(text, good[i], len) != 0);
    }

    dg_ok(bad == 0, "what is written is read, and written again the same");

    bad = 0;

    for (i = 0; i < dg_nelts(wrong); i++) {
        bad += (dg_ruling_parse(&r, (const u_char *) wrong[i],
                                strlen(wrong[i]))
                != DG_ERROR);
    }

    dg_ok(bad == 0, "what is not written so is not read");
}


static void
test_subjects(void)
{
    size_t    i, len;
    dg_id_t   id;
    u_char    text[DG_RULING_SUBJECT];
    unsigned  kind, bad;

    static const char  *good[] = {
        "key:9f3a04c1d2e5b7880c6f1e2d3a4b5c6d",
        "account:9f3a04c1d2e5b7880c6f1e2d3a4b5c6d",
        "campaign:9f3a04c1d2e5b7880c6f1e2d3a4b5c6d",
        "client:9f3a04c1d2e5b7880c6f1e2d3a4b5c6d",
        "origin:203.0.113.0/24", "origin:2001:db8:1:2::/64", "origin:unix",
        "asn:64500"
    };

    static const char  *wrong[] = {
        "", ":", "key", "key:", ":9f3a04c1d2e5b7880c6f1e2d3a4b5c6d",
        "none:9f3a04c1d2e5b7880c6f1e2d3a4b5c6d", "asn:0", "asn:x",
        "key:00000000000000000000000000000000", "key:9f3a", "keys:1",
        "origin:203.0.113.7"
    };

    bad = 0;

    for (i = 0; i < dg_nelts(good); i++) {

        if (dg_ruling_subject_parse(&kind, &id, (const u_char *) good[i],
                                    strlen(good[i]))
            != DG_OK)
        {
            bad++;
            continue;
        }

        len = dg_ruling_subject_text(text, kind, &id) - text;
        bad += (len != strlen(good[i]) || memcmp(text, good[i], len) != 0);
    }

    dg_ok(bad == 0, "subjects are read and written");

    bad = 0;

    for (i = 0; i < dg_nelts(wrong); i++) {
        bad += (dg_ruling_subject_parse(&kind, &id, (const u_char *) wrong[i],
                                        strlen(wrong[i]))
                != DG_ERROR);
    }

    dg_ok(bad == 0, "and nothing else");
}


/* --- merging --- */

typedef struct {
    unsigned       kind;
    dg_id_t        id;
    dg_ruling_t    ruling;
} told_t;


static void
history(told_t *told, uint64_t *seed)
{
    unsigned  i;

    static const char  *authors[] = { "a", "alice", "bob" };

    for (i = 0; i < HISTORY; i++) {
        told[i].kind = 1 + dg_test_random(seed) % 3;
        told[i].id = kit_id(dg_test_random(seed) % 4);

        /* many of the same millisecond */

        told[i].ruling = ruling(dg_test_random(seed) % DG_RULINGS,
                                START + dg_test_random(seed) % 6,
                                authors[dg_test_random(seed) % 3],
                                dg_test_random(seed) % 3
                                ? 0 : NOW + dg_test_random(seed) % 100);
        told[i].ruling.reason_len = 1;
        told[i].ruling.reason[0] = 'a' + dg_test_random(seed) % 3;
    }
}


/* some twice, in any order; all of them at least once */

static void
tell(dg_store_t *st, const told_t *told, uint64_t *seed)
{
    unsigned  i, k, order[2 * HISTORY];

    for (i = 0; i < 2 * HISTORY; i++) {
        order[i] = i % HISTORY;
        k = dg_test_random(seed) % (i + 1);
        order[i] = order[k];
        order[k] = i % HISTORY;
    }

    for (i = 0; i < 2 * HISTORY; i++) {
        (void) dg_store_rule(st, told[order[i]].kind, &told[order[i]].id,
                             &told[order[i]].ruling, 0, NOW);
    }
}


static int
same(dg_store_t *one, dg_store_t *two, const told_t *told)
{
    unsigned           i;
    const dg_ruled_t  *a, *b;

    for (i = 0; i < HISTORY; i++) {
        a = (dg_ruled_t *) dg_arena_find(dg_store_arena(one, DG_PART_RULINGS),
                                         told[i].kind, &told[i].id);
        b = (dg_ruled_t *) dg_arena_find(dg_store_arena(two, DG_PART_RULINGS),
                                         told[i].kind, &told[i].id);

        if (a == NULL || b == NULL
            || dg_ruling_compare(&a->ruling, &b->ruling) != 0
            || dg_ruling_compare(&a->ruling, &told[i].ruling) < 0)
        {
            return 0;
        }
    }

    return memcmp(one->rulings, two->rulings, sizeof(one->rulings)) == 0;
}


static void
test_merge(void)
{
    told_t       told[HISTORY];
    uint64_t     seed;
    unsigned     i, bad;
    kit_guard_t  one, two;

    seed = 77;
    bad = 0;

    for (i = 0; i < ROUNDS; i++) {
        kit_guard(&one, 1 << 20);
        kit_guard(&two, 1 << 20);

        history(told, &seed);
        tell(one.st, told, &seed);
        tell(two.st, told, &seed);

        bad += !same(one.st, two.st, told)
               || dg_store_check(one.st) != DG_OK;

        kit_free(&one);
        kit_free(&two);
    }

    dg_ok(bad == 0, "in any order, some twice: the same (%u)", bad);
}


static void
test_versions(void)
{
    dg_id_t           id;
    kit_guard_t       g;
    dg_ruling_t       r, release;
    const dg_ruled_t *is;

    kit_guard(&g, 1 << 20);
    id = kit_id(1);

    r = ruling(DG_RULING_BLOCK, START, "bob", 0);
    release = ruling(DG_RULING_RELEASE, START + 1, "alice", 0);

    dg_ok(dg_store_rule(g.st, DG_KIND_KEY, &id, &r, 0, NOW) == 1
          && dg_store_rule(g.st, DG_KIND_KEY, &id, &r, 0, NOW) == 0,
          "what is told twice is news once");
    dg_ok(dg_store_ruled(g.st, DG_KIND_KEY, &id, NOW) != NULL
          && dg_store_ruled(g.st, DG_KIND_ACCOUNT, &id, NOW) == NULL,
          "it is of its kind alone");

    (void) dg_store_rule(g.st, DG_KIND_KEY, &id, &release, 0, NOW);
    dg_ok(dg_store_ruled(g.st, DG_KIND_KEY, &id, NOW) == NULL
          && g.st->rulings[DG_RULING_BLOCK][DG_KIND_KEY] == 0,
          "a release ends it");

    dg_ok(dg_store_rule(g.st, DG_KIND_KEY, &id, &r, 0, NOW) == 0
          && dg_store_ruled(g.st, DG_KIND_KEY, &id, NOW) == NULL,
          "what comes late does not undo that");

    /* the release comes first */

    id = kit_id(2);
    (void) dg_store_rule(g.st, DG_KIND_KEY, &id, &release, 0, NOW);
    (void) dg_store_rule(g.st, DG_KIND_KEY, &id, &r, 0, NOW);
    dg_ok(dg_store_ruled(g.st, DG_KIND_KEY, &id, NOW) == NULL,
          "nor before it was known at all");

    r = ruling(DG_RULING_ALLOW, START + 1, "bob", 0);
    (void) dg_store_rule(g.st, DG_KIND_KEY, &id, &r, 0, NOW);
    is = dg_store_ruled(g.st, DG_KIND_KEY, &id, NOW);
    dg_ok(is && is->ruling.id == DG_RULING_ALLOW,
          "at the same time the author decides which one is later");

    kit_free(&g);
}


static void
test_expiry(void)
{
    dg_id_t      id;
    uint32_t     at;
    dg_ruled_t   told[4];
    kit_guard_t  g;
    dg_ruling_t  r, old;

    kit_guard(&g, 1 << 20);

    id = kit_id(1);
    r = ruling(DG_RULING_BLOCK, START + 5, "a", NOW + 60);
    (void) dg_store_rule(g.st, DG_KIND_KEY, &id, &r, 0, NOW);

    dg_ok(dg_store_ruled(g.st, DG_KIND_KEY, &id, NOW + 59) != NULL
          && dg_store_ruled(g.st, DG_KIND_KEY, &id, NOW + 60) == NULL,
          "it is over when it says so");

    dg_store_rulings_turn(g.st, NOW + 59);
    dg_ok(g.st->rulings[DG_RULING_BLOCK][DG_KIND_KEY] == 1, "till then it "
          "counts");

    dg_store_rulings_turn(g.st, NOW + 60);
    dg_ok(g.st->rulings[DG_RULING_BLOCK][DG_KIND_KEY] == 0
          && dg_store_check(g.st) == DG_OK, "and then no more");

    old = ruling(DG_RULING_BLOCK, START, "a", 0);
    dg_ok(dg_store_rule(g.st, DG_KIND_KEY, &id, &old, 0, NOW + 61) == 0,
          "it is known that it was later");

    /* a node whose clock is an hour ahead, or behind */

    id = kit_id(2);
    r = ruling(DG_RULING_BLOCK, START, "a", NOW + 60);
    (void) dg_store_rule(g.st, DG_KIND_KEY, &id, &r, -3600, NOW + 3600);
    dg_ok(dg_store_ruled(g.st, DG_KIND_KEY, &id, NOW + 3659) != NULL
          && dg_store_ruled(g.st, DG_KIND_KEY, &id, NOW + 3660) == NULL,
          "a clock ahead makes it neither shorter");

    id = kit_id(3);
    (void) dg_store_rule(g.st, DG_KIND_KEY, &id, &r, 3600, NOW - 3600);
    dg_ok(dg_store_ruled(g.st, DG_KIND_KEY, &id, NOW - 3541) != NULL
          && dg_store_ruled(g.st, DG_KIND_KEY, &id, NOW - 3540) == NULL,
          "nor one behind longer");

    id = kit_id(4);
    r.expires = 1;
    dg_ok(dg_store_rule(g.st, DG_KIND_KEY, &id, &r, 0, NOW) == 0,
          "what was over long ago is not entered");

    /* what Redis has not been seen to have */

    dg_store_untold(g.st);
    (void) dg_store_rule(g.st, DG_KIND_KEY, &id, &old, 0, NOW);
    at = 0;
    dg_ok(dg_store_tell(g.st, &at, told, 4, NOW) == 3 && at == 0,
          "all but what was just heard is told");
    dg_ok(dg_store_tell(g.st, &at, told, 4, NOW) == 0, "once");

    dg_store_untold(g.st);
    at = 0;
    dg_ok(dg_store_tell(g.st, &at, told, 4, NOW + 61 + DG_RULING_KEEP) == 1
          && told[0].ruling.expires == 0,
          "in a month only what is in force");

    kit_free(&g);
}


static void
test_full(void)
{
    dg_id_t      id;
    uint32_t     n, i;
    kit_guard_t  g;
    dg_arena_t  *a;
    dg_ruling_t  r, release;

    kit_guard(&g, 1 << 20);
    a = dg_store_arena(g.st, DG_PART_RULINGS);
    r = ruling(DG_RULING_BLOCK, START, "a", 0);
    release = ruling(DG_RULING_RELEASE, START + 1, "a", 0);

    /* as many as there is room for that are over */

    for (i = 0; i < a->ncells; i++) {
        id = kit_id(1000000 + i);
        (void) dg_store_rule(g.st, DG_KIND_KEY, &id, &release, 0, NOW);
    }

    n = 0;

    for (i = 0; i < a->ncells; i++) {
        id = kit_id(i);
        n += (dg_store_rule(g.st, DG_KIND_KEY, &id, &r, 0, NOW) == 1);
    }

    dg_ok(n == a->ncells, "what is over makes room");

    id = kit_id(i);
    dg_ok(dg_store_rule(g.st, DG_KIND_KEY, &id, &r, 0, NOW) == DG_FULL,
          "what is in force does not");
    dg_ok(dg_store_rule(g.st, DG_KIND_KEY, &id, &release, 0, NOW) == DG_FULL
          && g.st->rulings[DG_RULING_BLOCK][DG_KIND_KEY] == n,
          "for nothing");

    id = kit_id(7);
    dg_ok(dg_store_rule(g.st, DG_KIND_KEY, &id, &release, 0, NOW) == 1,
          "it can be released");

    id = kit_id(i);
    r.expires = NOW + 60;
    dg_ok(dg_store_rule(g.st, DG_KIND_KEY, &id, &r, 0, NOW) == 1,
          "which makes room for one");

    id = kit_id(i + 1);
    dg_ok(dg_store_rule(g.st, DG_KIND_KEY, &id, &r, 0, NOW) == DG_FULL
          && dg_store_rule(g.st, DG_KIND_KEY, &id, &r, 0, NOW + 59)
             == DG_FULL, "and for no more");

    r.expires = NOW + 600;
    dg_ok(dg_store_rule(g.st, DG_KIND_KEY, &id, &r, 0, NOW + 60) == 1,
          "until one is over");

    kit_free(&g);

    /* a zone of the default size holds 4,096 */

    kit_guard(&g, (64 << 20) - (128 << 10));
    dg_ok(dg_store_arena(g.st, DG_PART_RULINGS)->ncells >= 4096,
          "64m have room for %u",
          dg_store_arena(g.st, DG_PART_RULINGS)->ncells);
    kit_free(&g);
}


/* --- in force --- */

static dg_verdict_id_t
asks(kit_guard_t *g, kit_ask_t *a)
{
    return kit_ask(g, a, kit_body(kit_words(g, "", 30), ""));
}


static kit_ask_t
somebody(void)
{
    kit_ask_t  a;

    a = kit_of(1);
    a.of = 2;
    a.client = 3;
    a.origin = 4;
    a.asn = 64500;

    return a;
}


static void
subject_of(const kit_ask_t *a, unsigned kind, dg_id_t *id)
{
    switch (kind) {

    case DG_KIND_KEY:
        *id = kit_id(a->account);
        break;

    case DG_KIND_ACCOUNT:
        *id = kit_id(a->of);
        break;

    case DG_KIND_ORIGIN:
        *id = kit_id(1000000 + a->origin);
        break;

    case DG_KIND_CLIENT:
        *id = kit_id(a->client);
        break;

    default:
        dg_asn_id(id, a->asn);
        break;
    }
}


static void
test_block(void)
{
    size_t       i;
    dg_id_t      id;
    kit_ask_t    a;
    kit_guard_t  g;

    static const dg_kind_t  kinds[] = {
        DG_KIND_KEY, DG_KIND_ACCOUNT, DG_KIND_ORIGIN, DG_KIND_CLIENT,
        DG_KIND_ASN
    };

    for (i = 0; i < dg_nelts(kinds); i++) {
        kit_guard(&g, 1 << 20);
        g.rules.enforce = 1;

        a = somebody();
        subject_of(&a, kinds[i], &id);
        (void) rule(&g, DG_RULING_BLOCK, kinds[i], &id);

        dg_ok(asks(&g, &a) == DG_BLOCK && !a.rq.present
              && a.finding.ruling.id == DG_RULING_BLOCK
              && a.finding.ruling.kind == kinds[i]
              && dg_id_equal(&a.finding.ruling.subject, &id)
              && g.st->stats.verdicts[DG_BLOCK][0] == 1,
              "%s: blocked at the head", dg_kinds[kinds[i]].data);

        g.rules.policy = NULL;
        dg_ok(asks(&g, &a) == DG_BLOCK, "... also who is exempt otherwise");

        a = kit_of(99);
        dg_ok(asks(&g, &a) == DG_PASS, "... nobody else");

        g.rules.enforce = 0;
        a = somebody();
        dg_ok(asks(&g, &a) == DG_BLOCK && a.rs.read
              && g.st->stats.verdicts[DG_BLOCK][1] == 1,
              "... in a dry run it is only told");

        (void) rule(&g, DG_RULING_RELEASE, kinds[i], &id);
        dg_ok(asks(&g, &a) == DG_PASS
              && a.finding.ruling.id == DG_RULING_RELEASE,
              "... until released");

        kit_free(&g);
    }

    /* a key that is an account can be named as one */

    kit_guard(&g, 1 << 20);
    g.rules.enforce = 1;
    id = kit_id(1);
    (void) rule(&g, DG_RULING_BLOCK, DG_KIND_ACCOUNT, &id);
    a = kit_of(1);
    dg_ok(asks(&g, &a) == DG_BLOCK, "a key without an account is one");
    kit_free(&g);
}


static void
test_precedence(void)
{
    size_t       i, k;
    dg_id_t      id;
    unsigned     bad;
    kit_ask_t    a;
    kit_guard_t  g;

    static const dg_kind_t  order[] = {
        DG_KIND_KEY, DG_KIND_ACCOUNT, DG_KIND_ORIGIN, DG_KIND_CLIENT,
        DG_KIND_ASN
    };

    bad = 0;

    for (i = 0; i < dg_nelts(order); i++) {
        for (k = i + 1; k < dg_nelts(order); k++) {
            kit_guard(&g, 1 << 20);
            g.rules.enforce = 1;
            a = somebody();

            subject_of(&a, order[i], &id);
            (void) rule(&g, DG_RULING_ALLOW, order[i], &id);
            subject_of(&a, order[k], &id);
            (void) rule(&g, DG_RULING_BLOCK, order[k], &id);

            bad += (asks(&g, &a) != DG_PASS);

            subject_of(&a, order[i], &id);
            (void) rule(&g, DG_RULING_BLOCK, order[i], &id);
            subject_of(&a, order[k], &id);
            (void) rule(&g, DG_RULING_ALLOW, order[k], &id);

            bad += (asks(&g, &a) != DG_BLOCK);

            kit_free(&g);
        }
    }

    dg_ok(bad == 0, "the narrower subject decides");

    kit_guard(&g, 1 << 20);
    g.rules.enforce = 1;
    a = somebody();
    id = kit_id(1);
    (void) rule(&g, DG_RULING_EXEMPT, DG_KIND_KEY, &id);
    dg_ok(asks(&g, &a) == DG_PASS && a.ex.unlinked
          && a.finding.ruling.id == DG_RULING_EXEMPT, "an exemption is told");
    id = kit_id(2);
    (void) rule(&g, DG_RULING_BLOCK, DG_KIND_ACCOUNT, &id);
    dg_ok(asks(&g, &a) == DG_BLOCK && a.ex.unlinked,
          "and does not stand before what blocks");
    kit_free(&g);
}


static void
test_allow(void)
{
    unsigned     i, refused;
    dg_id_t      id;
    kit_ask_t    a;
    dg_limit_t   limits[1];
    kit_guard_t  g;

    kit_guard(&g, 4 << 20);
    g.rules.enforce = 1;

    memset(limits, 0, sizeof(limits));
    limits[0].kind = DG_KIND_KEY;
    limits[0].metric = DG_METRIC_REQUESTS;
    limits[0].period = DG_DAY;
    limits[0].n = 2;

    g.rules.limits = limits;
    g.rules.nlimits = 1;

    refused = 0;
    a = kit_of(1);

    for (i = 0; i < 5; i++) {
        refused += (asks(&g, &a) == DG_THROTTLE);
    }

    id = kit_id(1);
    (void) rule(&g, DG_RULING_ALLOW, DG_KIND_KEY, &id);

    dg_ok(refused == 3 && asks(&g, &a) == DG_PASS && a.rs.read,
          "no limit holds for who is allowed");

    limits[0].metric = DG_METRIC_OUTPUT;
    limits[0].n = 1;
    dg_ok(asks(&g, &a) == DG_PASS && a.rs.read, "nor one of tokens");
    dg_ok(g.st->stats.verdicts[DG_PASS][0] == 4, "it counts as passed");

    (void) rule(&g, DG_RULING_RELEASE, DG_KIND_KEY, &id);
    dg_ok(asks(&g, &a) == DG_THROTTLE, "what it used was counted");

    kit_free(&g);
}


/* --- campaigns --- */

static void
pool(kit_guard_t *g, kit_ask_t *a)
{
    kit_guard(g, 4 << 20);
    g->rules.enforce = 1;
    g->policy.actions[DG_ACTION_PACE].score = 0;
    g->policy.actions[DG_ACTION_THROTTLE].limit.n = 1000000;
    g->policy.actions[DG_ACTION_BLOCK].score = 0;

    kit_pool(g, a, 1, 12, 200);
}


static void
test_campaign(void)
{
    dg_id_t         id, other;
    dg_arena_t     *campaigns;
    kit_ask_t       a;
    kit_guard_t     g;
    dg_campaign_t  *c, *made;

    pool(&g, &a);
    c = kit_cohort(&g);
    id = c->cell.id;

    a = kit_of(1);
    dg_ok(asks(&g, &a) == DG_TAG && dg_id_equal(&a.finding.campaign, &id),
          "a member of a campaign is tagged");

    (void) rule(&g, DG_RULING_BLOCK, DG_KIND_CAMPAIGN, &id);
    dg_ok(asks(&g, &a) == DG_BLOCK
          && a.finding.ruling.kind == DG_KIND_CAMPAIGN,
          "its campaign is blocked, and so is it");

    a = kit_of(99);
    dg_ok(asks(&g, &a) == DG_PASS, "others are not");

    /* unlinked: it is of no campaign, whatever it does */

    id = kit_id(1);
    (void) rule(&g, DG_RULING_EXEMPT, DG_KIND_KEY, &id);
    a = kit_of(1);
    dg_ok(asks(&g, &a) == DG_PASS && dg_id_none(&a.finding.campaign),
          "who is exempt is not of it");

    id = kit_id(2);
    (void) rule(&g, DG_RULING_ALLOW, DG_KIND_ACCOUNT, &id);
    a = kit_of(2);
    dg_ok(asks(&g, &a) == DG_PASS && dg_id_none(&a.finding.campaign),
          "nor is who is allowed");

    /* allowed as a whole */

    (void) rule(&g, DG_RULING_ALLOW, DG_KIND_CAMPAIGN, &c->cell.id);
    a = kit_of(3);
    dg_ok(asks(&g, &a) == DG_PASS && a.finding.score.score == 0,
          "a campaign that is allowed is let be");

    (void) rule(&g, DG_RULING_BLOCK, DG_KIND_CAMPAIGN, &c->cell.id);
    id = c->cell.id;

    /* found to be one with another, which keeps its own id */

    other = id;
    other.v[0] = 1;
    campaigns = dg_store_arena(g.st, DG_PART_CAMPAIGNS);
    made = dg_member_campaign(g.st, &other, (uint32_t) (g.now_ms / 1000));
    made = dg_member_merge(g.st, c, made);
    a = kit_of(3);
    dg_ok(dg_id_equal(&made->cell.id, &other) && asks(&g, &a) == DG_BLOCK
          && dg_id_equal(&a.finding.campaign, &other)
          && dg_id_equal(&a.finding.ruling.subject, &id),
          "what was decided on a campaign goes with it into a merge");

    (void) rule(&g, DG_RULING_RELEASE, DG_KIND_CAMPAIGN, &id);
    dg_ok(asks(&g, &a) == DG_TAG, "and can be released by that id");

    (void) rule(&g, DG_RULING_BLOCK, DG_KIND_CAMPAIGN, &id);
    dg_ok(asks(&g, &a) == DG_BLOCK, "and decided again");
    dg_ok(dg_arena_check(campaigns) == DG_OK
          && dg_store_check(g.st) == DG_OK, "all is in order");

    kit_free(&g);
}


static void
test_unlinked(void)
{
    unsigned     i;
    dg_id_t      id;
    kit_ask_t    a;
    kit_list_t   before, after;
    kit_guard_t  g;

    pool(&g, &a);
    before = kit_list(&g);

    id = kit_id(1);
    (void) rule(&g, DG_RULING_EXEMPT, DG_KIND_ACCOUNT, &id);
    after = kit_list(&g);

    dg_ok(before.campaigns == 1 && after.campaigns == 1
          && after.accounts + 1 == before.accounts, "one member less");

    for (i = 0; i < 10; i++) {
        kit_pool(&g, &a, 1, 12, 12);
    }

    dg_ok(kit_list(&g).accounts <= after.accounts,
          "it does not come back by what it does");

    /* alone among those that are exempt, accounts make no campaign */

    kit_free(&g);
    kit_guard(&g, 4 << 20);

    for (i = 1; i <= 12; i++) {
        id = kit_id(i);
        (void) rule(&g, DG_RULING_EXEMPT, DG_KIND_KEY, &id);
    }

    kit_pool(&g, &a, 1, 12, 400);
    dg_ok(kit_list(&g).campaigns == 0, "who is exempt makes no campaign");

    kit_free(&g);
}


/* --- decided on the node itself --- */

static size_t
untold(kit_guard_t *g, dg_ruled_t *told, uint32_t *at)
{
    return dg_store_tell(g->st, at, told, 4, g->now_ms / 1000);
}


static void
test_decide(void)
{
    dg_id_t      one, two;
    uint32_t     at;
    dg_ruled_t   told[4];
    dg_ruling_t  r;
    kit_guard_t  g;

    kit_guard(&g, 1 << 20);
    one = kit_id(1);
    two = kit_id(2);

    /* this node's clock is 5 s ahead of that of those who decide */

    r = ruling(DG_RULING_RELEASE, 0, "page", 0);
    dg_ok(dg_store_decide(g.st, DG_KIND_KEY, &one, &r, 0, -5000, g.now_ms)
          == 0 && !g.st->decided, "there is nothing to release");

    r = ruling(DG_RULING_BLOCK, 0, "page", 0);
    dg_ok(dg_store_decide(g.st, DG_KIND_KEY, &one, &r, 60, -5000, g.now_ms)
          == 1 && g.st->decided, "a block");
    dg_ok(r.time == g.now_ms - 5000
          && r.expires == (g.now_ms - 5000) / 1000 + 60, "by their clock");
    dg_ok(dg_store_ruled(g.st, DG_KIND_KEY, &one, g.now_ms / 1000 + 59)
          && !dg_store_ruled(g.st, DG_KIND_KEY, &one, g.now_ms / 1000 + 60),
          "for a minute");

    at = 0;
    dg_ok(untold(&g, told, &at) == 1 && at == 0
          && dg_ruling_compare(&told[0].ruling, &r) == 0 && !g.st->decided,
          "it is told");
    dg_ok(untold(&g, told, &at) == 0, "once");

    r = ruling(DG_RULING_ALLOW, 0, "page", 0);
    dg_ok(dg_store_decide(g.st, DG_KIND_KEY, &two, &r, 0, 0, g.now_ms) == 1,
          "another");
    dg_ok(dg_store_decisions(g.st, told, 4) == 2
          && dg_id_equal(&told[0].cell.id, &two)
          && dg_id_equal(&told[1].cell.id, &one), "the latest is listed first");
    dg_ok(dg_store_decisions(g.st, told, 1) == 1, "as many as are wanted");

    /* whoever decided before had a clock that was ahead */

    r = ruling(DG_RULING_ALLOW, g.now_ms + 900, "alice", 0);
    (void) dg_store_rule(g.st, DG_KIND_KEY, &one, &r, 0, g.now_ms / 1000);

    r = ruling(DG_RULING_RELEASE, 0, "page", 0);
    dg_ok(dg_store_decide(g.st, DG_KIND_KEY, &one, &r, 0, 0, g.now_ms) == 1
          && r.time == g.now_ms + 901, "the last word is the last");
    dg_ok(dg_store_decisions(g.st, told, 4) == 1, "and it is over");

    kit_free(&g);
}


int
main(void)
{
    test_text();
    test_subjects();
    test_merge();
    test_versions();
    test_expiry();
    test_full();
    test_block();
    test_precedence();
    test_allow();
    test_campaign();
    test_unlinked();
    test_decide();

    return dg_done();
}
