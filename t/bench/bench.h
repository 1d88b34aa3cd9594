/*
 * Copyright (C) 2026 Distill Guard
 *
 * What the programs of the bench share.
 *
 * A file of pieces holds any number of them, each as "length\nbytes".
 */


#ifndef _BENCH_H_INCLUDED_
#define _BENCH_H_INCLUDED_


#include <stddef.h>
#include <stdint.h>


#define SECOND  1000000000ull    /* nanoseconds */


typedef struct {
    size_t         len;
    char          *data;         /* with a zero behind it */
} piece_t;


typedef struct {
    piece_t       *piece;
    size_t         n;
} pieces_t;


/* says what failed and ends the program; err is an errno or 0 */
void die(const char *what, int err) __attribute__((noreturn));

/* zeroed */
void *allocate(size_t size);

/* makes an array larger */
void *enlarge(void *p, size_t size);

/* nanoseconds of a clock that is never set */
uint64_t now(void);

/* at least one piece */
void read_pieces(pieces_t *pieces, const char *name);


#endif /* _BENCH_H_INCLUDED_ */
