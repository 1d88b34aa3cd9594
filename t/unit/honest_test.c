/*
 * Copyright (C) 2026 Distill Guard
 *
 * Many accounts that look alike and are none of a campaign; and what makes
 * one of as many.
 */


#include "guard_kit.h"


/* 64 letters of KIT_FRAME, and something else */
#define COMMON  "Rewrite the passage below for an encyclopedia of trades and " \
                "crafts, keeping every joke that you find funny: "


/* neither a campaign, nor anybody refused or slowed */

static void
no_campaign(kit_guard_t *g, const char *what)
{
    kit_list_t  list;

    list = kit_list(g);

    dg_ok(list.campaigns == 0 && list.accounts == 0,
          "%s: no campaign", what);
    dg_ok(g->st->stats.verdicts[DG_PASS][0] == g->st->stats.exchanges,
          "... all of %u requests pass",
          (unsigned) g->st->stats.exchanges);
}


static void
start(kit_guard_t *g)
{
    kit_guard(g, 8 << 20);
    g->rules.enforce = 1;
}


/* as many requests as in each of the following, of one harvest */

static void
test_campaign(void)
{
    kit_ask_t    a;
    kit_guard_t  g;

    start(&g);
    kit_turns(&g, &a, 1, 300, 10);

    dg_ok(kit_list(&g).campaigns == 1 && kit_list(&g).accounts >= 290,
          "300 accounts that take turns are a campaign");

    kit_free(&g);
}


/* accounts of long ago, all of which are told of a good prompt */

static void
test_popular(void)
{
    unsigned     i;
    kit_ask_t    a;
    kit_guard_t  g;

    start(&g);

    for (i = 0; i < 300; i++) {
        a = kit_of(1 + i);
        (void) kit_ask(&g, &a, kit_body(kit_words(&g, "", 40), ""));
    }

    g.now_ms += 14 * DAY;
    kit_turns(&g, &a, 1, 300, 10);

    no_campaign(&g, "a popular prompt");
    kit_free(&g);
}


/* the same words, of anybody */

static void
test_viral(void)
{
    unsigned     i;
    char         text[KIT_TEXT];
    kit_ask_t    a;
    kit_guard_t  g;

    start(&g);

    strcpy(text, kit_words(&g, KIT_FRAME, 40));

    for (i = 0; i < 6 * 300; i++) {
        a = kit_of(1 + i % 300);
        (void) kit_ask(&g, &a, kit_body(text, ""));
        g.now_ms += 1000;
    }

    no_campaign(&g, "the same words of everybody");
    kit_free(&g);
}


/* a class of new accounts is given one task, and each has its own text */

static void
test_class(void)
{
    unsigned     i, k;
    kit_ask_t    a;
    kit_guard_t  g;

    start(&g);

    for (i = 0; i < 30; i++) {
        for (k = 0; k < 1 + i % 12; k++) {
            a = kit_of(1 + i);
            (void) kit_ask(&g, &a, kit_body(kit_words(&g, KIT_FRAME, 40),
                                            ""));
            g.now_ms += 10000;
        }
    }

    no_campaign(&g, "homework");
    kit_free(&g);
}


/* a large class, where one student has nearly as much to ask as another */

static void
test_even_class(void)
{
    unsigned     i, k, rate;
    kit_ask_t    a;
    kit_guard_t  g;

    start(&g);

    for (k = 0; k < 96; k++) {
        for (i = 0; i < 300; i++) {

            /* 5 to 23 essays in all, most of them 14 or so */

            rate = 5 + i * 7 % 13 + i * 11 % 7;

            if (dg_test_random(&g.seed) % 96 >= rate) {
                continue;
            }

            a = kit_of(1 + i);
            (void) kit_ask(&g, &a, kit_body(kit_words(&g, KIT_FRAME, 40),
                                            ""));
            g.now_ms += 5000;
        }
    }

    no_campaign(&g, "essays of a class");
    kit_free(&g);
}


/* new accounts of a product that puts a prompt of its own before all */

static void
test_product(void)
{
    unsigned     i;
    char         body[KIT_BODY];
    kit_ask_t    a;
    kit_guard_t  g;

    start(&g);

    for (i = 0; i < 6 * 300; i++) {
        snprintf(body, sizeof(body), "{\"model\":\"large\",\"messages\":[{"
                 "\"role\":\"system\",\"content\":\"%s\"},{\"role\":\"user\","
                 "\"content\":\"%s\"}]}", KIT_FRAME KIT_FRAME KIT_FRAME,
                 kit_words(&g, "", 40));

        a = kit_of(1 + i % 300);
        (void) kit_ask(&g, &a, body);
        g.now_ms += 1000;
    }

    no_campaign(&g, "a product's system prompt");
    kit_free(&g);
}


/* each hands on what it has to the next: a chain, however long */

static void
test_chain(void)
{
    unsigned     i;
    kit_ask_t    a;
    kit_guard_t  g;

    start(&g);

    for (i = 0; i < 1200; i++) {
        a = kit_of(1 + i / 4);
        a.issues = 1 + i;

        (void) kit_ask(&g, &a, i ? kit_turn(kit_words(&g, "", 40), i)
                                 : kit_body(kit_words(&g, "", 40), ""));
        g.now_ms += 10000;
    }

    no_campaign(&g, "a chain of colleagues");
    kit_free(&g);
}


/* one conversation that hundreds are shown and go on with */

static void
test_shared(void)
{
    unsigned     i;
    kit_ask_t    a;
    kit_guard_t  g;

    start(&g);

    a = kit_of(1);
    a.issues = 1;
    (void) kit_ask(&g, &a, kit_body(kit_words(&g, "", 40), ""));

    for (i = 0; i < 300; i++) {
        a = kit_of(2 + i);
        (void) kit_ask(&g, &a, kit_body(kit_words(&g, "", 40), ""));
        (void) kit_ask(&g, &a, kit_turn(kit_words(&g, "", 40), 1));
        g.now_ms += 10000;
    }

    no_campaign(&g, "a conversation shown to many");
    kit_free(&g);
}


/* somebody's list, whose frame begins with the same words as a campaign's */

static void
test_beginning(void)
{
    unsigned     i, refused;
    kit_ask_t    a;
    kit_guard_t  g;

    start(&g);

    kit_turns(&g, &a, 1, 300, 10);
    dg_ok(kit_list(&g).campaigns == 1, "300 accounts take turns");

    refused = 0;

    for (i = 0; i < 300; i++) {
        a = kit_of(9000);
        refused += kit_ask(&g, &a, kit_body(kit_words(&g,
                               "Rewrite the passage below for a child of ten "
                               "who would like to read on until its end, and "
                               "leave out all of the names: ", 20), ""))
                   != DG_PASS;
        g.now_ms += 1000;
    }

    dg_ok(refused == 0, "a list that begins with the same words, of which %u "
          "are not passed", refused);

    kit_free(&g);
}


/* somebody new who begins once as a campaign does always, with words that may
   be everybody's; who does it again and again is of it */

static void
test_once(void)
{
    unsigned     i, refused;
    kit_ask_t    a;
    kit_guard_t  g;

    start(&g);

    kit_turns(&g, &a, 1, 300, 10);

    a = kit_of(9000);
    dg_ok(kit_ask(&g, &a, kit_body(kit_words(&g, COMMON, 20), ""))
          == DG_PASS, "once may be chance");

    refused = 0;

    for (i = 0; i < 20; i++) {
        a = kit_of(9001);
        refused += kit_ask(&g, &a, kit_body(kit_words(&g, COMMON, 20), ""))
                   == DG_THROTTLE;
    }

    dg_ok(refused >= 18, "again and again is not: %u of 20 are refused",
          refused);

    kit_free(&g);
}


/* the same in no order: accounts that are one */

static void
test_pool(void)
{
    kit_ask_t    a;
    kit_list_t   list;
    kit_guard_t  g;

    start(&g);

    kit_pool(&g, &a, 1, 12, 300);
    list = kit_list(&g);

    dg_ok(list.campaigns == 1 && list.accounts == 12,
          "one conversation among twelve accounts is a campaign of %u",
          list.accounts);

    kit_free(&g);
}


/* accounts that the upstream never answers, as many as one likes to make */

static void
test_flood(void)
{
    unsigned     i, k;
    uint32_t     profiles, templates;
    kit_ask_t    a;
    kit_list_t   list;
    dg_arena_t  *arena;
    kit_guard_t  g;

    kit_guard(&g, DG_STORE_MIN);

    kit_pool(&g, &a, 1, 12, 300);
    list = kit_list(&g);
    dg_ok(list.campaigns == 1, "a campaign is known");

    arena = dg_store_arena(g.st, DG_PART_PROFILES);
    profiles = arena->used;
    templates = dg_store_arena(g.st, DG_PART_TEMPLATES)->used;

    for (i = 0; i < 4000; i++) {
        a = kit_of(1000 + i);
        a.status = (i % 2) ? 401 : 429;

        (void) kit_ask(&g, &a, kit_body(kit_words(&g, KIT_FRAME, 40), ""));
        (void) kit_ask(&g, &a, kit_turn(kit_words(&g, "", 40), i));
    }

    dg_ok(arena->used == profiles
          && arena->queue[DG_PROBATION].evicted == 0
          && arena->queue[DG_PROVEN].evicted == 0
          && dg_store_profile(g.st, &a.ex.ids[DG_KIND_KEY]) == NULL,
          "who is never answered has no profile, and takes nobody's");
    dg_ok(dg_store_arena(g.st, DG_PART_TEMPLATES)->used == templates,
          "nor does it make a template");
    dg_ok(kit_list(&g).campaigns == 1
          && kit_list(&g).accounts == list.accounts,
          "the campaign and its accounts are there still");
    dg_ok(dg_store_check(g.st) == DG_OK, "the store is sound");

    /* those that are answered make others leave, but no campaign */

    for (i = 0; i < 2000; i++) {
        for (k = 0; k < 2; k++) {
            a = kit_of(100000 + i);
            (void) kit_ask(&g, &a, kit_body(kit_words(&g, "", 40), ""));
        }

        g.now_ms += 100;
    }

    dg_ok(arena->used == arena->ncells && kit_list(&g).campaigns == 1,
          "where profiles are forgotten campaigns stay");
    dg_ok(dg_store_check(g.st) == DG_OK, "the store is sound");

    kit_free(&g);
}


int
main(void)
{
    test_campaign();
    test_popular();
    test_viral();
    test_class();
    test_even_class();
    test_product();
    test_chain();
    test_shared();
    test_beginning();
    test_once();
    test_pool();
    test_flood();

    return dg_done();
}
