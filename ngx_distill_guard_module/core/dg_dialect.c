/*
 * Copyright (C) 2026 Distill Guard
 *
 * Paths are told by how they end: the first line that fits decides, so the
 * longer ending stands before the shorter.
 */


#include "dg_dialect.h"


typedef struct {
    dg_str_t           end;      /* with ":", what is called on a model */
    dg_str_t           part;     /* must stand before it, may be empty */
    dg_dialect_id_t    dialect;
    dg_shape_t         shape;
    unsigned           stream;
} dg_dialect_path_t;


/* what tells whose error body an endpoint wears that is not read */

typedef struct {
    dg_str_t           part;
    dg_shape_t         shape;
} dg_dialect_hint_t;


static int dg_dialect_compile(dg_json_schema_t *schema,
    const dg_json_path_t *paths, unsigned flags);
static const dg_dialect_path_t *dg_dialect_path(const dg_str_t *path);
static void dg_dialect_model(dg_str_t *model, const dg_str_t *path,
    const dg_str_t *end);
static const u_char *dg_dialect_find(const dg_str_t *path,
    const dg_str_t *part);


const dg_dialect_t  dg_dialects[DG_DIALECTS] = {

    { dg_string("none"), DG_SHAPE_OPENAI, NULL, NULL, 0 },

    { dg_string("openai.chat"), DG_SHAPE_OPENAI,
      dg_openai_chat_request, dg_openai_chat_response, 0 },

    { dg_string("openai.responses"), DG_SHAPE_OPENAI,
      dg_openai_responses_request, dg_openai_responses_response, 0 },

    { dg_string("openai.completions"), DG_SHAPE_OPENAI,
      dg_openai_completions_request, dg_openai_completions_response, 0 },

    { dg_string("openai.embeddings"), DG_SHAPE_OPENAI,
      dg_openai_embeddings_request, dg_openai_embeddings_response, 0 },

    { dg_string("anthropic.messages"), DG_SHAPE_ANTHROPIC,
      dg_anthropic_request, dg_anthropic_response, 0 },

    { dg_string("gemini.generate"), DG_SHAPE_GEMINI,
      dg_gemini_request, dg_gemini_response, DG_JSON_ROOT_ITEMS },

    { dg_string("ollama.chat"), DG_SHAPE_OLLAMA,
      dg_ollama_request, dg_ollama_response, DG_JSON_SEQUENCE },

    { dg_string("ollama.generate"), DG_SHAPE_OLLAMA,
      dg_ollama_request, dg_ollama_response, DG_JSON_SEQUENCE }
};


#define any  dg_string("")

static const dg_dialect_path_t  dg_dialect_paths[] = {

    { dg_string("/chat/completions"), any,
      DG_OPENAI_CHAT, DG_SHAPE_OPENAI, 0 },

    { dg_string("/completions"), any,
      DG_OPENAI_COMPLETIONS, DG_SHAPE_OPENAI, 0 },

    /* llama.cpp */
    { dg_string("/completion"), any,
      DG_OPENAI_COMPLETIONS, DG_SHAPE_OPENAI, 0 },

    { dg_string("/responses"), any,
      DG_OPENAI_RESPONSES, DG_SHAPE_OPENAI, 0 },

    { dg_string("/api/embeddings"), any,
      DG_OPENAI_EMBEDDINGS, DG_SHAPE_OLLAMA, 0 },

    { dg_string("/api/embed"), any,
      DG_OPENAI_EMBEDDINGS, DG_SHAPE_OLLAMA, 0 },

    { dg_string("/embeddings"), any,
      DG_OPENAI_EMBEDDINGS, DG_SHAPE_OPENAI, 0 },

    /* a message put into a thread asks for nothing yet */
    { dg_string("/messages"), dg_string("/threads/"),
      DG_DIALECT_NONE, DG_SHAPE_OPENAI, 0 },

    { dg_string("/messages"), any,
      DG_ANTHROPIC_MESSAGES, DG_SHAPE_ANTHROPIC, 0 },

    { dg_string(":rawPredict"), dg_string("/publishers/anthropic/"),
      DG_ANTHROPIC_MESSAGES, DG_SHAPE_ANTHROPIC, 0 },

    { dg_string(":streamRawPredict"), dg_string("/publishers/anthropic/"),
      DG_ANTHROPIC_MESSAGES, DG_SHAPE_ANTHROPIC, 1 },

    { dg_string(":generateContent"), any,
      DG_GEMINI_GENERATE, DG_SHAPE_GEMINI, 0 },

    { dg_string(":streamGenerateContent"), any,
      DG_GEMINI_GENERATE, DG_SHAPE_GEMINI, 1 },

    { dg_string("/api/chat"), any,
      DG_OLLAMA_CHAT, DG_SHAPE_OLLAMA, 0 },

    { dg_string("/api/generate"), any,
      DG_OLLAMA_GENERATE, DG_SHAPE_OLLAMA, 0 }
};

#undef any


static const dg_dialect_hint_t  dg_dialect_hints[] = {
    { dg_string("/openai/"), DG_SHAPE_OPENAI },
    { dg_string("/threads/"), DG_SHAPE_OPENAI },
    { dg_string("/anthropic/"), DG_SHAPE_ANTHROPIC },
    { dg_string("/messages"), DG_SHAPE_ANTHROPIC },
    { dg_string("/v1beta/"), DG_SHAPE_GEMINI },
    { dg_string("/publishers/google/"), DG_SHAPE_GEMINI },
    { dg_string(":countTokens"), DG_SHAPE_GEMINI },
    { dg_string(":embedContent"), DG_SHAPE_GEMINI },
    { dg_string(":batchEmbedContents"), DG_SHAPE_GEMINI },
    { dg_string("/api/chat"), DG_SHAPE_OLLAMA },
    { dg_string("/api/generate"), DG_SHAPE_OLLAMA },
    { dg_string("/api/ps"), DG_SHAPE_OLLAMA },
    { dg_string("/api/show"), DG_SHAPE_OLLAMA },
    { dg_string("/api/tags"), DG_SHAPE_OLLAMA }
};


/* in the path before the endpoint, at Azure and older servers */

static const dg_str_t  dg_dialect_models[] = {
    dg_string("/deployments/"), dg_string("/engines/")
};


static dg_json_schema_t  dg_dialect_requests[DG_DIALECTS];
static dg_json_schema_t  dg_dialect_responses[DG_DIALECTS];


int
dg_dialect_init(void)
{
    unsigned             i;
    const dg_dialect_t  *dialect;

    for (i = DG_DIALECT_NONE + 1; i < DG_DIALECTS; i++) {
        dialect = &dg_dialects[i];

        if (dg_dialect_compile(&dg_dialect_requests[i], dialect->request, 0)
            != DG_OK)
        {
            return DG_ERROR;
        }

        if (dg_dialect_compile(&dg_dialect_responses[i], dialect->response,
                               dialect->response_flags)
            != DG_OK)
        {
            return DG_ERROR;
        }
    }

    return DG_OK;
}


const dg_json_schema_t *
dg_dialect_request_schema(dg_dialect_id_t dialect)
{
    return &dg_dialect_requests[dialect];
}


const dg_json_schema_t *
dg_dialect_response_schema(dg_dialect_id_t dialect)
{
    return &dg_dialect_responses[dialect];
}


void
dg_dialect_match(dg_endpoint_t *ep, const dg_str_t *method,
    const dg_str_t *path)
{
    size_t                    i;
    dg_str_t                  p;
    const dg_dialect_path_t  *found;

    memset(ep, 0, sizeof(dg_endpoint_t));

    p = *path;

    if (p.len && p.data[p.len - 1] == '/') {
        p.len--;
    }

    if (method->len == 4 && memcmp(method->data, "POST", 4) == 0) {
        found = dg_dialect_path(&p);

        if (found && found->dialect != DG_DIALECT_NONE) {
            ep->dialect = found->dialect;
            ep->shape = found->shape;
            ep->charged = 1;
            ep->stream = found->stream & 1;

            dg_dialect_model(&ep->model, &p, &found->end);

            return;
        }
    }

    for (i = 0; i < dg_nelts(dg_dialect_hints); i++) {
        if (dg_dialect_find(&p, &dg_dialect_hints[i].part)) {
            ep->shape = dg_dialect_hints[i].shape;
            return;
        }
    }
}


static int
dg_dialect_compile(dg_json_schema_t *schema, const dg_json_path_t *paths,
    unsigned flags)
{
    size_t  n;

    for (n = 0; paths[n].path; n++) { /* void */ }

    return dg_json_schema(schema, paths, n, flags);
}


static const dg_dialect_path_t *
dg_dialect_path(const dg_str_t *path)
{
    size_t                    i;
    const u_char             *last;
    const dg_dialect_path_t  *p;

    last = path->data + path->len;

    for (i = 0; i < dg_nelts(dg_dialect_paths); i++) {
        p = &dg_dialect_paths[i];

        if (path->len >= p->end.len
            && memcmp(last - p->end.len, p->end.data, p->end.len) == 0
            && (p->part.len == 0 || dg_dialect_find(path, &p->part)))
        {
            return p;
        }
    }

    return NULL;
}


static void
dg_dialect_model(dg_str_t *model, const dg_str_t *path, const dg_str_t *end)
{
    size_t         i;
    const u_char  *p, *last;

    last = path->data + path->len - end->len;

    if (*end->data == ':') {

        for (p = last; p > path->data && p[-1] != '/'; p--) { /* void */ }

        model->data = p;
        model->len = last - p;

        return;
    }

    for (i = 0; i < dg_nelts(dg_dialect_models); i++) {
        p = dg_dialect_find(path, &dg_dialect_models[i]);

        if (p) {
            model->data = p;

            while (p < last && *p != '/') {
                p++;
            }

            model->len = p - model->data;

            return;
        }
    }
}


/* returns what stands behind the part */

static const u_char *
dg_dialect_find(const dg_str_t *path, const dg_str_t *part)
{
    const u_char  *p, *last;

    if (path->len < part->len) {
        return NULL;
    }

    last = path->data + path->len - part->len;

    for (p = path->data; p <= last; p++) {
        if (*p == *part->data && memcmp(p, part->data, part->len) == 0) {
            return p + part->len;
        }
    }

    return NULL;
}
