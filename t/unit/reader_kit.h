/*
 * Copyright (C) 2026 Distill Guard
 *
 * What tests of readers need: paths of all dialects, and keys.
 */


#ifndef _READER_KIT_H_INCLUDED_
#define _READER_KIT_H_INCLUDED_


#include "dg_reader.h"
#include "dg_test.h"


#define CHAT         "/v1/chat/completions"
#define RESPONSES    "/v1/responses"
#define COMPLETIONS  "/v1/completions"
#define EMBEDDINGS   "/v1/embeddings"
#define MESSAGES     "/v1/messages"
#define GEMINI       "/v1beta/models/gemini-2.5-flash:generateContent"
#define GEMINI_SSE   "/v1beta/models/gemini-2.5-flash:streamGenerateContent"
#define OLLAMA       "/api/chat"
#define GENERATE     "/api/generate"
#define MODELS       "/v1/models"
#define COUNT        "/v1/messages/count_tokens"
#define COUNT_GEMINI "/v1beta/models/gemini-2.5-flash:countTokens"


static const dg_hash_key_t  key = { { 3, 4 } };
static dg_marks_key_t       marks;


static inline void
print(char *buf, size_t size, const char *fmt, ...)
{
    size_t   len;
    va_list  args;

    len = strlen(buf);

    va_start(args, fmt);
    vsnprintf(buf + len, size - len, fmt, args);
    va_end(args);
}


/* before all else; says why not */

static inline int
kit_reader(void)
{
    if (dg_dialect_init() != DG_OK) {
        printf("Bail out! a table of paths is wrong\n");
        return DG_ERROR;
    }

    dg_marks_derive(&marks, &key);

    return DG_OK;
}


#endif /* _READER_KIT_H_INCLUDED_ */
