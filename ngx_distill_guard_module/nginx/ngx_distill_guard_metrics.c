/*
 * Copyright (C) 2026 Distill Guard
 *
 * One table of all metrics, and the two forms in which it is told:
 *
 *     JSON         "zones": {"z": {"tokens": {"input": {"reported": 9}},
 *                  "sync": {"rounds": 3}}}
 *
 *     Prometheus   distill_guard_tokens_total{zone="z",direction="input",
 *                  source="reported"} 9
 *                  distill_guard_sync_rounds_total{zone="z"} 3
 */


#include "ngx_distill_guard_metrics.h"
#include "dg_print.h"


/* more than the longest line of either form takes, less the zone's name */
#define NGX_DISTILL_GUARD_METRICS_LINE  256


typedef enum {
    NGX_DISTILL_GUARD_METRIC_COUNTER = 0,
    NGX_DISTILL_GUARD_METRIC_GAUGE,
    NGX_DISTILL_GUARD_METRIC_HISTOGRAM
} ngx_distill_guard_metric_type_t;


typedef enum {
    NGX_DISTILL_GUARD_METRIC_NUMBER = 0,
    NGX_DISTILL_GUARD_METRIC_MSEC,         /* int64_t, told in seconds */
    NGX_DISTILL_GUARD_METRIC_NSEC,         /* a sum, told in seconds */
    NGX_DISTILL_GUARD_METRIC_STATE         /* ngx_uint_t, told by name */
} ngx_distill_guard_metric_form_t;


/* a label, and the names of its values from the first on */

typedef struct {
    const char                       *name;
    const dg_str_t                   *values;
    ngx_uint_t                        first;
    ngx_uint_t                        n;
    size_t                            step;    /* of names that stand in
                                                  another table; or 0 */
} ngx_distill_guard_label_t;


/*
 * Where a value stands in a snapshot: for label values i and j it is at
 * offset + i * step[0] + j * step[1].  Of a histogram that is a
 * dg_histogram_t for each value of the first label, if it has one; the second
 * are its bounds.
 */

typedef struct {
    const char                       *group;   /* NULL: none */
    const char                       *name;
    const char                       *help;
    ngx_distill_guard_metric_type_t   type;
    ngx_distill_guard_metric_form_t   form;
    size_t                            offset;
    size_t                            size;    /* 4 or 8 */
    const ngx_distill_guard_label_t  *labels[2];
    size_t                            step[2];
} ngx_distill_guard_metric_t;


#define ngx_distill_guard_at(field)                                           \
    offsetof(ngx_distill_guard_snapshot_t, field),                            \
    sizeof(((ngx_distill_guard_snapshot_t *) 0)->field)

#define ngx_distill_guard_counter(group, name, help, field)                   \
    { group, name, help, NGX_DISTILL_GUARD_METRIC_COUNTER,                    \
      NGX_DISTILL_GUARD_METRIC_NUMBER, ngx_distill_guard_at(field),           \
      { NULL, NULL }, { 0, 0 } }

#define ngx_distill_guard_gauge(group, name, help, form, field)               \
    { group, name, help, NGX_DISTILL_GUARD_METRIC_GAUGE,                      \
      NGX_DISTILL_GUARD_METRIC_##form, ngx_distill_guard_at(field),           \
      { NULL, NULL }, { 0, 0 } }

/* of labelled ones, the field is the first value */

#define ngx_distill_guard_by(name, help, type, field, label, step)            \
    { NULL, name, help, NGX_DISTILL_GUARD_METRIC_##type,                      \
      NGX_DISTILL_GUARD_METRIC_NUMBER, ngx_distill_guard_at(field),           \
      { &ngx_distill_guard_##label, NULL }, { step, 0 } }

#define ngx_distill_guard_by_two(name, help, field, one, two, step)           \
    { NULL, name, help, NGX_DISTILL_GUARD_METRIC_COUNTER,                     \
      NGX_DISTILL_GUARD_METRIC_NUMBER, ngx_distill_guard_at(field),           \
      { &ngx_distill_guard_##one, &ngx_distill_guard_##two },                 \
      { step, sizeof(uint64_t) } }


#define ngx_distill_guard_histogram(name, help, form, field, label, bounds)   \
    { NULL, name, help, NGX_DISTILL_GUARD_METRIC_HISTOGRAM,                   \
      NGX_DISTILL_GUARD_METRIC_##form, ngx_distill_guard_at(field),           \
      { label, &ngx_distill_guard_##bounds },                                 \
      { sizeof(dg_histogram_t), sizeof(uint64_t) } }


static ngx_buf_t *ngx_distill_guard_metrics_buf(ngx_pool_t *pool,
    ngx_distill_guard_snapshot_t *zones, ngx_uint_t n);
static ngx_uint_t ngx_distill_guard_metric_samples(
    const ngx_distill_guard_metric_t *m);
static void ngx_distill_guard_json_zone(ngx_buf_t *b,
    ngx_distill_guard_snapshot_t *zone);
static void ngx_distill_guard_json_metric(ngx_buf_t *b,
    const ngx_distill_guard_metric_t *m, ngx_distill_guard_snapshot_t *zone);
static void ngx_distill_guard_json_histogram(ngx_buf_t *b,
    const ngx_distill_guard_metric_t *m, dg_histogram_t *h);
static void ngx_distill_guard_prometheus_histogram(ngx_buf_t *b,
    const ngx_distill_guard_metric_t *m, ngx_distill_guard_snapshot_t *zone,
    ngx_uint_t i);
static void ngx_distill_guard_histogram_sum(ngx_buf_t *b,
    const ngx_distill_guard_metric_t *m, dg_histogram_t *h);
static const dg_str_t *ngx_distill_guard_label_value(
    const ngx_distill_guard_label_t *label, ngx_uint_t i);
static void ngx_distill_guard_json_name(ngx_buf_t *b, const char *name,
    size_t len);
static void ngx_distill_guard_prometheus_metric(ngx_buf_t *b,
    const ngx_distill_guard_metric_t *m, ngx_distill_guard_snapshot_t *zone);
static void ngx_distill_guard_prometheus_states(ngx_buf_t *b,
    const ngx_distill_guard_metric_t *m, ngx_distill_guard_snapshot_t *zone);
static void ngx_distill_guard_prometheus_head(ngx_buf_t *b,
    const ngx_distill_guard_metric_t *m);
static void ngx_distill_guard_prometheus_name(ngx_buf_t *b,
    const ngx_distill_guard_metric_t *m);
static void ngx_distill_guard_prometheus_labels(ngx_buf_t *b,
    const ngx_distill_guard_metric_t *m, ngx_distill_guard_snapshot_t *zone,
    const char *suffix, ngx_uint_t labels, ngx_uint_t i, ngx_uint_t j);
static void ngx_distill_guard_metric_value(ngx_buf_t *b,
    const ngx_distill_guard_metric_t *m, u_char *p);
static ngx_uint_t ngx_distill_guard_metric_known(
    const ngx_distill_guard_metric_t *m, u_char *p);
static ngx_uint_t ngx_distill_guard_metric_state(
    const ngx_distill_guard_metric_t *m, ngx_distill_guard_snapshot_t *zone);
static u_char *ngx_distill_guard_metric_at(
    const ngx_distill_guard_metric_t *m, ngx_distill_guard_snapshot_t *zone,
    ngx_uint_t i, ngx_uint_t j);


static const dg_str_t  ngx_distill_guard_segment_names[DG_SEGMENTS] = {
    dg_string("probation"),
    dg_string("proven"),
    dg_string("convicted")
};


static const dg_str_t  ngx_distill_guard_mode_names[2] = {
    dg_string("enforced"),
    dg_string("dry_run")
};


static const dg_str_t  ngx_distill_guard_stepper_names[2] = {
    dg_string("account"),
    dg_string("campaign")
};


static const dg_str_t  ngx_distill_guard_direction_names[2] = {
    dg_string("input"),
    dg_string("output")
};


static const dg_str_t  ngx_distill_guard_state_names[] = {
    dg_string("off"),
    dg_string("connecting"),
    dg_string("up"),
    dg_string("down")
};


static const ngx_distill_guard_label_t  ngx_distill_guard_kind = {
    "kind", dg_kinds, DG_KIND_KEY, DG_KINDS, 0
};

static const ngx_distill_guard_label_t  ngx_distill_guard_decision = {
    "decision", dg_rulings, DG_RULING_BLOCK, DG_RULINGS, 0
};

static const ngx_distill_guard_label_t  ngx_distill_guard_decided = {
    "kind", dg_kinds, DG_KIND_KEY, DG_NAMED_KINDS, 0
};

static const ngx_distill_guard_label_t  ngx_distill_guard_metric = {
    "metric", dg_metrics, 0, DG_METRICS, 0
};

static const ngx_distill_guard_label_t  ngx_distill_guard_verdict = {
    "verdict", dg_verdicts, 0, DG_VERDICTS, 0
};

static const ngx_distill_guard_label_t  ngx_distill_guard_stepper = {
    "subject", ngx_distill_guard_stepper_names, 0, 2, 0
};

static const ngx_distill_guard_label_t  ngx_distill_guard_source = {
    "source", dg_sources, DG_SOURCE_REPORTED, DG_SOURCES, 0
};

static const ngx_distill_guard_label_t  ngx_distill_guard_segment = {
    "segment", ngx_distill_guard_segment_names, 0, DG_SEGMENTS, 0
};

static const ngx_distill_guard_label_t  ngx_distill_guard_mode = {
    "mode", ngx_distill_guard_mode_names, 0, 2, 0
};

static const ngx_distill_guard_label_t  ngx_distill_guard_direction = {
    "direction", ngx_distill_guard_direction_names, 0, 2, 0
};

static const ngx_distill_guard_label_t  ngx_distill_guard_state = {
    "state", ngx_distill_guard_state_names, 0,
    dg_nelts(ngx_distill_guard_state_names), 0
};


static const ngx_distill_guard_label_t  ngx_distill_guard_cause = {
    "reason", dg_causes, 0, DG_CAUSES, 0
};

static const ngx_distill_guard_label_t  ngx_distill_guard_signal = {
    "signal", &dg_signals[0].name, 0, DG_SIGNALS, sizeof(dg_signal_desc_t)
};

static const ngx_distill_guard_label_t  ngx_distill_guard_stage = {
    "stage", ngx_distill_guard_stages, 0, NGX_DISTILL_GUARD_STAGES, 0
};

static const ngx_distill_guard_label_t  ngx_distill_guard_scores = {
    "le", dg_score_bounds, 0, DG_HISTOGRAM, 0
};

static const ngx_distill_guard_label_t  ngx_distill_guard_times = {
    "le", ngx_distill_guard_bound_names, 0, DG_HISTOGRAM, 0
};


/* metrics of one group stand together */

static const ngx_distill_guard_metric_t  ngx_distill_guard_metrics[] = {

    ngx_distill_guard_gauge(NULL, "start_time_seconds",
        "When counting began, in Unix time.",
        NUMBER, store.created),

    ngx_distill_guard_gauge("memory", "size_bytes",
        "Size of the zone's memory for subjects.",
        NUMBER, store.size),
    ngx_distill_guard_gauge("memory", "used_bytes",
        "Part of it that is in use.",
        NUMBER, used),
    ngx_distill_guard_gauge("memory", "subjects",
        "Subjects there is room for.",
        NUMBER, arena.ncells),

    ngx_distill_guard_by("subjects",
        "Subjects remembered.",
        GAUGE, store.kinds[0], kind, sizeof(uint32_t)),
    ngx_distill_guard_by("segment_subjects",
        "Subjects by how they stand: probation until the upstream accepts "
        "them, convicted with a standing verdict.",
        GAUGE, arena.queue[0].n, segment, sizeof(dg_queue_t)),
    ngx_distill_guard_by("evictions",
        "Subjects forgotten to make room for others.",
        COUNTER, arena.queue[0].evicted, segment, sizeof(dg_queue_t)),
    ngx_distill_guard_counter(NULL, "cell_failures",
        "Subjects not remembered because all others are convicted.",
        arena.refused),

    ngx_distill_guard_by_two("verdicts",
        "Exchanges by verdict; dry_run was not enforced.",
        store.stats.verdicts[0][0], verdict, mode, 2 * sizeof(uint64_t)),
    ngx_distill_guard_by_two("requests",
        "Exchanges by verdict, enforced or not, and what led to it.",
        store.stats.requests[0][0], verdict, cause,
        DG_CAUSES * sizeof(uint64_t)),
    ngx_distill_guard_histogram("score",
        "Scores of requests, with what their bodies add.",
        NUMBER, store.stats.scores, NULL, scores),
    ngx_distill_guard_by("signal_firings",
        "Requests to whose score a signal gave points.",
        COUNTER, store.stats.fired[0], signal, sizeof(uint64_t)),
    ngx_distill_guard_histogram("stage_seconds",
        "What the guard itself takes of one request in 64, by stage; lock is "
        "waiting for it at the end.",
        NSEC, stages[0], &ngx_distill_guard_stage, times),
    ngx_distill_guard_by_two("refusals",
        "Exchanges over a limit, enforced or not, by the limit's subject and "
        "metric.",
        store.stats.refused[0][0], kind, metric,
        DG_METRICS * sizeof(uint64_t)),

    ngx_distill_guard_counter(NULL, "content_refusals",
        "Exchanges with a content that was just refused to somebody else, "
        "enforced or not.",
        contents),

    ngx_distill_guard_gauge(NULL, "campaigns",
        "Campaigns remembered, with those since found to be part of others.",
        NUMBER, campaigns),
    ngx_distill_guard_counter(NULL, "campaign_waits",
        "Times an account was to join a campaign that had grown by too many "
        "within the hour.",
        store.stats.held),
    { NULL, "steps",
      "Steps of accounts and campaigns on the ladder, by the rung they came "
      "to.",
      NGX_DISTILL_GUARD_METRIC_COUNTER, NGX_DISTILL_GUARD_METRIC_NUMBER,
      ngx_distill_guard_at(store.stats.steps[0][0]),
      { &ngx_distill_guard_stepper, &ngx_distill_guard_verdict },
      { DG_VERDICTS * sizeof(uint64_t), sizeof(uint64_t) } },
    ngx_distill_guard_counter(NULL, "steps_lost",
        "Of these, not handed over to Redis: there were too many while it was "
        "away.",
        store.stats.steps_lost),
    ngx_distill_guard_gauge(NULL, "templates",
        "Templates remembered.",
        NUMBER, templates),
    ngx_distill_guard_gauge(NULL, "profiles",
        "Accounts whose ways are remembered.",
        NUMBER, profiles),

    { NULL, "decisions",
      "Decisions of operators in force, by what is decided and on what kind "
      "of subject.",
      NGX_DISTILL_GUARD_METRIC_GAUGE, NGX_DISTILL_GUARD_METRIC_NUMBER,
      ngx_distill_guard_at(store.rulings[0][0]),
      { &ngx_distill_guard_decision, &ngx_distill_guard_decided },
      { DG_NAMED_KINDS * sizeof(uint32_t), sizeof(uint32_t) } },
    ngx_distill_guard_gauge(NULL, "decisions_room",
        "Decisions there is room for.",
        NUMBER, rulings),
    ngx_distill_guard_counter(NULL, "decision_failures",
        "Times a decision was heard of that there was no room for.",
        unruled),

    ngx_distill_guard_counter(NULL, "exchanges",
        "Exchanges admitted that have ended.",
        store.stats.exchanges),
    ngx_distill_guard_counter(NULL, "exchanges_aborted",
        "Of these, cut off by the client or the upstream.",
        store.stats.aborted),
    ngx_distill_guard_counter(NULL, "exchanges_failed",
        "Of these, not answered with success.",
        store.stats.failed),
    ngx_distill_guard_by_two("tokens",
        "Tokens charged, reported by the upstream or estimated.",
        store.stats.tokens[0][0], direction, source,
        DG_SOURCES * sizeof(uint64_t)),
    ngx_distill_guard_counter(NULL, "malformed_bodies",
        "Request bodies that were not the JSON they should be.",
        store.stats.malformed),
    ngx_distill_guard_counter(NULL, "unread_answers",
        "Answers of a form that could not be read.",
        store.stats.unread),
    ngx_distill_guard_counter(NULL, "unsent_subjects",
        "Subjects forgotten before Redis knew all of them.",
        store.stats.unsent),
    ngx_distill_guard_counter(NULL, "repairs",
        "Times the zone was found damaged and was cleared.",
        store.stats.mended),

    { "sync", "state",
      "How the node's talk with Redis goes.",
      NGX_DISTILL_GUARD_METRIC_GAUGE, NGX_DISTILL_GUARD_METRIC_STATE,
      ngx_distill_guard_at(sync.state),
      { &ngx_distill_guard_state, NULL }, { 0, 0 } },
    ngx_distill_guard_gauge("sync", "age_seconds",
        "Since the last complete round with Redis.",
        MSEC, age),
    ngx_distill_guard_gauge("sync", "lag_seconds",
        "What the last complete round took.",
        MSEC, lag),
    ngx_distill_guard_gauge("sync", "skew_seconds",
        "The clock of Redis less this node's.",
        MSEC, sync.skew),
    ngx_distill_guard_gauge("sync", "pending_subjects",
        "Subjects with counts that Redis has not been told.",
        NUMBER, store.ndirty),
    ngx_distill_guard_counter("sync", "rounds",
        "Complete rounds with Redis.",
        sync.rounds),
    ngx_distill_guard_counter("sync", "reports",
        "Subjects told to Redis.",
        sync.reports),
    ngx_distill_guard_counter("sync", "connects",
        "Connections made to Redis.",
        sync.connects),
    ngx_distill_guard_counter("sync", "failures",
        "Connections to Redis lost or not made.",
        sync.failures),
    ngx_distill_guard_counter("sync", "errors",
        "Replies of Redis that were errors.",
        sync.errors),
    ngx_distill_guard_counter("sync", "sent_bytes",
        "Sent to Redis.",
        sync.bytes_sent),
    ngx_distill_guard_counter("sync", "received_bytes",
        "Received from Redis.",
        sync.bytes_received)
};


ngx_buf_t *
ngx_distill_guard_metrics_json(ngx_pool_t *pool,
    ngx_distill_guard_snapshot_t *zones, ngx_uint_t n)
{
    ngx_buf_t   *b;
    ngx_uint_t   i;

    b = ngx_distill_guard_metrics_buf(pool, zones, n);
    if (b == NULL) {
        return NULL;
    }

    b->last = ngx_slprintf(b->last, b->end, "{\"version\":\"%s\",\"zones\":{",
                           NGX_DISTILL_GUARD_VERSION);

    for (i = 0; i < n; i++) {
        ngx_distill_guard_json_zone(b, &zones[i]);
    }

    b->last = ngx_slprintf(b->last, b->end, "}}\n");

    return b;
}


/* a family's samples stand together, so the zones are within */

ngx_buf_t *
ngx_distill_guard_metrics_prometheus(ngx_pool_t *pool,
    ngx_distill_guard_snapshot_t *zones, ngx_uint_t n)
{
    u_char                             node[DG_ID_TEXT];
    ngx_buf_t                         *b;
    ngx_uint_t                         i, z;
    const ngx_distill_guard_metric_t  *m;

    b = ngx_distill_guard_metrics_buf(pool, zones, n);
    if (b == NULL) {
        return NULL;
    }

    b->last = ngx_slprintf(b->last, b->end,
                           "# HELP distill_guard_node_info The node of a zone "
                           "and the version of the module.\n"
                           "# TYPE distill_guard_node_info gauge\n");

    for (z = 0; z < n; z++) {
        dg_id_text(node, &zones[z].store.node);

        b->last = ngx_slprintf(b->last, b->end,
                               "distill_guard_node_info{zone=\"%V\","
                               "node=\"%*s\",version=\"%s\"} 1\n",
                               &zones[z].name, (size_t) DG_ID_TEXT, node,
                               NGX_DISTILL_GUARD_VERSION);
    }

    for (i = 0; i < dg_nelts(ngx_distill_guard_metrics); i++) {
        m = &ngx_distill_guard_metrics[i];

        ngx_distill_guard_prometheus_head(b, m);

        for (z = 0; z < n; z++) {
            ngx_distill_guard_prometheus_metric(b, m, &zones[z]);
        }
    }

    return b;
}


static ngx_buf_t *
ngx_distill_guard_metrics_buf(ngx_pool_t *pool,
    ngx_distill_guard_snapshot_t *zones, ngx_uint_t n)
{
    size_t                             size, lines;
    ngx_uint_t                         i;
    const ngx_distill_guard_metric_t  *m;

    size = 2 * NGX_DISTILL_GUARD_METRICS_LINE;
    lines = 2;

    for (i = 0; i < dg_nelts(ngx_distill_guard_metrics); i++) {
        m = &ngx_distill_guard_metrics[i];

        size += NGX_DISTILL_GUARD_METRICS_LINE + ngx_strlen(m->help);
        lines += 1 + ngx_distill_guard_metric_samples(m);
    }

    for (i = 0; i < n; i++) {
        size += lines * (NGX_DISTILL_GUARD_METRICS_LINE + zones[i].name.len);
    }

    return ngx_create_temp_buf(pool, size);
}


static ngx_uint_t
ngx_distill_guard_metric_samples(const ngx_distill_guard_metric_t *m)
{
    ngx_uint_t  i, n;

    n = 1;

    for (i = 0; i < 2; i++) {
        if (m->labels[i]) {
            n *= 1 + m->labels[i]->n;
        }
    }

    /* each histogram has a sum and a count, too */

    return m->type == NGX_DISTILL_GUARD_METRIC_HISTOGRAM ? 2 * n : n;
}


static void
ngx_distill_guard_json_zone(ngx_buf_t *b, ngx_distill_guard_snapshot_t *zone)
{
    u_char                             node[DG_ID_TEXT];
    ngx_uint_t                         i;
    const char                        *group;
    const ngx_distill_guard_metric_t  *m;

    ngx_distill_guard_json_name(b, (char *) zone->name.data, zone->name.len);

    dg_id_text(node, &zone->store.node);
    b->last = ngx_slprintf(b->last, b->end, "{\"node\":\"%*s\"",
                           (size_t) DG_ID_TEXT, node);

    group = NULL;

    for (i = 0; i < dg_nelts(ngx_distill_guard_metrics); i++) {
        m = &ngx_distill_guard_metrics[i];

        if (group && (m->group == NULL || ngx_strcmp(group, m->group) != 0)) {
            b->last = ngx_slprintf(b->last, b->end, "}");
            group = NULL;
        }

        if (m->group && group == NULL) {
            group = m->group;
            ngx_distill_guard_json_name(b, group, ngx_strlen(group));
            b->last = ngx_slprintf(b->last, b->end, "{");
        }

        ngx_distill_guard_json_name(b, m->name, ngx_strlen(m->name));
        ngx_distill_guard_json_metric(b, m, zone);
    }

    b->last = ngx_slprintf(b->last, b->end, group ? "}}" : "}");
}


static void
ngx_distill_guard_json_metric(ngx_buf_t *b,
    const ngx_distill_guard_metric_t *m, ngx_distill_guard_snapshot_t *zone)
{
    ngx_uint_t                        i, j;
    const dg_str_t                   *s;
    const ngx_distill_guard_label_t  *one, *two;

    one = m->labels[0];
    two = m->labels[1];

    if (one == NULL && m->type == NGX_DISTILL_GUARD_METRIC_HISTOGRAM) {
        ngx_distill_guard_json_histogram(b, m, (dg_histogram_t *)
                                 ngx_distill_guard_metric_at(m, zone, 0, 0));
        return;
    }

    if (one == NULL) {
        ngx_distill_guard_metric_value(b, m,
                                 ngx_distill_guard_metric_at(m, zone, 0, 0));
        return;
    }

    if (m->form == NGX_DISTILL_GUARD_METRIC_STATE) {
        s = &one->values[ngx_distill_guard_metric_state(m, zone)];
        b->last = ngx_slprintf(b->last, b->end, "\"%*s\"", s->len, s->data);
        return;
    }

    b->last = ngx_slprintf(b->last, b->end, "{");

    for (i = one->first; i < one->n; i++) {
        s = ngx_distill_guard_label_value(one, i);
        ngx_distill_guard_json_name(b, (char *) s->data, s->len);

        if (m->type == NGX_DISTILL_GUARD_METRIC_HISTOGRAM) {
            ngx_distill_guard_json_histogram(b, m, (dg_histogram_t *)
                                 ngx_distill_guard_metric_at(m, zone, i, 0));
            continue;
        }

        if (two == NULL) {
            ngx_distill_guard_metric_value(b, m,
                                 ngx_distill_guard_metric_at(m, zone, i, 0));
            continue;
        }

        b->last = ngx_slprintf(b->last, b->end, "{");

        for (j = two->first; j < two->n; j++) {
            s = ngx_distill_guard_label_value(two, j);
            ngx_distill_guard_json_name(b, (char *) s->data, s->len);
            ngx_distill_guard_metric_value(b, m,
                                 ngx_distill_guard_metric_at(m, zone, i, j));
        }

        b->last = ngx_slprintf(b->last, b->end, "}");
    }

    b->last = ngx_slprintf(b->last, b->end, "}");
}


/* {"le": {"0": 7, "10": 9, ...}, "sum": 20, "count": 9} */

static void
ngx_distill_guard_json_histogram(ngx_buf_t *b,
    const ngx_distill_guard_metric_t *m, dg_histogram_t *h)
{
    uint64_t         n;
    ngx_uint_t       i;
    const dg_str_t  *s;

    b->last = ngx_slprintf(b->last, b->end, "{\"le\":{");

    for (n = 0, i = 0; i < DG_HISTOGRAM; i++) {
        n += h->n[i];
        s = ngx_distill_guard_label_value(m->labels[1], i);
        ngx_distill_guard_json_name(b, (char *) s->data, s->len);
        b->last = ngx_slprintf(b->last, b->end, "%uL", n);
    }

    b->last = ngx_slprintf(b->last, b->end, "},\"sum\":");
    ngx_distill_guard_histogram_sum(b, m, h);
    b->last = ngx_slprintf(b->last, b->end, ",\"count\":%uL}", n);
}


static void
ngx_distill_guard_histogram_sum(ngx_buf_t *b,
    const ngx_distill_guard_metric_t *m, dg_histogram_t *h)
{
    if (m->form == NGX_DISTILL_GUARD_METRIC_NSEC) {
        b->last = ngx_slprintf(b->last, b->end, "%uL.%09uL",
                               h->sum / 1000000000, h->sum % 1000000000);
        return;
    }

    b->last = ngx_slprintf(b->last, b->end, "%uL", h->sum);
}


static const dg_str_t *
ngx_distill_guard_label_value(const ngx_distill_guard_label_t *label,
    ngx_uint_t i)
{
    return (const dg_str_t *) ((const u_char *) label->values
                               + i * (label->step ? label->step
                                                  : sizeof(dg_str_t)));
}


/* a comma first, but not behind an opening brace */

static void
ngx_distill_guard_json_name(ngx_buf_t *b, const char *name, size_t len)
{
    b->last = ngx_slprintf(b->last, b->end, "%s\"%*s\":",
                           b->last[-1] == '{' ? "" : ",", len, name);
}


static void
ngx_distill_guard_prometheus_metric(ngx_buf_t *b,
    const ngx_distill_guard_metric_t *m, ngx_distill_guard_snapshot_t *zone)
{
    u_char                           *p;
    ngx_uint_t                        i, j, first[2], n[2];
    const ngx_distill_guard_label_t  *label;

    if (m->form == NGX_DISTILL_GUARD_METRIC_STATE) {
        ngx_distill_guard_prometheus_states(b, m, zone);
        return;
    }

    for (i = 0; i < 2; i++) {
        label = m->labels[i];
        first[i] = label ? label->first : 0;
        n[i] = label ? label->n : 1;
    }

    for (i = first[0]; i < n[0]; i++) {

        if (m->type == NGX_DISTILL_GUARD_METRIC_HISTOGRAM) {
            ngx_distill_guard_prometheus_histogram(b, m, zone, i);
            continue;
        }

        for (j = first[1]; j < n[1]; j++) {
            p = ngx_distill_guard_metric_at(m, zone, i, j);

            if (!ngx_distill_guard_metric_known(m, p)) {
                continue;
            }

            ngx_distill_guard_prometheus_labels(b, m, zone, "", 2, i, j);
            ngx_distill_guard_metric_value(b, m, p);
            b->last = ngx_slprintf(b->last, b->end, "\n");
        }
    }
}


static void
ngx_distill_guard_prometheus_histogram(ngx_buf_t *b,
    const ngx_distill_guard_metric_t *m, ngx_distill_guard_snapshot_t *zone,
    ngx_uint_t i)
{
    uint64_t         n;
    ngx_uint_t       k;
    dg_histogram_t  *h;

    h = (dg_histogram_t *) ngx_distill_guard_metric_at(m, zone, i, 0);

    for (n = 0, k = 0; k < DG_HISTOGRAM; k++) {
        n += h->n[k];
        ngx_distill_guard_prometheus_labels(b, m, zone, "_bucket", 2, i, k);
        b->last = ngx_slprintf(b->last, b->end, "%uL\n", n);
    }

    ngx_distill_guard_prometheus_labels(b, m, zone, "_sum", 1, i, 0);
    ngx_distill_guard_histogram_sum(b, m, h);
    b->last = ngx_slprintf(b->last, b->end, "\n");

    ngx_distill_guard_prometheus_labels(b, m, zone, "_count", 1, i, 0);
    b->last = ngx_slprintf(b->last, b->end, "%uL\n", n);
}


/* a sample for each state, 1 for the one that is */

static void
ngx_distill_guard_prometheus_states(ngx_buf_t *b,
    const ngx_distill_guard_metric_t *m, ngx_distill_guard_snapshot_t *zone)
{
    ngx_uint_t  i, state;

    state = ngx_distill_guard_metric_state(m, zone);

    for (i = 0; i < m->labels[0]->n; i++) {
        ngx_distill_guard_prometheus_labels(b, m, zone, "", 2, i, 0);
        b->last = ngx_slprintf(b->last, b->end, "%d\n", i == state);
    }
}


static void
ngx_distill_guard_prometheus_head(ngx_buf_t *b,
    const ngx_distill_guard_metric_t *m)
{
    static const char  *types[] = { "counter", "gauge", "histogram" };

    b->last = ngx_slprintf(b->last, b->end, "# HELP ");
    ngx_distill_guard_prometheus_name(b, m);
    b->last = ngx_slprintf(b->last, b->end, " %s\n# TYPE ", m->help);
    ngx_distill_guard_prometheus_name(b, m);
    b->last = ngx_slprintf(b->last, b->end, " %s\n",
                           types[m->type]);
}


static void
ngx_distill_guard_prometheus_name(ngx_buf_t *b,
    const ngx_distill_guard_metric_t *m)
{
    b->last = ngx_slprintf(b->last, b->end, "distill_guard_%s%s%s%s",
                           m->group ? m->group : "",
                           m->group ? "_" : "", m->name,
                           m->type == NGX_DISTILL_GUARD_METRIC_COUNTER
                           ? "_total" : "");
}


static void
ngx_distill_guard_prometheus_labels(ngx_buf_t *b,
    const ngx_distill_guard_metric_t *m, ngx_distill_guard_snapshot_t *zone,
    const char *suffix, ngx_uint_t labels, ngx_uint_t i, ngx_uint_t j)
{
    ngx_uint_t                        n, at[2];
    const dg_str_t                   *s;
    const ngx_distill_guard_label_t  *label;

    at[0] = i;
    at[1] = j;

    ngx_distill_guard_prometheus_name(b, m);
    b->last = ngx_slprintf(b->last, b->end, "%s{zone=\"%V\"", suffix,
                           &zone->name);

    for (n = 0; n < labels; n++) {
        label = m->labels[n];

        if (label) {
            s = ngx_distill_guard_label_value(label, at[n]);
            b->last = ngx_slprintf(b->last, b->end, ",%s=\"%*s\"",
                                   label->name, s->len, s->data);
        }
    }

    b->last = ngx_slprintf(b->last, b->end, "} ");
}


static void
ngx_distill_guard_metric_value(ngx_buf_t *b,
    const ngx_distill_guard_metric_t *m, u_char *p)
{
    int64_t   ms;
    uint32_t  small;
    uint64_t  n;

    if (m->form == NGX_DISTILL_GUARD_METRIC_MSEC) {

        if (!ngx_distill_guard_metric_known(m, p)) {
            b->last = ngx_slprintf(b->last, b->end, "null");
            return;
        }

        ngx_memcpy(&ms, p, sizeof(ms));
        b->last = ngx_slprintf(b->last, b->end, "%s%L.%03L",
                               ms < 0 ? "-" : "", ngx_abs(ms / 1000),
                               ngx_abs(ms % 1000));
        return;
    }

    if (m->size == sizeof(uint32_t)) {
        ngx_memcpy(&small, p, sizeof(small));
        n = small;

    } else {
        ngx_memcpy(&n, p, sizeof(n));
    }

    b->last = ngx_slprintf(b->last, b->end, "%uL", n);
}


static ngx_uint_t
ngx_distill_guard_metric_known(const ngx_distill_guard_metric_t *m, u_char *p)
{
    int64_t  ms;

    if (m->form != NGX_DISTILL_GUARD_METRIC_MSEC) {
        return 1;
    }

    ngx_memcpy(&ms, p, sizeof(ms));

    return ms != NGX_DISTILL_GUARD_UNKNOWN;
}


static ngx_uint_t
ngx_distill_guard_metric_state(const ngx_distill_guard_metric_t *m,
    ngx_distill_guard_snapshot_t *zone)
{
    ngx_uint_t  state;

    ngx_memcpy(&state, ngx_distill_guard_metric_at(m, zone, 0, 0),
               sizeof(state));

    return ngx_min(state, m->labels[0]->n - 1);
}


static u_char *
ngx_distill_guard_metric_at(const ngx_distill_guard_metric_t *m,
    ngx_distill_guard_snapshot_t *zone, ngx_uint_t i, ngx_uint_t j)
{
    return (u_char *) zone + m->offset + i * m->step[0] + j * m->step[1];
}
