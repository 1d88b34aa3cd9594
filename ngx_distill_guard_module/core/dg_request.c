/*
 * Copyright (C) 2026 Distill Guard
 *
 * The reader of requests: the rules by which its facts are made.
 */


#include "dg_request_rule.h"


static void dg_request_event(void *ctx, const dg_json_event_t *ev);
static void dg_request_marks(dg_request_t *rq);


#define bit(type)  (1u << (type))

#define O  bit(DG_JSON_OBJECT)
#define A  bit(DG_JSON_ARRAY)
#define S  bit(DG_JSON_STRING)
#define N  bit(DG_JSON_NUMBER_VALUE)
#define B  (bit(DG_JSON_TRUE) | bit(DG_JSON_FALSE))

#define fact(name)  offsetof(dg_request_facts_t, name)

const dg_request_rule_t  dg_request_rules[DG_RQ_FIELDS] = {

    [DG_RQ_MODEL] = { dg_parameter_model, S, 0 },
    [DG_RQ_STREAM] = { dg_parameter_flag, B, DG_RQ_STREAM },
    [DG_RQ_INCLUDE_USAGE] = { dg_parameter_flag, B, DG_RQ_INCLUDE_USAGE },
    [DG_RQ_ECHO] = { dg_parameter_flag, B, DG_RQ_ECHO },

    [DG_RQ_N] = { dg_parameter_answers, N, DG_RQ_N },
    [DG_RQ_BEST_OF] = { dg_parameter_answers, N, DG_RQ_BEST_OF },
    [DG_RQ_MAX_TOKENS] = { dg_parameter_max_tokens, N, 0 },
    [DG_RQ_MIN_TOKENS] = { dg_parameter_count, N, fact(min_tokens) },
    [DG_RQ_TEMPERATURE] = { dg_parameter_temperature, N, 0 },
    [DG_RQ_LOGPROBS] = { dg_parameter_logprobs, B|N, DG_RQ_LOGPROBS },
    [DG_RQ_N_PROBS] = { dg_parameter_logprobs, N, DG_RQ_N_PROBS },
    [DG_RQ_TOP_LOGPROBS] = { dg_parameter_depth, N, fact(top_logprobs) },
    [DG_RQ_PROMPT_LOGPROBS] = { dg_parameter_depth, N, fact(prompt_logprobs) },
    [DG_RQ_LOGIT_BIAS] = { dg_parameter_entries, O|A, fact(logit_bias) },
    [DG_RQ_LOGIT_BIAS_ENTRY] = { dg_parameter_entry, N|A|B, fact(logit_bias) },
    [DG_RQ_STOP] = { dg_parameter_entries, S|A, fact(stops) },
    [DG_RQ_STOP_ITEM] = { dg_parameter_entry, S, fact(stops) },
    [DG_RQ_REASONING] = { dg_parameter_reasoning, S|N|B, 0 },
    [DG_RQ_INCLUDE] = { dg_parameter_include, S, 0 },

    [DG_RQ_LIST] = { dg_parameter_nothing, A, 0 },
    [DG_RQ_GROUP] = { dg_parameter_nothing, O, 0 },

    [DG_RQ_TOOL] = { dg_parameter_tool, O, 0 },
    [DG_RQ_TOOL_NAME] = { dg_parameter_tool_word, S, DG_REQUEST_TOOL_NAME },
    [DG_RQ_TOOL_DESCRIPTION] = { dg_parameter_tool_word, S,
                                 DG_REQUEST_TOOL_DESCRIPTION },
    [DG_RQ_TOOL_TYPE] = { dg_parameter_tool_word, S, DG_REQUEST_TOOL_TYPE },
    [DG_RQ_TOOL_TEXT] = { dg_parameter_tool_text, S|O|A|N|B, 0 },

    [DG_RQ_SYSTEM] = { dg_message, S|O|A, DG_ROLE_SYSTEM },
    [DG_RQ_INPUT] = { dg_message, S|A, DG_ROLE_USER },
    [DG_RQ_MESSAGES] = { dg_message, O|A, DG_ROLES },
    [DG_RQ_MESSAGE] = { dg_message, O, DG_ROLES },
    [DG_RQ_ROLE] = { dg_message_role, S, 0 },
    [DG_RQ_ITEM_TYPE] = { dg_message_item_type, S, 0 },
    [DG_RQ_CONTENT] = { dg_message_text, S|A, 0 },
    [DG_RQ_PART] = { dg_message_text, S|O, 0 },
    [DG_RQ_TEXT] = { dg_message_text, S, 0 },
    [DG_RQ_OUTPUT] = { dg_message_text, S|A|O, 0 },
    [DG_RQ_ANSWER] = { dg_message_said, S|O|A|N|B, DG_ROLE_ASSISTANT },
    [DG_RQ_RESULT] = { dg_message_said, S|O|A|N|B, DG_ROLE_TOOL },
    [DG_RQ_PART_TYPE] = { dg_message_part_type, S, 0 },
    [DG_RQ_MEDIA_TYPE] = { dg_message_part_type, S, DG_RQ_MEDIA_TYPE },
    [DG_RQ_IMAGE] = { dg_parameter_entry, S, fact(images) },

    [DG_RQ_PROMPT] = { dg_message_prompt, S|A, DG_RQ_PROMPT },
    [DG_RQ_PROMPT_ITEM] = { dg_message_prompt, S|A|N, DG_RQ_PROMPT_ITEM },
    [DG_RQ_PROMPT_TOKEN] = { dg_parameter_entry, N, fact(token_ids) },
    [DG_RQ_SUFFIX] = { dg_message_suffix, S, 0 },
    [DG_RQ_CONTEXT_TOKEN] = { dg_parameter_entry, N, fact(token_ids) },

    [DG_RQ_ID] = { dg_parameter_id, S, 0 }
};

#undef bit
#undef O
#undef A
#undef S
#undef N
#undef B
#undef fact


void
dg_request_init(dg_request_t *rq, const dg_endpoint_t *ep,
    const dg_hash_key_t *key, const dg_marks_key_t *marks,
    dg_request_facts_t *facts)
{
    memset(facts, 0, sizeof(dg_request_facts_t));

    facts->n = 1;
    facts->temperature = -1;
    facts->embedding = (ep->dialect == DG_OPENAI_EMBEDDINGS);
    facts->stream = ep->stream
                    || ep->dialect == DG_OLLAMA_CHAT
                    || ep->dialect == DG_OLLAMA_GENERATE;

    rq->key = key;
    rq->facts = facts;
    rq->dialect = ep->dialect;
    rq->last = DG_ROLES;
    rq->n = 1;
    rq->best_of = 0;
    rq->state = 0;

    if (ep->model.len) {
        facts->model_len = (unsigned) dg_min(ep->model.len, DG_MODEL);
        memcpy(facts->model, ep->model.data, facts->model_len);
        rq->state = DG_REQUEST_MODEL;
    }

    dg_hash_init(&rq->system, key, DG_HASH_SYSTEM);
    dg_marks_init(&rq->first, marks);
    dg_message_open(rq, DG_ROLES);

    dg_json_init(&rq->json, dg_dialect_request_schema(ep->dialect),
                 dg_request_event, rq);
}


void
dg_request_push(dg_request_t *rq, const u_char *p, size_t len)
{
    rq->facts->bytes += len;

    if (!rq->facts->encoded) {
        dg_json_push(&rq->json, p, len);
    }
}


void
dg_request_end(dg_request_t *rq)
{
    dg_request_facts_t  *facts;

    facts = rq->facts;

    facts->present = (facts->bytes != 0);

    if (!facts->encoded) {
        dg_json_end(&rq->json);
    }

    facts->malformed = rq->json.malformed;
    facts->deep = rq->json.deep;
    facts->wide = rq->json.wide;
    facts->duplicate = rq->json.duplicate;
    facts->surrogate = rq->json.surrogate;

    facts->n = dg_max(rq->n, rq->best_of);

    if (rq->state & DG_REQUEST_SYSTEM) {
        facts->system = dg_hash_final(&rq->system);
    }

    dg_request_marks(rq);
}


/* a conversation counts once, before anybody has answered */

static void
dg_request_marks(dg_request_t *rq)
{
    dg_marks_t           marks;
    dg_request_facts_t  *facts;

    facts = rq->facts;

    if (dg_id_none(&facts->first) || facts->turns[DG_ROLE_ASSISTANT]
        || facts->turns[DG_ROLE_TOOL])
    {
        return;
    }

    dg_marks_end(&rq->first, &marks);
    dg_marks_pick(&facts->marks, &marks);
}


static void
dg_request_event(void *ctx, const dg_json_event_t *ev)
{
    dg_request_t *rq = ctx;

    const dg_request_rule_t  *rule;

    rule = &dg_request_rules[ev->field];

    if (rule->types & 1u << ev->type) {
        rule->handler(rq, ev, rule);

    } else if (ev->type != DG_JSON_NULL) {
        rq->facts->mistyped = 1;
    }
}


unsigned *
dg_request_fact(dg_request_t *rq, unsigned offset)
{
    return (unsigned *) (void *) ((u_char *) rq->facts + offset);
}


void
dg_request_hash_id(dg_hash_t *hash, const dg_id_t *id)
{
    u_char  text[DG_ID_TEXT];

    dg_hash_update(hash, text, dg_id_text(text, id) - text);
}
