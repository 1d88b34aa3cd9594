/*
 * Copyright (C) 2026 Distill Guard
 *
 * Reads back what dg_event_write() wrote.
 */


#ifndef _DG_EVENT_READ_H_INCLUDED_
#define _DG_EVENT_READ_H_INCLUDED_


#include "dg_core.h"
#include "dg_event.h"
#include "dg_record.h"


#define DG_EVENT_READ_TEXT  1024         /* of strings with escapes in them */


/*
 * What a line says.  What the guard itself found, the reasons and what is
 * shared with other accounts, is not read: whoever replays an exchange finds
 * for himself.  An answer of which the line tells nothing bad
 * was read to its end.  The facts that came with a request are there if the
 * line tells any.
 */

typedef struct {
    dg_event_t            event;         /* leads to what follows */
    dg_request_facts_t    request;
    dg_response_facts_t   response;
    dg_usage_t            usage;
    dg_str_t              label;         /* JSON as it stands in the line, for
                                            traces; empty if there is none */

    /* private: see dg_event_read.c */
    unsigned              version;
    dg_record_t           record;
    u_char                text[DG_EVENT_READ_TEXT];
} dg_event_read_t;


/* compiles the table, once; DG_ERROR is a mistake in it */
int dg_event_read_init(void);

/* DG_ERROR and what is wrong; the line must stay as long as the label */
int dg_event_read(dg_event_read_t *er, const u_char *line, size_t len,
    char error[DG_RECORD_ERROR]);


#endif /* _DG_EVENT_READ_H_INCLUDED_ */
