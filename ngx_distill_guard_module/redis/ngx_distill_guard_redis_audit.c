/*
 * Copyright (C) 2026 Distill Guard
 *
 * Steps on the ladder, as they are handed over to a stream for whoever audits.
 *
 * They wait in the zone's ring while Redis is away, as far as that reaches.
 * What was sent and not answered is sent again, so that one may stand there
 * twice, and none is missing.
 */


#include "ngx_distill_guard_redis.h"
#include "dg_event.h"
#include "dg_print.h"


#define NGX_DISTILL_GUARD_REDIS_STEPS      16   /* of a node, in a round */

/* arguments of a command, and bytes that any takes */
#define NGX_DISTILL_GUARD_REDIS_STEP_ARGS  30
#define NGX_DISTILL_GUARD_REDIS_STEP_SIZE  (1024 + DG_EVENT_REASONS)

/* milliseconds */
#define NGX_DISTILL_GUARD_REDIS_AUDIT_KEEP 60000


static void ngx_distill_guard_redis_audit_node(
    ngx_distill_guard_redis_node_t *node);
static ngx_int_t ngx_distill_guard_redis_audit_add(
    ngx_distill_guard_redis_node_t *node, const dg_step_t *step);
static void ngx_distill_guard_redis_audit_handler(void *data, void *item,
    redisReply *reply);
static void ngx_distill_guard_redis_audit_keep(
    ngx_distill_guard_redis_sync_t *sync);
static void ngx_distill_guard_redis_audit_keep_handler(void *data,
    void *item, redisReply *reply);
static ngx_uint_t ngx_distill_guard_redis_audit_good(
    ngx_distill_guard_redis_sync_t *sync, redisReply *reply);
static void ngx_distill_guard_redis_audit_key(
    ngx_distill_guard_redis_sync_t *sync, ngx_str_t *key, u_char *buf);


void
ngx_distill_guard_redis_audit_open(ngx_distill_guard_redis_sync_t *sync)
{
    ngx_uint_t                       i;
    ngx_distill_guard_redis_node_t  *node;

    for (i = 0; i < sync->nnodes; i++) {
        node = &sync->nodes[i];

        dg_store_steps(ngx_distill_guard_lock(node->zone))->open = 1;
        ngx_distill_guard_unlock(node->zone);
    }
}


void
ngx_distill_guard_redis_audit(ngx_distill_guard_redis_sync_t *sync)
{
    uint64_t                           now;
    ngx_uint_t                         i;
    ngx_distill_guard_redis_audit_t   *audit;

    audit = &sync->audit;
    now = ngx_distill_guard_now();

    if (ngx_distill_guard_redis_barred(&audit->right, now)) {
        return;
    }

    for (i = 0; i < sync->nnodes; i++) {
        ngx_distill_guard_redis_audit_node(&sync->nodes[i]);
    }

    if (audit->added
        && (now >= audit->kept + NGX_DISTILL_GUARD_REDIS_AUDIT_KEEP
            || now < audit->kept))
    {
        audit->added = 0;
        audit->kept = now;
        ngx_distill_guard_redis_audit_keep(sync);
    }
}


static void
ngx_distill_guard_redis_audit_node(ngx_distill_guard_redis_node_t *node)
{
    size_t       room;
    unsigned     i, n;
    dg_step_t    step[NGX_DISTILL_GUARD_REDIS_STEPS];
    dg_steps_t  *steps;
    ngx_uint_t   replies;

    if (node->auditing) {
        return;
    }

    steps = dg_store_steps(ngx_distill_guard_lock(node->zone));

    n = dg_steps_read(steps, steps->first, step,
                      NGX_DISTILL_GUARD_REDIS_STEPS, &node->audited);

    ngx_distill_guard_unlock(node->zone);

    node->unaudited = 0;

    for (i = 0; i < n; i++) {
        room = ngx_distill_guard_redis_route_room(node->sync, &replies);

        if (room < NGX_DISTILL_GUARD_REDIS_STEP_SIZE || replies == 0
            || ngx_distill_guard_redis_audit_add(node, &step[i]) != NGX_OK)
        {
            return;
        }

        node->auditing++;
    }
}


static ngx_int_t
ngx_distill_guard_redis_audit_add(ngx_distill_guard_redis_node_t *node,
    const dg_step_t *step)
{
    u_char      buf[NGX_DISTILL_GUARD_REDIS_KEY_MAX], id[DG_ID_TEXT];
    u_char      subject[DG_RULING_SUBJECT], campaign[DG_ID_TEXT];
    u_char      score[DG_PRINT_U64], until[DG_PRINT_U64], time[DG_PRINT_U64];
    u_char      reasons[DG_EVENT_REASONS], entries[DG_PRINT_U64];
    ngx_str_t   args[NGX_DISTILL_GUARD_REDIS_STEP_ARGS];
    ngx_uint_t  n;

#define ngx_distill_guard_redis_field(field, text, end)                       \
    ngx_str_set(&args[n], field);                                             \
    args[n + 1].data = (text);                                                \
    args[n + 1].len = (end) - args[n + 1].data;                               \
    n += 2

    ngx_str_set(&args[0], "XADD");
    ngx_distill_guard_redis_audit_key(node->sync, &args[1], buf);
    ngx_str_set(&args[2], "MAXLEN");
    ngx_str_set(&args[3], "~");
    args[4].data = entries;
    args[4].len = dg_print_u64(entries, DG_SCHEMA_STREAM) - entries;
    ngx_str_set(&args[5], "*");
    n = 6;

    ngx_distill_guard_redis_field(DG_SCHEMA_WHAT, (u_char *) DG_SCHEMA_STEP,
                         args[n + 1].data + sizeof(DG_SCHEMA_STEP) - 1);
    ngx_distill_guard_redis_field(DG_SCHEMA_SUBJECT, subject,
                         dg_ruling_subject_text(subject, step->kind,
                                                &step->id));
    ngx_distill_guard_redis_field(DG_SCHEMA_FROM,
                         (u_char *) dg_verdicts[step->from].data,
                         args[n + 1].data + dg_verdicts[step->from].len);
    ngx_distill_guard_redis_field(DG_SCHEMA_TO,
                         (u_char *) dg_verdicts[step->to].data,
                         args[n + 1].data + dg_verdicts[step->to].len);
    ngx_distill_guard_redis_field(DG_SCHEMA_DRY_RUN,
                         (u_char *) (step->dry_run ? "1" : "0"),
                         args[n + 1].data + 1);
    ngx_distill_guard_redis_field(DG_SCHEMA_SCORE, score,
                         dg_print_u64(score, step->score));
    ngx_distill_guard_redis_field(DG_SCHEMA_REASONS, reasons,
                         dg_step_reasons(reasons, step));
    ngx_distill_guard_redis_field(DG_SCHEMA_UNTIL, until,
                         dg_print_u64(until, step->until));
    ngx_distill_guard_redis_field(DG_SCHEMA_TIME, time,
                         dg_print_u64(time, step->time));
    ngx_distill_guard_redis_field(DG_SCHEMA_FOUND, id,
                         id + NGX_DISTILL_GUARD_REDIS_ID);

    (void) dg_id_text(id, &node->node);

    if (!dg_id_none(&step->campaign)) {
        ngx_distill_guard_redis_field(DG_SCHEMA_CAMPAIGN, campaign,
                         dg_id_text(campaign, &step->campaign));
    }

#undef ngx_distill_guard_redis_field

    node->sync->audit.added = 1;

    return ngx_distill_guard_redis_send(node->sync, &args[1],
                                        ngx_distill_guard_redis_audit_handler,
                                        node, n, args);
}


/* in the order in which they were sent; from the first that failed on all go
   again */

static void
ngx_distill_guard_redis_audit_handler(void *data, void *item,
    redisReply *reply)
{
    ngx_distill_guard_redis_sync_t *sync = data;
    ngx_distill_guard_redis_node_t *node = item;

    node->auditing--;

    if (!ngx_distill_guard_redis_audit_good(sync, reply)) {
        node->unaudited = 1;

    } else if (!node->unaudited) {
        node->audited++;

        dg_steps_told(dg_store_steps(ngx_distill_guard_lock(node->zone)),
                      node->audited);
        ngx_distill_guard_unlock(node->zone);
    }

    ngx_distill_guard_redis_answered(sync);
}


static void
ngx_distill_guard_redis_audit_keep(ngx_distill_guard_redis_sync_t *sync)
{
    u_char     buf[NGX_DISTILL_GUARD_REDIS_KEY_MAX], keep[DG_PRINT_U64];
    ngx_str_t  args[3];

    ngx_str_set(&args[0], "EXPIRE");
    ngx_distill_guard_redis_audit_key(sync, &args[1], buf);
    args[2].data = keep;
    args[2].len = dg_print_u64(keep, DG_SCHEMA_KEEP) - keep;

    (void) ngx_distill_guard_redis_send(sync, &args[1],
                                   ngx_distill_guard_redis_audit_keep_handler,
                                   NULL, 3, args);
}


static void
ngx_distill_guard_redis_audit_keep_handler(void *data, void *item,
    redisReply *reply)
{
    ngx_distill_guard_redis_sync_t *sync = data;

    (void) ngx_distill_guard_redis_audit_good(sync, reply);

    ngx_distill_guard_redis_answered(sync);
}


static ngx_uint_t
ngx_distill_guard_redis_audit_good(ngx_distill_guard_redis_sync_t *sync,
    redisReply *reply)
{
    return ngx_distill_guard_redis_allowed(sync, &sync->audit.right, reply,
                                           NGX_DISTILL_GUARD_REDIS_AUDITED,
                                           "write the audit, so that steps on "
                                           "the ladder are in the error log "
                                           "only");
}


static void
ngx_distill_guard_redis_audit_key(ngx_distill_guard_redis_sync_t *sync,
    ngx_str_t *key, u_char *buf)
{
    key->data = buf;
    key->len = ngx_sprintf(buf, "%V:%s", &sync->conf->prefix, DG_SCHEMA_AUDIT)
               - buf;
}
