using LlmGateway.Protos.Routing.V1;
using LlmGateway.Routing.Calls;
using LlmGateway.Routing.Catalog;
using LlmGateway.Routing.Providers.OpenAi;

namespace LlmGateway.Routing.Providers.Anthropic;

/// <summary>Anthropic's Messages API. A client that speaks it too gets it untouched.</summary>
internal sealed class AnthropicAdapter(ProviderExchange exchange, TimeProvider time) : IProviderAdapter
{
    // The older of the two versions: under 2026-10-21 sampling is an error for every model.
    private const string Version = "2023-06-01";

    /// <summary>Beginnings of the names of features that cost more than is held for a call; their members and tools are refused in the body.</summary>
    private static readonly string[] RefusedBetas =
    [
        "server-side-fallback", "advisor", "compact", "context-management", "fast-mode", "mcp-client", "code-execution", "web-search", "web-fetch", "files-api",
        "inline-tools", "skills",
    ];

    public string Name => ProviderName.Anthropic;

    public bool Speaks(Dialect dialect) => dialect is Dialect.OpenaiChat or Dialect.AnthropicMessages;

    public async Task<ProviderReply> SendAsync(HeldCall held, ProviderRequest request, CancellationToken cancellationToken)
    {
        var deployment = request.Deployment;
        var isNative = request.Passes(Dialect.AnthropicMessages);
        if (GatewayFields.Find((isNative ? request.Client.Body : request.Chat.Body).Span, deployment) is { } field)
        {
            return ProviderReply.Unsupported(deployment, field);
        }

        var maxTokens = MaxTokens(held, request);
        var body = new PooledBuffer((isNative ? request.Client.Body : request.Chat.Body).Length + 1024);
        var written = default(AnthropicBody);
        if (isNative)
        {
            AnthropicNative.Write(request.Client.Body.Span, deployment, request.Stream, maxTokens, body);
        }
        else
        {
            written = AnthropicWire.Write(request.Chat, deployment, request.Stream, maxTokens, body);
        }

        if (written.Fault is { } fault)
        {
            body.Dispose();
            return new ProviderReply(null, fault, 0);
        }

        var reply = await exchange.SendAsync(
            held, Message(request, body), body, (status, error, retryAfter) => AnthropicErrors.Classify(status, error, retryAfter, deployment),
            cancellationToken);
        return isNative
            ? reply with { Wire = Dialect.AnthropicMessages }
            : reply with { Translator = new AnthropicAnswer(deployment, written.AnswersByTool, time.GetUtcNow().ToUnixTimeSeconds()) };
    }

    /// <summary>The client's own maximum, else what is held for it, else all that the model can do: Anthropic does not answer without one.</summary>
    private static long MaxTokens(HeldCall held, ProviderRequest request)
    {
        var most = request.Deployment.MaxOutputTokens ?? AnthropicModel.Of(request.Deployment.UpstreamModel).MaxOutputTokens;
        var wanted = request.Chat.MaxOutputTokens is { } asked ? Math.Min(asked, held.OutputTokens / request.Chat.Choices) : request.MaxTokens ?? most;
        return Math.Max(1, Math.Min(wanted, most));
    }

    private static HttpRequestMessage Message(ProviderRequest request, PooledBuffer body)
    {
        var message = ProviderExchange.Message(new Uri(request.Deployment.BaseAddress!, "messages"), request, body);
        message.Headers.Add("anthropic-version", Version);
        if (request.Deployment.Key is { } key)
        {
            message.Headers.Add("x-api-key", key.Reveal());
        }

        // What is no name of a feature has no place in a header.
        var betas = string.Join(',', request.Client.Betas.Where(static beta => beta.All(IsNameLetter) && !IsRefused(beta)));
        if (betas.Length > 0)
        {
            message.Headers.Add("anthropic-beta", betas);
        }

        return message;
    }

    private static bool IsRefused(string beta) => RefusedBetas.Any(name => beta.StartsWith(name, StringComparison.OrdinalIgnoreCase));

    private static bool IsNameLetter(char letter) => char.IsAsciiLetterOrDigit(letter) || letter is '-' or '_' or '.';
}
