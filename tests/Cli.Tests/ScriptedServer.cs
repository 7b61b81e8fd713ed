using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace LlmGateway.Cli.Tests;

/// <summary>A server that answers each request with the bytes it is told to, whole or not: for what no gateway should do.</summary>
public sealed class ScriptedServer : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly Func<string, (string Answer, bool Ends)> _answer;
    private readonly Task _accepting;

    /// <param name="answer">For a request line: what is sent, and whether the connection ends after it or stays silent.</param>
    public ScriptedServer(Func<string, (string Answer, bool Ends)> answer)
    {
        _answer = answer;
        _listener.Start();
        Address = new($"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}");
        _accepting = AcceptAsync();
    }

    public Uri Address { get; }

    /// <summary>The request lines so far, like <c>GET /admin/keys HTTP/1.1</c>.</summary>
    public ConcurrentQueue<string> Asked { get; } = new();

    public static string Json(string body) =>
        $"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {Encoding.UTF8.GetByteCount(body)}\r\nConnection: close\r\n\r\n{body}";

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        await _accepting;
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        var connections = new List<Task>();
        try
        {
            while (true)
            {
                connections.Add(AnswerAsync(await _listener.AcceptTcpClientAsync(_stop.Token)));
            }
        }
        catch (OperationCanceledException)
        {
            await Task.WhenAll(connections);
        }
    }

    private async Task AnswerAsync(TcpClient client)
    {
        using (client)
        {
            try
            {
                using var reader = new StreamReader(client.GetStream());
                var line = await reader.ReadLineAsync(_stop.Token) ?? "";
                while (await reader.ReadLineAsync(_stop.Token) is { Length: > 0 })
                {
                }

                Asked.Enqueue(line);
                var (answer, ends) = _answer(line);
                await client.GetStream().WriteAsync(Encoding.UTF8.GetBytes(answer), _stop.Token);
                await Task.Delay(ends ? TimeSpan.Zero : Timeout.InfiniteTimeSpan, _stop.Token);
            }
            catch (Exception ended) when (ended is OperationCanceledException or IOException)
            {
                // The test is over, or the client does not want the rest.
            }
        }
    }
}
