namespace LlmGateway.AppHost;

internal static class StoreReferences
{
    /// <summary>References a store of ours and waits for it; without one, the service finds its store in its own settings.</summary>
    public static IResourceBuilder<ProjectResource> WithStore(
        this IResourceBuilder<ProjectResource> service, IResourceBuilder<IResourceWithConnectionString>? store) =>
        store is null ? service : service.WithReference(store).WaitFor(store);
}
