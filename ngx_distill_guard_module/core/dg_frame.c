/*
 * Copyright (C) 2026 Distill Guard
 *
 * What can be told from marks alone, when the text is gone.
 */


#include "dg_marks.h"


static unsigned dg_marks_join(dg_marks_frame_t *frame, unsigned covered,
    unsigned from, unsigned to);


void
dg_marks_frame(dg_marks_frame_t *frame, const dg_marks_t *marks,
    uint64_t known)
{
    unsigned          i, head, tail, covered;
    const dg_mark_t  *m;

    memset(frame, 0, sizeof(dg_marks_frame_t));

    head = 0;
    tail = marks->letters;

    for (i = 0; i < marks->n; i++) {
        m = &marks->mark[i];

        if (!(known >> i & 1)) {

            /* a shape hardly changes with what fills the slot */

            if (m->kind < DG_MARK_HEAD_SHAPE) {
                frame->id += m->value;
            }

        } else if (m->kind == DG_MARK_ANCHOR) {
            continue;

        } else if (m->from == 0) {
            head = dg_max(head, m->to);

        } else {
            tail = dg_min(tail, m->from);
        }
    }

    covered = dg_marks_join(frame, 0, 0, head);

    for (i = 0; i < marks->n; i++) {
        m = &marks->mark[i];

        if (m->kind == DG_MARK_ANCHOR && (known >> i & 1)) {
            covered = dg_marks_join(frame, covered, m->from, m->to);
        }
    }

    (void) dg_marks_join(frame, covered, tail, marks->letters);

    frame->slot = marks->letters - frame->letters + marks->skipped;
}


uint64_t
dg_marks_least(const dg_marks_t *marks, uint64_t set, unsigned n)
{
    unsigned  i, least;
    uint64_t  found;

    for (found = 0; n; n--) {
        least = marks->n;

        for (i = 0; i < marks->n; i++) {

            if ((set >> i & 1)
                && (least == marks->n
                    || marks->mark[i].value < marks->mark[least].value))
            {
                least = i;
            }
        }

        if (least == marks->n) {
            break;
        }

        found |= (uint64_t) 1 << least;
        set &= ~((uint64_t) 1 << least);
    }

    return found;
}


uint64_t
dg_marks_few(const dg_marks_t *marks)
{
    unsigned  i;
    uint64_t  bit, anchors, others;

    anchors = 0;
    others = 0;

    for (i = 0; i < marks->n; i++) {
        bit = (uint64_t) 1 << i;

        if (marks->mark[i].kind == DG_MARK_ANCHOR) {
            anchors |= bit;

        } else {
            others |= bit;
        }
    }

    return others | dg_marks_least(marks, anchors, 2);
}


void
dg_marks_pick(dg_few_marks_t *few, const dg_marks_t *marks)
{
    unsigned             i, k, n;
    uint64_t             set, left;

    static const u_char  order[DG_MARK_KINDS] = {
        DG_MARK_HEAD_64, DG_MARK_TAIL_64, DG_MARK_ANCHOR, DG_MARK_HEAD_24,
        DG_MARK_TAIL_24, DG_MARK_HEAD_SHAPE, DG_MARK_TAIL_SHAPE
    };

    set = dg_marks_few(marks);
    n = 0;

    for (k = 0; k < DG_MARK_KINDS; k++) {
        for (left = set; left; left &= left - 1) {
            i = (unsigned) __builtin_ctzll(left);

            if (marks->mark[i].kind == order[k]) {
                few->kind[n] = order[k];
                few->value[n++] = marks->mark[i].value;
            }
        }
    }

    few->n = n;
}


/* adds what is not covered yet; spans come in the order of their ends */

static unsigned
dg_marks_join(dg_marks_frame_t *frame, unsigned covered, unsigned from,
    unsigned to)
{
    if (to <= covered || from == to) {
        return covered;
    }

    if (from < covered || (covered && from - covered <= DG_MARKS_BRIDGE)) {
        from = covered;
    }

    frame->letters += to - from;

    return to;
}
