using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace LlmGateway.ServiceDefaults;

/// <summary>
/// What no setting turns on: the framework's lines that quote a request. They have its path, query, host and headers as the client sent
/// them, and a key that a client put there by mistake would be in the log.
/// </summary>
internal static class LogFloors
{
    private static readonly (string Category, LogLevel Lowest)[] Floors =
    [
        ("Microsoft.AspNetCore", LogLevel.Warning),
        ("System.Net.Http", LogLevel.Warning),

        // Puts the path around every other line of the request (a scope), as long as any level of it is on. An exception that nobody
        // catches is logged by the server too.
        ("Microsoft.AspNetCore.Hosting.Diagnostics", LogLevel.None),
    ];

    public static void AddLogFloors(this IServiceCollection services) => services.PostConfigure<LoggerFilterOptions>(Apply);

    internal static void Apply(LoggerFilterOptions options)
    {
        foreach (var (category, lowest) in Floors)
        {
            for (var i = 0; i < options.Rules.Count; i++)
            {
                options.Rules[i] = Raise(options.Rules[i], category, lowest);
            }

            // A rule of a provider's own, even its default or a wildcard, wins over a longer category of everybody's.
            foreach (var provider in options.Rules.Select(rule => rule.ProviderName).Append(null).Distinct().ToList())
            {
                if (!options.Rules.Any(rule => rule.ProviderName == provider && IsSame(rule.CategoryName, category)))
                {
                    options.Rules.Add(new LoggerFilterRule(provider, category, lowest, filter: null));
                }
            }
        }
    }

    private static LoggerFilterRule Raise(LoggerFilterRule rule, string category, LogLevel lowest)
    {
        if (IsWithin(rule.CategoryName, category))
        {
            return rule.LogLevel is null || rule.LogLevel < lowest
                ? new LoggerFilterRule(rule.ProviderName, rule.CategoryName, lowest, rule.Filter)
                : rule;
        }

        // A wildcard's end can be longer than the floor's category, and wins then; but it has other categories too.
        return rule.CategoryName?.Contains('*', StringComparison.Ordinal) == true
            ? new LoggerFilterRule(rule.ProviderName, rule.CategoryName, rule.LogLevel, (provider, name, level) =>
                (level >= lowest || !IsWithin(name, category)) && rule.Filter?.Invoke(provider, name, level) != false)
            : rule;
    }

    private static bool IsSame(string? name, string category) => string.Equals(name, category, StringComparison.OrdinalIgnoreCase);

    // By prefix, as the filter itself matches.
    private static bool IsWithin(string? name, string category) =>
        name is not null && name.StartsWith(category, StringComparison.OrdinalIgnoreCase);
}
