/*
 * Copyright (C) 2026 Distill Guard
 *
 * What marks tell of a frame and its slot, and which of them stand for a
 * request.
 */


#include "marks_kit.h"


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


int
main(void)
{
    kit_marks();

    test_frame();
    test_gaps();
    test_sets();
    test_pick();

    return dg_done();
}
