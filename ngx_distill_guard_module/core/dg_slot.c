/*
 * Copyright (C) 2026 Distill Guard
 */


#include "dg_slot.h"


/* of the polynomial x^16 + x^12 + x^5 + 1, for four bits at a time */

static const uint16_t  dg_crc16_table[16] = {
    0x0000, 0x1021, 0x2042, 0x3063, 0x4084, 0x50a5, 0x60c6, 0x70e7,
    0x8108, 0x9129, 0xa14a, 0xb16b, 0xc18c, 0xd1ad, 0xe1ce, 0xf1ef
};


uint16_t
dg_crc16(const u_char *p, size_t len)
{
    uint16_t       crc;
    const u_char  *last;

    crc = 0;

    for (last = p + len; p < last; p++) {
        crc = (uint16_t) (crc << 4)
              ^ dg_crc16_table[(crc >> 12) ^ (*p >> 4)];
        crc = (uint16_t) (crc << 4)
              ^ dg_crc16_table[(crc >> 12) ^ (*p & 0xf)];
    }

    return crc;
}


unsigned
dg_slot(const u_char *key, size_t len)
{
    const u_char  *open, *end;

    open = memchr(key, '{', len);

    if (open != NULL) {
        open++;
        end = memchr(open, '}', len - (size_t) (open - key));

        if (end != NULL && end != open) {
            key = open;
            len = (size_t) (end - open);
        }
    }

    return dg_crc16(key, len) & (DG_SLOTS - 1);
}
