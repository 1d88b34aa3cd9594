/*
 * Copyright (C) 2026 Distill Guard
 *
 * What the stages share, whatever is measured of them.
 */


#ifndef _STAGES_H_INCLUDED_
#define _STAGES_H_INCLUDED_


#include "bench.h"
#include "dg_guard.h"
#include "dg_hash.h"
#include "dg_reader.h"
#include "dg_store.h"


typedef struct stage_s  stage_t;


struct stage_s {
    /* does its work once for each of n */
    void             (*run)(stage_t *stage, size_t n);
    const char        *title;
    pieces_t           in;
    size_t             each;     /* of them together are one; 0: one is one */
    void              *data;     /* of run's own */
};


extern dg_hash_key_t    key;
extern dg_marks_key_t   marks;
extern dg_endpoint_t    endpoint;
extern volatile u_char  sink;    /* what is computed is not left out */


/* prints a stage, which comes last or has others behind it */
void measure(stage_t *stage);

/* the stages that need a store: see stores.c */
void measure_stores(void);


#endif /* _STAGES_H_INCLUDED_ */
