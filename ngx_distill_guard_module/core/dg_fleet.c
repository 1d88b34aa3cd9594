/*
 * Copyright (C) 2026 Distill Guard
 *
 * How nodes agree: totals out, the fleet's totals back.
 */


#include "dg_store.h"


static dg_subject_t *dg_fleet_next(dg_store_t *st, dg_arena_t *a);
static void dg_fleet_report(dg_subject_t *s, dg_report_t *report,
    uint64_t now_ms);
static dg_subject_t *dg_fleet_answered(dg_store_t *st,
    const dg_report_t *report);
static void dg_fleet_merge(dg_subject_t *s, const dg_report_t *report,
    const dg_fleet_t *fleet, uint32_t over, uint64_t now_ms);
static unsigned dg_fleet_untell(dg_subject_t *s, const dg_report_t *report);
static int dg_fleet_counted(const dg_subject_t *s, uint64_t now_ms);


size_t
dg_store_take(dg_store_t *st, dg_report_t *reports, size_t n, uint64_t now_ms)
{
    size_t         i;
    dg_arena_t    *a;
    dg_subject_t  *s;

    dg_store_begin(st);

    st->now_ms = now_ms;
    a = dg_store_subjects(st);

    for (i = 0; i < n; i++) {
        s = dg_fleet_next(st, a);

        if (s == NULL) {
            break;
        }

        dg_store_flags(st, s, DG_SUBJECT_SENT,
                       DG_SUBJECT_DIRTY|DG_SUBJECT_URGENT);
        s->taken = ++st->reports;
        s->requests = 0;
        s->tokens = 0;

        dg_fleet_report(s, &reports[i], now_ms);
    }

    dg_store_end(st);

    return i;
}


/* whose turn it is; NULL: nobody's */

static dg_subject_t *
dg_fleet_next(dg_store_t *st, dg_arena_t *a)
{
    dg_subject_t  *s;

    if (st->dirty[0].first != DG_NIL) {
        return (dg_subject_t *) dg_arena_cell(a, st->dirty[0].first);
    }

    if (st->dirty[1].first == DG_NIL) {
        return NULL;
    }

    s = (dg_subject_t *) dg_arena_cell(a, st->dirty[1].first);

    return ((uint32_t) st->now_ms - s->queued >= st->patience) ? s : NULL;
}


void
dg_store_hear(dg_store_t *st, const dg_report_t *report,
    const dg_fleet_t *fleet, uint64_t now_ms)
{
    uint32_t       over;
    uint64_t       silence;
    dg_subject_t  *s;

    s = dg_fleet_answered(st, report);

    if (s == NULL) {
        return;
    }

    dg_store_begin(st);

    st->now_ms = now_ms;

    over = 0;

    if (s->cell.flags & DG_SUBJECT_KNOWN) {
        silence = dg_sub(now_ms / 1000, s->others_heard);
        over = (uint32_t) dg_max(silence, 1);
    }

    dg_fleet_merge(s, report, fleet, over, now_ms);

    s->others_heard = (uint32_t) (now_ms / 1000);

    dg_store_flags(st, s, DG_SUBJECT_KNOWN, DG_SUBJECT_SENT);

    dg_store_end(st);
}


void
dg_store_again(dg_store_t *st, const dg_report_t *report)
{
    dg_subject_t  *s;

    dg_store_begin(st);

    s = dg_fleet_answered(st, report);

    if (s != NULL) {
        st->stats.unsent += dg_fleet_untell(s, report);
        dg_store_flags(st, s, DG_SUBJECT_DIRTY|DG_SUBJECT_URGENT,
                       DG_SUBJECT_SENT);

    } else if (dg_store_find(st, report->kind, &report->id) == NULL) {
        st->stats.unsent++;
    }

    dg_store_end(st);
}


void
dg_store_all_dirty(dg_store_t *st, uint32_t *at, uint32_t n)
{
    uint32_t       i, last;
    dg_arena_t    *a;
    dg_subject_t  *s;

    dg_store_begin(st);

    a = dg_store_subjects(st);

    last = (a->fresh - dg_min(*at, a->fresh) > n) ? *at + n : a->fresh;

    for (i = *at + 1; i <= last; i++) {
        s = (dg_subject_t *) dg_arena_cell(a, i);

        if (s->cell.kind == 0 || s->cell.segment == DG_PROBATION
            || !dg_fleet_counted(s, st->now_ms))
        {
            continue;
        }

        s->origins_unsent |= s->origins_told;
        s->origins_told = 0;

        dg_store_flags(st, s, DG_SUBJECT_DIRTY|DG_SUBJECT_URGENT,
                       DG_SUBJECT_SENT);
    }

    *at = (last < a->fresh) ? last : 0;

    dg_store_end(st);
}


static void
dg_fleet_report(dg_subject_t *s, dg_report_t *report, uint64_t now_ms)
{
    unsigned      i, p;
    dg_held_t     held;
    dg_share_t   *share;
    dg_window_t  *w;

    memset(report, 0, sizeof(dg_report_t));

    report->id = s->cell.id;
    report->kind = s->cell.kind;
    report->taken = s->taken;
    report->life = s->life;

    dg_windows_turn(&s->windows, now_ms);

    for (p = DG_MINUTE; p < DG_WINDOWS; p++) {
        w = &s->windows.w[p];

        for (i = 0; i < 2; i++) {
            share = &report->share[p][i];
            share->bucket = w->bucket - i;
            memcpy(share->own, w->own[i], sizeof(share->own));
        }
    }

    dg_subject_held(s, &held, now_ms);

    report->reserved_input = held.input;
    report->reserved_output = held.output;

    for (i = 0; i < DG_ORIGINS; i++) {
        if (s->origins_unsent & (1u << i)) {
            report->origin[report->norigins++] = s->origin[i];
        }
    }

    s->origins_told |= s->origins_unsent;
    s->origins_unsent = 0;
}


/* the subject if this is its latest report, and under way */

static dg_subject_t *
dg_fleet_answered(dg_store_t *st, const dg_report_t *report)
{
    dg_subject_t  *s;

    s = dg_store_find(st, report->kind, &report->id);

    if (s == NULL || !(s->cell.flags & DG_SUBJECT_SENT)
        || s->taken != report->taken)
    {
        return NULL;
    }

    return s;
}


/*
 * The others' totals are the fleet's less our own as sent: what was counted
 * here since is in neither.
 */

static void
dg_fleet_merge(dg_subject_t *s, const dg_report_t *report,
    const dg_fleet_t *fleet, uint32_t over, uint64_t now_ms)
{
    unsigned           c, i, p;
    uint64_t           others[DG_COUNTERS];
    const dg_share_t  *sent, *heard;

    for (p = DG_MINUTE; p < DG_WINDOWS; p++) {

        for (i = 0; i < 2; i++) {
            sent = &report->share[p][i];
            heard = &fleet->share[p][i];

            if (heard->bucket != sent->bucket) {
                continue;
            }

            for (c = 0; c < DG_COUNTERS; c++) {
                others[c] = dg_sub(heard->own[c], sent->own[c]);
            }

            dg_windows_hear(&s->windows, (dg_period_t) p, sent->bucket,
                            others, over, now_ms);
        }
    }

    s->others_input = dg_sub(fleet->reserved_input, report->reserved_input);
    s->others_output = dg_sub(fleet->reserved_output,
                              report->reserved_output);
}


/* returns how many of the origins are no longer kept */

static unsigned
dg_fleet_untell(dg_subject_t *s, const dg_report_t *report)
{
    unsigned  i, k, lost;

    lost = 0;

    for (i = 0; i < report->norigins; i++) {

        for (k = 0; k < DG_ORIGINS; k++) {
            if (dg_id_equal(&s->origin[k], &report->origin[i])) {
                break;
            }
        }

        if (k == DG_ORIGINS) {
            lost++;
            continue;
        }

        s->origins_unsent |= (uint16_t) (1u << k);
        s->origins_told &= (uint16_t) ~(1u << k);
    }

    return lost;
}


/* has it own totals in a bucket that Redis still keeps? */

static int
dg_fleet_counted(const dg_subject_t *s, uint64_t now_ms)
{
    unsigned            c, i, p;
    const dg_window_t  *w;

    for (p = DG_MINUTE; p < DG_WINDOWS; p++) {
        w = &s->windows.w[p];

        for (i = 0; i < 2; i++) {

            /* it was turned when it last changed, which may be long ago */

            if (now_ms / 1000 / dg_periods[p].seconds
                > (uint64_t) w->bucket + 1 - i)
            {
                break;
            }

            for (c = 0; c < DG_COUNTERS; c++) {
                if (w->own[i][c] != 0) {
                    return 1;
                }
            }
        }
    }

    return 0;
}
