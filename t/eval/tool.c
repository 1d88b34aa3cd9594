/*
 * Copyright (C) 2026 Distill Guard
 *
 * What sends requests: its headers in their order, and how it takes a
 * refusal, as its public code has it.
 */


#include <math.h>

#include "eval.h"


#define OBEYED  60               /* seconds; SDKs take no longer waits from
                                    Retry-After */

#define STAINLESS(name, lang, runtime)                                        \
    "Accept: application/json\n"                                              \
    "Content-Type: application/json\n"                                        \
    "User-Agent: " name " VERSION\n"                                          \
    "X-Stainless-Lang: " lang "\n"                                            \
    "X-Stainless-Package-Version: VERSION\n"                                  \
    "X-Stainless-OS: Linux\n"                                                 \
    "X-Stainless-Arch: x64\n"                                                 \
    "X-Stainless-Runtime: " runtime "\n"                                      \
    "X-Stainless-Runtime-Version: 3.12.7\n"                                   \
    "X-Stainless-Retry-Count: 0\n"

#define NODE                                                                  \
    "Accept-Language: *\n"                                                    \
    "Sec-Fetch-Mode: cors\n"                                                  \
    "Accept-Encoding: gzip, deflate\n"

#define OPENAI_PYTHON                                                         \
    STAINLESS("OpenAI/Python", "python", "CPython")                           \
    "Authorization: Bearer KEY\n"

#define AIOHTTP                                                               \
    "Authorization: Bearer KEY\n"                                             \
    "Accept: */*\n"                                                           \
    "Accept-Encoding: gzip, deflate\n"                                        \
    "User-Agent: Python/3.11 aiohttp/VERSION\n"                               \
    "Content-Type: application/json\n"

#define REQUESTS                                                              \
    "User-Agent: python-requests/VERSION\n"                                   \
    "Accept-Encoding: gzip, deflate\n"                                        \
    "Accept: */*\n"                                                           \
    "Content-Type: application/json\n"                                        \
    "Authorization: Bearer KEY\n"

/* relays pass on no more than these two of what they are sent */

#define GO                                                                    \
    "User-Agent: Go-http-client/VERSION\n"                                    \
    "Accept: application/json\n"                                              \
    "Authorization: Bearer KEY\n"                                             \
    "Content-Type: application/json\n"                                        \
    "Accept-Encoding: gzip\n"

#define OPENAI_VERSIONS    { "1.54.3", "1.99.1", "2.8.1", NULL }
#define SDK                .tries = 3, .pause = 0.5, .factor = 2, .longest = 8,\
                           .obeys = 1


const tool_t  tools[TOOLS] = {

    [TOOL_OPENAI_PYTHON] = { "openai-python", OPENAI_PYTHON, OPENAI_VERSIONS,
        API_CHAT, SDK, .rest = 300 },

    [TOOL_OPENAI_JS] = { "openai-js",
        STAINLESS("OpenAI/JS", "js", "node") "Authorization: Bearer KEY\n"
        NODE, { "4.77.0", "5.12.2", "6.49.0", NULL },
        API_RESPONSES, SDK, .stream = 1, .rest = 300 },

    [TOOL_ANTHROPIC_PYTHON] = { "anthropic-python",
        STAINLESS("Anthropic/Python", "python", "CPython")
        "anthropic-version: 2023-06-01\nX-Api-Key: KEY\n",
        { "0.39.0", "0.75.0", NULL }, API_ANTHROPIC, SDK, .rest = 300 },

    [TOOL_ANTHROPIC_JS] = { "anthropic-js",
        STAINLESS("Anthropic/JS", "js", "node")
        "anthropic-version: 2023-06-01\nX-Api-Key: KEY\n" NODE,
        { "0.65.0", "1.12.0", NULL }, API_ANTHROPIC, SDK, .stream = 1,
        .rest = 300 },

    [TOOL_GENAI] = { "genai",
        "Content-Type: application/json\n"
        "User-Agent: google-genai-sdk/VERSION gl-node/v20.20.2\n"
        "x-goog-api-client: google-genai-sdk/VERSION gl-node/v20.20.2\n"
        "x-goog-api-key: KEY\nAccept: */*\n" NODE,
        { "1.52.0", "2.32.0", NULL }, API_GEMINI, .tries = 2, .pause = 1,
        .factor = 2, .longest = 60, .rest = 300 },

    [TOOL_AI_SDK] = { "ai-sdk",
        "Authorization: Bearer KEY\nContent-Type: application/json\n"
        "User-Agent: ai-sdk/openai/VERSION runtime/node.js/v20.20.2\n"
        "Accept: */*\n" NODE, { "3.0.141", "2.0.31", NULL },
        API_CHAT, .stream = 1, .tries = 3, .pause = 2, .factor = 2,
        .longest = 60, .obeys = 1, .rest = 300 },

    [TOOL_LANGCHAIN] = { "langchain", OPENAI_PYTHON, OPENAI_VERSIONS,
        API_CHAT, .tries = 6, .pause = 1, .factor = 2, .longest = 10,
        .rest = 120 },

    [TOOL_CURL] = { "curl",
        "User-Agent: curl/VERSION\nAccept: */*\n"
        "Content-Type: application/json\nAuthorization: Bearer KEY\n",
        { "7.88.1", "8.5.0", NULL }, API_CHAT, .tries = 1, .rest = 600 },

    [TOOL_APP] = { "app",
        "Authorization: Bearer KEY\nContent-Type: application/json\n"
        "Accept-Encoding: gzip\nUser-Agent: okhttp/VERSION\n",
        { "4.12.0", "5.1.0", NULL }, API_CHAT, .tries = 2, .pause = 1,
        .factor = 1, .longest = 1, .rest = 600 },

    [TOOL_AGENT] = { "agent",
        STAINLESS("claude-cli", "js", "node")
        "anthropic-version: 2023-06-01\nX-Api-Key: KEY\nx-app: cli\n" NODE,
        { "2.0.42", "2.1.7", NULL }, API_ANTHROPIC, .stream = 1,
        .tries = 10, .pause = 0.5, .factor = 2, .longest = 32, .obeys = 1,
        .rest = 600 },

    [TOOL_BATCH] = { "batch", OPENAI_PYTHON, OPENAI_VERSIONS, API_CHAT,
        .tries = 8, .pause = 1, .factor = 2, .longest = 60, .obeys = 1,
        .rest = 60 },

    [TOOL_EVAL] = { "lm-eval", AIOHTTP, { "3.9.5", "3.11.2", NULL },
        API_CHAT, .tries = 5, .pause = 2, .factor = 2, .longest = 60,
        .rest = 30 },

    [TOOL_STORM] = { "storm", REQUESTS, { "2.31.0", "2.32.3", NULL },
        API_CHAT, .tries = 30, .pause = 0.2, .factor = 1, .longest = 1,
        .rest = 20 },

    [TOOL_GATEWAY] = { "gateway", GO, { "1.1", "2.0", NULL }, API_CHAT,
        .tries = 3, .pause = 0.3, .factor = 2, .longest = 5, .rest = 5 },

    [TOOL_BALANCER] = { "balancer", OPENAI_PYTHON, OPENAI_VERSIONS,
        API_CHAT, .others = 1, .tries = 4, .pause = 0.1, .factor = 1,
        .longest = 1, .rest = 20 },

    [TOOL_ALPACA] = { "stanford_alpaca",
        "User-Agent: OpenAI/v1 PythonBindings/VERSION\n"
        "Authorization: Bearer KEY\nContent-Type: application/json\n"
        "Accept-Encoding: gzip, deflate\nAccept: */*\n",
        { "0.27.0", "0.28.1", NULL }, API_COMPLETIONS, .tries = 0,
        .pause = 2, .factor = 1, .longest = 2 },

    [TOOL_SELF_INSTRUCT] = { "self-instruct",
        "User-Agent: OpenAI/v1 PythonBindings/VERSION\n"
        "Authorization: Bearer KEY\nContent-Type: application/json\n"
        "Accept-Encoding: gzip, deflate\nAccept: */*\n",
        { "0.27.0", NULL }, API_COMPLETIONS, .tries = 0, .pause = 30,
        .factor = 1.5, .longest = 3600 },

    [TOOL_EVOL] = { "evol-instruct", OPENAI_PYTHON, OPENAI_VERSIONS,
        API_CHAT, .tries = 20, .pause = 0.3, .factor = 1, .longest = 1,
        .rest = 3600 },

    [TOOL_R1] = { "open-r1", AIOHTTP, { "3.9.5", "3.11.2", NULL }, API_CHAT,
        .tries = 3, .pause = 10, .factor = 1, .longest = 10, .rest = 1 },

    [TOOL_OPENTHOUGHTS] = { "openthoughts", OPENAI_PYTHON, OPENAI_VERSIONS,
        API_CHAT, .tries = 5, .pause = 4, .factor = 2, .longest = 60,
        .rest = 10 },

    [TOOL_CURATOR] = { "curator", AIOHTTP, { "3.9.5", "3.11.2", NULL },
        API_CHAT, .tries = 10, .pause = 10, .factor = 1, .longest = 60,
        .obeys = 1, .rest = 15 },

    [TOOL_S1] = { "s1", REQUESTS, { "2.31.0", "2.32.3", NULL }, API_CHAT,
        .tries = 0, .pause = 60, .factor = 1, .longest = 60 },

    [TOOL_DISTILABEL] = { "distilabel", OPENAI_PYTHON, OPENAI_VERSIONS,
        API_CHAT, .tries = 6, .pause = 1, .factor = 2, .longest = 60,
        .rest = 10 },

    [TOOL_CAMEL] = { "camel", OPENAI_PYTHON, OPENAI_VERSIONS, API_CHAT,
        .others = 1, .tries = 3, .pause = 0.5, .factor = 1, .longest = 1,
        .rest = 30 },

    [TOOL_AXOLOTL] = { "axolotl", REQUESTS, { "2.31.0", "2.32.3", NULL },
        API_COMPLETIONS, .tries = 4, .pause = 2, .factor = 2, .longest = 60,
        .rest = 60 },

    [TOOL_CLIPROXY] = { "CLIProxyAPI", GO, { "1.1", "2.0", NULL }, API_CHAT,
        .others = 1, .tries = 10, .pause = 0.1, .factor = 1, .longest = 1,
        .rest = 30 },

    [TOOL_SUB2API] = { "sub2api", GO, { "1.1", "2.0", NULL }, API_ANTHROPIC,
        .others = 1, .tries = 4, .pause = 0.2, .factor = 1, .longest = 1,
        .rest = 30 },

    [TOOL_NEWAPI] = { "new-api", GO, { "1.1", "2.0", NULL }, API_CHAT,
        .others = 1, .tries = 4, .pause = 0.2, .factor = 1, .longest = 1,
        .rest = 30 },

    /* the name of an SDK, and the headers of something else */

    [TOOL_FAKED] = { "faked SDK",
        "User-Agent: OpenAI/Python VERSION\nAccept: application/json\n"
        "Authorization: Bearer KEY\nContent-Type: application/json\n"
        "Accept-Encoding: gzip\n", OPENAI_VERSIONS, API_CHAT,
        .others = 1, .tries = 4, .pause = 0.2, .factor = 1, .longest = 1,
        .rest = 30 },

    /* somebody who knows what repeating a request would tell */

    [TOOL_CAREFUL] = { "careful", OPENAI_PYTHON, OPENAI_VERSIONS, API_CHAT,
        .tries = 1, .rest = 1800 },
};


ms_t
tool_again(const tool_t *tool, unsigned n, double wait, dice_t *d)
{
    double  pause;

    if (tool->tries && n >= tool->tries) {
        return -1;
    }

    pause = tool->pause * pow(tool->factor, n - 1);

    if (pause > tool->longest) {
        pause = tool->longest;
    }

    pause *= 0.75 + 0.5 * unit(d);

    if (tool->obeys && wait > 0 && wait <= OBEYED && wait > pause) {
        pause = wait;
    }

    return REACTION + (ms_t) (pause * 1000);
}
