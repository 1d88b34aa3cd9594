/*
 * Copyright (C) 2026 Distill Guard
 *
 * What exchanges say of their accounts, of templates and of who belongs
 * together: what the files that watch them share.  Whoever calls holds the
 * lock, between dg_store_begin() and dg_store_end().
 */


#ifndef _DG_WATCH_H_INCLUDED_
#define _DG_WATCH_H_INCLUDED_


#include "dg_store.h"


/* accounts behind a template that make it a cohort */
#define DG_WATCH_COHORT  20

/* partners on both ends that make a tie one of many: a chain of colleagues,
   or one conversation that thousands were shown, is none */
#define DG_WATCH_TIES    4

/* accounts of an origin that make it crowded */
#define DG_WATCH_CROWD   20

/* kinds of cells, in arenas of their own */
#define DG_WATCH_KIND    1


/* one exchange and whose it is */

typedef struct {
    const dg_exchange_t       *ex;
    const dg_policy_t         *policy;
    const dg_request_facts_t  *rq;
    const dg_shared_t         *shared;
    const dg_id_t             *account;
    dg_profile_t              *profile;
    uint32_t                   now;
} dg_watch_t;


/* of an account that the upstream answers: finds or makes; NULL if there is
   no room */
dg_profile_t *dg_watch_profile(dg_store_t *st, const dg_id_t *account,
    uint32_t now);

/* counts what ties the exchange's account to others */
void dg_tie_all(dg_store_t *st, dg_watch_t *w);

/*
 * Two accounts are tied, once more or for the first time.  Their campaign, if
 * they have enough partners to make one; NULL otherwise.
 */
dg_campaign_t *dg_tie_accounts(dg_store_t *st, dg_tie_t tie, dg_profile_t *p,
    dg_profile_t *other, uint32_t now);

/*
 * Counts a use of all templates of the request that are known; the one with
 * the most accounts, if these make a cohort.
 */
dg_template_t *dg_cohort_count(dg_store_t *st, dg_watch_t *w);

/* all templates of the request that are known are as good as used */
void dg_cohort_keep(dg_store_t *st, const dg_watch_t *w);

/* the account uses a template that makes a cohort */
void dg_cohort_join(dg_store_t *st, dg_watch_t *w, dg_template_t *t);

/* finds or makes; NULL if there is no room */
dg_campaign_t *dg_member_campaign(dg_store_t *st, const dg_id_t *id,
    uint32_t now);

/*
 * DG_ERROR if it has grown by too many, or the account is another's; crowd is
 * that of the origin the account came from, as dg_store_crowd() tells.
 */
int dg_member_join(dg_store_t *st, dg_campaign_t *c, dg_profile_t *p,
    uint32_t crowd, uint32_t now);

/* another node has the account in a campaign, or in none: NULL */
void dg_member_hear(dg_store_t *st, dg_campaign_t *c, dg_profile_t *p,
    const dg_profile_t *heard, uint32_t now);

/* 1: it does what makes it a member of its cohort, named or not */
int dg_member_seen(dg_store_t *st, const dg_profile_t *p, uint32_t now);

/* those convicted leave half of their arena to others */
void dg_judge_convict(dg_arena_t *a, dg_cell_t *cell);

/* an account is of no cohort any more; it need not have been of one */
void dg_member_leave(dg_store_t *st, dg_profile_t *p, uint32_t now);

/* two that are not the same become one, which stays under its operator's
   ruling, and others are told; returns it */
dg_campaign_t *dg_member_merge(dg_store_t *st, dg_campaign_t *one,
    dg_campaign_t *two);

/* is it a campaign by now? */
void dg_judge(dg_store_t *st, const dg_watch_t *w, dg_campaign_t *c);


#endif /* _DG_WATCH_H_INCLUDED_ */
