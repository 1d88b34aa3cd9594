/*
 * Copyright (C) 2026 Distill Guard
 *
 * What one exchange says about itself.  Facts are plain values: they hold no
 * text but the model's name, and no pointer.
 */


#ifndef _DG_FACTS_H_INCLUDED_
#define _DG_FACTS_H_INCLUDED_


#include "dg_core.h"
#include "dg_marks.h"


#define DG_MODEL      64         /* longer model names are cut */
#define DG_FINISH     24
#define DG_ERROR_KIND 40
#define DG_IDS        16         /* ids kept of one exchange */

/* taken for the depth of log probabilities where all tokens are asked for */
#define DG_VOCABULARY 131072

/* larger numbers are cut: what is made of both still fits */
#define DG_ANSWERS_MAX  UINT16_MAX
#define DG_TOKENS_MAX   ((int64_t) 1 << 40)


typedef enum {
    DG_ROLE_SYSTEM = 0,          /* system, developer, systemInstruction */
    DG_ROLE_USER,
    DG_ROLE_ASSISTANT,           /* assistant, model */
    DG_ROLE_TOOL,                /* results of tool calls */
    DG_ROLES
} dg_role_t;


/*
 * Ids that an answer issues and a later request presents, whatever they are
 * ids of: the same text gives the same id on both ways.  Each is kept once.
 */

typedef struct {
    unsigned       n;            /* seen, may exceed DG_IDS */
    dg_id_t        id[DG_IDS];   /* the first of them, keyed hashes */
} dg_ids_t;


typedef struct {

    /* how the body read; the upstream judges, these only tell */
    unsigned       present:1;    /* there was a body */
    unsigned       malformed:1;
    unsigned       deep:1;
    unsigned       wide:1;
    unsigned       duplicate:1;
    unsigned       surrogate:1;
    unsigned       encoded:1;    /* Content-Encoding: not read */
    unsigned       mistyped:1;   /* a known member of an unusable type */

    unsigned       stream:1;
    unsigned       include_usage:1;
    unsigned       echo:1;
    unsigned       logprobs:1;
    unsigned       reasoning:1;  /* asks for thinking or reasoning */
    unsigned       traces:1;     /* its text asks for reasoning to be shown,
                                    answers to be graded or tasks to be made
                                    up: see dg_lexicon.h */
    unsigned       capped:1;     /* max_tokens was given; it may be 0 */
    unsigned       embedding:1;  /* no text will be generated */

    unsigned       n;            /* answers to be made, 1 by default: the
                                    larger of n and best_of */
    unsigned       top_logprobs; /* depth */
    unsigned       prompt_logprobs;
    unsigned       logit_bias;   /* entries */
    unsigned       stops;
    unsigned       tools;        /* defined */
    unsigned       min_tokens;
    uint64_t       max_tokens;   /* 0: not given, see "capped" */
    int32_t        temperature;  /* thousandths; -1: not given */

    unsigned       turns[DG_ROLES];
    uint64_t       text[DG_ROLES];   /* bytes, decoded */
    uint64_t       tool_text;    /* names and descriptions of tools */
    unsigned       images;
    unsigned       audio;
    unsigned       files;
    unsigned       inputs;       /* prompts or texts to embed in one call */
    unsigned       token_ids;    /* prompt given as token numbers */
    unsigned       invisible;    /* zero-width characters inside words */

    uint64_t       bytes;        /* of the body as it came */

    dg_id_t        system;       /* all system text */
    dg_id_t        tool_set;     /* tool names and descriptions, any order */
    dg_id_t        first;        /* first user message */
    uint64_t       content_len;  /* of its text, bytes */
    dg_id_t        content;      /* last user message; results of tools that
                                    come in its role are none */
    dg_few_marks_t marks;        /* of the first user message, where nobody
                                    has answered yet */
    dg_ids_t       presented;    /* tool-call, response and item ids that an
                                    earlier answer must have issued */

    unsigned       model_len;
    u_char         model[DG_MODEL];

} dg_request_facts_t;


typedef struct {

    unsigned       read:1;       /* the body was of a form that is read */
    unsigned       encoded:1;    /* compressed: not read */
    unsigned       malformed:1;
    unsigned       complete:1;   /* the answer's own end was seen, or that
                                    of a JSON body */
    unsigned       error:1;      /* an error body or error event */

    /*
     * Usage as the upstream reported it, in one meaning for all dialects:
     * input includes what was read from or written to a cache, output
     * includes reasoning.
     */
    unsigned       has_input:1;
    unsigned       has_output:1; /* final, or cumulative up to here */
    uint64_t       input_tokens;
    uint64_t       output_tokens;
    uint64_t       cached_tokens;        /* part of input, read from cache */
    uint64_t       cache_write_tokens;   /* part of input */
    uint64_t       reasoning_tokens;     /* part of output */

    uint64_t       text;         /* generated bytes that passed, decoded */
    uint64_t       bytes;        /* of the body as it passed */
    uint64_t       events;
    unsigned       choices;

    dg_ids_t       issued;       /* response, item and tool-call ids */

    unsigned       model_len;
    u_char         model[DG_MODEL];
    unsigned       finish_len;
    u_char         finish[DG_FINISH];    /* the last finish reason */
    unsigned       error_len;
    u_char         error_kind[DG_ERROR_KIND];

} dg_response_facts_t;


typedef enum {
    DG_SOURCE_NONE = 0,          /* not charged, nothing to count */
    DG_SOURCE_REPORTED,
    DG_SOURCE_ESTIMATED,
    DG_SOURCES
} dg_source_t;


extern const dg_str_t  dg_sources[DG_SOURCES];   /* "none", "reported", ... */


typedef struct {
    uint64_t       input;
    uint64_t       output;
    uint64_t       cached;
    uint64_t       cache_write;
    uint64_t       reasoning;
    dg_source_t    source;
} dg_usage_t;


/* how an exchange ended, for dg_facts_usage() */

typedef struct {
    unsigned       status;       /* sent to the client; 0: none */
    unsigned       aborted:1;    /* the client or the upstream left early */
    unsigned       charged:1;    /* an endpoint whose tokens count */
} dg_end_t;


/* four bytes of text are taken for a token, rounded up */
uint64_t dg_tokens_of_text(uint64_t bytes);

/*
 * Input tokens as far as the request tells: text, and fixed figures for a
 * turn, an image, a token id.
 */
uint64_t dg_facts_input_estimate(const dg_request_facts_t *rq);

/*
 * What is charged.  Reported usage wins; what is missing is estimated from
 * what passed and the whole is then marked estimated.  Of an answer that was
 * cut off, or broke off with an error, the output is what was reported so far
 * or what passed, whichever is more.  An exchange that did not end in 2xx, or
 * whose answer cannot have a body, or is nothing but an error, costs nothing.
 */
void dg_facts_usage(dg_usage_t *usage, const dg_request_facts_t *rq,
    const dg_response_facts_t *rs, const dg_end_t *end);


#endif /* _DG_FACTS_H_INCLUDED_ */
