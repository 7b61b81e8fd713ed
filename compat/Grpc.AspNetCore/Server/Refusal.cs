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

    public static Task UnimplementedMethod(HttpContext httpContext) => Unimplemented(httpContext, "Method is unimplemented.");

    public static Task UnimplementedService(HttpContext httpContext) => Unimplemented(httpContext, "Service is unimplemented.");

    private static Task Unimplemented(HttpContext httpContext, string detail)
    {
        if (!TryRefuse(httpContext))
        {
            httpContext.Response.ContentType = ContentTypes.Grpc;
            SetStatus(httpContext.Response, StatusCode.Unimplemented, detail);
        }

        return Task.CompletedTask;
    }

    private static void SetStatus(HttpResponse response, StatusCode code, string detail)
    {
        response.Headers.GrpcStatus = StatusNumbers.ToWire(code);
        response.Headers.GrpcMessage = StatusMessages.Encode(detail);
    }
}
