/*
 * Copyright (C) 2026 Distill Guard
 *
 * Writing text: each function writes at p, no zero, and returns the end.
 * The caller has made the room.
 */


#ifndef _DG_PRINT_H_INCLUDED_
#define _DG_PRINT_H_INCLUDED_


#include "dg_core.h"


/* 20 digits at most */
#define DG_PRINT_U64  20


u_char *dg_print(u_char *p, const char *text);
u_char *dg_print_str(u_char *p, const dg_str_t *text);
u_char *dg_print_u64(u_char *p, uint64_t n);

/* the last digits digits, zeros in front */
u_char *dg_print_padded(u_char *p, uint64_t n, unsigned digits);

/* with up to three decimals, and no more than it takes; 24 bytes at most */
u_char *dg_print_thousandths(u_char *p, int64_t thousandths);

/* the same; what is beyond a million millions is that */
u_char *dg_print_double(u_char *p, double value);

/*
 * The inside of a JSON string in pure ASCII: what is not plain text is
 * written as \u00XX, byte by byte.  Up to six bytes for each of len.
 */
u_char *dg_print_json(u_char *p, const u_char *text, size_t len);


#endif /* _DG_PRINT_H_INCLUDED_ */
