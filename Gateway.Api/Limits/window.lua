-- A sliding window in a hash: t the total, o the oldest slot that may be there, n the newest, and a count by each slot's number.
-- SlidingWindow.cs says how it counts. With 124 fields at most, Redis keeps it as a compact list.
local SLOTS = 120
local NEVER = -1
local PARALLEL_RETRY = 1000

-- Milliseconds; 0 asks for this server's clock, which all gateways share.
local now = tonumber(ARGV[1])
if now == 0 then
  local time = redis.call('TIME')
  now = time[1] * 1000 + math.floor(time[2] / 1000)
end

local function dies_at(slot, length)
  return math.ceil((slot + SLOTS + 1) * length / SLOTS)
end

-- Brings a window to this moment.
local function open_window(key, length)
  local slot = math.floor(now * SLOTS / length)
  local window = { key = key, length = length, slot = slot, oldest = slot, newest = slot, total = 0, empty = true }
  local kept = redis.call('HMGET', key, 't', 'o', 'n')
  if not kept[1] then
    return window
  end

  local total, oldest, newest = tonumber(kept[1]), tonumber(kept[2]), tonumber(kept[3])
  if newest < slot - SLOTS or newest > slot + SLOTS then
    redis.call('DEL', key)
    return window
  end

  -- A clock that was set back stands still until it has caught up.
  if newest > slot then
    slot = newest
  end

  local first = slot - SLOTS
  if oldest < first then
    local dead = {}
    for number = oldest, first - 1 do
      dead[#dead + 1] = number
    end
    for _, count in ipairs(redis.call('HMGET', key, unpack(dead))) do
      if count then
        total = total - count
      end
    end
    redis.call('HDEL', key, unpack(dead))
    redis.call('HSET', key, 't', total, 'o', first)
    oldest = first
  end

  window.slot, window.oldest, window.newest, window.total, window.empty = slot, oldest, newest, total, false
  return window
end

local function add(window, amount)
  redis.call('HINCRBY', window.key, window.slot, amount)
  window.total = window.total + amount
  redis.call('HSET', window.key, 't', window.total, 'o', window.oldest, 'n', window.slot)
  if window.empty or window.newest ~= window.slot then
    redis.call('PEXPIRE', window.key, window.length + 2 * math.ceil(window.length / SLOTS))
  end
  window.newest, window.empty = window.slot, false
end

-- Milliseconds until so much more than now has left the window.
local function wait_for(window, excess)
  local slots = {}
  for number = window.oldest, window.slot do
    slots[#slots + 1] = number
  end
  local freed = 0
  for index, count in ipairs(redis.call('HMGET', window.key, unpack(slots))) do
    if count then
      freed = freed + count
      if freed >= excess then
        return dies_at(slots[index], window.length) - now
      end
    end
  end
  return dies_at(window.slot, window.length) - now
end
