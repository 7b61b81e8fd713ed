using Google.Protobuf;
using Microsoft.AspNetCore.Http;

namespace LlmGateway.Compat.Tests.Grpc.Raw;

/// <summary>Answers made by hand on plain Kestrel, right and wrong ones.</summary>
internal static class Answer
{
    public static async Task WriteAsync(this HttpContext http, byte[] body, params (string Name, string Value)[] trailers)
    {
        if (!http.Response.HasStarted)
        {
            http.Response.ContentType = "application/grpc";
        }

        await http.Response.Body.WriteAsync(body);
        await http.Response.Body.FlushAsync();
        foreach (var (name, value) in trailers)
        {
            http.Response.AppendTrailer(name, value);
        }
    }

    public static Task WriteOkAsync(this HttpContext http, IMessage message) =>
        http.WriteAsync(GrpcFrame.Of(message), ("grpc-status", "0"));

    /// <summary>One HEADERS frame that ends the stream.</summary>
    public static Task WriteTrailersOnly(this HttpContext http, params (string Name, string Value)[] headers)
    {
        http.Response.ContentType = "application/grpc";
        foreach (var (name, value) in headers)
        {
            http.Response.Headers[name] = value;
        }

        return Task.CompletedTask;
    }

    /// <summary>Never answers; completes when the client has gone.</summary>
    public static Task ParkAsync(this HttpContext http) => http.RequestAborted.WhenCancelledAsync();
}
