/*
 * Copyright (C) 2026 Distill Guard
 *
 * An exchange as one line of JSON: what the guard understood of it and what
 * it made of it, never text and never a credential.
 */


#ifndef _DG_EVENT_H_INCLUDED_
#define _DG_EVENT_H_INCLUDED_


#include "dg_core.h"
#include "dg_facts.h"
#include "dg_dialect.h"
#include "dg_signal.h"
#include "dg_store.h"


#define DG_EVENT_VERSION  1
#define DG_EVENT_SIZE     8192   /* no event is longer */
#define DG_EVENT_VERDICT  16
#define DG_EVENT_REASONS  2560   /* nor are its reasons */
#define DG_EVENT_DRY_RUN  "_DRY_RUN"     /* behind a verdict not enforced */


typedef struct {
    uint64_t                     t_ms;       /* arrival, Unix ms */
    uint64_t                     duration_ms;
    dg_id_t                      key;        /* "none" are left out */
    dg_id_t                      account;
    dg_id_t                      origin;
    dg_id_t                      client;
    uint32_t                     asn;        /* 0 is left out */
    u_char                       country[2];
    unsigned                     hosting:1;
    unsigned                     anonymous:1;
    unsigned                     relay:1;
    unsigned                     exempt:1;
    unsigned                     aborted:1;
    unsigned                     dry_run:1;
    dg_dialect_id_t              dialect;
    unsigned                     status;     /* 0: none */
    dg_verdict_id_t              verdict;
    const dg_limit_t            *limit;      /* that is over, or NULL */
    uint64_t                     value;
    uint64_t                     wait_ms;
    const dg_ruling_found_t     *ruling;     /* NULL: none */
    const dg_score_t            *score;      /* NULL: 0 */
    dg_id_t                      campaign;
    dg_id_t                      template;
    const dg_request_facts_t    *request;    /* NULL: not read */
    const dg_response_facts_t   *response;   /* NULL: not read */
    const dg_shared_t           *shared;     /* NULL: nothing */
    const dg_usage_t            *usage;
} dg_event_t;


/*
 * Writes one JSON object without a newline, at most DG_EVENT_SIZE bytes, no
 * zero; returns its end.  Pure ASCII: whatever came from outside (the
 * model's name) is escaped.
 */
u_char *dg_event_write(u_char *p, const dg_event_t *ev);

/* "PASS", "THROTTLE_DRY_RUN"; at most DG_EVENT_VERDICT bytes */
u_char *dg_event_verdict(u_char *p, dg_verdict_id_t verdict,
    unsigned dry_run);

/* the reasons as a JSON array; for $distill_guard_reasons; at most
   DG_EVENT_REASONS bytes */
u_char *dg_event_reasons(u_char *p, const dg_event_t *ev);


#endif /* _DG_EVENT_H_INCLUDED_ */
