/*
 * Copyright (C) 2026 Distill Guard
 *
 * What is understood of answers of OpenAI's APIs, and what is charged for them.
 */


#include "response_kit.h"


static const response_case_t  cases[] = {

    { "OpenAI chat, JSON", CHAT, 200, 0, JSON,
      "{\"id\":\"chatcmpl-1\",\"object\":\"chat.completion\",\"model\":"
      "\"gpt-4o\",\"choices\":[{\"index\":0,\"message\":{\"role\":"
      "\"assistant\",\"content\":\"The quick brown fox\",\"refusal\":null},"
      "\"logprobs\":null,\"finish_reason\":\"stop\"}],\"usage\":{"
      "\"prompt_tokens\":9,\"completion_tokens\":12,\"total_tokens\":21}}",
      "gpt-4o complete finish=stop text=19 ids=1",
      "reported in=9 out=12" },

    { "OpenAI chat, JSON: reasoning and cached tokens kept apart", CHAT, 200,
      0, JSON,
      "{\"choices\":[{\"message\":{\"content\":\"x\"}}],\"usage\":{"
      "\"prompt_tokens\":1486,\"completion_tokens\":651,\"total_tokens\":2137,"
      "\"prompt_tokens_details\":{\"cached_tokens\":1408,\"audio_tokens\":0},"
      "\"completion_tokens_details\":{\"reasoning_tokens\":512,"
      "\"accepted_prediction_tokens\":0}}}",
      "complete text=1",
      "reported in=1486 out=651 cached=1408 reasoning=512" },

    { "OpenAI chat, JSON: reasoning left out of all but the total", CHAT, 200,
      0, JSON,
      "{\"choices\":[{\"message\":{\"content\":\"x\"}}],\"usage\":{"
      "\"completion_tokens\":102,\"prompt_tokens\":758,"
      "\"total_tokens\":1725}}",
      "complete text=1",
      "reported in=758 out=967" },

    { "OpenAI chat, JSON: three answers with tool calls", CHAT, 200, 0, JSON,
      "{\"id\":\"a\",\"choices\":[{\"index\":0,\"message\":{\"content\":null,"
      "\"tool_calls\":[{\"id\":\"call_1\",\"function\":{\"name\":\"f\","
      "\"arguments\":\"{\\\"a\\\":1}\"}},{\"id\":\"call_2\",\"function\":{"
      "\"arguments\":\"{}\"}}]},\"finish_reason\":\"tool_calls\"},"
      "{\"message\":{\"refusal\":\"no\"},\"index\":1},{\"index\":2,"
      "\"message\":{\"content\":[{\"type\":\"text\",\"text\":\"abc\"}]}}]}",
      "complete finish=tool_calls text=14 choices=3 ids=3",
      "estimated in=10 out=4" },

    { "OpenAI chat, JSON: DeepSeek's reasoning and cache", CHAT, 200, 0, JSON,
      "{\"choices\":[{\"message\":{\"reasoning_content\":\"hmm\","
      "\"content\":\"ok\"}}],\"usage\":{\"prompt_tokens\":20,"
      "\"completion_tokens\":8,\"prompt_cache_hit_tokens\":16,"
      "\"prompt_cache_miss_tokens\":4}}",
      "complete text=5",
      "reported in=20 out=8 cached=16" },

    { "OpenAI chat, JSON: usage absent", CHAT, 200, 0, JSON,
      "{\"choices\":[{\"message\":{\"content\":\"123456789\"}}]}",
      "complete text=9",
      "estimated in=10 out=3" },

    { "OpenAI chat, JSON: cut off by the upstream", CHAT, 200, ABORTED, JSON,
      "{\"id\":\"a\",\"choices\":[{\"message\":{\"content\":\"12345",
      "malformed text=5 ids=1",
      "estimated in=10 out=2" },

    { "OpenAI chat, JSON: cut off before usage", CHAT, 200, ABORTED, JSON,
      "{\"choices\":[{\"message\":{\"content\":\"12345\"},\"finish_reason\":"
      "\"stop\"}],\"usage\":{\"prompt_tokens\":7,",
      "malformed finish=stop text=5",
      "estimated in=7 out=2" },

    { "OpenAI chat, stream with include_usage", CHAT, 200, 0, SSE,
      CHUNK("\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\","
            "\"content\":\"\"},\"finish_reason\":null}],\"usage\":null")
      CHUNK("\"choices\":[{\"index\":0,\"delta\":{\"content\":\"The quick \"},"
            "\"finish_reason\":null}],\"usage\":null")
      DELTA("{\"content\":\"brown fox\"}") STOP
      CHUNK("\"choices\":[],\"usage\":{\"prompt_tokens\":19,"
            "\"completion_tokens\":45,\"total_tokens\":64}") DONE,
      "gpt-4o complete finish=stop text=19 events=6 ids=1",
      "reported in=19 out=45" },

    { "OpenAI chat, stream without include_usage: estimated", CHAT, 200, 0,
      SSE,
      DELTA("{\"role\":\"assistant\",\"content\":\"\"}")
      DELTA("{\"content\":\"The quick \"}") DELTA("{\"content\":\"brown\"}")
      STOP DONE,
      "gpt-4o complete finish=stop text=15 events=5 ids=1",
      "estimated in=10 out=4" },

    { "OpenAI chat, stream: usage is null in every chunk", CHAT, 200, 0, SSE,
      CHUNK("\"choices\":[{\"index\":0,\"delta\":{\"content\":\"1234\"}}],"
            "\"usage\":null") STOP DONE,
      "gpt-4o complete finish=stop text=4 events=3 ids=1",
      "estimated in=10 out=1" },

    { "OpenAI chat, stream of a tool call", CHAT, 200, 0, SSE,
      DELTA("{\"role\":\"assistant\",\"content\":null}")
      DELTA("{\"tool_calls\":[{\"index\":0,\"id\":\"call_1\",\"type\":"
            "\"function\",\"function\":{\"name\":\"get_weather\","
            "\"arguments\":\"\"}}]}")
      DELTA("{\"tool_calls\":[{\"index\":0,\"function\":{\"arguments\":"
            "\"{\\\"city\\\":\\\"SF\\\"\"}}]}")
      DELTA("{\"tool_calls\":[{\"index\":0,\"function\":{\"arguments\":"
            "\"}\"}}]}")
      CHUNK("\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":"
            "\"tool_calls\"}]") DONE,
      "gpt-4o complete finish=tool_calls text=13 events=6 ids=2",
      "estimated in=10 out=4" },

    { "OpenAI chat, stream of reasoning", CHAT, 200, 0, SSE,
      DELTA("{\"reasoning_content\":\"Let me think\"}")
      DELTA("{\"content\":\"4.\"}") STOP DONE,
      "gpt-4o complete finish=stop text=14 events=4 ids=1",
      "estimated in=10 out=4" },

    { "OpenAI chat, stream: reasoning under two names counts once", CHAT, 200,
      0, SSE,
      DELTA("{\"reasoning_content\":\"1234\",\"reasoning\":\"1234\"}")
      DELTA("{\"reasoning\":\"12\"}") STOP DONE,
      "gpt-4o complete finish=stop text=6 events=4 ids=1",
      "estimated in=10 out=2" },

    { "vLLM, stream: usage in every chunk is cumulative", CHAT, 200, 0, SSE,
      CHUNK("\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a\"}}],"
            "\"usage\":{\"prompt_tokens\":11,\"total_tokens\":12,"
            "\"completion_tokens\":1}")
      CHUNK("\"choices\":[{\"index\":0,\"delta\":{\"content\":\"b\"}}],"
            "\"usage\":{\"prompt_tokens\":11,\"total_tokens\":13,"
            "\"completion_tokens\":2}")
      CHUNK("\"choices\":[{\"index\":0,\"delta\":{\"content\":\"c\"},"
            "\"finish_reason\":\"length\"}],\"usage\":{\"prompt_tokens\":11,"
            "\"total_tokens\":14,\"completion_tokens\":3}") DONE,
      "gpt-4o complete finish=length text=3 events=4 ids=1",
      "reported in=11 out=3" },

    { "vLLM, stream: client gone amid cumulative usage", CHAT, 200, ABORTED,
      SSE,
      CHUNK("\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a\"}}],"
            "\"usage\":{\"prompt_tokens\":11,\"total_tokens\":20,"
            "\"completion_tokens\":9}")
      "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"bc",
      "gpt-4o malformed text=3 events=1 ids=1",
      "estimated in=11 out=9" },

    { "OpenAI chat, stream: client gone in mid-stream", CHAT, 200, ABORTED,
      SSE,
      DELTA("{\"role\":\"assistant\",\"content\":\"\"}")
      DELTA("{\"content\":\"The quick brown \"}"),
      "gpt-4o text=16 events=2 ids=1",
      "estimated in=10 out=4" },

    { "OpenAI chat, stream: upstream gone in mid-event", CHAT, 200, 0, SSE,
      DELTA("{\"content\":\"The quick brown \"}")
      "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"fox j",
      "gpt-4o malformed text=21 events=1 ids=1",
      "estimated in=10 out=6" },

    { "OpenAI chat, stream: client gone before the first byte", CHAT, 200,
      ABORTED, SSE, "", "", "estimated in=10 out=0" },

    { "OpenAI chat, stream: client gone between finish and usage", CHAT, 200,
      ABORTED, SSE, DELTA("{\"content\":\"12345678\"}") STOP,
      "gpt-4o complete finish=stop text=8 events=2 ids=1",
      "estimated in=10 out=2" },

    { "OpenAI chat, stream: gone behind usage, before [DONE]", CHAT, 200,
      ABORTED, SSE, DELTA("{\"content\":\"12345678\"}") STOP
      CHUNK("\"choices\":[],\"usage\":{\"prompt_tokens\":5,"
            "\"completion_tokens\":6}"),
      "gpt-4o complete finish=stop text=8 events=3 ids=1",
      "reported in=5 out=6" },

    { "OpenAI chat, stream: two answers, one of them ended", CHAT, 200,
      ABORTED, SSE,
      CHUNK("\"choices\":[{\"index\":0,\"delta\":{\"content\":\"12\"}}]")
      CHUNK("\"choices\":[{\"index\":1,\"delta\":{\"content\":\"34\"}}]")
      STOP
      CHUNK("\"choices\":[{\"index\":1,\"delta\":{\"content\":\"567\"}}]"),
      "gpt-4o finish=stop text=7 events=4 choices=2 ids=1",
      "estimated in=10 out=2" },

    { "OpenAI chat, stream: an error in mid-stream", CHAT, 200, 0, SSE,
      DELTA("{\"content\":\"12345\"}")
      "data: {\"error\":{\"message\":\"m\",\"type\":\"server_error\","
      "\"code\":null}}\n\n" DONE,
      "gpt-4o complete error:server_error text=5 events=3 ids=1",
      "estimated in=10 out=2" },

    { "OpenAI chat, stream: nothing but an error", CHAT, 200, 0, SSE,
      "data: {\"error\":{\"message\":\"m\",\"type\":\"server_error\"}}\n\n",
      "error:server_error events=1",
      "nothing" },

    { "OpenAI chat, stream: comments, CRLF, no space, no last blank line",
      CHAT, 200, 0, SSE,
      ": OPENROUTER PROCESSING\r\n\r\ndata:{\"choices\":[{\"delta\":{"
      "\"content\":\"1234\"}}]}\r\n\r\ndata: {\"choices\":[],\"usage\":{"
      "\"prompt_tokens\":3,\"completion_tokens\":2}}\r\n\r\ndata: [DONE]",
      "complete text=4 events=2",
      "reported in=3 out=2" },

    { "OpenAI chat, stream: Azure's first chunk has no id", CHAT, 200, 0, SSE,
      "data: {\"choices\":[],\"id\":\"\",\"model\":\"\"}\n\n"
      DELTA("{\"content\":\"1234\"}") STOP DONE,
      "gpt-4o complete finish=stop text=4 events=4 ids=1",
      "estimated in=10 out=1" },

    { "OpenAI chat, stream: Groq", CHAT, 200, 0, SSE,
      DELTA("{\"content\":\"1\"}")
      CHUNK("\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":"
            "\"stop\"}],\"x_groq\":{\"id\":\"r\",\"usage\":{\"queue_time\":"
            "0.1,\"prompt_tokens\":4,\"completion_tokens\":5,"
            "\"total_tokens\":9}}") DONE,
      "gpt-4o complete finish=stop text=1 events=3 ids=1",
      "reported in=4 out=5" },

    { "llama.cpp, stream: timings where usage is absent", CHAT, 200, 0, SSE,
      DELTA("{\"content\":\"1\"}")
      CHUNK("\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":"
            "\"stop\"}],\"timings\":{\"cache_n\":6,\"prompt_n\":4,"
            "\"predicted_n\":5,\"predicted_ms\":1.5}") DONE,
      "gpt-4o complete finish=stop text=1 events=3 ids=1",
      "reported in=10 out=5 cached=6" },

    { "llama.cpp, stream: usage goes before timings", CHAT, 200, 0, SSE,
      DELTA("{\"content\":\"1\"}") STOP
      CHUNK("\"choices\":[],\"timings\":{\"prompt_n\":1,\"cache_n\":19,"
            "\"predicted_n\":5},\"usage\":{\"prompt_tokens\":20,"
            "\"completion_tokens\":5}") DONE,
      "gpt-4o complete finish=stop text=1 events=4 ids=1",
      "reported in=20 out=5" },

    { "llama.cpp's own endpoint, stream", "/completion", 200, 0, SSE,
      "data: {\"content\":\"ab\",\"stop\":false,\"tokens_predicted\":1,"
      "\"tokens_evaluated\":7}\n\n"
      "data: {\"content\":\"\",\"stop\":true,\"stop_type\":\"eos\","
      "\"tokens_predicted\":3,\"tokens_evaluated\":7}\n\n",
      "complete finish=eos text=2 events=2",
      "reported in=7 out=3" },

    { "OpenAI completions, JSON", COMPLETIONS, 200, 0, JSON,
      "{\"id\":\"cmpl-1\",\"object\":\"text_completion\",\"model\":\"m\","
      "\"choices\":[{\"text\":\"abc\",\"index\":0,\"finish_reason\":"
      "\"length\"},{\"text\":\"de\",\"index\":1}],\"usage\":{"
      "\"prompt_tokens\":5,\"completion_tokens\":7,\"total_tokens\":12}}",
      "m complete finish=length text=5 choices=2 ids=1",
      "reported in=5 out=7" },

    { "OpenAI completions, stream", COMPLETIONS, 200, 0, SSE,
      "data: {\"id\":\"cmpl-1\",\"choices\":[{\"text\":\"abc\",\"index\":0,"
      "\"finish_reason\":null}]}\n\n"
      "data: {\"id\":\"cmpl-1\",\"choices\":[{\"text\":\"\",\"index\":0,"
      "\"finish_reason\":\"stop\"}]}\n\n" DONE,
      "complete finish=stop text=3 events=3 ids=1",
      "estimated in=10 out=1" },

    { "OpenAI embeddings: input only", EMBEDDINGS, 200, 0, JSON,
      "{\"object\":\"list\",\"data\":[{\"object\":\"embedding\",\"index\":0,"
      "\"embedding\":[0.1,-0.2,3e-5]}],\"model\":\"e\",\"usage\":{"
      "\"prompt_tokens\":8,\"total_tokens\":8}}",
      "e complete",
      "reported in=8 out=0" },

    { "OpenAI embeddings: usage absent", EMBEDDINGS, 200, 0, JSON,
      "{\"data\":[{\"embedding\":\"AAAAAAAAAAAA\"}]}",
      "complete",
      "estimated in=10 out=0" },

    { "OpenAI embeddings: compressed", EMBEDDINGS, 200, ENCODED, JSON,
      "\x1f\x8b 78 bytes of vectors",
      "unread",
      "estimated in=10 out=0" },

    { "Ollama embed", "/api/embed", 200, 0, JSON,
      "{\"model\":\"m\",\"embeddings\":[[0.1]],\"prompt_eval_count\":8}",
      "m complete",
      "reported in=8 out=0" },


    { "OpenAI responses, JSON", RESPONSES, 200, 0, JSON,
      "{\"id\":\"resp_1\",\"object\":\"response\",\"status\":\"completed\","
      "\"error\":null,\"incomplete_details\":null,\"model\":\"gpt-4o\","
      "\"output\":[{\"type\":\"reasoning\",\"id\":\"rs_1\",\"summary\":[{"
      "\"type\":\"summary_text\",\"text\":\"hm\"}],\"encrypted_content\":"
      "\"gAAA\"},{\"type\":\"function_call\",\"id\":\"fc_1\",\"call_id\":"
      "\"call_1\",\"name\":\"f\",\"arguments\":\"{}\"},{\"type\":\"message\","
      "\"id\":\"msg_1\",\"role\":\"assistant\",\"status\":\"completed\","
      "\"content\":[{\"type\":\"output_text\",\"text\":\"The quick\","
      "\"annotations\":[]}]}],\"usage\":{\"input_tokens\":36,"
      "\"input_tokens_details\":{\"cached_tokens\":32},\"output_tokens\":87,"
      "\"output_tokens_details\":{\"reasoning_tokens\":64},"
      "\"total_tokens\":123}}",
      "gpt-4o complete finish=completed text=13 ids=6",
      "reported in=36 out=87 cached=32 reasoning=64" },

    { "OpenAI responses, JSON: incomplete", RESPONSES, 200, 0, JSON,
      "{\"incomplete_details\":{\"reason\":\"max_output_tokens\"},"
      "\"status\":\"incomplete\",\"output\":[],\"usage\":{\"input_tokens\":1,"
      "\"output_tokens\":2}}",
      "complete finish=max_output_tokens",
      "reported in=1 out=2" },


    { "OpenAI responses, stream: usage in response.completed", RESPONSES, 200,
      0, SSE,
      CREATED
      EVENT("response.output_item.added", ",\"item\":{\"type\":\"message\","
            "\"id\":\"msg_1\",\"content\":[]}")
      EVENT("response.output_text.delta", ",\"item_id\":\"msg_1\","
            "\"delta\":\"The quick \"")
      EVENT("response.output_text.delta", ",\"item_id\":\"msg_1\","
            "\"delta\":\"brown fox\"")
      EVENT("response.output_text.done", ",\"item_id\":\"msg_1\","
            "\"text\":\"The quick brown fox\"")
      EVENT("response.content_part.done", ",\"part\":{\"type\":"
            "\"output_text\",\"text\":\"The quick brown fox\"}")
      EVENT("response.output_item.done", ",\"item\":{\"type\":\"message\","
            "\"id\":\"msg_1\",\"content\":[{\"type\":\"output_text\","
            "\"text\":\"The quick brown fox\"}]}")
      EVENT("response.completed", ",\"response\":{\"id\":\"resp_1\","
            "\"status\":\"completed\",\"output\":[{\"id\":\"msg_1\","
            "\"content\":[{\"text\":\"The quick brown fox\"}]}],\"usage\":{"
            "\"input_tokens\":7,\"input_tokens_details\":{\"cached_tokens\":"
            "0},\"output_tokens\":21,\"output_tokens_details\":{"
            "\"reasoning_tokens\":4},\"total_tokens\":28}}"),
      "gpt-4o complete finish=completed text=19 events=8 ids=2",
      "reported in=7 out=21 reasoning=4" },

    { "OpenAI responses, stream of a tool call and reasoning", RESPONSES, 200,
      0, SSE,
      CREATED
      EVENT("response.reasoning_summary_text.delta", ",\"delta\":\"hmm\"")
      EVENT("response.output_item.done", ",\"item\":{\"type\":\"reasoning\","
            "\"id\":\"rs_1\",\"encrypted_content\":\"gAAA\"}")
      EVENT("response.output_item.added", ",\"item\":{\"type\":"
            "\"function_call\",\"id\":\"fc_1\",\"call_id\":\"call_1\","
            "\"arguments\":\"\"}")
      EVENT("response.function_call_arguments.delta", ",\"delta\":\"{}\"")
      EVENT("response.function_call_arguments.done", ",\"arguments\":\"{}\"")
      EVENT("response.output_item.done", ",\"item\":{\"type\":"
            "\"function_call\",\"id\":\"fc_1\",\"call_id\":\"call_1\","
            "\"arguments\":\"{}\"}")
      EVENT("response.incomplete", ",\"response\":{\"status\":"
            "\"incomplete\",\"incomplete_details\":{\"reason\":"
            "\"max_output_tokens\"},\"usage\":{\"input_tokens\":1,"
            "\"output_tokens\":2}}"),
      "gpt-4o complete finish=max_output_tokens text=5 events=8 ids=5",
      "reported in=1 out=2" },

    { "OpenAI responses, stream: client gone in mid-stream", RESPONSES, 200,
      ABORTED, SSE,
      CREATED EVENT("response.output_text.delta", ",\"delta\":\"12345678\""),
      "gpt-4o text=8 events=2 ids=1",
      "estimated in=10 out=2" },

    { "OpenAI responses, stream: gone amid response.completed", RESPONSES, 200,
      ABORTED, SSE,
      CREATED EVENT("response.output_text.delta", ",\"delta\":\"12345678\"")
      "data: {\"type\":\"response.completed\",\"response\":{\"status\":"
      "\"completed\",\"output\":[{\"content\":[{\"text\":\"12345678\"}",
      "gpt-4o malformed finish=completed text=8 events=2 ids=1",
      "estimated in=10 out=2" },

    { "OpenAI responses, stream: failed", RESPONSES, 200, 0, SSE,
      CREATED EVENT("response.output_text.delta", ",\"delta\":\"12345678\"")
      EVENT("response.failed", ",\"response\":{\"status\":\"failed\","
            "\"error\":{\"code\":\"server_error\",\"message\":\"m\"},"
            "\"usage\":null}"),
      "gpt-4o complete error:server_error finish=failed text=8 events=3 ids=1",
      "estimated in=10 out=2" },

    { "OpenAI responses, stream: an error event", RESPONSES, 200, 0, SSE,
      CREATED EVENT("response.output_text.delta", ",\"delta\":\"1234\"")
      EVENT("error", ",\"code\":\"rate_limit_exceeded\",\"message\":\"m\""),
      "gpt-4o error:rate_limit_exceeded text=4 events=3 ids=1",
      "estimated in=10 out=1" },

    { "OpenAI responses, stream: audio is no text", RESPONSES, 200, 0, SSE,
      EVENT("response.audio.delta", ",\"delta\":\"UklGRgAAAAAAAAAA\"")
      EVENT("response.audio.transcript.delta", ",\"delta\":\"hi\""),
      "text=2 events=2",
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
