/*
 * Copyright (C) 2026 Distill Guard
 *
 * However a request of whichever API is cut, its facts are the same.
 */


#include "fuzz.h"
#include "reader_kit.h"


static const char *const  endpoints[] = {
    CHAT, RESPONSES, COMPLETIONS, EMBEDDINGS, MESSAGES, GEMINI, GEMINI_SSE,
    OLLAMA, GENERATE
};


static void
request_push(void *ctx, const u_char *p, size_t len)
{
    dg_request_push(ctx, p, len);
}


static void
request_read(dg_request_facts_t *facts, const fuzz_input_t *in,
    void (*give)(const fuzz_input_t *in, fuzz_push_pt push, void *ctx))
{
    dg_str_t       method = dg_string("POST"), path;
    dg_request_t  *rq;
    dg_endpoint_t  ep;

    path.data = (const u_char *)
                endpoints[in->choice % dg_nelts(endpoints)];
    path.len = strlen((const char *) path.data);

    dg_dialect_match(&ep, &method, &path);
    fuzz_must(ep.dialect != DG_DIALECT_NONE);

    rq = fuzz_alloc(sizeof(dg_request_t));
    memset(facts, 0xa5, sizeof(dg_request_facts_t));

    dg_request_init(rq, &ep, &key, &marks, facts);
    give(in, request_push, rq);
    dg_request_end(rq);

    free(rq);
}


int
LLVMFuzzerTestOneInput(const u_char *data, size_t size)
{
    fuzz_input_t        in;
    static unsigned     ready;
    dg_request_facts_t  whole, cut;

    if (!ready) {
        fuzz_must(kit_reader() == DG_OK);
        ready = 1;
    }

    if (fuzz_begin(&in, data, size) != DG_OK) {
        return 0;
    }

    request_read(&whole, &in, fuzz_whole);
    request_read(&cut, &in, fuzz_pieces);

    fuzz_must(memcmp(&whole, &cut, sizeof(dg_request_facts_t)) == 0);
    fuzz_must(whole.bytes == in.len);

    return 0;
}
