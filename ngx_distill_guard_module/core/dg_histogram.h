/*
 * Copyright (C) 2026 Distill Guard
 *
 * How often something was how much: counts by upper bounds, and their sum.
 */


#ifndef _DG_HISTOGRAM_H_INCLUDED_
#define _DG_HISTOGRAM_H_INCLUDED_


#include "dg_core.h"


#define DG_HISTOGRAM  17         /* the last has no bound */


typedef struct {
    uint64_t       n[DG_HISTOGRAM];
    uint64_t       sum;
} dg_histogram_t;


static inline void
dg_histogram_add(dg_histogram_t *h, const uint64_t bounds[DG_HISTOGRAM - 1],
    uint64_t value)
{
    unsigned  i;

    for (i = 0; i < DG_HISTOGRAM - 1 && value > bounds[i]; i++) {
        /* void */
    }

    h->n[i]++;
    h->sum += value;
}


#endif /* _DG_HISTOGRAM_H_INCLUDED_ */
