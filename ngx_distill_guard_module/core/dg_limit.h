/*
 * Copyright (C) 2026 Distill Guard
 *
 * A limit: so much of a metric by each subject of a kind within a period,
 * and how it is written in a configuration.
 */


#ifndef _DG_LIMIT_H_INCLUDED_
#define _DG_LIMIT_H_INCLUDED_


#include "dg_core.h"
#include "dg_subject.h"
#include "dg_window.h"


typedef enum {
    DG_METRIC_REQUESTS = 0,
    DG_METRIC_INPUT,
    DG_METRIC_OUTPUT,
    DG_METRIC_TOKENS,            /* input and output */
    DG_METRICS
} dg_metric_t;


extern const dg_str_t  dg_metrics[DG_METRICS];   /* "requests", ... */


typedef struct {
    uint8_t        kind;         /* dg_kind_t */
    uint8_t        metric;       /* dg_metric_t */
    uint8_t        period;       /* dg_period_t */
    uint64_t       n;            /* at least 1 */
} dg_limit_t;


#define DG_LIMIT_MAX   1000000000000000ull   /* exact in Redis and JSON */
#define DG_ERROR_TEXT  160
#define DG_LIMIT_TEXT  64


/* "key", "account", ...; DG_ERROR and a message naming what is allowed */
int dg_limit_kind(dg_limit_t *limit, const dg_str_t *arg,
    char error[DG_ERROR_TEXT]);

/*
 * "output_tokens=200k/h": metric, number with optional k (thousands) or m
 * (millions), period.  Sets metric, n and period, not kind.  DG_ERROR and a
 * message that says what is wrong and what is allowed.
 */
int dg_limit_parse(dg_limit_t *limit, const dg_str_t *arg,
    char error[DG_ERROR_TEXT]);

/*
 * "200k/h" alone: sets n and period.  The message is a reason, of at most 64
 * bytes.
 */
int dg_limit_rate(dg_limit_t *limit, const dg_str_t *rate,
    char reason[DG_ERROR_TEXT]);

/* the counters it looks at, as for dg_windows_used() */
unsigned dg_limit_mask(const dg_limit_t *limit);

/*
 * Writes "key output_tokens=200000/h", no zero, at most DG_LIMIT_TEXT bytes;
 * returns the end.
 */
u_char *dg_limit_text(u_char *p, const dg_limit_t *limit);


#endif /* _DG_LIMIT_H_INCLUDED_ */
