namespace Aspire.Hosting.Testing;

public interface IDistributedApplicationTestingBuilder : IDistributedApplicationBuilder, IAsyncDisposable, IDisposable
{
    /// <summary>Lets the AppHost's entry point go on from its Build(), and returns what that made. It is not started.</summary>
    Task<DistributedApplication> BuildAsync(CancellationToken cancellationToken = default);
}
