/*
 * Copyright (C) 2026 Distill Guard
 */


#include "step.h"
#include "decision.h"
#include "dg_event.h"
#include "dg_schema.h"
#include "merge.h"
#include "story.h"

#include <stdio.h>
#include <stdlib.h>


#define CTL_STEP_DIGITS  15      /* of a number: a double has them all */


typedef struct {
    const char    *name;
    json_t      *(*read)(const redisReply *value);
    unsigned       may;          /* it may be missing: null then */
} ctl_step_field_t;


static json_t *ctl_step_what(const redisReply *value);
static json_t *ctl_step_subject(const redisReply *value);
static json_t *ctl_step_verdict(const redisReply *value);
static json_t *ctl_step_flag(const redisReply *value);
static json_t *ctl_step_number(const redisReply *value);
static json_t *ctl_step_end(const redisReply *value);
static json_t *ctl_step_reasons(const redisReply *value);
static json_t *ctl_step_id(const redisReply *value);
static void ctl_step_signals(const json_t *step);


/* what Redis has is text, and is let through as what it has to be alone */

static const ctl_step_field_t  ctl_step_fields[] = {
    { DG_SCHEMA_WHAT, ctl_step_what, 0 },
    { DG_SCHEMA_SUBJECT, ctl_step_subject, 0 },
    { DG_SCHEMA_FROM, ctl_step_verdict, 0 },
    { DG_SCHEMA_TO, ctl_step_verdict, 0 },
    { DG_SCHEMA_DRY_RUN, ctl_step_flag, 0 },
    { DG_SCHEMA_SCORE, ctl_step_number, 0 },
    { DG_SCHEMA_REASONS, ctl_step_reasons, 0 },
    { DG_SCHEMA_TIME, ctl_step_number, 0 },
    { DG_SCHEMA_UNTIL, ctl_step_end, 0 },
    { DG_SCHEMA_CAMPAIGN, ctl_step_id, 1 },
    { DG_SCHEMA_FOUND, ctl_step_id, 0 }
};


json_t *
ctl_step_read(const redisReply *fields)
{
    size_t                   i;
    json_t                  *step, *member;
    const redisReply        *value;
    const ctl_step_field_t  *field;

    step = json_object();

    for (i = 0; step && i < dg_nelts(ctl_step_fields); i++) {
        field = &ctl_step_fields[i];
        value = ctl_redis_field(fields, field->name);

        member = value ? field->read(value)
                       : field->may ? json_null() : NULL;

        if (json_object_set_new(step, field->name, member) != 0) {
            json_decref(step);
            return NULL;
        }
    }

    return step;
}


static json_t *
ctl_step_what(const redisReply *value)
{
    return strcmp(value->str, DG_SCHEMA_STEP) == 0
           ? json_string(DG_SCHEMA_STEP) : NULL;
}


static json_t *
ctl_step_subject(const redisReply *value)
{
    dg_id_t   id;
    unsigned  kind;

    return dg_ruling_subject_parse(&kind, &id, (const u_char *) value->str,
                                   (size_t) value->len)
           == DG_OK
           ? json_stringn(value->str, (size_t) value->len) : NULL;
}


static json_t *
ctl_step_verdict(const redisReply *value)
{
    unsigned  i;

    for (i = 0; i < DG_VERDICTS; i++) {
        if (strcmp((const char *) dg_verdicts[i].data, value->str) == 0) {
            return json_string(value->str);
        }
    }

    return NULL;
}


static json_t *
ctl_step_flag(const redisReply *value)
{
    if (strcmp(value->str, "0") != 0 && strcmp(value->str, "1") != 0) {
        return NULL;
    }

    return json_boolean(value->str[0] == '1');
}


static json_t *
ctl_step_number(const redisReply *value)
{
    if (value->len < 1 || value->len > CTL_STEP_DIGITS
        || strspn(value->str, "0123456789") != (size_t) value->len)
    {
        return NULL;
    }

    return json_integer(strtoll(value->str, NULL, 10));
}


static json_t *
ctl_step_end(const redisReply *value)
{
    return strcmp(value->str, "0") == 0 ? json_null()
                                        : ctl_step_number(value);
}


static json_t *
ctl_step_reasons(const redisReply *value)
{
    json_t  *reasons;

    if (value->len > DG_EVENT_REASONS) {
        return NULL;
    }

    reasons = json_loadb(value->str, (size_t) value->len, 0, NULL);

    if (reasons && !json_is_array(reasons)) {
        json_decref(reasons);
        return NULL;
    }

    return reasons;
}


/* of a campaign, or the shorter one of a node */

static json_t *
ctl_step_id(const redisReply *value)
{
    return value->len >= 1 && value->len <= DG_ID_TEXT
           && strspn(value->str, "0123456789abcdef") == (size_t) value->len
           ? json_string(value->str) : NULL;
}


void
ctl_step_print(const json_t *step)
{
    int   enforced;
    char  text[CTL_DECISION_TIME];

    enforced = !json_is_true(json_object_get(step, DG_SCHEMA_DRY_RUN));

    ctl_decision_time((uint64_t) ctl_merge_number(step, DG_SCHEMA_TIME), text);
    printf("%s  %s ", text, ctl_story_text(step, DG_SCHEMA_SUBJECT));

    ctl_story_verdict(ctl_story_text(step, DG_SCHEMA_FROM), enforced, 0);
    printf(" -> ");
    ctl_story_verdict(ctl_story_text(step, DG_SCHEMA_TO), enforced, 0);

    if (!json_is_null(json_object_get(step, DG_SCHEMA_UNTIL))) {
        ctl_decision_time((uint64_t) ctl_merge_number(step, DG_SCHEMA_UNTIL),
                          text);
        printf(" until %s", text);
    }

    printf(": score %.0f", ctl_merge_number(step, DG_SCHEMA_SCORE));
    ctl_step_signals(step);

    if (!json_is_null(json_object_get(step, DG_SCHEMA_CAMPAIGN))) {
        printf(", of campaign:%s", ctl_story_text(step, DG_SCHEMA_CAMPAIGN));
    }

    printf("\n");
}


static void
ctl_step_signals(const json_t *step)
{
    size_t         i;
    const char    *name, *separator;
    const json_t  *reason;

    separator = " (";

    json_array_foreach(json_object_get(step, DG_SCHEMA_REASONS), i, reason) {
        name = ctl_story_text(reason, "signal");

        /* what comes from elsewhere does not command a terminal */

        if (dg_ruling_plain((const u_char *) name, strlen(name), 0)) {
            printf("%s%s %.0f", separator, name,
                   ctl_merge_number(reason, "points"));
            separator = ", ";
        }
    }

    printf("%s", separator[0] == ',' ? ")" : "");
}
