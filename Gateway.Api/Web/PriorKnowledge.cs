using System.Buffers;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;

namespace LlmGateway.Gateway.Web;

/// <summary>
/// HTTP/2 without TLS on the port that also speaks HTTP/1.1, for clients that begin with it (RFC 9113, section 3.3).
/// </summary>
/// <remarks>
/// Kestrel decides between the two by what TLS agreed on, and without TLS it takes HTTP/1.1. So the first bytes are looked at here, and a
/// connection that begins with HTTP/2's preface is given a negotiated protocol. No library does it; Kestrel's own choice is internal.
/// </remarks>
internal sealed class PriorKnowledge(ConnectionDelegate next, TimeSpan patience, TimeProvider time)
{
    private static ReadOnlySpan<byte> Preface => "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8;

    public async Task OnConnectionAsync(ConnectionContext connection)
    {
        bool isHttp2;
        try
        {
            isHttp2 = await BeginsWithPrefaceAsync(connection);
        }
        catch (Exception exception) when (exception is OperationCanceledException or IOException)
        {
            // Said nothing for too long, left, or came when the server is stopping.
            return;
        }

        if (isHttp2)
        {
            connection.Features.Set<ITlsConnectionFeature>(Negotiated.Http2);
            connection.Features.Set<ITlsApplicationProtocolFeature>(Negotiated.Http2);
        }

        await next(connection);
    }

    private async ValueTask<bool> BeginsWithPrefaceAsync(ConnectionContext connection)
    {
        var input = connection.Transport.Input;
        using var waiting = new CancellationTokenSource(patience, time);
        var stopping = connection.Features.Get<IConnectionLifetimeNotificationFeature>()?.ConnectionClosedRequested ?? CancellationToken.None;
        using var any = CancellationTokenSource.CreateLinkedTokenSource(waiting.Token, stopping, connection.ConnectionClosed);
        while (true)
        {
            var result = await input.ReadAsync(any.Token);
            var decided = Decide(result.Buffer);
            if (decided is not null || result.IsCompleted)
            {
                input.AdvanceTo(result.Buffer.Start);
                return decided ?? false;
            }

            input.AdvanceTo(result.Buffer.Start, result.Buffer.End);
        }
    }

    // Null while it could still become the preface. No method of HTTP/1.1 begins as it does.
    private static bool? Decide(ReadOnlySequence<byte> begun)
    {
        Span<byte> first = stackalloc byte[Preface.Length];
        var length = (int)Math.Min(begun.Length, Preface.Length);
        begun.Slice(0, length).CopyTo(first);
        return !Preface.StartsWith(first[..length]) ? false : length == Preface.Length ? true : null;
    }

    /// <summary>What TLS would have agreed on.</summary>
    private sealed class Negotiated : ITlsConnectionFeature, ITlsApplicationProtocolFeature
    {
        public static readonly Negotiated Http2 = new();

        public ReadOnlyMemory<byte> ApplicationProtocol { get; } = "h2"u8.ToArray();

        public X509Certificate2? ClientCertificate
        {
            get => null;
            set => throw new NotSupportedException("There is no TLS.");
        }

        public Task<X509Certificate2?> GetClientCertificateAsync(CancellationToken cancellationToken) => Task.FromResult<X509Certificate2?>(null);
    }
}
