/*
 * Copyright (C) 2026 Distill Guard
 *
 * Lines of a trace: what is understood is written, and read again it is
 * written the same.
 */


#include "fuzz.h"
#include "dg_event_read.h"


static void
text(const char *error)
{
    fuzz_must(memchr(error, '\0', DG_RECORD_ERROR) != NULL);
    fuzz_must(error[0] != '\0');
}


int
LLVMFuzzerTestOneInput(const u_char *data, size_t size)
{
    char                    error[DG_RECORD_ERROR];
    u_char                 *end, *again;
    static unsigned         ready;
    static u_char           one[DG_EVENT_SIZE], other[DG_EVENT_SIZE];
    static dg_event_read_t  er;

    if (!ready) {
        fuzz_must(dg_event_read_init() == DG_OK);
        ready = 1;
    }

    if (dg_event_read(&er, data, size, error) != DG_OK) {
        text(error);
        return 0;
    }

    end = dg_event_write(one, &er.event);
    fuzz_must(end <= one + DG_EVENT_SIZE);

    if (dg_event_read(&er, one, end - one, error) != DG_OK) {
        fprintf(stderr, "%s: %.*s\n", error, (int) (end - one), one);
        abort();
    }

    again = dg_event_write(other, &er.event);

    fuzz_must(again - other == end - one);
    fuzz_must(memcmp(one, other, end - one) == 0);

    return 0;
}
