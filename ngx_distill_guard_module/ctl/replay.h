/*
 * Copyright (C) 2026 Distill Guard
 *
 * The replay of a trace: the core is driven as nginx/ drives it, with the
 * clock of the trace, in memory that does not grow with it.
 */


#ifndef _REPLAY_H_INCLUDED_
#define _REPLAY_H_INCLUDED_


#include "dg_core.h"
#include "dg_event_read.h"
#include "dg_facts.h"
#include "dg_guard.h"
#include "dg_place.h"
#include "dg_reader.h"
#include "dg_store.h"
#include "input.h"
#include "labels.h"
#include "output.h"
#include "settings.h"
#include "trace.h"


/* exchanges that have begun and not ended */
#define CTL_FLIGHT  65536


/* one exchange, from its line to its end */

typedef struct {
    dg_id_t               key;
    dg_id_t               account;       /* the key's where not given */
    dg_id_t               client;
    dg_place_t            place;
    unsigned              relay:1;       /* headers contradict each other */
    dg_dialect_id_t       dialect;

    dg_exchange_t         exchange;
    dg_rules_t            rules;         /* none where exempt */
    dg_decision_t         decision;      /* of head and body, the harder */
    dg_finding_t          finding;

    dg_request_facts_t    request;
    dg_shared_t           shared;        /* with other accounts */
    dg_response_facts_t   response;
    dg_usage_t            usage;
    dg_end_t              end;
    unsigned              left:1;

    uint32_t              label;         /* its number, where these are
                                            wanted */

    /* for the summary */
    unsigned              unthrottled:1; /* its label was so far */
    unsigned              unblocked:1;

    /* for whoever holds it in flight */
    dg_id_t               id;
    uint64_t              done_ms;
    uint32_t              next;          /* open, or free */
} ctl_exchange_t;


/* --- replay_flight.c: exchanges in flight, a bounded number --- */

typedef struct {
    uint64_t              done_ms;
    uint64_t              order;         /* of those at the same time */
    uint32_t              slot;
} ctl_due_t;


typedef struct {
    ctl_exchange_t       *slots;         /* slot 0 is nobody's */
    uint32_t              fresh;         /* slots above were never used */
    uint32_t              free;          /* chain of those given back */

    ctl_due_t            *due;           /* a heap, the first on top */
    size_t                ndue;
    uint64_t              order;

    uint32_t             *open;          /* buckets, by id */
    size_t                nopen;
} ctl_flight_t;


/* DG_ERROR: no memory */
int ctl_flight_init(ctl_flight_t *f);
void ctl_flight_free(ctl_flight_t *f);

/* NULL if there are as many as there may be; not cleared */
ctl_exchange_t *ctl_flight_take(ctl_flight_t *f);
void ctl_flight_give(ctl_flight_t *f, ctl_exchange_t *x);

/* x ends at x->done_ms */
void ctl_flight_due(ctl_flight_t *f, ctl_exchange_t *x);

/* the next one that has ended by now; NULL if there is none */
ctl_exchange_t *ctl_flight_ended(ctl_flight_t *f, uint64_t now_ms);

/* x ends when x->id is heard of; at most one has that id */
void ctl_flight_open(ctl_flight_t *f, ctl_exchange_t *x);
ctl_exchange_t *ctl_flight_find(const ctl_flight_t *f, const dg_id_t *id);
void ctl_flight_close(ctl_flight_t *f, ctl_exchange_t *x);


/* --- replay_summary.c: what became of each label --- */

typedef struct ctl_summary_s  ctl_summary_t;

typedef enum {
    CTL_PASSED = 0,
    CTL_TAGGED,
    CTL_PACED,
    CTL_REFUSED,                         /* THROTTLE and BLOCK */
    CTL_FATES
} ctl_fate_t;


/* the labels must outlive it; NULL: no memory */
ctl_summary_t *ctl_summary_create(const ctl_labels_t *labels);
void ctl_summary_free(ctl_summary_t *sum);

/* there is a verdict on x */
void ctl_summary_verdict(ctl_summary_t *sum, ctl_exchange_t *x);

/* x has passed and ended */
void ctl_summary_end(ctl_summary_t *sum, const ctl_exchange_t *x);

/*
 * An account with that last label is in a campaign.  Those of one campaign
 * come one after the other, and its id stays where it is.
 */
void ctl_summary_member(ctl_summary_t *sum, const dg_id_t *campaign,
    uint32_t label);

/* the table, on standard error */
void ctl_summary_print(const ctl_summary_t *sum);

/* how often each fate was met, on standard output behind "#" */
void ctl_summary_fates(const ctl_summary_t *sum);


/* --- replay_campaign.c: campaigns as they stand at the end --- */

typedef struct {
    dg_id_t               campaign;
    dg_id_t               account;       /* "none": the campaign itself,
                                            before its accounts */
    uint32_t              held;          /* of the campaign: times an account
                                            had to wait to be of it */
} ctl_member_t;


typedef struct {
    ctl_member_t         *members;       /* in the order of their ids */
    size_t                n;
    size_t                size;
    unsigned              failed:1;
} ctl_members_t;


/* into zeroes; DG_ERROR: no memory.  Freed in any case */
int ctl_members_list(ctl_members_t *ms, dg_store_t *st, uint64_t now_ms);
void ctl_members_free(ctl_members_t *ms);

/* a line for each campaign */
void ctl_members_print(const ctl_members_t *ms, const ctl_labels_t *labels,
    ctl_output_t *out);

void ctl_members_count(const ctl_members_t *ms, const ctl_labels_t *labels,
    ctl_summary_t *sum);


/* --- replay_exchange.c: one line after the other --- */

typedef struct ctl_replay_s  ctl_replay_t;

/* is shown each exchange that there is a verdict on, before it ends */
typedef void (*ctl_replay_pt)(void *data, ctl_replay_t *rp,
    const ctl_exchange_t *x);


/* the caller sets what comes first */

struct ctl_replay_s {
    const ctl_settings_t *settings;
    ctl_output_t         *out;           /* NULL: nothing is printed */
    ctl_labels_t         *labels;        /* NULL: none are wanted */
    ctl_summary_t        *summary;       /* NULL, too; needs labels */
    ctl_replay_pt         watch;         /* NULL: nobody does */
    void                 *data;

    dg_rules_t            rules;         /* the settings', enforced, which
                                            may be changed before it begins */
    dg_store_t           *store;
    uint64_t              now_ms;        /* the trace's clock */
    uint64_t              bad;           /* lines not understood */

    ctl_flight_t          flight;
    ctl_exchange_t        passing;       /* that ends as it comes */

    ctl_trace_t           trace;
    dg_event_read_t       event;
    dg_request_t          request;
    dg_response_t         response;
    u_char                path[CTL_TRACE_PATH];
};


/* once, before all others: DG_ERROR, and it has been said */
int ctl_replay_tables(void);

/* DG_ERROR: no memory.  Freed in any case */
int ctl_replay_init(ctl_replay_t *rp);
void ctl_replay_free(ctl_replay_t *rp);

/*
 * One line, and one line of output for it; none for an empty one.  DG_ERROR
 * and what is wrong: nothing was written then.
 */
int ctl_replay_line(ctl_replay_t *rp, const u_char *line, size_t len,
    char error[DG_RECORD_ERROR]);

/* there are no more lines: what is known to end ends */
void ctl_replay_end(ctl_replay_t *rp);


/* --- replay_files.c: from files to lines and back --- */

#define CTL_INTERACTIVE  1               /* line for line */
#define CTL_AGAIN        2               /* what is wrong with lines was said
                                            before */

/* the exit status of all files, to their end; no file is standard input */
int ctl_replay_files(ctl_replay_t *rp, char *const *files, unsigned flags);


/* --- replay_print.c: lines of output --- */

void ctl_print_exchange(ctl_output_t *out, uint64_t t_ms,
    const ctl_exchange_t *x, const dg_str_t *label);
void ctl_print_end(ctl_output_t *out, uint64_t t_ms, const dg_str_t *id);
void ctl_print_error(ctl_output_t *out, uint64_t line, const char *error);


#endif /* _REPLAY_H_INCLUDED_ */
