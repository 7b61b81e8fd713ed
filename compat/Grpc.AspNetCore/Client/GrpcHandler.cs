namespace Grpc.Net.Client;

internal static class GrpcHandler
{
    // HTTP/2 servers allow about 100 streams a connection (Kestrel's default), hence several. A proxy from the
    // environment would get between services, and h2c does not pass one.
    internal static SocketsHttpHandler Create() => new()
    {
        EnableMultipleHttp2Connections = true,
        UseProxy = false,
        UseCookies = false,
        AllowAutoRedirect = false,
        PooledConnectionLifetime = TimeSpan.FromMinutes(2),
    };
}
