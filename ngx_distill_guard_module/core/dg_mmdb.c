/*
 * Copyright (C) 2026 Distill Guard
 */


#include "dg_mmdb.h"


/* types of the format */

#define DG_MMDB_T_EXTENDED   0
#define DG_MMDB_T_POINTER    1
#define DG_MMDB_T_STRING     2
#define DG_MMDB_T_UINT16     5
#define DG_MMDB_T_UINT32     6
#define DG_MMDB_T_MAP        7
#define DG_MMDB_T_UINT64     9
#define DG_MMDB_T_ARRAY      11
#define DG_MMDB_T_CONTAINER  12
#define DG_MMDB_T_END        13
#define DG_MMDB_T_BOOLEAN    14
#define DG_MMDB_T_FLOAT      15


typedef struct {
    const dg_str_t  *data;
    unsigned         left;       /* values that may still be looked at */
} dg_mmdb_reader_t;


typedef struct {
    unsigned         type;
    size_t           size;       /* bytes, pairs, items, or a boolean */
    size_t           payload;
    size_t           next;       /* behind it; containers: their first item */
} dg_mmdb_item_t;


static int dg_mmdb_enter(dg_mmdb_reader_t *rd, dg_mmdb_item_t *item,
    const char *name);
static int dg_mmdb_follow(dg_mmdb_reader_t *rd, dg_mmdb_item_t *item,
    size_t offset, size_t *next);
static int dg_mmdb_skip(dg_mmdb_reader_t *rd, size_t *offset);
static int dg_mmdb_item(dg_mmdb_reader_t *rd, dg_mmdb_item_t *item,
    size_t offset);
static int dg_mmdb_pointer(dg_mmdb_reader_t *rd, dg_mmdb_item_t *item,
    unsigned control);
static int dg_mmdb_value(dg_mmdb_value_t *value, const dg_str_t *data,
    const dg_mmdb_item_t *item);
static uint64_t dg_mmdb_number(const u_char *p, size_t n);


int
dg_mmdb_get(dg_mmdb_value_t *value, const dg_str_t *data, size_t offset,
    const char *const *path)
{
    size_t            next;
    dg_mmdb_item_t    item;
    dg_mmdb_reader_t  rd;

    rd.data = data;
    rd.left = DG_MMDB_VALUES;

    memset(value, 0, sizeof(dg_mmdb_value_t));

    if (dg_mmdb_follow(&rd, &item, offset, &next) != DG_OK) {
        return DG_ERROR;
    }

    for ( /* void */ ; *path != NULL; path++) {

        if (item.type != DG_MMDB_T_MAP) {
            return DG_OK;
        }

        if (dg_mmdb_enter(&rd, &item, *path) != DG_OK) {
            return DG_ERROR;
        }

        if (item.type == DG_MMDB_T_EXTENDED) {
            return DG_OK;
        }
    }

    return dg_mmdb_value(value, data, &item);
}


/* goes from a map to the value under a name; item->type 0: there is none */

static int
dg_mmdb_enter(dg_mmdb_reader_t *rd, dg_mmdb_item_t *item, const char *name)
{
    size_t          n, len, next, offset;
    dg_mmdb_item_t  key;

    len = strlen(name);
    offset = item->payload;

    for (n = item->size; n != 0; n--) {

        if (dg_mmdb_follow(rd, &key, offset, &next) != DG_OK
            || key.type != DG_MMDB_T_STRING)
        {
            return DG_ERROR;
        }

        if (key.size == len
            && memcmp(rd->data->data + key.payload, name, len) == 0)
        {
            return dg_mmdb_follow(rd, item, next, &offset);
        }

        if (dg_mmdb_skip(rd, &next) != DG_OK) {
            return DG_ERROR;
        }

        offset = next;
    }

    item->type = DG_MMDB_T_EXTENDED;

    return DG_OK;
}


/* *next is behind the item, or behind the pointer that led to it */

static int
dg_mmdb_follow(dg_mmdb_reader_t *rd, dg_mmdb_item_t *item, size_t offset,
    size_t *next)
{
    if (dg_mmdb_item(rd, item, offset) != DG_OK) {
        return DG_ERROR;
    }

    *next = item->next;

    if (item->type != DG_MMDB_T_POINTER) {
        return DG_OK;
    }

    if (dg_mmdb_item(rd, item, item->size) != DG_OK
        || item->type == DG_MMDB_T_POINTER)
    {
        return DG_ERROR;
    }

    return DG_OK;
}


/* steps over one value with all that is inside; pointers end where they are */

static int
dg_mmdb_skip(dg_mmdb_reader_t *rd, size_t *offset)
{
    uint64_t        pending;
    dg_mmdb_item_t  item;

    for (pending = 1; pending != 0; pending--) {

        if (dg_mmdb_item(rd, &item, *offset) != DG_OK) {
            return DG_ERROR;
        }

        *offset = item.next;

        if (item.type == DG_MMDB_T_MAP) {
            pending += 2 * (uint64_t) item.size;

        } else if (item.type == DG_MMDB_T_ARRAY) {
            pending += item.size;
        }
    }

    return DG_OK;
}


/* one control byte and what belongs to it; pointers are not followed */

static int
dg_mmdb_item(dg_mmdb_reader_t *rd, dg_mmdb_item_t *item, size_t offset)
{
    size_t                 n, len;
    unsigned               control;
    const u_char          *p;
    static const uint32_t  base[] = { 0, 29, 285, 65821 };

    p = rd->data->data;
    len = rd->data->len;

    if (rd->left == 0 || offset >= len) {
        return DG_ERROR;
    }

    rd->left--;

    control = p[offset++];
    item->type = control >> 5;
    item->payload = offset;

    if (item->type == DG_MMDB_T_POINTER) {
        return dg_mmdb_pointer(rd, item, control);
    }

    if (item->type == DG_MMDB_T_EXTENDED) {
        if (offset == len) {
            return DG_ERROR;
        }

        item->type = 7 + p[offset++];
    }

    item->size = control & 31;

    if (item->size >= 29) {
        n = item->size - 28;

        if (len - offset < n) {
            return DG_ERROR;
        }

        item->size = base[n] + (size_t) dg_mmdb_number(p + offset, n);
        offset += n;
    }

    item->payload = offset;
    item->next = offset;

    switch (item->type) {

    case DG_MMDB_T_MAP:
    case DG_MMDB_T_ARRAY:
    case DG_MMDB_T_BOOLEAN:
        return DG_OK;

    case DG_MMDB_T_CONTAINER:
    case DG_MMDB_T_END:
        return DG_ERROR;
    }

    if (item->type > DG_MMDB_T_FLOAT || item->size > len - offset) {
        return DG_ERROR;
    }

    item->next += item->size;

    return DG_OK;
}


/* the pointer whose control byte is at item->payload - 1 */

static int
dg_mmdb_pointer(dg_mmdb_reader_t *rd, dg_mmdb_item_t *item, unsigned control)
{
    size_t                 n;
    uint64_t               high;
    static const uint32_t  base[] = { 0, 2048, 526336, 0 };

    n = (control >> 3 & 3) + 1;

    if (rd->data->len - item->payload < n) {
        return DG_ERROR;
    }

    high = (n < 4) ? control & 7 : 0;

    item->size = base[n - 1]
                 + (high << (8 * n)
                    | dg_mmdb_number(rd->data->data + item->payload, n));
    item->next = item->payload + n;

    return DG_OK;
}


static int
dg_mmdb_value(dg_mmdb_value_t *value, const dg_str_t *data,
    const dg_mmdb_item_t *item)
{
    static const uint8_t  width[] = {
        [DG_MMDB_T_UINT16] = 2, [DG_MMDB_T_UINT32] = 4, [DG_MMDB_T_UINT64] = 8
    };

    switch (item->type) {

    case DG_MMDB_T_STRING:
        value->type = DG_MMDB_TEXT;
        value->text.len = item->size;
        value->text.data = data->data + item->payload;
        return DG_OK;

    case DG_MMDB_T_UINT16:
    case DG_MMDB_T_UINT32:
    case DG_MMDB_T_UINT64:
        if (item->size > width[item->type]) {
            return DG_ERROR;
        }

        value->type = DG_MMDB_NUMBER;
        value->number = dg_mmdb_number(data->data + item->payload, item->size);
        return DG_OK;

    case DG_MMDB_T_BOOLEAN:
        if (item->size > 1) {
            return DG_ERROR;
        }

        value->type = DG_MMDB_BOOLEAN;
        value->number = item->size;
        return DG_OK;
    }

    value->type = DG_MMDB_OTHER;

    return DG_OK;
}


static uint64_t
dg_mmdb_number(const u_char *p, size_t n)
{
    uint64_t  value;

    value = 0;

    while (n--) {
        value = value << 8 | *p++;
    }

    return value;
}
