/*
 * Copyright (C) 2026 Distill Guard
 */


#include <stdlib.h>

#include "dg_test.h"
#include "dg_recall.h"


#define NOW  1000000u


static dg_id_t
id_of(uint64_t n)
{
    dg_id_t  id;

    id.v[0] = n * 0x9e3779b97f4a7c15ull;
    id.v[1] = n * 0xc2b2ae3d27d4eb4full >> 7;

    return id;
}


static dg_arena_t *
recall(size_t n)
{
    void    *mem;
    size_t   size;

    size = dg_arena_size(n, sizeof(dg_memory_t));

    if (posix_memalign(&mem, 64, size) != 0) {
        abort();
    }

    return dg_arena_init(mem, size, sizeof(dg_memory_t), 7);
}


/* a request that presents an id, or a content of a length; 0 for none */

static dg_request_facts_t
request(uint64_t presented, uint64_t content, uint64_t len)
{
    dg_request_facts_t  rq;

    memset(&rq, 0, sizeof(rq));

    if (presented) {
        rq.presented.id[0] = id_of(presented);
        rq.presented.n = 1;
    }

    if (content) {
        rq.content = id_of(content);
        rq.content_len = len;
    }

    return rq;
}


static dg_response_facts_t
response(uint64_t issued)
{
    dg_response_facts_t  rs;

    memset(&rs, 0, sizeof(rs));

    if (issued) {
        rs.issued.id[0] = id_of(issued);
        rs.issued.n = 1;
    }

    return rs;
}


static dg_shared_t
look(dg_arena_t *a, uint64_t account, dg_request_facts_t rq, uint32_t now)
{
    dg_id_t      id;
    dg_shared_t  shared;

    id = id_of(account);
    dg_recall_look(a, &id, &rq, now, &shared);

    return shared;
}


static void
answered(dg_arena_t *a, uint64_t account, dg_request_facts_t rq,
    dg_response_facts_t rs, uint32_t now)
{
    dg_id_t      id;
    dg_recall_t  r;

    id = id_of(account);
    r.a = a;
    r.news = NULL;
    dg_recall_accepted(&r, &id, &rq, &rs, now);
}


static void
ids(void)
{
    dg_arena_t  *a;

    a = recall(64);

    answered(a, 1, request(0, 0, 0), response(77), NOW);

    dg_ok(look(a, 1, request(77, 0, 0), NOW + 1).issued == 0,
          "whose it is may present it");
    dg_ok(look(a, 2, request(77, 0, 0), NOW + 1).issued == 1,
          "another may not");
    dg_ok(look(a, 2, request(78, 0, 0), NOW + 1).issued == 0,
          "of what was never issued nothing is known");
    dg_ok(look(a, 2, request(77, 0, 0), NOW + 7199).issued == 1
          && look(a, 2, request(77, 0, 0), NOW + 7200).issued == 0,
          "for two hours");

    answered(a, 3, request(0, 0, 0), response(77), NOW + 8000);
    dg_ok(look(a, 3, request(77, 0, 0), NOW + 8001).issued == 0
          && look(a, 1, request(77, 0, 0), NOW + 8001).issued == 1,
          "then it may be another's");

    free(a);
}


static void
contents(void)
{
    dg_id_t             id;
    dg_arena_t         *a;
    dg_recall_t         r;
    dg_shared_t         shared;
    dg_request_facts_t  rq;

    a = recall(64);
    rq = request(0, 5, 200);
    id = id_of(1);

    r.a = a;
    r.news = NULL;

    dg_recall_refused(&r, &id, &rq, 0, NOW);

    dg_ok(look(a, 2, rq, NOW + 59).refused == 1, "refused to another");
    dg_ok(look(a, 1, rq, NOW + 59).refused == 0, "to itself is a retry");
    dg_ok(look(a, 2, rq, NOW + 60).refused == 0, "for a minute");

    rq = request(0, 6, 199);
    dg_recall_refused(&r, &id, &rq, 0, NOW);
    answered(a, 1, rq, response(0), NOW);
    shared = look(a, 2, rq, NOW);
    dg_ok(shared.refused == 0 && shared.accepted == 0,
          "what is short is said by many");

    rq = request(0, 8, 5000);
    answered(a, 1, rq, response(0), NOW);
    shared = look(a, 1, rq, NOW + 1);
    dg_ok(shared.accepted == 0 && shared.accounts == 1, "one account");
    shared = look(a, 2, rq, NOW + 86399);
    dg_ok(shared.accepted == 1 && shared.accounts == 2,
          "two, as soon as the second asks");
    dg_ok(look(a, 2, rq, NOW + 86400).accepted == 0, "for a day");

    free(a);
}


static void
crowds(void)
{
    uint64_t            n;
    unsigned            got, low, high;
    dg_id_t             none;
    dg_arena_t         *a;
    dg_shared_t         shared;
    dg_request_facts_t  rq;

    static const unsigned  sizes[] = { 3, 10, 30, 100, 200 };
    size_t                 i;

    a = recall(64);

    for (i = 0; i < dg_nelts(sizes); i++) {
        rq = request(0, 100 + i, 300);

        for (n = 1; n <= sizes[i]; n++) {
            answered(a, n, rq, response(0), NOW);
            answered(a, n, rq, response(0), NOW + 1);
        }

        got = look(a, 1, rq, NOW + 2).accounts;
        low = sizes[i] * 6 / 10;
        high = sizes[i] * 16 / 10;

        dg_ok(got >= low && got <= high, "%u accounts, estimated %u",
              sizes[i], got);
    }

    for (n = 1; n <= 10000; n++) {
        answered(a, n, rq, response(n), NOW);
    }

    dg_ok(dg_arena_check(a) == DG_OK && a->used < a->ncells
          && a->used >= a->ncells - a->ncells / 16,
          "what is full forgets the oldest, and has room for refusals");
    dg_ok(look(a, 1, request(10000, 0, 0), NOW).issued == 1
          && look(a, 1, request(1, 0, 0), NOW).issued == 0,
          "and keeps the newest");
    dg_ok(look(a, 1, rq, NOW).accounts >= 200, "a crowd is a crowd");

    memset(&none, 0, sizeof(none));
    dg_recall_look(a, &none, &rq, NOW, &shared);
    dg_ok(shared.accepted == 0, "who has no account shares nothing");

    free(a);
}


int
main(void)
{
    ids();
    contents();
    crowds();

    return dg_done();
}
