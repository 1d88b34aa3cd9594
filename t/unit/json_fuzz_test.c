/*
 * Copyright (C) 2026 Distill Guard
 *
 * The JSON reader under random input: however a text is cut the same is
 * reported, and what is JSON is judged as another parser judges it.
 *
 * Arguments: rounds, seed.
 */


#if defined(__has_include)
#if __has_include(<jansson.h>)
#define HAVE_JANSSON  1
#include <jansson.h>
#endif
#endif

#include "json_log.h"
#include "json_paths.h"


#define ROUNDS  100000
#define SIZE    4096


typedef struct {
    u_char    data[SIZE];
    size_t    len;
    uint64_t  seed;
} text_t;


/* with what texts are made and broken: whole tokens reach deeper than bytes */

static const char *const  tokens[] = {
    "{", "}", "[", "]", ",", ":", "\"", "\\", "\n", " ", "\t", "0", "1", "-",
    ".", "e", "E+", "true", "false", "null", "tru", "\"a\":", "\"b\":",
    "{\"a\":", "[{\"b\":", "\\u", "\\ud83d", "\\ude00", "\\u0000", "\\n",
    "\\\"", "\"\"", "\x1f", "\x7f", "\xff", "\xef\xbb\xbf", "9999999999",
    "\"long-name-of-a-member\":", "}\n{", "]\n[", "0.1e-5", "]]]]", "[[[["
};


static unsigned
dice(text_t *t, unsigned n)
{
    return (unsigned) (dg_test_random(&t->seed) >> 33) % n;
}


static void
put(text_t *t, const void *p, size_t len)
{
    len = dg_min(len, SIZE - t->len);
    memcpy(t->data + t->len, p, len);
    t->len += len;
}


static void
put_text(text_t *t, const char *s)
{
    put(t, s, strlen(s));
}


static void
put_space(text_t *t)
{
    if (dice(t, 8) == 0) {
        put(t, &" \n\r\t"[dice(t, 4)], 1);
    }
}


static void
put_string(text_t *t)
{
    char      buf[16];
    u_char    c;
    unsigned  n, sides, code;

    put_text(t, "\"");

    /* some are longer than what the reader gathers */

    sides = dice(t, 4) ? 16 : 5;

    for (n = dice(t, 16) ? dice(t, 20) : dice(t, 900); n; n--) {

        switch (dice(t, sides)) {

        case 0:
            c = "\"\\/bfnrt"[dice(t, 8)];
            put_text(t, "\\");
            put(t, &c, 1);
            break;

        case 1:
            snprintf(buf, sizeof(buf), dice(t, 2) ? "\\u%04x" : "\\u%04X",
                     dice(t, 0xd800));
            put_text(t, buf);
            break;

        case 2:
            code = dice(t, 0x100000);
            snprintf(buf, sizeof(buf), "\\u%04x\\u%04x",
                     0xd800 + (code >> 10), 0xdc00 + (code & 0x3ff));
            put_text(t, buf);
            break;

        case 3:
            put_text(t, "\xe2\x82\xac");
            break;

        default:
            c = ' ' + dice(t, 0x7f - ' ');
            put(t, &c, c != '"' && c != '\\');
        }
    }

    put_text(t, "\"");
}


static void
put_number(text_t *t)
{
    int   v;
    char  buf[32];

    v = (int) dice(t, 100000) - 50000;

    if (dice(t, 2)) {
        snprintf(buf, sizeof(buf), "%d", v);

    } else {
        snprintf(buf, sizeof(buf), "%.*g", (int) dice(t, 17) + 1, v / 977e3);
    }

    put_text(t, buf);
}


static void
put_value(text_t *t, unsigned depth)
{
    unsigned  n;

    put_space(t);

    switch (dice(t, depth ? 8 : 6)) {

    case 0:
        put_text(t, dice(t, 2) ? "true" : "false");
        break;

    case 1:
        put_text(t, "null");
        break;

    case 2:
        put_number(t);
        break;

    default:
        put_string(t);
        break;

    case 6:
        put_text(t, "[");

        for (n = dice(t, 5); n; n--) {
            put_value(t, depth - 1);
            put_text(t, n > 1 ? "," : "");
        }

        put_text(t, "]");
        break;

    case 7:
        put_text(t, "{");

        for (n = dice(t, 5); n; n--) {

            switch (dice(t, 4)) {

            case 0:
                put_text(t, "\"a\"");
                break;

            case 1:
                put_text(t, "\"\\u0062\"");
                break;

            case 2:
                put_text(t, "\"long-name-of-a-member\"");
                break;

            default:
                put_string(t);
            }

            put_space(t);
            put_text(t, ":");
            put_value(t, depth - 1);
            put_text(t, n > 1 ? "," : "");
        }

        put_text(t, "}");
        break;
    }

    put_space(t);
}


static void
put_noise(text_t *t)
{
    u_char    c;
    unsigned  n;

    for (n = dice(t, 40); n; n--) {

        if (dice(t, 4)) {
            put_text(t, tokens[dice(t, dg_nelts(tokens))]);

        } else {
            c = dice(t, 256);
            put(t, &c, 1);
        }
    }
}


/* changes a few bytes, takes some out, puts tokens in */

static void
mutate(text_t *t)
{
    size_t       at, len;
    unsigned     n;
    const char  *token;

    for (n = 1 + dice(t, 3); n && t->len; n--) {
        at = dice(t, (unsigned) t->len);

        switch (dice(t, 3)) {

        case 0:
            t->data[at] = dice(t, 256);
            break;

        case 1:
            len = 1 + dice(t, 4);
            len = dg_min(len, t->len - at);
            t->len -= len;
            memmove(t->data + at, t->data + at + len, t->len - at);
            break;

        default:
            token = tokens[dice(t, dg_nelts(tokens))];
            len = strlen(token);

            if (t->len + len <= SIZE) {
                memmove(t->data + at + len, t->data + at, t->len - at);
                memcpy(t->data + at, token, len);
                t->len += len;
            }
        }
    }
}


static void
make(text_t *t, unsigned kind)
{
    t->len = 0;

    if (kind == 0) {
        put_noise(t);
        return;
    }

    do {
        put_value(t, 1 + dice(t, 6));
    } while (kind == 3 && dice(t, 3));

    if (kind > 1) {
        mutate(t);
    }
}


static void
test_cuts(text_t *t, unsigned rounds)
{
    size_t                   step, first;
    unsigned                 i, bad;
    json_log_t               whole, cut;
    static dg_json_schema_t  schemas[4];

    memset(&whole, 0, sizeof(whole));
    memset(&cut, 0, sizeof(cut));

    for (i = 0; i < 4; i++) {
        (void) dg_json_schema(&schemas[i], paths, dg_nelts(paths), i);
    }

    bad = 0;

    for (i = 0; i < rounds; i++) {
        make(t, i / 4 % 4);

        json_log_read(&whole, &schemas[i % 4], t->data, t->len, SIZE, SIZE);

        step = dice(t, 2) ? 1 + dice(t, 5) : 1 + dice(t, 60);
        first = dice(t, (unsigned) t->len + 1);

        json_log_read(&cut, &schemas[i % 4], t->data, t->len, first, step);

        if (whole.len != cut.len
            || memcmp(whole.text, cut.text, whole.len) != 0)
        {
            printf("#   flags %u, cut at %u, by %u: %.*s\n#   %s\n#   %s\n",
                   i % 4, (unsigned) first, (unsigned) step, (int) t->len,
                   (char *) t->data, whole.text, cut.text);
            bad++;
        }
    }

    free(whole.text);
    free(cut.text);

    dg_ok(bad == 0, "%u random texts report the same cut anyhow", rounds);
}


#if (HAVE_JANSSON)

typedef struct {
    json_log_t      string;
    dg_json_type_t  type;
    double          number;
    int64_t         integer;
} last_t;


/* what a server that takes the last of equal names will see for "a" */

static void
last_event(void *ctx, const dg_json_event_t *ev)
{
    last_t  *last;

    last = ctx;

    if (ev->field != 1 || (ev->type <= DG_JSON_ARRAY && ev->last)) {
        return;
    }

    if (ev->first) {
        last->string.len = 0;
    }

    json_log_add(&last->string, ev->data, ev->len);

    last->type = ev->type;
    last->number = ev->number;
    last->integer = ev->integer;
}


static int
equal(const last_t *last, const json_t *a)
{
    switch (json_typeof(a)) {

    case JSON_OBJECT:
        return last->type == DG_JSON_OBJECT;

    case JSON_ARRAY:
        return last->type == DG_JSON_ARRAY;

    case JSON_STRING:
        return last->type == DG_JSON_STRING
               && last->string.len == json_string_length(a)
               && memcmp(last->string.text, json_string_value(a),
                         last->string.len) == 0;

    case JSON_INTEGER:
        return last->type == DG_JSON_NUMBER_VALUE
               && last->integer == json_integer_value(a);

    case JSON_REAL:
        return last->type == DG_JSON_NUMBER_VALUE
               && last->number >= json_real_value(a) - 1e-15
               && last->number <= json_real_value(a) + 1e-15;

    case JSON_TRUE:
        return last->type == DG_JSON_TRUE;

    case JSON_FALSE:
        return last->type == DG_JSON_FALSE;

    default:
        return last->type == DG_JSON_NULL;
    }
}


/*
 * Jansson refuses more than the grammar does: invalid UTF-8, numbers that do
 * not fit, zeros in names, surrogates left unpaired.  It takes a zero byte
 * behind the value for the end of the text.  We refuse what is deep.
 */

static int
excused(const text_t *t, const json_error_t *error, const dg_json_t *json,
    int good)
{
    if (!good) {
        return json->deep || memchr(t->data, '\0', t->len) != NULL;
    }

    switch (json_error_code(error)) {

    case json_error_invalid_utf8:
    case json_error_numeric_overflow:
    case json_error_null_byte_in_key:
        return 1;

    default:
        return json->surrogate;
    }
}


static void
test_judgement(text_t *t, unsigned rounds)
{
    int                      good;
    json_t                  *root, *a;
    last_t                   last;
    unsigned                 i, bad, wrong, accepted, values, excuses;
    dg_json_t                json;
    json_error_t             error;
    static dg_json_schema_t  schema;

    (void) dg_json_schema(&schema, paths, 1, 0);

    memset(&last, 0, sizeof(last));

    bad = 0;
    wrong = 0;
    accepted = 0;
    values = 0;
    excuses = 0;

    for (i = 0; i < rounds; i++) {
        make(t, i % 4);

        last.type = 0;
        dg_json_init(&json, &schema, last_event, &last);
        dg_json_push(&json, t->data, t->len);
        dg_json_end(&json);

        good = !json.malformed && !json.deep && json.documents == 1;
        root = json_loadb((char *) t->data, t->len,
                          JSON_DECODE_ANY | JSON_ALLOW_NUL, &error);

        if (good != (root != NULL)) {

            if (excused(t, &error, &json, good)) {
                excuses++;

            } else {
                printf("#   %s, jansson: %s: %.*s\n",
                       good ? "accepted" : "refused",
                       root ? "accepted" : error.text, (int) t->len,
                       (char *) t->data);
                bad++;
            }
        }

        if (root && good) {
            accepted++;
            a = json_object_get(root, "a");

            if (a) {
                values++;

                if (!equal(&last, a)) {
                    printf("#   another value: %.*s\n", (int) t->len,
                           (char *) t->data);
                    wrong++;
                }
            }
        }

        json_decref(root);
    }

    free(last.string.text);

    dg_ok(bad == 0, "%u random texts are judged as jansson does: %u accepted, "
          "%u excused", rounds, accepted, excuses);
    dg_ok(wrong == 0, "and %u values are the same", values);
}

#endif


int
main(int argc, char **argv)
{
    unsigned  rounds;
    text_t    text;

    rounds = argc > 1 ? (unsigned) strtoul(argv[1], NULL, 10) : ROUNDS;

    memset(&text, 0, sizeof(text));
    text.seed = argc > 2 ? strtoull(argv[2], NULL, 10) | 1 : 2026;

    test_cuts(&text, 3 * rounds);

#if (HAVE_JANSSON)
    test_judgement(&text, rounds);
#else
    printf("# jansson is not here: its judgement is not asked\n");
#endif

    return dg_done();
}
