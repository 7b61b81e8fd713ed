using System.Text.Json;
using System.Text.Json.Serialization;
using LlmGateway.Protos.Billing.V1;

namespace LlmGateway.Billing.Grpc;

/// <summary>
/// The provider calls of a request as they are stored:
/// <code>[{"deployment":"openai-1","provider":"openai","model":"gpt-4o","outcome":"ok","status":200,"duration_ms":812}]</code>
/// with "hedged" and "usage" where an attempt has them.
/// </summary>
internal static class AttemptsJson
{
    private const int Most = 100;

    public static string Write(IReadOnlyList<Attempt> attempts)
    {
        Fields.InRange("attempts", attempts.Count, 0, Most);
        var stored = attempts.Select((attempt, index) => Checked(attempt, $"attempts[{index}]")).ToArray();
        return JsonSerializer.Serialize(stored, StoredAttemptJson.Default.StoredAttemptArray);
    }

    /// <param name="stored">Null for none.</param>
    public static IEnumerable<Attempt> Read(string? stored) =>
        (stored is null ? [] : JsonSerializer.Deserialize(stored, StoredAttemptJson.Default.StoredAttemptArray)!).Select(attempt => new Attempt
        {
            Candidate = new() { Deployment = attempt.Deployment, Provider = attempt.Provider, Model = attempt.Model },
            Outcome = attempt.Outcome,
            Status = attempt.Status,
            DurationMs = attempt.DurationMs,
            Hedged = attempt.Hedged,
            Usage = attempt.Usage?.ToMessage(),
        });

    private static StoredAttempt Checked(Attempt attempt, string field)
    {
        var candidate = Fields.Present($"{field}.candidate", attempt.Candidate);
        var model = candidate.ToPricedModel($"{field}.candidate");
        return new(
            candidate.Deployment,
            model.Provider,
            model.Model,
            Fields.Name($"{field}.outcome", attempt.Outcome),
            (int)Fields.InRange($"{field}.status", attempt.Status, 0, 999),
            (int)Fields.InRange($"{field}.duration_ms", attempt.DurationMs, 0, int.MaxValue),
            attempt.Hedged,
            attempt.Usage is { } usage ? StoredUsage.Of(usage) : null);
    }
}

internal sealed record StoredAttempt(
    string Deployment,
    string Provider,
    string Model,
    string Outcome,
    int Status,
    int DurationMs,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] bool Hedged = false,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] StoredUsage? Usage = null);

/// <summary>What the provider bills for an attempt that did not answer.</summary>
internal sealed record StoredUsage(long Input, long CachedInput, long CacheWrite, long CacheWrite1h, long Output, long Reasoning, bool Estimated)
{
    public static StoredUsage Of(Usage usage) => new(
        usage.InputTokens, usage.CachedInputTokens, usage.CacheWriteTokens, usage.CacheWrite1HTokens, usage.OutputTokens, usage.ReasoningTokens,
        usage.Estimated);

    public Usage ToMessage() => new()
    {
        InputTokens = Input,
        CachedInputTokens = CachedInput,
        CacheWriteTokens = CacheWrite,
        CacheWrite1HTokens = CacheWrite1h,
        OutputTokens = Output,
        ReasoningTokens = Reasoning,
        Estimated = Estimated,
    };
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(StoredAttempt[]))]
internal sealed partial class StoredAttemptJson : JsonSerializerContext;
