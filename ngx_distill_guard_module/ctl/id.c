/*
 * Copyright (C) 2026 Distill Guard
 *
 * distillctl id.
 */


#include "ctl.h"
#include "decision.h"
#include "fleet.h"

#include <stdio.h>


static int ctl_id_options(ctl_fleet_t *f, int argc, char **argv);


int
ctl_id(int argc, char **argv)
{
    int             status;
    char            text[DG_RULING_SUBJECT + 1];
    const char     *id;
    ctl_fleet_t     f;
    ctl_decision_t  d;

    memset(&f, 0, sizeof(ctl_fleet_t));
    memset(&d, 0, sizeof(ctl_decision_t));

    status = ctl_id_options(&f, argc, argv);

    if (status == CTL_GO_ON) {
        status = ctl_fleet_init(&f);

        if (status == CTL_OK) {
            status = ctl_fleet_subject(&f, optind < argc ? argv[optind]
                                                         : "key:-",
                                       &d.kind, &d.id);
        }

        if (status == CTL_OK) {
            ctl_decision_subject(&d, text);
            id = strchr(text, ':') + 1;

            if (f.json) {
                printf("{\"subject\":\"%s\",\"id\":\"%s\"}\n", text, id);

            } else {
                printf("%s\n", id);
            }
        }
    }

    ctl_fleet_close(&f);

    return status;
}


static int
ctl_id_options(ctl_fleet_t *f, int argc, char **argv)
{
    int  c;

    static const struct option  options[] = {
        CTL_FLEET_FLAGS
    };

    while ((c = getopt_long(argc, argv, "h", options, NULL)) != -1) {

        if (c == 'h') {
            return ctl_help("id");
        }

        if (ctl_fleet_flag(f, c, optarg) != DG_OK) {
            return ctl_usage("id");
        }
    }

    return argc - optind <= 1 ? CTL_GO_ON : ctl_usage("id");
}
