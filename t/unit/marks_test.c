/*
 * Copyright (C) 2026 Distill Guard
 *
 * What requests of one template have in common, and what others have not.
 */


#include "dg_marks.h"
#include "dg_test.h"


#define KEYS  32              /* anchors are luck of the key */


typedef struct {
    const char  *name;
    const char  *a;
    const char  *b;
} pair_t;


static dg_marks_key_t  keys[KEYS];
static uint64_t        seed = 7;


static const char  frame[] =
    "Read the problem below, decide which rules apply to it, and write the "
    "solution down step by step so that a beginner can follow:\n\n";

static const char *const  slots[] = {
    "A baker sells 48 rolls in the morning and half as many after noon. How "
    "many rolls does he sell on that day, and how many are left of 100?",
    "Why do rivers carry more sand in spring than late in the summer, though "
    "it rains about as much?",
    "Two trains leave towns that are 300 miles apart and meet after 2 hours; "
    "one is twice as fast as the other one. Find the speed of both of them.",
    "Translate into French: my uncle's garden is larger than the one next "
    "door, yet nobody ever works in it."
};


/* the same letters */

static const pair_t  twins[] = {
    { "capitals", "Explain the Theory of Relativity to a CHILD of ten",
      "explain the theory OF relativity to A child of ten" },
    { "digits", "Count from 1 to 100 and then tell me what comes after 2500",
      "Count from 7 to 31415 and then tell me what comes after 9" },
    { "spaces", "Explain the theory of relativity to a child",
      "  Explain\tthe\n\n theory  of relativity to a\r\nchild " },
    { "signs", "Explain: the theory (of relativity), to a child!",
      "Explain the \"theory\" of relativity... to a child" },
    { "zero-width characters", "Explain the theory of relativity to a child",
      "Ex\xe2\x80\x8bplain the the\xe2\x80\x8d""ory of \xef\xbb\xbfrela"
      "\xe2\x81\xa0tivity to a ch\xe2\x80\x8cild" },
    { "soft hyphens", "Explain the theory of relativity to a child",
      "Ex\xc2\xadplain the theo\xc2\xadry of rela\xc2\xadtivity to a child" },
    { "other spaces", "Explain the theory of relativity to a child",
      "Explain\xc2\xa0the\xe2\x80\x83theory of\xe3\x80\x80relativity to a"
      "\xe2\x80\xaf""child" },
    { "quotation marks", "Explain \"the theory\" of Einstein's to a child",
      "Explain \xe2\x80\x9cthe theory\xe2\x80\x9d of Einstein\xe2\x80\x99s to "
      "a child" },
    { "dashes", "Explain the theory - all of it - to a small child",
      "Explain the theory \xe2\x80\x94 all of it \xe2\x80\x93 to a small "
      "child" },
    { "ideographic signs",
      "\xe8\xaf\xb7\xe4\xbd\xa0\xe8\xaf\xa6\xe7\xbb\x86\xe8\xa7\xa3\xe9\x87\x8a"
      "\xe4\xbb\xa5\xe4\xb8\x8b\xe9\x97\xae\xe9\xa2\x98",
      "\xe8\xaf\xb7\xe4\xbd\xa0\xe3\x80\x81\xe8\xaf\xa6\xe7\xbb\x86\xe8\xa7\xa3"
      "\xe9\x87\x8a\xef\xbc\x8c\xe4\xbb\xa5\xe4\xb8\x8b\xe9\x97\xae\xe9\xa2\x98"
      "\xe3\x80\x82" }
};


static void test_short(void);
static void test_chunks(void);
static void test_chunks_of(const u_char *p, size_t len, unsigned *differ);
static void test_frames(void);
static void test_frame_of(const char *name, const char *before,
    const char *after);
static void test_twins(void);
static void test_signs(void);
static void test_shapes(void);
static void test_ends(void);
static void test_scripts(void);
static void test_places(void);
static void test_middle(void);
static void test_bounds(void);
static void test_bounds_of(const char *name, const u_char *p, size_t len,
    unsigned most);
static void test_repeated(void);
static void test_keys(void);
static void test_frame(void);
static void test_gaps(void);
static void test_sets(void);
static void test_pick(void);
static void marks_of(dg_marks_t *marks, const dg_marks_key_t *key,
    const void *p, size_t len);
static void marks_of_text(dg_marks_t *marks, const dg_marks_key_t *key,
    const char *a, const char *b, const char *c);
static unsigned same(const dg_marks_t *a, const dg_marks_t *b);
static uint64_t common(const dg_marks_t *a, const dg_marks_t *b);
static unsigned sound(const dg_marks_t *marks);
static unsigned kinds(const dg_marks_t *marks, uint64_t set);
static size_t prose(u_char *p, size_t len);


int
main(void)
{
    unsigned       i;
    dg_hash_key_t  key;

    for (i = 0; i < KEYS; i++) {
        key.k[0] = 0x0123456789abcdefull;
        key.k[1] = i;
        dg_marks_derive(&keys[i], &key);
    }

    test_short();
    test_chunks();
    test_frames();
    test_twins();
    test_signs();
    test_shapes();
    test_ends();
    test_scripts();
    test_places();
    test_middle();
    test_bounds();
    test_repeated();
    test_keys();
    test_frame();
    test_gaps();
    test_sets();
    test_pick();

    return dg_done();
}


static void
test_short(void)
{
    dg_marks_t  marks;

    static const char  text[] = "abcdefghijklmnopqrstuvwxyz, abcdefghijklm, "
                                "nopqrstuvwxyz. ABCDEFGHIJKL";

    marks_of(&marks, &keys[0], "", 0);
    dg_ok(marks.n == 0 && marks.letters == 0 && marks.skipped == 0,
          "no text, no mark");

    marks_of(&marks, &keys[0], "hi", 2);
    dg_ok(marks.n == 0 && marks.letters == 2, "\"hi\" leaves none");

    marks_of(&marks, &keys[0], "12 + 30 = 42 ; 7 * 6 = 42 ; 84 / 2 = 42", 39);
    dg_ok(marks.n == 0 && marks.letters == 0, "nor do numbers");

    marks_of(&marks, &keys[0], text, 23);
    dg_ok(marks.n == 0 && marks.letters == 23, "nor do 23 letters");

    marks_of(&marks, &keys[0], text, 24);
    dg_ok(marks.n == 2
          && kinds(&marks, 3) == (1 << DG_MARK_HEAD_24 | 1 << DG_MARK_TAIL_24)
          && sound(&marks),
          "24 are marked at either end");

    marks_of(&marks, &keys[0], text, strlen(text));
    dg_ok(marks.letters == 64 && sound(&marks)
          && (kinds(&marks, ~(uint64_t) 0) & 1 << DG_MARK_HEAD_64)
          && (kinds(&marks, ~(uint64_t) 0) & 1 << DG_MARK_TAIL_64),
          "64 also by their 64");

    marks_of(&marks, &keys[0], text, strlen(text) - 1);
    dg_ok(marks.letters == 63
          && !(kinds(&marks, ~(uint64_t) 0) & 1 << DG_MARK_HEAD_64)
          && !(kinds(&marks, ~(uint64_t) 0) & 1 << DG_MARK_TAIL_64),
          "63 are not");
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


static void
test_frames(void)
{
    static const char  second[] = "\nState at the end which of the rules was "
                                  "the one that mattered most.";

    test_frame_of("before the slot", frame, "");
    test_frame_of("behind the slot", "", frame);
    test_frame_of("around the slot", frame, second);
    test_frame_of("of 24 letters before it", "Please answer the next items: ",
                  "");
    test_frame_of("of 24 letters behind it", "",
                  "\nAnswer this now, and at length.");
}


static void
test_frame_of(const char *name, const char *before, const char *after)
{
    unsigned    i, k, n, found, others;
    dg_marks_t  marks[dg_nelts(slots)], bare[dg_nelts(slots)];

    found = 0;
    others = 0;
    n = dg_nelts(slots);

    for (k = 0; k < KEYS; k++) {

        for (i = 0; i < n; i++) {
            marks_of_text(&marks[i], &keys[k], before, slots[i], after);
            marks_of_text(&bare[i], &keys[k], slots[i], "", "");
        }

        for (i = 0; i < n; i++) {
            found += common(&marks[i], &marks[(i + 1) % n]) != 0;
            others += common(&bare[i], &bare[(i + 1) % n]) != 0;
        }
    }

    dg_ok(found == KEYS * n && others == 0, "a frame %s is found", name);
}


static void
test_twins(void)
{
    unsigned    i, k, n, found;
    dg_marks_t  a, b;

    for (i = 0; i < dg_nelts(twins); i++) {
        found = 0;

        for (k = 0; k < KEYS; k++) {
            marks_of_text(&a, &keys[k], twins[i].a, "", "");
            marks_of_text(&b, &keys[k], twins[i].b, "", "");

            for (n = 0; n < a.n && n < b.n; n++) {
                if (a.mark[n].kind >= DG_MARK_HEAD_SHAPE
                    || a.mark[n].value != b.mark[n].value)
                {
                    break;
                }
            }

            found += (n >= 2 && (n == a.n || n == b.n
                      || a.mark[n].kind >= DG_MARK_HEAD_SHAPE));
        }

        dg_ok(found == KEYS, "%s make no difference", twins[i].name);
    }
}


/* what is no letter may stand anywhere between characters */

static void
test_signs(void)
{
    char         plain[2 * DG_MARKS_PART], dotted[2 * DG_MARKS_PART];
    size_t       n, m;
    unsigned     i, k, equal;
    dg_marks_t   a, b;
    const char  *c;

    static const char *const  letters[] = {
        "a", "B", "word", "\xc3\xa9", "\xe4\xbd\xa0", "\xe3\x81\x82",
        "\xef\xbc\xa1", "\xe2\x82\xac", "\xf0\x9f\x98\x80", "\xd0\xb6"
    };

    static const char *const  signs[] = {
        " ", "\n", "7", "-", ".", "\"", "\x01", "\xc2\xa0", "\xc2\xad",
        "\xc2\xbf", "\xe2\x80\x8b", "\xe2\x80\x94", "\xe2\x80\x9c",
        "\xe2\x81\xa0", "\xe2\x81\x9f", "\xe3\x80\x80", "\xe3\x80\x82",
        "\xef\xbb\xbf", "\xef\xbc\x8c", "\xef\xbc\x90"
    };

    equal = 0;

    for (i = 0; i < 500; i++) {
        n = 0;
        m = 0;

        while (m < 2 * DG_MARKS_PART - 8) {
            c = letters[dg_test_random(&seed) % dg_nelts(letters)];
            n += sprintf(plain + n, "%s", c);
            m += sprintf(dotted + m, "%s", c);

            if (dg_test_random(&seed) % 3 == 0) {
                c = signs[dg_test_random(&seed) % dg_nelts(signs)];
                m += sprintf(dotted + m, "%s", c);
            }
        }

        marks_of(&a, &keys[0], plain, n);
        marks_of(&b, &keys[0], dotted, m);

        for (k = 0; k < a.n && a.mark[k].kind < DG_MARK_HEAD_SHAPE; k++) {
            if (k == b.n || a.mark[k].value != b.mark[k].value) {
                break;
            }
        }

        equal += (k == a.n || a.mark[k].kind >= DG_MARK_HEAD_SHAPE)
                 && a.letters == b.letters && k > 30;
    }

    dg_ok(equal == 500, "what is no letter may stand anywhere in a text");
}


static void
test_shapes(void)
{
    uint64_t    set;
    unsigned    shapes;
    dg_marks_t  a, b;

    static const char  text[] =
        "You are a \"teacher\". For each of the questions, list facts (as in "
        "a table), say if it can be done, and don't do it: one at a time. ";
    static const char  other[] =
        "You are a \"scholar\". For each of the eleven difficult problems, "
        "discover terms (as in a diagram), say if it can be done, and "
        "always do it: one at a time. ";
    static const char  small[] =
        "You are a \"teacher\". For any of the questions, list facts (as in "
        "a table), say if it can be done, and don't do it: two at a time. ";
    static const char  twin[] =
        "Y\xc2\xadou are a \xe2\x80\x9cteacher\xe2\x80\x9d. F\xe2\x81\xa0or "
        "e\xe2\x80\x8b""ach of th\xef\xbb\xbf""e questions, list facts (as in "
        "a table), say if it can be done, and don\xe2\x80\x99t do it: one at "
        "a time. ";

    shapes = 1 << DG_MARK_HEAD_SHAPE | 1 << DG_MARK_TAIL_SHAPE;

    marks_of_text(&a, &keys[0], text, slots[0], "");
    marks_of_text(&b, &keys[0], other, slots[1], "");
    set = common(&a, &b);
    dg_ok((kinds(&a, set) & 1 << DG_MARK_HEAD_SHAPE) && sound(&a) && sound(&b),
          "other long words in a frame before the slot leave its shape");

    marks_of_text(&a, &keys[0], slots[0], text, "");
    marks_of_text(&b, &keys[0], slots[1], other, "");
    set = common(&a, &b);
    dg_ok(kinds(&a, set) & 1 << DG_MARK_TAIL_SHAPE,
          "and in one behind it");

    marks_of_text(&a, &keys[0], text, "", "");
    marks_of_text(&b, &keys[0], twin, "", "");
    dg_ok(same(&a, &b) && (kinds(&a, ~(uint64_t) 0) & shapes) == shapes,
          "what cannot be seen leaves it, too");

    marks_of_text(&b, &keys[0], small, "", "");
    dg_ok((kinds(&b, ~(uint64_t) 0) & shapes) == shapes
          && !(kinds(&a, common(&a, &b)) & shapes),
          "another word of three letters does not");

    marks_of_text(&a, &keys[0], twins[0].a, "", "");
    dg_ok(a.n && !(kinds(&a, ~(uint64_t) 0) & shapes),
          "little text has no shape");

    marks_of_text(&a, &keys[0],
                  "function(first, second) { return [first, second]; } "
                  "function(third) { return [third, second(first)]; }",
                  "############################", "");
    dg_ok(a.n && !(kinds(&a, ~(uint64_t) 0) & shapes),
          "nor has what is hardly more than punctuation");
}


/* which letters the marks of the ends depend on */

static void
test_ends(void)
{
    char        kept, text[201];
    unsigned    i, k, n, head_24, head_64, tail_24, tail_64;
    uint64_t    set;
    dg_marks_t  a, b;

    static const unsigned  at[] = { 0, 10, 23, 24, 40, 63, 64, 136, 140, 160,
                                    175, 176, 180, 199 };

    n = 0;

    for (k = 0; k < KEYS; k++) {

        for (i = 0; i < 200; i++) {
            text[i] = (char) ('a' + (dg_test_random(&seed) >> 32) % 26);
        }

        text[200] = '\0';
        marks_of_text(&a, &keys[k], text, "", "");

        for (i = 0; i < dg_nelts(at); i++) {
            kept = text[at[i]];
            text[at[i]] = kept == 'z' ? 'a' : kept + 1;
            marks_of_text(&b, &keys[k], text, "", "");
            text[at[i]] = kept;

            set = kinds(&a, common(&a, &b));

            head_24 = set >> DG_MARK_HEAD_24 & 1;
            head_64 = set >> DG_MARK_HEAD_64 & 1;
            tail_24 = set >> DG_MARK_TAIL_24 & 1;
            tail_64 = set >> DG_MARK_TAIL_64 & 1;

            n += head_24 == (at[i] >= 24) && tail_24 == (at[i] < 176)
                 && (at[i] < 64 || head_64) && (at[i] >= 136 || tail_64)
                 /* of the first letters of a window hardly anything is in it */

                 && (at[i] == 0 || head_64 == (at[i] >= 64))
                 && (at[i] == 136 || tail_64 == (at[i] < 136));
        }
    }

    dg_ok(n == KEYS * dg_nelts(at), "the ends are as long as their names say");
}


/* frames in other scripts, and letters of two cases only where ASCII has */

static void
test_scripts(void)
{
    unsigned    i, k, found;
    dg_marks_t  a, b;

    static const pair_t  frames[] = {
        { "Chinese",
          "\xe8\xaf\xb7\xe9\x80\x90\xe6\xad\xa5\xe6\x8e\xa8\xe7\x90\x86\xe5\xb9"
          "\xb6\xe5\x9b\x9e\xe7\xad\x94\xe4\xb8\x8b\xe9\x9d\xa2\xe7\x9a\x84\xe9"
          "\x97\xae\xe9\xa2\x98\xef\xbc\x9a", NULL },
        { "Japanese",
          "\xe6\xac\xa1\xe3\x81\xae\xe8\xb3\xaa\xe5\x95\x8f\xe3\x81\xab\xe3\x80"
          "\x81\xe9\xa0\x86\xe3\x82\x92\xe8\xbf\xbd\xe3\x81\xa3\xe3\x81\xa6\xe7"
          "\xad\x94\xe3\x81\x88\xe3\x81\xa6\xe3\x81\x8f\xe3\x81\xa0\xe3\x81\x95"
          "\xe3\x81\x84\xe3\x80\x82", NULL },
        { "Russian",
          "\xd0\xa0\xd0\xb5\xd1\x88\xd0\xb8 \xd0\xb7\xd0\xb0\xd0\xb4\xd0\xb0"
          "\xd1\x87\xd1\x83 \xd0\xbf\xd0\xbe \xd1\x88\xd0\xb0\xd0\xb3\xd0\xb0"
          "\xd0\xbc: ", NULL }
    };

    static const char *const  asked[] = {
        "\xe4\xb8\xba\xe4\xbb\x80\xe4\xb9\x88\xe5\xa4\xa9\xe7\xa9\xba\xe6\x98"
        "\xaf\xe8\x93\x9d\xe8\x89\xb2\xe7\x9a\x84",
        "\xe6\xb0\xb4\xe5\x9c\xa8\xe5\xa4\x9a\xe5\xb0\x91\xe5\xba\xa6\xe6\xb2"
        "\xb8\xe8\x85\xbe\xe5\x91\xa2"
    };

    for (i = 0; i < dg_nelts(frames); i++) {
        found = 0;

        for (k = 0; k < KEYS; k++) {
            marks_of_text(&a, &keys[k], frames[i].a, asked[0], "");
            marks_of_text(&b, &keys[k], frames[i].a, asked[1], "");
            found += common(&a, &b) != 0 && sound(&a);
        }

        dg_ok(found == KEYS, "a frame in %s is found", frames[i].name);
    }

    marks_of_text(&a, &keys[0], asked[0], asked[0], "");
    marks_of_text(&b, &keys[0], asked[1], asked[1], "");
    dg_ok(a.letters == 54 && a.n && b.n && common(&a, &b) == 0,
          "other questions have nothing in common");
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


/* frame and slot, told apart by what two other requests have in common */

static void
test_frame(void)
{
    unsigned          k, good, equal, other;
    dg_marks_t        a, b, c, d;
    dg_marks_frame_t  x, y, z;

    good = 0;
    equal = 0;
    other = 0;

    for (k = 0; k < KEYS; k++) {
        marks_of_text(&a, &keys[k], frame, slots[0], "");
        marks_of_text(&b, &keys[k], frame, slots[1], "");
        marks_of_text(&c, &keys[k], frame, slots[2], "");
        marks_of_text(&d, &keys[k], frame, slots[0], "");

        dg_marks_frame(&x, &a, common(&a, &b));
        dg_marks_frame(&y, &d, common(&d, &c));
        dg_marks_frame(&z, &c, common(&c, &b));

        good += x.letters >= 64 && x.letters <= 104
                && x.slot == a.letters - x.letters;
        equal += x.id == y.id;
        other += x.id != z.id && x.id != 0;
    }

    dg_ok(good == KEYS, "most of a frame is known by its marks");
    dg_ok(equal == KEYS, "one slot has one id");
    dg_ok(other == KEYS, "another one has another");

    marks_of_text(&a, &keys[0], frame, slots[0], "");
    dg_marks_frame(&x, &a, 0);
    dg_ok(x.letters == 0 && x.slot == a.letters && x.id,
          "all is slot where no mark is known");

    dg_marks_frame(&x, &a, ~(uint64_t) 0);
    dg_ok(x.letters == a.letters && x.slot == 0 && x.id == 0,
          "and none where all are");

    memset(&a, 0, sizeof(a));
    dg_marks_frame(&x, &a, 0);
    dg_ok(x.letters == 0 && x.slot == 0 && x.id == 0,
          "nothing is in no text");
}


static void
test_gaps(void)
{
    unsigned          i, wrong;
    dg_marks_t        marks;
    dg_marks_frame_t  f;

    static const dg_mark_t  some[] = {
        { 1, 40, 72, DG_MARK_ANCHOR },
        { 2, 60, 92, DG_MARK_ANCHOR },
        { 4, 124, 156, DG_MARK_ANCHOR },
        { 8, 189, 221, DG_MARK_ANCHOR },
        { 16, 0, 64, DG_MARK_HEAD_64 },
        { 32, 240, 300, DG_MARK_TAIL_64 },
        { 64, 0, 24, DG_MARK_HEAD_24 },
        { 128, 276, 300, DG_MARK_TAIL_24 },
        { 256, 0, 30, DG_MARK_HEAD_SHAPE }
    };

    static const struct {
        uint64_t  known;
        unsigned  letters;
        uint64_t  id;
    } cases[] = {
        { 0x001, 32, 254 },           /* one */
        { 0x003, 52, 252 },           /* two that overlap */
        { 0x006, 96, 249 },           /* a gap of 32 */
        { 0x00c, 64, 243 },           /* of 33 */
        { 0x040, 24, 191 },
        { 0x041, 72, 190 },           /* a gap of 16 */
        { 0x050, 64, 175 },           /* one within the other */
        { 0x080, 24, 127 },
        { 0x088, 56, 119 },           /* a gap of 55 */
        { 0x0a0, 60, 95 },
        { 0x028, 111, 215 },          /* a gap of 19 */
        { 0x0c0, 48, 63 },
        { 0x100, 30, 255 },           /* shapes are not of the slot */
        { 0x1ff, 267, 0 }
    };

    memset(&marks, 0, sizeof(marks));
    memcpy(marks.mark, some, sizeof(some));
    marks.n = dg_nelts(some);
    marks.letters = 300;
    marks.skipped = 1000;

    wrong = 0;

    for (i = 0; i < dg_nelts(cases); i++) {
        dg_marks_frame(&f, &marks, cases[i].known);

        if (f.letters != cases[i].letters || f.id != cases[i].id
            || f.slot != 1300 - f.letters)
        {
            printf("# %x: %u letters, id %u\n", (unsigned) cases[i].known,
                   f.letters, (unsigned) f.id);
            wrong++;
        }
    }

    dg_ok(wrong == 0, "small gaps belong to the frame, large ones do not");

    marks.letters = 60;
    marks.mark[0].from = 10;
    marks.mark[0].to = 42;
    dg_marks_frame(&f, &marks, 1);

    dg_ok(f.letters == 32, "nor does what is at the ends of a text");
}


static void
test_sets(void)
{
    unsigned    i, n;
    uint64_t    few, least;
    dg_marks_t  marks;

    marks_of_text(&marks, &keys[0], frame, slots[0], slots[2]);
    few = dg_marks_few(&marks);

    for (n = 0, i = 0; i < marks.n; i++) {
        n += few >> i & 1;
    }

    dg_ok(n <= 8 && n >= 6 && few >> marks.n == 0,
          "few are eight at most, ends and anchors");

    least = dg_marks_least(&marks, ~(uint64_t) 0, 4);

    for (n = 0, i = 0; i < marks.n; i++) {
        n += least >> i & 1;
    }

    dg_ok(n == 4 && least >> marks.n == 0, "the four least are four");
    dg_ok((dg_marks_least(&marks, least, 1) & ~least) == 0
          && dg_marks_least(&marks, least, 1)
             == dg_marks_least(&marks, ~(uint64_t) 0, 1),
          "the least of all is among them");
    dg_ok(dg_marks_least(&marks, 5, 9) == 5
          && dg_marks_least(&marks, 0, 3) == 0,
          "no more than there are");

    marks.n = 0;
    dg_ok(dg_marks_few(&marks) == 0, "none of none");
}


/* what is picked are the few, the ends of 64 letters before all others */

static void
test_pick(void)
{
    size_t          s;
    unsigned        i, k, bad, ordered;
    uint64_t        few;
    dg_marks_t      marks;
    dg_few_marks_t  pick, first;

    static const char  order[] = "HTaahtfb";

    memset(&first, 0, sizeof(first));
    bad = 0;
    ordered = 0;

    for (s = 0; s < dg_nelts(slots); s++) {
        marks_of_text(&marks, &keys[0], frame, slots[s], "");
        dg_marks_pick(&pick, &marks);
        few = dg_marks_few(&marks);

        for (i = 0, k = 0; i < pick.n; i++, k++) {

            while (order[k] && order[k] != dg_mark_letters[pick.kind[i]]) {
                k++;
            }

            bad += (order[k] == '\0');
        }

        for (i = 0; i < marks.n; i++) {

            for (k = 0; k < pick.n; k++) {
                if (pick.value[k] == marks.mark[i].value
                    && pick.kind[k] == marks.mark[i].kind)
                {
                    break;
                }
            }

            bad += ((few >> i & 1) != (k < pick.n));
        }

        if (s == 0) {
            first = pick;
        }

        ordered += (pick.n && pick.value[0] == first.value[0]);
    }

    dg_ok(bad == 0, "the few are picked, in order of their kinds");
    dg_ok(ordered == dg_nelts(slots), "the first is the same for a frame");

    marks.n = 0;
    dg_marks_pick(&pick, &marks);
    dg_ok(pick.n == 0, "none are picked of none");

    for (i = 0, bad = 0; i < DG_MARK_KINDS; i++) {
        bad += (dg_mark_kind(dg_mark_letters[i]) != i);
    }

    dg_ok(bad == 0 && dg_mark_kind('z') == DG_MARK_KINDS
          && dg_mark_kind(0) == DG_MARK_KINDS, "each kind has a letter");
}


static void
marks_of(dg_marks_t *marks, const dg_marks_key_t *key, const void *p,
    size_t len)
{
    dg_marks_text_t  text;

    dg_marks_init(&text, key);
    dg_marks_push(&text, p, len);
    dg_marks_end(&text, marks);
}


static void
marks_of_text(dg_marks_t *marks, const dg_marks_key_t *key, const char *a,
    const char *b, const char *c)
{
    dg_marks_text_t  text;

    dg_marks_init(&text, key);
    dg_marks_push(&text, (const u_char *) a, strlen(a));
    dg_marks_push(&text, (const u_char *) b, strlen(b));
    dg_marks_push(&text, (const u_char *) c, strlen(c));
    dg_marks_end(&text, marks);
}


static unsigned
same(const dg_marks_t *a, const dg_marks_t *b)
{
    return a->n == b->n && a->letters == b->letters
           && a->skipped == b->skipped
           && memcmp(a->mark, b->mark, a->n * sizeof(dg_mark_t)) == 0;
}


/* the marks of a that b has too */

static uint64_t
common(const dg_marks_t *a, const dg_marks_t *b)
{
    unsigned  i, k;
    uint64_t  set;

    set = 0;

    for (i = 0; i < a->n; i++) {
        for (k = 0; k < b->n; k++) {
            if (a->mark[i].value == b->mark[k].value) {
                set |= (uint64_t) 1 << i;
            }
        }
    }

    return set;
}


/* what holds for the marks of any text */

static unsigned
sound(const dg_marks_t *marks)
{
    unsigned          i, k, anchors;
    const dg_mark_t  *m;

    anchors = 0;

    for (i = 0; i < marks->n; i++) {
        m = &marks->mark[i];

        if (m->from >= m->to || m->to > marks->letters
            || m->kind >= DG_MARK_KINDS)
        {
            return 0;
        }

        if (m->kind == DG_MARK_ANCHOR) {

            if (anchors != i || m->to - m->from != 32
                || (i && m->to <= m[-1].to))
            {
                return 0;
            }

            anchors++;
        }

        for (k = 0; k < i; k++) {
            if (marks->mark[k].value == m->value) {
                return 0;
            }
        }
    }

    return marks->n <= DG_MARKS && anchors <= 2 * DG_MARKS_ANCHORS;
}


static unsigned
kinds(const dg_marks_t *marks, uint64_t set)
{
    unsigned  i, found;

    found = 0;

    for (i = 0; i < marks->n; i++) {
        if (set >> i & 1) {
            found |= 1u << marks->mark[i].kind;
        }
    }

    return found;
}


/* words nobody else uses */

static size_t
prose(u_char *p, size_t len)
{
    size_t  i;

    for (i = 0; i < len; i++) {
        p[i] = dg_test_random(&seed) % 6
               ? (u_char) ('a' + (dg_test_random(&seed) >> 32) % 26) : ' ';
    }

    return len;
}
