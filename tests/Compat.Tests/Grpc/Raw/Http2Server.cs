using System.Net;
using System.Net.Sockets;

namespace LlmGateway.Compat.Tests.Grpc.Raw;

/// <summary>A server of hand-made frames: one connection, one script. The connection outlives the script: closing it is an event.</summary>
internal sealed class Http2Server : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private Http2Wire? _wire;

    private Http2Server(Func<Http2Wire, Task> script)
    {
        _listener.Start();
        Script = ServeAsync(script);
    }

    /// <summary>Ends, or fails, as the script does.</summary>
    public Task Script { get; }

    public string Address => $"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}";

    public static Http2Server Start(Func<Http2Wire, Task> script) => new(script);

    public async ValueTask DisposeAsync()
    {
        _listener.Dispose();
        if (_wire is not null)
        {
            await _wire.DisposeAsync();
        }

        await Script.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async Task ServeAsync(Func<Http2Wire, Task> script)
    {
        _wire = await Http2Wire.AcceptAsync(await _listener.AcceptSocketAsync());
        await script(_wire);
    }
}
