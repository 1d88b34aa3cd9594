/*
 * Copyright (C) 2026 Distill Guard
 */


#include "progress.h"

#include <stdarg.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>


#define CTL_PROGRESS_FIRST  1000             /* milliseconds */
#define CTL_PROGRESS_NEXT   250


static uint64_t ctl_progress_now(void);


void
ctl_progress_start(ctl_progress_t *pg)
{
    memset(pg, 0, sizeof(ctl_progress_t));

    if (isatty(STDERR_FILENO)) {
        pg->on = 1;
        pg->due_ms = ctl_progress_now() + CTL_PROGRESS_FIRST;
    }
}


int
ctl_progress_due(const ctl_progress_t *pg)
{
    return pg->on && ctl_progress_now() >= pg->due_ms;
}


void
ctl_progress_show(ctl_progress_t *pg, const char *fmt, ...)
{
    va_list  args;

    fprintf(stderr, "\r");

    va_start(args, fmt);
    vfprintf(stderr, fmt, args);
    va_end(args);

    fprintf(stderr, "\033[K");

    pg->shown = 1;
    pg->due_ms = ctl_progress_now() + CTL_PROGRESS_NEXT;
}


void
ctl_progress_wipe(ctl_progress_t *pg)
{
    if (pg->shown) {
        fprintf(stderr, "\r\033[K");
        pg->shown = 0;
    }
}


static uint64_t
ctl_progress_now(void)
{
    struct timespec  ts;

    (void) clock_gettime(CLOCK_MONOTONIC, &ts);

    return (uint64_t) ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}
