/*
 * Copyright (C) 2026 Distill Guard
 */


#include "tune.h"
#include "labels.h"

#include <math.h>
#include <stdlib.h>


#define CTL_SKETCH_LEAST  0.001
#define CTL_SKETCH_RATIO  1.02

#define CTL_DAY_MS  86400000


static unsigned ctl_sketch_bucket(double value);
static int ctl_sketch_worse(const ctl_sketch_t *sk, double one, double two);

static ctl_value_t *ctl_values_place(const ctl_values_t *vs,
    const dg_id_t *account);
static ctl_value_t *ctl_values_make(ctl_values_t *vs,
    const dg_id_t *account);
static int ctl_values_kept(const ctl_values_t *vs, const dg_id_t *account);
static void ctl_values_thin(ctl_values_t *vs);


void
ctl_sketch_add(ctl_sketch_t *sk, double value, uint64_t n)
{
    ctl_bucket_t  *bucket;

    sk->n += n;

    if (!(value >= 0)) {
        sk->none += n;
        return;
    }

    bucket = &sk->buckets[ctl_sketch_bucket(value)];

    if (bucket->n == 0 || ctl_sketch_worse(sk, value, bucket->worst)) {
        bucket->worst = value;
    }

    bucket->n += n;
}


static unsigned
ctl_sketch_bucket(double value)
{
    double  at;

    if (value < CTL_SKETCH_LEAST) {
        return value > 0;
    }

    at = 1 + log(value / CTL_SKETCH_LEAST) / log(CTL_SKETCH_RATIO);

    return (unsigned) dg_min(at, (double) CTL_SKETCH_BUCKETS - 1);
}


static int
ctl_sketch_worse(const ctl_sketch_t *sk, double one, double two)
{
    return sk->less ? one < two : one > two;
}


double
ctl_sketch_within(const ctl_sketch_t *sk, double share)
{
    double               sum, value;
    unsigned             i;
    const ctl_bucket_t  *bucket;

    sum = (double) sk->none;
    value = -1;

    for (i = 0; i < CTL_SKETCH_BUCKETS; i++) {

        if (sum >= share * (double) sk->n) {
            break;
        }

        bucket = &sk->buckets[sk->less ? CTL_SKETCH_BUCKETS - 1 - i : i];

        if (bucket->n) {
            sum += (double) bucket->n;
            value = bucket->worst;
        }
    }

    return value;
}


uint64_t
ctl_sketch_beyond(const ctl_sketch_t *sk, double value)
{
    uint64_t             n;
    unsigned             i;
    const ctl_bucket_t  *bucket;

    n = 0;
    value *= sk->less ? 1 - CTL_SKETCH_EXACT : 1 + CTL_SKETCH_EXACT;

    for (i = 0; i < CTL_SKETCH_BUCKETS; i++) {
        bucket = &sk->buckets[i];

        if (bucket->n && ctl_sketch_worse(sk, bucket->worst, value)) {
            n += bucket->n;
        }
    }

    return n;
}


ctl_values_t *
ctl_values_create(size_t size)
{
    unsigned       i;
    ctl_values_t  *vs;

    vs = calloc(1, sizeof(ctl_values_t));
    if (vs == NULL) {
        return NULL;
    }

    vs->size = size;
    vs->accounts = calloc(size, sizeof(ctl_value_t));
    vs->spare = calloc(size, sizeof(ctl_value_t));

    if (vs->accounts == NULL || vs->spare == NULL) {
        ctl_values_free(vs);
        return NULL;
    }

    for (i = 0; i < DG_SIGNALS; i++) {
        vs->sketches[i].less = ctl_tune_less((dg_signal_id_t) i);
    }

    return vs;
}


void
ctl_values_free(ctl_values_t *vs)
{
    if (vs) {
        free(vs->accounts);
        free(vs->spare);
        free(vs);
    }
}


void
ctl_values_see(ctl_values_t *vs, const dg_id_t *account,
    const double values[DG_SIGNALS], uint64_t now_ms)
{
    float         value;
    unsigned      i;
    ctl_value_t  *v;

    if (now_ms / CTL_DAY_MS != vs->day) {
        ctl_values_end(vs);
        vs->day = now_ms / CTL_DAY_MS;
    }

    if (dg_id_none(account) || !ctl_values_kept(vs, account)) {
        return;
    }

    v = ctl_values_place(vs, account);

    if (dg_id_none(&v->account)) {
        v = ctl_values_make(vs, account);

        if (v == NULL) {
            return;
        }
    }

    for (i = 0; i < DG_SIGNALS; i++) {
        value = (float) values[i];

        if (value >= 0
            && (v->worst[i] < 0
                || ctl_sketch_worse(&vs->sketches[i], value, v->worst[i])))
        {
            v->worst[i] = value;
        }
    }
}


/* its place, or where that is to be; there is always one that is free */

static ctl_value_t *
ctl_values_place(const ctl_values_t *vs, const dg_id_t *account)
{
    size_t        i;
    ctl_value_t  *v;

    i = account->v[0] & (vs->size - 1);

    for ( ;; ) {
        v = &vs->accounts[i];

        if (dg_id_none(&v->account) || dg_id_equal(&v->account, account)) {
            return v;
        }

        i = (i + 1) & (vs->size - 1);
    }
}


/* NULL: it is not among those that are kept now */

static ctl_value_t *
ctl_values_make(ctl_values_t *vs, const dg_id_t *account)
{
    unsigned      i;
    ctl_value_t  *v;

    while (ctl_full(vs->n, vs->size) && vs->level < 63) {
        ctl_values_thin(vs);
    }

    if (!ctl_values_kept(vs, account) || ctl_full(vs->n, vs->size)) {
        return NULL;
    }

    v = ctl_values_place(vs, account);
    v->account = *account;
    vs->n++;

    for (i = 0; i < DG_SIGNALS; i++) {
        v->worst[i] = -1;
    }

    return v;
}


/* other bits than those that find its place */

static int
ctl_values_kept(const ctl_values_t *vs, const dg_id_t *account)
{
    return (account->v[1] & (((uint64_t) 1 << vs->level) - 1)) == 0;
}


/* drops every other account */

static void
ctl_values_thin(ctl_values_t *vs)
{
    size_t        i;
    ctl_value_t  *old;

    vs->level++;
    vs->n = 0;

    old = vs->accounts;
    vs->accounts = vs->spare;
    vs->spare = old;

    for (i = 0; i < vs->size; i++) {

        if (dg_id_none(&old[i].account)) {
            continue;
        }

        if (ctl_values_kept(vs, &old[i].account)) {
            *ctl_values_place(vs, &old[i].account) = old[i];
            vs->n++;
        }
    }

    memset(old, 0, vs->size * sizeof(ctl_value_t));
}


void
ctl_values_end(ctl_values_t *vs)
{
    size_t        i;
    unsigned      k;
    ctl_value_t  *v;

    if (vs->n == 0) {
        return;
    }

    for (i = 0; i < vs->size; i++) {
        v = &vs->accounts[i];

        if (dg_id_none(&v->account)) {
            continue;
        }

        for (k = 0; k < DG_SIGNALS; k++) {
            ctl_sketch_add(&vs->sketches[k], v->worst[k],
                           (uint64_t) 1 << vs->level);
        }
    }

    memset(vs->accounts, 0, vs->size * sizeof(ctl_value_t));

    vs->n = 0;
    vs->days++;
}
