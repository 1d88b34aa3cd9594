/*
 * Copyright (C) 2026 Distill Guard
 */


#include "dg_value.h"


int
dg_term_push(dg_term_t *term, const dg_json_event_t *ev)
{
    size_t  len;

    if (ev->first) {
        term->len = 0;
    }

    len = dg_min(ev->len, sizeof(term->data) - term->len);

    if (len) {
        memcpy(term->data + term->len, ev->data, len);
        term->len += (unsigned) len;
    }

    return ev->last;
}


unsigned
dg_term_value(const dg_term_t *term, const dg_term_value_t *values, size_t n,
    unsigned other)
{
    size_t         i, len;
    const u_char  *p, *text;

    for (i = 0; i < n; i++) {

        p = term->data;
        len = values[i].text.len;
        text = values[i].text.data;

        if (*text == '*') {
            text++;
            len--;

            if (len > term->len) {
                continue;
            }

            p += term->len - len;

        } else if (len != term->len) {
            continue;
        }

        if (memcmp(p, text, len) == 0) {
            return values[i].value;
        }
    }

    return other;
}


unsigned
dg_term_copy(const dg_term_t *term, u_char *p, unsigned size)
{
    unsigned  len;

    len = dg_min(term->len, size);
    memcpy(p, term->data, len);

    return len;
}


void
dg_value_hash(dg_hash_t *hash, const u_char *p, size_t len)
{
    u_char  c, buf[64];
    size_t  n;

    n = 0;

    while (len--) {
        c = *p++;

        if (c == '=') {
            continue;
        }

        if (c == '-') {
            c = '+';

        } else if (c == '_') {
            c = '/';
        }

        buf[n++] = c;

        if (n == sizeof(buf)) {
            dg_hash_update(hash, buf, n);
            n = 0;
        }
    }

    dg_hash_update(hash, buf, n);
}


void
dg_value_id(dg_hash_t *hash, const dg_hash_key_t *key, dg_ids_t *ids,
    const dg_json_event_t *ev)
{
    if (ev->first) {
        dg_hash_init(hash, key, DG_HASH_ISSUED);
    }

    dg_value_hash(hash, ev->data, ev->len);

    if (ev->last) {
        dg_value_id_add(ids, hash);
    }
}


void
dg_value_id_add(dg_ids_t *ids, dg_hash_t *hash)
{
    unsigned  i, n;
    dg_id_t   id;

    if (hash->len == 0) {
        return;
    }

    id = dg_hash_final(hash);
    n = dg_min(ids->n, DG_IDS);

    for (i = 0; i < n; i++) {
        if (dg_id_equal(&ids->id[i], &id)) {
            return;
        }
    }

    if (n < DG_IDS) {
        ids->id[n] = id;
    }

    ids->n++;
}
