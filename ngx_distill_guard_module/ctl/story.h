/*
 * Copyright (C) 2026 Distill Guard
 *
 * What nodes answer, in words and tables that people repeat.
 */


#ifndef _STORY_H_INCLUDED_
#define _STORY_H_INCLUDED_


#include <jansson.h>


#define CTL_STORY_NUMBER  32


/* "220,000", "0.017"; in buf */
const char *ctl_story_number(double n, char buf[CTL_STORY_NUMBER]);

/* a string of an object; "-": it has none */
const char *ctl_story_text(const json_t *object, const char *name);

/* "THROTTLE", "THROTTLE_DRY_RUN"; with its color, in so many columns */
void ctl_story_verdict(const char *verdict, int enforced, int columns);

/* where somebody stands, and what an operator has decided on it, or on what
   is said; each a line */
void ctl_story_standing(const json_t *of, int enforced);
void ctl_story_decision(const json_t *of, const char *on);
void ctl_story_decided(const json_t *decision, const char *on);

/* the signals that give points, most first, as a table */
void ctl_story_signals(const json_t *of);

/* what a campaign's accounts have in common, and what they got */
void ctl_story_campaign(const json_t *c, int enforced);

/* how much of that they had in the last day: "requests", "output_tokens" */
double ctl_story_had(const json_t *c, const char *counter);

/* its accounts, so many at most, as a table */
void ctl_story_members(const json_t *c, size_t most);


#endif /* _STORY_H_INCLUDED_ */
