/*
 * Copyright (C) 2026 Distill Guard
 */


#include "dg_letters.h"
#include "dg_word.h"


static size_t dg_letters_foreign(const u_char *p, size_t len, u_char *as);


#define L  (DG_LETTER | DG_LETTER_WORD)
#define C  (DG_LETTER_WORD | DG_LETTER_CONTENT)
#define F  (DG_LETTER | C)
#define S  DG_LETTER_SIGN
#define B4(c)  c, c, c, c
#define BX(c)  B4(c), B4(c), B4(c), B4(c)

const u_char  dg_letters[256] = {
    BX(0), BX(0),

    /* !"# ' () , . 0-9 :; ? */
    0, S, S, S, 0, 0, 0, C, S, S, 0, 0, S, 0, S, 0,
    B4(C), B4(C), C, C, S, S, 0, 0, 0, S,

    /* A-Z [ ] ` a-z { } */
    0, L, L, L, B4(L), B4(L), B4(L), B4(L), B4(L), L, L, L, S, 0, S, 0, 0,
    S, L, L, L, B4(L), B4(L), B4(L), B4(L), B4(L), L, L, L, S, 0, S, 0, 0,

    BX(F), BX(F), BX(F), BX(F), BX(F), BX(F), BX(F), BX(F)
};

#undef L
#undef C
#undef F
#undef S
#undef B4
#undef BX


u_char *
dg_letters_clean(u_char *dst, const u_char *p, size_t len)
{
    u_char         as;
    size_t         n;
    uint64_t       word;
    const u_char  *end;

    for (end = p + len; p < end; /* void */ ) {

        if (end - p >= 16) {
            memcpy(dst, p, 8);
            word = dg_word_load(p) & DG_WORD_HIGHS;

            if (word == 0) {
                p += 8;
                dst += 8;
                continue;
            }

            n = __builtin_ctzll(word) / 8;
            p += n;
            dst += n;
        }

        do {
            n = dg_letters_foreign(p, end - p, &as);

            if (n) {
                *dst = as;
                dst += (as != 0);
                p += n;

            } else if ((*p & 0xf0) == 0xe0 && end - p >= 4) {
                memcpy(dst, p, 4);
                p += 3;
                dst += 3;

            } else {
                *dst++ = *p++;
            }

        } while (p < end && *p >= 0x80);
    }

    return dst;
}


/*
 * The length of a character that is not ASCII and not a letter, and what is
 * taken for it: nothing for zero-width ones.  Whole blocks of Unicode are
 * taken for punctuation, as most of what is in them is.
 */

static size_t
dg_letters_foreign(const u_char *p, size_t len, u_char *as)
{
    *as = ' ';

    if (p[0] == 0xc2 && len >= 2) {     /* U+0080 to U+00BF */

        if (p[1] == 0xad) {
            *as = 0;
        }

        return 2;
    }

    if (p[0] < 0xe2 || len < 3) {
        return 0;
    }

    switch (p[0] << 8 | p[1]) {

    case 0xe280:                        /* U+2000 to U+203F */

        if (p[2] >= 0x8b && p[2] <= 0x8f) {
            *as = 0;

        } else if (p[2] >= 0x98 && p[2] <= 0x9f) {
            *as = p[2] < 0x9c ? '\'' : '"';
        }

        return 3;

    case 0xe281:                        /* U+2040 to U+207F */

        if (p[2] >= 0xa0 && p[2] <= 0xa4) {
            *as = 0;
        }

        return 3;

    case 0xe380:                        /* U+3000 to U+303F */
        return 3;

    case 0xefbb:                        /* U+FEFF */
        *as = 0;
        return p[2] == 0xbf ? 3 : 0;

    case 0xefbc:                        /* U+FF00 to U+FF20 */
        return p[2] <= 0xa0 ? 3 : 0;
    }

    return 0;
}
