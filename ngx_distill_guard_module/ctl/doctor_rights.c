/*
 * Copyright (C) 2026 Distill Guard
 *
 * Whether the user of Redis may do what nodes, or operators, have to: each
 * command is tried in a way that does nothing, on a key that nobody has.
 */


#include "doctor.h"

#include <stdio.h>


#define CTL_DOCTOR_NODE      1   /* who needs it */
#define CTL_DOCTOR_OPERATOR  2

#define CTL_DOCTOR_WORDS     6
#define CTL_DOCTOR_KEY       "%" /* stands for the key */


typedef struct {
    unsigned       of;
    const char    *right;        /* as ACL SETUSER has it */
    const char    *words[CTL_DOCTOR_WORDS];  /* NULL ends them */
} ctl_doctor_right_t;


#define CTL_DOCTOR_BOTH  (CTL_DOCTOR_NODE|CTL_DOCTOR_OPERATOR)
#define CTL_DOCTOR_SHA   "0000000000000000000000000000000000000000"


/* those of docs/redis.md; SELECT and TIME were used before */

static const ctl_doctor_right_t  ctl_doctor_list_of_rights[] = {
    { CTL_DOCTOR_NODE, "+script|load", { "SCRIPT", "LOAD", "return 1" } },
    { CTL_DOCTOR_NODE, "+evalsha",
      { "EVALSHA", CTL_DOCTOR_SHA, "1", CTL_DOCTOR_KEY } },
    { CTL_DOCTOR_OPERATOR, "+eval",
      { "EVAL", "return 1", "1", CTL_DOCTOR_KEY } },
    { CTL_DOCTOR_NODE, "+set", { "SET", CTL_DOCTOR_KEY, "1", "XX" } },
    { CTL_DOCTOR_NODE, "+getex", { "GETEX", CTL_DOCTOR_KEY } },
    { CTL_DOCTOR_BOTH, "+expire", { "EXPIRE", CTL_DOCTOR_KEY, "1" } },
    { CTL_DOCTOR_BOTH, "+hset", { "HSET", CTL_DOCTOR_KEY, "1", "1" } },
    { CTL_DOCTOR_BOTH, "+hdel", { "HDEL", CTL_DOCTOR_KEY, "1" } },
    { CTL_DOCTOR_BOTH, "+hget", { "HGET", CTL_DOCTOR_KEY, "1" } },
    { CTL_DOCTOR_BOTH, "+hmget", { "HMGET", CTL_DOCTOR_KEY, "1" } },
    { CTL_DOCTOR_BOTH, "+hscan", { "HSCAN", CTL_DOCTOR_KEY, "0" } },
    { CTL_DOCTOR_NODE, "+zadd", { "ZADD", CTL_DOCTOR_KEY, "XX", "1", "1" } },
    { CTL_DOCTOR_NODE, "+zremrangebyrank",
      { "ZREMRANGEBYRANK", CTL_DOCTOR_KEY, "0", "0" } },
    { CTL_DOCTOR_NODE, "+zremrangebyscore",
      { "ZREMRANGEBYSCORE", CTL_DOCTOR_KEY, "0", "0" } },
    { CTL_DOCTOR_BOTH, "+xread", { "XREAD", "STREAMS", CTL_DOCTOR_KEY, "0" } },
    { CTL_DOCTOR_BOTH, "+xrange", { "XRANGE", CTL_DOCTOR_KEY, "-", "+" } },
    { CTL_DOCTOR_BOTH, "+xrevrange",
      { "XREVRANGE", CTL_DOCTOR_KEY, "+", "-" } },
    { CTL_DOCTOR_BOTH, "+xadd",
      { "XADD", CTL_DOCTOR_KEY, "NOMKSTREAM", "*", "1", "1" } }
};


static int ctl_doctor_may(ctl_doctor_t *d, const ctl_doctor_right_t *right,
    const char *key);


void
ctl_doctor_rights(ctl_doctor_t *d)
{
    char         lacks[CTL_DOCTOR_TEXT / 2], todo[CTL_DOCTOR_TEXT];
    char         key[CTL_FLEET_NAME];
    size_t       i, len;
    unsigned     of;

    /*
     * The version of the schema is a string, which HSET refuses for what it
     * is if it is let through; where there is none nothing is tried.
     */

    if (!d->schema) {
        ctl_doctor_tell(d, CTL_DOCTOR_WARNING, "see \"schema\"",
                        "not tried where no nodes are");
        return;
    }

    (void) ctl_fleet_name(&d->fleet, DG_SCHEMA_DECISIONS ":doctor", key);

    of = d->node ? CTL_DOCTOR_NODE : CTL_DOCTOR_OPERATOR;
    len = 0;
    lacks[0] = '\0';

    for (i = 0; i < dg_nelts(ctl_doctor_list_of_rights); i++) {
        if ((ctl_doctor_list_of_rights[i].of & of)
            && !ctl_doctor_may(d, &ctl_doctor_list_of_rights[i], key)
            && len < sizeof(lacks) - 32)
        {
            len += (size_t) snprintf(lacks + len, sizeof(lacks) - len, " %s",
                                     ctl_doctor_list_of_rights[i].right);
        }
    }

    if (len) {
        snprintf(todo, sizeof(todo), "ACL SETUSER %.*s%s ~%.*s:*",
                 (int) (d->fleet.conf.login.user.len
                        ? d->fleet.conf.login.user.len : 7),
                 d->fleet.conf.login.user.len
                 ? (const char *) d->fleet.conf.login.user.data : "default",
                 lacks, (int) d->fleet.prefix.len,
                 (const char *) d->fleet.prefix.data);

        ctl_doctor_tell(d, CTL_DOCTOR_FAILED, todo, "the user lacks what %s "
                        "needs:%s", d->node ? "a node"
                                            : "who decides", lacks);
        return;
    }

    ctl_doctor_tell(d, CTL_DOCTOR_OK, NULL, "the user may do all that %s has "
                    "to", d->node ? "a node" : "who decides");
}


static int
ctl_doctor_may(ctl_doctor_t *d, const ctl_doctor_right_t *right,
    const char *key)
{
    int          may;
    char         schema[CTL_FLEET_NAME];
    unsigned     n;
    redisReply  *reply;
    const char  *words[CTL_DOCTOR_WORDS];

    memset(words, 0, sizeof(words));
    (void) ctl_fleet_name(&d->fleet, DG_SCHEMA_VERSION, schema);

    for (n = 0; n < CTL_DOCTOR_WORDS && right->words[n]; n++) {
        words[n] = right->words[n];

        if (strcmp(words[n], CTL_DOCTOR_KEY) == 0) {
            words[n] = strcmp(words[0], "HSET") == 0 ? schema : key;
        }
    }

    /* a command of no key, which goes to any server */

    reply = ctl_doctor_ask(d, strcmp(words[0], "SCRIPT") == 0
                              ? (int) d->fleet.redis.home : -1, n, words);

    if (reply == NULL) {
        return 1;
    }

    may = !ctl_redis_refused(reply, "NOPERM");
    freeReplyObject(reply);

    return may;
}
