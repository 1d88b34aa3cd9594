/*
 * Copyright (C) 2026 Distill Guard
 *
 * When a cohort is a campaign.
 */


#include "dg_watch.h"
#include "dg_bits.h"
#include "dg_step.h"


static void dg_judge_name(dg_store_t *st, const dg_watch_t *w,
    dg_campaign_t *c, const dg_score_t *score);
static unsigned dg_judge_named(const dg_policy_t *policy);
static unsigned dg_judge_synchrony(dg_store_t *st, const dg_campaign_t *c);
static double dg_judge_overlap(const dg_profile_t *one,
    const dg_profile_t *two);


void
dg_judge(dg_store_t *st, const dg_watch_t *w, dg_campaign_t *c)
{
    unsigned    before;
    dg_score_t  score;
    dg_sight_t  sight;

    c->synchrony = dg_judge_synchrony(st, c);

    memset(&sight, 0, sizeof(dg_sight_t));

    sight.campaign = c;
    sight.now = w->now;

    dg_signals_score(w->policy->signals, &sight, &score);
    before = c->score;
    dg_campaign_scored(c, score.score, w->now);

    if (c->named == 0) {
        dg_judge_name(st, w, c, &score);

    } else if (c->score != before) {
        dg_sighting_tell(st, DG_SIGHTING_CAMPAIGN, &c->cell);
    }

    if (c->named) {
        dg_step_campaign(st, w->policy, c, &score, 0, w->ex->dry, w->now);
    }
}


static void
dg_judge_name(dg_store_t *st, const dg_watch_t *w, dg_campaign_t *c,
    const dg_score_t *score)
{
    unsigned  i, families, need;

    families = 0;

    for (i = 0; i < DG_FAMILIES; i++) {
        families += (score->families[i] >= DG_FAMILY_LEAST);
    }

    if (score->families[DG_FAMILY_LINKAGE] < DG_FAMILY_LEAST
        || (families < 2 && c->tied <= DG_WATCH_TIES))
    {
        return;
    }

    need = dg_judge_named(w->policy);

    if (need && score->score >= need) {
        c->named = w->now;
        c->by_origin = (c->tied <= DG_WATCH_TIES
                        && score->families[DG_FAMILY_COHORT]
                           < DG_FAMILY_LEAST);
        dg_judge_convict(dg_store_arena(st, DG_PART_CAMPAIGNS), &c->cell);
        dg_sighting_tell(st, DG_SIGHTING_CAMPAIGN, &c->cell);
    }
}


/* the score of throttle, or else of what there is; 0: never */

static unsigned
dg_judge_named(const dg_policy_t *policy)
{
    unsigned  i, score;

    static const dg_action_id_t  order[] = {
        DG_ACTION_THROTTLE, DG_ACTION_BLOCK, DG_ACTION_PACE, DG_ACTION_TAG
    };

    for (i = 0; i < dg_nelts(order); i++) {
        score = policy->actions[order[i]].score;

        if (score) {
            return score;
        }
    }

    return 0;
}


void
dg_judge_convict(dg_arena_t *a, dg_cell_t *cell)
{
    if (a->queue[DG_CONVICTED].n < a->ncells / 2) {
        dg_arena_move(a, cell, DG_CONVICTED);
    }
}


/*
 * Of some members, how much more of their active times is the same than
 * chance would have it, on the mean and in thousandths.
 */

static unsigned
dg_judge_synchrony(dg_store_t *st, const dg_campaign_t *c)
{
    double         sum;
    unsigned       i, k, n, pairs;
    dg_arena_t    *a;
    dg_profile_t  *p[DG_CAMPAIGN_SAMPLE];

    a = dg_store_arena(st, DG_PART_PROFILES);
    n = 0;

    for (i = 0; i < DG_CAMPAIGN_SAMPLE; i++) {

        if (c->sample[i] == DG_NIL || c->sample[i] > a->fresh) {
            continue;
        }

        p[n] = (dg_profile_t *) dg_arena_cell(a, c->sample[i]);

        if (p[n]->cell.kind) {
            n++;
        }
    }

    sum = 0;
    pairs = 0;

    for (i = 0; i < n; i++) {
        for (k = i + 1; k < n; k++) {
            sum += dg_judge_overlap(p[i], p[k]);
            pairs++;
        }
    }

    return pairs ? (unsigned) (sum * 1000 / pairs) : 0;
}


/* 1: the same times; 0: no more than chance, or too few to tell */

static double
dg_judge_overlap(const dg_profile_t *one, const dg_profile_t *two)
{
    double    chance, both, n, m;
    uint64_t  a, b;
    uint32_t  slot;

    slot = dg_max(one->slot, two->slot);

    if (slot - one->slot >= 32 || slot - two->slot >= 32) {
        return 0;
    }

    a = one->activity << (slot - one->slot);
    b = two->activity << (slot - two->slot);

    n = dg_bits_set(&a, 1);
    m = dg_bits_set(&b, 1);

    if (n < DG_PROFILE_FEWEST || m < DG_PROFILE_FEWEST
        || n > DG_PROFILE_MOST || m > DG_PROFILE_MOST)
    {
        return 0;
    }

    a &= b;
    both = dg_bits_set(&a, 1);
    chance = n * m / 64;

    return dg_max((both - chance) / (dg_min(n, m) - chance), 0.0);
}
