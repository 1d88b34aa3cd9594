/*
 * Copyright (C) 2026 Distill Guard
 *
 * Marks: keyed hashes of parts of a text, by which requests made from one
 * template have something in common, whether its frame stands before, behind
 * or around what is filled in, the slot.
 *
 * Only letters count: a to z of either case, and the bytes of other scripts.
 * Digits, spaces, punctuation and zero-width characters do not, so texts that
 * differ in nothing else leave the same marks (shapes see punctuation).  A
 * frame of 24 letters at an end leaves a mark always, one of 100 letters
 * elsewhere 99 times of 100, one of less than 24 letters none.
 *
 * The first and the last DG_MARKS_PART bytes are looked at, whatever stands
 * between them; time and memory do not grow with the text.
 */


#ifndef _DG_MARKS_H_INCLUDED_
#define _DG_MARKS_H_INCLUDED_


#include "dg_core.h"
#include "dg_hash.h"


#define DG_MARKS_PART     640
#define DG_MARKS_ANCHORS  24     /* at most, from either end */
#define DG_MARKS          (2 * DG_MARKS_ANCHORS + 6)
#define DG_FEW_MARKS      8

/* a gap of so many letters in a frame is taken for a part of it */
#define DG_MARKS_BRIDGE   32


typedef enum {
    DG_MARK_ANCHOR = 0,          /* 32 letters, where their hash says so */
    DG_MARK_HEAD_24,             /* the first 24 letters */
    DG_MARK_TAIL_24,
    DG_MARK_HEAD_64,
    DG_MARK_TAIL_64,
    DG_MARK_HEAD_SHAPE,          /* short words and punctuation, the same */
    DG_MARK_TAIL_SHAPE,          /* when all long words are others */
    DG_MARK_KINDS
} dg_mark_kind_t;


extern const dg_str_t  dg_mark_kinds[DG_MARK_KINDS];     /* "anchor", ... */
extern const u_char    dg_mark_letters[DG_MARK_KINDS];   /* 'a', ... */


typedef struct {
    uint64_t              value;
    uint16_t              from;      /* letters it covers, counted over all */
    uint16_t              to;        /* that are looked at; to is behind */
    uint32_t              kind;      /* dg_mark_kind_t */
} dg_mark_t;


/*
 * What a text left; none of the text is in it.  A set of marks is a word, bit
 * n of which stands for mark[n].
 */

typedef struct {
    uint64_t              skipped;   /* bytes in the middle not looked at */
    unsigned              letters;   /* looked at */
    unsigned              n;
    dg_mark_t             mark[DG_MARKS];    /* each value once; anchors
                                                first, by place */
} dg_marks_t;


/* what is told of a request; see dg_marks_pick() */

typedef struct {
    unsigned              n;
    u_char                kind[DG_FEW_MARKS];    /* dg_mark_kind_t */
    uint64_t              value[DG_FEW_MARKS];
} dg_few_marks_t;


/* made of the key of all hashes once; 2.4 kB */

typedef struct {
    uint64_t              gear[256];         /* of bytes; 0: not a letter */
    uint64_t              tweak[DG_MARK_KINDS];
    uint64_t              seed;
    uint64_t              item;              /* odd */
    u_char                shift[256];
} dg_marks_key_t;


/* holds text only until the next one; 1.5 kB */

typedef struct {
    const dg_marks_key_t *key;       /* must outlive it */
    uint64_t              len;       /* of the text as it came */
    u_char                text[2 * DG_MARKS_PART];   /* its last part is a
                                                        ring of the end */
} dg_marks_text_t;


typedef struct {
    unsigned              letters;   /* of the frame */
    uint64_t              slot;      /* the rest: letters, and bytes that
                                        were not looked at */
    uint64_t              id;        /* of what fills the slot; 0: nothing */
} dg_marks_frame_t;


void dg_marks_derive(dg_marks_key_t *mk, const dg_hash_key_t *key);

/*
 * The text comes decoded and cut anywhere.  What separates its parts (content
 * of several parts) may be pushed as white space.
 */
void dg_marks_init(dg_marks_text_t *text, const dg_marks_key_t *key);
void dg_marks_push(dg_marks_text_t *text, const u_char *p, size_t len);
void dg_marks_end(const dg_marks_text_t *text, dg_marks_t *marks);

/*
 * Tells frame and slot apart by the marks known from other requests of the
 * template.  The slot's id is made of the other marks, so it needs no text,
 * and equal slots have the same id only if the same marks are known.
 */
void dg_marks_frame(dg_marks_frame_t *frame, const dg_marks_t *marks,
    uint64_t known);

/* the n least values of a set: every request of a template picks the same */
uint64_t dg_marks_least(const dg_marks_t *marks, uint64_t set, unsigned n);

/* DG_FEW_MARKS at most, for where all are too many: those of the ends, and
   the two least anchors */
uint64_t dg_marks_few(const dg_marks_t *marks);

/*
 * The same, those first that are least likely to be shared by chance; so the
 * first one that others have left is the same for all requests of a template.
 */
void dg_marks_pick(dg_few_marks_t *few, const dg_marks_t *marks);

/* the kind of a letter; DG_MARK_KINDS: there is none */
unsigned dg_mark_kind(u_char letter);


#endif /* _DG_MARKS_H_INCLUDED_ */
