/*
 * Copyright (C) 2026 Distill Guard
 *
 * A table of paths becomes a tree of nodes, kept in one array.  A link of 0
 * leads to DG_JSON_NONE, whose own links lead nowhere else, so that the reader
 * follows links without asking whether there is one.
 *
 * Members are found by their parent and name in buckets: the time a name takes
 * must not grow with the table, as who sends names chooses them.
 */


#include "dg_json.h"


static int dg_json_schema_path(dg_json_schema_t *schema, const char *p,
    unsigned *node);
static unsigned dg_json_schema_item(dg_json_schema_t *schema,
    unsigned parent);
static unsigned dg_json_schema_name(dg_json_schema_t *schema,
    unsigned parent, const char *name, size_t len);
static unsigned dg_json_schema_node(dg_json_schema_t *schema);
static unsigned dg_json_schema_bucket(unsigned parent, const u_char *name,
    size_t len);


int
dg_json_schema(dg_json_schema_t *schema, const dg_json_path_t *paths,
    size_t n, unsigned flags)
{
    size_t    i;
    unsigned  node;

    memset(schema, 0, sizeof(dg_json_schema_t));

    schema->flags = flags;
    schema->n = DG_JSON_ITEMS + 1;
    schema->nodes[DG_JSON_ITEMS].item = DG_JSON_ROOT;

    for (i = 0; i < n; i++) {

        if (paths[i].field == 0 || paths[i].field > UINT16_MAX) {
            return DG_ERROR;
        }

        if (dg_json_schema_path(schema, paths[i].path, &node) != DG_OK) {
            return DG_ERROR;
        }

        if (schema->nodes[node].field) {
            return DG_ERROR;
        }

        schema->nodes[node].field = paths[i].field;
    }

    return DG_OK;
}


unsigned
dg_json_schema_member(const dg_json_schema_t *schema, unsigned parent,
    const u_char *name, size_t len)
{
    unsigned               i;
    const dg_json_node_t  *node;

    node = &schema->nodes[parent];

    if (node->members == 0 || len == 0 || len > DG_JSON_NAME) {
        return node->any;
    }

    i = schema->buckets[dg_json_schema_bucket(parent, name, len)];

    for ( /* void */ ; i; i = node->next) {
        node = &schema->nodes[i];

        if (node->parent == parent && node->len == len
            && memcmp(node->name, name, len) == 0)
        {
            return i;
        }
    }

    return schema->nodes[parent].any;
}


static int
dg_json_schema_path(dg_json_schema_t *schema, const char *p, unsigned *node)
{
    size_t    len;
    unsigned  i;

    i = DG_JSON_ROOT;

    do {
        if (p[0] == '[') {

            if (p[1] != ']') {
                return DG_ERROR;
            }

            i = dg_json_schema_item(schema, i);
            p += 2;

        } else {

            /* names are parted by dots: none before the first */

            if (i != DG_JSON_ROOT) {
                if (*p++ != '.') {
                    return DG_ERROR;
                }
            }

            len = strcspn(p, ".[]");

            if (len == 0 || len > DG_JSON_NAME) {
                return DG_ERROR;
            }

            i = dg_json_schema_name(schema, i, p, len);
            p += len;
        }

        if (i == DG_JSON_NONE) {
            return DG_ERROR;
        }

    } while (*p);

    *node = i;

    return DG_OK;
}


static unsigned
dg_json_schema_item(dg_json_schema_t *schema, unsigned parent)
{
    dg_json_node_t  *node;

    node = &schema->nodes[parent];

    if (node->item == DG_JSON_NONE) {
        node->item = dg_json_schema_node(schema);
    }

    return node->item;
}


static unsigned
dg_json_schema_name(dg_json_schema_t *schema, unsigned parent,
    const char *name, size_t len)
{
    unsigned         i, bucket;
    dg_json_node_t  *node, *member;

    node = &schema->nodes[parent];

    if (len == 1 && *name == '*') {

        if (node->any == DG_JSON_NONE) {
            node->any = dg_json_schema_node(schema);
        }

        return node->any;
    }

    i = dg_json_schema_member(schema, parent, (const u_char *) name, len);

    if (i != node->any) {
        return i;
    }

    if (node->members == DG_JSON_MEMBERS) {
        return DG_JSON_NONE;
    }

    i = dg_json_schema_node(schema);

    if (i == DG_JSON_NONE) {
        return DG_JSON_NONE;
    }

    bucket = dg_json_schema_bucket(parent, (const u_char *) name, len);

    member = &schema->nodes[i];
    member->name = name;
    member->len = (uint8_t) len;
    member->order = node->members++;
    member->parent = (uint16_t) parent;
    member->next = schema->buckets[bucket];

    schema->buckets[bucket] = (uint16_t) i;

    return i;
}


static unsigned
dg_json_schema_node(dg_json_schema_t *schema)
{
    return schema->n < DG_JSON_NODES ? schema->n++ : DG_JSON_NONE;
}


/* the ends, the middle and the length tell the names of one object apart */

static unsigned
dg_json_schema_bucket(unsigned parent, const u_char *name, size_t len)
{
    unsigned  h;

    h = parent * 67 + (unsigned) len * 29;
    h += name[0] * 5 + name[len / 2] * 11 + name[len - 1] * 19;

    return h & (DG_JSON_BUCKETS - 1);
}
