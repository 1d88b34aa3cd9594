/*
 * Copyright (C) 2026 Distill Guard
 *
 * X-Distill-Guard-Score and X-Distill-Guard-Campaign tell the upstream what
 * the guard thinks of a request.  What clients send under such names is taken
 * out before, and what upstreams send is taken out behind.
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_distill_guard.h"
#include "ngx_distill_guard_compat.h"
#include "dg_print.h"


typedef struct {
    ngx_str_t    name;
    u_char      *lowcase;
} ngx_distill_guard_told_t;


static ngx_uint_t ngx_distill_guard_our_header(const ngx_table_elt_t *h);
static ngx_int_t ngx_distill_guard_unlink(ngx_list_t *headers);
static ngx_int_t ngx_distill_guard_tell_one(ngx_http_request_t *r,
    ngx_table_elt_t **told, const ngx_distill_guard_told_t *header,
    u_char *value, size_t len);


static const ngx_distill_guard_told_t
    ngx_distill_guard_told[NGX_DISTILL_GUARD_TOLD] =
{
    { ngx_string("X-Distill-Guard-Score"),
      (u_char *) "x-distill-guard-score" },

    { ngx_string("X-Distill-Guard-Campaign"),
      (u_char *) "x-distill-guard-campaign" }
};


/*
 * In any case, and with anything for a hyphen: X_Distill_Guard_Score becomes
 * the same variable of CGI.
 */

static ngx_uint_t
ngx_distill_guard_our_header(const ngx_table_elt_t *h)
{
    u_char      ch;
    ngx_uint_t  i;

    static const u_char  prefix[] = "x-distill-guard-";

    if (h->key.len < sizeof(prefix) - 1) {
        return 0;
    }

    for (i = 0; i < sizeof(prefix) - 1; i++) {
        ch = ngx_tolower(h->key.data[i]);

        if (prefix[i] == '-') {
            if ((ch >= 'a' && ch <= 'z') || (ch >= '0' && ch <= '9')) {
                return 0;
            }

        } else if (ch != prefix[i]) {
            return 0;
        }
    }

    return 1;
}


/* without memory to take a header out, at least its value goes */

void
ngx_distill_guard_clear_request(ngx_http_request_t *r)
{
    ngx_log_t         log;
    ngx_uint_t        i, n;
    ngx_list_part_t  *part;
    ngx_table_elt_t  *h;

    part = &r->headers_in.headers.part;
    i = 0;
    n = 0;

    while ((h = ngx_distill_guard_next_header(&part, &i)) != NULL) {
        if (ngx_distill_guard_our_header(h)) {
            h->value.len = 0;
            n++;
        }
    }

    if (n && ngx_distill_guard_unlink(&r->headers_in.headers) != NGX_OK) {
        log = ngx_distill_guard_log(r);

        ngx_log_error(NGX_LOG_ERR, &log, 0,
                      "distill guard: no memory, headers of the client that "
                      "are not its to send are emptied");
    }
}


/*
 * Takes ours out.  The others must not move: r->headers_in points at them, and
 * since nginx 1.23 they at each other.  So each run of them becomes a part of
 * the list where it stands.  A part is full at nalloc elements, and the last
 * has room for no more than it holds; empty parts, but for the first, are none
 * that nginx's loops could stand.
 */

static ngx_int_t
ngx_distill_guard_unlink(ngx_list_t *headers)
{
    ngx_uint_t        i;
    ngx_list_t        list;
    ngx_list_part_t  *part, *run;
    ngx_table_elt_t  *h, *next;

    list = *headers;
    list.part.nelts = 0;
    list.part.next = NULL;
    run = &list.part;
    next = NULL;

    part = &headers->part;
    i = 0;

    while ((h = ngx_distill_guard_next_header(&part, &i)) != NULL) {

        if (ngx_distill_guard_our_header(h)) {
            continue;
        }

        if (h != next) {

            if (run->nelts) {
                run->next = ngx_palloc(headers->pool,
                                       sizeof(ngx_list_part_t));
                if (run->next == NULL) {
                    return NGX_ERROR;
                }

                run = run->next;
                run->nelts = 0;
                run->next = NULL;
            }

            run->elts = h;
        }

        run->nelts++;
        next = h + 1;
    }

    list.last = run == &list.part ? &headers->part : run;

    if (run->nelts) {
        list.nalloc = run->nelts;
    }

    *headers = list;

    return NGX_OK;
}


/* the header filters of nginx pass over headers without a hash */

void
ngx_distill_guard_clear_response(ngx_list_t *headers)
{
    ngx_uint_t        i;
    ngx_list_part_t  *part;
    ngx_table_elt_t  *h;

    part = &headers->part;
    i = 0;

    while ((h = ngx_distill_guard_next_header(&part, &i)) != NULL) {
        if (ngx_distill_guard_our_header(h)) {
            h->hash = 0;
        }
    }
}


ngx_int_t
ngx_distill_guard_tell(ngx_http_request_t *r, ngx_distill_guard_ctx_t *ctx)
{
    u_char    score[DG_PRINT_U64], campaign[DG_ID_TEXT];
    size_t    len;
    unsigned  tag;

    if (ctx->rules.policy == NULL || ctx->decision.verdict == DG_PASS) {
        return NGX_OK;
    }

    tag = ctx->rules.policy->actions[DG_ACTION_TAG].score;

    if (tag == 0 || ctx->finding.score.score < tag) {
        return NGX_OK;
    }

    len = dg_print_u64(score, ctx->finding.score.score) - score;

    if (ngx_distill_guard_tell_one(r, &ctx->told[0],
                                   &ngx_distill_guard_told[0], score, len)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (dg_id_none(&ctx->finding.campaign)) {
        return NGX_OK;
    }

    len = dg_id_text(campaign, &ctx->finding.campaign) - campaign;

    return ngx_distill_guard_tell_one(r, &ctx->told[1],
                                      &ngx_distill_guard_told[1], campaign,
                                      len);
}


/* a header of the body stage takes the place of that of the head */

static ngx_int_t
ngx_distill_guard_tell_one(ngx_http_request_t *r, ngx_table_elt_t **told,
    const ngx_distill_guard_told_t *header, u_char *value, size_t len)
{
    u_char           *p;
    ngx_table_elt_t  *h;

    p = ngx_pnalloc(r->pool, len);
    if (p == NULL) {
        return NGX_ERROR;
    }

    ngx_memcpy(p, value, len);

    h = *told;

    if (h == NULL) {
        h = ngx_list_push(&r->headers_in.headers);
        if (h == NULL) {
            return NGX_ERROR;
        }

        h->key = header->name;
        h->lowcase_key = header->lowcase;
        h->hash = ngx_hash_key(header->lowcase, header->name.len);
        ngx_distill_guard_single(h);

        *told = h;
    }

    h->value.data = p;
    h->value.len = len;

    return NGX_OK;
}
