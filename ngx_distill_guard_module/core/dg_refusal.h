/*
 * Copyright (C) 2026 Distill Guard
 *
 * Refusals in the words of the API that was asked: the JSON error body, and
 * the time formats of its rate-limit headers.  They tell the client that it
 * is limited and for how long, never why.
 *
 * Shapes: OpenAI API reference, "Error codes" and "Rate limits"; Anthropic
 * API reference, "Errors" and "Rate limits"; google.rpc.Status with
 * RetryInfo (google/rpc/error_details.proto); Ollama API.
 */


#ifndef _DG_REFUSAL_H_INCLUDED_
#define _DG_REFUSAL_H_INCLUDED_


#include "dg_core.h"
#include "dg_dialect.h"
#include "dg_limit.h"


#define DG_REFUSAL_BODY  512
#define DG_REFUSAL_TIME  32


/*
 * Writes the body of a 429 or 403, at most DG_REFUSAL_BODY bytes, no zero;
 * returns its end.  metric is what the limit counts; it chooses OpenAI's
 * error type ("requests" or "tokens").
 */
u_char *dg_refusal_body(u_char *p, dg_shape_t shape, unsigned status,
    dg_metric_t metric, uint64_t wait_ms);

/* whole seconds, rounded up, at least 1: for Retry-After */
uint64_t dg_refusal_seconds(uint64_t ms);

/* "850ms", "12s", "6m0s", "1h0m3s": as OpenAI's x-ratelimit-reset-* */
u_char *dg_refusal_duration(u_char *p, uint64_t ms);

/* "2026-11-23T15:24:54Z" (RFC 3339), seconds of Unix time */
u_char *dg_refusal_date(u_char *p, uint64_t t);


#endif /* _DG_REFUSAL_H_INCLUDED_ */
