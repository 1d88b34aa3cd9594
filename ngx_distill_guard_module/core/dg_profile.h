/*
 * Copyright (C) 2026 Distill Guard
 *
 * Profiles: how an account works, in counts that signals read.  An account
 * has one from the first answer that the upstream gave it; what never was
 * answered leaves no trace here.
 */


#ifndef _DG_PROFILE_H_INCLUDED_
#define _DG_PROFILE_H_INCLUDED_


#include "dg_core.h"
#include "dg_arena.h"
#include "dg_facts.h"
#include "dg_recall.h"


#define DG_PROFILE_FRAMES    16  /* marks it begins or ends with, most used */
#define DG_PROFILE_CONTENTS  16          /* the last ones */
#define DG_PROFILE_SLOT      300         /* seconds, of activity */

/* slots that an account is active in, of 64, to be compared with another */
#define DG_PROFILE_FEWEST    6
#define DG_PROFILE_MOST      48
#define DG_PROFILE_HABITS    8

/* bits of partners beyond which it is not told who they are */
#define DG_PROFILE_TOLD      32

/* half-life of an account's own score */
#define DG_PROFILE_HALF      86400


/* what a day (UTC) had; requests are those answered */

typedef struct {
    uint32_t       requests;
    uint32_t       openings;     /* of these, with no earlier turn */
    uint32_t       framed;       /* openings in a frame used before */
    uint32_t       repeats;      /* contents that were among its last */
    uint32_t       samples;      /* of these, with a temperature; and more
                                    than one answer at once */
    uint32_t       shared;       /* long contents that three accounts had */
    uint32_t       cohort;       /* uses of templates that others use, with */
    uint32_t       attempts;     /* openings that were refused as a suspect's
                                    */
    uint32_t       traces;
    uint32_t       bias;         /* greatest number of logit_bias entries */
    uint32_t       hugged;       /* minutes near a limit */
    uint32_t       probes;       /* requests of nothing */
    uint32_t       tooled;       /* that barred a token and gave several
                                    stops, as tools do */
    uint32_t       relayed;      /* that contradict themselves */
    uint64_t       output;       /* tokens of one answer each */
    uint64_t       cells;        /* of log probabilities */
} dg_tally_t;


typedef struct dg_profile_s {
    dg_cell_t      cell;         /* id of the account, or else of its key */

    uint32_t       first_seen;   /* Unix seconds */
    uint32_t       last_seen;
    uint32_t       day;          /* of tally[0], ties[..][0], habits[0] */
    uint32_t       hour;         /* of networks[0] */
    uint32_t       slot;         /* of the lowest bit of activity */
    uint32_t       minute;       /* last one near a limit */

    uint32_t       campaign;     /* index of its cell, DG_NIL: none */
    uint32_t       born;         /* of the campaign, when it was joined */
    uint32_t       uses;         /* of what the campaign uses, on this node */
    uint32_t       weight;       /* on all nodes, as its campaign counts it */
    uint32_t       votes;        /* for staying in it */
    uint32_t       alike;        /* of these, from crowded origins */
    uint16_t       tied;         /* 1: belongs to it by ties */
    uint16_t       old;          /* 1: was there long before it joined */
    uint16_t       crowded;      /* 1: counted in the campaign as such */
    uint16_t       relayed;
    uint32_t       refused;      /* of its uses, refused for what they were */
    uint32_t       joined;       /* when it came to its campaign, or left */
    uint16_t       vouched;      /* 1: a member by what another node saw, */
    uint8_t        seen;         /* by what this one saw, as others know */
    uint8_t        rung;         /* of the ladder, as last told: dg_step.h */
    uint32_t       template;     /* index of the last one used, DG_NIL */
    uint32_t       crowd;        /* accounts of the origin it came from last,
                                    if hosting */

    uint32_t       scored;       /* when it had its greatest score, as it
                                    fades, */
    uint16_t       score;        /* by itself, of no campaign, */
    uint8_t        attention;    /* and how far up the ladder that led */
    uint8_t        sure;         /* 1: has more in common with its campaign
                                    than may be by chance */
    uint32_t       stepped;      /* when it was last found on its rung */

    dg_tally_t     tally[2];     /* today, and the day before */
    uint64_t       ties[DG_TIES][2];     /* partners, a bit each */
    uint64_t       activity;     /* the last 64 slots, a bit each */
    uint64_t       networks[2];  /* origins of this hour and the last, a bit
                                    each */
    uint32_t       hosts[2];     /* hosting networks (ASNs), the same */
    uint16_t       habits[2][DG_PROFILE_HABITS];     /* requests by what
                                    they are like; [1]: in the past */

    uint32_t       contents[DG_PROFILE_CONTENTS];    /* shortened; a ring */
    uint32_t       content;      /* number of the next */
    uint32_t       frame[DG_PROFILE_FRAMES];     /* marks, shortened */
    uint16_t       frames[DG_PROFILE_FRAMES];    /* uses, less those of
                                    others */
} dg_profile_t;


/* one exchange, as a profile counts it */

typedef struct {
    const dg_request_facts_t  *rq;
    const dg_usage_t          *usage;
    const dg_id_t             *origin;
    unsigned                   accounts; /* that were answered its content */
    uint32_t                   asn;      /* of a hosting network, or 0 */
    unsigned                   relay:1;
    unsigned                   near:1;   /* to a limit */
} dg_act_t;


/*
 * Joins what another node knows of it: since when it is there, ties, when it
 * was active and from where.  Tallies are each node's own.
 */
void dg_profile_hear(dg_profile_t *p, const dg_profile_t *heard);

/* moves its windows on to now */
void dg_profile_turn(dg_profile_t *p, uint32_t now);

/* counts an answered exchange; turned before */
void dg_profile_count(dg_profile_t *p, const dg_act_t *act, uint32_t now);

/* asks a request for nothing?  The upstream's limits are read that way */
int dg_profile_probe(const dg_request_facts_t *rq);

/*
 * Sums over the last 24 hours, of today's and what is left of yesterday's:
 * read from a profile that need not have been turned.
 */
void dg_profile_day(const dg_profile_t *p, dg_tally_t *sum, uint32_t now);

/* partners of a kind, today and yesterday: linear counting over 64 bits */
unsigned dg_profile_partners(const dg_profile_t *p, dg_tie_t tie);

/* of any kind */
unsigned dg_profile_ties(const dg_profile_t *p);

void dg_profile_tie(dg_profile_t *p, dg_tie_t tie, const dg_id_t *partner);

/*
 * The bits of its partners of a kind; 0 where there are too many to tell who
 * they are.  Is an account one of them?  One in so many is taken for another:
 * it had better be asked of both.
 */
uint64_t dg_profile_partner_bits(const dg_profile_t *p, dg_tie_t tie);
int dg_profile_partner(uint64_t bits, const dg_id_t *account);

/* distance of today's habits from the past's, 0 to 1; 0 if either is small */
double dg_profile_shift(const dg_profile_t *p);

/* slots that it was active in, of the last 64; 0 if it cannot be compared */
unsigned dg_profile_activity(const dg_profile_t *p, uint32_t now);

/* networks, and hosting networks, of the last hour */
unsigned dg_profile_networks(const dg_profile_t *p, uint32_t now);
unsigned dg_profile_hosts(const dg_profile_t *p, uint32_t now);


#endif /* _DG_PROFILE_H_INCLUDED_ */
