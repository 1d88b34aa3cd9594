/*
 * Copyright (C) 2026 Distill Guard
 *
 * Where the guard's time goes: the stages of core/ by themselves, on the
 * requests and answers that the bench sends.
 *
 *     stages [count] heads=FILE json=FILE stream=FILE request=FILE ...
 *
 * Prints a JSON array, an object for each stage: its title, how many bytes
 * one of what it does reads (0: that is not the measure), and nanoseconds for
 * one, the least of several runs.
 *
 * To count is for callgrind: it is told to write what it counted of a fixed
 * number of times, "n", to a file for each stage, in their order.
 */


#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <valgrind/callgrind.h>

#include "dg_identity.h"
#include "stages.h"


#define RUNS      7
#define RUN       (SECOND / 50)

#define COUNTED   2000           /* where no file says how many there are */
#define STREAM    1000           /* events counted of */

#define FIELDS    32             /* header fields of a head, at most */


/* a head as it is when nginx has parsed it */

typedef struct {
    dg_str_t       name[FIELDS];
    dg_str_t       value[FIELDS];
    unsigned       n;
} head_t;


dg_hash_key_t   key;
dg_marks_key_t  marks;
dg_endpoint_t   endpoint;
volatile u_char  sink;

static unsigned  counting;
static unsigned  printed;


static void
run_head(stage_t *stage, size_t n)
{
    size_t          i;
    unsigned        k;
    dg_id_t         id, client;
    const head_t   *head;
    dg_identity_t   who;

    for (i = 0; i < n; i++) {
        head = (const head_t *) stage->data + i % stage->in.n;

        dg_identity_init(&who, &key, 1);

        for (k = 0; k < head->n; k++) {
            dg_identity_header(&who, &head->name[k], &head->value[k]);
        }

        id = dg_identity_key(&who, endpoint.shape);
        client = dg_identity_client(&who);
        sink = id.v[0] + client.v[0] + dg_identity_relay(&who);
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


static void
time_stage(stage_t *stage)
{
    size_t     i, n;
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

    printf(",\"ns\":%.1f", least);
}


static void
count_stage(stage_t *stage)
{
    size_t  n;

    n = stage->in.n ? stage->in.n : COUNTED;

    if (stage->each) {
        n *= (STREAM + n - 1) / n;
    }

    /* what the first of them builds is no cost of one */

    stage->run(stage, n);

    CALLGRIND_START_INSTRUMENTATION;
    CALLGRIND_TOGGLE_COLLECT;

    stage->run(stage, n);

    CALLGRIND_TOGGLE_COLLECT;
    CALLGRIND_STOP_INSTRUMENTATION;
    CALLGRIND_DUMP_STATS;

    printf(",\"n\":%zu", n);
}


void
measure(stage_t *stage)
{
    size_t  i, bytes;

    bytes = 0;

    for (i = 0; i < stage->in.n; i++) {
        bytes += stage->in.piece[i].len;
    }

    printf("%s{\"title\":\"%s\",\"bytes\":%zu", printed++ ? "," : "[",
           stage->title, stage->in.n ? bytes / stage->in.n : 0);

    if (counting) {
        count_stage(stage);

    } else {
        time_stage(stage);
    }

    printf("}");
    fflush(stdout);
}


/* their fields, names in lower case */

static head_t *
parse_heads(const pieces_t *in)
{
    char    *p, *q, *end, *colon;
    head_t  *heads, *head;
    size_t   i;

    heads = allocate(in->n * sizeof(head_t));

    for (i = 0; i < in->n; i++) {
        head = &heads[i];
        p = strstr(in->piece[i].data, "\r\n");

        for (p = p ? p + 2 : ""; *p; p = end + 2) {
            end = strstr(p, "\r\n");
            colon = strstr(p, ": ");

            if (end == NULL || colon == NULL || head->n == FIELDS) {
                die("a head is not well formed", 0);
            }

            for (q = p; q < colon; q++) {
                *q |= 0x20;
            }

            head->name[head->n].data = (u_char *) p;
            head->name[head->n].len = colon - p;
            head->value[head->n].data = (u_char *) colon + 2;
            head->value[head->n++].len = end - (colon + 2);
        }
    }

    return heads;
}


static void
measure_file(const char *kind, size_t len, const char *file)
{
    stage_t  stage;

    memset(&stage, 0, sizeof(stage));
    read_pieces(&stage.in, file);

    if (strncmp(kind, "heads", len) == 0) {
        stage.title = "who asks, of a head";
        stage.run = run_head;
        stage.data = parse_heads(&stage.in);

    } else if (strncmp(kind, "request", len) == 0) {
        stage.title = "read a request";
        stage.run = run_request;

    } else if (strncmp(kind, "code", len) == 0) {
        stage.title = "read a request of code";
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

    measure(&stage);
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

    counting = (argc > 1 && strcmp(argv[1], "count") == 0);

    if (counting && !RUNNING_ON_VALGRIND) {
        die("only callgrind can count", 0);
    }

    for (i = 1 + counting; i < argc; i++) {
        value = strchr(argv[i], '=');
        if (value == NULL) {
            die(argv[i], 0);
        }

        measure_file(argv[i], value - argv[i], value + 1);
    }

    measure_stores();

    printf("]\n");

    return 0;
}
