using System.Text.Json;
using LlmGateway.Gateway.Calls;
using LlmGateway.Protos.Keys.V1;

namespace LlmGateway.Gateway.Admin;

/// <param name="Limit">Tokens over the key's life; null is not limited.</param>
internal sealed record ImportEntryBody(string? Name, long? Limit, string? Description);

/// <summary>Keys that exist already, as other gateways keep them. The secrets are member names, so faults are named by position.</summary>
/// <remarks><code>{ "sk-abc": { "name": "Web shop", "limit": 50000, "description": "…" }, … }</code></remarks>
internal static class KeyImport
{
    private const int MaxKeys = 10_000;

    public static ApiError? Read(ReadOnlySpan<byte> body, out List<ImportedKey> keys)
    {
        keys = [];
        if (AdminBody.Syntax(body) is { } fault)
        {
            return fault;
        }

        var seen = new HashSet<string>();
        var json = new Utf8JsonReader(body);
        json.Read();
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            var error = ReadKey(ref json, $"keys[{keys.Count}]", out var key);
            if (error is not null)
            {
                return error;
            }

            if (!seen.Add(key.Secret))
            {
                return ApiErrors.Invalid($"keys[{keys.Count}]", "given only once");
            }

            keys.Add(key);
            if (keys.Count > MaxKeys)
            {
                return ApiErrors.Invalid("keys", $"at most {MaxKeys} at a time");
            }
        }

        return keys.Count > 0 ? null : ApiErrors.Invalid("keys", "at least one");
    }

    private static ApiError? ReadKey(ref Utf8JsonReader json, string path, out ImportedKey key)
    {
        key = new();
        try
        {
            key.Secret = TextField.Of(ref json, "a key as a member name");
            json.Read();
            if (json.TokenType != JsonTokenType.StartObject)
            {
                return ApiErrors.Invalid(path, "an object: { \"name\", \"limit\", \"description\" }");
            }

            var entry = JsonSerializer.Deserialize(ref json, AdminJson.Read.ImportEntryBody)!;
            key.Name = entry.Name ?? "";
            key.Description = entry.Description ?? "";
            key.Limits = new LimitsBody { TotalTokens = entry.Limit }.ToProto();
            return KeyNames.Fault(entry.Name) is { } error ? error with { Param = $"{path}.name", Message = $"{path}: {error.Message}" } : null;
        }
        catch (JsonException exception)
        {
            return JsonFault.Of(exception, path);
        }
    }
}
