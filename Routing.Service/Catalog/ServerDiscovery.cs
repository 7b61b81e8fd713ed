using System.Net.Http.Headers;
using System.Text.Json;
using LlmGateway.Routing.Providers;
using Microsoft.Extensions.Options;

namespace LlmGateway.Routing.Catalog;

/// <summary>
/// Reads the model names of a server, that of LLM_SERVER_URL or LITELLM_PROXY_URL, from its /v1/models at start and each minute. While it
/// cannot be reached, the names last seen stay: a call then fails with the true reason instead of model_not_found.
/// </summary>
internal sealed partial class ServerDiscovery(
    string provider,
    ProviderAccount account,
    CatalogLoader loader,
    ProviderHttp http,
    IOptions<CatalogOptions> options,
    TimeProvider time,
    ILogger<ServerDiscovery> logger) : BackgroundService
{
    private const int MaxListBytes = 4 * 1024 * 1024;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan RetryInterval = TimeSpan.FromSeconds(5);

    private bool _reached;
    private bool _complained;

    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        if (ServerAddress.TryParse(account.BaseUrl) is { } server)
        {
            await ReadAsync(server, cancellationToken);
        }

        await base.StartAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (ServerAddress.TryParse(account.BaseUrl) is not { } server)
        {
            return;
        }

        while (!stoppingToken.IsCancellationRequested)
        {
            await Task.Delay(_reached ? options.Value.DiscoveryInterval : RetryInterval, time, stoppingToken);
            await ReadAsync(server, stoppingToken);
        }
    }

    private async Task ReadAsync(Uri server, CancellationToken cancellationToken)
    {
        using var patience = new CancellationTokenSource(Patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellationToken);
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(server, "models"));
            if (account.Keys is [var key, ..])
            {
                request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key.Reveal());
            }

            using var response = await http.SendAsync(request, either.Token);
            response.EnsureSuccessStatusCode();
            await response.Content.LoadIntoBufferAsync(MaxListBytes, either.Token);
            loader.Discovered(provider, Names(await response.Content.ReadAsByteArrayAsync(either.Token)));
            (_reached, _complained) = (true, false);
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested
            && e is HttpRequestException or JsonException or OperationCanceledException or InvalidOperationException or KeyNotFoundException)
        {
            _reached = false;
            if (!_complained)
            {
                // The rest of the address may be or hold a key.
                Log.Unreachable(logger, $"{server.Scheme}://{server.Authority}", e.Message);
            }

            _complained = true;
        }
    }

    // {"object":"list","data":[{"id":"llama3","object":"model",…}]}; llama.cpp adds fields of its own beside data.
    private static List<string> Names(byte[] json)
    {
        using var document = JsonDocument.Parse(json);
        return [.. document.RootElement.GetProperty("data").EnumerateArray()
            .Select(model => model.GetProperty("id").GetString()).OfType<string>().Where(name => name.Length > 0 && !name.Any(char.IsControl)).Distinct()];
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "The models of {Server} cannot be read: {Reason}")]
        public static partial void Unreachable(ILogger logger, string server, string reason);
    }
}
