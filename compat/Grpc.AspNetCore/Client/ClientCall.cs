using Grpc.Core;
using Microsoft.Extensions.Logging;

namespace Grpc.Net.Client;

// One call on the client: how it begins, and how it ends, which happens once. Whoever comes first decides the status:
// the answer, a failure, the caller's cancellation or the deadline's timer.
internal abstract partial class ClientCall : CallState
{
    // A timer's longest period; later deadlines re-arm it.
    private static readonly TimeSpan LongestPeriod = TimeSpan.FromDays(49);

    private readonly IMethod _method;
    private readonly string? _host;
    private readonly CallOptions _options;
    private readonly DateTime _deadline;
    private CancellationTokenRegistration _registration;
    private CancellationTokenRegistration _propagatedRegistration;
    private ITimer? _timer;
    private RequestStreamContent? _requestStream;
    private HttpResponseMessage? _response;
    private Status _status;
    private volatile bool _completed;
    private bool _trailersOnly;
    private bool _cancelled;
    private bool _disposed;

    protected ClientCall(GrpcChannel channel, IMethod method, string? host, in CallOptions options)
    {
        Channel = channel;
        _method = method;
        _host = host;
        _options = options;
        _deadline = options.Deadline ?? DateTime.MaxValue;
        if (_deadline.Kind != DateTimeKind.Utc && _deadline != DateTime.MaxValue && _deadline != DateTime.MinValue)
        {
            throw new InvalidOperationException("Deadline must have a kind DateTimeKind.Utc or be equal to DateTime.MaxValue or DateTime.MinValue.");
        }
    }

    internal GrpcChannel Channel { get; }

    // The channel's list of running calls.
    internal ClientCall? Next { get; set; }

    internal ClientCall? Previous { get; set; }

    internal bool IsCompleted => _completed;

    internal WriteOptions? WriteOptions => _options.WriteOptions;

    // Stops the HTTP request; also what the call's state is locked by.
    internal CancellationTokenSource Stop { get; } = new();

    protected bool IsDisposed => _disposed;

    private static DateTime Now => TimeProvider.System.GetUtcNow().UtcDateTime;

    private bool IsPastDeadline => _deadline != DateTime.MaxValue && _deadline <= Now;

    internal override Status GetStatus() => _completed
        ? _status
        : throw new InvalidOperationException("Unable to get the status because the call is not complete.");

    internal override void DisposeCall()
    {
        _disposed = true;
        Cancel(new Status(StatusCode.Cancelled, "gRPC call disposed."));
    }

    /// <summary>Cancels by a token that came with a read or a write.</summary>
    internal void CancelByCaller() => Cancel(new Status(StatusCode.Cancelled, "Call canceled by the client."));

    /// <summary>Ends the call because of what went wrong, unless it has ended, and gives the exception that tells of its end.</summary>
    internal Exception Fail(Exception exception)
    {
        var status = Failures.ToStatus(exception);
        Cancel(status.StatusCode == StatusCode.Cancelled && IsPastDeadline ? DeadlineExceeded() : status);
        return CreateException();
    }

    internal Exception CreateException()
    {
        var exception = new RpcException(_status, _response is null ? Metadata.Empty : GetTrailers());
        var cancelled = _status.StatusCode is StatusCode.Cancelled or StatusCode.DeadlineExceeded && (_cancelled || IsPastDeadline);
        return cancelled && Channel.Options.ThrowOperationCanceledOnCancellation
            ? new OperationCanceledException(exception.Message, exception, _options.CancellationToken)
            : exception;
    }

    /// <summary>What a write waits for when it failed, so that it can tell the server's status rather than a broken pipe.</summary>
    internal abstract Task WaitForAnswerAsync();

    protected void Begin(HttpContent content)
    {
        _requestStream = content as RequestStreamContent;
        Channel.Add(this);
        if (_options.CancellationToken.IsCancellationRequested || _options.PropagatedToken.IsCancellationRequested)
        {
            CancelByCaller();
            return;
        }

        if (_deadline != DateTime.MaxValue)
        {
            var remaining = _deadline - Now;
            if (remaining <= TimeSpan.Zero)
            {
                Cancel(DeadlineExceeded());
                return;
            }

            _timer = TimeProvider.System.CreateTimer(static call => ((ClientCall)call!).OnTimer(), this, Due(remaining), Timeout.InfiniteTimeSpan);
        }

        _registration = Register(_options.CancellationToken);
        _propagatedRegistration = Register(_options.PropagatedToken);
        if (_completed)
        {
            Release();
        }
    }

    /// <summary>Ends the call by a whole answer.</summary>
    protected void Finish(Status status)
    {
        status = Judge(status);
        if (status.StatusCode == StatusCode.Cancelled && IsPastDeadline)
        {
            status = DeadlineExceeded();
        }

        if (!TryComplete(status))
        {
            return;
        }

        // An answer may come before the request has ended.
        if (_requestStream is { IsEnded: false })
        {
            StopRequest();
        }

        _response?.Dispose();
    }

    /// <summary>What the server's status means for this kind of call.</summary>
    protected virtual Status Judge(Status status) => status;

    private static Status DeadlineExceeded() => new(StatusCode.DeadlineExceeded, "");

    // Whole milliseconds upwards: a timer may not fire before its deadline.
    private static TimeSpan Due(TimeSpan remaining) =>
        remaining >= LongestPeriod ? LongestPeriod : TimeSpan.FromMilliseconds(Math.Ceiling(Math.Max(0, remaining.TotalMilliseconds)));

    private CancellationTokenRegistration Register(CancellationToken token) =>
        token.UnsafeRegister(static call => ((ClientCall)call!).CancelByCaller(), this);

    private void OnTimer()
    {
        var remaining = _deadline - Now;
        if (remaining > TimeSpan.Zero)
        {
            _timer?.Change(Due(remaining), Timeout.InfiniteTimeSpan);
            return;
        }

        Cancel(DeadlineExceeded());
    }

    // Ends the call without waiting for the server, which gets RST_STREAM CANCEL.
    private void Cancel(Status status)
    {
        if (TryComplete(status))
        {
            _cancelled = true;
            StopRequest();
            _response?.Dispose();
        }
    }

    // First the token, which takes back a write that is on its way, then the body: its failure alone makes
    // SocketsHttpHandler send RST_STREAM, and a DATA frame behind that costs the whole connection (STREAM_CLOSED).
    private void StopRequest()
    {
        Stop.Cancel();
        _requestStream?.Abandon();
    }

    private bool TryComplete(Status status)
    {
        TaskCompletionSource<Metadata>? headers;
        lock (Stop)
        {
            if (_completed)
            {
                return false;
            }

            _status = status;
            _completed = true;
            headers = _headers;
        }

        Release();
        Channel.Remove(this);
        if (status.StatusCode != StatusCode.OK)
        {
            Log.Failed(Channel.Logger, status.DebugException, _method.FullName, status.StatusCode, status.Detail);
        }

        if (_response is null)
        {
            headers?.TrySetException(CreateException());
        }

        return true;
    }

    private void Release()
    {
        _timer?.Dispose();
        _registration.Unregister();
        _propagatedRegistration.Unregister();
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Debug, "Call of '{Method}' ended with status {StatusCode}, detail '{Detail}'.")]
        public static partial void Failed(ILogger logger, Exception? exception, string method, StatusCode statusCode, string detail);

        [LoggerMessage(2, LogLevel.Warning, "The call credentials of '{Method}' were not sent because the channel does not use TLS.")]
        public static partial void CredentialsNotSent(ILogger logger, string method);
    }
}
