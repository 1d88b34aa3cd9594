/*
 * Copyright (C) 2026 Distill Guard
 *
 * How far a command is that takes long, in a line on a terminal's standard
 * error; elsewhere nothing.
 */


#ifndef _PROGRESS_H_INCLUDED_
#define _PROGRESS_H_INCLUDED_


#include "dg_core.h"


typedef struct {
    unsigned       on:1;
    unsigned       shown:1;      /* there is a line to be wiped */
    uint64_t       due_ms;       /* of a steady clock */
} ctl_progress_t;


/* nothing is shown for a second */
void ctl_progress_start(ctl_progress_t *pg);

/* whether it is time for another line; to be asked before its text is made */
int ctl_progress_due(const ctl_progress_t *pg);

/* in place of the line before */
void ctl_progress_show(ctl_progress_t *pg, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* before anything else is written, and at the end */
void ctl_progress_wipe(ctl_progress_t *pg);


#endif /* _PROGRESS_H_INCLUDED_ */
