/*
 * Copyright (C) 2026 Distill Guard
 *
 * Events of a stream are mostly as the one before, but for a word of text, a
 * number that counts them, and strings that nobody asks for.  What was read of
 * one need not be read of the next: its bytes are compared.
 *
 * What may differ is what no path of the schema asks for, and one text whose
 * length alone is counted.  All else is the same, byte by byte, so it leads to
 * the same; the caller sees to it that the same is nothing.
 */


#ifndef _DG_REPEAT_H_INCLUDED_
#define _DG_REPEAT_H_INCLUDED_


#include "dg_core.h"


#define DG_REPEAT_BYTES    1024  /* of an event; longer ones are not kept */
#define DG_REPEAT_PARTS    16
#define DG_REPEAT_ASKED    32

/* events kept in vain, one after the other, until no more is tried */
#define DG_REPEAT_TRIES    8


/* what stands behind the bytes that are compared */

typedef enum {
    DG_REPEAT_END = 0,
    DG_REPEAT_TEXT,              /* of a string, counted */
    DG_REPEAT_STRING,            /* of one that nobody asks for */
    DG_REPEAT_DIGITS             /* of a whole number, likewise */
} dg_repeat_kind_t;


typedef struct {
    uint16_t         len;        /* of the bytes before */
    uint16_t         kind;       /* dg_repeat_kind_t */
} dg_repeat_part_t;


/* a value that the schema asks for, in the event being read */

typedef struct {
    const u_char    *begin;
    const u_char    *end;
    unsigned         text;       /* only its length counts */
} dg_repeat_asked_t;


typedef struct {
    unsigned           n;        /* parts; 0: nothing is kept */
    unsigned           tries;    /* in vain */
    unsigned           asking;   /* an event is being read to be kept */
    unsigned           nasked;
    uint64_t           text;     /* counted beside that of the parts */
    unsigned           some;     /* the part's text was not empty */
    dg_repeat_part_t   part[DG_REPEAT_PARTS];
    dg_repeat_asked_t  asked[DG_REPEAT_ASKED];
    u_char             bytes[DG_REPEAT_BYTES];
} dg_repeat_t;


void dg_repeat_init(dg_repeat_t *r);

/* whether the next event should be kept */
unsigned dg_repeat_wanted(const dg_repeat_t *r);

/* an event is read in one piece; what is asked for in it is told */
void dg_repeat_begin(dg_repeat_t *r);
void dg_repeat_ask(dg_repeat_t *r, const u_char *begin, const u_char *end,
    unsigned text);

/*
 * It has been read, with the blank line behind it, is one good document, and
 * has changed nothing but that so much text was counted.
 */
void dg_repeat_keep(dg_repeat_t *r, const u_char *p, size_t len,
    uint64_t text);

/* or it is not to be kept */
void dg_repeat_drop(dg_repeat_t *r);

/*
 * Returns the length of an event at p that is as the one that is kept, with
 * its text; 0: it is another.
 */
size_t dg_repeat_match(dg_repeat_t *r, const u_char *p, size_t len,
    uint64_t *text);


#endif /* _DG_REPEAT_H_INCLUDED_ */
