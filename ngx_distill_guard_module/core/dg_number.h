/*
 * Copyright (C) 2026 Distill Guard
 *
 * Decimal text to numbers, without the locale that strtod() obeys.
 */


#ifndef _DG_NUMBER_H_INCLUDED_
#define _DG_NUMBER_H_INCLUDED_


#include "dg_core.h"


/*
 * Reads a number that is known to have JSON's form and is of at most
 * DG_NUMBER_TEXT bytes.  Both results are saturated; number is right to the
 * last place or its neighbour, integer is exact and cut towards zero.
 */

#define DG_NUMBER_TEXT  64

void dg_number_read(const u_char *p, size_t len, double *number,
    int64_t *integer);


#endif /* _DG_NUMBER_H_INCLUDED_ */
