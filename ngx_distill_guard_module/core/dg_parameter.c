/*
 * Copyright (C) 2026 Distill Guard
 *
 * What a request asks for besides its messages.
 */


#include "dg_request_rule.h"


static unsigned dg_parameter_clamp(int64_t n);


/* words that ask for no reasoning */

static const dg_term_value_t  dg_parameter_no_reasoning[] = {
    { dg_string("none"), 0 },
    { dg_string("off"), 0 },
    { dg_string("disabled"), 0 },
    { dg_string(""), 0 }
};


void
dg_parameter_model(dg_request_t *rq, const dg_json_event_t *ev,
    const dg_request_rule_t *rule)
{
    (void) rule;

    if (dg_term_push(&rq->term, ev) && !(rq->state & DG_REQUEST_MODEL)) {
        rq->facts->model_len = dg_term_copy(&rq->term, rq->facts->model,
                                            DG_MODEL);
    }
}


void
dg_parameter_flag(dg_request_t *rq, const dg_json_event_t *ev,
    const dg_request_rule_t *rule)
{
    unsigned  on;

    on = (ev->type == DG_JSON_TRUE);

    switch (rule->data) {

    case DG_RQ_STREAM:
        rq->facts->stream = on;
        break;

    case DG_RQ_INCLUDE_USAGE:
        rq->facts->include_usage = on;
        break;

    default: /* DG_RQ_ECHO */
        rq->facts->echo = on;
    }
}


void
dg_parameter_count(dg_request_t *rq, const dg_json_event_t *ev,
    const dg_request_rule_t *rule)
{
    *dg_request_fact(rq, rule->data) = dg_parameter_clamp(ev->integer);
}


void
dg_parameter_answers(dg_request_t *rq, const dg_json_event_t *ev,
    const dg_request_rule_t *rule)
{
    unsigned  n;

    n = dg_parameter_clamp(dg_min(ev->integer, DG_ANSWERS_MAX));

    if (rule->data == DG_RQ_N) {
        rq->n = dg_max(n, 1);

    } else {
        rq->best_of = n;
    }
}


void
dg_parameter_max_tokens(dg_request_t *rq, const dg_json_event_t *ev,
    const dg_request_rule_t *rule)
{
    (void) rule;

    /* local servers take a negative number for no limit */

    rq->facts->capped = (ev->integer >= 0);
    rq->facts->max_tokens = rq->facts->capped
                            ? (uint64_t) dg_min(ev->integer, DG_TOKENS_MAX)
                            : 0;
}


void
dg_parameter_temperature(dg_request_t *rq, const dg_json_event_t *ev,
    const dg_request_rule_t *rule)
{
    (void) rule;

    if (ev->number <= 0) {
        rq->facts->temperature = 0;

    } else if (ev->number >= 1000) {
        rq->facts->temperature = 1000 * 1000;

    } else {
        rq->facts->temperature = (int32_t) (ev->number * 1000 + 0.5);
    }
}


void
dg_parameter_logprobs(dg_request_t *rq, const dg_json_event_t *ev,
    const dg_request_rule_t *rule)
{
    if (ev->type != DG_JSON_NUMBER_VALUE) {
        rq->facts->logprobs = (ev->type == DG_JSON_TRUE);
        return;
    }

    dg_parameter_depth(rq, ev, &dg_request_rules[DG_RQ_TOP_LOGPROBS]);

    rq->facts->logprobs = (rule->data == DG_RQ_LOGPROBS || ev->integer != 0);
}


void
dg_parameter_depth(dg_request_t *rq, const dg_json_event_t *ev,
    const dg_request_rule_t *rule)
{
    *dg_request_fact(rq, rule->data) = ev->integer < 0
                                       ? DG_VOCABULARY
                                       : dg_parameter_clamp(ev->integer);
}


/* a list, or the only entry of one */

void
dg_parameter_entries(dg_request_t *rq, const dg_json_event_t *ev,
    const dg_request_rule_t *rule)
{
    if (ev->first) {
        *dg_request_fact(rq, rule->data) = (ev->type == DG_JSON_STRING);
    }
}


void
dg_parameter_entry(dg_request_t *rq, const dg_json_event_t *ev,
    const dg_request_rule_t *rule)
{
    if (ev->first) {
        (*dg_request_fact(rq, rule->data))++;
    }
}


void
dg_parameter_reasoning(dg_request_t *rq, const dg_json_event_t *ev,
    const dg_request_rule_t *rule)
{
    unsigned  asked;

    (void) rule;

    if (ev->type == DG_JSON_STRING) {

        asked = dg_term_push(&rq->term, ev)
                && dg_term_value(&rq->term, dg_parameter_no_reasoning,
                                 dg_nelts(dg_parameter_no_reasoning), 1);

    } else if (ev->type == DG_JSON_NUMBER_VALUE) {
        asked = (ev->integer != 0);

    } else {
        asked = (ev->type == DG_JSON_TRUE);
    }

    /* one member that asks is enough, whatever the others say */

    rq->facts->reasoning |= asked & 1;
}


void
dg_parameter_include(dg_request_t *rq, const dg_json_event_t *ev,
    const dg_request_rule_t *rule)
{
    static const dg_term_value_t  logprobs = {
        dg_string("message.output_text.logprobs"), 1
    };

    (void) rule;

    if (dg_term_push(&rq->term, ev)
        && dg_term_value(&rq->term, &logprobs, 1, 0))
    {
        rq->facts->logprobs = 1;
    }
}


void
dg_parameter_tool(dg_request_t *rq, const dg_json_event_t *ev,
    const dg_request_rule_t *rule)
{
    dg_id_t  id, *tool;

    (void) rule;

    tool = rq->tool;

    if (ev->first) {
        memset(tool, 0, sizeof(rq->tool));
        rq->facts->tools++;
        return;
    }

    if (dg_id_none(&tool[DG_REQUEST_TOOL_NAME])) {
        tool[DG_REQUEST_TOOL_NAME] = tool[DG_REQUEST_TOOL_TYPE];
    }

    if (dg_id_none(&tool[DG_REQUEST_TOOL_NAME])
        && dg_id_none(&tool[DG_REQUEST_TOOL_DESCRIPTION]))
    {
        return;
    }

    dg_hash_init(&rq->hash, rq->key, DG_HASH_TOOLS);
    dg_request_hash_id(&rq->hash, &tool[DG_REQUEST_TOOL_NAME]);
    dg_request_hash_id(&rq->hash, &tool[DG_REQUEST_TOOL_DESCRIPTION]);
    id = dg_hash_final(&rq->hash);

    /* a sum does not depend on the order */

    rq->facts->tool_set.v[0] += id.v[0];
    rq->facts->tool_set.v[1] += id.v[1];
}


void
dg_parameter_tool_word(dg_request_t *rq, const dg_json_event_t *ev,
    const dg_request_rule_t *rule)
{
    if (ev->first) {
        dg_text_init(&rq->text, rq->key, DG_HASH_TOOLS);
    }

    dg_text_push(&rq->text, ev->data, ev->len);

    if (rule->data != DG_REQUEST_TOOL_TYPE) {
        rq->facts->tool_text += ev->len;
    }

    if (ev->last) {
        rq->tool[rule->data] = dg_text_final(&rq->text);
    }
}


void
dg_parameter_tool_text(dg_request_t *rq, const dg_json_event_t *ev,
    const dg_request_rule_t *rule)
{
    (void) rule;

    rq->facts->tool_text += ev->len;
}


void
dg_parameter_id(dg_request_t *rq, const dg_json_event_t *ev,
    const dg_request_rule_t *rule)
{
    (void) rule;

    dg_value_id(&rq->hash, rq->key, &rq->facts->presented, ev);
}


void
dg_parameter_nothing(dg_request_t *rq, const dg_json_event_t *ev,
    const dg_request_rule_t *rule)
{
    (void) rq;
    (void) ev;
    (void) rule;
}


static unsigned
dg_parameter_clamp(int64_t n)
{
    return n < 0 ? 0 : (unsigned) dg_min(n, INT32_MAX);
}
