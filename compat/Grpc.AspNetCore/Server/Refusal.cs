using Grpc.Core;
using Grpc.Wire;
using Microsoft.AspNetCore.Http;

namespace Grpc.AspNetCore.Server;

// Answers to requests that never become a call.
internal static class Refusal
{
    /// <summary>415 for what is not gRPC, 426 for gRPC over HTTP/1.</summary>
    public static bool TryRefuse(HttpContext httpContext)
    {
        var request = httpContext.Request;
        if (!ContentTypes.IsGrpc(request.ContentType))
        {
            httpContext.Response.StatusCode = StatusCodes.Status415UnsupportedMediaType;
            SetStatus(httpContext.Response, StatusCode.Internal, $"Content-Type '{request.ContentType}' is not supported.");
            return true;
        }

        if (!HttpProtocol.IsHttp2(request.Protocol) && !HttpProtocol.IsHttp3(request.Protocol))
        {
            httpContext.Response.StatusCode = StatusCodes.Status426UpgradeRequired;
            httpContext.Response.Headers.Upgrade = HttpProtocol.Http2;
            SetStatus(httpContext.Response, StatusCode.Internal, $"Request protocol '{request.Protocol}' is not supported.");
            return true;
        }

        return false;
    }

    /// <param name="serviceName">The service that routing found, or null. Routing ignores case, gRPC does not.</param>
    public static Task Unimplemented(HttpContext httpContext, string? serviceName)
    {
        if (!TryRefuse(httpContext))
        {
            httpContext.Response.ContentType = ContentTypes.Grpc;
            var known = serviceName is not null &&
                httpContext.Request.Path.Value!.StartsWith($"/{serviceName}/", StringComparison.Ordinal);
            SetStatus(httpContext.Response, StatusCode.Unimplemented, known ? "Method is unimplemented." : "Service is unimplemented.");
        }

        return Task.CompletedTask;
    }

    private static void SetStatus(HttpResponse response, StatusCode code, string detail)
    {
        response.Headers.GrpcStatus = StatusNumbers.ToWire(code);
        response.Headers.GrpcMessage = StatusMessages.Encode(detail);
    }
}
