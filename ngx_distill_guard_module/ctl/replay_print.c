/*
 * Copyright (C) 2026 Distill Guard
 */


#include "replay.h"
#include "dg_print.h"
#include "dg_refusal.h"


/* what comes before the label, and an error with all of it escaped */

#define CTL_PRINT_LINE   (256 + DG_EVENT_REASONS)
#define CTL_PRINT_ERROR  (64 + 6 * DG_RECORD_ERROR)


static u_char *ctl_print_time(u_char *p, uint64_t t_ms);
static u_char *ctl_print_id(u_char *p, const char *name, const dg_id_t *id);
static u_char *ctl_print_reasons(u_char *p, const ctl_exchange_t *x);


void
ctl_print_exchange(ctl_output_t *out, uint64_t t_ms, const ctl_exchange_t *x,
    const dg_str_t *label)
{
    u_char  *p;

    p = ctl_output_room(out, CTL_PRINT_LINE);

    p = ctl_print_time(p, t_ms);
    p = ctl_print_id(p, ",\"key\":", &x->key);
    p = ctl_print_id(p, ",\"account\":", &x->account);
    p = dg_print(p, ",\"verdict\":\"");
    p = dg_event_verdict(p, x->decision.verdict, 0);
    *p++ = '"';

    if (x->decision.verdict == DG_THROTTLE) {
        p = dg_print(p, ",\"retry_after\":");
        p = dg_print_u64(p, dg_refusal_seconds(x->decision.wait_ms));
    }

    if (x->decision.verdict == DG_PACE) {
        p = dg_print(p, ",\"pace\":");
        p = dg_print_u64(p, x->finding.pace);
    }

    p = dg_print(p, ",\"score\":");
    p = dg_print_u64(p, x->finding.score.score);
    p = dg_print(p, ",\"reasons\":");
    p = ctl_print_reasons(p, x);
    p = ctl_print_id(p, ",\"campaign\":", &x->finding.campaign);
    p = dg_print(p, ",\"label\":");

    if (label->len == 0) {
        p = dg_print(p, "null");
    }

    ctl_output_end(out, p);
    ctl_output_data(out, label->data, label->len);
    ctl_output_data(out, (const u_char *) "}\n", 2);
}


void
ctl_print_end(ctl_output_t *out, uint64_t t_ms, const dg_str_t *id)
{
    u_char  *p;

    p = ctl_output_room(out, CTL_PRINT_LINE);

    p = ctl_print_time(p, t_ms);
    p = dg_print(p, ",\"end\":");

    ctl_output_end(out, p);
    ctl_output_data(out, id->data, id->len);
    ctl_output_data(out, (const u_char *) "}\n", 2);
}


void
ctl_print_error(ctl_output_t *out, uint64_t line, const char *error)
{
    u_char  *p;

    p = ctl_output_room(out, CTL_PRINT_ERROR);

    p = dg_print(p, "{\"line\":");
    p = dg_print_u64(p, line);
    p = dg_print(p, ",\"error\":\"");
    p = dg_print_json(p, (const u_char *) error, strlen(error));
    p = dg_print(p, "\"}\n");

    ctl_output_end(out, p);
}


/* as in events */

static u_char *
ctl_print_time(u_char *p, uint64_t t_ms)
{
    p = dg_print(p, "{\"t\":");
    p = dg_print_u64(p, t_ms / 1000);
    *p++ = '.';

    return dg_print_padded(p, t_ms % 1000, 3);
}


static u_char *
ctl_print_id(u_char *p, const char *name, const dg_id_t *id)
{
    p = dg_print(p, name);

    if (dg_id_none(id)) {
        return dg_print(p, "null");
    }

    *p++ = '"';
    p = dg_id_text(p, id);
    *p++ = '"';

    return p;
}


static u_char *
ctl_print_reasons(u_char *p, const ctl_exchange_t *x)
{
    dg_event_t  ev;

    if (x->finding.score.n == 0 && x->decision.verdict < DG_THROTTLE) {
        return dg_print(p, "[]");
    }

    memset(&ev, 0, sizeof(dg_event_t));

    ev.verdict = x->decision.verdict;
    ev.limit = x->decision.limit;
    ev.value = x->decision.value;
    ev.wait_ms = x->decision.wait_ms;
    ev.score = &x->finding.score;
    ev.campaign = x->finding.campaign;

    return dg_event_reasons(p, &ev);
}
