using System.Reflection;
using Aspire.Hosting.Projects;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;

namespace Aspire.Hosting.Testing;

/// <summary>What is different about an AppHost under test.</summary>
internal static class TestSettings
{
    public static void Apply(DistributedApplicationOptions options, HostApplicationBuilderSettings settings, Assembly assembly, string[] args)
    {
        options.Testing = true;
        options.AssemblyName ??= assembly.FullName;
        options.DisableDashboard = true;
        options.AllowUnsecuredTransport = true;
        settings.Args = args;
        settings.EnvironmentName = Environments.Development;
        settings.ApplicationName ??= assembly.GetName().Name;
    }

    /// <summary>The first profile of AppHost's launchSettings.json, as `dotnet run` would set it; arguments win over it.</summary>
    public static void AddLaunchProfile(ConfigurationManager configuration, string directory, string[] args)
    {
        var profile = LaunchSettings.Read(directory).First()?.Value;
        var variables = profile?.EnvironmentVariables ?? [];
        configuration.AddInMemoryCollection(variables.Select(v => new KeyValuePair<string, string?>(
            v.Key.Replace("__", ":", StringComparison.Ordinal), v.Value)));
        configuration.AddCommandLine(args);
    }
}
