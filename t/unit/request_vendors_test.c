/*
 * Copyright (C) 2026 Distill Guard
 *
 * What is understood of requests to Anthropic's, Google's and Ollama's APIs.
 */


#include "request_kit.h"


static const request_case_t  cases[] = {

    /* Anthropic */

    { "anthropic: an SDK's body", MESSAGES,
      "{\"model\":\"claude-sonnet-4-5\",\"max_tokens\":64,\"messages\":["
      "{\"role\":\"user\",\"content\":\"hello there\"}],\"stream\":true}",
      "claude-sonnet-4-5 stream first content max=64 turns=0/1/0/0 "
      "text=0/11/0/0" },

    { "anthropic: system text and parameters", MESSAGES,
      "{\"system\":\"Be brief.\",\"temperature\":0.25,\"stop_sequences\":["
      "\"a\",\"b\"],\"thinking\":{\"type\":\"enabled\","
      "\"budget_tokens\":1024},\"messages\":[]}",
      "reasoning system temp=250 stops=2 turns=1/0/0/0 text=9/0/0/0" },

    { "anthropic: system blocks", MESSAGES,
      "{\"system\":[{\"type\":\"text\",\"text\":\"Be brief.\","
      "\"cache_control\":{\"type\":\"ephemeral\"}},{\"text\":\"Or not.\"}]}",
      "system turns=1/0/0/0 text=16/0/0/0" },

    { "anthropic: blocks", MESSAGES,
      "{\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"text\","
      "\"text\":\"look\"},{\"type\":\"image\",\"source\":{\"type\":"
      "\"base64\",\"media_type\":\"image/png\",\"data\":\"iVBORw0KGgo\"}},"
      "{\"source\":{\"type\":\"base64\",\"data\":\"JVBERi0=\"},"
      "\"type\":\"document\"}]},"
      "{\"role\":\"assistant\",\"content\":[{\"type\":\"thinking\","
      "\"thinking\":\"hmm\",\"signature\":\"c2ln\"},"
      "{\"type\":\"redacted_thinking\",\"data\":\"cmVk\"},"
      "{\"type\":\"text\",\"text\":\"so\"},"
      "{\"type\":\"tool_use\",\"id\":\"toolu_1\",\"name\":\"w\","
      "\"input\":{\"city\":\"SF\",\"days\":3,\"more\":{\"a\":\"b\"},"
      "\"list\":[\"cd\",true]}}]},"
      "{\"role\":\"user\",\"content\":[{\"type\":\"tool_result\","
      "\"tool_use_id\":\"toolu_1\",\"content\":\"rain\"},"
      "{\"type\":\"tool_result\",\"tool_use_id\":\"toolu_2\",\"content\":["
      "{\"type\":\"text\",\"text\":\"sun\"},{\"type\":\"image\"}]}]}]}",
      "first content images=2 files=1 ids=4 turns=0/1/1/1 text=0/4/18/7" },

    { "anthropic: a result and the user's word", MESSAGES,
      "{\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":"
      "\"tool_result\",\"tool_use_id\":\"toolu_1\",\"content\":\"rain\"},"
      "{\"type\":\"text\",\"text\":\"and now?\"}]}]}",
      "first content ids=1 turns=0/1/0/0 text=0/8/0/4" },

    { "anthropic: tools", MESSAGES,
      "{\"tools\":[{\"name\":\"get\",\"description\":\"it\","
      "\"input_schema\":{\"properties\":{\"a\":{\"description\":\"b\"}}}},"
      "{\"type\":\"web_search_20250305\",\"name\":\"web_search\"}]}",
      "tool_set tools=2 tool_text=16" },

    { "anthropic: adaptive thinking", MESSAGES,
      "{\"thinking\":{\"type\":\"adaptive\"}}", "reasoning" },

    { "anthropic: no thinking", MESSAGES,
      "{\"thinking\":{\"type\":\"disabled\"}}", "" },

    { "anthropic: wrong types", MESSAGES,
      "{\"system\":5,\"messages\":{},\"stop_sequences\":true,"
      "\"thinking\":\"on\"}", "mistyped" },

    { "anthropic: the model in the path",
      "/v1/projects/p/locations/l/publishers/anthropic/models/"
      "claude-sonnet-4@20250514:streamRawPredict",
      "{\"anthropic_version\":\"vertex-2023-10-16\",\"messages\":[{\"role\":"
      "\"user\",\"content\":\"x\"}],\"max_tokens\":5}",
      "claude-sonnet-4@20250514 stream first content max=5 turns=0/1/0/0 "
      "text=0/1/0/0" },


    /* Gemini */

    { "gemini: an SDK's body", GEMINI_SSE,
      "{\"contents\":[{\"parts\":[{\"text\":\"hi\"}],\"role\":\"user\"}]}",
      "gemini-2.5-flash stream first content turns=0/1/0/0 text=0/2/0/0" },

    { "gemini: camel case", GEMINI,
      "{\"systemInstruction\":{\"role\":\"user\",\"parts\":[{\"text\":"
      "\"sys\"}]},\"generationConfig\":{\"temperature\":0.5,"
      "\"maxOutputTokens\":10,\"candidateCount\":2,\"stopSequences\":[\"a\"],"
      "\"responseLogprobs\":true,\"logprobs\":4,\"thinkingConfig\":{"
      "\"includeThoughts\":true,\"thinkingBudget\":0}},"
      "\"tools\":[{\"functionDeclarations\":[{\"name\":\"f\","
      "\"description\":\"d\",\"parameters\":{\"properties\":{\"a\":{"
      "\"description\":\"b\"}}}},{\"name\":\"g\"}]},{\"googleSearch\":{}}],"
      "\"contents\":[{\"role\":\"user\",\"parts\":[{\"text\":\"a\"},"
      "{\"inlineData\":{\"mimeType\":\"image/png\",\"data\":\"iVBO\"}},"
      "{\"inlineData\":{\"data\":\"iVBO\",\"mimeType\":\"audio/wav\"}},"
      "{\"fileData\":{\"mimeType\":\"application/pdf\",\"fileUri\":\"u\"}}]},"
      "{\"role\":\"model\",\"parts\":[{\"text\":\"thought\",\"thought\":true},"
      "{\"functionCall\":{\"id\":\"1\",\"name\":\"f\",\"args\":{\"x\":\"yz\"}},"
      "\"thoughtSignature\":\"c2ln\"}]},"
      "{\"role\":\"user\",\"parts\":[{\"functionResponse\":{\"id\":\"1\","
      "\"name\":\"f\",\"response\":{\"result\":\"rain\"}}}]}]}",
      "gemini-2.5-flash logprobs reasoning system tool_set first content "
      "max=10 temp=500 n=2 top=4 stops=1 tools=2 tool_text=4 images=1 "
      "audio=1 files=1 ids=2 turns=1/1/1/1 text=3/1/9/4" },

    { "gemini: snake case", GEMINI,
      "{\"system_instruction\":{\"parts\":{\"text\":\"sys\"}},"
      "\"generation_config\":{\"max_output_tokens\":10,\"candidate_count\":2,"
      "\"stop_sequences\":[\"a\"],\"response_logprobs\":true,"
      "\"thinking_config\":{\"thinking_budget\":-1}},"
      "\"tools\":[{\"function_declarations\":[{\"name\":\"f\"}]}],"
      "\"contents\":[{\"role\":\"user\",\"parts\":[{\"text\":\"a\"},"
      "{\"inline_data\":{\"mime_type\":\"image/png\",\"data\":\"iVBO\"}},"
      "{\"file_data\":{\"mime_type\":\"video/mp4\"}}]},"
      "{\"role\":\"model\",\"parts\":[{\"function_call\":{\"id\":\"1\","
      "\"args\":{\"x\":\"yz\"}},\"thought_signature\":\"c2ln\"}]},"
      "{\"role\":\"function\",\"parts\":[{\"function_response\":{"
      "\"id\":\"1\",\"response\":{\"result\":\"rain\"}}}]}]}",
      "gemini-2.5-flash logprobs reasoning system tool_set first content "
      "max=10 n=2 stops=1 tools=1 tool_text=1 images=1 files=1 ids=2 "
      "turns=1/1/1/1 text=3/1/2/4" },

    { "gemini: one value for a list, no role", GEMINI,
      "{\"contents\":{\"parts\":{\"text\":\"abc\"}}}",
      "gemini-2.5-flash first content turns=0/1/0/0 text=0/3/0/0" },

    { "gemini: no thinking", GEMINI,
      "{\"generationConfig\":{\"thinkingConfig\":{\"thinkingBudget\":0,"
      "\"includeThoughts\":false}}}", "gemini-2.5-flash" },

    { "gemini: wrong types", GEMINI,
      "{\"contents\":\"hi\",\"generationConfig\":[],\"tools\":5,"
      "\"systemInstruction\":6}", "gemini-2.5-flash mistyped" },


    /* Ollama */

    { "ollama: chat streams by itself", OLLAMA,
      "{\"model\":\"llama3\",\"messages\":[{\"role\":\"user\","
      "\"content\":\"hi\"}]}",
      "llama3 stream first content turns=0/1/0/0 text=0/2/0/0" },

    { "ollama: chat", OLLAMA,
      "{\"model\":\"llama3\",\"stream\":false,\"think\":\"high\","
      "\"options\":{\"temperature\":0.1,\"num_predict\":50,\"stop\":[\"a\"]},"
      "\"messages\":[{\"role\":\"system\",\"content\":\"sys\"},"
      "{\"role\":\"user\",\"content\":\"look\",\"images\":[\"iVBO\",\"iV\"]},"
      "{\"role\":\"assistant\",\"thinking\":\"hm\",\"content\":\"\","
      "\"tool_calls\":[{\"function\":{\"name\":\"f\",\"arguments\":"
      "{\"a\":\"bcd\"}}}]},"
      "{\"role\":\"tool\",\"tool_name\":\"f\",\"content\":\"ok\"}],"
      "\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\"}}]}",
      "llama3 reasoning system tool_set first content max=50 temp=100 "
      "stops=1 tools=1 tool_text=1 images=2 turns=1/1/1/1 text=3/4/5/2" },

    { "ollama: generate", GENERATE,
      "{\"model\":\"llama3\",\"prompt\":\"why\",\"system\":\"sys\","
      "\"suffix\":\"end\",\"images\":[\"iVBO\"],\"context\":[1,2,3],"
      "\"options\":{\"num_predict\":-1},\"think\":false,\"stream\":true}",
      "llama3 stream system first content images=1 inputs=1 token_ids=3 "
      "turns=1/1/0/0 text=3/6/0/0" },

    { "ollama: wrong types", OLLAMA,
      "{\"stream\":\"no\",\"options\":[],\"messages\":[{\"images\":\"x\","
      "\"content\":[]}]}", "mistyped stream turns=0/1/0/0" }
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
