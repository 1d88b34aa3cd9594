/*
 * Copyright (C) 2026 Distill Guard
 */


#include "dg_schema.h"


/* bytes are compared one by one: Lua's own order is that of a language */

const dg_str_t  dg_schema_decide = dg_string(
    "local function later(new, old)\n"
    "  for i = 1, math.max(#new, #old) do\n"
    "    local a, b = string.byte(new, i) or 0, string.byte(old, i) or 0\n"
    "    if a ~= b then return a > b end\n"
    "  end\n"
    "  return false\n"
    "end\n"
    "local news = {}\n"
    "for i = 3, #ARGV, 2 do\n"
    "  local subject, new = ARGV[i], ARGV[i + 1]\n"
    "  local old = redis.call('HGET', KEYS[2], subject)\n"
    "  local n = 0\n"
    "  if string.sub(new, 1, 1) == '-' then\n"
    "    if old == string.sub(new, 2) then\n"
    "      n = redis.call('HDEL', KEYS[2], subject)\n"
    "    end\n"
    "  elseif not old or not string.match(old, '^%d+ ')\n"
    "    or later(new, old)\n"
    "  then\n"
    "    redis.call('HSET', KEYS[2], subject, new)\n"
    "    redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[1], '*',\n"
    "      'subject', subject, 'decision', new)\n"
    "    n = 1\n"
    "  end\n"
    "  news[#news + 1] = n\n"
    "end\n"
    "redis.call('EXPIRE', KEYS[1], ARGV[2])\n"
    "redis.call('EXPIRE', KEYS[2], ARGV[2])\n"
    "return news\n");


/* it stands in front of hash tags, in ACL patterns and in shells */

int
dg_schema_prefix(const dg_str_t *prefix)
{
    u_char  c;
    size_t  i;

    for (i = 0; i < prefix->len; i++) {
        c = prefix->data[i];

        if (!(c >= '0' && c <= '9') && !(c >= 'a' && c <= 'z')
            && !(c >= 'A' && c <= 'Z') && c != '_' && c != '-' && c != '.'
            && c != ':')
        {
            return DG_ERROR;
        }
    }

    return (i == 0 || i > DG_SCHEMA_PREFIX_MAX) ? DG_ERROR : DG_OK;
}


uint64_t
dg_schema_check(const dg_hash_key_t *key)
{
    return dg_hash(key, DG_HASH_CHECK, (const u_char *) "check", 5).v[0];
}
