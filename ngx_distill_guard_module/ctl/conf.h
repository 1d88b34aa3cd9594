/*
 * Copyright (C) 2026 Distill Guard
 *
 * A whole nginx.conf, with the files that it includes.
 */


#ifndef _CONF_H_INCLUDED_
#define _CONF_H_INCLUDED_


#include "dg_core.h"
#include "dg_conf.h"


/* each directive, on whatever level; DG_ERROR ends the reading */
typedef int (*ctl_conf_pt)(void *ctx, const dg_conf_t *conf);

/*
 * DG_ERROR: what is wrong has been said, but not of what each() has ended.
 * The words are gone when it has returned.
 */
int ctl_conf_walk(const char *name, ctl_conf_pt each, void *ctx);


#endif /* _CONF_H_INCLUDED_ */
