/*
 * Copyright (C) 2026 Distill Guard
 *
 * What another node is said to have seen: whatever the bytes are, the store
 * stays sound, and to hear them again changes nothing in how it is built.
 */


#include "fuzz.h"
#include "dg_sighting.h"


#define SIZE    (1024 * 1024)
#define NOW_MS  1767225600000ull


static void
hear(dg_store_t *st, const u_char *batch, size_t len, unsigned n)
{
    size_t  at, before;

    at = 0;

    do {
        before = at;

        if (dg_sightings_hear(st, batch, len, &at, n, NOW_MS) != DG_OK) {
            return;
        }

        fuzz_must(at <= len);
        fuzz_must(at > before || at == len);

    } while (at < len);
}


int
LLVMFuzzerTestOneInput(const u_char *data, size_t size)
{
    void          *mem;
    u_char         buf[4096], *batch;
    dg_id_t        node = { { 1, 2 } };
    dg_store_t    *st;
    fuzz_input_t   in;

    if (fuzz_begin(&in, data, size) != DG_OK) {
        return 0;
    }

    if (posix_memalign(&mem, 64, SIZE) != 0) {
        abort();
    }

    st = dg_store_init(mem, SIZE, &node, 3, 4, NOW_MS / 1000);
    fuzz_must(st != NULL);

    batch = fuzz_alloc(in.len);
    memcpy(batch, in.p, in.len);

    hear(st, batch, in.len, (unsigned) in.step);
    hear(st, batch, in.len, 1);

    fuzz_must(dg_store_check(st) == DG_OK);

    /* and what it tells of it can be heard */

    while (dg_sightings_take(st, buf, sizeof(buf), NOW_MS) != buf) {
        /* void */
    }

    free(batch);
    free(mem);

    return 0;
}
