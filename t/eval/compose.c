/*
 * Copyright (C) 2026 Distill Guard
 *
 * Composes the traffic of one scene and drives it through a guard:
 *
 *     compose -w scene [-s seed] [-S scale] [-T time] [-d folder]
 *             [-t trace] [guard argument ...]
 *     compose -l scenes|profiles|campaigns|hosting
 *
 * Without a guard all passes, and with "-t -" the trace goes to standard
 * output.  Otherwise what was counted goes there, as JSON.
 */


#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "eval.h"


static void list(const char *what);
static const scene_t *scene(const char *name);


int
main(int argc, char *const argv[])
{
    int          option;
    FILE        *trace;
    world_t      w;
    const char  *data, *name;

    memset(&w, 0, sizeof(world_t));
    w.seed = 1;
    w.scale = 1;
    w.shorten = 1;
    name = NULL;
    data = NULL;
    trace = NULL;

    while ((option = getopt(argc, argv, "+w:s:S:T:d:t:l:")) != -1) {

        switch (option) {

        case 'w':
            w.scene = scene(optarg);
            break;

        case 's':
            w.seed = strtoull(optarg, NULL, 10);
            break;

        case 'S':
            w.scale = strtod(optarg, NULL);
            break;

        case 'T':
            w.shorten = strtod(optarg, NULL);
            break;

        case 'd':
            data = optarg;
            break;

        case 't':
            name = optarg;
            trace = strcmp(name, "-") == 0 ? stdout : fopen(name, "w");

            if (trace == NULL) {
                die("%s: %s", name, strerror(errno));
            }

            break;

        case 'l':
            list(optarg);
            return 0;

        default:
            return 2;
        }
    }

    if (w.scene == NULL) {
        die("which scene? -w name");
    }

    w.number = w.seed;
    w.seed = mix(w.seed, (uint64_t) (w.scene - scenes));
    words_begin(w.seed, data);
    w.guard = guard_start(optind < argc ? argv + optind : NULL, trace);
    world_run(&w);
    guard_end(w.guard, &w, tally_campaign);

    if (trace != stdout) {
        tally_print(&w, stdout);
    }

    if (fflush(stdout) != 0) {
        die("cannot write: %s", strerror(errno));
    }

    return 0;
}


static void
list(const char *what)
{
    text_t             hosting = { NULL, 0, 0 };
    const scene_t     *s;
    const profile_t   *p;
    const campaign_t  *c;

    if (strcmp(what, "scenes") == 0) {
        for (s = scenes; s->name; s++) {
            printf("%s%s\n", s->name, s->recorded ? " recorded" : "");
        }

    } else if (strcmp(what, "rules") == 0) {
        for (s = scenes; s->name; s++) {
            if (s->rule) {
                printf("%s %s\n", s->name, s->rule);
            }
        }

    } else if (strcmp(what, "profiles") == 0) {
        for (p = profiles; p->name; p++) {
            printf("%s\n", p->name);
        }

        for (p = recorded_profiles; p->name; p++) {
            printf("%s recorded\n", p->name);
        }

    } else if (strcmp(what, "campaigns") == 0) {
        for (c = campaigns; c->name; c++) {
            printf("%s %u %u\n", c->name, c->accounts, c->frames);
        }

    } else if (strcmp(what, "hosting") == 0) {
        network_hosting(&hosting);
        fwrite(hosting.p, 1, hosting.len, stdout);

    } else {
        die("there is no list of %s", what);
    }
}


static const scene_t *
scene(const char *name)
{
    const scene_t  *s;

    for (s = scenes; s->name; s++) {
        if (strcmp(s->name, name) == 0) {
            return s;
        }
    }

    die("there is no scene \"%s\"", name);
}
