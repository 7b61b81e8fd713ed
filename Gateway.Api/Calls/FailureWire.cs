using Grpc.Core;
using LlmGateway.Gateway.Health;
using LlmGateway.Protos.Routing.V1;

namespace LlmGateway.Gateway.Calls;

/// <summary>What a client is told about a call that Routing did not complete: the one place where a failure gets its status.</summary>
internal static class FailureWire
{
    private const string Upstream = "upstream_error";
    private const string InsufficientQuota = "insufficient_quota";

    private static readonly TimeSpan LongestWait = TimeSpan.FromDays(366);

    /// <param name="failed">What Routing says.</param>
    /// <param name="quotaStatus">The status of refusals for want of money or tokens.</param>
    public static ApiError From(Failed failed, int quotaStatus = BillingOptions.TooManyRequests)
    {
        var (status, type, code, shouldRetry) = Form(failed.Failure);
        status = failed.Failure == CallFailure.ProviderRefused ? RefusalStatus(failed.Status) : type == InsufficientQuota ? quotaStatus : status;
        return new(status, type, Code(failed, code), Message(failed))
        {
            Param = failed.Param.Length > 0 ? failed.Param : null,
            ShouldRetry = failed.BudgetSpent ? false : shouldRetry,
            RetryAfter = failed.RetryAfterMs > 0 ? TimeSpan.FromMilliseconds(Math.Min(failed.RetryAfterMs, LongestWait.TotalMilliseconds)) : null,
            Attempts = failed.Attempts,
            Metadata = Metadata(failed),
        };
    }

    /// <summary>Routing itself failed: it cannot be reached, ran out of time, or broke off.</summary>
    public static ApiError From(RpcException exception) => exception.StatusCode switch
    {
        StatusCode.Unavailable => ApiErrors.RoutingUnavailable,
        StatusCode.DeadlineExceeded => new(504, Upstream, "provider_timeout", "The call took longer than it may.") { ShouldRetry = false },
        _ => ApiErrors.Internal,
    };

    // x-should-retry is false where trying again cannot help soon (money, a price, a key of ours) and where the gateway has
    // spent its own attempts already: clients that retry on top of that would multiply the load on a provider in trouble.
    internal static (int Status, string Type, string? Code, bool? ShouldRetry) Form(CallFailure failure) => failure switch
    {
        CallFailure.ModelNotFound => (404, ApiErrors.InvalidRequest, "model_not_found", null),
        CallFailure.InvalidRequest => (400, ApiErrors.InvalidRequest, "invalid_value", null),
        CallFailure.InsufficientBalance => (429, InsufficientQuota, "insufficient_balance", false),
        CallFailure.TotalLimit => (429, InsufficientQuota, "tariff_exhausted", false),
        CallFailure.MonthlyLimit => (429, InsufficientQuota, "monthly_limit_exceeded", false),
        CallFailure.DailyLimit => (429, InsufficientQuota, "daily_limit_exceeded", false),
        CallFailure.PriceUnknown => (503, ApiErrors.ServerError, "price_unknown", false),
        CallFailure.BillingUnavailable => (503, ApiErrors.ServiceUnavailable, "billing_unavailable", null),
        CallFailure.NoAvailableProvider => (503, Upstream, "no_available_provider", null),
        CallFailure.ProviderUnreachable => (502, Upstream, "provider_unreachable", false),
        CallFailure.ProviderTimeout => (504, Upstream, "provider_timeout", false),
        CallFailure.ProviderRateLimited => (429, "rate_limit_error", "provider_rate_limited", null),
        CallFailure.ProviderError => (502, Upstream, "provider_error", false),
        CallFailure.ProviderAuth => (502, Upstream, "provider_auth", false),
        CallFailure.ProviderRefused => (400, ApiErrors.InvalidRequest, null, null),
        // Also the names of a newer Routing: proto3 enums are open.
        _ => (500, ApiErrors.ServerError, "internal_error", null),
    };

    private static int RefusalStatus(int status) => status is >= 400 and < 500 and not (401 or 402 or 403 or 407 or 429) ? status : 400;

    private static string? Code(Failed failed, string? code) =>
        failed.Failure is CallFailure.ProviderRefused or CallFailure.InvalidRequest && failed.Code.Length > 0 ? failed.Code : code;

    private static string Message(Failed failed) => failed.Message.Length > 0 ? failed.Message : "The call failed.";

    private static ErrorMetadata? Metadata(Failed failed) => failed switch
    {
        { Balance: { } figures } => new()
        {
            Required = Usd.FromNano(figures.RequiredNanoUsd),
            Available = Usd.FromNano(figures.AvailableNanoUsd),
            Balance = Usd.FromNano(figures.BalanceNanoUsd),
            Held = Usd.FromNano(figures.HeldNanoUsd),
        },
        { Limit: { } limit } => Metadata(limit),
        { RuledOut.Count: > 0 } => new() { Candidates = [.. failed.RuledOut.Select(r => new RuledOutDeployment(r.Deployment, r.Reason))] },
        _ => null,
    };

    private static ErrorMetadata Metadata(LimitFigures figures)
    {
        return new()
        {
            Unit = figures.InNanoUsd ? "usd" : "tokens",
            Limit = Figure(figures.Limit),
            Used = Figure(figures.Used),
            Held = Figure(figures.Held),
            Required = figures.InNanoUsd ? Usd.FromNano(figures.RequiredNanoUsd) : null,
            ResetsAt = figures.ResetsAt?.ToDateTime(),
        };

        decimal Figure(long value) => figures.InNanoUsd ? Usd.FromNano(value) : value;
    }
}
