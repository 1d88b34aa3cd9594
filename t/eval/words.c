/*
 * Copyright (C) 2026 Distill Guard
 *
 * What people, products and harvests write.  All of it follows from dice, so
 * that a conversation is told again the same way; the seed of the run decides
 * which words there are.
 */


#include <ctype.h>
#include <string.h>

#include "eval.h"


#define COINED     600           /* words that the run has made up */
#define IN_USE     24            /* topics of a run */
#define SYNONYMS   4096          /* of the hash of words that have others */
#define NEXT       4             /* words of a list that stand for a word */
#define SENTENCES  64


static void words_expand(text_t *t, dice_t *d, unsigned topic, const char *p,
    size_t len);
static void words_either(text_t *t, dice_t *d, unsigned topic, const char *p,
    const char *close);
static void words_insert(text_t *t, dice_t *d, unsigned topic, char what);
static void words_pick(text_t *t, dice_t *d, const char **list);
static void words_frame_line(text_t *t, dice_t *d, unsigned topic,
    const char **list);
static void words_sentence(text_t *t, dice_t *d, unsigned topic,
    const char **list);
static void words_plural(text_t *t, const char *noun);
static void words_gerund(text_t *t, const char *verb);
static void words_capital(text_t *t, size_t at);
static const char *words_noun(dice_t *d, unsigned topic);
static size_t words_count(const char **list);
static void words_reword(text_t *t, dice_t *d, const char *p, size_t len,
    const rewording_t *rewording);
static void words_alike(const char **same);
static void words_neighbors(const char **list);
static const char **words_synonyms(const char *p, size_t len);
static uint64_t words_hash(const char *p, size_t len);


static unsigned      topic_in_use[64];
static unsigned      nouns[64];
static char         *coined[COINED];
static const char  **synonym_of[SYNONYMS];


void
words_begin(uint64_t seed, const char *data)
{
    text_t    t = { NULL, 0, 0 };
    dice_t    d;
    size_t    i, n;
    unsigned  parts, other, topic;

    d = dice(seed, 1);

    for (n = 0; topics[n].name; n++) {
        nouns[n] = words_count((const char **) topics[n].nouns);
        topic_in_use[n] = (unsigned) n;
    }

    for (i = 0; i < IN_USE; i++) {
        other = (unsigned) i + below(&d, (unsigned) (n - i));
        topic = topic_in_use[i];
        topic_in_use[i] = topic_in_use[other];
        topic_in_use[other] = topic;
    }

    n = words_count(syllables);

    for (i = 0; i < COINED; i++) {
        t.len = 0;

        for (parts = 2 + below(&d, 2); parts; parts--) {
            text_str(&t, syllables[below(&d, n)]);
        }

        coined[i] = text_copy(&t);
    }

    for (i = 0; synonyms[i][0]; i++) {
        words_alike((const char **) synonyms[i]);
    }

    words_neighbors(verbs);
    words_neighbors(adjectives);
    words_neighbors(adverbs);

    recorded_begin(data);
}


/* the first may be said as any of the others */

static void
words_alike(const char **same)
{
    uint64_t  hash;

    hash = words_hash(same[0], strlen(same[0]));

    while (synonym_of[hash % SYNONYMS]) {
        hash++;
    }

    synonym_of[hash % SYNONYMS] = same;
}


static void
words_neighbors(const char **list)
{
    size_t        i, j, n;
    const char  **same;

    n = words_count(list);

    for (i = 0; i < n; i++) {
        same = grab((NEXT + 1) * sizeof(const char *));

        for (j = 0; j < NEXT; j++) {
            same[j] = list[(i + j) % n];
        }

        words_alike(same);
    }
}


unsigned
words_topic(dice_t *d)
{
    return topic_in_use[below(d, IN_USE)];
}


void
words_name(text_t *t, dice_t *d)
{
    size_t  at;

    at = t->len;
    text_str(t, coined[below(d, COINED)]);
    words_capital(t, at);
}


void
words_pattern(text_t *t, dice_t *d, unsigned topic, const char *pattern)
{
    size_t  at;

    at = t->len;
    words_expand(t, d, topic, pattern, strlen(pattern));

    if (t->len > at && strchr("%{", pattern[0]) && chance(d, 0.7)) {
        words_capital(t, at);
    }
}


static void
words_expand(text_t *t, dice_t *d, unsigned topic, const char *p, size_t len)
{
    const char  *end, *close;

    for (end = p + len; p < end; p++) {

        if (*p == '{') {
            close = memchr(p, '}', (size_t) (end - p));
            words_either(t, d, topic, p + 1, close);
            p = close;

        } else if (*p == '%') {
            words_insert(t, d, topic, *++p);

        } else {
            text_char(t, *p);
        }
    }
}


static void
words_either(text_t *t, dice_t *d, unsigned topic, const char *p,
    const char *close)
{
    unsigned     n;
    const char  *bar;

    for (n = 1, bar = p; bar < close; bar++) {
        n += *bar == '|';
    }

    for (n = below(d, n); n; n--) {
        p = (const char *) memchr(p, '|', (size_t) (close - p)) + 1;
    }

    bar = memchr(p, '|', (size_t) (close - p));
    words_expand(t, d, topic, p, (size_t) ((bar ? bar : close) - p));
}


static void
words_insert(text_t *t, dice_t *d, unsigned topic, char what)
{
    switch (what) {

    case 'n':
    case 'm':
        text_str(t, words_noun(d, topic));
        break;

    case 'p':
        words_plural(t, words_noun(d, topic));
        break;

    case 'v':
        words_pick(t, d, verbs);
        break;

    case 'g':
        words_gerund(t, verbs[below(d, words_count(verbs))]);
        break;

    case 'a':
        words_pick(t, d, adjectives);
        break;

    case 'd':
        words_pick(t, d, adverbs);
        break;

    case 'j':
        words_pick(t, d, trades);
        break;

    case 'N':
        words_pick(t, d, people);
        break;

    case 'w':
    case 'c':
        words_name(t, d);
        break;

    case 't':
        text_str(t, topics[topic].name);
        break;

    case '#':
        text_uint(t, 2 + below(d, 40));
        break;

    case 'h':
        text_uint(t, 100 + below(d, 4900));
        break;

    default:
        die("\"%%%c\" in a pattern", what);
    }
}


/* --- people --- */

/* what somebody asks first: some write more than the bare question */

void
words_question(text_t *t, dice_t *d, unsigned topic)
{
    size_t  at;

    at = t->len;

    if (recorded_question(t, d)) {
        return;
    }

    if (chance(d, 0.12)) {
        words_pick(t, d, greetings);
        text_str(t, ", ");
    }

    /* what everybody knows to say to a model, and says just so */

    if (chance(d, 0.03)) {
        words_sentence(t, d, topic, stocks);
        at = t->len;
    }

    if (chance(d, 0.3)) {
        words_sentence(t, d, topic, statements);
    }

    words_sentence(t, d, topic, chance(d, 0.65) ? questions : requests);

    while (chance(d, 0.35)) {
        words_sentence(t, d, topic, chance(d, 0.5) ? asides : statements);
    }

    t->len--;
    words_manner(t, d, at);
}


void
words_followup(text_t *t, dice_t *d, unsigned topic)
{
    size_t  at;

    at = t->len;
    words_sentence(t, d, topic, chance(d, 0.7) ? followups : questions);
    t->len--;
    words_manner(t, d, at);
}


void
words_answer(text_t *t, dice_t *d, unsigned topic, unsigned sentences)
{
    do {
        words_sentence(t, d, topic, statements);
    } while (--sentences);

    t->len--;
}


void
words_passage(text_t *t, dice_t *d, unsigned topic, size_t bytes)
{
    size_t  end;

    end = t->len + bytes;

    while (t->len < end) {
        words_sentence(t, d, topic, statements);

        if (chance(d, 0.15)) {
            t->p[t->len - 1] = '\n';
        }
    }

    t->len--;
}


void
words_aside(text_t *t, dice_t *d, unsigned topic)
{
    size_t  at;

    at = t->len;
    words_pattern(t, d, topic, asides[below(d, words_count(asides))]);
    words_manner(t, d, at);
}


/* --- templates --- */

void
words_slot(text_t *t, dice_t *d, slot_t slot)
{
    size_t    at;
    unsigned  topic;

    at = t->len;
    topic = words_topic(d);

    switch (slot) {

    case SLOT_PROBLEM:

        if (recorded_slot(t, d)) {
            return;
        }

        words_pattern(t, d, topic,
                      problems[below(d, words_count(problems))]);
        break;

    case SLOT_SEED:
        words_sentence(t, d, topic, requests);
        words_pattern(t, d, topic, asides[below(d, words_count(asides))]);
        break;

    case SLOT_CODE:
        words_sentence(t, d, topic, codings);
        words_pattern(t, d, topic, statements[below(d, 8)]);
        break;

    case SLOT_QUESTION:
        words_question(t, d, topic);
        return;

    case SLOT_PASSAGE:
        words_passage(t, d, topic, 500 + below(d, 1500));
        break;

    case SLOT_REVIEW:
        words_answer(t, d, topic, 1 + below(d, 4));
        break;

    case SLOT_PAIR:
        text_str(t, "Q: ");
        words_question(t, d, topic);
        text_str(t, "\nA: ");
        words_answer(t, d, topic, 2 + below(d, 5));
        break;
    }

    words_manner(t, d, at);
}


frame_t
words_frame(dice_t *d, frame_shape_t shape, size_t bytes, asks_t asks,
    double common)
{
    size_t    half;
    text_t    t = { NULL, 0, 0 };
    frame_t   frame;
    unsigned  topic;

    topic = words_topic(d);
    half = shape == FRAME_AROUND ? bytes / 2 : 0;
    frame.before = NULL;

    if (bytes >= 120) {
        words_frame_line(&t, d, topic, chance(d, 2 * common) ? stocks
                         : roles);
    }

    if (asks == ASKS_TRACES) {
        words_sentence(&t, d, topic, traces);

    } else if (asks == ASKS_TASKS) {
        words_sentence(&t, d, topic, makings);
        words_sentence(&t, d, topic, makings);
    }

    words_frame_line(&t, d, topic, tasks);

    while (t.len + 60 < bytes) {

        if (half && frame.before == NULL && t.len > half) {
            text_char(&t, '\n');
            frame.before = text_copy(&t);
            bytes -= t.len;
            t.len = 0;
            text_char(&t, '\n');
            continue;
        }

        words_frame_line(&t, d, topic, chance(d, common) ? stocks : rules);
    }

    if (bytes >= 100) {
        words_frame_line(&t, d, topic, formats);
    }

    if (shape == FRAME_BEFORE) {
        text_char(&t, '\n');
        frame.before = text_copy(&t);
        frame.after = grab(1);

    } else {

        if (frame.before == NULL) {
            frame.before = grab(1);
        }

        frame.after = text_copy(&t);
    }

    return frame;
}


/* what is stock is said as all say it, the rest as its author does */

static void
words_frame_line(text_t *t, dice_t *d, unsigned topic, const char **list)
{
    size_t  at;

    at = t->len;
    words_sentence(t, d, topic, list);

    if (list != stocks) {
        t->len--;
        words_manner(t, d, at);
        text_char(t, ' ');
    }
}


void
words_framed(text_t *t, dice_t *d, const frame_t *frame, slot_t slot,
    const rewording_t *rewording)
{
    words_reworded(t, d, frame->before, rewording);
    words_slot(t, d, slot);

    if (frame->after[0]) {
        text_char(t, '\n');
        words_reworded(t, d, frame->after, rewording);
    }
}


void
words_system(text_t *t, dice_t *d, size_t bytes)
{
    size_t    end;
    unsigned  topic;

    end = t->len + bytes;
    topic = words_topic(d);
    words_sentence(t, d, topic, chance(d, 0.3) ? stocks : roles);

    while (t->len + 50 < end) {
        words_sentence(t, d, topic, chance(d, 0.1) ? stocks : rules);
    }

    t->len--;
}


void
words_tools(text_t *t, dice_t *d, unsigned n, unsigned anthropic)
{
    unsigned  i, topic;

    topic = words_topic(d);
    text_char(t, '[');

    for (i = 0; i < n; i++) {
        text_str(t, i ? ",{" : "{");
        text_str(t, anthropic ? "" : "\"type\":\"function\",\"function\":{");
        text_str(t, "\"name\":\"");
        words_pattern(t, d, topic, "%v_%n");
        text_str(t, "\",\"description\":\"");
        words_pattern(t, d, topic, rules[below(d, words_count(rules))]);
        text_str(t, " ");
        words_pattern(t, d, topic, tasks[below(d, words_count(tasks))]);
        text_str(t, anthropic ? "\",\"input_schema" : "\",\"parameters");
        text_str(t, "\":{\"type\":\"object\",\"properties\":{\"");
        text_str(t, words_noun(d, topic));
        text_str(t, "\":{\"type\":\"string\",\"description\":\"");
        words_pattern(t, d, topic, "%a %n of the %m");
        text_str(t, anthropic ? "\"}}}}" : "\"}}}}}");
    }

    text_char(t, ']');
}


/* --- saying it again --- */

void
words_reworded(text_t *t, dice_t *d, const char *p,
    const rewording_t *rewording)
{
    size_t       n, i, j, len, order[SENTENCES];
    const char  *end, *from[SENTENCES + 1];

    if (rewording == NULL || rewording->words == 0 || *p == '\0') {
        text_str(t, p);
        return;
    }

    from[0] = p;
    n = 0;

    for (end = p; *end && n < SENTENCES - 1; end++) {
        if (strchr(".?!\n", end[0]) && (end[1] == ' ' || end[1] == '\n')) {
            from[++n] = end + 2;
        }
    }

    end = p + strlen(p);
    from[++n] = end;

    for (i = 0; i < n; i++) {
        order[i] = i;
    }

    if (rewording->reorder) {
        for (i = n - 1; i > 0; i--) {
            j = below(d, (unsigned) i + 1);
            len = order[i];
            order[i] = order[j];
            order[j] = len;
        }
    }

    for (i = 0; i < n; i++) {
        p = from[order[i]];
        words_reword(t, d, p, (size_t) (from[order[i] + 1] - p), rewording);

        if (t->p[t->len - 1] != ' ' && t->p[t->len - 1] != '\n') {
            text_char(t, ' ');
        }
    }
}


static void
words_reword(text_t *t, dice_t *d, const char *p, size_t len,
    const rewording_t *rewording)
{
    size_t        n;
    double        often;
    const char  **same;

    while (len) {

        for (n = 0; n < len && isalpha((unsigned char) p[n]); n++) {
            /* void */
        }

        if (n == 0) {
            text_char(t, *p++);
            len--;
            continue;
        }

        same = words_synonyms(p, n);
        often = n > 3 ? rewording->words : rewording->small;

        if (chance(d, often) && same) {
            words_pick(t, d, same + 1);

        } else if (n > 3 && chance(d, often / 4)) {
            words_pick(t, d, adverbs);
            text_char(t, ' ');
            text_bytes(t, p, n);

        } else {
            text_bytes(t, p, n);
        }

        p += n;
        len -= n;
    }
}


static const char **
words_synonyms(const char *p, size_t len)
{
    size_t         i;
    char           word[16];
    const char   **same;
    uint64_t       hash;

    if (len >= sizeof(word)) {
        return NULL;
    }

    for (i = 0; i < len; i++) {
        word[i] = (char) tolower((unsigned char) p[i]);
    }

    for (hash = words_hash(word, len); ; hash++) {
        same = synonym_of[hash % SYNONYMS];

        if (same == NULL || (strlen(same[0]) == len
                             && memcmp(same[0], word, len) == 0))
        {
            return same;
        }
    }
}


static uint64_t
words_hash(const char *p, size_t len)
{
    uint64_t  hash;

    for (hash = 7; len; len--) {
        hash = hash * 31 + (unsigned char) *p++;
    }

    return hash;
}


/* --- words --- */

static void
words_pick(text_t *t, dice_t *d, const char **list)
{
    text_str(t, list[below(d, (unsigned) words_count(list))]);
}


/* with a space behind */

static void
words_sentence(text_t *t, dice_t *d, unsigned topic, const char **list)
{
    words_pattern(t, d, topic, list[below(d, (unsigned) words_count(list))]);
    text_char(t, ' ');
}


static size_t
words_count(const char **list)
{
    size_t         i, n;
    static struct {
        const char  **list;
        size_t        n;
    } known[64];

    i = ((uintptr_t) list >> 3) % nelts(known);

    if (known[i].list == list) {
        return known[i].n;
    }

    for (n = 0; list[n]; n++) { /* void */ }

    known[i].list = list;
    known[i].n = n;

    return n;
}


/* now and then of any topic */

static const char *
words_noun(dice_t *d, unsigned topic)
{
    if (chance(d, 0.2)) {
        topic = words_topic(d);
    }

    return topics[topic].nouns[below(d, nouns[topic])];
}


static void
words_plural(text_t *t, const char *noun)
{
    char    last, before;
    size_t  len;

    len = strlen(noun);
    last = noun[len - 1];
    before = noun[len - 2];

    if (last == 'y' && strchr("aeiou", before) == NULL) {
        text_bytes(t, noun, len - 1);
        text_str(t, "ies");
        return;
    }

    text_bytes(t, noun, len);
    text_str(t, strchr("sxz", last)
                || (last == 'h' && strchr("cs", before)) ? "es" : "s");
}


static void
words_gerund(text_t *t, const char *verb)
{
    size_t  len;

    len = strlen(verb);
    text_bytes(t, verb, verb[len - 1] == 'e' ? len - 1 : len);
    text_str(t, "ing");
}


static void
words_capital(text_t *t, size_t at)
{
    t->p[at] = (char) toupper((unsigned char) t->p[at]);
}
