using Microsoft.AspNetCore.Http;
using static LlmGateway.FakeProvider.Json;

namespace LlmGateway.FakeProvider;

/// <summary>What OpenAI's endpoints have in common: headers, errors, events; and how Azure's and LiteLLM's differ.</summary>
internal abstract class OpenAiWire(ProviderCall call, Script script) : Wire(call, script)
{
    protected const long Created = 1_763_683_200;

    public override string KeepAlive => ": OPENROUTER PROCESSING\n\n";

    public static string Models(IEnumerable<string> names)
    {
        var data = string.Join(',', names.Select(name => $$"""{"id":{{Quote(name)}},"object":"model","created":{{Created}},"owned_by":"fake"}"""));
        return $$"""{"object":"list","data":[{{data}}]}""";
    }

    public override void AddHeaders(IHeaderDictionary headers)
    {
        headers["x-request-id"] = "req_fake" + Number;
        headers["x-ratelimit-limit-requests"] = "500";
        headers["x-ratelimit-remaining-requests"] = "499";
        headers["x-ratelimit-reset-requests"] = "120ms";
        if (Call.IsAzure)
        {
            headers["apim-request-id"] = "apim-fake" + Number;
            headers["x-ms-region"] = "Sweden Central";
            headers["azureml-model-session"] = "d001";
        }
        else if (Script.LiteLlm)
        {
            headers["x-litellm-call-id"] = "fake-call-" + Number;
            headers["x-litellm-model-id"] = "fake-model-id";
            headers["x-litellm-response-cost"] = "0.00123";
            headers["x-litellm-version"] = "1.80.0";
            headers["llm_provider-x-request-id"] = "req_behind" + Number;
        }
        else
        {
            headers["openai-processing-ms"] = "12";
            headers["openai-version"] = "2020-10-01";
        }
    }

    public override string Error(ProviderError error) => Call.IsAzure
        ? AzureErrors.Write(error)
        : Script.LiteLlm
            // LiteLLM writes the status as the code, in a string.
            ? $$$"""{"error":{"message":{{{Quote("litellm." + error.Message)}}},"type":{{{Quote(error.Type ?? TypeOf(error.Status))}}},"param":{{{Quote(error.Param)}}},"code":"{{{error.Status}}}"}}"""
            : $$$"""{"error":{"message":{{{Quote(error.Message)}}},"type":{{{Quote(error.Type ?? TypeOf(error.Status))}}},"param":{{{Quote(error.Param)}}},"code":{{{Quote(error.Code)}}}}}""";

    public override ProviderError Of(Fault fault) => (Call.IsAzure ? AzureErrors.Of(fault) : null) ?? fault switch
    {
        Fault.Malformed => new(400, "We could not parse the JSON body of your request."),
        Fault.PromptTooLong => new(400, "This model's maximum context length is 128000 tokens. However, your messages resulted in 130012 tokens. Please reduce the length of the messages.",
            Code: "context_length_exceeded", Param: "messages"),
        Fault.ContentPolicy => new(400, "Invalid prompt: your prompt was flagged as potentially violating our usage policy.", Code: "invalid_prompt"),
        Fault.WrongKey => new(401, "Incorrect API key provided: sk-****. You can find your API key at https://platform.openai.com/account/api-keys.", Code: "invalid_api_key"),
        Fault.NoKey => new(401, "You didn't provide an API key. You need to provide your API key in an Authorization header using Bearer auth (i.e. Authorization: Bearer YOUR_KEY)."),
        Fault.Forbidden => new(403, "Country, region, or territory not supported", "request_forbidden", "unsupported_country_region_territory"),
        Fault.UnknownModel => new(404, $"The model `{Call.Model}` does not exist or you do not have access to it.", Code: "model_not_found"),
        Fault.RateLimited => new(429, $"Rate limit reached for {Call.Model} in organization org-fake on requests per min (RPM): Limit 500, Used 500, Requested 1.", "requests", "rate_limit_exceeded"),
        Fault.CreditSpent => new(429, "You exceeded your current quota, please check your plan and billing details.", "insufficient_quota", "insufficient_quota"),
        Fault.Overloaded => new(503, "The server is currently overloaded, please try again later.", "service_unavailable_error", "server_is_overloaded"),
        Fault.Internal => new(500, "The engine died.", "server_error"),
        Fault.TooLarge => new(413, "Request body too large."),
        Fault.Timeout => new(408, "Request timed out.", "timeout"),
        Fault.Prefill => new(400, "This model does not continue an assistant message. The conversation must end with a user message.", Param: "messages"),
        _ => throw new ArgumentOutOfRangeException(nameof(fault), fault, "Not a fault that has words."),
    };

    private static string TypeOf(int status) => status switch
    {
        429 => "requests",
        >= 500 => "server_error",
        _ => "invalid_request_error",
    };

    protected string Event(string data) => Script.Accents
        ? $": comment\r\n\r\nevent:message\r\nid: 7\r\ndata:{data}\r\n\r\n"
        : $"data: {data}\n\n";
}
