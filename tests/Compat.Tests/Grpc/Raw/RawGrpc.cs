using System.Net;
using Google.Protobuf;

namespace LlmGateway.Compat.Tests.Grpc.Raw;

/// <summary>A gRPC client made of HTTP/2 requests only: it knows nothing that the server under test knows.</summary>
internal sealed class RawGrpc(string address) : IDisposable
{
    public const string Peer = "/llmgateway.compat.v1.Peer/";

    private readonly HttpMessageInvoker _http = new(new SocketsHttpHandler { UseProxy = false });

    public Task<RawAnswer> CallAsync(string method, IMessage message, params (string Name, string Value)[] headers) =>
        CallAsync(method, GrpcFrame.Of(message), headers);

    public Task<RawAnswer> CallAsync(string method, byte[] body, params (string Name, string Value)[] headers) =>
        PostAsync(Peer + method, new ByteArrayContent(body), "application/grpc", headers);

    public Task<RawAnswer> CallInPartsAsync(string method, params byte[][] parts) =>
        PostAsync(Peer + method, new PartsContent(parts), "application/grpc");

    public Task<RawAnswer> PostAsync(
        string path, HttpContent content, string? contentType, params (string Name, string Value)[] headers)
    {
        if (contentType is not null)
        {
            content.Headers.TryAddWithoutValidation("content-type", contentType);
        }

        var request = new HttpRequestMessage(HttpMethod.Post, address + path) { Content = content };
        foreach (var (name, value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        return SendAsync(request);
    }

    public async Task<RawAnswer> SendAsync(HttpRequestMessage request)
    {
        if (request.Version == HttpVersion.Version11 && request.VersionPolicy != HttpVersionPolicy.RequestVersionExact)
        {
            request.Version = HttpVersion.Version20;
            request.VersionPolicy = HttpVersionPolicy.RequestVersionExact;
        }

        using var limit = new CancellationTokenSource(Patience.Limit);
        using var response = await _http.SendAsync(request, limit.Token);
        var body = await response.Content.ReadAsByteArrayAsync(limit.Token);
        return new RawAnswer(
            (int)response.StatusCode,
            Fields(response.Headers.NonValidated.Concat(response.Content.Headers.NonValidated)),
            body,
            Fields(response.TrailingHeaders.NonValidated));
    }

    public void Dispose() => _http.Dispose();

    private static Dictionary<string, string> Fields(
        IEnumerable<KeyValuePair<string, System.Net.Http.Headers.HeaderStringValues>> headers) =>
        headers.ToDictionary(header => header.Key, header => header.Value.ToString(), StringComparer.OrdinalIgnoreCase);

    /// <summary>Each part leaves in a DATA frame of its own.</summary>
    private sealed class PartsContent(byte[][] parts) : HttpContent
    {
        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            foreach (var part in parts)
            {
                await stream.WriteAsync(part);
                await stream.FlushAsync();
            }
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}

internal sealed record RawAnswer(int Http, Dictionary<string, string> Headers, byte[] Body, Dictionary<string, string> Trailers)
{
    /// <summary>The status came in the first HEADERS frame.</summary>
    public bool IsTrailersOnly => Headers.ContainsKey("grpc-status") && Body.Length == 0 && Trailers.Count == 0;

    public string? Status => Field("grpc-status");

    public string? Message => Field("grpc-message");

    public List<(byte Flag, byte[] Payload)> Messages => GrpcFrame.Split(Body);

    /// <summary>From the trailers, or from the headers of an answer that has no other.</summary>
    public string? Field(string name) => Trailers.GetValueOrDefault(name) ?? Headers.GetValueOrDefault(name);

    public T Reply<T>(MessageParser<T> parser)
        where T : IMessage<T> => parser.ParseFrom(Messages.ShouldHaveSingleItem().Payload);
}
