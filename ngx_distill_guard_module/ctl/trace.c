/*
 * Copyright (C) 2026 Distill Guard
 */


#include "trace.h"
#include "dg_guard.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>


static int ctl_trace_header(dg_record_t *r, const dg_member_t *m,
    const dg_json_event_t *value);
static int ctl_trace_part(dg_record_t *r, const dg_member_t *m,
    const dg_json_event_t *value);
static int ctl_trace_country(dg_record_t *r, const dg_member_t *m,
    const dg_json_event_t *value);
static int ctl_trace_status(dg_record_t *r, const dg_member_t *m,
    const dg_json_event_t *value);
static int ctl_trace_response(dg_record_t *r, const dg_member_t *m,
    const dg_json_event_t *value);
static int ctl_trace_aborted(dg_record_t *r, const dg_member_t *m,
    const dg_json_event_t *value);
static int ctl_trace_version(dg_record_t *r, const dg_member_t *m,
    const dg_json_event_t *value);

static const char *ctl_trace_lacks(const ctl_trace_t *tr);
static dg_format_t ctl_trace_format(const ctl_trace_t *tr,
    dg_dialect_id_t dialect);
static int ctl_trace_same(const dg_str_t *s, const char *lower);
static int ctl_trace_hex(u_char ch);


#define S  DG_RECORD_TEXT
#define N  DG_RECORD_NUMBER
#define B  DG_RECORD_FLAG
#define A  DG_RECORD_ARRAY
#define V  (DG_RECORD_OBJECT | DG_RECORD_ARRAY | DG_RECORD_NUMBER             \
            | DG_RECORD_FLAG)

#define at(member)  offsetof(ctl_trace_t, member)

static const dg_member_t  ctl_trace_members[] = {

    { "t", dg_member_time, N, 0, at(t_ms), CTL_TRACE_T },
    { "ip", dg_member_str, S, 0, at(ip), CTL_TRACE_IP },
    { "method", dg_member_str, S, 0, at(method), 0 },
    { "path", dg_member_str, S, 0, at(path), 0 },
    { "headers[]", ctl_trace_header, A, 0, 0, 0 },
    { "headers[][]", ctl_trace_part, S, 0, 0, 0 },
    { "http", dg_member_str, S, 0, at(http), 0 },
    { "tls.ssl_protocol", dg_member_str, S, 0, at(protocol), 0 },
    { "tls.ssl_cipher", dg_member_str, S, 0, at(cipher), 0 },
    { "account", dg_member_str, S, 0, at(account), 0 },
    { "asn", dg_member_u32, N, 0, at(asn), CTL_TRACE_ASN },
    { "country", ctl_trace_country, S, 0, at(country), CTL_TRACE_COUNTRY },
    { "body", dg_member_str, S, V, at(body), CTL_TRACE_BODY },

    { "status", ctl_trace_status, N, 0, at(status), CTL_TRACE_STATUS },
    { "response", ctl_trace_response, S, V, at(response),
      CTL_TRACE_RESPONSE },
    { "usage.input_tokens", dg_member_u64, N, 0, at(input),
      CTL_TRACE_INPUT },
    { "usage.output_tokens", dg_member_u64, N, 0, at(output),
      CTL_TRACE_OUTPUT },
    { "done", dg_member_time, N, 0, at(done_ms), CTL_TRACE_DONE },
    { "aborted", ctl_trace_aborted, B, 0, 0, 0 },

    { "id", dg_member_str, 0, S, at(id), CTL_TRACE_ID },
    { "end", dg_member_str, 0, S, at(end), CTL_TRACE_END },
    { "label", dg_member_str, 0, 0xffff, at(label), 0 },

    { "v", ctl_trace_version, N, 0, 0, CTL_TRACE_EVENT }
};

#undef S
#undef N
#undef B
#undef A
#undef V
#undef at


static dg_json_schema_t  ctl_trace_schema;


int
ctl_trace_init(void)
{
    return dg_record_schema(&ctl_trace_schema, ctl_trace_members,
                            dg_nelts(ctl_trace_members));
}


int
ctl_trace_read(ctl_trace_t *tr, const u_char *line, size_t len,
    char error[DG_RECORD_ERROR])
{
    u_char                *memory;
    const char            *what;
    static const dg_str_t  post = dg_string("POST");
    static const dg_str_t  chat = dg_string("/v1/chat/completions");

    if (len > tr->size) {
        memory = realloc(tr->memory, len);

        if (memory == NULL) {
            snprintf(error, DG_RECORD_ERROR, "no memory for so long a line");
            return DG_ERROR;
        }

        tr->memory = memory;
        tr->size = len;
    }

    memset(tr, 0, offsetof(ctl_trace_t, headers));

    tr->method = post;
    tr->path = chat;
    tr->status = 200;

    tr->record.out = tr;
    tr->record.text = tr->memory;
    tr->record.size = tr->size;

    if (dg_record_read(&tr->record, &ctl_trace_schema, ctl_trace_members,
                       line, len, error)
        != DG_OK)
    {
        return DG_ERROR;
    }

    tr->has = tr->record.seen;

    if (tr->response.len == 0) {
        tr->has &= ~CTL_TRACE_RESPONSE;
    }

    what = (tr->has & CTL_TRACE_EVENT) ? NULL : ctl_trace_lacks(tr);

    if (what) {
        snprintf(error, DG_RECORD_ERROR, "%s", what);
        return DG_ERROR;
    }

    return DG_OK;
}


static const char *
ctl_trace_lacks(const ctl_trace_t *tr)
{
    unsigned  i;

    if (!(tr->has & CTL_TRACE_T)) {
        return "no \"t\"";
    }

    if (tr->has & CTL_TRACE_END) {
        return NULL;
    }

    if (!(tr->has & CTL_TRACE_IP)) {
        return "no \"ip\"";
    }

    if (tr->path.len > CTL_TRACE_PATH) {
        return "\"path\" is too long";
    }

    for (i = 0; i < tr->nheaders; i++) {
        if (tr->headers[i].value.data == NULL) {
            return "a header without a value";
        }
    }

    if ((tr->has & CTL_TRACE_DONE) && tr->done_ms < tr->t_ms) {
        return "\"done\" comes before \"t\"";
    }

    return NULL;
}


static int
ctl_trace_header(dg_record_t *r, const dg_member_t *m,
    const dg_json_event_t *value)
{
    ctl_trace_t *tr = r->out;

    (void) m;

    if (!value->first) {
        return DG_OK;
    }

    if (tr->nheaders == CTL_TRACE_HEADERS) {
        return DG_ERROR;
    }

    memset(&tr->headers[tr->nheaders++], 0, sizeof(ctl_header_t));
    tr->part = 0;

    return DG_OK;
}


static int
ctl_trace_part(dg_record_t *r, const dg_member_t *m,
    const dg_json_event_t *value)
{
    ctl_trace_t *tr = r->out;

    dg_str_t      *s;
    ctl_header_t  *header;

    (void) m;

    header = &tr->headers[tr->nheaders - 1];

    switch (tr->part++) {

    case 0:
        s = &header->name;
        break;

    case 1:
        s = &header->value;
        break;

    default:
        return DG_ERROR;
    }

    s->data = value->len ? value->data : (const u_char *) "";
    s->len = value->len;

    return DG_OK;
}


static int
ctl_trace_country(dg_record_t *r, const dg_member_t *m,
    const dg_json_event_t *value)
{
    return value->len == 2 ? dg_member_str(r, m, value) : DG_ERROR;
}


static int
ctl_trace_status(dg_record_t *r, const dg_member_t *m,
    const dg_json_event_t *value)
{
    if (value->integer < 100 || value->integer > 599) {
        return DG_ERROR;
    }

    return dg_member_u32(r, m, value);
}


static int
ctl_trace_response(dg_record_t *r, const dg_member_t *m,
    const dg_json_event_t *value)
{
    ctl_trace_t *tr = r->out;

    tr->text = (value->type == DG_JSON_STRING);

    return dg_member_str(r, m, value);
}


static int
ctl_trace_aborted(dg_record_t *r, const dg_member_t *m,
    const dg_json_event_t *value)
{
    ctl_trace_t *tr = r->out;

    (void) m;

    tr->aborted = (value->type == DG_JSON_TRUE);

    return DG_OK;
}


static int
ctl_trace_version(dg_record_t *r, const dg_member_t *m,
    const dg_json_event_t *value)
{
    (void) r;
    (void) m;
    (void) value;

    return DG_OK;
}


void
ctl_trace_path(const ctl_trace_t *tr, u_char decoded[CTL_TRACE_PATH],
    dg_str_t *path, dg_str_t *query)
{
    u_char        *out;
    const u_char  *p, *last;

    p = tr->path.data;
    last = p + tr->path.len;

    query->data = memchr(p, '?', tr->path.len);
    query->len = 0;

    if (query->data) {
        query->len = last - ++query->data;
        last = query->data - 1;
    }

    out = decoded;

    while (p < last) {

        if (*p == '%' && last - p > 2 && ctl_trace_hex(p[1]) >= 0
            && ctl_trace_hex(p[2]) >= 0)
        {
            *out++ = (u_char) (ctl_trace_hex(p[1]) << 4
                               | ctl_trace_hex(p[2]));
            p += 3;

        } else {
            *out++ = *p++;
        }
    }

    path->data = decoded;
    path->len = out - decoded;
}


void
ctl_trace_identity(const ctl_trace_t *tr, const dg_str_t *query,
    dg_shape_t shape, const dg_hash_key_t *hash, dg_id_t *key,
    dg_id_t *client, unsigned *relay)
{
    unsigned       i, version;
    dg_identity_t  who;

    version = 1;

    if (tr->http.len && tr->http.data[0] >= '0' && tr->http.data[0] <= '9') {
        version = tr->http.data[0] - '0';
    }

    dg_identity_init(&who, hash, version);

    for (i = 0; i < tr->nheaders; i++) {
        dg_identity_header(&who, &tr->headers[i].name, &tr->headers[i].value);
    }

    if (query->len) {
        dg_identity_query(&who, query);
    }

    if (tr->protocol.len) {
        dg_identity_trait(&who, &tr->protocol);
    }

    if (tr->cipher.len) {
        dg_identity_trait(&who, &tr->cipher);
    }

    *key = dg_identity_key(&who, shape);
    *relay = dg_identity_relay(&who);
    *client = dg_identity_client(&who);
}


void
ctl_trace_body(const ctl_trace_t *tr, dg_request_t *reader,
    const dg_endpoint_t *ep, const dg_hash_key_t *hash,
    const dg_marks_key_t *marks, dg_request_facts_t *rq)
{
    unsigned  i;

    for (i = 0; i < tr->nheaders; i++) {
        if (ctl_trace_same(&tr->headers[i].name, "content-encoding")) {
            break;
        }
    }

    if (i < tr->nheaders
        && !ctl_trace_same(&tr->headers[i].value, "identity"))
    {
        memset(rq, 0, sizeof(dg_request_facts_t));
        rq->encoded = 1;
        rq->bytes = tr->body.len;

    } else {
        dg_request_init(reader, ep, hash, marks, rq);
        dg_request_push(reader, tr->body.data, tr->body.len);
        dg_request_end(reader);
    }

    rq->present = 1;
}


/* of an answer that was cut off the reader is not told that it has ended */

void
ctl_trace_answer(const ctl_trace_t *tr, dg_response_t *reader,
    dg_dialect_id_t dialect, const dg_hash_key_t *hash,
    dg_response_facts_t *rs, dg_end_t *end, unsigned *left)
{
    unsigned  usage;

    usage = tr->has & (CTL_TRACE_INPUT | CTL_TRACE_OUTPUT);

    *left = tr->status == DG_STATUS_LEFT
            || (tr->aborted && usage == 0
                && !(tr->has & (CTL_TRACE_STATUS | CTL_TRACE_RESPONSE)));

    if (tr->has & CTL_TRACE_RESPONSE) {
        dg_response_init(reader, dialect, ctl_trace_format(tr, dialect), hash,
                         rs);
        dg_response_push(reader, tr->response.data, tr->response.len);

        if (!tr->aborted) {
            dg_response_end(reader);
        }

    } else {
        memset(rs, 0, sizeof(dg_response_facts_t));

        if (usage) {
            rs->read = 1;
            rs->complete = !tr->aborted;
        }
    }

    if ((tr->has & CTL_TRACE_INPUT) && !rs->has_input) {
        rs->has_input = 1;
        rs->input_tokens = tr->input;
    }

    if ((tr->has & CTL_TRACE_OUTPUT) && !rs->has_output) {
        rs->has_output = 1;
        rs->output_tokens = tr->output;
    }

    end->status = *left ? 0 : tr->status;
    end->aborted = end->status
                   && (tr->aborted || (rs->read && !rs->complete));
    end->charged = 1;
}


/* a value is JSON; what text is shows at its beginning */

static dg_format_t
ctl_trace_format(const ctl_trace_t *tr, dg_dialect_id_t dialect)
{
    size_t         i;
    const u_char  *p;

    if (!tr->text) {
        return DG_FORMAT_JSON;
    }

    p = tr->response.data;

    for (i = 0; i < tr->response.len; i++) {

        switch (p[i]) {

        case ' ':
        case '\t':
        case '\r':
        case '\n':
            continue;

        case '{':
        case '[':
            return dialect == DG_OLLAMA_CHAT || dialect == DG_OLLAMA_GENERATE
                   ? DG_FORMAT_NDJSON : DG_FORMAT_JSON;
        }

        break;
    }

    return DG_FORMAT_SSE;
}


/* in any case */

static int
ctl_trace_same(const dg_str_t *s, const char *lower)
{
    return s->len == strlen(lower)
           && strncasecmp((const char *) s->data, lower, s->len) == 0;
}


/* -1 if it is no hex digit */

static int
ctl_trace_hex(u_char ch)
{
    if (ch >= '0' && ch <= '9') {
        return ch - '0';
    }

    ch |= 0x20;

    return ch >= 'a' && ch <= 'f' ? ch - 'a' + 10 : -1;
}
