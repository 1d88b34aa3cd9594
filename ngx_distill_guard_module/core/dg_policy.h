/*
 * Copyright (C) 2026 Distill Guard
 *
 * What is done at which score: the ladder.
 *
 *     tag       the upstream is told the score and the campaign
 *     pace      the answer is let through at so many output tokens a second
 *     throttle  so many requests for the campaign as a whole, or for the
 *               account if it is in none
 *     block     nothing, for a time
 *
 * One family of signals is enough for tag and pace only where one of them is
 * at its hard value; for more it takes two families or a campaign, and for
 * block a campaign and DG_BLOCK_LINKAGE points of linkage.
 */


#ifndef _DG_POLICY_H_INCLUDED_
#define _DG_POLICY_H_INCLUDED_


#include "dg_core.h"
#include "dg_conf.h"
#include "dg_limit.h"
#include "dg_signal.h"


#define DG_BLOCK_LINKAGE  40

#define DG_SCORE_MAX      155    /* all caps together */

/* the greatest pace, output tokens a second, and the longest block */
#define DG_PACE_MAX       1000000
#define DG_BLOCK_MAX      (365 * 86400)


typedef enum {
    DG_ACTION_TAG = 0,
    DG_ACTION_PACE,
    DG_ACTION_THROTTLE,
    DG_ACTION_BLOCK,
    DG_ACTIONS
} dg_action_id_t;


typedef struct {
    unsigned       score;        /* from which on; 0: never */
    unsigned       pace;         /* of DG_ACTION_PACE */
    dg_limit_t     limit;        /* of DG_ACTION_THROTTLE: metric, n, period;
                                    its kind is DG_KIND_CAMPAIGN */
    uint32_t       seconds;      /* of DG_ACTION_BLOCK */
} dg_action_t;


typedef struct {
    dg_signal_t    signals[DG_SIGNALS];
    dg_action_t    actions[DG_ACTIONS];

    /* what directives have set; private: see dg_policy.c */
    uint8_t        signal_said[DG_SIGNALS];
    uint8_t        action_said[DG_ACTIONS];
} dg_policy_t;


extern const dg_str_t  dg_actions[DG_ACTIONS];   /* "tag", ... */


/* the defaults: as in docs/directives.md */
void dg_policy_init(dg_policy_t *policy);

/*
 * The words of "distill_guard_signal" and "distill_guard_action", the name
 * of the directive first; what they do not say keeps its value.  A signal or
 * an action may be there but once.  DG_ERROR and a whole sentence.
 */
int dg_policy_signal(dg_policy_t *policy, const dg_str_t *words, unsigned n,
    char error[DG_CONF_ERROR]);
int dg_policy_action(dg_policy_t *policy, const dg_str_t *words, unsigned n,
    char error[DG_CONF_ERROR]);

/* what the directives of a level do not say is as on the level above */
void dg_policy_inherit(dg_policy_t *policy, const dg_policy_t *above);

/* when all is said: DG_ERROR and what cannot be meant */
int dg_policy_check(const dg_policy_t *policy, char error[DG_CONF_ERROR]);


#endif /* _DG_POLICY_H_INCLUDED_ */
