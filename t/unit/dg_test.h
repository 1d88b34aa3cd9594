/*
 * Copyright (C) 2026 Distill Guard
 *
 * A TAP harness for unit programs.  Each program is one main() that calls
 * dg_ok() for what it knows and returns dg_done().  A failure is printed
 * with its place; the run goes on.
 */


#ifndef _DG_TEST_H_INCLUDED_
#define _DG_TEST_H_INCLUDED_


#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>


static unsigned  dg_test_run;
static unsigned  dg_test_failed;


#define dg_ok(cond, ...)                                                      \
    dg_test_report((cond) ? 1 : 0, __FILE__, __LINE__, #cond, __VA_ARGS__)


#if defined(__GNUC__)
__attribute__((format(printf, 5, 6)))
#endif
static int
dg_test_report(int ok, const char *file, int line, const char *cond,
    const char *fmt, ...)
{
    va_list  args;

    printf("%sok %u - ", ok ? "" : "not ", ++dg_test_run);

    va_start(args, fmt);
    vprintf(fmt, args);
    va_end(args);

    printf("\n");

    if (!ok) {
        dg_test_failed++;
        printf("#   %s:%d: %s\n", file, line, cond);
    }

    fflush(stdout);

    return ok;
}


static int
dg_done(void)
{
    printf("1..%u\n", dg_test_run);

    return dg_test_failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}


/* xorshift64*: the same numbers on every machine for the same seed, not 0 */

static inline uint64_t
dg_test_random(uint64_t *seed)
{
    *seed ^= *seed >> 12;
    *seed ^= *seed << 25;
    *seed ^= *seed >> 27;

    return *seed * 0x2545f4914f6cdd1dull;
}


#endif /* _DG_TEST_H_INCLUDED_ */
