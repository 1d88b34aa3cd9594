/*
 * Copyright (C) 2026 Distill Guard
 *
 * Steps of accounts and campaigns on the ladder, as Redis has them and as
 * people read them.
 */


#ifndef _STEP_H_INCLUDED_
#define _STEP_H_INCLUDED_


#include <jansson.h>

#include "redis.h"


/*
 * An entry of the stream as an object, the caller's; NULL if it is not what
 * the guard would have written, or there is no memory.
 */
json_t *ctl_step_read(const redisReply *fields);

/* such an object as a line for people on standard output */
void ctl_step_print(const json_t *step);


#endif /* _STEP_H_INCLUDED_ */
