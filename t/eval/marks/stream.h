/*
 * Copyright (C) 2026 Distill Guard
 *
 * Requests of one template for marks.c: frames of our own words, what is done
 * to them for each request, and texts that stand in their slots.
 */


#ifndef _STREAM_H_INCLUDED_
#define _STREAM_H_INCLUDED_


#include "dg_core.h"


#define TEXT  65536           /* longer texts are not read */
#define USER  64


typedef struct {
    size_t         len;
    u_char        *data;
    char           user[USER];
} text_t;


typedef struct {
    size_t         n;
    text_t        *text;
} texts_t;


typedef struct {
    const char    *name;
    const char    *before;
    const char    *between;   /* two slots */
    const char    *after;
} frame_t;


/* what is done to a frame for each request, in hundredths */

typedef struct {
    const char    *name;
    unsigned       content;   /* long words replaced */
    unsigned       small;     /* short words replaced */
    unsigned       reorder;   /* sentences */
    unsigned       filler;    /* a line of other words at both ends */
    unsigned       variants;  /* 0: another one for each request */
} attack_t;


extern texts_t  slots;        /* what harvests ask */
extern texts_t  people;       /* what honest people ask */

extern const frame_t   frames[];
extern const unsigned  nframes;


/* lines of "b user length" or "e - length" and the text each: b for people */
void texts_read(void);
void texts_make(void);

unsigned frame_size(const frame_t *f);

/*
 * The n-th request of a stream, changed as an attack says if there is one;
 * at most 2 * TEXT bytes.  The number that comes back in slot stands for what
 * is in the slots.
 */
size_t compose(u_char *p, uint64_t *slot, const frame_t *f,
    const attack_t *a, unsigned n);

size_t put(u_char *p, const void *data, size_t len);

/* the same numbers in each run */
unsigned below(unsigned n);


#endif /* _STREAM_H_INCLUDED_ */
