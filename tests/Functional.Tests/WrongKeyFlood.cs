using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace LlmGateway.Functional.Tests;

/// <summary>
/// Requests with a wrong key each, all different, sent at their times whatever becomes of the ones before. Bare sockets and pipelining, so
/// that the flood itself takes little of the machine that it shares with the gateway.
/// </summary>
internal sealed class WrongKeyFlood(Uri gateway, int perSecond)
{
    private const int Connections = 16;
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(2);
    private static readonly TimeSpan LastAnswers = TimeSpan.FromSeconds(10);

    private static int _keys;

    public int Sent { get; private set; }

    /// <summary>Answers with status 403, or 429 once the address has had too many of those; of all the others <see cref="Others"/>.</summary>
    public int Refused { get; private set; }

    public int Others { get; private set; }

    public async Task RunAsync(TimeSpan duration)
    {
        using var limit = new CancellationTokenSource(duration + LastAnswers);
        var sockets = await Task.WhenAll(Enumerable.Range(0, Connections).Select(_ => ConnectAsync()));
        var readers = sockets.Select((socket, index) => ReadAsync(socket, Expected(perSecond * (int)duration.TotalSeconds, index), limit.Token)).ToList();
        await SendAsync(sockets, perSecond * (int)duration.TotalSeconds, limit.Token);
        foreach (var (refused, others) in await Task.WhenAll(readers))
        {
            Refused += refused;
            Others += others;
        }

        Array.ForEach(sockets, socket => socket.Dispose());
    }

    private static int Expected(int total, int index) => (total / Connections) + (index < total % Connections ? 1 : 0);

    private async Task<Socket> ConnectAsync()
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(gateway.Host, gateway.Port);
        return socket;
    }

    private async Task SendAsync(Socket[] sockets, int total, CancellationToken cancellationToken)
    {
        var began = Stopwatch.GetTimestamp();
        using var timer = new PeriodicTimer(Tick);
        while (Sent < total && await timer.WaitForNextTickAsync(cancellationToken))
        {
            var due = Math.Min(total, (int)(Stopwatch.GetElapsedTime(began).TotalSeconds * perSecond));
            for (; Sent < due; Sent++)
            {
                var request = string.Create(
                    CultureInfo.InvariantCulture,
                    $"GET /v1/models HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer sk-wrong-{Interlocked.Increment(ref _keys)}\r\n\r\n");
                await sockets[Sent % Connections].SendAsync(Encoding.ASCII.GetBytes(request), cancellationToken);
            }
        }
    }

    // Status lines are counted; nothing else in an answer begins so.
    private static async Task<(int Refused, int Others)> ReadAsync(Socket socket, int expected, CancellationToken cancellationToken)
    {
        var buffer = new byte[64 * 1024];
        var (kept, refused, all) = (0, 0, 0);
        while (all < expected)
        {
            var read = await socket.ReceiveAsync(buffer.AsMemory(kept), cancellationToken);
            if (read == 0)
            {
                break;
            }

            var bytes = buffer.AsSpan(0, kept + read);
            for (var at = bytes.IndexOf("HTTP/1.1 "u8); at >= 0 && bytes.Length - at >= 12; at = bytes.IndexOf("HTTP/1.1 "u8))
            {
                all++;
                refused += bytes.Slice(at + 9, 3).SequenceEqual("403"u8) || bytes.Slice(at + 9, 3).SequenceEqual("429"u8) ? 1 : 0;
                bytes = bytes[(at + 12)..];
            }

            // A status line may be cut in two.
            var rest = bytes[^Math.Min(bytes.Length, 11)..];
            rest.CopyTo(buffer);
            kept = rest.Length;
        }

        return (refused, all - refused);
    }
}
