/*
 * Copyright (C) 2026 Distill Guard
 *
 * How nodes agree: what the files of redis/ share.
 *
 *     redis        the directive
 *     connection   one socket that keeps itself open; codec, its bytes; tls,
 *                  what they are wrapped in; resolve, where it goes
 *     route        which connection a key's command goes to; sentinel and
 *                  cluster, where the servers are
 *     sync         what is sent when; lease, by which worker
 *     node         how a node introduces itself
 *     report       what is said of a subject, and heard; rank, of many
 *     sightings    what else nodes tell each other
 *     decisions    what operators decide
 *     asks         what they want to know
 *     audit        steps on the ladder
 *     script       what runs in Redis; key, names of what lies there; stream,
 *                  what is read of one
 */


#ifndef _NGX_DISTILL_GUARD_REDIS_H_INCLUDED_
#define _NGX_DISTILL_GUARD_REDIS_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>
#include <ngx_event_connect.h>

#include <poll.h>

#include <hiredis/hiredis.h>

#include "ngx_distill_guard.h"
#include "dg_schema.h"
#include "dg_sighting.h"
#include "dg_slot.h"
#include "dg_survey.h"
#include "dg_url.h"


/* of what lies in Redis, see docs/redis.md */
#define NGX_DISTILL_GUARD_REDIS_SCHEMA      DG_SCHEMA

#define NGX_DISTILL_GUARD_REDIS_PREFIX_MAX  DG_SCHEMA_PREFIX_MAX
#define NGX_DISTILL_GUARD_REDIS_KEY_MAX     256


typedef struct ngx_distill_guard_redis_sync_s  ngx_distill_guard_redis_sync_t;


/* a server, or a name of several that are alike */

typedef struct {
    size_t                            len;
    u_char                            host[DG_URL_HOST + 1];    /* with a zero;
                                                      of a socket its path */
    in_port_t                         port;
    ngx_addr_t                       *addrs;    /* of the configuration */
    ngx_uint_t                        naddrs;   /* 0: none is known from it */
} ngx_distill_guard_redis_target_t;


typedef struct {
    ngx_str_t                         user;
    ngx_str_t                         password; /* empty: none is wanted */
} ngx_distill_guard_redis_login_t;


/* the directive; lives as long as its cycle */

struct ngx_distill_guard_redis_s {
    ngx_str_t                         name;     /* for the log; no secret */
    dg_url_t                          url;
    ngx_distill_guard_redis_target_t *targets;  /* servers, or sentinels */
    ngx_uint_t                        ntargets;
    ngx_distill_guard_redis_login_t   login;
    ngx_distill_guard_redis_login_t   sentinel; /* of the sentinels */
    ngx_str_t                         prefix;
    ngx_msec_t                        sync;
    ngx_msec_t                        timeout;

    ngx_str_t                         ca;       /* empty: the system's */
    ngx_str_t                         cert;
    ngx_str_t                         key;
    ngx_str_t                         tls_name; /* empty: that of the host */
    ngx_flag_t                        verify;
    void                             *ssl;      /* ngx_ssl_t, or NULL */

    ngx_resolver_t                   *resolver; /* NULL: none is set */
    ngx_msec_t                        resolver_timeout;

    ngx_distill_guard_redis_sync_t   *worker;   /* this process's */
};


/* --- connection --- */


/* why it was lost, which decides when it is tried again */

typedef enum {
    NGX_DISTILL_GUARD_REDIS_GONE = 0,    /* refused or closed: soon */
    NGX_DISTILL_GUARD_REDIS_SILENT,      /* soon, waiting longer each time */
    NGX_DISTILL_GUARD_REDIS_BUSY,        /* a state that passes: soon */
    NGX_DISTILL_GUARD_REDIS_UNFIT,       /* later and later */
    NGX_DISTILL_GUARD_REDIS_REFUSED      /* so it says: likewise */
} ngx_distill_guard_redis_failure_t;


typedef struct ngx_distill_guard_redis_connection_s
    ngx_distill_guard_redis_connection_t;


/*
 * A reply to a command, in the order of the commands; NULL if the connection
 * was lost first.  The reply is freed by the caller.
 */
typedef void (*ngx_distill_guard_redis_reply_pt)(void *data, void *item,
    redisReply *reply);


typedef struct {
    ngx_distill_guard_redis_reply_pt  handler;
    void                             *item;
    size_t                            len;      /* of the command */
    ngx_uint_t                        hops;     /* from server to server */
} ngx_distill_guard_redis_expected_t;


typedef void (*ngx_distill_guard_redis_event_pt)(
    ngx_distill_guard_redis_connection_t *rc);


/* what the owner of a connection is told of */

typedef struct {
    ngx_distill_guard_redis_event_pt  ready;
    ngx_distill_guard_redis_event_pt  progress;
    ngx_distill_guard_redis_event_pt  lost;
    ngx_distill_guard_redis_event_pt  leave;    /* the worker ends */

    /*
     * A reply has come.  NGX_OK: it goes to its handler next; NGX_DECLINED:
     * the handler is to hear that there is none; NGX_DONE: it was seen to.
     * The command is still there, at rc->front.
     */
    ngx_int_t                       (*answer)(
                                        ngx_distill_guard_redis_connection_t
                                        *rc,
                                        ngx_distill_guard_redis_expected_t *e,
                                        redisReply *reply);

    /* what comes unasked; NULL: that is a failure */
    void                            (*push)(
                                        ngx_distill_guard_redis_connection_t
                                        *rc, redisReply *reply);
} ngx_distill_guard_redis_owner_t;


#define NGX_DISTILL_GUARD_REDIS_ADDRS  8        /* of one name */


struct ngx_distill_guard_redis_connection_s {
    void                             *data;     /* it goes to all handlers */
    ngx_distill_guard_redis_owner_t  *owner;
    ngx_distill_guard_redis_t        *conf;
    ngx_distill_guard_redis_login_t  *login;
    ngx_uint_t                        db;

    /* where it goes: each target in turn, and each address of one */
    ngx_distill_guard_redis_target_t *targets;
    ngx_uint_t                        ntargets;
    ngx_uint_t                        target;
    ngx_uint_t                        address;
    ngx_uint_t                        naddrs;   /* 0: yet to be found */
    ngx_sockaddr_t                    addrs[NGX_DISTILL_GUARD_REDIS_ADDRS];
    socklen_t                         socklens[NGX_DISTILL_GUARD_REDIS_ADDRS];
    ngx_resolver_ctx_t               *resolving;

    ngx_peer_connection_t             peer;
    ngx_log_t                         quiet;
    const char                       *alert;    /* what TLS has said */

    ngx_event_t                       retry;
    ngx_msec_t                        patience; /* with a silent server */
    ngx_msec_t                        delay;    /* after an unfit one */

    redisReader                      *reader;
    size_t                            unread;   /* fed since a whole reply */
    size_t                            most;     /* of these */

    u_char                           *start;    /* commands: */
    u_char                           *front;    /* sent, not answered */
    u_char                           *pos;      /* to be sent */
    u_char                           *last;
    u_char                           *end;

    ngx_distill_guard_redis_expected_t  *expected;  /* a ring */
    ngx_uint_t                        first;
    ngx_uint_t                        nexpected;

    uint64_t                          sent;     /* bytes, not yet counted */
    uint64_t                          received;

    /* of the last failure */
    ngx_distill_guard_redis_failure_t  failure;
    ngx_err_t                         err;
    u_char                            reason[256];
    size_t                            reason_len;

    unsigned                          started:1;
    unsigned                          connected:1;
    unsigned                          proved:1;
    unsigned                          reading:1;
    unsigned                          failed:1;
    unsigned                          hello:2;  /* replies to come */
};


/* takes memory and connects; NGX_ERROR if there is no memory */
ngx_int_t ngx_distill_guard_redis_start(
    ngx_distill_guard_redis_connection_t *rc);

/* closes without a word to the owner but for the replies not come */
void ngx_distill_guard_redis_stop(ngx_distill_guard_redis_connection_t *rc);

/* it does what it is there for: the next trouble is news */
void ngx_distill_guard_redis_proved(ngx_distill_guard_redis_connection_t *rc);

/*
 * Queues a command.  NGX_BUSY if there is no room for it, NGX_DECLINED if
 * there is no connection; the handler is called only after NGX_OK.
 */
ngx_int_t ngx_distill_guard_redis_command(
    ngx_distill_guard_redis_connection_t *rc,
    ngx_distill_guard_redis_reply_pt handler, void *item, ngx_uint_t n,
    ngx_str_t *args);

/* bytes and replies that can still be taken on */
size_t ngx_distill_guard_redis_room(ngx_distill_guard_redis_connection_t *rc,
    ngx_uint_t *replies);

/* sends what was queued; to be called outside of reply handlers only */
void ngx_distill_guard_redis_flush(ngx_distill_guard_redis_connection_t *rc);

/*
 * For a worker about to end, which has no event loop any more: says what to
 * wait for on which socket, or NGX_DECLINED if there is none; and acts on
 * what has come.
 */
ngx_int_t ngx_distill_guard_redis_poll(
    ngx_distill_guard_redis_connection_t *rc, struct pollfd *pfd);
void ngx_distill_guard_redis_polled(ngx_distill_guard_redis_connection_t *rc,
    struct pollfd *pfd);

/* it goes elsewhere from now on, at once if it is closed */
void ngx_distill_guard_redis_redirect(
    ngx_distill_guard_redis_connection_t *rc);

/* the addresses are there; or they are not, for the reason given */
void ngx_distill_guard_redis_resolved(
    ngx_distill_guard_redis_connection_t *rc);

/* says who we are: what is read and written from now on is Redis' */
void ngx_distill_guard_redis_greet(ngx_distill_guard_redis_connection_t *rc);

/*
 * Gives the connection up, for the reason given.  Within a reply handler it
 * is closed once the handler has returned.
 */
void ngx_distill_guard_redis_fail(ngx_distill_guard_redis_connection_t *rc,
    ngx_distill_guard_redis_failure_t failure, ngx_err_t err,
    const char *fmt, ...);

/* the same after an error reply, which decides how bad it is */
void ngx_distill_guard_redis_refused(ngx_distill_guard_redis_connection_t *rc,
    redisReply *reply);


/* --- resolve --- */


/* where a host is by the configuration; NGX_CONF_OK */
char *ngx_distill_guard_redis_locate(ngx_conf_t *cf,
    ngx_distill_guard_redis_target_t *target, ngx_distill_guard_redis_t *redis,
    dg_url_host_t *host);

/*
 * Finds the addresses of the target that is next, without waiting for
 * anybody: ngx_distill_guard_redis_resolved() is called, at once or later,
 * or the connection has failed.
 */
void ngx_distill_guard_redis_resolve(
    ngx_distill_guard_redis_connection_t *rc);
void ngx_distill_guard_redis_resolve_stop(
    ngx_distill_guard_redis_connection_t *rc);


/* --- tls --- */


/* what certificates and names the directive has: for all its connections */
char *ngx_distill_guard_redis_tls_init(ngx_conf_t *cf,
    ngx_distill_guard_redis_t *redis);

/* the handshake; then ngx_distill_guard_redis_greet(), or it has failed */
void ngx_distill_guard_redis_tls(ngx_distill_guard_redis_connection_t *rc);
void ngx_distill_guard_redis_tls_close(ngx_connection_t *c);

void ngx_distill_guard_redis_write_handler(ngx_event_t *wev);
void ngx_distill_guard_redis_read_handler(ngx_event_t *rev);


/* --- codec --- */


#define NGX_DISTILL_GUARD_REDIS_SEND     (256 * 1024)
#define NGX_DISTILL_GUARD_REDIS_EXPECTED 4096   /* replies to come */

/* another reader */
ngx_int_t ngx_distill_guard_redis_reader(
    ngx_distill_guard_redis_connection_t *rc);

/* calls the handlers of the replies that are whole */
void ngx_distill_guard_redis_feed(ngx_distill_guard_redis_connection_t *rc,
    u_char *buf, size_t n);

/*
 * Queues the command at the front of another connection here, and with it
 * its handler, "ASKING" ahead of it if it is said so.
 */
ngx_int_t ngx_distill_guard_redis_forward(
    ngx_distill_guard_redis_connection_t *rc,
    ngx_distill_guard_redis_connection_t *from,
    ngx_distill_guard_redis_expected_t *e, ngx_uint_t asking);

/* a reply has come; waits for the next one, if there is one to come */
void ngx_distill_guard_redis_wait(ngx_distill_guard_redis_connection_t *rc);

/* does this error say that the user has no right to do that? */
ngx_uint_t ngx_distill_guard_redis_denied(redisReply *reply);

/* is this error one of a state that passes by itself? */
ngx_uint_t ngx_distill_guard_redis_passes(redisReply *reply);


/* --- route --- */


#define NGX_DISTILL_GUARD_REDIS_LINKS    128
#define NGX_DISTILL_GUARD_REDIS_NO_LINK  255


/* a server that holds keys */

typedef struct {
    ngx_distill_guard_redis_connection_t  connection;   /* first */
    ngx_distill_guard_redis_sync_t   *sync;
    ngx_distill_guard_redis_target_t  target;
    ngx_uint_t                        number;   /* in the route */
    ngx_uint_t                        loading;  /* scripts: replies to come */
    uint64_t                          named;    /* by other servers, last, in
                                                   ms */
    unsigned                          wanted:1; /* it has slots */
    unsigned                          ready:1;  /* commands may be sent */
    unsigned                          tried:1;  /* it was, or it has failed */
} ngx_distill_guard_redis_link_t;


/* how servers are found */

typedef struct {
    ngx_int_t                       (*open)(
                                        ngx_distill_guard_redis_sync_t *sync);
    void                            (*tick)(
                                        ngx_distill_guard_redis_sync_t *sync);
    void                            (*ready)(
                                        ngx_distill_guard_redis_link_t *link);
    void                            (*lost)(
                                        ngx_distill_guard_redis_link_t *link);
    ngx_int_t                       (*answer)(
                                        ngx_distill_guard_redis_link_t *link,
                                        ngx_distill_guard_redis_expected_t *e,
                                        redisReply *reply);
} ngx_distill_guard_redis_topology_t;


/* of the worker that has the lease */

typedef struct {
    const ngx_distill_guard_redis_topology_t  *topology;

    ngx_uint_t                        nlinks;
    ngx_distill_guard_redis_link_t   *links[NGX_DISTILL_GUARD_REDIS_LINKS];

    u_char                            slots[DG_SLOTS];  /* links' numbers */
    ngx_uint_t                        uncovered;        /* of these */

    /* to those who know where the servers are: sentinels, or any of a
       cluster */
    ngx_distill_guard_redis_connection_t  guide;
    ngx_distill_guard_redis_connection_t  listener;

    uint64_t                          asked;    /* when, ms */
    ngx_uint_t                        turn;     /* of links, to be asked */

    unsigned                          mapped:1; /* slots are known */
    unsigned                          asking:1;
    unsigned                          guided:1; /* the guide is ready */
    unsigned                          listens:1;
    unsigned                          stale:1;  /* what is known */
} ngx_distill_guard_redis_route_t;


extern const ngx_distill_guard_redis_topology_t
    ngx_distill_guard_redis_sentinel;
extern const ngx_distill_guard_redis_topology_t
    ngx_distill_guard_redis_cluster;


ngx_int_t ngx_distill_guard_redis_route_open(
    ngx_distill_guard_redis_sync_t *sync);
void ngx_distill_guard_redis_route_close(
    ngx_distill_guard_redis_sync_t *sync);
void ngx_distill_guard_redis_route_tick(ngx_distill_guard_redis_sync_t *sync);

/* a connection that is no link, to the targets of the directive */
ngx_int_t ngx_distill_guard_redis_route_guide(
    ngx_distill_guard_redis_sync_t *sync,
    ngx_distill_guard_redis_connection_t *rc,
    ngx_distill_guard_redis_owner_t *owner);

/* what such connections do alike */
void ngx_distill_guard_redis_guide_progress(
    ngx_distill_guard_redis_connection_t *rc);
void ngx_distill_guard_redis_guide_leave(
    ngx_distill_guard_redis_connection_t *rc);
ngx_int_t ngx_distill_guard_redis_guide_answer(
    ngx_distill_guard_redis_connection_t *rc,
    ngx_distill_guard_redis_expected_t *e, redisReply *reply);

/* the link to a server, a new one if there is none; NULL: there is no room */
ngx_distill_guard_redis_link_t *ngx_distill_guard_redis_link(
    ngx_distill_guard_redis_sync_t *sync, u_char *host, size_t len,
    in_port_t port);
void ngx_distill_guard_redis_unlink(ngx_distill_guard_redis_link_t *link);

/* the server is what it should be: commands may be sent to it */
void ngx_distill_guard_redis_serve(ngx_distill_guard_redis_link_t *link);

/* all servers that are wanted can be spoken to */
ngx_uint_t ngx_distill_guard_redis_route_whole(
    ngx_distill_guard_redis_sync_t *sync);

/* they can, or it was tried in vain, and some can */
ngx_uint_t ngx_distill_guard_redis_route_stands(
    ngx_distill_guard_redis_sync_t *sync);

/* some can */
ngx_uint_t ngx_distill_guard_redis_route_any(
    ngx_distill_guard_redis_sync_t *sync);

/* nothing goes to any of them: all links are given up for one reason */
void ngx_distill_guard_redis_route_fail(ngx_distill_guard_redis_sync_t *sync,
    const char *fmt, ...);

/* what has been sent and received since the last time */
void ngx_distill_guard_redis_route_traffic(
    ngx_distill_guard_redis_sync_t *sync, uint64_t *sent, uint64_t *received);

void ngx_distill_guard_redis_route_proved(
    ngx_distill_guard_redis_sync_t *sync);

/* lets them work for at most so long, outside of the event loop */
void ngx_distill_guard_redis_route_pump(ngx_distill_guard_redis_sync_t *sync,
    ngx_msec_t time);

/*
 * Sends a command to the server that has the key; to any if the key is NULL.
 * NGX_OK: its handler is called, and must call ngx_distill_guard_redis_
 * answered().  NGX_BUSY if there is no room for it, NGX_DECLINED if there is
 * no connection.  All keys of one command are of one slot.
 */
ngx_int_t ngx_distill_guard_redis_send(ngx_distill_guard_redis_sync_t *sync,
    ngx_str_t *key, ngx_distill_guard_redis_reply_pt handler, void *item,
    ngx_uint_t n, ngx_str_t *args);

/* bytes and replies that every connection can still take on */
size_t ngx_distill_guard_redis_route_room(
    ngx_distill_guard_redis_sync_t *sync, ngx_uint_t *replies);

/* sends what was queued; to be called outside of reply handlers only */
void ngx_distill_guard_redis_route_flush(
    ngx_distill_guard_redis_sync_t *sync);


/* --- sync --- */


#define NGX_DISTILL_GUARD_REDIS_ID       16     /* hex digits of a node */
#define NGX_DISTILL_GUARD_REDIS_SHA      40     /* hex digits of a script */

#define NGX_DISTILL_GUARD_REDIS_SLOTS    512
#define NGX_DISTILL_GUARD_REDIS_RANKS    256
#define NGX_DISTILL_GUARD_REDIS_SETTLED  8192   /* a power of two */

#define NGX_DISTILL_GUARD_REDIS_MERGE    0      /* scripts */
#define NGX_DISTILL_GUARD_REDIS_RANK     1
#define NGX_DISTILL_GUARD_REDIS_DECIDE   2
#define NGX_DISTILL_GUARD_REDIS_SCRIPTS  3


/* a zone as it speaks to Redis: to the fleet each zone is a node */

typedef struct {
    ngx_distill_guard_redis_sync_t   *sync;
    ngx_distill_guard_zone_t         *zone;
    dg_id_t                           node;     /* its store's, as last seen */
    uint64_t                          reports;  /* answered, to be published */
    ngx_uint_t                        left;     /* to take in this round */
    uint32_t                          at;       /* how far the sweep is */
    unsigned                          sweeping:1;
    unsigned                          known:1;  /* to Redis, as we know */
    unsigned                          forgot:1; /* all, amid a connection */

    /* sightings: how far the sweep of them is, see dg_sightings_sweep() */
    unsigned                          part;
    uint32_t                          cell;
    unsigned                          telling:1;    /* it is under way */
    unsigned                          retell:1;     /* another is due */

    /* steps on their way: the number of the first, and how many replies are
       to come */
    uint64_t                          audited;
    ngx_uint_t                        auditing;
    unsigned                          unaudited:1;  /* one did not arrive */
} ngx_distill_guard_redis_node_t;


/*
 * Something for which the user may lack the rights, as older versions did not
 * need them: all else goes on without.
 */

typedef struct {
    uint64_t                          next;     /* when to try again, ms */
    unsigned                          denied:1; /* was logged */
} ngx_distill_guard_redis_right_t;


/* how far other nodes' sightings are known */

typedef struct {
    ngx_distill_guard_redis_right_t   right;
    uint64_t                          kept;     /* when its time to live was
                                                   last set, ms */
    unsigned                          waiting:1;    /* for a reply */
    unsigned                          joined:1;     /* since the last connect:
                                                       it is known what was
                                                       missed */
    unsigned                          added:1;      /* since it was set */
} ngx_distill_guard_redis_sightings_t;


typedef struct {
    ngx_distill_guard_redis_right_t   right;
    uint64_t                          kept;     /* when the stream's time to
                                                   live was last set, ms */
    unsigned                          added:1;  /* since then */
} ngx_distill_guard_redis_audit_t;


/* a report on its way */

typedef struct ngx_distill_guard_redis_slot_s  ngx_distill_guard_redis_slot_t;

struct ngx_distill_guard_redis_slot_s {
    ngx_distill_guard_redis_slot_t   *next;     /* free */
    ngx_distill_guard_redis_node_t   *node;
    uint64_t                          digest;   /* of the buckets before */
    ngx_uint_t                        awaited;  /* replies */
    unsigned                          before:1; /* these are in it */
    unsigned                          failed:1; /* part of it */
    unsigned                          heard:1;  /* of the fleet */
    unsigned                          changed[2];   /* counters of days */
    dg_fleet_t                        fleet;
    dg_report_t                       report;
};


/* a subject's totals of a day, to be ranked among others */

typedef struct {
    uint32_t                          bucket;
    unsigned                          kind;
    unsigned                          changed;  /* counters, bit by bit */
    uint64_t                          totals[DG_COUNTERS];
    size_t                            len;
    u_char                            text[DG_SUBJECT_TEXT];
} ngx_distill_guard_redis_rank_t;


/* what only the worker with the lease needs, and only while it has it */

typedef struct {
    ngx_distill_guard_redis_slot_t    slots[NGX_DISTILL_GUARD_REDIS_SLOTS];
    ngx_distill_guard_redis_rank_t    ranks[NGX_DISTILL_GUARD_REDIS_RANKS];

    /* digests of what was answered of buckets before, see report */
    uint64_t                          settled[NGX_DISTILL_GUARD_REDIS_SETTLED];
} ngx_distill_guard_redis_desk_t;


/* how far operators' decisions are known, see decisions */

typedef enum {
    NGX_DISTILL_GUARD_REDIS_STALE = 0,   /* nothing is known of them */
    NGX_DISTILL_GUARD_REDIS_SCAN,        /* all are read, */
    NGX_DISTILL_GUARD_REDIS_TELL,        /* those that are not there are
                                            told, */
    NGX_DISTILL_GUARD_REDIS_FOLLOW       /* and what is new is heard */
} ngx_distill_guard_redis_stage_t;


typedef struct {
    ngx_distill_guard_redis_stage_t   stage;
    uint64_t                          last[2];  /* of the stream, before all
                                                   were read */
    size_t                            cursor_len;
    u_char                            cursor[NGX_INT64_LEN];
    ngx_uint_t                        node;     /* that tells, */
    uint32_t                          at;       /* and how far it is */
    uint64_t                          next;     /* when to ask again, ms */
    uint64_t                          again;    /* when to read all again */
    unsigned                          stale:1;  /* Redis may have forgotten */
    unsigned                          waiting:1;    /* for a reply */
    unsigned                          denied:1;     /* was logged */
    unsigned                          full:1;       /* was logged */
    unsigned                          was_full:1;
} ngx_distill_guard_redis_decisions_t;


/* what we keep in Redis, and may find values of another type instead of */

typedef enum {
    NGX_DISTILL_GUARD_REDIS_TOTALS = 0,
    NGX_DISTILL_GUARD_REDIS_ORIGINS,
    NGX_DISTILL_GUARD_REDIS_RANKINGS,
    NGX_DISTILL_GUARD_REDIS_SIGHTED,
    NGX_DISTILL_GUARD_REDIS_DECIDED,
    NGX_DISTILL_GUARD_REDIS_NODES,
    NGX_DISTILL_GUARD_REDIS_ASKED,
    NGX_DISTILL_GUARD_REDIS_AUDITED,
    NGX_DISTILL_GUARD_REDIS_KEPT
} ngx_distill_guard_redis_kept_t;


/* what distillctl wants to know, see asks */

#define NGX_DISTILL_GUARD_REDIS_ASKS     4      /* that wait for an answer */

typedef enum {
    NGX_DISTILL_GUARD_REDIS_EXPLAIN = 0,
    NGX_DISTILL_GUARD_REDIS_TOP,
    NGX_DISTILL_GUARD_REDIS_CAMPAIGNS
} ngx_distill_guard_redis_what_t;


typedef struct {
    ngx_distill_guard_redis_what_t    what;
    u_char                            id[DG_SCHEMA_ASK_ID];
    unsigned                          kind;
    dg_id_t                           subject;  /* to be explained */
    dg_measure_t                      measure;  /* of the top */
    ngx_uint_t                        most;
} ngx_distill_guard_redis_ask_t;


typedef struct ngx_distill_guard_redis_work_s  ngx_distill_guard_redis_work_t;


typedef struct {
    ngx_distill_guard_redis_work_t   *work;     /* at the first of them; NULL:
                                                   yet to begin */
    uint64_t                          last[2];  /* that was read, 0: none */
    uint64_t                          next;     /* when to look again, ms */
    ngx_uint_t                        node;     /* that answers */
    ngx_uint_t                        n;
    ngx_distill_guard_redis_ask_t     ask[NGX_DISTILL_GUARD_REDIS_ASKS];
    ngx_distill_guard_redis_right_t   right;
    unsigned                          waiting:1;    /* for a reply */
} ngx_distill_guard_redis_asks_t;


struct ngx_distill_guard_redis_sync_s {
    /* an event's data: its debug log wants an ident after three pointers */
    ngx_distill_guard_redis_t        *conf;
    ngx_cycle_t                      *cycle;
    ngx_distill_guard_redis_node_t   *nodes;
    ngx_int_t                         ident;
    ngx_uint_t                        nnodes;

    ngx_distill_guard_redis_route_t  *route;    /* with the lease */

    ngx_event_t                       tick;
    ngx_event_t                       more;

    ngx_distill_guard_redis_desk_t   *desk;
    ngx_distill_guard_redis_slot_t   *free;
    ngx_uint_t                        nfree;
    ngx_uint_t                        nranks;
    uint64_t                          ranked;   /* when last sent, ms */

    /* that whose reply is being handled: of a link */
    ngx_distill_guard_redis_connection_t  *answering;

    ngx_str_t                         script[NGX_DISTILL_GUARD_REDIS_SCRIPTS];
    u_char                            sha[NGX_DISTILL_GUARD_REDIS_SCRIPTS]
                                         [NGX_DISTILL_GUARD_REDIS_SHA];

    ngx_distill_guard_redis_sightings_t  sightings;
    ngx_distill_guard_redis_decisions_t  decisions;
    ngx_distill_guard_redis_asks_t    asks;
    ngx_distill_guard_redis_audit_t   audit;

    ngx_uint_t                        awaited;  /* replies */
    uint64_t                          beat;     /* when last registered, ms */
    uint64_t                          agreed;   /* when schema and secret
                                                   were last compared, ms */
    uint64_t                          asked;    /* Redis for its time, ms */
    ngx_msec_t                        begun;    /* the round under way */

    uint64_t                          connects; /* these are to be added */
    uint64_t                          failures;
    uint64_t                          errors;
    uint64_t                          sent;     /* by links that are gone */
    uint64_t                          received;
    int64_t                           skew;

    unsigned                          holder:1; /* of the lease */
    unsigned                          exiting:1;
    unsigned                          leaving:1;    /* all goes now */
    unsigned                          agreeing:1;   /* before any round */
    unsigned                          running:1;    /* rounds may begin */
    unsigned                          round:1;      /* one is under way */
    unsigned                          due:1;        /* another, meanwhile */
    unsigned                          spoiled:1;    /* some report of this
                                                       round must go again */
    unsigned                          resending:1;  /* Redis may have
                                                       forgotten */
    unsigned                          incomplete:1; /* some ranking */
    unsigned                          skewed:1; /* clocks differ: logged */

    uint64_t                          wrong_type    /* when last met, ms */
                                         [NGX_DISTILL_GUARD_REDIS_KEPT];
};


/* a server can be spoken to; one cannot any more; replies have come */
void ngx_distill_guard_redis_sync_ready(
    ngx_distill_guard_redis_link_t *link);
void ngx_distill_guard_redis_sync_lost(ngx_distill_guard_redis_sync_t *sync);
void ngx_distill_guard_redis_sync_progress(
    ngx_distill_guard_redis_sync_t *sync);

/* nginx has asked this worker to end; its streams may go on for long */
void ngx_distill_guard_redis_sync_leave(ngx_distill_guard_redis_sync_t *sync);

/* something is wrong, whoever says so: that is logged if it is news */
void ngx_distill_guard_redis_trouble(ngx_distill_guard_redis_sync_t *sync,
    ngx_distill_guard_redis_failure_t failure, ngx_err_t err,
    const char *fmt, ...);

/* one of the replies counted in sync->awaited has come, or will not */
void ngx_distill_guard_redis_answered(ngx_distill_guard_redis_sync_t *sync);

/* Redis may have forgotten: all that is kept goes once more */
void ngx_distill_guard_redis_resend(ngx_distill_guard_redis_sync_t *sync);

/*
 * An error reply to a command about some key, within its handler.  NGX_OK if
 * only that key is of no use, which was logged; NGX_AGAIN if the command must
 * be repeated; NGX_ERROR if the connection was given up.
 */
ngx_int_t ngx_distill_guard_redis_error(ngx_distill_guard_redis_sync_t *sync,
    redisReply *reply, ngx_distill_guard_redis_kept_t what);

/* was the right denied, so that it is too early to try again? */
ngx_uint_t ngx_distill_guard_redis_barred(
    ngx_distill_guard_redis_right_t *right, uint64_t now);

/*
 * Whether a reply is of use; NULL is none.  What is wrong is logged: without
 * the right, what it would be needed for, once.
 */
ngx_uint_t ngx_distill_guard_redis_allowed(
    ngx_distill_guard_redis_sync_t *sync,
    ngx_distill_guard_redis_right_t *right, redisReply *reply,
    ngx_distill_guard_redis_kept_t what, const char *need);


/* --- lease --- */


/* takes or renews it: whether it is ours */
ngx_uint_t ngx_distill_guard_redis_lease(
    ngx_distill_guard_redis_sync_t *sync);

void ngx_distill_guard_redis_release(ngx_distill_guard_redis_sync_t *sync);


/* --- node --- */


/* remembers the node's id, which lies in its store; under the lock */
void ngx_distill_guard_redis_identify(ngx_distill_guard_redis_node_t *node,
    dg_store_t *store);

/* do we keep what the others keep?  To be settled before the first round */
void ngx_distill_guard_redis_agree(ngx_distill_guard_redis_sync_t *sync);

/* from time to time */
void ngx_distill_guard_redis_beat(ngx_distill_guard_redis_sync_t *sync);

/* the server does not know our scripts */
void ngx_distill_guard_redis_load(ngx_distill_guard_redis_link_t *link);


/* --- script --- */


/* makes the text of the scripts, and the names they are called by */
ngx_int_t ngx_distill_guard_redis_scripts(
    ngx_distill_guard_redis_sync_t *sync);


/* --- key --- */


u_char *ngx_distill_guard_redis_subject(u_char *p,
    ngx_distill_guard_redis_sync_t *sync, unsigned kind, const dg_id_t *id);

u_char *ngx_distill_guard_redis_bucket(u_char *p, dg_period_t period,
    uint32_t bucket);

/* --- stream --- */


/* the entries that XREAD of one stream found; NULL if it is no such reply */
redisReply *ngx_distill_guard_redis_stream_entries(redisReply *reply);

/*
 * Its id, and the values of n fields.  NGX_DECLINED if it has none of one of
 * them, as what other versions say in other fields; NGX_ERROR if it is no
 * entry.
 */
ngx_int_t ngx_distill_guard_redis_stream_entry(redisReply *entry,
    uint64_t id[2], const char **names, redisReply **values, ngx_uint_t n);

/* NGX_ERROR if it is no id of an entry */
ngx_int_t ngx_distill_guard_redis_stream_id(uint64_t id[2],
    redisReply *reply);


/* --- report --- */


/*
 * Takes and sends up to n reports of a node; how many.  With 0 there is no
 * room, or node->left is 0 as there is nothing to send.
 */
ngx_uint_t ngx_distill_guard_redis_send_reports(
    ngx_distill_guard_redis_node_t *node, ngx_uint_t n);


/* --- sightings --- */


/* the connection is another: all that is known is told, and what was missed
   is asked for */
void ngx_distill_guard_redis_sightings_begin(
    ngx_distill_guard_redis_sync_t *sync);

/* tells what was seen since the last round, and hears what others saw */
void ngx_distill_guard_redis_sightings_round(
    ngx_distill_guard_redis_sync_t *sync);


/* --- audit --- */


/* from now on steps are kept until they are handed over */
void ngx_distill_guard_redis_audit_open(ngx_distill_guard_redis_sync_t *sync);

/* hands over what was found since the last round */
void ngx_distill_guard_redis_audit(ngx_distill_guard_redis_sync_t *sync);


/* --- decisions --- */


/* asks for what is new, or goes on with what is under way; at every tick */
void ngx_distill_guard_redis_decide(ngx_distill_guard_redis_sync_t *sync);

/* logs those that are over by their time; at every tick, Redis or not */
void ngx_distill_guard_redis_decided(ngx_distill_guard_redis_sync_t *sync);

/* Redis may have forgotten them */
void ngx_distill_guard_redis_undecided(ngx_distill_guard_redis_sync_t *sync);


/* --- asks --- */


/* looks what is asked, or works at an answer for a while; at every tick */
void ngx_distill_guard_redis_asks(ngx_distill_guard_redis_sync_t *sync);

/* the lease is gone: others answer */
void ngx_distill_guard_redis_asks_drop(ngx_distill_guard_redis_sync_t *sync);


/* --- rank --- */


/* a subject's totals of a day are to be ranked by the counters that changed */
void ngx_distill_guard_redis_rank(
    ngx_distill_guard_redis_sync_t *sync, dg_report_t *report,
    dg_share_t *share, unsigned changed);

/* sends what was ranked since the last time */
void ngx_distill_guard_redis_send_ranks(ngx_distill_guard_redis_sync_t *sync);


/* members of a sorted set, and their scores, which only grow */

typedef struct {
    ngx_str_t                         key;
    ngx_uint_t                        limit;    /* of members kept */
    ngx_uint_t                        ttl;      /* seconds */
    ngx_uint_t                        n;
    ngx_str_t                        *members;
    uint64_t                         *scores;
} ngx_distill_guard_redis_set_t;

#define NGX_DISTILL_GUARD_REDIS_MEMBERS  64     /* in one command */

ngx_int_t ngx_distill_guard_redis_send_set(
    ngx_distill_guard_redis_sync_t *sync,
    ngx_distill_guard_redis_set_t *set,
    ngx_distill_guard_redis_reply_pt handler, void *item);


#endif /* _NGX_DISTILL_GUARD_REDIS_H_INCLUDED_ */
