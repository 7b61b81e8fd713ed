using System.Collections.Concurrent;
using Grpc.Core;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Grpc.Net.Client;

/// <summary>One server's address and the connections to it. Made once and shared.</summary>
public sealed class GrpcChannel : ChannelBase, IDisposable
{
    private readonly ConcurrentDictionary<IMethod, Uri> _addresses = new(ReferenceEqualityComparer.Instance);
    private readonly Lock _gate = new();
    private readonly HttpMessageInvoker _invoker;
    private readonly bool _disposesInvoker;
    private readonly CallInvoker _callInvoker;
    private ClientCall? _firstCall;
    private bool _disposed;

    private GrpcChannel(Uri address, GrpcChannelOptions options)
        : base(address.Authority)
    {
        Address = address;
        Options = options;
        Credentials = options.Credentials;
        IsSecure = Transport(address, options.Credentials);
        HttpVersion = options.HttpVersion ?? System.Net.HttpVersion.Version20;
        HttpVersionPolicy = options.HttpVersionPolicy ?? System.Net.Http.HttpVersionPolicy.RequestVersionExact;
        Logger = options.LoggerFactory?.CreateLogger("Grpc.Net.Client.Internal.GrpcCall") ?? NullLogger.Instance;
        (_invoker, _disposesInvoker) = CreateInvoker(options);
        _callInvoker = new ChannelCallInvoker(this);
    }

    internal Uri Address { get; }

    // Read at each call: nobody changes them after the channel was made.
    internal GrpcChannelOptions Options { get; }

    internal ChannelCredentials? Credentials { get; }

    internal bool IsSecure { get; }

    internal Version HttpVersion { get; }

    internal HttpVersionPolicy HttpVersionPolicy { get; }

    internal ILogger Logger { get; }

    public static GrpcChannel ForAddress(string address) => ForAddress(address, new GrpcChannelOptions());

    public static GrpcChannel ForAddress(string address, GrpcChannelOptions channelOptions)
    {
        ArgumentNullException.ThrowIfNull(address);
        return ForAddress(new Uri(address), channelOptions);
    }

    public static GrpcChannel ForAddress(Uri address) => ForAddress(address, new GrpcChannelOptions());

    public static GrpcChannel ForAddress(Uri address, GrpcChannelOptions channelOptions)
    {
        ArgumentNullException.ThrowIfNull(address);
        ArgumentNullException.ThrowIfNull(channelOptions);
        return new GrpcChannel(address, channelOptions);
    }

    public override CallInvoker CreateCallInvoker()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        return _callInvoker;
    }

    /// <summary>Opens a connection before the first call needs one, by a request that means nothing. Tries once.</summary>
    /// <exception cref="RpcException">UNAVAILABLE: there is no HTTP/2 server at the address.</exception>
    public async Task ConnectAsync(CancellationToken cancellationToken = default)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        using var request = new HttpRequestMessage(HttpMethod.Head, Address) { Version = HttpVersion, VersionPolicy = HttpVersionPolicy };
        try
        {
            using var response = await SendAsync(request, cancellationToken);
        }
        catch (HttpRequestException exception)
        {
            throw new RpcException(new Status(StatusCode.Unavailable, $"No connection to {Target}. {exception.Message}", exception));
        }
    }

    /// <summary>Cancels the calls that still run.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            if (_disposed)
            {
                return;
            }

            _disposed = true;
        }

        while (Volatile.Read(ref _firstCall) is { } call)
        {
            call.DisposeCall();
        }

        if (_disposesInvoker)
        {
            _invoker.Dispose();
        }
    }

    protected override Task ShutdownAsyncCore()
    {
        Dispose();
        return Task.CompletedTask;
    }

    internal Uri GetAddress(IMethod method) =>
        _addresses.GetOrAdd(method, static (key, address) => new Uri(address, key.FullName), Address);

    // An HttpClient would read the whole answer first unless told otherwise.
    internal Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) => _invoker is HttpClient client
        ? client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken)
        : _invoker.SendAsync(request, cancellationToken);

    // The running calls are a list through the calls themselves.
    internal void Add(ClientCall call)
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            call.Next = _firstCall;
            if (_firstCall is not null)
            {
                _firstCall.Previous = call;
            }

            _firstCall = call;
        }
    }

    internal void Remove(ClientCall call)
    {
        lock (_gate)
        {
            if (call.Previous is not null)
            {
                call.Previous.Next = call.Next;
            }
            else if (_firstCall == call)
            {
                _firstCall = call.Next;
            }

            if (call.Next is not null)
            {
                call.Next.Previous = call.Previous;
            }

            call.Previous = null;
            call.Next = null;
        }
    }

    private static bool Transport(Uri address, ChannelCredentials? credentials)
    {
        var secure = address.Scheme switch
        {
            "http" => false,
            "https" => true,
            _ => throw new ArgumentException($"The address of a gRPC channel starts with http:// or https://, not '{address.Scheme}'."),
        };
        return credentials is null || credentials.IsSecure == secure
            ? secure
            : throw new InvalidOperationException($"Channel is configured with {(credentials.IsSecure ? "secure" : "insecure")} channel credentials and can't use an address with scheme '{address.Scheme}'.");
    }

    private static (HttpMessageInvoker Invoker, bool Disposes) CreateInvoker(GrpcChannelOptions options) => options switch
    {
        { HttpClient: not null, HttpHandler: not null } =>
            throw new ArgumentException("HttpClient and HttpHandler have been configured. Only one HTTP caller can be specified."),
        { HttpClient: { } client } => (client, options.DisposeHttpClient),
        { HttpHandler: { } handler } => (new HttpMessageInvoker(handler, options.DisposeHttpClient), options.DisposeHttpClient),
        _ => (new HttpMessageInvoker(GrpcHandler.Create(), disposeHandler: true), true),
    };
}
