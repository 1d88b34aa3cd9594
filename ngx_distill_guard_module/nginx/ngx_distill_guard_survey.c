/*
 * Copyright (C) 2026 Distill Guard
 */


#include "ngx_distill_guard_survey.h"
#include "dg_explain.h"


/* cells that are looked at under the lock in one go */
#define NGX_DISTILL_GUARD_SURVEY_CELLS  256

/* for so long, in microseconds, and then other work is done for so long, in
   milliseconds */
#define NGX_DISTILL_GUARD_SURVEY_WORK   500
#define NGX_DISTILL_GUARD_SURVEY_REST   1

/* at a time, in a worker; more are told to come again */
#define NGX_DISTILL_GUARD_SURVEY_MOST   8

#define NGX_DISTILL_GUARD_SURVEY_SIZE   65536   /* of an answer */


typedef struct {
    ngx_event_t                event;
    ngx_http_request_t        *request;
    ngx_distill_guard_zone_t  *zone;

    unsigned                   explains:1;  /* else it is the survey */
    unsigned                   waits:1;     /* is one of those under way */
    union {
        dg_explain_t           explain;
        dg_survey_t            survey;
    };
} ngx_distill_guard_survey_t;


static ngx_distill_guard_survey_t *ngx_distill_guard_survey_create(
    ngx_http_request_t *r, ngx_distill_guard_zone_t *zone);
static void ngx_distill_guard_survey_cleanup(void *data);
static ngx_int_t ngx_distill_guard_survey_begin(
    ngx_distill_guard_survey_t *job);
static ngx_int_t ngx_distill_guard_survey_go(
    ngx_distill_guard_survey_t *job);
static void ngx_distill_guard_survey_handler(ngx_event_t *ev);
static ngx_int_t ngx_distill_guard_survey_answer(
    ngx_distill_guard_survey_t *job);
static uint64_t ngx_distill_guard_survey_clock(void);


static ngx_uint_t  ngx_distill_guard_surveys;    /* under way */


ngx_int_t
ngx_distill_guard_survey_explain(ngx_http_request_t *r,
    ngx_distill_guard_zone_t *zone, unsigned kind, const dg_id_t *id)
{
    dg_store_t                  *store;
    ngx_distill_guard_survey_t  *job;

    job = ngx_distill_guard_survey_create(r, zone);
    if (job == NULL) {
        return NGX_HTTP_SERVICE_UNAVAILABLE;
    }

    job->explains = 1;

    store = ngx_distill_guard_lock(zone);
    dg_explain_begin(store, &job->explain, &zone->rules, kind, id,
                     ngx_distill_guard_now());
    ngx_distill_guard_unlock(zone);

    return ngx_distill_guard_survey_begin(job);
}


ngx_int_t
ngx_distill_guard_survey_top(ngx_http_request_t *r,
    ngx_distill_guard_zone_t *zone, dg_measure_t measure, unsigned kind)
{
    dg_store_t                  *store;
    ngx_distill_guard_survey_t  *job;

    job = ngx_distill_guard_survey_create(r, zone);
    if (job == NULL) {
        return NGX_HTTP_SERVICE_UNAVAILABLE;
    }

    store = ngx_distill_guard_lock(zone);
    dg_survey_top(&job->survey, store, &zone->rules, measure, kind,
                  DG_SURVEY_TOP, ngx_distill_guard_now());
    ngx_distill_guard_unlock(zone);

    return ngx_distill_guard_survey_begin(job);
}


ngx_int_t
ngx_distill_guard_survey_campaigns(ngx_http_request_t *r,
    ngx_distill_guard_zone_t *zone)
{
    dg_store_t                  *store;
    ngx_distill_guard_survey_t  *job;

    job = ngx_distill_guard_survey_create(r, zone);
    if (job == NULL) {
        return NGX_HTTP_SERVICE_UNAVAILABLE;
    }

    store = ngx_distill_guard_lock(zone);
    dg_survey_campaigns(&job->survey, store, &zone->rules,
                        ngx_distill_guard_now());
    ngx_distill_guard_unlock(zone);

    return ngx_distill_guard_survey_begin(job);
}


/* NULL: there is no memory, or there are enough of them */

static ngx_distill_guard_survey_t *
ngx_distill_guard_survey_create(ngx_http_request_t *r,
    ngx_distill_guard_zone_t *zone)
{
    ngx_pool_cleanup_t          *cln;
    ngx_distill_guard_survey_t  *job;

    if (ngx_distill_guard_surveys == NGX_DISTILL_GUARD_SURVEY_MOST) {
        return NULL;
    }

    cln = ngx_pool_cleanup_add(r->pool, sizeof(ngx_distill_guard_survey_t));
    if (cln == NULL) {
        return NULL;
    }

    job = cln->data;

    /* what is behind is made by its own functions */
    ngx_memzero(job, offsetof(ngx_distill_guard_survey_t, survey));

    job->request = r;
    job->zone = zone;
    job->event.handler = ngx_distill_guard_survey_handler;
    job->event.data = job;
    job->event.log = r->connection->log;

    cln->handler = ngx_distill_guard_survey_cleanup;

    return job;
}


static void
ngx_distill_guard_survey_cleanup(void *data)
{
    ngx_distill_guard_survey_t *job = data;

    if (job->waits) {
        ngx_distill_guard_surveys--;
    }

    if (job->event.timer_set) {
        ngx_del_timer(&job->event);
    }
}


static ngx_int_t
ngx_distill_guard_survey_begin(ngx_distill_guard_survey_t *job)
{
    ngx_http_request_t  *r;

    if (ngx_distill_guard_survey_go(job) == NGX_OK) {
        return ngx_distill_guard_survey_answer(job);
    }

    r = job->request;

    job->waits = 1;
    ngx_distill_guard_surveys++;

    r->main->count++;
    r->read_event_handler = ngx_http_test_reading;
    r->write_event_handler = ngx_http_request_empty_handler;

    ngx_add_timer(&job->event, NGX_DISTILL_GUARD_SURVEY_REST);

    return NGX_DONE;
}


/* NGX_OK: it is done; NGX_AGAIN: that was enough for now */

static ngx_int_t
ngx_distill_guard_survey_go(ngx_distill_guard_survey_t *job)
{
    int          rc;
    uint64_t     until;
    dg_store_t  *store;

    until = ngx_distill_guard_survey_clock() + NGX_DISTILL_GUARD_SURVEY_WORK;

    do {
        store = ngx_distill_guard_lock(job->zone);

        rc = job->explains
             ? dg_explain_step(store, &job->explain,
                               NGX_DISTILL_GUARD_SURVEY_CELLS)
             : dg_survey_step(store, &job->survey,
                              NGX_DISTILL_GUARD_SURVEY_CELLS);

        ngx_distill_guard_unlock(job->zone);

        if (rc == DG_OK) {
            return NGX_OK;
        }

    } while (ngx_distill_guard_survey_clock() < until);

    return NGX_AGAIN;
}


static void
ngx_distill_guard_survey_handler(ngx_event_t *ev)
{
    ngx_connection_t            *c;
    ngx_http_request_t          *r;
    ngx_distill_guard_survey_t  *job;

    job = ev->data;

    if (ngx_distill_guard_survey_go(job) != NGX_OK) {
        ngx_add_timer(ev, NGX_DISTILL_GUARD_SURVEY_REST);
        return;
    }

    r = job->request;
    c = r->connection;

    ngx_http_finalize_request(r, ngx_distill_guard_survey_answer(job));
    ngx_http_run_posted_requests(c);
}


static ngx_int_t
ngx_distill_guard_survey_answer(ngx_distill_guard_survey_t *job)
{
    u_char     *p;
    ngx_buf_t  *b;

    b = ngx_create_temp_buf(job->request->pool,
                            NGX_DISTILL_GUARD_SURVEY_SIZE);
    if (b == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    p = job->explains ? dg_explain_write(b->last, &job->explain)
                      : dg_survey_write(b->last, b->end - b->last,
                                        &job->survey);
    if (p == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    b->last = p;

    return ngx_distill_guard_status_json(job->request, NGX_HTTP_OK, b);
}


/* microseconds; nginx's own clock stands still meanwhile */

static uint64_t
ngx_distill_guard_survey_clock(void)
{
    struct timespec  ts;

    (void) clock_gettime(CLOCK_MONOTONIC, &ts);

    return (uint64_t) ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}
