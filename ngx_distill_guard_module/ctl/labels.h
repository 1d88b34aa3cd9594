/*
 * Copyright (C) 2026 Distill Guard
 *
 * The labels of a trace, and the last one of each account.  Both are kept in
 * tables of fixed size, which are touched only as far as they fill: labels
 * that find no room are one, accounts that find none have no label.
 */


#ifndef _LABELS_H_INCLUDED_
#define _LABELS_H_INCLUDED_


#include "dg_core.h"
#include "dg_hash.h"


/* powers of two; filled to 7/8 */

#define CTL_LABELS          4096
#define CTL_LABEL_ACCOUNTS  (1024 * 1024)

#define CTL_LABEL_OTHERS    CTL_LABELS   /* the number of all others */
#define CTL_LABEL_TEXT      128          /* kept of a label */

#define ctl_full(n, of)  ((n) >= (of) - (of) / 8)


typedef struct {
    dg_id_t             id;      /* of the whole text; "none": others */
    size_t              len;     /* of the whole text, 0: no label */
    u_char              text[CTL_LABEL_TEXT];
} ctl_label_t;


typedef struct {
    dg_id_t             account;
    uint32_t            label;
} ctl_labeled_t;


typedef struct {
    ctl_label_t         labels[CTL_LABELS + 1];
    size_t              nlabels;
    ctl_labeled_t      *accounts;
    size_t              naccounts;
    dg_hash_key_t       key;
} ctl_labels_t;


/* NULL: no memory */
ctl_labels_t *ctl_labels_create(void);
void ctl_labels_free(ctl_labels_t *lb);

/* the number of a label, JSON as it stands in the trace */
uint32_t ctl_labels_number(ctl_labels_t *lb, const dg_str_t *text);

/* an exchange of an account, "none" is nobody, had that label */
void ctl_labels_see(ctl_labels_t *lb, const dg_id_t *account,
    uint32_t label);

/* the last label of an account; CTL_LABEL_OTHERS where it is not known */
uint32_t ctl_labels_last(const ctl_labels_t *lb, const dg_id_t *account);


#endif /* _LABELS_H_INCLUDED_ */
