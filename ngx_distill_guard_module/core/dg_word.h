/*
 * Copyright (C) 2026 Distill Guard
 *
 * Eight bytes at a time.  A word is loaded so that its lowest byte is the
 * first in memory, on every machine: hashes must not depend on the byte
 * order, and the first hit of a scan is the lowest bit set.
 */


#ifndef _DG_WORD_H_INCLUDED_
#define _DG_WORD_H_INCLUDED_


#include "dg_core.h"


#define DG_WORD_ONES   0x0101010101010101ull
#define DG_WORD_HIGHS  0x8080808080808080ull

#define dg_word_rotl(w, n)  (((w) << (n)) | ((w) >> (64 - (n))))


static inline uint64_t
dg_word_load(const u_char *p)
{
    uint64_t  w;

    memcpy(&w, p, sizeof(w));

#if (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__)
    w = __builtin_bswap64(w);
#endif

    return w;
}


#endif /* _DG_WORD_H_INCLUDED_ */
