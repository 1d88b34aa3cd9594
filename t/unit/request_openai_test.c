/*
 * Copyright (C) 2026 Distill Guard
 *
 * What is understood of requests to OpenAI's APIs, and of bodies that are odd.
 */


#include "request_kit.h"


static const request_case_t  cases[] = {

    /* OpenAI chat */

    { "chat: an SDK's smallest body", CHAT,
      "{\"model\":\"gpt-4o\",\"messages\":[{\"role\":\"user\","
      "\"content\":\"hello there\"}]}",
      "gpt-4o first content turns=0/1/0/0 text=0/11/0/0" },

    { "chat: an SDK's stream with usage", CHAT,
      "{\"model\":\"gpt-4o\",\"messages\":[{\"role\":\"user\","
      "\"content\":\"hi\"}],\"stream\":true,"
      "\"stream_options\":{\"include_usage\":true}}",
      "gpt-4o stream include_usage first content turns=0/1/0/0 text=0/2/0/0" },

    { "chat: all parameters", CHAT,
      "{\"model\":\"m\",\"n\":3,\"max_tokens\":7,\"temperature\":0.7,"
      "\"logprobs\":true,\"top_logprobs\":5,\"logit_bias\":{\"50256\":-100,"
      "\"1\":1,\"2\":2},\"stop\":[\"a\",\"b\"],\"reasoning_effort\":\"high\","
      "\"stream\":false}",
      "m logprobs reasoning max=7 temp=700 n=3 top=5 bias=3 stops=2" },

    { "chat: max_completion_tokens, one stop", CHAT,
      "{\"max_completion_tokens\":4096,\"stop\":\"END\",\"temperature\":0}",
      "max=4096 temp=0 stops=1" },

    { "chat: what distilabel sends", CHAT,
      "{\"logprobs\":false,\"top_logprobs\":null,\"n\":1,"
      "\"frequency_penalty\":0.0,\"presence_penalty\":0.0,\"stop\":null,"
      "\"temperature\":1.0,\"max_completion_tokens\":128}",
      "max=128 temp=1000" },

    { "chat: vLLM extras", CHAT,
      "{\"prompt_logprobs\":64,\"echo\":true,\"best_of\":4,\"n\":2,"
      "\"min_tokens\":10,\"max_tokens\":0,"
      "\"chat_template_kwargs\":{\"enable_thinking\":true}}",
      "echo reasoning max=0 n=4 prompt_logprobs=64 min=10" },

    { "chat: log probabilities of all tokens", CHAT,
      "{\"logprobs\":true,\"top_logprobs\":-1,\"prompt_logprobs\":-1}",
      "logprobs top=131072 prompt_logprobs=131072" },

    { "chat: llama.cpp extras", CHAT,
      "{\"n_probs\":10,\"n_predict\":-1,\"logit_bias\":[[15043,1.5],"
      "[9,false]],\"temperature\":0.80000001}",
      "logprobs temp=800 top=10 bias=2" },

    { "chat: n_probs 0 asks for nothing", CHAT,
      "{\"n_probs\":0,\"reasoning_effort\":\"none\","
      "\"thinking\":{\"type\":\"disabled\"}}",
      "" },

    { "chat: roles", CHAT,
      "{\"messages\":[{\"role\":\"system\",\"content\":\"12345\"},"
      "{\"role\":\"developer\",\"content\":\"123\"},"
      "{\"role\":\"user\",\"content\":\"1\"},"
      "{\"role\":\"assistant\",\"content\":\"1234567\"},"
      "{\"role\":\"user\",\"content\":\"22\"},"
      "{\"role\":\"tool\",\"tool_call_id\":\"c\",\"content\":\"4444\"},"
      "{\"role\":\"function\",\"name\":\"f\",\"content\":\"4444\"}]}",
      "system first content ids=1 turns=2/2/1/2 text=8/3/7/8" },

    { "chat: the role after the text", CHAT,
      "{\"messages\":[{\"content\":\"12345\",\"role\":\"system\"},"
      "{\"content\":\"1\",\"role\":\"user\"},"
      "{\"content\":\"1234567\",\"role\":\"assistant\"},"
      "{\"content\":\"4444\",\"role\":\"tool\"}]}",
      "system first content turns=1/1/1/1 text=5/1/7/4" },

    { "chat: parts of all kinds", CHAT,
      "{\"messages\":[{\"role\":\"user\",\"content\":["
      "{\"type\":\"text\",\"text\":\"what is\"},"
      "{\"type\":\"image_url\",\"image_url\":{\"url\":"
      "\"data:image/png;base64,iVBORw0KGgo\"}},"
      "{\"image_url\":{\"url\":\"https://a/b\"},\"type\":\"image_url\"},"
      "{\"type\":\"input_audio\",\"input_audio\":{\"data\":\"UklGRg==\","
      "\"format\":\"wav\"}},"
      "{\"type\":\"file\",\"file\":{\"file_data\":\"JVBERi0=\"}},"
      "{\"type\":\"text\",\"text\":\"this\"},\"!\"]}]}",
      "first content images=2 audio=1 files=1 turns=0/1/0/0 text=0/12/0/0" },

    { "chat: tool calls and results", CHAT,
      "{\"messages\":[{\"role\":\"user\",\"content\":\"weather\"},"
      "{\"role\":\"assistant\",\"content\":null,\"tool_calls\":[{\"id\":"
      "\"call_1\",\"type\":\"function\",\"function\":{\"name\":\"w\","
      "\"arguments\":\"{\\\"city\\\":\\\"SF\\\"}\"}},{\"id\":\"call_2\","
      "\"type\":\"function\",\"function\":{\"name\":\"w\","
      "\"arguments\":\"{}\"}}]},"
      "{\"role\":\"tool\",\"tool_call_id\":\"call_1\",\"content\":\"rain\"},"
      "{\"role\":\"tool\",\"tool_call_id\":\"call_2\",\"content\":\"sun\"}]}",
      "first content ids=2 turns=0/1/1/2 text=0/7/15/7" },

    { "chat: tools and functions", CHAT,
      "{\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"abc\","
      "\"description\":\"12345\",\"parameters\":{\"type\":\"object\","
      "\"properties\":{\"city\":{\"type\":\"string\",\"description\":"
      "\"where\"},\"description\":{\"type\":\"string\"}}}}},"
      "{\"function\":{\"name\":\"d\"},\"type\":\"function\"}],"
      "\"functions\":[{\"name\":\"e\"}]}",
      "tool_set tools=3 tool_text=15" },

    { "chat: what the model said before is no user's text", CHAT,
      "{\"messages\":[{\"role\":\"assistant\",\"reasoning_content\":\"123\","
      "\"content\":\"12\",\"refusal\":\"1\",\"audio\":{\"id\":\"audio_1\"},"
      "\"function_call\":{\"name\":\"f\",\"arguments\":\"{}\"}}]}",
      "ids=1 turns=0/0/1/0 text=0/0/8/0" },

    { "chat: no messages", CHAT, "{\"model\":\"m\",\"messages\":[]}", "m" },

    { "chat: the deployment in the path",
      "/openai/deployments/my-gpt/chat/completions",
      "{\"model\":\"other\",\"messages\":[{\"role\":\"user\","
      "\"content\":\"x\"}]}",
      "my-gpt first content turns=0/1/0/0 text=0/1/0/0" },

    { "chat: a long model name is cut", CHAT,
      "{\"model\":\"0123456789012345678901234567890123456789012345678901234567"
      "89abcdefgh\"}",
      "0123456789012345678901234567890123456789012345678901234567"
      "89abcd" },

    { "chat: zero-width characters in words", CHAT,
      "{\"messages\":[{\"role\":\"user\",\"content\":\"pass\\u200bword "
      "pass\xe2\x80\x8bword\"}]}",
      "first content invisible=2 turns=0/1/0/0 text=0/23/0/0" },

    { "chat: an image only", CHAT,
      "{\"messages\":[{\"role\":\"user\",\"content\":\"a\"},{\"role\":"
      "\"user\",\"content\":[{\"type\":\"image_url\"}]}]}",
      "first images=1 turns=0/2/0/0 text=0/1/0/0" },

    { "chat: OpenRouter's reasoning", CHAT,
      "{\"reasoning\":{\"max_tokens\":2000}}", "reasoning" },


    /* wrong and odd bodies */

    { "no body", CHAT, "", "empty" },
    { "not JSON", CHAT, "model=gpt-4o", "malformed" },
    { "cut off", CHAT, "{\"model\":\"m\",\"messages\":[{\"role\":",
      "m malformed" },
    { "an array", CHAT, "[1,{\"model\":\"m\"}]", "" },
    { "a string", CHAT, "\"model\"", "" },

    { "wrong types: strings", CHAT,
      "{\"n\":\"2\",\"max_tokens\":\"7\",\"temperature\":\"1\","
      "\"logprobs\":\"x\",\"stream\":\"true\"}",
      "mistyped" },
    { "wrong types: numbers", CHAT,
      "{\"model\":4,\"messages\":1,\"stream\":1,\"tools\":2,\"stop\":3}",
      "mistyped" },
    { "wrong types: an object for messages", CHAT,
      "{\"messages\":{\"role\":\"user\",\"content\":\"x\"}}", "mistyped" },
    { "wrong types: strings for messages", CHAT,
      "{\"messages\":[\"x\",[],null]}", "mistyped" },
    { "wrong types: role and content", CHAT,
      "{\"messages\":[{\"role\":7,\"content\":{\"text\":\"x\"}}]}",
      "mistyped turns=0/1/0/0" },
    { "wrong types: parts", CHAT,
      "{\"messages\":[{\"role\":\"user\",\"content\":[1,{\"type\":{},"
      "\"text\":[]},{\"text\":\"x\"}]}]}",
      "mistyped first content turns=0/1/0/0 text=0/1/0/0" },
    { "wrong types: containers", CHAT,
      "{\"model\":[\"m\"],\"n\":{},\"logit_bias\":5,\"stream\":[true],"
      "\"stream_options\":[],\"tools\":{},\"stop\":{}}",
      "mistyped" },
    { "wrong types: tools", CHAT,
      "{\"tools\":[\"a\",{\"function\":{\"name\":1}}]}",
      "mistyped tools=1" },
    { "wrong types: ids", CHAT,
      "{\"messages\":[{\"role\":\"tool\",\"tool_call_id\":5}]}",
      "mistyped turns=0/0/0/1" },
    { "null is not there", CHAT,
      "{\"model\":null,\"n\":null,\"stream\":null,\"messages\":null,"
      "\"stop\":null,\"tools\":null,\"temperature\":null,"
      "\"logit_bias\":null}", "" },

    { "duplicates: the last one wins", CHAT,
      "{\"model\":\"a\",\"model\":\"b\",\"n\":5,\"n\":2,\"stream\":true,"
      "\"stream\":false,\"max_tokens\":9,\"max_tokens\":1,"
      "\"stop\":[\"a\",\"b\"],\"stop\":\"c\"}",
      "b duplicate max=1 n=2 stops=1" },
    { "duplicates: roles", CHAT,
      "{\"messages\":[{\"role\":\"assistant\",\"role\":\"user\","
      "\"content\":\"x\"}]}",
      "duplicate first content turns=0/1/0/0 text=0/1/0/0" },

    { "numbers out of range", CHAT,
      "{\"n\":-3,\"top_logprobs\":99999999999999999999,"
      "\"temperature\":1e400,\"max_tokens\":1e9}",
      "max=1000000000 temp=1000000 top=2147483647" },
    { "more than fits", CHAT,
      "{\"n\":99999999999,\"max_tokens\":999999999999999999999}",
      "max=1099511627776 n=65535" },
    { "a wide number", CHAT,
      "{\"max_tokens\":11111111111111111111111111111111111111111111111111}",
      "wide max=0" },
    { "an unpaired surrogate", CHAT,
      "{\"messages\":[{\"role\":\"user\",\"content\":\"\\ud800x\"}]}",
      "surrogate first content turns=0/1/0/0 text=0/4/0/0" },
    { "a deep body", CHAT,
      "{\"model\":\"m\",\"x\":"
      "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["
      "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[",
      "m deep" },
    { "escaped names", CHAT,
      "{\"\\u006dodel\":\"\\u006d\",\"m\\u0065ssages\":[{\"rol\\u0065\":"
      "\"us\\u0065r\",\"\\u0063ontent\":\"\\u0041\"}]}",
      "m first content turns=0/1/0/0 text=0/1/0/0" },


    /* OpenAI responses */

    { "responses: an SDK's smallest body", RESPONSES,
      "{\"model\":\"gpt-4o\",\"input\":\"hi\",\"stream\":true}",
      "gpt-4o stream first content turns=0/1/0/0 text=0/2/0/0" },

    { "responses: instructions and parameters", RESPONSES,
      "{\"instructions\":\"Be brief.\",\"input\":\"hi\","
      "\"max_output_tokens\":99,\"temperature\":1,\"top_logprobs\":3,"
      "\"include\":[\"reasoning.encrypted_content\","
      "\"message.output_text.logprobs\"],\"reasoning\":{\"effort\":\"low\"},"
      "\"previous_response_id\":\"resp_1\",\"tools\":[{\"type\":"
      "\"web_search\"},{\"type\":\"function\",\"name\":\"f\","
      "\"description\":\"d\",\"parameters\":{}}]}",
      "logprobs reasoning system tool_set first content max=99 temp=1000 "
      "top=3 tools=2 tool_text=2 ids=1 turns=1/1/0/0 text=9/2/0/0" },

    { "responses: items", RESPONSES,
      "{\"input\":[{\"role\":\"developer\",\"content\":\"sys\"},"
      "{\"role\":\"user\",\"content\":[{\"type\":\"input_text\",\"text\":"
      "\"weather\"},{\"type\":\"input_image\",\"image_url\":\"data:\"},"
      "{\"type\":\"input_file\",\"file_id\":\"f\"}]},"
      "{\"id\":\"rs_1\",\"type\":\"reasoning\",\"encrypted_content\":\"gAAA\","
      "\"summary\":[{\"type\":\"summary_text\",\"text\":\"thinking\"}]},"
      "{\"arguments\":\"{}\",\"call_id\":\"call_1\",\"name\":\"w\","
      "\"id\":\"fc_1\",\"type\":\"function_call\"},"
      "{\"type\":\"message\",\"role\":\"assistant\",\"id\":\"msg_1\","
      "\"content\":[{\"type\":\"output_text\",\"text\":\"wait\"}]},"
      "{\"output\":\"rain\",\"call_id\":\"call_1\","
      "\"type\":\"function_call_output\"},"
      "{\"type\":\"function_call_output\",\"call_id\":\"call_2\","
      "\"output\":[{\"type\":\"input_text\",\"text\":\"sun\"},"
      "{\"type\":\"input_image\"}]},"
      "{\"type\":\"computer_call_output\",\"call_id\":\"call_3\","
      "\"output\":{\"type\":\"computer_screenshot\",\"image_url\":\"d\"}},"
      "{\"type\":\"item_reference\",\"id\":\"msg_2\"},"
      "{\"type\":\"message\",\"role\":\"user\",\"content\":\"go on\"}]}",
      "system first content images=3 files=1 ids=8 turns=1/2/2/3 "
      "text=3/12/14/7" },

    { "responses: wrong types", RESPONSES,
      "{\"input\":5,\"instructions\":7,\"include\":\"x\","
      "\"previous_response_id\":{}}", "mistyped" },

    { "responses: previous answers", RESPONSES,
      "{\"input\":[{\"role\":\"user\",\"content\":\"a\"},"
      "{\"role\":\"assistant\",\"content\":\"b\"},"
      "{\"role\":\"assistant\",\"content\":\"c\"}]}",
      "first content turns=0/1/2/0 text=0/1/2/0" },


    /* OpenAI completions */

    { "completions: a prompt", COMPLETIONS,
      "{\"model\":\"m\",\"prompt\":\"once upon\",\"max_tokens\":3072,"
      "\"logprobs\":2,\"stop\":[\"\\n20\",\"20.\",\"20.\"],\"echo\":true,"
      "\"best_of\":3,\"logit_bias\":{\"50256\":-100},\"suffix\":\"end\"}",
      "m echo logprobs first content max=3072 n=3 top=2 bias=1 stops=3 "
      "inputs=1 turns=0/1/0/0 text=0/12/0/0" },

    { "completions: logprobs of the chosen tokens only", COMPLETIONS,
      "{\"logprobs\":0}", "logprobs" },

    { "completions: prompts", COMPLETIONS,
      "{\"prompt\":[\"one\",\"two\",\"three\"]}",
      "first content inputs=3 turns=0/3/0/0 text=0/11/0/0" },

    { "completions: tokens", COMPLETIONS,
      "{\"prompt\":[1,22,333,4444],\"max_tokens\":0,\"echo\":true,"
      "\"prompt_logprobs\":64}",
      "echo max=0 prompt_logprobs=64 inputs=1 token_ids=4 turns=0/1/0/0" },

    { "completions: prompts of tokens", COMPLETIONS,
      "{\"prompt\":[[1,2],[3],[]]}",
      "inputs=3 token_ids=3 turns=0/3/0/0" },

    { "completions: wrong types", COMPLETIONS,
      "{\"prompt\":{\"a\":1},\"suffix\":1,\"echo\":\"yes\"}", "mistyped" },

    { "completions: wrong items", COMPLETIONS,
      "{\"prompt\":[{},true,[\"a\",{}],\"b\"]}",
      "mistyped content inputs=2 turns=0/2/0/0 text=0/1/0/0" },

    { "completions: llama.cpp", "/completion",
      "{\"prompt\":\"x\",\"n_predict\":128,\"n_probs\":3}",
      "logprobs first content max=128 top=3 inputs=1 turns=0/1/0/0 "
      "text=0/1/0/0" },


    /* OpenAI embeddings */

    { "embeddings: an SDK's body", EMBEDDINGS,
      "{\"model\":\"text-embedding-3-small\",\"input\":\"hi\","
      "\"encoding_format\":\"base64\"}",
      "text-embedding-3-small embedding first content inputs=1 "
      "turns=0/1/0/0 text=0/2/0/0" },

    { "embeddings: texts", EMBEDDINGS, "{\"input\":[\"a\",\"bc\"]}",
      "embedding first content inputs=2 turns=0/2/0/0 text=0/3/0/0" },

    { "embeddings: tokens", EMBEDDINGS, "{\"input\":[[1,2],[3]]}",
      "embedding inputs=2 token_ids=3 turns=0/2/0/0" },

    { "embeddings: Ollama", "/api/embeddings",
      "{\"model\":\"m\",\"prompt\":\"abc\"}",
      "m embedding first content inputs=1 turns=0/1/0/0 text=0/3/0/0" }
};


int
main(void)
{
    if (kit_reader() != DG_OK) {
        return 1;
    }

    kit_requests(cases, dg_nelts(cases));

    return dg_done();
}
