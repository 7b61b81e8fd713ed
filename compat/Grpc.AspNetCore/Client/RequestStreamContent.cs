using System.Net;
using System.Net.Http.Headers;

namespace Grpc.Net.Client;

// A request's body that is written from outside, for as long as the caller likes.
internal sealed class RequestStreamContent : HttpContent
{
    internal static readonly MediaTypeHeaderValue GrpcType = new("application/grpc");

    private readonly TaskCompletionSource _end = new();
    private TaskCompletionSource<Stream> _stream = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public RequestStreamContent()
    {
        Headers.ContentType = GrpcType;
    }

    public Task<Stream> Stream => _stream.Task;

    /// <summary>Set with the first message: from then on the request cannot be sent again.</summary>
    public bool IsStarted { get; set; }

    public bool IsEnded => _end.Task.IsCompleted;

    public void Complete() => _end.TrySetResult();

    /// <summary>The call is over: nobody will write, and what was not sent is not sent.</summary>
    public void Abandon()
    {
        _end.TrySetCanceled();
        _stream.TrySetCanceled();
    }

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
    {
        if (_stream.Task.IsCompletedSuccessfully)
        {
            if (IsStarted)
            {
                throw new IOException("The request stream has been written to and cannot be sent again.");
            }

            _stream = new TaskCompletionSource<Stream>();
        }

        // So that the headers leave now, not with the first message.
        await stream.FlushAsync();
        _stream.TrySetResult(stream);
        await _end.Task;
    }

    protected override bool TryComputeLength(out long length)
    {
        length = 0;
        return false;
    }
}
