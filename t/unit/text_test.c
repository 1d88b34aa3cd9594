/*
 * Copyright (C) 2026 Distill Guard
 *
 * Normalised text: which texts have one id, and that it does not depend on
 * how they are cut.
 */


#include "dg_text.h"
#include "dg_test.h"


static const dg_hash_key_t  key = { { 1, 2 } };


static dg_id_t
text_id(const char *s, size_t len, size_t step, unsigned *invisible)
{
    size_t     i, n;
    u_char    *copy;
    dg_id_t    id;
    dg_text_t  text;

    dg_text_init(&text, &key, DG_HASH_CONTENT);

    /* pieces of their own, so that a sanitizer sees reads beyond them */

    for (i = 0; i < len; i += n) {
        n = dg_min(step, len - i);
        copy = malloc(n);

        if (copy == NULL) {
            abort();
        }

        memcpy(copy, s + i, n);
        dg_text_push(&text, copy, n);
        free(copy);
    }

    if (invisible) {
        *invisible = text.invisible;
    }

    id = dg_text_final(&text);

    return id;
}


static dg_id_t
id_of(const char *s)
{
    return text_id(s, strlen(s), strlen(s) + 1, NULL);
}


static void
test_same(void)
{
    size_t   i;
    dg_id_t  a, b;

    static const struct {
        const char  *name;
        const char  *a;
        const char  *b;
        unsigned     same;
    } cases[] = {
        { "letters are lower-cased", "Hello World", "hello wORLD", 1 },
        { "all letters", "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
          "abcdefghijklmnopqrstuvwxyz", 1 },
        { "what stands beside the letters stays", "@[`{", "`{@[", 0 },
        { "@ is not a letter", "@", "`", 0 },
        { "[ is not a letter", "[", "{", 0 },
        { "digits are one", "in 1999, 42", "in 0000, 17", 1 },
        { "how many digits there are matters", "10", "100", 0 },
        { "/ and : are no digits", "/:", "00", 0 },
        { "runs of white space are one space", "a \t\r\n\v\f b", "a b", 1 },
        { "white space at the ends is left out", "\n  a b\t", "a b", 1 },
        { "a space matters", "a b", "ab", 0 },
        { "long runs of white space",
          "a                                                            b",
          "a b", 1 },
        { "U+200B is left out", "pass\xe2\x80\x8bword", "password", 1 },
        { "U+200C and U+200D are left out",
          "a\xe2\x80\x8c" "b\xe2\x80\x8d" "c", "abc", 1 },
        { "U+2060 is left out", "a\xe2\x81\xa0" "b", "ab", 1 },
        { "U+FEFF is left out", "\xef\xbb\xbf" "ab", "ab", 1 },
        { "U+200E is text", "a\xe2\x80\x8e" "b", "ab", 0 },
        { "U+200A is text", "a\xe2\x80\x8a" "b", "ab", 0 },
        { "U+2061 is text", "a\xe2\x81\xa1" "b", "ab", 0 },
        { "U+FEFE is text", "a\xef\xbb\xbe" "b", "ab", 0 },
        { "a zero-width character between spaces",
          "a \xe2\x80\x8b b", "a b", 1 },
        { "quotes are text", "\xe2\x80\x9cquoted\xe2\x80\x9d", "quoted", 0 },
        { "other letters keep their case", "\xc3\x84", "\xc3\xa4", 0 },
        { "half a zero-width character is text", "a\xe2\x80", "a", 0 },
        { "a broken one before another",
          "a\xe2\xe2\x80\x8b" "b", "a\xe2" "b", 1 },
        { "a broken pair before another",
          "a\xe2\x80\xe2\x80\x8b" "b", "a\xe2\x80" "b", 1 },
        { "a broken mark before another",
          "a\xef\xbb\xef\xbb\xbf" "b", "a\xef\xbb" "b", 1 }
    };

    for (i = 0; i < dg_nelts(cases); i++) {
        a = id_of(cases[i].a);
        b = id_of(cases[i].b);

        dg_ok(dg_id_equal(&a, &b) == cases[i].same, "%s", cases[i].name);
    }
}


static void
test_none(void)
{
    size_t   i;
    dg_id_t  id;

    static const char *const  cases[] = {
        "", " ", " \t\r\n", "\xe2\x80\x8b", " \xef\xbb\xbf "
    };

    for (i = 0; i < dg_nelts(cases); i++) {
        id = id_of(cases[i]);
        dg_ok(dg_id_none(&id), "text %u of nothing has no id", (unsigned) i);
    }

    id = id_of("0");
    dg_ok(!dg_id_none(&id), "text of something has one");
}


static void
test_invisible(void)
{
    size_t    i;
    unsigned  n;

    static const struct {
        const char  *text;
        unsigned     n;
    } cases[] = {
        { "plain text", 0 },
        { "pass\xe2\x80\x8bword", 1 },
        { "PASS\xe2\x80\x8bWORD", 1 },
        { "p\xe2\x80\x8b" "a\xe2\x80\x8cs\xe2\x81\xa0s", 3 },
        { "pass\xe2\x80\x8b\xe2\x80\x8bword", 2 },
        { "pass\xe2\x80\x8b word", 0 },
        { "pass \xe2\x80\x8bword", 0 },
        { "1\xe2\x80\x8b" "2", 0 },
        { "a\xe2\x80\x8b" "2", 0 },
        { "\xe2\x80\x8bword", 0 },
        { "word\xe2\x80\x8b", 0 },
        { "\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x92\xbb", 0 },
        { "a\xe2\x80\x8b\xe2\x80\x99" "b", 0 },
        { "sixteen letters!\xe2\x80\x8bword", 0 },
        { "sixteen letters.a\xe2\x80\x8b" "bcdefghijklmnopqrst", 1 }
    };

    for (i = 0; i < dg_nelts(cases); i++) {
        (void) text_id(cases[i].text, strlen(cases[i].text), 100, &n);
        dg_ok(n == cases[i].n, "zero-width characters in words, case %u: %u",
              (unsigned) i, n);
    }
}


static void
parts(dg_text_t *text, const char *a, const char *b)
{
    dg_text_init(text, &key, DG_HASH_CONTENT);
    dg_text_push(text, (const u_char *) a, strlen(a));
    dg_text_break(text);

    if (b) {
        dg_text_push(text, (const u_char *) b, strlen(b));
    }
}


static void
test_break(void)
{
    dg_id_t    a, b;
    dg_text_t  text;

    parts(&text, "a", "bc");
    a = dg_text_final(&text);
    parts(&text, "ab", "c");
    b = dg_text_final(&text);
    dg_ok(!dg_id_equal(&a, &b), "where a break stands matters");

    parts(&text, "a \n", " \tbc");
    b = dg_text_final(&text);
    dg_ok(dg_id_equal(&a, &b), "white space around a break does not");

    b = id_of("a bc");
    dg_ok(!dg_id_equal(&a, &b), "a break is not a space");

    parts(&text, "a", "");
    dg_text_break(&text);
    dg_text_push(&text, (const u_char *) "bc", 2);
    b = dg_text_final(&text);
    dg_ok(dg_id_equal(&a, &b), "two breaks are one");

    a = id_of("one part");
    parts(&text, "one part", NULL);
    b = dg_text_final(&text);
    dg_ok(dg_id_equal(&a, &b), "a break at the end changes nothing");

    parts(&text, "", "one part");
    b = dg_text_final(&text);
    dg_ok(dg_id_equal(&a, &b), "a break at the beginning changes nothing");

    parts(&text, "word\xe2\x80\x8b", "word");
    dg_ok(text.invisible == 0, "words in two parts are not one");

    parts(&text, "a\xe2\x80", "b");
    a = dg_text_final(&text);
    parts(&text, "a\xe2\x80", "\x8b" "b");
    b = dg_text_final(&text);
    dg_ok(!dg_id_equal(&a, &b), "a character does not span a break");

    dg_ok(text.bytes == 5, "bytes are those that came");
}


/* an independent reading of the rules, a byte at a time */

static size_t
plain(u_char *dst, const u_char *p, size_t len)
{
    size_t    i, n;
    unsigned  space;
    u_char    c;

    n = 0;
    space = 0;

    for (i = 0; i < len; i++) {
        c = p[i];

        if (len - i >= 3
            && ((c == 0xe2 && p[i + 1] == 0x80
                 && p[i + 2] >= 0x8b && p[i + 2] <= 0x8d)
                || (c == 0xe2 && p[i + 1] == 0x81 && p[i + 2] == 0xa0)
                || (c == 0xef && p[i + 1] == 0xbb && p[i + 2] == 0xbf)))
        {
            i += 2;
            continue;
        }

        if (c == ' ' || (c >= 9 && c <= 13)) {
            space = 1;
            continue;
        }

        if (space && n) {
            dst[n++] = ' ';
        }

        space = 0;

        if (c >= 'A' && c <= 'Z') {
            c += 'a' - 'A';
        }

        dst[n++] = (c >= '0' && c <= '9') ? '0' : c;
    }

    return n;
}


static void
test_random(void)
{
    size_t    i, j, k, len, n;
    u_char    in[1500], out[1500];
    dg_id_t   want, id;
    uint64_t  seed;
    unsigned  wrong, which;

    static const char *const  bits[] = {
        " ", "  ", "\n", "A", "z", "Zz9", "0", "the quick brown fox ",
        "\xe2\x80\x8b", "\xe2\x81\xa0", "\xef\xbb\xbf", "\xe2\x80\x99",
        "\xe2", "\xe2\x80", "\xef\xbb", "\xef", "\x80", "\x8b", "\xbf",
        "\xe4\xb8\xad\xe6\x96\x87", "\xff", "\xfe", "\x01", "\x7f",
        "Sixteen Letters.", "                ", "0123456789012345",
        "\t\t\t\tif (x == NULL) {\n"
    };

    static const size_t  steps[] = { 1, 2, 3, 5, 7, 16, 17, 64, 255, 1500 };

    seed = 42;
    wrong = 0;

    for (i = 0; i < 2000; i++) {
        len = 0;
        n = dg_test_random(&seed) % 60;

        for (j = 0; j < n; j++) {
            which = dg_test_random(&seed) % dg_nelts(bits);
            k = strlen(bits[which]);
            memcpy(in + len, bits[which], k);
            len += k;
        }

        k = plain(out, in, len);

        want = dg_hash(&key, DG_HASH_CONTENT, out, k);

        if (k == 0) {
            memset(&want, 0, sizeof(want));
        }

        for (j = 0; j < dg_nelts(steps); j++) {
            id = text_id((char *) in, len, steps[j], NULL);
            wrong += !dg_id_equal(&id, &want);
        }
    }

    dg_ok(wrong == 0, "random texts, cut in ten ways, are as the rules say");
}


static void
test_bytes(void)
{
    unsigned   c, wrong;
    u_char     in[3], out[3];
    size_t     n;
    dg_id_t    id, want;

    wrong = 0;

    for (c = 0; c < 256; c++) {
        in[0] = 'x';
        in[1] = (u_char) c;
        in[2] = 'x';

        n = plain(out, in, 3);
        want = dg_hash(&key, DG_HASH_CONTENT, out, n);
        id = text_id((char *) in, 3, 3, NULL);
        wrong += !dg_id_equal(&id, &want);
    }

    dg_ok(wrong == 0, "each byte is as the rules say");
}


int
main(void)
{
    test_same();
    test_none();
    test_invisible();
    test_break();
    test_bytes();
    test_random();

    return dg_done();
}
