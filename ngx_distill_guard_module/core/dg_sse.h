/*
 * Copyright (C) 2026 Distill Guard
 *
 * Splits a stream of server-sent events (WHATWG HTML, section 9.2.6) into
 * the data of its events.  Lines end in LF, CRLF or CR; input may be cut
 * anywhere, between CR and LF too.  Nothing is held back or copied: data is
 * handed over as it passes, whatever the length of a line.  An event that the
 * stream leaves without its blank line never ends.
 */


#ifndef _DG_SSE_H_INCLUDED_
#define _DG_SSE_H_INCLUDED_


#include "dg_core.h"


#define DG_SSE_NAME   32          /* longer event names are cut */
#define DG_SSE_FIELD  8           /* longer fields are none that we know */


typedef struct dg_sse_s  dg_sse_t;

/*
 * A piece of an event's data, valid during the call.  Between two "data:"
 * lines of one event comes a piece "\n".
 */
typedef void (*dg_sse_data_pt)(void *ctx, const u_char *p, size_t len);

/*
 * The event has ended at its blank line; only called for events that had
 * data.  sse->name, sse->name_len is its "event:" field, if any.
 */
typedef void (*dg_sse_event_pt)(void *ctx, dg_sse_t *sse);


struct dg_sse_s {
    dg_sse_data_pt    data;
    dg_sse_event_pt   event;
    void             *ctx;

    uint64_t          events;     /* ended so far */

    /* private: see dg_sse.c */
    unsigned          state;
    unsigned          field_len;
    unsigned          name_len;
    unsigned          cr:1;       /* the last byte was a CR */
    unsigned          space:1;    /* no byte of the value has been seen */
    unsigned          pending:1;  /* the event has had data */
    u_char            field[DG_SSE_FIELD];
    u_char            name[DG_SSE_NAME];
};


void dg_sse_init(dg_sse_t *sse, dg_sse_data_pt data, dg_sse_event_pt event,
    void *ctx);
void dg_sse_push(dg_sse_t *sse, const u_char *p, size_t len);

/* nothing of an event has been pushed since the last one ended */
unsigned dg_sse_between(const dg_sse_t *sse);

/* the length of what is pushed up to the next blank line; 0: there is none */
size_t dg_sse_whole(const u_char *p, size_t len);


#endif /* _DG_SSE_H_INCLUDED_ */
