/*
 * Copyright (C) 2026 Distill Guard
 *
 * Where clients come from.  Networks are made up: numbers for private use,
 * each with the first byte of its addresses.
 */


#include "eval.h"


#define FIRST_BYTE     20        /* of the addresses of network 0 */

#define ACCESS         40        /* networks people live in */
#define MOBILE         12
#define HOSTING        24

#define ACCESS_ASN     64512u
#define MOBILE_ASN     64600u
#define HOSTING_ASN    64700u

#define CARRIER_NETS   4         /* /24 networks that a group shares */
#define EGRESS_NETS    3
#define RELAY_NETS     6
#define MOBILE_NETS    64


static void network_access(address_t *at, dice_t *d);
static void network_mobile(address_t *at, dice_t *d, dice_t *session);
static void network_server(address_t *at, dice_t *d);
static void network_set(address_t *at, unsigned number, uint32_t asn,
    dice_t *d);


static const char  *countries[] = {
    "US", "US", "US", "IN", "DE", "GB", "BR", "JP", "FR", "SG", "CA", "NL",
    "CN", "KR", "ES", "PL"
};


/*
 * The account and its group decide, the session where somebody is on the
 * way; each a number for ever the same.
 */

void
network_address(address_t *at, net_t net, uint64_t account, uint64_t group,
    dice_t *session)
{
    dice_t    d;
    unsigned  nets;

    d = dice(account, 11);

    switch (net) {

    case NET_HOME:
        network_access(at, &d);
        at->v6 = chance(&d, 0.25);
        return;

    case NET_OFFICE:
        d = dice(group, 12);
        network_access(at, &d);
        return;

    case NET_CARRIER:
        d = dice(group, 13);
        network_mobile(at, &d, &d);
        at->v4[2] = (uint8_t) (at->v4[2] + below(session, CARRIER_NETS));
        at->v4[3] = (uint8_t) (1 + below(session, 250));
        return;

    case NET_MOBILE:
        network_mobile(at, &d, session);
        return;

    case NET_VPN:
        network_server(at, session);
        return;

    case NET_CLOUD:
        network_server(at, &d);
        return;

    case NET_EGRESS:
    case NET_RELAY:
        nets = net == NET_EGRESS ? EGRESS_NETS : RELAY_NETS;
        d = dice(group, 14 + below(session, nets));
        network_server(at, &d);
        at->v4[3] = (uint8_t) (1 + below(session, 250));
        return;

    case NET_ROTATE:
        network_access(at, session);
        return;
    }
}


void
network_text(text_t *t, const address_t *at)
{
    if (at->v6) {
        text_printf(t, "2a0%x:%x:%x%02x:%x::%x", at->v4[0] & 15,
                    at->v4[0] * 7, at->v4[1], at->v4[2], at->v4[2] + 1,
                    at->v4[3]);
        return;
    }

    text_printf(t, "%u.%u.%u.%u", at->v4[0], at->v4[1], at->v4[2],
                at->v4[3]);
}


void
network_hosting(text_t *t)
{
    unsigned  i;

    for (i = 0; i < HOSTING; i++) {
        text_printf(t, "%u,made up\n", HOSTING_ASN + i);
    }
}


static void
network_access(address_t *at, dice_t *d)
{
    unsigned  n;

    /* few are large */
    n = below(d, 1 + below(d, ACCESS));
    network_set(at, n, ACCESS_ASN + n, d);
}


static void
network_mobile(address_t *at, dice_t *d, dice_t *session)
{
    unsigned  n;

    n = below(d, MOBILE);
    network_set(at, ACCESS + n, MOBILE_ASN + n, d);

    if (session != d) {
        at->v4[2] = (uint8_t) (at->v4[2] / MOBILE_NETS * MOBILE_NETS
                               + below(session, MOBILE_NETS));
        at->v4[3] = (uint8_t) (1 + below(session, 250));
    }
}


static void
network_server(address_t *at, dice_t *d)
{
    unsigned  n;

    n = below(d, 1 + below(d, HOSTING));
    network_set(at, ACCESS + MOBILE + n, HOSTING_ASN + n, d);
}


static void
network_set(address_t *at, unsigned number, uint32_t asn, dice_t *d)
{
    at->v4[0] = (uint8_t) (FIRST_BYTE + number);
    at->v4[1] = (uint8_t) below(d, 256);
    at->v4[2] = (uint8_t) below(d, 256);
    at->v4[3] = (uint8_t) (1 + below(d, 250));
    at->v6 = 0;
    at->asn = asn;
    at->country = countries[number % nelts(countries)];
}
