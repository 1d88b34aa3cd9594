/*
 * Copyright (C) 2026 Distill Guard
 *
 * Settings from a file, with the files that they name.
 */


#ifndef _SETTINGS_H_INCLUDED_
#define _SETTINGS_H_INCLUDED_


#include <sys/socket.h>
#include <maxminddb.h>

#include "dg_core.h"
#include "dg_hash.h"
#include "dg_marks.h"
#include "dg_place.h"
#include "dg_settings.h"


typedef struct {
    dg_settings_t    conf;       /* leads into text */
    u_char          *text;
    size_t           size;       /* of the zone */
    dg_hash_key_t    key;
    dg_marks_key_t   marks;      /* made of it */

    MMDB_s           db[DG_PLACE_KINDS];
    unsigned         open;       /* of them, by bit */
    uint32_t        *hosting;
    size_t           nhosting;
} ctl_settings_t;


/*
 * name may be NULL: then nothing is set.  DG_ERROR: what is wrong has been
 * said.  Into zeroes; whatever came of it is to be closed.
 */
int ctl_settings_open(ctl_settings_t *st, const char *name);
void ctl_settings_close(ctl_settings_t *st);

/*
 * The path, of PATH_MAX bytes, of a file that a file of settings names: as
 * nginx has it, beside that one.  DG_ERROR: what is wrong has been said.
 */
int ctl_settings_path(char *path, const char *name, const dg_str_t *file);

/* the key that a secret gives; DG_ERROR likewise */
int ctl_settings_key(dg_hash_key_t *key, const char *path);

/* says which directives are of no use to a command */
void ctl_settings_idle(const ctl_settings_t *st, const char *name,
    const char *command);

/* what the files tell of an address, and the list of its network */
void ctl_settings_place(const ctl_settings_t *st, const struct sockaddr *sa,
    dg_place_t *place);
void ctl_settings_hosting(const ctl_settings_t *st, dg_place_t *place);


#endif /* _SETTINGS_H_INCLUDED_ */
