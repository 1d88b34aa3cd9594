/*
 * Copyright (C) 2026 Distill Guard
 *
 * The guard's counts minute by minute, for who looks later: a ring of what
 * they were when each minute was last looked at.  Counts only grow, so what
 * happened between two samples is their difference.
 *
 * Locking is the caller's.
 */


#ifndef _DG_HISTORY_H_INCLUDED_
#define _DG_HISTORY_H_INCLUDED_


#include "dg_core.h"
#include "dg_store.h"


/* one more than two hours, so that all of these have a beginning */
#define DG_HISTORY_MINUTES  121


typedef struct {
    uint64_t             time;       /* Unix seconds; 0: none */
    uint64_t             verdicts[DG_VERDICTS];    /* enforced or not */
    uint64_t             refused;    /* THROTTLE and BLOCK, enforced, */
    uint64_t             spared;     /* and in a dry run */
    uint64_t             input;      /* tokens */
    uint64_t             output;
    uint64_t             failed;     /* exchanges */
} dg_history_sample_t;


/* all zeros is an empty one */

typedef struct {
    dg_history_sample_t  samples[DG_HISTORY_MINUTES];
} dg_history_t;


/* the counts are so as of now; the latest of a minute stands for it */
void dg_history_note(dg_history_t *h, const dg_stats_t *stats, uint64_t now);

/*
 * {"columns":["time","PASS",...],"samples":[[1795469280,12,...],...]}, the
 * oldest first.  Writes at most DG_HISTORY_TEXT bytes, no zero; returns the
 * end.
 */

#define DG_HISTORY_TEXT  (512 + DG_HISTORY_MINUTES * 256)

u_char *dg_history_json(u_char *p, const dg_history_t *h, uint64_t now);


#endif /* _DG_HISTORY_H_INCLUDED_ */
