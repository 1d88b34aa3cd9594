-- What people write who have OpenResty's modules and a Redis: tokens and
-- requests per key and minute. The body is decoded for its model, two round
-- trips to Redis on pooled connections count, usage comes from the answer.

local cjson = require "cjson.safe"

local _M = {}

local REQUESTS = 100000000
local TOKENS = 100000000000


local function encode(...)
    local args = { ... }
    local out = { "*", #args, "\r\n" }

    for _, arg in ipairs(args) do
        arg = tostring(arg)
        out[#out + 1] = "$" .. #arg .. "\r\n" .. arg .. "\r\n"
    end

    return table.concat(out)
end


local function reply(sock)
    local line, err = sock:receive()

    if not line then
        return nil, err
    end

    local kind, rest = line:sub(1, 1), line:sub(2)

    if kind == ":" then
        return tonumber(rest)
    end

    if kind == "-" then
        return nil, rest
    end

    if kind == "$" and tonumber(rest) >= 0 then
        local data
        data, err = sock:receive(tonumber(rest))
        if not data then
            return nil, err
        end

        sock:receive(2)
        return data
    end

    return false
end


-- several commands in one round trip

local function redis(port, commands)
    local sock = ngx.socket.tcp()

    sock:settimeout(250)

    local ok, err = sock:connect("127.0.0.1", port)
    if not ok then
        return nil, err
    end

    -- a connection of the pool has its database already
    local fresh = sock:getreusedtimes() == 0
    local out = {}

    if fresh then
        out[1] = encode("SELECT", 1)
    end

    for _, command in ipairs(commands) do
        out[#out + 1] = encode(unpack(command))
    end

    ok, err = sock:send(table.concat(out))
    if not ok then
        return nil, err
    end

    local replies = {}

    for i = 1, #out do
        replies[i], err = reply(sock)
        if replies[i] == nil then
            return nil, err
        end
    end

    sock:setkeepalive(60000, 64)

    if fresh then
        table.remove(replies, 1)
    end

    return replies
end


function _M.access(port)
    ngx.req.read_body()

    local body = ngx.req.get_body_data()

    if not body then
        return ngx.exit(413)
    end

    local request = cjson.decode(body)

    if type(request) ~= "table" or not request.model then
        return ngx.exit(400)
    end

    local key = ngx.md5(ngx.var.http_authorization or "") .. ":"
                .. request.model .. ":" .. math.floor(ngx.time() / 60)

    ngx.ctx.key = key

    local counts, err = redis(port, {
        { "INCRBY", "requests:" .. key, 1 },
        { "EXPIRE", "requests:" .. key, 120 },
        { "GET", "tokens:" .. key },
    })

    -- a limiter that is away refuses nobody

    if not counts then
        ngx.log(ngx.ERR, "limiter: ", err)
        return
    end

    if counts[1] > REQUESTS or tonumber(counts[3] or 0) > TOKENS then
        ngx.header["Retry-After"] = 60 - ngx.time() % 60
        return ngx.exit(429)
    end
end


local function usage(text)
    local answer = cjson.decode(text)

    if type(answer) == "table" and type(answer.usage) == "table" then
        ngx.ctx.tokens = answer.usage.total_tokens
    end
end


-- every event is decoded; a line may come in two pieces

local function stream(chunk)
    local ctx = ngx.ctx
    local text = (ctx.rest or "") .. chunk
    local from = 1

    while true do
        local stop = text:find("\n", from, true)

        if not stop then
            break
        end

        if text:sub(from, from + 5) == "data: " then
            usage(text:sub(from + 6, stop - 1))
        end

        from = stop + 1
    end

    ctx.rest = text:sub(from)
end


function _M.body_filter()
    local chunk, eof = ngx.arg[1], ngx.arg[2]
    local ctx = ngx.ctx

    if ctx.streams == nil then
        local type = ngx.header.content_type or ""
        ctx.streams = type:sub(1, 17) == "text/event-stream"
        ctx.parts = {}
    end

    if ctx.streams then
        return stream(chunk)
    end

    ctx.parts[#ctx.parts + 1] = chunk

    if eof then
        usage(table.concat(ctx.parts))
    end
end


-- there are no sockets in this phase

function _M.log(port)
    local key, tokens = ngx.ctx.key, ngx.ctx.tokens

    if not key or not tokens then
        return
    end

    local ok, err = ngx.timer.at(0, function()
        local counts, failure = redis(port, {
            { "INCRBY", "tokens:" .. key, tokens },
            { "EXPIRE", "tokens:" .. key, 120 },
        })

        if not counts then
            ngx.log(ngx.ERR, "limiter: ", failure)
        end
    end)

    if not ok then
        ngx.log(ngx.ERR, "limiter: ", err)
    end
end


return _M
