/*
 * Copyright (C) 2026 Distill Guard
 *
 * The syntax of nginx.conf, as far as simple directives need it: words,
 * quotes, backslashes and comments.  A block is an error, and says so.
 */


#ifndef _DG_CONF_H_INCLUDED_
#define _DG_CONF_H_INCLUDED_


#include "dg_core.h"


#define DG_CONF_WORDS  128       /* in one directive */
#define DG_CONF_ERROR  256


typedef struct {
    unsigned       line;         /* of the first word, or of the mistake */
    unsigned       n;
    dg_str_t       words[DG_CONF_WORDS];     /* the name is words[0] */

    /* private: see dg_conf.c */
    u_char        *p;
    u_char        *last;
    unsigned       at;           /* line that p is in */
} dg_conf_t;


/* words lie in the text, where backslashes are taken out of it */
void dg_conf_init(dg_conf_t *conf, u_char *text, size_t len);

/* 1: a directive; 0: there are no more; DG_ERROR and what is wrong */
int dg_conf_next(dg_conf_t *conf, char error[DG_CONF_ERROR]);


#endif /* _DG_CONF_H_INCLUDED_ */
