using System.Globalization;
using System.Net;
using System.Text.Json;
using LlmGateway.Protos.Routing.V1;
using LlmGateway.Routing.Calls;
using LlmGateway.Routing.Catalog;

namespace LlmGateway.Routing.Providers.Gemini;

/// <summary>
/// What Gemini's refusals mean for the call. They are google.rpc.Status (cloud.google.com/apis/design/errors), whose details tell apart what one
/// HTTP status means: a bad key is a 400, and when to come back stands in the body, in no header:
/// <code>
/// {"error":{"code":429,"message":"…","status":"RESOURCE_EXHAUSTED","details":[
///   {"@type":"type.googleapis.com/google.rpc.QuotaFailure","violations":[{"quotaId":"GenerateRequestsPerDayPerProjectPerModel-FreeTier"}]},
///   {"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"API_KEY_INVALID"},
///   {"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"34.07s"}]}}
/// </code>
/// Only what is about the client's request reaches the client in Gemini's words.
/// </summary>
internal static class GeminiErrors
{
    private const int MaxMessage = 1000;
    private static readonly TimeSpan LongestRetry = TimeSpan.FromHours(24);

    public static CallFault Classify(HttpStatusCode status, ReadOnlySpan<byte> body, TimeSpan retryAfter, Deployment deployment) =>
        Fault((int)status, GeminiError.Read(body), retryAfter, deployment);

    /// <summary>An error inside an answer whose status was 200.</summary>
    public static CallFault ClassifyEvent(ReadOnlySpan<byte> json, Deployment deployment)
    {
        var error = GeminiError.Read(json);
        return Fault(error.Code is >= 400 and <= 599 ? error.Code : 500, error, TimeSpan.Zero, deployment) with { Status = 200 };
    }

    private static CallFault Fault(int status, GeminiError error, TimeSpan retryAfter, Deployment deployment)
    {
        var fault = status switch
        {
            _ when error.IsOfKey || status is 401 or 403 =>
                new CallFault(CallFailure.ProviderAuth, $"{deployment.Provider} refused the gateway's credentials."),
            402 => CreditSpent(deployment),
            429 when error.IsOfDay || error.Reason is "BILLING_DISABLED" => CreditSpent(deployment),
            429 => new CallFault(CallFailure.ProviderRateLimited, $"{deployment.Provider} limits the rate of calls.")
            {
                RetryAfter = error.RetryDelay > TimeSpan.Zero ? error.RetryDelay : retryAfter,
            },
            // Not this client's: the region, or a project without billing.
            400 when error.Status is "FAILED_PRECONDITION" =>
                new CallFault(CallFailure.ProviderAuth, $"{deployment.Provider} does not serve the gateway's account."),
            400 or 404 or 413 or 422 => Refused(error, status, deployment),
            408 or 504 => new CallFault(CallFailure.ProviderTimeout, $"{deployment.Provider} took too long."),
            _ => new CallFault(
                CallFailure.ProviderError, $"{deployment.Provider} answered with status {status.ToString(CultureInfo.InvariantCulture)}.")
            {
                RetryAfter = error.RetryDelay,
            },
        };
        return fault with { Status = status };
    }

    private static CallFault CreditSpent(Deployment deployment) =>
        new(CallFailure.NoAvailableProvider, $"The gateway's quota at {deployment.Provider} is spent.") { Code = "insufficient_quota" };

    private static CallFault Refused(GeminiError error, int status, Deployment deployment)
    {
        var message = error.Message.Length > 0
            ? Clean(error.Message, deployment)
            : $"{deployment.Provider} refused the request with status {status.ToString(CultureInfo.InvariantCulture)}.";
        return new CallFault(CallFailure.ProviderRefused, message) { Code = error.Normalised(status) };
    }

    private static string Clean(string text, Deployment deployment)
    {
        var clean = deployment.Key is { } key ? text.Replace(key.Reveal(), "***", StringComparison.Ordinal) : text;
        return clean.Length <= MaxMessage ? clean : string.Concat(clean.AsSpan(0, MaxMessage - 1), "…");
    }

    private readonly record struct GeminiError(int Code, string Status, string Message)
    {
        /// <summary>Of the ErrorInfo among the details.</summary>
        public string Reason { get; private init; } = "";

        public TimeSpan RetryDelay { get; private init; }

        /// <summary>A quota that only the next day gives back.</summary>
        public bool IsOfDay { get; private init; }

        public bool IsOfKey => Reason.StartsWith("API_KEY_", StringComparison.Ordinal) || Reason is "CONSUMER_INVALID" or "CONSUMER_SUSPENDED" or "SERVICE_DISABLED";

        public string Normalised(int status) => this switch
        {
            _ when status == 404 => "model_not_found",
            _ when Has("input token count") || Has("maximum number of tokens allowed") || Has("token limit") => "context_length_exceeded",
            _ when Has("safety") || Has("content policy") || Has("prohibited content") || Has("blocked") => "content_policy_violation",
            _ => "",
        };

        public static GeminiError Read(ReadOnlySpan<byte> json)
        {
            try
            {
                var reader = new Utf8JsonReader(json);
                using var document = JsonDocument.ParseValue(ref reader);
                var root = document.RootElement;
                root = root.ValueKind == JsonValueKind.Array && root.GetArrayLength() > 0 ? root[0] : root;
                return Member(root, "error") is { } error ? Of(error) : default;
            }
            catch (Exception e) when (e is JsonException or InvalidOperationException)
            {
                return new GeminiError(0, "", "");
            }
        }

        private static GeminiError Of(JsonElement error)
        {
            var code = Member(error, "code") is { ValueKind: JsonValueKind.Number } number && number.TryGetInt32(out var value) ? value : 0;
            var read = new GeminiError(code, Text(error, "status"), Text(error, "message"));
            foreach (var detail in Member(error, "details") is { ValueKind: JsonValueKind.Array } details ? details.EnumerateArray() : default)
            {
                read = Text(detail, "@type").Split('.')[^1] switch
                {
                    "ErrorInfo" => read with { Reason = Text(detail, "reason") },
                    "RetryInfo" => read with { RetryDelay = Delay(Text(detail, "retryDelay")) },
                    "QuotaFailure" => read with { IsOfDay = Violations(detail).Any(id => id.Contains("PerDay", StringComparison.Ordinal)) },
                    _ => read,
                };
            }

            return read;
        }

        private static List<string> Violations(JsonElement detail) =>
            Member(detail, "violations") is { ValueKind: JsonValueKind.Array } list ? [.. list.EnumerateArray().Select(one => Text(one, "quotaId"))] : [];

        // google.protobuf.Duration: "34.074824224s"
        private static TimeSpan Delay(string text) =>
            text.EndsWith('s') && double.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var seconds)
                ? TimeSpan.FromSeconds(Math.Min(seconds, LongestRetry.TotalSeconds))
                : TimeSpan.Zero;

        private static JsonElement? Member(JsonElement element, string name) =>
            element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) ? value : null;

        private static string Text(JsonElement element, string name) =>
            Member(element, name) is { ValueKind: JsonValueKind.String } value ? value.GetString()! : "";

        private bool Has(string part) => Message.Contains(part, StringComparison.OrdinalIgnoreCase);
    }
}
