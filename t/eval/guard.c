/*
 * Copyright (C) 2026 Distill Guard
 *
 * The guard's process: lines in, a verdict for each out, in order.
 */


#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "eval.h"


#define READ  65536


struct guard_s {
    pid_t          pid;          /* 0: there is none, all passes */
    int            in;           /* its standard input and output */
    int            out;
    FILE          *trace;
    text_t         sending;
    size_t         sent;         /* of these */
    text_t         got;
    size_t         taken;        /* of these */
};


static void guard_move(guard_t *g, int wait_for_output);
static char *guard_line(guard_t *g);
static const char *guard_member(const char *line, const char *name);
static double guard_number(const char *line, const char *name);


static const char  *verdict_names[VERDICTS] = {
    "PASS", "TAG", "PACE", "THROTTLE", "BLOCK"
};


guard_t *
guard_start(char *const *command, FILE *trace)
{
    int       in[2], out[2];
    guard_t  *g;

    g = grab(sizeof(guard_t));
    g->trace = trace;

    if (command == NULL) {
        return g;
    }

    if (pipe(in) == -1 || pipe(out) == -1) {
        die("pipe: %s", strerror(errno));
    }

    g->pid = fork();

    if (g->pid == -1) {
        die("fork: %s", strerror(errno));
    }

    if (g->pid == 0) {
        dup2(in[0], STDIN_FILENO);
        dup2(out[1], STDOUT_FILENO);
        close(in[0]);
        close(in[1]);
        close(out[0]);
        close(out[1]);

        execvp(command[0], command);
        die("%s: %s", command[0], strerror(errno));
    }

    close(in[0]);
    close(out[1]);
    g->in = in[1];
    g->out = out[0];

    signal(SIGPIPE, SIG_IGN);

    if (fcntl(g->in, F_SETFL, O_NONBLOCK) == -1
        || fcntl(g->out, F_SETFL, O_NONBLOCK) == -1)
    {
        die("fcntl: %s", strerror(errno));
    }

    return g;
}


void
guard_send(guard_t *g, const text_t *line)
{
    if (g->trace && fwrite(line->p, 1, line->len, g->trace) != line->len) {
        die("cannot write the trace: %s", strerror(errno));
    }

    if (g->pid) {
        text_bytes(&g->sending, line->p, line->len);
    }
}


void
guard_verdict(guard_t *g, verdict_t *v)
{
    char        *line;
    size_t       len;
    unsigned     i;
    const char  *p;

    memset(v, 0, sizeof(verdict_t));

    if (g->pid == 0) {
        return;
    }

    line = guard_line(g);

    if (line == NULL) {
        die("the guard has ended");
    }

    p = guard_member(line, "\"verdict\":\"");

    if (p == NULL) {
        die("no verdict: %s", line);
    }

    for (i = 0; i < VERDICTS; i++) {
        len = strlen(verdict_names[i]);

        if (strncmp(p, verdict_names[i], len) == 0 && p[len] == '"') {
            break;
        }
    }

    if (i == VERDICTS) {
        die("an unknown verdict: %s", line);
    }

    v->id = (verdict_id_t) i;

    p = guard_member(line, "\"campaign\":");
    v->linked = p && strncmp(p, "null", 4) != 0;

    if (v->id == VERDICT_THROTTLE) {
        v->retry_after = guard_number(line, "\"retry_after\":");

    } else if (v->id == VERDICT_PACE) {
        v->pace = guard_number(line, "\"pace\":");
    }
}


void
guard_end(guard_t *g, world_t *w,
    void (*campaign)(world_t *w, const char *line))
{
    int    status;
    char  *line;

    if (g->trace && fflush(g->trace) != 0) {
        die("cannot write the trace: %s", strerror(errno));
    }

    if (g->pid == 0) {
        return;
    }

    while (g->sent < g->sending.len) {
        guard_move(g, 0);
    }

    close(g->in);
    g->in = -1;

    while ((line = guard_line(g)) != NULL) {
        campaign(w, line);
    }

    if (waitpid(g->pid, &status, 0) == -1) {
        die("waitpid: %s", strerror(errno));
    }

    if (status != 0) {
        die("the guard has ended with status %d", WIFEXITED(status)
            ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
    }
}


/* writes and reads what can be, as either may wait for the other */

static void
guard_move(guard_t *g, int wait_for_output)
{
    char           chunk[READ];
    ssize_t        n;
    struct pollfd  fds[2];

    fds[0].fd = g->out;
    fds[0].events = POLLIN;
    fds[1].fd = g->in;
    fds[1].events = POLLOUT;
    fds[1].revents = 0;

    /* mostly there is room */

    if (g->in >= 0 && g->sent < g->sending.len) {
        n = write(g->in, g->sending.p + g->sent, g->sending.len - g->sent);

        if (n > 0) {
            g->sent += (size_t) n;

        } else if (errno != EAGAIN && errno != EINTR) {
            die("the guard does not read: %s", strerror(errno));
        }
    }

    if (g->sent == g->sending.len) {
        g->sent = 0;
        g->sending.len = 0;

        if (!wait_for_output) {
            return;
        }
    }

    if (poll(fds, g->sending.len ? 2 : 1, -1) == -1 && errno != EINTR) {
        die("poll: %s", strerror(errno));
    }

    if (fds[0].revents == 0) {
        return;
    }

    n = read(g->out, chunk, sizeof(chunk));

    if (n > 0) {
        text_bytes(&g->got, chunk, (size_t) n);

    } else if (n == 0) {
        close(g->out);
        g->out = -1;

    } else if (errno != EAGAIN && errno != EINTR) {
        die("the guard does not answer: %s", strerror(errno));
    }
}


/* the next, without its newline, good until the one after; NULL: the end */

static char *
guard_line(guard_t *g)
{
    char    *end;
    size_t   at, from;

    for (from = g->taken; ; /* void */ ) {
        end = g->got.len > from
              ? memchr(g->got.p + from, '\n', g->got.len - from) : NULL;

        if (end) {
            break;
        }

        if (g->out == -1) {
            return NULL;
        }

        if (g->taken) {
            g->got.len -= g->taken;
            memmove(g->got.p, g->got.p + g->taken, g->got.len);
            g->taken = 0;
        }

        from = g->got.len;
        guard_move(g, 1);
    }

    *end = '\0';
    at = g->taken;
    g->taken = (size_t) (end - g->got.p) + 1;

    return g->got.p + at;
}


static const char *
guard_member(const char *line, const char *name)
{
    const char  *p;

    p = strstr(line, name);

    return p ? p + strlen(name) : NULL;
}


static double
guard_number(const char *line, const char *name)
{
    const char  *p;

    p = guard_member(line, name);

    return p ? strtod(p, NULL) : 0;
}
