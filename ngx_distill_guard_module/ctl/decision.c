/*
 * Copyright (C) 2026 Distill Guard
 */


#include "decision.h"
#include "dg_print.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>


static int ctl_decision_colored(void);
static u_char *ctl_decision_member(u_char *p, const char *name,
    const u_char *text, size_t len);


int
ctl_decision_read(ctl_decision_t *d, const redisReply *subject,
    const redisReply *text)
{
    if (subject->type != REDIS_REPLY_STRING
        || text->type != REDIS_REPLY_STRING
        || dg_ruling_subject_parse(&d->kind, &d->id,
                                   (const u_char *) subject->str,
                                   (size_t) subject->len)
           != DG_OK)
    {
        return DG_ERROR;
    }

    return dg_ruling_parse(&d->ruling, (const u_char *) text->str,
                           (size_t) text->len);
}


void
ctl_decision_subject(const ctl_decision_t *d,
    char text[DG_RULING_SUBJECT + 1])
{
    *dg_ruling_subject_text((u_char *) text, d->kind, &d->id) = '\0';
}


void
ctl_decision_time(uint64_t seconds, char text[CTL_DECISION_TIME])
{
    time_t     t;
    struct tm  tm;

    t = (time_t) seconds;

    if (gmtime_r(&t, &tm) == NULL
        || strftime(text, CTL_DECISION_TIME, "%Y-%m-%d %H:%M:%S UTC", &tm)
           == 0)
    {
        snprintf(text, CTL_DECISION_TIME, "%llu",
                 (unsigned long long) seconds);
    }
}


void
ctl_decision_json(const ctl_decision_t *d, int in_force)
{
    u_char              line[CTL_DECISION_LINE], *p;
    char                subject[DG_RULING_SUBJECT + 1];
    const dg_str_t     *what;
    const dg_ruling_t  *r;

    r = &d->ruling;
    what = &dg_rulings[r->id];

    ctl_decision_subject(d, subject);

    p = dg_print(line, "{\"what\":\"decision\"");
    p = ctl_decision_member(p, ",\"subject\":\"", (u_char *) subject,
                            strlen(subject));
    p = ctl_decision_member(p, ",\"decision\":\"", what->data, what->len);

    p = dg_print(p, in_force ? ",\"in_force\":true" : ",\"in_force\":false");
    p = dg_print(p, ",\"time\":");
    p = dg_print_u64(p, r->time / 1000);
    *p++ = '.';
    p = dg_print_padded(p, r->time % 1000, 3);
    p = dg_print(p, ",\"until\":");
    p = r->expires ? dg_print_u64(p, r->expires) : dg_print(p, "null");

    p = ctl_decision_member(p, ",\"author\":\"", r->author, r->author_len);
    p = ctl_decision_member(p, ",\"reason\":\"", r->reason, r->reason_len);
    p = dg_print(p, "}\n");

    (void) fwrite(line, 1, (size_t) (p - line), stdout);
}


static u_char *
ctl_decision_member(u_char *p, const char *name, const u_char *text,
    size_t len)
{
    p = dg_print(p, name);
    p = dg_print_json(p, text, len);
    *p++ = '"';

    return p;
}


const char *
ctl_decision_color(unsigned id)
{
    static const char  *const colors[DG_RULINGS] = {
        "\x1b[2m", "\x1b[31m", "\x1b[32m", "\x1b[33m"
    };

    return ctl_decision_colored() ? colors[id] : "";
}


const char *
ctl_decision_plain(void)
{
    return ctl_decision_colored() ? "\x1b[0m" : "";
}


static int
ctl_decision_colored(void)
{
    const char  *none;

    none = getenv("NO_COLOR");

    return isatty(STDOUT_FILENO) && (none == NULL || none[0] == '\0');
}
