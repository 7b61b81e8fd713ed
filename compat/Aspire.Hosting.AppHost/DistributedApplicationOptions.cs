namespace Aspire.Hosting;

public sealed class DistributedApplicationOptions
{
    public string[]? Args { get; set; }

    /// <summary>The assembly of the AppHost; the entry assembly when null.</summary>
    public string? AssemblyName { get; set; }

    public string? ProjectDirectory { get; set; }

    /// <summary>There is no dashboard here; accepted so that the same code compiles.</summary>
    public bool DisableDashboard { get; set; }

    public bool AllowUnsecuredTransport { get; set; }

    /// <summary>Each line that a resource writes goes to the logger <c>{application}.Resources.{resource}</c> too.</summary>
    public bool EnableResourceLogging { get; set; }

    /// <summary>Fixed ports are ignored and nothing is written to the state folder.</summary>
    internal bool Testing { get; set; }
}

public enum DistributedApplicationOperation
{
    Run = 0,
    Publish = 1,
}

public class DistributedApplicationExecutionContext(DistributedApplicationOperation operation)
{
    public DistributedApplicationOperation Operation => operation;

    public bool IsRunMode => operation == DistributedApplicationOperation.Run;

    public bool IsPublishMode => operation == DistributedApplicationOperation.Publish;
}

public class DistributedApplicationException : Exception
{
    public DistributedApplicationException()
    {
    }

    public DistributedApplicationException(string message)
        : base(message)
    {
    }

    public DistributedApplicationException(string message, Exception inner)
        : base(message, inner)
    {
    }
}
