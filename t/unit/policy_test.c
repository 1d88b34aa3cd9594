/*
 * Copyright (C) 2026 Distill Guard
 *
 * What signals are worth and what is done at which score, as configured: over
 * one level and over two, and what is said of what cannot be meant.
 */


#include "dg_policy.h"
#include "dg_test.h"


#define MUTATIONS  300000


static dg_policy_t  policy;
static char         error[DG_CONF_ERROR];


/* a directive, in words that a space parts */

static int
says(dg_policy_t *p, const char *text)
{
    size_t       len;
    unsigned     n;
    dg_str_t     words[8];
    const char  *end;

    for (n = 0; *text && n < dg_nelts(words); n++) {
        end = strchr(text, ' ');
        len = end ? (size_t) (end - text) : strlen(text);

        words[n].data = (const u_char *) text;
        words[n].len = len;

        text += len + (end != NULL);
    }

    memset(error, 0, sizeof(error));

    if (words[0].len == sizeof("distill_guard_signal") - 1
        && memcmp(words[0].data, "distill_guard_signal", words[0].len) == 0)
    {
        return dg_policy_signal(p, words, n, error);
    }

    return dg_policy_action(p, words, n, error);
}


static int
signal_is(unsigned i, double soft, double hard, unsigned points)
{
    return policy.signals[i].soft == soft && policy.signals[i].hard == hard
           && policy.signals[i].points == points;
}


static void
test_defaults(void)
{
    unsigned  i, wrong;

    dg_policy_init(&policy);

    wrong = 0;

    for (i = 0; i < DG_SIGNALS; i++) {
        wrong += !signal_is(i, dg_signals[i].soft, dg_signals[i].hard,
                            dg_signals[i].points);
        wrong += dg_signals[i].soft == dg_signals[i].hard;
    }

    dg_ok(wrong == 0, "signals are as in their table");
    dg_ok(policy.actions[DG_ACTION_TAG].score == 25, "tag");
    dg_ok(policy.actions[DG_ACTION_PACE].score == 35
          && policy.actions[DG_ACTION_PACE].pace == 20, "pace");
    dg_ok(policy.actions[DG_ACTION_THROTTLE].score == 45
          && policy.actions[DG_ACTION_THROTTLE].limit.kind == DG_KIND_CAMPAIGN
          && policy.actions[DG_ACTION_THROTTLE].limit.metric
             == DG_METRIC_REQUESTS
          && policy.actions[DG_ACTION_THROTTLE].limit.period == DG_DAY
          && policy.actions[DG_ACTION_THROTTLE].limit.n == 100, "throttle");
    dg_ok(policy.actions[DG_ACTION_BLOCK].score == 100
          && policy.actions[DG_ACTION_BLOCK].seconds == 3600, "block");
    dg_ok(dg_policy_check(&policy, error) == DG_OK, "and can be meant");

    for (i = 0, wrong = 0; i < DG_FAMILIES; i++) {
        wrong += dg_families[i].cap;
    }

    dg_ok(wrong == DG_SCORE_MAX, "all caps come to %u", DG_SCORE_MAX);
}


static void
test_signals(void)
{
    dg_policy_init(&policy);

    dg_ok(says(&policy, "distill_guard_signal template soft=10 hard=1k "
               "points=30") == DG_OK
          && signal_is(DG_SIGNAL_TEMPLATE, 10, 1000, 30), "all of one");
    dg_ok(says(&policy, "distill_guard_signal balance hard=0.25") == DG_OK
          && signal_is(DG_SIGNAL_BALANCE, 1.3, 0.25, 25),
          "hard alone, below soft, and not whole");
    dg_ok(says(&policy, "distill_guard_signal logprobs hard=1.5M soft=0")
          == DG_OK && signal_is(DG_SIGNAL_LOGPROBS, 0, 1500000, 25),
          "in any order, with m");
    dg_ok(says(&policy, "distill_guard_signal relay off") == DG_OK
          && signal_is(DG_SIGNAL_RELAY, 0, 0.5, 0), "off");
    dg_ok(says(&policy, "distill_guard_signal shift points=0") == DG_OK
          && signal_is(DG_SIGNAL_SHIFT, 0.6, 0.9, 0), "the same in points");
    dg_ok(says(&policy, "distill_guard_signal repeat points=100") == DG_OK
          && signal_is(DG_SIGNAL_REPEAT, 3, 50, 100), "most points");
    dg_ok(says(&policy, "distill_guard_signal slot_job hard=1000000000m")
          == DG_OK && signal_is(DG_SIGNAL_SLOT_JOB, 300, 1e15, 25),
          "the greatest number");
    dg_ok(dg_policy_check(&policy, error) == DG_OK, "and all can be meant");
}


static void
test_actions(void)
{
    size_t  i;

    static const struct {
        const char  *text;
        uint32_t     seconds;
    } times[] = {
        { "30s", 30 }, { "10m", 600 }, { "1h", 3600 }, { "7d", 604800 },
        { "90", 90 }, { "1h30m", 5400 }, { "1h30", 3630 }, { "1w", 604800 },
        { "1M", 2592000 }, { "365d", 31536000 }, { "1y", 31536000 },
        { "1s", 1 }, { "0h5s", 5 }
    };

    dg_policy_init(&policy);

    dg_ok(says(&policy, "distill_guard_action tag score=1") == DG_OK
          && policy.actions[DG_ACTION_TAG].score == 1, "tag");
    dg_ok(says(&policy, "distill_guard_action pace rate=1k/s score=40")
          == DG_OK && policy.actions[DG_ACTION_PACE].score == 40
          && policy.actions[DG_ACTION_PACE].pace == 1000, "pace");
    dg_ok(says(&policy, "distill_guard_action throttle score=50 rate=5/m")
          == DG_OK && policy.actions[DG_ACTION_THROTTLE].score == 50
          && policy.actions[DG_ACTION_THROTTLE].limit.n == 5
          && policy.actions[DG_ACTION_THROTTLE].limit.period == DG_MINUTE
          && policy.actions[DG_ACTION_THROTTLE].limit.kind
             == DG_KIND_CAMPAIGN, "throttle");
    dg_ok(says(&policy, "distill_guard_action block off") == DG_OK
          && policy.actions[DG_ACTION_BLOCK].score == 0
          && policy.actions[DG_ACTION_BLOCK].seconds == 3600, "no block");

    for (i = 0; i < dg_nelts(times); i++) {
        char  text[64];

        snprintf(text, sizeof(text), "distill_guard_action block score=155 "
                 "for=%s", times[i].text);
        dg_policy_init(&policy);

        dg_ok(says(&policy, text) == DG_OK
              && policy.actions[DG_ACTION_BLOCK].score == 155
              && policy.actions[DG_ACTION_BLOCK].seconds == times[i].seconds,
              "%s are %u seconds", times[i].text, times[i].seconds);
    }
}


static void
test_inherit(void)
{
    dg_policy_t  above;

    dg_policy_init(&above);
    dg_policy_init(&policy);

    says(&above, "distill_guard_signal template soft=5 hard=50 points=20");
    says(&above, "distill_guard_signal shift off");
    says(&above, "distill_guard_signal relay off");
    says(&above, "distill_guard_action pace score=30 rate=7/s");
    says(&above, "distill_guard_action throttle score=50 rate=5/h");
    says(&above, "distill_guard_action block off");

    says(&policy, "distill_guard_signal template hard=60");
    says(&policy, "distill_guard_signal shift points=3");
    says(&policy, "distill_guard_action throttle score=44");
    says(&policy, "distill_guard_action block score=90 for=1d");

    dg_policy_inherit(&policy, &above);

    dg_ok(signal_is(DG_SIGNAL_TEMPLATE, 5, 60, 20),
          "one number is set, the others are inherited");
    dg_ok(signal_is(DG_SIGNAL_SHIFT, 0.6, 0.9, 3), "on again");
    dg_ok(signal_is(DG_SIGNAL_RELAY, 0, 0.5, 0), "off is inherited");
    dg_ok(signal_is(DG_SIGNAL_PROVENANCE, 1, 4, 50), "and so are defaults");
    dg_ok(policy.actions[DG_ACTION_PACE].score == 30
          && policy.actions[DG_ACTION_PACE].pace == 7, "and an action");
    dg_ok(policy.actions[DG_ACTION_THROTTLE].score == 44
          && policy.actions[DG_ACTION_THROTTLE].limit.n == 5
          && policy.actions[DG_ACTION_THROTTLE].limit.period == DG_HOUR,
          "and the rate of one that is set");
    dg_ok(policy.actions[DG_ACTION_BLOCK].score == 90
          && policy.actions[DG_ACTION_BLOCK].seconds == 86400,
          "unless it is set, too");

    /* a third level inherits from the second what that had of the first */

    above = policy;
    dg_policy_init(&policy);
    says(&policy, "distill_guard_signal template points=1");
    dg_policy_inherit(&policy, &above);

    dg_ok(signal_is(DG_SIGNAL_TEMPLATE, 5, 60, 1)
          && policy.actions[DG_ACTION_THROTTLE].score == 44
          && policy.actions[DG_ACTION_PACE].pace == 7, "over three levels");
}


static void
bad(const char *text, const char *message)
{
    int  rc;

    dg_policy_init(&policy);
    rc = says(&policy, text);

    dg_ok(rc == DG_ERROR && strcmp(error, message) == 0, "%s", error);

    if (strcmp(error, message) != 0) {
        printf("#   expected: %s\n", message);
    }
}


static void
test_bad_signals(void)
{
    size_t  len;

    bad("distill_guard_signal templates off", "unknown signal \"templates\" "
        "in \"distill_guard_signal\": use provenance, failover, repeat, "
        "template, balance, synchrony, slot_job, enumeration, sampling, "
        "limit_hugging, shift, logprobs, reasoning, tooling, "
        "origin_spread, origin_crowd or relay");
    bad("distill_guard_signal template on", "invalid parameter \"on\" in "
        "\"distill_guard_signal template\": write soft=N, hard=N and "
        "points=N, or off");
    bad("distill_guard_signal template soft=", "invalid parameter \"soft=\" "
        "in \"distill_guard_signal template\": write soft=N, hard=N and "
        "points=N, or off");
    bad("distill_guard_signal template score=5", "invalid parameter "
        "\"score=5\" in \"distill_guard_signal template\": write soft=N, "
        "hard=N and points=N, or off");
    bad("distill_guard_signal template soft=few", "invalid parameter "
        "\"soft=few\" in \"distill_guard_signal template\": a number is 0 or "
        "more, as in 20, 1.5 or 200k");
    bad("distill_guard_signal template hard=-1", "invalid parameter "
        "\"hard=-1\" in \"distill_guard_signal template\": a number is 0 or "
        "more, as in 20, 1.5 or 200k");
    bad("distill_guard_signal template hard=2000000000m", "invalid parameter "
        "\"hard=2000000000m\" in \"distill_guard_signal template\": the "
        "number is at most 1000000000000000");
    bad("distill_guard_signal template points=101", "invalid parameter "
        "\"points=101\" in \"distill_guard_signal template\": points are "
        "whole, 0 to 100");
    bad("distill_guard_signal template points=1.5", "invalid parameter "
        "\"points=1.5\" in \"distill_guard_signal template\": points are "
        "whole, 0 to 100");
    bad("distill_guard_signal template soft=1 soft=2", "\"soft=\" is twice "
        "in \"distill_guard_signal template\": leave one out");
    bad("distill_guard_signal template off soft=2", "\"off\" in "
        "\"distill_guard_signal template\" stands alone: leave out either "
        "that or the rest");
    bad("distill_guard_signal template soft=2 off", "\"off\" in "
        "\"distill_guard_signal template\" stands alone: leave out either "
        "that or the rest");

    dg_policy_init(&policy);
    says(&policy, "distill_guard_signal relay off");
    dg_ok(says(&policy, "distill_guard_signal relay points=5") == DG_ERROR
          && strcmp(error, "\"distill_guard_signal relay\" sets again what is "
                    "set already on this level") == 0, "%s", error);

    dg_policy_init(&policy);
    dg_ok(says(&policy, "distill_guard_signal "
               "a_name_that_is_longer_than_that_of_any_signal off")
          == DG_ERROR, "%s", error);
    len = strlen(error);
    dg_ok(strcmp(error + len - 8, "or relay") == 0,
          "all names go into a message");
}


static void
test_bad_numbers(void)
{
    size_t  i;
    char    text[256];

    static const char  *numbers[] = {
        ".5", "5.", "1.2.3", "k", ".", ".k", "1.k", "1kk", "1e3", "+1", "0x1",
        "1,5", "nan", "inf",
        "00000000000000000000000000000000000000000000000000000000000000001"
    };

    for (i = 0; i < dg_nelts(numbers); i++) {
        snprintf(text, sizeof(text), "distill_guard_signal shift soft=%s",
                 numbers[i]);
        dg_policy_init(&policy);
        dg_ok(says(&policy, text) == DG_ERROR
              && strstr(error, "a number is 0 or more"), "%s", error);
    }
}


static void
test_bad_actions(void)
{
    size_t  i;
    char    text[128];

    static const char  *times[] = {
        "0", "0s", "366d", "2y", "1x", "h", "1m1h", "1h1h", "-1s", "1.5h",
        "500ms", "99999999999999999999", "1s1"
    };

    bad("distill_guard_action deny score=5", "unknown action \"deny\" in "
        "\"distill_guard_action\": use tag, pace, throttle or block");
    bad("distill_guard_action tag 5", "invalid parameter \"5\" in "
        "\"distill_guard_action tag\": write score=N and what belongs to the "
        "action, or off");
    bad("distill_guard_action tag score=0", "invalid parameter \"score=0\" in "
        "\"distill_guard_action tag\": a score is whole, 1 to 155; off in its "
        "place is never");
    bad("distill_guard_action tag score=156", "invalid parameter "
        "\"score=156\" in \"distill_guard_action tag\": a score is whole, 1 "
        "to 155; off in its place is never");
    bad("distill_guard_action tag score=many", "invalid parameter "
        "\"score=many\" in \"distill_guard_action tag\": a score is whole, 1 "
        "to 155; off in its place is never");
    bad("distill_guard_action tag score=5 rate=1/s", "invalid parameter "
        "\"rate=1/s\" in \"distill_guard_action tag\": rate= is of pace and "
        "throttle, so leave it out");
    bad("distill_guard_action block score=5 rate=1/s", "invalid parameter "
        "\"rate=1/s\" in \"distill_guard_action block\": rate= is of pace and "
        "throttle, so leave it out");
    bad("distill_guard_action pace score=5 for=1h", "invalid parameter "
        "\"for=1h\" in \"distill_guard_action pace\": for= is of block alone, "
        "so leave it out");
    bad("distill_guard_action pace score=5 rate=20", "invalid parameter "
        "\"rate=20\" in \"distill_guard_action pace\": a pace is in output "
        "tokens a second, 1/s to 1000000/s");
    bad("distill_guard_action pace score=5 rate=20/m", "invalid parameter "
        "\"rate=20/m\" in \"distill_guard_action pace\": a pace is in output "
        "tokens a second, 1/s to 1000000/s");
    bad("distill_guard_action pace score=5 rate=2m/s", "invalid parameter "
        "\"rate=2m/s\" in \"distill_guard_action pace\": a pace is in output "
        "tokens a second, 1/s to 1000000/s");
    bad("distill_guard_action throttle score=5 rate=0/d", "invalid parameter "
        "\"rate=0/d\" in \"distill_guard_action throttle\": the number is at "
        "least 1");
    bad("distill_guard_action throttle score=5 rate=5/w", "invalid parameter "
        "\"rate=5/w\" in \"distill_guard_action throttle\": the period is s, "
        "m, h or d");
    bad("distill_guard_action block for=1h", "\"distill_guard_action block\" "
        "does not say from which score on: add score=N, 1 to 155");
    bad("distill_guard_action block off for=1h", "\"off\" in "
        "\"distill_guard_action block\" stands alone: leave out either that "
        "or the rest");
    bad("distill_guard_action block score=5 score=6", "\"score=\" is twice in "
        "\"distill_guard_action block\": leave one out");

    dg_policy_init(&policy);
    says(&policy, "distill_guard_action tag off");
    dg_ok(says(&policy, "distill_guard_action tag off") == DG_ERROR
          && strcmp(error, "\"distill_guard_action tag\" sets again what is "
                    "set already on this level") == 0, "%s", error);

    for (i = 0; i < dg_nelts(times); i++) {
        snprintf(text, sizeof(text), "distill_guard_action block score=5 "
                 "for=%s", times[i]);
        dg_policy_init(&policy);
        dg_ok(says(&policy, text) == DG_ERROR
              && strstr(error, "a time is 1s to 365d, as in 30s, 10m, 1h or "
                        "7d"), "%s", error);
    }
}


static void
check(const char *one, const char *two, const char *message)
{
    int  rc;

    dg_policy_init(&policy);

    if (says(&policy, one) != DG_OK || (two && says(&policy, two) != DG_OK)) {
        dg_ok(0, "%s", error);
        return;
    }

    memset(error, 0, sizeof(error));
    rc = dg_policy_check(&policy, error);

    dg_ok(rc == (message[0] ? DG_ERROR : DG_OK)
          && strcmp(error, message) == 0, "%s, %s: %s", one, two ? two : "",
          message[0] ? error : "can be meant");

    if (strcmp(error, message) != 0) {
        printf("#   %s\n", error);
    }
}


static void
test_check(void)
{
    check("distill_guard_signal template soft=200", NULL, "soft= and hard= of "
          "\"distill_guard_signal template\" are both 200: let them differ, "
          "with hard the lower where less is worse");
    check("distill_guard_signal balance hard=1.3", NULL, "soft= and hard= of "
          "\"distill_guard_signal balance\" are both 1.3: let them differ, "
          "with hard the lower where less is worse");
    check("distill_guard_signal template soft=0 hard=0 points=0", NULL, "");

    check("distill_guard_action pace score=50", NULL, "pace at score 50 is "
          "never reached: throttle begins at 45; lower its score or say "
          "\"distill_guard_action pace off;\"");
    check("distill_guard_action pace score=45", NULL, "");
    check("distill_guard_action tag score=36", NULL, "tag at score 36 is "
          "never reached: pace begins at 35; lower its score or say "
          "\"distill_guard_action tag off;\"");
    check("distill_guard_action throttle score=20",
          "distill_guard_action pace off", "tag at score 25 is never reached: "
          "throttle begins at 20; lower its score or say "
          "\"distill_guard_action tag off;\"");
    check("distill_guard_action pace score=50",
          "distill_guard_action throttle off", "");
    check("distill_guard_action tag off", "distill_guard_action pace score=1",
          "");

    /* block takes linkage: whoever has none comes to the others */

    check("distill_guard_action block score=30", NULL, "");
}


static void
test_mutations(void)
{
    char      text[128];
    size_t    len;
    unsigned  i, n, round, good, wrong;
    uint64_t  seed;

    static const char  *texts[] = {
        "distill_guard_signal balance soft=3 hard=1.5k points=25",
        "distill_guard_signal relay off",
        "distill_guard_action throttle score=45 rate=100/d",
        "distill_guard_action block score=80 for=1h30m"
    };
    static const char  special[] = "0123456789kmhdsyM=/. off";

    seed = 7;
    good = 0;
    wrong = 0;

    for (round = 0; round < MUTATIONS; round++) {
        snprintf(text, sizeof(text), "%s", texts[round % dg_nelts(texts)]);
        len = strlen(text);

        for (n = dg_test_random(&seed) % 4; n; n--) {
            text[21 + dg_test_random(&seed) % (len - 21)]
                = special[dg_test_random(&seed) % (sizeof(special) - 1)];
        }

        /* two words at least, as who reads them makes sure */

        if (text[21] == ' ' || strchr(text + 21, ' ') == NULL) {
            continue;
        }

        dg_policy_init(&policy);

        if (says(&policy, text) != DG_OK) {
            wrong += (error[0] == '\0' || memchr(error, '\0', DG_CONF_ERROR)
                      == NULL);
            continue;
        }

        good++;

        for (i = 0; i < DG_SIGNALS; i++) {
            wrong += !(policy.signals[i].soft >= 0
                       && policy.signals[i].soft <= 1e15
                       && policy.signals[i].hard >= 0
                       && policy.signals[i].hard <= 1e15
                       && policy.signals[i].points <= 100);
        }

        for (i = 0; i < DG_ACTIONS; i++) {
            wrong += policy.actions[i].score > DG_SCORE_MAX
                     || policy.actions[i].pace > DG_PACE_MAX
                     || policy.actions[i].seconds > DG_BLOCK_MAX;
        }
    }

    dg_ok(good > MUTATIONS / 8 && wrong == 0, "of any text a policy (%u) or a "
          "message is made", good);
}


int
main(void)
{
    test_defaults();
    test_signals();
    test_actions();
    test_inherit();
    test_bad_signals();
    test_bad_numbers();
    test_bad_actions();
    test_check();
    test_mutations();

    return dg_done();
}
