/*
 * Copyright (C) 2026 Distill Guard
 *
 * The nodes, as distillctl doctor finds them.
 */


#include "doctor.h"

#include <stdio.h>
#include <stdlib.h>


#define CTL_DOCTOR_NODES  256

/* seconds that a node's word may be old, and its clock off */
#define CTL_DOCTOR_ALIVE  10
#define CTL_DOCTOR_BAD    30

/* milliseconds within which a node that is alive is heard of again */
#define CTL_DOCTOR_BEAT   2500


typedef struct {
    char           id[33];
    char           name[160];    /* host and zone */
    int64_t        seen;         /* Unix seconds, by its own clock */
    unsigned       odd;          /* that is not now */
} ctl_doctor_node_t;


static int ctl_doctor_list(ctl_doctor_t *d, ctl_doctor_node_t *nodes);
static void ctl_doctor_name(ctl_doctor_t *d, ctl_doctor_node_t *node);
static int ctl_doctor_replaced(const ctl_doctor_node_t *nodes, int n,
    const ctl_doctor_node_t *node);
static int ctl_doctor_again(ctl_doctor_t *d, const ctl_doctor_node_t *node);
static void ctl_doctor_node_text(char *to, size_t size,
    const redisReply *reply);


/*
 * Nodes say by their own clocks when they were there: one whose word is odd
 * but changes has a clock that is wrong.
 */

void
ctl_doctor_nodes(ctl_doctor_t *d)
{
    int                 i, n, odd, alive;
    int64_t             off;
    ctl_doctor_node_t  *nodes;

    nodes = calloc(CTL_DOCTOR_NODES, sizeof(ctl_doctor_node_t));

    n = nodes ? ctl_doctor_list(d, nodes) : 0;
    odd = 0;

    for (i = 0; i < n; i++) {
        off = nodes[i].seen - (int64_t) (d->now / 1000);
        ctl_doctor_name(d, &nodes[i]);
        nodes[i].odd = off > CTL_DOCTOR_ALIVE || off < -CTL_DOCTOR_ALIVE;
        odd += (int) nodes[i].odd;
    }

    if (odd) {
        ctl_doctor_pause(CTL_DOCTOR_BEAT);
    }

    alive = 0;

    for (i = 0; i < n; i++) {
        off = nodes[i].seen - (int64_t) (d->now / 1000);

        if (!nodes[i].odd) {
            alive++;

        } else if (!ctl_doctor_again(d, &nodes[i])) {

            if (ctl_doctor_replaced(nodes, n, &nodes[i])) {
                continue;
            }

            ctl_doctor_tell(d, CTL_DOCTOR_WARNING, "if it was not taken away, "
                            "see its error log: it may have lost Redis",
                            "%s is away, it was last heard of %lld s ago",
                            nodes[i].name, off < 0 ? (long long) -off : 0);

        } else {
            alive++;
            ctl_doctor_tell(d, llabs(off) < CTL_DOCTOR_BAD
                               ? CTL_DOCTOR_WARNING : CTL_DOCTOR_FAILED,
                            "set its clock by NTP: minutes and days are "
                            "counted by it", "the clock of %s is %lld s %s "
                            "Redis", nodes[i].name, llabs(off),
                            off > 0 ? "ahead of" : "behind");
        }
    }

    free(nodes);

    if (n < 0) {
        return;
    }

    if (alive == 0) {
        ctl_doctor_tell(d, CTL_DOCTOR_FAILED, "see the nodes' error logs, and "
                        "compare the prefix", "no node is there");

    } else {
        ctl_doctor_tell(d, CTL_DOCTOR_OK, NULL, "%d alive", alive);
    }
}


static int
ctl_doctor_list(ctl_doctor_t *d, ctl_doctor_node_t *nodes)
{
    int          n;
    char         key[CTL_FLEET_NAME];
    size_t       i;
    redisReply  *reply;
    const char  *words[5];

    (void) ctl_fleet_name(&d->fleet, "nodes", key);

    words[0] = "ZRANGE";
    words[1] = key;
    words[2] = "0";
    words[3] = "-1";
    words[4] = "WITHSCORES";

    reply = ctl_doctor_ask(d, -1, 5, words);

    if (reply && ctl_redis_refused(reply, "NOPERM")) {
        ctl_doctor_tell(d, CTL_DOCTOR_OK, "for this, ask as a user that has "
                        "+@read", "the nodes are not this user's to know");
        freeReplyObject(reply);
        return DG_ERROR;
    }

    if (reply == NULL || reply->type != REDIS_REPLY_ARRAY
        || !ctl_redis_strings(reply, (size_t) reply->elements))
    {
        ctl_doctor_refused(d, CTL_DOCTOR_FAILED, "the nodes", reply);
        return DG_ERROR;
    }

    n = 0;

    for (i = 0;
         i + 1 < (size_t) reply->elements && n < CTL_DOCTOR_NODES;
         i += 2)
    {
        ctl_doctor_node_text(nodes[n].id, sizeof(nodes[n].id),
                             reply->element[i]);
        nodes[n].seen = strtoll(reply->element[i + 1]->str, NULL, 10);

        /* who was away for an hour is no more looked for */

        n += (nodes[n].seen > (int64_t) (d->now / 1000) - 3600);
    }

    freeReplyObject(reply);

    return n;
}


static void
ctl_doctor_name(ctl_doctor_t *d, ctl_doctor_node_t *node)
{
    char         key[CTL_FLEET_NAME], name[48], host[80], zone[48];
    redisReply  *reply;
    const char  *words[4];

    snprintf(node->name, sizeof(node->name), "node %s", node->id);
    snprintf(name, sizeof(name), "node:%s", node->id);
    (void) ctl_fleet_name(&d->fleet, name, key);

    words[0] = "HMGET";
    words[1] = key;
    words[2] = "host";
    words[3] = "zone";

    reply = ctl_doctor_ask(d, -1, 4, words);

    if (reply == NULL) {
        return;
    }

    if (ctl_redis_strings(reply, 2)) {
        ctl_doctor_node_text(host, sizeof(host), reply->element[0]);
        ctl_doctor_node_text(zone, sizeof(zone), reply->element[1]);
        snprintf(node->name, sizeof(node->name), "%s, zone \"%s\"", host,
                 zone);
    }

    freeReplyObject(reply);
}


/* a zone that was made anew is another node, and the one before is gone */

static int
ctl_doctor_replaced(const ctl_doctor_node_t *nodes, int n,
    const ctl_doctor_node_t *node)
{
    int  i;

    for (i = 0; i < n; i++) {
        if (nodes[i].seen > node->seen
            && strcmp(nodes[i].name, node->name) == 0)
        {
            return 1;
        }
    }

    return 0;
}


/* has it been heard of again? */

static int
ctl_doctor_again(ctl_doctor_t *d, const ctl_doctor_node_t *node)
{
    int          again;
    char         key[CTL_FLEET_NAME];
    redisReply  *reply;
    const char  *words[3];

    (void) ctl_fleet_name(&d->fleet, "nodes", key);

    words[0] = "ZSCORE";
    words[1] = key;
    words[2] = node->id;

    reply = ctl_doctor_ask(d, -1, 3, words);

    if (reply == NULL) {
        return 0;
    }

    again = reply->type == REDIS_REPLY_STRING
            && strtoll(reply->str, NULL, 10) != node->seen;

    freeReplyObject(reply);

    return again;
}


/* what comes from elsewhere does not command a terminal */

static void
ctl_doctor_node_text(char *to, size_t size, const redisReply *reply)
{
    size_t  i;

    for (i = 0; i + 1 < size && i < (size_t) reply->len; i++) {
        to[i] = (reply->str[i] < ' ' || reply->str[i] > '~') ? '?'
                                                             : reply->str[i];
    }

    to[i] = '\0';
}
