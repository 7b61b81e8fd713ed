using System.Net;
using System.Text.Json;
using LlmGateway.ServiceDefaults;
using Microsoft.Extensions.Options;

namespace LlmGateway.Gateway.Health;

/// <summary>
/// What each process of the services says of itself, its database above all. Their /health answers on the address for gRPC too, so that no other
/// address has to be configured.
/// </summary>
internal sealed class ServiceHealth : IDisposable
{
    public static readonly IReadOnlyList<string> Services = ["keys", "billing", "routing"];

    // Longer than the service's own checks may take: then it says which of them hangs.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(4);
    private static readonly TimeSpan Kept = TimeSpan.FromSeconds(1);

    private readonly HttpClient _http = new(new SocketsHttpHandler
    {
        UseProxy = false,
        ConnectTimeout = TimeSpan.FromSeconds(1),
        PooledConnectionLifetime = TimeSpan.FromMinutes(5),
    })
    {
        DefaultRequestVersion = HttpVersion.Version20,
        DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
        Timeout = Patience,
        MaxResponseContentBufferSize = 64 * 1024,
    };

    private readonly TimeProvider _time;
    private readonly SharedAnswer<IReadOnlyDictionary<string, IReadOnlyList<InstanceBody>>> _shared;

    public ServiceHealth(IOptionsMonitor<GrpcServiceClientOptions> clients, TimeProvider time)
    {
        _time = time;
        _shared = new(time, () => AskAllAsync(clients), static _ => Kept);
    }

    /// <summary>By service: its processes, in the order of their addresses.</summary>
    public Task<IReadOnlyDictionary<string, IReadOnlyList<InstanceBody>>> AskAsync(CancellationToken cancellationToken) =>
        _shared.AskAsync().WaitAsync(cancellationToken);

    public void Dispose() => _http.Dispose();

    private async Task<IReadOnlyDictionary<string, IReadOnlyList<InstanceBody>>> AskAllAsync(IOptionsMonitor<GrpcServiceClientOptions> clients)
    {
        var asked = Services.ToDictionary(service => service, service => Task.WhenAll(clients.Get(service).Addresses.Select(AskAsync)));
        await Task.WhenAll(asked.Values);
        return asked.ToDictionary(service => service.Key, service => (IReadOnlyList<InstanceBody>)service.Value.Result);
    }

    private async Task<InstanceBody> AskAsync(Uri address)
    {
        var began = _time.GetTimestamp();
        HealthAnswer? reported = null;
        try
        {
            using var response = await _http.GetAsync(new Uri(address, "/health"));
            reported = HealthAnswer.Parse(await response.Content.ReadAsByteArrayAsync());
        }
        catch (Exception exception) when (exception is HttpRequestException or OperationCanceledException or JsonException)
        {
            // The answer below says so. The exception names the address, which is nobody's business.
        }

        var latency = CheckLatency.Milliseconds(_time.GetElapsedTime(began));
        return reported is null
            ? new("unhealthy", "Does not answer.", latency, "unknown", new Dictionary<string, ReportedCheckBody>())
            : new(reported.Status, null, latency, DatabaseOf(reported.Checks), reported.Checks.ToDictionary(check => check.Key, check => BodyOf(check.Value)));
    }

    private static ReportedCheckBody BodyOf(HealthAnswerCheck check) => new(check.Status, check.Description, check.DurationMs);

    // The check of the service's own database bears the name of its context.
    private static string DatabaseOf(Dictionary<string, HealthAnswerCheck> checks) =>
        checks.FirstOrDefault(check => check.Key.EndsWith("DbContext", StringComparison.Ordinal)).Value?.Status ?? "unknown";
}
