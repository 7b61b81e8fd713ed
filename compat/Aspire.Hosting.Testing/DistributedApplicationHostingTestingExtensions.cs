using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.DependencyInjection;

namespace Aspire.Hosting.Testing;

public static class DistributedApplicationHostingTestingExtensions
{
    /// <summary>A client from IHttpClientFactory whose base address is the endpoint: https before http without a name.</summary>
    public static HttpClient CreateHttpClient(this DistributedApplication app, string resourceName, string? endpointName = null)
    {
        var client = app.Services.GetRequiredService<IHttpClientFactory>().CreateClient();
        client.BaseAddress = app.GetEndpoint(resourceName, endpointName);
        return client;
    }

    public static ValueTask<string?> GetConnectionStringAsync(
        this DistributedApplication app,
        string resourceName,
        CancellationToken cancellationToken = default)
    {
        var resource = Resource(app, resourceName) as IResourceWithConnectionString ?? throw new ArgumentException(
            $"Resource '{resourceName}' does not expose a connection string.", nameof(resourceName));
        return resource.GetConnectionStringAsync(cancellationToken);
    }

    /// <exception cref="InvalidOperationException">The application has not started.</exception>
    /// <exception cref="ArgumentException">There is no such resource or endpoint.</exception>
    public static Uri GetEndpoint(this DistributedApplication app, string resourceName, string? endpointName = null)
    {
        var resource = Resource(app, resourceName) as IResourceWithEndpoints ?? throw new ArgumentException(
            $"Resource '{resourceName}' has no endpoints.", nameof(resourceName));
        var endpoint = endpointName is not null
            ? new EndpointReference(resource, endpointName)
            : EndpointReference.DefaultHttp(resource);
        return endpoint is { Exists: true }
            ? new Uri(endpoint.Url)
            : throw new ArgumentException(
                $"Endpoint '{endpointName ?? "http"}' for resource '{resourceName}' not found.", nameof(endpointName));
    }

    private static IResource Resource(DistributedApplication app, string name)
    {
        if (!app.Orchestrator.IsStarted)
        {
            throw new InvalidOperationException("The application has not been started. Call StartAsync first.");
        }

        return app.Services.GetRequiredService<IResourceCollection>()
            .FirstOrDefault(r => string.Equals(r.Name, name, StringComparison.OrdinalIgnoreCase))
            ?? throw new ArgumentException($"Resource '{name}' not found.", nameof(name));
    }
}
