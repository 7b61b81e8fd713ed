namespace LlmGateway.AppHost;

internal static class OptionalSettings
{
    /// <summary>References a store of ours and waits for it; without one, the service finds its store in its own settings.</summary>
    public static IResourceBuilder<ProjectResource> WithStore(
        this IResourceBuilder<ProjectResource> service, IResourceBuilder<IResourceWithConnectionString>? store) =>
        store is null ? service : service.WithReference(store).WaitFor(store);

    /// <summary>Gives a service a key made for this machine; a configured one it reads by itself.</summary>
    public static IResourceBuilder<ProjectResource> WithKey(this IResourceBuilder<ProjectResource> service, string name, LocalKey? key) =>
        key is { File: not null } ? service.WithEnvironment(name, key.Value) : service;
}
