using System.Text.Json.Serialization;
using LlmGateway.Gateway.Admin;

namespace LlmGateway.Gateway.Calls;

/// <summary>What a client is told when it gets no answer; each dialect has its own way of writing it.</summary>
/// <param name="Status">The HTTP status.</param>
/// <param name="Type">The class of the error, such as <c>invalid_request_error</c>.</param>
/// <param name="Code">What exactly went wrong, for programs; null where no code is known.</param>
/// <param name="Message">What went wrong, for people. Carries no secret.</param>
internal sealed record ApiError(int Status, string Type, string? Code, string Message)
{
    /// <summary>The request's field at fault, as a path: <c>messages[0].role</c>.</summary>
    public string? Param { get; init; }

    /// <summary>
    /// For logs and metrics. Codes of a provider's own come with statuses of the client's fault; they are not bounded, and may quote the
    /// client.
    /// </summary>
    public string Outcome => Status is >= 500 or 429 or 402 ? Code ?? Type : "refused";

    public ErrorMetadata? Metadata { get; init; }

    /// <summary>What <c>x-should-retry</c> says to the official SDKs; null leaves it to their own rule for the status.</summary>
    public bool? ShouldRetry { get; init; }

    public TimeSpan? RetryAfter { get; init; }

    /// <summary>Provider calls made before giving up; 0 where none was made.</summary>
    public int Attempts { get; init; }
}

/// <summary>Figures behind an error. Amounts are in USD; whatever is null is left out.</summary>
internal sealed record ErrorMetadata
{
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public decimal? Required { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public decimal? Available { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public decimal? Balance { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public decimal? Held { get; init; }

    /// <summary>key, account or global: whose requests a rate limit counts together.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Scope { get; init; }

    /// <summary>tokens or usd, and of a rate limit requests, reads or parallel; what is used of the limit, and what is held.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Unit { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public decimal? Limit { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public decimal? Used { get; init; }

    /// <summary>Of a rate limit.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? WindowSeconds { get; init; }

    /// <summary>When the limit's next window begins, UTC; of a rate limit, when there is room again.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public DateTime? ResetsAt { get; init; }

    /// <summary>For a call that is to be refunded, and what of it was given back.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public decimal? Paid { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public decimal? Refunded { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<RuledOutDeployment>? Candidates { get; init; }

    /// <summary>What a restore would have done.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<RestoreChangeBody>? Changes { get; init; }
}

/// <summary>Why a deployment could not take the call.</summary>
internal sealed record RuledOutDeployment(string Deployment, string Reason);
