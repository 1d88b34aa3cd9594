/*
 * Copyright (C) 2026 Distill Guard
 *
 * distillctl doctor.
 */


#include "doctor.h"
#include "ctl.h"
#include "decision.h"
#include "dg_print.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>


/* milliseconds that a clock may be ahead or behind */
#define CTL_DOCTOR_SKEW      2000
#define CTL_DOCTOR_SKEW_BAD  30000

#define CTL_DOCTOR_FULL      90  /* per cent of maxmemory */


typedef struct {
    const char    *name;
    void         (*run)(ctl_doctor_t *d);
} ctl_doctor_check_t;


static int ctl_doctor_options(ctl_doctor_t *d, int argc, char **argv);
static int ctl_doctor_run(ctl_doctor_t *d);
static void ctl_doctor_server(ctl_doctor_t *d);
static void ctl_doctor_info(ctl_doctor_t *d, unsigned link,
    const char *info);
static void ctl_doctor_memory(ctl_doctor_t *d, const char *place,
    const char *info);
static const char *ctl_doctor_field(const char *info, const char *name,
    char value[64]);
static void ctl_doctor_write(ctl_doctor_t *d);
static void ctl_doctor_schema(ctl_doctor_t *d);
static void ctl_doctor_secret(ctl_doctor_t *d);
static void ctl_doctor_clock(ctl_doctor_t *d);
static redisReply *ctl_doctor_get(ctl_doctor_t *d, const char *name);
static void ctl_doctor_json(ctl_doctor_t *d, const char *result,
    const char *text, const char *todo);


static const ctl_doctor_check_t  ctl_doctor_checks[] = {
    { "server", ctl_doctor_server },
    { "write", ctl_doctor_write },
    { "schema", ctl_doctor_schema },
    { "secret", ctl_doctor_secret },
    { "clock", ctl_doctor_clock },
    { "nodes", ctl_doctor_nodes },
    { "rights", ctl_doctor_rights },
    { "keys", ctl_doctor_keys },
    { "streams", ctl_doctor_streams },
    { NULL, NULL }
};


int
ctl_doctor(int argc, char **argv)
{
    int           status;
    ctl_doctor_t  d;

    memset(&d, 0, sizeof(ctl_doctor_t));

    status = ctl_doctor_options(&d, argc, argv);

    if (status == CTL_GO_ON) {
        status = ctl_fleet_init(&d.fleet);

        if (status == CTL_OK) {
            status = ctl_fleet_where(&d.fleet);
        }

        if (status == CTL_OK) {
            status = ctl_doctor_run(&d);
        }
    }

    ctl_fleet_close(&d.fleet);

    return status;
}


static int
ctl_doctor_options(ctl_doctor_t *d, int argc, char **argv)
{
    int  c;

    while ((c = ctl_flag(argc, argv)) != -1) {

        switch (c) {

        case CTL_FLAG_AS_NODE:
            d->node = 1;
            break;

        case 'h':
            return ctl_help("doctor");

        default:
            if (ctl_fleet_flag(&d->fleet, c, optarg) != DG_OK) {
                return ctl_usage("doctor");
            }
        }
    }

    return optind == argc ? CTL_GO_ON : ctl_usage("doctor");
}


static int
ctl_doctor_run(ctl_doctor_t *d)
{
    int                        status;
    const ctl_doctor_check_t  *check;

    d->check = "redis";
    status = ctl_redis_connect(&d->fleet.redis, &d->fleet.conf);

    if (status != CTL_OK) {
        ctl_doctor_tell(d, CTL_DOCTOR_FAILED, "nodes go on by themselves; "
                        "see that Redis runs, and the URL, the user and the "
                        "certificates", "%s", d->fleet.redis.error);
        return status;
    }

    ctl_doctor_tell(d, CTL_DOCTOR_OK, NULL, "connected to %s",
                    d->fleet.redis.links[d->fleet.redis.home]->place);

    for (check = ctl_doctor_checks; check->name; check++) {
        d->check = check->name;
        check->run(d);
    }

    return d->result == CTL_DOCTOR_FAILED ? CTL_DENIED : CTL_OK;
}


void
ctl_doctor_tell(ctl_doctor_t *d, ctl_doctor_result_t result,
    const char *todo, const char *fmt, ...)
{
    char     text[CTL_DOCTOR_TEXT];
    va_list  args;

    static const char  *const results[] = { "ok", "warning", "failed" };

    static const unsigned  colors[] = {
        DG_RULING_ALLOW, DG_RULING_EXEMPT, DG_RULING_BLOCK
    };

    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);

    d->result = dg_max(d->result, (unsigned) result);
    ctl_progress_wipe(&d->progress);

    if (d->fleet.json) {
        ctl_doctor_json(d, results[result], text, todo);
        return;
    }

    printf("%s%-7s%s  %-7s  %s\n", ctl_decision_color(colors[result]),
           results[result], ctl_decision_plain(), d->check, text);

    if (todo) {
        printf("%18s%s\n", "", todo);
    }

    (void) fflush(stdout);
}


static void
ctl_doctor_json(ctl_doctor_t *d, const char *result, const char *text,
    const char *todo)
{
    u_char  line[8 * CTL_DOCTOR_TEXT], *p;

    p = dg_print(line, "{\"check\":\"");
    p = dg_print(p, d->check);
    p = dg_print(p, "\",\"result\":\"");
    p = dg_print(p, result);
    p = dg_print(p, "\",\"text\":\"");
    p = dg_print_json(p, (const u_char *) text, strlen(text));
    p = dg_print(p, "\",\"todo\":");

    if (todo) {
        *p++ = '"';
        p = dg_print_json(p, (const u_char *) todo,
                          dg_min(strlen(todo), CTL_DOCTOR_TEXT));
        *p++ = '"';

    } else {
        p = dg_print(p, "null");
    }

    p = dg_print(p, "}\n");

    (void) fwrite(line, 1, (size_t) (p - line), stdout);
}


void
ctl_doctor_refused(ctl_doctor_t *d, ctl_doctor_result_t result,
    const char *what, redisReply *reply)
{
    const char  *hint;

    if (reply == NULL) {
        ctl_doctor_tell(d, CTL_DOCTOR_FAILED, "see whether Redis runs",
                        "%s", d->fleet.redis.error);
        return;
    }

    hint = ctl_redis_hint(reply);

    ctl_doctor_tell(d, result, hint[0] ? hint : NULL, "%s: %.200s", what,
                    ctl_redis_refused(reply, NULL) ? ctl_redis_text(reply)
                                                   : "not what was asked");
    freeReplyObject(reply);
}


redisReply *
ctl_doctor_ask(ctl_doctor_t *d, int link, unsigned n,
    const char *const *words)
{
    unsigned  i;
    dg_str_t  args[CTL_REDIS_ARGS];

    for (i = 0; i < n; i++) {
        args[i] = ctl_redis_word(words[i]);
    }

    return link == -1 ? ctl_redis_ask(&d->fleet.redis, n, args)
                      : ctl_redis_ask_at(&d->fleet.redis, (unsigned) link, n,
                                         args);
}


void
ctl_doctor_pause(unsigned ms)
{
    struct timespec  pause;

    pause.tv_sec = ms / 1000;
    pause.tv_nsec = (ms % 1000) * 1000000L;

    (void) nanosleep(&pause, NULL);
}


/* --- each server --- */


static void
ctl_doctor_server(ctl_doctor_t *d)
{
    unsigned      i;
    redisReply   *reply;
    ctl_redis_t  *redis;

    static const char  *const info[] = { "INFO" };

    redis = &d->fleet.redis;

    for (i = 0; i < redis->nlinks; i++) {

        if (!ctl_redis_serves(redis, i)) {
            continue;
        }

        reply = ctl_doctor_ask(d, (int) i, 1, info);

        if (reply && reply->type == REDIS_REPLY_STRING) {
            ctl_doctor_info(d, i, reply->str);
            freeReplyObject(reply);

        } else if (reply && ctl_redis_refused(reply, "NOPERM")) {
            ctl_doctor_tell(d, CTL_DOCTOR_OK, "for this, ask as a user that "
                            "has +info", "version, role and memory of %s are "
                            "not this user's to know",
                            redis->links[i]->place);
            freeReplyObject(reply);

        } else {
            ctl_doctor_refused(d, CTL_DOCTOR_FAILED, redis->links[i]->place,
                               reply);
        }
    }
}


static void
ctl_doctor_info(ctl_doctor_t *d, unsigned link, const char *info)
{
    char         version[64], role[64];
    unsigned     major, minor;
    const char  *place;

    place = d->fleet.redis.links[link]->place;

    (void) ctl_doctor_field(info, "role", role);

    if (sscanf(ctl_doctor_field(info, "redis_version", version), "%u.%u",
               &major, &minor) != 2
        || major < 6 || (major == 6 && minor < 2))
    {
        ctl_doctor_tell(d, CTL_DOCTOR_FAILED, "install Redis 6.2 or newer",
                        "%s has version %s", place, version);
    }

    if (strcmp(role, "master") != 0) {
        ctl_doctor_tell(d, CTL_DOCTOR_FAILED, "name the master in the URL, "
                        "or sentinels that know it", "%s is a replica, and "
                        "takes no counts", place);
        return;
    }

    ctl_doctor_tell(d, CTL_DOCTOR_OK, NULL, "%s is a master, version %s",
                    place, version);

    ctl_doctor_memory(d, place, info);
}


static void
ctl_doctor_memory(ctl_doctor_t *d, const char *place, const char *info)
{
    char      text[64];
    uint64_t  used, max;

    used = strtoull(ctl_doctor_field(info, "used_memory", text), NULL, 10);
    max = strtoull(ctl_doctor_field(info, "maxmemory", text), NULL, 10);

    (void) ctl_doctor_field(info, "maxmemory_policy", text);

    if (max == 0) {
        return;
    }

    if (used * 100 / max >= CTL_DOCTOR_FULL) {
        ctl_doctor_tell(d, CTL_DOCTOR_WARNING, "raise its maxmemory, or let "
                        "it hold less", "%s uses %llu %% of its maxmemory",
                        place, (unsigned long long) (used * 100 / max));
    }

    if (strcmp(text, "noeviction") != 0) {
        ctl_doctor_tell(d, CTL_DOCTOR_WARNING, "set maxmemory-policy to "
                        "noeviction: all keys of the guard expire by "
                        "themselves", "%s may evict counts and decisions, "
                        "its policy is %s", place, text);
    }
}


/* a line "name:value" of INFO; "" if there is none */

static const char *
ctl_doctor_field(const char *info, const char *name, char value[64])
{
    size_t       n, len;
    const char  *p;

    len = strlen(name);

    for (p = info; p; p = strchr(p, '\n')) {
        p += (*p == '\n');

        if (strncmp(p, name, len) == 0 && p[len] == ':') {
            p += len + 1;
            n = dg_min(strcspn(p, "\r\n"), (size_t) 63);
            memcpy(value, p, n);
            value[n] = '\0';

            return value;
        }
    }

    value[0] = '\0';

    return value;
}


/* what adds nothing, but is refused where nothing could be added */

static void
ctl_doctor_write(ctl_doctor_t *d)
{
    char         key[CTL_FLEET_NAME];
    redisReply  *reply;
    const char  *words[6];

    (void) ctl_fleet_name(&d->fleet, DG_SCHEMA_DECISIONS ":doctor", key);

    words[0] = "XADD";
    words[1] = key;
    words[2] = "NOMKSTREAM";
    words[3] = "*";
    words[4] = "doctor";
    words[5] = "1";

    reply = ctl_doctor_ask(d, -1, 6, words);

    if (reply && !ctl_redis_refused(reply, NULL)) {
        ctl_doctor_tell(d, CTL_DOCTOR_OK, NULL, "Redis takes writes");
        freeReplyObject(reply);
        return;
    }

    ctl_doctor_refused(d, (reply && ctl_redis_refused(reply, "NOPERM"))
                          ? CTL_DOCTOR_WARNING : CTL_DOCTOR_FAILED,
                       "Redis takes no writes", reply);
}


/* --- what nodes have to have in common --- */


static void
ctl_doctor_schema(ctl_doctor_t *d)
{
    redisReply  *reply;

    reply = ctl_doctor_get(d, DG_SCHEMA_VERSION);

    if (reply == NULL || ctl_redis_refused(reply, NULL)) {
        ctl_doctor_refused(d, CTL_DOCTOR_FAILED, "the schema", reply);
        return;
    }

    if (reply->type != REDIS_REPLY_STRING) {
        ctl_doctor_tell(d, CTL_DOCTOR_FAILED, "compare prefix= and the "
                        "database of \"distill_guard_redis\" on the nodes "
                        "with those here; if they are the same, see the "
                        "nodes' error logs",
                        "no node with prefix \"%.*s\" has been here",
                        (int) d->fleet.prefix.len,
                        (const char *) d->fleet.prefix.data);

    } else if (strtol(reply->str, NULL, 10) != DG_SCHEMA) {
        ctl_doctor_tell(d, CTL_DOCTOR_FAILED, "let all nodes and distillctl "
                        "be of one version, or give the others another "
                        "prefix=", "the nodes use schema %.16s, and this is "
                        "for schema %d", reply->str, DG_SCHEMA);

    } else {
        d->schema = 1;
        ctl_doctor_tell(d, CTL_DOCTOR_OK, NULL, "version %d, prefix \"%.*s\"",
                        DG_SCHEMA, (int) d->fleet.prefix.len,
                        (const char *) d->fleet.prefix.data);
    }

    freeReplyObject(reply);
}


static void
ctl_doctor_secret(ctl_doctor_t *d)
{
    u_char       check[DG_HASH_TEXT];
    redisReply  *reply;

    if (!d->fleet.keyed) {
        ctl_doctor_tell(d, CTL_DOCTOR_WARNING, "name its file with --secret, "
                        "or a nginx.conf that does with --conf",
                        "whether it is that of the nodes was not looked at");
        return;
    }

    reply = ctl_doctor_get(d, DG_SCHEMA_CHECK);

    if (reply == NULL || ctl_redis_refused(reply, NULL)) {
        ctl_doctor_refused(d, CTL_DOCTOR_FAILED, "the secret", reply);
        return;
    }

    (void) dg_hash_text(check, dg_schema_check(&d->fleet.key));

    if (reply->type != REDIS_REPLY_STRING) {
        ctl_doctor_tell(d, CTL_DOCTOR_WARNING, "see \"schema\"",
                        "no node has told of its own");

    } else if ((size_t) reply->len != DG_HASH_TEXT
               || memcmp(reply->str, check, DG_HASH_TEXT) != 0)
    {
        ctl_doctor_tell(d, CTL_DOCTOR_FAILED, "let all nodes have one "
                        "distill_guard_secret, or another prefix=; where it "
                        "was replaced on all of them delete the key "
                        "\"check\" behind the prefix",
                        "%.200s is not the secret of the nodes",
                        d->fleet.said[CTL_FLEET_SECRET]);

    } else {
        ctl_doctor_tell(d, CTL_DOCTOR_OK, NULL, "that of the nodes");
    }

    freeReplyObject(reply);
}


static redisReply *
ctl_doctor_get(ctl_doctor_t *d, const char *name)
{
    char         key[CTL_FLEET_NAME];
    const char  *words[2];

    (void) ctl_fleet_name(&d->fleet, name, key);

    words[0] = d->node ? "GETEX" : "GET";
    words[1] = key;

    return ctl_doctor_ask(d, -1, 2, words);
}


static void
ctl_doctor_clock(ctl_doctor_t *d)
{
    int64_t         skew;
    redisReply     *reply;
    struct timeval  now;

    static const char  *const words[] = { "TIME" };

    reply = ctl_doctor_ask(d, -1, 1, words);

    if (reply == NULL || !ctl_redis_strings(reply, 2)) {
        ctl_doctor_refused(d, CTL_DOCTOR_FAILED, "Redis' clock", reply);
        return;
    }

    (void) gettimeofday(&now, NULL);

    d->now = strtoull(reply->element[0]->str, NULL, 10) * 1000
             + strtoull(reply->element[1]->str, NULL, 10) / 1000;

    freeReplyObject(reply);

    skew = (int64_t) now.tv_sec * 1000 + now.tv_usec / 1000
           - (int64_t) d->now;

    if (llabs(skew) < CTL_DOCTOR_SKEW) {
        ctl_doctor_tell(d, CTL_DOCTOR_OK, NULL, "Redis and this host agree");
        return;
    }

    ctl_doctor_tell(d, llabs(skew) < CTL_DOCTOR_SKEW_BAD
                       ? CTL_DOCTOR_WARNING : CTL_DOCTOR_FAILED,
                    "set both by NTP: minutes and days are counted by these "
                    "clocks", "this host is %lld s %s Redis",
                    llabs(skew) / 1000, skew > 0 ? "ahead of" : "behind");
}
