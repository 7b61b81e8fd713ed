using System.Diagnostics.Metrics;
using LlmGateway.Gateway.Calls;
using LlmGateway.ServiceDefaults.Metrics;

namespace LlmGateway.Gateway;

/// <summary>What the gateway counts. Labels are models of the catalogue and closed sets: no key, and no account that was not asked for.</summary>
internal sealed class GatewayMetrics : IDisposable
{
    public const string MeterName = "LlmGateway.Gateway";

    private readonly Meter _meter;
    private readonly Counter<long> _requests;
    private readonly Histogram<double> _durations;
    private readonly Counter<long> _errors;
    private readonly Gauge<double> _balances;
    private readonly Counter<long> _rateLimited;
    private readonly Counter<long> _limiterFailures;
    private readonly Counter<long> _addressRefusals;
    private readonly Histogram<double> _added;
    private readonly Histogram<double> _governed;

    public GatewayMetrics(IMeterFactory meters)
    {
        _meter = meters.Create(MeterName);
        _requests = _meter.Counter(GatewayMetricTable.Requests);
        _durations = _meter.Histogram(GatewayMetricTable.RequestDuration);
        _errors = _meter.Counter(GatewayMetricTable.RequestErrors);
        _balances = _meter.DoubleGauge(GatewayMetricTable.Balance);
        _rateLimited = _meter.Counter(GatewayMetricTable.RateLimited);
        _limiterFailures = _meter.Counter(GatewayMetricTable.LimiterFailures);
        _addressRefusals = _meter.Counter(GatewayMetricTable.AddressRefusals);
        _added = _meter.Histogram(GatewayMetricTable.Added);
        _governed = _meter.Histogram(GatewayMetricTable.Governed);
    }

    /// <summary>A call that Routing was asked for is over; its outcome is "ok" or the error's code.</summary>
    /// <param name="model">Of the catalogue, or <see cref="CallClock.OtherModel"/>.</param>
    /// <param name="provider">Who answered; empty where nobody did.</param>
    public void CallEnded(string model, string provider, bool stream, ApiError? error, TimeSpan duration)
    {
        var ofModel = new KeyValuePair<string, object?>("model", model);
        var streamed = new KeyValuePair<string, object?>("stream", stream);
        _requests.Add(1, ofModel, new("provider", provider), streamed, new("outcome", error?.Outcome ?? "ok"));
        _durations.Record(duration.TotalSeconds, ofModel, streamed);
        if (error is not null)
        {
            _errors.Add(1, ofModel, new("error", error.Outcome));
        }
    }

    /// <summary>Until a call's first content, less what its providers took.</summary>
    public void Added(bool stream, TimeSpan duration) => _added.Record(duration.TotalSeconds, new KeyValuePair<string, object?>("stream", stream));

    public void Authenticated(TimeSpan duration) => Governed("auth", duration);

    /// <summary>A request was counted against its limits.</summary>
    /// <param name="limit">The name of the limit that refused it; null where it was let through.</param>
    public void Limited(string? limit, TimeSpan duration)
    {
        _rateLimited.Add(1, new("result", limit is null ? "allowed" : "refused"), new("limit", limit ?? ""));
        Governed("limits", duration);
    }

    /// <param name="isInMemory">Whether the limiter counts in memory now; asked when somebody reads the metrics.</param>
    public void ObserveLimiter(Func<bool> isInMemory) => _meter.Observe(GatewayMetricTable.LimiterMode, () =>
    {
        var memory = isInMemory();
        return new Measurement<long>[] { new(memory ? 0 : 1, Mode("redis")), new(memory ? 1 : 0, Mode("memory")) };
    });

    /// <summary>Counting went over from Redis to memory.</summary>
    public void LimiterFailed() => _limiterFailures.Add(1);

    /// <param name="reason">refused_keys or requests.</param>
    public void AddressRefused(string reason) => _addressRefusals.Add(1, new KeyValuePair<string, object?>("reason", reason));

    public void BalanceIs(string account, double usd) => _balances.Record(usd, new KeyValuePair<string, object?>("account", account));

    public void Dispose() => _meter.Dispose();

    private void Governed(string step, TimeSpan duration) => _governed.Record(duration.TotalSeconds, new KeyValuePair<string, object?>("step", step));

    private static KeyValuePair<string, object?> Mode(string mode) => new("mode", mode);
}
