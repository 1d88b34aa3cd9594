/*
 * Copyright (C) 2026 Distill Guard
 */


#include "dg_outbox.h"


static dg_told_t *dg_outbox_at(const dg_outbox_t *o, uint64_t n);


int
dg_outbox_init(void *mem, size_t size)
{
    dg_outbox_t  *o;

    if (size < sizeof(dg_outbox_t) + sizeof(dg_told_t)) {
        return DG_ERROR;
    }

    o = mem;
    memset(o, 0, sizeof(dg_outbox_t));

    size = (size - sizeof(dg_outbox_t)) / sizeof(dg_told_t);
    o->size = (uint32_t) dg_min(size, DG_ARENA_MAX);

    return DG_OK;
}


void
dg_outbox_put(dg_outbox_t *o, dg_arena_t *a, dg_cell_t *cell,
    const dg_told_t *told)
{
    dg_told_t  *place;

    if (!o->open || (told->other == DG_NIL && (cell->flags & DG_CELL_TOLD))) {
        return;
    }

    if (dg_outbox_room(o) == 0) {
        o->missed = 1;
        return;
    }

    place = dg_outbox_at(o, o->last++);

    *place = *told;
    place->cell = dg_arena_index(a, cell);

    if (told->other == DG_NIL) {
        cell->flags |= DG_CELL_TOLD;
    }
}


const dg_told_t *
dg_outbox_first(const dg_outbox_t *o)
{
    return (o->first == o->last) ? NULL : dg_outbox_at(o, o->first);
}


void
dg_outbox_drop(dg_outbox_t *o)
{
    o->first++;
}


uint64_t
dg_outbox_room(const dg_outbox_t *o)
{
    return o->size - (o->last - o->first);
}


static dg_told_t *
dg_outbox_at(const dg_outbox_t *o, uint64_t n)
{
    return (dg_told_t *) (o + 1) + n % o->size;
}
