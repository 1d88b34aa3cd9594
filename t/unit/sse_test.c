/*
 * Copyright (C) 2026 Distill Guard
 *
 * What the event splitter hands over, whole, cut in two and in three at every
 * place, and byte by byte.
 *
 * An event is written down as name(data); data of an event that never ends
 * stands alone.
 */


#include "dg_sse.h"
#include "dg_test.h"


#define TEXT(s)  s, sizeof(s) - 1


typedef struct {
    char      text[8192];
    size_t    len;            /* of text */
    size_t    data;           /* where the data of the event starts */
    unsigned  empty;          /* empty pieces: there should be none */
} log_t;


typedef struct {
    const char  *name;
    const char  *text;
    size_t       len;
    const char  *expected;
} case_t;


static const case_t  cases[] = {
    { "nothing", TEXT(""), "" },
    { "an event", TEXT("data: a\n\n"), "(a)" },
    { "two events", TEXT("data: a\n\ndata: b\n\n"), "(a)(b)" },
    { "CR LF", TEXT("data: a\r\n\r\ndata: b\r\n\r\n"), "(a)(b)" },
    { "CR", TEXT("data: a\r\rdata: b\r\r"), "(a)(b)" },
    { "all line ends", TEXT("data: a\rdata: b\r\ndata: c\n\r\n"),
      "(a\nb\nc)" },
    { "LF CR is two ends", TEXT("data: a\n\rdata: b\n\r"), "(a)(b)" },
    { "no blank line, no event", TEXT("data: a\n\ndata: b\n"), "(a)b" },
    { "no end of line", TEXT("data: a\n\ndata: b"), "(a)b" },
    { "two lines", TEXT("data: a\ndata: b\n\n"), "(a\nb)" },
    { "an empty line of data", TEXT("data:\n\n"), "()" },
    { "two empty lines of data", TEXT("data\ndata:\n\n"), "(\n)" },
    { "empty lines around one", TEXT("data\ndata: a\ndata\n\n"), "(\na\n)" },
    { "no colon", TEXT("data\n\n"), "()" },
    { "no space", TEXT("data:a\n\n"), "(a)" },
    { "one space is removed", TEXT("data:  a \n\n"), "( a )" },
    { "only a space", TEXT("data: \n\n"), "()" },
    { "a tab is kept", TEXT("data:\ta\n\n"), "(\ta)" },
    { "colons in data", TEXT("data: a: b\ndata::\n\n"), "(a: b\n:)" },
    { "a name", TEXT("event: add\ndata: 73857293\n\n"), "add(73857293)" },
    { "a name behind the data", TEXT("data: a\nevent:b\n\n"), "b(a)" },
    { "the last name is it", TEXT("event: a\nevent: bc\ndata: d\n\n"),
      "bc(d)" },
    { "a name taken back", TEXT("event: a\nevent\ndata: d\n\n"), "(d)" },
    { "a name lasts one event", TEXT("event: a\ndata: b\n\ndata: c\n\n"),
      "a(b)(c)" },
    { "a name without data", TEXT("event: a\n\ndata: b\n\n"), "(b)" },
    { "a long name is cut",
      TEXT("event: abcdefghijklmnopqrstuvwxyz0123456789\ndata: a\n\n"),
      "abcdefghijklmnopqrstuvwxyz012345(a)" },
    { "comments and other fields",
      TEXT(": hi\nid: 1\nretry: 5\n:\ndata: a\nother\nid\n: data: b\n\n"),
      "(a)" },
    { "only comments", TEXT(":\n\n: ping\n\n"), "" },
    { "blank lines", TEXT("\n\r\n\rdata: a\n\n\n\n"), "(a)" },
    { "fields almost known",
      TEXT("dat: a\ndata2: b\nDATA: c\n data: d\ndata : e\nevents: f\n\n"),
      "" },
    { "a field longer than any", TEXT("datadatadatadata: a\n\n"), "" },
    { "zero bytes", TEXT("data: a\0b\nda\0ta: c\n\n"), "(a?b)" },
    { "a byte order mark", TEXT("\xef\xbb\xbf" "data: a\n\n"), "(a)" },
    { "a byte order mark and a blank line", TEXT("\xef\xbb\xbf\ndata:a\n\n"),
      "(a)" },
    { "a second mark is no more one",
      TEXT("\xef\xbb\xbf\xef\xbb\xbf" "data: a\ndata: b\n\n"), "(b)" },
    { "a mark later", TEXT("\n\xef\xbb\xbf" "data: a\n\n"), "" },
    { "half a mark", TEXT("\xef\xbb" "data: a\ndata: b\n\n"), "(b)" },
    { "half a mark and a colon", TEXT("\xef:\ndata: b\n\n"), "(b)" },
    { "half a mark and a line end", TEXT("\xef\xbb\n\ndata: b\n\n"), "(b)" },
    { "a stream of an API",
      TEXT("event: message_start\ndata: {\"type\":\"message_start\"}\n\n"
           "event: ping\ndata: {\"type\": \"ping\"}\n\n: keep\n\n"
           "data: [DONE]\n\n"),
      "message_start({\"type\":\"message_start\"})ping({\"type\": \"ping\"})"
      "([DONE])" }
};


static void
log_add(log_t *log, const u_char *p, size_t len)
{
    size_t  i;

    for (i = 0; i < len && log->len < sizeof(log->text) - 1; i++) {
        log->text[log->len++] = p[i] ? p[i] : '?';
    }

    log->text[log->len] = '\0';
}


static void
data_handler(void *ctx, const u_char *p, size_t len)
{
    log_t  *log;

    log = ctx;
    log->empty += (len == 0);
    log_add(log, p, len);
}


static void
event_handler(void *ctx, dg_sse_t *sse)
{
    char    data[sizeof(((log_t *) 0)->text)];
    log_t  *log;

    log = ctx;

    strcpy(data, log->text + log->data);
    log->len = log->data;

    log_add(log, sse->name, sse->name_len);
    log_add(log, (u_char *) "(", 1);
    log_add(log, (u_char *) data, strlen(data));
    log_add(log, (u_char *) ")", 1);

    log->data = log->len;
}


/* each piece is a block of its own, so that a sanitizer sees a byte too many */

static void
push(dg_sse_t *sse, const char *p, size_t len)
{
    u_char  *piece;

    piece = malloc(len + 1);

    if (piece == NULL) {
        abort();
    }

    memcpy(piece + 1, p, len);
    dg_sse_push(sse, piece + 1, len);
    free(piece);
}


/* the pieces are up to a, up to b, and then of step bytes */

static void
read_cut(log_t *log, const char *text, size_t len, size_t a, size_t b,
    size_t step)
{
    size_t    n;
    dg_sse_t  sse;

    memset(log, 0, sizeof(log_t));

    dg_sse_init(&sse, data_handler, event_handler, log);

    push(&sse, text, a);
    push(&sse, text + a, b - a);

    while (b < len) {
        n = dg_min(step, len - b);
        push(&sse, text + b, n);
        b += n;
    }
}


static void
test_case(const case_t *c)
{
    log_t     log;
    size_t    a, b;
    unsigned  bad;

    read_cut(&log, c->text, c->len, 0, 0, c->len);

    if (!dg_ok(strcmp(log.text, c->expected) == 0, "%s", c->name)) {
        printf("#   has:    %s\n#   wanted: %s\n", log.text, c->expected);
    }

    bad = 0;

    for (a = 0; a <= c->len; a++) {
        for (b = a; b <= c->len; b++) {
            read_cut(&log, c->text, c->len, a, b, c->len);
            bad += strcmp(log.text, c->expected) != 0 || log.empty;
        }
    }

    for (a = 1; a < 8; a++) {
        read_cut(&log, c->text, c->len, 0, 0, a);
        bad += strcmp(log.text, c->expected) != 0 || log.empty;
    }

    dg_ok(bad == 0, "%s, cut anywhere", c->name);
}


/* lines of all lengths, with all line ends, against what was put in */

static void
test_random(void)
{
    char      text[2048], expected[2048];
    log_t     log;
    size_t    len, out, a, b;
    unsigned  i, n, bad, more;
    uint64_t  seed;

    static const char *const  ends[] = { "\n", "\r\n", "\r" };
    static const char *const  noise[] = { ":", ":x", "id: 1", "data2: a" };

    bad = 0;
    seed = 7;

    for (i = 0; i < 50000; i++) {

        len = 0;
        out = 0;

        for (n = dg_test_random(&seed) % 6; n; n--) {
            len += sprintf(text + len, "event: e%u%s", n,
                           ends[dg_test_random(&seed) % 3]);
            out += sprintf(expected + out, "e%u(", n);

            more = dg_test_random(&seed) % 3;

            do {
                a = dg_test_random(&seed) % 40;

                len += sprintf(text + len, "data: %.*s", (int) a,
                               "{\"x\": \"0123456789012345678901234567890");
                out += sprintf(expected + out, "%.*s%s", (int) a,
                               "{\"x\": \"0123456789012345678901234567890",
                               more ? "\n" : "");

                len += sprintf(text + len, "%s",
                               ends[dg_test_random(&seed) % 3]);

                if (dg_test_random(&seed) % 4 == 0) {
                    len += sprintf(text + len, "%s\n",
                                   noise[dg_test_random(&seed) % 4]);
                }

            } while (more--);

            /* a CR before would take a LF for its own */

            len += sprintf(text + len, "%s",
                           text[len - 1] == '\r' ? "\r" : "\n");
            out += sprintf(expected + out, ")");

            if (text[len - 1] == '\r') {
                len += sprintf(text + len, "\r");
            }
        }

        expected[out] = '\0';

        a = dg_test_random(&seed) % (len + 1);
        b = a + dg_test_random(&seed) % (len - a + 1);

        read_cut(&log, text, len, a, b, 1 + dg_test_random(&seed) % 50);

        if (strcmp(log.text, expected) != 0) {
            printf("#   has:    %s\n#   wanted: %s\n", log.text, expected);
            bad++;
        }
    }

    dg_ok(bad == 0, "random streams give what was put in");
}


static void
test_count(void)
{
    log_t     log;
    dg_sse_t  sse;

    memset(&log, 0, sizeof(log));

    dg_sse_init(&sse, data_handler, event_handler, &log);
    dg_sse_push(&sse, (u_char *) TEXT("data: a\n\n\n\n:\n\ndata\n\nevent: x\n\n"
                                      "data: b\n"));
    dg_sse_push(&sse, NULL, 0);

    dg_ok(sse.events == 2, "events that had data are counted: %u",
          (unsigned) sse.events);
}


/* many short lines in one piece are found in time that grows with it */

static void
test_many_lines(void)
{
    size_t    i, len;
    u_char   *text;
    log_t     log;
    unsigned  end;
    dg_sse_t  sse;

    len = 4 * 1024 * 1024;
    text = malloc(len);

    if (text == NULL) {
        abort();
    }

    for (end = 0; end < 2; end++) {

        for (i = 0; i < len; i += 2) {
            text[i] = ':';
            text[i + 1] = "\n\r"[end];
        }

        memset(&log, 0, sizeof(log));
        dg_sse_init(&sse, data_handler, event_handler, &log);
        dg_sse_push(&sse, text, len);

        dg_ok(sse.events == 0 && log.len == 0, "two million lines of %s",
              end ? "CR" : "LF");
    }

    free(text);
}


int
main(void)
{
    size_t  i;

    for (i = 0; i < dg_nelts(cases); i++) {
        test_case(&cases[i]);
    }

    test_random();
    test_count();
    test_many_lines();

    return dg_done();
}
