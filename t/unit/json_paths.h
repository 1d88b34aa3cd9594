/*
 * Copyright (C) 2026 Distill Guard
 *
 * What is looked for in random texts.
 */


#ifndef _JSON_PATHS_H_INCLUDED_
#define _JSON_PATHS_H_INCLUDED_


#include "dg_json.h"


static const dg_json_path_t  paths[] = {
    { "a", 1 },
    { "b", 2 },
    { "a.b", 3 },
    { "a[]", 4 },
    { "a[].b", 5 },
    { "b.*", 6 },
    { "[].a", 7 },
    { "long-name-of-a-member", 8 }
};


#endif /* _JSON_PATHS_H_INCLUDED_ */
