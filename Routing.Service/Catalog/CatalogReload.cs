using Microsoft.Extensions.Options;

namespace LlmGateway.Routing.Catalog;

/// <summary>
/// Looks at the catalogue file again and again. By its content and not by the file system's events, which a mounted folder does not always send
/// and a file that is replaced as a whole, as Kubernetes does it, gives for another one.
/// </summary>
internal sealed class CatalogReload(CatalogLoader loader, IOptions<CatalogOptions> options, TimeProvider time) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(options.Value.ReloadInterval, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            loader.Reload();
        }
    }
}
