using System.Net;
using System.Net.Http.Headers;
using Grpc.Core;
using Grpc.Wire;

namespace Grpc.Net.Client;

// What a call receives beside its messages: headers, status, trailers.
internal abstract partial class ClientCall
{
    private static readonly Version Http2 = HttpVersion.Version20;

    private TaskCompletionSource<Metadata>? _headers;

    internal override Task<Metadata> GetResponseHeadersAsync()
    {
        lock (Stop)
        {
            if (_response is { } response)
            {
                return Task.FromResult(ReadMetadata(response.Headers));
            }

            if (!_completed)
            {
                _headers ??= new TaskCompletionSource<Metadata>(TaskCreationOptions.RunContinuationsAsynchronously);
                return _headers.Task;
            }
        }

        return Task.FromException<Metadata>(CreateException());
    }

    internal override Metadata GetTrailers()
    {
        if (!_completed)
        {
            throw new InvalidOperationException("Can't get the call trailers because the call is not complete.");
        }

        return _response is { } response
            ? ReadMetadata(_trailersOnly ? response.Headers : response.TrailingHeaders)
            : throw new InvalidOperationException("Can't get the call trailers because an error occured when making the request.");
    }

    /// <summary>The encoding of the answer's compressed messages.</summary>
    protected static string? GetEncoding(HttpResponseMessage response) =>
        response.Headers.NonValidated.TryGetValues("grpc-encoding", out var values) ? values.ToString() : null;

    /// <summary>Ends the call by what stands in the trailers.</summary>
    protected void FinishByTrailers(HttpResponseMessage response) => Finish(
        TryReadStatus(response.TrailingHeaders, out var status) ? status : new Status(StatusCode.Unknown, "No grpc-status found on response."));

    private static bool TryReadStatus(HttpResponseHeaders headers, out Status status)
    {
        if (!headers.NonValidated.TryGetValues("grpc-status", out var code))
        {
            status = default;
            return false;
        }

        var detail = headers.NonValidated.TryGetValues("grpc-message", out var message) ? StatusMessages.Decode(message.ToString()) : "";
        status = new Status(StatusNumbers.Parse(code.ToString()), detail);
        return true;
    }

    private static Metadata ReadMetadata(HttpResponseHeaders headers)
    {
        var metadata = new Metadata();
        foreach (var (name, values) in headers.NonValidated)
        {
            if (!HeaderMetadata.IsReservedInResponses(name))
            {
                var key = name.ToLowerInvariant();
                foreach (var value in values)
                {
                    HeaderMetadata.Add(metadata, key, value);
                }
            }
        }

        return metadata;
    }

    // A status in the headers is the answer, whatever HTTP says. Without one, HTTP has to look like gRPC.
    private HttpResponseMessage? Receive(HttpResponseMessage response)
    {
        var isWhole = TryReadStatus(response.Headers, out var status) || TryFindFault(response, out status);
        TaskCompletionSource<Metadata>? headers;
        lock (Stop)
        {
            if (_completed)
            {
                response.Dispose();
                return null;
            }

            _response = response;
            _trailersOnly = isWhole;
            headers = _headers;
        }

        if (isWhole)
        {
            Finish(status);
        }

        headers?.TrySetResult(ReadMetadata(response.Headers));
        return isWhole ? null : response;
    }

    private static bool TryFindFault(HttpResponseMessage response, out Status status)
    {
        if (response.Version < Http2)
        {
            status = new Status(StatusCode.Internal, $"Bad gRPC response. Response protocol downgraded to HTTP/{response.Version.ToString(2)}.");
            return true;
        }

        if (response.StatusCode != HttpStatusCode.OK)
        {
            status = new Status(Failures.ToStatusCode(response.StatusCode), $"Bad gRPC response. HTTP status code: {(int)response.StatusCode}");
            return true;
        }

        var contentType = response.Content.Headers.NonValidated.TryGetValues("content-type", out var values) ? values.ToString() : null;
        if (!ContentTypes.IsGrpc(contentType))
        {
            status = new Status(StatusCode.Unknown, contentType is null
                ? "Bad gRPC response. Response did not have a content-type header."
                : $"Bad gRPC response. Invalid content-type value: {contentType}");
            return true;
        }

        status = default;
        return false;
    }
}
