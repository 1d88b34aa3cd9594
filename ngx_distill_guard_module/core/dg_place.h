/*
 * Copyright (C) 2026 Distill Guard
 *
 * Where an address belongs, as the records of MaxMind DB files tell: its
 * network, its country, and whether it hides somebody.
 */


#ifndef _DG_PLACE_H_INCLUDED_
#define _DG_PLACE_H_INCLUDED_


#include "dg_core.h"


typedef struct {
    uint32_t       asn;          /* 0: not known */
    u_char         country[2];   /* zeros: not known */
    unsigned       hosting:1;
    unsigned       anonymous:1;
} dg_place_t;


/* kinds of files */

typedef enum {
    DG_PLACE_ASN = 0,
    DG_PLACE_COUNTRY,
    DG_PLACE_ANONYMOUS,
    DG_PLACE_KINDS
} dg_place_kind_t;


typedef struct {
    dg_str_t       name;         /* in the directive */
    const char    *holds;        /* what such a file is for */
    const char    *example;
} dg_place_desc_t;


extern const dg_place_desc_t  dg_places[DG_PLACE_KINDS];


/*
 * Adds to place what the record at offset of a file's data section says.
 * 1 if that was anything, 0 if not, DG_ERROR if the record is damaged.
 */
int dg_place_read(dg_place_t *place, dg_place_kind_t kind,
    const dg_str_t *data, size_t offset);


#endif /* _DG_PLACE_H_INCLUDED_ */
