using System.Collections.Concurrent;
using LlmGateway.Routing.Catalog;

namespace LlmGateway.Routing.Selection;

/// <summary>How much goes to each deployment and how quickly it answers, as this process sees it. It outlives a change of the catalogue.</summary>
internal sealed class Traffic(TimeProvider time)
{
    private readonly ConcurrentDictionary<string, DeploymentTraffic> _deployments = new();

    public DeploymentTraffic Of(Deployment deployment) =>
        _deployments.GetOrAdd(deployment.Id, static (_, time) => new DeploymentTraffic(time), time);
}

/// <summary>The traffic of one deployment.</summary>
internal sealed class DeploymentTraffic(TimeProvider time)
{
    private readonly Lock _lock = new();
    private readonly MinuteWindow _window = new();
    private readonly long _started = time.GetTimestamp();
    private DecayedAverage _firstToken;
    private DecayedAverage _perToken;

    /// <summary>Calls and tokens of the last minute.</summary>
    public (long Requests, long Tokens) LastMinute
    {
        get
        {
            lock (_lock)
            {
                _window.MoveTo(Second);
                return (_window.Requests, _window.Tokens);
            }
        }
    }

    /// <summary>Counts a call, unless the deployment's limits are used up.</summary>
    /// <param name="deployment">This one.</param>
    /// <param name="tokens">Of the prompt, as an estimate; <see cref="Used"/> tells the rest.</param>
    /// <param name="wait">Until there is room.</param>
    public bool TryBegin(Deployment deployment, long tokens, out TimeSpan wait)
    {
        lock (_lock)
        {
            wait = Wait(deployment, tokens);
            if (wait > TimeSpan.Zero)
            {
                return false;
            }

            _window.Add(1, tokens);
            return true;
        }
    }

    /// <summary>How long <see cref="TryBegin"/> would say no from now; zero where it says yes.</summary>
    public TimeSpan Look(Deployment deployment, long tokens)
    {
        lock (_lock)
        {
            return Wait(deployment, tokens);
        }
    }

    /// <summary>Corrects the estimate of a call that began: what it used beyond it, or less than none.</summary>
    public void Used(long tokens)
    {
        lock (_lock)
        {
            _window.MoveTo(Second);
            _window.Add(0, tokens);
        }
    }

    /// <summary>A stream's first content came.</summary>
    public void FirstToken(TimeSpan after)
    {
        lock (_lock)
        {
            _firstToken.Add(after.TotalSeconds, Now);
        }
    }

    /// <summary>A plain answer came.</summary>
    public void Answered(TimeSpan after, long outputTokens)
    {
        lock (_lock)
        {
            _perToken.Add(after.TotalSeconds / Math.Max(outputTokens, 1), Now);
        }
    }

    /// <summary>Seconds to a stream's first token, or for each token of a plain answer; 0 when not known.</summary>
    /// <returns>As measured, and what it may be by now: less, the longer ago that was.</returns>
    public (double Measured, double AtBest) Latency(bool stream)
    {
        lock (_lock)
        {
            var average = stream ? _firstToken : _perToken;
            return (average.Value, average.Value * average.Faith(Now));
        }
    }

    private TimeSpan Now => time.GetElapsedTime(_started);

    private long Second => (long)Now.TotalSeconds;

    private TimeSpan Wait(Deployment deployment, long tokens)
    {
        if (deployment is { RequestsPerMinute: null, TokensPerMinute: null })
        {
            // Counted nevertheless: a policy may ask.
            _window.MoveTo(Second);
            return TimeSpan.Zero;
        }

        _window.MoveTo(Second);
        var seconds = _window.SecondsUntil(deployment.RequestsPerMinute - 1, deployment.TokensPerMinute - tokens);
        return seconds == 0 ? TimeSpan.Zero : TimeSpan.FromSeconds(Second + seconds) - Now;
    }
}
