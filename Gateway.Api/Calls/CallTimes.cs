using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace LlmGateway.Gateway.Calls;

/// <summary>How long the parts of one call may take. Section <c>Calls</c>.</summary>
internal sealed class CallTimes
{
    public const string Section = "Calls";

    /// <summary>Seconds that a stream's headers wait for the first content, so that a failure can still have a true status.</summary>
    [Range(0.1, 60)]
    public double HeldHeadersSeconds { get; set; } = 10;

    /// <summary>The longest silence of a stream in seconds; then a comment is sent. Load balancers cut at 60 and less.</summary>
    [Range(0.1, 60)]
    public double KeepAliveSeconds { get; set; } = 15;

    /// <summary>Seconds that a whole call may take: a little more than the 600 s after which the official SDKs give up.</summary>
    [Range(1, 86_400)]
    public double TotalSeconds { get; set; } = 610;

    public TimeSpan HeldHeaders => TimeSpan.FromSeconds(HeldHeadersSeconds);

    public TimeSpan KeepAlive => TimeSpan.FromSeconds(KeepAliveSeconds);

    public TimeSpan Total => TimeSpan.FromSeconds(TotalSeconds);
}

internal sealed class CallTimesValidator : IValidateOptions<CallTimes>
{
    public ValidateOptionsResult Validate(string? name, CallTimes options) => options.TotalSeconds > options.HeldHeadersSeconds
        ? ValidateOptionsResult.Success
        : ValidateOptionsResult.Fail($"{CallTimes.Section}:{nameof(CallTimes.TotalSeconds)} must be more than {nameof(CallTimes.HeldHeadersSeconds)}.");
}
