/*
 * Copyright (C) 2026 Distill Guard
 *
 * Subjects: their ids as text, what is held, the origins of a key.
 */


#include "dg_subject.h"
#include "dg_test.h"


#define EPOCH   (DG_HELD_EPOCH * 1000ull)
#define START   (1000000 * EPOCH)


static int
text_is(unsigned kind, const dg_id_t *id, const char *text)
{
    u_char  buf[DG_SUBJECT_TEXT], *last;

    last = dg_subject_text(buf, kind, id);

    return (size_t) (last - buf) == strlen(text)
           && memcmp(buf, text, strlen(text)) == 0;
}


static int
parse(dg_id_t *id, unsigned kind, const char *text)
{
    return dg_subject_parse(id, kind, (const u_char *) text, strlen(text));
}


static int
round_trip(unsigned kind, const dg_id_t *id, const char *text)
{
    dg_id_t  back;

    return text_is(kind, id, text) && parse(&back, kind, text) == DG_OK
           && dg_id_equal(&back, id);
}


static void
origin_v6(dg_id_t *id, const char *bytes)
{
    dg_origin_v6(id, (const u_char *) bytes);
}


static void
test_texts(void)
{
    size_t    i;
    dg_id_t   id, other;

    static const char  *const bad[] = {
        "", "/24", "1.2.3/24", "1.2.3.0", "1.2.3.4/24", "1.2.3.0/25",
        "01.2.3.0/24", "256.2.3.0/24", "1..3.0/24", "1.2.3.0./24",
        "1.2.3.0/24 ", "1.2.3.0.0/24", "1.2.3.1000/24",
        "/64", ":/64", ":1::/64", "1:/64", "1:2:3:4/64", "::1/64",
        "1:2:3:4:5::/64", "1::2::/64", ":::/64", "12345::/64", "g::/64",
        "1:2:3:4:0:0:0:0:0/64", "1:2:3:4:0:0:0:0::/64", "1::/48",
        "unix ", "UNIX", "-"
    };

    static const char  *const numbers[] = {
        "", "0", "01", "4294967296", "64500x", "-1", "99999999999"
    };

    dg_origin_v4(&id, (const u_char *) "\xcb\x00\x71\x2a");
    dg_ok(round_trip(DG_KIND_ORIGIN, &id, "203.0.113.0/24"), "IPv4 origin");

    dg_origin_v4(&other, (const u_char *) "\xcb\x00\x71\xff");
    dg_ok(dg_id_equal(&id, &other), "a /24 is one origin");

    dg_origin_v4(&id, (const u_char *) "\0\0\0\0");
    dg_ok(round_trip(DG_KIND_ORIGIN, &id, "0.0.0.0/24") && !dg_id_none(&id),
          "0.0.0.0/24 is an origin, too");

    origin_v6(&id, "\x20\x01\x0d\xb8\x00\x01\x00\x02" "abcdefgh");
    dg_ok(round_trip(DG_KIND_ORIGIN, &id, "2001:db8:1:2::/64"),
          "IPv6 origin");

    origin_v6(&id, "\x20\x01\x0d\xb8\0\0\0\0" "abcdefgh");
    dg_ok(round_trip(DG_KIND_ORIGIN, &id, "2001:db8::/64"),
          "zeros at its end are left out");

    origin_v6(&id, "\x20\x01\0\0\0\0\x0a\xbc" "abcdefgh");
    dg_ok(round_trip(DG_KIND_ORIGIN, &id, "2001:0:0:abc::/64"),
          "zeros within are written");
    dg_ok(parse(&other, DG_KIND_ORIGIN, "2001::ABC:0:0:0:0/64") == DG_OK
          && dg_id_equal(&id, &other)
          && parse(&other, DG_KIND_ORIGIN, "2001:0:0:0abc:0:0:0:0/64")
             == DG_OK
          && dg_id_equal(&id, &other),
          "other ways of writing it are understood");

    origin_v6(&id, "\0\0\0\0\0\0\0\0" "abcdefgh");
    dg_ok(round_trip(DG_KIND_ORIGIN, &id, "::/64"), "all zeros");

    origin_v6(&id, "\0\0\0\0\0\0\0\x01" "abcdefgh");
    dg_ok(round_trip(DG_KIND_ORIGIN, &id, "0:0:0:1::/64"),
          "nearly all zeros");
    dg_ok(parse(&other, DG_KIND_ORIGIN, "::1:0:0:0:0/64") == DG_OK
          && dg_id_equal(&id, &other), "written from the other end");

    origin_v6(&id, "\0\0\0\0\0\0\0\0\0\0\xff\xff\xcb\x00\x71\x2a");
    dg_ok(text_is(DG_KIND_ORIGIN, &id, "203.0.113.0/24"),
          "a mapped IPv4 address is IPv4");

    dg_origin_unix(&id);
    dg_ok(round_trip(DG_KIND_ORIGIN, &id, "unix"), "Unix socket");

    for (i = 0; i < dg_nelts(bad); i++) {
        dg_ok(parse(&id, DG_KIND_ORIGIN, bad[i]) == DG_ERROR,
              "no origin: \"%s\"", bad[i]);
    }

    dg_asn_id(&id, 64500);
    dg_ok(round_trip(DG_KIND_ASN, &id, "64500"), "ASN");

    dg_asn_id(&id, UINT32_MAX);
    dg_ok(round_trip(DG_KIND_ASN, &id, "4294967295"), "the last ASN");

    dg_asn_id(&id, 0);
    dg_ok(dg_id_none(&id), "ASN 0 is none");

    for (i = 0; i < dg_nelts(numbers); i++) {
        dg_ok(parse(&id, DG_KIND_ASN, numbers[i]) == DG_ERROR,
              "no ASN: \"%s\"", numbers[i]);
    }

    id.v[0] = 0x0123456789abcdefull;
    id.v[1] = 0xfedcba9876543210ull;

    dg_ok(parse(&other, DG_KIND_KEY, "00000000000000000000000000000000")
          == DG_ERROR, "the id of nobody is no key");
    dg_ok(parse(&other, DG_KIND_ACCOUNT, "0123") == DG_ERROR,
          "an id has all its digits");
    dg_ok(parse(&other, DG_KINDS, "unix") == DG_ERROR
          && parse(&other, DG_KIND_NONE, "unix") == DG_ERROR,
          "no subject of no kind");

    {
        u_char  buf[DG_SUBJECT_TEXT], *last;

        last = dg_subject_text(buf, DG_KIND_KEY, &id);

        dg_ok(last - buf == 32
              && dg_subject_parse(&other, DG_KIND_KEY, buf, 32) == DG_OK
              && dg_id_equal(&id, &other), "a key is 32 hex digits");
    }
}


static void
test_fuzz_origins(void)
{
    u_char    text[32], again[DG_SUBJECT_TEXT];
    size_t    len;
    dg_id_t   id, back;
    unsigned  i, k, bad, good;
    uint64_t  seed;

    static const char  letters[] = "0123456789abcdef:::...//6442";

    seed = 9;
    bad = 0;
    good = 0;

    for (i = 0; i < 400000; i++) {
        len = dg_test_random(&seed) % 20;

        for (k = 0; k < len; k++) {
            text[k] = (u_char) letters[dg_test_random(&seed)
                                       % (sizeof(letters) - 1)];
        }

        memcpy(text + len, (i & 1) ? "::/64" : ".0/24", 5);
        len += 5;

        if (dg_subject_parse(&id, DG_KIND_ORIGIN, text, len) != DG_OK) {
            continue;
        }

        good++;
        len = (size_t) (dg_subject_text(again, DG_KIND_ORIGIN, &id) - again);

        if (dg_subject_parse(&back, DG_KIND_ORIGIN, again, len) != DG_OK
            || !dg_id_equal(&id, &back))
        {
            bad++;
        }
    }

    dg_ok(good > 100 && bad == 0,
          "whatever is understood (%u) is written so that it is again", good);
}


static void
test_held(void)
{
    uint64_t      now;
    dg_held_t     one, two, held;
    dg_subject_t  s;

    memset(&s, 0, sizeof(s));

    one.input = 10;
    one.output = 100;
    one.exchanges = 1;

    two.input = 7;
    two.output = 70;
    two.exchanges = 1;

    now = START + EPOCH - 1;
    dg_subject_hold(&s, &one, now, now);
    dg_subject_hold(&s, &two, now + 1, now + 1);
    dg_subject_held(&s, &held, now + 1);

    dg_ok(held.input == 17 && held.output == 170 && held.exchanges == 2,
          "what is held is summed over epochs");

    dg_subject_release(&s, &one, now, now + EPOCH);
    dg_subject_held(&s, &held, now + EPOCH);

    dg_ok(held.input == 7 && held.output == 70 && held.exchanges == 1,
          "what is released is taken off where it was held");

    dg_subject_held(&s, &held, START + 2 * EPOCH);
    dg_ok(held.input == 7, "what is not released stays");

    dg_subject_held(&s, &held, START + 3 * EPOCH);
    dg_ok(held.input == 0 && held.output == 0 && held.exchanges == 0,
          "but is forgotten in the end: nobody may be left to release it");

    dg_subject_hold(&s, &one, START + 3 * EPOCH, START + 3 * EPOCH);
    dg_subject_release(&s, &two, now + 1, START + 3 * EPOCH);
    dg_subject_held(&s, &held, START + 3 * EPOCH);

    dg_ok(held.input == 10 && held.output == 100 && held.exchanges == 1,
          "released late it takes nothing from others");

    dg_subject_release(&s, &one, START + 3 * EPOCH, START + 2 * EPOCH);
    dg_subject_held(&s, &held, START + 2 * EPOCH);

    dg_ok(held.input == 0 && held.exchanges == 0,
          "a clock that is set back does not matter");
}


static int
origin_is(const dg_subject_t *s, unsigned i, uint64_t n)
{
    return s->origin[i].v[1] == n;
}


static unsigned
seen(dg_subject_t *s, uint64_t n, uint64_t day)
{
    dg_id_t   id;
    unsigned  lost;

    id.v[0] = 4;
    id.v[1] = n;

    lost = dg_subject_origin(s, &id, day * 86400000);
    s->accepted = (uint32_t) (day * 86400);

    return lost;
}


static void
tell(dg_subject_t *s)
{
    s->origins_told |= s->origins_unsent;
    s->origins_unsent = 0;
}


static void
test_origins(void)
{
    unsigned      i, lost;
    dg_subject_t  s;

    memset(&s, 0, sizeof(s));

    seen(&s, 1, 100);
    seen(&s, 2, 100);

    dg_ok(origin_is(&s, 0, 2) && origin_is(&s, 1, 1)
          && s.origins_unsent == 3, "new origins are to be told");

    tell(&s);
    seen(&s, 3, 100);
    seen(&s, 1, 100);

    dg_ok(origin_is(&s, 0, 1) && origin_is(&s, 1, 3) && origin_is(&s, 2, 2),
          "the newest is first");
    dg_ok(s.origins_unsent == 2 && s.origins_told == 5,
          "only the one not told has to be, wherever it stands");

    tell(&s);
    seen(&s, 2, 101);

    dg_ok(s.origins_unsent == 1 && origin_is(&s, 0, 2)
          && s.origins_told == 0, "each is told again on another day");

    seen(&s, 2, 101);
    tell(&s);
    seen(&s, 2, 101);

    dg_ok(s.origins_unsent == 0, "and once a day");

    lost = 0;

    for (i = 10; i < 10 + DG_ORIGINS; i++) {
        lost += seen(&s, i, 101);
    }

    dg_ok(lost == 0 && s.origins_unsent == (1 << DG_ORIGINS) - 1,
          "those told fall off unnoticed");

    lost = seen(&s, 50, 101);
    tell(&s);
    lost += seen(&s, 51, 101);

    dg_ok(lost == 1 && s.origins_unsent == 1,
          "one that was not told is missed");
}


int
main(void)
{
    printf("# a subject is %zu bytes, its windows %zu\n",
           sizeof(dg_subject_t), sizeof(dg_windows_t));

    dg_ok(sizeof(dg_subject_t) % 8 == 0, "subjects fit an arena");
    dg_ok(sizeof(dg_subject_t) + 8 <= 1024,
          "and take no more than 1 kB of it, buckets included");

    test_texts();
    test_fuzz_origins();
    test_held();
    test_origins();

    return dg_done();
}
