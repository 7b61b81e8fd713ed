using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace LlmGateway.Gateway.Authentication;

/// <summary>How API keys are checked and remembered. Section <c>Auth</c>.</summary>
internal sealed class AuthOptions
{
    public const string Section = "Auth";

    /// <summary>The status of a key that is unknown or revoked: 403, or 401 for clients that expect OpenAI's.</summary>
    [AllowedValues(401, 403)]
    public int InvalidKeyStatus { get; set; } = 403;

    /// <summary>
    /// Seconds that a key is trusted unasked after it was vouched for: by Keys.Service itself, or by its stream of changes, which does so
    /// each second while it is connected. Without the stream this is the longest that a revoked key can go on working.
    /// </summary>
    [Range(1, 10)]
    public int FreshSeconds { get; set; } = 10;

    /// <summary>Seconds since it was last vouched for that a key goes on working while Keys.Service cannot be asked.</summary>
    [Range(0, 86_400)]
    public int StaleSeconds { get; set; } = 300;

    /// <summary>Seconds that a refused key stays refused unasked.</summary>
    [Range(0, 60)]
    public int RefusedSeconds { get; set; } = 3;

    /// <summary>Milliseconds that Keys.Service has to answer.</summary>
    [Range(50, 10_000)]
    public int VerifyMilliseconds { get; set; } = 1_000;

    /// <summary>Seconds between two reports of when keys were last used.</summary>
    [Range(1, 3_600)]
    public int UseReportSeconds { get; set; } = 10;

    /// <summary>Keys remembered at most, verified and refused each.</summary>
    [Range(16, 10_000_000)]
    public int RememberedKeys { get; set; } = 50_000;
}

internal sealed class AuthOptionsValidator : IValidateOptions<AuthOptions>
{
    public ValidateOptionsResult Validate(string? name, AuthOptions options) =>
        options.StaleSeconds == 0 || options.StaleSeconds >= options.FreshSeconds
            ? ValidateOptionsResult.Success
            : ValidateOptionsResult.Fail($"{AuthOptions.Section}:{nameof(AuthOptions.StaleSeconds)} must be 0 or at least {nameof(AuthOptions.FreshSeconds)}.");
}
