/*
 * Copyright (C) 2026 Distill Guard
 *
 * What is understood of answers, and what is charged for them.  Each body is
 * read whole, byte by byte and in every two pieces, and gives the same facts.
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
#define MODELS       "/v1/models"
#define COUNT        "/v1/messages/count_tokens"
#define COUNT_GEMINI "/v1beta/models/gemini-2.5-flash:countTokens"

#define JSON         "application/json"
#define SSE          "text/event-stream; charset=utf-8"
#define NDJSON       "application/x-ndjson"


static const dg_hash_key_t  key = { { 3, 4 } };
static dg_marks_key_t       marks;


static void
match(dg_endpoint_t *ep, const char *path)
{
    dg_str_t  method, p;

    method.data = (const u_char *) "POST";
    method.len = 4;
    p.data = (const u_char *) path;
    p.len = strlen(path);

    dg_dialect_match(ep, &method, &p);
}


static void
read_pieces(dg_response_facts_t *facts, dg_dialect_id_t dialect,
    const char *type, const char *body, size_t len, size_t first, size_t step)
{
    size_t         i, n;
    u_char        *copy;
    dg_format_t    format;
    dg_response_t  rs;

    format = dg_response_format((const u_char *) type, strlen(type));
    dg_response_init(&rs, dialect, format, &key, facts);

    for (i = 0; i < len; i += n) {
        n = (i == 0) ? first : step;
        n = dg_min(n, len - i);

        /* a sanitizer sees reads beyond a piece of its own */

        copy = malloc(n);

        if (copy == NULL) {
            abort();
        }

        memcpy(copy, body + i, n);
        dg_response_push(&rs, copy, n);
        free(copy);
    }

    dg_response_end(&rs);
}


/* reads in all ways; returns how many of them gave other facts */

static unsigned
read_response(dg_response_facts_t *facts, dg_dialect_id_t dialect,
    const char *type, const char *body)
{
    size_t               i, len;
    unsigned             other;
    dg_response_facts_t  again;

    len = strlen(body);
    other = 0;

    read_pieces(facts, dialect, type, body, len, len, len);

    read_pieces(&again, dialect, type, body, len, 1, 1);
    other += memcmp(facts, &again, sizeof(again)) != 0;

    for (i = 1; i < len; i++) {
        read_pieces(&again, dialect, type, body, len, i, len);
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


#define SIZE  512

static void
print_number(char *buf, const char *name, uint64_t n)
{
    if (n) {
        print(buf, SIZE, " %s=%llu", name, (unsigned long long) n);
    }
}


static void
describe(char *buf, const dg_response_facts_t *f)
{
    size_t  i;

    const struct {
        const char  *name;
        unsigned     on;
    } flags[] = {
        { "unread", !f->read }, { "malformed", f->malformed },
        { "complete", f->complete }, { "error", f->error }
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

    if (f->error_len) {
        print(buf, SIZE, ":%.*s", (int) f->error_len, f->error_kind);
    }

    if (f->finish_len) {
        print(buf, SIZE, " finish=%.*s", (int) f->finish_len, f->finish);
    }

    print_number(buf, "text", f->text);
    print_number(buf, "events", f->events);
    print_number(buf, "choices", f->choices == 1 ? 0 : f->choices);
    print_number(buf, "ids", f->issued.n);
}


static void
describe_usage(char *buf, const dg_usage_t *usage)
{
    static const char *const  sources[] = {
        "nothing", "reported", "estimated"
    };

    *buf = '\0';

    print(buf, SIZE, "%s", sources[usage->source]);

    if (usage->source != DG_SOURCE_NONE) {
        print(buf, SIZE, " in=%llu out=%llu",
              (unsigned long long) usage->input,
              (unsigned long long) usage->output);
    }

    print_number(buf, "cached", usage->cached);
    print_number(buf, "written", usage->cache_write);
    print_number(buf, "reasoning", usage->reasoning);
}


#define ABORTED  1               /* the client or the upstream went away */
#define ENCODED  2               /* the upstream compressed it */


/* the input of all requests is estimated as 10 tokens */

static const struct {
    const char  *name;
    const char  *path;
    unsigned     status;
    unsigned     flags;
    const char  *type;
    const char  *body;
    const char  *facts;
    const char  *usage;
} cases[] = {

#define CHUNK(s)  "data: {\"id\":\"chatcmpl-1\",\"object\":"                  \
    "\"chat.completion.chunk\",\"created\":1,\"model\":\"gpt-4o\"," s "}\n\n"
#define DELTA(s)  CHUNK("\"choices\":[{\"index\":0,\"delta\":" s ","          \
    "\"logprobs\":null,\"finish_reason\":null}]")
#define STOP      CHUNK("\"choices\":[{\"index\":0,\"delta\":{},"             \
    "\"logprobs\":null,\"finish_reason\":\"stop\"}]")
#define DONE      "data: [DONE]\n\n"

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

#define EVENT(type, s)  "event: " type "\ndata: {\"type\":\"" type "\"" s     \
    "}\n\n"
#define CREATED   EVENT("response.created", ",\"response\":{\"id\":"          \
    "\"resp_1\",\"model\":\"gpt-4o\",\"status\":\"in_progress\","             \
    "\"output\":[],\"usage\":null}")

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
      "estimated in=10 out=1" },


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

#define START(s)  EVENT("message_start", ",\"message\":{\"id\":\"msg_1\","    \
    "\"type\":\"message\",\"role\":\"assistant\",\"content\":[],"             \
    "\"model\":\"claude\",\"stop_reason\":null,\"usage\":{" s "}}")
#define BLOCK(s)  EVENT("content_block_delta", ",\"index\":0,\"delta\":{"     \
    "\"type\":\"text_delta\",\"text\":\"" s "\"}")
#define END(s)    EVENT("message_delta", ",\"delta\":{\"stop_reason\":"       \
    "\"end_turn\",\"stop_sequence\":null},\"usage\":{" s "}")

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

#define PIECE(text, more)  "{\"candidates\":[{\"content\":{\"role\":"         \
    "\"model\",\"parts\":[{\"text\":\"" text "\"}]},\"index\":0" more

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
      "reported in=5 out=6" },


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


static void
test_cases(void)
{
    char                 buf[SIZE];
    size_t               i;
    unsigned             other;
    dg_end_t             end;
    dg_usage_t           usage;
    dg_endpoint_t        ep;
    dg_request_facts_t   request;
    dg_response_facts_t  facts;

    memset(&request, 0, sizeof(request));
    request.text[DG_ROLE_USER] = 24;
    request.turns[DG_ROLE_USER] = 1;

    for (i = 0; i < dg_nelts(cases); i++) {
        match(&ep, cases[i].path);

        request.embedding = (ep.dialect == DG_OPENAI_EMBEDDINGS);

        memset(&end, 0, sizeof(end));
        end.status = cases[i].status;
        end.aborted = cases[i].flags & ABORTED;
        end.charged = ep.charged;

        memset(&facts, 0, sizeof(facts));
        other = 0;

        if (cases[i].flags & ENCODED) {
            facts.encoded = 1;
            facts.bytes = strlen(cases[i].body);

        } else if (ep.dialect != DG_DIALECT_NONE) {
            other = read_response(&facts, ep.dialect, cases[i].type,
                                  cases[i].body);
        }

        if (cases[i].facts) {
            describe(buf, &facts);

            if (!dg_ok(strcmp(buf + (*buf == ' '), cases[i].facts) == 0, "%s",
                       cases[i].name))
            {
                printf("#   is     %s\n#   wanted  %s\n", buf,
                       cases[i].facts);
            }

            dg_ok(other == 0, "%s, in any pieces", cases[i].name);
        }

        dg_facts_usage(&usage, &request, &facts, &end);
        describe_usage(buf, &usage);

        if (!dg_ok(strcmp(buf, cases[i].usage) == 0, "%s: %s", cases[i].name,
                   cases[i].usage))
        {
            printf("#   is      %s\n", buf);
        }
    }
}


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
    if (dg_dialect_init() != DG_OK) {
        printf("Bail out! a table of paths is wrong\n");
        return 1;
    }

    test_cases();
    test_ids();
    test_format();
    test_encoded();
    test_passing();

    return dg_done();
}
