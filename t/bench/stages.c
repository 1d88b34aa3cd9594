/*
 * Copyright (C) 2026 Distill Guard
 *
 * Where the guard's time goes: the stages of core/ by themselves, on the
 * requests and answers that the bench sends.
 *
 *     stages heads=FILE json=FILE stream=FILE request=FILE ...
 *
 * Prints a JSON array, an object for each stage: its title, how many bytes
 * one of what it does reads (0: that is not the measure), and nanoseconds for
 * one, the least of several runs.
 */


#define _GNU_SOURCE

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "dg_hash.h"
#include "dg_reader.h"
#include "dg_store.h"


#define RUNS      7
#define RUN       (SECOND / 50)

#define FEW       512            /* subjects */
#define MANY      100000
#define ORIGINS   8              /* keys for each origin */
#define STORE     (256 * 1024 * 1024)

#define START_MS  1767225600000ull
#define RATE      20             /* exchanges in a millisecond */


typedef struct stage_s  stage_t;


struct stage_s {
    /* does its work once for each of n */
    void             (*run)(stage_t *stage, size_t n);
    const char        *title;
    pieces_t           in;
    size_t             each;     /* of them together are one; 0: one is one */
    dg_store_t        *store;
    dg_id_t           *ids;
    size_t             nids;
    uint64_t           turn;
};


static dg_hash_key_t   key;
static dg_marks_key_t  marks;
static dg_endpoint_t   endpoint;
static volatile u_char  sink;    /* what is computed is not left out */
static unsigned        printed;

static dg_limit_t  limits[] = {
    { DG_KIND_KEY, DG_METRIC_REQUESTS, DG_MINUTE, 100000000 },
    { DG_KIND_KEY, DG_METRIC_TOKENS, DG_HOUR, 1000000000000ull },
    { DG_KIND_ORIGIN, DG_METRIC_REQUESTS, DG_MINUTE, 100000000 },
};


static void
run_credential(stage_t *stage, size_t n)
{
    size_t    i;
    dg_id_t   id;
    piece_t  *piece;

    for (i = 0; i < n; i++) {
        piece = &stage->in.piece[i % stage->in.n];
        id = dg_hash(&key, DG_HASH_KEY, (u_char *) piece->data, piece->len);
        sink = id.v[0];
    }
}


static void
run_request(stage_t *stage, size_t n)
{
    size_t               i;
    piece_t             *piece;
    dg_request_t         rq;
    dg_request_facts_t   facts;

    for (i = 0; i < n; i++) {
        piece = &stage->in.piece[i % stage->in.n];

        dg_request_init(&rq, &endpoint, &key, &marks, &facts);
        dg_request_push(&rq, (u_char *) piece->data, piece->len);
        dg_request_end(&rq);

        sink = facts.n;
    }
}


static void
run_answer(stage_t *stage, size_t n)
{
    size_t                i;
    piece_t              *piece;
    dg_response_t         rs;
    dg_response_facts_t   facts;

    for (i = 0; i < n; i++) {
        piece = &stage->in.piece[i % stage->in.n];

        dg_response_init(&rs, endpoint.dialect, DG_FORMAT_JSON, &key,
                         &facts);
        dg_response_push(&rs, (u_char *) piece->data, piece->len);
        dg_response_end(&rs);

        sink = facts.output_tokens;
    }
}


/* n events of whole streams, pushed one by one as they come */

static void
run_stream(stage_t *stage, size_t n)
{
    size_t                i, k;
    piece_t              *piece;
    dg_response_t         rs;
    dg_response_facts_t   facts;

    for (i = 0; i < n; i += stage->in.n) {

        dg_response_init(&rs, endpoint.dialect, DG_FORMAT_SSE, &key, &facts);

        for (k = 0; k < stage->in.n; k++) {
            piece = &stage->in.piece[k];
            dg_response_push(&rs, (u_char *) piece->data, piece->len);
        }

        dg_response_end(&rs);

        sink = facts.output_tokens;
    }
}


/* all that is done under the lock, from admission to the end */

static void
run_store(stage_t *stage, size_t n)
{
    size_t          i, k;
    uint64_t        now_ms;
    dg_end_t        end;
    dg_usage_t      usage;
    dg_decision_t   decision;
    dg_exchange_t   ex;

    dg_request_facts_t   rq;
    dg_response_facts_t  rs;

    memset(&rq, 0, sizeof(rq));
    memset(&rs, 0, sizeof(rs));
    memset(&usage, 0, sizeof(usage));
    memset(&end, 0, sizeof(end));

    usage.input = 260;
    usage.output = 90;
    usage.source = DG_SOURCE_REPORTED;
    end.status = 200;
    end.charged = 1;

    for (i = 0; i < n; i++, stage->turn++) {

        /* a stride that visits all of them, none near the one before */

        k = stage->turn * 7919 % stage->nids;
        now_ms = START_MS + stage->turn / RATE;

        memset(&ex, 0, sizeof(ex));
        ex.ids[DG_KIND_KEY] = stage->ids[k];
        ex.ids[DG_KIND_ORIGIN].v[0] = 4;
        ex.ids[DG_KIND_ORIGIN].v[1] = 1 + k / ORIGINS;

        dg_store_admit(stage->store, &ex, limits, dg_nelts(limits), 1,
                       now_ms, &decision);
        dg_store_reserve(stage->store, &ex, limits, dg_nelts(limits), 1,
                         250, 1024, now_ms, &decision);
        dg_store_settle(stage->store, &ex, &usage, 1, 1, now_ms);
        dg_store_tally(stage->store, &end, &rq, &rs);

        sink = decision.verdict;
    }
}


static void
time_stage(stage_t *stage)
{
    size_t     i, n, bytes;
    unsigned   r;
    uint64_t   t, spent;
    double     ns, least;

    n = 1;
    least = 0;

    for (r = 0; r < RUNS; /* void */ ) {
        t = now();
        stage->run(stage, n);
        spent = now() - t;

        if (spent < RUN / 2) {
            n *= 2;
            continue;
        }

        /* a stream does whole ones */

        i = stage->each ? (n + stage->each - 1) / stage->each * stage->each
                        : n;
        ns = (double) spent / i;

        if (r++ == 0 || ns < least) {
            least = ns;
        }
    }

    bytes = 0;

    for (i = 0; i < stage->in.n; i++) {
        bytes += stage->in.piece[i].len;
    }

    printf("%s{\"title\":\"%s\",\"bytes\":%zu,\"ns\":%.1f}",
           printed++ ? "," : "[", stage->title,
           stage->in.n ? bytes / stage->in.n : 0, least);
    fflush(stdout);
}


static void
time_store(const char *title, size_t n)
{
    void     *mem;
    size_t    i;
    dg_id_t   node = { { 1, 2 } };
    stage_t   stage;

    memset(&stage, 0, sizeof(stage));

    stage.run = run_store;
    stage.title = title;
    stage.nids = n;
    stage.ids = allocate(n * sizeof(dg_id_t));

    for (i = 0; i < n; i++) {
        stage.ids[i] = dg_hash(&key, DG_HASH_KEY, (u_char *) &i, sizeof(i));
    }

    mem = aligned_alloc(64, STORE);
    if (mem == NULL) {
        die("no memory", 0);
    }

    stage.store = dg_store_init(mem, STORE, &node, 3, 4, START_MS / 1000);
    if (stage.store == NULL) {
        die("no store", 0);
    }

    /* so that all are there when it counts */

    run_store(&stage, n * 2);
    time_stage(&stage);

    free(mem);
    free(stage.ids);
}


/* keeps of every head the credential */

static void
credentials(pieces_t *heads)
{
    char    *p, *end;
    size_t   i;

    for (i = 0; i < heads->n; i++) {
        p = strstr(heads->piece[i].data, "Bearer ");
        end = p ? strstr(p, "\r\n") : NULL;

        if (end == NULL) {
            die("a head without a credential", 0);
        }

        heads->piece[i].data = p + 7;
        heads->piece[i].len = end - (p + 7);
    }
}


static void
time_file(const char *kind, size_t len, const char *file)
{
    stage_t  stage;

    memset(&stage, 0, sizeof(stage));
    read_pieces(&stage.in, file);

    if (strncmp(kind, "heads", len) == 0) {
        stage.title = "name a key";
        stage.run = run_credential;
        credentials(&stage.in);

    } else if (strncmp(kind, "request", len) == 0) {
        stage.title = "read a request";
        stage.run = run_request;

    } else if (strncmp(kind, "json", len) == 0) {
        stage.title = "read an answer";
        stage.run = run_answer;

    } else if (strncmp(kind, "stream", len) == 0) {
        stage.title = "read an event of a stream";
        stage.run = run_stream;
        stage.each = stage.in.n;

    } else {
        die(kind, 0);
    }

    time_stage(&stage);
}


int
main(int argc, char *argv[])
{
    int          i;
    char        *value;
    dg_str_t     method = dg_string("POST");
    dg_str_t     path = dg_string("/v1/chat/completions");

    static const u_char  secret[] = "thirty-two bytes of the bench's.";

    if (dg_dialect_init() != DG_OK) {
        die("the dialect tables are not well formed", 0);
    }

    dg_hash_derive(&key, secret, sizeof(secret) - 1);
    dg_marks_derive(&marks, &key);
    dg_dialect_match(&endpoint, &method, &path);

    for (i = 1; i < argc; i++) {
        value = strchr(argv[i], '=');
        if (value == NULL) {
            die(argv[i], 0);
        }

        time_file(argv[i], value - argv[i], value + 1);
    }

    time_store("count and limit, 512 keys", FEW);
    time_store("count and limit, 100,000 keys", MANY);

    printf("]\n");

    return 0;
}
