/*
 * Copyright (C) 2026 Distill Guard
 *
 * A push tokenizer for JSON (RFC 8259) that reports only what a table of
 * paths asks for.  Input may be cut anywhere; nothing is allocated and no
 * text is kept: strings are handed over in decoded fragments as they pass.
 *
 * Bad JSON is a fact, not an error: it sets a flag, reading stops, and the
 * upstream judges.  What no path asks for is held to the same grammar, so
 * the judgement does not depend on the table.  A byte order mark is bad JSON;
 * whether text is valid UTF-8 is not looked at.  Where reading stops,
 * containers and strings that were reported open are not reported closed.
 *
 * State is bounded: containers nested deeper than DG_JSON_DEPTH set "deep"
 * and end reading; member names longer than DG_JSON_NAME match no name but
 * "*"; numbers longer than DG_JSON_NUMBER are reported as 0 with "wide" set.
 *
 * However input is cut, the same events come in the same order, but for the
 * places where strings are cut into fragments.
 *
 * Where a known name stands twice in one object both values are reported in
 * order (so that the last one wins, as in most servers) and "duplicate" is
 * set.
 */


#ifndef _DG_JSON_H_INCLUDED_
#define _DG_JSON_H_INCLUDED_


#include "dg_core.h"


#define DG_JSON_DEPTH    128
#define DG_JSON_NAME     64
#define DG_JSON_NUMBER   40
#define DG_JSON_NODES    256      /* path nodes in one schema */
#define DG_JSON_MEMBERS  64       /* known names in one object */
#define DG_JSON_BUCKETS  512      /* a power of two */


/*
 * A path: member names joined by ".", "[]" after a name (or at the start)
 * for the items of an array: "messages[].content[].text", "usage",
 * "input[]".  field is the caller's number for it, above 0; one field may
 * stand on several paths.  A path may name a container: it is reported when
 * it opens and when it closes.
 *
 * Values that no path names are skipped at scanning speed.  A value of
 * another type than expected is reported all the same with its real type: a
 * path such as "content" sees a string, and "content[].text" sees the
 * strings in an array, whichever the input has.
 *
 * "*" as a name matches any name that has no path of its own beside it:
 * "logit_bias.*".
 */

typedef struct {
    const char    *path;
    unsigned       field;
} dg_json_path_t;


/* private: see dg_json_schema.c */

enum {
    DG_JSON_NONE = 0,             /* matches nothing, nor does what is in it */
    DG_JSON_ROOT,                 /* a top-level value */
    DG_JSON_ITEMS                 /* the array of DG_JSON_ROOT_ITEMS */
};


typedef struct {
    const char    *name;         /* into the path text, static */
    uint8_t        len;
    uint8_t        order;        /* among siblings: for duplicates */
    uint8_t        members;      /* how many names are known in here */
    uint16_t       parent;
    uint16_t       next;         /* in the bucket */
    uint16_t       item;         /* node of array items */
    uint16_t       any;          /* node of "*" */
    uint16_t       field;
} dg_json_node_t;


typedef struct {
    unsigned         flags;
    unsigned         n;
    dg_json_node_t   nodes[DG_JSON_NODES];
    uint16_t         buckets[DG_JSON_BUCKETS];  /* nodes by parent and name */
} dg_json_schema_t;


/* a top-level array is read as if each of its items were the top level */
#define DG_JSON_ROOT_ITEMS  0x01

/*
 * Several top-level values may follow each other, with or without space
 * between them (NDJSON and the like).  After bad or deep JSON reading goes on
 * behind the next newline.
 */
#define DG_JSON_SEQUENCE    0x02


typedef enum {
    DG_JSON_OBJECT = 1,
    DG_JSON_ARRAY,
    DG_JSON_STRING,
    DG_JSON_NUMBER_VALUE,
    DG_JSON_TRUE,
    DG_JSON_FALSE,
    DG_JSON_NULL
} dg_json_type_t;


typedef struct {
    unsigned         field;
    dg_json_type_t   type;

    /*
     * Containers: first on opening, last on closing.  Strings: one or more
     * events, first and last mark the ends; the empty string is one event
     * with both.  Other types: one event with both.
     */
    unsigned         first:1;
    unsigned         last:1;

    /* strings: a decoded fragment, valid during the call only */
    const u_char    *data;
    size_t           len;

    /* numbers; both are saturated, integer is cut towards zero */
    double           number;
    int64_t          integer;
} dg_json_event_t;


typedef void (*dg_json_handler_pt)(void *ctx, const dg_json_event_t *ev);


typedef struct {
    const dg_json_schema_t  *schema;
    dg_json_handler_pt       handler;
    void                    *ctx;

    /* findings, sticky until dg_json_init() */
    unsigned                 malformed:1;
    unsigned                 deep:1;
    unsigned                 wide:1;       /* an overlong number, reported */
    unsigned                 duplicate:1;  /* a known name stood twice */
    unsigned                 surrogate:1;  /* an unpaired \uD800-\uDFFF,
                                              decoded as U+FFFD */

    /* top-level values ended; items of the array of DG_JSON_ROOT_ITEMS are */
    unsigned                 documents;

    /*
     * For a handler that is told of a value, in input that came in one piece:
     * with "first" where it begins, with "last" where it ends.
     */
    const u_char            *begin;
    const u_char            *end;

    /* private: see dg_json.c */
    unsigned                 state;
    unsigned                 depth;        /* containers open */
    unsigned                 base;         /* the depth documents end at */
    unsigned                 node;         /* of the value read or to come */
    unsigned                 naming:1;     /* the string read is a name */
    unsigned                 first:1;      /* nothing of it was reported */
    unsigned                 digits;       /* of \uXXXX still to come */
    unsigned                 code;         /* of those that came */
    unsigned                 high;         /* surrogate waiting for its low */
    const char              *literal;      /* what is left of it */
    dg_json_type_t           type;         /* of the literal */
    unsigned                 len;          /* of text[]; above its size: more
                                              than we keep */
    u_char                   text[DG_JSON_NAME];
    uint16_t                 stack[DG_JSON_DEPTH];  /* nodes and kinds */
    uint64_t                 seen[DG_JSON_DEPTH];   /* names by their order */
} dg_json_t;


/*
 * Compiles a table of paths.  Done once, at start; the texts must stay.
 * DG_ERROR if there are more nodes or names in an object than fit, or a path
 * is not well formed or stands twice, which is a mistake in the table, not in
 * input.
 */
int dg_json_schema(dg_json_schema_t *schema, const dg_json_path_t *paths,
    size_t n, unsigned flags);

/* the node of a member of what parent is the node of */
unsigned dg_json_schema_member(const dg_json_schema_t *schema,
    unsigned parent, const u_char *name, size_t len);

void dg_json_init(dg_json_t *json, const dg_json_schema_t *schema,
    dg_json_handler_pt handler, void *ctx);

/*
 * Makes ready for another document, keeping the findings and the count of
 * documents: for the next event of a stream.
 */
void dg_json_next(dg_json_t *json);

/* reads a piece of any length, 0 included */
void dg_json_push(dg_json_t *json, const u_char *p, size_t len);

/*
 * Says that the input has ended: ends a number at the top level, and sets
 * "malformed" when a value was left open.  An empty input is not malformed.
 * Only dg_json_next() and dg_json_init() may follow.
 */
void dg_json_end(dg_json_t *json);


#endif /* _DG_JSON_H_INCLUDED_ */
