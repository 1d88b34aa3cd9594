/*
 * Copyright (C) 2026 Distill Guard
 *
 * Soft is what all but one in two hundred accounts stay within on a day, and
 * hard lies beyond it twice as far as it lies from the median.  But a trace
 * shows what is common, not what is extraction: where accounts stay far
 * within the default that is no reason to become strict, and so neither is
 * ever set stricter than by default, nor closer to the other.
 */


#include "tune.h"
#include "dg_limit.h"

#include <math.h>
#include <stdio.h>


#define CTL_TUNE_DIGITS  3       /* that numbers have, and behind the point */
#define CTL_TUNE_TEXT    48


typedef struct {
    const char    *name;
    double         share;
} ctl_quantile_t;


static double ctl_tune_half(dg_signal_id_t id);
static void ctl_tune_more(dg_signal_t *signal, dg_signal_id_t id,
    const ctl_sketch_t *sk);
static void ctl_tune_fewer(dg_signal_t *signal, dg_signal_id_t id,
    const ctl_sketch_t *sk);
static double ctl_tune_round(double value, int up);
static const char *ctl_tune_number(double value, char text[CTL_TUNE_TEXT]);


static const ctl_quantile_t  ctl_quantiles[] = {
    { "50 %", 0.5 },
    { "95 %", 0.95 },
    { "99 %", 0.99 },
    { "99.5 %", CTL_TUNE_WITHIN },
    { "99.9 %", 0.999 },
    { "all", 1 }
};


int
ctl_tune_less(dg_signal_id_t id)
{
    return dg_signals[id].hard < dg_signals[id].soft;
}


ctl_tuned_t
ctl_tune_signal(dg_signal_t *signal, dg_signal_id_t id,
    const ctl_sketch_t *sk)
{
    int     less;
    double  half;

    if (signal->points == 0) {
        return CTL_TUNE_OFF;
    }

    less = ctl_tune_less(id);
    half = ctl_tune_half(id);

    if (less) {
        ctl_tune_fewer(signal, id, sk);

    } else {
        ctl_tune_more(signal, id, sk);
    }

    if (less ? signal->hard >= signal->soft : signal->hard <= signal->soft) {
        signal->points = 0;
    }

    return (less ? signal->soft <= half : signal->soft >= half)
           ? CTL_TUNE_DOUBTFUL : CTL_TUNE_FITS;
}


/* where half the points are given by default */

static double
ctl_tune_half(dg_signal_id_t id)
{
    return (dg_signals[id].soft + dg_signals[id].hard) / 2;
}


/* what is a share by default stays one; directives take no more than that */

static void
ctl_tune_more(dg_signal_t *signal, dg_signal_id_t id, const ctl_sketch_t *sk)
{
    double                   soft, step, median;
    const dg_signal_desc_t  *desc;

    desc = &dg_signals[id];

    median = dg_max(ctl_sketch_within(sk, 0.5), 0);
    soft = dg_max(ctl_sketch_within(sk, CTL_TUNE_WITHIN), desc->soft);
    step = dg_max(CTL_TUNE_STEP * (soft - median), desc->hard - desc->soft);

    if (soft == desc->soft) {
        step = desc->hard - desc->soft;
    }

    signal->soft = ctl_tune_round(soft, 1);
    signal->hard = ctl_tune_round(soft + step, 1);

    signal->hard = dg_min(signal->hard,
                          desc->hard <= 1 ? 1 : (double) DG_LIMIT_MAX);
}


/* there is nothing below 0, so hard keeps its share of soft */

static void
ctl_tune_fewer(dg_signal_t *signal, dg_signal_id_t id,
    const ctl_sketch_t *sk)
{
    double                   soft;
    const dg_signal_desc_t  *desc;

    desc = &dg_signals[id];
    soft = ctl_sketch_within(sk, CTL_TUNE_WITHIN);

    if (soft < 0 || soft > desc->soft) {
        soft = desc->soft;
    }

    signal->soft = ctl_tune_round(soft, 0);
    signal->hard = ctl_tune_round(soft * desc->hard / desc->soft, 0);
}


/* away from the accounts, and to no more digits than it has need of */

static double
ctl_tune_round(double value, int up)
{
    int     digits;
    double  scale;

    if (value <= 0) {
        return 0;
    }

    digits = CTL_TUNE_DIGITS - 1 - (int) floor(log10(value));
    scale = pow(10, dg_min(digits, CTL_TUNE_DIGITS));

    /* what is a round number already may stand a bit beside it */

    return up ? ceil(value * scale * (1 - CTL_SKETCH_EXACT)) / scale
              : floor(value * scale * (1 + CTL_SKETCH_EXACT)) / scale;
}


void
ctl_tune_print(const dg_signal_t *signal, dg_signal_id_t id,
    const ctl_sketch_t *sk, ctl_tuned_t tuned)
{
    char                     text[CTL_TUNE_TEXT];
    double                   value;
    unsigned                 i;
    const char              *name;
    const dg_signal_desc_t  *desc;

    desc = &dg_signals[id];
    name = (const char *) desc->name.data;

    printf("\n# %s: %s (%s)\n#  ", name, desc->help, desc->unit);

    for (i = 0; i < dg_nelts(ctl_quantiles); i++) {
        value = ctl_sketch_within(sk, ctl_quantiles[i].share);

        printf("%s %s: %s", i ? "," : "", ctl_quantiles[i].name,
               value < 0 ? "none" : ctl_tune_number(value, text));
    }

    printf("\n");

    if (tuned == CTL_TUNE_DOUBTFUL) {
        printf("#   One in 200 is at %s or beyond, where half the points "
               "are given by default.\n#   If you know that these are honest "
               "take the # away; until then the default holds.\n#",
               ctl_tune_number(ctl_tune_half(id), text));
    }

    if (signal->points == 0) {
        printf("distill_guard_signal %s off;\n", name);
        return;
    }

    if (tuned == CTL_TUNE_FITS) {
        printf("#   %llu of %llu would have given points\n",
               (unsigned long long) ctl_sketch_beyond(sk, signal->soft),
               (unsigned long long) sk->n);
    }

    printf("distill_guard_signal %s soft=%s", name,
           ctl_tune_number(signal->soft, text));
    printf(" hard=%s", ctl_tune_number(signal->hard, text));

    if (signal->points != desc->points) {
        printf(" points=%u", signal->points);
    }

    printf(";\n");
}


static const char *
ctl_tune_number(double value, char text[CTL_TUNE_TEXT])
{
    char  *p;

    snprintf(text, CTL_TUNE_TEXT, "%.*f", CTL_TUNE_DIGITS, value);

    for (p = text + strlen(text) - 1; *p == '0'; p--) {
        *p = '\0';
    }

    if (*p == '.') {
        *p = '\0';
    }

    return text;
}
