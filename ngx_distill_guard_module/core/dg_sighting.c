/*
 * Copyright (C) 2026 Distill Guard
 */


#include "dg_sighting.h"
#include "dg_sighting_kind.h"


/* a kind and a length */
#define DG_SIGHTING_HEADER   2

static u_char *dg_sighting_pack(dg_store_t *st, const dg_told_t *told,
    u_char *p, uint32_t now);


void
dg_sighting_tell(dg_store_t *st, dg_sighting_id_t what, dg_cell_t *cell)
{
    dg_told_t  told;

    told.what = what;
    told.other = DG_NIL;

    dg_outbox_put(dg_store_outbox(st),
                  dg_store_arena(st, dg_sightings[what].part), cell, &told);
}


void
dg_sighting_tell_tie(dg_store_t *st, dg_tie_t tie, dg_profile_t *one,
    dg_profile_t *other)
{
    dg_told_t    told;
    dg_arena_t  *a;

    a = dg_store_arena(st, DG_PART_PROFILES);

    told.what = DG_SIGHTING_TIE;
    told.other = dg_arena_index(a, &other->cell) << 1 | tie;

    dg_outbox_put(dg_store_outbox(st), a, &one->cell, &told);
}


u_char *
dg_sightings_take(dg_store_t *st, u_char *buf, size_t size, uint64_t now_ms)
{
    u_char           *p, *last;
    dg_outbox_t      *o;
    const dg_told_t  *told;

    o = dg_store_outbox(st);
    o->open = 1;

    p = buf;
    last = buf + size - DG_SIGHTING_HEADER - DG_SIGHTING_LONGEST;

    dg_store_begin(st);

    for (told = dg_outbox_first(o);
         told && p < last;
         told = dg_outbox_first(o))
    {
        if (p == buf) {
            *p++ = DG_SIGHTING_VERSION;
        }

        p = dg_sighting_pack(st, told, p, (uint32_t) (now_ms / 1000));

        dg_outbox_drop(o);
    }

    dg_store_end(st);

    return (p == buf + 1) ? buf : p;
}


/* nothing if the cell is another by now, or has nothing to tell */

static u_char *
dg_sighting_pack(dg_store_t *st, const dg_told_t *told, u_char *p,
    uint32_t now)
{
    u_char       *begin, *end;
    dg_cell_t    *cell;
    dg_arena_t   *a;
    dg_teller_t   teller;

    a = dg_store_arena(st, dg_sightings[told->what].part);

    if (told->cell == DG_NIL || told->cell > a->fresh) {
        return p;
    }

    cell = dg_arena_cell(a, told->cell);

    if (cell->kind == 0) {
        return p;
    }

    if (told->other == DG_NIL) {

        if (!(cell->flags & DG_CELL_TOLD)) {
            return p;
        }

        cell->flags &= (uint16_t) ~DG_CELL_TOLD;
    }

    teller.st = st;
    teller.told = told;
    teller.now = now;

    begin = p + DG_SIGHTING_HEADER;
    end = dg_sightings[told->what].pack(&teller, cell, begin);

    if (end == begin) {
        return p;
    }

    p[0] = (u_char) told->what;
    p[1] = (u_char) (end - begin);

    return end;
}


int
dg_sightings_missed(dg_store_t *st)
{
    int           missed;
    dg_outbox_t  *o;

    o = dg_store_outbox(st);
    missed = o->missed;
    o->missed = 0;

    return missed;
}


int
dg_sightings_hear(dg_store_t *st, const u_char *batch, size_t len,
    size_t *at, unsigned n, uint64_t now_ms)
{
    unsigned     what;
    dg_unpack_t  u, one;

    if (len == 0 || batch[0] != DG_SIGHTING_VERSION) {
        return DG_ERROR;
    }

    u.pos = batch + dg_max(*at, 1);
    u.last = batch + len;
    u.cut = 0;

    dg_store_begin(st);

    while (u.pos != u.last && n--) {
        what = (unsigned) dg_unpack_number(&u, 1);

        one.pos = u.pos + 1;
        one.last = one.pos + dg_unpack_number(&u, 1);
        one.cut = 0;

        if (u.cut || one.last > u.last) {
            u.cut = 1;
            break;
        }

        u.pos = one.last;

        if (what != DG_SIGHTING_NONE && what < DG_SIGHTINGS) {
            dg_sightings[what].hear(st, &one, (uint32_t) (now_ms / 1000));
        }
    }

    dg_store_end(st);

    *at = (size_t) (u.pos - batch);

    return u.cut ? DG_ERROR : DG_OK;
}


int
dg_sightings_sweep(dg_store_t *st, unsigned *part, uint32_t *at, unsigned n)
{
    dg_cell_t    *cell;
    dg_arena_t   *a;
    dg_outbox_t  *o;

    /* in this order: of what others refer to first */

    static const dg_sighting_id_t  order[] = {
        DG_SIGHTING_CAMPAIGN, DG_SIGHTING_PROFILE, DG_SIGHTING_TEMPLATE,
        DG_SIGHTING_CROWD, DG_SIGHTING_MEMORY
    };

    o = dg_store_outbox(st);
    o->open = 1;

    dg_store_begin(st);

    while (*part < dg_nelts(order) && n && dg_outbox_room(o) > o->size / 2) {
        a = dg_store_arena(st, dg_sightings[order[*part]].part);

        if (*at == a->fresh) {
            (*part)++;
            *at = 0;
            continue;
        }

        cell = dg_arena_cell(a, ++*at);
        n--;

        if (cell->kind) {
            dg_sighting_tell(st, order[*part], cell);
        }
    }

    dg_store_end(st);

    if (*part < dg_nelts(order)) {
        return DG_ERROR;
    }

    *part = 0;
    *at = 0;

    return DG_OK;
}
