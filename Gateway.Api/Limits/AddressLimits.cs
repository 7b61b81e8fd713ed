using System.Net;
using LlmGateway.Gateway.Authentication;
using LlmGateway.Gateway.Calls;
using Microsoft.Extensions.Options;

namespace LlmGateway.Gateway.Limits;

/// <summary>What one client address may do before anybody knows its key. Counted by each gateway for itself: a question to Redis would cost more.</summary>
/// <remarks>
/// An address whose keys are refused too often is not asked about at Keys.Service until it has slowed down, so that guessing is slow and costs
/// nothing. Keys in use go on from there: a good client may share the address with a bad one.
/// </remarks>
internal sealed class AddressLimits
{
    // So many seconds' worth of refusals at once are forgiven: programs that start with a wrong key, behind one address.
    private const int ForgivenSeconds = 10;

    // After a flood however long, an address is asked about again so soon.
    private const int SlowDownSeconds = 1;

    private readonly BoundedMap<ClientAddress, Meter> _refusals;
    private readonly BoundedMap<ClientAddress, Meter> _requests;
    private readonly GatewayMetrics _metrics;
    private readonly TimeProvider _time;
    private readonly double _refusalsPerSecond;
    private readonly double? _requestsPerMinute;

    public AddressLimits(IOptions<LimitOptions> options, GatewayMetrics metrics, TimeProvider time)
    {
        (_metrics, _time) = (metrics, time);
        (_refusalsPerSecond, _requestsPerMinute) = (options.Value.RefusedKeysPerAddress, options.Value.AddressRequestsPerMinute);
        _refusals = new(options.Value.RememberedAddresses);
        _requests = new(options.Value.RememberedAddresses);
    }

    private static readonly ApiError TooManyRefusedKeys = new(
        429, LimitRefusal.Type, LimitRefusal.Code, "Too many keys from this address were refused, and this one is not in use here. Try again in a second.")
    {
        RetryAfter = TimeSpan.FromSeconds(SlowDownSeconds),
        Metadata = new() { Scope = "address", Unit = "refused_keys" },
    };

    /// <summary>A key from there was found not to be valid.</summary>
    public void KeyRefused(IPAddress? address)
    {
        if (_refusalsPerSecond > 0)
        {
            MeterOf(_refusals, ClientAddress.Of(address))
                .TryAdd(Ticks(1 / _refusalsPerSecond), Ticks(ForgivenSeconds + SlowDownSeconds), _time.GetTimestamp());
        }
    }

    /// <summary>False: nobody is to be asked about a key from there that is not in use.</summary>
    public bool MayTryKeys(IPAddress? address) =>
        _refusalsPerSecond == 0 || !_refusals.TryGet(ClientAddress.Of(address), out var meter) || meter.Ahead(_time.GetTimestamp()) < Ticks(ForgivenSeconds);

    /// <summary>What a key that is not in use is told then.</summary>
    public ApiError RefuseToAsk()
    {
        _metrics.AddressRefused("refused_keys");
        return TooManyRefusedKeys;
    }

    /// <summary>Null lets the request in.</summary>
    public ApiError? Admit(IPAddress? address)
    {
        if (_requestsPerMinute is not { } perMinute)
        {
            return null;
        }

        var (interval, window) = (Ticks(60 / perMinute), Ticks(60));
        var wait = MeterOf(_requests, ClientAddress.Of(address)).TryAdd(interval, window, _time.GetTimestamp());
        if (wait == 0)
        {
            return null;
        }

        _metrics.AddressRefused("requests");
        return new(429, LimitRefusal.Type, LimitRefusal.Code, $"Rate limit reached for requests per minute of this address: limit {perMinute:0}.")
        {
            RetryAfter = _time.GetElapsedTime(0, wait),
            Metadata = new() { Scope = "address", Unit = "requests", WindowSeconds = 60, Limit = (decimal)perMinute },
        };
    }

    private static Meter MeterOf(BoundedMap<ClientAddress, Meter> map, ClientAddress address)
    {
        if (!map.TryGet(address, out var meter))
        {
            // Of two that come at once the later one counts; the other's event is lost.
            map.Set(address, meter = new());
        }

        return meter;
    }

    private long Ticks(double seconds) => (long)(seconds * _time.TimestampFrequency);

    /// <summary>How far an address is ahead of its rate, as one time (the generic cell rate algorithm): no list, no timer.</summary>
    private sealed class Meter
    {
        private long _paidUntil = long.MinValue / 2;

        public long Ahead(long now) => Volatile.Read(ref _paidUntil) - now;

        /// <summary>Returns 0, or how long to wait.</summary>
        public long TryAdd(long interval, long most, long now)
        {
            while (true)
            {
                var paid = Volatile.Read(ref _paidUntil);
                var next = Math.Max(paid, now) + interval;
                if (next - now > most)
                {
                    return next - now - most;
                }

                if (Interlocked.CompareExchange(ref _paidUntil, next, paid) == paid)
                {
                    return 0;
                }
            }
        }
    }
}
