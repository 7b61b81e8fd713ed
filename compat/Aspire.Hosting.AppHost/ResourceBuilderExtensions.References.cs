using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting;

public static partial class ResourceBuilderExtensions
{
    /// <summary><c>ConnectionStrings__{name}</c>, and its parts as <c>{NAME}_HOST</c>, <c>{NAME}_PORT</c> and so on.</summary>
    public static IResourceBuilder<TDestination> WithReference<TDestination>(
        this IResourceBuilder<TDestination> builder,
        IResourceBuilder<IResourceWithConnectionString> source,
        string? connectionName = null,
        bool optional = false)
        where TDestination : IResourceWithEnvironment
    {
        var resource = source.Resource;
        var name = connectionName ?? resource.Name;
        return builder.WithAnnotation(new ReferenceAnnotation(resource)).WithEnvironment(async context =>
        {
            if (await ConnectionStringAsync(resource, optional, context.CancellationToken) is not { Length: > 0 } value)
            {
                return;
            }

            context.EnvironmentVariables[resource.ConnectionStringEnvironmentVariable ?? $"ConnectionStrings__{name}"] = value;
            foreach (var (key, part) in resource.GetConnectionProperties())
            {
                context.EnvironmentVariables[$"{ResourceName.ToVariable(name)}_{ResourceName.ToVariable(key)}"] = part;
            }
        });
    }

    /// <summary>For each endpoint <c>services__{name}__{key}__{i}</c> and <c>{NAME}_{ENDPOINT}</c>.</summary>
    public static IResourceBuilder<TDestination> WithReference<TDestination>(
        this IResourceBuilder<TDestination> builder,
        IResourceBuilder<IResourceWithServiceDiscovery> source)
        where TDestination : IResourceWithEnvironment
    {
        var resource = source.Resource;
        return builder.WithAnnotation(new ReferenceAnnotation(resource)).WithEnvironment(context =>
        {
            foreach (var endpoint in resource.Annotations.OfType<EndpointAnnotation>())
            {
                AddEndpoint(context, new EndpointReference(resource, endpoint.Name));
            }
        });
    }

    public static IResourceBuilder<TDestination> WithReference<TDestination>(
        this IResourceBuilder<TDestination> builder,
        EndpointReference endpointReference)
        where TDestination : IResourceWithEnvironment => builder
            .WithAnnotation(new ReferenceAnnotation(endpointReference.Resource))
            .WithEnvironment(context => AddEndpoint(context, endpointReference));

    /// <summary>A service that runs elsewhere.</summary>
    public static IResourceBuilder<TDestination> WithReference<TDestination>(
        this IResourceBuilder<TDestination> builder,
        string name,
        Uri uri)
        where TDestination : IResourceWithEnvironment
    {
        if (!uri.IsAbsoluteUri)
        {
            throw new InvalidOperationException("The uri for service reference must be absolute.");
        }

        return builder.WithEnvironment(context =>
        {
            context.EnvironmentVariables[$"services__{name}__default__0"] = uri.ToString();
            context.EnvironmentVariables[name] = uri.ToString();
        });
    }

    /// <summary>Starts when the dependency is healthy; fails when it fails.</summary>
    public static IResourceBuilder<T> WaitFor<T>(this IResourceBuilder<T> builder, IResourceBuilder<IResource> dependency)
        where T : IResourceWithWaitSupport => builder.Wait(dependency, WaitKind.UntilHealthy);

    public static IResourceBuilder<T> WaitForStart<T>(this IResourceBuilder<T> builder, IResourceBuilder<IResource> dependency)
        where T : IResourceWithWaitSupport => builder.Wait(dependency, WaitKind.UntilStarted);

    public static IResourceBuilder<T> WaitForCompletion<T>(
        this IResourceBuilder<T> builder,
        IResourceBuilder<IResource> dependency,
        int exitCode = 0)
        where T : IResourceWithWaitSupport => builder.Wait(dependency, WaitKind.UntilCompleted, exitCode);

    private static IResourceBuilder<T> Wait<T>(
        this IResourceBuilder<T> builder,
        IResourceBuilder<IResource> dependency,
        WaitKind kind,
        int exitCode = 0)
        where T : IResource
    {
        if (ReferenceEquals(builder.Resource, dependency.Resource))
        {
            throw new DistributedApplicationException($"The resource '{builder.Resource.Name}' cannot wait for itself.");
        }

        return builder.WithAnnotation(new WaitAnnotation(dependency.Resource, kind, exitCode));
    }

    private static async Task<string?> ConnectionStringAsync(
        IResourceWithConnectionString resource,
        bool optional,
        CancellationToken cancellationToken)
    {
        try
        {
            var value = await resource.GetConnectionStringAsync(cancellationToken);
            return !string.IsNullOrEmpty(value) || optional ? value : throw new DistributedApplicationException(
                $"The connection string for the resource '{resource.Name}' is not available.");
        }
        catch (DistributedApplicationException) when (optional)
        {
            return null;
        }
    }

    private static void AddEndpoint(EnvironmentCallbackContext context, EndpointReference endpoint)
    {
        var service = endpoint.Resource.Name;
        var key = endpoint.EndpointName is "http" or "https" ? endpoint.Scheme : endpoint.EndpointName;
        var prefix = $"services__{service}__{key}__";
        var index = 0;
        while (context.EnvironmentVariables.TryGetValue(prefix + index, out var taken))
        {
            if (taken is EndpointReference other && other.Resource == endpoint.Resource && other.EndpointName == endpoint.EndpointName)
            {
                return;
            }

            index++;
        }

        context.EnvironmentVariables[prefix + index] = endpoint;
        context.EnvironmentVariables[$"{ResourceName.ToVariable(service)}_{ResourceName.ToVariable(endpoint.EndpointName)}"] = endpoint;
    }
}
