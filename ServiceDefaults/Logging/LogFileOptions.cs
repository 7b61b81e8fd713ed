using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace LlmGateway.ServiceDefaults.Logging;

/// <summary>A file that gets every line too, as JSON. Section <c>Logging:File</c>.</summary>
internal sealed class LogFileOptions
{
    public const string Section = "Logging:File";

    /// <summary>LOG_FILE: from the root, or from where the process was started. Empty for none. Services may share one.</summary>
    public string Path { get; set; } = "";

    /// <summary>Lines that may wait to be written; more are dropped and counted, and no request waits.</summary>
    [Range(100, 1_000_000)]
    public int QueueLines { get; set; } = 10_000;
}

internal sealed class LogFileOptionsValidator : IValidateOptions<LogFileOptions>
{
    public ValidateOptionsResult Validate(string? name, LogFileOptions options)
    {
        if (options.Path.Length == 0)
        {
            return ValidateOptionsResult.Success;
        }

        try
        {
            using var file = LogFile.Open(options.Path);
            return ValidateOptionsResult.Success;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            return ValidateOptionsResult.Fail($"LOG_FILE ({LogFileOptions.Section}:{nameof(LogFileOptions.Path)}): {exception.Message}");
        }
    }
}
