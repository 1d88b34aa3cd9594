/*
 * Copyright (C) 2026 Distill Guard
 *
 * Which slot of a Redis Cluster a key lies in.
 */


#ifndef _DG_SLOT_H_INCLUDED_
#define _DG_SLOT_H_INCLUDED_


#include "dg_core.h"


#define DG_SLOTS  16384


/* CRC-16/XMODEM, whose check value is 0x31c3 */
uint16_t dg_crc16(const u_char *p, size_t len);

/* of the text between the first "{" and the "}" after it, if there is any */
unsigned dg_slot(const u_char *key, size_t len);


#endif /* _DG_SLOT_H_INCLUDED_ */
