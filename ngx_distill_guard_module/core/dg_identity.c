/*
 * Copyright (C) 2026 Distill Guard
 */


#include "dg_identity.h"
#include "dg_word.h"


/* what a header is, beside a credential by its place */

#define DG_IDENTITY_TRAIT     DG_CREDENTIALS
#define DG_IDENTITY_AGENT     (DG_CREDENTIALS + 1)
#define DG_IDENTITY_UNSTEADY  (DG_CREDENTIALS + 2)  /* comes and goes between
                                        requests of one and the same client */
#define DG_IDENTITY_PLATFORM  (DG_CREDENTIALS + 3)  /* and, after it, the next
                                        of platform[] */

#define DG_IDENTITY_NAME  32     /* a multiple of 8; longer names are cut */


typedef struct {
    dg_str_t       text;         /* lower case */
    unsigned       what;
} dg_identity_name_t;


/*
 * SDKs made by Stainless call themselves "OpenAI/Python 2.1.0",
 * "AsyncAnthropic/Python 0.70.0" or "OpenAI::Client/Ruby 0.30.0", and say the
 * same in headers of their own.
 */

typedef struct {
    dg_str_t       agent;        /* in the user agent */
    dg_str_t       lang;         /* in x-stainless-lang */
    unsigned       always;       /* sends them since its first version */
} dg_identity_sdk_t;


static unsigned dg_identity_what(const dg_str_t *lower);
static void dg_identity_credential(dg_identity_t *who, dg_credential_t place,
    const dg_str_t *value);
static void dg_identity_found(dg_identity_t *who, dg_credential_t place,
    const dg_id_t *id);
static void dg_identity_agent(dg_identity_t *who, const dg_str_t *agent);
static void dg_identity_sdk(dg_identity_t *who, const dg_str_t *agent);
static int dg_identity_vendor(const dg_str_t *name);
static int dg_identity_begins(const dg_str_t *text, const dg_str_t *with);
static void dg_identity_word(dg_identity_word_t *word, const u_char *text,
    size_t len);
static int dg_identity_bearer(dg_str_t *value);
static u_char dg_identity_lower(u_char ch);
static uint64_t dg_identity_lower_word(uint64_t w);
static int dg_identity_hex(u_char ch);


/* the shorter first */

static const dg_identity_name_t  dg_identity_names[] = {
    { dg_string("expect"), DG_IDENTITY_UNSTEADY },
    { dg_string("cookie"), DG_IDENTITY_UNSTEADY },
    { dg_string("api-key"), DG_CREDENTIAL_API_KEY },
    { dg_string("baggage"), DG_IDENTITY_UNSTEADY },
    { dg_string("x-api-key"), DG_CREDENTIAL_X_API_KEY },
    { dg_string("user-agent"), DG_IDENTITY_AGENT },
    { dg_string("connection"), DG_IDENTITY_UNSTEADY },
    { dg_string("tracestate"), DG_IDENTITY_UNSTEADY },
    { dg_string("traceparent"), DG_IDENTITY_UNSTEADY },
    { dg_string("content-type"), DG_IDENTITY_UNSTEADY },
    { dg_string("x-request-id"), DG_IDENTITY_UNSTEADY },
    { dg_string("authorization"), DG_CREDENTIAL_BEARER },
    { dg_string("content-length"), DG_IDENTITY_UNSTEADY },
    { dg_string("x-goog-api-key"), DG_CREDENTIAL_X_GOOG_API_KEY },
    { dg_string("idempotency-key"), DG_IDENTITY_UNSTEADY },
    { dg_string("x-stainless-lang"), DG_IDENTITY_PLATFORM },
    { dg_string("transfer-encoding"), DG_IDENTITY_UNSTEADY },
    { dg_string("x-stainless-package-version"), DG_IDENTITY_PLATFORM + 1 }
};


static const dg_identity_sdk_t  dg_identity_sdks[] = {
    { dg_string("Python "), dg_string("python"), 1 },
    { dg_string("JS "), dg_string("js"), 1 },
    { dg_string("Go "), dg_string("go"), 0 },
    { dg_string("Java "), dg_string("java"), 0 },
    { dg_string("Ruby "), dg_string("ruby"), 0 }
};


/* an SDK that goes through one of these puts its own name in its place */

static const dg_str_t  dg_identity_libraries[] = {
    dg_string("Go-http-client/"),
    dg_string("python-requests/"),
    dg_string("node-fetch/")
};


/* in the names of the SDKs' clients */

static const dg_str_t  dg_identity_vendors[] = {
    dg_string("OpenAI"),
    dg_string("Anthropic")
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
    u_char     lower[DG_IDENTITY_NAME];
    dg_str_t   text;
    uint64_t   w;
    unsigned   what;

    text.len = dg_min(name->len, sizeof(lower));
    text.data = lower;

    memset(lower, 0, sizeof(lower));
    memcpy(lower, name->data, text.len);

    for (i = 0; i < text.len; i += sizeof(w)) {
        memcpy(&w, lower + i, sizeof(w));
        w = dg_identity_lower_word(w);
        memcpy(lower + i, &w, sizeof(w));
    }

    what = dg_identity_what(&text);

    if (what == DG_IDENTITY_UNSTEADY) {
        return;
    }

    if (what == DG_IDENTITY_AGENT) {
        dg_identity_agent(who, value);
    }

    dg_identity_trait(who, &text);

    if (what < DG_CREDENTIALS) {
        dg_identity_credential(who, (dg_credential_t) what, value);

    } else if (what >= DG_IDENTITY_PLATFORM) {
        dg_identity_word(&who->platform[what - DG_IDENTITY_PLATFORM],
                         value->data, value->len);
    }
}


static unsigned
dg_identity_what(const dg_str_t *lower)
{
    size_t                     i;
    const dg_identity_name_t  *name;

    for (i = 0; i < dg_nelts(dg_identity_names); i++) {
        name = &dg_identity_names[i];

        if (name->text.len < lower->len) {
            continue;
        }

        if (name->text.len > lower->len) {
            break;
        }

        if (memcmp(name->text.data, lower->data, lower->len) == 0) {
            return name->what;
        }
    }

    return DG_IDENTITY_TRAIT;
}


static void
dg_identity_credential(dg_identity_t *who, dg_credential_t place,
    const dg_str_t *value)
{
    dg_id_t   id;
    dg_str_t  s;

    s = *value;

    if (place == DG_CREDENTIAL_BEARER && !dg_identity_bearer(&s)) {
        return;
    }

    while (s.len && *s.data == ' ') {
        s.data++;
        s.len--;
    }

    if (s.len) {
        id = dg_hash(who->key, DG_HASH_KEY, s.data, s.len);
        dg_identity_found(who, place, &id);
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
    dg_identity_sdk(who, agent);
}


static void
dg_identity_sdk(dg_identity_t *who, const dg_str_t *agent)
{
    size_t                    i;
    dg_str_t                  name, rest;
    const u_char             *slash;
    const dg_identity_sdk_t  *sdk;

    for (i = 0; i < dg_nelts(dg_identity_libraries); i++) {
        if (dg_identity_begins(agent, &dg_identity_libraries[i])) {
            who->library = 1;
            return;
        }
    }

    slash = agent->len ? memchr(agent->data, '/', agent->len) : NULL;
    if (slash == NULL) {
        return;
    }

    name.data = agent->data;
    name.len = slash - agent->data;
    rest.data = slash + 1;
    rest.len = agent->len - name.len - 1;

    if (!dg_identity_vendor(&name)) {
        return;
    }

    for (i = 0; i < dg_nelts(dg_identity_sdks); i++) {
        sdk = &dg_identity_sdks[i];

        if (!dg_identity_begins(&rest, &sdk->agent)) {
            continue;
        }

        rest.data += sdk->agent.len;
        rest.len -= sdk->agent.len;

        who->stainless = sdk->always;
        dg_identity_word(&who->agent[0], sdk->lang.data, sdk->lang.len);
        dg_identity_word(&who->agent[1], rest.data, rest.len);
        return;
    }
}


/* "OpenAI", "AsyncAnthropic", "AzureOpenAI", "AnthropicBedrock" */

static int
dg_identity_vendor(const dg_str_t *name)
{
    size_t    i;
    dg_str_t  rest;

    for (rest = *name; rest.len; rest.data++, rest.len--) {
        for (i = 0; i < dg_nelts(dg_identity_vendors); i++) {
            if (dg_identity_begins(&rest, &dg_identity_vendors[i])) {
                return 1;
            }
        }
    }

    return 0;
}


static int
dg_identity_begins(const dg_str_t *text, const dg_str_t *with)
{
    return text->len >= with->len
           && memcmp(text->data, with->data, with->len) == 0;
}


/* up to a space, in lower case; of what is said twice the first is it */

static void
dg_identity_word(dg_identity_word_t *word, const u_char *text, size_t len)
{
    if (word->len) {
        return;
    }

    while (word->len < dg_min(len, DG_IDENTITY_WORD)
           && text[word->len] != ' ')
    {
        word->text[word->len] = dg_identity_lower(text[word->len]);
        word->len++;
    }
}


unsigned
dg_identity_relay(const dg_identity_t *who)
{
    unsigned                   i;
    const dg_identity_word_t  *agent, *platform;

    agent = who->agent;
    platform = who->platform;

    if (who->library) {
        return platform[0].len != 0;
    }

    if (agent[0].len == 0) {
        return 0;
    }

    if (platform[0].len == 0) {
        return who->stainless;
    }

    for (i = 0; i < 2; i++) {
        if (agent[i].len && platform[i].len
            && (agent[i].len != platform[i].len
                || memcmp(agent[i].text, platform[i].text, agent[i].len) != 0))
        {
            return 1;
        }
    }

    return 0;
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


static u_char
dg_identity_lower(u_char ch)
{
    return ch >= 'A' && ch <= 'Z' ? (u_char) (ch | 0x20) : ch;
}


/* eight characters; the highest bit of each tells in what range it is */

static uint64_t
dg_identity_lower_word(uint64_t w)
{
    uint64_t  low, from_a, above_z;

    low = w & ~DG_WORD_HIGHS;
    from_a = low + (0x80 - 'A') * DG_WORD_ONES;
    above_z = low + (0x7f - 'Z') * DG_WORD_ONES;

    return w | (((from_a ^ above_z) & ~w & DG_WORD_HIGHS) >> 2);
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
