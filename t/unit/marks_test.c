/*
 * Copyright (C) 2026 Distill Guard
 *
 * What requests of one template have in common, and what others have not.
 */


#include "marks_kit.h"


typedef struct {
    const char  *name;
    const char  *a;
    const char  *b;
} pair_t;


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


int
main(void)
{
    kit_marks();

    test_short();
    test_frames();
    test_twins();
    test_signs();
    test_shapes();
    test_ends();
    test_scripts();

    return dg_done();
}
