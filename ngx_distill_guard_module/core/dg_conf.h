/*
 * Copyright (C) 2026 Distill Guard
 *
 * The syntax of nginx.conf, as far as simple directives need it: words,
 * quotes, backslashes and comments.  A block is an error, and says so, unless
 * blocks are wanted: then what begins one is a directive, too, and where it
 * ends is not told.  And what words are made of: names out of a list,
 * name=value, k and m, times.
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
    unsigned       blocks;       /* 1: wanted; the caller's, after init */

    /* private: see dg_conf.c */
    u_char        *p;
    u_char        *last;
    unsigned       at;           /* line that p is in */
} dg_conf_t;


/* words lie in the text, where backslashes are taken out of it */
void dg_conf_init(dg_conf_t *conf, u_char *text, size_t len);

/* 1: a directive; 0: there are no more; DG_ERROR and what is wrong */
int dg_conf_next(dg_conf_t *conf, char error[DG_CONF_ERROR]);


/* at the first c; DG_ERROR if there is none, or nothing on a side of it */
int dg_conf_split(const dg_str_t *word, u_char c, dg_str_t *before,
    dg_str_t *after);

/* which of names it is, from first on; n if it is none of them */
unsigned dg_conf_name(const dg_str_t *names, unsigned first, unsigned n,
    const dg_str_t *name);

/* writes "a, b, c or d", no zero; returns the end */
u_char *dg_conf_names(u_char *p, const dg_str_t *names, unsigned first,
    unsigned n);

/* takes k or m off the end of a number: k, its square, or 1 if there is none */
uint64_t dg_conf_unit(dg_str_t *number, uint64_t k);

/*
 * Numbers with their units, as in 1h30m; a last one without is of seconds.
 * DG_ERROR if it is none, 0, or more than max seconds.
 */
int dg_conf_time(uint32_t *seconds, const dg_str_t *text, uint32_t max);


#endif /* _DG_CONF_H_INCLUDED_ */
