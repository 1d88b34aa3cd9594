/*
 * Copyright (C) 2026 Distill Guard
 *
 * What is made of an exchange as it goes by, for whoever drives one: nginx,
 * which has it in pieces as they arrive, and the replay of a trace.
 *
 *     dg_dialect_match()    which API it is
 *     dg_identity_...()     who asks
 *     dg_guard_head()       may it pass, by what is known so far
 *     dg_request_...()      what is asked
 *     dg_guard_body()       may it pass, now that this is known
 *     dg_response_...()     what is answered
 *     dg_guard_end()        what that comes to
 *
 * Locking is the caller's.
 */


#ifndef _DG_GUARD_H_INCLUDED_
#define _DG_GUARD_H_INCLUDED_


#include "dg_core.h"
#include "dg_facts.h"
#include "dg_limit.h"
#include "dg_policy.h"
#include "dg_store.h"


/* the client left before there was an answer, in nginx's own number */
#define DG_STATUS_LEFT  499


/* by what an exchange is judged; no policy: it is exempt */

typedef struct {
    const dg_policy_t   *policy;
    const dg_limit_t    *limits;
    size_t               nlimits;
    unsigned             enforce:1;  /* else what would be refused passes, and
                                        is counted */
} dg_rules_t;


/* what is known of whoever asks, and of what it belongs to */

typedef struct {
    dg_score_t           score;
    dg_id_t              campaign;   /* that it belongs to; or none */
    dg_id_t              template;   /* that others use, too; or none */
    unsigned             pace;       /* output tokens a second, of DG_PACE */
    dg_ruling_found_t    ruling;
} dg_finding_t;


/*
 * Whoever asks is known.  The caller has set ex->ids, ex->client, ex->hosting
 * and ex->relay.  As dg_store_admit(), and whatever stands against the
 * account.
 *
 * What an operator has decided goes before all rules: who is blocked is
 * refused, who is allowed is neither limited nor judged, only counted.
 */
void dg_guard_head(dg_store_t *st, dg_exchange_t *ex,
    const dg_rules_t *rules, uint64_t now_ms, dg_finding_t *finding,
    dg_decision_t *decision);

/*
 * The body has been read, to its end; not for a request without a body.
 * finding is that of the head, and is added to.  The decision is the body's
 * alone: whoever has both keeps the greater verdict.
 */
void dg_guard_body(dg_store_t *st, dg_exchange_t *ex,
    const dg_rules_t *rules, const dg_request_facts_t *rq, uint64_t now_ms,
    dg_shared_t *shared, dg_finding_t *finding, dg_decision_t *decision);

/*
 * The exchange has ended, however it did; once, also for one that was
 * refused: its status and its usage are none.  left is set if the client
 * went before the answer: that has made the upstream work all the same.
 */
void dg_guard_end(dg_store_t *st, dg_exchange_t *ex,
    const dg_rules_t *rules, const dg_end_t *end, unsigned left,
    const dg_usage_t *usage, const dg_request_facts_t *rq,
    const dg_response_facts_t *rs, const dg_shared_t *shared,
    uint64_t now_ms);


/*
 * What the signals see of whoever asks, as of now, and of its cohort, which
 * need not be a campaign; changes nothing.
 */
void dg_guard_sight(dg_store_t *st, const dg_exchange_t *ex, uint64_t now_ms,
    dg_sight_t *sight);


/*
 * How an account, or else its key, stands: what would be found of it if it
 * asked now, before its body is read.  The values are those of all signals,
 * negative where one cannot be told.  Or how a campaign stands by itself.
 * Changes nothing; decisions of operators are not looked at, but that it is
 * of no campaign.
 */

typedef struct {
    dg_score_t           score;
    double               values[DG_SIGNALS];
    unsigned             attention;  /* 0: none; 1: may be slowed; 2: may be
                                        refused */
    dg_verdict_id_t      verdict;    /* of the ladder; DG_THROTTLE: requests
                                        beyond limit are refused */
    unsigned             pace;       /* output tokens a second; 0: as ever */
    dg_limit_t           limit;      /* n is 0: none */
    uint64_t             used;       /* of it */
    uint32_t             until;      /* of a block, Unix seconds; 0: none */
} dg_standing_t;

void dg_guard_stand_account(dg_store_t *st, const dg_id_t *account,
    const dg_policy_t *policy, uint64_t now_ms, dg_standing_t *standing);
void dg_guard_stand_campaign(dg_store_t *st, const dg_campaign_t *c,
    const dg_policy_t *policy, uint64_t now_ms, dg_standing_t *standing);


/*
 * Campaigns as they stand: calls back with each that has a name, and with
 * each of its accounts.  account is NULL for the campaign itself.
 */
typedef void (*dg_guard_list_pt)(void *ctx, const dg_campaign_t *campaign,
    const dg_id_t *account);

void dg_guard_list(dg_store_t *st, uint64_t now_ms, dg_guard_list_pt each,
    void *ctx);


#endif /* _DG_GUARD_H_INCLUDED_ */
