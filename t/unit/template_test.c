/*
 * Copyright (C) 2026 Distill Guard
 *
 * Marks that are worth a record, and what a record tells.
 */


#include "dg_template.h"
#include "dg_test.h"


#define NOW   1767225600u                /* 2026-01-01 00:00:00 UTC */
#define DAY   86400u


static dg_id_t
random_id(uint64_t *seed)
{
    dg_id_t  id;

    id.v[0] = dg_test_random(seed);
    id.v[1] = dg_test_random(seed);

    return id;
}


/* ids of accounts that the sketch tells apart from the one before */

static dg_id_t
account_id(unsigned n)
{
    dg_id_t   id;
    uint64_t  seed;

    seed = (n + 1) * 0x9e3779b97f4a7c15ull;
    (void) random_id(&seed);
    id = random_id(&seed);
    id.v[1] = (id.v[1] & ~(uint64_t) 0x700) | (uint64_t) (n & 7) << 8;

    return id;
}


static dg_sketch_t *
make_sketch(size_t size)
{
    dg_sketch_t  *sk;

    sk = malloc(size);

    if (sk == NULL) {
        abort();
    }

    memset(sk, 0x5a, size);

    if (dg_sketch_init(sk, size) != DG_OK) {
        abort();
    }

    return sk;
}


static void
test_size(void)
{
    size_t        size;
    unsigned      wrong;
    dg_sketch_t  *sk;

    sk = malloc(64);

    if (sk == NULL) {
        abort();
    }

    dg_ok(dg_sketch_init(sk, 63) == DG_ERROR, "a sketch takes some memory");
    free(sk);

    wrong = 0;

    for (size = sizeof(dg_sketch_t) + 64; size < 5000; size += 61) {
        sk = make_sketch(size);

        wrong += (sk->size & (sk->size - 1)) != 0
                 || sizeof(dg_sketch_t) + 2 * sk->size > size
                 || sizeof(dg_sketch_t) + 4 * sk->size <= size;
        free(sk);
    }

    dg_ok(wrong == 0, "it is as large as there is room for");
}


static void
test_promote(void)
{
    int           deserves;
    unsigned      i;
    dg_id_t       id;
    dg_sketch_t  *sk;

    sk = make_sketch(1 << 16);

    for (i = 0; i < 4; i++) {
        id = account_id(i);
        deserves = dg_sketch_see(sk, 0x1234567890abcdef, &id);
        dg_ok(!deserves, "account %u brings a mark: no record yet", i + 1);
    }

    id = account_id(4);
    dg_ok(dg_sketch_see(sk, 0x1234567890abcdef, &id), "the fifth: a record");

    id = account_id(1);
    deserves = 0;

    for (i = 0; i < 1000; i++) {
        deserves |= dg_sketch_see(sk, 0xfedcba0987654321, &id);
    }

    dg_ok(!deserves, "an account alone makes none, however often");

    free(sk);
}


/*
 * As many marks of honest requests as there are cells, over and over, each
 * brought once: hardly one of them may get a record.
 */

static void
test_unique(void)
{
    unsigned      i, k, n, records;
    uint64_t      seed, template[100];
    dg_id_t       id;
    dg_sketch_t  *sk;

    sk = make_sketch(1 << 16);
    seed = 7;

    for (k = 0; k < 100; k++) {
        template[k] = dg_test_random(&seed);
    }

    records = 0;
    n = 20 * sk->size;

    for (i = 0; i < n; i++) {
        id = random_id(&seed);
        records += (unsigned) dg_sketch_see(sk, dg_test_random(&seed), &id);
    }

    dg_ok(records * 10000ull < n,
          "unique marks get no records: %u of %u, below 1 of 10,000",
          records, n);

    /* in the midst of them templates are still found, and forgotten after */

    records = 0;

    for (i = 0; i < 5; i++) {
        for (k = 0; k < 100; k++) {
            id = account_id(i + k);
            records += (unsigned) dg_sketch_see(sk, template[k], &id);
        }

        for (n = 0; n < sk->size / 50; n++) {
            id = random_id(&seed);
            (void) dg_sketch_see(sk, dg_test_random(&seed), &id);
        }
    }

    dg_ok(records >= 60, "%u of 100 templates among them do", records);

    for (n = 0; n < 2 * sk->size; n++) {
        id = random_id(&seed);
        (void) dg_sketch_see(sk, dg_test_random(&seed), &id);
    }

    for (records = 0, k = 0; k < 100; k++) {
        id = account_id(5 + k);
        records += (unsigned) dg_sketch_see(sk, template[k], &id);
    }

    dg_ok(records <= 1, "those that nobody brings any more are forgotten");

    free(sk);
}


/* uses by accounts first and up, each as old as that and with a new slot */

static void
use(dg_template_t *t, unsigned first, unsigned accounts, unsigned each,
    uint32_t age, uint32_t now)
{
    unsigned         i, k;
    dg_id_t          account, content;

    static uint64_t  seed = 99;

    for (k = 0; k < each; k++) {
        for (i = 0; i < accounts; i++) {
            account = account_id(first + i);
            content = random_id(&seed);
            (void) dg_template_use(t, &account, &content, now - age, now);
        }
    }
}


static void
test_accounts(void)
{
    int            first, again;
    unsigned       i, n;
    dg_id_t        account, content;
    uint64_t       seed;
    dg_template_t  t;

    static const unsigned  counts[] = { 10, 100, 500, 1000, 2000 };

    memset(&t, 0, sizeof(dg_template_t));

    seed = 3;
    account = account_id(1);
    content = random_id(&seed);

    first = dg_template_use(&t, &account, &content, NOW, NOW);
    again = dg_template_use(&t, &account, &content, NOW, NOW + 5);

    dg_ok(first == 1 && again == 0, "an account is new to a template once");
    dg_ok(t.uses == 2 && t.first_seen == NOW && t.last_seen == NOW + 5,
          "its uses are counted");

    for (i = 0; i < dg_nelts(counts); i++) {
        memset(&t, 0, sizeof(dg_template_t));
        use(&t, 0, counts[i], 2, 0, NOW);

        n = dg_template_accounts(&t);

        dg_ok(n * 100 >= counts[i] * 85 && n * 100 <= counts[i] * 115,
              "%u accounts are counted as %u", counts[i], n);
    }
}


static void
test_spread(void)
{
    unsigned       i, n, few, half;
    dg_id_t        account, content[4];
    uint64_t       seed;
    dg_template_t  t;

    memset(&t, 0, sizeof(dg_template_t));
    use(&t, 0, 10, 1, 0, NOW);
    dg_ok(dg_template_spread(&t, NOW) == 0,
          "nothing is said of ten uses' slots");

    use(&t, 0, 200, 2, 0, NOW);
    n = dg_template_spread(&t, NOW);
    dg_ok(n >= 170 && n <= 230, "200 new accounts count as %u", n);

    dg_ok(dg_template_spread(&t, NOW + DG_TEMPLATE_YOUNG) == n
          && dg_template_spread(&t, NOW + DG_TEMPLATE_YOUNG + 1) == 0,
          "but not once the template is old");

    /* a fixed slot, or one of four */

    seed = 5;

    for (i = 0; i < 4; i++) {
        content[i] = random_id(&seed);
    }

    memset(&t, 0, sizeof(dg_template_t));

    for (i = 0; i < 400; i++) {
        account = account_id(i % 200);
        (void) dg_template_use(&t, &account, &content[0], NOW, NOW);
    }

    dg_ok(dg_template_spread(&t, NOW) == 0, "one slot for all is none");

    for (i = 0; i < 400; i++) {
        account = account_id(i % 200);
        (void) dg_template_use(&t, &account, &content[i % 4], NOW, NOW);
    }

    dg_ok(dg_template_spread(&t, NOW) == 0, "nor are four");

    use(&t, 0, 200, 4, 0, NOW);
    dg_ok(dg_template_spread(&t, NOW) >= 170,
          "one that begins to change is seen to");

    /* old accounts */

    memset(&t, 0, sizeof(dg_template_t));
    use(&t, 0, 200, 2, DG_TEMPLATE_OLD, NOW);
    dg_ok(dg_template_spread(&t, NOW) == 0, "old accounts do not count");

    memset(&t, 0, sizeof(dg_template_t));
    use(&t, 0, 200, 2, DG_TEMPLATE_OLD - 1, NOW);
    dg_ok(dg_template_spread(&t, NOW) >= 170, "accounts not yet old do");

    memset(&t, 0, sizeof(dg_template_t));
    use(&t, 0, 40, 1, DG_TEMPLATE_OLD, NOW);
    use(&t, 40, 160, 2, 0, NOW);
    few = dg_template_spread(&t, NOW);

    memset(&t, 0, sizeof(dg_template_t));
    use(&t, 0, 110, 1, DG_TEMPLATE_OLD, NOW);
    use(&t, 110, 90, 2, 0, NOW);
    half = dg_template_spread(&t, NOW);

    dg_ok(few > 0 && few < n && half == 0,
          "among some old ones new ones count less (%u), among as many not "
          "at all", few);
}


static void
test_overlap(void)
{
    unsigned       n;
    dg_template_t  one, two;

    memset(&one, 0, sizeof(dg_template_t));
    memset(&two, 0, sizeof(dg_template_t));

    use(&one, 0, 200, 1, 0, NOW);
    use(&two, 0, 200, 1, 0, NOW);
    dg_ok(dg_template_overlap(&one, &two) == 1000,
          "templates of the same accounts are told");

    memset(&two, 0, sizeof(dg_template_t));
    use(&two, 1000, 200, 1, 0, NOW);
    dg_ok(dg_template_overlap(&one, &two) == 0, "and those of others");

    memset(&two, 0, sizeof(dg_template_t));
    use(&two, 0, 150, 1, 0, NOW);
    use(&two, 1000, 50, 1, 0, NOW);
    n = dg_template_overlap(&one, &two);

    dg_ok(n > 250 && n < 950 && n == dg_template_overlap(&two, &one),
          "of three quarters there is a part, either way (%u)", n);

    memset(&two, 0, sizeof(dg_template_t));
    use(&two, 0, DG_TEMPLATE_LEAST - 1, 5, 0, NOW);
    dg_ok(dg_template_overlap(&one, &two) == 0
          && dg_template_overlap(&two, &one) == 0,
          "of few accounts nothing is said");
}


int
main(void)
{
    test_size();
    test_promote();
    test_unique();
    test_accounts();
    test_spread();
    test_overlap();

    return dg_done();
}
