/*
 * Copyright (C) 2026 Distill Guard
 */


#include "dg_store.h"
#include "dg_step.h"


/* subjects that the upstream accepted leave so much room to new ones: 1/16 */

#define DG_STORE_NEWCOMERS  16

/* in which the block is dealt out */

#define DG_STORE_SHARES  128

/* memory as the code says at this point, should the process die after it */

#define dg_store_barrier()  __asm__ volatile ("" ::: "memory")

#define dg_store_queued(s)                                                    \
    (((s)->cell.flags & (DG_SUBJECT_DIRTY|DG_SUBJECT_SENT))                   \
     == DG_SUBJECT_DIRTY)

#define dg_store_queue(s)  (((s)->cell.flags & DG_SUBJECT_URGENT) ? 0 : 1)


static uint64_t dg_store_offset(uint64_t size, unsigned part);
static int dg_store_fits(const dg_store_t *st, unsigned part);
static void dg_store_empty(dg_store_t *st, uint64_t seed);
static void dg_store_evict(void *ctx, dg_cell_t *cell);
static void dg_store_link(dg_store_t *st, dg_subject_t *s);
static void dg_store_unlink(dg_store_t *st, dg_subject_t *s, unsigned n);
static int dg_store_check_queue(dg_store_t *st);
static int dg_store_check_subjects(dg_store_t *st);
static int dg_store_check_rulings(dg_store_t *st);


/* what each part has of the block, in 128ths, and its cells */

static const struct {
    unsigned       share;
    size_t         cell;         /* 0: no arena */
} dg_store_parts[DG_PARTS] = {
    { 67, sizeof(dg_subject_t) },
    { 28, sizeof(dg_profile_t) },
    { 12, sizeof(dg_memory_t) },
    { 6, sizeof(dg_template_t) },
    { 4, sizeof(dg_campaign_t) },
    { 2, sizeof(dg_ruled_t) },
    { 6, 0 },
    { 2, 0 },
    { 1, 0 }
};


const dg_str_t  dg_verdicts[DG_VERDICTS] = {
    dg_string("PASS"),
    dg_string("TAG"),
    dg_string("PACE"),
    dg_string("THROTTLE"),
    dg_string("BLOCK")
};


const dg_str_t  dg_causes[DG_CAUSES] = {
    dg_string("none"),
    dg_string("limit"),
    dg_string("signals"),
    dg_string("campaign"),
    dg_string("content"),
    dg_string("decision")
};


dg_store_t *
dg_store_init(void *mem, size_t size, const dg_id_t *node, uint64_t seed,
    uint64_t check, uint64_t now)
{
    unsigned     part;
    dg_store_t  *st;

    if (size < DG_STORE_MIN) {
        return NULL;
    }

    st = mem;
    memset(st, 0, sizeof(dg_store_t));

    st->size = size;
    st->node = *node;
    st->created = now;
    st->check = check;

    for (part = 0; part < DG_PARTS; part++) {
        st->parts[part] = dg_store_offset(size, part);
    }

    dg_store_empty(st, seed);

    /* whoever looks at the block meanwhile finds it unusable */

    dg_store_barrier();
    st->layout = DG_STORE_LAYOUT;

    return st;
}


int
dg_store_usable(const void *mem, size_t size, uint64_t check)
{
    unsigned           part;
    const dg_store_t  *st;

    if (size < DG_STORE_MIN) {
        return DG_ERROR;
    }

    st = mem;

    if (st->layout != DG_STORE_LAYOUT || st->size != size
        || st->check != check)
    {
        return DG_ERROR;
    }

    for (part = 0; part < DG_PARTS; part++) {

        if (st->parts[part] != dg_store_offset(size, part)
            || dg_store_fits(st, part) != DG_OK)
        {
            return DG_ERROR;
        }
    }

    return DG_OK;
}


/* is there an arena of such cells as there should be? */

static int
dg_store_fits(const dg_store_t *st, unsigned part)
{
    size_t             cell;
    const dg_arena_t  *a;

    cell = dg_store_parts[part].cell;

    if (cell == 0) {
        return DG_OK;
    }

    a = (const dg_arena_t *) ((const u_char *) st + st->parts[part]);

    if (a->cell_size != cell || a->ncells < DG_ARENA_MIN
        || a->ncells > DG_ARENA_MAX
        || dg_arena_size(a->ncells, a->cell_size)
           > dg_store_offset(st->size, part + 1) - st->parts[part])
    {
        return DG_ERROR;
    }

    return DG_OK;
}


int
dg_store_check(dg_store_t *st)
{
    unsigned  part;

    for (part = 0; part < DG_PARTS; part++) {

        if (dg_store_parts[part].cell
            && dg_arena_check(dg_store_arena(st, part)) != DG_OK)
        {
            return DG_ERROR;
        }
    }

    if (dg_steps_check(dg_store_steps(st)) != DG_OK
        || dg_store_check_queue(st) != DG_OK
        || dg_store_check_subjects(st) != DG_OK
        || dg_store_check_rulings(st) != DG_OK)
    {
        return DG_ERROR;
    }

    return DG_OK;
}


void
dg_store_mend(dg_store_t *st, uint64_t now)
{
    if (dg_store_check(st) != DG_OK) {

        /*
         * The ids are as random as before, and this node's totals cannot be
         * taken for those it sent to Redis earlier: it is known there by the
         * first half of its id.
         */

        st->node.v[0]++;
        st->created = now;
        st->stats.mended++;

        dg_store_empty(st, dg_store_subjects(st)->seed);
    }

    dg_store_end(st);
}


dg_arena_t *
dg_store_arena(dg_store_t *st, dg_part_t part)
{
    return (dg_arena_t *) ((u_char *) st + st->parts[part]);
}


dg_sketch_t *
dg_store_sketch(dg_store_t *st)
{
    return (dg_sketch_t *) ((u_char *) st + st->parts[DG_PART_SKETCH]);
}


dg_subject_t *
dg_store_find(dg_store_t *st, unsigned kind, const dg_id_t *id)
{
    return (dg_subject_t *) dg_arena_find(dg_store_subjects(st), kind, id);
}


dg_outbox_t *
dg_store_outbox(dg_store_t *st)
{
    return (dg_outbox_t *) ((u_char *) st + st->parts[DG_PART_OUTBOX]);
}


dg_steps_t *
dg_store_steps(dg_store_t *st)
{
    return (dg_steps_t *) ((u_char *) st + st->parts[DG_PART_STEPS]);
}


size_t
dg_store_used(dg_store_t *st)
{
    size_t       used;
    unsigned     part;
    dg_arena_t  *a;

    used = (size_t) st->size;

    for (part = 0; part < DG_PARTS; part++) {

        if (dg_store_parts[part].cell) {
            a = dg_store_arena(st, part);
            used -= (size_t) (a->ncells - a->used) * a->cell_size;
        }
    }

    return used;
}


void
dg_store_begin(dg_store_t *st)
{
    st->busy = 1;
    dg_store_barrier();
}


void
dg_store_end(dg_store_t *st)
{
    dg_store_barrier();
    st->busy = 0;
}


dg_subject_t *
dg_store_get(dg_store_t *st, dg_exchange_t *ex, unsigned kind,
    uint64_t now_ms)
{
    int            created;
    uint32_t       now;
    dg_cell_t     *cell;
    dg_arena_t    *a;
    dg_subject_t  *s;

    a = dg_store_subjects(st);

    created = 0;
    cell = dg_arena_again(a, ex->cell[kind], kind, &ex->ids[kind]);

    if (cell == NULL) {
        cell = dg_arena_get(a, kind, &ex->ids[kind], &created, dg_store_evict,
                            st);
        if (cell == NULL) {
            return NULL;
        }

        ex->cell[kind] = dg_arena_index(a, cell);
    }

    s = (dg_subject_t *) cell;
    now = (uint32_t) (now_ms / 1000);

    if (created) {
        st->kinds[kind]++;
        st->births++;

        if (st->births == 0) {
            st->births = 1;              /* no exchange is counted in 0 */
        }

        s->born = st->births;
        s->life = (uint32_t) (a->queue[DG_PROVEN].evicted
                              + a->queue[DG_CONVICTED].evicted);
        s->first_seen = now;

    } else if (s->last_seen != now) {

        /* its neighbors are far away in memory: once a second is enough */

        dg_arena_touch(a, cell);
    }

    s->last_seen = now;
    dg_windows_turn(&s->windows, now_ms);

    return s;
}


void
dg_store_prove(dg_store_t *st, dg_subject_t *s)
{
    uint32_t     n;
    dg_arena_t  *a;

    if (s->cell.segment != DG_PROBATION) {
        return;
    }

    a = dg_store_subjects(st);

    /*
     * In a block that has been full for long all would be proven, and new
     * subjects would evict each other before they are.  So those proven pay
     * for one another, never for a flood of new ones.  This one is not among
     * them yet, and so does not pay for itself.
     */

    n = a->queue[DG_PROVEN].n + a->queue[DG_CONVICTED].n;

    if (n >= a->ncells - a->ncells / DG_STORE_NEWCOMERS) {
        (void) dg_arena_evict(a, DG_PROVEN, dg_store_evict, st);
    }

    dg_arena_move(a, &s->cell, DG_PROVEN);
}


void
dg_store_mark(dg_store_t *st, dg_subject_t *s)
{
    if (s->cell.segment != DG_PROBATION) {
        dg_store_flags(st, s, DG_SUBJECT_DIRTY, 0);
    }
}


void
dg_store_flags(dg_store_t *st, dg_subject_t *s, unsigned set, unsigned clear)
{
    unsigned  flags, was, is, wait;

    flags = (s->cell.flags & ~clear) | set;

    was = dg_store_queued(s);
    wait = dg_store_queue(s);

    if (was && (flags & DG_SUBJECT_URGENT) != (unsigned)
                                      (s->cell.flags & DG_SUBJECT_URGENT))
    {
        dg_store_unlink(st, s, wait);
        was = 0;
    }

    s->cell.flags = (uint16_t) flags;
    is = dg_store_queued(s);

    if (is && !was) {
        dg_store_link(st, s);

    } else if (was && !is) {
        dg_store_unlink(st, s, wait);
    }
}


/* where a part begins; DG_PARTS is the end */

static uint64_t
dg_store_offset(uint64_t size, unsigned part)
{
    unsigned  i, share;
    uint64_t  offset;

    if (part == DG_PARTS) {
        return size;
    }

    share = 0;

    for (i = 0; i < part; i++) {
        share += dg_store_parts[i].share;
    }

    offset = (sizeof(dg_store_t) + 63) & ~(uint64_t) 63;

    offset += (size - offset) / DG_STORE_SHARES * share;

    return offset & ~(uint64_t) 63;
}


/* the size was found sufficient when the block was made */

static void
dg_store_empty(dg_store_t *st, uint64_t seed)
{
    void      *mem;
    size_t     size;
    unsigned   part;

    for (part = 0; part < DG_PARTS; part++) {
        mem = (u_char *) st + st->parts[part];
        size = (size_t) (dg_store_offset(st->size, part + 1)
                         - st->parts[part]);

        if (dg_store_parts[part].cell) {
            (void) dg_arena_init(mem, size, dg_store_parts[part].cell, seed);

        } else if (part == DG_PART_SKETCH) {
            (void) dg_sketch_init(mem, size);

        } else if (part == DG_PART_OUTBOX) {
            (void) dg_outbox_init(mem, size);

        } else {
            (void) dg_steps_init(mem, size);
        }
    }

    memset(st->kinds, 0, sizeof(st->kinds));

    memset(st->heard, 0, sizeof(st->heard));

    memset(st->rulings, 0, sizeof(st->rulings));
    memset(st->followed, 0, sizeof(st->followed));

    st->rulings_over = 0;
    st->rulings_ended = 0;
    memset(st->dirty, 0, sizeof(st->dirty));
    st->ndirty = 0;
}


static void
dg_store_evict(void *ctx, dg_cell_t *cell)
{
    dg_store_t *st = ctx;

    dg_subject_t  *s;

    s = (dg_subject_t *) cell;

    if (cell->flags & DG_SUBJECT_DIRTY) {
        st->stats.unsent++;
    }

    dg_store_flags(st, s, 0, DG_SUBJECT_DIRTY|DG_SUBJECT_SENT);

    st->kinds[cell->kind]--;
}


static void
dg_store_link(dg_store_t *st, dg_subject_t *s)
{
    uint32_t       index;
    dg_arena_t    *a;
    dg_dirty_t    *queue;
    dg_subject_t  *last;

    a = dg_store_subjects(st);
    index = dg_arena_index(a, &s->cell);
    queue = &st->dirty[dg_store_queue(s)];

    s->queued = (uint32_t) st->now_ms;
    s->next_dirty = DG_NIL;
    s->prev_dirty = queue->last;

    if (queue->last != DG_NIL) {
        last = (dg_subject_t *) dg_arena_cell(a, queue->last);
        last->next_dirty = index;

    } else {
        queue->first = index;
    }

    queue->last = index;
    st->ndirty++;
}


/* n: the queue that it stands in */

static void
dg_store_unlink(dg_store_t *st, dg_subject_t *s, unsigned n)
{
    dg_arena_t    *a;
    dg_dirty_t    *queue;
    dg_subject_t  *near;

    a = dg_store_subjects(st);
    queue = &st->dirty[n];

    if (s->prev_dirty != DG_NIL) {
        near = (dg_subject_t *) dg_arena_cell(a, s->prev_dirty);
        near->next_dirty = s->next_dirty;

    } else {
        queue->first = s->next_dirty;
    }

    if (s->next_dirty != DG_NIL) {
        near = (dg_subject_t *) dg_arena_cell(a, s->next_dirty);
        near->prev_dirty = s->prev_dirty;

    } else {
        queue->last = s->prev_dirty;
    }

    st->ndirty--;
}


static int
dg_store_check_queue(dg_store_t *st)
{
    uint32_t       n, index, prev;
    unsigned       i;
    dg_arena_t    *a;
    dg_subject_t  *s;

    a = dg_store_subjects(st);
    n = 0;

    for (i = 0; i < dg_nelts(st->dirty); i++) {
        prev = DG_NIL;

        for (index = st->dirty[i].first; index != DG_NIL;
             index = s->next_dirty)
        {
            if (index > a->fresh || ++n > st->ndirty) {
                return DG_ERROR;
            }

            s = (dg_subject_t *) dg_arena_cell(a, index);

            if (s->cell.kind == 0 || s->cell.segment == DG_PROBATION
                || s->prev_dirty != prev || !dg_store_queued(s)
                || dg_store_queue(s) != i)
            {
                return DG_ERROR;
            }

            prev = index;
        }

        if (prev != st->dirty[i].last) {
            return DG_ERROR;
        }
    }

    return (n == st->ndirty) ? DG_OK : DG_ERROR;
}


static int
dg_store_check_subjects(dg_store_t *st)
{
    uint32_t       i, queued, kinds[DG_KINDS];
    dg_arena_t    *a;
    dg_subject_t  *s;

    a = dg_store_subjects(st);
    queued = 0;

    memset(kinds, 0, sizeof(kinds));

    for (i = 1; i <= a->fresh; i++) {
        s = (dg_subject_t *) dg_arena_cell(a, i);

        if (s->cell.kind == 0) {
            continue;
        }

        if (s->cell.kind >= DG_KINDS) {
            return DG_ERROR;
        }

        kinds[s->cell.kind]++;

        if (dg_store_queued(s)) {
            queued++;
        }
    }

    if (queued != st->ndirty || memcmp(kinds, st->kinds, sizeof(kinds)) != 0) {
        return DG_ERROR;
    }

    return DG_OK;
}


static int
dg_store_check_rulings(dg_store_t *st)
{
    uint32_t     i, rulings[DG_RULINGS][DG_NAMED_KINDS];
    dg_arena_t  *a;
    dg_ruled_t  *r;

    a = dg_store_arena(st, DG_PART_RULINGS);

    memset(rulings, 0, sizeof(rulings));

    for (i = 1; i <= a->fresh; i++) {
        r = (dg_ruled_t *) dg_arena_cell(a, i);

        if (r->cell.kind >= DG_NAMED_KINDS || r->ruling.id >= DG_RULINGS
            || r->ruling.author_len > DG_RULING_AUTHOR
            || r->ruling.reason_len > DG_RULING_REASON)
        {
            return DG_ERROR;
        }

        if (r->cell.kind && r->cell.segment == DG_CONVICTED) {
            rulings[r->ruling.id][r->cell.kind]++;
        }
    }

    return memcmp(rulings, st->rulings, sizeof(rulings)) == 0 ? DG_OK
                                                              : DG_ERROR;
}
