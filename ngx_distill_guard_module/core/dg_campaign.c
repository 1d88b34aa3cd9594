/*
 * Copyright (C) 2026 Distill Guard
 */


#include "dg_campaign.h"
#include "dg_profile.h"
#include "dg_window.h"


/* what it takes to speak of evenness: members, and uses of each */

#define DG_CAMPAIGN_MEMBERS  50
#define DG_CAMPAIGN_USES     8

/* of one member so many count, and these times the mean: or else a single
   one that somebody has for himself would hide how evenly all others are
   used */

#define DG_CAMPAIGN_MOST     4
#define DG_CAMPAIGN_TIMES    2

/* merges lead to ever smaller ids, but what is damaged might lead in circles */

#define DG_CAMPAIGN_DEPTH    64


static void dg_campaign_hear_sums(dg_campaign_t *c,
    const dg_campaign_sums_t *heard);


dg_campaign_t *
dg_campaign_at(dg_arena_t *a, uint32_t index, uint32_t born)
{
    dg_campaign_t  *c;

    if (index == DG_NIL || index > a->fresh) {
        return NULL;
    }

    c = (dg_campaign_t *) dg_arena_cell(a, index);

    return (c->cell.kind != 0 && c->born == born) ? c : NULL;
}


dg_campaign_t *
dg_campaign_of(dg_arena_t *a, uint32_t index, uint32_t born)
{
    unsigned        i;
    dg_campaign_t  *c;

    c = dg_campaign_at(a, index, born);

    for (i = 0; c && c->into != DG_NIL; i++) {

        if (i == DG_CAMPAIGN_DEPTH) {
            return NULL;
        }

        c = dg_campaign_at(a, c->into, c->into_born);
    }

    return c;
}


dg_campaign_t *
dg_campaign_merge(dg_arena_t *a, dg_campaign_t *one, dg_campaign_t *two)
{
    unsigned        i;
    dg_campaign_t  *stays, *goes;

    stays = dg_id_less(&one->cell.id, &two->cell.id) ? one : two;
    goes = (stays == one) ? two : one;

    stays->first_seen = dg_min(stays->first_seen, goes->first_seen);
    stays->last_seen = dg_max(stays->last_seen, goes->last_seen);

    if (goes->named && (stays->named == 0 || goes->named < stays->named)) {
        stays->named = goes->named;
    }

    stays->by_origin |= goes->by_origin;
    stays->accounts += goes->accounts;
    stays->tied += goes->tied;
    stays->crowded += goes->crowded;
    stays->relayed += goes->relayed;
    stays->old += goes->old;
    stays->sure += goes->sure;
    stays->crowd = dg_max(stays->crowd, goes->crowd);
    stays->own.counted += goes->own.counted;
    stays->own.uses = dg_add(stays->own.uses, goes->own.uses);
    stays->own.squares = dg_add(stays->own.squares, goes->own.squares);
    stays->held += goes->held;

    for (i = 0; i < dg_nelts(stays->pieces); i++) {
        stays->pieces[i] += goes->pieces[i];
    }

    if (goes->spread > stays->spread) {
        stays->spread = goes->spread;
        stays->widest = goes->widest;
    }

    if (goes->hour == stays->hour) {
        stays->grown += goes->grown;
    }

    if (goes->score > stays->score) {
        stays->score = goes->score;
        stays->scored = goes->scored;
    }

    stays->blocked = dg_max(stays->blocked, goes->blocked);
    stays->rung = dg_max(stays->rung, goes->rung);
    stays->stepped = dg_max(stays->stepped, goes->stepped);
    stays->nears = 0;

    /* the conviction is the one's that stays */

    if (goes->cell.segment == DG_CONVICTED) {
        dg_arena_move(a, &goes->cell, DG_PROVEN);
        dg_arena_move(a, &stays->cell, DG_CONVICTED);
    }

    goes->into = dg_arena_index(a, &stays->cell);
    goes->into_born = stays->born;

    return stays;
}


void
dg_campaign_hear(dg_campaign_t *c, const dg_campaign_t *heard)
{
    unsigned  i;

    c->first_seen = dg_min(c->first_seen, heard->first_seen);
    c->last_seen = dg_max(c->last_seen, heard->last_seen);

    if (heard->named && (c->named == 0 || heard->named < c->named)) {
        c->named = heard->named;
    }

    c->by_origin |= heard->by_origin;
    c->spread = dg_max(c->spread, heard->spread);
    c->crowd = dg_max(c->crowd, heard->crowd);

    for (i = 0; i < dg_nelts(c->pieces); i++) {
        c->pieces[i] = dg_max(c->pieces[i], heard->pieces[i]);
    }

    if (heard->score > c->score
        || (heard->score == c->score && heard->scored > c->scored))
    {
        c->score = heard->score;
        c->scored = heard->scored;
    }

    c->blocked = dg_max(c->blocked, heard->blocked);

    /* of two steps the later counts, and of two at a time the higher */

    if (heard->stepped > c->stepped) {
        c->rung = heard->rung;
        c->stepped = heard->stepped;

    } else if (heard->stepped == c->stepped) {
        c->rung = dg_max(c->rung, heard->rung);
    }

    dg_campaign_hear_sums(c, &heard->own);
}


/* where there are more nodes, those count that have seen the most members */

static void
dg_campaign_hear_sums(dg_campaign_t *c, const dg_campaign_sums_t *heard)
{
    unsigned             i;
    dg_campaign_sums_t  *least;

    least = &c->others[0];

    for (i = 0; i < DG_CAMPAIGN_NODES; i++) {

        if (c->others[i].node == heard->node) {

            if ((int32_t) (heard->stamp - c->others[i].stamp) > 0) {
                c->others[i] = *heard;
            }

            return;
        }

        if (c->others[i].counted < least->counted) {
            least = &c->others[i];
        }
    }

    if (heard->counted > least->counted) {
        *least = *heard;
    }
}


uint32_t
dg_campaign_most(const dg_campaign_t *c)
{
    return DG_CAMPAIGN_MOST
           + (uint32_t) (DG_CAMPAIGN_TIMES * c->own.uses
                         / dg_max(c->own.counted, 1));
}


void
dg_campaign_use(dg_campaign_t *c, uint32_t before, uint32_t uses)
{
    c->own.counted += (before == 0);
    c->own.uses = dg_add(dg_sub(c->own.uses, before), uses);
    c->own.squares = dg_add(dg_sub(c->own.squares,
                                   (uint64_t) before * before),
                            (uint64_t) uses * uses);
}


void
dg_campaign_leave(dg_campaign_t *c, uint32_t uses)
{
    if (c->accounts) {
        c->accounts--;
    }

    c->own.counted -= dg_min(c->own.counted, (uses != 0));
    c->own.uses = dg_sub(c->own.uses, uses);
    c->own.squares = dg_sub(c->own.squares, (uint64_t) uses * uses);
}


double
dg_campaign_balance(const dg_campaign_t *c)
{
    double    n, mean, uses, squares;
    unsigned  i;

    n = c->own.counted;
    uses = (double) c->own.uses;
    squares = (double) c->own.squares;

    for (i = 0; i < DG_CAMPAIGN_NODES; i++) {
        n += c->others[i].counted;
        uses += (double) c->others[i].uses;
        squares += (double) c->others[i].squares;
    }

    if (dg_min(n, c->accounts) < DG_CAMPAIGN_MEMBERS
        || uses < n * DG_CAMPAIGN_USES)
    {
        return -1;
    }

    mean = uses / n;

    return dg_max(squares / n / mean - mean, 0.0);
}


void
dg_campaign_scored(dg_campaign_t *c, unsigned score, uint32_t now)
{
    if (score >= dg_campaign_score(c, now)) {
        c->score = score;
        c->scored = now;
    }
}


unsigned
dg_campaign_score(const dg_campaign_t *c, uint32_t now)
{
    return dg_score_decayed(c->score, c->scored, now, DG_CAMPAIGN_HALF);
}
