using System.Net.Sockets;
using System.Reflection;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Projects;

namespace Aspire.Hosting;

public class ProjectResourceOptions
{
    public string? LaunchProfileName { get; set; }

    public bool ExcludeLaunchProfile { get; set; }

    public bool ExcludeKestrelEndpoints { get; set; }
}

public static class ProjectResourceBuilderExtensions
{
    public static IResourceBuilder<ProjectResource> AddProject<TProject>(this IDistributedApplicationBuilder builder, string name)
        where TProject : IProjectMetadata, new() => builder.AddProject<TProject>(name, _ => { });

    /// <param name="builder">The application.</param>
    /// <param name="name">The resource's name.</param>
    /// <param name="launchProfileName">A profile of launchSettings.json; null: none of them.</param>
    public static IResourceBuilder<ProjectResource> AddProject<TProject>(
        this IDistributedApplicationBuilder builder,
        string name,
        string? launchProfileName)
        where TProject : IProjectMetadata, new() => builder.AddProject<TProject>(name, options =>
        {
            options.ExcludeLaunchProfile = launchProfileName is null;
            options.LaunchProfileName = launchProfileName;
        });

    public static IResourceBuilder<ProjectResource> AddProject<TProject>(
        this IDistributedApplicationBuilder builder,
        string name,
        Action<ProjectResourceOptions> configure)
        where TProject : IProjectMetadata, new()
    {
        var options = new ProjectResourceOptions();
        configure(options);
        return Add(builder, name, new TProject(), typeof(TProject).Assembly, options);
    }

    /// <summary>A project by path, relative to AppHost's directory. It must have been built.</summary>
    public static IResourceBuilder<ProjectResource> AddProject(this IDistributedApplicationBuilder builder, string name, string projectPath) =>
        Add(builder, name, new ProjectAtPath(Path.GetFullPath(projectPath, builder.AppHostDirectory)), stampedOn: null, new ProjectResourceOptions());

    private static IResourceBuilder<ProjectResource> Add(
        IDistributedApplicationBuilder builder,
        string name,
        IProjectMetadata metadata,
        Assembly? stampedOn,
        ProjectResourceOptions options)
    {
        var directory = Path.GetDirectoryName(metadata.ProjectPath)!;
        var profile = options.ExcludeLaunchProfile ? null : LaunchSettings.Read(directory)
            .Choose(options.LaunchProfileName, AppHostProfile(builder), metadata.ProjectPath);
        var output = new ProjectOutput(metadata.ProjectPath, stampedOn, AppHostMetadata.Configuration(stampedOn ?? builder.AppHostAssembly));

        var project = builder.AddResource(new ProjectResource(name))
            .WithAnnotation(metadata)
            .WithAnnotation(new ProjectRecipe(directory, output, profile?.Name, profile?.Profile));
        foreach (var endpoint in Endpoints(directory, profile?.Profile, options))
        {
            project.Resource.Annotations.Add(endpoint);
        }

        return project;
    }

    private static IEnumerable<EndpointAnnotation> Endpoints(string directory, LaunchProfile? profile, ProjectResourceOptions options)
    {
        var environment = profile?.EnvironmentVariables.GetValueOrDefault("ASPNETCORE_ENVIRONMENT")
            ?? profile?.EnvironmentVariables.GetValueOrDefault("DOTNET_ENVIRONMENT")
            ?? "Production";
        var own = options.ExcludeKestrelEndpoints ? [] : KestrelEndpoints.Read(directory, environment);
        return own.Count > 0 ? own : FromLaunchProfile(profile);
    }

    private static IEnumerable<EndpointAnnotation> FromLaunchProfile(LaunchProfile? profile)
    {
        var perScheme = new Dictionary<string, int>();
        foreach (var address in profile?.Addresses ?? [])
        {
            // A second address of a scheme is named http2, https2 and so on.
            var count = perScheme[address.Scheme] = perScheme.GetValueOrDefault(address.Scheme) + 1;
            yield return new EndpointAnnotation(
                ProtocolType.Tcp, address.Scheme, name: count == 1 ? address.Scheme : $"{address.Scheme}{count}", port: address.Port)
            {
                PortIsSuggestion = true,
                TargetHost = address.Host,
            };
        }
    }

    private static string? AppHostProfile(IDistributedApplicationBuilder builder) =>
        builder.Configuration["AppHost:DefaultLaunchProfileName"] ?? builder.Configuration["DOTNET_LAUNCH_PROFILE"];

    private sealed class ProjectAtPath(string path) : IProjectMetadata
    {
        public string ProjectPath => path;
    }
}
