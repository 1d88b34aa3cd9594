/*
 * Copyright (C) 2026 Distill Guard
 *
 * The shared zone: made at start, kept over reloads, and the only place
 * where its lock is taken.
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_distill_guard.h"
#include "dg_schema.h"


/* steps that are taken out of the store at a time, to be logged */
#define NGX_DISTILL_GUARD_STEPS  4


/* changes with every structure that lies in the zone */
#define NGX_DISTILL_GUARD_LAYOUT                                              \
    ((uint64_t) DG_STORE_LAYOUT << 48                                         \
     | (uint64_t) sizeof(ngx_distill_guard_shared_t) << 32                    \
     | sizeof(dg_store_t) << 16 | sizeof(dg_subject_t))


static void ngx_distill_guard_zone_compare(ngx_conf_t *cf,
    ngx_shm_zone_t *shm_zone);
static ngx_int_t ngx_distill_guard_zone_init(ngx_shm_zone_t *shm_zone,
    void *data);
static void ngx_distill_guard_zone_audit(ngx_distill_guard_zone_t *zone,
    dg_steps_t *steps);
static void ngx_distill_guard_zone_step(const dg_step_t *step);
static void ngx_distill_guard_zone_key(ngx_distill_guard_zone_t *zone);


char *
ngx_distill_guard_zone(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_distill_guard_main_conf_t *mcf = conf;

    char                        error[DG_CONF_ERROR];
    dg_str_t                    words[DG_CONF_WORDS];
    dg_zone_t                   setting;
    ngx_str_t                   name;
    dg_policy_t                *policy;
    ngx_distill_guard_zone_t   *zone, **zp;

    if (ngx_distill_guard_words(cf, words) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    if (dg_setting_zone(&setting, words, cf->args->nelts, error) != DG_OK) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "%s", error);
        return NGX_CONF_ERROR;
    }

    name.data = (u_char *) setting.name.data;
    name.len = setting.name.len;

    if (ngx_distill_guard_zone_find(mcf, &name) != NULL) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"distill_guard_zone\" defines zone \"%V\" twice",
                           &name);
        return NGX_CONF_ERROR;
    }

    zone = ngx_pcalloc(cf->pool, sizeof(ngx_distill_guard_zone_t));
    if (zone == NULL) {
        return NGX_CONF_ERROR;
    }

    policy = ngx_palloc(cf->pool, sizeof(dg_policy_t));
    if (policy == NULL) {
        return NGX_CONF_ERROR;
    }

    dg_policy_init(policy);

    zone->rules.policy = policy;
    zone->name = name;
    zone->shm_zone = ngx_shared_memory_add(cf, &name, (size_t) setting.size,
                                           &ngx_distill_guard_module);
    if (zone->shm_zone == NULL) {
        return NGX_CONF_ERROR;
    }

    zone->shm_zone->init = ngx_distill_guard_zone_init;
    zone->shm_zone->data = zone;

    zp = ngx_array_push(&mcf->zones);
    if (zp == NULL) {
        return NGX_CONF_ERROR;
    }

    *zp = zone;

    return NGX_CONF_OK;
}


ngx_distill_guard_zone_t *
ngx_distill_guard_zone_find(ngx_distill_guard_main_conf_t *mcf,
    ngx_str_t *name)
{
    ngx_uint_t                  i;
    ngx_distill_guard_zone_t  **zones;

    zones = mcf->zones.elts;

    for (i = 0; i < mcf->zones.nelts; i++) {
        if (zones[i]->name.len == name->len
            && ngx_strncmp(zones[i]->name.data, name->data, name->len) == 0)
        {
            return zones[i];
        }
    }

    return NULL;
}


/*
 * nginx takes a zone over from the running cycle if its name, size and tag
 * are the same.  The tag says what lies in the zone, layout and secret, so
 * that a zone is taken over only by what would have made it just so, be it
 * in another .so.  Otherwise there is new memory, and the old workers keep
 * the old memory until they leave; nothing is ever rebuilt under their feet.
 *
 * Not "noreuse": nginx looks at that of the new zone when it decides what to
 * take over, and at that of the old one when it decides what to free.
 */

void
ngx_distill_guard_zone_bind(ngx_conf_t *cf,
    ngx_distill_guard_main_conf_t *mcf)
{
    uint64_t                    tag;
    ngx_uint_t                  i;
    ngx_distill_guard_zone_t   *zone, **zones;

    zones = mcf->zones.elts;

    for (i = 0; i < mcf->zones.nelts; i++) {
        zone = zones[i];

        if (mcf->secret.len) {
            dg_hash_derive(&zone->key, mcf->secret.data, mcf->secret.len);
            zone->check = dg_schema_check(&zone->key);
        }

        /* odd, as no address of a module is */

        tag = zone->check ^ NGX_DISTILL_GUARD_LAYOUT;
        tag ^= tag >> 32;

        zone->shm_zone->tag = (void *) ((uintptr_t) tag | 1);

        ngx_distill_guard_zone_compare(cf, zone->shm_zone);
    }
}


/* says so if a zone of that name is not taken over */

static void
ngx_distill_guard_zone_compare(ngx_conf_t *cf, ngx_shm_zone_t *shm_zone)
{
    ngx_uint_t        i;
    ngx_shm_zone_t   *old;
    ngx_list_part_t  *part;

    for (part = &cf->cycle->old_cycle->shared_memory.part;
         part;
         part = part->next)
    {
        old = part->elts;

        for (i = 0; i < part->nelts; i++) {

            if (old[i].shm.name.len == shm_zone->shm.name.len
                && ngx_strncmp(old[i].shm.name.data, shm_zone->shm.name.data,
                               shm_zone->shm.name.len)
                   == 0
                && (old[i].tag != shm_zone->tag
                    || old[i].shm.size != shm_zone->shm.size))
            {
                ngx_conf_log_error(NGX_LOG_NOTICE, cf, 0,
                                   "zone \"%V\" of \"distill_guard_zone\" "
                                   "starts anew: its size, its layout or the "
                                   "secret has changed",
                                   &shm_zone->shm.name);
            }
        }
    }
}


static ngx_int_t
ngx_distill_guard_zone_init(ngx_shm_zone_t *shm_zone, void *data)
{
    void                        *mem;
    size_t                       size;
    dg_id_t                      node;
    uint64_t                     seed;
    ngx_distill_guard_zone_t    *zone;
    ngx_distill_guard_shared_t  *shared;

    zone = shm_zone->data;
    zone->shpool = (ngx_slab_pool_t *) shm_zone->shm.addr;

    if (data || shm_zone->shm.exists) {
        zone->shared = zone->shpool->data;
        zone->store = zone->shared->store;
        ngx_distill_guard_zone_key(zone);
        return NGX_OK;
    }

    shared = ngx_slab_calloc(zone->shpool, sizeof(ngx_distill_guard_shared_t));
    if (shared == NULL) {
        goto failed;
    }

    /* all that is left, in whole pages, is the store's */

    size = zone->shpool->pfree * ngx_pagesize;

    mem = ngx_slab_alloc(zone->shpool, size);
    if (mem == NULL) {
        goto failed;
    }

    if (ngx_distill_guard_random(shared->random, 16, shm_zone->shm.log)
        != NGX_OK
        || ngx_distill_guard_random(shared->token, 16, shm_zone->shm.log)
           != NGX_OK
        || ngx_distill_guard_random((u_char *) &node, sizeof(dg_id_t),
                                    shm_zone->shm.log)
           != NGX_OK
        || ngx_distill_guard_random((u_char *) &seed, sizeof(uint64_t),
                                    shm_zone->shm.log)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    shared->store = dg_store_init(mem, size, &node, seed, zone->check,
                                  ngx_time());
    if (shared->store == NULL) {
        goto failed;
    }

    /* a full zone is a matter of eviction, not of the error log */
    zone->shpool->log_nomem = 0;

    zone->shpool->data = shared;
    zone->shared = shared;
    zone->store = shared->store;

    ngx_distill_guard_zone_key(zone);

    return NGX_OK;

failed:

    ngx_log_error(NGX_LOG_EMERG, shm_zone->shm.log, 0,
                  "zone \"%V\" in \"distill_guard_zone\" is too small",
                  &shm_zone->shm.name);

    return NGX_ERROR;
}


/* without a configured secret, the zone's own random bytes are the secret */

static void
ngx_distill_guard_zone_key(ngx_distill_guard_zone_t *zone)
{
    if (zone->check == 0) {
        dg_hash_derive(&zone->key, zone->shared->random, 16);
    }

    dg_marks_derive(&zone->marks, &zone->key);
}


ngx_int_t
ngx_distill_guard_random(u_char *p, size_t n, ngx_log_t *log)
{
    ssize_t   got;
    ngx_fd_t  fd;

    fd = ngx_open_file("/dev/urandom", NGX_FILE_RDONLY, NGX_FILE_OPEN, 0);

    if (fd == NGX_INVALID_FILE) {
        ngx_log_error(NGX_LOG_EMERG, log, ngx_errno,
                      "distill guard: " ngx_open_file_n " \"/dev/urandom\" "
                      "failed");
        return NGX_ERROR;
    }

    got = ngx_read_fd(fd, p, n);

    if (got != (ssize_t) n) {
        ngx_log_error(NGX_LOG_EMERG, log, ngx_errno,
                      "distill guard: reading /dev/urandom failed");
    }

    if (ngx_close_file(fd) == NGX_FILE_ERROR) {
        ngx_log_error(NGX_LOG_ALERT, log, ngx_errno,
                      ngx_close_file_n " \"/dev/urandom\" failed");
    }

    return got == (ssize_t) n ? NGX_OK : NGX_ERROR;
}


dg_store_t *
ngx_distill_guard_lock(ngx_distill_guard_zone_t *zone)
{
    ngx_shmtx_lock(&zone->shpool->mutex);

    if (zone->store->busy) {
        dg_store_mend(zone->store, ngx_time());
    }

    zone->stepped = dg_store_steps(zone->store)->last;

    return zone->store;
}


void
ngx_distill_guard_unlock(ngx_distill_guard_zone_t *zone)
{
    dg_steps_t  *steps;

    steps = dg_store_steps(zone->store);

    if (steps->last == zone->stepped) {
        ngx_shmtx_unlock(&zone->shpool->mutex);
        return;
    }

    ngx_distill_guard_zone_audit(zone, steps);
}


/* unlocks, and logs the steps that were found since it was locked */

static void
ngx_distill_guard_zone_audit(ngx_distill_guard_zone_t *zone,
    dg_steps_t *steps)
{
    uint64_t    at, last;
    unsigned    i, n;
    dg_step_t   step[NGX_DISTILL_GUARD_STEPS];

    at = zone->stepped;
    last = steps->last;

    for ( ;; ) {
        n = dg_steps_read(steps, at, step, NGX_DISTILL_GUARD_STEPS, &at);

        ngx_shmtx_unlock(&zone->shpool->mutex);

        for (i = 0; i < n && at < last; i++, at++) {
            ngx_distill_guard_zone_step(&step[i]);
        }

        if (n == 0 || at >= last) {
            return;
        }

        ngx_shmtx_lock(&zone->shpool->mutex);
    }
}


static void
ngx_distill_guard_zone_step(const dg_step_t *step)
{
    u_char           subject[DG_RULING_SUBJECT], text[DG_STEP_TEXT];
    size_t           subject_len, text_len;
    const dg_str_t  *from, *to;

    subject_len = dg_ruling_subject_text(subject, step->kind, &step->id)
                  - subject;
    text_len = dg_step_text(text, step) - text;
    from = &dg_verdicts[step->from];
    to = &dg_verdicts[step->to];

    ngx_log_error(NGX_LOG_NOTICE, ngx_cycle->log, 0,
                  "distill guard: audit: %*s %*s -> %*s%s, score %*s",
                  subject_len, subject, from->len, from->data, to->len,
                  to->data, step->dry_run ? " (dry run)" : "", text_len,
                  text);
}


uint64_t
ngx_distill_guard_now(void)
{
    ngx_time_t  *tp;

    tp = ngx_timeofday();

    return (uint64_t) tp->sec * 1000 + tp->msec;
}
