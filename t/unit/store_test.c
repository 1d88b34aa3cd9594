/*
 * Copyright (C) 2026 Distill Guard
 *
 * One node: what is admitted, refused, reserved, settled, and remembered.
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


static uint64_t
held(dg_store_t *st)
{
    uint32_t       i;
    uint64_t       n;
    dg_arena_t    *a;
    dg_subject_t  *s;

    a = dg_store_subjects(st);
    n = 0;

    for (i = 1; i <= a->fresh; i++) {
        s = (dg_subject_t *) dg_arena_cell(a, i);

        if (s->cell.kind != 0) {
            n += s->held[0].input + s->held[0].output + s->held[0].exchanges
                 + s->held[1].input + s->held[1].output
                 + s->held[1].exchanges;
        }
    }

    return n;
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
    test_block();
    test_requests();
    test_observe();
    test_burst();
    test_large_request();
    test_failures();
    test_subjects();
    test_expectation();
    test_rooms();
    test_promises();
    test_wait_behind_others();
    test_eviction_in_flight();
    test_flood();
    test_use();
    test_full();
    test_no_room();
    test_mend();
    test_torn();
    test_anything(0, 5000, 0);
    test_anything(3000, 500, 1);

    return dg_done();
}
