/*
 * Copyright (C) 2026 Distill Guard
 */


#include "dg_geo.h"

#include <errno.h>
#include <sys/mman.h>
#include <sys/stat.h>


/* between the search tree and the data, in every file */
#define DG_GEO_GAP      16

/* how far a file is tried */
#define DG_GEO_NODES    100000
#define DG_GEO_RECORDS  1000

#define DG_GEO_DEPTH    128


static const char *dg_geo_map(MMDB_s *db, const char *name);
static int dg_geo_try(const MMDB_s *db, dg_place_kind_t kind);
static int dg_geo_read(const MMDB_s *db, dg_place_kind_t kind,
    const MMDB_entry_s *entry, dg_place_t *place);


const char *
dg_geo_open(MMDB_s *db, const char *name, dg_place_kind_t kind)
{
    int          rc;
    const char  *error;

    error = dg_geo_map(db, name);

    if (error) {
        return error;
    }

    rc = dg_geo_try(db, kind);

    if (rc == 1) {
        /* a hint, so that no lookup has to wait for the disk */
        (void) posix_madvise((void *) db->file_content, db->file_size,
                             POSIX_MADV_WILLNEED);
        return NULL;
    }

    MMDB_close(db);
    errno = 0;

    return rc == 0 ? "is of another kind" : "is damaged";
}


static const char *
dg_geo_map(MMDB_s *db, const char *name)
{
    int          rc;
    uint64_t     tree;
    struct stat  st;

    /* to open a pipe would be to wait for its other end */

    if (stat(name, &st) == -1) {
        return "cannot be found";
    }

    errno = 0;

    if (!S_ISREG(st.st_mode)) {
        return "is not a file";
    }

    if (st.st_size == 0) {
        return "is empty";
    }

    memset(db, 0, sizeof(MMDB_s));

    rc = MMDB_open(name, MMDB_MODE_MMAP, db);

    if (rc == MMDB_FILE_OPEN_ERROR || rc == MMDB_IO_ERROR) {
        return "cannot be opened";
    }

    errno = 0;

    if (rc != MMDB_SUCCESS) {
        return "is damaged or no MaxMind database";
    }

    /* the library computes with 32 bits here */

    tree = (uint64_t) db->metadata.node_count * db->full_record_byte_size;

    if (db->metadata.node_count == 0
        || tree + DG_GEO_GAP > (uint64_t) db->file_size
        || (db->metadata.ip_version != 4 && db->metadata.ip_version != 6))
    {
        MMDB_close(db);
        return "is damaged";
    }

    return NULL;
}


/*
 * Goes through the tree, left to right, until a record is found that is of
 * use: then 1.  0: none was, DG_ERROR: and some were damaged.  The walk is
 * bounded, as a damaged tree may lead back to itself.
 */

static int
dg_geo_try(const MMDB_s *db, dg_place_kind_t kind)
{
    int                  rc, result;
    uint64_t             record;
    uint32_t             stack[DG_GEO_DEPTH + 1];
    unsigned             n, left, nodes, records;
    dg_place_t           place;
    MMDB_entry_s        *entry;
    MMDB_search_node_s   node;

    memset(&place, 0, sizeof(dg_place_t));

    result = 0;
    nodes = 0;
    records = 0;

    stack[0] = 0;
    n = 1;

    while (n && nodes++ < DG_GEO_NODES) {

        if (MMDB_read_node(db, stack[--n], &node) != MMDB_SUCCESS) {
            result = DG_ERROR;
            continue;
        }

        for (left = 0; left < 2; left++) {
            record = left ? node.left_record : node.right_record;
            entry = left ? &node.left_record_entry : &node.right_record_entry;

            if (record < db->metadata.node_count) {

                if (record == 0 || n > DG_GEO_DEPTH) {
                    result = DG_ERROR;
                    continue;
                }

                stack[n++] = (uint32_t) record;
                continue;
            }

            if (record == db->metadata.node_count) {
                continue;
            }

            rc = dg_geo_read(db, kind, entry, &place);

            if (rc == 1) {
                return 1;
            }

            if (rc == DG_ERROR) {
                result = DG_ERROR;
            }

            if (++records == DG_GEO_RECORDS) {
                return result;
            }
        }
    }

    return result;
}


void
dg_geo_lookup(const MMDB_s *db, dg_place_kind_t kind,
    const struct sockaddr *sa, dg_place_t *place)
{
    int                   rc;
    MMDB_lookup_result_s  result;

    result = MMDB_lookup_sockaddr(db, sa, &rc);

    /* what is not in the file, or damaged there, is not known */

    if (rc == MMDB_SUCCESS && result.found_entry) {
        (void) dg_geo_read(db, kind, &result.entry, place);
    }
}


static int
dg_geo_read(const MMDB_s *db, dg_place_kind_t kind, const MMDB_entry_s *entry,
    dg_place_t *place)
{
    dg_str_t  data;

    data.data = db->data_section;
    data.len = db->data_section_size;

    return dg_place_read(place, kind, &data, entry->offset);
}
