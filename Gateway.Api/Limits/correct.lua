-- Corrects what a call took. KEYS: one a limit. ARGV: now, the lease; then of each limit the window's milliseconds (0: the lease ends), the slot,
-- and the change: less than 0 goes back to its slot, more is used now.
for index, key in ipairs(KEYS) do
  local at = 3 * index
  local length, slot, delta = tonumber(ARGV[at]), ARGV[at + 1], tonumber(ARGV[at + 2])
  if length == 0 then
    redis.call('ZREM', key, ARGV[2])
  elseif delta < 0 then
    local count = redis.call('HGET', key, slot)
    if count then
      local back = math.min(-delta, tonumber(count))
      redis.call('HINCRBY', key, slot, -back)
      redis.call('HINCRBY', key, 't', -back)
    end
  elseif delta > 0 then
    add(open_window(key, length), delta)
  end
end
return 0
