using System.Text.Json;
using System.Text.Json.Serialization;

namespace LlmGateway.Billing.Pricing;

/// <summary>
/// A price file: US dollars per million tokens. A model's prices follow each other in time; the first may be without "from", which is
/// since ever, and a day begins at midnight UTC. What is absent is not published, which an explicit 0 is not.
/// <code>
/// { "models": [ { "provider": "gemini", "model": "gemini-4-argon", "prices": [
///   { "input": 2, "cached_input": 0.1, "output": 10, "source": "…", "as_of": "2026-10" },
///   { "from": "2026-12-01", "input": 4, "cached_input": 0.2, "output": 20, "tiers": [ { "prompt_tokens_above": 200000, "input": 8 } ] } ] } ] }
/// </code>
/// </summary>
internal static class PriceFile
{
    /// <exception cref="PriceFileException">With every fault, each with its path.</exception>
    public static IReadOnlyList<PriceRow> Read(string path)
    {
        try
        {
            using var stream = File.OpenRead(path);
            return Check(JsonSerializer.Deserialize(stream, PriceFileJson.Default.FileBody), path);
        }
        catch (JsonException e)
        {
            throw new PriceFileException([$"{path}: {e.Path}: {e.Message}"]);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new PriceFileException([$"{path} cannot be read: {e.Message}"]);
        }
    }

    private static List<PriceRow> Check(FileBody? file, string path)
    {
        var checker = new PriceFileChecker();
        var rows = checker.Rows(file?.Models ?? []);
        return checker.Faults.Count == 0 ? rows : throw new PriceFileException([.. checker.Faults.Select(fault => $"{path}: {fault}")]);
    }

    internal sealed record FileBody(IReadOnlyList<FileModel?> Models);

    internal sealed record FileModel(string Provider, string Model, IReadOnlyList<FilePrices?> Prices);

    internal sealed record FilePrices
    {
        public DateOnly? From { get; init; }
        public decimal? Input { get; init; }
        public decimal? CachedInput { get; init; }
        public decimal? CacheWrite { get; init; }

        [JsonPropertyName("cache_write_1h")]
        public decimal? CacheWrite1h { get; init; }

        public decimal? Output { get; init; }
        public decimal? Reasoning { get; init; }
        public decimal? PerRequest { get; init; }
        public IReadOnlyList<FileTier?>? Tiers { get; init; }
        public string? Source { get; init; }
        public string? AsOf { get; init; }

        public DateTimeOffset Moment => From is { } day
            ? new(day.ToDateTime(TimeOnly.MinValue, DateTimeKind.Utc))
            : PriceRow.Always;
    }

    internal sealed record FileTier(long PromptTokensAbove)
    {
        public decimal? Input { get; init; }
        public decimal? CachedInput { get; init; }
        public decimal? CacheWrite { get; init; }

        [JsonPropertyName("cache_write_1h")]
        public decimal? CacheWrite1h { get; init; }

        public decimal? Output { get; init; }
        public decimal? Reasoning { get; init; }
    }
}

internal sealed class PriceFileException(IReadOnlyList<string> faults) : Exception(string.Join(Environment.NewLine, faults));

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    RespectRequiredConstructorParameters = true,
    RespectNullableAnnotations = true)]
[JsonSerializable(typeof(PriceFile.FileBody))]
internal sealed partial class PriceFileJson : JsonSerializerContext;
