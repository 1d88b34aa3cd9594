/*
 * Copyright (C) 2026 Distill Guard
 *
 * Campaigns: how they become one, how evenly they are used, how they fade.
 */


#include "dg_campaign.h"
#include "dg_recall.h"
#include "dg_test.h"


#define NOW   1767225600u                /* 2026-01-01 00:00:00 UTC */


static dg_arena_t *
make_arena(void)
{
    void        *mem;
    size_t       size;
    dg_arena_t  *a;

    size = dg_arena_size(32, sizeof(dg_campaign_t));

    if (posix_memalign(&mem, 64, size) != 0) {
        abort();
    }

    a = dg_arena_init(mem, size, sizeof(dg_campaign_t), 1);

    if (a == NULL) {
        abort();
    }

    return a;
}


static dg_campaign_t *
make(dg_arena_t *a, uint64_t high, uint64_t low, uint32_t born)
{
    int             created;
    dg_id_t         id;
    dg_campaign_t  *c;

    id.v[0] = high;
    id.v[1] = low;

    c = (dg_campaign_t *) dg_arena_get(a, 1, &id, &created, NULL, NULL);

    if (c == NULL) {
        abort();
    }

    c->born = born;

    return c;
}


static void
test_at(void)
{
    uint32_t        index, other;
    dg_arena_t     *a;
    dg_campaign_t  *c;

    a = make_arena();
    c = make(a, 1, 1, 7);
    index = dg_arena_index(a, &c->cell);

    dg_ok(dg_campaign_at(a, index, 7) == c, "a campaign is where it was");
    dg_ok(dg_campaign_at(a, index, 6) == NULL, "one made there later is not");
    dg_ok(dg_campaign_at(a, DG_NIL, 7) == NULL
          && dg_campaign_at(a, index + 1, 7) == NULL
          && dg_campaign_at(a, UINT32_MAX, 7) == NULL,
          "nor is there one where none ever was");

    dg_arena_free(a, &c->cell);
    dg_ok(dg_campaign_at(a, index, 7) == NULL
          && dg_campaign_of(a, index, 7) == NULL, "it may be gone");

    /* what is damaged may lead in circles */

    c = make(a, 1, 1, 7);
    other = dg_arena_index(a, &make(a, 2, 2, 8)->cell);
    index = dg_arena_index(a, &c->cell);

    c->into = other;
    c->into_born = 8;
    dg_ok(dg_campaign_of(a, index, 7) == dg_campaign_at(a, other, 8),
          "what was merged is followed");

    dg_campaign_at(a, other, 8)->into = index;
    dg_campaign_at(a, other, 8)->into_born = 7;
    dg_ok(dg_campaign_of(a, index, 7) == NULL, "but not in circles");

    free(a);
}


static void
fill(dg_campaign_t *c, unsigned n)
{
    c->first_seen = NOW - n;
    c->last_seen = NOW + n;
    c->accounts = 10 * n;
    c->tied = n;
    c->crowded = 3 * n;
    c->relayed = 4 * n;
    c->old = 2 * n;
    c->widest = n;
    c->spread = 5 * n;
    c->crowd = 6 * n;
    c->own.uses = 100 * n;
    c->own.squares = 1000 * n;
    c->pieces[DG_TIE_PROVENANCE] = 7 * n;
    c->pieces[DG_TIE_FAILOVER] = 8 * n;
    c->hour = 5;
    c->grown = 9 * n;
    c->held = n;
    c->score = 20 * n;
    c->scored = NOW;
    c->blocked = NOW + n;
}


static void
test_merge(void)
{
    unsigned        i;
    dg_arena_t     *a;
    dg_campaign_t  *small, *large, *stays;

    for (i = 0; i < 2; i++) {
        a = make_arena();

        /* the first half decides; its order in memory and its age do not */

        large = make(a, 0x20, 1, 3);
        small = make(a, 0x10, 9, 4);

        fill(large, 1);
        fill(small, 2);
        large->named = NOW - 50;
        dg_arena_move(a, &large->cell, DG_CONVICTED);

        stays = i ? dg_campaign_merge(a, small, large)
                  : dg_campaign_merge(a, large, small);

        dg_ok(stays == small, "of two the one with the smaller id stays");
        dg_ok(small->cell.segment == DG_CONVICTED
              && large->cell.segment != DG_CONVICTED,
              "and so does the conviction of either");
        dg_ok(dg_campaign_of(a, dg_arena_index(a, &large->cell), 3) == small
              && dg_campaign_of(a, dg_arena_index(a, &small->cell), 4)
                 == small,
              "the other leads to it");
        dg_ok(small->accounts == 30 && small->tied == 3
              && small->crowded == 9 && small->relayed == 12
              && small->old == 6
              && small->own.uses == 300 && small->own.squares == 3000
              && small->pieces[DG_TIE_PROVENANCE] == 21
              && small->pieces[DG_TIE_FAILOVER] == 24 && small->held == 3
              && small->grown == 27, "what either has is summed up");
        dg_ok(small->spread == 10 && small->widest == 2 && small->crowd == 12
              && small->blocked == NOW + 2 && small->score == 40,
              "or the greater is kept");
        dg_ok(small->first_seen == NOW - 2 && small->last_seen == NOW + 2
              && small->named == NOW - 50, "and the name");

        free(a);
    }

    a = make_arena();
    large = make(a, 5, 2, 1);
    small = make(a, 5, 1, 2);

    dg_ok(dg_campaign_merge(a, large, small) == small,
          "where the first half is the same the second decides");

    stays = make(a, 4, 4, 3);

    dg_ok(dg_campaign_merge(a, small, stays) == stays
          && dg_campaign_of(a, dg_arena_index(a, &large->cell), 1) == stays,
          "three become one");

    free(a);
}


/* uses by accounts, dealt out; the balance at the end */

typedef unsigned (*deal_t)(unsigned i, unsigned accounts, uint64_t *seed);


static double
dealt(unsigned accounts, unsigned n, deal_t deal)
{
    unsigned       i, k, most, uses[1000];
    uint64_t       seed;
    dg_campaign_t  c;

    memset(&c, 0, sizeof(dg_campaign_t));
    memset(uses, 0, sizeof(uses));

    c.accounts = accounts;
    seed = 17;

    for (i = 0; i < n; i++) {
        k = deal(i, accounts, &seed);
        most = dg_min(uses[k] + 1, dg_campaign_most(&c));

        if (most > uses[k]) {
            dg_campaign_use(&c, uses[k], most);
            uses[k] = most;
        }
    }

    return dg_campaign_balance(&c);
}


static unsigned
in_turn(unsigned i, unsigned accounts, uint64_t *seed)
{
    (void) seed;

    return i % accounts;
}


static unsigned
at_random(unsigned i, unsigned accounts, uint64_t *seed)
{
    (void) i;

    return (unsigned) (dg_test_random(seed) % accounts);
}


/* people: most of them ask for little, some for much */

static unsigned
as_wanted(unsigned i, unsigned accounts, uint64_t *seed)
{
    uint64_t  r;

    (void) i;

    r = dg_test_random(seed) % 1000;

    return (unsigned) (accounts * r / 1000 * r / 1000 * r / 1000);
}


/* a third of all is one account's */

static unsigned
with_another(unsigned i, unsigned accounts, uint64_t *seed)
{
    (void) seed;

    return i % 3 ? i / 3 * 2 % (accounts - 1) + i % 3 - 1 : accounts - 1;
}


static void
test_balance(void)
{
    double         d;
    unsigned       i, k, n, most;
    dg_campaign_t  c, before;

    d = dealt(200, 2000, in_turn);
    dg_ok(d >= 0 && d < 0.1, "accounts in turn: %.2f", d);

    d = dealt(200, 2090, in_turn);
    dg_ok(d >= 0 && d < 0.5, "... not quite to the end: %.2f", d);

    d = dealt(200, 2000, at_random);
    dg_ok(d > 0.7 && d < 1.5, "accounts at random: %.2f", d);

    d = dealt(200, 6000, as_wanted);
    dg_ok(d > 3, "accounts of people: %.2f", d);

    d = dealt(200, 4000, with_another);
    dg_ok(d >= 0 && d < 1, "accounts in turn, and one that has more for "
          "itself: %.2f", d);

    dg_ok(dealt(200, 200, in_turn) < 0, "of few uses nothing is said");
    dg_ok(dealt(20, 2000, in_turn) < 0, "nor of few accounts");

    /* whoever leaves was never there */

    memset(&c, 0, sizeof(dg_campaign_t));
    c.accounts = 100;

    for (i = 0; i < 1000; i++) {
        dg_campaign_use(&c, i / 100, i / 100 + 1);
    }

    before = c;
    c.accounts++;

    for (k = 0, n = 0; k < 500; k++) {
        most = dg_min(n + 1, dg_campaign_most(&c));

        if (most > n) {
            dg_campaign_use(&c, n, most);
            n = most;
        }
    }

    dg_ok(n > 10 && n < 40, "of one that does all some is counted: %u", n);

    dg_campaign_leave(&c, n);

    dg_ok(c.accounts == before.accounts && c.own.uses == before.own.uses
          && c.own.squares == before.own.squares
          && dg_campaign_balance(&c) == dg_campaign_balance(&before),
          "and takes with it what it did");

    dg_campaign_leave(&c, 100000);
    dg_ok(c.accounts == 99 && c.own.uses == 0, "but no more than there is");
}


static void
test_score(void)
{
    unsigned       s, last, rises, day;
    dg_campaign_t  c;

    memset(&c, 0, sizeof(dg_campaign_t));

    dg_campaign_scored(&c, 80, NOW);

    dg_ok(dg_campaign_score(&c, NOW) == 80, "a score is kept");
    dg_ok(dg_campaign_score(&c, NOW + DG_CAMPAIGN_HALF) == 40
          && dg_campaign_score(&c, NOW + 2 * DG_CAMPAIGN_HALF) == 20,
          "it halves with each half-life");

    last = 80;
    rises = 0;

    for (day = 0; day < 200; day++) {
        s = dg_campaign_score(&c, NOW + day * 86400);
        rises += (s > last);
        last = s;
    }

    dg_ok(rises == 0 && last == 0, "and falls between them, to nothing");
    dg_ok(dg_campaign_score(&c, NOW - 5) == 80,
          "time that goes back changes nothing");
    dg_ok(dg_campaign_score(&c, UINT32_MAX) == 0, "nor does it overflow");

    dg_campaign_scored(&c, 30, NOW + 86400);
    dg_ok(dg_campaign_score(&c, NOW + 86400) > 70, "less does not lower it");

    dg_campaign_scored(&c, 30, NOW + 2 * DG_CAMPAIGN_HALF);
    dg_ok(dg_campaign_score(&c, NOW + 2 * DG_CAMPAIGN_HALF) == 30,
          "until it has fallen below");
}


int
main(void)
{
    test_at();
    test_merge();
    test_balance();
    test_score();

    return dg_done();
}
