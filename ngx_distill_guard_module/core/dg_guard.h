/*
 * Copyright (C) 2026 Distill Guard
 *
 * What is made of an exchange as it goes by, for whoever drives one: nginx,
 * which has it in pieces as they arrive, and the replay of a trace.
 *
 *     dg_dialect_match()    which API it is
 *     dg_identity_...()     who asks
 *     dg_store_admit()      may it pass, by what is known so far
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
#include "dg_store.h"


/* the client left before there was an answer, in nginx's own number */
#define DG_STATUS_LEFT  499


/*
 * The body has been read, to its end; not for a request without a body.
 * With enforce 0 a refusal is only counted.
 */
void dg_guard_body(dg_store_t *st, dg_exchange_t *ex,
    const dg_limit_t *limits, size_t nlimits, int enforce,
    const dg_request_facts_t *rq, uint64_t now_ms, dg_shared_t *shared,
    dg_decision_t *decision);

/*
 * The exchange has ended, however it did; once, also for one that was
 * refused: its status and its usage are none.  left is set if the client
 * went before the answer: that has made the upstream work all the same.
 */
void dg_guard_end(dg_store_t *st, dg_exchange_t *ex, const dg_end_t *end,
    unsigned left, const dg_usage_t *usage, const dg_request_facts_t *rq,
    const dg_response_facts_t *rs, uint64_t now_ms);


#endif /* _DG_GUARD_H_INCLUDED_ */
