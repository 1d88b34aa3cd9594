/*
 * Copyright (C) 2026 Distill Guard
 *
 * Steps on the ladder: told once, up when found and down when it has come to
 * stay, kept until they are handed over.
 */


#include "guard_kit.h"
#include "dg_event.h"
#include "dg_sighting.h"
#include "dg_step.h"


#define MANY  64


static dg_step_t  steps[MANY];


/* those since then, and of this kind */

static unsigned
since(kit_guard_t *g, uint64_t *from, unsigned kind)
{
    unsigned   i, n, kept;
    uint64_t   at;

    n = dg_steps_read(dg_store_steps(g->st), *from, steps, MANY, &at);
    *from = at + n;
    kept = 0;

    for (i = 0; i < n; i++) {
        if (steps[i].kind == kind) {
            steps[kept++] = steps[i];
        }
    }

    return kept;
}


static dg_verdict_id_t
asks(kit_guard_t *g, uint64_t account)
{
    kit_ask_t  a;

    a = kit_of(account);

    return kit_ask(g, &a, kit_body(kit_words(g, "", 60), ""));
}


/* an account of two families, so that it may come to throttle by itself */

static void
suspect(kit_guard_t *g, uint64_t account)
{
    double     hard;
    unsigned   i;
    kit_ask_t  a;

    hard = g->policy.signals[DG_SIGNAL_LOGPROBS].hard;

    for (i = 0; i < 40; i++) {
        a = kit_of(account);
        a.relay = 1;
        a.output = (unsigned) (hard / 40 / 20) + 1;

        (void) kit_ask(g, &a, kit_body(kit_words(g, "", 20),
                       ",\"logprobs\":true,\"top_logprobs\":20"));
        g->now_ms += 1000;
    }
}


static void
test_account(void)
{
    u_char        text[DG_STEP_TEXT], *end;
    unsigned      i, n, told;
    uint64_t      from, until;
    kit_guard_t   g;

    kit_guard(&g, 4 << 20);
    from = 0;

    g.policy.actions[DG_ACTION_TAG].score = 5;
    g.policy.actions[DG_ACTION_PACE].score = 0;
    g.policy.actions[DG_ACTION_THROTTLE].score = 10;

    suspect(&g, 1);
    n = since(&g, &from, DG_KIND_KEY);
    dg_ok(n && steps[0].from == DG_PASS && steps[n - 1].to == DG_THROTTLE,
          "an account steps up to throttle");

    for (told = 0, i = 1; i < n; i++) {
        told += (steps[i].from != steps[i - 1].to);
    }

    dg_ok(told == 0, "... from each rung to the next");
    dg_ok(steps[n - 1].dry_run && steps[n - 1].score >= 10 && steps[0].n
          && steps[n - 1].until == 0 && dg_id_none(&steps[n - 1].campaign)
          && steps[n - 1].id.v[0] == kit_id(1).v[0],
          "... with who, how and why");
    dg_ok(g.st->stats.steps[0][DG_THROTTLE] == 1, "... and it is counted");

    end = dg_step_text(text, &steps[n - 1]);
    *end = '\0';

    dg_ok(strstr((char *) text, "logprobs ") && strstr((char *) text, " for ")
          && strstr((char *) text, " cells") && strchr((char *) text, ')'),
          "the words say why");

    *dg_step_reasons(text, &steps[n - 1]) = '\0';

    dg_ok(strstr((char *) text, "[{\"signal\":\"") == (char *) text
          && strstr((char *) text, "\"window\":"), "... and so do members");

    (void) asks(&g, 1);
    dg_ok(since(&g, &from, DG_KIND_KEY) == 0, "it is not told again");

    /* what it was scored fades in days; until then it is asked about often */

    until = g.now_ms + 20 * DAY;
    told = 0;

    while (g.now_ms < until && told == 0) {
        g.now_ms += HOUR;
        (void) asks(&g, 1);
        told = since(&g, &from, DG_KIND_KEY);
    }

    dg_ok(told == 1 && steps[0].from == DG_THROTTLE
          && steps[0].to < DG_THROTTLE, "it steps down when it has faded");

    kit_free(&g);
}


/* one that is at an edge is not told of with each request */

static void
test_edge(void)
{
    unsigned     i, n;
    uint64_t     from;
    kit_guard_t  g;

    kit_guard(&g, 4 << 20);

    g.policy.actions[DG_ACTION_TAG].score = 5;
    g.policy.actions[DG_ACTION_PACE].score = 0;
    g.policy.actions[DG_ACTION_THROTTLE].score = 10;

    suspect(&g, 1);
    from = dg_store_steps(g.st)->last;

    for (i = 0; i < 40; i++) {

        /* in turn where it is throttled, and where nothing is */

        g.policy.actions[DG_ACTION_THROTTLE].score = (i % 2) ? 10 : 0;
        g.policy.actions[DG_ACTION_TAG].score = (i % 2) ? 5 : 0;
        (void) asks(&g, 1);
        g.now_ms += 5000;
    }

    dg_ok(since(&g, &from, DG_KIND_KEY) == 0, "an edge is no step");

    g.policy.actions[DG_ACTION_THROTTLE].score = 0;
    g.policy.actions[DG_ACTION_TAG].score = 0;

    for (i = 0; i < 20; i++) {
        (void) asks(&g, 1);
        g.now_ms += 5000;
    }

    n = since(&g, &from, DG_KIND_KEY);

    dg_ok(n == 1 && steps[0].to == DG_PASS, "where it rests below it is one");

    kit_free(&g);
}


static void
test_campaign(void)
{
    unsigned     i, n, blocks;
    uint64_t     from, members;
    kit_ask_t    a;
    kit_guard_t  g;

    kit_guard(&g, 4 << 20);
    g.rules.enforce = 1;

    g.policy.actions[DG_ACTION_THROTTLE].score = 0;
    g.policy.actions[DG_ACTION_BLOCK].score = 45;
    g.policy.actions[DG_ACTION_BLOCK].seconds = 600;

    from = 0;
    members = 0;
    blocks = 0;

    for (i = 0; i < 200 && blocks == 0; i++) {
        kit_pool(&g, &a, 1, 12, 4);
        n = since(&g, &from, DG_KIND_CAMPAIGN);

        if (n && steps[n - 1].to == DG_BLOCK) {
            blocks = n;
        }
    }

    dg_ok(blocks && steps[blocks - 1].until > g.now_ms / 1000
          && steps[blocks - 1].until <= g.now_ms / 1000 + 600
          && steps[blocks - 1].score >= 45,
          "a campaign comes to block, until then");

    n = since(&g, &members, DG_KIND_KEY);
    dg_ok(n && steps[n - 1].to == DG_BLOCK
          && !dg_id_none(&steps[n - 1].campaign)
          && steps[n - 1].until > g.now_ms / 1000,
          "so do its accounts, as its own");

    /* it goes on: the block is over, and begins anew */

    from = dg_store_steps(g.st)->last;
    g.now_ms += 601 * 1000;

    for (i = 0, n = 0; i < 100 && n == 0; i++) {
        kit_pool(&g, &a, 1, 12, 1);
        n = since(&g, &from, DG_KIND_CAMPAIGN);
    }

    dg_ok(n == 1 && steps[0].from == DG_BLOCK && steps[0].to == DG_BLOCK
          && steps[0].until > g.now_ms / 1000,
          "a block anew is told with its end");

    kit_free(&g);
}


/* two nodes: what one has told the other does not */

static void
test_fleet(void)
{
    u_char           batch[8192], *end;
    size_t           at;
    unsigned         i, part;
    uint32_t         cell;
    uint64_t         from;
    kit_ask_t        a;
    kit_guard_t      g, other;
    dg_campaign_t   *c;

    kit_guard(&g, 4 << 20);
    kit_guard(&other, 4 << 20);

    from = 0;

    for (i = 0; i < 200 && since(&g, &from, DG_KIND_CAMPAIGN) == 0; i++) {
        kit_pool(&g, &a, 1, 12, 4);
    }

    /* nobody has asked for anything before: the sweep tells all the same */

    part = 0;
    cell = 0;

    while (dg_sightings_sweep(g.st, &part, &cell, 1 << 20) != DG_OK) {
        /* void */
    }

    for ( ;; ) {
        end = dg_sightings_take(g.st, batch, sizeof(batch), g.now_ms);

        if (end == batch) {
            break;
        }

        at = 0;

        while (at < (size_t) (end - batch)) {
            if (dg_sightings_hear(other.st, batch, (size_t) (end - batch), &at,
                                  16, g.now_ms)
                != DG_OK)
            {
                abort();
            }
        }
    }

    other.now_ms = g.now_ms + 1000;
    c = kit_cohort(&other);

    dg_ok(c && c->named && c->rung == kit_cohort(&g)->rung && c->rung,
          "a node hears on which rung a campaign is told to be");

    from = 0;
    other.seed = g.seed;
    kit_pool(&other, &a, 1, 12, 24);

    dg_ok(!dg_id_none(&a.finding.campaign)
          && since(&other, &from, DG_KIND_CAMPAIGN) == 0,
          "... and does not tell it again");

    kit_free(&g);
    kit_free(&other);
}


static void
test_ring(void)
{
    unsigned     n;
    uint64_t     at;
    kit_guard_t  g;
    dg_steps_t  *s;

    kit_guard(&g, DG_STORE_MIN);
    s = dg_store_steps(g.st);

    g.policy.actions[DG_ACTION_TAG].score = 5;
    g.policy.actions[DG_ACTION_PACE].score = 0;
    g.policy.actions[DG_ACTION_THROTTLE].score = 10;

    suspect(&g, 1);
    dg_ok(s->last > 0 && g.st->stats.steps_lost == 0,
          "where nobody is to be told none is lost");

    s->open = 1;

    for (n = 2; s->last < 3 * s->size; n++) {
        suspect(&g, n);
    }

    dg_ok(s->last - s->first == s->size
          && g.st->stats.steps_lost > s->size / 2 && dg_steps_check(s) == DG_OK,
          "the ring holds the last, and counts what it cannot");

    n = dg_steps_read(s, 0, steps, MANY, &at);
    dg_ok(n == s->size && at == s->first && steps[n - 1].time != 0,
          "they can be read");

    dg_steps_told(s, at + 2);
    n = dg_steps_read(s, s->first, steps, MANY, &at);
    dg_ok(n == s->size - 2, "what is handed over is not there any more");

    dg_steps_told(s, at - 1);
    dg_steps_told(s, s->last + 1);
    dg_ok(s->last - s->first == s->size - 2, "what cannot be meant is nothing");

    s->last = s->first + s->size + 1;
    dg_ok(dg_steps_check(s) == DG_ERROR && dg_store_check(g.st) == DG_ERROR,
          "damage is found");

    kit_free(&g);
}


int
main(void)
{
    test_account();
    test_edge();
    test_campaign();
    test_fleet();
    test_ring();

    return dg_done();
}
