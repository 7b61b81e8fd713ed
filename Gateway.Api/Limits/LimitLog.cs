using LlmGateway.Gateway.Authentication;
using LlmGateway.ServiceDefaults.Logging;

namespace LlmGateway.Gateway.Limits;

/// <summary>Refusals by rate limits: a few lines a second, and how many there were beside them.</summary>
internal sealed partial class LimitLog(TimeProvider time, ILogger<LimitLog> logger)
{
    private const int LinesPerSecond = 10;

    private readonly LineBudget _budget = new(time, LinesPerSecond);

    /// <param name="context">The request.</param>
    /// <param name="limit">The limit's name.</param>
    /// <param name="caller">Null where nobody has looked at the key.</param>
    public void Refused(HttpContext context, string limit, Caller? caller)
    {
        if (_budget.TryTake(out var withheld))
        {
            Log.Refused(
                logger, limit, caller?.AccountId, context.TraceIdentifier, caller?.MaskedKey, context.Connection.RemoteIpAddress?.ToString(),
                withheld > 0 ? withheld : null);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "Rate limit reached: {Limit}")]
        public static partial void Refused(
            ILogger logger, string limit, string? userId, string requestId, string? maskedKey, string? clientAddress, long? withheld);
    }
}
