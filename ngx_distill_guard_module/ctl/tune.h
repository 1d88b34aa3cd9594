/*
 * Copyright (C) 2026 Distill Guard
 *
 * What the signals of a trace's accounts are like, and what soft and hard
 * that speaks for.
 */


#ifndef _TUNE_H_INCLUDED_
#define _TUNE_H_INCLUDED_


#include "dg_core.h"
#include "dg_signal.h"


/* --- tune_values.c: values of signals, by account and day --- */

/*
 * How often values were met, in buckets each 1/50 wider than the one before,
 * from a thousandth on; of what is in a bucket the worst is kept, and so
 * quantiles of small whole numbers are exact.
 */

#define CTL_SKETCH_BUCKETS  1760

/* what values, kept as floats, are off at most */
#define CTL_SKETCH_EXACT    1e-6

typedef struct {
    uint64_t          n;
    double            worst;
} ctl_bucket_t;


typedef struct {
    uint64_t          n;         /* of all */
    uint64_t          none;      /* of which nothing could be told */
    unsigned          less:1;    /* is worse */
    ctl_bucket_t      buckets[CTL_SKETCH_BUCKETS];   /* the first is of 0 */
} ctl_sketch_t;


/* a value that stands for so many; below 0: nothing can be told */
void ctl_sketch_add(ctl_sketch_t *sk, double value, uint64_t n);

/*
 * What a share of all stays within, 0 to 1, from the harmless to the worst;
 * what tells nothing is harmless.  Below 0 if that is all that there is.
 */
double ctl_sketch_within(const ctl_sketch_t *sk, double share);

/* how many are worse than a value */
uint64_t ctl_sketch_beyond(const ctl_sketch_t *sk, double value);


/*
 * The worst that each signal had with each account today (UTC).  Where a day
 * has more accounts than there is room for, half of those there are stand
 * for all, then a quarter and so on, chosen by their ids.
 */

#define CTL_VALUES_SIZE  (256 * 1024)    /* accounts: filled to 7/8 */

typedef struct {
    dg_id_t           account;
    float             worst[DG_SIGNALS];
} ctl_value_t;


typedef struct {
    ctl_value_t      *accounts;
    ctl_value_t      *spare;     /* of the same size, all zeroes */
    size_t            size;      /* a power of two */
    size_t            n;
    unsigned          level;     /* one of 2^level accounts is kept */
    uint64_t          day;
    uint64_t          days;      /* with anything in them */
    ctl_sketch_t      sketches[DG_SIGNALS];
} ctl_values_t;


/* NULL: no memory */
ctl_values_t *ctl_values_create(size_t size);
void ctl_values_free(ctl_values_t *vs);

/* time does not go back */
void ctl_values_see(ctl_values_t *vs, const dg_id_t *account,
    const double values[DG_SIGNALS], uint64_t now_ms);

/* the last day is over */
void ctl_values_end(ctl_values_t *vs);


/* --- tune_signal.c: from values to settings --- */

#define CTL_TUNE_WITHIN  0.995   /* of accounts, within soft */
#define CTL_TUNE_STEP    2       /* from soft to hard, in distances of soft
                                    from the median */

typedef enum {
    CTL_TUNE_FITS = 0,
    CTL_TUNE_DOUBTFUL,           /* more accounts than can be honest have
                                    half the points by default: the trace may
                                    be the wrong one to learn from */
    CTL_TUNE_OFF                 /* it gives no points, and is left alone */
} ctl_tuned_t;


/* is less of it worse? */
int ctl_tune_less(dg_signal_id_t id);

/*
 * Soft and hard as the values speak for, never stricter than the defaults;
 * the points are kept.  Where there is no room between soft and the worst
 * that can be they are 0, which is doubtful.
 */
ctl_tuned_t ctl_tune_signal(dg_signal_t *signal, dg_signal_id_t id,
    const ctl_sketch_t *sk);

/* lines of a snippet about a signal, on standard output */
void ctl_tune_print(const dg_signal_t *signal, dg_signal_id_t id,
    const ctl_sketch_t *sk, ctl_tuned_t tuned);


#endif /* _TUNE_H_INCLUDED_ */
