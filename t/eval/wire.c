/*
 * Copyright (C) 2026 Distill Guard
 *
 * A request as one line of a trace, in the raw form, with what the upstream
 * would answer.  Bodies have their members where the libraries put them.
 */


#include <string.h>

#include "eval.h"


typedef struct {
    const char    *path;         /* %s: the model */
    void         (*body)(text_t *t, const ask_t *q);
    void         (*response)(text_t *t, const ask_t *q);
} wire_t;


static void wire_headers(text_t *t, const ask_t *q);
static void wire_key(text_t *t, const ask_t *q);
static void wire_header(text_t *t, const ask_t *q, const char *p,
    const char *end);
static void wire_outcome(text_t *t, const ask_t *q, ms_t now);
static void wire_time(text_t *t, const char *name, ms_t at);

static void wire_chat(text_t *t, const ask_t *q);
static void wire_completions(text_t *t, const ask_t *q);
static void wire_responses(text_t *t, const ask_t *q);
static void wire_anthropic(text_t *t, const ask_t *q);
static void wire_gemini(text_t *t, const ask_t *q);
static void wire_chat_response(text_t *t, const ask_t *q);
static void wire_responses_response(text_t *t, const ask_t *q);
static void wire_anthropic_response(text_t *t, const ask_t *q);

static void wire_parameters(text_t *t, const ask_t *q);
static void wire_tools(text_t *t, const ask_t *q);
static void wire_said(text_t *t, const ask_t *q, const turn_t *turn);
static void wire_text(text_t *t, const ask_t *q, const turn_t *turn);
static void wire_id(text_t *t, const char *prefix, uint64_t id);


static const wire_t  wires[] = {
    [API_CHAT] = { "/v1/chat/completions", wire_chat, wire_chat_response },
    [API_COMPLETIONS] = { "/v1/completions", wire_completions, NULL },
    [API_RESPONSES] = { "/v1/responses", wire_responses,
                        wire_responses_response },
    [API_ANTHROPIC] = { "/v1/messages", wire_anthropic,
                        wire_anthropic_response },
    [API_GEMINI] = { "/v1beta/models/%s:generateContent", wire_gemini, NULL }
};


void
ask_turn(ask_t *q, said_t who, size_t at, uint64_t call)
{
    turn_t  *turn;

    if (q->nturns == TURNS) {
        die("more than %d turns", TURNS);
    }

    turn = &q->turns[q->nturns++];
    turn->who = who;
    turn->at = at;
    turn->len = q->text.len - at;
    turn->call = call;
}


void
wire_line(text_t *t, const ask_t *q, ms_t now)
{
    const wire_t  *wire;

    wire = &wires[q->api];

    wire_time(t, "{\"t\":", now);
    text_str(t, ",\"ip\":\"");
    network_text(t, &q->from);
    text_printf(t, "\",\"asn\":%u,\"country\":\"%s\",\"path\":\"",
                q->from.asn, q->from.country);
    text_printf(t, wire->path, q->model);
    text_str(t, "\",\"headers\":[");
    wire_headers(t, q);
    text_char(t, ']');

    if (q->account->organization) {
        text_printf(t, ",\"account\":\"%s\"", q->account->organization);
    }

    text_str(t, ",\"body\":{");
    wire->body(t, q);
    text_char(t, '}');

    wire_outcome(t, q, now);

    text_printf(t, ",\"label\":\"%s%s%s\"}\n",
                q->account->tally->campaign ? "" : "honest/",
                q->account->tally->name,
                !q->account->tally->campaign ? ""
                : q->harvest ? "/harvest" : "/talk");
}


/* --- the head --- */

static void
wire_headers(text_t *t, const ask_t *q)
{
    const char  *p, *end;

    for (p = q->tool->headers; *p; p = end + 1) {
        end = strchr(p, '\n');

        if (p != q->tool->headers) {
            text_char(t, ',');
        }

        wire_header(t, q, p, end);
    }
}


static void
wire_header(text_t *t, const ask_t *q, const char *p, const char *end)
{
    const char  *colon;

    colon = strchr(p, ':');

    text_str(t, "[\"");
    text_bytes(t, p, (size_t) (colon - p));
    text_str(t, "\",\"");

    for (p = colon + 2; p < end; /* void */ ) {

        if (strncmp(p, "KEY", 3) == 0) {
            wire_key(t, q);
            p += 3;

        } else if (strncmp(p, "VERSION", 7) == 0) {
            text_str(t, q->tool->versions[q->account->version]);
            p += 7;

        } else {
            text_char(t, *p++);
        }
    }

    text_str(t, "\"]");
}


static void
wire_key(text_t *t, const ask_t *q)
{
    wire_id(t, "sk-", q->account->id);
    wire_id(t, "", mix(q->account->id, 3));
}


static void
wire_time(text_t *t, const char *name, ms_t at)
{
    unsigned  thousandths;

    thousandths = (unsigned) (at % 1000);

    text_str(t, name);
    text_uint(t, (uint64_t) at / 1000);
    text_char(t, '.');
    text_char(t, (char) ('0' + thousandths / 100));
    text_char(t, (char) ('0' + thousandths / 10 % 10));
    text_char(t, (char) ('0' + thousandths % 10));
}


/* a whole response only where it has ids to issue */

static void
wire_outcome(text_t *t, const ask_t *q, ms_t now)
{
    size_t    i, input;

    if (q->status != 200) {
        text_printf(t, ",\"status\":%u", q->status);
        return;
    }

    input = q->token_ids + (q->tools ? strlen(q->tools) / 4 : 0);

    for (i = 0; i < q->nturns; i++) {
        input += 4 + q->turns[i].len / 4;
    }

    text_printf(t, ",\"usage\":{\"input_tokens\":%zu,\"output_tokens\":%u}",
                input, q->output * (q->n ? q->n : 1));

    if (q->issues && wires[q->api].response) {
        text_str(t, ",\"response\":{");
        wires[q->api].response(t, q);
        text_printf(t, ",\"usage\":{\"%s\":%zu,\"%s\":%u}}",
                    q->api == API_CHAT ? "prompt_tokens" : "input_tokens",
                    input, q->api == API_CHAT ? "completion_tokens"
                    : "output_tokens", q->output);
    }

    wire_time(t, ",\"done\":", now + q->lasts);
}


/* --- bodies --- */

static void
wire_chat(text_t *t, const ask_t *q)
{
    unsigned       i;
    const char    *separator;
    const turn_t  *turn;

    text_str(t, "\"messages\":[");
    separator = "";

    for (i = 0; i < q->nturns; i++) {
        turn = &q->turns[i];
        text_str(t, separator);
        separator = ",";

        switch (turn->who) {

        case SAID_CALL:
            text_str(t, "{\"role\":\"assistant\",\"content\":null,"
                        "\"tool_calls\":[{\"id\":\"");
            wire_id(t, "call_", turn->call);
            text_str(t, "\",\"type\":\"function\",\"function\":{\"name\":"
                        "\"run\",\"arguments\":\"{\\\"command\\\":\\\"");
            wire_text(t, q, turn);
            text_str(t, "\\\"}\"}}]}");
            break;

        case SAID_RESULT:
            text_str(t, "{\"role\":\"tool\",\"tool_call_id\":\"");
            wire_id(t, "call_", turn->call);
            text_str(t, "\",\"content\":\"");
            wire_text(t, q, turn);
            text_str(t, "\"}");
            break;

        default:
            wire_said(t, q, turn);
        }
    }

    text_printf(t, "],\"model\":\"%s\"", q->model);
    wire_parameters(t, q);
    wire_tools(t, q);
}


static void
wire_completions(text_t *t, const ask_t *q)
{
    unsigned  i;

    text_printf(t, "\"model\":\"%s\",\"prompt\":", q->model);

    if (q->token_ids) {
        for (i = 0; i < q->token_ids; i++) {
            text_str(t, i ? "," : "[");
            text_uint(t, mix(q->turns[0].call, i) % 50000);
        }

        text_char(t, ']');

    } else {
        text_char(t, '"');

        for (i = 0; i < q->nturns; i++) {
            wire_text(t, q, &q->turns[i]);
        }

        text_char(t, '"');
    }

    wire_parameters(t, q);
}


static void
wire_responses(text_t *t, const ask_t *q)
{
    unsigned       i;
    const char    *separator;
    const turn_t  *turn;

    text_printf(t, "\"model\":\"%s\"", q->model);

    if (q->nturns && q->turns[0].who == SAID_SYSTEM) {
        text_str(t, ",\"instructions\":\"");
        wire_text(t, q, &q->turns[0]);
        text_char(t, '"');
    }

    text_str(t, ",\"input\":[");
    separator = "";

    for (i = 0; i < q->nturns; i++) {
        turn = &q->turns[i];

        if (turn->who == SAID_SYSTEM) {
            continue;
        }

        text_str(t, separator);
        separator = ",";

        switch (turn->who) {

        case SAID_CALL:
            text_str(t, "{\"type\":\"function_call\",\"call_id\":\"");
            wire_id(t, "call_", turn->call);
            text_str(t, "\",\"name\":\"run\",\"arguments\":\"{"
                        "\\\"command\\\":\\\"");
            wire_text(t, q, turn);
            text_str(t, "\\\"}\"}");
            break;

        case SAID_RESULT:
            text_str(t, "{\"type\":\"function_call_output\",\"call_id\":\"");
            wire_id(t, "call_", turn->call);
            text_str(t, "\",\"output\":\"");
            wire_text(t, q, turn);
            text_str(t, "\"}");
            break;

        default:
            wire_said(t, q, turn);
        }
    }

    text_char(t, ']');

    if (q->tool->stream) {
        text_str(t, ",\"stream\":true");
    }

    if (q->reasoning) {
        text_str(t, ",\"reasoning\":{\"effort\":\"high\"}");
    }

    if (q->max_tokens) {
        text_printf(t, ",\"max_output_tokens\":%u", q->max_tokens);
    }
}


static void
wire_anthropic(text_t *t, const ask_t *q)
{
    unsigned       i;
    const char    *separator;
    const turn_t  *turn;

    text_printf(t, "\"model\":\"%s\",\"max_tokens\":%u", q->model,
                q->max_tokens ? q->max_tokens : 4096);

    if (q->nturns && q->turns[0].who == SAID_SYSTEM) {
        text_str(t, ",\"system\":[{\"type\":\"text\",\"text\":\"");
        wire_text(t, q, &q->turns[0]);
        text_str(t, "\"}]");
    }

    if (q->temperature >= 0) {
        text_printf(t, ",\"temperature\":%g", q->temperature);
    }

    text_str(t, ",\"messages\":[");
    separator = "";

    for (i = 0; i < q->nturns; i++) {
        turn = &q->turns[i];

        if (turn->who == SAID_SYSTEM) {
            continue;
        }

        text_str(t, separator);
        separator = ",";

        switch (turn->who) {

        case SAID_CALL:
            text_str(t, "{\"role\":\"assistant\",\"content\":[{\"type\":"
                        "\"tool_use\",\"id\":\"");
            wire_id(t, "toolu_", turn->call);
            text_str(t, "\",\"name\":\"run\",\"input\":{\"command\":\"");
            wire_text(t, q, turn);
            text_str(t, "\"}}]}");
            break;

        case SAID_RESULT:
            text_str(t, "{\"role\":\"user\",\"content\":[{\"type\":"
                        "\"tool_result\",\"tool_use_id\":\"");
            wire_id(t, "toolu_", turn->call);
            text_str(t, "\",\"content\":\"");
            wire_text(t, q, turn);
            text_str(t, "\"}]}");
            break;

        default:
            wire_said(t, q, turn);
        }
    }

    text_char(t, ']');
    wire_tools(t, q);

    if (q->reasoning) {
        text_str(t, ",\"thinking\":{\"type\":\"enabled\","
                    "\"budget_tokens\":4096}");
    }

    if (q->tool->stream) {
        text_str(t, ",\"stream\":true");
    }
}


static void
wire_gemini(text_t *t, const ask_t *q)
{
    unsigned       i;
    const char    *separator;
    const turn_t  *turn;

    text_str(t, "\"contents\":[");
    separator = "";

    for (i = 0; i < q->nturns; i++) {
        turn = &q->turns[i];

        if (turn->who == SAID_SYSTEM) {
            continue;
        }

        text_str(t, separator);
        separator = ",";
        text_str(t, "{\"parts\":[{\"text\":\"");
        wire_text(t, q, turn);
        text_printf(t, "\"}],\"role\":\"%s\"}",
                    turn->who == SAID_USER ? "user" : "model");
    }

    text_char(t, ']');

    if (q->nturns && q->turns[0].who == SAID_SYSTEM) {
        text_str(t, ",\"systemInstruction\":{\"parts\":[{\"text\":\"");
        wire_text(t, q, &q->turns[0]);
        text_str(t, "\"}],\"role\":\"user\"}");
    }

    if (q->temperature >= 0) {
        text_printf(t, ",\"generationConfig\":{\"temperature\":%g}",
                    q->temperature);
    }
}


/* --- what they have in common --- */

static void
wire_said(text_t *t, const ask_t *q, const turn_t *turn)
{
    static const char  *roles_said[] = { "system", "user", "assistant" };

    text_printf(t, "{\"role\":\"%s\",\"content\":\"", roles_said[turn->who]);
    wire_text(t, q, turn);
    text_str(t, "\"}");
}


static void
wire_text(text_t *t, const ask_t *q, const turn_t *turn)
{
    text_json(t, q->text.p + turn->at, turn->len);
}


static void
wire_parameters(text_t *t, const ask_t *q)
{
    unsigned  i;

    if (q->temperature >= 0) {
        text_printf(t, ",\"temperature\":%g", q->temperature);
    }

    if (q->top_p > 0) {
        text_printf(t, ",\"top_p\":%g", q->top_p);
    }

    if (q->max_tokens || q->echo) {
        text_printf(t, ",\"max_tokens\":%u", q->max_tokens);
    }

    if (q->n > 1 || q->defaults) {
        text_printf(t, ",\"n\":%u", q->n);
    }

    if (q->top_logprobs || q->defaults) {

        if (q->api == API_CHAT) {
            text_printf(t, ",\"logprobs\":%s",
                        q->top_logprobs ? "true" : "false");
        }

        if (q->top_logprobs) {
            text_printf(t, ",\"%s\":%u", q->api == API_CHAT ? "top_logprobs"
                        : "logprobs", q->top_logprobs);
        }
    }

    if (q->prompt_logprobs) {
        text_printf(t, ",\"prompt_logprobs\":%u", q->prompt_logprobs);
    }

    if (q->defaults) {
        text_str(t, ",\"frequency_penalty\":0,\"presence_penalty\":0");
    }

    if (q->echo) {
        text_str(t, ",\"echo\":true");
    }

    if (q->stops) {
        text_str(t, ",\"stop\":[\"\\n20\",\"20.\",\"20.\"]");
    }

    for (i = 0; i < q->logit_bias; i++) {
        text_printf(t, "%s\"%u\":-100", i ? "," : ",\"logit_bias\":{",
                    50256 + i);
    }

    if (q->logit_bias) {
        text_char(t, '}');
    }

    if (q->reasoning) {
        text_str(t, ",\"reasoning_effort\":\"high\"");
    }

    if (q->tool->stream) {
        text_str(t, ",\"stream\":true,"
                    "\"stream_options\":{\"include_usage\":true}");
    }
}


static void
wire_tools(text_t *t, const ask_t *q)
{
    if (q->tools) {
        text_str(t, ",\"tools\":");
        text_str(t, q->tools);
    }
}


static void
wire_id(text_t *t, const char *prefix, uint64_t id)
{
    char                digits[11];
    size_t              i;
    static const char   letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                    "abcdefghijklmnopqrstuvwxyz0123456789-_";

    for (i = 0; i < sizeof(digits); i++) {
        digits[i] = letters[id & 63];
        id >>= 6;
    }

    text_str(t, prefix);
    text_str(t, "01");
    text_bytes(t, digits, sizeof(digits));
}


/* --- responses that call a tool --- */

static void
wire_chat_response(text_t *t, const ask_t *q)
{
    wire_id(t, "\"id\":\"chatcmpl-", mix(q->issues, 1));
    text_printf(t, "\",\"object\":\"chat.completion\",\"model\":\"%s\","
                "\"choices\":[{\"index\":0,\"message\":{\"role\":"
                "\"assistant\",\"content\":null,\"tool_calls\":[{",
                q->model);
    wire_id(t, "\"id\":\"call_", q->issues);
    text_str(t, "\",\"type\":\"function\",\"function\":{\"name\":\"run\","
                "\"arguments\":\"{}\"}}]},\"finish_reason\":"
                "\"tool_calls\"}]");
}


static void
wire_responses_response(text_t *t, const ask_t *q)
{
    wire_id(t, "\"id\":\"resp_", mix(q->issues, 1));
    text_printf(t, "\",\"object\":\"response\",\"model\":\"%s\","
                "\"status\":\"completed\",\"output\":[{\"type\":"
                "\"function_call\",", q->model);
    wire_id(t, "\"id\":\"fc_", mix(q->issues, 2));
    wire_id(t, "\",\"call_id\":\"call_", q->issues);
    text_str(t, "\",\"name\":\"run\",\"arguments\":\"{}\"}]");
}


static void
wire_anthropic_response(text_t *t, const ask_t *q)
{
    wire_id(t, "\"id\":\"msg_", mix(q->issues, 1));
    text_printf(t, "\",\"type\":\"message\",\"role\":\"assistant\","
                "\"model\":\"%s\",\"content\":[{\"type\":\"tool_use\",",
                q->model);
    wire_id(t, "\"id\":\"toolu_", q->issues);
    text_str(t, "\",\"name\":\"run\",\"input\":{}}],\"stop_reason\":"
                "\"tool_use\"");
}
