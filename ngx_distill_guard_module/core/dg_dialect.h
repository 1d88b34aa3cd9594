/*
 * Copyright (C) 2026 Distill Guard
 *
 * The APIs the guard reads, as tables: by which path an endpoint is known,
 * where in its JSON each fact stands, in which shape it refuses.
 */


#ifndef _DG_DIALECT_H_INCLUDED_
#define _DG_DIALECT_H_INCLUDED_


#include "dg_core.h"
#include "dg_json.h"


typedef enum {
    DG_DIALECT_NONE = 0,         /* not an inference endpoint */
    DG_OPENAI_CHAT,
    DG_OPENAI_RESPONSES,
    DG_OPENAI_COMPLETIONS,
    DG_OPENAI_EMBEDDINGS,
    DG_ANTHROPIC_MESSAGES,
    DG_GEMINI_GENERATE,
    DG_OLLAMA_CHAT,
    DG_OLLAMA_GENERATE,
    DG_DIALECTS
} dg_dialect_id_t;


/* whose error body, and whose rate-limit headers, a refusal wears */

typedef enum {
    DG_SHAPE_OPENAI = 0,
    DG_SHAPE_ANTHROPIC,
    DG_SHAPE_GEMINI,
    DG_SHAPE_OLLAMA
} dg_shape_t;


/*
 * What the members of requests mean, in all dialects.  Which types of value a
 * field may have, and what is made of it: dg_request.c.
 */

enum {
    DG_RQ_MODEL = 1,
    DG_RQ_STREAM,
    DG_RQ_INCLUDE_USAGE,
    DG_RQ_N,
    DG_RQ_BEST_OF,
    DG_RQ_MAX_TOKENS,
    DG_RQ_MIN_TOKENS,
    DG_RQ_TEMPERATURE,
    DG_RQ_LOGPROBS,              /* whether, or how deep */
    DG_RQ_N_PROBS,               /* how deep; 0 is none */
    DG_RQ_TOP_LOGPROBS,
    DG_RQ_PROMPT_LOGPROBS,
    DG_RQ_LOGIT_BIAS,            /* the container */
    DG_RQ_LOGIT_BIAS_ENTRY,
    DG_RQ_ECHO,
    DG_RQ_STOP,                  /* one, or the list */
    DG_RQ_STOP_ITEM,
    DG_RQ_REASONING,             /* whether, how hard or how long */
    DG_RQ_INCLUDE,               /* the name of an extra output */

    DG_RQ_LIST,                  /* nothing but a container */
    DG_RQ_GROUP,

    DG_RQ_TOOL,
    DG_RQ_TOOL_NAME,
    DG_RQ_TOOL_DESCRIPTION,
    DG_RQ_TOOL_TYPE,             /* tells tools without a name apart */
    DG_RQ_TOOL_TEXT,             /* of its parameters */

    DG_RQ_SYSTEM,                /* a text, or the container of one */
    DG_RQ_INPUT,                 /* a user's text, or a list of messages */
    DG_RQ_MESSAGES,              /* a list of messages, or just one */
    DG_RQ_MESSAGE,
    DG_RQ_ROLE,
    DG_RQ_ITEM_TYPE,             /* tells whose a message is, failing a role */
    DG_RQ_CONTENT,               /* a text of the message, or a list */
    DG_RQ_PART,                  /* a text, or the container of one */
    DG_RQ_TEXT,
    DG_RQ_ANSWER,                /* said by the model, whatever the role */
    DG_RQ_RESULT,                /* said by a tool, whatever the role */
    DG_RQ_OUTPUT,                /* as DG_RQ_CONTENT, or the container */
    DG_RQ_PART_TYPE,             /* tells what is not text */
    DG_RQ_MEDIA_TYPE,
    DG_RQ_IMAGE,

    DG_RQ_PROMPT,                /* one, or a list */
    DG_RQ_PROMPT_ITEM,           /* one, or a token of the only one */
    DG_RQ_PROMPT_TOKEN,
    DG_RQ_SUFFIX,
    DG_RQ_CONTEXT_TOKEN,

    DG_RQ_ID,                    /* issued by an earlier answer */

    DG_RQ_FIELDS
};


/* what the members of responses mean, in all dialects; see dg_response.c */

enum {
    DG_RS_ID = 1,                /* of the response; the same in all events */
    DG_RS_ITEM_ID,
    DG_RS_SIGNATURE,             /* a piece of an id */
    DG_RS_MODEL,
    DG_RS_TYPE,                  /* of an event */
    DG_RS_CHOICES,               /* the list */
    DG_RS_CHOICE,
    DG_RS_INDEX,                 /* of a choice */
    DG_RS_TEXT,                  /* generated */
    DG_RS_VALUE,                 /* generated, of any type */
    DG_RS_THOUGHT,
    DG_RS_THOUGHT_TWIN,          /* may repeat DG_RS_THOUGHT */
    DG_RS_DELTA,                 /* DG_RS_TEXT, but for some types of event */
    DG_RS_FINISH,
    DG_RS_FINISH_DETAIL,
    DG_RS_STATUS,
    DG_RS_DONE,
    DG_RS_ERROR,
    DG_RS_ERROR_TYPE,
    DG_RS_ERROR_CODE,            /* tells more than the type */
    DG_RS_USAGE,                 /* leaves out what is 0 */
    DG_RS_INPUT,                 /* of usage: see dg_usage_part_t */
    DG_RS_INPUT_READ,
    DG_RS_INPUT_WRITE,
    DG_RS_INPUT_TOOL,
    DG_RS_CACHED,
    DG_RS_CACHE_WRITE,
    DG_RS_OUTPUT,
    DG_RS_THOUGHTS,
    DG_RS_REASONING,
    DG_RS_TOTAL,
    DG_RS_TIMED_INPUT,
    DG_RS_TIMED_READ,
    DG_RS_TIMED_OUTPUT,

    DG_RS_FIELDS
};


/* tables of paths end with a NULL */

typedef struct {
    dg_str_t                name;        /* "openai.chat" */
    dg_shape_t              shape;
    const dg_json_path_t   *request;     /* DG_RQ_... */
    const dg_json_path_t   *response;    /* DG_RS_... */
    unsigned                response_flags;  /* DG_JSON_ROOT_ITEMS, ... */
} dg_dialect_t;


/* for tables: what stands in a value of any form, but not too deep in it */

#define dg_values(path, field)                                                \
    { path, field }, { path ".*", field }, { path ".*[]", field },            \
    { path ".*.*", field }, { path ".*.*[]", field },                         \
    { path ".*[].*", field }


/* what a request line says */

typedef struct {
    dg_dialect_id_t    dialect;
    dg_shape_t         shape;        /* set for DG_DIALECT_NONE as well */
    unsigned           charged:1;    /* an exchange that counts */
    unsigned           stream:1;     /* the path itself asks for a stream */
    dg_str_t           model;        /* in the path; a view, may be empty */
} dg_endpoint_t;


extern const dg_dialect_t  dg_dialects[DG_DIALECTS];

/* in dg_openai.c, dg_anthropic.c, dg_gemini.c and dg_ollama.c */

extern const dg_json_path_t  dg_openai_chat_request[];
extern const dg_json_path_t  dg_openai_chat_response[];
extern const dg_json_path_t  dg_openai_responses_request[];
extern const dg_json_path_t  dg_openai_responses_response[];
extern const dg_json_path_t  dg_openai_completions_request[];
extern const dg_json_path_t  dg_openai_completions_response[];
extern const dg_json_path_t  dg_openai_embeddings_request[];
extern const dg_json_path_t  dg_openai_embeddings_response[];
extern const dg_json_path_t  dg_anthropic_request[];
extern const dg_json_path_t  dg_anthropic_response[];
extern const dg_json_path_t  dg_gemini_request[];
extern const dg_json_path_t  dg_gemini_response[];
extern const dg_json_path_t  dg_ollama_request[];
extern const dg_json_path_t  dg_ollama_response[];


/*
 * Compiles all schemas.  To be called once before anything is read; again is
 * harmless.  DG_ERROR is a mistake in the tables.
 */
int dg_dialect_init(void);

const dg_json_schema_t *dg_dialect_request_schema(dg_dialect_id_t dialect);
const dg_json_schema_t *dg_dialect_response_schema(dg_dialect_id_t dialect);

/*
 * Tells an endpoint by method and path (without query; percent-decoded).
 * The end of the path decides, so that any prefix may stand before it.
 * Anything but POST, listings (/models) and token counting
 * (count_tokens, :countTokens) is DG_DIALECT_NONE and not charged.
 */
void dg_dialect_match(dg_endpoint_t *ep, const dg_str_t *method,
    const dg_str_t *path);


#endif /* _DG_DIALECT_H_INCLUDED_ */
