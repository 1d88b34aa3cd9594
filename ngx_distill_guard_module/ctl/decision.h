/*
 * Copyright (C) 2026 Distill Guard
 *
 * What operators have decided, as Redis has it and as people read it.
 */


#ifndef _DECISION_H_INCLUDED_
#define _DECISION_H_INCLUDED_


#include "dg_core.h"
#include "dg_ruling.h"
#include "redis.h"


#define CTL_DECISION_TIME  32
#define CTL_DECISION_LINE  2048  /* of JSON at most */


typedef struct {
    unsigned       kind;
    dg_id_t        id;
    dg_ruling_t    ruling;
} ctl_decision_t;


/* DG_ERROR if it is not what the guard would have written */
int ctl_decision_read(ctl_decision_t *d, const redisReply *subject,
    const redisReply *text);

/* with zeroes at their ends */
void ctl_decision_subject(const ctl_decision_t *d,
    char text[DG_RULING_SUBJECT + 1]);
void ctl_decision_time(uint64_t seconds, char text[CTL_DECISION_TIME]);

/* one line of JSON on standard output */
void ctl_decision_json(const ctl_decision_t *d, int in_force);

/* colors, if that is what standard output is for: "" otherwise */
const char *ctl_decision_color(unsigned id);
const char *ctl_decision_plain(void);


#endif /* _DECISION_H_INCLUDED_ */
