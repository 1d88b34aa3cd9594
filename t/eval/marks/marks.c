/*
 * Copyright (C) 2026 Distill Guard
 *
 * How good the marks are, as a table: see marks.sh.  Frames are of our own
 * words; what stands in their slots, and what honest people ask, is read from
 * standard input if "-" is given, and made up otherwise.
 *
 * Which windows become anchors is luck of the key, so each stream is measured
 * under several keys and the mean is shown.
 */


#include "dg_marks.h"
#include "dg_test.h"
#include "stream.h"

#include <time.h>


#define KEYS      20
#define REQUESTS  160         /* of a stream */
#define PAIRS     1200
#define KNOWN     20          /* requests that make a mark known */


/* what of a request's marks is looked at */

typedef enum {
    VIEW_ALL = 0,
    VIEW_ANCHORS,
    VIEW_ENDS,
    VIEW_SHAPES,
    VIEW_FEW,                 /* dg_marks_few() */
    VIEWS
} view_t;


typedef struct {
    uint64_t       value;
    unsigned       who;
} use_t;


typedef struct {
    double         pairs[VIEWS];
    double         best[VIEWS];
    double         distinct;  /* slot ids, by slots */
    double         frame;     /* letters found to be of it */
} result_t;


static dg_marks_key_t  keys[KEYS];

static uint64_t  slot_of[REQUESTS];       /* what is in it, by request */

static use_t   *use;                      /* in order of values */
static size_t   nuse;


static const attack_t  attacks[] = {
    { "10 % of the long words", 10, 0, 0, 0, 0 },
    { "40 % of the long words", 40, 0, 0, 0, 0 },
    { "20 %, 5 % of the short", 20, 5, 0, 0, 0 },
    { "20 %, 20 % of the short", 20, 20, 0, 0, 0 },
    { "40 %, 20 % of the short", 40, 20, 0, 0, 0 },
    { "sentences reordered", 0, 0, 1, 0, 0 },
    { "reordered and 10 %", 10, 0, 1, 0, 0 },
    { "filler at both ends", 0, 0, 0, 1, 0 },
    { "filler and 10 %", 10, 0, 0, 1, 0 },
    { "20 variants, 30 %, reordered", 30, 0, 1, 0, 20 },
    { "rewritten, 80 % and 40 %", 80, 40, 1, 0, 0 }
};


static const char *const  view_names[VIEWS] = {
    "all", "anchors", "ends", "shapes", "few"
};


static void streams(void);
static void attacked(void);
static void stream(const frame_t *f, const attack_t *a, result_t *r);
static void marks_of(dg_marks_t *marks, const dg_marks_key_t *key,
    const u_char *p, size_t len);
static unsigned look(const dg_marks_t *marks, view_t view, uint64_t *values);
static void uses_of(const dg_marks_t *marks, unsigned n, view_t view);
static unsigned uses(uint64_t value);
static int use_compare(const void *a, const void *b);
static int value_compare(const void *a, const void *b);
static void measure(const dg_marks_t *marks, result_t *r);
static void measure_slots(const dg_marks_t *marks, result_t *r);
static unsigned distinct(uint64_t *values, unsigned n);
static unsigned common(const dg_marks_t *a, const dg_marks_t *b, view_t view);
static void homework(void);
static void honest(void);
static void honest_view(const dg_marks_t *marks, unsigned n, view_t view);
static void costs(void);
static double cost(const u_char *p, size_t len, size_t step);


int
main(int argc, char **argv)
{
    unsigned       i;
    dg_hash_key_t  key;

    for (i = 0; i < KEYS; i++) {
        key.k[0] = i;
        key.k[1] = 2026;
        dg_marks_derive(&keys[i], &key);
    }

    if (argc == 2 && strcmp(argv[1], "-") == 0) {
        texts_read();

    } else {
        texts_make();
    }

    printf("%zu honest texts, %zu for slots; %u keys\n\n", people.n, slots.n,
           KEYS);

    if (people.n == 0 || slots.n == 0) {
        fprintf(stderr, "marks: texts of both kinds are needed\n");
        return EXIT_FAILURE;
    }

    streams();
    attacked();
    homework();
    honest();
    costs();

    return dg_done();
}


static void
streams(void)
{
    char      name[32];
    unsigned  i, v, found;
    result_t  r;

    printf("Requests of one template: pairs with a common mark / requests "
           "with the best one, %%\n"
           "%-18s", "frame");

    for (v = 0; v < VIEWS; v++) {
        printf(" %9s", view_names[v]);
    }

    printf("  %8s %8s\n", "slot ids", "letters");

    found = 1;

    for (i = 0; i < nframes; i++) {
        stream(&frames[i], NULL, &r);

        snprintf(name, sizeof(name), "%s %u", frames[i].name,
                 frame_size(&frames[i]));
        printf("%-18s", name);

        for (v = 0; v < VIEWS; v++) {
            printf("   %3.0f/%3.0f", r.pairs[v], r.best[v]);
        }

        printf("  %8.2f %8.0f\n", r.distinct, r.frame);

        if (frame_size(&frames[i]) >= 39 && r.pairs[VIEW_ALL] < 99) {
            found = 0;
        }
    }

    printf("\n");

    dg_ok(found, "frames of 40 bytes and more are found");
}


static void
attacked(void)
{
    char      name[32];
    unsigned  i, k;
    result_t  r;

    static const unsigned  which[] = { 2, 8, 10, 12 };

    printf("\nThe same, its frame changed for each request\n%-28s", "");

    for (k = 0; k < dg_nelts(which); k++) {
        snprintf(name, sizeof(name), "%s %u", frames[which[k]].name,
                 frame_size(&frames[which[k]]));
        printf(" %10s", name);
    }

    printf("\n");

    for (i = 0; i < dg_nelts(attacks); i++) {
        printf("%-28s", attacks[i].name);

        for (k = 0; k < dg_nelts(which); k++) {
            stream(&frames[which[k]], &attacks[i], &r);
            printf("    %3.0f/%3.0f", r.pairs[VIEW_ALL], r.best[VIEW_ALL]);
        }

        printf("\n");
    }

    printf("\n");
}


static void
stream(const frame_t *f, const attack_t *a, result_t *r)
{
    size_t             len[REQUESTS];
    unsigned           i, k, v;
    static u_char      text[REQUESTS][2 * TEXT];
    static dg_marks_t  marks[REQUESTS];

    memset(r, 0, sizeof(result_t));

    for (i = 0; i < REQUESTS; i++) {
        len[i] = compose(text[i], &slot_of[i], f, a, i);
    }

    for (k = 0; k < KEYS; k++) {

        for (i = 0; i < REQUESTS; i++) {
            marks_of(&marks[i], &keys[k], text[i], len[i]);
        }

        measure(marks, r);
    }

    for (v = 0; v < VIEWS; v++) {
        r->pairs[v] /= KEYS;
        r->best[v] /= KEYS;
    }

    r->distinct /= KEYS;
    r->frame /= KEYS;
}


static void
marks_of(dg_marks_t *marks, const dg_marks_key_t *key, const u_char *p,
    size_t len)
{
    dg_marks_text_t  text;

    dg_marks_init(&text, key);
    dg_marks_push(&text, p, len);
    dg_marks_end(&text, marks);
}


static unsigned
look(const dg_marks_t *marks, view_t view, uint64_t *values)
{
    unsigned  i, n, kind;
    uint64_t  few;

    few = dg_marks_few(marks);
    n = 0;

    for (i = 0; i < marks->n; i++) {
        kind = marks->mark[i].kind;

        if (view == VIEW_ALL
            || (view == VIEW_FEW && (few >> i & 1))
            || (view == VIEW_ANCHORS && kind == DG_MARK_ANCHOR)
            || (view == VIEW_SHAPES && kind >= DG_MARK_HEAD_SHAPE)
            || (view == VIEW_ENDS && kind > DG_MARK_ANCHOR
                && kind < DG_MARK_HEAD_SHAPE))
        {
            values[n++] = marks->mark[i].value;
        }
    }

    return n;
}


/* who used which value, in order of values */

static void
uses_of(const dg_marks_t *marks, unsigned n, view_t view)
{
    unsigned  i, k;
    uint64_t  values[DG_MARKS];

    free(use);
    use = malloc((size_t) n * DG_MARKS * sizeof(use_t));
    nuse = 0;

    if (use == NULL) {
        fprintf(stderr, "marks: no memory\n");
        exit(EXIT_FAILURE);
    }

    for (i = 0; i < n; i++) {
        k = look(&marks[i], view, values);

        while (k--) {
            use[nuse].value = values[k];
            use[nuse++].who = i;
        }
    }

    qsort(use, nuse, sizeof(use_t), use_compare);
}


static unsigned
uses(uint64_t value)
{
    size_t    from, to, mid;
    unsigned  n;

    from = 0;
    to = nuse;

    while (from < to) {
        mid = (from + to) / 2;

        if (use[mid].value < value) {
            from = mid + 1;

        } else {
            to = mid;
        }
    }

    for (n = 0; from < nuse && use[from].value == value; from++) {
        n++;
    }

    return n;
}


static int
use_compare(const void *a, const void *b)
{
    return value_compare(&((const use_t *) a)->value,
                         &((const use_t *) b)->value);
}


static int
value_compare(const void *a, const void *b)
{
    uint64_t  x, y;

    x = *(const uint64_t *) a;
    y = *(const uint64_t *) b;

    return x < y ? -1 : x > y;
}


static void
measure(const dg_marks_t *marks, result_t *r)
{
    size_t    i, k;
    unsigned  v, n, a, b, best;
    uint64_t  seed;

    for (v = 0; v < VIEWS; v++) {
        seed = 1;

        for (n = 0, i = 0; i < PAIRS; i++) {
            a = dg_test_random(&seed) % REQUESTS;
            b = (a + 1 + dg_test_random(&seed) % (REQUESTS - 1)) % REQUESTS;
            n += common(&marks[a], &marks[b], v);
        }

        r->pairs[v] += 100.0 * n / PAIRS;

        uses_of(marks, REQUESTS, v);

        for (best = 0, i = 0; i < nuse; i = k) {
            for (k = i; k < nuse && use[k].value == use[i].value; k++) {
                /* void */
            }

            best = dg_max(best, (unsigned) (k - i));
        }

        r->best[v] += 100.0 * best / REQUESTS;
    }

    measure_slots(marks, r);
}


/* what requests with a known mark tell of their slots */

static void
measure_slots(const dg_marks_t *marks, result_t *r)
{
    unsigned          i, k, n;
    double            letters;
    uint64_t          known, ids[REQUESTS], filled[REQUESTS];
    dg_marks_frame_t  frame;

    uses_of(marks, REQUESTS, VIEW_ALL);

    letters = 0;
    n = 0;

    for (i = 0; i < REQUESTS; i++) {
        known = 0;

        for (k = 0; k < marks[i].n; k++) {
            if (uses(marks[i].mark[k].value) >= KNOWN) {
                known |= (uint64_t) 1 << k;
            }
        }

        if (known) {
            dg_marks_frame(&frame, &marks[i], known);
            letters += frame.letters;
            filled[n] = slot_of[i];
            ids[n++] = frame.id;
        }
    }

    if (n) {
        r->distinct += (double) distinct(ids, n) / distinct(filled, n);
        r->frame += letters / n;
    }
}


static unsigned
distinct(uint64_t *values, unsigned n)
{
    unsigned  i, count;

    qsort(values, n, sizeof(uint64_t), value_compare);

    for (count = 1, i = 1; i < n; i++) {
        count += (values[i] != values[i - 1]);
    }

    return count;
}


static unsigned
common(const dg_marks_t *a, const dg_marks_t *b, view_t view)
{
    unsigned  i, k, n, m;
    uint64_t  x[DG_MARKS], y[DG_MARKS];

    n = look(a, view, x);
    m = look(b, view, y);

    for (i = 0; i < n; i++) {
        for (k = 0; k < m; k++) {
            if (x[i] == y[k]) {
                return 1;
            }
        }
    }

    return 0;
}


/* one question from everybody, each in one of a few customary ways */

static void
homework(void)
{
    size_t             len;
    unsigned           i, n;
    result_t           r;
    const text_t      *text;
    static u_char      buf[2 * TEXT];
    static dg_marks_t  marks[REQUESTS];

    static const char *const  ways[][2] = {
        { "", "" },
        { "please help me with this: ", "" },
        { "", "\n\nthanks!" },
        { "Solve: ", "" },
        { "can someone explain this to me??\n", "" },
        { "", " I don't understand it at all, explain it simply" },
        { "Homework question 4: ", "\nshow your work" },
        { "Q: ", "\nA:" }
    };

    text = &slots.text[below((unsigned) slots.n)];

    for (i = 0; i < REQUESTS; i++) {
        n = below(dg_nelts(ways));
        slot_of[i] = i;
        len = put(buf, ways[n][0], strlen(ways[n][0]));
        len += put(buf + len, text->data, text->len);
        len += put(buf + len, ways[n][1], strlen(ways[n][1]));
        marks_of(&marks[i], &keys[0], buf, len);
    }

    memset(&r, 0, sizeof(r));
    measure_slots(marks, &r);

    printf("One question asked %u times in %u ways: slot ids %.2f\n\n",
           REQUESTS, (unsigned) dg_nelts(ways), r.distinct);

    dg_ok(r.distinct <= 0.06, "what everybody asks has few slots");
}


static void
honest(void)
{
    unsigned     i, v;
    dg_marks_t  *marks;

    marks = malloc(people.n * sizeof(dg_marks_t));

    if (marks == NULL) {
        fprintf(stderr, "marks: no memory\n");
        exit(EXIT_FAILURE);
    }

    for (i = 0; i < people.n; i++) {
        marks_of(&marks[i], &keys[0], people.text[i].data,
                 people.text[i].len);
    }

    printf("\nHonest texts that have a mark of so many users, %%\n"
           "%-9s %6s %6s %6s %9s\n", "", ">= 2", ">= 3", ">= 5", "most");

    for (v = 0; v < VIEWS; v++) {
        honest_view(marks, (unsigned) people.n, v);
    }

    printf("\n");
    free(marks);
}


static void
honest_view(const dg_marks_t *marks, unsigned n, view_t view)
{
    size_t    i, k, users;
    unsigned  most, c, shared[3], *seen;

    static const unsigned  least[] = { 2, 3, 5 };

    uses_of(marks, n, view);

    most = 0;
    seen = calloc(n, sizeof(unsigned));

    if (seen == NULL) {
        fprintf(stderr, "marks: no memory\n");
        exit(EXIT_FAILURE);
    }

    for (i = 0; i < nuse; i = k) {
        users = 0;

        for (k = i; k < nuse && use[k].value == use[i].value; k++) {
            users += (k == i || strcmp(people.text[use[k].who].user,
                                       people.text[use[k - 1].who].user));
        }

        most = dg_max(most, (unsigned) users);

        while (i < k) {
            c = use[i++].who;
            seen[c] = dg_max(seen[c], (unsigned) users);
        }
    }

    memset(shared, 0, sizeof(shared));

    for (i = 0; i < n; i++) {
        for (c = 0; c < dg_nelts(least); c++) {
            shared[c] += (seen[i] >= least[c]);
        }
    }

    printf("%-9s %6.1f %6.1f %6.1f %9u\n", view_names[view],
           100.0 * shared[0] / n, 100.0 * shared[1] / n,
           100.0 * shared[2] / n, most);

    free(seen);
}


static void
costs(void)
{
    size_t         n, i;
    static u_char  text[1 << 20];

    static const size_t  sizes[] = { 100, 300, 1000, 2000, 4000, 100000 };

    for (n = 0; n < sizeof(text) - TEXT; /* void */ ) {
        i = below((unsigned) people.n);
        n += put(text + n, people.text[i].data, people.text[i].len);
        text[n++] = '\n';
    }

    printf("Cost, ns\n");

    for (i = 0; i < dg_nelts(sizes); i++) {
        printf("%7zu bytes           %6.0f\n", sizes[i],
               cost(text, sizes[i], (n - sizes[i]) / 512));
    }

    memset(text, 'e', 4000);
    printf("   4000 of one letter   %6.0f\n", cost(text, 4000, 0));

    for (i = 0; i + 3 <= sizeof(text); i += 3) {
        memcpy(text + i, "\xe3\x81", 2);
        text[i + 2] = (u_char) (0x80 + below(64));
    }

    printf("   4000 of kana         %6.0f\n", cost(text, 4000, 3));

    for (i = 0; i + 4 <= sizeof(text); i += 4) {
        memcpy(text + i, "\xe2\x80\x8b", 3);
        text[i + 3] = (u_char) ('a' + below(26));
    }

    printf("   4000 with zero-width %6.0f\n\n", cost(text, 4000, 4));
}


/* the text is another one each time, or the processor learns it by heart */

static double
cost(const u_char *p, size_t len, size_t step)
{
    double             ns, best;
    clock_t            start;
    unsigned           i, k;
    dg_marks_text_t    text;
    static dg_marks_t  marks;

    best = 1e18;

    for (k = 0; k < 20; k++) {
        start = clock();

        for (i = 0; i < 2048; i++) {
            dg_marks_init(&text, &keys[0]);
            dg_marks_push(&text, p + i % 512 * step, len);
            dg_marks_end(&text, &marks);
        }

        ns = (clock() - start) * (1e9 / CLOCKS_PER_SEC) / i;
        best = dg_min(best, ns);
    }

    return best;
}
