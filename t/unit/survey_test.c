/*
 * Copyright (C) 2026 Distill Guard
 *
 * Who are the worst, and which campaigns are there.
 */


#include "guard_kit.h"
#include "why_kit.h"
#include "dg_survey.h"


#define ZONE   (8 << 20)
#define ROOM   65536


static u_char       text[ROOM + 1];
static dg_survey_t  survey;


static unsigned
ask(kit_guard_t *g, uint32_t cells, size_t room)
{
    u_char    *end;
    unsigned   n;

    for (n = 1; dg_survey_step(g->st, &survey, cells) != DG_OK; n++) {
        /* void */
    }

    end = dg_survey_write(text, room, &survey);

    if (end == NULL) {
        text[0] = '\0';
        return 0;
    }

    *end = '\0';

    dg_ok(why_json(text, end), "JSON of %zu bytes", (size_t) (end - text));

    return n;
}


static unsigned
top(kit_guard_t *g, dg_measure_t measure, unsigned kind, unsigned n,
    uint32_t cells)
{
    dg_survey_top(&survey, g->st, &g->rules, measure, kind, n, g->now_ms);

    return ask(g, cells, ROOM);
}


/* account i makes i requests, and the answers to it are the longer the lower
   its number is */

static void
fill(kit_guard_t *g, unsigned accounts)
{
    unsigned   i, k;
    kit_ask_t  a;

    for (i = 1; i <= accounts; i++) {
        for (k = 0; k < i; k++) {
            a = kit_of(i);
            a.output = 10000 / (i * i);
            (void) kit_ask(g, &a, kit_body(kit_words(g, "", 30), ""));
        }
    }
}


static void
test_measures(void)
{
    dg_id_t      first, last;
    unsigned     i, slices, ordered;
    kit_guard_t  g;

    kit_guard(&g, ZONE);
    fill(&g, 30);

    first = kit_id(1);
    last = kit_id(30);

    slices = top(&g, DG_MEASURE_REQUESTS, DG_KIND_KEY, 10, 7);
    ordered = 1;

    for (i = 0; i < survey.n; i++) {
        ordered &= (survey.ranked[i].measured == 30 - i);
    }

    dg_ok(slices > 4 && survey.n == 10 && ordered && survey.looked == 30
          && dg_id_equal(&survey.ranked[0].id, &last),
          "the busiest ten, in %u slices", slices);
    dg_ok(why_says(text, "\"by\":\"requests\",\"kind\":\"key\"")
          && why_number(text, "requests") == 30
          && why_number(text, "of") == 30
          && why_times(text, "\"subject\":\"key:") == 10,
          "as they are told");

    (void) top(&g, DG_MEASURE_OUTPUT, DG_KIND_ACCOUNT, 1000, 100000);
    dg_ok(survey.n == 30 && dg_id_equal(&survey.ranked[0].id, &first)
          && survey.ranked[0].totals[DG_OUTPUT] == 10000,
          "who got the most: keys are accounts where they have none");

    (void) top(&g, DG_MEASURE_OUTPUT, DG_KIND_ORIGIN, 3, 100000);
    dg_ok(survey.n == 3 && survey.ranked[0].kind == DG_KIND_ORIGIN
          && survey.ranked[0].measured == 10000,
          "from where");

    (void) top(&g, DG_MEASURE_REFUSED, DG_KIND_KEY, 10, 100000);
    dg_ok(survey.n == 0 && why_says(text, "\"top\":[],\"of\":30"),
          "nobody was refused");

    (void) top(&g, DG_MEASURE_SCORE, DG_KIND_ACCOUNT, 0, 100000);
    dg_ok(survey.n == 0, "none are none");

    kit_free(&g);
}


/* of a campaign's accounts, all of which are as good as its score, the one
   against which there is more comes first, however few are asked for */

static void
test_score(void)
{
    dg_id_t      id;
    unsigned     i;
    kit_ask_t    a;
    kit_guard_t  g;

    kit_guard(&g, ZONE);
    kit_pool(&g, &a, 1, 12, 300);

    for (i = 0; i < 20; i++) {
        a = kit_of(12);
        a.output = 20000;
        (void) kit_ask(&g, &a, kit_body(kit_words(&g, "", 30),
                                        ",\"logprobs\":true,"
                                        "\"top_logprobs\":20"));
    }

    id = kit_id(12);

    (void) top(&g, DG_MEASURE_SCORE, DG_KIND_ACCOUNT, 1, 4096);
    dg_ok(survey.n == 1 && dg_id_equal(&survey.ranked[0].id, &id),
          "the one with the highest score is asked for");

    kit_free(&g);
}


static void
test_campaigns(void)
{
    unsigned     slices;
    kit_ask_t    a;
    kit_guard_t  g;

    kit_guard(&g, ZONE);
    fill(&g, 10);
    kit_turns(&g, &a, 100, 110, 10);
    kit_pool(&g, &a, 300, 12, 300);

    dg_survey_campaigns(&survey, g.st, &g.rules, g.now_ms);
    slices = ask(&g, 10, ROOM);

    dg_ok(slices > 10 && survey.n == 2 && survey.looked == 2
          && why_times(text, "\"campaign\":\"") == 2,
          "both are found, in %u slices", slices);
    dg_ok(survey.roll[0].standing.score.score
          >= survey.roll[1].standing.score.score
          && survey.roll[0].nmembers + survey.roll[1].nmembers == 122
          && survey.roll[0].totals[DG_REQUESTS]
             + survey.roll[1].totals[DG_REQUESTS] == 1400,
          "with all of their accounts and what these had");
    dg_ok(why_times(text, "\"provenance\":[0,") + why_times(text,
                                                  "\"provenance\":[1,") > 6,
          "and who is tied to whom");

    (void) top(&g, DG_MEASURE_SCORE, DG_KIND_ACCOUNT, 100, 16);
    dg_ok(survey.n == 100 && survey.ranked[0].score >= survey.ranked[99].score
          && survey.ranked[0].verdict >= DG_THROTTLE
          && !dg_id_none(&survey.ranked[0].campaign)
          && !dg_id_none(&survey.ranked[99].campaign),
          "their accounts are the worst");

    (void) top(&g, DG_MEASURE_SCORE, DG_KIND_CAMPAIGN, 10, 16);
    dg_ok(survey.n == 2 && why_times(text, "\"accounts\":") == 2
          && why_says(text, "\"subject\":\"campaign:"),
          "as subjects, too");

    (void) top(&g, DG_MEASURE_REQUESTS, DG_KIND_CAMPAIGN, 10, 16);
    dg_ok(survey.n == 2 && survey.ranked[0].measured > 0
          && survey.ranked[0].measured <= 1100,
          "whatever is asked of them");

    /* room for less and less */

    dg_survey_campaigns(&survey, g.st, &g.rules, g.now_ms);
    (void) ask(&g, 100000, 8000);
    dg_ok(why_times(text, "\"campaign\":\"") == 2
          && why_times(text, "\"subject\":") < 36
          && why_times(text, "\"subject\":") > 2,
          "with little room fewer accounts are named");

    dg_survey_campaigns(&survey, g.st, &g.rules, g.now_ms);
    (void) ask(&g, 100000, 200);
    dg_ok(why_says(text, "\"campaigns\":[],\"of\":2"),
          "with less not even campaigns are");

    dg_survey_campaigns(&survey, g.st, &g.rules, g.now_ms);
    dg_ok(ask(&g, 100000, 40) == 0, "and then nothing");

    kit_free(&g);
}


/* between slices all may become another */

static void
test_changes(void)
{
    unsigned     i;
    kit_ask_t    a;
    kit_guard_t  g;

    kit_guard(&g, ZONE);
    kit_pool(&g, &a, 300, 12, 300);
    fill(&g, 30);

    dg_survey_campaigns(&survey, g.st, &g.rules, g.now_ms);

    for (i = 0; i < 3; i++) {
        (void) dg_survey_step(g.st, &survey, 4);
    }

    g.st->busy = 1;
    dg_arena_free(dg_store_arena(g.st, DG_PART_SUBJECTS),
                  dg_arena_cell(dg_store_arena(g.st, DG_PART_SUBJECTS), 1));
    dg_store_mend(g.st, g.now_ms / 1000);

    (void) ask(&g, 4, ROOM);
    dg_ok(g.st->stats.mended == 1 && why_times(text, "\"campaign\":\"") == 1,
          "a store that forgets meanwhile does no harm");

    dg_survey_campaigns(&survey, g.st, &g.rules, g.now_ms);
    (void) ask(&g, 4, ROOM);
    dg_ok(why_says(text, "\"campaigns\":[],\"of\":0"), "it is empty then");

    kit_free(&g);
}


static void
test_names(void)
{
    unsigned       i, kind;
    dg_measure_t   m;

    for (i = 0; i < DG_MEASURES; i++) {
        dg_ok(dg_survey_measure(&m, dg_measures[i].data, dg_measures[i].len)
              == DG_OK && m == i, "%s", dg_measures[i].data);
    }

    for (i = DG_KIND_KEY; i < DG_KINDS; i++) {
        dg_ok(dg_survey_kind(&kind, dg_kinds[i].data, dg_kinds[i].len)
              == DG_OK && kind == i, "%s", dg_kinds[i].data);
    }

    dg_ok(dg_survey_kind(&kind, (const u_char *) "none", 4) == DG_ERROR
          && dg_survey_kind(&kind, (const u_char *) "client", 6) == DG_ERROR,
          "what is not counted has no top");
    dg_ok(dg_survey_measure(&m, (const u_char *) "scor", 4) == DG_ERROR
          && dg_survey_measure(&m, (const u_char *) "", 0) == DG_ERROR,
          "others are none");
}


int
main(void)
{
    test_measures();
    test_score();
    test_campaigns();
    test_changes();
    test_names();

    return dg_done();
}
