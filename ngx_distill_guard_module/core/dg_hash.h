/*
 * Copyright (C) 2026 Distill Guard
 *
 * SipHash-2-4 with 128-bit output, streaming.
 * Source: Aumasson, Bernstein, "SipHash: a fast short-input PRF", 2012, and
 * the 128-bit variant of the authors' reference (vectors_sip128).
 *
 * All ids are keyed by the operator's secret, so that nobody who reads the
 * zone, Redis or a log can test a guess, and nobody outside can choose inputs
 * that collide.
 */


#ifndef _DG_HASH_H_INCLUDED_
#define _DG_HASH_H_INCLUDED_


#include "dg_core.h"


/* what a hash is for; equal bytes hashed for two purposes share nothing */

typedef enum {
    DG_HASH_KEY = 1,
    DG_HASH_ACCOUNT,
    DG_HASH_CLIENT,
    DG_HASH_CONTENT,
    DG_HASH_SYSTEM,
    DG_HASH_TOOLS,
    DG_HASH_ISSUED,
    DG_HASH_CHECK
} dg_hash_domain_t;


typedef struct {
    uint64_t       k[2];
} dg_hash_key_t;


typedef struct {
    uint64_t       v[4];
    uint64_t       tail;         /* up to 7 bytes not yet compressed */
    uint64_t       len;          /* bytes seen */
} dg_hash_t;


#define DG_HASH_TEXT  16         /* hex digits of a number */
#define DG_ID_TEXT    32         /* and of an id */


/*
 * Derives the key of all hashes from an operator's secret of any length.
 * The secret may be forgotten by the caller afterwards.
 */
void dg_hash_derive(dg_hash_key_t *key, const u_char *secret, size_t len);

void dg_hash_init(dg_hash_t *h, const dg_hash_key_t *key,
    dg_hash_domain_t domain);
void dg_hash_update(dg_hash_t *h, const u_char *p, size_t len);

/* never returns the "none" id */
dg_id_t dg_hash_final(dg_hash_t *h);

dg_id_t dg_hash(const dg_hash_key_t *key, dg_hash_domain_t domain,
    const u_char *p, size_t len);

/* a fast keyed 64-bit mix for table buckets; not for ids that leave */
uint64_t dg_hash_bucket(uint64_t seed, const dg_id_t *id);

/* write lower-case hex digits, no zero, and return the end */
u_char *dg_hash_text(u_char *p, uint64_t v);
u_char *dg_id_text(u_char *p, const dg_id_t *id);

/* read as many digits as are written; DG_ERROR if they are not */
int dg_hash_parse(uint64_t *v, const u_char *p, size_t len);
int dg_id_parse(dg_id_t *id, const u_char *p, size_t len);


#endif /* _DG_HASH_H_INCLUDED_ */
