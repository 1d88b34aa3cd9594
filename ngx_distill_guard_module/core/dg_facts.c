/*
 * Copyright (C) 2026 Distill Guard
 */


#include "dg_facts.h"


#define DG_TEXT_TOKEN    4       /* bytes of text in a token */

/* tokens; what stands around a text, and middling sizes of what is not text */

#define DG_TURN_TOKENS   4
#define DG_IMAGE_TOKENS  768
#define DG_AUDIO_TOKENS  512
#define DG_FILE_TOKENS   1536


static unsigned dg_facts_charged(const dg_response_facts_t *rs,
    const dg_end_t *end);


const dg_str_t  dg_sources[DG_SOURCES] = {
    dg_string("none"),
    dg_string("reported"),
    dg_string("estimated")
};


uint64_t
dg_tokens_of_text(uint64_t bytes)
{
    return bytes / DG_TEXT_TOKEN + (bytes % DG_TEXT_TOKEN != 0);
}


uint64_t
dg_facts_input_estimate(const dg_request_facts_t *rq)
{
    unsigned  role;
    uint64_t  text, turns;

    if (rq->encoded || rq->malformed || rq->deep) {

        /* what was not read cannot be less than it is */

        return dg_tokens_of_text(rq->bytes);
    }

    text = rq->tool_text;
    turns = 0;

    for (role = 0; role < DG_ROLES; role++) {
        text += rq->text[role];
        turns += rq->turns[role];
    }

    return dg_tokens_of_text(text)
           + turns * DG_TURN_TOKENS
           + rq->token_ids
           + (uint64_t) rq->images * DG_IMAGE_TOKENS
           + (uint64_t) rq->audio * DG_AUDIO_TOKENS
           + (uint64_t) rq->files * DG_FILE_TOKENS;
}


void
dg_facts_usage(dg_usage_t *usage, const dg_request_facts_t *rq,
    const dg_response_facts_t *rs, const dg_end_t *end)
{
    uint64_t  output;

    memset(usage, 0, sizeof(dg_usage_t));

    if (!dg_facts_charged(rs, end)) {
        return;
    }

    usage->source = DG_SOURCE_REPORTED;

    if (rs->has_input) {
        usage->input = rs->input_tokens;

    } else {
        usage->input = dg_facts_input_estimate(rq);
        usage->source = DG_SOURCE_ESTIMATED;
    }

    if (rs->has_output && rs->complete && !rs->error) {
        usage->output = rs->output_tokens;

    } else if (!rq->embedding) {
        output = dg_tokens_of_text(rs->read ? rs->text : rs->bytes);
        usage->output = dg_max(output, rs->output_tokens);
        usage->source = DG_SOURCE_ESTIMATED;
    }

    usage->cached = dg_min(rs->cached_tokens, usage->input);
    usage->cache_write = dg_min(rs->cache_write_tokens, usage->input);
    usage->reasoning = dg_min(rs->reasoning_tokens, usage->output);
}


static unsigned
dg_facts_charged(const dg_response_facts_t *rs, const dg_end_t *end)
{
    if (!end->charged || end->status < 200 || end->status > 299) {
        return 0;
    }

    if (end->status == 204 || end->status == 205) {
        return 0;
    }

    /* some servers put an error into a body of status 200 */

    return !rs->error || rs->text || rs->has_input || rs->has_output;
}
