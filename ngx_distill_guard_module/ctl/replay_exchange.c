/*
 * Copyright (C) 2026 Distill Guard
 *
 * What happens to an exchange, in the order in which it happens in nginx/:
 * identified and admitted, its body read and judged, its answer read, and
 * settled when it ends.
 */


#include "replay.h"
#include "ctl.h"
#include "dg_origin.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/mman.h>
#include <stdio.h>
#include <stdlib.h>


/* of a huge page */
#define CTL_ZONE_ALIGN  (2 * 1024 * 1024)

/* as dg_event_write() begins */
#define CTL_EVENT_HEAD  "{\"v\":"


typedef union {
    struct sockaddr       sa;
    struct sockaddr_in    sin;
    struct sockaddr_in6   sin6;
} ctl_address_t;


static int ctl_replay_event(ctl_replay_t *rp, const u_char *line, size_t len,
    char error[DG_RECORD_ERROR]);
static int ctl_replay_begin(ctl_replay_t *rp, char error[DG_RECORD_ERROR]);
static int ctl_replay_close(ctl_replay_t *rp, char error[DG_RECORD_ERROR]);

static int ctl_replay_clock(ctl_replay_t *rp, uint64_t t_ms,
    char error[DG_RECORD_ERROR]);
static ctl_exchange_t *ctl_replay_take(ctl_replay_t *rp, unsigned stays,
    char error[DG_RECORD_ERROR]);

static void ctl_exchange_event(ctl_replay_t *rp, ctl_exchange_t *x);
static void ctl_exchange_identify(ctl_replay_t *rp, ctl_exchange_t *x,
    dg_endpoint_t *ep);
static void ctl_exchange_place(ctl_replay_t *rp, ctl_exchange_t *x,
    const ctl_address_t *addr);
static int ctl_exchange_address(ctl_address_t *addr, const dg_str_t *text);
static void ctl_exchange_answer(ctl_replay_t *rp, ctl_exchange_t *x);

static int ctl_exchange_head(ctl_replay_t *rp, ctl_exchange_t *x);
static int ctl_exchange_body(ctl_replay_t *rp, ctl_exchange_t *x);
static int ctl_exchange_passes(const ctl_exchange_t *x);
static void ctl_exchange_verdict(ctl_replay_t *rp, ctl_exchange_t *x,
    const dg_str_t *label);
static void ctl_exchange_fly(ctl_replay_t *rp, ctl_exchange_t *x,
    unsigned passes);
static void ctl_exchange_end(ctl_replay_t *rp, ctl_exchange_t *x,
    uint64_t now_ms);


int
ctl_replay_tables(void)
{
    if (dg_dialect_init() != DG_OK || dg_event_read_init() != DG_OK
        || ctl_trace_init() != DG_OK)
    {
        ctl_error("the tables are not well formed");
        return DG_ERROR;
    }

    return DG_OK;
}


int
ctl_replay_init(ctl_replay_t *rp)
{
    void                  *mem;
    dg_id_t                node;
    const ctl_settings_t  *st;

    st = rp->settings;

    rp->rules.policy = &st->conf.policy;
    rp->rules.limits = st->conf.limits;
    rp->rules.nlimits = st->conf.nlimits;
    rp->rules.enforce = 1;

    if (ctl_flight_init(&rp->flight) != DG_OK
        || posix_memalign(&mem, CTL_ZONE_ALIGN, st->size) != 0)
    {
        return DG_ERROR;
    }

    /* nearly every look into the zone is a cache miss: let it be but one */

#ifdef MADV_HUGEPAGE
    (void) madvise(mem, st->size, MADV_HUGEPAGE);
#endif

    /* nobody chooses ids against a trace: the same one gives the same */

    node.v[0] = 1;
    node.v[1] = 1;

    rp->store = dg_store_init(mem, st->size, &node, 1, 1, 0);

    if (rp->store == NULL) {
        free(mem);
        return DG_ERROR;
    }

    return DG_OK;
}


void
ctl_replay_free(ctl_replay_t *rp)
{
    ctl_flight_free(&rp->flight);

    free(rp->trace.memory);
    free(rp->store);
}


int
ctl_replay_line(ctl_replay_t *rp, const u_char *line, size_t len,
    char error[DG_RECORD_ERROR])
{
    static const dg_str_t  head = dg_string(CTL_EVENT_HEAD);

    if (len >= head.len && memcmp(line, head.data, head.len) == 0) {
        return ctl_replay_event(rp, line, len, error);
    }

    while (len && (line[len - 1] == ' ' || line[len - 1] == '\t'
                   || line[len - 1] == '\r'))
    {
        len--;
    }

    if (len == 0) {
        return DG_OK;
    }

    if (ctl_trace_read(&rp->trace, line, len, error) != DG_OK) {
        return DG_ERROR;
    }

    if (rp->trace.has & CTL_TRACE_EVENT) {
        return ctl_replay_event(rp, line, len, error);
    }

    return (rp->trace.has & CTL_TRACE_END) ? ctl_replay_close(rp, error)
                                           : ctl_replay_begin(rp, error);
}


/* an exchange of which everything is known, but not what it said */

static int
ctl_replay_event(ctl_replay_t *rp, const u_char *line, size_t len,
    char error[DG_RECORD_ERROR])
{
    unsigned           passes;
    ctl_exchange_t    *x;
    const dg_event_t  *ev;

    if (dg_event_read(&rp->event, line, len, error) != DG_OK) {
        return DG_ERROR;
    }

    ev = &rp->event.event;

    if (ev->duration_ms > UINT32_MAX) {
        snprintf(error, DG_RECORD_ERROR, "\"ms\" has a value that cannot "
                 "be");
        return DG_ERROR;
    }

    if (ctl_replay_clock(rp, ev->t_ms, error) != DG_OK) {
        return DG_ERROR;
    }

    x = ctl_replay_take(rp, ev->duration_ms != 0, error);

    if (x == NULL) {
        return DG_ERROR;
    }

    ctl_exchange_event(rp, x);

    passes = ctl_exchange_head(rp, x) && ctl_exchange_body(rp, x);

    ctl_exchange_verdict(rp, x, &rp->event.label);
    ctl_exchange_fly(rp, x, passes);

    return DG_OK;
}


/* an exchange as it was on the wire, as far as the line goes */

static int
ctl_replay_begin(ctl_replay_t *rp, char error[DG_RECORD_ERROR])
{
    dg_id_t          id;
    unsigned         passes;
    ctl_trace_t     *tr;
    ctl_address_t    addr;
    dg_endpoint_t    ep;
    ctl_exchange_t  *x;

    tr = &rp->trace;

    if (ctl_exchange_address(&addr, &tr->ip) != DG_OK) {
        snprintf(error, DG_RECORD_ERROR, "\"ip\" is no address");
        return DG_ERROR;
    }

    if (ctl_replay_clock(rp, tr->t_ms, error) != DG_OK) {
        return DG_ERROR;
    }

    memset(&id, 0, sizeof(dg_id_t));

    if (tr->has & CTL_TRACE_ID) {
        id = dg_hash(&rp->settings->key, DG_HASH_CHECK, tr->id.data,
                     tr->id.len);

        if (ctl_flight_find(&rp->flight, &id)) {
            snprintf(error, DG_RECORD_ERROR, "an exchange of that \"id\" has "
                     "not ended");
            return DG_ERROR;
        }
    }

    if (!(tr->has & CTL_TRACE_DONE)) {
        tr->done_ms = tr->t_ms;
    }

    x = ctl_replay_take(rp, !dg_id_none(&id) || tr->done_ms > tr->t_ms,
                        error);

    if (x == NULL) {
        return DG_ERROR;
    }

    x->id = id;
    x->done_ms = tr->done_ms;

    ctl_exchange_identify(rp, x, &ep);
    ctl_exchange_place(rp, x, &addr);

    passes = ctl_exchange_head(rp, x);

    if (passes && (tr->has & CTL_TRACE_BODY) && x->end.charged) {
        ctl_trace_body(tr, &rp->request, &ep, &rp->settings->key,
                       &rp->settings->marks, &x->request);
        passes = ctl_exchange_body(rp, x);
    }

    ctl_exchange_verdict(rp, x, &tr->label);

    if (passes && dg_id_none(&x->id)) {
        ctl_exchange_answer(rp, x);
    }

    ctl_exchange_fly(rp, x, passes);

    return DG_OK;
}


/*
 * The end of an exchange that was left open.  One that was refused is not
 * there any more, nor is one that was never there.
 */

static int
ctl_replay_close(ctl_replay_t *rp, char error[DG_RECORD_ERROR])
{
    dg_id_t          id;
    ctl_exchange_t  *x;

    if (ctl_replay_clock(rp, rp->trace.t_ms, error) != DG_OK) {
        return DG_ERROR;
    }

    id = dg_hash(&rp->settings->key, DG_HASH_CHECK, rp->trace.end.data,
                 rp->trace.end.len);
    x = ctl_flight_find(&rp->flight, &id);

    if (x) {
        ctl_exchange_answer(rp, x);
        ctl_exchange_end(rp, x, rp->now_ms);
        ctl_flight_close(&rp->flight, x);
        ctl_flight_give(&rp->flight, x);
    }

    if (rp->out) {
        ctl_print_end(rp->out, rp->now_ms, &rp->trace.end);
    }

    return DG_OK;
}


void
ctl_replay_end(ctl_replay_t *rp)
{
    ctl_exchange_t  *x;

    while ((x = ctl_flight_ended(&rp->flight, UINT64_MAX))) {
        ctl_exchange_end(rp, x, x->done_ms);
        ctl_flight_give(&rp->flight, x);
    }
}


/* what ends by then ends first */

static int
ctl_replay_clock(ctl_replay_t *rp, uint64_t t_ms,
    char error[DG_RECORD_ERROR])
{
    ctl_exchange_t  *x;

    if (t_ms < rp->now_ms) {
        snprintf(error, DG_RECORD_ERROR, "time goes back by %llu.%03u s: the "
                 "lines are to be sorted by \"t\"",
                 (unsigned long long) (rp->now_ms - t_ms) / 1000,
                 (unsigned) ((rp->now_ms - t_ms) % 1000));
        return DG_ERROR;
    }

    while ((x = ctl_flight_ended(&rp->flight, t_ms))) {
        ctl_exchange_end(rp, x, x->done_ms);
        ctl_flight_give(&rp->flight, x);
    }

    rp->now_ms = t_ms;

    return DG_OK;
}


/* all zeroes but for the facts */

static ctl_exchange_t *
ctl_replay_take(ctl_replay_t *rp, unsigned stays, char error[DG_RECORD_ERROR])
{
    ctl_exchange_t  *x;

    x = stays ? ctl_flight_take(&rp->flight) : &rp->passing;

    if (x == NULL) {
        snprintf(error, DG_RECORD_ERROR, "more than %d exchanges at a time "
                 "have not ended", CTL_FLIGHT);
        return NULL;
    }

    memset(x, 0, sizeof(ctl_exchange_t));

    x->rules = rp->rules;

    return x;
}


static void
ctl_exchange_event(ctl_replay_t *rp, ctl_exchange_t *x)
{
    dg_id_t           *ids;
    const dg_event_t  *ev;

    ev = &rp->event.event;
    ids = x->exchange.ids;

    x->key = ev->key;
    x->account = dg_id_none(&ev->account) ? ev->key : ev->account;
    x->client = ev->client;
    x->place.asn = ev->asn;
    memcpy(x->place.country, ev->country, sizeof(ev->country));
    x->place.hosting = ev->hosting;
    x->place.anonymous = ev->anonymous;
    x->relay = ev->relay;
    x->dialect = ev->dialect;

    ids[DG_KIND_KEY] = ev->key;
    ids[DG_KIND_ACCOUNT] = x->account;
    ids[DG_KIND_ORIGIN] = ev->origin;

    if (ev->asn) {
        dg_asn_id(&ids[DG_KIND_ASN], ev->asn);
    }

    if (ev->exempt) {
        x->rules.policy = NULL;
        x->rules.nlimits = 0;
    }

    if (ev->request) {
        x->request = *ev->request;
    }

    if (ev->response) {
        x->response = *ev->response;
    }

    x->usage = *ev->usage;
    x->end.charged = ev->dialect != DG_DIALECT_NONE;
    x->end.aborted = ev->aborted;
    x->left = ev->status == DG_STATUS_LEFT;
    x->done_ms = ev->t_ms + ev->duration_ms;

    /* what was refused then was answered by the guard, not the upstream */

    if (ev->dry_run
        || (ev->verdict != DG_THROTTLE && ev->verdict != DG_BLOCK))
    {
        x->end.status = ev->status;
    }
}


static void
ctl_exchange_identify(ctl_replay_t *rp, ctl_exchange_t *x, dg_endpoint_t *ep)
{
    dg_str_t              path, query;
    unsigned              relay;
    const ctl_trace_t    *tr;
    const dg_hash_key_t  *hash;

    tr = &rp->trace;
    hash = &rp->settings->key;

    ctl_trace_path(tr, rp->path, &path, &query);
    dg_dialect_match(ep, &tr->method, &path);

    x->dialect = ep->dialect;
    x->end.charged = ep->charged;

    ctl_trace_identity(tr, &query, ep->shape, hash, &x->key, &x->client,
                       &relay);
    x->relay = relay;

    x->account = x->key;
    x->exchange.ids[DG_KIND_KEY] = x->key;

    if (tr->account.len) {
        x->account = dg_hash(hash, DG_HASH_ACCOUNT, tr->account.data,
                             tr->account.len);
        x->exchange.ids[DG_KIND_ACCOUNT] = x->account;
    }
}


/* the trace knows better than the files */

static void
ctl_exchange_place(ctl_replay_t *rp, ctl_exchange_t *x,
    const ctl_address_t *addr)
{
    dg_id_t            *ids;
    const ctl_trace_t  *tr;

    tr = &rp->trace;
    ids = x->exchange.ids;

    switch (addr->sa.sa_family) {

    case AF_INET6:
        dg_origin_v6(&ids[DG_KIND_ORIGIN], addr->sin6.sin6_addr.s6_addr);
        ctl_settings_place(rp->settings, &addr->sa, &x->place);
        break;

    case AF_INET:
        dg_origin_v4(&ids[DG_KIND_ORIGIN],
                     (const u_char *) &addr->sin.sin_addr);
        ctl_settings_place(rp->settings, &addr->sa, &x->place);
        break;

    default: /* AF_UNIX */
        dg_origin_unix(&ids[DG_KIND_ORIGIN]);
    }

    if (tr->has & CTL_TRACE_ASN) {
        x->place.asn = tr->asn;
    }

    if (tr->has & CTL_TRACE_COUNTRY) {
        memcpy(x->place.country, tr->country.data, 2);
    }

    if (x->place.asn) {
        ctl_settings_hosting(rp->settings, &x->place);
        dg_asn_id(&ids[DG_KIND_ASN], x->place.asn);
    }
}


/* as $remote_addr has it; an IPv4 address within an IPv6 one is the former */

static int
ctl_exchange_address(ctl_address_t *addr, const dg_str_t *text)
{
    char             ip[INET6_ADDRSTRLEN];
    struct in6_addr  in6;

    memset(addr, 0, sizeof(ctl_address_t));

    if (text->len >= sizeof(ip)) {
        return DG_ERROR;
    }

    memcpy(ip, text->data, text->len);
    ip[text->len] = '\0';

    if (inet_pton(AF_INET, ip, &addr->sin.sin_addr) == 1) {
        addr->sa.sa_family = AF_INET;
        return DG_OK;
    }

    if (inet_pton(AF_INET6, ip, &in6) == 1) {

        if (IN6_IS_ADDR_V4MAPPED(&in6)) {
            memcpy(&addr->sin.sin_addr, &in6.s6_addr[12], 4);
            addr->sa.sa_family = AF_INET;

        } else {
            addr->sin6.sin6_addr = in6;
            addr->sa.sa_family = AF_INET6;
        }

        return DG_OK;
    }

    if (strcmp(ip, "unix:") == 0) {
        addr->sa.sa_family = AF_UNIX;
        return DG_OK;
    }

    return DG_ERROR;
}


static void
ctl_exchange_answer(ctl_replay_t *rp, ctl_exchange_t *x)
{
    unsigned  left;

    if (!x->end.charged) {
        return;
    }

    ctl_trace_answer(&rp->trace, &rp->response, x->dialect,
                     &rp->settings->key, &x->response, &x->end, &left);

    x->left = left;

    dg_facts_usage(&x->usage, &x->request, &x->response, &x->end);
}


/* both: does it pass so far? */

static int
ctl_exchange_head(ctl_replay_t *rp, ctl_exchange_t *x)
{
    if (!x->end.charged) {
        return 1;
    }

    x->exchange.hosting = x->place.hosting;
    x->exchange.relay = x->relay;

    dg_guard_head(rp->store, &x->exchange, &x->rules, rp->now_ms,
                  &x->finding, &x->decision);

    if (ctl_exchange_passes(x)) {
        return 1;
    }

    /* who is refused so early is not listened to */

    memset(&x->request, 0, sizeof(dg_request_facts_t));

    return 0;
}


static int
ctl_exchange_body(ctl_replay_t *rp, ctl_exchange_t *x)
{
    dg_decision_t  decision;

    if (!x->end.charged || !x->request.present) {
        return 1;
    }

    dg_guard_body(rp->store, &x->exchange, &x->rules, &x->request, rp->now_ms,
                  &x->shared, &x->finding, &decision);

    if (decision.verdict > x->decision.verdict) {
        x->decision = decision;
    }

    return ctl_exchange_passes(x);
}


static int
ctl_exchange_passes(const ctl_exchange_t *x)
{
    return x->decision.verdict < DG_THROTTLE || !x->rules.enforce;
}


static void
ctl_exchange_verdict(ctl_replay_t *rp, ctl_exchange_t *x,
    const dg_str_t *label)
{
    if (rp->labels) {
        x->label = ctl_labels_number(rp->labels, label);
        ctl_labels_see(rp->labels, &x->account, x->label);
    }

    if (rp->summary) {
        ctl_summary_verdict(rp->summary, x);
    }

    if (rp->watch) {
        rp->watch(rp->data, rp, x);
    }

    if (rp->out) {
        ctl_print_exchange(rp->out, rp->now_ms, x, label);
    }
}


/* until it ends, which may be at once; what is refused has no answer */

static void
ctl_exchange_fly(ctl_replay_t *rp, ctl_exchange_t *x, unsigned passes)
{
    if (!passes) {
        x->left = 0;
        x->end.status = 0;
        x->end.aborted = 0;
        x->done_ms = rp->now_ms;

        memset(&x->response, 0, sizeof(dg_response_facts_t));
        memset(&x->usage, 0, sizeof(dg_usage_t));

    } else if (!dg_id_none(&x->id)) {
        ctl_flight_open(&rp->flight, x);
        return;

    } else if (x != &rp->passing) {
        ctl_flight_due(&rp->flight, x);
        return;
    }

    ctl_exchange_end(rp, x, x->done_ms);

    if (x != &rp->passing) {
        ctl_flight_give(&rp->flight, x);
    }
}


static void
ctl_exchange_end(ctl_replay_t *rp, ctl_exchange_t *x, uint64_t now_ms)
{
    if (x->end.charged) {
        dg_guard_end(rp->store, &x->exchange, &x->rules, &x->end, x->left,
                     &x->usage, &x->request, &x->response, &x->shared,
                     now_ms);
    }

    if (rp->summary) {
        ctl_summary_end(rp->summary, x);
    }
}
