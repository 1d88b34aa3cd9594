/*
 * Copyright (C) 2026 Distill Guard
 *
 * One node: what is admitted, refused, reserved and settled, and what is told
 * of it.
 */


#include "store_kit.h"


static void
test_requests(void)
{
    unsigned       i, passed;
    dg_limit_t     limit;
    dg_store_t    *st;
    dg_subject_t  *s;
    dg_decision_t  decision;
    dg_exchange_t  ex;

    st = kit_store(0, 1);
    limit = kit_limit(DG_KIND_KEY, DG_METRIC_REQUESTS, 10, DG_MINUTE);
    passed = 0;

    for (i = 0; i < 15; i++) {
        ex = kit_exchange(1, 0, 2, 0);
        dg_store_admit(st, &ex, &limit, 1, 1, START + i, &decision);
        passed += (decision.verdict == DG_PASS);
    }

    dg_ok(passed == 10, "ten of 15 pass a limit of ten");
    dg_ok(decision.verdict == DG_THROTTLE && decision.limit == &limit
          && decision.value == 10 && !ex.admitted && ex.refused,
          "the others are told why");

    /* 10 * (60 s - t) / 60 s is below 10 as soon as the next minute begins */

    dg_ok(decision.wait_ms == 60001 - 14, "and how long to wait");

    s = kit_find(st, DG_KIND_KEY, 1);

    dg_ok(s->windows.w[DG_DAY].own[0][DG_REQUESTS] == 10
          && s->windows.w[DG_DAY].own[0][DG_REFUSED] == 5,
          "a refused request counts as refused and as nothing else");

    s = kit_find(st, DG_KIND_ORIGIN, 2);

    dg_ok(s->windows.w[DG_DAY].own[0][DG_REQUESTS] == 10
          && s->windows.w[DG_DAY].own[0][DG_REFUSED] == 5,
          "for its origin, too");
    dg_ok(st->stats.refused[DG_KIND_KEY][DG_METRIC_REQUESTS] == 5
          && st->stats.verdicts[DG_THROTTLE][0] == 5
          && st->stats.verdicts[DG_THROTTLE][1] == 0, "the guard counts them");

    ex = kit_exchange(3, 0, 2, 0);
    dg_store_admit(st, &ex, &limit, 1, 1, START + 20, &decision);

    dg_ok(decision.verdict == DG_PASS && decision.limit == NULL,
          "another key is not concerned");

    ex = kit_exchange(0, 0, 2, 0);
    dg_store_admit(st, &ex, &limit, 1, 1, START + 20, &decision);

    dg_ok(decision.verdict == DG_PASS && ex.admitted,
          "nor is who has no key");

    free(st);
}


static void
test_observe(void)
{
    unsigned       i;
    dg_limit_t     limits[2];
    dg_store_t    *st;
    dg_subject_t  *s;
    dg_decision_t  decision;
    dg_exchange_t  ex;

    st = kit_store(0, 1);
    limits[0] = kit_limit(DG_KIND_KEY, DG_METRIC_REQUESTS, 2, DG_HOUR);
    limits[1] = kit_limit(DG_KIND_KEY, DG_METRIC_TOKENS, 120, DG_HOUR);

    for (i = 0; i < 5; i++) {
        ex = kit_exchange(1, 0, 0, 0);
        dg_store_admit(st, &ex, limits, 2, 0, START, &decision);

        dg_ok(ex.admitted && (decision.verdict == DG_THROTTLE) == (i >= 2),
              "in a dry run all pass, and the verdict is told (%u)", i);

        dg_store_reserve(st, &ex, limits, 2, 0, 50, 60, START, &decision);

        dg_ok(ex.admitted && ex.reserved
              && (decision.verdict == DG_THROTTLE) == (i >= 1),
              "so it is for tokens");
    }

    s = kit_find(st, DG_KIND_KEY, 1);

    dg_ok(s->windows.w[DG_DAY].own[0][DG_REQUESTS] == 5
          && s->windows.w[DG_DAY].own[0][DG_RETURNED] == 0
          && s->windows.w[DG_DAY].own[0][DG_REFUSED] == 4,
          "each exchange counts, and as refused once at most");
    dg_ok(st->stats.verdicts[DG_THROTTLE][1] == 4
          && st->stats.verdicts[DG_THROTTLE][0] == 0
          && s->held[0].exchanges == 5 && s->held[0].input == 250,
          "refusals are dry runs, reservations are real");

    kit_settle(st, &ex, 1, 1, START);

    dg_ok(st->stats.verdicts[DG_PASS][0] == 0,
          "what would have been refused did not pass");

    free(st);
}


static void
test_burst(void)
{
    unsigned       i, passed;
    dg_limit_t     limit;
    dg_store_t    *st;
    dg_subject_t  *s;
    dg_decision_t  decision;
    dg_exchange_t  ex[200];

    st = kit_store(0, 1);
    limit = kit_limit(DG_KIND_KEY, DG_METRIC_TOKENS, 10000, DG_HOUR);
    passed = 0;

    for (i = 0; i < 200; i++) {
        ex[i] = kit_exchange(1, 0, 0, 0);
        dg_store_admit(st, &ex[i], &limit, 1, 1, START, &decision);

        if (decision.verdict == DG_PASS) {
            dg_store_reserve(st, &ex[i], &limit, 1, 1, 100, 300, START,
                             &decision);
        }

        passed += ex[i].admitted;
    }

    dg_ok(passed == 25, "of 200 at once pass as many as the limit has room");
    dg_ok(decision.verdict == DG_THROTTLE && decision.value == 10000
          && decision.wait_ms == 1000,
          "the others come back in a second, when some may have ended");

    for (i = 0; i < 200; i++) {
        if (ex[i].admitted) {
            kit_settle(st, &ex[i], 100, 300, START + 5000);
        }
    }

    s = kit_find(st, DG_KIND_KEY, 1);

    dg_ok(kit_used(st, 1, DG_METRIC_TOKENS, DG_HOUR, START + 5000) == 10000
          && s->held[0].input == 0 && s->held[0].output == 0
          && s->held[0].exchanges == 0,
          "and the tokens they used are the limit, exactly");
    dg_ok(kit_used(st, 1, DG_METRIC_REQUESTS, DG_HOUR, START + 5000) == 25,
          "refused on their body they are not counted as requests");

    ex[0] = kit_exchange(1, 0, 0, 0);
    dg_store_admit(st, &ex[0], &limit, 1, 1, START + 5000, &decision);

    dg_ok(decision.verdict == DG_THROTTLE, "the next one sees a used limit");

    free(st);
}


static void
test_large_request(void)
{
    dg_limit_t     limit;
    dg_store_t    *st;
    dg_decision_t  decision;
    dg_exchange_t  ex, next;

    st = kit_store(0, 1);
    limit = kit_limit(DG_KIND_KEY, DG_METRIC_TOKENS, 1000, DG_SECOND);

    ex = kit_exchange(1, 0, 0, 0);
    dg_store_admit(st, &ex, &limit, 1, 1, START, &decision);
    dg_store_reserve(st, &ex, &limit, 1, 1, UINT64_MAX, UINT64_MAX, START,
                     &decision);

    dg_ok(decision.verdict == DG_PASS && ex.reserved,
          "an unused limit lets a request of any size pass");

    next = kit_exchange(1, 0, 0, 0);
    dg_store_admit(st, &next, &limit, 1, 1, START, &decision);

    dg_ok(decision.verdict == DG_THROTTLE && decision.wait_ms == 1000,
          "one");

    kit_settle(st, &ex, 10, 20, START + 1);

    dg_store_admit(st, &next, &limit, 1, 1, START + 1, &decision);
    dg_store_reserve(st, &next, &limit, 1, 1, 500, 470, START + 1, &decision);

    dg_ok(next.reserved, "until it turns out to have been small");

    free(st);
}


static void
test_failures(void)
{
    dg_store_t    *st;
    dg_usage_t     usage;
    dg_subject_t  *s;
    dg_decision_t  decision;
    dg_exchange_t  ex;

    st = kit_store(0, 1);

    ex = kit_exchange(1, 0, 0, 0);
    dg_store_admit(st, &ex, NULL, 0, 1, START + 59999, &decision);
    dg_store_reserve(st, &ex, NULL, 0, 1, 100, 100, START + 59999, &decision);
    kit_fail(st, &ex, 0, START + 60001);

    s = kit_find(st, DG_KIND_KEY, 1);

    dg_ok(kit_used(st, 1, DG_METRIC_REQUESTS, DG_MINUTE, START + 60001) == 0
          && s->windows.w[DG_MINUTE].own[1][DG_RETURNED] == 1,
          "a failed request is given back to the minute that it came in");
    dg_ok(s->held[0].input == 0 && s->held[0].output == 0,
          "with what it reserved");
    dg_ok(s->cell.segment == DG_PROBATION && s->accepted == 0
          && st->ndirty == 0 && st->stats.failed == 1,
          "its key is in probation, and Redis is told nothing");

    kit_fail(st, &ex, 0, START + 60001);

    dg_ok(s->windows.w[DG_MINUTE].own[1][DG_RETURNED] == 1
          && st->stats.failed == 1, "settled twice is settled once");

    ex = kit_exchange(1, 0, 0, 0);
    dg_store_admit(st, &ex, NULL, 0, 1, START + 60001, &decision);
    kit_fail(st, &ex, 1, START + 60001);

    dg_ok(kit_used(st, 1, DG_METRIC_REQUESTS, DG_MINUTE, START + 60001) == 1,
          "one cut off by its client stays counted");

    ex = kit_exchange(1, 0, 0, 0);
    dg_store_admit(st, &ex, NULL, 0, 1, START + 60002, &decision);
    usage = kit_usage(7, 9);
    usage.source = DG_SOURCE_ESTIMATED;
    dg_store_settle(st, &ex, &usage, 1, 0, START + 60002);

    dg_ok(s->cell.segment == DG_PROVEN && s->accepted == START / 1000 + 60
          && st->ndirty == 1, "once accepted it is proven, and told");
    dg_ok(kit_used(st, 1, DG_METRIC_INPUT, DG_DAY, START + 60002) == 7
          && kit_used(st, 1, DG_METRIC_OUTPUT, DG_DAY, START + 60002) == 9
          && st->stats.tokens[0][DG_SOURCE_ESTIMATED] == 7
          && st->stats.tokens[1][DG_SOURCE_ESTIMATED] == 9
          && st->stats.exchanges == 3 && st->stats.verdicts[DG_PASS][0] == 3,
          "and what it used is counted");

    free(st);
}


static void
test_subjects(void)
{
    unsigned       i, kind;
    dg_limit_t     limits[4];
    dg_store_t    *st;
    dg_subject_t  *s;
    dg_decision_t  decision;
    dg_exchange_t  ex;

    st = kit_store(0, 1);
    limits[0] = kit_limit(DG_KIND_ACCOUNT, DG_METRIC_REQUESTS, 3, DG_DAY);

    for (i = 0; i < 4; i++) {
        ex = kit_exchange(1 + i, 50, 0, 0);
        dg_store_admit(st, &ex, limits, 1, 1, START, &decision);
    }

    dg_ok(decision.verdict == DG_THROTTLE && decision.value == 3,
          "keys of one account share its limit");

    for (i = 0; i < 4; i++) {
        ex = kit_exchange(60, 0, 0, 0);
        dg_store_admit(st, &ex, limits, 1, 1, START, &decision);
    }

    dg_ok(decision.verdict == DG_THROTTLE && decision.value == 3,
          "who has no account is one by the key");

    for (i = 0; i < 4; i++) {
        ex = kit_exchange(61, 61, 0, 0);
        dg_store_admit(st, &ex, limits, 1, 1, START, &decision);
    }

    dg_ok(decision.verdict == DG_THROTTLE
          && kit_find(st, DG_KIND_ACCOUNT, 61) == NULL,
          "an account that is the key is no second subject");

    ex = kit_exchange(70, 71, 72, 64500);
    ex.ids[DG_KIND_CAMPAIGN] = kit_id(73);
    dg_store_admit(st, &ex, NULL, 0, 1, START, &decision);
    kit_settle(st, &ex, 5, 6, START);

    for (kind = DG_KIND_KEY; kind < DG_KINDS; kind++) {
        s = dg_store_find(st, kind, &ex.ids[kind]);

        dg_ok(s != NULL && s->windows.w[DG_HOUR].own[0][DG_OUTPUT] == 6
              && s->windows.w[DG_HOUR].own[0][DG_REQUESTS] == 1,
              "counted for the %s", dg_kinds[kind].data);
    }

    dg_ok(st->kinds[DG_KIND_ASN] == 1 && st->kinds[DG_KIND_ORIGIN] == 1
          && st->kinds[DG_KIND_KEY] == 7 && st->kinds[DG_KIND_ACCOUNT] == 2
          && st->kinds[DG_KIND_CAMPAIGN] == 1,
          "subjects are counted by kind");

    s = kit_find(st, DG_KIND_KEY, 70);

    dg_ok(dg_id_equal(&s->origin[0], &ex.ids[DG_KIND_ORIGIN]),
          "the key remembers its origin");

    /* four limits, of which three refuse */

    limits[0] = kit_limit(DG_KIND_KEY, DG_METRIC_REQUESTS, 1, DG_SECOND);
    limits[1] = kit_limit(DG_KIND_ORIGIN, DG_METRIC_OUTPUT, 6, DG_HOUR);
    limits[2] = kit_limit(DG_KIND_ASN, DG_METRIC_INPUT, 1, DG_MINUTE);
    limits[3] = kit_limit(DG_KIND_ACCOUNT, DG_METRIC_TOKENS, 100, DG_DAY);

    dg_store_admit(st, &ex, limits, 4, 1, START, &decision);

    dg_ok(decision.limit == &limits[1] && decision.wait_ms > 60000,
          "the limit that leaves the longest wait is named");

    free(st);
}


static void
test_expectation(void)
{
    unsigned       i;
    dg_store_t    *st;
    dg_decision_t  decision;
    dg_exchange_t  ex, open[20];

    st = kit_store(0, 1);

    ex = kit_exchange(1, 0, 0, 0);
    dg_store_admit(st, &ex, NULL, 0, 1, START, &decision);
    dg_store_reserve(st, &ex, NULL, 0, 1, 5, 0, START, &decision);

    dg_ok(ex.input == 5 && ex.output == DG_OUTPUT_GUESS,
          "of an unknown key a guess is reserved");

    kit_settle(st, &ex, 5, 40, START);

    ex = kit_exchange(1, 0, 0, 0);
    dg_store_admit(st, &ex, NULL, 0, 1, START, &decision);
    dg_store_reserve(st, &ex, NULL, 0, 1, 5, 16, START, &decision);

    dg_ok(ex.output == 16, "at most what was asked for");

    kit_settle(st, &ex, 5, 40, START);

    for (i = 0; i < 6; i++) {
        kit_pass(st, 1, 5, 40, START);
    }

    for (i = 0; i < 20; i++) {
        open[i] = kit_exchange(1, 0, 0, 0);
        dg_store_admit(st, &open[i], NULL, 0, 1, START, &decision);
    }

    dg_store_reserve(st, &open[0], NULL, 0, 1, 5, 0, START, &decision);

    dg_ok(open[0].output == 80,
          "of a known one twice what its answers were like so far");

    for (i = 0; i < 8; i++) {
        kit_pass(st, 2, 5, 0, START);
    }

    ex = kit_exchange(2, 0, 0, 0);
    dg_store_admit(st, &ex, NULL, 0, 1, START, &decision);
    dg_store_reserve(st, &ex, NULL, 0, 1, 0, 0, START, &decision);

    dg_ok(ex.output == 1, "but something");

    free(st);
}


/* whoever waits as told passes, and not a millisecond earlier */

static void
test_promises(void)
{
    int            enforced;
    void          *copy;
    size_t         size;
    unsigned       i, k, refusals, late, early;
    uint64_t       now, seed;
    dg_limit_t     limits[6];
    dg_store_t    *st;
    dg_decision_t  decision, again;
    dg_exchange_t  ex, retry;

    st = kit_store(0, 1);
    size = st->size;
    copy = malloc(size);
    seed = 11;
    now = START;
    refusals = 0;
    late = 0;
    early = 0;

    limits[0] = kit_limit(DG_KIND_KEY, DG_METRIC_REQUESTS, 3, DG_SECOND);
    limits[1] = kit_limit(DG_KIND_KEY, DG_METRIC_OUTPUT, 4000, DG_MINUTE);
    limits[2] = kit_limit(DG_KIND_ACCOUNT, DG_METRIC_TOKENS, 90000, DG_HOUR);
    limits[3] = kit_limit(DG_KIND_ORIGIN, DG_METRIC_REQUESTS, 100, DG_MINUTE);
    limits[4] = kit_limit(DG_KIND_ASN, DG_METRIC_INPUT, 30000, DG_MINUTE);
    limits[5] = kit_limit(DG_KIND_KEY, DG_METRIC_REQUESTS, 1000, DG_DAY);

    for (i = 0; i < 30000; i++) {
        now += dg_test_random(&seed) % 400;

        if (i % 5000 == 4999) {
            now += 3600000;
        }

        ex = kit_exchange(1 + dg_test_random(&seed) % 3,
                          10 + dg_test_random(&seed) % 2,
                          20 + dg_test_random(&seed) % 2, 64500);

        enforced = 1;
        dg_store_admit(st, &ex, limits, 6, enforced, now, &decision);

        if (ex.admitted) {
            kit_settle(st, &ex, dg_test_random(&seed) % 200,
                       dg_test_random(&seed) % 400, now);
            continue;
        }

        refusals++;

        if (refusals % 8 != 0) {
            continue;
        }

        for (k = 0; k < 2; k++) {
            memcpy(copy, st, size);

            retry = ex;
            dg_store_admit(copy, &retry, limits, 6, enforced,
                           now + decision.wait_ms - k, &again);

            if (k == 0) {
                late += (again.verdict != DG_PASS);

            } else {
                early += (again.verdict == DG_PASS);
            }
        }
    }

    dg_ok(refusals > 5000 && late == 0,
          "of %u refused those who wait as told pass", refusals);
    dg_ok(early == 0, "and those who come a millisecond earlier do not");

    free(copy);
    free(st);
}


/* what others hold stays in the way of who waits */

static void
test_wait_behind_others(void)
{
    unsigned       k;
    uint64_t       now;
    dg_limit_t     limit;
    dg_store_t    *st;
    dg_decision_t  decision, again;
    dg_exchange_t  ex, open;

    st = kit_store(0, 1);
    limit = kit_limit(DG_KIND_KEY, DG_METRIC_INPUT, 1000, DG_MINUTE);

    kit_pass(st, 1, 600, 0, START);

    open = kit_exchange(1, 0, 0, 0);
    dg_store_admit(st, &open, &limit, 1, 1, START, &decision);
    dg_store_reserve(st, &open, &limit, 1, 1, 300, 1, START, &decision);

    ex = kit_exchange(1, 0, 0, 0);
    dg_store_admit(st, &ex, &limit, 1, 1, START, &decision);
    dg_store_reserve(st, &ex, &limit, 1, 1, 500, 1, START, &decision);

    dg_ok(decision.verdict == DG_THROTTLE && decision.value == 900
          && decision.wait_ms > 60000 && decision.wait_ms <= 120000,
          "who waits for tokens waits for those in flight, too");

    for (k = 0; k < 2; k++) {
        now = START + decision.wait_ms - 1 + k;

        ex = kit_exchange(1, 0, 0, 0);
        dg_store_admit(st, &ex, &limit, 1, 1, now, &again);
        dg_store_reserve(st, &ex, &limit, 1, 1, 500, 1, now, &again);

        dg_ok(ex.admitted == k, k ? "and then passes" : "to the millisecond");
    }

    free(st);
}


int
main(void)
{
    test_requests();
    test_observe();
    test_burst();
    test_large_request();
    test_failures();
    test_subjects();
    test_expectation();
    test_promises();
    test_wait_behind_others();

    return dg_done();
}
