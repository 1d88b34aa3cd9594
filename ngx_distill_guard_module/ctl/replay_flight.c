/*
 * Copyright (C) 2026 Distill Guard
 *
 * Slots are touched only as they come into use, the last given back first.
 */


#include "replay.h"

#include <stdlib.h>


#define CTL_FLIGHT_BUCKETS  CTL_FLIGHT   /* a power of two */


static uint32_t *ctl_flight_bucket(const ctl_flight_t *f, const dg_id_t *id);
static int ctl_flight_before(const ctl_due_t *one, const ctl_due_t *two);


int
ctl_flight_init(ctl_flight_t *f)
{
    f->slots = calloc(CTL_FLIGHT + 1, sizeof(ctl_exchange_t));
    f->due = calloc(CTL_FLIGHT, sizeof(ctl_due_t));
    f->open = calloc(CTL_FLIGHT_BUCKETS, sizeof(uint32_t));

    return f->slots && f->due && f->open ? DG_OK : DG_ERROR;
}


void
ctl_flight_free(ctl_flight_t *f)
{
    free(f->slots);
    free(f->due);
    free(f->open);
}


ctl_exchange_t *
ctl_flight_take(ctl_flight_t *f)
{
    ctl_exchange_t  *x;

    if (f->free) {
        x = &f->slots[f->free];
        f->free = x->next;
        return x;
    }

    return f->fresh == CTL_FLIGHT ? NULL : &f->slots[++f->fresh];
}


void
ctl_flight_give(ctl_flight_t *f, ctl_exchange_t *x)
{
    x->next = f->free;
    f->free = (uint32_t) (x - f->slots);
}


void
ctl_flight_due(ctl_flight_t *f, ctl_exchange_t *x)
{
    size_t     i, parent;
    ctl_due_t  due;

    due.done_ms = x->done_ms;
    due.order = f->order++;
    due.slot = (uint32_t) (x - f->slots);

    for (i = f->ndue++; i; i = parent) {
        parent = (i - 1) / 2;

        if (!ctl_flight_before(&due, &f->due[parent])) {
            break;
        }

        f->due[i] = f->due[parent];
    }

    f->due[i] = due;
}


ctl_exchange_t *
ctl_flight_ended(ctl_flight_t *f, uint64_t now_ms)
{
    size_t     i, child;
    uint32_t   slot;
    ctl_due_t  last;

    if (f->ndue == 0 || f->due[0].done_ms > now_ms) {
        return NULL;
    }

    slot = f->due[0].slot;
    last = f->due[--f->ndue];

    for (i = 0; /* void */ ; i = child) {
        child = 2 * i + 1;

        if (child >= f->ndue) {
            break;
        }

        if (child + 1 < f->ndue
            && ctl_flight_before(&f->due[child + 1], &f->due[child]))
        {
            child++;
        }

        if (!ctl_flight_before(&f->due[child], &last)) {
            break;
        }

        f->due[i] = f->due[child];
    }

    f->due[i] = last;

    return &f->slots[slot];
}


static int
ctl_flight_before(const ctl_due_t *one, const ctl_due_t *two)
{
    return one->done_ms < two->done_ms
           || (one->done_ms == two->done_ms && one->order < two->order);
}


void
ctl_flight_open(ctl_flight_t *f, ctl_exchange_t *x)
{
    uint32_t  *bucket;

    bucket = ctl_flight_bucket(f, &x->id);

    x->next = *bucket;
    *bucket = (uint32_t) (x - f->slots);
    f->nopen++;
}


ctl_exchange_t *
ctl_flight_find(const ctl_flight_t *f, const dg_id_t *id)
{
    uint32_t  slot;

    for (slot = *ctl_flight_bucket(f, id); slot; slot = f->slots[slot].next) {
        if (dg_id_equal(&f->slots[slot].id, id)) {
            return &f->slots[slot];
        }
    }

    return NULL;
}


void
ctl_flight_close(ctl_flight_t *f, ctl_exchange_t *x)
{
    uint32_t  *slot;

    slot = ctl_flight_bucket(f, &x->id);

    while (&f->slots[*slot] != x) {
        slot = &f->slots[*slot].next;
    }

    *slot = x->next;
    f->nopen--;
}


/* an id is a hash already */

static uint32_t *
ctl_flight_bucket(const ctl_flight_t *f, const dg_id_t *id)
{
    return &f->open[id->v[0] & (CTL_FLIGHT_BUCKETS - 1)];
}
