/*
 * Copyright (C) 2026 Distill Guard
 *
 * JSON that is written into a room of fixed size.  What does not fit is left
 * out, and the sheet is full: then it is of no use to anybody.
 */


#ifndef _DG_SHEET_H_INCLUDED_
#define _DG_SHEET_H_INCLUDED_


#include "dg_core.h"


typedef struct {
    u_char        *p;
    u_char        *last;         /* end of the room */
    unsigned       more:1;       /* a comma goes before what comes next */
    unsigned       full:1;
} dg_sheet_t;


void dg_sheet_init(dg_sheet_t *s, u_char *p, size_t size);

/*
 * The name is that of a member; NULL in an array.  Brackets are '{' and '[',
 * and '}' and ']' close what was opened last.
 */
void dg_sheet_open(dg_sheet_t *s, const char *name, u_char bracket);
void dg_sheet_close(dg_sheet_t *s, u_char bracket);

void dg_sheet_u64(dg_sheet_t *s, const char *name, uint64_t n);
void dg_sheet_double(dg_sheet_t *s, const char *name, double value);
void dg_sheet_true(dg_sheet_t *s, const char *name, unsigned set);
void dg_sheet_null(dg_sheet_t *s, const char *name);

/* null if it is 0 */
void dg_sheet_time(dg_sheet_t *s, const char *name, uint64_t seconds);

/* whatever it is, it is escaped */
void dg_sheet_text(dg_sheet_t *s, const char *name, const u_char *text,
    size_t len);
void dg_sheet_str(dg_sheet_t *s, const char *name, const dg_str_t *text);
void dg_sheet_words(dg_sheet_t *s, const char *name, const char *text);

/* an id by itself, "9f3a...", and behind its kind, "key:9f3a..."; null if
   it is none */
void dg_sheet_id(dg_sheet_t *s, const char *name, unsigned kind,
    const dg_id_t *id);
void dg_sheet_subject(dg_sheet_t *s, const char *name, unsigned kind,
    const dg_id_t *id);


#endif /* _DG_SHEET_H_INCLUDED_ */
