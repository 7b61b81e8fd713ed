using Grpc.Core;
using Microsoft.Extensions.Logging;

namespace Grpc.Net.Client;

public class GrpcChannelOptions
{
    internal const int DefaultMaxReceiveMessageSize = 4 * 1024 * 1024;

    /// <summary>Unless set: insecure for an http address, TLS for https.</summary>
    public ChannelCredentials? Credentials { get; set; }

    /// <summary>Bytes; null, the default, is unlimited.</summary>
    public int? MaxSendMessageSize { get; set; }

    /// <summary>Bytes; null is unlimited. 4 MiB by default.</summary>
    public int? MaxReceiveMessageSize { get; set; } = DefaultMaxReceiveMessageSize;

    public ILoggerFactory? LoggerFactory { get; set; }

    /// <summary>Either this or <see cref="HttpHandler"/>. Its timeout still applies.</summary>
    public HttpClient? HttpClient { get; set; }

    /// <summary>Unless set: a SocketsHttpHandler of the channel's own, without proxy, with as many connections as calls need.</summary>
    public HttpMessageHandler? HttpHandler { get; set; }

    /// <summary>Whether the channel disposes the client or handler that it was given.</summary>
    public bool DisposeHttpClient { get; set; }

    /// <summary>Cancellation and an own deadline are OperationCanceledException instead of RpcException.</summary>
    public bool ThrowOperationCanceledOnCancellation { get; set; }

    /// <summary>Sends call credentials over cleartext too.</summary>
    public bool UnsafeUseInsecureChannelCallCredentials { get; set; }

    public IServiceProvider? ServiceProvider { get; set; }

    /// <summary>2.0 unless set.</summary>
    public Version? HttpVersion { get; set; }

    /// <summary>Exactly the version unless set.</summary>
    public HttpVersionPolicy? HttpVersionPolicy { get; set; }
}
