using System.Net;
using System.Net.Sockets;

namespace LlmGateway.Testing;

/// <summary>A port that leads to another one, until the test says otherwise: silent, or cut and refusing.</summary>
public sealed class TcpRelay : IAsyncDisposable
{
    private readonly Lock _lock = new();
    private readonly Func<int> _target;
    private readonly List<Socket> _sockets = [];
    private readonly List<Task> _tasks = [];
    private TcpListener _listener;
    private TaskCompletionSource _flowing = new();

    public TcpRelay(int target)
        : this(() => target)
    {
    }

    /// <param name="target">Asked at each connection: it may not be known before.</param>
    public TcpRelay(Func<int> target)
    {
        _target = target;
        _flowing.SetResult();
        _listener = new TcpListener(IPAddress.Loopback, 0);
        Listen();
        Port = ((IPEndPoint)_listener.LocalEndpoint).Port;
    }

    public int Port { get; }

    /// <summary>Connections stay and can be made, and nothing comes through them.</summary>
    public void Silence() => Volatile.Write(ref _flowing, new TaskCompletionSource());

    /// <summary>What was held back comes through.</summary>
    public void Resume() => Volatile.Read(ref _flowing).TrySetResult();

    /// <summary>Connections break, and new ones are refused.</summary>
    public void Cut()
    {
        _listener.Stop();
        lock (_lock)
        {
            // Reset, as by a machine that died.
            _sockets.ForEach(socket => socket.Close(0));
            _sockets.Clear();
        }
    }

    public void Mend()
    {
        _listener = new TcpListener(IPAddress.Loopback, Port);
        Listen();
    }

    public async ValueTask DisposeAsync()
    {
        Resume();
        Cut();
        await Task.WhenAll(Started());
    }

    private void Listen()
    {
        _listener.Start();
        Own(AcceptAsync(_listener));
    }

    private async Task AcceptAsync(TcpListener listener)
    {
        try
        {
            while (true)
            {
                var near = await listener.AcceptSocketAsync();
                Own(RelayAsync(near));
            }
        }
        catch (Exception stopped) when (stopped is SocketException or ObjectDisposedException)
        {
        }
    }

    private async Task RelayAsync(Socket near)
    {
        var far = new Socket(SocketType.Stream, ProtocolType.Tcp);
        lock (_lock)
        {
            _sockets.AddRange([near, far]);
        }

        try
        {
            await far.ConnectAsync(IPAddress.Loopback, _target());
        }
        catch (Exception refused) when (refused is SocketException or ObjectDisposedException)
        {
            near.Close(0);
            return;
        }

        await Task.WhenAll(PumpAsync(near, far), PumpAsync(far, near));
    }

    private async Task PumpAsync(Socket from, Socket to)
    {
        var buffer = new byte[16 * 1024];
        try
        {
            int read;
            while ((read = await from.ReceiveAsync(buffer)) > 0)
            {
                await Volatile.Read(ref _flowing).Task;
                await to.SendAsync(buffer.AsMemory(0, read));
            }

            to.Shutdown(SocketShutdown.Send);
        }
        catch (Exception broken) when (broken is SocketException or ObjectDisposedException)
        {
            from.Close(0);
            to.Close(0);
        }
    }

    private void Own(Task task)
    {
        lock (_lock)
        {
            _tasks.Add(task);
        }
    }

    private Task[] Started()
    {
        lock (_lock)
        {
            return [.. _tasks];
        }
    }
}
