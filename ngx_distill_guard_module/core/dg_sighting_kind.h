/*
 * Copyright (C) 2026 Distill Guard
 *
 * Kinds of sightings: a table for the batches.
 */


#ifndef _DG_SIGHTING_KIND_H_INCLUDED_
#define _DG_SIGHTING_KIND_H_INCLUDED_


#include "dg_core.h"
#include "dg_pack.h"
#include "dg_store.h"


/* bytes of one, at most */
#define DG_SIGHTING_LONGEST  255


/* what is to be told, and when */

typedef struct {
    dg_store_t       *st;
    const dg_told_t  *told;
    uint32_t          now;
} dg_teller_t;


/*
 * Writes what a cell is like, at most DG_SIGHTING_LONGEST bytes: the end of
 * it, or "p" if there is nothing to tell.
 */
typedef u_char *(*dg_sighting_pack_pt)(const dg_teller_t *teller,
    const dg_cell_t *cell, u_char *p);

/* joins what is heard; what is short or makes no sense changes nothing */
typedef void (*dg_sighting_hear_pt)(dg_store_t *st, dg_unpack_t *u,
    uint32_t now);


typedef struct {
    dg_part_t            part;   /* that holds such cells */
    dg_sighting_pack_pt  pack;
    dg_sighting_hear_pt  hear;
} dg_sighting_kind_t;


/* by dg_sighting_id_t */
extern const dg_sighting_kind_t  dg_sightings[DG_SIGHTINGS];


#endif /* _DG_SIGHTING_KIND_H_INCLUDED_ */
