/*
 * Copyright (C) 2026 Distill Guard
 *
 * One MaxMind file: opening and trying it, and what its records say.
 */


#include "ngx_distill_guard_geo.h"
#include "dg_mmdb.h"


/* between the search tree and the data, in every file */
#define NGX_DISTILL_GUARD_MMDB_GAP      16

/* how far a file is tried */
#define NGX_DISTILL_GUARD_MMDB_NODES    100000
#define NGX_DISTILL_GUARD_MMDB_RECORDS  1000

#define NGX_DISTILL_GUARD_MMDB_DEPTH    128


/* NGX_OK: the value was of use */
typedef ngx_int_t (*ngx_distill_guard_mmdb_set_pt)(
    ngx_distill_guard_place_t *place, dg_mmdb_value_t *value);


typedef struct {
    ngx_uint_t                      kind;
    const char                     *path[3];
    ngx_distill_guard_mmdb_set_pt   set;
} ngx_distill_guard_mmdb_field_t;


static const char *ngx_distill_guard_mmdb_map(MMDB_s *db, u_char *name);
static ngx_int_t ngx_distill_guard_mmdb_try(MMDB_s *db, ngx_uint_t kind);
static ngx_int_t ngx_distill_guard_mmdb_read(MMDB_s *db, ngx_uint_t kind,
    MMDB_entry_s *entry, ngx_distill_guard_place_t *place);
static ngx_int_t ngx_distill_guard_mmdb_asn(ngx_distill_guard_place_t *place,
    dg_mmdb_value_t *value);
static ngx_int_t ngx_distill_guard_mmdb_country(
    ngx_distill_guard_place_t *place, dg_mmdb_value_t *value);
static ngx_int_t ngx_distill_guard_mmdb_hosting(
    ngx_distill_guard_place_t *place, dg_mmdb_value_t *value);
static ngx_int_t ngx_distill_guard_mmdb_anonymous(
    ngx_distill_guard_place_t *place, dg_mmdb_value_t *value);
static ngx_int_t ngx_distill_guard_mmdb_hidden(
    ngx_distill_guard_place_t *place, dg_mmdb_value_t *value);


/*
 * Where the facts stand in the layouts there are.  All fields of the kind
 * are asked, in this order; flags that are false are left out of a file.
 */

static ngx_distill_guard_mmdb_field_t  ngx_distill_guard_mmdb_fields[] = {

    { NGX_DISTILL_GUARD_GEO_ASN,
      { "autonomous_system_number", NULL },
      ngx_distill_guard_mmdb_asn },

    { NGX_DISTILL_GUARD_GEO_COUNTRY,
      { "country", "iso_code", NULL },
      ngx_distill_guard_mmdb_country },

    { NGX_DISTILL_GUARD_GEO_COUNTRY,
      { "country_code", NULL },
      ngx_distill_guard_mmdb_country },

    { NGX_DISTILL_GUARD_GEO_COUNTRY,
      { "registered_country", "iso_code", NULL },
      ngx_distill_guard_mmdb_country },

    { NGX_DISTILL_GUARD_GEO_ANONYMOUS,
      { "is_hosting_provider", NULL },
      ngx_distill_guard_mmdb_hosting },

    { NGX_DISTILL_GUARD_GEO_ANONYMOUS,
      { "is_anonymous_vpn", NULL },
      ngx_distill_guard_mmdb_anonymous },

    { NGX_DISTILL_GUARD_GEO_ANONYMOUS,
      { "is_public_proxy", NULL },
      ngx_distill_guard_mmdb_anonymous },

    { NGX_DISTILL_GUARD_GEO_ANONYMOUS,
      { "is_residential_proxy", NULL },
      ngx_distill_guard_mmdb_anonymous },

    { NGX_DISTILL_GUARD_GEO_ANONYMOUS,
      { "is_tor_exit_node", NULL },
      ngx_distill_guard_mmdb_anonymous },

    { NGX_DISTILL_GUARD_GEO_ANONYMOUS,
      { "is_anonymous", NULL },
      ngx_distill_guard_mmdb_hidden }
};


const char *
ngx_distill_guard_mmdb_open(MMDB_s *db, u_char *name, ngx_uint_t kind)
{
    ngx_int_t    rc;
    const char  *error;

    error = ngx_distill_guard_mmdb_map(db, name);

    if (error) {
        return error;
    }

    rc = ngx_distill_guard_mmdb_try(db, kind);

    if (rc == NGX_OK) {
        /* a hint, so that no lookup has to wait for the disk */
        (void) posix_madvise((void *) db->file_content, db->file_size,
                             POSIX_MADV_WILLNEED);
        return NULL;
    }

    MMDB_close(db);
    ngx_set_errno(0);

    return rc == NGX_DECLINED ? "is of another kind" : "is damaged";
}


static const char *
ngx_distill_guard_mmdb_map(MMDB_s *db, u_char *name)
{
    int              rc;
    uint64_t         tree;
    ngx_file_info_t  fi;

    /* to open a pipe would be to wait for its other end */

    if (ngx_file_info(name, &fi) == NGX_FILE_ERROR) {
        return "cannot be found";
    }

    ngx_set_errno(0);

    if (!ngx_is_file(&fi)) {
        return "is not a file";
    }

    if (ngx_file_size(&fi) == 0) {
        return "is empty";
    }

    ngx_memzero(db, sizeof(MMDB_s));

    rc = MMDB_open((char *) name, MMDB_MODE_MMAP, db);

    if (rc == MMDB_FILE_OPEN_ERROR || rc == MMDB_IO_ERROR) {
        return "cannot be opened";
    }

    ngx_set_errno(0);

    if (rc != MMDB_SUCCESS) {
        return "is damaged or no MaxMind database";
    }

    /* the library computes with 32 bits here */

    tree = (uint64_t) db->metadata.node_count * db->full_record_byte_size;

    if (db->metadata.node_count == 0
        || tree + NGX_DISTILL_GUARD_MMDB_GAP > (uint64_t) db->file_size
        || (db->metadata.ip_version != 4 && db->metadata.ip_version != 6))
    {
        MMDB_close(db);
        return "is damaged";
    }

    return NULL;
}


/*
 * Goes through the tree, left to right, until a record is found that is of
 * use.  NGX_DECLINED: none was, NGX_ERROR: and some were damaged.  The walk
 * is bounded, as a damaged tree may lead back to itself.
 */

static ngx_int_t
ngx_distill_guard_mmdb_try(MMDB_s *db, ngx_uint_t kind)
{
    uint64_t                    record;
    uint32_t                    stack[NGX_DISTILL_GUARD_MMDB_DEPTH + 1];
    ngx_int_t                   rc, result;
    ngx_uint_t                  n, left, nodes, records;
    MMDB_entry_s               *entry;
    MMDB_search_node_s          node;
    ngx_distill_guard_place_t   place;

    ngx_memzero(&place, sizeof(ngx_distill_guard_place_t));

    result = NGX_DECLINED;
    nodes = 0;
    records = 0;

    stack[0] = 0;
    n = 1;

    while (n && nodes++ < NGX_DISTILL_GUARD_MMDB_NODES) {

        if (MMDB_read_node(db, stack[--n], &node) != MMDB_SUCCESS) {
            result = NGX_ERROR;
            continue;
        }

        for (left = 0; left < 2; left++) {
            record = left ? node.left_record : node.right_record;
            entry = left ? &node.left_record_entry : &node.right_record_entry;

            if (record < db->metadata.node_count) {

                if (record == 0 || n > NGX_DISTILL_GUARD_MMDB_DEPTH) {
                    result = NGX_ERROR;
                    continue;
                }

                stack[n++] = (uint32_t) record;
                continue;
            }

            if (record == db->metadata.node_count) {
                continue;
            }

            rc = ngx_distill_guard_mmdb_read(db, kind, entry, &place);

            if (rc == NGX_OK) {
                return NGX_OK;
            }

            if (rc == NGX_ERROR) {
                result = NGX_ERROR;
            }

            if (++records == NGX_DISTILL_GUARD_MMDB_RECORDS) {
                return result;
            }
        }
    }

    return result;
}


void
ngx_distill_guard_mmdb_lookup(MMDB_s *db, ngx_uint_t kind,
    struct sockaddr *sa, ngx_distill_guard_place_t *place)
{
    int                   rc;
    MMDB_lookup_result_s  result;

    result = MMDB_lookup_sockaddr(db, sa, &rc);

    /* what is not in the file, or damaged there, is not known */

    if (rc == MMDB_SUCCESS && result.found_entry) {
        (void) ngx_distill_guard_mmdb_read(db, kind, &result.entry, place);
    }
}


static ngx_int_t
ngx_distill_guard_mmdb_read(MMDB_s *db, ngx_uint_t kind, MMDB_entry_s *entry,
    ngx_distill_guard_place_t *place)
{
    dg_str_t                         data;
    ngx_int_t                        result;
    ngx_uint_t                       i;
    dg_mmdb_value_t                  value;
    ngx_distill_guard_mmdb_field_t  *field;

    data.data = db->data_section;
    data.len = db->data_section_size;

    result = NGX_DECLINED;
    field = ngx_distill_guard_mmdb_fields;

    for (i = 0; i < dg_nelts(ngx_distill_guard_mmdb_fields); i++) {

        if (field[i].kind != kind) {
            continue;
        }

        if (dg_mmdb_get(&value, &data, entry->offset, field[i].path)
            != DG_OK)
        {
            return NGX_ERROR;
        }

        if (field[i].set(place, &value) == NGX_OK) {
            result = NGX_OK;
        }
    }

    return result;
}


static ngx_int_t
ngx_distill_guard_mmdb_asn(ngx_distill_guard_place_t *place,
    dg_mmdb_value_t *value)
{
    if (value->type != DG_MMDB_NUMBER
        || value->number == 0
        || value->number > 0xffffffff)
    {
        return NGX_DECLINED;
    }

    place->asn = (uint32_t) value->number;

    return NGX_OK;
}


/* the first that is well formed counts */

static ngx_int_t
ngx_distill_guard_mmdb_country(ngx_distill_guard_place_t *place,
    dg_mmdb_value_t *value)
{
    const u_char  *p;

    if (value->type != DG_MMDB_TEXT || value->text.len != 2) {
        return NGX_DECLINED;
    }

    p = value->text.data;

    if (p[0] < 'A' || p[0] > 'Z' || p[1] < 'A' || p[1] > 'Z') {
        return NGX_DECLINED;
    }

    if (place->country[0] == '\0') {
        place->country[0] = p[0];
        place->country[1] = p[1];
    }

    return NGX_OK;
}


static ngx_int_t
ngx_distill_guard_mmdb_hosting(ngx_distill_guard_place_t *place,
    dg_mmdb_value_t *value)
{
    if (value->type != DG_MMDB_BOOLEAN) {
        return NGX_DECLINED;
    }

    place->hosting = (value->number != 0);

    return NGX_OK;
}


static ngx_int_t
ngx_distill_guard_mmdb_anonymous(ngx_distill_guard_place_t *place,
    dg_mmdb_value_t *value)
{
    if (value->type != DG_MMDB_BOOLEAN) {
        return NGX_DECLINED;
    }

    if (value->number) {
        place->anonymous = 1;
    }

    return NGX_OK;
}


/* MaxMind calls hosting networks anonymous, too; here that is kept apart */

static ngx_int_t
ngx_distill_guard_mmdb_hidden(ngx_distill_guard_place_t *place,
    dg_mmdb_value_t *value)
{
    if (place->hosting && value->type == DG_MMDB_BOOLEAN) {
        return NGX_OK;
    }

    return ngx_distill_guard_mmdb_anonymous(place, value);
}
