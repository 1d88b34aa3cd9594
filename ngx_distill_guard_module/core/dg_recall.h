/*
 * Copyright (C) 2026 Distill Guard
 *
 * Who had this before?  Remembers hashes and the account that had each
 * first: ids issued in answers, long contents that were refused, long
 * contents that were accepted.  One structure answers for all three; each
 * kind is remembered for a time of its own, and the least recently used is
 * forgotten when there is no room.
 *
 * Locking is the caller's.
 */


#ifndef _DG_RECALL_H_INCLUDED_
#define _DG_RECALL_H_INCLUDED_


#include "dg_core.h"
#include "dg_arena.h"
#include "dg_facts.h"


typedef enum {
    DG_RECALL_NONE = 0,
    DG_RECALL_ISSUED,            /* an id, to the account it was issued to */
    DG_RECALL_REFUSED,           /* a content, to the account refused */
    DG_RECALL_ACCEPTED,          /* a content, to the account answered */
    DG_RECALLS
} dg_recall_kind_t;


/* seconds for which each is remembered after it was last had */

extern const uint32_t  dg_recall_ttl[DG_RECALLS];


/* what is shorter is said by many: bytes of the last user message */

#define DG_RECALL_CONTENT  200

/* and so is what more accounts than these were answered */

#define DG_RECALL_RARE     3


typedef struct {
    dg_cell_t      cell;
    dg_id_t        first;        /* account that had it first */
    uint64_t       seen;         /* accounts, one bit of 64 for each hash */
    uint32_t       until;        /* Unix seconds */
    uint32_t       suspect;      /* 1: refused for what its account is, not
                                    for a limit that anybody may reach */
} dg_memory_t;


/* how two accounts may be tied: what one of them had only one should have */

typedef enum {
    DG_TIE_PROVENANCE = 0,       /* ids issued to the one, presented by the
                                    other */
    DG_TIE_FAILOVER,             /* content refused to the one, asked by the
                                    other */
    DG_TIES
} dg_tie_t;


extern const dg_str_t  dg_ties[DG_TIES];        /* "provenance", ... */


#define DG_PARTNERS  8           /* of one exchange, those that are kept */

typedef struct {
    dg_tie_t       tie;
    dg_id_t        account;
} dg_partner_t;


/*
 * What others had of what an exchange presents: ids issued to another
 * account, contents refused to or accepted from another, and how many
 * accounts, this one included, were seen with its content: an estimate, that
 * is right for two, nearly always for few, and ends at about 200.
 */

typedef struct {
    unsigned       issued;
    unsigned       refused;
    unsigned       accepted;
    unsigned       accounts;
    unsigned       covered;      /* seconds for which its content is refused
                                    to everybody; 0: it is not */
    unsigned       npartners;
    dg_partner_t   partner[DG_PARTNERS];
} dg_shared_t;


/*
 * Looks up what a request presents, on behalf of an account; changes only
 * the order of use.  "none" as account shares nothing.
 */
void dg_recall_look(dg_arena_t *a, const dg_id_t *account,
    const dg_request_facts_t *rq, uint32_t now, dg_shared_t *shared);

/*
 * Accounts that were answered its content by now, also those that asked while
 * it was under way; 0: none, or it is too short to tell.
 */
unsigned dg_recall_answered(dg_arena_t *a, const dg_request_facts_t *rq,
    uint32_t now);

/* called for each memory that is new, or that another account has by now */
typedef void (*dg_recall_news_pt)(void *ctx, dg_memory_t *m);

/* what remembers, and whom to tell the news */

typedef struct {
    dg_arena_t         *a;
    dg_recall_news_pt   news;    /* or NULL */
    void               *ctx;
} dg_recall_t;

/* remembers an exchange that was answered: its content and its ids */
void dg_recall_accepted(const dg_recall_t *r, const dg_id_t *account,
    const dg_request_facts_t *rq, const dg_response_facts_t *rs,
    uint32_t now);

/* remembers a content that was refused, for a limit or to a suspect */
void dg_recall_refused(const dg_recall_t *r, const dg_id_t *account,
    const dg_request_facts_t *rq, unsigned suspect, uint32_t now);

/*
 * Joins what another node remembers with what is known here: the smaller id
 * is whose it was first, for nobody's clock can tell.
 */
void dg_recall_hear(dg_arena_t *a, dg_recall_kind_t kind,
    const dg_memory_t *heard, uint32_t now);

/* the accounts of a memory: linear counting over 64 bits */
unsigned dg_recall_accounts(const dg_memory_t *m);


#endif /* _DG_RECALL_H_INCLUDED_ */
