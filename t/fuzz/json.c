/*
 * Copyright (C) 2026 Distill Guard
 *
 * However a text is cut, the JSON reader reports the same of it.
 */


#include "fuzz.h"
#include "json_log.h"
#include "json_paths.h"


int
LLVMFuzzerTestOneInput(const u_char *data, size_t size)
{
    unsigned                 i;
    json_log_t               whole, cut;
    fuzz_input_t             in;
    static unsigned          ready;
    static dg_json_schema_t  schemas[4];

    if (fuzz_begin(&in, data, size) != DG_OK) {
        return 0;
    }

    for (i = 0; !ready && i < 4; i++) {
        fuzz_must(dg_json_schema(&schemas[i], paths, dg_nelts(paths), i)
                  == DG_OK);
    }

    ready = 1;

    memset(&whole, 0, sizeof(whole));
    memset(&cut, 0, sizeof(cut));

    json_log_read(&whole, &schemas[in.choice % 4], in.p, in.len, in.len, 1);
    json_log_read(&cut, &schemas[in.choice % 4], in.p, in.len, in.first,
                  in.step);

    fuzz_must(whole.len == cut.len);
    fuzz_must(memcmp(whole.text, cut.text, whole.len) == 0);

    free(whole.text);
    free(cut.text);

    return 0;
}
