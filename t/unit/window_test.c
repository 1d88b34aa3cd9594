/*
 * Copyright (C) 2026 Distill Guard
 *
 * Windows against plain arithmetic, and waits against the windows.
 */


#include "dg_window.h"
#include "dg_test.h"


#define START   1767225600000ull         /* 2026-01-01 00:00:00 UTC */
#define MINUTE  60000ull
#define REQUESTS  (1u << DG_REQUESTS)
#define TOKENS    (1u << DG_INPUT | 1u << DG_OUTPUT)


static uint64_t
used(const dg_windows_t *ws, dg_period_t p, uint64_t now_ms)
{
    return dg_windows_used(ws, p, REQUESTS, now_ms);
}


static void
test_names(void)
{
    unsigned  p;

    dg_ok(dg_counters[DG_OUTPUT].name.len == 13
          && memcmp(dg_counters[DG_OUTPUT].name.data, "output_tokens", 13)
             == 0,
          "counters have their names");

    for (p = DG_MINUTE; p < DG_WINDOWS; p++) {
        dg_ok(dg_periods[p].ttl >= 2 * dg_periods[p].seconds,
              "a bucket of '%c' lives in Redis while it is read",
              dg_periods[p].letter);
    }
}


static void
test_sliding(void)
{
    dg_windows_t  ws;

    memset(&ws, 0, sizeof(ws));

    dg_ok(used(&ws, DG_DAY, START) == 0, "a null area is empty");

    dg_windows_add(&ws, DG_REQUESTS, 100, START + 10000);

    dg_ok(used(&ws, DG_MINUTE, START + 10000) == 100, "what was added counts");
    dg_ok(used(&ws, DG_MINUTE, START + MINUTE) == 100,
          "and counts in full as the next minute begins");
    dg_ok(used(&ws, DG_MINUTE, START + MINUTE + 15000) == 75,
          "and to three quarters a quarter of a minute later");
    dg_ok(used(&ws, DG_MINUTE, START + 2 * MINUTE - 1) == 0
          && used(&ws, DG_MINUTE, START + 2 * MINUTE) == 0,
          "and no more in the end");
    dg_ok(used(&ws, DG_SECOND, START + 12000) == 0
          && used(&ws, DG_HOUR, START + 12000) == 100
          && used(&ws, DG_DAY, START + 12000) == 100,
          "each window has its own period");

    dg_windows_add(&ws, DG_REQUESTS, 7, START + MINUTE + 15000);

    dg_ok(used(&ws, DG_MINUTE, START + MINUTE + 15000) == 82,
          "the minute before and this one are summed");
    dg_ok(dg_windows_sum(&ws, DG_MINUTE, DG_REQUESTS, START + MINUTE + 15000)
          == 82, "so they are for one counter");

    dg_ok(dg_windows_own(&ws, DG_MINUTE, DG_REQUESTS, START + MINUTE + 15000)
          == 82, "and for what is this node's own");

    dg_windows_add(&ws, DG_RETURNED, 3, START + MINUTE + 15000);

    dg_ok(used(&ws, DG_MINUTE, START + MINUTE + 15000) == 79,
          "requests given back do not count");
    dg_ok(dg_windows_sum(&ws, DG_MINUTE, DG_REQUESTS, START + MINUTE + 15000)
          == 82, "but stay in the plain sum");

    dg_windows_add(&ws, DG_INPUT, 10, START + MINUTE + 15000);
    dg_windows_add(&ws, DG_OUTPUT, 5, START + MINUTE + 15000);

    dg_ok(dg_windows_used(&ws, DG_HOUR, TOKENS, START + MINUTE + 15000) == 15,
          "all counters of a mask are summed");
}


static void
test_time(void)
{
    dg_windows_t  ws, before;

    memset(&ws, 0, sizeof(ws));
    dg_windows_add(&ws, DG_REQUESTS, 5, START + MINUTE);

    before = ws;
    dg_windows_turn(&ws, START - 86400000);

    dg_ok(memcmp(&ws, &before, sizeof(ws)) == 0,
          "time that goes back changes nothing");
    dg_ok(used(&ws, DG_MINUTE, START) == 5, "and what was counted counts");

    dg_windows_add(&ws, DG_REQUESTS, 1, START);

    dg_ok(used(&ws, DG_MINUTE, START + MINUTE) == 6,
          "what is added then counts in the newest bucket");

    dg_windows_turn(&ws, START + 3 * MINUTE);

    dg_ok(ws.w[DG_MINUTE].own[0][DG_REQUESTS] == 0
          && ws.w[DG_MINUTE].own[1][DG_REQUESTS] == 0
          && ws.w[DG_HOUR].own[0][DG_REQUESTS] == 6,
          "two minutes on the minutes are empty, the hour is not");

    dg_windows_turn(&ws, START + 10 * 86400000ull);

    dg_ok(used(&ws, DG_DAY, START + 10 * 86400000ull) == 0,
          "ten days on all is empty");
}


static void
test_add_at(void)
{
    uint64_t      then;
    dg_windows_t  ws;

    memset(&ws, 0, sizeof(ws));

    then = START + MINUTE - 1;
    dg_windows_add(&ws, DG_REQUESTS, 4, then);
    dg_windows_add_at(&ws, DG_RETURNED, 4, then, START + MINUTE + 1);

    dg_ok(used(&ws, DG_MINUTE, START + MINUTE + 1) == 0
          && used(&ws, DG_DAY, START + MINUTE + 1) == 0,
          "what is given back is taken from where it was counted");
    dg_ok(ws.w[DG_MINUTE].own[1][DG_RETURNED] == 4
          && ws.w[DG_HOUR].own[0][DG_RETURNED] == 4,
          "in each window");

    dg_windows_add_at(&ws, DG_RETURNED, 4, then, START + 3 * MINUTE);

    dg_ok(ws.w[DG_MINUTE].own[0][DG_RETURNED] == 0
          && ws.w[DG_MINUTE].own[1][DG_RETURNED] == 0,
          "and from nowhere when that is forgotten");
    dg_ok(used(&ws, DG_HOUR, START + 3 * MINUTE) == 0,
          "more given back than was taken is nothing, not less");
}


static void
test_hear(void)
{
    uint32_t      bucket;
    uint64_t      others[DG_COUNTERS], now;
    dg_windows_t  ws;

    memset(&ws, 0, sizeof(ws));
    memset(others, 0, sizeof(others));

    now = START + 30000;
    bucket = (uint32_t) (START / MINUTE);

    dg_windows_add(&ws, DG_REQUESTS, 1, now);

    others[DG_REQUESTS] = 60;
    dg_windows_hear(&ws, DG_MINUTE, bucket, others, 0, now);

    dg_ok(used(&ws, DG_MINUTE, now) == 61, "others are added to own");
    dg_ok(used(&ws, DG_SECOND, now) == 1,
          "what is heard first is not taken for the last second's");

    others[DG_REQUESTS] = 50;
    dg_windows_hear(&ws, DG_MINUTE, bucket, others, 1, now);

    dg_ok(used(&ws, DG_MINUTE, now) == 61, "totals heard late change nothing");

    others[DG_REQUESTS] = 70;
    dg_windows_hear(&ws, DG_MINUTE, bucket, others, 1, now);

    dg_ok(used(&ws, DG_MINUTE, now) == 71 && used(&ws, DG_SECOND, now) == 11,
          "what is new counts in the second, too");

    others[DG_REQUESTS] = 100;
    dg_windows_hear(&ws, DG_MINUTE, bucket, others, 10, now);

    dg_ok(used(&ws, DG_SECOND, now) == 14,
          "but only one second's share of what is new in ten");

    others[DG_REQUESTS] = 1000;
    dg_windows_hear(&ws, DG_MINUTE, bucket + 1, others, 1, now);
    dg_windows_hear(&ws, DG_MINUTE, bucket + 1000, others, 1, now);
    dg_windows_hear(&ws, DG_MINUTE, bucket - 2, others, 1, now);

    dg_ok(used(&ws, DG_MINUTE, now) == 101,
          "buckets of the future and of the past are passed over");

    others[DG_REQUESTS] = 200;
    dg_windows_hear(&ws, DG_MINUTE, bucket - 1, others, 1, now);

    dg_ok(used(&ws, DG_MINUTE, now) == 201,
          "the bucket before is not: half of it counts at half past");

    others[DG_REQUESTS] = 120;
    dg_windows_hear(&ws, DG_MINUTE, bucket, others, 1, START + MINUTE);

    dg_ok(ws.w[DG_MINUTE].others[1][DG_REQUESTS] == 120,
          "an answer that comes after the minute is of the minute before");
}


static void
test_saturation(void)
{
    dg_windows_t  ws;

    memset(&ws, 0, sizeof(ws));

    dg_windows_add(&ws, DG_INPUT, UINT64_MAX, START);
    dg_windows_add(&ws, DG_INPUT, 1, START);
    dg_windows_add(&ws, DG_OUTPUT, UINT64_MAX, START);

    dg_ok(dg_windows_used(&ws, DG_DAY, TOKENS, START) == UINT64_MAX,
          "counts stop at the greatest number");
    dg_ok(dg_windows_used(&ws, DG_DAY, TOKENS, START + 86400000 + 43200000)
          == UINT64_MAX / 2, "half of which is half of it");
    dg_ok(dg_windows_wait(&ws, DG_DAY, TOKENS, 0, START) <= 2 * 86400000ull,
          "and is gone within two periods");
}


/* the definition, in numbers that hold the product */

static uint64_t
expected(uint64_t cur, uint64_t prev, uint64_t period, uint64_t elapsed)
{
#if defined(__SIZEOF_INT128__)
    if (elapsed < period) {
        return cur + (uint64_t) ((unsigned __int128) prev
                                 * (period - elapsed) / period);
    }

    if (elapsed < 2 * period) {
        return (uint64_t) ((unsigned __int128) cur * (2 * period - elapsed)
                           / period);
    }

    return 0;
#else
    (void) cur; (void) prev; (void) period; (void) elapsed;
    return UINT64_MAX;
#endif
}


static void
test_sums_at_random(void)
{
    unsigned      i, p, bad;
    uint64_t      seed, cur, prev, period, start, now, sum;
    dg_windows_t  ws;

    seed = 1;
    bad = 0;

    for (i = 0; i < 200000; i++) {
        p = (unsigned) (dg_test_random(&seed) % DG_WINDOWS);
        period = (uint64_t) dg_periods[p].seconds * 1000;

        cur = dg_test_random(&seed) >> (2 + dg_test_random(&seed) % 62);
        prev = dg_test_random(&seed) >> (2 + dg_test_random(&seed) % 62);

        memset(&ws, 0, sizeof(ws));
        ws.w[p].bucket = (uint32_t) (START / period);
        ws.w[p].own[0][DG_REQUESTS] = cur / 3;
        ws.w[p].others[0][DG_REQUESTS] = cur - cur / 3;
        ws.w[p].own[1][DG_REQUESTS] = prev / 3;
        ws.w[p].others[1][DG_REQUESTS] = prev - prev / 3;

        start = START / period * period;
        now = start + dg_test_random(&seed) % (2 * period + 10);

        sum = expected(cur, prev, period, now - start);

        if (sum == UINT64_MAX) {
            break;
        }

        if (used(&ws, (dg_period_t) p, now) != sum) {
            bad++;
        }
    }

    dg_ok(bad == 0, "%u sums are as defined, to the unit", i);
}


/*
 * A wait is a promise: after it the sum has fallen, a millisecond earlier it
 * has not.  The windows are turned as they would be by then.
 */

static void
test_waits_at_random(void)
{
    unsigned      i, k, p, early, late, far;
    uint64_t      seed, now, then, level, wait, period;
    dg_windows_t  ws, turned;

    seed = 2;
    early = 0;
    late = 0;
    far = 0;

    for (i = 0; i < 100000; i++) {
        p = (unsigned) (dg_test_random(&seed) % DG_WINDOWS);
        period = (uint64_t) dg_periods[p].seconds * 1000;

        memset(&ws, 0, sizeof(ws));
        now = START + dg_test_random(&seed) % 86400000;

        for (k = 0; k < 6; k++) {
            dg_windows_add(&ws, DG_REQUESTS,
                           dg_test_random(&seed)
                           >> (10 + dg_test_random(&seed) % 54), now);
            now += dg_test_random(&seed) % (period / 3 + 1);
        }

        dg_windows_turn(&ws, now);

        level = used(&ws, (dg_period_t) p, now);
        level = level == 0 ? 0 : dg_test_random(&seed) % (level + 2);

        wait = dg_windows_wait(&ws, (dg_period_t) p, REQUESTS, level, now);

        if (wait > 2 * period) {
            far++;
        }

        then = now + wait;
        turned = ws;
        dg_windows_turn(&turned, then);

        if (used(&turned, (dg_period_t) p, then) > level) {
            early++;
        }

        if (wait > 0) {
            turned = ws;
            dg_windows_turn(&turned, then - 1);

            if (used(&turned, (dg_period_t) p, then - 1) <= level) {
                late++;
            }
        }
    }

    dg_ok(early == 0, "after %u waits the sum had fallen", i);
    dg_ok(late == 0, "and a millisecond earlier it had not");
    dg_ok(far == 0, "and none was longer than two periods");
}


static void
test_wait(void)
{
    dg_windows_t  ws;

    memset(&ws, 0, sizeof(ws));

    dg_ok(dg_windows_wait(&ws, DG_HOUR, REQUESTS, 0, START) == 0,
          "nothing counted, nothing to wait for");

    dg_windows_add(&ws, DG_REQUESTS, 10, START + 500);

    dg_ok(dg_windows_wait(&ws, DG_SECOND, REQUESTS, 10, START + 500) == 0,
          "nor where the level is kept");

    /* of 10 in the last second less than 10 count after its first tick */

    dg_ok(dg_windows_wait(&ws, DG_SECOND, REQUESTS, 9, START + 500) == 501,
          "one fewer than ten is there as the next second starts");
    dg_ok(dg_windows_wait(&ws, DG_SECOND, REQUESTS, 0, START + 500)
          == 500 + 901, "none when less than one is left");

    /* a clock set back by 200 ms */

    dg_ok(dg_windows_wait(&ws, DG_SECOND, REQUESTS, 9, START - 200)
          == 200 + 1001, "while the clock is behind nothing runs out");
}


int
main(void)
{
    test_names();
    test_sliding();
    test_time();
    test_add_at();
    test_hear();
    test_saturation();
    test_wait();
    test_sums_at_random();
    test_waits_at_random();

    return dg_done();
}
