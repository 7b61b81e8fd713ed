using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace LlmGateway.Gateway.Limits;

/// <summary>How many requests and tokens, and how many calls at once. Section <c>Limits</c>. What is unset is not limited.</summary>
internal sealed class LimitOptions
{
    public const string Section = "Limits";
    public const string Redis = "redis";
    public const string Memory = "memory";
    public const int DefaultRequestsPerMinute = 60;
    public const int DefaultRequestsPerHour = 1_000;

    private const long Most = 1_000_000_000;
    private const long MostTokens = 1_000_000_000_000;

    /// <summary>Where is counted: "redis", for all gateways together, or "memory", for each by itself and without any Redis.</summary>
    [AllowedValues(Redis, Memory, ErrorMessage = "Limits:Storage: must be redis or memory.")]
    public string Storage { get; set; } = Redis;

    /// <summary>Calls of a key that has no such limit of its own or its tariff's; 60, unless <see cref="Requests"/> replaces it.</summary>
    [Range(1, Most)]
    public long? RequestsPerMinute { get; set; }

    /// <summary>Likewise; 1000.</summary>
    [Range(1, Most)]
    public long? RequestsPerHour { get; set; }

    /// <summary>Calls of a key in <see cref="WindowSeconds"/>, in the place of those by minute and hour.</summary>
    [Range(1, Most)]
    public long? Requests { get; set; }

    /// <summary>The window of <see cref="Requests"/>, in seconds.</summary>
    [Range(1, 86_400)]
    public int? WindowSeconds { get; set; }

    /// <summary>Tokens of a key, prompt and output, where neither it nor its tariff says.</summary>
    [Range(1, MostTokens)]
    public long? TokensPerMinute { get; set; }

    /// <summary>Calls of a key that run at the same time, where neither it nor its tariff says.</summary>
    [Range(1, Most)]
    public long? Parallel { get; set; }

    /// <summary>Of all keys of one account together; tokens and parallel calls likewise.</summary>
    [Range(1, Most)]
    public long? AccountRequestsPerMinute { get; set; }

    [Range(1, MostTokens)]
    public long? AccountTokensPerMinute { get; set; }

    [Range(1, Most)]
    public long? AccountParallel { get; set; }

    /// <summary>Of everybody together; tokens and parallel calls likewise.</summary>
    [Range(1, Most)]
    public long? GlobalRequestsPerMinute { get; set; }

    [Range(1, MostTokens)]
    public long? GlobalTokensPerMinute { get; set; }

    [Range(1, Most)]
    public long? GlobalParallel { get; set; }

    /// <summary>Output tokens reserved for a call that sets no maximum, until it has ended. Less where less is left.</summary>
    [Range(1, 1_000_000)]
    public int DefaultOutputTokens { get; set; } = 4_096;

    /// <summary>Seconds after which the place of a call that died with its gateway is free. Running calls renew theirs.</summary>
    [Range(1, 3_600)]
    public int LeaseSeconds { get; set; } = 30;

    /// <summary>Keys refused a second from which on one client address is asked to slow down, keys in use excepted; 0 never does.</summary>
    [Range(0, 1_000_000)]
    public int RefusedKeysPerAddress { get; set; } = 50;

    /// <summary>Requests of one client address, to anything but health and metrics, whatever keys they have. Counted by each gateway for itself.</summary>
    [Range(1, Most)]
    public long? AddressRequestsPerMinute { get; set; }

    /// <summary>Client addresses remembered at most.</summary>
    [Range(16, 10_000_000)]
    public int RememberedAddresses { get; set; } = 50_000;

    public bool InMemory => string.Equals(Storage, Memory, StringComparison.Ordinal);
}

internal sealed class LimitOptionsValidator : IValidateOptions<LimitOptions>
{
    public ValidateOptionsResult Validate(string? name, LimitOptions options) => options.Requests is null == options.WindowSeconds is null
        ? ValidateOptionsResult.Success
        : ValidateOptionsResult.Fail($"{LimitOptions.Section}:{nameof(LimitOptions.Requests)} and {nameof(LimitOptions.WindowSeconds)} go together.");
}
