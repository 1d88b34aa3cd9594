/*
 * Copyright (C) 2026 Distill Guard
 *
 * What the programs of the bench share.
 */


#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench.h"


void
die(const char *what, int err)
{
    fprintf(stderr, "bench: %s%s%s\n", what, err ? ": " : "",
            err ? strerror(err) : "");
    exit(1);
}


void *
allocate(size_t size)
{
    void  *p;

    p = calloc(1, size);
    if (p == NULL) {
        die("no memory", 0);
    }

    return p;
}


void *
enlarge(void *p, size_t size)
{
    p = realloc(p, size);
    if (p == NULL) {
        die("no memory", 0);
    }

    return p;
}


uint64_t
now(void)
{
    struct timespec  ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);

    return ts.tv_sec * SECOND + ts.tv_nsec;
}


void
read_pieces(pieces_t *pieces, const char *name)
{
    FILE     *file;
    size_t    len;
    piece_t  *piece;

    pieces->piece = NULL;
    pieces->n = 0;

    file = fopen(name, "r");
    if (file == NULL) {
        die(name, errno);
    }

    while (fscanf(file, "%zu", &len) == 1 && fgetc(file) == '\n') {

        pieces->piece = enlarge(pieces->piece,
                                (pieces->n + 1) * sizeof(piece_t));
        piece = &pieces->piece[pieces->n++];

        piece->len = len;
        piece->data = allocate(len + 1);

        if (fread(piece->data, 1, len, file) != len) {
            die(name, 0);
        }
    }

    fclose(file);

    if (pieces->n == 0) {
        die(name, 0);
    }
}
