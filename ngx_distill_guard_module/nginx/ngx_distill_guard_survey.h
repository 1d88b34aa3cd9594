/*
 * Copyright (C) 2026 Distill Guard
 *
 * What takes a look at much of a zone: done piece by piece, while the worker
 * goes on with its other work, and sent once it is known.
 */


#ifndef _NGX_DISTILL_GUARD_SURVEY_H_INCLUDED_
#define _NGX_DISTILL_GUARD_SURVEY_H_INCLUDED_


#include "ngx_distill_guard_status.h"
#include "dg_survey.h"


/* each answers the request, at once or later */

ngx_int_t ngx_distill_guard_survey_explain(ngx_http_request_t *r,
    ngx_distill_guard_zone_t *zone, unsigned kind, const dg_id_t *id);
ngx_int_t ngx_distill_guard_survey_top(ngx_http_request_t *r,
    ngx_distill_guard_zone_t *zone, dg_measure_t measure, unsigned kind);
ngx_int_t ngx_distill_guard_survey_campaigns(ngx_http_request_t *r,
    ngx_distill_guard_zone_t *zone);


#endif /* _NGX_DISTILL_GUARD_SURVEY_H_INCLUDED_ */
