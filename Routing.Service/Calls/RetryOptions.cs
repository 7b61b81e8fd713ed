using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace LlmGateway.Routing.Calls;

/// <summary>Section "Retry": the attempts that one call may cost its providers. Times are seconds.</summary>
internal sealed class RetryOptions
{
    public const string Section = "Retry";

    /// <summary>False: no deployment is called twice for one call. Others are tried all the same.</summary>
    public bool Enabled { get; set; } = true;

    /// <summary>Provider calls for one call, the first, the retries and the fallbacks together.</summary>
    [Range(1, 10)]
    public int MaxAttempts { get; set; } = 3;

    /// <summary>Before the first retry, where no other deployment is left; before each further one twice as long. A random part of up to a half is left out.</summary>
    [Range(0, 600)]
    public double BaseDelaySeconds { get; set; } = 1;

    /// <summary>The most that the delay grows to.</summary>
    [Range(0, 600)]
    public double MaxDelaySeconds { get; set; } = 60;

    /// <summary>A provider that asks for a longer pause (Retry-After) is not waited for: the client is told.</summary>
    [Range(0, 600)]
    public double MaxPauseSeconds { get; set; } = 10;
}

internal sealed class RetryOptionsValidator : IValidateOptions<RetryOptions>
{
    public ValidateOptionsResult Validate(string? name, RetryOptions options) => options.BaseDelaySeconds <= options.MaxDelaySeconds
        ? ValidateOptionsResult.Success
        : ValidateOptionsResult.Fail(
            $"{RetryOptions.Section}:BaseDelaySeconds: {options.BaseDelaySeconds} is more than {RetryOptions.Section}:MaxDelaySeconds, {options.MaxDelaySeconds}.");
}
