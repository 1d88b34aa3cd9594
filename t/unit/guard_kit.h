/*
 * Copyright (C) 2026 Distill Guard
 *
 * Exchanges driven through the guard as nginx drives them: bodies are read,
 * the head and the body are judged, and what ends is told.
 */


#ifndef _GUARD_KIT_H_INCLUDED_
#define _GUARD_KIT_H_INCLUDED_


#include "dg_guard.h"
#include "dg_reader.h"
#include "dg_test.h"


#define START       1767225600000ull     /* 2026-01-01 00:00:00 UTC */
#define MINUTE      60000ull
#define HOUR        (60 * MINUTE)
#define DAY         (24 * HOUR)

#define KIT_TEXT    1536
#define KIT_BODY    (2 * KIT_TEXT)

/* what a harvest puts before what it asks, and an app before its users' */
#define KIT_FRAME   "Rewrite the passage below for an encyclopedia of trades " \
                    "and crafts, keeping every name in it. Passage: "


typedef struct {
    dg_store_t          *st;
    dg_policy_t          policy;
    dg_rules_t           rules;
    uint64_t             now_ms;
    uint64_t             seed;
    dg_hash_key_t        key;
    dg_marks_key_t       marks;
} kit_guard_t;


/* an exchange; what comes first is the caller's */

typedef struct {
    uint64_t             account;        /* a number */
    uint64_t             of;             /* an account of its own; 0: none */
    uint64_t             client;         /* 0: not known */
    uint64_t             origin;
    uint32_t             asn;
    unsigned             hosting;
    unsigned             relay;
    unsigned             status;         /* of the upstream */
    unsigned             output;         /* tokens */
    unsigned             issues;         /* number of the id in the answer */

    /* what came of it */

    dg_exchange_t        ex;
    dg_request_facts_t   rq;
    dg_response_facts_t  rs;
    dg_shared_t          shared;
    dg_finding_t         finding;
    dg_decision_t        decision;
    dg_dialect_id_t      dialect;
    unsigned             passes;
} kit_ask_t;


/* a signal by its name in the environment is off: what is it there for? */

static inline void
kit_signal_off(dg_policy_t *policy)
{
    unsigned     i;
    const char  *name;

    name = getenv("DG_SIGNAL_OFF");

    for (i = 0; name && i < DG_SIGNALS; i++) {
        if (strcmp((const char *) dg_signals[i].name.data, name) == 0) {
            policy->signals[i].points = 0;
        }
    }
}


/* in observe mode: what a test needs is seldom to be in its own way */

static inline void
kit_guard(kit_guard_t *g, size_t size)
{
    void     *mem;
    dg_id_t   node;

    memset(g, 0, sizeof(kit_guard_t));

    if (dg_dialect_init() != DG_OK || posix_memalign(&mem, 64, size) != 0) {
        abort();
    }

    memset(mem, 0x5a, size);

    node.v[0] = 99;
    node.v[1] = 1;

    g->st = dg_store_init(mem, size, &node, 4711, 7, START / 1000);

    if (g->st == NULL) {
        abort();
    }

    dg_policy_init(&g->policy);
    kit_signal_off(&g->policy);

    g->rules.policy = &g->policy;
    g->now_ms = START;
    g->seed = 12;
    g->key.k[0] = 3;
    g->key.k[1] = 4;
    dg_marks_derive(&g->marks, &g->key);
}


static inline void
kit_free(kit_guard_t *g)
{
    free(g->st);
}


static inline kit_ask_t
kit_of(uint64_t account)
{
    kit_ask_t  a;

    memset(&a, 0, sizeof(kit_ask_t));

    a.account = account;
    a.origin = account;
    a.status = 200;
    a.output = 200;

    return a;
}


/* ids are as random as hashes are, and the same in every run */

static inline dg_id_t
kit_id(uint64_t n)
{
    dg_id_t   id;
    uint64_t  seed;

    seed = (n + 1) * 0x9e3779b97f4a7c15ull;
    (void) dg_test_random(&seed);
    (void) dg_test_random(&seed);

    id.v[0] = dg_test_random(&seed);
    id.v[1] = dg_test_random(&seed);

    return id;
}


/* words that nobody said before, behind a frame; valid till the next call */

static inline const char *
kit_words(kit_guard_t *g, const char *frame, unsigned n)
{
    char         *p;
    unsigned      i, k;
    uint64_t      r;

    static char   text[KIT_TEXT];

    p = text + snprintf(text, sizeof(text) / 2, "%s", frame);

    for (i = 0; i < n && p < text + sizeof(text) - 16; i++) {
        r = dg_test_random(&g->seed);

        for (k = 0; k < 4 + r % 5; k++) {
            *p++ = (char) ('a' + (r >> (8 + 5 * k)) % 26);
        }

        *p++ = ' ';
    }

    *p = '\0';

    return text;
}


/* a body: what a user says, and other members with a comma before them */

static inline const char *
kit_body(const char *text, const char *members)
{
    static char  body[KIT_BODY];

    snprintf(body, sizeof(body), "{\"model\":\"large\",\"messages\":[{\"role\":"
             "\"user\",\"content\":\"%s\"}]%s}", text, members);

    return body;
}


/* a turn that shows what a tool has answered to call number "presents" */

static inline const char *
kit_turn(const char *text, unsigned presents)
{
    static char  body[KIT_BODY];

    snprintf(body, sizeof(body), "{\"model\":\"large\",\"messages\":[{\"role\":"
             "\"user\",\"content\":\"%s\"},{\"role\":\"assistant\","
             "\"tool_calls\":[{\"id\":\"call_%u\",\"type\":\"function\","
             "\"function\":{\"name\":\"f\",\"arguments\":\"{}\"}}]},"
             "{\"role\":\"tool\",\"tool_call_id\":\"call_%u\",\"content\":"
             "\"done\"}]}", text, presents, presents);

    return body;
}


static inline void
kit_request(kit_guard_t *g, kit_ask_t *a, const char *body,
    dg_endpoint_t *ep)
{
    dg_request_t           rq;

    static const dg_str_t  method = dg_string("POST");
    static const dg_str_t  path = dg_string("/v1/chat/completions");

    dg_dialect_match(ep, &method, &path);
    dg_request_init(&rq, ep, &g->key, &g->marks, &a->rq);
    dg_request_push(&rq, (const u_char *) body, strlen(body));
    dg_request_end(&rq);
}


static inline void
kit_answer(kit_guard_t *g, kit_ask_t *a, dg_dialect_id_t dialect)
{
    int            n;
    char           body[512];
    dg_response_t  rs;

    dg_response_init(&rs, dialect, DG_FORMAT_JSON, &g->key, &a->rs);

    if (a->status != 200) {
        n = snprintf(body, sizeof(body), "{\"error\":{\"type\":\"no\"}}");

    } else if (a->issues) {
        n = snprintf(body, sizeof(body), "{\"choices\":[{\"index\":0,"
                     "\"message\":{\"role\":\"assistant\",\"tool_calls\":[{"
                     "\"id\":\"call_%u\",\"type\":\"function\",\"function\":{"
                     "\"name\":\"f\",\"arguments\":\"{}\"}}]}}],\"usage\":{"
                     "\"prompt_tokens\":20,\"completion_tokens\":%u}}",
                     a->issues, a->output);

    } else {
        n = snprintf(body, sizeof(body), "{\"choices\":[{\"index\":0,"
                     "\"message\":{\"role\":\"assistant\",\"content\":\"so\"}"
                     "}],\"usage\":{\"prompt_tokens\":20,"
                     "\"completion_tokens\":%u}}", a->output);
    }

    dg_response_push(&rs, (const u_char *) body, (size_t) n);
    dg_response_end(&rs);
}


/* it is asked; the greater verdict of head and body */

static inline dg_verdict_id_t
kit_begin(kit_guard_t *g, kit_ask_t *a, const char *body)
{
    dg_decision_t  decision;
    dg_endpoint_t  ep;

    memset(&a->ex, 0, sizeof(dg_exchange_t));
    memset(&a->rq, 0, sizeof(dg_request_facts_t));
    memset(&a->rs, 0, sizeof(dg_response_facts_t));
    memset(&a->shared, 0, sizeof(dg_shared_t));

    a->ex.ids[DG_KIND_KEY] = kit_id(a->account);
    a->ex.ids[DG_KIND_ORIGIN] = kit_id(1000000 + a->origin);
    dg_asn_id(&a->ex.ids[DG_KIND_ASN], a->asn);

    if (a->of) {
        a->ex.ids[DG_KIND_ACCOUNT] = kit_id(a->of);
    }

    if (a->client) {
        a->ex.client = kit_id(a->client);
    }

    a->ex.hosting = (a->hosting != 0);
    a->ex.relay = (a->relay != 0);

    dg_guard_head(g->st, &a->ex, &g->rules, g->now_ms, &a->finding,
                  &a->decision);

    a->passes = !dg_verdict_refuses(a->decision.verdict)
                || !g->rules.enforce;

    if (a->passes) {
        kit_request(g, a, body, &ep);
        dg_guard_body(g->st, &a->ex, &g->rules, &a->rq, g->now_ms, &a->shared,
                      &a->finding, &decision);

        if (decision.verdict > a->decision.verdict) {
            a->decision = decision;
        }

        a->passes = !dg_verdict_refuses(a->decision.verdict)
                    || !g->rules.enforce;
        a->dialect = ep.dialect;
    }

    return a->decision.verdict;
}


/* and comes to its end */

static inline void
kit_end(kit_guard_t *g, kit_ask_t *a)
{
    dg_end_t    end;
    dg_usage_t  usage;

    memset(&end, 0, sizeof(dg_end_t));
    memset(&usage, 0, sizeof(dg_usage_t));

    end.charged = 1;

    if (a->passes) {
        end.status = a->status;
        kit_answer(g, a, a->dialect);
        dg_facts_usage(&usage, &a->rq, &a->rs, &end);
    }

    dg_guard_end(g->st, &a->ex, &g->rules, &end, 0, &usage, &a->rq, &a->rs,
                 &a->shared, g->now_ms);
}


/* a whole exchange, now */

static inline dg_verdict_id_t
kit_ask(kit_guard_t *g, kit_ask_t *a, const char *body)
{
    (void) kit_begin(g, a, body);
    kit_end(g, a);

    return a->decision.verdict;
}


/* points of a signal in a score; 0: it is none of its reasons */

static inline unsigned
kit_reason(const dg_score_t *score, dg_signal_id_t signal)
{
    unsigned  i;

    for (i = 0; i < score->n; i++) {
        if (score->reason[i].signal == signal) {
            return score->reason[i].points;
        }
    }

    return 0;
}


/* the cohort or campaign with the most accounts; NULL: there is none */

static inline dg_campaign_t *
kit_cohort(kit_guard_t *g)
{
    uint32_t        i;
    dg_arena_t     *a;
    dg_campaign_t  *c, *most;

    a = dg_store_arena(g->st, DG_PART_CAMPAIGNS);
    most = NULL;

    for (i = 1; i <= a->fresh; i++) {
        c = (dg_campaign_t *) dg_arena_cell(a, i);

        if (c->cell.kind && c->into == DG_NIL
            && (most == NULL || c->accounts > most->accounts))
        {
            most = c;
        }
    }

    return most;
}


/* what it scores by itself */

static inline void
kit_cohort_score(kit_guard_t *g, dg_score_t *score)
{
    dg_sight_t  sight;

    memset(&sight, 0, sizeof(dg_sight_t));

    sight.campaign = kit_cohort(g);
    sight.now = (uint32_t) (g->now_ms / 1000);

    dg_signals_score(g->policy.signals, &sight, score);
}


typedef struct {
    unsigned       campaigns;
    unsigned       accounts;
} kit_list_t;


static inline void
kit_list_each(void *ctx, const dg_campaign_t *campaign,
    const dg_id_t *account)
{
    kit_list_t  *list = ctx;

    if (dg_id_none(&campaign->cell.id)) {
        abort();
    }

    if (account) {
        list->accounts++;

    } else {
        list->campaigns++;
    }
}


/* campaigns that have a name, and their accounts */

static inline kit_list_t
kit_list(kit_guard_t *g)
{
    kit_list_t  list;

    memset(&list, 0, sizeof(kit_list_t));
    dg_guard_list(g->st, g->now_ms, kit_list_each, &list);

    return list;
}


/*
 * One conversation that accounts first and up have among them: whoever is
 * next shows what the one before was issued.  The last exchange is left in
 * *a.
 */

static inline void
kit_pool(kit_guard_t *g, kit_ask_t *a, uint64_t first, unsigned accounts,
    unsigned turns)
{
    unsigned         i;
    uint64_t         who;

    static unsigned  issued;

    for (i = 0; i < turns; i++) {
        do {
            who = first + dg_test_random(&g->seed) % accounts;
        } while (i && who == a->account);

        *a = kit_of(who);
        a->issues = ++issued;

        (void) kit_ask(g, a, i ? kit_turn(kit_words(g, "", 40), issued - 1)
                               : kit_body(kit_words(g, "", 40), ""));
        g->now_ms += 1000;
    }
}


/* accounts first and up take turns with one frame; the last one in *a */

static inline void
kit_turns(kit_guard_t *g, kit_ask_t *a, uint64_t first, unsigned accounts,
    unsigned each)
{
    unsigned  i, k;

    for (i = 0; i < each; i++) {
        for (k = 0; k < accounts; k++) {
            *a = kit_of(first + k);
            (void) kit_ask(g, a, kit_body(kit_words(g, KIT_FRAME, 20), ""));
            g->now_ms += 1000;
        }
    }
}


#endif /* _GUARD_KIT_H_INCLUDED_ */
