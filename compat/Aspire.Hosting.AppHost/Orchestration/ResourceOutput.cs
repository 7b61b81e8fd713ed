using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Aspire.Hosting.Orchestration;

/// <summary>What the resources' processes write, line by line.</summary>
internal sealed partial class ResourceOutput(ILoggerFactory loggers, IHostEnvironment host, DistributedApplicationOptions options)
{
    /// <summary>Called on the thread that read the line.</summary>
    public event Action<IResource, string>? LineWritten;

    public void Write(IResource resource, string line)
    {
        LineWritten?.Invoke(resource, line);
        if (options.EnableResourceLogging)
        {
            Log.Line(loggers.CreateLogger($"{host.ApplicationName}.Resources.{resource.Name}"), line);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "{Line}")]
        public static partial void Line(ILogger logger, string line);
    }
}
