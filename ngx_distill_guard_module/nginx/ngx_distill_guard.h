/*
 * Copyright (C) 2026 Distill Guard
 *
 * The types that the nginx side shares, in one place.
 */


#ifndef _NGX_DISTILL_GUARD_H_INCLUDED_
#define _NGX_DISTILL_GUARD_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "dg_core.h"
#include "dg_hash.h"
#include "dg_facts.h"
#include "dg_dialect.h"
#include "dg_reader.h"
#include "dg_limit.h"
#include "dg_place.h"
#include "dg_policy.h"
#include "dg_settings.h"
#include "dg_store.h"
#include "dg_guard.h"
#include "dg_history.h"
#include "dg_step.h"


#define NGX_DISTILL_GUARD_VERSION  "0.1.0"


/* headers of ours in a request to the upstream */
#define NGX_DISTILL_GUARD_TOLD  2


typedef struct ngx_distill_guard_geo_s    ngx_distill_guard_geo_t;
typedef struct ngx_distill_guard_redis_s  ngx_distill_guard_redis_t;
typedef struct ngx_distill_guard_said_s   ngx_distill_guard_said_t;


/*
 * How the node's talk with Redis goes, for whoever asks: kept in the shared
 * zone, written by the worker that holds the lease, under the zone's lock.
 */

typedef enum {
    NGX_DISTILL_GUARD_SYNC_OFF = 0,      /* no Redis configured */
    NGX_DISTILL_GUARD_SYNC_CONNECTING,
    NGX_DISTILL_GUARD_SYNC_UP,
    NGX_DISTILL_GUARD_SYNC_DOWN
} ngx_distill_guard_sync_state_t;


typedef struct {
    ngx_pid_t       pid;             /* who holds the lease, 0: nobody */
    uint64_t        until;           /* of the lease, Unix milliseconds */
    ngx_uint_t      state;           /* ngx_distill_guard_sync_state_t */
    uint64_t        since;           /* of the state, Unix milliseconds */
    uint64_t        last;            /* last complete round, same */
    uint64_t        rounds;
    uint64_t        reports;         /* subjects sent and answered */
    uint64_t        connects;
    uint64_t        failures;        /* connections lost or refused */
    uint64_t        errors;          /* error replies */
    uint64_t        bytes_sent;
    uint64_t        bytes_received;
    int64_t         skew;            /* Redis' clock less ours, ms */
    int64_t         lag;             /* what the last complete round took */
    uint32_t        told;            /* crc of the reason last logged while
                                        down */
} ngx_distill_guard_sync_t;


/* what the guard spends time on; "lock" is waiting for it at the end */

typedef enum {
    NGX_DISTILL_GUARD_STAGE_HEAD = 0,
    NGX_DISTILL_GUARD_STAGE_BODY,
    NGX_DISTILL_GUARD_STAGE_RESPONSE,
    NGX_DISTILL_GUARD_STAGE_END,
    NGX_DISTILL_GUARD_STAGE_LOCK,
    NGX_DISTILL_GUARD_STAGES
} ngx_distill_guard_stage_t;


/* at the start of the shared memory zone, behind nginx's own slab header */

typedef struct {
    u_char                      random[16];   /* the secret where none was
                                                 configured */
    u_char                      token[16];    /* of the status page: who
                                                 decides there has read it */
    dg_store_t                 *store;        /* in the same mapping */
    ngx_distill_guard_sync_t    sync;
    dg_histogram_t              stages[NGX_DISTILL_GUARD_STAGES];   /* ns */
    dg_history_t                history;      /* under the lock */
} ngx_distill_guard_shared_t;


/* a zone as the configuration sees it; lives as long as its cycle */

typedef struct {
    ngx_str_t                    name;
    ngx_shm_zone_t              *shm_zone;
    ngx_slab_pool_t             *shpool;
    ngx_distill_guard_shared_t  *shared;
    dg_store_t                  *store;
    dg_hash_key_t                key;     /* of all ids in this zone */
    dg_marks_key_t               marks;   /* made of it */
    uint64_t                     check;
    dg_rules_t                   rules;   /* of the first location that is
                                             guarded with it, for those who
                                             ask how somebody stands */
    unsigned                     ruled:1; /* there is one; else the policy is
                                             that of defaults */
    uint64_t                     stepped; /* steps when the lock was taken */
} ngx_distill_guard_zone_t;


typedef struct {
    ngx_array_t                  zones;   /* ngx_distill_guard_zone_t * */

    ngx_str_t                    secret_file;
    ngx_str_t                    secret;  /* as read; zeroed once used */

    ngx_distill_guard_redis_t   *redis;   /* NULL: not configured */
    ngx_distill_guard_geo_t     *geo;     /* NULL: no file configured */
    ngx_distill_guard_said_t    *said;    /* on all levels, the last first */

    unsigned                     active:1;   /* some location is not off */
    unsigned                     limits:1;   /* some limit is configured */
} ngx_distill_guard_main_conf_t;


typedef struct {
    ngx_uint_t                   mode;
    ngx_str_t                    zone_name;
    ngx_distill_guard_zone_t    *zone;
    ngx_http_complex_value_t    *key;     /* NULL: the usual headers */
    ngx_http_complex_value_t    *account; /* NULL: the key */
    ngx_array_t                 *exempt;  /* ngx_http_complex_value_t */
    ngx_array_t                 *limits;  /* dg_limit_t */
    const dg_policy_t           *policy;  /* once merged, never NULL */
    ngx_distill_guard_said_t    *said;    /* what it is made of; NULL: only
                                             of defaults */
    unsigned                     control:1;   /* of a status page: who sees
                                                 it may decide */
} ngx_distill_guard_loc_conf_t;


/* an answer that is let through slowly */

typedef struct {
    ngx_uint_t                     tokens;     /* a second */
    size_t                         guess;      /* bytes of the answer that
                                                  make a token, until known */
    size_t                         other;      /* limit_rate otherwise; 0 */
    ngx_event_t                    timer;
} ngx_distill_guard_pace_t;


/* what is read of a request is mostly over before its answer comes */

typedef union {
    dg_request_t                   request;
    dg_response_t                  response;
} ngx_distill_guard_reader_t;


/*
 * One request.  Allocated in the request's pool at PREACCESS, found again by
 * its pool cleanup after an internal redirect has cleared r->ctx.
 */

typedef struct {
    ngx_distill_guard_zone_t      *zone;
    ngx_distill_guard_loc_conf_t  *conf;       /* that judged */

    dg_id_t                        key;
    dg_id_t                        account;    /* the key's where not given */
    dg_id_t                        client;     /* fingerprint */
    dg_place_t                     place;      /* of the client's network */

    dg_endpoint_t                  endpoint;
    dg_exchange_t                  exchange;
    dg_rules_t                     rules;
    dg_finding_t                   finding;
    dg_decision_t                  decision;   /* of the head or the body, the
                                                  greater verdict */

    dg_request_t                  *request_reader;   /* while reading: of an
                                                  ngx_distill_guard_reader_t */
    dg_request_facts_t             request;
    dg_shared_t                    shared;     /* with other accounts */
    dg_response_t                 *response_reader;
    dg_response_facts_t            response;
    ngx_table_elt_t               *told[NGX_DISTILL_GUARD_TOLD];   /* to the
                                                  upstream, or NULL */
    ngx_distill_guard_pace_t      *pace;       /* NULL: as fast as it comes */
    ngx_str_t                      refusal;    /* body of ours to send */
    ngx_uint_t                     refusal_status;
    ngx_uint_t                     status;     /* of the answer that is read,
                                                  0: none */

    uint64_t                       spent[NGX_DISTILL_GUARD_STAGES];  /* ns */

    unsigned                       timed:1;    /* what is spent is measured */
    unsigned                       exempt:1;
    unsigned                       judged:1;   /* body stage is over */
    unsigned                       enforced:1; /* the decision is */
    unsigned                       refused:1;  /* we answer, not upstream */
    unsigned                       finished:1; /* its last buffer was seen */
    unsigned                       settled:1;
} ngx_distill_guard_ctx_t;


/* module */

/* by what a location judges */
void ngx_distill_guard_rules(ngx_distill_guard_loc_conf_t *glcf,
    dg_rules_t *rules);

/* the words of a directive, as dg_settings.h wants them */
ngx_int_t ngx_distill_guard_words(ngx_conf_t *cf,
    dg_str_t words[DG_CONF_WORDS]);

ngx_int_t ngx_distill_guard_read_secret(ngx_conf_t *cf, ngx_command_t *cmd,
    ngx_str_t *file, size_t max, ngx_str_t *secret);


/* zone: the only file that takes the lock */

char *ngx_distill_guard_zone(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
ngx_distill_guard_zone_t *ngx_distill_guard_zone_find(
    ngx_distill_guard_main_conf_t *mcf, ngx_str_t *name);
void ngx_distill_guard_zone_bind(ngx_conf_t *cf,
    ngx_distill_guard_main_conf_t *mcf);

/*
 * Takes the lock of the zone's slab pool, which the master releases should
 * the worker die, and mends the store if somebody died in it.  Between lock
 * and unlock: no logging, no allocation, no calls that may block.  Steps on
 * the ladder that were found meanwhile are logged once it is unlocked.
 */
dg_store_t *ngx_distill_guard_lock(ngx_distill_guard_zone_t *zone);
void ngx_distill_guard_unlock(ngx_distill_guard_zone_t *zone);

/* Unix time in milliseconds, of the event loop's clock */
uint64_t ngx_distill_guard_now(void);

/* bytes that nobody can guess; what fails is in the log */
ngx_int_t ngx_distill_guard_random(u_char *p, size_t n, ngx_log_t *log);


/* history: each worker notes the counts of all zones, from time to time */

ngx_int_t ngx_distill_guard_history_init_process(ngx_cycle_t *cycle,
    ngx_distill_guard_main_conf_t *mcf);


/* identity */

ngx_int_t ngx_distill_guard_identify(ngx_http_request_t *r,
    ngx_distill_guard_loc_conf_t *glcf, ngx_distill_guard_ctx_t *ctx);

/* walks a list of headers from its first part and 0; NULL at its end */
ngx_table_elt_t *ngx_distill_guard_next_header(ngx_list_part_t **part,
    ngx_uint_t *i);


/*
 * The request's log without nginx's own words on the request: these quote
 * the request line, and in it the key of clients that send ?key=.
 */

ngx_log_t ngx_distill_guard_log(ngx_http_request_t *r);


/* request: PREACCESS and the request body filter */

ngx_distill_guard_ctx_t *ngx_distill_guard_get_ctx(ngx_http_request_t *r);
ngx_int_t ngx_distill_guard_preaccess_handler(ngx_http_request_t *r);
ngx_int_t ngx_distill_guard_request_init(ngx_conf_t *cf);


/*
 * headers: X-Distill-Guard-* is for the upstream alone.  Nobody else sends
 * such a header to it, and it sends none to the client.
 */

void ngx_distill_guard_clear_request(ngx_http_request_t *r);
void ngx_distill_guard_clear_response(ngx_list_t *headers);

/* what there is to tell, in place of what was told before */
ngx_int_t ngx_distill_guard_tell(ngx_http_request_t *r,
    ngx_distill_guard_ctx_t *ctx);


/*
 * pace: nginx's own limit of the rate, in output tokens a second.  What has
 * been read of the answer tells how many bytes make a token, so the rate is
 * set anew with all that passes, before it does; what nginx does not do by
 * itself follows behind.
 */

ngx_int_t ngx_distill_guard_pace_open(ngx_http_request_t *r,
    ngx_distill_guard_ctx_t *ctx, dg_format_t format);
void ngx_distill_guard_pace_set(ngx_http_request_t *r,
    ngx_distill_guard_ctx_t *ctx);
void ngx_distill_guard_pace_wait(ngx_http_request_t *r,
    ngx_distill_guard_ctx_t *ctx);


/* response: header and body filters */

ngx_int_t ngx_distill_guard_response_init(ngx_conf_t *cf);


/*
 * enforce: makes the headers and the body of a refusal, and returns the
 * status that the caller has to return to nginx.  The header and the body
 * filter then put the body in place of nginx's page, unless error_page has
 * led elsewhere.
 */

ngx_int_t ngx_distill_guard_refuse(ngx_http_request_t *r,
    ngx_distill_guard_ctx_t *ctx);
ngx_uint_t ngx_distill_guard_refusal_due(ngx_http_request_t *r,
    ngx_distill_guard_ctx_t *ctx);
void ngx_distill_guard_refusal_header(ngx_http_request_t *r,
    ngx_distill_guard_ctx_t *ctx);
ngx_chain_t *ngx_distill_guard_refusal_body(ngx_http_request_t *r,
    ngx_distill_guard_ctx_t *ctx, ngx_chain_t *in);


/*
 * clock: what the guard itself takes, of one request in many.  The time of
 * ngx_distill_guard_clock() is 0 for all others.
 */

extern const dg_str_t  ngx_distill_guard_stages[NGX_DISTILL_GUARD_STAGES];
extern const dg_str_t  ngx_distill_guard_bound_names[DG_HISTOGRAM];

void ngx_distill_guard_clock_choose(ngx_distill_guard_ctx_t *ctx);
uint64_t ngx_distill_guard_clock(ngx_distill_guard_ctx_t *ctx);
void ngx_distill_guard_clock_spent(ngx_distill_guard_ctx_t *ctx,
    ngx_distill_guard_stage_t stage, uint64_t since);

/* into the zone, under its lock */
void ngx_distill_guard_clock_count(ngx_distill_guard_ctx_t *ctx);


/* settle: the end of an exchange, counted once */

ngx_int_t ngx_distill_guard_log_handler(ngx_http_request_t *r);

/* what the exchange has cost so far; final in the log phase */
void ngx_distill_guard_usage(ngx_http_request_t *r,
    ngx_distill_guard_ctx_t *ctx, dg_usage_t *usage);
ngx_uint_t ngx_distill_guard_aborted(ngx_distill_guard_ctx_t *ctx);
ngx_uint_t ngx_distill_guard_status_code(ngx_http_request_t *r,
    ngx_distill_guard_ctx_t *ctx);


/* variables */

ngx_int_t ngx_distill_guard_add_variables(ngx_conf_t *cf);


/* geo: MaxMind files, looked up once per request, reloaded when replaced */

char *ngx_distill_guard_geoip(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
char *ngx_distill_guard_hosting(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);

/* warns of what is configured to no effect */
void ngx_distill_guard_geo_warn(ngx_conf_t *cf,
    ngx_distill_guard_geo_t *geo);

void ngx_distill_guard_geo_lookup(ngx_distill_guard_geo_t *geo,
    struct sockaddr *sa, dg_place_t *place);
ngx_int_t ngx_distill_guard_geo_init_process(ngx_cycle_t *cycle,
    ngx_distill_guard_geo_t *geo);


/* redis: one lease-holding worker per node */

char *ngx_distill_guard_redis(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);

/* what can be known only when all of http has been read */
ngx_int_t ngx_distill_guard_redis_finish(ngx_conf_t *cf,
    ngx_distill_guard_redis_t *redis);

ngx_int_t ngx_distill_guard_redis_init_process(ngx_cycle_t *cycle,
    ngx_distill_guard_main_conf_t *mcf);
void ngx_distill_guard_redis_exit_process(ngx_cycle_t *cycle,
    ngx_distill_guard_main_conf_t *mcf);


/* status, see ngx_distill_guard_status.h */

char *ngx_distill_guard_status(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);

/* a line on what an operator has decided, here or elsewhere */
void ngx_distill_guard_log_decided(ngx_log_t *log, u_char *subject,
    size_t len, const dg_ruling_t *ruling);


extern ngx_module_t  ngx_distill_guard_module;


#endif /* _NGX_DISTILL_GUARD_H_INCLUDED_ */
