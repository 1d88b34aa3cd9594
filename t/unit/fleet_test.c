/*
 * Copyright (C) 2026 Distill Guard
 *
 * Several nodes, and a Redis that keeps the greatest total of each node:
 * what they report, what they hear, and that in the end they agree.
 */


#include "store_kit.h"


#define NODES    3
#define KEYS     12
#define IDS      32              /* of any kind, that Redis is told of */
#define BUCKETS  400             /* remembered of each id and period */
#define FLIGHT   24              /* reports under way */


/* absolute totals by node; the sum is made as it is read */

typedef struct {
    uint32_t       bucket;
    uint64_t       total[NODES][DG_COUNTERS];
} row_t;


typedef struct {
    row_t          rows[DG_WINDOWS][BUCKETS];
    uint64_t       reserved[NODES][2];
} entry_t;


static entry_t  redis[IDS];


static row_t *
row(uint64_t id, unsigned p, uint32_t bucket)
{
    row_t  *r;

    r = &redis[id].rows[p][bucket % BUCKETS];

    if (r->bucket != bucket) {
        memset(r, 0, sizeof(row_t));
        r->bucket = bucket;
    }

    return r;
}


static void
redis_set(unsigned node, const dg_report_t *report)
{
    row_t             *r;
    unsigned           c, i, p;
    const dg_share_t  *share;

    for (p = DG_MINUTE; p < DG_WINDOWS; p++) {
        for (i = 0; i < 2; i++) {
            share = &report->share[p][i];
            r = row(report->id.v[1], p, share->bucket);

            for (c = 0; c < DG_COUNTERS; c++) {
                r->total[node][c] = dg_max(r->total[node][c], share->own[c]);
            }
        }
    }

    redis[report->id.v[1]].reserved[node][0] = report->reserved_input;
    redis[report->id.v[1]].reserved[node][1] = report->reserved_output;
}


static void
redis_get(const dg_report_t *report, dg_fleet_t *fleet)
{
    row_t       *r;
    unsigned     c, i, n, p;
    dg_share_t  *share;

    memset(fleet, 0, sizeof(dg_fleet_t));

    for (p = DG_MINUTE; p < DG_WINDOWS; p++) {
        for (i = 0; i < 2; i++) {
            share = &fleet->share[p][i];
            share->bucket = report->share[p][i].bucket;
            r = row(report->id.v[1], p, share->bucket);

            for (n = 0; n < NODES; n++) {
                for (c = 0; c < DG_COUNTERS; c++) {
                    share->own[c] += r->total[n][c];
                }
            }
        }
    }

    for (n = 0; n < NODES; n++) {
        fleet->reserved_input += redis[report->id.v[1]].reserved[n][0];
        fleet->reserved_output += redis[report->id.v[1]].reserved[n][1];
    }
}


/* all that is dirty goes to Redis and is answered */

static unsigned
sync_node(dg_store_t *st, unsigned node, uint64_t now)
{
    unsigned     n;
    dg_fleet_t   fleet;
    dg_report_t  report;

    for (n = 0; dg_store_take(st, &report, 1, now) == 1; n++) {
        redis_set(node, &report);
        redis_get(&report, &fleet);
        dg_store_hear(st, &report, &fleet, now);
    }

    return n;
}


static void
redis_flush(void)
{
    memset(redis, 0, sizeof(redis));
}


static void
test_one_limit(void)
{
    unsigned       i, node, passed;
    uint64_t       now;
    dg_limit_t     limits[2];
    dg_store_t    *st[2];
    dg_decision_t  decision;
    dg_exchange_t  ex;

    redis_flush();

    st[0] = kit_store(0, 0);
    st[1] = kit_store(0, 1);
    limits[0] = kit_limit(DG_KIND_KEY, DG_METRIC_REQUESTS, 100, DG_MINUTE);
    limits[1] = kit_limit(DG_KIND_KEY, DG_METRIC_TOKENS, 1000000, DG_HOUR);
    passed = 0;
    now = START;

    for (i = 0; i < 1000; i++) {
        now += 10;
        node = i & 1;

        ex = kit_exchange(1, 0, 0, 0);
        dg_store_admit(st[node], &ex, limits, 2, 1, now, &decision);

        if (ex.admitted) {
            passed++;
            kit_settle(st[node], &ex, 10, 20, now);
        }

        if (i % 10 == 9) {
            sync_node(st[0], 0, now);
            sync_node(st[1], 1, now);
        }
    }

    dg_ok(passed >= 100 && passed <= 110,
          "two nodes enforce one limit, within a sync interval (%u of 100)",
          passed);

    sync_node(st[0], 0, now);
    sync_node(st[1], 1, now);

    ex = kit_exchange(1, 0, 0, 0);
    dg_store_admit(st[1], &ex, limits, 2, 1, now, &decision);

    dg_ok(decision.value == passed && kit_used(st[1], 1, DG_METRIC_TOKENS,
                                               DG_DAY, now) == 30 * passed,
          "and know how much there was in all");

    /* the second is fed by what is heard */

    limits[0].period = DG_SECOND;
    now += 3600000;

    for (i = 0; i < 60; i++) {
        ex = kit_exchange(2, 0, 0, 0);
        dg_store_admit(st[0], &ex, NULL, 0, 1, now, &decision);
        kit_settle(st[0], &ex, 1, 1, now);

        ex = kit_exchange(2, 0, 0, 0);
        dg_store_admit(st[1], &ex, NULL, 0, 1, now, &decision);
        kit_settle(st[1], &ex, 1, 1, now);

        sync_node(st[0], 0, now);
        sync_node(st[1], 1, now);
    }

    ex = kit_exchange(2, 0, 0, 0);
    dg_store_admit(st[1], &ex, limits, 1, 1, now, &decision);

    dg_ok(decision.verdict == DG_THROTTLE,
          "so it is for requests in a second");

    free(st[0]);
    free(st[1]);
}


static void
test_reserved(void)
{
    dg_limit_t     limit;
    dg_store_t    *st[2];
    dg_decision_t  decision;
    dg_exchange_t  ex, other;

    redis_flush();

    st[0] = kit_store(0, 0);
    st[1] = kit_store(0, 1);
    limit = kit_limit(DG_KIND_KEY, DG_METRIC_TOKENS, 1000, DG_DAY);

    kit_pass(st[0], 1, 1, 1, START);
    kit_pass(st[1], 1, 1, 1, START);

    ex = kit_exchange(1, 0, 0, 0);
    dg_store_admit(st[0], &ex, &limit, 1, 1, START, &decision);
    dg_store_reserve(st[0], &ex, &limit, 1, 1, 500, 400, START, &decision);

    sync_node(st[0], 0, START);
    sync_node(st[1], 1, START);

    other = kit_exchange(1, 0, 0, 0);
    dg_store_admit(st[1], &other, &limit, 1, 1, START, &decision);
    dg_store_reserve(st[1], &other, &limit, 1, 1, 100, 100, START, &decision);

    dg_ok(decision.verdict == DG_THROTTLE && decision.value == 904
          && decision.wait_ms == 1000,
          "what is in flight on one node counts on another");

    dg_store_admit(st[1], &other, &limit, 1, 1, START + 121000, &decision);
    dg_store_reserve(st[1], &other, &limit, 1, 1, 100, 100, START + 121000,
                     &decision);

    dg_ok(decision.verdict == DG_PASS,
          "until nothing was heard of it for long");

    kit_fail(st[1], &other, 0, START + 121000);
    kit_settle(st[0], &ex, 500, 100, START + 121000);
    sync_node(st[0], 0, START + 121000);
    sync_node(st[1], 1, START + 121000);

    dg_store_admit(st[1], &other, &limit, 1, 1, START + 121000, &decision);
    dg_store_reserve(st[1], &other, &limit, 1, 1, 300, 100, START + 121000,
                     &decision);

    dg_ok(decision.verdict == DG_THROTTLE && decision.value == 604,
          "then what was used counts");

    free(st[0]);
    free(st[1]);
}


static void
test_reports(void)
{
    unsigned       n;
    dg_store_t    *st;
    dg_fleet_t     fleet;
    dg_report_t    reports[10], late;
    dg_subject_t  *s;
    dg_decision_t  decision;
    dg_exchange_t  ex;

    redis_flush();
    st = kit_store(0, 0);

    ex = kit_exchange(1, 0, 0, 0);
    dg_store_admit(st, &ex, NULL, 0, 1, START, &decision);

    dg_ok(dg_store_take(st, reports, 10, START) == 0,
          "of a key in probation nothing is told");

    kit_settle(st, &ex, 3, 4, START);
    kit_pass(st, 2, 5, 6, START);
    kit_pass(st, 1, 7, 8, START);

    dg_ok(st->ndirty == 2 && dg_store_take(st, reports, 1, START) == 1
          && reports[0].id.v[1] == 1
          && reports[0].kind == DG_KIND_KEY
          && reports[0].share[DG_DAY][0].own[DG_INPUT] == 10
          && reports[0].share[DG_DAY][0].bucket == START / 86400000
          && reports[0].share[DG_DAY][1].bucket == START / 86400000 - 1,
          "the first that changed is the first told, once");

    late = reports[0];
    kit_pass(st, 1, 1, 1, START);

    n = (unsigned) dg_store_take(st, reports, 10, START);

    dg_ok(n == 1 && reports[0].id.v[1] == 2,
          "one whose report is under way is not taken again");

    redis_set(0, &late);
    redis_get(&late, &fleet);
    dg_store_hear(st, &late, &fleet, START);

    dg_ok(st->ndirty == 1 && dg_store_take(st, &late, 1, START) == 1
          && late.share[DG_DAY][0].own[DG_INPUT] == 11,
          "but after its answer, if it changed meanwhile");

    dg_store_again(st, &reports[0]);

    dg_ok(dg_store_take(st, reports, 10, START) == 1
          && reports[0].id.v[1] == 2,
          "and after its report was lost, changed or not");

    /* an answer to a report that was given up */

    dg_store_again(st, &late);
    kit_pass(st, 1, 9, 9, START);
    reports[1] = late;
    dg_store_take(st, &late, 1, START);
    redis_set(0, &late);
    redis_get(&late, &fleet);
    dg_store_hear(st, &reports[1], &fleet, START);

    s = kit_find(st, DG_KIND_KEY, 1);

    dg_ok(s->cell.flags & DG_SUBJECT_SENT
          && s->windows.w[DG_DAY].others[0][DG_INPUT] == 0,
          "an old answer is not heard: own totals would be others'");

    dg_store_hear(st, &late, &fleet, START);

    dg_ok(!(s->cell.flags & DG_SUBJECT_SENT)
          && s->windows.w[DG_DAY].others[0][DG_INPUT] == 0,
          "the latest is");

    fleet.share[DG_DAY][0].own[DG_INPUT] = 1000;
    dg_store_hear(st, &late, &fleet, START);

    dg_ok(s->windows.w[DG_DAY].others[0][DG_INPUT] == 0, "once");

    /* Redis was flushed: the fleet's total is less than what was sent */

    kit_pass(st, 1, 1, 1, START);
    dg_store_take(st, &late, 1, START);
    memset(&fleet, 0, sizeof(fleet));
    fleet.share[DG_DAY][0].bucket = late.share[DG_DAY][0].bucket;
    dg_store_hear(st, &late, &fleet, START);

    dg_ok(s->windows.w[DG_DAY].others[0][DG_INPUT] == 0
          && kit_used(st, 1, DG_METRIC_INPUT, DG_DAY, START) == 21,
          "a Redis that forgot takes nothing away");

    kit_pass(st, 1, 0, 1, START);
    dg_store_take(st, &late, 1, START);
    redis_get(&late, &fleet);
    fleet.share[DG_DAY][0].bucket++;
    fleet.share[DG_DAY][0].own[DG_INPUT] = 1000;
    dg_store_hear(st, &late, &fleet, START);

    dg_ok(s->windows.w[DG_DAY].others[0][DG_INPUT] == 0,
          "nor does an answer of another day add to this one");
    dg_ok(dg_store_check(st) == DG_OK, "all this leaves the store sound");

    free(st);
}


static void
test_all_dirty(void)
{
    uint32_t       at;
    unsigned       calls;
    uint64_t       n;
    dg_store_t    *st;
    dg_report_t    report;
    dg_decision_t  decision;
    dg_exchange_t  ex;

    redis_flush();
    st = kit_store(0, 0);

    /* long ago, just now, under way, and in probation */

    kit_pass(st, 1, 1, 1, START - 3 * 86400000ull);

    for (n = 2; n <= KEYS; n++) {
        kit_pass(st, n, 1, 1, START);
    }

    sync_node(st, 0, START);

    kit_pass(st, 5, 1, 1, START);
    dg_store_take(st, &report, 1, START);

    ex = kit_exchange(100, 0, 0, 0);
    dg_store_admit(st, &ex, NULL, 0, 1, START, &decision);

    dg_ok(st->ndirty == 0, "all are told");

    at = 0;
    calls = 0;

    do {
        dg_store_all_dirty(st, &at, 4);
        calls++;
    } while (at != 0 && calls < 100);

    dg_ok(calls == 4, "few cells at a time");
    dg_ok(st->ndirty == KEYS - 1,
          "those that count are to be told again, others are not");

    redis_flush();

    dg_ok(sync_node(st, 0, START) == KEYS - 1
          && row(5, DG_DAY, (uint32_t) (START / 86400000))
             ->total[0][DG_INPUT] == 2,
          "also one whose reporter may have died");

    dg_store_again(st, &report);

    dg_ok(st->ndirty == 0 && dg_store_check(st) == DG_OK,
          "which changes nothing when it has not");

    free(st);
}


/* takes reports up to the first of a key */

static void
take_key(dg_store_t *st, dg_report_t *report, uint64_t now)
{
    do {
        if (dg_store_take(st, report, 1, now) != 1) {
            memset(report, 0, sizeof(dg_report_t));
            return;
        }
    } while (report->kind != DG_KIND_KEY);
}


static void
test_origins(void)
{
    uint32_t       at;
    uint64_t       n;
    dg_id_t        first, second;
    dg_store_t    *st;
    dg_fleet_t     fleet;
    dg_report_t    report;
    dg_decision_t  decision;
    dg_exchange_t  ex;

    redis_flush();
    st = kit_store(0, 0);
    first = kit_id(21);
    second = kit_id(22);

    ex = kit_exchange(1, 0, 20, 0);
    dg_store_admit(st, &ex, NULL, 0, 1, START, &decision);
    kit_fail(st, &ex, 0, START);

    ex = kit_exchange(1, 0, 21, 0);
    dg_store_admit(st, &ex, NULL, 0, 1, START, &decision);
    kit_settle(st, &ex, 1, 1, START);
    dg_store_take(st, &report, 1, START);

    dg_ok(report.kind == DG_KIND_KEY && report.norigins == 1
          && dg_id_equal(&report.origin[0], &first),
          "a key's origin is told if an exchange from there was accepted");

    ex = kit_exchange(1, 0, 22, 0);
    dg_store_admit(st, &ex, NULL, 0, 1, START, &decision);
    kit_settle(st, &ex, 1, 1, START);

    dg_store_again(st, &report);
    take_key(st, &report, START);

    dg_ok(report.norigins == 2 && dg_id_equal(&report.origin[0], &second)
          && dg_id_equal(&report.origin[1], &first),
          "and told again with the next, if the report was lost");

    dg_store_again(st, &report);
    sync_node(st, 0, START);

    ex = kit_exchange(1, 0, 22, 0);
    dg_store_admit(st, &ex, NULL, 0, 1, START, &decision);
    kit_settle(st, &ex, 1, 1, START);
    take_key(st, &report, START);

    dg_ok(report.norigins == 0, "but not if it was not");

    dg_store_again(st, &report);
    at = 0;
    dg_store_all_dirty(st, &at, 1000);
    take_key(st, &report, START);

    dg_ok(report.norigins == 2, "unless Redis may have forgotten");

    dg_store_again(st, &report);
    ex = kit_exchange(1, 0, 22, 0);
    dg_store_admit(st, &ex, NULL, 0, 1, START + 86400000, &decision);
    kit_settle(st, &ex, 1, 1, START + 86400000);
    take_key(st, &report, START + 86400000);

    dg_ok(report.norigins == 2, "what was lost is not forgotten for a day");

    redis_set(0, &report);
    redis_get(&report, &fleet);
    dg_store_hear(st, &report, &fleet, START + 86400000);

    ex = kit_exchange(1, 0, 22, 0);
    dg_store_admit(st, &ex, NULL, 0, 1, START + 2 * 86400000, &decision);
    kit_settle(st, &ex, 1, 1, START + 2 * 86400000);
    take_key(st, &report, START + 2 * 86400000);

    dg_ok(report.norigins == 1 && dg_id_equal(&report.origin[0], &second),
          "on another day each is told again as it is seen");

    /* so many new ones that those on their way fall off */

    for (n = 100; n < 100 + DG_ORIGINS; n++) {
        ex = kit_exchange(1, 0, n, 0);
        dg_store_admit(st, &ex, NULL, 0, 1, START + 2 * 86400000, &decision);
        kit_settle(st, &ex, 1, 1, START + 2 * 86400000);
    }

    dg_ok(st->stats.unsent == 0, "one that falls off may have arrived");

    dg_store_again(st, &report);

    dg_ok(st->stats.unsent == 1, "or is lost");

    free(st);
}


static void
test_lost(void)
{
    uint64_t      n;
    dg_store_t   *st;
    dg_fleet_t    fleet;
    dg_report_t   report;

    redis_flush();
    st = kit_store(0, 0);
    memset(&fleet, 0, sizeof(fleet));

    kit_pass(st, 1, 1, 1, START);
    dg_store_take(st, &report, 1, START);

    for (n = 1000; n < 3000; n++) {
        kit_pass(st, n, 1, 1, START + n);
    }

    dg_ok(kit_find(st, DG_KIND_KEY, 1) == NULL && st->stats.unsent > 1000
          && st->ndirty + st->stats.unsent == 2000,
          "of those evicted each that Redis does not know is counted");

    n = st->stats.unsent;
    dg_store_again(st, &report);

    dg_ok(st->stats.unsent == n + 1, "also if its report was under way");

    dg_store_hear(st, &report, &fleet, START + 3000);

    dg_ok(st->stats.unsent == n + 1 && dg_store_check(st) == DG_OK,
          "an answer to one that is gone is passed over");

    free(st);
}


/*
 * Deliveries in any order, twice, late, or never; answers likewise; nodes
 * that give up on a report; clocks a little apart.  When it is quiet again
 * every node knows the true sums of what all have counted.
 */

typedef struct {
    unsigned       state;        /* 0: free, 1: on its way, 2: answered */
    unsigned       node;
    unsigned       dropped;      /* its node has given it up */
    dg_report_t    report;
    dg_fleet_t     fleet;
} flight_t;


static uint64_t  truth[KEYS + 1][DG_WINDOWS][DG_COUNTERS];
static uint32_t  truth_bucket[DG_WINDOWS];


static void
truth_turn(uint64_t now)
{
    uint32_t  bucket;
    unsigned  k, p;

    for (p = DG_MINUTE; p < DG_WINDOWS; p++) {
        bucket = (uint32_t) (now / 1000 / dg_periods[p].seconds);

        if (bucket != truth_bucket[p]) {
            truth_bucket[p] = bucket;

            for (k = 1; k <= KEYS; k++) {
                memset(truth[k][p], 0, sizeof(truth[k][p]));
            }
        }
    }
}


static void
truth_add(uint64_t key, dg_counter_t c, uint64_t n)
{
    unsigned  p;

    for (p = DG_MINUTE; p < DG_WINDOWS; p++) {
        truth[key][p][c] += n;
    }
}


static void
carry(dg_store_t **st, flight_t *f, uint64_t now, uint64_t *seed)
{
    unsigned  dice;

    dice = (unsigned) (dg_test_random(seed) % 10);

    if (f->state == 0) {
        f->node = (unsigned) (dg_test_random(seed) % NODES);
        f->dropped = 0;
        f->state = (unsigned) dg_store_take(st[f->node], &f->report, 1, now);
        return;
    }

    if (dice == 0 && !f->dropped) {

        /* a broken connection: the bytes may be somewhere yet */

        dg_store_again(st[f->node], &f->report);
        f->dropped = 1;
        return;
    }

    if (f->state == 1) {
        redis_set(f->node, &f->report);

        if (dice == 1) {
            redis_set(f->node, &f->report);
        }

        redis_get(&f->report, &f->fleet);
        f->state = 2;
        return;
    }

    dg_store_hear(st[f->node], &f->report, &f->fleet, now);

    if (dice == 2) {
        dg_store_hear(st[f->node], &f->report, &f->fleet, now);
    }

    if (dice != 3) {
        f->state = 0;            /* else it is heard later, once more */
    }
}


static int
agreed(dg_store_t **st, uint64_t now, uint64_t *seen)
{
    unsigned       c, k, n, p, bad;
    dg_window_t   *w;
    dg_subject_t  *s;

    bad = 0;

    for (n = 0; n < NODES; n++) {
        for (k = 1; k <= KEYS; k++) {
            s = kit_find(st[n], DG_KIND_KEY, k);

            if (s == NULL) {
                bad++;
                continue;
            }

            dg_windows_turn(&s->windows, now);

            for (p = DG_MINUTE; p < DG_WINDOWS; p++) {
                w = &s->windows.w[p];

                for (c = 0; c < DG_COUNTERS; c++) {
                    *seen += truth[k][p][c];
                    bad += (w->own[0][c] + w->others[0][c]
                            != truth[k][p][c]);
                }
            }
        }
    }

    return bad == 0;
}


static void
test_convergence(uint64_t seed, unsigned steps, unsigned pace)
{
    uint32_t        at;
    uint64_t        now, key, tokens, seen;
    unsigned        i, n, round;
    flight_t       *f;
    dg_store_t     *st[NODES];
    dg_decision_t   decision;
    dg_exchange_t   ex;

    static flight_t  flights[FLIGHT];

    redis_flush();
    memset(flights, 0, sizeof(flights));
    memset(truth, 0, sizeof(truth));

    for (n = 0; n < NODES; n++) {
        st[n] = kit_store(0, n);
    }

    now = START + 7000;
    truth_turn(now);

    for (i = 0; i < steps; i++) {
        now += dg_test_random(&seed) % pace;
        truth_turn(now);

        n = (unsigned) (dg_test_random(&seed) % NODES);
        key = 1 + dg_test_random(&seed) % KEYS;
        tokens = dg_test_random(&seed) % 1000;

        ex = kit_exchange(key, 0, 0, 0);
        dg_store_admit(st[n], &ex, NULL, 0, 1, now, &decision);
        truth_add(key, DG_REQUESTS, 1);

        if (tokens % 5 == 0) {
            kit_fail(st[n], &ex, 0, now);
            truth_add(key, DG_RETURNED, 1);

        } else {
            kit_settle(st[n], &ex, 7, tokens, now);
            truth_add(key, DG_INPUT, 7);
            truth_add(key, DG_OUTPUT, tokens);
        }

        f = &flights[dg_test_random(&seed) % FLIGHT];
        carry(st, f, now, &seed);

        f = &flights[dg_test_random(&seed) % FLIGHT];
        carry(st, f, now, &seed);
    }

    /* quiet: what is under way is lost, and all is told again, twice */

    for (i = 0; i < FLIGHT; i++) {
        if (flights[i].state != 0 && !flights[i].dropped) {
            dg_store_again(st[flights[i].node], &flights[i].report);
        }
    }

    for (round = 0; round < 2; round++) {
        for (n = 0; n < NODES; n++) {
            at = 0;

            do {
                dg_store_all_dirty(st[n], &at, 1000);
            } while (at != 0);

            sync_node(st[n], n, now);
        }
    }

    seen = 0;

    dg_ok(agreed(st, now, &seen) && seen > 0,
          "after %u exchanges and wild deliveries all nodes know the sums",
          steps);

    for (n = 0; n < NODES; n++) {
        dg_ok(dg_store_check(st[n]) == DG_OK && st[n]->stats.unsent == 0,
              "node %u is sound and has lost nothing", n);
        free(st[n]);
    }
}


int
main(void)
{
    test_one_limit();
    test_reserved();
    test_reports();
    test_all_dirty();
    test_origins();
    test_lost();

    test_convergence(1, 20000, 2);       /* within a minute */
    test_convergence(2, 60000, 40);      /* over many minutes */
    test_convergence(3, 60000, 4000);    /* over days */

    return dg_done();
}
