/*
 * Copyright (C) 2026 Distill Guard
 *
 * How somebody stands, as JSON for whoever asks why.
 */


#ifndef _DG_STANDING_H_INCLUDED_
#define _DG_STANDING_H_INCLUDED_


#include "dg_core.h"
#include "dg_guard.h"
#include "dg_sheet.h"


/*
 * "standing", "score" and "families"; then "signals": those that give points,
 * or all of them and what they are by the policy.
 */
void dg_standing_write(dg_sheet_t *s, const dg_standing_t *standing,
    const dg_policy_t *policy, unsigned all);

/* a decision of an operator under a name; null if there is none */
void dg_standing_ruling(dg_sheet_t *s, const char *name,
    const dg_ruled_t *ruled);

/* the sums of a window, counter by counter, under a name */
void dg_standing_totals(dg_sheet_t *s, const char *name,
    const uint64_t totals[DG_COUNTERS]);


#endif /* _DG_STANDING_H_INCLUDED_ */
