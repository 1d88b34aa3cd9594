/*
 * Copyright (C) 2026 Distill Guard
 *
 * What is asked of all nodes through Redis, and what they answer.
 */


#ifndef _ASK_H_INCLUDED_
#define _ASK_H_INCLUDED_


#include <jansson.h>

#include "fleet.h"


#define CTL_ASK_NODES  256       /* that are waited for */
#define CTL_ASK_NODE   16        /* hex digits of one */
#define CTL_ASK_NAME   128


/* a node, which is a zone of a nginx */

typedef struct {
    char           id[CTL_ASK_NODE + 1];
    char           host[CTL_ASK_NAME];
    char           zone[CTL_ASK_NAME];
    uint64_t       heard;        /* of it, Unix seconds */
    unsigned       alive;        /* 0: it is not waited for */
    json_t        *answer;       /* NULL: none came */
} ctl_ask_node_t;


typedef struct {
    ctl_ask_node_t   node[CTL_ASK_NODES];
    unsigned         n;
    unsigned         alive;
    unsigned         answered;
    char             key[CTL_FLEET_NAME];    /* of the answers */
} ctl_ask_t;


/*
 * Asks; then waits until all nodes that are alive have answered, for five
 * seconds, or two where one has.  CTL_OK if any has; or a status, and what is
 * wrong has been said.  To be freed anyway.
 */
int ctl_ask(ctl_fleet_t *f, ctl_ask_t *ask, const char *what,
    const char *argument);
int ctl_ask_wait(ctl_fleet_t *f, ctl_ask_t *ask);
void ctl_ask_free(ctl_ask_t *ask);

/*
 * What all of them say, as one answer would: of what all nodes count what is
 * greatest, of what each counts alone the sum.  With "nodes" in it, and
 * whether each has answered.  NULL if there is no memory.
 */
json_t *ctl_ask_merged(const ctl_ask_t *ask);

/* "2 of 3 nodes answered; silent: web3 (zone guard)", and which ones are away
   that were there within the hour */
void ctl_ask_print(const ctl_ask_t *ask, FILE *to);


#endif /* _ASK_H_INCLUDED_ */
