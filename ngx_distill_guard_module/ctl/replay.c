/*
 * Copyright (C) 2026 Distill Guard
 *
 * distillctl replay.
 */


#include "replay.h"
#include "ctl.h"

#include <getopt.h>
#include <stdlib.h>
#include <unistd.h>


typedef struct {
    const char       *settings;  /* the name of the file */
    unsigned          flags;
    unsigned          summary:1;
    unsigned          campaigns:1;
} ctl_replay_options_t;


typedef struct {
    ctl_settings_t    settings;
    ctl_output_t      out;
    ctl_replay_t      replay;
} ctl_replay_run_t;


static int ctl_replay_options(ctl_replay_options_t *opt, int argc,
    char **argv);
static int ctl_replay_start(ctl_replay_run_t *run,
    const ctl_replay_options_t *opt);
static int ctl_replay_report(ctl_replay_run_t *run,
    const ctl_replay_options_t *opt);
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
        status = ctl_replay_files(&run->replay, argv + optind, opt.flags);

        if (ctl_replay_report(run, &opt) != DG_OK) {
            status = CTL_FAILED;
        }
    }

    ctl_replay_stop(run);

    return status;
}


static int
ctl_replay_options(ctl_replay_options_t *opt, int argc, char **argv)
{
    int  c;

    memset(opt, 0, sizeof(ctl_replay_options_t));

    while ((c = ctl_flag(argc, argv)) != -1) {

        switch (c) {

        case 'c':
            opt->settings = optarg;
            break;

        case CTL_FLAG_INTERACTIVE:
            opt->flags |= CTL_INTERACTIVE;
            break;

        case CTL_FLAG_SUMMARY:
            opt->summary = 1;
            break;

        case CTL_FLAG_CAMPAIGNS:
            opt->campaigns = 1;
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
    ctl_replay_t  *rp;

    rp = &run->replay;

    if (ctl_replay_tables() != DG_OK
        || ctl_settings_open(&run->settings, opt->settings) != DG_OK)
    {
        return CTL_FAILED;
    }

    ctl_settings_idle(&run->settings, opt->settings, "replay");
    ctl_output_init(&run->out, STDOUT_FILENO);

    rp->settings = &run->settings;
    rp->out = &run->out;

    if (opt->summary || opt->campaigns) {
        rp->labels = ctl_labels_create();

        if (rp->labels == NULL) {
            goto failed;
        }
    }

    if (opt->summary) {
        rp->summary = ctl_summary_create(rp->labels);

        if (rp->summary == NULL) {
            goto failed;
        }
    }

    if (ctl_replay_init(rp) == DG_OK) {
        return CTL_OK;
    }

failed:

    ctl_error("no memory for a zone of %zu bytes", run->settings.size);

    return CTL_FAILED;
}


/* what comes after the last line; DG_ERROR: not all could be written */

static int
ctl_replay_report(ctl_replay_run_t *run, const ctl_replay_options_t *opt)
{
    int             rc;
    ctl_replay_t   *rp;
    ctl_members_t   ms;

    rp = &run->replay;
    rc = DG_OK;

    memset(&ms, 0, sizeof(ctl_members_t));

    if (rp->labels) {
        rc = ctl_members_list(&ms, rp->store, rp->now_ms);

        if (rc != DG_OK) {
            ctl_error("no memory for the campaigns");
        }
    }

    if (opt->campaigns && rc == DG_OK) {
        ctl_members_print(&ms, rp->labels, &run->out);
    }

    ctl_output_flush(&run->out);

    if (run->out.failed) {
        ctl_error("cannot write: %s", strerror(run->out.error));
        rc = DG_ERROR;
    }

    if (opt->summary && rc == DG_OK) {
        ctl_members_count(&ms, rp->labels, rp->summary);
        ctl_summary_print(rp->summary);
    }

    ctl_members_free(&ms);

    return rc;
}


static void
ctl_replay_stop(ctl_replay_run_t *run)
{
    ctl_summary_free(run->replay.summary);
    ctl_labels_free(run->replay.labels);
    ctl_replay_free(&run->replay);
    ctl_settings_close(&run->settings);

    free(run);
}
