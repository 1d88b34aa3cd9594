/*
 * Copyright (C) 2026 Distill Guard
 *
 * The hash against the authors' vectors, cut at every place.
 */


#include "dg_hash.h"
#include "dg_test.h"


/* no mixing: domain 0, which nothing uses, leaves the key as it is */
#define PLAIN  ((dg_hash_domain_t) 0)


/* vectors_sip128: key 00..0f, input 00..len-1, output as bytes */

typedef struct {
    size_t       len;
    const char  *hex;
} vector_t;


static const vector_t  vectors[] = {
    { 0,  "a3817f04ba25a8e66df67214c7550293" },
    { 1,  "da87c1d86b99af44347659119b22fc45" },
    { 7,  "a1f1ebbed8dbc153c0b84aa61ff08239" },
    { 8,  "3b62a9ba6258f5610f83e264f31497b4" },
    { 15, "5493e99933b0a8117e08ec0f97cfc3d9" },
    { 16, "6ee2a4ca67b054bbfd3315bf85230577" },
    { 63, "5150d1772f50834a503e069a973fbd7c" }
};


static const dg_hash_key_t  key = {
    { 0x0706050403020100ull, 0x0f0e0d0c0b0a0908ull }
};


static void
hex_of_bytes(char *hex, const dg_id_t *id)
{
    unsigned  i;

    for (i = 0; i < 16; i++) {
        snprintf(hex + 2 * i, 3, "%02x",
                 (unsigned) (id->v[i / 8] >> (8 * (i % 8)) & 0xff));
    }
}


static void
test_vectors(const u_char *in)
{
    char      hex[33];
    size_t    i;
    dg_id_t   id;

    for (i = 0; i < dg_nelts(vectors); i++) {
        id = dg_hash(&key, PLAIN, in, vectors[i].len);
        hex_of_bytes(hex, &id);

        dg_ok(strcmp(hex, vectors[i].hex) == 0, "the authors' vector of %u "
              "bytes", (unsigned) vectors[i].len);
    }
}


static void
test_splits(const u_char *in)
{
    size_t     len, a, b;
    dg_id_t    whole, id;
    unsigned   bad;
    dg_hash_t  h;

    bad = 0;

    for (len = 0; len <= 64; len++) {
        whole = dg_hash(&key, DG_HASH_CONTENT, in, len);

        for (a = 0; a <= len; a++) {
            for (b = a; b <= len; b++) {
                dg_hash_init(&h, &key, DG_HASH_CONTENT);
                dg_hash_update(&h, in, a);
                dg_hash_update(&h, in + a, b - a);
                dg_hash_update(&h, in + b, len - b);
                id = dg_hash_final(&h);

                bad += !dg_id_equal(&id, &whole);
            }
        }

        dg_hash_init(&h, &key, DG_HASH_CONTENT);

        for (a = 0; a < len; a++) {
            dg_hash_update(&h, in + a, 1);
        }

        id = dg_hash_final(&h);
        bad += !dg_id_equal(&id, &whole);
    }

    dg_ok(bad == 0, "pieces hash as the whole, 0 to 64 bytes cut everywhere");
}


static void
test_domains(const u_char *in)
{
    dg_id_t   id[DG_HASH_CHECK + 1];
    unsigned  i, j, equal;

    equal = 0;

    for (i = 0; i <= DG_HASH_CHECK; i++) {
        id[i] = dg_hash(&key, (dg_hash_domain_t) i, in, 20);

        for (j = 0; j < i; j++) {
            equal += dg_id_equal(&id[i], &id[j]);
        }
    }

    dg_ok(equal == 0, "no two purposes give equal ids");
}


static void
test_derive(void)
{
    size_t         i;
    u_char         secret[300];
    unsigned       equal;
    dg_hash_key_t  a, b, last;

    memset(secret, 's', sizeof(secret));

    dg_hash_derive(&a, secret, 40);
    dg_hash_derive(&b, secret, 40);
    dg_ok(memcmp(&a, &b, sizeof(a)) == 0, "a secret gives one key");

    equal = 0;
    dg_hash_derive(&last, secret, 0);

    for (i = 1; i <= sizeof(secret); i++) {
        dg_hash_derive(&a, secret, i);
        equal += memcmp(&a, &last, sizeof(a)) == 0;
        last = a;
    }

    dg_ok(equal == 0, "secrets of any length give keys of their own");
}


static void
test_buckets(void)
{
    dg_id_t   id;
    unsigned  i, counts[256], worst;

    memset(counts, 0, sizeof(counts));
    id.v[0] = 7;

    for (i = 0; i < 65536; i++) {
        id.v[1] = (uint64_t) i << 40;
        counts[dg_hash_bucket(12345, &id) & 255]++;
    }

    worst = 0;

    for (i = 0; i < 256; i++) {
        worst = dg_max(worst, counts[i]);
    }

    dg_ok(worst < 2 * 256, "packed facts spread over buckets, fullest %u",
          worst);
    dg_ok(dg_hash_bucket(1, &id) != dg_hash_bucket(2, &id),
          "the seed changes the bucket");
}


static void
test_text(void)
{
    u_char        text[DG_ID_TEXT + 1], *end;
    dg_id_t       id, back;
    const u_char  upper[] = "0123456789ABCDEFfedcba9876543210";

    id.v[0] = 0x0123456789abcdefull;
    id.v[1] = 0xfedcba9876543210ull;

    text[DG_ID_TEXT] = '\0';
    end = dg_id_text(text, &id);

    dg_ok(end == text + DG_ID_TEXT
          && strcmp((char *) text, "0123456789abcdeffedcba9876543210") == 0,
          "an id is written as 32 digits: %s", (char *) text);

    dg_ok(dg_id_parse(&back, text, DG_ID_TEXT) == DG_OK
          && dg_id_equal(&back, &id), "and read back");
    dg_ok(dg_id_parse(&back, upper, DG_ID_TEXT) == DG_OK
          && dg_id_equal(&back, &id), "in upper case too");

    dg_ok(dg_id_parse(&back, text, DG_ID_TEXT - 1) == DG_ERROR,
          "not when short");
    dg_ok(dg_id_parse(&back, text, DG_ID_TEXT + 1) == DG_ERROR,
          "not when long");

    text[31] = 'g';
    dg_ok(dg_id_parse(&back, text, DG_ID_TEXT) == DG_ERROR,
          "not with other letters");

    text[31] = '0' | 0x80;
    dg_ok(dg_id_parse(&back, text, DG_ID_TEXT) == DG_ERROR,
          "not with other bytes");
}


int
main(void)
{
    size_t  i;
    u_char  in[64];

    for (i = 0; i < sizeof(in); i++) {
        in[i] = (u_char) i;
    }

    test_vectors(in);
    test_splits(in);
    test_domains(in);
    test_derive();
    test_buckets();
    test_text();

    return dg_done();
}
