/*
 * Copyright (C) 2026 Distill Guard
 *
 * A gear hash runs over the letters.  Each one shifts out of its 64 bits what
 * the letter 32 before it left, so the hash behind a letter is that of the
 * last 32 and of nothing around them.  It is kept for every letter, and all
 * marks but shapes are read from there.  What letters add to it is secret, so
 * nobody outside can tell which windows are anchors.
 */


#include "dg_marks.h"
#include "dg_letters.h"


#define DG_MARKS_TEXT     (2 * DG_MARKS_PART)

#define DG_MARKS_WINDOW   32
#define DG_MARKS_SHIFT    (64 / DG_MARKS_WINDOW)
#define DG_MARKS_EDGE     24

/* one window of 16 is an anchor */
#define DG_MARKS_ANCHOR   ((uint64_t) 1 << 60)

#define DG_MARKS_BLOCK    256    /* letters searched for anchors at a time */

/* anchors looked at for either end: in text that repeats many are the same */
#define DG_MARKS_LOOK     64

#define DG_MARKS_SEEN     256    /* a power of two, well above all anchors */

#define DG_MARKS_SHAPE    600    /* bytes */
#define DG_MARKS_ITEMS    16
#define DG_MARKS_WORDS    4      /* among them, or it may be that of any code */
#define DG_MARKS_SHORT    3      /* letters of a word that is an item */
#define DG_MARKS_STAR     '*'    /* one or more words that are not */


typedef struct {
    unsigned              letters;
    unsigned              head;      /* letters of the first piece */
    unsigned              tail;      /* where the last piece starts */
    uint64_t              hash[DG_MARKS_TEXT];   /* behind each letter */
} dg_marks_scan_t;


typedef struct {
    unsigned              n;
    uint16_t              at[2 * DG_MARKS_ANCHORS];  /* their last letters */
    u_char                seen[DG_MARKS_SEEN];   /* by hash: which of them,
                                                    plus one */
} dg_marks_anchors_t;


static void dg_marks_scan(dg_marks_scan_t *scan, const dg_marks_key_t *mk,
    const u_char *p, const u_char *end);
static void dg_marks_anchors(dg_marks_t *marks, const dg_marks_key_t *mk,
    const dg_marks_scan_t *scan);
static unsigned dg_marks_from_head(dg_marks_anchors_t *anchors,
    const dg_marks_scan_t *scan);
static void dg_marks_from_tail(dg_marks_anchors_t *anchors,
    const dg_marks_scan_t *scan, unsigned from);
static unsigned dg_marks_candidates(const uint64_t *hash, unsigned from,
    unsigned to, uint16_t *at);
static void dg_marks_distinct(dg_marks_anchors_t *anchors,
    const uint64_t *hash, unsigned at);
static void dg_marks_ends(dg_marks_t *marks, const dg_marks_key_t *mk,
    const dg_marks_scan_t *scan);
static void dg_marks_shape(dg_marks_t *marks, const dg_marks_key_t *mk,
    dg_mark_kind_t kind, const u_char *p, const u_char *end);
static size_t dg_marks_item(const u_char *p, ptrdiff_t step, uint64_t *item);
static void dg_marks_add(dg_marks_t *marks, const dg_marks_key_t *mk,
    dg_mark_kind_t kind, uint64_t a, uint64_t b, unsigned from, unsigned to);


const dg_str_t  dg_mark_kinds[DG_MARK_KINDS] = {
    dg_string("anchor"),
    dg_string("head_24"),
    dg_string("tail_24"),
    dg_string("head_64"),
    dg_string("tail_64"),
    dg_string("head_shape"),
    dg_string("tail_shape")
};


const u_char  dg_mark_letters[DG_MARK_KINDS] = {
    'a', 'h', 't', 'H', 'T', 'f', 'b'
};


unsigned
dg_mark_kind(u_char letter)
{
    unsigned  kind;

    for (kind = 0; kind < DG_MARK_KINDS; kind++) {
        if (dg_mark_letters[kind] == letter) {
            break;
        }
    }

    return kind;
}


void
dg_marks_derive(dg_marks_key_t *mk, const dg_hash_key_t *key)
{
    u_char               text[2];
    dg_id_t              id;
    unsigned             i;
    dg_hash_key_t        own;
    static const u_char  name[] = "marks";

    /* with a key of their own, marks meet no other hash */

    id = dg_hash(key, DG_HASH_CHECK, name, sizeof(name) - 1);
    own.k[0] = id.v[0];
    own.k[1] = id.v[1];

    memset(mk, 0, sizeof(dg_marks_key_t));

    for (i = 0; i < 256; i++) {

        if (!(dg_letters[i] & DG_LETTER)) {
            continue;
        }

        text[0] = (u_char) (i < 0x80 ? i | 0x20 : i);

        mk->gear[i] = dg_hash(&own, DG_HASH_CHECK, text, 1).v[0];
        mk->shift[i] = DG_MARKS_SHIFT;
    }

    text[0] = 0;

    for (i = 0; i < DG_MARK_KINDS; i++) {
        text[1] = (u_char) i;
        mk->tweak[i] = dg_hash(&own, DG_HASH_CHECK, text, 2).v[0];
    }

    text[1] = DG_MARK_KINDS;
    id = dg_hash(&own, DG_HASH_CHECK, text, 2);

    mk->seed = id.v[0];
    mk->item = id.v[1] | 1;
}


void
dg_marks_init(dg_marks_text_t *text, const dg_marks_key_t *key)
{
    text->key = key;
    text->len = 0;
}


void
dg_marks_push(dg_marks_text_t *text, const u_char *p, size_t len)
{
    size_t  n, at;

    if (text->len < DG_MARKS_PART) {
        n = dg_min(len, (size_t) (DG_MARKS_PART - text->len));
        memcpy(text->text + text->len, p, n);

        text->len += n;
        p += n;
        len -= n;
    }

    if (len > DG_MARKS_PART) {
        n = len - DG_MARKS_PART;

        text->len += n;
        p += n;
        len = DG_MARKS_PART;
    }

    while (len) {
        at = text->len % DG_MARKS_PART;
        n = dg_min(len, DG_MARKS_PART - at);
        memcpy(text->text + DG_MARKS_PART + at, p, n);

        text->len += n;
        p += n;
        len -= n;
    }
}


void
dg_marks_end(const dg_marks_text_t *text, dg_marks_t *marks)
{
    size_t                 at;
    u_char                *head, *tail, *end;
    u_char                 buf[DG_MARKS_TEXT + 3], last[DG_MARKS_PART];
    dg_marks_scan_t        scan;
    const dg_marks_key_t  *mk;

    mk = text->key;
    scan.letters = 0;
    scan.tail = 0;
    marks->skipped = 0;
    marks->n = 0;

    /* a space at both ends of either piece, so that words end there */

    buf[0] = ' ';
    head = buf + 1;
    tail = head;

    at = text->len <= DG_MARKS_TEXT ? (size_t) text->len : DG_MARKS_PART;
    end = dg_letters_clean(head, text->text, at);
    *end = ' ';

    dg_marks_scan(&scan, mk, head, end);
    scan.head = scan.letters;

    if (text->len > DG_MARKS_TEXT) {
        marks->skipped = text->len - DG_MARKS_TEXT;

        at = text->len % DG_MARKS_PART;
        memcpy(last, text->text + DG_MARKS_PART + at, DG_MARKS_PART - at);
        memcpy(last + DG_MARKS_PART - at, text->text + DG_MARKS_PART, at);

        tail = end + 1;
        end = dg_letters_clean(tail, last, DG_MARKS_PART);
        *end = ' ';

        scan.tail = scan.letters;
        dg_marks_scan(&scan, mk, tail, end);
    }

    marks->letters = scan.letters;

    dg_marks_anchors(marks, mk, &scan);
    dg_marks_ends(marks, mk, &scan);

    dg_marks_shape(marks, mk, DG_MARK_HEAD_SHAPE, head,
                   marks->skipped ? tail - 1 : end);
    dg_marks_shape(marks, mk, DG_MARK_TAIL_SHAPE, tail, end);
}


/*
 * Without a branch on what a byte is: text would mislead its prediction.  The
 * place of the next hash is counted in half hashes, which is what a letter
 * shifts.
 */

static void
dg_marks_scan(dg_marks_scan_t *scan, const dg_marks_key_t *mk,
    const u_char *p, const u_char *end)
{
    u_char    *at;
    size_t     shift;
    uint64_t   hash;

#define dg_marks_step(c)                                                      \
    shift = mk->shift[c];                                                     \
    hash = (hash << shift) + mk->gear[c];                                     \
    memcpy(at, &hash, sizeof(hash));                                          \
    at += shift * (sizeof(hash) / DG_MARKS_SHIFT)

    at = (u_char *) &scan->hash[scan->letters];
    hash = 0;

    for (/* void */ ; end - p >= 4; p += 4) {
        dg_marks_step(p[0]);
        dg_marks_step(p[1]);
        dg_marks_step(p[2]);
        dg_marks_step(p[3]);
    }

    for (/* void */ ; p < end; p++) {
        dg_marks_step(*p);
    }

#undef dg_marks_step

    scan->letters = (unsigned) ((at - (u_char *) scan->hash) / sizeof(hash));
}


static void
dg_marks_anchors(dg_marks_t *marks, const dg_marks_key_t *mk,
    const dg_marks_scan_t *scan)
{
    unsigned            i, n, at, last;
    dg_marks_anchors_t  anchors;

    anchors.n = 0;
    memset(anchors.seen, 0, sizeof(anchors.seen));

    at = dg_marks_from_head(&anchors, scan);
    n = anchors.n;

    last = scan->tail + DG_MARKS_WINDOW - 1;
    dg_marks_from_tail(&anchors, scan, dg_max(at, last));

    for (i = 0; i < anchors.n; i++) {

        /* those of the tail were found from the end */

        at = anchors.at[i < n ? i : anchors.n - 1 - (i - n)];

        dg_marks_add(marks, mk, DG_MARK_ANCHOR, scan->hash[at], 0,
                     at + 1 - DG_MARKS_WINDOW, at + 1);
    }
}


/* returns where it ended */

static unsigned
dg_marks_from_head(dg_marks_anchors_t *anchors, const dg_marks_scan_t *scan)
{
    uint16_t  at[DG_MARKS_BLOCK];
    unsigned  i, n, from, to, look;

    look = 0;

    for (from = DG_MARKS_WINDOW - 1; from < scan->head; from = to) {
        to = dg_min(from + DG_MARKS_BLOCK, scan->head);
        n = dg_marks_candidates(scan->hash, from, to, at);

        for (i = 0; i < n; i++) {

            if (anchors->n == DG_MARKS_ANCHORS || look++ == DG_MARKS_LOOK) {
                return at[i];
            }

            dg_marks_distinct(anchors, scan->hash, at[i]);
        }
    }

    return from;
}


static void
dg_marks_from_tail(dg_marks_anchors_t *anchors, const dg_marks_scan_t *scan,
    unsigned from)
{
    uint16_t  at[DG_MARKS_BLOCK];
    unsigned  n, to, start, look, most;

    look = 0;
    most = anchors->n + DG_MARKS_ANCHORS;

    for (to = scan->letters; to > from; to = start) {
        start = to - dg_min(DG_MARKS_BLOCK, to - from);
        n = dg_marks_candidates(scan->hash, start, to, at);

        while (n--) {

            if (anchors->n == most || look++ == DG_MARKS_LOOK) {
                return;
            }

            dg_marks_distinct(anchors, scan->hash, at[n]);
        }
    }
}


static unsigned
dg_marks_candidates(const uint64_t *hash, unsigned from, unsigned to,
    uint16_t *at)
{
    size_t  n, i;

#define dg_marks_candidate(i)                                                 \
    at[n] = (uint16_t) (i);                                                   \
    n += hash[i] < DG_MARKS_ANCHOR

    n = 0;
    i = from;

    for (/* void */ ; i + 4 <= to; i += 4) {
        dg_marks_candidate(i);
        dg_marks_candidate(i + 1);
        dg_marks_candidate(i + 2);
        dg_marks_candidate(i + 3);
    }

    for (/* void */ ; i < to; i++) {
        dg_marks_candidate(i);
    }

#undef dg_marks_candidate

    return (unsigned) n;
}


static void
dg_marks_distinct(dg_marks_anchors_t *anchors, const uint64_t *hash,
    unsigned at)
{
    u_char    *seen;
    unsigned   i;

    for (i = (unsigned) (hash[at] >> 40); /* void */ ; i++) {
        seen = &anchors->seen[i % DG_MARKS_SEEN];

        if (*seen == 0) {
            anchors->at[anchors->n++] = (uint16_t) at;
            *seen = (u_char) anchors->n;
            return;
        }

        if (hash[anchors->at[*seen - 1]] == hash[at]) {
            return;
        }
    }
}


static void
dg_marks_ends(dg_marks_t *marks, const dg_marks_key_t *mk,
    const dg_marks_scan_t *scan)
{
    unsigned         n, head, tail;
    uint64_t         edge;
    const uint64_t  *hash;

    n = scan->letters;
    head = scan->head;
    tail = n - scan->tail;

    if (head >= DG_MARKS_EDGE) {
        dg_marks_add(marks, mk, DG_MARK_HEAD_24, scan->hash[DG_MARKS_EDGE - 1],
                     0, 0, DG_MARKS_EDGE);
    }

    if (tail >= DG_MARKS_EDGE) {
        hash = &scan->hash[n - 1];
        edge = *hash;

        /* less what the letters before them left in it */

        if (tail > DG_MARKS_EDGE) {
            edge -= hash[-DG_MARKS_EDGE] << DG_MARKS_EDGE * DG_MARKS_SHIFT;
        }

        dg_marks_add(marks, mk, DG_MARK_TAIL_24, edge, 0, n - DG_MARKS_EDGE,
                     n);
    }

    /* two windows side by side */

    if (head >= 2 * DG_MARKS_WINDOW) {
        hash = &scan->hash[DG_MARKS_WINDOW - 1];
        dg_marks_add(marks, mk, DG_MARK_HEAD_64, hash[0],
                     hash[DG_MARKS_WINDOW], 0, 2 * DG_MARKS_WINDOW);
    }

    if (tail >= 2 * DG_MARKS_WINDOW) {
        hash = &scan->hash[n - 1 - DG_MARKS_WINDOW];
        dg_marks_add(marks, mk, DG_MARK_TAIL_64, hash[0],
                     hash[DG_MARKS_WINDOW], n - 2 * DG_MARKS_WINDOW, n);
    }
}


/*
 * The first items of a text, or the last ones read backwards.  What it covers
 * is not counted exactly: all that stands in words passes for letters.
 */

static void
dg_marks_shape(dg_marks_t *marks, const dg_marks_key_t *mk,
    dg_mark_kind_t kind, const u_char *p, const u_char *end)
{
    size_t     len, size, n, words, letters;
    uint64_t   hash, item, last;
    ptrdiff_t  step;

    step = 1;
    len = dg_min(end - p, DG_MARKS_SHAPE);

    if (kind == DG_MARK_TAIL_SHAPE) {
        step = -1;
        p = end - 1;
    }

    words = 0;
    letters = 0;
    hash = 0;
    last = 0;

    for (n = 0; n < DG_MARKS_ITEMS; /* void */ ) {

        if (len == 0) {
            return;
        }

        size = dg_marks_item(p, step, &item);

        if (dg_letters[*p] & DG_LETTER_WORD) {
            letters += size;
            words += (item != DG_MARKS_STAR);
        }

        p += step * (ptrdiff_t) size;
        len -= dg_min(len, size);

        if (item == 0 || (item == DG_MARKS_STAR && last == DG_MARKS_STAR)) {
            continue;
        }

        hash = hash * mk->item + item;
        last = item;
        n++;
    }

    if (words < DG_MARKS_WORDS) {
        return;
    }

    letters = dg_min(letters, marks->letters);

    if (kind == DG_MARK_HEAD_SHAPE) {
        dg_marks_add(marks, mk, kind, hash, 0, 0, (unsigned) letters);

    } else {
        dg_marks_add(marks, mk, kind, hash, 0,
                     marks->letters - (unsigned) letters, marks->letters);
    }
}


/* returns how many bytes it took; an item of 0 is none */

static size_t
dg_marks_item(const u_char *p, ptrdiff_t step, uint64_t *item)
{
    size_t         n, i;
    unsigned       class;
    const u_char  *start;

    class = dg_letters[*p];

    if (!(class & DG_LETTER_WORD)) {
        *item = (class & DG_LETTER_SIGN) ? *p : 0;
        return 1;
    }

    start = p;

    do {
        p += step;
    } while (dg_letters[*p] & DG_LETTER_WORD);

    n = (size_t) ((p - start) * step);
    *item = DG_MARKS_STAR;

    if (n > DG_MARKS_SHORT) {
        return n;
    }

    *item = 0;

    for (i = 0; i < n; i++) {
        p -= step;
        *item = *item << 8 | *p | 0x20;

        if (dg_letters[*p] & DG_LETTER_CONTENT) {
            *item = DG_MARKS_STAR;
            break;
        }
    }

    return n;
}


static void
dg_marks_add(dg_marks_t *marks, const dg_marks_key_t *mk,
    dg_mark_kind_t kind, uint64_t a, uint64_t b, unsigned from, unsigned to)
{
    dg_id_t     id;
    dg_mark_t  *m;

    id.v[0] = a;
    id.v[1] = b ^ mk->tweak[kind];

    m = &marks->mark[marks->n++];

    m->value = dg_hash_bucket(mk->seed, &id);
    m->from = (uint16_t) from;
    m->to = (uint16_t) to;
    m->kind = kind;
}
