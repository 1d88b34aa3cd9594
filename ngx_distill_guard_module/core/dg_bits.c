/*
 * Copyright (C) 2026 Distill Guard
 */


#include "dg_bits.h"


static double dg_bits_ln(double x);


unsigned
dg_bits_set(const uint64_t *words, unsigned n)
{
    unsigned  i, set;
    uint64_t  bits;

    set = 0;

    /* in pairs, in fours, in bytes, and all bytes added in the highest */

    for (i = 0; i < n; i++) {
        bits = words[i];

        bits -= bits >> 1 & 0x5555555555555555ull;
        bits = (bits & 0x3333333333333333ull)
               + (bits >> 2 & 0x3333333333333333ull);
        bits = (bits + (bits >> 4)) & 0x0f0f0f0f0f0f0f0full;

        set += (unsigned) (bits * 0x0101010101010101ull >> 56);
    }

    return set;
}


unsigned
dg_bits_estimate(unsigned set, unsigned bits)
{
    set = dg_min(set, bits - 1);

    return (unsigned) (-dg_bits_ln((double) (bits - set) / bits) * bits
                       + 0.5);
}


int
dg_bits_add(uint64_t *words, unsigned n, uint64_t hash)
{
    uint64_t  bit, *word;

    word = &words[hash / 64 % n];
    bit = (uint64_t) 1 << (hash & 63);

    if (*word & bit) {
        return 0;
    }

    *word |= bit;

    return 1;
}


/*
 * The natural logarithm of a number in (0, 1], so that nginx need not be
 * linked with another library: 2 artanh((x - 1) / (x + 1)), of x between 1/2
 * and 1.
 */

static double
dg_bits_ln(double x)
{
    double    z, power, sum;
    unsigned  i;

    sum = 0;

    while (x < 0.5) {
        x *= 2;
        sum -= 0.69314718055994530942;
    }

    z = (x - 1) / (x + 1);
    power = z;

    for (i = 1; i < 20; i += 2) {
        sum += 2 * power / i;
        power *= z * z;
    }

    return sum;
}
