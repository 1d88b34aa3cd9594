/*
 * Copyright (C) 2026 Distill Guard
 *
 * What an answer says: its text, its end, what it issues and what it cost.
 */


#include "dg_response_rule.h"


/* what a word says of the answer, by bit */

#define DG_SAYS_COMPLETE  0x01
#define DG_SAYS_ERROR     0x02
#define DG_SAYS_MEDIA     0x04
#define DG_SAYS_FINISH    0x08   /* and is itself the reason */


static void dg_answer_add(dg_response_t *rs, uint64_t bytes);
static void dg_answer_reckon(dg_response_t *rs);


/* types of events, and states of a response */

static const dg_term_value_t  dg_answer_words[] = {
    { dg_string("message_stop"), DG_SAYS_COMPLETE },
    { dg_string("error"), DG_SAYS_ERROR },
    { dg_string("response.audio.delta"), DG_SAYS_MEDIA },
    { dg_string("response.completed"), DG_SAYS_COMPLETE },
    { dg_string("response.incomplete"), DG_SAYS_COMPLETE },
    { dg_string("response.failed"), DG_SAYS_COMPLETE | DG_SAYS_ERROR },
    { dg_string("completed"), DG_SAYS_COMPLETE | DG_SAYS_FINISH },
    { dg_string("incomplete"), DG_SAYS_COMPLETE | DG_SAYS_FINISH },
    { dg_string("cancelled"), DG_SAYS_COMPLETE | DG_SAYS_FINISH },
    { dg_string("failed"),
      DG_SAYS_COMPLETE | DG_SAYS_ERROR | DG_SAYS_FINISH }
};


/* it stands in every event of a stream, so it is taken once */

void
dg_answer_id(dg_response_t *rs, const dg_json_event_t *ev,
    const dg_response_rule_t *rule)
{
    (void) rule;

    if (rs->state & DG_RESPONSE_ID) {
        return;
    }

    dg_value_id(&rs->hash, rs->key, &rs->facts->issued, ev);

    if (ev->last && rs->hash.len) {
        rs->state |= DG_RESPONSE_ID;
    }
}


void
dg_answer_item_id(dg_response_t *rs, const dg_json_event_t *ev,
    const dg_response_rule_t *rule)
{
    (void) rule;

    dg_value_id(&rs->hash, rs->key, &rs->facts->issued, ev);
}


void
dg_answer_signature(dg_response_t *rs, const dg_json_event_t *ev,
    const dg_response_rule_t *rule)
{
    (void) rule;

    if (!(rs->state & DG_RESPONSE_SIGNATURE)) {
        dg_hash_init(&rs->signature, rs->key, DG_HASH_ISSUED);
    }

    dg_value_hash(&rs->signature, ev->data, ev->len);

    rs->state |= DG_RESPONSE_SIGNATURE | DG_RESPONSE_SIGNED;
}


void
dg_answer_model(dg_response_t *rs, const dg_json_event_t *ev,
    const dg_response_rule_t *rule)
{
    (void) rule;

    if (rs->facts->model_len == 0 && dg_term_push(&rs->term, ev)) {
        rs->facts->model_len = dg_term_copy(&rs->term, rs->facts->model,
                                            DG_MODEL);
    }
}


void
dg_answer_word(dg_response_t *rs, const dg_json_event_t *ev,
    const dg_response_rule_t *rule)
{
    unsigned  says;

    (void) rule;

    if (!dg_term_push(&rs->term, ev)) {
        return;
    }

    says = dg_term_value(&rs->term, dg_answer_words,
                         dg_nelts(dg_answer_words), 0);

    if (says & DG_SAYS_COMPLETE) {
        rs->state |= DG_RESPONSE_FINISHED;
    }

    if (says & DG_SAYS_ERROR) {
        rs->facts->error = 1;
    }

    if (says & DG_SAYS_MEDIA) {
        rs->state |= DG_RESPONSE_MEDIA;
    }

    if ((says & DG_SAYS_FINISH) && !(rs->state & DG_RESPONSE_DETAIL)) {
        rs->facts->finish_len = dg_term_copy(&rs->term, rs->facts->finish,
                                             DG_FINISH);
    }
}


void
dg_answer_choices(dg_response_t *rs, const dg_json_event_t *ev,
    const dg_response_rule_t *rule)
{
    (void) ev;
    (void) rule;

    rs->choices = 0;
}


void
dg_answer_choice(dg_response_t *rs, const dg_json_event_t *ev,
    const dg_response_rule_t *rule)
{
    (void) rule;

    if (ev->first) {
        rs->choices++;
        rs->thoughts[0] = 0;
        rs->thoughts[1] = 0;

        if (rs->facts->choices < rs->choices) {
            rs->facts->choices = rs->choices;
        }
    }
}


void
dg_answer_index(dg_response_t *rs, const dg_json_event_t *ev,
    const dg_response_rule_t *rule)
{
    (void) rule;

    if (ev->integer >= rs->facts->choices && ev->integer < UINT16_MAX) {
        rs->facts->choices = (unsigned) ev->integer + 1;
    }
}


void
dg_answer_text(dg_response_t *rs, const dg_json_event_t *ev,
    const dg_response_rule_t *rule)
{
    (void) rule;

    dg_answer_add(rs, ev->type == DG_JSON_STRING ? ev->len
                                                   : DG_SCALAR_BYTES);
}


void
dg_answer_thought(dg_response_t *rs, const dg_json_event_t *ev,
    const dg_response_rule_t *rule)
{
    uint64_t  before, after;

    before = dg_max(rs->thoughts[0], rs->thoughts[1]);
    rs->thoughts[rule->data] += ev->len;
    after = dg_max(rs->thoughts[0], rs->thoughts[1]);

    dg_answer_add(rs, after - before);
}


void
dg_answer_delta(dg_response_t *rs, const dg_json_event_t *ev,
    const dg_response_rule_t *rule)
{
    (void) rule;

    if (!(rs->state & DG_RESPONSE_MEDIA)) {
        dg_answer_add(rs, ev->len);
    }
}


void
dg_answer_finish(dg_response_t *rs, const dg_json_event_t *ev,
    const dg_response_rule_t *rule)
{
    if (!dg_term_push(&rs->term, ev) || rs->term.len == 0) {
        return;
    }

    rs->facts->finish_len = dg_term_copy(&rs->term, rs->facts->finish,
                                         DG_FINISH);

    if (rule->data == DG_RS_FINISH) {
        rs->state |= DG_RESPONSE_FINISHED;

    } else {
        rs->state |= DG_RESPONSE_DETAIL;
    }
}


void
dg_answer_done(dg_response_t *rs, const dg_json_event_t *ev,
    const dg_response_rule_t *rule)
{
    (void) rule;

    if (ev->type == DG_JSON_TRUE) {
        rs->state |= DG_RESPONSE_FINISHED;
    }
}


/* a string is a message to people, which is not kept */

void
dg_answer_error(dg_response_t *rs, const dg_json_event_t *ev,
    const dg_response_rule_t *rule)
{
    (void) rule;

    if (ev->first) {
        rs->facts->error = 1;
        rs->facts->error_len = 0;
        rs->state &= ~DG_RESPONSE_CODE;
    }
}


void
dg_answer_error_kind(dg_response_t *rs, const dg_json_event_t *ev,
    const dg_response_rule_t *rule)
{
    if (!dg_term_push(&rs->term, ev) || rs->term.len == 0) {
        return;
    }

    if (rule->data == DG_RS_ERROR_CODE) {
        rs->state |= DG_RESPONSE_CODE;

    } else if (rs->state & DG_RESPONSE_CODE) {
        return;
    }

    rs->facts->error_len = dg_term_copy(&rs->term, rs->facts->error_kind,
                                        DG_ERROR_KIND);
}


/* a usage that leaves out numbers that are 0 */

void
dg_answer_usage(dg_response_t *rs, const dg_json_event_t *ev,
    const dg_response_rule_t *rule)
{
    (void) rule;

    if (ev->last) {
        rs->given |= 1u << DG_USAGE_INPUT | 1u << DG_USAGE_OUTPUT;
        dg_answer_reckon(rs);
    }
}


/*
 * Streams report what is so up to then, so a number replaces the one before.
 * A 0 behind another number is how some servers leave a number out.
 */

void
dg_answer_part(dg_response_t *rs, const dg_json_event_t *ev,
    const dg_response_rule_t *rule)
{
    if (ev->integer > 0) {
        rs->parts[rule->data] = (uint64_t) dg_min(ev->integer, DG_TOKENS_MAX);
    }

    rs->given |= 1u << rule->data;

    dg_answer_reckon(rs);
}


static void
dg_answer_add(dg_response_t *rs, uint64_t bytes)
{
    rs->facts->text += bytes;

    /* one choice has ended, another goes on */

    if (bytes) {
        rs->facts->complete = 0;
        rs->state &= ~DG_RESPONSE_FINISHED;
    }
}


static void
dg_answer_reckon(dg_response_t *rs)
{
    uint64_t             *parts;
    dg_response_facts_t  *facts;

    facts = rs->facts;
    parts = rs->parts;

    if (rs->given & 1u << DG_USAGE_INPUT) {
        facts->has_input = 1;
        facts->input_tokens = parts[DG_USAGE_INPUT]
                              + parts[DG_USAGE_INPUT_READ]
                              + parts[DG_USAGE_INPUT_WRITE]
                              + parts[DG_USAGE_INPUT_TOOL];
        facts->cached_tokens = parts[DG_USAGE_INPUT_READ]
                               + parts[DG_USAGE_CACHED];
        facts->cache_write_tokens = parts[DG_USAGE_INPUT_WRITE]
                                    + parts[DG_USAGE_CACHE_WRITE];

    } else if (rs->given & 1u << DG_USAGE_TIMED_INPUT) {
        facts->has_input = 1;
        facts->input_tokens = parts[DG_USAGE_TIMED_INPUT]
                              + parts[DG_USAGE_TIMED_READ];
        facts->cached_tokens = parts[DG_USAGE_TIMED_READ];
    }

    if (rs->given & (1u << DG_USAGE_OUTPUT | 1u << DG_USAGE_THOUGHTS)) {
        facts->has_output = 1;
        facts->output_tokens = parts[DG_USAGE_OUTPUT]
                               + parts[DG_USAGE_THOUGHTS];
        facts->reasoning_tokens = parts[DG_USAGE_REASONING]
                                  + parts[DG_USAGE_THOUGHTS];

        /* compatible servers may leave reasoning out of all but the total */

        if ((rs->given & 1u << DG_USAGE_INPUT)
            && parts[DG_USAGE_TOTAL]
               > facts->input_tokens + facts->output_tokens)
        {
            facts->output_tokens = parts[DG_USAGE_TOTAL]
                                   - facts->input_tokens;
        }

    } else if (rs->given & 1u << DG_USAGE_TIMED_OUTPUT) {
        facts->has_output = 1;
        facts->output_tokens = parts[DG_USAGE_TIMED_OUTPUT];
    }
}


/* a signature has ended */

void
dg_answer_signed(dg_response_t *rs)
{
    if (rs->state & DG_RESPONSE_SIGNATURE) {
        rs->state &= ~DG_RESPONSE_SIGNATURE;
        dg_value_id_add(&rs->facts->issued, &rs->signature);
    }
}
