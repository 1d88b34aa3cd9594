/*
 * Copyright (C) 2026 Distill Guard
 */


#include "input.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>


#define CTL_INPUT_SIZE  (256 * 1024)     /* at first */


static int ctl_input_read(ctl_input_t *in);
static int ctl_input_room(ctl_input_t *in);


int
ctl_input_open(ctl_input_t *in, const char *name)
{
    in->line = 0;
    in->bytes = 0;
    in->begin = 0;
    in->scanned = 0;
    in->end = 0;
    in->eof = 0;
    in->skip = 0;

    if (strcmp(name, "-") == 0) {
        in->name = "standard input";
        in->fd = STDIN_FILENO;

    } else {
        in->name = name;
        in->fd = open(name, O_RDONLY);

        if (in->fd == -1) {
            return DG_ERROR;
        }
    }

    return DG_OK;
}


void
ctl_input_close(ctl_input_t *in)
{
    if (in->fd != STDIN_FILENO) {
        (void) close(in->fd);
    }
}


int
ctl_input_line(ctl_input_t *in, u_char **line, size_t *len)
{
    int      rc;
    u_char  *p;

    for ( ;; ) {
        p = NULL;

        if (in->scanned < in->end) {
            p = memchr(in->buf + in->scanned, '\n', in->end - in->scanned);
        }

        if (p == NULL) {
            in->scanned = in->end;
            rc = ctl_input_read(in);

            if (rc == 1) {
                continue;
            }

            if (rc == DG_ERROR || (in->begin == in->end && !in->skip)) {
                return rc;
            }

            p = in->buf + in->end;       /* the last newline is missing */
        }

        *line = in->buf + in->begin;
        *len = p - *line;

        in->begin = dg_min(in->begin + *len + 1, in->end);
        in->scanned = in->begin;
        in->line++;

        if (in->skip || *len > CTL_LINE_MAX) {
            in->skip = 0;
            return DG_FULL;
        }

        return 1;
    }
}


/* reads more behind what there is; 0 at the end of the file */

static int
ctl_input_read(ctl_input_t *in)
{
    ssize_t  n;

    if (in->eof) {
        return 0;
    }

    if (ctl_input_room(in) != DG_OK) {
        return DG_ERROR;
    }

    do {
        n = read(in->fd, in->buf + in->end, in->size - in->end);
    } while (n == -1 && errno == EINTR);

    if (n == -1) {
        return DG_ERROR;
    }

    if (n == 0) {
        in->eof = 1;
        return 0;
    }

    in->end += n;
    in->bytes += n;

    return 1;
}


static int
ctl_input_room(ctl_input_t *in)
{
    u_char  *buf;
    size_t   size;

    if (in->begin) {
        memmove(in->buf, in->buf + in->begin, in->end - in->begin);

        in->end -= in->begin;
        in->scanned -= in->begin;
        in->begin = 0;
    }

    /* the beginning of what is too long is of no use any more */

    if (in->end > CTL_LINE_MAX) {
        in->skip = 1;
        in->end = 0;
        in->scanned = 0;
    }

    if (in->end < in->size) {
        return DG_OK;
    }

    size = in->size ? 2 * in->size : CTL_INPUT_SIZE;
    buf = realloc(in->buf, size);

    if (buf == NULL) {
        return DG_ERROR;
    }

    in->buf = buf;
    in->size = size;

    return DG_OK;
}


u_char *
ctl_input_file(const char *name, size_t max, size_t *len)
{
    int      fd, err;
    u_char  *text;
    ssize_t  n;

    /* to open a pipe is not to wait for its other end */

    fd = open(name, O_RDONLY|O_NONBLOCK);

    if (fd == -1) {
        return NULL;
    }

    text = malloc(max + 1);
    *len = 0;
    n = 0;

    while (text && *len <= max) {
        n = read(fd, text + *len, max + 1 - *len);

        if (n == -1 && errno == EINTR) {
            continue;
        }

        if (n <= 0) {
            break;
        }

        *len += n;
    }

    err = n == -1 ? errno : *len > max ? EFBIG : 0;
    (void) close(fd);

    if (text && err) {
        free(text);
        text = NULL;
        errno = err;
    }

    return text;
}


u_char *
ctl_input_secret(const char *name, size_t max, size_t *len)
{
    u_char  *text;

    text = ctl_input_file(name, max, len);

    while (text && *len && memchr(" \t\r\n", text[*len - 1], 4)) {
        (*len)--;
    }

    return text;
}
