/*
 * Copyright (C) 2026 Distill Guard
 */


#include "dg_hosting.h"

#include <stdlib.h>


static int dg_hosting_line(const u_char *p, const u_char *last,
    uint32_t *asn);
static int dg_hosting_prefix(const u_char *p, const u_char *last);
static int dg_hosting_title(const u_char *p, const u_char *last);
static int dg_hosting_cmp(const void *one, const void *two);


size_t
dg_hosting_room(const dg_str_t *text)
{
    size_t         n;
    const u_char  *p, *last;

    p = text->data;
    last = p + text->len;

    for (n = 1; p < last; n++) {
        p = memchr(p, '\n', last - p);

        if (p == NULL) {
            break;
        }

        p++;
    }

    return n;
}


int
dg_hosting_read(uint32_t *list, size_t *n, const dg_str_t *text,
    unsigned *line)
{
    int            rc;
    uint32_t       asn;
    unsigned       content;
    const u_char  *p, *next, *last, *end;

    p = text->data;
    end = p + text->len;
    content = 0;

    *n = 0;

    /* what some editors put before UTF-8 */

    if (text->len >= 3 && memcmp(p, "\xef\xbb\xbf", 3) == 0) {
        p += 3;
    }

    for (*line = 1; p < end; (*line)++, p = next) {

        last = memchr(p, '\n', end - p);
        next = last ? last + 1 : end;

        if (last == NULL) {
            last = end;
        }

        if (last > p && last[-1] == '\r') {
            last--;
        }

        rc = dg_hosting_line(p, last, &asn);

        if (rc == 0) {
            continue;
        }

        if (rc == 1) {
            list[(*n)++] = asn;

        } else if (content || !dg_hosting_title(p, last)) {
            return DG_ERROR;
        }

        content = 1;
    }

    qsort(list, *n, sizeof(uint32_t), dg_hosting_cmp);

    return DG_OK;
}


int
dg_hosting_find(const uint32_t *list, size_t n, uint32_t asn)
{
    return n && bsearch(&asn, list, n, sizeof(uint32_t), dg_hosting_cmp);
}


/* 0: nothing stands in the line */

static int
dg_hosting_line(const u_char *p, const u_char *last, uint32_t *asn)
{
    u_char         quote;
    uint64_t       n;
    const u_char  *digits;

    while (p < last && (*p == ' ' || *p == '\t')) {
        p++;
    }

    if (p == last || *p == '#') {
        return 0;
    }

    quote = 0;

    if (*p == '"' || *p == '\'') {
        quote = *p++;
    }

    if (dg_hosting_prefix(p, last)) {
        p += 2;
    }

    n = 0;

    for (digits = p; p < last && *p >= '0' && *p <= '9'; p++) {
        n = n * 10 + (uint64_t) (*p - '0');

        if (n > UINT32_MAX) {
            return DG_ERROR;
        }
    }

    if (p == digits || n == 0) {
        return DG_ERROR;
    }

    if (quote && (p == last || *p++ != quote)) {
        return DG_ERROR;
    }

    while (p < last && (*p == ' ' || *p == '\t')) {
        p++;
    }

    if (p < last && *p != ',' && *p != '#') {
        return DG_ERROR;
    }

    *asn = (uint32_t) n;

    return 1;
}


static int
dg_hosting_prefix(const u_char *p, const u_char *last)
{
    return last - p > 2 && (p[0] | 0x20) == 'a' && (p[1] | 0x20) == 's';
}


/* the first line may name the columns: it has no digit in the first of them */

static int
dg_hosting_title(const u_char *p, const u_char *last)
{
    for ( /* void */ ; p < last && *p != ','; p++) {
        if (*p >= '0' && *p <= '9') {
            return 0;
        }
    }

    return 1;
}


static int
dg_hosting_cmp(const void *one, const void *two)
{
    const uint32_t *first = one;
    const uint32_t *second = two;

    return (*first > *second) - (*first < *second);
}
