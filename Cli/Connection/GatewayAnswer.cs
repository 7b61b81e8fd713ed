using System.Text.Json;

namespace LlmGateway.Cli.Connection;

/// <param name="Text">As it came, for --output json.</param>
internal sealed record GatewayAnswer(string Text, JsonElement Root)
{
    public static GatewayAnswer Of(string text) => new(text, JsonElement.Parse(text));
}
