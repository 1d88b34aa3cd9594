/*
 * Copyright (C) 2026 Distill Guard
 *
 * What an answer issues, which form it has, and what is known of it as it
 * passes.
 */


#include "response_kit.h"


/* what an answer issues is what a request presents */

static unsigned
presents(const dg_response_facts_t *rs, const char *path, const char *body)
{
    unsigned            i, j, found;
    dg_request_t        rq;
    dg_endpoint_t       ep;
    dg_request_facts_t  facts;

    match(&ep, path);
    dg_marks_derive(&marks, &key);
    dg_request_init(&rq, &ep, &key, &marks, &facts);
    dg_request_push(&rq, (const u_char *) body, strlen(body));
    dg_request_end(&rq);

    found = 0;

    for (i = 0; i < facts.presented.n; i++) {
        for (j = 0; j < rs->issued.n; j++) {
            found += dg_id_equal(&facts.presented.id[i], &rs->issued.id[j]);
        }
    }

    return found;
}


static void
test_ids(void)
{
    size_t               i;
    dg_endpoint_t        ep;
    dg_response_facts_t  facts;

    static const struct {
        const char  *name;
        const char  *path;
        const char  *type;
        const char  *response;
        const char  *request;
    } pairs[] = {

        { "a tool call of a chat", CHAT, JSON,
          "{\"choices\":[{\"message\":{\"tool_calls\":[{\"id\":\"call_1\"}]}"
          "}]}",
          "{\"messages\":[{\"role\":\"tool\",\"tool_call_id\":\"call_1\"}]}" },

        { "a tool call of a stream", CHAT, SSE,
          "data: {\"choices\":[{\"delta\":{\"tool_calls\":[{\"id\":"
          "\"call_1\"}]}}]}\n\n",
          "{\"messages\":[{\"role\":\"assistant\",\"tool_calls\":[{\"id\":"
          "\"call_1\"}]}]}" },

        { "a response", RESPONSES, SSE, CREATED,
          "{\"previous_response_id\":\"resp_1\"}" },

        { "a call of a response", RESPONSES, JSON,
          "{\"output\":[{\"call_id\":\"call_9\"}]}",
          "{\"input\":[{\"type\":\"function_call_output\",\"call_id\":"
          "\"call_9\"}]}" },

        { "encrypted reasoning", RESPONSES, SSE,
          EVENT("response.output_item.done", ",\"item\":{"
                "\"encrypted_content\":\"gAAAAB\"}"),
          "{\"input\":[{\"type\":\"reasoning\",\"encrypted_content\":"
          "\"gAAAAB\"}]}" },

        { "Anthropic's tool use", MESSAGES, SSE,
          EVENT("content_block_start", ",\"content_block\":{\"type\":"
                "\"tool_use\",\"id\":\"toolu_1\"}"),
          "{\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":"
          "\"tool_result\",\"tool_use_id\":\"toolu_1\"}]}]}" },

        { "a signature in one event", MESSAGES, SSE,
          EVENT("content_block_delta", ",\"delta\":{\"signature\":"
                "\"c2lnbmF0dXJl\"}")
          EVENT("content_block_stop", ""),
          "{\"messages\":[{\"role\":\"assistant\",\"content\":[{\"type\":"
          "\"thinking\",\"signature\":\"c2lnbmF0dXJl\"}]}]}" },

        { "a signature in two events", MESSAGES, SSE,
          EVENT("content_block_delta", ",\"delta\":{\"signature\":"
                "\"c2lnbm\"}")
          EVENT("content_block_delta", ",\"delta\":{\"signature\":"
                "\"F0dXJl\"}"),
          "{\"messages\":[{\"role\":\"assistant\",\"content\":[{\"type\":"
          "\"thinking\",\"signature\":\"c2lnbmF0dXJl\"}]}]}" },

        { "a signature in a message", MESSAGES, JSON,
          "{\"content\":[{\"type\":\"thinking\",\"signature\":\"c2ln\"}]}",
          "{\"messages\":[{\"role\":\"assistant\",\"content\":[{\"type\":"
          "\"thinking\",\"signature\":\"c2ln\"}]}]}" },

        { "Gemini's thought signature, spelled for URLs", GEMINI, JSON,
          "{\"candidates\":[{\"content\":{\"parts\":[{\"thoughtSignature\":"
          "\"a+b/c==\"}]}}]}",
          "{\"contents\":[{\"parts\":[{\"thought_signature\":\"a-b_c\"}]}]}" },

        { "Gemini's function call", GEMINI, JSON,
          "{\"candidates\":[{\"content\":{\"parts\":[{\"functionCall\":{"
          "\"id\":\"f-1\"}}]}}]}",
          "{\"contents\":[{\"parts\":[{\"functionResponse\":{\"id\":"
          "\"f-1\"}}]}]}" }
    };

    for (i = 0; i < dg_nelts(pairs); i++) {
        match(&ep, pairs[i].path);

        dg_ok(read_response(&facts, ep.dialect, pairs[i].type,
                            pairs[i].response) == 0,
              "an id is issued: %s, in any pieces", pairs[i].name);
        dg_ok(facts.issued.n == 1
              && presents(&facts, pairs[i].path, pairs[i].request) == 1,
              "an id is issued and presented: %s", pairs[i].name);
    }
}


static void
test_format(void)
{
    size_t  i;

    static const struct {
        const char   *type;
        dg_format_t   format;
    } types[] = {
        { "application/json", DG_FORMAT_JSON },
        { "application/json; charset=utf-8", DG_FORMAT_JSON },
        { "Application/JSON ;x", DG_FORMAT_JSON },
        { "application/problem+json", DG_FORMAT_JSON },
        { "text/event-stream", DG_FORMAT_SSE },
        { "TEXT/EVENT-STREAM;charset=UTF-8", DG_FORMAT_SSE },
        { "application/x-ndjson", DG_FORMAT_NDJSON },
        { "application/jsonl", DG_FORMAT_NDJSON },
        { "application/jsonx", DG_FORMAT_NONE },
        { "xapplication/json", DG_FORMAT_NONE },
        { "text/html", DG_FORMAT_NONE },
        { "", DG_FORMAT_NONE },
        { ";", DG_FORMAT_NONE },
        { "application/0123456789012345678901234567890123456789012345678901"
          "234567890123456789+json", DG_FORMAT_NONE }
    };

    for (i = 0; i < dg_nelts(types); i++) {
        dg_ok(dg_response_format((const u_char *) types[i].type,
                                 strlen(types[i].type)) == types[i].format,
              "the format of \"%s\"", types[i].type);
    }
}


/* the reader counts what it is told is compressed, and reads nothing */

static void
test_encoded(void)
{
    dg_response_t        rs;
    dg_response_facts_t  facts;

    dg_response_init(&rs, DG_OPENAI_CHAT, DG_FORMAT_JSON, &key, &facts);
    facts.encoded = 1;
    dg_response_push(&rs, (const u_char *) "\x1f\x8b\x08", 3);
    dg_response_end(&rs);

    dg_ok(!facts.read && !facts.malformed && facts.bytes == 3,
          "a compressed answer is counted, not read");
}


/* facts are true while the answer passes, not only at its end */

static void
test_passing(void)
{
    const char           *start;
    dg_response_t         rs;
    dg_response_facts_t   facts;

    start = START("\"input_tokens\":25,\"output_tokens\":1") BLOCK("1234");

    dg_response_init(&rs, DG_ANTHROPIC_MESSAGES, DG_FORMAT_SSE, &key, &facts);
    dg_response_push(&rs, (const u_char *) start, strlen(start));

    dg_ok(facts.has_input && facts.input_tokens == 25 && facts.text == 4
          && facts.events == 2 && !facts.complete,
          "facts are kept as events pass");
}


int
main(void)
{
    if (kit_reader() != DG_OK) {
        return 1;
    }

    test_ids();
    test_format();
    test_encoded();
    test_passing();

    return dg_done();
}
