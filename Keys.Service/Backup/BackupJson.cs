using System.Text.Json.Serialization;

namespace LlmGateway.Keys.Backup;

/// <summary>Strict: a member that is unknown, twice, missing or null where it must not be is an error.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    AllowDuplicateProperties = false,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true,
    MaxDepth = 8)]
[JsonSerializable(typeof(BackupDocument))]
internal sealed partial class BackupJson : JsonSerializerContext;
