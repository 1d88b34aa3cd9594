/*
 * Copyright (C) 2026 Distill Guard
 *
 * Answers of several nodes as one.
 */


#ifndef _MERGE_H_INCLUDED_
#define _MERGE_H_INCLUDED_


#include <jansson.h>


/*
 * Of an array of answers, one that is new; NULL if there is no memory, or no
 * answer.  That which knows most goes first: how somebody stands, and lists
 * whose order matters, are as it has them.
 */
json_t *ctl_merge(const json_t *answers);

/* appends to rows those of a list of which a number is greatest, so many at
   most */
void ctl_merge_sorted(json_t *rows, const json_t *list, const char *by,
    size_t most);

/* a number of an object, or 0, whatever is there */
double ctl_merge_number(const json_t *object, const char *name);


#endif /* _MERGE_H_INCLUDED_ */
