/*
 * Copyright (C) 2026 Distill Guard
 *
 * Why a subject is treated as it is: all that a store knows of it, as JSON.
 *
 *     dg_explain_begin()  under the lock
 *     dg_explain_step()   under the lock, which may be let go of before each,
 *                         until all is known
 *     dg_explain_write()  without it
 */


#ifndef _DG_EXPLAIN_H_INCLUDED_
#define _DG_EXPLAIN_H_INCLUDED_


#include "dg_core.h"
#include "dg_guard.h"
#include "dg_roll.h"


#define DG_EXPLAIN_SIZE    49152 /* nothing written is longer */
#define DG_EXPLAIN_LINKED  24    /* accounts that are named as partners */
#define DG_EXPLAIN_LIMITS  32    /* of a location, that are looked at */


typedef struct {
    dg_id_t        id;
    unsigned       kind;
    unsigned       ties;         /* a bit for each dg_tie_t */
} dg_explain_link_t;


typedef struct {
    unsigned             kind;
    dg_id_t              id;
    const dg_rules_t    *rules;      /* the caller's; stay till the end */
    uint64_t             now_ms;
    dg_id_t              node;
    dg_roll_walk_t       walk;

    unsigned             counted:1;  /* subject is of it, */
    unsigned             profiled:1; /* and profile, account, standing; */
    unsigned             enrolled:1; /* and roll, of its campaign or cohort; */
    unsigned             member:1;   /* to which it belongs */
    unsigned             decided:1;  /* ruled is in force */

    dg_subject_t         subject;
    dg_profile_t         profile;
    dg_rolled_t          account;
    dg_standing_t        standing;
    dg_ruled_t           ruled;
    unsigned             nruled;     /* of a key, on networks that it came
                                        from: */
    dg_ruled_t           from[DG_ORIGINS];
    dg_roll_t            roll;

    unsigned             nlinked;
    unsigned             unlisted;   /* links for which there is no room */
    dg_explain_link_t    linked[DG_EXPLAIN_LINKED];
} dg_explain_t;


/*
 * By these rules, whose policy must not be NULL.  Changes nothing in the
 * store, as do the others.
 */
void dg_explain_begin(dg_store_t *st, dg_explain_t *e,
    const dg_rules_t *rules, unsigned kind, const dg_id_t *id,
    uint64_t now_ms);

/* looks at so many cells: DG_OK if that was all, DG_FULL if there are more */
int dg_explain_step(dg_store_t *st, dg_explain_t *e, uint32_t cells);

/* one object, no zero, in DG_EXPLAIN_SIZE bytes; returns the end */
u_char *dg_explain_write(u_char *p, const dg_explain_t *e);


#endif /* _DG_EXPLAIN_H_INCLUDED_ */
