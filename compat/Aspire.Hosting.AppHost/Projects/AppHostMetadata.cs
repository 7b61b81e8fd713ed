using System.Reflection;

namespace Aspire.Hosting.Projects;

/// <summary>What Aspire.Hosting.AppHost.targets stamps on an AppHost's assembly.</summary>
internal static class AppHostMetadata
{
    private const string TargetPrefix = "projecttarget:";

    public static string? ProjectDirectory(Assembly? assembly) => Value(assembly, "apphostprojectpath");

    /// <summary>The built dll of a referenced project, in AppHost's own configuration.</summary>
    public static string? Target(Assembly assembly, string projectPath) => Value(assembly, TargetPrefix + projectPath);

    public static string Configuration(Assembly? assembly) =>
        assembly?.GetCustomAttribute<AssemblyConfigurationAttribute>()?.Configuration is { Length: > 0 } name ? name : "Debug";

    private static string? Value(Assembly? assembly, string key) =>
        assembly?.GetCustomAttributes<AssemblyMetadataAttribute>().FirstOrDefault(a => a.Key == key)?.Value;
}
