/*
 * Copyright (C) 2026 Distill Guard
 *
 * Each signal on the campaign that it is for, and on honest traffic that
 * looks alike.  Where a signal is off its campaign is not told any more, so
 * each of these is about that signal alone.
 */


#include "guard_kit.h"


/* thresholds are tuned: traffic follows them, not the other way round */

#define soft(name)  (dg_signals[DG_SIGNAL_##name].soft)
#define hard(name)  (dg_signals[DG_SIGNAL_##name].hard)
#define half(name)  ((unsigned) ((soft(name) + hard(name)) / 2))


/* --- linkage --- */

static void
pool(kit_guard_t *g, kit_ask_t *a)
{
    kit_pool(g, a, 1, 10, 100);
}


/* an organisation replaces a key in the middle of its work */

static void
new_key(kit_guard_t *g, kit_ask_t *a)
{
    unsigned  i;

    for (i = 0; i < 100; i++) {
        *a = kit_of(i < 50 ? 1 : 2);
        a->issues = 1 + i;

        (void) kit_ask(g, a, i ? kit_turn(kit_words(g, "", 40), i)
                               : kit_body(kit_words(g, "", 40), ""));
        g->now_ms += 1000;
    }
}


/*
 * What one account is refused the next one asks: of so many, and so often.
 * All of them were answered before.
 */

static void
fall_back(kit_guard_t *g, kit_ask_t *a, unsigned accounts, unsigned times)
{
    unsigned  i, who;
    char      text[KIT_TEXT];

    for (i = 0; i < accounts; i++) {
        *a = kit_of(1 + i);
        (void) kit_ask(g, a, kit_body(kit_words(g, "", 40), ""));
    }

    for (i = 0; i < times; i++) {
        strcpy(text, kit_words(g, "", 60));
        who = (unsigned) (dg_test_random(&g->seed) % accounts);

        *a = kit_of(1 + who);
        a->status = 429;
        (void) kit_ask(g, a, kit_body(text, ""));
        g->now_ms += 2000;

        who += 1 + (unsigned) (dg_test_random(&g->seed) % (accounts - 1));

        *a = kit_of(1 + who % accounts);
        (void) kit_ask(g, a, kit_body(text, ""));
        g->now_ms += 60000;
    }

    (void) kit_ask(g, a, kit_body(kit_words(g, "", 40), ""));
}


static void
next_account(kit_guard_t *g, kit_ask_t *a)
{
    fall_back(g, a, 12, 100);
}


static void
second_key(kit_guard_t *g, kit_ask_t *a)
{
    fall_back(g, a, 2, 100);
}


/* a relay asks several accounts for the same to choose among the answers */

static void
same_tasks(kit_guard_t *g, kit_ask_t *a)
{
    unsigned  i, k;
    char      text[KIT_TEXT];

    for (i = 0; i < half(REPEAT); i++) {
        strcpy(text, kit_words(g, "", 60));

        for (k = 0; k < 6; k++) {
            *a = kit_of(1 + k);
            (void) kit_ask(g, a, kit_body(text, ""));
            g->now_ms += 1000;
        }
    }
}


/* many read of the same prompt, try it, and go on with what is theirs */

static void
viral(kit_guard_t *g, kit_ask_t *a)
{
    unsigned  i, k;
    char      text[KIT_TEXT];

    strcpy(text, kit_words(g, "", 60));

    for (i = 0; i < 60; i++) {
        *a = kit_of(1 + i);
        (void) kit_ask(g, a, kit_body(text, ""));

        for (k = 0; k < half(REPEAT); k++) {
            (void) kit_ask(g, a, kit_body(kit_words(g, "", 60), ""));
            g->now_ms += 1000;
        }
    }
}


static void
one_frame(kit_guard_t *g, kit_ask_t *a)
{
    kit_turns(g, a, 1, (unsigned) hard(TEMPLATE) * 11 / 10, 6);
}


/* accounts of long ago are told of a frame, and use it as evenly */

static void
app(kit_guard_t *g, kit_ask_t *a)
{
    unsigned  i, n;

    n = (unsigned) hard(TEMPLATE) * 11 / 10;

    for (i = 0; i < n; i++) {
        *a = kit_of(1 + i);
        (void) kit_ask(g, a, kit_body(kit_words(g, "", 40), ""));
    }

    g->now_ms += 30 * DAY;
    kit_turns(g, a, 1, n, 6);
}


/* --- cohort --- */

static void
in_turn(kit_guard_t *g, kit_ask_t *a)
{
    kit_turns(g, a, 1, 80, 8);
}


/* as many accounts and requests; most want little, some want much */

static void
as_they_like(kit_guard_t *g, kit_ask_t *a)
{
    unsigned  i, r;

    for (i = 0; i < 80 * 8; i++) {
        r = (unsigned) (dg_test_random(&g->seed) % 1000);

        *a = kit_of(1 + 80 * r / 1000 * r / 1000 * r / 1000);
        (void) kit_ask(g, a, kit_body(kit_words(g, KIT_FRAME, 20), ""));
        g->now_ms += 1000;
    }
}


/* over 64 periods of five minutes, of which each account works in a third */

static void
hours(kit_guard_t *g, kit_ask_t *a, unsigned together)
{
    unsigned  slot, i;
    uint64_t  works;

    for (slot = 0; slot < 64; slot++) {
        works = dg_test_random(&g->seed) >> 40;

        for (i = 0; i < 40; i++) {

            if (!together) {
                works = dg_test_random(&g->seed) >> 40;
            }

            if (works % 3 == 0) {
                *a = kit_of(1 + i);
                (void) kit_ask(g, a, kit_body(kit_words(g, KIT_FRAME, 20),
                                              ""));
            }
        }

        g->now_ms += 5 * MINUTE;
    }
}


static void
same_hours(kit_guard_t *g, kit_ask_t *a)
{
    hours(g, a, 1);
}


static void
own_hours(kit_guard_t *g, kit_ask_t *a)
{
    hours(g, a, 0);
}


/* --- job shape: one account, n requests, all with a frame or none --- */

static void
job(kit_guard_t *g, kit_ask_t *a, const char *frame, unsigned n,
    unsigned output, const char *members)
{
    unsigned  i;

    for (i = 0; i < n; i++) {
        *a = kit_of(1);
        a->output = output;
        (void) kit_ask(g, a, kit_body(kit_words(g, frame, 30), members));
        g->now_ms += 10000;
    }
}


static void
slots(kit_guard_t *g, kit_ask_t *a)
{
    job(g, a, KIT_FRAME, half(SLOT_JOB), 900, "");
}


static void
labels(kit_guard_t *g, kit_ask_t *a)
{
    job(g, a, KIT_FRAME, half(SLOT_JOB), 20, "");
}


static void
all_different(kit_guard_t *g, kit_ask_t *a)
{
    job(g, a, "", half(ENUMERATION), 900, "");
}


/* as much, but of somebody who listens to the answers */

static void
talks(kit_guard_t *g, kit_ask_t *a)
{
    unsigned  i;

    for (i = 0; i < half(ENUMERATION); i++) {
        *a = kit_of(1);
        a->output = 900;
        a->issues = 1 + i;
        (void) kit_ask(g, a, i % 3 ? kit_turn(kit_words(g, "", 30), i)
                                   : kit_body(kit_words(g, "", 30), ""));
        g->now_ms += 10000;
    }
}


static void
many_answers(kit_guard_t *g, kit_ask_t *a)
{
    job(g, a, "", 200, 4800, ",\"n\":8");
}


static void
asks_again(kit_guard_t *g, kit_ask_t *a)
{
    unsigned  i;
    char      text[KIT_TEXT];

    for (i = 0; i < 100; i++) {
        strcpy(text, kit_words(g, "", 30));

        *a = kit_of(1);
        a->output = 600;
        (void) kit_ask(g, a, kit_body(text, ",\"temperature\":1"));
        (void) kit_ask(g, a, kit_body(text, ",\"temperature\":1"));
        (void) kit_ask(g, a, kit_body(text, ",\"temperature\":1"));
        g->now_ms += 10000;
    }
}


/* what ran into an outage is sent again, and an evaluation does so at 0 */

static void
retries(kit_guard_t *g, kit_ask_t *a)
{
    unsigned  i, k;
    char      text[KIT_TEXT];

    for (i = 0; i < 100; i++) {
        strcpy(text, kit_words(g, "", 30));

        for (k = 0; k < 3; k++) {
            *a = kit_of(1);
            a->output = 600;
            a->status = (k < 2) ? 503 : 200;
            (void) kit_ask(g, a, kit_body(text, ",\"temperature\":1"));
        }

        strcpy(text, kit_words(g, "", 30));

        (void) kit_ask(g, a, kit_body(text, ",\"temperature\":0"));
        (void) kit_ask(g, a, kit_body(text, ",\"temperature\":0"));
        g->now_ms += 10000;
    }
}


/* so many requests in each minute of hours, under a limit of twelve */

static void
minutes(kit_guard_t *g, kit_ask_t *a, unsigned each)
{
    unsigned    i;
    dg_limit_t  limit;

    memset(&limit, 0, sizeof(dg_limit_t));

    limit.kind = DG_KIND_KEY;
    limit.metric = DG_METRIC_REQUESTS;
    limit.period = DG_MINUTE;
    limit.n = 12;

    g->rules.limits = &limit;
    g->rules.nlimits = 1;

    for (i = 0; i < half(LIMIT_HUGGING) * each; i++) {
        *a = kit_of(1);
        (void) kit_ask(g, a, kit_body(kit_words(g, "", 10), ""));
        g->now_ms += 60000 / each;
    }

    g->rules.nlimits = 0;
    g->rules.limits = NULL;
}


static void
fills_limit(kit_guard_t *g, kit_ask_t *a)
{
    minutes(g, a, 12);
}


static void
below_limit(kit_guard_t *g, kit_ask_t *a)
{
    minutes(g, a, 6);
}


static void
probes(kit_guard_t *g, kit_ask_t *a, unsigned n, const char *messages)
{
    unsigned  i;

    *a = kit_of(1);
    (void) kit_ask(g, a, kit_body(kit_words(g, "", 10), ""));

    for (i = 0; i < n; i++) {
        a->status = 400;
        (void) kit_ask(g, a, messages);
        g->now_ms += 10000;
    }

    a->status = 200;
    (void) kit_ask(g, a, kit_body(kit_words(g, "", 10), ""));
}


static void
reads_limit(kit_guard_t *g, kit_ask_t *a)
{
    probes(g, a, half(LIMIT_HUGGING) / 60,
           "{\"model\":\"large\",\"messages\":[]}");
}


/* as many mistakes of somebody who learns how it is done */

static void
mistakes(kit_guard_t *g, kit_ask_t *a)
{
    probes(g, a, half(LIMIT_HUGGING) / 60,
           "{\"model\":\"large\",\"messages\":[{\"role\":\"robot\","
           "\"content\":\"hello\"}]}");
}


/* a day of short talks with one model, then so many other requests of 100 */

static void
days(kit_guard_t *g, kit_ask_t *a, unsigned other)
{
    unsigned  i;

    for (i = 0; i < 300; i++) {
        *a = kit_of(1);
        (void) kit_ask(g, a, "{\"model\":\"small\",\"messages\":[{\"role\":"
                       "\"user\",\"content\":\"hello\"}]}");
        g->now_ms += 10000;
    }

    g->now_ms = START + DAY;

    for (i = 0; i < 100; i++) {
        (void) kit_ask(g, a, i < other ? kit_body(kit_words(g, "", 60), "")
                       : "{\"model\":\"small\",\"messages\":[{\"role\":"
                         "\"user\",\"content\":\"hello\"}]}");
        g->now_ms += 10000;
    }

    (void) kit_ask(g, a, kit_body("hello", ""));
}


static void
becomes_another(kit_guard_t *g, kit_ask_t *a)
{
    days(g, a, 100);
}


static void
new_feature(kit_guard_t *g, kit_ask_t *a)
{
    days(g, a, 30);
}


/* --- parameters --- */

static void
distributions(kit_guard_t *g, kit_ask_t *a)
{
    job(g, a, "", half(LOGPROBS) / 1000 / 20 + 1, 1000,
        ",\"logprobs\":true,\"top_logprobs\":20");
}


/* as many requests of a classifier, whose answers are a word long */

static void
classifies(kit_guard_t *g, kit_ask_t *a)
{
    job(g, a, "", half(LOGPROBS) / 1000 / 20 + 1, 1,
        ",\"logprobs\":true,\"top_logprobs\":20");
}


static void
biases(kit_guard_t *g, kit_ask_t *a)
{
    char      *p, *last, members[8192];
    unsigned   i;

    p = members;
    last = members + sizeof(members);
    p += snprintf(p, (size_t) (last - p), ",\"logit_bias\":{");

    for (i = 0; i < 400; i++) {
        p += snprintf(p, (size_t) (last - p), "%s\"%u\":1", i ? "," : "", i);
    }

    (void) snprintf(p, (size_t) (last - p), "}");

    *a = kit_of(1);

    /* longer than what kit_body() has room for */

    p = malloc(sizeof(members) + KIT_BODY);

    if (p == NULL) {
        abort();
    }

    snprintf(p, sizeof(members) + KIT_BODY, "{\"model\":\"large\","
             "\"messages\":[{\"role\":\"user\",\"content\":\"%s\"}]%s}",
             kit_words(g, "", 30), members);
    (void) kit_ask(g, a, p);
    free(p);

    (void) kit_ask(g, a, kit_body(kit_words(g, "", 30), ""));
}


/* somebody does not want to read two words */

static void
two_biases(kit_guard_t *g, kit_ask_t *a)
{
    job(g, a, "", 100, 200, ",\"logit_bias\":{\"11\":-100,\"12\":-100}");
}


/* of 400 requests so many of a hundred ask for it in these words */

static void
shown(kit_guard_t *g, kit_ask_t *a, unsigned share)
{
    unsigned  i;
    char      frame[2 * DG_LEXICON_LONGEST];

    snprintf(frame, sizeof(frame), "%.*s, and then: ",
             (int) dg_lexicon_phrase(0)->len,
             (const char *) dg_lexicon_phrase(0)->data);

    for (i = 0; i < 400; i++) {
        *a = kit_of(1);
        (void) kit_ask(g, a, kit_body(kit_words(g, i % 100 < share ? frame
                                                                   : "", 20),
                                      ""));
        g->now_ms += 10000;
    }
}


static void
traces(kit_guard_t *g, kit_ask_t *a)
{
    shown(g, a, 90);
}


static void
teacher(kit_guard_t *g, kit_ask_t *a)
{
    shown(g, a, 10);
}


/* --- origin --- */

/* an account in one hour, from so many networks of eight companies */

static void
networks(kit_guard_t *g, kit_ask_t *a, unsigned hosting)
{
    unsigned  i;

    for (i = 0; i < half(ORIGIN_SPREAD) * 2; i++) {
        *a = kit_of(1);
        a->origin = i;
        a->asn = 64500 + i % 8;
        a->hosting = hosting;
        (void) kit_ask(g, a, kit_body(kit_words(g, "", 20), ""));
        g->now_ms += 10000;
    }
}


static void
proxies(kit_guard_t *g, kit_ask_t *a)
{
    networks(g, a, 1);
}


static void
mobile(kit_guard_t *g, kit_ask_t *a)
{
    networks(g, a, 0);
}


/* many accounts from one network */

static void
crowd(kit_guard_t *g, kit_ask_t *a, unsigned hosting)
{
    unsigned  i;

    for (i = 0; i < (unsigned) hard(ORIGIN_CROWD) + 5; i++) {
        *a = kit_of(1 + i);
        a->origin = 1;
        a->asn = 64500;
        a->hosting = hosting;
        (void) kit_ask(g, a, kit_body(kit_words(g, "", 20), ""));
        g->now_ms += 10000;
    }
}


static void
machines(kit_guard_t *g, kit_ask_t *a)
{
    crowd(g, a, 1);
}


static void
office(kit_guard_t *g, kit_ask_t *a)
{
    crowd(g, a, 0);
}


static void
pretends(kit_guard_t *g, kit_ask_t *a)
{
    unsigned  i;

    for (i = 0; i < 20; i++) {
        *a = kit_of(1);
        a->relay = 1;
        (void) kit_ask(g, a, kit_body(kit_words(g, "", 20), ""));
        g->now_ms += 10000;
    }
}


/* zero-width characters within words, and where scripts need them */

static void
hides(kit_guard_t *g, kit_ask_t *a)
{
    *a = kit_of(1);
    (void) kit_ask(g, a, kit_body("how does a cur\xe2\x80\x8btain hang", ""));
    (void) kit_ask(g, a, kit_body("and how a flag", ""));
}


static void
writes_farsi(kit_guard_t *g, kit_ask_t *a)
{
    *a = kit_of(1);
    (void) kit_ask(g, a, kit_body("\xd9\x85\xdb\x8c\xe2\x80\x8c\xd8\xb1\xd9"
                                  "\x88\xd9\x85", ""));
    (void) kit_ask(g, a, kit_body("and how a flag", ""));
}


/*
 * The score that counts is the one found for the last exchange, or else that
 * of the cohort alone, which need not have a name.
 */

typedef void (*traffic_t)(kit_guard_t *g, kit_ask_t *a);

static const struct {
    dg_signal_id_t  signal;
    unsigned        cohort;
    traffic_t       campaign;
    const char     *what;
    traffic_t       twin;
    const char     *like;
} tests[] = {

    { DG_SIGNAL_PROVENANCE, 0, pool, "a conversation among ten accounts",
      new_key, "a key replaced by another" },

    { DG_SIGNAL_FAILOVER, 0, next_account, "a pool that tries the next one",
      second_key, "one key behind another" },

    { DG_SIGNAL_REPEAT, 0, same_tasks, "the same tasks for six accounts",
      viral, "a prompt that everybody tries" },

    { DG_SIGNAL_TEMPLATE, 0, one_frame, "fresh accounts behind one frame",
      app, "an app of old accounts" },

    { DG_SIGNAL_BALANCE, 1, in_turn, "accounts that take turns",
      as_they_like, "accounts of people who want more or less" },

    { DG_SIGNAL_SYNCHRONY, 1, same_hours, "accounts that work together",
      own_hours, "accounts that work when they like" },

    { DG_SIGNAL_SLOT_JOB, 0, slots, "a frame filled again and again",
      labels, "labels for as many" },

    { DG_SIGNAL_ENUMERATION, 0, all_different, "a list, item by item",
      talks, "somebody who asks back" },

    { DG_SIGNAL_SAMPLING, 0, many_answers, "eight answers for each",
      retries, "retries" },

    { DG_SIGNAL_SAMPLING, 0, asks_again, "each asked three times",
      retries, "retries" },

    { DG_SIGNAL_LIMIT_HUGGING, 0, fills_limit, "a limit filled for hours",
      below_limit, "half of it for as long" },

    { DG_SIGNAL_LIMIT_HUGGING, 0, reads_limit, "requests of nothing",
      mistakes, "mistakes" },

    { DG_SIGNAL_SHIFT, 0, becomes_another, "an account that is another now",
      new_feature, "a new feature" },

    { DG_SIGNAL_LOGPROBS, 0, distributions, "whole distributions",
      classifies, "those of one word each" },

    { DG_SIGNAL_LOGPROBS, 0, biases, "hundreds of biases",
      two_biases, "two of them" },

    { DG_SIGNAL_REASONING, 0, traces, "reasoning asked for all the time",
      teacher, "a teacher" },

    { DG_SIGNAL_ORIGIN_SPREAD, 0, proxies, "an account behind proxies",
      mobile, "a mobile one" },

    { DG_SIGNAL_ORIGIN_CROWD, 0, machines, "accounts of one machine",
      office, "those of an office" },

    { DG_SIGNAL_RELAY, 0, pretends, "headers that contradict each other",
      talks, "headers that do not" },

    { DG_SIGNAL_RELAY, 0, hides, "characters hidden in words",
      writes_farsi, "a script that needs them" }
};


static unsigned
points(dg_signal_id_t signal, unsigned cohort, traffic_t traffic)
{
    kit_ask_t    a;
    kit_guard_t  g;
    dg_score_t   score;

    kit_guard(&g, 4 << 20);
    traffic(&g, &a);

    if (cohort) {
        kit_cohort_score(&g, &score);

    } else {
        score = a.finding.score;
    }

    kit_free(&g);

    return kit_reason(&score, signal);
}


static void
test_each(void)
{
    unsigned  i, found, seen[DG_SIGNALS];

    memset(seen, 0, sizeof(seen));

    for (i = 0; i < dg_nelts(tests); i++) {
        seen[tests[i].signal] = 1;

        found = points(tests[i].signal, tests[i].cohort, tests[i].campaign);

        dg_ok(found > 0, "%s: %s (%u)", dg_signals[tests[i].signal].name.data,
              tests[i].what, found);

        found = points(tests[i].signal, tests[i].cohort, tests[i].twin);

        dg_ok(found == 0, "... not %s (%u)", tests[i].like, found);
    }

    for (i = 0; i < DG_SIGNALS; i++) {
        dg_ok(seen[i], "%s is tested", dg_signals[i].name.data);
    }
}


/* --- scores --- */

static void
test_points(void)
{
    dg_signal_t  s;

    s.soft = 10;
    s.hard = 20;
    s.points = 50;

    dg_ok(dg_signal_points(&s, 10) == 0 && dg_signal_points(&s, 3) == 0,
          "soft and less give nothing");
    dg_ok(dg_signal_points(&s, 15) == 25, "half of the way half the points");
    dg_ok(dg_signal_points(&s, 20) == 50 && dg_signal_points(&s, 900) == 50,
          "hard and more all of them");

    s.soft = 3;
    s.hard = 1;

    dg_ok(dg_signal_points(&s, 4) == 0 && dg_signal_points(&s, 2) == 25
          && dg_signal_points(&s, 0) == 50, "less may be worse");
}


static void
test_table(void)
{
    unsigned     i, sum;
    dg_signal_t  signals[DG_SIGNALS];

    dg_signals_init(signals);

    for (i = 0; i < DG_SIGNALS; i++) {
        dg_ok(signals[i].soft == dg_signals[i].soft
              && signals[i].hard == dg_signals[i].hard
              && signals[i].points == dg_signals[i].points
              && signals[i].soft != signals[i].hard
              && dg_signals[i].family < DG_FAMILIES
              && dg_signals[i].window && dg_signals[i].value,
              "%s has its defaults", dg_signals[i].name.data);
    }

    sum = 0;

    for (i = 0; i < DG_FAMILIES; i++) {
        sum += dg_families[i].cap;
    }

    dg_ok(sum == DG_SCORE_MAX, "all caps together are the greatest score");
}


/* a profile with as much of several signals as there can be */

static void
test_score(void)
{
    unsigned      i, sums[DG_FAMILIES], order;
    uint32_t      now;
    dg_score_t    score;
    dg_sight_t    sight;
    dg_signal_t   signals[DG_SIGNALS];
    dg_profile_t  p;

    memset(&p, 0, sizeof(dg_profile_t));
    memset(&sight, 0, sizeof(dg_sight_t));

    now = START / 1000;

    dg_signals_init(signals);
    dg_signals_score(signals, &sight, &score);
    dg_ok(score.score == 0 && score.n == 0, "nobody has no score");

    sight.profile = &p;
    sight.now = now;
    p.day = now / 86400;
    dg_signals_score(signals, &sight, &score);
    dg_ok(score.score == 0 && score.n == 0, "nor has a new account");

    p.ties[DG_TIE_PROVENANCE][0] = UINT64_MAX;
    p.ties[DG_TIE_FAILOVER][0] = UINT64_MAX;
    p.tally[0].requests = 5000;
    p.tally[0].openings = 5000;
    p.tally[0].framed = 5000;
    p.tally[0].output = 5000000;
    p.tally[0].cells = 50000000;
    p.tally[0].traces = 5000;
    p.tally[0].relayed = 1000;
    p.tally[0].shared = 1000;

    dg_signals_score(signals, &sight, &score);

    memset(sums, 0, sizeof(sums));
    order = 1;

    for (i = 0; i < score.n; i++) {
        sums[dg_signals[score.reason[i].signal].family] +=
                                                      score.reason[i].points;

        if (i && score.reason[i].points > score.reason[i - 1].points) {
            order = 0;
        }
    }

    dg_ok(order && score.n > 1, "the reasons with most points come first");

    for (i = 0; i < DG_FAMILIES; i++) {
        dg_ok(score.families[i] <= dg_families[i].cap,
              "%s has no more than its cap", dg_families[i].name.data);
        dg_ok(sums[i] + 2 >= score.families[i]
              && sums[i] <= score.families[i] + 2,
              "... which its reasons share (%u of %u)", sums[i],
              score.families[i]);
    }

    dg_ok(score.families[DG_FAMILY_LINKAGE]
          == dg_families[DG_FAMILY_LINKAGE].cap
          && score.score == score.families[0] + score.families[1]
                            + score.families[2] + score.families[3]
                            + score.families[4],
          "the score is what the families have");

    dg_ok(kit_reason(&score, DG_SIGNAL_RELAY)
          && score.families[DG_FAMILY_ORIGIN]
             == dg_signal_points(&signals[DG_SIGNAL_RELAY], 0.2),
          "a single one has the points of its value");

    signals[DG_SIGNAL_RELAY].points = 0;
    dg_signals_score(signals, &sight, &score);

    dg_ok(!kit_reason(&score, DG_SIGNAL_RELAY)
          && score.families[DG_FAMILY_ORIGIN] == 0,
          "what is off gives none");
}


int
main(void)
{
    test_points();
    test_table();
    test_score();
    test_each();

    return dg_done();
}
