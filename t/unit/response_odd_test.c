/*
 * Copyright (C) 2026 Distill Guard
 *
 * Answers that are errors, are not charged, or are not what they should be.
 */


#include "response_kit.h"


static const response_case_t  cases[] = {

    { "OpenAI, an error body", CHAT, 400, 0, JSON,
      "{\"error\":{\"message\":\"m\",\"type\":\"invalid_request_error\","
      "\"param\":\"messages\",\"code\":\"context_length_exceeded\"}}",
      "complete error:context_length_exceeded", "nothing" },

    { "OpenAI, an error body: the type where the code is a number", CHAT, 429,
      0, JSON,
      "{\"error\":{\"code\":429,\"type\":\"tokens\",\"message\":\"m\"}}",
      "complete error:tokens", "nothing" },

    { "vLLM, an error body", CHAT, 400, 0, JSON,
      "{\"object\":\"error\",\"message\":\"m\",\"type\":\"BadRequestError\","
      "\"param\":null,\"code\":400}",
      "complete error:BadRequestError", "nothing" },

    { "an error body of status 200", CHAT, 200, 0, JSON,
      "{\"error\":{\"type\":\"server_error\"}}",
      "complete error:server_error", "nothing" },

    { "an error that is a page", CHAT, 502, 0, "text/html",
      "<html><body>502 Bad Gateway</body></html>", "unread", "nothing" },

    { "the upstream was never reached", CHAT, 0, ABORTED, "", "", "unread",
      "nothing" },

    { "the client left before the answer", CHAT, 499, ABORTED, "", "",
      "unread", "nothing" },

    { "204", CHAT, 204, 0, "", "", "unread", "nothing" },
    { "101", CHAT, 101, 0, "", "", "unread", "nothing" },
    { "304", CHAT, 304, 0, "", "", "unread", "nothing" },

    { "compressed upstream: by its bytes", CHAT, 200, ENCODED, JSON,
      "\x1f\x8b\x08 twenty bytes long", "unread", "estimated in=10 out=6" },

    { "compressed stream", CHAT, 200, ENCODED, SSE,
      "\x1f\x8b\x08 twenty bytes long", "unread", "estimated in=10 out=6" },

    { "an unknown type: by its bytes", CHAT, 200, 0, "text/plain",
      "The quick brown fox", "unread", "estimated in=10 out=5" },

    { "/models is not charged", MODELS, 200, 0, JSON,
      "{\"object\":\"list\",\"data\":[{\"id\":\"gpt-4o\"}]}", NULL,
      "nothing" },

    { "count_tokens is not charged", COUNT, 200, 0, JSON,
      "{\"input_tokens\":2095}", NULL, "nothing" },

    { "countTokens is not charged", COUNT_GEMINI, 200, 0, JSON,
      "{\"totalTokens\":31}", NULL, "nothing" },


    /* wrong and odd answers */

    { "wrong types everywhere", CHAT, 200, 0, JSON,
      "{\"id\":5,\"model\":{},\"choices\":[{\"index\":\"0\",\"message\":{"
      "\"content\":7,\"tool_calls\":{\"id\":1}},\"finish_reason\":3},4],"
      "\"usage\":[1,2],\"error\":[]}",
      "complete",
      "estimated in=10 out=0" },

    { "usage of wrong types", CHAT, 200, 0, JSON,
      "{\"usage\":{\"prompt_tokens\":\"5\",\"completion_tokens\":{},"
      "\"total_tokens\":null},\"choices\":[{\"message\":{\"content\":"
      "\"1234\"}}]}",
      "complete text=4",
      "estimated in=10 out=1" },

    { "numbers out of range", CHAT, 200, 0, JSON,
      "{\"usage\":{\"prompt_tokens\":-5,\"completion_tokens\":"
      "99999999999999999999999999}}",
      "complete",
      "reported in=0 out=1099511627776" },

    { "duplicates: the last one wins", CHAT, 200, 0, JSON,
      "{\"usage\":{\"prompt_tokens\":1,\"prompt_tokens\":2,"
      "\"completion_tokens\":3},\"usage\":{\"completion_tokens\":4}}",
      "complete",
      "reported in=2 out=4" },

    { "escaped names", CHAT, 200, 0, JSON,
      "{\"us\\u0061ge\":{\"prompt\\u005ftokens\":3,\"completion_tokens\":4},"
      "\"choices\":[{\"message\":{\"c\\u006fntent\":\"\\ud83d\\ude00\"}}]}",
      "complete text=4",
      "reported in=3 out=4" },

    { "not JSON at all", CHAT, 200, 0, JSON, "upstream says hello",
      "malformed",
      "estimated in=10 out=0" },

    { "no body", CHAT, 200, 0, JSON, "", "", "estimated in=10 out=0" },

    { "[DONE] with space behind it", CHAT, 200, 0, SSE,
      DELTA("{\"content\":\"1234\"}") "data: [DONE] \n\n",
      "gpt-4o complete text=4 events=2 ids=1",
      "estimated in=10 out=1" },

    { "what only begins like [DONE]", CHAT, 200, 0, SSE,
      "data: [DO\n\n" "data: [\n\n" "data: []\n\n",
      "malformed events=3",
      "estimated in=10 out=0" },

    { "data in several lines", CHAT, 200, 0, SSE,
      "data: {\"usage\":\ndata: {\"prompt_tokens\":1,\ndata:"
      "\"completion_tokens\":2}}\n\n" DONE,
      "complete events=2",
      "reported in=1 out=2" },

    { "bad JSON in one event", CHAT, 200, 0, SSE,
      "data: {\"choices\":[oops\n\n" DELTA("{\"content\":\"1234\"}") DONE,
      "gpt-4o malformed complete text=4 events=3 ids=1",
      "estimated in=10 out=1" }
};


int
main(void)
{
    if (kit_reader() != DG_OK) {
        return 1;
    }

    kit_responses(cases, dg_nelts(cases));

    return dg_done();
}
