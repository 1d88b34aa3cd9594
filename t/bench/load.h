/*
 * Copyright (C) 2026 Distill Guard
 *
 * The load: clients of the proxy that is measured, and the model behind it,
 * in one process and one thread, so that the work around the measured worker
 * is small and a stream can be paced event by event.
 */


#ifndef _LOAD_H_INCLUDED_
#define _LOAD_H_INCLUDED_


#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "bench.h"


#define HEAD         8192        /* longest head either side may send */
#define CONNECTIONS  1024


typedef struct server_s  server_t;


typedef struct {
    int            fd;
    unsigned       busy:1;
    unsigned       chunked:1;
    unsigned       body:1;       /* the head has been read */
    unsigned       newline:1;    /* the last byte was one */
    piece_t       *head;
    piece_t       *text;
    char           rest[96];     /* the last lines of the head */
    size_t         rest_len;
    size_t         sent;
    size_t         got;          /* of the response's head */
    size_t         left;         /* of its body */
    size_t         events;
    unsigned       matched;      /* of the end of a chunked body */
    uint64_t       start;        /* of what latency is measured */
    server_t      *server;       /* who answers, where paced */
    char           in[HEAD];
} client_t;


struct server_s {
    int            fd;
    unsigned       body:1;       /* the head has been read */
    unsigned       answering:1;
    unsigned       blocked:1;
    size_t         got;
    size_t         left;
    size_t         next;         /* piece to be sent */
    size_t         sent;         /* of that piece */
    client_t      *client;
    char           in[HEAD];
};


typedef struct {
    long           pid;          /* whose CPU time is measured */
    long           also;         /* and whose besides, 0: nobody's */
    long           listen;       /* port of the model */
    long           connect;      /* port of the proxy */
    long           connections;
    double         seconds;
    double         warmup;
    const char    *heads;        /* files of pieces */
    const char    *bodies;
    const char    *reply;
    long           paced;
    long           spin;         /* there is a CPU to spare */
} options_t;


typedef struct {
    uint64_t       requests;
    uint64_t       events;
    uint64_t       failed;       /* not answered 200 */
    unsigned       status;       /* of the last of these */
    uint32_t      *samples;      /* of latency, nanoseconds */
    size_t         nsamples;
    size_t         size;
} counts_t;


extern options_t   options;
extern counts_t    counts;
extern pieces_t    heads, bodies, reply;
extern client_t   *clients;
extern long        busy;         /* requests in flight */
extern uint64_t    deadline;     /* no request starts after it */


void sample(uint64_t ns);

void client_start(client_t *c);
void client_event(client_t *c, uint32_t what);

void server_event(server_t *s, uint32_t what);

/* sends up to the end of the pieces that may be sent now */
void server_send(server_t *s, size_t until);


#endif /* _LOAD_H_INCLUDED_ */
