/*
 * Copyright (C) 2026 Distill Guard
 *
 * The roll of a campaign, or of a cohort that is none yet: who its accounts
 * are, what they have in common and what they got.  That lies all over the
 * store, so the roll is called in slices: whoever holds the lock may let go
 * of it between any two.
 */


#ifndef _DG_ROLL_H_INCLUDED_
#define _DG_ROLL_H_INCLUDED_


#include "dg_core.h"
#include "dg_guard.h"
#include "dg_sheet.h"


#define DG_ROLL_MEMBERS    24    /* that are listed, with the most tokens */
#define DG_ROLL_TEMPLATES  12    /* and with the most accounts */


/* an account of it */

typedef struct {
    dg_id_t        id;
    unsigned       kind;         /* of its subject: its account, or its key */
    uint32_t       first_seen;
    uint32_t       last_seen;
    uint32_t       uses;         /* of its templates */
    unsigned       tied:1;
    unsigned       crowded:1;
    unsigned       relayed:1;
    dg_id_t        template;     /* the last it used; or none */
    uint64_t       partners[DG_TIES];    /* dg_profile_partner_bits() */
    uint64_t       totals[DG_COUNTERS];  /* of a day, on all nodes, */
    uint64_t       own[DG_COUNTERS];     /* and on this one */
} dg_rolled_t;


typedef struct {
    dg_id_t        id;
    unsigned       accounts;
    uint32_t       uses;         /* on this node */
    uint32_t       first_seen;
    uint32_t       last_seen;
} dg_roll_template_t;


typedef struct {
    dg_campaign_t        campaign;   /* a copy */
    dg_standing_t        standing;
    dg_ruled_t           ruled;
    unsigned             decided:1;  /* ruled is in force */

    uint32_t             last_seen;  /* any of them */
    uint32_t             nmembers;   /* known here; of these some are kept */
    unsigned             kept;
    dg_rolled_t          member[DG_ROLL_MEMBERS];
    uint32_t             ntemplates;
    unsigned             ktemplates;
    dg_roll_template_t   template[DG_ROLL_TEMPLATES];
    uint64_t             totals[DG_COUNTERS];    /* of all members */
    uint64_t             own[DG_COUNTERS];
} dg_roll_t;


/* how far it is */

typedef struct {
    unsigned       phase;
    uint32_t       at;
} dg_roll_walk_t;


void dg_roll_init(dg_roll_t *r, const dg_campaign_t *c);

/*
 * Looks at so many cells for n rolls at once; DG_OK when all have been seen,
 * DG_FULL before.  The walk is all zeros at first.  each, if there is one, is
 * called for every profile.
 */

typedef void (*dg_roll_pt)(void *ctx, dg_store_t *st,
    const dg_profile_t *p);

int dg_roll_call(dg_store_t *st, dg_roll_t *rolls, unsigned n,
    dg_roll_walk_t *walk, uint32_t cells, uint64_t now_ms, dg_roll_pt each,
    void *ctx);

/* at the end: how it stands */
void dg_roll_end(dg_store_t *st, dg_roll_t *r, const dg_policy_t *policy,
    uint64_t now_ms);

/* an account as JSON knows it: id, last use, what it got */
void dg_roll_member(dg_store_t *st, const dg_profile_t *p, uint64_t now_ms,
    dg_rolled_t *member);

/*
 * One object, as a member of that name, with at most so many accounts; with
 * all signals, or with those that give points.
 */
void dg_roll_write(dg_sheet_t *s, const char *name, const dg_roll_t *r,
    unsigned members, const dg_policy_t *policy, unsigned all);


#endif /* _DG_ROLL_H_INCLUDED_ */
