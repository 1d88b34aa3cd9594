/*
 * Copyright (C) 2026 Distill Guard
 *
 * What fuzz targets share.  A target is one function that is given bytes and
 * ends the program if anything is not as it must be; libFuzzer calls it with
 * bytes of its own making ("make fuzz"), replay.c with the files of a corpus
 * ("make test").
 */


#ifndef _FUZZ_H_INCLUDED_
#define _FUZZ_H_INCLUDED_


#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dg_core.h"


/* the first bytes of an input say what is done with the rest, and how */

typedef struct {
    unsigned       choice;       /* 0 to 255 */
    size_t         first;        /* bytes of the first piece, */
    size_t         step;         /* and of all others, at least 1 */
    const u_char  *p;
    size_t         len;
} fuzz_input_t;


typedef void (*fuzz_push_pt)(void *ctx, const u_char *p, size_t len);


int LLVMFuzzerTestOneInput(const u_char *data, size_t size);


#define fuzz_must(condition)                                                  \
    if (!(condition)) {                                                       \
        fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__,            \
                #condition);                                                  \
        abort();                                                              \
    }


/* DG_ERROR if there are not even the first bytes */

static inline int
fuzz_begin(fuzz_input_t *in, const u_char *data, size_t size)
{
    if (size < 3) {
        return DG_ERROR;
    }

    in->choice = data[0];
    in->first = data[1];
    in->step = data[2] ? data[2] : 1;
    in->p = data + 3;
    in->len = size - 3;

    return DG_OK;
}


static inline void *
fuzz_alloc(size_t size)
{
    void  *p;

    p = malloc(size ? size : 1);

    if (p == NULL) {
        abort();
    }

    return p;
}


/* each piece is a block of its own, so a sanitizer sees one byte too many */

static inline void
fuzz_pieces(const fuzz_input_t *in, fuzz_push_pt push, void *ctx)
{
    size_t   i, n;
    u_char  *piece;

    for (i = 0; i < in->len; i += n) {
        n = (i == 0 && in->first) ? in->first : in->step;
        n = dg_min(n, in->len - i);

        piece = fuzz_alloc(n);
        memcpy(piece, in->p + i, n);
        push(ctx, piece, n);
        free(piece);
    }
}


static inline void
fuzz_whole(const fuzz_input_t *in, fuzz_push_pt push, void *ctx)
{
    fuzz_input_t  whole;

    whole = *in;
    whole.first = in->len;

    fuzz_pieces(&whole, push, ctx);
}


#endif /* _FUZZ_H_INCLUDED_ */
