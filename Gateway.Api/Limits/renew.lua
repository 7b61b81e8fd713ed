-- Puts off the end of leases. KEYS: the limit of each. ARGV: now, the leases' milliseconds, and the lease of each.
local lease_ms = tonumber(ARGV[2])
for index, key in ipairs(KEYS) do
  redis.call('ZADD', key, now + lease_ms, ARGV[2 + index])
  redis.call('PEXPIRE', key, lease_ms)
end
return 0
