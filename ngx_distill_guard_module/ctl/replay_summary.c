/*
 * Copyright (C) 2026 Distill Guard
 *
 * A table of labels, and a set of the accounts seen with each, of fixed size:
 * accounts that find no room are not counted, and the table says so.
 */


#include "replay.h"

#include <stdio.h>
#include <stdlib.h>


#define CTL_ACCOUNTS  (1024 * 1024)      /* a power of two, filled to 7/8 */

#define CTL_SUMMARY_TEXT  40     /* shown of a label */

/* what happened to an account: a bit for each, and for its being there */

#define CTL_ACCOUNT_USED  (1u << CTL_FATES)
#define CTL_ACCOUNT_BITS  (2 * CTL_ACCOUNT_USED - 1)


typedef struct {
    uint64_t       exchanges;    /* passed before the first */
    uint64_t       tokens;       /* of output, that they brought */
    unsigned       seen;
} ctl_first_t;


typedef struct {
    uint64_t       exchanges;
    uint64_t       tokens;       /* of output */
    uint64_t       accounts;
    uint64_t       fates[CTL_FATES];     /* exchanges */
    uint64_t       touched[CTL_FATES];   /* accounts */
    ctl_first_t    throttle;
    ctl_first_t    block;
    uint64_t       campaigns;    /* with an account of which it was the last
                                    label */
    uint64_t       members;      /* those accounts */
    const dg_id_t *campaign;     /* the last one counted */
} ctl_row_t;


typedef struct {
    uint64_t       v[2];         /* account and label; the lowest bits of v[1]
                                    are ours */
} ctl_account_t;


struct ctl_summary_s {
    const ctl_labels_t  *labels;
    ctl_row_t            rows[CTL_LABELS + 1];   /* by number of label */
    ctl_account_t       *accounts;
    size_t               naccounts;
    unsigned             lost:1; /* accounts that found no room */
};


/* a label and its row, in the order of printing */

typedef struct {
    const ctl_label_t   *label;
    const ctl_row_t     *row;
} ctl_line_t;


static ctl_fate_t ctl_summary_fate(dg_verdict_id_t verdict);
static void ctl_summary_account(ctl_summary_t *sum, uint32_t label,
    const dg_id_t *account, ctl_fate_t fate);
static size_t ctl_summary_lines(const ctl_summary_t *sum,
    ctl_line_t lines[CTL_LABELS + 1], int *width);
static int ctl_summary_order(const void *one, const void *two);
static void ctl_summary_text(FILE *to, const ctl_label_t *label, int width);
static void ctl_summary_first(const ctl_first_t *first);


static const char  *const ctl_fates[CTL_FATES] = {
    "passed", "tagged", "paced", "refused"
};


ctl_summary_t *
ctl_summary_create(const ctl_labels_t *labels)
{
    ctl_summary_t  *sum;

    sum = calloc(1, sizeof(ctl_summary_t));
    if (sum == NULL) {
        return NULL;
    }

    sum->labels = labels;

    sum->accounts = calloc(CTL_ACCOUNTS, sizeof(ctl_account_t));

    if (sum->accounts == NULL) {
        free(sum);
        return NULL;
    }

    return sum;
}


void
ctl_summary_free(ctl_summary_t *sum)
{
    if (sum) {
        free(sum->accounts);
        free(sum);
    }
}


void
ctl_summary_verdict(ctl_summary_t *sum, ctl_exchange_t *x)
{
    ctl_row_t   *row;
    ctl_fate_t   fate;

    row = &sum->rows[x->label];
    fate = ctl_summary_fate(x->decision.verdict);

    row->exchanges++;
    row->fates[fate]++;

    row->throttle.seen |= (x->decision.verdict == DG_THROTTLE);
    row->block.seen |= (x->decision.verdict == DG_BLOCK);

    x->unthrottled = !row->throttle.seen;
    x->unblocked = !row->block.seen;

    if (fate != CTL_REFUSED) {
        row->throttle.exchanges += x->unthrottled;
        row->block.exchanges += x->unblocked;
    }

    if (!dg_id_none(&x->account)) {
        ctl_summary_account(sum, x->label, &x->account, fate);
    }
}


static ctl_fate_t
ctl_summary_fate(dg_verdict_id_t verdict)
{
    switch (verdict) {

    case DG_PASS:
        return CTL_PASSED;

    case DG_TAG:
        return CTL_TAGGED;

    case DG_PACE:
        return CTL_PACED;

    default: /* DG_THROTTLE, DG_BLOCK */
        return CTL_REFUSED;
    }
}


/* tokens count for the time the exchange began in */

void
ctl_summary_end(ctl_summary_t *sum, const ctl_exchange_t *x)
{
    ctl_row_t  *row;

    if (x->usage.source == DG_SOURCE_NONE) {
        return;
    }

    row = &sum->rows[x->label];

    row->tokens += x->usage.output;
    row->throttle.tokens += x->unthrottled ? x->usage.output : 0;
    row->block.tokens += x->unblocked ? x->usage.output : 0;
}


static void
ctl_summary_account(ctl_summary_t *sum, uint32_t label,
    const dg_id_t *account, ctl_fate_t fate)
{
    size_t          i;
    uint64_t        v[2], bit;
    ctl_account_t  *a;

    v[0] = account->v[0] ^ label;
    v[1] = account->v[1] & ~(uint64_t) CTL_ACCOUNT_BITS;

    for (i = v[0] & (CTL_ACCOUNTS - 1);
         sum->accounts[i].v[1];
         i = (i + 1) & (CTL_ACCOUNTS - 1))
    {
        a = &sum->accounts[i];

        if (a->v[0] == v[0]
            && (a->v[1] & ~(uint64_t) CTL_ACCOUNT_BITS) == v[1])
        {
            goto found;
        }
    }

    if (ctl_full(sum->naccounts, CTL_ACCOUNTS)) {
        sum->lost = 1;
        return;
    }

    sum->naccounts++;
    sum->rows[label].accounts++;

    a = &sum->accounts[i];
    a->v[0] = v[0];
    a->v[1] = v[1] | CTL_ACCOUNT_USED;

found:

    bit = 1u << fate;

    if (!(a->v[1] & bit)) {
        a->v[1] |= bit;
        sum->rows[label].touched[fate]++;
    }
}


/* campaigns come one after the other */

void
ctl_summary_member(ctl_summary_t *sum, const dg_id_t *campaign,
    uint32_t label)
{
    ctl_row_t  *row;

    row = &sum->rows[label];
    row->members++;

    if (row->campaign == NULL || !dg_id_equal(row->campaign, campaign)) {
        row->campaign = campaign;
        row->campaigns++;
    }
}


void
ctl_summary_print(const ctl_summary_t *sum)
{
    int               width;
    size_t            i, n;
    ctl_line_t        lines[CTL_LABELS + 1];
    const ctl_row_t  *row;

    n = ctl_summary_lines(sum, lines, &width);

    fprintf(stderr, "%-*s %10s %10s %12s | %-23s | %-23s | %10s %10s | %10s "
            "%10s\n", width, "label", "exchanges", "refused", "output",
            "to 1st THROTTLE", "to 1st BLOCK", "accounts", "touched",
            "campaigns", "members");

    for (i = 0; i < n; i++) {
        row = lines[i].row;

        ctl_summary_text(stderr, lines[i].label, width);

        fprintf(stderr, " %10llu %10llu %12llu |",
                (unsigned long long) row->exchanges,
                (unsigned long long) row->fates[CTL_REFUSED],
                (unsigned long long) row->tokens);

        ctl_summary_first(&row->throttle);
        ctl_summary_first(&row->block);

        fprintf(stderr, " %10llu %10llu | %10llu %10llu\n",
                (unsigned long long) row->accounts,
                (unsigned long long) row->touched[CTL_REFUSED],
                (unsigned long long) row->campaigns,
                (unsigned long long) row->members);
    }

    if (sum->lost) {
        fprintf(stderr, "there were more accounts than could be counted\n");
    }
}


void
ctl_summary_fates(const ctl_summary_t *sum)
{
    int               width;
    size_t            i, n;
    unsigned          fate;
    ctl_line_t        lines[CTL_LABELS + 1];
    const ctl_row_t  *row;

    n = ctl_summary_lines(sum, lines, &width);

    printf("#   %-*s %10s %8s", width, "label", "exchanges", "accounts");

    for (fate = CTL_TAGGED; fate < CTL_FATES; fate++) {
        printf(" | %10s %8s", ctl_fates[fate], "accounts");
    }

    printf(" | %9s %8s\n", "campaigns", "members");

    for (i = 0; i < n; i++) {
        row = lines[i].row;

        printf("#   ");
        ctl_summary_text(stdout, lines[i].label, width);
        printf(" %10llu %8llu", (unsigned long long) row->exchanges,
               (unsigned long long) row->accounts);

        for (fate = CTL_TAGGED; fate < CTL_FATES; fate++) {
            printf(" | %10llu %8llu", (unsigned long long) row->fates[fate],
                   (unsigned long long) row->touched[fate]);
        }

        printf(" | %9llu %8llu\n", (unsigned long long) row->campaigns,
               (unsigned long long) row->members);
    }

    if (sum->lost) {
        printf("# there were more accounts than could be counted\n");
    }
}


/* those that there are, and the width of their texts */

static size_t
ctl_summary_lines(const ctl_summary_t *sum, ctl_line_t lines[CTL_LABELS + 1],
    int *width)
{
    size_t  i, n;

    *width = sizeof("label") - 1;
    n = 0;

    for (i = 0; i <= CTL_LABELS; i++) {

        if (sum->rows[i].exchanges) {
            lines[n].label = &sum->labels->labels[i];
            lines[n].row = &sum->rows[i];

            *width = dg_max(*width, (int) dg_min(lines[n].label->len,
                                                 (size_t) CTL_SUMMARY_TEXT));
            n++;
        }
    }

    qsort(lines, n, sizeof(ctl_line_t), ctl_summary_order);

    return n;
}


/* by the text; others last */

static int
ctl_summary_order(const void *one, const void *two)
{
    int                 rc;
    size_t              len[2];
    const ctl_label_t  *first, *second;

    first = ((const ctl_line_t *) one)->label;
    second = ((const ctl_line_t *) two)->label;

    if (dg_id_none(&first->id) || dg_id_none(&second->id)) {
        return dg_id_none(&first->id) - dg_id_none(&second->id);
    }

    len[0] = dg_min(first->len, sizeof(first->text));
    len[1] = dg_min(second->len, sizeof(second->text));

    rc = memcmp(first->text, second->text, dg_min(len[0], len[1]));

    return rc ? rc : (first->len > second->len) - (first->len < second->len);
}


static void
ctl_summary_text(FILE *to, const ctl_label_t *label, int width)
{
    int          len;
    const char  *text;

    text = (const char *) label->text;
    len = (int) dg_min(label->len, (size_t) CTL_SUMMARY_TEXT);

    if (len == 0) {
        text = dg_id_none(&label->id) ? "(others)" : "null";
        len = (int) strlen(text);
    }

    fprintf(to, "%.*s%*s", len, text, dg_max(width - len, 0), "");
}


/* exchanges and output before it, if it was */

static void
ctl_summary_first(const ctl_first_t *first)
{
    if (first->seen) {
        fprintf(stderr, " %10llu %12llu |",
                (unsigned long long) first->exchanges,
                (unsigned long long) first->tokens);

    } else {
        fprintf(stderr, " %10s %12s |", "-", "-");
    }
}
