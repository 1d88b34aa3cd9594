/*
 * Copyright (C) 2026 Distill Guard
 *
 * Honest traffic that looks like something else: a row for each profile.
 * Somebody's life is a row of sessions; in a session so many hands work, each
 * request after the answer to the one before.
 */


#include <math.h>
#include <string.h>

#include "eval.h"


#define PATIENCE     3           /* requests given up, then a session ends */
#define PERSON       5.0         /* seconds: who waits longer is a person */
#define RECORDED     16384       /* accounts of a file */
#define PAST_SESSION   60          /* requests of a session before the window */


static void honest_person(world_t *w, const profile_t *p, tally_t *tally,
    account_t *account, unsigned n);
static void honest_live(world_t *w, actor_t *a);
static void honest_session(world_t *w, actor_t *a);
static void honest_ask(world_t *w, actor_t *a);
static void honest_answer(world_t *w, actor_t *a, const flight_t *f,
    const verdict_t *v);
static void honest_hand_on(world_t *w, actor_t *a);
static void honest_gave_up(world_t *w, actor_t *a, const flight_t *f);
static void honest_replay(world_t *w, actor_t *a);
static account_t *honest_recorded(world_t *w, const actor_t *a, uint32_t n);
static void honest_replayed(world_t *w, actor_t *a, const flight_t *f,
    const verdict_t *v);
static int honest_capped(const profile_t *p, account_t *account, ms_t now);


#define EVERYBODY    ~0u

#define SDKS         { TOOL_OPENAI_PYTHON, TOOL_OPENAI_JS,                    \
                       TOOL_ANTHROPIC_PYTHON, TOOL_AI_SDK }
#define PEOPLE       { TOOL_APP, TOOL_OPENAI_JS, TOOL_GENAI, TOOL_AI_SDK }
#define SERVERS      { TOOL_OPENAI_PYTHON, TOOL_LANGCHAIN, TOOL_OPENAI_JS }


const profile_t  profiles[] = {

    /* people, and the ways they come */

    { "chat", 2500, 7, 0.8, 4, 40, 1, HOURS_PEOPLE, NET_HOME, 0, PEOPLE,
      0.12, 0.15, 1, habit_talk, .output = 220, .output_spread = 0.8 },

    { "product", 900, 6, 0.7, 3, 30, 1, HOURS_PEOPLE, NET_HOME, EVERYBODY,
      { TOOL_APP }, 0.12, 0.2, 1, habit_talk, .frame = 1200,
      .output = 220, .output_spread = 0.8 },

    { "greetings", 900, 5, 0.5, 1.5, 20, 1, HOURS_PEOPLE, NET_HOME, 0,
      PEOPLE, 0.1, 0.3, 1, habit_greeting, .output = 15,
      .output_spread = 0.4 },

    { "office", 240, 20, 0.6, 5, 40, 1, HOURS_OFFICE, NET_OFFICE, 80, SDKS,
      0.1, 0.1, 1, habit_talk, .output = 250, .output_spread = 0.8 },

    { "carrier", 600, 8, 0.6, 3, 30, 1, HOURS_PEOPLE, NET_CARRIER, 300,
      PEOPLE, 0.1, 0.2, 1, habit_talk, .output = 180, .output_spread = 0.8 },

    { "mobile", 500, 9, 0.6, 2, 25, 1, HOURS_PEOPLE, NET_MOBILE, 0,
      { TOOL_APP }, 0.1, 0.2, 1, habit_talk, .output = 180,
      .output_spread = 0.8 },

    { "vpn", 250, 10, 0.6, 3, 40, 1, HOURS_PEOPLE, NET_VPN, 0, PEOPLE,
      0.1, 0.2, 1, habit_talk, .output = 220, .output_spread = 0.8 },

    { "free-tier", 500, 40, 0, 8, 15, 1, HOURS_PEOPLE, NET_HOME, 0, PEOPLE,
      0.08, 0.2, 1, habit_talk, .output = 200, .output_spread = 0.7,
      .cap = 20, .even = 1 },

    /* programs */

    { "coding-agent", 250, 70, 0.8, 18, 2, 1, HOURS_OFFICE, NET_HOME,
      125, { TOOL_AGENT }, 0.04, 0.15, 1, habit_agent, .output = 320,
      .output_spread = 0.9 },

    { "key-rotation", 80, 70, 0.6, 18, 2, 1, HOURS_OFFICE, NET_OFFICE, 20,
      { TOOL_AGENT, TOOL_OPENAI_JS }, 0.04, 0.1, 1, habit_agent,
      .output = 320, .output_spread = 0.9, .keys = 2, .rotates = 1 },

    { "support-bot", 30, 350, 0.7, 2, 25, 1, HOURS_PEOPLE, NET_CLOUD, 0,
      SERVERS, 0.03, 0.05, 1, habit_support, .frame = 1000, .output = 130,
      .output_spread = 0.5 },

    { "tutor", 200, 9, 0.7, 4, 60, 1, HOURS_PEOPLE, NET_HOME, EVERYBODY,
      { TOOL_APP }, 0.1, 0.3, 1, habit_frames, 3, 300, SLOT_PROBLEM,
      .output = 420, .output_spread = 0.5, .asks = ASKS_TRACES },

    { "rag", 60, 130, 0.7, 2, 10, 1, HOURS_OFFICE, NET_CLOUD, 0, SERVERS,
      0.03, 0.1, 1, habit_pages, .frame = 300, .output = 160,
      .output_spread = 0.6 },

    { "hosted-app", 300, 15, 0.7, 2, 10, 1, HOURS_PEOPLE, NET_EGRESS, 100,
      { TOOL_AI_SDK, TOOL_OPENAI_JS }, 0.1, 0.2, 1, habit_talk,
      .output = 200, .output_spread = 0.8 },

    { "app-prompts", 300, 8, 1, 1.5, 10, 1, HOURS_PEOPLE, NET_HOME,
      EVERYBODY, { TOOL_APP }, 0.1, 0.3, 1, habit_frames, 6, 260,
      SLOT_REVIEW, .output = 180, .output_spread = 0.7 },

    { "batch-label", 8, 2200, 0.4, 900, 0.2, 6, HOURS_NIGHT, NET_CLOUD, 0,
      { TOOL_BATCH }, 0.01, 0.15, 1, habit_frames, 1, 400, SLOT_REVIEW,
      .output = 8, .output_spread = 0.5 },

    { "translation", 6, 1200, 0.4, 400, 0.3, 4, HOURS_NIGHT, NET_CLOUD, 0,
      { TOOL_BATCH }, 0.01, 0.15, 1, habit_frames, 1, 140, SLOT_PASSAGE,
      .output = 330, .output_spread = 0.5 },

    { "moderation", 4, 3500, 0.3, 20, 0.3, 1, HOURS_PEOPLE, NET_CLOUD, 0,
      SERVERS, 0.01, 0, 1, habit_frames, 1, 700, SLOT_REVIEW, .output = 6,
      .output_spread = 0.3 },

    { "judge", 10, 500, 0.5, 250, 0.5, 4, HOURS_FLAT, NET_CLOUD, 0,
      { TOOL_EVAL, TOOL_LANGCHAIN }, 0.02, 0.2, 1, habit_frames, 3, 800,
      SLOT_PAIR, .output = 140, .output_spread = 0.4, .asks = ASKS_TRACES },

    { "benchmark", 24, 600, 0.3, 400, 0.5, 8, HOURS_NIGHT, NET_CLOUD, 0,
      { TOOL_EVAL, TOOL_EVAL, TOOL_DISTILABEL }, 0.02, 0.3, 1,
      habit_benchmark, .output = 260, .output_spread = 0.5 },

    { "ci-fleet", 60, 130, 0.3, 6, 0.3, 1, HOURS_TICK, NET_EGRESS, 60,
      { TOOL_OPENAI_PYTHON, TOOL_CURL }, 0.04, 0.1, 1, habit_smoke,
      .output = 30, .output_spread = 0.3 },

    { "gateway", 3, 4000, 0.2, 2, 20, 1, HOURS_OFFICE, NET_CLOUD, 0,
      { TOOL_GATEWAY }, 0.01, 0, 1, habit_talk, .output = 240,
      .output_spread = 0.9 },

    { "organization", 5, 2000, 0.3, 3, 3, 1, HOURS_OFFICE, NET_CLOUD, 0,
      { TOOL_BALANCER }, 0.02, 0, 1, habit_support, .frame = 1000,
      .output = 180, .output_spread = 0.6, .keys = 6 },

    /* what many do at the same time; most of them also just talk */

    { "viral", 3000, 2.5, 0.5, 2, 40, 1, HOURS_PEOPLE, NET_HOME, EVERYBODY,
      PEOPLE, 0.1, 0.3, 0.5, habit_viral, .output = 350,
      .output_spread = 0.5 },

    { "viral-slot", 1500, 3, 0.5, 2, 40, 1, HOURS_PEOPLE, NET_HOME,
      EVERYBODY, PEOPLE, 0.1, 0.3, 0.6, habit_viral_slot, .output = 350,
      .output_spread = 0.5 },

    { "homework", 300, 12, 0.4, 3, 60, 1, HOURS_PEOPLE, NET_HOME, 300,
      PEOPLE, 0.05, 0.4, 0.8, habit_homework, .output = 380,
      .output_spread = 0.4 },

    { "essays", 300, 8, 0.4, 3, 120, 1, HOURS_PEOPLE, NET_HOME, 300, PEOPLE,
      0.05, 0.4, 0.8, habit_essay, .output = 420, .output_spread = 0.4 },

    { "first-steps", 900, 5, 0.4, 3, 30, 1, HOURS_PEOPLE, NET_HOME,
      EVERYBODY, SDKS, 0, 1, 0.7, habit_example, .output = 90,
      .output_spread = 0.5 },

    { "launch-rush", 1500, 5, 0.7, 4, 30, 1, HOURS_LAUNCH, NET_HOME,
      EVERYBODY, PEOPLE, 0.1, 0.4, 0.7, habit_viral_slot, .output = 300,
      .output_spread = 0.8 },

    { "forked-chat", 400, 10, 0.5, 5, 15, 1, HOURS_OFFICE, NET_HOME, 40,
      { TOOL_AGENT, TOOL_OPENAI_JS }, 0.08, 0.1, 0.5, habit_agent,
      .output = 250, .output_spread = 0.8, .shares = 1 },

    { "retry-storm", 300, 10, 0.5, 3, 2, 2, HOURS_OUTAGE, NET_CLOUD, 0,
      { TOOL_STORM }, 0.08, 0.1, 1, habit_talk, .output = 200,
      .output_spread = 0.8 },

    { .name = NULL }
};


/* when, who and how much was recorded; only the words are ours */

const profile_t  recorded_profiles[] = {

    { "azure-conv", .tools = PEOPLE, .ask = habit_recorded,
      .arrivals = "azure-conv", .net = NET_HOME },

    { "azure-code", .tools = { TOOL_AGENT, TOOL_OPENAI_PYTHON },
      .ask = habit_recorded, .arrivals = "azure-code", .net = NET_HOME },

    { "mooncake", .tools = PEOPLE, .ask = habit_recorded,
      .arrivals = "mooncake", .net = NET_HOME },

    { "servegen-text", .tools = SERVERS, .ask = habit_recorded,
      .arrivals = "servegen-text", .net = NET_CLOUD },

    { "servegen-image", .tools = SERVERS, .ask = habit_recorded,
      .arrivals = "servegen-image", .net = NET_CLOUD },

    { "specstory", .tools = { TOOL_AGENT }, .ask = habit_agent,
      .arrivals = "specstory", .net = NET_HOME },

    { .name = NULL }
};


/* before they are a campaign's accounts */

static const profile_t  cover = {
    "cover", 1, 2, 0.5, 3, 40, 1, HOURS_PEOPLE, NET_HOME, 0, PEOPLE, 1, 0, 1,
    habit_talk, .output = 220, .output_spread = 0.8
};


void
honest_enlist(world_t *w, const profile_t *p)
{
    actor_t    *a;
    tally_t    *tally;
    unsigned    i, n, keys;
    uint64_t    group;
    account_t  *account, *last;

    tally = world_tally(w, p->name, NULL);

    if (p->arrivals) {
        a = world_actor(w, honest_replay);
        a->arrivals = recorded_arrivals(p->arrivals, &a->narrivals);
        a->profile = p;
        a->talk = mix(w->seed, a->narrivals);
        honest_replay(w, a);
        return;
    }

    n = (unsigned) ceil(p->accounts * w->scene->people * w->scale);
    group = mix(w->seed, roll(&(dice_t) { strlen(p->name) + p->accounts }));
    keys = p->keys ? p->keys : 1;
    last = NULL;

    for (i = 0; i < n; i++) {
        account = world_account(w, NULL, tally, NULL);

        if (p->group) {
            account->group = mix(group, p->group == EVERYBODY ? 0
                                 : i / p->group);
        }

        account->colleague = last;
        last = account;
        honest_person(w, p, tally, account, keys);
    }
}


void
honest_past(world_t *w, account_t *account, double daily)
{
    actor_t  *a;

    a = world_actor(w, honest_live);
    a->account = account;
    a->profile = &cover;
    a->dice = dice(account->id, 21);
    a->talk = account->id;
    account->daily = lognormal(&a->dice, daily, cover.spread);
    world_later(w, a, w->past + (ms_t) (unit(&a->dice) * DAY));
}


static void
honest_person(world_t *w, const profile_t *p, tally_t *tally,
    account_t *account, unsigned keys)
{
    actor_t    *a;
    dice_t      d;
    unsigned    i, ntools;
    account_t  *key;

    d = dice(account->id, 22);

    for (ntools = 0; ntools < nelts(p->tools) && p->tools[ntools]; ntools++) {
        /* void */
    }

    account->tool = &tools[p->tools[below(&d, ntools)]];
    account->net = p->net;
    account->version = below(&d, 2) && account->tool->versions[1] ? 1 : 0;
    account->zone = (int) below(&d, 12) - 6;
    account->daily = p->even ? p->daily : lognormal(&d, p->daily, p->spread);

    if (p->past == 0 || chance(&d, p->newcomers)) {
        account->begins = w->begin + (ms_t) (unit(&d) * 0.9
                                             * (double) (w->end - w->begin));
    } else {
        account->begins = w->past;
    }

    if (p->rotates) {
        account->rotates = w->begin + (ms_t) (unit(&d) * (double)
                                              (w->end - w->begin));

    } else if (keys > 1) {
        account->organization = p->name;
    }

    if (keys > 1) {
        account->keys = grab(keys * sizeof(account_t));
        account->nkeys = keys;

        for (i = 0; i < keys; i++) {
            key = &account->keys[i];
            *key = *account;
            key->id = mix(account->id, 100 + i);
            key->tally = tally;
        }
    }

    a = world_actor(w, honest_live);
    a->account = account;
    a->profile = p;
    a->dice = dice(account->id, 23);
    a->talk = account->id;
    world_later(w, a, account->begins);
}


/* --- a life --- */

/* woken where a session begins, but for the first time */

static void
honest_live(world_t *w, actor_t *a)
{
    ms_t              next;
    double            gap;
    unsigned          i, n;
    actor_t          *session;
    const profile_t  *p;

    p = a->profile;

    if (a->step++ > 0 && !honest_capped(p, a->account, w->now)) {
        a->talk = mix(a->talk, a->step);
        n = geometric(&a->dice, p->session);
        a->special = w->now >= (p->hours == HOURS_LAUNCH ? w->launch
                                : w->begin)
                     ? chance(&a->dice, p->special) : p->special == 1;

        if (w->now < w->begin && n > PAST_SESSION) {
            n = PAST_SESSION;
        }

        for (i = 0; i < p->hands && i < n; i++) {
            session = world_actor(w, honest_session);
            session->account = a->account;
            session->profile = p;
            session->talk = mix(a->talk, i);
            session->dice = dice(session->talk, 24);
            session->left = (n + p->hands - 1 - i) / p->hands;
            session->special = a->special;

            /* hands of one session divide its questions */
            session->step = p->hands > 1 ? i * (n / p->hands) : 0;
            world_later(w, session, w->now
                        + (ms_t) (unit(&session->dice) * 3 * SECOND));
        }
    }

    gap = (double) DAY * p->session / a->account->daily;
    next = world_next(w, p->hours, a->account->zone, w->now, gap,
                      p->past, &a->dice);

    if (p == &cover && next >= w->begin) {
        world_free(w, a);
        return;
    }

    world_later(w, a, next);
}


static int
honest_capped(const profile_t *p, account_t *account, ms_t now)
{
    uint32_t  day;

    if (p->cap == 0) {
        return 0;
    }

    day = (uint32_t) (now / DAY);

    if (account->day != day) {
        account->day = day;
        account->today = 0;
    }

    return account->today > p->cap;
}


/* --- a session --- */

static void
honest_session(world_t *w, actor_t *a)
{
    a->answer = honest_answer;
    a->wake = honest_ask;
    honest_ask(w, a);
}


static void
honest_ask(world_t *w, actor_t *a)
{
    ask_t            *q;
    account_t        *account;
    const profile_t  *p;

    p = a->profile;
    account = a->account;

    if (account->rotates) {
        account = &account->keys[w->now >= account->rotates];

    } else if (account->nkeys) {
        account = &account->keys[(a->talk + a->step + a->refusals)
                                 % account->nkeys];
    }

    q = world_ask(w, a, account);

    if (p->hours == HOURS_LAUNCH) {
        q->model = world_model(w, account->id, q->api, 1);
    }

    if (a->special) {
        p->ask(w, a, q);
    } else {
        habit_talk(w, a, q);
    }

    if (p->cap) {
        honest_capped(p, account, w->now);
        account->today += a->refusals == 0;

        if (account->today > p->cap) {
            q->status = 429;
        }
    }

    world_send(w, a, q);
}


static void
honest_answer(world_t *w, actor_t *a, const flight_t *f, const verdict_t *v)
{
    ms_t    again;
    double  gap;

    if (refused(v) || f->status != 200) {
        a->refusals++;
        again = v->id == VERDICT_BLOCK ? -1
                : tool_again(f->account->tool, a->refusals, v->retry_after,
                             &a->dice);

        if (again >= 0) {
            world_later(w, a, f->sent + REACTION + again);
            return;
        }

        honest_gave_up(w, a, f);
        return;
    }

    a->refusals = 0;
    a->failures = 0;
    a->step++;

    if (--a->left == 0) {
        honest_hand_on(w, a);
        return;
    }

    gap = lognormal(&a->dice, a->profile->gap, 0.6);
    world_later(w, a, f->sent + REACTION + f->lasts
                + (ms_t) (gap * SECOND));
}


/* some transcripts go to a colleague, who asks on */

static void
honest_hand_on(world_t *w, actor_t *a)
{
    if (a->profile->shares && a->special && !a->handed
        && a->account->colleague
        && a->account->tool == a->account->colleague->tool)
    {
        a->handed = 1;
        a->account = a->account->colleague;
        a->left = 1 + below(&a->dice, 4);
        world_later(w, a, w->now + (ms_t) ((2 + 20 * unit(&a->dice))
                                           * MINUTE));
        return;
    }

    world_free(w, a);
}


static void
honest_gave_up(world_t *w, actor_t *a, const flight_t *f)
{
    f->account->tally->abandoned++;
    a->refusals = 0;

    if (++a->failures >= PATIENCE || a->left <= 1
        || (a->profile->gap > PERSON && chance(&a->dice, 0.5)))
    {
        world_free(w, a);
        return;
    }

    a->left--;
    a->step++;
    world_later(w, a, w->now + REACTION
                + (ms_t) (f->account->tool->rest * SECOND));
}


/* --- recorded --- */

/*
 * One actor sends the lot; requests that are refused are sent again by
 * actors of their own.
 */

static void
honest_replay(world_t *w, actor_t *a)
{
    ms_t              at;
    actor_t          *one;
    uint64_t          id;
    account_t        *account;
    const arrival_t  *it;

    if (a->narrivals == 0) {
        world_free(w, a);
        return;
    }

    it = a->arrivals;
    at = w->begin + it->at;

    if (w->now < at) {
        world_later(w, a, at);
        return;
    }

    account = honest_recorded(w, a, it->account);
    id = account->id;

    one = world_actor(w, honest_ask);
    one->account = account;
    one->profile = a->profile;
    one->talk = mix(id, it->conversation);
    one->step = it->turn;
    one->dice = dice(one->talk, it->turn);
    one->arrivals = it;
    one->special = 1;
    one->answer = honest_replayed;
    honest_ask(w, one);

    a->arrivals++;
    a->narrivals--;

    if (a->narrivals) {
        at = w->begin + a->arrivals->at;
        world_later(w, a, at > w->now ? at : w->now);
    }
}


/* accounts are numbered from 0 on */

static account_t *
honest_recorded(world_t *w, const actor_t *a, uint32_t n)
{
    account_t         *account;
    static account_t  *known[nelts(recorded_profiles)][RECORDED];
    account_t        **at;

    if (n >= RECORDED) {
        die("more than %d recorded accounts", RECORDED);
    }

    at = &known[a->profile - recorded_profiles][n];
    account = *at;

    if (account == NULL) {
        account = world_account(w, NULL,
                                world_tally(w, a->profile->name, NULL), NULL);
        account->group = mix(a->talk, n % 2);
        account->net = a->profile->net;
        account->tool = &tools[a->profile->tools[a->profile->tools[1]
                                                 ? n % 2 : 0]];
        *at = account;
    }

    return account;
}


static void
honest_replayed(world_t *w, actor_t *a, const flight_t *f,
    const verdict_t *v)
{
    ms_t  again;

    if (refused(v) || f->status != 200) {
        again = v->id == VERDICT_BLOCK ? -1
                : tool_again(f->account->tool, ++a->refusals, v->retry_after,
                             &a->dice);

        if (again >= 0) {
            world_later(w, a, f->sent + REACTION + again);
            return;
        }

        f->account->tally->abandoned++;
    }

    world_free(w, a);
}
