/*
 * Copyright (C) 2026 Distill Guard
 *
 * Every difference between the nginx versions that are supported.
 */


#ifndef _NGX_DISTILL_GUARD_COMPAT_H_INCLUDED_
#define _NGX_DISTILL_GUARD_COMPAT_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


/* headers of one name are a linked list since 1.23.0 */

#if (nginx_version >= 1023000)
#define ngx_distill_guard_single(h)  (h)->next = NULL
#else
#define ngx_distill_guard_single(h)
#endif


#endif /* _NGX_DISTILL_GUARD_COMPAT_H_INCLUDED_ */
