/*
 * Copyright (C) 2026 Distill Guard
 *
 * Messages, and prompts that stand for one.  Members come in any order: a
 * message's text is hashed as it passes unless its role is known to be one
 * whose text no fact hashes, and is assigned when the message closes.  Until
 * the user's first one has closed any message may prove to be that.
 */


#include "dg_request_rule.h"


static void dg_message_close(dg_request_t *rq);


static const dg_term_value_t  dg_message_roles[] = {
    { dg_string("user"), DG_ROLE_USER },
    { dg_string("assistant"), DG_ROLE_ASSISTANT },
    { dg_string("model"), DG_ROLE_ASSISTANT },
    { dg_string("tool"), DG_ROLE_TOOL },
    { dg_string("function"), DG_ROLE_TOOL },
    { dg_string("system"), DG_ROLE_SYSTEM },
    { dg_string("developer"), DG_ROLE_SYSTEM }
};


/* items of a Responses API input; all others are what the model did */

static const dg_term_value_t  dg_message_items[] = {
    { dg_string("message"), DG_ROLES },
    { dg_string("*_output"), DG_ROLE_TOOL },
    { dg_string("*_response"), DG_ROLE_TOOL }
};


/* parts of messages that are not text, by type and by media type */

static const dg_term_value_t  dg_message_parts[] = {
    { dg_string("image"), offsetof(dg_request_facts_t, images) },
    { dg_string("image_url"), offsetof(dg_request_facts_t, images) },
    { dg_string("input_image"), offsetof(dg_request_facts_t, images) },
    { dg_string("computer_screenshot"), offsetof(dg_request_facts_t, images) },
    { dg_string("audio"), offsetof(dg_request_facts_t, audio) },
    { dg_string("audio_url"), offsetof(dg_request_facts_t, audio) },
    { dg_string("input_audio"), offsetof(dg_request_facts_t, audio) },
    { dg_string("file"), offsetof(dg_request_facts_t, files) },
    { dg_string("input_file"), offsetof(dg_request_facts_t, files) },
    { dg_string("document"), offsetof(dg_request_facts_t, files) },
    { dg_string("container_upload"), offsetof(dg_request_facts_t, files) },
    { dg_string("video"), offsetof(dg_request_facts_t, files) },
    { dg_string("video_url"), offsetof(dg_request_facts_t, files) }
};


/* a message, or one that is nothing but its text */

void
dg_message(dg_request_t *rq, const dg_json_event_t *ev,
    const dg_request_rule_t *rule)
{
    if (ev->type == DG_JSON_ARRAY && rule->data != DG_ROLE_SYSTEM) {
        return;
    }

    if (ev->first) {
        dg_message_open(rq, rule->data);
    }

    dg_message_text(rq, ev, rule);

    if (ev->last) {
        dg_message_close(rq);
    }
}


void
dg_message_role(dg_request_t *rq, const dg_json_event_t *ev,
    const dg_request_rule_t *rule)
{
    (void) rule;

    if (dg_term_push(&rq->term, ev)) {
        rq->role = dg_term_value(&rq->term, dg_message_roles,
                                 dg_nelts(dg_message_roles), DG_ROLE_USER);
        rq->state |= DG_REQUEST_ROLE;
    }
}


void
dg_message_item_type(dg_request_t *rq, const dg_json_event_t *ev,
    const dg_request_rule_t *rule)
{
    (void) rule;

    if (dg_term_push(&rq->term, ev) && !(rq->state & DG_REQUEST_ROLE)) {
        rq->role = dg_term_value(&rq->term, dg_message_items,
                                 dg_nelts(dg_message_items),
                                 DG_ROLE_ASSISTANT);
    }
}


void
dg_message_text(dg_request_t *rq, const dg_json_event_t *ev,
    const dg_request_rule_t *rule)
{
    (void) rule;

    if (ev->type != DG_JSON_STRING) {
        return;
    }

    if (rq->role == DG_ROLE_ASSISTANT || rq->role == DG_ROLE_TOOL) {
        rq->unhashed += ev->len;
        return;
    }

    if (ev->first) {
        dg_text_break(&rq->text);
    }

    if (rq->facts->turns[DG_ROLE_USER] == 0 && rq->role != DG_ROLE_SYSTEM) {

        if (ev->first && rq->first.len) {
            dg_marks_push(&rq->first, (const u_char *) "\n", 1);
        }

        dg_marks_push(&rq->first, ev->data, ev->len);
    }

    dg_text_push(&rq->text, ev->data, ev->len);
}


void
dg_message_said(dg_request_t *rq, const dg_json_event_t *ev,
    const dg_request_rule_t *rule)
{
    if (rule->data == DG_ROLE_TOOL) {
        rq->state |= DG_REQUEST_RESULT;
    }

    if (ev->type == DG_JSON_OBJECT || ev->type == DG_JSON_ARRAY) {
        return;
    }

    rq->facts->text[rule->data] += ev->type == DG_JSON_STRING
                                   ? ev->len : DG_SCALAR_BYTES;
}


/* the type of a part, or of media: "image/png" */

void
dg_message_part_type(dg_request_t *rq, const dg_json_event_t *ev,
    const dg_request_rule_t *rule)
{
    u_char    *slash;
    unsigned   offset;

    if (!dg_term_push(&rq->term, ev)) {
        return;
    }

    offset = 0;

    if (rule->data == DG_RQ_MEDIA_TYPE) {
        offset = offsetof(dg_request_facts_t, files);
        slash = memchr(rq->term.data, '/', rq->term.len);

        if (slash) {
            rq->term.len = (unsigned) (slash - rq->term.data);
        }
    }

    offset = dg_term_value(&rq->term, dg_message_parts,
                           dg_nelts(dg_message_parts), offset);

    if (offset) {
        (*dg_request_fact(rq, offset))++;
    }
}


void
dg_message_prompt(dg_request_t *rq, const dg_json_event_t *ev,
    const dg_request_rule_t *rule)
{
    dg_request_facts_t  *facts;

    facts = rq->facts;

    if (ev->type == DG_JSON_STRING) {
        facts->inputs += ev->first;
        dg_message(rq, ev, &dg_request_rules[DG_RQ_INPUT]);
        return;
    }

    if (rule->data == DG_RQ_PROMPT) {
        rq->state &= ~DG_REQUEST_TOKENS;
        return;
    }

    /* a prompt of tokens, or one of the tokens that are the prompt */

    if (ev->type == DG_JSON_NUMBER_VALUE) {
        facts->token_ids++;

        if (rq->state & DG_REQUEST_TOKENS) {
            return;
        }

        rq->state |= DG_REQUEST_TOKENS;
    }

    facts->inputs += ev->first;
    facts->turns[DG_ROLE_USER] += ev->first;
}


void
dg_message_suffix(dg_request_t *rq, const dg_json_event_t *ev,
    const dg_request_rule_t *rule)
{
    (void) rule;

    rq->facts->text[DG_ROLE_USER] += ev->len;
}


void
dg_message_open(dg_request_t *rq, unsigned role)
{
    dg_text_init(&rq->text, rq->key, DG_HASH_CONTENT);

    if (!rq->facts->traces) {
        dg_lexicon_init(&rq->lexicon);
        dg_text_watch(&rq->text, &rq->lexicon);
    }

    if (rq->facts->turns[DG_ROLE_USER] == 0) {
        dg_marks_init(&rq->first, rq->first.key);
    }

    rq->unhashed = 0;
    rq->role = role;
    rq->state &= ~(DG_REQUEST_ROLE | DG_REQUEST_RESULT);
}


static void
dg_message_close(dg_request_t *rq)
{
    dg_id_t              id;
    unsigned             role, same;
    uint64_t             bytes;
    dg_request_facts_t  *facts;

    facts = rq->facts;
    bytes = rq->text.bytes + rq->unhashed;
    role = rq->role == DG_ROLES ? DG_ROLE_USER : rq->role;

    if (role == DG_ROLE_USER && bytes == 0
        && (rq->state & DG_REQUEST_RESULT))
    {
        role = DG_ROLE_TOOL;
    }

    /* what the model did in several items is one turn */

    same = (role == DG_ROLE_ASSISTANT && rq->last == role
            && (rq->state & (DG_REQUEST_ROLE | DG_REQUEST_ITEM))
               != DG_REQUEST_ROLE);

    rq->last = role;
    rq->state &= ~DG_REQUEST_ITEM;

    if (!(rq->state & DG_REQUEST_ROLE)) {
        rq->state |= DG_REQUEST_ITEM;
    }

    facts->turns[role] += !same;
    facts->text[role] += bytes;

    if (role != DG_ROLE_USER && role != DG_ROLE_SYSTEM) {
        return;
    }

    id = dg_text_final(&rq->text);
    facts->invisible += rq->text.invisible;

    if (rq->text.lexicon) {
        facts->traces = dg_lexicon_end(&rq->lexicon);
    }

    if (role == DG_ROLE_USER) {
        facts->content = id;
        facts->content_len = bytes;

        if (facts->turns[role] == 1) {
            facts->first = id;
        }

    } else if (!dg_id_none(&id)) {
        dg_request_hash_id(&rq->system, &id);
        rq->state |= DG_REQUEST_SYSTEM;
    }
}
