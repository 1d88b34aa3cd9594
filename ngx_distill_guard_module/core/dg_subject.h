/*
 * Copyright (C) 2026 Distill Guard
 *
 * Subjects: whom the guard counts.  A subject is a kind and an id.
 */


#ifndef _DG_SUBJECT_H_INCLUDED_
#define _DG_SUBJECT_H_INCLUDED_


#include "dg_core.h"
#include "dg_arena.h"
#include "dg_origin.h"
#include "dg_window.h"


typedef enum {
    DG_KIND_NONE = 0,
    DG_KIND_KEY,                 /* keyed hash of a credential */
    DG_KIND_ACCOUNT,             /* keyed hash; kept only where an account is
                                    not its key */
    DG_KIND_ORIGIN,              /* packed /24 or /64 */
    DG_KIND_ASN,                 /* packed number */
    DG_KIND_CAMPAIGN,            /* its id, see dg_campaign.h */
    DG_KINDS,                    /* that are counted; the rest is not */
    DG_KIND_CLIENT = DG_KINDS,   /* keyed hash of a fingerprint */
    DG_NAMED_KINDS
} dg_kind_t;


extern const dg_str_t  dg_kinds[DG_NAMED_KINDS]; /* "key", "account", ... */


/*
 * Flags of a subject's cell.  A subject that is dirty stands in one of the
 * store's queues, but not while its totals are on their way: it is queued
 * again when it is known what became of them.
 */
#define DG_SUBJECT_DIRTY    0x0001   /* changed since its totals were taken */
#define DG_SUBJECT_SENT     0x0002   /* totals are on their way */
#define DG_SUBJECT_KNOWN    0x0004   /* the fleet's totals were heard */
#define DG_SUBJECT_URGENT   0x0008   /* dirty, and others should know now */
#define DG_SUBJECT_PROBED   0x0010   /* asked for nothing before it was ever
                                        answered */


#define DG_ORIGINS  8                /* recent origins kept of a key */
#define DG_CROWD    8                /* words of accounts of an origin */


/*
 * What exchanges in flight on this node hold: a worker that dies cannot give
 * back what its exchanges held, so it is kept by the epoch of their
 * admission, and forgotten after two.
 */

#define DG_HELD_EPOCH  900           /* seconds */

typedef struct {
    uint64_t       input;            /* tokens reserved */
    uint64_t       output;
    uint64_t       exchanges;
} dg_held_t;


typedef struct {
    dg_cell_t      cell;

    uint32_t       next_dirty;       /* the queue, by index */
    uint32_t       prev_dirty;
    uint32_t       life;             /* 0, or greater than in any life it may
                                        have had before it was evicted */
    uint32_t       born;             /* number of its making: tells a subject
                                        from an evicted one of the same id */
    uint32_t       taken;            /* number of the last report of it */
    uint32_t       queued;           /* when it became dirty: the low bits of
                                        Unix milliseconds */
    uint32_t       requests;         /* since the last report: admitted, */
    uint64_t       tokens;           /* and used or held */

    uint32_t       first_seen;       /* Unix seconds */
    uint32_t       last_seen;
    uint32_t       accepted;         /* when the upstream last said 2xx */

    uint32_t       held_epoch;       /* of held[0] */
    dg_held_t      held[2];          /* [0] current, [1] before */

    /* tokens reserved on other nodes, as last heard, and when (seconds) */
    uint64_t       others_input;
    uint64_t       others_output;
    uint32_t       others_heard;

    /*
     * Of keys: recent origins, newest first; which of them Redis has yet to
     * be told, and which it was told today (bit i for origin[i]).  Of
     * origins: accounts that were answered there, a bit each, today and
     * yesterday.
     */
    uint16_t       origins_unsent;
    uint16_t       origins_told;
    union {
        dg_id_t    origin[DG_ORIGINS];
        uint64_t   crowd[2][DG_CROWD];
    };

    dg_windows_t   windows;
} dg_subject_t;


/*
 * Adds to what is held, for an exchange admitted at then_ms; then takes it
 * off.  What was held is taken off exactly, or is forgotten already.
 */
void dg_subject_hold(dg_subject_t *s, const dg_held_t *held,
    uint64_t then_ms, uint64_t now_ms);
void dg_subject_release(dg_subject_t *s, const dg_held_t *held,
    uint64_t then_ms, uint64_t now_ms);

/* what this node's exchanges hold */
void dg_subject_held(const dg_subject_t *s, dg_held_t *held,
    uint64_t now_ms);

/*
 * A key was seen with an origin, which becomes the newest; a new origin has
 * to be told to Redis, and each one again on the first sight of a day (UTC).
 * Returns how many origins fell off that had to be told: 0 or 1.
 */
unsigned dg_subject_origin(dg_subject_t *s, const dg_id_t *origin,
    uint64_t now_ms);

/*
 * An account was answered at an origin: 1 if its bit is new today.  What
 * another node has of two days, the later one that of "then", which the
 * origin was last answered there.  How many there were, of a day.
 */
int dg_subject_crowd_add(dg_subject_t *s, const dg_id_t *account,
    uint64_t now_ms);
void dg_subject_crowd_hear(dg_subject_t *s,
    const uint64_t crowd[2][DG_CROWD], uint32_t then);
unsigned dg_subject_crowd(const dg_subject_t *s, uint32_t now);


/* an ASN is packed as {0, number}; there is no ASN 0 */
void dg_asn_id(dg_id_t *id, uint32_t asn);

#define DG_SUBJECT_TEXT  48

/*
 * The id as people, logs and Redis read it: 32 hex digits for hashed kinds,
 * "203.0.113.0/24", "2001:db8:1:2::/64", "unix", "64500".  Writes at most
 * DG_SUBJECT_TEXT bytes, no zero; returns the end.
 */
u_char *dg_subject_text(u_char *p, unsigned kind, const dg_id_t *id);

/* the reverse; DG_ERROR if the text is not of that kind */
int dg_subject_parse(dg_id_t *id, unsigned kind, const u_char *p, size_t len);


#endif /* _DG_SUBJECT_H_INCLUDED_ */
