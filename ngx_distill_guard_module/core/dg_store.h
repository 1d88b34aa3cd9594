/*
 * Copyright (C) 2026 Distill Guard
 *
 * Everything a node remembers, in one block of memory: a header, the
 * subjects, and what is recalled.  The same code serves nginx's shared zone
 * and plain memory.
 *
 * Locking is the caller's.  A mutation sets "busy" and clears it at its
 * end; who finds it set on taking the lock knows that somebody died inside
 * and calls dg_store_mend().
 *
 * dg_store.c holds the block and its subjects, dg_admission.c what happens
 * to an exchange, dg_room.c how much the limits leave it, dg_docket.c what
 * operators have decided, dg_fleet.c how nodes agree.
 */


#ifndef _DG_STORE_H_INCLUDED_
#define _DG_STORE_H_INCLUDED_


#include "dg_core.h"
#include "dg_arena.h"
#include "dg_subject.h"
#include "dg_limit.h"
#include "dg_facts.h"
#include "dg_recall.h"
#include "dg_profile.h"
#include "dg_template.h"
#include "dg_campaign.h"
#include "dg_policy.h"
#include "dg_outbox.h"
#include "dg_ruling.h"
#include "dg_histogram.h"


#define DG_STORE_LAYOUT  7       /* of all structures in the block */
#define DG_STORE_MIN     (256 * 1024)


/* parts of the block; all up to the sketch are arenas */

typedef enum {
    DG_PART_SUBJECTS = 0,
    DG_PART_PROFILES,
    DG_PART_RECALL,
    DG_PART_TEMPLATES,
    DG_PART_CAMPAIGNS,
    DG_PART_RULINGS,
    DG_PART_SKETCH,
    DG_PART_OUTBOX,
    DG_PART_STEPS,
    DG_PARTS
} dg_part_t;


typedef enum {
    DG_PASS = 0,
    DG_TAG,
    DG_PACE,
    DG_THROTTLE,
    DG_BLOCK,
    DG_VERDICTS
} dg_verdict_id_t;


extern const dg_str_t  dg_verdicts[DG_VERDICTS];     /* "PASS", ... */


/* what led to a verdict */

typedef enum {
    DG_CAUSE_NONE = 0,
    DG_CAUSE_LIMIT,
    DG_CAUSE_SIGNALS,            /* of the account alone */
    DG_CAUSE_CAMPAIGN,
    DG_CAUSE_CONTENT,            /* another was just refused the same */
    DG_CAUSE_DECISION,           /* an operator's */
    DG_CAUSES
} dg_cause_t;


extern const dg_str_t  dg_causes[DG_CAUSES];     /* "none", "limit", ... */


/* upper bounds of scores as they are counted: "0", "10", ... */

extern const dg_str_t  dg_score_bounds[DG_HISTOGRAM];


/*
 * The guard's own counts since the block was made.  Those marked (tally)
 * are for the caller to have counted by dg_store_tally(); all others are
 * counted as things happen, each at most once per exchange.
 */

typedef struct {
    uint64_t       verdicts[DG_VERDICTS][2];    /* [1]: dry run; THROTTLE as
                                        it is refused, PASS as it is settled
                                        if it was not */
    uint64_t       requests[DG_VERDICTS][DG_CAUSES];     /* the same */
    uint64_t       refused[DG_KINDS][DG_METRICS];
    dg_histogram_t scores;           /* of requests refused at the head, and of
                                        others as their body was judged */
    uint64_t       fired[DG_SIGNALS];        /* gave points to these */
    uint64_t       exchanges;        /* settled, accepted or not */
    uint64_t       aborted;          /* (tally) */
    uint64_t       failed;           /* settled, not accepted: not 2xx */
    uint64_t       tokens[2][3];     /* [input, output][dg_source_t] */
    uint64_t       malformed;        /* bodies (tally) */
    uint64_t       unread;           /* answers that could not be read
                                        (tally) */
    uint64_t       unsent;           /* subjects evicted, and origins of keys
                                        displaced, before Redis knew them */
    uint64_t       steps[2][DG_VERDICTS];       /* [0]: accounts that came to
                                        a rung; [1]: campaigns */
    uint64_t       steps_lost;       /* for which there was no room until they
                                        could be handed over */
    uint64_t       held;             /* times an account was to join a
                                        campaign that had grown by too many */
    uint64_t       mended;           /* times the block was found damaged */
} dg_stats_t;


/* a queue, by index */

typedef struct {
    uint32_t       first;
    uint32_t       last;
} dg_dirty_t;


typedef struct {
    uint32_t       layout;
    uint32_t       busy;
    uint64_t       size;
    dg_id_t        node;             /* random; another one whenever totals
                                        start from nothing */
    uint64_t       created;          /* Unix seconds */
    uint64_t       check;            /* of the secret: other secret, other
                                        ids, so the block starts anew */
    uint64_t       now_ms;           /* of the latest mutation */
    uint32_t       births;           /* subjects made so far */
    uint32_t       reports;          /* taken so far */
    uint32_t       ndirty;           /* subjects changed: */
    uint32_t       patience;         /* milliseconds for which those wait that
                                        are not urgent; the caller's */
    dg_dirty_t     dirty[2];         /* [0] urgent, [1] not; in order */
    uint32_t       kinds[DG_KINDS];  /* subjects by kind */
    dg_stats_t     stats;
    uint32_t       campaigns;        /* that were made, named or not */
    uint32_t       rulings_over;     /* when the next of them is; 0: none */
    uint32_t       rulings_ended;    /* by their time, see dg_store_ended() */
    uint32_t       rulings[DG_RULINGS][DG_NAMED_KINDS];  /* in force */
    uint32_t       decided;          /* 1: of those that were made here some
                                        may not have been told */
    uint32_t       unused;
    uint64_t       followed[2];      /* how far the caller has followed what
                                        operators decide; 0: not at all */
    uint64_t       heard[2];         /* of other nodes' sightings, the number
                                        of the last batch; 0, 0: none */
    uint64_t       parts[DG_PARTS];  /* offsets */
} dg_store_t;


/*
 * Makes a store in size bytes at mem (aligned to 64).  node and seed are
 * random bytes from the caller.  NULL if size is below DG_STORE_MIN.
 */
dg_store_t *dg_store_init(void *mem, size_t size, const dg_id_t *node,
    uint64_t seed, uint64_t check, uint64_t now);

/* DG_OK if mem holds a store of this layout, size and secret */
int dg_store_usable(const void *mem, size_t size, uint64_t check);

/* DG_OK if the arena, the queue and the counts of kinds agree */
int dg_store_check(dg_store_t *st);

/*
 * After a death inside the lock: verifies the block, and forgets all
 * subjects if it is damaged.  Stats are kept; the node's id is changed, for
 * its totals start from nothing and those it sent stand for a node that is
 * gone.  Clears "busy".
 */
void dg_store_mend(dg_store_t *st, uint64_t now);

/* of parts that are arenas */
dg_arena_t *dg_store_arena(dg_store_t *st, dg_part_t part);
dg_sketch_t *dg_store_sketch(dg_store_t *st);
dg_outbox_t *dg_store_outbox(dg_store_t *st);
struct dg_steps_s *dg_store_steps(dg_store_t *st);

#define dg_store_subjects(st)  dg_store_arena(st, DG_PART_SUBJECTS)

dg_subject_t *dg_store_find(dg_store_t *st, unsigned kind, const dg_id_t *id);

/* bytes of the block in use, for the status page */
size_t dg_store_used(dg_store_t *st);


/* --- what operators have decided --- */

/* flags of the cell: see dg_store_untold(), and dg_store_ended() */

#define DG_RULED_TOLD   0x0001
#define DG_RULED_ENDED  0x0002

/*
 * What is in force is never forgotten for anything else; what is over is kept
 * while there is room, so that older rulings are known as such.
 */

typedef struct {
    dg_cell_t      cell;             /* kind and id are the subject's */
    dg_ruling_t    ruling;
    uint32_t       until;            /* by this node's clock; 0: until it is
                                        released */
    uint32_t       unused;
} dg_ruled_t;


/*
 * Enters a ruling, unless a later one is there.  1: it is news; 0: it is not;
 * DG_FULL: there is no room, for all others are in force.  skew is the clock
 * of those who decide less this node's, in seconds.
 */
int dg_store_rule(dg_store_t *st, unsigned kind, const dg_id_t *id,
    const dg_ruling_t *ruling, int64_t skew, uint64_t now);

/*
 * Enters what is decided on this node, for so many seconds, 0: until it is
 * released.  It gets its time by the clock of those who decide, and is later
 * than what was decided before: whoever has seen that has the last word.  As
 * dg_store_rule(); 0 means that there is nothing to release.  It has yet to
 * be told.
 */
int dg_store_decide(dg_store_t *st, unsigned kind, const dg_id_t *id,
    dg_ruling_t *ruling, uint32_t seconds, int64_t skew_ms, uint64_t now_ms);

/* writes up to n of those in force, the latest first */
size_t dg_store_decisions(dg_store_t *st, dg_ruled_t *rulings, size_t n);

/* what is in force for a subject; NULL: nothing */
const dg_ruled_t *dg_store_ruled(dg_store_t *st, unsigned kind,
    const dg_id_t *id, uint64_t now);

/* and for a campaign, also under ids that it had before */
const dg_ruled_t *dg_store_ruled_campaign(dg_store_t *st,
    const dg_campaign_t *c, uint64_t now);

/*
 * True if an operator has it that this account, or key, is no member of any
 * campaign: it is exempt from them, or allowed.
 */
int dg_store_unlinked(dg_store_t *st, const dg_id_t *account, uint64_t now);

/* notes which rulings are over by now, for st->rulings */
void dg_store_rulings_turn(dg_store_t *st, uint64_t now);

/*
 * Those that are over by their time, once each; nothing is told of one that
 * was evicted meanwhile.  DG_OK, or DG_ERROR if there is none.
 */
int dg_store_ended(dg_store_t *st, dg_ruled_t *ruled);

/*
 * For a Redis that may not have them: dg_store_untold() forgets what it has;
 * whatever is entered from then on it has; dg_store_tell() writes up to n of
 * the rest, from cell index *at on, *at 0 at first and again at the end.
 * While st->decided is set there may be some that it has missed.
 */
void dg_store_untold(dg_store_t *st);
size_t dg_store_tell(dg_store_t *st, uint32_t *at, dg_ruled_t *rulings,
    size_t n, uint64_t now);


/* --- what happens to an exchange --- */

/*
 * One exchange as the store knows it, kept by the caller from admission to
 * settling.  The caller sets ids, "none" where there is no such subject; the
 * rest is the store's.
 *
 * An account that is none, or the key itself, is no subject of its own: its
 * limits then concern the key.
 *
 * A subject may be evicted while an exchange of it is in flight.  When it is
 * made again, the exchange is counted in it anew before anything else: what
 * is given back was always taken from the same subject.
 */

typedef struct {
    dg_id_t          ids[DG_KINDS];
    dg_id_t          client;         /* its fingerprint, the caller's too */
    uint32_t         born[DG_KINDS]; /* the subjects it is counted in */
    uint32_t         cell[DG_KINDS]; /* where they were last */
    uint64_t         admitted_ms;
    uint64_t         input;          /* tokens reserved, of each subject */
    uint64_t         output;
    const dg_limit_t *throttle;      /* of the ladder, if it has come to that;
                                        the caller's policy holds it */
    dg_verdict_id_t  standing;       /* of the ladder without that limit */
    uint64_t         standing_ms;    /* for how long, where that refuses */
    unsigned         hosting:1;      /* the caller's, too: from a hosting
                                        network, and headers that contradict
                                        each other */
    unsigned         relay:1;
    unsigned         admitted:1;
    unsigned         reserved:1;
    unsigned         refused:1;
    unsigned         dry:1;          /* what it would be refused for passes */
    unsigned         near:1;         /* 9/10 of some limit was used */
    unsigned         late:1;         /* its campaign was seen by its body */
    unsigned         tight:DG_KINDS; /* subjects, a bit each, whose limits
                                        others may use up unknown to us */
    unsigned         unlinked:1;     /* an operator has it that it is of no
                                        campaign */
    unsigned         ruling:2;       /* that is in force, dg_ruling_id_t */
} dg_exchange_t;


/*
 * What is done with an exchange.  Of limits it is the one that leaves the
 * longest wait.
 *
 * After wait_ms it passes, if nothing is added meanwhile; a millisecond
 * earlier it does not.  Where only tokens reserved by exchanges in flight
 * stand in the way nobody knows when they end: the wait is then an estimate
 * of one second.
 */

typedef struct {
    dg_verdict_id_t     verdict;     /* DG_THROTTLE and DG_BLOCK refuse */
    const dg_limit_t   *limit;       /* that refuses, of the caller's table
                                        or ex->throttle; NULL: none does, as
                                        for DG_BLOCK, and DG_THROTTLE of what
                                        another account was just refused */
    unsigned            kind;        /* dg_kind_t that the limit was held
                                        against */
    uint64_t            value;       /* counted, with reservations */
    uint64_t            wait_ms;     /* until it would pass; at least 1 */
} dg_decision_t;


/* does it refuse? */

#define dg_verdict_refuses(verdict)  ((verdict) >= DG_THROTTLE)


/*
 * Header stage.  Counts one request of each subject if every limit lets it
 * pass: requests, and tokens where the limit is used up already.  A refusal
 * counts as DG_REFUSED and nothing else.  With enforce 0 it is counted as
 * refused, once, and admitted all the same: the decision says what it would
 * have been, ex->admitted that it passes.
 */
void dg_store_admit(dg_store_t *st, dg_exchange_t *ex,
    const dg_limit_t *limits, size_t nlimits, int enforce, uint64_t now_ms,
    dg_decision_t *decision);

/*
 * Body stage.  Reserves tokens if every token limit lets them pass.  What is
 * asked of a limit never exceeds the limit, so that a single request always
 * passes an unused limit.  input is the estimate from the body; max_output
 * is n times the cap asked for, 0 if none was given.
 *
 * For output is reserved twice what the answers to the account, or else the
 * key, were like today on this node, DG_OUTPUT_GUESS if there were not
 * DG_OUTPUT_ENOUGH; at most max_output.
 *
 * A refusal gives the request back, with enforce 0 it is only counted.
 */

#define DG_OUTPUT_GUESS   1024
#define DG_OUTPUT_ENOUGH  8

void dg_store_reserve(dg_store_t *st, dg_exchange_t *ex,
    const dg_limit_t *limits, size_t nlimits, int enforce, uint64_t input,
    uint64_t max_output, uint64_t now_ms, dg_decision_t *decision);

/*
 * The end, once per exchange that was admitted: gives back what was
 * reserved, adds what was used, moves subjects that the upstream accepted
 * out of probation.  With usage->source DG_SOURCE_NONE the request is given
 * back unless keep is set (an exchange cut off by the client).
 *
 * A subject that is new to this node first reports, and so first hears of
 * the fleet, when its first exchange is accepted; until then this node goes
 * by what it counted itself.
 */
void dg_store_settle(dg_store_t *st, dg_exchange_t *ex,
    const dg_usage_t *usage, unsigned accepted, unsigned keep,
    uint64_t now_ms);

/* the account of an exchange, or else its key */
const dg_id_t *dg_store_account(const dg_exchange_t *ex);

/* the subject of an account, which may be its key; or NULL */
dg_subject_t *dg_store_account_subject(dg_store_t *st,
    const dg_id_t *account);

/* what others had of what the request presents; changes nothing */
void dg_store_look(dg_store_t *st, const dg_exchange_t *ex,
    const dg_request_facts_t *rq, uint64_t now_ms, dg_shared_t *shared);

/*
 * Remembers what the account of an exchange was answered, or refused, by the
 * guard or by the upstream with this status.  Exchanges that failed otherwise
 * leave no memory.
 */
void dg_store_remember(dg_store_t *st, const dg_exchange_t *ex,
    const dg_request_facts_t *rq, const dg_response_facts_t *rs,
    unsigned status, uint64_t now_ms);

/*
 * Adds to st->stats what an exchange that has ended was like: malformed,
 * aborted, unread.
 */
void dg_store_tally(dg_store_t *st, const dg_end_t *end,
    const dg_request_facts_t *rq, const dg_response_facts_t *rs);


/* --- who is it: profiles, templates, campaigns --- */

/* of the account, or else the key; NULL: the upstream never answered it */
dg_profile_t *dg_store_profile(dg_store_t *st, const dg_id_t *account);

/*
 * What has ended is added to the profile of its account, to the templates it
 * was made from and to what links accounts; cohorts that come to the score of
 * a campaign are named.  Accepted: by the upstream.
 */
void dg_store_watch(dg_store_t *st, const dg_exchange_t *ex,
    const dg_policy_t *policy, const dg_request_facts_t *rq,
    const dg_usage_t *usage, const dg_shared_t *shared, unsigned accepted,
    uint64_t now_ms);

/* the campaign, if it has a name, that an account belongs to; or NULL */
dg_campaign_t *dg_store_member(dg_store_t *st, const dg_profile_t *p,
    uint32_t now);

/*
 * The template of a request with the most accounts that count, and whose
 * campaign, if it has a name; NULL: there is none.  Sure: 2 if it has in
 * common with that what cannot be chance, 1 if it hardly can.
 */
dg_template_t *dg_store_template(dg_store_t *st,
    const dg_request_facts_t *rq, dg_campaign_t **campaign, unsigned *sure,
    uint32_t now);

/*
 * May an exchange be counted as the campaign's for nothing but its template?
 * Not if its account was there long before, nor if the campaign comes from
 * crowded origins and the exchange does not; nor, if it comes from no crowd
 * and is not sure, the first time.  p may be NULL.
 */
int dg_store_alike(dg_store_t *st, const dg_exchange_t *ex,
    const dg_profile_t *p, const dg_campaign_t *c, unsigned sure,
    uint32_t now);

/*
 * How much more the account of an exchange does on all nodes than on this
 * one, at least 1: what this node sees of it is taken for a sample.
 */
double dg_store_scale(dg_store_t *st, const dg_exchange_t *ex);

/* accounts seen today with the origin of an exchange; 0 if not hosting */
unsigned dg_store_crowd(dg_store_t *st, const dg_exchange_t *ex,
    uint32_t now);


/*
 * What limit a subject is nearest to, for rate-limit headers: of the limits
 * that concern the exchange the one with the least remaining.
 */
typedef struct {
    const dg_limit_t   *limit;       /* NULL: none */
    uint64_t            remaining;
    uint64_t            reset_ms;    /* until all of it is there again */
} dg_room_t;

/* rooms[0] for requests, rooms[1] for tokens of any kind */
void dg_store_rooms(dg_store_t *st, const dg_exchange_t *ex,
    const dg_limit_t *limits, size_t nlimits, uint64_t now_ms,
    dg_room_t rooms[2]);


/* what a subject has used of a limit, with what is reserved */
uint64_t dg_store_level(const dg_limit_t *limit, const dg_subject_t *s,
    uint64_t now_ms);


/* --- agreeing with other nodes --- */

/* a subject's own totals as they go to Redis */

typedef struct {
    uint32_t       bucket;
    uint64_t       own[DG_COUNTERS];
} dg_share_t;


typedef struct {
    dg_id_t        id;
    unsigned       kind;
    uint32_t       taken;            /* number of this report */
    uint32_t       life;             /* its totals begin anew with each */
    unsigned       norigins;         /* of a key, not told today */
    dg_id_t        origin[DG_ORIGINS];
    uint64_t       reserved_input;
    uint64_t       reserved_output;
    dg_share_t     share[DG_WINDOWS][2];  /* [0] current, [1] before; the
                                             second's window is unused */
} dg_report_t;


/*
 * The fleet's totals as they come back: all nodes, this one included.  Each
 * share is of the same bucket as in the report it answers; one of another
 * bucket is passed over.
 */

typedef struct {
    dg_share_t     share[DG_WINDOWS][2];
    uint64_t       reserved_input;
    uint64_t       reserved_output;
} dg_fleet_t;


/* seconds for which reservations of other nodes are believed */

#define DG_OTHERS_VALID  120


/*
 * Takes up to n dirty subjects off the queues, oldest first: those that are
 * urgent, then those that have waited for st->patience.  Returns how many
 * reports were written.  Each is answered for with dg_store_hear() or
 * dg_store_again(); until then its subject is not taken again.  A subject in
 * probation is never dirty: it becomes so when the upstream accepts it.
 */
size_t dg_store_take(dg_store_t *st, dg_report_t *reports, size_t n,
    uint64_t now_ms);

/*
 * The report has arrived; fleet is what came back.  Only the answer to the
 * latest report of a subject is heard, and once: an older one speaks of
 * totals that were counted differently since.
 */
void dg_store_hear(dg_store_t *st, const dg_report_t *report,
    const dg_fleet_t *fleet, uint64_t now_ms);

/* the report may not have arrived: the subject becomes dirty again */
void dg_store_again(dg_store_t *st, const dg_report_t *report);

/*
 * Marks accepted subjects dirty that have totals in a bucket that is still
 * kept, from cell index *at on, at most n cells per call; *at is 0 at first
 * and becomes 0 again at the end.  For a Redis that may have forgotten, and
 * for the successor of a worker that may have died with reports in its
 * hands: reports under way are given up.
 */
void dg_store_all_dirty(dg_store_t *st, uint32_t *at, uint32_t n);


/* --- between the files of the store --- */

/* what else nodes tell each other, see dg_sighting.h */

typedef enum {
    DG_SIGHTING_NONE = 0,
    DG_SIGHTING_MEMORY,
    DG_SIGHTING_TEMPLATE,
    DG_SIGHTING_CROWD,
    DG_SIGHTING_CAMPAIGN,
    DG_SIGHTING_PROFILE,
    DG_SIGHTING_TIE,
    DG_SIGHTINGS
} dg_sighting_id_t;

/* the cell has changed in what others are told of it */
void dg_sighting_tell(dg_store_t *st, dg_sighting_id_t what, dg_cell_t *cell);
void dg_sighting_tell_tie(dg_store_t *st, dg_tie_t tie, dg_profile_t *one,
    dg_profile_t *other);

void dg_store_begin(dg_store_t *st);
void dg_store_end(dg_store_t *st);

/* counts a score for the statistics */
void dg_store_scored(dg_store_t *st, const dg_score_t *score);

/* has it a subject of that kind, distinct from its others? */
int dg_store_has(const dg_exchange_t *ex, unsigned kind);

/* the subjects of an exchange by kind, NULL where there is none */

typedef dg_subject_t  *dg_subjects_t[DG_KINDS];

/*
 * Holds an exchange against the limits: asked is how much of each metric it
 * wants, 0 where a limit of that metric is not to be looked at.  Whatever they
 * say, the ladder may say more.
 */
void dg_store_judge(dg_exchange_t *ex, const dg_subjects_t s,
    const dg_limit_t *limits, size_t nlimits,
    const uint64_t asked[DG_METRICS], uint64_t now_ms,
    dg_decision_t *decision);

/*
 * Finds or makes a subject of an exchange, as used and turned to now; NULL if
 * there is no room.  May evict others.
 */
dg_subject_t *dg_store_get(dg_store_t *st, dg_exchange_t *ex, unsigned kind,
    uint64_t now_ms);

/* the upstream has accepted it: out of probation; may evict others */
void dg_store_prove(dg_store_t *st, dg_subject_t *s);

/* it has changed; nothing for a subject in probation */
void dg_store_mark(dg_store_t *st, dg_subject_t *s);

/*
 * Sets and clears flags, and moves the subject into the dirty queue or out
 * of it as they say.
 */
void dg_store_flags(dg_store_t *st, dg_subject_t *s, unsigned set,
    unsigned clear);


#endif /* _DG_STORE_H_INCLUDED_ */
