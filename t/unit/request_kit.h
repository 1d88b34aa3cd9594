/*
 * Copyright (C) 2026 Distill Guard
 *
 * Requests are read whole, byte by byte and in every two pieces, and give the
 * same facts.
 */


#ifndef _REQUEST_KIT_H_INCLUDED_
#define _REQUEST_KIT_H_INCLUDED_


#include "reader_kit.h"


/* a body and its facts */

typedef struct {
    const char  *name;
    const char  *path;
    const char  *body;
    const char  *facts;
} request_case_t;


static inline void
read_pieces(dg_request_facts_t *facts, const char *path, const u_char *body,
    size_t len, size_t first, size_t step)
{
    size_t         i, n;
    u_char        *copy;
    dg_str_t       method, p;
    dg_request_t   rq;
    dg_endpoint_t  ep;

    method.data = (const u_char *) "POST";
    method.len = 4;
    p.data = (const u_char *) path;
    p.len = strlen(path);

    dg_dialect_match(&ep, &method, &p);
    dg_request_init(&rq, &ep, &key, &marks, facts);

    for (i = 0; i < len; i += n) {
        n = (i == 0) ? first : step;
        n = dg_min(n, len - i);

        /* a sanitizer sees reads beyond a piece of its own */

        copy = malloc(n ? n : 1);

        if (copy == NULL) {
            abort();
        }

        memcpy(copy, body + i, n);
        dg_request_push(&rq, copy, n);
        free(copy);

        if (n == 0) {
            n = dg_min(step, len);
            dg_request_push(&rq, body, n);
        }
    }

    dg_request_end(&rq);
}


/* reads in all ways; returns how many of them gave other facts */

static inline unsigned
read_request(dg_request_facts_t *facts, const char *path, const char *body)
{
    size_t              i, len;
    unsigned            other;
    dg_request_facts_t  again;

    len = strlen(body);
    other = 0;

    read_pieces(facts, path, (const u_char *) body, len, len, len);

    read_pieces(&again, path, (const u_char *) body, len, 1, 1);
    other += memcmp(facts, &again, sizeof(again)) != 0;

    for (i = 0; i < len; i++) {
        read_pieces(&again, path, (const u_char *) body, len, i, len);
        other += memcmp(facts, &again, sizeof(again)) != 0;
    }

    return other;
}


#define SIZE  1024

static inline void
print_roles(char *buf, const char *name, uint64_t system, uint64_t user,
    uint64_t assistant, uint64_t tool)
{
    if (system + user + assistant + tool) {
        print(buf, SIZE, " %s=%llu/%llu/%llu/%llu", name,
              (unsigned long long) system, (unsigned long long) user,
              (unsigned long long) assistant, (unsigned long long) tool);
    }
}


/* all that is not as it would be without the member; roles: s/u/a/t */

static inline void
describe(char *buf, const dg_request_facts_t *f)
{
    size_t  i;

    const struct {
        const char  *name;
        unsigned     on;
    } flags[] = {
        { "empty", !f->present },
        { "malformed", f->malformed }, { "deep", f->deep },
        { "wide", f->wide }, { "duplicate", f->duplicate },
        { "surrogate", f->surrogate }, { "encoded", f->encoded },
        { "mistyped", f->mistyped }, { "stream", f->stream },
        { "include_usage", f->include_usage }, { "echo", f->echo },
        { "logprobs", f->logprobs }, { "reasoning", f->reasoning },
        { "traces", f->traces }, { "embedding", f->embedding },
        { "system", !dg_id_none(&f->system) },
        { "tool_set", !dg_id_none(&f->tool_set) },
        { "first", !dg_id_none(&f->first) },
        { "content", !dg_id_none(&f->content) }
    };

    const struct {
        const char  *name;
        uint64_t     n;
    } numbers[] = {
        { "n", f->n == 1 ? 0 : f->n }, { "top", f->top_logprobs },
        { "prompt_logprobs", f->prompt_logprobs },
        { "bias", f->logit_bias }, { "stops", f->stops },
        { "tools", f->tools }, { "tool_text", f->tool_text },
        { "min", f->min_tokens }, { "images", f->images },
        { "audio", f->audio }, { "files", f->files },
        { "inputs", f->inputs }, { "token_ids", f->token_ids },
        { "invisible", f->invisible }, { "marks", f->marks.n },
        { "ids", f->presented.n }
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

    if (f->capped || f->max_tokens) {
        print(buf, SIZE, " max=%llu", (unsigned long long) f->max_tokens);
    }

    if (f->temperature != -1) {
        print(buf, SIZE, " temp=%d", f->temperature);
    }

    for (i = 0; i < dg_nelts(numbers); i++) {
        if (numbers[i].n) {
            print(buf, SIZE, " %s=%llu", numbers[i].name,
                  (unsigned long long) numbers[i].n);
        }
    }

    print_roles(buf, "turns", f->turns[0], f->turns[1], f->turns[2],
                f->turns[3]);
    print_roles(buf, "text", f->text[0], f->text[1], f->text[2], f->text[3]);
}


static inline void
kit_requests(const request_case_t *cases, size_t n)
{
    char                buf[SIZE];
    size_t              i;
    unsigned            other;
    dg_request_facts_t  facts;

    for (i = 0; i < n; i++) {
        other = read_request(&facts, cases[i].path, cases[i].body);

        describe(buf, &facts);

        if (!dg_ok(strcmp(buf + (*buf == ' '), cases[i].facts) == 0, "%s",
                   cases[i].name))
        {
            printf("#   is     %s\n#   wanted  %s\n", buf, cases[i].facts);
        }

        dg_ok(other == 0, "%s, in any pieces", cases[i].name);
        dg_ok(facts.bytes == strlen(cases[i].body), "%s, bytes",
              cases[i].name);
    }
}


/* one fact of a body that is known to be well read */

static inline dg_request_facts_t
facts_of(const char *path, const char *body)
{
    dg_request_facts_t  facts;

    read_pieces(&facts, path, (const u_char *) body, strlen(body),
                strlen(body), strlen(body));

    return facts;
}


static inline dg_request_facts_t
facts_of_text(const char *text)
{
    char  body[1024];

    snprintf(body, sizeof(body), "{\"messages\":[{\"role\":\"user\","
             "\"content\":%s}]}", text);

    return facts_of(CHAT, body);
}


#define same(fact, a, b)  dg_id_equal(&(a).fact, &(b).fact)


#endif /* _REQUEST_KIT_H_INCLUDED_ */
