/*
 * Copyright (C) 2026 Distill Guard
 *
 * What lies in Redis, as distillctl doctor finds it: that it expires, and
 * that streams are cut.
 */


#include "doctor.h"

#include <stdio.h>
#include <stdlib.h>


#define CTL_DOCTOR_SAMPLE  2000  /* keys looked at on each server */


typedef struct {
    unsigned long long   seen;
    unsigned long long   endless;
    char                 one[128];           /* of those without an end */
} ctl_doctor_sample_t;


static int ctl_doctor_scan(ctl_doctor_t *d, unsigned link,
    ctl_doctor_sample_t *s);
static int ctl_doctor_ttl(ctl_doctor_t *d, unsigned link, const char *key,
    ctl_doctor_sample_t *s);


/* nodes may not look for keys: that is for who asks as somebody else */

void
ctl_doctor_keys(ctl_doctor_t *d)
{
    unsigned              i;
    ctl_doctor_sample_t   s;

    memset(&s, 0, sizeof(ctl_doctor_sample_t));
    ctl_progress_start(&d->progress);

    for (i = 0; i < d->fleet.redis.nlinks; i++) {
        if (ctl_redis_serves(&d->fleet.redis, i)
            && ctl_doctor_scan(d, i, &s) != DG_OK)
        {
            return;
        }
    }

    if (s.endless) {
        ctl_doctor_tell(d, CTL_DOCTOR_FAILED, "EXPIRE or DEL it: the guard "
                        "gives all of its keys an end, so that is none of "
                        "its own or was changed by hand",
                        "%llu of %llu keys never expire, as \"%s\"",
                        s.endless, s.seen, s.one);
        return;
    }

    ctl_doctor_tell(d, CTL_DOCTOR_OK, NULL, "all of %llu looked at expire",
                    s.seen);
}


static int
ctl_doctor_scan(ctl_doctor_t *d, unsigned link, ctl_doctor_sample_t *s)
{
    int          rc;
    char         cursor[24], pattern[CTL_FLEET_NAME];
    size_t       i;
    uint64_t     end;
    redisReply  *reply, *keys;
    const char  *words[6];

    (void) ctl_fleet_name(&d->fleet, "*", pattern);
    snprintf(cursor, sizeof(cursor), "0");

    words[0] = "SCAN";
    words[1] = cursor;
    words[2] = "MATCH";
    words[3] = pattern;
    words[4] = "COUNT";
    words[5] = "500";

    end = s->seen + CTL_DOCTOR_SAMPLE;
    rc = DG_OK;

    do {
        reply = ctl_doctor_ask(d, (int) link, 6, words);

        if (reply && ctl_redis_refused(reply, "NOPERM")) {
            ctl_doctor_tell(d, CTL_DOCTOR_OK, "for this, ask as a user that "
                            "has +@read", "whether all keys expire is not "
                            "this user's to know");
            freeReplyObject(reply);
            return DG_ERROR;
        }

        if (reply == NULL || reply->type != REDIS_REPLY_ARRAY
            || reply->elements != 2
            || reply->element[0]->type != REDIS_REPLY_STRING
            || reply->element[1]->type != REDIS_REPLY_ARRAY)
        {
            ctl_doctor_refused(d, CTL_DOCTOR_FAILED, "keys", reply);
            return DG_ERROR;
        }

        snprintf(cursor, sizeof(cursor), "%s", reply->element[0]->str);
        keys = reply->element[1];

        for (i = 0;
             i < (size_t) keys->elements && s->seen < end && rc == DG_OK;
             i++)
        {
            if (keys->element[i]->type == REDIS_REPLY_STRING) {
                rc = ctl_doctor_ttl(d, link, keys->element[i]->str, s);
            }
        }

        freeReplyObject(reply);
    } while (rc == DG_OK && s->seen < end && strcmp(cursor, "0") != 0);

    return rc;
}


static int
ctl_doctor_ttl(ctl_doctor_t *d, unsigned link, const char *key,
    ctl_doctor_sample_t *s)
{
    char        *p;
    redisReply  *reply;
    const char  *words[2];

    words[0] = "TTL";
    words[1] = key;

    reply = ctl_doctor_ask(d, (int) link, 2, words);

    if (reply == NULL || reply->type != REDIS_REPLY_INTEGER) {
        ctl_doctor_refused(d, CTL_DOCTOR_FAILED, "keys", reply);
        return DG_ERROR;
    }

    s->seen++;

    if (ctl_progress_due(&d->progress)) {
        ctl_progress_show(&d->progress, "%llu keys looked at", s->seen);
    }

    if (reply->integer == -1 && s->endless++ == 0) {
        snprintf(s->one, sizeof(s->one), "%s", key);

        for (p = s->one; *p; p++) {
            if (*p < ' ' || *p > '~') {
                *p = '?';
            }
        }
    }

    freeReplyObject(reply);

    return DG_OK;
}


void
ctl_doctor_streams(ctl_doctor_t *d)
{
    char         key[CTL_FLEET_NAME];
    size_t       i;
    redisReply  *reply;
    const char  *words[2];

    static const struct {
        const char  *name;
        long long    entries;    /* that are kept, about */
    } streams[] = {
        { DG_SCHEMA_DECISIONS, DG_SCHEMA_STREAM },
        { DG_SCHEMA_AUDIT, DG_SCHEMA_STREAM },
        { DG_SCHEMA_ASKS, DG_SCHEMA_ASK_STREAM }
    };

    for (i = 0; i < dg_nelts(streams); i++) {
        (void) ctl_fleet_name(&d->fleet, streams[i].name, key);

        words[0] = "XLEN";
        words[1] = key;

        reply = ctl_doctor_ask(d, -1, 2, words);

        if (reply && ctl_redis_refused(reply, "NOPERM")) {
            ctl_doctor_tell(d, CTL_DOCTOR_OK, "for this, ask as a user that "
                            "has +@read", "how long they are is not this "
                            "user's to know");
            freeReplyObject(reply);
            return;
        }

        if (reply == NULL || reply->type != REDIS_REPLY_INTEGER) {
            ctl_doctor_refused(d, CTL_DOCTOR_FAILED, key, reply);
            return;
        }

        /* they are cut by whole blocks of entries */

        if (reply->integer > 2 * streams[i].entries + 200) {
            ctl_doctor_tell(d, CTL_DOCTOR_WARNING, "see who else adds to it: "
                            "nodes cut it", "\"%s\" has %lld entries, and "
                            "is to have about %lld", key, reply->integer,
                            streams[i].entries);

        } else {
            ctl_doctor_tell(d, CTL_DOCTOR_OK, NULL, "\"%s\" has %lld entries",
                            key, reply->integer);
        }

        freeReplyObject(reply);
    }
}
