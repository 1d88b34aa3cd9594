/*
 * Copyright (C) 2026 Distill Guard
 *
 * Steps: an account or a campaign has come to another rung of the ladder.
 * Each is told once, by the node that finds it, to whoever audits: the error
 * log, and through a ring in the store, Redis.
 *
 * A step up is told when it is found.  One down is told when the lower rung is
 * found and the higher was not for DG_STEP_REST seconds, so that who comes and
 * goes at an edge is not told of all the time.
 */


#ifndef _DG_STEP_H_INCLUDED_
#define _DG_STEP_H_INCLUDED_


#include "dg_core.h"
#include "dg_guard.h"
#include "dg_signal.h"
#include "dg_store.h"


#define DG_STEP_REST     60
#define DG_STEP_TEXT     2048    /* no text of one is longer */


/* a dg_reason_t, as much of it as does not follow */

typedef struct {
    float              value;
    float              soft;
    float              hard;
    uint8_t            signal;
    uint8_t            points;
    uint16_t           unused;
} dg_step_reason_t;


typedef struct {
    dg_id_t            id;
    dg_id_t            campaign;     /* that an account belongs to; or none */
    uint32_t           time;         /* Unix seconds */
    uint32_t           until;        /* end of a block, the same; 0: none */
    uint16_t           score;
    uint8_t            kind;         /* dg_kind_t: account, key or campaign */
    uint8_t            from;         /* dg_verdict_id_t */
    uint8_t            to;
    uint8_t            dry_run;
    uint8_t            n;
    uint8_t            unused;
    dg_step_reason_t   reason[DG_SIGNALS];
} dg_step_t;


typedef struct dg_steps_s {
    uint32_t           size;         /* of the ring */
    uint32_t           open;         /* 1: there is somebody to hand them to */
    uint64_t           first;        /* numbers of the oldest that was not
                                        handed over, and of the next */
    uint64_t           last;
    /* the ring follows */
} dg_steps_t;


/* makes a ring, closed, in size bytes at mem; DG_ERROR if none fits */
int dg_steps_init(void *mem, size_t size);

/* DG_ERROR if it is damaged */
int dg_steps_check(const dg_steps_t *steps);

/*
 * Copies up to n of those from number "from" on that are still there; returns
 * how many, and the number of the first in *at.
 */
unsigned dg_steps_read(const dg_steps_t *steps, uint64_t from, dg_step_t *step,
    unsigned n, uint64_t *at);

/* those before this number are handed over */
void dg_steps_told(dg_steps_t *steps, uint64_t number);


/*
 * An exchange has found its account, which has a profile, on a rung; down is
 * set where it is known to be on no higher one.
 */
void dg_step_account(dg_store_t *st, const dg_exchange_t *ex,
    const dg_rules_t *rules, dg_profile_t *p, const dg_campaign_t *c,
    const dg_score_t *score, unsigned down, uint32_t now);

/*
 * A campaign's rung is that of its own score, which is the same for all of
 * its members.  anew: it was blocked just now.
 */
void dg_step_campaign(dg_store_t *st, const dg_policy_t *policy,
    dg_campaign_t *c, const dg_score_t *score, unsigned anew,
    unsigned dry_run, uint32_t now);


/* why, and until when: "78 (template 40 for 60 accounts, ...), until ..." */
u_char *dg_step_text(u_char *p, const dg_step_t *step);

/* as $distill_guard_reasons; at most DG_EVENT_REASONS bytes */
u_char *dg_step_reasons(u_char *p, const dg_step_t *step);


#endif /* _DG_STEP_H_INCLUDED_ */
