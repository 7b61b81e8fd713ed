using System.Globalization;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Orchestration;
using Aspire.Hosting.Processes;

namespace Aspire.Hosting.Projects;

/// <summary>How a project becomes a process, and which variables it gets besides its references.</summary>
internal sealed class ProjectRecipe(string directory, ProjectOutput output, string? profileName, LaunchProfile? profile) : IProcessRecipe
{
    public async Task<ProcessSpec> PrepareAsync(LaunchContext context, CancellationToken cancellationToken)
    {
        var dll = await output.FindAsync(cancellationToken);
        return new ProcessSpec(ProjectOutput.DotNet, [dll, .. context.Arguments], directory)
        {
            Environment = await context.EnvironmentAsync(Defaults(context), cancellationToken),
        };
    }

    private Dictionary<string, object> Defaults(LaunchContext context)
    {
        var variables = new Dictionary<string, object>
        {
            ["LOGGING__CONSOLE__FORMATTERNAME"] = "simple",
        };
        if (!System.Console.IsOutputRedirected)
        {
            // Upstream sets it always; colours belong on a terminal, not into a file.
            variables["DOTNET_SYSTEM_CONSOLE_ALLOW_ANSI_COLOR_REDIRECTION"] = "true";
        }

        Telemetry.AddTo(variables, context);
        if (profileName is not null)
        {
            variables["DOTNET_LAUNCH_PROFILE"] = profileName;
        }

        foreach (var (key, value) in profile?.EnvironmentVariables ?? [])
        {
            variables.TryAdd(key, value);
        }

        AddAddresses(variables, context.Resource);
        return variables;
    }

    private static void AddAddresses(Dictionary<string, object> variables, IResource resource)
    {
        var http = resource.Annotations.OfType<EndpointAnnotation>().Where(e => e.IsHttpScheme).ToList();
        foreach (var endpoint in http.Where(e => e.KestrelKey is not null))
        {
            variables[$"Kestrel__Endpoints__{endpoint.KestrelKey}__Url"] = ListenUrl(endpoint);
        }

        if (http.Count > 0 && http.TrueForAll(e => e.KestrelKey is null))
        {
            variables["ASPNETCORE_URLS"] = string.Join(';', http.Select(ListenUrl));
            if (http.Find(e => e.UriScheme == "https") is { AllocatedPort: { } port })
            {
                variables["ASPNETCORE_HTTPS_PORT"] = port.ToString(CultureInfo.InvariantCulture);
            }
        }
    }

    private static string ListenUrl(EndpointAnnotation endpoint) => string.Create(
        CultureInfo.InvariantCulture, $"{endpoint.UriScheme}://{endpoint.TargetHost}:{endpoint.AllocatedPort}");
}
