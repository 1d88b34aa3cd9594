/*
 * Copyright (C) 2026 Distill Guard
 *
 * Answers are read whole, byte by byte and in every two pieces, and give the
 * same facts and the same charge.  The input of all requests is estimated as
 * 10 tokens.
 */


#ifndef _RESPONSE_KIT_H_INCLUDED_
#define _RESPONSE_KIT_H_INCLUDED_


#include "reader_kit.h"


#define JSON         "application/json"
#define SSE          "text/event-stream; charset=utf-8"
#define NDJSON       "application/x-ndjson"


/* pieces of streams */

#define CHUNK(s)  "data: {\"id\":\"chatcmpl-1\",\"object\":"                  \
    "\"chat.completion.chunk\",\"created\":1,\"model\":\"gpt-4o\"," s "}\n\n"
#define DELTA(s)  CHUNK("\"choices\":[{\"index\":0,\"delta\":" s ","          \
    "\"logprobs\":null,\"finish_reason\":null}]")
#define STOP      CHUNK("\"choices\":[{\"index\":0,\"delta\":{},"             \
    "\"logprobs\":null,\"finish_reason\":\"stop\"}]")
#define DONE      "data: [DONE]\n\n"
#define EVENT(type, s)  "event: " type "\ndata: {\"type\":\"" type "\"" s     \
    "}\n\n"
#define CREATED   EVENT("response.created", ",\"response\":{\"id\":"          \
    "\"resp_1\",\"model\":\"gpt-4o\",\"status\":\"in_progress\","             \
    "\"output\":[],\"usage\":null}")
#define START(s)  EVENT("message_start", ",\"message\":{\"id\":\"msg_1\","    \
    "\"type\":\"message\",\"role\":\"assistant\",\"content\":[],"             \
    "\"model\":\"claude\",\"stop_reason\":null,\"usage\":{" s "}}")
#define BLOCK(s)  EVENT("content_block_delta", ",\"index\":0,\"delta\":{"     \
    "\"type\":\"text_delta\",\"text\":\"" s "\"}")
#define END(s)    EVENT("message_delta", ",\"delta\":{\"stop_reason\":"       \
    "\"end_turn\",\"stop_sequence\":null},\"usage\":{" s "}")
#define PIECE(text, more)  "{\"candidates\":[{\"content\":{\"role\":"         \
    "\"model\",\"parts\":[{\"text\":\"" text "\"}]},\"index\":0" more


#define ABORTED  1               /* the client or the upstream went away */
#define ENCODED  2               /* the upstream compressed it */


/* an answer, its facts, and what is charged */

typedef struct {
    const char  *name;
    const char  *path;
    unsigned     status;
    unsigned     flags;
    const char  *type;
    const char  *body;
    const char  *facts;
    const char  *usage;
} response_case_t;


static inline void
match(dg_endpoint_t *ep, const char *path)
{
    dg_str_t  method, p;

    method.data = (const u_char *) "POST";
    method.len = 4;
    p.data = (const u_char *) path;
    p.len = strlen(path);

    dg_dialect_match(ep, &method, &p);
}


static inline void
read_pieces(dg_response_facts_t *facts, dg_dialect_id_t dialect,
    const char *type, const char *body, size_t len, size_t first, size_t step)
{
    size_t         i, n;
    u_char        *copy;
    dg_format_t    format;
    dg_response_t  rs;

    format = dg_response_format((const u_char *) type, strlen(type));
    dg_response_init(&rs, dialect, format, &key, facts);

    for (i = 0; i < len; i += n) {
        n = (i == 0) ? first : step;
        n = dg_min(n, len - i);

        /* a sanitizer sees reads beyond a piece of its own */

        copy = malloc(n);

        if (copy == NULL) {
            abort();
        }

        memcpy(copy, body + i, n);
        dg_response_push(&rs, copy, n);
        free(copy);
    }

    dg_response_end(&rs);
}


/* reads in all ways; returns how many of them gave other facts */

static inline unsigned
read_response(dg_response_facts_t *facts, dg_dialect_id_t dialect,
    const char *type, const char *body)
{
    size_t               i, len;
    unsigned             other;
    dg_response_facts_t  again;

    len = strlen(body);
    other = 0;

    read_pieces(facts, dialect, type, body, len, len, len);

    read_pieces(&again, dialect, type, body, len, 1, 1);
    other += memcmp(facts, &again, sizeof(again)) != 0;

    for (i = 1; i < len; i++) {
        read_pieces(&again, dialect, type, body, len, i, len);
        other += memcmp(facts, &again, sizeof(again)) != 0;
    }

    return other;
}


#define SIZE  512

static inline void
print_number(char *buf, const char *name, uint64_t n)
{
    if (n) {
        print(buf, SIZE, " %s=%llu", name, (unsigned long long) n);
    }
}


static inline void
describe(char *buf, const dg_response_facts_t *f)
{
    size_t  i;

    const struct {
        const char  *name;
        unsigned     on;
    } flags[] = {
        { "unread", !f->read }, { "malformed", f->malformed },
        { "complete", f->complete }, { "error", f->error }
    };

    *buf = '\0';

    if (f->model_len) {
        print(buf, SIZE, " %.*s", (int) f->model_len, f->model);
    }

    for (i = 0; i < dg_nelts(flags); i++) {
        if (flags[i].on) {
            print(buf, SIZE, " %s", flags[i].name);
        }
    }

    if (f->error_len) {
        print(buf, SIZE, ":%.*s", (int) f->error_len, f->error_kind);
    }

    if (f->finish_len) {
        print(buf, SIZE, " finish=%.*s", (int) f->finish_len, f->finish);
    }

    print_number(buf, "text", f->text);
    print_number(buf, "events", f->events);
    print_number(buf, "choices", f->choices == 1 ? 0 : f->choices);
    print_number(buf, "ids", f->issued.n);
}


static inline void
describe_usage(char *buf, const dg_usage_t *usage)
{
    static const char *const  sources[] = {
        "nothing", "reported", "estimated"
    };

    *buf = '\0';

    print(buf, SIZE, "%s", sources[usage->source]);

    if (usage->source != DG_SOURCE_NONE) {
        print(buf, SIZE, " in=%llu out=%llu",
              (unsigned long long) usage->input,
              (unsigned long long) usage->output);
    }

    print_number(buf, "cached", usage->cached);
    print_number(buf, "written", usage->cache_write);
    print_number(buf, "reasoning", usage->reasoning);
}


static inline void
kit_responses(const response_case_t *cases, size_t n)
{
    char                 buf[SIZE];
    size_t               i;
    unsigned             other;
    dg_end_t             end;
    dg_usage_t           usage;
    dg_endpoint_t        ep;
    dg_request_facts_t   request;
    dg_response_facts_t  facts;

    memset(&request, 0, sizeof(request));
    request.text[DG_ROLE_USER] = 24;
    request.turns[DG_ROLE_USER] = 1;

    for (i = 0; i < n; i++) {
        match(&ep, cases[i].path);

        request.embedding = (ep.dialect == DG_OPENAI_EMBEDDINGS);

        memset(&end, 0, sizeof(end));
        end.status = cases[i].status;
        end.aborted = cases[i].flags & ABORTED;
        end.charged = ep.charged;

        memset(&facts, 0, sizeof(facts));
        other = 0;

        if (cases[i].flags & ENCODED) {
            facts.encoded = 1;
            facts.bytes = strlen(cases[i].body);

        } else if (ep.dialect != DG_DIALECT_NONE) {
            other = read_response(&facts, ep.dialect, cases[i].type,
                                  cases[i].body);
        }

        if (cases[i].facts) {
            describe(buf, &facts);

            if (!dg_ok(strcmp(buf + (*buf == ' '), cases[i].facts) == 0, "%s",
                       cases[i].name))
            {
                printf("#   is     %s\n#   wanted  %s\n", buf,
                       cases[i].facts);
            }

            dg_ok(other == 0, "%s, in any pieces", cases[i].name);
        }

        dg_facts_usage(&usage, &request, &facts, &end);
        describe_usage(buf, &usage);

        if (!dg_ok(strcmp(buf, cases[i].usage) == 0, "%s: %s", cases[i].name,
                   cases[i].usage))
        {
            printf("#   is      %s\n", buf);
        }
    }
}


#endif /* _RESPONSE_KIT_H_INCLUDED_ */
