namespace Aspire.StackExchange.Redis;

/// <summary>
/// What can be set under <c>Aspire:StackExchange:Redis</c>, or for one connection under <c>Aspire:StackExchange:Redis:{name}</c>.
/// </summary>
public sealed class StackExchangeRedisSettings
{
    /// <summary>
    /// In StackExchange.Redis' own form, <c>host:port,password=…</c>. <c>ConnectionStrings:{connection name}</c> wins over a value from
    /// the sections above.
    /// </summary>
    public string? ConnectionString { get; set; }

    /// <summary>No health check named <c>StackExchange.Redis</c>.</summary>
    public bool DisableHealthChecks { get; set; }

    /// <summary>Kept for configuration written for the package; this stand-in emits no activities.</summary>
    public bool DisableTracing { get; set; }

    /// <summary>The connection is made when it is first asked for, instead of when the host starts.</summary>
    public bool DisableAutoActivation { get; set; }
}
