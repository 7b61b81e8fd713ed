using System.Globalization;

namespace LlmGateway.Gateway.Limits;

/// <summary>Limits as clients and metrics call them.</summary>
internal static class LimitNames
{
    public const string OfAddress = "address_requests_per_minute";

    private const long Minute = 60_000;
    private const long Hour = 3_600_000;

    /// <summary>"requests_per_minute", "account_tokens_per_minute", "parallel".</summary>
    public static string Of(LimitRule rule)
    {
        var scope = rule.Scope switch
        {
            LimitScope.Account => "account_",
            LimitScope.Global => "global_",
            _ => "",
        };
        return scope + UnitOf(rule) + rule.WindowMs switch
        {
            0 => "",
            Minute => "_per_minute",
            Hour => "_per_hour",
            _ => "_per_window",
        };
    }

    public static string UnitOf(LimitRule rule) => rule.Unit switch
    {
        RateUnit.Requests => "requests",
        RateUnit.Reads => "reads",
        RateUnit.Tokens => "tokens",
        _ => "parallel",
    };

    public static string ScopeOf(LimitRule rule) => rule.Scope switch
    {
        LimitScope.Key => "key",
        LimitScope.Account => "account",
        _ => "global",
    };

    /// <summary>As a sentence goes on: "requests per minute of this key".</summary>
    public static string Words(LimitRule rule)
    {
        var unit = rule.Unit switch
        {
            RateUnit.Requests => "requests",
            RateUnit.Reads => "account requests",
            RateUnit.Tokens => "tokens",
            _ => "parallel calls",
        };
        var window = rule.WindowMs switch
        {
            0 => "",
            Minute => " per minute",
            Hour => " per hour",
            var other => string.Create(CultureInfo.InvariantCulture, $" in {other / 1000} s"),
        };
        var scope = rule.Scope switch
        {
            LimitScope.Key => "this key",
            LimitScope.Account => "this account",
            _ => "the whole gateway",
        };
        return $"{unit}{window} of {scope}";
    }
}
