using Grpc.AspNetCore.Server;
using Grpc.Net.Client;
using LlmGateway.Compat.Tests.Grpc.Protos;
using LlmGateway.Compat.Tests.Grpc.Raw;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;

namespace LlmGateway.Compat.Tests.Grpc;

/// <summary>The C# peer on a free port, with a client of its own and a client that speaks raw HTTP/2.</summary>
internal sealed class PeerHost : IAsyncDisposable
{
    private readonly LoopbackHost _host;
    private readonly Lazy<GrpcChannel> _channel;
    private readonly Lazy<RawGrpc> _raw;

    private PeerHost(LoopbackHost host)
    {
        _host = host;
        _channel = new Lazy<GrpcChannel>(() => GrpcChannel.ForAddress(Address));
        _raw = new Lazy<RawGrpc>(() => new RawGrpc(Address));
    }

    public string Address => _host.Address;

    public int Port => _host.Port;

    public IServiceProvider Services => _host.Services;

    public GrpcChannel Channel => _channel.Value;

    public Peer.PeerClient Client => new(Channel);

    public RawGrpc Raw => _raw.Value;

    public static async Task<PeerHost> StartAsync(
        PeerHandlers? handlers = null,
        Action<GrpcServiceOptions>? options = null,
        Action<WebApplicationBuilder>? build = null,
        Action<WebApplication>? configure = null,
        HttpProtocols protocols = HttpProtocols.Http2)
    {
        var host = await LoopbackHost.StartAsync(
            builder =>
            {
                builder.Services.AddSingleton(handlers ?? new PeerHandlers());
                builder.Services.AddGrpc(grpc => options?.Invoke(grpc));
                build?.Invoke(builder);
            },
            app =>
            {
                configure?.Invoke(app);
                app.MapGrpcService<PeerService>();
            },
            protocols);
        return new PeerHost(host);
    }

    public async ValueTask DisposeAsync()
    {
        if (_channel.IsValueCreated)
        {
            _channel.Value.Dispose();
        }

        if (_raw.IsValueCreated)
        {
            _raw.Value.Dispose();
        }

        await _host.DisposeAsync();
    }
}

internal static class Patience
{
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    /// <summary>Turns a hang into a failure; a passing test never waits this long.</summary>
    public static Task<T> Soon<T>(this Task<T> task) => task.WaitAsync(Limit);

    public static Task Soon(this Task task) => task.WaitAsync(Limit);

    public static async Task WhenCancelledAsync(this CancellationToken cancellationToken)
    {
        var cancelled = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var registration = cancellationToken.Register(cancelled.SetResult);
        await cancelled.Task;
    }

    public static DateTime FromNow(TimeSpan span) => TimeProvider.System.GetUtcNow().UtcDateTime + span;
}
