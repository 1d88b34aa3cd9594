/*
 * Copyright (C) 2026 Distill Guard
 */


#include "dg_place.h"
#include "dg_mmdb.h"


/* 1: the value was of use */
typedef int (*dg_place_set_pt)(dg_place_t *place,
    const dg_mmdb_value_t *value);


typedef struct {
    dg_place_kind_t    kind;
    const char        *path[3];
    dg_place_set_pt    set;
} dg_place_field_t;


static int dg_place_asn(dg_place_t *place, const dg_mmdb_value_t *value);
static int dg_place_country(dg_place_t *place, const dg_mmdb_value_t *value);
static int dg_place_hosting(dg_place_t *place, const dg_mmdb_value_t *value);
static int dg_place_anonymous(dg_place_t *place,
    const dg_mmdb_value_t *value);
static int dg_place_hidden(dg_place_t *place, const dg_mmdb_value_t *value);


const dg_place_desc_t  dg_places[DG_PLACE_KINDS] = {
    { dg_string("asn"), "AS numbers", "GeoLite2-ASN.mmdb" },
    { dg_string("country"), "countries", "GeoLite2-Country.mmdb" },
    { dg_string("anonymous"), "anonymous networks",
      "GeoIP2-Anonymous-IP.mmdb" }
};


/*
 * Where the facts stand in the layouts there are.  All fields of the kind
 * are asked, in this order; flags that are false are left out of a file.
 */

static const dg_place_field_t  dg_place_fields[] = {

    { DG_PLACE_ASN, { "autonomous_system_number", NULL },
      dg_place_asn },

    { DG_PLACE_COUNTRY, { "country", "iso_code", NULL },
      dg_place_country },

    { DG_PLACE_COUNTRY, { "country_code", NULL },
      dg_place_country },

    { DG_PLACE_COUNTRY, { "registered_country", "iso_code", NULL },
      dg_place_country },

    { DG_PLACE_ANONYMOUS, { "is_hosting_provider", NULL },
      dg_place_hosting },

    { DG_PLACE_ANONYMOUS, { "is_anonymous_vpn", NULL },
      dg_place_anonymous },

    { DG_PLACE_ANONYMOUS, { "is_public_proxy", NULL },
      dg_place_anonymous },

    { DG_PLACE_ANONYMOUS, { "is_residential_proxy", NULL },
      dg_place_anonymous },

    { DG_PLACE_ANONYMOUS, { "is_tor_exit_node", NULL },
      dg_place_anonymous },

    { DG_PLACE_ANONYMOUS, { "is_anonymous", NULL },
      dg_place_hidden }
};


int
dg_place_read(dg_place_t *place, dg_place_kind_t kind, const dg_str_t *data,
    size_t offset)
{
    int                      found;
    size_t                   i;
    dg_mmdb_value_t          value;
    const dg_place_field_t  *field;

    found = 0;

    for (i = 0; i < dg_nelts(dg_place_fields); i++) {
        field = &dg_place_fields[i];

        if (field->kind != kind) {
            continue;
        }

        if (dg_mmdb_get(&value, data, offset, field->path) != DG_OK) {
            return DG_ERROR;
        }

        found |= field->set(place, &value);
    }

    return found;
}


static int
dg_place_asn(dg_place_t *place, const dg_mmdb_value_t *value)
{
    if (value->type != DG_MMDB_NUMBER || value->number == 0
        || value->number > UINT32_MAX)
    {
        return 0;
    }

    place->asn = (uint32_t) value->number;

    return 1;
}


/* the first that is well formed counts */

static int
dg_place_country(dg_place_t *place, const dg_mmdb_value_t *value)
{
    const u_char  *p;

    if (value->type != DG_MMDB_TEXT || value->text.len != 2) {
        return 0;
    }

    p = value->text.data;

    if (p[0] < 'A' || p[0] > 'Z' || p[1] < 'A' || p[1] > 'Z') {
        return 0;
    }

    if (place->country[0] == '\0') {
        place->country[0] = p[0];
        place->country[1] = p[1];
    }

    return 1;
}


static int
dg_place_hosting(dg_place_t *place, const dg_mmdb_value_t *value)
{
    if (value->type != DG_MMDB_BOOLEAN) {
        return 0;
    }

    place->hosting = (value->number != 0);

    return 1;
}


static int
dg_place_anonymous(dg_place_t *place, const dg_mmdb_value_t *value)
{
    if (value->type != DG_MMDB_BOOLEAN) {
        return 0;
    }

    if (value->number) {
        place->anonymous = 1;
    }

    return 1;
}


/* MaxMind calls hosting networks anonymous, too; here that is kept apart */

static int
dg_place_hidden(dg_place_t *place, const dg_mmdb_value_t *value)
{
    if (place->hosting && value->type == DG_MMDB_BOOLEAN) {
        return 1;
    }

    return dg_place_anonymous(place, value);
}
