/*
 * Copyright (C) 2026 Distill Guard
 *
 * Lines of a trace in the raw form: an exchange as it was on the wire, or
 * the end of one.
 */


#ifndef _TRACE_H_INCLUDED_
#define _TRACE_H_INCLUDED_


#include "dg_core.h"
#include "dg_facts.h"
#include "dg_identity.h"
#include "dg_reader.h"
#include "dg_record.h"


#define CTL_TRACE_HEADERS  256
#define CTL_TRACE_PATH     8192  /* as long as nginx takes it by default */


/* what a line has; where it has nothing stands what is usual */

#define CTL_TRACE_T         0x0001
#define CTL_TRACE_IP        0x0002
#define CTL_TRACE_ASN       0x0004
#define CTL_TRACE_COUNTRY   0x0008
#define CTL_TRACE_BODY      0x0010
#define CTL_TRACE_STATUS    0x0020
#define CTL_TRACE_RESPONSE  0x0040
#define CTL_TRACE_INPUT     0x0080
#define CTL_TRACE_OUTPUT    0x0100
#define CTL_TRACE_DONE      0x0200
#define CTL_TRACE_ID        0x0400
#define CTL_TRACE_END       0x0800
#define CTL_TRACE_EVENT     0x1000       /* it is of the other form */


typedef struct {
    dg_str_t       name;
    dg_str_t       value;
} ctl_header_t;


/*
 * Texts lie in the line, or in memory that goes with the next line.  What is
 * JSON stands as it does in the line.
 */

typedef struct {
    unsigned       has;          /* CTL_TRACE_... */

    uint64_t       t_ms;
    uint64_t       done_ms;
    dg_str_t       ip;
    dg_str_t       method;
    dg_str_t       path;
    dg_str_t       http;
    dg_str_t       protocol;     /* of TLS */
    dg_str_t       cipher;
    dg_str_t       account;
    uint32_t       asn;
    dg_str_t       country;
    dg_str_t       body;
    uint32_t       status;
    dg_str_t       response;
    uint64_t       input;
    uint64_t       output;
    dg_str_t       id;           /* JSON, as are the next two */
    dg_str_t       end;
    dg_str_t       label;

    unsigned       aborted:1;
    unsigned       text:1;       /* the response is text, not a value */

    unsigned       nheaders;
    ctl_header_t   headers[CTL_TRACE_HEADERS];

    /* private: see trace.c */
    unsigned       part;         /* of the header being read */
    dg_record_t    record;
    u_char        *memory;       /* survives, to be freed by the owner */
    size_t         size;
} ctl_trace_t;


/* compiles the table, once; DG_ERROR is a mistake in it */
int ctl_trace_init(void);

/*
 * DG_ERROR and what is wrong.  A line of the other form is told by its "has"
 * alone.
 */
int ctl_trace_read(ctl_trace_t *tr, const u_char *line, size_t len,
    char error[DG_RECORD_ERROR]);

/* the query of the path, which is cut off it; the path is decoded */
void ctl_trace_path(const ctl_trace_t *tr, u_char decoded[CTL_TRACE_PATH],
    dg_str_t *path, dg_str_t *query);

/* who asks, as nginx/ makes it out; *relay: it contradicts itself */
void ctl_trace_identity(const ctl_trace_t *tr, const dg_str_t *query,
    dg_shape_t shape, const dg_hash_key_t *hash, dg_id_t *key,
    dg_id_t *client, unsigned *relay);

/* the facts of the body; one in an encoding is not read, but counted */
void ctl_trace_body(const ctl_trace_t *tr, dg_request_t *reader,
    const dg_endpoint_t *ep, const dg_hash_key_t *hash,
    const dg_marks_key_t *marks, dg_request_facts_t *rq);

/*
 * The facts of the answer that a line tells of, and how it ended.  *left is
 * set if the client went before there was anything.
 */
void ctl_trace_answer(const ctl_trace_t *tr, dg_response_t *reader,
    dg_dialect_id_t dialect, const dg_hash_key_t *hash,
    dg_response_facts_t *rs, dg_end_t *end, unsigned *left);


#endif /* _TRACE_H_INCLUDED_ */
