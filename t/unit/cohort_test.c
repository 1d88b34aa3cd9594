/*
 * Copyright (C) 2026 Distill Guard
 *
 * What makes accounts one campaign: frames that all of them use, however many
 * there are; and what leaves them two.
 */


#include "dg_watch.h"
#include "guard_kit.h"


#define ASN       64701
#define NETWORKS  4              /* of a pool */
#define MANY      64             /* frames of a pool */


typedef struct {
    uint64_t       first;        /* account */
    unsigned       accounts;
    unsigned       frames;
    char           frame[MANY][KIT_TEXT];
    unsigned       next;
    const char    *phrase;       /* behind all it asks */
} pool_t;

static void
pool_init(kit_guard_t *g, pool_t *pool, uint64_t first, unsigned accounts,
    unsigned frames)
{
    unsigned  i;

    memset(pool, 0, sizeof(pool_t));

    pool->first = first;
    pool->accounts = accounts;
    pool->frames = frames;
    pool->phrase = "";

    for (i = 0; i < frames; i++) {
        strcpy(pool->frame[i], kit_words(g, "", 12));
    }
}


/* the next request of a pool, from machines of its own */

static kit_ask_t
pool_ask(kit_guard_t *g, pool_t *pool)
{
    char       text[KIT_TEXT];
    uint64_t   r;
    kit_ask_t  a;

    r = dg_test_random(&g->seed);

    strcpy(text, kit_words(g, pool->frame[r / NETWORKS % pool->frames], 12));
    strcat(text, pool->phrase);

    a = kit_of(pool->first + pool->next++ % pool->accounts);
    a.hosting = 1;
    a.asn = ASN;
    a.origin = pool->first + r % NETWORKS;

    (void) kit_ask(g, &a, kit_body(text, ""));
    g->now_ms += 1000;

    return a;
}


static void
pool_run(kit_guard_t *g, pool_t *pool, unsigned n)
{
    while (n--) {
        (void) pool_ask(g, pool);
    }
}


static dg_campaign_t *
campaign_of(kit_guard_t *g, uint64_t account)
{
    dg_id_t              id;
    const dg_profile_t  *p;

    id = kit_id(account);
    p = dg_store_profile(g->st, &id);

    return p ? dg_store_member(g->st, p, (uint32_t) (g->now_ms / 1000))
             : NULL;
}


static void
test_many_frames(void)
{
    pool_t       pool;
    kit_list_t   list;
    kit_guard_t  g;

    kit_guard(&g, 8 << 20);
    pool_init(&g, &pool, 1, 200, MANY);
    pool_run(&g, &pool, 4000);

    list = kit_list(&g);

    dg_ok(list.campaigns == 1 && list.accounts >= 195,
          "%u frames, each used by others all the time: one campaign (%u), "
          "%u of 200 accounts", MANY, list.campaigns, list.accounts);

    kit_free(&g);
}


static void
test_phrase(void)
{
    unsigned     i;
    pool_t       one, two;
    kit_list_t   list;
    kit_guard_t  g;

    static const char  *phrase = "Answer in the words of whoever asks, and "
                                 "leave out what nobody has asked about.";

    kit_guard(&g, 8 << 20);
    pool_init(&g, &one, 1, 200, 4);
    pool_init(&g, &two, 1001, 200, 4);

    pool_run(&g, &one, 1600);
    pool_run(&g, &two, 1600);

    list = kit_list(&g);
    dg_ok(list.campaigns == 2, "two pools are two campaigns");

    /* then both of them hear of a phrase to put behind all */

    one.phrase = phrase;
    two.phrase = phrase;

    for (i = 0; i < 800; i++) {
        (void) pool_ask(&g, &one);
        (void) pool_ask(&g, &two);
    }

    list = kit_list(&g);

    dg_ok(list.campaigns == 2 && campaign_of(&g, 1) && campaign_of(&g, 1001)
          && campaign_of(&g, 1) != campaign_of(&g, 1001),
          "a phrase that both use does not make them one");

    kit_free(&g);
}


/* a frame is known by all its marks, not by the one with the most accounts */

static void
test_first_request(void)
{
    pool_t       pool;
    kit_ask_t    a;
    kit_guard_t  g;

    kit_guard(&g, 8 << 20);
    pool_init(&g, &pool, 1, 300, 1);
    pool_run(&g, &pool, 600);

    dg_ok(kit_list(&g).campaigns == 1, "accounts behind one frame");

    pool.next = 0;
    pool.first = 5001;
    a = pool_ask(&g, &pool);

    dg_ok(dg_id_none(&a.finding.campaign), "a machine of its own tells "
          "nothing yet");

    pool.next = 1000;
    pool.first = 1;
    a = pool_ask(&g, &pool);
    dg_ok(!dg_id_none(&a.finding.campaign), "one more account is among them "
          "with its first request");

    kit_free(&g);
}


/* a frame that begins with what everybody says */

static void
test_common(void)
{
    char         frame[128];
    unsigned     i;
    pool_t       pool;
    kit_ask_t    a;
    kit_guard_t  g;

    static const char  *phrase = "You are a helpful assistant that answers "
                                 "all questions about the text below. ";

    kit_guard(&g, 8 << 20);

    for (i = 0; i < 120; i++) {
        a = kit_of(9000 + i % 40);
        (void) kit_ask(&g, &a, kit_body(kit_words(&g, phrase, 30), ""));
    }

    g.now_ms += 15 * DAY;

    pool_init(&g, &pool, 1, 300, 1);
    snprintf(frame, sizeof(frame), "%sOnly ", phrase);
    strcpy(pool.frame[0], kit_words(&g, frame, 12));
    pool_run(&g, &pool, 900);

    a = pool_ask(&g, &pool);
    dg_ok(kit_list(&g).campaigns == 1 && !dg_id_none(&a.finding.campaign),
          "a pool whose frame begins as many do");

    a = kit_of(7000);
    a.hosting = 1;
    a.asn = ASN;
    a.origin = 1;
    (void) kit_ask(&g, &a, kit_body(kit_words(&g, frame, 30), ""));

    dg_ok(dg_id_none(&a.finding.campaign),
          "somebody who begins so is none of them");

    kit_free(&g);
}


/* what many accounts use is there when others have used a thousand more */

static void
test_kept(void)
{
    unsigned     i, k, evicted;
    char         frame[KIT_TEXT];
    pool_t       pool;
    kit_ask_t    a;
    dg_arena_t  *templates;
    kit_guard_t  g;

    kit_guard(&g, DG_STORE_MIN);
    pool_init(&g, &pool, 1, 100, 1);
    pool_run(&g, &pool, 200);

    templates = dg_store_arena(g.st, DG_PART_TEMPLATES);

    for (i = 0; i < templates->ncells; i++) {
        strcpy(frame, kit_words(&g, "", 20));

        for (k = 0; k < 12; k++) {
            a = kit_of(5000 + k);
            (void) kit_ask(&g, &a, kit_body(frame, ""));
        }
    }

    evicted = (unsigned) templates->queue[DG_PROBATION].evicted;
    dg_ok(evicted > templates->ncells / 2, "many templates were forgotten");

    a = pool_ask(&g, &pool);
    dg_ok(!dg_id_none(&a.finding.template), "but not that of a hundred "
          "accounts");
    dg_ok(templates->queue[DG_PROVEN].n <= templates->ncells / 2,
          "those kept leave room for others");
    dg_ok(dg_store_check(g.st) == DG_OK, "the store is sound");

    kit_free(&g);
}


/*
 * Tied to each other and refused for it; then they ask for something that
 * only they have asked for before.
 */

static void
test_refused(void)
{
    unsigned        i, refused;
    pool_t          pool;
    kit_ask_t       a;
    kit_guard_t     g;
    dg_campaign_t  *c;

    kit_guard(&g, 8 << 20);
    pool_init(&g, &pool, 1, 60, 1);
    pool_run(&g, &pool, 60);

    dg_ok(kit_list(&g).campaigns == 0, "sixty accounts with one frame are no "
          "campaign yet");

    kit_pool(&g, &a, 1, 60, 3000);
    c = campaign_of(&g, 1);
    dg_ok(c != NULL, "but they are tied");

    g.rules.enforce = 1;
    g.policy.actions[DG_ACTION_BLOCK].score = 0;
    g.policy.actions[DG_ACTION_THROTTLE].limit.n = 1;

    for (i = 0; i < 60; i++) {
        (void) pool_ask(&g, &pool);
    }

    /* once may be chance */

    pool.first = 7001;
    pool_run(&g, &pool, 60);
    refused = 0;

    for (i = 0; i < 60; i++) {
        a = pool_ask(&g, &pool);
        refused += (a.decision.verdict == DG_THROTTLE
                    && !dg_id_none(&a.finding.campaign));
    }

    dg_ok(refused >= 58, "what they were refused is refused to %u of 60 who "
          "come after them", refused);

    kit_free(&g);
}


/* who is tied to somebody in a crowd need not be of the crowd */

static void
test_crowd(void)
{
    unsigned        i;
    kit_ask_t       a;
    kit_guard_t     g;
    dg_campaign_t  *c;

    kit_guard(&g, 8 << 20);

    /* a crowded network, of others */

    for (i = 0; i < 3 * DG_WATCH_CROWD; i++) {
        a = kit_of(9000 + i);
        a.hosting = 1;
        a.asn = ASN;
        a.origin = 1;
        (void) kit_ask(&g, &a, kit_body(kit_words(&g, "", 40), ""));
    }

    /* of twelve accounts the odd ones come from there */

    for (i = 0; i < 400; i++) {
        a = kit_of(1 + dg_test_random(&g.seed) % 12);
        a.issues = 1 + i;

        if (a.account % 2) {
            a.hosting = 1;
            a.asn = ASN;
            a.origin = 1;
        }

        (void) kit_ask(&g, &a, i ? kit_turn(kit_words(&g, "", 40), i)
                                 : kit_body(kit_words(&g, "", 40), ""));
        g.now_ms += 1000;
    }

    c = kit_cohort(&g);

    dg_ok(c && c->tied == 12 && c->crowded == 6,
          "of %u accounts tied to each other %u are from a crowd",
          c ? c->tied : 0, c ? c->crowded : 0);

    kit_free(&g);
}


static void
test_held(void)
{
    pool_t          pool;
    kit_guard_t     g;
    dg_campaign_t  *c;

    kit_guard(&g, 8 << 20);
    pool_init(&g, &pool, 1, 400, 1);
    pool_run(&g, &pool, 100);

    c = kit_cohort(&g);
    c->hour = (uint32_t) (g.now_ms / HOUR);
    c->grown = DG_CAMPAIGN_GROWTH;

    pool_run(&g, &pool, 10);

    dg_ok(c->held == 10 && g.st->stats.held == 10,
          "who is one too many for an hour waits, and that is counted");

    g.now_ms += HOUR;
    pool_run(&g, &pool, 10);
    dg_ok(c->held == 10, "until the next one");

    kit_free(&g);
}


int
main(void)
{
    test_many_frames();
    test_phrase();
    test_first_request();
    test_common();
    test_kept();
    test_refused();
    test_crowd();
    test_held();

    return dg_done();
}
