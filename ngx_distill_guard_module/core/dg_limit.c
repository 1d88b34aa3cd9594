/*
 * Copyright (C) 2026 Distill Guard
 */


#include "dg_limit.h"
#include "dg_conf.h"
#include "dg_print.h"

#include <stdio.h>


/* how much of what was written an error repeats; room for names to use */

#define DG_LIMIT_SHOWN  32
#define DG_LIMIT_NAMES  80

#define dg_limit_shown(s)                                                     \
    (int) dg_min((s)->len, (size_t) DG_LIMIT_SHOWN), (const char *) (s)->data


const dg_str_t  dg_metrics[DG_METRICS] = {
    dg_string("requests"),
    dg_string("input_tokens"),
    dg_string("output_tokens"),
    dg_string("tokens")
};


static const unsigned  dg_limit_masks[DG_METRICS] = {
    1 << DG_REQUESTS,
    1 << DG_INPUT,
    1 << DG_OUTPUT,
    1 << DG_INPUT | 1 << DG_OUTPUT
};


static int dg_limit_number(uint64_t *n, const dg_str_t *number,
    char reason[DG_ERROR_TEXT]);


unsigned
dg_limit_mask(const dg_limit_t *limit)
{
    return dg_limit_masks[limit->metric];
}


int
dg_limit_kind(dg_limit_t *limit, const dg_str_t *arg,
    char error[DG_ERROR_TEXT])
{
    u_char    names[DG_LIMIT_NAMES];
    unsigned  kind;

    kind = dg_conf_name(dg_kinds, DG_KIND_KEY, DG_KINDS, arg);

    if (kind == DG_KINDS) {
        *dg_conf_names(names, dg_kinds, DG_KIND_KEY, DG_KINDS) = '\0';

        snprintf(error, DG_ERROR_TEXT, "unknown subject \"%.*s\": use %s",
                 dg_limit_shown(arg), names);
        return DG_ERROR;
    }

    limit->kind = (uint8_t) kind;

    return DG_OK;
}


int
dg_limit_parse(dg_limit_t *limit, const dg_str_t *arg,
    char error[DG_ERROR_TEXT])
{
    char      reason[DG_ERROR_TEXT];
    u_char    names[DG_LIMIT_NAMES];
    dg_str_t  name, rate;
    unsigned  metric;

    if (dg_conf_split(arg, '=', &name, &rate) != DG_OK) {
        snprintf(error, DG_ERROR_TEXT, "invalid limit \"%.*s\": use "
                 "metric=number/period, as in output_tokens=200k/h",
                 dg_limit_shown(arg));
        return DG_ERROR;
    }

    metric = dg_conf_name(dg_metrics, 0, DG_METRICS, &name);

    if (metric == DG_METRICS) {
        *dg_conf_names(names, dg_metrics, 0, DG_METRICS) = '\0';

        snprintf(error, DG_ERROR_TEXT, "unknown metric \"%.*s\": use %s",
                 dg_limit_shown(&name), names);
        return DG_ERROR;
    }

    if (dg_limit_rate(limit, &rate, reason) != DG_OK) {
        snprintf(error, DG_ERROR_TEXT, "invalid rate \"%.*s\" in \"%.*s\": "
                 "%.64s", dg_limit_shown(&rate), dg_limit_shown(arg), reason);
        return DG_ERROR;
    }

    limit->metric = (uint8_t) metric;

    return DG_OK;
}


u_char *
dg_limit_text(u_char *p, const dg_limit_t *limit)
{
    p = dg_print_str(p, &dg_kinds[limit->kind]);
    *p++ = ' ';
    p = dg_print_str(p, &dg_metrics[limit->metric]);
    *p++ = '=';
    p = dg_print_u64(p, limit->n);
    *p++ = '/';
    *p++ = dg_periods[limit->period].letter;

    return p;
}


int
dg_limit_rate(dg_limit_t *limit, const dg_str_t *rate,
    char reason[DG_ERROR_TEXT])
{
    u_char    letters[DG_WINDOWS][1], names[DG_LIMIT_NAMES];
    unsigned  p;
    dg_str_t  number, period, periods[DG_WINDOWS];

    if (dg_conf_split(rate, '/', &number, &period) != DG_OK) {
        snprintf(reason, DG_ERROR_TEXT, "use number/period, as in 200k/h");
        return DG_ERROR;
    }

    if (dg_limit_number(&limit->n, &number, reason) != DG_OK) {
        return DG_ERROR;
    }

    for (p = 0; p < DG_WINDOWS; p++) {
        letters[p][0] = dg_periods[p].letter;
        periods[p].data = letters[p];
        periods[p].len = 1;
    }

    p = dg_conf_name(periods, 0, DG_WINDOWS, &period);

    if (p == DG_WINDOWS) {
        *dg_conf_names(names, periods, 0, DG_WINDOWS) = '\0';

        snprintf(reason, DG_ERROR_TEXT, "the period is %s", names);
        return DG_ERROR;
    }

    limit->period = (uint8_t) p;

    return DG_OK;
}


static int
dg_limit_number(uint64_t *n, const dg_str_t *number,
    char reason[DG_ERROR_TEXT])
{
    size_t    i;
    uint64_t  unit;
    dg_str_t  digits;

    digits = *number;
    unit = dg_conf_unit(&digits, 1000);
    *n = 0;

    for (i = 0; i < digits.len; i++) {

        if (digits.data[i] < '0' || digits.data[i] > '9') {
            break;
        }

        *n = *n * 10 + (uint64_t) (digits.data[i] - '0');

        if (*n > DG_LIMIT_MAX / unit) {
            snprintf(reason, DG_ERROR_TEXT, "the number is at most %llu",
                     DG_LIMIT_MAX);
            return DG_ERROR;
        }
    }

    if (i < digits.len || digits.len == 0) {
        snprintf(reason, DG_ERROR_TEXT, "the number is whole, with k or m "
                 "behind it or without");
        return DG_ERROR;
    }

    if (*n == 0) {
        snprintf(reason, DG_ERROR_TEXT, "the number is at least 1");
        return DG_ERROR;
    }

    *n *= unit;

    return DG_OK;
}
