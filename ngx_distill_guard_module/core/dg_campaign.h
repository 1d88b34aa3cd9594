/*
 * Copyright (C) 2026 Distill Guard
 *
 * Campaigns: accounts that act as one.  A cohort is made of the accounts
 * behind one young template, or of accounts tied one by one; it is a campaign,
 * and has a name and consequences, once its score says so.
 *
 * Its id is made of the first thing it was seen by; where two are found to be
 * one, the smaller id stays, so nodes agree without asking.
 */


#ifndef _DG_CAMPAIGN_H_INCLUDED_
#define _DG_CAMPAIGN_H_INCLUDED_


#include "dg_core.h"
#include "dg_arena.h"
#include "dg_signal.h"


/* accounts that may be joined in an hour; what is beyond has to wait */
#define DG_CAMPAIGN_GROWTH   20000

#define DG_CAMPAIGN_SAMPLE   8   /* members whose activity is compared */

/* half-life of its score */
#define DG_CAMPAIGN_HALF     (14 * 86400)


/* nodes whose sums are kept, besides this one */
#define DG_CAMPAIGN_NODES    8


/*
 * Members whose uses a node has seen, how many uses, and their squares, so
 * that variance and mean can be told.  An account that several nodes see is in
 * the sums of each, with what it does on all of them: mean and variance of all
 * sums together are what they are.
 */

typedef struct {
    uint64_t       node;         /* 0: none */
    uint32_t       stamp;        /* greater with what is later, of one node */
    uint32_t       counted;
    uint64_t       uses;
    uint64_t       squares;
} dg_campaign_sums_t;


typedef struct dg_campaign_s {
    dg_cell_t      cell;

    uint32_t       born;         /* number of its making */
    uint32_t       into;         /* index of the one it was merged into, or
                                    DG_NIL, */
    uint32_t       into_born;    /* and the number of that one's making */
    uint32_t       first_seen;   /* Unix seconds */
    uint32_t       last_seen;
    uint32_t       named;        /* since when it is a campaign, 0: is none */
    uint32_t       by_origin;    /* 1: for where it comes from; who comes from
                                    elsewhere is not of it */

    /* members: those that use what it uses, or are tied to others of it */

    uint32_t       accounts;
    uint32_t       tied;         /* of these, by ties */
    uint32_t       crowded;      /* that came from crowded hosting origins */
    uint32_t       relayed;      /* that contradict themselves */
    uint32_t       old;          /* that were there long before */
    uint32_t       sure;         /* with more in common than by chance */
    uint32_t       widest;       /* index of its template with the most
                                    accounts that count, */
    uint32_t       spread;       /* and how many these are */
    uint32_t       crowd;        /* accounts of the most crowded origin */
    uint32_t       told;         /* uses when others were last told */
    dg_campaign_sums_t  own;     /* of this node, which is not named in it */
    dg_campaign_sums_t  others[DG_CAMPAIGN_NODES];
    uint32_t       pieces[2];    /* of evidence, by dg_tie_t */

    uint32_t       hour;         /* of grown */
    uint32_t       grown;        /* members joined in that hour */
    uint32_t       held;         /* and those that had to wait, in all */

    uint32_t       sample[DG_CAMPAIGN_SAMPLE];   /* profiles, by index */
    uint32_t       synchrony;    /* thousandths, as last compared */

    uint32_t       nears;        /* uses of its templates by those of other
                                    cohorts, less those by its own */

    uint32_t       score;        /* greatest, */
    uint32_t       scored;       /* as of then */
    uint32_t       blocked;      /* until then; 0 */
    uint32_t       rung;         /* of the ladder, as last told, and when that
                                    was, see dg_step.h */
    uint32_t       stepped;

    dg_id_t        ruled;        /* an id that it had before it was merged, by
                                    which an operator has decided; or none */
} dg_campaign_t;


/* the cell of an index and the number of its making; NULL if it is gone */
dg_campaign_t *dg_campaign_at(dg_arena_t *a, uint32_t index, uint32_t born);

/* the same, and the one that it was merged into in the end */
dg_campaign_t *dg_campaign_of(dg_arena_t *a, uint32_t index, uint32_t born);

/* merges two that are not the same; returns the one that stays */
dg_campaign_t *dg_campaign_merge(dg_arena_t *a, dg_campaign_t *one,
    dg_campaign_t *two);

/*
 * Joins what another node knows of it, but not its members; heard->own is of
 * that node, and names it.
 */
void dg_campaign_hear(dg_campaign_t *c, const dg_campaign_t *heard);

/* with how many uses a member is counted at most: one that has many more than
   others is not to hide how evenly these are used */
uint32_t dg_campaign_most(const dg_campaign_t *c);

/* a member that was counted with so many uses, or 0, now has more or less */
void dg_campaign_use(dg_campaign_t *c, uint32_t before, uint32_t uses);

/* a member leaves, and takes its uses with it */
void dg_campaign_leave(dg_campaign_t *c, uint32_t uses);

/*
 * Variance over mean of its members' uses, which is about 1 where a balancer
 * deals at random, and less where it deals in turn; -1 if it cannot be told.
 */
double dg_campaign_balance(const dg_campaign_t *c);

/* a score, now, unless that of before is greater still */
void dg_campaign_scored(dg_campaign_t *c, unsigned score, uint32_t now);

/* its score as of now, decayed */
unsigned dg_campaign_score(const dg_campaign_t *c, uint32_t now);


#endif /* _DG_CAMPAIGN_H_INCLUDED_ */
