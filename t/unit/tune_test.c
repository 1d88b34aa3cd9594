/*
 * Copyright (C) 2026 Distill Guard
 *
 * What tuning stands on: quantiles of values, the worst of an account and a
 * day, and the settings that are made of them; and the labels of accounts.
 */


#include "tune.h"
#include "labels.h"
#include "dg_policy.h"
#include "dg_test.h"

#include <math.h>
#include <stdio.h>


#define DAY  86400000ull


static ctl_sketch_t  sketch;


static ctl_sketch_t *
fresh(unsigned less)
{
    memset(&sketch, 0, sizeof(sketch));
    sketch.less = less & 1;

    return &sketch;
}


static void
test_sketch(void)
{
    unsigned       i;
    ctl_sketch_t  *sk;

    sk = fresh(0);

    dg_ok(ctl_sketch_within(sk, 0.5) < 0, "nothing has no quantiles");

    for (i = 0; i < 1000; i++) {
        ctl_sketch_add(sk, i % 40, 1);
    }

    dg_ok(ctl_sketch_within(sk, 0.5) == 19, "half stay within 19");
    dg_ok(ctl_sketch_within(sk, 1) == 39, "all within 39");
    dg_ok(ctl_sketch_within(sk, 0.025) == 0, "a fortieth within 0");
    dg_ok(ctl_sketch_beyond(sk, 37) == 50, "50 are beyond 37");

    ctl_sketch_add(sk, -1, 999);
    dg_ok(ctl_sketch_within(sk, 0.499) < 0, "half tell nothing");
    dg_ok(ctl_sketch_within(sk, 0.749) == 19, "and are harmless");
    ctl_sketch_add(sk, NAN, 1);
    dg_ok(sk->n == 2000 && sk->none == 1000, "no number is as good as none");

    sk = fresh(0);

    for (i = 1; i <= 100000; i++) {
        ctl_sketch_add(sk, i * 37.5, 1);
    }

    dg_ok(fabs(ctl_sketch_within(sk, 0.99) / (99000 * 37.5) - 1) < 0.02,
          "large numbers are right to 2 %%");

    ctl_sketch_add(sk, 1e300, 1);
    ctl_sketch_add(sk, 1e-300, 1);
    dg_ok(ctl_sketch_within(sk, 1) == 1e300, "whatever the number");

    sk = fresh(1);

    for (i = 1; i <= 100; i++) {
        ctl_sketch_add(sk, i / 10.0, 1);
    }

    dg_ok(ctl_sketch_within(sk, 0.99) == 0.2
          && ctl_sketch_within(sk, 1) == 0.1
          && ctl_sketch_beyond(sk, 0.5) == 4, "where less is worse");
}


static void
see(ctl_values_t *vs, uint64_t account, double value, uint64_t now_ms)
{
    dg_id_t   id;
    unsigned  i;
    double    values[DG_SIGNALS];

    /* as hashes are: any bit of it is as good as another */

    id.v[0] = account * 0x9e3779b97f4a7c15ull;
    id.v[1] = (account * 0xbf58476d1ce4e5b9ull) >> 8;

    for (i = 0; i < DG_SIGNALS; i++) {
        values[i] = -1;
    }

    values[DG_SIGNAL_TEMPLATE] = value;
    values[DG_SIGNAL_BALANCE] = value;

    ctl_values_see(vs, &id, values, now_ms);
}


static void
test_values(void)
{
    uint64_t       i;
    ctl_values_t  *vs;
    ctl_sketch_t  *of, *less;

    vs = ctl_values_create(64);
    of = &vs->sketches[DG_SIGNAL_TEMPLATE];
    less = &vs->sketches[DG_SIGNAL_BALANCE];

    ctl_values_end(vs);
    dg_ok(vs->days == 0, "no day without accounts");

    see(vs, 1, 5, DAY);
    see(vs, 1, 3, DAY + 5);
    see(vs, 1, -1, DAY + 6);
    see(vs, 2, -1, 2 * DAY - 1);
    dg_ok(of->n == 0, "a day is counted when it is over");

    see(vs, 1, 7, 2 * DAY);
    dg_ok(vs->days == 1 && of->n == 2 && of->none == 1
          && ctl_sketch_within(of, 1) == 5
          && ctl_sketch_within(less, 1) == 3, "each with its worst");

    ctl_values_end(vs);
    dg_ok(vs->days == 2 && of->n == 3 && ctl_sketch_within(of, 1) == 7,
          "the next day anew");

    for (i = 1; i <= 1000; i++) {
        see(vs, i, i % 10, 3 * DAY);
        see(vs, i, i % 10, 3 * DAY);
    }

    dg_ok(vs->level > 3 && vs->n < 57, "some stand for all");
    ctl_values_end(vs);
    dg_ok(of->n > 600 && of->n < 1500, "of which there are about as many");

    ctl_values_free(vs);
}


static ctl_tuned_t  how;


static dg_signal_t
tuned(dg_signal_id_t id, const ctl_sketch_t *sk)
{
    dg_policy_t  policy;

    dg_policy_init(&policy);
    how = ctl_tune_signal(&policy.signals[id], id, sk);

    return policy.signals[id];
}


static int
is(dg_signal_t signal, double soft, double hard, unsigned points)
{
    if (fabs(signal.soft - soft) < 1e-9 && fabs(signal.hard - hard) < 1e-9
        && signal.points == points)
    {
        return 1;
    }

    printf("# soft=%g hard=%g points=%u\n", signal.soft, signal.hard,
           signal.points);

    return 0;
}


static int
is_default(dg_signal_id_t id, dg_signal_t signal)
{
    return is(signal, dg_signals[id].soft, dg_signals[id].hard,
              dg_signals[id].points);
}


static void
test_signals(void)
{
    unsigned        i, bad;
    ctl_sketch_t   *sk;
    dg_signal_t     off;

    bad = 0;

    for (i = 0; i < DG_SIGNALS; i++) {
        sk = fresh(ctl_tune_less((dg_signal_id_t) i));
        bad += !is_default((dg_signal_id_t) i, tuned((dg_signal_id_t) i, sk));
        bad += (how != CTL_TUNE_FITS);

        ctl_sketch_add(sk, dg_signals[i].soft, 1000);
        bad += !is_default((dg_signal_id_t) i, tuned((dg_signal_id_t) i, sk));
        bad += (how != CTL_TUNE_FITS);
    }

    dg_ok(bad == 0, "who stays within the defaults changes nothing");

    sk = fresh(0);
    ctl_sketch_add(sk, 0, 900);
    ctl_sketch_add(sk, 26.02, 95);
    ctl_sketch_add(sk, 1000, 5);
    dg_ok(is(tuned(DG_SIGNAL_REPEAT, sk), 26.1, 78.1, 15)
          && how == CTL_TUNE_FITS, "hard is twice as far as the median");

    sk = fresh(0);
    ctl_sketch_add(sk, 19, 900);
    ctl_sketch_add(sk, 33.333, 100);
    dg_ok(is(tuned(DG_SIGNAL_TEMPLATE, sk), 33.4, 214, 40)
          && how == CTL_TUNE_FITS, "and not nearer than by default");

    sk = fresh(0);
    ctl_sketch_add(sk, 2, 900);
    ctl_sketch_add(sk, 61.7, 100);
    dg_ok(is(tuned(DG_SIGNAL_REPEAT, sk), 61.7, 182, 15)
          && how == CTL_TUNE_DOUBTFUL, "which may be too far");

    sk = fresh(0);
    ctl_sketch_add(sk, 0, 900);
    ctl_sketch_add(sk, 0.44, 100);
    dg_ok(is(tuned(DG_SIGNAL_SAMPLING, sk), 0.44, 1, 10)
          && how == CTL_TUNE_FITS, "a share ends at 1");
    ctl_sketch_add(sk, 1, 1000);
    dg_ok(tuned(DG_SIGNAL_SAMPLING, sk).points == 0
          && how == CTL_TUNE_DOUBTFUL, "and there is nothing beyond");

    sk = fresh(1);
    ctl_sketch_add(sk, 1.2, 1000);
    dg_ok(is(tuned(DG_SIGNAL_BALANCE, sk), 1.2, 0.923, 25)
          && how == CTL_TUNE_FITS, "less is worse");
    ctl_sketch_add(sk, 0.95, 1000);
    dg_ok(is(tuned(DG_SIGNAL_BALANCE, sk), 0.95, 0.73, 25)
          && how == CTL_TUNE_DOUBTFUL, "too little is too far");
    ctl_sketch_add(sk, 0, 1000);
    dg_ok(tuned(DG_SIGNAL_BALANCE, sk).points == 0
          && how == CTL_TUNE_DOUBTFUL, "nothing is below 0");

    sk = fresh(0);
    ctl_sketch_add(sk, 1e30, 1000);
    dg_ok(tuned(DG_SIGNAL_LOGPROBS, sk).points == 0,
          "nor anything beyond all numbers");

    memset(&off, 0, sizeof(off));
    dg_ok(ctl_tune_signal(&off, DG_SIGNAL_LOGPROBS, sk) == CTL_TUNE_OFF
          && off.points == 0, "what is off is left alone");
}


static void
test_labels(void)
{
    char           text[32];
    dg_id_t        id;
    uint32_t       first, last;
    unsigned       i, others;
    dg_str_t       label;
    ctl_labels_t  *lb;

    lb = ctl_labels_create();
    id.v[0] = id.v[1] = 7;

    label.data = (const u_char *) "\"a\"";
    label.len = 3;
    first = ctl_labels_number(lb, &label);
    dg_ok(ctl_labels_number(lb, &label) == first && first < CTL_LABELS
          && lb->labels[first].len == 3, "a label has a number");
    dg_ok(ctl_labels_last(lb, &id) == CTL_LABEL_OTHERS, "not seen");

    ctl_labels_see(lb, &id, first);
    dg_ok(ctl_labels_last(lb, &id) == first, "seen");

    label.len = 0;
    label.data = NULL;
    last = ctl_labels_number(lb, &label);
    ctl_labels_see(lb, &id, last);
    dg_ok(last != first && ctl_labels_last(lb, &id) == last,
          "the last one counts");

    for (i = 0, others = 0; i < CTL_LABELS; i++) {
        snprintf(text, sizeof(text), "%u", i);
        label.data = (const u_char *) text;
        label.len = strlen(text);
        others += ctl_labels_number(lb, &label) == CTL_LABEL_OTHERS;
    }

    dg_ok(others > 0 && others < CTL_LABELS / 4,
          "of many labels %u are others", others);

    for (i = 0; i < CTL_LABEL_ACCOUNTS; i++) {
        id.v[0] = i;
        id.v[1] = 1;
        ctl_labels_see(lb, &id, first);
    }

    dg_ok(ctl_labels_last(lb, &id) == CTL_LABEL_OTHERS,
          "of too many accounts the label is not known");
    id.v[0] = 5;
    dg_ok(ctl_labels_last(lb, &id) == first, "but of those before");

    memset(&id, 0, sizeof(id));
    ctl_labels_see(lb, &id, first);
    dg_ok(ctl_labels_last(lb, &id) == CTL_LABEL_OTHERS, "nobody has none");

    ctl_labels_free(lb);
}


int
main(void)
{
    test_sketch();
    test_values();
    test_signals();
    test_labels();

    return dg_done();
}
