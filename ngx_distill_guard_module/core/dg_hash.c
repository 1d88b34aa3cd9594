/*
 * Copyright (C) 2026 Distill Guard
 *
 * The tail holds the bytes behind the last whole word, the first of them
 * lowest, as the last word of SipHash wants them; how many there are is
 * len modulo 8.
 */


#include "dg_hash.h"
#include "dg_word.h"

#if defined(__x86_64__)
#include <emmintrin.h>
#endif


/* keeps the keys of two domains apart; any odd number with many bits does */
#define DG_HASH_DOMAIN  0x9e3779b97f4a7c15ull


#define dg_hash_round(v0, v1, v2, v3)                                         \
    v0 += v1; v1 = dg_word_rotl(v1, 13); v1 ^= v0; v0 = dg_word_rotl(v0, 32); \
    v2 += v3; v3 = dg_word_rotl(v3, 16); v3 ^= v2;                            \
    v0 += v3; v3 = dg_word_rotl(v3, 21); v3 ^= v0;                            \
    v2 += v1; v1 = dg_word_rotl(v1, 17); v1 ^= v2; v2 = dg_word_rotl(v2, 32)


static void dg_hash_words(dg_hash_t *h, const u_char *p, size_t n);
static void dg_hash_rounds(uint64_t *v, unsigned n);
static int dg_hash_hex(uint64_t *v, const u_char *p);


#if !defined(__x86_64__)

/* what a hexadecimal digit stands for, and 0x10; 0 is no digit */

static const u_char  dg_hash_digits[256] = {
    ['0'] = 0x10, ['1'] = 0x11, ['2'] = 0x12, ['3'] = 0x13, ['4'] = 0x14,
    ['5'] = 0x15, ['6'] = 0x16, ['7'] = 0x17, ['8'] = 0x18, ['9'] = 0x19,
    ['a'] = 0x1a, ['b'] = 0x1b, ['c'] = 0x1c, ['d'] = 0x1d, ['e'] = 0x1e,
    ['f'] = 0x1f,
    ['A'] = 0x1a, ['B'] = 0x1b, ['C'] = 0x1c, ['D'] = 0x1d, ['E'] = 0x1e,
    ['F'] = 0x1f
};

#endif


/* the public key under which an operator's secret becomes the secret key */

static const dg_hash_key_t  dg_hash_public_key = {
    { 0x64697374696c6c20ull, 0x6775617264206b65ull }
};


void
dg_hash_derive(dg_hash_key_t *key, const u_char *secret, size_t len)
{
    dg_id_t  id;

    id = dg_hash(&dg_hash_public_key, DG_HASH_CHECK, secret, len);

    key->k[0] = id.v[0];
    key->k[1] = id.v[1];
}


void
dg_hash_init(dg_hash_t *h, const dg_hash_key_t *key, dg_hash_domain_t domain)
{
    uint64_t  k0, k1;

    k0 = key->k[0];
    k1 = key->k[1] ^ (uint64_t) domain * DG_HASH_DOMAIN;

    h->v[0] = k0 ^ 0x736f6d6570736575ull;
    h->v[1] = k1 ^ 0x646f72616e646f6dull ^ 0xee;
    h->v[2] = k0 ^ 0x6c7967656e657261ull;
    h->v[3] = k1 ^ 0x7465646279746573ull;

    h->tail = 0;
    h->len = 0;
}


void
dg_hash_update(dg_hash_t *h, const u_char *p, size_t len)
{
    u_char    word[8];
    size_t    n, have;
    uint64_t  w;

    have = h->len & 7;
    h->len += len;

    if (have) {

        while (have < 8 && len) {
            h->tail |= (uint64_t) *p++ << (8 * have++);
            len--;
        }

        if (have < 8) {
            return;
        }

        w = h->tail;
        h->v[3] ^= w;
        dg_hash_rounds(h->v, 2);
        h->v[0] ^= w;
        h->tail = 0;
    }

    n = len & ~(size_t) 7;

    if (n) {
        dg_hash_words(h, p, n);
    }

    if (len > n) {
        memset(word, 0, sizeof(word));
        memcpy(word, p + n, len - n);
        h->tail = dg_word_load(word);
    }
}


dg_id_t
dg_hash_final(dg_hash_t *h)
{
    dg_id_t   id;
    uint64_t  w;

    w = h->tail | h->len << 56;

    h->v[3] ^= w;
    dg_hash_rounds(h->v, 2);
    h->v[0] ^= w;

    h->v[2] ^= 0xee;
    dg_hash_rounds(h->v, 4);
    id.v[0] = h->v[0] ^ h->v[1] ^ h->v[2] ^ h->v[3];

    h->v[1] ^= 0xdd;
    dg_hash_rounds(h->v, 4);
    id.v[1] = h->v[0] ^ h->v[1] ^ h->v[2] ^ h->v[3];

    if (dg_id_none(&id)) {
        id.v[1] = 1;
    }

    return id;
}


dg_id_t
dg_hash(const dg_hash_key_t *key, dg_hash_domain_t domain, const u_char *p,
    size_t len)
{
    dg_hash_t  h;

    dg_hash_init(&h, key, domain);
    dg_hash_update(&h, p, len);

    return dg_hash_final(&h);
}


/* SipHash-1-3: packed facts are chosen by clients, so a weak mix will not do */

uint64_t
dg_hash_bucket(uint64_t seed, const dg_id_t *id)
{
    uint64_t  v0, v1, v2, v3;

    v0 = seed ^ 0x736f6d6570736575ull;
    v1 = dg_word_rotl(seed, 32) ^ 0x646f72616e646f6dull;
    v2 = seed ^ 0x6c7967656e657261ull;
    v3 = dg_word_rotl(seed, 32) ^ 0x7465646279746573ull;

    v3 ^= id->v[0];
    dg_hash_round(v0, v1, v2, v3);
    v0 ^= id->v[0];

    v3 ^= id->v[1];
    dg_hash_round(v0, v1, v2, v3);
    v0 ^= id->v[1];

    v2 ^= 0xff;
    dg_hash_round(v0, v1, v2, v3);
    dg_hash_round(v0, v1, v2, v3);
    dg_hash_round(v0, v1, v2, v3);

    return v0 ^ v1 ^ v2 ^ v3;
}


u_char *
dg_hash_text(u_char *p, uint64_t v)
{
    int                  shift;
    static const u_char  hex[] = "0123456789abcdef";

    for (shift = 60; shift >= 0; shift -= 4) {
        *p++ = hex[v >> shift & 0xf];
    }

    return p;
}


/* the digits of two numbers, so that packed facts can be read by eye */

u_char *
dg_id_text(u_char *p, const dg_id_t *id)
{
    p = dg_hash_text(p, id->v[0]);

    return dg_hash_text(p, id->v[1]);
}


int
dg_hash_parse(uint64_t *v, const u_char *p, size_t len)
{
    return len == DG_HASH_TEXT ? dg_hash_hex(v, p) : DG_ERROR;
}


int
dg_id_parse(dg_id_t *id, const u_char *p, size_t len)
{
    dg_id_t  value;

    if (len != DG_ID_TEXT || dg_hash_hex(&value.v[0], p) != DG_OK
        || dg_hash_hex(&value.v[1], p + DG_HASH_TEXT) != DG_OK)
    {
        return DG_ERROR;
    }

    *id = value;

    return DG_OK;
}


/* sixteen digits; they are as good as random, so no branch looks at one */

static int
dg_hash_hex(uint64_t *v, const u_char *p)
{
#if defined(__x86_64__)

    __m128i  x, lower, digit, letter;

    x = _mm_loadu_si128((const __m128i *) p);
    lower = _mm_or_si128(x, _mm_set1_epi8(0x20));

    /* bytes from 0x80 on are negative, and less than any digit */

    digit = _mm_and_si128(_mm_cmpgt_epi8(x, _mm_set1_epi8('0' - 1)),
                          _mm_cmplt_epi8(x, _mm_set1_epi8('9' + 1)));
    letter = _mm_and_si128(_mm_cmpgt_epi8(lower, _mm_set1_epi8('a' - 1)),
                           _mm_cmplt_epi8(lower, _mm_set1_epi8('f' + 1)));

    if (_mm_movemask_epi8(_mm_or_si128(digit, letter)) != 0xffff) {
        return DG_ERROR;
    }

    x = _mm_add_epi8(_mm_and_si128(x, _mm_set1_epi8(0x0f)),
                     _mm_and_si128(letter, _mm_set1_epi8(9)));

    /* pairs become bytes, the first digit of each the higher */

    x = _mm_or_si128(_mm_slli_epi16(x, 4), _mm_srli_epi16(x, 8));
    x = _mm_and_si128(x, _mm_set1_epi16(0xff));
    x = _mm_packus_epi16(x, x);

    *v = __builtin_bswap64((uint64_t) _mm_cvtsi128_si64(x));

    return DG_OK;

#else

    unsigned  i, digit, all;

    *v = 0;
    all = 0x10;

    for (i = 0; i < DG_HASH_TEXT; i++) {
        digit = dg_hash_digits[p[i]];

        all &= digit;
        *v = *v << 4 | (digit & 0xf);
    }

    return all ? DG_OK : DG_ERROR;

#endif
}


/* the state stays in registers while whole words pass; n is a multiple of 8 */

static void
dg_hash_words(dg_hash_t *h, const u_char *p, size_t n)
{
    uint64_t       v0, v1, v2, v3, w;
    const u_char  *end;

    v0 = h->v[0];
    v1 = h->v[1];
    v2 = h->v[2];
    v3 = h->v[3];

    for (end = p + n; p < end; p += 8) {
        w = dg_word_load(p);

        v3 ^= w;
        dg_hash_round(v0, v1, v2, v3);
        dg_hash_round(v0, v1, v2, v3);
        v0 ^= w;
    }

    h->v[0] = v0;
    h->v[1] = v1;
    h->v[2] = v2;
    h->v[3] = v3;
}


static void
dg_hash_rounds(uint64_t *v, unsigned n)
{
    uint64_t  v0, v1, v2, v3;

    v0 = v[0];
    v1 = v[1];
    v2 = v[2];
    v3 = v[3];

    while (n--) {
        dg_hash_round(v0, v1, v2, v3);
    }

    v[0] = v0;
    v[1] = v1;
    v[2] = v2;
    v[3] = v3;
}
