using System.Diagnostics;
using System.Net.Sockets;
using Grpc.Core;
using Grpc.Wire;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;

namespace Grpc.AspNetCore.Server;

// One call on the server. Everything that a call may not need is made when asked for.
internal sealed partial class HttpContextServerCallContext(
    HttpContext httpContext,
    IMethod method,
    MethodOptions options,
    ILogger logger) : ServerCallContext, IServerCallContextFeature
{
    private Metadata? _requestHeaders;
    private Metadata? _responseTrailers;
    private AuthContext? _authContext;
    private Dictionary<object, object>? _userState;
    private string? _peer;

    public HttpContext HttpContext => httpContext;

    public MethodOptions Options => options;

    ServerCallContext IServerCallContextFeature.ServerCallContext => this;

    protected override string MethodCore => method.FullName;

    protected override string HostCore => httpContext.Request.Host.Value ?? "";

    protected override string PeerCore => _peer ??= FormatPeer();

    protected override DateTime DeadlineCore => _deadline;

    protected override Metadata RequestHeadersCore => _requestHeaders ??= ReadHeaders();

    protected override CancellationToken CancellationTokenCore => GetCancellationToken();

    protected override Metadata ResponseTrailersCore => _responseTrailers ??= [];

    protected override Status StatusCore { get; set; }

    protected override WriteOptions? WriteOptionsCore { get; set; }

    protected override AuthContext AuthContextCore => _authContext ??= PeerCertificate.ToAuthContext(httpContext.Connection.ClientCertificate);

    // A context that an interceptor puts around this one still leads to the request through it.
    protected override IDictionary<object, object> UserStateCore =>
        _userState ??= new() { [ServerCallContextExtensions.HttpContextKey] = httpContext };

    public void Begin()
    {
        httpContext.Features.Set<IServerCallContextFeature>(this);
        httpContext.Response.ContentType = ContentTypes.Grpc;
        if (httpContext.Features.Get<IHttpActivityFeature>()?.Activity is { IsAllDataRequested: true } activity)
        {
            activity.SetTag("grpc.method", method.FullName);
        }

        StartDeadline();
    }

    protected override ContextPropagationToken CreatePropagationTokenCore(ContextPropagationOptions? options) =>
        throw new NotSupportedException("CreatePropagationToken not implemented.");

    private Metadata ReadHeaders()
    {
        var metadata = new Metadata();
        foreach (var (name, values) in httpContext.Request.Headers)
        {
            if (HeaderMetadata.IsReservedInRequests(name))
            {
                continue;
            }

            var key = name.ToLowerInvariant();
            foreach (var value in values)
            {
                HeaderMetadata.Add(metadata, key, value ?? "");
            }
        }

        return metadata;
    }

    private string FormatPeer()
    {
        var connection = httpContext.Connection;
        return connection.RemoteIpAddress switch
        {
            null => "unknown",
            { AddressFamily: AddressFamily.InterNetwork } address => $"ipv4:{address}:{connection.RemotePort}",
            var address => $"ipv6:[{address}]:{connection.RemotePort}",
        };
    }
}
