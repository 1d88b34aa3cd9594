/*
 * Copyright (C) 2026 Distill Guard
 *
 * From files to lines and back.
 */


#include "replay.h"
#include "ctl.h"
#include "progress.h"

#include <sys/stat.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>


#define CTL_REPLAY_MB  (1024 * 1024)


typedef struct {
    ctl_progress_t    progress;
    uint64_t          size;      /* of the file; 0 if it has none */
    uint64_t          bytes;     /* when the clock was looked at */
} ctl_replay_read_t;


static int ctl_replay_file(ctl_replay_t *rp, ctl_input_t *in,
    const char *name, unsigned flags);
static void ctl_replay_begin(ctl_replay_read_t *rd, const ctl_replay_t *rp,
    const ctl_input_t *in);
static void ctl_replay_far(ctl_replay_read_t *rd, const ctl_input_t *in);
static void ctl_replay_wrong(ctl_replay_t *rp, const ctl_input_t *in,
    const char *error, unsigned flags);


int
ctl_replay_files(ctl_replay_t *rp, char *const *files, unsigned flags)
{
    int                   status;
    ctl_input_t           in;
    static const char    *none[] = { "-", NULL };
    const char *const    *name;

    memset(&in, 0, sizeof(ctl_input_t));

    status = CTL_OK;
    name = *files ? (const char *const *) files : none;

    for ( /* void */ ; *name && status == CTL_OK; name++) {
        status = ctl_replay_file(rp, &in, *name, flags);
    }

    free(in.buf);
    ctl_replay_end(rp);

    if (rp->flight.nopen && !(flags & CTL_AGAIN)) {
        ctl_error("%zu exchanges were left open", rp->flight.nopen);
    }

    return status == CTL_OK && rp->bad ? CTL_LINES : status;
}


static int
ctl_replay_file(ctl_replay_t *rp, ctl_input_t *in, const char *name,
    unsigned flags)
{
    int                 rc;
    char                error[DG_RECORD_ERROR];
    u_char             *line;
    size_t              len;
    ctl_replay_read_t   rd;

    if (ctl_input_open(in, name) != DG_OK) {
        ctl_error("cannot open %s: %s", name, strerror(errno));
        return CTL_FAILED;
    }

    ctl_replay_begin(&rd, rp, in);

    while ((rc = ctl_input_line(in, &line, &len)) != 0) {

        /* at most once for each that read() gave */

        if (in->bytes != rd.bytes) {
            ctl_replay_far(&rd, in);
        }

        if (rc == DG_ERROR) {
            ctl_progress_wipe(&rd.progress);
            ctl_error("cannot read %s: %s", in->name, strerror(errno));
            break;
        }

        if (rc == DG_FULL) {
            snprintf(error, sizeof(error), "the line is longer than %d bytes",
                     CTL_LINE_MAX);

        } else {
            rc = ctl_replay_line(rp, line, len, error);
        }

        if (rc != DG_OK) {
            ctl_progress_wipe(&rd.progress);
            ctl_replay_wrong(rp, in, error, flags);
        }

        if (rp->out && (flags & CTL_INTERACTIVE)) {
            ctl_output_flush(rp->out);
        }

        if (rp->out && rp->out->failed) {
            break;
        }
    }

    ctl_progress_wipe(&rd.progress);
    ctl_input_close(in);

    return rc == DG_ERROR ? CTL_FAILED : CTL_OK;
}


/* lines that a terminal shows tell by themselves how far it is */

static void
ctl_replay_begin(ctl_replay_read_t *rd, const ctl_replay_t *rp,
    const ctl_input_t *in)
{
    struct stat  st;

    ctl_progress_start(&rd->progress);

    if (rp->out && isatty(STDOUT_FILENO)) {
        rd->progress.on = 0;
    }

    rd->bytes = 0;
    rd->size = (fstat(in->fd, &st) == 0 && S_ISREG(st.st_mode))
               ? (uint64_t) st.st_size : 0;
}


static void
ctl_replay_far(ctl_replay_read_t *rd, const ctl_input_t *in)
{
    double  mb;

    rd->bytes = in->bytes;

    if (!ctl_progress_due(&rd->progress)) {
        return;
    }

    mb = (double) in->bytes / CTL_REPLAY_MB;

    if (rd->size == 0) {
        ctl_progress_show(&rd->progress, "%s: %.1f MB read", in->name, mb);
        return;
    }

    ctl_progress_show(&rd->progress, "%s: %.1f of %.1f MB read, %.0f %%",
                      in->name, mb, (double) rd->size / CTL_REPLAY_MB,
                      100.0 * (double) dg_min(in->bytes, rd->size)
                      / (double) rd->size);
}


static void
ctl_replay_wrong(ctl_replay_t *rp, const ctl_input_t *in, const char *error,
    unsigned flags)
{
    rp->bad++;

    if (!(flags & CTL_AGAIN)) {
        ctl_error("%s:%llu: %s", in->name, (unsigned long long) in->line,
                  error);
    }

    if (rp->out) {
        ctl_print_error(rp->out, in->line, error);
    }
}
