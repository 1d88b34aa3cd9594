/*
 * Copyright (C) 2026 Distill Guard
 *
 * Counts minute by minute: what is told of them, and for how long.
 */


#include "dg_history.h"
#include "dg_test.h"


#define NOW  1767225600ull         /* at the start of a minute */


static dg_history_t  history;
static dg_stats_t    stats;
static char          text[DG_HISTORY_TEXT + 1];


static const char *
told(uint64_t now)
{
    u_char  *end;

    memset(text, '#', sizeof(text));

    end = dg_history_json((u_char *) text, &history, now);
    *end = '\0';

    return strstr(text, "\"samples\":");
}


static unsigned
samples(uint64_t now)
{
    unsigned     n;
    const char  *p;

    n = 0;

    for (p = told(now) + sizeof("\"samples\":[") - 1; *p; p++) {
        n += *p == '[';
    }

    return n;
}


static void
one_minute(void)
{
    dg_ok(strcmp(told(NOW), "\"samples\":[]}") == 0, "nothing at first");
    dg_ok(strstr(text, "{\"columns\":[\"time\",\"PASS\",\"TAG\",\"PACE\","
                 "\"THROTTLE\",\"BLOCK\",\"refused\",\"spared\","
                 "\"input_tokens\",\"output_tokens\",\"failed\"],")
          == text, "columns: %s", text);

    stats.verdicts[DG_PASS][0] = 5;
    stats.verdicts[DG_PASS][1] = 1;
    stats.verdicts[DG_THROTTLE][0] = 2;
    stats.verdicts[DG_THROTTLE][1] = 7;
    stats.verdicts[DG_BLOCK][0] = 3;
    stats.tokens[0][0] = 10;
    stats.tokens[0][1] = 11;
    stats.tokens[1][1] = 200;
    stats.tokens[1][2] = 22;
    stats.failed = 4;

    dg_history_note(&history, &stats, NOW + 5);

    dg_ok(strcmp(told(NOW + 5), "\"samples\":[[1767225605,6,0,0,9,3,5,7,21,"
                 "222,4]]}") == 0, "a sample: %s", text);

    stats.verdicts[DG_PASS][0] = 6;
    dg_history_note(&history, &stats, NOW + 59);

    dg_ok(strcmp(told(NOW + 59), "\"samples\":[[1767225659,7,0,0,9,3,5,7,21,"
                 "222,4]]}") == 0, "the latest of a minute stands: %s", text);
}


static void
many_minutes(void)
{
    unsigned  i;
    uint64_t  now;

    for (i = 1; i < 3 * DG_HISTORY_MINUTES; i++) {
        dg_history_note(&history, &stats, NOW + i * 60);
    }

    now = NOW + (i - 1) * 60;

    dg_ok(samples(now) == DG_HISTORY_MINUTES, "two hours: %u", samples(now));
    dg_ok(samples(now + 3600) == DG_HISTORY_MINUTES - 60,
          "an hour later: %u", samples(now + 3600));
    dg_ok(samples(now + 86400) == 0, "a day later");
    dg_ok(samples(now - 60) == DG_HISTORY_MINUTES - 1,
          "a clock that was set back: %u", samples(now - 60));
    dg_ok(samples(0) == 0, "a clock that stands at nothing");
}


static void
greatest(void)
{
    size_t    len;
    unsigned  i;

    memset(&stats, 0x33, sizeof(stats));

    for (i = 0; i < DG_HISTORY_MINUTES; i++) {
        dg_history_note(&history, &stats, NOW + i * 60);
    }

    memset(&history.samples[0].verdicts, 0xff, sizeof(uint64_t));
    told(NOW + (i - 1) * 60);
    len = strlen(text);

    dg_ok(len < DG_HISTORY_TEXT && text[len - 1] == '}',
          "%u minutes of great counts take %zu", i, len);
}


int
main(void)
{
    one_minute();
    many_minutes();
    greatest();

    return dg_done();
}
