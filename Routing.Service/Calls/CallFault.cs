using LlmGateway.Protos.Routing.V1;

namespace LlmGateway.Routing.Calls;

/// <summary>Why a call, or one attempt of it, produced no whole answer.</summary>
/// <param name="Message">A sentence for the client: no secret, no stack trace, no provider's page.</param>
internal sealed record CallFault(CallFailure Failure, string Message)
{
    /// <summary>The request's field at fault; empty without one.</summary>
    public string Param { get; init; } = "";

    /// <summary>The provider's code, normalised; empty where the failure's own is meant.</summary>
    public string Code { get; init; } = "";

    /// <summary>The provider's HTTP status; 0 without an answer.</summary>
    public int Status { get; init; }

    public TimeSpan RetryAfter { get; init; }

    public BalanceFigures? Balance { get; init; }

    /// <summary>With a limit of the key.</summary>
    public LimitFigures? Limit { get; init; }

    /// <summary>Why each candidate could not serve, with <see cref="CallFailure.NoAvailableProvider"/>.</summary>
    public IReadOnlyList<RuledOut> RuledOut { get; init; } = [];

    /// <summary>The name that metrics and settlements have: "provider_timeout".</summary>
    public string Name => NameOf(Failure);

    /// <summary>The deployment cannot do what a field asks for, and was not called.</summary>
    public bool IsUnsupported => this is { Failure: CallFailure.InvalidRequest, Code: "unsupported_parameter" };

    /// <summary>The code of an answer that does not go on where another broke off.</summary>
    public const string AnswerDiffers = "answer_differs";

    /// <summary>The code of a provider that does not continue a text that was begun.</summary>
    public const string PrefillRefused = "prefill_refused";

    /// <summary>The provider is well, but could not go on with what another began.</summary>
    public bool IsOfRescue => Code is AnswerDiffers or PrefillRefused;

    /// <summary>The prompt does not fit into the model's context.</summary>
    public bool IsTooLong => this is { Failure: CallFailure.ProviderRefused, Code: "context_length_exceeded" };

    /// <summary>The provider's content policy refused the request.</summary>
    public bool IsContentPolicy => this is { Failure: CallFailure.ProviderRefused, Code: "content_policy_violation" };

    /// <summary>The same deployment may do better in a moment. Not so one that was silent: it would be silent as long again.</summary>
    public bool MayRetry => !IsOfRescue && Failure is CallFailure.ProviderUnreachable or CallFailure.ProviderRateLimited or CallFailure.ProviderError
        || this is { Failure: CallFailure.ProviderTimeout, Status: not 0 };

    /// <summary>Another deployment may do better. Not so when the fault is in the request itself.</summary>
    public bool MayFailOver => IsUnsupported || Failure switch
    {
        CallFailure.ProviderUnreachable or CallFailure.ProviderTimeout or CallFailure.ProviderRateLimited or CallFailure.ProviderError
            or CallFailure.ProviderAuth or CallFailure.NoAvailableProvider => true,
        CallFailure.ProviderRefused => Status == 404,
        _ => false,
    };

    public Failed ToMessage(int attempts)
    {
        var failed = new Failed
        {
            Failure = Failure,
            Message = Message,
            Param = Param,
            Code = Code,
            Status = Failure == CallFailure.ProviderRefused ? Status : 0,
            RetryAfterMs = (long)Math.Ceiling(RetryAfter.TotalMilliseconds),
            Attempts = attempts,
            Balance = Balance,
            Limit = Limit,
        };
        failed.RuledOut.AddRange(RuledOut);
        return failed;
    }

    private static string NameOf(CallFailure failure) => failure switch
    {
        CallFailure.ModelNotFound => "model_not_found",
        CallFailure.InvalidRequest => "invalid_request",
        CallFailure.InsufficientBalance => "insufficient_balance",
        CallFailure.PriceUnknown => "price_unknown",
        CallFailure.BillingUnavailable => "billing_unavailable",
        CallFailure.NoAvailableProvider => "no_available_provider",
        CallFailure.ProviderUnreachable => "provider_unreachable",
        CallFailure.ProviderTimeout => "provider_timeout",
        CallFailure.ProviderRateLimited => "provider_rate_limited",
        CallFailure.ProviderError => "provider_error",
        CallFailure.ProviderAuth => "provider_auth",
        CallFailure.ProviderRefused => "provider_refused",
        CallFailure.TotalLimit => "total_limit",
        CallFailure.MonthlyLimit => "monthly_limit",
        CallFailure.DailyLimit => "daily_limit",
        _ => throw new ArgumentOutOfRangeException(nameof(failure), failure, "Not a failure that has a name."),
    };
}
