/*
 * Copyright (C) 2026 Distill Guard
 *
 * The nodes that share a Redis: where that is, what their secret is, and
 * whom a command is about.
 */


#ifndef _FLEET_H_INCLUDED_
#define _FLEET_H_INCLUDED_


#include <getopt.h>

#include "ctl.h"
#include "dg_core.h"
#include "dg_hash.h"
#include "dg_ruling.h"
#include "dg_schema.h"
#include "dg_url.h"
#include "redis.h"


/* what can be said in a flag, in the environment or in a nginx.conf */

typedef enum {
    CTL_FLEET_CONF = 0,
    CTL_FLEET_URL,
    CTL_FLEET_PASSWORD,          /* a file */
    CTL_FLEET_PREFIX,
    CTL_FLEET_SECRET,            /* a file */
    CTL_FLEET_CA,                /* likewise */
    CTL_FLEET_TLS_NAME,
    CTL_FLEET_CERT,              /* files */
    CTL_FLEET_KEY,
    CTL_FLEET_VERIFY,
    CTL_FLEET_SENTINEL_USER,
    CTL_FLEET_SENTINEL_PASSWORD,             /* a file */
    CTL_FLEET_SAID
} ctl_fleet_said_t;


#define CTL_FLEET_FLAG  512      /* what ctl_flag() gives for the first */
#define CTL_FLEET_JSON  (CTL_FLEET_FLAG + CTL_FLEET_SAID)


typedef struct {
    char              *said[CTL_FLEET_SAID];         /* NULL: nothing */
    unsigned           json;

    ctl_redis_conf_t   conf;
    dg_str_t           prefix;
    dg_hash_key_t      key;      /* of ids, if keyed */
    unsigned           keyed;

    ctl_redis_t        redis;
} ctl_fleet_t;


/* those flags, by what ctl_flag() gives, and "--json"; ends with a code of 0 */
extern const ctl_flag_t  ctl_fleet_flags[];

/* "DISTILL_GUARD_PASSWORD_FILE", in buf of CTL_FLEET_VARIABLE bytes */

#define CTL_FLEET_VARIABLE  64

const char *ctl_fleet_variable(const ctl_flag_t *flag, char *buf);

/* a flag, as ctl_flag() gives it: DG_ERROR if it is none of these */
int ctl_fleet_flag(ctl_fleet_t *f, int flag, const char *value);

/*
 * The flags of a command that has no others, and from least to most operands:
 * CTL_GO_ON, or a status.
 */
int ctl_fleet_options(ctl_fleet_t *f, int argc, char **argv, int least,
    int most);

/*
 * Finds out what was not said in flags.  CTL_OK, or a status, and what is
 * wrong has been said.  Into zeroes but for flags; to be closed anyway.
 */
int ctl_fleet_init(ctl_fleet_t *f);
void ctl_fleet_close(ctl_fleet_t *f);

/* connects, and sees whether this is what nodes of this version share */
int ctl_fleet_open(ctl_fleet_t *f);

/* all that is needed for that but the connection; CTL_OK, or a status */
int ctl_fleet_where(ctl_fleet_t *f);

/* "dg:name", in buf of CTL_FLEET_NAME bytes */

#define CTL_FLEET_NAME  (DG_SCHEMA_PREFIX_MAX + 64)

dg_str_t ctl_fleet_name(const ctl_fleet_t *f, const char *name, char *buf);

/* Redis' clock, Unix milliseconds */
int ctl_fleet_time(ctl_fleet_t *f, uint64_t *ms);

/*
 * "key:9f3a...", "key:-" that is on standard input, "origin:" with a network
 * or an address, "asn:" with a number or "AS" before it
 */
int ctl_fleet_subject(ctl_fleet_t *f, const char *text, unsigned *kind,
    dg_id_t *id);


#endif /* _FLEET_H_INCLUDED_ */
