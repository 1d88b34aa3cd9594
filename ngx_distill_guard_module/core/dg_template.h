/*
 * Copyright (C) 2026 Distill Guard
 *
 * Templates: marks that requests of several accounts have in common.  Nearly
 * all marks of honest requests are unique, so a mark gets a record only when
 * accounts, one after the other, brought it five times: a sketch of two rows
 * of bytes, three bits of the account that came last and a count, tells.
 */


#ifndef _DG_TEMPLATE_H_INCLUDED_
#define _DG_TEMPLATE_H_INCLUDED_


#include "dg_core.h"
#include "dg_arena.h"
#include "dg_facts.h"


#define DG_TEMPLATE_LEAST     16 /* accounts kept as a sample */
#define DG_TEMPLATE_WORDS     8  /* of bits of accounts */
#define DG_TEMPLATE_SLOTS     48 /* uses over which slots are compared */
#define DG_TEMPLATE_YOUNG     (14 * 86400)

/* an account is old if it was there for so long before it used a template */
#define DG_TEMPLATE_OLD       (3 * 86400)


typedef struct {
    uint32_t       size;         /* cells of a row, a power of two */
    uint32_t       hand;         /* cell that is cleared next */
    /* two rows follow */
} dg_sketch_t;


typedef struct {
    dg_cell_t      cell;         /* id of its mark */

    uint32_t       first_seen;   /* Unix seconds */
    uint32_t       last_seen;
    uint32_t       uses;
    uint32_t       campaign;     /* index of its cell, DG_NIL: none */
    uint32_t       born;         /* of the campaign */

    uint32_t       compared;     /* uses since slots was cleared */
    uint32_t       distinct;     /* per mille; UINT32_MAX: not known */
    uint64_t       slots[2];     /* contents, a bit each */
    uint64_t       accounts[DG_TEMPLATE_WORDS];     /* a bit each */
    uint64_t       olds[DG_TEMPLATE_WORDS];         /* of these, old ones */
    uint32_t       least[DG_TEMPLATE_LEAST];     /* of the accounts' hashes,
                                    ascending; as many as there are */
} dg_template_t;


/* makes a sketch in size bytes at mem; DG_ERROR if that is less than 64 */
int dg_sketch_init(void *mem, size_t size);

/* counts a mark brought by an account; 1 if it deserves a record */
int dg_sketch_see(dg_sketch_t *sk, uint64_t mark, const dg_id_t *account);


/* one use, by an account first seen at "since"; 1 if the account is new */
int dg_template_use(dg_template_t *t, const dg_id_t *account,
    const dg_id_t *content, uint32_t since, uint32_t now);

/* joins what another node knows of it */
void dg_template_hear(dg_template_t *t, const dg_template_t *heard);

/* accounts: linear counting over 512 bits, right to some per cent to 2,000 */
unsigned dg_template_accounts(const dg_template_t *t);

/*
 * Accounts that count: none if it is old, or its slot does not change, or
 * not known yet; fewer if old accounts use it, too, and none if these are
 * half of all.
 */
unsigned dg_template_spread(const dg_template_t *t, uint32_t now);

/* per mille of the sample of accounts that both have; 0 if either has less
   than its size */
unsigned dg_template_overlap(const dg_template_t *one,
    const dg_template_t *two);


#endif /* _DG_TEMPLATE_H_INCLUDED_ */
