/*
 * Copyright (C) 2026 Distill Guard
 *
 * Files by the line.
 */


#ifndef _INPUT_H_INCLUDED_
#define _INPUT_H_INCLUDED_


#include "dg_core.h"


#define CTL_LINE_MAX  (64 * 1024 * 1024)


typedef struct {
    const char    *name;         /* of the file, for messages */
    int            fd;
    uint64_t       line;         /* number of the last one, in this file */
    uint64_t       bytes;        /* that were read of it */
    u_char        *buf;
    size_t         size;
    size_t         begin;        /* of what was not handed out */
    size_t         scanned;      /* there is no newline before */
    size_t         end;
    unsigned       eof:1;
    unsigned       skip:1;       /* within a line that is too long */
} ctl_input_t;


/* zeroes stand for an input that was never opened; DG_ERROR with errno */
int ctl_input_open(ctl_input_t *in, const char *name);
void ctl_input_close(ctl_input_t *in);

/*
 * 1: a line, without its newline, valid until the next call; 0: there are no
 * more; DG_FULL: a line longer than CTL_LINE_MAX was passed over; DG_ERROR
 * with errno.
 */
int ctl_input_line(ctl_input_t *in, u_char **line, size_t *len);


/* a whole file of at most max bytes, in new memory; NULL with errno */
u_char *ctl_input_file(const char *name, size_t max, size_t *len);

/* the same without white space at its end, as secrets and passwords are */
u_char *ctl_input_secret(const char *name, size_t max, size_t *len);


#endif /* _INPUT_H_INCLUDED_ */
