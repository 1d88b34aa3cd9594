/*
 * Copyright (C) 2026 Distill Guard
 *
 * Which endpoint a method and a path are, and whether it is charged.
 */


#include "dg_dialect.h"
#include "dg_test.h"


static const struct {
    const char       *method;
    const char       *path;
    dg_dialect_id_t   dialect;
    dg_shape_t        shape;
    unsigned          stream;
    const char       *model;
} cases[] = {

    { "POST", "/v1/chat/completions", DG_OPENAI_CHAT, DG_SHAPE_OPENAI, 0, "" },
    { "POST", "/api/v1/chat/completions", DG_OPENAI_CHAT, DG_SHAPE_OPENAI, 0,
      "" },
    { "POST", "/chat/completions", DG_OPENAI_CHAT, DG_SHAPE_OPENAI, 0, "" },
    { "POST", "/v1/chat/completions/", DG_OPENAI_CHAT, DG_SHAPE_OPENAI, 0,
      "" },
    { "POST", "/v1beta/openai/chat/completions", DG_OPENAI_CHAT,
      DG_SHAPE_OPENAI, 0, "" },
    { "POST", "/v1/projects/p/locations/l/endpoints/openapi/chat/completions",
      DG_OPENAI_CHAT, DG_SHAPE_OPENAI, 0, "" },
    { "POST", "/openai/deployments/my-gpt/chat/completions", DG_OPENAI_CHAT,
      DG_SHAPE_OPENAI, 0, "my-gpt" },
    { "POST", "/openai/deployments/emb/embeddings", DG_OPENAI_EMBEDDINGS,
      DG_SHAPE_OPENAI, 0, "emb" },
    { "POST", "/v1/engines/davinci/completions", DG_OPENAI_COMPLETIONS,
      DG_SHAPE_OPENAI, 0, "davinci" },
    { "POST", "/v1/completions", DG_OPENAI_COMPLETIONS, DG_SHAPE_OPENAI, 0,
      "" },
    { "POST", "/completion", DG_OPENAI_COMPLETIONS, DG_SHAPE_OPENAI, 0, "" },
    { "POST", "/v1/responses", DG_OPENAI_RESPONSES, DG_SHAPE_OPENAI, 0, "" },
    { "POST", "/openai/v1/responses", DG_OPENAI_RESPONSES, DG_SHAPE_OPENAI, 0,
      "" },
    { "POST", "/v1/embeddings", DG_OPENAI_EMBEDDINGS, DG_SHAPE_OPENAI, 0,
      "" },

    { "POST", "/v1/messages", DG_ANTHROPIC_MESSAGES, DG_SHAPE_ANTHROPIC, 0,
      "" },
    { "POST", "/anthropic/v1/messages", DG_ANTHROPIC_MESSAGES,
      DG_SHAPE_ANTHROPIC, 0, "" },
    { "POST", "/v1/projects/p/locations/l/publishers/anthropic/models/"
      "claude-sonnet-4@20250514:rawPredict", DG_ANTHROPIC_MESSAGES,
      DG_SHAPE_ANTHROPIC, 0, "claude-sonnet-4@20250514" },
    { "POST", "/v1/projects/p/locations/l/publishers/anthropic/models/"
      "claude:streamRawPredict", DG_ANTHROPIC_MESSAGES, DG_SHAPE_ANTHROPIC, 1,
      "claude" },

    { "POST", "/v1beta/models/gemini-2.5-flash:generateContent",
      DG_GEMINI_GENERATE, DG_SHAPE_GEMINI, 0, "gemini-2.5-flash" },
    { "POST", "/v1beta/models/gemini-2.5-flash:streamGenerateContent",
      DG_GEMINI_GENERATE, DG_SHAPE_GEMINI, 1, "gemini-2.5-flash" },
    { "POST", "/v1/projects/p/locations/l/publishers/google/models/"
      "gemini-2.0:streamGenerateContent", DG_GEMINI_GENERATE, DG_SHAPE_GEMINI,
      1, "gemini-2.0" },
    { "POST", "/v1beta/tunedModels/mine:generateContent", DG_GEMINI_GENERATE,
      DG_SHAPE_GEMINI, 0, "mine" },
    { "POST", "gemini:generateContent", DG_GEMINI_GENERATE, DG_SHAPE_GEMINI,
      0, "gemini" },

    { "POST", "/api/chat", DG_OLLAMA_CHAT, DG_SHAPE_OLLAMA, 0, "" },
    { "POST", "/ollama/api/generate", DG_OLLAMA_GENERATE, DG_SHAPE_OLLAMA, 0,
      "" },
    { "POST", "/api/embed", DG_OPENAI_EMBEDDINGS, DG_SHAPE_OLLAMA, 0, "" },
    { "POST", "/api/embeddings", DG_OPENAI_EMBEDDINGS, DG_SHAPE_OLLAMA, 0,
      "" },

    /* not charged */

    { "GET", "/v1/models", DG_DIALECT_NONE, DG_SHAPE_OPENAI, 0, "" },
    { "GET", "/v1/models/gpt-4o", DG_DIALECT_NONE, DG_SHAPE_OPENAI, 0, "" },
    { "GET", "/v1beta/models", DG_DIALECT_NONE, DG_SHAPE_GEMINI, 0, "" },
    { "POST", "/v1/models", DG_DIALECT_NONE, DG_SHAPE_OPENAI, 0, "" },
    { "GET", "/v1/chat/completions", DG_DIALECT_NONE, DG_SHAPE_OPENAI, 0,
      "" },
    { "HEAD", "/v1/chat/completions", DG_DIALECT_NONE, DG_SHAPE_OPENAI, 0,
      "" },
    { "OPTIONS", "/v1/messages", DG_DIALECT_NONE, DG_SHAPE_ANTHROPIC, 0, "" },
    { "PUT", "/api/chat", DG_DIALECT_NONE, DG_SHAPE_OLLAMA, 0, "" },
    { "post", "/v1/messages", DG_DIALECT_NONE, DG_SHAPE_ANTHROPIC, 0, "" },
    { "POST", "/v1/messages/count_tokens", DG_DIALECT_NONE,
      DG_SHAPE_ANTHROPIC, 0, "" },
    { "POST", "/v1/messages/batches", DG_DIALECT_NONE, DG_SHAPE_ANTHROPIC, 0,
      "" },
    { "POST", "/v1/responses/input_tokens", DG_DIALECT_NONE, DG_SHAPE_OPENAI,
      0, "" },
    { "POST", "/v1/responses/resp_1/cancel", DG_DIALECT_NONE,
      DG_SHAPE_OPENAI, 0, "" },
    { "POST", "/v1/threads/thread_1/messages", DG_DIALECT_NONE,
      DG_SHAPE_OPENAI, 0, "" },
    { "POST", "/v1beta/models/gemini-2.5-flash:countTokens", DG_DIALECT_NONE,
      DG_SHAPE_GEMINI, 0, "" },
    { "POST", "/v1beta/models/embed:embedContent", DG_DIALECT_NONE,
      DG_SHAPE_GEMINI, 0, "" },
    { "POST", "/v1/projects/p/locations/l/publishers/google/models/g:"
      "countTokens", DG_DIALECT_NONE, DG_SHAPE_GEMINI, 0, "" },
    { "POST", "/v1/publishers/mistralai/models/m:rawPredict",
      DG_DIALECT_NONE, DG_SHAPE_OPENAI, 0, "" },
    { "GET", "/api/tags", DG_DIALECT_NONE, DG_SHAPE_OLLAMA, 0, "" },
    { "POST", "/v1/moderations", DG_DIALECT_NONE, DG_SHAPE_OPENAI, 0, "" },
    { "POST", "/v1/chat/completionsx", DG_DIALECT_NONE, DG_SHAPE_OPENAI, 0,
      "" },
    { "POST", "/v1/mychat", DG_DIALECT_NONE, DG_SHAPE_OPENAI, 0, "" },
    { "POST", "completions", DG_DIALECT_NONE, DG_SHAPE_OPENAI, 0, "" },
    { "POST", "/", DG_DIALECT_NONE, DG_SHAPE_OPENAI, 0, "" },
    { "POST", "", DG_DIALECT_NONE, DG_SHAPE_OPENAI, 0, "" }
};


int
main(void)
{
    size_t         i;
    dg_str_t       method, path;
    dg_endpoint_t  ep;

    dg_ok(dg_dialect_init() == DG_OK, "the tables of paths are well formed");
    dg_ok(dg_dialect_init() == DG_OK, "they may be compiled again");

    for (i = 1; i < DG_DIALECTS; i++) {
        dg_ok(dg_dialects[i].name.len > 0
              && dg_dialect_request_schema((dg_dialect_id_t) i)->n > 0
              && dg_dialect_response_schema((dg_dialect_id_t) i)->n > 0,
              "dialect %.*s", (int) dg_dialects[i].name.len,
              dg_dialects[i].name.data);
    }

    for (i = 0; i < dg_nelts(cases); i++) {
        method.data = (const u_char *) cases[i].method;
        method.len = strlen(cases[i].method);
        path.data = (const u_char *) cases[i].path;
        path.len = strlen(cases[i].path);

        dg_dialect_match(&ep, &method, &path);

        dg_ok(ep.dialect == cases[i].dialect
              && ep.shape == cases[i].shape
              && ep.stream == cases[i].stream
              && ep.charged == (cases[i].dialect != DG_DIALECT_NONE)
              && ep.model.len == strlen(cases[i].model)
              && (ep.model.len == 0
                  || memcmp(ep.model.data, cases[i].model, ep.model.len)
                     == 0),
              "%s %s", cases[i].method, cases[i].path);
    }

    return dg_done();
}
