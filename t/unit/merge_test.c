/*
 * Copyright (C) 2026 Distill Guard
 *
 * Answers of several nodes as one.
 */


#include "merge.h"
#include "dg_core.h"
#include "dg_test.h"


static json_t *
merged(const char *one, const char *two)
{
    json_t  *answers, *m;

    answers = json_array();

    if (answers == NULL
        || json_array_append_new(answers, json_loads(one, 0, NULL)) != 0
        || json_array_append_new(answers, json_loads(two, 0, NULL)) != 0)
    {
        abort();
    }

    m = ctl_merge(answers);
    json_decref(answers);

    return m;
}


/* the order in which they came does not matter */

static void
same(const char *one, const char *two, const char *both, const char *what)
{
    int      equal;
    char    *text;
    json_t  *a, *b, *wanted;

    a = merged(one, two);
    b = merged(two, one);
    wanted = json_loads(both, 0, NULL);
    equal = json_equal(a, wanted) && json_equal(b, wanted);

    dg_ok(equal, "%s", what);

    if (!equal) {
        text = json_dumps(a, JSON_COMPACT);
        printf("# %s\n", text);
        free(text);
    }

    json_decref(a);
    json_decref(b);
    json_decref(wanted);
}


static void
test_numbers(void)
{
    same("{\"totals\":{\"d\":{\"all\":{\"requests\":7},"
         "\"own\":{\"requests\":3}}}}",
         "{\"totals\":{\"d\":{\"all\":{\"requests\":6},"
         "\"own\":{\"requests\":4}}}}",
         "{\"totals\":{\"d\":{\"all\":{\"requests\":7},"
         "\"own\":{\"requests\":7}}}}",
         "of all nodes' totals the greatest counts, their own are added up");
    same("{\"first_seen\":5,\"last_seen\":7,\"named\":null}",
         "{\"first_seen\":4,\"last_seen\":6,\"named\":9}",
         "{\"first_seen\":4,\"last_seen\":7,\"named\":9}",
         "the first and the last sight; and what one knows");
    same("{\"known\":true,\"tied\":false}",
         "{\"known\":false,\"tied\":true}",
         "{\"known\":true,\"tied\":true}", "what one says is so");
    same("{\"work\":{\"framed\":2},\"crowd\":2}",
         "{\"work\":{\"framed\":3},\"crowd\":3}",
         "{\"work\":{\"framed\":5},\"crowd\":3}",
         "work is what each has seen of it");
}


/* how somebody stands is as the one tells it that knows the most */

static void
test_standing(void)
{
    same("{\"score\":60,\"standing\":{\"verdict\":\"THROTTLE\"},"
         "\"signals\":[{\"signal\":\"template\",\"value\":50}]}",
         "{\"score\":20,\"standing\":{\"verdict\":\"TAG\"},"
         "\"signals\":[{\"signal\":\"template\",\"value\":90}]}",
         "{\"score\":60,\"standing\":{\"verdict\":\"THROTTLE\"},"
         "\"signals\":[{\"signal\":\"template\",\"value\":50}]}",
         "a score, and what it is made of");
    same("{\"score\":0,\"known\":true}", "{\"known\":false}",
         "{\"score\":0,\"known\":true}", "a node that knows nothing");
}


static void
test_lists(void)
{
    json_t  *m, *rows, *sorted;

    m = merged("{\"top\":[{\"subject\":\"key:1\",\"requests\":5,"
               "\"campaign\":\"c\"},{\"subject\":\"key:2\","
               "\"requests\":4,\"campaign\":\"c\"}],\"of\":2}",
               "{\"top\":[{\"subject\":\"key:3\",\"requests\":9,"
               "\"campaign\":\"c\"},{\"subject\":\"key:1\","
               "\"requests\":6,\"campaign\":\"c\"}],\"of\":3}");
    rows = json_object_get(m, "top");
    sorted = json_array();
    ctl_merge_sorted(sorted, rows, "requests", 2);

    dg_ok(json_array_size(rows) == 3 && ctl_merge_number(m, "of") == 3
          && json_array_size(sorted) == 2
          && ctl_merge_number(json_array_get(sorted, 0), "requests") == 9
          && ctl_merge_number(json_array_get(sorted, 1), "requests") == 6,
          "each subject is there once, and the greatest go first");

    json_decref(sorted);
    json_decref(m);

    same("{\"campaigns\":[{\"campaign\":\"a\",\"counted\":2,\"members\":["
         "{\"subject\":\"key:1\",\"provenance\":[1]},"
         "{\"subject\":\"key:2\",\"provenance\":[0]}]}]}",
         "{\"campaigns\":[{\"campaign\":\"a\",\"counted\":1,\"members\":["
         "{\"subject\":\"key:3\",\"provenance\":[0]}]}]}",
         "{\"campaigns\":[{\"campaign\":\"a\",\"counted\":2,\"members\":["
         "{\"subject\":\"key:1\",\"provenance\":[1]},"
         "{\"subject\":\"key:2\",\"provenance\":[0]},"
         "{\"subject\":\"key:3\",\"provenance\":[]}]}]}",
         "places in another node's list are not taken for this one's");
    same("{\"origins\":[\"a\"],\"known\":true}", "{\"origins\":[\"a\"]}",
         "{\"origins\":[\"a\"],\"known\":true}", "names, once");
}


/* what is not what it should be does no harm */

static void
test_odd(void)
{
    same("{\"top\":7,\"score\":\"x\",\"own\":[1],\"known\":true}",
         "{\"top\":[{}],\"score\":3,\"own\":{\"a\":1}}",
         "{\"top\":[{}],\"score\":3,\"own\":{\"a\":1},\"known\":true}",
         "kinds that do not fit");
    dg_ok(ctl_merge(NULL) == NULL, "no answer is none");
}


int
main(void)
{
    test_numbers();
    test_standing();
    test_lists();
    test_odd();

    return dg_done();
}
