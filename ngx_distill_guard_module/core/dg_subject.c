/*
 * Copyright (C) 2026 Distill Guard
 */


#include "dg_subject.h"
#include "dg_bits.h"
#include "dg_hash.h"
#include "dg_print.h"


const dg_str_t  dg_kinds[DG_NAMED_KINDS] = {
    dg_string("none"),
    dg_string("key"),
    dg_string("account"),
    dg_string("origin"),
    dg_string("asn"),
    dg_string("campaign"),
    dg_string("client")
};


static dg_held_t *dg_subject_epoch(dg_subject_t *s, uint64_t then_ms,
    uint64_t now_ms);
static uint16_t dg_subject_front(uint16_t bits, unsigned i);
static void dg_subject_crowd_turn(dg_subject_t *s, uint32_t day);
static int dg_subject_parse_asn(dg_id_t *id, const u_char *p, size_t len);


void
dg_subject_hold(dg_subject_t *s, const dg_held_t *held, uint64_t then_ms,
    uint64_t now_ms)
{
    dg_held_t  *h;

    h = dg_subject_epoch(s, then_ms, now_ms);

    if (h == NULL) {
        return;
    }

    h->input = dg_add(h->input, held->input);
    h->output = dg_add(h->output, held->output);
    h->exchanges = dg_add(h->exchanges, held->exchanges);
}


void
dg_subject_release(dg_subject_t *s, const dg_held_t *held, uint64_t then_ms,
    uint64_t now_ms)
{
    dg_held_t  *h;

    h = dg_subject_epoch(s, then_ms, now_ms);

    if (h == NULL) {
        return;
    }

    h->input = dg_sub(h->input, held->input);
    h->output = dg_sub(h->output, held->output);
    h->exchanges = dg_sub(h->exchanges, held->exchanges);
}


void
dg_subject_held(const dg_subject_t *s, dg_held_t *held, uint64_t now_ms)
{
    uint64_t  epoch;
    unsigned  i;

    memset(held, 0, sizeof(dg_held_t));

    epoch = now_ms / 1000 / DG_HELD_EPOCH;

    /* held[0] counts for one epoch more, held[1] for none */

    for (i = 0; i < 2 && epoch + i <= (uint64_t) s->held_epoch + 1; i++) {
        held->input = dg_add(held->input, s->held[i].input);
        held->output = dg_add(held->output, s->held[i].output);
        held->exchanges = dg_add(held->exchanges, s->held[i].exchanges);
    }
}


unsigned
dg_subject_origin(dg_subject_t *s, const dg_id_t *origin, uint64_t now_ms)
{
    unsigned  i, lost;

    if (now_ms / 1000 / 86400 > s->accepted / 86400) {
        s->origins_told = 0;
    }

    for (i = 0; i < DG_ORIGINS; i++) {
        if (dg_id_equal(&s->origin[i], origin)) {
            break;
        }
    }

    lost = 0;

    if (i == DG_ORIGINS) {
        i--;
        lost = (unsigned) s->origins_unsent >> i & 1;

        s->origins_unsent &= (uint16_t) ~(1u << i);
        s->origins_told &= (uint16_t) ~(1u << i);
    }

    s->origins_unsent = dg_subject_front(s->origins_unsent, i);
    s->origins_told = dg_subject_front(s->origins_told, i);

    memmove(&s->origin[1], &s->origin[0], i * sizeof(dg_id_t));
    s->origin[0] = *origin;

    if (!(s->origins_told & 1)) {
        s->origins_unsent |= 1;
    }

    return lost;
}


int
dg_subject_crowd_add(dg_subject_t *s, const dg_id_t *account,
    uint64_t now_ms)
{
    dg_subject_crowd_turn(s, (uint32_t) (now_ms / 1000 / 86400));

    return dg_bits_add(s->crowd[0], DG_CROWD, account->v[1]);
}


void
dg_subject_crowd_hear(dg_subject_t *s, const uint64_t crowd[2][DG_CROWD],
    uint32_t then)
{
    uint32_t  day, mine;
    unsigned  i, k;

    day = then / 86400;

    dg_subject_crowd_turn(s, day);
    s->accepted = dg_max(s->accepted, then);

    mine = s->accepted / 86400;

    for (k = 0; k < 2 && mine - day + k < 2; k++) {
        for (i = 0; i < DG_CROWD; i++) {
            s->crowd[mine - day + k][i] |= crowd[k][i];
        }
    }
}


static void
dg_subject_crowd_turn(dg_subject_t *s, uint32_t day)
{
    uint32_t  before;

    before = s->accepted / 86400;

    if (day <= before) {
        return;
    }

    if (day == before + 1) {
        memcpy(s->crowd[1], s->crowd[0], sizeof(s->crowd[0]));

    } else {
        memset(s->crowd[1], 0, sizeof(s->crowd[1]));
    }

    memset(s->crowd[0], 0, sizeof(s->crowd[0]));
}


unsigned
dg_subject_crowd(const dg_subject_t *s, uint32_t now)
{
    uint32_t  day, then;
    unsigned  today, before;

    day = now / 86400;
    then = s->accepted / 86400;

    if (day > then + 1) {
        return 0;
    }

    today = dg_bits_set(s->crowd[0], DG_CROWD);
    before = (day == then) ? dg_bits_set(s->crowd[1], DG_CROWD) : 0;

    return dg_bits_estimate(dg_max(today, before), DG_CROWD * 64);
}


void
dg_asn_id(dg_id_t *id, uint32_t asn)
{
    id->v[0] = 0;
    id->v[1] = asn;
}


u_char *
dg_subject_text(u_char *p, unsigned kind, const dg_id_t *id)
{
    switch (kind) {

    case DG_KIND_ORIGIN:
        return dg_origin_text(p, id);

    case DG_KIND_ASN:
        return dg_print_u64(p, id->v[1]);

    default:
        return dg_id_text(p, id);
    }
}


int
dg_subject_parse(dg_id_t *id, unsigned kind, const u_char *p, size_t len)
{
    switch (kind) {

    case DG_KIND_KEY:
    case DG_KIND_ACCOUNT:
    case DG_KIND_CAMPAIGN:
    case DG_KIND_CLIENT:

        if (dg_id_parse(id, p, len) != DG_OK || dg_id_none(id)) {
            return DG_ERROR;
        }

        return DG_OK;

    case DG_KIND_ORIGIN:
        return dg_origin_parse(id, p, len);

    case DG_KIND_ASN:
        return dg_subject_parse_asn(id, p, len);

    default:
        return DG_ERROR;
    }
}


/* where an exchange admitted at then_ms holds; NULL if that is forgotten */

static dg_held_t *
dg_subject_epoch(dg_subject_t *s, uint64_t then_ms, uint64_t now_ms)
{
    uint32_t  epoch, then;

    then = (uint32_t) (then_ms / 1000 / DG_HELD_EPOCH);
    epoch = (uint32_t) (now_ms / 1000 / DG_HELD_EPOCH);
    epoch = dg_max(epoch, then);

    if (epoch > s->held_epoch) {

        if (epoch == s->held_epoch + 1) {
            s->held[1] = s->held[0];

        } else {
            memset(&s->held[1], 0, sizeof(dg_held_t));
        }

        memset(&s->held[0], 0, sizeof(dg_held_t));
        s->held_epoch = epoch;
    }

    if (then == s->held_epoch) {
        return &s->held[0];
    }

    if (then + 1 == s->held_epoch) {
        return &s->held[1];
    }

    return NULL;
}


/* moves bit i to the front, as origin[i] is */

static uint16_t
dg_subject_front(uint16_t bits, unsigned i)
{
    unsigned  bit, before, behind;

    bit = (unsigned) bits >> i & 1;
    before = bits & ((1u << i) - 1);
    behind = bits & ~((2u << i) - 1);

    return (uint16_t) (behind | before << 1 | bit);
}


static int
dg_subject_parse_asn(dg_id_t *id, const u_char *p, size_t len)
{
    size_t    i;
    uint64_t  n;

    if (len == 0 || len > 10 || p[0] == '0') {
        return DG_ERROR;
    }

    n = 0;

    for (i = 0; i < len; i++) {

        if (p[i] < '0' || p[i] > '9') {
            return DG_ERROR;
        }

        n = n * 10 + (uint64_t) (p[i] - '0');
    }

    if (n > UINT32_MAX) {
        return DG_ERROR;
    }

    dg_asn_id(id, (uint32_t) n);

    return DG_OK;
}
