/*
 * Copyright (C) 2026 Distill Guard
 *
 * Random numbers: splitmix64, which may be started anywhere.
 */


#include <math.h>

#include "eval.h"


static uint64_t scramble(uint64_t x);


uint64_t
mix(uint64_t a, uint64_t b)
{
    return scramble(scramble(a) + 0x9e3779b97f4a7c15ull * (b + 1));
}


dice_t
dice(uint64_t a, uint64_t b)
{
    dice_t  d;

    d.s = mix(a, b);

    return d;
}


uint64_t
roll(dice_t *d)
{
    d->s += 0x9e3779b97f4a7c15ull;

    return scramble(d->s);
}


unsigned
below(dice_t *d, unsigned n)
{
    return n ? (unsigned) ((roll(d) >> 32) * n >> 32) : 0;
}


double
unit(dice_t *d)
{
    return ((double) (roll(d) >> 11) + 0.5) / 9007199254740992.0;
}


int
chance(dice_t *d, double p)
{
    return unit(d) < p;
}


double
lognormal(dice_t *d, double median, double sigma)
{
    double  normal;

    if (sigma == 0) {
        return median;
    }

    normal = sqrt(-2 * log(unit(d))) * cos(6.283185307179586 * unit(d));

    return median * exp(sigma * normal);
}


double
exponential(dice_t *d, double mean)
{
    return -mean * log(unit(d));
}


unsigned
geometric(dice_t *d, double mean)
{
    if (mean <= 1) {
        return 1;
    }

    return 1 + (unsigned) (log(unit(d)) / log(1 - 1 / mean));
}


static uint64_t
scramble(uint64_t x)
{
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ull;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebull;

    return x ^ (x >> 31);
}
