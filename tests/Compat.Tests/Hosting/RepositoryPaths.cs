using System.Reflection;

namespace LlmGateway.Compat.Tests.Hosting;

internal static class RepositoryPaths
{
    /// <summary>The folder of these tests in the source tree.</summary>
    public static string HostingTests { get; } = Path.Combine(
        typeof(RepositoryPaths).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(a => a.Key == "ProjectDirectory").Value!,
        "Hosting");

    /// <summary>artifacts/bin/SampleHost/{configuration}, beside our own.</summary>
    public static string SampleHost { get; } = Path.Combine(
        AppContext.BaseDirectory.Replace("/Compat.Tests/", "/SampleHost/", StringComparison.Ordinal), "SampleHost.dll");
}
