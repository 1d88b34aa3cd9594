/*
 * Copyright (C) 2026 Distill Guard
 *
 * Kills a worker of nginx inside the lock of a zone.
 *
 *     stepper PID LOCK BUSY amid|nothing STEPS SECONDS
 *
 * LOCK and BUSY are the addresses, in hex, of the lock's word, which is the
 * holder's pid, and of the store's word that is set amid a change.  The
 * worker goes on an instruction at a time until it holds the lock and is, or
 * is not, amid a change, then STEPS more in that state, and is killed.  Where
 * the state ends earlier, half of the steps are enough the next time, so that
 * it comes to an end however short the state is.
 *
 * The exit code is 0 and a line says where it died, 1 and the line says why
 * it did not, or 2 if there is no stepping here.
 */


#define _GNU_SOURCE

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/ptrace.h>
#include <sys/time.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>


#define FAILED   1
#define NOWHERE  2


/* what is asked for, and what is seen */

static pid_t          pid;
static uintptr_t      lock_at;
static uintptr_t      busy_at;
static int            amid;
static unsigned long  wanted;

static uint64_t       steps;    /* made in all */
static uint64_t       held;     /* of these, with the lock held */
static uint64_t       states;   /* how often the state began */


static void quit(int code, const char *fmt, ...) __attribute__((noreturn));


static void
quit(int code, const char *fmt, ...)
{
    va_list  args;

    va_start(args, fmt);
    vprintf(fmt, args);
    va_end(args);

    printf("\n");
    exit(code);
}


/*
 * A lock taken by a pair of instructions, the first of which reserves the
 * word, is never taken step by step, for each trap ends the reservation.
 */

static int
is_steppable(void)
{
#if defined(__x86_64__) || defined(__i386__) || defined(__s390x__)
    return 1;
#elif defined(__aarch64__)
    return (getauxval(AT_HWCAP) & (1 << 8)) != 0;    /* atomics */
#else
    return 0;
#endif
}


/* interrupts a wait for the worker */

static void
on_alarm(int signo)
{
    (void) signo;
}


static double
now(void)
{
    struct timespec  ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);

    return ts.tv_sec + ts.tv_nsec / 1e9;
}


/*
 * Waits until the worker stands still; its status, or -1 if the time was over
 * first.
 */

static int
stand(double end)
{
    int  status;

    while (waitpid(pid, &status, __WALL) == -1) {

        if (errno != EINTR) {
            quit(FAILED, "waitpid() failed: %s", strerror(errno));
        }

        if (now() >= end) {
            return -1;
        }
    }

    if (WIFEXITED(status)) {
        quit(FAILED, "the worker exited with %d after %llu steps",
             WEXITSTATUS(status), (unsigned long long) steps);
    }

    if (WIFSIGNALED(status)) {
        quit(FAILED, "the worker died of signal %d after %llu steps",
             WTERMSIG(status), (unsigned long long) steps);
    }

    return status;
}


/* the signal that is on its way to the worker; our own traps are none */

static void *
passed_on(int status)
{
    int  signo;

    signo = WSTOPSIG(status);

    if (signo == SIGTRAP || (status >> 16) == PTRACE_EVENT_STOP) {
        signo = 0;
    }

    return (void *) (intptr_t) signo;
}


/* goes on by one instruction, with that signal */

static void
step(int status)
{
    void  *signo;

    signo = passed_on(status);

    /* of one that was killed just now we hear next */

    if (ptrace(PTRACE_SINGLESTEP, pid, NULL, signo) == -1 && errno != ESRCH) {
        quit(errno == EIO ? NOWHERE : FAILED, "PTRACE_SINGLESTEP failed: %s",
             strerror(errno));
    }
}


/*
 * Lets it go.  Whoever is let go with a trap pending dies of it, so an
 * interrupted one has to make the step it was told to make.
 */

static void
let_go(int status)
{
    if (status == -1) {
        (void) ptrace(PTRACE_INTERRUPT, pid, NULL, NULL);
        status = stand(now() + 1);

        while (status != -1 && (status >> 16) == PTRACE_EVENT_STOP) {
            step(status);
            status = stand(now() + 1);
        }
    }

    if (status != -1) {
        (void) ptrace(PTRACE_DETACH, pid, NULL, passed_on(status));
    }
}


/* is it as we want it? */

static int
is_there(void)
{
    uint32_t       busy;
    unsigned long  lock;
    struct iovec   local[2], remote[2];

    local[0].iov_base = &lock;
    local[0].iov_len = sizeof(lock);
    local[1].iov_base = &busy;
    local[1].iov_len = sizeof(busy);

    remote[0].iov_base = (void *) lock_at;
    remote[0].iov_len = sizeof(lock);
    remote[1].iov_base = (void *) busy_at;
    remote[1].iov_len = sizeof(busy);

    if (process_vm_readv(pid, local, 2, remote, 2, 0)
        != sizeof(lock) + sizeof(busy))
    {
        quit(FAILED, "the zone could not be read: %s", strerror(errno));
    }

    if (lock != (unsigned long) pid) {
        return 0;
    }

    held++;

    return (busy != 0) == amid;
}


/* steps it to where it is to die, which is true; false if it took too long */

static int
walk(double end)
{
    int            status;
    unsigned long  n;

    for (n = 0; ; steps++) {

        status = stand(end);

        if (status == -1 || now() >= end) {
            let_go(status);
            return 0;
        }

        if (is_there()) {
            states += (n == 0);

            if (n++ == wanted) {
                return 1;
            }

        } else if (n) {
            wanted /= 2;
            n = 0;
        }

        step(status);
    }
}


static void
seize(void)
{
    int               err;
    struct sigaction  sa;
    struct itimerval  every = { { 0, 100000 }, { 0, 100000 } };

    memset(&sa, 0, sizeof(sa));
    sa.sa_handler = on_alarm;

    if (sigaction(SIGALRM, &sa, NULL) == -1
        || setitimer(ITIMER_REAL, &every, NULL) == -1)
    {
        quit(FAILED, "no timer: %s", strerror(errno));
    }

    if (ptrace(PTRACE_SEIZE, pid, NULL, NULL) == -1) {
        err = errno;
        quit(err == EPERM || err == EACCES || err == ENOSYS ? NOWHERE : FAILED,
             "PTRACE_SEIZE failed: %s", strerror(err));
    }

    if (ptrace(PTRACE_INTERRUPT, pid, NULL, NULL) == -1) {
        quit(FAILED, "PTRACE_INTERRUPT failed: %s", strerror(errno));
    }
}


int
main(int argc, char **argv)
{
    int     status;
    double  begin, end;

    if (argc != 7) {
        quit(FAILED, "stepper PID LOCK BUSY amid|nothing STEPS SECONDS");
    }

    if (!is_steppable()) {
        quit(NOWHERE, "this processor's locks cannot be stepped through");
    }

    pid = atoi(argv[1]);
    lock_at = strtoull(argv[2], NULL, 16);
    busy_at = strtoull(argv[3], NULL, 16);
    amid = (strcmp(argv[4], "amid") == 0);
    wanted = strtoul(argv[5], NULL, 10);
    begin = now();
    end = begin + atof(argv[6]);

    seize();

    if (!walk(end)) {
        quit(FAILED, "%s s are over: %llu steps, %llu of them in the lock, %s"
             " %llu times", argv[6], (unsigned long long) steps,
             (unsigned long long) held,
             amid ? "amid a change" : "changing nothing",
             (unsigned long long) states);
    }

    if (kill(pid, SIGKILL) == -1) {
        quit(FAILED, "it could not be killed: %s", strerror(errno));
    }

    while (waitpid(pid, &status, __WALL) == -1) {

        if (errno != EINTR) {
            quit(FAILED, "waitpid() failed: %s", strerror(errno));
        }
    }

    if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL) {
        quit(FAILED, "it ended otherwise: %x", (unsigned) status);
    }

    printf("%lu steps into it, after %llu steps in %.1f s\n", wanted,
           (unsigned long long) steps, now() - begin);

    return 0;
}
