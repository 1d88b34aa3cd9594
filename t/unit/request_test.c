/*
 * Copyright (C) 2026 Distill Guard
 *
 * What is understood of requests, dialect by dialect.  Each body is read
 * whole, byte by byte and in every two pieces, and gives the same facts.
 */


#include "dg_reader.h"
#include "dg_test.h"


#define CHAT         "/v1/chat/completions"
#define RESPONSES    "/v1/responses"
#define COMPLETIONS  "/v1/completions"
#define EMBEDDINGS   "/v1/embeddings"
#define MESSAGES     "/v1/messages"
#define GEMINI       "/v1beta/models/gemini-2.5-flash:generateContent"
#define GEMINI_SSE   "/v1beta/models/gemini-2.5-flash:streamGenerateContent"
#define OLLAMA       "/api/chat"
#define GENERATE     "/api/generate"


static const dg_hash_key_t  key = { { 3, 4 } };
static dg_marks_key_t       marks;


static void
read_pieces(dg_request_facts_t *facts, const char *path, const u_char *body,
    size_t len, size_t first, size_t step)
{
    size_t         i, n;
    u_char        *copy;
    dg_str_t       method, p;
    dg_request_t   rq;
    dg_endpoint_t  ep;

    method.data = (const u_char *) "POST";
    method.len = 4;
    p.data = (const u_char *) path;
    p.len = strlen(path);

    dg_dialect_match(&ep, &method, &p);
    dg_request_init(&rq, &ep, &key, &marks, facts);

    for (i = 0; i < len; i += n) {
        n = (i == 0) ? first : step;
        n = dg_min(n, len - i);

        /* a sanitizer sees reads beyond a piece of its own */

        copy = malloc(n ? n : 1);

        if (copy == NULL) {
            abort();
        }

        memcpy(copy, body + i, n);
        dg_request_push(&rq, copy, n);
        free(copy);

        if (n == 0) {
            n = dg_min(step, len);
            dg_request_push(&rq, body, n);
        }
    }

    dg_request_end(&rq);
}


/* reads in all ways; returns how many of them gave other facts */

static unsigned
read_request(dg_request_facts_t *facts, const char *path, const char *body)
{
    size_t              i, len;
    unsigned            other;
    dg_request_facts_t  again;

    len = strlen(body);
    other = 0;

    read_pieces(facts, path, (const u_char *) body, len, len, len);

    read_pieces(&again, path, (const u_char *) body, len, 1, 1);
    other += memcmp(facts, &again, sizeof(again)) != 0;

    for (i = 0; i < len; i++) {
        read_pieces(&again, path, (const u_char *) body, len, i, len);
        other += memcmp(facts, &again, sizeof(again)) != 0;
    }

    return other;
}


static void
print(char *buf, size_t size, const char *fmt, ...)
{
    size_t   len;
    va_list  args;

    len = strlen(buf);

    va_start(args, fmt);
    vsnprintf(buf + len, size - len, fmt, args);
    va_end(args);
}


#define SIZE  1024

static void
print_roles(char *buf, const char *name, uint64_t system, uint64_t user,
    uint64_t assistant, uint64_t tool)
{
    if (system + user + assistant + tool) {
        print(buf, SIZE, " %s=%llu/%llu/%llu/%llu", name,
              (unsigned long long) system, (unsigned long long) user,
              (unsigned long long) assistant, (unsigned long long) tool);
    }
}


/* all that is not as it would be without the member; roles: s/u/a/t */

static void
describe(char *buf, const dg_request_facts_t *f)
{
    size_t  i;

    const struct {
        const char  *name;
        unsigned     on;
    } flags[] = {
        { "empty", !f->present },
        { "malformed", f->malformed }, { "deep", f->deep },
        { "wide", f->wide }, { "duplicate", f->duplicate },
        { "surrogate", f->surrogate }, { "encoded", f->encoded },
        { "mistyped", f->mistyped }, { "stream", f->stream },
        { "include_usage", f->include_usage }, { "echo", f->echo },
        { "logprobs", f->logprobs }, { "reasoning", f->reasoning },
        { "traces", f->traces }, { "embedding", f->embedding },
        { "system", !dg_id_none(&f->system) },
        { "tool_set", !dg_id_none(&f->tool_set) },
        { "first", !dg_id_none(&f->first) },
        { "content", !dg_id_none(&f->content) }
    };

    const struct {
        const char  *name;
        uint64_t     n;
    } numbers[] = {
        { "n", f->n == 1 ? 0 : f->n }, { "top", f->top_logprobs },
        { "prompt_logprobs", f->prompt_logprobs },
        { "bias", f->logit_bias }, { "stops", f->stops },
        { "tools", f->tools }, { "tool_text", f->tool_text },
        { "min", f->min_tokens }, { "images", f->images },
        { "audio", f->audio }, { "files", f->files },
        { "inputs", f->inputs }, { "token_ids", f->token_ids },
        { "invisible", f->invisible }, { "marks", f->marks.n },
        { "ids", f->presented.n }
    };

    *buf = '\0';

    if (f->model_len) {
        print(buf, SIZE, " %.*s", (int) f->model_len, f->model);
    }

    for (i = 0; i < dg_nelts(flags); i++) {
        if (flags[i].on) {
            print(buf, SIZE, " %s", flags[i].name);
        }
    }

    if (f->capped || f->max_tokens) {
        print(buf, SIZE, " max=%llu", (unsigned long long) f->max_tokens);
    }

    if (f->temperature != -1) {
        print(buf, SIZE, " temp=%d", f->temperature);
    }

    for (i = 0; i < dg_nelts(numbers); i++) {
        if (numbers[i].n) {
            print(buf, SIZE, " %s=%llu", numbers[i].name,
                  (unsigned long long) numbers[i].n);
        }
    }

    print_roles(buf, "turns", f->turns[0], f->turns[1], f->turns[2],
                f->turns[3]);
    print_roles(buf, "text", f->text[0], f->text[1], f->text[2], f->text[3]);
}


static const struct {
    const char  *name;
    const char  *path;
    const char  *body;
    const char  *facts;
} cases[] = {

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
      "m embedding first content inputs=1 turns=0/1/0/0 text=0/3/0/0" },


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


static void
test_cases(void)
{
    char                buf[SIZE];
    size_t              i;
    unsigned            other;
    dg_request_facts_t  facts;

    for (i = 0; i < dg_nelts(cases); i++) {
        other = read_request(&facts, cases[i].path, cases[i].body);

        describe(buf, &facts);

        if (!dg_ok(strcmp(buf + (*buf == ' '), cases[i].facts) == 0, "%s",
                   cases[i].name))
        {
            printf("#   is     %s\n#   wanted  %s\n", buf, cases[i].facts);
        }

        dg_ok(other == 0, "%s, in any pieces", cases[i].name);
        dg_ok(facts.bytes == strlen(cases[i].body), "%s, bytes",
              cases[i].name);
    }
}

/* one fact of a body that is known to be well read */

static dg_request_facts_t
facts_of(const char *path, const char *body)
{
    dg_request_facts_t  facts;

    read_pieces(&facts, path, (const u_char *) body, strlen(body),
                strlen(body), strlen(body));

    return facts;
}


static dg_request_facts_t
facts_of_text(const char *text)
{
    char  body[1024];

    snprintf(body, sizeof(body), "{\"messages\":[{\"role\":\"user\","
             "\"content\":%s}]}", text);

    return facts_of(CHAT, body);
}


#define same(fact, a, b)  dg_id_equal(&(a).fact, &(b).fact)


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


static unsigned
same_marks(const dg_few_marks_t *a, const dg_few_marks_t *b)
{
    unsigned  i;

    if (a->n == 0 || a->n != b->n) {
        return 0;
    }

    for (i = 0; i < a->n; i++) {
        if (a->kind[i] != b->kind[i] || a->value[i] != b->value[i]) {
            return 0;
        }
    }

    return 1;
}


#define FRAME  "Name the capital of the country that the traveller below "    \
               "comes from, and nothing else."


/* the first message of the user, however it is said */

static void
test_marks(void)
{
    size_t              i;
    unsigned            other;
    dg_few_marks_t      text;
    dg_request_facts_t  facts;

    static const struct {
        const char  *path;
        const char  *body;
    } bodies[] = {
        { CHAT, "{\"messages\":[{\"role\":\"system\",\"content\":\"Be quick "
          "and do not say more than you are asked for\"},"
          "{\"role\":\"user\",\"content\":\"" FRAME "\"}]}" },
        { CHAT, "{\"messages\":[{\"content\":\"Be quick and do not say more "
          "than you are asked for\",\"role\":\"system\"},"
          "{\"content\":\"" FRAME "\",\"role\":\"user\"},"
          "{\"content\":\"And then tell me what they eat over there for "
          "breakfast\",\"role\":\"user\"}]}" },
        { CHAT, "{\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":"
          "\"text\",\"text\":\"" FRAME "\"},{\"type\":\"image_url\","
          "\"image_url\":{\"url\":\"https://example.com/"
          "aportraitofatravellerfromafar.png\"}}]}]}" },
        { RESPONSES, "{\"instructions\":\"Be quick\",\"input\":\"" FRAME
          "\"}" },
        { RESPONSES, "{\"input\":[{\"role\":\"user\",\"content\":[{\"type\":"
          "\"input_text\",\"text\":\"" FRAME "\"}]}]}" },
        { COMPLETIONS, "{\"prompt\":\"" FRAME "\"}" },
        { COMPLETIONS, "{\"prompt\":[\"" FRAME "\",\"And what do they eat "
          "over there for breakfast?\"]}" },
        { MESSAGES, "{\"system\":\"Be quick and do not say more than you are "
          "asked for\",\"messages\":[{\"role\":\"user\",\"content\":\"" FRAME
          "\"}]}" },
        { GEMINI, "{\"contents\":[{\"parts\":[{\"text\":\"" FRAME "\"}]}],"
          "\"systemInstruction\":{\"parts\":[{\"text\":\"Be quick\"}]}}" },
        { OLLAMA, "{\"messages\":[{\"role\":\"user\",\"content\":\"" FRAME
          "\"}]}" },
        { GENERATE, "{\"prompt\":\"" FRAME "\",\"system\":\"Be quick\"}" }
    };

    memset(&text, 0, sizeof(text));

    for (i = 0; i < dg_nelts(bodies); i++) {
        other = read_request(&facts, bodies[i].path, bodies[i].body);

        if (i == 0) {
            text = facts.marks;
        }

        dg_ok(other == 0 && same_marks(&facts.marks, &text),
              "marks: the same of the same text in %s, %u",
              bodies[i].path, (unsigned) i);
    }

    facts = facts_of(CHAT, "{\"messages\":[{\"role\":\"user\",\"content\":["
                           "{\"type\":\"text\",\"text\":\"One, two, three, "
                           "what is it that you see\"},{\"type\":\"text\","
                           "\"text\":\"if you are to look at a clock\"}]}]}");
    text = facts.marks;
    facts = facts_of(COMPLETIONS, "{\"prompt\":\"One, two, three, what is it "
                                  "that you see\\nif you are to look at a "
                                  "clock\"}");
    dg_ok(same_marks(&facts.marks, &text), "parts are separate words");
}


static void
test_no_marks(void)
{
    size_t              i;
    dg_request_facts_t  facts;

    static const struct {
        const char  *name;
        const char  *path;
        const char  *body;
    } bodies[] = {
        { "somebody has answered", CHAT,
          "{\"messages\":[{\"role\":\"user\",\"content\":\"" FRAME "\"},"
          "{\"role\":\"assistant\",\"content\":\"Paris\"},"
          "{\"role\":\"user\",\"content\":\"" FRAME "\"}]}" },
        { "a tool has", CHAT,
          "{\"messages\":[{\"role\":\"user\",\"content\":\"" FRAME "\"},"
          "{\"role\":\"tool\",\"content\":\"Paris\"}]}" },
        { "only the system speaks", CHAT,
          "{\"messages\":[{\"role\":\"system\",\"content\":\"" FRAME
          "\"}]}" },
        { "tokens", COMPLETIONS,
          "{\"prompt\":[[1,2,3],\"" FRAME "\"]}" },
        { "the first message is an image", CHAT,
          "{\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":"
          "\"image_url\",\"image_url\":{\"url\":\"data:image/png;base64,"
          "aVeryLongImageThatIsAllOfLettersOfBaseSixtyFour\"}}]},"
          "{\"role\":\"user\",\"content\":\"" FRAME "\"}]}" },
        { "cut off", CHAT,
          "{\"messages\":[{\"role\":\"user\",\"content\":\"" FRAME }
    };

    for (i = 0; i < dg_nelts(bodies); i++) {
        facts = facts_of(bodies[i].path, bodies[i].body);
        dg_ok(facts.marks.n == 0, "no marks: %s", bodies[i].name);
    }
}


static void
test_traces(void)
{
    size_t              i;
    unsigned            other;
    dg_request_facts_t  facts;

    static const struct {
        const char  *name;
        const char  *path;
        const char  *body;
        unsigned     traces;
    } bodies[] = {
        { "the user", CHAT,
          "{\"messages\":[{\"role\":\"user\",\"content\":\"Well. Think "
          "\\u200bSTEP\\n  by step\\tnow.\"}]}", 1 },
        { "the system", MESSAGES,
          "{\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}],"
          "\"system\":[{\"type\":\"text\",\"text\":\"Think step by "
          "step\"}]}", 1 },
        { "an earlier message", CHAT,
          "{\"messages\":[{\"role\":\"user\",\"content\":\"Think step by "
          "step\"},{\"role\":\"assistant\",\"content\":\"I do\"},"
          "{\"role\":\"user\",\"content\":\"Good\"}]}", 1 },
        { "a prompt", COMPLETIONS, "{\"prompt\":\"Think step by step\"}", 1 },
        { "the assistant", CHAT,
          "{\"messages\":[{\"content\":\"Think step by step\",\"role\":"
          "\"assistant\"},{\"role\":\"assistant\",\"content\":\"Think step "
          "by step\"}]}", 0 },
        { "a tool", CHAT,
          "{\"messages\":[{\"content\":\"Think step by step\",\"role\":"
          "\"tool\"}]}", 0 },
        { "a description of a tool", CHAT,
          "{\"tools\":[{\"function\":{\"name\":\"a\",\"description\":"
          "\"Think step by step\"}}]}", 0 },
        { "two parts", CHAT,
          "{\"messages\":[{\"role\":\"user\",\"content\":[{\"text\":\"Think "
          "step\"},{\"text\":\"by step\"}]}]}", 0 },
        { "two messages", CHAT,
          "{\"messages\":[{\"role\":\"user\",\"content\":\"Think step\"},"
          "{\"role\":\"user\",\"content\":\" by step\"}]}", 0 }
    };

    for (i = 0; i < dg_nelts(bodies); i++) {
        other = read_request(&facts, bodies[i].path, bodies[i].body);
        dg_ok(other == 0 && facts.traces == bodies[i].traces,
              "traces: %s", bodies[i].name);
    }
}


int
main(void)
{
    if (dg_dialect_init() != DG_OK) {
        printf("Bail out! a table of paths is wrong\n");
        return 1;
    }

    dg_marks_derive(&marks, &key);

    dg_ok(sizeof(dg_request_t) <= 4096 && sizeof(dg_response_t) <= 4096,
          "either reader fits into a page");

    test_cases();
    test_content();
    test_dialects();
    test_tools();
    test_ids();
    test_many_ids();
    test_encoded();
    test_estimate();
    test_marks();
    test_no_marks();
    test_traces();

    return dg_done();
}
