/*
 * Copyright (C) 2026 Distill Guard
 *
 * What lies in Redis, as far as both nginx and distillctl have to do with it;
 * all of it is described in docs/redis.md.  Names stand behind the prefix and
 * a colon.
 */


#ifndef _DG_SCHEMA_H_INCLUDED_
#define _DG_SCHEMA_H_INCLUDED_


#include "dg_core.h"
#include "dg_hash.h"


#define DG_SCHEMA            1   /* version of all of it */
#define DG_SCHEMA_PREFIX     "dg"
#define DG_SCHEMA_PREFIX_MAX 64

#define DG_SCHEMA_VERSION    "schema"
#define DG_SCHEMA_CHECK      "check"

/*
 * Decisions of operators: a stream of all, and a hash of the latest for each
 * subject.  One tag, so that they are in one slot of a cluster.
 */

#define DG_SCHEMA_DECISIONS  "{decisions}"
#define DG_SCHEMA_NOW        "{decisions}:now"

#define DG_SCHEMA_SUBJECT    "subject"   /* fields of the stream */
#define DG_SCHEMA_DECISION   "decision"

#define DG_SCHEMA_AUDIT      "audit"     /* a stream, of steps on the ladder */

#define DG_SCHEMA_WHAT       "what"      /* fields of the stream */
#define DG_SCHEMA_FROM       "from"
#define DG_SCHEMA_TO         "to"
#define DG_SCHEMA_DRY_RUN    "dry_run"
#define DG_SCHEMA_SCORE      "score"
#define DG_SCHEMA_REASONS    "reasons"
#define DG_SCHEMA_UNTIL      "until"
#define DG_SCHEMA_TIME       "time"
#define DG_SCHEMA_FOUND      "node"
#define DG_SCHEMA_CAMPAIGN   "campaign"

#define DG_SCHEMA_STEP       "step"      /* what it is */

#define DG_SCHEMA_STREAM     10000       /* entries that are kept of either */
#define DG_SCHEMA_KEEP       2592000     /* seconds */


/*
 * Nodes, in a sorted set, and a hash for each, behind whose name its id
 * stands, and which lasts so long after it was last heard of.
 */

#define DG_SCHEMA_NODES      "nodes"
#define DG_SCHEMA_NODE       "node:"
#define DG_SCHEMA_NODE_KEEP  3600


/*
 * Asks: a stream of what somebody wants to know, and for each a hash in which
 * nodes answer, behind whose name the ask's id stands.
 */

#define DG_SCHEMA_ASKS           "{decisions}:asks"
#define DG_SCHEMA_ANSWERS        "{decisions}:answers:"

#define DG_SCHEMA_ASK            "id"    /* fields of the stream */
#define DG_SCHEMA_ASK_WHAT       "what"
#define DG_SCHEMA_ASK_ARGUMENT   "argument"

#define DG_SCHEMA_ASK_EXPLAIN    "explain"
#define DG_SCHEMA_ASK_TOP        "top"
#define DG_SCHEMA_ASK_CAMPAIGNS  "campaigns"

#define DG_SCHEMA_ASK_ID         16      /* hex digits */
#define DG_SCHEMA_ASK_STREAM     64      /* entries that are kept */
#define DG_SCHEMA_ASK_KEEP       3600    /* seconds, after the last of them */
#define DG_SCHEMA_ANSWER_KEEP    60


/*
 * KEYS[1]  the stream
 * KEYS[2]  the hash
 * ARGV     entries to keep, seconds to keep all, then subjects and decisions
 *
 * Returns for each subject whether it was news.  A decision behind "-" is
 * taken out of the hash, if it is still that one.
 */
extern const dg_str_t  dg_schema_decide;


/* 1 to DG_SCHEMA_PREFIX_MAX letters, digits and "_-.:" */
int dg_schema_prefix(const dg_str_t *prefix);

/* what only the secret gives, so that nodes notice that theirs are not one */
uint64_t dg_schema_check(const dg_hash_key_t *key);


#endif /* _DG_SCHEMA_H_INCLUDED_ */
