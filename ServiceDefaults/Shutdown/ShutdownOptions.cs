using System.ComponentModel.DataAnnotations;

namespace LlmGateway.ServiceDefaults.Shutdown;

/// <summary>How a service ends on SIGTERM. Section <c>Shutdown</c>.</summary>
public sealed class ShutdownOptions
{
    public const string Section = "Shutdown";

    /// <summary>
    /// Seconds between /ready turning 503 and the end of new connections: as long as a load balancer takes to notice. Calls are taken as ever.
    /// </summary>
    [Range(0, 600, ErrorMessage = "Shutdown:DelaySeconds: must be between {1} and {2}.")]
    public double DelaySeconds { get; set; }

    /// <summary>Seconds that running calls have to end from then on; afterwards they get an error, and what they produced is settled.</summary>
    [Range(0, 3600, ErrorMessage = "Shutdown:CallsSeconds: must be between {1} and {2}.")]
    public double CallsSeconds { get; set; } = 5;

    /// <summary>For the calls that were ended: to write their errors and to settle.</summary>
    internal static TimeSpan Rest { get; } = TimeSpan.FromSeconds(15);

    internal TimeSpan Delay => TimeSpan.FromSeconds(DelaySeconds);

    internal TimeSpan Calls => TimeSpan.FromSeconds(CallsSeconds);
}
