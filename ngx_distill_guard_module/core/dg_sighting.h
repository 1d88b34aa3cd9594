/*
 * Copyright (C) 2026 Distill Guard
 *
 * Sightings: what nodes tell each other of who belongs together, besides the
 * totals of subjects.  Each is the state of one thing as a node has it, and
 * what is heard is joined with what is known: bits are set, the first of
 * times seen first counts, the last of times seen last, the smaller of two
 * ids.  So a sighting may arrive twice, late or in any order.
 *
 * A batch is bytes: its version, then sightings, each a kind, a length and
 * so many bytes.  Kinds that are not known are passed over.
 */


#ifndef _DG_SIGHTING_H_INCLUDED_
#define _DG_SIGHTING_H_INCLUDED_


#include "dg_core.h"
#include "dg_store.h"


#define DG_SIGHTING_VERSION  1

/* bytes of a batch that any one sighting fits in */
#define DG_SIGHTING_BATCH    512


/*
 * Takes what there is to tell, as much as the buffer holds (at least
 * DG_SIGHTING_BATCH): the end of what was written, "buf" if there is nothing.
 * What was taken and did not arrive is told again only by a sweep.
 */
u_char *dg_sightings_take(dg_store_t *st, u_char *buf, size_t size,
    uint64_t now_ms);

/* 1, once: something found no room in the outbox, and a sweep is due */
int dg_sightings_missed(dg_store_t *st);

/*
 * Hears some sightings of a batch: from *at on, which is 0 at first, "n" at
 * most; *at is the length at the end.  DG_ERROR, and the rest is not heard,
 * if it is not such a batch.
 */
int dg_sightings_hear(dg_store_t *st, const u_char *batch, size_t len,
    size_t *at, unsigned n, uint64_t now_ms);

/*
 * Puts cells into the outbox again, at most n of them, and as long as half of
 * it is free: from part *part and cell *at on, both 0 at first.  DG_OK when
 * all have had their turn, and both are 0 again.
 */
int dg_sightings_sweep(dg_store_t *st, unsigned *part, uint32_t *at,
    unsigned n);


#endif /* _DG_SIGHTING_H_INCLUDED_ */
