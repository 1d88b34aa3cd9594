/*
 * Copyright (C) 2026 Distill Guard
 *
 * What was written is read back as it was, in whatever order it stands; what
 * cannot be is an error that names it; random lines do no harm.
 */


#include "dg_event_read.h"
#include "dg_subject.h"
#include "dg_test.h"


#define ROUNDS    3000
#define MUTATIONS 60000


typedef struct {
    dg_event_t            ev;
    dg_request_facts_t    rq;
    dg_response_facts_t   rs;
    dg_usage_t            usage;
} exchange_t;


static dg_event_read_t  er;
static char             error[DG_RECORD_ERROR];


static uint64_t
number(uint64_t *seed)
{
    return dg_test_random(seed) >> (1 + dg_test_random(seed) % 63);
}


/* one in two */

static unsigned
bit(uint64_t *seed)
{
    return dg_test_random(seed) >> 40 & 1;
}


static unsigned
small(uint64_t *seed)
{
    return bit(seed) ? (unsigned) (number(seed) & 0xffffffff) : 0;
}


static dg_id_t
id(uint64_t *seed)
{
    dg_id_t  id;

    memset(&id, 0, sizeof(id));

    if (bit(seed)) {
        id.v[0] = dg_test_random(seed);
        id.v[1] = dg_test_random(seed);
    }

    return id;
}


static void
ids(dg_ids_t *all, uint64_t *seed)
{
    unsigned  i;

    all->n = dg_test_random(seed) % (DG_IDS + 1);

    for (i = 0; i < all->n; i++) {
        all->id[i].v[0] = dg_test_random(seed);
        all->id[i].v[1] = dg_test_random(seed);
    }
}


static void
marks(dg_few_marks_t *few, uint64_t *seed)
{
    unsigned  i;

    few->n = dg_test_random(seed) % (DG_FEW_MARKS + 1);

    for (i = 0; i < few->n; i++) {
        few->kind[i] = dg_test_random(seed) % DG_MARK_KINDS;
        few->value[i] = dg_test_random(seed);
    }
}


static unsigned
text(u_char *p, unsigned max, uint64_t *seed)
{
    unsigned  i, len;

    len = bit(seed) ? dg_test_random(seed) % (max + 1) : 0;

    for (i = 0; i < len; i++) {
        p[i] = (u_char) (dg_test_random(seed) >> 32);
    }

    return len;
}


/* of a request, whatever it may have */

static void
make_request(dg_request_facts_t *rq, uint64_t *seed)
{
    unsigned  i;

    rq->present = 1;
    rq->malformed = bit(seed);
    rq->deep = bit(seed);
    rq->wide = bit(seed);
    rq->duplicate = bit(seed);
    rq->surrogate = bit(seed);
    rq->encoded = bit(seed);
    rq->mistyped = bit(seed);
    rq->stream = bit(seed);
    rq->include_usage = bit(seed);
    rq->echo = bit(seed);
    rq->logprobs = bit(seed);
    rq->reasoning = bit(seed);
    rq->traces = bit(seed);
    rq->embedding = bit(seed);
    rq->capped = bit(seed);

    rq->n = bit(seed) ? 1 : small(seed);
    rq->top_logprobs = small(seed);
    rq->prompt_logprobs = small(seed);
    rq->logit_bias = small(seed);
    rq->stops = small(seed);
    rq->tools = small(seed);
    rq->min_tokens = small(seed);
    rq->max_tokens = rq->capped ? number(seed) : 0;
    rq->temperature = bit(seed) ? -1 : (int32_t) dg_test_random(seed);

    for (i = 0; i < DG_ROLES; i++) {
        rq->turns[i] = small(seed);
        rq->text[i] = number(seed);
    }

    rq->tool_text = number(seed);
    rq->content_len = number(seed);
    rq->images = small(seed);
    rq->audio = small(seed);
    rq->files = small(seed);
    rq->inputs = small(seed);
    rq->token_ids = small(seed);
    rq->invisible = small(seed);
    rq->bytes = number(seed) | 1;        /* so that there is something */

    rq->system = id(seed);
    rq->tool_set = id(seed);
    rq->first = id(seed);
    rq->content = id(seed);
    ids(&rq->presented, seed);
    marks(&rq->marks, seed);

    rq->model_len = text(rq->model, DG_MODEL, seed);
}


static void
make_response(dg_response_facts_t *rs, uint64_t *seed)
{
    rs->encoded = bit(seed);
    rs->malformed = bit(seed);

    switch (dg_test_random(seed) % 3) {

    case 0:
        rs->bytes = 1;
        break;

    case 1:
        rs->read = 1;
        break;

    default:
        rs->read = 1;
        rs->complete = 1;
    }

    ids(&rs->issued, seed);

    rs->issued.n += (rs->issued.n == 0); /* so that there is something */
    rs->issued.id[0].v[1] |= 1;

    rs->finish_len = text(rs->finish, DG_FINISH, seed);
    rs->error_len = text(rs->error_kind, DG_ERROR_KIND, seed);
    rs->error = (rs->error_len != 0);
}


static void
make(exchange_t *x, uint64_t *seed)
{
    u_char  addr[16];

    memset(x, 0, sizeof(exchange_t));

    x->ev.t_ms = number(seed) % 4294967295000ull;
    x->ev.duration_ms = number(seed);
    x->ev.key = id(seed);
    x->ev.account = id(seed);
    x->ev.client = id(seed);
    x->ev.asn = small(seed);
    x->ev.hosting = bit(seed);
    x->ev.relay = bit(seed);
    x->ev.anonymous = bit(seed);
    x->ev.exempt = bit(seed);
    x->ev.aborted = bit(seed);
    x->ev.dialect = dg_test_random(seed) % DG_DIALECTS;
    x->ev.status = small(seed);
    x->ev.verdict = dg_test_random(seed) % DG_VERDICTS;
    x->ev.dry_run = bit(seed);
    x->ev.usage = &x->usage;

    memcpy(addr, "\x20\x01\x0d\xb8", 4);
    (void) text(addr + 4, 12, seed);
    memset(addr + 8, 0, 8);

    switch (dg_test_random(seed) % 4) {

    case 0:
        dg_origin_v4(&x->ev.origin, addr + 4);
        break;

    case 1:
        dg_origin_v6(&x->ev.origin, addr);
        break;

    case 2:
        dg_origin_unix(&x->ev.origin);
    }

    if (bit(seed)) {
        memcpy(x->ev.country, "DE", 2);
    }

    if (bit(seed)) {
        x->usage.source = 1 + dg_test_random(seed) % (DG_SOURCES - 1);
        x->usage.input = number(seed);
        x->usage.output = number(seed);
        x->usage.cached = number(seed);
        x->usage.cache_write = number(seed);
        x->usage.reasoning = number(seed);
    }

    if (bit(seed)) {
        make_request(&x->rq, seed);
        x->ev.request = &x->rq;
    }

    if (bit(seed)) {
        make_response(&x->rs, seed);
        x->ev.response = &x->rs;
    }
}


/* zeroes and copies everywhere, so that structures can be compared whole */

static int
same(const exchange_t *x)
{
    dg_event_t  a, b;

    if ((x->ev.request == NULL) != (er.event.request == NULL)
        || (x->ev.response == NULL) != (er.event.response == NULL))
    {
        return 0;
    }

    a = x->ev;
    b = er.event;

    a.request = NULL;
    a.response = NULL;
    a.usage = NULL;
    b.request = NULL;
    b.response = NULL;
    b.usage = NULL;

    return memcmp(&a, &b, sizeof(a)) == 0
           && memcmp(&x->usage, &er.usage, sizeof(er.usage)) == 0
           && (x->ev.request == NULL
               || memcmp(&x->rq, &er.request, sizeof(er.request)) == 0)
           && (x->ev.response == NULL
               || memcmp(&x->rs, &er.response, sizeof(er.response)) == 0);
}


static void
test_back(void)
{
    u_char      *end, line[DG_EVENT_SIZE], again[DG_EVENT_SIZE];
    size_t       len;
    uint64_t     seed;
    unsigned     round, unread, differ, unlike;
    exchange_t   x;

    seed = 7;
    unread = 0;
    differ = 0;
    unlike = 0;

    for (round = 0; round < ROUNDS; round++) {
        make(&x, &seed);

        len = dg_event_write(line, &x.ev) - line;

        if (dg_event_read(&er, line, len, error) != DG_OK) {
            if (unread++ == 0) {
                printf("# %s: %.*s\n", error, (int) len, (char *) line);
            }

            continue;
        }

        if (!same(&x) && differ++ == 0) {
            printf("# %.*s\n", (int) len, (char *) line);
        }

        end = dg_event_write(again, &er.event);

        if ((size_t) (end - again) != len || memcmp(line, again, len) != 0) {
            unlike++;
        }
    }

    dg_ok(unread == 0, "%u events are read", ROUNDS);
    dg_ok(differ == 0, "and are what was written");
    dg_ok(unlike == 0, "and are written so again");
}


static int
reads(const char *line)
{
    return dg_event_read(&er, (const u_char *) line, strlen(line), error)
           == DG_OK;
}


static void
test_lines(void)
{
    size_t  i;

    static const struct {
        const char  *line;
        const char  *said;
    } bad[] = {
        { "", "the line is empty" },
        { "{\"v\":1,\"t\":1", "the line is not JSON" },
        { "{\"v\":1,\"t\":1}}", "the line is not JSON" },
        { "[{\"v\":1,\"t\":1}]", "an event of version 0" },
        { "{\"v\":2,\"t\":1}", "an event of version 2, only 1 is known" },
        { "{\"v\":1}", "no \"t\"" },
        { "{\"v\":1,\"t\":null}", "no \"t\"" },
        { "{\"v\":1,\"t\":-1}", "\"t\" has a value that cannot be" },
        { "{\"v\":1,\"t\":1e12}", "\"t\" has a value that cannot be" },
        { "{\"v\":1,\"t\":\"1\"}", "\"t\" is not of the type" },
        { "{\"v\":1,\"t\":1,\"t\":1}", "the line has a member twice" },
        { "{\"v\":1,\"t\":1,\"ms\":1"
          "00000000000000000000000000000000000000000}",
          "the line has a number that is too long" },
        { "{\"v\":1,\"t\":1,\"key\":\"0123\"}", "\"key\" has a value" },
        { "{\"v\":1,\"t\":1,\"key\":\"0123456789abcdef0123456789abcdeg\"}",
          "\"key\" has a value" },
        { "{\"v\":1,\"t\":1,\"origin\":\"203.0.113.7\"}",
          "\"origin\" has a value" },
        { "{\"v\":1,\"t\":1,\"asn\":4294967296}", "\"asn\" has a value" },
        { "{\"v\":1,\"t\":1,\"country\":\"DEU\"}", "\"country\" has a" },
        { "{\"v\":1,\"t\":1,\"hosting\":1}", "\"hosting\" is not of the" },
        { "{\"v\":1,\"t\":1,\"dialect\":\"x\"}", "\"dialect\" has a value" },
        { "{\"v\":1,\"t\":1,\"verdict\":\"PASSED\"}", "\"verdict\" has a" },
        { "{\"v\":1,\"t\":1,\"source\":\"x\"}", "\"source\" has a value" },
        { "{\"v\":1,\"t\":1,\"issued\":[1]}", "\"issued[]\" is not of" },
        { "{\"v\":1,\"t\":1,\"marks\":[\"a01234567\"]}", "\"marks[]\" has" },
        { "{\"v\":1,\"t\":1,\"marks\":[\"a0123456789abcdeg\"]}",
          "\"marks[]\" has a value" },
        { "{\"v\":1,\"t\":1,\"turns\":{\"user\":-1}}",
          "\"turns.user\" has a value" },
        { "{\"v\":1,\"t\":1,\"temperature\":1e9}", "\"temperature\" has" }
    };

    for (i = 0; i < dg_nelts(bad); i++) {
        if (!dg_ok(!reads(bad[i].line)
                   && strncmp(error, bad[i].said, strlen(bad[i].said)) == 0,
                   "%s: %s", bad[i].line, bad[i].said))
        {
            printf("# %s\n", error);
        }
    }

    dg_ok(reads(" { \"t\" : 1.0006e0 , \"x\":[{\"v\":3}],\"model\":null,"
                "\"findings\":[\"new\"],\"v\":1} \r")
          && er.event.t_ms == 1001 && er.event.request != NULL
          && er.event.response == NULL,
          "members in any order, unknown ones, and nothings");

    dg_ok(reads("{\"v\":1,\"t\":1,\"model\":\"\\u0067p\\u0074\\u00ff\"}")
          && er.request.model_len == 4
          && memcmp(er.request.model, "gpt\xff", 4) == 0,
          "escapes");

    dg_ok(reads("{\"v\":1,\"t\":1,\"marks\":[\"z0123456789abcdef\","
                "\"H0123456789abcdef\"],\"traces\":true}")
          && er.request.traces && er.request.marks.n == 1
          && er.request.marks.kind[0] == DG_MARK_HEAD_64
          && er.request.marks.value[0] == 0x0123456789abcdefull,
          "a mark, and one of a kind that is not known");

    dg_ok(reads("{\"v\":1,\"t\":1,\"verdict\":\"BLOCK_DRY_RUN\"}")
          && er.event.verdict == DG_BLOCK && er.event.dry_run,
          "a dry run");
}


static void
test_label(void)
{
    char    line[256];
    size_t  i;

    static const char  *labels[] = {
        "\"a\"", "\"\"", "\"\\u0041\\\"\"", "null", "true", "-1.50e3",
        "[]", "[ 1, {\"label\":2, \"t\":3}]", "{\"a\":{}}", "0"
    };

    for (i = 0; i < dg_nelts(labels); i++) {
        snprintf(line, sizeof(line), "{\"v\":1,\"label\": %s ,\"t\":1}",
                 labels[i]);

        dg_ok(reads(line) && er.label.len == strlen(labels[i])
              && memcmp(er.label.data, labels[i], er.label.len) == 0,
              "label %s", labels[i]);
    }

    dg_ok(reads("{\"v\":1,\"t\":1}") && er.label.len == 0, "no label");
}


/* an event that is read can be written, whatever was in the line */

static void
test_mutations(void)
{
    u_char      line[2 * DG_EVENT_SIZE], out[DG_EVENT_SIZE], *copy;
    size_t      i, n, len, at;
    uint64_t    seed;
    unsigned    round, good;
    exchange_t  x;

    static const char  *pieces[] = {
        "\"", "\\", "{", "}", "[", "]", ",", ":", "null", "true", "-1",
        "1e999", "\\ud800", "\\u0000", "\"v\":1", "\"label\":", "99999999999"
    };

    seed = 11;
    good = 0;

    for (round = 0; round < MUTATIONS; round++) {
        make(&x, &seed);
        len = dg_event_write(line, &x.ev) - line;
        n = dg_test_random(&seed) % 4;

        for (i = 0; i < n; i++) {
            at = dg_test_random(&seed) % len;

            if (bit(&seed)) {
                line[at] = (u_char) (dg_test_random(&seed) >> 20);

            } else if (bit(&seed)) {
                len = at + 1;

            } else {
                copy = (u_char *) pieces[dg_test_random(&seed)
                                         % dg_nelts(pieces)];
                memmove(line + at + strlen((char *) copy), line + at,
                        len - at);
                memcpy(line + at, copy, strlen((char *) copy));
                len += strlen((char *) copy);
            }
        }

        /* right before memory that is not to be touched */

        copy = malloc(len);
        memcpy(copy, line, len);

        if (dg_event_read(&er, copy, len, error) == DG_OK) {
            good++;
            (void) dg_event_write(out, &er.event);
        }

        free(copy);
    }

    dg_ok(good > MUTATIONS / 8 && good < MUTATIONS,
          "%u of %u mutations are read, all do no harm", good, MUTATIONS);
}


int
main(void)
{
    dg_ok(dg_event_read_init() == DG_OK, "the table");

    test_back();
    test_lines();
    test_label();
    test_mutations();

    return dg_done();
}
