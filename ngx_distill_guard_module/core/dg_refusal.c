/*
 * Copyright (C) 2026 Distill Guard
 */


#include "dg_refusal.h"
#include "dg_print.h"


static u_char *dg_refusal_message(u_char *p, unsigned status,
    uint64_t wait_ms);
static u_char *dg_refusal_openai(u_char *p, unsigned status,
    dg_metric_t metric, uint64_t wait_ms);
static u_char *dg_refusal_anthropic(u_char *p, unsigned status,
    uint64_t wait_ms);
static u_char *dg_refusal_gemini(u_char *p, unsigned status,
    uint64_t wait_ms);


u_char *
dg_refusal_body(u_char *p, dg_shape_t shape, unsigned status,
    dg_metric_t metric, uint64_t wait_ms)
{
    switch (shape) {

    case DG_SHAPE_ANTHROPIC:
        return dg_refusal_anthropic(p, status, wait_ms);

    case DG_SHAPE_GEMINI:
        return dg_refusal_gemini(p, status, wait_ms);

    case DG_SHAPE_OLLAMA:
        p = dg_print(p, "{\"error\":\"");
        p = dg_refusal_message(p, status, wait_ms);
        return dg_print(p, "\"}");

    case DG_SHAPE_OPENAI:
    default:
        return dg_refusal_openai(p, status, metric, wait_ms);
    }
}


static u_char *
dg_refusal_message(u_char *p, unsigned status, uint64_t wait_ms)
{
    if (status == 403) {
        return dg_print(p, "This account may not make this request.");
    }

    p = dg_print(p, "Rate limit reached. Please try again in ");
    p = dg_refusal_duration(p, wait_ms);

    return dg_print(p, ".");
}


static u_char *
dg_refusal_openai(u_char *p, unsigned status, dg_metric_t metric,
    uint64_t wait_ms)
{
    p = dg_print(p, "{\"error\":{\"message\":\"");
    p = dg_refusal_message(p, status, wait_ms);

    if (status == 403) {
        return dg_print(p, "\",\"type\":\"invalid_request_error\","
                           "\"param\":null,\"code\":\"forbidden\"}}");
    }

    p = dg_print(p, "\",\"type\":\"");
    p = dg_print(p, metric == DG_METRIC_REQUESTS ? "requests" : "tokens");

    return dg_print(p, "\",\"param\":null,"
                       "\"code\":\"rate_limit_exceeded\"}}");
}


static u_char *
dg_refusal_anthropic(u_char *p, unsigned status, uint64_t wait_ms)
{
    p = dg_print(p, "{\"type\":\"error\",\"error\":{\"type\":\"");
    p = dg_print(p, status == 403 ? "permission_error" : "rate_limit_error");
    p = dg_print(p, "\",\"message\":\"");
    p = dg_refusal_message(p, status, wait_ms);

    return dg_print(p, "\"}}");
}


static u_char *
dg_refusal_gemini(u_char *p, unsigned status, uint64_t wait_ms)
{
    p = dg_print(p, "{\"error\":{\"code\":");
    p = dg_print_u64(p, status);
    p = dg_print(p, ",\"message\":\"");
    p = dg_refusal_message(p, status, wait_ms);

    if (status == 403) {
        return dg_print(p, "\",\"status\":\"PERMISSION_DENIED\"}}");
    }

    p = dg_print(p, "\",\"status\":\"RESOURCE_EXHAUSTED\",\"details\":[{"
                    "\"@type\":\"type.googleapis.com/google.rpc.RetryInfo\","
                    "\"retryDelay\":\"");
    p = dg_print_u64(p, dg_refusal_seconds(wait_ms));

    return dg_print(p, "s\"}]}}");
}


uint64_t
dg_refusal_seconds(uint64_t ms)
{
    return dg_max((ms + 999) / 1000, 1);
}


u_char *
dg_refusal_duration(u_char *p, uint64_t ms)
{
    uint64_t  seconds;

    if (ms < 1000) {
        p = dg_print_u64(p, ms);
        return dg_print(p, "ms");
    }

    seconds = dg_refusal_seconds(ms);

    if (seconds >= 3600) {
        p = dg_print_u64(p, seconds / 3600);
        p = dg_print(p, "h");
    }

    if (seconds >= 60) {
        p = dg_print_u64(p, seconds / 60 % 60);
        p = dg_print(p, "m");
    }

    p = dg_print_u64(p, seconds % 60);

    return dg_print(p, "s");
}


/* days to a civil date: H. Hinnant, "chrono-Compatible Low-Level Date
   Algorithms", days in eras of 400 years that begin in March */

u_char *
dg_refusal_date(u_char *p, uint64_t t)
{
    uint64_t  days, era, doe, yoe, doy, mp, year, month, day;

    days = t / 86400 + 719468;
    era = days / 146097;
    doe = days - era * 146097;
    yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    mp = (5 * doy + 2) / 153;

    day = doy - (153 * mp + 2) / 5 + 1;
    month = mp < 10 ? mp + 3 : mp - 9;
    year = yoe + era * 400 + (month <= 2);

    p = dg_print_padded(p, year, 4);
    *p++ = '-';
    p = dg_print_padded(p, month, 2);
    *p++ = '-';
    p = dg_print_padded(p, day, 2);
    *p++ = 'T';
    p = dg_print_padded(p, t / 3600 % 24, 2);
    *p++ = ':';
    p = dg_print_padded(p, t / 60 % 60, 2);
    *p++ = ':';
    p = dg_print_padded(p, t % 60, 2);
    *p++ = 'Z';

    return p;
}
