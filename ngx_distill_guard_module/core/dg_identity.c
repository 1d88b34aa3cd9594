/*
 * Copyright (C) 2026 Distill Guard
 */


#include "dg_identity.h"


static void dg_identity_found(dg_identity_t *who, dg_credential_t place,
    const dg_id_t *id);
static void dg_identity_agent(dg_identity_t *who, const dg_str_t *agent);
static int dg_identity_bearer(dg_str_t *value);
static int dg_identity_named(const dg_str_t *lower, const dg_str_t *name);
static u_char dg_identity_lower(u_char ch);
static int dg_identity_hex(u_char ch);


/* by dg_credential_t; lower case */

static const dg_str_t  dg_identity_headers[] = {
    dg_string("authorization"),
    dg_string("x-api-key"),
    dg_string("api-key"),
    dg_string("x-goog-api-key")
};


/* in which order the servers of an API look, by dg_shape_t */

static const u_char  dg_identity_orders[][DG_CREDENTIALS] = {

    /* DG_SHAPE_OPENAI */
    { DG_CREDENTIAL_BEARER, DG_CREDENTIAL_API_KEY, DG_CREDENTIAL_X_API_KEY,
      DG_CREDENTIAL_X_GOOG_API_KEY, DG_CREDENTIAL_ARGUMENT },

    /* DG_SHAPE_ANTHROPIC */
    { DG_CREDENTIAL_X_API_KEY, DG_CREDENTIAL_BEARER, DG_CREDENTIAL_API_KEY,
      DG_CREDENTIAL_X_GOOG_API_KEY, DG_CREDENTIAL_ARGUMENT },

    /* DG_SHAPE_GEMINI */
    { DG_CREDENTIAL_X_GOOG_API_KEY, DG_CREDENTIAL_ARGUMENT,
      DG_CREDENTIAL_BEARER, DG_CREDENTIAL_X_API_KEY, DG_CREDENTIAL_API_KEY },

    /* DG_SHAPE_OLLAMA */
    { DG_CREDENTIAL_BEARER, DG_CREDENTIAL_X_API_KEY, DG_CREDENTIAL_API_KEY,
      DG_CREDENTIAL_X_GOOG_API_KEY, DG_CREDENTIAL_ARGUMENT }
};


/* names that come and go between requests of one and the same client */

static const dg_str_t  dg_identity_unsteady[] = {
    dg_string("content-length"),
    dg_string("transfer-encoding"),
    dg_string("content-type"),
    dg_string("expect"),
    dg_string("connection"),
    dg_string("cookie"),
    dg_string("traceparent"),
    dg_string("tracestate"),
    dg_string("baggage"),
    dg_string("x-request-id"),
    dg_string("idempotency-key")
};


void
dg_identity_init(dg_identity_t *who, const dg_hash_key_t *key,
    unsigned version)
{
    u_char  ch;

    memset(who, 0, offsetof(dg_identity_t, text));

    who->key = key;
    ch = (u_char) version;

    dg_hash_init(&who->client, key, DG_HASH_CLIENT);
    dg_hash_update(&who->client, &ch, 1);
}


void
dg_identity_header(dg_identity_t *who, const dg_str_t *name,
    const dg_str_t *value)
{
    size_t     i;
    u_char     lower[32];
    dg_id_t    id;
    dg_str_t   s, text;

    static const dg_str_t  agent = dg_string("user-agent");

    text.len = dg_min(name->len, sizeof(lower));
    text.data = lower;

    for (i = 0; i < text.len; i++) {
        lower[i] = dg_identity_lower(name->data[i]);
    }

    if (dg_identity_named(&text, &agent)) {
        dg_identity_agent(who, value);
    }

    for (i = 0; i < dg_nelts(dg_identity_unsteady); i++) {
        if (dg_identity_named(&text, &dg_identity_unsteady[i])) {
            return;
        }
    }

    dg_identity_trait(who, &text);

    for (i = 0; i < dg_nelts(dg_identity_headers); i++) {

        if (!dg_identity_named(&text, &dg_identity_headers[i])) {
            continue;
        }

        s = *value;

        if (i == DG_CREDENTIAL_BEARER && !dg_identity_bearer(&s)) {
            return;
        }

        while (s.len && *s.data == ' ') {
            s.data++;
            s.len--;
        }

        if (s.len) {
            id = dg_hash(who->key, DG_HASH_KEY, s.data, s.len);
            dg_identity_found(who, (dg_credential_t) i, &id);
        }

        return;
    }
}


/* percent-encoding must not make another key of the same credential */

void
dg_identity_query(dg_identity_t *who, const dg_str_t *query)
{
    size_t         len;
    u_char         ch;
    dg_id_t        id;
    dg_hash_t      hash;
    const u_char  *p, *last;

    p = query->data;
    last = p + query->len;

    while (last - p >= 4 && memcmp(p, "key=", 4) != 0) {

        p = memchr(p, '&', last - p);
        if (p == NULL) {
            return;
        }

        p++;
    }

    if (last - p <= 4) {
        return;
    }

    p += 4;
    len = 0;

    dg_hash_init(&hash, who->key, DG_HASH_KEY);

    while (p < last && *p != '&') {
        ch = *p++;

        if (ch == '%' && last - p >= 2 && dg_identity_hex(p[0]) >= 0
            && dg_identity_hex(p[1]) >= 0)
        {
            ch = (u_char) (dg_identity_hex(p[0]) << 4
                           | dg_identity_hex(p[1]));
            p += 2;
        }

        dg_hash_update(&hash, &ch, 1);
        len++;
    }

    if (len) {
        id = dg_hash_final(&hash);
        dg_identity_found(who, DG_CREDENTIAL_ARGUMENT, &id);
    }
}


/* short texts are gathered: each call of the hash has a price */

void
dg_identity_trait(dg_identity_t *who, const dg_str_t *trait)
{
    size_t  len;

    len = dg_min(trait->len, sizeof(who->text) - 1);

    if (len + 1 > sizeof(who->text) - who->len) {
        dg_hash_update(&who->client, who->text, who->len);
        who->len = 0;
    }

    memcpy(who->text + who->len, trait->data, len);
    who->len += (unsigned) len;
    who->text[who->len++] = '\n';
}


dg_id_t
dg_identity_key(dg_identity_t *who, dg_shape_t shape)
{
    size_t         i;
    const u_char  *order;

    static const dg_id_t  none;

    order = dg_identity_orders[shape];

    for (i = 0; i < DG_CREDENTIALS; i++) {
        if (!dg_id_none(&who->found[order[i]])) {
            return who->found[order[i]];
        }
    }

    return none;
}


dg_id_t
dg_identity_client(dg_identity_t *who)
{
    dg_hash_update(&who->client, who->text, who->len);

    return dg_hash_final(&who->client);
}


static void
dg_identity_found(dg_identity_t *who, dg_credential_t place,
    const dg_id_t *id)
{
    size_t  i;

    for (i = 0; i < DG_CREDENTIALS; i++) {
        if (!dg_id_none(&who->found[i]) && !dg_id_equal(&who->found[i], id)) {
            who->several = 1;
        }
    }

    /* of one header that stands twice the first is it */

    if (dg_id_none(&who->found[place])) {
        who->found[place] = *id;
    }
}


/* "OpenAI/JS 6.49.0" and "OpenAI/JS 7.1.0" are one family */

static void
dg_identity_agent(dg_identity_t *who, const dg_str_t *agent)
{
    size_t    len;
    dg_str_t  family;

    for (len = 0; len < agent->len; len++) {
        if (agent->data[len] >= '0' && agent->data[len] <= '9') {
            break;
        }
    }

    family.data = agent->data;
    family.len = len;

    dg_identity_trait(who, &family);
}


/* takes the scheme off, which may be in any case */

static int
dg_identity_bearer(dg_str_t *value)
{
    size_t  i;

    static const dg_str_t  bearer = dg_string("bearer ");

    if (value->len < bearer.len) {
        return 0;
    }

    for (i = 0; i < bearer.len; i++) {
        if (dg_identity_lower(value->data[i]) != bearer.data[i]) {
            return 0;
        }
    }

    value->data += bearer.len;
    value->len -= bearer.len;

    return 1;
}


static int
dg_identity_named(const dg_str_t *lower, const dg_str_t *name)
{
    return lower->len == name->len
           && memcmp(lower->data, name->data, name->len) == 0;
}


static u_char
dg_identity_lower(u_char ch)
{
    return ch >= 'A' && ch <= 'Z' ? (u_char) (ch | 0x20) : ch;
}


/* -1 if it is no hex digit */

static int
dg_identity_hex(u_char ch)
{
    if (ch >= '0' && ch <= '9') {
        return ch - '0';
    }

    ch = dg_identity_lower(ch);

    return ch >= 'a' && ch <= 'f' ? ch - 'a' + 10 : -1;
}
