using Microsoft.Extensions.Options;

namespace LlmGateway.Routing.Calls;

/// <summary>The pause before a retry. (Polly's is a whole strategy around a delegate; what is retried here changes from attempt to attempt.)</summary>
internal sealed class Backoff(IOptions<RetryOptions> options, Random random)
{
    /// <param name="attempts">Made so far: 1 or more.</param>
    public TimeSpan Delay(int attempts)
    {
        var longest = Math.Min(options.Value.BaseDelaySeconds * Math.Pow(2, attempts - 1), options.Value.MaxDelaySeconds);

        // Calls that failed together must not come back together.
        return TimeSpan.FromSeconds(longest * (1 - (random.NextDouble() / 2)));
    }
}
