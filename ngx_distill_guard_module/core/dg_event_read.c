/*
 * Copyright (C) 2026 Distill Guard
 */


#include "dg_event_read.h"
#include "dg_event_table.h"
#include "dg_hash.h"
#include "dg_subject.h"

#include <stdio.h>


#define DG_EVENT_ROLE  24        /* "turns." and the longest role */


/* marks of members: what the line tells of */

#define DG_EVENT_TIME  0x01
#define DG_EVENT_RQ    0x02      /* the request */
#define DG_EVENT_RS    0x04      /* the answer */


#define dg_event_at(member)  offsetof(dg_event_read_t, member)

#define dg_event_index(name)  DG_EVENT_INDEX_##name,
#define dg_event_name(name)   #name,
#define dg_event_set(name)                                                    \
    case DG_EVENT_INDEX_##name:                                               \
        er->request.name = 1;                                                 \
        break;


static dg_member_t *dg_event_read_roles(dg_member_t *m, const char *of,
    dg_member_pt take, size_t at, size_t size);

static int dg_event_read_id(dg_record_t *r, const dg_member_t *m,
    const dg_json_event_t *value);
static int dg_event_read_ids(dg_record_t *r, const dg_member_t *m,
    const dg_json_event_t *value);
static int dg_event_read_mark(dg_record_t *r, const dg_member_t *m,
    const dg_json_event_t *value);
static int dg_event_read_origin(dg_record_t *r, const dg_member_t *m,
    const dg_json_event_t *value);
static int dg_event_read_country(dg_record_t *r, const dg_member_t *m,
    const dg_json_event_t *value);
static int dg_event_read_true(dg_record_t *r, const dg_member_t *m,
    const dg_json_event_t *value);
static int dg_event_read_dialect(dg_record_t *r, const dg_member_t *m,
    const dg_json_event_t *value);
static int dg_event_read_verdict(dg_record_t *r, const dg_member_t *m,
    const dg_json_event_t *value);
static int dg_event_read_source(dg_record_t *r, const dg_member_t *m,
    const dg_json_event_t *value);
static int dg_event_read_words(dg_record_t *r, const dg_member_t *m,
    const dg_json_event_t *value);
static int dg_event_read_answer(dg_record_t *r, const dg_member_t *m,
    const dg_json_event_t *value);
static int dg_event_read_cap(dg_record_t *r, const dg_member_t *m,
    const dg_json_event_t *value);
static int dg_event_read_temperature(dg_record_t *r, const dg_member_t *m,
    const dg_json_event_t *value);
static int dg_event_read_asked(dg_record_t *r, const dg_member_t *m,
    const dg_json_event_t *value);
static int dg_event_read_finding(dg_record_t *r, const dg_member_t *m,
    const dg_json_event_t *value);

static int dg_event_read_same(const dg_json_event_t *value,
    const dg_str_t *word);
static unsigned dg_event_read_bytes(const dg_json_event_t *value, u_char *p,
    unsigned size);


/* flags of requests: what was asked for, then the findings */

enum {
    dg_event_asked(dg_event_index)
    DG_EVENT_ASKED,
    dg_event_findings(dg_event_index)
    DG_EVENT_FLAGS
};


static const char  *const dg_event_flags[DG_EVENT_FLAGS] = {
    dg_event_asked(dg_event_name)
    NULL,
    dg_event_findings(dg_event_name)
};


/* flags of the event itself */

enum {
    DG_EVENT_HOSTING,
    DG_EVENT_ANONYMOUS,
    DG_EVENT_RELAY,
    DG_EVENT_EXEMPT,
    DG_EVENT_ABORTED
};


enum {
    DG_EVENT_MODEL,
    DG_EVENT_FINISH,
    DG_EVENT_ERROR
};


#define S  DG_RECORD_TEXT
#define N  DG_RECORD_NUMBER
#define B  DG_RECORD_FLAG

#define at  dg_event_at

/* what is not in dg_event_table.h */

static const dg_member_t  dg_event_members[] = {

    { "v", dg_member_u32, N, 0, at(version), 0 },
    { "t", dg_member_time, N, 0, at(event.t_ms), DG_EVENT_TIME },

    { "key", dg_event_read_id, S, 0, at(event.key), 0 },
    { "account", dg_event_read_id, S, 0, at(event.account), 0 },
    { "origin", dg_event_read_origin, S, 0, at(event.origin), 0 },
    { "asn", dg_member_u32, N, 0, at(event.asn), 0 },
    { "country", dg_event_read_country, S, 0, at(event.country), 0 },
    { "hosting", dg_event_read_true, B, 0, DG_EVENT_HOSTING, 0 },
    { "anonymous", dg_event_read_true, B, 0, DG_EVENT_ANONYMOUS, 0 },
    { "client", dg_event_read_id, S, 0, at(event.client), 0 },
    { "relay", dg_event_read_true, B, 0, DG_EVENT_RELAY, 0 },
    { "exempt", dg_event_read_true, B, 0, DG_EVENT_EXEMPT, 0 },

    { "dialect", dg_event_read_dialect, S, 0, 0, 0 },
    { "model", dg_event_read_words, S, 0, DG_EVENT_MODEL, DG_EVENT_RQ },
    { "verdict", dg_event_read_verdict, S, 0, 0, 0 },
    { "status", dg_member_u32, N, 0, at(event.status), 0 },
    { "ms", dg_member_u64, N, 0, at(event.duration_ms), 0 },
    { "aborted", dg_event_read_true, B, 0, DG_EVENT_ABORTED, 0 },

    { "input_tokens", dg_member_u64, N, 0, at(usage.input), 0 },
    { "output_tokens", dg_member_u64, N, 0, at(usage.output), 0 },
    { "cached_tokens", dg_member_u64, N, 0, at(usage.cached), 0 },
    { "cache_write_tokens", dg_member_u64, N, 0, at(usage.cache_write), 0 },
    { "reasoning_tokens", dg_member_u64, N, 0, at(usage.reasoning), 0 },
    { "source", dg_event_read_source, S, 0, 0, 0 },

    { "finish", dg_event_read_words, S, 0, DG_EVENT_FINISH, DG_EVENT_RS },
    { "error", dg_event_read_words, S, 0, DG_EVENT_ERROR, DG_EVENT_RS },
    { "issued[]", dg_event_read_ids, S, 0, at(response.issued),
      DG_EVENT_RS },
    { "answer_findings[]", dg_event_read_answer, S, 0, 0, DG_EVENT_RS },

    { "max_tokens", dg_event_read_cap, N, 0, at(request.max_tokens),
      DG_EVENT_RQ },
    { "temperature", dg_event_read_temperature, N, 0, 0, DG_EVENT_RQ },
    { "findings[]", dg_event_read_finding, S, 0, 0, DG_EVENT_RQ },
    { "marks[]", dg_event_read_mark, S, 0, 0, DG_EVENT_RQ },
    { "presented[]", dg_event_read_ids, S, 0, at(request.presented),
      DG_EVENT_RQ },

    { "label", dg_member_str, 0, 0xffff, at(label), 0 }
};

#undef at

#define DG_EVENT_MEMBERS                                                      \
    (dg_nelts(dg_event_members) + dg_nelts(dg_event_facts)                    \
     + dg_nelts(dg_event_hashes) + DG_EVENT_ASKED + 2 * DG_ROLES)

static dg_member_t       dg_event_read_members[DG_EVENT_MEMBERS];
static dg_json_schema_t  dg_event_read_schema;


int
dg_event_read_init(void)
{
    unsigned      i;
    dg_member_t  *m;

    memcpy(dg_event_read_members, dg_event_members,
           sizeof(dg_event_members));

    m = dg_event_read_members + dg_nelts(dg_event_members);

    for (i = 0; i < dg_nelts(dg_event_facts); i++, m++) {
        m->path = dg_event_facts[i].name;
        m->take = dg_event_facts[i].size == sizeof(uint64_t) ? dg_member_u64
                                                             : dg_member_u32;
        m->types = N;
        m->data = (uint16_t) (dg_event_at(request)
                              + dg_event_facts[i].offset);
        m->marks = DG_EVENT_RQ;
    }

    for (i = 0; i < dg_nelts(dg_event_hashes); i++, m++) {
        m->path = dg_event_hashes[i].name;
        m->take = dg_event_read_id;
        m->types = S;
        m->data = (uint16_t) (dg_event_at(request)
                              + dg_event_hashes[i].offset);
        m->marks = DG_EVENT_RQ;
    }

    for (i = 0; i < DG_EVENT_ASKED; i++, m++) {
        m->path = dg_event_flags[i];
        m->take = dg_event_read_asked;
        m->types = B;
        m->data = (uint16_t) i;
        m->marks = DG_EVENT_RQ;
    }

    m = dg_event_read_roles(m, "turns", dg_member_u32,
                            dg_event_at(request.turns), sizeof(unsigned));
    m = dg_event_read_roles(m, "text", dg_member_u64,
                            dg_event_at(request.text), sizeof(uint64_t));

    return dg_record_schema(&dg_event_read_schema, dg_event_read_members,
                            m - dg_event_read_members);
}

#undef S
#undef N
#undef B


static dg_member_t *
dg_event_read_roles(dg_member_t *m, const char *of, dg_member_pt take,
    size_t at, size_t size)
{
    char         *path;
    unsigned      i;
    static char   paths[DG_EVENT_MEMBERS][DG_EVENT_ROLE];

    for (i = 0; i < DG_ROLES; i++, m++) {
        path = paths[m - dg_event_read_members];
        snprintf(path, DG_EVENT_ROLE, "%s.%s", of, dg_event_roles[i]);

        m->path = path;
        m->take = take;
        m->types = DG_RECORD_NUMBER;
        m->data = (uint16_t) (at + i * size);
        m->marks = DG_EVENT_RQ;
    }

    return m;
}


int
dg_event_read(dg_event_read_t *er, const u_char *line, size_t len,
    char error[DG_RECORD_ERROR])
{
    memset(er, 0, offsetof(dg_event_read_t, record));

    er->request.n = 1;
    er->request.temperature = -1;
    er->response.read = 1;
    er->response.complete = 1;

    er->record.out = er;
    er->record.text = er->text;
    er->record.size = sizeof(er->text);

    if (dg_record_read(&er->record, &dg_event_read_schema,
                       dg_event_read_members, line, len, error)
        != DG_OK)
    {
        return DG_ERROR;
    }

    if (er->version != DG_EVENT_VERSION) {
        snprintf(error, DG_RECORD_ERROR, "an event of version %u, only %d is "
                 "known", er->version, DG_EVENT_VERSION);
        return DG_ERROR;
    }

    if (!(er->record.seen & DG_EVENT_TIME)) {
        snprintf(error, DG_RECORD_ERROR, "no \"t\"");
        return DG_ERROR;
    }

    er->event.usage = &er->usage;

    if (er->record.seen & DG_EVENT_RQ) {
        er->event.request = &er->request;
        er->request.present = 1;
    }

    if (er->record.seen & DG_EVENT_RS) {
        er->event.response = &er->response;
    }

    return DG_OK;
}


static int
dg_event_read_id(dg_record_t *r, const dg_member_t *m,
    const dg_json_event_t *value)
{
    dg_id_t  id;

    if (dg_id_parse(&id, value->data, value->len) != DG_OK) {
        return DG_ERROR;
    }

    memcpy((u_char *) r->out + m->data, &id, sizeof(id));

    return DG_OK;
}


static int
dg_event_read_ids(dg_record_t *r, const dg_member_t *m,
    const dg_json_event_t *value)
{
    dg_id_t    id;
    dg_ids_t  *ids;

    if (dg_id_parse(&id, value->data, value->len) != DG_OK) {
        return DG_ERROR;
    }

    ids = (dg_ids_t *) ((u_char *) r->out + m->data);

    if (ids->n < DG_IDS) {
        ids->id[ids->n++] = id;
    }

    return DG_OK;
}


/* a mark of a kind that is not known is left, as a member would be */

static int
dg_event_read_mark(dg_record_t *r, const dg_member_t *m,
    const dg_json_event_t *value)
{
    dg_event_read_t *er = r->out;

    uint64_t         v;
    unsigned         kind;
    dg_few_marks_t  *marks;

    (void) m;

    if (value->len != DG_EVENT_MARK
        || dg_hash_parse(&v, value->data + 1, DG_HASH_TEXT) != DG_OK)
    {
        return DG_ERROR;
    }

    kind = dg_mark_kind(*value->data);
    marks = &er->request.marks;

    if (kind < DG_MARK_KINDS && marks->n < DG_FEW_MARKS) {
        marks->kind[marks->n] = (u_char) kind;
        marks->value[marks->n++] = v;
    }

    return DG_OK;
}


static int
dg_event_read_origin(dg_record_t *r, const dg_member_t *m,
    const dg_json_event_t *value)
{
    return dg_subject_parse((dg_id_t *) ((u_char *) r->out + m->data),
                            DG_KIND_ORIGIN, value->data, value->len);
}


static int
dg_event_read_country(dg_record_t *r, const dg_member_t *m,
    const dg_json_event_t *value)
{
    dg_event_read_t *er = r->out;

    (void) m;

    if (value->len != sizeof(er->event.country)) {
        return DG_ERROR;
    }

    memcpy(er->event.country, value->data, value->len);

    return DG_OK;
}


static int
dg_event_read_true(dg_record_t *r, const dg_member_t *m,
    const dg_json_event_t *value)
{
    dg_event_read_t *er = r->out;

    unsigned  set;

    set = (value->type == DG_JSON_TRUE);

    switch (m->data) {

    case DG_EVENT_HOSTING:
        er->event.hosting = set;
        break;

    case DG_EVENT_ANONYMOUS:
        er->event.anonymous = set;
        break;

    case DG_EVENT_RELAY:
        er->event.relay = set;
        break;

    case DG_EVENT_EXEMPT:
        er->event.exempt = set;
        break;

    default: /* DG_EVENT_ABORTED */
        er->event.aborted = set;
    }

    return DG_OK;
}


static int
dg_event_read_dialect(dg_record_t *r, const dg_member_t *m,
    const dg_json_event_t *value)
{
    dg_event_read_t *er = r->out;

    unsigned  i;

    (void) m;

    for (i = DG_DIALECT_NONE; i < DG_DIALECTS; i++) {
        if (dg_event_read_same(value, &dg_dialects[i].name)) {
            er->event.dialect = (dg_dialect_id_t) i;
            return DG_OK;
        }
    }

    return DG_ERROR;
}


static int
dg_event_read_verdict(dg_record_t *r, const dg_member_t *m,
    const dg_json_event_t *value)
{
    dg_event_read_t *er = r->out;

    size_t           len;
    unsigned         i;
    dg_json_event_t  verdict;

    static const dg_str_t  dry_run = dg_string(DG_EVENT_DRY_RUN);

    (void) m;

    verdict = *value;
    len = dry_run.len;

    if (verdict.len > len
        && memcmp(verdict.data + verdict.len - len, dry_run.data, len) == 0)
    {
        verdict.len -= len;
        er->event.dry_run = 1;
    }

    for (i = 0; i < DG_VERDICTS; i++) {
        if (dg_event_read_same(&verdict, &dg_verdicts[i])) {
            er->event.verdict = (dg_verdict_id_t) i;
            return DG_OK;
        }
    }

    return DG_ERROR;
}


static int
dg_event_read_source(dg_record_t *r, const dg_member_t *m,
    const dg_json_event_t *value)
{
    dg_event_read_t *er = r->out;

    unsigned  i;

    (void) m;

    for (i = 0; i < DG_SOURCES; i++) {
        if (dg_event_read_same(value, &dg_sources[i])) {
            er->usage.source = (dg_source_t) i;
            return DG_OK;
        }
    }

    return DG_ERROR;
}


/* whether it was the request or the answer that named the model is not told */

static int
dg_event_read_words(dg_record_t *r, const dg_member_t *m,
    const dg_json_event_t *value)
{
    dg_event_read_t *er = r->out;

    dg_request_facts_t   *rq;
    dg_response_facts_t  *rs;

    rq = &er->request;
    rs = &er->response;

    switch (m->data) {

    case DG_EVENT_MODEL:
        rq->model_len = dg_event_read_bytes(value, rq->model, DG_MODEL);
        break;

    case DG_EVENT_FINISH:
        rs->finish_len = dg_event_read_bytes(value, rs->finish, DG_FINISH);
        break;

    default: /* DG_EVENT_ERROR */
        rs->error = 1;
        rs->error_len = dg_event_read_bytes(value, rs->error_kind,
                                            DG_ERROR_KIND);
    }

    return DG_OK;
}


static int
dg_event_read_answer(dg_record_t *r, const dg_member_t *m,
    const dg_json_event_t *value)
{
    dg_event_read_t *er = r->out;

    dg_response_facts_t  *rs;

    static const dg_str_t  encoded = dg_string("encoded");
    static const dg_str_t  malformed = dg_string("malformed");
    static const dg_str_t  unread = dg_string("unread");
    static const dg_str_t  incomplete = dg_string("incomplete");

    (void) m;

    rs = &er->response;

    if (dg_event_read_same(value, &encoded)) {
        rs->encoded = 1;

    } else if (dg_event_read_same(value, &malformed)) {
        rs->malformed = 1;

    } else if (dg_event_read_same(value, &unread)) {
        rs->read = 0;
        rs->complete = 0;
        rs->bytes = 1;                   /* how many is not told */

    } else if (dg_event_read_same(value, &incomplete)) {
        rs->complete = 0;
    }

    return DG_OK;
}


static int
dg_event_read_cap(dg_record_t *r, const dg_member_t *m,
    const dg_json_event_t *value)
{
    dg_event_read_t *er = r->out;

    er->request.capped = 1;

    return dg_member_u64(r, m, value);
}


static int
dg_event_read_temperature(dg_record_t *r, const dg_member_t *m,
    const dg_json_event_t *value)
{
    dg_event_read_t *er = r->out;

    double  n;

    (void) m;

    n = value->number * 1000;
    n += n < 0 ? -0.5 : 0.5;

    if (!(n > (double) INT32_MIN - 1 && n < (double) INT32_MAX + 1)) {
        return DG_ERROR;
    }

    er->request.temperature = (int32_t) n;

    return DG_OK;
}


static int
dg_event_read_asked(dg_record_t *r, const dg_member_t *m,
    const dg_json_event_t *value)
{
    dg_event_read_t *er = r->out;

    if (value->type != DG_JSON_TRUE) {
        return DG_OK;
    }

    switch (m->data) {
    dg_event_asked(dg_event_set)
    }

    return DG_OK;
}


/* a word that is not known is left, as a member would be */

static int
dg_event_read_finding(dg_record_t *r, const dg_member_t *m,
    const dg_json_event_t *value)
{
    dg_event_read_t *er = r->out;

    unsigned  i;
    dg_str_t  name;

    (void) m;

    for (i = DG_EVENT_ASKED + 1; i < DG_EVENT_FLAGS; i++) {
        name.data = (const u_char *) dg_event_flags[i];
        name.len = strlen(dg_event_flags[i]);

        if (dg_event_read_same(value, &name)) {
            break;
        }
    }

    switch (i) {
    dg_event_findings(dg_event_set)
    }

    return DG_OK;
}


static int
dg_event_read_same(const dg_json_event_t *value, const dg_str_t *word)
{
    return value->len == word->len
           && memcmp(value->data, word->data, word->len) == 0;
}


/*
 * Such text is written byte by byte, a byte beyond ASCII as the character of
 * that number, which takes two bytes of UTF-8.
 */

static unsigned
dg_event_read_bytes(const dg_json_event_t *value, u_char *p, unsigned size)
{
    unsigned       n;
    const u_char  *s, *last;

    s = value->data;
    last = s + value->len;

    for (n = 0; s < last && n < size; n++) {

        if ((*s & 0xfe) == 0xc2 && last - s > 1) {
            p[n] = (u_char) (s[0] << 6 | (s[1] & 0x3f));
            s += 2;

        } else {
            p[n] = *s++;
        }
    }

    return n;
}
