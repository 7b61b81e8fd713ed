using System.Text.Json;
using System.Text.Json.Serialization;

namespace LlmGateway.Gateway.OpenAi;

[JsonSerializable(typeof(ErrorBody))]
[JsonSerializable(typeof(ErrorEvent))]
[JsonSerializable(typeof(ModelList))]
[JsonSerializable(typeof(IReadOnlyList<ModelEntry>))]
internal sealed partial class OpenAiJson : JsonSerializerContext
{
    public static OpenAiJson Wire { get; } = new(new JsonSerializerOptions(JsonAnswer.Options));
}
