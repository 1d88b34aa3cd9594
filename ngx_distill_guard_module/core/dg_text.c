/*
 * Copyright (C) 2026 Distill Guard
 *
 * Normalised bytes gather in buf[] and go to the hash in whole words.  The
 * last byte is never among them: it may be a separator, which is taken back
 * when nothing follows, and it tells what stood before a zero-width
 * character.
 */


#include "dg_text.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif


/* in dg_text_map[] beside the normalised byte */
#define DG_TEXT_SPACE  0x100
#define DG_TEXT_LEAD   0x200     /* zero-width characters begin with it */

/* stands where a break was; no UTF-8 text has this byte */
#define DG_TEXT_BREAK  0xff

#define DG_TEXT_BLOCK  16        /* bytes normalised in one step */


#if defined(__SSE2__)

#define dg_text_all(c)  _mm_set1_epi8((char) (c))

/* shifted so that the range ends where signed bytes do */

#define dg_text_range(x, from, to)                                            \
    _mm_cmpgt_epi8(_mm_add_epi8(x, dg_text_all(0x7f - (to))),                 \
                   dg_text_all(0x7e - ((to) - (from))))

#endif


static const u_char *dg_text_plain(dg_text_t *text, const u_char *p,
    const u_char *end);
#if defined(__SSE2__)
static inline const u_char *dg_text_blocks(u_char *buf, unsigned *len,
    unsigned *gap, const u_char *p, const u_char *end);
static u_char *dg_text_close(u_char *dst, u_char *last, unsigned out);
#endif
static const u_char *dg_text_lead(dg_text_t *text, const u_char *p,
    const u_char *end);
static void dg_text_omit(dg_text_t *text);
static unsigned dg_text_zero_width(const u_char *p, size_t len);
static void dg_text_release(dg_text_t *text);
static void dg_text_letter(dg_text_t *text, u_char c);
static void dg_text_flush(dg_text_t *text);
static void dg_text_hash(dg_text_t *text, unsigned n);


#define SP     (' ' | DG_TEXT_SPACE)
#define B4(c)  (c), (c) + 1, (c) + 2, (c) + 3
#define BX(c)  B4(c), B4((c) + 4), B4((c) + 8), B4((c) + 12)

static const uint16_t  dg_text_map[256] = {
    B4(0x00), B4(0x04), 0x08, SP, SP, SP, SP, SP, 0x0e, 0x0f,
    BX(0x10),
    SP, '!', '"', '#', B4('$'), B4('('), B4(','),
    '0', '0', '0', '0', '0', '0', '0', '0', '0', '0', ':', ';', B4('<'),
    '@', 'a', 'b', 'c', B4('d'), B4('h'), B4('l'),
    B4('p'), B4('t'), 'x', 'y', 'z', '[', B4('\\'),
    BX(0x60), BX(0x70), BX(0x80), BX(0x90),
    BX(0xa0), BX(0xb0), BX(0xc0), BX(0xd0),
    0xe0, 0xe1, 0xe2 | DG_TEXT_LEAD, 0xe3, B4(0xe4),
    B4(0xe8), 0xec, 0xed, 0xee, 0xef | DG_TEXT_LEAD,
    BX(0xf0)
};

#undef SP
#undef B4
#undef BX


void
dg_text_init(dg_text_t *text, const dg_hash_key_t *key,
    dg_hash_domain_t domain)
{
    dg_hash_init(&text->hash, key, domain);

    text->lexicon = NULL;
    text->bytes = 0;
    text->invisible = 0;
    text->zero = 0;
    text->len = 0;
    text->gap = 1;
    text->some = 0;
    text->nheld = 0;
}


void
dg_text_push(dg_text_t *text, const u_char *p, size_t len)
{
    const u_char  *end;

    text->bytes += len;

    for (end = p + len; p < end; /* void */ ) {

        if (text->nheld || (dg_text_map[*p] & DG_TEXT_LEAD)) {
            p = dg_text_lead(text, p, end);
            continue;
        }

        if (text->zero) {
            dg_text_letter(text, *p);
        }

        p = dg_text_plain(text, p, end);
    }
}


void
dg_text_watch(dg_text_t *text, dg_lexicon_t *lexicon)
{
    text->lexicon = lexicon;
}


void
dg_text_break(dg_text_t *text)
{
    dg_text_release(text);
    text->zero = 0;

    if (text->gap) {

        if (text->len == 0) {
            return;
        }

        text->len--;
    }

    if (text->len == DG_TEXT_BUFFER) {
        dg_text_flush(text);
    }

    text->buf[text->len++] = DG_TEXT_BREAK;
    text->gap = 1;
}


dg_id_t
dg_text_final(dg_text_t *text)
{
    dg_id_t  none;

    dg_text_release(text);

    if (text->gap && text->len) {
        text->len--;
    }

    if (text->len == 0 && !text->some) {
        memset(&none, 0, sizeof(none));
        return none;
    }

    dg_text_hash(text, text->len);

    return dg_hash_final(&text->hash);
}


/* up to the end, or a byte that may begin a zero-width character */

static const u_char *
dg_text_plain(dg_text_t *text, const u_char *p, const u_char *end)
{
    unsigned  c, len, gap, space;

    len = text->len;
    gap = text->gap;

    while (p < end) {

        if (len > DG_TEXT_BUFFER - 2 * DG_TEXT_BLOCK) {
            text->len = len;
            dg_text_flush(text);
            len = text->len;
        }

#if defined(__SSE2__)

        if (end - p >= DG_TEXT_BLOCK) {
            p = dg_text_blocks(text->buf, &len, &gap, p, end);

            if (p < end && (dg_text_map[*p] & DG_TEXT_LEAD)) {
                break;
            }

            continue;
        }

#endif

        c = dg_text_map[*p];

        if (c & DG_TEXT_LEAD) {
            break;
        }

        /* a space behind a separator is overwritten by what follows */

        space = c >> 8;
        text->buf[len] = (u_char) c;
        len += 1 - (space & gap);
        gap = space;
        p++;
    }

    text->len = len;
    text->gap = gap;

    return p;
}


#if defined(__SSE2__)

/* the same for whole blocks, one at least, while there is room in buf */

static inline const u_char *
dg_text_blocks(u_char *buf, unsigned *len, unsigned *gap, const u_char *p,
    const u_char *end)
{
    u_char    *dst, *last;
    __m128i   x, upper, digit, space, lead;
    unsigned  n, out, spaces, before;

    dst = buf + *len;
    last = buf + DG_TEXT_BUFFER - 2 * DG_TEXT_BLOCK;
    before = *gap;

    do {
        x = _mm_loadu_si128((const __m128i *) p);

        n = DG_TEXT_BLOCK;

        if (_mm_movemask_epi8(x)) {

            /* not all is ASCII */

            lead = _mm_or_si128(_mm_cmpeq_epi8(x, dg_text_all(0xe2)),
                                _mm_cmpeq_epi8(x, dg_text_all(0xef)));

            n = __builtin_ctz(_mm_movemask_epi8(lead) | 1 << DG_TEXT_BLOCK);

            if (n == 0) {
                break;
            }
        }

        upper = dg_text_range(x, 'A', 'Z');
        digit = dg_text_range(x, '0', '9');
        space = dg_text_range(x, '\t', '\r');

        /* to a space is as to lower case, and then as to zero */

        upper = _mm_or_si128(upper, space);
        digit = _mm_or_si128(digit, space);

        x = _mm_or_si128(x, _mm_and_si128(upper, dg_text_all(0x20)));
        x = _mm_andnot_si128(_mm_and_si128(digit, dg_text_all(0x0f)), x);

        _mm_storeu_si128((__m128i *) dst, x);

        spaces = _mm_movemask_epi8(_mm_cmpeq_epi8(x, dg_text_all(' ')));
        spaces &= (1u << n) - 1;

        out = spaces & (spaces << 1 | before);
        before = spaces >> (n - 1);

        p += n;
        dst += n;

        if (out) {
            dst = dg_text_close(dst - n, dst, out);
        }

    } while (n == DG_TEXT_BLOCK && end - p >= DG_TEXT_BLOCK && dst <= last);

    *len = (unsigned) (dst - buf);
    *gap = before;

    return p;
}


/* what follows a run of spaces that are left out moves up */

static u_char *
dg_text_close(u_char *dst, u_char *last, unsigned out)
{
    __m128i   x;
    unsigned  run;

    while (out) {
        dst += __builtin_ctz(out);
        out >>= __builtin_ctz(out);
        run = __builtin_ctz(~out);

        x = _mm_loadu_si128((const __m128i *) (dst + run));
        _mm_storeu_si128((__m128i *) dst, x);

        out >>= run;
        last -= run;
    }

    return last;
}

#endif


/* a zero-width character or a byte of one, or what only begins like one */

static const u_char *
dg_text_lead(dg_text_t *text, const u_char *p, const u_char *end)
{
    u_char    seq[3];
    unsigned  n;

    n = text->nheld;

    if (n == 0 && end - p >= 3) {

        /* it is here in one piece, and mostly something else */

        if (dg_text_zero_width(p, 3)) {
            dg_text_omit(text);
            return p + 3;
        }

        text->nheld = 1;
        text->held[0] = *p;
        dg_text_release(text);

        return p + 1;
    }

    memcpy(seq, text->held, sizeof(text->held));
    seq[n++] = *p;

    if (!dg_text_zero_width(seq, n)) {

        /* what was held is text; the byte at p is looked at again */

        dg_text_release(text);
        return p;
    }

    if (n == sizeof(seq)) {
        text->nheld = 0;
        dg_text_omit(text);

        return p + 1;
    }

    text->held[n - 1] = *p;
    text->nheld = n & 3;

    return p + 1;
}


static void
dg_text_omit(dg_text_t *text)
{
    u_char  before;

    before = text->len ? text->buf[text->len - 1] : 0;

    if (text->zero || (before >= 'a' && before <= 'z')) {
        text->zero++;
    }
}


/* also tells whether the first one or two bytes of one may be it */

static unsigned
dg_text_zero_width(const u_char *p, size_t len)
{
    if (p[0] == 0xef) {
        return (len < 2 || p[1] == 0xbb) && (len < 3 || p[2] == 0xbf);
    }

    if (p[0] != 0xe2) {
        return 0;
    }

    if (len < 2) {
        return 1;
    }

    if (p[1] == 0x80) {
        return len < 3 || (p[2] >= 0x8b && p[2] <= 0x8d);
    }

    return p[1] == 0x81 && (len < 3 || p[2] == 0xa0);
}


/* lets bytes that were held pass as text */

static void
dg_text_release(dg_text_t *text)
{
    unsigned  i;

    if (text->nheld == 0) {
        return;
    }

    for (i = 0; i < text->nheld; i++) {

        if (text->len == DG_TEXT_BUFFER) {
            dg_text_flush(text);
        }

        text->buf[text->len++] = text->held[i];
    }

    text->nheld = 0;
    text->gap = 0;
    text->zero = 0;
}


/* the first byte behind zero-width characters that stand behind a letter */

static void
dg_text_letter(dg_text_t *text, u_char c)
{
    c |= 0x20;

    if (c >= 'a' && c <= 'z') {
        text->invisible += text->zero;
    }

    text->zero = 0;
}


static void
dg_text_flush(dg_text_t *text)
{
    unsigned  n;

    n = (text->len - 1) & ~7u;

    dg_text_hash(text, n);

    text->len -= n;
    memmove(text->buf, text->buf + n, text->len);

    text->some = 1;
}


static void
dg_text_hash(dg_text_t *text, unsigned n)
{
    dg_hash_update(&text->hash, text->buf, n);

    if (text->lexicon) {
        dg_lexicon_push(text->lexicon, text->buf, n);
    }
}
