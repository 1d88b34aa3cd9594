/*
 * Copyright (C) 2026 Distill Guard
 */


#include "dg_signal.h"
#include "dg_campaign.h"
#include "dg_profile.h"


#define DG_SIGNAL_NONE  -1.0

#define DG_SIGNAL_DAY   86400
#define DG_SIGNAL_HOUR  3600

/* what an account must have had before its shares say anything */

#define DG_SIGNAL_ANSWERS   100
#define DG_SIGNAL_LONG      500  /* tokens of an answer, on the mean */
#define DG_SIGNAL_TRACES    200

/* entries of logit_bias in log probabilities */
#define DG_SIGNAL_BIAS      1000.0

/* members before what a cohort has in common says anything, hosting networks
   before an account's networks do */
#define DG_SIGNAL_MEMBERS   20
#define DG_SIGNAL_HOSTS     4


static double dg_signal_provenance(const dg_sight_t *sight);
static double dg_signal_failover(const dg_sight_t *sight);
static double dg_signal_repeat(const dg_sight_t *sight);
static double dg_signal_template(const dg_sight_t *sight);
static double dg_signal_balance(const dg_sight_t *sight);
static double dg_signal_synchrony(const dg_sight_t *sight);
static double dg_signal_slot_job(const dg_sight_t *sight);
static double dg_signal_enumeration(const dg_sight_t *sight);
static double dg_signal_sampling(const dg_sight_t *sight);
static double dg_signal_limit_hugging(const dg_sight_t *sight);
static double dg_signal_shift(const dg_sight_t *sight);
static double dg_signal_logprobs(const dg_sight_t *sight);
static double dg_signal_reasoning(const dg_sight_t *sight);
static double dg_signal_tooling(const dg_sight_t *sight);
static double dg_signal_origin_spread(const dg_sight_t *sight);
static double dg_signal_origin_crowd(const dg_sight_t *sight);
static double dg_signal_relay(const dg_sight_t *sight);

static void dg_signal_day(const dg_sight_t *sight, dg_tally_t *sum);
static double dg_signal_tied(const dg_sight_t *sight, dg_tie_t tie);
static int dg_signal_job(const dg_sight_t *sight, dg_tally_t *sum);
static double dg_signal_share(const dg_signal_t *signal, double value);
static void dg_signal_sort(dg_score_t *score);


const dg_family_desc_t  dg_families[DG_FAMILIES] = {
    { dg_string("linkage"), 60 },
    { dg_string("cohort"), 25 },
    { dg_string("job"), 25 },
    { dg_string("parameters"), 25 },
    { dg_string("origin"), 20 }
};


const dg_signal_desc_t  dg_signals[DG_SIGNALS] = {

    { dg_string("provenance"), DG_FAMILY_LINKAGE, "accounts",
      2 * DG_SIGNAL_DAY, 1, 4, 50,
      "accounts to which this gateway issued ids that another presents",
      dg_signal_provenance },

    { dg_string("failover"), DG_FAMILY_LINKAGE, "accounts",
      2 * DG_SIGNAL_DAY, 1, 4, 50,
      "accounts that were refused what another asks within a minute",
      dg_signal_failover },

    { dg_string("repeat"), DG_FAMILY_LINKAGE, "contents",
      DG_SIGNAL_DAY, 3, 50, 15,
      "long contents that three or more accounts had",
      dg_signal_repeat },

    { dg_string("template"), DG_FAMILY_LINKAGE, "accounts",
      14 * DG_SIGNAL_DAY, 20, 200, 40,
      "accounts behind young templates of one cohort whose slots keep "
      "changing",
      dg_signal_template },

    { dg_string("balance"), DG_FAMILY_COHORT, "variance/mean",
      14 * DG_SIGNAL_DAY, 1.3, 1, 25,
      "how evenly the accounts of a cohort are used",
      dg_signal_balance },

    { dg_string("synchrony"), DG_FAMILY_COHORT, "overlap",
      5 * DG_SIGNAL_HOUR, 0.4, 0.8, 15,
      "how much the hours of a cohort's accounts are the same",
      dg_signal_synchrony },

    { dg_string("slot_job"), DG_FAMILY_JOB, "requests",
      DG_SIGNAL_DAY, 300, 1000, 25,
      "requests that fill frames with ever new slots, for long answers",
      dg_signal_slot_job },

    { dg_string("enumeration"), DG_FAMILY_JOB, "requests",
      DG_SIGNAL_DAY, 500, 1500, 25,
      "requests all different and never followed up, for long answers",
      dg_signal_enumeration },

    { dg_string("sampling"), DG_FAMILY_JOB, "share",
      DG_SIGNAL_DAY, 0.2, 0.7, 10,
      "requests for several answers to the same, long ones",
      dg_signal_sampling },

    { dg_string("limit_hugging"), DG_FAMILY_JOB, "minutes",
      DG_SIGNAL_DAY, 240, 720, 10,
      "minutes near a limit",
      dg_signal_limit_hugging },

    { dg_string("shift"), DG_FAMILY_JOB, "distance",
      DG_SIGNAL_DAY, 0.6, 0.9, 5,
      "how unlike its own past an account is today",
      dg_signal_shift },

    { dg_string("logprobs"), DG_FAMILY_PARAMETERS, "cells",
      DG_SIGNAL_DAY, 100000, 5000000, 25,
      "log probabilities asked for; an entry of logit_bias counts as 1,000",
      dg_signal_logprobs },

    { dg_string("reasoning"), DG_FAMILY_PARAMETERS, "share",
      DG_SIGNAL_DAY, 0.2, 0.5, 20,
      "requests for reasoning traces, rubrics or made-up tasks",
      dg_signal_reasoning },

    { dg_string("tooling"), DG_FAMILY_PARAMETERS, "share",
      DG_SIGNAL_DAY, 0.2, 0.5, 20,
      "requests as tools make them that build data sets; all, behind one of "
      "nothing",
      dg_signal_tooling },

    { dg_string("origin_spread"), DG_FAMILY_ORIGIN, "networks",
      DG_SIGNAL_HOUR, 10, 30, 15,
      "networks of an account, where four or more are hosting",
      dg_signal_origin_spread },

    { dg_string("origin_crowd"), DG_FAMILY_ORIGIN, "accounts",
      DG_SIGNAL_DAY, 20, 50, 20,
      "accounts that come from one hosting network",
      dg_signal_origin_crowd },

    { dg_string("relay"), DG_FAMILY_ORIGIN, "share",
      DG_SIGNAL_DAY, 0, 0.5, 10,
      "requests whose headers contradict each other, or with hidden "
      "characters in words",
      dg_signal_relay }
};


void
dg_signals_init(dg_signal_t signals[DG_SIGNALS])
{
    unsigned  i;

    for (i = 0; i < DG_SIGNALS; i++) {
        signals[i].soft = dg_signals[i].soft;
        signals[i].hard = dg_signals[i].hard;
        signals[i].points = dg_signals[i].points;
    }
}


void
dg_signals_score(const dg_signal_t signals[DG_SIGNALS],
    const dg_sight_t *sight, dg_score_t *score)
{
    double        value, share, sums[DG_FAMILIES], cap;
    unsigned      i, family;
    dg_reason_t  *reason;

    memset(score, 0, sizeof(dg_score_t));
    memset(sums, 0, sizeof(sums));

    for (i = 0; i < DG_SIGNALS; i++) {

        if (signals[i].points == 0
            || (sight->unlinked
                && dg_signals[i].family == DG_FAMILY_LINKAGE))
        {
            continue;
        }

        value = dg_signals[i].value(sight);

        if (value < 0) {
            continue;
        }

        share = dg_signal_share(&signals[i], value);

        if (share <= 0) {
            continue;
        }

        sums[dg_signals[i].family] += share * signals[i].points;

        reason = &score->reason[score->n++];

        reason->signal = (dg_signal_id_t) i;
        reason->value = value;
        reason->soft = signals[i].soft;
        reason->hard = signals[i].hard;
        reason->full = (share >= 1);
    }

    for (family = 0; family < DG_FAMILIES; family++) {
        score->families[family] = (unsigned)
                          (dg_min(sums[family],
                                  (double) dg_families[family].cap) + 0.5);
        score->score += score->families[family];
    }

    for (i = 0; i < score->n; i++) {
        reason = &score->reason[i];
        family = dg_signals[reason->signal].family;
        cap = dg_families[family].cap;

        share = dg_signal_share(&signals[reason->signal], reason->value)
                * signals[reason->signal].points;

        if (sums[family] > cap) {
            share = share * cap / sums[family];
        }

        reason->points = dg_max((unsigned) (share + 0.5), 1);
    }

    dg_signal_sort(score);
}


unsigned
dg_signal_points(const dg_signal_t *signal, double value)
{
    return (unsigned) (dg_signal_share(signal, value) * signal->points + 0.5);
}


unsigned
dg_score_decayed(unsigned score, uint32_t then, uint32_t now, uint32_t half)
{
    uint32_t  age, halves, rest;

    age = (now > then) ? now - then : 0;
    halves = age / half;
    rest = age % half;

    if (halves >= 16) {
        return 0;
    }

    return (unsigned) ((uint64_t) (score >> halves)
                       * (2 * (uint64_t) half - rest)
                       / (2 * (uint64_t) half));
}


/* 0 at soft, 1 at hard and beyond */

static double
dg_signal_share(const dg_signal_t *signal, double value)
{
    double  share;

    share = (value - signal->soft) / (signal->hard - signal->soft);

    return dg_min(dg_max(share, 0.0), 1.0);
}


/* there are few: by insertion; the table's order among equals */

static void
dg_signal_sort(dg_score_t *score)
{
    unsigned     i, j;
    dg_reason_t  reason;

    for (i = 1; i < score->n; i++) {
        reason = score->reason[i];

        for (j = i; j && score->reason[j - 1].points < reason.points; j--) {
            score->reason[j] = score->reason[j - 1];
        }

        score->reason[j] = reason;
    }
}


/* what the account did on all nodes, as far as this one can tell */

static void
dg_signal_day(const dg_sight_t *sight, dg_tally_t *sum)
{
    dg_profile_day(sight->profile, sum, sight->now);

    if (sight->scale <= 1) {
        return;
    }

#define dg_signal_scale(type, what)                                           \
    sum->what = (type) dg_min(sum->what * sight->scale, 4294967295.0)

    dg_signal_scale(uint32_t, requests);
    dg_signal_scale(uint32_t, openings);
    dg_signal_scale(uint32_t, framed);
    dg_signal_scale(uint32_t, repeats);
    dg_signal_scale(uint32_t, samples);
    dg_signal_scale(uint32_t, traces);
    dg_signal_scale(uint32_t, tooled);
    dg_signal_scale(uint32_t, relayed);

    sum->output = (uint64_t) (sum->output * sight->scale);
    sum->cells = (uint64_t) (sum->cells * sight->scale);

#undef dg_signal_scale
}


/* --- linkage --- */

static double
dg_signal_provenance(const dg_sight_t *sight)
{
    return dg_signal_tied(sight, DG_TIE_PROVENANCE);
}


static double
dg_signal_failover(const dg_sight_t *sight)
{
    return dg_signal_tied(sight, DG_TIE_FAILOVER);
}


/* the account's own partners, or the accounts that a campaign has by ties */

static double
dg_signal_tied(const dg_sight_t *sight, dg_tie_t tie)
{
    double                value;
    const dg_campaign_t  *c;

    value = 0;
    c = sight->campaign;

    if (sight->profile) {
        value = dg_profile_partners(sight->profile, tie);
    }

    if (c && c->pieces[tie] >= c->tied) {
        value = dg_max(value, (double) c->tied);
    }

    return value;
}


static double
dg_signal_repeat(const dg_sight_t *sight)
{
    dg_tally_t  sum;

    if (sight->profile == NULL) {
        return DG_SIGNAL_NONE;
    }

    dg_signal_day(sight, &sum);

    return sum.shared;
}


/*
 * Those of its widest template, or all that came by one of its templates,
 * whichever are more; each old one speaks for a young one, too.
 */

static double
dg_signal_template(const dg_sight_t *sight)
{
    uint32_t              others;
    const dg_campaign_t  *c;

    c = sight->campaign;

    if (c == NULL) {
        return DG_SIGNAL_NONE;
    }

    others = c->tied + 2 * c->old;

    return dg_max(c->spread, c->accounts - dg_min(c->accounts, others));
}


/* --- cohort --- */

static double
dg_signal_balance(const dg_sight_t *sight)
{
    return sight->campaign ? dg_campaign_balance(sight->campaign)
                           : DG_SIGNAL_NONE;
}


static double
dg_signal_synchrony(const dg_sight_t *sight)
{
    if (sight->campaign == NULL
        || sight->campaign->accounts < DG_SIGNAL_MEMBERS)
    {
        return DG_SIGNAL_NONE;
    }

    return sight->campaign->synchrony / 1000.0;
}


/* --- job shape --- */

/* DG_OK if there are so many answers, and so long, that it may be a job */

static int
dg_signal_job(const dg_sight_t *sight, dg_tally_t *sum)
{
    if (sight->profile == NULL) {
        return DG_ERROR;
    }

    dg_signal_day(sight, sum);

    if (sum->requests < DG_SIGNAL_ANSWERS
        || sum->output / sum->requests < DG_SIGNAL_LONG)
    {
        return DG_ERROR;
    }

    return DG_OK;
}


static double
dg_signal_slot_job(const dg_sight_t *sight)
{
    dg_tally_t  sum;

    if (dg_signal_job(sight, &sum) != DG_OK
        || (double) sum.framed < 0.8 * sum.requests
        || (double) sum.repeats - sum.samples > 0.05 * sum.requests)
    {
        return DG_SIGNAL_NONE;
    }

    return sum.framed;
}


static double
dg_signal_enumeration(const dg_sight_t *sight)
{
    dg_tally_t  sum;

    if (dg_signal_job(sight, &sum) != DG_OK
        || (double) sum.openings < 0.98 * sum.requests
        || (double) sum.repeats - sum.samples > 0.02 * sum.requests)
    {
        return DG_SIGNAL_NONE;
    }

    return sum.openings;
}


static double
dg_signal_sampling(const dg_sight_t *sight)
{
    dg_tally_t  sum;

    if (dg_signal_job(sight, &sum) != DG_OK) {
        return DG_SIGNAL_NONE;
    }

    return (double) sum.samples / sum.requests;
}


static double
dg_signal_limit_hugging(const dg_sight_t *sight)
{
    dg_tally_t  sum;

    if (sight->profile == NULL) {
        return DG_SIGNAL_NONE;
    }

    dg_signal_day(sight, &sum);

    return sum.hugged;
}


static double
dg_signal_shift(const dg_sight_t *sight)
{
    return sight->profile ? dg_profile_shift(sight->profile)
                          : DG_SIGNAL_NONE;
}


/* --- parameters --- */

static double
dg_signal_logprobs(const dg_sight_t *sight)
{
    dg_tally_t  sum;

    if (sight->profile == NULL) {
        return DG_SIGNAL_NONE;
    }

    dg_signal_day(sight, &sum);

    return (double) sum.cells + sum.bias * DG_SIGNAL_BIAS;
}


static double
dg_signal_reasoning(const dg_sight_t *sight)
{
    dg_tally_t  sum;

    if (sight->profile == NULL) {
        return DG_SIGNAL_NONE;
    }

    dg_signal_day(sight, &sum);

    if (sum.requests < DG_SIGNAL_TRACES) {
        return DG_SIGNAL_NONE;
    }

    return (double) sum.traces / sum.requests;
}


/*
 * A request of nothing, answered with an error that tells the limits, is what
 * such a tool starts with; others bar a token and stop at the numbers of a
 * list.  Of somebody who makes a mistake, or tries what the manual says, that
 * is no news: it is told of a job alone.
 */

static double
dg_signal_tooling(const dg_sight_t *sight)
{
    dg_tally_t  sum;

    if (dg_signal_job(sight, &sum) != DG_OK) {
        return DG_SIGNAL_NONE;
    }

    return sum.probes ? 1 : (double) sum.tooled / sum.requests;
}


/* --- origin --- */

static double
dg_signal_origin_spread(const dg_sight_t *sight)
{
    if (sight->profile == NULL
        || dg_profile_hosts(sight->profile, sight->now) < DG_SIGNAL_HOSTS)
    {
        return DG_SIGNAL_NONE;
    }

    return dg_profile_networks(sight->profile, sight->now);
}


/* of a cohort only if most of it comes that way */

static double
dg_signal_origin_crowd(const dg_sight_t *sight)
{
    double                value;
    const dg_campaign_t  *c;

    value = sight->crowd;
    c = sight->campaign;

    if (c && c->accounts >= DG_SIGNAL_MEMBERS
        && (uint64_t) c->crowded * 2 >= c->accounts)
    {
        value = dg_max(value, (double) c->crowd);
    }

    return value;
}


static double
dg_signal_relay(const dg_sight_t *sight)
{
    double                value;
    dg_tally_t            sum;
    const dg_campaign_t  *c;

    value = 0;

    if (sight->profile) {
        dg_signal_day(sight, &sum);

        if (sum.requests) {
            value = (double) sum.relayed / sum.requests;
        }
    }

    /* some of those who like a prompt have odd programs, too */

    c = sight->campaign;

    if (c && c->accounts >= DG_SIGNAL_MEMBERS
        && (uint64_t) c->relayed * 2 >= c->accounts)
    {
        value = dg_max(value, (double) c->relayed / c->accounts);
    }

    return value;
}
