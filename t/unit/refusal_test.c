/*
 * Copyright (C) 2026 Distill Guard
 */


#include <stdio.h>

#include "dg_test.h"
#include "dg_print.h"
#include "dg_refusal.h"


static int
same(const u_char *p, const u_char *last, const char *text)
{
    size_t  len;

    len = last - p;

    if (len == strlen(text) && memcmp(p, text, len) == 0) {
        return 1;
    }

    printf("# got \"%.*s\"\n", (int) len, p);

    return 0;
}


static void
bodies(void)
{
    size_t  i;
    u_char  p[DG_REFUSAL_BODY], *last;

    static const struct {
        const char   *name;
        dg_shape_t    shape;
        unsigned      status;
        dg_metric_t   metric;
        uint64_t      wait;
        const char   *body;
    } cases[] = {

        { "OpenAI, requests", DG_SHAPE_OPENAI, 429, DG_METRIC_REQUESTS, 1500,
          "{\"error\":{\"message\":\"Rate limit reached. Please try again in "
          "2s.\",\"type\":\"requests\",\"param\":null,"
          "\"code\":\"rate_limit_exceeded\"}}" },

        { "OpenAI, tokens", DG_SHAPE_OPENAI, 429, DG_METRIC_OUTPUT, 200,
          "{\"error\":{\"message\":\"Rate limit reached. Please try again in "
          "200ms.\",\"type\":\"tokens\",\"param\":null,"
          "\"code\":\"rate_limit_exceeded\"}}" },

        { "OpenAI, blocked", DG_SHAPE_OPENAI, 403, DG_METRIC_REQUESTS, 0,
          "{\"error\":{\"message\":\"This account may not make this request."
          "\",\"type\":\"invalid_request_error\",\"param\":null,"
          "\"code\":\"forbidden\"}}" },

        { "Anthropic", DG_SHAPE_ANTHROPIC, 429, DG_METRIC_TOKENS, 60000,
          "{\"type\":\"error\",\"error\":{\"type\":\"rate_limit_error\","
          "\"message\":\"Rate limit reached. Please try again in 1m0s.\"}}" },

        { "Anthropic, blocked", DG_SHAPE_ANTHROPIC, 403, DG_METRIC_TOKENS, 0,
          "{\"type\":\"error\",\"error\":{\"type\":\"permission_error\","
          "\"message\":\"This account may not make this request.\"}}" },

        { "Gemini", DG_SHAPE_GEMINI, 429, DG_METRIC_TOKENS, 2001,
          "{\"error\":{\"code\":429,\"message\":\"Rate limit reached. Please "
          "try again in 3s.\",\"status\":\"RESOURCE_EXHAUSTED\",\"details\":[{"
          "\"@type\":\"type.googleapis.com/google.rpc.RetryInfo\","
          "\"retryDelay\":\"3s\"}]}}" },

        { "Gemini, blocked", DG_SHAPE_GEMINI, 403, DG_METRIC_TOKENS, 0,
          "{\"error\":{\"code\":403,\"message\":\"This account may not make "
          "this request.\",\"status\":\"PERMISSION_DENIED\"}}" },

        { "Ollama", DG_SHAPE_OLLAMA, 429, DG_METRIC_TOKENS, 1,
          "{\"error\":\"Rate limit reached. Please try again in 1ms.\"}" }
    };

    for (i = 0; i < dg_nelts(cases); i++) {
        last = dg_refusal_body(p, cases[i].shape, cases[i].status,
                               cases[i].metric, cases[i].wait);
        dg_ok(same(p, last, cases[i].body), "%s", cases[i].name);
    }

    last = dg_refusal_body(p, DG_SHAPE_GEMINI, 429, DG_METRIC_TOKENS,
                           UINT64_MAX - 999);
    dg_ok(last - p <= DG_REFUSAL_BODY, "the longest wait fits");
}


static void
times(void)
{
    size_t  i;
    u_char  p[DG_REFUSAL_TIME];

    static const struct {
        uint64_t      ms;
        const char   *text;
    } durations[] = {
        { 0, "0ms" }, { 999, "999ms" }, { 1000, "1s" }, { 1001, "2s" },
        { 59999, "1m0s" }, { 60000, "1m0s" }, { 3599000, "59m59s" },
        { 3600000, "1h0m0s" }, { 3603000, "1h0m3s" },
        { 172800000, "48h0m0s" }
    };

    static const struct {
        uint64_t      t;
        const char   *text;
    } dates[] = {
        { 0, "1970-01-01T00:00:00Z" },
        { 951782399, "2000-02-28T23:59:59Z" },
        { 951782400, "2000-02-29T00:00:00Z" },
        { 1795447494, "2026-11-23T15:24:54Z" },
        { 4107542400ull, "2100-03-01T00:00:00Z" }
    };

    for (i = 0; i < dg_nelts(durations); i++) {
        dg_ok(same(p, dg_refusal_duration(p, durations[i].ms),
                   durations[i].text),
              "duration %s", durations[i].text);
    }

    for (i = 0; i < dg_nelts(dates); i++) {
        dg_ok(same(p, dg_refusal_date(p, dates[i].t), dates[i].text),
              "date %s", dates[i].text);
    }

    dg_ok(dg_refusal_seconds(0) == 1, "Retry-After is never 0");
    dg_ok(dg_refusal_seconds(1001) == 2, "Retry-After is rounded up");
}


static void
text(void)
{
    u_char  p[64];

    dg_ok(same(p, dg_print_u64(p, 0), "0"), "number 0");
    dg_ok(same(p, dg_print_u64(p, UINT64_MAX), "18446744073709551615"),
          "the greatest number");
    dg_ok(same(p, dg_print_padded(p, 7, 2), "07"), "padded number");
    dg_ok(same(p, dg_print_json(p, (u_char *) "a\"\\\n\xc3\xa9", 6),
               "a\\\"\\\\\\u000a\\u00c3\\u00a9"),
          "JSON text is ASCII");
}


int
main(void)
{
    bodies();
    times();
    text();

    return dg_done();
}
