/*
 * Copyright (C) 2026 Distill Guard
 */


#include "dg_order.h"
#include "dg_conf.h"
#include "dg_policy.h"
#include "dg_subject.h"


#include <stdio.h>


static int dg_order_check(dg_order_t *order, char error[DG_RECORD_ERROR]);


#define dg_order_member(name, field, mark)                                    \
    { name, dg_member_str, DG_RECORD_TEXT, 0, offsetof(dg_order_t, field),    \
      mark }

#define DG_ORDER_DECISION  0x01
#define DG_ORDER_SUBJECT   0x02
#define DG_ORDER_FOR       0x04

static const dg_member_t  dg_order_members[] = {
    dg_order_member("zone", zone, 0),
    dg_order_member("decision", decision, DG_ORDER_DECISION),
    dg_order_member("subject", name, DG_ORDER_SUBJECT),
    dg_order_member("for", time, DG_ORDER_FOR),
    dg_order_member("reason", reason, 0)
};

#undef dg_order_member

static dg_json_schema_t  dg_order_schema;


int
dg_order_init(void)
{
    return dg_record_schema(&dg_order_schema, dg_order_members,
                            dg_nelts(dg_order_members));
}


int
dg_order_read(dg_order_t *order, const u_char *p, size_t len,
    char error[DG_RECORD_ERROR])
{
    if (len > DG_ORDER_MAX) {
        snprintf(error, DG_RECORD_ERROR, "this is more than a decision takes");
        return DG_ERROR;
    }

    memset(order, 0, offsetof(dg_order_t, text));

    order->record.out = order;
    order->record.text = order->text;
    order->record.size = sizeof(order->text);

    if (dg_record_read(&order->record, &dg_order_schema, dg_order_members, p,
                       len, error)
        != DG_OK)
    {
        return DG_ERROR;
    }

    return dg_order_check(order, error);
}


static int
dg_order_check(dg_order_t *order, char error[DG_RECORD_ERROR])
{
    dg_ruling_t  *r;

    r = &order->ruling;

    r->id = (uint8_t) dg_conf_name(dg_rulings, 0, DG_RULINGS,
                                   &order->decision);

    if (!(order->record.seen & DG_ORDER_DECISION) || r->id == DG_RULINGS) {
        snprintf(error, DG_RECORD_ERROR, "\"decision\" is block, allow, "
                 "exempt or release");
        return DG_ERROR;
    }

    if (!(order->record.seen & DG_ORDER_SUBJECT)
        || dg_ruling_subject_parse(&order->kind, &order->id, order->name.data,
                                   order->name.len)
           != DG_OK)
    {
        snprintf(error, DG_RECORD_ERROR, "\"subject\" is a kind and an id, as "
                 "in key:9f3a04c1d2e5b7880c6f1e2d3a4b5c6d");
        return DG_ERROR;
    }

    if (!dg_ruling_fits(r->id, order->kind)) {
        snprintf(error, DG_RECORD_ERROR, "only a key or an account can be "
                 "exempt from campaigns");
        return DG_ERROR;
    }

    if ((order->record.seen & DG_ORDER_FOR) && order->time.len
        && (r->id == DG_RULING_RELEASE
            || dg_conf_time(&order->seconds, &order->time, DG_BLOCK_MAX)
               != DG_OK))
    {
        snprintf(error, DG_RECORD_ERROR, "\"for\" is a time of at most %d "
                 "days, as in 30m or 1h30m, and a release has none",
                 DG_BLOCK_MAX / 86400);
        return DG_ERROR;
    }

    if (order->reason.len > DG_RULING_REASON
        || !dg_ruling_plain(order->reason.data, order->reason.len, 1))
    {
        snprintf(error, DG_RECORD_ERROR, "\"reason\" is at most %d plain "
                 "characters", DG_RULING_REASON);
        return DG_ERROR;
    }

    if (order->reason.len) {
        memcpy(r->reason, order->reason.data, order->reason.len);
    }

    r->reason_len = (uint8_t) order->reason.len;

    return DG_OK;
}
