/*
 * Copyright (C) 2026 Distill Guard
 *
 * A campaign at work.  It has items to ask for.  Where it has a pace an item
 * comes when it is due, whoever is free sends it; otherwise a number of
 * workers take them one after the other.  What is given up goes back to the
 * heap, unless its author is careful.
 */


#include <math.h>
#include <stdlib.h>

#include "eval.h"


#define LOOP_STEPS    16         /* of an agent's task */
#define TALK_STEPS    3          /* of a customer's conversation, mean */
#define AGENT_STEPS   8          /* the same, of customers with an agent */
#define AGENTS        0.3        /* so many of them have one */
#define TALK_PAUSE    30         /* seconds from an answer to what follows */
#define AGENT_PAUSE   2
#define COOLING       60         /* seconds, where Retry-After says none */
#define BREAKER       20         /* items given up in a row */
#define STANDSTILL    (30 * SECOND)
#define STANDSTILLS   5          /* times it doubles */
#define RESTS         8          /* times that a worker's rest doubles */
#define LONGEST_REST  (30 * MINUTE)
#define PATIENT       64         /* items under way that are never given up */
#define LOOKED_AT     64         /* accounts, for one that may be used */
#define ZONE          8          /* hours from UTC, of those with hours */

/* numbers that tell apart what has the same seed */

enum {
    OF_FORCE = 3000,
    OF_ITEM = OF_FORCE + 1000,
    OF_WAY,
    OF_ACCOUNT = OF_WAY + 10000
};


static void force_people(world_t *w, force_t *f);
static account_t *force_person(world_t *w, force_t *f);

static void force_due(world_t *w, actor_t *a);
static void force_work(world_t *w, actor_t *a);
static void force_take(world_t *w, actor_t *a);
static void force_item(actor_t *a, uint64_t item);
static double force_talk_steps(const campaign_t *c);
static void force_send(world_t *w, actor_t *a);
static void force_answer(world_t *w, actor_t *a, const flight_t *f,
    const verdict_t *v);
static void force_refused(world_t *w, actor_t *a, const flight_t *f,
    const verdict_t *v);
static void force_give_up(world_t *w, actor_t *a);
static void force_end(world_t *w, actor_t *a, ms_t rest);

static account_t *force_account(world_t *w, actor_t *a);
static size_t force_choose(world_t *w, actor_t *a, unsigned attempt);
static account_t *force_usable(world_t *w, force_t *f, size_t i);


void
force_enlist(world_t *w, const char *name)
{
    double             share, days;
    force_t           *f;
    actor_t           *a;
    unsigned           i;
    const campaign_t  *c;

    c = campaign_named(name);
    f = grab(sizeof(force_t));
    f->campaign = c;
    f->tally = world_tally(w, name, c);
    f->seed = mix(w->seed, OF_FORCE + (uint64_t) (c - campaigns));
    f->dice = dice(f->seed, OF_FORCE);
    f->begins = w->begin + (ms_t) (unit(&f->dice) * HOUR * w->shorten);

    force_people(w, f);

    if (c->total) {
        f->tally->planned = c->total;
        f->tally->wanted = c->total;

        for (i = 0; i < c->workers; i++) {
            a = world_actor(w, force_work);
            a->force = f;
            a->dice = dice(f->seed, OF_WAY + i);
            world_later(w, a, f->begins + (ms_t) (unit(&a->dice) * SECOND));
        }

        return;
    }

    /* of all requests so many are harvest, and others come in talks */

    share = c->harvest > 0 ? c->harvest : 1;
    days = c->days ? c->days : CAMPAIGN_DAYS;

    f->tally->planned = (uint64_t) (f->naccounts * c->daily * days * share);
    f->gap = DAY / (f->naccounts * c->daily);

    if (c->ask == ASK_AGENT) {
        f->gap *= LOOP_STEPS;

    } else {
        f->gap *= 1 / (share / (1 + c->follow)
                       + (1 - share) / force_talk_steps(c));
    }

    a = world_actor(w, force_due);
    a->force = f;
    world_later(w, a, f->begins);
}


/* --- accounts --- */

static void
force_people(world_t *w, force_t *f)
{
    size_t             n;
    double             sum;
    unsigned           i;
    const campaign_t  *c;

    c = f->campaign;
    n = (size_t) ceil(c->accounts * w->scale);
    n = n < 50 ? (c->accounts < 50 ? c->accounts : 50) : n;

    f->naccounts = (unsigned) n;
    f->accounts = grab(n * sizeof(account_t *));
    f->weights = grab(n * sizeof(double));
    sum = 0;

    for (i = 0; i < n; i++) {
        f->accounts[i] = force_person(w, f);
        sum += c->balance == BALANCE_UNEVEN ? lognormal(&f->dice, 1, 1) : 1;
        f->weights[i] = sum;
    }
}


static account_t *
force_person(world_t *w, force_t *f)
{
    account_t         *account;
    const campaign_t  *c;

    c = f->campaign;
    account = world_account(w, NULL, f->tally, &tools[c->tool]);
    account->net = c->net;
    account->group = f->seed;
    account->version = account->tool->versions[1]
                       ? (unsigned) (account->id % 2) : 0;

    if (c->past > 0 && w->now < w->begin) {
        honest_past(w, account, c->past);
    }

    return account;
}


/* --- work --- */

/* the next item of a paced campaign is due */

static void
force_due(world_t *w, actor_t *a)
{
    force_t  *f;
    actor_t  *one;
    uint64_t  item;

    f = a->force;

    world_later(w, a, world_next(w, f->campaign->hours, ZONE, w->now,
                                 f->gap, 0, &f->dice));

    if (f->nagain && chance(&f->dice, 0.5)) {
        item = f->again[--f->nagain];

    } else {
        item = f->items++;
    }

    one = world_actor(w, force_send);
    one->force = f;
    one->answer = force_answer;
    force_item(one, item);

    if (one->harvest) {
        f->tally->wanted += one->left;
        f->tally->wanted_last += tally_last(w, w->now) ? one->left : 0;
    }

    f->busy++;

    /* a tool that tries for ever has but so many threads to do it */

    if (w->now < f->pause
        || (f->busy > PATIENT && tools[f->campaign->tool].tries == 0))
    {
        force_give_up(w, one);
        return;
    }

    force_send(w, one);
}


/* a worker of a campaign without a pace looks for work */

static void
force_work(world_t *w, actor_t *a)
{
    a->answer = force_answer;
    force_take(w, a);
}


static void
force_take(world_t *w, actor_t *a)
{
    force_t  *f;

    f = a->force;

    if (f->nagain) {
        force_item(a, f->again[--f->nagain]);

    } else if (f->items < f->campaign->total) {
        force_item(a, f->items++);

    } else {
        world_free(w, a);
        return;
    }

    a->wake = force_send;
    force_send(w, a);
}


/* what an item is follows from its number */

static void
force_item(actor_t *a, uint64_t item)
{
    dice_t             d;
    double             share;
    const campaign_t  *c;

    c = a->force->campaign;
    d = dice(mix(a->force->seed, item), OF_ITEM);

    a->item = item;
    a->talk = mix(a->force->seed, item);
    a->dice = dice(a->talk, OF_WAY);
    a->account = NULL;
    a->step = 0;
    a->refusals = 0;
    a->left = 1;
    a->harvest = 1;
    a->special = 0;

    if (c->ask == ASK_AGENT) {
        a->left = LOOP_STEPS;
        return;
    }

    /* the share is of requests, and a talk has several */

    share = c->harvest > 0 ? c->harvest : 1;
    share = share / (1 + c->follow)
            / (share / (1 + c->follow) + (1 - share) / force_talk_steps(c));

    if (!chance(&d, share)) {
        a->harvest = 0;
        a->special = !c->careful && chance(&d, AGENTS);
        a->left = geometric(&d, a->special ? AGENT_STEPS : TALK_STEPS);

    } else if (chance(&d, c->follow)) {
        a->left = 2;
    }
}


/* what else is asked: by customers, or by a careful author for cover */

static double
force_talk_steps(const campaign_t *c)
{
    return c->careful ? TALK_STEPS
           : AGENTS * AGENT_STEPS + (1 - AGENTS) * TALK_STEPS;
}


static void
force_send(world_t *w, actor_t *a)
{
    ask_t  *q;

    if (a->account == NULL) {
        a->account = force_account(w, a);
    }

    if (a->account == NULL) {
        force_give_up(w, a);
        return;
    }

    q = world_ask(w, a, a->account);
    q->harvest = a->harvest;
    campaign_ask(w, a, q);
    world_send(w, a, q);
}


static void
force_answer(world_t *w, actor_t *a, const flight_t *f,
    const verdict_t *v)
{
    ms_t               next;
    const campaign_t  *c;

    c = a->force->campaign;

    if (refused(v) || (f->status != 200 && f->status != PROBED)) {
        force_refused(w, a, f, v);
        return;
    }

    a->force->failures = 0;
    a->refusals = 0;
    a->step++;

    if (--a->left == 0) {
        a->failures = 0;
        force_end(w, a, f->lasts);
        return;
    }

    /* nothing but stickiness ties a talk to an account */

    if (c->balance != BALANCE_STICKY && !c->careful) {
        a->account = NULL;
    }

    next = (ms_t) (lognormal(&a->dice, c->ask == ASK_AGENT || a->special
                             ? AGENT_PAUSE : TALK_PAUSE, 0.6) * SECOND);

    world_later(w, a, w->now + f->lasts + next);
}


static void
force_refused(world_t *w, actor_t *a, const flight_t *f,
    const verdict_t *v)
{
    ms_t           again;
    account_t     *account;
    const tool_t  *tool;

    account = f->account;
    tool = account->tool;
    a->refusals++;

    if (v->id == VERDICT_BLOCK) {
        account->dead = 1;
        account->cooling = w->now + (ms_t) ((12 + 12 * unit(&a->dice))
                                            * HOUR);

    } else if (tool->others || a->force->campaign->careful) {
        again = tool->others ? COOLING * SECOND
                             : (ms_t) (tool->rest * SECOND);
        account->cooling = w->now + again;

        if (v->retry_after * SECOND > (double) again) {
            account->cooling = w->now + (ms_t) (v->retry_after * SECOND);
        }
    }

    again = v->id == VERDICT_BLOCK && !tool->others ? -1
            : tool_again(tool, a->refusals, v->retry_after, &a->dice);

    if (again < 0) {
        force_give_up(w, a);
        return;
    }

    if (tool->others) {
        a->account = NULL;
    }

    world_later(w, a, w->now + again);
}


static void
force_give_up(world_t *w, actor_t *a)
{
    ms_t                rest;
    force_t            *f;
    unsigned            more;
    uint64_t           *again;
    const campaign_t   *c;

    f = a->force;
    c = f->campaign;
    f->tally->abandoned++;

    if (!c->forgoes && a->harvest) {

        if (f->nagain == f->again_size) {
            f->again_size = 2 * f->again_size + 256;
            again = realloc(f->again, f->again_size * sizeof(uint64_t));

            if (again == NULL) {
                die("no memory for %zu items", f->again_size);
            }

            f->again = again;
        }

        f->again[f->nagain++] = a->item;
    }

    /* where nothing works somebody stops it for a while */

    if (w->now >= f->pause && ++f->failures >= BREAKER && c->total == 0) {
        more = (f->failures - BREAKER) / 10;
        f->pause = w->now + (STANDSTILL << (more < STANDSTILLS ? more
                                            : STANDSTILLS));
    }

    rest = (ms_t) (tools[c->tool].rest * SECOND);
    rest = (rest > SECOND ? rest : SECOND)
           << (a->failures < RESTS ? a->failures : RESTS);
    a->failures++;

    force_end(w, a, rest < LONGEST_REST ? rest : LONGEST_REST);
}


static void
force_end(world_t *w, actor_t *a, ms_t rest)
{
    if (a->force->campaign->total == 0) {
        a->force->busy--;
        world_free(w, a);
        return;
    }

    a->wake = force_take;
    world_later(w, a, w->now + rest);
}


/* --- by which account --- */

static account_t *
force_account(world_t *w, actor_t *a)
{
    unsigned    i;
    account_t  *account;

    for (i = 0; i < LOOKED_AT && i < a->force->naccounts; i++) {
        account = force_usable(w, a->force,
                                  force_choose(w, a, i + a->refusals));

        if (account) {
            return account;
        }
    }

    return NULL;
}


static size_t
force_choose(world_t *w, actor_t *a, unsigned attempt)
{
    double             at;
    size_t             low, high, middle;
    dice_t             d;
    force_t           *f;
    uint64_t           hour;
    const campaign_t  *c;

    f = a->force;
    c = f->campaign;

    switch (c->balance) {

    case BALANCE_STICKY:

        /* as many sessions as accounts, each somewhere else every hour */

        hour = (uint64_t) (w->now / HOUR);
        return (mix(mix(f->seed, a->item % f->naccounts), hour) + attempt)
               % f->naccounts;

    case BALANCE_CELLS:
        d = dice(a->talk, OF_ACCOUNT + attempt);
        return campaign_cell(f, a->talk) * c->cell + below(&d, c->cell);

    case BALANCE_UNEVEN:
        d = dice(a->talk, OF_ACCOUNT + attempt);
        at = unit(&d) * f->weights[f->naccounts - 1];
        low = 0;
        high = f->naccounts - 1;

        while (low < high) {
            middle = (low + high) / 2;

            if (f->weights[middle] < at) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }

        return low;

    default:
        return f->next++ % f->naccounts;
    }
}


/* blocked accounts are replaced some time after */

static account_t *
force_usable(world_t *w, force_t *f, size_t i)
{
    account_t  *account;

    account = f->accounts[i];

    if (w->now < account->cooling) {
        return NULL;
    }

    if (account->dead) {
        f->accounts[i] = force_person(w, f);
        f->tally->fresh++;
    }

    return f->accounts[i];
}
