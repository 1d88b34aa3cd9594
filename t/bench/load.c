/*
 * Copyright (C) 2026 Distill Guard
 *
 * The course of the load.
 *
 *     load pid=N [also=N] listen=PORT connect=PORT connections=N seconds=N
 *          warmup=N heads=FILE bodies=FILE reply=FILE paced=0|1 spin=0|1
 *
 * A request is one of the heads in turn, without its last lines, and one of
 * the bodies in turn.  The reply is its pieces in one go or, where paced, one
 * after the other: each when the client has got the one before.
 *
 * Prints one JSON object: how many requests and events there were, after the
 * warm-up and in all, what CPU time the process pid took for them, and
 * quantiles of latency: of requests, or of events where they are paced.
 */


#define _GNU_SOURCE

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>

#include "load.h"


#define PATIENCE  20000          /* milliseconds without any event */
#define YIELD     20000          /* nanoseconds without any event */
#define SETTLE    20000000       /* nanoseconds for work behind an answer */

/* whose event it is */
#define CLIENT  0ull
#define SERVER  1ull
#define LISTEN  2ull


options_t   options;
counts_t    counts;
pieces_t    heads, bodies, reply;
client_t   *clients;
long        busy;
uint64_t    deadline;

static server_t  *servers[CONNECTIONS];
static unsigned   nservers;
static int        epoll_fd, listen_fd;


void
sample(uint64_t ns)
{
    if (counts.nsamples == counts.size) {
        counts.size = counts.size ? counts.size * 2 : 65536;
        counts.samples = enlarge(counts.samples,
                                 counts.size * sizeof(uint32_t));
    }

    counts.samples[counts.nsamples++] = ns > UINT32_MAX ? UINT32_MAX : ns;
}


static void
watch(int fd, uint64_t side, uint64_t number)
{
    int                 one;
    struct epoll_event  ev;

    one = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));

    ev.events = EPOLLIN|EPOLLOUT|EPOLLRDHUP|EPOLLET;
    ev.data.u64 = side << 32 | number;

    if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &ev) == -1) {
        die("epoll_ctl", errno);
    }
}


static void
accept_servers(void)
{
    int        fd;
    server_t  *s;

    for ( ;; ) {
        fd = accept4(listen_fd, NULL, NULL, SOCK_NONBLOCK|SOCK_CLOEXEC);

        if (fd == -1) {
            if (errno == EAGAIN) {
                return;
            }

            die("accept", errno);
        }

        if (nservers == CONNECTIONS) {
            die("the proxy does not keep its connections", 0);
        }

        s = allocate(sizeof(server_t));
        s->fd = fd;
        servers[nservers] = s;

        watch(fd, SERVER, nservers++);
    }
}


static void
address(struct sockaddr_in *sin, long port)
{
    memset(sin, 0, sizeof(*sin));
    sin->sin_family = AF_INET;
    sin->sin_port = htons(port);
    sin->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
}


static void
prepare(void)
{
    int                 one;
    long                i;
    struct sockaddr_in  sin;

    epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    listen_fd = socket(AF_INET, SOCK_STREAM|SOCK_NONBLOCK, 0);

    if (epoll_fd == -1 || listen_fd == -1) {
        die("socket", errno);
    }

    one = 1;
    setsockopt(listen_fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    address(&sin, options.listen);

    if (bind(listen_fd, (struct sockaddr *) &sin, sizeof(sin)) == -1
        || listen(listen_fd, 511) == -1)
    {
        die("listen", errno);
    }

    watch(listen_fd, LISTEN, 0);

    clients = allocate(options.connections * sizeof(client_t));
    address(&sin, options.connect);

    for (i = 0; i < options.connections; i++) {
        clients[i].fd = socket(AF_INET, SOCK_STREAM, 0);

        if (clients[i].fd == -1
            || connect(clients[i].fd, (struct sockaddr *) &sin, sizeof(sin))
               == -1)
        {
            die("connect", errno);
        }

        if (fcntl(clients[i].fd, F_SETFL, O_NONBLOCK) == -1) {
            die("fcntl", errno);
        }

        watch(clients[i].fd, CLIENT, i);
    }
}


static void
handle(struct epoll_event *ev)
{
    uint64_t  number;

    number = ev->data.u64 & UINT32_MAX;

    switch (ev->data.u64 >> 32) {
    case CLIENT:
        client_event(&clients[number], ev->events);
        break;
    case SERVER:
        server_event(servers[number], ev->events);
        break;
    default:
        accept_servers();
    }
}


/*
 * Who sleeps has to be woken, by the worker that is measured and at its
 * expense: the faster it is the less often, which would make it look faster
 * still.  So nobody sleeps here while something is in flight.
 */

static void
run(double seconds)
{
    int                 i, n;
    long                c;
    uint64_t            last, idle;
    struct epoll_event  list[256];

    last = now();
    deadline = last + seconds * SECOND;

    for (c = 0; c < options.connections; c++) {
        client_start(&clients[c]);
    }

    while (busy) {
        n = epoll_wait(epoll_fd, list, 256, options.spin ? 0 : PATIENCE);

        if (n == -1 && errno != EINTR) {
            die("epoll_wait", errno);
        }

        for (i = 0; i < n; i++) {
            handle(&list[i]);
        }

        if (n > 0) {
            last = now();
            continue;
        }

        idle = now() - last;

        if (idle > PATIENCE * (SECOND / 1000)) {
            die("the proxy is silent", 0);
        }

        /* perhaps it waits for somebody who has no CPU because of us */

        if (idle > YIELD) {
            sched_yield();
        }
    }
}


/*
 * Nanoseconds that all threads of the process have run.  The kernel brings
 * them up to date when a thread goes to sleep, so they are asked for only
 * when nothing is in flight.
 */

static uint64_t
cpu_time(long pid)
{
    DIR            *dir;
    FILE           *file;
    char            name[320];
    uint64_t        sum;
    struct dirent  *entry;

    unsigned long long  ns;

    sum = 0;

    if (pid == 0) {
        return 0;
    }

    snprintf(name, sizeof(name), "/proc/%ld/task", pid);

    dir = opendir(name);
    if (dir == NULL) {
        die(name, errno);
    }

    while ((entry = readdir(dir)) != NULL) {
        if (entry->d_name[0] == '.') {
            continue;
        }

        snprintf(name, sizeof(name), "/proc/%ld/task/%s/schedstat", pid,
                 entry->d_name);

        file = fopen(name, "r");
        if (file == NULL || fscanf(file, "%llu", &ns) != 1) {
            die(name, errno);
        }

        fclose(file);
        sum += ns;
    }

    closedir(dir);

    return sum;
}


static int
compare(const void *one, const void *two)
{
    uint32_t  a, b;

    a = *(const uint32_t *) one;
    b = *(const uint32_t *) two;

    return a < b ? -1 : a > b;
}


static double
quantile(double q)
{
    size_t  i;

    if (counts.nsamples == 0) {
        return 0;
    }

    i = q * (counts.nsamples - 1);

    return counts.samples[i] / 1e6;
}


static void
settle(void)
{
    struct timespec  ts = { 0, SETTLE };

    nanosleep(&ts, NULL);
}


static void
measure(void)
{
    uint64_t  warm, cpu, also, start, wall;

    run(options.warmup);
    settle();

    warm = counts.requests;
    counts.requests = 0;
    counts.events = 0;
    counts.failed = 0;
    counts.nsamples = 0;

    cpu = cpu_time(options.pid);
    also = cpu_time(options.also);
    start = now();

    run(options.seconds);

    wall = now() - start;
    settle();

    cpu = cpu_time(options.pid) - cpu;
    also = cpu_time(options.also) - also;

    qsort(counts.samples, counts.nsamples, sizeof(uint32_t), compare);

    printf("{\"all\":%ju,\"requests\":%ju,\"events\":%ju,\"failed\":%ju,"
           "\"status\":%u,\"wall_ns\":%ju,\"cpu_ns\":%ju,\"also_ns\":%ju,"
           "\"p50_ms\":%.4f,\"p99_ms\":%.4f,\"p999_ms\":%.4f}\n",
           (uintmax_t) (warm + counts.requests), (uintmax_t) counts.requests,
           (uintmax_t) counts.events, (uintmax_t) counts.failed,
           counts.status, (uintmax_t) wall, (uintmax_t) cpu,
           (uintmax_t) also, quantile(0.5), quantile(0.99),
           quantile(0.999));
}


static const struct {
    const char    *name;
    long          *integer;
    double        *number;
    const char   **text;
} names[] = {
    { "pid", &options.pid, NULL, NULL },
    { "also", &options.also, NULL, NULL },
    { "listen", &options.listen, NULL, NULL },
    { "connect", &options.connect, NULL, NULL },
    { "connections", &options.connections, NULL, NULL },
    { "seconds", NULL, &options.seconds, NULL },
    { "warmup", NULL, &options.warmup, NULL },
    { "heads", NULL, NULL, &options.heads },
    { "bodies", NULL, NULL, &options.bodies },
    { "reply", NULL, NULL, &options.reply },
    { "paced", &options.paced, NULL, NULL },
    { "spin", &options.spin, NULL, NULL },
};


static void
read_option(char *arg)
{
    char    *value;
    size_t   i;

    value = strchr(arg, '=');

    for (i = 0; value && i < sizeof(names) / sizeof(names[0]); i++) {
        if (strlen(names[i].name) != (size_t) (value - arg)
            || memcmp(names[i].name, arg, value - arg) != 0)
        {
            continue;
        }

        value++;

        if (names[i].integer) {
            *names[i].integer = strtol(value, NULL, 10);

        } else if (names[i].number) {
            *names[i].number = strtod(value, NULL);

        } else {
            *names[i].text = value;
        }

        return;
    }

    die(arg, 0);
}


int
main(int argc, char *argv[])
{
    int  i;

    for (i = 1; i < argc; i++) {
        read_option(argv[i]);
    }

    if (options.heads == NULL || options.bodies == NULL
        || options.reply == NULL || options.connections < 1
        || options.connections > CONNECTIONS)
    {
        die("heads=, bodies=, reply= and connections= are needed", 0);
    }

    read_pieces(&heads, options.heads);
    read_pieces(&bodies, options.bodies);
    read_pieces(&reply, options.reply);

    prepare();
    measure();

    return 0;
}
