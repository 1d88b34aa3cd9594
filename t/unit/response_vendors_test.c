/*
 * Copyright (C) 2026 Distill Guard
 *
 * What is understood of answers of Anthropic's, Google's and Ollama's APIs.
 */


#include "response_kit.h"


static const response_case_t  cases[] = {

    { "Anthropic, JSON: cache read and write apart, both input", MESSAGES,
      200, 0, JSON,
      "{\"id\":\"msg_1\",\"type\":\"message\",\"role\":\"assistant\","
      "\"model\":\"claude-sonnet-4-5\",\"content\":[{\"type\":\"thinking\","
      "\"thinking\":\"hm\",\"signature\":\"c2ln\"},{\"type\":\"text\","
      "\"text\":\"The\"},{\"type\":\"tool_use\",\"id\":\"toolu_1\",\"name\":"
      "\"w\",\"input\":{\"city\":\"SF\",\"days\":2}}],\"stop_reason\":"
      "\"tool_use\",\"stop_sequence\":null,\"usage\":{\"input_tokens\":12,"
      "\"cache_creation_input_tokens\":200,\"cache_read_input_tokens\":3000,"
      "\"cache_creation\":{\"ephemeral_5m_input_tokens\":200},"
      "\"output_tokens\":34}}",
      "claude-sonnet-4-5 complete finish=tool_use text=11 ids=3",
      "reported in=3212 out=34 cached=3000 written=200" },


    { "Anthropic, stream: input at message_start, output at message_delta",
      MESSAGES, 200, 0, SSE,
      START("\"input_tokens\":25,\"output_tokens\":1")
      EVENT("content_block_start", ",\"index\":0,\"content_block\":{\"type\":"
            "\"text\",\"text\":\"\"}")
      EVENT("ping", "")
      BLOCK("The quick ") BLOCK("brown")
      EVENT("content_block_stop", ",\"index\":0")
      END("\"output_tokens\":15") EVENT("message_stop", ""),
      "claude complete finish=end_turn text=15 events=8 ids=1",
      "reported in=25 out=15" },

    { "Anthropic, stream: output is cumulative over several message_delta",
      MESSAGES, 200, 0, SSE,
      START("\"input_tokens\":25,\"cache_creation_input_tokens\":100,"
            "\"cache_read_input_tokens\":1000,\"output_tokens\":1")
      BLOCK("The") END("\"output_tokens\":15") BLOCK("quick")
      END("\"input_tokens\":25,\"cache_creation_input_tokens\":100,"
          "\"cache_read_input_tokens\":1000,\"output_tokens\":40")
      EVENT("message_stop", ""),
      "claude complete finish=end_turn text=8 events=6 ids=1",
      "reported in=1125 out=40 cached=1000 written=100" },

    { "Anthropic, stream: message_delta tells more input", MESSAGES, 200, 0,
      SSE,
      START("\"input_tokens\":0,\"output_tokens\":0") BLOCK("The")
      END("\"input_tokens\":500,\"cache_read_input_tokens\":7,"
          "\"output_tokens\":9") EVENT("message_stop", ""),
      "claude complete finish=end_turn text=3 events=4 ids=1",
      "reported in=507 out=9 cached=7" },

    { "Anthropic, stream: message_delta with 0 for what it leaves out",
      MESSAGES, 200, 0, SSE,
      START("\"input_tokens\":25,\"output_tokens\":1") BLOCK("The")
      END("\"input_tokens\":0,\"output_tokens\":9") EVENT("message_stop", ""),
      "claude complete finish=end_turn text=3 events=4 ids=1",
      "reported in=25 out=9" },

    { "Anthropic, stream of thinking and a tool", MESSAGES, 200, 0, SSE,
      START("\"input_tokens\":5,\"output_tokens\":1")
      EVENT("content_block_start", ",\"index\":0,\"content_block\":{\"type\":"
            "\"thinking\",\"thinking\":\"\",\"signature\":\"\"}")
      EVENT("content_block_delta", ",\"index\":0,\"delta\":{\"type\":"
            "\"thinking_delta\",\"thinking\":\"Let me think\"}")
      EVENT("content_block_delta", ",\"index\":0,\"delta\":{\"type\":"
            "\"signature_delta\",\"signature\":\"c2ln\"}")
      EVENT("content_block_stop", ",\"index\":0")
      EVENT("content_block_start", ",\"index\":1,\"content_block\":{\"type\":"
            "\"tool_use\",\"id\":\"toolu_1\",\"name\":\"w\",\"input\":{}}")
      EVENT("content_block_delta", ",\"index\":1,\"delta\":{\"type\":"
            "\"input_json_delta\",\"partial_json\":\"{\\\"a\\\":1}\"}")
      END("\"output_tokens\":30") EVENT("message_stop", ""),
      "claude complete finish=end_turn text=19 events=9 ids=3",
      "reported in=5 out=30" },

    { "Anthropic, stream: client gone in mid-stream keeps reported input",
      MESSAGES, 200, ABORTED, SSE,
      START("\"input_tokens\":25,\"cache_read_input_tokens\":100,"
            "\"output_tokens\":1") BLOCK("The quick brown fox"),
      "claude text=19 events=2 ids=1",
      "estimated in=125 out=5 cached=100" },

    { "Anthropic, stream: gone amid message_delta", MESSAGES, 200, ABORTED,
      SSE, START("\"input_tokens\":25,\"output_tokens\":1") BLOCK("The quick")
      "event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{"
      "\"stop_reason\":\"end_turn\"},\"usage\":{\"output_",
      "claude malformed finish=end_turn text=9 events=2 ids=1",
      "estimated in=25 out=3" },

    { "Anthropic, stream: gone behind message_delta", MESSAGES, 200, ABORTED,
      SSE, START("\"input_tokens\":25,\"output_tokens\":1") BLOCK("The quick")
      END("\"output_tokens\":11"),
      "claude complete finish=end_turn text=9 events=3 ids=1",
      "reported in=25 out=11" },

    { "Anthropic, stream: an error event", MESSAGES, 200, 0, SSE,
      START("\"input_tokens\":25,\"output_tokens\":1") BLOCK("The quick")
      EVENT("error", ",\"error\":{\"type\":\"overloaded_error\","
            "\"message\":\"Overloaded\"}"),
      "claude error:overloaded_error text=9 events=3 ids=1",
      "estimated in=25 out=3" },

    { "Anthropic, an error body", MESSAGES, 529, 0, JSON,
      "{\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\","
      "\"message\":\"Overloaded\"},\"request_id\":\"req_1\"}",
      "complete error:overloaded_error", "nothing" },


    { "Gemini, JSON: thoughts are output", GEMINI, 200, 0, JSON,
      "{\"candidates\":[{\"content\":{\"role\":\"model\",\"parts\":[{\"text\":"
      "\"hm\",\"thought\":true},{\"text\":\"The quick\",\"thoughtSignature\":"
      "\"c2ln\"},{\"functionCall\":{\"id\":\"fc1\",\"name\":\"f\",\"args\":{"
      "\"a\":\"bc\",\"n\":5}}}]},\"finishReason\":\"STOP\",\"index\":0}],"
      "\"usageMetadata\":{\"promptTokenCount\":40,\"candidatesTokenCount\":5,"
      "\"thoughtsTokenCount\":100,\"toolUsePromptTokenCount\":7,"
      "\"cachedContentTokenCount\":30,\"totalTokenCount\":152},"
      "\"modelVersion\":\"gemini-2.5-flash\",\"responseId\":\"r1\"}",
      "gemini-2.5-flash complete finish=STOP text=17 ids=3",
      "reported in=47 out=105 cached=30 reasoning=100" },


    { "Gemini, alt=sse: usageMetadata is cumulative", GEMINI_SSE, 200, 0, SSE,
      "data: " PIECE("The quick ", "}],\"usageMetadata\":{"
                     "\"promptTokenCount\":4,\"thoughtsTokenCount\":20,"
                     "\"totalTokenCount\":24}}") "\r\n\r\n"
      "data: " PIECE("brown ", "}],\"usageMetadata\":{\"promptTokenCount\":4,"
                     "\"candidatesTokenCount\":3,\"thoughtsTokenCount\":25,"
                     "\"totalTokenCount\":32}}") "\r\n\r\n"
      "data: " PIECE("fox", ",\"finishReason\":\"STOP\"}],\"usageMetadata\":{"
                     "\"promptTokenCount\":4,\"candidatesTokenCount\":5,"
                     "\"thoughtsTokenCount\":25,\"totalTokenCount\":34}}")
      "\r\n\r\n",
      "complete finish=STOP text=19 events=3",
      "reported in=4 out=30 reasoning=25" },

    { "Gemini, alt=sse: usage at the end only", GEMINI_SSE, 200, 0, SSE,
      "data: " PIECE("The ", "}]}") "\n\n"
      "data: " PIECE("end", ",\"finishReason\":\"MAX_TOKENS\"}],"
                     "\"usageMetadata\":{\"promptTokenCount\":4,"
                     "\"candidatesTokenCount\":2}}") "\n\n",
      "complete finish=MAX_TOKENS text=7 events=2",
      "reported in=4 out=2" },

    { "Gemini, a JSON array in pieces", GEMINI_SSE, 200, 0, JSON,
      "[" PIECE("The ", "}],\"usageMetadata\":{\"promptTokenCount\":4,"
                "\"candidatesTokenCount\":1}}")
      "\r\n," PIECE("end", ",\"finishReason\":\"STOP\"}],\"usageMetadata\":{"
                    "\"promptTokenCount\":4,\"candidatesTokenCount\":9}}")
      "\r\n]",
      "complete finish=STOP text=7",
      "reported in=4 out=9" },

    { "Gemini, a JSON array: client gone in mid-stream", GEMINI_SSE, 200,
      ABORTED, JSON,
      "[" PIECE("The quick brown fox ", "}],\"usageMetadata\":{"
                "\"promptTokenCount\":4,\"candidatesTokenCount\":3}}")
      "\r\n," PIECE("jumps", ""),
      "malformed text=25",
      "estimated in=4 out=7" },

    { "Gemini, alt=sse: client gone in mid-stream", GEMINI_SSE, 200, ABORTED,
      SSE,
      "data: " PIECE("The ", "}],\"usageMetadata\":{\"promptTokenCount\":4,"
                     "\"thoughtsTokenCount\":50}}") "\n\n",
      "text=4 events=1",
      "estimated in=4 out=50 reasoning=50" },

    { "Gemini: a prompt that is blocked has no output", GEMINI, 200, 0, JSON,
      "{\"promptFeedback\":{\"blockReason\":\"SAFETY\"},\"usageMetadata\":{"
      "\"promptTokenCount\":6,\"totalTokenCount\":6}}",
      "complete finish=SAFETY",
      "reported in=6 out=0" },

    { "Gemini, an error in mid-stream", GEMINI_SSE, 200, 0, JSON,
      "[" PIECE("The quick", "}]}") ",{\"error\":{\"code\":503,\"message\":"
      "\"m\",\"status\":\"UNAVAILABLE\"}}]",
      "complete error:UNAVAILABLE text=9",
      "estimated in=10 out=3" },

    { "Gemini, an error body", GEMINI, 429, 0, JSON,
      "{\"error\":{\"code\":429,\"message\":\"m\",\"status\":"
      "\"RESOURCE_EXHAUSTED\"}}",
      "complete error:RESOURCE_EXHAUSTED", "nothing" },


    { "Ollama chat, NDJSON", OLLAMA, 200, 0, NDJSON,
      "{\"model\":\"llama3\",\"message\":{\"role\":\"assistant\",\"content\":"
      "\"The \"},\"done\":false}\n"
      "{\"model\":\"llama3\",\"message\":{\"role\":\"assistant\",\"content\":"
      "\"\",\"thinking\":\"hm\"},\"done\":false}\n"
      "{\"model\":\"llama3\",\"message\":{\"role\":\"assistant\",\"content\":"
      "\"\"},\"done\":true,\"done_reason\":\"stop\",\"total_duration\":5,"
      "\"prompt_eval_count\":26,\"eval_count\":298}\n",
      "llama3 complete finish=stop text=6 events=3",
      "reported in=26 out=298" },

    { "Ollama chat, NDJSON: client gone in mid-stream", OLLAMA, 200, ABORTED,
      NDJSON,
      "{\"model\":\"llama3\",\"message\":{\"content\":\"The \"},"
      "\"done\":false}\n{\"model\":\"llama3\",\"message\":{\"content\":\"qu",
      "llama3 malformed text=6 events=1",
      "estimated in=10 out=2" },

    { "Ollama chat, JSON", OLLAMA, 200, 0, JSON,
      "{\"model\":\"llama3\",\"message\":{\"content\":\"\",\"tool_calls\":[{"
      "\"function\":{\"name\":\"f\",\"arguments\":{\"a\":\"bcd\"}}}]},"
      "\"done\":true,\"done_reason\":\"stop\",\"prompt_eval_count\":3,"
      "\"eval_count\":4}",
      "llama3 complete finish=stop text=3",
      "reported in=3 out=4" },

    { "Ollama chat: the prompt was cached and is not counted", OLLAMA, 200, 0,
      JSON, "{\"message\":{\"content\":\"a\"},\"done\":true,\"eval_count\":4}",
      "complete text=1",
      "estimated in=10 out=4" },

    { "Ollama generate, NDJSON", GENERATE, 200, 0, NDJSON,
      "{\"response\":\"The \",\"done\":false}\n"
      "{\"response\":\"\",\"done\":true,\"context\":[1,2,3],"
      "\"prompt_eval_count\":5,\"eval_count\":6}\n",
      "complete text=4 events=2",
      "reported in=5 out=6" },

    { "Ollama, an error in mid-stream", GENERATE, 200, 0, NDJSON,
      "{\"response\":\"12345\",\"done\":false}\n{\"error\":\"out of memory\"}",
      "error text=5 events=2",
      "estimated in=10 out=2" },

    { "Ollama, bad JSON between lines", GENERATE, 200, 0, NDJSON,
      "{\"response\":\"12\",\"done\":false}\nnot JSON\n"
      "{\"response\":\"3\",\"done\":true,\"prompt_eval_count\":5,"
      "\"eval_count\":6}\n",
      "malformed complete text=3 events=2",
      "reported in=5 out=6" }
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
