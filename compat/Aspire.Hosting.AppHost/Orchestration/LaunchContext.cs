using System.Collections;
using System.Globalization;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.State;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;

namespace Aspire.Hosting.Orchestration;

/// <summary>One start of one resource.</summary>
internal sealed class LaunchContext(
    IResource resource,
    DistributedApplicationExecutionContext execution,
    IConfiguration configuration,
    IHostEnvironment host,
    StateFolder state)
{
    // AppHost's own; a service gets them from its launch profile or not at all, and is Production then, as it is upstream.
    private static readonly HashSet<string> NotInherited = new(StringComparer.OrdinalIgnoreCase)
    {
        "ASPNETCORE_URLS",
        "DOTNET_LAUNCH_PROFILE",
        "ASPNETCORE_ENVIRONMENT",
        "DOTNET_ENVIRONMENT",
        "ASPIRE_LOGLEVEL",
    };

    public IResource Resource => resource;

    public IConfiguration Configuration => configuration;

    public IHostEnvironment Host => host;

    public string InstanceId { get; } = Guid.NewGuid().ToString("N");

    public IReadOnlyList<string> Arguments => [.. resource.Annotations.OfType<ArgumentsAnnotation>().SelectMany(a => a.Arguments)];

    public bool IsDurable => resource.Annotations.OfType<DurableAnnotation>().Any();

    /// <summary>The data will be deleted when this run ends.</summary>
    public bool IsTemporary => state.IsTemporary(IsDurable);

    public string Folder => state.For(resource.Name, IsDurable);

    /// <summary>The child's whole environment: AppHost's own, then the defaults, then what the callbacks say.</summary>
    public async Task<IReadOnlyDictionary<string, string>> EnvironmentAsync(
        Dictionary<string, object> variables,
        CancellationToken cancellationToken)
    {
        foreach (var endpoint in resource.Annotations.OfType<EndpointAnnotation>().Where(e => e.PortVariable is not null))
        {
            variables[endpoint.PortVariable!] = endpoint.AllocatedPort!.Value.ToString(CultureInfo.InvariantCulture);
        }

        var context = new EnvironmentCallbackContext(execution, resource, variables, cancellationToken);
        foreach (var callback in resource.Annotations.OfType<EnvironmentCallbackAnnotation>().ToList())
        {
            await callback.InvokeAsync(context);
        }

        var result = Inherited();
        foreach (var (name, value) in variables)
        {
            result[name] = await TextAsync(value, cancellationToken);
        }

        return result;
    }

    private static Dictionary<string, string> Inherited() => Environment.GetEnvironmentVariables().Cast<DictionaryEntry>()
        .Where(e => !NotInherited.Contains((string)e.Key))
        .ToDictionary(e => (string)e.Key, e => (string?)e.Value ?? "");

    private static async ValueTask<string> TextAsync(object value, CancellationToken cancellationToken) => value switch
    {
        string text => text,
        IValueProvider provider => await provider.GetValueAsync(cancellationToken) ?? "",
        IResourceBuilder<IResource> { Resource: IValueProvider provider } => await provider.GetValueAsync(cancellationToken) ?? "",
        _ => Convert.ToString(value, CultureInfo.InvariantCulture) ?? "",
    };
}
