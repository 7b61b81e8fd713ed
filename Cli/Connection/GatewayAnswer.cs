using System.Text.Json;

namespace LlmGateway.Cli.Connection;

/// <param name="Text">As it came, for --output json.</param>
internal sealed record GatewayAnswer(string Text, JsonElement Root)
{
    /// <summary>It is the answer to an earlier request with this idempotency key.</summary>
    public bool IsReplayed { get; init; }

    public static GatewayAnswer Of(string text) => new(text, JsonElement.Parse(text));
}
