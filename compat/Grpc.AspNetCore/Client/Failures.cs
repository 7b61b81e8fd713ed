using System.Net;
using System.Net.Sockets;
using Grpc.Core;

namespace Grpc.Net.Client;

// HTTP's ways to fail as gRPC statuses (http-grpc-status-mapping.md, PROTOCOL-HTTP2.md "Errors").
internal static class Failures
{
    // For answers without grpc-status only.
    public static StatusCode ToStatusCode(HttpStatusCode status) => (int)status switch
    {
        400 or 431 => StatusCode.Internal,
        401 => StatusCode.Unauthenticated,
        403 => StatusCode.PermissionDenied,
        404 => StatusCode.Unimplemented,
        429 or 502 or 503 or 504 => StatusCode.Unavailable,
        _ => StatusCode.Unknown,
    };

    public static Status ToStatus(Exception exception)
    {
        if (exception is RpcException rpc)
        {
            return rpc.Status;
        }

        for (var current = exception; current is not null; current = current.InnerException)
        {
            if (Find(current) is { } code)
            {
                return new Status(code, $"Error starting or running the gRPC call. {Describe(exception)}", exception);
            }
        }

        return new Status(StatusCode.Internal, $"Error starting or running the gRPC call. {Describe(exception)}", exception);
    }

    private static StatusCode? Find(Exception exception) => exception switch
    {
        HttpProtocolException protocol when IsConnectionLoss(protocol) => StatusCode.Unavailable,
        HttpProtocolException protocol => FromReset(protocol.ErrorCode),
        OperationCanceledException { InnerException: TimeoutException } => StatusCode.Unavailable,
        OperationCanceledException => StatusCode.Cancelled,

        // Their cause says more.
        HttpRequestException or IOException when exception.InnerException is not null => null,
        IOException or SocketException => StatusCode.Unavailable,
        HttpRequestException http => FromRequestError(http.HttpRequestError),
        _ => null,
    };

    // A server that answers, but not in HTTP/2, is worth no retry.
    private static StatusCode FromRequestError(HttpRequestError error) => error switch
    {
        HttpRequestError.HttpProtocolError or HttpRequestError.InvalidResponse or HttpRequestError.VersionNegotiationError => StatusCode.Internal,
        _ => StatusCode.Unavailable,
    };

    // GOAWAY reaches a call as the same exception as RST_STREAM, and only its text ("The HTTP/2 server closed the
    // connection.") tells them apart. A lost connection is worth a retry, whatever its code but HTTP_1_1_REQUIRED.
    private static bool IsConnectionLoss(HttpProtocolException exception) =>
        exception.ErrorCode != 13 && exception.Message.Contains("closed the connection", StringComparison.Ordinal);

    private static StatusCode FromReset(long errorCode) => errorCode switch
    {
        7 => StatusCode.Unavailable,         // REFUSED_STREAM
        8 => StatusCode.Cancelled,           // CANCEL
        11 => StatusCode.ResourceExhausted,  // ENHANCE_YOUR_CALM
        12 => StatusCode.PermissionDenied,   // INADEQUATE_SECURITY
        _ => StatusCode.Internal,
    };

    private static string Describe(Exception exception) => exception.InnerException is { } inner
        ? $"{exception.GetType().Name}: {exception.Message} {Describe(inner)}"
        : $"{exception.GetType().Name}: {exception.Message}";
}
