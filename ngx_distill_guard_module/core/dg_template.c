/*
 * Copyright (C) 2026 Distill Guard
 */


#include "dg_template.h"
#include "dg_bits.h"


/* times that accounts bring a mark, then it gets a record */
#define DG_SKETCH_ENOUGH    5

#define DG_SKETCH_ACCOUNT   0xe0 /* bits of a cell */
#define DG_SKETCH_COUNT     0x1f

/* per mille of the slots that have to be distinct */
#define DG_TEMPLATE_DISTINCT  850

#define DG_TEMPLATE_UNKNOWN   UINT32_MAX

/* uses before their slots say anything */
#define DG_TEMPLATE_FEW       16


static u_char *dg_sketch_row(dg_sketch_t *sk, unsigned row);
static void dg_template_slot(dg_template_t *t, const dg_id_t *content);
static uint32_t dg_template_distinct(const dg_template_t *t);
static void dg_template_sample(dg_template_t *t, uint32_t hash);


int
dg_sketch_init(void *mem, size_t size)
{
    size_t        cells;
    dg_sketch_t  *sk;

    if (size < sizeof(dg_sketch_t) + 64) {
        return DG_ERROR;
    }

    cells = 32;

    while (cells * 4 <= size - sizeof(dg_sketch_t)
           && cells < (size_t) 1 << 30)
    {
        cells *= 2;
    }

    sk = mem;
    sk->size = (uint32_t) cells;
    sk->hand = 0;

    memset(dg_sketch_row(sk, 0), 0, 2 * cells);

    return DG_OK;
}


/*
 * With each mark one cell of either row is cleared, so a cell lasts for as
 * many marks as there are cells: rows are never more than full, however many
 * requests there are.
 */

int
dg_sketch_see(dg_sketch_t *sk, uint64_t mark, const dg_id_t *account)
{
    u_char    *cell, who;
    unsigned   row, least;

    who = (u_char) ((account->v[1] >> 8 & 7) << 5);
    least = DG_SKETCH_COUNT;

    for (row = 0; row < 2; row++) {
        dg_sketch_row(sk, row)[sk->hand] = 0;

        cell = dg_sketch_row(sk, row)
               + ((row ? mark >> 32 : mark) & (sk->size - 1));

        if ((*cell & DG_SKETCH_COUNT) == 0
            || (*cell & DG_SKETCH_ACCOUNT) != who)
        {
            if ((*cell & DG_SKETCH_COUNT) < DG_SKETCH_COUNT) {
                (*cell)++;
            }

            *cell = (u_char) ((*cell & DG_SKETCH_COUNT) | who);
        }

        least = dg_min(least, (unsigned) (*cell & DG_SKETCH_COUNT));
    }

    sk->hand = (sk->hand + 1) & (sk->size - 1);

    return least >= DG_SKETCH_ENOUGH;
}


static u_char *
dg_sketch_row(dg_sketch_t *sk, unsigned row)
{
    return (u_char *) (sk + 1) + (size_t) row * sk->size;
}


int
dg_template_use(dg_template_t *t, const dg_id_t *account,
    const dg_id_t *content, uint32_t since, uint32_t now)
{
    if (t->first_seen == 0) {
        t->first_seen = now;
        t->distinct = DG_TEMPLATE_UNKNOWN;
    }

    t->uses++;
    t->last_seen = now;

    dg_template_slot(t, content);

    dg_template_sample(t, (uint32_t) (account->v[0] >> 32));

    if (!dg_bits_add(t->accounts, DG_TEMPLATE_WORDS, account->v[1])) {
        return 0;
    }

    if (now - since >= DG_TEMPLATE_OLD) {
        (void) dg_bits_add(t->olds, DG_TEMPLATE_WORDS, account->v[1]);
    }

    return 1;
}


/*
 * How many of a number of slots are distinct is told anew again and again, so
 * that neither how it began nor what it became stays hidden.
 */

static void
dg_template_slot(dg_template_t *t, const dg_id_t *content)
{
    uint32_t  share;

    (void) dg_bits_add(t->slots, 2, content->v[1]);
    t->compared++;

    if (t->compared < DG_TEMPLATE_SLOTS) {
        return;
    }

    share = dg_template_distinct(t);

    t->distinct = (t->distinct == DG_TEMPLATE_UNKNOWN)
                  ? share : (t->distinct * 3 + share) / 4;

    t->compared = 0;
    t->slots[0] = 0;
    t->slots[1] = 0;
}


/* per mille of the slots compared so far */

static uint32_t
dg_template_distinct(const dg_template_t *t)
{
    uint32_t  share;

    share = dg_bits_estimate(dg_bits_set(t->slots, 2), 128) * 1000
            / t->compared;

    return dg_min(share, 1000);
}


/* the least hashes: two templates of the same accounts have the same ones */

static void
dg_template_sample(dg_template_t *t, uint32_t hash)
{
    unsigned  i, j;

    hash |= 1;                           /* 0 is an empty place */

    for (i = 0; i < DG_TEMPLATE_LEAST && t->least[i]; i++) {

        if (t->least[i] == hash) {
            return;
        }

        if (t->least[i] > hash) {
            break;
        }
    }

    if (i == DG_TEMPLATE_LEAST) {
        return;
    }

    for (j = DG_TEMPLATE_LEAST - 1; j > i; j--) {
        t->least[j] = t->least[j - 1];
    }

    t->least[i] = hash;
}


void
dg_template_hear(dg_template_t *t, const dg_template_t *heard)
{
    unsigned  i;

    if (t->first_seen == 0) {
        t->first_seen = heard->first_seen;
        t->distinct = DG_TEMPLATE_UNKNOWN;
    }

    t->first_seen = dg_min(t->first_seen, heard->first_seen);
    t->last_seen = dg_max(t->last_seen, heard->last_seen);

    /* of slots each node goes by its own uses, if it had enough */

    if (t->distinct == DG_TEMPLATE_UNKNOWN) {
        t->distinct = heard->distinct;
    }

    for (i = 0; i < DG_TEMPLATE_WORDS; i++) {
        t->accounts[i] |= heard->accounts[i];
        t->olds[i] |= heard->olds[i];
    }

    for (i = 0; i < DG_TEMPLATE_LEAST && heard->least[i]; i++) {
        dg_template_sample(t, heard->least[i]);
    }
}


unsigned
dg_template_accounts(const dg_template_t *t)
{
    return dg_bits_estimate(dg_bits_set(t->accounts, DG_TEMPLATE_WORDS),
                            DG_TEMPLATE_WORDS * 64);
}


unsigned
dg_template_spread(const dg_template_t *t, uint32_t now)
{
    double    weight;
    uint32_t  distinct;
    unsigned  joined, old;

    if (now - t->first_seen > DG_TEMPLATE_YOUNG) {
        return 0;
    }

    distinct = t->distinct;

    if (distinct == DG_TEMPLATE_UNKNOWN && t->compared >= DG_TEMPLATE_FEW) {
        distinct = dg_template_distinct(t);
    }

    if (distinct == DG_TEMPLATE_UNKNOWN || distinct < DG_TEMPLATE_DISTINCT) {
        return 0;
    }

    joined = dg_bits_set(t->accounts, DG_TEMPLATE_WORDS);
    old = dg_bits_set(t->olds, DG_TEMPLATE_WORDS);

    weight = 1 - 2.0 * old / dg_max(joined, 1);

    return weight <= 0 ? 0
                       : (unsigned) (dg_template_accounts(t) * weight);
}


unsigned
dg_template_overlap(const dg_template_t *one, const dg_template_t *two)
{
    unsigned  i, j, n, both;

    if (one->least[DG_TEMPLATE_LEAST - 1] == 0
        || two->least[DG_TEMPLATE_LEAST - 1] == 0)
    {
        return 0;
    }

    /* of the least of both together, how many are in either? */

    i = 0;
    j = 0;
    both = 0;

    for (n = 0; n < DG_TEMPLATE_LEAST; n++) {

        if (one->least[i] == two->least[j]) {
            both++;
            i++;
            j++;

        } else if (one->least[i] < two->least[j]) {
            i++;

        } else {
            j++;
        }
    }

    return both * 1000 / DG_TEMPLATE_LEAST;
}
