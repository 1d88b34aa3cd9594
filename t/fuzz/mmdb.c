/*
 * Copyright (C) 2026 Distill Guard
 *
 * Records of a MaxMind DB file, whatever is in them.
 */


#include "fuzz.h"
#include "dg_mmdb.h"


int
LLVMFuzzerTestOneInput(const u_char *data, size_t size)
{
    size_t           i;
    u_char          *copy;
    dg_str_t         section;
    fuzz_input_t     in;
    dg_mmdb_value_t  value;

    static const char *const  nested[] = { "country", "iso_code", NULL };
    static const char *const  flat[] = { "autonomous_system_number", NULL };

    if (fuzz_begin(&in, data, size) != DG_OK) {
        return 0;
    }

    copy = fuzz_alloc(in.len);
    memcpy(copy, in.p, in.len);

    section.data = copy;
    section.len = in.len;

    for (i = 0; i <= in.first; i += in.step) {

        if (dg_mmdb_get(&value, &section, i, in.choice % 2 ? nested : flat)
            != DG_OK)
        {
            continue;
        }

        if (value.type == DG_MMDB_TEXT) {
            fuzz_must(value.text.data >= copy);
            fuzz_must(value.text.data + value.text.len <= copy + in.len);
        }
    }

    free(copy);

    return 0;
}
