/*
 * Copyright (C) 2026 Distill Guard
 *
 * Who are the worst, and which campaigns are there: looked up in a store, cell
 * by cell, and written as JSON.
 *
 *     dg_survey_top(), dg_survey_campaigns()
 *     dg_survey_step()    under the lock, which may be let go of before each,
 *                         until all is known
 *     dg_survey_write()   without it
 *
 * What happens between two steps is seen or not.
 */


#ifndef _DG_SURVEY_H_INCLUDED_
#define _DG_SURVEY_H_INCLUDED_


#include "dg_core.h"
#include "dg_guard.h"
#include "dg_roll.h"


typedef enum {
    DG_MEASURE_SCORE = 0,
    DG_MEASURE_OUTPUT,           /* what was counted in the last day */
    DG_MEASURE_REQUESTS,
    DG_MEASURE_REFUSED,
    DG_MEASURES
} dg_measure_t;


extern const dg_str_t  dg_measures[DG_MEASURES];     /* "score", ... */


#define DG_SURVEY_TOP        100
#define DG_SURVEY_CAMPAIGNS  64


/* one of the worst */

typedef struct {
    dg_id_t            id;
    unsigned           kind;
    uint64_t           measured;
    uint64_t           totals[DG_COUNTERS];  /* of a day, on all nodes */
    unsigned           score;
    dg_verdict_id_t    verdict;      /* of the ladder */
    dg_id_t            campaign;     /* that it is of; or none */
    dg_ruling_id_t     ruling;       /* of an operator on it, in force; or
                                        DG_RULING_RELEASE */
    uint32_t           accounts;     /* of a campaign */
    uint32_t           first_seen;
    uint32_t           last_seen;
} dg_ranked_t;


typedef struct {
    const dg_rules_t    *rules;      /* the caller's; stay till the end */
    uint64_t             now_ms;
    dg_id_t              node;
    unsigned             campaigns:1;    /* they are asked for, not the top */
    dg_measure_t         measure;
    unsigned             kind;
    unsigned             wanted;     /* subjects to be told, */
    unsigned             most;       /* and to be ranked */
    uint32_t             looked;     /* at subjects of that kind */
    unsigned             phase;
    uint32_t             at;
    dg_roll_walk_t       walk;

    unsigned             n;          /* of these */
    union {
        dg_ranked_t      ranked[DG_SURVEY_TOP];
        dg_roll_t        roll[DG_SURVEY_CAMPAIGNS];
    };
} dg_survey_t;


/*
 * The n of a kind, at most DG_SURVEY_TOP, of which a measure is greatest, and
 * not 0.  Of accounts, keys that are accounts of their own are some.  A kind
 * that is counted; scores have accounts, keys and campaigns alone.
 */
void dg_survey_top(dg_survey_t *s, const dg_store_t *st,
    const dg_rules_t *rules, dg_measure_t measure, unsigned kind,
    unsigned n, uint64_t now_ms);

/* campaigns that have a name, those with the highest scores */
void dg_survey_campaigns(dg_survey_t *s, const dg_store_t *st,
    const dg_rules_t *rules, uint64_t now_ms);

/* looks at so many cells: DG_OK if that was all, DG_FULL if there are more */
int dg_survey_step(dg_store_t *st, dg_survey_t *s, uint32_t cells);

/*
 * One object, no zero, in size bytes; returns the end.  Where there is no
 * room for all, fewer accounts of each campaign are listed, then fewer
 * subjects or campaigns, and what is left out is told.  NULL if there is no
 * room for anything.
 */
u_char *dg_survey_write(u_char *p, size_t size, const dg_survey_t *s);

/* by its name; DG_ERROR if there is none */
int dg_survey_measure(dg_measure_t *measure, const u_char *p, size_t len);
int dg_survey_kind(unsigned *kind, const u_char *p, size_t len);


#endif /* _DG_SURVEY_H_INCLUDED_ */
