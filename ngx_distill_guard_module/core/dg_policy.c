/*
 * Copyright (C) 2026 Distill Guard
 */


#include "dg_policy.h"
#include "dg_number.h"

#include <stdio.h>


/* of a word that an error repeats: the names of all signals go behind it */

#define DG_POLICY_SHOWN   24
#define DG_POLICY_NAMES   192

#define DG_POLICY_MOST    100    /* points of a signal */

/* what has been set of a signal, and of an action */

#define DG_POLICY_SOFT    0x01
#define DG_POLICY_HARD    0x02
#define DG_POLICY_POINTS  0x04

#define DG_POLICY_SCORE   0x01
#define DG_POLICY_RATE    0x02
#define DG_POLICY_FOR     0x04

#define dg_policy_shown(s)                                                    \
    (int) dg_min((s)->len, (size_t) DG_POLICY_SHOWN),                         \
    (const char *) (s)->data


typedef int (*dg_policy_set_pt)(dg_policy_t *policy, unsigned id,
    const dg_str_t *name, const dg_str_t *value, uint8_t *parameter,
    char reason[DG_ERROR_TEXT]);


static int dg_policy_words(dg_policy_t *policy, unsigned id, uint8_t *said,
    dg_policy_set_pt set, const char *usage, const dg_str_t *words,
    unsigned n, char error[DG_CONF_ERROR]);
static int dg_policy_off(const dg_str_t *words, unsigned n,
    char error[DG_CONF_ERROR]);
static unsigned dg_policy_find(const dg_str_t *words,
    char error[DG_CONF_ERROR]);
static int dg_policy_signal_set(dg_policy_t *policy, unsigned id,
    const dg_str_t *name, const dg_str_t *value, uint8_t *parameter,
    char reason[DG_ERROR_TEXT]);
static int dg_policy_action_set(dg_policy_t *policy, unsigned id,
    const dg_str_t *name, const dg_str_t *value, uint8_t *parameter,
    char reason[DG_ERROR_TEXT]);
static int dg_policy_rate(dg_action_t *action, unsigned id,
    const dg_str_t *value, char reason[DG_ERROR_TEXT]);
static int dg_policy_number(double *number, const dg_str_t *text,
    char reason[DG_ERROR_TEXT]);
static int dg_policy_whole(unsigned *number, const dg_str_t *text,
    unsigned max);
static int dg_policy_is(const dg_str_t *word, const char *text);


const dg_str_t  dg_actions[DG_ACTIONS] = {
    dg_string("tag"),
    dg_string("pace"),
    dg_string("throttle"),
    dg_string("block")
};


/* score, pace, limit, seconds */

static const dg_action_t  dg_policy_ladder[DG_ACTIONS] = {

    { 25, 0, { DG_KIND_NONE, 0, 0, 0 }, 0 },

    { 35, 20, { DG_KIND_NONE, 0, 0, 0 }, 0 },

    { 45, 0, { DG_KIND_CAMPAIGN, DG_METRIC_REQUESTS, DG_DAY, 100 }, 0 },

    { 100, 0, { DG_KIND_NONE, 0, 0, 0 }, 3600 }
};


void
dg_policy_init(dg_policy_t *policy)
{
    memset(policy, 0, sizeof(dg_policy_t));

    dg_signals_init(policy->signals);
    memcpy(policy->actions, dg_policy_ladder, sizeof(dg_policy_ladder));
}


int
dg_policy_signal(dg_policy_t *policy, const dg_str_t *words, unsigned n,
    char error[DG_CONF_ERROR])
{
    int       rc;
    unsigned  i;

    i = dg_policy_find(words, error);

    if (i == DG_SIGNALS) {
        return DG_ERROR;
    }

    rc = dg_policy_words(policy, i, &policy->signal_said[i],
                         dg_policy_signal_set,
                         "write soft=N, hard=N and points=N, or off", words,
                         n, error);

    if (rc == 1) {
        policy->signals[i].points = 0;
        policy->signal_said[i] = DG_POLICY_POINTS;
    }

    return rc == DG_ERROR ? DG_ERROR : DG_OK;
}


int
dg_policy_action(dg_policy_t *policy, const dg_str_t *words, unsigned n,
    char error[DG_CONF_ERROR])
{
    int       rc;
    u_char    names[DG_POLICY_NAMES];
    unsigned  i;

    i = dg_conf_name(dg_actions, 0, DG_ACTIONS, &words[1]);

    if (i == DG_ACTIONS) {
        *dg_conf_names(names, dg_actions, 0, DG_ACTIONS) = '\0';

        snprintf(error, DG_CONF_ERROR, "unknown action \"%.*s\" in "
                 "\"%.*s\": use %s", dg_policy_shown(&words[1]),
                 dg_policy_shown(&words[0]), names);
        return DG_ERROR;
    }

    rc = dg_policy_words(policy, i, &policy->action_said[i],
                         dg_policy_action_set,
                         "write score=N and what belongs to the action, or "
                         "off", words, n, error);

    if (rc == 1) {
        policy->actions[i].score = 0;
        policy->action_said[i] = DG_POLICY_SCORE;
    }

    if (rc == DG_OK && !(policy->action_said[i] & DG_POLICY_SCORE)) {
        snprintf(error, DG_CONF_ERROR, "\"%.*s %.*s\" does not say from "
                 "which score on: add score=N, 1 to %d",
                 dg_policy_shown(&words[0]), dg_policy_shown(&words[1]),
                 DG_SCORE_MAX);
        return DG_ERROR;
    }

    return rc == DG_ERROR ? DG_ERROR : DG_OK;
}


void
dg_policy_inherit(dg_policy_t *policy, const dg_policy_t *above)
{
    uint8_t             said;
    unsigned            i;
    dg_action_t        *action;
    dg_signal_t        *signal;
    const dg_action_t  *rung;
    const dg_signal_t  *of;

    for (i = 0; i < DG_SIGNALS; i++) {
        said = policy->signal_said[i];
        signal = &policy->signals[i];
        of = &above->signals[i];

        signal->soft = (said & DG_POLICY_SOFT) ? signal->soft : of->soft;
        signal->hard = (said & DG_POLICY_HARD) ? signal->hard : of->hard;
        signal->points = (said & DG_POLICY_POINTS) ? signal->points
                                                   : of->points;
    }

    for (i = 0; i < DG_ACTIONS; i++) {
        said = policy->action_said[i];
        action = &policy->actions[i];
        rung = &above->actions[i];

        if (!(said & DG_POLICY_SCORE)) {
            action->score = rung->score;
        }

        if (!(said & DG_POLICY_RATE)) {
            action->pace = rung->pace;
            action->limit = rung->limit;
        }

        if (!(said & DG_POLICY_FOR)) {
            action->seconds = rung->seconds;
        }
    }
}


/*
 * Block is no reason for others never to be reached: it takes linkage, which
 * they do not.
 */

int
dg_policy_check(const dg_policy_t *policy, char error[DG_CONF_ERROR])
{
    unsigned            i, k;
    const dg_str_t     *rung, *stricter;
    const dg_action_t  *actions;
    const dg_signal_t  *signal;

    for (i = 0; i < DG_SIGNALS; i++) {
        signal = &policy->signals[i];

        if (signal->points && signal->soft == signal->hard) {
            snprintf(error, DG_CONF_ERROR, "soft= and hard= of "
                     "\"distill_guard_signal %.*s\" are both %.15g: let them "
                     "differ, with hard the lower where less is worse",
                     dg_policy_shown(&dg_signals[i].name), signal->soft);
            return DG_ERROR;
        }
    }

    actions = policy->actions;

    for (i = DG_ACTION_TAG; i < DG_ACTION_BLOCK; i++) {

        for (k = i + 1; k < DG_ACTION_BLOCK; k++) {

            if (actions[k].score == 0 || actions[i].score <= actions[k].score)
            {
                continue;
            }

            rung = &dg_actions[i];
            stricter = &dg_actions[k];

            snprintf(error, DG_CONF_ERROR, "%.*s at score %u is never "
                     "reached: %.*s begins at %u; lower its score or say "
                     "\"distill_guard_action %.*s off;\"",
                     dg_policy_shown(rung), actions[i].score,
                     dg_policy_shown(stricter), actions[k].score,
                     dg_policy_shown(rung));
            return DG_ERROR;
        }
    }

    return DG_OK;
}


/* what stands behind the name; 1 if that is off */

static int
dg_policy_words(dg_policy_t *policy, unsigned id, uint8_t *said,
    dg_policy_set_pt set, const char *usage, const dg_str_t *words,
    unsigned n, char error[DG_CONF_ERROR])
{
    char      reason[DG_ERROR_TEXT];
    uint8_t   parameter;
    unsigned  w;
    dg_str_t  name, value;

    if (*said) {
        snprintf(error, DG_CONF_ERROR, "\"%.*s %.*s\" sets again what is "
                 "set already on this level", dg_policy_shown(&words[0]),
                 dg_policy_shown(&words[1]));
        return DG_ERROR;
    }

    for (w = 2; w < n; w++) {

        if (dg_policy_is(&words[w], "off")) {
            return dg_policy_off(words, n, error);
        }

        snprintf(reason, DG_ERROR_TEXT, "%s", usage);

        if (dg_conf_split(&words[w], '=', &name, &value) != DG_OK
            || set(policy, id, &name, &value, &parameter, reason) != DG_OK)
        {
            snprintf(error, DG_CONF_ERROR, "invalid parameter \"%.*s\" in "
                     "\"%.*s %.*s\": %.128s", dg_policy_shown(&words[w]),
                     dg_policy_shown(&words[0]), dg_policy_shown(&words[1]),
                     reason);
            return DG_ERROR;
        }

        if (*said & parameter) {
            snprintf(error, DG_CONF_ERROR, "\"%.*s=\" is twice in "
                     "\"%.*s %.*s\": leave one out", dg_policy_shown(&name),
                     dg_policy_shown(&words[0]), dg_policy_shown(&words[1]));
            return DG_ERROR;
        }

        *said |= parameter;
    }

    return DG_OK;
}


static int
dg_policy_off(const dg_str_t *words, unsigned n, char error[DG_CONF_ERROR])
{
    if (n == 3) {
        return 1;
    }

    snprintf(error, DG_CONF_ERROR, "\"off\" in \"%.*s %.*s\" stands alone: "
             "leave out either that or the rest", dg_policy_shown(&words[0]),
             dg_policy_shown(&words[1]));

    return DG_ERROR;
}


static unsigned
dg_policy_find(const dg_str_t *words, char error[DG_CONF_ERROR])
{
    u_char    text[DG_POLICY_NAMES];
    unsigned  i;
    dg_str_t  names[DG_SIGNALS];

    for (i = 0; i < DG_SIGNALS; i++) {
        names[i] = dg_signals[i].name;
    }

    i = dg_conf_name(names, 0, DG_SIGNALS, &words[1]);

    if (i == DG_SIGNALS) {
        *dg_conf_names(text, names, 0, DG_SIGNALS) = '\0';

        snprintf(error, DG_CONF_ERROR, "unknown signal \"%.*s\" in "
                 "\"%.*s\": use %s", dg_policy_shown(&words[1]),
                 dg_policy_shown(&words[0]), text);
    }

    return i;
}


static int
dg_policy_signal_set(dg_policy_t *policy, unsigned id, const dg_str_t *name,
    const dg_str_t *value, uint8_t *parameter, char reason[DG_ERROR_TEXT])
{
    dg_signal_t  *signal;

    signal = &policy->signals[id];

    if (dg_policy_is(name, "soft")) {
        *parameter = DG_POLICY_SOFT;
        return dg_policy_number(&signal->soft, value, reason);
    }

    if (dg_policy_is(name, "hard")) {
        *parameter = DG_POLICY_HARD;
        return dg_policy_number(&signal->hard, value, reason);
    }

    if (!dg_policy_is(name, "points")) {
        return DG_ERROR;
    }

    *parameter = DG_POLICY_POINTS;

    if (dg_policy_whole(&signal->points, value, DG_POLICY_MOST) != DG_OK) {
        snprintf(reason, DG_ERROR_TEXT, "points are whole, 0 to %d",
                 DG_POLICY_MOST);
        return DG_ERROR;
    }

    return DG_OK;
}


static int
dg_policy_action_set(dg_policy_t *policy, unsigned id, const dg_str_t *name,
    const dg_str_t *value, uint8_t *parameter, char reason[DG_ERROR_TEXT])
{
    dg_action_t  *action;

    action = &policy->actions[id];

    if (dg_policy_is(name, "score")) {
        *parameter = DG_POLICY_SCORE;

        if (dg_policy_whole(&action->score, value, DG_SCORE_MAX) != DG_OK
            || action->score == 0)
        {
            snprintf(reason, DG_ERROR_TEXT, "a score is whole, 1 to %d; off "
                     "in its place is never", DG_SCORE_MAX);
            return DG_ERROR;
        }

        return DG_OK;
    }

    if (dg_policy_is(name, "rate")) {
        *parameter = DG_POLICY_RATE;
        return dg_policy_rate(action, id, value, reason);
    }

    if (!dg_policy_is(name, "for")) {
        return DG_ERROR;
    }

    *parameter = DG_POLICY_FOR;

    if (id != DG_ACTION_BLOCK) {
        snprintf(reason, DG_ERROR_TEXT, "for= is of block alone, so leave it "
                 "out");
        return DG_ERROR;
    }

    if (dg_conf_time(&action->seconds, value, DG_BLOCK_MAX) != DG_OK) {
        snprintf(reason, DG_ERROR_TEXT, "a time is 1s to %dd, as in 30s, "
                 "10m, 1h or 7d", DG_BLOCK_MAX / 86400);
        return DG_ERROR;
    }

    return DG_OK;
}


static int
dg_policy_rate(dg_action_t *action, unsigned id, const dg_str_t *value,
    char reason[DG_ERROR_TEXT])
{
    dg_limit_t  limit;

    switch (id) {

    case DG_ACTION_PACE:

        if (dg_limit_rate(&limit, value, reason) != DG_OK
            || limit.period != DG_SECOND || limit.n > DG_PACE_MAX)
        {
            snprintf(reason, DG_ERROR_TEXT, "a pace is in output tokens a "
                     "second, 1/s to %d/s", DG_PACE_MAX);
            return DG_ERROR;
        }

        action->pace = (unsigned) limit.n;
        return DG_OK;

    case DG_ACTION_THROTTLE:
        return dg_limit_rate(&action->limit, value, reason);

    default:
        snprintf(reason, DG_ERROR_TEXT, "rate= is of pace and throttle, so "
                 "leave it out");
        return DG_ERROR;
    }
}


/* digits, with a point between them and k or m behind them or without */

static int
dg_policy_number(double *number, const dg_str_t *text,
    char reason[DG_ERROR_TEXT])
{
    double    n;
    size_t    i, point;
    int64_t   integer;
    uint64_t  unit;
    dg_str_t  digits;

    digits = *text;
    unit = dg_conf_unit(&digits, 1000);
    point = digits.len;

    for (i = 0; i < digits.len; i++) {

        if (digits.data[i] == '.' && point == digits.len && i) {
            point = i;
            continue;
        }

        if (digits.data[i] < '0' || digits.data[i] > '9') {
            break;
        }
    }

    if (i < digits.len || point + 1 == digits.len
        || digits.len > DG_NUMBER_TEXT)
    {
        snprintf(reason, DG_ERROR_TEXT, "a number is 0 or more, as in 20, "
                 "1.5 or 200k");
        return DG_ERROR;
    }

    dg_number_read(digits.data, digits.len, &n, &integer);

    if (n > (double) (DG_LIMIT_MAX / unit)) {
        snprintf(reason, DG_ERROR_TEXT, "the number is at most %llu",
                 DG_LIMIT_MAX);
        return DG_ERROR;
    }

    *number = n * (double) unit;

    return DG_OK;
}


static int
dg_policy_whole(unsigned *number, const dg_str_t *text, unsigned max)
{
    size_t  i;

    *number = 0;

    for (i = 0; i < text->len; i++) {

        if (text->data[i] < '0' || text->data[i] > '9') {
            return DG_ERROR;
        }

        *number = *number * 10 + (text->data[i] - '0');

        if (*number > max) {
            return DG_ERROR;
        }
    }

    return DG_OK;
}


static int
dg_policy_is(const dg_str_t *word, const char *text)
{
    return word->len == strlen(text)
           && memcmp(word->data, text, word->len) == 0;
}
