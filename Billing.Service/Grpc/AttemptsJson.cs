using System.Text.Json;
using System.Text.Json.Serialization;
using LlmGateway.Protos.Billing.V1;

namespace LlmGateway.Billing.Grpc;

/// <summary>
/// The provider calls of a request as they are stored:
/// <code>[{"deployment":"openai-1","provider":"openai","model":"gpt-4o","outcome":"ok","status":200,"duration_ms":812}]</code>
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
            (int)Fields.InRange($"{field}.duration_ms", attempt.DurationMs, 0, int.MaxValue));
    }
}

internal sealed record StoredAttempt(string Deployment, string Provider, string Model, string Outcome, int Status, int DurationMs);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(StoredAttempt[]))]
internal sealed partial class StoredAttemptJson : JsonSerializerContext;
