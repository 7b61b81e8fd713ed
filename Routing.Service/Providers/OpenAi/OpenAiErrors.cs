using System.Globalization;
using System.Net;
using System.Text.Json;
using LlmGateway.Protos.Routing.V1;
using LlmGateway.Routing.Calls;
using LlmGateway.Routing.Catalog;

namespace LlmGateway.Routing.Providers.OpenAi;

/// <summary>
/// What an OpenAI-compatible provider's refusal means for the call. The shapes that servers really send:
/// <code>
/// {"error":{"message":"…","type":"invalid_request_error","param":"model","code":"model_not_found"}}   OpenAI
/// {"error":{"code":400,"message":"…","type":"exceed_context_size_error","n_ctx":4096}}                llama.cpp, a number as code
/// {"error":"model 'x' not found"}                                                                     Ollama
/// {"object":"error","message":"…","type":"BadRequestError","code":400}                                vLLM, older
/// {"detail":"…"}                                                                                      FastAPI
/// &lt;html&gt;…                                                                                             a proxy in between
/// </code>
/// Only a provider's 400, 404, 413 and 422 is about the client's request, and only then do its words reach the client.
/// </summary>
internal static class OpenAiErrors
{
    private const int MaxMessage = 1000;
    private const int MaxName = 128;

    public static CallFault Classify(HttpStatusCode status, ReadOnlySpan<byte> body, TimeSpan retryAfter, Deployment deployment)
    {
        var error = ErrorBody.Read(body);
        var code = (int)status;
        var fault = code switch
        {
            401 or 403 => new CallFault(CallFailure.ProviderAuth, $"{deployment.Provider} refused the gateway's credentials."),
            402 => CreditSpent(deployment),
            429 when error.IsCreditSpent => CreditSpent(deployment),
            429 => new CallFault(CallFailure.ProviderRateLimited, $"{deployment.Provider} limits the rate of calls.") { RetryAfter = retryAfter },
            408 => new CallFault(CallFailure.ProviderTimeout, $"{deployment.Provider} took too long."),
            400 or 404 or 413 or 422 => Refused(error, code, deployment),
            _ => new CallFault(
                CallFailure.ProviderError, $"{deployment.Provider} answered with status {code.ToString(CultureInfo.InvariantCulture)}.")
            {
                RetryAfter = code >= 500 ? retryAfter : TimeSpan.Zero,
            },
        };
        return fault with { Status = code };
    }

    /// <summary>An error inside a stream whose status was 200.</summary>
    public static CallFault ClassifyEvent(ReadOnlySpan<byte> json, Deployment deployment)
    {
        var error = ErrorBody.Read(json);
        return error.Normalised switch
        {
            _ when error.IsCreditSpent => CreditSpent(deployment),
            "rate_limit_exceeded" => new CallFault(CallFailure.ProviderRateLimited, $"{deployment.Provider} limits the rate of calls."),
            "context_length_exceeded" or "content_policy_violation" => Refused(error, 400, deployment),
            _ => new CallFault(CallFailure.ProviderError, $"{deployment.Provider} reported an error in its stream."),
        };
    }

    private static CallFault CreditSpent(Deployment deployment) =>
        new(CallFailure.NoAvailableProvider, $"The gateway's credit at {deployment.Provider} is spent.");

    private static CallFault Refused(ErrorBody error, int status, Deployment deployment)
    {
        var message = error.Message.Length > 0
            ? Clean(error.Message, MaxMessage, deployment)
            : $"{deployment.Provider} refused the request with status {status.ToString(CultureInfo.InvariantCulture)}.";
        return new CallFault(CallFailure.ProviderRefused, message)
        {
            Param = Clean(error.Param, MaxName, deployment),
            Code = Clean(error.Normalised, MaxName, deployment),
            Status = status,
        };
    }

    // Some servers quote the credentials or the whole request back.
    private static string Clean(string text, int most, Deployment deployment)
    {
        var clean = deployment.Key is { } key ? text.Replace(key.Reveal(), "***", StringComparison.Ordinal) : text;
        return clean.Length <= most ? clean : string.Concat(clean.AsSpan(0, most - 1), "…");
    }

    private readonly record struct ErrorBody(string Message, string Type, string Code, string Param)
    {
        public bool IsCreditSpent => Type is "insufficient_quota"
            || Code is "insufficient_quota" or "credit_balance_exhausted" or "billing_hard_limit_reached";

        /// <summary>The code that clients know from OpenAI, whatever the server calls it.</summary>
        public string Normalised => this switch
        {
            _ when Code is "context_length_exceeded" or "string_above_max_length" || Type is "exceed_context_size_error" => "context_length_exceeded",
            _ when Has("maximum context length") || Has("prompt is too long") || Has("context size") || Has("context window") =>
                "context_length_exceeded",
            _ when Code is "content_filter" or "content_policy_violation" or "invalid_prompt" => "content_policy_violation",
            _ when Code is "rate_limit_exceeded" or "429" || Type is "rate_limit_error" or "requests" or "tokens" => "rate_limit_exceeded",
            // A number is a status, not a code.
            _ when Code.Length > 0 && !char.IsAsciiDigit(Code[0]) => Code,
            _ => "",
        };

        public static ErrorBody Read(ReadOnlySpan<byte> json)
        {
            try
            {
                var reader = new Utf8JsonReader(json);
                using var document = JsonDocument.ParseValue(ref reader);
                return Of(document.RootElement);
            }
            catch (Exception e) when (e is JsonException or InvalidOperationException)
            {
                return new ErrorBody("", "", "", "");
            }
        }

        private static ErrorBody Of(JsonElement element)
        {
            if (element.ValueKind == JsonValueKind.String)
            {
                return new ErrorBody(element.GetString()!, "", "", "");
            }

            if (element.ValueKind != JsonValueKind.Object)
            {
                return new ErrorBody("", "", "", "");
            }

            return element.TryGetProperty("error", out var inner) && inner.ValueKind is JsonValueKind.Object or JsonValueKind.String
                ? Of(inner)
                : new ErrorBody(Text(element, "message", "detail"), Text(element, "type"), Text(element, "code"), Text(element, "param"));
        }

        private static string Text(JsonElement element, string name, string? other = null)
        {
            if (!element.TryGetProperty(name, out var value))
            {
                return other is null ? "" : Text(element, other);
            }

            return value.ValueKind switch
            {
                JsonValueKind.String => value.GetString()!,
                JsonValueKind.Number => value.GetRawText(),
                _ => "",
            };
        }

        private bool Has(string part) => Message.Contains(part, StringComparison.OrdinalIgnoreCase);
    }
}
