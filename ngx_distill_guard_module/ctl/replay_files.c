/*
 * Copyright (C) 2026 Distill Guard
 *
 * From files to lines and back.
 */


#include "replay.h"
#include "ctl.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>


static int ctl_replay_file(ctl_replay_t *rp, ctl_input_t *in,
    const char *name, unsigned flags);
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
    int      rc;
    char     error[DG_RECORD_ERROR];
    u_char  *line;
    size_t   len;

    if (ctl_input_open(in, name) != DG_OK) {
        ctl_error("cannot open %s: %s", name, strerror(errno));
        return CTL_FAILED;
    }

    while ((rc = ctl_input_line(in, &line, &len)) != 0) {

        if (rc == DG_ERROR) {
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
            ctl_replay_wrong(rp, in, error, flags);
        }

        if (rp->out && (flags & CTL_INTERACTIVE)) {
            ctl_output_flush(rp->out);
        }

        if (rp->out && rp->out->failed) {
            break;
        }
    }

    ctl_input_close(in);

    return rc == DG_ERROR ? CTL_FAILED : CTL_OK;
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
