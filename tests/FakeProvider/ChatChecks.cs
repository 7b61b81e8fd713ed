using System.Text.Json;

namespace LlmGateway.FakeProvider;

/// <summary>What OpenAI itself checks before it answers.</summary>
internal static class ChatChecks
{
    public static ProviderError? Find(ProviderCall call)
    {
        if (call.Json.ValueKind != JsonValueKind.Object)
        {
            return new ProviderError(400, "We could not parse the JSON body of your request.");
        }

        if (call.Json.Member("messages").ValueKind != JsonValueKind.Array)
        {
            return new ProviderError(400, "Missing required parameter: 'messages'.", Code: "missing_required_parameter", Param: "messages");
        }

        if (!call.Stream && call.Json.Has("stream_options"))
        {
            return new ProviderError(400, "The 'stream_options' parameter is only allowed when 'stream' is enabled.", Param: "stream_options");
        }

        return call.Json.TryGetProperty("max_tokens", out _) && call.Json.TryGetProperty("max_completion_tokens", out _)
            ? new ProviderError(400, "Setting 'max_tokens' and 'max_completion_tokens' at the same time is not supported.", Param: "max_tokens")
            : null;
    }
}
