/*
 * Copyright (C) 2026 Distill Guard
 *
 * The stages with a store behind them: what is done of each exchange while
 * the lock is held.
 */


#define _GNU_SOURCE

#include <stdlib.h>
#include <string.h>

#include "stages.h"


#define FEW       512            /* subjects */
#define MANY      100000
#define ORIGINS   8              /* keys for each origin */
#define STORE     (256 * 1024 * 1024)

#define START_MS  1767225600000ull
#define RATE      20             /* exchanges in a millisecond */

#define SHARED    8              /* one request of so many is of an app, which
                                    has a frame around what its users say */


typedef struct {
    dg_store_t   *st;
    dg_id_t      *ids;
    size_t        nids;
    uint64_t      turn;
    dg_policy_t   policy;
    dg_rules_t    rules;
} store_t;


static dg_limit_t  limits[] = {
    { DG_KIND_KEY, DG_METRIC_REQUESTS, DG_MINUTE, 100000000 },
    { DG_KIND_KEY, DG_METRIC_TOKENS, DG_HOUR, 1000000000000ull },
    { DG_KIND_ORIGIN, DG_METRIC_REQUESTS, DG_MINUTE, 100000000 },
};


/* ids are as random as hashes are, and the same in every run */

static dg_id_t
some_id(uint64_t n)
{
    return dg_hash(&key, DG_HASH_KEY, (u_char *) &n, sizeof(n));
}


/* a stride that visits all of them, none near the one before */

static void
ask(store_t *store, dg_exchange_t *ex)
{
    size_t  k;

    k = store->turn * 7919 % store->nids;

    memset(ex, 0, sizeof(dg_exchange_t));
    ex->ids[DG_KIND_KEY] = store->ids[k];
    ex->ids[DG_KIND_ORIGIN].v[0] = 4;
    ex->ids[DG_KIND_ORIGIN].v[1] = 1 + k / ORIGINS;
}


static void
answered(dg_end_t *end, dg_usage_t *usage)
{
    memset(usage, 0, sizeof(dg_usage_t));
    memset(end, 0, sizeof(dg_end_t));

    usage->input = 260;
    usage->output = 90;
    usage->source = DG_SOURCE_REPORTED;
    end->status = 200;
    end->charged = 1;
}


/* counts and limits alone, from admission to the end */

static void
run_limits(stage_t *stage, size_t n)
{
    size_t          i;
    store_t        *store;
    uint64_t        now_ms;
    dg_end_t        end;
    dg_usage_t      usage;
    dg_decision_t   decision;
    dg_exchange_t   ex;

    dg_request_facts_t   rq;
    dg_response_facts_t  rs;

    memset(&rq, 0, sizeof(rq));
    memset(&rs, 0, sizeof(rs));
    answered(&end, &usage);

    store = stage->data;

    for (i = 0; i < n; i++, store->turn++) {
        now_ms = START_MS + store->turn / RATE;
        ask(store, &ex);

        dg_store_admit(store->st, &ex, limits, dg_nelts(limits), 1, now_ms,
                       &decision);
        dg_store_reserve(store->st, &ex, limits, dg_nelts(limits), 1, 250,
                         1024, now_ms, &decision);
        dg_store_settle(store->st, &ex, &usage, 1, 1, now_ms);
        dg_store_tally(store->st, &end, &rq, &rs);

        sink = decision.verdict;
    }
}


/* what a request says: mostly what nobody has said before */

static void
said(store_t *store, dg_request_facts_t *rq)
{
    unsigned  i;
    dg_id_t   id;

    id = some_id(store->turn);

    rq->turns[DG_ROLE_SYSTEM] = 1;
    rq->turns[DG_ROLE_USER] = 1;
    rq->text[DG_ROLE_SYSTEM] = 180;
    rq->text[DG_ROLE_USER] = 600;
    rq->bytes = 1024;
    rq->present = 1;
    rq->n = 1;
    rq->max_tokens = 1024;
    rq->capped = 1;
    rq->temperature = 700;
    rq->system = some_id(~store->turn % SHARED);
    rq->first = id;
    rq->content = id;
    rq->content_len = 600;
    rq->marks.n = DG_FEW_MARKS;

    for (i = 0; i < DG_FEW_MARKS; i++) {
        rq->marks.kind[i] = DG_MARK_ANCHOR;
        rq->marks.value[i] = id.v[0] + i * id.v[1];
    }

    if (store->turn % SHARED == 0) {
        id = some_id(0);
        rq->marks.value[0] = id.v[0];
        rq->marks.value[1] = id.v[1];
    }
}


/* the same and all that is found and judged, as the guard does it */

static void
run_judge(stage_t *stage, size_t n)
{
    size_t               i;
    store_t             *store;
    uint64_t             now_ms;
    dg_end_t             end;
    dg_usage_t           usage;
    dg_shared_t          shared;
    dg_finding_t         finding;
    dg_decision_t        decision;
    dg_exchange_t        ex;
    dg_request_facts_t   rq;
    dg_response_facts_t  rs;

    memset(&rq, 0, sizeof(rq));
    memset(&rs, 0, sizeof(rs));
    answered(&end, &usage);

    store = stage->data;
    rs.read = 1;
    rs.complete = 1;
    rs.choices = 1;
    rs.text = 360;
    rs.issued.n = 1;

    for (i = 0; i < n; i++, store->turn++) {
        now_ms = START_MS + store->turn / RATE;

        ask(store, &ex);
        said(store, &rq);
        rs.issued.id[0] = some_id(~store->turn);
        memset(&shared, 0, sizeof(shared));

        dg_guard_head(store->st, &ex, &store->rules, now_ms, &finding,
                      &decision);
        dg_guard_body(store->st, &ex, &store->rules, &rq, now_ms, &shared,
                      &finding, &decision);
        dg_guard_end(store->st, &ex, &store->rules, &end, 0, &usage, &rq, &rs,
                     &shared, now_ms);

        sink = decision.verdict;
    }
}


static void
measure_store(const char *title, void (*run)(stage_t *stage, size_t n),
    size_t n)
{
    void     *mem;
    size_t    i;
    dg_id_t   node = { { 1, 2 } };
    stage_t   stage;
    store_t   store;

    memset(&stage, 0, sizeof(stage));
    memset(&store, 0, sizeof(store));

    stage.run = run;
    stage.title = title;
    stage.data = &store;

    store.nids = n;
    store.ids = allocate(n * sizeof(dg_id_t));

    for (i = 0; i < n; i++) {
        store.ids[i] = some_id(i);
    }

    dg_policy_init(&store.policy);

    store.rules.policy = &store.policy;
    store.rules.limits = limits;
    store.rules.nlimits = dg_nelts(limits);

    mem = aligned_alloc(64, STORE);
    if (mem == NULL) {
        die("no memory", 0);
    }

    store.st = dg_store_init(mem, STORE, &node, 3, 4, START_MS / 1000);
    if (store.st == NULL) {
        die("no store", 0);
    }

    /* so that all are there when it counts */

    stage.run(&stage, n * 2);
    measure(&stage);

    free(mem);
    free(store.ids);
}


void
measure_stores(void)
{
    measure_store("count and limit, 512 keys", run_limits, FEW);
    measure_store("count and limit, 100,000 keys", run_limits, MANY);
    measure_store("guard, 512 keys", run_judge, FEW);
    measure_store("guard, 100,000 keys", run_judge, MANY);
}
