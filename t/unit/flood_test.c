/*
 * Copyright (C) 2026 Distill Guard
 *
 * A flood of keys that nobody knows: it takes nothing from those who are
 * known, and no more work for a request than without it.
 */


#include "guard_kit.h"


#define POOL    200
#define HONEST  400
#define FLOOD   100000           /* keys, some eighty for each place there is */


/* what finding something takes */

typedef struct {
    double         mean;         /* cells looked at, for one that is there */
    unsigned       most;         /* in one bucket */
} cost_t;


static void
cost(kit_guard_t *g, dg_part_t part, cost_t *cost)
{
    double       sum;
    uint32_t     i, at, *bucket;
    unsigned     n;
    dg_arena_t  *a;

    a = dg_store_arena(g->st, part);
    bucket = (uint32_t *) (a + 1);

    cost->most = 0;
    sum = 0;

    for (i = 0; i < a->nbuckets; i++) {
        n = 0;

        for (at = bucket[i]; at != DG_NIL; at = dg_arena_cell(a, at)->chain) {
            sum += ++n;
        }

        cost->most = dg_max(cost->most, n);
    }

    cost->mean = a->used ? sum / a->used : 0;
}


static void
honest(kit_guard_t *g)
{
    unsigned   i;
    kit_ask_t  a;

    for (i = 0; i < HONEST; i++) {
        a = kit_of(5000 + i);
        (void) kit_ask(g, &a, kit_body(kit_words(g, "", 40), ""));
    }
}


/* keys that the upstream does not know, a hundred of each network, with a
   frame or without */

static void
flood(kit_guard_t *g, const char *frame, unsigned first, unsigned n)
{
    unsigned   i;
    kit_ask_t  a;

    for (i = first; i < first + n; i++) {
        a = kit_of(100000 + i);
        a.origin = 100000 + i / 100;
        a.status = 401;
        (void) kit_ask(g, &a, kit_body(kit_words(g, frame, 40), ""));

        g->now_ms += (i % 16 == 0);
    }
}


/* are all of them, and are they refused as one? */

static unsigned
refused(kit_guard_t *g)
{
    unsigned    i, n;
    kit_ask_t   a;

    n = 0;

    for (i = 0; i < POOL; i++) {
        a = kit_of(1 + i);
        n += (kit_ask(g, &a, kit_body(kit_words(g, KIT_FRAME, 20), ""))
              >= DG_THROTTLE);
    }

    return n;
}


static uint64_t
evicted(kit_guard_t *g, dg_part_t part, dg_segment_t segment)
{
    return dg_store_arena(g->st, part)->queue[segment].evicted;
}


int
main(void)
{
    cost_t       before[DG_PARTS], after;
    uint32_t     known[DG_PARTS];
    uint64_t     probation;
    unsigned     part;
    kit_ask_t    a;
    kit_list_t   list;
    dg_arena_t  *arena;
    kit_guard_t  g;

    kit_guard(&g, 4 << 20);
    g.rules.enforce = 1;

    honest(&g);
    kit_turns(&g, &a, 1, POOL, 10);
    list = kit_list(&g);

    dg_ok(list.campaigns == 1 && list.accounts >= POOL - 10
          && refused(&g) == POOL, "a campaign of %u, refused",
          list.accounts);

    /* the first of the flood fill what is free */

    flood(&g, "", 0, FLOOD / 10);

    for (part = 0; part < DG_PART_SKETCH; part++) {
        cost(&g, part, &before[part]);
        known[part] = dg_store_arena(g.st, part)->used;
    }

    probation = evicted(&g, DG_PART_SUBJECTS, DG_PROBATION);

    flood(&g, "", FLOOD / 10, FLOOD);

    /* work */

    for (part = 0; part < DG_PART_SKETCH; part++) {
        cost(&g, part, &after);
        arena = dg_store_arena(g.st, part);

        dg_ok(after.mean < before[part].mean + 0.05 && after.most <= 12,
              "part %u: who is looked for is found in %.2f steps, as in %.2f "
              "before, %u at most", part, after.mean, before[part].mean,
              after.most);
        dg_ok(arena->used == known[part]
              && arena->queue[DG_PROVEN].evicted == 0
              && arena->queue[DG_CONVICTED].evicted == 0,
              "... and nobody who is known was forgotten");
    }

    probation = evicted(&g, DG_PART_SUBJECTS, DG_PROBATION) - probation;

    dg_ok(probation <= FLOOD + FLOOD / 50,
          "a key of the flood takes the place of one of the flood (%llu)",
          (unsigned long long) probation);

    /* and verdicts, even where the flood asks what the campaign does */

    flood(&g, KIT_FRAME, 2 * FLOOD, FLOOD / 10);

    dg_ok(kit_list(&g).campaigns == 1
          && kit_list(&g).accounts == list.accounts,
          "the campaign is what it was");
    dg_ok(refused(&g) == POOL, "all of it is refused");

    a = kit_of(5000);
    dg_ok(kit_ask(&g, &a, kit_body(kit_words(&g, "", 40), "")) == DG_PASS
          && a.finding.score.score == 0, "who was let pass is");
    dg_ok(dg_store_check(g.st) == DG_OK, "the store is sound");

    kit_free(&g);

    return dg_done();
}
