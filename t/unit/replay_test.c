/*
 * Copyright (C) 2026 Distill Guard
 *
 * The replay of lines: exchanges in flight, ends in the order of time, and
 * random lines, which do no harm.
 */


#include "replay.h"
#include "dg_test.h"

#include <fcntl.h>
#include <unistd.h>


#define MUTATIONS  60000
#define ZONE       (1024 * 1024)


static ctl_settings_t  settings;
static ctl_output_t    out;
static ctl_replay_t    rp;
static char            error[DG_RECORD_ERROR];


static void
begin(const char *limit)
{
    char           wrong[DG_CONF_ERROR];
    unsigned       line;
    static char    conf[256];

    memset(&settings, 0, sizeof(settings));
    memset(&rp, 0, sizeof(rp));

    if (ctl_settings_open(&settings, NULL) != DG_OK) {
        abort();
    }

    snprintf(conf, sizeof(conf), "distill_guard_limit %s;", limit);

    if (dg_settings_read(&settings.conf, (u_char *) conf, strlen(conf), &line,
                         wrong)
        != DG_OK)
    {
        abort();
    }

    settings.size = ZONE;
    ctl_output_init(&out, open("/dev/null", O_WRONLY));

    rp.settings = &settings;
    rp.out = &out;
    rp.labels = ctl_labels_create();
    rp.summary = ctl_summary_create(rp.labels);

    if (ctl_replay_init(&rp) != DG_OK) {
        abort();
    }
}


static void
end(void)
{
    ctl_replay_end(&rp);
    dg_ok(rp.flight.ndue == 0, "nothing is left that has ended");
    dg_ok(dg_store_check(rp.store) == DG_OK, "the store is sound");

    (void) close(out.fd);
    ctl_summary_free(rp.summary);
    ctl_labels_free(rp.labels);
    ctl_replay_free(&rp);
    ctl_settings_close(&settings);
}


static int
line(const char *text)
{
    return ctl_replay_line(&rp, (const u_char *) text, strlen(text), error);
}


/* what was written since the last time */

static const char *
said(void)
{
    static char  text[CTL_OUTPUT_SIZE + 1];

    memcpy(text, out.buf, out.p - out.buf);
    text[out.p - out.buf] = '\0';
    out.p = out.buf;

    return text;
}


/* an exchange of the key "k" with so many tokens, and its verdict */

static int
passes(double t, double done, unsigned tokens)
{
    char  text[512];

    snprintf(text, sizeof(text), "{\"t\":%.3f,\"done\":%.3f,\"ip\":"
             "\"192.0.2.1\",\"headers\":[[\"x-api-key\",\"k\"]],\"body\":"
             "{\"max_tokens\":1,\"messages\":[]},\"usage\":{\"input_tokens\":0,"
             "\"output_tokens\":%u}}", t, done, tokens);

    (void) said();

    if (line(text) != DG_OK) {
        return -1;
    }

    return strstr(said(), "\"verdict\":\"PASS\"") != NULL;
}


static void
test_flight(void)
{
    begin("key output_tokens=100/h");

    dg_ok(passes(1000, 1010, 60) == 1, "the first passes");
    dg_ok(passes(1001, 1005, 30) == 1, "and the second, while it is there");
    dg_ok(passes(1004.999, 1005, 20) == 1, "and the third");
    dg_ok(passes(1005, 1005, 5) == 1, "two have ended with 50 tokens");
    dg_ok(passes(1009.999, 1010, 0) == 1, "the first has not");
    dg_ok(passes(1010, 1020, 0) == 0, "now it has, with 60");
    dg_ok(passes(1009, 1009, 0) == -1
          && strncmp(error, "time goes back by 1.000 s", 25) == 0,
          "time does not go back");
    dg_ok(rp.flight.ndue == 0, "what was refused is not in flight");

    end();
}


static void
test_open(void)
{
    char      text[128];
    unsigned  i, bad;

    begin("key requests=1/d");

    bad = 0;

    for (i = 0; i < CTL_FLIGHT; i++) {
        snprintf(text, sizeof(text), "{\"t\":1,\"ip\":\"::1\",\"id\":\"%u\"}",
                 i);
        bad += line(text) != DG_OK;
    }

    dg_ok(bad == 0 && rp.flight.nopen == CTL_FLIGHT, "%d are open",
          CTL_FLIGHT);

    dg_ok(line("{\"t\":1,\"ip\":\"::1\",\"id\":\"one more\"}") == DG_ERROR
          && strncmp(error, "more than 65536 exchanges", 25) == 0,
          "one more is too many");
    dg_ok(line("{\"t\":1,\"ip\":\"::1\"}") == DG_OK,
          "but for one that ends at once");
    dg_ok(line("{\"t\":1,\"ip\":\"::1\",\"id\":\"17\"}") == DG_ERROR
          && strncmp(error, "an exchange of that \"id\"", 24) == 0,
          "nor may one be opened twice");

    for (i = 0; i < CTL_FLIGHT; i++) {
        snprintf(text, sizeof(text), "{\"t\":2,\"end\":\"%u\"}",
                 i * 17 % CTL_FLIGHT);
        bad += line(text) != DG_OK;
    }

    dg_ok(bad == 0 && rp.flight.nopen == 0, "all have ended");
    (void) said();
    dg_ok(line("{\"t\":2,\"end\":\"17\"}") == DG_OK
          && strcmp(said(), "{\"t\":2.000,\"end\":\"17\"}\n") == 0,
          "an end of nothing is none");

    end();
}


/* those that end at the same time end in the order in which they came */

static void
test_order(void)
{
    unsigned         i, bad;
    uint64_t         seed, last, order;
    ctl_flight_t     f;
    ctl_exchange_t  *x;

    memset(&f, 0, sizeof(f));
    seed = 3;
    bad = 0;
    last = 0;
    order = 0;

    if (ctl_flight_init(&f) != DG_OK) {
        abort();
    }

    for (i = 0; i < CTL_FLIGHT; i++) {
        x = ctl_flight_take(&f);
        x->done_ms = dg_test_random(&seed) % 1000;
        x->id.v[0] = i;
        ctl_flight_due(&f, x);
    }

    dg_ok(ctl_flight_take(&f) == NULL, "all slots are taken");

    while ((x = ctl_flight_ended(&f, UINT64_MAX))) {
        bad += x->done_ms < last || (x->done_ms == last && x->id.v[0] < order);
        last = x->done_ms;
        order = x->id.v[0];
        ctl_flight_give(&f, x);
    }

    dg_ok(bad == 0 && last == 999, "they end in order");

    ctl_flight_free(&f);
}


static void
test_mutations(void)
{
    u_char     *copy, text[1024];
    size_t      i, n, len, at;
    uint64_t    seed;
    unsigned    round, good;

    static const char  *lines[] = {
        "{\"t\":1,\"ip\":\"203.0.113.7\",\"method\":\"POST\",\"path\":"
        "\"/v1/messages?key=a%41&x\",\"headers\":[[\"Host\",\"h\"],"
        "[\"x-api-key\",\"k\\u0041\"]],\"http\":\"2\",\"tls\":{"
        "\"ssl_protocol\":\"TLSv1.3\"},\"account\":\"a\",\"asn\":64500,"
        "\"country\":\"DE\",\"body\":{\"model\":\"m\",\"max_tokens\":5,"
        "\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]},\"response\":"
        "{\"id\":\"m1\",\"usage\":{\"input_tokens\":3,\"output_tokens\":4}},"
        "\"done\":2.5,\"label\":[\"x\"]}",

        "{\"t\":1,\"ip\":\"2001:db8::1\",\"body\":\"{\\\"stream\\\":true}\","
        "\"status\":200,\"response\":\"data: {\\\"choices\\\":[{\\\"delta\\\":"
        "{\\\"content\\\":\\\"a\\\"}}]}\\n\\ndata: [DONE]\\n\\n\",\"usage\":{"
        "\"input_tokens\":1,\"output_tokens\":2},\"aborted\":true}",

        "{\"t\":1,\"ip\":\"unix:\",\"path\":\"/api/chat\",\"body\":{},"
        "\"id\":\"e\"}",

        "{\"t\":1,\"end\":\"e\",\"response\":\"{\\\"done\\\":true}\"}",

        "{\"v\":1,\"t\":1,\"key\":\"0123456789abcdef0123456789abcdef\","
        "\"origin\":\"203.0.113.0/24\",\"dialect\":\"openai.chat\","
        "\"status\":200,\"ms\":700,\"output_tokens\":5,\"source\":"
        "\"reported\",\"max_tokens\":3,\"label\":{\"a\":1}}",

        "  \r"
    };

    static const char  special[] = "\"\\{}[],:0-e.ntf %/?\x80\n";

    begin("key requests=5/m output_tokens=50/h");

    seed = 9;
    good = 0;

    for (round = 0; round < MUTATIONS; round++) {
        i = dg_test_random(&seed) % dg_nelts(lines);
        len = strlen(lines[i]);
        memcpy(text, lines[i], len);

        n = dg_test_random(&seed) % 4;

        for (i = 0; i < n; i++) {
            at = dg_test_random(&seed) % len;

            switch (dg_test_random(&seed) % 4) {

            case 0:
                len = at + 1;
                break;

            case 1:
                text[at] = (u_char) (dg_test_random(&seed) >> 20);
                break;

            default:
                text[at] = special[dg_test_random(&seed)
                                   % (sizeof(special) - 1)];
            }
        }

        /* right before memory that is not to be touched; time may stand */

        copy = malloc(len);
        memcpy(copy, text, len);
        rp.now_ms = 0;

        good += ctl_replay_line(&rp, copy, len, error) == DG_OK;
        free(copy);
    }

    dg_ok(good > MUTATIONS / 8 && good < MUTATIONS,
          "%u of %u mutations are read, all do no harm", good, MUTATIONS);

    end();
}


int
main(void)
{
    dg_ok(ctl_replay_tables() == DG_OK, "the tables");

    test_flight();
    test_open();
    test_order();
    test_mutations();

    return dg_done();
}
