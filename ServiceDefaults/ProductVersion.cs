using System.Reflection;
using Microsoft.Extensions.Configuration;

namespace LlmGateway.ServiceDefaults;

/// <summary>The version that health, telemetry and the root page show.</summary>
public static class ProductVersion
{
    // "0.1.0+<commit>" as the build stamps it; the commit is not for the public.
    private static readonly string Built =
        typeof(ProductVersion).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0];

    /// <summary><c>App:Version</c> (APP_VERSION), else the version that was built.</summary>
    public static string Of(IConfiguration configuration) => configuration["App:Version"] ?? Built;
}
