using LlmGateway.Protos.Keys.V1;
using LlmGateway.Protos.Routing.V1;
using LlmGateway.Routing.Catalog;
using LlmGateway.Routing.Dialects;
using LlmGateway.Routing.Streaming;

namespace LlmGateway.Routing.Calls;

/// <summary>One request, as Routing knows it.</summary>
internal sealed record Call
{
    public required string RequestId { get; init; }

    public required string AccountId { get; init; }

    public required string KeyId { get; init; }

    /// <summary>The key's, for Billing to decide on; null without any.</summary>
    public Limits? Limits { get; init; }

    /// <summary>As the client wrote it; empty stands for the default model.</summary>
    public required string Model { get; init; }

    public required bool Stream { get; init; }

    public required bool IncludeUsage { get; init; }

    /// <summary>Chats have OpenAI's form, whatever the client's dialect.</summary>
    public required PromptRequest Request { get; init; }

    /// <summary>As the client sent it.</summary>
    public required ClientBody Client { get; init; }

    /// <summary>What is done when its stream breaks off.</summary>
    public Rescue Rescue { get; init; }

    /// <summary>What its client got; null where nothing could be done with it.</summary>
    public SentText? Sent { get; init; }

    /// <summary>How often the client had sent it before.</summary>
    public int ClientRetries { get; init; }

    /// <summary>When the call arrived, for its timings.</summary>
    public required DateTimeOffset StartedAt { get; init; }

    /// <summary>The same moment, for the total timer.</summary>
    public required long StartedTimestamp { get; init; }
}

/// <param name="Dialect">The API that the client speaks.</param>
/// <param name="Body">Its bytes.</param>
internal sealed record ClientBody(Dialect Dialect, ReadOnlyMemory<byte> Body)
{
    /// <summary>A field that only a provider of this dialect can do something with; null without one.</summary>
    public string? NativeOnly { get; init; }

    /// <summary>Anthropic's features that the client asks for by its anthropic-beta headers.</summary>
    public IReadOnlyList<string> Betas { get; init; } = [];
}
