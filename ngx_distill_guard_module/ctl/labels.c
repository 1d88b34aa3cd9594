/*
 * Copyright (C) 2026 Distill Guard
 */


#include "labels.h"

#include <stdlib.h>


static ctl_labeled_t *ctl_labels_account(const ctl_labels_t *lb,
    const dg_id_t *account);


ctl_labels_t *
ctl_labels_create(void)
{
    ctl_labels_t  *lb;

    lb = calloc(1, sizeof(ctl_labels_t));
    if (lb == NULL) {
        return NULL;
    }

    lb->accounts = calloc(CTL_LABEL_ACCOUNTS, sizeof(ctl_labeled_t));

    if (lb->accounts == NULL) {
        free(lb);
        return NULL;
    }

    return lb;
}


void
ctl_labels_free(ctl_labels_t *lb)
{
    if (lb) {
        free(lb->accounts);
        free(lb);
    }
}


uint32_t
ctl_labels_number(ctl_labels_t *lb, const dg_str_t *text)
{
    dg_id_t       id;
    uint32_t      i;
    ctl_label_t  *l;

    id = dg_hash(&lb->key, DG_HASH_CHECK, text->data, text->len);
    i = (uint32_t) (id.v[0] & (CTL_LABELS - 1));

    for ( ;; ) {
        l = &lb->labels[i];

        if (dg_id_equal(&l->id, &id)) {
            return i;
        }

        if (dg_id_none(&l->id)) {
            break;
        }

        i = (i + 1) & (CTL_LABELS - 1);
    }

    if (ctl_full(lb->nlabels, CTL_LABELS)) {
        return CTL_LABEL_OTHERS;
    }

    lb->nlabels++;

    l->id = id;
    l->len = text->len;

    if (l->len) {
        memcpy(l->text, text->data, dg_min(l->len, sizeof(l->text)));
    }

    return i;
}


void
ctl_labels_see(ctl_labels_t *lb, const dg_id_t *account, uint32_t label)
{
    ctl_labeled_t  *a;

    if (dg_id_none(account)) {
        return;
    }

    a = ctl_labels_account(lb, account);

    if (dg_id_none(&a->account)) {

        if (ctl_full(lb->naccounts, CTL_LABEL_ACCOUNTS)) {
            return;
        }

        lb->naccounts++;
        a->account = *account;
    }

    a->label = label;
}


uint32_t
ctl_labels_last(const ctl_labels_t *lb, const dg_id_t *account)
{
    const ctl_labeled_t  *a;

    a = ctl_labels_account(lb, account);

    return dg_id_none(&a->account) ? CTL_LABEL_OTHERS : a->label;
}


/* its place, or where that is to be; there is always one that is free */

static ctl_labeled_t *
ctl_labels_account(const ctl_labels_t *lb, const dg_id_t *account)
{
    size_t          i;
    ctl_labeled_t  *a;

    i = account->v[0] & (CTL_LABEL_ACCOUNTS - 1);

    for ( ;; ) {
        a = &lb->accounts[i];

        if (dg_id_none(&a->account) || dg_id_equal(&a->account, account)) {
            return a;
        }

        i = (i + 1) & (CTL_LABEL_ACCOUNTS - 1);
    }
}
