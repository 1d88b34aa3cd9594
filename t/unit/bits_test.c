/*
 * Copyright (C) 2026 Distill Guard
 *
 * Small sets of bits, and how well they count.
 */


#include "dg_bits.h"
#include "dg_test.h"

#include <math.h>


#define WORDS  8


static void
test_set(void)
{
    uint64_t  words[WORDS];
    unsigned  i, added;

    memset(words, 0, sizeof(words));

    dg_ok(dg_bits_set(words, WORDS) == 0, "an empty set has no bits");
    dg_ok(dg_bits_add(words, WORDS, 7) == 1
          && dg_bits_add(words, WORDS, 7) == 0
          && dg_bits_set(words, WORDS) == 1, "a hash is new once");
    dg_ok(dg_bits_add(words, WORDS, 7 + 64) == 1
          && dg_bits_set(words, WORDS) == 2, "other bits are other hashes");

    added = 2;

    for (i = 0; i < WORDS * 64; i++) {
        added += (unsigned) dg_bits_add(words, WORDS, i);
    }

    dg_ok(added == WORDS * 64 && dg_bits_set(words, WORDS) == WORDS * 64,
          "each bit of all words can be set");
    dg_ok(dg_bits_set(words, 1) == 64, "of so many words as are asked for");
    dg_ok(dg_bits_add(words, WORDS, UINT64_MAX) == 0, "a full one stays so");
}


/* against the formula, in another way */

static void
test_formula(void)
{
    double    right;
    unsigned  bits, set, wrong;

    wrong = 0;

    for (bits = 32; bits <= 512; bits *= 2) {
        for (set = 0; set < bits; set++) {
            right = -(double) bits * log1p(-(double) set / bits);
            wrong += (fabs(dg_bits_estimate(set, bits) - right) > 0.501);
        }

        wrong += (dg_bits_estimate(bits, bits)
                  != dg_bits_estimate(bits - 1, bits));
    }

    dg_ok(wrong == 0, "estimates are as the formula says, rounded");
    dg_ok(dg_bits_estimate(0, 64) == 0 && dg_bits_estimate(1, 64) == 1
          && dg_bits_estimate(2, 64) == 2, "0, 1 and 2 are exact");
}


/* root mean square of the relative error, in per cent, over many sets */

static double
error_of(unsigned words, unsigned n)
{
    double    sum, error;
    uint64_t  set[WORDS], seed;
    unsigned  i, k;

    sum = 0;
    seed = 4711;

    for (i = 0; i < 200; i++) {
        memset(set, 0, sizeof(set));

        for (k = 0; k < n; k++) {
            (void) dg_bits_add(set, words, dg_test_random(&seed) >> 7);
        }

        error = (double) dg_bits_estimate(dg_bits_set(set, words), words * 64)
                / n - 1;
        sum += error * error;
    }

    return sqrt(sum / 200) * 100;
}


static void
test_error(void)
{
    double    error;
    unsigned  i;

    static const struct {
        unsigned  words;
        unsigned  n;
        double    most;          /* per cent */
    } sets[] = {
        { 1, 10, 10 },
        { 1, 40, 12 },
        { 1, 100, 20 },
        { 2, 48, 8 },
        { 8, 20, 4 },
        { 8, 200, 4 },
        { 8, 500, 4 },
        { 8, 1000, 6 },
        { 8, 2000, 12 }
    };

    for (i = 0; i < dg_nelts(sets); i++) {
        error = error_of(sets[i].words, sets[i].n);

        dg_ok(error < sets[i].most, "%u in %u bits: within %.1f %%",
              sets[i].n, sets[i].words * 64, error);
    }
}


int
main(void)
{
    test_set();
    test_formula();
    test_error();

    return dg_done();
}
