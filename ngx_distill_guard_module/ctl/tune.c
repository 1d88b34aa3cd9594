/*
 * Copyright (C) 2026 Distill Guard
 *
 * distillctl tune: a trace is read twice, to see what its accounts are like
 * and then what settings made of that would have done.
 */


#include "tune.h"
#include "ctl.h"
#include "replay.h"

#include <sys/stat.h>
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>


typedef struct {
    const char       *name;      /* of the file of settings */
    char            **files;
    ctl_settings_t    settings;
    dg_policy_t       tuned;
    ctl_values_t     *values;
    uint64_t          exchanges; /* that values were seen of */
    ctl_replay_t      replay;    /* first the one, then the other */
} ctl_tune_run_t;


static int ctl_tune_options(ctl_tune_run_t *run, int argc, char **argv);
static int ctl_tune_file(const char *name);
static int ctl_tune_measure(ctl_tune_run_t *run);
static void ctl_tune_watch(void *data, ctl_replay_t *rp,
    const ctl_exchange_t *x);
static void ctl_tune_propose(ctl_tune_run_t *run);
static int ctl_tune_try(ctl_tune_run_t *run);
static int ctl_tune_tell(ctl_tune_run_t *run);
static int ctl_tune_begin(ctl_tune_run_t *run);
static int ctl_tune_memory(void);


int
ctl_tune(int argc, char **argv)
{
    int              status, again;
    ctl_tune_run_t  *run;

    run = calloc(1, sizeof(ctl_tune_run_t));

    if (run == NULL) {
        return ctl_tune_memory();
    }

    status = ctl_tune_options(run, argc, argv);

    if (status == CTL_GO_ON) {
        status = ctl_tune_measure(run);

        if (status != CTL_FAILED) {
            ctl_tune_propose(run);
            again = ctl_tune_try(run);

            if (again == CTL_FAILED) {
                status = CTL_FAILED;
            }
        }
    }

    ctl_values_free(run->values);
    ctl_settings_close(&run->settings);
    free(run);

    return status;
}


static int
ctl_tune_options(ctl_tune_run_t *run, int argc, char **argv)
{
    int     c;
    char  **file;

    while ((c = ctl_flag(argc, argv)) != -1) {

        switch (c) {

        case 'c':
            run->name = optarg;
            break;

        case 'h':
            return ctl_help("tune");

        default:
            return ctl_usage("tune");
        }
    }

    run->files = argv + optind;

    if (*run->files == NULL) {
        ctl_error("\"tune\" reads the trace twice: give it a file");
        return ctl_usage("tune");
    }

    for (file = run->files; *file; file++) {
        if (ctl_tune_file(*file) != DG_OK) {
            return CTL_FAILED;
        }
    }

    return CTL_GO_ON;
}


static int
ctl_tune_file(const char *name)
{
    struct stat  st;

    if (strcmp(name, "-") == 0) {
        ctl_error("\"tune\" reads the trace twice, which it cannot do with "
                  "standard input: give it a file");
        return DG_ERROR;
    }

    if (stat(name, &st) == -1) {
        ctl_error("cannot open %s: %s", name, strerror(errno));
        return DG_ERROR;
    }

    if (!S_ISREG(st.st_mode)) {
        ctl_error("\"tune\" reads the trace twice, which it cannot do with "
                  "%s: give it a file", name);
        return DG_ERROR;
    }

    return DG_OK;
}


static int
ctl_tune_measure(ctl_tune_run_t *run)
{
    int  status;

    if (ctl_replay_tables() != DG_OK
        || ctl_settings_open(&run->settings, run->name) != DG_OK)
    {
        return CTL_FAILED;
    }

    ctl_settings_idle(&run->settings, run->name, "tune");
    run->values = ctl_values_create(CTL_VALUES_SIZE);

    if (run->values == NULL) {
        return ctl_tune_memory();
    }

    run->replay.watch = ctl_tune_watch;
    run->replay.data = run;

    status = ctl_tune_begin(run);

    if (status == CTL_OK) {
        run->replay.rules.enforce = 0;
        status = ctl_replay_files(&run->replay, run->files, 0);
        ctl_values_end(run->values);
    }

    ctl_replay_free(&run->replay);

    return status;
}


/* what an exchange finds is what it is judged by */

static void
ctl_tune_watch(void *data, ctl_replay_t *rp, const ctl_exchange_t *x)
{
    ctl_tune_run_t *run = data;

    double      values[DG_SIGNALS];
    unsigned    i;
    dg_sight_t  sight;

    if (!x->end.charged || x->rules.policy == NULL) {
        return;
    }

    dg_guard_sight(rp->store, &x->exchange, rp->now_ms, &sight);

    for (i = 0; i < DG_SIGNALS; i++) {
        values[i] = dg_signals[i].value(&sight);
    }

    ctl_values_see(run->values, &x->account, values, rp->now_ms);
    run->exchanges++;
}


static void
ctl_tune_propose(ctl_tune_run_t *run)
{
    unsigned        i;
    dg_signal_t     signal;
    ctl_tuned_t     tuned;
    ctl_sketch_t   *sk;
    dg_signal_id_t  id;

    run->tuned = run->settings.conf.policy;

    printf("# From %llu exchanges on %llu days. Each account counts once a "
           "day, with its worst\n# value: \"99 %%: 7\" says that 99 of 100 "
           "stay within 7, and \"none\" that of so\n# many nothing can be "
           "told.\n",
           (unsigned long long) run->exchanges,
           (unsigned long long) run->values->days);

    for (i = 0; i < DG_SIGNALS; i++) {
        id = (dg_signal_id_t) i;
        sk = &run->values->sketches[i];
        signal = run->tuned.signals[i];

        tuned = ctl_tune_signal(&signal, id, sk);
        ctl_tune_print(&signal, id, sk, tuned);

        /* as if what is a comment were not there */

        if (tuned == CTL_TUNE_DOUBTFUL) {
            signal.soft = dg_signals[i].soft;
            signal.hard = dg_signals[i].hard;
            signal.points = dg_signals[i].points;
        }

        run->tuned.signals[i] = signal;
    }
}


static int
ctl_tune_try(ctl_tune_run_t *run)
{
    int            status;
    ctl_replay_t  *rp;

    rp = &run->replay;
    memset(rp, 0, sizeof(ctl_replay_t));

    rp->labels = ctl_labels_create();

    if (rp->labels) {
        rp->summary = ctl_summary_create(rp->labels);
    }

    if (rp->summary == NULL) {
        status = ctl_tune_memory();

    } else {
        status = ctl_tune_begin(run);
    }

    if (status == CTL_OK) {
        rp->rules.policy = &run->tuned;
        status = ctl_replay_files(rp, run->files, CTL_AGAIN);
    }

    if (status != CTL_FAILED) {
        status = ctl_tune_tell(run);
    }

    ctl_summary_free(rp->summary);
    ctl_labels_free(rp->labels);
    ctl_replay_free(rp);

    return status;
}


static int
ctl_tune_tell(ctl_tune_run_t *run)
{
    ctl_replay_t   *rp;
    ctl_members_t   ms;

    rp = &run->replay;
    memset(&ms, 0, sizeof(ctl_members_t));

    if (ctl_members_list(&ms, rp->store, rp->now_ms) != DG_OK) {
        ctl_members_free(&ms);
        return ctl_tune_memory();
    }

    ctl_members_count(&ms, rp->labels, rp->summary);

    printf("\n# With these settings enforced the same trace gives:\n#\n");
    ctl_summary_fates(rp->summary);
    ctl_members_free(&ms);

    if (fflush(stdout) == EOF || ferror(stdout)) {
        ctl_error("cannot write: %s", strerror(errno));
        return CTL_FAILED;
    }

    return CTL_OK;
}


static int
ctl_tune_begin(ctl_tune_run_t *run)
{
    run->replay.settings = &run->settings;

    return ctl_replay_init(&run->replay) == DG_OK ? CTL_OK
                                                  : ctl_tune_memory();
}


static int
ctl_tune_memory(void)
{
    ctl_error("no memory");

    return CTL_FAILED;
}
