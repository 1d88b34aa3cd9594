/*
 * Copyright (C) 2026 Distill Guard
 *
 * What is asked: a function for each habit.  All of it follows from the
 * actor's account, talk and step, so that a request is the same when it is
 * sent again.
 */


#include <string.h>

#include "eval.h"


#define TOLD        6            /* turns that a client sends again */
#define LOOP        4            /* the same, of an agent's steps */
#define AGENT       3500         /* bytes of its system prompt; agents have
                                    ten times as much, all of them the same */
#define AGENT_TOOLS 5
#define PRODUCTS    2            /* agents that are common */
#define BENCHMARKS  3
#define BENCHMARK   400          /* questions */
#define DOCUMENTS   100          /* of an account */
#define SMOKE       6            /* tests */
#define HOMEWORK    10           /* questions */
#define RECORDED    2000         /* bytes, at most, of what was longer */

#define COMMON      0.1          /* of a template, said by everybody */

#define MADE        65536        /* templates and tools, at most */

/* numbers that tell apart what has the same owner */

enum {
    OF_PERSONA = 1000,
    OF_TALK,
    OF_TEXT,
    OF_PAGES,
    OF_BENCHMARK,
    OF_SMOKE = OF_BENCHMARK + BENCHMARKS,
    OF_VIRAL,
    OF_HOMEWORK,
    OF_EXAMPLE,
    OF_OUTPUT,
    OF_SYSTEM,
    OF_TOOLS,
    OF_PRODUCT
};


typedef struct {
    uint64_t       id;
    frame_t        frame;
    char          *tools;
} made_t;


static made_t *habit_made(uint64_t id);
static void habit_output(actor_t *a, ask_t *q);
static void habit_say(ask_t *q, said_t who, size_t at);


static made_t  made[MADE];
static size_t  nmade;


/* --- talk --- */

void
habit_talk(world_t *w, actor_t *a, ask_t *q)
{
    size_t            at;
    dice_t            d;
    unsigned          i, topic;
    const profile_t  *p;

    (void) w;

    p = a->profile;

    /* a product's own prompt is before all that its users say */

    if (p && p->frame && p->ask == habit_talk) {
        at = q->text.len;
        text_str(&q->text, habit_frame(a->account->group, 0, FRAME_BEFORE,
                                       p->frame, 0)->before);
        habit_say(q, SAID_SYSTEM, at);

    } else {
        d = dice(q->account->id, OF_PERSONA);

        if (chance(&d, 0.3)) {
            at = q->text.len;
            words_system(&q->text, &d, 60 + below(&d, 300));
            habit_say(q, SAID_SYSTEM, at);
        }
    }

    d = dice(a->talk, OF_TALK);
    topic = words_topic(&d);
    i = a->step > TOLD ? a->step - TOLD : 0;

    for ( /* void */ ; i <= a->step; i++) {
        d = dice(mix(a->talk, i), OF_TEXT);
        at = q->text.len;

        if (i == 0) {
            words_question(&q->text, &d, topic);
        } else {
            words_followup(&q->text, &d, topic);
        }

        habit_say(q, SAID_USER, at);

        if (i < a->step) {
            at = q->text.len;
            words_answer(&q->text, &d, topic, 1 + below(&d, 5));
            habit_say(q, SAID_ASSISTANT, at);
        }
    }

    d = dice(q->account->id, OF_TALK);

    if (chance(&d, 0.4)) {
        q->temperature = 0.1 * below(&d, 11);
    }

    habit_output(a, q);
}


/* a business: one system prompt of its own, its customers' questions */

void
habit_support(world_t *w, actor_t *a, ask_t *q)
{
    size_t    at;
    dice_t    d;
    unsigned  i, topic;

    (void) w;

    at = q->text.len;
    text_str(&q->text, habit_frame(a->account->id, 0, FRAME_BEFORE,
                                   a->profile->frame, 0)->before);
    habit_say(q, SAID_SYSTEM, at);

    d = dice(a->account->id, OF_TALK);
    topic = words_topic(&d);

    /* customers come one after the other, each with a question or two */

    for (i = a->step & ~1u; i <= a->step; i++) {
        d = dice(mix(a->talk, i), OF_TEXT);
        at = q->text.len;
        words_question(&q->text, &d, topic);
        habit_say(q, SAID_USER, at);

        if (i < a->step) {
            at = q->text.len;
            words_answer(&q->text, &d, topic, 2);
            habit_say(q, SAID_ASSISTANT, at);
        }
    }

    q->temperature = 0.3;
    habit_output(a, q);
}


void
habit_greeting(world_t *w, actor_t *a, ask_t *q)
{
    size_t    at, n;
    dice_t    d;

    (void) w;

    for (n = 0; greetings[n]; n++) { /* void */ }

    d = dice(mix(a->talk, a->step), OF_TEXT);
    at = q->text.len;
    text_str(&q->text, greetings[below(&d, (unsigned) n)]);
    habit_say(q, SAID_USER, at);
    habit_output(a, q);
}


/* --- applications --- */

/*
 * Pages found for a question.  Half of all use the template that comes with
 * a framework.
 */

void
habit_pages(world_t *w, actor_t *a, ask_t *q)
{
    size_t           at;
    dice_t           d;
    unsigned         i, topic;
    const frame_t   *frame;

    d = dice(a->account->id, OF_PAGES);
    frame = habit_frame(chance(&d, 0.5) ? a->account->id
                        : mix(w->seed, OF_PAGES), 0, FRAME_BEFORE,
                        a->profile->frame, 0);
    topic = words_topic(&d);

    at = q->text.len;
    text_str(&q->text, frame->before);

    for (i = 0; i < 3; i++) {
        d = dice(mix(a->talk, a->step), OF_PAGES + i);
        d = dice(mix(a->account->id, below(&d, DOCUMENTS)), OF_PAGES);
        words_passage(&q->text, &d, topic, 300 + below(&d, 500));
        text_str(&q->text, "\n\n");
    }

    text_str(&q->text, "Question: ");
    d = dice(mix(a->talk, a->step), OF_TEXT);
    words_question(&q->text, &d, topic);
    habit_say(q, SAID_USER, at);
    q->temperature = 0;
    habit_output(a, q);
}


/* templates of the group, or of the account where it has no group */

void
habit_frames(world_t *w, actor_t *a, ask_t *q)
{
    size_t            at;
    dice_t            d;
    unsigned          n;
    uint64_t          owner;
    const profile_t  *p;

    (void) w;

    p = a->profile;
    owner = p->group ? a->account->group : a->account->id;
    d = dice(mix(a->talk, a->step), OF_TEXT);
    n = below(&d, p->frames);

    at = q->text.len;
    words_framed(&q->text, &d, habit_frame(owner, n, n % FRAME_SHAPES,
                                           p->frame, p->asks),
                 p->slot, NULL);
    habit_say(q, SAID_USER, at);
    q->temperature = 0.2;
    habit_output(a, q);
}


/* --- agents --- */

void
habit_agent(world_t *w, actor_t *a, ask_t *q)
{
    habit_loop(q, a->talk, a->step, habit_product(w, a->account->group));
    habit_output(a, q);
}


uint64_t
habit_product(const world_t *w, uint64_t n)
{
    return mix(w->seed, OF_PRODUCT + n % PRODUCTS);
}


void
habit_loop(ask_t *q, uint64_t talk, unsigned step, uint64_t product)
{
    size_t    at;
    dice_t    d;
    unsigned  i, topic;

    at = q->text.len;
    text_str(&q->text, habit_frame(product, 0, FRAME_BEFORE, AGENT, 0)->before);
    habit_say(q, SAID_SYSTEM, at);

    d = dice(talk, OF_TEXT);
    topic = words_topic(&d);
    at = q->text.len;
    words_slot(&q->text, &d, SLOT_CODE);
    text_char(&q->text, ' ');
    words_question(&q->text, &d, topic);
    habit_say(q, SAID_USER, at);

    for (i = step > LOOP ? step - LOOP : 0; i < step; i++) {
        d = dice(mix(talk, i), OF_TEXT);

        at = q->text.len;
        words_pattern(&q->text, &d, topic, "%v %n/%w.%m --%a %#");
        ask_turn(q, SAID_CALL, at, mix(talk, i));

        at = q->text.len;
        words_passage(&q->text, &d, topic, 80 + below(&d, 600));
        ask_turn(q, SAID_RESULT, at, mix(talk, i));
    }

    q->tools = habit_tools(product, AGENT_TOOLS, q->api);
    q->issues = mix(talk, step);
}


/* --- tests --- */

/* public questions, in their order, as a harness puts them */

void
habit_benchmark(world_t *w, actor_t *a, ask_t *q)
{
    size_t    at;
    dice_t    d;
    uint64_t  benchmark;

    benchmark = mix(w->seed, OF_BENCHMARK + a->account->id % BENCHMARKS);
    d = dice(benchmark, a->step % BENCHMARK);

    at = q->text.len;
    words_framed(&q->text, &d, habit_frame(benchmark, 0, FRAME_BEFORE, 900, 0),
                 SLOT_PROBLEM, NULL);
    text_str(&q->text, "\nLet's think step by step.");
    habit_say(q, SAID_USER, at);

    q->temperature = 0;
    q->max_tokens = 1024;
    habit_output(a, q);

    switch (a->account->id / BENCHMARKS % 4) {

    case 0:
        q->n = 4;
        q->temperature = 0.7;
        break;

    case 1:
        q->top_logprobs = 5;
        break;

    case 2:

        /* how likely is the answer that the text ends with? */

        q->api = API_COMPLETIONS;
        q->model = world_model(w, a->account->id, q->api, 0);
        q->top_logprobs = 1;
        q->echo = 1;
        q->max_tokens = 0;
        q->output = 1;
        break;
    }
}


/* the same few requests at every build; forks have those of their origin */

void
habit_smoke(world_t *w, actor_t *a, ask_t *q)
{
    size_t    at;
    dice_t    d;
    uint64_t  project;

    (void) w;

    project = a->account->id % 2 ? a->account->group : a->account->id;
    d = dice(mix(project, a->step % SMOKE), OF_SMOKE);

    at = q->text.len;
    words_slot(&q->text, &d, SLOT_CODE);
    text_char(&q->text, ' ');
    words_answer(&q->text, &d, words_topic(&d), 1 + below(&d, 5));
    habit_say(q, SAID_USER, at);
    q->temperature = 0;
    q->max_tokens = 64;
    habit_output(a, q);
}


/* --- what many do --- */

void
habit_viral(world_t *w, actor_t *a, ask_t *q)
{
    size_t  at;
    dice_t  d;

    (void) w;

    d = dice(mix(a->account->group, a->talk % 2), OF_VIRAL);
    at = q->text.len;
    words_slot(&q->text, &d, SLOT_SEED);
    text_char(&q->text, ' ');
    words_passage(&q->text, &d, words_topic(&d), 350);
    habit_say(q, SAID_USER, at);
    habit_output(a, q);
}


void
habit_viral_slot(world_t *w, actor_t *a, ask_t *q)
{
    size_t  at;
    dice_t  d;

    (void) w;

    d = dice(mix(a->talk, a->step), OF_TEXT);
    at = q->text.len;
    words_framed(&q->text, &d, habit_frame(mix(a->account->group, OF_VIRAL),
                                           0, FRAME_BEFORE, 350, 0),
                 SLOT_QUESTION, NULL);
    habit_say(q, SAID_USER, at);
    habit_output(a, q);
}


/* ten questions; some add a remark, some their own attempt */

void
habit_homework(world_t *w, actor_t *a, ask_t *q)
{
    size_t    at;
    dice_t    d, question;
    unsigned  topic;

    (void) w;

    d = dice(mix(a->talk, a->step), OF_TEXT);
    question = dice(mix(a->account->group, below(&d, HOMEWORK)), OF_HOMEWORK);
    topic = words_topic(&question);

    at = q->text.len;

    if (chance(&d, 0.5)) {
        words_aside(&q->text, &d, topic);
        text_char(&q->text, ' ');
    }

    words_pattern(&q->text, &question, topic, problems[below(&question, 12)]);
    text_char(&q->text, ' ');
    words_pattern(&q->text, &question, topic, problems[below(&question, 12)]);

    while (chance(&d, 0.5)) {
        text_char(&q->text, ' ');
        words_aside(&q->text, &d, topic);
    }

    habit_say(q, SAID_USER, at);
    habit_output(a, q);
}


/* the teacher's rubric, and one's own essay */

void
habit_essay(world_t *w, actor_t *a, ask_t *q)
{
    size_t    at;
    dice_t    d;
    unsigned  topic;

    (void) w;

    d = dice(a->account->group, OF_HOMEWORK);
    topic = words_topic(&d);
    d = dice(mix(a->talk, a->step), OF_TEXT);

    at = q->text.len;
    text_str(&q->text, habit_frame(mix(a->account->group, OF_HOMEWORK), 0,
                                   FRAME_BEFORE, 600, 0)->before);
    words_passage(&q->text, &d, topic, 800 + below(&d, 1400));
    habit_say(q, SAID_USER, at);
    habit_output(a, q);
}


/* what the documentation tells newcomers to try */

void
habit_example(world_t *w, actor_t *a, ask_t *q)
{
    size_t  at;
    dice_t  d;

    (void) w;

    d = dice(mix(a->account->group, a->step % 3), OF_EXAMPLE);

    at = q->text.len;
    text_str(&q->text, "You are a helpful assistant.");
    habit_say(q, SAID_SYSTEM, at);

    at = q->text.len;
    words_question(&q->text, &d, words_topic(&d));

    if (a->step % 3 == 2) {
        text_char(&q->text, ' ');
        words_passage(&q->text, &d, words_topic(&d), 300);
    }

    habit_say(q, SAID_USER, at);
    habit_output(a, q);
}


/* so much, at such a time, by such an account of such a conversation */

void
habit_recorded(world_t *w, actor_t *a, ask_t *q)
{
    size_t            at, bytes, end;
    dice_t            d;
    unsigned          i, topic;
    const arrival_t  *it;

    (void) w;

    it = a->arrivals;
    d = dice(a->talk, OF_TALK);
    topic = words_topic(&d);
    bytes = 4 * (size_t) it->input;
    bytes = bytes < RECORDED ? bytes : RECORDED;

    for (i = it->turn > 2 ? it->turn - 2 : 0; i <= it->turn; i++) {
        d = dice(mix(a->talk, i), OF_TEXT);
        at = q->text.len;
        end = at + bytes / 2;

        do {
            words_question(&q->text, &d, topic);
            text_char(&q->text, '\n');
        } while (q->text.len < end);

        habit_say(q, SAID_USER, at);

        if (i < it->turn) {
            at = q->text.len;
            words_answer(&q->text, &d, topic, 1 + below(&d, 5));
            habit_say(q, SAID_ASSISTANT, at);
        }
    }

    q->output = it->output ? it->output : 1;
}


/* --- what is made once --- */

const frame_t *
habit_frame(uint64_t owner, unsigned n, unsigned shape, size_t bytes,
    asks_t asks)
{
    dice_t   d;
    made_t  *it;

    it = habit_made(mix(mix(owner, n), bytes));

    if (it->frame.before == NULL) {
        d = dice(it->id, OF_SYSTEM);
        it->frame = words_frame(&d, (frame_shape_t) shape, bytes, asks,
                                COMMON);
    }

    return &it->frame;
}


const char *
habit_tools(uint64_t owner, unsigned n, api_t api)
{
    text_t   t = { NULL, 0, 0 };
    dice_t   d;
    made_t  *it;

    it = habit_made(mix(mix(owner, api), OF_TOOLS));

    if (it->tools == NULL) {
        d = dice(owner, OF_TOOLS);
        words_tools(&t, &d, n, api == API_ANTHROPIC);
        it->tools = text_copy(&t);
    }

    return it->tools;
}


static made_t *
habit_made(uint64_t id)
{
    size_t  i;

    for (i = id % MADE; made[i].id && made[i].id != id; i = (i + 1) % MADE) {
        /* void */
    }

    if (made[i].id == 0) {
        if (++nmade == MADE) {
            die("more than %d templates", MADE);
        }

        made[i].id = id;
    }

    return &made[i];
}


static void
habit_output(actor_t *a, ask_t *q)
{
    dice_t  d;
    double  median, sigma;

    d = dice(mix(a->talk, a->step), OF_OUTPUT);
    median = a->profile ? a->profile->output : 0;
    sigma = a->profile ? a->profile->output_spread : 0;

    if (!a->special || median == 0) {
        median = 220;
        sigma = 0.8;
    }

    q->output = 1 + (unsigned) lognormal(&d, median, sigma);
}


static void
habit_say(ask_t *q, said_t who, size_t at)
{
    ask_turn(q, who, at, 0);
}
