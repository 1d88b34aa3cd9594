/*
 * Copyright (C) 2026 Distill Guard
 *
 * What counts of a text where its words are compared: letters, which are a to
 * z and the bytes of characters beyond ASCII.  Those characters beyond ASCII
 * that are no letters are taken out beforehand.
 */


#ifndef _DG_LETTERS_H_INCLUDED_
#define _DG_LETTERS_H_INCLUDED_


#include "dg_core.h"


#define DG_LETTER          0x01
#define DG_LETTER_WORD     0x02  /* may stand in a word */
#define DG_LETTER_CONTENT  0x04  /* and a word with it is not one of those
                                    few short ones that all texts share */
#define DG_LETTER_SIGN     0x08  /* a mark of punctuation */


/* what each byte is */
extern const u_char  dg_letters[256];

/*
 * Copies a text so that all that is not ASCII in it are letters, and returns
 * the end.  It never grows; dst and p do not overlap.
 */
u_char *dg_letters_clean(u_char *dst, const u_char *p, size_t len);


#endif /* _DG_LETTERS_H_INCLUDED_ */
