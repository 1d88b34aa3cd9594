/*
 * Copyright (C) 2026 Distill Guard
 *
 * Strings: nearly all of the bytes of a request.  Plain text is passed on
 * where it lies; what has escapes in it is decoded on the way.
 */


#include "dg_json_state.h"
#include "dg_word.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif


/*
 * Decoded escapes, and the plain text beside them, are gathered, so that text
 * dense with escapes is not handed over in crumbs.  Behind DG_JSON_GATHER
 * there is room for what one step may add: a run, or a block and what is
 * copied behind it, U+FFFD for a surrogate left unpaired, and a character.
 */

#define DG_JSON_RUN     32
#define DG_JSON_BLOCK   32       /* bytes looked at in one step */
#define DG_JSON_GATHER  1024

typedef struct {
    u_char  *last;
    u_char   data[DG_JSON_GATHER + 2 * DG_JSON_BLOCK + 3 + 4];
} dg_json_gather_t;


static const u_char *dg_json_plain(const u_char *p, const u_char *end);
#if defined(__SSE2__)
static const u_char *dg_json_blocks(dg_json_gather_t *g, const u_char *p,
    const u_char *end);
static inline uint64_t dg_json_block(u_char *dst, const u_char *p);
static const u_char *dg_json_escaped(u_char **dst, const u_char *p);
#endif
static const u_char *dg_json_run(dg_json_t *json, dg_json_gather_t *g,
    const u_char *p, const u_char *end);
static const u_char *dg_json_escape(dg_json_t *json, dg_json_gather_t *g,
    const u_char *p);
static const u_char *dg_json_hex(dg_json_t *json, dg_json_gather_t *g,
    const u_char *p, const u_char *end);
static void dg_json_character(dg_json_t *json, dg_json_gather_t *g);
static void dg_json_unpaired(dg_json_t *json, dg_json_gather_t *g);
static u_char *dg_json_utf8(u_char *p, unsigned code);
static void dg_json_flush(dg_json_t *json, dg_json_gather_t *g);


/* what the character behind a backslash stands for; 0 is nothing */

static const u_char  dg_json_escapes[256] = {
    ['"'] = '"', ['\\'] = '\\', ['/'] = '/', ['b'] = '\b', ['f'] = '\f',
    ['n'] = '\n', ['r'] = '\r', ['t'] = '\t'
};


/* what a hexadecimal digit stands for, and 1; 0 is no digit */

static const u_char  dg_json_digits[256] = {
    ['0'] = 1, ['1'] = 2, ['2'] = 3, ['3'] = 4, ['4'] = 5, ['5'] = 6,
    ['6'] = 7, ['7'] = 8, ['8'] = 9, ['9'] = 10,
    ['a'] = 11, ['b'] = 12, ['c'] = 13, ['d'] = 14, ['e'] = 15, ['f'] = 16,
    ['A'] = 11, ['B'] = 12, ['C'] = 13, ['D'] = 14, ['E'] = 15, ['F'] = 16
};


#if defined(__SSE2__)

/* what may not stand in a string: with one bit turned, control characters and
   the quotation mark are all that is no more than 0x20 */

static inline __m128i
dg_json_special(__m128i x)
{
    __m128i  turned, low;

    turned = _mm_xor_si128(x, _mm_set1_epi8(0x02));
    low = _mm_cmpeq_epi8(_mm_min_epu8(turned, _mm_set1_epi8(0x20)), turned);

    return _mm_or_si128(low, _mm_cmpeq_epi8(x, _mm_set1_epi8('\\')));
}

#endif


/* most strings are here in one piece, with nothing in them to decode */

const u_char *
dg_json_string_begin(dg_json_t *json, const u_char *p, const u_char *end)
{
    const u_char  *start;

    json->state = dg_json_s_text;

    start = p;
    p = dg_json_plain(p, end);

    if (p < end && *p == '"') {
        json->end = p + 1;
        dg_json_text(json, start, p - start, 1);

        return p + 1;
    }

    /* what is long is not looked through again */

    if (p - start > DG_JSON_RUN) {
        dg_json_text(json, start, p - start, 0);
        start = p;
    }

    return dg_json_string(json, start, end);
}


const u_char *
dg_json_string(dg_json_t *json, const u_char *p, const u_char *end)
{
    dg_json_gather_t  g;

    g.last = g.data;

    while (p < end) {

        if (g.last >= g.data + DG_JSON_GATHER) {
            dg_json_flush(json, &g);
        }

        switch (json->state) {

        case dg_json_s_text:

#if defined(__SSE2__)

            /* a block may be read behind the one that is looked at */

            if (end - p >= 2 * DG_JSON_BLOCK && !json->high) {
                p = dg_json_blocks(&g, p, end);

                if (g.last >= g.data + DG_JSON_GATHER) {
                    break;
                }
            }

#endif

            p = dg_json_run(json, &g, p, end);
            break;

        case dg_json_s_escape:
            p = dg_json_escape(json, &g, p);
            break;

        case dg_json_s_hex:
            p = dg_json_hex(json, &g, p, end);
            break;

        default:
            return p;
        }
    }

    dg_json_flush(json, &g);

    return p;
}


#if defined(__SSE2__)

/*
 * Gathers plain text and what is escaped in it, up to the end of the string,
 * an escape that needs a closer look, or where there is no room left.
 */

static const u_char *
dg_json_blocks(dg_json_gather_t *g, const u_char *p, const u_char *end)
{
    u_char        *dst, *last;
    uint64_t       hits;
    unsigned       n;
    const u_char  *next, *escape;

    dst = g->last;
    last = g->data + DG_JSON_GATHER;

    while (end - p >= 2 * DG_JSON_BLOCK && dst < last) {

        next = p + DG_JSON_BLOCK;
        hits = dg_json_block(dst, p);

        while (hits) {
            n = (unsigned) __builtin_ctzll(hits);
            p += n;
            dst += n;

            escape = dg_json_escaped(&dst, p);

            if (escape == NULL) {
                g->last = dst;
                return p;
            }

            hits = hits >> n >> (escape - p);
            p = escape;

            if (p >= next) {
                break;
            }

            memcpy(dst, p, DG_JSON_BLOCK);
        }

        /* an escape may have begun in this block and ended behind it */

        if (p < next) {
            dst += next - p;
            p = next;
        }
    }

    g->last = dst;

    return p;
}


/* copies a block, and returns by bit which bytes may not stand as they are */

static inline uint64_t
dg_json_block(u_char *dst, const u_char *p)
{
    __m128i   x, hit;
    unsigned  i;
    uint64_t  hits;

    hits = 0;

    for (i = 0; i < DG_JSON_BLOCK; i += 16) {
        x = _mm_loadu_si128((const __m128i *) (p + i));
        _mm_storeu_si128((__m128i *) (dst + i), x);

        hit = dg_json_special(x);
        hits |= (uint64_t) (unsigned) _mm_movemask_epi8(hit) << i;
    }

    return hits;
}


/* returns what is behind the escape at p; NULL: it is none, or a surrogate */

static const u_char *
dg_json_escaped(u_char **dst, const u_char *p)
{
    u_char    c, a, b;
    unsigned  code;

    if (*p != '\\') {
        return NULL;
    }

    c = dg_json_escapes[p[1]];

    if (c) {
        *(*dst)++ = c;
        return p + 2;
    }

    if (p[1] != 'u') {
        return NULL;
    }

    a = dg_json_digits[p[2]];
    b = dg_json_digits[p[3]];

    if (a == 0 || b == 0 || dg_json_digits[p[4]] == 0
        || dg_json_digits[p[5]] == 0)
    {
        return NULL;
    }

    code = (unsigned) (a - 1) << 12 | (unsigned) (b - 1) << 8
           | (unsigned) (dg_json_digits[p[4]] - 1) << 4
           | (unsigned) (dg_json_digits[p[5]] - 1);

    if ((code & 0xf800) == 0xd800) {
        return NULL;
    }

    *dst = dg_json_utf8(*dst, code);

    return p + 6;
}

#endif


/* plain text up to what ends it: a backslash, the string's end, the input's */

static const u_char *
dg_json_run(dg_json_t *json, dg_json_gather_t *g, const u_char *p,
    const u_char *end)
{
    size_t         len;
    const u_char  *start;

    if (json->high && *p != '\\') {
        dg_json_unpaired(json, g);
    }

    start = p;
    p = dg_json_plain(p, end);
    len = p - start;

    if (len <= DG_JSON_RUN && p < end && (*p == '\\' || g->last > g->data)) {

        /* a copy of fixed size is no call; more than len is overwritten */

        memcpy(g->last, start, end - start < DG_JSON_RUN ? len : DG_JSON_RUN);
        g->last += len;
        len = 0;
    }

    if (p < end && *p == '"') {
        json->end = p + 1;

        if (len) {
            dg_json_flush(json, g);
            dg_json_text(json, start, len, 1);

        } else {
            dg_json_text(json, g->data, g->last - g->data, 1);
            g->last = g->data;
        }

        return p + 1;
    }

    if (len) {
        dg_json_flush(json, g);
        dg_json_text(json, start, len, 0);
    }

    if (p == end) {
        return p;
    }

    if (*p != '\\') {
        dg_json_flush(json, g);
        return dg_json_bad(json, p);
    }

    json->state = dg_json_s_escape;

    return p + 1;
}


static const u_char *
dg_json_escape(dg_json_t *json, dg_json_gather_t *g, const u_char *p)
{
    u_char  c;

    if (*p == 'u') {
        json->digits = 4;
        json->code = 0;
        json->state = dg_json_s_hex;

        return p + 1;
    }

    if (json->high) {
        dg_json_unpaired(json, g);
    }

    c = dg_json_escapes[*p];

    if (c == 0) {
        dg_json_flush(json, g);
        return dg_json_bad(json, p);
    }

    *g->last++ = c;
    json->state = dg_json_s_text;

    return p + 1;
}


static const u_char *
dg_json_hex(dg_json_t *json, dg_json_gather_t *g, const u_char *p,
    const u_char *end)
{
    unsigned  digit, digits, code;

    code = json->code;
    digits = json->digits;

    do {
        digit = dg_json_digits[*p];

        if (digit == 0) {
            dg_json_flush(json, g);
            return dg_json_bad(json, p);
        }

        code = code << 4 | (digit - 1);
        p++;

    } while (--digits && p < end);

    json->code = code;
    json->digits = digits;

    if (digits == 0) {
        dg_json_character(json, g);
        json->state = dg_json_s_text;
    }

    return p;
}


static void
dg_json_character(dg_json_t *json, dg_json_gather_t *g)
{
    unsigned  code;

    code = json->code;

    if (json->high && (code & 0xfc00) == 0xdc00) {
        code = 0x10000 + ((json->high & 0x3ff) << 10) + (code & 0x3ff);
        json->high = 0;

    } else if (json->high) {
        dg_json_unpaired(json, g);
    }

    if ((code & 0xfffffc00) == 0xd800) {
        json->high = code;
        return;
    }

    if ((code & 0xfffffc00) == 0xdc00) {
        dg_json_unpaired(json, g);
        return;
    }

    g->last = dg_json_utf8(g->last, code);
}


static void
dg_json_unpaired(dg_json_t *json, dg_json_gather_t *g)
{
    json->surrogate = 1;
    json->high = 0;

    g->last = dg_json_utf8(g->last, 0xfffd);
}


static u_char *
dg_json_utf8(u_char *p, unsigned code)
{
    if (code < 0x80) {
        *p++ = (u_char) code;

    } else if (code < 0x800) {
        *p++ = (u_char) (0xc0 | code >> 6);
        *p++ = (u_char) (0x80 | (code & 0x3f));

    } else if (code < 0x10000) {
        *p++ = (u_char) (0xe0 | code >> 12);
        *p++ = (u_char) (0x80 | (code >> 6 & 0x3f));
        *p++ = (u_char) (0x80 | (code & 0x3f));

    } else {
        *p++ = (u_char) (0xf0 | code >> 18);
        *p++ = (u_char) (0x80 | (code >> 12 & 0x3f));
        *p++ = (u_char) (0x80 | (code >> 6 & 0x3f));
        *p++ = (u_char) (0x80 | (code & 0x3f));
    }

    return p;
}


static void
dg_json_flush(dg_json_t *json, dg_json_gather_t *g)
{
    if (g->last > g->data) {
        dg_json_text(json, g->data, g->last - g->data, 0);
        g->last = g->data;
    }
}


const u_char *
dg_json_inside(const u_char *p, const u_char *end, uint64_t *len)
{
    uint64_t       n;
    const u_char  *start;

    for (n = 0; /* void */ ; n++) {
        start = p;
        p = dg_json_plain(p, end);
        n += (uint64_t) (p - start);

        if (end - p < 2) {
            return NULL;
        }

        if (*p == '"') {
            *len = n;
            return p;
        }

        if (*p != '\\' || dg_json_escapes[p[1]] == 0) {
            return NULL;
        }

        p += 2;
    }
}


/* the first byte from p on that may not stand in a string as it is */

static const u_char *
dg_json_plain(const u_char *p, const u_char *end)
{
#if defined(__SSE2__)

    int      hits;
    __m128i  x;

    for ( /* void */ ; end - p >= 16; p += 16) {
        x = _mm_loadu_si128((const __m128i *) p);

        hits = _mm_movemask_epi8(dg_json_special(x));

        if (hits) {
            return p + __builtin_ctz(hits);
        }
    }

#else

    uint64_t  x, quote, slash, hits;

    for ( /* void */ ; end - p >= 8; p += 8) {
        x = dg_word_load(p);

        quote = x ^ '"' * DG_WORD_ONES;
        slash = x ^ '\\' * DG_WORD_ONES;

        /* a borrow may add hits, but only above one that is */

        hits = ((x - 0x20 * DG_WORD_ONES) & ~x)
               | ((quote - DG_WORD_ONES) & ~quote)
               | ((slash - DG_WORD_ONES) & ~slash);

        hits &= DG_WORD_HIGHS;

        if (hits) {
            return p + __builtin_ctzll(hits) / 8;
        }
    }

#endif

    while (p < end && *p >= 0x20 && *p != '"' && *p != '\\') {
        p++;
    }

    return p;
}
