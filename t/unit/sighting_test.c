/*
 * Copyright (C) 2026 Distill Guard
 *
 * Nodes that tell each other what they saw, over a wire that repeats, delays
 * and loses: in the end all know the same, and together what one that sees
 * everything would know.
 */


#include "guard_kit.h"
#include "dg_bits.h"
#include "dg_sighting.h"
#include "dg_watch.h"


#define NODES     3
#define BATCH     1024
#define BATCHES   256            /* under way */
#define HISTORIES 10000
#define STEPS     64


/* a batch on its way to one node */

typedef struct {
    unsigned       to;
    size_t         len;          /* 0: there is none */
    u_char         bytes[BATCH];
} parcel_t;


static parcel_t  wire[BATCHES];
static unsigned  careless;       /* 1: what is heard replaces what is known */


static void
hear(kit_guard_t *g, const parcel_t *p)
{
    size_t  at;

    at = 0;

    do {
        if (dg_sightings_hear(g->st, p->bytes, p->len, &at, 3, g->now_ms)
            != DG_OK)
        {
            abort();
        }
    } while (at != p->len);
}


/* a node that does not join: the mistake that the test has to find */

static void
replace(kit_guard_t *to, kit_guard_t *from)
{
    uint32_t        i;
    dg_arena_t     *a, *b;
    dg_template_t  *t, *own;

    a = dg_store_arena(from->st, DG_PART_TEMPLATES);
    b = dg_store_arena(to->st, DG_PART_TEMPLATES);

    for (i = 1; i <= a->fresh; i++) {
        t = (dg_template_t *) dg_arena_cell(a, i);
        own = (dg_template_t *) dg_arena_find(b, DG_WATCH_KIND, &t->cell.id);

        if (own) {
            memcpy(own->accounts, t->accounts, sizeof(t->accounts));
        }
    }
}


static void
send(unsigned to, const u_char *bytes, size_t len, uint64_t *seed)
{
    parcel_t  *p;

    p = &wire[dg_test_random(seed) % BATCHES];

    p->to = to;                          /* whatever was there is lost */
    p->len = len;
    memcpy(p->bytes, bytes, len);
}


static void
post(kit_guard_t *g, unsigned from, uint64_t *seed)
{
    u_char    buf[BATCH], *end;
    unsigned  to;

    for ( ;; ) {
        end = dg_sightings_take(g[from].st, buf, sizeof(buf), g->now_ms);

        if (end == buf) {
            return;
        }

        for (to = 0; to < NODES; to++) {
            if (to != from) {
                send(to, buf, (size_t) (end - buf), seed);
            }
        }
    }
}


/* some of what is under way arrives, and some of that again */

static void
carry(kit_guard_t *g, unsigned n, uint64_t *seed)
{
    parcel_t  *p;

    while (n--) {
        p = &wire[dg_test_random(seed) % BATCHES];

        if (p->len) {
            hear(&g[p->to], p);

            if (dg_test_random(seed) % 4) {
                p->len = 0;
            }
        }
    }
}


/* what there is to tell goes to everybody; 0: there was nothing */

static unsigned
tell(kit_guard_t *g, unsigned from)
{
    u_char    *end;
    unsigned   to, said;
    parcel_t   p;

    said = 0;

    for ( ;; ) {
        end = dg_sightings_take(g[from].st, p.bytes, BATCH, g->now_ms);

        if (end == p.bytes) {
            return said;
        }

        said = 1;
        p.len = (size_t) (end - p.bytes);

        for (to = 0; to < NODES; to++) {
            if (to != from) {
                hear(&g[to], &p);
            }

            if (to != from && careless) {
                replace(&g[to], &g[from]);
            }
        }
    }
}


/* everybody tells everything, until there is no more to tell */

static void
settle(kit_guard_t *g)
{
    uint32_t  at;
    unsigned  from, part, rounds, said;

    for (from = 0; from < NODES; from++) {
        part = 0;
        at = 0;

        while (dg_sightings_sweep(g[from].st, &part, &at, 64) != DG_OK) {
            (void) tell(g, from);
        }
    }

    for (rounds = 0; rounds < 64; rounds++) {
        said = 0;

        for (from = 0; from < NODES; from++) {
            said |= tell(g, from);
        }

        if (!said) {
            return;
        }
    }

    abort();
}


/* --- do two nodes know the same? --- */

static const dg_id_t *
name_of(kit_guard_t *g, uint32_t index, uint32_t born)
{
    const dg_campaign_t   *c;
    static const dg_id_t   none;

    c = dg_campaign_of(dg_store_arena(g->st, DG_PART_CAMPAIGNS), index, born);

    return c ? &c->cell.id : &none;
}


static int
same_template(kit_guard_t *a, const dg_cell_t *cell, kit_guard_t *b,
    const dg_cell_t *other)
{
    const dg_template_t  *t, *u;

    (void) a;
    (void) b;

    t = (const dg_template_t *) cell;
    u = (const dg_template_t *) other;

    return t->first_seen == u->first_seen && t->last_seen == u->last_seen
           && memcmp(t->accounts, u->accounts, sizeof(t->accounts)) == 0
           && memcmp(t->olds, u->olds, sizeof(t->olds)) == 0
           && memcmp(t->least, u->least, sizeof(t->least)) == 0;
}


static int
same_memory(kit_guard_t *a, const dg_cell_t *cell, kit_guard_t *b,
    const dg_cell_t *other)
{
    const dg_memory_t  *m, *n;

    (void) a;
    (void) b;

    m = (const dg_memory_t *) cell;
    n = (const dg_memory_t *) other;

    return dg_id_equal(&m->first, &n->first) && m->seen == n->seen
           && m->suspect == n->suspect;
}


static int
same_profile(kit_guard_t *a, const dg_cell_t *cell, kit_guard_t *b,
    const dg_cell_t *other)
{
    uint32_t      now;
    dg_profile_t  p, q;

    p = *(const dg_profile_t *) cell;
    q = *(const dg_profile_t *) other;

    now = (uint32_t) (a->now_ms / 1000);
    dg_profile_turn(&p, now);
    dg_profile_turn(&q, now);

    return p.first_seen == q.first_seen && p.tied == q.tied
           && p.old == q.old && p.slot == q.slot
           && p.activity == q.activity
           && memcmp(p.networks, q.networks, sizeof(p.networks)) == 0
           && memcmp(p.hosts, q.hosts, sizeof(p.hosts)) == 0
           && memcmp(p.ties, q.ties, sizeof(p.ties)) == 0
           && dg_id_equal(name_of(a, p.campaign, p.born),
                          name_of(b, q.campaign, q.born));
}


static int
same_campaign(kit_guard_t *a, const dg_cell_t *cell, kit_guard_t *b,
    const dg_cell_t *other)
{
    const dg_campaign_t  *c, *d;

    c = (const dg_campaign_t *) cell;
    d = (const dg_campaign_t *) other;

    if ((c->into == DG_NIL) != (d->into == DG_NIL)) {
        return 0;
    }

    if (c->into != DG_NIL) {
        return dg_id_equal(name_of(a, c->into, c->into_born),
                           name_of(b, d->into, d->into_born));
    }

    return c->named == d->named && c->first_seen == d->first_seen
           && c->accounts == d->accounts && c->tied == d->tied;
}


static uint64_t  seen[DG_PARTS]; /* what was compared */


typedef int (*same_pt)(kit_guard_t *a, const dg_cell_t *cell,
    kit_guard_t *b, const dg_cell_t *other);


/* what either has the other has, too, and the same; how much is not */

static unsigned
differs(kit_guard_t *a, kit_guard_t *b, dg_part_t part, same_pt same)
{
    uint32_t          i;
    unsigned          bad;
    dg_arena_t       *mine, *its;
    const dg_cell_t  *cell, *other;

    mine = dg_store_arena(a->st, part);
    its = dg_store_arena(b->st, part);
    bad = 0;

    for (i = 1; i <= mine->fresh; i++) {
        cell = dg_arena_cell(mine, i);

        if (cell->kind == 0
            || (part == DG_PART_RECALL
                && ((const dg_memory_t *) cell)->until
                   <= a->now_ms / 1000))
        {
            continue;
        }

        seen[part]++;
        other = dg_arena_find(its, cell->kind, &cell->id);
        bad += (other == NULL || !same(a, cell, b, other));
    }

    return bad;
}


static const struct {
    const char  *name;
    dg_part_t    part;
    same_pt      same;
} parts[] = {
    { "templates", DG_PART_TEMPLATES, same_template },
    { "memories", DG_PART_RECALL, same_memory },
    { "profiles", DG_PART_PROFILES, same_profile },
    { "campaigns", DG_PART_CAMPAIGNS, same_campaign }
};


/* not by part, but of all */
#define LOST  dg_nelts(parts)


/* of all nodes, both ways; by part */

static unsigned
disagree(kit_guard_t *g, unsigned bad[])
{
    unsigned  i, k, n, part, sum;

    sum = 0;

    for (i = 0; i < NODES; i++) {
        k = (i + 1) % NODES;

        for (part = 0; part < dg_nelts(parts); part++) {
            n = differs(&g[i], &g[k], parts[part].part, parts[part].same)
                + differs(&g[k], &g[i], parts[part].part, parts[part].same);

            bad[part] += n;
            sum += n;
        }
    }

    return sum;
}


/* --- is anything lost? --- */

/* bits of templates and memories, of all nodes before all was told */

static unsigned
lost(const dg_store_t *before, kit_guard_t *after)
{
    uint32_t              i, now;
    unsigned              k, n;
    dg_arena_t           *a, *b;
    const dg_memory_t    *m, *m2;
    const dg_template_t  *t, *t2;

    n = 0;
    now = (uint32_t) (after->now_ms / 1000);

    a = dg_store_arena((dg_store_t *) before, DG_PART_TEMPLATES);
    b = dg_store_arena(after->st, DG_PART_TEMPLATES);

    for (i = 1; i <= a->fresh; i++) {
        t = (const dg_template_t *) dg_arena_cell(a, i);
        t2 = (const dg_template_t *) dg_arena_find(b, t->cell.kind,
                                                   &t->cell.id);

        for (k = 0; t2 && k < DG_TEMPLATE_WORDS; k++) {
            n += (t->accounts[k] & ~t2->accounts[k]) != 0;
        }

        n += (t2 == NULL);
    }

    a = dg_store_arena((dg_store_t *) before, DG_PART_RECALL);
    b = dg_store_arena(after->st, DG_PART_RECALL);

    for (i = 1; i <= a->fresh; i++) {
        m = (const dg_memory_t *) dg_arena_cell(a, i);

        if (m->until > now) {
            m2 = (const dg_memory_t *) dg_arena_find(b, m->cell.kind,
                                                     &m->cell.id);
            n += (m2 == NULL || (m->seen & ~m2->seen));
        }
    }

    return n;
}


/* --- histories --- */

static kit_ask_t  asked;


/*
 * Some of a pool fill frames, some carry one conversation on, some do as they
 * like; some come from hosting networks.
 */

static void
happen(kit_guard_t *g, unsigned accounts, unsigned frames, uint64_t *seed)
{
    char             frame[128];
    unsigned         n, dice;

    static unsigned  issued;

    n = (unsigned) (dg_test_random(seed) % NODES);
    dice = (unsigned) (dg_test_random(seed) % 16);

    asked = kit_of(1 + dg_test_random(seed) % accounts);
    asked.hosting = (asked.account % 3 == 0);
    asked.origin = asked.account / 8;
    asked.asn = 64500;

    if (dice < frames) {
        snprintf(frame, sizeof(frame), "%s%u: ", KIT_FRAME, 0);
        frame[0] = (char) ('A' + dg_test_random(seed) % 2);
        (void) kit_ask(&g[n], &asked, kit_body(kit_words(&g[n], frame, 12),
                                               ""));

    } else if (dice < 15) {
        asked.issues = ++issued;
        (void) kit_ask(&g[n], &asked,
                       kit_turn(kit_words(&g[n], "", 40), issued - 1));

    } else {
        asked.status = 429;
        (void) kit_ask(&g[n], &asked, kit_body(kit_words(&g[n], "", 40), ""));
    }
}


static void
nodes_open(kit_guard_t *g, uint64_t seed)
{
    u_char    none[BATCH];
    unsigned  i;

    memset(wire, 0, sizeof(wire));

    for (i = 0; i < NODES; i++) {
        kit_guard(&g[i], DG_STORE_MIN);
        g[i].seed = seed * NODES + i;
        (void) dg_sightings_take(g[i].st, none, sizeof(none), START);
    }
}


static void
nodes_close(kit_guard_t *g)
{
    unsigned  i;

    for (i = 0; i < NODES; i++) {
        kit_free(&g[i]);
    }
}


static unsigned
history(uint64_t number, unsigned bad[])
{
    unsigned     i, k, n, steps, accounts, frames;
    uint64_t     seed;
    kit_guard_t  g[NODES];

    static u_char  before[NODES][DG_STORE_MIN]
                       __attribute__((aligned(64)));

    seed = number;
    nodes_open(g, seed);

    /* a few carry on one conversation, or, now and then, many fill frames */

    frames = number % 3 * 5;
    accounts = number % 3 ? 12 + (unsigned) number % 16 : 8;
    steps = STEPS;

    if (number % 50 == 1) {
        frames = 14;
        accounts = 40;
        steps = 600;
    }

    for (i = 0; i < steps; i++) {
        happen(g, accounts, frames, &seed);

        for (k = 0; k < NODES; k++) {
            g[k].now_ms += 700 + dg_test_random(&seed) % (20 * MINUTE / 16);
            g[k].now_ms = g[0].now_ms;
        }

        if (dg_test_random(&seed) % 4 == 0) {
            post(g, (unsigned) (dg_test_random(&seed) % NODES), &seed);
        }

        carry(g, 8, &seed);
    }

    /* a node that begins anew knows nothing */

    if (number % 5 == 0) {
        kit_free(&g[2]);
        kit_guard(&g[2], DG_STORE_MIN);
        g[2].now_ms = g[0].now_ms;
        post(g, 2, &seed);
    }

    for (i = 0; i < NODES; i++) {
        memcpy(before[i], g[i].st, DG_STORE_MIN);
    }

    settle(g);

    k = disagree(g, bad);

    for (i = 0; i < NODES; i++) {
        n = lost((const dg_store_t *) before[i], &g[0]);
        bad[LOST] += n;
        k += n;
    }

    nodes_close(g);

    return k;
}


static void
test_histories(void)
{
    unsigned  i, part, wrong, first, bad[LOST + 1];

    memset(bad, 0, sizeof(bad));
    wrong = 0;
    first = 0;

    for (i = 1; i <= HISTORIES; i++) {
        if (history(i, bad)) {
            wrong++;
            first = first ? first : i;
        }
    }

    for (part = 0; part < dg_nelts(parts); part++) {
        dg_ok(bad[part] == 0 && seen[parts[part].part] > HISTORIES,
              "%u histories, in the end all nodes have the same %s",
              HISTORIES, parts[part].name);
        printf("# %llu compared, %u differ\n",
               (unsigned long long) seen[parts[part].part], bad[part]);
    }

    dg_ok(bad[LOST] == 0, "and nothing that any of them knew is lost");

    if (wrong) {
        printf("# %u differ, the first is %u\n", wrong, first);
    }

    careless = 1;
    memset(bad, 0, sizeof(bad));

    for (i = 1; i <= 20; i++) {
        (void) history(i, bad);
    }

    careless = 0;

    dg_ok(bad[LOST] > 0, "a node that does not join is found out");
}


int
main(void)
{
    test_histories();

    return dg_done();
}
