/*
 * Copyright (C) 2026 Distill Guard
 *
 * Readers turn the bytes of a request or a response, pushed as they pass,
 * into facts.  They allocate nothing and keep no text; their size is fixed.
 */


#ifndef _DG_READER_H_INCLUDED_
#define _DG_READER_H_INCLUDED_


#include "dg_core.h"
#include "dg_hash.h"
#include "dg_json.h"
#include "dg_sse.h"
#include "dg_text.h"
#include "dg_value.h"
#include "dg_facts.h"
#include "dg_lexicon.h"
#include "dg_marks.h"
#include "dg_repeat.h"
#include "dg_dialect.h"


typedef struct {
    dg_json_t             json;
    const dg_hash_key_t  *key;       /* must outlive the reader */
    dg_request_facts_t   *facts;
    dg_dialect_id_t       dialect;

    /* private: see dg_request.c */
    dg_text_t             text;      /* of the message or tool being read */
    dg_hash_t             system;    /* of the ids of system messages */
    dg_hash_t             hash;      /* of an id being read */
    dg_id_t               tool[3];   /* its name, description and type */
    dg_term_t             term;
    uint64_t              unhashed;  /* bytes of the message not in text */
    unsigned              role;      /* of the message; DG_ROLES: not known */
    unsigned              last;      /* role of the message before */
    unsigned              n;
    unsigned              best_of;
    unsigned              state;
    dg_marks_text_t       first;     /* of the user's messages */
    dg_lexicon_t          lexicon;
} dg_request_t;


/*
 * facts are zeroed and filled; both keys must outlive the reader.  The
 * endpoint gives the model and stream that stand in the path.  Not for
 * DG_DIALECT_NONE.  Where the caller then sets "encoded" in them, the body is
 * not read but counted.
 */
void dg_request_init(dg_request_t *rq, const dg_endpoint_t *ep,
    const dg_hash_key_t *key, const dg_marks_key_t *marks,
    dg_request_facts_t *facts);
void dg_request_push(dg_request_t *rq, const u_char *p, size_t len);

/* facts are final only now */
void dg_request_end(dg_request_t *rq);


typedef enum {
    DG_FORMAT_NONE = 0,          /* not read, bytes are counted */
    DG_FORMAT_JSON,
    DG_FORMAT_SSE,
    DG_FORMAT_NDJSON
} dg_format_t;


/* by Content-Type, parameters ignored, any case */
dg_format_t dg_response_format(const u_char *type, size_t len);


/* the numbers of which usage is made, as they were last reported */

typedef enum {
    DG_USAGE_INPUT = 0,
    DG_USAGE_INPUT_READ,         /* beside INPUT: read from a cache */
    DG_USAGE_INPUT_WRITE,        /* beside INPUT: written to a cache */
    DG_USAGE_INPUT_TOOL,         /* beside INPUT: what tools of the server
                                    put into it */
    DG_USAGE_CACHED,             /* within INPUT */
    DG_USAGE_CACHE_WRITE,        /* within INPUT */
    DG_USAGE_OUTPUT,
    DG_USAGE_THOUGHTS,           /* beside OUTPUT */
    DG_USAGE_REASONING,          /* within OUTPUT */
    DG_USAGE_TOTAL,
    DG_USAGE_TIMED_INPUT,        /* of a server that tells its timings */
    DG_USAGE_TIMED_READ,
    DG_USAGE_TIMED_OUTPUT,
    DG_USAGES
} dg_usage_part_t;


typedef struct {
    dg_json_t             json;
    dg_sse_t              sse;
    const dg_hash_key_t  *key;       /* must outlive the reader */
    dg_response_facts_t  *facts;
    dg_dialect_id_t       dialect;
    dg_format_t           format;

    /* private: see dg_response.c */
    dg_hash_t             hash;      /* of an id being read */
    dg_hash_t             signature; /* that comes in several events */
    dg_term_t             term;
    uint64_t              parts[DG_USAGES];
    uint64_t              thoughts[2];   /* the same text under two names */
    unsigned              given;     /* parts, by bit */
    unsigned              choices;   /* in the list being read */
    unsigned              documents; /* before the event being read */
    unsigned              mark;      /* of "[DONE]", what has matched */
    unsigned              state;
    dg_repeat_t           repeat;    /* of events */
} dg_response_t;


/* facts are zeroed and filled; "encoded" is as for requests */
void dg_response_init(dg_response_t *rs, dg_dialect_id_t dialect,
    dg_format_t format, const dg_hash_key_t *key,
    dg_response_facts_t *facts);
void dg_response_push(dg_response_t *rs, const u_char *p, size_t len);
void dg_response_end(dg_response_t *rs);


#endif /* _DG_READER_H_INCLUDED_ */
