/*
 * Copyright (C) 2026 Distill Guard
 *
 * What the JSON reader reports, whole, cut in two at every place, and byte by
 * byte.
 */


#include "json_log.h"


/* the length of the text is counted, as there are zeros in it */
#define TEXT(s)  s, sizeof(s) - 1


typedef struct {
    const char  *name;
    unsigned     flags;
    const char  *text;
    size_t       len;
    const char  *expected;
} case_t;


static const dg_json_path_t  paths[] = {
    { "model", 1 },
    { "stream", 2 },
    { "messages", 3 },
    { "messages[].content", 4 },
    { "messages[].content[].text", 5 },
    { "bias.*", 6 },
    { "bias.known", 7 },
    { "usage.total", 8 },
    { "rows[][]", 9 },
    { "wild.*.x", 10 },
    { "n", 11 },
    { "[].item", 12 },
    { "tags[]", 13 },
    { "again", 13 }
};


#define SEQ    DG_JSON_SEQUENCE
#define ITEMS  DG_JSON_ROOT_ITEMS


static const case_t  cases[] = {

    /* documents */

    { "nothing", 0, TEXT(""), "#0" },
    { "only space", 0, TEXT(" \t\r\n"), "#0" },
    { "a top-level string", 0, TEXT("\"a\""), "#1" },
    { "a top-level number", 0, TEXT("12"), "#1" },
    { "a top-level number and space", 0, TEXT(" -1.5e+3 "), "#1" },
    { "a top-level literal", 0, TEXT("null"), "#1" },
    { "empty containers", 0, TEXT("[{},[],{ },[ ]]"), "#1" },
    { "space everywhere", 0,
      TEXT(" { \"model\" : \"m\" , \"n\" : 1 } "), "1<m> 11=1/1 #1" },

    /* matching */

    { "a string", 0, TEXT("{\"model\":\"gpt\"}"), "1<gpt> #1" },
    { "an empty string", 0, TEXT("{\"model\":\"\"}"), "1<> #1" },
    { "literals", 0, TEXT("{\"stream\":true,\"n\":false,\"model\":null}"),
      "2=true 11=false 1=null #1" },
    { "unknown members are silent", 0,
      TEXT("{\"a\":\"x\",\"b\":[1,{\"model\":\"no\"}],\"model\":\"m\"}"),
      "1<m> #1" },
    { "a longer and a shorter name are others", 0,
      TEXT("{\"models\":\"a\",\"mode\":\"b\",\"\":\"c\"}"), "#1" },
    { "containers open and close", 0,
      TEXT("{\"messages\":[{\"content\":\"a\"},{\"role\":\"b\"},3]}"),
      "3[ 4<a> 3] #1" },
    { "content as a string and as parts", 0,
      TEXT("{\"messages\":[{\"content\":[{\"text\":\"a\"},{\"text\":\"b\"}]},"
           "{\"content\":\"c\"},{\"content\":{\"text\":\"d\"}}]}"),
      "3[ 4[ 5<a> 5<b> 4] 4<c> 4{ 4} 3] #1" },
    { "another type than expected", 0,
      TEXT("{\"model\":{\"model\":1},\"stream\":[true],\"messages\":\"x\"}"),
      "1{ 1} 2[ 2] 3<x> #1" },
    { "any name, but for one with a path", 0,
      TEXT("{\"bias\":{\"1\":5,\"known\":6,\"\":7,\"other\":{}}}"),
      "6=5/5 7=6/6 6=7/7 6{ 6} #1" },
    { "below any name", 0,
      TEXT("{\"wild\":{\"a\":{\"x\":\"1\"},\"b\":{\"y\":2,\"x\":3}}}"),
      "10<1> 10=3/3 #1" },
    { "members of members", 0,
      TEXT("{\"total\":1,\"usage\":{\"total\":2},\"x\":{\"total\":3}}"),
      "8=2/2 #1" },
    { "items of items", 0, TEXT("{\"rows\":[[1,\"a\"],2,[[3]],[]]}"),
      "9=1/1 9<a> 9[ 9] #1" },
    { "one field on two paths", 0, TEXT("{\"again\":1,\"tags\":[\"a\"]}"),
      "13=1/1 13<a> #1" },
    { "items of a top-level array", 0, TEXT("[{\"item\":1},{\"model\":2}]"),
      "12=1/1 #1" },
    { "a name in escapes", 0,
      TEXT("{\"mod\\u0065l\":1,\"\\u006dodel\":2,\"strea\\u006D\":3}"),
      "1=1/1 1=2/2 2=3/3 duplicate #1" },
    { "a name with a zero is another", 0,
      TEXT("{\"model\\u0000\":1,\"\\u0000model\":2}"), "#1" },

    /* strings */

    { "all escapes", 0,
      TEXT("{\"model\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0041\\u00e9\\u20AC\"}"),
      "1<\"\\/\b\f\n\r\tA\xc3\xa9\xe2\x82\xac> #1" },
    { "escapes amid text", 0,
      TEXT("{\"model\":\"a\\nb, and a run much longer than what is gathered "
           "with the escapes\\tbeside it\\n\\n\"}"),
      "1<a\nb, and a run much longer than what is gathered with the escapes\t"
      "beside it\n\n> #1" },
    { "a surrogate pair", 0, TEXT("{\"model\":\"\\uD83D\\uDE00\"}"),
      "1<\xf0\x9f\x98\x80> #1" },
    { "the first and the last pair", 0,
      TEXT("{\"model\":\"\\ud800\\udc00\\udbff\\udfff\"}"),
      "1<\xf0\x90\x80\x80\xf4\x8f\xbf\xbf> #1" },
    { "a high surrogate alone", 0, TEXT("{\"model\":\"\\ud83d\"}"),
      "1<\xef\xbf\xbd> surrogate #1" },
    { "a high surrogate and text", 0, TEXT("{\"model\":\"\\ud83dx\"}"),
      "1<\xef\xbf\xbdx> surrogate #1" },
    { "a high surrogate and an escape", 0, TEXT("{\"model\":\"\\ud83d\\n\"}"),
      "1<\xef\xbf\xbd\n> surrogate #1" },
    { "a high surrogate and a character", 0,
      TEXT("{\"model\":\"\\ud83d\\u0041\"}"),
      "1<\xef\xbf\xbd" "A> surrogate #1" },
    { "two high surrogates and a low one", 0,
      TEXT("{\"model\":\"\\ud83d\\ud83d\\ude00\"}"),
      "1<\xef\xbf\xbd\xf0\x9f\x98\x80> surrogate #1" },
    { "a low surrogate alone", 0, TEXT("{\"model\":\"\\ude00\\ude00\"}"),
      "1<\xef\xbf\xbd\xef\xbf\xbd> surrogate #1" },
    { "a surrogate alone where nobody looks", 0, TEXT("[\"\\ud83d\"]"),
      "surrogate #1" },
    { "a surrogate alone in a name", 0, TEXT("{\"\\ud83d\":1}"),
      "surrogate #1" },
    { "bytes above 127", 0, TEXT("{\"model\":\"\xff\x80\xc3\xa9\x7f\"}"),
      "1<\xff\x80\xc3\xa9\x7f> #1" },

    /* numbers */

    { "zero", 0, TEXT("{\"n\":0,\"x\":-0}"), "11=0/0 #1" },
    { "negative", 0, TEXT("{\"n\":-12}"), "11=-12/-12 #1" },
    { "a fraction is cut", 0, TEXT("{\"n\":-1.9}"), "11=-1/-1.9 #1" },
    { "exponents", 0, TEXT("{\"rows\":[[1e2,1E+2,120e-1,0.5e1,1e-3]]}"),
      "9=100/100 9=100/100 9=12/12 9=5/5 9=0/0.001 #1" },
    { "saturated", 0,
      TEXT("{\"rows\":[[9223372036854775808,-9223372036854775809]]}"),
      "9=9223372036854775807/9.22337203685478e+18 "
      "9=-9223372036854775808/-9.22337203685478e+18 #1" },
    { "the longest number", 0,
      TEXT("{\"n\":1234567890123456789012345678901234567890}"),
      "11=9223372036854775807/1.23456789012346e+39 #1" },
    { "an overlong number", 0,
      TEXT("{\"n\":12345678901234567890123456789012345678901}"),
      "11=0/0 wide #1" },
    { "a number longer than all we keep", 0,
      TEXT("{\"n\":0.12345678901234567890123456789012345678901234567890"
           "123456789012345678901234567890}"),
      "11=0/0 wide #1" },
    { "an overlong number nobody asked for", 0,
      TEXT("[12345678901234567890123456789012345678901]"), "#1" },

    /* duplicates */

    { "a name twice", 0, TEXT("{\"model\":\"a\",\"model\":\"b\"}"),
      "1<a> 1<b> duplicate #1" },
    { "an unknown name twice", 0, TEXT("{\"a\":1,\"a\":2}"), "#1" },
    { "a known name twice where it is not known", 0,
      TEXT("{\"x\":{\"model\":1,\"model\":2}}"), "#1" },
    { "a name in each item", 0,
      TEXT("{\"messages\":[{\"content\":1},{\"content\":2}]}"),
      "3[ 4=1/1 4=2/2 3] #1" },
    { "a name twice in an item", 0,
      TEXT("{\"messages\":[{\"content\":1,\"content\":2}]}"),
      "3[ 4=1/1 4=2/2 3] duplicate #1" },
    { "a name twice around another object", 0,
      TEXT("{\"usage\":{\"total\":1},\"model\":2,\"usage\":{}}"),
      "8=1/1 1=2/2 duplicate #1" },
    { "under any name nothing is known", 0,
      TEXT("{\"bias\":{\"a\":1,\"a\":2}}"), "6=1/1 6=2/2 #1" },

    /* items as documents */

    { "each item is a document", ITEMS, TEXT("[{\"model\":1},{\"model\":2}]"),
      "1=1/1 1=2/2 #2" },
    { "items of other types", ITEMS, TEXT("[1,\"a\",[],null]"), "#4" },
    { "no items", ITEMS, TEXT("[]"), "#0" },
    { "no array", ITEMS, TEXT("{\"model\":1}"), "1=1/1 #1" },
    { "an array in the array is not taken apart", ITEMS,
      TEXT("[[{\"model\":1,\"item\":2}]]"), "12=2/2 #1" },
    { "items before bad JSON", ITEMS, TEXT("[{\"model\":1},{\"model\":2},}]"),
      "1=1/1 1=2/2 malformed #2" },

    /* sequences */

    { "lines", SEQ, TEXT("{\"model\":1}\n{\"model\":2}\r\n\n3\n"),
      "1=1/1 1=2/2 #3" },
    { "values without space", SEQ, TEXT("{\"n\":1}{\"n\":2}[]\"\"truefalse"),
      "11=1/1 11=2/2 #6" },
    { "a bad line", SEQ, TEXT("{\"n\":1}\n{\"n\":oops]\n{\"n\":2}\n"),
      "11=1/1 11=2/2 malformed #2" },
    { "a bad newline", SEQ, TEXT("{\"model\":\"a\n{\"n\":2}\n"),
      "1<a11=2/2 malformed #1" },
    { "names of a bad line do not linger", SEQ,
      TEXT("{\"n\":1,}\n{\"n\":2}"), "11=1/1 11=2/2 malformed #1" },
    { "a surrogate of a bad line does not linger", SEQ,
      TEXT("{\"model\":\"\\ud83d\\x\n{\"model\":\"\\ude00\"}"),
      "1<\xef\xbf\xbd" "1<\xef\xbf\xbd> malformed surrogate #1" },
    { "a bad line and the end", SEQ, TEXT("1\n]"), "malformed #1" },
    { "a line left open", SEQ, TEXT("1\n{\"n\":"), "malformed #1" },
    { "arrays one after the other", SEQ | ITEMS,
      TEXT("[{\"n\":1},{\"n\":2}]\n[{\"n\":3}]\n{\"n\":4,\"x\":5}"),
      "11=1/1 11=2/2 11=3/3 11=4/4 #4" },
    { "a bad array, then an object", SEQ | ITEMS,
      TEXT("[{\"n\":1},]\n{\"n\":4}"), "11=1/1 11=4/4 malformed #2" },

    /* bad JSON, reported up to where it is bad */

    { "a second value", 0, TEXT("{} {}"), "malformed #1" },
    { "text behind", 0, TEXT("{\"n\":1}x"), "11=1/1 malformed #1" },
    { "a zero byte behind", 0, TEXT("1\0"), "malformed #1" },
    { "a byte order mark", 0, TEXT("\xef\xbb\xbf{}"), "malformed #0" },
    { "a comma before }", 0, TEXT("{\"n\":1,}"), "11=1/1 malformed #0" },
    { "a comma before ]", 0, TEXT("[1,]"), "malformed #0" },
    { "a comma first", 0, TEXT("[,1]"), "malformed #0" },
    { "two commas", 0, TEXT("[1,,2]"), "malformed #0" },
    { "no comma", 0, TEXT("[1 2]"), "malformed #0" },
    { "no colon", 0, TEXT("{\"n\" 1}"), "malformed #0" },
    { "no value", 0, TEXT("{\"n\":}"), "malformed #0" },
    { "no name", 0, TEXT("{:1}"), "malformed #0" },
    { "a name without quotes", 0, TEXT("{n:1}"), "malformed #0" },
    { "a number for a name", 0, TEXT("{1:1}"), "malformed #0" },
    { "a member in an array", 0, TEXT("[\"a\":1]"), "malformed #0" },
    { "] for }", 0, TEXT("{\"model\":1]"), "1=1/1 malformed #0" },
    { "} for ]", 0, TEXT("[[1}]"), "malformed #0" },
    { "] for } at once", 0, TEXT("{]"), "malformed #0" },
    { "} for ] at once", 0, TEXT("[}"), "malformed #0" },
    { "] alone", 0, TEXT("]"), "malformed #0" },
    { "] too many", 0, TEXT("[]]"), "malformed #1" },
    { "left open", 0, TEXT("{\"messages\":[{\"content\":\"ab"),
      "3[ 4<abmalformed #0" },
    { "left open in an escape", 0, TEXT("{\"model\":\"ab\\"),
      "1<abmalformed #0" },
    { "left open in a character", 0, TEXT("{\"model\":\"ab\\u00"),
      "1<abmalformed #0" },
    { "left open in a literal", 0, TEXT("tru"), "malformed #0" },
    { "left open in a number", 0, TEXT("-"), "malformed #0" },
    { "a control character", 0, TEXT("{\"model\":\"a\\nb\x1f\"}"),
      "1<a\nbmalformed #0" },
    { "a newline in a string", 0, TEXT("{\"model\":\"a\n\"}"),
      "1<amalformed #0" },
    { "a zero byte in a string", 0, TEXT("{\"model\":\"a\0\"}"),
      "1<amalformed #0" },
    { "a tab in a skipped string", 0, TEXT("[\"\t\"]"), "malformed #0" },
    { "a tab in a name", 0, TEXT("{\"\t\":1}"), "malformed #0" },
    { "a bad escape", 0, TEXT("{\"model\":\"a\\x41\"}"),
      "1<amalformed #0" },
    { "a bad escape in a skipped string", 0, TEXT("[\"\\'\"]"),
      "malformed #0" },
    { "a bad digit", 0, TEXT("{\"model\":\"a\\u00g0\"}"),
      "1<amalformed #0" },
    { "a quote for a digit", 0, TEXT("[\"\\u000\"]"), "malformed #0" },
    { "a leading zero", 0, TEXT("{\"n\":01}"), "malformed #0" },
    { "a leading zero behind -", 0, TEXT("[-01]"), "malformed #0" },
    { "a leading point", 0, TEXT("[.5]"), "malformed #0" },
    { "a leading plus", 0, TEXT("[+5]"), "malformed #0" },
    { "a trailing point", 0, TEXT("[5.]"), "malformed #0" },
    { "two points", 0, TEXT("[5.5.5]"), "malformed #0" },
    { "no exponent", 0, TEXT("[5e]"), "malformed #0" },
    { "only the exponent's sign", 0, TEXT("[5e+]"), "malformed #0" },
    { "a point in the exponent", 0, TEXT("[5e1.5]"), "malformed #0" },
    { "a sign within", 0, TEXT("[5-5]"), "malformed #0" },
    { "hexadecimal", 0, TEXT("[0x10]"), "malformed #0" },
    { "not a number", 0, TEXT("[NaN]"), "malformed #0" },
    { "a literal in capitals", 0, TEXT("[True]"), "malformed #0" },
    { "a longer literal", 0, TEXT("[nulll]"), "malformed #0" },
    { "a shorter literal", 0, TEXT("[tru]"), "malformed #0" },
    { "another quote", 0, TEXT("['a']"), "malformed #0" },
    { "a comment", 0, TEXT("[1/**/]"), "malformed #0" },
    { "a form feed for space", 0, TEXT("[1,\f2]"), "malformed #0" },
    { "a backslash outside a string", 0, TEXT("[\\n]"), "malformed #0" }
};


static dg_json_schema_t  schemas[4];


static void
test_case(const case_t *c, json_log_t *log)
{
    size_t                   cut;
    unsigned                 bad;
    const dg_json_schema_t  *schema;

    schema = &schemas[c->flags];
    bad = 0;

    json_log_read(log, schema, c->text, c->len, c->len, c->len);

    if (!dg_ok(strcmp(log->text, c->expected) == 0, "%s", c->name)) {
        printf("#   has:    %s\n#   wanted: %s\n", log->text, c->expected);
    }

    for (cut = 0; cut <= c->len; cut++) {
        json_log_read(log, schema, c->text, c->len, cut, c->len);

        if (strcmp(log->text, c->expected) != 0) {
            printf("#   cut at %u: %s\n", (unsigned) cut, log->text);
            bad++;
        }
    }

    json_log_read(log, schema, c->text, c->len, 1, 1);

    if (strcmp(log->text, c->expected) != 0) {
        printf("#   byte by byte: %s\n", log->text);
        bad++;
    }

    dg_ok(bad == 0, "%s, cut anywhere", c->name);
}


static void
test_tables(void)
{
    char                     name[DG_JSON_NAME + 2];
    size_t                   i;
    static char              names[DG_JSON_MEMBERS + 1][8];
    static dg_json_path_t    many[DG_JSON_MEMBERS + 1];
    static dg_json_schema_t  schema;

    static const char *const  good[] = {
        "a", "a.b", "a[]", "a[][]", "a[].b", "[]", "[].a", "[][].a", "*",
        "*.*", "a.*[].b", "**", "a b"
    };

    static const char *const  bad[] = {
        "", ".", ".a", "a.", "a..b", "a[", "a[]b", "a]", "[", "[a]", "a.[]",
        "a[1]", "[]a", "a[].", "a[]..b"
    };

    for (i = 0; i < dg_nelts(good); i++) {
        many[0].path = good[i];
        many[0].field = 1;
        dg_ok(dg_json_schema(&schema, many, 1, 0) == DG_OK,
              "a path: \"%s\"", good[i]);
    }

    for (i = 0; i < dg_nelts(bad); i++) {
        many[0].path = bad[i];
        dg_ok(dg_json_schema(&schema, many, 1, 0) == DG_ERROR,
              "not a path: \"%s\"", bad[i]);
    }

    many[0].path = "a";
    many[1].path = "a";
    many[1].field = 2;
    dg_ok(dg_json_schema(&schema, many, 2, 0) == DG_ERROR,
          "no path stands twice");

    many[0].field = 0;
    dg_ok(dg_json_schema(&schema, many, 1, 0) == DG_ERROR,
          "fields are above 0");

    many[0].field = 65536;
    dg_ok(dg_json_schema(&schema, many, 1, 0) == DG_ERROR,
          "and below 65536");

    memset(name, 'a', sizeof(name));
    name[DG_JSON_NAME + 1] = '\0';
    many[0].path = name;
    many[0].field = 1;
    dg_ok(dg_json_schema(&schema, many, 1, 0) == DG_ERROR,
          "a name is not overlong");

    name[DG_JSON_NAME] = '\0';
    dg_ok(dg_json_schema(&schema, many, 1, 0) == DG_OK,
          "but may be as long as they get");

    for (i = 0; i < dg_nelts(many); i++) {
        snprintf(names[i], sizeof(names[i]), "n%u", (unsigned) i);
        many[i].path = names[i];
        many[i].field = i + 1;
    }

    dg_ok(dg_json_schema(&schema, many, DG_JSON_MEMBERS, 0) == DG_OK,
          "%u names in an object", DG_JSON_MEMBERS);
    dg_ok(dg_json_schema(&schema, many, DG_JSON_MEMBERS + 1, 0) == DG_ERROR,
          "not one more");
}


/* every path of a full table is found, and none is taken for another */

static void
test_full_table(json_log_t *log)
{
    char                     text[64], expected[64];
    size_t                   i, n;
    unsigned                 bad;
    static char              names[DG_JSON_NODES][16];
    static dg_json_path_t    many[DG_JSON_NODES];
    static dg_json_schema_t  schema;

    for (i = 0; i < DG_JSON_NODES; i++) {
        snprintf(names[i], sizeof(names[i]), "o%u.m%u", (unsigned) i / 50,
                 (unsigned) i % 50);
        many[i].path = names[i];
        many[i].field = i + 1;
    }

    /* three nodes are the reader's, each object takes one of its own */

    n = DG_JSON_NODES - 3 - 6;

    while (dg_json_schema(&schema, many, n + 1, 0) == DG_OK) {
        n++;
    }

    dg_ok(dg_json_schema(&schema, many, n, 0) == DG_OK
          && schema.n == DG_JSON_NODES, "a table of %u nodes", schema.n);

    bad = 0;

    for (i = 0; i < n; i++) {
        snprintf(text, sizeof(text), "{\"o%u\":{\"m%u\":1}}",
                 (unsigned) i / 50, (unsigned) i % 50);
        snprintf(expected, sizeof(expected), "%u=1/1 #1", (unsigned) i + 1);

        json_log_read(log, &schema, text, strlen(text), 64, 64);
        bad += strcmp(log->text, expected) != 0;
    }

    dg_ok(bad == 0, "finds each of them");
}


/* names that share a bucket with known ones are still unknown */

static void
test_strangers(json_log_t *log)
{
    char                     text[64], expected[64];
    size_t                   i;
    unsigned                 bad;
    static char              names[DG_JSON_MEMBERS][16];
    static dg_json_path_t    many[DG_JSON_MEMBERS + 1];
    static dg_json_schema_t  schema;

    for (i = 0; i < DG_JSON_MEMBERS; i++) {
        snprintf(names[i], sizeof(names[i]), "m%u.*", (unsigned) i);
        many[i].path = names[i];
        many[i].field = i + 1;
    }

    many[i].path = "*";
    many[i].field = i + 1;

    (void) dg_json_schema(&schema, many, dg_nelts(many), 0);
    snprintf(expected, sizeof(expected), "%u=1/1 #1", (unsigned) i + 1);

    bad = 0;

    for (i = 0; i < 10000; i++) {
        snprintf(text, sizeof(text), "{\"n%u\":1}", (unsigned) i);

        json_log_read(log, &schema, text, strlen(text), 64, 64);
        bad += strcmp(log->text, expected) != 0;
    }

    dg_ok(bad == 0, "unknown names match \"*\" and nothing else");
}


static void
test_depth(json_log_t *log)
{
    size_t       depth, step, i, len;
    char         text[2 * DG_JSON_DEPTH + 16], *p;
    const char  *expected;

    for (depth = DG_JSON_DEPTH; depth <= DG_JSON_DEPTH + 1; depth++) {

        p = text;

        for (i = 0; i < depth; i++) {
            *p++ = '[';
        }

        for (i = 0; i < depth; i++) {
            *p++ = ']';
        }

        len = p - text;
        expected = depth > DG_JSON_DEPTH ? "deep #0" : "#1";

        for (step = 1; step <= len; step += len - 1) {
            json_log_read(log, &schemas[0], text, len, step, step);
            dg_ok(strcmp(log->text, expected) == 0,
                  "%u arrays by %u: %s", (unsigned) depth, (unsigned) step,
                  log->text);
        }
    }

    strcpy(p, "\n{\"n\":1}");
    json_log_read(log, &schemas[SEQ], text, strlen(text), 1, 1);
    dg_ok(strcmp(log->text, "11=1/1 deep #1") == 0,
          "behind a deep line reading goes on: %s", log->text);
}


static void
test_long_names(json_log_t *log)
{
    char                     text[512], name[DG_JSON_NAME + 1];
    size_t                   len, step;
    const char              *expected;
    dg_json_path_t           path[2];
    static dg_json_schema_t  schema;

    memset(name, 'a', sizeof(name));
    name[DG_JSON_NAME] = '\0';

    path[0].path = name;
    path[0].field = 1;
    path[1].path = "*";
    path[1].field = 2;
    (void) dg_json_schema(&schema, path, 2, 0);

    for (len = DG_JSON_NAME - 1; len < 300; len = len * 5 / 4 + 1) {

        text[0] = '{';
        text[1] = '"';
        memset(text + 2, 'a', len);
        strcpy(text + 2 + len, "\":1}");

        expected = len == DG_JSON_NAME ? "1=1/1 #1" : "2=1/1 #1";

        for (step = 1; step < 400; step *= 7) {
            json_log_read(log, &schema, text, strlen(text), step, step);
            dg_ok(strcmp(log->text, expected) == 0,
                  "a name of %u by %u: %s", (unsigned) len, (unsigned) step,
                  log->text);
        }
    }
}


typedef struct {
    size_t    len;
    unsigned  first;
    unsigned  last;
} large_t;


static void
large_event(void *ctx, const dg_json_event_t *ev)
{
    large_t  *large;

    large = ctx;
    large->len += ev->len;
    large->first += ev->first;
    large->last += ev->last;
}


static void
test_large_string(void)
{
    size_t        i, n, len;
    u_char       *text, *p;
    large_t       large;
    dg_json_t     json;
    const char   *start;

    start = "{\"model\":\"";
    len = 10 * 1024 * 1024;
    text = malloc(strlen(start) + len + 2);

    if (text == NULL) {
        abort();
    }

    p = text + strlen(start);
    memcpy(text, start, strlen(start));

    for (i = 0; i < len; i += 2) {
        p[i] = i % 64 ? 'a' : '\\';
        p[i + 1] = 'n';
    }

    p += len;
    *p++ = '"';
    *p++ = '}';

    memset(&large, 0, sizeof(large));
    dg_json_init(&json, &schemas[0], large_event, &large);

    for (n = 1, i = 0; i < (size_t) (p - text); i += n, n = n % 9000 + 1) {
        dg_json_push(&json, text + i, dg_min(n, p - text - i));
    }

    dg_json_end(&json);

    dg_ok(large.len == len - len / 64 && large.first == 1 && large.last == 1,
          "a string of 10 MB comes whole: %u bytes", (unsigned) large.len);
    dg_ok(!json.malformed && json.documents == 1, "in a good document");

    free(text);
}


/* text dense with escapes comes in few pieces */

typedef struct {
    json_log_t  log;
    unsigned    n;
} pieces_t;


static void
piece_event(void *ctx, const dg_json_event_t *ev)
{
    pieces_t  *pieces;

    pieces = ctx;
    pieces->n++;
    json_log_add(&pieces->log, ev->data, ev->len);
}


static void
test_pieces(void)
{
    size_t     i;
    char       text[2048], expected[2048];
    pieces_t   pieces;
    dg_json_t  json;

    memset(&pieces, 0, sizeof(pieces));

    strcpy(text, "{\"model\":\"");
    expected[0] = '\0';

    for (i = 0; i < 500; i++) {
        strcat(text, i % 2 ? "\\n" : "a\\/");
        strcat(expected, i % 2 ? "\n" : "a/");
    }

    strcat(text, "\"}");

    dg_json_init(&json, &schemas[0], piece_event, &pieces);
    dg_json_push(&json, (u_char *) text, strlen(text));
    dg_json_end(&json);

    dg_ok(pieces.n <= 4, "500 escapes come in %u pieces", pieces.n);
    dg_ok(strcmp(pieces.log.text, expected) == 0, "and nothing is lost");

    free(pieces.log.text);
}


static void
test_next(json_log_t *log)
{
    dg_json_t  json;

    log->len = 0;

    dg_json_init(&json, &schemas[0], json_log_event, log);
    dg_json_push(&json, (u_char *) TEXT("{\"model\":\"a\\ud800"));
    dg_json_end(&json);
    dg_json_next(&json);
    dg_json_push(&json, (u_char *) TEXT("{\"model\":\"b\",\"n\":1}"));
    dg_json_push(&json, NULL, 0);
    dg_json_end(&json);
    dg_json_next(&json);
    dg_json_end(&json);
    json_log_findings(log, &json);

    dg_ok(strcmp(log->text, "1<a1<b> 11=1/1 malformed #1") == 0,
          "findings stay for the next document: %s", log->text);
}


int
main(void)
{
    size_t      i;
    json_log_t  log;

    memset(&log, 0, sizeof(log));

    for (i = 0; i < dg_nelts(schemas); i++) {
        dg_ok(dg_json_schema(&schemas[i], paths, dg_nelts(paths), i) == DG_OK,
              "the table of paths with flags %u", (unsigned) i);
    }

    for (i = 0; i < dg_nelts(cases); i++) {
        test_case(&cases[i], &log);
    }

    test_tables();
    test_full_table(&log);
    test_strangers(&log);
    test_depth(&log);
    test_long_names(&log);
    test_large_string();
    test_pieces();
    test_next(&log);

    free(log.text);

    return dg_done();
}
