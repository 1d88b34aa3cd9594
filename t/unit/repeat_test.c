/*
 * Copyright (C) 2026 Distill Guard
 *
 * Events that are as the one before are not read again: whatever comes in a
 * stream, the facts are those of one that is read byte by byte.
 *
 * Arguments: rounds, seed.
 */


#include "reader_kit.h"


#define ROUNDS  1500
#define EVENTS  40
#define SIZE    (64 * 1024)


typedef struct {
    u_char          data[SIZE];
    size_t          len;
    uint64_t        seed;
} stream_t;


/* in an event, "@" is some text, "#" a number and "~" one of a few words */

typedef struct {
    const char     *name;
    dg_dialect_id_t dialect;
    const char     *events[12];
} vendor_t;


#define CHUNK(delta)                                                          \
    "data: {\"id\":\"chatcmpl-1\",\"created\":#,\"model\":\"m\",\"choices\":" \
    "[{\"index\":0,\"delta\":{" delta "},\"finish_reason\":null}]," \
    "\"obfuscation\":\"@\"}\n\n"

static const vendor_t  vendors[] = {

    { "openai", DG_OPENAI_CHAT, {
        CHUNK("\"content\":\"@\""),
        CHUNK("\"content\":\"@\""),
        CHUNK("\"role\":\"assistant\",\"content\":\"@\""),
        CHUNK("\"reasoning_content\":\"@\""),
        CHUNK("\"content\":\"@\",\"content\":\"@\""),
        CHUNK("\"tool_calls\":[{\"index\":#,\"id\":\"call_#\",\"function\":"
              "{\"name\":\"@\",\"arguments\":\"@\"}}]"),
        "data: {\"id\":\"chatcmpl-1\",\"choices\":[{\"index\":#,\"delta\":{},"
        "\"finish_reason\":\"~\"}]}\n\n",
        "data: {\"choices\":[{\"finish_reason\":\"~\",\"delta\":{\"content\""
        ":\"@\"}}]}\n\n",
        "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":#,"
        "\"completion_tokens\":#}}\n\n",
        "data: {\"error\":{\"type\":\"~\",\"message\":\"@\"}}\n\n",
        "data: [DONE]\n\n"
    } },

    { "responses", DG_OPENAI_RESPONSES, {
        "event: response.output_text.delta\ndata: {\"type\":"
        "\"response.output_text.delta\",\"item_id\":\"msg_1\","
        "\"sequence_number\":#,\"delta\":\"@\"}\n\n",
        "data: {\"type\":\"response.output_text.delta\",\"delta\":\"@\","
        "\"item_id\":\"msg_#\"}\n\n",
        "data: {\"type\":\"response.audio.delta\",\"delta\":\"@\"}\n\n",
        "data: {\"delta\":\"@\",\"type\":\"response.audio.delta\"}\n\n",
        "data: {\"type\":\"~\",\"response\":{\"id\":\"resp_#\",\"status\":"
        "\"~\",\"usage\":{\"input_tokens\":#,\"output_tokens\":#}}}\n\n"
    } },

    { "anthropic", DG_ANTHROPIC_MESSAGES, {
        "event: content_block_delta\ndata: {\"type\":\"content_block_delta\","
        "\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"@\"}}\n\n",
        "event: content_block_delta\ndata: {\"type\":\"content_block_delta\","
        "\"index\":#,\"delta\":{\"type\":\"signature_delta\",\"signature\":"
        "\"@\"}}\n\n",
        "event: content_block_delta\ndata: {\"type\":\"content_block_delta\","
        "\"index\":1,\"delta\":{\"type\":\"thinking_delta\",\"thinking\":"
        "\"@\"}}\n\n",
        "event: ping\ndata: {\"type\": \"ping\"}\n\n",
        "event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{"
        "\"stop_reason\":\"~\"},\"usage\":{\"output_tokens\":#}}\n\n",
        "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n"
    } },

    { "gemini", DG_GEMINI_GENERATE, {
        "data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"@\"}],"
        "\"role\":\"model\"},\"index\":0}],\"usageMetadata\":{"
        "\"promptTokenCount\":10,\"totalTokenCount\":10}}\n\n",
        "data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"@\"},"
        "{\"text\":\"@\"}]},\"finishReason\":\"~\"}],\"usageMetadata\":{"
        "\"promptTokenCount\":#,\"candidatesTokenCount\":#}}\n\n",
        "data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"@\","
        "\"thought\":true}]}}],\"responseId\":\"@\"}\n\n"
    } }
};

#define SPLIT                                                                 \
    "data: {\"choices\"\ndata: :[{\"delta\":{\"content\"\ndata:  :\"@\"" \
    "}}]}\n\n"

/* stand between events, or break one */

static const char *const  odd[] = {
    ": a comment with {\"a\" and 5\n\n", "\n", "\r\n", "data: {\"a\n\n",
    "data: {\"x\" \t: 1,\ndata: \"y\": #}\n\n", "id: #\n", "data\n\n",
    SPLIT, "data: \"@\"\n\n", "data: {} {}\n\n", "data: #\n\n"
};


static unsigned
dice(stream_t *s, unsigned n)
{
    return (unsigned) (dg_test_random(&s->seed) >> 33) % n;
}


static void
put(stream_t *s, const char *text)
{
    size_t  len;

    len = strlen(text);

    if (len <= SIZE - s->len) {
        memcpy(s->data + s->len, text, len);
        s->len += len;
    }
}


static void
put_text(stream_t *s)
{
    unsigned  n;

    static const char *const  pieces[] = {
        "a", " the", "word", "\xe4\xb8\xad", "\\n", "\\\"", "\\\\", "\\t",
        " some words that are longer than a block of sixteen bytes",
        "\\u00e9", "\\ud83d\\ude00", "\\ud83d", "\\x", "\t", "{\\\"a\\\": 1}"
    };

    n = dice(s, 20) ? 9 : sizeof(pieces) / sizeof(pieces[0]);

    while (dice(s, 3)) {
        put(s, pieces[dice(s, n)]);
    }
}


static void
put_event(stream_t *s, const char *event)
{
    char      text[32];
    unsigned  i;

    static const char *const  numbers[] = { "0", "7", "-3", "01", "1.5", "" };
    static const char *const  words[] = { "stop", "length", "error", "",
                                          "response.completed" };

    for (/* void */ ; *event; event++) {

        switch (*event) {

        case '@':
            put_text(s);
            break;

        case '#':
            i = dice(s, 60);

            if (i < dg_nelts(numbers)) {
                put(s, numbers[i]);

            } else {
                snprintf(text, sizeof(text), "%u", 1 + dice(s, 3 * i));
                put(s, text);
            }

            break;

        case '~':
            put(s, words[dice(s, dg_nelts(words))]);
            break;

        default:
            text[0] = *event;
            text[1] = '\0';
            put(s, text);
        }
    }
}


/* mostly runs of one kind */

static void
compose(stream_t *s, const vendor_t *v)
{
    unsigned  n, i, kinds;

    s->len = 0;
    i = 0;

    for (kinds = 0; kinds < 12 && v->events[kinds]; kinds++) { /* void */ }

    for (n = dice(s, EVENTS); n; n--) {

        if (dice(s, 6) == 0) {
            i = dice(s, kinds);
        }

        if (dice(s, 40) == 0) {
            put_event(s, odd[dice(s, dg_nelts(odd))]);
        }

        put_event(s, v->events[i]);
    }
}


/* in pieces of at most so many bytes; 0: all at once */

static void
facts_of(dg_response_facts_t *facts, dg_response_t *rs, stream_t *s,
    const vendor_t *v, unsigned most)
{
    size_t   at, n;
    u_char  *piece;

    memset(facts, 0, sizeof(dg_response_facts_t));
    dg_response_init(rs, v->dialect, DG_FORMAT_SSE, &key, facts);

    for (at = 0; at < s->len; at += n) {
        n = most ? 1 + dice(s, most) : s->len;
        n = dg_min(n, s->len - at);

        /* so that a reader that goes beyond it is caught */

        piece = malloc(n);
        if (piece == NULL) {
            abort();
        }

        memcpy(piece, s->data + at, n);
        dg_response_push(rs, piece, n);
        free(piece);
    }

    dg_response_end(rs);
}


static void
test_same(stream_t *s, const vendor_t *v, unsigned rounds)
{
    unsigned             i, k, wrong;
    dg_response_t        rs;
    dg_response_facts_t  one, two;

    static const unsigned  most[] = { 0, 0, 2000, 300 };

    wrong = 0;

    for (i = 0; i < rounds && !wrong; i++) {
        compose(s, v);
        facts_of(&one, &rs, s, v, 1);

        for (k = 0; k < dg_nelts(most); k++) {
            facts_of(&two, &rs, s, v, most[k]);
            wrong |= memcmp(&one, &two, sizeof(one)) != 0;
        }
    }

    dg_ok(!wrong, "%s: %u streams have the facts of one read byte by byte",
          v->name, rounds);

    if (wrong) {
        printf("# %.*s\n", (int) s->len, s->data);
    }
}


static void
test_kept(stream_t *s, const vendor_t *v)
{
    unsigned             i;
    dg_response_t        rs;
    dg_response_facts_t  facts, one;

    s->len = 0;

    for (i = 0; i < 20; i++) {
        put_event(s, v->events[0]);
    }

    facts_of(&one, &rs, s, v, 1);

    dg_ok(rs.repeat.n == 0, "%s: what comes in crumbs is not kept", v->name);

    facts_of(&facts, &rs, s, v, 0);

    dg_ok(facts.events == 20 && facts.text
          && memcmp(&facts, &one, sizeof(one)) == 0,
          "%s: what comes at once says the same", v->name);
    dg_ok(rs.repeat.n && rs.repeat.tries < 4,
          "%s: and its events are as those before", v->name);
}


static void
test_given_up(stream_t *s)
{
    unsigned             i;
    dg_response_t        rs;
    dg_response_facts_t  facts;

    s->len = 0;

    for (i = 0; i < 20; i++) {
        put_event(s, vendors[0].events[i % 2 ? 8 : 0]);
    }

    facts_of(&facts, &rs, s, &vendors[0], 0);

    dg_ok(facts.events == 20 && !dg_repeat_wanted(&rs.repeat),
          "no more is tried where each event is another");
}


int
main(int argc, char **argv)
{
    unsigned         i, rounds;

    static stream_t  s;

    if (kit_reader() != DG_OK) {
        return EXIT_FAILURE;
    }

    rounds = argc > 1 ? (unsigned) strtoul(argv[1], NULL, 10) : ROUNDS;
    s.seed = argc > 2 ? strtoull(argv[2], NULL, 10) | 1 : 2026;

    for (i = 0; i < dg_nelts(vendors); i++) {
        test_same(&s, &vendors[i], rounds);
    }

    s.seed = 1;

    for (i = 0; i < dg_nelts(vendors) - 1; i++) {
        test_kept(&s, &vendors[i]);
    }

    test_given_up(&s);

    return dg_done();
}
