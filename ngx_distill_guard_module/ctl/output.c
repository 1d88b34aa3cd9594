/*
 * Copyright (C) 2026 Distill Guard
 */


#include "output.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>


void
ctl_output_init(ctl_output_t *out, int fd)
{
    out->fd = fd;
    out->failed = 0;
    out->error = 0;
    out->p = out->buf;
}


u_char *
ctl_output_room(ctl_output_t *out, size_t n)
{
    if ((size_t) (out->buf + CTL_OUTPUT_SIZE - out->p) < n) {
        ctl_output_flush(out);
    }

    return out->p;
}


void
ctl_output_end(ctl_output_t *out, u_char *p)
{
    out->p = p;
}


void
ctl_output_data(ctl_output_t *out, const u_char *p, size_t len)
{
    size_t   n;
    u_char  *to;

    while (len) {
        n = dg_min(len, (size_t) CTL_OUTPUT_SIZE);
        to = ctl_output_room(out, n);

        memcpy(to, p, n);
        ctl_output_end(out, to + n);

        p += n;
        len -= n;
    }
}


void
ctl_output_flush(ctl_output_t *out)
{
    u_char   *p;
    ssize_t   n;

    for (p = out->buf; p < out->p && !out->failed; p += n) {
        n = write(out->fd, p, out->p - p);

        if (n == -1 && errno == EINTR) {
            n = 0;

        } else if (n == -1) {
            out->failed = 1;
            out->error = errno;
        }
    }

    out->p = out->buf;
}


void
ctl_output_json(const json_t *json)
{
    (void) json_dumpf(json, stdout, JSON_COMPACT);
    (void) fputc('\n', stdout);
}
