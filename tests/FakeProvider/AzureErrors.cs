using static LlmGateway.FakeProvider.Json;

namespace LlmGateway.FakeProvider;

/// <summary>Azure OpenAI's errors: those of its gateway have a status in quotes as code and no type.</summary>
internal static class AzureErrors
{
    private const string Filtered = """
        {"code":"ResponsibleAIPolicyViolation","content_filter_result":{"hate":{"filtered":true,"severity":"high"},"violence":{"filtered":false,"severity":"safe"}}}
        """;

    /// <summary>Null where Azure says what OpenAI says.</summary>
    public static ProviderError? Of(Fault fault) => fault switch
    {
        Fault.WrongKey or Fault.NoKey => new(401, "Access denied due to invalid subscription key or wrong API endpoint. Make sure to provide a valid key for an active subscription and use a correct regional API endpoint for your resource.", Code: "401"),
        Fault.UnknownModel => new(404, "The API deployment for this resource does not exist. If you created the deployment within the last 5 minutes, please wait a moment and try again.", Code: "DeploymentNotFound"),
        Fault.RateLimited => new(429, "Requests to the ChatCompletions_Create Operation under Azure OpenAI API version 2024-10-21 have exceeded token rate limit of your current OpenAI S0 pricing tier. Please retry after 7 seconds.", Code: "429"),
        Fault.ContentPolicy => new(400, "The response was filtered due to the prompt triggering Azure OpenAI's content management policy. Please modify your prompt and retry.", Code: "content_filter", Param: "prompt"),
        _ => null,
    };

    public static string Write(ProviderError error) => error.Code == "content_filter"
        ? $$$"""{"error":{"message":{{{Quote(error.Message)}}},"type":null,"param":"prompt","code":"content_filter","innererror":{{{Filtered}}},"status":400}}"""
        : error is { Type: null, Param: null, Code: not null }
            ? $$$"""{"error":{"code":{{{Quote(error.Code)}}},"message":{{{Quote(error.Message)}}}}}"""
            : $$$"""{"error":{"message":{{{Quote(error.Message)}}},"type":{{{Quote(error.Type)}}},"param":{{{Quote(error.Param)}}},"code":{{{Quote(error.Code)}}}}}""";
}
