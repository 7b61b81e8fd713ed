using System.Text.Json;
using System.Text.Json.Serialization;

namespace LlmGateway.Gateway.Anthropic;

[JsonSerializable(typeof(ErrorBody))]
[JsonSerializable(typeof(TokenCountBody))]
[JsonSerializable(typeof(AnthropicModelList))]
internal sealed partial class AnthropicJson : JsonSerializerContext
{
    public static AnthropicJson Wire { get; } = new(new JsonSerializerOptions(JsonAnswer.Options));
}
