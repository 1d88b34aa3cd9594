/*
 * Copyright (C) 2026 Distill Guard
 *
 * Cells of one size in one block of memory, found by id, linked by index.
 * There are no pointers inside, so that the block may be mapped anywhere
 * and outlive the code that made it.
 *
 * Every cell stands in one of three segments, each in order of last use.
 * When no cell is free the least recently used one of the lowest segment
 * that has any is evicted, so that a flood of fresh ids evicts fresh ids.
 * Convicted cells are evicted only for convicted ones.
 *
 * Locking is the caller's: every function needs the arena to itself.
 */


#ifndef _DG_ARENA_H_INCLUDED_
#define _DG_ARENA_H_INCLUDED_


#include "dg_core.h"


typedef enum {
    DG_PROBATION = 0,            /* never accepted by the upstream */
    DG_PROVEN,
    DG_CONVICTED,                /* carries a standing verdict */
    DG_SEGMENTS
} dg_segment_t;


#define DG_NIL  0                /* the index of no cell; cells start at 1 */

#define DG_ARENA_MIN  16         /* cells */
#define DG_ARENA_MAX  0x40000000


/* every cell begins with this; what follows is its owner's */

typedef struct {
    dg_id_t        id;
    uint32_t       chain;        /* next in the bucket, or next free */
    uint32_t       newer;        /* in the segment */
    uint32_t       older;
    uint8_t        kind;         /* part of the identity; 0: free */
    uint8_t        segment;
    uint16_t       flags;        /* the owner's */
} dg_cell_t;


typedef struct {
    uint32_t       newest;
    uint32_t       oldest;
    uint32_t       n;
    uint32_t       unused;
    uint64_t       evicted;      /* since the arena was made */
} dg_queue_t;


typedef struct {
    uint32_t       cell_size;    /* a multiple of 8 */
    uint32_t       ncells;
    uint32_t       nbuckets;     /* a power of two */
    uint32_t       free;         /* chain of free cells */
    uint32_t       fresh;        /* indexes above this were never used */
    uint32_t       used;
    uint64_t       seed;         /* of the bucket hash; secret */
    uint64_t       refused;      /* a cell was wanted and none could be had */
    dg_queue_t     queue[DG_SEGMENTS];
    /* nbuckets indexes, then the cells, aligned to 64 bytes */
} dg_arena_t;


/* called for a cell that is about to be evicted, not for dg_arena_free() */
typedef void (*dg_arena_evict_pt)(void *ctx, dg_cell_t *cell);


/*
 * Makes an arena in size bytes at mem (aligned to 64), as many cells as fit.
 * Memory is touched only as cells come into use.  NULL if not even
 * DG_ARENA_MIN fit.
 */
dg_arena_t *dg_arena_init(void *mem, size_t size, size_t cell_size,
    uint64_t seed);

/* bytes that hold n cells, at least 16 and at most DG_ARENA_MAX */
size_t dg_arena_size(size_t n, size_t cell_size);

/* index is one that was in use once: not DG_NIL, at most a->fresh */
dg_cell_t *dg_arena_cell(dg_arena_t *a, uint32_t index);
uint32_t dg_arena_index(dg_arena_t *a, const dg_cell_t *cell);

/*
 * The cell of an index that was once its, or DG_NIL; NULL if it is another's
 * by now, or nobody's.
 */
dg_cell_t *dg_arena_again(dg_arena_t *a, uint32_t index, unsigned kind,
    const dg_id_t *id);

/* does not change the order of use */
dg_cell_t *dg_arena_find(dg_arena_t *a, unsigned kind, const dg_id_t *id);

/*
 * Finds or makes; a new cell is zero behind its header and in probation, and
 * *created is set.  NULL only when every cell is convicted.  A cell found is
 * not touched.  Making may evict any cell of the lowest segment: whoever
 * holds several looks whether they are still theirs.
 */
dg_cell_t *dg_arena_get(dg_arena_t *a, unsigned kind, const dg_id_t *id,
    int *created, dg_arena_evict_pt evict, void *ctx);

/* makes it the most recently used of its segment */
void dg_arena_touch(dg_arena_t *a, dg_cell_t *cell);

/* moves it to a segment, as the most recently used */
void dg_arena_move(dg_arena_t *a, dg_cell_t *cell, dg_segment_t segment);

/*
 * Evicts the least recently used cell of a segment, so that its owner can
 * keep the segment within bounds.  DG_ERROR if it has none.
 */
int dg_arena_evict(dg_arena_t *a, dg_segment_t segment,
    dg_arena_evict_pt evict, void *ctx);

void dg_arena_free(dg_arena_t *a, dg_cell_t *cell);

/*
 * Walks the queues, buckets and free chain: DG_OK if every cell is exactly
 * where it must be.  For tests, and for a zone whose owner died in the lock.
 */
int dg_arena_check(dg_arena_t *a);


#endif /* _DG_ARENA_H_INCLUDED_ */
