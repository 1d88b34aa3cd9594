/*
 * Copyright (C) 2026 Distill Guard
 *
 * There are no more members than the zone has room for, and so this takes
 * less memory than the zone.
 */


#include "replay.h"
#include "dg_print.h"

#include <stdlib.h>


#define CTL_MEMBERS  1024        /* at first */

/* two brackets and names, a number, and two ids with what is between them */
#define CTL_MEMBER_ROOM  (96 + 2 * DG_ID_TEXT)


static void ctl_members_add(void *ctx, const dg_campaign_t *campaign,
    const dg_id_t *account);
static int ctl_members_order(const void *one, const void *two);
static int ctl_members_compare(const dg_id_t *one, const dg_id_t *two);
static void ctl_members_line(const ctl_member_t *members, size_t n,
    const ctl_labels_t *labels, ctl_output_t *out);
static size_t ctl_members_same(const ctl_members_t *ms, size_t i);
static void ctl_members_label(const ctl_label_t *label, ctl_output_t *out);


int
ctl_members_list(ctl_members_t *ms, dg_store_t *st, uint64_t now_ms)
{
    dg_guard_list(st, now_ms, ctl_members_add, ms);

    if (ms->failed) {
        return DG_ERROR;
    }

    if (ms->n) {
        qsort(ms->members, ms->n, sizeof(ctl_member_t), ctl_members_order);
    }

    return DG_OK;
}


void
ctl_members_free(ctl_members_t *ms)
{
    free(ms->members);
}


static void
ctl_members_add(void *ctx, const dg_campaign_t *campaign,
    const dg_id_t *account)
{
    ctl_members_t *ms = ctx;

    size_t         size;
    ctl_member_t  *m;

    if (ms->n == ms->size) {
        size = ms->size ? 2 * ms->size : CTL_MEMBERS;
        m = realloc(ms->members, size * sizeof(ctl_member_t));

        if (m == NULL) {
            ms->failed = 1;
            return;
        }

        ms->members = m;
        ms->size = size;
    }

    m = &ms->members[ms->n++];
    m->campaign = campaign->cell.id;
    m->held = campaign->held;

    if (account) {
        m->account = *account;

    } else {
        memset(&m->account, 0, sizeof(dg_id_t));
    }
}


static int
ctl_members_order(const void *one, const void *two)
{
    int                  rc;
    const ctl_member_t  *first, *second;

    first = one;
    second = two;

    rc = ctl_members_compare(&first->campaign, &second->campaign);

    return rc ? rc : ctl_members_compare(&first->account, &second->account);
}


/* as their texts compare */

static int
ctl_members_compare(const dg_id_t *one, const dg_id_t *two)
{
    unsigned  i;

    i = (one->v[0] == two->v[0]);

    return (one->v[i] > two->v[i]) - (one->v[i] < two->v[i]);
}


/* how many of the same campaign stand from i on */

static size_t
ctl_members_same(const ctl_members_t *ms, size_t i)
{
    size_t  n;

    for (n = 1; i + n < ms->n; n++) {
        if (!dg_id_equal(&ms->members[i].campaign,
                         &ms->members[i + n].campaign))
        {
            break;
        }
    }

    return n;
}


void
ctl_members_print(const ctl_members_t *ms, const ctl_labels_t *labels,
    ctl_output_t *out)
{
    size_t  i, n;

    for (i = 0; i < ms->n; i += n) {
        n = ctl_members_same(ms, i);
        ctl_members_line(&ms->members[i], n, labels, out);
    }
}


static void
ctl_members_line(const ctl_member_t *members, size_t n,
    const ctl_labels_t *labels, ctl_output_t *out)
{
    size_t     i;
    u_char    *p;
    uint32_t   label;
    unsigned   first;

    p = ctl_output_room(out, CTL_MEMBER_ROOM);
    p = dg_print(p, "{\"campaign\":\"");
    p = dg_id_text(p, &members[0].campaign);
    p = dg_print(p, "\",\"held\":");
    p = dg_print_u64(p, members[0].held);
    p = dg_print(p, ",\"accounts\":[");
    ctl_output_end(out, p);

    first = 1;

    for (i = 0; i < n; i++) {

        if (dg_id_none(&members[i].account)) {
            continue;
        }

        p = ctl_output_room(out, CTL_MEMBER_ROOM);
        p = dg_print(p, first ? "\"" : ",\"");
        p = dg_id_text(p, &members[i].account);
        *p++ = '"';
        ctl_output_end(out, p);

        first = 0;
    }

    ctl_output_data(out, (const u_char *) "],\"labels\":[", 12);
    first = 1;

    for (i = 0; i < n; i++) {

        if (dg_id_none(&members[i].account)) {
            continue;
        }

        if (!first) {
            ctl_output_data(out, (const u_char *) ",", 1);
        }

        label = ctl_labels_last(labels, &members[i].account);
        ctl_members_label(&labels->labels[label], out);

        first = 0;
    }

    ctl_output_data(out, (const u_char *) "]}\n", 3);
}


/* what was not kept whole is not told */

static void
ctl_members_label(const ctl_label_t *label, ctl_output_t *out)
{
    if (label->len == 0 || label->len > sizeof(label->text)) {
        ctl_output_data(out, (const u_char *) "null", 4);

    } else {
        ctl_output_data(out, label->text, label->len);
    }
}


void
ctl_members_count(const ctl_members_t *ms, const ctl_labels_t *labels,
    ctl_summary_t *sum)
{
    size_t               i, n, at;
    const ctl_member_t  *m;

    for (i = 0; i < ms->n; i += n) {
        n = ctl_members_same(ms, i);

        for (at = i; at < i + n; at++) {
            m = &ms->members[at];

            if (!dg_id_none(&m->account)) {
                ctl_summary_member(sum, &ms->members[i].campaign,
                                   ctl_labels_last(labels, &m->account));
            }
        }
    }
}
