/*
 * Copyright (C) 2026 Distill Guard
 *
 * What dg_response.c and dg_answer.c share; nobody else is to include it.
 */


#ifndef _DG_RESPONSE_RULE_H_INCLUDED_
#define _DG_RESPONSE_RULE_H_INCLUDED_


#include "dg_reader.h"


/* dg_response_t.state */

#define DG_RESPONSE_ID         0x01  /* the response's own id was taken */
#define DG_RESPONSE_SIGNATURE  0x02  /* a signature is being read */
#define DG_RESPONSE_CODE       0x04  /* the error has told a code */
#define DG_RESPONSE_DETAIL     0x08  /* the end was told in detail */
#define DG_RESPONSE_FINISHED   0x10  /* complete, once this event is */

/* and of one event */

#define DG_RESPONSE_EVENT      0x20  /* one is being read */
#define DG_RESPONSE_SIGNED     0x40  /* it had a piece of a signature */
#define DG_RESPONSE_MEDIA      0x80  /* what it brings is no text */


typedef struct dg_response_rule_s  dg_response_rule_t;

typedef void dg_response_handler_t(dg_response_t *rs,
    const dg_json_event_t *ev, const dg_response_rule_t *rule);

/* what is made of a field; values of other types are left */

struct dg_response_rule_s {
    dg_response_handler_t  *handler;
    unsigned                types;   /* by bit */
    unsigned                data;    /* for the handler */
};


dg_response_handler_t dg_answer_id;
dg_response_handler_t dg_answer_item_id;
dg_response_handler_t dg_answer_signature;
dg_response_handler_t dg_answer_model;
dg_response_handler_t dg_answer_word;
dg_response_handler_t dg_answer_choices;
dg_response_handler_t dg_answer_choice;
dg_response_handler_t dg_answer_index;
dg_response_handler_t dg_answer_text;
dg_response_handler_t dg_answer_thought;
dg_response_handler_t dg_answer_delta;
dg_response_handler_t dg_answer_finish;
dg_response_handler_t dg_answer_done;
dg_response_handler_t dg_answer_error;
dg_response_handler_t dg_answer_error_kind;
dg_response_handler_t dg_answer_usage;
dg_response_handler_t dg_answer_part;

/* the end of a signature, if one is being read */
void dg_answer_signed(dg_response_t *rs);


#endif /* _DG_RESPONSE_RULE_H_INCLUDED_ */
