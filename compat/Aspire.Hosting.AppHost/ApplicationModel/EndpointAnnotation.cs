using System.Net.Sockets;

namespace Aspire.Hosting.ApplicationModel;

public sealed class EndpointAnnotation : IResourceAnnotation
{
    private readonly TaskCompletionSource<int> _allocated = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public EndpointAnnotation(
        ProtocolType protocol,
        string? uriScheme = null,
        string? transport = null,
        string? name = null,
        int? port = null,
        int? targetPort = null,
        bool? isExternal = null,
        bool? isProxied = null)
    {
        Protocol = protocol;
        UriScheme = uriScheme ?? (protocol == ProtocolType.Udp ? "udp" : "tcp");
        Transport = transport ?? (IsHttpScheme ? "http" : "tcp");
        Name = name ?? UriScheme;
        Port = port;
        TargetPort = targetPort;
        IsExternal = isExternal ?? false;
        IsProxied = isProxied ?? true;
    }

    public ProtocolType Protocol { get; set; }

    public string Name { get; set; }

    public string UriScheme { get; set; }

    /// <summary>http, http2 or tcp.</summary>
    public string Transport { get; set; }

    /// <summary>Where the process listens: "localhost", an address, or "*" and "0.0.0.0" for every interface.</summary>
    public string TargetHost { get; set; } = "localhost";

    /// <summary>The port that others are told. There is no proxy here, so it is also the one that the process listens on.</summary>
    public int? Port { get; set; }

    public int? TargetPort { get; set; }

    public bool IsExternal { get; set; }

    public bool IsProxied { get; set; }

    /// <summary>The variable that tells the process its port.</summary>
    internal string? PortVariable { get; set; }

    /// <summary>Port comes from the service's own files, and is kept only for an endpoint that people type in.</summary>
    internal bool PortIsSuggestion { get; init; }

    /// <summary>The key in the service's <c>Kestrel:Endpoints</c>.</summary>
    internal string? KestrelKey { get; init; }

    internal bool IsHttpScheme => UriScheme is "http" or "https";

    /// <summary>What a client on this machine connects to.</summary>
    internal string ClientHost => TargetHost is "*" or "+" or "0.0.0.0" or "[::]" or "::" ? "localhost" : TargetHost;

    internal int? AllocatedPort => _allocated.Task.IsCompletedSuccessfully ? _allocated.Task.Result : null;

    internal Task<int> Allocated => _allocated.Task;

    /// <summary>Once: a resource that is stopped and started again keeps its port.</summary>
    internal void Allocate(int port) => _allocated.TrySetResult(port);
}
