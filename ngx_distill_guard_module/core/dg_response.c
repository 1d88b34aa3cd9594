/*
 * Copyright (C) 2026 Distill Guard
 *
 * The reader of responses: formats, events, and the rules by which its facts
 * are made.  Facts are kept true as the answer passes: it may break off
 * anywhere, and then what was read is all there is.
 */


#include "dg_response_rule.h"


/* all that an event may change, but for text and the counts of events */

typedef struct {
    dg_response_facts_t   facts;
    uint64_t              parts[DG_USAGES];
    uint64_t              thoughts[2];
    uint64_t              text;
    unsigned              given;
    unsigned              choices;
    unsigned              documents;
    unsigned              state;
    unsigned              findings;
} dg_response_seen_t;


static void dg_response_stream(dg_response_t *rs, const u_char *p,
    size_t len);
static void dg_response_one(dg_response_t *rs, const u_char *p, size_t len);
static void dg_response_see(const dg_response_t *rs,
    dg_response_seen_t *seen);
static unsigned dg_response_same(const dg_response_seen_t *one,
    const dg_response_seen_t *two);
static void dg_response_data(void *ctx, const u_char *p, size_t len);
static void dg_response_event_end(void *ctx, dg_sse_t *sse);
static void dg_response_event(void *ctx, const dg_json_event_t *ev);
static void dg_response_note(dg_response_t *rs);


#define bit(type)  (1u << (type))

#define O  bit(DG_JSON_OBJECT)
#define A  bit(DG_JSON_ARRAY)
#define S  bit(DG_JSON_STRING)
#define N  bit(DG_JSON_NUMBER_VALUE)
#define B  (bit(DG_JSON_TRUE) | bit(DG_JSON_FALSE))

static const dg_response_rule_t  dg_response_rules[DG_RS_FIELDS] = {

    [DG_RS_ID] = { dg_answer_id, S, 0 },
    [DG_RS_ITEM_ID] = { dg_answer_item_id, S, 0 },
    [DG_RS_SIGNATURE] = { dg_answer_signature, S, 0 },
    [DG_RS_MODEL] = { dg_answer_model, S, 0 },
    [DG_RS_TYPE] = { dg_answer_word, S, 0 },
    [DG_RS_CHOICES] = { dg_answer_choices, A, 0 },
    [DG_RS_CHOICE] = { dg_answer_choice, O, 0 },
    [DG_RS_INDEX] = { dg_answer_index, N, 0 },

    [DG_RS_TEXT] = { dg_answer_text, S, 0 },
    [DG_RS_VALUE] = { dg_answer_text, S|N|B, 0 },
    [DG_RS_THOUGHT] = { dg_answer_thought, S, 0 },
    [DG_RS_THOUGHT_TWIN] = { dg_answer_thought, S, 1 },
    [DG_RS_DELTA] = { dg_answer_delta, S, 0 },

    [DG_RS_FINISH] = { dg_answer_finish, S, DG_RS_FINISH },
    [DG_RS_FINISH_DETAIL] = { dg_answer_finish, S, DG_RS_FINISH_DETAIL },
    [DG_RS_STATUS] = { dg_answer_word, S, 0 },
    [DG_RS_DONE] = { dg_answer_done, B, 0 },

    [DG_RS_ERROR] = { dg_answer_error, O|S, 0 },
    [DG_RS_ERROR_TYPE] = { dg_answer_error_kind, S, DG_RS_ERROR_TYPE },
    [DG_RS_ERROR_CODE] = { dg_answer_error_kind, S, DG_RS_ERROR_CODE },

    [DG_RS_USAGE] = { dg_answer_usage, O, 0 },
    [DG_RS_INPUT] = { dg_answer_part, N, DG_USAGE_INPUT },
    [DG_RS_INPUT_READ] = { dg_answer_part, N, DG_USAGE_INPUT_READ },
    [DG_RS_INPUT_WRITE] = { dg_answer_part, N, DG_USAGE_INPUT_WRITE },
    [DG_RS_INPUT_TOOL] = { dg_answer_part, N, DG_USAGE_INPUT_TOOL },
    [DG_RS_CACHED] = { dg_answer_part, N, DG_USAGE_CACHED },
    [DG_RS_CACHE_WRITE] = { dg_answer_part, N, DG_USAGE_CACHE_WRITE },
    [DG_RS_OUTPUT] = { dg_answer_part, N, DG_USAGE_OUTPUT },
    [DG_RS_THOUGHTS] = { dg_answer_part, N, DG_USAGE_THOUGHTS },
    [DG_RS_REASONING] = { dg_answer_part, N, DG_USAGE_REASONING },
    [DG_RS_TOTAL] = { dg_answer_part, N, DG_USAGE_TOTAL },
    [DG_RS_TIMED_INPUT] = { dg_answer_part, N, DG_USAGE_TIMED_INPUT },
    [DG_RS_TIMED_READ] = { dg_answer_part, N, DG_USAGE_TIMED_READ },
    [DG_RS_TIMED_OUTPUT] = { dg_answer_part, N, DG_USAGE_TIMED_OUTPUT }
};

#undef bit
#undef O
#undef A
#undef S
#undef N
#undef B


static const dg_term_value_t  dg_response_formats[] = {
    { dg_string("text/event-stream"), DG_FORMAT_SSE },
    { dg_string("application/json"), DG_FORMAT_JSON },
    { dg_string("text/json"), DG_FORMAT_JSON },
    { dg_string("*+json"), DG_FORMAT_JSON },
    { dg_string("application/x-ndjson"), DG_FORMAT_NDJSON },
    { dg_string("application/ndjson"), DG_FORMAT_NDJSON },
    { dg_string("application/jsonl"), DG_FORMAT_NDJSON },
    { dg_string("application/x-jsonlines"), DG_FORMAT_NDJSON }
};


static const u_char  dg_response_mark[6] = "[DONE]";

/* in dg_response_t.mark: the data of the event is something else */
#define DG_RESPONSE_NO_MARK  (sizeof(dg_response_mark) + 1)


dg_format_t
dg_response_format(const u_char *type, size_t len)
{
    size_t     i;
    dg_term_t  term;

    for (i = 0; i < len && type[i] != ';' && type[i] != ','; i++) {

        if (i == sizeof(term.data)) {
            return DG_FORMAT_NONE;
        }

        term.data[i] = type[i];

        if (type[i] >= 'A' && type[i] <= 'Z') {
            term.data[i] |= 0x20;
        }
    }

    while (i && (term.data[i - 1] == ' ' || term.data[i - 1] == '\t')) {
        i--;
    }

    term.len = (unsigned) i;

    return (dg_format_t) dg_term_value(&term, dg_response_formats,
                                       dg_nelts(dg_response_formats),
                                       DG_FORMAT_NONE);
}


void
dg_response_init(dg_response_t *rs, dg_dialect_id_t dialect,
    dg_format_t format, const dg_hash_key_t *key, dg_response_facts_t *facts)
{
    memset(facts, 0, sizeof(dg_response_facts_t));
    facts->read = (format != DG_FORMAT_NONE);

    rs->key = key;
    rs->facts = facts;
    rs->dialect = dialect;
    rs->format = format;

    memset(rs->parts, 0, sizeof(rs->parts));
    memset(rs->thoughts, 0, sizeof(rs->thoughts));
    rs->given = 0;
    rs->choices = 0;
    rs->documents = 0;
    rs->mark = 0;
    rs->state = 0;

    dg_repeat_init(&rs->repeat);
    dg_sse_init(&rs->sse, dg_response_data, dg_response_event_end, rs);
    dg_json_init(&rs->json, dg_dialect_response_schema(dialect),
                 dg_response_event, rs);
}


void
dg_response_push(dg_response_t *rs, const u_char *p, size_t len)
{
    rs->facts->bytes += len;

    if (rs->facts->encoded) {
        rs->facts->read = 0;
        return;
    }

    switch (rs->format) {

    case DG_FORMAT_NONE:
        return;

    case DG_FORMAT_SSE:
        dg_response_stream(rs, p, len);
        break;

    default:
        dg_json_push(&rs->json, p, len);
    }

    dg_response_note(rs);
}


/* event by event, as far as they are here in one piece */

static void
dg_response_stream(dg_response_t *rs, const u_char *p, size_t len)
{
    size_t    n;
    uint64_t  text;

    while (len && dg_repeat_wanted(&rs->repeat)) {

        if (!dg_sse_between(&rs->sse)) {
            dg_repeat_drop(&rs->repeat);
            n = dg_sse_whole(p, len);

            if (n == 0) {
                break;
            }

            dg_sse_push(&rs->sse, p, n);

        } else {
            n = dg_repeat_match(&rs->repeat, p, len, &text);

            if (n) {
                rs->facts->text += text;
                rs->json.documents++;
                rs->sse.events++;

            } else {
                n = dg_sse_whole(p, len);

                if (n == 0) {
                    break;
                }

                dg_response_one(rs, p, n);
            }
        }

        p += n;
        len -= n;
    }

    if (len) {
        dg_repeat_drop(&rs->repeat);
        dg_sse_push(&rs->sse, p, len);
    }
}


/*
 * An event that changes nothing is kept.  The next one that is the same in all
 * that matters changes nothing either, for it is read in the same state.
 */

static void
dg_response_one(dg_response_t *rs, const u_char *p, size_t len)
{
    uint64_t            events;
    dg_response_seen_t  before, after;

    dg_response_see(rs, &before);
    events = rs->sse.events;

    dg_repeat_begin(&rs->repeat);
    dg_sse_push(&rs->sse, p, len);
    dg_response_see(rs, &after);

    if (rs->sse.events == events + 1
        && after.documents == before.documents + 1
        && dg_sse_between(&rs->sse)
        && dg_response_same(&before, &after))
    {
        dg_repeat_keep(&rs->repeat, p, len, after.text - before.text);

    } else {
        dg_repeat_drop(&rs->repeat);
    }
}


static void
dg_response_see(const dg_response_t *rs, dg_response_seen_t *seen)
{
    seen->facts = *rs->facts;
    seen->text = seen->facts.text;
    seen->facts.text = 0;

    memcpy(seen->parts, rs->parts, sizeof(seen->parts));
    memcpy(seen->thoughts, rs->thoughts, sizeof(seen->thoughts));

    seen->given = rs->given;
    seen->choices = rs->choices;
    seen->documents = rs->json.documents;
    seen->state = rs->state;
    seen->findings = rs->json.malformed | rs->json.deep << 1
                     | rs->json.wide << 2 | rs->json.duplicate << 3
                     | rs->json.surrogate << 4;
}


/* a stream that has told its end, or is within a signature, is never so */

static unsigned
dg_response_same(const dg_response_seen_t *one,
    const dg_response_seen_t *two)
{
    return one->given == two->given
           && one->choices == two->choices
           && one->state == two->state
           && one->findings == two->findings
           && !(two->state & (DG_RESPONSE_FINISHED | DG_RESPONSE_SIGNATURE))
           && !two->facts.complete
           && memcmp(one->parts, two->parts, sizeof(one->parts)) == 0
           && memcmp(one->thoughts, two->thoughts, sizeof(one->thoughts)) == 0
           && memcmp(&one->facts, &two->facts, sizeof(one->facts)) == 0;
}


void
dg_response_end(dg_response_t *rs)
{
    dg_response_facts_t  *facts;

    facts = rs->facts;

    if (facts->encoded || rs->format == DG_FORMAT_NONE) {
        facts->read = 0;
        return;
    }

    if (rs->format != DG_FORMAT_SSE) {
        dg_json_end(&rs->json);

    } else if (rs->state & DG_RESPONSE_EVENT) {

        /* the last blank line may be missing; half an event ends nothing */

        dg_response_event_end(rs, &rs->sse);
    }

    dg_answer_signed(rs);
    dg_response_note(rs);

    if (rs->format == DG_FORMAT_JSON) {
        facts->complete = (rs->json.documents != 0 && !facts->malformed);
    }

    if (facts->choices == 0 && (facts->text || facts->finish_len)) {
        facts->choices = 1;
    }
}


/* data that is "[DONE]" is not JSON: what may become it is held back */

static void
dg_response_data(void *ctx, const u_char *p, size_t len)
{
    dg_response_t *rs = ctx;

    unsigned  held;

    if (!(rs->state & DG_RESPONSE_EVENT)) {
        rs->state |= DG_RESPONSE_EVENT;
        rs->documents = rs->json.documents;
        rs->mark = 0;
    }

    if (rs->mark != DG_RESPONSE_NO_MARK) {

        while (len && rs->mark < sizeof(dg_response_mark)
               && *p == dg_response_mark[rs->mark])
        {
            rs->mark++;
            p++;
            len--;
        }

        if (len == 0 || rs->mark == sizeof(dg_response_mark)) {
            return;
        }

        held = rs->mark;
        rs->mark = DG_RESPONSE_NO_MARK;

        dg_json_push(&rs->json, dg_response_mark, held);
    }

    dg_json_push(&rs->json, p, len);
}


static void
dg_response_event_end(void *ctx, dg_sse_t *sse)
{
    dg_response_t *rs = ctx;

    (void) sse;

    if (rs->mark == sizeof(dg_response_mark)) {
        rs->facts->complete = 1;

    } else {

        if (rs->mark < sizeof(dg_response_mark)) {
            dg_json_push(&rs->json, dg_response_mark, rs->mark);
        }

        dg_json_end(&rs->json);

        if ((rs->state & DG_RESPONSE_FINISHED)
            && rs->json.documents != rs->documents)
        {
            rs->facts->complete = 1;
        }

        dg_json_next(&rs->json);
    }

    if (!(rs->state & DG_RESPONSE_SIGNED)) {
        dg_answer_signed(rs);
    }

    rs->mark = 0;
    rs->state &= ~(DG_RESPONSE_EVENT | DG_RESPONSE_SIGNED
                   | DG_RESPONSE_MEDIA);
}


static void
dg_response_event(void *ctx, const dg_json_event_t *ev)
{
    dg_response_t *rs = ctx;

    const dg_response_rule_t  *rule;

    rule = &dg_response_rules[ev->field];

    if (rs->repeat.asking && ev->last && ev->type >= DG_JSON_STRING) {
        dg_repeat_ask(&rs->repeat, rs->json.begin, rs->json.end,
                      ev->type == DG_JSON_STRING
                      && (rule->handler == dg_answer_text
                          || rule->handler == dg_answer_delta));
    }

    if (rule->types & 1u << ev->type) {
        rule->handler(rs, ev, rule);
    }
}


static void
dg_response_note(dg_response_t *rs)
{
    dg_response_facts_t  *facts;

    facts = rs->facts;
    facts->malformed = rs->json.malformed || rs->json.deep;

    if (rs->format == DG_FORMAT_SSE) {
        facts->events = rs->sse.events;

    } else if (rs->format == DG_FORMAT_NDJSON) {
        facts->events = rs->json.documents;

        if (rs->state & DG_RESPONSE_FINISHED) {
            facts->complete = 1;
        }
    }
}
