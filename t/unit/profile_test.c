/*
 * Copyright (C) 2026 Distill Guard
 *
 * What is remembered of an account, and for how long.
 */


#include "dg_profile.h"
#include "dg_test.h"


#define DAY    86400u
#define NOW    1767225600u               /* 2026-01-01 00:00:00 UTC */
#define NOON   (NOW + DAY / 2)


/* what an exchange brings; each content, and each mark, is another one */

typedef struct {
    dg_request_facts_t  rq;
    dg_usage_t          usage;
    dg_id_t             origin;
    dg_act_t            act;
} kit_act_t;


static uint64_t  seed = 5;


static dg_id_t
random_id(void)
{
    dg_id_t  id;

    id.v[0] = dg_test_random(&seed);
    id.v[1] = dg_test_random(&seed);

    return id;
}


static void
act_init(kit_act_t *k)
{
    memset(k, 0, sizeof(kit_act_t));

    k->rq.present = 1;
    k->rq.n = 1;
    k->rq.temperature = -1;
    k->rq.turns[DG_ROLE_USER] = 1;
    k->rq.content = random_id();
    k->rq.content_len = 300;
    k->rq.marks.n = 2;
    k->rq.marks.kind[0] = DG_MARK_HEAD_24;
    k->rq.marks.value[0] = dg_test_random(&seed);
    k->rq.marks.kind[1] = DG_MARK_TAIL_24;
    k->rq.marks.value[1] = dg_test_random(&seed);
    k->usage.input = 10;
    k->usage.output = 100;
    k->usage.source = DG_SOURCE_REPORTED;
    k->origin.v[1] = 1;

    k->act.rq = &k->rq;
    k->act.usage = &k->usage;
    k->act.origin = &k->origin;
}


static void
count(dg_profile_t *p, kit_act_t *k, uint32_t now)
{
    dg_profile_turn(p, now);
    dg_profile_count(p, &k->act, now);
}


/* so many exchanges that have nothing about them */

static void
counts(dg_profile_t *p, unsigned n, uint32_t now)
{
    unsigned   i;
    kit_act_t  k;

    for (i = 0; i < n; i++) {
        act_init(&k);
        count(p, &k, now);
    }
}


static void
test_day(void)
{
    dg_tally_t    sum, turned;
    dg_profile_t  p, q;

    memset(&p, 0, sizeof(dg_profile_t));
    counts(&p, 40, NOON);

    dg_profile_day(&p, &sum, NOON);
    dg_ok(sum.requests == 40 && sum.openings == 40 && sum.output == 4000,
          "requests are counted, and tokens");

    dg_profile_day(&p, &sum, NOW + DAY);
    dg_ok(sum.requests == 40, "those of yesterday, at midnight");

    dg_profile_day(&p, &sum, NOW + DAY + DAY / 4);
    dg_ok(sum.requests == 30 && sum.output == 3000,
          "less and less of them over the day");

    dg_profile_day(&p, &sum, NOW + 2 * DAY);
    dg_ok(sum.requests == 0, "none after that");

    q = p;
    dg_profile_turn(&q, NOW + DAY + DAY / 4);
    dg_profile_day(&p, &sum, NOW + DAY + DAY / 4);
    dg_profile_day(&q, &turned, NOW + DAY + DAY / 4);
    dg_ok(memcmp(&sum, &turned, sizeof(dg_tally_t)) == 0,
          "a profile need not be turned to be read");

    counts(&q, 12, NOW + DAY + DAY / 4);
    dg_profile_day(&q, &sum, NOW + DAY + DAY / 4);
    dg_ok(sum.requests == 42, "today's are added");

    counts(&q, 1, NOON);
    dg_profile_day(&q, &sum, NOW + DAY + DAY / 4);
    dg_ok(sum.requests == 43, "time that goes back takes nothing");

    dg_profile_turn(&q, NOW + 9 * DAY);
    dg_profile_day(&q, &sum, NOW + 9 * DAY);
    dg_ok(sum.requests == 0 && q.tally[1].requests == 0,
          "after days of nothing there is nothing");
}


static void
test_contents(void)
{
    unsigned      i;
    dg_id_t       content;
    dg_tally_t   *t;
    kit_act_t     k;
    dg_profile_t  p;

    memset(&p, 0, sizeof(dg_profile_t));
    t = &p.tally[0];

    act_init(&k);
    content = k.rq.content;
    count(&p, &k, NOW);
    dg_ok(t->repeats == 0 && t->samples == 0, "a content is no repetition");

    counts(&p, DG_PROFILE_CONTENTS - 1, NOW);
    count(&p, &k, NOW);
    dg_ok(t->repeats == 1 && t->samples == 1,
          "until it is asked again soon after, which takes a sample");

    k.rq.temperature = 0;
    count(&p, &k, NOW);
    dg_ok(t->repeats == 2 && t->samples == 1, "but none at temperature 0");

    k.rq.temperature = 700;
    k.rq.turns[DG_ROLE_ASSISTANT] = 1;
    count(&p, &k, NOW);
    dg_ok(t->repeats == 2 && t->openings == DG_PROFILE_CONTENTS + 2
          && t->requests == DG_PROFILE_CONTENTS + 3,
          "a later turn repeats nothing");

    counts(&p, DG_PROFILE_CONTENTS, NOW);
    act_init(&k);
    k.rq.content = content;
    count(&p, &k, NOW);
    dg_ok(t->repeats == 2, "nor does what was long ago");

    act_init(&k);
    k.rq.n = 8;
    count(&p, &k, NOW);
    dg_ok(t->samples == 2, "several answers at once are samples");

    for (i = 0; i < 3; i++) {
        act_init(&k);
        k.act.accounts = 1 + i;
        count(&p, &k, NOW);
    }

    dg_ok(t->shared == 1, "what three accounts had is shared");

    count(&p, &k, NOW);
    dg_ok(t->shared == 1, "and counts once");
}


static void
test_frames(void)
{
    unsigned      i, n, before;
    dg_tally_t   *t;
    kit_act_t     k;
    dg_profile_t  p;

    memset(&p, 0, sizeof(dg_profile_t));
    t = &p.tally[0];

    counts(&p, 200, NOW);
    dg_ok(t->framed == 0, "requests that begin and end as no other have none");

    for (i = 0; i < 100; i++) {
        act_init(&k);
        k.rq.marks.value[0] = 0x4711471147114711;
        count(&p, &k, NOW);
    }

    dg_ok(t->framed >= 80, "what they begin with becomes a frame (%u)",
          t->framed);

    before = t->framed;

    for (i = 0; i < 100; i++) {
        act_init(&k);
        k.rq.marks.value[1] = 0x1234123412341234;
        count(&p, &k, NOW);
    }

    dg_ok(t->framed - before >= 80, "and so what they end with (%u)",
          t->framed - before);

    memset(&p, 0, sizeof(dg_profile_t));

    for (i = 0; i < 300; i++) {
        act_init(&k);
        n = i % 5;
        k.rq.marks.value[0] = (n + 1) * 0x9e3779b97f4a7c15;
        count(&p, &k, NOW);
    }

    dg_ok(t->framed >= 240, "there may be several, one after the other (%u)",
          t->framed);

    memset(&p, 0, sizeof(dg_profile_t));

    for (i = 0; i < 100; i++) {
        act_init(&k);
        k.rq.marks.kind[0] = DG_MARK_HEAD_SHAPE;
        k.rq.marks.value[0] = 0x4711471147114711;
        k.rq.marks.n = 1;
        count(&p, &k, NOW);
    }

    dg_ok(t->framed == 0, "a shape alone is none");
}


static void
test_parameters(void)
{
    kit_act_t     k;
    dg_tally_t   *t;
    dg_profile_t  p;

    memset(&p, 0, sizeof(dg_profile_t));
    t = &p.tally[0];

    act_init(&k);
    k.rq.logprobs = 1;
    count(&p, &k, NOW);
    dg_ok(t->cells == 100, "a log probability for each token of an answer");

    k.rq.top_logprobs = 20;
    count(&p, &k, NOW);
    dg_ok(t->cells == 2100, "or as many as are asked for");

    act_init(&k);
    k.rq.prompt_logprobs = 64;
    count(&p, &k, NOW);
    dg_ok(t->cells == 2740, "and those of the prompt");

    k.rq.prompt_logprobs = 0;
    k.rq.logit_bias = 300;
    count(&p, &k, NOW);
    k.rq.logit_bias = 200;
    count(&p, &k, NOW);
    dg_ok(t->bias == 300, "the most biases are kept");

    k.rq.traces = 1;
    count(&p, &k, NOW);
    dg_ok(t->traces == 1, "traces asked for are counted");

    k.act.relay = 1;
    count(&p, &k, NOW);
    k.act.relay = 0;
    k.rq.invisible = 3;
    count(&p, &k, NOW);
    dg_ok(t->relayed == 2, "headers that lie, and words with hidden gaps");

    k.act.near = 1;
    count(&p, &k, NOW + 60);
    count(&p, &k, NOW + 61);
    count(&p, &k, NOW + 120);
    dg_ok(t->hugged == 2, "minutes near a limit, each once");
}


static void
test_probes(void)
{
    kit_act_t  k;

    act_init(&k);
    dg_ok(!dg_profile_probe(&k.rq), "a request is no probe");

    k.rq.turns[DG_ROLE_USER] = 0;
    dg_ok(dg_profile_probe(&k.rq), "one of nothing is");

    k.rq.malformed = 1;
    dg_ok(!dg_profile_probe(&k.rq), "what is malformed is not");
    k.rq.malformed = 0;

    k.rq.encoded = 1;
    dg_ok(!dg_profile_probe(&k.rq), "nor what could not be read");
    k.rq.encoded = 0;

    k.rq.present = 0;
    dg_ok(!dg_profile_probe(&k.rq), "nor what has no body");
    k.rq.present = 1;

    k.rq.token_ids = 5;
    dg_ok(!dg_profile_probe(&k.rq), "nor a prompt of numbers");
}


static void
test_ties(void)
{
    unsigned      i;
    dg_id_t       partner;
    dg_profile_t  p;

    memset(&p, 0, sizeof(dg_profile_t));
    dg_profile_turn(&p, NOW);

    partner.v[0] = 1;

    for (i = 0; i < 5; i++) {
        partner.v[1] = i * 3;
        dg_profile_tie(&p, DG_TIE_PROVENANCE, &partner);
        dg_profile_tie(&p, DG_TIE_PROVENANCE, &partner);
    }

    dg_ok(dg_profile_partners(&p, DG_TIE_PROVENANCE) == 5
          && dg_profile_partners(&p, DG_TIE_FAILOVER) == 0
          && dg_profile_ties(&p) == 5, "partners are counted once each");

    partner.v[1] = 12;
    dg_profile_tie(&p, DG_TIE_FAILOVER, &partner);
    dg_ok(dg_profile_partners(&p, DG_TIE_FAILOVER) == 1
          && dg_profile_ties(&p) == 5, "and of any kind, too");

    dg_profile_turn(&p, NOW + DAY);
    partner.v[1] = 40;
    dg_profile_tie(&p, DG_TIE_PROVENANCE, &partner);
    dg_ok(dg_profile_partners(&p, DG_TIE_PROVENANCE) == 6,
          "yesterday's are among them");

    dg_profile_turn(&p, NOW + 2 * DAY);
    dg_ok(dg_profile_partners(&p, DG_TIE_PROVENANCE) == 1,
          "those of before are not");

    dg_profile_turn(&p, NOW + 4 * DAY);
    dg_ok(dg_profile_ties(&p) == 0, "none after two days");
}


/* the first name of a model whose habit is another than that of "m" */

static void
other_model(kit_act_t *k)
{
    unsigned      i, c;
    dg_profile_t  p;

    for (c = 'a'; c < 'm'; c++) {
        memset(&p, 0, sizeof(dg_profile_t));

        k->rq.model[0] = 'm';
        k->rq.model_len = 1;
        count(&p, k, NOW);
        k->rq.model[0] = (u_char) c;
        count(&p, k, NOW);

        for (i = 0; i < DG_PROFILE_HABITS; i++) {
            if (p.habits[0][i] == 2) {
                break;
            }
        }

        if (i == DG_PROFILE_HABITS) {
            return;
        }
    }
}


static void
test_shift(void)
{
    unsigned      i;
    double        shift;
    kit_act_t     old, new;
    dg_profile_t  p;

    memset(&p, 0, sizeof(dg_profile_t));

    act_init(&old);
    act_init(&new);
    other_model(&new);
    old.rq.model[0] = 'm';
    old.rq.model_len = 1;

    for (i = 0; i < 200; i++) {
        count(&p, &old, NOW);
    }

    dg_ok(dg_profile_shift(&p) == 0, "who has no past is not unlike it");

    for (i = 0; i < 40; i++) {
        count(&p, &new, NOW + DAY);
    }

    dg_ok(dg_profile_shift(&p) == 0, "nor is who did little today");

    for (i = 0; i < 40; i++) {
        count(&p, &new, NOW + DAY);
    }

    dg_ok(dg_profile_shift(&p) == 1, "all is other than before");

    for (i = 0; i < 80; i++) {
        count(&p, &old, NOW + DAY);
    }

    shift = dg_profile_shift(&p);
    dg_ok(shift > 0.49 && shift < 0.51, "or half of it: %.2f", shift);

    for (i = 0; i < 160; i++) {
        count(&p, &old, NOW + 2 * DAY);
    }

    shift = dg_profile_shift(&p);
    dg_ok(shift > 0.25 && shift < 0.35, "its past is of all days before, "
          "the last ones most: %.2f", shift);
}


static void
test_networks(void)
{
    unsigned      i, n;
    kit_act_t     k;
    dg_profile_t  p;

    memset(&p, 0, sizeof(dg_profile_t));

    for (i = 0; i < 40; i++) {
        act_init(&k);
        k.origin = random_id();
        k.act.asn = (i < 20) ? 0 : 64500 + i % 4 * 77;
        count(&p, &k, NOW);
    }

    n = dg_profile_networks(&p, NOW);
    dg_ok(n >= 30 && n <= 50, "40 networks are counted as %u", n);

    n = dg_profile_hosts(&p, NOW);
    dg_ok(n >= 3 && n <= 5, "four of them hosting: %u", n);

    dg_ok(dg_profile_networks(&p, NOW + 3600) > 0
          && dg_profile_networks(&p, NOW + 7200) == 0
          && dg_profile_hosts(&p, NOW + 7200) == 0,
          "they are remembered into the next hour");

    act_init(&k);
    count(&p, &k, NOW + 3600);
    n = dg_profile_networks(&p, NOW + 3600);
    dg_ok(n >= 30 && n <= 52, "with those of that hour: %u", n);

    count(&p, &k, NOW + 7200);
    dg_ok(dg_profile_networks(&p, NOW + 7200) == 1
          && dg_profile_hosts(&p, NOW + 7200) == 0, "and then forgotten");
}


static void
test_activity(void)
{
    unsigned      i;
    kit_act_t     k;
    dg_profile_t  p;

    memset(&p, 0, sizeof(dg_profile_t));
    act_init(&k);

    for (i = 0; i < 64; i += 2) {
        count(&p, &k, NOW + i * DG_PROFILE_SLOT);
        count(&p, &k, NOW + i * DG_PROFILE_SLOT + 9);
    }

    dg_ok(p.activity == 0x5555555555555555, "each slot that it works in has "
          "a bit");

    count(&p, &k, NOW + 61 * DG_PROFILE_SLOT);
    dg_ok(p.activity == (0x5555555555555555 | 2), "also late");

    count(&p, &k, NOW);
    count(&p, &k, NOW + 126 * DG_PROFILE_SLOT);
    dg_ok(p.activity == 1, "and none after the last 64");
}


int
main(void)
{
    test_day();
    test_contents();
    test_frames();
    test_parameters();
    test_probes();
    test_ties();
    test_shift();
    test_networks();
    test_activity();

    return dg_done();
}
