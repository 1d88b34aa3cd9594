/*
 * Copyright (C) 2026 Distill Guard
 *
 * Rulings: what an operator has decided on a subject, and how that is
 * written.  In all that people read it is called a decision; in the code that
 * is what the guard makes of an exchange, dg_decision_t.
 *
 * A subject has one ruling at a time.  The later one takes the place of the
 * earlier, and to release a subject is a ruling, too: so they may be told
 * twice, late or in another order, and all who have heard them hold the same.
 */


#ifndef _DG_RULING_H_INCLUDED_
#define _DG_RULING_H_INCLUDED_


#include "dg_core.h"
#include "dg_subject.h"


typedef enum {
    DG_RULING_RELEASE = 0,
    DG_RULING_BLOCK,
    DG_RULING_ALLOW,
    DG_RULING_EXEMPT,            /* of a key or an account: from campaigns */
    DG_RULINGS
} dg_ruling_id_t;


extern const dg_str_t  dg_rulings[DG_RULINGS];   /* "release", "block", ... */


#define DG_RULING_AUTHOR   32    /* bytes at most */
#define DG_RULING_REASON   128

/* seconds for which it is remembered that one is over */
#define DG_RULING_KEEP     (30 * 86400)

typedef struct {
    uint64_t       time;         /* Unix milliseconds: its version */
    uint64_t       expires;      /* Unix seconds; 0: until released, and of
                                    a release */
    uint8_t        id;           /* dg_ruling_id_t */
    uint8_t        author_len;
    uint8_t        reason_len;
    u_char         author[DG_RULING_AUTHOR];
    u_char         reason[DG_RULING_REASON];
} dg_ruling_t;


/*
 * The one that concerns an exchange.  Of several it is that on the key, else
 * on the account, the origin, the client, the network, the campaign.  An
 * exemption from campaigns goes behind all that block or allow.
 */

typedef struct {
    dg_ruling_id_t id;           /* DG_RULING_RELEASE: there is none */
    unsigned       kind;         /* of its subject */
    dg_id_t        subject;
    unsigned       author_len;
    u_char         author[DG_RULING_AUTHOR];
} dg_ruling_found_t;


#define DG_RULING_SUBJECT  64
#define DG_RULING_TEXT     208


/*
 * "1795469280123 alice block 1795476480 why": its time in 13 digits, so that
 * the order of rulings is that of their bytes; author, what is decided, until
 * when, and the reason, if there is one.  Writes at most DG_RULING_TEXT bytes,
 * no zero; returns the end.
 */
u_char *dg_ruling_text(u_char *p, const dg_ruling_t *r);

/* the reverse; DG_ERROR if it is not just what would have been written */
int dg_ruling_parse(dg_ruling_t *r, const u_char *p, size_t len);

/* below 0, 0 or above as the first is earlier, the same or later */
int dg_ruling_compare(const dg_ruling_t *one, const dg_ruling_t *two);

/* is it in force?  A release never is */
int dg_ruling_stands(const dg_ruling_t *r, uint64_t now);

/* has it been over for so long that nobody needs to know? */
int dg_ruling_forgotten(const dg_ruling_t *r, uint64_t now);

/* can this be decided on subjects of that kind? */
int dg_ruling_fits(unsigned id, unsigned kind);

/* plain characters, with spaces or without; none is plain as well */
int dg_ruling_plain(const u_char *p, size_t len, int spaces);


/*
 * "key:9f3a...", at most DG_RULING_SUBJECT bytes, no zero.  The reverse, with
 * DG_ERROR if it is none.
 */
u_char *dg_ruling_subject_text(u_char *p, unsigned kind, const dg_id_t *id);
int dg_ruling_subject_parse(unsigned *kind, dg_id_t *id, const u_char *p,
    size_t len);


#endif /* _DG_RULING_H_INCLUDED_ */
