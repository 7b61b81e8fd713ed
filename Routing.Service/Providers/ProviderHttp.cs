using System.Diagnostics;
using System.Net;
using LlmGateway.Routing.Calls;
using Microsoft.Extensions.Options;

namespace LlmGateway.Routing.Providers;

/// <summary>The one door to providers: pooled connections, HTTP/2 where offered, HTTPS_PROXY honoured.</summary>
internal sealed class ProviderHttp : IDisposable
{
    private readonly HttpMessageInvoker _invoker;

    public ProviderHttp(IOptions<CallOptions> options) => _invoker = new HttpMessageInvoker(new SocketsHttpHandler
    {
        ConnectTimeout = options.Value.ConnectTimeout,
        PooledConnectionLifetime = TimeSpan.FromMinutes(5),
        PooledConnectionIdleTimeout = TimeSpan.FromMinutes(1),
        EnableMultipleHttp2Connections = true,
        // An answer that is let go is read on for this long, so that one that has ended gives its connection back; one that was ended
        // by us costs the provider's time, and 2 s of it by default.
        ResponseDrainTimeout = TimeSpan.FromMilliseconds(100),
        AllowAutoRedirect = false,
        UseCookies = false,
        AutomaticDecompression = DecompressionMethods.None,
        // Our trace ids are nobody else's business.
        ActivityHeadersPropagator = DistributedContextPropagator.CreateNoOutputPropagator(),
    });

    /// <summary>Returns when the headers are in; the body is still to be read.</summary>
    public Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        request.Version = HttpVersion.Version20;
        request.VersionPolicy = HttpVersionPolicy.RequestVersionOrLower;
        request.Headers.TryAddWithoutValidation("User-Agent", "LlmGateway");
        return _invoker.SendAsync(request, cancellationToken);
    }

    public void Dispose() => _invoker.Dispose();
}
