/*
 * Copyright (C) 2026 Distill Guard
 *
 * What dg_request.c, dg_parameter.c and dg_message.c share; nobody else is
 * to include it.
 */


#ifndef _DG_REQUEST_RULE_H_INCLUDED_
#define _DG_REQUEST_RULE_H_INCLUDED_


#include "dg_reader.h"


/* dg_request_t.state */

#define DG_REQUEST_ROLE    0x01      /* the message has a role of its own */
#define DG_REQUEST_RESULT  0x02      /* it brings the result of a tool */
#define DG_REQUEST_SYSTEM  0x04      /* there was system text */
#define DG_REQUEST_TOKENS  0x08      /* the prompt read is one of tokens */
#define DG_REQUEST_MODEL   0x10      /* the path names the model */
#define DG_REQUEST_ITEM    0x20      /* the message before had no role */


/* of dg_request_t.tool[] */

enum {
    DG_REQUEST_TOOL_NAME = 0,
    DG_REQUEST_TOOL_DESCRIPTION,
    DG_REQUEST_TOOL_TYPE
};


typedef struct dg_request_rule_s  dg_request_rule_t;

typedef void dg_request_handler_t(dg_request_t *rq,
    const dg_json_event_t *ev, const dg_request_rule_t *rule);

/*
 * What is made of a field, if anything.  A value of another type is noted and
 * left; null is a member that is not there.
 */

struct dg_request_rule_s {
    dg_request_handler_t  *handler;
    unsigned               types;    /* by bit */
    unsigned               data;     /* for the handler */
};


extern const dg_request_rule_t  dg_request_rules[DG_RQ_FIELDS];

dg_request_handler_t dg_parameter_model;
dg_request_handler_t dg_parameter_flag;
dg_request_handler_t dg_parameter_count;
dg_request_handler_t dg_parameter_answers;
dg_request_handler_t dg_parameter_max_tokens;
dg_request_handler_t dg_parameter_temperature;
dg_request_handler_t dg_parameter_logprobs;
dg_request_handler_t dg_parameter_depth;
dg_request_handler_t dg_parameter_entries;
dg_request_handler_t dg_parameter_entry;
dg_request_handler_t dg_parameter_reasoning;
dg_request_handler_t dg_parameter_include;
dg_request_handler_t dg_parameter_tool;
dg_request_handler_t dg_parameter_tool_word;
dg_request_handler_t dg_parameter_tool_text;
dg_request_handler_t dg_parameter_id;
dg_request_handler_t dg_parameter_nothing;

dg_request_handler_t dg_message;
dg_request_handler_t dg_message_role;
dg_request_handler_t dg_message_item_type;
dg_request_handler_t dg_message_text;
dg_request_handler_t dg_message_said;
dg_request_handler_t dg_message_part_type;
dg_request_handler_t dg_message_prompt;
dg_request_handler_t dg_message_suffix;

void dg_message_open(dg_request_t *rq, unsigned role);

/* the counter of the facts at an offset */
unsigned *dg_request_fact(dg_request_t *rq, unsigned offset);

/* an id within what another is made of, the same on every machine */
void dg_request_hash_id(dg_hash_t *hash, const dg_id_t *id);


#endif /* _DG_REQUEST_RULE_H_INCLUDED_ */
