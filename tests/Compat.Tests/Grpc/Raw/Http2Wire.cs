using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace LlmGateway.Compat.Tests.Grpc.Raw;

internal enum FrameType : byte
{
    Data = 0,
    Headers = 1,
    Reset = 3,
    Settings = 4,
    Ping = 6,
    GoAway = 7,
    WindowUpdate = 8,
}

internal sealed record Frame(FrameType Type, byte Flags, int Stream, byte[] Payload)
{
    public bool EndsStream => Type is FrameType.Data or FrameType.Headers && (Flags & 1) != 0;

    public uint ErrorCode => BinaryPrimitives.ReadUInt32BigEndian(Payload);

    public string? Field(string name) => Fields.FirstOrDefault(field => field.Name == name).Value;

    public List<(string Name, string Value)> Fields => Hpack.Decode(Payload);
}

/// <summary>
/// HTTP/2 frames by hand (RFC 9113), for what Kestrel and HttpClient do not show: frame boundaries, END_STREAM, reset codes.
/// Either side of a connection; it announces a header table of 0 and, unless told otherwise, windows that never fill.
/// </summary>
internal sealed class Http2Wire : IAsyncDisposable
{
    private const byte EndHeaders = 4;
    private readonly NetworkStream _stream;

    private Http2Wire(Socket socket) => _stream = new NetworkStream(socket, ownsSocket: true);

    public static async Task<Http2Wire> ConnectAsync(int port, int window = int.MaxValue)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(IPAddress.Loopback, port);
        var wire = new Http2Wire(socket);
        await wire._stream.WriteAsync("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8.ToArray());
        await wire.SendSettingsAsync(window);
        return wire;
    }

    public static async Task<Http2Wire> AcceptAsync(Socket socket)
    {
        var wire = new Http2Wire(socket);
        await wire._stream.ReadExactlyAsync(new byte[24]);
        await wire.SendSettingsAsync(int.MaxValue);
        return wire;
    }

    public Task SendCallAsync(int stream, string method, params (string Name, string Value)[] headers) =>
        SendHeadersAsync(
            stream,
            endStream: false,
            [
                (":method", "POST"), (":scheme", "http"), (":path", RawGrpc.Peer + method), (":authority", "localhost"),
                ("content-type", "application/grpc"), ("te", "trailers"), .. headers,
            ]);

    public Task SendHeadersAsync(int stream, bool endStream, params (string Name, string Value)[] headers) =>
        SendAsync(FrameType.Headers, (byte)(EndHeaders | (endStream ? 1 : 0)), stream, Hpack.Encode(headers));

    public Task SendDataAsync(int stream, byte[] data, bool endStream = false) =>
        SendAsync(FrameType.Data, (byte)(endStream ? 1 : 0), stream, data);

    public Task ResetAsync(int stream, uint errorCode) => SendAsync(FrameType.Reset, 0, stream, Number(errorCode));

    /// <summary>The next frame of a stream; settings and pings are answered on the way.</summary>
    public async Task<Frame> ReadAsync()
    {
        using var limit = new CancellationTokenSource(Patience.Limit);
        while (true)
        {
            var header = new byte[9];
            await _stream.ReadExactlyAsync(header, limit.Token);
            var payload = new byte[(header[0] << 16) | (header[1] << 8) | header[2]];
            await _stream.ReadExactlyAsync(payload, limit.Token);
            var stream = BinaryPrimitives.ReadInt32BigEndian(header.AsSpan(5)) & int.MaxValue;
            var frame = new Frame((FrameType)header[3], header[4], stream, payload);
            var isAnswer = (frame.Flags & 1) != 0;
            if (frame.Type is FrameType.Settings or FrameType.Ping)
            {
                if (!isAnswer)
                {
                    await SendAsync(frame.Type, 1, 0, frame.Type == FrameType.Ping ? payload : []);
                }
            }
            else if (frame.Type != FrameType.WindowUpdate)
            {
                return frame;
            }
        }
    }

    public async Task<Frame> ReadAsync(FrameType type)
    {
        while (true)
        {
            var frame = await ReadAsync();
            if (frame.Type == type)
            {
                return frame;
            }
        }
    }

    /// <summary>All frames until the peer ends or resets the stream.</summary>
    public async Task<List<Frame>> ReadToEndAsync()
    {
        var frames = new List<Frame>();
        do
        {
            frames.Add(await ReadAsync());
        }
        while (!frames[^1].EndsStream && frames[^1].Type != FrameType.Reset);
        return frames;
    }

    public ValueTask DisposeAsync() => _stream.DisposeAsync();

    private static byte[] Number(uint value)
    {
        var bytes = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, value);
        return bytes;
    }

    private async Task SendSettingsAsync(int window)
    {
        // HEADER_TABLE_SIZE (1) = 0, INITIAL_WINDOW_SIZE (4).
        await SendAsync(FrameType.Settings, 0, 0, [0, 1, 0, 0, 0, 0, 0, 4, .. Number((uint)window)]);
        if (window > ushort.MaxValue)
        {
            // The connection's own window starts at 65,535 whatever the settings say.
            await SendAsync(FrameType.WindowUpdate, 0, 0, Number((uint)(window - ushort.MaxValue)));
        }
    }

    private async Task SendAsync(FrameType type, byte flags, int stream, byte[] payload)
    {
        byte[] frame =
        [
            (byte)(payload.Length >> 16), (byte)(payload.Length >> 8), (byte)payload.Length, (byte)type, flags,
            .. Number((uint)stream), .. payload,
        ];
        await _stream.WriteAsync(frame);
    }
}
