/*
 * Copyright (C) 2026 Distill Guard
 *
 * Scenes, and time.  Before the window stand two weeks and some in which the
 * accounts that are not new do a little of what they always do: what they say
 * is no news when a campaign says it, too.  They are never shortened.
 *
 * Lines go to the guard in order of time.  The answer to a request is taken
 * when the simulated time has passed it by REACTION, neither sooner nor later:
 * so that lines may be sent ahead, and the same seed and the same verdicts
 * give the same trace, however fast the guard is.
 */


#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "eval.h"


#define FIRST_DAY  1772496000ll  /* a Tuesday */
#define PAST_DAYS  16

#define NEVER      INT64_MAX


static void world_begin(world_t *w);
static void world_answer(world_t *w);
static actor_t *world_pop(world_t *w);
static int world_before(const actor_t *a, const actor_t *b);


/*
 * Each with all the honest profiles.  Campaigns that stand in one scene do
 * not know of each other.
 */

const scene_t  scenes[] = {

    { "quiet", { NULL }, 2, 1, 0, NULL },

    { "single", { "single-alpaca", "single-evol", "single-r1",
                  "single-openthoughts", "single-curator",
                  "single-distilabel", "single-slow", "logprobs", "reasoning",
                  "agentic" }, 2, 0.7, 0, NULL },

    { "pools", { "pool-1000-t1", "pool-1000-t10", "pool-1000-t100",
                 "pool-1000-t1000" }, 2, 0.7, 0, NULL },

    { "relays", { "relay-5", "relay-10", "relay-25", "relay-50",
                  "relay-90" }, 2, 0.7, 0, NULL },

    { "disguises", { "sticky", "rotation", "paraphrase", "own-systems",
                     "no-frame", "hours", "faked-sdk", "launch-pivot" },
      2, 0.7, 0, NULL },

    { "pool-5000", { "pool-5000-t100" }, 1, 0.7, 0, NULL },

    { "pool-25000-t1", { "pool-25000-t1" }, 0.5, 0.7, 0, NULL },

    { "pool-25000", { "pool-25000-t100" }, 1, 0.7, 0, NULL },

    { "pool-25000-t10k", { "pool-25000-t10000" }, 0.5, 0.7, 0, NULL },

    { "careful", { "careful-cells", "careful-diluted", "careful-thin",
                   "careful-rewritten", "careful-aged", "careful-all" },
      2, 0.7, 0, NULL },

    { "edges", { "single-rollouts", "single-vpn", "single-faked", "bought",
                 "samples", "bursts", "even" }, 2, 0.2, 0, NULL },

    /* nobody else: what a limit refuses is refused to the honest, too */

    { "limited", { "limited" }, 2, 0, 0,
      "distill_guard_limit key requests=60/h;" },

    { "recorded", { NULL }, 1, 0.3, 1, NULL },

    { NULL, { NULL }, 0, 0, 0, NULL }
};


static const double  people_hours[24] = {
    .35, .2, .12, .1, .1, .15, .3, .6, .9, 1.1, 1.3, 1.35,
    1.3, 1.3, 1.35, 1.4, 1.4, 1.4, 1.5, 1.7, 1.9, 1.9, 1.5, .8
};

static const double  office_hours[24] = {
    .02, .02, .02, .02, .02, .02, .05, .2, .8, 2.1, 2.8, 2.8,
    1.8, 2.2, 2.8, 2.8, 2.6, 1.8, .8, .3, .1, .02, .02, .02
};

static const double  night_hours[24] = {
    3, 3, 3, 3, 3, 3, .2, .1, .1, .1, .1, .1,
    .1, .1, .1, .1, .1, .1, .1, .1, .3, .3, 2, 2
};

/* the most of each, see hours_t */

static const double  busiest[] = { 1, 2, 3, 3, 1, 12, 24, 4 };


void
world_run(world_t *w)
{
    ms_t      at, due;
    actor_t  *a;

    world_begin(w);

    for ( ;; ) {
        at = w->queued ? w->queue[0]->at : NEVER;
        at = at < w->end ? at : NEVER;
        due = w->nflights ? w->flights[w->first].sent + REACTION : NEVER;

        if (at == NEVER && due == NEVER) {
            return;
        }

        if (due <= at) {
            world_answer(w);
            continue;
        }

        a = world_pop(w);
        w->now = at;
        a->wake(w, a);
    }
}


static void
world_begin(world_t *w)
{
    ms_t              window;
    unsigned          i;
    const profile_t  *p;

    window = (ms_t) (w->scene->days * w->shorten * DAY);

    w->begin = FIRST_DAY * SECOND + PAST_DAYS * DAY;
    w->past = w->begin - PAST_DAYS * DAY;
    w->end = w->begin + window;
    w->launch = w->begin + (ms_t) (0.45 * window);
    w->outage = w->begin + (ms_t) (0.55 * window);
    w->outage_end = w->outage + window / 100;
    w->now = w->past;
    w->last = &w->tallies;

    for (p = profiles; p->name; p++) {
        honest_enlist(w, p);
    }

    if (w->scene->recorded) {
        for (p = recorded_profiles; p->name; p++) {
            honest_enlist(w, p);
        }
    }

    for (i = 0; w->scene->campaigns[i]; i++) {
        force_enlist(w, w->scene->campaigns[i]);
    }
}


/* --- requests --- */

ask_t *
world_ask(world_t *w, actor_t *a, account_t *account)
{
    ask_t    *q;
    text_t    text;
    dice_t    way;
    unsigned  often;

    q = &w->ask;
    text = q->text;
    memset(q, 0, sizeof(ask_t));

    q->text = text;
    q->text.len = 0;
    q->account = account;
    q->tool = account->tool;
    q->api = account->tool->api;
    q->model = world_model(w, account->id, q->api, 0);
    q->temperature = -1;
    q->n = 1;
    q->status = 200;

    often = account->net == NET_ROTATE || account->net == NET_RELAY;
    way = dice(mix(a->talk, account->id), often ? a->step + a->refusals : 0);
    network_address(&q->from, account->net, account->id, account->group,
                    &way);

    return q;
}


void
world_send(world_t *w, actor_t *a, ask_t *q)
{
    dice_t     d;
    flight_t  *f;

    d = dice(mix(a->talk, a->step), 31 + a->refusals);

    if (w->now >= w->outage && w->now < w->outage_end && q->status == 200
        && chance(&d, 0.7))
    {
        q->status = chance(&d, 0.7) ? 503 : 429;
    }

    /* so many tokens a second, after some thought */

    q->lasts = 300 + (ms_t) (q->output * SECOND
                             / (40 + (int) below(&d, 60)));

    w->line.len = 0;
    wire_line(&w->line, q, w->now);
    guard_send(w->guard, &w->line);
    w->lines++;
    w->bytes += w->line.len;

    if (w->nflights == w->flights_size) {
        f = grab((2 * w->flights_size + 64) * sizeof(flight_t));

        if (w->nflights) {
            memcpy(f, w->flights + w->first,
                   (w->flights_size - w->first) * sizeof(flight_t));
            memcpy(f + w->flights_size - w->first, w->flights,
                   w->first * sizeof(flight_t));
        }

        free(w->flights);
        w->flights = f;
        w->first = 0;
        w->flights_size = 2 * w->flights_size + 64;
    }

    f = &w->flights[(w->first + w->nflights++) % w->flights_size];
    f->sent = w->now;
    f->actor = a;
    f->account = q->account;
    f->tokens = q->output * q->n;
    f->status = q->status;
    f->lasts = q->lasts;
    f->harvest = q->harvest;
    f->retry = a->refusals > 0;

    tally_sent(w, f);
}


static void
world_answer(world_t *w)
{
    flight_t   f;
    verdict_t  v;

    f = w->flights[w->first];
    w->first = (w->first + 1) % w->flights_size;
    w->nflights--;

    w->now = f.sent + REACTION;
    guard_verdict(w->guard, &v);

    if (v.id == VERDICT_PACE && v.pace > 0) {
        f.lasts = 300 + (ms_t) (f.tokens * (double) SECOND / v.pace);
    }

    tally_answer(w, &f, &v);
    f.actor->answer(w, f.actor, &f, &v);
}


const char *
world_model(const world_t *w, uint64_t id, api_t api, unsigned launched)
{
    static const char  *models[][4] = {
        [API_CHAT] = { "gpt-4o", "gpt-4o-mini", "gpt-4.1", "gpt-next" },
        [API_COMPLETIONS] = { "davinci-002", "gpt-3.5-turbo-instruct",
                              "davinci-002", "davinci-next" },
        [API_RESPONSES] = { "gpt-4.1", "o4-mini", "gpt-4o", "gpt-next" },
        [API_ANTHROPIC] = { "claude-sonnet-4-5", "claude-haiku-4-5",
                            "claude-sonnet-4-5", "claude-next" },
        [API_GEMINI] = { "gemini-2.5-flash", "gemini-2.5-pro",
                         "gemini-2.5-flash", "gemini-next" },
    };

    if (launched && w->now >= w->launch) {
        return models[api][3];
    }

    return models[api][mix(id, 5) % 3];
}


/* --- who there is --- */

account_t *
world_account(world_t *w, account_t *account, tally_t *tally,
    const tool_t *tool)
{
    if (account == NULL) {
        account = grab(sizeof(account_t));
    }

    memset(account, 0, sizeof(account_t));
    account->id = mix(mix(w->seed, 7), w->people++);
    account->group = account->id;
    account->tally = tally;
    account->tool = tool;

    return account;
}


tally_t *
world_tally(world_t *w, const char *name, const campaign_t *campaign)
{
    tally_t  *tally;

    for (tally = w->tallies; tally; tally = tally->next) {
        if (strcmp(tally->name, name) == 0) {
            return tally;
        }
    }

    tally = grab(sizeof(tally_t));
    tally->name = name;
    tally->campaign = campaign;
    *w->last = tally;
    w->last = &tally->next;

    return tally;
}


actor_t *
world_actor(world_t *w, void (*wake)(world_t *w, actor_t *a))
{
    actor_t  *a;

    a = w->idle;

    if (a) {
        w->idle = a->next;
        memset(a, 0, sizeof(actor_t));

    } else {
        a = grab(sizeof(actor_t));
    }

    a->wake = wake;

    return a;
}


void
world_free(world_t *w, actor_t *a)
{
    a->next = w->idle;
    w->idle = a;
}


/* --- time --- */

double
world_hour(const world_t *w, hours_t hours, int zone, ms_t at)
{
    int     hour, weekday;
    double  after, people;

    hour = (int) ((at / HOUR + 24 + zone) % 24);
    weekday = (int) ((at / DAY + 4) % 7);        /* 0: Sunday */
    people = people_hours[hour] * (weekday % 6 ? 1 : 0.9);

    switch (hours) {

    case HOURS_PEOPLE:
        return people;

    case HOURS_OFFICE:
        return office_hours[hour] * (weekday % 6 ? 1 : 0.15);

    case HOURS_NIGHT:
        return night_hours[hour];

    case HOURS_LAUNCH:
        after = (double) (at - w->launch) / HOUR;
        return after < 0 ? people : people * (1 + 5 * exp(-after / 8));

    case HOURS_OUTAGE:
        return at < w->outage || at > w->outage_end ? people : people * 12;

    case HOURS_BURSTS:
        return at % HOUR < HOUR / 4 ? 4 : 0;

    default:
        return 1;
    }
}


ms_t
world_next(const world_t *w, hours_t hours, int zone, ms_t from, double gap,
    double past, dice_t *d)
{
    ms_t    at;
    double  mean;

    if (from < w->begin && past == 0) {
        from = w->begin;
    }

    for (at = from; at < w->end; /* void */ ) {
        mean = at < w->begin ? gap / past : gap;

        if (hours == HOURS_TICK) {
            at = (at / HOUR + 1) * HOUR;

            if (chance(d, HOUR / mean)) {
                return at + (ms_t) (unit(d) * 20 * SECOND);
            }

            continue;
        }

        from = at;
        at += 1 + (ms_t) exponential(d, mean / busiest[hours]);

        /* another rate begins there */

        if (from < w->begin && at > w->begin) {
            at = w->begin;
            continue;
        }

        if (chance(d, world_hour(w, hours, zone, at) / busiest[hours])) {
            return at;
        }
    }

    return at;
}


/* --- the queue --- */

void
world_later(world_t *w, actor_t *a, ms_t at)
{
    size_t     i, parent;
    actor_t  **queue;

    if (w->queued == w->queue_size) {
        w->queue_size = 2 * w->queue_size + 1024;
        queue = realloc(w->queue, w->queue_size * sizeof(actor_t *));

        if (queue == NULL) {
            die("no memory for %zu actors", w->queue_size);
        }

        w->queue = queue;
    }

    a->at = at > w->now ? at : w->now;
    a->order = w->order++;

    for (i = w->queued++; i > 0; i = parent) {
        parent = (i - 1) / 2;

        if (!world_before(a, w->queue[parent])) {
            break;
        }

        w->queue[i] = w->queue[parent];
    }

    w->queue[i] = a;
}


static actor_t *
world_pop(world_t *w)
{
    size_t    i, child;
    actor_t  *first, *a;

    first = w->queue[0];
    a = w->queue[--w->queued];

    for (i = 0; (child = 2 * i + 1) < w->queued; i = child) {

        if (child + 1 < w->queued
            && world_before(w->queue[child + 1], w->queue[child]))
        {
            child++;
        }

        if (!world_before(w->queue[child], a)) {
            break;
        }

        w->queue[i] = w->queue[child];
    }

    w->queue[i] = a;

    return first;
}


static int
world_before(const actor_t *a, const actor_t *b)
{
    return a->at < b->at || (a->at == b->at && a->order < b->order);
}
