/*
 * Copyright (C) 2026 Distill Guard
 *
 * The arena against a list that does the same slowly, and against damage.
 */


#include "dg_arena.h"
#include "dg_test.h"


#define CELLS   200
#define IDS     400              /* of each of two kinds */
#define STEPS   300000


typedef struct {
    dg_cell_t      cell;
    uint64_t       mark;         /* tells whether the cell is whose it was */
    u_char         rest[40];
} item_t;


/* what the arena should hold: used is 0, or the step of its last use */

typedef struct {
    uint64_t       used;
    uint64_t       mark;
    unsigned       segment;
} model_t;


static model_t   models[2][IDS];
static unsigned  evictions;
static unsigned  surprises;


static dg_id_t
id_of(unsigned n)
{
    dg_id_t  id;

    id.v[0] = 77;
    id.v[1] = n;

    return id;
}


static dg_arena_t *
make(size_t cells, size_t cell_size, void **mem)
{
    size_t       size;
    dg_arena_t  *a;

    size = dg_arena_size(cells, cell_size);

    if (posix_memalign(mem, 64, size) != 0) {
        abort();
    }

    /* whatever was in the memory before must not matter */

    memset(*mem, 0xa5, size);

    a = dg_arena_init(*mem, size, cell_size, 12345);
    if (a == NULL) {
        abort();
    }

    return a;
}


/* the one that has to go: least recently used of the lowest segment */

static model_t *
victim(unsigned last)
{
    unsigned  kind, n, segment;
    model_t  *m, *oldest;

    for (segment = 0; segment <= last; segment++) {
        oldest = NULL;

        for (kind = 0; kind < 2; kind++) {
            for (n = 0; n < IDS; n++) {
                m = &models[kind][n];

                if (m->used && m->segment == segment
                    && (oldest == NULL || m->used < oldest->used))
                {
                    oldest = m;
                }
            }
        }

        if (oldest != NULL) {
            return oldest;
        }
    }

    return NULL;
}


static void
on_evict(void *ctx, dg_cell_t *cell)
{
    model_t *expected = ctx;

    evictions++;

    if (expected == NULL
        || expected != &models[cell->kind - 1][cell->id.v[1]]
        || expected->mark != ((item_t *) cell)->mark)
    {
        surprises++;
        return;
    }

    expected->used = 0;
}


static void
step(dg_arena_t *a, uint64_t now, uint64_t *seed)
{
    int           created;
    unsigned      kind, n, segment;
    model_t      *m, *v;
    item_t       *item;
    dg_id_t       id;
    dg_cell_t    *cell;

    kind = (unsigned) (dg_test_random(seed) % 2);
    n = (unsigned) (dg_test_random(seed) % IDS);
    id = id_of(n);
    m = &models[kind][n];

    cell = dg_arena_find(a, kind + 1, &id);

    if ((cell != NULL) != (m->used != 0)
        || (cell != NULL && ((item_t *) cell)->mark != m->mark))
    {
        surprises++;
        return;
    }

    switch (dg_test_random(seed) % 16) {

    case 0:
        if (cell != NULL) {
            dg_arena_free(a, cell);
            m->used = 0;
        }

        break;

    case 1:
    case 2:
    case 3:
        if (cell != NULL) {

            /* every 32nd is convicted, so that there is room to evict */

            segment = (n % 32 == 0) ? DG_CONVICTED
                      : (unsigned) (dg_test_random(seed) % 2);

            dg_arena_move(a, cell, (dg_segment_t) segment);
            m->segment = segment;
            m->used = now;
        }

        break;

    case 4:
    case 5:
    case 6:
    case 7:
        if (cell != NULL) {
            dg_arena_touch(a, cell);
            m->used = now;
        }

        break;

    case 8:
        if (dg_test_random(seed) % 8 == 0) {
            v = victim(DG_PROBATION);

            if ((dg_arena_evict(a, DG_PROBATION, on_evict, v) == DG_OK)
                != (v != NULL))
            {
                surprises++;
            }
        }

        break;

    default:
        v = (cell == NULL && a->used == a->ncells) ? victim(DG_PROVEN) : NULL;

        item = (item_t *) dg_arena_get(a, kind + 1, &id, &created, on_evict,
                                       v);

        if (item == NULL || created != (cell == NULL)) {
            surprises++;
            break;
        }

        if (!created) {
            break;
        }

        if (item->mark != 0 || item->rest[0] != 0 || item->rest[39] != 0
            || item->cell.flags != 0)
        {
            surprises++;
        }

        item->mark = now;
        memset(item->rest, 0xff, sizeof(item->rest));

        m->used = now;
        m->mark = now;
        m->segment = DG_PROBATION;
    }
}


static void
test_against_model(void)
{
    void        *mem;
    unsigned     kind, n, used, checked;
    uint64_t     now, seed;
    dg_arena_t  *a;

    a = make(CELLS, sizeof(item_t), &mem);
    seed = 42;
    checked = 0;

    for (now = 1; now <= STEPS; now++) {
        step(a, now, &seed);

        if (now % 500 == 0 && dg_arena_check(a) != DG_OK) {
            checked++;
        }
    }

    used = 0;

    for (kind = 0; kind < 2; kind++) {
        for (n = 0; n < IDS; n++) {
            used += (models[kind][n].used != 0);
        }
    }

    dg_ok(surprises == 0, "%u steps did what a plain list does", STEPS);
    dg_ok(checked == 0, "and the arena was sound all the way");
    dg_ok(a->used == used, "and holds as many cells (%u)", used);
    dg_ok(evictions > 1000, "with %u evictions, each of the right cell",
          evictions);
    dg_ok(a->queue[0].evicted + a->queue[1].evicted == evictions
          && a->queue[2].evicted == 0, "all of them counted");

    free(mem);
}


static void
test_size(void)
{
    void        *mem;
    size_t       size, cells, bad;
    dg_arena_t  *a;

    bad = 0;

    for (size = 3000; size < 60000; size += 8) {

        if (posix_memalign(&mem, 64, size) != 0) {
            abort();
        }

        a = dg_arena_init(mem, size, sizeof(item_t), 1);

        if (a == NULL) {
            bad += (size >= dg_arena_size(DG_ARENA_MIN, sizeof(item_t)));

        } else {
            cells = a->ncells;

            bad += (dg_arena_size(cells, sizeof(item_t)) > size);
            bad += (dg_arena_size(cells + 1, sizeof(item_t)) <= size);
        }

        free(mem);
    }

    dg_ok(bad == 0, "as many cells as fit, whatever the size");

    a = make(1000, 936, &mem);

    dg_ok(a->ncells == 1000, "a size for 1000 cells holds 1000");
    dg_ok(((size_t) dg_arena_cell(a, 1) - (size_t) a) % 64 == 0,
          "the cells are aligned");
    dg_ok(dg_arena_index(a, dg_arena_cell(a, 1)) == 1
          && dg_arena_index(a, dg_arena_cell(a, 777)) == 777,
          "index and cell are each other's reverse");

    free(mem);
}


static void
test_convicted(void)
{
    int          created;
    void        *mem;
    dg_id_t      id;
    unsigned     i;
    dg_cell_t   *cell;
    dg_arena_t  *a;

    a = make(16, sizeof(item_t), &mem);

    for (i = 0; i < 16; i++) {
        id = id_of(i);
        cell = dg_arena_get(a, 1, &id, &created, NULL, NULL);
        dg_arena_move(a, cell, DG_CONVICTED);
    }

    id = id_of(100);
    cell = dg_arena_get(a, 1, &id, &created, NULL, NULL);

    dg_ok(cell == NULL && !created && a->refused == 1,
          "where all are convicted there is no room");

    id = id_of(3);
    dg_ok(dg_arena_get(a, 1, &id, &created, NULL, NULL) != NULL && !created,
          "but those that are there are found");

    dg_arena_move(a, dg_arena_find(a, 1, &id), DG_PROVEN);
    id = id_of(100);

    dg_ok(dg_arena_get(a, 1, &id, &created, NULL, NULL) != NULL && created
          && a->queue[DG_PROVEN].evicted == 1,
          "and a pardoned one makes room");
    dg_ok(dg_arena_check(a) == DG_OK, "and the arena is sound");

    free(mem);
}


/* every index of every cell, set to every kind of wrong value */

static void
test_damage(void)
{
    int          created;
    void        *mem;
    u_char      *copy;
    size_t       size;
    dg_id_t      id;
    unsigned     i, k, tried, missed;
    uint32_t     old, *word;
    uint64_t     seed;
    dg_cell_t   *cell;
    dg_arena_t  *a;

    size = dg_arena_size(64, sizeof(item_t));
    a = make(64, sizeof(item_t), &mem);
    copy = malloc(size);

    if (copy == NULL) {
        abort();
    }

    for (i = 0; i < 60; i++) {
        id = id_of(i);
        cell = dg_arena_get(a, 1, &id, &created, NULL, NULL);

        if (i % 7 == 3) {
            dg_arena_move(a, cell, DG_PROVEN);
        }
    }

    for (i = 0; i < 60; i += 9) {
        id = id_of(i);
        dg_arena_free(a, dg_arena_find(a, 1, &id));
    }

    dg_ok(dg_arena_check(a) == DG_OK, "sound before it is damaged");

    memcpy(copy, a, size);
    seed = 5;
    tried = 0;
    missed = 0;

    for (i = 1; i <= a->fresh; i++) {

        for (k = 0; k < 40; k++) {
            cell = dg_arena_cell(a, i);

            if (cell->kind == 0 && k % 4 != 0) {
                continue;        /* free cells have a chain only */
            }

            switch (k % 4) {
            case 0:
                word = &cell->chain;
                break;
            case 1:
                word = &cell->newer;
                break;
            case 2:
                word = &cell->older;
                break;
            default:
                word = NULL;
                cell->segment = (uint8_t) ((cell->segment + 1 + k % 2) % 3);
            }

            if (word != NULL) {
                old = *word;
                *word = (uint32_t) (k < 8 ? dg_test_random(&seed)
                                          : dg_test_random(&seed) % 66);

                if (*word == old) {
                    continue;
                }
            }

            tried++;
            missed += (dg_arena_check(a) == DG_OK);
            memcpy(a, copy, size);
        }
    }

    dg_ok(missed == 0, "%u kinds of damage are all seen", tried);

    free(copy);
    free(mem);
}


int
main(void)
{
    test_size();
    test_convicted();
    test_against_model();
    test_damage();

    return dg_done();
}
