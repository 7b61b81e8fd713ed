using Microsoft.Extensions.Options;

namespace LlmGateway.Gateway.Health;

/// <summary>Who may see more of the system's health than whether it is well. Section <c>Health</c>.</summary>
internal sealed class HealthDetails
{
    public const string Section = "Health";

    /// <summary>True: anybody (HEALTH_DETAILS_PUBLIC). False: administrators, operators and services of one's own. Unset: anybody outside production.</summary>
    public bool? DetailsPublic { get; set; }

    public static bool ArePublic(IServiceProvider services) =>
        services.GetRequiredService<IOptions<HealthDetails>>().Value.DetailsPublic ?? !services.GetRequiredService<IHostEnvironment>().IsProduction();
}
