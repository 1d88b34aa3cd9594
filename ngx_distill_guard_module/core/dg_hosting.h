/*
 * Copyright (C) 2026 Distill Guard
 *
 * The list of hosting networks: text with one AS number per line, with or
 * without "AS" before it and columns of CSV behind it.
 */


#ifndef _DG_HOSTING_H_INCLUDED_
#define _DG_HOSTING_H_INCLUDED_


#include "dg_core.h"


#define DG_HOSTING_MAX  (16 * 1024 * 1024)       /* bytes of such a text */


/* how many numbers there may be in a text at the most */
size_t dg_hosting_room(const dg_str_t *text);

/*
 * Reads and sorts the numbers; there is room for as many as there may be.
 * DG_ERROR, and *line is one that has no number.
 */
int dg_hosting_read(uint32_t *list, size_t *n, const dg_str_t *text,
    unsigned *line);

int dg_hosting_find(const uint32_t *list, size_t n, uint32_t asn);


#endif /* _DG_HOSTING_H_INCLUDED_ */
