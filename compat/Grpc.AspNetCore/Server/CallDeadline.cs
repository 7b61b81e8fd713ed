using Grpc.Core;
using Grpc.Wire;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;

namespace Grpc.AspNetCore.Server;

// Who may touch the response: the handler's thread while it writes or ends the call, or the deadline's timer. _state
// decides, without a lock:
//   Writing         a message is being written
//   DeadlinePassed  the timer owns the end; what the handler still does has no effect on the wire
//   Ended           the handler owns the end
// A deadline that passes in the middle of a write leaves the end to that write's last step.
internal sealed partial class HttpContextServerCallContext
{
    private const int Writing = 1;
    private const int DeadlinePassed = 2;
    private const int Ended = 4;

    private const int NoError = 0;
    private const int Cancel = 8;

    // A timer's longest period; later deadlines re-arm it.
    private static readonly TimeSpan LongestPeriod = TimeSpan.FromDays(49);

    // A peer that reads nothing keeps a write pending. After this long the stream is reset instead.
    private static readonly TimeSpan StuckWrite = TimeSpan.FromSeconds(1);

    private DateTime _deadline = DateTime.MaxValue;
    private ITimer? _timer;
    private TaskCompletionSource? _deadlineEnd;
    private CancellationTokenSource? _cancellation;
    private int _state;

    public bool IsOver => (Volatile.Read(ref _state) & (DeadlinePassed | Ended)) != 0;

    /// <summary>Whether nothing that is sent or awaited from now on can reach the peer.</summary>
    public bool IsCancelled => (Volatile.Read(ref _state) & DeadlinePassed) != 0 || HttpContext.RequestAborted.IsCancellationRequested;

    private static DateTime Now => TimeProvider.System.GetUtcNow().UtcDateTime;

    private void StartDeadline()
    {
        if (!Timeouts.TryParse(HttpContext.Request.Headers["grpc-timeout"], out var timeout))
        {
            return;
        }

        var now = Now;
        if (timeout >= DateTime.MaxValue - now)
        {
            return;
        }

        _deadline = DateTime.SpecifyKind(now + timeout, DateTimeKind.Utc);
        _timer = TimeProvider.System.CreateTimer(
            static state => ((HttpContextServerCallContext)state!).OnTimer(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        // Not before the field is set, which the callback reads.
        _timer.Change(Due(timeout), Timeout.InfiniteTimeSpan);
    }

    // Whole milliseconds upwards: a timer may not fire before its deadline.
    private static TimeSpan Due(TimeSpan remaining) =>
        remaining >= LongestPeriod ? LongestPeriod : TimeSpan.FromMilliseconds(Math.Ceiling(Math.Max(0, remaining.TotalMilliseconds)));

    private CancellationToken GetCancellationToken()
    {
        if (_deadline == DateTime.MaxValue)
        {
            return HttpContext.RequestAborted;
        }

        if (Volatile.Read(ref _cancellation) is { } existing)
        {
            return existing.Token;
        }

        var source = new CancellationTokenSource();
        if (Interlocked.CompareExchange(ref _cancellation, source, null) is { } other)
        {
            return other.Token;
        }

        HttpContext.RequestAborted.UnsafeRegister(static state => ((CancellationTokenSource)state!).Cancel(), source);
        if ((Volatile.Read(ref _state) & DeadlinePassed) != 0)
        {
            source.Cancel();
        }

        return source.Token;
    }

    private bool TryBeginWrite()
    {
        while (true)
        {
            var state = Volatile.Read(ref _state);
            if ((state & (DeadlinePassed | Ended)) != 0)
            {
                return false;
            }

            if ((state & Writing) != 0)
            {
                throw new InvalidOperationException("Can't write the message because the previous write is in progress.");
            }

            if (Interlocked.CompareExchange(ref _state, state | Writing, state) == state)
            {
                return true;
            }
        }
    }

    private void EndWrite()
    {
        if ((Interlocked.And(ref _state, ~Writing) & DeadlinePassed) != 0)
        {
            _ = EndByDeadlineAsync();
        }
    }

    private bool TryEnd() => TryTakeEnd(Ended, out _);

    private bool TryTakeEnd(int owner, out int before)
    {
        do
        {
            before = Volatile.Read(ref _state);
            if ((before & (DeadlinePassed | Ended)) != 0)
            {
                return false;
            }
        }
        while (Interlocked.CompareExchange(ref _state, before | owner, before) != before);

        return true;
    }

    private void OnTimer()
    {
        if (_deadlineEnd is not null)
        {
            Reset(Cancel);
            return;
        }

        var remaining = _deadline - Now;
        if (remaining > TimeSpan.Zero)
        {
            _timer!.Change(Due(remaining), Timeout.InfiniteTimeSpan);
            return;
        }

        _deadlineEnd = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        if (!TryTakeEnd(DeadlinePassed, out var before))
        {
            return;
        }

        Log.DeadlineExceeded(logger, method.FullName);
        _timer!.Change(StuckWrite, Timeout.InfiniteTimeSpan);
        if ((before & Writing) == 0)
        {
            _ = EndByDeadlineAsync();
        }

        CancelToken();
    }

    // After the status has been handed over: what the token runs may take its time.
    private void CancelToken()
    {
        try
        {
            Volatile.Read(ref _cancellation)?.Cancel();
        }
        catch (AggregateException exception)
        {
            Log.CallbackFailed(logger, exception, method.FullName);
        }
    }

    // The peer hears of it at once, the handler may go on as long as it likes.
    private async Task EndByDeadlineAsync()
    {
        try
        {
            WriteStatus(new Status(StatusCode.DeadlineExceeded, "Deadline Exceeded"));
            await HttpContext.Response.CompleteAsync();
            if (method.Type is MethodType.ClientStreaming or MethodType.DuplexStreaming)
            {
                // The client may stop sending, and the handler's read ends.
                Reset(NoError);
            }
        }
        catch (Exception exception)
        {
            // The peer was faster with its own deadline: nobody is left to be told.
            Log.DeadlineUnsent(logger, exception, method.FullName);
        }
        finally
        {
            _deadlineEnd!.TrySetResult();
        }
    }

    private void Reset(int errorCode) => HttpContext.Features.Get<IHttpResetFeature>()?.Reset(errorCode);
}
