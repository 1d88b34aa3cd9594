/*
 * Copyright (C) 2026 Distill Guard
 *
 * Words and arrivals that were recorded, where there is a folder of them as
 * Recorded.pm prepares it.
 */


#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "eval.h"


#define WORDS_MAX  400           /* of a prompt */
#define WORD_MAX   12            /* letters; longer ones are signs alone */

/* so that each comes about once */

#define QUESTIONS_AS_THEY_ARE  0.004
#define SLOTS_AS_THEY_ARE      0.02


typedef struct {
    char          *bytes;        /* words and ends of prompts, each with a
                                    zero */
    size_t         len;
    uint32_t      *words;        /* where each begins; an end is empty */
    size_t         nwords;
    uint32_t      *starts;       /* first word of each prompt */
    size_t         nstarts;
    double         as_it_is;     /* share of prompts, the rest is made */
} corpus_t;


static char *recorded_read(const char *dir, const char *name);
static void recorded_load(corpus_t *c, const char *dir, const char *name);
static int recorded_say(const corpus_t *c, text_t *t, dice_t *d);
static void recorded_word(text_t *t, size_t at, const char *word);


static corpus_t     questions_said;
static corpus_t     slots_said;
static const char  *folder;


void
recorded_begin(const char *dir)
{
    folder = dir;

    if (dir) {
        questions_said.as_it_is = QUESTIONS_AS_THEY_ARE;
        recorded_load(&questions_said, dir, "questions");

        slots_said.as_it_is = SLOTS_AS_THEY_ARE;
        recorded_load(&slots_said, dir, "slots");
    }
}


int
recorded_question(text_t *t, dice_t *d)
{
    return recorded_say(&questions_said, t, d);
}


int
recorded_slot(text_t *t, dice_t *d)
{
    return recorded_say(&slots_said, t, d);
}


/* a line for each: milliseconds, account, conversation, turn, tokens */

const arrival_t *
recorded_arrivals(const char *name, size_t *n)
{
    char       *p, *text, file[64];
    size_t      i;
    arrival_t  *all;

    snprintf(file, sizeof(file), "%s.arrivals", name);
    text = folder ? recorded_read(folder, file) : NULL;
    *n = 0;

    if (text == NULL) {
        return NULL;
    }

    for (p = text; (p = strchr(p, '\n')); p++) {
        (*n)++;
    }

    all = grab((*n + 1) * sizeof(arrival_t));

    for (i = 0, p = text; i < *n; i++) {
        all[i].at = strtoll(p, &p, 10);
        all[i].account = (uint32_t) strtoul(p, &p, 10);
        all[i].conversation = (uint32_t) strtoul(p, &p, 10);
        all[i].turn = (uint32_t) strtoul(p, &p, 10);
        all[i].input = (uint32_t) strtoul(p, &p, 10);
        all[i].output = (uint32_t) strtoul(p, &p, 10);
    }

    free(text);

    return all;
}


static char *
recorded_read(const char *dir, const char *name)
{
    FILE   *in;
    char    path[4096];
    long    size;
    char   *text;

    snprintf(path, sizeof(path), "%s/%s", dir, name);
    in = fopen(path, "rb");

    if (in == NULL) {
        return NULL;
    }

    if (fseek(in, 0, SEEK_END) != 0 || (size = ftell(in)) < 0) {
        die("cannot read %s", path);
    }

    rewind(in);
    text = grab((size_t) size + 1);

    if (fread(text, 1, (size_t) size, in) != (size_t) size) {
        die("cannot read %s", path);
    }

    fclose(in);

    return text;
}


/* a prompt a line, line feeds within written as "\n" */

static void
recorded_load(corpus_t *c, const char *dir, const char *name)
{
    char   *p;
    int     begun;
    size_t  i;

    c->bytes = recorded_read(dir, name);

    if (c->bytes == NULL) {
        die("no %s in %s", name, dir);
    }

    c->len = strlen(c->bytes);
    c->words = grab((c->len + 2) * sizeof(uint32_t));
    c->starts = grab((c->len + 2) * sizeof(uint32_t));
    begun = 0;

    for (p = c->bytes, i = 0; i < c->len; i++) {

        if (p[i] != ' ' && p[i] != '\n') {
            continue;
        }

        if (p + i > c->bytes + begun) {
            if (c->nwords == 0 || c->bytes[c->words[c->nwords - 1]] == '\0') {
                c->starts[c->nstarts++] = (uint32_t) c->nwords;
            }

            c->words[c->nwords++] = (uint32_t) begun;
        }

        if (p[i] == '\n') {
            c->words[c->nwords++] = (uint32_t) i;
        }

        p[i] = '\0';
        begun = (int) i + 1;
    }

    if (c->nstarts == 0) {
        die("nothing is recorded in %s", dir);
    }
}


/*
 * Not two people write so much of the same in a row as stands for a template,
 * unless they mean to: so what is not a prompt as it is, is as long as one,
 * of pieces of a few words from anywhere.
 */

static int
recorded_say(const corpus_t *c, text_t *t, dice_t *d)
{
    size_t       i, at, n, piece;
    const char  *word;

    if (c->nstarts == 0) {
        return 0;
    }

    at = t->len;
    i = c->starts[below(d, (unsigned) c->nstarts)];

    for (n = i; c->bytes[c->words[n]] && n < i + WORDS_MAX; n++) {
        /* void */
    }

    if (chance(d, c->as_it_is)) {
        while (i < n) {
            recorded_word(t, at, c->bytes + c->words[i++]);
        }

        return 1;
    }

    for (n -= i, piece = 0; n; i++) {
        word = c->bytes + c->words[i];

        if (*word == '\0' || strlen(word) > WORD_MAX || piece == 0) {
            i = below(d, (unsigned) c->nwords - 1);
            piece = 1 + below(d, 3);
            continue;
        }

        recorded_word(t, at, word);
        piece--;
        n--;
    }

    return 1;
}


static void
recorded_word(text_t *t, size_t at, const char *word)
{
    if (t->len > at) {
        text_char(t, ' ');
    }

    for ( ; *word; word++) {

        if (word[0] == '\\' && word[1] == 'n') {
            text_char(t, '\n');
            word++;
            continue;
        }

        text_char(t, *word);
    }
}
