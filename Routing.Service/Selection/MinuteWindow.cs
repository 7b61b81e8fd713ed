namespace LlmGateway.Routing.Selection;

/// <summary>
/// Calls and tokens of the last minute, by seconds. One second more than a minute is kept, because the oldest may have begun just before it:
/// a provider that counts by its own clock sees no more than the limit in any minute.
/// </summary>
/// <remarks>Written by hand: System.Threading.RateLimiting counts one thing a limiter, and takes no correction afterwards.</remarks>
internal sealed class MinuteWindow
{
    private const int Seconds = 61;

    private readonly long[] _requests = new long[Seconds];
    private readonly long[] _tokens = new long[Seconds];
    private long _second;

    public long Requests { get; private set; }

    public long Tokens { get; private set; }

    public void MoveTo(long second)
    {
        for (var steps = Math.Min(second - _second, Seconds); steps > 0; steps--)
        {
            var oldest = (second - steps + 1) % Seconds;
            Requests -= _requests[oldest];
            Tokens -= _tokens[oldest];
            (_requests[oldest], _tokens[oldest]) = (0, 0);
        }

        _second = Math.Max(second, _second);
    }

    public void Add(long requests, long tokens)
    {
        Requests += requests;
        Tokens += tokens;
        _requests[_second % Seconds] += requests;
        _tokens[_second % Seconds] += tokens;
    }

    /// <summary>After how many seconds no more than so much is left in the window; a whole window for what will never be.</summary>
    /// <param name="requests">Null for any number.</param>
    /// <param name="tokens">Null for any number.</param>
    public long SecondsUntil(long? requests, long? tokens)
    {
        var (requestsLeft, tokensLeft) = (Requests, Tokens);
        for (var passed = 0; passed < Seconds; passed++)
        {
            if (!(requestsLeft > requests) && !(tokensLeft > tokens))
            {
                return passed;
            }

            var oldest = (_second + 1 + passed) % Seconds;
            requestsLeft -= _requests[oldest];
            tokensLeft -= _tokens[oldest];
        }

        return Seconds;
    }
}
