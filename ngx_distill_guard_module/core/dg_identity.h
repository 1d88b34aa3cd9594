/*
 * Copyright (C) 2026 Distill Guard
 *
 * Who is asking, as the headers of a request tell: the credential and the
 * client's fingerprint, and whether the headers are of one client.  The former
 * are hashed as they pass; no credential is kept.
 */


#ifndef _DG_IDENTITY_H_INCLUDED_
#define _DG_IDENTITY_H_INCLUDED_


#include "dg_core.h"
#include "dg_dialect.h"
#include "dg_hash.h"


/* where credentials are looked for */

typedef enum {
    DG_CREDENTIAL_BEARER = 0,    /* Authorization: Bearer */
    DG_CREDENTIAL_X_API_KEY,
    DG_CREDENTIAL_API_KEY,
    DG_CREDENTIAL_X_GOOG_API_KEY,
    DG_CREDENTIAL_ARGUMENT,      /* ?key= */
    DG_CREDENTIALS
} dg_credential_t;


/* what a client says of itself: its language and the version of its SDK */

#define DG_IDENTITY_WORD  24     /* of longer ones so much is compared */


typedef struct {
    unsigned              len;   /* 0: not said */
    u_char                text[DG_IDENTITY_WORD];
} dg_identity_word_t;


typedef struct {
    const dg_hash_key_t  *key;   /* must outlive the reading */
    unsigned              several:1;     /* two credentials that differ */

    /* private: see dg_identity.c */
    dg_id_t               found[DG_CREDENTIALS];
    unsigned              library:1;     /* an HTTP library's user agent */
    unsigned              stainless:1;   /* its SDK always says these */
    dg_identity_word_t    agent[2];      /* language and version, as the user
                                            agent of an SDK has them */
    dg_identity_word_t    platform[2];   /* and as the SDK's own headers do */
    dg_hash_t             client;
    unsigned              len;   /* of text that waits to be hashed */
    u_char                text[256];
} dg_identity_t;


/* version is the major HTTP version */
void dg_identity_init(dg_identity_t *who, const dg_hash_key_t *key,
    unsigned version);

/* one header field as it came, in wire order */
void dg_identity_header(dg_identity_t *who, const dg_str_t *name,
    const dg_str_t *value);

/* the query of the request line, without "?" */
void dg_identity_query(dg_identity_t *who, const dg_str_t *query);

/*
 * What else stays the same over all requests of a client, as TLS facts; of a
 * long text the first 255 bytes.
 */
void dg_identity_trait(dg_identity_t *who, const dg_str_t *trait);

/*
 * The key's id, "none" without a credential.  Of several the one counts that
 * the API of this shape looks at first: a decoy that the upstream does not
 * look at must not make the request somebody else's.
 */
dg_id_t dg_identity_key(dg_identity_t *who, dg_shape_t shape);

/*
 * The client's fingerprint: the names of its headers in their order, the
 * family of its user agent, the HTTP version and the traits.  To be called
 * once, at the end.
 */
dg_id_t dg_identity_client(dg_identity_t *who);

/*
 * True if the headers are not of one client: a user agent of an official SDK
 * without the headers that this SDK always sends, or with those of another
 * language or version; or these headers with the user agent of a plain HTTP
 * library.  A relay that rewrites one and not the other looks like that.
 *
 * A plain library without such headers is none, nor is an SDK whose user has
 * given it another name.  A proxy that lets through only headers it knows
 * does look like a relay, for it is one.
 */
unsigned dg_identity_relay(const dg_identity_t *who);


#endif /* _DG_IDENTITY_H_INCLUDED_ */
