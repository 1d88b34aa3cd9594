/*
 * Copyright (C) 2026 Distill Guard
 *
 * The evaluation's composer: traffic of honest people and of campaigns, made
 * from a seed, driven through a guard whose verdicts its clients react to.
 *
 *     dice, text        random numbers; growing buffers
 *     vocabulary, words what people and harvests write,
 *     manner            and how each of them writes it
 *     recorded          the same out of files, where there are any
 *     network           addresses, networks, keys
 *     tool              what sends: headers, and how it takes a refusal
 *     wire              a request as a line of a trace
 *     honest, habit     the honest profiles, and what they ask
 *     campaign, force   the campaigns, and how they work
 *     world             which of them meet; time
 *     guard             the guard's process
 *     tally             what is counted
 */


#ifndef _EVAL_H_INCLUDED_
#define _EVAL_H_INCLUDED_


#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>


#define nelts(a)  (sizeof(a) / sizeof((a)[0]))

#define SECOND  1000ll           /* time is in milliseconds */
#define MINUTE  (60 * SECOND)
#define HOUR    (60 * MINUTE)
#define DAY     (24 * HOUR)

/* the fastest client needs this long to react to an answer */
#define REACTION  200

/* length of the campaigns that were reported, in days */
#define CAMPAIGN_DAYS  45

#define FORCES  16               /* in one scene, at most */

#define PROBED  400              /* the answer to a request of nothing */


typedef int64_t             ms_t;
typedef struct account_s    account_t;
typedef struct actor_s      actor_t;
typedef struct ask_s        ask_t;
typedef struct campaign_s   campaign_t;
typedef struct force_s      force_t;
typedef struct profile_s    profile_t;
typedef struct tally_s      tally_t;
typedef struct tool_s       tool_t;
typedef struct world_s      world_t;


/* --- dice --- */

/*
 * A stream of numbers for each account, conversation and item, so that none
 * changes when another is refused.
 */

typedef struct {
    uint64_t       s;
} dice_t;


uint64_t mix(uint64_t a, uint64_t b);
dice_t dice(uint64_t a, uint64_t b);
uint64_t roll(dice_t *d);
unsigned below(dice_t *d, unsigned n);
double unit(dice_t *d);                  /* in (0, 1) */
int chance(dice_t *d, double p);
double lognormal(dice_t *d, double median, double sigma);
double exponential(dice_t *d, double mean);
unsigned geometric(dice_t *d, double mean);      /* at least 1 */


/* --- text --- */

typedef struct {
    char          *p;
    size_t         len;
    size_t         size;
} text_t;


void *grab(size_t size);                 /* zeroed, or the program ends */
void die(const char *format, ...)
    __attribute__((format(printf, 1, 2), noreturn));

void text_bytes(text_t *t, const char *p, size_t len);
void text_str(text_t *t, const char *s);
void text_char(text_t *t, char c);
void text_uint(text_t *t, uint64_t n);
void text_printf(text_t *t, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void text_json(text_t *t, const char *p, size_t len);    /* escaped */
char *text_copy(const text_t *t);                /* ends with a zero */


/* --- vocabulary: lists that end with NULL --- */

typedef struct {
    const char    *name;
    const char    *nouns[32];
} topic_t;


extern const topic_t        topics[];
extern const char          *verbs[];
extern const char          *adjectives[];
extern const char          *adverbs[];
extern const char          *people[];
extern const char          *trades[];
extern const char          *syllables[];
extern const char          *synonyms[][6];

extern const char          *greetings[];
extern const char          *questions[];
extern const char          *requests[];
extern const char          *followups[];
extern const char          *asides[];
extern const char          *fillers[];
extern const char          *statements[];
extern const char          *problems[];
extern const char          *codings[];
extern const char          *roles[];
extern const char          *tasks[];
extern const char          *rules[];
extern const char          *formats[];
extern const char          *stocks[];
extern const char          *makings[];
extern const char          *traces[];


/* --- words --- */

typedef enum {
    SLOT_PROBLEM = 0,            /* a word problem */
    SLOT_SEED,                   /* an instruction to be grown */
    SLOT_CODE,
    SLOT_QUESTION,
    SLOT_PASSAGE,                /* a page of prose */
    SLOT_REVIEW,                 /* some sentences */
    SLOT_PAIR                    /* a question and its answer */
} slot_t;


typedef enum {
    FRAME_BEFORE = 0,            /* where it stands */
    FRAME_AFTER,
    FRAME_AROUND,
    FRAME_SHAPES
} frame_shape_t;


typedef struct {
    char          *before;
    char          *after;
} frame_t;


typedef enum {
    ASKS_NOTHING = 0,
    ASKS_TRACES,                 /* for the reasoning to be shown */
    ASKS_TASKS                   /* for tasks to be made up */
} asks_t;


/* how a frame is said again */

typedef struct {
    double         words;        /* replaced by synonyms */
    double         small;        /* of those of up to three letters */
    unsigned       reorder:1;
} rewording_t;


void words_begin(uint64_t seed, const char *data);

void words_pattern(text_t *t, dice_t *d, unsigned topic, const char *pattern);
void words_name(text_t *t, dice_t *d);
unsigned words_topic(dice_t *d);

void words_question(text_t *t, dice_t *d, unsigned topic);
void words_followup(text_t *t, dice_t *d, unsigned topic);
void words_answer(text_t *t, dice_t *d, unsigned topic, unsigned sentences);
void words_passage(text_t *t, dice_t *d, unsigned topic, size_t bytes);
void words_aside(text_t *t, dice_t *d, unsigned topic);
void words_slot(text_t *t, dice_t *d, slot_t slot);

/*
 * bytes: about so long; asks: what it asks for besides its task; common:
 * share of sentences that everybody uses.
 */
frame_t words_frame(dice_t *d, frame_shape_t shape, size_t bytes,
    asks_t asks, double common);
void words_framed(text_t *t, dice_t *d, const frame_t *frame, slot_t slot,
    const rewording_t *rewording);

/* what stands from "at" on, in a manner of somebody's own */
void words_manner(text_t *t, dice_t *d, size_t at);

/* rewording may be NULL: as it is */
void words_reworded(text_t *t, dice_t *d, const char *p,
    const rewording_t *rewording);

/* a system prompt, and definitions of tools as JSON */
void words_system(text_t *t, dice_t *d, size_t bytes);
void words_tools(text_t *t, dice_t *d, unsigned n, unsigned anthropic);


/* --- recorded: prompts and arrivals out of files --- */

typedef struct {
    ms_t           at;           /* since the file's begin */
    uint32_t       account;
    uint32_t       conversation;
    uint32_t       turn;
    uint32_t       input;        /* tokens */
    uint32_t       output;
} arrival_t;


void recorded_begin(const char *dir);
int recorded_question(text_t *t, dice_t *d);     /* 0: there are none */
int recorded_slot(text_t *t, dice_t *d);
const arrival_t *recorded_arrivals(const char *name, size_t *n);


/* --- network --- */

typedef enum {
    NET_HOME = 0,                /* an address of one's own */
    NET_OFFICE,                  /* one for all of a group */
    NET_CARRIER,                 /* some for a group of hundreds */
    NET_MOBILE,                  /* another for each session */
    NET_VPN,                     /* another for each session, hosting */
    NET_CLOUD,                   /* one's own, hosting */
    NET_EGRESS,                  /* some for a group, hosting */
    NET_RELAY,                   /* servers of a campaign, hosting */
    NET_ROTATE                   /* a home for each request */
} net_t;


typedef struct {
    uint8_t        v4[4];
    uint8_t        v6;           /* written as such */
    uint32_t       asn;
    const char    *country;
} address_t;


void network_address(address_t *at, net_t net, uint64_t account,
    uint64_t group, dice_t *session);
void network_text(text_t *t, const address_t *at);
void network_hosting(text_t *t);         /* the list for the guard */


/* --- tools --- */

typedef enum {
    API_CHAT = 0,
    API_COMPLETIONS,
    API_RESPONSES,
    API_ANTHROPIC,
    API_GEMINI
} api_t;


/*
 * How a refusal is taken: tries of one request, the first after a pause
 * that grows by a factor, by another credential where the tool has several;
 * then it is given up, and what the tool does rests for a while.
 */

struct tool_s {
    const char    *name;
    const char    *headers;      /* "Name: value" by line; KEY, VERSION */
    const char    *versions[4];
    api_t          api;
    unsigned       stream:1;
    unsigned       obeys:1;      /* Retry-After */
    unsigned       others:1;     /* tries another credential at once */
    unsigned       tries;        /* 0: for ever */
    double         pause;        /* seconds */
    double         factor;
    double         longest;
    double         rest;         /* seconds after giving up */
};


typedef enum {
    TOOL_NONE = 0,
    TOOL_OPENAI_PYTHON,
    TOOL_OPENAI_JS,
    TOOL_ANTHROPIC_PYTHON,
    TOOL_ANTHROPIC_JS,
    TOOL_GENAI,
    TOOL_AI_SDK,
    TOOL_LANGCHAIN,
    TOOL_CURL,
    TOOL_APP,
    TOOL_AGENT,
    TOOL_BATCH,
    TOOL_EVAL,
    TOOL_STORM,
    TOOL_GATEWAY,
    TOOL_BALANCER,
    TOOL_ALPACA,
    TOOL_SELF_INSTRUCT,
    TOOL_EVOL,
    TOOL_R1,
    TOOL_OPENTHOUGHTS,
    TOOL_CURATOR,
    TOOL_S1,
    TOOL_DISTILABEL,
    TOOL_CAMEL,
    TOOL_AXOLOTL,
    TOOL_CLIPROXY,
    TOOL_SUB2API,
    TOOL_NEWAPI,
    TOOL_FAKED,
    TOOL_CAREFUL,
    TOOLS
} tool_id_t;


extern const tool_t  tools[TOOLS];


/*
 * What a client does after a refusal, the n-th of this request: milliseconds
 * until it tries again, or -1 if it gives up.  wait is Retry-After.
 */
ms_t tool_again(const tool_t *tool, unsigned n, double wait, dice_t *d);


/* --- accounts --- */

struct account_s {
    uint64_t       id;           /* of its key and all that is its own */
    uint64_t       group;
    net_t          net;
    tally_t       *tally;
    const tool_t  *tool;
    const char    *organization; /* NULL: the key is the account */
    account_t     *keys;         /* where there are several */
    unsigned       nkeys;
    ms_t           rotates;      /* from the first to the second; 0: never */
    account_t     *colleague;
    ms_t           begins;
    ms_t           cooling;      /* not used by its balancer before */
    uint64_t       unlinked;     /* see count_t */
    uint32_t       day;          /* for caps: the day, and what it had */
    uint32_t       today;
    unsigned       version;
    int            zone;         /* hours from UTC */
    double         daily;
    unsigned       sent:1;
    unsigned       answered:1;   /* had a harvest, of a campaign's */
    unsigned       dead:1;       /* blocked, and given up for that */
    unsigned       touched:1;    /* refused at least once */
    unsigned       linked:1;     /* was seen in a campaign */
};


/* --- a request --- */

#define TURNS  32


typedef enum {
    SAID_SYSTEM = 0,
    SAID_USER,
    SAID_ASSISTANT,
    SAID_CALL,                   /* of a tool, by the model */
    SAID_RESULT
} said_t;


typedef struct {
    said_t         who;
    size_t         at;           /* in ask->text */
    size_t         len;
    uint64_t       call;         /* id, where it is one or answers one */
} turn_t;


struct ask_s {
    account_t     *account;
    const tool_t  *tool;
    api_t          api;
    const char    *model;
    const char    *label;
    const char    *role;         /* behind the label's slash; may be NULL */
    address_t      from;
    text_t         text;
    turn_t         turns[TURNS];
    unsigned       nturns;
    const char    *tools;        /* definitions, JSON */

    double         temperature;  /* negative: not sent */
    double         top_p;        /* 0: not sent; so all of these */
    unsigned       max_tokens;
    unsigned       n;
    unsigned       top_logprobs;
    unsigned       prompt_logprobs;
    unsigned       token_ids;    /* a prompt of so many numbers */
    unsigned       logit_bias;
    unsigned       stops;
    unsigned       echo:1;
    unsigned       defaults:1;   /* sends even what is the default */
    unsigned       reasoning:1;
    unsigned       nothing:1;    /* no messages at all */
    unsigned       harvest:1;

    unsigned       output;       /* tokens of the answer */
    uint64_t       issues;       /* id of a tool call in the answer, or 0 */
    unsigned       status;
    ms_t           lasts;
};


/* add what is in ask->text from "at" on as one turn */
void ask_turn(ask_t *q, said_t who, size_t at, uint64_t call);

void wire_line(text_t *t, const ask_t *q, ms_t now);


/* --- the guard --- */

typedef enum {
    VERDICT_PASS = 0,
    VERDICT_TAG,
    VERDICT_PACE,
    VERDICT_THROTTLE,
    VERDICT_BLOCK,
    VERDICTS
} verdict_id_t;


typedef struct {
    verdict_id_t   id;
    double         retry_after;  /* seconds; 0: not said */
    double         pace;         /* tokens a second */
    unsigned       linked:1;     /* the account is in a campaign */
} verdict_t;


#define refused(v)  ((v)->id >= VERDICT_THROTTLE)


typedef struct guard_s  guard_t;


/* no command: all passes; trace: where the lines go besides, may be NULL */
guard_t *guard_start(char *const *command, FILE *trace);
void guard_send(guard_t *g, const text_t *line);
void guard_verdict(guard_t *g, verdict_t *v);

/* ends it; calls back with each line of a campaign */
void guard_end(guard_t *g, world_t *w,
    void (*campaign)(world_t *w, const char *line));


/* --- actors: what is waiting in the queue --- */

/* a request under way, and what is asked of its answer */

typedef struct {
    ms_t           sent;
    actor_t       *actor;
    account_t     *account;
    unsigned       tokens;
    unsigned       status;       /* of the upstream */
    ms_t           lasts;
    unsigned       harvest:1;
    unsigned       retry:1;
} flight_t;


struct actor_s {
    ms_t           at;
    uint64_t       order;        /* among those of the same time */
    void         (*wake)(world_t *w, actor_t *a);
    void         (*answer)(world_t *w, actor_t *a, const flight_t *f,
                           const verdict_t *v);
    account_t     *account;
    const profile_t *profile;
    force_t       *force;
    actor_t       *next;         /* of those free */

    dice_t         dice;
    uint64_t       talk;         /* conversation, or item */
    unsigned       step;
    unsigned       left;         /* requests to come */
    unsigned       refusals;     /* of this request, in a row */
    unsigned       failures;     /* requests given up, in a row */
    unsigned       special:1;
    unsigned       harvest:1;
    unsigned       handed:1;     /* the talk is a colleague's by now */
    uint64_t       item;
    const arrival_t *arrivals;   /* recorded */
    size_t         narrivals;
};


/* --- habits: what is asked; see habit.c --- */

typedef void (*habit_t)(world_t *w, actor_t *a, ask_t *q);

/* the same is said again for the same actor, talk and step */

void habit_talk(world_t *w, actor_t *a, ask_t *q);
void habit_support(world_t *w, actor_t *a, ask_t *q);
void habit_pages(world_t *w, actor_t *a, ask_t *q);
void habit_frames(world_t *w, actor_t *a, ask_t *q);
void habit_agent(world_t *w, actor_t *a, ask_t *q);
void habit_benchmark(world_t *w, actor_t *a, ask_t *q);
void habit_smoke(world_t *w, actor_t *a, ask_t *q);
void habit_viral(world_t *w, actor_t *a, ask_t *q);
void habit_viral_slot(world_t *w, actor_t *a, ask_t *q);
void habit_homework(world_t *w, actor_t *a, ask_t *q);
void habit_essay(world_t *w, actor_t *a, ask_t *q);
void habit_greeting(world_t *w, actor_t *a, ask_t *q);
void habit_example(world_t *w, actor_t *a, ask_t *q);
void habit_recorded(world_t *w, actor_t *a, ask_t *q);

/* the agents that everybody uses */
uint64_t habit_product(const world_t *w, uint64_t n);

/* an agent's loop about a task: what the step-th request has */
void habit_loop(ask_t *q, uint64_t talk, unsigned step, uint64_t product);

/* templates and definitions of tools, made once */
const frame_t *habit_frame(uint64_t owner, unsigned n, unsigned shape,
    size_t bytes, asks_t asks);
const char *habit_tools(uint64_t owner, unsigned n, api_t api);


/* --- honest profiles --- */

typedef enum {
    HOURS_FLAT = 0,
    HOURS_PEOPLE,
    HOURS_OFFICE,
    HOURS_NIGHT,
    HOURS_TICK,                  /* every hour, to the minute */
    HOURS_LAUNCH,                /* as people, and more after a launch */
    HOURS_OUTAGE,                /* as people, all at once in an outage */
    HOURS_BURSTS                 /* a quarter of each hour */
} hours_t;


struct profile_s {
    const char    *name;
    unsigned       accounts;
    double         daily;        /* requests of an account */
    double         spread;       /* of that, sigma of its logarithm */
    double         session;      /* requests in one go, mean */
    double         gap;          /* seconds between an answer and the next */
    unsigned       hands;        /* that work at the same time */
    hours_t        hours;
    net_t          net;
    unsigned       group;        /* accounts sharing network and texts */
    tool_id_t      tools[4];
    double         past;         /* of daily, in the weeks before; 0: new */
    double         newcomers;    /* share that comes within the window */
    double         special;      /* share of sessions that ask() asks; the
                                    others are just talk */
    habit_t        ask;
    unsigned       frames;       /* of a group */
    size_t         frame;        /* bytes */
    slot_t         slot;
    double         output;       /* tokens, median */
    double         output_spread;
    unsigned       cap;          /* answers a day, by the plan */
    unsigned       keys;         /* of an organization */
    unsigned       even:1;       /* all want the same */
    unsigned       shares:1;     /* transcripts go to colleagues */
    unsigned       rotates:1;    /* the keys, one after the other */
    asks_t         asks;
    const char    *arrivals;     /* recorded: when, and how much */
};


extern const profile_t  profiles[];
extern const profile_t  recorded_profiles[];


void honest_enlist(world_t *w, const profile_t *p);

/* gives an account a past of talk, of so many requests a day */
void honest_past(world_t *w, account_t *account, double daily);


/* --- campaigns --- */

typedef enum {
    BALANCE_ROUND = 0,
    BALANCE_STICKY,              /* an account for an hour */
    BALANCE_UNEVEN,              /* some much more than others */
    BALANCE_CELLS                /* each template by few accounts */
} balance_t;


typedef enum {
    ASK_FRAME = 0,
    ASK_NOFRAME,
    ASK_SYSTEM,                  /* the frame is the system prompt, each
                                    account's in words of its own */
    ASK_AGENT,
    ASK_TOKENS,                  /* no text, log probabilities */
    ASK_FRESH                    /* a frame of its own for each */
} harvest_t;


struct campaign_s {
    const char    *name;
    unsigned       accounts;
    double         daily;        /* exchanges an account should have */
    unsigned       total;        /* instead: so many, as fast as it goes */
    unsigned       workers;      /* of that, at the same time */
    tool_id_t      tool;
    balance_t      balance;
    net_t          net;
    hours_t        hours;
    harvest_t      ask;
    unsigned       frames;
    unsigned       shape;        /* 1 + frame_shape_t; 0: all */
    size_t         frame;
    slot_t         slot;
    double         harvest;      /* share of it, the rest is talk; 0: all */
    double         output;
    double         follow;       /* share followed by a second turn */
    rewording_t    rewording;
    unsigned       times;        /* the same request so many times at once */
    unsigned       top_logprobs;
    unsigned       days;         /* planned; 0: CAMPAIGN_DAYS */
    unsigned       cell;         /* accounts that share templates */
    double         past;         /* requests a day that accounts made before
                                    they were bought; 0: they are new */
    asks_t         asks;
    unsigned       cloaks:1;     /* puts U+200B into words */
    unsigned       pivots:1;     /* half moves to the model launched */
    unsigned       probes:1;     /* begins with an empty request */
    unsigned       forgoes:1;    /* what was refused is not asked again */
    unsigned       careful:1;    /* its author has read our code */
};


extern const campaign_t  campaigns[];


const campaign_t *campaign_named(const char *name);

/* the item's harvest, or talk */
void campaign_ask(world_t *w, actor_t *a, ask_t *q);

/* which accounts share the templates of this item */
unsigned campaign_cell(const force_t *f, uint64_t talk);


/* a campaign at work */

struct force_s {
    const campaign_t  *campaign;
    tally_t           *tally;
    account_t        **accounts; /* replaced as they are blocked */
    double            *weights;  /* running sums */
    unsigned           naccounts;
    unsigned           next;
    uint64_t           seed;
    ms_t               begins;
    double             gap;      /* ms from item to item, at a mean hour */
    dice_t             dice;
    uint64_t           items;
    uint64_t          *again;    /* items given up, to be taken again */
    size_t             nagain;
    size_t             again_size;
    unsigned           failures; /* items given up, in a row */
    unsigned           busy;     /* items under way, where there is a pace */
    ms_t               pause;    /* nothing is begun before, for these */
};


void force_enlist(world_t *w, const char *campaign);


/* --- tallies --- */

typedef struct {
    uint64_t       lines;
    uint64_t       passed;
    uint64_t       tokens;       /* output, passed */
    uint64_t       verdicts[VERDICTS];
    uint64_t       unlinked;     /* passed while the account was in no
                                    campaign, and their tokens */
    uint64_t       unlinked_tokens;
    uint64_t       last;         /* unlinked in the window's last quarter */
} count_t;


struct tally_s {
    const char        *name;
    const campaign_t  *campaign; /* NULL: honest */
    unsigned           accounts; /* that sent anything in the window */
    unsigned           answered; /* of these, that harvested anything */
    unsigned           touched;
    unsigned           linked;
    unsigned           fresh;    /* made in place of blocked ones */
    uint64_t           worst;    /* unlinked exchanges of one account */
    count_t            past;     /* before the window */
    count_t            all;      /* in the window */
    count_t            harvest;  /* of that, what the campaign wants */
    uint64_t           wanted;   /* of that, in the window */
    uint64_t           wanted_last;  /* in its last quarter */
    uint64_t           planned;  /* in all */
    uint64_t           abandoned;    /* requests given up */
    uint64_t           retries;
    uint64_t           rewritten;    /* frames written anew */
    ms_t               first;    /* request, 0: none */
    ms_t               throttled;    /* first; 0: never */
    ms_t               stopped;  /* first block */
    count_t            at_throttle;  /* harvest until then */
    count_t            at_block;
    ms_t              *links;    /* when accounts were linked, from first */
    size_t             nlinks;
    size_t             links_size;
    tally_t           *next;
};


/* is this the window's last quarter? */
int tally_last(const world_t *w, ms_t at);

void tally_sent(world_t *w, const flight_t *f);
void tally_answer(world_t *w, const flight_t *f, const verdict_t *v);
void tally_campaign(world_t *w, const char *line);
void tally_print(const world_t *w, FILE *out);


/* --- the world --- */

typedef struct {
    const char    *name;
    const char    *campaigns[FORCES];
    double         days;         /* of the window */
    double         people;       /* honest accounts, of those in the table */
    unsigned       recorded:1;   /* with the recorded profiles */
    const char    *rule;         /* of the guard besides its defaults */
} scene_t;


extern const scene_t  scenes[];


/* what the guard has found, as it says itself in the end */

typedef struct {
    tally_t       *tally;
    unsigned       campaigns;    /* of which it has most members */
    unsigned       members;      /* of it in these */
    unsigned       others;       /* in these */
    unsigned       caught;       /* its members in any */
} found_t;


typedef struct {
    unsigned       campaigns;
    unsigned       honest;       /* accounts in them */
    unsigned       made_of_honest;   /* campaigns with no other member */
    found_t        found[FORCES];
    unsigned       nfound;
} finding_t;


struct world_s {
    const scene_t *scene;
    uint64_t       number;       /* of the run, of which the seed is made */
    uint64_t       seed;
    double         scale;        /* of populations */
    double         shorten;      /* of time */
    ms_t           past;         /* when the trace begins */
    ms_t           begin;        /* of the window */
    ms_t           end;
    ms_t           launch;       /* of a model */
    ms_t           outage;       /* of the upstream */
    ms_t           outage_end;
    ms_t           now;

    actor_t      **queue;        /* a heap */
    size_t         queued;
    size_t         queue_size;
    uint64_t       order;
    actor_t       *idle;

    flight_t      *flights;      /* a ring */
    size_t         first;
    size_t         nflights;
    size_t         flights_size;

    uint64_t       people;       /* accounts made */
    tally_t       *tallies;
    tally_t      **last;
    finding_t      finding;
    guard_t       *guard;
    ask_t          ask;
    text_t         line;
    uint64_t       lines;
    uint64_t       bytes;
};


void world_run(world_t *w);

actor_t *world_actor(world_t *w, void (*wake)(world_t *w, actor_t *a));
void world_free(world_t *w, actor_t *a);
void world_later(world_t *w, actor_t *a, ms_t at);

account_t *world_account(world_t *w, account_t *account, tally_t *tally,
    const tool_t *tool);
tally_t *world_tally(world_t *w, const char *name,
    const campaign_t *campaign);

/* begins a request, and sends it */
ask_t *world_ask(world_t *w, actor_t *a, account_t *account);
void world_send(world_t *w, actor_t *a, ask_t *q);

/* how busy this hour is, 1 on the mean of a day */
double world_hour(const world_t *w, hours_t hours, int zone, ms_t at);

/* the next time that something happens which does so every "gap" ms on the
   mean, weighed by the hours; may be after the end */
ms_t world_next(const world_t *w, hours_t hours, int zone, ms_t from,
    double gap, double past, dice_t *d);

/* what somebody of this id uses; launched: the new one, once it is there */
const char *world_model(const world_t *w, uint64_t id, api_t api,
    unsigned launched);


#endif /* _EVAL_H_INCLUDED_ */
