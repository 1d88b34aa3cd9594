/*
 * Copyright (C) 2026 Distill Guard
 */


#include "dg_test.h"
#include "dg_identity.h"


static dg_hash_key_t  key = { { 1, 2 } };


static void
header(dg_identity_t *who, const char *name, const char *value)
{
    dg_str_t  n, v;

    n.data = (const u_char *) name;
    n.len = strlen(name);
    v.data = (const u_char *) value;
    v.len = strlen(value);

    dg_identity_header(who, &n, &v);
}


static dg_id_t
key_of(const char *name, const char *value, const char *query,
    unsigned *several)
{
    dg_str_t       q;
    dg_identity_t  who;

    dg_identity_init(&who, &key, 1);

    if (name) {
        header(&who, name, value);
    }

    q.data = (const u_char *) query;
    q.len = strlen(query);

    dg_identity_query(&who, &q);

    *several = who.several;

    return dg_identity_key(&who, DG_SHAPE_OPENAI);
}


static void
credentials(void)
{
    size_t    i;
    dg_id_t   one, id;
    unsigned  several;

    static const struct {
        const char  *name;
        const char  *value;
        const char  *query;
        int          same;       /* as "sk-one"; -1: none */
        unsigned     several;
    } cases[] = {
        { "AUTHORIZATION", "BEARER sk-one", "", 1, 0 },
        { "Authorization", "Bearer    sk-one", "", 1, 0 },
        { "Authorization", "Bearer sk-on", "", 0, 0 },
        { "Authorization", "Bearer ", "", -1, 0 },
        { "Authorization", "Bearer", "", -1, 0 },
        { "Authorization", "sk-one", "", -1, 0 },
        { "Authorization", "", "", -1, 0 },
        { "X-Api-Key", "sk-one", "", 1, 0 },
        { "Api-Key", "sk-one", "", 1, 0 },
        { "X-Goog-Api-Key", "sk-one", "", 1, 0 },
        { "X-Api-Keys", "sk-one", "", -1, 0 },
        { NULL, NULL, "key=sk-one", 1, 0 },
        { NULL, NULL, "alt=sse&key=sk-one&x=1", 1, 0 },
        { NULL, NULL, "key=%73k%2done", 1, 0 },
        { NULL, NULL, "key=%73k%2Done", 1, 0 },
        { NULL, NULL, "key=sk-one%", 0, 0 },
        { NULL, NULL, "key=sk-one%4", 0, 0 },
        { NULL, NULL, "key=sk-one%zz", 0, 0 },
        { NULL, NULL, "key=", -1, 0 },
        { NULL, NULL, "key", -1, 0 },
        { NULL, NULL, "monkey=sk-one", -1, 0 },
        { NULL, NULL, "", -1, 0 },
        { NULL, NULL, "&&&", -1, 0 },
        { "X-Api-Key", "sk-one", "key=sk-one", 1, 0 },
        { "X-Api-Key", "sk-one", "key=sk-two", 1, 1 },
        { "X-Api-Key", "sk-two", "key=sk-one", 0, 1 }
    };

    one = dg_hash(&key, DG_HASH_KEY, (const u_char *) "sk-one", 6);

    for (i = 0; i < dg_nelts(cases); i++) {
        id = key_of(cases[i].name, cases[i].value, cases[i].query, &several);

        dg_ok((cases[i].same == -1) == dg_id_none(&id)
              && (cases[i].same == 1) == dg_id_equal(&id, &one)
              && several == cases[i].several,
              "%s: %s ?%s", cases[i].name ? cases[i].name : "-",
              cases[i].name ? cases[i].value : "-", cases[i].query);
    }
}


static void
orders(void)
{
    size_t         i;
    dg_id_t        id, got;
    dg_str_t       query = dg_string("key=argument");
    dg_identity_t  who;

    static const struct {
        dg_shape_t    shape;
        const char   *first;
    } cases[] = {
        { DG_SHAPE_OPENAI, "bearer" },
        { DG_SHAPE_ANTHROPIC, "x-api-key" },
        { DG_SHAPE_GEMINI, "x-goog-api-key" },
        { DG_SHAPE_OLLAMA, "bearer" }
    };

    dg_identity_init(&who, &key, 1);

    header(&who, "x-api-key", "x-api-key");
    header(&who, "x-goog-api-key", "x-goog-api-key");
    header(&who, "Authorization", "Bearer bearer");
    header(&who, "Authorization", "Bearer another");
    dg_identity_query(&who, &query);

    for (i = 0; i < dg_nelts(cases); i++) {
        id = dg_hash(&key, DG_HASH_KEY, (const u_char *) cases[i].first,
                     strlen(cases[i].first));
        got = dg_identity_key(&who, cases[i].shape);

        dg_ok(dg_id_equal(&got, &id), "%s first", cases[i].first);
    }
}


static dg_id_t
client_of(const char **fields)
{
    dg_identity_t  who;

    dg_identity_init(&who, &key, 1);

    for ( /* void */ ; *fields; fields += 2) {
        header(&who, fields[0], fields[1]);
    }

    return dg_identity_client(&who);
}


static void
clients(void)
{
    dg_id_t  one, id;

    const char  *base[] = { "Accept", "a", "User-Agent", "Sdk/JS 1.2", NULL };
    const char  *lower[] = { "accept", "b", "user-agent", "Sdk/JS 3", NULL };
    const char  *more[] = { "Accept", "a", "Content-Length", "7",
                            "User-Agent", "Sdk/JS 1.2", NULL };
    const char  *order[] = { "User-Agent", "Sdk/JS 1.2", "Accept", "a", NULL };
    const char  *agent[] = { "Accept", "a", "User-Agent", "Sdk/Go 1.2", NULL };
    const char  *split[] = { "Acc", "a", "ept", "b", "User-Agent",
                             "Sdk/JS 1.2", NULL };

    one = client_of(base);

    id = client_of(lower);
    dg_ok(dg_id_equal(&one, &id), "values, case, version do not count");
    id = client_of(more);
    dg_ok(dg_id_equal(&one, &id), "nor headers that come and go");
    id = client_of(order);
    dg_ok(!dg_id_equal(&one, &id), "the order does");
    id = client_of(agent);
    dg_ok(!dg_id_equal(&one, &id), "the agent does");
    id = client_of(split);
    dg_ok(!dg_id_equal(&one, &id), "names are kept apart");
}


static void
relays(void)
{
    size_t         i;
    dg_identity_t  who;

    static const struct {
        const char  *agent;
        const char  *lang;
        const char  *version;
        unsigned     relay;
    } cases[] = {

        /* what the SDKs send */

        { "OpenAI/JS 6.49.0", "js", "6.49.0", 0 },
        { "OpenAI/Python 1.30.1", "python", "1.30.1", 0 },
        { "AsyncOpenAI/Python 1.30.1", "python", "1.30.1", 0 },
        { "Anthropic/JS 1.12.0", "js", "1.12.0", 0 },
        { "AnthropicBedrock/Python 0.70.0", "python", "0.70.0", 0 },
        { "OpenAI/Go 1.2.0", "go", "1.2.0", 0 },
        { "OpenAI::Client/Ruby 0.30.0", "ruby", "0.30.0", 0 },
        { "Anthropic/JS 1.12.0 agent", "js", "1.12.0", 0 },

        /* a name of its user's own, or the name of a browser */

        { "claude-cli/2.1.0 (external, cli)", "js", "0.94.0", 0 },
        { "my-product/7", "python", "1.30.1", 0 },
        { NULL, "python", "1.30.1", 0 },

        /* what never sends such headers */

        { "Go-http-client/1.1", NULL, NULL, 0 },
        { "python-requests/2.32.3", NULL, NULL, 0 },
        { "ai-sdk/openai/3.0.141 runtime/node.js/v20.20.2", NULL, NULL, 0 },
        { "google-genai-sdk/2.32.0 gl-node/v20.20.2", NULL, NULL, 0 },
        { "OpenAI/v1 PythonBindings/0.27.8", NULL, NULL, 0 },
        { "OpenAI/NodeJS/3.2.1", NULL, NULL, 0 },
        { "OpenAI/Go 1.2.0", NULL, NULL, 0 },
        { "curl/7.88.1", NULL, NULL, 0 },
        { "OpenAI", NULL, NULL, 0 },
        { "/JS 1", NULL, NULL, 0 },
        { "", NULL, NULL, 0 },
        { NULL, NULL, NULL, 0 },

        /* made up, or half of it taken away */

        { "OpenAI/Python 1.30.1", NULL, NULL, 1 },
        { "Anthropic/JS 1.12.0", NULL, NULL, 1 },
        { "OpenAI/Python 1.30.1", NULL, "1.30.1", 1 },
        { "OpenAI/Python 1.30.1", "js", "1.30.1", 1 },
        { "OpenAI/Python 1.30.1", "python", "1.3.1", 1 },
        { "OpenAI/Python 1.30.1", "python", "1.30.12", 1 },
        { "OpenAI/Go 1.2.0", "python", "1.2.0", 1 },
        { "Go-http-client/2.0", "js", "6.49.0", 1 },
        { "python-requests/2.32.3", "python", "1.30.1", 1 },
        { "node-fetch/1.0", "js", NULL, 1 }
    };

    for (i = 0; i < dg_nelts(cases); i++) {
        dg_identity_init(&who, &key, 1);

        if (cases[i].version) {
            header(&who, "X-Stainless-Package-Version", cases[i].version);
        }

        if (cases[i].agent) {
            header(&who, "User-Agent", cases[i].agent);
        }

        if (cases[i].lang) {
            header(&who, "x-stainless-lang", cases[i].lang);
        }

        dg_ok(dg_identity_relay(&who) == cases[i].relay, "%s: %s, %s, %s",
              cases[i].relay ? "a relay" : "none",
              cases[i].agent ? cases[i].agent : "-",
              cases[i].lang ? cases[i].lang : "-",
              cases[i].version ? cases[i].version : "-");
    }
}


int
main(void)
{
    credentials();
    orders();
    clients();
    relays();

    return dg_done();
}
