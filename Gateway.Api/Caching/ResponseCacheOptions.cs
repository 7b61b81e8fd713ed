using System.ComponentModel.DataAnnotations;
using LlmGateway.Gateway.Authentication;
using LlmGateway.ServiceDefaults;
using Microsoft.Extensions.Options;

namespace LlmGateway.Gateway.Caching;

/// <summary>Answers that are kept and given again. Section <c>Caching:Responses</c>.</summary>
internal sealed class ResponseCacheOptions
{
    public const string Section = "Caching:Responses";

    /// <summary>False: no answer is kept, whatever a request says.</summary>
    public bool Enabled { get; set; } = true;

    /// <summary>
    /// Models whose answers are kept unless the request says otherwise: a comma list or JSON array of names, in which '*' stands for any
    /// characters. Of all others they are kept where the request asks for it.
    /// </summary>
    public string Models { get; set; } = "";

    /// <summary>Seconds that an answer is kept.</summary>
    [Range(1, 2_592_000, ErrorMessage = "Caching:Responses:TtlSeconds: must be between {1} and {2}.")]
    public int TtlSeconds { get; set; } = 3600;

    /// <summary>The largest answer that is kept, in bytes.</summary>
    [Range(1024, 67_108_864, ErrorMessage = "Caching:Responses:MaxEntryBytes: must be between {1} and {2}.")]
    public int MaxEntryBytes { get; set; } = 1024 * 1024;

    /// <summary>Bytes of answers in this process' memory, in front of Redis; 0 keeps none there.</summary>
    [Range(0L, 17_179_869_184L, ErrorMessage = "Caching:Responses:MemoryBytes: must be between {1} and {2}.")]
    public long MemoryBytes { get; set; } = 64 * 1024 * 1024;

    /// <summary>Milliseconds that Redis has for an answer; a slower one is not waited for.</summary>
    [Range(1, 5_000, ErrorMessage = "Caching:Responses:RedisMilliseconds: must be between {1} and {2}.")]
    public int RedisMilliseconds { get; set; } = 50;

    internal TimeSpan Ttl => TimeSpan.FromSeconds(TtlSeconds);

    internal TimeSpan RedisPatience => TimeSpan.FromMilliseconds(RedisMilliseconds);

    /// <summary>Null: the answers of no model are kept unasked.</summary>
    internal AllowedModels? Patterns => StringList.Parse(Models) is { Count: > 0 } patterns ? AllowedModels.From(patterns) : null;
}

internal sealed class ResponseCacheOptionsValidator : IValidateOptions<ResponseCacheOptions>
{
    public ValidateOptionsResult Validate(string? name, ResponseCacheOptions options) => StringList.Parse(options.Models) is null
        ? ValidateOptionsResult.Fail($"{ResponseCacheOptions.Section}:{nameof(options.Models)}: must be a comma list or a JSON array of names.")
        : ValidateOptionsResult.Success;
}
