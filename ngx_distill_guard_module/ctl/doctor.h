/*
 * Copyright (C) 2026 Distill Guard
 *
 * What distillctl doctor looks at, each a line: how it is, and what to do.
 */


#ifndef _DOCTOR_H_INCLUDED_
#define _DOCTOR_H_INCLUDED_


#include "dg_core.h"
#include "fleet.h"
#include "progress.h"


#define CTL_DOCTOR_TEXT  512


typedef enum {
    CTL_DOCTOR_OK = 0,
    CTL_DOCTOR_WARNING,
    CTL_DOCTOR_FAILED
} ctl_doctor_result_t;


typedef struct {
    ctl_fleet_t    fleet;
    unsigned       node;         /* rights are to be those of nodes */
    const char    *check;        /* that is under way */
    unsigned       result;       /* the worst so far */
    uint64_t       now;          /* Redis' clock, Unix milliseconds */
    unsigned       schema;       /* as this version has it */
    ctl_progress_t progress;     /* wiped by what is told */
} ctl_doctor_t;


/* todo: what to do, NULL if nothing is to be done */
void ctl_doctor_tell(ctl_doctor_t *d, ctl_doctor_result_t result,
    const char *todo, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/* what Redis refuses, or that it was lost; the reply is freed */
void ctl_doctor_refused(ctl_doctor_t *d, ctl_doctor_result_t result,
    const char *what, redisReply *reply);

/*
 * A command at one link, or where its key is if link is -1: what is refused
 * is a reply, too; NULL if Redis was lost.
 */
redisReply *ctl_doctor_ask(ctl_doctor_t *d, int link, unsigned n,
    const char *const *words);

/* milliseconds */
void ctl_doctor_pause(unsigned ms);

void ctl_doctor_nodes(ctl_doctor_t *d);
void ctl_doctor_rights(ctl_doctor_t *d);
void ctl_doctor_keys(ctl_doctor_t *d);
void ctl_doctor_streams(ctl_doctor_t *d);


#endif /* _DOCTOR_H_INCLUDED_ */
