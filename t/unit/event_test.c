/*
 * Copyright (C) 2026 Distill Guard
 *
 * Events as whole lines, the fullest event there can be, and random ones:
 * each is JSON, in ASCII, and of bounded length.
 */


#include <limits.h>

#include "dg_event.h"
#include "dg_json.h"
#include "dg_policy.h"
#include "dg_test.h"


#define GUARD   0xa5
#define ROUNDS  2000


typedef struct {
    unsigned        seen[90];        /* by field */
    unsigned        items;
    unsigned        model_len;
    u_char          model[4 * DG_MODEL];
} seen_t;


enum {
    FIELD_MODEL = 86,
    FIELD_ITEM,
    FIELD_MARK
};


/* every member of the fullest event */

static const char  *members[] = {
    "v", "t", "key", "account", "origin", "asn", "country", "hosting",
    "anonymous", "client", "relay", "exempt", "dialect", "verdict", "score",
    "reasons", "campaign", "template", "status", "ms", "aborted",
    "input_tokens", "output_tokens",
    "cached_tokens", "cache_write_tokens", "reasoning_tokens", "source",
    "finish", "error", "answer_findings", "stream", "include_usage", "echo",
    "logprobs", "reasoning", "traces", "embedding", "max_tokens", "temperature",
    "findings", "bytes", "n", "min_tokens", "top_logprobs",
    "prompt_logprobs", "logit_bias", "stops", "tools", "tool_text", "images",
    "audio", "files", "inputs", "token_ids", "invisible", "turns.system",
    "turns.tool", "text.user", "text.assistant", "system", "tool_set",
    "first", "content", "content_len", "shared_issued", "shared_refused",
    "shared_accepted", "shared_accounts"
};


static const dg_ruling_found_t  ruled = {
    DG_RULING_BLOCK, DG_KIND_CAMPAIGN, { { 0, 0xb10 } }, 5, "alice"
};


#define HALF  (dg_nelts(members) / 2)


static dg_json_schema_t  schema;
static dg_json_schema_t  more_schema;

static const dg_limit_t  limit = {
    .kind = DG_KIND_ACCOUNT, .metric = DG_METRIC_REQUESTS,
    .period = DG_MINUTE, .n = 60
};

static const dg_limit_t  longest = {
    .kind = DG_KIND_ACCOUNT, .metric = DG_METRIC_OUTPUT, .period = DG_DAY,
    .n = DG_LIMIT_MAX
};

static const dg_score_t  score = {
    .score = 41, .n = 2,
    .reason = {
        { DG_SIGNAL_TEMPLATE, 61, 20, 200, 30, 0 },
        { DG_SIGNAL_BALANCE, 1.0625, 5, 2.5, 11, 0 }
    }
};


static void
on_json(void *ctx, const dg_json_event_t *ev)
{
    seen_t  *seen = ctx;

    if (ev->field == FIELD_ITEM) {
        seen->items += ev->last;
        return;
    }

    seen->seen[ev->field] += ev->first;

    if (ev->field == FIELD_MODEL
        && ev->type == DG_JSON_STRING
        && seen->model_len + ev->len <= sizeof(seen->model))
    {
        memcpy(seen->model + seen->model_len, ev->data, ev->len);
        seen->model_len += ev->len;
    }
}


/* the members from one to another: a schema takes not all of them at once */

static void
compile_schema(unsigned from, unsigned to)
{
    unsigned         i;
    dg_json_path_t   paths[dg_nelts(members) + 2];

    for (i = 0; from < to; i++, from++) {
        paths[i].path = members[from];
        paths[i].field = from + 1;
    }

    paths[i].path = "model";
    paths[i++].field = FIELD_MODEL;
    paths[i].path = "issued[]";
    paths[i++].field = FIELD_ITEM;

    dg_ok(dg_json_schema(&schema, paths, i, 0) == DG_OK, "schema");

    paths[0].path = "marks[]";
    paths[0].field = FIELD_MARK;
    paths[1].path = "presented[]";
    paths[1].field = FIELD_ITEM;

    dg_ok(dg_json_schema(&more_schema, paths, 2, 0) == DG_OK,
          "schema of the rest");
}


/* writes into guarded room; 0 if the line is anything it must not be */

static int
write_event(u_char *line, size_t *len, const dg_event_t *ev, seen_t *seen)
{
    size_t     i;
    u_char    *end;
    dg_json_t  json;

    memset(line, GUARD, DG_EVENT_SIZE + 64);
    memset(seen, 0, sizeof(seen_t));

    end = dg_event_write(line, ev);
    *len = end - line;

    if (*len > DG_EVENT_SIZE) {
        return 0;
    }

    for (i = 0; i < *len; i++) {
        if (line[i] < 0x20 || line[i] > 0x7e) {
            return 0;
        }
    }

    for (i = DG_EVENT_SIZE; i < DG_EVENT_SIZE + 64; i++) {
        if (line[i] != GUARD) {
            return 0;
        }
    }

    dg_json_init(&json, &more_schema, on_json, seen);
    dg_json_push(&json, line, *len);
    dg_json_end(&json);

    dg_json_init(&json, &schema, on_json, seen);
    dg_json_push(&json, line, *len);
    dg_json_end(&json);

    return json.documents == 1 && !json.malformed && !json.deep
           && !json.wide && !json.duplicate && !json.surrogate;
}


static void
is_line(const dg_event_t *ev, const char *expected, const char *name)
{
    int      valid;
    u_char   line[DG_EVENT_SIZE + 64];
    size_t   len;
    seen_t   seen;

    valid = write_event(line, &len, ev, &seen);

    if (!dg_ok(valid && len == strlen(expected)
               && memcmp(line, expected, len) == 0, "%s", name))
    {
        printf("# %.*s\n", (int) len, (char *) line);
    }
}


static void
test_lines(void)
{
    dg_event_t           ev;
    dg_usage_t           usage;
    dg_request_facts_t   rq;
    dg_response_facts_t  rs;

    memset(&ev, 0, sizeof(ev));
    memset(&usage, 0, sizeof(usage));
    memset(&rq, 0, sizeof(rq));
    memset(&rs, 0, sizeof(rs));

    ev.t_ms = 1700000000007;
    is_line(&ev, "{\"v\":1,\"t\":1700000000.007,\"verdict\":\"PASS\"}",
            "nothing is known");

    rq.n = 1;
    rq.temperature = -1;
    rs.complete = 1;
    rs.read = 1;
    ev.request = &rq;
    ev.response = &rs;
    ev.usage = &usage;
    is_line(&ev, "{\"v\":1,\"t\":1700000000.007,\"verdict\":\"PASS\"}",
            "defaults are left out");

    ev.key.v[0] = 0x0123456789abcdef;
    ev.key.v[1] = 1;
    ev.account = ev.key;
    dg_origin_v4(&ev.origin, (const u_char *) "\xcb\x00\x71\x07");
    ev.asn = 64500;
    ev.country[0] = 'D';
    ev.country[1] = 'E';
    ev.dialect = DG_OPENAI_CHAT;
    ev.status = 200;
    ev.duration_ms = 4000;
    ev.limit = &limit;
    ev.value = 61;
    ev.wait_ms = 1500;
    ev.verdict = DG_THROTTLE;
    ev.dry_run = 1;
    ev.relay = 1;
    ev.campaign.v[1] = 0xca;
    ev.template.v[1] = 0x7e;
    usage.input = 9;
    usage.output = 12;
    usage.source = DG_SOURCE_REPORTED;
    rq.stream = 1;
    rq.capped = 1;
    rq.temperature = 700;
    rq.turns[DG_ROLE_USER] = 2;
    rq.text[DG_ROLE_USER] = 31;
    rq.duplicate = 1;
    rq.surrogate = 1;
    memcpy(rq.model, "gpt", 3);
    rq.model_len = 3;
    memcpy(rs.model, "gpt-2026", 8);
    rs.model_len = 8;
    memcpy(rs.finish, "stop", 4);
    rs.finish_len = 4;
    rs.issued.n = 1;
    rs.issued.id[0] = ev.key;
    rs.complete = 0;
    rq.traces = 1;
    rq.marks.n = 2;
    rq.marks.kind[0] = DG_MARK_TAIL_64;
    rq.marks.value[0] = 0xfedcba9876543210;
    rq.marks.kind[1] = DG_MARK_ANCHOR;
    rq.marks.value[1] = 5;

    is_line(&ev, "{\"v\":1,\"t\":1700000000.007,"
            "\"key\":\"0123456789abcdef0000000000000001\","
            "\"account\":\"0123456789abcdef0000000000000001\","
            "\"origin\":\"203.0.113.0/24\",\"asn\":64500,\"country\":\"DE\","
            "\"relay\":true,"
            "\"dialect\":\"openai.chat\",\"model\":\"gpt\","
            "\"verdict\":\"THROTTLE_DRY_RUN\",\"reasons\":["
            "{\"limit\":\"account requests=60/m\",\"value\":61,\"max\":60,"
            "\"wait_ms\":1500}],"
            "\"campaign\":\"000000000000000000000000000000ca\","
            "\"template\":\"0000000000000000000000000000007e\","
            "\"status\":200,\"ms\":4000,\"input_tokens\":9,"
            "\"output_tokens\":12,\"source\":\"reported\","
            "\"finish\":\"stop\","
            "\"issued\":[\"0123456789abcdef0000000000000001\"],"
            "\"answer_findings\":[\"incomplete\"],"
            "\"stream\":true,\"traces\":true,\"max_tokens\":0,"
            "\"temperature\":0.7,"
            "\"findings\":[\"duplicate\",\"surrogate\"],"
            "\"turns\":{\"user\":2},\"text\":{\"user\":31},"
            "\"marks\":[\"Tfedcba9876543210\",\"a0000000000000005\"]}",
            "an exchange");
}


static void
test_temperature(void)
{
    char                 expected[128];
    size_t               i;
    dg_event_t           ev;
    dg_request_facts_t   rq;

    static const struct {
        int32_t          thousandths;
        const char      *text;
    } tests[] = {
        { 0, "0" }, { 1000, "1" }, { 1250, "1.25" }, { 10, "0.01" },
        { 2001, "2.001" }, { -500, "-0.5" },
        { INT32_MAX, "2147483.647" }, { INT32_MIN, "-2147483.648" }
    };

    memset(&ev, 0, sizeof(ev));
    memset(&rq, 0, sizeof(rq));

    rq.n = 1;
    ev.request = &rq;

    for (i = 0; i < dg_nelts(tests); i++) {
        rq.temperature = tests[i].thousandths;
        snprintf(expected, sizeof(expected), "{\"v\":1,\"t\":0.000,"
                 "\"verdict\":\"PASS\",\"temperature\":%s}", tests[i].text);
        is_line(&ev, expected, tests[i].text);
    }
}


static void
are_reasons(const dg_event_t *ev, const char *expected, const char *name)
{
    u_char  text[DG_EVENT_REASONS];
    size_t  len;

    len = dg_event_reasons(text, ev) - text;

    if (!dg_ok(len == strlen(expected) && memcmp(text, expected, len) == 0,
               "%s", name))
    {
        printf("# %.*s\n", (int) len, (char *) text);
    }
}


static void
test_reasons(void)
{
    char         expected[DG_EVENT_REASONS];
    dg_event_t   ev;

    memset(&ev, 0, sizeof(ev));

    are_reasons(&ev, "[]", "no reasons");

    ev.verdict = DG_THROTTLE;
    ev.limit = &longest;
    ev.value = UINT64_MAX;
    ev.wait_ms = UINT64_MAX;

    are_reasons(&ev, "[{\"limit\":\"account output_tokens="
                "1000000000000000/d\",\"value\":18446744073709551615,"
                "\"max\":1000000000000000,"
                "\"wait_ms\":18446744073709551615}]",
                "the longest of a limit");

    ev.limit = NULL;
    ev.wait_ms = 58000;
    are_reasons(&ev, "[{\"refused\":\"content\",\"wait_ms\":58000}]",
                "what another was refused");

    ev.verdict = DG_BLOCK;
    are_reasons(&ev, "[{\"refused\":\"account\",\"wait_ms\":58000}]",
                "a block of an account");

    ev.campaign.v[1] = 1;
    are_reasons(&ev, "[{\"refused\":\"campaign\",\"wait_ms\":58000}]",
                "a block of a campaign");

    ev.ruling = &ruled;
    are_reasons(&ev, "[{\"decision\":\"block\",\"subject\":\""
                "campaign:00000000000000000000000000000b10\"}]",
                "a block by an operator, without his name");

    ev.ruling = NULL;
    ev.score = &score;
    ev.verdict = DG_TAG;

    snprintf(expected, sizeof(expected),
             "[{\"signal\":\"template\",\"value\":61,\"soft\":20,"
             "\"hard\":200,\"points\":30,\"window\":%u},"
             "{\"signal\":\"balance\",\"value\":1.063,\"soft\":5,"
             "\"hard\":2.5,\"points\":11,\"window\":%u}]",
             dg_signals[DG_SIGNAL_TEMPLATE].window,
             dg_signals[DG_SIGNAL_BALANCE].window);

    are_reasons(&ev, expected, "signals");
}


/* what is outside of ASCII, or of no use to a terminal, is escaped */

static void
test_model(void)
{
    u_char               line[DG_EVENT_SIZE + 64];
    size_t               len;
    seen_t               seen;
    dg_event_t           ev;
    dg_request_facts_t   rq;
    static const u_char  model[] = "a\"b\\c\n\x1b[\x7f\xff/d";

    memset(&ev, 0, sizeof(ev));
    memset(&rq, 0, sizeof(rq));

    rq.temperature = -1;
    rq.model_len = sizeof(model) - 1;
    memcpy(rq.model, model, rq.model_len);
    ev.request = &rq;

    dg_ok(write_event(line, &len, &ev, &seen), "a hostile model is JSON");
    dg_ok(seen.model_len == sizeof(model)
          && memcmp(seen.model, "a\"b\\c\n\x1b[\x7f\xc3\xbf/d",
                    sizeof(model)) == 0,
          "and is still to be read");
}


/* all that can be set is set, and as long as it can be */

static void
fill(dg_event_t *ev, dg_request_facts_t *rq, dg_response_facts_t *rs,
    dg_usage_t *usage)
{
    size_t              i;

    static dg_score_t   full;
    static dg_shared_t  shared;

    memset(&full, 0, sizeof(dg_score_t));

    full.score = DG_SCORE_MAX;
    full.n = DG_SIGNALS;

    for (i = 0; i < DG_SIGNALS; i++) {
        full.reason[i].signal = (dg_signal_id_t) i;
        full.reason[i].value = -1e300;
        full.reason[i].soft = -1e12 + .001;
        full.reason[i].hard = -999999999999.999;
        full.reason[i].points = UINT_MAX;
    }

    memset(&shared, 0xff, sizeof(dg_shared_t));
    memset(rq, 0xff, sizeof(dg_request_facts_t));
    memset(rs, 0xff, sizeof(dg_response_facts_t));
    memset(usage, 0xff, sizeof(dg_usage_t));
    memset(ev, 0xff, sizeof(dg_event_t));

    rq->capped = 0;
    rq->temperature = INT32_MIN;
    rq->model_len = DG_MODEL;
    rs->model_len = DG_MODEL;
    rs->finish_len = DG_FINISH;
    rs->error_len = DG_ERROR_KIND;
    rs->complete = 0;
    usage->source = DG_SOURCE_ESTIMATED;

    dg_origin_v6(&ev->origin, (const u_char *) "\xff\xff\xff\xff\xff\xff"
                 "\xff\xff\x00\x00\x00\x00\x00\x00\x00\x01");
    ev->dialect = DG_OPENAI_COMPLETIONS;
    ev->verdict = DG_THROTTLE;
    ev->dry_run = 1;
    ev->limit = &longest;
    ev->score = &full;
    ev->ruling = &ruled;
    ev->request = rq;
    ev->response = rs;
    ev->shared = &shared;
    ev->usage = usage;
}


static void
test_fullest(void)
{
    u_char               line[DG_EVENT_SIZE + 64];
    size_t               len;
    seen_t               seen;
    unsigned             i, part, missing;
    dg_event_t           ev;
    dg_usage_t           usage;
    dg_request_facts_t   rq;
    dg_response_facts_t  rs;

    fill(&ev, &rq, &rs, &usage);

    /* "read" is set: unread and incomplete never come together */

    missing = 0;

    for (part = 0; part < 2; part++) {
        compile_schema(part * HALF, part ? dg_nelts(members) : HALF);

        dg_ok(write_event(line, &len, &ev, &seen),
              "the fullest event is JSON");

        for (i = part * HALF; i < (part ? dg_nelts(members) : HALF); i++) {
            if (seen.seen[i + 1] != 1) {
                printf("# no %s\n", members[i]);
                missing++;
            }
        }
    }

    dg_ok(missing == 0, "and has every member (%u bytes)", (unsigned) len);
    dg_ok(seen.items == 2 * DG_IDS, "and all ids");
    dg_ok(seen.seen[FIELD_MARK] == DG_FEW_MARKS, "and all marks");
    dg_ok(seen.model_len == 2 * DG_MODEL, "and the whole model");
}


static void
test_random(void)
{
    size_t               i, len;
    u_char               line[DG_EVENT_SIZE + 64];
    seen_t               seen;
    uint64_t             seed;
    unsigned             round, bad;
    dg_event_t           ev;
    dg_usage_t           usage;
    dg_request_facts_t   rq;
    dg_response_facts_t  rs;

    seed = 42;
    bad = 0;

    for (round = 0; round < ROUNDS; round++) {

        fill(&ev, &rq, &rs, &usage);

        for (i = 0; i < sizeof(rq); i++) {
            ((u_char *) &rq)[i] = (u_char) (dg_test_random(&seed) >> 24);
        }

        for (i = 0; i < sizeof(rs); i++) {
            ((u_char *) &rs)[i] = (u_char) (dg_test_random(&seed) >> 24);
        }

        rq.model_len %= DG_MODEL + 1;
        rs.model_len %= DG_MODEL + 1;
        rs.finish_len %= DG_FINISH + 1;
        rs.error_len %= DG_ERROR_KIND + 1;
        rs.issued.n %= 2 * DG_IDS;
        rq.presented.n %= 2 * DG_IDS;
        ev.dialect = dg_test_random(&seed) % DG_DIALECTS;
        ev.verdict = dg_test_random(&seed) % DG_VERDICTS;
        usage.source = dg_test_random(&seed) % DG_SOURCES;

        bad += !write_event(line, &len, &ev, &seen);
    }

    dg_ok(bad == 0, "%u random events", ROUNDS);
}


int
main(void)
{
    compile_schema(0, HALF);

    test_lines();
    test_temperature();
    test_reasons();
    test_model();
    test_fullest();
    test_random();

    return dg_done();
}
