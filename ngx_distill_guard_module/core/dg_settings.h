/*
 * Copyright (C) 2026 Distill Guard
 *
 * What the directives say, for the module, which nginx hands them one by
 * one, and for tools, which read a piece of configuration themselves.
 */


#ifndef _DG_SETTINGS_H_INCLUDED_
#define _DG_SETTINGS_H_INCLUDED_


#include "dg_core.h"
#include "dg_conf.h"
#include "dg_limit.h"
#include "dg_place.h"
#include "dg_policy.h"


/* nginx's slab header, the module's own, and the smallest store */
#define DG_ZONE_MIN      (512 * 1024)

/* bytes of a secret */
#define DG_SECRET_MIN    16
#define DG_SECRET_MAX    4096

/* all limits that differ in more than their number */
#define DG_LIMITS        ((DG_KINDS - 1) * DG_METRICS * DG_WINDOWS)

#define DG_ZONES         16      /* in what a tool reads */


typedef enum {
    DG_MODE_OFF = 0,
    DG_MODE_OBSERVE,
    DG_MODE_ENFORCE,
    DG_MODES
} dg_mode_t;


typedef struct {
    dg_str_t       name;
    uint64_t       size;
} dg_zone_t;


/*
 * The words of one directive each, its name first; words are kept as views.
 * DG_ERROR and a whole sentence.
 */

/* zone=name:size */
int dg_setting_zone(dg_zone_t *zone, const dg_str_t *words, unsigned n,
    char error[DG_CONF_ERROR]);

/* off|observe|enforce [zone=name]; an empty name if there is none */
int dg_setting_mode(dg_mode_t *mode, dg_str_t *zone, const dg_str_t *words,
    unsigned n, char error[DG_CONF_ERROR]);

/*
 * kind metric=N/period ...  Adds to *nlimits limits where there is room for
 * DG_LIMITS; each may be there but once.
 */
int dg_setting_limit(dg_limit_t *limits, size_t *nlimits,
    const dg_str_t *words, unsigned n, char error[DG_CONF_ERROR]);

/* asn|country|anonymous file ...; the kind of words[1] */
int dg_setting_place(dg_place_kind_t *kind, const dg_str_t *words,
    char error[DG_CONF_ERROR]);


/* --- for tools --- */

typedef enum {
    DG_DIRECTIVE_ZONE = 0,
    DG_DIRECTIVE_SECRET,
    DG_DIRECTIVE_REDIS,
    DG_DIRECTIVE_GEOIP,
    DG_DIRECTIVE_HOSTING,
    DG_DIRECTIVE_MODE,
    DG_DIRECTIVE_KEY,
    DG_DIRECTIVE_ACCOUNT,
    DG_DIRECTIVE_EXEMPT,
    DG_DIRECTIVE_LIMIT,
    DG_DIRECTIVE_SIGNAL,
    DG_DIRECTIVE_ACTION,
    DG_DIRECTIVE_STATUS,
    DG_DIRECTIVES
} dg_directive_t;


typedef struct dg_settings_s  dg_settings_t;

typedef struct {
    dg_str_t       name;
    unsigned       min;          /* words behind the name */
    unsigned       max;
    unsigned       once;
    int          (*set)(dg_settings_t *s, const dg_str_t *words, unsigned n,
                        char error[DG_CONF_ERROR]);
    const char    *instead;      /* of no use without nginx: what holds */
} dg_directive_desc_t;


extern const dg_directive_desc_t  dg_directives[DG_DIRECTIVES];


/* names of files are as they were written; empty if there is none */

struct dg_settings_s {
    unsigned       line[DG_DIRECTIVES];  /* where each stands first, or 0 */
    dg_mode_t      mode;
    dg_zone_t      zones[DG_ZONES];
    size_t         nzones;
    dg_str_t       zone_name;    /* that "distill_guard" names */
    dg_zone_t     *zone;         /* that is meant; NULL: none is defined */
    dg_str_t       secret;
    dg_str_t       places[DG_PLACE_KINDS];
    dg_str_t       hosting;
    dg_limit_t     limits[DG_LIMITS];
    size_t         nlimits;
    dg_policy_t    policy;
};


/*
 * Reads a piece of nginx.conf that holds nothing but these directives; they
 * are not bound to a level.  What is read leads into the text, which is
 * changed.  DG_ERROR, what is wrong, and *line where.
 */
int dg_settings_read(dg_settings_t *s, u_char *text, size_t len,
    unsigned *line, char error[DG_CONF_ERROR]);


#endif /* _DG_SETTINGS_H_INCLUDED_ */
