/*
 * Copyright (C) 2026 Distill Guard
 *
 * What a node has yet to tell the others: a ring of references to cells.
 * A cell stands in it once at most, and what is told is how it is when it is
 * taken out; so whatever happens to it meanwhile is told in one go.
 *
 * Locking is the caller's.
 */


#ifndef _DG_OUTBOX_H_INCLUDED_
#define _DG_OUTBOX_H_INCLUDED_


#include "dg_core.h"
#include "dg_arena.h"


/* flag of a cell, in all arenas: it stands in the outbox */
#define DG_CELL_TOLD  0x8000


typedef struct {
    uint32_t       what;         /* dg_sighting_id_t */
    uint32_t       cell;         /* by index, in the arena that holds such */
    uint32_t       other;        /* likewise, or DG_NIL */
} dg_told_t;


typedef struct {
    uint32_t       size;         /* of the ring */
    uint32_t       open;         /* 1: there is somebody to tell */
    uint32_t       missed;       /* 1: something found no room */
    uint32_t       unused;
    uint64_t       first;        /* numbers of the oldest, and of the next */
    uint64_t       last;
    /* the ring follows */
} dg_outbox_t;


/* makes an outbox, closed, in size bytes at mem; DG_ERROR if that is too
   little for one reference */
int dg_outbox_init(void *mem, size_t size);

/* nothing if it is closed, or the cell in it; with "other" it always goes */
void dg_outbox_put(dg_outbox_t *o, dg_arena_t *a, dg_cell_t *cell,
    const dg_told_t *told);

/* the oldest, which stays; NULL: there is none */
const dg_told_t *dg_outbox_first(const dg_outbox_t *o);

/* takes the oldest out */
void dg_outbox_drop(dg_outbox_t *o);

/* references that can be put */
uint64_t dg_outbox_room(const dg_outbox_t *o);


#endif /* _DG_OUTBOX_H_INCLUDED_ */
