/*
 * Copyright (C) 2026 Distill Guard
 *
 * A table of labels, and a set of the accounts seen with each.  Both are of
 * fixed size: labels that find no room are counted together, accounts that
 * find none are not counted, and the table says so.
 */


#include "replay.h"

#include <stdio.h>
#include <stdlib.h>


#define CTL_LABELS    1024       /* powers of two, and filled to 7/8 */
#define CTL_ACCOUNTS  (1024 * 1024)

#define CTL_LABEL_TEXT  40       /* shown of a label */

/* of an account */

#define CTL_ACCOUNT_USED     1
#define CTL_ACCOUNT_TOUCHED  2
#define CTL_ACCOUNT_BITS     3

#define ctl_summary_full(n, of)  ((n) >= (of) - (of) / 8)


typedef struct {
    uint64_t       exchanges;    /* passed before the first */
    uint64_t       tokens;       /* of output, that they brought */
    unsigned       seen;
} ctl_first_t;


typedef struct {
    dg_id_t        id;           /* of the text */
    unsigned       len;
    u_char         text[CTL_LABEL_TEXT];
    uint64_t       exchanges;
    uint64_t       refused;
    uint64_t       tokens;       /* of output */
    ctl_first_t    throttle;
    ctl_first_t    block;
    uint64_t       accounts;
    uint64_t       touched;      /* accounts that were refused anything */
} ctl_label_t;


typedef struct {
    uint64_t       v[2];         /* account and label; the lowest two bits of
                                    v[1] are ours */
} ctl_account_t;


struct ctl_summary_s {
    ctl_label_t     labels[CTL_LABELS + 1];      /* the last: of all others */
    size_t          nlabels;
    ctl_account_t  *accounts;
    size_t          naccounts;
    unsigned        lost:1;      /* accounts that found no room */
    dg_hash_key_t   key;
};


static uint32_t ctl_summary_label(ctl_summary_t *sum, const dg_str_t *label);
static void ctl_summary_account(ctl_summary_t *sum, uint32_t label,
    const dg_id_t *account, unsigned refused);
static int ctl_summary_order(const void *one, const void *two);
static void ctl_summary_row(const ctl_label_t *label, int width);
static void ctl_summary_first(const ctl_first_t *first);


ctl_summary_t *
ctl_summary_create(void)
{
    ctl_summary_t  *sum;

    sum = calloc(1, sizeof(ctl_summary_t));
    if (sum == NULL) {
        return NULL;
    }

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
ctl_summary_verdict(ctl_summary_t *sum, ctl_exchange_t *x,
    const dg_str_t *label)
{
    unsigned      refused;
    ctl_label_t  *l;

    x->label = ctl_summary_label(sum, label);
    l = &sum->labels[x->label];

    refused = (x->decision.verdict >= DG_THROTTLE);

    l->exchanges++;
    l->refused += refused;

    l->throttle.seen |= (x->decision.verdict == DG_THROTTLE);
    l->block.seen |= (x->decision.verdict == DG_BLOCK);

    x->unthrottled = !l->throttle.seen;
    x->unblocked = !l->block.seen;

    if (!refused) {
        l->throttle.exchanges += x->unthrottled;
        l->block.exchanges += x->unblocked;
    }

    if (!dg_id_none(&x->account)) {
        ctl_summary_account(sum, x->label, &x->account, refused);
    }
}


/* tokens count for the time the exchange began in */

void
ctl_summary_end(ctl_summary_t *sum, const ctl_exchange_t *x)
{
    ctl_label_t  *l;

    if (x->usage.source == DG_SOURCE_NONE) {
        return;
    }

    l = &sum->labels[x->label];

    l->tokens += x->usage.output;
    l->throttle.tokens += x->unthrottled ? x->usage.output : 0;
    l->block.tokens += x->unblocked ? x->usage.output : 0;
}


static uint32_t
ctl_summary_label(ctl_summary_t *sum, const dg_str_t *label)
{
    dg_id_t       id;
    uint32_t      i;
    ctl_label_t  *l;

    id = dg_hash(&sum->key, DG_HASH_CHECK, label->data, label->len);
    i = (uint32_t) (id.v[0] & (CTL_LABELS - 1));

    for ( ;; ) {
        l = &sum->labels[i];

        if (dg_id_equal(&l->id, &id)) {
            return i;
        }

        if (dg_id_none(&l->id)) {
            break;
        }

        i = (i + 1) & (CTL_LABELS - 1);
    }

    if (ctl_summary_full(sum->nlabels, CTL_LABELS)) {
        return CTL_LABELS;
    }

    sum->nlabels++;

    l->id = id;
    l->len = (unsigned) dg_min(label->len, sizeof(l->text));

    if (l->len) {
        memcpy(l->text, label->data, l->len);
    }

    return i;
}


static void
ctl_summary_account(ctl_summary_t *sum, uint32_t label,
    const dg_id_t *account, unsigned refused)
{
    size_t          i;
    uint64_t        v[2];
    ctl_account_t  *a;

    v[0] = account->v[0] ^ label;
    v[1] = (account->v[1] & ~(uint64_t) CTL_ACCOUNT_BITS) | CTL_ACCOUNT_USED;

    for (i = v[0] & (CTL_ACCOUNTS - 1);
         sum->accounts[i].v[1];
         i = (i + 1) & (CTL_ACCOUNTS - 1))
    {
        a = &sum->accounts[i];

        if (a->v[0] == v[0]
            && (a->v[1] & ~(uint64_t) CTL_ACCOUNT_TOUCHED) == v[1])
        {
            goto found;
        }
    }

    if (ctl_summary_full(sum->naccounts, CTL_ACCOUNTS)) {
        sum->lost = 1;
        return;
    }

    sum->naccounts++;
    sum->labels[label].accounts++;

    a = &sum->accounts[i];
    a->v[0] = v[0];
    a->v[1] = v[1];

found:

    if (refused && !(a->v[1] & CTL_ACCOUNT_TOUCHED)) {
        a->v[1] |= CTL_ACCOUNT_TOUCHED;
        sum->labels[label].touched++;
    }
}


void
ctl_summary_print(const ctl_summary_t *sum)
{
    int                 width;
    size_t              i, n;
    const ctl_label_t  *labels[CTL_LABELS + 1];

    width = sizeof("label") - 1;
    n = 0;

    for (i = 0; i <= CTL_LABELS; i++) {

        if (sum->labels[i].exchanges) {
            labels[n++] = &sum->labels[i];
            width = dg_max(width, (int) sum->labels[i].len);
        }
    }

    qsort(labels, n, sizeof(labels[0]), ctl_summary_order);

    fprintf(stderr, "%-*s %10s %10s %12s | %-23s | %-23s | %10s %10s\n",
            width, "label", "exchanges", "refused", "output", "to 1st THROTTLE",
            "to 1st BLOCK", "accounts", "touched");

    for (i = 0; i < n; i++) {
        ctl_summary_row(labels[i], width);
    }

    if (sum->lost) {
        fprintf(stderr, "there were more accounts than could be counted\n");
    }
}


/* by the text; others last */

static int
ctl_summary_order(const void *one, const void *two)
{
    int                 rc;
    const ctl_label_t  *first, *second;

    first = *(const ctl_label_t *const *) one;
    second = *(const ctl_label_t *const *) two;

    if (dg_id_none(&first->id) || dg_id_none(&second->id)) {
        return dg_id_none(&first->id) - dg_id_none(&second->id);
    }

    rc = memcmp(first->text, second->text, dg_min(first->len, second->len));

    return rc ? rc : (first->len > second->len) - (first->len < second->len);
}


static void
ctl_summary_row(const ctl_label_t *label, int width)
{
    int          len;
    const char  *text;

    text = (const char *) label->text;
    len = (int) label->len;

    if (len == 0) {
        text = dg_id_none(&label->id) ? "(others)" : "null";
        len = (int) strlen(text);
    }

    fprintf(stderr, "%.*s%*s %10llu %10llu %12llu |", len, text,
            dg_max(width - len, 0), "",
            (unsigned long long) label->exchanges,
            (unsigned long long) label->refused,
            (unsigned long long) label->tokens);

    ctl_summary_first(&label->throttle);
    ctl_summary_first(&label->block);

    fprintf(stderr, " %10llu %10llu\n",
            (unsigned long long) label->accounts,
            (unsigned long long) label->touched);
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
