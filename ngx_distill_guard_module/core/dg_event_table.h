/*
 * Copyright (C) 2026 Distill Guard
 *
 * Members of events that are nothing but a fact under its own name, for
 * dg_event.c, which writes them, and dg_event_read.c.
 */


#ifndef _DG_EVENT_TABLE_H_INCLUDED_
#define _DG_EVENT_TABLE_H_INCLUDED_


#include "dg_core.h"
#include "dg_facts.h"
#include "dg_hash.h"


typedef struct {
    const char  *name;
    size_t       offset;
    size_t       size;           /* of an unsigned or a uint64_t */
    uint64_t     usual;          /* not worth telling */
} dg_event_number_t;


typedef struct {
    const char  *name;
    size_t       offset;
} dg_event_id_t;


#define dg_event_fact(name, usual)                                            \
    { #name, offsetof(dg_request_facts_t, name),                              \
      sizeof(((dg_request_facts_t *) 0)->name), usual }

#define dg_event_hash(name)  { #name, offsetof(dg_request_facts_t, name) }


static const dg_event_number_t  dg_event_facts[] = {
    dg_event_fact(bytes, 0),
    dg_event_fact(n, 1),
    dg_event_fact(min_tokens, 0),
    dg_event_fact(top_logprobs, 0),
    dg_event_fact(prompt_logprobs, 0),
    dg_event_fact(logit_bias, 0),
    dg_event_fact(stops, 0),
    dg_event_fact(tools, 0),
    dg_event_fact(tool_text, 0),
    dg_event_fact(content_len, 0),
    dg_event_fact(images, 0),
    dg_event_fact(audio, 0),
    dg_event_fact(files, 0),
    dg_event_fact(inputs, 0),
    dg_event_fact(token_ids, 0),
    dg_event_fact(invisible, 0)
};


static const dg_event_id_t  dg_event_hashes[] = {
    dg_event_hash(system),
    dg_event_hash(tool_set),
    dg_event_hash(first),
    dg_event_hash(content)
};


static const char  *const dg_event_roles[DG_ROLES] = {
    "system", "user", "assistant", "tool"
};


#define DG_EVENT_MARK  (1 + DG_HASH_TEXT)    /* its letter and the value */


/* flags are bits and have no address; each() is given their names */

#define dg_event_asked(each)                                                  \
    each(stream)                                                              \
    each(include_usage)                                                       \
    each(echo)                                                                \
    each(logprobs)                                                            \
    each(reasoning)                                                           \
    each(traces)                                                              \
    each(embedding)

#define dg_event_findings(each)                                               \
    each(malformed)                                                           \
    each(deep)                                                                \
    each(wide)                                                                \
    each(duplicate)                                                           \
    each(surrogate)                                                           \
    each(encoded)                                                             \
    each(mistyped)


#endif /* _DG_EVENT_TABLE_H_INCLUDED_ */
