/*
 * Copyright (C) 2026 Distill Guard
 *
 * All nodes' totals are told by each of them, as far as it has heard: what is
 * greatest is nearest to the truth.  What a node alone has seen is added up.
 */


#include "merge.h"
#include "ctl.h"

#include <stdlib.h>


typedef enum {
    CTL_MERGE_MOST = 0,          /* if nothing else is said */
    CTL_MERGE_LEAST,
    CTL_MERGE_SUM,
    CTL_MERGE_FIRST
} ctl_merge_how_t;


/* and all that is in it */

static const struct {
    const char       *name;
    ctl_merge_how_t   how;
} ctl_merges[] = {
    { "first_seen", CTL_MERGE_LEAST },
    { "named", CTL_MERGE_LEAST },
    { "answered_since", CTL_MERGE_LEAST },
    { "own", CTL_MERGE_SUM },
    { "in_flight", CTL_MERGE_SUM },
    { "work", CTL_MERGE_SUM },
    { "standing", CTL_MERGE_FIRST },
    { "signals", CTL_MERGE_FIRST },
    { "families", CTL_MERGE_FIRST },
    { "balance", CTL_MERGE_FIRST },
    { "verdict", CTL_MERGE_FIRST }
};


/* by the first of these members that they have items of lists are told apart;
   accounts name their templates and campaigns, too */

static const char  *const ctl_merge_ids[] = {
    "subject", "campaign", "template", "limit"
};


static json_t *ctl_merge_next(const json_t *answers, size_t n,
    unsigned *used);
static double ctl_merge_worth(const json_t *answer);
static void ctl_merge_object(json_t *to, const json_t *from,
    ctl_merge_how_t how);
static ctl_merge_how_t ctl_merge_how(const char *name, ctl_merge_how_t how);
static json_t *ctl_merge_value(json_t *to, json_t *from,
    ctl_merge_how_t how);
static void ctl_merge_list(json_t *to, const json_t *from);
static json_t *ctl_merge_find(const json_t *list, const json_t *item);
static const char *ctl_merge_id(const json_t *item);
static void ctl_merge_places(json_t *item);
static int ctl_merge_greater(const void *one, const void *two);


static const char  *ctl_merge_by;    /* of what is sorted */


json_t *
ctl_merge(const json_t *answers)
{
    size_t    i, n;
    json_t   *merged;
    unsigned  used[256];

    n = dg_min(json_array_size(answers), dg_nelts(used));
    memset(used, 0, sizeof(used));

    merged = NULL;

    for (i = 0; i < n; i++) {
        if (merged == NULL) {
            merged = json_deep_copy(ctl_merge_next(answers, n, used));

        } else {
            ctl_merge_object(merged, ctl_merge_next(answers, n, used),
                             CTL_MERGE_MOST);
        }
    }

    return merged;
}


/* of those that are left */

static json_t *
ctl_merge_next(const json_t *answers, size_t n, unsigned *used)
{
    size_t    i, best;
    double    worth, most;

    best = n;
    most = -1;

    for (i = 0; i < n; i++) {
        worth = used[i] ? -1 : ctl_merge_worth(json_array_get(answers, i));

        if (worth > most) {
            best = i;
            most = worth;
        }
    }

    used[best] = 1;

    return json_array_get(answers, best);
}


/* what is known of a campaign, and then how bad it is */

static double
ctl_merge_worth(const json_t *answer)
{
    double         worth;
    size_t         i;
    const json_t  *item;

    worth = 1e9 * ctl_merge_number(json_object_get(answer, "campaign"),
                                   "counted")
            + 1e6 * ctl_merge_number(answer, "score")
            + json_is_true(json_object_get(answer, "known"));

    json_array_foreach(json_object_get(answer, "campaigns"), i, item) {
        worth += ctl_merge_number(item, "counted");
    }

    return worth;
}


static void
ctl_merge_object(json_t *to, const json_t *from, ctl_merge_how_t how)
{
    json_t      *value, *is;
    const char  *name;

    json_object_foreach((json_t *) from, name, value) {
        is = json_object_get(to, name);

        (void) json_object_set_new(to, name,
                                   ctl_merge_value(is, value,
                                                   ctl_merge_how(name, how)));
    }
}


static ctl_merge_how_t
ctl_merge_how(const char *name, ctl_merge_how_t how)
{
    size_t  i;

    for (i = 0; i < dg_nelts(ctl_merges); i++) {
        if (strcmp(ctl_merges[i].name, name) == 0) {
            return ctl_merges[i].how;
        }
    }

    return how;
}


/* another reference, or a new value */

static json_t *
ctl_merge_value(json_t *to, json_t *from, ctl_merge_how_t how)
{
    double  a, b;

    if (to == NULL || json_is_null(to)) {
        return json_incref(from);
    }

    if (json_is_null(from) || how == CTL_MERGE_FIRST) {
        return json_incref(to);
    }

    if (json_is_object(to) && json_is_object(from)) {
        ctl_merge_object(to, from, how);
        return json_incref(to);
    }

    if (json_is_array(to) && json_is_array(from)) {
        ctl_merge_list(to, from);
        return json_incref(to);
    }

    if (json_is_boolean(to)) {
        return json_boolean(json_is_true(to) || json_is_true(from));
    }

    if (!json_is_number(to) || !json_is_number(from)) {
        return json_incref(to);
    }

    a = json_number_value(to);
    b = json_number_value(from);

    switch (how) {

    case CTL_MERGE_SUM:
        return json_is_integer(to) && json_is_integer(from)
               ? json_integer(json_integer_value(to)
                              + json_integer_value(from))
               : json_real(a + b);

    case CTL_MERGE_LEAST:
        return json_incref(a <= b ? to : from);

    default:
        return json_incref(a >= b ? to : from);
    }
}


static void
ctl_merge_list(json_t *to, const json_t *from)
{
    size_t   i;
    json_t  *item, *is;

    json_array_foreach((json_t *) from, i, item) {
        is = ctl_merge_find(to, item);

        if (json_is_object(item)) {

            if (is) {
                ctl_merge_places(item);
                ctl_merge_object(is, item, CTL_MERGE_MOST);

            } else {
                item = json_deep_copy(item);
                ctl_merge_places(item);
                (void) json_array_append_new(to, item);
            }

        } else if (json_is_string(item) && is == NULL) {
            (void) json_array_append(to, item);
        }
    }
}


static json_t *
ctl_merge_find(const json_t *list, const json_t *item)
{
    size_t       i;
    json_t      *is;
    const char  *id, *its;

    id = ctl_merge_id(item);

    json_array_foreach((json_t *) list, i, is) {
        its = ctl_merge_id(is);

        if (id && its && strcmp(id, its) == 0) {
            return is;
        }
    }

    return NULL;
}


static const char *
ctl_merge_id(const json_t *item)
{
    size_t       i;
    const char  *id;

    id = json_string_value(item);

    for (i = 0; id == NULL && i < dg_nelts(ctl_merge_ids); i++) {
        id = json_string_value(json_object_get(item, ctl_merge_ids[i]));
    }

    return id;
}


/* places in the list of another node are none in this one */

static void
ctl_merge_places(json_t *item)
{
    size_t   i;
    json_t  *list;

    static const char  *const names[] = { "provenance", "failover" };

    for (i = 0; i < dg_nelts(names); i++) {
        list = json_object_get(item, names[i]);

        if (json_is_array(list)) {
            (void) json_array_clear(list);
        }
    }
}


double
ctl_merge_number(const json_t *object, const char *name)
{
    return json_number_value(json_object_get(object, name));
}


void
ctl_merge_sorted(json_t *rows, const json_t *list, const char *by, size_t most)
{
    size_t    i, n;
    json_t  **sorted;

    n = json_array_size(list);

    if (n == 0) {
        return;
    }

    sorted = malloc(n * sizeof(json_t *));

    if (sorted == NULL) {
        ctl_error("no memory");
        return;
    }

    for (i = 0; i < n; i++) {
        sorted[i] = json_array_get(list, i);
    }

    ctl_merge_by = by;
    qsort(sorted, n, sizeof(json_t *), ctl_merge_greater);

    for (i = 0; i < n && i < most; i++) {
        (void) json_array_append(rows, sorted[i]);
    }

    free(sorted);
}


/* then those with the most tokens, and then by name, so that rows stay */

static int
ctl_merge_greater(const void *one, const void *two)
{
    double         a, b;
    size_t         i;
    const json_t  *x, *y;

    x = *(json_t *const *) one;
    y = *(json_t *const *) two;

    for (i = 0; i < 2; i++) {
        a = ctl_merge_number(x, i ? "output_tokens" : ctl_merge_by);
        b = ctl_merge_number(y, i ? "output_tokens" : ctl_merge_by);

        if (a != b) {
            return a < b ? 1 : -1;
        }
    }

    one = ctl_merge_id(x);
    two = ctl_merge_id(y);

    return (one && two) ? strcmp(one, two) : 0;
}
