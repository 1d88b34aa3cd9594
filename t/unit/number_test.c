/*
 * Copyright (C) 2026 Distill Guard
 *
 * Decimal text to numbers, against strtod() and the edges of int64_t.
 */


#include <float.h>
#include <math.h>

#include "dg_number.h"
#include "dg_test.h"


typedef struct {
    const char  *text;
    int64_t      integer;
} case_t;


static const case_t  cases[] = {
    { "0", 0 },
    { "-0", 0 },
    { "0.0", 0 },
    { "0e9", 0 },
    { "7", 7 },
    { "-7.99", -7 },
    { "0.99999999999999999999", 0 },
    { "1000000", 1000000 },
    { "1.5e3", 1500 },
    { "1234567e-3", 1234 },
    { "0.00123e5", 123 },
    { "12e+2", 1200 },
    { "1e18", INT64_C(1000000000000000000) },
    { "9007199254740993.0", INT64_C(9007199254740993) },
    { "9223372036854775807", INT64_MAX },
    { "9223372036854775807.9", INT64_MAX },
    { "9223372036854775808", INT64_MAX },
    { "9999999999999999999", INT64_MAX },
    { "10000000000000000000", INT64_MAX },
    { "1e19", INT64_MAX },
    { "1e400", INT64_MAX },
    { "1e99999999999999999999999999999999999999", INT64_MAX },
    { "-9223372036854775807", -INT64_MAX },
    { "-9223372036854775808", INT64_MIN },
    { "-9223372036854775809", INT64_MIN },
    { "-1e99999999999999999999999999999999999999", INT64_MIN },
    { "1e-99999999999999999999999999999999999999", 0 },
    { "0e99999999999999999999999999999999999999", 0 },
    { "0.000000000000000000000000000000000001e37", 10 },
    { "100000000000000000000000000000000e-30", 100 },
    { "2.2250738585072014e-308", 0 },
    { "4.9e-324", 0 },
    { "1.7976931348623157e308", INT64_MAX },
    { "1.7976931348623159e308", INT64_MAX }
};


/* strtod() overflows to infinity where we saturate */

static int
near(double number, const char *text)
{
    double  wanted, gap;

    wanted = strtod(text, NULL);

    if (isinf(wanted)) {
        wanted = wanted > 0 ? DBL_MAX : -DBL_MAX;
    }

    gap = fabs(nextafter(wanted, 0) - wanted);

    return fabs(number - wanted) <= gap
           && (signbit(number) != 0) == (signbit(wanted) != 0);
}


static void
test_random(void)
{
    char      text[80];
    double    number;
    int64_t   integer, v;
    unsigned  i, bad;
    uint64_t  seed, bits;

    bad = 0;
    seed = 1;

    for (i = 0; i < 200000; i++) {
        bits = dg_test_random(&seed);
        memcpy(&number, &bits, sizeof(number));

        if (!isfinite(number)) {
            continue;
        }

        snprintf(text, sizeof(text), "%.*g", (int) (bits % 19) + 1, number);
        dg_number_read((u_char *) text, strlen(text), &number, &integer);

        if (!near(number, text)) {
            printf("#   %s: %.17g\n", text, number);
            bad++;
        }
    }

    dg_ok(bad == 0, "random numbers are those of strtod()");

    bad = 0;

    for (i = 0; i < 100000; i++) {
        v = (int64_t) dg_test_random(&seed);
        v /= (int64_t) 1 << (i % 63);

        snprintf(text, sizeof(text), "%lld", (long long) v);
        dg_number_read((u_char *) text, strlen(text), &number, &integer);
        bad += integer != v || !near(number, text);
    }

    dg_ok(bad == 0, "random integers are exact");
}


int
main(void)
{
    size_t       i;
    double       number;
    int64_t      integer;
    const char  *text;

    for (i = 0; i < dg_nelts(cases); i++) {
        text = cases[i].text;
        dg_number_read((const u_char *) text, strlen(text), &number,
                       &integer);

        dg_ok(integer == cases[i].integer, "%s as integer: %lld", text,
              (long long) integer);
        dg_ok(near(number, text), "%s as it is: %.17g", text, number);
    }

    test_random();

    return dg_done();
}
