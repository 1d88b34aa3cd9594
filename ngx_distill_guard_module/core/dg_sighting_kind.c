/*
 * Copyright (C) 2026 Distill Guard
 *
 * What is told of each kind of thing, and how what is heard is joined with
 * it.
 */


#include "dg_sighting_kind.h"
#include "dg_pack.h"
#include "dg_watch.h"


/* clocks of nodes may differ by so much: what is later is not believed */
#define DG_SIGHTING_AHEAD    (2 * 3600)

/* flags of a profile, as they are told */
#define DG_SIGHTING_TIED     0x01
#define DG_SIGHTING_OLD      0x02
#define DG_SIGHTING_CROWDED  0x04
#define DG_SIGHTING_RELAYED  0x08
#define DG_SIGHTING_MEMBER   0x10
#define DG_SIGHTING_SURE     0x20


static u_char *dg_sighting_pack_memory(const dg_teller_t *teller,
    const dg_cell_t *cell, u_char *p);
static void dg_sighting_hear_memory(dg_store_t *st, dg_unpack_t *u,
    uint32_t now);
static u_char *dg_sighting_pack_template(const dg_teller_t *teller,
    const dg_cell_t *cell, u_char *p);
static void dg_sighting_hear_template(dg_store_t *st, dg_unpack_t *u,
    uint32_t now);
static u_char *dg_sighting_pack_crowd(const dg_teller_t *teller,
    const dg_cell_t *cell, u_char *p);
static void dg_sighting_hear_crowd(dg_store_t *st, dg_unpack_t *u,
    uint32_t now);
static u_char *dg_sighting_pack_campaign(const dg_teller_t *teller,
    const dg_cell_t *cell, u_char *p);
static void dg_sighting_hear_campaign(dg_store_t *st, dg_unpack_t *u,
    uint32_t now);
static u_char *dg_sighting_pack_profile(const dg_teller_t *teller,
    const dg_cell_t *cell, u_char *p);
static void dg_sighting_hear_profile(dg_store_t *st, dg_unpack_t *u,
    uint32_t now);
static u_char *dg_sighting_pack_tie(const dg_teller_t *teller,
    const dg_cell_t *cell, u_char *p);
static void dg_sighting_hear_tie(dg_store_t *st, dg_unpack_t *u,
    uint32_t now);
static void dg_sighting_id(dg_store_t *st, uint32_t index, uint32_t born,
    dg_id_t *id);


const dg_sighting_kind_t  dg_sightings[DG_SIGHTINGS] = {

    { DG_PARTS, NULL, NULL },

    { DG_PART_RECALL,
      dg_sighting_pack_memory, dg_sighting_hear_memory },

    { DG_PART_TEMPLATES,
      dg_sighting_pack_template, dg_sighting_hear_template },

    { DG_PART_SUBJECTS,
      dg_sighting_pack_crowd, dg_sighting_hear_crowd },

    { DG_PART_CAMPAIGNS,
      dg_sighting_pack_campaign, dg_sighting_hear_campaign },

    { DG_PART_PROFILES,
      dg_sighting_pack_profile, dg_sighting_hear_profile },

    { DG_PART_PROFILES,
      dg_sighting_pack_tie, dg_sighting_hear_tie }
};


/* --- recall --- */

static u_char *
dg_sighting_pack_memory(const dg_teller_t *teller, const dg_cell_t *cell,
    u_char *p)
{
    const dg_memory_t  *m;

    m = (const dg_memory_t *) cell;

    if (m->until <= teller->now) {
        return p;
    }

    p = dg_pack_number(p, cell->kind, 1);
    p = dg_pack_id(p, &cell->id);
    p = dg_pack_id(p, &m->first);
    p = dg_pack_words(p, &m->seen, 1);
    p = dg_pack_number(p, m->until, 4);

    return dg_pack_number(p, m->suspect, 1);
}


static void
dg_sighting_hear_memory(dg_store_t *st, dg_unpack_t *u, uint32_t now)
{
    unsigned     kind;
    dg_memory_t  m;

    kind = (unsigned) dg_unpack_number(u, 1);
    dg_unpack_id(u, &m.cell.id);
    dg_unpack_id(u, &m.first);
    dg_unpack_words(u, &m.seen, 1);
    m.until = (uint32_t) dg_unpack_number(u, 4);
    m.suspect = (uint32_t) dg_unpack_number(u, 1);

    if (u->cut || kind == DG_RECALL_NONE || kind >= DG_RECALLS
        || m.until <= now
        || m.until - now > dg_recall_ttl[kind] + DG_SIGHTING_AHEAD)
    {
        return;
    }

    dg_recall_hear(dg_store_arena(st, DG_PART_RECALL),
                   (dg_recall_kind_t) kind, &m, now);
}


/* --- templates --- */

static u_char *
dg_sighting_pack_template(const dg_teller_t *teller, const dg_cell_t *cell,
    u_char *p)
{
    unsigned              i;
    dg_id_t               id;
    const dg_template_t  *t;

    t = (const dg_template_t *) cell;

    dg_sighting_id(teller->st, t->campaign, t->born, &id);

    p = dg_pack_number(p, cell->id.v[0], 8);
    p = dg_pack_number(p, cell->id.v[1], 1);
    p = dg_pack_number(p, t->first_seen, 4);
    p = dg_pack_number(p, t->last_seen, 4);
    p = dg_pack_number(p, t->distinct, 4);
    p = dg_pack_words(p, t->accounts, DG_TEMPLATE_WORDS);
    p = dg_pack_words(p, t->olds, DG_TEMPLATE_WORDS);

    for (i = 0; i < DG_TEMPLATE_LEAST; i++) {
        p = dg_pack_number(p, t->least[i], 4);
    }

    return dg_pack_id(p, &id);
}


static void
dg_sighting_hear_template(dg_store_t *st, dg_unpack_t *u, uint32_t now)
{
    int             created;
    dg_id_t         id;
    unsigned        i;
    dg_arena_t     *a;
    dg_template_t   heard, *t;
    dg_campaign_t  *c;

    memset(&heard, 0, sizeof(dg_template_t));

    heard.cell.id.v[0] = dg_unpack_number(u, 8);
    heard.cell.id.v[1] = dg_unpack_number(u, 1);
    heard.first_seen = (uint32_t) dg_unpack_number(u, 4);
    heard.last_seen = (uint32_t) dg_unpack_number(u, 4);
    heard.distinct = (uint32_t) dg_unpack_number(u, 4);
    dg_unpack_words(u, heard.accounts, DG_TEMPLATE_WORDS);
    dg_unpack_words(u, heard.olds, DG_TEMPLATE_WORDS);

    for (i = 0; i < DG_TEMPLATE_LEAST; i++) {
        heard.least[i] = (uint32_t) dg_unpack_number(u, 4);
    }

    dg_unpack_id(u, &id);

    if (u->cut || heard.last_seen > now + DG_SIGHTING_AHEAD) {
        return;
    }

    a = dg_store_arena(st, DG_PART_TEMPLATES);

    t = (dg_template_t *) dg_arena_get(a, DG_WATCH_KIND, &heard.cell.id,
                                       &created, NULL, NULL);
    if (t == NULL) {
        return;
    }

    dg_arena_touch(a, &t->cell);
    dg_template_hear(t, &heard);

    if (dg_id_none(&id)
        || dg_campaign_of(dg_store_arena(st, DG_PART_CAMPAIGNS), t->campaign,
                          t->born))
    {
        return;
    }

    c = dg_member_campaign(st, &id, now);

    if (c) {
        t->campaign = dg_arena_index(dg_store_arena(st, DG_PART_CAMPAIGNS),
                                     &c->cell);
        t->born = c->born;
    }
}


/* --- crowds of hosting networks --- */

static u_char *
dg_sighting_pack_crowd(const dg_teller_t *teller, const dg_cell_t *cell,
    u_char *p)
{
    unsigned             i;
    const dg_subject_t  *s;

    s = (const dg_subject_t *) cell;

    if (cell->kind != DG_KIND_ORIGIN || !dg_subject_crowd(s, teller->now)) {
        return p;
    }

    p = dg_pack_id(p, &cell->id);
    p = dg_pack_number(p, s->accepted, 4);

    for (i = 0; i < 2; i++) {
        p = dg_pack_words(p, s->crowd[i], DG_CROWD);
    }

    return p;
}


static void
dg_sighting_hear_crowd(dg_store_t *st, dg_unpack_t *u, uint32_t now)
{
    unsigned        i;
    uint32_t        then;
    uint64_t        crowd[2][DG_CROWD];
    dg_subject_t   *s;
    dg_exchange_t   ex;

    memset(&ex, 0, sizeof(dg_exchange_t));

    dg_unpack_id(u, &ex.ids[DG_KIND_ORIGIN]);
    then = (uint32_t) dg_unpack_number(u, 4);

    for (i = 0; i < 2; i++) {
        dg_unpack_words(u, crowd[i], DG_CROWD);
    }

    if (u->cut || then > now + DG_SIGHTING_AHEAD) {
        return;
    }

    s = dg_store_get(st, &ex, DG_KIND_ORIGIN, (uint64_t) now * 1000);

    if (s) {
        dg_subject_crowd_hear(s, crowd, then);
        dg_store_prove(st, s);
    }
}


/* --- campaigns --- */

static u_char *
dg_sighting_pack_campaign(const dg_teller_t *teller, const dg_cell_t *cell,
    u_char *p)
{
    dg_id_t               into;
    const dg_campaign_t  *c;

    c = (const dg_campaign_t *) cell;

    dg_sighting_id(teller->st, c->into, c->into_born, &into);

    p = dg_pack_id(p, &cell->id);
    p = dg_pack_id(p, &into);
    p = dg_pack_number(p, c->first_seen, 4);
    p = dg_pack_number(p, c->last_seen, 4);
    p = dg_pack_number(p, c->named, 4);
    p = dg_pack_number(p, c->by_origin, 1);
    p = dg_pack_number(p, c->spread, 4);
    p = dg_pack_number(p, c->crowd, 4);
    p = dg_pack_number(p, c->pieces[0], 4);
    p = dg_pack_number(p, c->pieces[1], 4);
    p = dg_pack_number(p, c->score, 4);
    p = dg_pack_number(p, c->scored, 4);
    p = dg_pack_number(p, c->blocked, 4);

    p = dg_pack_number(p, teller->st->node.v[0] ^ teller->st->node.v[1], 8);
    p = dg_pack_number(p, dg_store_outbox(teller->st)->first, 4);
    p = dg_pack_number(p, c->own.counted, 4);
    p = dg_pack_number(p, c->own.uses, 8);
    p = dg_pack_number(p, c->own.squares, 8);
    p = dg_pack_number(p, c->rung, 1);

    return dg_pack_number(p, c->stepped, 4);
}


static void
dg_sighting_hear_campaign(dg_store_t *st, dg_unpack_t *u, uint32_t now)
{
    dg_id_t         into;
    dg_arena_t     *a;
    dg_campaign_t   heard, *c, *other;

    memset(&heard, 0, sizeof(dg_campaign_t));

    dg_unpack_id(u, &heard.cell.id);
    dg_unpack_id(u, &into);
    heard.first_seen = (uint32_t) dg_unpack_number(u, 4);
    heard.last_seen = (uint32_t) dg_unpack_number(u, 4);
    heard.named = (uint32_t) dg_unpack_number(u, 4);
    heard.by_origin = (uint32_t) dg_unpack_number(u, 1);
    heard.spread = (uint32_t) dg_unpack_number(u, 4);
    heard.crowd = (uint32_t) dg_unpack_number(u, 4);
    heard.pieces[0] = (uint32_t) dg_unpack_number(u, 4);
    heard.pieces[1] = (uint32_t) dg_unpack_number(u, 4);
    heard.score = (uint32_t) dg_unpack_number(u, 4);
    heard.scored = (uint32_t) dg_unpack_number(u, 4);
    heard.blocked = (uint32_t) dg_unpack_number(u, 4);
    heard.own.node = dg_unpack_number(u, 8);
    heard.own.stamp = (uint32_t) dg_unpack_number(u, 4);
    heard.own.counted = (uint32_t) dg_unpack_number(u, 4);
    heard.own.uses = dg_unpack_number(u, 8);
    heard.own.squares = dg_unpack_number(u, 8);

    /* nodes of older versions do not tell these */

    if (u->pos != u->last) {
        heard.rung = (uint32_t) dg_unpack_number(u, 1);
        heard.stepped = (uint32_t) dg_unpack_number(u, 4);
    }

    if (u->cut || heard.rung >= DG_VERDICTS
        || heard.stepped > now + DG_SIGHTING_AHEAD
        || heard.last_seen > now + DG_SIGHTING_AHEAD)
    {
        return;
    }

    c = dg_member_campaign(st, &heard.cell.id, now);

    if (c == NULL) {
        return;
    }

    dg_campaign_hear(c, &heard);

    a = dg_store_arena(st, DG_PART_CAMPAIGNS);

    if (!dg_id_none(&into)) {
        other = dg_member_campaign(st, &into, now);

        /* making the one may have evicted the other */

        c = dg_campaign_of(a, dg_arena_index(a, &c->cell), c->born);

        if (other && c && other != c) {
            c = dg_member_merge(st, c, other);
        }
    }

    if (c && c->named) {
        dg_judge_convict(a, &c->cell);
    }
}


/* --- profiles --- */

static u_char *
dg_sighting_pack_profile(const dg_teller_t *teller, const dg_cell_t *cell,
    u_char *p)
{
    unsigned             i, flags;
    dg_id_t              id;
    const dg_profile_t  *profile;

    profile = (const dg_profile_t *) cell;

    dg_sighting_id(teller->st, profile->campaign, profile->born, &id);

    flags = (profile->tied ? DG_SIGHTING_TIED : 0)
            | (profile->old ? DG_SIGHTING_OLD : 0)
            | (profile->crowded ? DG_SIGHTING_CROWDED : 0)
            | (profile->relayed ? DG_SIGHTING_RELAYED : 0)
            | (profile->sure ? DG_SIGHTING_SURE : 0);

    if (dg_member_seen(teller->st, profile, teller->now)) {
        flags |= DG_SIGHTING_MEMBER;
    }

    p = dg_pack_id(p, &cell->id);
    p = dg_pack_number(p, profile->first_seen, 4);
    p = dg_pack_number(p, profile->last_seen, 4);
    p = dg_pack_number(p, profile->day, 4);
    p = dg_pack_number(p, profile->hour, 4);
    p = dg_pack_number(p, profile->slot, 4);
    p = dg_pack_words(p, &profile->activity, 1);
    p = dg_pack_words(p, profile->networks, 2);

    for (i = 0; i < 2; i++) {
        p = dg_pack_number(p, profile->hosts[i], 4);
    }

    for (i = 0; i < DG_TIES; i++) {
        p = dg_pack_words(p, profile->ties[i], 2);
    }

    p = dg_pack_id(p, &id);
    p = dg_pack_number(p, profile->joined, 4);

    return dg_pack_number(p, flags, 1);
}


static void
dg_sighting_hear_profile(dg_store_t *st, dg_unpack_t *u, uint32_t now)
{
    unsigned        i, flags;
    dg_id_t         id;
    dg_profile_t    heard, *p;
    dg_campaign_t  *c;

    memset(&heard, 0, sizeof(dg_profile_t));

    dg_unpack_id(u, &heard.cell.id);
    heard.first_seen = (uint32_t) dg_unpack_number(u, 4);
    heard.last_seen = (uint32_t) dg_unpack_number(u, 4);
    heard.day = (uint32_t) dg_unpack_number(u, 4);
    heard.hour = (uint32_t) dg_unpack_number(u, 4);
    heard.slot = (uint32_t) dg_unpack_number(u, 4);
    dg_unpack_words(u, &heard.activity, 1);
    dg_unpack_words(u, heard.networks, 2);

    for (i = 0; i < 2; i++) {
        heard.hosts[i] = (uint32_t) dg_unpack_number(u, 4);
    }

    for (i = 0; i < DG_TIES; i++) {
        dg_unpack_words(u, heard.ties[i], 2);
    }

    dg_unpack_id(u, &id);
    heard.joined = (uint32_t) dg_unpack_number(u, 4);
    flags = (unsigned) dg_unpack_number(u, 1);

    if (u->cut || dg_id_none(&heard.cell.id)
        || heard.last_seen > now + DG_SIGHTING_AHEAD)
    {
        return;
    }

    heard.tied = (flags & DG_SIGHTING_TIED) != 0;
    heard.old = (flags & DG_SIGHTING_OLD) != 0;
    heard.crowded = (flags & DG_SIGHTING_CROWDED) != 0;
    heard.relayed = (flags & DG_SIGHTING_RELAYED) != 0;
    heard.sure = (flags & DG_SIGHTING_SURE) != 0;
    heard.vouched = (flags & DG_SIGHTING_MEMBER) != 0;

    /* a campaign may have to be made, which may not evict profiles */

    c = dg_id_none(&id) ? NULL : dg_member_campaign(st, &id, now);
    p = dg_watch_profile(st, &heard.cell.id, now);

    if (p == NULL) {
        return;
    }

    dg_profile_hear(p, &heard);

    if (c || dg_id_none(&id)) {
        dg_member_hear(st, c, p, &heard, now);
    }
}


/* --- ties --- */

static u_char *
dg_sighting_pack_tie(const dg_teller_t *teller, const dg_cell_t *cell,
    u_char *p)
{
    uint32_t           index;
    dg_arena_t        *a;
    const dg_cell_t   *other;

    a = dg_store_arena(teller->st, DG_PART_PROFILES);
    index = teller->told->other >> 1;

    if (index == DG_NIL || index > a->fresh) {
        return p;
    }

    other = dg_arena_cell(a, index);

    if (other->kind == 0) {
        return p;
    }

    p = dg_pack_number(p, teller->told->other & 1, 1);
    p = dg_pack_id(p, &cell->id);
    p = dg_pack_id(p, &other->id);

    return dg_pack_number(p, teller->now, 4);
}


static void
dg_sighting_hear_tie(dg_store_t *st, dg_unpack_t *u, uint32_t now)
{
    dg_id_t        one, other;
    uint32_t       then;
    unsigned       tie;
    dg_profile_t  *p, *q;

    tie = (unsigned) dg_unpack_number(u, 1);
    dg_unpack_id(u, &one);
    dg_unpack_id(u, &other);
    then = (uint32_t) dg_unpack_number(u, 4);

    if (u->cut || tie >= DG_TIES || dg_id_none(&one) || dg_id_none(&other)
        || then > now + DG_SIGHTING_AHEAD || then + 86400 < now)
    {
        return;
    }

    p = dg_store_profile(st, &one);
    q = dg_store_profile(st, &other);

    /* what has come of it only this node knows */

    if (p && q && p != q
        && dg_tie_accounts(st, (dg_tie_t) tie, p, q, now))
    {
        dg_sighting_tell(st, DG_SIGHTING_PROFILE, &p->cell);
        dg_sighting_tell(st, DG_SIGHTING_PROFILE, &q->cell);
    }
}


/* of the campaign that it is by now; "none" if there is none */

static void
dg_sighting_id(dg_store_t *st, uint32_t index, uint32_t born, dg_id_t *id)
{
    const dg_campaign_t  *c;

    c = dg_campaign_of(dg_store_arena(st, DG_PART_CAMPAIGNS), index, born);

    if (c) {
        *id = c->cell.id;

    } else {
        memset(id, 0, sizeof(dg_id_t));
    }
}
