using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Options;

namespace LlmGateway.Gateway.Web;

/// <summary>The server as <see cref="ServerLimits"/> has it.</summary>
internal sealed class KestrelSetup(IOptions<ServerLimits> options, ConnectionCount connections, TimeProvider time)
    : IConfigureOptions<KestrelServerOptions>, IConfigureOptions<SocketTransportOptions>
{
    private const int NoUpgrades = 0;

    public void Configure(KestrelServerOptions kestrel)
    {
        var ours = options.Value;
        var limits = kestrel.Limits;
        limits.MaxConcurrentConnections = ours.MaxConnections;
        limits.MaxConcurrentUpgradedConnections = NoUpgrades;
        limits.MaxRequestLineSize = ours.MaxRequestLineBytes;
        limits.MaxRequestHeadersTotalSize = ours.MaxHeaderBytes;
        limits.MaxRequestHeaderCount = ours.MaxHeaders;
        limits.RequestHeadersTimeout = TimeSpan.FromSeconds(ours.HeaderSeconds);
        limits.KeepAliveTimeout = TimeSpan.FromSeconds(ours.IdleSeconds);
        limits.Http2.MaxStreamsPerConnection = ours.MaxStreamsPerConnection;
        limits.MinRequestBodyDataRate = new(ours.MinBodyBytesPerSecond, TimeSpan.FromSeconds(ours.SlowSeconds));
        limits.MinResponseDataRate = new(ours.MinAnswerBytesPerSecond, TimeSpan.FromSeconds(ours.SlowSeconds));

        // Who reads a body counts what it comes to, decompressed too; a cut connection is no 413.
        limits.MaxRequestBodySize = null;

        kestrel.ConfigureEndpointDefaults(endpoint =>
        {
            endpoint.Protocols = HttpProtocols.Http1AndHttp2;
            endpoint.Use(connections.Around);
            endpoint.Use(next => new PriorKnowledge(next, limits.KeepAliveTimeout, time).OnConnectionAsync);
        });

        // Of HTTP/2 without TLS, for which the server is made to believe otherwise.
        kestrel.AllowAlternateSchemes = true;
    }

    public void Configure(SocketTransportOptions transport) => transport.Backlog = options.Value.Backlog;
}
