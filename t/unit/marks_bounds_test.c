/*
 * Copyright (C) 2026 Distill Guard
 *
 * Marks of texts in pieces, of any length, and of what repeats itself.
 */


#include "marks_kit.h"


static void
test_chunks_of(const u_char *p, size_t len, unsigned *differ)
{
    size_t           i, n;
    unsigned         most;
    dg_marks_t       whole, cut;
    dg_marks_text_t  text;

    marks_of(&whole, &keys[0], p, len);

    if (!sound(&whole)) {
        (*differ)++;
    }

    for (most = 1; most < 3 * DG_MARKS_PART; most = most * 7 + 1) {
        dg_marks_init(&text, &keys[0]);

        for (i = 0; i < len; i += n) {
            n = dg_test_random(&seed) % most + 1;
            n = dg_min(n, len - i);
            dg_marks_push(&text, p + i, n);
        }

        dg_marks_end(&text, &cut);

        if (!same(&whole, &cut)) {
            (*differ)++;
        }
    }
}


/* all lengths around the ends of the parts, and bytes of all kinds */

static void
test_chunks(void)
{
    size_t         len, i;
    unsigned       n, differ;
    static u_char  text[3 * DG_MARKS_PART + 16];

    static const char *const  pieces[] = {
        "word ", "A", "the ", ", ", "12", "\xe2\x80\x8b", "\xe2\x80\x99",
        "\xe2\x80\x94", "\xc2\xa0", "\xc2\xad", "\xe3\x80\x82", "\xe4\xbd\xa0",
        "\xef\xbb\xbf", "\xef\xbc\x8c", "\xf0\x9f\x98\x80", "\xe2", "\xef\xbb",
        "\xc2", "\x80", "it's ", "?", "\n\n"
    };

    differ = 0;

    for (n = 0; n < 600; n++) {
        len = n < 300 ? dg_test_random(&seed) % (3 * DG_MARKS_PART)
                      : (n % 3 + 1) * DG_MARKS_PART - 8 + n / 3 % 17;
        len = dg_min(len, 3 * DG_MARKS_PART);

        for (i = 0; i < len; /* void */ ) {
            i += sprintf((char *) text + i, "%s",
                         pieces[dg_test_random(&seed)
                                % (n % 2 ? 6 : dg_nelts(pieces))]);
        }

        test_chunks_of(text, len, &differ);
    }

    dg_ok(differ == 0, "a text cut anywhere leaves the same marks");
}


/* an anchor is that of its letters wherever they stand */

static void
test_places(void)
{
    u_char      text[2048];
    size_t      len;
    unsigned    k, i, n, with, marked, inner;
    uint64_t    set;
    dg_marks_t  a, b;

    with = 0;
    marked = 0;
    inner = 0;

    for (k = 0; k < KEYS; k++) {
        len = prose(text, 100 + 20 * k);
        memcpy(text + len, frame, sizeof(frame) - 1);
        n = (unsigned) len + sizeof(frame) - 1;
        n += (unsigned) prose(text + n, 400 - 10 * k);

        marks_of(&a, &keys[k], text, n);
        marks_of(&b, &keys[k], frame, sizeof(frame) - 1);

        set = common(&a, &b);

        for (i = 0; i < a.n; i++) {
            with += (set >> i & 1) && a.mark[i].kind == DG_MARK_ANCHOR;
        }

        for (i = 0; i < b.n; i++) {
            inner += b.mark[i].kind == DG_MARK_ANCHOR;
        }

        marked += set != 0;
    }

    dg_ok(with == inner && inner > 2 * KEYS,
          "the anchors of a frame are there wherever it stands");
    dg_ok(marked >= KEYS - 2, "a frame within other text is found");
}


/* of a long text the ends are looked at, and no window spans both */

static void
test_middle(void)
{
    size_t         i, len;
    dg_marks_t     a, b;
    static u_char  text[100000];

    len = sizeof(text);

    for (i = 0; i < len; i += prose(text + i, dg_min(60, len - i))) {
        /* void */
    }

    marks_of(&a, &keys[0], text, len);
    memset(text + DG_MARKS_PART, 'x', len - 2 * DG_MARKS_PART);
    marks_of(&b, &keys[0], text, len);

    dg_ok(same(&a, &b) && sound(&a)
          && a.skipped == len - 2 * DG_MARKS_PART,
          "what stands between the ends of a long text is not looked at");

    memmove(text + DG_MARKS_PART + 5000, text + len - DG_MARKS_PART,
            DG_MARKS_PART);
    marks_of(&b, &keys[0], text, 5000 + 2 * DG_MARKS_PART);
    b.skipped = a.skipped;

    dg_ok(same(&a, &b), "nor does it matter how much that is");

    memmove(text + DG_MARKS_PART, text + DG_MARKS_PART + 5000, DG_MARKS_PART);
    marks_of(&b, &keys[0], text, 2 * DG_MARKS_PART);

    dg_ok(b.skipped == 0 && b.letters == a.letters && sound(&b),
          "a text as long as both ends is looked at whole");

    memset(text, 'x', len - DG_MARKS_PART);

    for (i = 0; i + 3 < DG_MARKS_PART; i += 4) {
        memcpy(text + i, "x\xe2\x80\x8b", 4);
    }

    memset(text + len - DG_MARKS_PART, ' ', DG_MARKS_PART);
    memcpy(text + len - DG_MARKS_PART, frame, sizeof(frame) - 1);
    memcpy(text + len - sizeof(frame), frame, sizeof(frame) - 1);
    marks_of(&b, &keys[0], text, len);
    dg_ok(!(kinds(&b, ~(uint64_t) 0) & 1 << DG_MARK_HEAD_SHAPE)
          && (kinds(&b, ~(uint64_t) 0) & 1 << DG_MARK_TAIL_SHAPE),
          "nor does a shape span both");
}


static void
test_bounds_of(const char *name, const u_char *p, size_t len, unsigned most)
{
    unsigned    k, n;
    dg_marks_t  marks;

    n = 0;

    for (k = 0; k < KEYS; k++) {
        marks_of(&marks, &keys[k], p, len);
        n += (marks.n <= most && sound(&marks)
              && marks.letters <= 2 * DG_MARKS_PART);
    }

    dg_ok(n == KEYS, "%s leave at most %u marks", name, most);
}


static void
test_bounds(void)
{
    size_t   i, len;
    u_char  *text;

    len = 10 * 1000 * 1000;
    text = malloc(len);

    if (text == NULL) {
        dg_ok(0, "no memory");
        return;
    }

    memset(text, 'e', len);
    test_bounds_of("10 MB of one letter", text, len, 6);

    for (i = 0; i < len; i++) {
        text[i] = "ab"[i & 1];
    }

    test_bounds_of("10 MB of two letters", text, len, 8);

    for (i = 0; i < len; i++) {
        text[i] = (u_char) (dg_test_random(&seed) >> 32);
    }

    test_bounds_of("10 MB of any bytes", text, len, DG_MARKS);

    memset(text, 0xff, len);
    test_bounds_of("10 MB of no UTF-8", text, len, 6);

    for (i = 0; i + 3 <= len; i += 3) {
        memcpy(text + i, "\xe2\x80\x8b", 3);
    }

    test_bounds_of("10 MB of zero-width characters", text, len, 6);

    for (i = 0; i < len; i++) {
        text[i] = "a "[i & 1];
    }

    test_bounds_of("10 MB of one short word", text, len, 8);

    for (i = 0; i < len; i++) {
        text[i] = (u_char) ('a' + (dg_test_random(&seed) >> 32) % 26);
    }

    test_bounds_of("10 MB of letters", text, len, DG_MARKS);

    memset(text, 0, len);
    test_bounds_of("10 MB of zeros", text, len, 0);

    free(text);
}


/* lines of a log, which differ in digits only */

static void
test_repeated(void)
{
    char         text[4096];
    size_t       len;
    unsigned     i;
    dg_marks_t   marks;
    const char  *line;

    line = "%u-05-12 10:%02u GET /static/style.css from host 10.0.0.%u took "
           "%u ms\n";
    len = 0;

    for (i = 0; i < 25; i++) {
        len += sprintf(text + len, line, 2000 + i, i, i * 3, i * 17);
    }

    marks_of(&marks, &keys[0], text, len);

    dg_ok(sound(&marks) && marks.n < 20,
          "no mark comes twice from lines that repeat");
}


static void
test_keys(void)
{
    unsigned    i, k, shared;
    dg_marks_t  a, b;

    shared = 0;

    for (i = 0; i < KEYS; i++) {
        marks_of_text(&a, &keys[i], frame, slots[0], "");

        for (k = 0; k < i; k++) {
            marks_of_text(&b, &keys[k], frame, slots[0], "");
            shared += common(&a, &b) != 0;
        }
    }

    dg_ok(shared == 0, "marks of two keys have nothing in common");

    marks_of_text(&a, &keys[1], frame, slots[0], "");
    marks_of_text(&b, &keys[1], frame, slots[0], "");
    dg_ok(same(&a, &b), "those of one key are the same each time");
}


int
main(void)
{
    kit_marks();

    test_chunks();
    test_places();
    test_middle();
    test_bounds();
    test_repeated();
    test_keys();

    return dg_done();
}
