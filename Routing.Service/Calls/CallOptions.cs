using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace LlmGateway.Routing.Calls;

/// <summary>Section "Calls": the limits of one call.</summary>
internal sealed class CallOptions
{
    private const string Least = "00:00:00.010";
    private const string Most = "1.00:00:00";

    /// <summary>Until a connection to the provider stands.</summary>
    [Range(typeof(TimeSpan), Least, Most)]
    public TimeSpan ConnectTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>From sending the request to the first byte of a stream.</summary>
    [Range(typeof(TimeSpan), Least, Most)]
    public TimeSpan FirstByteTimeout { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>From sending the request to the first byte of a plain answer, before which the provider writes
    /// all of it. Above the total, the total counts.</summary>
    [Range(typeof(TimeSpan), Least, Most)]
    public TimeSpan PlainFirstByteTimeout { get; set; } = TimeSpan.FromSeconds(600);

    /// <summary>From sending the request to the first content of a stream, whatever else comes before it. 0: no such limit.</summary>
    [Range(typeof(TimeSpan), "00:00:00", Most)]
    public TimeSpan FirstTokenTimeout { get; set; }

    /// <summary>Between two pieces of an answer.</summary>
    [Range(typeof(TimeSpan), Least, Most)]
    public TimeSpan GapTimeout { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>The whole call, with all its attempts.</summary>
    [Range(typeof(TimeSpan), Least, Most)]
    public TimeSpan TotalTimeout { get; set; } = TimeSpan.FromSeconds(600);

    /// <summary>The largest event of a stream, in bytes.</summary>
    [Range(16 * 1024, 8 * 1024 * 1024)]
    public int MaxEventBytes { get; set; } = 4 * 1024 * 1024;

    /// <summary>The largest plain answer, in bytes.</summary>
    [Range(16 * 1024, 10 * 1024 * 1024)]
    public int MaxAnswerBytes { get; set; } = 10 * 1024 * 1024;
}

internal sealed class CallOptionsValidator : IValidateOptions<CallOptions>
{
    public ValidateOptionsResult Validate(string? name, CallOptions options)
    {
        var errors = new ValidateOptionsResultBuilder();
        foreach (var (key, value) in new[]
        {
            (nameof(options.ConnectTimeout), options.ConnectTimeout),
            (nameof(options.FirstByteTimeout), options.FirstByteTimeout),
            (nameof(options.FirstTokenTimeout), options.FirstTokenTimeout),
            (nameof(options.GapTimeout), options.GapTimeout),
        })
        {
            if (value > options.TotalTimeout)
            {
                errors.AddError($"Calls:{key}: {value} is more than Calls:TotalTimeout, {options.TotalTimeout}.");
            }
        }

        return errors.Build();
    }
}
