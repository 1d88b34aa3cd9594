/*
 * Copyright (C) 2026 Distill Guard
 *
 * People say the same thing each in a manner of their own: they put in words
 * that add nothing, leave others out, and have habits with commas.  Without
 * that, two of them who happen to think of the same pattern would write alike
 * where nobody does: in small words and punctuation.
 */


#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "eval.h"


#define OFTEN     0.09           /* a space at which something is put in */
#define SELDOM    0.03           /* a space with a comma before it */


static const rewording_t  manner = { 0.15, 0.35, 0 };


static void manner_insert(text_t *t, dice_t *d, const char *p,
    const char *end);


void
words_manner(text_t *t, dice_t *d, size_t at)
{
    char          *said;
    size_t         len;
    static text_t  buffer;

    len = t->len - at;

    if (len == 0) {
        return;
    }

    said = grab(len + 1);
    memcpy(said, t->p + at, len);

    buffer.len = 0;
    manner_insert(&buffer, d, said, said + len);
    text_char(&buffer, '\0');

    t->len = at;
    words_reworded(t, d, buffer.p, &manner);

    if (t->p[t->len - 1] == ' ') {
        t->len--;
    }

    free(said);
}


static void
manner_insert(text_t *t, dice_t *d, const char *p, const char *end)
{
    size_t  n;

    for (n = 0; fillers[n]; n++) { /* void */ }

    for ( /* void */ ; p < end; p++) {

        if (*p != ' ' || t->len == 0
            || !isalnum((unsigned char) t->p[t->len - 1]))
        {
            text_char(t, *p);
            continue;
        }

        if (chance(d, SELDOM)) {
            text_char(t, ',');
        }

        text_char(t, ' ');

        if (chance(d, OFTEN)) {
            text_str(t, fillers[below(d, (unsigned) n)]);
            text_char(t, ' ');
        }
    }
}
