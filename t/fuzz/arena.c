/*
 * Copyright (C) 2026 Distill Guard
 *
 * The arena keeps its invariants after whatever is done to it.
 */


#include "fuzz.h"
#include "dg_arena.h"


#define CELLS  24
#define IDS    40


typedef struct {
    dg_cell_t  cell;
    uint64_t   mark;
} item_t;


static unsigned  evicted;


static void
evict(void *ctx, dg_cell_t *cell)
{
    fuzz_must(ctx == &evicted);
    fuzz_must(cell->kind != 0);

    evicted++;
}


static void
act(dg_arena_t *a, unsigned what, unsigned number)
{
    int         created;
    item_t     *item;
    dg_id_t     id;
    uint32_t    index;
    unsigned    kind;
    dg_cell_t  *cell;

    id.v[0] = 5;
    id.v[1] = number % IDS;
    kind = 1 + number / IDS % 2;

    cell = dg_arena_find(a, kind, &id);

    switch (what % 8) {

    case 0:
    case 1:
    case 2:
        created = 0;
        item = (item_t *) dg_arena_get(a, kind, &id, &created, evict,
                                       &evicted);

        fuzz_must((cell != NULL) == (item != NULL && !created));

        if (item && created) {
            fuzz_must(item->mark == 0);
            item->mark = id.v[1] + 1;
        }

        if (item) {
            fuzz_must(item->mark == id.v[1] + 1);
        }

        return;

    case 3:
        if (cell) {
            dg_arena_touch(a, cell);
        }

        return;

    case 4:
    case 5:
        if (cell) {
            dg_arena_move(a, cell, (dg_segment_t) (what / 8 % DG_SEGMENTS));
        }

        return;

    case 6:
        if (cell) {
            index = dg_arena_index(a, cell);
            fuzz_must(dg_arena_again(a, index, kind, &id) == cell);
            dg_arena_free(a, cell);
            fuzz_must(dg_arena_again(a, index, kind, &id) == NULL);
        }

        return;

    default:
        (void) dg_arena_evict(a, (dg_segment_t) (what / 8 % DG_SEGMENTS),
                              evict, &evicted);
    }
}


int
LLVMFuzzerTestOneInput(const u_char *data, size_t size)
{
    void        *mem;
    size_t       i, bytes;
    uint32_t     used;
    dg_arena_t  *a;

    bytes = dg_arena_size(CELLS, sizeof(item_t));

    if (posix_memalign(&mem, 64, bytes) != 0) {
        abort();
    }

    memset(mem, 0xa5, bytes);
    evicted = 0;

    a = dg_arena_init(mem, bytes, sizeof(item_t), 12345);
    fuzz_must(a != NULL);

    for (i = 0; i + 1 < size; i += 2) {
        act(a, data[i], data[i + 1]);
        fuzz_must(dg_arena_check(a) == DG_OK);
    }

    used = a->queue[DG_PROBATION].n + a->queue[DG_PROVEN].n
           + a->queue[DG_CONVICTED].n;

    fuzz_must(used == a->used && used <= a->ncells);

    free(mem);

    return 0;
}
