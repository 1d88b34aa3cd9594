/*
 * Copyright (C) 2026 Distill Guard
 */


#include "ask.h"
#include "ctl.h"
#include "decision.h"
#include "dg_hash.h"
#include "merge.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>


/* seconds within which a node was heard of that is alive */
#define CTL_ASK_ALIVE     10

/* milliseconds: between looks for answers; in which one is to come, and all
   others if one has; after which a person is told that they are waited for */
#define CTL_ASK_LOOK      25
#define CTL_ASK_PATIENCE  5000
#define CTL_ASK_SILENT    2000
#define CTL_ASK_LONG      1000


static int ctl_ask_nodes(ctl_fleet_t *f, ctl_ask_t *ask);
static void ctl_ask_replaced(ctl_ask_t *ask);
static int ctl_ask_node(ctl_fleet_t *f, ctl_ask_node_t *node, uint64_t now);
static void ctl_ask_name(char name[CTL_ASK_NAME], const redisReply *reply);
static int ctl_ask_send(ctl_fleet_t *f, const char *id, const char *what,
    const char *argument);
static int ctl_ask_come(ctl_fleet_t *f, const ctl_ask_t *ask,
    unsigned *come);
static int ctl_ask_read(ctl_fleet_t *f, ctl_ask_t *ask);
static int ctl_ask_expire(ctl_fleet_t *f, const char *key,
    unsigned seconds);
static void ctl_ask_plain(json_t *json);
static ctl_ask_node_t *ctl_ask_find(const ctl_ask_t *ask,
    const redisReply *id);


int
ctl_ask(ctl_fleet_t *f, ctl_ask_t *ask, const char *what,
    const char *argument)
{
    int       status;
    char      id[DG_HASH_TEXT + 1];
    char      name[sizeof(DG_SCHEMA_ANSWERS) + DG_SCHEMA_ASK_ID];
    uint64_t  random;

    memset(ask, 0, sizeof(ctl_ask_t));

    if (getrandom(&random, sizeof(random), 0) != (ssize_t) sizeof(random)) {
        ctl_error("no random numbers");
        return CTL_FAILED;
    }

    *dg_hash_text((u_char *) id, random) = '\0';

    status = ctl_ask_nodes(f, ask);

    if (status == CTL_OK) {
        status = ctl_ask_send(f, id, what, argument);
    }

    snprintf(name, sizeof(name), "%s%s", DG_SCHEMA_ANSWERS, id);
    (void) ctl_fleet_name(f, name, ask->key);

    return status;
}


void
ctl_ask_free(ctl_ask_t *ask)
{
    unsigned  i;

    for (i = 0; i < ask->n; i++) {
        json_decref(ask->node[i].answer);
    }

    ask->n = 0;
}


/*
 * Those that were heard of within the hour, and some of them just now: which
 * their hashes tell, that Redis keeps for a time.  Scores are times of clocks
 * that may be wrong.
 */

static int
ctl_ask_nodes(ctl_fleet_t *f, ctl_ask_t *ask)
{
    int              status;
    char             key[CTL_FLEET_NAME], most[16];
    size_t           i;
    uint64_t         ms;
    dg_str_t         args[4];
    redisReply      *reply;
    ctl_ask_node_t  *node;

    status = ctl_fleet_time(f, &ms);

    if (status != CTL_OK) {
        return status;
    }

    snprintf(most, sizeof(most), "%d", CTL_ASK_NODES - 1);

    args[0] = ctl_redis_word("ZREVRANGE");
    args[1] = ctl_fleet_name(f, DG_SCHEMA_NODES, key);
    args[2] = ctl_redis_word("0");
    args[3] = ctl_redis_word(most);

    reply = ctl_redis_command(&f->redis, 4, args);

    if (reply == NULL) {
        return CTL_REDIS;
    }

    if (!ctl_redis_strings(reply, (size_t) reply->elements)) {
        ctl_error("Redis answers what it was not asked");
        freeReplyObject(reply);
        return CTL_REDIS;
    }

    for (i = 0;
         i < (size_t) reply->elements && ask->n < CTL_ASK_NODES
         && status == CTL_OK;
         i++)
    {
        if ((size_t) reply->element[i]->len != CTL_ASK_NODE) {
            continue;
        }

        node = &ask->node[ask->n];

        memset(node, 0, sizeof(ctl_ask_node_t));
        memcpy(node->id, reply->element[i]->str, CTL_ASK_NODE);

        status = ctl_ask_node(f, node, ms / 1000);

        if (status == CTL_OK && node->heard) {
            ask->n++;
            ask->alive += node->alive;
        }
    }

    freeReplyObject(reply);

    if (status != CTL_OK) {
        return status;
    }

    ctl_ask_replaced(ask);

    if (ask->alive == 0) {
        ctl_error("no node was heard of in the last %d seconds: nobody can "
                  "answer", CTL_ASK_ALIVE);
        return CTL_DENIED;
    }

    return CTL_OK;
}


/* a zone that was made anew is another node, and the one before is gone */

static void
ctl_ask_replaced(ctl_ask_t *ask)
{
    unsigned               i, k, n;
    const ctl_ask_node_t  *one, *other;

    n = 0;

    for (i = 0; i < ask->n; i++) {
        one = &ask->node[i];

        for (k = 0; k < ask->n; k++) {
            other = &ask->node[k];

            if (other->alive && !one->alive
                && strcmp(one->host, other->host) == 0
                && strcmp(one->zone, other->zone) == 0)
            {
                break;
            }
        }

        if (k == ask->n) {
            ask->node[n++] = *one;
        }
    }

    ask->n = n;
}


static int
ctl_ask_node(ctl_fleet_t *f, ctl_ask_node_t *node, uint64_t now)
{
    char         key[CTL_FLEET_NAME];
    char         name[sizeof(DG_SCHEMA_NODE) + CTL_ASK_NODE];
    int64_t      age;
    dg_str_t     args[4];
    redisReply  *reply;

    snprintf(name, sizeof(name), "%s%s", DG_SCHEMA_NODE, node->id);

    args[0] = ctl_redis_word("HMGET");
    args[1] = ctl_fleet_name(f, name, key);
    args[2] = ctl_redis_word("host");
    args[3] = ctl_redis_word("zone");

    reply = ctl_redis_command(&f->redis, 4, args);

    if (reply == NULL) {
        return CTL_REDIS;
    }

    if (ctl_redis_strings(reply, 2)) {
        ctl_ask_name(node->host, reply->element[0]);
        ctl_ask_name(node->zone, reply->element[1]);
    }

    freeReplyObject(reply);

    args[0] = ctl_redis_word("TTL");

    reply = ctl_redis_command(&f->redis, 2, args);

    if (reply == NULL) {
        return CTL_REDIS;
    }

    if (reply->type == REDIS_REPLY_INTEGER && reply->integer >= 0) {
        age = dg_max(DG_SCHEMA_NODE_KEEP - reply->integer, 0);

        node->heard = now - (uint64_t) age;
        node->alive = (age <= CTL_ASK_ALIVE);
    }

    freeReplyObject(reply);

    return CTL_OK;
}


/* what comes from elsewhere does not command a terminal */

static void
ctl_ask_name(char name[CTL_ASK_NAME], const redisReply *reply)
{
    size_t  i;

    snprintf(name, CTL_ASK_NAME, "%s", reply->str);

    for (i = 0; name[i]; i++) {
        if (name[i] < ' ' || name[i] > '~') {
            name[i] = '?';
        }
    }
}


static int
ctl_ask_send(ctl_fleet_t *f, const char *id, const char *what,
    const char *argument)
{
    char         key[CTL_FLEET_NAME], most[16];
    dg_str_t     args[12];
    redisReply  *reply;

    snprintf(most, sizeof(most), "%d", DG_SCHEMA_ASK_STREAM);

    args[0] = ctl_redis_word("XADD");
    args[1] = ctl_fleet_name(f, DG_SCHEMA_ASKS, key);
    args[2] = ctl_redis_word("MAXLEN");
    args[3] = ctl_redis_word("~");
    args[4] = ctl_redis_word(most);
    args[5] = ctl_redis_word("*");
    args[6] = ctl_redis_word(DG_SCHEMA_ASK);
    args[7] = ctl_redis_word(id);
    args[8] = ctl_redis_word(DG_SCHEMA_ASK_WHAT);
    args[9] = ctl_redis_word(what);
    args[10] = ctl_redis_word(DG_SCHEMA_ASK_ARGUMENT);
    args[11] = ctl_redis_word(argument);

    reply = ctl_redis_command(&f->redis, 12, args);

    if (reply == NULL) {
        return CTL_REDIS;
    }

    freeReplyObject(reply);

    return ctl_ask_expire(f, key, DG_SCHEMA_ASK_KEEP);
}


int
ctl_ask_wait(ctl_fleet_t *f, ctl_ask_t *ask)
{
    int              status;
    unsigned         ms, come, told;
    struct timespec  look = { 0, CTL_ASK_LOOK * 1000000 };

    told = 0;
    come = 0;

    for (ms = 0;
         ms < (come ? CTL_ASK_SILENT : CTL_ASK_PATIENCE);
         ms += CTL_ASK_LOOK)
    {
        status = ctl_ask_come(f, ask, &come);

        if (status != CTL_OK || come == ask->alive) {
            break;
        }

        if (ms >= CTL_ASK_LONG && isatty(STDERR_FILENO)) {
            fprintf(stderr, "\r%u of %u nodes have answered ", come,
                    ask->alive);
            told = 1;
        }

        (void) nanosleep(&look, NULL);
    }

    if (told) {
        fprintf(stderr, "\r\x1b[K");
    }

    if (status == CTL_OK) {
        status = ctl_ask_read(f, ask);
    }

    if (status == CTL_OK && ask->answered == 0) {
        ctl_error("none of %u nodes has answered within %d seconds: are they "
                  "of this version, is their \"sync=\" not longer, and may "
                  "their user of Redis read \"%s\"?", ask->alive,
                  CTL_ASK_PATIENCE / 1000, DG_SCHEMA_ASKS);
        return CTL_DENIED;
    }

    return status;
}


/* how many of them have, before all that they say is read */

static int
ctl_ask_come(ctl_fleet_t *f, const ctl_ask_t *ask, unsigned *come)
{
    size_t           i;
    dg_str_t         args[2];
    redisReply      *reply;
    ctl_ask_node_t  *node;

    args[0] = ctl_redis_word("HKEYS");
    args[1] = ctl_redis_word(ask->key);

    reply = ctl_redis_command(&f->redis, 2, args);

    if (reply == NULL) {
        return CTL_REDIS;
    }

    *come = 0;

    for (i = 0;
         reply->type == REDIS_REPLY_ARRAY && i < (size_t) reply->elements;
         i++)
    {
        node = ctl_ask_find(ask, reply->element[i]);
        *come += (node && node->alive);
    }

    freeReplyObject(reply);

    return CTL_OK;
}


static int
ctl_ask_read(ctl_fleet_t *f, ctl_ask_t *ask)
{
    size_t           i;
    dg_str_t         args[2];
    redisReply      *reply, *text;
    ctl_ask_node_t  *node;

    args[0] = ctl_redis_word("HGETALL");
    args[1] = ctl_redis_word(ask->key);

    reply = ctl_redis_command(&f->redis, 2, args);

    if (reply == NULL) {
        return CTL_REDIS;
    }

    for (i = 0;
         reply->type == REDIS_REPLY_ARRAY
         && i + 1 < (size_t) reply->elements;
         i += 2)
    {
        node = ctl_ask_find(ask, reply->element[i]);
        text = reply->element[i + 1];

        if (node == NULL || node->answer || text->type != REDIS_REPLY_STRING)
        {
            continue;
        }

        node->answer = json_loadb(text->str, (size_t) text->len, 0, NULL);

        if (json_is_object(node->answer)) {
            ctl_ask_plain(node->answer);
            ask->answered++;

        } else {
            json_decref(node->answer);
            node->answer = NULL;
        }
    }

    freeReplyObject(reply);

    /* a node may have been lost before it could say so */

    return ctl_ask_expire(f, ask->key, DG_SCHEMA_ANSWER_KEEP);
}


static int
ctl_ask_expire(ctl_fleet_t *f, const char *key, unsigned seconds)
{
    char         keep[16];
    dg_str_t     args[3];
    redisReply  *reply;

    snprintf(keep, sizeof(keep), "%u", seconds);

    args[0] = ctl_redis_word("EXPIRE");
    args[1] = ctl_redis_word(key);
    args[2] = ctl_redis_word(keep);

    reply = ctl_redis_command(&f->redis, 3, args);

    if (reply == NULL) {
        return CTL_REDIS;
    }

    freeReplyObject(reply);

    return CTL_OK;
}


static void
ctl_ask_plain(json_t *json)
{
    char        *p;
    size_t       i;
    json_t      *value;
    const char  *name;

    json_object_foreach(json, name, value) {
        ctl_ask_plain(value);
    }

    json_array_foreach(json, i, value) {
        ctl_ask_plain(value);
    }

    /* the string is jansson's, and its length stays */

    for (p = (char *) json_string_value(json); p && *p; p++) {
        if (*p < ' ' || *p > '~') {
            *p = '?';
        }
    }
}


static ctl_ask_node_t *
ctl_ask_find(const ctl_ask_t *ask, const redisReply *id)
{
    unsigned  i;

    for (i = 0; id->type == REDIS_REPLY_STRING && i < ask->n; i++) {
        if (strcmp(ask->node[i].id, id->str) == 0) {
            return (ctl_ask_node_t *) &ask->node[i];
        }
    }

    return NULL;
}


json_t *
ctl_ask_merged(const ctl_ask_t *ask)
{
    json_t                *answers, *merged, *nodes, *node;
    unsigned               i;
    const ctl_ask_node_t  *n;

    answers = json_array();
    nodes = json_array();

    for (i = 0; i < ask->n; i++) {
        n = &ask->node[i];

        node = json_pack("{s:s, s:s, s:s, s:b, s:b, s:I}", "node", n->id,
                         "host", n->host, "zone", n->zone, "alive",
                         n->alive != 0, "answered", n->answer != NULL,
                         "last_seen", (json_int_t) n->heard);
        (void) json_array_append_new(nodes, node);

        if (n->answer) {
            (void) json_array_append(answers, n->answer);
        }
    }

    merged = ctl_merge(answers);
    json_decref(answers);

    if (json_array_size(nodes) != ask->n
        || json_object_set_new(merged, "nodes", nodes) != 0)
    {
        json_decref(merged);
        ctl_error("no memory");
        return NULL;
    }

    (void) json_object_del(merged, "node");

    return merged;
}


void
ctl_ask_print(const ctl_ask_t *ask, FILE *to)
{
    char                   since[CTL_DECISION_TIME];
    unsigned               i;
    const char            *separator;
    const ctl_ask_node_t  *n;

    fprintf(to, "%u of %u %s answered", ask->answered, ask->alive,
            ask->alive == 1 ? "node" : "nodes");

    separator = "; silent: ";

    for (i = 0; i < ask->n; i++) {
        n = &ask->node[i];

        if (n->alive && n->answer == NULL) {
            fprintf(to, "%s%s (zone %s)", separator, n->host, n->zone);
            separator = ", ";
        }
    }

    separator = "; away: ";

    for (i = 0; i < ask->n; i++) {
        n = &ask->node[i];

        if (!n->alive && n->answer == NULL) {
            ctl_decision_time(n->heard, since);
            fprintf(to, "%s%s (zone %s) since %s", separator, n->host,
                    n->zone, since);
            separator = ", ";
        }
    }

    fprintf(to, "\n");
}
