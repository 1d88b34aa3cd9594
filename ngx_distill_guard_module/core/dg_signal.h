/*
 * Copyright (C) 2026 Distill Guard
 *
 * Signals: what speaks for extraction, one function each over what is
 * remembered of an account and of the campaign it may belong to, in a table
 * that settings, reasons, metrics and documentation follow.
 *
 * A signal's value gives points * clamp((value - soft) / (hard - soft)); hard
 * is less than soft where less is worse.  The points of a family are capped,
 * and their sum is the score, 0 to 155.
 */


#ifndef _DG_SIGNAL_H_INCLUDED_
#define _DG_SIGNAL_H_INCLUDED_


#include "dg_core.h"


typedef enum {
    DG_FAMILY_LINKAGE = 0,       /* between accounts; all others are common
                                    among honest ones, too */
    DG_FAMILY_COHORT,
    DG_FAMILY_JOB,
    DG_FAMILY_PARAMETERS,
    DG_FAMILY_ORIGIN,
    DG_FAMILIES
} dg_family_t;


/* points, less of which a family says nothing */
#define DG_FAMILY_LEAST  5


typedef struct {
    dg_str_t       name;         /* "linkage" */
    unsigned       cap;          /* points */
} dg_family_desc_t;


typedef enum {
    DG_SIGNAL_PROVENANCE = 0,
    DG_SIGNAL_FAILOVER,
    DG_SIGNAL_REPEAT,
    DG_SIGNAL_TEMPLATE,
    DG_SIGNAL_BALANCE,
    DG_SIGNAL_SYNCHRONY,
    DG_SIGNAL_SLOT_JOB,
    DG_SIGNAL_ENUMERATION,
    DG_SIGNAL_SAMPLING,
    DG_SIGNAL_LIMIT_HUGGING,
    DG_SIGNAL_SHIFT,
    DG_SIGNAL_LOGPROBS,
    DG_SIGNAL_REASONING,
    DG_SIGNAL_TOOLING,
    DG_SIGNAL_ORIGIN_SPREAD,
    DG_SIGNAL_ORIGIN_CROWD,
    DG_SIGNAL_RELAY,
    DG_SIGNALS
} dg_signal_id_t;


/*
 * What the functions look at, all of it as of now and only for the time of
 * the call; NULL where there is none.
 */

typedef struct {
    const struct dg_profile_s   *profile;
    const struct dg_campaign_s  *campaign;
    unsigned                     crowd;      /* accounts seen today with the
                                                origin, if hosting */
    uint32_t                     now;        /* Unix seconds */
    double                       scale;      /* how much more the account does
                                                on all nodes than here; less
                                                than 1: as much */
    unsigned                     unlinked;   /* an operator has it that others
                                                are nothing to it */
} dg_sight_t;


typedef struct {
    dg_str_t       name;         /* "provenance" */
    dg_family_t    family;
    const char    *unit;         /* of value, soft and hard: "accounts" */
    uint32_t       window;       /* seconds that it looks back */
    double         soft;         /* defaults */
    double         hard;
    unsigned       points;
    const char    *help;         /* one line */
    double       (*value)(const dg_sight_t *sight);  /* negative: cannot be
                                    told */
} dg_signal_desc_t;


/* as configured */

typedef struct {
    double         soft;
    double         hard;         /* not soft */
    unsigned       points;       /* 0: off */
} dg_signal_t;


/* a signal that gave points */

typedef struct {
    dg_signal_id_t  signal;
    double          value;
    double          soft;
    double          hard;
    unsigned        points;      /* its share of its family's; at least 1 */
    unsigned        full;        /* the value is hard or beyond */
} dg_reason_t;


typedef struct {
    unsigned       score;
    unsigned       families[DG_FAMILIES];    /* points, capped */
    unsigned       n;
    dg_reason_t    reason[DG_SIGNALS];       /* most points first */
} dg_score_t;


extern const dg_family_desc_t  dg_families[DG_FAMILIES];
extern const dg_signal_desc_t  dg_signals[DG_SIGNALS];


/* the defaults */
void dg_signals_init(dg_signal_t signals[DG_SIGNALS]);

void dg_signals_score(const dg_signal_t signals[DG_SIGNALS],
    const dg_sight_t *sight, dg_score_t *score);

/*
 * A score of then as of now: it halves in so many seconds, and between halves
 * falls along a line.
 */
unsigned dg_score_decayed(unsigned score, uint32_t then, uint32_t now,
    uint32_t half);

/* points of one signal at a value, before any cap */
unsigned dg_signal_points(const dg_signal_t *signal, double value);


#endif /* _DG_SIGNAL_H_INCLUDED_ */
