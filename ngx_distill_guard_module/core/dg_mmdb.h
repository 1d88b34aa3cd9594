/*
 * Copyright (C) 2026 Distill Guard
 *
 * Values in the data section of a MaxMind DB (MaxMind DB File Format
 * Specification 2.0, "Output Data Section").
 *
 * libmaxminddb opens files and finds the record of an address.  Values are
 * read here because the versions before 1.13 recurse without a bound through
 * whatever they skip: a damaged file, a run of 0xff bytes for instance, takes
 * the worker's stack.  Here nothing recurses, every byte is checked to be in
 * the section, and the work of one call is bounded.
 */


#ifndef _DG_MMDB_H_INCLUDED_
#define _DG_MMDB_H_INCLUDED_


#include "dg_core.h"


#define DG_MMDB_VALUES  4096     /* looked at in one call */


typedef enum {
    DG_MMDB_ABSENT = 0,
    DG_MMDB_NUMBER,              /* unsigned, of 16, 32 or 64 bits */
    DG_MMDB_BOOLEAN,
    DG_MMDB_TEXT,
    DG_MMDB_OTHER
} dg_mmdb_type_t;


typedef struct {
    dg_mmdb_type_t   type;
    uint64_t         number;     /* booleans: 0 or 1 */
    dg_str_t         text;       /* in the data section */
} dg_mmdb_value_t;


/*
 * Finds what stands under a path of map keys, ended by NULL, in the record
 * at offset.  DG_ERROR if the record is damaged.
 */
int dg_mmdb_get(dg_mmdb_value_t *value, const dg_str_t *data, size_t offset,
    const char *const *path);


#endif /* _DG_MMDB_H_INCLUDED_ */
