/*
 * Copyright (C) 2026 Distill Guard
 */


#include "dg_history.h"
#include "dg_print.h"


typedef struct {
    dg_str_t  name;
    size_t    offset;    /* of a uint64_t in a sample */
} dg_history_column_t;


static void dg_history_tokens(dg_history_sample_t *s,
    const dg_stats_t *stats);
static u_char *dg_history_columns(u_char *p);
static u_char *dg_history_sample(u_char *p, const dg_history_sample_t *s);


/* besides the verdicts, which stand behind the first of them */

static const dg_history_column_t  dg_history_table[] = {
    { dg_string("time"), offsetof(dg_history_sample_t, time) },
    { dg_string("refused"), offsetof(dg_history_sample_t, refused) },
    { dg_string("spared"), offsetof(dg_history_sample_t, spared) },
    { dg_string("input_tokens"), offsetof(dg_history_sample_t, input) },
    { dg_string("output_tokens"), offsetof(dg_history_sample_t, output) },
    { dg_string("failed"), offsetof(dg_history_sample_t, failed) }
};


void
dg_history_note(dg_history_t *h, const dg_stats_t *stats, uint64_t now)
{
    unsigned              i;
    dg_history_sample_t  *s;

    s = &h->samples[now / 60 % DG_HISTORY_MINUTES];

    memset(s, 0, sizeof(dg_history_sample_t));

    s->time = now;

    for (i = 0; i < DG_VERDICTS; i++) {
        s->verdicts[i] = stats->verdicts[i][0] + stats->verdicts[i][1];

        if (dg_verdict_refuses(i)) {
            s->refused += stats->verdicts[i][0];
            s->spared += stats->verdicts[i][1];
        }
    }

    s->failed = stats->failed;

    dg_history_tokens(s, stats);
}


static void
dg_history_tokens(dg_history_sample_t *s, const dg_stats_t *stats)
{
    unsigned  i;

    for (i = 0; i < dg_nelts(stats->tokens[0]); i++) {
        s->input += stats->tokens[0][i];
        s->output += stats->tokens[1][i];
    }
}


u_char *
dg_history_json(u_char *p, const dg_history_t *h, uint64_t now)
{
    int                         some;
    uint64_t                    minute, first;
    const dg_history_sample_t  *s;

    p = dg_history_columns(p);
    p = dg_print(p, "\"samples\":[");

    minute = now / 60;
    first = minute < DG_HISTORY_MINUTES ? 0 : minute - DG_HISTORY_MINUTES + 1;
    some = 0;

    for ( /* void */ ; first <= minute; first++) {
        s = &h->samples[first % DG_HISTORY_MINUTES];

        /* or the ring was not written to at that time, or the clock was set
           back */

        if (s->time == 0 || s->time / 60 != first) {
            continue;
        }

        if (some) {
            *p++ = ',';
        }

        some = 1;
        p = dg_history_sample(p, s);
    }

    return dg_print(p, "]}");
}


static u_char *
dg_history_columns(u_char *p)
{
    unsigned  i, k;

    p = dg_print(p, "{\"columns\":[");

    for (i = 0; i < dg_nelts(dg_history_table); i++) {
        p = dg_print(p, i ? ",\"" : "\"");
        p = dg_print_str(p, &dg_history_table[i].name);
        *p++ = '"';

        for (k = 0; i == 0 && k < DG_VERDICTS; k++) {
            p = dg_print(p, ",\"");
            p = dg_print_str(p, &dg_verdicts[k]);
            *p++ = '"';
        }
    }

    return dg_print(p, "],");
}


static u_char *
dg_history_sample(u_char *p, const dg_history_sample_t *s)
{
    uint64_t  n;
    unsigned  i, k;

    for (i = 0; i < dg_nelts(dg_history_table); i++) {
        memcpy(&n, (const u_char *) s + dg_history_table[i].offset,
               sizeof(uint64_t));

        *p++ = i ? ',' : '[';
        p = dg_print_u64(p, n);

        for (k = 0; i == 0 && k < DG_VERDICTS; k++) {
            *p++ = ',';
            p = dg_print_u64(p, s->verdicts[k]);
        }
    }

    *p++ = ']';

    return p;
}
