/*
 * Copyright (C) 2026 Distill Guard
 *
 * However a stream is cut, its events are the same.
 */


#include "fuzz.h"
#include "dg_sse.h"
#include "dg_hash.h"


/* all that is told, hashed; pieces of data are put together that way */

typedef struct {
    dg_sse_t   sse;
    dg_hash_t  hash;
    uint64_t   bytes;
    uint64_t   events;
} stream_t;


static void
stream_data(void *ctx, const u_char *p, size_t len)
{
    stream_t  *s;

    s = ctx;
    s->bytes += len;
    dg_hash_update(&s->hash, p, len);
}


static void
stream_event(void *ctx, dg_sse_t *sse)
{
    u_char     mark;
    stream_t  *s;

    s = ctx;
    s->events++;

    fuzz_must(sse->name_len <= DG_SSE_NAME);

    mark = 0xff;
    dg_hash_update(&s->hash, &mark, 1);
    dg_hash_update(&s->hash, sse->name, sse->name_len);
    dg_hash_update(&s->hash, &mark, 1);
}


static void
stream_push(void *ctx, const u_char *p, size_t len)
{
    stream_t  *s;

    s = ctx;
    dg_sse_push(&s->sse, p, len);
}


static void
stream_init(stream_t *s)
{
    static const dg_hash_key_t  key = { { 1, 2 } };

    memset(s, 0, sizeof(stream_t));
    dg_hash_init(&s->hash, &key, DG_HASH_CHECK);
    dg_sse_init(&s->sse, stream_data, stream_event, s);
}


int
LLVMFuzzerTestOneInput(const u_char *data, size_t size)
{
    dg_id_t       one, other;
    stream_t      whole, cut;
    fuzz_input_t  in;

    if (fuzz_begin(&in, data, size) != DG_OK) {
        return 0;
    }

    stream_init(&whole);
    stream_init(&cut);

    fuzz_whole(&in, stream_push, &whole);
    fuzz_pieces(&in, stream_push, &cut);

    fuzz_must(whole.bytes <= in.len);
    fuzz_must(whole.bytes == cut.bytes);
    fuzz_must(whole.events == cut.events);
    fuzz_must(whole.events == whole.sse.events);

    one = dg_hash_final(&whole.hash);
    other = dg_hash_final(&cut.hash);

    fuzz_must(dg_id_equal(&one, &other));

    return 0;
}
