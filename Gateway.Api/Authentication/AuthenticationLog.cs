using LlmGateway.ServiceDefaults.Logging;

namespace LlmGateway.Gateway.Authentication;

/// <summary>Requests that were not let in: a few lines a second, and how many there were beside them, so that nobody who guesses keys fills a disk.</summary>
internal sealed partial class AuthenticationLog(TimeProvider time, ILogger<AuthenticationLog> logger)
{
    private const int LinesPerSecond = 10;

    private readonly LineBudget _budget = new(time, LinesPerSecond);

    /// <param name="context">The request.</param>
    /// <param name="reason">Of a closed set, or one of the gateway's own sentences.</param>
    /// <param name="caller">Whose key is valid, and not enough; null for all others.</param>
    public void Refused(HttpContext context, string reason, Caller? caller = null)
    {
        if (_budget.TryTake(out var withheld))
        {
            Log.Refused(
                logger, reason, caller?.AccountId, context.TraceIdentifier, caller?.MaskedKey ?? Masked(context.Request),
                (context.GetEndpoint() as RouteEndpoint)?.RoutePattern.RawText, context.Connection.RemoteIpAddress?.ToString(),
                withheld > 0 ? withheld : null);
        }
    }

    // Read anew, because requests that are let in must not pay for it.
    private static string? Masked(HttpRequest request) =>
        Credentials.TryRead(request, out var presented, out _) ? MaskedSecret.Of(presented.Secret) : null;

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "Authentication failed: {Reason}")]
        public static partial void Refused(
            ILogger logger, string reason, string? userId, string requestId, string? maskedKey, string? route, string? clientAddress, long? withheld);
    }
}
