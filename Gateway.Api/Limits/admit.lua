-- Decides on a call by all its limits at once, and takes from all of them or from none.
-- KEYS: one a limit. ARGV: now, the lease, its milliseconds; then of each limit the window's milliseconds (0: parallel calls), the limit, the
-- amount, and the least that must be left. Answers with the limit that refuses (0: none) and when it would not any more, then of each limit
-- what is used, when nothing will be, the slot, and what was taken.
local lease, lease_ms = ARGV[2], tonumber(ARGV[3])
local limits = {}
local refused, wait = 0, 0

for index, key in ipairs(KEYS) do
  local at = 4 * index
  local length, limit, amount, least = tonumber(ARGV[at]), tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2]), tonumber(ARGV[at + 3])
  local retry
  local one = { limit = limit, amount = amount, least = least }
  if length == 0 then
    redis.call('ZREMRANGEBYSCORE', key, '-inf', now)
    one.count = redis.call('ZCARD', key)
    if amount > 0 and one.count >= limit then
      retry = limit == 0 and NEVER or PARALLEL_RETRY
    end
  else
    one.window = open_window(key, length)
    if least > 0 and one.window.total + least > limit then
      retry = least > limit and NEVER or wait_for(one.window, one.window.total + least - limit)
    end
  end
  if retry and wait >= 0 and (retry > wait or retry == NEVER) then
    refused, wait = index, retry
  end
  limits[index] = one
end

local answer = { refused, wait }
for index, key in ipairs(KEYS) do
  local one = limits[index]
  local used, reset, slot, taken = 0, 0, 0, 0
  if one.window then
    if refused == 0 then
      taken = math.min(one.amount, math.max(one.limit - one.window.total, one.least))
    end
    if taken > 0 then
      add(one.window, taken)
    else
      taken = 0
    end
    used, slot = one.window.total, one.window.slot
    if used ~= 0 then
      reset = dies_at(one.window.newest, one.window.length) - now
    end
  else
    if refused == 0 and one.amount > 0 then
      taken = 1
      redis.call('ZADD', key, now + lease_ms, lease)
      redis.call('PEXPIRE', key, lease_ms)
      one.count = redis.call('ZCARD', key)
    end
    used = one.count
  end
  answer[#answer + 1] = used
  answer[#answer + 1] = reset
  answer[#answer + 1] = slot
  answer[#answer + 1] = taken
end
return answer
