/*
 * Copyright (C) 2026 Distill Guard
 *
 * Who talks to Redis, and when.
 *
 * Of a node's workers one holds a lease in the first zone; it alone has
 * connections, and sends what has changed in all zones twice per interval: a
 * round.  Twice, as nodes keep no step with each other: what one counts waits
 * for a round of its own, and then for one of another node, which together
 * is to be an interval at most.
 *
 * A worker that leaves hands the lease over, that of a dead one is free.
 * What is in flight belongs to the zones: whatever becomes of the worker or
 * of the connection, it is sent again by whoever is next.
 *
 * After each connect all that is still kept is sent again, for this may be
 * another Redis than before, or one that has forgotten.
 *
 * Where one server of several is away the others go on.  What belongs to it
 * stays dirty, and is tried in every round.
 */


#include "ngx_distill_guard_redis.h"


/* milliseconds */
#define NGX_DISTILL_GUARD_REDIS_RANKING  1000
#define NGX_DISTILL_GUARD_REDIS_FAREWELL 500    /* nginx kills after 1.5 s */
#define NGX_DISTILL_GUARD_REDIS_WELL     300000 /* then a type that is wrong
                                                   is news */
#define NGX_DISTILL_GUARD_REDIS_DENIED   60000

/* intervals after which what is not urgent is told all the same */
#define NGX_DISTILL_GUARD_REDIS_PATIENCE 20

/* work between two looks at other events: reports, or slices of a sweep */
#define NGX_DISTILL_GUARD_REDIS_TURN     64
#define NGX_DISTILL_GUARD_REDIS_SLICES   4
#define NGX_DISTILL_GUARD_REDIS_SLICE    2048   /* subjects */

/* the state stays what it is */
#define NGX_DISTILL_GUARD_REDIS_SAME     NGX_DISTILL_GUARD_SYNC_OFF


static void ngx_distill_guard_redis_cleanup(void *data);
static void ngx_distill_guard_redis_tick_handler(ngx_event_t *ev);
static void ngx_distill_guard_redis_turn(
    ngx_distill_guard_redis_sync_t *sync);
static ngx_int_t ngx_distill_guard_redis_take(
    ngx_distill_guard_redis_sync_t *sync);
static void ngx_distill_guard_redis_farewell(
    ngx_distill_guard_redis_sync_t *sync);
static void ngx_distill_guard_redis_drop(
    ngx_distill_guard_redis_sync_t *sync);
static void ngx_distill_guard_redis_begin(
    ngx_distill_guard_redis_sync_t *sync);
static ngx_uint_t ngx_distill_guard_redis_is_news(
    ngx_distill_guard_redis_sync_t *sync, ngx_uint_t was, ngx_uint_t refused,
    u_char *reason, size_t len);
static void ngx_distill_guard_redis_more_handler(ngx_event_t *ev);
static void ngx_distill_guard_redis_round(
    ngx_distill_guard_redis_sync_t *sync);
static void ngx_distill_guard_redis_fill(
    ngx_distill_guard_redis_sync_t *sync);
static ngx_int_t ngx_distill_guard_redis_fill_from(
    ngx_distill_guard_redis_node_t *node, ngx_uint_t *turn);
static void ngx_distill_guard_redis_sweep(
    ngx_distill_guard_redis_node_t *node);
static void ngx_distill_guard_redis_round_end(
    ngx_distill_guard_redis_sync_t *sync);
static ngx_uint_t ngx_distill_guard_redis_publish(
    ngx_distill_guard_redis_sync_t *sync, ngx_uint_t state,
    ngx_uint_t rounds);


ngx_int_t
ngx_distill_guard_redis_init_process(ngx_cycle_t *cycle,
    ngx_distill_guard_main_conf_t *mcf)
{
    ngx_uint_t                        i;
    ngx_pool_cleanup_t               *cln;
    ngx_distill_guard_zone_t        **zones;
    ngx_distill_guard_redis_sync_t   *sync;
    ngx_distill_guard_redis_node_t   *nodes;

    sync = ngx_pcalloc(cycle->pool, sizeof(ngx_distill_guard_redis_sync_t));
    if (sync == NULL) {
        return NGX_ERROR;
    }

    nodes = ngx_pcalloc(cycle->pool, mcf->zones.nelts
                                    * sizeof(ngx_distill_guard_redis_node_t));
    if (nodes == NULL) {
        return NGX_ERROR;
    }

    zones = mcf->zones.elts;

    for (i = 0; i < mcf->zones.nelts; i++) {
        nodes[i].sync = sync;
        nodes[i].zone = zones[i];
    }

    sync->conf = mcf->redis;
    sync->cycle = cycle;
    sync->nodes = nodes;
    sync->ident = -1;
    sync->nnodes = mcf->zones.nelts;

    if (ngx_distill_guard_redis_scripts(sync) != NGX_OK) {
        return NGX_ERROR;
    }

    sync->more.handler = ngx_distill_guard_redis_more_handler;
    sync->more.data = sync;
    sync->more.log = cycle->log;

    sync->tick.handler = ngx_distill_guard_redis_tick_handler;
    sync->tick.data = sync;
    sync->tick.log = cycle->log;
    sync->tick.cancelable = 1;

    /* "master_process off" ends a cycle without ending the process */

    cln = ngx_pool_cleanup_add(cycle->pool, 0);
    if (cln == NULL) {
        return NGX_ERROR;
    }

    cln->handler = ngx_distill_guard_redis_cleanup;
    cln->data = sync;

    mcf->redis->worker = sync;

    ngx_add_timer(&sync->tick, ngx_random() % (mcf->redis->sync / 2));

    return NGX_OK;
}


void
ngx_distill_guard_redis_exit_process(ngx_cycle_t *cycle,
    ngx_distill_guard_main_conf_t *mcf)
{
    if (mcf->redis->worker) {
        ngx_distill_guard_redis_cleanup(mcf->redis->worker);
    }
}


static void
ngx_distill_guard_redis_cleanup(void *data)
{
    ngx_distill_guard_redis_sync_t *sync = data;

    if (sync->tick.timer_set) {
        ngx_del_timer(&sync->tick);
    }

    if (sync->holder) {
        ngx_distill_guard_redis_farewell(sync);
        ngx_distill_guard_redis_drop(sync);
        ngx_distill_guard_redis_release(sync);
    }
}


static void
ngx_distill_guard_redis_tick_handler(ngx_event_t *ev)
{
    ngx_distill_guard_redis_sync_t *sync = ev->data;

    if (ngx_exiting && !sync->exiting) {

        /* there was no connection that would have told us */

        ngx_distill_guard_redis_sync_leave(sync);

    } else if (!ngx_distill_guard_redis_lease(sync)) {

        if (sync->holder) {
            ngx_distill_guard_redis_drop(sync);
        }

    } else if (!sync->holder) {

        if (ngx_distill_guard_redis_take(sync) != NGX_OK) {
            ngx_distill_guard_redis_release(sync);
        }

    } else {
        ngx_distill_guard_redis_turn(sync);
    }

    ngx_add_timer(&sync->tick, sync->conf->sync / 2);
}


static void
ngx_distill_guard_redis_turn(ngx_distill_guard_redis_sync_t *sync)
{
    ngx_distill_guard_redis_route_tick(sync);
    ngx_distill_guard_redis_decided(sync);

    if (!sync->running) {
        ngx_distill_guard_redis_begin(sync);
        return;
    }

    ngx_distill_guard_redis_decide(sync);
    ngx_distill_guard_redis_asks(sync);

    if (sync->round) {
        ngx_distill_guard_redis_route_flush(sync);
        sync->due = 1;
        return;
    }

    ngx_distill_guard_redis_round(sync);
}


static ngx_int_t
ngx_distill_guard_redis_take(ngx_distill_guard_redis_sync_t *sync)
{
    ngx_uint_t                       i;
    ngx_distill_guard_redis_slot_t  *slot;

    sync->desk = ngx_calloc(sizeof(ngx_distill_guard_redis_desk_t),
                            sync->cycle->log);
    if (sync->desk == NULL) {
        return NGX_ERROR;
    }

    sync->free = NULL;
    sync->nfree = NGX_DISTILL_GUARD_REDIS_SLOTS;

    for (i = 0; i < NGX_DISTILL_GUARD_REDIS_SLOTS; i++) {
        slot = &sync->desk->slots[i];
        slot->next = sync->free;
        sync->free = slot;
    }

    sync->holder = 1;

    ngx_distill_guard_redis_audit_open(sync);

    (void) ngx_distill_guard_redis_publish(sync,
                                       NGX_DISTILL_GUARD_SYNC_CONNECTING, 0);

    if (ngx_distill_guard_redis_route_open(sync) != NGX_OK) {
        ngx_distill_guard_redis_drop(sync);
        return NGX_ERROR;
    }

    return NGX_OK;
}


/*
 * What has been counted so far: when all of nginx ends there is nobody to
 * send it later.  It takes one exchange with Redis, and at most the time in
 * which an answer is due, for nginx has little patience.
 */

static void
ngx_distill_guard_redis_farewell(ngx_distill_guard_redis_sync_t *sync)
{
    ngx_uint_t  rounds;
    ngx_msec_t  end, now;

    sync->leaving = 1;

    now = ngx_current_msec;
    end = now + ngx_min(sync->conf->timeout, NGX_DISTILL_GUARD_REDIS_FAREWELL);

    /* what came after the round under way began, too */

    for (rounds = sync->round ? 2 : 1; rounds && sync->running; rounds--) {

        if (!sync->round) {
            ngx_distill_guard_redis_round(sync);
        }

        while (sync->round && (ngx_msec_int_t) (end - now) > 0) {

            if (sync->more.posted) {
                ngx_delete_posted_event(&sync->more);
                ngx_distill_guard_redis_fill(sync);
                ngx_distill_guard_redis_route_pump(sync, 0);

            } else {
                ngx_distill_guard_redis_route_pump(sync, end - now);
            }

            now = ngx_current_msec;
        }
    }
}


/* what is in flight goes back to the zones */

static void
ngx_distill_guard_redis_drop(ngx_distill_guard_redis_sync_t *sync)
{
    ngx_distill_guard_redis_route_close(sync);
    ngx_distill_guard_redis_asks_drop(sync);

    if (sync->more.posted) {
        ngx_delete_posted_event(&sync->more);
    }

    (void) ngx_distill_guard_redis_publish(sync, NGX_DISTILL_GUARD_REDIS_SAME,
                                           0);

    ngx_free(sync->desk);
    sync->desk = NULL;

    sync->holder = 0;
    sync->leaving = 0;
    sync->agreeing = 0;
    sync->running = 0;
    sync->round = 0;
}


void
ngx_distill_guard_redis_sync_leave(ngx_distill_guard_redis_sync_t *sync)
{
    sync->exiting = 1;

    if (sync->holder) {
        ngx_distill_guard_redis_farewell(sync);
        ngx_distill_guard_redis_drop(sync);
        ngx_distill_guard_redis_release(sync);
    }
}


void
ngx_distill_guard_redis_sync_ready(ngx_distill_guard_redis_link_t *link)
{
    ngx_distill_guard_redis_sync_t *sync = link->sync;

    sync->connects++;
    ngx_distill_guard_redis_resend(sync);

    if (sync->running) {
        /* it may be what held the schema, and be empty */
        ngx_distill_guard_redis_agree(sync);

    } else {
        ngx_distill_guard_redis_begin(sync);
    }
}


/* what there is to settle before the first round, as soon as it can be */

static void
ngx_distill_guard_redis_begin(ngx_distill_guard_redis_sync_t *sync)
{
    if (sync->agreeing || !ngx_distill_guard_redis_route_stands(sync)) {
        return;
    }

    sync->nranks = 0;
    sync->incomplete = 0;
    sync->agreeing = 1;
    sync->beat = 0;

    ngx_distill_guard_redis_agree(sync);
    ngx_distill_guard_redis_decide(sync);
    ngx_distill_guard_redis_route_flush(sync);
}


/* replies have come, or there is room to send more */

void
ngx_distill_guard_redis_sync_progress(ngx_distill_guard_redis_sync_t *sync)
{
    if (sync->round) {
        ngx_distill_guard_redis_fill(sync);
        return;
    }

    if (sync->agreeing && sync->awaited == 0) {
        sync->agreeing = 0;
        sync->running = 1;

        ngx_distill_guard_redis_round(sync);
        return;
    }

    ngx_distill_guard_redis_route_flush(sync);
}


void
ngx_distill_guard_redis_sync_lost(ngx_distill_guard_redis_sync_t *sync)
{
    if (!ngx_distill_guard_redis_route_any(sync)) {
        sync->agreeing = 0;
        sync->running = 0;
        sync->round = 0;
        return;
    }

    /* what is awaited may have been its replies only */

    if (!sync->more.posted) {
        ngx_post_event(&sync->more, &ngx_posted_next_events);
    }
}


void
ngx_distill_guard_redis_trouble(ngx_distill_guard_redis_sync_t *sync,
    ngx_distill_guard_redis_failure_t failure, ngx_err_t err,
    const char *fmt, ...)
{
    size_t      len;
    u_char      reason[512];
    va_list     args;
    ngx_uint_t  was;

    va_start(args, fmt);
    len = ngx_vslprintf(reason, reason + sizeof(reason), fmt, args) - reason;
    va_end(args);

    was = ngx_distill_guard_redis_publish(sync, NGX_DISTILL_GUARD_SYNC_DOWN,
                                          0);

    if (ngx_distill_guard_redis_is_news(sync, was,
                                  failure == NGX_DISTILL_GUARD_REDIS_REFUSED,
                                  reason, len))
    {
        ngx_log_error(NGX_LOG_ERR, sync->cycle->log, err,
                      "distill guard: redis %V is down, counts are kept until "
                      "it is back: %*s", &sync->conf->name, len, reason);
    }
}


/*
 * While it is down, only what the server says of itself is news: the first
 * word, as in "OOM command not allowed ...".  What was told by another worker
 * of the node, which had the lease before, is none.
 */

static ngx_uint_t
ngx_distill_guard_redis_is_news(ngx_distill_guard_redis_sync_t *sync,
    ngx_uint_t was, ngx_uint_t refused, u_char *reason, size_t len)
{
    u_char                    *p;
    uint32_t                   crc;
    ngx_str_t                 *name;
    ngx_uint_t                 news;
    ngx_distill_guard_sync_t  *s;
    ngx_distill_guard_zone_t  *zone;

    name = &sync->conf->name;
    zone = sync->nodes[0].zone;
    s = &zone->shared->sync;

    /* a reload may name another server */

    p = ngx_strlchr(reason, reason + len, ' ');

    ngx_crc32_init(crc);
    ngx_crc32_update(&crc, name->data, name->len);
    ngx_crc32_update(&crc, reason, p ? (size_t) (p - reason) : len);
    ngx_crc32_final(crc);

    (void) ngx_distill_guard_lock(zone);

    news = (was != NGX_DISTILL_GUARD_SYNC_DOWN
            || (refused && s->told != crc));

    if (news) {
        s->told = crc;
    }

    ngx_distill_guard_unlock(zone);

    return news;
}


void
ngx_distill_guard_redis_answered(ngx_distill_guard_redis_sync_t *sync)
{
    sync->awaited--;
}


static void
ngx_distill_guard_redis_more_handler(ngx_event_t *ev)
{
    ngx_distill_guard_redis_sync_t *sync = ev->data;

    ngx_distill_guard_redis_sync_progress(sync);
}


/*
 * A round sends what is dirty as it begins, and urgent or dirty for long.
 * What becomes dirty meanwhile is the next round's, so that a subject goes
 * twice per interval at most, however busy it is and however fast Redis.
 */

static void
ngx_distill_guard_redis_round(ngx_distill_guard_redis_sync_t *sync)
{
    dg_store_t                      *store;
    ngx_uint_t                       i;
    ngx_distill_guard_redis_node_t  *node;

    sync->round = 1;
    sync->begun = ngx_current_msec;
    sync->due = 0;
    sync->spoiled = 0;

    for (i = 0; i < sync->nnodes; i++) {
        node = &sync->nodes[i];

        store = ngx_distill_guard_lock(node->zone);
        store->patience = sync->leaving ? 0
                          : (uint32_t) (sync->conf->sync
                                        * NGX_DISTILL_GUARD_REDIS_PATIENCE);
        node->left = store->ndirty;
        ngx_distill_guard_unlock(node->zone);
    }

    ngx_distill_guard_redis_beat(sync);
    ngx_distill_guard_redis_sightings_round(sync);
    ngx_distill_guard_redis_audit(sync);
    ngx_distill_guard_redis_fill(sync);
}


static void
ngx_distill_guard_redis_fill(ngx_distill_guard_redis_sync_t *sync)
{
    ngx_int_t   rc;
    ngx_uint_t  i, turn;

    turn = NGX_DISTILL_GUARD_REDIS_TURN;
    rc = NGX_OK;

    for (i = 0; i < sync->nnodes && rc == NGX_OK; i++) {
        rc = ngx_distill_guard_redis_fill_from(&sync->nodes[i], &turn);
    }

    ngx_distill_guard_redis_route_flush(sync);

    if (!sync->round) {
        /* lost while sending */
        return;
    }

    if (rc == NGX_AGAIN) {
        if (!sync->more.posted) {
            ngx_post_event(&sync->more, &ngx_posted_next_events);
        }

        return;
    }

    if (rc == NGX_OK && sync->awaited == 0) {
        ngx_distill_guard_redis_round_end(sync);
    }
}


/*
 * NGX_OK when there is nothing left to send, NGX_AGAIN when others should
 * have a turn first, NGX_BUSY when answers have to come first.
 */

static ngx_int_t
ngx_distill_guard_redis_fill_from(ngx_distill_guard_redis_node_t *node,
    ngx_uint_t *turn)
{
    ngx_uint_t  n, slices;

    slices = NGX_DISTILL_GUARD_REDIS_SLICES;

    for ( ;; ) {

        if (node->left) {

            if (*turn == 0) {
                return NGX_AGAIN;
            }

            n = ngx_distill_guard_redis_send_reports(node, *turn);
            *turn -= n;

            if (n == 0 && node->left) {
                return NGX_BUSY;
            }

        } else if (node->sweeping) {

            if (slices-- == 0) {
                return NGX_AGAIN;
            }

            ngx_distill_guard_redis_sweep(node);

        } else {
            return NGX_OK;
        }
    }
}


/* the next few subjects are dirty again, and of this round */

static void
ngx_distill_guard_redis_sweep(ngx_distill_guard_redis_node_t *node)
{
    uint32_t     n;
    dg_store_t  *store;

    store = ngx_distill_guard_lock(node->zone);

    n = store->ndirty;
    dg_store_all_dirty(store, &node->at, NGX_DISTILL_GUARD_REDIS_SLICE);
    n = store->ndirty - n;

    ngx_distill_guard_unlock(node->zone);

    node->left += n;
    node->sweeping = (node->at != 0);
}


static void
ngx_distill_guard_redis_round_end(ngx_distill_guard_redis_sync_t *sync)
{
    ngx_uint_t  was;

    if (sync->nranks
        && (sync->resending
            || ngx_distill_guard_now()
               >= sync->ranked + NGX_DISTILL_GUARD_REDIS_RANKING))
    {
        /* these are of the round, too */

        ngx_distill_guard_redis_send_ranks(sync);
        ngx_distill_guard_redis_route_flush(sync);

        if (!sync->round || sync->awaited) {
            return;
        }
    }

    sync->round = 0;

    ngx_distill_guard_redis_route_proved(sync);

    if (sync->spoiled || !ngx_distill_guard_redis_route_whole(sync)) {
        (void) ngx_distill_guard_redis_publish(sync,
                                            NGX_DISTILL_GUARD_REDIS_SAME, 0);

    } else {
        was = ngx_distill_guard_redis_publish(sync,
                                               NGX_DISTILL_GUARD_SYNC_UP, 1);

        if (was != NGX_DISTILL_GUARD_SYNC_UP) {
            ngx_log_error(NGX_LOG_NOTICE, sync->cycle->log, 0,
                          "distill guard: redis %V is up", &sync->conf->name);
        }

        sync->resending = 0;
    }

    if (sync->incomplete) {
        sync->incomplete = 0;
        ngx_distill_guard_redis_resend(sync);
    }

    if (sync->due) {
        ngx_distill_guard_redis_round(sync);
    }
}


/* Redis may have forgotten anything */

void
ngx_distill_guard_redis_resend(ngx_distill_guard_redis_sync_t *sync)
{
    ngx_uint_t  i;

    for (i = 0; i < sync->nnodes; i++) {
        sync->nodes[i].sweeping = 1;
        sync->nodes[i].at = 0;
        sync->nodes[i].known = 0;
    }

    ngx_memzero(sync->desk->settled, sizeof(sync->desk->settled));
    ngx_distill_guard_redis_sightings_begin(sync);
    ngx_distill_guard_redis_undecided(sync);

    sync->resending = 1;
}


ngx_int_t
ngx_distill_guard_redis_error(ngx_distill_guard_redis_sync_t *sync,
    redisReply *reply, ngx_distill_guard_redis_kept_t what)
{
    uint64_t  now, last;

    static const char  *names[NGX_DISTILL_GUARD_REDIS_KEPT] = {
        "totals", "origins of keys", "rankings", "sightings", "decisions",
        "schema and nodes", "asks", "audit"
    };

    sync->errors++;

    if (ngx_strncmp(reply->str, "NOSCRIPT", 8) == 0) {
        ngx_distill_guard_redis_load(
                         (ngx_distill_guard_redis_link_t *) sync->answering);
        return NGX_AGAIN;
    }

    if (ngx_strstr(reply->str, "WRONGTYPE")) {

        now = ngx_distill_guard_now();
        last = sync->wrong_type[what];
        sync->wrong_type[what] = now;

        if (last == 0 || now >= last + NGX_DISTILL_GUARD_REDIS_WELL) {
            ngx_log_error(NGX_LOG_ERR, sync->cycle->log, 0,
                          "distill guard: redis %V holds values of another "
                          "type where %s of prefix \"%V\" belong: delete "
                          "them, or give \"distill_guard_redis\" another "
                          "prefix", &sync->conf->name, names[what],
                          &sync->conf->prefix);
        }

        return NGX_OK;
    }

    ngx_distill_guard_redis_refused(sync->answering, reply);

    return NGX_ERROR;
}


ngx_uint_t
ngx_distill_guard_redis_barred(ngx_distill_guard_redis_right_t *right,
    uint64_t now)
{
    /* the clock may have been set back */

    return now < right->next
           && right->next <= now + NGX_DISTILL_GUARD_REDIS_DENIED;
}


ngx_uint_t
ngx_distill_guard_redis_allowed(ngx_distill_guard_redis_sync_t *sync,
    ngx_distill_guard_redis_right_t *right, redisReply *reply,
    ngx_distill_guard_redis_kept_t what, const char *need)
{
    if (reply && reply->type != REDIS_REPLY_ERROR) {
        return 1;
    }

    if (reply == NULL) {
        return 0;
    }

    if (ngx_distill_guard_redis_denied(reply)) {
        sync->errors++;
        right->next = ngx_distill_guard_now() + NGX_DISTILL_GUARD_REDIS_DENIED;

        if (!right->denied) {
            right->denied = 1;
            ngx_log_error(NGX_LOG_ERR, sync->cycle->log, 0,
                          "distill guard: redis %V does not let its user %s: "
                          "give it the rights in docs/redis.md",
                          &sync->conf->name, need);
        }

    } else if (ngx_distill_guard_redis_error(sync, reply, what) == NGX_OK) {
        right->next = ngx_distill_guard_now() + NGX_DISTILL_GUARD_REDIS_DENIED;
    }

    return 0;
}


/*
 * Writes what has happened to where the status page looks for it, in all
 * zones alike; "connecting" is only a first state.  Returns the state before.
 */

static ngx_uint_t
ngx_distill_guard_redis_publish(ngx_distill_guard_redis_sync_t *sync,
    ngx_uint_t state, ngx_uint_t rounds)
{
    uint64_t                         now, sent, received;
    ngx_uint_t                       i, was;
    ngx_distill_guard_sync_t        *s;
    ngx_distill_guard_redis_node_t  *node;

    ngx_distill_guard_redis_route_traffic(sync, &sent, &received);

    now = ngx_distill_guard_now();
    was = NGX_DISTILL_GUARD_SYNC_OFF;

    for (i = 0; i < sync->nnodes; i++) {
        node = &sync->nodes[i];
        s = &node->zone->shared->sync;

        (void) ngx_distill_guard_lock(node->zone);

        if (i == 0) {
            was = s->state;

        } else {
            s->pid = sync->nodes[0].zone->shared->sync.pid;
        }

        if (s->state != state && state != NGX_DISTILL_GUARD_REDIS_SAME
            && (state != NGX_DISTILL_GUARD_SYNC_CONNECTING
                || s->state == NGX_DISTILL_GUARD_SYNC_OFF))
        {
            s->state = state;
            s->since = now;
        }

        if (rounds) {
            s->last = now;
            s->lag = (int64_t) (ngx_current_msec - sync->begun);
            s->rounds += rounds;
        }

        s->reports += node->reports;
        s->connects += sync->connects;
        s->failures += sync->failures;
        s->errors += sync->errors;
        s->bytes_sent += sent;
        s->bytes_received += received;
        s->skew = sync->skew;

        ngx_distill_guard_unlock(node->zone);

        node->reports = 0;
    }

    sync->connects = 0;
    sync->failures = 0;
    sync->errors = 0;

    return was;
}
