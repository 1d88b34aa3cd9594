/*
 * Copyright (C) 2026 Distill Guard
 *
 * What runs within Redis, see docs/redis.md for why.
 */


#include "ngx_distill_guard_redis.h"

#include <ngx_sha1.h>


/*
 * KEYS     buckets of one subject, the current minute first
 * ARGV[1]  field of this node
 * ARGV[i]  what it counted in KEYS[i - 1]: "counter ... ttl", and of the
 *          first "counter ... reserved_input reserved_output when ttl";
 *          empty: the bucket is only read
 *
 * Of each bucket it is returned which fields moved, bit by bit, and the
 * fleet's totals, those of the first with the reservations.
 *
 * What is known of the node is joined with what it says: of counters the
 * greater, of reservations the later.  A bucket that was the current minute
 * comes again as one before, without reservations, and may come in either
 * order: what is not said of stays as it is.  The list of counters stands
 * between the two pieces.
 */

static const char  ngx_distill_guard_redis_merge_head[] =
    "local names = {";

static const char  ngx_distill_guard_redis_merge_tail[] =
    "}\n"
    "local n, call, match = #names, redis.call, string.match\n"
    "names[n + 1] = 'reserved_input'\n"
    "names[n + 2] = 'reserved_output'\n"
    "local node, reply = ARGV[1], {}\n"
    "local counters = '(%d+)' .. string.rep(' (%d+)', n - 1) .. '(.*)'\n"
    "for i, key in ipairs(KEYS) do\n"
    "  local m = i == 1 and n + 2 or n\n"
    "  local had = call('HMGET', key, node, unpack(names, 1, m))\n"
    "  local own = {match(ARGV[i + 1], counters)}\n"
    "  local old = {match(had[1] or '', counters)}\n"
    "  local tail = old[n + 1] or ''\n"
    "  local set, changed, r = {'HSET', key, node, ''}, 0, #reply + 1\n"
    "  local function move(j, a, b)\n"
    "    local total = tonumber(had[j + 1]) or 0\n"
    "    if a ~= b then\n"
    "      total = math.max(total + tonumber(a) - tonumber(b), 0)\n"
    "      set[#set + 1] = names[j]\n"
    "      set[#set + 1] = string.format('%.0f', total)\n"
    "      changed = changed + 2 ^ (j - 1)\n"
    "    end\n"
    "    reply[r + j] = total\n"
    "  end\n"
    "  for j = 1, n do\n"
    "    local a, b = own[j] or '0', old[j] or '0'\n"
    "    if a ~= b and tonumber(a) < tonumber(b) then a = b end\n"
    "    own[j] = a\n"
    "    move(j, a, b)\n"
    "  end\n"
    "  local later = false\n"
    "  if i == 1 then\n"
    "    local new = {match(own[n + 1] or '', '(%d+) (%d+) (%d+)')}\n"
    "    local was = {match(tail, '(%d+) (%d+) (%d+)')}\n"
    "    later = tonumber(new[3] or -1) > tonumber(was[3] or -1)\n"
    "    if later then\n"
    "      tail = ' ' .. table.concat(new, ' ')\n"
    "    else\n"
    "      new = was\n"
    "    end\n"
    "    move(n + 1, new[1] or '0', was[1] or '0')\n"
    "    move(n + 2, new[2] or '0', was[2] or '0')\n"
    "  end\n"
    "  reply[r] = changed\n"
    "  if changed > 0 or later then\n"
    "    set[4] = table.concat(own, ' ', 1, n) .. tail\n"
    "    call(unpack(set))\n"
    "    if not had[1] then\n"
    "      call('EXPIRE', key, match(ARGV[i + 1], '%d+$'))\n"
    "    end\n"
    "  end\n"
    "end\n"
    "return reply\n";


/*
 * KEYS[1]  a sorted set, whose scores only grow
 * ARGV     rank of the last member to be dropped, ttl, then scores and
 *          members
 */

static const char  ngx_distill_guard_redis_rank_script[] =
    "local n = redis.call('ZADD', KEYS[1], 'GT', 'CH', unpack(ARGV, 3))\n"
    "if n > 0 then\n"
    "  redis.call('ZREMRANGEBYRANK', KEYS[1], 0, ARGV[1])\n"
    "  redis.call('EXPIRE', KEYS[1], ARGV[2])\n"
    "end\n"
    "return n\n";


ngx_int_t
ngx_distill_guard_redis_scripts(ngx_distill_guard_redis_sync_t *sync)
{
    u_char     *p;
    u_char      digest[NGX_DISTILL_GUARD_REDIS_SHA / 2];
    size_t      len;
    ngx_str_t  *script;
    ngx_sha1_t  sha;
    ngx_uint_t  i;

    len = sizeof(ngx_distill_guard_redis_merge_head) - 1
          + sizeof(ngx_distill_guard_redis_merge_tail) - 1;

    for (i = 0; i < DG_COUNTERS; i++) {
        len += dg_counters[i].name.len + 3;
    }

    p = ngx_pnalloc(sync->cycle->pool, len);
    if (p == NULL) {
        return NGX_ERROR;
    }

    script = &sync->script[NGX_DISTILL_GUARD_REDIS_MERGE];
    script->data = p;

    p = ngx_cpymem(p, ngx_distill_guard_redis_merge_head,
                   sizeof(ngx_distill_guard_redis_merge_head) - 1);

    for (i = 0; i < DG_COUNTERS; i++) {
        if (i) {
            *p++ = ',';
        }

        *p++ = '\'';
        p = ngx_cpymem(p, dg_counters[i].name.data, dg_counters[i].name.len);
        *p++ = '\'';
    }

    p = ngx_cpymem(p, ngx_distill_guard_redis_merge_tail,
                   sizeof(ngx_distill_guard_redis_merge_tail) - 1);

    script->len = p - script->data;

    ngx_str_set(&sync->script[NGX_DISTILL_GUARD_REDIS_RANK],
                ngx_distill_guard_redis_rank_script);

    script = &sync->script[NGX_DISTILL_GUARD_REDIS_DECIDE];
    script->data = (u_char *) dg_schema_decide.data;
    script->len = dg_schema_decide.len;

    for (i = 0; i < NGX_DISTILL_GUARD_REDIS_SCRIPTS; i++) {
        script = &sync->script[i];

        ngx_sha1_init(&sha);
        ngx_sha1_update(&sha, script->data, script->len);
        ngx_sha1_final(digest, &sha);

        (void) ngx_hex_dump(sync->sha[i], digest, sizeof(digest));
    }

    return NGX_OK;
}
