/*
 * Copyright (C) 2026 Distill Guard
 *
 * Limits as they are written, and what is said when they are not.
 */


#include "dg_limit.h"
#include "dg_test.h"


static dg_str_t
str(const char *text)
{
    dg_str_t  s;

    s.len = strlen(text);
    s.data = (const u_char *) text;

    return s;
}


static void
good(const char *kind, const char *arg, const char *text)
{
    char        error[DG_ERROR_TEXT];
    u_char      buf[DG_LIMIT_TEXT + 1];
    dg_str_t    s;
    dg_limit_t  limit;

    memset(&limit, 0, sizeof(limit));
    error[0] = '\0';

    s = str(kind);

    if (dg_limit_kind(&limit, &s, error) != DG_OK) {
        dg_ok(0, "%s: %s", kind, error);
        return;
    }

    s = str(arg);

    if (dg_limit_parse(&limit, &s, error) != DG_OK) {
        dg_ok(0, "%s: %s", arg, error);
        return;
    }

    *dg_limit_text(buf, &limit) = '\0';

    dg_ok(strcmp((char *) buf, text) == 0, "%s %s is %s", kind, arg, buf);
}


static void
bad(const char *arg, const char *message)
{
    char        error[DG_ERROR_TEXT];
    dg_str_t    s;
    dg_limit_t  limit;

    s = str(arg);
    error[0] = '\0';

    dg_ok(dg_limit_parse(&limit, &s, error) == DG_ERROR
          && strcmp(error, message) == 0, "%s", error);

    if (strcmp(error, message) != 0) {
        printf("#   expected: %s\n", message);
    }
}


static void
test_fuzz(void)
{
    char        error[DG_ERROR_TEXT];
    u_char      text[300], buf[DG_LIMIT_TEXT];
    size_t      len;
    unsigned    i, k, wrong, parsed;
    uint64_t    seed;
    dg_str_t    s;
    dg_limit_t  limit, again;

    static const char  letters[] = "0123456789km//smhd";

    seed = 3;
    wrong = 0;
    parsed = 0;

    for (i = 0; i < 200000; i++) {
        memset(error, 'x', sizeof(error));
        len = 0;

        if (i & 1) {
            memcpy(text, "tokens=", 7);
            len = 7;
        }

        k = (unsigned) (dg_test_random(&seed) % (i % 50 == 0 ? 280 : 8));

        while (k--) {
            text[len++] = (u_char) letters[dg_test_random(&seed)
                                           % (sizeof(letters) - 1)];
        }

        s.data = text;
        s.len = len;

        memset(&limit, 0, sizeof(limit));

        if (dg_limit_parse(&limit, &s, error) != DG_OK) {
            wrong += (memchr(error, '\0', sizeof(error)) == NULL);
            continue;
        }

        parsed++;
        limit.kind = DG_KIND_KEY;

        s.data = buf + 4;            /* behind "key " */
        s.len = (size_t) (dg_limit_text(buf, &limit) - buf) - 4;

        memset(&again, 0, sizeof(again));

        if (dg_limit_parse(&again, &s, error) != DG_OK
            || again.n != limit.n || again.n == 0
            || again.n > DG_LIMIT_MAX || again.metric != limit.metric
            || again.period != limit.period)
        {
            wrong++;
        }
    }

    dg_ok(parsed > 100 && wrong == 0,
          "of any text a limit (%u) or a message is made", parsed);
}


int
main(void)
{
    char        error[DG_ERROR_TEXT];
    dg_str_t    s;
    dg_limit_t  limit;

    good("key", "requests=10/s", "key requests=10/s");
    good("account", "input_tokens=200k/m", "account input_tokens=200000/m");
    good("origin", "output_tokens=3M/h", "origin output_tokens=3000000/h");
    good("asn", "tokens=1K/d", "asn tokens=1000/d");
    good("campaign", "requests=100/d", "campaign requests=100/d");
    good("key", "tokens=1000000000000000/d",
         "key tokens=1000000000000000/d");
    good("key", "tokens=1000000000m/d", "key tokens=1000000000000000/d");
    good("key", "requests=0010/s", "key requests=10/s");

    s = str("user");
    dg_ok(dg_limit_kind(&limit, &s, error) == DG_ERROR
          && strcmp(error, "unknown subject \"user\": use key, account, "
                    "origin, asn or campaign") == 0, "%s", error);

    s = str("none");
    dg_ok(dg_limit_kind(&limit, &s, error) == DG_ERROR, "%s", error);

    bad("reqs=10/s", "unknown metric \"reqs\": use requests, input_tokens, "
        "output_tokens or tokens");
    bad("10/s", "invalid limit \"10/s\": use metric=number/period, as in "
        "output_tokens=200k/h");
    bad("", "invalid limit \"\": use metric=number/period, as in "
        "output_tokens=200k/h");
    bad("requests=", "invalid limit \"requests=\": use "
        "metric=number/period, as in output_tokens=200k/h");
    bad("requests=10", "invalid rate \"10\" in \"requests=10\": use "
        "number/period, as in 200k/h");
    bad("requests=10/", "invalid rate \"10/\" in \"requests=10/\": use "
        "number/period, as in 200k/h");
    bad("requests=10/x", "invalid rate \"10/x\" in \"requests=10/x\": the "
        "period is s, m, h or d");
    bad("requests=10/min", "invalid rate \"10/min\" in \"requests=10/min\": "
        "the period is s, m, h or d");
    bad("requests=0/s", "invalid rate \"0/s\" in \"requests=0/s\": the "
        "number is at least 1");
    bad("requests=0k/s", "invalid rate \"0k/s\" in \"requests=0k/s\": the "
        "number is at least 1");
    bad("requests=1.5k/s", "invalid rate \"1.5k/s\" in \"requests=1.5k/s\": "
        "the number is whole, with k or m behind it or without");
    bad("requests=-1/s", "invalid rate \"-1/s\" in \"requests=-1/s\": the "
        "number is whole, with k or m behind it or without");
    bad("requests=k/s", "invalid rate \"k/s\" in \"requests=k/s\": the "
        "number is whole, with k or m behind it or without");
    bad("requests=1kk/s", "invalid rate \"1kk/s\" in \"requests=1kk/s\": the "
        "number is whole, with k or m behind it or without");
    bad("tokens=1000000000000001/d", "invalid rate \"1000000000000001/d\" in "
        "\"tokens=1000000000000001/d\": the number is at most "
        "1000000000000000");
    bad("tokens=1000000000001k/d", "invalid rate \"1000000000001k/d\" in "
        "\"tokens=1000000000001k/d\": the number is at most "
        "1000000000000000");
    bad("tokens=99999999999999999999m/d", "invalid rate "
        "\"99999999999999999999m/d\" in \"tokens=99999999999999999999m/d\": "
        "the number is at most 1000000000000000");

    test_fuzz();

    return dg_done();
}
