/*
 * Copyright (C) 2026 Distill Guard
 *
 * distillctl campaigns.
 */


#include "ask.h"
#include "ctl.h"
#include "fleet.h"
#include "output.h"
#include "story.h"

#include <stdio.h>


#define CTL_CAMPAIGNS_MEMBERS  5


static void ctl_campaigns_print(const ctl_ask_t *ask, const json_t *all);


int
ctl_campaigns(int argc, char **argv)
{
    int           status;
    json_t       *all;
    ctl_ask_t     ask;
    ctl_fleet_t   f;

    memset(&f, 0, sizeof(ctl_fleet_t));
    memset(&ask, 0, sizeof(ctl_ask_t));

    status = ctl_fleet_options(&f, argc, argv, 0, 0);

    if (status != CTL_GO_ON) {
        goto done;
    }

    status = ctl_fleet_init(&f);

    if (status == CTL_OK) {
        status = ctl_fleet_open(&f);
    }

    if (status == CTL_OK) {
        status = ctl_ask(&f, &ask, DG_SCHEMA_ASK_CAMPAIGNS, "");
    }

    if (status == CTL_OK) {
        status = ctl_ask_wait(&f, &ask);
    }

    if (status != CTL_OK) {
        goto done;
    }

    all = ctl_ask_merged(&ask);

    if (all == NULL) {
        status = CTL_FAILED;
        goto done;
    }

    if (f.json) {
        ctl_output_json(all);

    } else {
        ctl_campaigns_print(&ask, all);
    }

    json_decref(all);

done:

    ctl_ask_free(&ask);
    ctl_fleet_close(&f);

    return status;
}


static void
ctl_campaigns_print(const ctl_ask_t *ask, const json_t *all)
{
    int            enforced;
    size_t         i;
    const json_t  *c, *list;

    enforced = json_is_true(json_object_get(all, "enforced"));
    list = json_object_get(all, "campaigns");

    json_array_foreach(list, i, c) {
        printf("campaign:%s\n", ctl_story_text(c, "campaign"));
        ctl_story_decision(c, "");
        ctl_story_standing(c, enforced);
        ctl_story_campaign(c, enforced);
        ctl_story_signals(c);
        ctl_story_members(c, CTL_CAMPAIGNS_MEMBERS);
        printf("\n");
    }

    if (json_array_size(list) == 0) {
        printf("no campaign\n\n");
    }

    ctl_ask_print(ask, stdout);
}
