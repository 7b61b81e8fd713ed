using System.Globalization;
using System.Net;
using System.Text.Json;
using LlmGateway.Protos.Routing.V1;
using LlmGateway.Routing.Calls;
using LlmGateway.Routing.Catalog;
using LlmGateway.Routing.Dialects;

namespace LlmGateway.Routing.Providers.Anthropic;

/// <summary>
/// What Anthropic's refusal means for the call (platform.claude.com/docs/en/api/errors), as a status or as an event of a stream:
/// <code>
/// {"type":"error","error":{"type":"invalid_request_error","message":"…","details":{"error_code":"…"}},"request_id":"req_…"}
/// </code>
/// Money that is spent there says so in four ways, one of them a 400; none of them is the caller's.
/// </summary>
internal static class AnthropicErrors
{
    private const int MaxMessage = 1000;

    private static readonly string[] Spent =
    [
        "enforced_spend_limit_reached", "contract_spend_limit_reached", "linked_organization_spend_limit_reached",
        "linked_organization_billing_unavailable",
    ];

    /// <summary>The account's own troubles, which Anthropic answers as if the request were at fault.</summary>
    private static readonly string[] Account =
    [
        "organization_on_hold", "organization_type_not_supported", "parent_organization_required", "claude_code_key_creator_not_member",
        "cmek_key_disabled", "cmek_key_network_blocked",
    ];

    public static CallFault Classify(HttpStatusCode status, ReadOnlySpan<byte> body, TimeSpan retryAfter, Deployment deployment) =>
        Classify((int)status, Error.Read(body), retryAfter, deployment) with { Status = (int)status };

    /// <summary>An error inside a stream whose status was 200.</summary>
    public static CallFault ClassifyEvent(ReadOnlySpan<byte> json, Deployment deployment)
    {
        var error = Error.Read(json);
        var status = error.Type switch
        {
            "invalid_request_error" => 400,
            "authentication_error" => 401,
            "billing_error" => 402,
            "permission_error" => 403,
            "not_found_error" => 404,
            "request_too_large" => 413,
            "rate_limit_error" => 429,
            "timeout_error" => 504,
            "overloaded_error" => 529,
            _ => 500,
        };
        return status is 500 or 529
            ? new CallFault(CallFailure.ProviderError, $"{deployment.Provider} reported an error in its stream.")
            : Classify(status, error, TimeSpan.Zero, deployment);
    }

    private static CallFault Classify(int status, in Error error, TimeSpan retryAfter, Deployment deployment) => status switch
    {
        _ when error.IsCreditSpent(status) => new CallFault(CallFailure.NoAvailableProvider, $"The gateway's credit at {deployment.Provider} is spent.")
        {
            Code = "insufficient_quota",
        },
        401 or 403 => Unauthorised(deployment),
        400 when Account.Contains(error.Code) || error.Has("organization has been disabled") => Unauthorised(deployment),
        429 => new CallFault(CallFailure.ProviderRateLimited, $"{deployment.Provider} limits the rate of calls.") { RetryAfter = retryAfter },
        408 or 504 => new CallFault(CallFailure.ProviderTimeout, $"{deployment.Provider} took too long."),
        400 or 404 or 413 or 422 => Refused(error, status, deployment),
        529 => new CallFault(CallFailure.ProviderError, $"{deployment.Provider} is overloaded.") { RetryAfter = retryAfter },
        _ => new CallFault(
            CallFailure.ProviderError, $"{deployment.Provider} answered with status {status.ToString(CultureInfo.InvariantCulture)}.")
        {
            RetryAfter = retryAfter,
        },
    };

    private static CallFault Unauthorised(Deployment deployment) =>
        new(CallFailure.ProviderAuth, $"{deployment.Provider} refused the gateway's credentials.");

    private static CallFault Refused(in Error error, int status, Deployment deployment) => new(
        CallFailure.ProviderRefused,
        error.Message.Length > 0
            ? Clean(error.Message, deployment)
            : $"{deployment.Provider} refused the request with status {status.ToString(CultureInfo.InvariantCulture)}.")
    {
        Code = error.Normalised(status),
        Status = status,
    };

    private static string Clean(string text, Deployment deployment)
    {
        var clean = deployment.Key is { } key ? text.Replace(key.Reveal(), "***", StringComparison.Ordinal) : text;
        return clean.Length <= MaxMessage ? clean : string.Concat(clean.AsSpan(0, MaxMessage - 1), "…");
    }

    private readonly record struct Error(string Type, string Message, string Code)
    {
        public static Error Read(ReadOnlySpan<byte> json)
        {
            try
            {
                var reader = new Utf8JsonReader(json);
                using var document = JsonDocument.ParseValue(ref reader);
                var error = document.RootElement.Member("error"u8) ?? document.RootElement;
                return new Error(
                    TextOf(error.Member("type"u8)), TextOf(error.Member("message"u8)), TextOf(error.Member("details"u8)?.Member("error_code"u8)));
            }
            catch (Exception e) when (e is JsonException or InvalidOperationException)
            {
                // A page of a proxy in between: the status says enough.
                return new Error("", "", "");
            }
        }

        public bool IsCreditSpent(int status) => status == 402 || Type == "billing_error" || Spent.Contains(Code)
            || (status is 400 or 403 && (Has("credit balance is too low") || Has("specified API usage limits")));

        /// <summary>The code that clients know from OpenAI.</summary>
        public string Normalised(int status) => this switch
        {
            _ when Has("prompt is too long") || Has("exceed context limit") || Has("exceeds the context window") => "context_length_exceeded",
            _ when Has("content filtering policy") || Has("usage policy") => "content_policy_violation",
            _ when status == 404 => "model_not_found",
            _ when status == 413 => "request_too_large",
            _ => "",
        };

        public bool Has(string part) => Message.Contains(part, StringComparison.OrdinalIgnoreCase);

        private static string TextOf(JsonElement? element) => element is { ValueKind: JsonValueKind.String } text ? text.GetString()! : "";
    }
}
