/*
 * Copyright (C) 2026 Distill Guard
 *
 * Numbers as bytes, the lowest first, whatever the machine: what nodes tell
 * each other has to be the same on all of them.
 */


#ifndef _DG_PACK_H_INCLUDED_
#define _DG_PACK_H_INCLUDED_


#include "dg_core.h"


/* what is put must fit: the caller has made sure */

static inline u_char *
dg_pack_number(u_char *p, uint64_t n, unsigned size)
{
    unsigned  i;

    for (i = 0; i < size; i++) {
        *p++ = (u_char) (n >> i * 8);
    }

    return p;
}


static inline u_char *
dg_pack_words(u_char *p, const uint64_t *words, unsigned n)
{
    unsigned  i;

    for (i = 0; i < n; i++) {
        p = dg_pack_number(p, words[i], 8);
    }

    return p;
}


#define dg_pack_id(p, id)  dg_pack_words(p, (id)->v, 2)


/* beyond the last byte there is 0, and "cut" is set */

typedef struct {
    const u_char  *pos;
    const u_char  *last;
    unsigned       cut;          /* 1: there was less than was asked for */
} dg_unpack_t;


static inline uint64_t
dg_unpack_number(dg_unpack_t *u, unsigned size)
{
    unsigned  i;
    uint64_t  n;

    if ((size_t) (u->last - u->pos) < size) {
        u->pos = u->last;
        u->cut = 1;
        return 0;
    }

    n = 0;

    for (i = 0; i < size; i++) {
        n |= (uint64_t) *u->pos++ << i * 8;
    }

    return n;
}


static inline void
dg_unpack_words(dg_unpack_t *u, uint64_t *words, unsigned n)
{
    unsigned  i;

    for (i = 0; i < n; i++) {
        words[i] = dg_unpack_number(u, 8);
    }
}


#define dg_unpack_id(u, id)  dg_unpack_words(u, (id)->v, 2)


#endif /* _DG_PACK_H_INCLUDED_ */
