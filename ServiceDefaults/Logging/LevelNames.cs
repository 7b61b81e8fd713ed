using Microsoft.Extensions.Logging;

namespace LlmGateway.ServiceDefaults.Logging;

/// <summary>Levels as LOG_LEVEL, the log and /admin/log-level call them.</summary>
public static class LevelNames
{
    public const string Known = "debug, info, warning or error";

    public static string Of(LogLevel level) => level switch
    {
        LogLevel.Trace => "TRACE",
        LogLevel.Debug => "DEBUG",
        LogLevel.Information => "INFO",
        LogLevel.Warning => "WARNING",
        LogLevel.Error => "ERROR",
        LogLevel.Critical => "CRITICAL",
        _ => "NONE",
    };

    /// <summary>Null when there is no such level. Case does not matter.</summary>
    public static LogLevel? Parse(string text) =>
        Enum.TryParse<LogLevel>(FlatValues.LogLevel(text).Value, out var level) ? level : null;
}
