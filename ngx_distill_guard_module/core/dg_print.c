/*
 * Copyright (C) 2026 Distill Guard
 */


#include "dg_print.h"


u_char *
dg_print(u_char *p, const char *text)
{
    size_t  len;

    len = strlen(text);
    memcpy(p, text, len);

    return p + len;
}


u_char *
dg_print_str(u_char *p, const dg_str_t *text)
{
    memcpy(p, text->data, text->len);

    return p + text->len;
}


u_char *
dg_print_u64(u_char *p, uint64_t n)
{
    u_char    digits[DG_PRINT_U64], *d;

    d = digits + DG_PRINT_U64;

    do {
        *--d = (u_char) ('0' + n % 10);
        n /= 10;
    } while (n);

    memcpy(p, d, digits + DG_PRINT_U64 - d);

    return p + (digits + DG_PRINT_U64 - d);
}


u_char *
dg_print_padded(u_char *p, uint64_t n, unsigned digits)
{
    unsigned  i;

    for (i = digits; i > 0; i--) {
        p[i - 1] = (u_char) ('0' + n % 10);
        n /= 10;
    }

    return p + digits;
}


u_char *
dg_print_thousandths(u_char *p, int64_t thousandths)
{
    uint64_t  n;

    if (thousandths < 0) {
        *p++ = '-';
        n = (uint64_t) -thousandths;

    } else {
        n = (uint64_t) thousandths;
    }

    p = dg_print_u64(p, n / 1000);

    if (n % 1000) {
        *p++ = '.';
        p = dg_print_padded(p, n % 1000, 3);

        while (p[-1] == '0') {
            p--;
        }
    }

    return p;
}


u_char *
dg_print_double(u_char *p, double value)
{
    value = dg_max(dg_min(value, 1e12), -1e12);

    return dg_print_thousandths(p, (int64_t) (value < 0 ? value * 1000 - .5
                                                        : value * 1000 + .5));
}


u_char *
dg_print_json(u_char *p, const u_char *text, size_t len)
{
    size_t                i;
    static const u_char   hex[] = "0123456789abcdef";

    for (i = 0; i < len; i++) {

        if (text[i] == '"' || text[i] == '\\') {
            *p++ = '\\';
            *p++ = text[i];

        } else if (text[i] >= 0x20 && text[i] < 0x7f) {
            *p++ = text[i];

        } else {
            p = dg_print(p, "\\u00");
            *p++ = hex[text[i] >> 4];
            *p++ = hex[text[i] & 0xf];
        }
    }

    return p;
}
