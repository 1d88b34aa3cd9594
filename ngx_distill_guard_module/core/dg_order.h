/*
 * Copyright (C) 2026 Distill Guard
 *
 * What an operator wants decided, as the status page sends it:
 *
 *     {"zone":"guard","decision":"block","subject":"key:9f3a...",
 *      "for":"1h30m","reason":"harvests for a rival"}
 *
 * Without a zone it is the first; without a time it lasts until released.
 */


#ifndef _DG_ORDER_H_INCLUDED_
#define _DG_ORDER_H_INCLUDED_


#include "dg_core.h"
#include "dg_record.h"
#include "dg_ruling.h"


#define DG_ORDER_MAX  4096       /* bytes */


typedef struct {
    dg_str_t           zone;     /* within what was read; may be empty */
    dg_str_t           decision;
    dg_str_t           name;     /* of the subject, as it was sent */
    dg_str_t           time;
    dg_str_t           reason;

    unsigned           kind;     /* of the subject */
    dg_id_t            id;
    uint32_t           seconds;  /* 0: until it is released */
    dg_ruling_t        ruling;   /* but for time, expires and author */

    dg_record_t        record;
    u_char             text[DG_ORDER_MAX];
} dg_order_t;


/* once, before any is read; DG_ERROR is a mistake in the table */
int dg_order_init(void);

/* DG_ERROR, and what is wrong; no more than DG_ORDER_MAX bytes are read */
int dg_order_read(dg_order_t *order, const u_char *p, size_t len,
    char error[DG_RECORD_ERROR]);


#endif /* _DG_ORDER_H_INCLUDED_ */
