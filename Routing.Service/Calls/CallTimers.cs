using System.Globalization;
using LlmGateway.Protos.Routing.V1;
using LlmGateway.Routing.Catalog;

namespace LlmGateway.Routing.Calls;

/// <summary>
/// The timers of one attempt. The connection's is the HTTP handler's; first byte, gap and total share one token, which the client's
/// leaving cancels too, unless the provider's answers are drained: then it shortens the total. Writing to a slow client costs no gap: only waiting for the provider does.
/// </summary>
internal sealed class CallTimers : IDisposable
{
    private readonly CancellationTokenSource _cancellation;
    private readonly CancellationTokenRegistration _client;
    private readonly Drains _drains;
    private readonly string _provider;
    private readonly CallOptions _options;
    private readonly TimeProvider _time;
    private readonly Call _call;
    private readonly Lock _leaving = new();
    private readonly TimeSpan _firstToken;
    private readonly TimeSpan _firstByte;
    private long? _sent;
    private TimeSpan _limit;
    private string _what = "";
    private Drains.Drain? _drain;
    private CancellationTokenRegistration _end;
    private bool _left;
    private long _leftAt;

    public CallTimers(Call call, Deployment deployment, Drains drains, CallOptions options, TimeProvider time, CancellationToken client)
    {
        (_call, _provider, _drains, _options, _time) = (call, deployment.Provider, drains, options, time);
        _firstToken = deployment.FirstTokenTimeout ?? options.FirstTokenTimeout;
        _firstByte = deployment.Timeout ?? (call.Stream ? options.FirstByteTimeout : options.PlainFirstByteTimeout);
        _cancellation = new CancellationTokenSource(Timeout.InfiniteTimeSpan, time);
        _client = client.UnsafeRegister(static state => ((CallTimers)state!).Leave(), this);
    }

    /// <summary>Of an answer that is read on for a client that left; null without.</summary>
    public Drains.Drain? Drain => Volatile.Read(ref _drain);

    public CancellationToken Token => _cancellation.Token;

    private TimeSpan FirstTokenLeft => _sent is { } sent ? _firstToken - _time.GetElapsedTime(sent) : TimeSpan.MaxValue;

    public void WaitForFirstByte()
    {
        _sent = _call.Stream && _firstToken > TimeSpan.Zero ? _time.GetTimestamp() : null;
        Arm(_firstByte, "sent nothing");
    }

    public void WaitForMore() => Arm(_options.GapTimeout, "fell silent");

    /// <summary>Now the client is waited for; only the total still runs.</summary>
    public void Received()
    {
        _sent = null;
        Arm(Timeout.InfiniteTimeSpan, "");
    }

    /// <summary>The client is gone: the provider's work ends now, or is drained for so long.</summary>
    public void Leave()
    {
        lock (_leaving)
        {
            if (_left)
            {
                return;
            }

            (_left, _leftAt) = (true, _time.GetTimestamp());
            Volatile.Write(ref _drain, _drains.Begin(_provider));
        }

        if (_drain is { } drain)
        {
            _cancellation.CancelAfter(drain.MaxTime);
            _end = drain.End.UnsafeRegister(static state => _ = ((CallTimers)state!).EndAsync(), this);
        }
        else
        {
            // For good: a timer could be armed anew by who waits for the provider at this moment.
            _cancellation.Cancel();
        }
    }

    /// <summary>Ends the attempt now, as an expired timer does. Nothing of one that is over.</summary>
    public async Task EndAsync()
    {
        try
        {
            await _cancellation.CancelAsync();
        }
        catch (ObjectDisposedException)
        {
        }
    }

    /// <summary>The fault that an expired timer is. Only asked for when the token was cancelled and not by the client.</summary>
    public CallFault Expired(string provider) => new(CallFailure.ProviderTimeout, _what.Length == 0
        ? $"The call took longer than {Seconds(_options.TotalTimeout)} s."
        : $"{provider} {_what} for {Seconds(_limit)} s.");

    public void Dispose()
    {
        _client.Dispose();
        _end.Dispose();
        _cancellation.Dispose();
        Drain?.Dispose();
    }

    private void Arm(TimeSpan limit, string what)
    {
        var left = _options.TotalTimeout - _time.GetElapsedTime(_call.StartedTimestamp);
        if (Drain is { } drain)
        {
            var drainLeft = drain.MaxTime - _time.GetElapsedTime(_leftAt);
            left = drainLeft < left ? drainLeft : left;
        }

        var byTotal = limit == Timeout.InfiniteTimeSpan || left <= limit;
        (_limit, _what) = byTotal ? (left, "") : (limit, what);
        var wait = _limit;
        if (FirstTokenLeft < _limit)
        {
            (wait, _limit, _what) = (FirstTokenLeft, _firstToken, "had no content");
        }

        _cancellation.CancelAfter(wait > TimeSpan.Zero ? wait : TimeSpan.Zero);
    }

    private static string Seconds(TimeSpan time) => time.TotalSeconds.ToString("0.###", CultureInfo.InvariantCulture);
}
