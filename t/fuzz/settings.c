/*
 * Copyright (C) 2026 Distill Guard
 *
 * A piece of nginx.conf, URLs of Redis, decisions and their subjects: what is
 * wrong is told, with a line that is there; what is understood is written as
 * it was.
 */


#include "fuzz.h"
#include "dg_order.h"
#include "dg_ruling.h"
#include "dg_settings.h"
#include "dg_url.h"


static void
settings(const u_char *p, size_t len)
{
    char            error[DG_CONF_ERROR];
    size_t          i;
    u_char         *copy;
    unsigned        line, lines;
    dg_settings_t  *s;

    s = fuzz_alloc(sizeof(dg_settings_t));
    copy = fuzz_alloc(len);
    memcpy(copy, p, len);

    line = 0;

    if (dg_settings_read(s, copy, len, &line, error) != DG_OK) {
        fuzz_must(memchr(error, '\0', DG_CONF_ERROR) != NULL);
        fuzz_must(error[0] != '\0');

        lines = 1;

        for (i = 0; i < len; i++) {
            lines += (p[i] == '\n');
        }

        fuzz_must(line <= lines);

    } else {
        fuzz_must(s->nlimits <= DG_LIMITS);
        fuzz_must(s->nzones <= DG_ZONES);
    }

    free(copy);
    free(s);
}


static void
url(const u_char *p, size_t len)
{
    char      error[DG_URL_ERROR];
    unsigned  i;
    dg_url_t  url;
    dg_str_t  text;

    text.data = p;
    text.len = len;

    if (dg_url_parse(&url, &text, error) != DG_OK) {
        fuzz_must(memchr(error, '\0', DG_URL_ERROR) != NULL);
        return;
    }

    fuzz_must(url.n >= 1 && url.n <= DG_URL_HOSTS);

    for (i = 0; i < url.n; i++) {
        fuzz_must(url.hosts[i].host.data >= p);
        fuzz_must(url.hosts[i].host.data + url.hosts[i].host.len <= p + len);
        fuzz_must(url.kind == DG_URL_UNIX || url.hosts[i].port <= 65535);
    }
}


static void
ruling(const u_char *p, size_t len)
{
    u_char       text[DG_RULING_TEXT], subject[DG_RULING_SUBJECT], *end;
    dg_id_t      id, same;
    unsigned     kind, again;
    dg_ruling_t  r;

    if (dg_ruling_parse(&r, p, len) == DG_OK) {
        end = dg_ruling_text(text, &r);
        fuzz_must((size_t) (end - text) == len);
        fuzz_must(memcmp(text, p, len) == 0);
        fuzz_must(dg_ruling_compare(&r, &r) == 0);
    }

    if (dg_ruling_subject_parse(&kind, &id, p, len) == DG_OK) {
        end = dg_ruling_subject_text(subject, kind, &id);
        fuzz_must(end <= subject + DG_RULING_SUBJECT);
        fuzz_must(dg_ruling_subject_parse(&again, &same, subject,
                                          end - subject)
                  == DG_OK);
        fuzz_must(again == kind && dg_id_equal(&same, &id));
    }
}


static void
order(const u_char *p, size_t len)
{
    char              error[DG_RECORD_ERROR];
    static unsigned   ready;
    static dg_order_t order;

    if (!ready) {
        fuzz_must(dg_order_init() == DG_OK);
        ready = 1;
    }

    if (len > DG_ORDER_MAX) {
        return;
    }

    if (dg_order_read(&order, p, len, error) != DG_OK) {
        fuzz_must(memchr(error, '\0', DG_RECORD_ERROR) != NULL);
        return;
    }

    fuzz_must(order.ruling.reason_len <= DG_RULING_REASON);
    fuzz_must(dg_ruling_fits(order.ruling.id, order.kind));
}


int
LLVMFuzzerTestOneInput(const u_char *data, size_t size)
{
    static void  (*const readers[])(const u_char *p, size_t len) = {
        settings, url, ruling, order
    };

    if (size) {
        readers[data[0] % dg_nelts(readers)](data + 1, size - 1);
    }

    return 0;
}
