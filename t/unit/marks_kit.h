/*
 * Copyright (C) 2026 Distill Guard
 *
 * Marks of texts, and what two of them have in common.
 */


#ifndef _MARKS_KIT_H_INCLUDED_
#define _MARKS_KIT_H_INCLUDED_


#include "dg_marks.h"
#include "dg_test.h"


#define KEYS  32              /* anchors are luck of the key */


static dg_marks_key_t  keys[KEYS];
static uint64_t        seed = 7;


static const char  frame[] =
    "Read the problem below, decide which rules apply to it, and write the "
    "solution down step by step so that a beginner can follow:\n\n";

static const char *const  slots[] = {
    "A baker sells 48 rolls in the morning and half as many after noon. How "
    "many rolls does he sell on that day, and how many are left of 100?",
    "Why do rivers carry more sand in spring than late in the summer, though "
    "it rains about as much?",
    "Two trains leave towns that are 300 miles apart and meet after 2 hours; "
    "one is twice as fast as the other one. Find the speed of both of them.",
    "Translate into French: my uncle's garden is larger than the one next "
    "door, yet nobody ever works in it."
};


static inline void
kit_marks(void)
{
    unsigned       i;
    dg_hash_key_t  key;

    for (i = 0; i < KEYS; i++) {
        key.k[0] = 0x0123456789abcdefull;
        key.k[1] = i;
        dg_marks_derive(&keys[i], &key);
    }
}


static inline void
marks_of(dg_marks_t *marks, const dg_marks_key_t *key, const void *p,
    size_t len)
{
    dg_marks_text_t  text;

    dg_marks_init(&text, key);
    dg_marks_push(&text, p, len);
    dg_marks_end(&text, marks);
}


static inline void
marks_of_text(dg_marks_t *marks, const dg_marks_key_t *key, const char *a,
    const char *b, const char *c)
{
    dg_marks_text_t  text;

    dg_marks_init(&text, key);
    dg_marks_push(&text, (const u_char *) a, strlen(a));
    dg_marks_push(&text, (const u_char *) b, strlen(b));
    dg_marks_push(&text, (const u_char *) c, strlen(c));
    dg_marks_end(&text, marks);
}


static inline unsigned
same(const dg_marks_t *a, const dg_marks_t *b)
{
    return a->n == b->n && a->letters == b->letters
           && a->skipped == b->skipped
           && memcmp(a->mark, b->mark, a->n * sizeof(dg_mark_t)) == 0;
}


/* the marks of a that b has too */

static inline uint64_t
common(const dg_marks_t *a, const dg_marks_t *b)
{
    unsigned  i, k;
    uint64_t  set;

    set = 0;

    for (i = 0; i < a->n; i++) {
        for (k = 0; k < b->n; k++) {
            if (a->mark[i].value == b->mark[k].value) {
                set |= (uint64_t) 1 << i;
            }
        }
    }

    return set;
}


/* what holds for the marks of any text */

static inline unsigned
sound(const dg_marks_t *marks)
{
    unsigned          i, k, anchors;
    const dg_mark_t  *m;

    anchors = 0;

    for (i = 0; i < marks->n; i++) {
        m = &marks->mark[i];

        if (m->from >= m->to || m->to > marks->letters
            || m->kind >= DG_MARK_KINDS)
        {
            return 0;
        }

        if (m->kind == DG_MARK_ANCHOR) {

            if (anchors != i || m->to - m->from != 32
                || (i && m->to <= m[-1].to))
            {
                return 0;
            }

            anchors++;
        }

        for (k = 0; k < i; k++) {
            if (marks->mark[k].value == m->value) {
                return 0;
            }
        }
    }

    return marks->n <= DG_MARKS && anchors <= 2 * DG_MARKS_ANCHORS;
}


static inline unsigned
kinds(const dg_marks_t *marks, uint64_t set)
{
    unsigned  i, found;

    found = 0;

    for (i = 0; i < marks->n; i++) {
        if (set >> i & 1) {
            found |= 1u << marks->mark[i].kind;
        }
    }

    return found;
}


/* words nobody else uses */

static inline size_t
prose(u_char *p, size_t len)
{
    size_t  i;

    for (i = 0; i < len; i++) {
        p[i] = dg_test_random(&seed) % 6
               ? (u_char) ('a' + (dg_test_random(&seed) >> 32) % 26) : ' ';
    }

    return len;
}


#endif /* _MARKS_KIT_H_INCLUDED_ */
