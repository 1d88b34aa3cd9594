/*
 * Copyright (C) 2026 Distill Guard
 *
 * Small sets of hashes, a bit for each, and how many were put in: linear
 * counting, n = -m ln(1 - set / m) (Whang, Vander-Zanden, Taylor, "A
 * Linear-Time Probabilistic Counting Algorithm for Database Applications",
 * 1990).
 */


#ifndef _DG_BITS_H_INCLUDED_
#define _DG_BITS_H_INCLUDED_


#include "dg_core.h"


/* bits set in n words */
unsigned dg_bits_set(const uint64_t *words, unsigned n);

/*
 * How many there are if so many of all bits are set, rounded.  Where all are
 * set it is no less than one bit fewer would tell.
 */
unsigned dg_bits_estimate(unsigned set, unsigned bits);

/* sets the bit of a hash; 1 if it was not set */
int dg_bits_add(uint64_t *words, unsigned n, uint64_t hash);


#endif /* _DG_BITS_H_INCLUDED_ */
