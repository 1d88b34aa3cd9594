/*
 * Copyright (C) 2026 Distill Guard
 *
 * The block stays sound, whatever happens in it, and is mended where it is
 * not.
 */


#include "store_kit.h"


static void
test_mend(void)
{
    dg_id_t        node;
    uint64_t       n;
    dg_store_t    *st;
    dg_arena_t    *a;
    dg_subject_t  *s;

    st = kit_store(0, 1);
    a = dg_store_subjects(st);
    node = st->node;

    for (n = 1; n < 50; n++) {
        kit_pass(st, n, 1, 1, START);
    }

    st->busy = 1;
    dg_store_mend(st, START / 1000 + 5);

    dg_ok(st->busy == 0 && st->stats.mended == 0
          && kit_find(st, DG_KIND_KEY, 7) != NULL
          && dg_id_equal(&node, &st->node),
          "a death that did no harm is passed over");

    st->busy = 1;
    s = kit_find(st, DG_KIND_KEY, 9);
    s->next_dirty = 3;
    dg_store_mend(st, START / 1000 + 6);

    dg_ok(st->busy == 0 && st->stats.mended == 1 && a->used == 0
          && st->ndirty == 0 && st->kinds[DG_KIND_KEY] == 0,
          "a damaged queue: the subjects are forgotten");
    dg_ok(!dg_id_equal(&node, &st->node),
          "and the node is another, for its totals start from nothing");
    dg_ok(st->stats.exchanges == 49 && dg_store_check(st) == DG_OK,
          "what the guard counted is not");

    kit_pass(st, 1, 1, 1, START);
    kit_pass(st, 2, 1, 1, START);
    s = kit_find(st, DG_KIND_KEY, 2);
    s->cell.older = 12345678;
    st->busy = 1;
    dg_store_mend(st, START / 1000 + 7);

    dg_ok(st->stats.mended == 2 && a->used == 0, "so it is for the arena");

    kit_pass(st, 1, 1, 1, START);
    st->kinds[DG_KIND_KEY] = 0;
    dg_store_mend(st, START / 1000 + 7);

    dg_ok(st->stats.mended == 3 && st->kinds[DG_KIND_KEY] == 0,
          "and for the counts of kinds");

    free(st);
}


/* dies at a random place: the block has some of its words from before */

static void
test_torn(void)
{
    u_char        *before, *after;
    size_t         size, cut;
    unsigned       i, bad;
    uint64_t       seed;
    dg_store_t    *st;
    dg_decision_t  decision;
    dg_exchange_t  ex;

    st = kit_store(0, 1);
    size = st->size;
    before = malloc(size);
    after = malloc(size);
    seed = 31;
    bad = 0;

    if (before == NULL || after == NULL) {
        abort();
    }

    for (i = 0; i < 2000; i++) {
        memcpy(before, st, size);

        ex = kit_exchange(1 + dg_test_random(&seed) % 400, 0,
                          1 + dg_test_random(&seed) % 100, 0);
        dg_store_admit(st, &ex, NULL, 0, 1, START + i, &decision);

        if (i % 3) {
            kit_settle(st, &ex, 1, 1, START + i);
        }

        if (i < 300) {
            continue;
        }

        memcpy(after, st, size);

        cut = dg_test_random(&seed) % size / 8 * 8;
        memcpy((u_char *) st + cut, before + cut, size - cut);

        st->busy = 1;
        dg_store_mend(st, START / 1000);

        /* found damaged or not, it works */

        kit_pass(st, 1, 1, 1, START + i);
        bad += (dg_store_check(st) != DG_OK);

        memcpy(st, after, size);
    }

    dg_ok(bad == 0, "a block torn at any place works after it is mended");

    free(before);
    free(after);
    free(st);
}


/*
 * Many exchanges of many subjects in a small block, with all endings in any
 * order: nothing stays held, and the block is sound.
 */

#define OPEN  300

static void
test_anything(size_t room, unsigned keys, int exact)
{
    unsigned       i, k, bad;
    uint64_t       seed, now, n, requests, output;
    uint64_t       all_requests, all_output;
    dg_limit_t     limits[3];
    dg_store_t    *st;
    dg_subject_t  *s;
    dg_decision_t  decision;
    dg_exchange_t  *ex, open[OPEN];

    st = kit_store(room, 1);
    seed = 77;
    now = START;
    bad = 0;
    all_requests = 0;
    all_output = 0;

    memset(open, 0, sizeof(open));

    limits[0] = kit_limit(DG_KIND_KEY, DG_METRIC_REQUESTS, 30, DG_SECOND);
    limits[1] = kit_limit(DG_KIND_KEY, DG_METRIC_TOKENS, 100000, DG_MINUTE);
    limits[2] = kit_limit(DG_KIND_ORIGIN, DG_METRIC_OUTPUT, 500000, DG_HOUR);

    for (i = 0; i < 300000; i++) {
        ex = &open[dg_test_random(&seed) % OPEN];
        now += dg_test_random(&seed) % 64;

        /* a clock may be set back */

        n = (i % 1000 == 0 && !exact) ? now - 5000 : now;

        if (!ex->admitted) {
            *ex = kit_exchange(1 + dg_test_random(&seed) % keys,
                               dg_test_random(&seed) % 3,
                               dg_test_random(&seed) % 200,
                               (uint32_t) (dg_test_random(&seed) % 3));
            dg_store_admit(st, ex, limits, 3, i % 4 != 0, n, &decision);
            continue;
        }

        switch (dg_test_random(&seed) % 5) {

        case 0:
            dg_store_reserve(st, ex, limits, 3, i % 4 != 0,
                             dg_test_random(&seed) % 1000,
                             dg_test_random(&seed) % 2000, n, &decision);
            break;

        case 1:
            kit_fail(st, ex, 0, n);
            break;

        case 2:
            kit_fail(st, ex, 1, n);
            all_requests++;
            break;

        default:
            k = (unsigned) (dg_test_random(&seed) % 1500);
            kit_settle(st, ex, 10, k, n);
            all_requests++;
            all_output += k;
        }

        if (i % 2000 == 0) {
            bad += (dg_store_check(st) != DG_OK);
        }
    }

    for (i = 0; i < OPEN; i++) {
        kit_fail(st, &open[i], 0, now);
    }

    dg_ok(bad == 0 && dg_store_check(st) == DG_OK,
          "%u keys in %u cells: sound all the way", keys,
          dg_store_subjects(st)->ncells);
    dg_ok(held(st) == 0, "and in the end nothing is held");

    if (exact) {
        requests = 0;
        output = 0;

        for (n = 1; n <= keys; n++) {
            s = kit_find(st, DG_KIND_KEY, n);

            if (s == NULL) {
                continue;
            }

            for (k = 0; k < 2; k++) {
                requests += s->windows.w[DG_DAY].own[k][DG_REQUESTS]
                            - s->windows.w[DG_DAY].own[k][DG_RETURNED];
                output += s->windows.w[DG_DAY].own[k][DG_OUTPUT];
            }
        }

        dg_ok(requests == all_requests && output == all_output,
              "and all requests (%llu) and tokens are there",
              (unsigned long long) requests);
    }

    free(st);
}


int
main(void)
{
    test_mend();
    test_torn();
    test_anything(0, 5000, 0);
    test_anything(3000, 500, 1);

    return dg_done();
}
