/*
 * Copyright (C) 2026 Distill Guard
 *
 * Slots of a Redis Cluster: the check value that CRC-16/XMODEM is published
 * with, and slots as "CLUSTER KEYSLOT" of Redis says them.
 */


#include "dg_slot.h"
#include "dg_test.h"


typedef struct {
    const char  *key;
    unsigned     slot;
} case_t;


static const case_t  cases[] = {
    { "", 0 },
    { "123456789", 0x31c3 },
    { "foo", 12182 },
    { "bar", 5061 },
    { "dg:schema", 5536 },
    { "{user1000}.following", 3443 },
    { "{user1000}.followers", 3443 },
    { "user1000", 3443 },
    { "foo{}{bar}", 8363 },
    { "foo{{bar}}zap", 4015 },
    { "foo{bar}{zap}", 5061 },
    { "foo{bar", 15278 },
    { "foo}bar{", 11073 }
};


int
main(void)
{
    size_t    i;
    unsigned  a, b;

    dg_ok(dg_crc16((const u_char *) "123456789", 9) == 0x31c3,
          "the check value");

    for (i = 0; i < dg_nelts(cases); i++) {
        a = dg_slot((const u_char *) cases[i].key, strlen(cases[i].key));

        dg_ok(a == cases[i].slot, "\"%s\" lies in %u, is said to in %u",
              cases[i].key, cases[i].slot, a);
    }

    a = dg_slot((const u_char *) "dg:{key:0}:m:1", 14);
    b = dg_slot((const u_char *) "dg:{key:0}:origins:d:2", 22);

    dg_ok(a == b, "what is known of one subject lies in one slot");

    return dg_done();
}
