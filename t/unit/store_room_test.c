/*
 * Copyright (C) 2026 Distill Guard
 *
 * The block: how it is laid out, and who has to leave where it is full.
 */


#include "store_kit.h"


static void
test_block(void)
{
    void        *mem;
    size_t       sketch;
    dg_id_t      node;
    dg_store_t  *st;

    node = kit_id(1);
    mem = malloc(DG_STORE_MIN);

    dg_ok(dg_store_init(mem, DG_STORE_MIN - 1, &node, 1, 1, 1) == NULL,
          "a block may be too small");
    free(mem);

    st = kit_store(0, 1);

    printf("# the smallest block holds %u subjects\n",
           dg_store_subjects(st)->ncells);

    dg_ok(dg_store_usable(st, st->size, CHECK) == DG_OK,
          "a block can be taken over");
    dg_ok(dg_store_usable(st, st->size + 1, CHECK) == DG_ERROR,
          "but not as one of another size");
    dg_ok(dg_store_usable(st, st->size, CHECK + 1) == DG_ERROR,
          "nor with another secret");

    st->layout++;
    dg_ok(dg_store_usable(st, st->size, CHECK) == DG_ERROR,
          "nor by code of another layout");
    st->layout--;

    /* but for the sketch, which is no arena and always in use */

    sketch = st->size - st->parts[DG_PART_SKETCH];

    dg_ok(dg_store_used(st) - sketch < st->size / 16,
          "an empty block is empty");
    kit_pass(st, 1, 1, 1, START);
    dg_ok(dg_store_used(st) > sizeof(dg_subject_t), "used bytes are counted");
    dg_ok(st->busy == 0, "nobody is in it");

    free(st);
}


static void
test_rooms(void)
{
    dg_room_t      rooms[2];
    dg_limit_t     limits[4];
    dg_store_t    *st;
    dg_decision_t  decision;
    dg_exchange_t  ex;

    st = kit_store(0, 1);

    limits[0] = kit_limit(DG_KIND_KEY, DG_METRIC_REQUESTS, 100, DG_HOUR);
    limits[1] = kit_limit(DG_KIND_ORIGIN, DG_METRIC_REQUESTS, 5, DG_MINUTE);
    limits[2] = kit_limit(DG_KIND_KEY, DG_METRIC_INPUT, 1000, DG_HOUR);
    limits[3] = kit_limit(DG_KIND_KEY, DG_METRIC_TOKENS, 1500, DG_MINUTE);

    ex = kit_exchange(1, 0, 0, 0);
    dg_store_rooms(st, &ex, limits, 2, START, rooms);

    dg_ok(rooms[0].limit == &limits[0] && rooms[0].remaining == 100
          && rooms[0].reset_ms == 0 && rooms[1].limit == NULL,
          "an unknown key has all the room there is");

    ex = kit_exchange(1, 0, 2, 0);
    dg_store_admit(st, &ex, limits, 4, 1, START, &decision);
    dg_store_reserve(st, &ex, limits, 4, 1, 600, 200, START, &decision);
    dg_store_rooms(st, &ex, limits, 4, START, rooms);

    dg_ok(rooms[0].limit == &limits[1] && rooms[0].remaining == 4
          && rooms[0].reset_ms == 60001,
          "of requests the tightest limit is told");
    dg_ok(rooms[1].limit == &limits[2] && rooms[1].remaining == 400
          && rooms[1].reset_ms == 1000, "of tokens, too, with what is held");

    kit_settle(st, &ex, 100, 1000, START);
    dg_store_rooms(st, &ex, limits, 4, START, rooms);

    dg_ok(rooms[1].limit == &limits[3] && rooms[1].remaining == 400
          && rooms[1].reset_ms > 60000 && rooms[1].reset_ms <= 120000,
          "and then with what was used");

    free(st);
}


static void
test_eviction_in_flight(void)
{
    uint64_t       n;
    dg_store_t    *st;
    dg_subject_t  *s;
    dg_decision_t  decision;
    dg_exchange_t  old, new;

    st = kit_store(0, 1);

    old = kit_exchange(1, 0, 0, 0);
    dg_store_admit(st, &old, NULL, 0, 1, START, &decision);
    dg_store_reserve(st, &old, NULL, 0, 1, 100, 1000, START, &decision);

    for (n = 1000; n < 2000; n++) {
        new = kit_exchange(n, 0, 0, 0);
        dg_store_admit(st, &new, NULL, 0, 1, START, &decision);
        kit_fail(st, &new, 0, START);
    }

    dg_ok(kit_find(st, DG_KIND_KEY, 1) == NULL, "a key is evicted in flight");

    new = old;
    kit_fail(st, &new, 0, START);

    dg_ok(kit_find(st, DG_KIND_KEY, 1) == NULL,
          "and not made again only to be given back to");

    new = kit_exchange(1, 0, 0, 0);
    dg_store_admit(st, &new, NULL, 0, 1, START, &decision);
    dg_store_reserve(st, &new, NULL, 0, 1, 30, 500, START, &decision);

    kit_settle(st, &old, 100, 900, START + 1);

    s = kit_find(st, DG_KIND_KEY, 1);

    dg_ok(s->held[0].input == 30 && s->held[0].output == 500
          && s->held[0].exchanges == 1,
          "what it held is not taken from who came later");
    dg_ok(kit_used(st, 1, DG_METRIC_REQUESTS, DG_MINUTE, START + 1) == 2
          && kit_used(st, 1, DG_METRIC_OUTPUT, DG_MINUTE, START + 1) == 900,
          "and it is counted whole");

    kit_fail(st, &new, 0, START + 1);

    dg_ok(held(st) == 0
          && kit_used(st, 1, DG_METRIC_REQUESTS, DG_MINUTE, START + 1) == 1,
          "as is the other's end");

    /* made again by another exchange, then given back by one it is not of */

    old = kit_exchange(2, 0, 0, 0);
    dg_store_admit(st, &old, NULL, 0, 1, START + 1, &decision);

    for (n = 3000; n < 4000; n++) {
        new = kit_exchange(n, 0, 0, 0);
        dg_store_admit(st, &new, NULL, 0, 1, START + 1, &decision);
        kit_fail(st, &new, 0, START + 1);
    }

    kit_pass(st, 2, 1, 1, START + 1);
    kit_fail(st, &old, 0, START + 1);

    dg_ok(kit_used(st, 2, DG_METRIC_REQUESTS, DG_MINUTE, START + 1) == 1
          && kit_find(st, DG_KIND_KEY, 2)->windows.w[DG_DAY]
             .own[0][DG_RETURNED] == 0,
          "who was not counted gives nothing back");

    free(st);
}


static void
test_flood(void)
{
    unsigned       i, gone, kind;
    uint64_t       seed;
    dg_store_t    *st;
    dg_arena_t    *a;
    dg_decision_t  decision;
    dg_exchange_t  ex;

    st = kit_store(4000, 1);
    a = dg_store_subjects(st);
    seed = 21;

    for (i = 0; i < 1000; i++) {
        kit_pass(st, 1 + i, 1, 1, START);

        if (i < 50) {
            dg_arena_move(a, &kit_find(st, DG_KIND_KEY, 1 + i)->cell,
                          DG_CONVICTED);
        }
    }

    for (i = 0; i < 1000000; i++) {
        ex = kit_exchange(dg_test_random(&seed) | 1ull << 63, 0,
                          dg_test_random(&seed) | 1, 0);
        dg_store_admit(st, &ex, NULL, 0, 1, START + i / 100, &decision);
        kit_fail(st, &ex, 0, START + i / 100);
    }

    gone = 0;

    for (i = 0; i < 1000; i++) {
        kind = (i < 50) ? DG_CONVICTED : DG_PROVEN;

        gone += (kit_find(st, DG_KIND_KEY, 1 + i) == NULL
                 || kit_find(st, DG_KIND_KEY, 1 + i)->cell.segment != kind);
    }

    dg_ok(gone == 0, "a million unknown keys evict none that is known");
    dg_ok(a->queue[DG_PROBATION].evicted > 1900000
          && a->queue[DG_PROVEN].evicted == 0
          && a->queue[DG_CONVICTED].evicted == 0
          && st->stats.unsent == 0, "but each other");
    dg_ok(a->used == a->ncells && dg_store_check(st) == DG_OK,
          "and the block is full and sound");

    free(st);
}


/* who is in use is not evicted by those who come once */

static void
test_use(void)
{
    unsigned       i;
    dg_limit_t     limit;
    dg_store_t    *st;
    dg_decision_t  decision, last;
    dg_exchange_t  ex;

    st = kit_store(0, 1);
    limit = kit_limit(DG_KIND_KEY, DG_METRIC_REQUESTS, 50, DG_HOUR);

    for (i = 0; i < 10000; i++) {
        ex = kit_exchange(1000 + i, 0, 0, 0);
        dg_store_admit(st, &ex, &limit, 1, 1, START + i * 10, &decision);

        if (i % 100 == 0) {
            ex = kit_exchange(1, 0, 0, 0);
            dg_store_admit(st, &ex, &limit, 1, 1, START + i * 10, &last);
        }
    }

    dg_ok(kit_used(st, 1, DG_METRIC_REQUESTS, DG_HOUR, START + 100000) == 50
          && last.verdict == DG_THROTTLE,
          "a key used every second is counted all along, accepted or not");

    free(st);
}


/* room for fewer than an exchange has: its subjects evict one another */

static void
test_no_room(void)
{
    uint64_t       n;
    unsigned       left;
    dg_limit_t     limit;
    dg_store_t    *st;
    dg_arena_t    *a;
    dg_decision_t  decision;
    dg_exchange_t  ex;

    st = kit_store(0, 1);
    a = dg_store_subjects(st);
    limit = kit_limit(DG_KIND_KEY, DG_METRIC_REQUESTS, 1, DG_HOUR);
    n = 1;

    for (left = 4; left-- > 0; /* void */) {

        for ( /* void */ ; n <= a->ncells - left; n++) {
            ex = kit_exchange(n, 0, 0, 0);
            dg_store_admit(st, &ex, NULL, 0, 1, START, &decision);
            dg_arena_move(a, &kit_find(st, DG_KIND_KEY, n)->cell,
                          DG_CONVICTED);
        }

        ex = kit_exchange(5000, 5001, 5002, 5003);
        dg_store_admit(st, &ex, &limit, 1, 1, START, &decision);
        dg_store_reserve(st, &ex, &limit, 1, 1, 10, 10, START, &decision);

        dg_ok(ex.admitted && ex.reserved,
              "with room for %u of four subjects an exchange passes", left);

        kit_settle(st, &ex, 10, 10, START);

        dg_ok(held(st) == n - 1 && dg_store_check(st) == DG_OK,
              "and leaves nothing held");
    }

    dg_ok(a->queue[DG_CONVICTED].n == a->ncells && a->refused > 0,
          "the convicted stay");

    free(st);
}


/* all have been accepted some time: new ones still find their place */

static void
test_full(void)
{
    uint64_t       n, now;
    dg_limit_t     limit;
    dg_store_t    *st;
    dg_arena_t    *a;
    dg_decision_t  decision;
    dg_exchange_t  ex;

    st = kit_store(0, 1);
    a = dg_store_subjects(st);
    limit = kit_limit(DG_KIND_KEY, DG_METRIC_REQUESTS, 5, DG_HOUR);

    for (n = 1; n < 2000; n++) {
        kit_pass(st, n, 1, 1, START + n);
    }

    dg_ok(kit_find(st, DG_KIND_KEY, 1) == NULL
          && kit_find(st, DG_KIND_KEY, 1999) != NULL
          && a->queue[DG_PROVEN].evicted > 1000,
          "those longest unused make room for those accepted now");
    dg_ok(st->stats.unsent == a->queue[DG_PROVEN].evicted,
          "what Redis was not told of them is counted as lost");

    now = START + 10000;

    for (n = 0; n < 10; n++) {
        ex = kit_exchange(5000, 5001, 5002, 5003);
        dg_store_admit(st, &ex, &limit, 1, 1, now, &decision);
    }

    dg_ok(decision.verdict == DG_THROTTLE && decision.value == 5,
          "a new key is counted and limited in a full block");
    dg_ok(dg_store_check(st) == DG_OK, "which is sound");

    free(st);
}


int
main(void)
{
    test_block();
    test_rooms();
    test_eviction_in_flight();
    test_flood();
    test_use();
    test_full();
    test_no_room();

    return dg_done();
}
