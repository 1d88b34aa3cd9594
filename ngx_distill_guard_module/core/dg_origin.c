/*
 * Copyright (C) 2026 Distill Guard
 */


#include "dg_origin.h"
#include "dg_print.h"


#define DG_ORIGIN_UNIX  1
#define DG_ORIGIN_V4    4
#define DG_ORIGIN_V6    6

#define DG_ORIGIN_GROUPS  8      /* of an IPv6 address, 16 bits each */


static u_char *dg_origin_text_v6(u_char *p, uint64_t prefix);
static u_char *dg_origin_hex(u_char *p, unsigned n);
static const u_char *dg_origin_length(const u_char *p, size_t len,
    const char *length);
static int dg_origin_parse_v4(dg_id_t *id, const u_char *p,
    const u_char *last);
static int dg_origin_parse_v6(dg_id_t *id, const u_char *p,
    const u_char *last);
static const u_char *dg_origin_group(const u_char *p, const u_char *last,
    unsigned *group);


static const dg_str_t  dg_origin_local = dg_string("unix");


void
dg_origin_v4(dg_id_t *id, const u_char addr[4])
{
    id->v[0] = DG_ORIGIN_V4;
    id->v[1] = (uint64_t) addr[0] << 16 | (uint64_t) addr[1] << 8 | addr[2];
}


void
dg_origin_v6(dg_id_t *id, const u_char addr[16])
{
    unsigned             i;
    static const u_char  mapped[12] = {
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff
    };

    if (memcmp(addr, mapped, sizeof(mapped)) == 0) {
        dg_origin_v4(id, addr + sizeof(mapped));
        return;
    }

    id->v[0] = DG_ORIGIN_V6;
    id->v[1] = 0;

    for (i = 0; i < 8; i++) {
        id->v[1] = id->v[1] << 8 | addr[i];
    }
}


void
dg_origin_unix(dg_id_t *id)
{
    id->v[0] = DG_ORIGIN_UNIX;
    id->v[1] = 0;
}


u_char *
dg_origin_text(u_char *p, const dg_id_t *id)
{
    int  shift;

    switch (id->v[0]) {

    case DG_ORIGIN_V4:

        for (shift = 16; shift >= 0; shift -= 8) {
            p = dg_print_u64(p, id->v[1] >> shift & 0xff);
            *p++ = '.';
        }

        return dg_print(p, "0/24");

    case DG_ORIGIN_V6:
        return dg_origin_text_v6(p, id->v[1]);

    case DG_ORIGIN_UNIX:
        return dg_print_str(p, &dg_origin_local);

    default:
        return dg_print(p, "-");
    }
}


int
dg_origin_parse(dg_id_t *id, const u_char *p, size_t len)
{
    const u_char  *last;

    if (len == dg_origin_local.len
        && memcmp(p, dg_origin_local.data, len) == 0)
    {
        dg_origin_unix(id);
        return DG_OK;
    }

    last = dg_origin_length(p, len, "/24");
    if (last != NULL) {
        return dg_origin_parse_v4(id, p, last);
    }

    last = dg_origin_length(p, len, "/64");
    if (last != NULL) {
        return dg_origin_parse_v6(id, p, last);
    }

    return DG_ERROR;
}


/* the last four groups are zero and always the longest run: "::" ends it */

static u_char *
dg_origin_text_v6(u_char *p, uint64_t prefix)
{
    int  shift;

    for (shift = 48; prefix != 0; shift -= 16) {

        if (shift != 48) {
            *p++ = ':';
        }

        p = dg_origin_hex(p, (unsigned) (prefix >> 48));
        prefix <<= 16;
    }

    return dg_print(p, "::/64");
}


static u_char *
dg_origin_hex(u_char *p, unsigned n)
{
    int                  shift;
    static const u_char  hex[] = "0123456789abcdef";

    for (shift = 12; shift > 0 && n >> shift == 0; shift -= 4) { /* void */ }

    for ( /* void */ ; shift >= 0; shift -= 4) {
        *p++ = hex[n >> shift & 0xf];
    }

    return p;
}


/* where the address ends, NULL if the text does not end in length */

static const u_char *
dg_origin_length(const u_char *p, size_t len, const char *length)
{
    size_t  n;

    n = strlen(length);

    if (len < n || memcmp(p + len - n, length, n) != 0) {
        return NULL;
    }

    return p + len - n;
}


static int
dg_origin_parse_v4(dg_id_t *id, const u_char *p, const u_char *last)
{
    u_char    addr[4];
    unsigned  i, n, digits;

    for (i = 0; i < 4; i++) {

        if (i > 0 && (p == last || *p++ != '.')) {
            return DG_ERROR;
        }

        n = 0;

        for (digits = 0; p < last && *p >= '0' && *p <= '9'; digits++) {

            if (digits == 3 || (digits == 1 && n == 0)) {
                return DG_ERROR;
            }

            n = n * 10 + (*p++ - '0');
        }

        if (digits == 0 || n > 255) {
            return DG_ERROR;
        }

        addr[i] = (u_char) n;
    }

    if (p != last || addr[3] != 0) {
        return DG_ERROR;
    }

    dg_origin_v4(id, addr);

    return DG_OK;
}


static int
dg_origin_parse_v6(dg_id_t *id, const u_char *p, const u_char *last)
{
    unsigned  i, n, gap, groups[DG_ORIGIN_GROUPS];

    n = 0;
    gap = DG_ORIGIN_GROUPS;          /* how many groups precede "::" */

    memset(groups, 0, sizeof(groups));

    if (last - p >= 2 && p[0] == ':' && p[1] == ':') {
        gap = 0;
        p += 2;
    }

    while (p < last) {

        if (n == DG_ORIGIN_GROUPS) {
            return DG_ERROR;
        }

        p = dg_origin_group(p, last, &groups[n]);
        if (p == NULL) {
            return DG_ERROR;
        }

        n++;

        if (p == last) {
            break;
        }

        if (*p++ != ':' || p == last) {
            return DG_ERROR;
        }

        if (*p == ':') {

            if (gap != DG_ORIGIN_GROUPS || n == DG_ORIGIN_GROUPS) {
                return DG_ERROR;
            }

            gap = n;
            p++;
        }
    }

    /* a gap stands for at least one group, no gap for none */

    if ((gap == DG_ORIGIN_GROUPS) != (n == DG_ORIGIN_GROUPS)) {
        return DG_ERROR;
    }

    if (gap < n) {
        memmove(&groups[DG_ORIGIN_GROUPS - (n - gap)], &groups[gap],
                (n - gap) * sizeof(groups[0]));
        memset(&groups[gap], 0, (DG_ORIGIN_GROUPS - n) * sizeof(groups[0]));
    }

    id->v[0] = DG_ORIGIN_V6;
    id->v[1] = 0;

    for (i = 0; i < DG_ORIGIN_GROUPS; i++) {

        if (i < DG_ORIGIN_GROUPS / 2) {
            id->v[1] = id->v[1] << 16 | groups[i];

        } else if (groups[i] != 0) {
            return DG_ERROR;
        }
    }

    return DG_OK;
}


/* one to four hex digits; returns what follows, NULL if there are none */

static const u_char *
dg_origin_group(const u_char *p, const u_char *last, unsigned *group)
{
    u_char    c;
    unsigned  digits;

    *group = 0;

    for (digits = 0; p < last && digits < 4; digits++, p++) {

        c = *p;

        if (c >= '0' && c <= '9') {
            *group = *group << 4 | (unsigned) (c - '0');
            continue;
        }

        c |= 0x20;

        if (c < 'a' || c > 'f') {
            break;
        }

        *group = *group << 4 | (unsigned) (c - 'a' + 10);
    }

    return (digits == 0) ? NULL : p;
}
