/*
 * Copyright (C) 2026 Distill Guard
 */


#include "dg_arena.h"
#include "dg_hash.h"


#define DG_ARENA_ALIGN  64

#define dg_arena_align(n)                                                     \
    (((n) + DG_ARENA_ALIGN - 1) & ~((size_t) DG_ARENA_ALIGN - 1))


static size_t dg_arena_buckets(size_t n);
static size_t dg_arena_head(size_t nbuckets);
static uint32_t *dg_arena_bucket(dg_arena_t *a, unsigned kind,
    const dg_id_t *id);
static uint32_t dg_arena_take(dg_arena_t *a, dg_arena_evict_pt evict,
    void *ctx);
static void dg_arena_unchain(dg_arena_t *a, uint32_t index);
static void dg_arena_push(dg_arena_t *a, uint32_t index,
    dg_segment_t segment);
static void dg_arena_unlink(dg_arena_t *a, uint32_t index);
static int dg_arena_check_buckets(dg_arena_t *a);
static int dg_arena_check_queue(dg_arena_t *a, dg_segment_t segment);
static int dg_arena_check_free(dg_arena_t *a);


dg_arena_t *
dg_arena_init(void *mem, size_t size, size_t cell_size, uint64_t seed)
{
    size_t       n, low, high, nbuckets;
    dg_arena_t  *a;

    if (size < dg_arena_size(DG_ARENA_MIN, cell_size)) {
        return NULL;
    }

    /* low cells fit, high do not or are not wanted */

    low = DG_ARENA_MIN;
    high = dg_min(size / cell_size, (size_t) DG_ARENA_MAX) + 1;

    while (high - low > 1) {
        n = low + (high - low) / 2;

        if (dg_arena_size(n, cell_size) <= size) {
            low = n;

        } else {
            high = n;
        }
    }

    nbuckets = dg_arena_buckets(low);

    a = mem;
    memset(a, 0, dg_arena_head(nbuckets));

    a->cell_size = (uint32_t) cell_size;
    a->ncells = (uint32_t) low;
    a->nbuckets = (uint32_t) nbuckets;
    a->free = DG_NIL;
    a->seed = seed;

    return a;
}


size_t
dg_arena_size(size_t n, size_t cell_size)
{
    return dg_arena_head(dg_arena_buckets(n)) + n * cell_size;
}


dg_cell_t *
dg_arena_cell(dg_arena_t *a, uint32_t index)
{
    return (dg_cell_t *) ((u_char *) a + dg_arena_head(a->nbuckets)
                          + (size_t) (index - 1) * a->cell_size);
}


uint32_t
dg_arena_index(dg_arena_t *a, const dg_cell_t *cell)
{
    size_t  offset;

    offset = (size_t) ((const u_char *) cell - (u_char *) a)
             - dg_arena_head(a->nbuckets);

    return (uint32_t) (offset / a->cell_size) + 1;
}


dg_cell_t *
dg_arena_again(dg_arena_t *a, uint32_t index, unsigned kind,
    const dg_id_t *id)
{
    dg_cell_t  *cell;

    /* an arena made anew has used fewer */

    if (index == DG_NIL || index > a->fresh) {
        return NULL;
    }

    cell = dg_arena_cell(a, index);

    return cell->kind == kind && dg_id_equal(&cell->id, id) ? cell : NULL;
}


dg_cell_t *
dg_arena_find(dg_arena_t *a, unsigned kind, const dg_id_t *id)
{
    uint32_t    index;
    dg_cell_t  *cell;

    for (index = *dg_arena_bucket(a, kind, id);
         index != DG_NIL;
         index = cell->chain)
    {
        cell = dg_arena_cell(a, index);

        if (cell->kind == kind && dg_id_equal(&cell->id, id)) {
            return cell;
        }
    }

    return NULL;
}


dg_cell_t *
dg_arena_get(dg_arena_t *a, unsigned kind, const dg_id_t *id, int *created,
    dg_arena_evict_pt evict, void *ctx)
{
    uint32_t    index, *bucket;
    dg_cell_t  *cell;

    *created = 0;

    cell = dg_arena_find(a, kind, id);
    if (cell != NULL) {
        return cell;
    }

    index = dg_arena_take(a, evict, ctx);
    if (index == DG_NIL) {
        a->refused++;
        return NULL;
    }

    cell = dg_arena_cell(a, index);
    memset(cell, 0, a->cell_size);

    cell->id = *id;
    cell->kind = (uint8_t) kind;

    bucket = dg_arena_bucket(a, kind, id);
    cell->chain = *bucket;
    *bucket = index;

    dg_arena_push(a, index, DG_PROBATION);

    a->used++;
    *created = 1;

    return cell;
}


void
dg_arena_touch(dg_arena_t *a, dg_cell_t *cell)
{
    dg_arena_move(a, cell, (dg_segment_t) cell->segment);
}


void
dg_arena_move(dg_arena_t *a, dg_cell_t *cell, dg_segment_t segment)
{
    uint32_t  index;

    if (cell->segment == segment && cell->newer == DG_NIL) {
        return;
    }

    index = dg_arena_index(a, cell);

    dg_arena_unlink(a, index);
    dg_arena_push(a, index, segment);
}


int
dg_arena_evict(dg_arena_t *a, dg_segment_t segment, dg_arena_evict_pt evict,
    void *ctx)
{
    dg_cell_t   *cell;
    dg_queue_t  *q;

    q = &a->queue[segment];

    if (q->oldest == DG_NIL) {
        return DG_ERROR;
    }

    cell = dg_arena_cell(a, q->oldest);

    if (evict != NULL) {
        evict(ctx, cell);
    }

    q->evicted++;
    dg_arena_free(a, cell);

    return DG_OK;
}


void
dg_arena_free(dg_arena_t *a, dg_cell_t *cell)
{
    uint32_t  index;

    index = dg_arena_index(a, cell);

    dg_arena_unlink(a, index);
    dg_arena_unchain(a, index);

    cell->kind = 0;
    cell->chain = a->free;

    a->free = index;
    a->used--;
}


int
dg_arena_check(dg_arena_t *a)
{
    unsigned  i;
    uint64_t  n;

    if (a->fresh > a->ncells || a->used > a->fresh) {
        return DG_ERROR;
    }

    /* the chains first: what follows looks cells up */

    if (dg_arena_check_buckets(a) != DG_OK) {
        return DG_ERROR;
    }

    n = 0;

    for (i = 0; i < DG_SEGMENTS; i++) {

        if (dg_arena_check_queue(a, (dg_segment_t) i) != DG_OK) {
            return DG_ERROR;
        }

        n += a->queue[i].n;
    }

    if (n != a->used) {
        return DG_ERROR;
    }

    return dg_arena_check_free(a);
}


/* a power of two, at least one bucket for each cell */

static size_t
dg_arena_buckets(size_t n)
{
    size_t  nbuckets;

    for (nbuckets = DG_ARENA_MIN; nbuckets < n; nbuckets *= 2) { /* void */ }

    return nbuckets;
}


/* what stands before the cells */

static size_t
dg_arena_head(size_t nbuckets)
{
    return dg_arena_align(sizeof(dg_arena_t) + nbuckets * sizeof(uint32_t));
}


static uint32_t *
dg_arena_bucket(dg_arena_t *a, unsigned kind, const dg_id_t *id)
{
    uint64_t   hash;
    uint32_t  *buckets;

    buckets = (uint32_t *) (a + 1);
    hash = dg_hash_bucket(a->seed + kind, id);

    return &buckets[hash & (a->nbuckets - 1)];
}


/* a cell that stands nowhere: freed, never used, or evicted */

static uint32_t
dg_arena_take(dg_arena_t *a, dg_arena_evict_pt evict, void *ctx)
{
    uint32_t  index;

    if (a->free == DG_NIL) {

        if (a->fresh < a->ncells) {
            return ++a->fresh;
        }

        if (dg_arena_evict(a, DG_PROBATION, evict, ctx) != DG_OK
            && dg_arena_evict(a, DG_PROVEN, evict, ctx) != DG_OK)
        {
            return DG_NIL;
        }
    }

    index = a->free;
    a->free = dg_arena_cell(a, index)->chain;

    return index;
}


static void
dg_arena_unchain(dg_arena_t *a, uint32_t index)
{
    uint32_t   *link;
    dg_cell_t  *cell;

    cell = dg_arena_cell(a, index);
    link = dg_arena_bucket(a, cell->kind, &cell->id);

    while (*link != index) {
        link = &dg_arena_cell(a, *link)->chain;
    }

    *link = cell->chain;
}


static void
dg_arena_push(dg_arena_t *a, uint32_t index, dg_segment_t segment)
{
    dg_cell_t   *cell;
    dg_queue_t  *q;

    q = &a->queue[segment];
    cell = dg_arena_cell(a, index);

    cell->segment = (uint8_t) segment;
    cell->newer = DG_NIL;
    cell->older = q->newest;

    if (q->newest != DG_NIL) {
        dg_arena_cell(a, q->newest)->newer = index;

    } else {
        q->oldest = index;
    }

    q->newest = index;
    q->n++;
}


static void
dg_arena_unlink(dg_arena_t *a, uint32_t index)
{
    dg_cell_t   *cell;
    dg_queue_t  *q;

    cell = dg_arena_cell(a, index);
    q = &a->queue[cell->segment];

    if (cell->newer != DG_NIL) {
        dg_arena_cell(a, cell->newer)->older = cell->older;

    } else {
        q->newest = cell->older;
    }

    if (cell->older != DG_NIL) {
        dg_arena_cell(a, cell->older)->newer = cell->newer;

    } else {
        q->oldest = cell->newer;
    }

    q->n--;
}


/* every index in range, every cell in its bucket, and as many as are used */

static int
dg_arena_check_buckets(dg_arena_t *a)
{
    uint32_t    i, n, index, *buckets;
    dg_cell_t  *cell;

    buckets = (uint32_t *) (a + 1);
    n = 0;

    for (i = 0; i < a->nbuckets; i++) {

        for (index = buckets[i]; index != DG_NIL; index = cell->chain) {

            if (index > a->fresh || ++n > a->used) {
                return DG_ERROR;
            }

            cell = dg_arena_cell(a, index);

            if (cell->kind == 0
                || dg_arena_bucket(a, cell->kind, &cell->id) != &buckets[i])
            {
                return DG_ERROR;
            }
        }
    }

    return (n == a->used) ? DG_OK : DG_ERROR;
}


static int
dg_arena_check_queue(dg_arena_t *a, dg_segment_t segment)
{
    uint32_t     n, index, newer;
    dg_cell_t   *cell;
    dg_queue_t  *q;

    q = &a->queue[segment];
    newer = DG_NIL;
    n = 0;

    for (index = q->newest; index != DG_NIL; index = cell->older) {

        if (index > a->fresh || ++n > q->n) {
            return DG_ERROR;
        }

        cell = dg_arena_cell(a, index);

        if (cell->newer != newer || cell->segment != segment
            || cell->kind == 0
            || dg_arena_find(a, cell->kind, &cell->id) != cell)
        {
            return DG_ERROR;
        }

        newer = index;
    }

    return (n == q->n && q->oldest == newer) ? DG_OK : DG_ERROR;
}


static int
dg_arena_check_free(dg_arena_t *a)
{
    uint32_t    n, index;
    dg_cell_t  *cell;

    n = 0;

    for (index = a->free; index != DG_NIL; index = cell->chain) {

        if (index > a->fresh || ++n > a->fresh - a->used) {
            return DG_ERROR;
        }

        cell = dg_arena_cell(a, index);

        if (cell->kind != 0) {
            return DG_ERROR;
        }
    }

    return (n == a->fresh - a->used) ? DG_OK : DG_ERROR;
}
