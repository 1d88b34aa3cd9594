/*
 * Copyright (C) 2026 Distill Guard
 *
 * What nodes tell each other grows with the subjects that changed, and waits
 * where nobody has to know.
 */


#include "store_kit.h"


/*
 * Ten thousand requests a second by 5,000 keys, for ten seconds, with rounds
 * of 50 ms: what is told of keys that are far from their limit, and of those
 * that are near.
 */

static unsigned
told(uint64_t limit_n, unsigned patience)
{
    size_t          n, i;
    uint64_t        now, seed;
    unsigned        request, reports;
    dg_limit_t      limit;
    dg_store_t     *st;
    dg_fleet_t      fleet;
    dg_decision_t   decision;
    dg_exchange_t   ex;

    static dg_report_t  batch[5000];

    st = kit_store(20000, 1);
    st->patience = patience;

    limit = kit_limit(DG_KIND_KEY, DG_METRIC_REQUESTS, limit_n, DG_MINUTE);
    now = START + 7000;
    seed = 5;
    reports = 0;

    for (request = 0; request < 100000; request++) {
        now = START + 7000 + request / 10;

        ex = kit_exchange(1 + dg_test_random(&seed) % 5000, 0, 0, 0);
        dg_store_admit(st, &ex, &limit, 1, 1, now, &decision);
        kit_settle(st, &ex, 7, 100, now);

        if (request % 500 == 0) {
            n = dg_store_take(st, batch, dg_nelts(batch), now);

            for (i = 0; i < n; i++) {
                memset(&fleet, 0, sizeof(dg_fleet_t));
                memcpy(fleet.share, batch[i].share, sizeof(fleet.share));
                dg_store_hear(st, &batch[i], &fleet, now);
            }

            reports += (unsigned) n;
        }
    }

    dg_ok(dg_store_check(st) == DG_OK, "the queues are sound");
    free(st);

    return reports / 10;
}


static void
test_economy(void)
{
    unsigned  all, far, near;

    all = told(100000, 0);
    far = told(100000, 2000);
    near = told(30, 2000);

    dg_ok(all > 8000 && far < 2600 && near > 6000,
          "reports a second of 5,000 keys: %u, %u if there is time, %u if not",
          all, far, near);
}


int
main(void)
{
    test_economy();

    return dg_done();
}
