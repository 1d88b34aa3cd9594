/*
 * Copyright (C) 2026 Distill Guard
 *
 * distillctl id.
 */


#include "ctl.h"
#include "decision.h"
#include "fleet.h"

#include <stdio.h>




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

    status = ctl_fleet_options(&f, argc, argv, 0, 1);

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
