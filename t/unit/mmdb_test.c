/*
 * Copyright (C) 2026 Distill Guard
 *
 * Values of MaxMind records: what the format allows is read, and what is
 * damaged ends in an error, whatever it is.
 */


#include "dg_mmdb.h"
#include "dg_test.h"


#define HUGE_RECORD  (16 * 1024 * 1024)


typedef struct {
    const char       *name;
    const char       *data;
    size_t            len;
    size_t            offset;
    int               rc;
    dg_mmdb_type_t    type;
    uint64_t          number;
    const char       *text;
} record_t;


static const char *const  path_a[] = { "a", NULL };
static const char *const  path_ab[] = { "a", "b", NULL };


#define bytes(s)  s, sizeof(s) - 1


/* what "a" is in each */

static const record_t  records[] = {

    { "text", bytes("\xe1\x41" "a\x42" "DE"), 0, DG_OK,
      DG_MMDB_TEXT, 0, "DE" },

    { "empty text", bytes("\xe1\x41" "a\x40"), 0, DG_OK,
      DG_MMDB_TEXT, 0, "" },

    { "uint16", bytes("\xe1\x41" "a\xa2\x12\x34"), 0, DG_OK,
      DG_MMDB_NUMBER, 0x1234, NULL },

    { "uint32", bytes("\xe1\x41" "a\xc4\xff\x00\x00\x01"), 0, DG_OK,
      DG_MMDB_NUMBER, 0xff000001, NULL },

    { "uint32 of no bytes is 0", bytes("\xe1\x41" "a\xc0"), 0, DG_OK,
      DG_MMDB_NUMBER, 0, NULL },

    { "uint64", bytes("\xe1\x41" "a\x08\x02\x01\x00\x00\x00\x00\x00\x00\x02"),
      0, DG_OK, DG_MMDB_NUMBER, 0x0100000000000002, NULL },

    { "true", bytes("\xe1\x41" "a\x01\x07"), 0, DG_OK,
      DG_MMDB_BOOLEAN, 1, NULL },

    { "false", bytes("\xe1\x41" "a\x00\x07"), 0, DG_OK,
      DG_MMDB_BOOLEAN, 0, NULL },

    { "a double is of no use", bytes("\xe1\x41" "a\x68" "12345678"), 0, DG_OK,
      DG_MMDB_OTHER, 0, NULL },

    { "a map is of no use", bytes("\xe1\x41" "a\xe0"), 0, DG_OK,
      DG_MMDB_OTHER, 0, NULL },

    { "another name", bytes("\xe1\x41" "b\xe0"), 0, DG_OK,
      DG_MMDB_ABSENT, 0, NULL },

    { "a longer name", bytes("\xe1\x42" "ab\xe0"), 0, DG_OK,
      DG_MMDB_ABSENT, 0, NULL },

    { "an empty map", bytes("\xe0"), 0, DG_OK, DG_MMDB_ABSENT, 0, NULL },

    { "a record that is no map", bytes("\x41" "a"), 0, DG_OK,
      DG_MMDB_ABSENT, 0, NULL },

    { "behind a map, an array, text and numbers",
      bytes("\xe5\x41" "m\xe1\x41" "a\x41" "x" "\x41" "l\x02\x04\xe0\x41" "y"
            "\x41" "s\x43" "xyz" "\x41" "n\xc1\x07" "\x41" "a\x41" "z"),
      0, DG_OK, DG_MMDB_TEXT, 0, "z" },

    { "name and value behind pointers",
      bytes("\x41" "a\x42" "DE" "\xe1\x20\x00\x20\x02"), 5, DG_OK,
      DG_MMDB_TEXT, 0, "DE" },

    { "pointers are stepped over, not followed",
      bytes("\xe2\x41" "x\x20\x00\x41" "a\x41" "z"), 0, DG_OK,
      DG_MMDB_TEXT, 0, "z" },

    { "a pointer of four bytes",
      bytes("\x41" "z\xe1\x41" "a\x38\x00\x00\x00\x00"), 2, DG_OK,
      DG_MMDB_TEXT, 0, "z" },

    { "a record behind a pointer", bytes("\xe1\x41" "a\x41" "z\x20\x00"), 5,
      DG_OK, DG_MMDB_TEXT, 0, "z" },

    { "text of 29 bytes",
      bytes("\xe1\x41" "a\x5d\x00" "abcdefghijklmnopqrstuvwxyz123"), 0, DG_OK,
      DG_MMDB_TEXT, 0, "abcdefghijklmnopqrstuvwxyz123" },

    { "nothing", bytes(""), 0, DG_ERROR, DG_MMDB_ABSENT, 0, NULL },
    { "an offset at the end", bytes("\xe0"), 1, DG_ERROR,
      DG_MMDB_ABSENT, 0, NULL },
    { "an offset below the section", bytes("\xe0"), (uint32_t) -16, DG_ERROR,
      DG_MMDB_ABSENT, 0, NULL },
    { "a cut name", bytes("\xe1\x42" "a"), 0, DG_ERROR,
      DG_MMDB_ABSENT, 0, NULL },
    { "no value", bytes("\xe1\x41" "a"), 0, DG_ERROR,
      DG_MMDB_ABSENT, 0, NULL },
    { "cut text", bytes("\xe1\x41" "a\x42" "D"), 0, DG_ERROR,
      DG_MMDB_ABSENT, 0, NULL },
    { "a cut size", bytes("\xe1\x41" "a\x5f\x00\x00"), 0, DG_ERROR,
      DG_MMDB_ABSENT, 0, NULL },
    { "a cut pointer", bytes("\xe1\x41" "a\x38\x00\x00\x00"), 0, DG_ERROR,
      DG_MMDB_ABSENT, 0, NULL },
    { "a cut type", bytes("\xe1\x41" "a\x01"), 0, DG_ERROR,
      DG_MMDB_ABSENT, 0, NULL },
    { "an unknown type", bytes("\xe1\x41" "a\x00\xff"), 0, DG_ERROR,
      DG_MMDB_ABSENT, 0, NULL },
    { "an end marker", bytes("\xe1\x41" "a\x00\x06"), 0, DG_ERROR,
      DG_MMDB_ABSENT, 0, NULL },
    { "a pointer to a pointer", bytes("\xe1\x41" "a\x20\x05\x20\x00"), 0,
      DG_ERROR, DG_MMDB_ABSENT, 0, NULL },
    { "a pointer to itself", bytes("\xe1\x41" "a\x20\x03"), 0, DG_ERROR,
      DG_MMDB_ABSENT, 0, NULL },
    { "a pointer out of the section", bytes("\xe1\x41" "a\x3f\xff\xff\xff"
      "\xff"), 0, DG_ERROR, DG_MMDB_ABSENT, 0, NULL },
    { "a name that is a number", bytes("\xe1\xa1\x61\x40"), 0, DG_ERROR,
      DG_MMDB_ABSENT, 0, NULL },
    { "a uint16 of three bytes", bytes("\xe1\x41" "a\xa3\x01\x02\x03"), 0,
      DG_ERROR, DG_MMDB_ABSENT, 0, NULL },
    { "a boolean of 2", bytes("\xe1\x41" "a\x02\x07"), 0, DG_ERROR,
      DG_MMDB_ABSENT, 0, NULL },
    { "more pairs than there are", bytes("\xff\xff\xff\xff\x41" "b\xe0"), 0,
      DG_ERROR, DG_MMDB_ABSENT, 0, NULL }
};


static int
same(const record_t *r, const dg_mmdb_value_t *value)
{
    if (value->type != r->type || value->number != r->number) {
        return 0;
    }

    return r->text == NULL
           || (value->text.len == strlen(r->text)
               && memcmp(value->text.data, r->text, value->text.len) == 0);
}


static int
get(dg_mmdb_value_t *value, const void *p, size_t len, size_t offset,
    const char *const *path)
{
    dg_str_t  data;

    data.data = p;
    data.len = len;

    return dg_mmdb_get(value, &data, offset, path);
}


static void
test_records(void)
{
    int               rc;
    size_t            i;
    u_char           *copy;
    const record_t   *r;
    dg_mmdb_value_t   value;

    for (i = 0; i < dg_nelts(records); i++) {
        r = &records[i];

        /* of its exact size, so that the sanitizer sees a byte too far */

        copy = malloc(r->len + (r->len == 0));
        if (copy == NULL) {
            abort();
        }

        memcpy(copy, r->data, r->len);

        rc = get(&value, copy, r->len, r->offset, path_a);
        dg_ok(rc == r->rc && (rc != DG_OK || same(r, &value)), "%s", r->name);

        free(copy);
    }
}


static void
test_nested(void)
{
    dg_mmdb_value_t   value;
    static const char  data[] = "\xe2\x41" "b\x41" "x"
                                "\x41" "a\xe2\x41" "c\xe0\x41" "b\x41" "y";

    dg_ok(get(&value, data, sizeof(data) - 1, 0, path_ab) == DG_OK
          && value.type == DG_MMDB_TEXT && value.text.data[0] == 'y',
          "a path of two names");

    dg_ok(get(&value, "\xe1\x41" "a\x41" "b", 5, 0, path_ab) == DG_OK
          && value.type == DG_MMDB_ABSENT,
          "a path through what is no map");
}


/* each of these would take the stack, or for ever, if it were followed */

static void
test_bounds(void)
{
    size_t            i;
    u_char           *p;
    dg_mmdb_value_t   value;

    p = malloc(HUGE_RECORD);
    if (p == NULL) {
        abort();
    }

    memset(p, 0xff, HUGE_RECORD);
    dg_ok(get(&value, p, HUGE_RECORD, 0, path_a) == DG_ERROR,
          "nothing but 0xff");

    memcpy(p, "\xe2\x41" "b", 3);

    for (i = 3; i + 1 < HUGE_RECORD; i += 2) {
        p[i] = 0x01;
        p[i + 1] = 0x04;
    }

    dg_ok(get(&value, p, HUGE_RECORD, 0, path_a) == DG_ERROR,
          "arrays, eight million deep");

    for (i = 3; i + 1 < HUGE_RECORD; i += 2) {
        p[i] = 0xe1;
        p[i + 1] = 0x40;
    }

    dg_ok(get(&value, p, HUGE_RECORD, 0, path_a) == DG_ERROR,
          "maps, eight million deep");

    memset(p, 0xe0, HUGE_RECORD);
    memcpy(p, "\xff\xff\xff\xff", 4);

    for (i = 4; i + 1 < HUGE_RECORD; i += 2) {
        p[i] = 0x40;
    }

    dg_ok(get(&value, p, HUGE_RECORD, 0, path_a) == DG_ERROR,
          "a map of eight million names");

    free(p);
}


static void
test_random(void)
{
    size_t            i, n, len;
    u_char           *p;
    uint64_t          seed;
    dg_mmdb_value_t   value;

    static const u_char  likely[] = {
        0xe1, 0xe2, 0xe3, 0x41, 'a', 0x42, 'b', 0x20, 0x01, 0x04, 0x07, 0x00,
        0xc1, 0x5d, 0xff, 0x38
    };

    seed = 7;

    for (n = 0; n < 200000; n++) {
        len = 1 + dg_test_random(&seed) % 48;

        p = malloc(len);
        if (p == NULL) {
            abort();
        }

        for (i = 0; i < len; i++) {
            p[i] = likely[(dg_test_random(&seed) >> 32) % sizeof(likely)];
        }

        if (get(&value, p, len, 0, path_ab) == DG_OK
            && value.type == DG_MMDB_TEXT
            && (value.text.data < p
                || value.text.data + value.text.len > p + len))
        {
            dg_ok(0, "text inside of the section");
        }

        free(p);
    }

    dg_ok(1, "random records");
}


int
main(void)
{
    test_records();
    test_nested();
    test_bounds();
    test_random();

    return dg_done();
}
