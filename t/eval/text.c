/*
 * Copyright (C) 2026 Distill Guard
 *
 * Buffers that grow.
 */


#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "eval.h"


static void text_room(text_t *t, size_t more);


void *
grab(size_t size)
{
    void  *p;

    p = calloc(1, size);

    if (p == NULL) {
        die("no memory for %zu bytes", size);
    }

    return p;
}


void
die(const char *format, ...)
{
    va_list  args;

    fprintf(stderr, "compose: ");
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fprintf(stderr, "\n");

    exit(2);
}


void
text_bytes(text_t *t, const char *p, size_t len)
{
    if (len == 0) {
        return;
    }

    text_room(t, len);
    memcpy(t->p + t->len, p, len);
    t->len += len;
}


void
text_str(text_t *t, const char *s)
{
    text_bytes(t, s, strlen(s));
}


void
text_char(text_t *t, char c)
{
    text_bytes(t, &c, 1);
}


void
text_uint(text_t *t, uint64_t n)
{
    char    digits[20];
    size_t  i;

    i = sizeof(digits);

    do {
        digits[--i] = (char) ('0' + n % 10);
        n /= 10;
    } while (n);

    text_bytes(t, digits + i, sizeof(digits) - i);
}


void
text_printf(text_t *t, const char *format, ...)
{
    int      n;
    va_list  args;

    va_start(args, format);
    n = vsnprintf(NULL, 0, format, args);
    va_end(args);

    text_room(t, (size_t) n + 1);

    va_start(args, format);
    vsnprintf(t->p + t->len, (size_t) n + 1, format, args);
    va_end(args);

    t->len += (size_t) n;
}


void
text_json(text_t *t, const char *p, size_t len)
{
    size_t         i, from;
    unsigned char  c;

    from = 0;

    for (i = 0; i < len; i++) {
        c = (unsigned char) p[i];

        if (c >= 0x20 && c != '"' && c != '\\') {
            continue;
        }

        text_bytes(t, p + from, i - from);
        from = i + 1;

        switch (c) {

        case '"':
        case '\\':
            text_char(t, '\\');
            text_char(t, (char) c);
            break;

        case '\n':
            text_str(t, "\\n");
            break;

        default:
            text_printf(t, "\\u%04x", c);
        }
    }

    text_bytes(t, p + from, len - from);
}


char *
text_copy(const text_t *t)
{
    char  *p;

    p = grab(t->len + 1);
    memcpy(p, t->p, t->len);

    return p;
}


static void
text_room(text_t *t, size_t more)
{
    if (t->len + more <= t->size) {
        return;
    }

    t->size = 2 * (t->len + more) + 256;
    t->p = realloc(t->p, t->size);

    if (t->p == NULL) {
        die("no memory for %zu bytes", t->size);
    }
}
