/*
 * Copyright (C) 2026 Distill Guard
 *
 * Sorted sets whose scores only grow: rankings of a day, and what else is
 * listed with a time.
 */


#include "ngx_distill_guard_redis.h"


#define NGX_DISTILL_GUARD_REDIS_TOP      10000  /* kept of a ranking */


static void ngx_distill_guard_redis_send_rank(
    ngx_distill_guard_redis_sync_t *sync, ngx_distill_guard_redis_set_t *set);
static void ngx_distill_guard_redis_rank_handler(void *data, void *item,
    redisReply *reply);


/* who changes in every round is ranked once a second all the same */

void
ngx_distill_guard_redis_rank(ngx_distill_guard_redis_sync_t *sync,
    dg_report_t *report, dg_share_t *share, unsigned changed)
{
    size_t                           len;
    u_char                           text[DG_SUBJECT_TEXT];
    ngx_uint_t                       i;
    ngx_distill_guard_redis_rank_t  *rank;

    changed &= ~(1u << DG_RETURNED);
    len = dg_subject_text(text, report->kind, &report->id) - text;

    for (i = 0; i < sync->nranks; i++) {
        rank = &sync->desk->ranks[i];

        if (rank->bucket == share->bucket && rank->kind == report->kind
            && rank->len == len && ngx_memcmp(rank->text, text, len) == 0)
        {
            rank->changed |= changed;
            ngx_memcpy(rank->totals, share->own, sizeof(rank->totals));
            return;
        }
    }

    if (sync->nranks == NGX_DISTILL_GUARD_REDIS_RANKS) {
        ngx_distill_guard_redis_send_ranks(sync);
    }

    rank = &sync->desk->ranks[sync->nranks++];

    rank->bucket = share->bucket;
    rank->kind = report->kind;
    rank->changed = changed;
    ngx_memcpy(rank->totals, share->own, sizeof(rank->totals));
    rank->len = len;
    ngx_memcpy(rank->text, text, len);
}


/* a command for each kind, day and counter, or more if there are many */

void
ngx_distill_guard_redis_send_ranks(ngx_distill_guard_redis_sync_t *sync)
{
    u_char                          *p;
    u_char                           key[NGX_DISTILL_GUARD_REDIS_KEY_MAX];
    uint64_t                         scores[NGX_DISTILL_GUARD_REDIS_MEMBERS];
    ngx_str_t                        members[NGX_DISTILL_GUARD_REDIS_MEMBERS];
    ngx_uint_t                       i, j, c;
    ngx_distill_guard_redis_set_t    set;
    ngx_distill_guard_redis_rank_t  *first, *rank;

    set.key.data = key;
    set.limit = NGX_DISTILL_GUARD_REDIS_TOP;
    set.ttl = dg_periods[DG_DAY].ttl;
    set.members = members;
    set.scores = scores;

    for (i = 0; i < sync->nranks; i++) {
        first = &sync->desk->ranks[i];

        for (c = 0; first->changed && c < DG_COUNTERS; c++) {
            p = ngx_sprintf(key, "%V:top:%*s:%*s:", &sync->conf->prefix,
                            dg_kinds[first->kind].len,
                            dg_kinds[first->kind].data,
                            dg_counters[c].name.len,
                            dg_counters[c].name.data);
            p = ngx_distill_guard_redis_bucket(p, DG_DAY, first->bucket);
            set.key.len = p - key;
            set.n = 0;

            for (j = i; j < sync->nranks; j++) {
                rank = &sync->desk->ranks[j];

                if (rank->kind != first->kind || rank->bucket != first->bucket
                    || !(rank->changed & (1u << c)))
                {
                    continue;
                }

                rank->changed &= ~(1u << c);

                if (rank->totals[c] == 0) {
                    continue;
                }

                members[set.n].data = rank->text;
                members[set.n].len = rank->len;
                scores[set.n++] = rank->totals[c];

                if (set.n == NGX_DISTILL_GUARD_REDIS_MEMBERS) {
                    ngx_distill_guard_redis_send_rank(sync, &set);
                    set.n = 0;
                }
            }

            ngx_distill_guard_redis_send_rank(sync, &set);
        }
    }

    sync->nranks = 0;
    sync->ranked = ngx_distill_guard_now();
}


static void
ngx_distill_guard_redis_send_rank(ngx_distill_guard_redis_sync_t *sync,
    ngx_distill_guard_redis_set_t *set)
{
    if (set->n
        && ngx_distill_guard_redis_send_set(sync, set,
                                    ngx_distill_guard_redis_rank_handler, NULL)
           == NGX_BUSY)
    {
        sync->incomplete = 1;
    }
}


static void
ngx_distill_guard_redis_rank_handler(void *data, void *item,
    redisReply *reply)
{
    ngx_distill_guard_redis_sync_t *sync = data;

    if (reply == NULL
        || (reply->type == REDIS_REPLY_ERROR
            && ngx_distill_guard_redis_error(sync, reply,
                                            NGX_DISTILL_GUARD_REDIS_RANKINGS)
               == NGX_AGAIN))
    {
        sync->incomplete = 1;
    }

    ngx_distill_guard_redis_answered(sync);
}


ngx_int_t
ngx_distill_guard_redis_send_set(ngx_distill_guard_redis_sync_t *sync,
    ngx_distill_guard_redis_set_t *set,
    ngx_distill_guard_redis_reply_pt handler, void *item)
{
    u_char      *p;
    u_char       buf[(3 + NGX_DISTILL_GUARD_REDIS_MEMBERS) * NGX_INT64_LEN];
    ngx_str_t    args[6 + 2 * NGX_DISTILL_GUARD_REDIS_MEMBERS];
    ngx_uint_t   i;

    ngx_str_set(&args[0], "EVALSHA");
    args[1].data = sync->sha[NGX_DISTILL_GUARD_REDIS_RANK];
    args[1].len = NGX_DISTILL_GUARD_REDIS_SHA;
    ngx_str_set(&args[2], "1");
    args[3] = set->key;

    args[4].data = buf;
    p = ngx_sprintf(buf, "-%ui", set->limit + 1);
    args[4].len = p - args[4].data;

    args[5].data = p;
    p = ngx_sprintf(p, "%ui", set->ttl);
    args[5].len = p - args[5].data;

    for (i = 0; i < set->n; i++) {
        args[6 + 2 * i].data = p;
        p = ngx_sprintf(p, "%uL", set->scores[i]);
        args[6 + 2 * i].len = p - args[6 + 2 * i].data;

        args[7 + 2 * i] = set->members[i];
    }

    return ngx_distill_guard_redis_send(sync, &set->key, handler, item,
                                        6 + 2 * set->n, args);
}
