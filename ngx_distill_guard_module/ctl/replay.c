/*
 * Copyright (C) 2026 Distill Guard
 *
 * distillctl replay: from files to lines and back.
 */


#include "replay.h"
#include "ctl.h"
#include "input.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>


#define CTL_GO_ON  -1


typedef struct {
    const char       *settings;  /* the name of the file */
    int               interactive;
    int               summary;
} ctl_replay_options_t;


typedef struct {
    ctl_settings_t    settings;
    ctl_output_t      out;
    ctl_input_t       in;
    ctl_replay_t      replay;
} ctl_replay_run_t;


static int ctl_replay_options(ctl_replay_options_t *opt, int argc,
    char **argv);
static int ctl_replay_start(ctl_replay_run_t *run,
    const ctl_replay_options_t *opt);
static int ctl_replay_files(ctl_replay_run_t *run,
    const ctl_replay_options_t *opt, char **files);
static int ctl_replay_file(ctl_replay_run_t *run,
    const ctl_replay_options_t *opt, const char *name);
static void ctl_replay_stop(ctl_replay_run_t *run);


int
ctl_replay(int argc, char **argv)
{
    int                    status;
    ctl_replay_run_t      *run;
    ctl_replay_options_t   opt;

    status = ctl_replay_options(&opt, argc, argv);

    if (status != CTL_GO_ON) {
        return status;
    }

    run = calloc(1, sizeof(ctl_replay_run_t));

    if (run == NULL) {
        ctl_error("no memory");
        return CTL_FAILED;
    }

    status = ctl_replay_start(run, &opt);

    if (status == CTL_OK) {
        status = ctl_replay_files(run, &opt, argv + optind);
    }

    ctl_replay_stop(run);

    return status;
}


/* CTL_GO_ON: there is something to do; else the exit status */

static int
ctl_replay_options(ctl_replay_options_t *opt, int argc, char **argv)
{
    int  c;

    enum {
        INTERACTIVE = 256,
        SUMMARY,
        CAMPAIGNS
    };

    static const struct option  options[] = {
        { "interactive", no_argument, NULL, INTERACTIVE },
        { "summary", no_argument, NULL, SUMMARY },
        { "campaigns", no_argument, NULL, CAMPAIGNS },
        { "help", no_argument, NULL, 'h' },
        { NULL, 0, NULL, 0 }
    };

    memset(opt, 0, sizeof(ctl_replay_options_t));

    while ((c = getopt_long(argc, argv, "c:h", options, NULL)) != -1) {

        switch (c) {

        case 'c':
            opt->settings = optarg;
            break;

        case INTERACTIVE:
            opt->interactive = 1;
            break;

        case SUMMARY:
            opt->summary = 1;
            break;

        case CAMPAIGNS:
            /* limits find none, and so there is none to print */
            break;

        case 'h':
            return ctl_help("replay");

        default:
            return ctl_usage("replay");
        }
    }

    return CTL_GO_ON;
}


static int
ctl_replay_start(ctl_replay_run_t *run, const ctl_replay_options_t *opt)
{
    ctl_summary_t  *summary;

    if (dg_dialect_init() != DG_OK || dg_event_read_init() != DG_OK
        || ctl_trace_init() != DG_OK)
    {
        ctl_error("the tables are not well formed");
        return CTL_FAILED;
    }

    if (ctl_settings_open(&run->settings, opt->settings) != DG_OK) {
        return CTL_FAILED;
    }

    ctl_settings_idle(&run->settings, opt->settings, "replay");
    ctl_output_init(&run->out, STDOUT_FILENO);

    summary = opt->summary ? ctl_summary_create() : NULL;

    if ((opt->summary && summary == NULL)
        || ctl_replay_init(&run->replay, &run->settings, &run->out, summary)
           != DG_OK)
    {
        ctl_summary_free(summary);
        ctl_error("no memory for a zone of %zu bytes", run->settings.size);
        return CTL_FAILED;
    }

    return CTL_OK;
}


static int
ctl_replay_files(ctl_replay_run_t *run, const ctl_replay_options_t *opt,
    char **files)
{
    int                   status;
    static const char    *none[] = { "-", NULL };
    const char *const    *name;

    status = CTL_OK;
    name = *files ? (const char *const *) files : none;

    for ( /* void */ ; *name && status == CTL_OK; name++) {
        status = ctl_replay_file(run, opt, *name);
    }

    ctl_replay_end(&run->replay);
    ctl_output_flush(&run->out);

    if (run->out.failed) {
        ctl_error("cannot write: %s", strerror(run->out.error));
        return CTL_FAILED;
    }

    if (run->replay.summary) {
        ctl_summary_print(run->replay.summary);
    }

    if (run->replay.flight.nopen) {
        ctl_error("%zu exchanges were left open", run->replay.flight.nopen);
    }

    return status == CTL_OK && run->replay.bad ? CTL_LINES : status;
}


static int
ctl_replay_file(ctl_replay_run_t *run, const ctl_replay_options_t *opt,
    const char *name)
{
    int            rc;
    char           error[DG_RECORD_ERROR];
    u_char        *line;
    size_t         len;
    ctl_input_t   *in;

    in = &run->in;

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
            rc = ctl_replay_line(&run->replay, line, len, error);
        }

        if (rc != DG_OK) {
            run->replay.bad++;
            ctl_error("%s:%llu: %s", in->name, (unsigned long long) in->line,
                      error);
            ctl_print_error(&run->out, in->line, error);
        }

        if (opt->interactive) {
            ctl_output_flush(&run->out);
        }

        if (run->out.failed) {
            break;
        }
    }

    ctl_input_close(in);

    return rc == DG_ERROR ? CTL_FAILED : CTL_OK;
}


static void
ctl_replay_stop(ctl_replay_run_t *run)
{
    ctl_summary_free(run->replay.summary);
    ctl_replay_free(&run->replay);
    ctl_settings_close(&run->settings);

    free(run->in.buf);
    free(run);
}
