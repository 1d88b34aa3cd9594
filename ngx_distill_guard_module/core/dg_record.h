/*
 * Copyright (C) 2026 Distill Guard
 *
 * A line that is one JSON object, read into a structure by a table of its
 * members.  Unlike bodies, which are judged by the upstream, a line is ours:
 * what is not as the table says is an error, and null is as good as nothing.
 * Members that the table does not name are left.
 */


#ifndef _DG_RECORD_H_INCLUDED_
#define _DG_RECORD_H_INCLUDED_


#include "dg_core.h"
#include "dg_json.h"


#define DG_RECORD_MEMBERS  128   /* in one table */
#define DG_RECORD_ERROR    160


/* sets of types; null need not be in any */

#define dg_record_type(type)  (1u << (type))

#define DG_RECORD_TEXT    dg_record_type(DG_JSON_STRING)
#define DG_RECORD_NUMBER  dg_record_type(DG_JSON_NUMBER_VALUE)
#define DG_RECORD_FLAG                                                        \
    (dg_record_type(DG_JSON_TRUE) | dg_record_type(DG_JSON_FALSE))
#define DG_RECORD_OBJECT  dg_record_type(DG_JSON_OBJECT)
#define DG_RECORD_ARRAY   dg_record_type(DG_JSON_ARRAY)
#define DG_RECORD_NULL    dg_record_type(DG_JSON_NULL)


typedef struct dg_record_s  dg_record_t;
typedef struct dg_member_s  dg_member_t;

/*
 * Takes a value; DG_ERROR if there can be no such value.  A string comes
 * whole.  Containers come twice, as they open and as they close.
 */
typedef int (*dg_member_pt)(dg_record_t *r, const dg_member_t *m,
    const dg_json_event_t *value);


struct dg_member_s {
    const char         *path;    /* as for dg_json_schema() */
    dg_member_pt        take;
    uint16_t            types;   /* it may have */
    uint16_t            plain;   /* and these, which come once and whole, as
                                    data that stands in the line */
    uint16_t            data;    /* for take() */
    uint32_t            marks;   /* set in dg_record_t.seen by any value */
};


struct dg_record_s {
    void               *out;     /* what is filled, for take() */

    /*
     * Where strings are put together that do not stand in the line as they
     * are.  As much as the line is always enough.
     */
    u_char             *text;
    size_t              size;

    unsigned            seen;    /* marks of the members that were there */

    /* private: see dg_record.c */
    dg_json_t           json;
    const dg_member_t  *members;
    const dg_member_t  *wrong;   /* the first */
    unsigned            mistyped:1;
    unsigned            crowded:1;
    const u_char       *line;
    const u_char       *last;
    const u_char       *begin;   /* of a plain container */
    size_t              used;    /* of text, by strings that are whole */
    size_t              len;     /* of the one that is not */
};


/* compiles a table, once; DG_ERROR is a mistake in the table */
int dg_record_schema(dg_json_schema_t *schema, const dg_member_t *members,
    size_t n);

/*
 * Reads a line by the table the schema was made of.  Strings that are taken
 * stay as long as the line and the text do.  DG_ERROR and what is wrong.
 */
int dg_record_read(dg_record_t *r, const dg_json_schema_t *schema,
    const dg_member_t *members, const u_char *line, size_t len,
    char error[DG_RECORD_ERROR]);


/* takers of common values, into what stands at out + data */

int dg_member_u64(dg_record_t *r, const dg_member_t *m,
    const dg_json_event_t *value);
int dg_member_u32(dg_record_t *r, const dg_member_t *m,
    const dg_json_event_t *value);

/* seconds with a fraction, of Unix time, to a uint64_t of milliseconds */
int dg_member_time(dg_record_t *r, const dg_member_t *m,
    const dg_json_event_t *value);

/* a dg_str_t: text, or what is plain */
int dg_member_str(dg_record_t *r, const dg_member_t *m,
    const dg_json_event_t *value);


#endif /* _DG_RECORD_H_INCLUDED_ */
