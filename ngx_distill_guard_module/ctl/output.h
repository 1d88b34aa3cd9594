/*
 * Copyright (C) 2026 Distill Guard
 *
 * Standard output, gathered.
 */


#ifndef _OUTPUT_H_INCLUDED_
#define _OUTPUT_H_INCLUDED_


#include <jansson.h>

#include "dg_core.h"


#define CTL_OUTPUT_SIZE  (64 * 1024)


typedef struct {
    int            fd;
    unsigned       failed:1;     /* what comes is dropped; errno is kept in
                                    error */
    int            error;
    u_char        *p;
    u_char         buf[CTL_OUTPUT_SIZE];
} ctl_output_t;


void ctl_output_init(ctl_output_t *out, int fd);

/* room for n bytes, at most CTL_OUTPUT_SIZE; written up to p then */
u_char *ctl_output_room(ctl_output_t *out, size_t n);
void ctl_output_end(ctl_output_t *out, u_char *p);

/* as much as there may be */
void ctl_output_data(ctl_output_t *out, const u_char *p, size_t len);

void ctl_output_flush(ctl_output_t *out);

/* one line of JSON on standard output, as it is */
void ctl_output_json(const json_t *json);


#endif /* _OUTPUT_H_INCLUDED_ */
