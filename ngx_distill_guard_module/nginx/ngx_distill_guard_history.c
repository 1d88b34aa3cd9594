/*
 * Copyright (C) 2026 Distill Guard
 *
 * A timer by which every worker notes the counts of all zones, so that a page
 * that is opened later can show what was before.  One worker would do, but
 * none is sure to be there.
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_distill_guard.h"


#define NGX_DISTILL_GUARD_HISTORY_EVERY  5000   /* milliseconds */


typedef struct {
    ngx_event_t                     event;
    ngx_distill_guard_main_conf_t  *mcf;
} ngx_distill_guard_history_timer_t;


static void ngx_distill_guard_history_cleanup(void *data);
static void ngx_distill_guard_history_handler(ngx_event_t *ev);
static void ngx_distill_guard_history_note(
    ngx_distill_guard_main_conf_t *mcf);


ngx_int_t
ngx_distill_guard_history_init_process(ngx_cycle_t *cycle,
    ngx_distill_guard_main_conf_t *mcf)
{
    ngx_pool_cleanup_t                 *cln;
    ngx_distill_guard_history_timer_t  *timer;

    cln = ngx_pool_cleanup_add(cycle->pool,
                               sizeof(ngx_distill_guard_history_timer_t));
    if (cln == NULL) {
        return NGX_ERROR;
    }

    timer = cln->data;
    ngx_memzero(timer, sizeof(ngx_distill_guard_history_timer_t));

    cln->handler = ngx_distill_guard_history_cleanup;

    timer->mcf = mcf;
    timer->event.handler = ngx_distill_guard_history_handler;
    timer->event.data = timer;
    timer->event.log = cycle->log;
    timer->event.cancelable = 1;

    /* where counting begins, in the zone's first minute */

    ngx_distill_guard_history_note(mcf);

    ngx_add_timer(&timer->event, NGX_DISTILL_GUARD_HISTORY_EVERY);

    return NGX_OK;
}


/* a single process outlives its configuration, and so would the timer */

static void
ngx_distill_guard_history_cleanup(void *data)
{
    ngx_distill_guard_history_timer_t *timer = data;

    if (timer->event.timer_set) {
        ngx_del_timer(&timer->event);
    }
}


static void
ngx_distill_guard_history_handler(ngx_event_t *ev)
{
    ngx_distill_guard_history_timer_t  *timer;

    timer = ev->data;

    ngx_distill_guard_history_note(timer->mcf);

    ngx_add_timer(ev, NGX_DISTILL_GUARD_HISTORY_EVERY);
}


static void
ngx_distill_guard_history_note(ngx_distill_guard_main_conf_t *mcf)
{
    dg_store_t                 *store;
    ngx_uint_t                  i;
    ngx_distill_guard_zone_t  **zones;

    zones = mcf->zones.elts;

    for (i = 0; i < mcf->zones.nelts; i++) {
        store = ngx_distill_guard_lock(zones[i]);
        dg_history_note(&zones[i]->shared->history, &store->stats, ngx_time());
        ngx_distill_guard_unlock(zones[i]);
    }
}
