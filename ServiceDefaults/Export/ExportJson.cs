using System.Text.Json.Serialization;

namespace LlmGateway.ServiceDefaults.Export;

[JsonSerializable(typeof(Dictionary<string, long>))]
internal sealed partial class ExportJson : JsonSerializerContext;
