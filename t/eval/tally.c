/*
 * Copyright (C) 2026 Distill Guard
 *
 * What is counted: of each honest profile whom the guard troubled, of each
 * campaign what it got.
 */


#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "eval.h"


static void tally_count(const world_t *w, count_t *c, const flight_t *f,
    const verdict_t *v);
static void tally_link(tally_t *tally, ms_t at);
static const char *tally_label(world_t *w, const char *p, tally_t **tally);
static found_t *tally_found(world_t *w, tally_t *tally);
static void tally_print_one(const world_t *w, const tally_t *tally,
    FILE *out);
static void tally_print_count(FILE *out, const char *name, const count_t *c);
static void tally_print_links(const tally_t *tally, FILE *out);
static double tally_seconds(const tally_t *tally, ms_t at);


static const char  *verdict_names[VERDICTS] = {
    "pass", "tag", "pace", "throttle", "block"
};


int
tally_last(const world_t *w, ms_t at)
{
    return at >= w->end - (w->end - w->begin) / 4;
}


void
tally_sent(world_t *w, const flight_t *f)
{
    tally_t  *tally;

    tally = f->account->tally;

    if (f->sent < w->begin) {
        return;
    }

    if (!f->account->sent) {
        f->account->sent = 1;
        tally->accounts++;
    }

    if (tally->first == 0 && (f->harvest || tally->campaign == NULL)) {
        tally->first = f->sent;
    }

    if (f->retry) {
        tally->retries++;
    }
}


void
tally_answer(world_t *w, const flight_t *f, const verdict_t *v)
{
    tally_t    *tally;
    account_t  *account;

    account = f->account;
    tally = account->tally;

    if (v->linked && !account->linked) {
        account->linked = 1;
        tally->linked++;
        tally_link(tally, f->sent);
    }

    if (f->sent < w->begin) {
        tally_count(w, &tally->past, f, v);
        return;
    }

    if (refused(v) && !account->touched) {
        account->touched = 1;
        tally->touched++;
    }

    if (v->id == VERDICT_THROTTLE && tally->throttled == 0) {
        tally->throttled = f->sent;
        tally->at_throttle = tally->harvest;
    }

    if (v->id == VERDICT_BLOCK && tally->stopped == 0) {
        tally->stopped = f->sent;
        tally->at_block = tally->harvest;
    }

    tally_count(w, &tally->all, f, v);

    if (!f->harvest) {
        return;
    }

    tally_count(w, &tally->harvest, f, v);

    if (!refused(v) && f->status == 200 && !account->answered) {
        account->answered = 1;
        tally->answered++;
    }

    if (!refused(v) && f->status == 200 && !v->linked
        && ++account->unlinked > tally->worst)
    {
        tally->worst = account->unlinked;
    }
}


static void
tally_count(const world_t *w, count_t *c, const flight_t *f,
    const verdict_t *v)
{
    c->lines++;
    c->verdicts[v->id]++;

    if (refused(v) || f->status != 200) {
        return;
    }

    c->passed++;
    c->tokens += f->tokens;

    if (v->linked) {
        return;
    }

    c->unlinked++;
    c->unlinked_tokens += f->tokens;

    c->last += tally_last(w, f->sent);
}


static void
tally_link(tally_t *tally, ms_t at)
{
    if (tally->nlinks == tally->links_size) {
        tally->links_size = 2 * tally->links_size + 256;
        tally->links = realloc(tally->links,
                               tally->links_size * sizeof(ms_t));

        if (tally->links == NULL) {
            die("no memory for %zu accounts", tally->links_size);
        }
    }

    tally->links[tally->nlinks++] = at;
}


/* --- what the guard says itself --- */

/* {"campaign":"...","accounts":[...],"labels":[...]} */

void
tally_campaign(world_t *w, const char *line)
{
    found_t     *found, *most;
    tally_t     *tally;
    unsigned     i, n, honest, members[FORCES];
    const char  *p;

    p = strstr(line, "\"labels\":[");

    if (p == NULL || strncmp(line, "{\"campaign\":", 12) != 0) {
        die("no campaign: %s", line);
    }

    p += sizeof("\"labels\":[") - 1;
    memset(members, 0, sizeof(members));
    honest = 0;
    n = 0;

    while (*p && *p != ']') {
        p = tally_label(w, p, &tally);

        if (tally == NULL || tally->campaign == NULL) {
            honest++;

        } else {
            found = tally_found(w, tally);
            found->caught++;
            members[found - w->finding.found]++;
        }

        n++;
    }

    w->finding.campaigns++;
    w->finding.honest += honest;
    most = NULL;

    for (i = 0; i < w->finding.nfound; i++) {
        if (members[i] && (most == NULL
                           || members[i] > members[most - w->finding.found]))
        {
            most = &w->finding.found[i];
        }
    }

    if (most == NULL) {
        w->finding.made_of_honest += honest > 0;
        return;
    }

    most->campaigns++;
    most->members += members[most - w->finding.found];
    most->others += n - members[most - w->finding.found];
}


/* honest/PROFILE or CAMPAIGN/ROLE; NULL as tally: an account never seen */

static const char *
tally_label(world_t *w, const char *p, tally_t **tally)
{
    size_t       len;
    tally_t     *t;
    const char  *end;

    *tally = NULL;

    while (*p == ',' || *p == ' ') {
        p++;
    }

    if (*p != '"') {
        return p + strcspn(p, ",]");
    }

    end = strchr(++p, '"');

    if (end == NULL) {
        die("no label: %s", p);
    }

    if (strncmp(p, "honest/", 7) == 0) {
        return end + 1;
    }

    len = strcspn(p, "/\"");

    for (t = w->tallies; t; t = t->next) {
        if (t->campaign && strlen(t->name) == len
            && memcmp(t->name, p, len) == 0)
        {
            *tally = t;
        }
    }

    return end + 1;
}


static found_t *
tally_found(world_t *w, tally_t *tally)
{
    unsigned  i;

    for (i = 0; i < w->finding.nfound; i++) {
        if (w->finding.found[i].tally == tally) {
            return &w->finding.found[i];
        }
    }

    w->finding.found[w->finding.nfound++].tally = tally;

    return &w->finding.found[i];
}


/* --- the result, as JSON --- */

void
tally_print(const world_t *w, FILE *out)
{
    const char       *separator;
    const tally_t    *tally;
    const finding_t  *finding;

    finding = &w->finding;

    fprintf(out, "{\"scene\":\"%s\",\"seed\":%llu,\"days\":%.4f,"
            "\"lines\":%llu,\"bytes\":%llu,\"campaigns\":%u,"
            "\"honest_accounts_in_campaigns\":%u,"
            "\"campaigns_of_honest\":%u,\"tallies\":[\n",
            w->scene->name, (unsigned long long) w->number,
            (double) (w->end - w->begin) / DAY,
            (unsigned long long) w->lines, (unsigned long long) w->bytes,
            finding->campaigns, finding->honest, finding->made_of_honest);

    separator = "";

    for (tally = w->tallies; tally; tally = tally->next) {
        fputs(separator, out);
        tally_print_one(w, tally, out);
        separator = ",\n";
    }

    fputs("\n]}\n", out);
}


static void
tally_print_one(const world_t *w, const tally_t *tally, FILE *out)
{
    unsigned            i;
    const found_t      *found;
    const campaign_t   *c;

    fprintf(out, "{\"name\":\"%s\",\"accounts\":%u,\"touched\":%u,"
            "\"linked\":%u,\"abandoned\":%llu,\"retries\":%llu",
            tally->name, tally->accounts, tally->touched, tally->linked,
            (unsigned long long) tally->abandoned,
            (unsigned long long) tally->retries);

    tally_print_count(out, "past", &tally->past);
    tally_print_count(out, "all", &tally->all);

    c = tally->campaign;

    if (c == NULL) {
        fputs("}", out);
        return;
    }

    tally_print_count(out, "harvest", &tally->harvest);
    tally_print_count(out, "at_throttle", &tally->at_throttle);
    tally_print_count(out, "at_block", &tally->at_block);

    fprintf(out, ",\"wanted\":%llu,\"wanted_last\":%llu,"
            "\"planned\":%llu,\"fresh\":%u,"
            "\"answered\":%u,\"worst\":%llu,\"rewritten\":%llu,"
            "\"observed\":%.0f,\"share\":%g,\"careful\":%s,\"pool\":%u",
            (unsigned long long) tally->wanted,
            (unsigned long long) tally->wanted_last,
            (unsigned long long) tally->planned, tally->fresh,
            tally->answered,
            (unsigned long long) tally->worst,
            (unsigned long long) tally->rewritten,
            tally_seconds(tally, w->end), c->harvest ? c->harvest : 1,
            c->careful ? "true" : "false", c->accounts);

    if (tally->throttled) {
        fprintf(out, ",\"throttled\":%.0f",
                tally_seconds(tally, tally->throttled));
    }

    if (tally->stopped) {
        fprintf(out, ",\"stopped\":%.0f",
                tally_seconds(tally, tally->stopped));
    }

    tally_print_links(tally, out);

    for (i = 0; i < w->finding.nfound; i++) {
        found = &w->finding.found[i];

        if (found->tally == tally) {
            fprintf(out, ",\"found\":{\"campaigns\":%u,\"members\":%u,"
                    "\"others\":%u,\"caught\":%u}", found->campaigns,
                    found->members, found->others, found->caught);
        }
    }

    fputs("}", out);
}


static void
tally_print_count(FILE *out, const char *name, const count_t *c)
{
    unsigned  i;

    fprintf(out, ",\"%s\":{\"lines\":%llu,\"passed\":%llu,\"tokens\":%llu,"
            "\"unlinked\":%llu,\"unlinked_tokens\":%llu,\"last\":%llu",
            name, (unsigned long long) c->lines,
            (unsigned long long) c->passed, (unsigned long long) c->tokens,
            (unsigned long long) c->unlinked,
            (unsigned long long) c->unlinked_tokens,
            (unsigned long long) c->last);

    for (i = 0; i < VERDICTS; i++) {
        fprintf(out, ",\"%s\":%llu", verdict_names[i],
                (unsigned long long) c->verdicts[i]);
    }

    fputs("}", out);
}


/* when half and nine tenths of all accounts that were seen were linked */

static void
tally_print_links(const tally_t *tally, FILE *out)
{
    size_t    half, most;

    half = (tally->accounts + 1) / 2;
    most = (9 * (size_t) tally->accounts + 9) / 10;

    if (half && tally->nlinks >= half) {
        fprintf(out, ",\"half\":%.0f",
                tally_seconds(tally, tally->links[half - 1]));
    }

    if (most && tally->nlinks >= most) {
        fprintf(out, ",\"most\":%.0f",
                tally_seconds(tally, tally->links[most - 1]));
    }
}


static double
tally_seconds(const tally_t *tally, ms_t at)
{
    return (double) (at - tally->first) / SECOND;
}
