/*
 * Copyright (C) 2026 Distill Guard
 *
 * A number is taken apart into its digits without leading zeros and the place
 * of the point before, within or behind them: 0.d1d2d3... * 10^point.
 */


#include <float.h>

#include "dg_number.h"


/* as many digits as a uint64_t always holds */
#define DG_NUMBER_DIGITS    19

/* exponents beyond these are zero or too large with any digits */
#define DG_NUMBER_EXPONENT  400


typedef struct {
    unsigned  negative;
    size_t    n;
    long      point;
    u_char    digits[DG_NUMBER_TEXT];
} dg_number_t;


static int dg_number_plain(const u_char *p, size_t len, uint64_t *v);
static void dg_number_split(dg_number_t *num, const u_char *p,
    const u_char *end);
static uint64_t dg_number_digits(const dg_number_t *num, size_t n);
static double dg_number_double(const dg_number_t *num);
static int64_t dg_number_integer(const dg_number_t *num);


void
dg_number_read(const u_char *p, size_t len, double *number, int64_t *integer)
{
    uint64_t     v;
    dg_number_t  num;

    if (dg_number_plain(p, len, &v)) {
        *number = (double) v;
        *integer = (int64_t) v;
        return;
    }

    dg_number_split(&num, p, p + len);

    *number = dg_number_double(&num);
    *integer = dg_number_integer(&num);
}


/* nothing but digits, as nearly all are: no more than an int64_t holds */

static int
dg_number_plain(const u_char *p, size_t len, uint64_t *v)
{
    const u_char  *end;

    if (len >= DG_NUMBER_DIGITS) {
        return 0;
    }

    *v = 0;

    for (end = p + len; p < end; p++) {

        if (*p < '0' || *p > '9') {
            return 0;
        }

        *v = *v * 10 + (uint64_t) (*p - '0');
    }

    return 1;
}


static void
dg_number_split(dg_number_t *num, const u_char *p, const u_char *end)
{
    long      exponent;
    unsigned  fraction, negative;

    num->negative = (*p == '-');
    num->n = 0;
    num->point = 0;

    fraction = 0;

    for (p += num->negative; p < end; p++) {

        if (*p == '.') {
            fraction = 1;
            continue;
        }

        if (*p == 'e' || *p == 'E') {
            break;
        }

        if (num->n == 0 && *p == '0') {
            num->point -= fraction;
            continue;
        }

        num->point += !fraction;
        num->digits[num->n++] = *p - '0';
    }

    if (p == end) {
        return;
    }

    p++;
    negative = (*p == '-');
    p += (*p == '-' || *p == '+');

    for (exponent = 0; p < end; p++) {
        if (exponent < 100 * DG_NUMBER_EXPONENT) {
            exponent = exponent * 10 + (*p - '0');
        }
    }

    num->point += negative ? -exponent : exponent;
}


/* the first n digits, with zeros behind those that were written */

static uint64_t
dg_number_digits(const dg_number_t *num, size_t n)
{
    size_t    i;
    uint64_t  v;

    v = 0;

    for (i = 0; i < n; i++) {
        v = v * 10 + (i < num->n ? num->digits[i] : 0);
    }

    return v;
}


static double
dg_number_double(const dg_number_t *num)
{
    long         exponent;
    size_t       n;
    unsigned     bits;
    long double  v, power, scale;

    n = dg_min(num->n, DG_NUMBER_DIGITS);
    v = dg_number_digits(num, n);

    if (v == 0) {
        return num->negative ? -0.0 : 0.0;
    }

    exponent = num->point - (long) n;
    exponent = dg_max(exponent, -DG_NUMBER_EXPONENT);
    exponent = dg_min(exponent, DG_NUMBER_EXPONENT);

    scale = 1;
    power = 10;

    for (bits = exponent < 0 ? -exponent : exponent; bits; bits >>= 1) {
        scale *= (bits & 1) ? power : 1;
        power *= power;
    }

    v = exponent < 0 ? v / scale : v * scale;
    v = dg_min(v, DBL_MAX);

    return num->negative ? -(double) v : (double) v;
}


static int64_t
dg_number_integer(const dg_number_t *num)
{
    uint64_t  v;

    if (num->n == 0 || num->point <= 0) {
        return 0;
    }

    v = num->point > DG_NUMBER_DIGITS ? UINT64_MAX
                                      : dg_number_digits(num, num->point);

    if (num->negative) {
        return v > INT64_MAX ? INT64_MIN : -(int64_t) v;
    }

    return v > INT64_MAX ? INT64_MAX : (int64_t) v;
}
