/*
 * Copyright (C) 2026 Distill Guard
 *
 * What the facts of a request mean: which contents are the same, which ids
 * it presents, and what it may come to.
 */


#include "request_kit.h"


static void
test_content(void)
{
    dg_request_facts_t  a, b;

    a = facts_of_text("\"Caf\xc3\xa9 \xf0\x9f\x98\x80 and A\\n\"");
    b = facts_of_text("\"\\u0043af\\u00e9 \\ud83d\\ude00 and \\u0041\\n\"");
    dg_ok(same(content, a, b), "escaped text is its plain twin");

    b = facts_of_text("\"caf\xc3\xa9   \xf0\x9f\x98\x80 AND a\"");
    dg_ok(same(content, a, b), "text is normalised");

    b = facts_of_text("[{\"type\":\"text\",\"text\":\"caf\xc3\xa9 "
                      "\xf0\x9f\x98\x80 and a\"}]");
    dg_ok(same(content, a, b), "one part is its text");

    b = facts_of_text("[{\"text\":\"caf\xc3\xa9 \xf0\x9f\x98\x80\","
                      "\"type\":\"text\"},"
                      "{\"type\":\"text\",\"text\":\" and a\"}]");
    dg_ok(!same(content, a, b), "two parts are not one");

    b = facts_of_text("[{\"type\":\"text\",\"text\":\"caf\xc3\xa9 "
                      "\xf0\x9f\x98\x80 and a\"},{\"type\":\"image_url\","
                      "\"image_url\":{\"url\":\"data:image/png;base64,AA\"}},"
                      "{\"type\":\"text\",\"text\":\"\"}]");
    dg_ok(same(content, a, b), "an image is no text");

    a = facts_of(CHAT, "{\"messages\":[{\"role\":\"user\",\"content\":\"x\"},"
                       "{\"role\":\"assistant\",\"content\":\"y\"},"
                       "{\"content\":\"z\",\"role\":\"user\"},"
                       "{\"content\":\"y\",\"role\":\"assistant\"}]}");
    b = facts_of_text("\"x\"");
    dg_ok(same(first, a, b), "the first user message is that of the first "
          "turn");
    b = facts_of_text("\"z\"");
    dg_ok(same(content, a, b), "the content is the last user message, the "
          "role standing before or behind");
    dg_ok(same(first, b, b) && same(content, b, b)
          && dg_id_equal(&b.first, &b.content),
          "the only user message is the first and the last");
}


/* the same words in all dialects are the same content and system text */

static void
test_dialects(void)
{
    size_t              i;
    dg_request_facts_t  a, b;

    static const struct {
        const char  *path;
        const char  *body;
    } bodies[] = {
        { CHAT, "{\"messages\":[{\"role\":\"system\",\"content\":\"Be.\"},"
                "{\"role\":\"user\",\"content\":\"Why?\"}]}" },
        { CHAT, "{\"messages\":[{\"content\":\"Be.\",\"role\":\"developer\"},"
                "{\"content\":\"Why?\",\"role\":\"user\"}]}" },
        { CHAT, "{\"messages\":[{\"role\":\"user\",\"content\":\"Why?\"},"
                "{\"role\":\"system\",\"content\":[\"Be.\"]}]}" },
        { RESPONSES, "{\"instructions\":\"Be.\",\"input\":\"Why?\"}" },
        { RESPONSES, "{\"input\":[{\"role\":\"user\",\"content\":[{\"type\":"
                     "\"input_text\",\"text\":\"Why?\"}]}],"
                     "\"instructions\":\"Be.\"}" },
        { MESSAGES, "{\"system\":\"Be.\",\"messages\":[{\"role\":\"user\","
                    "\"content\":\"Why?\"}]}" },
        { MESSAGES, "{\"messages\":[{\"role\":\"user\",\"content\":[{"
                    "\"type\":\"text\",\"text\":\"Why?\"}]}],\"system\":[{"
                    "\"type\":\"text\",\"text\":\"Be.\"}]}" },
        { GEMINI, "{\"systemInstruction\":{\"parts\":[{\"text\":\"Be.\"}]},"
                  "\"contents\":[{\"parts\":[{\"text\":\"Why?\"}]}]}" },
        { OLLAMA, "{\"messages\":[{\"role\":\"system\",\"content\":\"Be.\"},"
                  "{\"role\":\"user\",\"content\":\"Why?\"}]}" },
        { GENERATE, "{\"system\":\"Be.\",\"prompt\":\"Why?\"}" }
    };

    a = facts_of(bodies[0].path, bodies[0].body);

    for (i = 1; i < dg_nelts(bodies); i++) {
        b = facts_of(bodies[i].path, bodies[i].body);
        dg_ok(same(system, a, b) && same(content, a, b) && same(first, a, b),
              "the same words are the same, body %u", (unsigned) i);
    }

    dg_ok(!dg_id_equal(&a.system, &a.content),
          "system text is told from content");
}


static void
test_tools(void)
{
    dg_request_facts_t  a, b;

    a = facts_of(CHAT, "{\"tools\":["
        "{\"type\":\"function\",\"function\":{\"name\":\"a\","
        "\"description\":\"one\"}},"
        "{\"type\":\"function\",\"function\":{\"name\":\"b\","
        "\"description\":\"two\"}}]}");

    b = facts_of(CHAT, "{\"tools\":["
        "{\"function\":{\"description\":\"Two\",\"parameters\":{},"
        "\"name\":\"b\"},\"type\":\"function\"},"
        "{\"function\":{\"description\":\"one\",\"name\":\"a\"}}]}");
    dg_ok(same(tool_set, a, b), "the order of tools does not matter");

    b = facts_of(MESSAGES, "{\"tools\":[{\"name\":\"b\",\"description\":"
        "\"two\"},{\"name\":\"a\",\"description\":\"one\","
        "\"input_schema\":{}}]}");
    dg_ok(same(tool_set, a, b), "nor does the dialect");

    b = facts_of(CHAT, "{\"tools\":["
        "{\"function\":{\"name\":\"a\",\"description\":\"two\"}},"
        "{\"function\":{\"name\":\"b\",\"description\":\"one\"}}]}");
    dg_ok(!same(tool_set, a, b), "which description is whose does");

    a = facts_of(RESPONSES, "{\"tools\":[{\"type\":\"web_search\"}]}");
    b = facts_of(RESPONSES, "{\"tools\":[{\"type\":\"file_search\"}]}");
    dg_ok(!same(tool_set, a, b), "tools without a name are told by type");
}


static void
test_ids(void)
{
    dg_id_t             id;
    dg_hash_t           hash;
    dg_request_facts_t  a, b;

    dg_hash_init(&hash, &key, DG_HASH_ISSUED);
    dg_value_hash(&hash, (const u_char *) "toolu_1", 7);
    id = dg_hash_final(&hash);

    a = facts_of(CHAT, "{\"messages\":[{\"role\":\"tool\","
                       "\"tool_call_id\":\"toolu_1\"}]}");
    b = facts_of(MESSAGES, "{\"messages\":[{\"role\":\"user\",\"content\":[{"
        "\"type\":\"tool_result\",\"tool_use_id\":\"to\\u006flu_1\"}]}]}");

    dg_ok(a.presented.n == 1 && dg_id_equal(&a.presented.id[0], &id),
          "a presented id is hashed as it would have been issued");
    dg_ok(b.presented.n == 1 && dg_id_equal(&b.presented.id[0], &id),
          "in all dialects");

    a = facts_of(GEMINI, "{\"contents\":[{\"parts\":[{\"thoughtSignature\":"
                         "\"ab+/cd==\"}]}]}");
    b = facts_of(GEMINI, "{\"contents\":[{\"parts\":[{\"thought_signature\":"
                         "\"ab-_cd\"}]}]}");
    dg_ok(dg_id_equal(&a.presented.id[0], &b.presented.id[0]),
          "base64 and base64url are one spelling");

    a = facts_of(CHAT, "{\"messages\":[{\"role\":\"tool\","
                       "\"tool_call_id\":\"\"}]}");
    dg_ok(a.presented.n == 0, "an empty id is none");
}


static void
test_many_ids(void)
{
    char                body[4096];
    unsigned            i;
    dg_request_facts_t  facts;

    strcpy(body, "{\"messages\":[{\"role\":\"assistant\",\"tool_calls\":[");

    for (i = 0; i < 40; i++) {
        print(body, sizeof(body), "%s{\"id\":\"call_%u\"}", i ? "," : "", i);
    }

    print(body, sizeof(body), "]}]}");

    facts = facts_of(CHAT, body);
    dg_ok(facts.presented.n == 40, "ids beyond those kept are counted");
}


static void
test_encoded(void)
{
    dg_str_t            method, path;
    dg_request_t        rq;
    dg_endpoint_t       ep;
    dg_request_facts_t  facts;

    method.data = (const u_char *) "POST";
    method.len = 4;
    path.data = (const u_char *) CHAT;
    path.len = sizeof(CHAT) - 1;

    dg_dialect_match(&ep, &method, &path);
    dg_request_init(&rq, &ep, &key, &marks, &facts);
    facts.encoded = 1;
    dg_request_push(&rq, (const u_char *) "\x1f\x8b\x08 not JSON", 12);
    dg_request_end(&rq);

    dg_ok(facts.present && facts.bytes == 12 && !facts.malformed,
          "a compressed body is counted, not read");
    dg_ok(dg_facts_input_estimate(&facts) == 3, "and estimated by its bytes");
}


static void
test_estimate(void)
{
    size_t              i;
    dg_request_facts_t  facts;

    static const struct {
        const char  *name;
        const char  *path;
        const char  *body;
        uint64_t     tokens;
    } bodies[] = {
        { "text and a turn", CHAT,
          "{\"messages\":[{\"role\":\"user\",\"content\":\"12345\"}]}", 6 },
        { "all roles", CHAT,
          "{\"messages\":[{\"role\":\"system\",\"content\":\"1234\"},"
          "{\"role\":\"assistant\",\"content\":\"12345678\"}]}", 11 },
        { "an image", CHAT,
          "{\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":"
          "\"image_url\"}]}]}", 772 },
        { "tokens", COMPLETIONS, "{\"prompt\":[1,2,3]}", 7 },
        { "nothing", CHAT, "{}", 0 },
        { "what was not read", CHAT, "{\"messages\":[12345678", 6 }
    };

    for (i = 0; i < dg_nelts(bodies); i++) {
        facts = facts_of(bodies[i].path, bodies[i].body);
        dg_ok(dg_facts_input_estimate(&facts) == bodies[i].tokens,
              "input is estimated: %s", bodies[i].name);
    }
}


int
main(void)
{
    if (kit_reader() != DG_OK) {
        return 1;
    }

    dg_ok(sizeof(dg_request_t) <= 4096 && sizeof(dg_response_t) <= 4096,
          "either reader fits into a page");

    test_content();
    test_dialects();
    test_tools();
    test_ids();
    test_many_ids();
    test_encoded();
    test_estimate();

    return dg_done();
}
