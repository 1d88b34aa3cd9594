/*
 * Copyright (C) 2026 Distill Guard
 *
 * Campaigns: a row for each, and what they ask.
 */


#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "eval.h"


#define TOKENS  500              /* of a prompt of numbers */

/* numbers that tell apart what has the same seed */

enum {
    OF_CONTENT = 2000,
    OF_CELL,
    OF_SYSTEM,
    OF_OUTPUT
};


static void campaign_content(actor_t *a, ask_t *q, uint64_t content);
static void campaign_parameters(const campaign_t *c, ask_t *q, dice_t *d);
static void campaign_system(actor_t *a, ask_t *q);
static void campaign_cloak(ask_t *q, dice_t *d);


/* as the pools of the reports: round-robin, of 25.6 a day */

#define POOL           .daily = 25.6, .net = NET_RELAY, .frame = 300,         \
                       .output = 700

#define CAREFUL        .tool = TOOL_CAREFUL, .net = NET_HOME, .output = 700,  \
                       .forgoes = 1, .careful = 1


const campaign_t  campaigns[] = {

    /* one key */

    { .name = "single-alpaca", .accounts = 1, .total = 4500, .workers = 1,
      .tool = TOOL_ALPACA, .net = NET_CLOUD, .frames = 1, .frame = 1700,
      .shape = 1 + FRAME_BEFORE, .slot = SLOT_SEED, .output = 1900,
      .asks = ASKS_TASKS },

    { .name = "single-evol", .accounts = 1, .total = 20000, .workers = 2,
      .tool = TOOL_EVOL, .net = NET_CLOUD, .frames = 5, .frame = 900,
      .shape = 1 + FRAME_BEFORE, .slot = SLOT_SEED, .output = 600,
      .asks = ASKS_TASKS },

    { .name = "single-r1", .accounts = 1, .total = 20000, .workers = 1000,
      .tool = TOOL_R1, .net = NET_CLOUD, .frames = 1, .frame = 100,
      .shape = 1 + FRAME_BEFORE, .slot = SLOT_PROBLEM, .output = 6000,
      .times = 4, .asks = ASKS_TRACES },

    { .name = "single-openthoughts", .accounts = 1, .total = 20000,
      .workers = 400, .tool = TOOL_OPENTHOUGHTS, .net = NET_CLOUD,
      .frames = 4, .frame = 80, .slot = SLOT_PROBLEM, .output = 3000,
      .asks = ASKS_TRACES },

    { .name = "single-curator", .accounts = 1, .total = 10000,
      .workers = 200, .tool = TOOL_CURATOR, .net = NET_CLOUD, .frames = 2,
      .frame = 500, .slot = SLOT_SEED, .output = 900, .probes = 1,
      .asks = ASKS_TASKS },

    { .name = "single-distilabel", .accounts = 1, .total = 10000,
      .workers = 50, .tool = TOOL_DISTILABEL, .net = NET_CLOUD, .frames = 6,
      .frame = 700, .slot = SLOT_SEED, .output = 600,
      .asks = ASKS_TASKS },

    { .name = "single-slow", .accounts = 1, .daily = 1500, .tool = TOOL_EVOL,
      .net = NET_HOME, .frames = 2, .frame = 400, .slot = SLOT_SEED,
      .output = 800,
      .asks = ASKS_TASKS },

    /* for what else than text */

    { .name = "logprobs", .accounts = 20, .daily = 600,
      .tool = TOOL_AXOLOTL, .net = NET_CLOUD, .ask = ASK_TOKENS,
      .output = 1 },

    { .name = "reasoning", .accounts = 500, .daily = 20, .days = 10,
      .tool = TOOL_NEWAPI, .net = NET_RELAY, .frames = 40, .frame = 200,
      .slot = SLOT_PROBLEM, .output = 2500, .asks = ASKS_TRACES },

    { .name = "agentic", .accounts = 200, .daily = 60,
      .tool = TOOL_CLIPROXY, .net = NET_RELAY, .ask = ASK_AGENT,
      .output = 450 },

    /* pools */

    { .name = "pool-1000-t1", .accounts = 1000, .tool = TOOL_CAMEL,
      .frames = 1, .slot = SLOT_PROBLEM, POOL },

    { .name = "pool-1000-t10", .accounts = 1000, .tool = TOOL_CLIPROXY,
      .frames = 10, .slot = SLOT_SEED, POOL },

    { .name = "pool-1000-t100", .accounts = 1000, .tool = TOOL_NEWAPI,
      .frames = 100, .slot = SLOT_SEED, POOL },

    { .name = "pool-1000-t1000", .accounts = 1000, .tool = TOOL_CLIPROXY,
      .frames = 1000, .slot = SLOT_CODE, POOL },

    { .name = "pool-5000-t100", .accounts = 5000, .tool = TOOL_NEWAPI,
      .frames = 100, .slot = SLOT_SEED, POOL },

    { .name = "pool-25000-t1", .accounts = 25000, .tool = TOOL_NEWAPI,
      .frames = 1, .slot = SLOT_SEED, POOL },

    { .name = "pool-25000-t100", .accounts = 25000, .tool = TOOL_NEWAPI,
      .frames = 100, .slot = SLOT_SEED, POOL },

    { .name = "pool-25000-t10000", .accounts = 25000, .tool = TOOL_NEWAPI,
      .frames = 10000, .slot = SLOT_SEED, POOL },

    /* relays, whose honest customers know nothing of it */

    { .name = "relay-5", .accounts = 500, .tool = TOOL_NEWAPI, .frames = 10,
      .slot = SLOT_SEED, .harvest = 0.05, POOL },

    { .name = "relay-10", .accounts = 500, .tool = TOOL_NEWAPI, .frames = 10,
      .slot = SLOT_SEED, .harvest = 0.1, POOL },

    { .name = "relay-25", .accounts = 500, .tool = TOOL_CLIPROXY,
      .frames = 10, .slot = SLOT_SEED, .harvest = 0.25, POOL },

    { .name = "relay-50", .accounts = 500, .tool = TOOL_NEWAPI, .frames = 10,
      .slot = SLOT_SEED, .harvest = 0.5, POOL },

    { .name = "relay-90", .accounts = 500, .tool = TOOL_CLIPROXY,
      .frames = 10, .slot = SLOT_SEED, .harvest = 0.9, .cloaks = 1, POOL },

    /* disguises */

    { .name = "sticky", .accounts = 1000, .tool = TOOL_SUB2API,
      .balance = BALANCE_STICKY, .frames = 10, .slot = SLOT_SEED, POOL },

    { .name = "rotation", .accounts = 1000, .tool = TOOL_CAMEL,
      .frames = 10, .slot = SLOT_SEED, .daily = 25.6, .net = NET_ROTATE,
      .frame = 300, .output = 700 },

    { .name = "paraphrase", .accounts = 1000, .tool = TOOL_NEWAPI,
      .frames = 20, .slot = SLOT_SEED, .rewording = { 0.6, 0.3, 1 }, POOL },

    { .name = "own-systems", .accounts = 1000, .tool = TOOL_NEWAPI,
      .ask = ASK_SYSTEM, .frames = 5, .slot = SLOT_PROBLEM,
      .rewording = { 0.6, 0.3, 1 }, POOL },

    { .name = "no-frame", .accounts = 1000, .tool = TOOL_S1,
      .ask = ASK_NOFRAME, .slot = SLOT_PROBLEM, POOL },

    { .name = "hours", .accounts = 1000, .tool = TOOL_NEWAPI,
      .hours = HOURS_OFFICE, .frames = 10, .slot = SLOT_SEED, POOL },

    { .name = "faked-sdk", .accounts = 1000, .tool = TOOL_FAKED,
      .frames = 10, .slot = SLOT_SEED, POOL },

    { .name = "launch-pivot", .accounts = 1000, .tool = TOOL_CLIPROXY,
      .frames = 10, .slot = SLOT_CODE, .pivots = 1, POOL },

    /* where no sign is strong, and it takes one more */

    { .name = "single-rollouts", .accounts = 1, .daily = 1200,
      .tool = TOOL_CURATOR, .net = NET_CLOUD, .frames = 1, .frame = 200,
      .slot = SLOT_PROBLEM, .output = 1500, .times = 4, .probes = 1,
      .asks = ASKS_TRACES },

    { .name = "single-vpn", .accounts = 1, .daily = 1400, .tool = TOOL_EVOL,
      .net = NET_VPN, .frames = 2, .frame = 400, .slot = SLOT_SEED,
      .output = 800 },

    { .name = "single-faked", .accounts = 1, .daily = 1400,
      .tool = TOOL_FAKED, .net = NET_HOME, .frames = 2, .frame = 400,
      .slot = SLOT_SEED, .output = 800 },

    { .name = "bought", .accounts = 10, .daily = 200, .tool = TOOL_AXOLOTL,
      .net = NET_HOME, .ask = ASK_TOKENS, .output = 1, .past = 120 },

    { .name = "limited", .accounts = 10, .daily = 1600,
      .tool = TOOL_LANGCHAIN, .net = NET_HOME, .ask = ASK_NOFRAME,
      .slot = SLOT_REVIEW, .output = 350, .top_logprobs = 8 },

    { .name = "samples", .accounts = 60, .daily = 200, .tool = TOOL_NEWAPI,
      .net = NET_RELAY, .ask = ASK_NOFRAME, .slot = SLOT_PASSAGE,
      .output = 1500, .times = 4 },

    { .name = "bursts", .accounts = 700, .daily = 160, .tool = TOOL_CAMEL,
      .balance = BALANCE_UNEVEN, .hours = HOURS_BURSTS, .net = NET_ROTATE,
      .frames = 10, .frame = 300, .slot = SLOT_SEED, .output = 700 },

    /* by somebody who has read how they are found, and pays for it */

    { .name = "careful-cells", .accounts = 1000, .daily = 25.6,
      .balance = BALANCE_CELLS, .cell = 15, .frames = 3, .frame = 300,
      .slot = SLOT_SEED, CAREFUL },

    { .name = "careful-diluted", .accounts = 1000, .daily = 25.6,
      .balance = BALANCE_UNEVEN, .harvest = 0.5, .frames = 10, .frame = 300,
      .slot = SLOT_SEED, CAREFUL },

    { .name = "careful-thin", .accounts = 1000, .daily = 6, .frames = 10,
      .frame = 300, .slot = SLOT_SEED, CAREFUL },

    { .name = "careful-rewritten", .accounts = 1000, .daily = 25.6,
      .balance = BALANCE_UNEVEN, .ask = ASK_FRESH, .frame = 300,
      .slot = SLOT_SEED, CAREFUL },

    { .name = "careful-aged", .accounts = 1000, .daily = 25.6,
      .balance = BALANCE_UNEVEN, .frames = 10, .frame = 300,
      .slot = SLOT_SEED, .past = 2, CAREFUL },

    { .name = "careful-all", .accounts = 1000, .daily = 6,
      .balance = BALANCE_UNEVEN, .hours = HOURS_PEOPLE, .harvest = 0.5,
      .ask = ASK_FRESH, .frame = 300, .slot = SLOT_SEED, .follow = 0.3,
      .past = 2, CAREFUL },

    /* where nothing tells but how evenly the accounts are used */

    { .name = "even", .accounts = 1000, .daily = 16, .tool = TOOL_CAMEL,
      .net = NET_ROTATE, .frames = 10, .frame = 300, .slot = SLOT_SEED,
      .output = 700 },

    { .name = NULL }
};


const campaign_t *
campaign_named(const char *name)
{
    const campaign_t  *c;

    for (c = campaigns; c->name; c++) {
        if (strcmp(c->name, name) == 0) {
            return c;
        }
    }

    die("there is no campaign \"%s\"", name);
}


unsigned
campaign_cell(const force_t *f, uint64_t talk)
{
    return (unsigned) (mix(talk, OF_CELL)
                       % (f->naccounts / f->campaign->cell));
}


void
campaign_ask(world_t *w, actor_t *a, ask_t *q)
{
    dice_t             d;
    uint64_t           content;
    const campaign_t  *c;

    c = a->force->campaign;
    q->model = world_model(w, a->harvest ? a->force->seed : a->talk, q->api,
                           0);

    if (!a->harvest) {

        /* relays keep the ids of calls, whichever account they are of */

        if (a->special) {
            habit_loop(q, a->talk, a->step, habit_product(w, a->talk));
            q->output = 300;
        } else {
            habit_talk(w, a, q);
        }

        return;
    }

    content = mix(a->force->seed, c->times ? a->item / c->times : a->item);
    d = dice(content, OF_OUTPUT);
    q->output = 1 + (unsigned) lognormal(&d, c->output, 0.5);

    if (c->pivots && chance(&d, 0.5)) {
        q->model = world_model(w, a->force->seed, q->api, 1);
    }

    if (c->probes && a->item == 0) {
        q->status = PROBED;
        q->harvest = 0;
        return;
    }

    if (c->ask == ASK_AGENT) {
        habit_loop(q, a->talk, a->step, a->force->seed);
        return;
    }

    campaign_parameters(c, q, &d);
    campaign_content(a, q, content);

    if (c->cloaks && chance(&d, 0.3)) {
        campaign_cloak(q, &d);
    }
}


static void
campaign_content(actor_t *a, ask_t *q, uint64_t content)
{
    size_t             at;
    dice_t             d;
    frame_t            fresh;
    unsigned           n, shape;
    uint64_t           owner;
    const frame_t     *frame;
    const campaign_t  *c;

    c = a->force->campaign;
    d = dice(content, OF_CONTENT);
    owner = a->force->seed;

    if (c->balance == BALANCE_CELLS) {
        owner = mix(owner, OF_CELL + campaign_cell(a->force, a->talk));
    }

    n = below(&d, c->frames);
    shape = c->shape ? c->shape - 1 : n % FRAME_SHAPES;
    at = q->text.len;

    switch (c->ask) {

    case ASK_TOKENS:
        q->token_ids = TOKENS;
        ask_turn(q, SAID_USER, at, content);
        return;

    case ASK_SYSTEM:
        campaign_system(a, q);
        at = q->text.len;
        words_slot(&q->text, &d, c->slot);
        break;

    case ASK_NOFRAME:
        words_slot(&q->text, &d, c->slot);
        break;

    case ASK_FRESH:
        fresh = words_frame(&d, below(&d, FRAME_SHAPES), c->frame, c->asks,
                            0);
        words_framed(&q->text, &d, &fresh, c->slot, NULL);
        free(fresh.before);
        free(fresh.after);
        a->force->tally->rewritten++;
        break;

    default:

        /* not all are of the same length */

        frame = habit_frame(owner, n, shape, c->frame * (60 + n * 37 % 80)
                            / 100, c->asks);
        words_framed(&q->text, &d, frame, c->slot, &c->rewording);
        a->force->tally->rewritten += c->rewording.words > 0;
        break;
    }

    ask_turn(q, SAID_USER, at, 0);

    if (a->step) {
        at = q->text.len;
        words_answer(&q->text, &d, words_topic(&d), 4);
        ask_turn(q, SAID_ASSISTANT, at, 0);

        at = q->text.len;
        words_followup(&q->text, &d, words_topic(&d));
        ask_turn(q, SAID_USER, at, 0);
    }
}


/* as the tools write them */

static void
campaign_parameters(const campaign_t *c, ask_t *q, dice_t *d)
{
    switch (c->tool) {

    case TOOL_ALPACA:
        q->temperature = 1;
        q->top_p = 1;
        q->max_tokens = 3072;
        q->stops = 1;
        q->logit_bias = 1;
        break;

    case TOOL_EVOL:
        q->temperature = 1;
        q->top_p = 0.95;
        q->max_tokens = 2048;
        break;

    case TOOL_R1:
        q->temperature = 0.6;
        q->top_p = 0.95;
        q->max_tokens = 16384;
        break;

    case TOOL_OPENTHOUGHTS:
        q->temperature = 0;
        q->max_tokens = 8192;
        break;

    case TOOL_DISTILABEL:
        q->temperature = 0.7;
        q->top_p = 1;
        q->max_tokens = 2048;
        q->defaults = 1;
        break;

    case TOOL_AXOLOTL:
        q->temperature = 0;
        q->echo = 1;
        q->prompt_logprobs = 64;
        break;

    case TOOL_CAREFUL:
        q->temperature = chance(d, 0.4) ? 0.1 * below(d, 11) : -1;
        break;

    default:
        q->temperature = 0.7;
        q->max_tokens = 4096;
        break;
    }

    if (c->top_logprobs) {
        q->top_logprobs = c->top_logprobs;
    }
}


/* the account's own wording of a frame */

static void
campaign_system(actor_t *a, ask_t *q)
{
    size_t             at;
    dice_t             d;
    unsigned           n;
    frame_t            frame;
    const campaign_t  *c;

    c = a->force->campaign;
    d = dice(q->account->id, OF_SYSTEM);
    n = below(&d, c->frames);

    at = q->text.len;
    frame = *habit_frame(a->force->seed, n, FRAME_BEFORE, c->frame,
                         c->asks);
    words_reworded(&q->text, &d, frame.before, &c->rewording);
    ask_turn(q, SAID_SYSTEM, at, 0);
}


/* a character of no width into some words of the last turn */

static void
campaign_cloak(ask_t *q, dice_t *d)
{
    size_t       i, from;
    text_t      *t;
    turn_t      *turn;
    const char   mark[] = "\xe2\x80\x8b";
    char        *said;

    t = &q->text;
    turn = &q->turns[q->nturns - 1];
    said = grab(turn->len + 1);
    memcpy(said, t->p + turn->at, turn->len);
    t->len = turn->at;

    for (i = 0, from = 0; i + 4 < turn->len; i++) {

        if (said[i] != ' ' || !chance(d, 0.05)) {
            continue;
        }

        text_bytes(t, said + from, i + 3 - from);
        text_str(t, mark);
        from = i + 3;
    }

    text_bytes(t, said + from, turn->len - from);
    turn->len = t->len - turn->at;
    free(said);
}
