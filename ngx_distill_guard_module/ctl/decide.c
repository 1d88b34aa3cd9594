/*
 * Copyright (C) 2026 Distill Guard
 *
 * distillctl block, allow, exempt and release.
 */


#include "ctl.h"
#include "decision.h"
#include "dg_conf.h"
#include "dg_policy.h"
#include "fleet.h"

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>


/* milliseconds since a node was heard of, for it to be one that counts */
#define CTL_DECIDE_ALIVE  10000

#define CTL_DECIDE_NODES  256    /* that are asked for their room */


typedef struct {
    ctl_fleet_t       fleet;
    dg_ruling_id_t    what;
    const char       *subject;
    uint32_t          seconds;   /* 0: until it is released */
    const char       *reason;
    const char       *author;
} ctl_decide_t;


static int ctl_decide(dg_ruling_id_t what, int argc, char **argv);
static int ctl_decide_options(ctl_decide_t *o, int argc, char **argv);
static int ctl_decide_words(ctl_decide_t *o, dg_ruling_t *r);
static int ctl_decide_word(const char *what, const char *text, size_t max,
    int spaces, u_char *to, uint8_t *len);
static const char *ctl_decide_author(void);
static int ctl_decide_time(ctl_decide_t *o, ctl_decision_t *d);
static int ctl_decide_old(ctl_decide_t *o, const ctl_decision_t *d,
    dg_ruling_t *old, int *found);
static int ctl_decide_room(ctl_decide_t *o, uint64_t now);
static int ctl_decide_node(ctl_decide_t *o, const redisReply *node);
static int ctl_decide_enter(ctl_decide_t *o, const ctl_decision_t *d);
static void ctl_decide_print(ctl_decide_t *o, const ctl_decision_t *d);


int
ctl_block(int argc, char **argv)
{
    return ctl_decide(DG_RULING_BLOCK, argc, argv);
}


int
ctl_allow(int argc, char **argv)
{
    return ctl_decide(DG_RULING_ALLOW, argc, argv);
}


int
ctl_exempt(int argc, char **argv)
{
    return ctl_decide(DG_RULING_EXEMPT, argc, argv);
}


int
ctl_release(int argc, char **argv)
{
    return ctl_decide(DG_RULING_RELEASE, argc, argv);
}


static int
ctl_decide(dg_ruling_id_t what, int argc, char **argv)
{
    int             status;
    ctl_decide_t    o;
    ctl_decision_t  d;

    memset(&o, 0, sizeof(ctl_decide_t));
    memset(&d, 0, sizeof(ctl_decision_t));

    o.what = what;
    d.ruling.id = (uint8_t) what;

    status = ctl_decide_options(&o, argc, argv);

    if (status != CTL_GO_ON) {
        goto done;
    }

    status = ctl_decide_words(&o, &d.ruling);

    if (status == CTL_OK) {
        status = ctl_fleet_init(&o.fleet);
    }

    if (status == CTL_OK) {
        status = ctl_fleet_subject(&o.fleet, o.subject, &d.kind, &d.id);
    }

    if (status == CTL_OK && !dg_ruling_fits(what, d.kind)) {
        ctl_error("only a key or an account can be exempt from campaigns");
        status = CTL_FAILED;
    }

    if (status == CTL_OK) {
        status = ctl_fleet_open(&o.fleet);
    }

    if (status == CTL_OK) {
        status = ctl_decide_time(&o, &d);
    }

    if (status == CTL_OK) {
        status = ctl_decide_enter(&o, &d);
    }

    if (status == CTL_OK) {
        ctl_decide_print(&o, &d);
    }

done:

    ctl_fleet_close(&o.fleet);

    return status;
}


static int
ctl_decide_options(ctl_decide_t *o, int argc, char **argv)
{
    int          c;
    dg_str_t     time;
    const char  *name;

    name = (const char *) dg_rulings[o->what].data;

    while ((c = ctl_flag(argc, argv)) != -1) {

        switch (c) {

        case CTL_FLAG_FOR:
            time = ctl_redis_word(optarg);

            if (dg_conf_time(&o->seconds, &time, DG_BLOCK_MAX) != DG_OK) {
                ctl_error("\"%.40s\" is no time: write 1s to %dd, as in 30m "
                          "or 1h30m", optarg, DG_BLOCK_MAX / 86400);
                return CTL_FAILED;
            }

            break;

        case CTL_FLAG_REASON:
            o->reason = optarg;
            break;

        case CTL_FLAG_AUTHOR:
            o->author = optarg;
            break;

        case 'h':
            return ctl_help(name);

        default:
            if (ctl_fleet_flag(&o->fleet, c, optarg) != DG_OK) {
                return ctl_usage(name);
            }
        }
    }

    if (optind != argc - 1) {
        return ctl_usage(name);
    }

    o->subject = argv[optind];

    return CTL_GO_ON;
}


static int
ctl_decide_words(ctl_decide_t *o, dg_ruling_t *r)
{
    if (o->author == NULL) {
        o->author = ctl_decide_author();
    }

    if (o->author == NULL || o->author[0] == '\0') {
        ctl_error("who decides? This user has no name: say it with --author");
        return CTL_FAILED;
    }

    if (ctl_decide_word("author", o->author, DG_RULING_AUTHOR, 0, r->author,
                        &r->author_len)
        != DG_OK
        || ctl_decide_word("reason", o->reason ? o->reason : "",
                           DG_RULING_REASON, 1, r->reason, &r->reason_len)
           != DG_OK)
    {
        return CTL_FAILED;
    }

    return CTL_OK;
}


static int
ctl_decide_word(const char *what, const char *text, size_t max, int spaces,
    u_char *to, uint8_t *len)
{
    size_t  n;

    n = strlen(text);

    if (n > max || !dg_ruling_plain((const u_char *) text, n, spaces)) {
        ctl_error("the %s is at most %zu plain characters%s: no others, and "
                  "no line breaks", what, max, spaces ? "" : ", no spaces");
        return DG_ERROR;
    }

    memcpy(to, text, n);
    *len = (uint8_t) n;

    return DG_OK;
}


/* who has become root is still himself */

static const char *
ctl_decide_author(void)
{
    const char     *sudo;
    struct passwd  *user;

    sudo = getenv("SUDO_USER");

    if (geteuid() == 0 && sudo && sudo[0]) {
        return sudo;
    }

    user = getpwuid(geteuid());

    return user ? user->pw_name : NULL;
}


/*
 * By Redis' clock, and later than what is decided already: an operator who
 * has seen that has the last word, whatever clocks say.
 */

static int
ctl_decide_time(ctl_decide_t *o, ctl_decision_t *d)
{
    int          status, found;
    char         subject[DG_RULING_SUBJECT + 1];
    uint64_t     ms;
    dg_ruling_t  old;

    status = ctl_fleet_time(&o->fleet, &ms);

    if (status == CTL_OK) {
        status = ctl_decide_old(o, d, &old, &found);
    }

    if (status != CTL_OK) {
        return status;
    }

    d->ruling.time = found ? dg_max(ms, old.time + 1) : ms;
    d->ruling.expires = o->seconds ? ms / 1000 + o->seconds : 0;

    if (found && dg_ruling_stands(&old, ms / 1000)) {
        return CTL_OK;
    }

    if (o->what == DG_RULING_RELEASE) {
        ctl_decision_subject(d, subject);
        ctl_error("there is no decision on %s", subject);
        return CTL_DENIED;
    }

    return ctl_decide_room(o, ms);
}


static int
ctl_decide_old(ctl_decide_t *o, const ctl_decision_t *d, dg_ruling_t *old,
    int *found)
{
    char         key[CTL_FLEET_NAME], subject[DG_RULING_SUBJECT + 1];
    dg_str_t     args[3];
    redisReply  *reply;

    ctl_decision_subject(d, subject);

    args[0] = ctl_redis_word("HGET");
    args[1] = ctl_fleet_name(&o->fleet, DG_SCHEMA_NOW, key);
    args[2] = ctl_redis_word(subject);

    reply = ctl_redis_command(&o->fleet.redis, 3, args);

    if (reply == NULL) {
        return CTL_REDIS;
    }

    *found = reply->type == REDIS_REPLY_STRING
             && dg_ruling_parse(old, (const u_char *) reply->str,
                                (size_t) reply->len)
                == DG_OK;

    freeReplyObject(reply);

    return CTL_OK;
}


/* a node that is full would not hold one more */

static int
ctl_decide_room(ctl_decide_t *o, uint64_t now)
{
    int          status;
    char         key[CTL_FLEET_NAME], since[24];
    size_t       i;
    dg_str_t     args[5];
    redisReply  *nodes;

    snprintf(since, sizeof(since), "%llu",
             (unsigned long long) (now - CTL_DECIDE_ALIVE) / 1000);

    args[0] = ctl_redis_word("ZRANGE");
    args[1] = ctl_fleet_name(&o->fleet, "nodes", key);
    args[2] = ctl_redis_word(since);
    args[3] = ctl_redis_word("+inf");
    args[4] = ctl_redis_word("BYSCORE");

    nodes = ctl_redis_command(&o->fleet.redis, 5, args);

    if (nodes == NULL) {
        return CTL_REDIS;
    }

    status = CTL_OK;

    for (i = 0;
         nodes->type == REDIS_REPLY_ARRAY && i < (size_t) nodes->elements
         && i < CTL_DECIDE_NODES && status == CTL_OK;
         i++)
    {
        status = ctl_decide_node(o, nodes->element[i]);
    }

    freeReplyObject(nodes);

    return status;
}


static int
ctl_decide_node(ctl_decide_t *o, const redisReply *node)
{
    int                  status;
    char                 key[CTL_FLEET_NAME], name[CTL_FLEET_NAME];
    dg_str_t             args[5];
    redisReply          *reply;
    unsigned long long   held, room;

    if (node->type != REDIS_REPLY_STRING || node->len > 32) {
        return CTL_OK;
    }

    snprintf(name, sizeof(name), "node:%.*s", (int) node->len, node->str);

    args[0] = ctl_redis_word("HMGET");
    args[1] = ctl_fleet_name(&o->fleet, name, key);
    args[2] = ctl_redis_word("host");
    args[3] = ctl_redis_word("zone");
    args[4] = ctl_redis_word("decisions");

    reply = ctl_redis_command(&o->fleet.redis, 5, args);

    if (reply == NULL) {
        return CTL_REDIS;
    }

    status = CTL_OK;

    if (ctl_redis_strings(reply, 3)
        && sscanf(reply->element[2]->str, "%llu/%llu", &held, &room) == 2
        && held >= room)
    {
        ctl_error("zone \"%.80s\" of %.80s holds %llu decisions, and has no "
                  "room for more: release some, or make the zone larger",
                  reply->element[1]->str, reply->element[0]->str, held);
        status = CTL_DENIED;
    }

    freeReplyObject(reply);

    return status;
}


static int
ctl_decide_enter(ctl_decide_t *o, const ctl_decision_t *d)
{
    int          status;
    char         stream[CTL_FLEET_NAME], now[CTL_FLEET_NAME];
    char         subject[DG_RULING_SUBJECT + 1], entries[16], keep[16];
    u_char       text[DG_RULING_TEXT];
    dg_str_t     args[9];
    redisReply  *reply;

    ctl_decision_subject(d, subject);
    snprintf(entries, sizeof(entries), "%d", DG_SCHEMA_STREAM);
    snprintf(keep, sizeof(keep), "%d", DG_SCHEMA_KEEP);

    args[0] = ctl_redis_word("EVAL");
    args[1] = dg_schema_decide;
    args[2] = ctl_redis_word("2");
    args[3] = ctl_fleet_name(&o->fleet, DG_SCHEMA_DECISIONS, stream);
    args[4] = ctl_fleet_name(&o->fleet, DG_SCHEMA_NOW, now);
    args[5] = ctl_redis_word(entries);
    args[6] = ctl_redis_word(keep);
    args[7] = ctl_redis_word(subject);
    args[8].data = text;
    args[8].len = dg_ruling_text(text, &d->ruling) - text;

    reply = ctl_redis_command(&o->fleet.redis, 9, args);

    if (reply == NULL) {
        return CTL_REDIS;
    }

    if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 1
        || reply->element[0]->type != REDIS_REPLY_INTEGER)
    {
        ctl_error("Redis answers what it was not asked");
        status = CTL_REDIS;

    } else if (reply->element[0]->integer != 1) {
        ctl_error("somebody else has decided on %s at this moment: see "
                  "\"distillctl list\"", subject);
        status = CTL_DENIED;

    } else {
        status = CTL_OK;
    }

    freeReplyObject(reply);

    return status;
}


static void
ctl_decide_print(ctl_decide_t *o, const ctl_decision_t *d)
{
    char  subject[DG_RULING_SUBJECT + 1], until[CTL_DECISION_TIME];

    static const char  *const done[DG_RULINGS] = {
        "released", "blocked", "allowed", "exempt"
    };

    if (o->fleet.json) {
        ctl_decision_json(d, o->what != DG_RULING_RELEASE);
        return;
    }

    ctl_decision_subject(d, subject);

    printf("%s%s%s %s", ctl_decision_color(o->what), done[o->what],
           ctl_decision_plain(), subject);

    if (d->ruling.expires) {
        ctl_decision_time(d->ruling.expires, until);
        printf(" until %s", until);

    } else if (o->what != DG_RULING_RELEASE) {
        printf(" until it is released");
    }

    printf("\n");
}
