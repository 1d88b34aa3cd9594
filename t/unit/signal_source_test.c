/*
 * Copyright (C) 2026 Distill Guard
 *
 * Signals of what is asked for besides text, and of where it is asked.
 */


#include "signal_kit.h"


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


/* the first thing that an account ever sends, then a job */

static void
begins(kit_guard_t *g, kit_ask_t *a, const char *body)
{
    *a = kit_of(1);
    a->status = 400;
    (void) kit_ask(g, a, body);

    job(g, a, KIT_FRAME, 200, 1000, "");
}


static void
begins_with_nothing(kit_guard_t *g, kit_ask_t *a)
{
    begins(g, a, "{\"model\":\"large\",\"messages\":[]}");
}


static void
begins_with_mistake(kit_guard_t *g, kit_ask_t *a)
{
    begins(g, a, "{\"model\":\"large\",\"messages\":[{\"role\":\"robot\","
           "\"content\":\"hello\"}]}");
}


static void
bars_and_stops(kit_guard_t *g, kit_ask_t *a)
{
    job(g, a, KIT_FRAME, 200, 1000, ",\"logit_bias\":{\"50256\":-100},"
        "\"stop\":[\"\\n20\",\"20.\"]");
}


static void
two_stops(kit_guard_t *g, kit_ask_t *a)
{
    job(g, a, KIT_FRAME, 200, 1000, ",\"stop\":[\"\\n20\",\"20.\"]");
}


/* somebody whose program now and then has nothing to say */

static void
tries_nothing(kit_guard_t *g, kit_ask_t *a)
{
    unsigned  i;

    for (i = 0; i < 20; i++) {
        *a = kit_of(1);
        a->status = 400;
        (void) kit_ask(g, a, "{\"model\":\"large\",\"messages\":[]}");
        a->status = 200;
        (void) kit_ask(g, a, kit_body(kit_words(g, "", 20), ""));
        g->now_ms += 10000;
    }
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


static const signal_case_t  tests[] = {

    { DG_SIGNAL_LOGPROBS, 0, distributions, "whole distributions",
      classifies, "those of one word each" },

    { DG_SIGNAL_LOGPROBS, 0, biases, "hundreds of biases",
      two_biases, "two of them" },

    { DG_SIGNAL_REASONING, 0, traces, "reasoning asked for all the time",
      teacher, "a teacher" },

    { DG_SIGNAL_TOOLING, 0, begins_with_nothing, "a job begun by reading "
      "the limits", begins_with_mistake, "one begun with a mistake" },

    { DG_SIGNAL_TOOLING, 0, bars_and_stops, "a token barred and some stops",
      two_stops, "the stops alone" },

    { DG_SIGNAL_TOOLING, 0, bars_and_stops, "a token barred and some stops",
      tries_nothing, "requests of nothing that are no job" },

    { DG_SIGNAL_ORIGIN_SPREAD, 0, proxies, "an account behind proxies",
      mobile, "a mobile one" },

    { DG_SIGNAL_ORIGIN_CROWD, 0, machines, "accounts of one machine",
      office, "those of an office" },

    { DG_SIGNAL_RELAY, 0, pretends, "headers that contradict each other",
      talks, "headers that do not" },

    { DG_SIGNAL_RELAY, 0, hides, "characters hidden in words",
      writes_farsi, "a script that needs them" }
};


int
main(void)
{
    kit_signals(tests, dg_nelts(tests), 1u << DG_FAMILY_PARAMETERS
                | 1u << DG_FAMILY_ORIGIN);

    return dg_done();
}
