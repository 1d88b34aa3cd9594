/*
 * Copyright (C) 2026 Distill Guard
 *
 * What the status page sends to have something decided, and what is said when
 * that cannot be.
 */


#include "dg_order.h"
#include "dg_subject.h"
#include "dg_test.h"


#define KEY  "key:9f3a04c1d2e5b7880c6f1e2d3a4b5c6d"


static dg_order_t  order;
static char        error[DG_RECORD_ERROR];


static int
read_order(const char *text)
{
    error[0] = '\0';

    return dg_order_read(&order, (const u_char *) text, strlen(text), error);
}


static void
bad(const char *text, const char *said)
{
    dg_ok(read_order(text) == DG_ERROR && strstr(error, said), "%.60s: %s",
          text, error);
}


static void
test_good(void)
{
    u_char  text[DG_RULING_SUBJECT], *end;

    dg_ok(read_order("{\"zone\":\"a\\\"b\",\"decision\":\"block\",\"subject\":"
                     "\"" KEY "\",\"for\":\"1h30m\",\"reason\":\"x \\u0079\"}")
          == DG_OK, "all there is %s", error);
    dg_ok(order.ruling.id == DG_RULING_BLOCK && order.seconds == 5400
          && order.kind == DG_KIND_KEY, "what, for how long, on what kind");
    dg_ok(order.zone.len == 3 && memcmp(order.zone.data, "a\"b", 3) == 0,
          "the zone");
    dg_ok(order.ruling.reason_len == 3
          && memcmp(order.ruling.reason, "x y", 3) == 0, "why");
    dg_ok(order.ruling.author_len == 0, "who is not for it to say");

    end = dg_ruling_subject_text(text, order.kind, &order.id);

    dg_ok(end - text == sizeof(KEY) - 1 && memcmp(text, KEY, end - text) == 0,
          "on whom");

    dg_ok(read_order("{\"decision\":\"release\",\"subject\":"
                     "\"origin:203.0.113.0/24\",\"for\":\"\",\"more\":[1]}")
          == DG_OK && order.seconds == 0 && order.zone.len == 0
          && order.ruling.reason_len == 0, "little: %s", error);
}


static void
test_bad(void)
{
    char      buf[DG_ORDER_MAX + 2];
    unsigned  i;

    static const char  good[] = "{\"decision\":\"block\",\"subject\":\"" KEY
                                "\"}";

    bad("", "is empty");
    bad("[]", "\"decision\" is");
    bad("{}", "\"decision\" is");
    bad("{\"decision\":1,\"subject\":\"" KEY "\"}", "\"decision\" is not of");
    bad("{\"decision\":\"\",\"subject\":\"" KEY "\"}", "\"decision\" is");
    bad("{\"decision\":\"blocks\",\"subject\":\"" KEY "\"}", "\"decision\" is");
    bad("{\"decision\":\"block\"}", "\"subject\" is");
    bad("{\"decision\":\"block\",\"subject\":\"key:\"}", "\"subject\" is");
    bad("{\"decision\":\"block\",\"subject\":\"" KEY "0\"}", "\"subject\" is");
    bad("{\"decision\":\"block\",\"decision\":\"allow\",\"subject\":\"" KEY
        "\"}", "twice");
    bad("{\"decision\":\"exempt\",\"subject\":\"asn:1\"}", "exempt");
    bad("{\"decision\":\"block\",\"subject\":\"" KEY "\",\"for\":\"0s\"}",
        "\"for\" is");
    bad("{\"decision\":\"release\",\"subject\":\"" KEY "\",\"for\":\"1h\"}",
        "\"for\" is");
    bad("{\"decision\":\"block\",\"subject\":\"" KEY "\",\"reason\":"
        "\"\\u00e9\"}", "\"reason\" is");
    bad("{\"decision\":\"block\",\"subject\":\"" KEY "\",\"reason\":\"a\\nb\"}",
        "\"reason\" is");

    for (i = 0; i + 1 < sizeof(good); i++) {
        memcpy(buf, good, i);
        buf[i] = '\0';

        if (read_order(buf) == DG_OK) {
            dg_ok(0, "half of it: %s", buf);
        }
    }

    dg_ok(read_order(good) == DG_OK, "and all of it %s", error);

    memset(buf, ' ', sizeof(buf));
    memcpy(buf, good, sizeof(good) - 1);
    buf[DG_ORDER_MAX] = '\0';

    dg_ok(read_order(buf) == DG_OK, "as long as it may be %s", error);

    buf[DG_ORDER_MAX] = ' ';
    buf[DG_ORDER_MAX + 1] = '\0';

    bad(buf, "more than");
}


int
main(void)
{
    if (dg_order_init() != DG_OK) {
        return EXIT_FAILURE;
    }

    test_good();
    test_bad();

    return dg_done();
}
