/*
 * Copyright (C) 2026 Distill Guard
 *
 * What runs within Redis, see docs/redis.md for why.
 */


#include "ngx_distill_guard_redis.h"


/*
 * KEYS     buckets of one subject, the current minute first
 * ARGV[1]  field of this node
 * ARGV[i]  what it counted in KEYS[i - 1]: "counter ... ttl", and of the
 *          first "counter ... reserved_input reserved_output when ttl";
 *          empty: the bucket is only read
 *
 * Of each bucket it is returned which fields moved, bit by bit, and the
 * fleet's totals, those of the first with the reservations.  The list of
 * counters stands between the two pieces.
 */

static const char  ngx_distill_guard_redis_merge_head[] =
    "local names = {";

static const char  ngx_distill_guard_redis_merge_tail[] =
    "}\n"
    "local n, call, match = #names, redis.call, string.match\n"
    "names[n + 1] = 'reserved_input'\n"
    "names[n + 2] = 'reserved_output'\n"
    "local node, reply = ARGV[1], {}\n"
    "local m = n + 2\n"
    "local pattern = '(%d+)' .. string.rep(' (%d+)', m)\n"
    "for i, key in ipairs(KEYS) do\n"
    "  local had = call('HMGET', key, node, unpack(names, 1, m))\n"
    "  local own = {match(ARGV[i + 1], pattern)}\n"
    "  local old = {match(had[1] or '', pattern)}\n"
    "  local at = i == 1 and tonumber(own[m + 1] or -1) or -1\n"
    "  local was = tonumber(old[m + 1] or 0)\n"
    "  local set, changed = {'HSET', key, node, ''}, 0\n"
    "  local r = #reply + 1\n"
    "  for j = 1, m do\n"
    "    local a, b = own[j] or '0', old[j] or '0'\n"
    "    local total = tonumber(had[j + 1]) or 0\n"
    "    if a ~= b then\n"
    "      local more = tonumber(a) - tonumber(b)\n"
    "      if j <= n and more > 0 or j > n and at >= was then\n"
    "        total = math.max(total + more, 0)\n"
    "        set[#set + 1] = names[j]\n"
    "        set[#set + 1] = string.format('%.0f', total)\n"
    "        changed = changed + 2 ^ (j - 1)\n"
    "      else\n"
    "        own[j] = b\n"
    "      end\n"
    "    end\n"
    "    reply[r + j] = total\n"
    "  end\n"
    "  reply[r] = changed\n"
    "  if changed > 0 or at > was then\n"
    "    if i == 1 then own[m + 1] = math.max(at, was) end\n"
    "    set[4] = table.concat(own, ' ')\n"
    "    call(unpack(set))\n"
    "    if not had[1] then\n"
    "      call('EXPIRE', key, match(ARGV[i + 1], '%d+$'))\n"
    "    end\n"
    "  end\n"
    "  if i == 1 then\n"
    "    m = n\n"
    "    pattern = '(%d+)' .. string.rep(' (%d+)', n - 1)\n"
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
    size_t      len;
    ngx_str_t  *script;
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

    return NGX_OK;
}
