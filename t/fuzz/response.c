/*
 * Copyright (C) 2026 Distill Guard
 *
 * However an answer of whichever API and form is cut, its facts are the same,
 * and what is charged is bounded by what it says and by its bytes.
 */


#include "fuzz.h"
#include "reader_kit.h"


static void
response_push(void *ctx, const u_char *p, size_t len)
{
    dg_response_push(ctx, p, len);
}


static void
response_read(dg_response_facts_t *facts, const fuzz_input_t *in,
    void (*give)(const fuzz_input_t *in, fuzz_push_pt push, void *ctx))
{
    unsigned       dialect, format;
    dg_response_t  *rs;

    dialect = 1 + in->choice % (DG_DIALECTS - 1);
    format = in->choice / (DG_DIALECTS - 1) % (DG_FORMAT_NDJSON + 1);

    rs = fuzz_alloc(sizeof(dg_response_t));
    memset(facts, 0xa5, sizeof(dg_response_facts_t));

    dg_response_init(rs, (dg_dialect_id_t) dialect, (dg_format_t) format,
                     &key, facts);
    give(in, response_push, rs);
    dg_response_end(rs);

    free(rs);
}


int
LLVMFuzzerTestOneInput(const u_char *data, size_t size)
{
    fuzz_input_t         in;
    static unsigned      ready;
    dg_response_facts_t  whole, cut;

    if (!ready) {
        fuzz_must(kit_reader() == DG_OK);
        ready = 1;
    }

    if (fuzz_begin(&in, data, size) != DG_OK) {
        return 0;
    }

    response_read(&whole, &in, fuzz_whole);
    response_read(&cut, &in, fuzz_pieces);

    fuzz_must(memcmp(&whole, &cut, sizeof(dg_response_facts_t)) == 0);
    fuzz_must(whole.bytes == in.len);

    return 0;
}
