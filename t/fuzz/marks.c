/*
 * Copyright (C) 2026 Distill Guard
 *
 * However a text is cut, its id and its marks are the same; there are never
 * more marks than there is room for, each of letters that were looked at, and
 * none twice.
 */


#include "fuzz.h"
#include "reader_kit.h"


typedef struct {
    dg_text_t        text;
    dg_lexicon_t     lexicon;
    dg_marks_text_t  marks;
} read_t;


static void
read_push(void *ctx, const u_char *p, size_t len)
{
    read_t  *r;

    r = ctx;
    dg_text_push(&r->text, p, len);
    dg_marks_push(&r->marks, p, len);
}


static dg_id_t
read_all(dg_marks_t *found, const fuzz_input_t *in,
    void (*give)(const fuzz_input_t *in, fuzz_push_pt push, void *ctx))
{
    read_t   *r;
    dg_id_t   id;

    r = fuzz_alloc(sizeof(read_t));

    dg_text_init(&r->text, &key, DG_HASH_CHECK);
    dg_lexicon_init(&r->lexicon);
    dg_text_watch(&r->text, &r->lexicon);
    dg_marks_init(&r->marks, &marks);

    give(in, read_push, r);

    memset(found, 0, sizeof(dg_marks_t));
    dg_marks_end(&r->marks, found);
    id = dg_text_final(&r->text);

    fuzz_must(r->text.bytes == in->len);
    free(r);

    return id;
}


static void
check(const dg_marks_t *found)
{
    unsigned          i, k;
    dg_marks_frame_t  frame;

    fuzz_must(found->n <= DG_MARKS);

    for (i = 0; i < found->n; i++) {
        fuzz_must(found->mark[i].from < found->mark[i].to);
        fuzz_must(found->mark[i].to <= found->letters);
        fuzz_must(found->mark[i].kind < DG_MARK_KINDS);

        for (k = 0; k < i; k++) {
            fuzz_must(found->mark[i].value != found->mark[k].value);
        }
    }

    dg_marks_frame(&frame, found, dg_marks_few(found));
    fuzz_must(frame.letters <= found->letters);
    fuzz_must(frame.slot <= found->letters + found->skipped);
}


int
LLVMFuzzerTestOneInput(const u_char *data, size_t size)
{
    dg_id_t          one, other;
    dg_marks_t       whole, cut;
    fuzz_input_t     in;
    static unsigned  ready;

    if (!ready) {
        fuzz_must(kit_reader() == DG_OK);
        ready = 1;
    }

    if (fuzz_begin(&in, data, size) != DG_OK) {
        return 0;
    }

    one = read_all(&whole, &in, fuzz_whole);
    other = read_all(&cut, &in, fuzz_pieces);

    fuzz_must(dg_id_equal(&one, &other));
    fuzz_must(memcmp(&whole, &cut, sizeof(dg_marks_t)) == 0);
    check(&whole);

    return 0;
}
