/*
 * Copyright (C) 2026 Distill Guard
 *
 * What every file of core/ stands on.  core/ is plain C99: it knows nothing
 * of nginx, Redis, files or the clock.  Time is always an argument, in
 * milliseconds or seconds of Unix time as the name says (now_ms, now).
 */


#ifndef _DG_CORE_H_INCLUDED_
#define _DG_CORE_H_INCLUDED_


#include <sys/types.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>


#define DG_OK      0
#define DG_ERROR  -1
#define DG_FULL   -2


/* a view of bytes that somebody else owns; not terminated by a zero */

typedef struct {
    size_t         len;
    const u_char  *data;
} dg_str_t;


#define dg_string(s)  { sizeof(s) - 1, (const u_char *) s }


/*
 * The id of a subject: a keyed hash (keys, accounts, clients, contents) or a
 * packed public fact (origin, ASN).  All zeros means "none".
 */

typedef struct {
    uint64_t       v[2];
} dg_id_t;


#define dg_id_equal(a, b)                                                     \
    ((a)->v[0] == (b)->v[0] && (a)->v[1] == (b)->v[1])

#define dg_id_none(a)  ((a)->v[0] == 0 && (a)->v[1] == 0)

#define dg_id_less(a, b)                                                      \
    ((a)->v[0] < (b)->v[0]                                                    \
     || ((a)->v[0] == (b)->v[0] && (a)->v[1] < (b)->v[1]))

#define dg_min(a, b)  ((a) < (b) ? (a) : (b))
#define dg_max(a, b)  ((a) > (b) ? (a) : (b))
#define dg_nelts(a)   (sizeof(a) / sizeof((a)[0]))


#endif /* _DG_CORE_H_INCLUDED_ */
