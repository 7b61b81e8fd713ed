using Grpc.Core;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.Timeouts;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Microsoft.Extensions.Logging;

namespace Grpc.AspNetCore.Server;

// The endpoint of one method; one object serves all its calls.
internal abstract class ServerCallHandler(IMethod method, MethodOptions options, ILogger logger)
{
    // Kestrel's own bound of a request body is the smaller one from here on, so that gRPC's limit decides.
    private const int BodyLimitOfServers = 30_000_000;

    private readonly bool _streamsRequest = method.Type is MethodType.ClientStreaming or MethodType.DuplexStreaming;
    private readonly bool _streams = method.Type is not MethodType.Unary;

    public Task HandleAsync(HttpContext httpContext)
    {
        if (Refusal.TryRefuse(httpContext))
        {
            return Task.CompletedTask;
        }

        // Routing ignores case, gRPC does not.
        if (httpContext.Request.Path.Value is not { } path || !path.Equals(method.FullName, StringComparison.Ordinal))
        {
            return Refusal.Unimplemented(httpContext, method.ServiceName);
        }

        if (_streams || !(options.MaxReceiveMessageSize < BodyLimitOfServers))
        {
            LiftLimits(httpContext.Features);
        }

        var call = new HttpContextServerCallContext(httpContext, method, options, logger);
        call.Begin();
        return RunAsync(call);
    }

    protected abstract ValueTask InvokeAsync(HttpContextServerCallContext call);

    private async Task RunAsync(HttpContextServerCallContext call)
    {
        try
        {
            await InvokeAsync(call);
        }
        catch (Exception exception)
        {
            await call.EndAsync(exception);
            return;
        }

        await call.EndAsync();
    }

    // A stream may be idle for hours and carry any number of bytes.
    private void LiftLimits(IFeatureCollection features)
    {
        if (_streams)
        {
            features.Get<IHttpRequestTimeoutFeature>()?.DisableTimeout();
        }

        if (_streamsRequest && features.Get<IHttpMinRequestBodyDataRateFeature>() is { } rate)
        {
            rate.MinDataRate = null;
        }

        if ((_streamsRequest || !(options.MaxReceiveMessageSize < BodyLimitOfServers)) &&
            features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
        {
            size.MaxRequestBodySize = null;
        }
    }
}
